//! RedriveExecution: an execution that ended without success goes on where it failed
//! ([RedriveExecution](https://docs.aws.amazon.com/step-functions/latest/apireference/API_RedriveExecution.html)).

use rusqlite::{Connection, params};
use serde_json::{Value, json};

use super::executions::Stored;
use super::recovery::{self, RecoveryError};
use super::request::{Request, text};
use super::run::Batch;
use super::{States, journal, seconds};
use crate::engine::{Happened, Millis};
use crate::local::api::{ApiError, Call};
use crate::local::store::StoreError;

const DAY: Millis = 24 * 60 * 60 * 1000;
/// So long after its end an execution can be redriven.
const REDRIVABLE: Millis = 14 * DAY;
/// So long an execution may take.
const LONGEST: Millis = 365 * DAY;
/// So many events leave no room for a redrive.
const EVENTS: i64 = 24_999;

impl States {
    /// RedriveExecution: answered when it is stored. The same `clientToken` again does not redrive it again.
    pub(super) async fn redrive_execution(&self, call: &Call) -> Result<Value, ApiError> {
        let mut request = Request::new(&call.input);
        let arn = request.required("executionArn", text(256));
        let token = request.optional("clientToken", text(64));
        request.finish()?;
        let execution = self.execution(arn)?;
        if let (Some(token), Some(at)) = (token, execution.redriven_at)
            && execution.redrive_token.as_deref() == Some(token)
        {
            return Ok(json!({"redriveDate": seconds(at)}));
        }
        if let Some(reason) = self.not_redrivable(&execution)? {
            return Err(not_redrivable(&reason));
        }
        self.check_map_runs(&execution)?;
        self.shared.left(&execution.arn).await;
        let mut run = recovery::rebuild_ended(&self.shared, execution.id)
            .await
            .map_err(|problem| match problem {
                RecoveryError::Store(problem) => problem.into(),
                other => not_redrivable(&other.to_string()),
            })?;
        // Virtual time may be ahead.
        let now = self.shared.now().max(run.now());
        let mut first = Batch::default();
        run.take(Happened::Redriven, now, &mut first);
        self.shared.begin(&execution.arn, run, first, |first| {
            self.shared.store.write(|transaction| {
                reopen(transaction, &execution, now, token)?;
                journal::append(transaction, execution.id, first)?;
                Ok::<_, ApiError>(execution.id)
            })
        })?;
        Ok(json!({"redriveDate": seconds(now)}))
    }

    /// A map run goes on with its executions when it is redriven, which is not there yet.
    fn check_map_runs(&self, execution: &Stored) -> Result<(), ApiError> {
        let missing = |what: &str| Err(ApiError::not_implemented("states", &format!("RedriveExecution {what}")));
        if execution.child_of.is_some() {
            return missing("of an execution of a map run");
        }
        let unsuccessful: i64 = self.shared.store.read(|connection| {
            connection
                .prepare_cached("SELECT count(*) FROM sfn_map_runs WHERE execution = ?1 AND status != 'SUCCEEDED'")?
                .query_row([execution.id], |row| row.get(0))
                .map_err(StoreError::from)
        })?;
        if unsuccessful > 0 {
            return missing("of an execution with a map run that did not succeed");
        }
        Ok(())
    }

    /// Why an execution cannot be redriven, in the words of `redriveStatusReason`.
    pub(super) fn not_redrivable(&self, execution: &Stored) -> Result<Option<String>, ApiError> {
        let Some(stopped_at) = execution.stopped_at.filter(|_| execution.status != "SUCCEEDED") else {
            return Ok(Some(format!(
                "Execution is {} and cannot be redriven",
                execution.status
            )));
        };
        let now = self.shared.now();
        let (active, events) = self.shared.store.read(|connection| {
            let active: i64 = connection
                .prepare_cached("SELECT count(*) FROM sfn_machines WHERE id = ?1 AND status = 'ACTIVE'")?
                .query_row([execution.machine], |row| row.get(0))?;
            let events: i64 = connection
                .prepare_cached("SELECT count(*) FROM sfn_history WHERE execution = ?1")?
                .query_row([execution.id], |row| row.get(0))?;
            Ok::<_, StoreError>((active > 0, events))
        })?;
        let reason = if !active {
            "State machine is in DELETING status"
        } else if events >= EVENTS {
            "Execution history event limit exceeded"
        } else if now.saturating_sub(execution.start.started_at) > LONGEST {
            "Execution has exceeded the max execution time"
        } else if now.saturating_sub(stopped_at) > REDRIVABLE {
            "Execution redrivable period exceeded"
        } else {
            return Ok(None);
        };
        Ok(Some(reason.to_owned()))
    }
}

/// Marks an execution as running again, unless somebody else just has.
fn reopen(connection: &Connection, execution: &Stored, now: Millis, token: Option<&str>) -> Result<(), ApiError> {
    let changed = connection
        .prepare_cached(
            "UPDATE sfn_executions SET status = 'RUNNING', stopped_at = NULL, output = NULL, error = NULL, cause = NULL,
             redrives = redrives + 1, redriven_at = ?2, redrive_token = ?3
             WHERE id = ?1 AND status IN ('FAILED', 'ABORTED', 'TIMED_OUT')",
        )?
        .execute(params![execution.id, now.cast_signed(), token])?;
    if changed == 1 {
        Ok(())
    } else {
        Err(not_redrivable("Execution is RUNNING and cannot be redriven"))
    }
}

fn not_redrivable(reason: &str) -> ApiError {
    ApiError::new("ExecutionNotRedrivable", reason)
}
