//! Map runs: what a distributed Map state has done outside of its own execution. Each item, or each batch of items, is run by
//! a child execution; the engine says what they are given and what they are for, the driver starts them, a [`Schedule`] says
//! how many at once and when too many have failed
//! ([distributed mode](https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html)).

pub(super) mod batch;
pub mod export;
pub mod results;
mod schedule;

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::MapRunId;
use crate::asl::model::{StateKind, StateMachine};

pub use schedule::{Schedule, Verdict};

/// The error of a map run of which more items failed than it tolerates.
pub const EXCEEDED_ERROR: &str = "States.ExceedToleratedFailureThreshold";
/// Its cause.
pub const EXCEEDED_CAUSE: &str = "The specified tolerated failure threshold was exceeded";

/// Where the machine that child executions run is found: the states on the way, with the branch where one is of type
/// Parallel.
pub type Way = Vec<(String, usize)>;

/// A map run that begins.
#[derive(Clone, Debug, PartialEq)]
pub struct MapRunRequest {
    /// Names it for the life of its execution.
    pub map_run: MapRunId,
    /// `arn:aws:states:REGION:ACCOUNT:mapRun:MACHINE/LABEL:UUID`
    pub arn: String,
    /// `Label`, or one that was made.
    pub label: String,
    /// The Map state, as seen from the machine of the execution.
    pub way: Way,
    /// Whether the child executions are of type EXPRESS.
    pub express: bool,
    /// How many at once, and how many may fail.
    pub limits: Limits,
    /// What becomes of the results.
    pub writer: Writer,
}

/// What can be changed while a map run runs.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Limits {
    /// Child executions at once; 0 for as many as there may be.
    pub max_concurrency: u64,
    /// So many items may fail.
    pub tolerated_count: Option<u64>,
    /// So many of a hundred items may fail.
    pub tolerated_percentage: Option<f64>,
}

/// What a child execution is given.
#[derive(Clone, Debug, PartialEq)]
pub struct ChildInput {
    /// Its input as JSON text.
    pub input: String,
    /// How many items it is about.
    pub items: u64,
}

/// All of them, in the order of the items.
pub type Children = Arc<[ChildInput]>;

/// A request to a service on behalf of a map run: items to be read, or results to be written.
#[derive(Clone, Debug, PartialEq)]
pub struct Transfer {
    /// E.g. `arn:aws:states:::s3:getObject`.
    pub resource: String,
    /// `Parameters` or `Arguments`, filled in.
    pub parameters: Value,
}

/// Items to be read.
#[derive(Clone, Debug, PartialEq)]
pub struct ReadRequest {
    /// For which map run.
    pub map_run: MapRunId,
    /// From where.
    pub from: Transfer,
    /// `ReaderConfig`, with the value of `MaxItems` in it whatever it was written as.
    pub config: Value,
}

/// What becomes of the results.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Writer {
    /// How a result looks.
    pub transformation: Transformation,
    /// How results are put together.
    pub output_type: OutputType,
    /// `Resource` and filled in `Parameters`, if they are to be written somewhere; else they are the result of the state.
    pub to: Option<(String, Value)>,
}

/// `Transformation` of a `WriterConfig`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Transformation {
    /// All about the child execution.
    None,
    /// Its output.
    Compact,
    /// Its output, and if that is a list, what is in it.
    Flatten,
}

/// `OutputType` of a `WriterConfig`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum OutputType {
    /// One list.
    Json,
    /// One line for each result.
    Jsonl,
}

/// What the results of a Map state without `ResultWriter` are: the outputs, as they are.
impl Default for Writer {
    fn default() -> Self {
        Self {
            transformation: Transformation::Compact,
            output_type: OutputType::Json,
            to: None,
        }
    }
}

/// The machine at the end of a way: what child executions run.
pub fn processor<'a>(machine: &'a StateMachine, way: &[(String, usize)]) -> Option<&'a StateMachine> {
    way.iter().try_fold(machine, |machine, (state, index)| {
        match &machine.states.get(state)?.kind {
            StateKind::Parallel(parallel) => parallel.branches.get(*index),
            StateKind::Map(map) => Some(&map.processor),
            _ => None,
        }
    })
}
