//! The section `outputs`: texts with references, shown after a deploy.

use indexmap::IndexMap;

use super::names::is_id;
use crate::diagnostic::Diagnostic;
use crate::tree::{Entry, Node, Value};

/// Reads the outputs; each a scalar.
pub(super) fn read(entries: &[Entry], found: &mut Vec<Diagnostic>) -> IndexMap<String, Node> {
    let mut outputs = IndexMap::new();
    for entry in entries {
        if !is_id(&entry.key) {
            let message = format!(
                "the output name `{}` must be 1 to 64 letters, digits, `-` or `_`",
                entry.key
            );
            found.push(Diagnostic::error("bad-id", message).at(entry.key_span.as_ref()));
        }
        if matches!(entry.value.value, Value::Null | Value::List(_) | Value::Map(_)) {
            let kind = entry.value.kind();
            let message = format!("output `{}`: expected a string, found {kind}", entry.key);
            let place = entry.value.span.as_ref().filter(|span| !span.range.is_empty());
            found.push(Diagnostic::error("wrong-type", message).at(place.or(entry.key_span.as_ref())));
            continue;
        }
        outputs.insert(entry.key.clone(), entry.value.clone());
    }
    outputs
}
