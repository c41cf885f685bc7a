//! Receipt handles: which message of which queue, and which of the times it was received.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::messages::Message;
use super::table::Queue;
use crate::local::api::ApiError;

/// A receipt handle, taken apart.
pub(super) struct Handle {
    /// Of the message.
    pub(super) id: i64,
    pub(super) receipt: String,
}

/// The handle of a message that was just received.
pub(super) fn of(queue: &Queue, message: &Message) -> String {
    let receipt = message.receipt.as_deref().unwrap_or_default();
    STANDARD.encode(format!("{} {} {receipt} {}", queue.id, message.id, message.message_id))
}

/// Takes a handle of that queue apart.
pub(super) fn read(queue: &Queue, text: &str) -> Result<Handle, ApiError> {
    parse(queue, text).ok_or_else(|| {
        ApiError::new(
            "ReceiptHandleIsInvalid",
            format!("The input receipt handle \"{text}\" is not a valid receipt handle."),
        )
    })
}

fn parse(queue: &Queue, text: &str) -> Option<Handle> {
    let plain = String::from_utf8(STANDARD.decode(text).ok()?).ok()?;
    let mut parts = plain.split(' ');
    let of_queue: i64 = parts.next()?.parse().ok()?;
    let handle = Handle {
        id: parts.next()?.parse().ok()?,
        receipt: parts.next()?.to_owned(),
    };
    (of_queue == queue.id).then_some(handle)
}
