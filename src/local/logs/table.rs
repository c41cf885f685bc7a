//! Log groups and streams as they are stored.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::local::api::{ACCOUNT, ApiError};
use crate::local::clock::Millis;
use crate::local::store::StoreError;

pub(super) const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS logs_group (
        id INTEGER PRIMARY KEY,
        region TEXT NOT NULL,
        name TEXT NOT NULL,
        created INTEGER NOT NULL,
        retention INTEGER,
        class TEXT NOT NULL,
        tags TEXT NOT NULL,
        UNIQUE (region, name)
    ) STRICT;
    CREATE TABLE IF NOT EXISTS logs_stream (
        id INTEGER PRIMARY KEY,
        group_id INTEGER NOT NULL REFERENCES logs_group (id) ON DELETE CASCADE,
        name TEXT NOT NULL,
        created INTEGER NOT NULL,
        last_ingestion INTEGER,
        bytes INTEGER NOT NULL DEFAULT 0,
        UNIQUE (group_id, name)
    ) STRICT;
    CREATE TABLE IF NOT EXISTS logs_event (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        stream_id INTEGER NOT NULL REFERENCES logs_stream (id) ON DELETE CASCADE,
        at INTEGER NOT NULL,
        ingested INTEGER NOT NULL,
        message TEXT NOT NULL
    ) STRICT;
    CREATE INDEX IF NOT EXISTS logs_event_order ON logs_event (stream_id, at, id);
";

/// In milliseconds.
pub(super) const DAY: i64 = 86_400_000;

const COLUMNS: &str = "id, region, name, created, retention, class, tags,
    (SELECT coalesce(sum(bytes), 0) FROM logs_stream WHERE group_id = logs_group.id)";

/// A log group.
pub(super) struct Group {
    pub(super) id: i64,
    pub(super) region: String,
    pub(super) name: String,
    pub(super) created: i64,
    /// In days; for ever if none.
    pub(super) retention: Option<i64>,
    pub(super) class: String,
    pub(super) tags: BTreeMap<String, String>,
    pub(super) bytes: i64,
}

impl Group {
    pub(super) fn find(db: &Connection, region: &str, name: &str) -> Result<Option<Self>, StoreError> {
        db.prepare_cached(&format!(
            "SELECT {COLUMNS} FROM logs_group WHERE region = ?1 AND name = ?2"
        ))?
        .query_row([region, name], |row| Ok(Self::read(row)))
        .optional()?
        .transpose()
    }

    pub(super) fn get(db: &Connection, region: &str, name: &str) -> Result<Self, ApiError> {
        Self::find(db, region, name)?.ok_or_else(|| not_found("The specified log group does not exist."))
    }

    /// All groups of a region, by name.
    pub(super) fn all(db: &Connection, region: &str) -> Result<Vec<Self>, StoreError> {
        let query = format!("SELECT {COLUMNS} FROM logs_group WHERE region = ?1 ORDER BY name");
        let mut statement = db.prepare_cached(&query)?;
        let rows = statement.query_map([region], |row| Ok(Self::read(row)))?;
        rows.map(|group| group?).collect()
    }

    /// Gives the new group's id.
    pub(super) fn insert(
        db: &Connection,
        (region, name): (&str, &str),
        class: &str,
        tags: &BTreeMap<String, String>,
        now: Millis,
    ) -> Result<i64, StoreError> {
        db.execute(
            "INSERT INTO logs_group (region, name, created, class, tags) VALUES (?1, ?2, ?3, ?4, ?5)",
            params![region, name, now.cast_signed(), class, serde_json::to_string(tags)?],
        )?;
        Ok(db.last_insert_rowid())
    }

    pub(super) fn update_tags(&self, db: &Connection) -> Result<(), StoreError> {
        db.execute(
            "UPDATE logs_group SET tags = ?2 WHERE id = ?1",
            params![self.id, serde_json::to_string(&self.tags)?],
        )?;
        Ok(())
    }

    pub(super) fn arn(&self) -> String {
        format!("arn:aws:logs:{}:{ACCOUNT}:log-group:{}", self.region, self.name)
    }

    /// Events before this time have expired.
    pub(super) fn horizon(&self, now: Millis) -> i64 {
        self.retention
            .map_or(0, |days| now.cast_signed().saturating_sub(days.saturating_mul(DAY)))
    }

    fn read(row: &Row<'_>) -> Result<Self, StoreError> {
        let tags: String = row.get(6)?;
        Ok(Self {
            id: row.get(0)?,
            region: row.get(1)?,
            name: row.get(2)?,
            created: row.get(3)?,
            retention: row.get(4)?,
            class: row.get(5)?,
            tags: serde_json::from_str(&tags)?,
            bytes: row.get(7)?,
        })
    }
}

/// A log stream.
pub(super) struct Stream {
    pub(super) id: i64,
    pub(super) name: String,
    pub(super) created: i64,
    pub(super) last_ingestion: Option<i64>,
    pub(super) first_event: Option<i64>,
    pub(super) last_event: Option<i64>,
}

impl Stream {
    /// All streams of a group, by name.
    pub(super) fn all(db: &Connection, group: &Group) -> Result<Vec<Self>, StoreError> {
        let mut statement = db.prepare_cached(
            "SELECT id, name, created, last_ingestion,
                (SELECT min(at) FROM logs_event WHERE stream_id = logs_stream.id),
                (SELECT max(at) FROM logs_event WHERE stream_id = logs_stream.id)
             FROM logs_stream WHERE group_id = ?1 ORDER BY name",
        )?;
        let rows = statement.query_map([group.id], |row| {
            Ok(Self {
                id: row.get(0)?,
                name: row.get(1)?,
                created: row.get(2)?,
                last_ingestion: row.get(3)?,
                first_event: row.get(4)?,
                last_event: row.get(5)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The id of a stream.
    pub(super) fn find(db: &Connection, group_id: i64, name: &str) -> Result<Option<i64>, StoreError> {
        Ok(db
            .prepare_cached("SELECT id FROM logs_stream WHERE group_id = ?1 AND name = ?2")?
            .query_row(params![group_id, name], |row| row.get(0))
            .optional()?)
    }

    pub(super) fn get(db: &Connection, group: &Group, name: &str) -> Result<i64, ApiError> {
        Self::find(db, group.id, name)?.ok_or_else(|| not_found("The specified log stream does not exist."))
    }

    /// Gives the new stream's id.
    pub(super) fn insert(db: &Connection, group_id: i64, name: &str, now: Millis) -> Result<i64, StoreError> {
        db.execute(
            "INSERT INTO logs_stream (group_id, name, created) VALUES (?1, ?2, ?3)",
            params![group_id, name, now.cast_signed()],
        )?;
        Ok(db.last_insert_rowid())
    }
}

fn not_found(message: &str) -> ApiError {
    ApiError::new("ResourceNotFoundException", message)
}
