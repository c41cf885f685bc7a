//! Reports of smoke tests: for people, for Jenkins and its like (JUnit XML), for GitHub, for programs (JSON).
//!
//! Each writer takes all results and gives the whole text. Beside the JSON document, which holds everything as it is, long
//! values, long diffs and long paths are shown in part.

mod coverage;
mod document;
mod drawn;
pub mod github;
mod junit;
mod markdown;
mod mismatch;
pub(super) mod progress;
mod summary;
mod xml;

pub use coverage::render as coverage_text;
pub use document::render as json;
pub use junit::render as junit;
pub use markdown::render as markdown;
pub use summary::render as text;

use std::borrow::Cow;
use std::fmt::Write as _;

use super::text::escape;
use crate::diagnostic::{Diagnostic, Span};
use crate::run::testing::{CaseResult, Coverage, SuiteResult, Trouble, Verdict};

/// All that a run of `stepstack test` gave.
#[derive(Clone, Copy, Debug)]
pub struct Tested<'a> {
    /// Each stack file.
    pub suites: &'a [SuiteResult],
    /// Milliseconds of the whole run, by our own clock.
    pub took_ms: u64,
    /// Percent of states and of transitions that were asked for.
    pub threshold: Option<f64>,
}

impl<'a> Tested<'a> {
    /// What came of the cases, in numbers.
    pub fn counts(&self) -> Counts {
        self.suites.iter().map(Counts::of).fold(Counts::default(), Counts::plus)
    }

    /// Whether nothing failed, nothing was broken or left behind, and as much is covered as was asked for.
    pub fn is_well(&self) -> bool {
        let counts = self.counts();
        counts.failed + counts.broken + counts.troubles == 0 && self.is_enough_covered()
    }

    /// Whether each suite covers as much as was asked for.
    pub fn is_enough_covered(&self) -> bool {
        self.below_threshold().next().is_none()
    }

    /// What a suite is called where its file is not beside it: as its stack; with the file, if stacks of several files have that
    /// name.
    fn name_of(&self, suite: &'a SuiteResult) -> Cow<'a, str> {
        let of_that_name = self.suites.iter().filter(|other| other.stack == suite.stack);
        match of_that_name.count() {
            0 | 1 => Cow::Borrowed(&suite.stack),
            _ => Cow::Owned(format!("{} ({})", suite.stack, suite.file.display())),
        }
    }

    /// Suites that cover less than was asked for.
    fn below_threshold(&self) -> impl Iterator<Item = &'a SuiteResult> {
        let percent = self.threshold.unwrap_or_default();
        self.suites.iter().filter(move |suite| {
            let reaches = |coverage: &Coverage| coverage.reaches(percent) && !(percent > 0.0 && was_skipped(suite));
            suite.coverage.as_ref().is_some_and(|coverage| !reaches(coverage))
        })
    }
}

/// How many cases ended how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Counts {
    /// As expected, the flaky ones too.
    pub passed: usize,
    /// As expected, but not at the first attempt.
    pub flaky: usize,
    /// Otherwise than expected.
    pub failed: usize,
    /// Could not be run or judged.
    pub broken: usize,
    /// Not run.
    pub skipped: usize,
    /// What went wrong beside the cases: a stack file that cannot be used, a deploy, a teardown.
    pub troubles: usize,
}

impl Counts {
    /// Those of one stack file.
    pub fn of(suite: &SuiteResult) -> Self {
        let mut counts = Self {
            troubles: suite.trouble.len() + suite.errors().count(),
            ..Self::default()
        };
        for case in &suite.cases {
            match &case.verdict {
                Verdict::Passed => counts.passed += 1,
                Verdict::Failed(_) => counts.failed += 1,
                Verdict::Skipped(_) => counts.skipped += 1,
                Verdict::Broken(_) => counts.broken += 1,
            }
            counts.flaky += usize::from(is_flaky(case));
        }
        counts
    }

    fn plus(self, other: Self) -> Self {
        Self {
            passed: self.passed + other.passed,
            flaky: self.flaky + other.flaky,
            failed: self.failed + other.failed,
            broken: self.broken + other.broken,
            skipped: self.skipped + other.skipped,
            troubles: self.troubles + other.troubles,
        }
    }

    /// Cases of every kind.
    pub fn cases(self) -> usize {
        self.passed + self.failed + self.broken + self.skipped
    }

    /// `12 passed (1 flaky), 1 failed, 2 skipped`; only what there is, but always what passed.
    fn words(self) -> String {
        let mut words = format!("{} passed", self.passed);
        if self.flaky > 0 {
            let _ = write!(words, " ({} flaky)", self.flaky);
        }
        for (count, what) in [
            (self.failed, "failed"),
            (self.broken, "broken"),
            (self.skipped, "skipped"),
        ] {
            if count > 0 {
                let _ = write!(words, ", {count} {what}");
            }
        }
        if self.troubles > 0 {
            let plural = if self.troubles == 1 { "" } else { "s" };
            let _ = write!(words, ", {} other problem{plural}", self.troubles);
        }
        words
    }
}

/// Whether none of its cases was run: then nothing is covered, also of machines that coverage leaves out.
fn was_skipped(suite: &SuiteResult) -> bool {
    let mut cases = suite.cases.iter();
    cases.all(|case| matches!(case.verdict, Verdict::Skipped(_)))
}

/// Whether it passed, but not at once.
fn is_flaky(case: &CaseResult) -> bool {
    matches!(case.verdict, Verdict::Passed) && case.attempts > 1
}

/// `stacks/call-center.yaml:41:5`, harmless for a terminal.
fn place(span: &Span) -> String {
    let (line, column) = span.file.line_column(span.range.start);
    format!("{}:{line}:{column}", escape(&span.file.name))
}

/// What is wrong with a stack file, in lines as those of what went wrong.
fn finding_lines(found: &Diagnostic) -> Vec<String> {
    let mut lines = vec![format!("{}: {}", found.code, escape(&found.message))];
    lines.extend(found.hints.iter().map(|hint| format!("hint: {}", escape(hint))));
    lines
}

/// What went wrong, on one line, and what would mend it, each on one more; harmless for a terminal.
fn trouble_lines(trouble: &Trouble) -> Vec<String> {
    let mut lines = vec![format!("{}: {}", escape(&trouble.what), escape(&trouble.message))];
    lines.extend(trouble.hints.iter().map(|hint| format!("hint: {}", escape(hint))));
    lines
}

#[cfg(test)]
mod samples;
