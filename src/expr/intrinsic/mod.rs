//! Intrinsic functions: `States.X(…)` in payload templates and the few fields that take them
//! ([intrinsic functions](https://docs.aws.amazon.com/step-functions/latest/dg/intrinsic-functions.html)).

mod call;
mod functions;
#[cfg(test)]
mod tests;

use serde_json::Value;
use thiserror::Error;

use self::call::{Argument, Call};
use super::path_eval::{self, FindError};
use super::random::Random;
use super::template::Roots;

/// Why a call of an intrinsic function has no value.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum IntrinsicError {
    /// It is not a call of an intrinsic function.
    #[error("`{call}` is not a call of an intrinsic function: {problem}")]
    Syntax {
        /// The call as written.
        call: String,
        /// What is wrong.
        problem: String,
    },
    /// A path among its arguments finds nothing.
    #[error("path `{0}` finds nothing")]
    NotFound(String),
    /// A variable that is not set.
    #[error("variable `${0}` is not set")]
    Variable(String),
    /// An argument that the function does not take: AWS's `States.IntrinsicFailure`.
    #[error("The function '{call}' had the following error: {problem}")]
    Failed {
        /// The call as written.
        call: String,
        /// What is wrong.
        problem: String,
    },
}

/// Evaluates a call, e.g. `States.Format('…', $.name)`.
pub fn evaluate(call: &str, roots: &dyn Roots) -> Result<Value, IntrinsicError> {
    evaluate_with(call, roots, &mut Random::new(roots.random()))
}

/// Checks that a text is a call that can be evaluated: its syntax and the name of each function.
pub fn check(call: &str) -> Result<(), IntrinsicError> {
    let parsed = call::parse(call)?;
    known(&parsed).map_err(|problem| IntrinsicError::Syntax {
        call: call.to_owned(),
        problem,
    })
}

/// Recurses as deep as calls nest, which their reader limits.
fn known(call: &Call) -> Result<(), String> {
    let count = call.arguments.len();
    if !functions::takes(&call.name, count).ok_or_else(|| functions::unknown(&call.name))? {
        return Err(functions::wrong_count(&call.name, count));
    }
    call.arguments.iter().try_for_each(|argument| match argument {
        Argument::Call(inner) => known(inner),
        _ => Ok(()),
    })
}

/// The same, with randomness that several calls share.
pub(super) fn evaluate_with(text: &str, roots: &dyn Roots, random: &mut Random) -> Result<Value, IntrinsicError> {
    let call = call::parse(text)?;
    Evaluator { text, roots, random }.call(&call)
}

struct Evaluator<'a> {
    text: &'a str,
    roots: &'a dyn Roots,
    random: &'a mut Random,
}

impl Evaluator<'_> {
    /// Recurses as deep as calls nest, which their reader limits.
    fn call(&mut self, call: &Call) -> Result<Value, IntrinsicError> {
        let answer = match (call.name.as_str(), call.arguments.split_first()) {
            ("Format", Some((template, arguments))) => {
                let template = match template {
                    Argument::Text(text) => Value::String(text.clone()),
                    other => self.argument(other)?,
                };
                let arguments = self.arguments(arguments)?;
                match template {
                    Value::String(template) => functions::format(&template, &arguments),
                    other => Err(format!("{other} is not a string")),
                }
            }
            (name, _) => {
                let arguments = self.arguments(&call.arguments)?;
                functions::call(name, &arguments, self.random)
            }
        };
        answer.map_err(|problem| IntrinsicError::Failed {
            call: self.text.to_owned(),
            problem,
        })
    }

    fn arguments(&mut self, arguments: &[Argument]) -> Result<Vec<Value>, IntrinsicError> {
        arguments.iter().map(|argument| self.argument(argument)).collect()
    }

    fn argument(&mut self, argument: &Argument) -> Result<Value, IntrinsicError> {
        match argument {
            Argument::Text(text) => Ok(call::unescape(text).into()),
            Argument::Literal(value) => Ok(value.clone()),
            Argument::Call(call) => self.call(call),
            Argument::Path(path) => match path_eval::find(path, self.roots) {
                Ok(found) => Ok(found.into_owned()),
                Err(FindError::Variable(name)) => Err(IntrinsicError::Variable(name)),
                Err(FindError::NotFound(_)) => Err(IntrinsicError::NotFound(path.to_string())),
            },
        }
    }
}
