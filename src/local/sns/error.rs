//! Errors of SNS, worded as AWS words them.

use crate::local::api::ApiError;

/// `Invalid parameter: …`
pub(super) fn invalid(what: impl std::fmt::Display) -> ApiError {
    ApiError::new("InvalidParameter", format!("Invalid parameter: {what}"))
}

/// A parameter that must be there is not.
pub(super) fn missing(parameter: &str) -> ApiError {
    ApiError::new(
        "ValidationError",
        format!(
            "1 validation error detected: Value null at '{}' failed to satisfy constraint: Member must not be null",
            lower_first(parameter)
        ),
    )
}

pub(super) fn no_such_topic() -> ApiError {
    ApiError::with_status(404, "NotFound", "Topic does not exist")
}

pub(super) fn no_such_subscription() -> ApiError {
    ApiError::with_status(404, "NotFound", "Subscription does not exist")
}

pub(super) fn no_such_resource() -> ApiError {
    ApiError::with_status(404, "ResourceNotFound", "Resource does not exist")
}

pub(super) fn not_implemented(what: &str) -> ApiError {
    ApiError::not_implemented("sns", what)
}

fn lower_first(name: &str) -> String {
    let mut letters = name.chars();
    let first = letters.next().map(|first| first.to_ascii_lowercase());
    first.into_iter().chain(letters).collect()
}
