//! Starting executions and following them: what `deploy` and `start` share.

use std::path::Path;

use tokio::task::JoinSet;

use super::app::App;
use super::clock::now_ms;
use super::error::CommandError;
use super::exit::Exit;
use super::input::Input;
use super::target::Target;
use crate::cloud::{Cloud, CloudError, ErrorKind};
use crate::diagnostic::did_you_mean;
use crate::event::Event;
use crate::report::message_of;
use crate::report::text::{compact_json, escape, pretty_json, shorten};
use crate::run::{Express, Follower, Outcome, Pace, execution_name, follow_all, run_all};
use crate::stack::model::{MachineKind, Stack, StateMachine};

/// Executions to be started.
pub(super) struct Launch<'a> {
    /// The stack file, for the command that would deploy it.
    pub(super) file: &'a Path,
    pub(super) machine: &'a StateMachine,
    pub(super) input: Input,
    /// Their names, one for each.
    pub(super) names: Vec<String>,
    /// Whether to wait for their ends.
    pub(super) follow: bool,
}

impl App {
    /// Starts executions and, unless told otherwise, follows them to their ends. None if there is nothing to follow.
    pub(super) async fn launch(&self, cloud: &Cloud, launch: Launch<'_>) -> Result<Option<Vec<Outcome>>, CommandError> {
        if launch.follow && launch.machine.kind == MachineKind::Express {
            return self.run_express(cloud, &launch).await.map(Some);
        }
        let arns = self.start_all(cloud, &launch).await?;
        if !launch.follow {
            if launch.machine.kind == MachineKind::Express {
                self.note("executions of an EXPRESS state machine can be looked at in their logs only");
            }
            self.note_standstill().await?;
            return Ok(None);
        }
        self.if_interrupted(Some(self.what_goes_on().await?));
        let outcomes = match arns.as_slice() {
            [arn] => {
                let mut follower = Follower::new(arn);
                let outcome = self.follow_asking(cloud, Some(launch.file), arn, &mut follower).await?;
                outcome.into_iter().collect()
            }
            several => {
                let pace = Pace::of_target(&cloud.identity().target);
                follow_all(cloud, several, &pace, self.reporter.sink()).await?
            }
        };
        self.if_interrupted(None);
        if outcomes.is_empty() {
            self.note("the execution is left running");
            return Ok(None);
        }
        self.print_outcomes(&outcomes);
        Ok(Some(outcomes))
    }

    /// What becomes of an execution when the command that follows it is interrupted.
    async fn what_goes_on(&self) -> Result<String, CommandError> {
        Ok(if self.stands_still().await? {
            "the execution goes on when the local cloud is opened again".to_owned()
        } else {
            "the execution goes on without us; `stepstack status` shows it".to_owned()
        })
    }

    /// Says that executions of the local cloud need a process, unless another one serves it.
    pub(super) async fn note_standstill(&self) -> Result<(), CommandError> {
        if self.stands_still().await? {
            self.note(format!(
                "on the local cloud executions advance only while a stepstack command runs, for example `{}`",
                self.command_line("local up", None)
            ));
        }
        Ok(())
    }

    /// Whether executions stand still when this command ends.
    async fn stands_still(&self) -> Result<bool, CommandError> {
        Ok(self.chosen()?.target == Target::Local && !self.home.is_elsewhere().await)
    }

    /// Runs executions of an Express state machine to their ends.
    async fn run_express(&self, cloud: &Cloud, launch: &Launch<'_>) -> Result<Vec<Outcome>, CommandError> {
        self.if_interrupted(Some(self.what_goes_on().await?));
        let machine = Express {
            arn: cloud.identity().machine_arn(&launch.machine.name),
            name: launch.machine.name.clone(),
            input: launch.input.value.clone(),
            text: launch.input.text.clone(),
        };
        let outcomes = run_all(cloud, &machine, &launch.names, self.reporter.sink()).await;
        self.if_interrupted(None);
        let outcomes = outcomes.map_err(|error| self.not_started(error, launch))?;
        self.print_outcomes(&outcomes);
        Ok(outcomes)
    }

    /// Starts all executions at once; their ARNs in the order of their names.
    async fn start_all(&self, cloud: &Cloud, launch: &Launch<'_>) -> Result<Vec<String>, CommandError> {
        let machine_arn = cloud.identity().machine_arn(&launch.machine.name);
        let mut starting = JoinSet::new();
        for (index, name) in launch.names.iter().enumerate() {
            let (cloud, arn, name, input) = (
                cloud.clone(),
                machine_arn.clone(),
                name.clone(),
                launch.input.text.clone(),
            );
            starting.spawn(async move { (index, cloud.start_execution(&arn, &name, &input).await) });
        }
        let mut arns = Vec::with_capacity(launch.names.len());
        let mut failure: Option<CloudError> = None;
        while let Some(joined) = starting.join_next().await {
            match joined {
                Ok((index, Ok(arn))) => arns.push((index, arn)),
                Ok((_, Err(error))) => failure = failure.or(Some(error)),
                Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
                Err(error) => return Err(CommandError::failed("starting broke off").because(error)),
            }
        }
        arns.sort_unstable();
        for (index, arn) in &arns {
            self.emit(Event::ExecutionStarted {
                execution: launch.names.get(*index).cloned().unwrap_or_default(),
                arn: arn.clone(),
                state_machine: launch.machine.name.clone(),
                input: launch.input.value.clone(),
            });
        }
        match failure {
            Some(error) => Err(self.not_started(error, launch)),
            None => Ok(arns.into_iter().map(|(_, arn)| arn).collect()),
        }
    }

