//! Executions that cannot go on because the store refuses what they have done (the disk is full, the file is damaged …). Who
//! asks about them is told so, instead of being left to wait; they go on as soon as the store can be written again.

use std::collections::HashMap;
use std::pin::pin;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use super::shared::{Shared, lock};
use crate::local::api::ApiError;
use crate::local::store::StoreError;

/// What passes by itself (another program reads the file) may take so long.
const PATIENCE: Duration = Duration::from_secs(10);

/// Why executions are stuck, by ARN.
#[derive(Default)]
pub(super) struct Stuck {
    reasons: Mutex<HashMap<String, ApiError>>,
    told: Notify,
}

impl Shared {
    /// The store has refused what an execution has done, which is tried since then.
    pub(super) fn refused(&self, arn: &str, since: Instant, error: StoreError) {
        if error.passes() && since.elapsed() < PATIENCE {
            return;
        }
        lock(&self.stuck.reasons).insert(arn.to_owned(), error.into());
        self.stuck.told.notify_waiters();
    }

    /// The store has taken what an execution has done.
    pub(super) fn taken(&self, arn: &str) {
        lock(&self.stuck.reasons).remove(arn);
    }

    /// An error if the execution is stuck.
    pub(super) fn check_not_stuck(&self, arn: &str) -> Result<(), ApiError> {
        match lock(&self.stuck.reasons).get(arn) {
            Some(reason) => Err(reason.clone()),
            None => Ok(()),
        }
    }

    /// Waits until the execution is stuck; for ever if it never is.
    pub(super) async fn until_stuck(&self, arn: &str) -> ApiError {
        loop {
            let mut told = pin!(self.stuck.told.notified());
            // Listens before it looks, so that nothing comes in between.
            told.as_mut().enable();
            if let Err(reason) = self.check_not_stuck(arn) {
                return reason;
            }
            told.await;
        }
    }
}
