//! Executions: start, stop, describe, list.

use rusqlite::{Connection, Row, ToSql, params};
use serde_json::{Map, Value, json};

use super::machine_rows::{self, Machine};
use super::names::{
    Kind, check_arn, check_name, execution_arn, machine_deleting, no_such_execution, no_such_machine, region_of,
};
use super::paging::Asked;
use super::request::{Request, hidden, text};
use super::run::{Batch, Run};
use super::target::Target;
use super::{States, journal, json_text, seconds};
use crate::engine::{Happened, Millis, Start};
use crate::local::api::{ApiError, Call};
use crate::local::random;
use crate::local::store::StoreError;

/// The largest input and output of an execution, in bytes.
const LARGEST_DATA: usize = 262_144;
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
    arn: String,
    name: String,
    machine: i64,
    revision: i64,
    status: String,
    start: Start,
    stopped_at: Option<Millis>,
    trace_header: Option<String>,
    version_arn: Option<String>,
    alias_arn: Option<String>,
    output: Option<String>,
    error: Option<String>,
    cause: Option<String>,
}

impl States {
    /// StartExecution: answered when the execution is stored. The same name with the same input is no error while it runs.
    pub(super) fn start_execution(&self, call: &Call) -> Result<Value, ApiError> {
        let mut request = Request::new(&call.input);
        let machine_arn = request.required("stateMachineArn", text(256));
        let name = request.optional("name", text(80));
        let input = request.optional("input", hidden(0, LARGEST_DATA));
        let trace_header = request.optional("traceHeader", text(256));
        request.finish()?;
        let name = name.map_or_else(random::uuid, str::to_owned);
        check_name(&name)?;
        let input = input.unwrap_or("{}");
        check_input(input)?;

        let target = self.active_target(machine_arn)?;
        let machine = &target.machine;
        let start = Start {
            execution_arn: execution_arn(region_of(machine_arn), &machine.name, &name),
            execution_name: name,
            state_machine_arn: machine.arn.clone(),
            state_machine_name: machine.name.clone(),
            role_arn: machine.current.content.role_arn.clone(),
            input: input.to_owned(),
            started_at: self.shared.now(),
        };
        let model = self
            .shared
            .machine(machine.current.id, || Ok(machine.current.content.definition.clone()))?
            .ok_or_else(|| {
                ApiError::with_status(500, "InternalFailure", "the stored definition cannot be read any more")
            })?;
        let mut run = Run::new(model, start.clone());
        let mut first = Batch::default();
        run.advance(Happened::Started, start.started_at, &mut first);

        let begun = self.shared.begin(&start.execution_arn, run, first, |first| {
            self.shared.store.write(|transaction| {
                make_room(transaction, &start, machine)?;
                let id = insert(transaction, &start, &target, trace_header)?;
                journal::append(transaction, id, first)?;
                Ok(id)
            })
        });
        let started_at = match begun {
            Ok(()) => start.started_at,
            Err(NotBegun::Running(since)) => since,
            Err(NotBegun::Refused(error)) => return Err(error),
        };
        Ok(json!({"executionArn": start.execution_arn, "startDate": seconds(started_at)}))
    }

