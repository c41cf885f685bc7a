//! From a tree to the model. What is wrong with the form of a definition is found here, all of it at once; what is broken
//! is mended with a guess, so that the model of a broken definition can still be checked further. It is not for running.
//!
//! Sources: the [States Language](https://states-language.net/spec.html) and AWS's
//! [guide](https://docs.aws.amazon.com/step-functions/latest/dg/concepts-amazon-states-language.html).

mod choice;
mod fields;
mod handlers;
mod map;
mod object;
mod state;

use indexmap::IndexMap;

use crate::asl::model::{QueryLanguage, StateMachine};
use crate::diagnostic::{Diagnostic, Span};
use crate::tree::Node;
use object::{Object, Range};

/// Machines inside machines, and conditions inside conditions, are followed this deep.
const DEPTH_LIMIT: usize = 32;

/// The longest time AWS takes, in seconds: more than three years.
pub(super) const MOST_SECONDS: f64 = 99_999_999.0;

/// Reads a definition: the model, if it could be built, and everything wrong with its form. The model of a definition
/// with errors is good for further checks only.
pub fn parse(definition: &Node) -> (Option<StateMachine>, Vec<Diagnostic>) {
    let mut parser = Parser::default();
    let machine = parser.whole(definition);
    (machine, parser.found)
}

/// Every part of a definition that has a fixed set of fields, with all of them.
#[cfg(test)]
pub(crate) fn known_fields() -> Vec<(&'static str, Vec<&'static str>)> {
    let of_type = |kind: &&'static str| {
        let own = fields::of_type(kind).iter().copied().flatten().copied();
        (*kind, own.chain(fields::COMMON.iter().copied()).collect())
    };
    let parts = [
        ("Machine", fields::MACHINE),
        ("Branch", fields::NESTED),
        ("Retrier", handlers::RETRIER),
        ("Catcher", handlers::CATCHER),
        ("ItemBatcher", map::BATCHER),
        ("ItemReader", map::READER),
        ("ReaderConfig", map::READER_CONFIG),
        ("ResultWriter", map::WRITER),
        ("WriterConfig", map::WRITER_CONFIG),
    ];
    let parts = parts.into_iter().map(|(part, fields)| (part, fields.to_vec()));
    fields::TYPES.iter().map(of_type).chain(parts).collect()
}

/// What is known while reading.
#[derive(Default)]
struct Parser {
    found: Vec<Diagnostic>,
    /// The language of the whole machine, that of all states that do not name their own, nested ones too.
    language: QueryLanguage,
    /// How many machines enclose the one that is read.
    depth: usize,
}

impl Parser {
    fn whole(&mut self, definition: &Node) -> Option<StateMachine> {
        let object = Object::read(
            definition,
            None,
            String::new(),
            "the state machine".to_owned(),
            &mut self.found,
        )?;
        object.only(&[fields::MACHINE], &mut self.found);
        self.language = self.language_of(&object, QueryLanguage::JsonPath);
        let mut machine = self.machine(&object)?;
        machine.timeout_seconds = object
            .number("TimeoutSeconds", Range::whole(0.0, MOST_SECONDS), &mut self.found)
            .and_then(|number| number.as_u64());
        machine.version = object.one_of("Version", &["1.0"], &mut self.found);
        Some(machine)
    }

    /// A machine inside a Map or Parallel state. `extra` are the fields it may have beside those of every such machine.
    fn nested(
        &mut self,
        node: &Node,
        span: Option<&Span>,
        pointer: String,
        what: String,
        extra: &[&str],
    ) -> Option<StateMachine> {
        let object = Object::read(node, span, pointer, what, &mut self.found)?;
        if self.depth >= DEPTH_LIMIT {
            self.found.push(
                Diagnostic::error(
                    "too-deeply-nested",
                    format!("{} is nested more than {DEPTH_LIMIT} machines deep", object.what),
                )
                .at(object.span)
                .in_definition(object.pointer)
                .aws("TOO_DEEPLY_NESTED: The states are too deeply nested."),
            );
            return None;
        }
        object.only(&[fields::NESTED, extra], &mut self.found);
        self.depth += 1;
        let machine = self.machine(&object);
        self.depth -= 1;
        machine
    }

    /// What a machine and a nested one share.
    fn machine(&mut self, object: &Object<'_>) -> Option<StateMachine> {
        object.require(&["States", "StartAt"], &mut self.found);
        let comment = object.string("Comment", &mut self.found);
        let start_at = object.string("StartAt", &mut self.found);
        let states = self.states(object)?;
        Some(StateMachine {
            comment,
            start_at: start_at.or_else(|| states.keys().next().cloned())?,
            states,
            query_language: self.language,
            timeout_seconds: None,
            version: None,
        })
    }

    fn states(&mut self, object: &Object<'_>) -> Option<IndexMap<String, crate::asl::model::State>> {
        let what = format!("`States` of {}", object.what);
        let node = object.get("States")?;
        let states = Object::read(
            node,
            object.key_span("States"),
            object.at("States"),
            what,
            &mut self.found,
        )?;
        if states.entries().is_empty() {
            self.found.push(object.field_error(
                "States",
                "empty-states",
                format!("{} has no states", object.what),
                "Value cannot be empty",
            ));
        }
        Some(
            states
                .entries()
                .iter()
                .filter_map(|entry| {
                    let state = self.state(entry, states.at(&entry.key))?;
                    Some((entry.key.clone(), state))
                })
                .collect(),
        )
    }

    /// The language that a mapping names, or else the one it inherits. As AWS has it, everything but exactly `JSONPath`
    /// counts as JSONata, whatever else is wrong with it.
    fn language_of(&mut self, object: &Object<'_>, inherited: QueryLanguage) -> QueryLanguage {
        let Some(node) = object.get("QueryLanguage") else {
            return inherited;
        };
        object.one_of("QueryLanguage", &["JSONPath", "JSONata"], &mut self.found);
        match node.as_str() {
            Some("JSONPath") => QueryLanguage::JsonPath,
            _ => QueryLanguage::Jsonata,
        }
    }
}

#[cfg(test)]
mod tests;
