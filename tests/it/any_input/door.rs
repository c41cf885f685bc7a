//! Any request to the local cloud has an answer that is no fault of the local cloud's.

use bytes::Bytes;
use http::{Method, Request};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};
use stepstack::local::{LocalDoor, Options};
use tokio::runtime::Runtime;

const OPERATIONS: &[&str] = &[
    "CreateStateMachine",
    "DescribeStateMachine",
    "UpdateStateMachine",
    "DeleteStateMachine",
    "ListStateMachines",
    "PublishStateMachineVersion",
    "ListStateMachineVersions",
    "CreateStateMachineAlias",
    "UpdateStateMachineAlias",
    "CreateActivity",
    "DescribeActivity",
    "ListActivities",
    "DeleteActivity",
    "ValidateStateMachineDefinition",
    "StartExecution",
    "StartSyncExecution",
    "StopExecution",
    "DescribeExecution",
    "DescribeStateMachineForExecution",
    "ListExecutions",
    "GetExecutionHistory",
    "TagResource",
    "UntagResource",
    "ListTagsForResource",
    "SendTaskSuccess",
    "SendTaskFailure",
    "SendTaskHeartbeat",
    "TestState",
    "RedriveExecution",
    "ListMapRuns",
    "DescribeMapRun",
    "UpdateMapRun",
    "NoSuchOperation",
];
const MEMBERS: &[&str] = &[
    "name",
    "definition",
    "roleArn",
    "type",
    "stateMachineArn",
    "executionArn",
    "activityArn",
    "resourceArn",
    "input",
    "output",
    "taskToken",
    "error",
    "cause",
    "maxResults",
    "nextToken",
    "tags",
    "tagKeys",
    "loggingConfiguration",
    "tracingConfiguration",
    "publish",
    "versionDescription",
    "routingConfiguration",
    "stateMachineVersionArn",
    "stateMachineAliasArn",
    "statusFilter",
    "reverseOrder",
    "includeExecutionData",
    "mock",
    "inspectionLevel",
    "stateName",
    "stateConfiguration",
    "context",
    "variables",
    "mapRunArn",
    "severity",
];
const TEXTS: &[&str] = &[
    "",
    "a",
    "{}",
    "{",
    "null",
    "\u{0}",
    "é\u{1F600}",
    "STANDARD",
    "EXPRESS",
    "-1",
    "TRACE",
    "arn:aws:states:us-east-1:000000000000:stateMachine:M",
    "arn:aws:states:us-east-1:000000000000:stateMachine:M:1",
    "arn:aws:states:us-east-1:000000000000:execution:M:e",
    "arn:aws:states:us-east-1:000000000000:activity:a",
    "arn:aws:states:::::::",
    "arn:aws:iam::000000000000:role/r",
    r#"{"StartAt":"A","States":{"A":{"Type":"Pass","End":true}}}"#,
    r#"{"Type":"Pass","End":true}"#,
    r#"{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke","End":true}"#,
];

struct Cloud {
    runtime: Runtime,
    door: LocalDoor,
    _folder: tempfile::TempDir,
}

impl Cloud {
    fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let options = Options {
            folder: folder.path().join("cloud"),
            listen: "127.0.0.1:0".parse().unwrap(),
            mock_config: None,
        };
        let door = runtime.block_on(LocalDoor::open(options)).unwrap();
        Self {
            runtime,
            door,
            _folder: folder,
        }
    }

    /// Sends a request, whose answer must not be that something went wrong here.
    #[track_caller]
    fn send(&self, request: Request<Bytes>) -> u16 {
        let shown = format!("{} {} {:?}", request.method(), request.uri(), request.headers());
        let body: Bytes = request.body().slice(..request.body().len().min(500));
        let answer = self.runtime.block_on(self.door.call(request)).unwrap();
        let text = String::from_utf8_lossy(answer.body());
        assert!(
            answer.status() != 500 && !text.contains("InternalFailure"),
            "{shown} {body:?}: {} {text}",
            answer.status()
        );
        answer.status().as_u16()
    }
}

fn call(target: &str, body: impl Into<Bytes>) -> Request<Bytes> {
    Request::post("/")
        .header("x-amz-target", target)
        .body(body.into())
        .unwrap()
}

/// Any JSON, mostly of texts that mean something.
fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        4 => select(TEXTS).prop_map(Value::from),
        1 => any::<String>().prop_map(Value::from),
        1 => any::<i64>().prop_map(Value::from),
        1 => select(vec![json!(null), json!(true), json!(0), json!(1.5), json!([]), json!({})]),
    ];
    leaf.prop_recursive(3, 8, 3, |inner| {
        prop_oneof![vec(inner.clone(), 0..3).prop_map(Value::from), members(inner),]
    })
}

