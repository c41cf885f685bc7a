//! Going on with an execution after a restart: its journal is replayed, which must give the history that was stored, and
//! what is outstanding is started again.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Instant;

use super::journal;
use super::logging::Log;
use super::machine_rows;
use super::nested;
use super::rehearsal;
use super::run::{Batch, Run, SLICE};
use super::shared::Shared;
use super::tasks::{WAIT_FOR_TOKEN, is_activity};
use crate::engine::{Effect, Happened, TaskId, TaskRequest};
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

impl RecoveryError {
    /// Whether trying again cannot help.
    pub(super) fn is_final(&self) -> bool {
        !matches!(self, Self::Store(problem) if !matches!(problem, StoreError::Damaged(_)))
    }
}

/// An execution, and what has to be done to go on with it.
pub(super) struct Rebuilt {
    pub(super) run: Run,
    /// Timers to set, tasks to do again, map runs to go on with.
    pub(super) effects: Vec<Effect>,
    /// Tasks that were handed over and wait for their token: not to be done again.
    pub(super) waiting: Vec<TaskRequest>,
    /// Tasks whose executions were started, with the answers they had.
    pub(super) children: Vec<(TaskRequest, String)>,
    /// Those of them that wait for a worker to take them.
    pub(super) offered: Vec<TaskId>,
}

/// Rebuilds an execution that has ended, to be redriven.
pub(super) async fn rebuild_ended(shared: &Shared, id: i64) -> Result<Run, RecoveryError> {
    let (run, replayed) = replay(shared, id).await?;
    if replayed.outcome.is_none() {
        return Err(RecoveryError::OtherHistory);
    }
    Ok(run)
}

/// Rebuilds a running execution from the store.
pub(super) async fn rebuild(shared: &Shared, id: i64) -> Result<Rebuilt, RecoveryError> {
    let (run, replayed) = replay(shared, id).await?;
    if replayed.outcome.is_some() {
        return Err(RecoveryError::OtherHistory);
    }
    let submitted: HashMap<TaskId, &str> = replayed
        .inputs
        .iter()
        .filter_map(|input| submitted(&input.what))
        .collect();
    let pending = run.pending();
    let (waiting, again): (Vec<_>, Vec<_>) = pending.tasks.into_iter().partition(|request| {
        is_activity(&request.resource)
            || (submitted.contains_key(&request.task) && request.resource.ends_with(WAIT_FOR_TOKEN))
    });
    let (children, again): (Vec<_>, Vec<_>) = again
        .into_iter()
        .partition(|request| nested::is(&request.resource) && submitted.contains_key(&request.task));
    let children = children
        .into_iter()
        .filter_map(|request| Some(((*submitted.get(&request.task)?).to_owned(), request)))
        .map(|(answer, request)| (request, answer))
        .collect();
    let taken: HashSet<TaskId> = replayed.inputs.iter().filter_map(|input| taken(&input.what)).collect();
    let timers = pending
        .timers
        .into_iter()
        .map(|(timer, at)| Effect::SetTimer { timer, at });
    let map_runs = pending.map_runs.into_iter().flat_map(|open| {
        let map_run = open.request.map_run;
        let children = open.children.map(|children| Effect::RunChildren { map_run, children });
        [
            Some(Effect::OpenMapRun(open.request)),
            open.read.map(Effect::ReadItems),
            children,
        ]
    });
    Ok(Rebuilt {
        run,
        children,
        effects: timers
            .chain(again.into_iter().map(Effect::ScheduleTask))
            .chain(map_runs.flatten())
            .collect(),
        offered: waiting
            .iter()
            .filter(|request| is_activity(&request.resource) && !taken.contains(&request.task))
            .map(|request| request.task)
            .collect(),
        waiting,
    })
}

/// Replays a journal, which must give the history that is stored.
async fn replay(shared: &Shared, id: i64) -> Result<(Run, Batch), RecoveryError> {
    let recorded = shared.store.read(|connection| journal::recorded(connection, id))?;
    let machine = shared.machine_of(id)?.ok_or(RecoveryError::Definition)?;
    let revision = shared
        .store
        .read(|connection| machine_rows::revision(connection, recorded.revision))?;
    let rehearsal = shared.store.read(|connection| rehearsal::find(connection, id))?;
    let log = Log::of(&revision.content.logging, &recorded.start);
    let mut run = Run::new(machine, recorded.start, log).rehearsed(rehearsal.map(Arc::new));
    let mut replayed = Batch::default();
    let mut inputs = VecDeque::from(recorded.inputs);
    while !inputs.is_empty() {
        (run, inputs, replayed) = shared
            .workers
            .run(move || {
                let begun = Instant::now();
                while begun.elapsed() < SLICE
                    && let Some(input) = inputs.pop_front()
                {
                    run.replay(input, &mut replayed);
                }
                (run, inputs, replayed)
            })
            .await;
    }
    if replayed.events != recorded.events {
        return Err(RecoveryError::OtherHistory);
    }
    Ok((run, replayed))
}

fn taken(what: &Happened) -> Option<TaskId> {
    match what {
        Happened::ActivityStarted { task, .. } => Some(*task),
        _ => None,
    }
}

fn submitted(what: &Happened) -> Option<(TaskId, &str)> {
    match what {
        Happened::TaskSubmitted { task, output } => Some((*task, output)),
        _ => None,
    }
}
