//! One run of a case: an execution is started, followed, answered, and judged.

use std::time::Duration;

use tokio::time::{Instant, sleep, sleep_until, timeout_at};

use super::answers::{Answers, Reply};
use super::job::{Job, Machine};
use super::record::Record;
use super::suite::Runner;
use super::{Mismatch, Trouble, Verdict, judge};
use crate::cloud::{CloudError, ErrorKind, HistoryItem};
use crate::run::express::outcome_of;
use crate::run::follow::random;
use crate::run::{Follower, Pace};
use crate::stack::model::MachineKind;

/// How long to wait for the end of an execution that was stopped.
const UNTIL_STOPPED: Duration = Duration::from_secs(10);

/// The longest name of an execution that is given here; AWS takes 80.
const NAME_MAX: usize = 64;

/// What an attempt came to.
#[derive(Default)]
pub(super) struct Attempt {
    pub(super) record: Option<Record>,
    pub(super) execution: Option<String>,
}

/// How following ended.
enum End {
    /// The execution has ended.
    Itself,
    /// The time of the case is over; the states that were running.
    TimedOut(Vec<String>),
    /// The user stopped everything.
    Interrupted,
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
    let deadline = deadline(job);
    let name = execution_name(&job.case.name);
    let rehearsal = job.rehearsal.clone();
    let started = runner.cloud.start_rehearsal(&machine.arn, &name, &job.input, rehearsal);
    let arn = started.await?;
    made.execution = Some(arn.clone());
    let mut run = Run {
        runner,
        arn: &arn,
        follower: Follower::new(&arn),
        items: Vec::new(),
        answers: Answers::new(&job.case.callbacks),
        pace: Pace::of_target(&runner.cloud.identity().target),
    };
    let end = run.until_its_end(deadline).await;
    if !matches!(end, Ok(End::Itself)) {
        run.stop().await;
    }
    let end = end?;
    let Some(outcome) = run.follower.outcome().cloned() else {
        let what = "the execution";
        return Ok(match end {
            End::Interrupted => interrupted(),
            _ => broken(what, "it was stopped after its time was over, and does not end"),
        });
    };
    let record = Record::from_history(&run.items, outcome, Some(&machine.graph));
    let verdict = match end {
        End::Interrupted => interrupted(),
        End::TimedOut(running) => Verdict::Failed(vec![run.out_of_time(job, &running)]),
        End::Itself => judged(judge::judge(&job.case.expect, &record)),
    };
    made.record = Some(record);
    Ok(verdict)
}

/// Executions of Express machines are run by one call, and cannot be stopped.
async fn express(runner: &Runner, job: &Job, machine: &Machine, made: &mut Attempt) -> Result<Verdict, CloudError> {
    let name = execution_name(&job.case.name);
    let rehearsal = job.rehearsal.clone();
    let running = runner.cloud.run_rehearsal(&machine.arn, &name, &job.input, rehearsal);
    let mut stop = runner.stop.clone();
    let ended = tokio::select! {
        ended = timeout_at(deadline(job), running) => ended,
        _ = stop.wait_for(|count| *count > 0) => return Ok(interrupted()),
    };
    let Ok(ended) = ended else {
        return Ok(Verdict::Failed(vec![time_is_over(job, "no answer")]));
    };
    let ended = ended?;
    made.execution = Some(ended.arn.clone());
    let took_ms = ended.stopped_at.unwrap_or_default().saturating_sub(ended.started_at);
    let record = Record::without_history(outcome_of(&name, &ended), took_ms);
    let verdict = judged(judge::judge(&job.case.expect, &record));
    made.record = Some(record);
    Ok(verdict)
}

/// An execution that is followed.
struct Run<'a> {
    runner: &'a Runner,
    arn: &'a str,
    follower: Follower,
    items: Vec<HistoryItem>,
    answers: Answers<'a>,
    pace: Pace,
}

