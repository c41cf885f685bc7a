//! The plan that makes a stack stand: compares each wanted resource with what is there and orders what has to be done as
//! roles and policies widen → log groups, queues, tables, topics → functions → state machines → subscriptions → policies narrow →
//! what is no longer wanted goes.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::Value;

use super::desired::{Desired, DesiredMachine};
use super::observed::Observed;
use super::phases::{Phases, phases};
use super::{
    Action, Change, Kind, Mode, Plan, Step, Unchanged, Work, compare, data, described, names, ownership, remove,
};
use crate::diagnostic::Diagnostic;

/// The plan that makes what is observed what is desired. Errors: a resource of a wanted name that is not the stack's.
/// With `adopt`, resources that belong to nobody are taken over; those of other stacks never are.
pub fn deploy(desired: &Desired, observed: &Observed, adopt: bool) -> Result<Plan, Vec<Diagnostic>> {
    let mut conflicts = ownership::conflicts(desired, observed, adopt);
    conflicts.extend(data::unchangeable(desired, observed));
    if !conflicts.is_empty() {
        return Err(conflicts);
    }
    let mut planner = Planner {
        desired,
        observed,
        steps: Vec::new(),
        unchanged: Vec::new(),
        notes: desired.notes.clone(),
    };
    let functions = planner.functions();
    let machines = planner.machines();
    let subscriptions = planner.subscriptions(&functions);
    let mut going = planner.removals();
    let users: Vec<&Step> = functions.iter().chain(&machines).chain(&going).collect();
    let (first, narrowing) = planner.roles(&users);
    let groups = planner.log_groups();
    let (queues, tables, topics) = (planner.queues(), planner.tables(), planner.topics());
    for steps in [
        first,
        groups,
        queues,
        tables,
        topics,
        functions,
        machines,
        subscriptions,
    ] {
        planner.add(steps);
    }
    remove::wire(&mut going, observed, &planner.steps);
    let (users, rest): (Vec<Step>, Vec<Step>) = going.into_iter().partition(|step| step.kind >= Kind::Topic);
    planner.steps.extend(users);
    planner.add(narrowing);
    planner.steps.extend(rest);
    Ok(Plan {
        stack: desired.stack.clone(),
        mode: Mode::Deploy,
        identity: desired.identity.clone(),
        steps: planner.steps,
        unchanged: planner.unchanged,
        notes: planner.notes,
    })
}

pub(super) struct Planner<'a> {
    pub(super) desired: &'a Desired,
    pub(super) observed: &'a Observed,
    steps: Vec<Step>,
    unchanged: Vec<Unchanged>,
    pub(super) notes: Vec<String>,
}

