//! Log events: putting and getting them.

use rusqlite::{Connection, Transaction, params};
use serde_json::{Value, json};

use super::input::{INVALID, Input, bad_token, invalid};
use super::streams::sequence_token;
use super::table::{DAY, Group, Stream};
use crate::local::api::{ApiError, Reply};
use crate::local::clock::{self, Millis};
use crate::local::constraint::Violations;
use crate::local::store::StoreError;

/// The quotas of
/// [PutLogEvents](https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html), in bytes and events.
const MOST_BATCH: usize = 1_048_576;
const EVENT_OVERHEAD: usize = 26;
const MOST_EVENTS: usize = 10_000;
const TOO_OLD: i64 = 14 * DAY;
const TOO_NEW: i64 = DAY / 12;
/// What one answer holds at most, in bytes.
pub(super) const MOST_ANSWER: usize = 1_048_576;

/// An event as it is stored.
pub(super) struct Event {
    pub(super) id: i64,
    pub(super) at: i64,
    pub(super) ingested: i64,
    pub(super) message: String,
}

impl Event {
    /// A row of `id, at, ingested, message`.
    pub(super) fn read(row: &rusqlite::Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: row.get(0)?,
            at: row.get(1)?,
            ingested: row.get(2)?,
            message: row.get(3)?,
        })
    }
}

/// Writes events into a stream.
pub(super) fn append<'a>(
    db: &Transaction<'_>,
    stream: i64,
    events: impl Iterator<Item = (i64, &'a str)>,
    now: Millis,
) -> Result<(), StoreError> {
    let mut insert =
        db.prepare_cached("INSERT INTO logs_event (stream_id, at, ingested, message) VALUES (?1, ?2, ?3, ?4)")?;
    let mut bytes = 0;
    for (at, message) in events {
        insert.execute(params![stream, at, now.cast_signed(), message])?;
        bytes += message.len() + EVENT_OVERHEAD;
    }
    db.execute(
        "UPDATE logs_stream SET last_ingestion = ?2, bytes = bytes + ?3 WHERE id = ?1",
        params![stream, now.cast_signed(), i64::try_from(bytes).unwrap_or(i64::MAX)],
    )?;
    Ok(())
}

pub(super) fn put(db: &Transaction<'_>, region: &str, input: &Input<'_>) -> Result<Reply, ApiError> {
    let stream_name = input.stream_name()?;
    let events = read_events(input)?;
    let group = Group::get(db, region, input.group_name("logGroupName")?)?;
    let stream = Stream::get(db, &group, stream_name)?;

    let now = clock::now();
    let oldest = now.cast_signed() - TOO_OLD;
    let newest = now.cast_signed() + TOO_NEW;
    let horizon = group.horizon(now);
    // The events are in order: what is refused stands at the two ends.
    let expired = events.iter().take_while(|(at, _)| *at < horizon).count();
    let too_old = events.iter().take_while(|(at, _)| *at < oldest).count();
    let too_new = events.iter().position(|(at, _)| *at > newest);
    let first = expired.max(too_old);
    let accepted = events.get(first..too_new.unwrap_or(events.len())).unwrap_or_default();
    append(db, stream, accepted.iter().copied(), now)?;

    let mut output = json!({ "nextSequenceToken": sequence_token(stream) });
    let mut rejected = json!({});
    if let Some(start) = too_new {
        rejected["tooNewLogEventStartIndex"] = start.into();
    }
    if too_old > 0 {
        rejected["tooOldLogEventEndIndex"] = too_old.into();
    }
    if expired > 0 {
        rejected["expiredLogEventEndIndex"] = expired.into();
    }
    if rejected != json!({}) {
        output["rejectedLogEventsInfo"] = rejected;
    }
    Ok(Reply::Json(output))
}

/// The events of the input: time and message.
fn read_events<'a>(input: &Input<'a>) -> Result<Vec<(i64, &'a str)>, ApiError> {
    let list = input.list("logEvents")?.map(Vec::as_slice).unwrap_or_default();
    let mut violations = Violations::default();
    let size = list.len();
    violations.check(
        size >= 1,
        "logEvents",
        "[]",
        "Member must have length greater than or equal to 1",
    );
    let value = format!("[{size} events]");
    let constraint = format!("Member must have length less than or equal to {MOST_EVENTS}");
    violations.check(size <= MOST_EVENTS, "logEvents", &value, &constraint);
    let mut events = Vec::with_capacity(size.min(MOST_EVENTS));
    for (index, event) in list.iter().take(MOST_EVENTS).enumerate() {
        let member = |name| format!("logEvents.{}.member.{name}", index + 1);
        let event = Input(event);
        match (event.number("timestamp")?, event.text("message")?) {
            (Some(at), Some(message)) => {
                violations.range(&member("timestamp"), at, 0, i64::MAX);
                violations.length(&member("message"), message, 1, usize::MAX);
                events.push((at, message));
            }
            (None, _) => violations.missing(&member("timestamp")),
            (_, None) => violations.missing(&member("message")),
        }
    }
    violations.done(INVALID)?;
    check_batch(&events)?;
    Ok(events)
}

