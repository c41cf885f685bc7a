//! The Step Functions interpreter: sans-IO, no clock, no randomness, no await. What happens comes in as [`Input`]s, what is to
//! be done goes out as [`Effect`]s, so that waits take no time in tests and an execution is recovered by replaying its journal.

mod context;
mod data;
mod details;
mod ending;
mod errors;
mod evaluate;
mod execution;
mod exit;
mod fork;
mod history;
pub mod items;
pub mod map_run;
mod redrive;
mod resource;
mod retry;
pub mod single;
mod slice;
mod states;
mod turn;
mod unsupported;
mod variables;

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::asl::model::StateMachine;
use crate::diagnostic::Diagnostic;

pub use details::EventDetails;
pub use execution::Execution;
use map_run::{Children, MapRunRequest, ReadRequest};

/// Milliseconds since the Unix epoch.
pub type Millis = u64;
/// Names a task for the life of its execution.
pub type TaskId = u64;
/// Names a map run for the life of its execution.
pub type MapRunId = u64;
/// Names a timer for the life of its execution.
pub type TimerId = u64;

/// What an execution is told when it is made; together with its journal of inputs it determines everything.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq)]
pub struct Start {
    /// `arn:aws:states:REGION:ACCOUNT:execution:MACHINE:NAME`
    pub execution_arn: String,
    /// The name of the execution.
    pub execution_name: String,
    /// Its state machine.
    pub state_machine_arn: String,
    /// The name of its state machine.
    pub state_machine_name: String,
    /// The role it runs as.
    pub role_arn: String,
    /// The input as JSON text, valid (checked by StartExecution).
    pub input: String,
    /// When it was started.
    pub started_at: Millis,
}

/// Something that happened, with the time and the randomness it may use. These are what the journal holds.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq)]
pub struct Input {
    /// Now.
    pub at: Millis,
    /// Seed for everything random that the step needs (tokens, jitter, UUIDs).
    pub seed: u64,
    /// What happened.
    pub what: Happened,
    /// Set if the step was ended before all was done that there was to do, after so much; the rest comes with
    /// [`Happened::Continued`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub done: Option<u32>,
}

impl Input {
    /// An input on which all is done that there is to do.
    pub fn new(at: Millis, seed: u64, what: Happened) -> Self {
        Self {
            at,
            seed,
            what,
            done: None,
        }
    }
}

/// The kinds of input.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq)]
#[allow(missing_docs, reason = "the members are what their names and types say")]
pub enum Happened {
    /// The execution begins. Always the first input, and only the first.
    Started,
    /// The execution has its turn again to do what it has left ([`Execution::has_more`]).
    Continued,
    /// A task was handed over to what does it; an activity's waits for a worker from now on.
    TaskStarted { task: TaskId },
    /// A worker took the task of an activity, and may have said its name.
    ActivityStarted { task: TaskId, worker: Option<String> },
    /// A task could not be handed over (no such function, no permission …): the event is `LambdaFunctionStartFailed`,
    /// `TaskStartFailed` or `ActivityScheduleFailed`; then retriers and catchers are asked. `States.Runtime` (an activity that
    /// does not exist, a mock without a response) has no event of its own, and nobody is asked.
    TaskNotStarted { task: TaskId, error: String, cause: String },
    /// The request of a `.waitForTaskToken` or `.sync` task was accepted; its result comes later. `output` is JSON text.
    TaskSubmitted { task: TaskId, output: String },
    /// A task is done; `output` is JSON text.
    TaskSucceeded { task: TaskId, output: String },
    /// A task failed.
    TaskFailed {
        task: TaskId,
        error: Option<String>,
        cause: Option<String>,
    },
    /// A task gave a sign of life.
    TaskHeartbeat { task: TaskId },
    /// The items that a map run asked for are there, as the JSON text of a list.
    ItemsRead { map_run: MapRunId, items: String },
    /// All child executions of a map run have ended, and what is to be done with their results is done; `output` is the JSON
    /// text of what is then the result of the state.
    MapRunSucceeded { map_run: MapRunId, output: String },
    /// Too many child executions failed, or items could not be read, or results not written.
    MapRunFailed {
        map_run: MapRunId,
        error: String,
        cause: Option<String>,
    },
    /// A timer that was set has come.
    TimerFired { timer: TimerId },
    /// RedriveExecution was called: an execution that ended without success goes on where it failed.
    Redriven,
    /// StopExecution was called.
    Stopped {
        error: Option<String>,
        cause: Option<String>,
    },
}

