//! What a test case expects of a JSON value.

use super::cases::{Assertion, At, Expected};
use super::fields::Fields;
use crate::diagnostic::{Diagnostic, did_you_mean};
use crate::expr::jsonata::{Expression, expression_of};
use crate::expr::path::{Path, Root};
use crate::tree::{Node, Value};

/// The keys that make assertions; no other value that is expected has one of them.
const KEYS: [&str; 4] = ["$subset", "$exact", "$paths", "$jsonata"];

/// Reads a value that is a subset of what there is to be, or assertions about it: a mapping with keys of [`KEYS`].
pub(super) fn read(node: &Node, found: &mut Vec<Diagnostic>) -> Expected {
    if !has_assertions(node) {
        return Expected(vec![at(node, Assertion::Subset(node.clone()))]);
    }
    let mut fields = Fields::new(node, node.span.as_ref(), "an expected value");
    let mut assertions = Vec::new();
    if let Some(value) = fields.node("$subset") {
        assertions.push(at(value, Assertion::Subset(value.clone())));
    }
    if let Some(value) = fields.node("$exact") {
        assertions.push(at(value, Assertion::Exact(value.clone())));
    }
    for entry in fields.map("$paths") {
        let span = entry.key_span.clone().or_else(|| entry.value.span.clone());
        match Path::parse(&entry.key) {
            Ok(path) if *path.root() == Root::Data => assertions.push(At {
                value: Assertion::Path {
                    path: entry.key.clone(),
                    is: entry.value.clone(),
                },
                span,
            }),
            Ok(_) => {
                let message = format!("the path `{}` must begin with `$`: there is only the value", entry.key);
                fields
                    .found
                    .push(Diagnostic::error("bad-path", message).at(span.as_ref()));
            }
            Err(error) => fields
                .found
                .push(Diagnostic::error("bad-path", error.to_string()).at(span.as_ref())),
        }
    }
    let expressions = match fields.node("$jsonata") {
        Some(node) if matches!(node.value, Value::List(_)) => fields.texts("$jsonata"),
        _ => fields.text("$jsonata").into_iter().collect(),
    };
    for (text, span) in expressions {
        let text = expression_of(text).unwrap_or(text);
        if let Err(error) = Expression::parse(text) {
            let message = format!("`{text}` is no JSONata expression: {error}");
            fields.found.push(Diagnostic::error("bad-jsonata", message).at(span));
        }
        assertions.push(At {
            value: Assertion::Jsonata(text.to_owned()),
            span: span.cloned(),
        });
    }
    fields.finish(found);
    if assertions.is_empty() && !crate::diagnostic::has_errors(found) {
        let wrong = Diagnostic::error("bad-value", "an expected value asserts nothing");
        found.push(wrong.at(node.span.as_ref()));
    }
    Expected(assertions)
}

/// Whether it holds one of the keys, or nothing but what looks like them.
fn has_assertions(node: &Node) -> bool {
    let Value::Map(entries) = &node.value else {
        return false;
    };
    let known = |key: &str| KEYS.contains(&key);
    entries.iter().any(|entry| known(&entry.key))
        || (!entries.is_empty() && entries.iter().all(|entry| looks_like_one(&entry.key)))
}

fn looks_like_one(key: &str) -> bool {
    key.starts_with('$') && did_you_mean(key, KEYS).is_some()
}

fn at(node: &Node, value: Assertion) -> At<Assertion> {
    let span = node.span.clone();
    At { value, span }
}
