//! What an execution did, as expectations look at it.

use serde_json::Value;

use super::history::Reader;
use crate::asl::graph::Graph;
use crate::cloud::HistoryItem;
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
    /// How often its work was tried again.
    pub retries: u32,
    /// Errors and causes of its task, in order, those that were retried or caught too.
    pub errors: Vec<(String, String)>,
}

impl Record {
    /// Reads the history of an execution that has ended. The graph of its definition helps where the history does not say
    /// which event comes from which, as some emulators' do not.
    pub fn from_history(items: &[HistoryItem], outcome: Outcome, graph: Option<&Graph>) -> Self {
        let mut reader = Reader::new(graph);
        for item in items {
            reader.take(item);
        }
        let times = || items.iter().map(|item| item.at_ms);
        let (first, last) = (times().min(), times().max());
        Self {
            outcome,
            took_ms: last.unwrap_or_default().saturating_sub(first.unwrap_or_default()),
            visits: reader.into_visits(),
        }
    }

    /// What an execution without a history did: one of an Express state machine.
    pub fn without_history(outcome: Outcome, took_ms: u64) -> Self {
        Self {
            outcome,
            took_ms,
            visits: Vec::new(),
        }
    }

    /// The visits of a state, in order.
    pub fn visits_of<'a>(&'a self, state: &'a str) -> impl Iterator<Item = &'a Visit> {
        self.visits.iter().filter(move |visit| visit.state == state)
    }
}

#[cfg(test)]
#[path = "record_tests.rs"]
pub(super) mod tests;
