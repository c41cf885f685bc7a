//! What each type of state does.

use serde_json::json;

use super::{check, single, task};
use crate::engine::testing::{Answer, EPOCH, Lab, output};
use crate::engine::{Happened, Status};

#[test]
fn pass_and_succeed() {
    let definition = json!({
        "StartAt": "A",
        "States": {
            "A": { "Type": "Pass", "Parameters": { "n.$": "$.n", "s.$": "$$.State.Name" }, "ResultPath": "$.made", "Next": "B" },
            "B": { "Type": "Pass", "Result": [1, 2.50], "ResultPath": "$.made.list", "OutputPath": "$.made", "Next": "C" },
            "C": { "Type": "Succeed", "InputPath": "$.list" },
        },
    });
    check(
        definition,
        "{\"n\": 1}",
        &[],
        r#"
        1<0 ExecutionStarted input={"n": 1}
        2<0 PassStateEntered name=A input={"n": 1}
        3<2 PassStateExited name=A output={"n":1,"made":{"n":1,"s":"A"}}
        4<3 PassStateEntered name=B input={"n":1,"made":{"n":1,"s":"A"}}
        5<4 PassStateExited name=B output={"n":1,"s":"A","list":[1,2.5]}
        6<5 SucceedStateEntered name=C input={"n":1,"s":"A","list":[1,2.5]}
        7<6 SucceedStateExited name=C output=[1,2.5]
        8<7 ExecutionSucceeded output=[1,2.5]
        "#,
    );
}

#[test]
fn a_function_with_selected_and_placed_result() {
    check(
        task(json!({
            "Parameters": { "x.$": "$.a" },
            "ResultSelector": { "y.$": "$.b" },
            "ResultPath": "$.r",
            "TimeoutSeconds": 9,
        })),
        r#"{"a":1}"#,
        &[Answer::Output("{\"b\": 2}".into())],
        r#"
        1<0 ExecutionStarted input={"a":1}
        2<0 TaskStateEntered name=S input={"a":1}
        3<2 LambdaFunctionScheduled resource=arn:aws:lambda:us-east-1:000000000000:function:f input={"x":1} timeoutInSeconds=9
        4<3 LambdaFunctionStarted
        5<4 LambdaFunctionSucceeded output={"b": 2}
        6<5 TaskStateExited name=S output={"a":1,"r":{"y":2}}
        7<6 ExecutionSucceeded output={"a":1,"r":{"y":2}}
        "#,
    );
}

#[test]
fn a_service_answers_under_its_token() {
    let definition = task(json!({
        "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
        "HeartbeatSeconds": 5,
        "Credentials": { "RoleArn": "arn:aws:iam::000000000000:role/other" },
        "Parameters": { "Body": "b" },
    }));
    let answer = Answer::Submitted("{\"MessageId\":1}".into(), Box::new(output(json!("done"))));
    check(
        definition,
        "{}",
        &[answer],
        r#"
        1<0 ExecutionStarted input={}
        2<0 TaskStateEntered name=S input={}
        3<2 TaskScheduled region=us-east-1 parameters={"Body":"b"} heartbeatInSeconds=5 taskCredentials={"roleArn":"arn:aws:iam::000000000000:role/other"} resourceType=sqs resource=sendMessage.waitForTaskToken
        4<3 TaskStarted resourceType=sqs resource=sendMessage.waitForTaskToken
        5<4 TaskSubmitted output={"MessageId":1} resourceType=sqs resource=sendMessage.waitForTaskToken
        6<5 TaskSucceeded output="done" resourceType=sqs resource=sendMessage.waitForTaskToken
        7<6 TaskStateExited name=S output="done"
        8<7 ExecutionSucceeded output="done"
        "#,
    );
}

