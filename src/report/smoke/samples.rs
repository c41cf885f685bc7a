//! Results for the tests of the writers.

use std::path::PathBuf;

use serde_json::{Value, json};

use super::Tested;
use crate::diagnostic::{SourceFile, Span};
use crate::run::Outcome;
use crate::run::testing::record::{Record, Visit};
use crate::run::testing::{
    CaseResult, Coverage, CoveredState, CoveredTransition, MachineCoverage, Mismatch, SuiteResult, Trouble, Verdict,
};

/// A place in `stacks/call-center.yaml`, whose lines are all `0123456789`.
pub(super) fn at(line: usize, column: usize) -> Option<Span> {
    let text = "0123456789\n".repeat(100);
    let start = (line - 1) * 11 + column - 1;
    Some(Span {
        file: SourceFile::new("stacks/call-center.yaml", text),
        range: start..start + 3,
    })
}

pub(super) fn visit(state: &str, state_type: &str, within: Option<usize>, from: Option<usize>) -> Visit {
    Visit {
        state: state.to_owned(),
        state_type: state_type.to_owned(),
        entered: 2,
        within,
        from,
        input: json!({}),
        output: Some(json!({})),
        retries: 0,
        errors: Vec::new(),
    }
}

pub(super) fn record(status: &str, output: Option<Value>, visits: Vec<Visit>) -> Record {
    let failed = status != "SUCCEEDED";
    Record {
        outcome: Outcome {
            execution: "one".to_owned(),
            status: status.to_owned(),
            output,
            error: failed.then(|| "CaseError".to_owned()),
            cause: failed.then(|| "Engage Tier 2 Support.".to_owned()),
        },
        took_ms: 40,
        visits,
    }
}

pub(super) fn case(name: &str, line: usize, verdict: Verdict) -> CaseResult {
    CaseResult {
        name: name.to_owned(),
        span: at(line, 5),
        state_machine: "CallCenter".to_owned(),
        verdict,
        attempts: 1,
        took_ms: 1234,
        record: None,
        execution: None,
    }
}

pub(super) fn mismatch(what: &str, expected: &str, got: &str, diff: &[&str], line: usize) -> Mismatch {
    Mismatch {
        what: what.to_owned(),
        expected: expected.to_owned(),
        got: got.to_owned(),
        diff: diff.iter().map(|line| (*line).to_owned()).collect(),
        span: at(line, 7),
    }
}

pub(super) fn coverage() -> Coverage {
    let state = |name: &str, visits, line| CoveredState {
        name: name.to_owned(),
        pointer: format!("/States/{name}"),
        visits,
        span: at(line, 3),
    };
    let transition = |from: &str, to: &str, label: &str, taken| CoveredTransition {
        from: from.to_owned(),
        to: to.to_owned(),
        label: label.to_owned(),
        taken,
        span: at(4, 3),
    };
    Coverage {
        machines: vec![
            MachineCoverage {
                state_machine: "CallCenter".to_owned(),
                states: vec![
                    state("Open Case", 3, 4),
                    state("Close Case", 3, 9),
                    state("Fail", 0, 12),
                ],
                transitions: vec![
                    transition("Open Case", "Close Case", "Next", 3),
                    transition("Open Case", "Fail", "Catch[0]", 0),
                ],
            },
            MachineCoverage {
                state_machine: "Other".to_owned(),
                ..MachineCoverage::default()
            },
        ],
    }
}

/// A case of every kind.
pub(super) fn suite() -> SuiteResult {
    let mut failed = case(
        "a resolved case is closed",
        41,
        Verdict::Failed(vec![
            mismatch(
                "path",
                "Open Case → Close Case",
                "Open Case → Fail",
                &["  Open Case", "- Close Case", "+ Fail"],
                52,
            ),
            mismatch("status", "SUCCEEDED", "FAILED", &[], 51),
        ]),
    );
    let mut open = visit("Open Case", "Task", None, None);
    open.retries = 2;
    open.errors = ["A", "A", "B"]
        .map(|error| (error.to_owned(), "<no>".to_owned()))
        .to_vec();
    let mut fail = visit("Fail", "Fail", None, Some(0));
    fail.output = None;
    failed.record = Some(record("FAILED", None, vec![open, fail]));
    failed.execution = Some("arn:aws:states:us-east-1:000000000000:execution:cc-CallCenter:one".to_owned());
    let mut flaky = case("a case that is | flaky", 60, Verdict::Passed);
    flaky.attempts = 3;
    let mut passed = case("an open case", 30, Verdict::Passed);
    let visits = vec![
        visit("Open Case", "Task", None, None),
        visit("Close Case", "Task", None, Some(0)),
    ];
    passed.record = Some(record("SUCCEEDED", Some(json!({ "Status": 1 })), visits));
    let trouble = |what: &str, message: &str, hint: &str| Trouble {
        what: what.to_owned(),
        message: message.to_owned(),
        hints: vec![hint.to_owned()],
    };
    SuiteResult {
        file: PathBuf::from("stacks/call-center.yaml"),
        stack: "call-center".to_owned(),
        deployed_as: "call-center-t1a2b".to_owned(),
        trouble: vec![trouble(
            "teardown",
            "role `r` is still there",
            "run `stepstack teardown`",
        )],
        findings: Vec::new(),
        cases: vec![
            passed,
            failed,
            flaky,
            case("mocked", 70, Verdict::Skipped("mocks need the target local".to_owned())),
            case(
                "broken",
                80,
                Verdict::Broken(trouble("start", "access denied: states:StartExecution", "ask for it")),
            ),
        ],
        coverage: Some(coverage()),
        took_ms: [1500, 2000, 250],
    }
}

pub(super) fn tested(suites: &[SuiteResult]) -> Tested<'_> {
    Tested {
        suites,
        took_ms: 3400,
        threshold: Some(90.0),
    }
}
