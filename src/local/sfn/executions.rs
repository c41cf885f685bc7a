//! Executions: stop, describe, list.

use rusqlite::{Connection, Row, ToSql, params};
use serde_json::{Map, Value, json};

use super::machine_rows;
use super::map_run;
use super::names::{Kind, check_arn, is_express, is_express_child, no_such_execution, type_not_supported};
use super::paging::{Asked, Page};
use super::request::{Request, hidden, text};
use super::{States, seconds};
use crate::engine::{Happened, Millis, Start};
use crate::local::api::{ApiError, Call};
use crate::local::store::StoreError;

/// As AWS lists them in its messages.
const STATUSES: &[&str] = &[
    "SUCCEEDED",
    "TIMED_OUT",
    "PENDING_REDRIVE",
    "ABORTED",
    "FAILED",
    "RUNNING",
];

/// An execution as it is stored.
pub(super) struct Stored {
    pub(super) id: i64,
    pub(super) arn: String,
    name: String,
    pub(super) machine: i64,
    revision: i64,
    pub(super) status: String,
    pub(super) start: Start,
    pub(super) stopped_at: Option<Millis>,
    trace_header: Option<String>,
    version_arn: Option<String>,
    alias_arn: Option<String>,
    output: Option<String>,
    error: Option<String>,
    cause: Option<String>,
    redrives: i64,
    pub(super) redriven_at: Option<Millis>,
    pub(super) redrive_token: Option<String>,
    /// Set if a map run has started it: the map run, and how many items it is about.
    pub(super) child_of: Option<(i64, u64)>,
}

impl States {
    /// StopExecution: answered when the end is stored. No error if it had ended before.
    pub(super) async fn stop_execution(&self, call: &Call) -> Result<Value, ApiError> {
        let mut request = Request::new(&call.input);
        let arn = request.required("executionArn", text(256));
        let error = request.optional("error", hidden(0, 256)).map(str::to_owned);
        let cause = request.optional("cause", hidden(0, 32_768)).map(str::to_owned);
        request.finish()?;
        if self.execution(arn)?.stopped_at.is_none() {
            self.shared.tell(arn, Happened::Stopped { error, cause }).await;
            self.shared.check_not_stuck(arn)?;
        }
        match self.execution(arn)?.stopped_at {
            Some(stopped_at) => Ok(json!({"stopDate": seconds(stopped_at)})),
            None => Err(ApiError::with_status(
                500,
                "InternalFailure",
                "the local cloud is closing",
            )),
        }
    }

    /// DescribeExecution.
    pub(super) fn describe_execution(&self, call: &Call) -> Result<Value, ApiError> {
        let mut request = Request::new(&call.input);
        let arn = request.required("executionArn", text(256));
        let all = request.one_of("includedData", &["ALL_DATA", "METADATA_ONLY"]) != Some("METADATA_ONLY");
        request.finish()?;
        self.shared.check_not_stuck(arn)?;
        let execution = self.execution(arn)?;
        let mut out = execution.summary();
        out.extend(
            self.started_by(&execution)?
                .map(|map_run| ("mapRunArn".to_owned(), map_run.arn.into())),
        );
        match self.not_redrivable(&execution)? {
            None => {
                let by = match execution.child_of {
                    Some(_) => "REDRIVABLE_BY_MAP_RUN",
                    None => "REDRIVABLE",
                };
                out.insert("redriveStatus".to_owned(), by.into());
            }
            Some(reason) => {
                out.insert("redriveStatus".to_owned(), "NOT_REDRIVABLE".into());
                out.insert("redriveStatusReason".to_owned(), reason.into());
            }
        }
        let texts = [
            ("traceHeader", execution.trace_header),
            ("error", execution.error),
            ("cause", execution.cause),
            ("output", execution.output.clone().filter(|_| all)),
            ("input", Some(execution.start.input).filter(|_| all)),
        ];
        for (member, value) in texts {
            if let Some(value) = value {
                out.insert(member.to_owned(), value.into());
            }
        }
        out.insert("inputDetails".to_owned(), json!({"included": all}));
        if execution.output.is_some() {
            out.insert("outputDetails".to_owned(), json!({"included": all}));
        }
        Ok(out.into())
    }

