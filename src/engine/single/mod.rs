//! One state on its own, as TestState runs it: entered with an input, a context object and variables; its work is done by
//! whoever asks, or mocked; then it is said where it leads and what the data looked like in between.
//! See <https://docs.aws.amazon.com/step-functions/latest/apireference/API_TestState.html>.

mod map;
mod stages;
#[cfg(test)]
mod tests;

use serde_json::{Map, Value};

use super::data::Data;
use super::errors::{Failure, Interrupt, TIMEOUT, Turned};
use super::execution::{Branch, Execution, Purpose, ROOT, Visit};
use super::exit::Exit;
use super::retry::{self, Random, Retries};
use super::slice::Slice;
use super::turn::{Flow, Turn, work_of};
use super::variables::Assigned;
use super::{Effect, Millis, Start, TaskRequest, states};
use crate::asl::model::{QueryLanguage, State, StateKind, StateMachine};
use crate::diagnostic::Diagnostic;
use stages::Stages;

/// What AWS calls a state that is tried, whatever its name is.
pub const STATE_NAME: &str = "StateName";
/// The event that enters it, were there a history: the one after `ExecutionStarted`.
const ENTERED_EVENT: u64 = 2;

/// Everything that surrounds the state.
#[derive(Clone, Debug)]
pub struct Setting {
    /// The execution it would be in; its input is the input of the state.
    pub start: Start,
    /// The whole context object.
    pub context: Value,
    /// Variables by name.
    pub variables: Map<String, Value>,
    /// How often the retrier that takes the error has been used before.
    pub retries: u64,
    /// How many iterations of a Map state have failed.
    pub failed_iterations: u64,
}

/// What is to be done before the state can go on.
#[derive(Clone, Debug)]
pub enum Progress {
    /// Its work, within so many milliseconds; then [`Trial::worked`].
    Work(TaskRequest, Option<u64>),
    /// Nothing for so many milliseconds; then [`Trial::waited`].
    Wait(u64),
    /// It is left.
    Done(Box<Verdict>),
}

/// How the state ended.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// `SUCCEEDED`, `FAILED`, `RETRIABLE` or `CAUGHT_ERROR`.
    pub status: &'static str,
    /// The output as JSON text.
    pub output: Option<String>,
    /// Where it leads.
    pub next: Option<String>,
    /// The error name.
    pub error: Option<String>,
    /// The cause.
    pub cause: Option<String>,
    /// The members of `inspectionData`.
    pub inspection: Map<String, Value>,
}

/// How the work of a state went.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "the members are what their names and types say")]
pub enum Worked {
    /// It is done; the output is JSON text.
    Succeeded(String),
    /// It failed.
    Failed {
        error: Option<String>,
        cause: Option<String>,
    },
    /// It took longer than it may.
    TimedOut,
}

/// A state that is tried.
#[derive(Debug)]
pub struct Trial {
    /// The state as it is run: Parallel and Map have a Task in their place, whose result is theirs.
    machine: StateMachine,
    /// The state as it was written.
    state: State,
    execution: Execution,
    retries: u64,
    failed_iterations: u64,
    inspection: Stages,
}

impl Trial {
    /// A state in its surroundings; an error if its input is not JSON.
    pub fn new(state: State, setting: Setting) -> Result<Self, serde_json::Error> {
        let input = Data::from_text(&setting.start.input)?;
        let state = State {
            name: STATE_NAME.to_owned(),
            ..state
        };
        let mut inspection = Stages::default();
        inspection.data("input", &input);
        let visit = Visit {
            wreck: None,
            branch: ROOT,
            event_before: ENTERED_EVENT - 1,
            state: STATE_NAME.to_owned(),
            entered_event: ENTERED_EVENT,
            entered_at: setting.start.started_at,
            input: input.clone(),
            retries: Retries::default(),
        };
        let mut execution = Execution::new(setting.start);
        execution.begun = true;
        execution.input = input;
        execution.events = ENTERED_EVENT;
        execution.context = Some(setting.context);
        execution.branches.insert(
            ROOT,
            Branch {
                last_event: ENTERED_EVENT,
                visit: Some(visit),
                ..Branch::default()
            },
        );
        if let Ok(variables) = Assigned::new(&Value::Object(setting.variables)) {
            execution.assign(ROOT, variables);
        }
        Ok(Self {
            machine: alone(map::stand_in(&state)),
            state,
            execution,
            retries: setting.retries,
            failed_iterations: setting.failed_iterations,
            inspection,
        })
    }

