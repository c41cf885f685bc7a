//! `plan`: what deploy would do.

use crate::cli::app::App;
use crate::cli::args::StackArgs;
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::report::plan::render;
use crate::report::text::pretty_json;

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  stepstack plan stacks/call-center.yaml\n  stepstack plan stacks/call-center.yaml --target aws --json"
)]
pub(in crate::cli) struct Args {
    #[command(flatten)]
    stack: StackArgs,
    /// Exit with 5 if there is something to change, 0 if not
    #[arg(long)]
    detailed_exitcode: bool,
    /// Plan to take over resources of these names that belong to no stack
    #[arg(long)]
    adopt: bool,
}

pub(super) async fn run(app: &App, args: &Args) -> Result<Exit, CommandError> {
    let plan = app.prepare(&args.stack, args.adopt).await?.plan;
    if app.ui.json {
        let document = serde_json::to_value(&plan)
            .map_err(|error| CommandError::failed("the plan cannot be written as JSON").because(error))?;
        app.ui.out(&pretty_json(&document));
    } else {
        app.ui.out(&render(&plan, app.ui.out_theme));
    }
    Ok(if args.detailed_exitcode && !plan.is_empty() {
        Exit::Changes
    } else {
        Exit::Done
    })
}
