//! Parallel: runs its branches at the same time ([Parallel](https://states-language.net/spec.html#parallel-state)).

use crate::asl::model::{Parallel, State};
use crate::engine::context::Scope;
use crate::engine::errors::Turned;
use crate::engine::execution::{BranchId, Parent, Visit};
use crate::engine::exit;
use crate::engine::turn::{Flow, Turn};

/// Begins all branches, each with the same input.
pub(in crate::engine) fn run<'a>(
    turn: &mut Turn<'a>,
    branch: BranchId,
    visit: &Visit,
    state: &State,
    parallel: &'a Parallel,
) -> Turned<Flow<'a>> {
    let scope = Scope::of_task(turn, visit, None);
    let input = exit::effective_input(state, &scope)?;
    let input = exit::arguments(state, &parallel.work, &input, &scope)?;
    drop(scope);
    let started = turn.emit(branch, "ParallelStateStarted", None)?;
    turn.split(branch, parallel.branches.len(), None);
    for index in 0..parallel.branches.len() {
        turn.open_branch(Parent { branch, index }, started, input.clone(), None);
    }
    turn.join_if_done(branch, started);
    Ok(Flow::Wait)
}
