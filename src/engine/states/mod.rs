//! What each type of state does, one file each.

pub(super) mod choice;
pub(super) mod distributed;
pub(super) mod fail;
pub(super) mod map;
pub(super) mod parallel;
pub(super) mod pass;
pub(super) mod succeed;
pub(super) mod task;
pub(super) mod wait;

use serde_json::Value;

use super::context::Scope;
use super::data::Data;
use super::errors::Turned;
use super::execution::BranchId;
use super::exit;
use super::turn::{Flow, Turn};
use crate::asl::model::{State, StateKind, Transition, Work};

/// The state a transition leads to, none for the end.
fn target(transition: &Transition) -> Option<&str> {
    match transition {
        Transition::Next(next) => Some(next),
        Transition::End => None,
    }
}

/// All that a Parallel or Map state was split into has ended: leaves it with the list of the outputs.
pub(super) fn joined<'a>(turn: &mut Turn<'a>, branch: BranchId, state: &'a State) -> Turned<Flow<'a>> {
    let (event, work, transition) = match &state.kind {
        StateKind::Parallel(parallel) => ("ParallelStateSucceeded", &parallel.work, &parallel.transition),
        StateKind::Map(map) => ("MapStateSucceeded", &map.work, &map.transition),
        _ => return Ok(Flow::Wait),
    };
    let Some(fork) = turn
        .execution
        .branches
        .get_mut(&branch)
        .and_then(|branch| branch.fork.take())
    else {
        return Ok(Flow::Wait);
    };
    // The state is left after the same event.
    turn.emit_after(branch, turn.last_event(branch), event, None)?;
    let outputs = fork
        .outputs
        .iter()
        .map(|output| output.as_ref().map_or(Value::Null, |data| data.value().clone()));
    let result = Data::made(outputs.collect())?;
    leave(turn, branch, state, work, transition, result)
}

fn leave<'a>(
    turn: &Turn<'a>,
    branch: BranchId,
    state: &State,
    work: &Work,
    transition: &'a Transition,
    result: Data,
) -> Turned<Flow<'a>> {
    let Some(visit) = turn.execution.visit(branch) else {
        return Ok(Flow::Wait);
    };
    let scope = Scope::of_task(turn, visit, None);
    Ok(Flow::Leave(
        exit::with_result(state, work, result, &scope)?,
        target(transition),
    ))
}
