//! `teardown`: removes everything of a stack, looks again, and says what is left.

use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::cli::app::App;
use crate::cli::apply::{PatienceArgs, names_of, outcome_words};
use crate::cli::args::parse_set;
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::target::Target;
use crate::cli::values;
use crate::cloud::Cloud;
use crate::plan::{self, Kind, Plan};
use crate::report::plan::kind_name;
use crate::report::text::escape;

#[derive(Debug, clap::Args)]
#[command(
    group = clap::ArgGroup::new("which").required(true).args(["file", "name"]),
    after_help = "Examples:
  stepstack teardown stacks/call-center.yaml
  stepstack teardown --name call-center --target aws --yes"
)]
pub(in crate::cli) struct Args {
    /// The stack file
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
    /// Name of the stack, if there is no file any more
    #[arg(long, value_name = "STACK", value_parser = values::stack_name)]
    name: Option<String>,
    /// Set a parameter of the stack file
    #[arg(long, value_name = "KEY=VALUE", value_parser = parse_set)]
    set: Vec<(String, String)>,
    /// Leave the logs
    #[arg(long)]
    keep_logs: bool,
    #[command(flatten)]
    patience: PatienceArgs,
}

pub(super) async fn run(app: &App, args: &Args) -> Result<Exit, CommandError> {
    let stack = app.stack_name(args.file.as_deref(), args.name.as_deref(), &args.set)?;
    let cloud = app.connect().await?;
    let kinds = app.kinds(&cloud, args.file.as_deref(), &args.set);
    let plan = plan_removal(&cloud, &stack, &kinds, args.keep_logs).await?;
    if plan.is_empty() {
        app.note(format!("nothing of the stack {stack} is here"));
        name_strangers(app, &cloud, args).await?;
        return Ok(Exit::Done);
    }
    app.announce(&plan);
    if app.chosen()?.target == Target::Aws {
        let account = &cloud.identity().account;
        app.confirm(&format!(
            "delete {} resources of {stack} in account {account}",
            plan.steps.len()
        ))
        .await?;
    }
    app.if_interrupted(Some("the same command goes on from where it stopped".to_owned()));
    let applied = app.apply(&cloud, &plan, &args.patience).await;

    let left = plan_removal(&cloud, &stack, &kinds, args.keep_logs).await?;
    if left.is_empty() {
        app.note(format!("nothing of the stack {stack} is left"));
        name_strangers(app, &cloud, args).await?;
        return Ok(Exit::Done);
    }
    Err(CommandError::left_behind(format!(
        "of the stack {stack} is left ({}): {}",
        outcome_words(&applied),
        names_of(&left, |_| true)
    ))
    .hint("the same command goes on from there"))
}

/// Looks at what is there. The plan to remove it is also the proof that nothing is left: then it is empty.
async fn plan_removal(
    cloud: &Cloud,
    stack: &str,
    kinds: &BTreeSet<Kind>,
    keep_logs: bool,
) -> Result<Plan, CommandError> {
    let observed = cloud.observe_all(stack, kinds).await?;
    Ok(plan::teardown(stack, &observed, cloud.identity(), keep_logs))
}

/// Says what has a name of the stack file and stays, because it does not carry the stack's tag: it may be somebody else's,
/// or ours with its tag removed by hand, and only the user can know.
async fn name_strangers(app: &App, cloud: &Cloud, args: &Args) -> Result<(), CommandError> {
    let Some(file) = &args.file else {
        return Ok(());
    };
    for stranger in app.strangers(cloud, file, &args.set).await? {
        let what = format!("{} {}", kind_name(stranger.kind), escape(&stranger.name));
        let whose = match &stranger.owner {
            Some(owner) => format!("it belongs to the stack {}", escape(owner)),
            None => format!("it carries no {} tag", plan::OWNER_TAG),
        };
        app.note(format!("{what} stays: {whose}"));
    }
    Ok(())
}
