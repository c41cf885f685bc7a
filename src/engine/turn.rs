//! How one input advances an execution. States are run in a loop, never by recursion.

use super::context::Scope;
use super::data::Data;
use super::errors::{Ended, Failure, Interrupt, TIMEOUT, Turned};
use super::execution::{Branch, BranchId, Execution, OpenTask, Purpose, ROOT, Timer, Visit};
use super::exit::{self, Exit};
use super::fork::Job;
use super::history;
use super::retry::{self, Random, Retries};
use super::slice::Slice;
use super::states;
use super::{Effect, Happened, Input, Millis, Status, TaskId, TimerId};
use crate::asl::model::{State, StateKind, StateMachine, Work};

/// How a state goes on.
pub(super) enum Flow<'a> {
    /// It waits for an input.
    Wait,
    /// It is left, for another state or for the end.
    Leave(Exit, Option<&'a str>),
}

/// See [`super::step_while`].
pub(super) fn step(
    machine: &StateMachine,
    execution: &mut Execution,
    input: &Input,
    more: &mut dyn FnMut(u32) -> bool,
) -> (Vec<Effect>, u32) {
    if execution.outcome.is_some() && input.what != Happened::Redriven {
        return (Vec::new(), 0);
    }
    let mut turn = Turn {
        machine,
        execution,
        now: input.at,
        random: Random::new(input.seed),
        effects: Vec::new(),
        slice: Slice::new(more),
    };
    // What was left has its turn with `Continued` only, so that an input that comes too late has no effect.
    let behind = turn.execution.has_more() && input.what != Happened::Continued;
    // Either way the effects hold all that is to be done.
    let (Ok(()) | Err(Ended)) = turn
        .take(&input.what)
        .and_then(|()| if behind { Ok(()) } else { turn.run_ready() });
    let done = turn.slice.done();
    (turn.effects, done)
}

/// The work on one input.
pub(super) struct Turn<'a> {
    pub(super) machine: &'a StateMachine,
    pub(super) execution: &'a mut Execution,
    pub(super) now: Millis,
    pub(super) random: Random,
    pub(super) effects: Vec<Effect>,
    /// How far it goes.
    pub(super) slice: Slice<'a>,
}

impl<'a> Turn<'a> {
    fn take(&mut self, what: &Happened) -> Result<(), Ended> {
        match what {
            Happened::Started => self.begin(),
            Happened::Redriven => self.redrive(),
            _ if !self.execution.begun => Ok(()),
            Happened::Continued => Ok(()),
            Happened::TimerFired { timer } => self.timer_fired(*timer),
            Happened::Stopped { error, cause } => {
                let details = history::failure("executionAbortedEventDetails", error.as_deref(), cause.as_deref());
                Err(self.interrupted(
                    "ExecutionAborted",
                    details,
                    Status::Aborted,
                    error.clone(),
                    cause.clone(),
                ))
            }
            Happened::TaskStarted { task } => states::task::started(self, *task),
            Happened::ActivityStarted { task, worker } => {
                states::task::activity_started(self, *task, worker.as_deref())
            }
            Happened::TaskSubmitted { task, output } => states::task::submitted(self, *task, output),
            Happened::TaskHeartbeat { task } => {
                states::task::heartbeat(self, *task);
                Ok(())
            }
            Happened::TaskSucceeded { task, output } => {
                self.task_done(*task, |turn, task| states::task::succeeded(turn, task, output))
            }
            Happened::TaskFailed { task, error, cause } => self.task_done(*task, |turn, task| {
                states::task::failed(turn, &task, "Failed", Failure::reported(error.clone(), cause.clone()))
            }),
            Happened::TaskNotStarted { task, error, cause } => {
                self.task_done(*task, |turn, task| states::task::not_started(turn, &task, error, cause))
            }
            Happened::ItemsRead { map_run, items } => states::distributed::items_read(self, *map_run, items),
            Happened::MapRunSucceeded { map_run, output } => states::distributed::succeeded(self, *map_run, output),
            Happened::MapRunFailed { map_run, error, cause } => {
                let failure = Failure::reported(Some(error.clone()), cause.clone());
                states::distributed::failed(self, *map_run, failure)
            }
        }
    }

