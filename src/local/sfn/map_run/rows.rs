//! Map runs and their child executions in the store. A child execution is an execution with the map run it belongs to; its
//! state says how far the map run is, so nothing is counted twice. They begin, and so are numbered, in the order of the items.

use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::engine::map_run::results::ChildResult;
use crate::engine::map_run::{Children, Limits, MapRunRequest, Way, Writer};
use crate::engine::{Effect, MapRunId, Millis, Start, Status};
use crate::local::sfn::journal::status_name;
use crate::local::sfn::run::Batch;
use crate::local::store::StoreError;

/// A map run as it is stored.
#[derive(Debug)]
pub(in crate::local::sfn) struct Stored {
    pub(in crate::local::sfn) id: i64,
    pub(in crate::local::sfn) arn: String,
    /// The execution whose Map state it does the work of.
    pub(in crate::local::sfn) execution: i64,
    pub(in crate::local::sfn) label: String,
    /// The Map state, as seen from the machine of that execution.
    pub(in crate::local::sfn) way: Way,
    pub(in crate::local::sfn) express: bool,
    pub(super) writer: Writer,
    pub(super) status: String,
    pub(super) started_at: Millis,
    pub(super) stopped_at: Option<Millis>,
    pub(super) limits: Limits,
    /// How many child executions it has, and how many items they are about.
    pub(super) children: u64,
    pub(super) items: u64,
    pub(super) error: Option<String>,
    pub(super) cause: Option<String>,
}

const COLUMNS: &str = "id, arn, execution, label, way, express, writer, status, started_at, stopped_at, max_concurrency, \
                       tolerated_count, tolerated_percentage, children, items, error, cause";

/// Writes down what a batch of an execution does to its map runs.
pub(in crate::local::sfn) fn append(connection: &Connection, execution: i64, batch: &Batch) -> Result<(), StoreError> {
    let now = batch.inputs.last().map_or(0, |input| input.at);
    for effect in &batch.effects {
        match effect {
            Effect::OpenMapRun(request) => open(connection, execution, request, now)?,
            Effect::RunChildren { map_run, children } => has_children(connection, execution, *map_run, children)?,
            Effect::StopMapRun { map_run, failed } => {
                let status = if *failed { "FAILED" } else { "ABORTED" };
                connection
                    .prepare_cached(
                        "UPDATE sfn_map_runs SET status = ?3, stopped_at = ?4
                         WHERE execution = ?1 AND number = ?2 AND status = 'RUNNING'",
                    )?
                    .execute(params![execution, map_run.cast_signed(), status, now.cast_signed()])?;
            }
            _ => {}
        }
    }
    Ok(())
}

fn open(connection: &Connection, execution: i64, request: &MapRunRequest, now: Millis) -> Result<(), StoreError> {
    let limits = request.limits;
    connection
        .prepare_cached(
            "INSERT INTO sfn_map_runs (arn, execution, number, label, way, express, writer, status, started_at, max_concurrency,
             tolerated_count, tolerated_percentage) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 'RUNNING', ?8, ?9, ?10, ?11)",
        )?
        .execute(params![
            request.arn,
            execution,
            request.map_run.cast_signed(),
            request.label,
            serde_json::to_string(&request.way)?,
            request.express,
            serde_json::to_string(&request.writer)?,
            now.cast_signed(),
            signed(limits.max_concurrency),
            limits.tolerated_count.map(signed),
            limits.tolerated_percentage
        ])?;
    Ok(())
}

fn has_children(
    connection: &Connection,
    execution: i64,
    number: MapRunId,
    children: &Children,
) -> Result<(), StoreError> {
    let items: u64 = children.iter().map(|child| child.items).sum();
    connection
        .prepare_cached("UPDATE sfn_map_runs SET children = ?3, items = ?4 WHERE execution = ?1 AND number = ?2")?
        .execute(params![
            execution,
            number.cast_signed(),
            signed(children.len() as u64),
            signed(items)
        ])?;
    Ok(())
}

/// Whatever does not fit is as good as no limit.
fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// The map run that an execution calls so.
pub(super) fn numbered(
    connection: &Connection,
    execution: i64,
    number: MapRunId,
) -> Result<Option<Stored>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM sfn_map_runs WHERE execution = ?1 AND number = ?2");
    one(connection, &sql, params![execution, number.cast_signed()])
}

