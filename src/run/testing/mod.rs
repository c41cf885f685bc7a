//! Smoke tests: running the cases of stack files, and judging what came of them.

mod align;
mod answers;
mod attempt;
pub mod coverage;
mod difference;
mod followed;
mod history;
mod job;
pub mod judge;
mod limits;
pub mod record;
mod suite;
mod values;
mod words;

use std::path::PathBuf;

use crate::diagnostic::{Diagnostic, Severity, Span};
use crate::stack::cases::Case;
pub use job::{Job, Machine, Place};
use record::Record;
pub use suite::{INTERRUPTED, Runner};

/// What came of a stack file's cases.
#[derive(Clone, Debug)]
pub struct SuiteResult {
    /// The stack file, as shown to the user.
    pub file: PathBuf,
    /// The stack's name in the file.
    pub stack: String,
    /// The name under which it was deployed, with its unique suffix.
    pub deployed_as: String,
    /// What kept the cases from running, or was left behind: a failed deploy or teardown.
    pub trouble: Vec<Trouble>,
    /// What is wrong with the stack file, if that kept everything from being run.
    pub findings: Vec<Diagnostic>,
    /// The cases, in the order written; with `--filter` only those that were chosen.
    pub cases: Vec<CaseResult>,
    /// What of the stack's state machines the cases went through, if asked for.
    pub coverage: Option<Coverage>,
    /// Milliseconds of the deploy, of the cases together, and of the teardown.
    pub took_ms: [u64; 3],
}

impl SuiteResult {
    /// What of the stack file cannot be used.
    pub fn errors(&self) -> impl Iterator<Item = &Diagnostic> {
        self.findings.iter().filter(|found| found.severity == Severity::Error)
    }
}

/// Something went wrong beside the cases.
#[derive(Clone, Debug)]
pub struct Trouble {
    /// What it was about, as `deploy`.
    pub what: String,
    /// A lowercase fragment.
    pub message: String,
    /// What would mend it.
    pub hints: Vec<String>,
}

/// What came of a case.
#[derive(Clone, Debug)]
pub struct CaseResult {
    /// Its name.
    pub name: String,
    /// Where it stands in the stack file.
    pub span: Option<Span>,
    /// Logical id of the state machine.
    pub state_machine: String,
    /// How it ended.
    pub verdict: Verdict,
    /// How often it was run: more than once with `--retries`.
    pub attempts: u32,
    /// Milliseconds of the last attempt, by our own clock.
    pub took_ms: u64,
    /// What the execution did, if there was one that could be read.
    pub record: Option<Record>,
    /// The ARN of the execution, if there was one.
    pub execution: Option<String>,
}

impl CaseResult {
    /// The result of a case that was not run, and why.
    pub fn skipped(case: &Case, why: &str) -> Self {
        Self {
            name: case.name.clone(),
            span: case.span.clone(),
            state_machine: case.state_machine.clone(),
            verdict: Verdict::Skipped(why.to_owned()),
            attempts: 0,
            took_ms: 0,
            record: None,
            execution: None,
        }
    }
}

/// How a case ended.
#[derive(Clone, Debug)]
pub enum Verdict {
    /// As expected.
    Passed,
    /// Otherwise than expected; never empty.
    Failed(Vec<Mismatch>),
    /// It was not run, and why.
    Skipped(String),
    /// It could not be run or judged: the cloud refused.
    Broken(Trouble),
}

impl Verdict {
    fn broken(what: &str, message: &str) -> Self {
        Self::Broken(Trouble {
            what: what.to_owned(),
            message: message.to_owned(),
            hints: Vec::new(),
        })
    }
}

/// One expectation that did not hold.
#[derive(Clone, Debug, PartialEq)]
pub struct Mismatch {
    /// What was looked at: `status`, `output`, `path`, ``the input of `Close Case` ``.
    pub what: String,
    /// What was expected, in words or JSON.
    pub expected: String,
    /// What there was.
    pub got: String,
    /// Further lines that show the difference, plain text, the first letter of each `+`, `-` or a blank; may be empty.
    pub diff: Vec<String>,
    /// Where the expectation stands in the stack file.
    pub span: Option<Span>,
}

/// What of a stack's state machines its cases went through.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Coverage {
    /// By logical id, in the order of the stack file.
    pub machines: Vec<MachineCoverage>,
}

/// What of a state machine the cases went through.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MachineCoverage {
    /// Logical id.
    pub state_machine: String,
    /// All its states, those of nested machines too.
    pub states: Vec<CoveredState>,
    /// All its transitions.
    pub transitions: Vec<CoveredTransition>,
}

/// A state, and how often it was entered.
#[derive(Clone, Debug, PartialEq)]
pub struct CoveredState {
    /// Its name.
    pub name: String,
    /// Where it is in the definition: `/States/Open Case`.
    pub pointer: String,
    /// Visits over all cases.
    pub visits: u64,
    /// Where it stands in its file, if that is known.
    pub span: Option<Span>,
}

/// A transition, and how often it was taken.
#[derive(Clone, Debug, PartialEq)]
pub struct CoveredTransition {
    /// The state it leaves.
    pub from: String,
    /// The state it leads to.
    pub to: String,
    /// When it is taken, in words, as `Next`, `Default`, `Choices[0]`, `Catch[1]`; several, as `Choices[0], Default`, where an
    /// execution cannot tell which of them it was.
    pub label: String,
    /// How often.
    pub taken: u64,
    /// Where the state that it leaves stands in its file, if that is known.
    pub span: Option<Span>,
}
