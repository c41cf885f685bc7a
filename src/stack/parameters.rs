//! Parameters, and what `--set` gives them.

use indexmap::IndexMap;
use serde_json::Value;

use super::fields::{Fields, with_hint};
use super::model::Parameter;
use super::names::is_id;
use crate::diagnostic::{Diagnostic, did_you_mean};
use crate::tree::{self, Entry, Node};

/// Reads the parameters; each takes the value of `--set`, else its default.
pub(super) fn read(
    entries: &[Entry],
    set: &[(String, String)],
    found: &mut Vec<Diagnostic>,
) -> IndexMap<String, Parameter> {
    let mut parameters = IndexMap::new();
    for entry in entries {
        if !is_id(&entry.key) {
            let message = format!(
                "the parameter name `{}` must be 1 to 64 letters, digits, `-` or `_`",
                entry.key
            );
            found.push(Diagnostic::error("bad-id", message).at(entry.key_span.as_ref()));
        }
        parameters.insert(entry.key.clone(), parameter(entry, set, found));
    }
    for (key, value) in set {
        if !parameters.contains_key(key) {
            let message = format!("`--set {key}={value}`: the stack has no parameter `{key}`");
            let unknown = Diagnostic::error("unknown-parameter", message);
            found.push(with_hint(
                unknown,
                did_you_mean(key, parameters.keys().map(String::as_str)),
            ));
        }
    }
    parameters
}

fn parameter(entry: &Entry, set: &[(String, String)], found: &mut Vec<Diagnostic>) -> Parameter {
    let (default, description) = declaration(entry, found);
    // As with other flags, the last one counts.
    let given = set.iter().rev().find(|(key, _)| *key == entry.key);
    let value = match (given, &default) {
        (Some((_, text)), default) => given_value(entry, text, default.as_ref(), found),
        (None, Some(default)) => default.clone(),
        (None, None) => {
            let message = format!("the parameter `{}` has no value", entry.key);
            found.push(
                Diagnostic::error("missing-parameter", message)
                    .at(entry.key_span.as_ref())
                    .hint(format!("give it a `default`, or `--set {}=…`", entry.key)),
            );
            Value::Null
        }
    };
    Parameter { value, description }
}

/// The default and the description of a parameter: `name: value`, or `name: {default: …, description: …}`.
fn declaration(entry: &Entry, found: &mut Vec<Diagnostic>) -> (Option<Value>, Option<String>) {
    match &entry.value.value {
        tree::Value::Null => (None, None),
        tree::Value::Map(_) => {
            let what = format!("parameter `{}`", entry.key);
            let mut fields = Fields::new(&entry.value, entry.key_span.as_ref(), what);
            let default = fields.node("default").map(Node::to_json);
            let description = fields.text("description").map(|(text, _)| text.to_owned());
            fields.finish(found);
            (default, description)
        }
        _ => (Some(entry.value.to_json()), None),
    }
}

/// What `--set` gave, typed as the default is.
fn given_value(entry: &Entry, text: &str, default: Option<&Value>, found: &mut Vec<Diagnostic>) -> Value {
    let value = match typed(text, matches!(default, Some(Value::String(_)))) {
        Ok(value) => value,
        Err(message) => {
            let message = format!("`--set {}={text}`: {message}", entry.key);
            found.push(Diagnostic::error("bad-value", message));
            return Value::Null;
        }
    };
    if let Some(default) = default
        && !default.is_null()
        && std::mem::discriminant(default) != std::mem::discriminant(&value)
    {
        let kind = |value: &Value| Node::from_json(value).kind();
        let message = format!(
            "`--set {}={text}`: expected {} as the default, found {}",
            entry.key,
            kind(default),
            kind(&value)
        );
        found.push(Diagnostic::error("wrong-type", message).at(entry.key_span.as_ref()));
    }
    value
}

/// A value from the command line: as it is where a text is wanted, so that `--set version=1.10` stays `1.10`; else JSON
/// where it begins like JSON, and one YAML scalar where it does not.
fn typed(text: &str, wants_text: bool) -> Result<Value, String> {
    if wants_text || text.is_empty() {
        return Ok(Value::String(text.to_owned()));
    }
    if text.starts_with(['{', '[', '"']) {
        return serde_json::from_str(text).map_err(|error| format!("not valid JSON: {error}"));
    }
    tree::plain_scalar(text).map(|value| Node::new(value).to_json())
}