/// The map run of that ARN.
pub(in crate::local::sfn) fn find(connection: &Connection, arn: &str) -> Result<Option<Stored>, StoreError> {
    one(
        connection,
        &format!("SELECT {COLUMNS} FROM sfn_map_runs WHERE arn = ?1"),
        params![arn],
    )
}

/// The map run to which a child execution belongs.
pub(in crate::local::sfn) fn of_id(connection: &Connection, id: i64) -> Result<Option<Stored>, StoreError> {
    one(
        connection,
        &format!("SELECT {COLUMNS} FROM sfn_map_runs WHERE id = ?1"),
        params![id],
    )
}

/// Those of an execution that are older than another one, the newest first.
pub(super) fn of_execution(
    connection: &Connection,
    execution: i64,
    before: i64,
    most: i64,
) -> Result<Vec<Stored>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM sfn_map_runs WHERE execution = ?1 AND id < ?2 ORDER BY id DESC LIMIT ?3");
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map(params![execution, before, most], read)?;
    rows.map(|row| Ok(row?)).collect()
}

fn one(connection: &Connection, sql: &str, which: &[&dyn rusqlite::ToSql]) -> Result<Option<Stored>, StoreError> {
    Ok(connection.prepare_cached(sql)?.query_row(which, read).optional()?)
}

fn read(row: &Row<'_>) -> rusqlite::Result<Stored> {
    let count = |at: usize| row.get::<_, i64>(at).map(i64::cast_unsigned);
    let json = |at: usize| row.get::<_, String>(at);
    let damaged = |at: usize| {
        move |error: serde_json::Error| {
            rusqlite::Error::FromSqlConversionFailure(at, rusqlite::types::Type::Text, Box::new(error))
        }
    };
    Ok(Stored {
        id: row.get(0)?,
        arn: row.get(1)?,
        execution: row.get(2)?,
        label: row.get(3)?,
        way: serde_json::from_str(&json(4)?).map_err(damaged(4))?,
        express: row.get(5)?,
        writer: serde_json::from_str(&json(6)?).map_err(damaged(6))?,
        status: row.get(7)?,
        started_at: count(8)?,
        stopped_at: row.get::<_, Option<i64>>(9)?.map(i64::cast_unsigned),
        limits: Limits {
            max_concurrency: count(10)?,
            tolerated_count: row.get::<_, Option<i64>>(11)?.map(i64::cast_unsigned),
            tolerated_percentage: row.get(12)?,
        },
        children: count(13)?,
        items: count(14)?,
        error: row.get(15)?,
        cause: row.get(16)?,
    })
}

/// How a map run ends, unless it was stopped before.
pub(super) fn end(
    connection: &Connection,
    map_run: i64,
    failure: Option<(&str, Option<&str>)>,
    now: Millis,
) -> Result<(), StoreError> {
    let status = if failure.is_some() { "FAILED" } else { "SUCCEEDED" };
    connection
        .prepare_cached(
            "UPDATE sfn_map_runs SET status = ?2, stopped_at = ?3, error = ?4, cause = ?5
             WHERE id = ?1 AND status = 'RUNNING'",
        )?
        .execute(params![
            map_run,
            status,
            now.cast_signed(),
            failure.map(|(error, _)| error),
            failure.and_then(|(_, cause)| cause)
        ])?;
    Ok(())
}

/// Changes the limits of a map run.
pub(super) fn set_limits(connection: &Connection, map_run: i64, limits: Limits) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "UPDATE sfn_map_runs SET max_concurrency = ?2, tolerated_count = ?3, tolerated_percentage = ?4 WHERE id = ?1",
        )?
        .execute(params![
            map_run,
            signed(limits.max_concurrency),
            limits.tolerated_count.map(signed),
            limits.tolerated_percentage
        ])?;
    Ok(())
}

/// What all child executions of a map run have in common.
#[derive(Clone, Copy)]
pub(in crate::local::sfn) struct Family {
    pub(in crate::local::sfn) map_run: i64,
    /// The state machine.
    pub(in crate::local::sfn) machine: i64,
    /// Its revision.
    pub(in crate::local::sfn) revision: i64,
}

