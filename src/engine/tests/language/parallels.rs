//! Parallel states.

use serde_json::{Value, json};

use super::{Case, case, merged, with, with_jsonata};
use crate::engine::testing::{error, output};
use crate::engine::tests::FUNCTION;

fn parallel(extra: &Value) -> Value {
    let state = json!({ "Type": "Parallel", "Comment": "c", "Branches": [
        { "Comment": "c", "StartAt": "A", "States": {
            "A": { "Type": "Pass", "Next": "B" },
            "B": { "Type": "Pass", "End": true },
        }},
        { "Comment": "c", "StartAt": "C", "States": { "C": { "Type": "Task", "Resource": FUNCTION, "End": true } } },
    ]});
    merged(state, extra)
}

pub(super) fn cases() -> Vec<Case> {
    let path = parallel(&json!({
        "QueryLanguage": "JSONPath", "InputPath": "$.in", "Parameters": { "p.$": "$.n" },
        "ResultSelector": { "first.$": "$[0].p", "second.$": "$[1]" }, "ResultPath": "$.r", "OutputPath": "$.r",
        "Assign": { "v.$": "$.second" }, "Next": "T",
    }));
    let jsonata = parallel(&json!({
        "QueryLanguage": "JSONata", "Arguments": { "p": "{% $states.input.in.n %}" },
        "Output": { "first": "{% $states.result[0].p %}", "second": "{% $states.result[1] %}" },
        "Assign": { "v": "{% $states.result[1] %}" }, "Next": "T",
    }));
    let left = r#"ParallelStateExited name=S output={"first":5,"second":6} assignedVariables={"v":"6"} assignedVariablesDetails={"truncated":false}"#;
    let expected = [
        r#"gives {"first":5,"second":6}"#,
        left,
        r#"PassStateExited name=B output={"p":5}"#,
        "PassStateExited name=T…",
    ];
    let input = r#"{"in":{"n":5}}"#;
    let mut cases = vec![
        case(with(path), input, &[output(json!(6))], &expected),
        case(with(jsonata), input, &[output(json!(6))], &expected),
    ];
    let plain = parallel(&json!({ "End": true }));
    for definition in [with(plain.clone()), with_jsonata(plain)] {
        cases.push(case(
            definition,
            "7",
            &[output(json!(6))],
            &[
                "gives [7,6]",
                "ParallelStateSucceeded",
                "PassStateEntered name=A input=7",
            ],
        ));
    }
    for language in ["JSONPath", "JSONata"] {
        let retried = parallel(&json!({
            "QueryLanguage": language, "Retry": [{ "ErrorEquals": ["Boom"], "MaxAttempts": 1, "IntervalSeconds": 3 }], "End": true,
        }));
        let answers = [error("Boom", "why"), output(json!(6))];
        let expected = ["gives [7,6]", "after 3000 ms", "2 tasks"];
        cases.push(case(with(retried), "7", &answers, &expected));
        let caught = parallel(&json!({
            "QueryLanguage": language, "Catch": [{ "ErrorEquals": ["Boom"], "Next": "Caught" }], "End": true,
        }));
        let expected = [
            r#"gives {"caught":{"Error":"Boom","Cause":"why"}}"#,
            "ParallelStateFailed",
        ];
        cases.push(case(with(caught), "7", &[error("Boom", "why")], &expected));
    }
    cases
}
