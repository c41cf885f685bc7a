//! History events as `GetExecutionHistory` gives them
//! ([HistoryEvent](https://docs.aws.amazon.com/step-functions/latest/apireference/API_HistoryEvent.html)).
//!
//! Who writes which: `turn` enters and leaves states, and fails Parallel and Map states whose failure is not retried;
//! `ending` ends executions; `states::task` writes what happens to tasks,
//! `states::distributed` what happens to map runs; `states::parallel` and `states::map` begin their
//! states and iterations, `states::joined` says that they succeeded; `fork` writes what a failure cuts off: iterations that
//! failed or were aborted, map runs and states that were aborted.

use std::borrow::Cow;

use serde_json::{Map, Value, json};

use super::data::Data;
use super::details::{EventDetails, Field};
use super::errors::{Evaluation, Failure};
use super::exit::Exit;

/// The most events an execution may have; the last of them then says that it failed
/// ([quotas](https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html)).
pub(super) const MAX_EVENTS: u64 = 25_000;

/// The details member of an event, if it has one.
pub(super) type Details = Option<EventDetails>;

pub(super) fn execution_started(input: &Data, role_arn: &str) -> Details {
    let fields = [
        ("input", input.shared_text().into()),
        ("inputDetails", Field::Whole),
        ("roleArn", role_arn.into()),
    ];
    Some(EventDetails::of("executionStartedEventDetails", fields))
}

pub(super) fn execution_succeeded(output: &Data) -> Details {
    let fields = [("output", output.shared_text().into()), ("outputDetails", Field::Whole)];
    Some(EventDetails::of("executionSucceededEventDetails", fields))
}

/// An execution goes on after it had failed.
pub(super) fn execution_redriven(count: u64) -> Details {
    details("executionRedrivenEventDetails", json!({ "redriveCount": count }))
}

/// Details that only hold error and cause, as far as there are any.
pub(super) fn failure(member: &'static str, error: Option<&str>, cause: Option<&str>) -> Details {
    details(member, Value::Object(error_and_cause(error, cause)))
}

pub(super) fn state_entered(name: &str, input: &Data) -> Details {
    let fields = [
        ("name", name.into()),
        ("input", input.shared_text().into()),
        ("inputDetails", Field::Whole),
    ];
    Some(EventDetails::of("stateEnteredEventDetails", fields))
}

pub(super) fn state_exited(name: &str, exit: &Exit) -> Details {
    let fields = [
        ("name", name.into()),
        ("output", exit.output.shared_text().into()),
        ("outputDetails", Field::Whole),
    ];
    let mut details = EventDetails::of("stateExitedEventDetails", fields);
    if !exit.assigned.is_empty() {
        details.push("assignedVariables", Value::Object(exit.assigned.texts()));
        details.push("assignedVariablesDetails", Field::Whole);
    }
    Some(details)
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
    let fields = [("name", name.into()), ("index", Field::Other(index.into()))];
    let member = match what {
        "Started" => "mapIterationStartedEventDetails",
        "Succeeded" => "mapIterationSucceededEventDetails",
        "Failed" => "mapIterationFailedEventDetails",
        _ => "mapIterationAbortedEventDetails",
    };
    Some(EventDetails::of(member, fields))
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

pub(super) fn details(member: impl Into<Cow<'static, str>>, value: Value) -> Details {
    Some(EventDetails::new(member, value))
}

/// `inputDetails` and `outputDetails`: the history always holds the whole text.
pub(super) fn whole() -> Value {
    json!({ "truncated": false })
}
