//! CloudWatch Logs: groups, streams and events.

mod events;
mod filter;
mod groups;
mod input;
mod pattern;
mod streams;
mod table;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use rusqlite::{Connection, Transaction};

use super::api::{ApiError, Call, Pending, Reply, Service};
use super::clock::{self, Millis};
use super::store::{Store, StoreError};
use input::Input;
use table::{Group, Stream};

/// The service.
pub struct Logs {
    store: Store,
}

impl Logs {
    /// Makes the tables and drops the events whose retention has passed.
    pub fn open(store: Store) -> Result<Self, StoreError> {
        store.ensure_schema(table::SCHEMA)?;
        store.write(drop_expired)?;
        Ok(Self { store })
    }

    /// Makes the log group and the log stream if they are not there.
    pub fn ensure_stream(&self, region: &str, group: &str, stream: &str) -> Result<(), StoreError> {
        self.store
            .write(|db| ensure_stream(db, region, group, stream, clock::now()).map(drop))
    }

    /// Appends events, in one transaction; makes group and stream if they are not there (any more). Empty messages, which
    /// CloudWatch Logs does not take, are left out.
    pub fn put(
        &self,
        region: &str,
        group: &str,
        stream: &str,
        events: Vec<(Millis, String)>,
    ) -> Result<(), StoreError> {
        self.store.write(|db| {
            let now = clock::now();
            let stream = ensure_stream(db, region, group, stream, now)?;
            let events = events
                .iter()
                .filter(|(_, message)| !message.is_empty())
                .map(|(at, message)| (at.cast_signed(), message.as_str()));
            events::append(db, stream, events, now)
        })
    }

    /// Is there such a log group?
    pub fn has_group(&self, region: &str, group: &str) -> Result<bool, StoreError> {
        self.store
            .read(|db| Group::find(db, region, group).map(|group| group.is_some()))
    }

    fn answer(&self, call: &Call) -> Result<Reply, ApiError> {
        match call.operation.as_str() {
            "CreateLogGroup" => self.write(groups::create, call),
            "DescribeLogGroups" => self.read(groups::describe, call),
            "DeleteLogGroup" => self.write(groups::delete, call),
            "PutRetentionPolicy" => self.write(groups::put_retention, call),
            "DeleteRetentionPolicy" => self.write(groups::delete_retention, call),
            "TagResource" => self.write(groups::tag, call),
            "UntagResource" => self.write(groups::untag, call),
            "ListTagsForResource" => self.read(groups::list_tags, call),
            "CreateLogStream" => self.write(streams::create, call),
            "DescribeLogStreams" => self.read(streams::describe, call),
            "DeleteLogStream" => self.write(streams::delete, call),
            "PutLogEvents" => self.write(events::put, call),
            "GetLogEvents" => self.read(events::get, call),
            "FilterLogEvents" => self.read(filter::filter, call),
            other => Err(ApiError::not_implemented("logs", other)),
        }
    }

    fn write(
        &self,
        operation: fn(&Transaction<'_>, &str, &Input<'_>) -> Result<Reply, ApiError>,
        call: &Call,
    ) -> Result<Reply, ApiError> {
        self.store.write(|db| operation(db, &call.region, &Input(&call.input)))
    }

    fn read(
        &self,
        operation: fn(&Connection, &str, &Input<'_>) -> Result<Reply, ApiError>,
        call: &Call,
    ) -> Result<Reply, ApiError> {
        self.store.read(|db| operation(db, &call.region, &Input(&call.input)))
    }
}

impl Service for Logs {
    fn call(&self, call: Call) -> Pending<'_, Result<Reply, ApiError>> {
        Box::pin(async move { self.answer(&call) })
    }
}

/// Gives the stream's id.
fn ensure_stream(
    db: &Transaction<'_>,
    region: &str,
    group: &str,
    stream: &str,
    now: Millis,
) -> Result<i64, StoreError> {
    let group = match Group::find(db, region, group)? {
        Some(group) => group.id,
        None => Group::insert(db, (region, group), "STANDARD", &BTreeMap::new(), now)?,
    };
    match Stream::find(db, group, stream)? {
        Some(stream) => Ok(stream),
        None => Stream::insert(db, group, stream, now),
    }
}

fn drop_expired(db: &Transaction<'_>) -> Result<(), StoreError> {
    db.execute(
        "DELETE FROM logs_event WHERE id IN (
            SELECT logs_event.id FROM logs_group
            JOIN logs_stream ON group_id = logs_group.id
            JOIN logs_event ON stream_id = logs_stream.id
            WHERE retention IS NOT NULL AND at < ?1 - retention * ?2)",
        [clock::now().cast_signed(), table::DAY],
    )?;
    Ok(())
}
