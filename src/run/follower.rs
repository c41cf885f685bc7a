//! From history items to events. Pure: items in, events out.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::cloud::HistoryItem;
use crate::event::Event;

use super::token::token_in;

/// How an execution ended.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Outcome {
    /// The name of the execution.
    pub execution: String,
    /// `SUCCEEDED`, `FAILED`, `TIMED_OUT` or `ABORTED`.
    pub status: String,
    /// What it gave, when it succeeded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output: Option<Value>,
    /// The error name, when it did not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The cause, when it did not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
}

impl Outcome {
    /// Whether it succeeded.
    pub fn succeeded(&self) -> bool {
        self.status == "SUCCEEDED"
    }
}

/// A state that was entered and not left.
#[derive(Clone, Debug)]
struct Open {
    state: String,
    state_type: String,
    entered_at: u64,
    /// Whether it was reported as still running.
    announced: bool,
    /// The callback that it waits for.
    callback: Option<Callback>,
}

/// A task token that is out.
#[derive(Clone)]
struct Callback {
    resource: String,
    token: Option<String>,
    /// The parameters of the task, among them the token.
    given: Option<Value>,
    /// Whether the token has been handed over.
    submitted: bool,
    /// Whether it was taken by [`Follower::new_callbacks`].
    taken: bool,
}

impl std::fmt::Debug for Callback {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Callback")
            .field("resource", &self.resource)
            .finish_non_exhaustive()
    }
}

/// A state that waits until its task token comes back.
#[derive(Clone, PartialEq, Eq)]
pub struct Waiting {
    /// The name of the execution.
    pub execution: String,
    /// The name of the state.
    pub state: String,
    /// The token, a secret; none if the history does not hold it.
    pub token: Option<String>,
}

/// Follows one execution through its history.
#[derive(Clone, Debug)]
pub struct Follower {
    execution: String,
    arn: String,
    last_id: u64,
    started_at: Option<u64>,
    /// Whether it has handed out tokens that its history does not hold.
    has_more_tokens: bool,
    /// By the id of the event that entered it.
    open: BTreeMap<u64, Open>,
    /// For each event, the entering event of the state it belongs to, found over `previousEventId`.
    owner: BTreeMap<u64, u64>,
    outcome: Option<Outcome>,
}

impl Follower {
    /// Follows the execution with that ARN, from its first event.
    pub fn new(arn: &str) -> Self {
        Self {
            execution: arn.rsplit(':').next().unwrap_or(arn).to_owned(),
            arn: arn.to_owned(),
            last_id: 0,
            started_at: None,
            has_more_tokens: false,
            open: BTreeMap::new(),
            owner: BTreeMap::new(),
            outcome: None,
        }
    }

    /// The id of the last event taken; the next ones to fetch come after it.
    pub fn last_id(&self) -> u64 {
        self.last_id
    }

    /// How it ended, once it has.
    pub fn outcome(&self) -> Option<&Outcome> {
        self.outcome.as_ref()
    }

    /// Takes the next items of the history; those already taken are passed over.
    pub fn feed(&mut self, items: &[HistoryItem]) -> Vec<Event> {
        let mut events = Vec::new();
        for item in items {
            if item.id > self.last_id && self.outcome.is_none() {
                self.last_id = item.id;
                events.extend(self.take(item));
            }
        }
        events
    }

    /// States that have been running without an event, each said once.
    pub fn still_running(&mut self) -> Vec<Event> {
        let execution = self.execution.clone();
        self.open
            .iter_mut()
            .filter_map(|(entered, open)| {
                let announced = std::mem::replace(&mut open.announced, true);
                (!announced).then(|| Event::StateRunning {
                    execution: execution.clone(),
                    entered: *entered,
                    state: open.state.clone(),
                    state_type: open.state_type.clone(),
                })
            })
            .collect()
    }

    /// The names of the states that were entered and not left.
    pub fn running(&self) -> Vec<String> {
        self.open.values().map(|open| open.state.clone()).collect()
    }

