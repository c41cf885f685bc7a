//! Lines of control inside Parallel and Map states: how they begin, how they join, and how a failure of one cuts off the
//! others. What follows for another line of control is queued, so that no depth of nesting costs stack.

use std::collections::BTreeMap;

use super::data::Data;
use super::errors::{Ended, Failure};
use super::execution::{Branch, BranchId, Fork, Items, Parent, Purpose};
use super::history;
use super::map_run::Way;
use super::states;
use super::turn::Turn;
use super::{Effect, MapRunId, TaskId, TimerId};
use crate::asl::model::{StateKind, StateMachine};

/// What a line of control has to do because of another one.
#[derive(Debug)]
pub(super) enum Job {
    /// It begins, with an input.
    Begin(BranchId, Data),
    /// The work of the state that it has entered.
    Work(BranchId),
    /// The same once more, after a redrive.
    Redo(BranchId),
    /// All that it was split into has ended well.
    Join(BranchId),
    /// It has failed, and with it the state it was split from.
    Fail(BranchId, Failure),
    /// The state that it is in fails.
    FailState(BranchId, Failure),
}

impl<'a> Turn<'a> {
    /// Does what the lines of control that have moved have left for others.
    pub(super) fn run_ready(&mut self) -> Result<(), Ended> {
        while self.execution.has_more() && self.slice.goes_on() {
            let Some(job) = self.execution.ready.pop_front() else {
                break;
            };
            match job {
                Job::Begin(branch, input) => {
                    // It may have been cut off meanwhile.
                    if let Some(machine) = self.machine_of(branch) {
                        let first = machine.start_at.as_str();
                        let flow = self.enter(branch, first, input);
                        self.proceed(branch, first, flow)?;
                    }
                }
                Job::Work(branch) => self.resume(branch, Self::work)?,
                Job::Redo(branch) => self.redo(branch)?,
                Job::Join(branch) => self.resume(branch, states::joined)?,
                Job::Fail(branch, failure) => self.child_failed(branch, failure)?,
                Job::FailState(branch, failure) => self.resume(branch, |_, _, _| Err(failure.into()))?,
            }
        }
        Ok(())
    }

