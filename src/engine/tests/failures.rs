//! Errors: their texts, retriers, catchers and timeouts.

use serde_json::{Value, json};

use super::{check_end, single, task};
use crate::engine::testing::{Answer, EPOCH, Lab, error, output};
use crate::engine::{Effect, Happened, Pending, Status};

#[test]
fn failures_are_retried_then_caught() {
    let definition = task(json!({
        "Parameters": { "n.$": "$$.State.RetryCount" },
        "Retry": [{ "ErrorEquals": ["Boom"], "IntervalSeconds": 2, "MaxAttempts": 2, "BackoffRate": 3.0 }],
        "Catch": [{ "ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": "Next" }],
    }));
    let lab = Lab::run(&definition, "{\"a\":1}", &[error("Boom", "why")]);
    let expected = r#"
        1<0 ExecutionStarted input={"a":1}
        2<0 TaskStateEntered name=S input={"a":1}
        3<2 LambdaFunctionScheduled resource=arn:aws:lambda:us-east-1:000000000000:function:f input={"n":0}
        4<3 LambdaFunctionStarted
        5<4 LambdaFunctionFailed error=Boom cause=why
        6<5 LambdaFunctionScheduled resource=arn:aws:lambda:us-east-1:000000000000:function:f input={"n":1}
        7<6 LambdaFunctionStarted
        8<7 LambdaFunctionFailed error=Boom cause=why
        9<8 LambdaFunctionScheduled resource=arn:aws:lambda:us-east-1:000000000000:function:f input={"n":2}
        10<9 LambdaFunctionStarted
        11<10 LambdaFunctionFailed error=Boom cause=why
        12<11 TaskStateExited name=S output={"a":1,"error":{"Error":"Boom","Cause":"why"}}
        13<12 PassStateEntered name=Next input={"a":1,"error":{"Error":"Boom","Cause":"why"}}
        14<13 PassStateExited name=Next output={"a":1,"error":{"Error":"Boom","Cause":"why"}}
        15<14 ExecutionSucceeded output={"a":1,"error":{"Error":"Boom","Cause":"why"}}"#;
    assert_eq!(lab.lines().trim(), expected.replace("\n        ", "\n").trim());
    assert_eq!(lab.now - EPOCH, 2_000 + 6_000);
}

#[test]
fn a_task_without_an_answer_times_out() {
    for (limit, after, extra) in [
        (json!({ "TimeoutSeconds": 5 }), 5_000, ""),
        (json!({ "TimeoutSecondsPath": "$.t" }), 7_000, ""),
        (
            json!({ "TimeoutSeconds": 9, "HeartbeatSeconds": 3, "Resource": "arn:aws:states:::sns:publish.waitForTaskToken" }),
            3_000,
            " resourceType=sns resource=publish.waitForTaskToken",
        ),
    ] {
        let lab = Lab::run(&task(limit), "{\"t\":7}", &[Answer::Silence]);
        assert_eq!(lab.now - EPOCH, after);
        let lines = lab.lines();
        let last: Vec<&str> = lines.lines().rev().take(2).collect();
        assert_eq!(last[0], "6<5 ExecutionFailed error=States.Timeout");
        assert!(last[1].starts_with("5<4 ") && last[1].ends_with(&format!("TimedOut error=States.Timeout{extra}")));
        assert!(lab.effects.contains(&Effect::CancelTask { task: 1 }));
        assert_eq!(lab.execution.pending(), Pending::default());
    }
}

