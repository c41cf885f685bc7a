//! The command line as a whole; what a command adds is in the file of the command.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use super::commands;
use super::target::Target;
use super::ui::ColorChoice;

const EXAMPLES: &str = "\
Examples:
  stepstack deploy stacks/call-center.yaml           Deploy to the local cloud and run
  stepstack plan stacks/call-center.yaml             What deploy would do
  stepstack start stacks/call-center.yaml --count 5  Five executions at once
  stepstack test stacks/*.yaml --junit report.xml    Run the stacks' tests
  stepstack status stacks/call-center.yaml           What stands, what has run
  stepstack approve stacks/credit-card.yaml          Answer yes to what waits for a person
  stepstack teardown stacks/call-center.yaml         Remove all of it
  stepstack deploy stacks/call-center.yaml --target aws --profile dev

Exit codes:
  0  done, or nothing to change         4    teardown left something behind
  1  what was asked for failed          5    changes (plan --detailed-exitcode)
  2  the invocation or files are wrong  70   a bug of stepstack
  3  the cloud refused or is not there  130  interrupted";

/// Deploys AWS Step Functions stacks from one YAML file, to an embedded AWS, LocalStack or an AWS account
#[derive(Debug, Parser)]
#[command(name = "stepstack", version, max_term_width = 110, after_help = EXAMPLES, disable_help_subcommand = true)]
pub(super) struct Cli {
    #[command(subcommand)]
    pub(super) command: Command,
    #[command(flatten)]
    pub(super) global: Global,
}

/// What every command understands.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Common options")]
pub(super) struct Global {
    /// local, localstack or aws [env: STEPSTACK_TARGET] [default: localstack if there is an endpoint, else local]
    #[arg(long, global = true, value_enum, value_name = "TARGET", hide_possible_values = true)]
    pub(super) target: Option<Target>,
    /// Endpoint for all services [env: AWS_ENDPOINT_URL]
    #[arg(long, global = true, value_name = "URL")]
    pub(super) endpoint_url: Option<String>,
    /// Start LocalStack if nothing answers at the endpoint, and stop it when the command ends
    #[arg(long, global = true)]
    pub(super) start_localstack: bool,
    /// Profile of the AWS configuration
    #[arg(long, global = true, value_name = "NAME")]
    pub(super) profile: Option<String>,
    /// Region, instead of the configured one
    #[arg(long, global = true, value_name = "REGION", value_parser = super::values::region)]
    pub(super) region: Option<String>,
    /// Folder of the local cloud [env: STEPSTACK_DATA_DIR] [default: .stepstack]
    #[arg(long, global = true, value_name = "FOLDER")]
    pub(super) data_dir: Option<PathBuf>,
    /// Write JSON to standard output: one document, or one line for each event
    #[arg(long, global = true)]
    pub(super) json: bool,
    /// Say only results and errors
    #[arg(long, short, global = true)]
    pub(super) quiet: bool,
    /// When to write colours: auto, always or never
    #[arg(
        long,
        global = true,
        value_enum,
        value_name = "WHEN",
        default_value = "auto",
        hide_possible_values = true
    )]
    pub(super) color: ColorChoice,
    /// Answer yes to every question
    #[arg(long, short, global = true)]
    pub(super) yes: bool,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Find every mistake in stack files, without touching any cloud
    Validate(commands::validate::Args),
    /// Show what deploy would do
    Plan(commands::plan::Args),
    /// Make the stack as the file says, then start and follow an execution
    Deploy(commands::deploy::Args),
    /// Start executions and follow them
    Start(commands::start::Args),
    /// Run the tests of stack files, each stack deployed under a name of its own and removed again
    Test(commands::test::Args),
    /// List a stack's resources and executions
    Status(commands::status::Args),
    /// Remove everything of a stack, and prove it
    #[command(visible_alias = "destroy")]
    Teardown(commands::teardown::Args),
    /// Answer yes to a task that waits for a person
    Approve(commands::callback::SuccessArgs),
    /// Answer no to a task that waits for a person
    Reject(commands::callback::FailureArgs),
    /// Answer tasks that wait for a callback, or list them
    #[command(subcommand)]
    Callback(commands::callback::Command),
    /// Serve, inspect or empty the local cloud
    #[command(subcommand)]
    Local(commands::local::Command),
    /// Print shell completions
    Completions(commands::completions::Args),
}

impl Command {
    /// Whether `--json` gives one document, rather than a line for each event.
    pub(super) fn json_is_one_document(&self) -> bool {
        match self {
            Self::Validate(_) | Self::Plan(_) | Self::Status(_) | Self::Local(_) | Self::Completions(_) => true,
            Self::Callback(commands::callback::Command::List(_)) => true,
            Self::Deploy(_)
            | Self::Start(_)
            | Self::Teardown(_)
            | Self::Approve(_)
            | Self::Reject(_)
            | Self::Test(_)
            | Self::Callback(_) => false,
        }
    }

    /// Whether the command knows itself what to do when it is interrupted.
    pub(super) fn takes_signals(&self) -> bool {
        matches!(self, Self::Test(_) | Self::Local(commands::local::Command::Up { .. }))
    }
}

/// A stack file and its parameters.
#[derive(Clone, Debug, Args)]
pub(super) struct StackArgs {
    /// The stack file
    #[arg(value_name = "FILE")]
    pub(super) file: PathBuf,
    /// Set a parameter of the stack file
    #[arg(long, value_name = "KEY=VALUE", value_parser = parse_set)]
    pub(super) set: Vec<(String, String)>,
}

/// Reads `KEY=VALUE`.
pub(super) fn parse_set(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err("expected KEY=VALUE".to_owned()),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_definition_of_the_command_line_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn common_options_may_stand_before_and_after_the_command() {
        for line in [
            "stepstack --target aws plan f",
            "stepstack plan f --target aws",
            "stepstack plan --target aws f",
        ] {
            let cli = Cli::try_parse_from(line.split(' ')).unwrap();
            assert_eq!(cli.global.target, Some(Target::Aws), "{line}");
        }
    }

    #[test]
    fn lines_that_are_accepted_and_refused() {
        for (line, accepted) in [
            ("validate a b", true),
            ("validate", false),
            ("plan f --detailed-exitcode --set a=b --set c=", true),
            ("plan f --set a", false),
            ("plan f --set =b", false),
            ("plan f --target azure", false),
            ("deploy f --start --input {}", true),
            ("deploy f --start --no-start", false),
            ("start f Main --count 3", true),
            ("start f --count 0", false),
            ("start f --count 1001", false),
            ("approve f --execution e --state s", true),
            ("reject --name s --error E --cause c", true),
            ("approve f --token t --state s", false),
            ("approve f --name s", false),
            ("callback heartbeat --token t", true),
            ("callback list f --show-token", true),
            ("callback list f --execution e --state s", true),
            ("callback list f --token t", false),
            ("callback list f --no-follow", false),
            ("callback heartbeat --token t --no-follow", false),
            ("reject f --token t --no-follow", true),
            ("callback", false),
            ("teardown f", true),
            ("destroy --name s --yes", true),
            ("teardown", false),
            ("teardown f --name s", false),
            ("test f g --filter x --retries 2 --jobs 3 --fail-fast", true),
            ("test", false),
            ("test f --jobs 0", false),
            ("test f --keep --no-deploy", false),
            ("test f --coverage-min 101", false),
            ("status --name s", true),
            ("status", false),
            ("local up --port 4567", true),
            ("local", false),
            ("completions bash", true),
            ("help", false),
        ] {
            let parsed = Cli::try_parse_from(std::iter::once("stepstack").chain(line.split(' ')));
            assert_eq!(parsed.is_ok(), accepted, "{line}: {parsed:?}");
        }
    }
}
