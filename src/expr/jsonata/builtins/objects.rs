//! Functions of objects, and of values of any kind.

use std::rc::Rc;

use indexmap::{IndexMap, IndexSet};

use super::super::error::{Fallible, fail};
use super::super::eval::Evaluator;
use super::super::path;
use super::super::text;
use super::super::value::{Array, Val};
use super::{Row, argument, text_at};

pub(super) const ROWS: &[Row] = &[
    ("keys", "<x-:a<s>>", keys),
    ("lookup", "<x-s:x>", |e, a| match text_at(a, 1) {
        Some(name) => path::lookup(e, argument(a, 0), name),
        None => Ok(Val::Undefined),
    }),
    ("spread", "<x-:a<o>>", spread),
    ("merge", "<a<o>:o>", merge),
    ("type", "<x:s>", |_, a| Ok(type_of(argument(a, 0)))),
    ("error", "<s?:x>", |_, a| {
        fail(
            "D3137",
            text_at(a, 0).map_or("$error() function evaluated", |message| message),
        )
    }),
    ("assert", "<bs?:x>", |e, a| match text::truthy(e, argument(a, 0))? {
        true => Ok(Val::Undefined),
        false => fail(
            "D3141",
            text_at(a, 1).map_or("$assert() statement failed", |message| message),
        ),
    }),
    ("clone", "<(oa)-:o>", |_, a| Ok(argument(a, 0).clone())),
];

fn type_of(value: &Val) -> Val {
    Val::text(match value {
        Val::Undefined => return Val::Undefined,
        Val::Null => "null",
        Val::Bool(_) => "boolean",
        Val::Number(_) => "number",
        Val::Text(_) => "string",
        Val::Array(_) => "array",
        Val::Object(_) => "object",
        Val::Function(_) => "function",
    })
}

fn keys(evaluator: &Evaluator, arguments: &[Val]) -> Fallible<Val> {
    fn collect(evaluator: &Evaluator, value: &Val, names: &mut IndexSet<Rc<str>>) -> Fallible<()> {
        match value {
            Val::Object(object) => {
                evaluator.spend(object.members.len())?;
                names.extend(object.members.keys().cloned());
            }
            Val::Array(array) => {
                for item in &array.items {
                    evaluator.spend(1)?;
                    collect(evaluator, item, names)?;
                }
            }
            _ => {}
        }
        Ok(())
    }
    let mut names = IndexSet::new();
    collect(evaluator, argument(arguments, 0), &mut names)?;
    Array::sequence(names.into_iter().map(Val::Text).collect())
}

fn spread(evaluator: &Evaluator, arguments: &[Val]) -> Fallible<Val> {
    fn collect(evaluator: &Evaluator, value: &Val, parts: &mut Vec<Val>) -> Fallible<()> {
        evaluator.spend(1)?;
        match value {
            Val::Object(object) => {
                for (name, value) in &object.members {
                    parts.push(evaluator.object(IndexMap::from([(name.clone(), value.clone())]))?);
                }
            }
            Val::Array(array) => {
                for item in &array.items {
                    collect(evaluator, item, parts)?;
                }
            }
            other => parts.push(other.clone()),
        }
        Ok(())
    }
    match argument(arguments, 0) {
        value @ (Val::Object(_) | Val::Array(_)) => {
            let mut parts = Vec::new();
            collect(evaluator, value, &mut parts)?;
            Array::sequence(parts)
        }
        other => Ok(other.clone()),
    }
}

fn merge(evaluator: &Evaluator, arguments: &[Val]) -> Fallible<Val> {
    if argument(arguments, 0).is_undefined() {
        return Ok(Val::Undefined);
    }
    let mut merged = IndexMap::new();
    for item in argument(arguments, 0).items() {
        if let Val::Object(object) = item {
            evaluator.spend(1 + object.members.len())?;
            merged.extend(object.members.iter().map(|(name, value)| (name.clone(), value.clone())));
        }
    }
    evaluator.object(merged)
}
