//! One task of the runtime per map run: begins child executions as others end, until all have ended or too many have failed,
//! and then tells the execution that waits for it. All it knows it can read in the store again, so it goes on after a crash.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, watch};

use super::children::BegunChild;
use super::nursery::Nursery;
use super::rows::{self, Family, Stored};
use super::time::MapTime;
use super::transfer::{self, Refused};
use crate::asl::model::StateMachine;
use crate::engine::map_run::results::ChildResult;
use crate::engine::map_run::{Children, EXCEEDED_CAUSE, EXCEEDED_ERROR, Limits, Schedule, Verdict, processor, results};
use crate::engine::{Happened, MapRunId, Millis, Start, Status};
use crate::local::sfn::driver::Message;
use crate::local::sfn::rehearsal::Rehearsal;
use crate::local::sfn::run::{Batch, Run};
use crate::local::sfn::shared::{Shared, Written};
use crate::local::sfn::{definition, journal, machine_rows};
use crate::local::store::StoreError;

/// So many child executions begin in one transaction.
const LARGEST_CHUNK: usize = 256;
/// Between attempts to write what the store refused.
const STORE_RETRY: Duration = Duration::from_millis(500);

/// What a map run is told.
pub(in crate::local::sfn) enum News {
    /// A child execution has ended.
    Ended { index: usize, status: Status, at: Millis },
    /// Others are its limits from now on.
    Limits(Limits),
    /// It was stopped; that is written down already.
    Stop,
}

/// The execution that waits for a map run.
pub(in crate::local::sfn) struct Waiting {
    /// Its id.
    pub(in crate::local::sfn) execution: i64,
    /// The machine it runs.
    pub(in crate::local::sfn) machine: Arc<StateMachine>,
    /// How it is rehearsed, if it is.
    pub(in crate::local::sfn) rehearsal: Option<Arc<Rehearsal>>,
    /// Its time, if that is virtual.
    pub(in crate::local::sfn) time: Option<Millis>,
    /// Where it hears of the end.
    pub(in crate::local::sfn) outbox: mpsc::UnboundedSender<Message>,
}

/// A child execution that is about to begin.
pub(in crate::local::sfn) struct NewChild {
    pub(in crate::local::sfn) index: usize,
    pub(in crate::local::sfn) items: u64,
    pub(in crate::local::sfn) start: Start,
    pub(in crate::local::sfn) run: Run,
    pub(in crate::local::sfn) first: Batch,
}

/// Why a map run cannot go on.
enum Halt {
    /// The service is closed, or the map run was stopped.
    Over,
    /// The store refused for now.
    Store(StoreError),
}

impl From<StoreError> for Halt {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Closed => Self::Over,
            refusal => Self::Store(refusal),
        }
    }
}

/// Drives a map run beside the execution that waits for it, from where the store has it.
pub(in crate::local::sfn) fn spawn(shared: &Arc<Shared>, waiting: Waiting, map_run: MapRunId, children: Children) {
    let outbox = waiting.outbox.clone();
    let driven = tokio::spawn(drive(shared.clone(), waiting, map_run, children));
    tokio::spawn(async move {
        let (what, at) = match driven.await {
            Ok(None) => return,
            Ok(Some(told)) => told,
            // It must not wait for ever.
            Err(_) => {
                let failure = Happened::MapRunFailed {
                    map_run,
                    error: "States.Runtime".to_owned(),
                    cause: Some("the map run of the local cloud failed".to_owned()),
                };
                (failure, None)
            }
        };
        let _ = outbox.send(Message { what, at, stored: None });
    });
}

/// Gives what the execution is to be told, if anything, and when that happens in virtual time.
async fn drive(
    shared: Arc<Shared>,
    waiting: Waiting,
    map_run: MapRunId,
    children: Children,
) -> Option<(Happened, Option<Millis>)> {
    let mut closing = shared.closed.subscribe();
    let mut runner = loop {
        match Runner::load(&shared, &waiting, map_run, &children) {
            Ok(runner) => break runner?,
            Err(Halt::Over) => return None,
            Err(Halt::Store(_)) => pause(&mut closing).await?,
        }
    };
    let told = runner.run().await;
    shared.forget_map_run(runner.stored.id, &runner.stored.arn);
    Some((told?, runner.time.map(MapTime::end)))
}

async fn pause(closing: &mut watch::Receiver<bool>) -> Option<()> {
    tokio::select! {
        _ = closing.wait_for(|closed| *closed) => None,
        () = tokio::time::sleep(STORE_RETRY) => Some(()),
    }
}

struct Runner {
    shared: Arc<Shared>,
    stored: Stored,
    map_run: MapRunId,
    family: Family,
    nursery: Arc<Nursery>,
    children: Children,
    schedule: Schedule,
    time: Option<MapTime>,
    /// ARNs of the child executions that run.
    running: HashMap<usize, String>,
    inbox: mpsc::UnboundedReceiver<News>,
    outbox: mpsc::UnboundedSender<News>,
    closing: watch::Receiver<bool>,
}

