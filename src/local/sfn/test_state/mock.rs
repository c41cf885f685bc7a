//! What a mock may be: for which states, in which form, and next to which other members of the request.

use serde_json::Value;

use super::asked::{Asked, Mocked};
use super::{invalid, responses, subject};
use crate::asl::model::{Map, State, StateKind};
use crate::engine::single::has_work;
use crate::local::api::ApiError;

/// Checks the mock, and that what only makes sense with one has one.
pub(super) fn check(asked: &Asked<'_>, state: &State) -> Result<(), ApiError> {
    let Some(mock) = asked.mock else {
        return without(asked);
    };
    if asked.reveal_secrets {
        return Err(invalid(
            "TestState does not support RevealSecrets when a mock is specified.",
        ));
    }
    if !has_work(state) {
        return Err(invalid(format!(
            "State type '{}' is not supported when a mock is specified",
            state.kind.type_name()
        )));
    }
    if let Some(name) = asked.error_caused_by
        && subject::inside(state, name).is_none()
    {
        return Err(invalid(format!(
            "ErrorCausedByState '{name}' is not a state inside the tested state"
        )));
    }
    match mock {
        Mocked::Error { .. } => Ok(()),
        Mocked::Result(text) => {
            let result = serde_json::from_str(text).map_err(|_| invalid("Mocked result must be valid JSON"))?;
            check_result(asked, state, &result)
        }
    }
}

fn without(asked: &Asked<'_>) -> Result<(), ApiError> {
    let given = [
        ("Context", asked.context.is_some()),
        ("RetrierRetryCount", asked.retries.is_some()),
        ("ErrorCausedByState", asked.error_caused_by.is_some()),
        ("MapIterationFailureCount", asked.failed_iterations.is_some()),
        ("MapItemReaderData", asked.item_reader_data.is_some()),
    ];
    match given.iter().find(|(_, given)| *given) {
        Some((member, _)) => Err(invalid(format!(
            "TestState does not support {member} when a mock is not specified."
        ))),
        None => Ok(()),
    }
}

fn check_result(asked: &Asked<'_>, state: &State, result: &Value) -> Result<(), ApiError> {
    match &state.kind {
        StateKind::Map(map) => array(result)
            .map(drop)
            .or_else(|error| exported(map, result).then_some(()).ok_or(error)),
        StateKind::Parallel(parallel) => {
            if array(result)?.len() == parallel.branches.len() {
                return Ok(());
            }
            Err(invalid(
                "Mocked result must contain the same number of items as number of Parallel branches.",
            ))
        }
        StateKind::Task(task) if asked.validation != "NONE" => {
            responses::check(&task.resource, result, asked.validation == "STRICT").map_err(invalid)
        }
        _ => Ok(()),
    }
}

fn array(result: &Value) -> Result<&Vec<Value>, ApiError> {
    result
        .as_array()
        .ok_or_else(|| invalid("Mocked result must be an array."))
}

/// The result of a Map state with a ResultWriter names what was written.
fn exported(map: &Map, result: &Value) -> bool {
    map.result_writer.is_some() && result.is_object()
}