    fn not_started(&self, error: CloudError, launch: &Launch<'_>) -> CommandError {
        if error.kind == ErrorKind::NotFound {
            let deploy = self.command_line("deploy", Some(launch.file));
            return CommandError::wrong(format!("the state machine {} is not deployed", launch.machine.name))
                .hint(format!("`{deploy}` deploys it"));
        }
        let name_is_taken = error.message.contains("ExecutionAlreadyExists");
        let error = CommandError::from(error);
        if name_is_taken {
            return error.hint("the name of an execution stays taken for 90 days: give another `--name`");
        }
        error
    }

    /// Outputs are data: of one execution as it is, of several as one line each.
    pub(super) fn print_outcomes(&self, outcomes: &[Outcome]) {
        if self.json_events() {
            return;
        }
        if self.global.quiet {
            for failed in outcomes.iter().filter(|outcome| !outcome.succeeded()) {
                self.ui.err(&format!(
                    "execution {} ended {}",
                    escape(&failed.execution),
                    ending(failed)
                ));
            }
        }
        match outcomes {
            [outcome] => {
                if let Some(output) = &outcome.output {
                    self.ui.out(&pretty_json(output));
                }
            }
            several => {
                for outcome in several {
                    if let Ok(line) = serde_json::to_value(outcome) {
                        self.ui.out(&compact_json(&line));
                    }
                }
            }
        }
    }
}

/// How an execution ended, in words: `FAILED: error: cause`.
pub(super) fn ending(outcome: &Outcome) -> String {
    let status = escape(&outcome.status).into_owned();
    let why: Vec<String> = [outcome.error.clone(), outcome.cause.as_deref().map(message_of)]
        .into_iter()
        .flatten()
        .filter(|text| !text.is_empty())
        .collect();
    if why.is_empty() {
        return status;
    }
    format!("{status}: {}", shorten(&escape(&why.join(": ")), 300))
}

/// The exit code that outcomes give.
pub(super) fn exit_of(outcomes: &[Outcome]) -> Exit {
    if outcomes.iter().all(Outcome::succeeded) {
        Exit::Done
    } else {
        Exit::Failed
    }
}

/// The state machine that was asked for, by logical id or name; else the one that the stack starts; else the only one.
pub(super) fn pick_machine<'a>(
    stack: &'a Stack,
    wanted: Option<&str>,
) -> Result<(&'a str, &'a StateMachine), CommandError> {
    let ids = || stack.state_machines.keys().map(String::as_str);
    let listed = || ids().collect::<Vec<_>>().join(", ");
    let wanted = wanted.or(stack.start.as_ref().map(|start| start.state_machine.as_str()));
    let found = match wanted {
        Some(wanted) => stack
            .state_machines
            .iter()
            .find(|(id, machine)| id.as_str() == wanted || machine.name == wanted),
        None if stack.state_machines.len() == 1 => stack.state_machines.first(),
        None => None,
    };
    if let Some((id, machine)) = found {
        return Ok((id, machine));
    }
    Err(match wanted {
        Some(wanted) => {
            let error = CommandError::wrong(format!("the stack {} has no state machine `{wanted}`", stack.name));
            match did_you_mean(wanted, ids()) {
                Some(hint) => error.hint(hint),
                None => error.hint(format!("it has: {}", listed())),
            }
        }
        None if stack.state_machines.is_empty() => {
            CommandError::wrong(format!("the stack {} has no state machine to start", stack.name))
        }
        None => CommandError::wrong(format!("the stack {} has several state machines", stack.name))
            .hint(format!("name one of them: {}", listed())),
    })
}

/// The input that the stack gives to one of its state machines: that of `start`, else an empty object.
pub(super) fn input_of_stack(stack: &Stack, machine_id: &str) -> Input {
    stack
        .start
        .as_ref()
        .filter(|start| start.state_machine == machine_id)
        .map_or_else(
            || Input::of_value(serde_json::json!({})),
            |start| Input::of_value(start.input.clone()),
        )
}

/// Names for so many executions: the given one, numbered if there are several, else one made of stack and time.
pub(super) fn names(stack: &str, given: Option<&str>, count: usize) -> Vec<String> {
    let now = now_ms();
    (1..=count)
        .map(|number| match given {
            Some(name) if count == 1 => name.to_owned(),
            Some(name) => format!("{name}-{number}"),
            None => execution_name(stack, now, &random_suffix()),
        })
        .collect()
}

/// Eight hexadecimal digits.
fn random_suffix() -> String {
    let mut suffix = uuid::Uuid::new_v4().simple().to_string();
    suffix.truncate(8);
    suffix
}

#[cfg(test)]
#[path = "started_tests.rs"]
mod tests;
