//! Batches: up to ten entries, each of which succeeds or fails by itself.

use rusqlite::Transaction;
use serde_json::{Map, Value, json};

use super::in_flight;
use super::input::Input;
use super::request::Request;
use super::send;
use super::table::Queue;
use crate::local::api::ApiError;

const MOST_ENTRIES: usize = 10;
/// Of all messages of a batch, in bytes.
const LARGEST: usize = 1_048_576;

pub(super) fn send(db: &Transaction<'_>, request: &Request<'_>) -> Result<Value, ApiError> {
    let queue = request.queue(db)?;
    let entries = entries(request, "SendMessageBatchRequestEntry")?;
    let size: usize = entries.iter().map(|(_, entry)| size(entry)).sum();
    if size > LARGEST {
        return Err(ApiError::new(
            "BatchRequestTooLong",
            format!("Batch requests cannot be longer than {LARGEST} bytes. You have sent {size} bytes."),
        ));
    }
    each(entries, |entry| {
        let outgoing = send::checked(&queue, entry)?;
        send::check_size(&queue, &outgoing)?;
        let sent = send::enqueue(db, &queue, &outgoing, request.now)?;
        Ok(send::answer(&queue, &outgoing, &sent))
    })
}

/// What counts of an entry, whether or not it can be sent.
fn size(entry: &Input<'_>) -> usize {
    let body = entry.text("MessageBody").ok().flatten().unwrap_or_default();
    let attributes = entry.object("MessageAttributes").ok().flatten();
    super::content::size(body, attributes.unwrap_or(&Map::new()))
}

pub(super) fn delete(db: &Transaction<'_>, request: &Request<'_>) -> Result<Value, ApiError> {
    on_messages(db, request, "DeleteMessageBatchRequestEntry", in_flight::delete_one)
}

pub(super) fn change(db: &Transaction<'_>, request: &Request<'_>) -> Result<Value, ApiError> {
    on_messages(
        db,
        request,
        "ChangeMessageVisibilityBatchRequestEntry",
        in_flight::change_one,
    )
}

fn on_messages(
    db: &Transaction<'_>,
    request: &Request<'_>,
    kind: &str,
    one: fn(&Transaction<'_>, &Queue, &Input<'_>, i64) -> Result<(), ApiError>,
) -> Result<Value, ApiError> {
    let queue = request.queue(db)?;
    each(entries(request, kind)?, |entry| {
        one(db, &queue, entry, request.now).map(|()| Map::new())
    })
}

/// The entries with their ids, of which each is there once.
fn entries<'a>(request: &Request<'a>, kind: &str) -> Result<Vec<(&'a str, Input<'a>)>, ApiError> {
    let list = request.input.list("Entries")?;
    if list.is_empty() {
        return Err(ApiError::new(
            "EmptyBatchRequest",
            format!("There should be at least one {kind} in the request."),
        ));
    }
    if list.len() > MOST_ENTRIES {
        return Err(ApiError::new(
            "TooManyEntriesInBatchRequest",
            format!(
                "Maximum number of entries per request are {MOST_ENTRIES}. You have sent {}.",
                list.len()
            ),
        ));
    }
    let mut entries: Vec<(&str, Input<'_>)> = Vec::new();
    for entry in list {
        let id = Input(entry).required("Id")?;
        let allowed = |character: char| character.is_ascii_alphanumeric() || "-_".contains(character);
        if id.len() > 80 || !id.chars().all(allowed) {
            return Err(ApiError::new(
                "InvalidBatchEntryId",
                "A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 \
                 letters long.",
            ));
        }
        if entries.iter().any(|(earlier, _)| *earlier == id) {
            return Err(ApiError::new("BatchEntryIdsNotDistinct", format!("Id {id} repeated.")));
        }
        entries.push((id, Input(entry)));
    }
    Ok(entries)
}

/// An error that is not the caller's ends the whole batch, which then has changed nothing.
fn each(
    entries: Vec<(&str, Input<'_>)>,
    mut one: impl FnMut(&Input<'_>) -> Result<Map<String, Value>, ApiError>,
) -> Result<Value, ApiError> {
    let (mut successful, mut failed) = (Vec::new(), Vec::new());
    for (id, entry) in entries {
        match one(&entry) {
            Ok(mut answer) => {
                answer.insert("Id".to_owned(), id.into());
                successful.push(Value::Object(answer));
            }
            Err(error) if error.status >= 500 || error.code == "SerializationException" => return Err(error),
            Err(error) => failed.push(json!({
                "Id": id,
                "SenderFault": true,
                "Code": super::error::query_code(&error.code),
                "Message": error.message,
            })),
        }
    }
    let mut answer = Map::new();
    for (name, list) in [("Successful", successful), ("Failed", failed)] {
        if !list.is_empty() {
            answer.insert(name.to_owned(), list.into());
        }
    }
    Ok(answer.into())
}
