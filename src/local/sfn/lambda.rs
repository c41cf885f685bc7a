//! Tasks that Lambda functions do: by the function's ARN, or through `arn:aws:states:::lambda:invoke`.

use std::sync::Arc;

use bytes::Bytes;
use serde_json::{Map, Value, json};
use time::OffsetDateTime;
use time::macros::format_description;

use super::driver::Clock;
use super::tasks::{TaskOutcome, TaskRunner, WAIT_FOR_TOKEN};
use crate::engine::TaskRequest;
use crate::local::api::{ApiError, Pending};
use crate::local::random;

const INVOKE: &str = "arn:aws:states:::lambda:invoke";

/// A call of a function.
#[derive(Clone, Debug, PartialEq)]
pub struct Invocation {
    /// Name, partial ARN or ARN.
    pub function: String,
    /// Version or alias; `$LATEST` if none was named.
    pub qualifier: String,
    /// JSON.
    pub payload: Bytes,
    /// Base64 of JSON.
    pub client_context: Option<String>,
    /// `Event`: queue it and answer at once.
    pub asynchronous: bool,
    /// Whether the tail of the log is wanted.
    pub log_tail: bool,
}

/// What a call of a function gave.
#[derive(Clone, Debug, PartialEq)]
pub struct Invoked {
    /// What the function returned, or its error in Lambda's form.
    pub payload: Bytes,
    /// `Unhandled`, if the function failed.
    pub function_error: Option<String>,
    /// The version that ran.
    pub executed_version: String,
    /// The id of the request.
    pub request_id: String,
    /// Base64 of the tail of the log, if it was wanted.
    pub log_result: Option<String>,
}

/// Lambda, as Step Functions calls it.
pub trait Invoker: Send + Sync + 'static {
    /// Calls a function of a region and waits for its result (asynchronous: until it is queued).
    fn invoke<'a>(&'a self, region: &'a str, invocation: Invocation) -> Pending<'a, Result<Invoked, ApiError>>;
}

/// Does the tasks of Lambda functions.
pub struct LambdaTasks {
    lambda: Arc<dyn Invoker>,
    clock: Clock,
}

impl LambdaTasks {
    /// Tasks on that Lambda.
    pub fn new(lambda: Arc<dyn Invoker>, clock: Clock) -> Self {
        Self { lambda, clock }
    }

    async fn call_function(&self, region: &str, request: &TaskRequest) -> TaskOutcome {
        let invocation = Invocation {
            function: request.resource.clone(),
            // An ARN may name its own.
            qualifier: String::new(),
            payload: request.parameters.to_string().into(),
            client_context: None,
            asynchronous: false,
            log_tail: false,
        };
        let invoked = match self.lambda.invoke(region, invocation).await {
            Ok(invoked) => invoked,
            Err(error) => return refused(&error, &random::uuid()),
        };
        match (&invoked.function_error, std::str::from_utf8(&invoked.payload)) {
            (Some(_), _) => failed(&invoked.payload),
            (None, Ok(output)) if serde_json::from_str::<Value>(output).is_ok() => {
                TaskOutcome::Succeeded(output.to_owned())
            }
            _ => failed(&invoked.payload),
        }
    }

    async fn call_invoke(&self, region: &str, request: &TaskRequest) -> TaskOutcome {
        let invocation = match read_parameters(&request.parameters) {
            Ok(invocation) => invocation,
            Err(problem) => return TaskOutcome::failed("States.Runtime", problem),
        };
        let asynchronous = invocation.asynchronous;
        let invoked = match self.lambda.invoke(region, invocation).await {
            Ok(invoked) => invoked,
            Err(error) => return refused(&error, &random::uuid()),
        };
        if invoked.function_error.is_some() {
            return failed(&invoked.payload);
        }
        let status = if asynchronous { 202 } else { 200 };
        TaskOutcome::Succeeded(self.response(&invoked, status).to_string())
    }

    /// The response of Lambda's Invoke in the form in which Step Functions passes it on, headers and all.
    fn response(&self, invoked: &Invoked, status: u16) -> Value {
        let trace = random::hex(32);
        let now = (self.clock)();
        let (root, parent) = trace.split_at(trace.len() / 2);
        let trace = format!(
            "Root=1-{:08x}-{root}00000000;Parent={parent};Sampled=0;Lineage=1:00000000:0",
            now / 1000
        );
        let length = invoked.payload.len().to_string();
        let date = http_date(now);
        let log = invoked.log_result.as_deref();
        let executed = Some(invoked.executed_version.as_str()).filter(|version| !version.is_empty());

        let mut all = Map::new();
        let lists = [
            ("X-Amz-Log-Result", log),
            ("X-Amz-Executed-Version", executed),
            ("x-amzn-Remapped-Content-Length", Some("0")),
            ("Connection", Some("keep-alive")),
            ("x-amzn-RequestId", Some(&invoked.request_id)),
            ("Content-Length", Some(&length)),
            ("Date", Some(&date)),
            ("X-Amzn-Trace-Id", Some(&trace)),
            ("Content-Type", Some("application/json")),
        ];
        for (name, value) in lists {
            all.extend(value.map(|value| (name.to_owned(), json!([value]))));
        }
        let mut single = Map::new();
        let order = [
            "Connection",
            "Content-Length",
            "Content-Type",
            "Date",
            "X-Amz-Executed-Version",
            "X-Amz-Log-Result",
            "x-amzn-Remapped-Content-Length",
            "x-amzn-RequestId",
            "X-Amzn-Trace-Id",
        ];
        for name in order {
            single.extend(
                all.get(name)
                    .and_then(|values| values.get(0))
                    .map(|value| (name.to_owned(), value.clone())),
            );
        }

        let mut out = Map::new();
        out.extend(executed.map(|version| ("ExecutedVersion".to_owned(), version.into())));
        out.extend(log.map(|log| ("LogResult".to_owned(), log.into())));
        out.insert("Payload".to_owned(), json_or_text(&invoked.payload));
        out.insert(
            "SdkHttpMetadata".to_owned(),
            json!({"AllHttpHeaders": all, "HttpHeaders": single, "HttpStatusCode": status}),
        );
        out.insert(
            "SdkResponseMetadata".to_owned(),
            json!({"RequestId": invoked.request_id}),
        );
        out.insert("StatusCode".to_owned(), status.into());
        out.into()
    }
}

