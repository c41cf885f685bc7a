//! What a creation creates, as changes from nothing: the policies and the final definition can be read before anything is
//! made. Environment values are secrets and stay out.

use serde_json::{Value, json};

use super::desired::{DesiredFunction, DesiredLogGroup, DesiredMachine, DesiredRole};
use super::{Change, Work};

/// The fields of what a step creates; none for other steps.
pub(super) fn creation(work: &Work) -> Vec<Change> {
    let fields = match work {
        Work::CreateRole(wanted) => role(wanted),
        Work::CreateLogGroup(wanted) => log_group(wanted),
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

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}
