//! Inline Map states.

use serde_json::{Value, json};

use super::{Case, case, merged, with, with_jsonata};
use crate::engine::testing::{error, output};
use crate::engine::tests::FUNCTION;

fn processor() -> Value {
    json!({ "Comment": "c", "ProcessorConfig": { "Mode": "INLINE" }, "StartAt": "A", "States": {
        "A": { "Type": "Pass", "Next": "B" },
        "B": { "Type": "Task", "Resource": FUNCTION, "End": true },
    }})
}

fn map(extra: &Value) -> Value {
    merged(
        json!({ "Type": "Map", "Comment": "c", "ItemProcessor": processor() }),
        extra,
    )
}

pub(super) fn cases() -> Vec<Case> {
    [data(), concurrency(), failures()].into_iter().flatten().collect()
}

fn data() -> Vec<Case> {
    let path = map(&json!({
        "QueryLanguage": "JSONPath", "InputPath": "$.in", "ItemsPath": "$.items",
        "ItemSelector": { "i.$": "$$.Map.Item.Value", "n.$": "$.n" },
        "ResultSelector": { "all.$": "$" }, "ResultPath": "$.r", "OutputPath": "$.r", "Assign": { "v.$": "$.all[1]" }, "Next": "T",
    }));
    let jsonata = map(&json!({
        "QueryLanguage": "JSONata", "Items": "{% $states.input.in.items %}",
        "ItemSelector": { "i": "{% $states.context.Map.Item.Value %}", "n": "{% $states.input.in.n %}" },
        "Output": { "all": "{% $states.result %}" }, "Assign": { "v": "{% $states.result[1] %}" }, "Next": "T",
    }));
    let old = merged(
        json!({ "Type": "Map", "Iterator": processor(), "Parameters": { "i.$": "$$.Map.Item.Value", "n.$": "$.in.n" } }),
        &json!({ "ItemsPath": "$.in.items", "ResultSelector": { "all.$": "$" }, "Assign": { "v.$": "$.all[1]" }, "Next": "T" }),
    );
    let mut old = old;
    old["Iterator"].as_object_mut().unwrap().shift_remove("ProcessorConfig");
    let input = r#"{"in":{"n":5,"items":["a","b"]}}"#;
    let first = format!(r#"asks {FUNCTION} {{"i":"a","n":5}} as none"#);
    let second = format!(r#"asks {FUNCTION} {{"i":"b","n":5}} as none"#);
    let expected = [
        r#"gives {"all":[1,2]}"#,
        r#"MapStateExited name=S output={"all":[1,2]} assignedVariables={"v":"2"} assignedVariablesDetails={"truncated":false}"#,
        &first,
        &second,
        "MapStateStarted length=2",
        "PassStateEntered name=A…",
        "PassStateExited name=T…",
    ];
    let answers = [output(json!(1)), output(json!(2))];
    let mut cases: Vec<Case> = [path, jsonata, old]
        .map(|state| case(with(state), input, &answers, &expected))
        .into();
    let plain = map(&json!({ "End": true }));
    for definition in [with(plain.clone()), with_jsonata(plain)] {
        cases.push(case(
            definition,
            "[7,8]",
            &answers,
            &["gives [1,2]", "MapStateSucceeded", "PassStateEntered name=A input=8"],
        ));
    }
    let listed = map(&json!({ "Items": [7, "{% 4 + 4 %}"], "End": true }));
    let asked = format!("asks {FUNCTION} 8 as none");
    cases.push(case(with_jsonata(listed), "{}", &answers, &["gives [1,2]", &asked]));
    cases
}

/// How many iterations have begun before the first one ends shows in the order of the events.
fn concurrency() -> Vec<Case> {
    let mut cases = Vec::new();
    for (extra, third) in [
        (json!({}), "6<3 MapIterationStarted name=S index=2"),
        (
            json!({ "MaxConcurrency": 2 }),
            "18<16 MapIterationStarted name=S index=2",
        ),
        (
            json!({ "MaxConcurrencyPath": "$[0]" }),
            "18<16 MapIterationStarted name=S index=2",
        ),
        (
            json!({ "QueryLanguage": "JSONata", "MaxConcurrency": "{% $states.input[0] %}" }),
            "18<16 MapIterationStarted name=S index=2",
        ),
    ] {
        let state = map(&merged(json!({ "End": true }), &extra));
        cases.push(case(
            with(state),
            "[2,2,2]",
            &[output(json!(1))],
            &["gives [1,1,1]", third],
        ));
    }
    cases
}

fn failures() -> Vec<Case> {
    let mut cases = Vec::new();
    for language in ["JSONPath", "JSONata"] {
        let retried = map(&json!({
            "QueryLanguage": language, "Retry": [{ "ErrorEquals": ["Boom"], "MaxAttempts": 1, "IntervalSeconds": 3 }], "End": true,
        }));
        let answers = [error("Boom", "why"), output(json!(6))];
        let expected = ["gives [6]", "after 3000 ms", "2 tasks"];
        cases.push(case(with(retried), "[7]", &answers, &expected));
        let caught = map(&json!({
            "QueryLanguage": language, "Catch": [{ "ErrorEquals": ["Boom"], "Next": "Caught" }], "End": true,
        }));
        let expected = [
            r#"gives {"caught":{"Error":"Boom","Cause":"why"}}"#,
            "MapIterationFailed name=S index=0",
        ];
        cases.push(case(with(caught), "[7]", &[error("Boom", "why")], &expected));
    }
    cases
}
