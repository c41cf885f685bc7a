//! A mapping taken apart key by key: typed values out, findings collected, and at the end every key that nobody asked
//! for is reported.

use crate::diagnostic::{Diagnostic, Span, did_you_mean};
use crate::tree::{self, Entry, Node, Value};

/// A value with its place.
pub(super) type At<'a, T> = (T, Option<&'a Span>);

/// The mapping that is being taken apart.
pub(super) struct Fields<'a> {
    /// What the mapping describes, for messages: ``function `Open` ``.
    pub(super) what: String,
    /// Where to point when a key is missing.
    pub(super) place: Option<&'a Span>,
    /// What was wrong so far.
    pub(super) found: Vec<Diagnostic>,
    entries: &'a [Entry],
    is_mapping: bool,
    known: Vec<&'static str>,
}

impl<'a> Fields<'a> {
    /// Begins with a node that should be a mapping; nothing (`roles:` with no entries) is an empty one. The `place`
    /// is where to point when a key is missing.
    pub(super) fn new(node: &'a Node, place: Option<&'a Span>, what: impl Into<String>) -> Self {
        let mut fields = Self {
            what: what.into(),
            place,
            found: Vec::new(),
            entries: &[],
            is_mapping: true,
            known: Vec::new(),
        };
        match &node.value {
            Value::Map(entries) => fields.entries = entries,
            Value::Null => {}
            _ => {
                fields.is_mapping = false;
                let message = format!("{}: expected a mapping, found {}", fields.what, node.kind());
                fields
                    .found
                    .push(Diagnostic::error("wrong-type", message).at(node.span.as_ref()));
            }
        }
        fields
    }

