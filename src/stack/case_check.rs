//! Test cases held against the definition of their state machine.

use indexmap::IndexMap;

use super::cases::{Answer, Case, Expect};
use super::model::{MachineKind, StateMachine};
use crate::asl::graph::machines_in;
use crate::asl::integration::{Integration, Pattern};
use crate::asl::model::{self, StateKind};
use crate::diagnostic::{Diagnostic, Span, did_you_mean};
use crate::tree::{Entry, Node, Value};

/// A state, as far as test cases need it.
struct Known {
    kind: &'static str,
    /// What its task calls; none for other types.
    resource: Option<String>,
    /// Whether it is of the machine itself.
    is_outer: bool,
    /// Whether it is inside of a distributed Map, whose iterations are executions of their own.
    is_apart: bool,
}

/// Checks that the states that a case names exist and can do what it says. `node` is the case as written.
pub(super) fn check(case: &Case, machine: &StateMachine, node: &Node, found: &mut Vec<Diagnostic>) {
    let mut checker = Checker {
        case,
        states: IndexMap::new(),
        node,
        found,
    };
    // A definition that cannot be read is reported when it is resolved.
    let (Some(definition), _) = crate::asl::parse(&machine.definition) else {
        return;
    };
    collect(&definition, true, false, &mut checker.states);
    if machine.kind == MachineKind::Express {
        checker.express();
    }
    checker.mocks();
    checker.callbacks();
    checker.expectations();
}

/// Recurses as deep as definitions may nest, which their parser limits.
fn collect(machine: &model::StateMachine, is_outer: bool, is_apart: bool, states: &mut IndexMap<String, Known>) {
    for (name, state) in &machine.states {
        let resource = match &state.kind {
            StateKind::Task(task) => Some(task.resource.clone()),
            _ => None,
        };
        states.entry(name.clone()).or_insert(Known {
            kind: state.kind.type_name(),
            resource,
            is_outer,
            is_apart,
        });
        let is_distributed = matches!(&state.kind, StateKind::Map(map) if map.is_distributed());
        for (_, inner) in machines_in(state) {
            collect(inner, false, is_apart || is_distributed, states);
        }
    }
}

struct Checker<'a> {
    case: &'a Case,
    states: IndexMap<String, Known>,
    node: &'a Node,
    found: &'a mut Vec<Diagnostic>,
}

