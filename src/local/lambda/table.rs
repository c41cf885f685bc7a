//! The tables of the store: functions, their code, and asynchronous invocations that are still to be done.

use rusqlite::{Connection, OptionalExtension as _, params};

use super::function::Function;
use crate::local::store::StoreError;

pub(super) const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS lambda_function (
        region TEXT NOT NULL, name TEXT NOT NULL, record TEXT NOT NULL, PRIMARY KEY (region, name)
    ) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS lambda_code (
        region TEXT NOT NULL, name TEXT NOT NULL, zip BLOB NOT NULL, PRIMARY KEY (region, name)
    );
    CREATE TABLE IF NOT EXISTS lambda_event (
        id TEXT PRIMARY KEY, region TEXT NOT NULL, name TEXT NOT NULL, payload BLOB NOT NULL,
        attempts INTEGER NOT NULL, due_ms INTEGER NOT NULL
    ) WITHOUT ROWID;
";

pub(super) fn function(at: &Connection, region: &str, name: &str) -> Result<Option<Function>, StoreError> {
    let record: Option<String> = at
        .prepare_cached("SELECT record FROM lambda_function WHERE region = ?1 AND name = ?2")?
        .query_row([region, name], |row| row.get(0))
        .optional()?;
    Ok(record.map(|record| serde_json::from_str(&record)).transpose()?)
}

/// Functions of a region whose names are after `after`, in the order of their names.
pub(super) fn functions(at: &Connection, region: &str, after: &str, most: usize) -> Result<Vec<Function>, StoreError> {
    let mut statement =
        at.prepare_cached("SELECT record FROM lambda_function WHERE region = ?1 AND name > ?2 ORDER BY name LIMIT ?3")?;
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    let records = statement.query_map(params![region, after, most], |row| row.get::<_, String>(0))?;
    records.map(|record| Ok(serde_json::from_str(&record?)?)).collect()
}

pub(super) fn put_function(at: &Connection, function: &Function) -> Result<(), StoreError> {
    at.prepare_cached("INSERT OR REPLACE INTO lambda_function (region, name, record) VALUES (?1, ?2, ?3)")?
        .execute(params![
            function.region,
            function.name,
            serde_json::to_string(function)?
        ])?;
    Ok(())
}

pub(super) fn code(at: &Connection, region: &str, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
    Ok(at
        .prepare_cached("SELECT zip FROM lambda_code WHERE region = ?1 AND name = ?2")?
        .query_row([region, name], |row| row.get(0))
        .optional()?)
}

pub(super) fn put_code(at: &Connection, region: &str, name: &str, zip: &[u8]) -> Result<(), StoreError> {
    at.prepare_cached("INSERT OR REPLACE INTO lambda_code (region, name, zip) VALUES (?1, ?2, ?3)")?
        .execute(params![region, name, zip])?;
    Ok(())
}

/// Removes a function, its code, and its asynchronous invocations.
pub(super) fn delete_function(at: &Connection, region: &str, name: &str) -> Result<(), StoreError> {
    for table in ["lambda_function", "lambda_code", "lambda_event"] {
        at.execute(
            &format!("DELETE FROM {table} WHERE region = ?1 AND name = ?2"),
            [region, name],
        )?;
    }
    Ok(())
}

/// An asynchronous invocation that was accepted and is not done.
#[derive(Clone, Debug)]
pub(super) struct Event {
    /// The request id.
    pub(super) id: String,
    pub(super) region: String,
    pub(super) name: String,
    pub(super) payload: Vec<u8>,
    /// Those that failed.
    pub(super) attempts: u32,
    /// When to try, milliseconds since the Unix epoch.
    pub(super) due_ms: u64,
}

pub(super) fn put_event(at: &Connection, event: &Event) -> Result<(), StoreError> {
    at.prepare_cached(
        "INSERT OR REPLACE INTO lambda_event (id, region, name, payload, attempts, due_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?
    .execute(params![
        event.id,
        event.region,
        event.name,
        event.payload,
        event.attempts,
        i64::try_from(event.due_ms).unwrap_or(i64::MAX)
    ])?;
    Ok(())
}

pub(super) fn delete_event(at: &Connection, id: &str) -> Result<(), StoreError> {
    at.prepare_cached("DELETE FROM lambda_event WHERE id = ?1")?
        .execute([id])?;
    Ok(())
}

pub(super) fn events(at: &Connection) -> Result<Vec<Event>, StoreError> {
    let mut statement =
        at.prepare("SELECT id, region, name, payload, attempts, due_ms FROM lambda_event ORDER BY due_ms")?;
    let rows = statement.query_map([], |row| {
        Ok(Event {
            id: row.get(0)?,
            region: row.get(1)?,
            name: row.get(2)?,
            payload: row.get(3)?,
            attempts: row.get(4)?,
            due_ms: u64::try_from(row.get::<_, i64>(5)?).unwrap_or_default(),
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}
