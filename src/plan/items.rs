//! Plain values as items of DynamoDB, in its JSON: `{"Id": {"S": "a"}, "Score": {"N": "7"}}`.
//! Source: <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_AttributeValue.html>

use std::collections::BTreeSet;

use serde_json::{Map, Value as Json, json};
use sha2::{Digest, Sha256};

use crate::diagnostic::Diagnostic;
use crate::stack::model::{Key, KeyPart};
use crate::tree::{Node, Value};

/// The items of a table; findings about those that do not fit its key.
pub(super) fn items(table: &str, key: &Key, nodes: &[Node], found: &mut Vec<Diagnostic>) -> Vec<Json> {
    let mut items = Vec::new();
    let mut seen = BTreeSet::new();
    for node in nodes {
        let Value::Map(entries) = &node.value else { continue };
        let members = entries.iter().map(|entry| (entry.key.clone(), attribute(&entry.value)));
        let item = Json::Object(members.collect());
        let mut fits = true;
        for part in std::iter::once(&key.partition).chain(&key.sort) {
            if let Some(wrong) = wrong_key(table, part, node, &item) {
                found.push(wrong);
                fits = false;
            }
        }
        let own_key: Vec<String> = std::iter::once(&key.partition)
            .chain(&key.sort)
            .map(|part| item.get(&part.name).map(Json::to_string).unwrap_or_default())
            .collect();
        if fits && !seen.insert(own_key.clone()) {
            let message = format!("table `{table}` has two items with the key {}", own_key.join(", "));
            found.push(Diagnostic::error("duplicate-item", message).at(node.span.as_ref()));
        }
        items.push(item);
    }
    items
}

fn wrong_key(table: &str, part: &KeyPart, node: &Node, item: &Json) -> Option<Diagnostic> {
    let Some(value) = item.get(&part.name) else {
        let message = format!(
            "an item of the table `{table}` has no `{}`, which is part of the key",
            part.name
        );
        return Some(Diagnostic::error("bad-item", message).at(node.span.as_ref()));
    };
    let place = node.get(&part.name).and_then(|value| value.span.as_ref());
    let wrong = |message: String| Some(Diagnostic::error("bad-item", message).at(place.or(node.span.as_ref())));
    match value.get(part.kind) {
        Some(Json::String(text)) if text.is_empty() => wrong(format!("the key `{}` is empty", part.name)),
        Some(_) => None,
        None if part.kind == "B" => wrong(format!(
            "the key `{}` is binary, which items in a stack file cannot be",
            part.name
        )),
        None => {
            let (expected, hint) = match part.kind {
                "N" => ("a number", None),
                _ => ("a string", Some("put it in quotes, or say `type: N` in the key")),
            };
            let kind = node.get(&part.name).map_or("null", Node::kind);
            let found = wrong(format!("the key `{}` is {expected}, found {kind}", part.name));
            match hint {
                Some(hint) => found.map(|found| found.hint(hint)),
                None => found,
            }
        }
    }
}

fn attribute(node: &Node) -> Json {
    match &node.value {
        Value::Null => json!({ "NULL": true }),
        Value::Bool(value) => json!({ "BOOL": value }),
        Value::Number(_) => json!({ "N": digits(node) }),
        Value::String(text) => json!({ "S": text }),
        Value::List(items) => json!({ "L": items.iter().map(attribute).collect::<Vec<_>>() }),
        Value::Map(entries) => {
            let members = entries.iter().map(|entry| (entry.key.clone(), attribute(&entry.value)));
            json!({ "M": members.collect::<Map<_, _>>() })
        }
    }
}

/// The digits as they are written, of which DynamoDB keeps 38 and a floating number 17.
fn digits(node: &Node) -> String {
    let written = node
        .span
        .as_ref()
        .and_then(|span| span.file.text.get(span.range.clone()))
        .filter(|text| {
            text.bytes()
                .all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte))
        })
        .filter(|text| crate::tree::plain_scalar(text).as_ref() == Ok(&node.value));
    written.map_or_else(|| node.to_json().to_string(), str::to_owned)
}

/// What tells these items from others.
pub(super) fn seed(items: &[Json]) -> Option<String> {
    if items.is_empty() {
        return None;
    }
    let digest = Sha256::digest(json!(items).to_string());
    Some(digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect())
}
