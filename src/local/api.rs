//! What every service of the local cloud is given and gives back: a decoded call, and a reply or an AWS error.

use std::future::Future;
use std::pin::Pin;

use bytes::Bytes;
use serde_json::Value;

/// The account of the local cloud.
pub const ACCOUNT: &str = "000000000000";

/// A request, after the door found out which service and operation it is for.
#[derive(Clone, Debug)]
pub struct Call {
    /// E.g. `CreateStateMachine`. Empty for services that route by method and path (Lambda).
    pub operation: String,
    /// The JSON body; for the query protocol the flat parameters as an object of strings; `Null` if there is no body.
    pub input: Value,
    /// The HTTP method.
    pub method: http::Method,
    /// The path, percent-encoded as it came.
    pub path: String,
    /// The decoded query string.
    pub query: Vec<(String, String)>,
    /// The headers.
    pub headers: http::HeaderMap,
    /// The raw body.
    pub body: Bytes,
    /// From the credential scope, `us-east-1` if there is none.
    pub region: String,
    /// A fresh UUID, also sent back as `x-amzn-RequestId`.
    pub request_id: String,
}

/// What a service answers; the door writes it in the protocol of the service.
#[derive(Debug)]
pub enum Reply {
    /// JSON 1.0/1.1 with status 200.
    Json(Value),
    /// The content of `<OperationResult>` of the query protocol, already escaped; empty for operations without a result.
    Xml(String),
    /// A whole response, for REST services.
    Http(http::Response<Bytes>),
}

/// An AWS error, by code and message as AWS gives them.
#[derive(Clone, Debug, thiserror::Error, PartialEq)]
#[error("{code}: {message}")]
pub struct ApiError {
    /// E.g. `StateMachineDoesNotExist`.
    pub code: String,
    /// What AWS would say.
    pub message: String,
    /// The HTTP status.
    pub status: u16,
    /// Further members of the error's JSON body (Lambda's `Type`, …).
    pub extra: Box<serde_json::Map<String, Value>>,
}

impl ApiError {
    /// A client error with status 400.
    pub fn new(code: &str, message: impl Into<String>) -> Self {
        Self::with_status(400, code, message)
    }

    /// An error with that HTTP status.
    pub fn with_status(status: u16, code: &str, message: impl Into<String>) -> Self {
        Self {
            code: code.to_owned(),
            message: message.into(),
            status,
            extra: Box::default(),
        }
    }

    /// What the local cloud answers to what it does not have.
    pub fn not_implemented(service: &str, operation: &str) -> Self {
        Self::with_status(
            501,
            "NotImplemented",
            format!("not implemented by the local cloud: {service}:{operation}"),
        )
    }
}

impl From<super::store::StoreError> for ApiError {
    fn from(error: super::store::StoreError) -> Self {
        let mut message = format!("the local store failed: {error}");
        let mut source = std::error::Error::source(&error);
        while let Some(reason) = source {
            message = format!("{message}: {reason}");
            source = reason.source();
        }
        Self::with_status(500, "InternalFailure", message)
    }
}

/// A future on the heap, so that services can stand behind `dyn Service`.
pub type Pending<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// One AWS service behind the door.
pub trait Service: Send + Sync + 'static {
    /// Answers one call. A panic becomes AWS's `InternalFailure`; a client that goes away does not cancel the call.
    fn call(&self, call: Call) -> Pending<'_, Result<Reply, ApiError>>;

    /// The door is about to close and waits for the calls under way: those that only wait for something should end.
    fn closing(&self) {}

    /// Ends what the service has running (executions' timers, functions). No call comes afterwards.
    fn close(&self) -> Pending<'_, ()> {
        Box::pin(async {})
    }

    /// The same at once and without waiting for anything, where nothing was closed: whoever opens the folder next must have it
    /// to himself.
    fn halt(&self) {}
}

impl From<rusqlite::Error> for ApiError {
    fn from(error: rusqlite::Error) -> Self {
        super::store::StoreError::from(error).into()
    }
}
