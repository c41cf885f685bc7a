//! Task tokens that come back: SendTaskSuccess, SendTaskFailure, SendTaskHeartbeat.

use serde_json::{Value, json};

use super::paging::invalid_token;
use super::request::{Request, hidden, text};
use super::{States, journal, json_text};
use crate::engine::{Happened, TaskId};
use crate::local::api::{ApiError, Call};

impl States {
    /// SendTaskSuccess: answered when it is stored.
    pub(super) async fn send_task_success(&self, call: &Call) -> Result<Value, ApiError> {
        let mut request = Request::new(&call.input);
        let token = request.required("taskToken", text(2048));
        let output = request.required("output", hidden(0, 262_144));
        request.finish()?;
        json_text::check(output)
            .map_err(|error| ApiError::new("InvalidOutput", format!("Invalid Output: '{}'", error.message)))?;
        let output = output.to_owned();
        self.send(token, |task| Happened::TaskSucceeded { task, output }).await
    }

    /// SendTaskFailure: answered when it is stored.
    pub(super) async fn send_task_failure(&self, call: &Call) -> Result<Value, ApiError> {
        let mut request = Request::new(&call.input);
        let token = request.required("taskToken", text(2048));
        let error = request.optional("error", hidden(0, 256)).map(str::to_owned);
        let cause = request.optional("cause", hidden(0, 32_768)).map(str::to_owned);
        request.finish()?;
        self.send(token, |task| Happened::TaskFailed { task, error, cause })
            .await
    }

    /// SendTaskHeartbeat.
    pub(super) async fn send_task_heartbeat(&self, call: &Call) -> Result<Value, ApiError> {
        let mut request = Request::new(&call.input);
        let token = request.required("taskToken", text(2048));
        request.finish()?;
        self.send(token, |task| Happened::TaskHeartbeat { task }).await
    }

    async fn send(&self, token: &str, what: impl FnOnce(TaskId) -> Happened) -> Result<Value, ApiError> {
        let found = self.shared.store.read(|connection| journal::token(connection, token))?;
        let (execution, task) = found.ok_or_else(invalid_token)?;
        let told = self.shared.tell(&execution, what(task)).await;
        if told.is_none() {
            self.shared.check_not_stuck(&execution)?;
        }
        match told {
            Some(true) => Ok(json!({})),
            _ => Err(ApiError::new(
                "TaskTimedOut",
                "Task Timed Out: 'Provided task does not exist anymore'",
            )),
        }
    }
}
