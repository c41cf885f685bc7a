//! Fail: ends the execution with an error ([Fail](https://states-language.net/spec.html#fail-state)).

use serde_json::Value;

use crate::asl::model::{Fail, TextField};
use crate::engine::context::Scope;
use crate::engine::errors::{Failure, Turned};
use crate::engine::execution::Visit;
use crate::engine::turn::{Flow, Turn};
use crate::expr::template::is_intrinsic;

pub(in crate::engine) fn run<'a>(turn: &Turn<'a>, visit: &Visit, fail: &Fail) -> Turned<Flow<'a>> {
    let scope = Scope::new(turn.execution, visit);
    let error = text(fail.error.as_ref(), "Error", visit, &scope)?;
    let cause = text(fail.cause.as_ref(), "Cause", visit, &scope)?;
    Err(Failure::reported(error, cause).into())
}

fn text(field: Option<&TextField>, name: &str, visit: &Visit, scope: &Scope<'_>) -> Result<Option<String>, Failure> {
    let path = match field {
        None => return Ok(None),
        Some(TextField::Literal(text)) => return Ok(Some(text.clone())),
        Some(TextField::Path(call)) if is_intrinsic(call) => {
            return Err(Failure::runtime(format!(
                "The intrinsic function '{call}' of the field '{name}Path' is not supported by the local cloud yet."
            )));
        }
        Some(TextField::Path(path)) => path,
        Some(TextField::Jsonata(expression)) => {
            return Err(Failure::runtime(format!(
                "The JSONata expression '{expression}' of the field '{name}' is not supported by the local cloud yet."
            )));
        }
    };
    let field = format!("{name}Path");
    match scope.find(path, visit.input.value()).as_deref() {
        Ok(Value::String(text)) => Ok(Some(text.clone())),
        Ok(other) => Err(Failure::runtime(format!(
            "The {field} parameter does not reference a string: {path} == {other}"
        ))),
        Err(_) => Err(Failure::path_not_found(path, &field, visit.input.text())),
    }
}
