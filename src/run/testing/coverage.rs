//! What of a stack's state machines its cases went through: pure, from definitions and records.
//!
//! A record says which state followed which, not which rule led there. So the rules of a Choice state that lead to the same
//! state, its `Default` too, count as one transition. Between `Next` and catchers that lead to the same state the errors of
//! the visit decide. States inside of a distributed Map run in executions of their own, and executions of Express machines
//! have no history: where no record holds any of them, they are left out instead of being called missed.

use std::collections::{BTreeMap, BTreeSet};

use super::record::{Record, Visit};
use super::{CaseResult, Coverage, CoveredState, CoveredTransition, MachineCoverage};
use crate::asl;
use crate::asl::graph::{Edge, EdgeLabel, Graph, machines_in};
use crate::asl::model::{State, StateKind, StateMachine};
use crate::diagnostic::Span;
use crate::stack;
use crate::stack::model::{MachineKind, Stack};

/// How much of something was gone through.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Share {
    /// How many were.
    pub covered: usize,
    /// Of how many.
    pub of: usize,
}

impl Share {
    /// In percent, from 0 to 100; of nothing, all is covered.
    pub fn percent(self) -> f64 {
        if self.of == 0 {
            return 100.0;
        }
        // The counts of states are far below what an f64 holds exactly.
        self.covered as f64 * 100.0 / self.of as f64
    }

    fn count(taken: impl Iterator<Item = u64>) -> Self {
        taken.fold(Self::default(), |share, taken| Self {
            covered: share.covered + usize::from(taken > 0),
            of: share.of + 1,
        })
    }

    fn plus(self, other: Self) -> Self {
        Self {
            covered: self.covered + other.covered,
            of: self.of + other.of,
        }
    }
}

impl Coverage {
    /// The coverage of machines, each with its logical id, by what executions of them did.
    pub fn of<'a>(
        machines: impl IntoIterator<Item = (&'a str, &'a StateMachine)>,
        records: &[(&'a str, &'a Record)],
    ) -> Self {
        let machines = machines.into_iter().map(|(id, machine)| {
            let records = records.iter().filter(|(of, _)| *of == id).map(|(_, record)| *record);
            MachineCoverage::of(id, machine, records)
        });
        Self {
            machines: machines.collect(),
        }
    }

    /// The coverage of a stack's machines by its cases, whatever became of these.
    pub fn of_stack(stack: &Stack, cases: &[CaseResult]) -> Self {
        let records = cases.iter().filter_map(|case| {
            let record = case.record.as_ref()?;
            Some((case.state_machine.as_str(), record))
        });
        let records: Vec<(&str, &Record)> = records.collect();
        let is_seen = |id: &str, machine: &stack::model::StateMachine| {
            let mut of_it = records.iter().filter(|(of, _)| *of == id);
            machine.kind != MachineKind::Express || of_it.any(|(_, record)| !record.visits.is_empty())
        };
        let machines = stack.state_machines.iter().filter(|(id, machine)| is_seen(id, machine));
        let machines = machines.filter_map(|(id, machine)| Some((id.as_str(), asl::parse(&machine.definition).0?)));
        let machines: Vec<(&str, StateMachine)> = machines.collect();
        Self::of(machines.iter().map(|(id, machine)| (*id, machine)), &records)
    }

    /// States of all machines.
    pub fn states(&self) -> Share {
        self.machines
            .iter()
            .fold(Share::default(), |share, machine| share.plus(machine.states()))
    }

    /// Transitions of all machines.
    pub fn transitions(&self) -> Share {
        self.machines
            .iter()
            .fold(Share::default(), |share, machine| share.plus(machine.transitions()))
    }

    /// Whether both states and transitions are covered to at least so many percent.
    pub fn reaches(&self, percent: f64) -> bool {
        self.states().percent() >= percent && self.transitions().percent() >= percent
    }
}

impl MachineCoverage {
    /// The coverage of one machine.
    pub fn of<'a>(id: &str, machine: &StateMachine, records: impl Iterator<Item = &'a Record>) -> Self {
        let mut counter = Counter::new(machine);
        for record in records {
            counter.add(record);
        }
        counter.finish(id)
    }

    /// Its states.
    pub fn states(&self) -> Share {
        Share::count(self.states.iter().map(|state| state.visits))
    }

    /// Its transitions.
    pub fn transitions(&self) -> Share {
        Share::count(self.transitions.iter().map(|transition| transition.taken))
    }
}