    /// StopExecution: answered when the end is stored. No error if it had ended before.
    pub(super) async fn stop_execution(&self, call: &Call) -> Result<Value, ApiError> {
        let mut request = Request::new(&call.input);
        let arn = request.required("executionArn", text(256));
        let error = request.optional("error", hidden(0, 256)).map(str::to_owned);
        let cause = request.optional("cause", hidden(0, 32_768)).map(str::to_owned);
        request.finish()?;
        if self.execution(arn)?.stopped_at.is_none() {
            self.shared.tell(arn, Happened::Stopped { error, cause }).await;
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
        let execution = self.execution(arn)?;
        let mut out = execution.summary();
        out.insert("redriveCount".to_owned(), 0.into());
        match execution.status.as_str() {
            "FAILED" | "ABORTED" | "TIMED_OUT" => {
                out.insert("redriveStatus".to_owned(), "REDRIVABLE".into());
            }
            status => {
                out.insert("redriveStatus".to_owned(), "NOT_REDRIVABLE".into());
                let reason = format!("Execution is {status} and cannot be redriven");
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
        let revision = self
            .shared
            .store
            .read(|connection| machine_rows::revision(connection, execution.revision))?;
        let mut out = Map::new();
        out.insert("stateMachineArn".to_owned(), revision.machine_arn.into());
        out.insert("name".to_owned(), revision.machine_name.into());
        out.insert("updateDate".to_owned(), seconds(revision.updated_at));
        revision.content.describe(&mut out);
        Ok(out.into())
    }

    /// ListExecutions, the newest first.
    pub(super) fn list_executions(&self, call: &Call) -> Result<Value, ApiError> {
        let mut request = Request::new(&call.input);
        let machine_arn = request.optional("stateMachineArn", text(256));
        let status = request.one_of("statusFilter", STATUSES);
        let asked = Asked::read(&mut request, 3096);
        let of_map_run = request.raw("mapRunArn").is_some() || request.raw("redriveFilter").is_some();
        request.finish()?;
        if of_map_run {
            return Err(ApiError::not_implemented(
                "states",
                "ListExecutions with mapRunArn or redriveFilter",
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
                &format!("WHERE machine = ?1 AND {by} AND id < ?3 AND status = ?4 ORDER BY id DESC LIMIT ?5"),
                params![machine, machine_arn, before, status, page.rows()],
            ),
            None => select(
                connection,
                &format!("WHERE machine = ?1 AND {by} AND id < ?3 ORDER BY id DESC LIMIT ?4"),
                params![machine, machine_arn, before, page.rows()],
            ),
        })?;
        let next = page.cut(&mut rows, |row| row.id);
        let summaries = rows.iter().map(|row| {
            let mut summary = row.summary();
            summary.insert("redriveCount".to_owned(), 0.into());
            Value::Object(summary)
        });
        let mut out = json!({"executions": summaries.collect::<Vec<_>>()});
        if let Some(next) = next {
            out["nextToken"] = next.into();
        }
        Ok(out)
    }

    /// The execution of that ARN.
    pub(super) fn execution(&self, arn: &str) -> Result<Stored, ApiError> {
        check_arn(arn, Kind::Execution)?;
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
        out
    }
}

/// Why an execution was not begun.
enum NotBegun {
    /// The same one runs already, since then.
    Running(Millis),
    /// It may not be.
    Refused(ApiError),
}

impl From<StoreError> for NotBegun {
    fn from(error: StoreError) -> Self {
        Self::Refused(error.into())
    }
}

fn check_input(input: &str) -> Result<(), ApiError> {
    let invalid = |what: &str| {
        ApiError::new(
            "InvalidExecutionInput",
            format!("Invalid State Machine Execution Input: '{what}'"),
        )
    };
    if input.trim().is_empty() {
        return Err(invalid("Invalid execution input."));
    }
    if input.len() > LARGEST_DATA {
        return Err(invalid("Execution input is larger than the maximum of 262144 bytes."));
    }
    json_text::check(input).map_err(|error| invalid(&error.message))
}

/// Sees to it that the name is free: taken names are refused, except for the same execution while it runs. Executions of
/// a deleted machine do not hold names of a later one that has its name.
fn make_room(connection: &Connection, start: &Start, machine: &Machine) -> Result<(), NotBegun> {
    match machine_rows::find(connection, &machine.arn)? {
        Some(now) if now.id == machine.id && now.status == "ACTIVE" => {}
        Some(now) if now.id == machine.id => return Err(NotBegun::Refused(machine_deleting(&machine.arn))),
        _ => return Err(NotBegun::Refused(no_such_machine(&machine.arn))),
    }
    let Some(existing) = find(connection, &start.execution_arn)? else {
        return Ok(());
    };
    if existing.machine != machine.id {
        connection
            .execute("DELETE FROM sfn_executions WHERE id = ?1", [existing.id])
            .map_err(StoreError::from)?;
        return Ok(());
    }
    if existing.stopped_at.is_none() && existing.start.input == start.input {
        return Err(NotBegun::Running(existing.start.started_at));
    }
    Err(NotBegun::Refused(ApiError::new(
        "ExecutionAlreadyExists",
        format!("Execution Already Exists: '{}'", start.execution_arn),
    )))
}

fn insert(
    connection: &Connection,
    start: &Start,
    target: &Target,
    trace_header: Option<&str>,
) -> Result<i64, StoreError> {
    connection
        .prepare_cached(
            "INSERT INTO sfn_executions (arn, name, machine, revision, status, start, started_at, trace_header, version_arn, alias_arn)
             VALUES (?1, ?2, ?3, ?4, 'RUNNING', ?5, ?6, ?7, ?8, ?9)",
        )?
        .insert(params![
            start.execution_arn,
            start.execution_name,
            target.machine.id,
            target.machine.current.id,
            serde_json::to_string(start)?,
            start.started_at.cast_signed(),
            trace_header,
            target.version_arn(),
            target.alias_arn
        ])
        .map_err(StoreError::from)
}

fn find(connection: &Connection, arn: &str) -> Result<Option<Stored>, StoreError> {
    Ok(select(connection, "WHERE arn = ?1", &[&arn])?.pop())
}

fn select(connection: &Connection, which: &str, parameters: &[&dyn ToSql]) -> Result<Vec<Stored>, StoreError> {
    let columns = "id, arn, name, machine, revision, status, start, stopped_at, trace_header, output, error, cause, version_arn, alias_arn";
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
    })
}
