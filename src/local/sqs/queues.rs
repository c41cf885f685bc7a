//! Operations on queues: making, finding, changing, emptying and deleting them, and their tags.

use std::collections::BTreeMap;

use rusqlite::{Connection, Transaction};
use serde_json::{Value, json};

use super::error::{invalid_parameter, missing, no_such_queue};
use super::input::Input;
use super::request::Request;
use super::table::Queue;
use super::{attributes, messages};
use crate::local::api::{ACCOUNT, ApiError};
use crate::local::page;

/// A queue may be purged again after this, in milliseconds.
const PURGE_PAUSE: i64 = 60_000;
const MOST_TAGS: usize = 50;

pub(super) fn create(db: &Transaction<'_>, request: &Request<'_>) -> Result<Value, ApiError> {
    let name = request.input.required("QueueName")?;
    let given = request.input.map("Attributes")?;
    let is_fifo = given.contains(&("FifoQueue", "true"));
    check_name(name, is_fifo)?;
    let tags = checked_tags(BTreeMap::new(), &request.input, "tags")?;
    let mut queue = Queue {
        id: 0,
        region: request.region.to_owned(),
        name: name.to_owned(),
        created: request.now,
        modified: request.now,
        purged: None,
        attributes: BTreeMap::new(),
        tags,
    };
    attributes::set(db, &mut queue, &given, true)?;
    match Queue::find(db, request.region, name)? {
        None => queue.insert(db)?,
        Some(existing) => {
            if let Some(attribute) = attributes::first_difference(&existing, &queue, &given) {
                return Err(ApiError::new(
                    "QueueNameExists",
                    format!(
                        "A queue already exists with the same name and a different value for attribute {attribute}"
                    ),
                ));
            }
        }
    }
    Ok(json!({"QueueUrl": request.url(name)}))
}

fn check_name(name: &str, is_fifo: bool) -> Result<(), ApiError> {
    let allowed = |character: char| character.is_ascii_alphanumeric() || "-_".contains(character);
    let base = if is_fifo {
        name.strip_suffix(".fifo")
    } else {
        Some(name)
    };
    if name.len() <= 80 && base.is_some_and(|base| !base.is_empty() && base.chars().all(allowed)) {
        return Ok(());
    }
    Err(invalid_parameter(if is_fifo {
        "The name of a FIFO queue can only include alphanumeric characters, hyphens, or underscores, must end with .fifo \
         suffix and be 1 to 80 in length"
    } else {
        "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length"
    }))
}

pub(super) fn url(db: &Connection, request: &Request<'_>) -> Result<Value, ApiError> {
    let name = request.input.required("QueueName")?;
    let owner = request.input.text("QueueOwnerAWSAccountId")?.unwrap_or(ACCOUNT);
    if owner != ACCOUNT {
        return Err(no_such_queue());
    }
    let queue = Queue::get(db, request.region, name)?;
    Ok(json!({"QueueUrl": request.url(&queue.name)}))
}

pub(super) fn list(db: &Connection, request: &Request<'_>) -> Result<Value, ApiError> {
    let prefix = request.input.text("QueueNamePrefix")?.unwrap_or_default();
    let find = |after: &str, most| Queue::names(db, request.region, (prefix, after), most);
    paged(request, "QueueUrls", find)
}

pub(super) fn list_sources(db: &Connection, request: &Request<'_>) -> Result<Value, ApiError> {
    let queue = request.queue(db)?;
    paged(request, "queueUrls", |after, most| queue.sources(db, after, most))
}

/// Pages only if the caller asked for a size of pages.
fn paged(
    request: &Request<'_>,
    member: &str,
    find: impl Fn(&str, i64) -> Result<Vec<String>, crate::local::store::StoreError>,
) -> Result<Value, ApiError> {
    let asked = request.input.number(
        "MaxResults",
        1,
        1000,
        "MaxResults must be an integer between 1 and 1000.",
    )?;
    let token = request.input.text("NextToken")?;
    if token.is_some() && asked.is_none() {
        return Err(missing("MaxResults"));
    }
    let bad_token = || invalid_parameter("Invalid or expired next token.");
    let after = token.map_or(Ok(String::new()), |token| page::decode(token).ok_or_else(bad_token))?;
    let most = asked.unwrap_or(1000);
    let mut names = find(&after, most + 1)?;
    let more = i64::try_from(names.len()).unwrap_or(0) > most;
    names.truncate(usize::try_from(most).unwrap_or(1000));
    let next = names
        .last()
        .filter(|_| more && asked.is_some())
        .map(|last| page::encode(last));
    let mut answer = serde_json::Map::new();
    if !names.is_empty() {
        let urls: Vec<String> = names.iter().map(|name| request.url(name)).collect();
        answer.insert(member.to_owned(), urls.into());
    }
    answer.extend(next.map(|token| ("NextToken".to_owned(), token.into())));
    Ok(answer.into())
}