/// Writes down a child execution that begins, and gives its id. Most of them end at once: then this is all that is written.
pub(in crate::local::sfn) fn insert_child(
    connection: &Connection,
    family: Family,
    (index, items): (usize, u64),
    start: &Start,
    first: &Batch,
) -> Result<i64, StoreError> {
    let outcome = first.outcome.as_ref();
    connection
        .prepare_cached(
            "INSERT INTO sfn_executions (arn, name, machine, revision, status, start, started_at, stopped_at, output, error, cause,
             map_run, map_index, items) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
        )?
        .insert(params![
            start.execution_arn,
            start.execution_name,
            family.machine,
            family.revision,
            status_name(outcome.map_or(Status::Running, |outcome| outcome.status)),
            serde_json::to_string(start)?,
            start.started_at.cast_signed(),
            outcome.map(|outcome| outcome.at.cast_signed()),
            outcome.and_then(|outcome| outcome.output.as_deref()),
            outcome.and_then(|outcome| outcome.error.as_deref()),
            outcome.and_then(|outcome| outcome.cause.as_deref()),
            family.map_run,
            signed(index as u64),
            signed(items)
        ])
        .map_err(StoreError::from)
}

/// A child execution, as far as the map run has to know it to go on.
pub(super) struct Child {
    pub(super) index: usize,
    pub(super) arn: String,
    pub(super) status: String,
}

/// The child executions that have begun, in order.
pub(super) fn begun(connection: &Connection, map_run: i64) -> Result<Vec<Child>, StoreError> {
    let mut statement = connection
        .prepare_cached("SELECT map_index, arn, status FROM sfn_executions WHERE map_run = ?1 ORDER BY id")?;
    let rows = statement.query_map([map_run], |row| {
        Ok(Child {
            index: usize::try_from(row.get::<_, i64>(0)?).unwrap_or(usize::MAX),
            arn: row.get(1)?,
            status: row.get(2)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// When the last of the child executions that have ended did so.
pub(super) fn last_end(connection: &Connection, map_run: i64) -> Result<Option<Millis>, StoreError> {
    let last: Option<i64> = connection
        .prepare_cached("SELECT MAX(stopped_at) FROM sfn_executions WHERE map_run = ?1")?
        .query_row([map_run], |row| row.get(0))?;
    Ok(last.map(i64::cast_unsigned))
}

/// What has become of the child executions, in the order of the items.
pub(super) fn results(connection: &Connection, map_run: i64) -> Result<Vec<ChildResult>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT start, status, stopped_at, output, error, cause FROM sfn_executions WHERE map_run = ?1 ORDER BY id",
    )?;
    let rows = statement.query_map([map_run], |row| {
        Ok((
            row.get::<_, String>(0)?,
            row.get::<_, String>(1)?,
            row.get::<_, Option<i64>>(2)?,
            row.get(3)?,
            row.get(4)?,
            row.get(5)?,
        ))
    })?;
    rows.map(|row| {
        let (start, status, stopped_at, output, error, cause) = row?;
        let start: Start = serde_json::from_str(&start)?;
        Ok(ChildResult {
            stopped_at: stopped_at.map_or(start.started_at, i64::cast_unsigned),
            start,
            status: serde_json::from_value(status.into())?,
            output,
            error,
            cause,
        })
    })
    .collect()
}

/// How many child executions, about how many items, are in that status.
pub(super) struct Count {
    pub(super) status: String,
    pub(super) executions: u64,
    pub(super) items: u64,
}

/// The counts of all statuses that there are.
pub(super) fn counts(connection: &Connection, map_run: i64) -> Result<Vec<Count>, StoreError> {
    let mut statement = connection
        .prepare_cached("SELECT status, COUNT(*), SUM(items) FROM sfn_executions WHERE map_run = ?1 GROUP BY status")?;
    let rows = statement.query_map([map_run], |row| {
        Ok(Count {
            status: row.get(0)?,
            executions: row.get::<_, i64>(1)?.cast_unsigned(),
            items: row.get::<_, i64>(2)?.cast_unsigned(),
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// ARNs of child executions that run although their map run does not any more: the process ended before it could stop them.
pub(in crate::local::sfn) fn orphans(connection: &Connection) -> Result<Vec<String>, StoreError> {
    let mut statement = connection.prepare(
        "SELECT e.arn FROM sfn_executions e JOIN sfn_map_runs m ON m.id = e.map_run
         WHERE e.status = 'RUNNING' AND m.status <> 'RUNNING' ORDER BY e.id",
    )?;
    let rows = statement.query_map([], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}
