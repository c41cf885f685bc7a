//! One execution in memory: feeds inputs to the engine and collects what must be stored before anything is done about it.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::logging::Log;
use super::rehearsal::{Mocked, Rehearsal};
use super::tasks::is_activity;
use crate::asl::model::StateMachine;
use crate::engine::{self, Effect, Execution, Happened, HistoryEvent, Input, Millis, Outcome, Start, TaskId};
use crate::local::random;

/// After so long what was done is stored, and others have their turn. It is also how exact the times of events are.
pub(super) const SLICE: Duration = Duration::from_millis(5);
/// So much is done in a slice even if it takes no time.
const SLICE_STEPS: u32 = 1_000;

/// An execution in memory, and how much of its journal is written.
pub(super) struct Run {
    machine: Arc<StateMachine>,
    execution: Execution,
    entries: i64,
    now: Millis,
    log: Option<Log>,
    /// Tasks that were scheduled and not yet said to be started.
    unstarted: VecDeque<(TaskId, String)>,
    mocked: Mocked,
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

/// What an execution is told of the world while it advances.
pub(super) struct World<'a> {
    pub(super) now: &'a (dyn Fn() -> Millis + Sync),
    pub(super) activity_exists: &'a (dyn Fn(&str) -> bool + Sync),
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
            unstarted: VecDeque::new(),
            mocked: Mocked::default(),
        }
    }

    /// The same, rehearsed so.
    pub(super) fn rehearsed(mut self, rehearsal: Option<Arc<Rehearsal>>) -> Self {
        self.mocked = Mocked::of(rehearsal);
        self
    }

    /// Takes an input that came at `now` and leaves all that it leads to for later, so that nothing is computed before it
    /// is stored.
    pub(super) fn take(&mut self, what: Happened, now: Millis, batch: &mut Batch) {
        self.feed(what, now, batch, &mut |_| false);
    }

    /// Whether there is more to do without an input.
    pub(super) fn has_more(&self) -> bool {
        self.execution.has_more() || !self.unstarted.is_empty() || self.mocked.has_answer()
    }

    /// Whether an input ends the execution whatever it is about, so that it need not wait until there is nothing more to do.
    pub(super) fn cuts_in(&self, what: &Happened) -> bool {
        match what {
            Happened::Stopped { .. } => true,
            Happened::TimerFired { timer } => self.execution.is_time_limit(*timer),
            _ => false,
        }
    }

    /// Advances by one slice: first what is left of earlier inputs, then these. Takes those that it feeds.
    ///
    /// Where a slice ends makes no difference to the history but for the times: other inputs wait until everything is done
    /// that an earlier one leads to.
    pub(super) fn advance(&mut self, inputs: &mut VecDeque<Happened>, world: &World<'_>, batch: &mut Batch) {
        let begun = Instant::now();
        let mut steps = 0;
        while batch.outcome.is_none() {
            let Some(what) = self.next(inputs, world) else {
                return;
            };
            let mut done = 0;
            self.feed(what, (world.now)(), batch, &mut |so_far| {
                done = so_far;
                let least = steps == 0 && so_far == 0;
                least || (steps + so_far < SLICE_STEPS && begun.elapsed() < SLICE)
            });
            steps += done + 1;
            if steps >= SLICE_STEPS || begun.elapsed() >= SLICE {
                return;
            }
        }
    }

    /// A task counts as started when it is handed over, which only an activity that does not exist can refuse: saying so
    /// without waiting for anybody puts both events into one transaction.
    fn next(&mut self, inputs: &mut VecDeque<Happened>, world: &World<'_>) -> Option<Happened> {
        if inputs.front().is_some_and(|what| self.cuts_in(what)) {
            return inputs.pop_front();
        }
        if self.execution.has_more() {
            return Some(Happened::Continued);
        }
        let Some((task, resource)) = self.unstarted.pop_front() else {
            return self.mocked.answer().or_else(|| inputs.pop_front());
        };
        if let Some(start) = self.mocked.start(task) {
            return Some(start);
        }
        Some(if is_activity(&resource) && !(world.activity_exists)(&resource) {
            Happened::TaskNotStarted {
                task,
                error: "States.Runtime".to_owned(),
                cause: format!("The activity {resource} does not exist."),
            }
        } else {
            Happened::TaskStarted { task }
        })
    }

    /// Feeds an input of the journal again.
    pub(super) fn replay(&mut self, input: Input, batch: &mut Batch) {
        self.now = self.now.max(input.at);
        if let Happened::TaskStarted { task } | Happened::TaskNotStarted { task, .. } = &input.what {
            self.unstarted.retain(|(unstarted, _)| unstarted != task);
        }
        let effects = engine::step(&self.machine, &mut self.execution, &input);
        self.collect(input, effects, batch);
    }

    /// A clock that was set back does not turn back the time of the execution.
    fn feed(&mut self, what: Happened, now: Millis, batch: &mut Batch, more: &mut dyn FnMut(u32) -> bool) {
        self.now = self.now.max(now);
        let mut input = Input::new(self.now, random::seed(), what);
        let effects = engine::step_while(&self.machine, &mut self.execution, &mut input, more);
        self.collect(input, effects, batch);
    }

    fn collect(&mut self, input: Input, effects: Vec<Effect>, batch: &mut Batch) {
        if input.what == Happened::Redriven {
            batch.outcome = None;
            if let Some(log) = &mut self.log {
                log.redriven();
            }
        }
        self.mocked.fed(&input.what);
        if batch.inputs.is_empty() {
            batch.first_entry = self.entries;
        }
        self.entries += 1;
        batch.inputs.push(input);
        for effect in effects {
            match effect {
                Effect::History(event) => batch.events.push(event),
                Effect::Finished(outcome) => {
                    self.unstarted.clear();
                    self.mocked.end();
                    batch.outcome = Some(outcome);
                }
                Effect::ScheduleTask(request) => {
                    self.unstarted.push_back((request.task, request.resource.clone()));
                    // Nobody else is to know of a task that is mocked.
                    if self.mocked.has(&request.state) {
                        self.mocked.schedule(&request);
                    } else {
                        batch.effects.push(Effect::ScheduleTask(request));
                    }
                }
                other => {
                    if let Effect::CancelTask { task } = &other {
                        self.mocked.cancel(*task);
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

    /// What is still outstanding of what is not mocked.
    pub(super) fn pending(&self) -> engine::Pending {
        let mut pending = self.execution.pending();
        pending.tasks.retain(|request| !self.mocked.has(&request.state));
        pending
    }

    /// How it is rehearsed, if it is.
    pub(super) fn rehearsal(&self) -> Option<&Arc<Rehearsal>> {
        self.mocked.rehearsal()
    }

    /// The time up to which it has come.
    pub(super) fn now(&self) -> Millis {
        self.now
    }
}
