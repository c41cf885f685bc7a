//! Starting executions.

use std::sync::Arc;

use rusqlite::{Connection, params};
use serde_json::{Value, json};

use super::definition::{self, Definition};
use super::logging::Log;
use super::machine_rows::{self, Machine};
use super::names::{check_name, execution_arn, express_arn, is_express, machine_deleting, no_such_machine, region_of};
use super::nested::{self, Parent};
use super::rehearsal::{self, Rehearsal};
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
    /// Without the test case that it may name.
    pub(super) machine_arn: &'a str,
    case: Option<&'a str>,
    rehearsal: Option<Rehearsal>,
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
        let rehearsal = Rehearsal::read(&request);
        request.finish()?;
        let rehearsal = rehearsal?;
        // No ARN of a state machine has such a sign.
        let (machine_arn, case) = match machine_arn.split_once('#') {
            Some((arn, case)) => (arn, Some(case)),
            None => (machine_arn, None),
        };
        let name = name.map_or_else(random::uuid, str::to_owned);
        check_name(&name)?;
        let input = input.unwrap_or("{}");
        check_input(input)?;
        Ok(Self {
            machine_arn,
            case,
            rehearsal,
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
        let rehearsal = self.rehearsal(&target, &asked)?;
        let start = self.new_start(&target, &asked);
        let started_at = self.begin(&target, &start, asked.trace_header, rehearsal, parent)?;
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
            started_at: asked
                .rehearsal
                .as_ref()
                .and_then(Rehearsal::starts_at)
                .unwrap_or_else(|| self.shared.now()),
        }
    }

    /// How the execution is to be rehearsed, by what the request says or the test case that it names.
    pub(super) fn rehearsal(&self, target: &Target, asked: &Asked<'_>) -> Result<Option<Rehearsal>, ApiError> {
        let Some(case) = asked.case else {
            return Ok(asked.rehearsal.clone());
        };
        let Some(config) = &self.shared.mock_config else {
            return Err(rehearsal::invalid(&format!(
                "the state machine ARN names the test case `{case}`, and the local cloud was started without a mock configuration \
                 (`stepstack local up --mock-config FILE`)"
            )));
        };
        if asked.rehearsal.as_ref().is_some_and(|given| !given.mocks.is_empty()) {
            return Err(rehearsal::invalid(&format!(
                "the state machine ARN names the test case `{case}`, and there are `mocks` as well"
            )));
        }
        let mocks = config
            .mocks(&target.machine.name, case)
            .map_err(|problem| ApiError::new("ValidationException", problem.to_string()))?;
        Ok(Some(match &asked.rehearsal {
            Some(given) => given.with_mocks(mocks.clone()),
            None => Rehearsal::default().with_mocks(mocks.clone()),
        }))
    }

    /// Begins an execution, and gives the time since which it runs.
    pub(super) fn begin(
        &self,
        target: &Target,
        start: &Start,
        trace_header: Option<&str>,
        rehearsal: Option<Rehearsal>,
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
        if let Some(rehearsal) = &rehearsal {
            rehearsal.check(&model)?;
        }
        let missing = definition::absent_integrations(&model, self.shared.tasks.as_ref());
        let rehearsal = Rehearsal::without(rehearsal, missing)?.map(Arc::new);
        let log = Log::of(&current.content.logging, start);
        let mut run = Run::new(model, start.clone(), log).rehearsed(rehearsal.clone());
        let mut first = Batch::default();
        run.take(Happened::Started, start.started_at, &mut first);
        let begun = self.shared.begin(&start.execution_arn, run, first, |first| {
            self.shared.store.write(|transaction| {
                make_room(transaction, start, &target.machine, rehearsal.as_deref())?;
                let id = insert(transaction, start, target, trace_header)?;
                if let Some(rehearsal) = &rehearsal {
                    rehearsal::insert(transaction, id, rehearsal)?;
                }
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
fn make_room(
    connection: &Connection,
    start: &Start,
    machine: &Machine,
    rehearsal: Option<&Rehearsal>,
) -> Result<(), NotBegun> {
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
    let rehearsed = rehearsal::find(connection, existing.id)?;
    if existing.stopped_at.is_none() && existing.start.input == start.input && rehearsed.as_ref() == rehearsal {
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
