//! Attributes of queues: which there are, what they may be, how they are answered.
//!
//! <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html>

use rusqlite::Connection;
use serde_json::{Map, Value, json};

use super::error::{invalid_attribute, invalid_value, not_implemented, unknown_attribute};
use super::messages;
use super::table::{Queue, Redrive};
use crate::local::api::ApiError;

/// Attributes that are whole numbers: name, default, least, most.
const NUMBERS: &[(&str, i64, i64, i64)] = &[
    ("VisibilityTimeout", 30, 0, 43_200),
    ("MaximumMessageSize", 1_048_576, 1024, 1_048_576),
    ("MessageRetentionPeriod", 345_600, 60, 1_209_600),
    ("DelaySeconds", 0, 0, 900),
    ("ReceiveMessageWaitTimeSeconds", 0, 0, 20),
];

/// Of messages, counted when asked.
const COUNTS: &[&str] = &[
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
];

/// The default of an attribute that is a number.
pub(super) fn default_number(attribute: &str) -> i64 {
    let found = NUMBERS.iter().find(|(name, ..)| *name == attribute);
    found.map_or(0, |(_, default, ..)| *default)
}

/// Checks attributes and sets them. `creating`: those that can only be given to a new queue are taken as well.
pub(super) fn set(db: &Connection, queue: &mut Queue, given: &[(&str, &str)], creating: bool) -> Result<(), ApiError> {
    for &(name, value) in given {
        match checked(db, queue, (name, value), creating)? {
            Some(value) => queue.attributes.insert(name.to_owned(), value),
            None => queue.attributes.remove(name),
        };
    }
    if queue.is_fifo() {
        check_throughput(queue)?;
    }
    Ok(())
}

/// The value as it is kept; none if that means that there is none any more.
fn checked(
    db: &Connection,
    queue: &Queue,
    (name, value): (&str, &str),
    creating: bool,
) -> Result<Option<String>, ApiError> {
    if let Some((_, _, least, most)) = NUMBERS.iter().find(|(number, ..)| *number == name) {
        let number: i64 = value.parse().map_err(|_| invalid_attribute(name))?;
        let fits = (least..=most).contains(&&number);
        return if fits {
            Ok(Some(number.to_string()))
        } else {
            Err(invalid_attribute(name))
        };
    }
    let one_of = |values: &[&str]| match values.contains(&value) {
        true => Ok(Some(value.to_owned())),
        false => Err(invalid_attribute(name)),
    };
    match name {
        "FifoQueue" if creating && queue.is_fifo() && value == "true" => Ok(Some("true".to_owned())),
        "ContentBasedDeduplication" if queue.is_fifo() => one_of(&["true", "false"]),
        "DeduplicationScope" if queue.is_fifo() => one_of(&["queue", "messageGroup"]),
        "FifoThroughputLimit" if queue.is_fifo() => one_of(&["perQueue", "perMessageGroupId"]),
        "SqsManagedSseEnabled" => one_of(&["true", "false"]),
        "KmsDataKeyReusePeriodSeconds" | "KmsMasterKeyId" if value.is_empty() => Ok(None),
        "KmsMasterKeyId" | "KmsDataKeyReusePeriodSeconds" => Err(not_implemented(&format!("the attribute {name}"))),
        "Policy" | "RedrivePolicy" | "RedriveAllowPolicy" if value.is_empty() => Ok(None),
        "Policy" => match serde_json::from_str(value) {
            Ok(Value::Object(_)) => Ok(Some(value.to_owned())),
            _ => Err(invalid_attribute(name)),
        },
        "RedrivePolicy" => redrive_policy(db, queue, value).map(Some),
        "RedriveAllowPolicy" => redrive_allow_policy(value).map(Some),
        _ => Err(unknown_attribute(name)),
    }
}

/// High throughput per group needs deduplication per group.
fn check_throughput(queue: &Queue) -> Result<(), ApiError> {
    let is = |name: &str, value: &str| queue.attributes.get(name).is_some_and(|set| set == value);
    if is("FifoThroughputLimit", "perMessageGroupId") && !is("DeduplicationScope", "messageGroup") {
        return Err(invalid_attribute("FifoThroughputLimit"));
    }
    Ok(())
}

fn redrive_policy(db: &Connection, queue: &Queue, text: &str) -> Result<String, ApiError> {
    let invalid = |reason: &str| invalid_value("RedrivePolicy", text, reason);
    let Ok(Value::Object(policy)) = serde_json::from_str(text) else {
        return Err(invalid("Redrive policy is not a valid JSON map."));
    };
    let lacks = |member: &str| {
        invalid(&format!(
            "Redrive policy does not contain mandatory attribute: {member}."
        ))
    };
    let target = policy
        .get("deadLetterTargetArn")
        .ok_or_else(|| lacks("deadLetterTargetArn"))?;
    let most = policy.get("maxReceiveCount").ok_or_else(|| lacks("maxReceiveCount"))?;
    let spoken = most.as_str().map_or_else(|| most.to_string(), str::to_owned);
    let Some(number) = spoken.parse().ok().filter(|number| (1..=1000_i64).contains(number)) else {
        return Err(invalid(&format!(
            "Invalid value for maxReceiveCount: {spoken}, valid values are from 1 to 1000 both inclusive."
        )));
    };
    let target = target.as_str().unwrap_or_default();
    let Some(dead_letter) = Queue::of_arn(db, target)?.filter(|found| found.region == queue.region) else {
        return Err(invalid("Dead letter target does not exist."));
    };
    if dead_letter.is_fifo() != queue.is_fifo() {
        return Err(invalid("Dead-letter queue must be same type of queue as the source."));
    }
    if !allows(&dead_letter, &queue.arn()) {
        return Err(invalid(
            "Queue does not allow this queue to use it as a dead-letter queue (RedriveAllowPolicy).",
        ));
    }
    Ok(json!({"deadLetterTargetArn": target, "maxReceiveCount": number}).to_string())
}

