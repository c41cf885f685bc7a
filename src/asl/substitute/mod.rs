//! Putting values for `${…}` into a parsed definition, and linking function ARNs to the functions of the stack.
//!
//! It works on the tree and not on text: a string that is only a reference takes the type of the value, and no value can
//! break the syntax.

mod names;
mod reference;
mod relink;

use std::collections::BTreeSet;

use serde_json::Value as Json;

pub use names::Names;
use reference::{Piece, Reference, pieces};

use crate::diagnostic::{Diagnostic, Span};
use crate::tree::{Entry, Node, Value};

/// A definition with its values put in.
#[derive(Clone, Debug, PartialEq)]
pub struct Substituted {
    /// The definition; every node has the place of the one that it came from.
    pub definition: Node,
    /// Function ARNs that were replaced.
    pub relinked: Vec<Relinked>,
    /// Logical ids and parameters that were referred to, by reference or by relinking.
    pub used: BTreeSet<String>,
    /// What is wrong.
    pub diagnostics: Vec<Diagnostic>,
}

/// A function ARN (or name) that was replaced by that of a function of the stack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Relinked {
    /// Where: `/States/Open Case/Resource`.
    pub pointer: String,
    /// What was written.
    pub from: String,
    /// What it is now.
    pub to: String,
}

/// Puts values for references into a definition, then links function ARNs to the functions of the stack.
pub fn substitute(definition: &Node, names: &Names) -> Substituted {
    let mut substituted = references(definition, names);
    relink::relink(&mut substituted, names);
    substituted
}

/// Puts values for references into any tree, and nothing more.
pub fn references(tree: &Node, names: &Names) -> Substituted {
    let mut walk = Walk {
        names,
        used: BTreeSet::new(),
        diagnostics: Vec::new(),
    };
    let definition = walk.node(tree, String::new());
    Substituted {
        definition,
        relinked: Vec::new(),
        used: walk.used,
        diagnostics: walk.diagnostics,
    }
}

struct Walk<'n> {
    names: &'n Names,
    used: BTreeSet<String>,
    diagnostics: Vec<Diagnostic>,
}

impl Walk<'_> {
    fn node(&mut self, node: &Node, pointer: String) -> Node {
        let value = match &node.value {
            Value::String(text) => return self.text(text, node.span.as_ref(), pointer),
            Value::List(items) => {
                let item = |(index, item)| self.node(item, format!("{pointer}[{index}]"));
                Value::List(items.iter().enumerate().map(item).collect())
            }
            Value::Map(entries) => {
                let entry = |entry: &Entry| Entry {
                    key: entry.key.clone(),
                    key_span: entry.key_span.clone(),
                    value: self.node(&entry.value, format!("{pointer}/{}", entry.key)),
                };
                Value::Map(entries.iter().map(entry).collect())
            }
            simple => simple.clone(),
        };
        Node {
            span: node.span.clone(),
            value,
        }
    }

    fn text(&mut self, text: &str, span: Option<&Span>, pointer: String) -> Node {
        let pieces = pieces(text);
        let mut value = match &pieces[..] {
            // Only a reference: the value keeps its type.
            [Piece::Reference(reference)] => self.value(reference, text, span, &pointer),
            _ => None,
        };
        if value.is_none() {
            let parts = pieces.iter().map(|piece| match piece {
                Piece::Text(text) => (*text).to_owned(),
                Piece::Reference(reference) if pieces.len() > 1 => match self.value(reference, text, span, &pointer) {
                    Some(Json::String(text)) => text,
                    Some(other) => other.to_string(),
                    None => reference.written.to_owned(),
                },
                Piece::Reference(reference) => reference.written.to_owned(),
            });
            value = Some(Json::String(parts.collect()));
        }
        let mut node = Node::from_json(&value.unwrap_or_default());
        node.span = span.cloned();
        node
    }

    fn value(&mut self, reference: &Reference<'_>, text: &str, span: Option<&Span>, pointer: &str) -> Option<Json> {
        self.used.insert(reference.name.to_owned());
        match self.names.get(reference) {
            Ok(value) => Some(value),
            Err((message, hints)) => {
                let span = span.map(|span| exact(span, text, reference));
                let mut error = Diagnostic::error("undefined-reference", message)
                    .at(span.as_ref())
                    .in_definition(pointer);
                error.hints = hints;
                self.diagnostics.push(error);
                None
            }
        }
    }
}

/// The place of a reference inside its string. References hold nothing that any notation escapes, so the occurrence in
/// the value is the one in the source, if there are equally many; else it is the whole string.
fn exact(span: &Span, text: &str, reference: &Reference<'_>) -> Span {
    let source = span.file.text.get(span.range.clone()).unwrap_or_default();
    let places: Vec<_> = source.match_indices(reference.written).map(|(at, _)| at).collect();
    match places.get(reference.occurrence) {
        Some(at) if places.len() == text.matches(reference.written).count() => Span {
            file: span.file.clone(),
            range: span.range.start + at..span.range.start + at + reference.written.len(),
        },
        _ => span.clone(),
    }
}

#[cfg(test)]
mod tests;
