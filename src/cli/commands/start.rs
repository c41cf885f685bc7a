//! `start`: executions of a stack that is deployed.

use crate::cli::app::App;
use crate::cli::args::StackArgs;
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::started::{Launch, exit_of, input_of_stack, names, pick_machine};
use crate::cli::values;

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  stepstack start stacks/call-center.yaml
  stepstack start stacks/call-center.yaml CallCenter --input '{\"Case\": \"002\"}' --name case-002
  stepstack start stacks/call-center.yaml --input @case.json --count 10")]
pub(in crate::cli) struct Args {
    #[command(flatten)]
    stack: StackArgs,
    /// The state machine, if the stack has several and starts another
    #[arg(value_name = "MACHINE")]
    machine: Option<String>,
    /// The same
    #[arg(
        long = "machine",
        visible_alias = "state-machine",
        value_name = "MACHINE",
        conflicts_with = "machine"
    )]
    by_option: Option<String>,
    /// The input, instead of the stack's: JSON, @file, or - for standard input
    #[arg(long, value_name = "JSON", allow_hyphen_values = true)]
    input: Option<String>,
    /// Name of the execution; numbered if there are several
    #[arg(long, value_name = "NAME", value_parser = values::execution_name)]
    name: Option<String>,
    /// Start so many at once
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1000))]
    count: u32,
    /// Do not wait for the end
    #[arg(long)]
    no_follow: bool,
}

pub(super) async fn run(app: &App, args: &Args) -> Result<Exit, CommandError> {
    let stack = app.load(&args.stack)?;
    let (id, machine) = pick_machine(&stack, args.machine.as_deref().or(args.by_option.as_deref()))?;
    let input = match &args.input {
        Some(input) => app.read_input(input).await?,
        None => input_of_stack(&stack, id),
    };
    let cloud = app.connect().await?;
    app.note_differences(&cloud, &stack, machine).await?;
    let launch = Launch {
        file: &args.stack.file,
        machine,
        input,
        names: names(&stack.name, args.name.as_deref(), args.count as usize),
        follow: !args.no_follow,
    };
    let outcomes = app.launch(&cloud, launch).await?;
    Ok(outcomes.map_or(Exit::Done, |outcomes| exit_of(&outcomes)))
}
