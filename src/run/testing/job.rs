//! Cases made ready to be run: references resolved, and what keeps one from being run found beforehand.

use serde_json::{Map, Value, json};

use super::{Trouble, Verdict};
use crate::asl::substitute::{self, Names};
use crate::stack::cases::{Answer, Case};
use crate::stack::model::MachineKind;
use crate::tree::Node;

/// What a case runs on.
#[derive(Clone, Debug)]
pub struct Machine {
    /// Its ARN.
    pub arn: String,
    /// `STANDARD` or `EXPRESS`.
    pub kind: MachineKind,
    /// Its definition, as deployed.
    pub definition: Value,
}

/// A case, ready to be run.
#[derive(Clone, Debug)]
pub struct Job {
    /// The case, with references resolved.
    pub(super) case: Case,
    pub(super) machine: Option<Machine>,
    pub(super) input: String,
    /// The member `stepstack` of the request that starts it.
    pub(super) rehearsal: Option<Value>,
    /// Why it is not run at all.
    pub(super) obstacle: Option<Verdict>,
}

impl Job {
    /// Makes a case ready for a state machine, none if it is not there. `rehearses` says whether the target takes mocks and
    /// virtual time.
    pub fn new(case: &Case, machine: Option<Machine>, names: &Names, rehearses: bool) -> Self {
        let mut case = case.clone();
        let mut unresolved = Vec::new();
        case.input = resolved(&case.input, names, &mut unresolved);
        super::judge::resolve(&mut case.expect, names, &mut unresolved);
        let mocks = case.mocks.as_ref().map(|mocks| {
            let mocks = Node::from_json(&mocks.to_json());
            resolved(&mocks, names, &mut unresolved).to_json()
        });
        let obstacle = match unresolved.first() {
            Some(problem) => Some(broken("its references", problem)),
            None => obstacle(&case, machine.as_ref(), rehearses),
        };
        Self {
            input: case.input.to_json().to_string(),
            rehearsal: if rehearses { rehearsal(&case, mocks) } else { None },
            machine,
            obstacle,
            case,
        }
    }

    /// The same case, not to be run.
    pub(super) fn skipped(self, why: &str) -> Self {
        Self {
            obstacle: Some(Verdict::Skipped(why.to_owned())),
            ..self
        }
    }
}

/// A tree with values for its references; what is wrong with them is added to the list.
pub(super) fn resolved(node: &Node, names: &Names, unresolved: &mut Vec<String>) -> Node {
    let substituted = substitute::references(node, names);
    let wrong = substituted.diagnostics.into_iter().map(|found| found.message);
    unresolved.extend(wrong);
    substituted.definition
}

fn obstacle(case: &Case, machine: Option<&Machine>, rehearses: bool) -> Option<Verdict> {
    let Some(machine) = machine else {
        let message = format!("the stack has no state machine `{}`", case.state_machine);
        return Some(broken("the state machine", &message));
    };
    if case.mocks.is_some() && !rehearses {
        return Some(Verdict::Skipped(
            "it has mocks, which only the local cloud of stepstack can do".to_owned(),
        ));
    }
    if machine.kind == MachineKind::Express
        && let Some(what) = unseen(case)
    {
        let message = "cannot be seen for EXPRESS machines, whose executions have no history";
        return Some(broken(what, message));
    }
    if let Some(state) = case
        .callbacks
        .keys()
        .find(|state| is_activity(&machine.definition, state))
    {
        let message = format!(
            "`{state}` is an activity: its tasks come to workers, and one that answers for a test would take those of others"
        );
        return Some(broken("`callbacks`", &message));
    }
    let mixed = |answers: &Vec<Answer>| {
        let running_out = answers.iter().filter(|answer| **answer == Answer::TimeOut).count();
        running_out > 0 && running_out < answers.len()
    };
    let mixed = case.callbacks.iter().find(|(_, answers)| mixed(answers));
    if let Some((state, _)) = mixed.filter(|_| case.virtual_time && rehearses) {
        let message = format!("in virtual time `{state}` either times out or is answered, not one after the other");
        return Some(broken("`callbacks`", &message));
    }
    None
}

/// What a case of an Express machine expects, or does, that needs a history.
fn unseen(case: &Case) -> Option<&'static str> {
    let expect = &case.expect;
    match () {
        () if expect.path.is_some() => Some("`path`"),
        () if !expect.states.is_empty() => Some("`states`"),
        () if !expect.retries.is_empty() => Some("`retries`"),
        () if !case.callbacks.is_empty() => Some("`callbacks`"),
        () => None,
    }
}

fn broken(what: &str, message: &str) -> Verdict {
    Verdict::Broken(Trouble {
        what: what.to_owned(),
        message: message.to_owned(),
        hints: Vec::new(),
    })
}

fn rehearsal(case: &Case, mocks: Option<Value>) -> Option<Value> {
    let mut members = Map::new();
    if case.virtual_time {
        let runs_out = |answers: &Vec<Answer>| answers.iter().all(|answer| *answer == Answer::TimeOut);
        let states = case.callbacks.iter().filter(|(_, answers)| runs_out(answers));
        let states: Vec<&String> = states.map(|(state, _)| state).collect();
        members.insert("time".to_owned(), "virtual".into());
        if !states.is_empty() {
            members.insert("runOut".to_owned(), json!(states));
        }
    }
    if let Some(mocks) = mocks {
        members.insert("mocks".to_owned(), mocks);
    }
    (!members.is_empty()).then_some(Value::Object(members))
}

/// Whether the state of that name, wherever it is, is an activity.
fn is_activity(definition: &Value, name: &str) -> bool {
    match definition {
        Value::Object(members) => {
            let here = members.get("States").and_then(|states| states.get(name));
            let resource = here.and_then(|state| state.get("Resource")).and_then(Value::as_str);
            resource.is_some_and(|resource| resource.contains(":activity:"))
                || members.values().any(|member| is_activity(member, name))
        }
        Value::Array(items) => items.iter().any(|item| is_activity(item, name)),
        _ => false,
    }
}