fn check_batch(events: &[(i64, &str)]) -> Result<(), ApiError> {
    let bytes: usize = events.iter().map(|(_, message)| message.len() + EVENT_OVERHEAD).sum();
    if bytes > MOST_BATCH {
        return Err(invalid(&format!(
            "Upload too large: {bytes} bytes exceeds limit of {MOST_BATCH}"
        )));
    }
    if !events.is_sorted_by_key(|(at, _)| *at) {
        return Err(invalid(
            "Log events in a single PutLogEvents request must be in chronological order.",
        ));
    }
    let span = match (events.first(), events.last()) {
        (Some((first, _)), Some((last, _))) => last - first,
        _ => 0,
    };
    if span > DAY {
        return Err(invalid(
            "The batch of log events in a single PutLogEvents request cannot span more than 24 hours.",
        ));
    }
    Ok(())
}

pub(super) fn get(db: &Connection, region: &str, input: &Input<'_>) -> Result<Reply, ApiError> {
    let stream_name = input.stream_name()?;
    let limit = input.limit(10_000)?;
    let cursor = input.text("nextToken")?.map(Cursor::read).transpose()?;
    let forward = match &cursor {
        Some(cursor) => cursor.forward,
        None => input.flag("startFromHead")?,
    };
    let group = Group::get(db, region, input.group()?)?;
    let stream = Stream::get(db, &group, stream_name)?;
    let start = input.number("startTime")?.unwrap_or(0).max(group.horizon(clock::now()));
    let end = input.number("endTime")?.unwrap_or(i64::MAX);

    let (comparison, order, from) = if forward {
        (">", "ASC", (0, 0))
    } else {
        ("<", "DESC", (i64::MAX, i64::MAX))
    };
    let (at, id) = cursor.as_ref().map_or(from, |cursor| (cursor.at, cursor.id));
    let mut statement = db.prepare_cached(&format!(
        "SELECT id, at, ingested, message FROM logs_event
         WHERE stream_id = ?1 AND at >= ?2 AND at < ?3 AND (at, id) {comparison} (?4, ?5)
         ORDER BY at {order}, id {order} LIMIT ?6"
    ))?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let rows = statement.query_map(params![stream, start, end, at, id, limit], Event::read)?;
    let mut events = within_answer(rows)?;
    if !forward {
        events.reverse();
    }

    let (next, previous) = Cursor::around(&events, cursor.as_ref());
    let views: Vec<Value> = events
        .iter()
        .map(|event| json!({ "timestamp": event.at, "message": event.message, "ingestionTime": event.ingested }))
        .collect();
    Ok(Reply::Json(json!({
        "events": views,
        "nextForwardToken": next.write(),
        "nextBackwardToken": previous.write(),
    })))
}

/// As many events as an answer holds, at least one.
fn within_answer(rows: impl Iterator<Item = rusqlite::Result<Event>>) -> Result<Vec<Event>, StoreError> {
    let mut events: Vec<Event> = Vec::new();
    let mut bytes = 0;
    for event in rows {
        let event = event?;
        bytes += event.message.len() + EVENT_OVERHEAD;
        if bytes > MOST_ANSWER && !events.is_empty() {
            break;
        }
        events.push(event);
    }
    Ok(events)
}

/// A place between two events, and the direction to read on in.
struct Cursor {
    forward: bool,
    at: i64,
    id: i64,
}

impl Cursor {
    /// Where to read on after this page and before it. At an end of the stream the token that led there stays the same.
    fn around(page: &[Event], came_by: Option<&Self>) -> (Self, Self) {
        let place = |forward, at, id| Self { forward, at, id };
        match (page.first(), page.last(), came_by) {
            (Some(first), Some(last), _) => (place(true, last.at, last.id), place(false, first.at, first.id)),
            // An empty page: on its other side is the event that the token names.
            (_, _, Some(cursor)) if cursor.forward => (
                place(true, cursor.at, cursor.id),
                place(false, cursor.at, cursor.id.saturating_add(1)),
            ),
            (_, _, Some(cursor)) => (
                place(true, cursor.at, cursor.id.saturating_sub(1)),
                place(false, cursor.at, cursor.id),
            ),
            _ => (place(true, 0, 0), place(false, 0, 0)),
        }
    }

    /// `f/` or `b/` and 56 digits, as AWS's look.
    fn write(&self) -> String {
        let direction = if self.forward { 'f' } else { 'b' };
        format!("{direction}/{:036}{:020}/s", self.at, self.id.max(0))
    }

    fn read(token: &str) -> Result<Self, ApiError> {
        let parse = || {
            let (direction, rest) = token.split_once('/')?;
            let digits = rest.strip_suffix("/s")?;
            let digits =
                Some(digits).filter(|digits| digits.len() == 56 && digits.bytes().all(|b| b.is_ascii_digit()))?;
            let (at, id) = digits.split_at_checked(36)?;
            Some(Self {
                forward: match direction {
                    "f" => true,
                    "b" => false,
                    _ => return None,
                },
                at: at.parse().ok()?,
                id: id.parse().ok()?,
            })
        };
        parse().ok_or_else(bad_token)
    }
}
