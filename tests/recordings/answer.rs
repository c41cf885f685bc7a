//! What of an answer a recording speaks of, and what of it is the outcome.

use std::sync::LazyLock;

use regex::Regex;
use serde_json::{Map, Value, json};

use super::history::is_history;

/// HTTP details of AWS's own SDK inside task outputs; they do not count for the outcome.
const SDK_NOISE: &[&str] = &["SdkHttpMetadata", "SdkResponseMetadata"];

static SAID: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"when calling the (\w+) operation").unwrap());

/// The status that an execution has after its last event.
pub fn final_status(event: &Value) -> Option<&'static str> {
    Some(match event["type"].as_str()? {
        "ExecutionSucceeded" => "SUCCEEDED",
        "ExecutionFailed" => "FAILED",
        "ExecutionAborted" => "ABORTED",
        "ExecutionTimedOut" => "TIMED_OUT",
        _ => return None,
    })
}

/// Whether a status is one of an execution that has ended.
pub fn is_final(status: &Value) -> bool {
    matches!(status.as_str(), Some("SUCCEEDED" | "FAILED" | "ABORTED" | "TIMED_OUT"))
}

/// JSON text as its value, anything else as it is.
pub fn parsed(value: &Value) -> Value {
    value
        .as_str()
        .and_then(|text| serde_json::from_str(text).ok())
        .unwrap_or_else(|| value.clone())
}

/// The part of a reply that a recorded answer speaks of.
pub fn part(want: &Value, got: &Value) -> Value {
    let Value::Object(members) = got else {
        return got.clone();
    };
    let exception = |said: Option<&str>, error: &Value| {
        let code = error["Code"].as_str().unwrap_or_default();
        let message = error["Message"].as_str().unwrap_or_default();
        let operation = said.unwrap_or("?");
        format!("An error occurred ({code}) when calling the {operation} operation: {message}")
    };
    let operation = |text: &Value| {
        let text = text.as_str().unwrap_or_default();
        SAID.captures(text).map(|said| said[1].to_owned())
    };
    match want {
        // Only the text of an exception.
        Value::String(_) => match got.get("Error") {
            Some(error) => exception(operation(want).as_deref(), error).into(),
            None => got.clone(),
        },
        Value::Array(_) => {
            let mut lists = members.values().filter(|value| value.is_array());
            match (lists.next(), lists.next()) {
                (Some(list), None) => list.clone(),
                _ => got.clone(),
            }
        }
        Value::Object(wanted) => {
            if let (true, Some(error)) = (wanted.contains_key("exception_typename"), got.get("Error")) {
                let text = exception(operation(&want["exception_value"]).as_deref(), error);
                return json!({"exception_typename": error["Code"], "exception_value": text});
            }
            if wanted.keys().eq(["Body"]) {
                return json!({"Body": got["Body"]});
            }
            let mut members = members.clone();
            if !wanted.contains_key("ResponseMetadata") {
                members.shift_remove("ResponseMetadata");
                if !wanted.is_empty() && !wanted.keys().any(|name| members.contains_key(name)) {
                    let mut inner = members.values().filter(|value| value.is_object());
                    if let (Some(only), None) = (inner.next(), inner.next()) {
                        return only.clone();
                    }
                }
            }
            members.into()
        }
        _ => got.clone(),
    }
}