/// What the driver has to do. Effects of one step are in order; history events are already numbered.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs, reason = "the members are what their names and types say")]
pub enum Effect {
    /// Append to the history.
    History(HistoryEvent),
    /// Have a task done, then feed back `TaskStarted` (for an activity also `ActivityStarted`) and `TaskSucceeded` /
    /// `TaskFailed`.
    ScheduleTask(TaskRequest),
    /// Feed back `TimerFired` at that time.
    SetTimer { timer: TimerId, at: Millis },
    /// The timer is not needed any more.
    CancelTimer { timer: TimerId },
    /// The task's result is not wanted any more.
    CancelTask { task: TaskId },
    /// A map run begins: it exists from now on.
    OpenMapRun(MapRunRequest),
    /// Read the items of a map run, then feed back `ItemsRead` or `MapRunFailed`.
    ReadItems(ReadRequest),
    /// Run these as child executions of a map run, then feed back `MapRunSucceeded` or `MapRunFailed`.
    RunChildren { map_run: MapRunId, children: Children },
    /// A map run is not wanted any more, because it failed before it could run anything, or for a reason outside of it: its
    /// child executions are to be stopped.
    StopMapRun { map_run: MapRunId, failed: bool },
    /// The execution has ended.
    Finished(Outcome),
}

/// A task to be done.
#[derive(Clone, Debug, PartialEq)]
pub struct TaskRequest {
    /// Names it.
    pub task: TaskId,
    /// The task token, opaque and unguessable; also in the context object.
    pub token: String,
    /// The name of the state.
    pub state: String,
    /// The `Resource` of the state, as written.
    pub resource: String,
    /// The effective input or parameters.
    pub parameters: Value,
    /// The role in `Credentials`, if any.
    pub credentials_role: Option<String>,
}

/// How an execution ended.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq)]
pub struct Outcome {
    /// How.
    pub status: Status,
    /// The output as JSON text, when it succeeded.
    pub output: Option<String>,
    /// The error name, when it did not.
    pub error: Option<String>,
    /// The cause, when it did not.
    pub cause: Option<String>,
    /// When.
    pub at: Millis,
}

/// The status of an execution, as the API writes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[allow(missing_docs, reason = "the names are those of the API")]
pub enum Status {
    Running,
    Succeeded,
    Failed,
    TimedOut,
    Aborted,
}

/// One event of the history, as `GetExecutionHistory` gives it.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct HistoryEvent {
    /// 1, 2, 3 …
    pub id: u64,
    /// The event that led to it, 0 for none.
    pub previous_event_id: u64,
    /// When, in milliseconds; the API gives seconds with a fraction.
    pub timestamp: Millis,
    /// E.g. `PassStateEntered`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The details member, in the form of the API.
    pub details: Option<EventDetails>,
}

/// What is still outstanding, for a driver that has replayed a journal.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pending {
    /// Tasks without a result.
    pub tasks: Vec<TaskRequest>,
    /// Timers not fired.
    pub timers: Vec<(TimerId, Millis)>,
    /// Map runs that have not ended.
    pub map_runs: Vec<PendingMapRun>,
}

/// A map run that has not ended.
#[derive(Clone, Debug, PartialEq)]
pub struct PendingMapRun {
    /// What it is.
    pub request: MapRunRequest,
    /// What it waits for to be read.
    pub read: Option<ReadRequest>,
    /// What its child executions are given.
    pub children: Option<Children>,
}

/// Advances an execution by one input. Inputs that come too late (a result of a cancelled task, a timer of a state long
/// left, anything after the end) have no effect.
///
/// What there is to do at once is done, except after an input that says how much was `done`, and if the data of the events
/// become too large: then [`Execution::has_more`].
pub fn step(machine: &StateMachine, execution: &mut Execution, input: &Input) -> Vec<Effect> {
    let most = input.done.unwrap_or(u32::MAX);
    turn::step(machine, execution, input, &mut |done| done < most).0
}

/// The same for as long as `more`, which is told how much was done, says so; then it is written into the input how much that
/// was, so that the next [`step`] of the same input does exactly as much.
///
/// Where a step ends makes no difference to the history but for the times of its events.
pub fn step_while(
    machine: &StateMachine,
    execution: &mut Execution,
    input: &mut Input,
    more: &mut dyn FnMut(u32) -> bool,
) -> Vec<Effect> {
    let (effects, done) = turn::step(machine, execution, input, more);
    input.done = execution.has_more().then_some(done);
    effects
}

/// What this engine cannot execute yet, one finding each that names state and feature; empty if it can run all of it.
pub fn unsupported(machine: &StateMachine) -> Vec<Diagnostic> {
    unsupported::find(machine)
}
