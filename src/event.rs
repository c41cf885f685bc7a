//! What happens while a plan is applied or an execution runs: one enum, many reporters. Nothing here prints.

use serde::Serialize;
use serde_json::Value;

/// One thing that happened. Serialised, it is one line of `--json` output.
///
/// `execution` is the name of an execution; `entered` is the id of the history event with which a state was entered,
/// so that two visits of one state (a loop, a Map) can be told apart. `…_ms` are milliseconds, `at_ms` since the Unix epoch.
#[derive(Clone, Debug, Serialize, PartialEq)]
#[serde(tag = "event", rename_all = "camelCase", rename_all_fields = "camelCase")]
#[allow(
    missing_docs,
    reason = "the fields are named for what they hold, and explained above where not"
)]
pub enum Event {
    /// Where the command acts; always the first event.
    Target {
        target: String,
        account: String,
        region: String,
        endpoint: Option<String>,
        /// What answers there, as it calls itself: `LocalStack community 4.14.0`.
        #[serde(skip_serializing_if = "Option::is_none")]
        product: Option<String>,
    },
    /// A finding about the user's files that does not stop the command, or one of those that did.
    Finding {
        severity: String,
        code: String,
        message: String,
        file: Option<String>,
        line: Option<usize>,
        column: Option<usize>,
        pointer: Option<String>,
        hints: Vec<String>,
    },
    /// The plan is made; these are its numbers.
    Planned {
        stack: String,
        create: usize,
        update: usize,
        delete: usize,
        unchanged: usize,
        notes: Vec<String>,
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
    /// What the stack file names under `outputs`.
    Outputs { outputs: serde_json::Map<String, Value> },
    /// The plan has been executed, as far as it went.
    Applied {
        done: usize,
        failed: usize,
        skipped: usize,
        calls: u64,
        took_ms: u64,
    },
    /// An execution was started, or is being followed.
    ExecutionStarted {
        execution: String,
        arn: String,
        state_machine: String,
        input: Value,
    },
    /// A state was entered.
    StateEntered {
        execution: String,
        entered: u64,
        state: String,
        state_type: String,
        at_ms: u64,
        input: Value,
    },
    /// A state has been running for a while: said once, so that nobody waits without knowing for what.
    StateRunning {
        execution: String,
        entered: u64,
        state: String,
        state_type: String,
    },
    /// A state has handed its work to somebody outside and waits until a task token comes back. The token is a secret and is
    /// not told.
    CallbackPending {
        execution: String,
        arn: String,
        entered: u64,
        state: String,
        state_type: String,
        resource: String,
    },
    /// A state was left.
    StateExited {
        execution: String,
        entered: u64,
        state: String,
        state_type: String,
        took_ms: u64,
        output: Value,
    },
    /// A task of the entered state failed; a retrier or catcher may take it up.
    TaskFailed {
        execution: String,
        entered: u64,
        state: String,
        error: Option<String>,
        cause: Option<String>,
    },
    /// The execution has ended.
    ExecutionFinished {
        execution: String,
        arn: String,
        status: String,
        output: Option<Value>,
        error: Option<String>,
        cause: Option<String>,
        took_ms: u64,
    },
    /// The cases of a stack file are about to be run. `file` is the stack file as shown to the user and names the suite in
    /// the events that follow; `deployed_as` is the stack's name with its unique suffix; `suites` is how many files the
    /// run has.
    SuiteStarted {
        file: String,
        stack: String,
        deployed_as: String,
        cases: usize,
        suites: usize,
    },
    /// The run of a case has begun; `attempt` counts from 1.
    CaseStarted {
        file: String,
        case: String,
        state_machine: String,
        attempt: u32,
    },
    /// A case has ended, after its last attempt. `verdict` is `passed`, `flaky` (passed, but not at once), `failed`, `skipped`
    /// or `broken`; `reasons` say why it did not pass, a line for each.
    CaseFinished {
        file: String,
        case: String,
        verdict: String,
        attempts: u32,
        took_ms: u64,
        reasons: Vec<String>,
    },
    /// The cases of a stack file have ended and what was deployed for them is gone, or is named in `left`.
    SuiteFinished {
        file: String,
        stack: String,
        deployed_as: String,
        passed: usize,
        flaky: usize,
        failed: usize,
        skipped: usize,
        broken: usize,
        left: Vec<String>,
        took_ms: u64,
    },
    /// What an older test run left behind was removed, as far as `failed` does not count it.
    Swept {
        stack: String,
        deployed_as: String,
        because: String,
        removed: usize,
        failed: usize,
    },
    /// Something worth saying that is not an error.
    Note { message: String },
    /// Something that may surprise.
    Warning { message: String },
    /// The command failed; always the last event.
    Error {
        message: String,
        causes: Vec<String>,
        hints: Vec<String>,
        exit_code: u8,
    },
}

/// Takes events as they happen, from any task.
pub trait Sink: Send + Sync {
    /// Takes one event; must not block for long.
    fn emit(&self, event: Event);
}
