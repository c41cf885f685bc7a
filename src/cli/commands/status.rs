//! `status`: a stack's resources and executions.

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::cli::app::App;
use crate::cli::args::parse_set;
use crate::cli::clock::now_ms;
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::values;
use crate::cloud::{Cloud, ExecutionSummary, ResourceStatus};
use crate::plan::Kind;
use crate::report::plan::kind_name;
use crate::report::text::{duration, escape, pretty_json, table, timestamp};

#[derive(Debug, clap::Args)]
#[command(
    group = clap::ArgGroup::new("which").required(true).args(["file", "name"]),
    after_help = "Examples:\n  stepstack status stacks/call-center.yaml\n  stepstack status --name call-center --json"
)]
pub(in crate::cli) struct Args {
    /// The stack file
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
    /// Name of the stack
    #[arg(long, value_name = "STACK", value_parser = values::stack_name)]
    name: Option<String>,
    /// Set a parameter of the stack file
    #[arg(long, value_name = "KEY=VALUE", value_parser = parse_set)]
    set: Vec<(String, String)>,
    /// Show so many executions of each state machine, the latest first
    #[arg(long, value_name = "N", default_value_t = 20)]
    executions: usize,
}

/// An execution, and the name of its state machine.
struct Run {
    machine: String,
    execution: ExecutionSummary,
}

pub(super) async fn run(app: &App, args: &Args) -> Result<Exit, CommandError> {
    let stack = app.stack_name(args.file.as_deref(), args.name.as_deref(), &args.set)?;
    let cloud = app.connect().await?;
    let resources = cloud.resources(&stack).await?;
    let runs = latest_runs(app, &cloud, &resources, args.executions).await?;
    if app.ui.json {
        app.ui.out(&pretty_json(&document(&stack, &cloud, &resources, &runs)?));
    } else if resources.is_empty() {
        app.ui
            .out(&format!("nothing of the stack {} is deployed", escape(&stack)));
    } else {
        app.ui.out(&text(&resources, &runs, now_ms()));
    }
    Ok(Exit::Done)
}

async fn latest_runs(
    app: &App,
    cloud: &Cloud,
    resources: &[ResourceStatus],
    most: usize,
) -> Result<Vec<Run>, CommandError> {
    let mut runs = Vec::new();
    for machine in resources.iter().filter(|found| found.kind == Kind::StateMachine) {
        let Some(executions) = cloud.executions(&machine.arn, most).await? else {
            app.note(format!(
                "{} is an EXPRESS state machine: Step Functions keeps no list of its executions",
                escape(&machine.name)
            ));
            continue;
        };
        runs.extend(executions.into_iter().map(|execution| Run {
            machine: machine.name.clone(),
            execution,
        }));
    }
    Ok(runs)
}

fn text(resources: &[ResourceStatus], runs: &[Run], now_ms: u64) -> String {
    let rows: Vec<Vec<String>> = resources
        .iter()
        .map(|found| {
            vec![
                kind_name(found.kind).to_owned(),
                escape(&found.name).into_owned(),
                escape(found.status.as_deref().unwrap_or("-")).into_owned(),
            ]
        })
        .collect();
    let mut text = table(&["KIND", "NAME", "STATUS"], &rows);
    text.push('\n');
    if runs.is_empty() {
        text.push_str("no executions\n");
        return text;
    }
    let rows: Vec<Vec<String>> = runs.iter().map(|run| run_row(run, now_ms)).collect();
    text.push_str(&table(
        &["STATE MACHINE", "EXECUTION", "STATUS", "STARTED", "ENDED", "TOOK"],
        &rows,
    ));
    text
}

fn run_row(run: &Run, now_ms: u64) -> Vec<String> {
    let execution = &run.execution;
    let ended = execution.stopped_at.map_or_else(|| "-".to_owned(), timestamp);
    let took = execution
        .stopped_at
        .unwrap_or(now_ms)
        .saturating_sub(execution.started_at);
    vec![
        escape(&run.machine).into_owned(),
        escape(&execution.name).into_owned(),
        escape(&execution.status).into_owned(),
        timestamp(execution.started_at),
        ended,
        duration(took),
    ]
}

fn document(stack: &str, cloud: &Cloud, resources: &[ResourceStatus], runs: &[Run]) -> Result<Value, CommandError> {
    let as_json = |what: serde_json::Result<Value>| {
        what.map_err(|error| CommandError::failed("the status cannot be written as JSON").because(error))
    };
    Ok(json!({
        "stack": stack,
        "identity": as_json(serde_json::to_value(cloud.identity()))?,
        "resources": as_json(serde_json::to_value(resources))?,
        "executions": runs.iter().map(run_document).collect::<Vec<_>>(),
    }))
}

fn run_document(run: &Run) -> Value {
    let execution = &run.execution;
    json!({
        "stateMachine": run.machine,
        "name": execution.name,
        "arn": execution.arn,
        "status": execution.status,
        "startedAt": timestamp(execution.started_at),
        "stoppedAt": execution.stopped_at.map(timestamp),
        "tookMs": execution.stopped_at.map(|end| end.saturating_sub(execution.started_at)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resource(kind: Kind, name: &str, status: Option<&str>) -> ResourceStatus {
        ResourceStatus {
            kind,
            name: name.to_owned(),
            arn: format!("arn:{name}"),
            status: status.map(str::to_owned),
        }
    }

    fn a_run(name: &str, status: &str, stopped_at: Option<u64>) -> Run {
        Run {
            machine: "cc-Main".to_owned(),
            execution: ExecutionSummary {
                arn: format!("arn:{name}"),
                name: name.to_owned(),
                status: status.to_owned(),
                started_at: 1_763_664_273_000,
                stopped_at,
                input: None,
                output: None,
                error: None,
                cause: None,
            },
        }
    }

    #[test]
    fn resources_and_executions_in_columns() {
        let resources = [
            resource(Kind::Role, "basic", None),
            resource(Kind::StateMachine, "cc-Main", Some("ACTIVE")),
        ];
        let runs = [
            a_run("two\u{1b}", "RUNNING", None),
            a_run("one", "SUCCEEDED", Some(1_763_664_273_420)),
        ];
        assert_eq!(
            text(&resources, &runs, 1_763_664_275_000),
            "\
KIND           NAME     STATUS
role           basic    -
state machine  cc-Main  ACTIVE

STATE MACHINE  EXECUTION  STATUS     STARTED                   ENDED                     TOOK
cc-Main        two\\u{1b}  RUNNING    2025-11-20T18:44:33.000Z  -                         2.0 s
cc-Main        one        SUCCEEDED  2025-11-20T18:44:33.000Z  2025-11-20T18:44:33.420Z  0.4 s
"
        );
        assert!(text(&resources, &[], 0).ends_with("\nno executions\n"));
    }

    #[test]
    fn programs_get_times_too() {
        let document = run_document(&a_run("one", "SUCCEEDED", Some(1_763_664_273_420)));
        assert_eq!(document["startedAt"], "2025-11-20T18:44:33.000Z");
        assert_eq!(document["tookMs"], 420);
        assert_eq!(run_document(&a_run("one", "RUNNING", None))["stoppedAt"], Value::Null);
    }
}
