//! The one door: every request of the local cloud comes through [`Door::handle`].

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::header::HOST;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, Request, Response};
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::Place;
use super::api::{ApiError, Call, Reply, Service};
use super::protocol::{Protocol, respond};
use super::random;
use super::route::Route;

/// The largest request body, in bytes: that of
/// [Lambda's CreateFunction](https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html), 50 MB of zip in base64.
pub(crate) const BODY_LIMIT: usize = 70_167_211;

/// The services, and how requests get to them.
pub(crate) struct Door {
    place: Place,
    /// By signing name, in the order in which they were added.
    services: Vec<(&'static str, Arc<dyn Service>)>,
    under_way: watch::Sender<usize>,
    closing: AtomicBool,
}

impl Door {
    /// A door without services.
    pub(crate) fn new(place: Place) -> Self {
        Self {
            place,
            services: Vec::new(),
            under_way: watch::Sender::new(0),
            closing: AtomicBool::new(false),
        }
    }

    /// Adds a service under its signing name. Those added later are closed first.
    pub(crate) fn add(&mut self, signing_name: &'static str, service: Arc<dyn Service>) {
        self.services.push((signing_name, service));
    }

    /// Answers one request.
    pub(crate) async fn handle(&self, request: Request<Bytes>) -> Response<Bytes> {
        let (parts, body) = request.into_parts();
        if comes_from_a_web_page(&parts.headers) {
            return plain_error(403, "web pages may not use the local cloud");
        }
        if let Some(response) = self.own_page(&parts) {
            return response;
        }
        let Some(route) = Route::find(&parts, &body) else {
            return plain_error(
                404,
                "the request is for no AWS service: it is not signed and has no target, action or path of one",
            );
        };
        let (protocol, operation) = (route.protocol, route.operation.clone());
        let request_id = random::uuid();
        let result = self.answer(route, parts, body, request_id.clone()).await;
        protocol.write(&operation, &request_id, result)
    }

    /// Answers a request that comes from a service, not from outside: such calls do not hold up the closing of the door, and
    /// go on until their service is closed.
    pub(crate) async fn handle_from_inside(&self, request: Request<Bytes>) -> Response<Bytes> {
        let (parts, body) = request.into_parts();
        let Some(route) = Route::find(&parts, &body) else {
            return plain_error(404, "the request is for no AWS service");
        };
        let (protocol, operation) = (route.protocol, route.operation.clone());
        let request_id = random::uuid();
        let result = match self.call(route, parts, body, request_id.clone()) {
            Ok((service, call)) => finish(tokio::spawn(async move { service.call(call).await })).await,
            Err(error) => Err(error),
        };
        protocol.write(&operation, &request_id, result)
    }

    async fn answer(&self, route: Route, parts: Parts, body: Bytes, request_id: String) -> Result<Reply, ApiError> {
        let (service, call) = self.call(route, parts, body, request_id)?;
        self.run(service, call).await
    }

    /// The service that a request is for, and what it is asked.
    fn call(
        &self,
        route: Route,
        parts: Parts,
        body: Bytes,
        request_id: String,
    ) -> Result<(Arc<dyn Service>, Call), ApiError> {
        let operation = route.operation_name(&parts);
        let Some((_, service)) = self.services.iter().find(|(name, _)| *name == route.service) else {
            return Err(ApiError::not_implemented(&route.service, &operation));
        };
        check_method(&route, &parts)?;
        if body.len() > BODY_LIMIT {
            return Err(too_large(&operation));
        }
        let input = if is_opaque(&route, &parts) {
            Value::Null
        } else {
            route.protocol.read(&body, &route.form)?
        };
        let mut headers = parts.headers;
        // Callers in this process write it into the URI only.
        if let (false, Some(authority)) = (headers.contains_key(HOST), parts.uri.authority())
            && let Ok(host) = HeaderValue::from_str(authority.as_str())
        {
            headers.insert(HOST, host);
        }
        let call = Call {
            operation: route.operation,
            input,
            method: parts.method,
            path: parts.uri.path().to_owned(),
            query: route.query,
            headers,
            body,
            region: route.region,
            request_id,
        };
        Ok((Arc::clone(service), call))
    }

    /// Runs a call as a task of its own: it goes on when the client goes away, and its panic ends nothing else.
    async fn run(&self, service: Arc<dyn Service>, call: Call) -> Result<Reply, ApiError> {
        let guard = UnderWay::enter(&self.under_way);
        if self.closing.load(Ordering::SeqCst) {
            return Err(ApiError::with_status(
                503,
                "ServiceUnavailable",
                "the local cloud is closing",
            ));
        }
        let task = tokio::spawn(async move {
            let _guard = guard;
            service.call(call).await
        });
        finish(task).await
    }

