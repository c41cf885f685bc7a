//! Choice states and their rules.
//!
//! Source: <https://docs.aws.amazon.com/step-functions/latest/dg/state-choice.html>

use super::object::{Object, is_expression};
use super::{DEPTH_LIMIT, Parser};
use crate::asl::model::{Choice, ChoiceRule, Condition, Operand, Operator, QueryLanguage};
use crate::diagnostic::did_you_mean;
use crate::tree::{Entry, Node, Value};

/// What a rule may be: exactly one of these.
const FORMS: &[&str] = &["And", "Or", "Not", "Variable", "Condition"];
/// What a rule of a `Choices` list has beside its condition.
const RULE: &[&str] = &["Next", "Assign", "Output", "Comment"];

impl Parser {
    pub(super) fn choice(&mut self, object: &Object<'_>, language: QueryLanguage) -> Choice {
        object.require(&["Choices"], &mut self.found);
        let rules = object.list("Choices", &mut self.found).unwrap_or_default();
        let choices = rules
            .iter()
            .enumerate()
            .filter_map(|(index, node)| {
                let pointer = format!("{}[{index}]", object.at("Choices"));
                let what = format!("choice {} of {}", index + 1, object.what);
                let rule = Object::read(node, None, pointer, what, &mut self.found)?;
                self.rule(&rule, language)
            })
            .collect();
        Choice {
            choices,
            default: object.string("Default", &mut self.found),
        }
    }

    fn rule(&mut self, object: &Object<'_>, language: QueryLanguage) -> Option<ChoiceRule> {
        self.foreign_fields(
            object,
            language,
            &["Variable", "And", "Or", "Not"],
            &["Condition", "Output"],
        );
        object.require(&["Next"], &mut self.found);
        let next = object.string("Next", &mut self.found);
        let rule = ChoiceRule {
            // A broken condition must not make the state it leads to unreachable.
            condition: self
                .condition(object, RULE, 0)
                .unwrap_or(Condition::Jsonata(true.into())),
            next: next.clone().unwrap_or_default(),
            assign: self.assign(object),
            output: object.value("Output"),
        };
        next.map(|_| rule)
    }

    /// The condition of a rule, or one inside another. `beside` are the fields it may have beside.
    fn condition(&mut self, object: &Object<'_>, beside: &[&str], depth: usize) -> Option<Condition> {
        if depth > DEPTH_LIMIT {
            self.found.push(object.error(
                "too-deeply-nested",
                format!("{} is nested more than {DEPTH_LIMIT} conditions deep", object.what),
                "The conditions are too deeply nested",
            ));
            return None;
        }
        let operators = self.operators(object, beside);
        match self.form(object)? {
            "And" => Some(Condition::And(self.conditions(object, "And", depth)?)),
            "Or" => Some(Condition::Or(self.conditions(object, "Or", depth)?)),
            "Not" => {
                let inner = self.inner(object.get("Not")?, object, object.at("Not"), depth)?;
                Some(Condition::Not(Box::new(inner)))
            }
            "Condition" => self.jsonata_condition(object),
            _ => self.comparison(object, &operators),
        }
    }

    /// Which of the forms a condition has, if exactly one.
    fn form(&mut self, object: &Object<'_>) -> Option<&'static str> {
        let given: Vec<_> = FORMS.iter().copied().filter(|form| object.has(form)).collect();
        if let [form] = given[..] {
            return Some(form);
        }
        self.found.push(object.error(
            "choice-rule",
            match given.is_empty() {
                true => format!("{} has no condition", object.what),
                false => format!(
                    "{} has `{}`, of which only one is allowed",
                    object.what,
                    given.join("` and `")
                ),
            },
            format!(
                "The object must have only one of the following fields, [{}]",
                FORMS.join(", ")
            ),
        ));
        None
    }

    /// The comparison operators of a condition; reports whatever else is there.
    fn operators<'n>(&mut self, object: &Object<'n>, beside: &[&str]) -> Vec<(&'n Entry, Operator, bool)> {
        let mut operators = Vec::new();
        for entry in object.entries() {
            let key = entry.key.as_str();
            if let Some((operator, path)) = Operator::parse(key) {
                operators.push((entry, operator, path));
            } else if !FORMS.contains(&key) && !beside.contains(&key) && key != "Comment" {
                let error = object.key_error(
                    entry,
                    "unknown-field",
                    format!("{} cannot have a field `{key}`", object.what),
                    format!("Field '{key}' is not supported"),
                );
                let names = Operator::ALL
                    .iter()
                    .map(|(name, _)| *name)
                    .chain(beside.iter().copied());
                self.found.push(match did_you_mean(key, names) {
                    _ if RULE.contains(&key) => error.hint(format!("`{key}` belongs to the outermost rule only")),
                    Some(hint) => error.hint(hint),
                    None => error,
                });
            }
        }
        operators
    }

    fn comparison(&mut self, object: &Object<'_>, operators: &[(&Entry, Operator, bool)]) -> Option<Condition> {
        let variable = object.string("Variable", &mut self.found)?;
        let [(entry, operator, path)] = operators else {
            let given: Vec<_> = operators.iter().map(|(entry, ..)| entry.key.as_str()).collect();
            self.found.push(match given.is_empty() {
                true => object.error(
                    "choice-rule",
                    format!("{} compares `{variable}` with nothing: it has no operator", object.what),
                    "This object should have only one comparison operator",
                ),
                false => object.error(
                    "choice-rule",
                    format!(
                        "{} has `{}`, of which only one is allowed",
                        object.what,
                        given.join("` and `")
                    ),
                    format!(
                        "There should only be one of the following fields: [{}]",
                        given.join(", ")
                    ),
                ),
            });
            return None;
        };
        let operand = self.operand(object, entry, *operator, *path)?;
        Some(Condition::Compare {
            variable,
            operator: *operator,
            operand,
        })
    }

