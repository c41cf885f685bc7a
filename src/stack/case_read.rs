//! The section `tests`: cases, and what they do to their execution.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use indexmap::IndexMap;
use serde_json::json;

use super::cases::{Answer, Case, Product, REJECTED, TIMEOUT, approved};
use super::fields::{Fields, with_hint};
use super::model::Stack;
use super::{case_check, case_expect, case_mocks};
use crate::diagnostic::{Diagnostic, Span, did_you_mean};
use crate::tree::{Entry, Node, Value};

/// Seconds that a case may be given: a day.
const LONGEST_TIMEOUT: u32 = 86_400;

/// Bytes that an input may have.
/// Source: <https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html>
const LONGEST_INPUT: usize = 262_144;

/// Reads the cases. `machines` are the entries of `stateMachines`, `stack` what was read so far, and `folder` what mock
/// files are relative to.
pub(super) fn read(
    nodes: &[Node],
    machines: &[Entry],
    stack: &Stack,
    folder: &Path,
    found: &mut Vec<Diagnostic>,
) -> Vec<Case> {
    let mut names = BTreeSet::new();
    let mut cases = Vec::new();
    for (index, node) in nodes.iter().enumerate() {
        let written = node.get("name").and_then(Node::as_str);
        let what = written.map_or_else(
            || format!("test case {}", index + 1),
            |name| format!("test case `{name}`"),
        );
        let mut reader = Reader {
            machines,
            stack,
            folder,
            fields: Fields::new(node, node.span.as_ref(), what),
        };
        let case = reader.case();
        if let Some(name) = written
            && !names.insert(name)
        {
            let message = format!("two test cases have the name `{name}`");
            let span = node.get("name").and_then(|name| name.span.as_ref());
            reader
                .fields
                .found
                .push(Diagnostic::error("duplicate-name", message).at(span));
        }
        if let Some(case) = &case {
            let machine = stack.state_machines.get(&case.state_machine);
            if let Some(machine) = machine {
                case_check::check(case, machine, node, &mut reader.fields.found);
            }
        }
        reader.fields.finish(found);
        cases.extend(case);
    }
    cases
}

struct Reader<'a> {
    machines: &'a [Entry],
    stack: &'a Stack,
    folder: &'a Path,
    fields: Fields<'a>,
}

