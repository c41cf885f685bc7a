//! Filters `[?( … )]`: which elements of an array pass. Comparison follows Jayway: numbers and texts are compared with each
//! other by their text, what is missing equals nothing.

use std::borrow::Cow;
use std::cmp::Ordering;

use serde_json::Value;

use super::budget::Budget;
use super::path::{Path, Root};
use super::path_eval::{self, compare_numbers};

/// A condition on the current element `@`.
#[derive(Clone, Debug, PartialEq)]
pub enum Filter {
    /// One holds.
    Any(Vec<Filter>),
    /// All hold.
    All(Vec<Filter>),
    /// It does not hold.
    Not(Box<Filter>),
    /// The path finds something, be it `null`.
    Exists(Path),
    /// A comparison.
    Compare(Operand, Comparison, Operand),
    /// `=~`: the whole text matches.
    Match(Operand, Pattern),
}

/// A regular expression.
#[derive(Clone, Debug)]
pub struct Pattern(pub(super) regex::Regex);

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_str() == other.0.as_str()
    }
}

/// One side of a comparison.
#[derive(Clone, Debug, PartialEq)]
pub enum Operand {
    /// `@…` or `$…`; the root of the former is the variable `@`.
    Path(Path),
    /// A literal.
    Literal(Value),
}

/// The comparison operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    /// `===`: also of the same type.
    Same,
    /// `!==`
    NotSame,
    In,
    NotIn,
    Contains,
    All,
    Size,
    Empty,
    SubsetOf,
    AnyOf,
    NoneOf,
}

impl Filter {
    /// Whether an element passes. What it says is of no account once the budget is used up.
    pub(super) fn accepts(&self, root: &Value, current: &Value, budget: &Budget) -> bool {
        if !budget.spend(1) {
            return false;
        }
        match self {
            Self::Any(parts) => parts.iter().any(|part| part.accepts(root, current, budget)),
            Self::All(parts) => parts.iter().all(|part| part.accepts(root, current, budget)),
            Self::Not(inner) => !inner.accepts(root, current, budget),
            Self::Exists(path) => find(path, root, current, budget).is_some(),
            Self::Compare(left, comparison, right) => {
                let left = left.value(root, current, budget);
                let right = right.value(root, current, budget);
                // A comparison looks at all of both.
                let mut sides = [&left, &right].into_iter().flatten();
                sides.all(|side| budget.look_at(side)) && comparison.holds(left.as_deref(), right.as_deref())
            }
            Self::Match(operand, Pattern(regex)) => match operand.value(root, current, budget).as_deref() {
                Some(Value::String(text)) => regex.is_match(text),
                Some(value @ (Value::Number(_) | Value::Bool(_))) => regex.is_match(&value.to_string()),
                _ => false,
            },
        }
    }
}

impl Operand {
    fn value<'v>(&'v self, root: &'v Value, current: &'v Value, budget: &Budget) -> Option<Cow<'v, Value>> {
        match self {
            Self::Literal(value) => Some(Cow::Borrowed(value)),
            Self::Path(path) => find(path, root, current, budget),
        }
    }
}

fn find<'v>(path: &Path, root: &'v Value, current: &'v Value, budget: &Budget) -> Option<Cow<'v, Value>> {
    let start = if path.root == Root::Data { root } else { current };
    let found = path_eval::evaluate_segments(path, start, root, budget).ok()?;
    match found.as_array() {
        Some(items) if !path.is_definite() && items.is_empty() => None,
        _ => Some(found),
    }
}

impl Comparison {
    fn holds(self, left: Option<&Value>, right: Option<&Value>) -> bool {
        match self {
            Self::Equal => equal(left, right),
            Self::NotEqual => !equal(left, right),
            Self::Less => order(left, right) == Some(Ordering::Less),
            Self::LessOrEqual => order(left, right).is_some_and(Ordering::is_le),
            Self::Greater => order(left, right) == Some(Ordering::Greater),
            Self::GreaterOrEqual => order(left, right).is_some_and(Ordering::is_ge),
            Self::In => contains(right, left),
            Self::NotIn => !contains(right, left),
            Self::Same => same_type(left, right) && equal(left, right),
            Self::NotSame => !(same_type(left, right) && equal(left, right)),
            Self::Contains => match (left, right) {
                (Some(Value::String(left)), Some(Value::String(right))) => left.contains(right.as_str()),
                (left, right) => contains(left, right),
            },
            Self::All => lists(left, right).is_some_and(|(left, right)| right.iter().all(|item| has(left, item))),
            Self::SubsetOf => lists(left, right).is_some_and(|(left, right)| left.iter().all(|item| has(right, item))),
            Self::AnyOf => lists(left, right).is_some_and(|(left, right)| left.iter().any(|item| has(right, item))),
            Self::NoneOf => lists(left, right).is_some_and(|(left, right)| !left.iter().any(|item| has(right, item))),
            Self::Size => match (left, right.and_then(Value::as_u64)) {
                (Some(Value::String(text)), Some(size)) => text.encode_utf16().count() as u64 == size,
                (Some(Value::Array(items)), Some(size)) => items.len() as u64 == size,
                _ => false,
            },
            Self::Empty => match (left, right) {
                (Some(Value::String(text)), Some(Value::Bool(empty))) => text.is_empty() == *empty,
                (Some(Value::Array(items)), Some(Value::Bool(empty))) => items.is_empty() == *empty,
                (Some(Value::Object(members)), Some(Value::Bool(empty))) => members.is_empty() == *empty,
                _ => false,
            },
        }
    }
}

fn lists<'v>(left: Option<&'v Value>, right: Option<&'v Value>) -> Option<(&'v [Value], &'v [Value])> {
    Some((left?.as_array()?, right?.as_array()?))
}

fn has(list: &[Value], item: &Value) -> bool {
    list.iter().any(|candidate| equal(Some(candidate), Some(item)))
}

fn same_type(left: Option<&Value>, right: Option<&Value>) -> bool {
    match (left, right) {
        (Some(left), Some(right)) => std::mem::discriminant(left) == std::mem::discriminant(right),
        _ => false,
    }
}

fn contains(list: Option<&Value>, item: Option<&Value>) -> bool {
    list.and_then(Value::as_array)
        .is_some_and(|list| list.iter().any(|candidate| equal(Some(candidate), item)))
}

fn equal(left: Option<&Value>, right: Option<&Value>) -> bool {
    match (left, right) {
        (Some(Value::Number(left)), Some(Value::Number(right))) => compare_numbers(left, right) == Ordering::Equal,
        // The type on the left decides how a number and a text are compared.
        (Some(Value::Number(left)), Some(Value::String(right))) => right
            .trim()
            .parse::<serde_json::Number>()
            .is_ok_and(|right| compare_numbers(left, &right) == Ordering::Equal),
        (Some(Value::String(left)), Some(Value::Number(right))) => right.to_string() == *left,
        (Some(left), Some(right)) => left == right,
        _ => false,
    }
}

fn order(left: Option<&Value>, right: Option<&Value>) -> Option<Ordering> {
    match (left?, right?) {
        (Value::Number(left), Value::Number(right)) => Some(compare_numbers(left, right)),
        (Value::String(left), Value::String(right)) => Some(left.cmp(right)),
        _ => None,
    }
}
