//! The commands, one file each.

pub(super) mod callback;
pub(super) mod completions;
pub(super) mod deploy;
pub(super) mod local;
pub(super) mod plan;
pub(super) mod start;
pub(super) mod status;
pub(super) mod teardown;
pub(super) mod test;
pub(super) mod validate;

use super::app::App;
use super::args::Command;
use super::error::CommandError;
use super::exit::Exit;

/// Runs a command.
pub(super) async fn run(app: &App, command: Command) -> Result<Exit, CommandError> {
    match command {
        Command::Validate(args) => validate::run(app, &args),
        Command::Plan(args) => plan::run(app, &args).await,
        Command::Deploy(args) => deploy::run(app, &args).await,
        Command::Start(args) => start::run(app, &args).await,
        Command::Test(args) => test::run(app, &args).await,
        Command::Status(args) => status::run(app, &args).await,
        Command::Teardown(args) => teardown::run(app, &args).await,
        Command::Approve(args) => callback::approve(app, &args).await,
        Command::Reject(args) => callback::reject(app, &args).await,
        Command::Callback(command) => callback::run(app, &command).await,
        Command::Local(command) => local::run(app, &command).await,
        Command::Completions(args) => Ok(completions::run(app, &args)),
    }
}
