//! Messages as they are stored, and the message groups of FIFO queues.

use rusqlite::{Connection, OptionalExtension, Row, params};
use serde_json::{Map, Value};

use super::table::Queue;
use crate::local::store::StoreError;

const COLUMNS: &str = "id, message_id, body, attributes, system, grp, sent, visible, receives, first_received, receipt";

/// A message in a queue.
#[derive(Clone, Debug)]
pub(super) struct Message {
    pub(super) id: i64,
    pub(super) message_id: String,
    pub(super) body: String,
    pub(super) attributes: Map<String, Value>,
    /// `AWSTraceHeader`, `MessageDeduplicationId`, `DeadLetterQueueSourceArn`.
    pub(super) system: Map<String, Value>,
    pub(super) group: Option<String>,
    pub(super) sent: i64,
    pub(super) visible: i64,
    pub(super) receives: i64,
    pub(super) first_received: Option<i64>,
    /// Of the last time it was received.
    pub(super) receipt: Option<String>,
}

impl Message {
    /// Adds it to a queue, under an id of that queue's; gives the id.
    pub(super) fn insert(&self, db: &Connection, queue: &Queue) -> Result<i64, StoreError> {
        db.prepare_cached(
            "INSERT INTO sqs_message (queue, message_id, body, attributes, system, grp, sent, visible, receives, first_received)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        )?
        .execute(params![
            queue.id,
            self.message_id,
            self.body,
            serde_json::to_string(&self.attributes)?,
            serde_json::to_string(&self.system)?,
            self.group,
            self.sent,
            self.visible,
            self.receives,
            self.first_received,
        ])?;
        let id = db.last_insert_rowid();
        if let Some(group) = self.group.as_ref().filter(|_| queue.is_fifo()) {
            // If the group has messages already, its first one stays the first one.
            db.prepare_cached("INSERT INTO sqs_group (queue, name, ready) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING")?
                .execute(params![queue.id, group, self.visible])?;
        }
        Ok(id)
    }

    pub(super) fn find(db: &Connection, queue: &Queue, id: i64) -> Result<Option<Self>, StoreError> {
        db.prepare_cached(&format!(
            "SELECT {COLUMNS} FROM sqs_message WHERE id = ?1 AND queue = ?2"
        ))?
        .query_row([id, queue.id], |row| Ok(Self::read(row)))
        .optional()?
        .transpose()
    }

    /// Messages of a standard queue that can be received now, those that could be for longest first.
    pub(super) fn ready(db: &Connection, queue: &Queue, now: i64, most: usize) -> Result<Vec<Self>, StoreError> {
        let query = format!(
            "SELECT {COLUMNS} FROM sqs_message WHERE queue = ?1 AND visible <= ?2 ORDER BY visible, id LIMIT ?3"
        );
        let mut statement = db.prepare_cached(&query)?;
        let rows = statement.query_map(params![queue.id, now, bound(most)], |row| Ok(Self::read(row)))?;
        rows.map(|message| message?).collect()
    }

    /// The first messages of a group.
    pub(super) fn of_group(db: &Connection, queue: &Queue, group: &str, most: usize) -> Result<Vec<Self>, StoreError> {
        let query = format!("SELECT {COLUMNS} FROM sqs_message WHERE queue = ?1 AND grp = ?2 ORDER BY id LIMIT ?3");
        let mut statement = db.prepare_cached(&query)?;
        let rows = statement.query_map(params![queue.id, group, bound(most)], |row| Ok(Self::read(row)))?;
        rows.map(|message| message?).collect()
    }

    /// Puts it in flight until `visible`, or back.
    pub(super) fn update(&self, db: &Connection, now: i64) -> Result<(), StoreError> {
        db.prepare_cached(
            "UPDATE sqs_message SET visible = ?2, receives = ?3, first_received = ?4, receipt = ?5, received = ?6 WHERE id = ?1",
        )?
        .execute(params![
            self.id,
            self.visible,
            self.receives,
            self.first_received,
            self.receipt,
            now,
        ])?;
        Ok(())
    }

    /// Changes until when it is in flight.
    pub(super) fn set_visible(&self, db: &Connection, visible: i64) -> Result<(), StoreError> {
        db.prepare_cached("UPDATE sqs_message SET visible = ?2 WHERE id = ?1")?
            .execute([self.id, visible])?;
        Ok(())
    }

    /// When it was last received.
    pub(super) fn received(&self, db: &Connection) -> Result<Option<i64>, StoreError> {
        Ok(db
            .prepare_cached("SELECT received FROM sqs_message WHERE id = ?1")?
            .query_row([self.id], |row| row.get(0))?)
    }

    pub(super) fn delete(&self, db: &Connection) -> Result<(), StoreError> {
        db.prepare_cached("DELETE FROM sqs_message WHERE id = ?1")?
            .execute([self.id])?;
        Ok(())
    }

    fn read(row: &Row<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.get(0)?,
            message_id: row.get(1)?,
            body: row.get(2)?,
            attributes: serde_json::from_str(&row.get::<_, String>(3)?)?,
            system: serde_json::from_str(&row.get::<_, String>(4)?)?,
            group: row.get(5)?,
            sent: row.get(6)?,
            visible: row.get(7)?,
            receives: row.get(8)?,
            first_received: row.get(9)?,
            receipt: row.get(10)?,
        })
    }
}

