//! Paths with bound variables (`@$x`, `#$i`) or parents (`%`): each value comes with the environment that belongs to it.

use std::rc::Rc;

use indexmap::IndexMap;

use super::ast::{Kind, Node, Stage};
use super::error::Fallible;
use super::eval::Evaluator;
use super::function::Environment;
use super::order;
use super::path::{Groups, joined, position, times};
use super::value::{Array, Val};

#[derive(Clone)]
pub(super) struct Tuple {
    pub(super) item: Val,
    pub(super) environment: Rc<Environment>,
}

pub(super) fn evaluate(
    evaluator: &Evaluator,
    node: &Node,
    input: &Val,
    environment: &Rc<Environment>,
) -> Fallible<Val> {
    let Kind::Path { steps, keep_singleton } = &node.kind else {
        return Ok(Val::Undefined);
    };
    let absolute = matches!(steps.first().map(|step| &step.kind), Some(Kind::Variable(_)));
    let items = match input {
        Val::Array(array) if !absolute => array.items.as_slice(),
        other => std::slice::from_ref(other),
    };
    let mut tuples: Vec<Tuple> = items
        .iter()
        .map(|item| Tuple {
            item: item.clone(),
            environment: environment.clone(),
        })
        .collect();
    for (at, step) in steps.iter().enumerate() {
        tuples = match &step.kind {
            Kind::Sort(terms) => {
                let mut sorted = order::sort_tuples(evaluator, terms, tuples)?;
                // As in the reference implementation, an order that comes after other bindings binds no position.
                let bound = steps
                    .iter()
                    .take(at)
                    .any(|step| step.focus.is_some() || step.index.is_some());
                if let (Some(name), false) = (&step.index, bound) {
                    number(evaluator, name, &mut sorted)?;
                }
                sorted
            }
            _ => advanced(evaluator, step, tuples, node.seeks_parent)?,
        };
        for stage in &step.stages {
            match stage {
                Stage::Filter(predicate) => tuples = filtered(evaluator, predicate, tuples)?,
                Stage::Index(name) => number(evaluator, name, &mut tuples)?,
            }
        }
    }
    if let Some(pairs) = &node.group {
        return group(evaluator, pairs, &tuples, environment);
    }
    let found = tuples.into_iter().map(|tuple| tuple.item).collect();
    Array::make(found, true, *keep_singleton, false)
}

/// Binds the position of each tuple in the stream.
fn number(evaluator: &Evaluator, name: &Rc<str>, tuples: &mut [Tuple]) -> Fallible<()> {
    for (at, tuple) in tuples.iter_mut().enumerate() {
        evaluator.spend(4)?;
        let inside = Environment::inside(&tuple.environment);
        inside.bind(name, Val::count(at));
        tuple.environment = Rc::new(inside);
    }
    Ok(())
}

fn advanced(evaluator: &Evaluator, step: &Node, tuples: Vec<Tuple>, parents: bool) -> Fallible<Vec<Tuple>> {
    let mut next = Vec::new();
    for tuple in tuples {
        let result = evaluator.evaluate(step, &tuple.item, &tuple.environment)?;
        for (at, item) in result.items().iter().enumerate() {
            evaluator.spend(8)?;
            let inside = match (&step.kind, &step.focus) {
                (Kind::Parent, None) => {
                    // What the parent's own parent is.
                    let up = tuple
                        .environment
                        .parent()
                        .and_then(|(_, environment)| environment.parent());
                    let (value, environment) = up.unwrap_or((Val::Undefined, tuple.environment.clone()));
                    Rc::new(Environment::with_parent(&tuple.environment, value, environment))
                }
                (_, None) if parents => Rc::new(Environment::with_parent(
                    &tuple.environment,
                    tuple.item.clone(),
                    tuple.environment.clone(),
                )),
                _ => Rc::new(Environment::inside(&tuple.environment)),
            };
            if parents && tuple.item.nesting().functions {
                evaluator.retain(&inside)?;
            }
            if let Some(name) = &step.focus {
                evaluator.bind(&inside, name, item.clone())?;
            }
            if let Some(name) = &step.index {
                inside.bind(name, Val::count(at));
            }
            next.push(Tuple {
                item: if step.focus.is_some() {
                    tuple.item.clone()
                } else {
                    item.clone()
                },
                environment: inside,
            });
        }
    }
    Ok(next)
}

fn filtered(evaluator: &Evaluator, predicate: &Node, tuples: Vec<Tuple>) -> Fallible<Vec<Tuple>> {
    if let Kind::Number(number) = predicate.kind {
        let index = position(number, tuples.len());
        return Ok(index
            .and_then(|index| tuples.into_iter().nth(index))
            .into_iter()
            .collect());
    }
    let length = tuples.len();
    let mut passed = Vec::new();
    for (at, tuple) in tuples.into_iter().enumerate() {
        let verdict = evaluator.evaluate(predicate, &tuple.item, &tuple.environment)?;
        for _ in 0..times(evaluator, &verdict, at, length)? {
            passed.push(tuple.clone());
        }
    }
    Ok(passed)
}

fn group(
    evaluator: &Evaluator,
    pairs: &[(Node, Node)],
    tuples: &[Tuple],
    environment: &Rc<Environment>,
) -> Fallible<Val> {
    let mut groups: Groups<Tuple> = Groups::default();
    for tuple in tuples {
        for (at, (key, _)) in pairs.iter().enumerate() {
            let key = evaluator.evaluate(key, &tuple.item, &tuple.environment)?;
            groups.add(evaluator, &key, at, tuple.clone())?;
        }
    }
    let mut members = IndexMap::new();
    for (key, (at, data)) in groups.0 {
        let Some((_, value)) = pairs.get(at) else { continue };
        let (context, inside) = merged(evaluator, &data, environment)?;
        let value = evaluator.evaluate(value, &context, &inside)?;
        if !value.is_undefined() {
            members.insert(key, value);
        }
    }
    evaluator.object(members)
}

/// The tuples of a group as one: each variable holds the values of all.
fn merged(evaluator: &Evaluator, data: &[Tuple], outer: &Rc<Environment>) -> Fallible<(Val, Rc<Environment>)> {
    if let [only] = data {
        return Ok((only.item.clone(), only.environment.clone()));
    }
    let items: Vec<Val> = data.iter().map(|tuple| tuple.item.clone()).collect();
    let mut variables: IndexMap<Rc<str>, Vec<Val>> = IndexMap::new();
    for tuple in data {
        for (name, value) in tuple.environment.bound_inside(outer) {
            evaluator.spend(1)?;
            variables.entry(name).or_default().push(value);
        }
    }
    let inside = Rc::new(Environment::inside(outer));
    for (name, values) in variables {
        evaluator.bind(&inside, &name, joined(evaluator, &values)?)?;
    }
    Ok((joined(evaluator, &items)?, inside))
}