impl Planner<'_> {
    fn functions(&mut self) -> Vec<Step> {
        let mut steps = Vec::new();
        for wanted in self.desired.functions.values() {
            let resource = Resource::new(Kind::Function, Some(&wanted.logical_id), &wanted.name, &wanted.arn);
            let wanted = Arc::new(wanted.clone());
            match self.observed.functions.get(&wanted.name) {
                None => steps.push(resource.create(Work::CreateFunction(wanted))),
                Some(there) if there.is_image || there.state == "Failed" => {
                    let why = if there.is_image {
                        "is a container image"
                    } else {
                        "never became active"
                    };
                    self.notes.push(format!(
                        "function `{}` {why}: it is deleted and created again",
                        wanted.name
                    ));
                    steps.push(remove::delete(Kind::Function, &there.name, &there.arn));
                    steps.push(resource.create(Work::CreateFunction(wanted)));
                }
                Some(there) => {
                    let (changes, update) = compare::function(there, &wanted);
                    steps.extend(self.update(&resource, changes, Work::UpdateFunction(update)));
                }
            }
        }
        steps
    }

    fn machines(&mut self) -> Vec<Step> {
        let mut steps = Vec::new();
        for wanted in self.desired.state_machines.values() {
            let resource = Resource::new(Kind::StateMachine, Some(&wanted.logical_id), &wanted.name, &wanted.arn);
            let wanted = Arc::new(wanted.clone());
            match self.observed.state_machines.get(&wanted.name) {
                // Creating waits until the one that is going is gone.
                None => steps.push(resource.create(Work::CreateMachine(wanted))),
                Some(there) if there.status == "DELETING" => {
                    steps.push(resource.create(Work::CreateMachine(wanted)));
                }
                Some(there) if there.kind != wanted.kind.as_str() => {
                    self.notes.push(format!(
                        "state machine `{}` changes from {} to {}: it is deleted, with its executions, and created again",
                        wanted.name,
                        there.kind,
                        wanted.kind.as_str()
                    ));
                    steps.push(remove::delete(Kind::StateMachine, &there.name, &there.arn));
                    steps.push(resource.create(Work::CreateMachine(wanted)));
                }
                Some(there) => {
                    let (changes, update) = compare::machine(there, &wanted);
                    steps.extend(self.update(&resource, changes, Work::UpdateMachine(update)));
                }
            }
        }
        steps
    }

    fn log_groups(&mut self) -> Vec<Step> {
        let mut steps = Vec::new();
        for wanted in self.desired.log_groups.values() {
            let resource = Resource::new(Kind::LogGroup, wanted.logical_id.as_deref(), &wanted.name, &wanted.arn);
            match self.observed.log_groups.get(&wanted.name) {
                None => steps.push(resource.create(Work::CreateLogGroup(Arc::new(wanted.clone())))),
                Some(there) => {
                    let (changes, update) = compare::log_group(there, wanted);
                    steps.extend(self.update(&resource, changes, Work::UpdateLogGroup(update)));
                }
            }
        }
        steps
    }

    /// Steps of roles before those who use them, and after.
    fn roles(&mut self, users: &[&Step]) -> (Vec<Step>, Vec<Step>) {
        let (mut first, mut last) = (Vec::new(), Vec::new());
        for wanted in self.desired.roles.values() {
            let resource = Resource::new(Kind::Role, wanted.logical_id.as_deref(), &wanted.name, &wanted.arn);
            let Some(there) = self.observed.roles.get(&wanted.name) else {
                first.push(resource.create(Work::CreateRole(Arc::new(wanted.clone()))));
                continue;
            };
            if there.path != wanted.path {
                self.notes.push(format!(
                    "role `{}` moves from path `{}` to `{}`: it is deleted and created again",
                    wanted.name, there.path, wanted.path
                ));
                first.push(remove::delete(Kind::Role, &there.name, &there.arn));
                first.push(resource.create(Work::CreateRole(Arc::new(wanted.clone()))));
                continue;
            }
            let (changes, update) = compare::role(there, wanted);
            let used = users.iter().any(|step| self.uses(step, &there.arn));
            match phases(there, update, used) {
                Phases::First(update) => {
                    first.extend(self.update(&resource, changes, Work::UpdateRole(Box::new(update))))
                }
                Phases::Last(update) => {
                    last.extend(self.update(&resource, changes, Work::UpdateRole(Box::new(update))))
                }
                Phases::Both(both) => {
                    let (widen, narrow) = *both;
                    first.push(resource.step(
                        "widen",
                        Action::Update,
                        changes.clone(),
                        Work::UpdateRole(Box::new(widen)),
                    ));
                    last.push(resource.step("narrow", Action::Update, changes, Work::UpdateRole(Box::new(narrow))));
                }
            }
        }
        (first, last)
    }

    pub(super) fn update(&mut self, resource: &Resource<'_>, changes: Vec<Change>, work: Work) -> Option<Step> {
        if changes.is_empty() {
            self.unchanged.push(Unchanged {
                kind: resource.kind,
                logical_id: resource.logical_id.map(str::to_owned),
                name: resource.name.to_owned(),
                arn: resource.arn.to_owned(),
            });
            return None;
        }
        Some(resource.step("update", Action::Update, changes, work))
    }

    /// Whether the resource of a step has that role, now or afterwards.
    fn uses(&self, step: &Step, role: &str) -> bool {
        let wanted = match &step.work {
            Work::CreateFunction(function) => Some(&function.role),
            Work::UpdateFunction(update) => Some(&update.function.role),
            Work::CreateMachine(machine) => Some(&machine.role),
            Work::UpdateMachine(update) => Some(&update.machine.role),
            _ => None,
        };
        let there = self.observed.role_of(step.kind, &step.name);
        wanted.is_some_and(|wanted| wanted == role) || there.is_some_and(|there| there == role)
    }

    /// Adds steps with what each needs of those before it.
    fn add(&mut self, steps: Vec<Step>) {
        for mut step in steps {
            let needed = self.steps.iter().filter(|earlier| self.needs(&step, earlier));
            step.needs = needed.map(|earlier| earlier.id.clone()).collect();
            self.steps.push(step);
        }
    }

    fn needs(&self, step: &Step, earlier: &Step) -> bool {
        // Created again under the same name, or narrowed after it was widened.
        if step.kind == earlier.kind && step.name == earlier.name {
            return true;
        }
        match (step.kind, earlier.kind) {
            (Kind::Function | Kind::StateMachine, Kind::Role) => self.uses(step, &earlier.arn),
            (Kind::Role, Kind::Function | Kind::StateMachine) => self.uses(earlier, &step.arn),
            (Kind::Function, Kind::LogGroup) => names::function_log_group(&step.name) == earlier.name,
            (Kind::StateMachine, Kind::LogGroup) => names::machine_log_group(&step.name) == earlier.name,
            (Kind::StateMachine, Kind::Function) => {
                machine_of(step).is_some_and(|machine| mentions(&machine.definition, &earlier.name, &earlier.arn))
            }
            _ => self.needs_data(step, earlier),
        }
    }

    /// What carries the stack's tag and is no longer wanted.
    fn removals(&mut self) -> Vec<Step> {
        let desired = self.desired;
        let functions: BTreeSet<&str> = desired.functions.values().map(|wanted| wanted.name.as_str()).collect();
        let machines: BTreeSet<&str> = desired
            .state_machines
            .values()
            .map(|wanted| wanted.name.as_str())
            .collect();
        let is = |name: &str, wanted: &String| wanted.as_str() == name;
        let steps = remove::removals(self.observed, |kind, name, owner| {
            let wanted = match kind {
                Kind::Role => desired.roles.contains_key(name),
                Kind::LogGroup => desired.log_groups.contains_key(name),
                Kind::Function => functions.contains(name),
                Kind::StateMachine => machines.contains(name),
                Kind::Topic => desired.topics.values().any(|topic| is(name, &topic.name)),
                Kind::Queue => desired.queues.values().any(|queue| is(name, &queue.name)),
                Kind::Table => desired.tables.values().any(|table| is(name, &table.name)),
                Kind::Subscription => true,
            };
            owner == Some(desired.stack.as_str()) && !wanted
        });
        let mut going = self.unsubscriptions();
        going.extend(steps);
        going
    }
}

