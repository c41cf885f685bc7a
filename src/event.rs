//! What happens while a plan is applied or an execution runs: one enum, many reporters. Nothing here prints.

use serde::Serialize;

/// One thing that happened. Serialised, it is one line of `--json` output.
#[derive(Clone, Debug, Serialize, PartialEq)]
#[serde(tag = "event", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Event {
    /// Where the command acts; always the first event.
    Target {
        target: String,
        account: String,
        region: String,
        endpoint: Option<String>,
    },
    /// Work on a step of the plan has begun.
    StepStarted {
        step: String,
        action: String,
        kind: String,
        name: String,
    },
    /// A step waits for AWS to catch up (a role that cannot be assumed yet, a function still pending …).
    StepWaiting {
        step: String,
        reason: String,
        attempt: u32,
        waited_ms: u64,
    },
    /// A step is done.
    StepFinished {
        step: String,
        action: String,
        kind: String,
        name: String,
        arn: Option<String>,
        took_ms: u64,
    },
    /// A step failed; what depends on it is skipped.
    StepFailed {
        step: String,
        action: String,
        kind: String,
        name: String,
        error: String,
        hints: Vec<String>,
    },
    /// A step was not begun because one that it depends on failed.
    StepSkipped {
        step: String,
        kind: String,
        name: String,
        because: String,
    },
    /// An execution was started, or is being followed.
    ExecutionStarted {
        execution: String,
        arn: String,
        state_machine: String,
        input: serde_json::Value,
    },
    /// A state was entered.
    StateEntered {
        execution: String,
        state: String,
        state_type: String,
        at_ms: u64,
        input: serde_json::Value,
    },
    /// A state was left.
    StateExited {
        execution: String,
        state: String,
        took_ms: u64,
        output: serde_json::Value,
    },
    /// A task of the entered state failed; a retrier or catcher may take it up.
    TaskFailed {
        execution: String,
        state: String,
        error: Option<String>,
        cause: Option<String>,
    },
    /// The execution has ended.
    ExecutionFinished {
        execution: String,
        arn: String,
        status: String,
        output: Option<serde_json::Value>,
        error: Option<String>,
        cause: Option<String>,
        took_ms: u64,
    },
    /// Something worth saying that is not an error.
    Note { message: String },
    /// Something that may surprise.
    Warning { message: String },
}

/// Takes events as they happen, from any task.
pub trait Sink: Send + Sync {
    /// Takes one event; must not block for long.
    fn emit(&self, event: Event);
}
