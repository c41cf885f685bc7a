//! Queues as they are stored.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::error::no_such_queue;
use crate::local::api::{ACCOUNT, ApiError};
use crate::local::store::StoreError;

/// Times are in milliseconds. A message is in flight while it has a receipt and is not visible yet.
///
/// A FIFO queue has a row in `sqs_group` for each message group that holds messages: `ready` is when its first message may be
/// received, which is when that one's delay is over and nothing of the group is in flight.
pub(super) const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS sqs_queue (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        region TEXT NOT NULL,
        name TEXT NOT NULL,
        created INTEGER NOT NULL,
        modified INTEGER NOT NULL,
        purged INTEGER,
        attributes TEXT NOT NULL,
        tags TEXT NOT NULL,
        dead_letter TEXT,
        UNIQUE (region, name)
    ) STRICT;
    CREATE INDEX IF NOT EXISTS sqs_queue_dead_letter ON sqs_queue (dead_letter, name) WHERE dead_letter IS NOT NULL;
    CREATE TABLE IF NOT EXISTS sqs_message (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        queue INTEGER NOT NULL REFERENCES sqs_queue (id) ON DELETE CASCADE,
        message_id TEXT NOT NULL,
        body TEXT NOT NULL,
        attributes TEXT NOT NULL,
        system TEXT NOT NULL,
        grp TEXT,
        sent INTEGER NOT NULL,
        visible INTEGER NOT NULL,
        receives INTEGER NOT NULL DEFAULT 0,
        first_received INTEGER,
        received INTEGER,
        receipt TEXT
    ) STRICT;
    CREATE INDEX IF NOT EXISTS sqs_message_visible ON sqs_message (queue, visible, id);
    CREATE INDEX IF NOT EXISTS sqs_message_sent ON sqs_message (queue, sent);
    CREATE INDEX IF NOT EXISTS sqs_message_group ON sqs_message (queue, grp, id) WHERE grp IS NOT NULL;
    CREATE INDEX IF NOT EXISTS sqs_message_flight ON sqs_message (queue, grp, visible) WHERE receipt IS NOT NULL;
    CREATE TABLE IF NOT EXISTS sqs_group (
        queue INTEGER NOT NULL REFERENCES sqs_queue (id) ON DELETE CASCADE,
        name TEXT NOT NULL,
        ready INTEGER NOT NULL,
        PRIMARY KEY (queue, name)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS sqs_group_ready ON sqs_group (queue, ready);
    CREATE TABLE IF NOT EXISTS sqs_deduplication (
        queue INTEGER NOT NULL REFERENCES sqs_queue (id) ON DELETE CASCADE,
        scope TEXT NOT NULL,
        id TEXT NOT NULL,
        message_id TEXT NOT NULL,
        sequence INTEGER NOT NULL,
        expires INTEGER NOT NULL,
        PRIMARY KEY (queue, scope, id)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS sqs_deduplication_expires ON sqs_deduplication (expires);
";

const COLUMNS: &str = "id, region, name, created, modified, purged, attributes, tags";

/// A queue.
#[derive(Clone, Debug)]
pub(super) struct Queue {
    pub(super) id: i64,
    pub(super) region: String,
    pub(super) name: String,
    pub(super) created: i64,
    pub(super) modified: i64,
    /// When it was last purged.
    pub(super) purged: Option<i64>,
    /// What was set; the others have their defaults.
    pub(super) attributes: BTreeMap<String, String>,
    pub(super) tags: BTreeMap<String, String>,
}

impl Queue {
    pub(super) fn find(db: &Connection, region: &str, name: &str) -> Result<Option<Self>, StoreError> {
        db.prepare_cached(&format!(
            "SELECT {COLUMNS} FROM sqs_queue WHERE region = ?1 AND name = ?2"
        ))?
        .query_row([region, name], |row| Ok(Self::read(row)))
        .optional()?
        .transpose()
    }

    pub(super) fn get(db: &Connection, region: &str, name: &str) -> Result<Self, ApiError> {
        Self::find(db, region, name)?.ok_or_else(no_such_queue)
    }

    /// The queue of an ARN of this account, if there is one.
    pub(super) fn of_arn(db: &Connection, arn: &str) -> Result<Option<Self>, StoreError> {
        match split_arn(arn) {
            Some((region, name)) => Self::find(db, region, name),
            None => Ok(None),
        }
    }

    /// Names of the queues of a region that begin with `prefix` and come after `after`, sorted.
    pub(super) fn names(
        db: &Connection,
        region: &str,
        (prefix, after): (&str, &str),
        most: i64,
    ) -> Result<Vec<String>, StoreError> {
        let mut statement = db.prepare_cached(
            "SELECT name FROM sqs_queue WHERE region = ?1 AND name >= ?2 AND name > ?3
             AND substr(name, 1, length(?2)) = ?2 ORDER BY name LIMIT ?4",
        )?;
        let rows = statement.query_map(params![region, prefix, after, most], |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Names of the queues that send what they cannot deliver to that one, after `after`, sorted.
    pub(super) fn sources(&self, db: &Connection, after: &str, most: i64) -> Result<Vec<String>, StoreError> {
        let mut statement = db.prepare_cached(
            "SELECT name FROM sqs_queue WHERE dead_letter = ?1 AND name > ?2 AND region = ?3 ORDER BY name LIMIT ?4",
        )?;
        let rows = statement.query_map(params![self.arn(), after, self.region, most], |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    pub(super) fn insert(&self, db: &Connection) -> Result<(), StoreError> {
        db.execute(
            "INSERT INTO sqs_queue (region, name, created, modified, attributes, tags, dead_letter)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            params![
                self.region,
                self.name,
                self.created,
                self.modified,
                serde_json::to_string(&self.attributes)?,
                serde_json::to_string(&self.tags)?,
                self.redrive().map(|redrive| redrive.target),
            ],
        )?;
        Ok(())
    }

    /// Writes what can change of a queue.
    pub(super) fn update(&self, db: &Connection) -> Result<(), StoreError> {
        db.execute(
            "UPDATE sqs_queue SET modified = ?2, purged = ?3, attributes = ?4, tags = ?5, dead_letter = ?6 WHERE id = ?1",
            params![
                self.id,
                self.modified,
                self.purged,
                serde_json::to_string(&self.attributes)?,
                serde_json::to_string(&self.tags)?,
                self.redrive().map(|redrive| redrive.target),
            ],
        )?;
        Ok(())
    }

    pub(super) fn delete(&self, db: &Connection) -> Result<(), StoreError> {
        db.execute("DELETE FROM sqs_queue WHERE id = ?1", [self.id])?;
        Ok(())
    }

    pub(super) fn arn(&self) -> String {
        format!("arn:aws:sqs:{}:{ACCOUNT}:{}", self.region, self.name)
    }

    pub(super) fn is_fifo(&self) -> bool {
        self.name.ends_with(".fifo")
    }

    /// An attribute that is `true` or `false`; false if it was not set.
    pub(super) fn flag(&self, attribute: &str) -> bool {
        self.attributes.get(attribute).is_some_and(|value| value == "true")
    }

    /// An attribute that is a number, or its default.
    pub(super) fn number(&self, attribute: &str) -> i64 {
        let set = self.attributes.get(attribute).and_then(|value| value.parse().ok());
        set.unwrap_or_else(|| super::attributes::default_number(attribute))
    }

    /// Where messages go that were received too often.
    pub(super) fn redrive(&self) -> Option<Redrive> {
        let policy: serde_json::Value = serde_json::from_str(self.attributes.get("RedrivePolicy")?).ok()?;
        Some(Redrive {
            target: policy.get("deadLetterTargetArn")?.as_str()?.to_owned(),
            most: policy.get("maxReceiveCount")?.as_i64()?,
        })
    }

    /// What was sent before this time has expired.
    pub(super) fn horizon(&self, now: i64) -> i64 {
        now.saturating_sub(self.number("MessageRetentionPeriod").saturating_mul(1000))
    }

    fn read(row: &Row<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.get(0)?,
            region: row.get(1)?,
            name: row.get(2)?,
            created: row.get(3)?,
            modified: row.get(4)?,
            purged: row.get(5)?,
            attributes: serde_json::from_str(&row.get::<_, String>(6)?)?,
            tags: serde_json::from_str(&row.get::<_, String>(7)?)?,
        })
    }
}

/// A redrive policy.
#[derive(Debug, PartialEq)]
pub(super) struct Redrive {
    /// The ARN of the dead-letter queue.
    pub(super) target: String,
    /// How often a message is received before it goes there.
    pub(super) most: i64,
}

/// Region and name of the ARN of a queue of this account.
pub(super) fn split_arn(arn: &str) -> Option<(&str, &str)> {
    let rest = arn.strip_prefix("arn:aws:sqs:")?;
    let (region, rest) = rest.split_once(':')?;
    let (account, name) = rest.split_once(':')?;
    (account == ACCOUNT && !name.is_empty()).then_some((region, name))
}
