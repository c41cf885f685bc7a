//! Publishing: checks, deduplication, and a delivery for each subscription that wants the message.
//!
//! <https://docs.aws.amazon.com/sns/latest/api/API_Publish.html>

use rusqlite::{OptionalExtension, Transaction, params};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::error::invalid;
use super::params::Params;
use super::table::{Subscription, Topic};
use super::{Context, deliver};
use crate::local::api::{ApiError, Reply};
use crate::local::protocol::xml::Writer;
use crate::local::random;
use crate::local::sqs::content;
use crate::local::store::StoreError;

/// In bytes, attributes included.
const LARGEST: usize = 262_144;
const MOST_ENTRIES: usize = 10;
/// Within this, a deduplication id stands for one message, in milliseconds.
const DEDUPLICATION: i64 = 300_000;

/// A message on its way to the subscribers of a topic.
#[derive(Debug)]
pub(super) struct Message {
    pub(super) id: String,
    /// Of FIFO topics.
    pub(super) sequence: Option<String>,
    text: String,
    /// What each protocol gets instead, `default` among them.
    by_protocol: Option<Map<String, Value>>,
    pub(super) subject: Option<String>,
    /// In the form of the SDKs' JSON.
    pub(super) attributes: Map<String, Value>,
    pub(super) group: Option<String>,
    pub(super) deduplication: Option<String>,
}

impl Message {
    /// What subscribers of that protocol get.
    pub(super) fn text_for(&self, protocol: &str) -> &str {
        let Some(texts) = &self.by_protocol else {
            return &self.text;
        };
        let text = texts.get(protocol).or_else(|| texts.get("default"));
        text.and_then(Value::as_str).unwrap_or_default()
    }

    fn size(&self) -> usize {
        content::size(&self.text, &self.attributes)
    }
}

pub(super) fn publish(db: &Transaction<'_>, context: &Context<'_>) -> Result<Reply, ApiError> {
    let params = &context.params;
    params.refuse(&["PhoneNumber"])?;
    let arn = params.text("TopicArn").or_else(|| params.text("TargetArn"));
    let arn = arn.ok_or_else(|| invalid("TopicArn or TargetArn Reason: no value for required parameter"))?;
    let topic = Topic::get(db, arn)?;
    let mut message = checked(&topic, params)?;
    if message.size() > LARGEST {
        return Err(invalid("Message too long"));
    }
    accept(db, context, &topic, &mut message)?;
    let mut out = Writer::default();
    write_ids(&mut out, &message);
    Ok(Reply::Xml(out.finish()))
}

fn write_ids(out: &mut Writer, message: &Message) {
    out.text("MessageId", &message.id);
    if let Some(sequence) = &message.sequence {
        out.text("SequenceNumber", sequence);
    }
}

/// <https://docs.aws.amazon.com/sns/latest/api/API_PublishBatch.html>
pub(super) fn publish_batch(db: &Transaction<'_>, context: &Context<'_>) -> Result<Reply, ApiError> {
    let topic = Topic::get(db, context.params.required("TopicArn")?)?;
    let entries = context.params.members("PublishBatchRequestEntries");
    check_entries(&entries)?;
    let mut failed = Vec::new();
    let mut messages = Vec::new();
    for entry in entries {
        let id = entry.required("Id")?;
        match checked(&topic, &entry) {
            Ok(message) => messages.push((id, message)),
            Err(error) => failed.push((id, error)),
        }
    }
    if messages.iter().map(|(_, message)| message.size()).sum::<usize>() > LARGEST {
        return Err(ApiError::new(
            "BatchRequestTooLong",
            "The length of all the messages put together is more than the limit.",
        ));
    }
    for (_, message) in &mut messages {
        accept(db, context, &topic, message)?;
    }
    let mut out = Writer::default();
    out.list("Successful", &messages, |out, (id, message)| {
        out.text("Id", id);
        write_ids(out, message);
    });
    out.list("Failed", &failed, |out, (id, error)| {
        out.text("Id", id);
        out.text("Code", &error.code);
        out.text("Message", &error.message);
        out.text("SenderFault", "true");
    });
    Ok(Reply::Xml(out.finish()))
}