    /// What of the state this engine cannot execute; branches and iterations do not count, since they are not run.
    pub fn unsupported(&self) -> Vec<Diagnostic> {
        super::unsupported(&self.machine)
    }

    /// Enters the state.
    pub fn enter(&mut self, at: Millis, seed: u64) -> Progress {
        self.go(at, seed, Act::Enter)
    }

    /// Goes on when the work is done.
    pub fn worked(&mut self, at: Millis, seed: u64, worked: Worked) -> Progress {
        self.go(at, seed, Act::Worked(worked))
    }

    /// Goes on when a Wait state is over.
    pub fn waited(&mut self, at: Millis, seed: u64) -> Progress {
        self.go(at, seed, Act::Waited)
    }

    fn go(&mut self, at: Millis, seed: u64, act: Act) -> Progress {
        let Some(state) = self.machine.states.get(STATE_NAME) else {
            return Progress::Done(Box::new(
                self.inspection.failed(&Failure::runtime("There is no state.")),
            ));
        };
        // A state on its own goes nowhere.
        let mut one = |_| true;
        let mut turn = Turn {
            machine: &self.machine,
            execution: &mut self.execution,
            now: at,
            random: Random::new(seed),
            effects: Vec::new(),
            slice: Slice::new(&mut one),
        };
        let flow = match act {
            Act::Enter => map::prepare(&turn, &self.state, &mut self.inspection)
                .map_err(Interrupt::from)
                .and_then(|()| turn.work(ROOT, state)),
            Act::Waited => states::wait::over(&mut turn, ROOT, state),
            Act::Worked(worked) => {
                let worked = map::judged(&self.state, worked, self.failed_iterations, &self.inspection);
                work_done(&mut turn, &self.state, &mut self.inspection, worked)
            }
        };
        if let Ok(Flow::Wait) = flow {
            return outstanding(&turn, &self.state, &mut self.inspection);
        }
        // The same random numbers again, so that what is shown is what was done.
        turn.random = Random::new(seed);
        stages::shaped(&turn, &self.state, &mut self.inspection);
        let verdict = match flow {
            Err(Interrupt::Failed(failure)) => recover(&mut turn, state, self.retries, failure, &mut self.inspection),
            Ok(Flow::Leave(exit, next)) => leave(&mut turn, "SUCCEEDED", exit, next, None, &mut self.inspection),
            // Only the end of an execution and its events do this, of which there are none.
            Ok(Flow::Wait) | Err(Interrupt::Ended) => {
                self.inspection.failed(&Failure::runtime("The state was interrupted."))
            }
        };
        Progress::Done(Box::new(verdict))
    }
}

/// What makes a state go on.
enum Act {
    Enter,
    Waited,
    Worked(Worked),
}

/// A machine of that state only: no transition leads further.
fn alone(state: State) -> StateMachine {
    StateMachine {
        comment: None,
        start_at: STATE_NAME.to_owned(),
        query_language: state.query_language,
        states: [(STATE_NAME.to_owned(), state)].into_iter().collect(),
        timeout_seconds: None,
        version: None,
    }
}

/// What a state waits for.
fn outstanding(turn: &Turn<'_>, state: &State, inspection: &mut Stages) -> Progress {
    let timer = |wanted: fn(&Purpose) -> bool| {
        let timers = turn.execution.timers.values().filter(|timer| wanted(&timer.purpose));
        timers.map(|timer| timer.at.saturating_sub(turn.now)).min()
    };
    let scheduled = turn.effects.iter().find_map(|effect| match effect {
        Effect::ScheduleTask(request) => Some(request),
        _ => None,
    });
    match scheduled {
        Some(request) => {
            stages::scheduled(state, &request.parameters, inspection);
            let limit = timer(|purpose| matches!(purpose, Purpose::TaskTimeout(_) | Purpose::Heartbeat(_)));
            Progress::Work(request.clone(), limit)
        }
        None => Progress::Wait(timer(|purpose| matches!(purpose, Purpose::Wait(_))).unwrap_or_default()),
    }
}

