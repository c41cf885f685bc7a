//! Values while an expression is evaluated. They are shared and never changed; how deep they nest is limited when they are
//! made, so that nothing that walks or drops them can overflow the stack.

use std::rc::Rc;

use indexmap::IndexMap;
use serde_json::{Map, Number, Value};

use super::error::{Fallible, fail, too_deep};
use super::function::Function;

/// How deep values may nest. What a state can hand on nests no deeper than 127.
const MAX_NESTING: u32 = 500;

/// A value.
#[derive(Clone, Debug)]
pub(super) enum Val {
    Undefined,
    Null,
    Bool(bool),
    Number(f64),
    Text(Rc<str>),
    Array(Rc<Array>),
    Object(Rc<Object>),
    Function(Rc<Function>),
}

/// An array, or a sequence: the results of a path, which is the same as its one element or, if empty, undefined.
#[derive(Debug)]
pub(super) struct Array {
    pub(super) items: Vec<Val>,
    pub(super) sequence: bool,
    /// A sequence that stays one even with one element.
    pub(super) keep: bool,
    /// Made by a constructor in a path: not taken apart.
    pub(super) cons: bool,
    /// The array around an input that is an array itself.
    pub(super) wrapper: bool,
    nesting: Nesting,
}

#[derive(Debug)]
pub(super) struct Object {
    pub(super) members: IndexMap<Rc<str>, Val>,
    nesting: Nesting,
}

/// What is known of a value without walking it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Nesting {
    pub(super) depth: u32,
    /// Whether there is a function inside, which may close a cycle.
    pub(super) functions: bool,
}

impl Nesting {
    pub(super) fn around<'a>(items: impl Iterator<Item = &'a Val>) -> Fallible<Self> {
        let mut nesting = Self::default();
        for item in items {
            let inner = item.nesting();
            nesting.depth = nesting.depth.max(inner.depth);
            nesting.functions |= inner.functions;
        }
        nesting.depth += 1;
        match nesting.depth > MAX_NESTING {
            true => Err(too_deep()),
            false => Ok(nesting),
        }
    }
}

impl Array {
    pub(super) fn plain(items: Vec<Val>) -> Fallible<Val> {
        Self::make(items, false, false, false)
    }

    pub(super) fn sequence(items: Vec<Val>) -> Fallible<Val> {
        Self::make(items, true, false, false)
    }

    pub(super) fn constructed(items: Vec<Val>) -> Fallible<Val> {
        Self::make(items, false, false, true)
    }

    pub(super) fn make(items: Vec<Val>, sequence: bool, keep: bool, cons: bool) -> Fallible<Val> {
        Ok(Val::Array(Rc::new(Self {
            nesting: Nesting::around(items.iter())?,
            items,
            sequence,
            keep,
            cons,
            wrapper: false,
        })))
    }

    pub(super) fn wrapper(item: Val) -> Fallible<Val> {
        let items = vec![item];
        Ok(Val::Array(Rc::new(Self {
            nesting: Nesting::around(items.iter())?,
            items,
            sequence: true,
            keep: false,
            cons: false,
            wrapper: true,
        })))
    }
}

impl Object {
    pub(super) fn make(members: IndexMap<Rc<str>, Val>) -> Fallible<Val> {
        Ok(Val::Object(Rc::new(Self {
            nesting: Nesting::around(members.values())?,
            members,
        })))
    }
}

impl Val {
    pub(super) fn text(text: impl Into<Rc<str>>) -> Self {
        Self::Text(text.into())
    }

    #[allow(clippy::cast_precision_loss, reason = "lengths are far below 2^53")]
    pub(super) fn count(count: usize) -> Self {
        Self::Number(count as f64)
    }

    pub(super) fn is_undefined(&self) -> bool {
        matches!(self, Self::Undefined)
    }

    pub(super) fn nesting(&self) -> Nesting {
        match self {
            Self::Array(array) => array.nesting,
            Self::Object(object) => object.nesting,
            Self::Function(function) => function.nesting(),
            _ => Nesting::default(),
        }
    }

