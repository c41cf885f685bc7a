//! Writing events, and the ways in which an execution ends.

use super::data::Data;
use super::errors::{Ended, Failure};
use super::execution::BranchId;
use super::history::{self, Details, MAX_EVENTS};
use super::turn::Turn;
use super::{Effect, HistoryEvent, Outcome, Status};

impl Turn<'_> {
    /// Appends an event to a branch. At the limit of the history, the execution fails instead.
    pub(super) fn emit(&mut self, branch: BranchId, kind: &str, details: Details) -> Result<u64, Ended> {
        let id = self.emit_after(branch, self.last_event(branch), kind, details)?;
        if let Some(branch) = self.execution.branches.get_mut(&branch) {
            branch.last_event = id;
        }
        Ok(id)
    }

    /// Appends an event that follows a given one, while the next event of the branch follows the same as before.
    pub(super) fn emit_after(
        &mut self,
        branch: BranchId,
        previous_event_id: u64,
        kind: &str,
        details: Details,
    ) -> Result<u64, Ended> {
        if self.execution.events + 1 >= MAX_EVENTS {
            let failure = Failure::reported(
                Some("States.Runtime".to_owned()),
                Some(format!(
                    "The execution reached the maximum number of history events ({MAX_EVENTS})."
                )),
            );
            return Err(self.fail(branch, &failure));
        }
        Ok(self.push(previous_event_id, kind, details))
    }

    /// The event that the next one of a branch follows.
    pub(super) fn last_event(&self, branch: BranchId) -> u64 {
        let branch = self.execution.branches.get(&branch);
        branch.map_or(0, |branch| branch.last_event)
    }

    pub(super) fn push(&mut self, previous_event_id: u64, kind: &str, details: Details) -> u64 {
        self.execution.events += 1;
        let id = self.execution.events;
        self.effects.push(Effect::History(HistoryEvent {
            id,
            previous_event_id,
            timestamp: self.now,
            kind: kind.to_owned(),
            details,
        }));
        id
    }

    pub(super) fn succeed(&mut self, branch: BranchId, output: &Data) -> Ended {
        let last_event = self.last_event(branch);
        self.push(last_event, "ExecutionSucceeded", history::execution_succeeded(output));
        self.finish(Status::Succeeded, Some(output.text().to_owned()), None, None)
    }

    pub(super) fn fail(&mut self, branch: BranchId, failure: &Failure) -> Ended {
        let last_event = self.last_event(branch);
        self.push(last_event, "ExecutionFailed", history::execution_failed(failure));
        self.finish(Status::Failed, None, failure.error.clone(), failure.cause.clone())
    }

    /// Ends the execution for a reason that no branch gave; such events follow none.
    pub(super) fn interrupted(
        &mut self,
        kind: &str,
        details: Details,
        status: Status,
        error: Option<String>,
        cause: Option<String>,
    ) -> Ended {
        self.push(0, kind, details);
        self.finish(status, None, error, cause)
    }

    pub(super) fn finish(
        &mut self,
        status: Status,
        output: Option<String>,
        error: Option<String>,
        cause: Option<String>,
    ) -> Ended {
        let tasks = std::mem::take(&mut self.execution.tasks);
        self.effects
            .extend(tasks.into_keys().map(|task| Effect::CancelTask { task }));
        let timers = std::mem::take(&mut self.execution.timers);
        self.effects
            .extend(timers.into_keys().map(|timer| Effect::CancelTimer { timer }));
        let map_runs = std::mem::take(&mut self.execution.map_runs);
        self.effects.extend(
            map_runs
                .into_keys()
                .map(|map_run| Effect::StopMapRun { map_run, failed: false }),
        );
        self.execution.ready.clear();
        let outcome = Outcome {
            status,
            output,
            error,
            cause,
            at: self.now,
        };
        self.execution.outcome = Some(outcome.clone());
        self.effects.push(Effect::Finished(outcome));
        Ended
    }
}
