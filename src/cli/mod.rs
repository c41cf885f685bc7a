//! The command line: the only place that prints, and that turns errors into exit codes.

mod app;
mod apply;
mod approval;
mod args;
mod clock;
mod commands;
mod connect;
mod env;
mod error;
mod exit;
mod findings;
mod input;
mod localstack;
mod names;
mod prepare;
mod process;
mod signals;
mod started;
mod target;
mod ui;
mod values;

use std::ffi::OsString;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;

use app::App;
use args::Cli;
pub use env::Environment;
use error::CommandError;
pub use exit::Exit;

/// Runs the command that the process was invoked with.
pub fn main() -> ExitCode {
    report_panics_plainly();
    run(std::env::args_os(), Environment::of_process()).into()
}

/// Runs a command line, the first argument being the name of the program. Never panics.
pub fn run(args: impl IntoIterator<Item = OsString>, env: Environment) -> Exit {
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(error) => {
            // `--help` and `--version` come this way too.
            let _ = error.print();
            return if error.use_stderr() { Exit::Wrong } else { Exit::Done };
        }
    };
    catch_unwind(AssertUnwindSafe(|| run_command(cli, env))).unwrap_or(Exit::Bug)
}

fn run_command(cli: Cli, env: Environment) -> Exit {
    let json_is_one_document = cli.command.json_is_one_document();
    let takes_signals = cli.command.takes_signals();
    let app = App::new(cli.global, env, json_is_one_document);
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            return app.report(&CommandError::failed("cannot start the asynchronous runtime").because(error));
        }
    };
    let result = runtime.block_on(async {
        let interrupted = signals::interrupted();
        let result = tokio::select! {
            // A command that has ended in the same moment has ended well.
            biased;
            result = commands::run(&app, cli.command) => result,
            () = interrupted, if !takes_signals => Err(app.interrupted()),
        };
        app.clear();
        app.close().await;
        result
    });
    // Whatever still runs (a read from a terminal, a connection kept alive) is of no use any more.
    runtime.shutdown_timeout(Duration::from_millis(200));
    let result = match ui::lost_output() {
        Some(lost) if result.is_ok() => {
            Err(CommandError::failed("what was to be written to standard output is lost").because(lost))
        }
        _ => result,
    };
    match result {
        Ok(exit) => exit,
        Err(error) => app.report(&error),
    }
}

/// A panic is a bug of ours: says so, and where, instead of the usual text for programmers.
fn report_panics_plainly() {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let what = panic.payload_as_str().unwrap_or("no message");
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        ui::write_error(&format!(
            "error: this is a bug of stepstack {}: {what} ({place})\n  \
             hint: please report it with this text and the command that you typed\n",
            env!("CARGO_PKG_VERSION"),
        ));
        if std::env::var_os("RUST_BACKTRACE").is_some() {
            usual(panic);
        }
    }));
}
