//! One run of a case: an execution is started, followed, answered, and judged.

use std::pin::pin;
use std::time::Duration;

use tokio::time::timeout;

use super::followed::Followed;
use super::job::{Job, Machine};
use super::limits::{Cut, Limits};
use super::record::Record;
use super::suite::Runner;
use super::{Mismatch, Trouble, Verdict, judge};
use crate::cloud::CloudError;
use crate::run::express::outcome_of;
use crate::stack::model::MachineKind;

/// How long the answer to a start is waited for once the case is over: only by its ARN can the execution be stopped.
const UNTIL_STARTED: Duration = Duration::from_secs(3);

/// The longest name of an execution that is given here; AWS takes 80.
const NAME_MAX: usize = 64;

/// What an attempt came to.
#[derive(Default)]
pub(super) struct Attempt {
    pub(super) record: Option<Record>,
    pub(super) execution: Option<String>,
}

/// Runs a case once.
pub(super) async fn attempt(runner: &Runner, job: &Job) -> (Attempt, Verdict) {
    let mut made = Attempt::default();
    let verdict = match &job.machine {
        Some(machine) if machine.kind == MachineKind::Express => express(runner, job, machine, &mut made).await,
        Some(machine) => standard(runner, job, machine, &mut made).await,
        None => Ok(Verdict::Skipped("there is no state machine".to_owned())),
    };
    (made, verdict.unwrap_or_else(refused))
}

async fn standard(runner: &Runner, job: &Job, machine: &Machine, made: &mut Attempt) -> Result<Verdict, CloudError> {
    let limits = Limits::new(runner, job);
    let name = execution_name(&job.case.name);
    let rehearsal = job.rehearsal.clone();
    let mut start = pin!(runner.cloud.start_rehearsal(&machine.arn, &name, &job.input, rehearsal));
    let (arn, late) = match limits.within(&mut start).await {
        Ok(started) => (started?, None),
        Err(cut) => match timeout(UNTIL_STARTED, start).await {
            Ok(started) => (started?, Some(cut)),
            Err(_) => return Ok(not_started(job, &name, cut)),
        },
    };
    made.execution = Some(arn.clone());
    let mut execution = Followed::new(runner, job, &arn);
    let ended = match late {
        None => limits.within(execution.until_its_end()).await,
        Some(cut) => Err(cut),
    };
    let verdict = match ended {
        Ok(Ok(outcome)) => {
            let record = execution.record(outcome, &machine.graph);
            let verdict = judged(judge::judge(&job.case.expect, &record));
            made.record = Some(record);
            return Ok(verdict);
        }
        Ok(Err(error)) => refused(error),
        Err(Cut::Interrupted) => interrupted(),
        Err(Cut::TimedOut) => {
            let got = match late {
                None => execution.whereabouts(),
                Some(_) => "its start was answered only after that".to_owned(),
            };
            Verdict::Failed(vec![time_is_over(job, &got)])
        }
    };
    Ok(match execution.stop().await {
        Ok(outcome) => {
            made.record = Some(execution.record(outcome, &machine.graph));
            verdict
        }
        Err(why) => noted(verdict, &format!("it may still run: {why}")),
    })
}

/// Executions of Express machines are run by one call, and cannot be stopped.
async fn express(runner: &Runner, job: &Job, machine: &Machine, made: &mut Attempt) -> Result<Verdict, CloudError> {
    let name = execution_name(&job.case.name);
    let rehearsal = job.rehearsal.clone();
    let running = runner.cloud.run_rehearsal(&machine.arn, &name, &job.input, rehearsal);
    let ended = match Limits::new(runner, job).within(running).await {
        Ok(ended) => ended?,
        Err(Cut::Interrupted) => return Ok(interrupted()),
        Err(Cut::TimedOut) => return Ok(Verdict::Failed(vec![time_is_over(job, "no answer")])),
    };
    made.execution = Some(ended.arn.clone());
    let took_ms = ended.stopped_at.unwrap_or_default().saturating_sub(ended.started_at);
    let record = Record::without_history(outcome_of(&name, &ended), took_ms);
    let verdict = judged(judge::judge(&job.case.expect, &record));
    made.record = Some(record);
    Ok(verdict)
}

/// The start was not answered, so that there is nothing to judge; nor is there an ARN to stop the execution by.
fn not_started(job: &Job, name: &str, cut: Cut) -> Verdict {
    match cut {
        Cut::TimedOut => Verdict::broken(
            "the cloud",
            &format!(
                "it did not answer the start of the execution {name} within the {} s of the case; it may run",
                job.case.timeout
            ),
        ),
        Cut::Interrupted => noted(
            interrupted(),
            &format!("the start of the execution {name} was not answered; it may run"),
        ),
    }
}

fn time_is_over(job: &Job, got: &str) -> Mismatch {
    let in_vain = job.case.virtual_time && job.rehearsal.is_none();
    let note = if in_vain {
        "; `time: virtual` has no effect here: only stepstack's own local cloud can do it"
    } else {
        ""
    };
    Mismatch {
        what: "timeout".to_owned(),
        expected: format!("an end within {} s", job.case.timeout),
        got: format!("{got}{note}"),
        diff: Vec::new(),
        span: job.case.span.clone(),
    }
}

fn judged(mismatches: Vec<Mismatch>) -> Verdict {
    if mismatches.is_empty() {
        Verdict::Passed
    } else {
        Verdict::Failed(mismatches)
    }
}

fn refused(error: CloudError) -> Verdict {
    Verdict::Broken(Trouble {
        what: "the cloud".to_owned(),
        message: error.message,
        hints: error.hints,
    })
}

/// Nothing is known of a case that was running, which is not as if it had not been run.
fn interrupted() -> Verdict {
    Verdict::broken("the test", "it was stopped by the user while the case was running")
}

/// The same verdict, of which something more is told.
fn noted(mut verdict: Verdict, note: &str) -> Verdict {
    let text = match &mut verdict {
        Verdict::Failed(mismatches) => mismatches.last_mut().map(|mismatch| &mut mismatch.got),
        Verdict::Broken(trouble) => Some(&mut trouble.message),
        Verdict::Passed | Verdict::Skipped(_) => None,
    };
    if let Some(text) = text {
        text.push_str(&format!("; {note}"));
    }
    verdict
}

/// The case's name in what names of executions may hold, and something that makes it another one each time.
fn execution_name(case: &str) -> String {
    let mut name = String::new();
    for character in case.chars() {
        if character.is_ascii_alphanumeric() || character == '_' {
            name.push(character);
        } else if !name.is_empty() && !name.ends_with('-') {
            name.push('-');
        }
    }
    let id = uuid::Uuid::new_v4().simple().to_string();
    let id: String = id.chars().take(8).collect();
    let case: String = name.chars().take(NAME_MAX - id.len() - 1).collect();
    match case.trim_end_matches('-') {
        "" => format!("case-{id}"),
        case => format!("{case}-{id}"),
    }
}

#[cfg(test)]
#[path = "attempt_tests.rs"]
mod tests;
