//! What is kept of a running execution: counters and what is outstanding, so that the cost of a step does not grow with the
//! history.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use serde_json::Value;

use super::data::Data;
use super::fork::Job;
use super::history::Details;
use super::map_run::batch::Batches;
use super::map_run::{Children, MapRunRequest, ReadRequest};
use super::resource::Resource;
use super::retry::Retries;
use super::variables::Variables;
use super::{MapRunId, Millis, Outcome, Pending, PendingMapRun, Start, TaskId, TaskRequest, TimerId};

/// A running execution.
#[derive(Debug)]
pub struct Execution {
    pub(super) start: Start,
    /// The input of the execution, `null` until it has begun.
    pub(super) input: Data,
    pub(super) begun: bool,
    /// How many events the history has.
    pub(super) events: u64,
    pub(super) last_task: TaskId,
    pub(super) last_timer: TimerId,
    pub(super) last_branch: BranchId,
    pub(super) last_map_run: MapRunId,
    /// Lines of control: the root, and below it branches of Parallel and iterations of Map, as deep as states nest.
    pub(super) branches: BTreeMap<BranchId, Branch>,
    pub(super) tasks: BTreeMap<TaskId, OpenTask>,
    pub(super) timers: BTreeMap<TimerId, Timer>,
    pub(super) map_runs: BTreeMap<MapRunId, OpenMapRun>,
    /// What lines of control have to do: because of others, or because an earlier step was to end before they had done it.
    pub(super) ready: VecDeque<Job>,
    pub(super) outcome: Option<Outcome>,
    /// How often it was redriven, and when last.
    pub(super) redrives: u64,
    pub(super) redriven_at: Option<Millis>,
    /// The context object to be seen instead of the true one, where a state is tried on its own.
    pub(super) context: Option<Value>,
}

/// Names a line of control.
pub(super) type BranchId = u64;
/// The line of control of the machine itself.
pub(super) const ROOT: BranchId = 0;

/// A line of control.
#[derive(Clone, Debug, Default)]
pub(super) struct Branch {
    /// The event that the next one of this branch follows.
    pub(super) last_event: u64,
    /// The state it is in.
    pub(super) visit: Option<Visit>,
    /// Where it belongs; none for the root.
    pub(super) parent: Option<Parent>,
    /// The variables its own states have set.
    pub(super) variables: Variables,
    /// The item, if it is an iteration of a Map state.
    pub(super) item: Option<Data>,
    /// What runs inside the Parallel or Map state it is in.
    pub(super) fork: Option<Fork>,
}

/// Where a line of control comes from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Parent {
    /// The line of control whose state it runs in.
    pub(super) branch: BranchId,
    /// The position of the branch, or of the item.
    pub(super) index: usize,
}

/// The lines of control that a Parallel or Map state has been split into.
#[derive(Clone, Debug)]
pub(super) struct Fork {
    /// Those that have not ended, by their index.
    pub(super) running: BTreeMap<usize, BranchId>,
    /// The outputs of those that have.
    pub(super) outputs: Vec<Option<Data>>,
    /// What a Map state iterates over.
    pub(super) items: Option<Items>,
}

/// The items of a Map state. Iterations begin as others end, so that their number costs nothing beforehand.
#[derive(Clone, Debug)]
pub(super) struct Items {
    /// All of them, an array.
    pub(super) list: Data,
    /// The position of the first that has not begun.
    pub(super) next: usize,
    /// How many may run at once.
    pub(super) limit: usize,
    /// What `$` means in the selector.
    pub(super) input: Data,
    /// The context object as the selector sees it, made once: it holds the whole input of the execution.
    pub(super) context: Option<serde_json::Value>,
}

/// A stay in a state.
#[derive(Clone, Debug)]
pub(super) struct Visit {
    pub(super) branch: BranchId,
    pub(super) state: String,
    pub(super) entered_event: u64,
    /// The event before that one.
    pub(super) event_before: u64,
    pub(super) entered_at: Millis,
    /// The raw input.
    pub(super) input: Data,
    pub(super) retries: Retries,
    /// What ran inside the state when it failed, for a redrive.
    pub(super) wreck: Option<Arc<Wreck>>,
}

