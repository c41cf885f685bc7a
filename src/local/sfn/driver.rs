//! The driver: one task of the runtime per running execution, which stamps what happens, lets the engine step, stores the
//! result in one transaction, and only then acts on it.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot, watch};

use super::journal;
use super::map_run::{self, News, Waiting};
use super::names::region_of;
use super::nested::{self, Parent, Watch};
use super::run::{Batch, Run};
use super::shared::{Shared, Written};
use super::tasks::{Caller, TaskOutcome, WAIT_FOR_TOKEN, is_activity};
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
    /// Told, when it is stored, whether it had any effect on a task that was outstanding.
    pub(super) stored: Option<oneshot::Sender<bool>>,
}

/// Drives one execution.
pub(super) struct Driver {
    shared: Arc<Shared>,
    id: i64,
    arn: String,
    region: Arc<str>,
    run: Run,
    timers: HashMap<TimerId, Millis>,
    outstanding: HashSet<TaskId>,
    /// Tasks of activities that no worker took yet.
    offered: HashSet<TaskId>,
    /// Tasks that wait for executions they have started.
    watched: HashSet<TaskId>,
    /// ARNs of map runs that have not ended.
    map_runs: HashMap<MapRunId, String>,
    inbox: mpsc::UnboundedReceiver<Message>,
    outbox: mpsc::UnboundedSender<Message>,
    closing: watch::Receiver<bool>,
}

impl Driver {
    pub(super) fn new(
        shared: Arc<Shared>,
        id: i64,
        arn: &str,
        run: Run,
        inbox: mpsc::UnboundedReceiver<Message>,
        outbox: mpsc::UnboundedSender<Message>,
    ) -> Self {
        Self {
            closing: shared.closed.subscribe(),
            shared,
            id,
            arn: arn.to_owned(),
            region: region_of(arn).into(),
            run,
            timers: HashMap::new(),
            outstanding: HashSet::new(),
            offered: HashSet::new(),
            watched: HashSet::new(),
            map_runs: HashMap::new(),
            inbox,
            outbox,
        }
    }

    /// Tasks of an earlier process that wait for their tokens, and those of them that no worker took yet.
    pub(super) fn waiting_for(mut self, tasks: Vec<TaskId>, offered: Vec<TaskId>) -> Self {
        self.outstanding.extend(tasks);
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
            },
            request,
            outbox: self.outbox.clone(),
        }
    }

    /// Runs until the execution has ended or the service is closed.
    pub(super) async fn drive(mut self, effects: Vec<Effect>) {
        self.act(effects);
        loop {
            let Some(messages) = self.next().await else {
                return;
            };
            let mut batch = Batch::default();
            let mut answers = Vec::new();
            for Message { what, stored } in messages {
                let wanted = self.wanted(&what);
                answers.extend(stored.map(|stored| (stored, wanted)));
                if wanted {
                    let now = self.shared.now();
                    let exists = |arn: &str| self.shared.has_activity(arn);
                    self.run.advance(what, now, &mut batch, exists);
                }
                if batch.outcome.is_some() {
                    break;
                }
            }
            if !self.store(&batch).await {
                return;
            }
            self.act(std::mem::take(&mut batch.effects));
            if let Some(outcome) = &batch.outcome {
                self.shared.ended(&self.arn, outcome);
            }
            for (stored, wanted) in answers {
                let _ = stored.send(wanted);
            }
            if batch.outcome.is_some() {
                return;
            }
        }
    }

    /// What happened since: messages and timers that are due. `None` when the service is closed.
    async fn next(&mut self) -> Option<Vec<Message>> {
        loop {
            let mut messages = Vec::new();
            let now = self.shared.now();
            let mut due: Vec<(Millis, TimerId)> = self
                .timers
                .iter()
                .filter(|(_, at)| **at <= now)
                .map(|(timer, at)| (*at, *timer))
                .collect();
            due.sort_unstable();
            for (_, timer) in due {
                messages.push(Message {
                    what: Happened::TimerFired { timer },
                    stored: None,
                });
            }
            while messages.len() < LARGEST_BATCH
                && let Ok(message) = self.inbox.try_recv()
            {
                messages.push(message);
            }
            if !messages.is_empty() {
                return Some(messages);
            }
            let sleep = self
                .timers
                .values()
                .min()
                .map(|at| Duration::from_millis(at.saturating_sub(now)).min(LONGEST_SLEEP));
            tokio::select! {
                biased;
                _ = self.closing.wait_for(|closed| *closed) => return None,
                message = self.inbox.recv() => return Some(vec![message?]),
                () = sleep_or_never(sleep) => {}
            }
        }
    }

    /// Whether anything waits for this. Results of tasks and timers that are not wanted any more need no journal entry.
    fn wanted(&mut self, what: &Happened) -> bool {
        match what {
            Happened::TaskSucceeded { task, .. }
            | Happened::TaskFailed { task, .. }
            | Happened::TaskNotStarted { task, .. } => self.outstanding.remove(task),
            Happened::TaskHeartbeat { task } | Happened::TaskSubmitted { task, .. } => self.outstanding.contains(task),
            Happened::ActivityStarted { task, .. } => self.offered.remove(task),
            Happened::TimerFired { timer } => self.timers.remove(timer).is_some(),
            Happened::MapRunSucceeded { map_run, .. } | Happened::MapRunFailed { map_run, .. } => {
                self.map_runs.remove(map_run).is_some()
            }
            _ => true,
        }
    }

    /// Stores a batch; a store that refuses (disk full …) is tried again, since the engine cannot go back. `false` when
    /// the service is closed.
    async fn store(&mut self, batch: &Batch) -> bool {
        if batch.inputs.is_empty() {
            return true;
        }
        loop {
            match self
                .shared
                .write(|connection| journal::append(connection, self.id, batch))
            {
                Ok(Written::Stored) => {
                    self.shared.deliver(self.run.log(), &batch.events);
                    return true;
                }
                Ok(Written::Closed) | Err(StoreError::Closed) => return false,
                Err(_) => tokio::select! {
                    _ = self.closing.wait_for(|closed| *closed) => return false,
                    () = tokio::time::sleep(STORE_RETRY) => {}
                },
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
                    let _ = self.outbox.send(Message { what, stored: None });
                }
                Effect::RunChildren { map_run, children } => {
                    let waiting = Waiting {
                        execution: self.id,
                        machine: self.run.machine().clone(),
                        outbox: self.outbox.clone(),
                    };
                    map_run::spawn(&self.shared, waiting, map_run, children);
                }
                Effect::StopMapRun { map_run, .. } => {
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
        let arn = self.arn.clone();
        let outbox = self.outbox.clone();
        let mut closing = self.shared.closed.subscribe();
        tokio::spawn(async move {
            let outcome = tokio::select! {
                _ = closing.wait_for(|closed| *closed) => return,
                outcome = shared.tasks.run(Caller { region: &region, execution_arn: &arn }, &request) => outcome,
            };
            let task = request.task;
            let what = match outcome {
                TaskOutcome::Succeeded(output) if waits => Happened::TaskSubmitted { task, output },
                TaskOutcome::Succeeded(output) => Happened::TaskSucceeded { task, output },
                TaskOutcome::Failed { error, cause } => Happened::TaskFailed { task, error, cause },
            };
            let _ = outbox.send(Message { what, stored: None });
        });
    }
}

async fn sleep_or_never(duration: Option<Duration>) {
    match duration {
        Some(duration) => tokio::time::sleep(duration).await,
        None => std::future::pending().await,
    }
}
