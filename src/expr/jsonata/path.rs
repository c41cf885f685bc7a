//! Paths: steps, filters, groups and order.

use std::rc::Rc;

use indexmap::IndexMap;

use super::ast::{Kind, Node, Stage};
use super::error::{Fallible, fail};
use super::eval::Evaluator;
use super::function::Environment;
use super::value::{Array, Val, finite};
use super::{order, text, tuples};

/// Evaluates a path.
pub(super) fn evaluate(
    evaluator: &Evaluator,
    node: &Node,
    input: &Val,
    environment: &Rc<Environment>,
) -> Fallible<Val> {
    let Kind::Path { steps, keep_singleton } = &node.kind else {
        return Ok(Val::Undefined);
    };
    if steps
        .iter()
        .any(|step| step.focus.is_some() || step.index.is_some() || has_index(step))
        || node.seeks_parent
    {
        return tuples::evaluate(evaluator, node, input, environment);
    }
    let absolute = matches!(steps.first().map(|step| &step.kind), Some(Kind::Variable(_)));
    let mut value = match input {
        Val::Array(_) if !absolute => input.clone(),
        other => Array::sequence(vec![other.clone()])?,
    };
    for (at, step) in steps.iter().enumerate() {
        value = if at == 0 && step.cons_array {
            let made = evaluator.evaluate(step, &value, environment)?;
            staged(evaluator, step, made, environment)?
        } else {
            self::step(evaluator, step, &value, environment, at + 1 == steps.len())?
        };
        if matches!(&value, Val::Undefined) || matches!(&value, Val::Array(array) if array.items.is_empty()) {
            break;
        }
    }
    if *keep_singleton && let Val::Array(array) = &value {
        evaluator.spend(array.items.len())?;
        value = match array.cons && !array.sequence {
            true => Array::make(vec![value], true, true, false)?,
            false => Array::make(array.items.clone(), array.sequence, true, array.cons)?,
        };
    }
    match &node.group {
        Some(pairs) => group(evaluator, pairs, &value, environment),
        None => Ok(value),
    }
}

fn has_index(step: &Node) -> bool {
    step.stages.iter().any(|stage| matches!(stage, Stage::Index(_)))
}

fn staged(evaluator: &Evaluator, step: &Node, mut value: Val, environment: &Rc<Environment>) -> Fallible<Val> {
    for stage in &step.stages {
        if let Stage::Filter(predicate) = stage {
            value = filter(evaluator, predicate, &value, environment)?;
        }
    }
    Ok(value)
}

fn step(evaluator: &Evaluator, step: &Node, input: &Val, environment: &Rc<Environment>, last: bool) -> Fallible<Val> {
    if let Kind::Sort(terms) = &step.kind {
        let sorted = order::sort(evaluator, terms, input, environment)?;
        return staged(evaluator, step, sorted, environment);
    }
    let mut results = Vec::new();
    for item in input.items() {
        let result = evaluator.evaluate(step, item, environment)?;
        let result = staged(evaluator, step, result, environment)?;
        if !result.is_undefined() {
            results.push(result);
        }
    }
    if let (true, [Val::Array(only)]) = (last, results.as_slice())
        && !only.sequence
    {
        return Ok(Val::Array(only.clone()));
    }
    let mut flat = Vec::new();
    for result in results {
        match &result {
            Val::Array(array) if !array.cons => {
                evaluator.spend(array.items.len())?;
                flat.extend(array.items.iter().cloned());
            }
            _ => flat.push(result),
        }
    }
    Array::sequence(flat)
}

/// `input[predicate]`
pub(super) fn filter(
    evaluator: &Evaluator,
    predicate: &Node,
    input: &Val,
    environment: &Rc<Environment>,
) -> Fallible<Val> {
    let items = input.items();
    if let Kind::Number(index) = predicate.kind {
        return match position(index, items.len()).and_then(|index| items.get(index)) {
            Some(item @ Val::Array(_)) => Ok(item.clone()),
            Some(item) => Array::sequence(vec![item.clone()]),
            None => Array::sequence(Vec::new()),
        };
    }
    let mut results = Vec::new();
    for (at, item) in items.iter().enumerate() {
        let verdict = evaluator.evaluate(predicate, item, environment)?;
        for _ in 0..times(evaluator, &verdict, at, items.len())? {
            results.push(item.clone());
        }
    }
    Array::sequence(results)
}

/// How often an element passes: once if the predicate is true, once for each number that is its position.
pub(super) fn times(evaluator: &Evaluator, verdict: &Val, at: usize, length: usize) -> Fallible<usize> {
    let numbers: Option<Vec<f64>> = match verdict {
        Val::Number(number) => Some(vec![finite(*number)?]),
        Val::Array(array) => array
            .items
            .iter()
            .map(|item| match item {
                Val::Number(number) => Some(*number),
                _ => None,
            })
            .collect(),
        _ => None,
    };
    match numbers {
        Some(numbers) => {
            evaluator.spend(numbers.len())?;
            Ok(numbers
                .iter()
                .filter(|number| position(**number, length) == Some(at))
                .count())
        }
        None => text::truthy(evaluator, verdict).map(usize::from),
    }
}

/// The position that a number means; negative counts from the end.
pub(super) fn position(number: f64, length: usize) -> Option<usize> {
    let floor = number.floor();
    #[allow(clippy::cast_precision_loss, reason = "lengths are far below 2^53")]
    let index = if floor < 0.0 { floor + length as f64 } else { floor };
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "checked to be in range"
    )]
    (0.0..1e9).contains(&index).then_some(index as usize)
}

