//! Transitions lead to states that exist, every state can be reached, and there is an end.
//!
//! AWS refuses all of this; what it says was measured with `ValidateStateMachineDefinition`.

use std::collections::{BTreeSet, HashSet};

use crate::asl::graph::{Dangling, Graph};
use crate::asl::model::{State, StateMachine};
use crate::diagnostic::{Diagnostic, did_you_mean};

/// The longest name of a state, in characters.
const LONGEST_NAME: usize = 80;

pub(super) fn check(machine: &StateMachine, found: &mut Vec<Diagnostic>) {
    let graph = Graph::of(machine);
    let states = states_by_node(machine);
    names(&graph, &states, found);
    for dangling in &graph.dangling {
        found.push(dangling_next(dangling, &graph, &states));
    }
    for scope in 0..graph.scopes.len() {
        // Without an end AWS does not look at what can be reached.
        if !missing_end(&graph, scope, found) {
            unreachable(&graph, scope, &states, found);
        }
    }
}

/// The states in the order of the graph's nodes: those of a scope together.
fn states_by_node(machine: &StateMachine) -> Vec<&State> {
    fn add<'m>(machine: &'m StateMachine, states: &mut Vec<&'m State>) {
        states.extend(machine.states.values());
        for state in machine.states.values() {
            for (_, inner) in crate::asl::graph::machines_in(state) {
                add(inner, states);
            }
        }
    }
    let mut states = Vec::new();
    add(machine, &mut states);
    states
}

/// Names are unique in the whole definition, nested machines included, and not too long.
fn names(graph: &Graph, states: &[&State], found: &mut Vec<Diagnostic>) {
    let mut seen = HashSet::new();
    for (node, state) in graph.nodes.iter().zip(states) {
        let name = &node.name;
        if !seen.insert(name) {
            found.push(
                Diagnostic::error("duplicate-state", format!("there is more than one state `{name}`"))
                    .at(state.span.as_ref())
                    .in_definition(&node.pointer)
                    .aws(format!("DUPLICATE_STATE_NAME: Duplicate State name: {name}"))
                    .hint("names of states are unique in the whole definition, also inside Map and Parallel states"),
            );
        }
        let length = name.chars().count();
        if length > LONGEST_NAME {
            found.push(
                Diagnostic::error(
                    "state-name",
                    format!("the name of state `{name}` has {length} characters; {LONGEST_NAME} is the limit"),
                )
                .at(state.span.as_ref())
                .in_definition(&node.pointer)
                .aws(format!(
                    "INVALID_STATE_NAME: State name '{name}' exceeds the {LONGEST_NAME}-character limit allowed by the service"
                )),
            );
        }
    }
}

fn dangling_next(dangling: &Dangling, graph: &Graph, states: &[&State]) -> Diagnostic {
    let target = &dangling.target;
    let state = dangling.from.and_then(|from| states.get(from));
    let message = match state {
        Some(state) => format!("state `{}` leads to `{target}`, which does not exist", state.name),
        None => format!("`StartAt` names `{target}`, which does not exist"),
    };
    let error = Diagnostic::error("dangling-next", message)
        .at(state.and_then(|state| state.span.as_ref()))
        .in_definition(&dangling.pointer)
        // AWS says `Next` whatever the field is called.
        .aws(format!("MISSING_TRANSITION_TARGET: Missing 'Next' target: {target}"));
    let here = graph.states_of(dangling.scope).map(|(_, node)| node.name.as_str());
    if let Some(hint) = did_you_mean(target, here) {
        return error.hint(hint);
    }
    match graph.nodes.iter().any(|node| node.name == *target) {
        true => error.hint("transitions cannot lead into or out of Map and Parallel states"),
        false => error,
    }
}

/// Reports a scope that nothing ends.
fn missing_end(graph: &Graph, scope: usize, found: &mut Vec<Diagnostic>) -> bool {
    if graph.states_of(scope).next().is_none() || graph.states_of(scope).any(|(_, node)| node.terminal) {
        return false;
    }
    let what = match graph
        .scopes
        .get(scope)
        .and_then(|scope| scope.parent)
        .and_then(|parent| graph.nodes.get(parent))
    {
        Some(parent) => format!("the states in `{}` never end", parent.name),
        None => "the state machine never ends".to_owned(),
    };
    found.push(
        Diagnostic::error(
            "no-terminal-state",
            format!("{what}: no state has `End: true`, or is a Succeed or Fail state"),
        )
        .aws("MISSING_END_STATE: Workflow has no terminal state"),
    );
    true
}

fn unreachable(graph: &Graph, scope: usize, states: &[&State], found: &mut Vec<Diagnostic>) {
    let mut reached = graph.reachable(scope);
    if reached.is_empty() {
        // The start is missing: whatever leads to the other states is not to blame.
        reached = graph.edges.iter().map(|edge| edge.to).collect::<BTreeSet<_>>();
    }
    for (index, node) in graph.states_of(scope).filter(|(index, _)| !reached.contains(index)) {
        let name = &node.name;
        found.push(
            Diagnostic::error(
                "unreachable-state",
                format!("state `{name}` cannot be reached: nothing leads to it"),
            )
            .at(states.get(index).and_then(|state| state.span.as_ref()))
            .in_definition(&node.pointer)
            .aws(format!("MISSING_TRANSITION_TARGET: State \"{name}\" is not reachable.")),
        );
    }
}
