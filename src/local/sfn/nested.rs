//! `states:startExecution.sync`: a task that is done when the execution it started has ended
//! ([nested workflows](https://docs.aws.amazon.com/step-functions/latest/dg/connect-stepfunctions.html)).
//!
//! Each task starts one execution, whatever happens in between: the child is stored together with the token of its task. A
//! task that is cancelled is marked in the transaction that cancels it, and its child is stopped, if need be by the next
//! process.

use std::sync::Arc;

use http::{HeaderMap, Method};
use rusqlite::{Connection, OptionalExtension, params};
use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot};

use super::driver::Message;
use super::integrations;
use super::names::{is_express, type_not_supported};
use super::rehearsal;
use super::shared::Shared;
use super::tasks::{Caller, TaskOutcome};
use super::{States, seconds};
use crate::asl::integration::{Integration, Pattern};
use crate::engine::{Effect, Happened, Millis, TaskId, TaskRequest};
use crate::local::api::{ApiError, Call, Reply};
use crate::local::protocol::Protocol;
use crate::local::random;
use crate::local::store::StoreError;

/// Whether tasks of that resource wait for the execution that they start.
pub(super) fn is(resource: &str) -> bool {
    pattern(resource).is_some()
}

fn pattern(resource: &str) -> Option<Pattern> {
    match Integration::parse(resource) {
        Integration::Optimized {
            service,
            action,
            pattern: pattern @ (Pattern::Sync | Pattern::Sync2),
        } if service == "states" && action == "startExecution" => Some(pattern),
        _ => None,
    }
}

/// The task that starts an execution.
#[derive(Clone, Debug)]
pub(super) struct Parent {
    /// The execution it belongs to.
    pub(super) execution: i64,
    pub(super) arn: String,
    pub(super) region: Arc<str>,
    pub(super) task: TaskId,
    pub(super) token: String,
    /// The time of that execution, if it is virtual.
    pub(super) time: Option<Millis>,
}

/// What waits for a child and tells the execution of its parent.
pub(super) struct Watch {
    pub(super) shared: Arc<Shared>,
    pub(super) parent: Parent,
    pub(super) request: TaskRequest,
    pub(super) outbox: mpsc::UnboundedSender<Message>,
}

impl Watch {
    /// Starts the child and waits for it. `submitted` is the answer to the task that started it in an earlier process.
    pub(super) fn begin(self, submitted: Option<String>) {
        let mut closing = self.shared.closed.subscribe();
        tokio::spawn(async move {
            tokio::select! {
                _ = closing.wait_for(|closed| *closed) => {}
                () = self.run(submitted) => {}
            }
        });
    }

    async fn run(self, submitted: Option<String>) {
        let task = self.parent.task;
        let output = match submitted {
            Some(output) => output,
            None => match self.start() {
                TaskOutcome::Succeeded(output) => {
                    let what = Happened::TaskSubmitted {
                        task,
                        output: output.clone(),
                    };
                    if self.tell(what).await != Some(true) {
                        // The task was cancelled while the child was being started.
                        stop(&self.shared, self.parent.execution, task).await;
                        return;
                    }
                    output
                }
                TaskOutcome::Failed { error, cause } => {
                    self.tell(Happened::TaskFailed { task, error, cause }).await;
                    return;
                }
            },
        };
        let Some(child) = child_of(&output) else {
            return;
        };
        if let Some((what, at)) = self.end_of(&child).await {
            self.tell_at(what, at).await;
        }
    }

    /// The answer to the task.
    fn start(&self) -> TaskOutcome {
        let request_id = random::uuid();
        let result = self.started_before().and_then(|before| match before {
            Some(answer) => Ok(answer),
            None => self.start_now(&request_id),
        });
        let response = Protocol::Json10.write("StartExecution", &request_id, result.map(Reply::Json));
        integrations::started(&response, self.shared.now())
    }

