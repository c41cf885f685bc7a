//! FilterLogEvents: searching the events of a group.

use rusqlite::{Connection, params};
use serde_json::{Value, json};

use super::events::{Event, MOST_ANSWER};
use super::input::{Input, bad_token, invalid};
use super::pattern::Pattern;
use super::table::{Group, Stream};
use crate::local::api::{ApiError, Reply};
use crate::local::{clock, page};

pub(super) fn filter(db: &Connection, region: &str, input: &Input<'_>) -> Result<Reply, ApiError> {
    let pattern = Pattern::parse(input.text("filterPattern")?.unwrap_or_default())?;
    let limit = input.limit(10_000)?;
    if input.0.get("startFromHead").and_then(Value::as_bool) == Some(false) {
        return Err(ApiError::not_implemented(
            "logs",
            "FilterLogEvents from the latest event",
        ));
    }
    let (from_at, from_id) = input.text("nextToken")?.map_or(Ok((-1, -1)), read_token)?;
    let group = Group::get(db, region, input.group()?)?;
    let streams = wanted_streams(db, &group, input)?;
    let start = input.number("startTime")?.unwrap_or(0).max(group.horizon(clock::now()));
    let end = input.number("endTime")?.unwrap_or(i64::MAX);

    let mut statement = db.prepare_cached(
        "SELECT logs_event.id, at, ingested, message, stream_id
         FROM logs_event JOIN logs_stream ON logs_stream.id = stream_id
         WHERE group_id = ?1 AND at >= ?2 AND at <= ?3 AND (at, logs_event.id) > (?4, ?5)
         ORDER BY at, logs_event.id",
    )?;
    let mut rows = statement.query(params![group.id, start, end, from_at, from_id])?;
    let mut found = Vec::new();
    let mut last = (from_at, from_id);
    let mut bytes = 0;
    let mut token = None;
    while let Some(row) = rows.next()? {
        let stream: i64 = row.get(4)?;
        let Some(stream) = streams.iter().find(|wanted| wanted.id == stream) else {
            continue;
        };
        let event = Event::read(row)?;
        if !pattern.matches(&event.message) {
            continue;
        }
        bytes += event.message.len();
        // There is one more than the answer takes: the next page begins with it.
        if found.len() == limit || (bytes > MOST_ANSWER && !found.is_empty()) {
            token = Some(page::encode(&format!("{}:{}", last.0, last.1)));
            break;
        }
        last = (event.at, event.id);
        found.push(view(&event, stream));
    }
    let mut output = json!({ "events": found, "searchedLogStreams": [] });
    if let Some(token) = token {
        output["nextToken"] = token.into();
    }
    Ok(Reply::Json(output))
}

fn view(event: &Event, stream: &Stream) -> Value {
    json!({
        "eventId": format!("{:056}", event.id),
        "ingestionTime": event.ingested,
        "logStreamName": stream.name,
        "message": event.message,
        "timestamp": event.at,
    })
}

fn wanted_streams(db: &Connection, group: &Group, input: &Input<'_>) -> Result<Vec<Stream>, ApiError> {
    let names = input.texts("logStreamNames")?;
    let prefix = input.text("logStreamNamePrefix")?;
    if names.is_some() && prefix.is_some() {
        return Err(invalid(
            "Cannot specify both logStreamNames and logStreamNamePrefix in the same request.",
        ));
    }
    for name in names.iter().flatten() {
        Stream::get(db, group, name)?;
    }
    let mut streams = Stream::all(db, group)?;
    streams.retain(|stream| {
        names.as_ref().is_none_or(|names| names.contains(&stream.name.as_str()))
            && prefix.is_none_or(|prefix| stream.name.starts_with(prefix))
    });
    Ok(streams)
}

fn read_token(token: &str) -> Result<(i64, i64), ApiError> {
    let parse = || {
        let key = page::decode(token)?;
        let (at, id) = key.split_once(':')?;
        Some((at.parse().ok()?, id.parse().ok()?))
    };
    parse().ok_or_else(bad_token)
}
