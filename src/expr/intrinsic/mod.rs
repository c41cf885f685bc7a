//! Intrinsic functions: `States.X(…)` in payload templates and the few fields that take them
//! ([intrinsic functions](https://docs.aws.amazon.com/step-functions/latest/dg/intrinsic-functions.html)).

use serde_json::Value;
use thiserror::Error;

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
    #[error("{0}")]
    Failed(String),
}

/// Evaluates a call, `States.Format('…', $.name)`.
pub fn evaluate(call: &str, roots: &dyn Roots) -> Result<Value, IntrinsicError> {
    let _ = (call, roots);
    todo!("helper J")
}
