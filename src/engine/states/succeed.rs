//! Succeed: ends the execution well ([Succeed](https://states-language.net/spec.html#succeed-state)).

use crate::asl::model::State;
use crate::engine::context::Scope;
use crate::engine::errors::Turned;
use crate::engine::execution::Visit;
use crate::engine::exit;
use crate::engine::turn::{Flow, Turn};

pub(in crate::engine) fn run<'a>(turn: &Turn<'a>, visit: &Visit, state: &State) -> Turned<Flow<'a>> {
    let scope = Scope::new(turn, visit);
    Ok(Flow::Leave(exit::with_input(state, &scope)?, None))
}
