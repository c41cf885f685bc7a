//! Linking function ARNs to the functions of the stack, whatever account they were copied from.

use super::names::{Function, Names};
use super::{Relinked, Substituted};
use crate::asl::integration::{FunctionArn, Integration};
use crate::asl::placeholder::{is_placeholder_name, placeholder};
use crate::diagnostic::{Diagnostic, Span};
use crate::tree::{Node, Value};

/// Machines inside machines are followed this deep; the parser refuses deeper ones.
const DEPTH_LIMIT: usize = 64;

/// Replaces function ARNs in `Resource` and `FunctionName` and reports what cannot be called.
pub(super) fn relink(substituted: &mut Substituted, names: &Names) {
    let mut definition = std::mem::replace(&mut substituted.definition, Node::new(Value::Null));
    let mut walk = Walk {
        names,
        into: substituted,
        depth: 0,
    };
    walk.machine(&mut definition, "");
    substituted.definition = definition;
}

struct Walk<'w> {
    names: &'w Names,
    into: &'w mut Substituted,
    depth: usize,
}

impl Walk<'_> {
    fn machine(&mut self, machine: &mut Node, pointer: &str) {
        let Some(Value::Map(states)) = field(machine, "States").map(|states| &mut states.value) else {
            return;
        };
        if self.depth > DEPTH_LIMIT {
            return;
        }
        self.depth += 1;
        for entry in states {
            self.state(&entry.key, &mut entry.value, &format!("{pointer}/States/{}", entry.key));
        }
        self.depth -= 1;
    }

    fn state(&mut self, name: &str, state: &mut Node, pointer: &str) {
        let lambda = state
            .get("Resource")
            .and_then(Node::as_str)
            .is_some_and(|resource| calls_lambda(&Integration::parse(resource)));
        if let Some(resource) = field(state, "Resource") {
            self.arn(name, resource, &format!("{pointer}/Resource"));
        }
        for arguments in ["Parameters", "Arguments"] {
            let pointer = format!("{pointer}/{arguments}");
            let Some(node) = field(state, arguments) else { continue };
            if let Some(function) = field(node, "FunctionName").filter(|_| lambda) {
                self.function_name(name, function, &format!("{pointer}/FunctionName"));
            }
            self.placeholders(name, node, &pointer, if lambda { "FunctionName" } else { "" });
        }
        for inner in ["ItemProcessor", "Iterator"] {
            if let Some(machine) = field(state, inner) {
                self.machine(machine, &format!("{pointer}/{inner}"));
            }
        }
        if let Some(Value::List(branches)) = field(state, "Branches").map(|node| &mut node.value) {
            for (index, branch) in branches.iter_mut().enumerate() {
                self.machine(branch, &format!("{pointer}/Branches[{index}]"));
            }
        }
    }

    /// A text that may be the ARN of a function, or of something else that must not be a placeholder.
    fn arn(&mut self, state: &str, node: &mut Node, pointer: &str) {
        let Some(text) = node.as_str().map(str::to_owned) else {
            return;
        };
        let arn = FunctionArn::parse(&text);
        if let Some(arn) = &arn
            && let Some(function) = self.names.function_named(&arn.name)
        {
            let to = with_qualifier(function, arn.qualifier.as_deref());
            self.replace(function, node, to, pointer);
        } else if let Some(part) = placeholder(&text).filter(|_| !text.contains("${")) {
            let part = part.to_owned();
            self.unfilled(state, &part, node.span.as_ref(), pointer, arn.is_some());
        } else if let Some(arn) = arn.filter(|_| !text.contains("${")) {
            self.foreign(state, &arn.name, node.span.as_ref(), pointer);
        }
    }

    /// `FunctionName`, which may be a bare name as well.
    fn function_name(&mut self, state: &str, node: &mut Node, pointer: &str) {
        let Some(text) = node.as_str().map(str::to_owned) else {
            return;
        };
        if text.starts_with("{%") || text.contains("${") {
            return;
        }
        if text.contains(':') {
            return self.arn(state, node, pointer);
        }
        if let Some(function) = self.names.function_named(&text) {
            // The physical name is as good as the ARN; only a logical id means nothing to AWS.
            match function.name == text {
                true => drop(self.into.used.insert(function.logical_id.clone())),
                false => self.replace(function, node, function.arn.clone(), pointer),
            }
        } else if is_placeholder_name(&text) {
            self.unfilled(state, &text, node.span.as_ref(), pointer, true);
        } else {
            self.foreign(state, &text, node.span.as_ref(), pointer);
        }
    }

    /// Reports placeholders in the ARNs of arguments, but for the field that was looked at already.
    fn placeholders(&mut self, state: &str, node: &Node, pointer: &str, but: &str) {
        match &node.value {
            Value::String(text) if text.starts_with("arn:") && !text.contains("${") => {
                if let Some(part) = placeholder(text) {
                    self.unfilled(state, part, node.span.as_ref(), pointer, false);
                }
            }
            Value::Map(entries) => {
                for entry in entries.iter().filter(|entry| entry.key != but) {
                    self.placeholders(state, &entry.value, &format!("{pointer}/{}", entry.key), "");
                }
            }
            Value::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.placeholders(state, item, &format!("{pointer}[{index}]"), "");
                }
            }
            _ => {}
        }
    }

    fn replace(&mut self, function: &Function, node: &mut Node, to: String, pointer: &str) {
        self.into.used.insert(function.logical_id.clone());
        let Value::String(text) = &mut node.value else { return };
        if *text != to {
            self.into.relinked.push(Relinked {
                pointer: pointer.to_owned(),
                from: std::mem::replace(text, to.clone()),
                to,
            });
        }
    }

    fn unfilled(&mut self, state: &str, part: &str, span: Option<&Span>, pointer: &str, function: bool) {
        let message = format!("state `{state}` still has the placeholder `{part}` in its ARN");
        let mut error = Diagnostic::error("placeholder-arn", message)
            .at(span)
            .in_definition(pointer)
            .aws("SCHEMA_VALIDATION_FAILED: Value is not a valid resource ARN");
        if function {
            let all = self.names.function_references();
            match self.names.function_for_state(state) {
                Some(nearest) => error.hints.push(format!("write `${{{}.Arn}}`", nearest.logical_id)),
                None if !all.is_empty() => error.hints.push(format!("the functions are {}", all.join(", "))),
                None => {}
            }
        }
        self.into.diagnostics.push(error);
    }

    fn foreign(&mut self, state: &str, name: &str, span: Option<&Span>, pointer: &str) {
        self.into.diagnostics.push(
            Diagnostic::warning(
                "foreign-function",
                format!("state `{state}` calls the function `{name}`, which is not in the stack"),
            )
            .at(span)
            .in_definition(pointer)
            .hint("it has to exist where the state machine runs"),
        );
    }
}

fn calls_lambda(integration: &Integration) -> bool {
    matches!(
        integration,
        Integration::Optimized { service, .. } | Integration::Sdk { service, .. } if service == "lambda"
    )
}

/// Functions of the stack have no versions or aliases, only `$LATEST`.
fn with_qualifier(function: &Function, qualifier: Option<&str>) -> String {
    match qualifier {
        Some("$LATEST") => format!("{}:$LATEST", function.arn),
        _ => function.arn.clone(),
    }
}

fn field<'n>(node: &'n mut Node, name: &str) -> Option<&'n mut Node> {
    match &mut node.value {
        Value::Map(entries) => entries
            .iter_mut()
            .find(|entry| entry.key == name)
            .map(|entry| &mut entry.value),
        _ => None,
    }
}
