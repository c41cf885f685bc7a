//! What differs between topics, subscriptions, queues and tables as they should be and as they are.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use super::compare::Changes;
use super::desired_data::{DesiredQueue, DesiredSubscription, DesiredTable, DesiredTopic};
use super::observed_data::{ObservedQueue, ObservedSubscription, ObservedTable, ObservedTopic};
use super::work_data::{QueueUpdate, SubscriptionUpdate, TableUpdate, TopicUpdate};
use super::{Change, SEED_TAG, policy};
use crate::stack::model::{Billing, Index, Key, KeyPart, Projection};

pub(crate) fn topic(there: &ObservedTopic, wanted: &Arc<DesiredTopic>) -> (Vec<Change>, TopicUpdate) {
    let mut changes = Changes::default();
    let deduplication = (there.content_based_deduplication, wanted.content_based_deduplication);
    let update = TopicUpdate {
        topic: Arc::clone(wanted),
        display_name: changes.field("displayName", &there.display_name, &wanted.display_name),
        deduplication: changes.field("contentBasedDeduplication", &deduplication.0, &deduplication.1),
        tags: changes.tags(&there.tags, &wanted.tags),
    };
    (changes.0, update)
}

/// What waits to be confirmed cannot be changed, and is left until it is; a program `may_be_asked` again, for it may not have
/// been there the first time. People are not asked twice.
pub(crate) fn subscription(
    there: &ObservedSubscription,
    wanted: &Arc<DesiredSubscription>,
    may_be_asked: bool,
) -> (Vec<Change>, SubscriptionUpdate) {
    let mut changes = Changes::default();
    let mut update = SubscriptionUpdate {
        subscription: Arc::clone(wanted),
        arn: there.arn.clone(),
        raw: false,
        filter: false,
        permit: !there.permitted && wanted.permission.is_some(),
        ask: there.arn.is_none() && may_be_asked && matches!(wanted.protocol.as_str(), "http" | "https"),
    };
    if update.permit {
        changes.push(
            "permission",
            Some(json!("missing")),
            Some(json!("lambda:InvokeFunction")),
        );
    }
    if update.ask {
        changes.push("confirmation", Some(json!("pending")), Some(json!("asked for again")));
    }
    if there.arn.is_none() {
        return (changes.0, update);
    }
    let (before, after) = (there.raw_message_delivery, wanted.raw_message_delivery);
    update.raw = changes.field("rawMessageDelivery", &before, &after);
    if there.filter_policy != wanted.filter_policy {
        changes.push(
            "filterPolicy",
            there.filter_policy.clone(),
            wanted.filter_policy.clone(),
        );
        update.filter = true;
    }
    if wanted.filter_policy.is_some() {
        let (before, after) = (&there.filter_policy_scope, &wanted.filter_policy_scope);
        update.filter |= changes.field("filterPolicyScope", before, after);
    }
    (changes.0, update)
}

pub(crate) fn queue(there: &ObservedQueue, wanted: &DesiredQueue) -> (Vec<Change>, QueueUpdate) {
    let mut changes = Changes::default();
    let mut attributes = BTreeMap::new();
    for (name, value) in &wanted.attributes {
        let before = there.attributes.get(name);
        if before != Some(value) && name != "FifoQueue" {
            changes.push(name.clone(), before.map(|value| json!(value)), Some(json!(value)));
            attributes.insert(name.clone(), value.clone());
        }
    }
    let same_policy = match (&there.policy, &wanted.policy) {
        (Some(before), Some(after)) => policy::same(before, after),
        (before, after) => before.is_none() && after.is_none(),
    };
    if !same_policy {
        changes.push("policy", there.policy.clone(), wanted.policy.clone());
        attributes.insert("Policy".to_owned(), text_or_nothing(wanted.policy.as_ref()));
    }
    if there.redrive.as_ref().map(redrive) != wanted.redrive.as_ref().map(redrive) {
        changes.push("deadLetter", there.redrive.clone(), wanted.redrive.clone());
        attributes.insert("RedrivePolicy".to_owned(), text_or_nothing(wanted.redrive.as_ref()));
    }
    let update = QueueUpdate {
        name: wanted.name.clone(),
        attributes,
        tags: changes.tags(&there.tags, &wanted.tags),
    };
    (changes.0, update)
}

