//! The stack file: model, loader, validation.

pub mod model;

use std::path::Path;

use crate::diagnostic::Diagnostic;

/// Reads and checks a stack file and every file that it names. All findings at once; the value only if it could be
/// built at all (it may still have errors).
pub fn load(_file: &Path, _set: &[(String, String)]) -> (Option<model::Stack>, Vec<Diagnostic>) {
    todo!("helper A")
}
