//! Reading typed fields from a mapping, with a finding for everything that is not as it should be.

use serde_json::{Number, Value as Json};

use crate::asl::model::{NumberField, PathField, QueryLanguage, TextField};
use crate::diagnostic::{Diagnostic, Span, did_you_mean};
use crate::tree::{Entry, Node, Value};

/// A mapping of the definition.
pub(super) struct Object<'n> {
    /// Where it is: `/States/Open Case`, empty for the whole definition.
    pub(super) pointer: String,
    /// What it is, for messages: ``state `Open Case` ``.
    pub(super) what: String,
    /// Where it stands in the file, as well as that is known.
    pub(super) span: Option<&'n Span>,
    entries: &'n [Entry],
}

/// The range of a number and how AWS writes its ends.
#[derive(Clone, Copy)]
pub(super) struct Range {
    pub(super) least: f64,
    pub(super) most: f64,
    /// Whether it takes whole numbers only.
    pub(super) whole: bool,
}

impl Range {
    /// Whole numbers from `least` to `most`.
    pub(super) const fn whole(least: f64, most: f64) -> Self {
        Self {
            least,
            most,
            whole: true,
        }
    }

    /// Any numbers from `least` to `most`.
    pub(super) const fn any(least: f64, most: f64) -> Self {
        Self {
            least,
            most,
            whole: false,
        }
    }

    fn end(self, value: f64) -> String {
        if self.whole {
            format!("{value:.0}")
        } else {
            format!("{value:.1}")
        }
    }
}

impl<'n> Object<'n> {
    /// Reads a node as a mapping; `key` is the place of its key, if it has one.
    pub(super) fn read(
        node: &'n Node,
        key: Option<&'n Span>,
        pointer: String,
        what: String,
        found: &mut Vec<Diagnostic>,
    ) -> Option<Self> {
        let Value::Map(entries) = &node.value else {
            let error = wrong_type(&what, "a mapping", "Object", node);
            found.push(error.at(node.span.as_ref().or(key)).in_definition(place(pointer)));
            return None;
        };
        // What is wrong with a whole mapping is shown at its beginning, not from end to end.
        let first = entries.first().and_then(|entry| entry.key_span.as_ref());
        Some(Self {
            pointer,
            what,
            span: key.or(first).or(node.span.as_ref()),
            entries,
        })
    }

