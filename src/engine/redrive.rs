//! Redrive: an execution that ended without success goes on where it failed, with the same input. What had succeeded is not
//! run again; of a Parallel or Map state only the branches or iterations that failed or were aborted
//! ([redrive](https://docs.aws.amazon.com/step-functions/latest/dg/redrive-executions.html)).

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Status;
use super::errors::Ended;
use super::execution::{BranchId, Purpose, ROOT, Wreck};
use super::fork::Job;
use super::history;
use super::retry::Retries;
use super::turn::Turn;
use crate::asl::model::StateKind;

impl Turn<'_> {
    pub(super) fn redrive(&mut self) -> Result<(), Ended> {
        let succeeded = |status| matches!(status, Status::Succeeded | Status::Running);
        match &self.execution.outcome {
            Some(outcome) if !succeeded(outcome.status) => {}
            _ => return Ok(()),
        }
        self.execution.outcome = None;
        self.execution.redrives += 1;
        self.execution.redriven_at = Some(self.now);
        let last = self.execution.events;
        let count = self.execution.redrives;
        let redriven = self.emit_after(ROOT, last, "ExecutionRedriven", history::execution_redriven(count))?;
        if let Some(seconds) = self.machine.timeout_seconds {
            self.set_timer(seconds.saturating_mul(1000), Purpose::ExecutionTimeout);
        }
        for branch in self.unfinished() {
            if let Some(line) = self.execution.branches.get_mut(&branch) {
                line.last_event = redriven;
            }
            self.execution.ready.push_back(Job::Redo(branch));
        }
        Ok(())
    }

    /// Puts everything that was cut off back into its place, and gives the innermost lines of control: those that go on.
    fn unfinished(&mut self) -> Vec<BranchId> {
        let mut open = vec![ROOT];
        let mut found = Vec::new();
        while let Some(branch) = open.pop() {
            self.restore(branch);
            let fork = self.execution.branches.get(&branch).and_then(|line| line.fork.as_ref());
            match fork {
                Some(fork) if !fork.running.is_empty() => open.extend(fork.running.values().rev()),
                _ => found.push(branch),
            }
        }
        found
    }

    fn restore(&mut self, branch: BranchId) {
        let Some(line) = self
            .execution
            .branches
            .get_mut(&branch)
            .filter(|line| line.fork.is_none())
        else {
            return;
        };
        let Some(wreck) = line.visit.as_mut().and_then(|visit| visit.wreck.take()) else {
            return;
        };
        line.fork = Some(wreck.fork.clone());
        let cut_off = wreck.branches.iter().map(|(id, line)| (*id, line.clone()));
        self.execution.branches.extend(cut_off);
    }

    /// Does the work of a state again. A Fail state is entered again, as AWS says.
    pub(super) fn redo(&mut self, branch: BranchId) -> Result<(), Ended> {
        let Some(visit) = self
            .execution
            .branches
            .get_mut(&branch)
            .and_then(|line| line.visit.as_mut())
        else {
            return Ok(());
        };
        visit.retries = Retries::default();
        let input = visit.input.clone();
        self.resume(branch, |turn, branch, state| match state.kind {
            StateKind::Fail(_) => turn.enter(branch, &state.name, input),
            _ => turn.work(branch, state),
        })
    }

    /// Keeps what runs inside the state of a branch before a failure cuts it off: only then is it known whether the failure
    /// ends the execution.
    pub(super) fn keep_wreck(&mut self, top: BranchId) {
        let Some(fork) = self.execution.branches.get(&top).and_then(|line| line.fork.clone()) else {
            return;
        };
        let mut open: Vec<BranchId> = fork.running.values().copied().collect();
        let mut branches = BTreeMap::new();
        while let Some(branch) = open.pop() {
            if let Some(line) = self.execution.branches.get(&branch) {
                open.extend(line.fork.iter().flat_map(|fork| fork.running.values()));
                branches.insert(branch, line.clone());
            }
        }
        let visit = self
            .execution
            .branches
            .get_mut(&top)
            .and_then(|line| line.visit.as_mut());
        if let Some(visit) = visit {
            visit.wreck = Some(Arc::new(Wreck { fork, branches }));
        }
    }
}