fn members(of: impl Strategy<Value = Value>) -> impl Strategy<Value = Value> {
    let name = prop_oneof![8 => select(MEMBERS).prop_map(str::to_owned), 1 => any::<String>()];
    vec((name, of), 0..5).prop_map(|members| Value::Object(members.into_iter().collect()))
}

#[test]
fn calls_of_step_functions_are_answered() {
    let cloud = Cloud::open();
    proptest!(ProptestConfig::with_cases(500), |(operation in select(OPERATIONS), input in members(value()))| {
        cloud.send(call(&format!("AWSStepFunctions.{operation}"), input.to_string()));
    });
}

#[test]
fn bodies_that_are_anything_are_answered() {
    let cloud = Cloud::open();
    let targets = select(&[
        "AWSStepFunctions.CreateStateMachine",
        "Logs_20140328.PutLogEvents",
        "Logs_20140328.FilterLogEvents",
    ]);
    proptest!(ProptestConfig::with_cases(200), |(target in targets, body in vec(any::<u8>(), 0..200))| {
        cloud.send(call(target, body));
    });
    let paths = select(&[
        "/",
        "//",
        "/2015-03-31/functions",
        "/2015-03-31/functions/f",
        "/2015-03-31/functions/%FF%/invocations",
        "/?Action=GetRole",
        "/2017-03-31/tags/arn%3Aaws",
        "/2015-03-31/functions?Marker=%00&MaxItems=-1",
        "/_stepstack/status",
        "/_localstack/x",
    ]);
    let method = select(vec![
        Method::GET,
        Method::POST,
        Method::PUT,
        Method::DELETE,
        Method::PATCH,
        Method::HEAD,
    ]);
    let kind = select(&[
        "application/x-www-form-urlencoded",
        "application/x-amz-json-1.0",
        "application/json",
        "",
        "\u{7f}x",
    ]);
    proptest!(ProptestConfig::with_cases(300), |(
        path in paths, method in method, kind in kind,
        body in prop_oneof![vec(any::<u8>(), 0..100), "(Action|Version|RoleName|&|=|%[0-9A-F]{0,2}|[a-zA-Z.0-9]|[\\[\\]{}\":,]){0,30}".prop_map(String::into_bytes)],
    )| {
        let request = Request::builder().method(method).uri(path);
        let request = match http::HeaderValue::from_bytes(kind.as_bytes()) {
            Ok(kind) => request.header("content-type", kind),
            Err(_) => request,
        };
        cloud.send(request.body(body.into()).unwrap());
    });
}

#[test]
fn nested_bodies_and_definitions_are_refused() {
    let cloud = Cloud::open();
    for levels in [2_000, 200_000] {
        for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
            let nested = format!("{}1{}", open.repeat(levels), close.repeat(levels));
            let whole = cloud.send(call("AWSStepFunctions.CreateStateMachine", nested.clone()));
            assert_eq!(whole, 400);
            for (operation, member) in [
                ("CreateStateMachine", "definition"),
                ("ValidateStateMachineDefinition", "definition"),
                ("TestState", "definition"),
                ("TestState", "input"),
                ("StartExecution", "input"),
                ("SendTaskSuccess", "output"),
            ] {
                let mut input = json!({
                    "name": "M", "roleArn": "arn:aws:iam::000000000000:role/r", "taskToken": "t",
                    "stateMachineArn": "arn:aws:states:us-east-1:000000000000:stateMachine:M",
                });
                if operation == "TestState" {
                    input = json!({ "definition": r#"{"Type":"Pass","End":true}"#, "roleArn": "arn:aws:iam::000000000000:role/r" });
                }
                input[member] = nested.as_str().into();
                let status = cloud.send(call(&format!("AWSStepFunctions.{operation}"), input.to_string()));
                // A validation has an answer of its own for what is wrong, unless there is too much of it.
                let judged = operation == "ValidateStateMachineDefinition" && nested.len() <= 1_048_576;
                assert_eq!(status == 200, judged, "{operation} {member}");
                let raw = input.to_string().replace(&json!(nested).to_string(), &nested);
                assert_eq!(
                    cloud.send(call(&format!("AWSStepFunctions.{operation}"), raw)),
                    400,
                    "{operation} {member}"
                );
            }
        }
    }
}
