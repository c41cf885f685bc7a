//! Invoke: synchronous, asynchronous, and dry.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::de::IgnoredAny;
use serde_json::Value;

use super::create::qualifier;
use super::executor::{Refused, Request, Spec};
use super::function::Function;
use super::prepare::could_not_be_unpacked;
use super::reference::Reference;
use super::validate::Violations;
use super::{Invoked, Lambda, no_content, reference, reply, service_exception, user_error};
use crate::local::api::{ApiError, Call, Reply};

/// Of payloads: <https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>
const SYNCHRONOUS_LIMIT: usize = 6_291_456;
const EVENT_LIMIT: usize = 1_048_576;

impl Lambda {
    /// Runs a function and waits for its result. A function that fails is a result; errors are those of the API Invoke.
    /// `function` is a name or ARN, an empty payload counts as `{}`.
    pub async fn invoke(
        &self,
        region: &str,
        function: &str,
        qualifier: Option<&str>,
        payload: Bytes,
    ) -> Result<Invoked, ApiError> {
        let function = self.invocable(region, function, qualifier)?;
        let payload = checked(payload, "RequestResponse", SYNCHRONOUS_LIMIT)?;
        let request = self.request(self.inner.surroundings.uuid(), payload);
        self.run(&function, request).await
    }

    /// Accepts an asynchronous invocation, which is durable from then on, and gives its request id.
    pub async fn invoke_event(
        &self,
        region: &str,
        function: &str,
        qualifier: Option<&str>,
        payload: Bytes,
    ) -> Result<String, ApiError> {
        let function = self.invocable(region, function, qualifier)?;
        let payload = checked(payload, "Event", EVENT_LIMIT)?;
        let id = self.inner.surroundings.uuid();
        self.accept_event(&function, id.clone(), payload)?;
        Ok(id)
    }

    /// <https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html>
    pub(super) async fn invoke_function(&self, call: &Call, name: &str) -> Result<Reply, ApiError> {
        let header = |name: &str| call.headers.get(name).and_then(|value| value.to_str().ok());
        let kind = header("x-amz-invocation-type").unwrap_or("RequestResponse");
        let log_type = header("x-amz-log-type").unwrap_or("None");
        let mut violations = Violations::default();
        violations.one_of(Some(kind), "invocationType", &["Event", "RequestResponse", "DryRun"]);
        violations.one_of(Some(log_type), "logType", &["None", "Tail"]);
        violations.result()?;
        let function = self.invocable(&call.region, name, qualifier(call))?;
        match kind {
            "DryRun" => no_content(),
            "Event" => {
                let payload = checked(call.body.clone(), "Event", EVENT_LIMIT)?;
                self.accept_event(&function, call.request_id.clone(), payload)?;
                reply(http::Response::builder().status(202), Bytes::new())
            }
            _ => {
                let payload = checked(call.body.clone(), "RequestResponse", SYNCHRONOUS_LIMIT)?;
                let mut request = self.request(call.request_id.clone(), payload);
                request.client_context = header("x-amz-client-context").map(client_context).transpose()?;
                if let Some(trace_id) = header("x-amzn-trace-id") {
                    trace_id.clone_into(&mut request.trace_id);
                }
                answer(self.run(&function, request).await?, log_type == "Tail")
            }
        }
    }

    /// The function, if it is there and may be invoked now.
    fn invocable(&self, region: &str, function: &str, qualifier: Option<&str>) -> Result<Function, ApiError> {
        let function = self.find(&reference::parse(function, qualifier, region)?)?;
        self.inner.preparations.phase(&function).allow_use()?;
        Ok(function)
    }

    pub(super) fn request(&self, id: String, payload: Bytes) -> Request {
        let root = self.inner.surroundings.uuid().replace('-', "");
        let parent = self.inner.surroundings.uuid().replace('-', "");
        let seconds = self.inner.surroundings.now_ms() / 1000;
        Request {
            trace_id: format!("Root=1-{seconds:08x}-{:.24};Parent={:.16};Sampled=0", root, parent),
            id,
            payload,
            client_context: None,
        }
    }

