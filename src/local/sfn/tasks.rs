//! What does the tasks of executions: the contract between the driver and the integrations.

use crate::asl::integration::Integration;
use crate::engine::TaskRequest;
use crate::local::api::Pending;

/// The suffix of a resource whose task ends only when its token comes back.
pub(super) const WAIT_FOR_TOKEN: &str = ".waitForTaskToken";

/// Whether a resource is an activity, whose tasks workers fetch.
pub(super) fn is_activity(resource: &str) -> bool {
    matches!(Integration::parse(resource), Integration::Activity(_))
}

/// Whether a task of that resource ends when its token comes back.
pub(super) fn waits_for_token(resource: &str) -> bool {
    resource.ends_with(WAIT_FOR_TOKEN) || is_activity(resource)
}

/// How a task went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TaskOutcome {
    /// It is done (or, for a task that waits for its token, handed over); the output is JSON text.
    Succeeded(String),
    /// It failed.
    Failed {
        /// The error name.
        error: Option<String>,
        /// The cause.
        cause: Option<String>,
    },
}

impl TaskOutcome {
    /// A failure with error and cause.
    pub fn failed(error: impl Into<String>, cause: impl Into<String>) -> Self {
        Self::Failed {
            error: Some(error.into()),
            cause: Some(cause.into()),
        }
    }
}

/// Does tasks.
pub trait TaskRunner: Send + Sync + 'static {
    /// Whether it has an integration for this `Resource`; definitions with others are refused.
    fn supports(&self, resource: &str) -> bool;

    /// Does a task. It may be given the same task again after a crash (at least once). The future may be dropped when the
    /// local cloud is closed, not when the task is no longer wanted: as on AWS, what was started goes on.
    fn run<'a>(&'a self, region: &'a str, request: &'a TaskRequest) -> Pending<'a, TaskOutcome>;
}
