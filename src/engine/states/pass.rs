//! Pass: hands its input on, or a fixed result ([Pass](https://states-language.net/spec.html#pass-state)).

use super::target;
use crate::asl::model::{Pass, State};
use crate::engine::context::Scope;
use crate::engine::data::{self, Data};
use crate::engine::errors::Turned;
use crate::engine::execution::Visit;
use crate::engine::turn::{Flow, Turn};

pub(in crate::engine) fn run<'a>(turn: &Turn<'a>, visit: &Visit, state: &State, pass: &'a Pass) -> Turned<Flow<'a>> {
    let scope = Scope::new(turn.execution, visit);
    let result = match &pass.result {
        Some(result) => Data::new(result.clone()),
        None => {
            let input = data::select(&state.input_path, &visit.input, &scope)?;
            data::fill(pass.parameters.as_ref(), &input, &scope)?
        }
    };
    let combined = data::combine(&pass.result_path, &visit.input, result)?;
    let output = data::select(&state.output_path, &combined, &scope)?;
    Ok(Flow::Leave(output, target(&pass.transition)))
}
