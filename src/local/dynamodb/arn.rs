//! ARNs: the engine has a region and an account of its own in them.

use serde_json::Value;

use crate::local::api::{ACCOUNT, ApiError};

/// What the engine's ARNs begin with.
const OF_ENGINE: &str = "arn:aws:dynamodb:dynoxide:000000000000:";
/// The members of requests that hold an ARN, or may hold one instead of a name.
const MEMBERS: [&str; 3] = ["TableName", "ResourceArn", "StreamArn"];

fn prefix(region: &str) -> String {
    format!("arn:aws:dynamodb:{region}:{ACCOUNT}:")
}

/// The request with ARNs as the engine has them. One of another region or account names nothing that is here.
pub(super) fn localized(mut input: Value, region: &str) -> Result<Value, ApiError> {
    for member in MEMBERS {
        let Some(Value::String(text)) = input.get_mut(member) else {
            continue;
        };
        if let Some(resource) = text.strip_prefix(&prefix(region)) {
            *text = match (member, resource.strip_prefix("table/")) {
                ("TableName", Some(name)) => name.to_owned(),
                _ => format!("{OF_ENGINE}{resource}"),
            };
        } else if text.starts_with("arn:aws:dynamodb:") {
            return Err(ApiError::new(
                "com.amazonaws.dynamodb.v20120810#ResourceNotFoundException",
                format!("Requested resource not found: ResourcArn: {text} not found"),
            ));
        }
    }
    Ok(input)
}

/// The answer with ARNs of the region. Only descriptions have ARNs: what is in items is the user's.
pub(super) fn placed(operation: &str, mut output: Value, region: &str) -> Value {
    let describes = matches!(
        operation,
        "CreateTable"
            | "DeleteTable"
            | "DescribeTable"
            | "UpdateTable"
            | "ListStreams"
            | "DescribeStream"
            | "GetShardIterator"
    );
    if describes {
        place(&mut output, &prefix(region));
    }
    output
}

/// The engine's answers are a few levels deep.
fn place(value: &mut Value, prefix: &str) {
    match value {
        Value::String(text) if text.contains(OF_ENGINE) => *text = text.replace(OF_ENGINE, prefix),
        Value::Array(items) => items.iter_mut().for_each(|item| place(item, prefix)),
        Value::Object(members) => members.values_mut().for_each(|member| place(member, prefix)),
        _ => {}
    }
}

/// The error with ARNs of the region in its message.
pub(super) fn placed_error(mut error: ApiError, region: &str) -> ApiError {
    error.message = error.message.replace(OF_ENGINE, &prefix(region));
    error
}
