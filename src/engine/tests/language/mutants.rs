//! Definitions that differ from a given one in one field.

use serde_json::{Value, json};

use super::walk::Spot;

/// Texts that may be in the place of others. Where they may not, the definition is refused and shows nothing.
const TEXTS: &[&str] = &[
    "T",
    "Caught",
    "Never",
    "EXPRESS",
    "STANDARD",
    "FULL",
    "NONE",
    "COMPACT",
    "FLATTEN",
    "JSON",
    "JSONL",
    "CSV",
    "FIRST_ROW",
    "PIPE",
    "COMMA",
    "2030-01-01T00:00:00Z",
    "arn:aws:lambda:us-east-1:000000000000:function:other",
    "arn:aws:states:::s3:listObjectsV2",
    "arn:aws:states:::s3:other",
    "$.other",
    "{% 'other' %}",
    "Other",
];

/// The definition without a field.
pub(super) fn without(definition: &Value, spot: &Spot) -> Value {
    let mut mutant = definition.clone();
    if let Some(members) = mutant.pointer_mut(&spot.parent).and_then(Value::as_object_mut) {
        members.shift_remove(&spot.field);
        members.shift_remove(&format!("{}.$", spot.field));
    }
    mutant
}

/// The definition with other values of a field, for fields that it must have.
pub(super) fn changed(definition: &Value, spot: &Spot) -> Vec<Value> {
    let Some(parent) = definition.pointer(&spot.parent) else {
        return Vec::new();
    };
    let value = &parent[&spot.field];
    let others: Vec<Value> = match value {
        Value::Number(number) => vec![json!(number.as_f64().unwrap_or_default() as u64 + 1)],
        Value::Bool(_) if spot.field == "End" => return vec![going_on(definition, spot)],
        Value::Bool(value) => vec![json!(!value)],
        Value::String(text) if spot.field == "Mode" && text == "DISTRIBUTED" => {
            let mut mutant = definition.clone();
            if let Some(config) = mutant.pointer_mut(&spot.parent) {
                *config = json!({ "Mode": "INLINE" });
            }
            return vec![mutant];
        }
        Value::String(text) => {
            let names = states_of(definition, spot);
            let texts = names.iter().map(String::as_str).chain(TEXTS.iter().copied());
            texts.filter(|other| other != text).map(Value::from).collect()
        }
        Value::Array(items) => vec![json!(items[..items.len().saturating_sub(1)]), json!(["Other"])],
        Value::Object(machine) if machine.contains_key("StartAt") => {
            let mut machine = value.clone();
            machine["StartAt"] = json!("Mutant");
            machine["States"] = json!({ "Mutant": { "Type": "Fail", "Error": "Mutant" } });
            vec![machine]
        }
        Value::Object(_) if spot.field == "States" => {
            let start = parent["StartAt"].as_str().unwrap_or_default();
            let mut states = value.clone();
            states[start] = json!({ "Type": "Fail", "Error": "Mutant" });
            vec![states]
        }
        Value::Object(_) => vec![
            json!({}),
            json!({ "Variable": "$", "IsPresent": true }),
            json!({ "Variable": "$", "IsPresent": false }),
        ],
        Value::Null => vec![],
    };
    others
        .into_iter()
        .map(|other| replaced(definition, &format!("{}/{}", spot.parent, spot.field), other))
        .collect()
}

/// The definition with another value at a pointer.
pub(super) fn replaced(definition: &Value, pointer: &str, other: Value) -> Value {
    let mut mutant = definition.clone();
    if let Some(value) = mutant.pointer_mut(pointer) {
        *value = other;
    }
    mutant
}

/// The definition with another key in the place of one.
pub(super) fn renamed(definition: &Value, parent: &str, key: &str, other: &str) -> Value {
    let mut mutant = definition.clone();
    if let Some(members) = mutant.pointer_mut(parent).and_then(Value::as_object_mut)
        && let Some(value) = members.shift_remove(key)
    {
        members.insert(other.to_owned(), value);
    }
    mutant
}

/// The definition in which a state does not end but goes to one that fails.
fn going_on(definition: &Value, spot: &Spot) -> Value {
    let mut mutant = without(definition, spot);
    mutant.pointer_mut(&spot.parent).unwrap()["Next"] = json!("Mutant");
    let states = spot.parent.rsplit_once('/').map_or("", |(states, _)| states);
    mutant.pointer_mut(states).unwrap()["Mutant"] = json!({ "Type": "Fail", "Error": "Mutant" });
    mutant
}

/// The names of the states among which the part with a field stands.
fn states_of(definition: &Value, spot: &Spot) -> Vec<String> {
    let mut around = spot.parent.as_str();
    loop {
        if let Some(states) = definition.pointer(around).and_then(|part| part["States"].as_object()) {
            return states.keys().cloned().collect();
        }
        match around.rsplit_once('/') {
            Some((outer, _)) => around = outer,
            None => return Vec::new(),
        }
    }
}
