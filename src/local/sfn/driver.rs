//! The driver: one task of the runtime per running execution, which stamps what happens, lets the engine step, stores the
//! result in one transaction, and only then acts on it.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, oneshot, watch};

use super::journal;
use super::map_run::{self, News, Waiting};
use super::names::region_of;
use super::nested::{self, Parent, Watch};
use super::rehearsal::{Pace, Rehearsal, Tempo};
use super::run::{Batch, Run, World};
use super::shared::{Shared, Written};
use super::tasks::{Caller, TaskOutcome, WAIT_FOR_TOKEN, is_activity};
use crate::asl::model::StateMachine;
use crate::engine::{Effect, Happened, MapRunId, Millis, TaskId, TaskRequest, TimerId};
use crate::local::store::StoreError;

/// At most so many inputs go into one transaction.
const LARGEST_BATCH: usize = 256;
/// A sleep is cut to this, so that a timer does not come late after the machine was suspended or its clock set.
const LONGEST_SLEEP: Duration = Duration::from_secs(30);
/// Between attempts to write what the store refused.
const STORE_RETRY: Duration = Duration::from_millis(500);

/// Something for an execution.
pub(super) struct Message {
    /// What happened.
    pub(super) what: Happened,
    /// The virtual time at which it happened, if it is the end of something that has a time of its own.
    pub(super) at: Option<Millis>,
    /// Told, when it is stored, whether it had any effect on a task that was outstanding.
    pub(super) stored: Option<oneshot::Sender<bool>>,
}

/// What a slice gives back.
struct Slice {
    run: Run,
    /// Those that were not fed.
    inputs: VecDeque<Happened>,
    batch: Batch,
}

/// Drives one execution.
pub(super) struct Driver {
    shared: Arc<Shared>,
    id: i64,
    arn: String,
    region: Arc<str>,
    machine: Arc<StateMachine>,
    rehearsal: Option<Arc<Rehearsal>>,
    /// What came and is not yet an input, in the order in which it came.
    came: VecDeque<Message>,
    /// Inputs that are still to be fed, and for each of them who is told when it is stored.
    inputs: VecDeque<Happened>,
    answers: VecDeque<Option<oneshot::Sender<bool>>>,
    timers: HashMap<TimerId, Millis>,
    /// Timers among what came.
    due: HashSet<TimerId>,
    outstanding: HashSet<TaskId>,
    /// Tasks of activities that no worker took yet.
    offered: HashSet<TaskId>,
    /// Tasks that wait for executions they have started.
    watched: HashSet<TaskId>,
    /// ARNs of map runs that have not ended.
    map_runs: HashMap<MapRunId, String>,
    pace: Pace,
    inbox: mpsc::UnboundedReceiver<Message>,
    outbox: mpsc::UnboundedSender<Message>,
    closing: watch::Receiver<bool>,
}

impl Driver {
    pub(super) fn new(
        shared: Arc<Shared>,
        id: i64,
        arn: &str,
        run: &Run,
        inbox: mpsc::UnboundedReceiver<Message>,
        outbox: mpsc::UnboundedSender<Message>,
    ) -> Self {
        Self {
            closing: shared.closed.subscribe(),
            shared,
            id,
            arn: arn.to_owned(),
            region: region_of(arn).into(),
            machine: run.machine().clone(),
            rehearsal: run.rehearsal().cloned(),
            pace: Pace::new(run.rehearsal(), run.now()),
            came: VecDeque::new(),
            inputs: VecDeque::new(),
            answers: VecDeque::new(),
            timers: HashMap::new(),
            due: HashSet::new(),
            outstanding: HashSet::new(),
            offered: HashSet::new(),
            watched: HashSet::new(),
            map_runs: HashMap::new(),
            inbox,
            outbox,
        }
    }

