//! Waiting for AWS to catch up with itself: one table of the errors that pass, one schedule, one deadline.

use std::future::Future;
use std::time::Duration;

use tokio::sync::mpsc::UnboundedSender;
use tokio::time::{Instant, sleep};

use super::error::{Answer, Fault};
use super::{CloudError, ErrorKind};
use crate::event::Event;

/// Errors that pass by themselves: code, part of the message, and why it is waited for. The message decides: a real
/// denial has the same code and is never retried.
const PASSES: &[(&str, &str, &str)] = &[
    (
        "InvalidParameterValueException",
        "cannot be assumed by Lambda",
        "the role cannot be assumed by Lambda yet",
    ),
    (
        "InvalidParameterValueException",
        "KMS key is invalid for CreateGrant",
        "the role cannot use the key of the environment variables yet",
    ),
    (
        "AccessDeniedException",
        "authorized to assume the provided role",
        "the role cannot be assumed by Step Functions yet",
    ),
    (
        "AccessDeniedException",
        "IAM Role is not authorized to access the Log Destination",
        "the role may not deliver logs yet",
    ),
    (
        "AccessDeniedException",
        "not authorized to create managed-rule",
        "the role may not follow nested executions yet",
    ),
    (
        "ResourceConflictException",
        "The operation cannot be performed at this time",
        "the function is still being created or updated",
    ),
    (
        "ResourceConflictException",
        "An update is in progress",
        "the function is still being updated",
    ),
    (
        "AWS.SimpleQueueService.QueueDeletedRecently",
        "",
        "a queue of that name was deleted less than a minute ago",
    ),
    (
        "QueueDeletedRecently",
        "",
        "a queue of that name was deleted less than a minute ago",
    ),
    (
        "ResourceInUseException",
        "being created",
        "the table is still being created",
    ),
    (
        "ResourceInUseException",
        "being updated",
        "the table is still being changed",
    ),
    (
        "ResourceInUseException",
        "being deleted",
        "the former table of that name is still being deleted",
    ),
    (
        "LimitExceededException",
        "Subscriber limit exceeded",
        "too many tables or indexes are being changed at once",
    ),
    (
        "StateMachineDeleting",
        "",
        "the former state machine of that name is still being deleted",
    ),
    (
        "ConflictException",
        "",
        "another change of the state machine is still going on",
    ),
    ("DeleteConflict", "", "policies of the role are still being detached"),
    ("EntityTemporarilyUnmodifiable", "", "the role is still being changed"),
    (
        "ConcurrentModification",
        "",
        "another change of the role is still going on",
    ),
    (
        "OperationAbortedException",
        "",
        "another change of the log group is still going on",
    ),
];

/// Whether it passes once roles and their policies have become known everywhere; in the local cloud they are at once.
fn is_of_roles(reason: &str) -> bool {
    reason.starts_with("the role ")
}

/// Until when to wait, how often to look, and whom to tell.
#[derive(Clone, Debug)]
pub(super) struct Patience {
    pub(super) step: String,
    pub(super) started: Instant,
    pub(super) total: Duration,
    /// The local cloud changes its mind within milliseconds.
    pub(super) fast: bool,
    pub(super) events: UnboundedSender<Event>,
}

impl Patience {
    /// Makes a call again as long as it fails with an error that passes.
    pub(super) async fn retry<T, F>(&self, mut call: impl FnMut() -> F) -> Answer<T>
    where
        F: Future<Output = Answer<T>>,
    {
        let mut attempt = 0;
        loop {
            let fault = match call().await {
                Ok(value) => return Ok(value),
                Err(fault) => fault,
            };
            let Some(reason) = passes(&fault).filter(|reason| !(self.fast && is_of_roles(reason))) else {
                return Err(fault);
            };
            attempt += 1;
            if !self.wait(attempt, reason).await {
                return Err(self.out_of_time(reason, Some(fault)));
            }
        }
    }

    /// Looks until there is something to see.
    pub(super) async fn poll<T, F>(&self, reason: &str, mut look: impl FnMut() -> F) -> Answer<T>
    where
        F: Future<Output = Answer<Option<T>>>,
    {
        let mut attempt = 0;
        loop {
            if let Some(seen) = look().await? {
                return Ok(seen);
            }
            attempt += 1;
            if !self.wait(attempt, reason).await {
                return Err(self.out_of_time(reason, None));
            }
        }
    }

    /// Sleeps before that attempt; false if there is no time left for it.
    async fn wait(&self, attempt: u32, reason: &str) -> bool {
        let waited = self.started.elapsed();
        let delay = jittered(delay(attempt, self.fast));
        if waited + delay > self.total {
            return false;
        }
        // A receiver that is gone means that nobody is interested any more.
        let _ = self.events.send(Event::StepWaiting {
            step: self.step.clone(),
            reason: reason.to_owned(),
            attempt,
            waited_ms: u64::try_from(waited.as_millis()).unwrap_or(u64::MAX),
        });
        sleep(delay).await;
        true
    }

    fn out_of_time(&self, reason: &str, last: Option<Fault>) -> Fault {
        let seconds = self.total.as_secs_f32();
        let (kind, source) = match last {
            Some(fault) => (fault.error.kind, Some(Box::new(fault.error) as _)),
            None => (ErrorKind::Failed, None),
        };
        CloudError {
            message: format!("gave up after {seconds} s: {reason}"),
            kind,
            hints: vec!["run it again to go on, or allow more time with `--patience`".to_owned()],
            source,
        }
        .into()
    }
}

/// Why an error will pass, if it will.
fn passes(fault: &Fault) -> Option<&'static str> {
    PASSES
        .iter()
        .find(|(code, part, _)| fault.code == *code && fault.said.contains(part))
        .map(|(_, _, reason)| *reason)
}