impl Checker<'_> {
    /// Without a history there is nothing to look at
    /// ([GetExecutionHistory](https://docs.aws.amazon.com/step-functions/latest/apireference/API_GetExecutionHistory.html)).
    fn express(&mut self) {
        let expect = &self.case.expect;
        let used = [
            ("callbacks", !self.case.callbacks.is_empty()),
            ("path", expect.path.is_some()),
            ("states", !expect.states.is_empty()),
            ("retries", !expect.retries.is_empty()),
        ];
        for (key, _) in used.into_iter().filter(|(_, used)| *used) {
            let message = format!("executions of an EXPRESS state machine have no history, which `{key}` needs");
            let holder = match key {
                "callbacks" => Some(self.node),
                _ => self.node.get("expect"),
            };
            let place = holder.and_then(|holder| holder.entry(key)?.key_span.clone());
            self.found
                .push(Diagnostic::error("not-supported", message).at(place.as_ref()));
        }
    }

    fn mocks(&mut self) {
        let Some(mocks) = &self.case.mocks else { return };
        let section = self.node.get("mocks");
        for name in mocks.states() {
            let place = place_of(section, name);
            let Some(state) = self.known(name, place.as_ref()) else {
                continue;
            };
            if state.kind != "Task" {
                let message = format!("`{name}` is a {} state: only Task states can be mocked", state.kind);
                self.wrong("bad-mock", message, place.as_ref());
            } else if self.case.callbacks.contains_key(name) {
                let message =
                    format!("`{name}` is mocked, so that nobody waits for the answer that `callbacks` has for it");
                self.wrong("contradiction", message, place.as_ref());
            }
        }
    }

    fn callbacks(&mut self) {
        let section = self.node.get("callbacks");
        for (name, answers) in &self.case.callbacks {
            let place = place_of(section, name);
            let running_out = answers.iter().filter(|answer| **answer == Answer::TimeOut).count();
            if self.case.virtual_time && running_out > 0 && running_out < answers.len() {
                let message =
                    format!("in virtual time `{name}` either times out or is answered, not one after the other");
                self.wrong("not-supported", message, place.as_ref());
            }
            let Some(state) = self.seen(name, place.as_ref()) else {
                continue;
            };
            let waits = state.resource.as_deref().is_some_and(waits_for_token);
            if !waits {
                let message = format!("`{name}` waits for no task token: it is not `.waitForTaskToken`");
                self.wrong("bad-callback", message, place.as_ref());
            }
        }
    }

    fn expectations(&mut self) {
        let expect: &Expect = &self.case.expect;
        let section = self.node.get("expect");
        let of = |key: &str| section.and_then(|section| section.get(key));
        if let Some(path) = &expect.path {
            let node = of("path");
            let exact = node.map(|node| node.get("exact").unwrap_or(node));
            for (index, name) in path.exact.iter().flat_map(|exact| &exact.value).enumerate() {
                let place = item(exact, index);
                if let Some(state) = self.seen(name, place.as_ref())
                    && !state.is_outer
                {
                    let message =
                        format!("`{name}` is inside of another state: the exact path has the outer states only");
                    self.found.push(
                        Diagnostic::error("bad-path", message)
                            .at(place.as_ref())
                            .hint("`path: { contains: […] }` looks at inner states too"),
                    );
                }
            }
            for (key, list) in [("contains", &path.contains), ("never", &path.never)] {
                let written = node.and_then(|node| node.get(key));
                for (index, name) in list.iter().flat_map(|list| &list.value).enumerate() {
                    self.seen(name, item(written, index).as_ref());
                }
            }
        }
        for name in expect.states.keys() {
            self.seen(name, place_of(of("states"), name).as_ref());
        }
        for name in expect.retries.keys() {
            let place = place_of(of("retries"), name);
            if let Some(state) = self.seen(name, place.as_ref())
                && !["Task", "Parallel", "Map"].contains(&state.kind)
            {
                let message = format!("`{name}` is a {} state, which is never tried again", state.kind);
                self.wrong("bad-value", message, place.as_ref());
            }
        }
    }

    /// The state, if there is one; that there is not is reported.
    fn known(&mut self, name: &str, place: Option<&Span>) -> Option<&Known> {
        if !self.states.contains_key(name) {
            let message = format!("`{}` has no state `{name}`", self.case.state_machine);
            let wrong = Diagnostic::error("undefined-reference", message).at(place);
            let hint = did_you_mean(name, self.states.keys().map(String::as_str));
            self.found.push(super::fields::with_hint(wrong, hint));
        }
        self.states.get(name)
    }

    /// The state, if its events are in the history of the execution.
    fn seen(&mut self, name: &str, place: Option<&Span>) -> Option<&Known> {
        let is_apart = self.known(name, place)?.is_apart;
        if is_apart {
            let message =
                format!("`{name}` is inside of a DISTRIBUTED Map, whose iterations are executions of their own");
            self.wrong("not-supported", message, place);
            return None;
        }
        self.states.get(name)
    }

    fn wrong(&mut self, code: &'static str, message: String, place: Option<&Span>) {
        self.found.push(Diagnostic::error(code, message).at(place));
    }
}

/// Where a state stands as a key of a section; else the section.
fn place_of(section: Option<&Node>, name: &str) -> Option<Span> {
    let section = section?;
    let key = |entry: &Entry| entry.key_span.clone();
    section.entry(name).and_then(key).or_else(|| section.span.clone())
}

/// Where an item of a list stands.
fn item(list: Option<&Node>, index: usize) -> Option<Span> {
    match &list?.value {
        Value::List(items) => items.get(index)?.span.clone(),
        _ => None,
    }
}

/// What is not known yet, because of a reference, may. The tokens of activities go to their workers.
fn waits_for_token(resource: &str) -> bool {
    match Integration::parse(resource) {
        Integration::Optimized { pattern, .. } | Integration::Sdk { pattern, .. } => {
            pattern == Pattern::WaitForTaskToken
        }
        Integration::Unknown => resource.contains("${"),
        Integration::Function(_) | Integration::Activity(_) => false,
    }
}
