//! Tasks on a Lambda that gives fixed answers.

#![allow(clippy::unwrap_used)]

use std::sync::Mutex;

use serde_json::json;

use super::*;

/// Lambda that notes what it is asked and gives a fixed answer.
struct Fixed {
    answer: Result<Invoked, ApiError>,
    asked: Mutex<Option<Invocation>>,
}

impl Invoker for Fixed {
    fn invoke<'a>(&'a self, _region: &'a str, invocation: Invocation) -> Pending<'a, Result<Invoked, ApiError>> {
        *self.asked.lock().unwrap() = Some(invocation);
        Box::pin(async move { self.answer.clone() })
    }
}

const FUNCTION: &str = "arn:aws:lambda:us-east-1:000000000000:function:f";

async fn run(
    resource: &str,
    parameters: Value,
    answer: Result<Invoked, ApiError>,
) -> (TaskOutcome, Option<Invocation>) {
    let lambda = Arc::new(Fixed {
        answer,
        asked: Mutex::new(None),
    });
    let tasks = LambdaTasks::new(lambda.clone(), Arc::new(|| 1_732_799_154_000));
    let request = TaskRequest {
        state: "Call".to_owned(),
        task: 1,
        token: "token".to_owned(),
        resource: resource.to_owned(),
        parameters,
        credentials_role: None,
    };
    let caller = Caller {
        time: None,
        region: "us-east-1",
        execution_arn: "arn:aws:states:us-east-1:000000000000:execution:m:e",
    };
    let outcome = tasks.run(caller, &request).await;
    let asked = lambda.asked.lock().unwrap().take();
    (outcome, asked)
}

fn returned(payload: &str) -> Result<Invoked, ApiError> {
    Ok(Invoked {
        payload: payload.to_owned().into(),
        function_error: None,
        status: 200,
        executed_version: "$LATEST".to_owned(),
        request_id: "the-id".to_owned(),
        trace_id: "Root=1".to_owned(),
        log_tail: Some("log".to_owned()),
    })
}

fn threw(payload: &str) -> Result<Invoked, ApiError> {
    returned(payload).map(|invoked| Invoked {
        function_error: Some("Unhandled".to_owned()),
        ..invoked
    })
}