fn check_entries(entries: &[Params<'_>]) -> Result<(), ApiError> {
    if entries.is_empty() {
        return Err(ApiError::new(
            "EmptyBatchRequest",
            "The batch request doesn't contain any entries.",
        ));
    }
    if entries.len() > MOST_ENTRIES {
        return Err(ApiError::new(
            "TooManyEntriesInBatchRequest",
            "The batch request contains more entries than permissible.",
        ));
    }
    let mut ids = Vec::new();
    for entry in entries {
        let id = entry.required("Id")?;
        let allowed = |character: char| character.is_ascii_alphanumeric() || "-_".contains(character);
        if !(1..=80).contains(&id.len()) || !id.chars().all(allowed) {
            return Err(ApiError::new(
                "InvalidBatchEntryId",
                "The Id of a batch entry in a batch request doesn't abide by the specification.",
            ));
        }
        if ids.contains(&id) {
            return Err(ApiError::new(
                "BatchEntryIdsNotDistinct",
                "Two or more batch entries in the request have the same Id.",
            ));
        }
        ids.push(id);
    }
    Ok(())
}

/// Reads and checks one message, all but its size.
fn checked(topic: &Topic, params: &Params<'_>) -> Result<Message, ApiError> {
    let text = params.required("Message")?;
    if text.is_empty() {
        return Err(invalid("Empty message"));
    }
    if !content::is_valid_text(text) {
        return Err(invalid("Message Reason: Invalid characters found in message"));
    }
    let by_protocol = match params.text("MessageStructure") {
        None => None,
        Some("json") => Some(read_structure(text)?),
        Some(_) => return Err(invalid("MessageStructure")),
    };
    let subject = params.text("Subject");
    if subject.is_some_and(|subject| !is_subject(subject)) {
        return Err(invalid("Subject"));
    }
    let given = params.message_attributes();
    let attributes =
        content::attributes(&given, None).map_err(|error| ApiError::new("ParameterValueInvalid", error.message))?;
    let group = params.text("MessageGroupId").map(str::to_owned);
    Ok(Message {
        id: random::uuid(),
        sequence: None,
        text: text.to_owned(),
        by_protocol,
        subject: subject.map(str::to_owned),
        attributes,
        deduplication: deduplication(topic, params, text, group.is_some())?,
        group,
    })
}

fn read_structure(text: &str) -> Result<Map<String, Value>, ApiError> {
    let Ok(Value::Object(texts)) = serde_json::from_str(text) else {
        return Err(invalid("Message Structure - JSON message body failed to parse"));
    };
    if !texts.get("default").is_some_and(Value::is_string) {
        return Err(invalid("Message Structure - No default entry in JSON message body"));
    }
    // What is no text is left out, as AWS does.
    Ok(texts.into_iter().filter(|(_, text)| text.is_string()).collect())
}

/// ASCII that begins with a letter, number or punctuation mark, without line breaks, of less than 100 characters.
fn is_subject(subject: &str) -> bool {
    let printable = |character: char| (' '..='~').contains(&character);
    subject.len() <= 100
        && subject.chars().all(printable)
        && subject.chars().next().is_some_and(|first| first.is_ascii_graphic())
}

fn deduplication(topic: &Topic, params: &Params<'_>, text: &str, has_group: bool) -> Result<Option<String>, ApiError> {
    let given = params.text("MessageDeduplicationId");
    if !topic.is_fifo() {
        return match given {
            Some(_) => Err(invalid(
                "MessageDeduplicationId Reason: The request includes MessageDeduplicationId parameter that is not valid for this \
                 topic type",
            )),
            None => Ok(None),
        };
    }
    if !has_group {
        return Err(invalid("The MessageGroupId parameter is required for FIFO topics"));
    }
    match given {
        Some(id) => Ok(Some(id.to_owned())),
        None if topic.attribute("ContentBasedDeduplication") == Some("true") => {
            let sum = Sha256::digest(text.as_bytes());
            Ok(Some(sum.iter().map(|byte| format!("{byte:02x}")).collect()))
        }
        None => Err(invalid(
            "The topic should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly",
        )),
    }
}

/// From here on the message is the topic's; one that a FIFO topic had less than five minutes ago is not sent twice.
fn accept(db: &Transaction<'_>, context: &Context<'_>, topic: &Topic, message: &mut Message) -> Result<(), ApiError> {
    if topic.is_fifo() {
        if let Some((id, sequence)) = earlier(db, topic, message, context.now)? {
            message.id = id;
            message.sequence = Some(sequence_text(sequence));
            return Ok(());
        }
        let sequence = remember(db, topic, message, context.now)?;
        message.sequence = Some(sequence_text(sequence));
    }
    for subscription in Subscription::of_topic(db, topic, "", usize::MAX)? {
        if subscription.is_confirmed {
            deliver::to(db, context, &subscription, message)?;
        }
    }
    Ok(())
}

fn scope<'a>(topic: &Topic, message: &'a Message) -> &'a str {
    match topic.attribute("FifoThroughputScope") {
        Some("MessageGroup") => message.group.as_deref().unwrap_or_default(),
        _ => "",
    }
}

fn earlier(
    db: &Transaction<'_>,
    topic: &Topic,
    message: &Message,
    now: i64,
) -> Result<Option<(String, i64)>, StoreError> {
    db.prepare_cached("DELETE FROM sns_deduplication WHERE expires <= ?1")?
        .execute([now])?;
    Ok(db
        .prepare_cached(
            "SELECT message_id, sequence FROM sns_deduplication WHERE topic = ?1 AND scope = ?2 AND id = ?3",
        )?
        .query_row(params![topic.id, scope(topic, message), message.deduplication], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .optional()?)
}

/// Gives the message's number in the topic.
fn remember(db: &Transaction<'_>, topic: &Topic, message: &Message, now: i64) -> Result<i64, StoreError> {
    let sequence = db
        .prepare_cached("UPDATE sns_topic SET sequence = sequence + 1 WHERE id = ?1 RETURNING sequence")?
        .query_row([topic.id], |row| row.get(0))?;
    db.prepare_cached(
        "INSERT INTO sns_deduplication (topic, scope, id, message_id, sequence, expires) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?
    .execute(params![
        topic.id,
        scope(topic, message),
        message.deduplication,
        message.id,
        sequence,
        now.saturating_add(DEDUPLICATION)
    ])?;
    Ok(sequence)
}

/// Twenty digits, as AWS's.
fn sequence_text(sequence: i64) -> String {
    10_000_000_000_000_000_000_u64
        .saturating_add(sequence.unsigned_abs().saturating_mul(1000))
        .to_string()
}
