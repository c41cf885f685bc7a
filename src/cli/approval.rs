//! What waits for a person: shown with the commands to type, asked about on a terminal.

use std::path::Path;

use super::app::{App, quoted};
use super::error::CommandError;
use crate::cloud::Cloud;
use crate::report::text::escape;
use crate::run::{Followed, Follower, Outcome, Pace, Waiting, follow_on};
use crate::stack::cases;

pub(super) use crate::stack::cases::REJECTED;

/// The output of a task that was approved, unless another is given.
pub(super) fn approved() -> String {
    cases::approved().to_string()
}

/// An answer to the question what to do.
enum Answer {
    Approve,
    Reject,
    Leave,
}

impl App {
    /// Follows an execution to its end. When it waits for a callback, says so, and asks if there is somebody to ask. None if
    /// it is left running.
    pub(super) async fn follow_asking(
        &self,
        cloud: &Cloud,
        file: Option<&Path>,
        arn: &str,
        follower: &mut Follower,
    ) -> Result<Option<Outcome>, CommandError> {
        let mut pace = Pace::of_target(&cloud.identity().target);
        let sink = self.reporter.sink();
        loop {
            match follow_on(cloud, arn, follower, &mut pace, sink.as_ref()).await? {
                Followed::Ended(outcome) => return Ok(Some(outcome)),
                Followed::Waiting(waiting) => {
                    for waiting in waiting {
                        self.ui.say(&self.how_to_answer(file, &waiting));
                        if !self.answered(cloud, &waiting).await? {
                            return Ok(None);
                        }
                    }
                }
            }
        }
    }

    /// The commands that answer a callback.
    pub(super) fn how_to_answer(&self, file: Option<&Path>, waiting: &Waiting) -> String {
        let command = |command: &str| {
            format!(
                "  {} --execution {} --state {}",
                self.command_line(command, file),
                quoted(&escape(&waiting.execution)),
                quoted(&escape(&waiting.state))
            )
        };
        format!(
            "`{}` waits until somebody answers:\n{}\n{}",
            escape(&waiting.state),
            command("approve"),
            command("reject")
        )
    }

    /// Asks, if there is somebody to ask; false if the execution is to be left running.
    async fn answered(&self, cloud: &Cloud, waiting: &Waiting) -> Result<bool, CommandError> {
        let can_ask = self.env.stdin_is_terminal && self.env.stderr_is_terminal;
        let Some(token) = &waiting.token else { return Ok(true) };
        if !can_ask || self.ui.json || self.ui.quiet || self.global.yes {
            return Ok(true);
        }
        let sent = match self.ask().await {
            Answer::Approve => cloud.send_task_success(token, &approved()).await,
            Answer::Reject => cloud.send_task_failure(token, REJECTED, None).await,
            Answer::Leave => return Ok(false),
        };
        if let Err(error) = sent {
            // Somebody else may have answered meanwhile.
            self.note(error.message);
        }
        Ok(true)
    }

    async fn ask(&self) -> Answer {
        self.ui.err("approve, reject, or leave it running? [a/r/L]");
        let answer = tokio::task::spawn_blocking(|| {
            let mut line = String::new();
            std::io::stdin().read_line(&mut line).map(|_| line)
        });
        let line = answer.await.ok().and_then(Result::ok).unwrap_or_default();
        match line.trim().to_lowercase().as_str() {
            "a" | "approve" | "y" | "yes" => Answer::Approve,
            "r" | "reject" | "n" | "no" => Answer::Reject,
            _ => Answer::Leave,
        }
    }
}
