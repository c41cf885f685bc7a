//! History events as `GetExecutionHistory` gives them
//! ([HistoryEvent](https://docs.aws.amazon.com/step-functions/latest/apireference/API_HistoryEvent.html)).
//!
//! Who writes which: `turn` enters and leaves states, and fails Parallel and Map states whose failure is not retried;
//! `ending` ends executions; `states::task` writes what happens to tasks,
//! `states::distributed` what happens to map runs; `states::parallel` and `states::map` begin their
//! states and iterations, `states::joined` says that they succeeded; `fork` writes what a failure cuts off: iterations that
//! failed or were aborted, map runs and states that were aborted.

use serde_json::{Map, Value, json};

use super::data::Data;
use super::errors::{Evaluation, Failure};
use super::exit::Exit;

/// The most events an execution may have; the last of them then says that it failed
/// ([quotas](https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html)).
pub(super) const MAX_EVENTS: u64 = 25_000;

/// The name of a details member and its value.
pub(super) type Details = Option<(String, Value)>;

pub(super) fn execution_started(input: &Data, role_arn: &str) -> Details {
    details(
        "executionStartedEventDetails",
        json!({ "input": input.text(), "inputDetails": whole(), "roleArn": role_arn }),
    )
}

pub(super) fn execution_succeeded(output: &Data) -> Details {
    details(
        "executionSucceededEventDetails",
        json!({ "output": output.text(), "outputDetails": whole() }),
    )
}

/// An execution goes on after it had failed.
pub(super) fn execution_redriven(count: u64) -> Details {
    details("executionRedrivenEventDetails", json!({ "redriveCount": count }))
}

/// Details that only hold error and cause, as far as there are any.
pub(super) fn failure(member: &str, error: Option<&str>, cause: Option<&str>) -> Details {
    details(member, Value::Object(error_and_cause(error, cause)))
}

pub(super) fn state_entered(name: &str, input: &Data) -> Details {
    details(
        "stateEnteredEventDetails",
        json!({ "name": name, "input": input.text(), "inputDetails": whole() }),
    )
}

pub(super) fn state_exited(name: &str, exit: &Exit) -> Details {
    let mut fields = json!({ "name": name, "output": exit.output.text(), "outputDetails": whole() });
    if !exit.assigned.is_empty() {
        fields["assignedVariables"] = exit.assigned.texts().into();
        fields["assignedVariablesDetails"] = whole();
    }
    details("stateExitedEventDetails", fields)
}

/// An expression of a state failed.
pub(super) fn evaluation_failed(state: &str, failed: &Failure, evaluation: &Evaluation) -> Details {
    let mut fields = error_and_cause(failed.error.as_deref(), failed.cause.as_deref());
    if let Some(location) = &evaluation.location {
        fields.insert("location".to_owned(), location.as_str().into());
    }
    fields.insert("state".to_owned(), state.into());
    details("evaluationFailedEventDetails", Value::Object(fields))
}

/// A Map state begins; `length` is the number of its items.
pub(super) fn map_started(length: usize) -> Details {
    details("mapStateStartedEventDetails", json!({ "length": length }))
}

/// A map run begins.
pub(super) fn map_run_started(arn: &str) -> Details {
    details("mapRunStartedEventDetails", json!({ "mapRunArn": arn }))
}

/// A map run has failed.
pub(super) fn map_run_failed(failed: &Failure) -> Details {
    failure(
        "mapRunFailedEventDetails",
        failed.error.as_deref(),
        failed.cause.as_deref(),
    )
}

/// `MapIterationStarted`, `Succeeded`, `Failed` and `Aborted`; `name` is that of the Map state.
pub(super) fn map_iteration(what: &str, name: &str, index: usize) -> Details {
    details(
        &format!("mapIteration{what}EventDetails"),
        json!({ "name": name, "index": index }),
    )
}

/// `{ "error", "cause" }` of a failure, without what it does not have.
pub(super) fn error_and_cause(error: Option<&str>, cause: Option<&str>) -> Map<String, Value> {
    [("error", error), ("cause", cause)]
        .into_iter()
        .filter_map(|(key, text)| Some((key.to_owned(), text?.into())))
        .collect()
}

/// Details of a failed execution.
pub(super) fn execution_failed(failed: &Failure) -> Details {
    failure(
        "executionFailedEventDetails",
        failed.error.as_deref(),
        failed.cause.as_deref(),
    )
}

pub(super) fn details(member: &str, value: Value) -> Details {
    Some((member.to_owned(), value))
}

/// `inputDetails` and `outputDetails`: the history always holds the whole text.
pub(super) fn whole() -> Value {
    json!({ "truncated": false })
}
