//! Errors of SQS: those of the JSON protocol, and what the old query protocol calls them.

use bytes::Bytes;
use http::{HeaderValue, Response};
use serde_json::json;

use crate::local::api::ApiError;
use crate::local::protocol::respond;

/// Errors that the API models, with their codes in the query protocol
/// ([API reference](https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/CommonErrors.html)).
const CODES: &[(&str, &str)] = &[
    (
        "BatchEntryIdsNotDistinct",
        "AWS.SimpleQueueService.BatchEntryIdsNotDistinct",
    ),
    ("BatchRequestTooLong", "AWS.SimpleQueueService.BatchRequestTooLong"),
    ("EmptyBatchRequest", "AWS.SimpleQueueService.EmptyBatchRequest"),
    ("InvalidAddress", "InvalidAddress"),
    ("InvalidAttributeName", "InvalidAttributeName"),
    ("InvalidAttributeValue", "InvalidAttributeValue"),
    ("InvalidBatchEntryId", "AWS.SimpleQueueService.InvalidBatchEntryId"),
    ("InvalidMessageContents", "InvalidMessageContents"),
    ("MessageNotInflight", "AWS.SimpleQueueService.MessageNotInflight"),
    ("OverLimit", "OverLimit"),
    ("PurgeQueueInProgress", "AWS.SimpleQueueService.PurgeQueueInProgress"),
    ("QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue"),
    ("QueueNameExists", "QueueAlreadyExists"),
    ("ReceiptHandleIsInvalid", "ReceiptHandleIsInvalid"),
    ("ResourceNotFoundException", "ResourceNotFoundException"),
    (
        "TooManyEntriesInBatchRequest",
        "AWS.SimpleQueueService.TooManyEntriesInBatchRequest",
    ),
    ("UnsupportedOperation", "AWS.SimpleQueueService.UnsupportedOperation"),
    (PARAMETER, "InvalidParameterValue"),
    (MISSING, "MissingParameter"),
];

const PARAMETER: &str = "InvalidParameterValueException";
const MISSING: &str = "MissingRequiredParameterException";

pub(super) fn no_such_queue() -> ApiError {
    ApiError::new("QueueDoesNotExist", "The specified queue does not exist.")
}

pub(super) fn invalid_parameter(message: impl Into<String>) -> ApiError {
    ApiError::new(PARAMETER, message)
}

/// `Value … for parameter … is invalid. Reason: …`
pub(super) fn invalid_value(parameter: &str, value: impl std::fmt::Display, reason: &str) -> ApiError {
    invalid_parameter(format!(
        "Value {value} for parameter {parameter} is invalid. Reason: {reason}"
    ))
}

pub(super) fn missing(parameter: &str) -> ApiError {
    ApiError::new(MISSING, format!("The request must contain the parameter {parameter}."))
}

pub(super) fn unknown_attribute(name: &str) -> ApiError {
    ApiError::new("InvalidAttributeName", format!("Unknown Attribute {name}."))
}

pub(super) fn invalid_attribute(name: &str) -> ApiError {
    ApiError::new(
        "InvalidAttributeValue",
        format!("Invalid value for the parameter {name}."),
    )
}

pub(super) fn not_implemented(what: &str) -> ApiError {
    ApiError::not_implemented("sqs", what)
}

/// The code of the query protocol.
pub(super) fn query_code(code: &str) -> &str {
    CODES
        .iter()
        .find(|(json, _)| *json == code)
        .map_or(code, |(_, query)| query)
}

/// The answer of the JSON protocol, with the header that tells clients the code of the query protocol
/// ([awsQueryCompatible](https://smithy.io/2.0/aws/protocols/aws-query-protocol.html#aws-protocols-awsquerycompatible-trait)).
/// None for errors that are not those of SQS.
pub(super) fn in_json(error: &ApiError) -> Option<Response<Bytes>> {
    let (code, query) = CODES.iter().find(|(json, _)| *json == error.code)?;
    let namespace = match *code {
        PARAMETER | MISSING => "com.amazon.coral.service",
        _ => "com.amazonaws.sqs",
    };
    let body = json!({"__type": format!("{namespace}#{code}"), "message": error.message});
    let mut response = respond(error.status, "application/x-amz-json-1.0", body.to_string());
    if let Ok(value) = HeaderValue::from_str(&format!("{query};Sender")) {
        response.headers_mut().insert("x-amzn-query-error", value);
    }
    Some(response)
}