    /// DescribeStateMachineForExecution: the revision that the execution runs.
    pub(super) fn describe_state_machine_for_execution(&self, call: &Call) -> Result<Value, ApiError> {
        let mut request = Request::new(&call.input);
        let arn = request.required("executionArn", text(256));
        request.one_of("includedData", &["ALL_DATA", "METADATA_ONLY"]);
        request.finish()?;
        let execution = self.execution(arn)?;
        if is_express(arn) {
            return Err(type_not_supported());
        }
        let revision = self
            .shared
            .store
            .read(|connection| machine_rows::revision(connection, execution.revision))?;
        let mut out = Map::new();
        out.insert("stateMachineArn".to_owned(), revision.machine_arn.into());
        out.insert("name".to_owned(), revision.machine_name.into());
        out.insert("updateDate".to_owned(), seconds(revision.updated_at));
        revision.content.describe(&mut out);
        if let Some(map_run) = self.started_by(&execution)? {
            out.insert("stateMachineArn".to_owned(), execution.start.state_machine_arn.into());
            out.insert("mapRunArn".to_owned(), map_run.arn.into());
            out.insert("label".to_owned(), map_run.label.into());
        }
        Ok(out.into())
    }

    /// ListExecutions, the newest first.
    pub(super) fn list_executions(&self, call: &Call) -> Result<Value, ApiError> {
        let mut request = Request::new(&call.input);
        let machine_arn = request.optional("stateMachineArn", text(256));
        let status = request.one_of("statusFilter", STATUSES);
        let asked = Asked::read(&mut request, 3096);
        let map_run_arn = request.optional("mapRunArn", text(2000));
        let by_redrive = request.raw("redriveFilter").is_some();
        request.finish()?;
        if by_redrive {
            return Err(ApiError::not_implemented("states", "ListExecutions with redriveFilter"));
        }
        if let (None, Some(map_run_arn)) = (machine_arn, map_run_arn) {
            return self.list_children(map_run_arn, status, asked);
        }
        if map_run_arn.is_some() {
            return Err(ApiError::new(
                "ValidationException",
                "Must specify either the state machine ARN or the map run ARN, but not both",
            ));
        }
        let Some(machine_arn) = machine_arn else {
            return Err(ApiError::new(
                "ValidationException",
                "Must specify either the state machine ARN or the map run ARN",
            ));
        };
        let target = self.target(machine_arn)?;
        let machine = target.machine.id;
        if target.machine.current.content.express {
            return Err(type_not_supported());
        }
        let page = asked.of(format!(
            "executions/{machine}/{machine_arn}/{}",
            status.unwrap_or("all")
        ))?;
        let before = page.after.unwrap_or(i64::MAX);
        // Of a version's or an alias's ARN, those that were started by it.
        let by = match (&target.version, &target.alias_arn) {
            (None, _) => "?2 = ?2",
            (Some(_), None) => "version_arn = ?2",
            (Some(_), Some(_)) => "alias_arn = ?2",
        };
        let mut rows = self.shared.store.read(|connection| match status {
            Some(status) => select(
                connection,
                &format!("WHERE machine = ?1 AND map_run IS NULL AND {by} AND id < ?3 AND status = ?4 ORDER BY id DESC LIMIT ?5"),
                params![machine, machine_arn, before, status, page.rows()],
            ),
            None => select(
                connection,
                &format!("WHERE machine = ?1 AND map_run IS NULL AND {by} AND id < ?3 ORDER BY id DESC LIMIT ?4"),
                params![machine, machine_arn, before, page.rows()],
            ),
        })?;
        Ok(listed(&mut rows, &page, None))
    }

    /// The child executions of a map run, the newest first.
    fn list_children(&self, map_run_arn: &str, status: Option<&str>, asked: Asked<'_>) -> Result<Value, ApiError> {
        let map_run = self.map_run(map_run_arn)?.id;
        let page = asked.of(format!("children/{map_run}/{}", status.unwrap_or("all")))?;
        let before = page.after.unwrap_or(i64::MAX);
        let mut rows = self.shared.store.read(|connection| match status {
            Some(status) => select(
                connection,
                "WHERE map_run = ?1 AND id < ?2 AND status = ?3 ORDER BY id DESC LIMIT ?4",
                params![map_run, before, status, page.rows()],
            ),
            None => select(
                connection,
                "WHERE map_run = ?1 AND id < ?2 ORDER BY id DESC LIMIT ?3",
                params![map_run, before, page.rows()],
            ),
        })?;
        Ok(listed(&mut rows, &page, Some(map_run_arn)))
    }

    /// The map run that has started an execution, if one has.
    fn started_by(&self, execution: &Stored) -> Result<Option<map_run::Stored>, ApiError> {
        match execution.child_of {
            Some((map_run, _)) => Ok(self
                .shared
                .store
                .read(|connection| map_run::of_id(connection, map_run))?),
            None => Ok(None),
        }
    }