    /// The machine that a branch runs: that of the execution, or one inside the states it was split from.
    pub(super) fn machine_of(&self, branch: BranchId) -> Option<&'a StateMachine> {
        let mut way = Vec::new();
        let mut at = self.execution.branches.get(&branch)?;
        while let Some(parent) = at.parent {
            way.push(parent);
            at = self.execution.branches.get(&parent.branch)?;
        }
        way.into_iter().rev().try_fold(self.machine, |machine, parent| {
            let visit = self.execution.visit(parent.branch)?;
            match &machine.states.get(&visit.state)?.kind {
                StateKind::Parallel(parallel) => parallel.branches.get(parent.index),
                StateKind::Map(map) => Some(&map.processor),
                _ => None,
            }
        })
    }

    /// How a state of a branch is reached from the machine of the execution.
    pub(super) fn way_to(&self, branch: BranchId, state: &str) -> Way {
        let mut way = vec![(state.to_owned(), 0)];
        let mut at = self.execution.branches.get(&branch);
        while let Some(parent) = at.and_then(|branch| branch.parent) {
            if let Some(visit) = self.execution.visit(parent.branch) {
                let branches = self.state(parent.branch, &visit.state);
                let is_parallel = branches.is_some_and(|state| matches!(state.kind, StateKind::Parallel(_)));
                // All iterations of a Map state run the same machine.
                way.push((visit.state.clone(), if is_parallel { parent.index } else { 0 }));
            }
            at = self.execution.branches.get(&parent.branch);
        }
        way.reverse();
        way
    }

    /// Splits a branch into lines of control that will have so many outputs.
    pub(super) fn split(&mut self, branch: BranchId, outputs: usize, items: Option<Items>) {
        if let Some(branch) = self.execution.branches.get_mut(&branch) {
            branch.fork = Some(Fork {
                running: BTreeMap::new(),
                outputs: vec![None; outputs],
                items,
            });
        }
    }

    /// Adds one to the lines of control that a branch is split into. Its first event follows `last_event`.
    pub(super) fn open_branch(&mut self, parent: Parent, last_event: u64, input: Data, item: Option<Data>) {
        self.execution.last_branch += 1;
        let id = self.execution.last_branch;
        let Some(fork) = self.fork_of(parent.branch) else {
            return;
        };
        fork.running.insert(parent.index, id);
        let branch = Branch {
            last_event,
            parent: Some(parent),
            item,
            ..Branch::default()
        };
        self.execution.branches.insert(id, branch);
        self.execution.ready.push_back(Job::Begin(id, input));
    }

    /// Goes on with a state if nothing runs inside it any more; its next event then follows `last_event`.
    pub(super) fn join_if_done(&mut self, branch: BranchId, last_event: u64) {
        let Some(above) = self.execution.branches.get_mut(&branch) else {
            return;
        };
        if above.fork.as_ref().is_some_and(|fork| fork.running.is_empty()) {
            above.last_event = last_event;
            self.execution.ready.push_back(Job::Join(branch));
        }
    }

    pub(super) fn fork_of(&mut self, branch: BranchId) -> Option<&mut Fork> {
        self.execution.branches.get_mut(&branch)?.fork.as_mut()
    }

    /// A branch has reached its end.
    pub(super) fn branch_succeeded(&mut self, branch: BranchId, output: Data) -> Result<(), Ended> {
        let Some(parent) = self.execution.branches.get(&branch).and_then(|branch| branch.parent) else {
            return Err(self.succeed(branch, &output));
        };
        let last_event = self.last_event(branch);
        self.execution.branches.remove(&branch);
        let Some(fork) = self.fork_of(parent.branch) else {
            return Ok(());
        };
        fork.running.remove(&parent.index);
        if let Some(place) = fork.outputs.get_mut(parent.index) {
            *place = Some(output);
        }
        if fork.items.is_some() {
            return states::map::iteration_succeeded(self, parent, last_event);
        }
        self.join_if_done(parent.branch, last_event);
        Ok(())
    }

    /// A branch has failed and nothing in it takes the failure: it is the failure of the state it runs in. What no state
    /// can take ends the execution at once.
    pub(super) fn branch_failed(&mut self, branch: BranchId, failure: Failure) -> Result<(), Ended> {
        let inner = self
            .execution
            .branches
            .get(&branch)
            .is_some_and(|branch| branch.parent.is_some());
        if !inner || !failure.catchable {
            return Err(self.fail(branch, &failure));
        }
        self.execution.ready.push_back(Job::Fail(branch, failure));
        Ok(())
    }

    /// Cuts off everything beside a failed branch and gives its failure to the state it ran in.
    fn child_failed(&mut self, failed: BranchId, failure: Failure) -> Result<(), Ended> {
        let Some(parent) = self.execution.branches.get(&failed).and_then(|branch| branch.parent) else {
            return Ok(());
        };
        let last_event = self.last_event(failed);
        if let Some(above) = self.execution.branches.get_mut(&parent.branch) {
            above.last_event = last_event;
        }
        self.keep_wreck(parent.branch);
        self.cut_off(parent.branch, Some(failed))?;
        self.resume(parent.branch, |_, _, _| Err(failure.into()))
    }

    /// Ends all that runs inside the state of a branch. What was aborted is in the history, each event following the last
    /// one of the branch.
    pub(super) fn cut_off(&mut self, top: BranchId, failed: Option<BranchId>) -> Result<(), Ended> {
        let previous = self.last_event(top);
        let mut open: Vec<BranchId> = self.take_children(top);
        let mut gone = Vec::new();
        while let Some(branch) = open.pop() {
            let has_failed = failed == Some(branch);
            let what = if has_failed { "Failed" } else { "Aborted" };
            self.iteration_ended(top, branch, previous, what)?;
            if self.has_map_run(branch) {
                self.emit_after(top, previous, "MapRunAborted", None)?;
            }
            if let Some(event) = self.aborted_state(branch, has_failed) {
                self.emit_after(top, previous, event, None)?;
            }
            let children = self.take_children(branch);
            open.extend(children);
            gone.push(branch);
        }
        for branch in gone {
            self.execution.branches.remove(&branch);
        }
        self.forget_the_cut_off();
        Ok(())
    }

    /// Writes how an iteration ended, if the branch is one.
    fn iteration_ended(&mut self, top: BranchId, branch: BranchId, previous: u64, what: &str) -> Result<(), Ended> {
        let found = self.execution.branches.get(&branch);
        let Some(parent) = found
            .filter(|found| found.item.is_some())
            .and_then(|found| found.parent)
        else {
            return Ok(());
        };
        let name = self.execution.visit(parent.branch).map_or("", |visit| &visit.state);
        let details = history::map_iteration(what, name, parent.index);
        self.emit_after(top, previous, format!("MapIteration{what}"), details)
            .map(drop)
    }

    /// The branches that a branch is split into, the first of them last.
    fn take_children(&mut self, branch: BranchId) -> Vec<BranchId> {
        let fork = self
            .execution
            .branches
            .get_mut(&branch)
            .and_then(|branch| branch.fork.take());
        fork.map_or_else(Vec::new, |fork| fork.running.into_values().rev().collect())
    }

    fn has_map_run(&self, branch: BranchId) -> bool {
        self.execution.map_runs.values().any(|open| open.branch == branch)
    }

    /// The event of the state that a branch is torn out of, if its type has one. A Task that failed has it as well, other
    /// states have said so.
    fn aborted_state(&self, branch: BranchId, failed: bool) -> Option<&'static str> {
        let visit = self.execution.visit(branch)?;
        match self.state(branch, &visit.state)?.kind {
            StateKind::Task(_) => Some("TaskStateAborted"),
            StateKind::Wait(_) if !failed => Some("WaitStateAborted"),
            StateKind::Parallel(_) if !failed => Some("ParallelStateAborted"),
            StateKind::Map(_) if !failed => Some("MapStateAborted"),
            _ => None,
        }
    }

    /// Cancels tasks, map runs and timers of branches that are no more.
    fn forget_the_cut_off(&mut self) {
        let execution = &mut *self.execution;
        let tasks: Vec<TaskId> = execution
            .tasks
            .iter()
            .filter(|(_, task)| !execution.branches.contains_key(&task.branch))
            .map(|(id, _)| *id)
            .collect();
        for task in tasks {
            execution.tasks.remove(&task);
            self.effects.push(Effect::CancelTask { task });
        }
        let map_runs: Vec<MapRunId> = execution
            .map_runs
            .iter()
            .filter(|(_, open)| !execution.branches.contains_key(&open.branch))
            .map(|(id, _)| *id)
            .collect();
        for map_run in map_runs {
            execution.map_runs.remove(&map_run);
            self.effects.push(Effect::StopMapRun { map_run, failed: false });
        }
        let timers: Vec<TimerId> = execution
            .timers
            .iter()
            .filter(|(_, timer)| match timer.purpose {
                Purpose::ExecutionTimeout => false,
                Purpose::Wait(branch) | Purpose::Retry(branch) => !execution.branches.contains_key(&branch),
                Purpose::TaskTimeout(task) | Purpose::Heartbeat(task) => !execution.tasks.contains_key(&task),
            })
            .map(|(id, _)| *id)
            .collect();
        for timer in timers {
            self.cancel_timer(timer);
        }
    }
}