fn machine_of(step: &Step) -> Option<&DesiredMachine> {
    match &step.work {
        Work::CreateMachine(machine) => Some(machine),
        Work::UpdateMachine(update) => Some(&update.machine),
        _ => None,
    }
}

/// Whether a definition names a function: by its ARN, with or without a qualifier, or by its name alone.
fn mentions(definition: &Value, name: &str, arn: &str) -> bool {
    match definition {
        Value::String(text) => {
            text == name
                || text
                    .strip_prefix(arn)
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with(':'))
        }
        Value::Array(items) => items.iter().any(|item| mentions(item, name, arn)),
        Value::Object(members) => members.values().any(|member| mentions(member, name, arn)),
        _ => false,
    }
}

/// What steps of one resource have in common.
pub(super) struct Resource<'a> {
    kind: Kind,
    logical_id: Option<&'a str>,
    name: &'a str,
    arn: &'a str,
}

impl<'a> Resource<'a> {
    pub(super) fn new(kind: Kind, logical_id: Option<&'a str>, name: &'a str, arn: &'a str) -> Self {
        Self {
            kind,
            logical_id,
            name,
            arn,
        }
    }

    pub(super) fn create(&self, work: Work) -> Step {
        self.step("create", Action::Create, described::creation(&work), work)
    }

    fn step(&self, verb: &str, action: Action, changes: Vec<Change>, work: Work) -> Step {
        Step {
            id: format!("{verb} {} {}", self.kind.label(), self.name),
            action,
            kind: self.kind,
            logical_id: self.logical_id.map(str::to_owned),
            name: self.name.to_owned(),
            arn: self.arn.to_owned(),
            changes,
            needs: Vec::new(),
            work,
        }
    }
}