fn redrive_allow_policy(text: &str) -> Result<String, ApiError> {
    let invalid = |reason: &str| invalid_value("RedriveAllowPolicy", text, reason);
    let Ok(Value::Object(policy)) = serde_json::from_str(text) else {
        return Err(invalid("Redrive allow policy is not a valid JSON map."));
    };
    let sources = policy.get("sourceQueueArns").and_then(Value::as_array).map(Vec::len);
    match (policy.get("redrivePermission").and_then(Value::as_str), sources) {
        (Some("allowAll" | "denyAll"), None) | (Some("byQueue"), Some(1..=10)) => Ok(Value::Object(policy).to_string()),
        _ => Err(invalid(
            "redrivePermission must be allowAll, denyAll, or byQueue with 1 to 10 sourceQueueArns.",
        )),
    }
}

/// May that queue send to this dead-letter queue?
fn allows(dead_letter: &Queue, source: &str) -> bool {
    let policy = dead_letter.attributes.get("RedriveAllowPolicy");
    let Some(policy) = policy.and_then(|text| serde_json::from_str::<Value>(text).ok()) else {
        return true;
    };
    match policy.get("redrivePermission").and_then(Value::as_str) {
        Some("denyAll") => false,
        Some("byQueue") => policy
            .get("sourceQueueArns")
            .and_then(Value::as_array)
            .is_some_and(|arns| arns.iter().any(|arn| arn == source)),
        _ => true,
    }
}

/// The first of the given attributes whose value the queue does not have.
pub(super) fn first_difference<'a>(existing: &Queue, wanted: &Queue, given: &[(&'a str, &str)]) -> Option<&'a str> {
    let differs = |name: &&str| value(existing, name) != value(wanted, name);
    given.iter().map(|(name, _)| *name).find(differs)
}

/// The attributes that are asked for, in AWS's order.
pub(super) fn answer(db: &Connection, queue: &Queue, names: &[&str], now: i64) -> Result<Map<String, Value>, ApiError> {
    let all = names.contains(&"All");
    for name in names {
        let known = *name == "All" || SHOWN.contains(name) || COUNTS.contains(name);
        if !known || (is_of_fifo(name) && !queue.is_fifo()) {
            return Err(unknown_attribute(name));
        }
    }
    let mut answer = Map::new();
    let wanted = |name: &&&str| all || names.contains(*name);
    for name in SHOWN.iter().filter(wanted) {
        if let Some(value) = value(queue, name) {
            answer.insert((*name).to_owned(), value.into());
        }
    }
    if COUNTS.iter().any(|name| wanted(&name)) {
        for (name, count) in COUNTS.iter().zip(messages::counts(db, queue, now)?) {
            if wanted(&name) {
                answer.insert((*name).to_owned(), count.to_string().into());
            }
        }
    }
    Ok(answer)
}

const SHOWN: &[&str] = &[
    "QueueArn",
    "CreatedTimestamp",
    "LastModifiedTimestamp",
    "VisibilityTimeout",
    "MaximumMessageSize",
    "MessageRetentionPeriod",
    "DelaySeconds",
    "ReceiveMessageWaitTimeSeconds",
    "Policy",
    "RedrivePolicy",
    "RedriveAllowPolicy",
    "FifoQueue",
    "ContentBasedDeduplication",
    "DeduplicationScope",
    "FifoThroughputLimit",
    "SqsManagedSseEnabled",
    "KmsMasterKeyId",
    "KmsDataKeyReusePeriodSeconds",
];

fn is_of_fifo(name: &str) -> bool {
    matches!(
        name,
        "FifoQueue" | "ContentBasedDeduplication" | "DeduplicationScope" | "FifoThroughputLimit"
    )
}

/// What was set, or the default; none if the queue has no such attribute.
fn value(queue: &Queue, name: &str) -> Option<String> {
    if let Some(set) = queue.attributes.get(name) {
        return Some(set.clone());
    }
    if NUMBERS.iter().any(|(number, ..)| *number == name) {
        return Some(default_number(name).to_string());
    }
    let default = match name {
        "QueueArn" => return Some(queue.arn()),
        "CreatedTimestamp" => return Some((queue.created / 1000).to_string()),
        "LastModifiedTimestamp" => return Some((queue.modified / 1000).to_string()),
        "SqsManagedSseEnabled" => "true",
        _ if !queue.is_fifo() => return None,
        "FifoQueue" => "true",
        "ContentBasedDeduplication" => "false",
        "DeduplicationScope" => "queue",
        "FifoThroughputLimit" => "perQueue",
        _ => return None,
    };
    Some(default.to_owned())
}

/// The dead-letter queue of a queue and how often a message is received before it goes there, if that queue is there.
pub(super) fn dead_letter(db: &Connection, queue: &Queue) -> Result<Option<(Queue, i64)>, ApiError> {
    let Some(Redrive { target, most }) = queue.redrive() else {
        return Ok(None);
    };
    Ok(Queue::of_arn(db, &target)?.map(|found| (found, most)))
}