/// Groups of a FIFO queue that can be received from now, those that could be for longest first.
pub(super) fn ready_groups(db: &Connection, queue: &Queue, now: i64, most: usize) -> Result<Vec<String>, StoreError> {
    let mut statement =
        db.prepare_cached("SELECT name FROM sqs_group WHERE queue = ?1 AND ready <= ?2 ORDER BY ready, name LIMIT ?3")?;
    let rows = statement.query_map(params![queue.id, now, bound(most)], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Works out anew when a group can be received from; to be called whenever one of its messages left or changed.
pub(super) fn refresh_group(db: &Connection, queue: &Queue, group: &str) -> Result<(), StoreError> {
    let head: Option<i64> = db
        .prepare_cached("SELECT visible FROM sqs_message WHERE queue = ?1 AND grp = ?2 ORDER BY id LIMIT 1")?
        .query_row(params![queue.id, group], |row| row.get(0))
        .optional()?;
    let Some(head) = head else {
        db.prepare_cached("DELETE FROM sqs_group WHERE queue = ?1 AND name = ?2")?
            .execute(params![queue.id, group])?;
        return Ok(());
    };
    let flight: Option<i64> = db
        .prepare_cached("SELECT max(visible) FROM sqs_message WHERE queue = ?1 AND grp = ?2 AND receipt IS NOT NULL")?
        .query_row(params![queue.id, group], |row| row.get(0))?;
    db.prepare_cached("UPDATE sqs_group SET ready = ?3 WHERE queue = ?1 AND name = ?2")?
        .execute(params![queue.id, group, head.max(flight.unwrap_or(0))])?;
    Ok(())
}

/// When the next message that cannot be received yet can be.
pub(super) fn next_ready(db: &Connection, queue: &Queue, now: i64) -> Result<Option<i64>, StoreError> {
    let query = if queue.is_fifo() {
        "SELECT min(ready) FROM sqs_group WHERE queue = ?1 AND ready > ?2"
    } else {
        "SELECT min(visible) FROM sqs_message WHERE queue = ?1 AND visible > ?2"
    };
    Ok(db.prepare_cached(query)?.query_row([queue.id, now], |row| row.get(0))?)
}

/// Drops what is older than the queue keeps messages.
pub(super) fn drop_expired(db: &Connection, queue: &Queue, now: i64) -> Result<(), StoreError> {
    let horizon = queue.horizon(now);
    if !queue.is_fifo() {
        db.prepare_cached("DELETE FROM sqs_message WHERE queue = ?1 AND sent < ?2")?
            .execute([queue.id, horizon])?;
        return Ok(());
    }
    let groups: Vec<String> = db
        .prepare_cached("DELETE FROM sqs_message WHERE queue = ?1 AND sent < ?2 RETURNING grp")?
        .query_map([queue.id, horizon], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    for group in groups {
        refresh_group(db, queue, &group)?;
    }
    Ok(())
}

/// How many messages can be received, are in flight, are delayed.
pub(super) fn counts(db: &Connection, queue: &Queue, now: i64) -> Result<[i64; 3], StoreError> {
    Ok(db
        .prepare_cached(
            "SELECT count(*) FILTER (WHERE visible <= ?2),
                    count(*) FILTER (WHERE visible > ?2 AND receipt IS NOT NULL),
                    count(*) FILTER (WHERE visible > ?2 AND receipt IS NULL)
             FROM sqs_message WHERE queue = ?1 AND sent >= ?3",
        )?
        .query_row([queue.id, now, queue.horizon(now)], |row| {
            Ok([row.get(0)?, row.get(1)?, row.get(2)?])
        })?)
}

/// How many messages are in flight.
pub(super) fn in_flight(db: &Connection, queue: &Queue, now: i64) -> Result<i64, StoreError> {
    Ok(db
        .prepare_cached("SELECT count(*) FROM sqs_message WHERE queue = ?1 AND visible > ?2 AND receipt IS NOT NULL")?
        .query_row([queue.id, now], |row| row.get(0))?)
}

/// Empties the queue.
pub(super) fn purge(db: &Connection, queue: &Queue) -> Result<(), StoreError> {
    db.execute("DELETE FROM sqs_message WHERE queue = ?1", [queue.id])?;
    db.execute("DELETE FROM sqs_group WHERE queue = ?1", [queue.id])?;
    Ok(())
}

fn bound(most: usize) -> i64 {
    i64::try_from(most).unwrap_or(i64::MAX)
}
