//! `approve`, `reject` and `callback`: answers to what waits for a task token.

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::cli::app::App;
use crate::cli::approval::{REJECTED, approved};
use crate::cli::args::parse_set;
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::started::exit_of;
use crate::cli::values;
use crate::cloud::Cloud;
use crate::plan::Kind;
use crate::report::text::{escape, pretty_json, table};
use crate::run::{Follower, Waiting};
use crate::stack;

/// Running executions of a machine that are looked at.
const LOOKED_AT: usize = 1000;

/// Whose callbacks are looked at.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Scope {
    /// The stack file
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
    /// Name of the stack, instead of its file
    #[arg(long, value_name = "STACK", value_parser = values::stack_name, conflicts_with = "file")]
    name: Option<String>,
    /// Set a parameter of the stack file
    #[arg(long, value_name = "KEY=VALUE", value_parser = parse_set)]
    set: Vec<(String, String)>,
    /// Name of the execution, if several wait
    #[arg(long, value_name = "NAME")]
    execution: Option<String>,
    /// Name of the state, if several wait
    #[arg(long, value_name = "STATE")]
    state: Option<String>,
}

/// Which callback it is.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Which {
    #[command(flatten)]
    scope: Scope,
    /// The task token itself
    #[arg(long, value_name = "TOKEN", conflicts_with_all = ["execution", "state"])]
    token: Option<String>,
}

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  stepstack approve stacks/credit-card.yaml
  stepstack approve stacks/credit-card.yaml --execution NAME --state \"Wait for human approval\" --output '{\"by\": \"me\"}'")]
pub(in crate::cli) struct SuccessArgs {
    #[command(flatten)]
    which: Which,
    /// The output of the task: JSON, @file, or - for standard input [default: {"approved":true}]
    #[arg(long, value_name = "JSON", allow_hyphen_values = true)]
    output: Option<String>,
    /// Do not wait for the end of the execution
    #[arg(long)]
    no_follow: bool,
}

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct FailureArgs {
    #[command(flatten)]
    which: Which,
    /// The error of the task, for Retry and Catch
    #[arg(long, value_name = "ERROR", default_value = REJECTED)]
    error: String,
    /// Why
    #[arg(long, value_name = "TEXT")]
    cause: Option<String>,
    /// Do not wait for the end of the execution
    #[arg(long)]
    no_follow: bool,
}

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct HeartbeatArgs {
    #[command(flatten)]
    which: Which,
}

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct ListArgs {
    #[command(flatten)]
    scope: Scope,
    /// Show the task tokens: whoever has one can answer
    #[arg(long)]
    show_token: bool,
}

#[derive(Debug, clap::Subcommand)]
pub(in crate::cli) enum Command {
    /// End the task well: the same as approve
    Success(SuccessArgs),
    /// End the task badly: the same as reject
    Failure(FailureArgs),
    /// Say that the task is still worked on
    Heartbeat(HeartbeatArgs),
    /// List what waits for a callback
    List(ListArgs),
}

pub(super) async fn run(app: &App, command: &Command) -> Result<Exit, CommandError> {
    match command {
        Command::Success(args) => approve(app, args).await,
        Command::Failure(args) => reject(app, args).await,
        Command::Heartbeat(args) => heartbeat(app, args).await,
        Command::List(args) => list(app, args).await,
    }
}

pub(super) async fn approve(app: &App, args: &SuccessArgs) -> Result<Exit, CommandError> {
    let output = match &args.output {
        Some(output) => app.read_json("output", output).await?.text,
        None => approved(),
    };
    let cloud = app.connect().await?;
    let mut found = find_one(app, &cloud, &args.which).await?;
    cloud.send_task_success(&found.token, &output).await?;
    app.note(format!("{} was approved", found.what()));
    follow(app, &cloud, &args.which.scope, args.no_follow, &mut found).await
}

/// That a rejected execution fails is what was asked for.
pub(super) async fn reject(app: &App, args: &FailureArgs) -> Result<Exit, CommandError> {
    let cloud = app.connect().await?;
    let mut found = find_one(app, &cloud, &args.which).await?;
    cloud
        .send_task_failure(&found.token, &args.error, args.cause.as_deref())
        .await?;
    app.note(format!("{} was rejected", found.what()));
    follow(app, &cloud, &args.which.scope, args.no_follow, &mut found).await?;
    Ok(Exit::Done)
}

