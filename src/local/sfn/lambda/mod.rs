//! Tasks that Lambda functions do: by the function's ARN, or through `arn:aws:states:::lambda:invoke`.

mod local;
mod response;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use bytes::Bytes;
use serde_json::Value;

use super::Clock;
use super::tasks::{Caller, TaskOutcome, TaskRunner, WAIT_FOR_TOKEN};
use crate::asl::model::{QueryLanguage, State, Task};
use crate::engine::TaskRequest;
use crate::expr::jsonata;
use crate::local::api::{ApiError, Pending};
use crate::local::lambda::Invoked;
use crate::local::random;

pub(super) use response::http_date;

const INVOKE: &str = "arn:aws:states:::lambda:invoke";
/// Its parameters that functions here would not see.
const NOT_IMPLEMENTED: [&str; 2] = ["ClientContext", "TenantId"];
/// Colons in `Function not found: arn:aws:lambda:REGION:ACCOUNT:function:NAME`.
const UNQUALIFIED: usize = 7;
/// What a task may give, in bytes.
const LARGEST_OUTPUT: usize = 262_144;

/// A call of a function.
#[derive(Clone, Debug, PartialEq)]
pub struct Invocation {
    /// Name, partial ARN or ARN.
    pub function: String,
    /// Version or alias, if one was named beside the function.
    pub qualifier: Option<String>,
    /// JSON.
    pub payload: Bytes,
    /// `Event`: queue it and answer at once.
    pub asynchronous: bool,
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
            qualifier: None,
            payload: request.parameters.to_string().into(),
            asynchronous: false,
        };
        let invoked = match self.lambda.invoke(region, invocation).await {
            Ok(invoked) => invoked,
            Err(error) => return refused(&error),
        };
        match (&invoked.function_error, std::str::from_utf8(&invoked.payload)) {
            (Some(_), _) => failed(&invoked.payload),
            // The size comes first: the engine refuses what is too large, whatever it is.
            (None, Ok(output)) if output.len() > LARGEST_OUTPUT || serde_json::from_str::<Value>(output).is_ok() => {
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
        let log_tail = request.parameters.get("LogType").and_then(Value::as_str) == Some("Tail");
        let invoked = match self.lambda.invoke(region, invocation).await {
            Ok(invoked) => invoked,
            Err(error) => return refused(&error),
        };
        if invoked.function_error.is_some() {
            return failed(&compact(&invoked.payload));
        }
        TaskOutcome::Succeeded(response::of(&invoked, (self.clock)(), log_tail).to_string())
    }
}

/// Whether a `Resource` is a function, or Lambda's own integration.
pub(super) fn supports(resource: &str) -> bool {
    resource == INVOKE || resource.strip_suffix(WAIT_FOR_TOKEN) == Some(INVOKE) || is_function(resource)
}

impl TaskRunner for LambdaTasks {
    fn supports(&self, resource: &str) -> bool {
        supports(resource)
    }

    fn run<'a>(&'a self, caller: Caller<'a>, request: &'a TaskRequest) -> Pending<'a, TaskOutcome> {
        let region = caller.region;
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

/// What of a task with `lambda:invoke` cannot be done here, as far as its definition shows it.
pub(super) fn not_implemented(state: &State, task: &Task) -> Option<String> {
    if task.resource != INVOKE && task.resource.strip_suffix(WAIT_FOR_TOKEN) != Some(INVOKE) {
        return None;
    }
    let (given, suffix) = match state.query_language {
        QueryLanguage::JsonPath => (&task.work.parameters, ".$"),
        QueryLanguage::Jsonata => (&task.work.arguments, ""),
    };
    let given = given.as_ref()?;
    let has = |name: &str| given.get(name).or_else(|| given.get(format!("{name}{suffix}")));
    if let Some(name) = NOT_IMPLEMENTED.iter().find(|name| has(name).is_some()) {
        return Some(format!("lambda:invoke with {name}"));
    }
    let asked = given.get("InvocationType").and_then(Value::as_str)?;
    let at_run_time = state.query_language == QueryLanguage::Jsonata && jsonata::expression_of(asked).is_some();
    (!at_run_time && !matches!(asked, "RequestResponse" | "Event"))
        .then(|| format!("lambda:invoke with InvocationType {asked}"))
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
    for name in NOT_IMPLEMENTED {
        if parameters.get(name).is_some_and(|value| !value.is_null()) {
            return Err(format!("not implemented by the local cloud: lambda:invoke with {name}"));
        }
    }
    // A blob: a text is sent as it is, so that JSON in a text becomes that JSON.
    let payload = match parameters.get("Payload") {
        None | Some(Value::Null) => "{}".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(value) => value.to_string(),
    };
    Ok(Invocation {
        qualifier: text("Qualifier")?,
        payload: payload.into(),
        asynchronous,
        function,
    })
}

/// JSON without spaces, as `lambda:invoke` passes errors on; a function called by its ARN has them as they came.
fn compact(payload: &Bytes) -> Bytes {
    serde_json::from_slice::<Value>(payload).map_or_else(|_| payload.clone(), |error| error.to_string().into())
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
fn refused(error: &ApiError) -> TaskOutcome {
    let mut message = error.message.clone();
    // Step Functions names the version that it asks for.
    if message.starts_with("Function not found: arn:") && message.matches(':').count() == UNQUALIFIED {
        message.push_str(":$LATEST");
    }
    TaskOutcome::failed(
        format!("Lambda.{}", error.code),
        format!(
            "{message} (Service: AWSLambda; Status Code: {}; Error Code: {}; Request ID: {}; Proxy: null)",
            error.status,
            error.code,
            random::uuid()
        ),
    )
}
