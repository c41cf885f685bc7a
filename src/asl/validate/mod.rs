//! What the form of a definition does not show: whether its transitions lead somewhere, and whether names, resources,
//! error handlers, paths and times make sense. In the order in which AWS reports them.

mod data;
mod express;
mod parameters;
mod paths;
mod state;
mod transitions;
mod variables;

pub use express::validate_express;
#[cfg(feature = "local")]
pub(crate) use state::fits_label;

use super::graph::machines_in;
use super::model::{State, StateMachine};
use crate::diagnostic::Diagnostic;

/// Checks what `parse` cannot see: transitions, reachability, names, error handlers, paths …
///
/// Findings have the place of their state; [`super::check`] finds closer ones.
pub fn validate(machine: &StateMachine) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    each_state(machine, "", &mut |state, pointer| {
        state::check(state, pointer, &mut found);
        data::check(state, pointer, &mut found);
    });
    state::check_labels(machine, &mut found);
    variables::check(machine, &mut found);
    transitions::check(machine, &mut found);
    found
}

/// Calls for every state, nested ones after the state that holds them.
fn each_state<'m>(machine: &'m StateMachine, pointer: &str, call: &mut impl FnMut(&'m State, &str)) {
    for (name, state) in &machine.states {
        let pointer = format!("{pointer}/States/{name}");
        call(state, &pointer);
        for (inner, machine) in machines_in(state) {
            each_state(machine, &format!("{pointer}/{inner}"), call);
        }
    }
}

/// An error in a field of a state, with AWS's words.
fn error(
    state: &State,
    pointer: String,
    code: &'static str,
    message: impl Into<String>,
    aws: impl Into<String>,
) -> Diagnostic {
    Diagnostic::error(code, message)
        .at(state.span.as_ref())
        .in_definition(pointer)
        .aws(format!("SCHEMA_VALIDATION_FAILED: {}", aws.into()))
}

#[cfg(test)]
mod tests;
