//! Variables of nested machines should not have the names of those outside: each scope has its own, and what is assigned
//! inside is not seen outside. AWS takes such definitions (recorded for a variable of a catcher outside), so this warns only.
//!
//! Source: <https://docs.aws.amazon.com/step-functions/latest/dg/workflow-variables.html>

use std::collections::BTreeSet;

use serde_json::Value as Json;

use crate::asl::graph::machines_in;
use crate::asl::model::{QueryLanguage, State, StateKind, StateMachine};
use crate::diagnostic::Diagnostic;

/// Names as they are without `$`.
type Names = BTreeSet<String>;

pub(super) fn check(machine: &StateMachine, found: &mut Vec<Diagnostic>) {
    below(machine, "", &Names::new(), found);
}

/// Recurses as deep as machines nest, which their reader limits.
fn below(machine: &StateMachine, pointer: &str, outside: &Names, found: &mut Vec<Diagnostic>) {
    let mut visible = outside.clone();
    for (name, state) in &machine.states {
        let pointer = format!("{pointer}/States/{name}");
        for (field, variable) in assigned(state) {
            if outside.contains(&variable) {
                found.push(shadows(state, format!("{pointer}/{field}"), &variable));
            }
            visible.insert(variable);
        }
    }
    for (name, state) in &machine.states {
        // The child executions of a distributed Map do not see the variables outside.
        let apart = matches!(&state.kind, StateKind::Map(map) if map.is_distributed());
        let outside = if apart { Names::new() } else { visible.clone() };
        for (field, inner) in machines_in(state) {
            below(inner, &format!("{pointer}/States/{name}/{field}"), &outside, found);
        }
    }
}

fn shadows(state: &State, pointer: String, variable: &str) -> Diagnostic {
    Diagnostic::warning(
        "variable-scope",
        format!(
            "state `{}` assigns to `{variable}`, which is also assigned outside of its Map or Parallel state",
            state.name
        ),
    )
    .at(state.span.as_ref())
    .in_definition(pointer)
    .hint("give the inner variable another name: what is assigned inside is not seen outside")
}

/// The variables that a state assigns, and where.
fn assigned(state: &State) -> Vec<(String, String)> {
    let mut all = Vec::new();
    let mut add = |field: String, assign: &Option<Json>| {
        for key in assign.iter().filter_map(Json::as_object).flat_map(|names| names.keys()) {
            let name = match state.query_language {
                QueryLanguage::JsonPath => key.strip_suffix(".$").unwrap_or(key),
                QueryLanguage::Jsonata => key,
            };
            all.push((format!("{field}/{key}"), name.to_owned()));
        }
    };
    add("Assign".to_owned(), &state.assign);
    let catchers = match &state.kind {
        StateKind::Task(task) => &task.work.catch,
        StateKind::Parallel(parallel) => &parallel.work.catch,
        StateKind::Map(map) => &map.work.catch,
        StateKind::Choice(choice) => {
            for (index, rule) in choice.choices.iter().enumerate() {
                add(format!("Choices[{index}]/Assign"), &rule.assign);
            }
            return all;
        }
        _ => return all,
    };
    for (index, catcher) in catchers.iter().enumerate() {
        add(format!("Catch[{index}]/Assign"), &catcher.assign);
    }
    all
}
