//! The driver: one task of the runtime per running execution, which stamps what happens, lets the engine step, stores the
//! result in one transaction, and only then acts on it.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot, watch};

use super::journal;
use super::names::region_of;
use super::run::{Batch, Run};
use super::tasks::{TaskOutcome, TaskRunner, WAIT_FOR_TOKEN};
use crate::asl::model::StateMachine;
use crate::engine::{Effect, Happened, Millis, TaskId, TaskRequest, TimerId};
use crate::local::store::{Store, StoreError};

/// Tells the time, in milliseconds since the epoch.
pub type Clock = Arc<dyn Fn() -> Millis + Send + Sync>;

/// At most so many inputs go into one transaction.
const LARGEST_BATCH: usize = 256;
/// A sleep is cut to this, so that a timer does not come late after the machine was suspended or its clock set.
const LONGEST_SLEEP: Duration = Duration::from_secs(30);
/// Between attempts to write what the store refused.
const STORE_RETRY: Duration = Duration::from_millis(500);

/// What all executions share.
pub(super) struct Shared {
    pub(super) store: Store,
    pub(super) tasks: Arc<dyn TaskRunner>,
    pub(super) clock: Clock,
    /// The running executions by ARN.
    running: Mutex<HashMap<String, mpsc::UnboundedSender<Message>>>,
    /// Definitions that were read, by revision.
    machines: Mutex<HashMap<i64, Arc<StateMachine>>>,
    /// True from the moment on from which nothing may be written any more.
    closed: watch::Sender<bool>,
}

/// Something for an execution.
pub(super) struct Message {
    /// What happened.
    what: Happened,
    /// Told, when it is stored, whether it had any effect on a task that was outstanding.
    stored: Option<oneshot::Sender<bool>>,
}

impl Shared {
    pub(super) fn new(store: Store, tasks: Arc<dyn TaskRunner>, clock: Clock) -> Self {
        Self {
            store,
            tasks,
            clock,
            running: Mutex::default(),
            machines: Mutex::default(),
            closed: watch::Sender::new(false),
        }
    }

    pub(super) fn now(&self) -> Millis {
        (self.clock)()
    }

    /// After this no execution moves any more. Waits for a transaction that is under way.
    pub(super) fn close(&self) {
        let _ = self.store.read::<(), StoreError>(|_| {
            self.closed.send_replace(true);
            Ok(())
        });
        self.closed.send_replace(true);
        lock(&self.running).clear();
    }

    /// The model of a revision; read at most once.
    pub(super) fn machine(
        &self,
        revision: i64,
        definition: impl FnOnce() -> Result<String, StoreError>,
    ) -> Result<Option<Arc<StateMachine>>, StoreError> {
        if let Some(known) = lock(&self.machines).get(&revision) {
            return Ok(Some(known.clone()));
        }
        let Some(machine) = super::definition::reread(&definition()?).map(Arc::new) else {
            return Ok(None);
        };
        lock(&self.machines).insert(revision, machine.clone());
        Ok(Some(machine))
    }

    /// Sends something to a running execution and waits until it is stored. `None` if the execution is not running.
    pub(super) async fn tell(&self, arn: &str, what: Happened) -> Option<bool> {
        let inbox = lock(&self.running).get(arn).cloned()?;
        let (stored, done) = oneshot::channel();
        inbox
            .send(Message {
                what,
                stored: Some(stored),
            })
            .ok()?;
        done.await.ok()
    }

    /// Starts to drive an execution that `store` writes down; nothing is driven if it fails or the first batch ended it.
    pub(super) fn begin<E>(
        self: &Arc<Self>,
        arn: &str,
        run: Run,
        first: Batch,
        store: impl FnOnce(&Batch) -> Result<i64, E>,
    ) -> Result<(), E> {
        // Held until the execution is known here: who reads in the store that it runs can stop it.
        let mut running = lock(&self.running);
        let id = store(&first)?;
        if first.outcome.is_none() {
            let (outbox, inbox) = mpsc::unbounded_channel();
            running.insert(arn.to_owned(), outbox.clone());
            let shared = self.clone();
            let arn = arn.to_owned();
            self.spawn(id, arn.clone(), async move {
                Driver::new(shared, id, &arn, run, inbox, outbox)
                    .drive(first.effects)
                    .await;
            });
        }
        Ok(())
    }

