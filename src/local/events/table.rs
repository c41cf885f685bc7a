//! Rules, targets and deliveries as they are stored.

use rusqlite::{Connection, OptionalExtension, Row, params};
use serde_json::Value;

use crate::local::api::ACCOUNT;
use crate::local::store::StoreError;

pub(super) const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS events_rule (
        id INTEGER PRIMARY KEY,
        region TEXT NOT NULL,
        name TEXT NOT NULL,
        pattern TEXT NOT NULL,
        enabled INTEGER NOT NULL,
        description TEXT,
        role TEXT,
        UNIQUE (region, name)
    ) STRICT;
    CREATE TABLE IF NOT EXISTS events_target (
        rule INTEGER NOT NULL REFERENCES events_rule (id),
        id TEXT NOT NULL,
        target TEXT NOT NULL,
        PRIMARY KEY (rule, id)
    ) STRICT;
    CREATE TABLE IF NOT EXISTS events_delivery (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        region TEXT NOT NULL,
        target TEXT NOT NULL,
        input TEXT NOT NULL,
        attempts INTEGER NOT NULL DEFAULT 0
    ) STRICT;
";

/// A rule of the default bus.
#[derive(Clone, Debug)]
pub(super) struct Rule {
    pub(super) id: i64,
    pub(super) region: String,
    pub(super) name: String,
    pub(super) pattern: String,
    pub(super) enabled: bool,
    pub(super) description: Option<String>,
    pub(super) role: Option<String>,
}

const COLUMNS: &str = "id, region, name, pattern, enabled, description, role";

impl Rule {
    pub(super) fn find(db: &Connection, region: &str, name: &str) -> Result<Option<Self>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM events_rule WHERE region = ?1 AND name = ?2");
        Ok(db
            .prepare_cached(&sql)?
            .query_row([region, name], Self::read)
            .optional()?)
    }

    /// All of a region, by name.
    pub(super) fn all(db: &Connection, region: &str) -> Result<Vec<Self>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM events_rule WHERE region = ?1 ORDER BY name");
        let mut statement = db.prepare_cached(&sql)?;
        let rows = statement.query_map([region], Self::read)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Writes it, new or changed; its targets stay.
    pub(super) fn put(&self, db: &Connection) -> Result<(), StoreError> {
        db.execute(
            "INSERT INTO events_rule (region, name, pattern, enabled, description, role) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT (region, name) DO UPDATE SET pattern = ?3, enabled = ?4, description = ?5, role = ?6",
            params![self.region, self.name, self.pattern, self.enabled, self.description, self.role],
        )?;
        Ok(())
    }

    pub(super) fn delete(&self, db: &Connection) -> Result<(), StoreError> {
        db.execute("DELETE FROM events_rule WHERE id = ?1", [self.id])?;
        Ok(())
    }

    pub(super) fn arn(&self) -> String {
        format!("arn:aws:events:{}:{ACCOUNT}:rule/{}", self.region, self.name)
    }

    /// Its targets as they were given, by id.
    pub(super) fn targets(&self, db: &Connection) -> Result<Vec<Value>, StoreError> {
        let mut statement = db.prepare_cached("SELECT target FROM events_target WHERE rule = ?1 ORDER BY id")?;
        let rows = statement.query_map([self.id], |row| row.get::<_, String>(0))?;
        rows.map(|target| Ok(serde_json::from_str(&target?)?)).collect()
    }

    pub(super) fn put_target(&self, db: &Connection, id: &str, target: &Value) -> Result<(), StoreError> {
        db.execute(
            "INSERT OR REPLACE INTO events_target (rule, id, target) VALUES (?1, ?2, ?3)",
            params![self.id, id, target.to_string()],
        )?;
        Ok(())
    }

    /// Whether there was one.
    pub(super) fn remove_target(&self, db: &Connection, id: &str) -> Result<bool, StoreError> {
        let removed = db.execute(
            "DELETE FROM events_target WHERE rule = ?1 AND id = ?2",
            params![self.id, id],
        )?;
        Ok(removed > 0)
    }

    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: row.get(0)?,
            region: row.get(1)?,
            name: row.get(2)?,
            pattern: row.get(3)?,
            enabled: row.get(4)?,
            description: row.get(5)?,
            role: row.get(6)?,
        })
    }
}

/// What is to be sent to a target.
#[derive(Clone, Debug)]
pub(super) struct Delivery {
    pub(super) region: String,
    pub(super) target: Value,
    pub(super) input: String,
    pub(super) attempts: u32,
}

/// Gives the new delivery's id.
pub(super) fn post(db: &Connection, region: &str, target: &Value, input: &str) -> Result<i64, StoreError> {
    db.prepare_cached("INSERT INTO events_delivery (region, target, input) VALUES (?1, ?2, ?3)")?
        .insert(params![region, target.to_string(), input])
        .map_err(StoreError::from)
}

/// All deliveries that are still to be made.
pub(super) fn pending(db: &Connection) -> Result<Vec<i64>, StoreError> {
    let mut statement = db.prepare("SELECT id FROM events_delivery ORDER BY id")?;
    let rows = statement.query_map([], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub(super) fn delivery(db: &Connection, id: i64) -> Result<Option<Delivery>, StoreError> {
    let found: Option<(String, String, String, u32)> = db
        .prepare_cached("SELECT region, target, input, attempts FROM events_delivery WHERE id = ?1")?
        .query_row([id], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))
        .optional()?;
    found
        .map(|(region, target, input, attempts)| {
            Ok(Delivery {
                region,
                target: serde_json::from_str(&target)?,
                input,
                attempts,
            })
        })
        .transpose()
}

pub(super) fn attempted(db: &Connection, id: i64) -> Result<(), StoreError> {
    db.prepare_cached("UPDATE events_delivery SET attempts = attempts + 1 WHERE id = ?1")?
        .execute([id])?;
    Ok(())
}

/// It was made, or given up.
pub(super) fn done(db: &Connection, id: i64) -> Result<(), StoreError> {
    db.prepare_cached("DELETE FROM events_delivery WHERE id = ?1")?
        .execute([id])?;
    Ok(())
}
