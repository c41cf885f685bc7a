//! Going on with an execution after a restart: its journal is replayed, which must give the history that was stored, and
//! what is outstanding is started again.

use super::driver::Shared;
use super::journal;
use super::machines;
use super::run::{Batch, Run};
use crate::engine::Effect;
use crate::local::store::StoreError;

/// Why an execution cannot go on.
#[derive(Debug, thiserror::Error)]
pub(super) enum RecoveryError {
    /// The store cannot be read.
    #[error("the local cloud could not read the execution: {0}")]
    Store(#[from] StoreError),
    /// The definition cannot be read any more.
    #[error("the local cloud cannot read the definition of the execution any more")]
    Definition,
    /// The journal leads elsewhere: another version of the engine.
    #[error("the local cloud cannot go on with the execution: its journal was written by another version")]
    OtherHistory,
}

/// Rebuilds an execution from the store: the execution, and what has to be done to go on.
pub(super) fn rebuild(shared: &Shared, id: i64) -> Result<(Run, Vec<Effect>), RecoveryError> {
    let recorded = shared.store.read(|connection| journal::recorded(connection, id))?;
    let definition = || {
        shared
            .store
            .read(|connection| machines::definition(connection, recorded.revision))
    };
    let machine = shared
        .machine(recorded.revision, definition)?
        .ok_or(RecoveryError::Definition)?;
    let mut run = Run::new(machine, recorded.start);
    let mut replayed = Batch::default();
    for input in recorded.inputs {
        run.replay(input, &mut replayed);
    }
    if replayed.events != recorded.events || replayed.outcome.is_some() {
        return Err(RecoveryError::OtherHistory);
    }
    let pending = run.pending();
    let timers = pending
        .timers
        .into_iter()
        .map(|(timer, at)| Effect::SetTimer { timer, at });
    let tasks = pending.tasks.into_iter().map(Effect::ScheduleTask);
    Ok((run, timers.chain(tasks).collect()))
}