    /// The value of a key, whatever it is.
    pub(super) fn node(&mut self, key: &'static str) -> Option<&'a Node> {
        if !self.known.contains(&key) {
            self.known.push(key);
        }
        self.entries
            .iter()
            .find(|entry| entry.key == key)
            .map(|entry| &entry.value)
    }

    /// The value of a key that must be there.
    pub(super) fn required(&mut self, key: &'static str) -> Option<&'a Node> {
        let node = self.node(key);
        if node.is_none() && self.is_mapping {
            let message = format!("{} has no `{key}`", self.what);
            self.found
                .push(Diagnostic::error("missing-key", message).at(self.place));
        }
        node
    }

    /// A text.
    pub(super) fn text(&mut self, key: &'static str) -> Option<At<'a, &'a str>> {
        let node = self.node(key)?;
        self.as_text(key, node)
    }

    /// A text that must be there.
    pub(super) fn required_text(&mut self, key: &'static str) -> Option<At<'a, &'a str>> {
        let node = self.required(key)?;
        self.as_text(key, node)
    }

    /// A free text of at most so many characters.
    pub(super) fn description(&mut self, key: &'static str, longest: usize) -> Option<String> {
        let (text, span) = self.text(key)?;
        let length = text.chars().count();
        if length > longest {
            let message = format!("`{key}` has {length} characters, at most {longest} are allowed");
            self.found.push(Diagnostic::error("too-long", message).at(span));
        }
        Some(text.to_owned())
    }

    /// A whole number between two others.
    pub(super) fn integer(&mut self, key: &'static str, least: u32, most: u32) -> Option<At<'a, u32>> {
        let node = self.node(key)?;
        let Value::Number(number) = &node.value else {
            return self.wrong_type(key, "a number", node);
        };
        let value = number.as_u64().and_then(|value| u32::try_from(value).ok());
        match value.filter(|value| (least..=most).contains(value)) {
            Some(value) => Some((value, node.span.as_ref())),
            None => {
                let message = format!("`{key}`: expected a whole number from {least} to {most}, found {number}");
                self.found
                    .push(Diagnostic::error("out-of-range", message).at(node.span.as_ref()));
                None
            }
        }
    }

    /// `true` or `false`.
    pub(super) fn boolean(&mut self, key: &'static str) -> Option<bool> {
        let node = self.node(key)?;
        match node.value {
            Value::Bool(value) => Some(value),
            _ => self.wrong_type(key, "`true` or `false`", node),
        }
    }

    /// One of a few words.
    pub(super) fn one_of(&mut self, key: &'static str, words: &[&'static str]) -> Option<&'static str> {
        let (text, span) = self.text(key)?;
        let word = words.iter().copied().find(|word| *word == text);
        if word.is_none() {
            let message = format!("`{key}`: expected {}, found `{text}`", one_of(words));
            let found = Diagnostic::error("bad-value", message).at(span);
            self.found
                .push(with_hint(found, did_you_mean(text, words.iter().copied())));
        }
        word
    }

    /// One of a few words that must be there.
    pub(super) fn required_one_of(&mut self, key: &'static str, words: &[&'static str]) -> Option<&'static str> {
        self.required(key)?;
        self.one_of(key, words)
    }

    /// A list; what it holds is for the caller to check.
    pub(super) fn list(&mut self, key: &'static str) -> &'a [Node] {
        match self.node(key) {
            None => &[],
            Some(node) => match &node.value {
                Value::List(items) => items,
                Value::Null => &[],
                _ => self.wrong_type(key, "a list", node).unwrap_or(&[]),
            },
        }
    }

    /// A list of texts.
    pub(super) fn texts(&mut self, key: &'static str) -> Vec<At<'a, &'a str>> {
        let items = self.list(key);
        items.iter().filter_map(|item| self.as_text(key, item)).collect()
    }

    /// The entries of a mapping whose keys the user chooses.
    pub(super) fn map(&mut self, key: &'static str) -> &'a [Entry] {
        match self.node(key) {
            None => &[],
            Some(node) => match &node.value {
                Value::Map(entries) => entries,
                Value::Null => &[],
                _ => self.wrong_type(key, "a mapping", node).unwrap_or(&[]),
            },
        }
    }

    /// A key that is designed but not built: never ignored silently.
    pub(super) fn not_supported(&mut self, key: &'static str) {
        self.known.push(key);
        if let Some(entry) = self.entries.iter().find(|entry| entry.key == key) {
            let message = format!("`{key}` is not supported yet");
            self.found
                .push(Diagnostic::error("not-supported", message).at(entry.key_span.as_ref()));
        }
    }

    /// Reports the keys that nobody asked for, and hands over all findings.
    pub(super) fn finish(mut self, found: &mut Vec<Diagnostic>) {
        for entry in self.entries {
            if self.known.contains(&entry.key.as_str()) {
                continue;
            }
            let unknown = Diagnostic::error("unknown-key", format!("{} has no key `{}`", self.what, entry.key))
                .at(entry.key_span.as_ref());
            let hint = did_you_mean(&entry.key, self.known.iter().copied())
                .unwrap_or_else(|| format!("known keys: {}", self.known.join(", ")));
            self.found.push(unknown.hint(hint));
        }
        found.append(&mut self.found);
    }

    fn as_text(&mut self, key: &'static str, node: &'a Node) -> Option<At<'a, &'a str>> {
        match &node.value {
            Value::String(text) => Some((text, node.span.as_ref())),
            _ => self.wrong_type(key, "a string", node),
        }
    }

    fn wrong_type<T>(&mut self, key: &str, expected: &str, node: &Node) -> Option<T> {
        let message = format!("`{key}`: expected {expected}, found {}", node.kind());
        let found = Diagnostic::error("wrong-type", message).at(node.span.as_ref());
        let hint = match &node.value {
            Value::Number(_) | Value::Bool(_) if expected == "a string" => {
                scalar_text(node).map(|text| format!("put it in quotes: \"{text}\""))
            }
            Value::String(text) if text.starts_with("${") => {
                Some("references can stand in definitions and in environment values".to_owned())
            }
            _ => None,
        };
        self.found.push(with_hint(found, hint));
        None
    }
}

/// Adds a hint if there is one.
pub(super) fn with_hint(found: Diagnostic, hint: Option<String>) -> Diagnostic {
    match hint {
        Some(hint) => found.hint(hint),
        None => found,
    }
}

/// The text of a scalar; numbers and booleans as they are written, so that `1.10` stays `1.10`.
pub(super) fn scalar_text(node: &Node) -> Option<String> {
    match &node.value {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) => {
            let written = node
                .span
                .as_ref()
                .and_then(|span| span.file.text.get(span.range.clone()));
            // An alias or a tagged scalar is written as something else.
            let is_literal = |text: &&str| tree::plain_scalar(text).as_ref() == Ok(&node.value);
            Some(
                written
                    .filter(is_literal)
                    .map_or_else(|| node.to_json().to_string(), str::to_owned),
            )
        }
        _ => None,
    }
}

/// `` `a`, `b` or `c` ``.
fn one_of(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    match quoted.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        _ => quoted.join(""),
    }
}
