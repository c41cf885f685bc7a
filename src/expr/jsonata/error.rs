//! Errors with the codes of the reference implementation.

use std::fmt;

use thiserror::Error;

/// Why an expression could not be read or evaluated. Its text is what AWS puts into causes: `T1006: Attempted to invoke a
/// non-function`.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub struct JsonataError {
    /// The code of the [reference implementation](https://github.com/jsonata-js/jsonata/blob/master/src/jsonata.js), e.g.
    /// `T1006`.
    pub code: String,
    /// What is wrong.
    pub message: String,
}

impl fmt::Display for JsonataError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

pub(super) type Fallible<T> = Result<T, JsonataError>;

pub(super) fn error(code: &str, message: impl Into<String>) -> JsonataError {
    JsonataError {
        code: code.to_owned(),
        message: message.into(),
    }
}

pub(super) fn fail<T>(code: &str, message: impl Into<String>) -> Fallible<T> {
    Err(error(code, message))
}

/// The expression needs more time or memory than it may.
pub(super) fn exhausted() -> JsonataError {
    error(
        "D1012",
        "Evaluation needs too much time or memory. Check for infinite loop",
    )
}

pub(super) fn too_deep() -> JsonataError {
    error(
        "D1011",
        "Stack overflow. Check for non-terminating recursive function.  Consider rewriting as tail-recursive",
    )
}
