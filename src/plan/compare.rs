//! What differs between a resource as it should be and as it is: shown as changes, executed as an update.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Value, json};

use super::desired::{DesiredFunction, DesiredLogGroup, DesiredMachine, DesiredRole, Environment, LogSettings};
use super::names::POLICY_NAME;
use super::observed::{ObservedFunction, ObservedLogGroup, ObservedMachine, ObservedRole};
use super::work::{FunctionUpdate, LogGroupUpdate, MachineUpdate, RoleUpdate, TagChange};
use super::{Change, policy};
use crate::asl;

/// Collects differences.
#[derive(Default)]
pub(super) struct Changes(pub(super) Vec<Change>);

impl Changes {
    /// Notes a difference, if there is one, and says so.
    pub(super) fn field<T: PartialEq + Into<Value> + Clone>(&mut self, field: &str, before: &T, after: &T) -> bool {
        let differs = before != after;
        if differs {
            self.push(field, Some(before.clone().into()), Some(after.clone().into()));
        }
        differs
    }

    pub(super) fn push(&mut self, field: impl Into<String>, before: Option<Value>, after: Option<Value>) {
        self.0.push(Change {
            field: field.into(),
            before,
            after,
        });
    }

    pub(super) fn tags(&mut self, there: &super::desired::Tags, wanted: &super::desired::Tags) -> TagChange {
        let change = TagChange::between(there, wanted);
        for (key, value) in &change.set {
            let before = there.get(key).map(|value| json!(value));
            self.push(format!("tags/{key}"), before, Some(json!(value)));
        }
        for key in &change.remove {
            self.push(format!("tags/{key}"), there.get(key).map(|value| json!(value)), None);
        }
        change
    }

    /// Environment values are secrets: only that they differ is shown.
    fn environment(&mut self, there: &Environment, wanted: &Environment) -> bool {
        let names: BTreeSet<&String> = there.0.keys().chain(wanted.0.keys()).collect();
        let before = self.0.len();
        for name in names {
            let field = format!("environment/{name}");
            match (there.0.get(name), wanted.0.get(name)) {
                (Some(old), Some(new)) if old == new => {}
                (Some(_), Some(_)) => self.push(field, Some(json!("(set)")), Some(json!("(changed)"))),
                (None, _) => self.push(field, None, Some(json!("(set)"))),
                (_, None) => self.push(field, Some(json!("(set)")), None),
            }
        }
        self.0.len() > before
    }
}

/// An update of a role, before it is known whether it has to come in two steps.
pub(crate) fn role(there: &ObservedRole, wanted: &DesiredRole) -> (Vec<Change>, RoleUpdate) {
    let mut changes = Changes::default();
    let mut update = RoleUpdate {
        name: wanted.name.clone(),
        ..RoleUpdate::default()
    };
    if !policy::same(&there.trust, &wanted.trust) {
        changes.push("trust", Some(there.trust.clone()), Some(wanted.trust.clone()));
        update.trust = Some(wanted.trust.clone());
    }
    if changes.field("description", &there.description, &wanted.description) {
        update.description = Some(wanted.description.clone());
    }
    let ours = there.policies.get(POLICY_NAME);
    match (ours, &wanted.policy) {
        (Some(old), Some(new)) if policy::same(old, new) => {}
        (old, Some(new)) => {
            changes.push("policy", old.cloned(), Some(new.clone()));
            update.put_policy = Some(new.clone());
        }
        (_, None) => {}
    }
    for (name, document) in &there.policies {
        if name != POLICY_NAME || wanted.policy.is_none() {
            changes.push(format!("policies/{name}"), Some(document.clone()), None);
            update.delete_policies.push(name.clone());
        }
    }
    for arn in wanted
        .managed_policies
        .iter()
        .filter(|arn| !there.managed_policies.contains(*arn))
    {
        changes.push("managedPolicies", None, Some(json!(arn)));
        update.attach.push(arn.clone());
    }
    for arn in there
        .managed_policies
        .iter()
        .filter(|arn| !wanted.managed_policies.contains(arn))
    {
        changes.push("managedPolicies", Some(json!(arn)), None);
        update.detach.push(arn.clone());
    }
    update.tags = changes.tags(&there.tags, &wanted.tags);
    (changes.0, update)
}

pub(crate) fn log_group(there: &ObservedLogGroup, wanted: &DesiredLogGroup) -> (Vec<Change>, LogGroupUpdate) {
    let mut changes = Changes::default();
    let mut update = LogGroupUpdate {
        name: wanted.name.clone(),
        arn: wanted.arn.clone(),
        ..LogGroupUpdate::default()
    };
    if wanted.retention.is_some() && there.retention != wanted.retention {
        let days = |days: Option<u32>| days.map(|days| json!(days));
        changes.push("retention", days(there.retention), days(wanted.retention));
        update.retention = wanted.retention;
    }
    update.tags = changes.tags(&there.tags, &wanted.tags);
    (changes.0, update)
}

pub(crate) fn function(there: &ObservedFunction, wanted: &Arc<DesiredFunction>) -> (Vec<Change>, FunctionUpdate) {
    let mut changes = Changes::default();
    let configuration = [
        changes.field("runtime", &there.runtime, &wanted.runtime),
        changes.field("handler", &there.handler, &wanted.handler),
        changes.field("timeout", &there.timeout, &wanted.timeout),
        changes.field("memory", &there.memory, &wanted.memory),
        changes.environment(&there.environment, &wanted.environment),
        changes.field("description", &there.description, &wanted.description),
        changes.field("layers", &there.layers, &wanted.layers),
        changes.field("role", &there.role, &wanted.role),
    ]
    .contains(&true);
    let code = [
        changes.field("architecture", &there.architecture, &wanted.architecture),
        changes.field("code", &there.code_sha256, &wanted.package.sha256),
    ]
    .contains(&true);
    // An update that failed leaves it undefined what runs: everything is sent again.
    let failed = there.last_update == "Failed";
    if failed {
        changes.push("lastUpdateStatus", Some(json!("Failed")), Some(json!("Successful")));
    }
    // Still settling from a deploy that was cut off: the update waits for it and sends nothing.
    if there.state == "Pending" {
        changes.push("state", Some(json!("Pending")), Some(json!("Active")));
    } else if there.last_update == "InProgress" {
        changes.push("lastUpdateStatus", Some(json!("InProgress")), Some(json!("Successful")));
    }
    let update = FunctionUpdate {
        function: Arc::clone(wanted),
        configuration: configuration || failed,
        code: code || failed,
        tags: changes.tags(&there.tags, &wanted.tags),
    };
    (changes.0, update)
}

pub(crate) fn machine(there: &ObservedMachine, wanted: &Arc<DesiredMachine>) -> (Vec<Change>, MachineUpdate) {
    let mut changes = Changes::default();
    for (place, before, after) in asl::diff::diff(&there.definition, &wanted.definition) {
        changes.push(place, before, after);
    }
    changes.field("role", &there.role, &wanted.role);
    if there.logging != wanted.logging {
        changes.push(
            "logging",
            there.logging.as_ref().map(shown),
            wanted.logging.as_ref().map(shown),
        );
    }
    changes.field("tracing", &there.tracing, &wanted.tracing);
    let configuration = !changes.0.is_empty();
    let update = MachineUpdate {
        machine: Arc::clone(wanted),
        configuration,
        tags: changes.tags(&there.tags, &wanted.tags),
    };
    (changes.0, update)
}

fn shown(logging: &LogSettings) -> Value {
    json!({
        "level": logging.level,
        "includeExecutionData": logging.include_execution_data,
        "destination": logging.destination,
    })
}
