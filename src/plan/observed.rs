//! What is there, as `observe` reads it and `plan` compares it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::desired::{Environment, LogSettings, Tags};
use super::names;
pub use super::observed_data::{ObservedQueue, ObservedSubscription, ObservedTable, ObservedTopic};
use super::{Kind, OWNER_TAG, REGION_TAG};
use crate::asl::integration::FunctionArn;

/// What `observe` found, by name: everything that carries the stack's tag or has a name that the stack wants.
#[derive(Clone, Debug, Default)]
pub struct Observed {
    /// IAM roles.
    pub roles: BTreeMap<String, ObservedRole>,
    /// CloudWatch Logs groups.
    pub log_groups: BTreeMap<String, ObservedLogGroup>,
    /// Lambda functions.
    pub functions: BTreeMap<String, ObservedFunction>,
    /// State machines.
    pub state_machines: BTreeMap<String, ObservedMachine>,
    /// SNS topics.
    pub topics: BTreeMap<String, ObservedTopic>,
    /// Subscriptions of those topics.
    pub subscriptions: Vec<ObservedSubscription>,
    /// SQS queues.
    pub queues: BTreeMap<String, ObservedQueue>,
    /// What carries no tags and has the name of something that a test run has made: the name under which that run had deployed its
    /// stack. Only where this is looked for.
    pub untagged: BTreeMap<(Kind, String), String>,
    /// DynamoDB tables.
    pub tables: BTreeMap<String, ObservedTable>,
}

/// A role that is there.
#[derive(Clone, Debug, PartialEq)]
pub struct ObservedRole {
    /// Its name.
    pub name: String,
    /// Begins and ends with `/`.
    pub path: String,
    /// Its ARN.
    pub arn: String,
    /// Empty if there is none.
    pub description: String,
    /// Who may assume it, decoded.
    pub trust: Value,
    /// Inline policies by name, decoded.
    pub policies: BTreeMap<String, Value>,
    /// ARNs of attached policies.
    pub managed_policies: BTreeSet<String>,
    /// All of them.
    pub tags: Tags,
}

/// A log group that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObservedLogGroup {
    /// Its name.
    pub name: String,
    /// Its ARN, without the trailing `:*`.
    pub arn: String,
    /// Days; none: for ever.
    pub retention: Option<u32>,
    /// All of them.
    pub tags: Tags,
}

/// A function that is there.
#[derive(Clone, Debug, PartialEq)]
pub struct ObservedFunction {
    /// Its name.
    pub name: String,
    /// Its ARN, unqualified.
    pub arn: String,
    /// ARN of its role.
    pub role: String,
    /// Empty for images.
    pub runtime: String,
    /// Empty for images.
    pub handler: String,
    /// Seconds.
    pub timeout: u32,
    /// MiB.
    pub memory: u32,
    /// Its variables.
    pub environment: Environment,
    /// Empty if there is none.
    pub description: String,
    /// `x86_64` or `arm64`.
    pub architecture: String,
    /// Layer version ARNs, in order.
    pub layers: Vec<String>,
    /// Base64 of the SHA-256 of its zip.
    pub code_sha256: String,
    /// Whether it is a container image, which cannot become a zip.
    pub is_image: bool,
    /// `Active`, `Pending`, `Failed` …; empty if not told.
    pub state: String,
    /// `Successful`, `InProgress`, `Failed`; empty if not told.
    pub last_update: String,
    /// All of them.
    pub tags: Tags,
}

/// A state machine that is there.
#[derive(Clone, Debug, PartialEq)]
pub struct ObservedMachine {
    /// Its name.
    pub name: String,
    /// Its ARN.
    pub arn: String,
    /// Its definition, parsed; `Null` if it is no JSON.
    pub definition: Value,
    /// ARN of its role.
    pub role: String,
    /// `STANDARD` or `EXPRESS`.
    pub kind: String,
    /// `ACTIVE` or `DELETING`.
    pub status: String,
    /// Logging; none: off.
    pub logging: Option<LogSettings>,
    /// X-Ray tracing.
    pub tracing: bool,
    /// All of them.
    pub tags: Tags,
}

impl Observed {
    /// The stack that owns a topic.
    pub fn owner_of_topic<'a>(&'a self, topic: &'a ObservedTopic) -> Option<&'a str> {
        owner(&topic.tags).or_else(|| self.untagged(Kind::Topic, &topic.name))
    }

