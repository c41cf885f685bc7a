//! What a step executes: everything that the applier has to know, so that it decides nothing.

use std::sync::Arc;

use serde_json::Value;

use super::desired::{DesiredFunction, DesiredLogGroup, DesiredMachine, DesiredRole, Tags};
use super::desired_data::{DesiredQueue, DesiredSubscription, DesiredTable, DesiredTopic, InvokePermission};
pub use super::work_data::{QueueUpdate, SubscriptionUpdate, TableUpdate, TopicUpdate};

/// The work of one step.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Work {
    CreateRole(Arc<DesiredRole>),
    UpdateRole(Box<RoleUpdate>),
    DeleteRole {
        name: String,
    },
    CreateLogGroup(Arc<DesiredLogGroup>),
    UpdateLogGroup(LogGroupUpdate),
    DeleteLogGroup {
        name: String,
    },
    CreateQueue(Arc<DesiredQueue>),
    UpdateQueue(QueueUpdate),
    DeleteQueue {
        name: String,
    },
    /// Makes it, waits until it is active, writes its items.
    CreateTable(Arc<DesiredTable>),
    UpdateTable(Box<TableUpdate>),
    DeleteTable {
        name: String,
    },
    CreateTopic(Arc<DesiredTopic>),
    UpdateTopic(TopicUpdate),
    /// Its subscriptions go with it.
    DeleteTopic {
        arn: String,
    },
    CreateSubscription(Arc<DesiredSubscription>),
    UpdateSubscription(SubscriptionUpdate),
    DeleteSubscription {
        arn: String,
        permission: Option<InvokePermission>,
    },
    CreateFunction(Arc<DesiredFunction>),
    UpdateFunction(FunctionUpdate),
    DeleteFunction {
        name: String,
    },
    CreateMachine(Arc<DesiredMachine>),
    UpdateMachine(MachineUpdate),
    /// Stops what runs, deletes, waits until it is gone.
    DeleteMachine {
        arn: String,
    },
}

/// What changes of a role; absent: stays.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RoleUpdate {
    /// Its name.
    pub name: String,
    /// The new trust policy.
    pub trust: Option<Value>,
    /// The new description.
    pub description: Option<String>,
    /// The new text of our inline policy.
    pub put_policy: Option<Value>,
    /// Inline policies to remove, by name.
    pub delete_policies: Vec<String>,
    /// Managed policies to attach.
    pub attach: Vec<String>,
    /// Managed policies to detach.
    pub detach: Vec<String>,
    /// Tags to set and remove.
    pub tags: TagChange,
}

/// What changes of a log group.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LogGroupUpdate {
    /// Its name.
    pub name: String,
    /// Its ARN, without the trailing `:*`.
    pub arn: String,
    /// The new retention in days.
    pub retention: Option<u32>,
    /// Tags to set and remove.
    pub tags: TagChange,
}

/// What changes of a function.
#[derive(Clone, Debug)]
pub struct FunctionUpdate {
    /// All of it as it should be: Lambda keeps what an update leaves out, so every field is sent.
    pub function: Arc<DesiredFunction>,
    /// Whether the configuration differs.
    pub configuration: bool,
    /// Whether the code or the architecture differs.
    pub code: bool,
    /// Tags to set and remove.
    pub tags: TagChange,
}

/// What changes of a state machine.
#[derive(Clone, Debug)]
pub struct MachineUpdate {
    /// All of it as it should be: Step Functions keeps what an update leaves out.
    pub machine: Arc<DesiredMachine>,
    /// Whether definition, role, logging or tracing differ.
    pub configuration: bool,
    /// Tags to set and remove.
    pub tags: TagChange,
}

/// Tags to set and tags to remove.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TagChange {
    /// To set.
    pub set: Tags,
    /// Keys to remove.
    pub remove: Vec<String>,
}

impl TagChange {
    /// Whether nothing changes.
    pub fn is_empty(&self) -> bool {
        self.set.is_empty() && self.remove.is_empty()
    }

    /// What makes `wanted` of `there`. Tags of AWS itself (`aws:…`) cannot be changed and are left alone.
    pub(crate) fn between(there: &Tags, wanted: &Tags) -> Self {
        Self {
            set: wanted
                .iter()
                .filter(|(key, value)| there.get(*key) != Some(value))
                .map(|(key, value)| (key.clone(), value.clone()))
                .collect(),
            remove: there
                .keys()
                .filter(|key| !key.starts_with("aws:") && !wanted.contains_key(*key))
                .cloned()
                .collect(),
        }
    }
}
