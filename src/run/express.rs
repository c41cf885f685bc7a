//! Executions of Express state machines: without a history to follow, they are run by a call that waits for their end
//! ([StartSyncExecution](https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartSyncExecution.html)).

use std::sync::Arc;

use serde_json::Value;
use tokio::task::JoinSet;

use super::Outcome;
use super::follow::broken_off;
use crate::cloud::{Cloud, CloudError, ExecutionSummary};
use crate::event::{Event, Sink};

/// An Express state machine and what its executions are given.
#[derive(Clone, Debug)]
pub struct Express {
    /// Its ARN.
    pub arn: String,
    /// Its name.
    pub name: String,
    /// The input.
    pub input: Value,
    /// The same as JSON text.
    pub text: String,
}

/// Runs executions of those names at the same time; their outcomes in the order of the names.
///
/// # Errors
/// The first failure to run one; the others are left to run.
pub async fn run_all(
    cloud: &Cloud,
    machine: &Express,
    names: &[String],
    sink: &Arc<dyn Sink>,
) -> Result<Vec<Outcome>, CloudError> {
    let mut running = JoinSet::new();
    for (index, name) in names.iter().enumerate() {
        let (cloud, machine, name, sink) = (cloud.clone(), machine.clone(), name.clone(), Arc::clone(sink));
        running.spawn(async move { (index, run(&cloud, &machine, &name, sink.as_ref()).await) });
    }
    let mut outcomes = Vec::with_capacity(names.len());
    while let Some(joined) = running.join_next().await {
        let (index, outcome) = match joined {
            Ok(ended) => ended,
            Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            Err(error) => return Err(broken_off(error)),
        };
        outcomes.push((index, outcome?));
    }
    outcomes.sort_by_key(|(index, _)| *index);
    Ok(outcomes.into_iter().map(|(_, outcome)| outcome).collect())
}

async fn run(cloud: &Cloud, machine: &Express, name: &str, sink: &dyn Sink) -> Result<Outcome, CloudError> {
    let ended = cloud.run_sync(&machine.arn, name, &machine.text).await?;
    sink.emit(Event::ExecutionStarted {
        execution: name.to_owned(),
        arn: ended.arn.clone(),
        state_machine: machine.name.clone(),
        input: machine.input.clone(),
    });
    let outcome = outcome_of(name, &ended);
    sink.emit(Event::ExecutionFinished {
        execution: name.to_owned(),
        took_ms: ended.stopped_at.unwrap_or_default().saturating_sub(ended.started_at),
        arn: ended.arn,
        status: outcome.status.clone(),
        output: outcome.output.clone(),
        error: outcome.error.clone(),
        cause: outcome.cause.clone(),
    });
    Ok(outcome)
}

pub(super) fn outcome_of(name: &str, ended: &ExecutionSummary) -> Outcome {
    let output = ended.output.as_ref();
    Outcome {
        execution: name.to_owned(),
        status: ended.status.clone(),
        output: output.map(|text| serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.clone()))),
        error: ended.error.clone(),
        cause: ended.cause.clone(),
    }
}
