//! Task states: fields, retriers, catchers, and the kinds of resources.

use serde_json::{Value, json};

use super::{Case, case, merged, with, with_jsonata};
use crate::engine::testing::{Answer, error, output};
use crate::engine::tests::FUNCTION;

pub(super) fn cases() -> Vec<Case> {
    [data(), times(), retriers(), catchers(), resources()]
        .into_iter()
        .flatten()
        .collect()
}

fn task(extra: &Value) -> Value {
    merged(json!({ "Type": "Task", "Resource": FUNCTION }), extra)
}

fn data() -> Vec<Case> {
    let role = "arn:aws:iam::000000000000:role/other";
    let path = json!({
        "Comment": "c", "QueryLanguage": "JSONPath", "InputPath": "$.in", "Parameters": { "p.$": "$.n" },
        "Credentials": { "RoleArn.$": "$.role" }, "ResultSelector": { "selected.$": "$.r" }, "ResultPath": "$.result",
        "OutputPath": "$.result", "Assign": { "v.$": "$.selected" }, "Next": "T",
    });
    let jsonata = json!({
        "Comment": "c", "QueryLanguage": "JSONata", "Arguments": { "p": "{% $states.input.in.n %}" },
        "Credentials": { "RoleArn": "{% $states.input.in.role %}" }, "Output": { "selected": "{% $states.result.r %}" },
        "Assign": { "v": "{% $states.result.r %}" }, "Next": "T",
    });
    let literal = json!({ "Credentials": { "RoleArn": role }, "End": true });
    let input = json!({ "in": { "n": 5, "role": role } }).to_string();
    let asks = format!(r#"asks {FUNCTION} {{"p":5}} as {role}"#);
    let answers = [output(json!({ "r": 6 }))];
    let left = r#"TaskStateExited name=S output={"selected":6} assignedVariables={"v":"6"} assignedVariablesDetails={"truncated":false}"#;
    let expected = [r#"gives {"selected":6}"#, &asks, left, "PassStateExited name=T…"];
    let plain = format!("asks {FUNCTION} {input} as {role}");
    vec![
        case(with(task(&path)), &input, &answers, &expected),
        case(with(task(&jsonata)), &input, &answers, &expected),
        case(with(task(&literal)), &input, &answers, &[r#"gives {"r":6}"#, &plain]),
        case(
            with_jsonata(task(&literal)),
            &input,
            &answers,
            &[r#"gives {"r":6}"#, &plain],
        ),
        case(
            with(task(&json!({ "ResultPath": null, "End": true }))),
            "7",
            &answers,
            &["gives 7"],
        ),
        case(
            with(task(&json!({ "InputPath": null, "OutputPath": null, "End": true }))),
            "7",
            &answers,
            &["gives {}", &format!("asks {FUNCTION} {{}} as none")],
        ),
    ]
}

fn times() -> Vec<Case> {
    let token = "arn:aws:states:::sqs:sendMessage.waitForTaskToken";
    let mut cases = Vec::new();
    for (extra, after) in [
        (json!({ "TimeoutSeconds": 4 }), 4000),
        (json!({ "TimeoutSecondsPath": "$.n" }), 5000),
        (json!({ "TimeoutSeconds": 9, "HeartbeatSeconds": 3 }), 3000),
        (json!({ "TimeoutSeconds": 9, "HeartbeatSecondsPath": "$.n" }), 5000),
        (
            json!({ "QueryLanguage": "JSONata", "TimeoutSeconds": "{% $states.input.n %}" }),
            5000,
        ),
        (
            json!({ "QueryLanguage": "JSONata", "TimeoutSeconds": 9, "HeartbeatSeconds": "{% $states.input.n %}" }),
            5000,
        ),
    ] {
        let state = task(&merged(json!({ "Resource": token, "End": true }), &extra));
        let parameters = json!({ "QueueUrl": "q", "MessageBody.$": "$$.Task.Token" });
        let arguments = json!({ "QueueUrl": "q", "MessageBody": "{% $states.context.Task.Token %}" });
        let asked = match extra.get("QueryLanguage") {
            None => json!({ "Parameters": parameters }),
            Some(_) => json!({ "Arguments": arguments }),
        };
        let after = format!("after {after} ms");
        cases.push(case(
            with(merged(state, &asked)),
            r#"{"n":5}"#,
            &[Answer::Silence],
            &["Failed States.Timeout: ", &after],
        ));
    }
    cases
}

fn retriers() -> Vec<Case> {
    let mut cases = Vec::new();
    let why = "Failed Boom: why";
    for language in ["JSONPath", "JSONata"] {
        for (retrier, after, tasks) in [
            // 1 s, 2 s, 4 s is what AWS does if nothing is said.
            (json!({ "Comment": "c" }), 7000, 4),
            (
                json!({ "IntervalSeconds": 3, "MaxAttempts": 2, "BackoffRate": 1.5 }),
                7500,
                3,
            ),
            (
                json!({ "IntervalSeconds": 3, "MaxAttempts": 3, "BackoffRate": 3, "MaxDelaySeconds": 5 }),
                13_000,
                4,
            ),
            (json!({ "MaxAttempts": 0 }), 0, 1),
            (
                json!({ "IntervalSeconds": 10, "MaxAttempts": 1, "JitterStrategy": "NONE" }),
                10_000,
                2,
            ),
        ] {
            let retrier = merged(json!({ "ErrorEquals": ["Other", "Boom"] }), &retrier);
            let state = task(&json!({ "QueryLanguage": language, "Retry": [retrier], "End": true }));
            let expected = [why, &format!("after {after} ms"), &format!("{tasks} tasks")];
            cases.push(case(with(state), "{}", &[error("Boom", "why")], &expected));
        }
        // With jitter the delay is anything up to the interval: here what the seed of the test gives.
        let retrier =
            json!({ "ErrorEquals": ["Boom"], "IntervalSeconds": 1000, "MaxAttempts": 1, "JitterStrategy": "FULL" });
        let state = task(&json!({ "QueryLanguage": language, "Retry": [retrier], "End": true }));
        cases.push(case(with(state), "{}", &[error("Boom", "why")], &["2 tasks", JITTERED]));
    }
    // Each retrier counts its own attempts, the first one that has the name is taken.
    let state = task(&json!({ "End": true, "Retry": [
        { "ErrorEquals": ["A"], "MaxAttempts": 1, "IntervalSeconds": 5 },
        { "ErrorEquals": ["States.ALL"], "MaxAttempts": 1, "IntervalSeconds": 7 },
    ]}));
    let answers = [error("A", ""), error("B", ""), error("A", "")];
    cases.push(case(
        with(state),
        "{}",
        &answers,
        &["Failed A: ", "after 12000 ms", "3 tasks"],
    ));
    cases
}

const JITTERED: &str = "after 113450 ms";

fn catchers() -> Vec<Case> {
    let path = json!({ "End": true, "Catch": [
        { "ErrorEquals": ["Other"], "Next": "Never" },
        { "Comment": "c", "ErrorEquals": ["Boom"], "ResultPath": "$.e", "Assign": { "v.$": "$.Cause" }, "Next": "Caught" },
    ]});
    let jsonata = json!({ "End": true, "QueryLanguage": "JSONata", "Catch": [
        { "ErrorEquals": ["Other"], "Next": "Never" },
        {
            "Comment": "c", "ErrorEquals": ["Boom"], "Output": { "n": 1, "e": "{% $states.errorOutput %}" },
            "Assign": { "v": "{% $states.errorOutput.Cause %}" }, "Next": "Caught",
        },
    ]});
    let expected = [
        r#"gives {"caught":{"n":1,"e":{"Error":"Boom","Cause":"why"}}}"#,
        r#"TaskStateExited name=S output={"n":1,"e":{"Error":"Boom","Cause":"why"}} assignedVariables={"v":"\"why\""} assignedVariablesDetails={"truncated":false}"#,
    ];
    vec![
        case(with(task(&path)), r#"{"n":1}"#, &[error("Boom", "why")], &expected),
        case(with(task(&jsonata)), r#"{"n":1}"#, &[error("Boom", "why")], &expected),
        case(
            with(task(&path)),
            r#"{"n":1}"#,
            &[error("Bang", "why")],
            &["Failed Bang: why"],
        ),
    ]
}

/// One of each kind of resource, with the events that only it has.
fn resources() -> Vec<Case> {
    let submitted = Answer::Submitted(r#"{"id":1}"#.into(), Box::new(output(json!("done"))));
    let plain = output(json!("done"));
    let mut cases = Vec::new();
    for (resource, asked, answer, events) in [
        (
            FUNCTION,
            json!({}),
            &plain,
            [
                "LambdaFunctionScheduled…",
                "LambdaFunctionStarted",
                "LambdaFunctionSucceeded output=\"done\"",
            ],
        ),
        (
            "arn:aws:states:us-east-1:000000000000:activity:a",
            json!({}),
            &plain,
            [
                "ActivityScheduled resource=arn:aws:states:us-east-1:000000000000:activity:a input={}",
                "ActivityScheduled…",
                "ActivitySucceeded output=\"done\"",
            ],
        ),
        (
            "arn:aws:states:::aws-sdk:dynamodb:listTables",
            json!({}),
            &plain,
            [
                "TaskScheduled region=us-east-1 parameters={} resourceType=aws-sdk:dynamodb resource=listTables",
                "TaskStarted resourceType=aws-sdk:dynamodb resource=listTables",
                "TaskSucceeded output=\"done\" resourceType=aws-sdk:dynamodb resource=listTables",
            ],
        ),
        (
            "arn:aws:states:::aws-sdk:sfn:listActivities.waitForTaskToken",
            json!({ "t.$": "$$.Task.Token" }),
            &submitted,
            [
                "TaskScheduled…",
                "TaskSubmitted output={\"id\":1} resourceType=aws-sdk:sfn resource=listActivities.waitForTaskToken",
                "TaskSucceeded output=\"done\" resourceType=aws-sdk:sfn resource=listActivities.waitForTaskToken",
            ],
        ),
        (
            "arn:aws:states:::states:startExecution.sync",
            json!({ "StateMachineArn": "m" }),
            &submitted,
            [
                "TaskScheduled…",
                "TaskSubmitted output={\"id\":1} resourceType=states resource=startExecution.sync",
                "TaskSucceeded output=\"done\" resourceType=states resource=startExecution.sync",
            ],
        ),
        (
            "arn:aws:states:::states:startExecution.sync:2",
            json!({ "StateMachineArn": "m" }),
            &submitted,
            [
                "TaskScheduled…",
                "TaskSubmitted output={\"id\":1} resourceType=states resource=startExecution.sync:2",
                "TaskSucceeded output=\"done\" resourceType=states resource=startExecution.sync:2",
            ],
        ),
        (
            "arn:aws:states:::sns:publish",
            json!({ "TopicArn": "t", "Message": "m" }),
            &plain,
            [
                "TaskScheduled region=us-east-1 parameters={\"TopicArn\":\"t\",\"Message\":\"m\"} resourceType=sns resource=publish",
                "TaskStarted resourceType=sns resource=publish",
                "TaskSucceeded output=\"done\" resourceType=sns resource=publish",
            ],
        ),
        (
            "arn:aws:states:::sns:publish.waitForTaskToken",
            json!({ "TopicArn": "t", "Message.$": "$$.Task.Token" }),
            &submitted,
            [
                "TaskScheduled…",
                "TaskSubmitted output={\"id\":1} resourceType=sns resource=publish.waitForTaskToken",
                "TaskSucceeded output=\"done\" resourceType=sns resource=publish.waitForTaskToken",
            ],
        ),
    ] {
        let state = task(&json!({ "Resource": resource, "Parameters": asked, "End": true }));
        let mut expected = vec!["gives \"done\""];
        expected.extend(events);
        cases.push(case(with(state), "{}", std::slice::from_ref(answer), &expected));
    }
    cases
}
