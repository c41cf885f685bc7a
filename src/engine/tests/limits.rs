//! What ends executions from outside, and what is refused.

use serde_json::json;

use super::{check_end, single, task};
use crate::engine::testing::{self, Answer, EPOCH, Lab};
use crate::engine::{Effect, Happened, Status, unsupported};

#[test]
fn results_and_outputs_have_a_size() {
    let large = Answer::Output(format!("\"{}\"", "ä".repeat(131_072)));
    check_end(
        task(json!({})),
        "{}",
        &[large],
        "ExecutionFailed error=States.DataLimitExceeded cause=The state/task \
         'arn:aws:lambda:us-east-1:000000000000:function:f' returned a result with a size exceeding the maximum number of \
         bytes service limit.",
    );
    let double = json!({ "Type": "Pass", "Parameters": { "a.$": "$", "b.$": "$" }, "Next": "S" });
    check_end(
        single(double),
        "{}",
        &[],
        "ExecutionFailed error=States.DataLimitExceeded cause=The state/task 'S' returned a result with a size exceeding \
         the maximum number of bytes service limit.",
    );
}

/// What the interpreter finds too large ends the execution, whoever would take it.
#[test]
fn limits_of_data_are_terminal_unless_a_task_reports_them() {
    let handlers = json!({
        "Retry": [{ "ErrorEquals": ["States.ALL"] }],
        "Catch": [{ "ErrorEquals": ["States.ALL"], "ResultPath": null, "Next": "Next" }],
    });
    let with = |mut state: serde_json::Value| {
        state
            .as_object_mut()
            .unwrap()
            .extend(handlers.as_object().unwrap().clone());
        state
    };
    let half = format!("\"{}\"", "x".repeat(200_000));
    let twice = json!({ "a.$": "$", "b.$": "$" });
    let inner = json!({ "StartAt": "I", "States": { "I": { "Type": "Pass", "End": true } } });
    let in_state =
        "cause=An error occurred while executing the state 'S' (entered at the event id #2). The size of the input";
    let place = "cause=The state/task 'S' returned a result";
    let parameters = task(with(json!({ "Parameters": twice })));
    let branches = single(with(
        json!({ "Type": "Parallel", "Parameters": twice, "Branches": [inner], "End": true }),
    ));
    let results = single(with(
        json!({ "Type": "Parallel", "Branches": [inner, inner], "End": true }),
    ));
    for (definition, cause) in [(parameters, in_state), (branches, in_state), (results, place)] {
        let lab = Lab::run(&definition, &half, &[]);
        let start = format!("ExecutionFailed error=States.DataLimitExceeded {cause}");
        assert!(
            lab.last_line().split_once(' ').unwrap().1.starts_with(&start),
            "{}",
            lab.last_line()
        );
        assert!(lab.requests.is_empty());
    }
    let large = Answer::Output(format!("\"{}\"", "x".repeat(262_144)));
    check_end(
        task(json!({ "Catch": [{ "ErrorEquals": ["States.ALL"], "ResultPath": null, "Next": "Next" }] })),
        "7",
        &[large],
        "ExecutionSucceeded output=7",
    );
}

#[test]
fn data_cannot_nest_without_end() {
    let deeper = json!({ "Type": "Pass", "Parameters": { "a.$": "$" }, "Next": "S" });
    let lab = Lab::run(&single(deeper), "{}", &[]);
    assert!(
        lab.last_line().ends_with("The data nest deeper than 127 levels."),
        "{}",
        lab.last_line()
    );
}

#[test]
fn a_loop_ends_at_the_limit_of_the_history() {
    let definition = json!({ "StartAt": "A", "States": {
        "A": { "Type": "Pass", "Next": "B" },
        "B": { "Type": "Choice", "Choices": [{ "Variable": "$.x", "IsPresent": false, "Next": "A" }], "Default": "A" },
    }});
    let lab = Lab::run(&definition, "{}", &[]);
    assert_eq!(lab.inputs.len(), 1);
    assert_eq!(lab.history.len(), 25_000);
    assert_eq!(
        lab.last_line(),
        "25000<24999 ExecutionFailed error=States.Runtime cause=The execution reached the maximum number of history \
         events (25000)."
    );
    assert!(lab.history.iter().zip(1..).all(|(event, id)| event.id == id));
}

#[test]
fn stopping_and_the_time_limit_of_the_machine_end_an_execution() {
    let mut lab = Lab::new(&task(json!({ "TimeoutSeconds": 60 })), "{}");
    lab.feed(Happened::Started);
    lab.feed(Happened::Stopped {
        error: Some("E".into()),
        cause: None,
    });
    assert_eq!(lab.last_line(), "4<0 ExecutionAborted error=E");
    let ends = &lab.effects[lab.effects.len() - 3..];
    assert!(matches!(
        ends,
        [Effect::CancelTask { task: 1 }, Effect::CancelTimer { timer: 1 }, Effect::Finished(end)]
            if end.status == Status::Aborted
    ));

    let mut definition = task(json!({}));
    definition["TimeoutSeconds"] = json!(30);
    let lab = Lab::run(&definition, "{}", &[Answer::Silence]);
    assert_eq!(lab.now - EPOCH, 30_000);
    assert_eq!(lab.last_line(), "5<0 ExecutionTimedOut error=States.Timeout");
    assert_eq!(lab.outcome().status, Status::TimedOut);
}

#[test]
fn what_cannot_be_executed_is_named() {
    let inner = json!({ "StartAt": "I", "States": { "I": {
        "Type": "Pass", "Parameters": { "x.$": "$.a.median()" }, "End": true,
    }}});
    let definition = json!({ "StartAt": "P", "States": {
        "P": { "Type": "Parallel", "Branches": [inner], "Next": "M" },
        "M": { "Type": "Map", "ItemReader": { "Resource": "arn:aws:states:::s3:getObject" }, "ItemProcessor": inner, "Next": "J" },
        "J": { "Type": "Pass", "QueryLanguage": "JSONata", "Output": "{% 1 %}", "Next": "A" },
        "A": { "Type": "Pass", "Assign": { "v": 1 }, "InputPath": "$v", "Next": "F" },
        "F": { "Type": "Pass", "OutputPath": "$.a.median()", "Next": "T" },
        "T": { "Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Parameters": { "a.$": "$.b" }, "End": true },
    }});
    let found: Vec<String> = unsupported(&testing::machine(&definition))
        .into_iter()
        .map(|found| format!("{}: {}", found.pointer.unwrap(), found.message))
        .collect();
    let uses = |pointer: &str, state: &str, feature: &str| {
        format!("{pointer}: state `{state}` uses {feature}, which the local cloud cannot execute yet")
    };
    assert_eq!(
        found,
        [
            uses(
                "/States/P/Branches/0/States/I",
                "I",
                "the function `median()` in the path Parameters `x.$`"
            ),
            uses(
                "/States/M/ItemProcessor/States/I",
                "I",
                "the function `median()` in the path Parameters `x.$`"
            ),
            uses("/States/M", "M", "the field ItemReader"),
            uses("/States/F", "F", "the function `median()` in the path OutputPath"),
        ]
    );
}

#[test]
fn errors_and_causes_are_no_longer_than_step_functions_keeps() {
    let lab = Lab::run(
        &task(json!({})),
        "{}",
        &[testing::error(&"é".repeat(300), &"ü".repeat(40_000))],
    );
    let expected = format!(
        " ExecutionFailed error={} cause={}",
        "é".repeat(256),
        "ü".repeat(32_768)
    );
    assert!(lab.last_line().ends_with(&expected), "{}", lab.last_line().len());
}
