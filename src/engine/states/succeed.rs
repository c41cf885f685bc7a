//! Succeed: ends the execution well ([Succeed](https://states-language.net/spec.html#succeed-state)).

use crate::asl::model::State;
use crate::engine::context::Scope;
use crate::engine::data;
use crate::engine::errors::Turned;
use crate::engine::execution::Visit;
use crate::engine::turn::{Flow, Turn};

pub(in crate::engine) fn run<'a>(turn: &Turn<'a>, visit: &Visit, state: &State) -> Turned<Flow<'a>> {
    let scope = Scope::new(turn.execution, visit);
    let input = data::select(&state.input_path, &visit.input, &scope)?;
    let output = data::select(&state.output_path, &input, &scope)?;
    Ok(Flow::Leave(output, None))
}
