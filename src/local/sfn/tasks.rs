//! What does the tasks of executions: the contract between the driver and the integrations.

use super::names::machine_arn;
use crate::asl::integration::{Integration, Pattern};
use crate::engine::{Millis, TaskRequest};
use crate::local::api::Pending;

/// The suffix of a resource whose task ends only when its token comes back.
pub(super) const WAIT_FOR_TOKEN: &str = ".waitForTaskToken";

/// Whether a resource is an activity, whose tasks workers fetch.
pub(super) fn is_activity(resource: &str) -> bool {
    matches!(Integration::parse(resource), Integration::Activity(_))
}

/// Whether a task of that resource ends when its token comes back: a `.sync` task can end in this way too.
pub(super) fn takes_token(resource: &str) -> bool {
    let integration = Integration::parse(resource);
    matches!(integration, Integration::Activity(_)) || integration.pattern() != Pattern::RequestResponse
}

/// Whose task it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caller<'a> {
    /// The region it runs in.
    pub region: &'a str,
    /// The ARN of the execution.
    pub execution_arn: &'a str,
    /// The time of the execution, if it is virtual: that of the executions that its tasks start.
    pub time: Option<Millis>,
}

impl Caller<'_> {
    /// The ARN of the state machine of the execution.
    pub(super) fn machine_arn(&self) -> String {
        let machine = self.execution_arn.split(':').nth(6).unwrap_or_default();
        machine_arn(self.region, machine)
    }
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
    fn run<'a>(&'a self, caller: Caller<'a>, request: &'a TaskRequest) -> Pending<'a, TaskOutcome>;
}
