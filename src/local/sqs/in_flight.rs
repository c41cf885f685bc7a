//! What is done with messages in flight: deleting them, and changing until when they are.

use rusqlite::Transaction;
use serde_json::Value;

use super::error::{invalid_value, missing};
use super::handle::{self, Handle};
use super::input::Input;
use super::messages::{self, Message};
use super::receive::VISIBILITY;
use super::request::Request;
use super::table::Queue;
use crate::local::api::ApiError;

/// A message can be in flight for twelve hours from when it was received, in milliseconds.
const LONGEST: i64 = 43_200_000;

pub(super) fn delete(db: &Transaction<'_>, request: &Request<'_>) -> Result<Value, ApiError> {
    delete_one(db, &request.queue(db)?, &request.input, request.now)?;
    Ok(Value::Null)
}

/// Deletes the message of a `ReceiptHandle`. One that is gone already is no error.
///
/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_DeleteMessage.html>
pub(super) fn delete_one(db: &Transaction<'_>, queue: &Queue, input: &Input<'_>, now: i64) -> Result<(), ApiError> {
    let text = input.required("ReceiptHandle")?;
    let Handle { id, receipt } = handle::read(queue, text)?;
    let Some(message) = Message::find(db, queue, id)? else {
        return Ok(());
    };
    let is_latest = message.receipt.as_ref() == Some(&receipt);
    if queue.is_fifo() && (!is_latest || message.visible <= now) {
        let reason = "The receipt handle has expired.";
        return Err(invalid_value("ReceiptHandle", text, reason));
    }
    // A standard queue takes an old handle, but the message that was received again since then stays.
    if is_latest {
        message.delete(db)?;
        refresh(db, queue, &message)?;
    }
    Ok(())
}

pub(super) fn change(db: &Transaction<'_>, request: &Request<'_>) -> Result<Value, ApiError> {
    change_one(db, &request.queue(db)?, &request.input, request.now)?;
    Ok(Value::Null)
}

/// Changes for how long from now the message of a `ReceiptHandle` is in flight.
pub(super) fn change_one(db: &Transaction<'_>, queue: &Queue, input: &Input<'_>, now: i64) -> Result<(), ApiError> {
    let text = input.required("ReceiptHandle")?;
    let seconds = input
        .number("VisibilityTimeout", 0, 43_200, VISIBILITY)?
        .ok_or_else(|| missing("VisibilityTimeout"))?;
    let Handle { id, receipt } = handle::read(queue, text)?;
    let found = Message::find(db, queue, id)?.filter(|message| message.receipt.as_ref() == Some(&receipt));
    let Some(message) = found else {
        let reason = "Message does not exist or is not available for visibility timeout change.";
        return Err(invalid_value("ReceiptHandle", text, reason));
    };
    if message.visible <= now {
        return Err(ApiError::new(
            "MessageNotInflight",
            "The specified message isn't in flight.",
        ));
    }
    let until = now.saturating_add(seconds * 1000);
    if until - message.received(db)?.unwrap_or(now) > LONGEST {
        let reason = "Total VisibilityTimeout for the message is beyond the limit [43200 seconds]";
        return Err(invalid_value("VisibilityTimeout", seconds, reason));
    }
    message.set_visible(db, until)?;
    refresh(db, queue, &message)?;
    Ok(())
}

fn refresh(db: &Transaction<'_>, queue: &Queue, message: &Message) -> Result<(), ApiError> {
    if let Some(group) = message.group.as_ref().filter(|_| queue.is_fifo()) {
        messages::refresh_group(db, queue, group)?;
    }
    Ok(())
}