/// The member `name` of an object, or of each object in an array.
pub(super) fn lookup(evaluator: &Evaluator, input: &Val, name: &str) -> Fallible<Val> {
    match input {
        Val::Object(object) => Ok(object.members.get(name).cloned().unwrap_or(Val::Undefined)),
        Val::Array(array) => {
            let mut found = Vec::new();
            for item in &array.items {
                evaluator.spend(1)?;
                match lookup(evaluator, item, name)? {
                    Val::Undefined => {}
                    Val::Array(inner) => {
                        evaluator.spend(inner.items.len())?;
                        found.extend(inner.items.iter().cloned());
                    }
                    value => found.push(value),
                }
            }
            Array::sequence(found)
        }
        _ => Ok(Val::Undefined),
    }
}

/// `*`
pub(super) fn wildcard(evaluator: &Evaluator, input: &Val) -> Fallible<Val> {
    let input = match input {
        Val::Array(array) if array.wrapper => array.items.first().unwrap_or(input),
        other => other,
    };
    let mut found = Vec::new();
    let mut plain = false;
    let mut each = |value: &Val| {
        plain |= matches!(value, Val::Array(_));
        flatten(evaluator, value, &mut found)
    };
    match input {
        Val::Object(object) => object.members.values().try_for_each(&mut each)?,
        Val::Array(array) => array.items.iter().try_for_each(&mut each)?,
        _ => {}
    }
    match plain {
        // Appending an array makes a plain array of a sequence.
        true if found.len() != 1 => Array::make(found, true, false, false),
        _ => Array::sequence(found),
    }
}

fn flatten(evaluator: &Evaluator, value: &Val, found: &mut Vec<Val>) -> Fallible<()> {
    evaluator.spend(1)?;
    match value {
        Val::Array(array) => array.items.iter().try_for_each(|item| flatten(evaluator, item, found)),
        other => {
            found.push(other.clone());
            Ok(())
        }
    }
}

/// `**`
pub(super) fn descendants(evaluator: &Evaluator, input: &Val) -> Fallible<Val> {
    fn walk(evaluator: &Evaluator, value: &Val, found: &mut Vec<Val>) -> Fallible<()> {
        evaluator.spend(1)?;
        match value {
            Val::Array(array) => array.items.iter().try_for_each(|item| walk(evaluator, item, found)),
            Val::Object(object) => {
                found.push(value.clone());
                object
                    .members
                    .values()
                    .try_for_each(|member| walk(evaluator, member, found))
            }
            other => {
                found.push(other.clone());
                Ok(())
            }
        }
    }
    let mut found = Vec::new();
    if !input.is_undefined() {
        walk(evaluator, input, &mut found)?;
    }
    Array::sequence(found)
}

/// Objects and grouping: `{ key: value }` for the elements of the input.
pub(super) fn group(
    evaluator: &Evaluator,
    pairs: &[(Node, Node)],
    input: &Val,
    environment: &Rc<Environment>,
) -> Fallible<Val> {
    let undefined = [Val::Undefined];
    let items = match input.items() {
        [] => undefined.as_slice(),
        items => items,
    };
    let mut groups: Groups<Val> = Groups::default();
    for item in items {
        for (at, (key, _)) in pairs.iter().enumerate() {
            let key = evaluator.evaluate(key, item, environment)?;
            groups.add(evaluator, &key, at, item.clone())?;
        }
    }
    let mut members = IndexMap::new();
    for (key, (at, mut data)) in groups.0 {
        let context = match data.len() {
            1 => data.pop().unwrap_or(Val::Undefined),
            _ => joined(evaluator, &data)?,
        };
        let Some((_, value)) = pairs.get(at) else { continue };
        let value = evaluator.evaluate(value, &context, environment)?;
        if !value.is_undefined() {
            members.insert(key, value);
        }
    }
    evaluator.object(members)
}

/// What belongs to each key: which pair made it, and the elements.
pub(super) struct Groups<T>(pub(super) IndexMap<Rc<str>, (usize, Vec<T>)>);

impl<T> Default for Groups<T> {
    fn default() -> Self {
        Self(IndexMap::new())
    }
}

impl<T> Groups<T> {
    pub(super) fn add(&mut self, evaluator: &Evaluator, key: &Val, pair: usize, item: T) -> Fallible<()> {
        let key = match key {
            Val::Undefined => return Ok(()),
            Val::Text(key) => key,
            other => {
                return fail(
                    "T1003",
                    format!(
                        "Key in object structure must evaluate to a string; got: {}",
                        text::shown(evaluator, other)?
                    ),
                );
            }
        };
        let (known, items) = self.0.entry(key.clone()).or_insert_with(|| (pair, Vec::new()));
        if *known != pair {
            return fail(
                "D1009",
                format!("Multiple key definitions evaluate to same key: \"{key}\""),
            );
        }
        items.push(item);
        evaluator.spend(1)
    }
}

/// Values appended to each other: arrays are taken apart.
pub(super) fn joined(evaluator: &Evaluator, values: &[Val]) -> Fallible<Val> {
    let mut all = Vec::new();
    for value in values {
        evaluator.spend(value.items().len())?;
        all.extend(value.items().iter().cloned());
    }
    Array::plain(all)
}
