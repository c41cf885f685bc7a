//! The journals of executions, for whoever wants to hold them against their histories.

use rusqlite::Connection;

use super::{definition, journal, machine_rows, map_run};
use crate::asl::model::StateMachine;
use crate::engine::map_run::processor;
use crate::engine::{HistoryEvent, Input, Start};
use crate::local::store::{Store, StoreError};

/// What determines an execution, and the history it has.
#[derive(Clone, Debug)]
pub struct Journal {
    /// What it runs.
    pub machine: StateMachine,
    /// With what it was started.
    pub start: Start,
    /// What happened, in order.
    pub inputs: Vec<Input>,
    /// What that led to, as it is stored.
    pub events: Vec<HistoryEvent>,
}

/// The journals of all executions of a store, running and ended, in the order in which they were started. Some journals are
/// not kept and not here: those of Express executions that have ended, and of child executions that succeeded at once.
pub(in crate::local) fn journals(store: &Store) -> Result<Vec<Journal>, StoreError> {
    store.read(|connection| {
        let mut journals = Vec::new();
        for id in journal::ids(connection)? {
            let recorded = journal::recorded(connection, id)?;
            if let (false, Some(machine)) = (recorded.inputs.is_empty(), machine_of(connection, id)?) {
                journals.push(Journal {
                    machine,
                    start: recorded.start,
                    inputs: recorded.inputs,
                    events: recorded.events,
                });
            }
        }
        Ok(journals)
    })
}

/// What an execution runs; read anew, so that nothing that is kept in memory has a part in it. Recurses as deep as distributed
/// Map states nest, which the reader of definitions limits.
fn machine_of(connection: &Connection, execution: i64) -> Result<Option<StateMachine>, StoreError> {
    let origin = journal::origin(connection, execution)?;
    let Some(map_run) = origin.map_run else {
        return Ok(machine_rows::definition(connection, origin.revision)?.reread());
    };
    let Some(stored) = map_run::of_id(connection, map_run)? else {
        return Ok(None);
    };
    let parent = machine_of(connection, stored.execution)?;
    let processor = parent.as_ref().and_then(|parent| processor(parent, &stored.way));
    Ok(processor.map(|found| definition::of_child(found, stored.express)))
}