/// Counts visits and transitions of a machine.
struct Counter {
    graph: Graph,
    spans: BTreeMap<String, Span>,
    /// Scopes that distributed Maps run in executions of their own, and scopes inside of those.
    remote: BTreeSet<usize>,
    visits: Vec<u64>,
    /// By the index of the edge; of edges that a record cannot tell apart, the first is counted.
    taken: Vec<u64>,
}

impl Counter {
    fn new(machine: &StateMachine) -> Self {
        let graph = Graph::of(machine);
        let mut places = Places::default();
        places.add(machine, "");
        Self {
            remote: remote_scopes(&graph, &places.distributed),
            spans: places.spans,
            visits: vec![0; graph.nodes.len()],
            taken: vec![0; graph.edges.len()],
            graph,
        }
    }

    fn add(&mut self, record: &Record) {
        let unfinished = record.visits.iter().filter(|visit| visit.output.is_none());
        let failed_inside: BTreeSet<usize> = unfinished.filter_map(|visit| visit.within).collect();
        let mut nodes: Vec<Option<usize>> = Vec::with_capacity(record.visits.len());
        for visit in &record.visits {
            // Both were entered before this one.
            let earlier = |index: Option<usize>| index.and_then(|index| nodes.get(index).copied().flatten());
            let from = earlier(visit.from);
            let node = self.node_of(visit, earlier(visit.within), from);
            nodes.push(node);
            if let Some(visits) = node.and_then(|node| self.visits.get_mut(node)) {
                *visits += 1;
            }
            let left = visit.from.and_then(|index| Some((index, record.visits.get(index)?)));
            if let (Some(from), Some(to), Some((index, left))) = (from, node, left) {
                // A branch or iteration that failed ends its state, unless the state is tried again.
                let failed_inside = left.retries == 0 && failed_inside.contains(&index);
                let caught = failed_inside || left.errors.len() > usize::try_from(left.retries).unwrap_or(usize::MAX);
                let edge = self.edge(from, to, left, caught);
                let taken = edge.and_then(|edge| self.taken.get_mut(edge));
                if let Some(taken) = taken {
                    *taken += 1;
                }
            }
        }
    }

    /// The state of a visit: that of the name in the scope of the state before it, or in one that the surrounding Map or
    /// Parallel state holds.
    fn node_of(&self, visit: &Visit, within: Option<usize>, from: Option<usize>) -> Option<usize> {
        let named = |scope: usize| {
            let mut states = self.graph.states_of(scope);
            states.find(|(_, node)| node.name == visit.state).map(|(node, _)| node)
        };
        if let Some(from) = from.and_then(|from| self.graph.nodes.get(from)) {
            return named(from.scope);
        }
        let scopes = self.graph.scopes.iter().enumerate();
        let inside = scopes.filter(|(_, scope)| scope.parent == within);
        let found = inside.filter_map(|(scope, of)| named(scope).map(|node| (of.start == Some(node), node)));
        // Names are unique in a machine; should two branches have one of the same name, it is the one that starts with it.
        found.max_by_key(|(starts, _)| *starts).map(|(_, node)| node)
    }

    /// The transition that led from one state to another.
    fn edge(&self, from: usize, to: usize, left: &Visit, caught: bool) -> Option<usize> {
        let edges: Vec<(usize, &Edge)> = self.edges_from(from).collect();
        let leading = || edges.iter().filter(|(_, edge)| edge.to == to);
        let next = leading().find(|(_, edge)| !matches!(edge.label, EdgeLabel::Catch(..)));
        if let Some((next, _)) = next.filter(|_| !caught) {
            return Some(*next);
        }
        let error = left.errors.last().map(|(error, _)| error.as_str());
        let taking = error.filter(|_| caught).and_then(|error| {
            // The first catcher that takes the error is the one that is followed.
            edges.iter().find(|(_, edge)| takes(&edge.label, error))
        });
        taking
            .filter(|(_, edge)| edge.to == to)
            // The error is not known: the last catcher is the most general one.
            .or_else(|| leading().rfind(|(_, edge)| matches!(edge.label, EdgeLabel::Catch(..))))
            .or(next)
            .map(|(edge, _)| *edge)
    }