    fn operand(&mut self, object: &Object<'_>, entry: &Entry, operator: Operator, path: bool) -> Option<Operand> {
        if path {
            return object.string(&entry.key, &mut self.found).map(Operand::Path);
        }
        let value = &entry.value;
        let (fits, wanted, aws) = match operator.operand_type() {
            OperandType::String => (value.as_str().is_some(), "a string", "String"),
            OperandType::Number => (matches!(value.value, Value::Number(_)), "a number", "Number"),
            OperandType::Boolean => (matches!(value.value, Value::Bool(_)), "true or false", "Boolean"),
        };
        if !fits {
            self.found.push(object.wrong_type(&entry.key, wanted, aws, value));
            return None;
        }
        Some(Operand::Literal(value.to_json()))
    }

    fn jsonata_condition(&mut self, object: &Object<'_>) -> Option<Condition> {
        let node = object.get("Condition")?;
        match &node.value {
            Value::Bool(value) => Some(Condition::Jsonata((*value).into())),
            Value::String(text) if is_expression(text) => Some(Condition::Jsonata(text.as_str().into())),
            _ => {
                self.found.push(object.wrong_type(
                    "Condition",
                    "an expression in `{% %}`, true or false",
                    "Boolean",
                    node,
                ));
                None
            }
        }
    }

    fn conditions(&mut self, object: &Object<'_>, field: &str, depth: usize) -> Option<Vec<Condition>> {
        let items = object.list(field, &mut self.found)?;
        let conditions = items.iter().enumerate().filter_map(|(index, node)| {
            let pointer = format!("{}[{index}]", object.at(field));
            self.inner(node, object, pointer, depth)
        });
        Some(conditions.collect())
    }

    fn inner(&mut self, node: &Node, outer: &Object<'_>, pointer: String, depth: usize) -> Option<Condition> {
        let what = format!("a condition in {}", outer.what.trim_start_matches("a condition in "));
        let object = Object::read(node, None, pointer, what, &mut self.found)?;
        self.condition(&object, &[], depth + 1)
    }
}

/// What an operator compares with.
enum OperandType {
    String,
    Number,
    Boolean,
}

impl Operator {
    /// Every operator with the name it is written with.
    pub(crate) const ALL: &[(&str, Operator)] = &[
        ("StringEquals", Operator::StringEquals),
        ("StringLessThan", Operator::StringLessThan),
        ("StringGreaterThan", Operator::StringGreaterThan),
        ("StringLessThanEquals", Operator::StringLessThanEquals),
        ("StringGreaterThanEquals", Operator::StringGreaterThanEquals),
        ("StringMatches", Operator::StringMatches),
        ("NumericEquals", Operator::NumericEquals),
        ("NumericLessThan", Operator::NumericLessThan),
        ("NumericGreaterThan", Operator::NumericGreaterThan),
        ("NumericLessThanEquals", Operator::NumericLessThanEquals),
        ("NumericGreaterThanEquals", Operator::NumericGreaterThanEquals),
        ("BooleanEquals", Operator::BooleanEquals),
        ("TimestampEquals", Operator::TimestampEquals),
        ("TimestampLessThan", Operator::TimestampLessThan),
        ("TimestampGreaterThan", Operator::TimestampGreaterThan),
        ("TimestampLessThanEquals", Operator::TimestampLessThanEquals),
        ("TimestampGreaterThanEquals", Operator::TimestampGreaterThanEquals),
        ("IsNull", Operator::IsNull),
        ("IsPresent", Operator::IsPresent),
        ("IsNumeric", Operator::IsNumeric),
        ("IsString", Operator::IsString),
        ("IsBoolean", Operator::IsBoolean),
        ("IsTimestamp", Operator::IsTimestamp),
    ];

    /// An operator by the name it is written with, and whether it has the suffix `Path`.
    pub(crate) fn parse(name: &str) -> Option<(Self, bool)> {
        let find = |name: &str| {
            Self::ALL
                .iter()
                .find(|(known, _)| *known == name)
                .map(|(_, operator)| *operator)
        };
        if let Some(operator) = find(name) {
            return Some((operator, false));
        }
        let operator = find(name.strip_suffix("Path")?)?;
        operator.has_path().then_some((operator, true))
    }

    /// The name it is written with.
    pub fn name(self) -> &'static str {
        Self::ALL
            .iter()
            .find(|(_, operator)| *operator == self)
            .map_or("", |(name, _)| name)
    }

    /// Whether there is a variant with the suffix `Path`.
    fn has_path(self) -> bool {
        self != Self::StringMatches && !self.name().starts_with("Is")
    }

    fn operand_type(self) -> OperandType {
        let name = self.name();
        if name.starts_with("Numeric") {
            OperandType::Number
        } else if name.starts_with("Boolean") || name.starts_with("Is") {
            OperandType::Boolean
        } else {
            OperandType::String
        }
    }
}
