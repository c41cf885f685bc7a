//! Map: runs its processor once for each item ([Map](https://states-language.net/spec.html#map-state)).

use serde_json::Value;

use crate::asl::model::{Map, NumberField, QueryLanguage, State, StateKind};
use crate::engine::context::{Scope, map_member};
use crate::engine::data::{self, Data};
use crate::engine::errors::{Ended, Failure, Interrupt, Turned};
use crate::engine::evaluate::{self, Inputs};
use crate::engine::execution::{BranchId, Items, Parent, Visit};
use crate::engine::exit;
use crate::engine::fork::Job;
use crate::engine::history;
use crate::engine::turn::{Flow, Turn};

/// The most iterations that run at once, however many are allowed
/// ([inline mode](https://docs.aws.amazon.com/step-functions/latest/dg/state-map-inline.html)).
const MOST_AT_ONCE: usize = 40;

/// Begins as many iterations as may run at once.
pub(in crate::engine) fn run<'a>(
    turn: &mut Turn<'a>,
    branch: BranchId,
    visit: &Visit,
    state: &'a State,
    map: &'a Map,
) -> Turned<Flow<'a>> {
    if map.is_distributed() {
        return super::distributed::run(turn, branch, visit, state, map);
    }
    let scope = Scope::of_task(turn, visit, None);
    let input = exit::effective_input(state, &scope)?;
    let list = items(state, map, &input, &scope)?;
    let limit = limit(map.max_concurrency.as_ref(), &input, &scope)?;
    let length = list.value().as_array().map_or(0, Vec::len);
    let started = turn.emit(branch, "MapStateStarted", history::map_started(length))?;
    let items = Items {
        list,
        next: 0,
        limit,
        input,
        context: None,
    };
    turn.split(branch, length, Some(items));
    begin_iterations(turn, branch, map, started)?;
    turn.join_if_done(branch, started);
    Ok(Flow::Wait)
}

pub(super) fn items(state: &State, map: &Map, input: &Data, scope: &Scope<'_>) -> Result<Data, Failure> {
    match state.query_language {
        QueryLanguage::JsonPath => items_at(map.items_path.as_deref().unwrap_or("$"), input, scope),
        QueryLanguage::Jsonata => items_of(map.items.as_ref(), input, scope),
    }
}

fn items_at(path: &str, input: &Data, scope: &Scope<'_>) -> Result<Data, Failure> {
    let list = if path == "$" {
        input.clone()
    } else {
        let found = scope
            .find(path, input.value())
            .map_err(|problem| Failure::runtime(format!("Invalid path '{path}' : {problem}")))?;
        Data::new(found.into_owned())
    };
    if !list.value().is_array() {
        return Err(Failure::runtime(format!(
            "Reference path \"{path}\" must point to array."
        )));
    }
    Ok(list)
}

/// `Items`, or the input of the state.
fn items_of(items: Option<&Value>, input: &Data, scope: &Scope<'_>) -> Result<Data, Failure> {
    let Some(items) = items else {
        if !input.value().is_array() {
            let problem = format!("Map state input must be an array but was: {}", input.text());
            return Err(Failure::evaluation(None, problem));
        }
        return Ok(input.clone());
    };
    let found = evaluate::data(items, "Items", &Inputs::new(input.value()), scope)?;
    if !found.value().is_array() {
        let expression = items.as_str().unwrap_or_default();
        return Err(evaluate::unexpected_type(expression, "Items", "array", found.value()));
    }
    Ok(found)
}

fn limit(field: Option<&NumberField>, input: &Data, scope: &Scope<'_>) -> Result<usize, Failure> {
    let wanted = match field {
        None => 0,
        Some(field) => whole(field, "MaxConcurrency", input, scope)?,
    };
    Ok(match usize::try_from(wanted).unwrap_or(MOST_AT_ONCE) {
        0 => MOST_AT_ONCE,
        limit => limit.min(MOST_AT_ONCE),
    })
}