    fn begin(&mut self) -> Result<(), Ended> {
        if std::mem::replace(&mut self.execution.begun, true) {
            return Ok(());
        }
        let start = &self.execution.start;
        let input = Data::from_text(&start.input).map_err(|error| error.to_string());
        let role_arn = start.role_arn.clone();
        self.execution.branches.insert(ROOT, Branch::default());
        let input = match input {
            Ok(input) => input,
            // StartExecution checks the input; who does not gets an execution that says what is wrong.
            Err(error) => {
                let input = Data::new(start.input.clone().into());
                self.push(0, "ExecutionStarted", history::execution_started(&input, &role_arn));
                let failure = Failure::reported(
                    Some("States.Runtime".to_owned()),
                    Some(format!("the input of the execution is not JSON: {error}")),
                );
                return Err(self.fail(ROOT, &failure));
            }
        };
        self.execution.input = input.clone();
        self.push(0, "ExecutionStarted", history::execution_started(&input, &role_arn));
        if let Some(seconds) = self.machine.timeout_seconds {
            self.set_timer(seconds.saturating_mul(1000), Purpose::ExecutionTimeout);
        }
        let start_at = self.machine.start_at.as_str();
        let first = self.enter(ROOT, start_at, input);
        self.proceed(ROOT, start_at, first)
    }

    fn timer_fired(&mut self, timer: TimerId) -> Result<(), Ended> {
        let Some(timer) = self.execution.timers.remove(&timer) else {
            return Ok(());
        };
        match timer.purpose {
            Purpose::ExecutionTimeout => {
                let details = history::failure("executionTimedOutEventDetails", Some(TIMEOUT), None);
                let error = Some(TIMEOUT.to_owned());
                Err(self.interrupted("ExecutionTimedOut", details, Status::TimedOut, error, None))
            }
            Purpose::Wait(branch) => self.resume(branch, states::wait::over),
            Purpose::Retry(branch) => self.resume(branch, Self::work),
            Purpose::TaskTimeout(task) => self.task_timed_out(task, false),
            Purpose::Heartbeat(task) => self.task_timed_out(task, true),
        }
    }

    fn task_timed_out(&mut self, task: TaskId, heartbeat: bool) -> Result<(), Ended> {
        if self.execution.tasks.contains_key(&task) {
            self.effects.push(Effect::CancelTask { task });
        }
        self.task_done(task, |turn, task| {
            states::task::failed(turn, &task, "TimedOut", Failure::timeout(heartbeat))
        })
    }

    /// Closes a task, if it is open, and goes on with its state.
    fn task_done(
        &mut self,
        task: TaskId,
        work: impl FnOnce(&mut Self, OpenTask) -> Turned<Flow<'a>>,
    ) -> Result<(), Ended> {
        let Some(task) = self.execution.tasks.remove(&task) else {
            return Ok(());
        };
        let heartbeat = task.heartbeat.map(|(timer, _)| timer);
        for timer in task.timeout.into_iter().chain(heartbeat) {
            self.cancel_timer(timer);
        }
        self.resume(task.branch, |turn, _, _| work(turn, task))
    }