impl Reader<'_> {
    /// All keys are looked at, whatever is missing.
    fn case(&mut self) -> Option<Case> {
        let name = self.fields.required_text("name");
        if let Some((name, span)) = name
            && name.trim().is_empty()
        {
            let message = "the name of a test case must not be empty";
            self.fields.found.push(Diagnostic::error("bad-name", message).at(span));
        }
        let state_machine = self.state_machine();
        let input = self.input(state_machine.as_deref());
        let virtual_time = self.fields.one_of("time", &["real", "virtual"]) == Some("virtual");
        let timeout = self.fields.integer("timeout", 1, LONGEST_TIMEOUT);
        let mocks = self.fields.node("mocks").and_then(|node| {
            let machine = state_machine.as_deref().unwrap_or_default();
            let name = self.stack.state_machines.get(machine).map(|machine| &*machine.name);
            let context = case_mocks::Context {
                folder: self.folder,
                machine,
                physical_name: name.unwrap_or_default(),
            };
            case_mocks::read(node, &context, &mut self.fields.found)
        });
        let callbacks = self.callbacks();
        let skip_on = self.skip_on();
        let expect = self.fields.node("expect");
        let place = self.fields.place;
        let expect = case_expect::read(expect, place, &mut self.fields.found);
        let (name, span) = name?;
        Some(Case {
            span: span.cloned(),
            name: name.to_owned(),
            state_machine: state_machine?,
            input,
            mocks,
            callbacks,
            virtual_time,
            timeout: timeout.map_or(TIMEOUT, |(timeout, _)| timeout),
            skip_on,
            expect,
        })
    }

    fn state_machine(&mut self) -> Option<String> {
        if let Some((id, span)) = self.fields.text("stateMachine") {
            let ids = || self.machines.iter().map(|machine| machine.key.as_str());
            let is_known = ids().any(|known| known == id);
            if !is_known {
                let message = format!("there is no state machine `{id}`");
                let wrong = Diagnostic::error("undefined-reference", message).at(span);
                self.fields.found.push(with_hint(wrong, did_you_mean(id, ids())));
            }
            return is_known.then(|| id.to_owned());
        }
        if self.fields.node("stateMachine").is_some() {
            return None; // not a text, which was said
        }
        if let Some(start) = &self.stack.start {
            return Some(start.state_machine.clone());
        }
        if let [only] = self.machines {
            return Some(only.key.clone());
        }
        let message = match self.machines.len() {
            0 => format!("{}: the stack has no state machine", self.fields.what),
            count => format!(
                "{} must say which of the {count} state machines: `stateMachine`",
                self.fields.what
            ),
        };
        let place = self.fields.place;
        self.fields
            .found
            .push(Diagnostic::error("missing-key", message).at(place));
        None
    }

    fn input(&mut self, state_machine: Option<&str>) -> Node {
        let Some(input) = self.fields.node("input") else {
            let start = self.stack.start.as_ref();
            let same = start.filter(|start| Some(&*start.state_machine) == state_machine);
            return Node::from_json(same.map_or(&json!({}), |start| &start.input));
        };
        let length = input.to_json().to_string().len();
        if length > LONGEST_INPUT {
            let message = format!("`input` has {length} bytes, at most {LONGEST_INPUT} are allowed");
            self.fields
                .found
                .push(Diagnostic::error("too-large", message).at(input.span.as_ref()));
        }
        input.clone()
    }

    fn callbacks(&mut self) -> IndexMap<String, Vec<Answer>> {
        let mut callbacks = IndexMap::new();
        for entry in self.fields.map("callbacks") {
            let found = &mut self.fields.found;
            let answers: Vec<Answer> = match &entry.value.value {
                Value::List(items) => items.iter().filter_map(|item| answer(item, found)).collect(),
                _ => answer(&entry.value, found).into_iter().collect(),
            };
            if matches!(&entry.value.value, Value::List(items) if items.is_empty()) {
                let message = format!("`{}` has no answer", entry.key);
                found.push(Diagnostic::error("bad-value", message).at(entry.key_span.as_ref()));
            }
            callbacks.insert(entry.key.clone(), answers);
        }
        callbacks
    }

    /// Nobody may be left to wonder why a case is not run: each has its reason.
    fn skip_on(&mut self) -> BTreeMap<Product, String> {
        let mut reasons = BTreeMap::new();
        for entry in self.fields.map("skipOn") {
            let name = &entry.key;
            let product = Product::ALL.into_iter().find(|product| product.name() == name);
            if product.is_none() {
                let names = Product::ALL.map(Product::name);
                let message = format!("`skipOn`: there is no target `{name}`");
                let hint = did_you_mean(name, names).unwrap_or_else(|| format!("known targets: {}", names.join(", ")));
                let wrong = Diagnostic::error("bad-value", message).at(entry.key_span.as_ref());
                self.fields.found.push(wrong.hint(hint));
            }
            let (code, found) = match &entry.value.value {
                Value::String(reason) if !reason.trim().is_empty() => {
                    reasons.extend(product.map(|product| (product, reason.clone())));
                    continue;
                }
                Value::String(_) | Value::Null => ("bad-value", "nothing"),
                _ => ("wrong-type", entry.value.kind()),
            };
            let message = format!("`skipOn`: expected the reason why it is skipped on `{name}`, found {found}");
            let place = entry.value.span.as_ref().or(entry.key_span.as_ref());
            self.fields.found.push(Diagnostic::error(code, message).at(place));
        }
        reasons
    }
}

/// `approve`, `reject`, `timeout`, `{ success: … }` or `{ failure: … }`.
fn answer(node: &Node, found: &mut Vec<Diagnostic>) -> Option<Answer> {
    const WORDS: [&str; 3] = ["approve", "reject", "timeout"];
    let place = node.span.as_ref();
    match &node.value {
        Value::String(word) => match word.as_str() {
            "approve" => Some(Answer::Success(approved())),
            "reject" => Some(Answer::Failure {
                error: REJECTED.to_owned(),
                cause: None,
            }),
            "timeout" => Some(Answer::TimeOut),
            other => {
                let message = format!(
                    "an answer to a task token: expected `approve`, `reject`, `timeout`, `{{ success: … }}` or `{{ failure: … }}`, found `{other}`"
                );
                let wrong = Diagnostic::error("bad-value", message).at(place);
                found.push(with_hint(wrong, did_you_mean(other, WORDS)));
                None
            }
        },
        Value::Map(entries) => {
            let mut fields = Fields::new(node, place, "the answer to a task token");
            let success = fields.node("success").map(|output| Answer::Success(output.to_json()));
            let failure = fields
                .node("failure")
                .and_then(|node| failure(node, place, &mut fields.found));
            if entries.len() != 1 && fields.found.is_empty() {
                let message = "the answer to a task token must have one of `success` and `failure`";
                fields.found.push(Diagnostic::error("bad-value", message).at(place));
            }
            fields.finish(found);
            success.or(failure)
        }
        _ => {
            let message = format!(
                "an answer to a task token: expected `approve`, `reject`, `timeout`, `{{ success: … }}` or `{{ failure: … }}`, found {}",
                node.kind()
            );
            found.push(Diagnostic::error("wrong-type", message).at(place));
            None
        }
    }
}

fn failure(node: &Node, place: Option<&Span>, found: &mut Vec<Diagnostic>) -> Option<Answer> {
    let mut fields = Fields::new(node, node.span.as_ref().or(place), "`failure`");
    let error = fields.required_text("error");
    let cause = fields.text("cause");
    fields.finish(found);
    Some(Answer::Failure {
        error: error?.0.to_owned(),
        cause: cause.map(|(cause, _)| cause.to_owned()),
    })
}
