use std::process::ExitCode;

fn main() -> ExitCode {
    stepstack::cli::main()
}
