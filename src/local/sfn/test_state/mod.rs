//! TestState: runs one state, with its work done or mocked, and shows what became of the data
//! ([TestState](https://docs.aws.amazon.com/step-functions/latest/apireference/API_TestState.html)).

mod asked;
mod context;
mod mock;
mod responses;
mod subject;
#[cfg(test)]
mod tests;

use std::time::Duration;

use serde_json::{Map, Value};

use self::asked::{Asked, Mocked};
use super::names::role_account;
use super::{States, json_text};
use crate::asl::integration::{Integration, Pattern};
use crate::asl::model::{State, StateKind};
use crate::engine::TaskRequest;
use crate::engine::single::{Progress, Setting, Trial, Verdict, Worked, has_work};
use crate::local::api::{ApiError, Call};
use crate::local::random;
use crate::local::sfn::tasks::{Caller, TaskOutcome};

/// The longest a state may take.
const LONGEST: Duration = Duration::from_secs(300);

impl States {
    /// TestState: answered when the state has ended.
    pub(super) async fn test_state(&self, call: &Call) -> Result<Value, ApiError> {
        let asked = Asked::read(&call.input)?;
        let state = subject::find(asked.definition, asked.state_name)?;
        mock::check(&asked, &state)?;
        if asked.mock.is_none() {
            self.check_unmocked(&asked, &state)?;
        }
        let mut trial = self.trial(&asked, &state, &call.region)?;

        let execution_arn = context::start(&asked, &call.region, self.shared.now()).execution_arn;
        let caller = Caller {
            region: &call.region,
            execution_arn: &execution_arn,
            time: None,
        };
        let mut progress = trial.enter(self.shared.now(), random::seed());
        loop {
            progress = match progress {
                Progress::Done(verdict) => return Ok(answer(*verdict, asked.level)),
                Progress::Work(request, limit) => {
                    let worked = match &asked.mock {
                        Some(mocked) => mocked.outcome(),
                        None => self.work(caller, &request, limit).await?,
                    };
                    trial.worked(self.shared.now(), random::seed(), worked)
                }
                Progress::Wait(millis) => {
                    let whole = Duration::from_millis(millis);
                    self.pause(whole.min(LONGEST)).await?;
                    if whole > LONGEST {
                        return Ok(answer(timed_out(), asked.level));
                    }
                    trial.waited(self.shared.now(), random::seed())
                }
            };
        }
    }

    /// What cannot be tried without a mock.
    fn check_unmocked(&self, asked: &Asked<'_>, state: &State) -> Result<(), ApiError> {
        let task = match &state.kind {
            StateKind::Map(_) | StateKind::Parallel(_) => {
                return Err(ApiError::new(
                    "InvalidDefinition",
                    "TestState API does not support Map or Parallel states. Supported state types include: \
                     [Task, Wait, Pass, Succeed, Fail, Choice]",
                ));
            }
            StateKind::Task(task) => task,
            _ => return Ok(()),
        };
        let integration = Integration::parse(&task.resource);
        if matches!(integration, Integration::Activity(_)) || integration.pattern() != Pattern::RequestResponse {
            return Err(ApiError::new(
                "InvalidDefinition",
                "TestState API does not support Activity tasks, .sync or .waitForTaskToken service integration patterns \
                 when a mock is not specified.",
            ));
        }
        if asked.role_arn.is_none() {
            return Err(invalid("RoleArn must be specified when testing a Task state"));
        }
        if !self.shared.tasks.supports(&task.resource) {
            return Err(not_here(&format!("the resource {}", task.resource)));
        }
        Ok(())
    }