    /// What StartExecution would have answered in an earlier process.
    fn started_before(&self) -> Result<Option<Value>, ApiError> {
        let found = self.shared.store.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT e.arn, e.started_at FROM sfn_nested n JOIN sfn_executions e ON e.id = n.child WHERE n.token = ?1",
            )?;
            let row = statement.query_row([&self.parent.token], |row| {
                Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?))
            });
            Ok::<_, StoreError>(row.optional()?)
        })?;
        Ok(found.map(|(arn, since)| json!({"executionArn": arn, "startDate": seconds(since.cast_unsigned())})))
    }

    fn start_now(&self, request_id: &str) -> Result<Value, ApiError> {
        let caller = Caller {
            region: &self.parent.region,
            execution_arn: &self.parent.arn,
            time: self.parent.time,
        };
        let mut input = integrations::start_parameters(caller, &self.request.parameters);
        rehearsal::pass_on(self.parent.time, &mut input);
        let call = call(&self.parent.region, "StartExecution", input, request_id);
        self.states().start_child(&call, &self.parent)
    }

    /// How the task ends, when its child has, and when that was. `None` when the service is closed.
    async fn end_of(&self, child: &str) -> Option<(Happened, Option<Millis>)> {
        // Listens before it looks, so that the end cannot come in between.
        let end = self.shared.end_of(child);
        let mut described = self.describe(child)?;
        if described.get("Status").and_then(Value::as_str) == Some("RUNNING") {
            end.await.ok()?;
            described = self.describe(child)?;
        } else {
            drop(end);
            self.shared.forget_who_left(child);
        }
        let task = self.parent.task;
        let at = described.get("StopDate").and_then(Value::as_u64);
        if described.get("Status").and_then(Value::as_str) != Some("SUCCEEDED") {
            let failed = Happened::TaskFailed {
                task,
                error: Some("States.TaskFailed".to_owned()),
                cause: Some(Value::Object(described).to_string()),
            };
            return Some((failed, at));
        }
        if pattern(&self.request.resource) == Some(Pattern::Sync2) {
            for member in ["Input", "Output"] {
                if let Some(value) = described.get_mut(member)
                    && let Some(parsed) = value.as_str().and_then(|text| serde_json::from_str(text).ok())
                {
                    *value = parsed;
                }
            }
        }
        let succeeded = Happened::TaskSucceeded {
            task,
            output: Value::Object(described).to_string(),
        };
        Some((succeeded, at))
    }

    fn describe(&self, child: &str) -> Option<serde_json::Map<String, Value>> {
        let id = random::uuid();
        let call = call(
            &self.parent.region,
            "DescribeExecution",
            json!({ "executionArn": child }),
            &id,
        );
        let result = self.states().describe_execution(&call);
        integrations::described(&Protocol::Json10.write("DescribeExecution", &id, result.map(Reply::Json)))
    }

    fn states(&self) -> States {
        States {
            shared: self.shared.clone(),
        }
    }

    /// Whether the task was still wanted; `None` if its execution has ended.
    async fn tell(&self, what: Happened) -> Option<bool> {
        self.tell_at(what, None).await
    }

    /// The same of what may happen later in virtual time.
    async fn tell_at(&self, what: Happened, at: Option<Millis>) -> Option<bool> {
        let (stored, done) = oneshot::channel();
        let message = Message {
            what,
            at,
            stored: Some(stored),
        };
        self.outbox.send(message).ok()?;
        done.await.ok()
    }
}

impl States {
    /// StartExecution for a task.
    fn start_child(&self, call: &Call, parent: &Parent) -> Result<Value, ApiError> {
        let machine = call.input.get("stateMachineArn").and_then(Value::as_str);
        if let Some(machine) = machine
            && let Ok(target) = self.target(machine)
            && target.machine.current.content.express
        {
            // Nobody could tell how it ended.
            return Err(type_not_supported());
        }
        self.start_execution_for(call, Some(parent))
    }
}

/// The child that the answer to a task names.
pub(super) fn child_of(output: &str) -> Option<String> {
    let output: Value = serde_json::from_str(output).ok()?;
    let arn = output.get("ExecutionArn")?.as_str()?;
    (!is_express(arn)).then(|| arn.to_owned())
}

fn call(region: &str, operation: &str, input: Value, request_id: &str) -> Call {
    Call {
        operation: operation.to_owned(),
        input,
        method: Method::POST,
        path: "/".to_owned(),
        query: Vec::new(),
        headers: HeaderMap::new(),
        body: bytes::Bytes::new(),
        region: region.to_owned(),
        request_id: request_id.to_owned(),
    }
}

/// Stores whose child a new execution is.
pub(super) fn record(connection: &Connection, child: i64, parent: &Parent) -> Result<(), StoreError> {
    connection
        .prepare_cached("INSERT INTO sfn_nested (child, token, parent, task) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![
            child,
            parent.token,
            parent.execution,
            parent.task.cast_signed()
        ])?;
    Ok(())
}

/// Stores that the children of cancelled tasks are to be stopped.
pub(super) fn cancel(connection: &Connection, execution: i64, effects: &[Effect]) -> Result<(), StoreError> {
    let mut mark = connection.prepare_cached("UPDATE sfn_nested SET cancelled = 1 WHERE parent = ?1 AND task = ?2")?;
    for effect in effects {
        if let Effect::CancelTask { task } = effect {
            mark.execute(params![execution, task.cast_signed()])?;
        }
    }
    Ok(())
}

/// Stops the child of a task, if it has one that runs.
pub(super) async fn stop(shared: &Shared, execution: i64, task: TaskId) {
    let running = shared.store.read(|connection| {
        arns(
            connection,
            "SELECT e.arn FROM sfn_nested n JOIN sfn_executions e ON e.id = n.child
             WHERE n.parent = ?1 AND n.task = ?2 AND e.status = 'RUNNING'",
            params![execution, task.cast_signed()],
        )
    });
    stop_all(shared, running.unwrap_or_default()).await;
}

/// Stops the children that an earlier process did not come to stop.
pub(super) fn stop_cancelled(shared: &Arc<Shared>) -> Result<(), StoreError> {
    let running = shared.store.read(|connection| {
        arns(
            connection,
            "SELECT e.arn FROM sfn_nested n JOIN sfn_executions e ON e.id = n.child
             WHERE n.cancelled AND e.status = 'RUNNING'",
            [],
        )
    })?;
    if !running.is_empty() {
        let shared = shared.clone();
        tokio::spawn(async move { stop_all(&shared, running).await });
    }
    Ok(())
}

async fn stop_all(shared: &Shared, arns: Vec<String>) {
    for arn in arns {
        let stopped = Happened::Stopped {
            error: None,
            cause: None,
        };
        shared.tell(&arn, stopped).await;
    }
}

fn arns(connection: &Connection, sql: &str, parameters: impl rusqlite::Params) -> Result<Vec<String>, StoreError> {
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map(parameters, |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}
