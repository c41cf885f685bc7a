//! Pass: hands its input on, or a fixed result ([Pass](https://states-language.net/spec.html#pass-state)).

use super::target;
use crate::asl::model::{Pass, QueryLanguage, State};
use crate::engine::context::Scope;
use crate::engine::data::{self, Data};
use crate::engine::errors::{Failure, Turned};
use crate::engine::execution::Visit;
use crate::engine::exit::{self, Exit};
use crate::engine::turn::{Flow, Turn};

pub(in crate::engine) fn run<'a>(turn: &Turn<'a>, visit: &Visit, state: &State, pass: &'a Pass) -> Turned<Flow<'a>> {
    let scope = Scope::new(turn, visit);
    let exit = match state.query_language {
        QueryLanguage::JsonPath => by_paths(state, pass, &scope)?,
        QueryLanguage::Jsonata => exit::with_input(state, &scope)?,
    };
    Ok(Flow::Leave(exit, target(&pass.transition)))
}

fn by_paths(state: &State, pass: &Pass, scope: &Scope<'_>) -> Result<Exit, Failure> {
    let result = match &pass.result {
        Some(result) => Data::new(result.clone()),
        None => {
            let input = exit::effective_input(state, scope)?;
            data::fill(pass.parameters.as_ref(), &input, scope)?
        }
    };
    exit::with_placed(state, &pass.result_path, result, scope)
}
