//! The loop around a [`Follower`]: fetch, report, wait.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use super::{Follower, Outcome, Pace, Waiting};
use crate::cloud::{Cloud, CloudError, ErrorKind};
use crate::event::Sink;

/// After this long without an event, the states that are running are named.
const QUIET_FOR: Duration = Duration::from_secs(2);

/// How far an execution was followed.
pub enum Followed {
    /// It has ended.
    Ended(Outcome),
    /// These states have begun to wait for a callback; if there are none, one that did does not any more.
    Waiting(Vec<Waiting>),
}

/// Follows an execution until it ends. What happens goes to the sink.
///
/// # Errors
/// When its history cannot be read.
pub async fn follow(cloud: &Cloud, arn: &str, mut pace: Pace, sink: &dyn Sink) -> Result<Outcome, CloudError> {
    let mut follower = Follower::new(arn);
    loop {
        if let Followed::Ended(outcome) = follow_on(cloud, arn, &mut follower, &mut pace, sink).await? {
            return Ok(outcome);
        }
    }
}

/// Follows an execution on from where a follower is, until it ends or until what waits for a callback changes. May be dropped
/// and called again.
///
/// # Errors
/// When its history cannot be read.
pub async fn follow_on(
    cloud: &Cloud,
    arn: &str,
    follower: &mut Follower,
    pace: &mut Pace,
    sink: &dyn Sink,
) -> Result<Followed, CloudError> {
    let mut last_news = Instant::now();
    loop {
        let items = cloud.history_after(arn, follower.last_id()).await?;
        let something_came = !items.is_empty();
        let waited = follower.waiting();
        for event in follower.feed(&items) {
            sink.emit(event);
        }
        if let Some(outcome) = follower.outcome() {
            return Ok(Followed::Ended(outcome.clone()));
        }
        let waiting = follower.new_callbacks();
        let waits = follower.waiting();
        if !waiting.is_empty() || waited.iter().any(|one| !waits.contains(one)) {
            return Ok(Followed::Waiting(waiting));
        }
        if something_came {
            last_news = Instant::now();
        } else if last_news.elapsed() >= QUIET_FOR {
            for event in follower.still_running() {
                sink.emit(event);
            }
        }
        tokio::time::sleep(pace.next(something_came, random())).await;
    }
}

/// Follows several executions at the same time; their outcomes in the order of the ARNs.
///
/// # Errors
/// The first failure to read a history; the other executions are not followed further.
pub async fn follow_all(
    cloud: &Cloud,
    arns: &[String],
    pace: &Pace,
    sink: &Arc<dyn Sink>,
) -> Result<Vec<Outcome>, CloudError> {
    let mut followed = JoinSet::new();
    for (index, arn) in arns.iter().enumerate() {
        let (cloud, arn, pace, sink) = (cloud.clone(), arn.clone(), pace.clone(), Arc::clone(sink));
        followed.spawn(async move { (index, follow(&cloud, &arn, pace, sink.as_ref()).await) });
    }
    let mut outcomes = Vec::with_capacity(arns.len());
    while let Some(joined) = followed.join_next().await {
        let (index, outcome) = match joined {
            Ok(followed) => followed,
            Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            Err(error) => return Err(broken_off(error)),
        };
        outcomes.push((index, outcome?));
    }
    outcomes.sort_by_key(|(index, _)| *index);
    Ok(outcomes.into_iter().map(|(_, outcome)| outcome).collect())
}

pub(super) fn broken_off(error: tokio::task::JoinError) -> CloudError {
    CloudError {
        message: format!("following an execution broke off: {error}"),
        kind: ErrorKind::Failed,
        hints: Vec::new(),
        source: Some(Box::new(error)),
    }
}

/// From 0 to 1, for jitter only.
pub(super) fn random() -> f64 {
    f64::from(uuid::Uuid::new_v4().as_bytes()[0]) / 255.0
}
