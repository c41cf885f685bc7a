//! Tasks of services, through the door of a whole local cloud.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod each;

use std::time::Duration;

use serde_json::{Value, json};

use crate::local::testing::Cloud;

/// A local cloud with a role for state machines.
struct Bench(Cloud);

const ROLE: &str = "arn:aws:iam::000000000000:role/states";

impl Bench {
    async fn open() -> Self {
        let cloud = Cloud::open().await;
        let trust = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"states.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;
        let params = [("RoleName", "states"), ("AssumeRolePolicyDocument", trust)];
        assert_eq!(cloud.query("2010-05-08", "CreateRole", &params).await.0, 200);
        Self(cloud)
    }

    async fn call(&self, operation: &str, input: Value) -> (u16, Value) {
        self.0.json(&format!("AWSStepFunctions.{operation}"), &input).await
    }

    async fn get(&self, operation: &str, input: Value) -> Value {
        let (status, body) = self.call(operation, input).await;
        assert_eq!(status, 200, "{operation}: {body}");
        body
    }

    async fn machine(&self, name: &str, definition: &Value) -> String {
        let input = json!({"name": name, "definition": definition.to_string(), "roleArn": ROLE});
        let made = self.get("CreateStateMachine", input).await;
        made["stateMachineArn"].as_str().unwrap().to_owned()
    }

    async fn start(&self, machine: &str) -> String {
        let started = self.get("StartExecution", json!({"stateMachineArn": machine})).await;
        started["executionArn"].as_str().unwrap().to_owned()
    }

