//! Fail: ends the execution with an error ([Fail](https://states-language.net/spec.html#fail-state)).

use serde_json::Value;

use crate::asl::model::{Fail, TextField};
use crate::engine::context::Scope;
use crate::engine::data;
use crate::engine::errors::{Failure, Turned};
use crate::engine::evaluate;
use crate::engine::execution::Visit;
use crate::engine::turn::{Flow, Turn};

pub(in crate::engine) fn run<'a>(turn: &Turn<'a>, visit: &Visit, fail: &Fail) -> Turned<Flow<'a>> {
    let scope = Scope::new(turn, visit);
    let error = text(fail.error.as_ref(), "Error", &scope)?;
    let cause = text(fail.cause.as_ref(), "Cause", &scope)?;
    Err(Failure::reported(error, cause).into())
}

fn text(field: Option<&TextField>, name: &str, scope: &Scope<'_>) -> Result<Option<String>, Failure> {
    let path = match field {
        None => return Ok(None),
        Some(TextField::Literal(text)) => return Ok(Some(text.clone())),
        Some(TextField::Jsonata(expression)) => {
            let text = |value: &Value| value.as_str().map(str::to_owned);
            return evaluate::typed(expression, name, "string", scope, text).map(Some);
        }
        Some(TextField::Path(path)) => path,
    };
    let field = format!("{name}Path");
    match data::find(path, &field, scope.raw_input(), scope)? {
        Value::String(text) => Ok(Some(text)),
        other => Err(Failure::runtime(format!(
            "The {field} parameter does not reference a string: {path} == {other}"
        ))),
    }
}