    /// Tasks of an earlier process that wait for their tokens, and those of them that no worker took yet.
    pub(super) fn waiting_for(mut self, tasks: &[TaskRequest], offered: Vec<TaskId>) -> Self {
        for request in tasks {
            self.outstanding.insert(request.task);
            self.pace.scheduled(request);
            self.pace.submitted(request.task);
        }
        self.offered.extend(offered);
        self
    }

    /// Children of tasks, started by an earlier process, with the answers those tasks had.
    pub(super) fn watching(mut self, children: Vec<(TaskRequest, String)>) -> Self {
        for (request, submitted) in children {
            self.outstanding.insert(request.task);
            self.watch(request).begin(Some(submitted));
        }
        self
    }

    fn watch(&mut self, request: TaskRequest) -> Watch {
        self.watched.insert(request.task);
        Watch {
            shared: self.shared.clone(),
            parent: Parent {
                execution: self.id,
                arn: self.arn.clone(),
                region: self.region.clone(),
                task: request.task,
                token: request.token.clone(),
                time: self.time(),
            },
            request,
            outbox: self.outbox.clone(),
        }
    }

    /// Runs until the execution has ended or the service is closed.
    pub(super) async fn drive(mut self, mut run: Run, effects: Vec<Effect>) {
        self.act(effects);
        loop {
            if self.gather(run.has_more()).await.is_none() {
                return;
            }
            self.admit(&run);
            if self.inputs.is_empty() && !run.has_more() {
                continue;
            }
            let mut batch;
            (run, batch) = tokio::select! {
                biased;
                // The slice is not waited for: nothing of it is stored, and the next process does it again.
                _ = self.closing.wait_for(|closed| *closed) => return,
                slice = slice(self.shared.clone(), self.pace.tempo(), run, std::mem::take(&mut self.inputs)) => {
                    self.inputs = slice.inputs;
                    (slice.run, slice.batch)
                }
            };
            if !self.store(&run, &batch).await {
                return;
            }
            self.act(std::mem::take(&mut batch.effects));
            if let Some(outcome) = &batch.outcome {
                self.shared.ended(&self.arn, outcome);
            }
            let fed = self.answers.len() - self.inputs.len();
            for stored in self.answers.drain(..fed).flatten() {
                let _ = stored.send(true);
            }
            if batch.outcome.is_some() {
                return;
            }
        }
    }

    /// Collects what happened since, messages and timers that are due, in the order in which it came. Waits for it unless
    /// there is something to do. `None` when the service is closed.
    async fn gather(&mut self, has_more: bool) -> Option<()> {
        loop {
            let now = self.settled();
            let mut due: Vec<(Millis, TimerId)> = self
                .timers
                .iter()
                .filter(|(timer, at)| **at <= now && !self.due.contains(timer))
                .map(|(timer, at)| (*at, *timer))
                .collect();
            due.sort_unstable();
            for (_, timer) in due {
                self.due.insert(timer);
                self.came.push_back(Message {
                    what: Happened::TimerFired { timer },
                    at: None,
                    stored: None,
                });
            }
            self.came.extend(self.pace.due(now));
            while self.came.len() < LARGEST_BATCH
                && let Ok(message) = self.inbox.try_recv()
            {
                self.came.extend(self.pace.keep(message, now));
            }
            if has_more || !self.came.is_empty() || !self.inputs.is_empty() {
                return Some(());
            }
            let next = self.timers.values().copied().chain(self.pace.next()).min();
            if let Some(next) = next.filter(|_| self.pace.is_virtual()) {
                self.settled();
                if self.pace.leap(next) {
                    continue;
                }
            }
            let sleep = next.map(|at| Duration::from_millis(at.saturating_sub(now)).min(LONGEST_SLEEP));
            tokio::select! {
                biased;
                _ = self.closing.wait_for(|closed| *closed) => return None,
                message = self.inbox.recv() => self.came.extend(self.pace.keep(message?, now)),
                () = sleep_or_never(sleep) => {}
            }
        }
    }

