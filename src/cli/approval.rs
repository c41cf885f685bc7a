//! What waits for a person: shown with the commands to type, asked about on a terminal.

use std::collections::VecDeque;
use std::path::Path;

use tokio::task::JoinHandle;

use super::app::{App, quoted};
use super::error::CommandError;
use crate::cloud::Cloud;
use crate::report::text::escape;
use crate::run::{Followed, Follower, Outcome, Pace, Waiting, follow_on};
use crate::stack::cases;

pub(super) use crate::stack::cases::REJECTED;

const QUESTION: &str = "approve, reject, or leave it running? [a/r/L]";

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

impl Answer {
    /// None if it is not understood. An empty line, or the end of the input, leaves things as they are.
    fn of(line: &str) -> Option<Self> {
        match line.trim().to_lowercase().as_str() {
            "a" | "approve" | "y" | "yes" => Some(Self::Approve),
            "r" | "reject" | "n" | "no" => Some(Self::Reject),
            "" | "l" | "leave" => Some(Self::Leave),
            _ => None,
        }
    }
}

/// Lines that are typed. A read from a terminal cannot be taken back: one that was begun for a question that is gone serves
/// the next one.
#[derive(Default)]
struct Keyboard(Option<JoinHandle<String>>);

impl Keyboard {
    /// The next line; an empty one at the end of the input. May be dropped and called again.
    async fn line(&mut self) -> String {
        let reading = self.0.get_or_insert_with(|| {
            tokio::task::spawn_blocking(|| {
                let mut line = String::new();
                std::io::stdin()
                    .read_line(&mut line)
                    .map_or_else(|_| String::new(), |_| line)
            })
        });
        let line = reading.await.unwrap_or_default();
        self.0 = None;
        line
    }

    fn is_read(&self) -> bool {
        self.0.is_some()
    }
}

impl App {
    /// Follows an execution to its end. When it waits for a callback, says so, and asks if there is somebody to ask; a question
    /// that is answered elsewhere, or too late, is taken back. None if the execution is left running.
    pub(super) async fn follow_asking(
        &self,
        cloud: &Cloud,
        file: Option<&Path>,
        arn: &str,
        follower: &mut Follower,
    ) -> Result<Option<Outcome>, CommandError> {
        let mut pace = Pace::of_target(&cloud.identity().target);
        let sink = self.reporter.sink();
        let mut keyboard = Keyboard::default();
        let mut questions: VecDeque<Waiting> = VecDeque::new();
        let mut asked: Option<Waiting> = None;
        loop {
            let waiting = follower.waiting();
            questions.retain(|question| waiting.contains(question));
            if asked.as_ref() != questions.front() {
                asked = questions.front().cloned();
                self.reporter.hold_still(asked.is_some());
                if let Some(question) = &asked {
                    self.ui.say(&self.how_to_answer(file, question));
                    self.ui.err(QUESTION);
                }
            }
            let line = tokio::select! {
                followed = follow_on(cloud, arn, follower, &mut pace, sink.as_ref()) => match followed? {
                    Followed::Ended(outcome) => {
                        self.reporter.hold_still(false);
                        return Ok(Some(outcome));
                    }
                    Followed::Waiting(new) => {
                        for waiting in new {
                            if waiting.token.is_some() && self.can_ask() {
                                questions.push_back(waiting);
                            } else {
                                self.ui.say(&self.how_to_answer(file, &waiting));
                            }
                        }
                        continue;
                    }
                },
                line = keyboard.line(), if asked.is_some() || keyboard.is_read() => line,
            };
            // A line that was typed while nothing was asked answers nothing.
            let Some(token) = asked.as_ref().and_then(|question| question.token.as_deref()) else {
                continue;
            };
            let sent = match Answer::of(&line) {
                Some(Answer::Approve) => cloud.send_task_success(token, &approved()).await,
                Some(Answer::Reject) => cloud.send_task_failure(token, REJECTED, None).await,
                Some(Answer::Leave) => return Ok(None),
                None => {
                    self.ui.err(QUESTION);
                    continue;
                }
            };
            questions.pop_front();
            if let Err(error) = sent {
                // Somebody else may have answered meanwhile.
                self.note(error.message);
            }
        }
    }

    /// Whether there is somebody to ask.
    fn can_ask(&self) -> bool {
        let terminal = self.env.stdin_is_terminal && self.env.stderr_is_terminal;
        terminal && !self.ui.json && !self.ui.quiet && !self.global.yes
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
}