    /// The states that wait for a callback.
    pub fn waiting(&self) -> Vec<Waiting> {
        let callback = |open: &Open| {
            let callback = open.callback.as_ref().filter(|callback| callback.submitted)?;
            Some(Waiting {
                execution: self.execution.clone(),
                state: open.state.clone(),
                token: callback.token.clone(),
            })
        };
        self.open.values().filter_map(callback).collect()
    }

    /// The state that was given a task token, as long as it is not left. Wherever the token is among what was given, it is found.
    pub fn holder_of(&self, token: &str) -> Option<Waiting> {
        if token.is_empty() {
            return None;
        }
        let is_it = |callback: &Callback| {
            let given = callback.given.as_ref().map(Value::to_string);
            callback.token.as_deref() == Some(token) || given.is_some_and(|given| given.contains(token))
        };
        let open = self
            .open
            .values()
            .find(|open| open.callback.as_ref().is_some_and(is_it))?;
        Some(Waiting {
            execution: self.execution.clone(),
            state: open.state.clone(),
            token: Some(token.to_owned()),
        })
    }

    /// Whether the history holds every token that may be out: not those of activities, nor those of a map run's executions.
    pub fn tells_all_tokens(&self) -> bool {
        let mut callbacks = self.open.values().filter_map(|open| open.callback.as_ref());
        !self.has_more_tokens && callbacks.all(|callback| callback.token.is_some())
    }

    /// Those that have begun to wait since this was last asked.
    pub fn new_callbacks(&mut self) -> Vec<Waiting> {
        let mut new = Vec::new();
        for open in self.open.values_mut() {
            let Some(callback) = open.callback.as_mut().filter(|callback| callback.submitted) else {
                continue;
            };
            if !std::mem::replace(&mut callback.taken, true) {
                new.push(Waiting {
                    execution: self.execution.clone(),
                    state: open.state.clone(),
                    token: callback.token.clone(),
                });
            }
        }
        new
    }

    /// The token is out as soon as what carries it was handed over.
    fn callback(&mut self, item: &HistoryItem, owner: u64) -> Option<Event> {
        let open = self.open.get_mut(&owner)?;
        if item.kind == "TaskScheduled" {
            let resource = item.resource.as_deref()?.strip_suffix(".waitForTaskToken")?;
            open.callback = Some(Callback {
                resource: resource.to_owned(),
                token: item.data.as_ref().and_then(|data| token_in(data, &self.execution)),
                given: item.data.clone(),
                submitted: false,
                taken: false,
            });
            // MiniStack says neither what a task was given nor when it was handed over.
            if item.data.as_ref().is_some_and(|given| given != "") {
                return None;
            }
        }
        let callback = open.callback.as_mut()?;
        callback.submitted = true;
        Some(Event::CallbackPending {
            execution: self.execution.clone(),
            arn: self.arn.clone(),
            entered: owner,
            state: open.state.clone(),
            state_type: open.state_type.clone(),
            resource: callback.resource.clone(),
        })
    }

    fn take(&mut self, item: &HistoryItem) -> Option<Event> {
        self.has_more_tokens |= matches!(
            item.kind.as_str(),
            "ActivityScheduled" | "MapRunStarted" | "MapRunRedriven"
        );
        if item.kind == "ExecutionStarted" {
            self.started_at = Some(item.at_ms);
            return None;
        }
        if let Some(status) = final_status(&item.kind) {
            return Some(self.finish(item, status));
        }
        if let Some(state_type) = item.kind.strip_suffix("StateEntered") {
            return Some(self.enter(item, state_type));
        }
        if item.kind.ends_with("StateExited") {
            return self.exit(item);
        }
        let owner = self.owner.get(&item.previous_id).copied();
        if let Some(owner) = owner {
            self.owner.insert(item.id, owner);
        }
        if let ("TaskScheduled" | "TaskSubmitted", Some(owner)) = (item.kind.as_str(), owner) {
            return self.callback(item, owner);
        }
        if is_failure_of_work(item)
            && let Some(open) = owner.and_then(|owner| self.open.get_mut(&owner))
        {
            open.callback = None;
        }
        if item.kind.ends_with("StateAborted") {
            self.open.remove(&owner?);
            return None;
        }
        is_failure_of_work(item)
            .then(|| self.task_failed(item, owner))
            .flatten()
    }

