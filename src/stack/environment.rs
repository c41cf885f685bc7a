//! Environment variables of functions.

use indexmap::IndexMap;

use super::fields::{Fields, scalar_text};
use crate::diagnostic::{Diagnostic, SourceFile};
use crate::tree::{Entry, Node, Value};

/// Bytes that all variables of a function may have together, as Lambda measures them: as JSON.
/// Source: <https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>
const LONGEST_ENVIRONMENT: usize = 4096;

/// Keys that Lambda sets itself.
/// Source: <https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime>
const RESERVED: &[&str] = &[
    "_HANDLER",
    "_X_AMZN_TRACE_ID",
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
    "AWS_EXECUTION_ENV",
    "AWS_ACCESS_KEY",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "LAMBDA_TASK_ROOT",
    "LAMBDA_RUNTIME_DIR",
];

/// Keys below `AWS_LAMBDA_` that are the user's to set all the same.
const SETTABLE: &[&str] = &["AWS_LAMBDA_EXEC_WRAPPER"];

/// Keeps the environment values of all functions out of what is shown of the file, whatever is wrong in their lines.
pub(super) fn hide(tree: &Node, file: &SourceFile) {
    let functions = tree.get("functions").map(entries).unwrap_or_default();
    let environments = functions
        .iter()
        .filter_map(|function| function.value.get("environment"));
    let values = environments.flat_map(entries).map(|variable| &variable.value);
    file.hide(
        values
            .filter_map(|value| value.span.as_ref())
            .map(|span| span.range.clone())
            .collect(),
    );
}

fn entries(node: &Node) -> &[Entry] {
    match &node.value {
        Value::Map(entries) => entries,
        _ => &[],
    }
}

/// Reads `environment`: scalars, which become texts as they are written.
pub(super) fn read(fields: &mut Fields<'_>) -> IndexMap<String, String> {
    let entries = fields.map("environment");
    let mut variables = IndexMap::new();
    for entry in entries {
        let span = entry.key_span.as_ref();
        if is_reserved(&entry.key) {
            let message = format!("the environment key `{}` is reserved by Lambda", entry.key);
            fields.found.push(Diagnostic::error("reserved-key", message).at(span));
        } else if !is_key(&entry.key) {
            let message = format!(
                "the environment key `{}` must begin with a letter and hold at least two letters, digits or `_`",
                entry.key
            );
            fields.found.push(Diagnostic::error("bad-name", message).at(span));
        }
        match scalar_text(&entry.value) {
            Some(value) => {
                variables.insert(entry.key.clone(), value);
            }
            None => {
                let message = format!(
                    "environment `{}`: expected a scalar, found {}",
                    entry.key,
                    entry.value.kind()
                );
                let place = entry.value.span.as_ref().filter(|span| !span.range.is_empty()).or(span);
                fields.found.push(Diagnostic::error("wrong-type", message).at(place));
            }
        }
    }
    let length = serde_json::to_string(&variables).map_or(0, |text| text.len());
    if length > LONGEST_ENVIRONMENT {
        let message = format!(
            "the environment of {} has {length} bytes, at most {LONGEST_ENVIRONMENT} are allowed",
            fields.what
        );
        fields
            .found
            .push(Diagnostic::error("too-large", message).at(fields.place));
    }
    variables
}

fn is_reserved(key: &str) -> bool {
    RESERVED.contains(&key) || (key.starts_with("AWS_LAMBDA_") && !SETTABLE.contains(&key))
}

/// `[a-zA-Z]([a-zA-Z0-9_])+`, as the API has it.
fn is_key(key: &str) -> bool {
    key.len() > 1
        && key.starts_with(|first: char| first.is_ascii_alphabetic())
        && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}
