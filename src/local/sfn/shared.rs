//! What all executions share: the store, the clock, what does tasks, and who is running.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, mpsc, oneshot, watch};

use super::definition::Definition;
use super::driver::{Driver, Message};
use super::logging::LogSink;
use super::map_run::MapRuns;
use super::roles::Roles;
use super::run::{Batch, Run};
use super::stuck::Stuck;
use super::tasks::TaskRunner;
use super::workers::Workers;
use super::{journal, recovery};
use crate::asl::model::StateMachine;
use crate::engine::{Happened, Millis, Outcome};
use crate::local::s3::Objects;
use crate::local::store::{Store, StoreError};
use crate::mock::config::MockConfig;

/// Tells the time, in milliseconds since the epoch.
pub type Clock = Arc<dyn Fn() -> Millis + Send + Sync>;

/// What all executions share.
pub(super) struct Shared {
    pub(super) store: Store,
    pub(super) tasks: Arc<dyn TaskRunner>,
    pub(super) roles: Arc<dyn Roles>,
    pub(super) logs: Arc<dyn LogSink>,
    pub(super) objects: Arc<dyn Objects>,
    pub(super) clock: Clock,
    /// The running executions by ARN.
    pub(super) running: Mutex<HashMap<String, mpsc::UnboundedSender<Message>>>,
    pub(super) map_runs: MapRuns,
    /// Who waits for the end of an execution, by its ARN.
    awaited: Mutex<HashMap<String, Vec<oneshot::Sender<Outcome>>>>,
    /// Definitions that were read, by revision.
    machines: Mutex<HashMap<i64, Arc<StateMachine>>>,
    /// True from the moment on from which nothing may be written any more.
    pub(super) closed: watch::Sender<bool>,
    /// Told when an activity has a new task.
    pub(super) offered: Notify,
    pub(super) stuck: Stuck,
    /// Where executions advance.
    pub(super) workers: Workers,
    /// The test cases that `<state machine>#<test case>` names, if there are any.
    pub(super) mock_config: Option<Arc<MockConfig>>,
}