    pub(super) async fn run(&self, function: &Function, request: Request) -> Result<Invoked, ApiError> {
        let running = self
            .inner
            .executor
            .enter(&function.region, &function.name, function.reserved_concurrency)
            .map_err(refused)?;
        // Again, now that it counts as running: its code is not removed from here on.
        let function = self.find(&Reference::to(&function.region, &function.name))?;
        let task_root = self
            .code_folder(&function)
            .await
            .map_err(|problem| service_exception(could_not_be_unpacked(&problem)))?;
        let spec = Spec {
            region: function.region.clone(),
            name: function.name.clone(),
            arn: function.arn(),
            revision: function.revision_id.clone(),
            runtime: function.settings.runtime.clone(),
            handler: function.settings.handler.clone(),
            timeout: std::time::Duration::from_secs(function.settings.timeout),
            memory: function.settings.memory,
            environment: function.settings.environment.clone().unwrap_or_default(),
            log_group: function.log_group(),
            task_root,
        };
        let (request_id, trace_id) = (request.id.clone(), request.trace_id.clone());
        let finished = self.inner.executor.run(spec, request, running).await.map_err(refused)?;
        Ok(Invoked {
            status: 200,
            payload: finished.payload,
            function_error: finished.failed.then(|| "Unhandled".to_owned()),
            executed_version: "$LATEST".to_owned(),
            log_tail: Some(finished.log_tail),
            request_id,
            trace_id,
        })
    }
}

fn answer(invoked: Invoked, with_log: bool) -> Result<Reply, ApiError> {
    let mut response = http::Response::builder()
        .status(invoked.status)
        .header(http::header::CONTENT_TYPE, "application/json")
        .header("x-amz-executed-version", &invoked.executed_version)
        .header("x-amzn-remapped-content-length", "0")
        .header("x-amzn-trace-id", &invoked.trace_id);
    if let Some(error) = &invoked.function_error {
        response = response.header("x-amz-function-error", error);
    }
    if let Some(tail) = invoked.log_tail.filter(|_| with_log) {
        response = response.header("x-amz-log-result", STANDARD.encode(tail));
    }
    reply(response, invoked.payload)
}

/// A payload within the limit that is JSON.
fn checked(payload: Bytes, kind: &str, limit: usize) -> Result<Bytes, ApiError> {
    if payload.len() > limit {
        return Err(user_error(
            413,
            "RequestEntityTooLargeException",
            format!(
                "{} byte payload is too large for the {kind} invocation type (limit {limit} bytes)",
                payload.len()
            ),
        ));
    }
    if payload.is_empty() {
        return Ok(Bytes::from_static(b"{}"));
    }
    match serde_json::from_slice::<IgnoredAny>(&payload) {
        Ok(_) => Ok(payload),
        Err(problem) => Err(user_error(
            400,
            "InvalidRequestContentException",
            format!("Could not parse request body into json: Could not parse payload into json: {problem}"),
        )),
    }
}

fn client_context(encoded: &str) -> Result<String, ApiError> {
    STANDARD
        .decode(encoded)
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .filter(|text| serde_json::from_str::<IgnoredAny>(text).is_ok())
        .ok_or_else(|| {
            user_error(
                400,
                "InvalidRequestContentException",
                "Client context must be a valid Base64-encoded JSON object.",
            )
        })
}

fn refused(refused: Refused) -> ApiError {
    match refused {
        Refused::Throttled(reason) => {
            let mut error = user_error(429, "TooManyRequestsException", "Rate Exceeded.");
            error.extra.insert("Reason".to_owned(), Value::from(reason));
            error
        }
        Refused::Broken(why) => service_exception(why),
    }
}
