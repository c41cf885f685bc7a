//! Log streams: making, listing, deleting them.

use rusqlite::{Connection, Transaction};
use serde_json::{Value, json};

use super::groups::NO_OUTPUT;
use super::input::{INVALID, Input, invalid};
use super::table::{Group, Stream};
use crate::local::api::{ApiError, Reply};
use crate::local::clock;
use crate::local::constraint::Violations;

pub(super) fn create(db: &Transaction<'_>, region: &str, input: &Input<'_>) -> Result<Reply, ApiError> {
    let name = input.stream_name()?;
    let group = Group::get(db, region, input.group_name("logGroupName")?)?;
    if Stream::find(db, group.id, name)?.is_some() {
        return Err(ApiError::new(
            "ResourceAlreadyExistsException",
            "The specified log stream already exists",
        ));
    }
    Stream::insert(db, group.id, name, clock::now())?;
    Ok(NO_OUTPUT)
}

pub(super) fn delete(db: &Transaction<'_>, region: &str, input: &Input<'_>) -> Result<Reply, ApiError> {
    let name = input.stream_name()?;
    let group = Group::get(db, region, input.group_name("logGroupName")?)?;
    let stream = Stream::get(db, &group, name)?;
    db.execute("DELETE FROM logs_stream WHERE id = ?1", [stream])?;
    Ok(NO_OUTPUT)
}

pub(super) fn describe(db: &Connection, region: &str, input: &Input<'_>) -> Result<Reply, ApiError> {
    let prefix = input.text("logStreamNamePrefix")?;
    let order = input.text("orderBy")?.unwrap_or("LogStreamName");
    let mut violations = Violations::default();
    violations.check(
        matches!(order, "LogStreamName" | "LastEventTime"),
        "orderBy",
        order,
        "Member must satisfy enum value set: [LogStreamName, LastEventTime]",
    );
    violations.done(INVALID)?;
    let by_time = order == "LastEventTime";
    if by_time && prefix.is_some() {
        return Err(invalid("Cannot order by LastEventTime with a logStreamNamePrefix."));
    }
    let descending = input.flag("descending")?;
    let page = input.page(descending)?;
    let group = Group::get(db, region, input.group()?)?;

    let mut streams: Vec<(String, Stream)> = Stream::all(db, &group)?
        .into_iter()
        .filter(|stream| prefix.is_none_or(|prefix| stream.name.starts_with(prefix)))
        .map(|stream| (sort_key(&stream, by_time), stream))
        .collect();
    streams.sort_by(|(one, _), (other, _)| one.cmp(other));
    if descending {
        streams.reverse();
    }
    let (streams, token) = page.of(streams, |(key, _)| key);
    let views: Vec<Value> = streams.iter().map(|(_, stream)| view(&group, stream)).collect();
    let mut output = json!({ "logStreams": views });
    if let Some(token) = token {
        output["nextToken"] = token.into();
    }
    Ok(Reply::Json(output))
}

fn sort_key(stream: &Stream, by_time: bool) -> String {
    let time = if by_time { stream.last_event.unwrap_or(0) } else { 0 };
    format!("{time:020}{}", stream.name)
}

fn view(group: &Group, stream: &Stream) -> Value {
    let mut view = json!({
        "arn": format!("{}:log-stream:{}", group.arn(), stream.name),
        "creationTime": stream.created,
        "logStreamName": stream.name,
        // AWS gives 0 here for every stream since 2019.
        "storedBytes": 0,
        "uploadSequenceToken": sequence_token(stream.id),
    });
    for (member, time) in [
        ("firstEventTimestamp", stream.first_event),
        ("lastEventTimestamp", stream.last_event),
        ("lastIngestionTime", stream.last_ingestion),
    ] {
        if let Some(time) = time {
            view[member] = time.into();
        }
    }
    view
}

/// AWS still gives these and looks at none that it gets.
pub(super) fn sequence_token(stream_id: i64) -> String {
    format!("{stream_id:056}")
}