    fn edges_from(&self, from: usize) -> impl Iterator<Item = (usize, &Edge)> {
        let first = self.graph.edges.partition_point(|edge| edge.from < from);
        let edges = self.graph.edges.iter().enumerate().skip(first);
        edges.take_while(move |(_, edge)| edge.from == from)
    }

    fn finish(self, id: &str) -> MachineCoverage {
        let seen = |node: usize| {
            let state = self.graph.nodes.get(node)?;
            let unseen_scope = self.remote.contains(&state.scope) && !self.any_visited(state.scope);
            (!unseen_scope).then_some(state)
        };
        let states = (0..self.graph.nodes.len()).filter_map(|node| {
            let state = seen(node)?;
            Some(CoveredState {
                name: state.name.clone(),
                pointer: state.pointer.clone(),
                visits: self.visits.get(node).copied().unwrap_or(0),
                span: self.spans.get(&state.pointer).cloned(),
            })
        });
        let mut transitions: Vec<CoveredTransition> = Vec::new();
        let mut choices: BTreeMap<(usize, usize), usize> = BTreeMap::new();
        for (edge, taken) in self.graph.edges.iter().zip(&self.taken) {
            let (Some(from), Some(to)) = (seen(edge.from), seen(edge.to)) else {
                continue;
            };
            let label = label(&edge.label);
            let same = choices.get(&(edge.from, edge.to)).copied();
            if let Some(same) = same.and_then(|same| transitions.get_mut(same)) {
                same.label = format!("{}, {label}", same.label);
                same.taken += taken;
                continue;
            }
            if matches!(edge.label, EdgeLabel::Choice(_) | EdgeLabel::Default) {
                choices.insert((edge.from, edge.to), transitions.len());
            }
            transitions.push(CoveredTransition {
                from: from.name.clone(),
                to: to.name.clone(),
                label,
                taken: *taken,
                span: self.spans.get(&from.pointer).cloned(),
            });
        }
        MachineCoverage {
            state_machine: id.to_owned(),
            states: states.collect(),
            transitions,
        }
    }

    fn any_visited(&self, scope: usize) -> bool {
        let mut states = self.graph.states_of(scope);
        states.any(|(node, _)| self.visits.get(node).is_some_and(|visits| *visits > 0))
    }
}

/// Where states are written, and which of them are distributed Maps.
#[derive(Default)]
struct Places {
    spans: BTreeMap<String, Span>,
    distributed: BTreeSet<String>,
}

impl Places {
    fn add(&mut self, machine: &StateMachine, pointer: &str) {
        for state in machine.states.values() {
            self.add_state(state, format!("{pointer}/States/{}", state.name));
        }
    }

    fn add_state(&mut self, state: &State, pointer: String) {
        for (inner, machine) in machines_in(state) {
            self.add(machine, &format!("{pointer}/{inner}"));
        }
        if matches!(&state.kind, StateKind::Map(map) if map.is_distributed()) {
            self.distributed.insert(pointer.clone());
        }
        if let Some(span) = &state.span {
            self.spans.insert(pointer, span.clone());
        }
    }
}

/// Scopes are listed after the ones that hold them.
fn remote_scopes(graph: &Graph, distributed: &BTreeSet<String>) -> BTreeSet<usize> {
    let mut remote = BTreeSet::new();
    for (index, scope) in graph.scopes.iter().enumerate() {
        let holder = scope.parent.and_then(|parent| graph.nodes.get(parent));
        if holder.is_some_and(|holder| remote.contains(&holder.scope) || distributed.contains(&holder.pointer)) {
            remote.insert(index);
        }
    }
    remote
}

fn label(label: &EdgeLabel) -> String {
    match label {
        EdgeLabel::Next => "Next".to_owned(),
        EdgeLabel::Default => "Default".to_owned(),
        EdgeLabel::Choice(index) => format!("Choices[{index}]"),
        EdgeLabel::Catch(index, _) => format!("Catch[{index}]"),
    }
}

/// Whether it is a catcher that takes an error.
/// Source: <https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html#error-handling-error-representation>
fn takes(label: &EdgeLabel, error: &str) -> bool {
    let EdgeLabel::Catch(_, names) = label else {
        return false;
    };
    names.iter().any(|name| match name.as_str() {
        "States.ALL" => !matches!(error, "States.DataLimitExceeded" | "States.Runtime"),
        "States.TaskFailed" => error != "States.Timeout",
        name => name == error,
    })
}

#[cfg(test)]
#[path = "coverage_tests.rs"]
mod tests;