    fn enter(&mut self, item: &HistoryItem, state_type: &str) -> Event {
        let state = item.state.clone().unwrap_or_default();
        self.owner.insert(item.id, item.id);
        self.open.insert(
            item.id,
            Open {
                state: state.clone(),
                state_type: state_type.to_owned(),
                entered_at: item.at_ms,
                announced: false,
                callback: None,
            },
        );
        Event::StateEntered {
            execution: self.execution.clone(),
            entered: item.id,
            state,
            state_type: state_type.to_owned(),
            at_ms: item.at_ms,
            input: item.data.clone().unwrap_or(Value::Null),
        }
    }

    fn exit(&mut self, item: &HistoryItem) -> Option<Event> {
        let entered = self.entered_by(item)?;
        let open = self.open.remove(&entered)?;
        Some(Event::StateExited {
            execution: self.execution.clone(),
            entered,
            state: open.state,
            state_type: open.state_type,
            took_ms: item.at_ms.saturating_sub(open.entered_at),
            output: item.data.clone().unwrap_or(Value::Null),
        })
    }

    /// Which visit an exit ends. Usually that of the event before it; a Map or Parallel state comes after the last event
    /// of a state inside it, and is found by its name.
    fn entered_by(&self, exit: &HistoryItem) -> Option<u64> {
        let name = exit.state.as_deref()?;
        let is_it = |id: &u64| self.open.get(id).is_some_and(|open| open.state == name);
        self.owner
            .get(&exit.previous_id)
            .copied()
            .filter(is_it)
            .or_else(|| self.open.keys().rev().copied().find(is_it))
    }

    fn task_failed(&self, item: &HistoryItem, owner: Option<u64>) -> Option<Event> {
        let entered = owner?;
        let open = self.open.get(&entered)?;
        Some(Event::TaskFailed {
            execution: self.execution.clone(),
            entered,
            state: open.state.clone(),
            error: item.error.clone(),
            cause: item.cause.clone(),
        })
    }

    fn finish(&mut self, item: &HistoryItem, status: &str) -> Event {
        let output = (status == "SUCCEEDED").then(|| item.data.clone().unwrap_or(Value::Null));
        self.outcome = Some(Outcome {
            execution: self.execution.clone(),
            status: status.to_owned(),
            output: output.clone(),
            error: item.error.clone(),
            cause: item.cause.clone(),
        });
        Event::ExecutionFinished {
            execution: self.execution.clone(),
            arn: self.arn.clone(),
            status: status.to_owned(),
            output,
            error: item.error.clone(),
            cause: item.cause.clone(),
            took_ms: item.at_ms.saturating_sub(self.started_at.unwrap_or(item.at_ms)),
        }
    }
}

fn final_status(kind: &str) -> Option<&'static str> {
    match kind {
        "ExecutionSucceeded" => Some("SUCCEEDED"),
        "ExecutionFailed" => Some("FAILED"),
        "ExecutionTimedOut" => Some("TIMED_OUT"),
        "ExecutionAborted" => Some("ABORTED"),
        _ => None,
    }
}

/// `LambdaFunctionFailed`, `TaskTimedOut`, `EvaluationFailed` … but not the frames around them (`MapIterationFailed`).
fn is_failure_of_work(item: &HistoryItem) -> bool {
    let failed = item.kind.ends_with("Failed") || item.kind.ends_with("TimedOut");
    let frame = ["MapIteration", "MapState", "ParallelState"]
        .iter()
        .any(|frame| item.kind.starts_with(frame));
    failed && !frame
}

#[cfg(test)]
#[path = "follower_tests.rs"]
mod tests;