impl TaskRunner for LambdaTasks {
    fn supports(&self, resource: &str) -> bool {
        resource == INVOKE || resource.strip_suffix(WAIT_FOR_TOKEN) == Some(INVOKE) || is_function(resource)
    }

    fn run<'a>(&'a self, region: &'a str, request: &'a TaskRequest) -> Pending<'a, TaskOutcome> {
        Box::pin(async move {
            if is_function(&request.resource) {
                self.call_function(region, request).await
            } else {
                self.call_invoke(region, request).await
            }
        })
    }
}

fn is_function(resource: &str) -> bool {
    resource.starts_with("arn:aws:lambda:") && resource.split(':').nth(5) == Some("function")
}

/// The parameters of `lambda:invoke`.
fn read_parameters(parameters: &Value) -> Result<Invocation, String> {
    let text = |name: &str| match parameters.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(format!("The field '{name}' must be a string")),
    };
    let function = text("FunctionName")?.ok_or("The field 'FunctionName' is required but was missing")?;
    let asynchronous = match text("InvocationType")?.as_deref() {
        None | Some("RequestResponse") => false,
        Some("Event") => true,
        Some(other) => {
            return Err(format!(
                "not implemented by the local cloud: lambda:invoke with InvocationType {other}"
            ));
        }
    };
    let payload = parameters
        .get("Payload")
        .map_or_else(|| "{}".to_owned(), Value::to_string);
    Ok(Invocation {
        qualifier: text("Qualifier")?.unwrap_or_default(),
        payload: payload.into(),
        client_context: text("ClientContext")?,
        asynchronous,
        log_tail: text("LogType")?.as_deref() == Some("Tail"),
        function,
    })
}

/// A function that failed: its own error name, and what it said as the cause.
fn failed(payload: &[u8]) -> TaskOutcome {
    let text = String::from_utf8_lossy(payload);
    let error = serde_json::from_str::<Value>(&text)
        .ok()
        .and_then(|error| Some(error.get("errorType")?.as_str()?.to_owned()));
    match error {
        Some(error) => TaskOutcome::failed(error, text),
        None => TaskOutcome::failed(
            "Lambda.Unknown",
            format!(
                "The cause could not be determined because Lambda did not return an error type. Returned payload: {text}"
            ),
        ),
    }
}

/// A call that Lambda itself refused, as the SDK inside Step Functions reports it.
fn refused(error: &ApiError, request_id: &str) -> TaskOutcome {
    TaskOutcome::failed(
        format!("Lambda.{}", error.code),
        format!(
            "{} (Service: AWSLambda; Status Code: {}; Error Code: {}; Request ID: {request_id}; Proxy: null)",
            error.message, error.status, error.code
        ),
    )
}

fn json_or_text(payload: &[u8]) -> Value {
    serde_json::from_slice(payload).unwrap_or_else(|_| String::from_utf8_lossy(payload).into())
}

fn http_date(now: u64) -> String {
    let format =
        format_description!("[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT");
    i64::try_from(now / 1000)
        .ok()
        .and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok())
        .and_then(|at| at.format(&format).ok())
        .unwrap_or_default()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::sync::Mutex;

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
            task: 1,
            token: "token".to_owned(),
            resource: resource.to_owned(),
            parameters,
            credentials_role: None,
        };
        let outcome = tasks.run("us-east-1", &request).await;
        let asked = lambda.asked.lock().unwrap().take();
        (outcome, asked)
    }

    fn returned(payload: &str) -> Result<Invoked, ApiError> {
        Ok(Invoked {
            payload: payload.to_owned().into(),
            function_error: None,
            executed_version: "$LATEST".to_owned(),
            request_id: "the-id".to_owned(),
            log_result: None,
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
        let mut output: Value = serde_json::from_str(&output).unwrap();
        let trace = output["SdkHttpMetadata"]["HttpHeaders"]["X-Amzn-Trace-Id"].take();
        assert!(trace.as_str().unwrap().starts_with("Root=1-67486ab2-"), "{trace}");
        output["SdkHttpMetadata"]["AllHttpHeaders"]["X-Amzn-Trace-Id"].take();
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
                    "X-Amzn-Trace-Id": null,
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
                    "X-Amzn-Trace-Id": null,
                },
                "HttpStatusCode": 200,
            },
            "SdkResponseMetadata": {"RequestId": "the-id"},
            "StatusCode": 200,
        });
        // As text: the order counts, too.
        assert_eq!(output.to_string(), expected.to_string());
        assert_eq!(&asked.unwrap().payload[..], br#"{"x":1}"#);
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
                format!("Function not found: {FUNCTION}:$LATEST"),
            ))
        };
        let not_found = format!(
            "Function not found: {FUNCTION}:$LATEST (Service: AWSLambda; Status Code: 404; Error Code: ResourceNotFoundException; Request ID: "
        );
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
}