async fn heartbeat(app: &App, args: &HeartbeatArgs) -> Result<Exit, CommandError> {
    let cloud = app.connect().await?;
    let found = find_one(app, &cloud, &args.which).await?;
    cloud.send_task_heartbeat(&found.token).await?;
    app.note(format!("{} is still worked on", found.what()));
    Ok(Exit::Done)
}

async fn list(app: &App, args: &ListArgs) -> Result<Exit, CommandError> {
    let cloud = app.connect().await?;
    let all = find(app, &cloud, &args.scope).await?;
    let waiting: Vec<&Waiting> = all.iter().map(|(_, waiting)| waiting).collect();
    let token = |waiting: &Waiting| match (&waiting.token, args.show_token) {
        (Some(token), true) => token.clone(),
        (Some(_), false) => "(secret)".to_owned(),
        (None, _) => "(not in the history)".to_owned(),
    };
    if app.ui.json {
        let entry = |waiting: &&Waiting| json!({ "execution": waiting.execution, "state": waiting.state, "token": token(waiting) });
        let entries: Vec<Value> = waiting.iter().map(entry).collect();
        app.ui.out(&pretty_json(&json!({ "waiting": entries })));
    } else if waiting.is_empty() {
        app.ui.out("nothing waits for a callback");
    } else {
        let row = |waiting: &&Waiting| {
            vec![
                escape(&waiting.execution).into_owned(),
                escape(&waiting.state).into_owned(),
                escape(&token(waiting)).into_owned(),
            ]
        };
        let rows: Vec<Vec<String>> = waiting.iter().map(row).collect();
        app.ui.out(&table(&["EXECUTION", "STATE", "TOKEN"], &rows));
    }
    Ok(Exit::Done)
}

/// A token, and the execution that it is of, unless that is not to be found.
struct Found {
    token: String,
    of: Option<(Follower, String, Waiting)>,
}

impl Found {
    fn what(&self) -> String {
        match &self.of {
            Some((_, _, waiting)) => format!("`{}` of the execution {}", waiting.state, waiting.execution),
            None => "the task of this token".to_owned(),
        }
    }
}

/// Follows what was answered to its end, since on the local cloud it goes on only while a command runs.
async fn follow(
    app: &App,
    cloud: &Cloud,
    scope: &Scope,
    no_follow: bool,
    found: &mut Found,
) -> Result<Exit, CommandError> {
    let Some((follower, arn, _)) = found.of.as_mut().filter(|_| !no_follow) else {
        app.note_standstill().await?;
        return Ok(Exit::Done);
    };
    let Some(outcome) = app.follow_asking(cloud, scope.file.as_deref(), arn, follower).await? else {
        return Ok(Exit::Done);
    };
    let outcomes = [outcome];
    app.print_outcomes(&outcomes);
    Ok(exit_of(&outcomes))
}

async fn find_one(app: &App, cloud: &Cloud, which: &Which) -> Result<Found, CommandError> {
    if let Some(token) = &which.token {
        return of_token(app, cloud, &which.scope, token).await;
    }
    let mut all = find(app, cloud, &which.scope).await?;
    if all.len() > 1 {
        let error = CommandError::wrong(format!("{} tasks wait for a callback: say which", all.len()));
        return Err(all.iter().fold(error, |error, (_, waiting)| {
            error.hint(format!(
                "--execution {} --state \"{}\"",
                waiting.execution, waiting.state
            ))
        }));
    }
    let Some(((mut follower, arn), waiting)) = all.pop() else {
        return Err(nothing_waits(app, cloud, &which.scope).await?);
    };
    // What is answered now is not new any more.
    follower.new_callbacks();
    match waiting.token.clone() {
        Some(token) => Ok(Found {
            token,
            of: Some((follower, arn, waiting)),
        }),
        None => Err(CommandError::wrong(format!(
            "`{}` of the execution {} waits, but its history does not hold the token",
            waiting.state, waiting.execution
        ))
        .hint("give it with `--token`")),
    }
}

/// The execution whose task has the token. Where the histories of the stack's executions tell all tokens, one that they do not
/// hold is refused; elsewhere it is sent as it is.
async fn of_token(app: &App, cloud: &Cloud, scope: &Scope, token: &str) -> Result<Found, CommandError> {
    let token = token.to_owned();
    if scope.file.is_none() && scope.name.is_none() {
        return Ok(Found { token, of: None });
    }
    let running = running(app, cloud, scope).await?;
    let tells_all = running.iter().all(|(follower, _)| follower.tells_all_tokens());
    for (mut follower, arn) in running {
        if let Some(waiting) = follower.holder_of(&token) {
            follower.new_callbacks();
            let of = Some((follower, arn, waiting));
            return Ok(Found { token, of });
        }
    }
    if tells_all {
        let stack = app.stack_name(scope.file.as_deref(), scope.name.as_deref(), &scope.set)?;
        return Err(
            CommandError::wrong(format!("this token is not of a task of the stack {stack} that waits"))
                .hint("it was used already, its time is over, or it is of another stack")
                .hint("without naming a stack, it is sent as it is"),
        );
    }
    Ok(Found { token, of: None })
}