    fn untagged(&self, kind: Kind, name: &str) -> Option<&str> {
        self.untagged.get(&(kind, name.to_owned())).map(String::as_str)
    }

    /// The stack that owns a log group: by its tag, or by the function or state machine that it is named after. CloudWatch
    /// makes a group again, without tags, when logs come late.
    pub fn owner_of_log_group<'a>(&'a self, group: &'a ObservedLogGroup) -> Option<&'a str> {
        owner(&group.tags).or_else(|| {
            let of_function = group
                .name
                .strip_prefix(names::FUNCTION_LOGS)
                .and_then(|name| self.functions.get(name))
                .and_then(|function| owner(&function.tags));
            let of_machine = || {
                let machine = self.state_machines.values();
                let mut named = machine.filter(|machine| names::machine_log_group(&machine.name) == group.name);
                named.next().and_then(|machine| owner(&machine.tags))
            };
            of_function
                .or_else(of_machine)
                .or_else(|| self.untagged(Kind::LogGroup, &group.name))
        })
    }

    /// Names of the functions that the state machines call.
    pub(crate) fn functions_called(&self) -> BTreeSet<String> {
        let mut names = BTreeSet::new();
        for machine in self.state_machines.values() {
            each_text(&machine.definition, &mut |text| {
                names.extend(FunctionArn::parse(text).map(|arn| arn.name));
            });
        }
        names
    }

    /// The last parts of the ARNs, URLs and names that definitions, environments and subscriptions hold: among them the
    /// names of the topics, queues and tables that they are about.
    pub(crate) fn names_mentioned(&self) -> BTreeSet<String> {
        let mut names = BTreeSet::new();
        let mut add = |text: &str| {
            let name = text.rsplit([':', '/']).next().unwrap_or_default();
            names.insert(name.to_owned());
        };
        for machine in self.state_machines.values() {
            each_text(&machine.definition, &mut add);
        }
        for function in self.functions.values() {
            function.environment.0.values().for_each(|value| add(value));
        }
        self.subscriptions
            .iter()
            .for_each(|subscription| add(&subscription.endpoint));
        names
    }

    /// Names of the roles that functions and state machines have.
    pub(crate) fn roles_used(&self) -> BTreeSet<String> {
        let of_functions = self.functions.values().map(|function| &function.role);
        let of_machines = self.state_machines.values().map(|machine| &machine.role);
        of_functions
            .chain(of_machines)
            .filter_map(|arn| arn.rsplit('/').next())
            .map(str::to_owned)
            .collect()
    }

    /// Whether nothing of that stack is left.
    pub fn is_gone(&self, stack: &str) -> bool {
        let ours = |tags: &Tags| owner(tags) == Some(stack);
        !(self.roles.values().any(|role| ours(&role.tags))
            || self.functions.values().any(|function| ours(&function.tags))
            || self.state_machines.values().any(|machine| ours(&machine.tags))
            || self.topics.values().any(|topic| ours(&topic.tags))
            || self.queues.values().any(|queue| ours(&queue.tags))
            || self.tables.values().any(|table| ours(&table.tags))
            || self
                .log_groups
                .values()
                .any(|group| self.owner_of_log_group(group) == Some(stack)))
    }
}

/// The stack that a resource with those tags belongs to.
pub(crate) fn owner(tags: &Tags) -> Option<&str> {
    tags.get(OWNER_TAG).map(String::as_str)
}

/// The other region that a role with those tags is for. IAM has the roles of all regions, and what a stack has in one
/// region must not be changed or removed by what happens in another.
pub(crate) fn other_region<'a>(tags: &'a Tags, region: &str) -> Option<&'a str> {
    tags.get(REGION_TAG)
        .map(String::as_str)
        .filter(|made_for| *made_for != region)
}

/// No deeper than the JSON reader lets a definition be.
fn each_text(value: &Value, take: &mut impl FnMut(&str)) {
    match value {
        Value::String(text) => take(text),
        Value::Array(items) => items.iter().for_each(|item| each_text(item, take)),
        Value::Object(members) => members.values().for_each(|member| each_text(member, take)),
        _ => {}
    }
}