    /// Lets the calls under way end, for at most `patience`, refuses new ones, and closes the services.
    pub(crate) async fn close(&self, patience: Duration) {
        self.closing.store(true, Ordering::SeqCst);
        for (_, service) in &self.services {
            service.closing();
        }
        let mut count = self.under_way.subscribe();
        let _ = tokio::time::timeout(patience, count.wait_for(|&count| count == 0)).await;
        for (_, service) in self.services.iter().rev() {
            service.close().await;
        }
    }

    /// Ends what the services have running, at once.
    pub(crate) fn halt(&self) {
        self.closing.store(true, Ordering::SeqCst);
        self.services.iter().rev().for_each(|(_, service)| service.halt());
    }

    /// The pages that are no AWS API.
    fn own_page(&self, parts: &Parts) -> Option<Response<Bytes>> {
        let path = parts.uri.path();
        if !(path.starts_with("/_localstack/") || path.starts_with("/_stepstack/")) {
            return None;
        }
        let page = match (&parts.method, path) {
            (&Method::GET | &Method::HEAD, "/_localstack/health") => self.health(),
            (&Method::GET, "/_stepstack/status") => self.status(),
            _ => return Some(plain_error(404, &format!("there is no page {path}"))),
        };
        Some(respond(200, "application/json", page.to_string()))
    }

    /// In [LocalStack's form](https://docs.localstack.cloud/aws/capabilities/networking/internal-endpoints/), for scripts that wait for it.
    fn health(&self) -> Value {
        let services: BTreeMap<&str, &str> = self
            .services
            .iter()
            .map(|(name, _)| if *name == "states" { "stepfunctions" } else { name })
            .map(|name| (name, "running"))
            .collect();
        json!({ "services": services, "edition": "stepstack", "version": env!("CARGO_PKG_VERSION") })
    }

    fn status(&self) -> Value {
        json!({
            "pid": std::process::id(),
            "instance": self.place.instance,
            "folder": self.place.folder,
            "endpoint": self.place.endpoint,
            "version": env!("CARGO_PKG_VERSION"),
            "callsUnderWay": *self.under_way.borrow(),
        })
    }
}

/// What a call came to; its panic ends nothing else.
async fn finish(task: JoinHandle<Result<Reply, ApiError>>) -> Result<Reply, ApiError> {
    task.await.unwrap_or_else(|failure| {
        let why = if failure.is_panic() {
            "a bug of the local cloud"
        } else {
            "the local cloud was ended"
        };
        Err(ApiError::with_status(500, "InternalFailure", why))
    })
}

/// Counts a call as long as it lives.
struct UnderWay(watch::Sender<usize>);

impl UnderWay {
    fn enter(count: &watch::Sender<usize>) -> Self {
        count.send_modify(|count| *count += 1);
        Self(count.clone())
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count = count.saturating_sub(1));
    }
}

/// A page of the web can send requests to this machine too; it cannot hide that it is one.
fn comes_from_a_web_page(headers: &HeaderMap) -> bool {
    let site = headers.get("sec-fetch-site").map(http::HeaderValue::as_bytes);
    headers.contains_key("origin") || site.is_some_and(|site| !matches!(site, b"none" | b"same-origin"))
}

/// Calls are POSTs, so that a link cannot make one; only presigned URLs and the links of SNS may be followed.
fn check_method(route: &Route, parts: &Parts) -> Result<(), ApiError> {
    let presigned = || route.query.iter().any(|(name, _)| name == "X-Amz-Credential");
    match route.protocol {
        Protocol::RestJson | Protocol::RestXml => Ok(()),
        _ if parts.method == Method::POST => Ok(()),
        Protocol::Query { .. } if parts.method == Method::GET && (presigned() || is_link(route)) => Ok(()),
        _ => Err(ApiError::with_status(
            405,
            "UnknownOperationException",
            format!("{} is not a method of {}", parts.method, route.service),
        )),
    }
}

/// The links in notifications of SNS: nobody else knows the token or the subscription in them.
fn is_link(route: &Route) -> bool {
    route.service == "sns" && matches!(route.operation.as_str(), "ConfirmSubscription" | "Unsubscribe")
}

/// The payload of a function is its own affair, JSON or not.
fn is_opaque(route: &Route, parts: &Parts) -> bool {
    let last = parts.uri.path().trim_end_matches('/').rsplit('/').next();
    route.service == "lambda"
        && matches!(
            last,
            Some("invocations" | "invoke-async" | "response-streaming-invocations")
        )
}

/// What Lambda says; also used for the others.
pub(crate) fn too_large(operation: &str) -> ApiError {
    ApiError::with_status(
        413,
        "RequestEntityTooLargeException",
        format!("Request must be smaller than {BODY_LIMIT} bytes for the {operation} operation"),
    )
}

/// An error outside of any service's protocol.
pub(crate) fn plain_error(status: u16, message: &str) -> Response<Bytes> {
    respond(status, "application/json", json!({ "message": message }).to_string())
}

#[cfg(test)]
mod tests;
