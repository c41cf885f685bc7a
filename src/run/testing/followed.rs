//! An execution that is followed, answered, and stopped.

use std::time::Duration;

use tokio::time::{sleep, timeout};

use super::answers::{Answers, Reply};
use super::job::Job;
use super::record::Record;
use super::suite::Runner;
use crate::asl::graph::Graph;
use crate::cloud::{CloudError, HistoryItem};
use crate::run::follow::random;
use crate::run::{Follower, Outcome, Pace, Waiting};

/// How long it may take to stop an execution and to see that it has ended.
const UNTIL_STOPPED: Duration = Duration::from_secs(10);

/// An execution that is followed.
pub(super) struct Followed<'a> {
    runner: &'a Runner,
    arn: &'a str,
    follower: Follower,
    items: Vec<HistoryItem>,
    answers: Answers<'a>,
    /// The state whose answer is on its way.
    answering: Option<String>,
    pace: Pace,
}

impl<'a> Followed<'a> {
    pub(super) fn new(runner: &'a Runner, job: &'a Job, arn: &'a str) -> Self {
        Self {
            runner,
            arn,
            follower: Follower::new(arn),
            items: Vec::new(),
            answers: Answers::new(&job.case.callbacks),
            answering: None,
            pace: Pace::of_target(&runner.cloud.identity().target),
        }
    }

    /// What it did until it ended so.
    pub(super) fn record(&self, outcome: Outcome, graph: &Graph) -> Record {
        Record::from_history(&self.items, outcome, Some(graph))
    }

    /// Follows it, and answers its task tokens, until it ends. May be dropped.
    pub(super) async fn until_its_end(&mut self) -> Result<Outcome, CloudError> {
        loop {
            let something_came = self.look().await?;
            if let Some(outcome) = self.follower.outcome() {
                return Ok(outcome.clone());
            }
            self.answer().await?;
            sleep(self.pace.next(something_came, random())).await;
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
        for waiting in self.follower.new_callbacks() {
            let reply = self.answers.to(&waiting)?;
            self.answering = Some(waiting.state.clone());
            self.send(reply).await.map_err(|error| not_answered(&waiting, error))?;
            self.answering = None;
        }
        Ok(())
    }

    /// That nobody waits for the reply is no error: the task's time was over, and the history tells.
    async fn send(&self, reply: Reply) -> Result<(), CloudError> {
        let cloud = &self.runner.cloud;
        match reply {
            Reply::Success(token, output) => cloud.succeed_if_waiting(&token, &output).await?,
            Reply::Failure(token, error, cause) => cloud.fail_if_waiting(&token, &error, cause.as_deref()).await?,
            Reply::Nothing => false,
        };
        Ok(())
    }

    /// Stops it, and follows it to its end so that what it did can be shown.
    ///
    /// # Errors
    /// Why it may still run.
    pub(super) async fn stop(&mut self) -> Result<Outcome, String> {
        match timeout(UNTIL_STOPPED, self.stopped()).await {
            Ok(stopped) => stopped.map_err(|error| error.message),
            Err(_) => Err(format!("its end was not seen within {} s", UNTIL_STOPPED.as_secs())),
        }
    }

    async fn stopped(&mut self) -> Result<Outcome, CloudError> {
        self.runner.cloud.stop_execution(self.arn, "its test is over").await?;
        loop {
            let something_came = self.look().await?;
            if let Some(outcome) = self.follower.outcome() {
                return Ok(outcome.clone());
            }
            sleep(self.pace.next(something_came, random())).await;
        }
    }

    /// Where it is, as far as it is known.
    pub(super) fn whereabouts(&self) -> String {
        let running = self.follower.running();
        let states: Vec<String> = running.iter().map(|state| format!("`{state}`")).collect();
        let mut text = match states.as_slice() {
            [] if self.items.is_empty() => "no history of it yet".to_owned(),
            [] => "it was still running, in no state".to_owned(),
            states => format!("it was still running, in {}", states.join(", ")),
        };
        if let Some(state) = &self.answering {
            text.push_str(&format!("; the answer for `{state}` had not been taken yet"));
        }
        for state in self.answers.unanswered() {
            text.push_str(&format!(
                "; `{state}` waited for a task token, and `callbacks` has no answer for it"
            ));
        }
        text
    }
}

fn not_answered(waiting: &Waiting, error: CloudError) -> CloudError {
    CloudError {
        message: format!("`{}` was not answered: {}", waiting.state, error.message),
        ..error
    }
}
