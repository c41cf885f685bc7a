//! The states of a definition as a graph, for validation, drawing and coverage.

use std::collections::BTreeSet;

use super::model::{State, StateKind, StateMachine, Transition};

/// States and transitions, those of nested machines too.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Graph {
    /// The machine itself, then each nested one after the state that holds it.
    pub scopes: Vec<Scope>,
    /// All states, in the order written.
    pub nodes: Vec<GraphNode>,
    /// All transitions to states that exist.
    pub edges: Vec<Edge>,
    /// Transitions to states that do not exist in their scope.
    pub dangling: Vec<Dangling>,
}

/// The states that can lead to one another: those of the machine, a branch, or a Map's processor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope {
    /// Where it is: empty for the machine itself, else `/States/Each/ItemProcessor`.
    pub pointer: String,
    /// Index of the Map or Parallel state that holds it.
    pub parent: Option<usize>,
    /// Index of the state it starts at, if that exists.
    pub start: Option<usize>,
}

/// A state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GraphNode {
    /// Its name.
    pub name: String,
    /// Its `Type`.
    pub kind: &'static str,
    /// Where it is: `/States/Open Case`.
    pub pointer: String,
    /// Index of its scope.
    pub scope: usize,
    /// Whether its scope can end here.
    pub terminal: bool,
}

/// A transition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edge {
    /// Index of the state it leaves.
    pub from: usize,
    /// Index of the state it leads to.
    pub to: usize,
    /// When it is taken.
    pub label: EdgeLabel,
}

/// When a transition is taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EdgeLabel {
    /// `Next` of the state.
    Next,
    /// `Default` of a Choice.
    Default,
    /// The choice rule of that number, from 0.
    Choice(usize),
    /// The catcher of that number, from 0, for these errors.
    Catch(usize, Vec<String>),
}

/// A transition to a state that does not exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dangling {
    /// Index of the state it leaves; none for `StartAt`.
    pub from: Option<usize>,
    /// Index of the scope.
    pub scope: usize,
    /// The name that no state has.
    pub target: String,
    /// Where it is written: `/States/Open Case/Catch[0]/Next`.
    pub pointer: String,
}

impl Graph {
    /// The graph of a machine.
    pub fn of(machine: &StateMachine) -> Self {
        let mut graph = Self::default();
        graph.add(machine, String::new(), None);
        graph
    }

    /// The states that a scope can reach from where it starts.
    pub fn reachable(&self, scope: usize) -> BTreeSet<usize> {
        let start = self.scopes.get(scope).and_then(|scope| scope.start);
        let mut reached = BTreeSet::from_iter(start);
        let mut open = Vec::from_iter(start);
        while let Some(from) = open.pop() {
            for edge in self.edges_from(from) {
                if reached.insert(edge.to) {
                    open.push(edge.to);
                }
            }
        }
        reached
    }

    /// The transitions that leave a state.
    pub fn edges_from(&self, from: usize) -> impl Iterator<Item = &Edge> {
        // Edges are in the order of the states that they leave.
        let first = self.edges.partition_point(|edge| edge.from < from);
        self.edges.iter().skip(first).take_while(move |edge| edge.from == from)
    }

    /// The states of a scope.
    pub fn states_of(&self, scope: usize) -> impl Iterator<Item = (usize, &GraphNode)> {
        self.nodes
            .iter()
            .enumerate()
            .filter(move |(_, node)| node.scope == scope)
    }

    fn add(&mut self, machine: &StateMachine, pointer: String, parent: Option<usize>) {
        let scope = self.scopes.len();
        let first = self.nodes.len();
        let index_of = |name: &str| machine.states.get_index_of(name).map(|index| first + index);
        let start = index_of(&machine.start_at);
        if start.is_none() {
            self.dangling.push(Dangling {
                from: None,
                scope,
                target: machine.start_at.clone(),
                pointer: format!("{pointer}/StartAt"),
            });
        }
        self.nodes.extend(machine.states.iter().map(|(name, state)| GraphNode {
            name: name.clone(),
            kind: state.kind.type_name(),
            pointer: format!("{pointer}/States/{name}"),
            scope,
            terminal: is_terminal(&state.kind),
        }));
        for (from, state) in (first..).zip(machine.states.values()) {
            for (label, target) in transitions(state) {
                match index_of(target) {
                    Some(to) => self.edges.push(Edge { from, to, label }),
                    None => self.dangling.push(Dangling {
                        from: Some(from),
                        scope,
                        target: target.to_owned(),
                        pointer: format!("{pointer}/States/{}/{}", state.name, label.pointer()),
                    }),
                }
            }
        }
        self.scopes.push(Scope {
            pointer: pointer.clone(),
            parent,
            start,
        });
        for (from, state) in (first..).zip(machine.states.values()) {
            for (inner, machine) in machines_in(state) {
                self.add(machine, format!("{pointer}/States/{}/{inner}", state.name), Some(from));
            }
        }
    }
}