impl Shared {
    pub(super) fn new(
        store: Store,
        tasks: Arc<dyn TaskRunner>,
        roles: Arc<dyn Roles>,
        logs: Arc<dyn LogSink>,
        objects: Arc<dyn Objects>,
        clock: Clock,
        mock_config: Option<Arc<MockConfig>>,
    ) -> Self {
        Self {
            store,
            tasks,
            roles,
            logs,
            objects,
            clock,
            awaited: Mutex::default(),
            running: Mutex::default(),
            map_runs: MapRuns::default(),
            machines: Mutex::default(),
            closed: watch::Sender::new(false),
            offered: Notify::new(),
            stuck: Stuck::default(),
            workers: Workers::new(),
            mock_config,
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
        lock(&self.awaited).clear();
        self.map_runs.close();
    }

    /// The end of an execution that is about to be begun, or that runs. Gives nothing when the service is closed.
    pub(super) fn end_of(&self, arn: &str) -> oneshot::Receiver<Outcome> {
        let (sender, receiver) = oneshot::channel();
        lock(&self.awaited).entry(arn.to_owned()).or_default().push(sender);
        receiver
    }

    /// The model of a revision; read at most once.
    pub(super) fn machine(
        &self,
        revision: i64,
        definition: impl FnOnce() -> Result<Definition, StoreError>,
    ) -> Result<Option<Arc<StateMachine>>, StoreError> {
        if let Some(known) = lock(&self.machines).get(&revision) {
            return Ok(Some(known.clone()));
        }
        let Some(machine) = definition()?.reread().map(Arc::new) else {
            return Ok(None);
        };
        lock(&self.machines).insert(revision, machine.clone());
        Ok(Some(machine))
    }

    /// Sends something to a running execution and waits until it is stored, or cannot be. `None` if the execution is not
    /// running.
    pub(super) async fn tell(&self, arn: &str, what: Happened) -> Option<bool> {
        let inbox = lock(&self.running).get(arn).cloned()?;
        let (stored, done) = oneshot::channel();
        inbox
            .send(Message {
                what,
                at: None,
                stored: Some(stored),
            })
            .ok()?;
        tokio::select! {
            biased;
            done = done => done.ok(),
            _ = self.until_stuck(arn) => None,
        }
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
        self.deliver(run.log(), &first.events);
        if let Some(outcome) = &first.outcome {
            self.tell_end(arn, outcome);
        } else {
            running.insert(arn.to_owned(), self.drive(id, arn.to_owned(), run, first));
        }
        Ok(())
    }

    /// Drives an execution whose first batch is stored, and gives where it hears what happens.
    pub(super) fn drive(
        self: &Arc<Self>,
        id: i64,
        arn: String,
        run: Run,
        first: Batch,
    ) -> mpsc::UnboundedSender<Message> {
        let (outbox, inbox) = mpsc::unbounded_channel();
        let driver = Driver::new(self.clone(), id, &arn, &run, inbox, outbox.clone());
        self.spawn(id, arn, driver.drive(run, first.effects));
        outbox
    }

    /// Goes on with an execution of an earlier process.
    pub(super) fn resume(self: &Arc<Self>, id: i64, arn: String) {
        let (outbox, inbox) = mpsc::unbounded_channel();
        lock(&self.running).insert(arn.clone(), outbox.clone());
        let shared = self.clone();
        self.spawn(id, arn.clone(), async move {
            let mut closing = shared.closed.subscribe();
            let rebuilt = tokio::select! {
                biased;
                _ = closing.wait_for(|closed| *closed) => return,
                rebuilt = recovery::rebuild(&shared, id) => rebuilt,
            };
            match rebuilt {
                Ok(rebuilt) => {
                    let driver = Driver::new(shared, id, &arn, &rebuilt.run, inbox, outbox);
                    driver
                        .waiting_for(&rebuilt.waiting, rebuilt.offered)
                        .watching(rebuilt.children)
                        .drive(rebuilt.run, rebuilt.effects)
                        .await;
                }
                Err(problem) if problem.is_final() => shared.abandon(id, &arn, &problem.to_string()),
                // It can be tried again when the store is opened next.
                Err(_) => shared.forget(&arn),
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
        let outcome = journal::failure(self.now(), cause);
        let _ = self.write(|connection| journal::abandon(connection, id, &outcome));
        self.ended(arn, &outcome);
    }

    /// An execution has ended.
    pub(super) fn ended(&self, arn: &str, outcome: &Outcome) {
        self.forget(arn);
        self.tell_end(arn, outcome);
    }

    /// Waits until nothing drives an execution any more whose end is stored.
    pub(super) async fn left(&self, arn: &str) {
        while lock(&self.running).contains_key(arn) && !*self.closed.borrow() {
            tokio::task::yield_now().await;
        }
    }

    /// Nothing drives that execution any more.
    fn forget(&self, arn: &str) {
        lock(&self.running).remove(arn);
    }

    /// Takes back [`Shared::end_of`] for an execution that was not begun.
    pub(super) fn await_no_more(&self, arn: &str) {
        lock(&self.awaited).remove(arn);
    }

    /// Forgets those who do not wait any more for the end of an execution.
    pub(super) fn forget_who_left(&self, arn: &str) {
        let mut awaited = lock(&self.awaited);
        if let Some(waiting) = awaited.get_mut(arn) {
            waiting.retain(|waiting| !waiting.is_closed());
            if waiting.is_empty() {
                awaited.remove(arn);
            }
        }
    }

    fn tell_end(&self, arn: &str, outcome: &Outcome) {
        self.map_runs.ended(arn, outcome);
        for waiting in lock(&self.awaited).remove(arn).into_iter().flatten() {
            let _ = waiting.send(outcome.clone());
        }
    }

    /// A transaction, unless the service was closed.
    pub(super) fn write(
        &self,
        work: impl FnOnce(&rusqlite::Connection) -> Result<(), StoreError>,
    ) -> Result<Written, StoreError> {
        self.store.write(|transaction| {
            if *self.closed.borrow() {
                return Ok(Written::Closed);
            }
            work(transaction).map(|()| Written::Stored)
        })
    }
}

/// What became of a transaction.
pub(super) enum Written {
    /// It is durable.
    Stored,
    /// The service was closed before: nothing was written.
    Closed,
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing is left half done under these locks.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
