//! Sending: checks, deduplication, and the way into the queue.

use rusqlite::{Connection, OptionalExtension, Transaction, params};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::error::{invalid_parameter, invalid_value, missing};
use super::input::Input;
use super::messages::Message;
use super::request::Request;
use super::table::Queue;
use super::{content, digest};
use crate::local::api::ApiError;
use crate::local::random;
use crate::local::store::StoreError;

/// Within this, a deduplication id stands for one message, in milliseconds.
const DEDUPLICATION: i64 = 300_000;
/// Of the sequence numbers of FIFO queues: twenty digits.
const FIRST_SEQUENCE: u64 = 10_000_000_000_000_000_000;

/// A message on its way into a queue.
#[derive(Debug, Default)]
pub(super) struct Outgoing {
    pub(super) body: String,
    pub(super) attributes: Map<String, Value>,
    pub(super) trace: Option<String>,
    pub(super) group: Option<String>,
    pub(super) deduplication: Option<String>,
    /// In seconds, if it is not that of the queue.
    pub(super) delay: Option<i64>,
}

/// A message that is in the queue.
pub(super) struct Sent {
    pub(super) message_id: String,
    id: i64,
}

pub(super) fn send(db: &Transaction<'_>, request: &Request<'_>) -> Result<Value, ApiError> {
    let queue = request.queue(db)?;
    let outgoing = checked(&queue, &request.input)?;
    check_size(&queue, &outgoing)?;
    let sent = enqueue(db, &queue, &outgoing, request.now)?;
    Ok(answer(&queue, &outgoing, &sent).into())
}

/// What a send says of a message.
pub(super) fn answer(queue: &Queue, outgoing: &Outgoing, sent: &Sent) -> Map<String, Value> {
    let mut answer = Map::new();
    if let Some(sum) = digest::of_attributes(&outgoing.attributes) {
        answer.insert("MD5OfMessageAttributes".to_owned(), sum.into());
    }
    answer.insert("MD5OfMessageBody".to_owned(), digest::of_body(&outgoing.body).into());
    if let Some(trace) = &outgoing.trace {
        let system = json!({"AWSTraceHeader": {"DataType": "String", "StringValue": trace}});
        let sum = system.as_object().and_then(digest::of_attributes);
        answer.insert("MD5OfMessageSystemAttributes".to_owned(), sum.into());
    }
    answer.insert("MessageId".to_owned(), sent.message_id.clone().into());
    if queue.is_fifo() {
        answer.insert("SequenceNumber".to_owned(), sequence(sent.id).into());
    }
    answer
}

/// Reads and checks one message, all but its size.
pub(super) fn checked(queue: &Queue, input: &Input<'_>) -> Result<Outgoing, ApiError> {
    let body = input.required("MessageBody")?;
    content::check_body(body)?;
    let delay = input.number("DelaySeconds", 0, 900, "DelaySeconds must be >= 0 and <= 900.")?;
    let group = input.text("MessageGroupId")?;
    let deduplication = input.text("MessageDeduplicationId")?;
    for (name, id) in [("MessageGroupId", group), ("MessageDeduplicationId", deduplication)] {
        if id.is_some_and(|id| !is_id(id)) {
            return Err(invalid_value(
                name,
                id.unwrap_or_default(),
                &format!("{name} can only include alphanumeric and punctuation characters. 1 to 128 in length."),
            ));
        }
    }
    let deduplication = match (queue.is_fifo(), deduplication) {
        (false, Some(id)) => {
            let reason = "The request include parameter that is not valid for this queue type.";
            return Err(invalid_value("MessageDeduplicationId", id, reason));
        }
        (false, None) => None,
        (true, _) if group.is_none() => return Err(missing("MessageGroupId")),
        (true, _) if delay.is_some_and(|delay| delay > 0) => {
            let reason = "The request include parameter that is not valid for this queue type.";
            return Err(invalid_value("DelaySeconds", delay.unwrap_or(0), reason));
        }
        (true, Some(id)) => Some(id.to_owned()),
        (true, None) if queue.flag("ContentBasedDeduplication") => Some(sum_of(body)),
        (true, None) => {
            return Err(invalid_parameter(
                "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly",
            ));
        }
    };
    let attributes = match input.object("MessageAttributes")? {
        Some(given) => content::attributes(given, Some(content::MOST_ATTRIBUTES))?,
        None => Map::new(),
    };
    Ok(Outgoing {
        body: body.to_owned(),
        attributes,
        trace: trace_header(input)?,
        group: group.map(str::to_owned),
        deduplication,
        delay: delay.filter(|_| !queue.is_fifo()),
    })
}

