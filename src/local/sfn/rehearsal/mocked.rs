//! What mocked tasks answer, in which order: part of an execution in memory. The answers become inputs of the journal like those
//! of real tasks; what is here follows from the journal, so that a replay leads to the same.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use super::Rehearsal;
use crate::engine::{Happened, TaskId, TaskRequest};
use crate::local::sfn::definition;
use crate::local::sfn::tasks::{is_activity, takes_token};
use crate::mock::Response;

/// The mocked tasks of an execution.
#[derive(Debug, Default)]
pub(in crate::local::sfn) struct Mocked {
    rehearsal: Option<Arc<Rehearsal>>,
    /// How often each mocked state was invoked.
    invocations: HashMap<String, u64>,
    /// What happens to tasks that were scheduled and not yet started: how they start, and what they then answer.
    scheduled: HashMap<TaskId, (Happened, Vec<Happened>)>,
    /// What those that were started answer next.
    answers: VecDeque<(TaskId, Happened)>,
}

impl Mocked {
    /// The mocked tasks of an execution that has not begun.
    pub(in crate::local::sfn) fn of(rehearsal: Option<Arc<Rehearsal>>) -> Self {
        Self {
            rehearsal,
            ..Self::default()
        }
    }

    /// How the execution is rehearsed, if it is.
    pub(in crate::local::sfn) fn rehearsal(&self) -> Option<&Arc<Rehearsal>> {
        self.rehearsal.as_ref()
    }

    /// Whether tasks of that state are mocked or cannot be done here, so that nobody else does them.
    pub(in crate::local::sfn) fn has(&self, state: &str) -> bool {
        self.rehearsal
            .as_ref()
            .is_some_and(|rehearsal| rehearsal.acts_for(state))
    }

    /// A task of a mocked state was scheduled.
    pub(in crate::local::sfn) fn schedule(&mut self, request: &TaskRequest) {
        let Some(rehearsal) = &self.rehearsal else {
            return;
        };
        let (state, task) = (&request.state, request.task);
        if let Some(resource) = rehearsal.absent.get(state) {
            let refused = Happened::TaskNotStarted {
                task,
                error: "States.Runtime".to_owned(),
                cause: definition::not_here(&[(state.clone(), resource.clone())]),
            };
            self.scheduled.insert(task, (refused, Vec::new()));
            return;
        }
        let count = self.invocations.entry(state.clone()).or_default();
        let invocation = *count;
        *count += 1;
        let acts = match rehearsal.mocks.response(state, invocation) {
            Some(response) => (Happened::TaskStarted { task }, answers(request, response)),
            None => {
                let refused = Happened::TaskNotStarted {
                    task,
                    error: "States.Runtime".to_owned(),
                    cause: format!("the mock of the state `{state}` has no response for invocation {invocation}"),
                };
                (refused, Vec::new())
            }
        };
        self.scheduled.insert(task, acts);
    }

    /// How a mocked task starts.
    pub(in crate::local::sfn) fn start(&self, task: TaskId) -> Option<Happened> {
        self.scheduled.get(&task).map(|(start, _)| start.clone())
    }

    /// What a mocked task answers next, unless all have answered.
    pub(in crate::local::sfn) fn answer(&self) -> Option<Happened> {
        self.answers.front().map(|(_, answer)| answer.clone())
    }

    /// Whether a mocked task has yet to answer.
    pub(in crate::local::sfn) fn has_answer(&self) -> bool {
        !self.answers.is_empty()
    }

    /// An input was fed, or is fed again by a replay.
    pub(in crate::local::sfn) fn fed(&mut self, what: &Happened) {
        if self.rehearsal.is_none() {
            return;
        }
        match what {
            Happened::TaskStarted { task } | Happened::TaskNotStarted { task, .. } => {
                if let Some((_, answers)) = self.scheduled.remove(task) {
                    self.answers.extend(answers.into_iter().map(|answer| (*task, answer)));
                }
            }
            other if self.answers.front().is_some_and(|(_, answer)| answer == other) => {
                self.answers.pop_front();
            }
            _ => {}
        }
    }

    /// A task is not wanted any more.
    pub(in crate::local::sfn) fn cancel(&mut self, cancelled: TaskId) {
        self.scheduled.remove(&cancelled);
        self.answers.retain(|(task, _)| *task != cancelled);
    }

    /// The execution has ended; if it is redriven, invocations are counted on.
    pub(in crate::local::sfn) fn end(&mut self) {
        self.scheduled.clear();
        self.answers.clear();
    }
}

/// What happens to a task after it was started.
fn answers(request: &TaskRequest, response: &Response) -> Vec<Happened> {
    let task = request.task;
    let before = if is_activity(&request.resource) {
        Some(Happened::ActivityStarted { task, worker: None })
    } else if takes_token(&request.resource) {
        // Nothing was called that could have answered.
        let output = "{}".to_owned();
        Some(Happened::TaskSubmitted { task, output })
    } else {
        None
    };
    let end = match response {
        Response::Return(result) => Happened::TaskSucceeded {
            task,
            output: result.to_string(),
        },
        Response::Throw { error, cause } => Happened::TaskFailed {
            task,
            error: Some(error.clone()),
            cause: cause.clone(),
        },
    };
    before.into_iter().chain([end]).collect()
}