    /// Goes on with an execution of an earlier process.
    pub(super) fn resume(self: &Arc<Self>, id: i64, arn: String) {
        let (outbox, inbox) = mpsc::unbounded_channel();
        lock(&self.running).insert(arn.clone(), outbox.clone());
        let shared = self.clone();
        self.spawn(id, arn.clone(), async move {
            match super::recovery::rebuild(&shared, id) {
                Ok(rebuilt) => {
                    let mut driver = Driver::new(shared, id, &arn, rebuilt.run, inbox, outbox);
                    driver.outstanding.extend(rebuilt.waiting);
                    driver.drive(rebuilt.effects).await;
                }
                Err(problem) => shared.abandon(id, &arn, &problem.to_string()),
            }
        });
    }

    /// Runs a driver; a panic in it ends its execution visibly instead of leaving it running for ever.
    fn spawn(self: &Arc<Self>, id: i64, arn: String, driver: impl Future<Output = ()> + Send + 'static) {
        let shared = self.clone();
        let driver = tokio::spawn(driver);
        tokio::spawn(async move {
            if driver.await.is_err_and(|error| error.is_panic()) {
                shared.abandon(id, &arn, "the engine of the local cloud failed");
            }
        });
    }

    fn abandon(&self, id: i64, arn: &str, cause: &str) {
        // If even this cannot be written, the execution stays and is tried again when the store is opened next.
        let _ = self.write(|connection| journal::abandon(connection, id, self.now(), cause));
        lock(&self.running).remove(arn);
    }

    /// A transaction, unless the service was closed.
    fn write(&self, work: impl FnOnce(&rusqlite::Connection) -> Result<(), StoreError>) -> Result<Written, StoreError> {
        self.store.write(|transaction| {
            if *self.closed.borrow() {
                return Ok(Written::Closed);
            }
            work(transaction).map(|()| Written::Stored)
        })
    }
}

enum Written {
    Stored,
    Closed,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing is left half done under these locks.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Drives one execution.
struct Driver {
    shared: Arc<Shared>,
    id: i64,
    arn: String,
    region: Arc<str>,
    run: Run,
    timers: HashMap<TimerId, Millis>,
    outstanding: HashSet<TaskId>,
    inbox: mpsc::UnboundedReceiver<Message>,
    outbox: mpsc::UnboundedSender<Message>,
    closing: watch::Receiver<bool>,
}

impl Driver {
    fn new(
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
            inbox,
            outbox,
        }
    }

    /// Runs until the execution has ended or the service is closed.
    async fn drive(mut self, effects: Vec<Effect>) {
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
                    self.run.advance(what, now, &mut batch);
                }
                if batch.outcome.is_some() {
                    break;
                }
            }
            if !self.store(&batch).await {
                return;
            }
            let ended = batch.outcome.is_some();
            self.act(std::mem::take(&mut batch.effects));
            if ended {
                lock(&self.shared.running).remove(&self.arn);
            }
            for (stored, wanted) in answers {
                let _ = stored.send(wanted);
            }
            if ended {
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
            Happened::TimerFired { timer } => self.timers.remove(timer).is_some(),
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
                Ok(Written::Stored) => return true,
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
                // What was started goes on, as on AWS; its result is ignored.
                Effect::CancelTask { task } => {
                    self.outstanding.remove(&task);
                }
                Effect::History(_) | Effect::Finished(_) => {}
            }
        }
    }

    /// Has a task done beside the execution.
    fn schedule(&mut self, request: TaskRequest) {
        self.outstanding.insert(request.task);
        let waits = request.resource.ends_with(WAIT_FOR_TOKEN);
        let (shared, region) = (self.shared.clone(), self.region.clone());
        let outbox = self.outbox.clone();
        let mut closing = self.shared.closed.subscribe();
        tokio::spawn(async move {
            let outcome = tokio::select! {
                _ = closing.wait_for(|closed| *closed) => return,
                outcome = shared.tasks.run(&region, &request) => outcome,
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
