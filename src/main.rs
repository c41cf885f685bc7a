//! The `stepstack` command; everything is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    stepstack::cli::main()
}
