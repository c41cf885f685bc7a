//! The Amazon States Language: model, parser, validator, graph and substitution. Pure: no files, no clock, no AWS.

mod aws;
pub mod diff;
pub mod graph;
pub mod integration;
mod locate;
pub mod model;
mod parse;
mod placeholder;
pub mod substitute;
mod validate;

pub use aws::{AwsDiagnostic, aws_diagnostics, aws_message};
pub use parse::parse;
pub use validate::{validate, validate_express};

use crate::diagnostic::{Diagnostic, Severity};
use crate::tree::Node;

/// The largest definition that AWS takes, in bytes.
///
/// Source: <https://docs.aws.amazon.com/step-functions/latest/apireference/API_CreateStateMachine.html>
pub const LARGEST_DEFINITION: usize = 1_048_576;

/// Reads and checks a definition: [`parse`] and [`validate`] together, each finding at its closest place. The model of a
/// definition with errors is good for further checks only.
pub fn check(definition: &Node) -> (Option<model::StateMachine>, Vec<Diagnostic>) {
    let (machine, mut found) = parse(definition);
    if let Some(machine) = &machine {
        let mut more = validate(machine);
        locate::locate_all(&mut more, definition);
        found.append(&mut more);
    }
    let size = definition.to_json().to_string().len();
    if size > LARGEST_DEFINITION {
        found.push(Diagnostic::error(
            "definition-size",
            format!("the definition has {size} bytes; {LARGEST_DEFINITION} is the limit"),
        ));
    }
    (machine, found)
}

/// A definition that is ready to be deployed, if none of its findings is an error.
#[derive(Clone, Debug)]
pub struct Prepared {
    /// The definition with its values put in.
    pub definition: Node,
    /// The same, read.
    pub machine: Option<model::StateMachine>,
    /// Function ARNs that were replaced.
    pub relinked: Vec<substitute::Relinked>,
    /// Logical ids and parameters that the definition refers to.
    pub used: std::collections::BTreeSet<String>,
    /// Everything that is wrong, each thing once.
    pub diagnostics: Vec<Diagnostic>,
}

/// Substitutes, relinks, reads and checks a definition.
pub fn prepare(definition: &Node, names: &substitute::Names) -> Prepared {
    let substituted = substitute::substitute(definition, names);
    let (machine, checked) = check(&substituted.definition);
    let mut diagnostics = substituted.diagnostics;
    // What is wrong because of a reference without value, or was reported with a better hint, is not repeated.
    let errors = diagnostics.iter().filter(|found| found.severity == Severity::Error);
    let known: Vec<_> = errors.filter_map(|found| found.pointer.clone()).collect();
    diagnostics.extend(checked.into_iter().filter(|found| {
        let repeated = found.pointer.as_ref().is_some_and(|pointer| known.contains(pointer));
        !repeated
    }));
    Prepared {
        definition: substituted.definition,
        machine,
        relinked: substituted.relinked,
        used: substituted.used,
        diagnostics,
    }
}
