//! `deploy`: makes the stack as the file says, then starts and follows an execution.

use indexmap::IndexMap;
use serde_json::Value;

use crate::cli::app::App;
use crate::cli::apply::{PatienceArgs, names_of, outcome_words};
use crate::cli::args::StackArgs;
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::input::Input;
use crate::cli::prepare::Prepared;
use crate::cli::started::{Launch, ending, exit_of, input_of_stack, names, pick_machine};
use crate::cli::values;
use crate::cloud::Applied;
use crate::event::Event;
use crate::report::text::outputs_text;
use crate::stack::model::Stack;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
After a deploy that changed something, the execution that the stack file names under `start` is started and followed. If \
it fails, the exit code is 1, though the deploy was good.

Examples:
  stepstack deploy stacks/call-center.yaml
  stepstack deploy stacks/call-center.yaml --start --input '{\"Case\": \"002\"}'
  stepstack deploy stacks/call-center.yaml --target aws --profile dev --no-start")]
pub(in crate::cli) struct Args {
    #[command(flatten)]
    stack: StackArgs,
    /// Start an execution even if nothing changed
    #[arg(long, conflicts_with = "no_start")]
    start: bool,
    /// Start no execution
    #[arg(long)]
    no_start: bool,
    /// The input, instead of the stack's: JSON, @file, or - for standard input
    #[arg(long, value_name = "JSON", allow_hyphen_values = true, conflicts_with = "no_start")]
    input: Option<String>,
    /// Name of the execution
    #[arg(long, value_name = "NAME", conflicts_with = "no_start", value_parser = values::execution_name)]
    name: Option<String>,
    /// Take over resources of these names that belong to no stack
    #[arg(long)]
    adopt: bool,
    #[command(flatten)]
    patience: PatienceArgs,
}

pub(super) async fn run(app: &App, args: &Args) -> Result<Exit, CommandError> {
    // What is wrong with the invocation is said before anything is done.
    let input = match &args.input {
        Some(input) => Some(app.read_input(input).await?),
        None => None,
    };
    let prepared = app.prepare(&args.stack, args.adopt).await?;
    let launch = plan_launch(args, &prepared, input)?;

    app.announce(&prepared.plan);
    if !prepared.plan.is_empty() {
        apply(app, args, &prepared).await?;
    }
    let exit = match launch {
        Some(launch) => start(app, &prepared, launch).await?,
        None => Exit::Done,
    };
    tell_outputs(app, &prepared.outputs);
    if !app.is_for_this_command().await {
        say_next(app, args, &prepared.stack);
    }
    Ok(exit)
}

/// What to start afterwards: nothing if nothing changes, unless it was asked for.
fn plan_launch<'a>(
    args: &'a Args,
    prepared: &'a Prepared,
    input: Option<Input>,
) -> Result<Option<Launch<'a>>, CommandError> {
    let stack = &prepared.stack;
    let asked = args.start || args.input.is_some() || args.name.is_some();
    let wanted = args.start || (!prepared.plan.is_empty() && (asked || stack.start.is_some()));
    if args.no_start || !wanted {
        return Ok(None);
    }
    let (id, machine) = pick_machine(stack, None)?;
    Ok(Some(Launch {
        file: &args.stack.file,
        machine,
        input: input.unwrap_or_else(|| input_of_stack(stack, id)),
        names: names(&stack.name, args.name.as_deref(), 1),
        follow: true,
    }))
}

async fn apply(app: &App, args: &Args, prepared: &Prepared) -> Result<(), CommandError> {
    let again = app.command_line("deploy", Some(&args.stack.file));
    app.if_interrupted(Some(format!("`{again}` goes on from where it stopped")));
    let applied = app.apply(&prepared.cloud, &prepared.plan, &args.patience).await;
    app.if_interrupted(None);
    if applied.failed.is_empty() && applied.skipped.is_empty() {
        return Ok(());
    }
    let error = incomplete(prepared, &applied);
    Err(match app.is_for_this_command().await {
        true => error,
        false => error.hint(format!("`{again}` goes on from there")),
    })
}

fn incomplete(prepared: &Prepared, applied: &Applied) -> CommandError {
    let plan = &prepared.plan;
    let message = format!("the deploy of {} is incomplete: {}", plan.stack, outcome_words(applied));
    let error = CommandError::incomplete(message, applied.kind);
    let done = names_of(plan, |step| applied.done.contains(&step.id));
    match (done.is_empty(), plan.unchanged.len()) {
        (true, 0) => error.hint("nothing of it stands"),
        (true, unchanged) => error.hint(format!("{unchanged} resources stand as before")),
        (false, 0) => error.hint(format!("done: {done}")),
        (false, unchanged) => error.hint(format!("done: {done}; {unchanged} more stand as before")),
    }
}

/// Starts and follows. How the execution ends is an outcome of the workflow, not of the deploy.
async fn start(app: &App, prepared: &Prepared, launch: Launch<'_>) -> Result<Exit, CommandError> {
    let Some(outcomes) = app.launch(&prepared.cloud, launch).await? else {
        return Ok(Exit::Done);
    };
    for outcome in outcomes.iter().filter(|outcome| !outcome.succeeded()) {
        app.ui.say(&format!("deployed; the workflow ended {}", ending(outcome)));
    }
    Ok(exit_of(&outcomes))
}

/// For people as text on the way; for programs as an event.
fn tell_outputs(app: &App, outputs: &IndexMap<String, Value>) {
    if outputs.is_empty() {
        return;
    }
    app.emit(Event::Outputs {
        outputs: outputs.clone().into_iter().collect(),
    });
    app.ui.say(&outputs_text(outputs));
}

fn say_next(app: &App, args: &Args, stack: &Stack) {
    let file = Some(args.stack.file.as_path());
    let mut next = "next:".to_owned();
    if let Some((id, _)) = stack.state_machines.first() {
        next.push_str(&format!("\n  {}", app.command_line("start", file)));
        // Which of several it starts has to be said.
        if pick_machine(stack, None).is_err() {
            next.push_str(&format!(" --machine {id}"));
        }
    }
    for command in ["status", "teardown"] {
        next.push_str(&format!("\n  {}", app.command_line(command, file)));
    }
    app.ui.say(&next);
}
