//! What a stack under another name still shares with the stack itself: what is named literally, and so is no reference that
//! could follow.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::plan::Desired;
use crate::stack::model::Stack;

/// A text for each resource of the stack that a definition or an environment names literally.
pub(super) fn shared(stack: &Stack, isolated: &Desired) -> Vec<String> {
    let own = own_names(stack);
    let mut found = BTreeMap::new();
    for (id, machine) in &isolated.state_machines {
        let user = format!("the state machine `{id}`");
        texts(&machine.definition, "", &mut |member, text| {
            if let Some(resource) = own.get(name_in(member, text)) {
                found.entry(resource.to_string()).or_insert_with(|| user.clone());
            }
        });
    }
    for (id, function) in &isolated.functions {
        for (variable, value) in &function.environment.0 {
            if let Some(resource) = own.get(name_in(variable, value)) {
                let user = format!("the environment of the function `{id}`");
                found.entry(resource.to_string()).or_insert(user);
            }
        }
    }
    let told = |(resource, user)| {
        format!(
            "{user} names {resource} literally: tests use the same one as the stack itself; a reference, as `${{X.Name}}`, would follow"
        )
    };
    found.into_iter().map(told).collect()
}

/// The stack's resources by the names that they have when it is not tested.
fn own_names(stack: &Stack) -> BTreeMap<&str, String> {
    let mut names = BTreeMap::new();
    let mut add = |kind: &str, id: &str, name| {
        names.insert(name, format!("the {kind} `{id}`"));
    };
    stack
        .topics
        .iter()
        .for_each(|(id, topic)| add("topic", id, topic.name.as_str()));
    stack
        .queues
        .iter()
        .for_each(|(id, queue)| add("queue", id, queue.name.as_str()));
    stack
        .tables
        .iter()
        .for_each(|(id, table)| add("table", id, table.name.as_str()));
    for (id, machine) in &stack.state_machines {
        add("state machine", id, machine.name.as_str());
    }
    names
}

/// The last part of an ARN or URL, or the whole text where a name is meant; else nothing.
fn name_in<'t>(member: &str, text: &'t str) -> &'t str {
    let is_address = text.starts_with("arn:") || text.contains("://");
    let is_name = member.to_ascii_lowercase().ends_with("name") || member.to_ascii_lowercase().ends_with("table");
    match text.rsplit([':', '/']).next() {
        Some(last) if is_address => last,
        _ if is_name => text,
        _ => "",
    }
}

/// No deeper than the reader lets a definition be.
fn texts(value: &Value, member: &str, take: &mut impl FnMut(&str, &str)) {
    match value {
        Value::String(text) => take(member, text),
        Value::Array(items) => items.iter().for_each(|item| texts(item, member, take)),
        Value::Object(members) => members.iter().for_each(|(member, value)| texts(value, member, take)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_seen_in_addresses_and_where_names_stand() {
        for (member, text, expected) in [
            ("TopicArn", "arn:aws:sns:us-east-1:000000000000:told", "told"),
            (
                "QueueUrl",
                "https://sqs.us-east-1.amazonaws.com/000000000000/asked.fifo",
                "asked.fifo",
            ),
            ("TableName", "seen", "seen"),
            ("SEEN_TABLE", "seen", "seen"),
            ("Comment", "seen", ""),
            ("Result", "a/seen", ""),
        ] {
            assert_eq!(name_in(member, text), expected, "{member} {text}");
        }
    }
}