fn work_done<'a>(turn: &mut Turn<'a>, state: &State, inspection: &mut Stages, worked: Worked) -> Turned<Flow<'a>> {
    let Some((_, task)) = turn.execution.tasks.pop_first() else {
        return Err(Failure::runtime("The state has no work to be done.").into());
    };
    let failure = match worked {
        Worked::Succeeded(output) => {
            if let Ok(result) = Data::from_text(&output) {
                stages::result(state, result, inspection);
            }
            return states::task::succeeded(turn, task, &output);
        }
        Worked::Failed { error, cause } => Failure::reported(error, cause),
        Worked::TimedOut => Failure::reported(Some(TIMEOUT.to_owned()), None),
    };
    states::task::failed(turn, &task, "Failed", failure)
}

/// Leaves the state, if its output and variables are not too large.
fn leave(
    turn: &mut Turn<'_>,
    status: &'static str,
    exit: Exit,
    next: Option<&str>,
    failure: Option<&Failure>,
    inspection: &mut Stages,
) -> Verdict {
    if exit.output.is_too_large() {
        return inspection.failed(&Failure::state_output_too_large(STATE_NAME));
    }
    if !turn.execution.can_assign(ROOT, &exit.assigned) {
        return inspection.failed(&Failure::variables_too_large());
    }
    turn.execution.assign(ROOT, exit.assigned);
    inspection.variables(turn.execution.visible_variables(ROOT));
    inspection.verdict(status, Some(&exit.output), next, failure)
}

/// Gives a failure to the retriers and catchers, and says which of them took it.
fn recover(turn: &mut Turn<'_>, state: &State, retries: u64, failure: Failure, inspection: &mut Stages) -> Verdict {
    let failure = failure.named(STATE_NAME, ENTERED_EVENT);
    let work = work_of(state).filter(|_| failure.catchable);
    let retrier = work.and_then(|work| {
        let retriers = &work.retry;
        retriers
            .iter()
            .position(|retrier| failure.matches(&retrier.error_equals))
    });
    if let (Some(retrier), Some(branch)) = (retrier, turn.execution.branches.get_mut(&ROOT))
        && let Some(visit) = branch.visit.as_mut()
    {
        visit.retries = Retries::of(retrier, retries);
    }
    let mut details = Map::new();
    if let Some(retrier) = retrier {
        details.insert("retryIndex".into(), retrier.into());
    }
    match turn.recovered(ROOT, STATE_NAME, Err(failure.clone().into())) {
        Ok(Flow::Wait) => {
            let retry = |purpose: &Purpose| matches!(purpose, Purpose::Retry(_));
            let mut timers = turn.execution.timers.values().filter(|timer| retry(&timer.purpose));
            if let Some(timer) = timers.next() {
                let seconds = timer.at.saturating_sub(turn.now) / 1000;
                details.insert("retryBackoffIntervalSeconds".into(), seconds.into());
            }
            inspection.details(details);
            inspection.verdict("RETRIABLE", None, None, Some(&failure))
        }
        Ok(Flow::Leave(exit, next)) => {
            let catchers = work.map(|work| work.catch.as_slice()).unwrap_or_default();
            if let Some((catcher, _)) = retry::catcher(catchers, &failure) {
                details.insert("catchIndex".into(), catcher.into());
            }
            inspection.details(details);
            leave(turn, "CAUGHT_ERROR", exit, next, Some(&failure), inspection)
        }
        Err(Interrupt::Failed(failure)) => {
            inspection.details(details);
            inspection.failed(&failure)
        }
        Err(Interrupt::Ended) => inspection.failed(&failure),
    }
}

/// Whether the fields of a state are JSONPath.
fn is_jsonpath(state: &State) -> bool {
    state.query_language == QueryLanguage::JsonPath
}

/// Whether a state hands its work to others.
pub fn has_work(state: &State) -> bool {
    matches!(
        state.kind,
        StateKind::Task(_) | StateKind::Parallel(_) | StateKind::Map(_)
    )
}
