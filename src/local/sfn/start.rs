//! Starting executions.

use rusqlite::{Connection, params};
use serde_json::{Value, json};

use super::definition::Definition;
use super::logging::Log;
use super::machine_rows::{self, Machine};
use super::names::{check_name, execution_arn, express_arn, is_express, machine_deleting, no_such_machine, region_of};
use super::nested::{self, Parent};
use super::request::{Request, hidden, text};
use super::run::{Batch, Run};
use super::target::Target;
use super::{States, executions, journal, json_text, seconds};
use crate::engine::{Happened, Millis, Start};
use crate::local::api::{ApiError, Call};
use crate::local::random;
use crate::local::store::StoreError;

/// The largest input and output of an execution, in bytes.
const LARGEST_DATA: usize = 262_144;

/// What StartExecution and StartSyncExecution are asked.
pub(super) struct Asked<'a> {
    pub(super) machine_arn: &'a str,
    name: String,
    pub(super) input: &'a str,
    pub(super) trace_header: Option<&'a str>,
}

impl<'a> Asked<'a> {
    /// Reads the members that both have, and finishes the request.
    pub(super) fn read(mut request: Request<'a>) -> Result<Self, ApiError> {
        let machine_arn = request.required("stateMachineArn", text(256));
        let name = request.optional("name", text(80));
        let input = request.optional("input", hidden(0, LARGEST_DATA));
        let trace_header = request.optional("traceHeader", text(256));
        request.finish()?;
        let name = name.map_or_else(random::uuid, str::to_owned);
        check_name(&name)?;
        let input = input.unwrap_or("{}");
        check_input(input)?;
        Ok(Self {
            machine_arn,
            name,
            input,
            trace_header,
        })
    }
}

impl States {
    /// StartExecution: answered when the execution is stored. The same name with the same input is no error while it runs;
    /// Express executions are not told apart by their names.
    pub(super) fn start_execution(&self, call: &Call) -> Result<Value, ApiError> {
        self.start_execution_for(call, None)
    }

    /// The same for a task that waits for the execution.
    pub(super) fn start_execution_for(&self, call: &Call, parent: Option<&Parent>) -> Result<Value, ApiError> {
        let asked = Asked::read(Request::new(&call.input))?;
        let target = self.active_target(asked.machine_arn)?;
        let start = self.new_start(&target, &asked);
        let started_at = self.begin(&target, &start, asked.trace_header, parent)?;
        Ok(json!({"executionArn": start.execution_arn, "startDate": seconds(started_at)}))
    }

    /// What a new execution is told.
    pub(super) fn new_start(&self, target: &Target, asked: &Asked<'_>) -> Start {
        let machine = &target.machine;
        let region = region_of(&machine.arn);
        Start {
            execution_arn: if machine.current.content.express {
                express_arn(region, &machine.name, &asked.name, &random::uuid())
            } else {
                execution_arn(region, &machine.name, &asked.name)
            },
            execution_name: asked.name.clone(),
            state_machine_arn: machine.arn.clone(),
            state_machine_name: machine.name.clone(),
            role_arn: machine.current.content.role_arn.clone(),
            input: asked.input.to_owned(),
            started_at: self.shared.now(),
        }
    }

    /// Begins an execution, and gives the time since which it runs.
    pub(super) fn begin(
        &self,
        target: &Target,
        start: &Start,
        trace_header: Option<&str>,
        parent: Option<&Parent>,
    ) -> Result<Millis, ApiError> {
        let current = &target.machine.current;
        let definition = || {
            Ok(Definition {
                text: current.content.definition.clone(),
                express: current.content.express,
            })
        };
        let model = self.shared.machine(current.id, definition)?.ok_or_else(|| {
            ApiError::with_status(500, "InternalFailure", "the stored definition cannot be read any more")
        })?;
        let mut run = Run::new(model, start.clone(), Log::of(&current.content.logging, start));
        let mut first = Batch::default();
        run.take(Happened::Started, start.started_at, &mut first);
        let begun = self.shared.begin(&start.execution_arn, run, first, |first| {
            self.shared.store.write(|transaction| {
                make_room(transaction, start, &target.machine)?;
                let id = insert(transaction, start, target, trace_header)?;
                if let Some(parent) = parent {
                    nested::record(transaction, id, parent)?;
                }
                journal::append(transaction, id, first)?;
                Ok(id)
            })
        });
        match begun {
            Ok(()) => Ok(start.started_at),
            Err(NotBegun::Running(since)) => Ok(since),
            Err(NotBegun::Refused(error)) => Err(error),
        }
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
    if is_express(&start.execution_arn) {
        return Ok(());
    }
    let Some(existing) = executions::find(connection, &start.execution_arn)? else {
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