pub(super) fn delete(db: &Transaction<'_>, request: &Request<'_>) -> Result<Value, ApiError> {
    request.queue(db)?.delete(db)?;
    Ok(Value::Null)
}

pub(super) fn purge(db: &Transaction<'_>, request: &Request<'_>) -> Result<Value, ApiError> {
    let mut queue = request.queue(db)?;
    if queue.purged.is_some_and(|purged| request.now - purged < PURGE_PAUSE) {
        return Err(ApiError::new(
            "PurgeQueueInProgress",
            format!(
                "Only one PurgeQueue operation on {} is allowed every 60 seconds.",
                queue.name
            ),
        ));
    }
    messages::purge(db, &queue)?;
    queue.purged = Some(request.now);
    queue.update(db)?;
    Ok(Value::Null)
}

pub(super) fn get_attributes(db: &Connection, request: &Request<'_>) -> Result<Value, ApiError> {
    let queue = request.queue(db)?;
    let names = request.input.texts("AttributeNames")?;
    let found = attributes::answer(db, &queue, &names, request.now)?;
    Ok(if found.is_empty() {
        json!({})
    } else {
        json!({"Attributes": found})
    })
}

pub(super) fn set_attributes(db: &Transaction<'_>, request: &Request<'_>) -> Result<Value, ApiError> {
    let mut queue = request.queue(db)?;
    let given = request.input.map("Attributes")?;
    if given.is_empty() {
        return Err(missing("Attribute.Name"));
    }
    attributes::set(db, &mut queue, &given, false)?;
    queue.modified = request.now;
    queue.update(db)?;
    Ok(Value::Null)
}

pub(super) fn tag(db: &Transaction<'_>, request: &Request<'_>) -> Result<Value, ApiError> {
    let mut queue = request.queue(db)?;
    if request.input.map("Tags")?.is_empty() {
        return Err(missing("Tags"));
    }
    queue.tags = checked_tags(queue.tags, &request.input, "Tags")?;
    queue.update(db)?;
    Ok(Value::Null)
}

pub(super) fn untag(db: &Transaction<'_>, request: &Request<'_>) -> Result<Value, ApiError> {
    let mut queue = request.queue(db)?;
    let keys = request.input.texts("TagKeys")?;
    if keys.is_empty() {
        return Err(missing("TagKeys"));
    }
    queue.tags.retain(|key, _| !keys.contains(&key.as_str()));
    queue.update(db)?;
    Ok(Value::Null)
}

pub(super) fn list_tags(db: &Connection, request: &Request<'_>) -> Result<Value, ApiError> {
    let queue = request.queue(db)?;
    Ok(if queue.tags.is_empty() {
        json!({})
    } else {
        json!({"Tags": queue.tags})
    })
}

/// The rules of [tags](https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-queue-tags.html).
fn checked_tags(
    mut tags: BTreeMap<String, String>,
    input: &Input<'_>,
    member: &str,
) -> Result<BTreeMap<String, String>, ApiError> {
    for (key, value) in input.map(member)? {
        let length = key.chars().count();
        if !(1..=128).contains(&length) || value.chars().count() > 256 {
            return Err(invalid_parameter(
                "Tag keys must be between 1 and 128 characters in length, tag values at most 256.",
            ));
        }
        if key.to_ascii_lowercase().starts_with("aws:") {
            return Err(invalid_parameter("Tag keys cannot start with aws:."));
        }
        tags.insert(key.to_owned(), value.to_owned());
    }
    if tags.len() > MOST_TAGS {
        return Err(invalid_parameter("Too many tags added for queue."));
    }
    Ok(tags)
}
