//! TestState as a client sees it.

#![allow(clippy::unwrap_used)]

use serde_json::{Value, json};

use crate::local::sfn::tests::Bench;

async fn outcome(input: Value) -> String {
    let answer = Bench::new().call("TestState", input).await;
    answer.map_or_else(|error| error, |answer| answer.to_string())
}

fn task(more: &Value) -> Value {
    let mut request = json!({ "definition": json!({
        "Type": "Task", "Resource": "arn:aws:states:::events:putEvents", "Parameters": { "Entries": [] }, "Next": "N",
    }).to_string() });
    for (name, value) in more.as_object().unwrap() {
        request[name] = value.clone();
    }
    request
}

#[tokio::test]
async fn a_state_inside_a_machine_is_found_and_run() {
    let machine = json!({ "StartAt": "P", "States": { "P": { "Type": "Parallel", "End": true, "Branches": [
        { "StartAt": "B", "States": { "B": { "Type": "Pass", "Result": 1, "Next": "C" }, "C": { "Type": "Succeed" } } },
    ] } } })
    .to_string();
    assert_eq!(
        outcome(json!({ "definition": machine, "stateName": "B", "input": "{}" })).await,
        r#"{"output":"1","nextState":"C","status":"SUCCEEDED"}"#
    );
    assert_eq!(
        outcome(json!({ "definition": machine, "stateName": "X" })).await,
        "ValidationException: State not found in definition"
    );
}

#[tokio::test]
async fn mocks_stand_in_for_the_work() {
    let check = async |more: Value, expected: &str| assert_eq!(outcome(task(&more)).await, expected, "{more}");
    check(
        json!({ "mock": { "result": "{\"FailedEntryCount\": 0}" } }),
        r#"{"output":"{\"FailedEntryCount\": 0}","nextState":"N","status":"SUCCEEDED"}"#,
    )
    .await;
    check(
        json!({ "mock": { "errorOutput": { "error": "E", "cause": "C" } } }),
        r#"{"error":"E","cause":"C","status":"FAILED"}"#,
    )
    .await;
    let invalid = async |more: Value, expected: &str| {
        check(more, &format!("ValidationException: {expected}")).await;
    };
    invalid(json!({ "mock": { "result": "{" } }), "Mocked result must be valid JSON").await;
    invalid(
        json!({ "mock": { "result": "{\"Entries\": 1}" } }),
        "Mock result schema validation error: Field 'Entries' must be an array",
    )
    .await;
    invalid(
        json!({ "mock": { "result": "{}" }, "revealSecrets": true }),
        "TestState does not support RevealSecrets when a mock is specified.",
    )
    .await;
    invalid(
        json!({ "stateConfiguration": { "retrierRetryCount": 1 } }),
        "TestState does not support RetrierRetryCount when a mock is not specified.",
    )
    .await;
    invalid(
        json!({ "mock": { "result": "{}", "errorOutput": {} } }),
        "A mock can have only one of the fields 'result' and 'errorOutput'.",
    )
    .await;
    let unknown = |validation: &str| {
        let state = json!({ "Type": "Task", "Resource": "arn:aws:states:::glue:startJobRun.sync", "Parameters": {}, "End": true });
        json!({ "definition": state.to_string(), "mock": { "result": "{}", "fieldValidationMode": validation } })
    };
    for validation in ["STRICT", "PRESENT"] {
        invalid(
            unknown(validation),
            "not implemented by the local cloud: the response of arn:aws:states:::glue:startJobRun.sync, which a mocked result \
             is checked against; with fieldValidationMode NONE it is not checked",
        )
        .await;
    }
    check(unknown("NONE"), r#"{"output":"{}","status":"SUCCEEDED"}"#).await;
    invalid(json!({}), "RoleArn must be specified when testing a Task state").await;
}

#[tokio::test]
async fn what_is_wrong_with_a_single_state_is_said_but_where_it_leads_does_not_matter() {
    let definition = |state: Value| json!({ "definition": state.to_string(), "inspectionLevel": "DEBUG" });
    assert_eq!(
        outcome(definition(json!({ "Type": "Pass", "Next": "Anywhere" }))).await,
        r#"{"output":"{}","nextState":"Anywhere","status":"SUCCEEDED","inspectionData":{"input":"{}","afterInputPath":"{}","afterParameters":"{}","afterResultSelector":"{}","afterResultPath":"{}"}}"#
    );
    for wrong in [
        json!({ "Type": "Pass" }),
        json!({ "Type": "Nothing", "End": true }),
        json!([1]),
    ] {
        let got = outcome(definition(wrong)).await;
        assert!(
            got.starts_with("InvalidDefinition: Invalid State Machine Definition: "),
            "{got}"
        );
    }
    let parallel = json!({ "Type": "Parallel", "End": true, "Branches": [
        { "StartAt": "B", "States": { "B": { "Type": "Pass", "Next": "Nowhere" } } },
    ] });
    let got = outcome(definition(parallel)).await;
    assert!(got.contains("Nowhere"), "{got}");
}

#[tokio::test]
async fn resources_inside_a_map_are_not_looked_at() {
    let map = json!({ "Type": "Map", "End": true, "ItemProcessor": { "StartAt": "T", "States": {
        "T": { "Type": "Task", "Resource": "arn:aws:lambda:your-region:your-account:function:yours", "End": true },
    } } });
    let request = json!({ "definition": map.to_string(), "input": "[1]", "mock": { "result": "[2]" } });
    assert_eq!(outcome(request).await, r#"{"output":"[2]","status":"SUCCEEDED"}"#);
}
