//! Functions that take functions.

use std::rc::Rc;

use indexmap::IndexMap;

use super::super::error::{Fallible, fail};
use super::super::eval::Evaluator;
use super::super::function::Function;
use super::super::text;
use super::super::value::{Array, Val};
use super::{Row, argument};

pub(super) const ROWS: &[Row] = &[
    ("map", "<af>", map),
    ("filter", "<af>", filter),
    ("single", "<af?>", single),
    ("reduce", "<afj?:j>", reduce),
    ("sift", "<o-f?:o>", sift),
    ("each", "<o-f:a>", each),
];

fn function(arguments: &[Val], index: usize) -> Option<&Rc<Function>> {
    match argument(arguments, index) {
        Val::Function(function) => Some(function),
        _ => None,
    }
}

fn call(evaluator: &Evaluator, function: &Rc<Function>, item: &Val, at: usize, list: &Val) -> Fallible<Val> {
    evaluator.apply_some(function, vec![item.clone(), Val::count(at), list.clone()])
}

fn map(evaluator: &Evaluator, arguments: &[Val]) -> Fallible<Val> {
    let list = argument(arguments, 0);
    let (false, Some(function)) = (list.is_undefined(), function(arguments, 1)) else {
        return Ok(Val::Undefined);
    };
    let mut results = Vec::new();
    for (at, item) in list.items().iter().enumerate() {
        let result = call(evaluator, function, item, at, list)?;
        if !result.is_undefined() {
            results.push(result);
        }
    }
    Array::sequence(results)
}

fn filter(evaluator: &Evaluator, arguments: &[Val]) -> Fallible<Val> {
    let list = argument(arguments, 0);
    let (false, Some(function)) = (list.is_undefined(), function(arguments, 1)) else {
        return Ok(Val::Undefined);
    };
    let mut results = Vec::new();
    for (at, item) in list.items().iter().enumerate() {
        let verdict = call(evaluator, function, item, at, list)?;
        if text::truthy(evaluator, &verdict)? {
            results.push(item.clone());
        }
    }
    Array::sequence(results)
}

fn single(evaluator: &Evaluator, arguments: &[Val]) -> Fallible<Val> {
    let list = argument(arguments, 0);
    if list.is_undefined() {
        return Ok(Val::Undefined);
    }
    let mut found = None;
    for (at, item) in list.items().iter().enumerate() {
        let passes = match function(arguments, 1) {
            Some(function) => text::truthy(evaluator, &call(evaluator, function, item, at, list)?)?,
            None => true,
        };
        if passes && found.replace(item).is_some() {
            return fail(
                "D3138",
                "The $single() function expected exactly 1 matching result.  Instead it matched more.",
            );
        }
    }
    match found {
        Some(item) => Ok(item.clone()),
        None => fail(
            "D3139",
            "The $single() function expected exactly 1 matching result.  Instead it matched 0.",
        ),
    }
}

fn reduce(evaluator: &Evaluator, arguments: &[Val]) -> Fallible<Val> {
    let list = argument(arguments, 0);
    let (false, Some(function)) = (list.is_undefined(), function(arguments, 1)) else {
        return Ok(Val::Undefined);
    };
    if function.arity() < 2 {
        return fail(
            "D3050",
            "The second argument of reduce function must be a function with at least two arguments",
        );
    }
    let mut items = list.items().iter().enumerate();
    let mut result = match argument(arguments, 2) {
        Val::Undefined => items.next().map_or(Val::Undefined, |(_, item)| item.clone()),
        start => start.clone(),
    };
    for (at, item) in items {
        result = evaluator.apply_some(function, vec![result, item.clone(), Val::count(at), list.clone()])?;
    }
    Ok(result)
}

fn sift(evaluator: &Evaluator, arguments: &[Val]) -> Fallible<Val> {
    let (Val::Object(object), Some(function)) = (argument(arguments, 0), function(arguments, 1)) else {
        return Ok(Val::Undefined);
    };
    let mut kept = IndexMap::new();
    for (name, value) in &object.members {
        let given = vec![value.clone(), Val::Text(name.clone()), argument(arguments, 0).clone()];
        let verdict = evaluator.apply_some(function, given)?;
        if text::truthy(evaluator, &verdict)? {
            kept.insert(name.clone(), value.clone());
        }
    }
    match kept.is_empty() {
        true => Ok(Val::Undefined),
        false => evaluator.object(kept),
    }
}

fn each(evaluator: &Evaluator, arguments: &[Val]) -> Fallible<Val> {
    let (Val::Object(object), Some(function)) = (argument(arguments, 0), function(arguments, 1)) else {
        return Ok(Val::Undefined);
    };
    let mut results = Vec::new();
    for (name, value) in &object.members {
        let given = vec![value.clone(), Val::Text(name.clone()), argument(arguments, 0).clone()];
        let result = evaluator.apply_some(function, given)?;
        if !result.is_undefined() {
            results.push(result);
        }
    }
    Array::sequence(results)
}
