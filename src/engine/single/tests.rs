//! States on their own.

#![allow(clippy::unwrap_used)]

use serde_json::json;

use super::*;
use crate::asl;
use crate::tree::Node;

fn trial(state: Value, input: &str, retries: u64, failed_iterations: u64) -> Trial {
    let definition = json!({ "StartAt": "S", "States": { "S": state } });
    let (machine, _) = asl::parse(&Node::from_json(&definition));
    let setting = Setting {
        start: Start {
            execution_arn: "arn:aws:states:us-east-1:000000000000:express:m:e".into(),
            execution_name: "e".into(),
            state_machine_arn: "arn:aws:states:us-east-1:000000000000:stateMachine:m".into(),
            state_machine_name: "m".into(),
            role_arn: String::new(),
            input: input.into(),
            started_at: 0,
        },
        context: json!({ "Execution": { "Input": "given" } }),
        variables: Map::new(),
        retries,
        failed_iterations,
    };
    Trial::new(machine.unwrap().states["S"].clone(), setting).unwrap()
}

/// The verdict in lines.
fn shown(progress: Progress) -> String {
    let verdict = match progress {
        Progress::Done(verdict) => *verdict,
        Progress::Work(request, limit) => return format!("work {} {limit:?}", request.parameters),
        Progress::Wait(millis) => return format!("wait {millis}"),
    };
    let mut lines = vec![verdict.status.to_owned()];
    let texts = [
        ("output", verdict.output),
        ("next", verdict.next),
        ("error", verdict.error),
        ("cause", verdict.cause),
    ];
    lines.extend(
        texts
            .into_iter()
            .filter_map(|(name, text)| Some(format!("{name} {}", text?))),
    );
    lines.extend(
        verdict
            .inspection
            .iter()
            .map(|(name, value)| format!("{name}: {value}")),
    );
    lines.join("\n")
}

fn check(got: &str, expected: &str) {
    let expected: Vec<&str> = expected
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    assert_eq!(got, expected.join("\n"));
}

fn failed(error: &str) -> Worked {
    Worked::Failed {
        error: Some(error.into()),
        cause: Some("why".into()),
    }
}

