//! The journals of executions, for whoever wants to hold them against their histories.

use std::sync::Arc;

use super::{journal, machine_rows};
use crate::asl::model::StateMachine;
use crate::engine::{HistoryEvent, Input, Start};
use crate::local::store::{Store, StoreError};

/// What determines an execution, and the history it has.
#[derive(Clone, Debug)]
pub struct Journal {
    /// What it runs.
    pub machine: Arc<StateMachine>,
    /// With what it was started.
    pub start: Start,
    /// What happened, in order.
    pub inputs: Vec<Input>,
    /// What that led to, as it is stored.
    pub events: Vec<HistoryEvent>,
}

/// The journals of all executions of a store, running and ended, in the order in which they were started. Those of Express
/// executions end with them. An execution whose definition cannot be read any more is left out.
pub(in crate::local) fn journals(store: &Store) -> Result<Vec<Journal>, StoreError> {
    store.read(|connection| {
        let mut journals = Vec::new();
        for id in journal::ids(connection)? {
            let recorded = journal::recorded(connection, id)?;
            let definition = machine_rows::definition(connection, recorded.revision)?;
            if let Some(machine) = definition.reread() {
                journals.push(Journal {
                    machine: Arc::new(machine),
                    start: recorded.start,
                    inputs: recorded.inputs,
                    events: recorded.events,
                });
            }
        }
        Ok(journals)
    })
}
