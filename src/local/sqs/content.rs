//! What a message may hold.
//!
//! <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html>

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use super::error::invalid_parameter;
use super::input::Input;
use crate::local::api::ApiError;

/// Attributes of a message in a queue.
pub(crate) const MOST_ATTRIBUTES: usize = 10;

/// Does a text hold only characters that messages may have?
pub(crate) fn is_valid_text(text: &str) -> bool {
    text.chars().all(|character| {
        matches!(character, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..='\u{10ffff}')
    })
}

pub(super) fn check_body(body: &str) -> Result<(), ApiError> {
    if is_valid_text(body) {
        return Ok(());
    }
    Err(ApiError::new(
        "InvalidMessageContents",
        "Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | \
         #x10000 to #x10FFFF",
    ))
}

/// Message attributes, checked, with nothing but what is kept. At most `most` of them, if there is a limit.
pub(crate) fn attributes(given: &Map<String, Value>, most: Option<usize>) -> Result<Map<String, Value>, ApiError> {
    let mut checked = Map::new();
    if let Some(most) = most.filter(|most| given.len() > *most) {
        return Err(invalid_parameter(format!(
            "Number of message attributes [{}] exceeds the allowed maximum [{most}].",
            given.len()
        )));
    }
    for (name, attribute) in given {
        check_name(name)?;
        checked.insert(name.clone(), self::attribute(name, &Input(attribute))?);
    }
    Ok(checked)
}

fn check_name(name: &str) -> Result<(), ApiError> {
    let allowed = |character: char| character.is_ascii_alphanumeric() || "_-.".contains(character);
    let lower = name.to_ascii_lowercase();
    let why = if name.is_empty() || name.len() > 256 {
        "Length of message attribute name must be between 1 and 256 bytes."
    } else if !name.chars().all(allowed) || name.starts_with('.') || name.ends_with('.') || name.contains("..") {
        "Message (user) attribute name is invalid: it can contain only A-Z, a-z, 0-9, underscore (_), hyphen (-), and period \
         (.), and must not start or end with a period or have periods in succession."
    } else if lower.starts_with("aws.") || lower.starts_with("amazon.") {
        "You can't use message attribute names beginning with 'AWS.' or 'Amazon.'. These strings are reserved for internal use."
    } else {
        return Ok(());
    };
    Err(invalid_parameter(why))
}

fn attribute(name: &str, given: &Input<'_>) -> Result<Value, ApiError> {
    let data_type = given.text("DataType")?.unwrap_or_default();
    if data_type.is_empty() {
        return Err(invalid_parameter(format!(
            "The message attribute '{name}' must contain non-empty message attribute type."
        )));
    }
    for lists in ["StringListValues", "BinaryListValues"] {
        if given.list(lists)?.iter().any(|_| true) {
            return Err(ApiError::new(
                "UnsupportedOperation",
                "Message attribute list values in SendMessage operation are not supported.",
            ));
        }
    }
    let member = match data_type.split('.').next() {
        Some("String" | "Number") => "StringValue",
        Some("Binary") => "BinaryValue",
        _ => {
            return Err(invalid_parameter(format!(
                "The message attribute '{name}' has an invalid message attribute type, the set of supported type prefixes is \
                 Binary, Number, and String."
            )));
        }
    };
    let value = given.text(member)?.unwrap_or_default();
    if value.is_empty() {
        return Err(invalid_parameter(format!(
            "The message attribute '{name}' must contain non-empty message attribute value for message attribute type '{data_type}'."
        )));
    }
    if data_type.starts_with("Number") && value.trim().parse::<f64>().is_err() {
        return Err(invalid_parameter(format!(
            "Can't cast the value of message attribute '{name}' to a number."
        )));
    }
    if member == "BinaryValue" && STANDARD.decode(value).is_err() {
        return Err(ApiError::new(
            "SerializationException",
            format!("the value of the message attribute {name} is not base64"),
        ));
    }
    if member == "StringValue" {
        check_body(value)?;
    }
    Ok(serde_json::json!({ "DataType": data_type, member: value }))
}

/// How much a message counts towards the size limits, in bytes.
pub(crate) fn size(body: &str, attributes: &Map<String, Value>) -> usize {
    let text = |attribute: &Value, member: &str| attribute.get(member).and_then(Value::as_str).map_or(0, str::len);
    let of_attribute = |(name, attribute): (&String, &Value)| {
        let binary = text(attribute, "BinaryValue") / 4 * 3;
        name.len() + text(attribute, "DataType") + text(attribute, "StringValue") + binary
    };
    body.len() + attributes.iter().map(of_attribute).sum::<usize>()
}
