//! Map and Parallel on their own: their branches and iterations are never run, only mocked.

use serde_json::Value;

use super::stages::Stages;
use super::{ROOT, Worked, is_jsonpath};
use crate::asl::model::{Map, NumberField, PathField, State, StateKind, Task, Work};
use crate::engine::context::Scope;
use crate::engine::data;
use crate::engine::errors::Failure;
use crate::engine::evaluate::{self, Inputs};
use crate::engine::exit;
use crate::engine::turn::Turn;

/// Any function: nobody calls it.
const STAND_IN: &str = "arn:aws:lambda:us-east-1:000000000000:function:stand-in";

/// A Task in the place of a Map or Parallel state, so that its result is shaped and its errors are handled as theirs.
pub(super) fn stand_in(state: &State) -> State {
    let (work, transition) = match &state.kind {
        StateKind::Map(map) => {
            // What old definitions call `Parameters` shapes items, not the work.
            let work = Work {
                parameters: None,
                arguments: None,
                ..map.work.clone()
            };
            (work, &map.transition)
        }
        StateKind::Parallel(parallel) => (parallel.work.clone(), &parallel.transition),
        _ => return state.clone(),
    };
    let task = Task {
        resource: STAND_IN.to_owned(),
        work,
        timeout_seconds: None,
        heartbeat_seconds: None,
        credentials: None,
        transition: transition.clone(),
    };
    State {
        kind: StateKind::Task(Box::new(task)),
        ..state.clone()
    }
}

/// Reads the items and limits of a Map state, which must be there although nothing is run.
pub(super) fn prepare(turn: &Turn<'_>, state: &State, inspection: &mut Stages) -> Result<(), Failure> {
    let (StateKind::Map(map), Some(visit)) = (&state.kind, turn.execution.visit(ROOT)) else {
        return Ok(());
    };
    let scope = Scope::of_task(turn, visit, None);
    let input = exit::effective_input(state, &scope)?;
    if let Some(items) = &map.items {
        let found = evaluate::value(items, "Items", &Inputs::new(input.value()), &scope)?;
        if !found.is_array() {
            let written = items.as_str().unwrap_or_default();
            return Err(evaluate::unexpected_type(written, "Items", "array", &found));
        }
    }
    if is_jsonpath(state) && map.item_reader.is_none() {
        let path = map.items_path.clone().map_or(PathField::Default, PathField::Path);
        let items = data::select(&path, &input, &scope)?;
        if !items.value().is_array() {
            return Err(Failure::runtime(format!(
                "Reference path \"{}\" must point to array.",
                map.items_path.as_deref().unwrap_or("$")
            )));
        }
        inspection.data("afterItemsPath", &items);
    }
    for (field, name, written) in limits(map) {
        if let Some(field) = field {
            let limit = match field {
                NumberField::Literal(number) => Value::Number(number.clone()),
                NumberField::Path(path) => scope
                    .find(path, input.value())
                    .map_err(|problem| Failure::runtime(format!("Invalid path '{path}' : {problem}")))?
                    .into_owned(),
                NumberField::Jsonata(expression) => evaluate::typed(expression, written, "number", &scope, |value| {
                    value.is_number().then(|| value.clone())
                })?,
            };
            inspection.limit(name, &limit);
        }
    }
    inspection.unless_given("maxConcurrency", 0);
    Ok(())
}

/// The limits of a Map state, their names here and in definitions.
fn limits(map: &Map) -> [(Option<&NumberField>, &'static str, &'static str); 3] {
    [
        (map.max_concurrency.as_ref(), "maxConcurrency", "MaxConcurrency"),
        (
            map.tolerated_failure_count.as_ref(),
            "toleratedFailureCount",
            "ToleratedFailureCount",
        ),
        (
            map.tolerated_failure_percentage.as_ref(),
            "toleratedFailurePercentage",
            "ToleratedFailurePercentage",
        ),
    ]
}

/// The result of a Map state of which more iterations failed than it tolerates is an error; without a limit in the
/// definition, any number is tolerated here.
pub(super) fn judged(state: &State, worked: Worked, failed: u64, inspection: &Stages) -> Worked {
    let (StateKind::Map(_), Worked::Succeeded(output)) = (&state.kind, &worked) else {
        return worked;
    };
    let iterations = serde_json::from_str(output).map_or(0, |result: Value| result.as_array().map_or(0, Vec::len));
    let above_count = inspection
        .number("toleratedFailureCount")
        .is_some_and(|most| failed as f64 > most);
    let above_percentage = inspection
        .number("toleratedFailurePercentage")
        .is_some_and(|most| failed as f64 * 100.0 > most * iterations as f64);
    if above_count || above_percentage {
        return Worked::Failed {
            error: Some("States.ExceedToleratedFailureThreshold".to_owned()),
            cause: Some("The specified tolerated failure threshold was exceeded".to_owned()),
        };
    }
    worked
}
