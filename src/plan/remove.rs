//! Steps that remove: of a whole stack (teardown), or of what a stack no longer has. One planner, two modes.

use super::observed::{Observed, owner};
use super::{Action, Identity, Kind, Mode, Plan, Step, Work};

/// The plan that removes everything of the stack.
pub fn teardown(stack: &str, observed: &Observed, identity: &Identity, keep_logs: bool) -> Plan {
    let mut steps = removals(observed, |kind, _, owner| {
        owner == Some(stack) && !(keep_logs && kind == Kind::LogGroup)
    });
    wire(&mut steps, observed, &[]);
    Plan {
        stack: stack.to_owned(),
        mode: Mode::Teardown,
        identity: identity.clone(),
        steps,
        unchanged: Vec::new(),
        notes: Vec::new(),
    }
}

/// Delete steps, without their needs, for what `goes` says of kind, name and owner; in the order of deletion.
pub(super) fn removals(observed: &Observed, goes: impl Fn(Kind, &str, Option<&str>) -> bool) -> Vec<Step> {
    let mut steps = Vec::new();
    for machine in observed.state_machines.values() {
        if goes(Kind::StateMachine, &machine.name, owner(&machine.tags)) {
            steps.push(delete(Kind::StateMachine, &machine.name, &machine.arn));
        }
    }
    for topic in observed.topics.values() {
        if goes(Kind::Topic, &topic.name, observed.owner_of_topic(topic)) {
            steps.push(delete(Kind::Topic, &topic.name, &topic.arn));
        }
    }
    for function in observed.functions.values() {
        if goes(Kind::Function, &function.name, owner(&function.tags)) {
            steps.push(delete(Kind::Function, &function.name, &function.arn));
        }
    }
    for role in observed.roles.values() {
        if goes(Kind::Role, &role.name, owner(&role.tags)) {
            steps.push(delete(Kind::Role, &role.name, &role.arn));
        }
    }
    for queue in observed.queues.values() {
        if goes(Kind::Queue, &queue.name, owner(&queue.tags)) {
            steps.push(delete(Kind::Queue, &queue.name, &queue.arn));
        }
    }
    for table in observed.tables.values() {
        if goes(Kind::Table, &table.name, owner(&table.tags)) {
            steps.push(delete(Kind::Table, &table.name, &table.arn));
        }
    }
    for group in observed.log_groups.values() {
        if goes(Kind::LogGroup, &group.name, observed.owner_of_log_group(group)) {
            steps.push(delete(Kind::LogGroup, &group.name, &group.arn));
        }
    }
    steps
}

pub(super) fn delete(kind: Kind, name: &str, arn: &str) -> Step {
    let text = name.to_owned();
    Step {
        id: format!("delete {} {name}", kind.label()),
        action: Action::Delete,
        kind,
        logical_id: None,
        name: text.clone(),
        arn: arn.to_owned(),
        changes: Vec::new(),
        needs: Vec::new(),
        work: match kind {
            Kind::Role => Work::DeleteRole { name: text },
            Kind::LogGroup => Work::DeleteLogGroup { name: text },
            Kind::Function => Work::DeleteFunction { name: text },
            Kind::Queue => Work::DeleteQueue { name: text },
            Kind::Table => Work::DeleteTable { name: text },
            Kind::Topic => Work::DeleteTopic { arn: arn.to_owned() },
            Kind::StateMachine => Work::DeleteMachine { arn: arn.to_owned() },
            Kind::Subscription => Work::DeleteSubscription {
                arn: arn.to_owned(),
                permission: None,
            },
        },
    }
}

/// Makes deletions wait for whatever may still use what they delete: functions, topics, queues and tables for the machines, roles for the functions
/// and machines that have them, log groups for all that may still write to them. `others` are the plan's other steps.
pub(super) fn wire(deletions: &mut [Step], observed: &Observed, others: &[Step]) {
    let users: Vec<(Kind, String, String)> = others
        .iter()
        .filter(|step| step.action != Action::Create)
        .chain(deletions.iter())
        .map(|step| (step.kind, step.name.clone(), step.id.clone()))
        .collect();
    for step in deletions {
        let waits_for = |kind: Kind, name: &str| match (step.kind, kind) {
            (Kind::Function | Kind::LogGroup, Kind::StateMachine) => true,
            (Kind::Topic | Kind::Queue | Kind::Table, Kind::StateMachine) => true,
            // Functions may use queues and tables to their end; what a topic delivers to goes after it.
            (Kind::Queue | Kind::Table, Kind::Function) => true,
            (Kind::Function | Kind::Queue, Kind::Topic) => true,
            (Kind::Topic | Kind::Function | Kind::Queue, Kind::Subscription) => true,
            (Kind::LogGroup, Kind::Function) => super::names::function_log_group(name) == step.name,
            (Kind::Role, Kind::StateMachine | Kind::Function) => observed.role_of(kind, name) == Some(&step.arn),
            _ => false,
        };
        step.needs = users
            .iter()
            .filter(|(kind, name, _)| waits_for(*kind, name))
            .map(|(_, _, id)| id.clone())
            .collect();
    }
}

impl Observed {
    /// The ARN of the role that a function or state machine has now.
    pub(super) fn role_of(&self, kind: Kind, name: &str) -> Option<&String> {
        match kind {
            Kind::Function => self.functions.get(name).map(|function| &function.role),
            Kind::StateMachine => self.state_machines.get(name).map(|machine| &machine.role),
            _ => None,
        }
    }
}

impl Kind {
    /// For programs, as in the JSON of a plan: `log-group`.
    pub fn slug(self) -> &'static str {
        match self {
            Self::Role => "role",
            Self::LogGroup => "log-group",
            Self::Queue => "queue",
            Self::Table => "table",
            Self::Topic => "topic",
            Self::Subscription => "subscription",
            Self::Function => "function",
            Self::StateMachine => "state-machine",
        }
    }

    /// For people: `state machine`.
    pub fn label(self) -> &'static str {
        match self {
            Self::Role => "role",
            Self::LogGroup => "log group",
            Self::Queue => "queue",
            Self::Table => "table",
            Self::Topic => "topic",
            Self::Subscription => "subscription",
            Self::Function => "function",
            Self::StateMachine => "state machine",
        }
    }
}
