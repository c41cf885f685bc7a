//! Which map runs are driven, and the child executions that they begin.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use tokio::sync::mpsc;

use super::rows::{self, Family};
use super::runner::{NewChild, News};
use crate::asl::model::StateMachine;
use crate::engine::map_run::processor;
use crate::engine::{Happened, Millis, Outcome, Status};
use crate::local::sfn::shared::{Shared, lock};
use crate::local::sfn::{definition, journal, machine_rows};
use crate::local::store::StoreError;

/// What is known of map runs that are driven in this process.
#[derive(Default)]
pub(in crate::local::sfn) struct MapRuns {
    /// Where they hear news, by ARN.
    inboxes: Mutex<HashMap<String, mpsc::UnboundedSender<News>>>,
    /// Who is told of the end of a child execution, by its ARN, and which of its child executions it is.
    watched: Mutex<HashMap<String, (usize, mpsc::UnboundedSender<News>)>>,
    /// What their child executions run, by the id of the map run.
    processors: Mutex<HashMap<i64, Arc<StateMachine>>>,
}

impl MapRuns {
    /// A child execution, or any other, has ended.
    pub(in crate::local::sfn) fn ended(&self, arn: &str, outcome: &Outcome) {
        if let Some((index, outbox)) = lock(&self.watched).remove(arn) {
            let (status, at) = (outcome.status, outcome.at);
            let _ = outbox.send(News::Ended { index, status, at });
        }
    }

    /// Nothing is driven any more.
    pub(in crate::local::sfn) fn close(&self) {
        lock(&self.inboxes).clear();
        lock(&self.watched).clear();
    }
}

/// A child execution that was begun.
pub(super) struct BegunChild {
    pub(super) index: usize,
    pub(super) arn: String,
    /// How and when it ended, if it did so at once.
    pub(super) ended: Option<(Status, Millis)>,
}

impl Shared {
    pub(super) fn know_map_run(&self, arn: &str, inbox: mpsc::UnboundedSender<News>) {
        lock(&self.map_runs.inboxes).insert(arn.to_owned(), inbox);
    }

    pub(super) fn forget_map_run(&self, id: i64, arn: &str) {
        lock(&self.map_runs.inboxes).remove(arn);
        lock(&self.map_runs.processors).remove(&id);
    }

    /// Stops child executions that an earlier process did not come to stop.
    pub(in crate::local::sfn) fn stop_orphans(self: &Arc<Self>) -> Result<(), StoreError> {
        let orphans = self.store.read(rows::orphans)?;
        if orphans.is_empty() {
            return Ok(());
        }
        let shared = self.clone();
        tokio::spawn(async move {
            for arn in orphans {
                let stopped = Happened::Stopped {
                    error: None,
                    cause: None,
                };
                shared.tell(&arn, stopped).await;
            }
        });
        Ok(())
    }

    /// Tells a map run something, if it is driven.
    pub(in crate::local::sfn) fn tell_map_run(&self, arn: &str, news: News) {
        if let Some(inbox) = lock(&self.map_runs.inboxes).get(arn) {
            let _ = inbox.send(news);
        }
    }

    pub(super) fn watch_child(&self, arn: &str, index: usize, outbox: mpsc::UnboundedSender<News>) {
        lock(&self.map_runs.watched).insert(arn.to_owned(), (index, outbox));
    }

    pub(super) fn watch_child_no_more(&self, arn: &str) {
        lock(&self.map_runs.watched).remove(arn);
    }

    /// What child executions of a map run run; made once.
    pub(super) fn processor(&self, map_run: i64, made: impl FnOnce() -> StateMachine) -> Arc<StateMachine> {
        lock(&self.map_runs.processors)
            .entry(map_run)
            .or_insert_with(|| Arc::new(made()))
            .clone()
    }

    /// What an execution runs: its state machine, or for a child execution the processor of a Map state. None if it cannot
    /// be read any more. Recurses as deep as distributed Map states nest, which the reader of definitions limits.
    pub(in crate::local::sfn) fn machine_of(&self, execution: i64) -> Result<Option<Arc<StateMachine>>, StoreError> {
        let origin = self.store.read(|connection| journal::origin(connection, execution))?;
        let Some(map_run) = origin.map_run else {
            return self.machine(origin.revision, || {
                self.store
                    .read(|connection| machine_rows::definition(connection, origin.revision))
            });
        };
        if let Some(known) = lock(&self.map_runs.processors).get(&map_run) {
            return Ok(Some(known.clone()));
        }
        let Some(stored) = self.store.read(|connection| rows::of_id(connection, map_run))? else {
            return Ok(None);
        };
        let Some(parent) = self.machine_of(stored.execution)? else {
            return Ok(None);
        };
        Ok(processor(&parent, &stored.way)
            .map(|found| self.processor(map_run, || definition::of_child(found, stored.express))))
    }

    /// Writes down child executions and drives those that have not ended at once. Gives which they are and how they ended,
    /// or nothing if the service is closed.
    pub(super) fn begin_children(
        self: &Arc<Self>,
        family: Family,
        new: Vec<NewChild>,
        outbox: &mpsc::UnboundedSender<News>,
    ) -> Result<Option<Vec<BegunChild>>, StoreError> {
        // Held until they are known here: who reads in the store that they run can stop them.
        let mut running = lock(&self.running);
        let ids = self.store.write(|transaction| {
            if *self.closed.borrow() {
                return Ok(None);
            }
            new.iter()
                .map(|child| {
                    let NewChild {
                        index, items, start, ..
                    } = child;
                    let id = rows::insert_child(transaction, family, (*index, *items), start, &child.first)?;
                    journal::append_first(transaction, id, start, &child.first)?;
                    Ok(id)
                })
                .collect::<Result<Vec<i64>, StoreError>>()
                .map(Some)
        })?;
        let Some(ids) = ids else {
            return Ok(None);
        };
        let begun = new.into_iter().zip(ids).map(|(child, id)| {
            self.deliver(child.run.log(), &child.first.events);
            let arn = child.start.execution_arn;
            let ended = child.first.outcome.as_ref().map(|outcome| (outcome.status, outcome.at));
            if ended.is_none() {
                self.watch_child(&arn, child.index, outbox.clone());
                running.insert(arn.clone(), self.drive(id, arn.clone(), child.run, child.first));
            }
            BegunChild {
                index: child.index,
                arn,
                ended,
            }
        });
        Ok(Some(begun.collect()))
    }
}
