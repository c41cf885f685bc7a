//! Journal and history of executions in the store.

use rusqlite::{Connection, OptionalExtension, params};

use super::names::is_express;
use super::nested;
use super::run::Batch;
use super::tasks::takes_token;
use super::{activities, map_run};
use crate::engine::{Effect, HistoryEvent, Input, Millis, Outcome, Start, Status, TaskId};
use crate::local::store::StoreError;

/// Stores what a batch of inputs led to. Fails if the journal has grown behind our back.
pub(super) fn append(connection: &Connection, execution: i64, batch: &Batch) -> Result<(), StoreError> {
    append_journal(connection, execution, batch)?;
    append_history(connection, execution, batch)?;
    let mut tokens =
        connection.prepare_cached("INSERT OR IGNORE INTO sfn_tokens (token, execution, task) VALUES (?1, ?2, ?3)")?;
    for effect in &batch.effects {
        if let Effect::ScheduleTask(request) = effect
            && takes_token(&request.resource)
        {
            tokens.execute(params![request.token, execution, request.task.cast_signed()])?;
        }
    }
    activities::append(connection, execution, batch)?;
    nested::cancel(connection, execution, &batch.effects)?;
    map_run::append(connection, execution, batch)?;
    if let Some(outcome) = &batch.outcome {
        finish(connection, execution, outcome)?;
    }
    Ok(())
}

/// Stores the first batch of a child execution, whose end is written down already if it ended with it. Of one that
/// succeeded nobody needs the journal any more, and of an Express one nobody can ask for the history.
pub(super) fn append_first(
    connection: &Connection,
    execution: i64,
    start: &Start,
    batch: &Batch,
) -> Result<(), StoreError> {
    let Some(outcome) = &batch.outcome else {
        return append(connection, execution, batch);
    };
    if is_express(&start.execution_arn) {
        return Ok(());
    }
    if outcome.status != Status::Succeeded {
        append_journal(connection, execution, batch)?;
    }
    map_run::append(connection, execution, batch)?;
    append_history(connection, execution, batch)
}

fn append_journal(connection: &Connection, execution: i64, batch: &Batch) -> Result<(), StoreError> {
    let mut entries =
        connection.prepare_cached("INSERT INTO sfn_journal (execution, entry, body) VALUES (?1, ?2, ?3)")?;
    for (entry, input) in (batch.first_entry..).zip(&batch.inputs) {
        entries.execute(params![execution, entry, serde_json::to_string(input)?])?;
    }
    Ok(())
}

fn append_history(connection: &Connection, execution: i64, batch: &Batch) -> Result<(), StoreError> {
    let mut history =
        connection.prepare_cached("INSERT INTO sfn_history (execution, event, body) VALUES (?1, ?2, ?3)")?;
    for event in &batch.events {
        history.execute(params![
            execution,
            event.id.cast_signed(),
            serde_json::to_string(event)?
        ])?;
    }
    Ok(())
}

/// Writes down how an execution ended. The last execution of a state machine that is being deleted takes it along.
fn finish(connection: &Connection, execution: i64, outcome: &Outcome) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "UPDATE sfn_executions SET status = ?2, stopped_at = ?3, output = ?4, error = ?5, cause = ?6 WHERE id = ?1",
        )?
        .execute(params![
            execution,
            status_name(outcome.status),
            outcome.at.cast_signed(),
            outcome.output,
            outcome.error,
            outcome.cause
        ])?;
    activities::forget(connection, execution)?;
    let (machine, arn, map_run): (i64, String, Option<i64>) = connection
        .prepare_cached("SELECT machine, arn, map_run FROM sfn_executions WHERE id = ?1")?
        .query_row([execution], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    if is_express(&arn) && map_run.is_some() {
        // Its map run has to know how it ended, but nobody can ask how it came to it.
        for table in ["sfn_history", "sfn_journal"] {
            connection
                .prepare_cached(&format!("DELETE FROM {table} WHERE execution = ?1"))?
                .execute([execution])?;
        }
    } else if is_express(&arn) {
        // Nobody can ask for it any more.
        connection
            .prepare_cached("DELETE FROM sfn_executions WHERE id = ?1")?
            .execute([execution])?;
    }
    remove_if_done(connection, machine)
}

/// Removes a state machine that is being deleted and has no running execution any more.
pub(super) fn remove_if_done(connection: &Connection, machine: i64) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "DELETE FROM sfn_machines WHERE id = ?1 AND status = 'DELETING'
             AND NOT EXISTS (SELECT 1 FROM sfn_executions WHERE machine = ?1 AND status = 'RUNNING')",
        )?
        .execute([machine])?;
    Ok(())
}