impl Runner {
    /// Reads how far it is. None if there is no such map run.
    fn load(
        shared: &Arc<Shared>,
        waiting: &Waiting,
        map_run: MapRunId,
        children: &Children,
    ) -> Result<Option<Self>, Halt> {
        let store = &shared.store;
        let Some(stored) = store.read(|connection| rows::numbered(connection, waiting.execution, map_run))? else {
            return Ok(None);
        };
        let parent = store.read(|connection| journal::origin(connection, waiting.execution))?;
        let revision = store.read(|connection| machine_rows::revision(connection, parent.revision))?;
        let Some(processor) = processor(&waiting.machine, &stored.way) else {
            return Ok(None);
        };
        let processor = shared.processor(stored.id, || definition::of_child(processor, stored.express));
        let last_end = store.read(|connection| rows::last_end(connection, stored.id))?;
        let items = children.iter().map(|child| child.items).sum();
        let (outbox, inbox) = mpsc::unbounded_channel();
        let mut runner = Self {
            closing: shared.closed.subscribe(),
            shared: shared.clone(),
            schedule: Schedule::new(stored.limits, children.len(), items),
            family: Family {
                map_run: stored.id,
                machine: parent.machine,
                revision: parent.revision,
            },
            time: waiting.time.map(|begun| MapTime::new(begun, last_end)),
            nursery: Arc::new(Nursery {
                rehearsal: waiting.rehearsal.clone(),
                label: stored.label.clone(),
                express: stored.express,
                parent: parent.start,
                processor,
                logging: revision.content.logging,
                children: children.clone(),
            }),
            stored,
            map_run,
            children: children.clone(),
            running: HashMap::new(),
            inbox,
            outbox,
        };
        runner.shared.know_map_run(&runner.stored.arn, runner.outbox.clone());
        runner.take_up()?;
        Ok(Some(runner))
    }

    /// Takes up what an earlier process has begun. Child executions may end meanwhile: those are found by a second look,
    /// or tell it, or both.
    fn take_up(&mut self) -> Result<(), Halt> {
        let read = |shared: &Shared, id: i64| shared.store.read(|connection| rows::begun(connection, id));
        for child in read(&self.shared, self.stored.id)? {
            self.schedule.child_begun();
            self.shared.watch_child(&child.arn, child.index, self.outbox.clone());
            self.running.insert(child.index, child.arn);
        }
        if self.running.is_empty() {
            return Ok(());
        }
        for child in read(&self.shared, self.stored.id)? {
            let status: Result<Status, _> = serde_json::from_value(child.status.into());
            if let Some(status) = status.ok().filter(|status| *status != Status::Running) {
                self.shared.watch_child_no_more(&child.arn);
                self.child_ended(child.index, status);
            }
        }
        Ok(())
    }

    async fn run(&mut self) -> Option<Happened> {
        match self.stored.status.as_str() {
            "RUNNING" => {}
            // It had ended, but the execution was not told before the process ended.
            "SUCCEEDED" => return self.succeeded().await,
            "FAILED" => return Some(self.failure()),
            _ => return None,
        }
        let verdict = self.until_verdict().await?;
        match verdict {
            Verdict::Succeeded => self.finish_well().await,
            Verdict::Exceeded => {
                self.stop_children().await;
                // That too many failed is the reason, whether or not what there is could be written.
                let _written = self.export().await?;
                self.fail(EXCEEDED_ERROR, Some(EXCEEDED_CAUSE)).await
            }
        }
    }

    async fn until_verdict(&mut self) -> Option<Verdict> {
        let mut refused_since = None;
        loop {
            while let Ok(news) = self.inbox.try_recv() {
                self.hear(news).await?;
            }
            if let Some(verdict) = self.schedule.verdict() {
                return Some(verdict);
            }
            let most = self.schedule.may_begin().min(LARGEST_CHUNK);
            if most > 0 {
                match self.begin(most).await {
                    // Others have their turn between the chunks.
                    Ok(()) => {
                        if refused_since.take().is_some() {
                            self.shared.taken(&self.nursery.parent.execution_arn);
                        }
                        tokio::task::yield_now().await;
                    }
                    Err(Halt::Over) => return None,
                    Err(Halt::Store(error)) => self.refused(&mut refused_since, error).await?,
                }
                continue;
            }
            let news = tokio::select! {
                biased;
                _ = self.closing.wait_for(|closed| *closed) => return None,
                news = self.inbox.recv() => news?,
            };
            self.hear(news).await?;
        }
    }

    /// Says that the execution that waits cannot go on, and waits until it is worth another try.
    async fn refused(&mut self, since: &mut Option<Instant>, error: StoreError) -> Option<()> {
        let arn = &self.nursery.parent.execution_arn;
        self.shared.refused(arn, *since.get_or_insert_with(Instant::now), error);
        pause(&mut self.closing).await
    }

