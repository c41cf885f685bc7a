//! The logging, tracing and encryption settings of a state machine: defaults, checks, and what is not there yet.

use serde_json::{Value, json};

use super::logging::{self, LogSink};
use super::request::Request;
use crate::local::api::ApiError;

/// What a machine has that was made without settings.
pub(super) fn default_logging() -> Value {
    json!({"level": "OFF", "includeExecutionData": false})
}

/// What a machine has that was made without settings.
pub(super) fn default_tracing() -> Value {
    json!({"enabled": false})
}

/// `loggingConfiguration` in the form in which it is stored and returned, if it is given.
pub(super) fn logging(request: &Request<'_>, logs: &dyn LogSink) -> Result<Option<Value>, ApiError> {
    let Some(given) = request.raw("loggingConfiguration") else {
        return Ok(None);
    };
    let mut inner = Request::new(given);
    let level = inner
        .one_of("level", &["ALL", "ERROR", "FATAL", "OFF"])
        .unwrap_or("OFF");
    let data = inner.flag("includeExecutionData").unwrap_or(false);
    let destinations = inner.list("destinations");
    inner.finish()?;
    if destinations.len() > 1 || (level != "OFF" && destinations.is_empty()) {
        return Err(invalid("Must specify exactly one Log Destination."));
    }
    if let Some(destination) = destinations.first() {
        let found = match logging::destination(destination) {
            Some((region, group)) => logs.has_group(region, group)?,
            None => false,
        };
        if !found {
            return Err(invalid("Log Destination not found."));
        }
    }
    let mut stored = json!({"level": level, "includeExecutionData": data});
    if inner_has(given, "destinations") {
        stored["destinations"] = destinations.into();
    }
    Ok(Some(stored))
}

/// `tracingConfiguration` in the form in which it is stored and returned, if it is given.
pub(super) fn tracing(request: &Request<'_>) -> Result<Option<Value>, ApiError> {
    let Some(given) = request.raw("tracingConfiguration") else {
        return Ok(None);
    };
    let mut inner = Request::new(given);
    let enabled = inner.flag("enabled").unwrap_or(false);
    inner.finish()?;
    Ok(Some(json!({"enabled": enabled})))
}

/// Refuses keys of the customer: the local store is not encrypted.
pub(super) fn encryption(request: &Request<'_>) -> Result<bool, ApiError> {
    let Some(given) = request.raw("encryptionConfiguration") else {
        return Ok(false);
    };
    let mut inner = Request::new(given);
    let kind = inner.one_of("type", &["AWS_OWNED_KEY", "CUSTOMER_MANAGED_KMS_KEY"]);
    inner.finish()?;
    if kind == Some("CUSTOMER_MANAGED_KMS_KEY") {
        return Err(ApiError::not_implemented(
            "states",
            "encryptionConfiguration with a customer managed key",
        ));
    }
    Ok(true)
}

fn inner_has(given: &Value, member: &str) -> bool {
    given.get(member).is_some_and(|value| !value.is_null())
}

fn invalid(message: &str) -> ApiError {
    ApiError::new(
        "InvalidLoggingConfiguration",
        format!("Invalid Logging Configuration: {message}"),
    )
}