impl Run<'_> {
    async fn until_its_end(&mut self, deadline: Instant) -> Result<End, CloudError> {
        let mut stop = self.runner.stop.clone();
        loop {
            let Ok(something_came) = timeout_at(deadline, self.look()).await else {
                return Ok(End::TimedOut(self.follower.running()));
            };
            let something_came = something_came?;
            if self.follower.outcome().is_some() {
                return Ok(End::Itself);
            }
            self.answer().await?;
            tokio::select! {
                biased;
                _ = stop.wait_for(|count| *count > 0) => return Ok(End::Interrupted),
                () = sleep_until(deadline) => return Ok(End::TimedOut(self.follower.running())),
                () = sleep(self.pace.next(something_came, random())) => {}
            }
        }
    }

    /// Reads what is new of the history; whether there was anything.
    async fn look(&mut self) -> Result<bool, CloudError> {
        let after = self.follower.last_id();
        let items = self.runner.cloud.history_after(self.arn, after).await?;
        let something_came = !items.is_empty();
        for event in self.follower.feed(&items) {
            self.runner.sink.emit(event);
        }
        self.items.extend(items);
        Ok(something_came)
    }

    async fn answer(&mut self) -> Result<(), CloudError> {
        let cloud = &self.runner.cloud;
        for waiting in self.follower.new_callbacks() {
            let sent = match self.answers.to(&waiting)? {
                Reply::Success(token, output) => cloud.send_task_success(&token, &output).await,
                Reply::Failure(token, error, cause) => cloud.send_task_failure(&token, &error, cause.as_deref()).await,
                Reply::Nothing => Ok(()),
            };
            match sent {
                // Its time was over, or it is a mock that waits for nobody: the history tells.
                Err(error) if error.kind == ErrorKind::Failed => {}
                sent => sent?,
            }
        }
        Ok(())
    }

    /// Stops the execution, and follows it to its end so that what it did can be shown. Whether this works makes no
    /// difference to the verdict.
    async fn stop(&mut self) {
        let cause = "its test is over";
        if self.runner.cloud.stop_execution(self.arn, cause).await.is_err() {
            return;
        }
        let deadline = Instant::now() + UNTIL_STOPPED;
        while self.follower.outcome().is_none() && Instant::now() < deadline {
            let Ok(something_came) = self.look().await else { return };
            if self.follower.outcome().is_none() {
                sleep(self.pace.next(something_came, random())).await;
            }
        }
    }

    fn out_of_time(&self, job: &Job, running: &[String]) -> Mismatch {
        let states = running.iter().map(|state| format!("`{state}`")).collect::<Vec<_>>();
        let mut got = match states.as_slice() {
            [] => "it was still running, in no state".to_owned(),
            states => format!("it was still running, in {}", states.join(", ")),
        };
        for state in self.answers.unanswered() {
            got.push_str(&format!(
                "; `{state}` waited for a task token, and `callbacks` has no answer for it"
            ));
        }
        time_is_over(job, &got)
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

fn deadline(job: &Job) -> Instant {
    Instant::now() + Duration::from_secs(job.case.timeout.into())
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

fn broken(what: &str, message: &str) -> Verdict {
    Verdict::Broken(Trouble {
        what: what.to_owned(),
        message: message.to_owned(),
        hints: Vec::new(),
    })
}

/// Nothing is known of a case that was running, which is not as if it had not been run.
fn interrupted() -> Verdict {
    broken("the test", "it was stopped by the user while the case was running")
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
mod tests {
    use super::*;

    #[test]
    fn executions_are_named_after_their_case() {
        for (case, expected) in [
            ("a resolved case is closed", "a-resolved-case-is-closed-"),
            ("  \"quoted\" & 50%!", "quoted-50-"),
            ("日本", "case-"),
            ("", "case-"),
        ] {
            let name = execution_name(case);
            assert_eq!(name.strip_prefix(expected).map(str::len), Some(8), "{name}");
        }
        let long = execution_name(&"long name ".repeat(20));
        assert!(long.len() <= NAME_MAX, "{long}");
    }
}
