//! The Amazon States Language: model, parser, validator, graph and substitution. Pure: no files, no clock, no AWS.

pub mod model;

use crate::diagnostic::Diagnostic;
use crate::tree::Node;

/// Reads a definition: the model, if it could be built, and everything wrong with its form.
pub fn parse(_definition: &Node) -> (Option<model::StateMachine>, Vec<Diagnostic>) {
    todo!("helper B")
}

/// Checks what `parse` cannot see: transitions, reachability, names, error handlers, paths …
pub fn validate(_machine: &model::StateMachine) -> Vec<Diagnostic> {
    todo!("helper B")
}