async fn nothing_waits(app: &App, cloud: &Cloud, scope: &Scope) -> Result<CommandError, CommandError> {
    let state = scope
        .state
        .as_ref()
        .map(|state| format!(" in the state `{state}`"))
        .unwrap_or_default();
    let Some(name) = &scope.execution else {
        return Ok(CommandError::failed(format!("nothing waits for a callback{state}")));
    };
    let status = app.command_line("status", scope.file.as_deref());
    for machine in machines(app, cloud, scope).await? {
        let arn = format!("{}:{name}", machine.replacen(":stateMachine:", ":execution:", 1));
        // Of EXPRESS machines nothing can be told.
        let Ok(execution) = cloud.describe_execution(&arn).await else {
            continue;
        };
        let why = match execution.status.as_str() {
            "RUNNING" => format!("it runs, and was answered already or does not wait yet: `{status}` shows it"),
            ended => {
                format!("it was answered already, or its time was over: it has ended {ended}, as `{status}` shows")
            }
        };
        return Ok(CommandError::failed(format!("no execution {name} waits for a callback{state}")).hint(why));
    }
    let stack = app.stack_name(scope.file.as_deref(), scope.name.as_deref(), &scope.set)?;
    Ok(
        CommandError::wrong(format!("the stack {stack} has no execution {name}"))
            .hint(format!("`{status}` lists its executions")),
    )
}

/// What waits of the stack, narrowed by execution and state.
async fn find(app: &App, cloud: &Cloud, scope: &Scope) -> Result<Vec<((Follower, String), Waiting)>, CommandError> {
    let mut found = Vec::new();
    for (follower, arn) in running(app, cloud, scope).await? {
        for waiting in follower.waiting() {
            if scope.state.as_ref().is_none_or(|state| *state == waiting.state) {
                found.push(((follower.clone(), arn.clone()), waiting));
            }
        }
    }
    Ok(found)
}

/// What has happened so far in the stack's running executions, or in that of the name asked for.
async fn running(app: &App, cloud: &Cloud, scope: &Scope) -> Result<Vec<(Follower, String)>, CommandError> {
    let mut found = Vec::new();
    for machine in machines(app, cloud, scope).await? {
        for execution in cloud.executions(&machine, LOOKED_AT).await?.unwrap_or_default() {
            let is_it = scope.execution.as_ref().is_none_or(|name| *name == execution.name);
            if execution.status != "RUNNING" || !is_it {
                continue;
            }
            let mut follower = Follower::new(&execution.arn);
            follower.feed(&cloud.history_after(&execution.arn, 0).await?);
            found.push((follower, execution.arn));
        }
    }
    Ok(found)
}

/// The ARNs of the stack's state machines.
async fn machines(app: &App, cloud: &Cloud, scope: &Scope) -> Result<Vec<String>, CommandError> {
    let not_deployed = |stack: &str| CommandError::wrong(format!("the stack {stack} is not deployed"));
    if let Some(file) = &scope.file
        && let (Some(stack), _) = stack::load(file, &scope.set)
    {
        let mut there = Vec::new();
        for machine in stack.state_machines.values() {
            let arn = cloud.identity().machine_arn(&machine.name);
            if cloud.deployed_definition(&arn).await?.is_some() {
                there.push(arn);
            }
        }
        if there.is_empty() && !stack.state_machines.is_empty() {
            let deploy = app.command_line("deploy", Some(file));
            return Err(not_deployed(&stack.name).hint(format!("`{deploy}` deploys it")));
        }
        return Ok(there);
    }
    if scope.file.is_none() && scope.name.is_none() {
        return Err(CommandError::wrong("neither a stack nor a token is named")
            .hint("give the stack file, `--name STACK`, or `--token TOKEN`"));
    }
    let stack = app.stack_name(scope.file.as_deref(), scope.name.as_deref(), &scope.set)?;
    let resources = cloud.resources(&stack).await?;
    if resources.is_empty() {
        return Err(not_deployed(&stack));
    }
    let machines = resources.into_iter().filter(|found| found.kind == Kind::StateMachine);
    Ok(machines.map(|machine| machine.arn).collect())
}
