//! The sections `stateMachines` and `start`.

use std::path::Path;

use indexmap::IndexMap;

use super::fields::{Fields, with_hint};
use super::model::{Logging, MachineKind, Start, StateMachine};
use super::names::{self, Context, Name};
use super::{files, tags};
use crate::diagnostic::{Diagnostic, Span, did_you_mean};
use crate::tree::{self, Entry, Node, Value};

/// Bytes that a definition may have, as it is sent.
/// Source: <https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html>
const LONGEST_DEFINITION: usize = 1 << 20;

/// Bytes that an input may have. Same source.
const LONGEST_INPUT: usize = 262_144;

/// Reads one state machine; its name, and the whole if its definition could be read.
pub(super) fn read(
    entry: &Entry,
    context: &Context<'_>,
    stack_tags: &IndexMap<String, String>,
    found: &mut Vec<Diagnostic>,
) -> (String, Option<StateMachine>) {
    let mut fields = Fields::new(
        &entry.value,
        entry.key_span.as_ref(),
        format!("state machine `{}`", entry.key),
    );
    let name = names::physical(&mut fields, context, entry, Name::StateMachine);
    let definition = fields
        .required("definition")
        .and_then(|node| definition(node, context, &mut fields.found));
    let kind = match fields.one_of("type", &["STANDARD", "EXPRESS"]) {
        Some("EXPRESS") => MachineKind::Express,
        _ => MachineKind::Standard,
    };
    let role = names::role(&mut fields, context);
    let logging = fields.node("logging").and_then(|node| logging(node, &mut fields));
    let tracing = fields.boolean("tracing").unwrap_or(false);
    let tags = tags::read(&mut fields);
    tags::check_count(&mut fields, &tags, stack_tags);
    if logging.is_some()
        && !name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
    {
        // Source: https://docs.aws.amazon.com/step-functions/latest/apireference/API_CreateStateMachine.html
        let message = format!("with `logging`, the name `{name}` must be of letters, digits, `-` and `_`");
        fields
            .found
            .push(Diagnostic::error("bad-name", message).at(entry.key_span.as_ref()));
    }
    fields.finish(found);
    let machine = definition.map(|definition| StateMachine {
        span: entry.key_span.clone(),
        name: name.clone(),
        definition,
        kind,
        role,
        logging,
        tracing,
        tags,
    });
    (name, machine)
}

/// The definition: a mapping, or the path of a file that holds one.
fn definition(node: &Node, context: &Context<'_>, found: &mut Vec<Diagnostic>) -> Option<Node> {
    let definition = match &node.value {
        Value::Map(_) => node.clone(),
        Value::String(path) => definition_file(path, node.span.as_ref(), context, found)?,
        _ => {
            let message = format!("`definition`: expected a file or a mapping, found {}", node.kind());
            found.push(Diagnostic::error("wrong-type", message).at(node.span.as_ref()));
            return None;
        }
    };
    let length = definition.to_json().to_string().len();
    if length > LONGEST_DEFINITION {
        let message = format!("the definition has {length} bytes, at most {LONGEST_DEFINITION} are allowed");
        found.push(Diagnostic::error("too-large", message).at(node.span.as_ref()));
    }
    Some(definition)
}

fn definition_file(
    path: &str,
    span: Option<&Span>,
    context: &Context<'_>,
    found: &mut Vec<Diagnostic>,
) -> Option<Node> {
    let refuse = |message: &str| Diagnostic::error("bad-definition", message).at(span);
    if path.trim_start().starts_with('{') || path.contains('\n') {
        let wrong = refuse("`definition`: expected a file or a mapping, found the definition as a text");
        found.push(wrong.hint("write it as YAML, or put it into a file of its own"));
        return None;
    }
    let lower = path.to_lowercase();
    if ![".json", ".yaml", ".yml"]
        .iter()
        .any(|extension| lower.ends_with(extension))
    {
        found.push(refuse(&format!(
            "the definition file `{path}` must end in `.asl.json`, `.json`, `.yaml` or `.yml`"
        )));
        return None;
    }
    let source = match files::read(&context.folder.join(Path::new(path)), "the definition file", span) {
        Ok(source) => source,
        Err(wrong) => {
            found.push(wrong);
            return None;
        }
    };
    let (tree, mut wrong) = tree::parse(&source);
    found.append(&mut wrong);
    let tree = tree?;
    if !matches!(tree.value, Value::Map(_)) {
        let message = format!("a definition must be a mapping, found {}", tree.kind());
        found.push(Diagnostic::error("wrong-type", message).at(tree.span.as_ref()));
        return None;
    }
    Some(tree)
}

fn logging(node: &Node, fields: &mut Fields<'_>) -> Option<Logging> {
    let mut logging = Fields::new(node, node.span.as_ref().or(fields.place), "`logging`");
    let level = logging.required_one_of("level", &["ALL", "ERROR", "FATAL", "OFF"]);
    let include_execution_data = logging.boolean("includeExecutionData").unwrap_or(false);
    logging.finish(&mut fields.found);
    level.map(|level| Logging {
        level: level.to_owned(),
        include_execution_data,
    })
}

/// Reads `start`: which state machine, by default the only one, and its input, by default `{}`.
pub(super) fn start(
    node: &Node,
    place: Option<&Span>,
    machines: &[Entry],
    found: &mut Vec<Diagnostic>,
) -> Option<Start> {
    let mut fields = Fields::new(node, place, "`start`");
    let state_machine = match (fields.text("stateMachine"), machines) {
        (Some((id, span)), _) => {
            let is_known = machines.iter().any(|machine| machine.key == id);
            if !is_known {
                let wrong =
                    Diagnostic::error("undefined-reference", format!("there is no state machine `{id}`")).at(span);
                let hint = did_you_mean(id, machines.iter().map(|machine| machine.key.as_str()));
                fields.found.push(with_hint(wrong, hint));
            }
            is_known.then(|| id.to_owned())
        }
        (None, [only]) => Some(only.key.clone()),
        (None, _) => {
            if node.get("stateMachine").is_none() {
                let message = match machines.len() {
                    0 => "`start`: the stack has no state machine".to_owned(),
                    count => format!("`start` must say which of the {count} state machines: `stateMachine`"),
                };
                fields.found.push(Diagnostic::error("missing-key", message).at(place));
            }
            None
        }
    };
    let input = fields.node("input");
    let value = input.map_or_else(|| serde_json::json!({}), Node::to_json);
    let length = value.to_string().len();
    if length > LONGEST_INPUT {
        let message = format!("`input` has {length} bytes, at most {LONGEST_INPUT} are allowed");
        fields
            .found
            .push(Diagnostic::error("too-large", message).at(input.and_then(|input| input.span.as_ref())));
    }
    fields.finish(found);
    state_machine.map(|state_machine| Start {
        state_machine,
        input: value,
    })
}