/// The SHA-256 of a body, which is the deduplication id of messages without one.
pub(super) fn sum_of(body: &str) -> String {
    Sha256::digest(body.as_bytes())
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

fn is_id(id: &str) -> bool {
    (1..=128).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic())
}

/// The one system attribute that clients can send.
fn trace_header(input: &Input<'_>) -> Result<Option<String>, ApiError> {
    let Some(system) = input.object("MessageSystemAttributes")? else {
        return Ok(None);
    };
    let mut trace = None;
    for (name, attribute) in system {
        let attribute = Input(attribute);
        let value = attribute.text("StringValue")?.filter(|_| name == "AWSTraceHeader");
        if attribute.text("DataType")? != Some("String") || value.is_none() {
            return Err(invalid_parameter(format!(
                "Message system attribute '{name}' is invalid: only AWSTraceHeader, of the type String, can be sent."
            )));
        }
        trace = value.map(str::to_owned);
    }
    Ok(trace)
}

pub(super) fn check_size(queue: &Queue, outgoing: &Outgoing) -> Result<(), ApiError> {
    let most = queue.number("MaximumMessageSize");
    if size(outgoing) <= usize::try_from(most).unwrap_or(0) {
        return Ok(());
    }
    Err(invalid_parameter(format!(
        "One or more parameters are invalid. Reason: Message must be shorter than {most} bytes."
    )))
}

pub(super) fn size(outgoing: &Outgoing) -> usize {
    content::size(&outgoing.body, &outgoing.attributes)
}

/// Puts a message into the queue; one that a FIFO queue had less than five minutes ago is not there twice.
pub(super) fn enqueue(db: &Transaction<'_>, queue: &Queue, outgoing: &Outgoing, now: i64) -> Result<Sent, StoreError> {
    let scope = match queue.attributes.get("DeduplicationScope").map(String::as_str) {
        Some("messageGroup") => outgoing.group.as_deref().unwrap_or_default(),
        _ => "",
    };
    if let Some(id) = &outgoing.deduplication
        && let Some(earlier) = earlier(db, queue, scope, id, now)?
    {
        return Ok(earlier);
    }
    let delay = outgoing.delay.unwrap_or_else(|| queue.number("DelaySeconds"));
    let mut system = Map::new();
    let mut note = |name: &str, value: &Option<String>| {
        system.extend(value.as_ref().map(|value| (name.to_owned(), value.clone().into())));
    };
    note("AWSTraceHeader", &outgoing.trace);
    note("MessageDeduplicationId", &outgoing.deduplication);
    let message = Message {
        id: 0,
        message_id: random::uuid(),
        body: outgoing.body.clone(),
        attributes: outgoing.attributes.clone(),
        system,
        group: outgoing.group.clone(),
        sent: now,
        visible: now.saturating_add(delay * 1000),
        receives: 0,
        first_received: None,
        receipt: None,
    };
    let sent = Sent {
        id: message.insert(db, queue)?,
        message_id: message.message_id,
    };
    if let Some(id) = &outgoing.deduplication {
        remember(db, queue, (scope, id), &sent, now)?;
    }
    Ok(sent)
}

fn earlier(db: &Connection, queue: &Queue, scope: &str, id: &str, now: i64) -> Result<Option<Sent>, StoreError> {
    // All that is over goes, of whatever queue: the table never holds more than five minutes' worth.
    db.prepare_cached("DELETE FROM sqs_deduplication WHERE expires <= ?1")?
        .execute([now])?;
    Ok(db
        .prepare_cached(
            "SELECT message_id, sequence FROM sqs_deduplication WHERE queue = ?1 AND scope = ?2 AND id = ?3",
        )?
        .query_row(params![queue.id, scope, id], |row| {
            Ok(Sent {
                message_id: row.get(0)?,
                id: row.get(1)?,
            })
        })
        .optional()?)
}

fn remember(
    db: &Connection,
    queue: &Queue,
    (scope, id): (&str, &str),
    sent: &Sent,
    now: i64,
) -> Result<(), StoreError> {
    db.prepare_cached(
        "INSERT INTO sqs_deduplication (queue, scope, id, message_id, sequence, expires) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?
    .execute(params![
        queue.id,
        scope,
        id,
        sent.message_id,
        sent.id,
        now.saturating_add(DEDUPLICATION)
    ])?;
    Ok(())
}

/// The sequence number of a message, which grows as AWS's does, by 256.
pub(super) fn sequence(id: i64) -> String {
    FIRST_SEQUENCE
        .saturating_add(id.unsigned_abs().saturating_mul(256))
        .to_string()
}
