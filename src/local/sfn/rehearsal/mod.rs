//! Rehearsals: executions whose tasks are mocked, or whose time is virtual. An extension of the local cloud: StartExecution
//! and StartSyncExecution take it as the member `stepstack`.
//!
//! ```json
//! {"mocks": {"Charge": [{"from": 0, "to": null, "return": {"paid": true}}]},
//!  "time": "virtual",
//!  "runOut": ["Ask a human"],
//!  "startsAt": 1700000000000}
//! ```
//!
//! Invocations of a state are counted in each execution for itself: retries, iterations, branches and redrives count, and each
//! child execution of a distributed Map begins with 0. Its child executions have the mocks of an execution; executions that its
//! tasks start have its time only.

mod mocked;
mod pace;
mod rows;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub(super) use self::mocked::Mocked;
pub(super) use self::pace::{Pace, Tempo};
pub(super) use self::rows::{find, insert};
use super::definition;
use super::request::Request;
use super::tasks::{WAIT_FOR_TOKEN, is_activity};
use crate::asl::model::StateMachine;
use crate::engine::Millis;
use crate::local::api::ApiError;
use crate::mock::Mocks;

/// The member of a request that says so.
const MEMBER: &str = "stepstack";

/// How an execution is rehearsed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Rehearsal {
    #[serde(default, skip_serializing_if = "Mocks::is_empty")]
    pub(super) mocks: Mocks,
    #[serde(default)]
    pub(super) time: Time,
    /// States whose task tokens nobody will answer: virtual time runs past their waiting.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    run_out: BTreeSet<String>,
    /// States without mock that call what the local cloud does not have, and what that is: whoever enters them fails.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    absent: BTreeMap<String, String>,
    /// When virtual time begins; without it, now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    starts_at: Option<Millis>,
}

/// The time of an execution.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Time {
    /// Waits take as long as they say.
    #[default]
    Real,
    /// It passes while something really runs, and is skipped while nothing does.
    Virtual,
}

impl Rehearsal {
    /// Reads the member of a request, if it has it.
    pub(super) fn read(request: &Request<'_>) -> Result<Option<Self>, ApiError> {
        let Some(given) = request.raw(MEMBER) else {
            return Ok(None);
        };
        if !given.is_object() {
            return Err(invalid("it must be an object"));
        }
        let read: Self = serde_json::from_value(given.clone()).map_err(|error| invalid(&error.to_string()))?;
        if !read.absent.is_empty() {
            return Err(invalid("`absent` is found by the local cloud itself"));
        }
        if read.starts_at > Some(pace::LAST) {
            return Err(invalid("`startsAt` is after the year 9999"));
        }
        if read.time == Time::Real {
            for (member, given) in [
                ("runOut", !read.run_out.is_empty()),
                ("startsAt", read.starts_at.is_some()),
            ] {
                if given {
                    return Err(invalid(&format!("`{member}` is for virtual time only")));
                }
            }
        }
        Ok(Some(read))
    }

    /// The same with those mocks.
    pub(super) fn with_mocks(&self, mocks: Mocks) -> Self {
        Self { mocks, ..self.clone() }
    }

    /// When the execution begins, if that is not now.
    pub(super) fn starts_at(&self) -> Option<Millis> {
        self.starts_at
    }

    /// Everything that it names must be there, and of the right kind.
    pub(super) fn check(&self, machine: &StateMachine) -> Result<(), ApiError> {
        let tasks = definition::tasks_of(machine);
        for name in self.mocks.states() {
            if !tasks.iter().any(|(state, _)| state.name == name) {
                return Err(invalid(&format!(
                    "`mocks` names the state `{name}`, and the state machine has no Task state of that name"
                )));
            }
        }
        for name in &self.run_out {
            let named: Vec<_> = tasks.iter().filter(|(state, _)| state.name == *name).collect();
            let waits = |resource: &str| is_activity(resource) || resource.ends_with(WAIT_FOR_TOKEN);
            if !named.iter().any(|(_, task)| waits(&task.resource)) {
                return Err(invalid(&format!(
                    "`runOut` names the state `{name}`, and the state machine has no Task state of that name that waits for a \
                     task token"
                )));
            }
            if self.mocks.has(name) {
                return Err(invalid(&format!(
                    "`runOut` names the state `{name}`, which is mocked and waits for nobody"
                )));
            }
        }
        Ok(())
    }

    /// Whether tasks of that state are done by nobody but the rehearsal: they are mocked, or cannot be done here.
    fn acts_for(&self, state: &str) -> bool {
        self.mocks.has(state) || self.absent.contains_key(state)
    }

    /// The same for a machine of which some states call what the local cloud does not have. With mocks it may be rehearsed as
    /// far as these are not entered; without, it is refused.
    pub(super) fn without(rehearsal: Option<Self>, missing: Vec<(String, String)>) -> Result<Option<Self>, ApiError> {
        let mocks = |state: &str| rehearsal.as_ref().is_some_and(|rehearsal| rehearsal.mocks.has(state));
        let missing: Vec<(String, String)> = missing.into_iter().filter(|(state, _)| !mocks(state)).collect();
        match rehearsal {
            Some(mut rehearsal) if !rehearsal.mocks.is_empty() => {
                rehearsal.absent.extend(missing);
                Ok(Some(rehearsal))
            }
            _ if !missing.is_empty() => Err(definition::refuse_integrations(&missing)),
            other => Ok(other),
        }
    }

    fn runs_out(&self, state: &str) -> bool {
        self.run_out.contains(state)
    }
}

/// Has the execution that a request starts begin at that virtual time.
pub(super) fn pass_on(time: Option<Millis>, body: &mut Value) {
    if let (Some(time), Some(members)) = (time, body.as_object_mut()) {
        members.insert(MEMBER.to_owned(), json!({"time": Time::Virtual, "startsAt": time}));
    }
}

/// A refusal of the member.
pub(super) fn invalid(problem: &str) -> ApiError {
    ApiError::new("ValidationException", format!("{MEMBER}: {problem}"))
}
