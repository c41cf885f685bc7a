//! One spanned tree for JSON and YAML: what stack files and definitions are read into before anything else looks at
//! them, so that every later finding can point at its place, and all findings come at once.

mod read;
mod scalar;

use std::sync::Arc;

use crate::diagnostic::{Diagnostic, SourceFile, Span};

/// A value and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// Where it stands; none when it was made from a value in memory.
    pub span: Option<Span>,
    /// What it is.
    pub value: Value,
}

/// What a node holds.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// `null`, `~` or nothing.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole or floating number.
    Number(serde_json::Number),
    /// A text.
    String(String),
    /// A sequence.
    List(Vec<Node>),
    /// A mapping, in the order written; keys are unique (a duplicate is reported and dropped when parsing).
    Map(Vec<Entry>),
}

/// One key of a mapping with its value.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The key.
    pub key: String,
    /// Where the key stands.
    pub key_span: Option<Span>,
    /// Its value.
    pub value: Node,
}

/// How deep lists and mappings may be nested: below the 128 at which serde_json stops, so that what could be read can
/// also be written and read again by others.
pub const MAX_DEPTH: usize = 120;

/// Reads JSON or YAML 1.2 (core schema): the tree, if there is one, and everything that is wrong with the text.
///
/// A file whose name ends in `.json` must be strict JSON, since others will read it as such. Codes: `syntax`,
/// `empty-file`, `too-deep`, `too-large`, `duplicate-key`, `bad-key`, `unknown-tag`, `bad-number`,
/// `several-documents`.
pub fn parse(file: &Arc<SourceFile>) -> (Option<Node>, Vec<Diagnostic>) {
    if file.name.to_lowercase().ends_with(".json")
        && let Err(found) = read::check_json(file)
    {
        return (None, vec![found]);
    }
    read::read(file)
}

/// The value of a plain text, typed as YAML's core schema does: `1` is a number, `yes` a string.
/// Errors: what has no JSON form (`.inf`, `1e999`).
pub fn plain_scalar(text: &str) -> Result<Value, String> {
    scalar::plain(text)
}

impl Node {
    /// A node without a place.
    pub fn new(value: Value) -> Self {
        Self { span: None, value }
    }

    /// The value under a key of a mapping.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entry(key).map(|entry| &entry.value)
    }

    /// The entry of a key of a mapping.
    pub fn entry(&self, key: &str) -> Option<&Entry> {
        match &self.value {
            Value::Map(entries) => entries.iter().find(|entry| entry.key == key),
            _ => None,
        }
    }

    /// The text, if it is one.
    pub fn as_str(&self) -> Option<&str> {
        match &self.value {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    /// What kind of value it is, for messages: `a string`, `a mapping` ….
    pub fn kind(&self) -> &'static str {
        match self.value {
            Value::Null => "null",
            Value::Bool(_) => "a boolean",
            Value::Number(_) => "a number",
            Value::String(_) => "a string",
            Value::List(_) => "a list",
            Value::Map(_) => "a mapping",
        }
    }

    /// The value without places.
    pub fn to_json(&self) -> serde_json::Value {
        match &self.value {
            Value::Null => serde_json::Value::Null,
            Value::Bool(value) => (*value).into(),
            Value::Number(value) => serde_json::Value::Number(value.clone()),
            Value::String(value) => value.as_str().into(),
            Value::List(items) => items.iter().map(Node::to_json).collect(),
            Value::Map(entries) => serde_json::Value::Object(
                entries
                    .iter()
                    .map(|entry| (entry.key.clone(), entry.value.to_json()))
                    .collect(),
            ),
        }
    }

    /// A tree without places, for what comes from memory rather than from a file.
    pub fn from_json(value: &serde_json::Value) -> Self {
        Self::new(match value {
            serde_json::Value::Null => Value::Null,
            serde_json::Value::Bool(value) => Value::Bool(*value),
            serde_json::Value::Number(value) => Value::Number(value.clone()),
            serde_json::Value::String(value) => Value::String(value.clone()),
            serde_json::Value::Array(items) => Value::List(items.iter().map(Node::from_json).collect()),
            serde_json::Value::Object(entries) => Value::Map(
                entries
                    .iter()
                    .map(|(key, value)| Entry {
                        key: key.clone(),
                        key_span: None,
                        value: Node::from_json(value),
                    })
                    .collect(),
            ),
        })
    }
}

#[cfg(test)]
mod tests;