/// What the outcome is judged by, of a recorded or an observed answer.
pub fn outcome(value: &Value) -> Value {
    let value = value.get("events").filter(|events| is_history(events)).unwrap_or(value);
    let mut out = Map::new();
    if is_history(value) {
        let last = value
            .as_array()
            .and_then(|events| events.last())
            .unwrap_or(&Value::Null);
        out.insert("status".to_owned(), final_status(last).unwrap_or("RUNNING").into());
        let details = last.as_object().and_then(|members| {
            let mut details = members.iter().filter(|(name, _)| name.ends_with("EventDetails"));
            details.next().map(|(_, details)| details)
        });
        copy(details.unwrap_or(&Value::Null), &["output", "error", "cause"], &mut out);
    } else if value.get("status").is_some() && !describes_machine(value) {
        copy(value, &["status", "output", "error", "cause", "nextState"], &mut out);
    } else if let Some(error) = value.get("Error").filter(|error| error.is_object()) {
        out.insert("error_code".to_owned(), error["Code"].clone());
    } else if let Some(name) = value.get("exception_typename") {
        out.insert("error_code".to_owned(), name.clone());
    }
    if let Some(output) = out.get_mut("output") {
        *output = without_noise(&parsed(output));
    }
    out.into()
}

/// The reply of DescribeStateMachine has a status too.
fn describes_machine(value: &Value) -> bool {
    value.get("definition").is_some()
        && value["stateMachineArn"]
            .as_str()
            .is_some_and(|arn| arn.contains(":stateMachine:"))
}

fn copy(from: &Value, names: &[&str], to: &mut Map<String, Value>) {
    for name in names {
        if let Some(value) = from.get(name) {
            to.insert((*name).to_owned(), value.clone());
        }
    }
}

fn without_noise(value: &Value) -> Value {
    match value {
        Value::Object(members) => members
            .iter()
            .filter(|(name, _)| !SDK_NOISE.contains(&name.as_str()))
            .map(|(name, value)| (name.clone(), without_noise(value)))
            .collect(),
        Value::Array(items) => items.iter().map(without_noise).collect(),
        Value::String(text) if text.starts_with(['{', '[']) && SDK_NOISE.iter().any(|name| text.contains(name)) => {
            serde_json::from_str(text).map_or_else(|_| value.clone(), |value| without_noise(&value))
        }
        _ => value.clone(),
    }
}

/// The task token somewhere in a message.
pub fn find_token(value: &Value) -> Option<String> {
    let value = parsed(value);
    if let Value::Object(members) = &value {
        let named = |(name, value): (&String, &Value)| {
            let token = value.as_str().filter(|_| name.eq_ignore_ascii_case("tasktoken"));
            token.map(str::to_owned)
        };
        if let Some(token) = members.iter().find_map(named) {
            return Some(token);
        }
    }
    let inside = |value: &Value| match value {
        Value::String(text) if !text.starts_with('{') => None,
        Value::String(_) | Value::Object(_) | Value::Array(_) => find_token(value),
        _ => None,
    };
    match &value {
        Value::Object(members) => members.values().find_map(inside),
        Value::Array(items) => items.iter().find_map(inside),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_outcome_is_the_last_event_or_the_status_or_the_error() {
        let check = |value: Value, expected: Value| assert_eq!(outcome(&value), expected);
        check(
            json!({"events": [{"id": 1, "type": "ExecutionFailed", "executionFailedEventDetails": {"error": "E"}}]}),
            json!({"status": "FAILED", "error": "E"}),
        );
        check(
            json!({"status": "SUCCEEDED", "output": "{\"SdkHttpMetadata\": {}, \"a\": 1}", "name": "n"}),
            json!({"status": "SUCCEEDED", "output": {"a": 1}}),
        );
        check(
            json!({"Error": {"Code": "C", "Message": "m"}}),
            json!({"error_code": "C"}),
        );
        check(
            json!({"status": "ACTIVE", "definition": "{}", "stateMachineArn": "a:stateMachine:b"}),
            json!({}),
        );
    }

    #[test]
    fn tokens_are_found_deep_in_messages() {
        let check = |value: Value, expected: Option<&str>| assert_eq!(find_token(&value).as_deref(), expected);
        check(json!("{\"a\": \"{\\\"TaskToken\\\": \\\"t\\\"}\"}"), Some("t"));
        check(json!([{"x": {"taskToken": "t"}}]), Some("t"));
        check(json!({"x": "plain"}), None);
    }
}