    fn trial(&self, asked: &Asked<'_>, state: &State, region: &str) -> Result<Trial, ApiError> {
        json_text::check(asked.input).map_err(|error| {
            ApiError::new(
                "InvalidExecutionInput",
                format!("Invalid State Machine Execution Input: '{}'", error.message),
            )
        })?;
        if let Some(role) = asked.role_arn {
            role_account(role)?;
        }
        let start = context::start(asked, region, self.shared.now());
        let context = match asked.context {
            Some(text) => context::given(text)?,
            None => context::made(&start, asked, has_work(state)),
        };
        let setting = Setting {
            start,
            context,
            variables: variables(asked.variables)?,
            retries: asked.retries.unwrap_or_default(),
            failed_iterations: asked.failed_iterations.unwrap_or_default(),
        };
        let trial = Trial::new(state.clone(), setting)
            .map_err(|error| ApiError::new("InvalidExecutionInput", error.to_string()))?;
        let missing: Vec<String> = trial.unsupported().iter().map(|found| found.message.clone()).collect();
        if missing.is_empty() {
            Ok(trial)
        } else {
            Err(not_here(&missing.join("; ")))
        }
    }

    /// Has the work of a Task done.
    async fn work(&self, caller: Caller<'_>, request: &TaskRequest, limit: Option<u64>) -> Result<Worked, ApiError> {
        if let Some(TaskOutcome::Failed { error, cause }) = self.shared.not_lent(request) {
            return Ok(Worked::Failed { error, cause });
        }
        let limit = limit.map_or(LONGEST, Duration::from_millis).min(LONGEST);
        let mut closing = self.shared.closed.subscribe();
        tokio::select! {
            _ = closing.wait_for(|closed| *closed) => Err(closed()),
            outcome = tokio::time::timeout(limit, self.shared.tasks.run(caller, request)) => Ok(match outcome {
                Ok(TaskOutcome::Succeeded(output)) => Worked::Succeeded(output),
                Ok(TaskOutcome::Failed { error, cause }) => Worked::Failed { error, cause },
                Err(_) => Worked::TimedOut,
            }),
        }
    }

    async fn pause(&self, duration: Duration) -> Result<(), ApiError> {
        let mut closing = self.shared.closed.subscribe();
        tokio::select! {
            _ = closing.wait_for(|closed| *closed) => Err(closed()),
            () = tokio::time::sleep(duration) => Ok(()),
        }
    }
}

impl Mocked<'_> {
    fn outcome(&self) -> Worked {
        match *self {
            Self::Result(text) => Worked::Succeeded(text.to_owned()),
            Self::Error { error, cause } => Worked::Failed {
                error: error.map(str::to_owned),
                cause: cause.map(str::to_owned),
            },
        }
    }
}

fn variables(text: Option<&str>) -> Result<Map<String, Value>, ApiError> {
    match text.map(serde_json::from_str) {
        None => Ok(Map::new()),
        Some(Ok(Value::Object(variables))) => Ok(variables),
        Some(_) => Err(invalid("Variables must be a JSON object")),
    }
}

fn answer(verdict: Verdict, level: &str) -> Value {
    let texts = [
        ("output", verdict.output),
        ("nextState", verdict.next),
        ("error", verdict.error),
        ("cause", verdict.cause),
        ("status", Some(verdict.status.to_owned())),
    ];
    let mut members: Map<String, Value> = texts
        .into_iter()
        .filter_map(|(name, text)| Some((name.to_owned(), Value::String(text?))))
        .collect();
    if level != "INFO" {
        members.insert("inspectionData".to_owned(), Value::Object(verdict.inspection));
    }
    Value::Object(members)
}

fn timed_out() -> Verdict {
    Verdict {
        status: "FAILED",
        output: None,
        next: None,
        error: Some("States.Timeout".to_owned()),
        cause: None,
        inspection: Map::new(),
    }
}

fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::new("ValidationException", message)
}

fn not_here(what: &str) -> ApiError {
    ApiError::new(
        "InvalidDefinition",
        format!("not implemented by the local cloud: {what}"),
    )
}

fn closed() -> ApiError {
    ApiError::with_status(503, "ServiceUnavailable", "the local cloud was closed")
}
