//! The command line: the only place that prints, and that turns errors into exit codes.

use std::process::ExitCode;

/// Runs the command that the process was invoked with.
pub fn main() -> ExitCode {
    todo!("helper H")
}
