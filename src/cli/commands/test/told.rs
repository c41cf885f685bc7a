//! What is told of a suite, as it happens and in its result.

use std::time::Instant;

use super::early;
use super::flow::{Run, millis};
use crate::cli::error::CommandError;
use crate::cloud::{CloudError, ErrorKind};
use crate::diagnostic::{Diagnostic, Severity};
use crate::event::Event;
use crate::run::testing::{CaseResult, INTERRUPTED, Trouble, Verdict};
use crate::stack::cases::Case;

/// What trouble with deploying is about.
pub(super) const DEPLOY: &str = "deploy";

/// What trouble with the cases, as they are written, is about.
pub(super) const TESTS: &str = "tests";

impl Run<'_> {
    /// The cloud did not do what comes before the cases.
    pub(super) fn trouble(&mut self, what: &str, error: CloudError, skipped: &str) {
        self.ran.refused |= matches!(error.kind, ErrorKind::Refused | ErrorKind::Unreachable);
        self.ran.result.trouble.push(Trouble {
            what: what.to_owned(),
            message: error.message,
            hints: error.hints,
        });
        self.skip(skipped);
    }

    /// The errors among what was found in the stack file.
    pub(super) fn wrong(&mut self, what: &str, found: Vec<Diagnostic>) {
        let errors = found.into_iter().filter(|found| found.severity == Severity::Error);
        let messages: Vec<String> = errors.map(|found| found.message).collect();
        self.ran.result.trouble.push(Trouble {
            what: what.to_owned(),
            message: messages.join("; "),
            hints: Vec::new(),
        });
    }

    /// The user stopped everything before the cases: that must not look as if all was well.
    pub(super) fn interrupted(&mut self) {
        self.ran.result.trouble.push(Trouble {
            what: DEPLOY.to_owned(),
            message: "the user stopped it".to_owned(),
            hints: Vec::new(),
        });
        self.skip(INTERRUPTED);
    }

    /// None of the cases is run.
    pub(super) fn skip(&mut self, why: &str) {
        for case in &self.suite.cases {
            self.skip_one(case, why);
        }
    }

    pub(super) fn skip_one(&mut self, case: &Case, why: &str) {
        self.sink.emit(Event::CaseFinished {
            file: self.file(),
            case: case.name.clone(),
            verdict: "skipped".to_owned(),
            attempts: 0,
            took_ms: 0,
            reasons: vec![why.to_owned()],
        });
        self.ran.result.cases.push(CaseResult::skipped(case, why));
    }

    /// The user waits no longer: what has come in is the result.
    pub(super) fn cut_off(&mut self, error: &CommandError) {
        let result = &mut self.ran.result;
        if result.cases.is_empty() {
            let cases = self.suite.cases.iter().enumerate();
            let cases = cases.map(|(index, case)| {
                let came_in = self.came_in.remove(&index);
                came_in.unwrap_or_else(|| CaseResult::skipped(case, INTERRUPTED))
            });
            result.cases = cases.collect();
        }
        result.trouble.push(early::trouble(error));
    }

    pub(super) fn finished(&self, left: Vec<String>, began: Instant) {
        let result = &self.ran.result;
        let count = |wanted: fn(&CaseResult) -> bool| result.cases.iter().filter(|case| wanted(case)).count();
        self.sink.emit(Event::SuiteFinished {
            file: self.file(),
            stack: result.stack.clone(),
            deployed_as: result.deployed_as.clone(),
            passed: count(|case| matches!(case.verdict, Verdict::Passed) && case.attempts < 2),
            flaky: count(|case| matches!(case.verdict, Verdict::Passed) && case.attempts > 1),
            failed: count(|case| matches!(case.verdict, Verdict::Failed(_))),
            skipped: count(|case| matches!(case.verdict, Verdict::Skipped(_))),
            broken: count(|case| matches!(case.verdict, Verdict::Broken(_))),
            left,
            took_ms: millis(began),
        });
    }
}
