//! Cases made ready to be run; what keeps one from being run is found beforehand.

use serde_json::{Map, Value, json};

use super::Verdict;
use crate::asl::graph::Graph;
use crate::stack::cases::{Answer, Case, Product};
use crate::stack::model::MachineKind;

/// What a case runs on.
#[derive(Clone, Debug)]
pub struct Machine {
    /// Its ARN.
    pub arn: String,
    /// `STANDARD` or `EXPRESS`.
    pub kind: MachineKind,
    /// Its definition, as deployed.
    pub definition: Value,
    /// The same as a graph.
    pub graph: Graph,
}

/// Where cases are run.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// What serves the AWS there; none if that is not known.
    pub product: Option<Product>,
    /// Whether it takes mocks and virtual time.
    pub rehearses: bool,
}

impl Place {
    /// Why a case is not run there, if it is not.
    pub fn skips(&self, case: &Case) -> Option<String> {
        if let Some(product) = self.product
            && let Some(why) = case.skip_on.get(&product)
        {
            return Some(format!("not on {}: {why}", product.name()));
        }
        let cannot = case.mocks.is_some() && !self.rehearses;
        cannot.then(|| "it has mocks, which only the local cloud of stepstack can do".to_owned())
    }
}

/// A case, ready to be run.
#[derive(Clone, Debug)]
pub struct Job {
    pub(super) case: Case,
    pub(super) machine: Option<Machine>,
    pub(super) input: String,
    /// The member `stepstack` of the request that starts it.
    pub(super) rehearsal: Option<Value>,
    /// Why it is not run at all.
    pub(super) obstacle: Option<Verdict>,
}

impl Job {
    /// Makes a case, its references resolved, ready for a state machine, none if it is not there.
    pub fn new(case: Case, machine: Option<Machine>, place: Place) -> Self {
        Self {
            obstacle: obstacle(&case, machine.as_ref(), place),
            input: case.input.to_json().to_string(),
            rehearsal: if place.rehearses { rehearsal(&case) } else { None },
            machine,
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

fn obstacle(case: &Case, machine: Option<&Machine>, place: Place) -> Option<Verdict> {
    if let Some(why) = place.skips(case) {
        return Some(Verdict::Skipped(why));
    }
    let Some(machine) = machine else {
        let message = format!("the stack has no state machine `{}`", case.state_machine);
        return Some(Verdict::broken("the state machine", &message));
    };
    if machine.kind == MachineKind::Express
        && let Some(what) = unseen(case)
    {
        let message = "cannot be seen for EXPRESS machines, whose executions have no history";
        return Some(Verdict::broken(what, message));
    }
    if let Some(state) = case
        .callbacks
        .keys()
        .find(|state| is_activity(&machine.definition, state))
    {
        let message = format!(
            "`{state}` is an activity: its tasks come to workers, and one that answers for a test would take those of others"
        );
        return Some(Verdict::broken("`callbacks`", &message));
    }
    let mixed = |answers: &Vec<Answer>| {
        let running_out = answers.iter().filter(|answer| **answer == Answer::TimeOut).count();
        running_out > 0 && running_out < answers.len()
    };
    let mixed = case.callbacks.iter().find(|(_, answers)| mixed(answers));
    if let Some((state, _)) = mixed.filter(|_| case.virtual_time && place.rehearses) {
        let message = format!("in virtual time `{state}` either times out or is answered, not one after the other");
        return Some(Verdict::broken("`callbacks`", &message));
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

fn rehearsal(case: &Case) -> Option<Value> {
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
    if let Some(mocks) = &case.mocks {
        members.insert("mocks".to_owned(), mocks.to_json());
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
