//! What an execution did, as expectations look at it.

use serde_json::Value;

use crate::run::Outcome;

/// What an execution did.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// How it ended.
    pub outcome: Outcome,
    /// Milliseconds from its first to its last event, of its own time.
    pub took_ms: u64,
    /// Its visits of states, in the order in which they were entered.
    pub visits: Vec<Visit>,
}

/// A visit of a state.
#[derive(Clone, Debug, PartialEq)]
pub struct Visit {
    /// The name of the state.
    pub state: String,
    /// Its type, as `Task`.
    pub state_type: String,
    /// The id of the event that entered it.
    pub entered: u64,
    /// Index of the visit of the Parallel or Map state that it is inside of; none in the machine itself.
    pub within: Option<usize>,
    /// Index of the visit that it came from by a transition; none where a machine, branch or iteration starts.
    pub from: Option<usize>,
    /// What it was entered with.
    pub input: Value,
    /// What it was left with; none if it was not left.
    pub output: Option<Value>,
    /// How often its task was scheduled again.
    pub retries: u32,
    /// Errors and causes of its task, in order, those that were retried or caught too.
    pub errors: Vec<(String, String)>,
}
