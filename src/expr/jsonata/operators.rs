//! The binary operators.

use std::cmp::Ordering;
use std::rc::Rc;

use super::ast::Node;
use super::error::{Fallible, exhausted, fail};
use super::eval::Evaluator;
use super::function::Environment;
use super::text;
use super::value::{Array, Val, finite};

/// The most elements a range may have.
const MAX_RANGE: f64 = 1e7;

pub(super) fn binary(
    evaluator: &Evaluator,
    sign: &str,
    left: &Node,
    right: &Node,
    input: &Val,
    environment: &Rc<Environment>,
) -> Fallible<Val> {
    let left = evaluator.evaluate(left, input, environment)?;
    if matches!(sign, "and" | "or") {
        let decided = text::truthy(evaluator, &left)?;
        if decided == (sign == "or") {
            return Ok(Val::Bool(decided));
        }
        let right = evaluator.evaluate(right, input, environment)?;
        return text::truthy(evaluator, &right).map(Val::Bool);
    }
    let right = evaluator.evaluate(right, input, environment)?;
    match sign {
        "+" | "-" | "*" | "/" | "%" => arithmetic(sign, &left, &right),
        "=" | "!=" => match left.is_undefined() || right.is_undefined() {
            true => Ok(Val::Bool(false)),
            false => Ok(Val::Bool(equal(evaluator, &left, &right)? == (sign == "="))),
        },
        "<" | "<=" | ">" | ">=" => comparison(sign, &left, &right),
        "&" => concat(evaluator, &left, &right),
        ".." => range(evaluator, &left, &right),
        "in" => contains(evaluator, &left, &right),
        _ => fail("S0204", format!("Unknown operator: \"{sign}\"")),
    }
}

fn arithmetic(sign: &str, left: &Val, right: &Val) -> Fallible<Val> {
    let operand = |value: &Val, code: &str, side: &str| match value {
        Val::Undefined => Ok(None),
        Val::Number(number) => finite(*number).map(Some),
        _ => fail(
            code,
            format!("The {side} side of the \"{sign}\" operator must evaluate to a number"),
        ),
    };
    let (left, right) = (operand(left, "T2001", "left")?, operand(right, "T2002", "right")?);
    let (Some(left), Some(right)) = (left, right) else {
        return Ok(Val::Undefined);
    };
    Ok(Val::Number(match sign {
        "+" => left + right,
        "-" => left - right,
        "*" => left * right,
        "/" => left / right,
        _ => left % right,
    }))
}

/// Deep equality.
pub(super) fn equal(evaluator: &Evaluator, left: &Val, right: &Val) -> Fallible<bool> {
    evaluator.spend(1)?;
    Ok(match (left, right) {
        (Val::Undefined, Val::Undefined) | (Val::Null, Val::Null) => true,
        (Val::Bool(left), Val::Bool(right)) => left == right,
        #[allow(clippy::float_cmp, reason = "equality of JSONata is exact")]
        (Val::Number(left), Val::Number(right)) => left == right,
        (Val::Text(left), Val::Text(right)) => {
            evaluator.spend(left.len().min(right.len()) / 64)?;
            left == right
        }
        (Val::Array(left), Val::Array(right)) => {
            if left.items.len() != right.items.len() {
                return Ok(false);
            }
            for (left, right) in left.items.iter().zip(&right.items) {
                if !equal(evaluator, left, right)? {
                    return Ok(false);
                }
            }
            true
        }
        (Val::Object(left), Val::Object(right)) => {
            if left.members.len() != right.members.len() {
                return Ok(false);
            }
            for (name, left) in &left.members {
                match right.members.get(name) {
                    Some(right) if equal(evaluator, left, right)? => {}
                    _ => return Ok(false),
                }
            }
            true
        }
        (Val::Function(left), Val::Function(right)) => Rc::ptr_eq(left, right),
        _ => false,
    })
}

fn comparison(sign: &str, left: &Val, right: &Val) -> Fallible<Val> {
    let comparable = |value: &Val| matches!(value, Val::Undefined | Val::Number(_) | Val::Text(_));
    if !comparable(left) || !comparable(right) {
        return fail(
            "T2010",
            format!("The expressions either side of operator \"{sign}\" must evaluate to numeric or string values"),
        );
    }
    let order = match (left, right) {
        (Val::Undefined, _) | (_, Val::Undefined) => return Ok(Val::Undefined),
        (Val::Number(left), Val::Number(right)) => left.partial_cmp(right),
        (Val::Text(left), Val::Text(right)) => Some(compare_texts(left, right)),
        (left, right) => {
            return fail(
                "T2009",
                format!(
                    "The values {} and {} either side of operator \"{sign}\" must be of the same data type",
                    text::scalar(left),
                    text::scalar(right)
                ),
            );
        }
    };
    Ok(Val::Bool(match sign {
        "<" => order == Some(Ordering::Less),
        "<=" => order.is_some_and(Ordering::is_le),
        ">" => order == Some(Ordering::Greater),
        _ => order.is_some_and(Ordering::is_ge),
    }))
}

/// By UTF-16 units, as JavaScript compares.
pub(super) fn compare_texts(left: &str, right: &str) -> Ordering {
    left.encode_utf16().cmp(right.encode_utf16())
}

fn concat(evaluator: &Evaluator, left: &Val, right: &Val) -> Fallible<Val> {
    let left = text::string(evaluator, left)?;
    let right = text::string(evaluator, right)?;
    evaluator.spend((left.len() + right.len()) / 16)?;
    Ok(Val::text(left + &right))
}

fn range(evaluator: &Evaluator, left: &Val, right: &Val) -> Fallible<Val> {
    let bound = |value: &Val, code: &str, side: &str| match value {
        Val::Undefined => Ok(None),
        Val::Number(number) if number.fract() == 0.0 => Ok(Some(*number)),
        _ => fail(
            code,
            format!("The {side} side of the range operator (..) must evaluate to an integer"),
        ),
    };
    let (from, to) = (bound(left, "T2003", "left")?, bound(right, "T2004", "right")?);
    let (Some(from), Some(to)) = (from, to) else {
        return Ok(Val::Undefined);
    };
    let size = to - from + 1.0;
    if size > MAX_RANGE {
        return fail(
            "D2014",
            format!(
                "The size of the sequence allocated by the range operator (..) must not exceed 1e7.  Attempted to allocate {}.",
                text::number(size)
            ),
        );
    }
    if size < 1.0 {
        return Ok(Val::Undefined);
    }
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "between 1 and 1e7"
    )]
    let size = size as usize;
    evaluator.spend(size.checked_mul(2).ok_or_else(exhausted)?)?;
    let mut items = Vec::with_capacity(size);
    let mut at = from;
    for _ in 0..size {
        items.push(Val::Number(at));
        at += 1.0;
    }
    Array::sequence(items)
}

fn contains(evaluator: &Evaluator, left: &Val, right: &Val) -> Fallible<Val> {
    if left.is_undefined() || right.is_undefined() {
        return Ok(Val::Bool(false));
    }
    for item in right.items() {
        // Arrays and objects are only found if they are the very same.
        let found = match (item, left) {
            (Val::Array(item), Val::Array(left)) => Rc::ptr_eq(item, left),
            (Val::Object(item), Val::Object(left)) => Rc::ptr_eq(item, left),
            (item, left) => equal(evaluator, item, left)?,
        };
        if found {
            return Ok(Val::Bool(true));
        }
    }
    Ok(Val::Bool(false))
}
