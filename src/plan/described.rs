//! What a creation creates, as changes from nothing: the policies and the final definition can be read before anything is
//! made. Environment values are secrets and stay out.

use serde_json::{Value, json};

use super::compare_data::{billing_shown, index_shown, key_shown};
use super::desired::{DesiredFunction, DesiredLogGroup, DesiredMachine, DesiredRole};
use super::desired_data::{DesiredQueue, DesiredSubscription, DesiredTable, DesiredTopic};
use super::{Change, Work};

/// The fields of what a step creates; none for other steps.
pub(super) fn creation(work: &Work) -> Vec<Change> {
    let fields = match work {
        Work::CreateRole(wanted) => role(wanted),
        Work::CreateLogGroup(wanted) => log_group(wanted),
        Work::CreateQueue(wanted) => queue(wanted),
        Work::CreateTable(wanted) => table(wanted),
        Work::CreateTopic(wanted) => topic(wanted),
        Work::CreateSubscription(wanted) => subscription(wanted),
        Work::CreateFunction(wanted) => function(wanted),
        Work::CreateMachine(wanted) => machine(wanted),
        _ => Vec::new(),
    };
    fields
        .into_iter()
        .filter(|(_, value)| !is_empty(value))
        .map(|(field, value)| Change {
            field: field.to_owned(),
            before: None,
            after: Some(value),
        })
        .collect()
}

type Field = (&'static str, Value);

fn role(wanted: &DesiredRole) -> Vec<Field> {
    vec![
        ("description", json!(wanted.description)),
        ("trust", wanted.trust.clone()),
        ("policy", json!(wanted.policy)),
        ("managedPolicies", json!(wanted.managed_policies)),
        ("tags", json!(wanted.tags)),
    ]
}

fn log_group(wanted: &DesiredLogGroup) -> Vec<Field> {
    vec![("retention", json!(wanted.retention)), ("tags", json!(wanted.tags))]
}

fn function(wanted: &DesiredFunction) -> Vec<Field> {
    let environment: Vec<&String> = wanted.environment.0.keys().collect();
    vec![
        ("runtime", json!(wanted.runtime)),
        ("handler", json!(wanted.handler)),
        ("role", json!(wanted.role)),
        ("timeout", json!(wanted.timeout)),
        ("memory", json!(wanted.memory)),
        ("environment", json!(environment)),
        ("description", json!(wanted.description)),
        ("architecture", json!(wanted.architecture)),
        ("layers", json!(wanted.layers)),
        ("code", json!(wanted.package.sha256)),
        ("tags", json!(wanted.tags)),
    ]
}

fn machine(wanted: &DesiredMachine) -> Vec<Field> {
    let logging = wanted.logging.as_ref().map(|logging| {
        json!({
            "level": logging.level,
            "includeExecutionData": logging.include_execution_data,
            "destination": logging.destination,
        })
    });
    vec![
        ("type", json!(wanted.kind.as_str())),
        ("role", json!(wanted.role)),
        ("definition", wanted.definition.clone()),
        ("logging", json!(logging)),
        ("tracing", json!(wanted.tracing)),
        ("tags", json!(wanted.tags)),
    ]
}

fn queue(wanted: &DesiredQueue) -> Vec<Field> {
    vec![
        ("attributes", json!(wanted.attributes)),
        ("policy", json!(wanted.policy)),
        ("deadLetter", json!(wanted.redrive)),
        ("tags", json!(wanted.tags)),
    ]
}

fn table(wanted: &DesiredTable) -> Vec<Field> {
    let indexes = wanted
        .indexes
        .iter()
        .map(|(name, index)| (name.clone(), index_shown(index)));
    vec![
        ("key", json!(key_shown(&wanted.key))),
        ("indexes", Value::Object(indexes.collect())),
        ("billing", billing_shown(wanted.billing)),
        ("ttl", json!(wanted.ttl)),
        ("items", json!(wanted.items)),
        ("tags", json!(wanted.tags)),
    ]
}

fn topic(wanted: &DesiredTopic) -> Vec<Field> {
    vec![
        ("displayName", json!(wanted.display_name)),
        ("fifo", if wanted.fifo { json!(true) } else { Value::Null }),
        (
            "contentBasedDeduplication",
            if wanted.content_based_deduplication {
                json!(true)
            } else {
                Value::Null
            },
        ),
        ("tags", json!(wanted.tags)),
    ]
}

fn subscription(wanted: &DesiredSubscription) -> Vec<Field> {
    vec![
        ("topic", json!(wanted.topic_arn)),
        ("protocol", json!(wanted.protocol)),
        ("endpoint", json!(wanted.endpoint)),
        (
            "rawMessageDelivery",
            if wanted.raw_message_delivery {
                json!(true)
            } else {
                Value::Null
            },
        ),
        ("filterPolicy", json!(wanted.filter_policy)),
        (
            "filterPolicyScope",
            wanted
                .filter_policy
                .as_ref()
                .map_or(Value::Null, |_| json!(wanted.filter_policy_scope)),
        ),
    ]
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}
