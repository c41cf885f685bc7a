//! The engine's errors as AWS writes them.

use dynoxide::DynoxideError;
use serde_json::Value;

use crate::local::api::ApiError;

/// What an operation answers for an error of the engine.
pub(super) fn of(operation: &str, error: DynoxideError) -> ApiError {
    let mut answer = ApiError::with_status(error.status_code(), error.error_type(), error.to_string());
    match error {
        // The engine takes a table that is not there for one that nobody may read.
        DynoxideError::AccessDeniedException(message) => answer = absent(&message),
        DynoxideError::EnvelopedValidation(message) => answer.message = enveloped(operation, message),
        DynoxideError::ConditionalCheckFailedException(_, Some(item)) => {
            add(&mut answer, "Item", serde_json::to_value(item));
        }
        DynoxideError::TransactionCanceledException(_, reasons) => {
            add(&mut answer, "CancellationReasons", serde_json::to_value(reasons));
        }
        _ => {}
    }
    answer
}

/// What AWS says of the ARN of a table that is not there, its misspelling included.
///
/// Source: <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_ListTagsOfResource.html>
fn absent(message: &str) -> ApiError {
    let arn = message.rsplit(" on resource: ").next().unwrap_or_default();
    ApiError::new(
        "com.amazonaws.dynamodb.v20120810#ResourceNotFoundException",
        format!("Requested resource not found: ResourcArn: {arn} not found"),
    )
}

/// Operations that write one item word what is wrong with a value as a violation of the API's model.
fn enveloped(operation: &str, message: String) -> String {
    match operation {
        "PutItem" | "UpdateItem" | "DeleteItem" => format!("1 validation error detected: {message}"),
        _ => message,
    }
}

fn add(answer: &mut ApiError, name: &str, value: serde_json::Result<Value>) {
    answer.extra.extend(value.ok().map(|value| (name.to_owned(), value)));
}

/// An error by its message.
type Kind = fn(String) -> DynoxideError;

/// The engine's readers say with a mark before the message which error of AWS it is.
pub(super) fn unreadable(error: &serde_json::Error) -> DynoxideError {
    let message = error.to_string();
    let marks: [(&str, Kind); 5] = [
        ("VALIDATION_REQUEST:", DynoxideError::EnvelopedValidation),
        ("VALIDATION_AS_READ:", DynoxideError::ValidationException),
        ("VALIDATION:", DynoxideError::ValidationException),
        ("SERIALIZATION_AS_READ:", DynoxideError::SerializationException),
        ("SERIALIZATION:", DynoxideError::SerializationException),
    ];
    for (mark, kind) in marks {
        if let Some(message) = message.strip_prefix(mark) {
            return kind(message.to_owned());
        }
    }
    // AWS misses members when it validates, and only types when it reads.
    let is_validation = [
        "missing field",
        "unknown variant",
        "invalid type: null",
        "AttributeValue",
    ];
    if is_validation.iter().any(|part| message.contains(part)) {
        DynoxideError::ValidationException(message)
    } else {
        DynoxideError::SerializationException(message)
    }
}