#[test]
fn an_activity_waits_for_a_worker() {
    const ACTIVITY: &str = "arn:aws:states:us-east-1:000000000000:activity:a";
    let definition = task(json!({ "Resource": ACTIVITY, "HeartbeatSeconds": 5 }));
    let run = |worker: Option<&str>| {
        let mut lab = Lab::new(&definition, "{}");
        lab.feed(Happened::Started);
        lab.feed(Happened::TaskStarted { task: 1 });
        assert!(lab.timers.is_empty(), "no worker owes a heartbeat yet");
        for _ in 0..2 {
            let worker = worker.map(str::to_owned);
            lab.feed(Happened::ActivityStarted { task: 1, worker });
        }
        assert_eq!(lab.timers.len(), 1);
        lab.feed(Happened::TaskSucceeded {
            task: 1,
            output: "7".into(),
        });
        lab.lines()
    };
    let named = run(Some("w"));
    let expected = format!(
        "1<0 ExecutionStarted input={{}}\n2<0 TaskStateEntered name=S input={{}}\n\
         3<2 ActivityScheduled resource={ACTIVITY} input={{}} heartbeatInSeconds=5\n4<3 ActivityStarted workerName=w\n\
         5<4 ActivitySucceeded output=7\n6<5 TaskStateExited name=S output=7\n7<6 ExecutionSucceeded output=7"
    );
    assert_eq!(named, expected);
    assert_eq!(run(None), expected.replace(" workerName=w", ""));
}

#[test]
fn an_activity_that_does_not_exist_ends_the_execution() {
    let definition = task(json!({
        "Resource": "arn:aws:states:us-east-1:000000000000:activity:a",
        "Catch": [{ "ErrorEquals": ["States.ALL"], "Next": "Next" }],
    }));
    let answer = Answer::Refused("States.Runtime".into(), "The activity a does not exist.".into());
    check(
        definition,
        "{}",
        &[answer],
        r#"
        1<0 ExecutionStarted input={}
        2<0 TaskStateEntered name=S input={}
        3<2 ExecutionFailed error=States.Runtime cause=An error occurred while executing the state 'S' (entered at the event id #2). The activity a does not exist.
        "#,
    );
}

#[test]
fn waits_take_their_time() {
    for (wait, after) in [
        (json!({ "Seconds": 3 }), 3_000),
        (json!({ "SecondsPath": "$.s" }), 4_000),
        (json!({ "Timestamp": "2024-01-01T00:00:01.5Z" }), 1_500),
        (json!({ "TimestampPath": "$.t" }), 2_000),
        (json!({ "Timestamp": "1960-01-01T00:00:00Z" }), 0),
    ] {
        let mut state = json!({ "Type": "Wait", "End": true });
        state.as_object_mut().unwrap().extend(wait.as_object().unwrap().clone());
        let lab = Lab::run(&single(state), r#"{"s":4,"t":"2024-01-01T01:00:02+01:00"}"#, &[]);
        assert_eq!(lab.outcome().status, Status::Succeeded, "{wait}");
        assert_eq!(lab.now - EPOCH, after, "{wait}");
    }
}

#[test]
fn choices_go_where_the_first_rule_leads() {
    let rule = json!([
        { "And": [{ "Variable": "$.x", "IsPresent": true }, { "Variable": "$.x", "NumericGreaterThanPath": "$.limit" }], "Next": "S2" },
        { "Or": [{ "Variable": "$.s", "StringMatches": "a*\\*" }], "Next": "S3" },
        { "Not": { "Variable": "$$.State.Name", "StringEquals": "S" }, "Next": "S4" },
    ]);
    let definition = json!({ "StartAt": "S", "States": {
        "S": { "Type": "Choice", "Choices": rule },
        "S2": { "Type": "Succeed" }, "S3": { "Type": "Succeed" }, "S4": { "Type": "Succeed" },
    }});
    for (input, end) in [
        (r#"{"x":5,"limit":4}"#, Some("S2")),
        (r#"{"x":4,"limit":4,"s":"abc*"}"#, Some("S3")),
        (r#"{"s":"abc"}"#, None),
    ] {
        let lab = Lab::run(&definition, input, &[]);
        let entered = lab
            .history
            .iter()
            .rev()
            .find(|event| event.kind == "SucceedStateEntered");
        let name = entered.and_then(|event| event.details.as_ref().unwrap().text("name"));
        assert_eq!(name, end, "{input}");
    }
}

#[test]
fn tokens_are_where_they_are_needed() {
    let token = json!({ "t.$": "$$.Task.Token" });
    let definition = |resource: &str| task(json!({ "Resource": resource, "Parameters": token }));
    let lab = Lab::run(
        &definition("arn:aws:states:::sns:publish.waitForTaskToken"),
        "{}",
        &[Answer::Silence],
    );
    let request = &lab.requests[0];
    assert_eq!(request.parameters["t"], json!(request.token));
    assert_eq!(request.token.len(), 128);

    let lab = Lab::run(&definition("arn:aws:states:::sns:publish"), "{}", &[Answer::Silence]);
    assert_eq!(lab.outcome().error.as_deref(), Some("States.Runtime"));
}
