//! What is wanted: the stack with every reference resolved, ready to be compared with what is there.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use indexmap::IndexMap;
use serde_json::Value;

use super::desired_data::{DesiredQueue, DesiredSubscription, DesiredTable, DesiredTopic};
use super::{Identity, Kind, Package};
use crate::asl;
use crate::stack::model::MachineKind;

/// Tags of a resource.
pub type Tags = BTreeMap<String, String>;

/// Environment variables; their values are secrets, so `Debug` shows the names only.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Environment(pub BTreeMap<String, String>);

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// The stack with every reference resolved: what `deploy` wants to be there.
#[derive(Clone, Debug)]
pub struct Desired {
    /// The name of the stack, the value of the ownership tag.
    pub stack: String,
    /// Where it is to stand.
    pub identity: Identity,
    /// Roles by physical name.
    pub roles: IndexMap<String, DesiredRole>,
    /// Log groups by name.
    pub log_groups: IndexMap<String, DesiredLogGroup>,
    /// Functions by logical id.
    pub functions: IndexMap<String, DesiredFunction>,
    /// State machines by logical id: physical name, ARN and the final definition.
    pub state_machines: IndexMap<String, DesiredMachine>,
    /// Topics by logical id.
    pub topics: IndexMap<String, DesiredTopic>,
    /// Subscriptions, in the order of the file.
    pub subscriptions: Vec<DesiredSubscription>,
    /// Queues by logical id, a dead-letter queue before those that use it.
    pub queues: IndexMap<String, DesiredQueue>,
    /// Tables by logical id.
    pub tables: IndexMap<String, DesiredTable>,
    /// What is shown after a deploy.
    pub outputs: IndexMap<String, Value>,
    /// What may surprise: relinked ARNs, wide permissions.
    pub notes: Vec<String>,
}

impl Desired {
    /// The kinds of which there is something.
    pub fn kinds(&self) -> BTreeSet<Kind> {
        let kinds = [
            (Kind::Role, self.roles.is_empty()),
            (Kind::LogGroup, self.log_groups.is_empty()),
            (Kind::Queue, self.queues.is_empty()),
            (Kind::Table, self.tables.is_empty()),
            (Kind::Topic, self.topics.is_empty()),
            (Kind::Function, self.functions.is_empty()),
            (Kind::StateMachine, self.state_machines.is_empty()),
            (Kind::Subscription, self.subscriptions.is_empty()),
        ];
        let some = kinds.into_iter().filter(|(_, none)| !none);
        some.map(|(kind, _)| kind).collect()
    }

    /// The physical names of all resources that have one.
    pub fn names(&self) -> BTreeSet<(Kind, String)> {
        let roles = self.roles.keys().map(|name| (Kind::Role, name));
        let groups = self.log_groups.keys().map(|name| (Kind::LogGroup, name));
        let topics = self.topics.values().map(|wanted| (Kind::Topic, &wanted.name));
        let queues = self.queues.values().map(|wanted| (Kind::Queue, &wanted.name));
        let tables = self.tables.values().map(|wanted| (Kind::Table, &wanted.name));
        let functions = self.functions.values().map(|wanted| (Kind::Function, &wanted.name));
        let machines = self.state_machines.values();
        let machines = machines.map(|wanted| (Kind::StateMachine, &wanted.name));
        let names = roles.chain(groups).chain(topics).chain(queues).chain(tables);
        let names = names.chain(functions).chain(machines);
        names.map(|(kind, name)| (kind, name.clone())).collect()
    }
}

/// A role as it should be.
#[derive(Clone, Debug, PartialEq)]
pub struct DesiredRole {
    /// Its key in `roles`, unless it was made for a function or a state machine.
    pub logical_id: Option<String>,
    /// The physical name.
    pub name: String,
    /// Begins and ends with `/`.
    pub path: String,
    /// Predicted.
    pub arn: String,
    /// Free text, empty if there is none.
    pub description: String,
    /// Who may assume it.
    pub trust: Value,
    /// The one inline policy; none if it needs nothing.
    pub policy: Option<Value>,
    /// ARNs of managed policies, sorted.
    pub managed_policies: Vec<String>,
    /// With the ownership tag.
    pub tags: Tags,
}

/// A log group as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DesiredLogGroup {
    /// Of the function or state machine that writes to it.
    pub logical_id: Option<String>,
    /// E.g. `/aws/lambda/call-center-OpenCaseFunction`.
    pub name: String,
    /// Predicted, without the trailing `:*`.
    pub arn: String,
    /// Days; none: as it is, by default for ever.
    pub retention: Option<u32>,
    /// With the ownership tag.
    pub tags: Tags,
}

/// A function as it should be.
#[derive(Clone, Debug, PartialEq)]
pub struct DesiredFunction {
    /// Its key in `functions`.
    pub logical_id: String,
    /// The physical name.
    pub name: String,
    /// Predicted.
    pub arn: String,
    /// ARN of its role.
    pub role: String,
    /// E.g. `nodejs22.x`.
    pub runtime: String,
    /// E.g. `index.handler`.
    pub handler: String,
    /// Seconds.
    pub timeout: u32,
    /// MiB.
    pub memory: u32,
    /// With references resolved.
    pub environment: Environment,
    /// Free text, empty if there is none.
    pub description: String,
    /// `x86_64` or `arm64`.
    pub architecture: String,
    /// Layer version ARNs, in order.
    pub layers: Vec<String>,
    /// With the ownership tag.
    pub tags: Tags,
    /// Its code.
    pub package: Package,
}

/// A state machine as it should be.
#[derive(Clone, Debug)]
pub struct DesiredMachine {
    /// Its key in `stateMachines`.
    pub logical_id: String,
    /// The physical name.
    pub name: String,
    /// Predicted.
    pub arn: String,
    /// After substitution and relinking.
    pub definition: Value,
    /// The same, parsed.
    pub model: asl::model::StateMachine,
    /// `STANDARD` or `EXPRESS`.
    pub kind: MachineKind,
    /// ARN of its role.
    pub role: String,
    /// Logging; none: off.
    pub logging: Option<LogSettings>,
    /// X-Ray tracing.
    pub tracing: bool,
    /// With the ownership tag.
    pub tags: Tags,
}

/// Where and how much a state machine logs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogSettings {
    /// `ALL`, `ERROR` or `FATAL`.
    pub level: String,
    /// Whether inputs and outputs are logged.
    pub include_execution_data: bool,
    /// ARN of the log group with the trailing `:*`.
    pub destination: String,
}

impl MachineKind {
    /// As AWS writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Standard => "STANDARD",
            Self::Express => "EXPRESS",
        }
    }
}