#[test]
fn every_stage_of_a_pass_state_is_shown() {
    let state = json!({ "Type": "Pass", "InputPath": "$.a", "Parameters": { "c.$": "$$.Execution.Input" },
        "ResultPath": "$.r", "OutputPath": "$.r", "Next": "Elsewhere" });
    check(
        &shown(trial(state, r#"{"a": {"b": 1}}"#, 0, 0).enter(0, 0)),
        r#"
        SUCCEEDED
        output {"c":"given"}
        next Elsewhere
        input: "{\"a\": {\"b\": 1}}"
        afterInputPath: "{\"b\":1}"
        afterParameters: "{\"c\":\"given\"}"
        afterResultSelector: "{\"c\":\"given\"}"
        afterResultPath: "{\"a\":{\"b\":1},\"r\":{\"c\":\"given\"}}"
        "#,
    );
}

#[test]
fn a_path_that_fails_shows_the_stages_before_it() {
    let state = json!({ "Type": "Pass", "Parameters": { "x.$": "$.no" }, "End": true });
    check(
        &shown(trial(state, "{}", 0, 0).enter(0, 0)),
        r#"
        FAILED
        error States.Runtime
        cause An error occurred while executing the state 'StateName' (entered at the event id #2). The JSONPath '$.no' specified for the field 'x.$' could not be found in the input '{}'
        input: "{}"
        afterInputPath: "{}"
        "#,
    );
}

#[test]
fn choice_wait_and_fail() {
    let choice = json!({ "Type": "Choice", "Choices": [{ "Variable": "$.n", "NumericGreaterThan": 3, "Next": "Large" }], "Default": "Small" });
    for (input, next) in [("{\"n\":4}", "next Large"), ("{\"n\":3}", "next Small")] {
        assert!(shown(trial(choice.clone(), input, 0, 0).enter(0, 0)).contains(next));
    }
    let mut wait = trial(json!({ "Type": "Wait", "Seconds": 7, "Next": "N" }), "{}", 0, 0);
    assert_eq!(shown(wait.enter(0, 0)), "wait 7000");
    check(
        &shown(wait.waited(7000, 0)),
        r#"
        SUCCEEDED
        output {}
        next N
        input: "{}"
        afterInputPath: "{}"
        "#,
    );
    let fail = json!({ "Type": "Fail", "Error": "E", "Cause": "C" });
    check(
        &shown(trial(fail, "{}", 0, 0).enter(0, 0)),
        r#"
        FAILED
        error E
        cause C
        input: "{}"
        afterInputPath: "{}"
        "#,
    );
}

#[test]
fn a_task_has_its_work_done_by_whoever_asks() {
    let state = json!({ "Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "TimeoutSeconds": 9,
        "Parameters": { "p.$": "$.a" }, "ResultSelector": { "s.$": "$.r" }, "ResultPath": "$.o", "End": true });
    let mut task = trial(state, "{\"a\":1}", 0, 0);
    assert_eq!(shown(task.enter(0, 0)), "work {\"p\":1} Some(9000)");
    check(
        &shown(task.worked(5, 0, Worked::Succeeded("{\"r\": 2}".into()))),
        r#"
        SUCCEEDED
        output {"a":1,"o":{"s":2}}
        input: "{\"a\":1}"
        afterParameters: "{\"p\":1}"
        result: "{\"r\": 2}"
        afterInputPath: "{\"a\":1}"
        afterResultSelector: "{\"s\":2}"
        afterResultPath: "{\"a\":1,\"o\":{\"s\":2}}"
        "#,
    );
}

#[test]
fn retriers_come_before_catchers_until_they_are_used_up() {
    let state = json!({ "Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "End": true,
        "Retry": [{ "ErrorEquals": ["Other"] }, { "ErrorEquals": ["Boom"], "IntervalSeconds": 2, "MaxAttempts": 3 }],
        "Catch": [{ "ErrorEquals": ["Else"], "Next": "A" }, { "ErrorEquals": ["States.ALL"], "ResultPath": "$.e", "Next": "B" }] });
    let outcome = |error: &str, retries: u64| {
        let mut task = trial(state.clone(), "{}", retries, 0);
        task.enter(0, 0);
        let shown = shown(task.worked(0, 0, failed(error)));
        let wanted = ["RETRIABLE", "CAUGHT", "FAILED", "errorDetails", "next"];
        let lines = shown
            .lines()
            .filter(|line| wanted.iter().any(|start| line.starts_with(start)));
        lines.collect::<Vec<_>>().join("; ")
    };
    assert_eq!(
        outcome("Boom", 2),
        r#"RETRIABLE; errorDetails: {"retryIndex":1,"retryBackoffIntervalSeconds":8}"#
    );
    assert_eq!(
        outcome("Boom", 3),
        r#"CAUGHT_ERROR; next B; errorDetails: {"retryIndex":1,"catchIndex":1}"#
    );
    assert_eq!(
        outcome("Else", 0),
        r#"CAUGHT_ERROR; next A; errorDetails: {"catchIndex":0}"#
    );
}

#[test]
fn a_map_is_mocked_and_judged_by_its_failed_iterations() {
    let state = json!({ "Type": "Map", "ItemsPath": "$.v", "ToleratedFailurePercentage": 50, "End": true,
        "ItemProcessor": { "StartAt": "P", "States": { "P": { "Type": "Pass", "End": true } } } });
    let outcome = |failed_iterations: u64| {
        let mut map = trial(state.clone(), "{\"v\":[1,2]}", 0, failed_iterations);
        assert!(map.unsupported().is_empty());
        map.enter(0, 0);
        shown(map.worked(0, 0, Worked::Succeeded("[3,4]".into())))
    };
    check(
        &outcome(1),
        r#"
        SUCCEEDED
        output [3,4]
        input: "{\"v\":[1,2]}"
        afterItemsPath: "[1,2]"
        toleratedFailurePercentage: 50.0
        maxConcurrency: 0
        afterInputPath: "{\"v\":[1,2]}"
        afterResultSelector: "[3,4]"
        afterResultPath: "[3,4]"
        "#,
    );
    assert!(outcome(2).starts_with("FAILED\nerror States.ExceedToleratedFailureThreshold"));
    let no_items = trial(state.clone(), "{\"v\":1}", 0, 0).enter(0, 0);
    assert!(shown(no_items).contains("must point to array"));
}