    /// None if it was stopped.
    async fn hear(&mut self, news: News) -> Option<()> {
        match news {
            News::Ended { index, status, at } => {
                self.ended_at(at);
                self.child_ended(index, status);
            }
            News::Limits(limits) => {
                self.stored.limits = limits;
                self.schedule.set_limits(limits);
            }
            News::Stop => {
                self.stop_children().await;
                return None;
            }
        }
        Some(())
    }

    fn ended_at(&mut self, at: Millis) {
        if let Some(time) = &mut self.time {
            time.child_ended(at);
        }
    }

    fn child_ended(&mut self, index: usize, status: Status) {
        if self.running.remove(&index).is_some() {
            self.count(index, status);
        }
    }

    fn count(&mut self, index: usize, status: Status) {
        let items = self.children.get(index).map_or(0, |child| child.items);
        let failed = matches!(status, Status::Failed | Status::TimedOut);
        self.schedule.child_ended(if failed { items } else { 0 });
    }

    /// Begins the next child executions, all in one transaction.
    async fn begin(&mut self, most: usize) -> Result<(), Halt> {
        let first = self.schedule.begun();
        let (nursery, shared) = (self.nursery.clone(), self.shared.clone());
        let at_once = self.stored.limits.max_concurrency;
        let time = self.time.map(|time| time.next_child(first, at_once));
        let work = move || nursery.first_steps(first, most, time, &shared);
        let new = tokio::select! {
            biased;
            _ = self.closing.wait_for(|closed| *closed) => return Err(Halt::Over),
            new = self.shared.workers.run(work) => new,
        };
        let begun = self.shared.begin_children(self.family, new, &self.outbox)?;
        for BegunChild { index, arn, ended } in begun.ok_or(Halt::Over)? {
            self.schedule.child_begun();
            match ended {
                Some((status, at)) => {
                    self.ended_at(at);
                    self.count(index, status);
                }
                None => {
                    self.running.insert(index, arn);
                }
            }
        }
        Ok(())
    }

    /// Stops what runs, and waits until that is written down.
    async fn stop_children(&mut self) {
        for arn in std::mem::take(&mut self.running).into_values() {
            let stopped = Happened::Stopped {
                error: None,
                cause: None,
            };
            self.shared.tell(&arn, stopped).await;
        }
    }

    async fn finish_well(&mut self) -> Option<Happened> {
        if let Err(Refused { error, cause }) = self.export().await? {
            return self.fail(error, Some(&cause)).await;
        }
        self.write_end(None).await?;
        self.succeeded().await
    }

    /// Writes the results to where the `ResultWriter` says, if there is one. None if the service is closed.
    async fn export(&mut self) -> Option<Result<(), Refused>> {
        if self.stored.writer.to.is_none() {
            return Some(Ok(()));
        }
        let results = self.results().await?;
        let pending = self.children.get(self.schedule.begun()..).unwrap_or_default();
        Some(transfer::write_results(
            self.shared.objects.as_ref(),
            &self.stored,
            &results,
            pending,
        ))
    }

    async fn results(&mut self) -> Option<Vec<ChildResult>> {
        let mut refused_since = None;
        loop {
            match self
                .shared
                .store
                .read(|connection| rows::results(connection, self.stored.id))
            {
                Ok(ended) => return Some(ended),
                Err(StoreError::Closed) => return None,
                Err(error) => self.refused(&mut refused_since, error).await?,
            }
        }
    }

    async fn succeeded(&mut self) -> Option<Happened> {
        let output = match transfer::result(&self.stored) {
            Some(written) => written,
            None => {
                let ended = self.results().await?;
                let writer = &self.stored.writer;
                results::text(&ended, writer.transformation, writer.output_type)
            }
        };
        Some(Happened::MapRunSucceeded {
            map_run: self.map_run,
            output,
        })
    }

    async fn fail(&mut self, error: &str, cause: Option<&str>) -> Option<Happened> {
        self.stored.error = Some(error.to_owned());
        self.stored.cause = cause.map(str::to_owned);
        self.write_end(Some((error, cause))).await?;
        Some(self.failure())
    }

    fn failure(&self) -> Happened {
        Happened::MapRunFailed {
            map_run: self.map_run,
            error: self.stored.error.clone().unwrap_or_default(),
            cause: self.stored.cause.clone(),
        }
    }

    async fn write_end(&mut self, failure: Option<(&str, Option<&str>)>) -> Option<()> {
        let now = self.time.map_or_else(|| self.shared.now(), MapTime::end);
        let mut refused_since = None;
        loop {
            match self
                .shared
                .write(|connection| rows::end(connection, self.stored.id, failure, now))
            {
                Ok(Written::Stored) => return Some(()),
                Ok(Written::Closed) | Err(StoreError::Closed) => return None,
                Err(error) => self.refused(&mut refused_since, error).await?,
            }
        }
    }
}
