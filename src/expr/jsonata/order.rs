//! Sorting.

use std::cmp::Ordering;
use std::rc::Rc;

use super::ast::Node;
use super::error::{Fallible, fail};
use super::eval::Evaluator;
use super::function::Environment;
use super::operators::compare_texts;
use super::text;
use super::tuples::Tuple;
use super::value::{Array, Val};

/// `input^(terms)`
pub(super) fn sort(
    evaluator: &Evaluator,
    terms: &[(Node, bool)],
    input: &Val,
    environment: &Rc<Environment>,
) -> Fallible<Val> {
    let items = input.items().to_vec();
    evaluator.spend(items.len())?;
    let sorted = merge_sort(evaluator, items, &mut |left, right| {
        after(evaluator, terms, (left, environment), (right, environment))
    })?;
    Array::sequence(sorted)
}

/// The same for a stream of tuples.
pub(super) fn sort_tuples(evaluator: &Evaluator, terms: &[(Node, bool)], tuples: Vec<Tuple>) -> Fallible<Vec<Tuple>> {
    merge_sort(evaluator, tuples, &mut |left, right| {
        after(
            evaluator,
            terms,
            (&left.item, &left.environment),
            (&right.item, &right.environment),
        )
    })
}

/// Whether the left item comes after the right one.
fn after(
    evaluator: &Evaluator,
    terms: &[(Node, bool)],
    left: (&Val, &Rc<Environment>),
    right: (&Val, &Rc<Environment>),
) -> Fallible<bool> {
    for (term, descending) in terms {
        let left = evaluator.evaluate(term, left.0, left.1)?;
        let right = evaluator.evaluate(term, right.0, right.1)?;
        let order = match (&left, &right) {
            (Val::Undefined, Val::Undefined) => continue,
            (Val::Undefined, Val::Number(_) | Val::Text(_)) => return Ok(true),
            (Val::Number(_) | Val::Text(_), Val::Undefined) => return Ok(false),
            (Val::Number(left), Val::Number(right)) => left.partial_cmp(right).unwrap_or(Ordering::Equal),
            (Val::Text(left), Val::Text(right)) => compare_texts(left, right),
            (Val::Number(_), Val::Text(_)) | (Val::Text(_), Val::Number(_)) => {
                return fail(
                    "T2007",
                    format!(
                        "Type mismatch when comparing values {} and {} in order-by clause",
                        text::scalar(&left),
                        text::scalar(&right)
                    ),
                );
            }
            _ => {
                return fail(
                    "T2008",
                    "The expressions within an order-by clause must evaluate to numeric or string values",
                );
            }
        };
        match order {
            Ordering::Equal => {}
            order => return Ok((order == Ordering::Greater) != *descending),
        }
    }
    Ok(false)
}

/// A stable sort with an order that may fail or make no sense.
pub(super) fn merge_sort<T>(
    evaluator: &Evaluator,
    mut items: Vec<T>,
    after: &mut dyn FnMut(&T, &T) -> Fallible<bool>,
) -> Fallible<Vec<T>> {
    if items.len() < 2 {
        return Ok(items);
    }
    evaluator.spend(items.len())?;
    // In halves, so that elements are compared in the same order as in the reference implementation.
    let right = items.split_off(items.len() / 2);
    let left = merge_sort(evaluator, items, after)?;
    let right = merge_sort(evaluator, right, after)?;
    let mut merged = Vec::with_capacity(left.len() + right.len());
    let (mut left, mut right) = (left.into_iter().peekable(), right.into_iter().peekable());
    while let (Some(first), Some(second)) = (left.peek(), right.peek()) {
        let from_right = after(first, second)?;
        merged.extend(if from_right { right.next() } else { left.next() });
    }
    merged.extend(left);
    merged.extend(right);
    Ok(merged)
}