    /// The time of the execution, which passes until the next call only if it has to.
    fn settled(&mut self) -> Millis {
        let real = self.shared.now();
        if self.pace.is_virtual() {
            self.pace.settle(self.in_flight(), real);
        }
        self.pace.tempo().at(real)
    }

    /// Whether virtual time may not leap, because something runs that takes its time.
    fn in_flight(&self) -> bool {
        self.outstanding.iter().any(|task| self.pace.waits_for_task(*task))
            || self
                .map_runs
                .keys()
                .any(|map_run| self.pace.waits_for_map_run(*map_run))
    }

    /// The time, if it is virtual.
    fn time(&self) -> Option<Millis> {
        self.pace.is_virtual().then(|| self.pace.tempo().at(self.shared.now()))
    }

    /// Makes inputs of what came, when nothing is left of earlier ones; what ends the execution goes before all.
    fn admit(&mut self, run: &Run) {
        if let Some(index) = self.came.iter().position(|message| run.cuts_in(&message.what))
            && let Some(Message { what, stored, .. }) = self.came.remove(index)
            && self.wanted(&what)
        {
            self.inputs.push_front(what);
            self.answers.push_front(stored);
        }
        if run.has_more() || !self.inputs.is_empty() {
            return;
        }
        while let Some(Message { what, stored, .. }) = self.came.pop_front() {
            if self.wanted(&what) {
                self.inputs.push_back(what);
                self.answers.push_back(stored);
            } else if let Some(stored) = stored {
                let _ = stored.send(false);
            }
        }
    }

    /// Whether anything waits for this. Results of tasks and timers that are not wanted any more need no journal entry.
    fn wanted(&mut self, what: &Happened) -> bool {
        match what {
            Happened::TaskSucceeded { task, .. }
            | Happened::TaskFailed { task, .. }
            | Happened::TaskNotStarted { task, .. } => {
                self.pace.over(*task);
                self.outstanding.remove(task)
            }
            Happened::TaskSubmitted { task, .. } => {
                self.pace.submitted(*task);
                self.outstanding.contains(task)
            }
            Happened::TaskHeartbeat { task } => self.outstanding.contains(task),
            Happened::ActivityStarted { task, .. } => self.offered.remove(task),
            Happened::TimerFired { timer } => {
                self.due.remove(timer);
                self.timers.remove(timer).is_some()
            }
            Happened::MapRunSucceeded { map_run, .. } | Happened::MapRunFailed { map_run, .. } => {
                self.pace.map_run_over(*map_run);
                self.map_runs.remove(map_run).is_some()
            }
            _ => true,
        }
    }

    /// Stores a batch; a store that refuses (disk full …) is tried again, since the engine cannot go back, and meanwhile
    /// those who ask are told. `false` when the service is closed.
    async fn store(&mut self, run: &Run, batch: &Batch) -> bool {
        if batch.inputs.is_empty() {
            return true;
        }
        let since = Instant::now();
        loop {
            match self
                .shared
                .write(|connection| journal::append(connection, self.id, batch))
            {
                Ok(Written::Stored) => {
                    self.shared.taken(&self.arn);
                    self.shared.deliver(run.log(), &batch.events);
                    return true;
                }
                Ok(Written::Closed) | Err(StoreError::Closed) => return false,
                Err(error) => {
                    self.shared.refused(&self.arn, since, error);
                    tokio::select! {
                        _ = self.closing.wait_for(|closed| *closed) => return false,
                        () = tokio::time::sleep(STORE_RETRY) => {}
                    }
                }
            }
        }
    }