    /// Goes on with the state that a branch is in.
    pub(super) fn resume(
        &mut self,
        branch: BranchId,
        work: impl FnOnce(&mut Self, BranchId, &'a State) -> Turned<Flow<'a>>,
    ) -> Result<(), Ended> {
        let Some(visit) = self.execution.visit(branch) else {
            return Ok(());
        };
        let Some(state) = self.state(branch, &visit.state) else {
            return Ok(());
        };
        let flow = work(self, branch, state);
        self.proceed(branch, &state.name, flow)
    }

    /// Runs state after state until one waits or the end of the branch is reached.
    pub(super) fn proceed(
        &mut self,
        branch: BranchId,
        mut name: &'a str,
        mut flow: Turned<Flow<'a>>,
    ) -> Result<(), Ended> {
        loop {
            let (exit, next) = match self.recovered(branch, name, flow) {
                Ok(Flow::Wait) => return Ok(()),
                Ok(Flow::Leave(exit, next)) => (exit, next),
                Err(Interrupt::Ended) => return Err(Ended),
                Err(Interrupt::Failed(failure)) => return self.branch_failed(branch, failure),
            };
            if exit.output.is_too_large() {
                return Err(self.fail(branch, &Failure::state_output_too_large(name)));
            }
            self.slice.count(exit.output.text().len());
            if !self.execution.can_assign(branch, &exit.assigned) {
                return Err(self.fail(branch, &Failure::variables_too_large()));
            }
            self.emit(
                branch,
                &self.state_event(branch, name, "Exited"),
                history::state_exited(name, &exit),
            )?;
            let Exit { output, assigned } = exit;
            self.execution.assign(branch, assigned);
            match next {
                Some(next) => {
                    name = next;
                    flow = self.enter(branch, name, output);
                }
                None => return self.branch_succeeded(branch, output),
            }
        }
    }

    fn state_event(&self, branch: BranchId, name: &str, what: &str) -> String {
        let kind = self.state(branch, name).map_or("", |state| state.kind.type_name());
        format!("{kind}State{what}")
    }

    /// Goes into a state.
    pub(super) fn enter(&mut self, branch: BranchId, name: &'a str, input: Data) -> Turned<Flow<'a>> {
        let Some(state) = self.state(branch, name) else {
            // Validation refuses such machines; one that was not validated must still end.
            return Err(Failure::runtime(format!("There is no state '{name}'.")).into());
        };
        self.slice.count(input.text().len());
        let kind = self.state_event(branch, name, "Entered");
        let event_before = self.last_event(branch);
        let entered_event = self.emit(branch, &kind, history::state_entered(name, &input))?;
        if let Some(line) = self.execution.branches.get_mut(&branch) {
            line.visit = Some(Visit {
                branch,
                state: name.to_owned(),
                entered_event,
                event_before,
                entered_at: self.now,
                input,
                retries: Retries::default(),
                wreck: None,
            });
        }
        if self.slice.goes_on() {
            return self.work(branch, state);
        }
        // First of all, as it would have been without the break.
        self.execution.ready.push_front(Job::Work(branch));
        Ok(Flow::Wait)
    }

    /// Does what the type of a state says, for the first time or again.
    pub(super) fn work(&mut self, branch: BranchId, state: &'a State) -> Turned<Flow<'a>> {
        let Some(visit) = self.execution.visit(branch).cloned() else {
            return Ok(Flow::Wait);
        };
        match &state.kind {
            StateKind::Pass(pass) => states::pass::run(self, &visit, state, pass),
            StateKind::Choice(choice) => states::choice::run(self, &visit, state, choice),
            StateKind::Wait(wait) => states::wait::run(self, branch, &visit, state, wait),
            StateKind::Task(task) => states::task::schedule(self, branch, &visit, state, task),
            StateKind::Succeed => states::succeed::run(self, &visit, state),
            StateKind::Fail(fail) => states::fail::run(self, &visit, fail),
            StateKind::Parallel(parallel) => states::parallel::run(self, branch, &visit, state, parallel),
            StateKind::Map(map) => states::map::run(self, branch, &visit, state, map),
        }
    }

    /// Gives a failure to the retriers and catchers of its state.
    pub(super) fn recovered(&mut self, branch: BranchId, name: &str, flow: Turned<Flow<'a>>) -> Turned<Flow<'a>> {
        let failure = match flow {
            Err(Interrupt::Failed(failure)) => failure,
            other => return other,
        };
        let Some(state) = self.state(branch, name) else {
            return Err(failure.into());
        };
        let failure = self.reported(branch, state, failure)?;
        let Some(work) = work_of(state).filter(|_| failure.catchable) else {
            return Err(failure.into());
        };
        let Some(visit) = self
            .execution
            .branches
            .get_mut(&branch)
            .and_then(|branch| branch.visit.as_mut())
        else {
            return Err(failure.into());
        };
        if let Some(delay) = visit.retries.delay(&work.retry, &failure, &self.random) {
            self.set_timer(delay, Purpose::Retry(branch));
            return Ok(Flow::Wait);
        }
        if matches!(state.kind, StateKind::Parallel(_) | StateKind::Map(_)) {
            self.emit(branch, &self.state_event(branch, name, "Failed"), None)?;
        }
        let Some((index, catcher)) = retry::catcher(&work.catch, &failure) else {
            return Err(failure.into());
        };
        let Some(visit) = self.execution.visit(branch) else {
            return Err(failure.into());
        };
        let scope = Scope::of_task(self, visit, None);
        match exit::by_catcher(state, index, catcher, failure.output(), &scope) {
            Ok(exit) => Ok(Flow::Leave(exit, Some(&catcher.next))),
            Err(failure) => Err(self.reported(branch, state, failure)?.into()),
        }
    }

    /// Completes the cause of a failure. An expression that failed has an event, before anyone is asked about it.
    fn reported(&mut self, branch: BranchId, state: &State, failure: Failure) -> Result<Failure, Ended> {
        let Some(visit) = self.execution.visit(branch) else {
            return Ok(failure);
        };
        let (entered, before) = (visit.entered_event, visit.event_before);
        let mut failure = failure.named(&state.name, entered);
        let Some(evaluation) = failure.evaluation.take() else {
            return Ok(failure);
        };
        let details = history::evaluation_failed(&state.name, &failure, &evaluation);
        // What fails as soon as the state is entered follows what was before it, except in a Wait state: so does AWS.
        if let Some(line) = self.execution.branches.get_mut(&branch)
            && line.last_event == entered
            && !matches!(state.kind, StateKind::Wait(_))
        {
            line.last_event = before;
        }
        self.emit(branch, "EvaluationFailed", details)?;
        Ok(failure)
    }

    pub(super) fn next_task(&mut self) -> TaskId {
        self.execution.last_task += 1;
        self.execution.last_task
    }

    pub(super) fn open_task(&mut self, task: OpenTask) {
        self.effects.push(Effect::ScheduleTask(task.request.clone()));
        self.execution.tasks.insert(task.request.task, task);
    }

    /// Sets a timer that fires after so many milliseconds.
    pub(super) fn set_timer(&mut self, delay: u64, purpose: Purpose) -> TimerId {
        self.execution.last_timer += 1;
        let timer = self.execution.last_timer;
        let at = self.now.saturating_add(delay);
        self.execution.timers.insert(timer, Timer { at, purpose });
        self.effects.push(Effect::SetTimer { timer, at });
        timer
    }

    pub(super) fn cancel_timer(&mut self, timer: TimerId) {
        if self.execution.timers.remove(&timer).is_some() {
            self.effects.push(Effect::CancelTimer { timer });
        }
    }

    /// The state of that name in the machine that a branch runs.
    pub(super) fn state(&self, branch: BranchId, name: &str) -> Option<&'a State> {
        self.machine_of(branch)?.states.get(name)
    }
}

pub(super) fn work_of(state: &State) -> Option<&Work> {
    match &state.kind {
        StateKind::Task(task) => Some(&task.work),
        StateKind::Parallel(parallel) => Some(&parallel.work),
        StateKind::Map(map) => Some(&map.work),
        _ => None,
    }
}
