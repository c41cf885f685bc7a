//! One execution in memory: feeds inputs to the engine and collects what must be stored before anything is done about it.

use std::collections::VecDeque;
use std::sync::Arc;

use super::logging::Log;
use super::tasks::is_activity;
use crate::asl::model::StateMachine;
use crate::engine::{self, Effect, Execution, Happened, HistoryEvent, Input, Millis, Outcome, Start, TaskRequest};
use crate::local::random;

/// An execution in memory, and how much of its journal is written.
pub(super) struct Run {
    machine: Arc<StateMachine>,
    execution: Execution,
    entries: i64,
    now: Millis,
    log: Option<Log>,
}

/// What a few inputs led to. It is stored as a whole; only then `effects` are acted on.
#[derive(Default)]
pub(super) struct Batch {
    /// Number of the first of `inputs` in the journal.
    pub(super) first_entry: i64,
    /// For the journal.
    pub(super) inputs: Vec<Input>,
    /// For the history.
    pub(super) events: Vec<HistoryEvent>,
    /// Tasks and timers to start and to cancel, in order.
    pub(super) effects: Vec<Effect>,
    /// Set when the execution ended.
    pub(super) outcome: Option<Outcome>,
}

impl Run {
    /// An execution that has not begun.
    pub(super) fn new(machine: Arc<StateMachine>, start: Start, log: Option<Log>) -> Self {
        Self {
            log,
            machine,
            now: start.started_at,
            execution: Execution::new(start),
            entries: 0,
        }
    }

    /// Feeds an input that came at `now`. A clock that was set back does not turn back the time of the execution.
    ///
    /// A task counts as started when it is handed over, which only an activity that does not exist can refuse: saying so at
    /// once puts both events into one transaction.
    pub(super) fn advance(
        &mut self,
        what: Happened,
        now: Millis,
        batch: &mut Batch,
        activity_exists: impl Fn(&str) -> bool,
    ) {
        self.now = self.now.max(now);
        let mut queue = VecDeque::from([what]);
        while let Some(what) = queue.pop_front() {
            let input = Input {
                at: self.now,
                seed: random::seed(),
                what,
            };
            self.feed(input, batch, |request| {
                let task = request.task;
                queue.push_back(
                    if is_activity(&request.resource) && !activity_exists(&request.resource) {
                        Happened::TaskNotStarted {
                            task,
                            error: "States.Runtime".to_owned(),
                            cause: format!("The activity {} does not exist.", request.resource),
                        }
                    } else {
                        Happened::TaskStarted { task }
                    },
                );
            });
        }
    }

    /// Feeds an input of the journal again.
    pub(super) fn replay(&mut self, input: Input, batch: &mut Batch) {
        self.now = self.now.max(input.at);
        self.feed(input, batch, |_| ());
    }

    fn feed(&mut self, input: Input, batch: &mut Batch, mut scheduled: impl FnMut(&TaskRequest)) {
        if input.what == Happened::Redriven {
            batch.outcome = None;
            if let Some(log) = &mut self.log {
                log.redriven();
            }
        }
        let effects = engine::step(&self.machine, &mut self.execution, &input);
        if batch.inputs.is_empty() {
            batch.first_entry = self.entries;
        }
        self.entries += 1;
        batch.inputs.push(input);
        for effect in effects {
            match effect {
                Effect::History(event) => batch.events.push(event),
                Effect::Finished(outcome) => batch.outcome = Some(outcome),
                other => {
                    if let Effect::ScheduleTask(request) = &other {
                        scheduled(request);
                    }
                    batch.effects.push(other);
                }
            }
        }
    }

    /// Where its events are logged, if they are.
    pub(super) fn log(&self) -> Option<&Log> {
        self.log.as_ref()
    }

    /// The machine it runs.
    pub(super) fn machine(&self) -> &Arc<StateMachine> {
        &self.machine
    }

    /// What is still outstanding.
    pub(super) fn pending(&self) -> engine::Pending {
        self.execution.pending()
    }
}
