//! The results as one JSON document, whole: nothing is shortened. Its members are described in `docs/testing.md`; what is there
//! keeps its name and meaning as long as `version` is 1, further members may come.

mod coverage;

use serde::Serialize;
use serde_json::Value;

use super::{Counts, Tested, is_flaky};
use crate::diagnostic::{Diagnostic, Severity, Span};
use crate::run::testing::record::{Record, Visit};
use crate::run::testing::{CaseResult, Mismatch, SuiteResult, Trouble, Verdict};
use coverage::CoverageDocument;

/// The document, indented, with a line break at its end.
pub fn render(tested: &Tested<'_>) -> String {
    let document = Document {
        version: 1,
        counts: tested.counts(),
        took_ms: tested.took_ms,
        suites: tested.suites.iter().map(Suite::of).collect(),
    };
    // Strings and numbers only, and keys are strings: this cannot fail.
    let mut text = serde_json::to_string_pretty(&document).unwrap_or_default();
    text.push('\n');
    text
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    version: u32,
    counts: Counts,
    took_ms: u64,
    suites: Vec<Suite<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Suite<'a> {
    file: String,
    stack: &'a str,
    deployed_as: &'a str,
    counts: Counts,
    took_ms: Took,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    findings: Vec<FindingDocument<'a>>,
    troubles: Vec<TroubleDocument<'a>>,
    cases: Vec<Case<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    coverage: Option<CoverageDocument<'a>>,
}

#[derive(Serialize)]
struct Took {
    deploy: u64,
    cases: u64,
    teardown: u64,
}

#[derive(Serialize)]
struct FindingDocument<'a> {
    severity: &'static str,
    code: &'static str,
    message: &'a str,
    hints: &'a [String],
    #[serde(flatten)]
    place: Option<Place<'a>>,
}

#[derive(Serialize)]
struct TroubleDocument<'a> {
    what: &'a str,
    message: &'a str,
    hints: &'a [String],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Case<'a> {
    name: &'a str,
    state_machine: &'a str,
    #[serde(flatten)]
    place: Option<Place<'a>>,
    verdict: &'static str,
    flaky: bool,
    attempts: u32,
    took_ms: u64,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    mismatches: Vec<MismatchDocument<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    skipped_because: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trouble: Option<TroubleDocument<'a>>,
    execution: Option<Execution<'a>>,
}

/// A place in the user's files; line and column count from 1.
#[derive(Serialize)]
struct Place<'a> {
    file: &'a str,
    line: usize,
    column: usize,
}

#[derive(Serialize)]
struct MismatchDocument<'a> {
    what: &'a str,
    expected: &'a str,
    got: &'a str,
    diff: &'a [String],
    #[serde(flatten)]
    place: Option<Place<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Execution<'a> {
    arn: Option<&'a str>,
    #[serde(flatten)]
    record: Option<RecordDocument<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RecordDocument<'a> {
    status: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    output: Option<&'a Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<&'a str>,
    took_ms: u64,
    visits: Vec<VisitDocument<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct VisitDocument<'a> {
    state: &'a str,
    state_type: &'a str,
    entered: u64,
    within: Option<usize>,
    from: Option<usize>,
    input: &'a Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    output: Option<&'a Value>,
    retries: u32,
    errors: Vec<ErrorDocument<'a>>,
}

#[derive(Serialize)]
struct ErrorDocument<'a> {
    error: &'a str,
    cause: &'a str,
}

impl<'a> FindingDocument<'a> {
    fn of(found: &'a Diagnostic) -> Self {
        Self {
            severity: match found.severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
            },
            code: found.code,
            message: &found.message,
            hints: &found.hints,
            place: Place::of(found.span.as_ref()),
        }
    }
}

impl<'a> Suite<'a> {
    fn of(suite: &'a SuiteResult) -> Self {
        let [deploy, cases, teardown] = suite.took_ms;
        Self {
            file: suite.file.to_string_lossy().into_owned(),
            stack: &suite.stack,
            deployed_as: &suite.deployed_as,
            counts: Counts::of(suite),
            took_ms: Took {
                deploy,
                cases,
                teardown,
            },
            findings: suite.findings.iter().map(FindingDocument::of).collect(),
            troubles: suite.trouble.iter().map(TroubleDocument::of).collect(),
            cases: suite.cases.iter().map(Case::of).collect(),
            coverage: suite.coverage.as_ref().map(CoverageDocument::of),
        }
    }
}

impl<'a> TroubleDocument<'a> {
    fn of(trouble: &'a Trouble) -> Self {
        Self {
            what: &trouble.what,
            message: &trouble.message,
            hints: &trouble.hints,
        }
    }
}

impl<'a> Case<'a> {
    fn of(case: &'a CaseResult) -> Self {
        let mut document = Self {
            name: &case.name,
            state_machine: &case.state_machine,
            place: Place::of(case.span.as_ref()),
            verdict: "passed",
            flaky: is_flaky(case),
            attempts: case.attempts,
            took_ms: case.took_ms,
            mismatches: Vec::new(),
            skipped_because: None,
            trouble: None,
            execution: (case.execution.is_some() || case.record.is_some()).then(|| Execution {
                arn: case.execution.as_deref(),
                record: case.record.as_ref().map(RecordDocument::of),
            }),
        };
        match &case.verdict {
            Verdict::Passed => {}
            Verdict::Failed(mismatches) => {
                document.verdict = "failed";
                document.mismatches = mismatches.iter().map(MismatchDocument::of).collect();
            }
            Verdict::Skipped(why) => {
                document.verdict = "skipped";
                document.skipped_because = Some(why);
            }
            Verdict::Broken(trouble) => {
                document.verdict = "broken";
                document.trouble = Some(TroubleDocument::of(trouble));
            }
        }
        document
    }
}

impl<'a> Place<'a> {
    fn of(span: Option<&'a Span>) -> Option<Self> {
        let span = span?;
        let (line, column) = span.file.line_column(span.range.start);
        Some(Self {
            file: &span.file.name,
            line,
            column,
        })
    }
}

impl<'a> MismatchDocument<'a> {
    fn of(mismatch: &'a Mismatch) -> Self {
        Self {
            what: &mismatch.what,
            expected: &mismatch.expected,
            got: &mismatch.got,
            diff: &mismatch.diff,
            place: Place::of(mismatch.span.as_ref()),
        }
    }
}

impl<'a> RecordDocument<'a> {
    fn of(record: &'a Record) -> Self {
        Self {
            status: &record.outcome.status,
            output: record.outcome.output.as_ref(),
            error: record.outcome.error.as_deref(),
            cause: record.outcome.cause.as_deref(),
            took_ms: record.took_ms,
            visits: record.visits.iter().map(VisitDocument::of).collect(),
        }
    }
}

impl<'a> VisitDocument<'a> {
    fn of(visit: &'a Visit) -> Self {
        let errors = visit.errors.iter();
        Self {
            state: &visit.state,
            state_type: &visit.state_type,
            entered: visit.entered,
            within: visit.within,
            from: visit.from,
            input: &visit.input,
            output: visit.output.as_ref(),
            retries: visit.retries,
            errors: errors.map(|(error, cause)| ErrorDocument { error, cause }).collect(),
        }
    }
}

#[cfg(test)]
#[path = "document_tests.rs"]
mod tests;