    /// The description of an execution, when it has ended.
    async fn ended(&self, execution: &str) -> Value {
        for _ in 0..500 {
            let described = self.get("DescribeExecution", json!({"executionArn": execution})).await;
            if described["status"] != "RUNNING" {
                return described;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("{execution} does not end");
    }

    /// Types of events and their details.
    async fn history(&self, execution: &str) -> Vec<(String, Value)> {
        let history = self
            .get("GetExecutionHistory", json!({"executionArn": execution}))
            .await;
        let events = history["events"].as_array().unwrap().iter();
        events
            .map(|event| {
                let kind = event["type"].as_str().unwrap().to_owned();
                let members = event.as_object().unwrap();
                let details = members.iter().find(|(name, _)| name.ends_with("EventDetails"));
                (kind, details.map_or(Value::Null, |(_, value)| value.clone()))
            })
            .collect()
    }

    async fn waits_for(&self, execution: &str, kind: &str) -> Value {
        for _ in 0..500 {
            if let Some((_, details)) = self.history(execution).await.into_iter().find(|(it, _)| it == kind) {
                return details;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("{execution} has no {kind}");
    }

    /// How a machine with one task ends.
    async fn run(&self, resource: &str, parameters: Value) -> Value {
        let name = crate::local::random::hex(8);
        let machine = self.machine(&name, &task(resource, parameters)).await;
        self.ended(&self.start(&machine).await).await
    }
}

fn task(resource: &str, parameters: Value) -> Value {
    json!({"StartAt": "Do", "States": {"Do": {
        "Type": "Task",
        "Resource": format!("arn:aws:states:::{resource}"),
        "Parameters": parameters,
        "End": true,
    }}})
}

fn json_of(value: &Value) -> Value {
    serde_json::from_str(value.as_str().unwrap()).unwrap()
}

fn pass() -> Value {
    json!({"StartAt": "Only", "States": {"Only": {"Type": "Pass", "Result": {"done": true}, "End": true}}})
}

fn waiting() -> Value {
    json!({"StartAt": "Wait", "States": {"Wait": {"Type": "Wait", "Seconds": 600, "End": true}}})
}

#[tokio::test]
async fn every_service_at_the_door_can_be_called() {
    let bench = Bench::open().await;
    let check = |resource: &'static str, parameters: Value, expected: Value| {
        let bench = &bench;
        async move {
            let ended = bench.run(resource, parameters).await;
            assert_eq!(ended["status"], "SUCCEEDED", "{resource}: {ended}");
            assert_eq!(json_of(&ended["output"]), expected, "{resource}");
        }
    };
    check(
        "aws-sdk:sts:getCallerIdentity",
        json!({}),
        json!({"Arn": "arn:aws:iam::000000000000:root", "UserId": "000000000000", "Account": "000000000000"}),
    )
    .await;
    check(
        "aws-sdk:cloudwatchlogs:createLogGroup",
        json!({"LogGroupName": "g"}),
        json!({}),
    )
    .await;
    check(
        "aws-sdk:iam:listRolePolicies",
        json!({"RoleName": "states"}),
        json!({"PolicyNames": [], "IsTruncated": false}),
    )
    .await;
    check("aws-sdk:lambda:listFunctions", json!({}), json!({"Functions": []})).await;
    check("aws-sdk:sfn:listActivities", json!({}), json!({"Activities": []})).await;
}

#[tokio::test]
async fn the_history_names_service_and_action() {
    let bench = Bench::open().await;
    let machine = bench
        .machine("m", &task("aws-sdk:sts:getCallerIdentity", json!({})))
        .await;
    let execution = bench.start(&machine).await;
    bench.ended(&execution).await;
    let history = bench.history(&execution).await;
    let (kinds, details): (Vec<&str>, Vec<&Value>) =
        history.iter().map(|(kind, details)| (kind.as_str(), details)).unzip();
    assert_eq!(kinds[2..5], ["TaskScheduled", "TaskStarted", "TaskSucceeded"]);
    assert_eq!(
        details[2],
        &json!({"region": "us-east-1", "parameters": "{}", "resourceType": "aws-sdk:sts", "resource": "getCallerIdentity"})
    );
}

#[tokio::test]
async fn refusals_have_the_names_of_the_sdk() {
    let bench = Bench::open().await;
    let ended = bench.run("aws-sdk:iam:getRole", json!({"RoleName": "none"})).await;
    assert_eq!(ended["error"], "Iam.NoSuchEntityException");
    let cause = ended["cause"].as_str().unwrap();
    assert!(
        cause.starts_with("The role with name none cannot be found. (Service: Iam, Status Code: 404, Request ID: "),
        "{cause}"
    );
    let arn = "arn:aws:states:us-east-1:000000000000:stateMachine:none";
    let ended = bench
        .run("states:startExecution", json!({"StateMachineArn": arn}))
        .await;
    assert_eq!(ended["error"], "StepFunctions.StateMachineDoesNotExistException");
    let cause = ended["cause"].as_str().unwrap();
    let start = format!(
        "State Machine Does Not Exist: '{arn}' (Service: AWSStepFunctions; Status Code: 400; Error Code: \
         StateMachineDoesNotExist; Request ID: "
    );
    assert!(
        cause.starts_with(&start) && cause.ends_with("; Proxy: null)"),
        "{cause}"
    );
}

#[tokio::test]
async fn what_is_not_at_the_door_is_refused_by_name() {
    let bench = Bench::open().await;
    for resource in [
        "aws-sdk:kms:encrypt",
        "aws-sdk:iam:listUsers",
        "ecs:runTask.sync",
        "glue:startJobRun",
    ] {
        let name = resource.replace([':', '.'], "-");
        let machine = bench.machine(&name, &task(resource, json!({}))).await;
        let (status, body) = bench.call("StartExecution", json!({"stateMachineArn": machine})).await;
        assert_eq!(status, 400, "{resource}");
        let message = body["message"].as_str().unwrap();
        let expected = format!("not implemented by the local cloud: {resource} of the state `");
        assert!(message.starts_with(&expected), "{message}");
    }
}

#[tokio::test]
async fn a_child_is_waited_for() {
    let bench = Bench::open().await;
    let child = bench.machine("child", &pass()).await;
    for (suffix, output) in [("", json!("{\"done\":true}")), (":2", json!({"done": true}))] {
        let resource = format!("states:startExecution.sync{suffix}");
        let ended = bench
            .run(&resource, json!({"StateMachineArn": child, "Input": {"a": 1}}))
            .await;
        assert_eq!(ended["status"], "SUCCEEDED", "{ended}");
        let got = json_of(&ended["output"]);
        assert_eq!(got["Output"], output);
        assert_eq!(got["Status"], "SUCCEEDED");
        assert!(got["StartDate"].is_u64(), "{got}");
        let names: Vec<&String> = got.as_object().unwrap().keys().collect();
        assert!(names.is_sorted(), "{names:?}");
    }
}

#[tokio::test]
async fn a_child_that_fails_fails_the_task() {
    let bench = Bench::open().await;
    let failing = json!({"StartAt": "F", "States": {"F": {"Type": "Fail", "Error": "E", "Cause": "C"}}});
    let child = bench.machine("child", &failing).await;
    let ended = bench
        .run(
            "states:startExecution.sync",
            json!({"StateMachineArn": child, "Name": "e"}),
        )
        .await;
    assert_eq!(ended["error"], "States.TaskFailed");
    let cause = json_of(&ended["cause"]);
    assert_eq!(cause["Status"], "FAILED");
    assert_eq!((&cause["Error"], &cause["Cause"]), (&json!("E"), &json!("C")));
    // The name is taken now.
    let ended = bench
        .run(
            "states:startExecution.sync:2",
            json!({"StateMachineArn": child, "Name": "e"}),
        )
        .await;
    assert_eq!(ended["error"], "StepFunctions.ExecutionAlreadyExistsException");
}

#[tokio::test]
async fn a_child_is_stopped_with_its_parent() {
    let bench = Bench::open().await;
    let child = bench.machine("child", &waiting()).await;
    let parameters = json!({"StateMachineArn": child, "Name": "e"});
    let parent = bench
        .machine("parent", &task("states:startExecution.sync", parameters))
        .await;
    let execution = bench.start(&parent).await;
    let submitted = bench.waits_for(&execution, "TaskSubmitted").await;
    let started = json_of(&submitted["output"]);
    let child = started["ExecutionArn"].as_str().unwrap();
    bench.get("StopExecution", json!({"executionArn": execution})).await;
    assert_eq!(bench.ended(child).await["status"], "ABORTED");
}

#[tokio::test]
async fn a_stopped_child_fails_its_parent_and_a_token_ends_the_wait() {
    let bench = Bench::open().await;
    let child = bench.machine("child", &waiting()).await;
    let parameters = json!({"StateMachineArn": child, "Input": {"token.$": "$$.Task.Token"}});
    let parent = bench
        .machine("parent", &task("states:startExecution.sync", parameters))
        .await;

    let execution = bench.start(&parent).await;
    let submitted = json_of(&bench.waits_for(&execution, "TaskSubmitted").await["output"]);
    bench
        .get("StopExecution", json!({"executionArn": submitted["ExecutionArn"]}))
        .await;
    let ended = bench.ended(&execution).await;
    assert_eq!(ended["error"], "States.TaskFailed");
    assert_eq!(json_of(&ended["cause"])["Status"], "ABORTED");

    let execution = bench.start(&parent).await;
    bench.waits_for(&execution, "TaskSubmitted").await;
    let scheduled = bench.waits_for(&execution, "TaskScheduled").await;
    let token = json_of(&scheduled["parameters"])["Input"]["token"].clone();
    bench
        .get("SendTaskSuccess", json!({"taskToken": token, "output": "\"done\""}))
        .await;
    let ended = bench.ended(&execution).await;
    assert_eq!(
        (&ended["status"], &ended["output"]),
        (&json!("SUCCEEDED"), &json!("\"done\""))
    );
}

#[tokio::test]
async fn a_task_with_a_token_waits_for_it() {
    let bench = Bench::open().await;
    let child = bench.machine("child", &pass()).await;
    let parameters = json!({"StateMachineArn": child, "Input": {"token.$": "$$.Task.Token"}});
    let definition = task("states:startExecution.waitForTaskToken", parameters);
    let parent = bench.machine("parent", &definition).await;
    let execution = bench.start(&parent).await;
    let submitted = json_of(&bench.waits_for(&execution, "TaskSubmitted").await["output"]);
    assert!(submitted["SdkHttpMetadata"]["HttpHeaders"]["Content-Length"].is_string());
    let scheduled = bench.waits_for(&execution, "TaskScheduled").await;
    let token = json_of(&scheduled["parameters"])["Input"]["token"].clone();
    bench
        .get("SendTaskFailure", json!({"taskToken": token, "error": "No"}))
        .await;
    assert_eq!(bench.ended(&execution).await["error"], "No");
}
