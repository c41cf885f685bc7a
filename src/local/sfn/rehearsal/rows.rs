//! Rehearsals in the store: with the execution that was started so. Child executions of map runs have that of their parent.

use rusqlite::{Connection, OptionalExtension, params};

use super::Rehearsal;
use crate::local::sfn::{journal, map_run};
use crate::local::store::StoreError;

/// Stores how an execution is rehearsed.
pub(in crate::local::sfn) fn insert(
    connection: &Connection,
    execution: i64,
    rehearsal: &Rehearsal,
) -> Result<(), StoreError> {
    connection
        .prepare_cached("INSERT INTO sfn_rehearsals (execution, body) VALUES (?1, ?2)")?
        .execute(params![execution, serde_json::to_string(rehearsal)?])?;
    Ok(())
}

/// How an execution is rehearsed, if it is. Recurses as deep as distributed Map states nest, which the reader of definitions
/// limits.
pub(in crate::local::sfn) fn find(connection: &Connection, execution: i64) -> Result<Option<Rehearsal>, StoreError> {
    let origin = journal::origin(connection, execution)?;
    if let Some(map_run) = origin.map_run {
        return match map_run::of_id(connection, map_run)? {
            Some(stored) => find(connection, stored.execution),
            None => Ok(None),
        };
    }
    let body: Option<String> = connection
        .prepare_cached("SELECT body FROM sfn_rehearsals WHERE execution = ?1")?
        .query_row([execution], |row| row.get(0))
        .optional()?;
    Ok(body.map(|body| serde_json::from_str(&body)).transpose()?)
}