    /// The elements of an array, anything else as the only element, undefined as none.
    pub(super) fn items(&self) -> &[Self] {
        match self {
            Self::Array(array) => &array.items,
            Self::Undefined => &[],
            other => std::slice::from_ref(other),
        }
    }

    /// A whole value from JSON; it nests no deeper than its reader allows.
    pub(super) fn from_json(json: &Value) -> Fallible<Self> {
        Ok(match json {
            Value::Null => Self::Null,
            Value::Bool(value) => Self::Bool(*value),
            Value::Number(number) => Self::Number(number.as_f64().unwrap_or(f64::NAN)),
            Value::String(text) => Self::text(text.as_str()),
            Value::Array(items) => Array::plain(items.iter().map(Self::from_json).collect::<Fallible<_>>()?)?,
            Value::Object(members) => Object::make(
                members
                    .iter()
                    .map(|(name, value)| Ok((Rc::from(name.as_str()), Self::from_json(value)?)))
                    .collect::<Fallible<_>>()?,
            )?,
        })
    }

    /// The value as JSON, none if it is undefined. There is no JSON for a function, and no text stands for it. `spend` pays for
    /// each value, since shared values are written again each time.
    pub(super) fn to_json(&self, spend: &dyn Fn(usize) -> Fallible<()>) -> Fallible<Option<Value>> {
        spend(1)?;
        Ok(Some(match self {
            Self::Undefined => return Ok(None),
            Self::Null => Value::Null,
            Self::Bool(value) => Value::Bool(*value),
            Self::Number(number) => Value::Number(json_number(*number)?),
            Self::Text(text) => {
                spend(text.len() / 16)?;
                Value::String(text.to_string())
            }
            Self::Array(array) => Value::Array(
                array
                    .items
                    .iter()
                    .map(|item| Ok(item.to_json(spend)?.unwrap_or(Value::Null)))
                    .collect::<Fallible<_>>()?,
            ),
            Self::Object(object) => {
                let mut members = Map::with_capacity(object.members.len());
                for (name, value) in &object.members {
                    if let Some(value) = value.to_json(spend)? {
                        members.insert(name.to_string(), value);
                    }
                }
                Value::Object(members)
            }
            Self::Function(_) => return fail("D1014", "A function cannot be a result: it has no form in JSON"),
        }))
    }
}

/// The first whole number that is too large for 64 bits with a sign.
const TWO_TO_63: f64 = 9_223_372_036_854_775_808.0;

/// Whole numbers are written without a decimal point.
pub(super) fn json_number(number: f64) -> Fallible<Number> {
    // Larger ones are written with an exponent, which needs no point either.
    #[allow(clippy::cast_possible_truncation, reason = "checked to be whole and in range")]
    if number.fract() == 0.0 && number.abs() < TWO_TO_63 {
        return Ok(Number::from(number as i64));
    }
    finite(number)?;
    Ok(Number::from_f64(number).unwrap_or_else(|| Number::from(0)))
}

/// Checks that arithmetic has not left the range of numbers.
pub(super) fn finite(number: f64) -> Fallible<f64> {
    match number.is_finite() {
        true => Ok(number),
        false => fail("D1001", format!("Number out of range: {}", super::text::number(number))),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_have_no_point() {
        for (number, text) in [
            (1.0, "1"),
            (-0.5, "-0.5"),
            (9_007_199_254_740_991.0, "9007199254740991"),
            (9_007_199_254_740_993.0, "9007199254740992"),
            (-9_007_199_254_740_994.0, "-9007199254740994"),
            (1e18, "1000000000000000000"),
            (TWO_TO_63, "9.223372036854776e+18"),
            (-TWO_TO_63, "-9.223372036854776e+18"),
            (1e300, "1e+300"),
        ] {
            assert_eq!(json_number(number).unwrap().to_string(), text);
        }
    }
}
