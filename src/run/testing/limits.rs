//! What ends a case before its execution has ended.

use std::future::Future;

use tokio::sync::watch;
use tokio::time::{Duration, Instant, sleep_until};

use super::job::Job;
use super::suite::Runner;

/// Why a case was ended.
#[derive(Clone, Copy, Debug)]
pub(super) enum Cut {
    /// Its time is over.
    TimedOut,
    /// The user stopped everything.
    Interrupted,
}

/// Until when a case may go on.
pub(super) struct Limits<'a> {
    deadline: Instant,
    stop: &'a watch::Receiver<u32>,
}

impl<'a> Limits<'a> {
    /// Those of a case that is begun now.
    pub(super) fn new(runner: &'a Runner, job: &Job) -> Self {
        Self {
            deadline: Instant::now() + Duration::from_secs(job.case.timeout.into()),
            stop: &runner.stop,
        }
    }

    /// What the work gives, if it is done before the case is over. What is ready counts, even if it comes late.
    pub(super) async fn within<T>(&self, work: impl Future<Output = T>) -> Result<T, Cut> {
        tokio::select! {
            biased;
            done = work => Ok(done),
            () = stopped(self.stop) => Err(Cut::Interrupted),
            () = sleep_until(self.deadline) => Err(Cut::TimedOut),
        }
    }
}

/// Ends once running is to end; never, if nobody is left who could say so. Unlike `wait_for` it gives no guard, which would
/// keep the next signal from being counted.
async fn stopped(stop: &watch::Receiver<u32>) {
    let mut stop = stop.clone();
    if stop.wait_for(|count| *count > 0).await.is_err() {
        std::future::pending().await
    }
}