/// What a failed Parallel or Map state was split into.
#[derive(Debug)]
pub(super) struct Wreck {
    pub(super) fork: Fork,
    /// All lines of control that the failure cut off, at any depth.
    pub(super) branches: BTreeMap<BranchId, Branch>,
}

/// A task without a result.
#[derive(Debug)]
pub(super) struct OpenTask {
    pub(super) branch: BranchId,
    pub(super) request: TaskRequest,
    pub(super) resource: Resource,
    pub(super) started: bool,
    /// The event of an activity's task that waits for it to be accepted, and the heartbeat that a worker owes once it has
    /// taken it, in seconds.
    pub(super) activity: Option<(Details, Option<u64>)>,
    pub(super) timeout: Option<TimerId>,
    /// The running timer, and its length in seconds.
    pub(super) heartbeat: Option<(TimerId, u64)>,
}

/// A map run that has not ended.
#[derive(Debug)]
pub(super) struct OpenMapRun {
    pub(super) branch: BranchId,
    pub(super) request: MapRunRequest,
    /// What has to be read, if the items are not those of the state's input.
    pub(super) read: Option<ReadRequest>,
    pub(super) batches: Option<Batches>,
    /// What `$` means in the selector.
    pub(super) input: Data,
    /// What its child executions are given, once the items are known.
    pub(super) children: Option<Children>,
}

impl OpenMapRun {
    fn outstanding(&self) -> PendingMapRun {
        PendingMapRun {
            request: self.request.clone(),
            read: self.read.clone().filter(|_| self.children.is_none()),
            children: self.children.clone(),
        }
    }
}

/// A timer that has not fired.
#[derive(Debug)]
pub(super) struct Timer {
    pub(super) at: Millis,
    pub(super) purpose: Purpose,
}

/// What a timer is for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Purpose {
    /// `TimeoutSeconds` of the machine.
    ExecutionTimeout,
    /// A Wait state.
    Wait(BranchId),
    /// The pause before a state is tried again.
    Retry(BranchId),
    /// `TimeoutSeconds` of a task.
    TaskTimeout(TaskId),
    /// `HeartbeatSeconds` of a task.
    Heartbeat(TaskId),
}

impl Execution {
    /// An execution that has not begun; feed it [`Happened::Started`](super::Happened::Started).
    pub fn new(start: Start) -> Self {
        Self {
            start,
            input: Data::new(serde_json::Value::Null),
            begun: false,
            events: 0,
            last_task: 0,
            last_timer: 0,
            last_branch: ROOT,
            last_map_run: 0,
            branches: BTreeMap::new(),
            tasks: BTreeMap::new(),
            timers: BTreeMap::new(),
            map_runs: BTreeMap::new(),
            ready: VecDeque::new(),
            outcome: None,
            redrives: 0,
            redriven_at: None,
            context: None,
        }
    }

    /// What is still outstanding.
    pub fn pending(&self) -> Pending {
        Pending {
            tasks: self.tasks.values().map(|task| task.request.clone()).collect(),
            timers: self.timers.iter().map(|(id, timer)| (*id, timer.at)).collect(),
            map_runs: self.map_runs.values().map(OpenMapRun::outstanding).collect(),
        }
    }

    /// How it ended, if it has.
    pub fn outcome(&self) -> Option<&Outcome> {
        self.outcome.as_ref()
    }

    /// Whether something is left to be done at once: feed it [`Happened::Continued`](super::Happened::Continued).
    pub fn has_more(&self) -> bool {
        !self.ready.is_empty()
    }

    /// Whether that timer is the time limit of the machine, which ends the execution whatever it is about.
    pub fn is_time_limit(&self, timer: TimerId) -> bool {
        let timer = self.timers.get(&timer);
        timer.is_some_and(|timer| matches!(timer.purpose, Purpose::ExecutionTimeout))
    }

    /// The position and the item of the innermost Map iteration that a branch belongs to.
    pub(super) fn item(&self, branch: BranchId) -> Option<(usize, &Data)> {
        let mut at = self.branches.get(&branch)?;
        loop {
            let parent = at.parent?;
            if let Some(item) = &at.item {
                return Some((parent.index, item));
            }
            at = self.branches.get(&parent.branch)?;
        }
    }

    /// The state a branch is in.
    pub(super) fn visit(&self, branch: BranchId) -> Option<&Visit> {
        self.branches.get(&branch)?.visit.as_ref()
    }
}