/// A whole number that is not negative; a path may also lead to a text that is one.
pub(super) fn whole(field: &NumberField, name: &str, input: &Data, scope: &Scope<'_>) -> Result<u64, Failure> {
    let number = match field {
        NumberField::Literal(number) => number
            .as_i64()
            .ok_or_else(|| Failure::runtime(format!("The {name} field is not a valid integer: {number}")))?,
        NumberField::Path(path) => {
            let found = scope
                .find(path, input.value())
                .map_err(|problem| Failure::runtime(format!("Invalid path '{path}' : {problem}")))?;
            let number = match found.as_str() {
                Some(text) => text.parse().ok(),
                None => found.as_i64(),
            };
            number.ok_or_else(|| {
                let shown = found.as_str().map_or_else(|| found.to_string(), str::to_owned);
                Failure::runtime(format!(
                    "The {name}Path field refers to value \"{shown}\" which is not a valid integer: {path}"
                ))
            })?
        }
        NumberField::Jsonata(expression) => return evaluate::seconds(expression, name, 0, scope),
    };
    u64::try_from(number).map_err(|_| Failure::runtime(format!("{name} cannot be negative.")))
}

/// Begins iterations until so many run as may; their first events follow `after`. If one cannot begin, none goes on.
fn begin_iterations(turn: &mut Turn<'_>, branch: BranchId, map: &Map, after: u64) -> Turned<()> {
    loop {
        let Some(items) = turn.fork_of(branch).and_then(|fork| {
            let running = fork.running.len();
            fork.items.as_mut().filter(|items| running < items.limit)
        }) else {
            return Ok(());
        };
        let index = items.next;
        let Some(item) = items.list.value().get(index).cloned().map(Data::new) else {
            return Ok(());
        };
        items.next += 1;
        let (input, context) = (items.input.clone(), items.context.take());
        match select(turn, branch, map, (index, &item), &input, context) {
            Ok(selected) => begin(turn, Parent { branch, index }, item, selected, after)?,
            Err(failure) => {
                // What is fatal ends everything without a word.
                if failure.catchable {
                    turn.cut_off(branch, None)?;
                }
                return Err(failure.into());
            }
        }
    }
}

fn begin(turn: &mut Turn<'_>, parent: Parent, item: Data, input: Data, after: u64) -> Result<(), Ended> {
    let name = turn.execution.visit(parent.branch).map_or("", |visit| &visit.state);
    let details = history::map_iteration("Started", name, parent.index);
    let started = turn.emit_after(parent.branch, after, "MapIterationStarted", details)?;
    turn.open_branch(parent, started, input, Some(item));
    Ok(())
}

/// The input of an iteration: the item, or what the selector makes of it.
fn select(
    turn: &mut Turn<'_>,
    branch: BranchId,
    map: &Map,
    (index, item): (usize, &Data),
    input: &Data,
    context: Option<Value>,
) -> Result<Data, Failure> {
    // In old definitions, `Parameters` is the selector.
    let Some(selector) = map.item_selector.as_ref().or(map.work.parameters.as_ref()) else {
        return Ok(item.clone());
    };
    let Some((visit, state)) = turn
        .execution
        .visit(branch)
        .and_then(|visit| Some((visit, turn.state(branch, &visit.state)?)))
    else {
        return Ok(item.clone());
    };
    let mut context = context.unwrap_or_else(|| Scope::of_task(turn, visit, None).into_context());
    context["Map"] = map_member(index, item.value());
    let scope = Scope::of_task(turn, visit, None).with_context(context);
    let selected = match state.query_language {
        QueryLanguage::JsonPath => data::fill(Some(selector), input, &scope),
        QueryLanguage::Jsonata => evaluate::data(selector, "ItemSelector", &Inputs::new(input.value()), &scope),
    };
    let context = scope.into_context();
    if let Some(items) = turn.fork_of(branch).and_then(|fork| fork.items.as_mut()) {
        items.context = Some(context);
    }
    selected
}

/// An iteration has reached its end: others take its place, or the state is done.
pub(in crate::engine) fn iteration_succeeded(
    turn: &mut Turn<'_>,
    parent: Parent,
    last_event: u64,
) -> Result<(), Ended> {
    let Some(visit) = turn.execution.visit(parent.branch) else {
        return Ok(());
    };
    let details = history::map_iteration("Succeeded", &visit.state, parent.index);
    let state = turn.state(parent.branch, &visit.state);
    let succeeded = turn.emit_after(parent.branch, last_event, "MapIterationSucceeded", details)?;
    if let Some(StateKind::Map(map)) = state.map(|state| &state.kind) {
        match begin_iterations(turn, parent.branch, map, last_event) {
            Ok(()) => {}
            Err(Interrupt::Ended) => return Err(Ended),
            Err(Interrupt::Failed(failure)) => {
                turn.execution.ready.push_back(Job::FailState(parent.branch, failure));
                return Ok(());
            }
        }
    }
    turn.join_if_done(parent.branch, succeeded);
    Ok(())
}
