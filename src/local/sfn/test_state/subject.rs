//! The state that is tried: a definition of its own, or one in a whole state machine, also inside its Map and Parallel states.

use serde_json::{Value, json};

use super::invalid;
use crate::asl::model::{State, StateKind, StateMachine};
use crate::engine::single::STATE_NAME;
use crate::local::api::ApiError;
use crate::local::sfn::{definition, json_text};

/// Reads the definition and finds the state in it.
pub(super) fn find(text: &str, name: Option<&str>) -> Result<State, ApiError> {
    let Some(name) = name else {
        return alone(text);
    };
    let machine = definition::read(text, |_, _| false)?;
    in_machine(&machine, name)
        .cloned()
        .ok_or_else(|| invalid("State not found in definition"))
}

/// A definition of a single state becomes a machine, so that it is checked like any other; only its transitions lead
/// nowhere.
fn alone(text: &str) -> Result<State, ApiError> {
    let state: Option<Value> = json_text::check(text)
        .ok()
        .and_then(|()| serde_json::from_str(text).ok());
    let Some(state) = state.filter(Value::is_object) else {
        // The reader says what is wrong with the text itself.
        return definition::read(text, |_, _| false).and_then(|_| {
            Err(ApiError::new(
                "InvalidDefinition",
                "Invalid State Machine Definition: 'SCHEMA_VALIDATION_FAILED: Definition must be a valid JSON object'",
            ))
        });
    };
    let machine = json!({ "StartAt": STATE_NAME, "States": { STATE_NAME: state } });
    let prefix = format!("/States/{STATE_NAME}");
    let machine = definition::read(&machine.to_string(), |code, location| {
        let outermost = !location.strip_prefix(&prefix).unwrap_or(location).contains("/States/");
        if outermost {
            matches!(code, "MISSING_TRANSITION_TARGET" | "MISSING_END_STATE")
        } else {
            // What is inside is never run, and AWS takes any text there.
            location.ends_with("/Resource")
        }
    })?;
    in_machine(&machine, STATE_NAME)
        .cloned()
        .ok_or_else(|| invalid("State not found in definition"))
}

/// Recurses as deep as machines nest, which the reader of definitions limits.
pub(super) fn in_machine<'m>(machine: &'m StateMachine, name: &str) -> Option<&'m State> {
    machine
        .states
        .get(name)
        .or_else(|| machine.states.values().find_map(|state| inside(state, name)))
}

/// The state of that name inside a Map or Parallel state.
pub(super) fn inside<'m>(state: &'m State, name: &str) -> Option<&'m State> {
    match &state.kind {
        StateKind::Map(map) => in_machine(&map.processor, name),
        StateKind::Parallel(parallel) => parallel.branches.iter().find_map(|branch| in_machine(branch, name)),
        _ => None,
    }
}