#[tokio::test]
async fn a_function_gets_the_parameters_and_gives_its_payload() {
    let (outcome, asked) = run(FUNCTION, json!({"a": 1.0}), returned("[1, 2]")).await;
    assert_eq!(outcome, TaskOutcome::Succeeded("[1, 2]".to_owned()));
    let asked = asked.unwrap();
    assert_eq!(
        (asked.function.as_str(), &asked.payload[..]),
        (FUNCTION, &br#"{"a":1.0}"#[..])
    );
}

#[tokio::test]
async fn invoke_gives_the_whole_response() {
    let parameters = json!({"FunctionName": "f", "Payload": {"x": 1}});
    let (outcome, asked) = run(INVOKE, parameters, returned("{}")).await;
    let TaskOutcome::Succeeded(output) = outcome else {
        panic!("{outcome:?}");
    };
    let expected = json!({
        "ExecutedVersion": "$LATEST",
        "Payload": {},
        "SdkHttpMetadata": {
            "AllHttpHeaders": {
                "X-Amz-Executed-Version": ["$LATEST"],
                "x-amzn-Remapped-Content-Length": ["0"],
                "Connection": ["keep-alive"],
                "x-amzn-RequestId": ["the-id"],
                "Content-Length": ["2"],
                "Date": ["Thu, 28 Nov 2024 13:05:54 GMT"],
                "X-Amzn-Trace-Id": ["Root=1"],
                "Content-Type": ["application/json"],
            },
            "HttpHeaders": {
                "Connection": "keep-alive",
                "Content-Length": "2",
                "Content-Type": "application/json",
                "Date": "Thu, 28 Nov 2024 13:05:54 GMT",
                "X-Amz-Executed-Version": "$LATEST",
                "x-amzn-Remapped-Content-Length": "0",
                "x-amzn-RequestId": "the-id",
                "X-Amzn-Trace-Id": "Root=1",
            },
            "HttpStatusCode": 200,
        },
        "SdkResponseMetadata": {"RequestId": "the-id"},
        "StatusCode": 200,
    });
    // As text: the order counts, too.
    assert_eq!(output, expected.to_string());
    assert_eq!(&asked.unwrap().payload[..], br#"{"x":1}"#);
}

#[tokio::test]
async fn invoke_gives_the_log_if_it_is_asked_for() {
    let parameters = json!({"FunctionName": "f", "LogType": "Tail"});
    let (outcome, _) = run(INVOKE, parameters, returned("null")).await;
    let TaskOutcome::Succeeded(output) = outcome else {
        panic!("{outcome:?}");
    };
    let output: Value = serde_json::from_str(&output).unwrap();
    assert_eq!(output["LogResult"], "bG9n");
    assert_eq!(
        output["SdkHttpMetadata"]["AllHttpHeaders"]["X-Amz-Log-Result"],
        json!(["bG9n"])
    );
}

#[tokio::test]
async fn what_invoke_sends() {
    for (payload, want) in [
        (json!({"x": 1}), r#"{"x":1}"#),
        (json!(null), "{}"),
        (json!("0.0"), "0.0"),
        (json!("\"text\""), "\"text\""),
        (json!([]), "[]"),
    ] {
        let (_, asked) = run(INVOKE, json!({"FunctionName": "f", "Payload": payload}), returned("{}")).await;
        assert_eq!(asked.unwrap().payload, want, "{payload}");
    }
}

#[tokio::test]
async fn failures() {
    let check = async |resource: &str, answer, error: &str, cause: &str| {
        let (outcome, _) = run(resource, json!({"FunctionName": "f"}), answer).await;
        let TaskOutcome::Failed {
            error: Some(got),
            cause: Some(why),
        } = outcome
        else {
            panic!("{outcome:?}");
        };
        assert_eq!(got, error);
        assert!(why.starts_with(cause), "{why}");
    };
    let thrown = r#"{"errorMessage":"no","errorType":"Exception"}"#;
    let missing = || {
        Err(ApiError::with_status(
            404,
            "ResourceNotFoundException",
            format!("Function not found: {FUNCTION}"),
        ))
    };
    let not_found = format!(
        "Function not found: {FUNCTION}:$LATEST (Service: AWSLambda; Status Code: 404; Error Code: ResourceNotFoundException; Request ID: "
    );
    let spaced = r#"{"errorMessage": "no", "errorType": "Exception"}"#;
    check(FUNCTION, threw(spaced), "Exception", spaced).await;
    check(INVOKE, threw(spaced), "Exception", thrown).await;
    for resource in [FUNCTION, INVOKE] {
        check(resource, threw(thrown), "Exception", thrown).await;
        check(
            resource,
            threw("{}"),
            "Lambda.Unknown",
            "The cause could not be determined because Lambda did not return an error type. Returned payload: {}",
        )
        .await;
        check(resource, missing(), "Lambda.ResourceNotFoundException", &not_found).await;
    }
}

#[tokio::test]
async fn what_invoke_does_not_take() {
    for (parameters, problem) in [
        (json!({}), "The field 'FunctionName' is required but was missing"),
        (json!({"FunctionName": 1}), "The field 'FunctionName' must be a string"),
        (
            json!({"FunctionName": "f", "InvocationType": "DryRun"}),
            "not implemented by the local cloud: lambda:invoke with InvocationType DryRun",
        ),
    ] {
        let (outcome, asked) = run(INVOKE, parameters, returned("{}")).await;
        assert_eq!(outcome, TaskOutcome::failed("States.Runtime", problem));
        assert_eq!(asked, None);
    }
}