#[test]
fn heartbeats_put_off_the_timeout() {
    let definition = task(json!({
        "Resource": "arn:aws:states:::sns:publish.waitForTaskToken",
        "HeartbeatSeconds": 3,
        "Catch": [{ "ErrorEquals": ["States.HeartbeatTimeout"], "Next": "Next" }],
    }));
    let mut lab = Lab::new(&definition, "{}");
    lab.feed(Happened::Started);
    lab.feed(Happened::TaskStarted { task: 1 });
    for _ in 0..4 {
        lab.now += 2_000;
        lab.feed(Happened::TaskHeartbeat { task: 1 });
    }
    lab.go_on(&[]);
    assert_eq!(lab.now - EPOCH, 8_000 + 3_000);
    assert_eq!(
        lab.outcome().output.as_deref(),
        Some(r#"{"Error":"States.Timeout","Cause":""}"#)
    );
}

#[test]
fn a_task_that_cannot_be_handed_over() {
    let refused = [Answer::Refused("Lambda.Gone".into(), "no such function".into())];
    let lab = Lab::run(&task(json!({})), "{}", &refused);
    assert!(lab.lines().ends_with(
        "4<3 LambdaFunctionStartFailed error=Lambda.Gone cause=no such function\n\
         5<4 ExecutionFailed error=Lambda.Gone cause=no such function"
    ));
}

#[test]
fn failures_say_what_and_where() {
    let runtime = |text: &str| {
        format!(
            "ExecutionFailed error=States.Runtime cause=An error occurred while executing the state 'S' (entered at the \
             event id #2). {text}"
        )
    };
    let pass = |extra: Value| {
        let mut state = json!({ "Type": "Pass", "End": true });
        state
            .as_object_mut()
            .unwrap()
            .extend(extra.as_object().unwrap().clone());
        single(state)
    };
    let wait = |key: &str| single(json!({ "Type": "Wait", key: "$.w", "End": true }));
    for (definition, input, text) in [
        (
            pass(json!({ "OutputPath": "$.no" })),
            "{}",
            "Invalid path '$.no' : No results for path: $['no']",
        ),
        (
            pass(json!({ "InputPath": "$.no.x" })),
            "{}",
            "Invalid path '$.no.x' : Missing property in path $['no']",
        ),
        (
            pass(json!({ "Parameters": { "a": { "b.$": "$.no" } } })),
            "{\"x\": 1}",
            "The JSONPath '$.no' specified for the field 'b.$' could not be found in the input '{\"x\": 1}'",
        ),
        (
            wait("SecondsPath"),
            "{}",
            "The SecondsPath parameter does not reference an input value: $.w",
        ),
        (
            wait("SecondsPath"),
            r#"{"w":-1.5}"#,
            "The SecondsPath parameter cannot be parsed as a long value: $.w == -1.5",
        ),
        (
            wait("TimestampPath"),
            r#"{"w":"2016-12-05T21:29:29"}"#,
            "The TimestampPath parameter does not reference a valid ISO-8601 extended offset date-time format string: $.w == 2016-12-05T21:29:29",
        ),
        (
            single(json!({ "Type": "Choice", "Choices": [{ "Variable": "$.x", "IsNull": true, "Next": "Next" }] })),
            "{}",
            "Invalid path '$.x': The choice state's condition path references an invalid value.",
        ),
        (
            single(json!({ "Type": "Fail", "Error": "E", "CausePath": "$.no" })),
            "{}",
            "The JSONPath '$.no' specified for the field 'CausePath' could not be found in the input '{}'",
        ),
        (
            task(json!({ "TimeoutSecondsPath": "$.no" })),
            "{}",
            "Invalid path '$.no' : No results for path: $['no']",
        ),
    ] {
        check_end(definition, input, &[], &runtime(text));
    }
    check_end(
        single(json!({ "Type": "Fail", "Error": "E", "CausePath": "$.c" })),
        r#"{"c":"because"}"#,
        &[],
        "ExecutionFailed error=E cause=because",
    );
    check_end(single(json!({ "Type": "Fail" })), "{}", &[], "ExecutionFailed");
    check_end(
        single(json!({ "Type": "Choice", "Choices": [{ "Variable": "$.x", "IsNull": true, "Next": "Next" }] })),
        r#"{"x":1}"#,
        &[],
        "ExecutionFailed error=States.NoChoiceMatched cause=An error occurred while executing the state 'S' (entered at \
         the event id #2). Failed to transition out of the state. The state does not point to a next state.",
    );
}

#[test]
fn a_runtime_error_is_never_caught_but_a_result_path_error_is() {
    let with_catch = |extra: Value| {
        let mut fields = json!({ "Catch": [{ "ErrorEquals": ["States.ALL"], "Next": "Next" }] });
        fields
            .as_object_mut()
            .unwrap()
            .extend(extra.as_object().unwrap().clone());
        task(fields)
    };
    let done = [output(json!(1))];
    let caught = |definition, input| Lab::run(&definition, input, &done).outcome().status == Status::Succeeded;
    assert!(!caught(with_catch(json!({ "OutputPath": "$.no.such" })), "{}"));
    assert!(caught(with_catch(json!({ "ResultPath": "$.a.b" })), r#"{"a":1}"#));
}
