//! From a place in a definition to the place in its file.

use crate::diagnostic::{Diagnostic, Span};
use crate::tree::{Node, Value};

/// Gives each finding the place in the file that its pointer names, where that is closer than what it has.
pub(crate) fn locate_all(diagnostics: &mut [Diagnostic], definition: &Node) {
    for found in diagnostics {
        if let Some(span) = found.pointer.as_deref().and_then(|pointer| locate(definition, pointer)) {
            found.span = Some(span.clone());
        }
    }
}

/// The place of what a pointer (`/States/Open Case/Catch[0]/Next`) names; of its key, if it is a state.
pub(crate) fn locate<'n>(definition: &'n Node, pointer: &str) -> Option<&'n Span> {
    let (node, key) = find(definition, pointer.trim_end_matches('/'), None)?;
    match &node.value {
        // A whole mapping is shown at its beginning, not from end to end.
        Value::Map(entries) => {
            let first = entries.first().and_then(|entry| entry.key_span.as_ref());
            key.or(first).or(node.span.as_ref())
        }
        _ => node.span.as_ref().or(key),
    }
}

fn find<'n>(node: &'n Node, pointer: &str, key: Option<&'n Span>) -> Option<(&'n Node, Option<&'n Span>)> {
    if pointer.is_empty() {
        return Some((node, key));
    }
    match &node.value {
        Value::Map(entries) => {
            let rest = pointer.strip_prefix('/')?;
            // Names of states may hold slashes and brackets, so every key that fits is tried.
            entries.iter().find_map(|entry| {
                let rest = rest.strip_prefix(entry.key.as_str())?;
                let ends = rest.is_empty() || rest.starts_with(['/', '[']);
                ends.then(|| find(&entry.value, rest, entry.key_span.as_ref()))?
            })
        }
        Value::List(items) => {
            let (index, rest) = pointer.strip_prefix('[')?.split_once(']')?;
            find(items.get(index.parse::<usize>().ok()?)?, rest, None)
        }
        _ => None,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::diagnostic::SourceFile;
    use crate::tree::Entry;

    #[test]
    fn pointers_lead_to_places() {
        let source = "states: {a/b[0]: {Catch: [{Next: x}]}, a: y}";
        let file = SourceFile::new("a.yaml", source);
        let span = |text: &str| {
            let start = source.find(text).unwrap();
            Some(Span {
                file: file.clone(),
                range: start..start + text.len(),
            })
        };
        let map = |key: &str, value: Node| Node {
            span: span("states"),
            value: Value::Map(vec![Entry {
                key: key.into(),
                key_span: span(key),
                value,
            }]),
        };
        let text = |text: &str| Node {
            span: span(text),
            value: Value::String(text.into()),
        };
        let mut states = map(
            "a/b[0]",
            map("Catch", Node::new(Value::List(vec![map("Next", text("x"))]))),
        );
        if let Value::Map(entries) = &mut states.value {
            entries.insert(
                0,
                Entry {
                    key: "a".into(),
                    key_span: None,
                    value: text("y"),
                },
            );
        }
        let tree = map("states", states);
        let check = |pointer: &str, expected: Option<&str>| {
            let found = locate(&tree, pointer).map(|span| &source[span.range.clone()]);
            assert_eq!(found, expected, "{pointer}");
        };
        check("/states/a/b[0]/Catch[0]/Next", Some("x"));
        check("/states/a/b[0]", Some("a/b[0]"));
        check("/states/a", Some("y"));
        check("/", Some("states"));
        check("/states/a/b[0]/Catch[1]/Next", None);
        check("/nowhere", None);
    }
}
