//! Wait: for a time, or until one ([Wait](https://states-language.net/spec.html#wait-state)).

use serde_json::Value;

use super::target;
use crate::asl::model::{NumberField, State, StateKind, TextField, Wait, WaitUntil};
use crate::engine::Millis;
use crate::engine::context::Scope;
use crate::engine::data::Data;
use crate::engine::errors::{Failure, Turned};
use crate::engine::evaluate;
use crate::engine::execution::{BranchId, Purpose, Visit};
use crate::engine::exit;
use crate::engine::turn::{Flow, Turn};
use crate::expr::timestamp;

pub(in crate::engine) fn run<'a>(
    turn: &mut Turn<'a>,
    branch: BranchId,
    visit: &Visit,
    state: &'a State,
    wait: &'a Wait,
) -> Turned<Flow<'a>> {
    let scope = Scope::new(turn, visit);
    let input = exit::effective_input(state, &scope)?;
    let until = until(&wait.until, &input, &scope, turn.now)?;
    drop(scope);
    if until <= turn.now {
        return leave(turn, visit, state, wait);
    }
    turn.set_timer(until - turn.now, Purpose::Wait(branch));
    Ok(Flow::Wait)
}

/// The time has come.
pub(in crate::engine) fn over<'a>(turn: &mut Turn<'a>, branch: BranchId, state: &'a State) -> Turned<Flow<'a>> {
    match (turn.execution.visit(branch), &state.kind) {
        (Some(visit), StateKind::Wait(wait)) => leave(turn, visit, state, wait),
        _ => Ok(Flow::Wait),
    }
}

fn leave<'a>(turn: &Turn<'a>, visit: &Visit, state: &State, wait: &'a Wait) -> Turned<Flow<'a>> {
    let scope = Scope::new(turn, visit);
    Ok(Flow::Leave(exit::with_input(state, &scope)?, target(&wait.transition)))
}

fn until(until: &WaitUntil, input: &Data, scope: &Scope<'_>, now: Millis) -> Result<Millis, Failure> {
    let after = |seconds: u64| now.saturating_add(seconds.saturating_mul(1000));
    match until {
        WaitUntil::Seconds(NumberField::Literal(seconds)) => match seconds.as_u64() {
            Some(seconds) => Ok(after(seconds)),
            None => Err(Failure::runtime(format!(
                "The Seconds parameter cannot be parsed as a long value: {seconds}"
            ))),
        },
        WaitUntil::Seconds(NumberField::Path(path)) => seconds_at(path, input, scope).map(after),
        WaitUntil::Timestamp(TextField::Literal(text)) => moment(text).ok_or_else(|| {
            Failure::runtime(format!(
                "The Timestamp parameter is not a valid ISO-8601 extended offset date-time format string: {text}"
            ))
        }),
        WaitUntil::Timestamp(TextField::Path(path)) => moment_at(path, input, scope),
        WaitUntil::Seconds(NumberField::Jsonata(expression)) => {
            evaluate::seconds(expression, "Seconds", 0, scope).map(after)
        }
        WaitUntil::Timestamp(TextField::Jsonata(expression)) => {
            let text = |value: &Value| value.as_str().map(str::to_owned);
            let text = evaluate::typed(expression, "Timestamp", "string", scope, text)?;
            moment(&text).ok_or_else(|| {
                let problem = format!(
                    "The Timestamp field cannot be parsed as an ISO-8601 extended offset date-time format string: {text}"
                );
                Failure::evaluation(Some("Timestamp"), problem)
            })
        }
    }
}

fn seconds_at(path: &str, input: &Data, scope: &Scope<'_>) -> Result<u64, Failure> {
    let found = find("SecondsPath", path, input, scope)?;
    match found.as_i64() {
        Some(seconds) => u64::try_from(seconds).map_err(|_| {
            Failure::runtime(format!(
                "The SecondsPath parameter references a negative value: {path} == {seconds}"
            ))
        }),
        None => Err(Failure::runtime(format!(
            "The SecondsPath parameter cannot be parsed as a long value: {path} == {}",
            plain(&found)
        ))),
    }
}

fn moment_at(path: &str, input: &Data, scope: &Scope<'_>) -> Result<Millis, Failure> {
    let found = find("TimestampPath", path, input, scope)?;
    found.as_str().and_then(moment).ok_or_else(|| {
        Failure::runtime(format!(
            "The TimestampPath parameter does not reference a valid ISO-8601 extended offset date-time format string: \
             {path} == {}",
            plain(&found)
        ))
    })
}

fn find(field: &str, path: &str, input: &Data, scope: &Scope<'_>) -> Result<Value, Failure> {
    match scope.find(path, input.value()) {
        Ok(found) => Ok(found.into_owned()),
        Err(_) => Err(Failure::runtime(format!(
            "The {field} parameter does not reference an input value: {path}"
        ))),
    }
}

/// A text without quotes, anything else as JSON.
fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The millisecond at or after a timestamp; what lies before 1970 is long over.
fn moment(text: &str) -> Option<Millis> {
    const NANOS: i128 = 1_000_000;
    let nanos = timestamp::parse(text)?.max(0);
    Millis::try_from((nanos + NANOS - 1) / NANOS).ok()
}