/// Where an execution comes from.
pub(super) struct Origin {
    /// With what it was started.
    pub(super) start: Start,
    /// Its state machine.
    pub(super) machine: i64,
    /// The revision of the machine that it runs.
    pub(super) revision: i64,
    /// The map run that started it, if one did.
    pub(super) map_run: Option<i64>,
}

/// Reads where an execution comes from.
pub(super) fn origin(connection: &Connection, execution: i64) -> Result<Origin, StoreError> {
    let (start, machine, revision, map_run) = connection
        .prepare_cached("SELECT start, machine, revision, map_run FROM sfn_executions WHERE id = ?1")?
        .query_row([execution], |row| {
            Ok((row.get::<_, String>(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
        })?;
    Ok(Origin {
        start: serde_json::from_str(&start)?,
        machine,
        revision,
        map_run,
    })
}

/// What is needed to go on with an execution.
pub(super) struct Recorded {
    /// With what it was started.
    pub(super) start: Start,
    /// The revision of the machine that it runs.
    pub(super) revision: i64,
    /// Its journal.
    pub(super) inputs: Vec<Input>,
    /// Its history.
    pub(super) events: Vec<HistoryEvent>,
}

/// Reads what is needed to go on with an execution.
pub(super) fn recorded(connection: &Connection, execution: i64) -> Result<Recorded, StoreError> {
    let (start, revision): (String, i64) = connection
        .prepare_cached("SELECT start, revision FROM sfn_executions WHERE id = ?1")?
        .query_row([execution], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(Recorded {
        start: serde_json::from_str(&start)?,
        revision,
        inputs: bodies(
            connection,
            "SELECT body FROM sfn_journal WHERE execution = ?1 ORDER BY entry",
            execution,
        )?,
        events: bodies(
            connection,
            "SELECT body FROM sfn_history WHERE execution = ?1 ORDER BY event",
            execution,
        )?,
    })
}

fn bodies<T: serde::de::DeserializeOwned>(
    connection: &Connection,
    sql: &str,
    execution: i64,
) -> Result<Vec<T>, StoreError> {
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map([execution], |row| row.get::<_, String>(0))?;
    rows.map(|row| Ok(serde_json::from_str(&row?)?)).collect()
}

/// Ids and ARNs of the executions that have not ended.
pub(super) fn running(connection: &Connection) -> Result<Vec<(i64, String)>, StoreError> {
    let mut statement =
        connection.prepare("SELECT id, arn FROM sfn_executions WHERE status = 'RUNNING' ORDER BY id")?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Ids of all executions.
pub(super) fn ids(connection: &Connection) -> Result<Vec<i64>, StoreError> {
    let mut statement = connection.prepare("SELECT id FROM sfn_executions ORDER BY id")?;
    let rows = statement.query_map([], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The execution (by ARN) and task to which a token belongs.
pub(super) fn token(connection: &Connection, token: &str) -> Result<Option<(String, TaskId)>, StoreError> {
    Ok(connection
        .prepare_cached(
            "SELECT e.arn, t.task FROM sfn_tokens t JOIN sfn_executions e ON e.id = t.execution WHERE t.token = ?1",
        )?
        .query_row([token], |row| Ok((row.get(0)?, row.get::<_, i64>(1)?.cast_unsigned())))
        .optional()?)
}

/// How an execution ends that cannot go on: its journal does not lead to its history any more, or the engine failed.
pub(super) fn failure(now: Millis, cause: &str) -> Outcome {
    Outcome {
        status: Status::Failed,
        output: None,
        error: Some("States.Runtime".to_owned()),
        cause: Some(cause.to_owned()),
        at: now,
    }
}

/// Writes down such an end.
pub(super) fn abandon(connection: &Connection, execution: i64, outcome: &Outcome) -> Result<(), StoreError> {
    let last: i64 = connection
        .prepare_cached("SELECT COALESCE(MAX(event), 0) FROM sfn_history WHERE execution = ?1")?
        .query_row([execution], |row| row.get(0))?;
    let event = HistoryEvent {
        id: last.cast_unsigned() + 1,
        previous_event_id: last.cast_unsigned(),
        timestamp: outcome.at,
        kind: "ExecutionFailed".to_owned(),
        details: Some((
            "executionFailedEventDetails".to_owned(),
            serde_json::json!({"error": outcome.error, "cause": outcome.cause}),
        )),
    };
    let batch = Batch {
        events: vec![event],
        outcome: Some(outcome.clone()),
        ..Batch::default()
    };
    append(connection, execution, &batch)
}

/// The name of a status as the API writes it.
pub(super) fn status_name(status: Status) -> &'static str {
    match status {
        Status::Running => "RUNNING",
        Status::Succeeded => "SUCCEEDED",
        Status::Failed => "FAILED",
        Status::TimedOut => "TIMED_OUT",
        Status::Aborted => "ABORTED",
    }
}