/// An empty policy removes the one that is there.
fn text_or_nothing(policy: Option<&Value>) -> String {
    policy.map(Value::to_string).unwrap_or_default()
}

/// Target and count; SQS takes the count as a number and as a text.
fn redrive(policy: &Value) -> (Option<&str>, Option<String>) {
    let count = policy.get("maxReceiveCount").map(|count| match count {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    });
    (policy.get("deadLetterTargetArn").and_then(Value::as_str), count)
}

pub(crate) fn table(there: &ObservedTable, wanted: &Arc<DesiredTable>) -> (Vec<Change>, TableUpdate) {
    let mut changes = Changes::default();
    let billing = there.billing != wanted.billing;
    if billing {
        changes.push(
            "billing",
            Some(billing_shown(there.billing)),
            Some(billing_shown(wanted.billing)),
        );
    }
    let mut update = TableUpdate {
        table: Arc::clone(wanted),
        billing,
        delete_indexes: Vec::new(),
        create_indexes: Vec::new(),
        old_ttl: None,
        new_ttl: None,
        seed: false,
        tags: Default::default(),
    };
    for (name, index) in &there.indexes {
        let same = wanted.indexes.get(name).is_some_and(|wanted| wanted == index);
        if !same {
            let after = wanted.indexes.get(name).map(index_shown);
            changes.push(format!("indexes/{name}"), Some(index_shown(index)), after);
            update.delete_indexes.push(name.clone());
        }
    }
    for (name, index) in &wanted.indexes {
        let known = there.indexes.get(name);
        if known.is_none() {
            changes.push(format!("indexes/{name}"), None, Some(index_shown(index)));
        }
        if known.is_none_or(|known| known != index) {
            update.create_indexes.push(name.clone());
        }
    }
    if there.ttl != wanted.ttl {
        let shown = |ttl: &Option<String>| ttl.as_ref().map(|ttl| json!(ttl));
        changes.push("ttl", shown(&there.ttl), shown(&wanted.ttl));
        update.old_ttl.clone_from(&there.ttl);
        update.new_ttl.clone_from(&wanted.ttl);
    }
    let mut tags = there.tags.clone();
    let seeded = tags.get(SEED_TAG).cloned();
    if let Some(seed) = &wanted.seed {
        tags.remove(SEED_TAG);
        if seeded.as_ref() != Some(seed) {
            let before = seeded.map(|seed| json!(seed));
            changes.push("items", before, Some(json!(seed)));
            update.seed = true;
        }
    }
    // Still settling from a deploy that was cut off: the update waits for it.
    if there.status != "ACTIVE" {
        changes.push("status", Some(json!(there.status)), Some(json!("ACTIVE")));
    }
    update.tags = changes.tags(&tags, &wanted.tags);
    (changes.0, update)
}

pub(super) fn billing_shown(billing: Billing) -> Value {
    match billing {
        Billing::OnDemand => json!("PAY_PER_REQUEST"),
        Billing::Provisioned { read, write } => json!({ "read": read, "write": write }),
    }
}

pub(super) fn index_shown(index: &Index) -> Value {
    let projection = match &index.projection {
        Projection::All => json!("ALL"),
        Projection::KeysOnly => json!("KEYS_ONLY"),
        Projection::Include(attributes) => json!(attributes),
    };
    json!({ "key": key_shown(&index.key), "projection": projection })
}

/// `Id (S)`, `Id (S), When (N)`.
pub(super) fn key_shown(key: &Key) -> String {
    let part = |part: &KeyPart| format!("{} ({})", part.name, part.kind);
    match &key.sort {
        Some(sort) => format!("{}, {}", part(&key.partition), part(sort)),
        None => part(&key.partition),
    }
}
