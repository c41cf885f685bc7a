//! `| pattern | update, delete |`: a copy of a value with changes.

use std::collections::HashSet;
use std::rc::Rc;

use super::ast::Transform;
use super::error::{Fallible, fail};
use super::eval::Evaluator;
use super::function::Environment;
use super::text;
use super::value::{Array, Object, Val};

pub(super) fn apply(
    evaluator: &Evaluator,
    transform: &Transform,
    input: &Val,
    environment: &Rc<Environment>,
) -> Fallible<Val> {
    if input.is_undefined() {
        return Ok(Val::Undefined);
    }
    // A copy of its own, so that what the pattern finds is told from its equals elsewhere.
    let copy = copied(evaluator, input)?;
    let found = evaluator.evaluate(&transform.pattern, &copy, environment)?;
    let marked = found.items().iter().filter_map(address).collect();
    let changer = Changer {
        evaluator,
        transform,
        environment,
        marked,
    };
    changer.changed(&copy)
}

fn address(value: &Val) -> Option<*const Object> {
    match value {
        Val::Object(object) => Some(Rc::as_ptr(object)),
        _ => None,
    }
}

fn copied(evaluator: &Evaluator, value: &Val) -> Fallible<Val> {
    evaluator.spend(2)?;
    match value {
        Val::Array(array) => Array::plain(
            array
                .items
                .iter()
                .map(|item| copied(evaluator, item))
                .collect::<Fallible<_>>()?,
        ),
        Val::Object(object) => evaluator.object(
            object
                .members
                .iter()
                .map(|(name, value)| Ok((name.clone(), copied(evaluator, value)?)))
                .collect::<Fallible<_>>()?,
        ),
        other => Ok(other.clone()),
    }
}

struct Changer<'a> {
    evaluator: &'a Evaluator,
    transform: &'a Transform,
    environment: &'a Rc<Environment>,
    marked: HashSet<*const Object>,
}

impl Changer<'_> {
    /// Recurses as deep as values nest.
    fn changed(&self, value: &Val) -> Fallible<Val> {
        self.evaluator.spend(1)?;
        match value {
            Val::Array(array) => Array::plain(
                array
                    .items
                    .iter()
                    .map(|item| self.changed(item))
                    .collect::<Fallible<_>>()?,
            ),
            Val::Object(object) => {
                let mut members = indexmap::IndexMap::with_capacity(object.members.len());
                for (name, member) in &object.members {
                    members.insert(name.clone(), self.changed(member)?);
                }
                if address(value).is_some_and(|address| self.marked.contains(&address)) {
                    self.update(value, &mut members)?;
                }
                self.evaluator.object(members)
            }
            other => Ok(other.clone()),
        }
    }

    fn update(&self, found: &Val, members: &mut indexmap::IndexMap<Rc<str>, Val>) -> Fallible<()> {
        match self
            .evaluator
            .evaluate(&self.transform.update, found, self.environment)?
        {
            Val::Undefined => {}
            Val::Object(update) => {
                members.extend(update.members.iter().map(|(name, value)| (name.clone(), value.clone())));
            }
            other => {
                return fail(
                    "T2011",
                    format!(
                        "The insert/update clause of the transform expression must evaluate to an object: {}",
                        text::shown(self.evaluator, &other)?
                    ),
                );
            }
        }
        let Some(delete) = &self.transform.delete else {
            return Ok(());
        };
        let names = self.evaluator.evaluate(delete, found, self.environment)?;
        for name in names.items() {
            let Val::Text(name) = name else {
                return fail(
                    "T2012",
                    format!(
                        "The delete clause of the transform expression must evaluate to a string or array of strings: {}",
                        text::shown(self.evaluator, &names)?
                    ),
                );
            };
            members.shift_remove(name);
        }
        Ok(())
    }
}