    fn act(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::ScheduleTask(request) => self.schedule(request),
                Effect::SetTimer { timer, at } => {
                    self.timers.insert(timer, at);
                }
                Effect::CancelTimer { timer } => {
                    self.timers.remove(&timer);
                }
                // What was started goes on, as on AWS, except for executions; its result is ignored.
                Effect::CancelTask { task } => {
                    self.outstanding.remove(&task);
                    self.pace.over(task);
                    self.offered.remove(&task);
                    if self.watched.remove(&task) {
                        let (shared, id) = (self.shared.clone(), self.id);
                        tokio::spawn(async move { nested::stop(&shared, id, task).await });
                    }
                }
                Effect::OpenMapRun(request) => {
                    self.map_runs.insert(request.map_run, request.arn);
                }
                Effect::ReadItems(request) => {
                    let what = map_run::read_items(&self.shared, self.id, &request);
                    let _ = self.outbox.send(Message::of(what));
                }
                Effect::RunChildren { map_run, children } => {
                    let waiting = Waiting {
                        execution: self.id,
                        machine: self.machine.clone(),
                        rehearsal: self.rehearsal.clone(),
                        time: self.time(),
                        outbox: self.outbox.clone(),
                    };
                    map_run::spawn(&self.shared, waiting, map_run, children);
                }
                Effect::StopMapRun { map_run, .. } => {
                    self.pace.map_run_over(map_run);
                    if let Some(arn) = self.map_runs.remove(&map_run) {
                        self.shared.tell_map_run(&arn, News::Stop);
                    }
                }
                Effect::History(_) | Effect::Finished(_) => {}
            }
        }
    }

    /// Has a task done beside the execution.
    fn schedule(&mut self, request: TaskRequest) {
        self.outstanding.insert(request.task);
        self.pace.scheduled(&request);
        if let Some(TaskOutcome::Failed { error, cause }) = self.shared.not_lent(&request) {
            let task = request.task;
            let what = Happened::TaskFailed { task, error, cause };
            let _ = self.outbox.send(Message::of(what));
            return;
        }
        if is_activity(&request.resource) {
            self.offered.insert(request.task);
            self.shared.offered.notify_waiters();
            return;
        }
        if nested::is(&request.resource) {
            self.watch(request).begin(None);
            return;
        }
        let waits = request.resource.ends_with(WAIT_FOR_TOKEN);
        let (shared, region) = (self.shared.clone(), self.region.clone());
        let (arn, time) = (self.arn.clone(), self.time());
        let outbox = self.outbox.clone();
        let mut closing = self.shared.closed.subscribe();
        tokio::spawn(async move {
            let caller = Caller {
                region: &region,
                execution_arn: &arn,
                time,
            };
            let outcome = tokio::select! {
                _ = closing.wait_for(|closed| *closed) => return,
                outcome = shared.tasks.run(caller, &request) => outcome,
            };
            let task = request.task;
            let what = match outcome {
                TaskOutcome::Succeeded(output) if waits => Happened::TaskSubmitted { task, output },
                TaskOutcome::Succeeded(output) => Happened::TaskSucceeded { task, output },
                TaskOutcome::Failed { error, cause } => Happened::TaskFailed { task, error, cause },
            };
            let _ = outbox.send(Message::of(what));
        });
    }
}

impl Message {
    /// What happened now, and nobody waits until it is stored.
    pub(super) fn of(what: Happened) -> Self {
        Self {
            what,
            at: None,
            stored: None,
        }
    }
}

/// Advances an execution on a thread that may take its time.
async fn slice(shared: Arc<Shared>, tempo: Tempo, mut run: Run, mut inputs: VecDeque<Happened>) -> Slice {
    let world = shared.clone();
    let work = move || {
        let mut batch = Batch::default();
        let world = World {
            now: &|| tempo.at(world.now()),
            activity_exists: &|arn| world.has_activity(arn),
        };
        run.advance(&mut inputs, &world, &mut batch);
        Slice { run, inputs, batch }
    };
    shared.workers.run(work).await
}

async fn sleep_or_never(duration: Option<Duration>) {
    match duration {
        Some(duration) => tokio::time::sleep(duration).await,
        None => std::future::pending().await,
    }
}
