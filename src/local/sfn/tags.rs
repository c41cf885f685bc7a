//! Tags of state machines.

use rusqlite::{Connection, params};
use serde_json::{Value, json};

use super::States;
use super::machine_rows::{self, Machine};
use super::request::{Request, text};
use crate::local::api::{ApiError, Call};
use crate::local::store::StoreError;

/// At most so many tags on a resource.
const MOST: usize = 50;

impl States {
    /// TagResource.
    pub(super) fn tag_resource(&self, call: &Call) -> Result<Value, ApiError> {
        let mut request = Request::new(&call.input);
        let arn = request.required("resourceArn", text(256));
        let tags = read(&mut request, "tags");
        if request.raw("tags").is_none() {
            request.violate("Value null at 'tags' failed to satisfy constraint: Member must not be null".to_owned());
        }
        request.finish()?;
        check(&tags)?;
        self.shared.store.write(|transaction| {
            let machine = tagged(transaction, arn)?;
            put(transaction, machine.id, &tags)?;
            if list(transaction, machine.id)?.len() > MOST {
                return Err(too_many(arn));
            }
            Ok(json!({}))
        })
    }

    /// UntagResource: keys that are not there are no error.
    pub(super) fn untag_resource(&self, call: &Call) -> Result<Value, ApiError> {
        let mut request = Request::new(&call.input);
        let arn = request.required("resourceArn", text(256));
        let keys = request.list("tagKeys");
        request.finish()?;
        self.shared.store.write(|transaction| {
            let machine = tagged(transaction, arn)?;
            for key in keys.iter().filter_map(Value::as_str) {
                transaction
                    .execute(
                        "DELETE FROM sfn_tags WHERE machine = ?1 AND key = ?2",
                        params![machine.id, key],
                    )
                    .map_err(StoreError::from)?;
            }
            Ok(json!({}))
        })
    }

    /// ListTagsForResource, in the order in which they were put there.
    pub(super) fn list_tags_for_resource(&self, call: &Call) -> Result<Value, ApiError> {
        let mut request = Request::new(&call.input);
        let arn = request.required("resourceArn", text(256));
        request.finish()?;
        let tags = self.shared.store.read(|connection| {
            let machine = tagged(connection, arn)?;
            Ok::<_, ApiError>(list(connection, machine.id)?)
        })?;
        let tags: Vec<Value> = tags
            .into_iter()
            .map(|(key, value)| json!({"key": key, "value": value}))
            .collect();
        Ok(json!({"tags": tags}))
    }
}

/// Reads a list of tags; of a key that comes twice, the last counts.
pub(super) fn read<'a>(request: &mut Request<'a>, member: &str) -> Vec<(&'a str, &'a str)> {
    let mut tags: Vec<(&str, &str)> = Vec::new();
    for (at, tag) in (1..).zip(request.list(member)) {
        let part = |name: &str| tag.get(name).and_then(Value::as_str).unwrap_or_default();
        let (key, value) = (part("key"), part("value"));
        let place = format!("{member}.{at}.member");
        if key.is_empty() {
            request.violate(format!(
                "Value '{key}' at '{place}.key' failed to satisfy constraint: Member must have length greater than or equal to 1"
            ));
        }
        for (name, found, most) in [("key", key, 128), ("value", value, 256)] {
            if found.chars().count() > most {
                request.violate(format!(
                    "Value '{found}' at '{place}.{name}' failed to satisfy constraint: Member must have length less than or equal to {most}"
                ));
            }
        }
        tags.retain(|(known, _)| *known != key);
        tags.push((key, value));
    }
    tags
}

/// Checks characters, prefix and number of tags that are to be put on a resource.
/// See <https://docs.aws.amazon.com/step-functions/latest/apireference/API_Tag.html>.
pub(super) fn check(tags: &[(&str, &str)]) -> Result<(), ApiError> {
    let allowed = |c: char| c.is_alphanumeric() || c.is_whitespace() || "_.:/=+-@".contains(c);
    for (key, value) in tags {
        if key.to_ascii_lowercase().starts_with("aws:") {
            return Err(ApiError::new(
                "ValidationException",
                format!("Tag keys must not begin with 'aws:', which is reserved: '{key}'"),
            ));
        }
        if !key.chars().chain(value.chars()).all(allowed) {
            return Err(ApiError::new(
                "ValidationException",
                format!("Invalid characters in the tag '{key}'"),
            ));
        }
    }
    if tags.len() > MOST { Err(too_many("")) } else { Ok(()) }
}

/// Puts tags on a state machine, over those of the same keys.
pub(super) fn put(connection: &Connection, machine: i64, tags: &[(&str, &str)]) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached(
        "INSERT INTO sfn_tags (machine, key, value) VALUES (?1, ?2, ?3) ON CONFLICT (machine, key) DO UPDATE SET value = excluded.value",
    )?;
    for (key, value) in tags {
        statement.execute(params![machine, key, value])?;
    }
    Ok(())
}

fn list(connection: &Connection, machine: i64) -> Result<Vec<(String, String)>, StoreError> {
    let mut statement = connection.prepare_cached("SELECT key, value FROM sfn_tags WHERE machine = ?1 ORDER BY id")?;
    let rows = statement.query_map([machine], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The state machine that bears the tags.
fn tagged(connection: &Connection, arn: &str) -> Result<Machine, ApiError> {
    if !arn.starts_with("arn:") {
        return Err(ApiError::new(
            "InvalidArn",
            format!("Invalid Arn: 'Invalid ARN prefix: {arn}'"),
        ));
    }
    machine_rows::find(connection, arn)?
        .ok_or_else(|| ApiError::new("ResourceNotFound", format!("Resource not found: '{arn}'")))
}

fn too_many(arn: &str) -> ApiError {
    ApiError::new("TooManyTags", format!("A resource has at most {MOST} tags: '{arn}'"))
}