/// Dense at first, for most waits are short: 0.25, 0.5, 1, then 2 s; of the local cloud 5 ms doubling to 250 ms.
fn delay(attempt: u32, fast: bool) -> Duration {
    let doublings = attempt.saturating_sub(1).min(10);
    let (first, most) = if fast { (5, 250) } else { (250, 2_000) };
    Duration::from_millis((first << doublings).min(most))
}

/// Up to a tenth more, so that steps that started together do not ask together.
fn jittered(delay: Duration) -> Duration {
    let random = u32::from(uuid::Uuid::new_v4().as_bytes()[0]);
    delay + delay / 10 * random / 255
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::cell::Cell;

    use super::*;

    fn fault(code: &str, said: &str) -> Fault {
        Fault {
            status: None,
            code: code.to_owned(),
            said: said.to_owned(),
            error: CloudError {
                message: format!("cannot try: {code}: {said}"),
                kind: ErrorKind::Refused,
                hints: Vec::new(),
                source: None,
            },
        }
    }

    fn patience(seconds: u64) -> (Patience, tokio::sync::mpsc::UnboundedReceiver<Event>) {
        let (events, receiver) = tokio::sync::mpsc::unbounded_channel();
        let patience = Patience {
            step: "create function f".to_owned(),
            started: Instant::now(),
            total: Duration::from_secs(seconds),
            fast: false,
            events,
        };
        (patience, receiver)
    }

    #[test]
    fn the_message_decides() {
        let check = |code: &str, said: &str, expected: bool| {
            assert_eq!(passes(&fault(code, said)).is_some(), expected, "{code}: {said}");
        };
        let lambda = "The role defined for the function cannot be assumed by Lambda.";
        let states = "Neither the global service principal states.amazonaws.com, nor the regional one is authorized to assume the provided role.";
        check("InvalidParameterValueException", lambda, true);
        check("InvalidParameterValueException", "Unzipped size must be smaller", false);
        check("AccessDeniedException", states, true);
        check(
            "AccessDeniedException",
            "User: u is not authorized to perform: states:CreateStateMachine",
            false,
        );
        check("ResourceConflictException", "Function already exist: f", false);
        check(
            "ResourceConflictException",
            "The operation cannot be performed at this time. An update is in progress for resource: f",
            true,
        );
        check("StateMachineDeleting", "State Machine is being deleted", true);
        check("", lambda, false);
    }

    #[test]
    fn delays_are_dense_then_even() {
        let slow: Vec<u128> = (1..=6).map(|attempt| delay(attempt, false).as_millis()).collect();
        assert_eq!(slow, [250, 500, 1000, 2000, 2000, 2000]);
        let fast: Vec<u128> = (1..=8).map(|attempt| delay(attempt, true).as_millis()).collect();
        assert_eq!(fast, [5, 10, 20, 40, 80, 160, 250, 250]);
        for _ in 0..100 {
            let jittered = jittered(Duration::from_secs(1));
            assert!(jittered >= Duration::from_secs(1) && jittered <= Duration::from_millis(1100));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_passes_is_waited_for_and_told() {
        let (patience, mut events) = patience(60);
        let calls = Cell::new(0);
        let answer = patience
            .retry(async || {
                calls.set(calls.get() + 1);
                match calls.get() {
                    4 => Ok("made"),
                    _ => Err(fault("StateMachineDeleting", "is being deleted")),
                }
            })
            .await;
        assert_eq!(answer.unwrap(), "made");
        let waited = patience.started.elapsed();
        assert!(
            waited >= Duration::from_millis(1750) && waited < Duration::from_millis(2000),
            "{waited:?}"
        );
        for expected in 1..=3 {
            assert!(matches!(events.try_recv(), Ok(Event::StepWaiting { attempt, .. }) if attempt == expected));
        }
        assert!(events.try_recv().is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn patience_ends_and_keeps_the_cause() {
        let (patience, _events) = patience(10);
        let answer = patience
            .retry(async || Err::<(), _>(fault("StateMachineDeleting", "is being deleted")))
            .await;
        let error = answer.unwrap_err().error;
        assert_eq!(
            error.message,
            "gave up after 10 s: the former state machine of that name is still being deleted"
        );
        assert_eq!(error.kind, ErrorKind::Refused);
        assert!(error.source.is_some());
        assert!(patience.started.elapsed() <= Duration::from_secs(10));
    }

    #[tokio::test(start_paused = true)]
    async fn a_real_denial_is_not_retried() {
        let (patience, _events) = patience(60);
        let answer = patience
            .retry(async || Err::<(), _>(fault("AccessDeniedException", "explicit deny")))
            .await;
        assert!(answer.is_err());
        assert_eq!(patience.started.elapsed(), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn the_local_cloud_knows_roles_at_once() {
        let (patience, _events) = patience(60);
        let patience = Patience { fast: true, ..patience };
        let said = "is not authorized to assume the provided role";
        let answer = patience
            .retry(async || Err::<(), _>(fault("AccessDeniedException", said)))
            .await;
        let fault = answer.unwrap_err().naming("arn:aws:iam::1:role/nope");
        assert!(
            fault.error.message.ends_with("(the role is arn:aws:iam::1:role/nope)"),
            "{}",
            fault.error.message
        );
        assert_eq!(patience.started.elapsed(), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn polling_looks_until_there_is_something() {
        let (patience, _events) = patience(60);
        let looks = Cell::new(0);
        let seen = patience
            .poll("it is pending", async || {
                looks.set(looks.get() + 1);
                Ok((looks.get() > 2).then_some(looks.get()))
            })
            .await;
        assert_eq!(seen.unwrap(), 3);
    }
}