    /// The place of the key of a field.
    pub(super) fn key_span(&self, field: &str) -> Option<&'n Span> {
        let entry = self.entries.iter().find(|entry| entry.key == field)?;
        entry.key_span.as_ref()
    }

    /// The pointer of a field.
    pub(super) fn at(&self, field: &str) -> String {
        format!("{}/{field}", self.pointer)
    }

    /// The fields as written.
    pub(super) fn entries(&self) -> &'n [Entry] {
        self.entries
    }

    /// Whether the field is there, even if it is `null`.
    pub(super) fn has(&self, field: &str) -> bool {
        self.get(field).is_some()
    }

    /// The node of a field.
    pub(super) fn get(&self, field: &str) -> Option<&'n Node> {
        self.entries
            .iter()
            .find(|entry| entry.key == field)
            .map(|entry| &entry.value)
    }

    /// The value of a field, of whatever type.
    pub(super) fn value(&self, field: &str) -> Option<Json> {
        self.get(field).map(Node::to_json)
    }

    /// An error about the whole mapping.
    pub(super) fn error(&self, code: &'static str, message: impl Into<String>, aws: impl Into<String>) -> Diagnostic {
        Diagnostic::error(code, message)
            .at(self.span)
            .in_definition(place(self.pointer.clone()))
            .aws(schema(aws))
    }

    /// An error about the value of a field.
    pub(super) fn field_error(
        &self,
        field: &str,
        code: &'static str,
        message: impl Into<String>,
        aws: impl Into<String>,
    ) -> Diagnostic {
        let span = self.get(field).and_then(|node| node.span.as_ref()).or(self.span);
        Diagnostic::error(code, message)
            .at(span)
            .in_definition(self.at(field))
            .aws(schema(aws))
    }

    /// An error about the key of a field. AWS puts it at the mapping that has the field.
    pub(super) fn key_error(
        &self,
        entry: &'n Entry,
        code: &'static str,
        message: impl Into<String>,
        aws: impl Into<String>,
    ) -> Diagnostic {
        let span = entry.key_span.as_ref().or(entry.value.span.as_ref()).or(self.span);
        Diagnostic::error(code, message)
            .at(span)
            .in_definition(place(self.pointer.clone()))
            .aws(schema(aws))
    }

    /// Reports the fields that are not in the lists.
    pub(super) fn only(&self, known: &[&[&str]], found: &mut Vec<Diagnostic>) {
        for entry in self.entries {
            if known.iter().any(|list| list.contains(&entry.key.as_str())) {
                continue;
            }
            found.push(self.unsupported(entry, known.iter().copied().flatten().copied()));
        }
    }

    /// The finding for a field that does not belong here.
    pub(super) fn unsupported(&self, entry: &'n Entry, known: impl Iterator<Item = &'n str>) -> Diagnostic {
        let key = &entry.key;
        let error = self.key_error(
            entry,
            "unknown-field",
            format!("{} cannot have a field `{key}`", self.what),
            format!("Field '{key}' is not supported"),
        );
        match did_you_mean(key, known.filter(|field| !self.has(field))) {
            Some(hint) => error.hint(hint),
            None => error,
        }
    }

    /// Reports the fields that have to be there and are not, as one finding.
    pub(super) fn require(&self, fields: &[&str], found: &mut Vec<Diagnostic>) {
        let missing: Vec<_> = fields.iter().copied().filter(|field| !self.has(field)).collect();
        if missing.is_empty() {
            return;
        }
        let quoted: Vec<_> = missing.iter().map(|field| format!("`{field}`")).collect();
        found.push(self.error(
            "missing-field",
            format!("{} needs {}", self.what, quoted.join(" and ")),
            format!("These fields are required: [{}]", missing.join(", ")),
        ));
    }

    /// Reports fields of which at most one may be there; whether there is at most one.
    pub(super) fn at_most_one(&self, fields: &[&str], found: &mut Vec<Diagnostic>) -> bool {
        let given: Vec<_> = fields.iter().copied().filter(|field| self.has(field)).collect();
        if given.len() < 2 {
            return true;
        }
        let quoted: Vec<_> = given.iter().map(|field| format!("`{field}`")).collect();
        found.push(self.error(
            "conflicting-fields",
            format!(
                "{} has {}, of which only one is allowed",
                self.what,
                quoted.join(" and ")
            ),
            format!(
                "There should only be one of the following fields: [{}]",
                fields.join(", ")
            ),
        ));
        false
    }

    /// Reports when none of some fields is there.
    pub(super) fn at_least_one(&self, fields: &[&str], found: &mut Vec<Diagnostic>) -> bool {
        if fields.iter().any(|field| self.has(field)) {
            return true;
        }
        let quoted: Vec<_> = fields.iter().map(|field| format!("`{field}`")).collect();
        found.push(self.error(
            "missing-field",
            format!("{} needs one of {}", self.what, quoted.join(", ")),
            format!(
                "This object should have only one of the following fields: [{}]",
                fields.join(", ")
            ),
        ));
        false
    }

    /// A text.
    pub(super) fn string(&self, field: &str, found: &mut Vec<Diagnostic>) -> Option<String> {
        let node = self.get(field)?;
        match node.as_str() {
            Some(text) => Some(text.to_owned()),
            None => {
                found.push(self.wrong_type(field, "a string", "String", node));
                None
            }
        }
    }

    /// A text out of a list of allowed ones.
    pub(super) fn one_of(&self, field: &str, allowed: &[&str], found: &mut Vec<Diagnostic>) -> Option<String> {
        let text = self.string(field, found)?;
        if allowed.contains(&text.as_str()) {
            return Some(text);
        }
        let quoted: Vec<_> = allowed.iter().map(|value| format!("`{value}`")).collect();
        let error = self.field_error(
            field,
            "unknown-value",
            format!("`{field}` of {} is `{text}`, not {}", self.what, quoted.join(" or ")),
            format!("Value should be one of the following: [{}]", allowed.join(", ")),
        );
        found.push(match did_you_mean(&text, allowed.iter().copied()) {
            Some(hint) => error.hint(hint),
            None => error,
        });
        None
    }

    /// A list of texts with at least one in it.
    pub(super) fn strings(&self, field: &str, found: &mut Vec<Diagnostic>) -> Option<Vec<String>> {
        let items = self.list(field, found)?;
        let mut texts = Vec::new();
        for (index, item) in items.iter().enumerate() {
            match item.as_str() {
                Some(text) => texts.push(text.to_owned()),
                None => found.push(
                    wrong_type(
                        &format!("`{field}` of {}", self.what),
                        "a list of strings",
                        "String",
                        item,
                    )
                    .at(item.span.as_ref().or(self.span))
                    .in_definition(format!("{}[{index}]", self.at(field))),
                ),
            }
        }
        Some(texts)
    }

    /// A list with at least one item in it.
    pub(super) fn list(&self, field: &str, found: &mut Vec<Diagnostic>) -> Option<&'n [Node]> {
        let node = self.get(field)?;
        let Value::List(items) = &node.value else {
            found.push(self.wrong_type(field, "a list", "Array", node));
            return None;
        };
        if items.is_empty() {
            found.push(self.field_error(
                field,
                "empty-value",
                format!("`{field}` of {} is empty", self.what),
                "Value cannot be empty",
            ));
        }
        Some(items)
    }

    /// `true` or `false`.
    pub(super) fn boolean(&self, field: &str, found: &mut Vec<Diagnostic>) -> Option<bool> {
        let node = self.get(field)?;
        match node.value {
            Value::Bool(value) => Some(value),
            _ => {
                found.push(self.wrong_type(field, "true or false", "Boolean", node));
                None
            }
        }
    }

    /// A mapping, as a value.
    pub(super) fn mapping(&self, field: &str, found: &mut Vec<Diagnostic>) -> Option<Json> {
        let node = self.get(field)?;
        match node.value {
            Value::Map(_) => Some(node.to_json()),
            _ => {
                found.push(self.wrong_type(field, "a mapping", "Object", node));
                None
            }
        }
    }

    /// A path, for which `null` means something.
    pub(super) fn path(&self, field: &str, found: &mut Vec<Diagnostic>) -> PathField {
        match self.get(field).map(|node| &node.value) {
            None => PathField::Default,
            Some(Value::Null) => PathField::Null,
            Some(_) => self.string(field, found).map_or(PathField::Default, PathField::Path),
        }
    }

    /// A literal number of a range.
    pub(super) fn number(&self, field: &str, range: Range, found: &mut Vec<Diagnostic>) -> Option<Number> {
        let node = self.get(field)?;
        let (wanted, aws) = match range.whole {
            true => ("a whole number", "Integer"),
            false => ("a number", "Number"),
        };
        let Value::Number(number) = &node.value else {
            found.push(self.wrong_type(field, wanted, aws, node));
            return None;
        };
        if range.whole && number.is_f64() {
            let message = format!("`{field}` of {} is {number}, which is not a whole number", self.what);
            found.push(self.field_error(field, "wrong-type", message, "Expected value of type Integer"));
            return None;
        }
        let size = number.as_f64().unwrap_or(f64::NAN);
        let (limit, side) = if size < range.least {
            (range.end(range.least), "Minimum")
        } else if size > range.most {
            (range.end(range.most), "Maximum")
        } else {
            return Some(number.clone());
        };
        found.push(self.field_error(
            field,
            "out-of-range",
            format!(
                "`{field}` of {} is {number}; its {} is {limit}",
                self.what,
                side.to_lowercase()
            ),
            format!("{side} value is {limit}"),
        ));
        None
    }

    /// A number in any of its forms: `field`, or `fieldPath` in JSONPath, or an expression in JSONata.
    pub(super) fn number_field(
        &self,
        field: &str,
        range: Range,
        language: QueryLanguage,
        found: &mut Vec<Diagnostic>,
    ) -> Option<NumberField> {
        let path = format!("{field}Path");
        self.at_most_one(&[field, &path], found);
        if let Some(node) = self.get(field) {
            return match node.as_str() {
                Some(text) if language == QueryLanguage::Jsonata && is_expression(text) => {
                    Some(NumberField::Jsonata(text.to_owned()))
                }
                _ => self.number(field, range, found).map(NumberField::Literal),
            };
        }
        self.string(&path, found).map(NumberField::Path)
    }

    /// A text in any of its forms: `field`, or `fieldPath` in JSONPath, or an expression in JSONata.
    pub(super) fn text_field(
        &self,
        field: &str,
        language: QueryLanguage,
        found: &mut Vec<Diagnostic>,
    ) -> Option<TextField> {
        let path = format!("{field}Path");
        self.at_most_one(&[field, &path], found);
        if self.has(field) {
            let text = self.string(field, found)?;
            return Some(match language {
                QueryLanguage::Jsonata if is_expression(&text) => TextField::Jsonata(text),
                _ => TextField::Literal(text),
            });
        }
        self.string(&path, found).map(TextField::Path)
    }

    /// The finding for a field of the wrong type.
    pub(super) fn wrong_type(&self, field: &str, wanted: &str, aws: &str, node: &Node) -> Diagnostic {
        wrong_type(&format!("`{field}` of {}", self.what), wanted, aws, node)
            .at(node.span.as_ref().or(self.span))
            .in_definition(self.at(field))
    }
}

/// Whether a text is a JSONata expression in its braces.
pub(super) fn is_expression(text: &str) -> bool {
    text.starts_with("{%") && text.ends_with("%}") && text.len() >= 4
}

fn wrong_type(what: &str, wanted: &str, aws: &str, node: &Node) -> Diagnostic {
    Diagnostic::error("wrong-type", format!("{what} must be {wanted}, not {}", node.kind()))
        .aws(schema(format!("Expected value of type {aws}")))
}

fn schema(text: impl Into<String>) -> String {
    format!("SCHEMA_VALIDATION_FAILED: {}", text.into())
}

/// AWS calls the whole definition `/`.
fn place(pointer: String) -> String {
    match pointer.is_empty() {
        true => "/".to_owned(),
        false => pointer,
    }
}