impl EdgeLabel {
    /// Where the target is written, within the state.
    fn pointer(&self) -> String {
        match self {
            Self::Next => "Next".to_owned(),
            Self::Default => "Default".to_owned(),
            Self::Choice(index) => format!("Choices[{index}]/Next"),
            Self::Catch(index, _) => format!("Catch[{index}]/Next"),
        }
    }
}

/// The machines inside a state, with where they are.
pub(crate) fn machines_in(state: &State) -> Vec<(String, &StateMachine)> {
    match &state.kind {
        StateKind::Parallel(parallel) => {
            let branches = parallel.branches.iter().enumerate();
            branches
                .map(|(index, branch)| (format!("Branches[{index}]"), branch))
                .collect()
        }
        StateKind::Map(map) => {
            let field = if map.legacy_iterator {
                "Iterator"
            } else {
                "ItemProcessor"
            };
            vec![(field.to_owned(), &map.processor)]
        }
        _ => Vec::new(),
    }
}

/// The transitions of a state, as written.
fn transitions(state: &State) -> Vec<(EdgeLabel, &str)> {
    let mut found = Vec::new();
    if let Some(Transition::Next(next)) = transition(&state.kind) {
        found.push((EdgeLabel::Next, next.as_str()));
    }
    let catch = match &state.kind {
        StateKind::Task(task) => &task.work.catch[..],
        StateKind::Parallel(parallel) => &parallel.work.catch[..],
        StateKind::Map(map) => &map.work.catch[..],
        StateKind::Choice(choice) => {
            let rules = choice.choices.iter().enumerate();
            found.extend(rules.map(|(index, rule)| (EdgeLabel::Choice(index), rule.next.as_str())));
            found.extend(choice.default.as_deref().map(|default| (EdgeLabel::Default, default)));
            &[]
        }
        _ => &[],
    };
    for (index, catcher) in catch.iter().enumerate() {
        let label = EdgeLabel::Catch(index, catcher.error_equals.clone());
        found.push((label, catcher.next.as_str()));
    }
    found
}

fn transition(kind: &StateKind) -> Option<&Transition> {
    match kind {
        StateKind::Task(task) => Some(&task.transition),
        StateKind::Pass(pass) => Some(&pass.transition),
        StateKind::Wait(wait) => Some(&wait.transition),
        StateKind::Parallel(parallel) => Some(&parallel.transition),
        StateKind::Map(map) => Some(&map.transition),
        StateKind::Choice(_) | StateKind::Succeed | StateKind::Fail(_) => None,
    }
}

fn is_terminal(kind: &StateKind) -> bool {
    match kind {
        StateKind::Succeed | StateKind::Fail(_) => true,
        other => transition(other) == Some(&Transition::End),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::tree::Node;

    fn graph(definition: &serde_json::Value) -> Graph {
        Graph::of(&crate::asl::parse(&Node::from_json(definition)).0.unwrap())
    }

    #[test]
    fn transitions_of_all_kinds_are_edges() {
        let graph = graph(&json!({ "StartAt": "T", "States": {
            "T": { "Type": "Task", "Resource": "r", "Next": "C", "Catch": [{ "ErrorEquals": ["E"], "Next": "F" }] },
            "C": { "Type": "Choice", "Default": "T", "Choices": [{ "Variable": "$.a", "IsNull": true, "Next": "M" }] },
            "M": { "Type": "Map", "Next": "Gone", "ItemProcessor": {
                "StartAt": "In", "States": { "In": { "Type": "Pass", "Next": "F" }, "Alone": { "Type": "Succeed" } } } },
            "F": { "Type": "Fail" }
        } }));
        let edges: Vec<_> = graph
            .edges
            .iter()
            .map(|edge| {
                format!(
                    "{}-{:?}-{}",
                    graph.nodes[edge.from].name, edge.label, graph.nodes[edge.to].name
                )
            })
            .collect();
        assert_eq!(
            edges,
            ["T-Next-C", "T-Catch(0, [\"E\"])-F", "C-Choice(0)-M", "C-Default-T"]
        );
        // A transition cannot leave its scope.
        let dangling: Vec<_> = graph
            .dangling
            .iter()
            .map(|dangling| dangling.pointer.as_str())
            .collect();
        assert_eq!(dangling, ["/States/M/Next", "/States/M/ItemProcessor/States/In/Next"]);
        assert_eq!(graph.scopes[1].parent, Some(2));
        let names = |scope| -> Vec<_> {
            graph
                .reachable(scope)
                .into_iter()
                .map(|node| graph.nodes[node].name.as_str())
                .collect()
        };
        assert_eq!(names(0), ["T", "C", "M", "F"]);
        assert_eq!(names(1), ["In"]);
        let terminal: Vec<_> = graph
            .nodes
            .iter()
            .filter(|node| node.terminal)
            .map(|node| &node.name)
            .collect();
        assert_eq!(terminal, ["F", "Alone"]);
    }

    #[test]
    fn a_start_that_is_not_there_dangles() {
        let graph = graph(&json!({ "StartAt": "Y", "States": { "X": { "Type": "Succeed" } } }));
        assert_eq!(graph.dangling[0].pointer, "/StartAt");
        assert!(graph.reachable(0).is_empty());
    }
}