    /// The execution of that ARN.
    pub(super) fn execution(&self, arn: &str) -> Result<Stored, ApiError> {
        if !is_express_child(arn) {
            check_arn(arn, Kind::Execution)?;
        }
        self.shared
            .store
            .read(|connection| find(connection, arn))?
            .ok_or_else(|| no_such_execution(arn))
    }
}

impl Stored {
    /// What ListExecutions and DescribeExecution have in common.
    fn summary(&self) -> Map<String, Value> {
        let mut out = Map::new();
        out.insert("executionArn".to_owned(), self.arn.as_str().into());
        out.insert(
            "stateMachineArn".to_owned(),
            self.start.state_machine_arn.as_str().into(),
        );
        for (member, arn) in [
            ("stateMachineVersionArn", &self.version_arn),
            ("stateMachineAliasArn", &self.alias_arn),
        ] {
            out.extend(arn.as_deref().map(|arn| (member.to_owned(), arn.into())));
        }
        out.insert("name".to_owned(), self.name.as_str().into());
        out.insert("status".to_owned(), self.status.as_str().into());
        out.insert("startDate".to_owned(), seconds(self.start.started_at));
        if let Some(stopped_at) = self.stopped_at {
            out.insert("stopDate".to_owned(), seconds(stopped_at));
        }
        out.insert("redriveCount".to_owned(), self.redrives.into());
        if let Some(redriven_at) = self.redriven_at {
            out.insert("redriveDate".to_owned(), seconds(redriven_at));
        }
        out
    }
}

/// A page of executions as ListExecutions gives it.
fn listed(rows: &mut Vec<Stored>, page: &Page, map_run_arn: Option<&str>) -> Value {
    let next = page.cut(rows, |row| row.id);
    let summaries = rows.iter().map(|row| {
        let mut summary = row.summary();
        if let (Some(arn), Some((_, items))) = (map_run_arn, row.child_of) {
            summary.insert("mapRunArn".to_owned(), arn.into());
            summary.insert("itemCount".to_owned(), items.into());
        }
        Value::Object(summary)
    });
    let mut out = json!({"executions": summaries.collect::<Vec<_>>()});
    if let Some(next) = next {
        out["nextToken"] = next.into();
    }
    out
}

/// The ARN of an execution.
pub(super) fn arn_of(connection: &Connection, id: i64) -> Result<String, StoreError> {
    Ok(connection
        .prepare_cached("SELECT arn FROM sfn_executions WHERE id = ?1")?
        .query_row([id], |row| row.get(0))?)
}

/// The execution of that ARN, if there is one.
pub(super) fn find(connection: &Connection, arn: &str) -> Result<Option<Stored>, StoreError> {
    Ok(select(connection, "WHERE arn = ?1", &[&arn])?.pop())
}

fn select(connection: &Connection, which: &str, parameters: &[&dyn ToSql]) -> Result<Vec<Stored>, StoreError> {
    let columns = "id, arn, name, machine, revision, status, start, stopped_at, trace_header, output, error, cause, version_arn, alias_arn, redrives, redriven_at, redrive_token, map_run, items";
    let mut statement = connection.prepare_cached(&format!("SELECT {columns} FROM sfn_executions {which}"))?;
    let rows = statement.query_map(parameters, read)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn read(row: &Row<'_>) -> rusqlite::Result<Stored> {
    let start: String = row.get(6)?;
    Ok(Stored {
        id: row.get(0)?,
        arn: row.get(1)?,
        name: row.get(2)?,
        machine: row.get(3)?,
        revision: row.get(4)?,
        status: row.get(5)?,
        start: serde_json::from_str(&start).map_err(|error| {
            rusqlite::Error::FromSqlConversionFailure(6, rusqlite::types::Type::Text, Box::new(error))
        })?,
        stopped_at: row.get::<_, Option<i64>>(7)?.map(i64::cast_unsigned),
        trace_header: row.get(8)?,
        output: row.get(9)?,
        error: row.get(10)?,
        cause: row.get(11)?,
        version_arn: row.get(12)?,
        alias_arn: row.get(13)?,
        redrives: row.get(14)?,
        redriven_at: row.get::<_, Option<i64>>(15)?.map(i64::cast_unsigned),
        redrive_token: row.get(16)?,
        child_of: match (row.get::<_, Option<i64>>(17)?, row.get::<_, Option<i64>>(18)?) {
            (Some(map_run), Some(items)) => Some((map_run, items.cast_unsigned())),
            _ => None,
        },
    })
}
