//! The time of an execution. Virtual time stands still while nothing really runs, and leaps to the next moment at which
//! something is due; while something runs, it passes as real time does.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use super::{Rehearsal, Time};
use crate::engine::{Happened, MapRunId, Millis, TaskId, TaskRequest};
use crate::local::sfn::driver::Message;
use crate::local::sfn::tasks::is_activity;

/// The last millisecond that timestamps can be written of: the end of the year 9999.
pub(super) const LAST: Millis = 253_402_300_799_999;

/// A clock at a moment: from real time to that of the execution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::local::sfn) enum Tempo {
    /// Real time.
    Real,
    /// Virtual time that stands still.
    Still(Millis),
    /// Virtual time that passes, since that real time.
    Passing(Millis, Millis),
}

impl Tempo {
    /// The time of the execution at a real time.
    pub(in crate::local::sfn) fn at(self, real: Millis) -> Millis {
        match self {
            Self::Real => real,
            Self::Still(at) => at,
            Self::Passing(at, since) => at.saturating_add(real.saturating_sub(since)),
        }
    }
}

/// The time of an execution, and what of it does not keep virtual time from leaping.
pub(in crate::local::sfn) struct Pace {
    tempo: Tempo,
    rehearsal: Option<Arc<Rehearsal>>,
    /// Tasks whose tokens nobody will answer, once they only wait for them.
    patient: HashSet<TaskId>,
    /// Those of them that were not handed over yet.
    unsubmitted: HashSet<TaskId>,
    /// What is known to happen later: ends of executions whose time is ahead.
    later: BTreeMap<Millis, Vec<Message>>,
    ended_tasks: HashSet<TaskId>,
    ended_map_runs: HashSet<MapRunId>,
}

impl Pace {
    /// The time of an execution that has come to `now`.
    pub(in crate::local::sfn) fn new(rehearsal: Option<&Arc<Rehearsal>>, now: Millis) -> Self {
        let ahead = rehearsal.is_some_and(|rehearsal| rehearsal.time == Time::Virtual);
        Self {
            tempo: if ahead { Tempo::Still(now) } else { Tempo::Real },
            rehearsal: rehearsal.filter(|_| ahead).cloned(),
            patient: HashSet::new(),
            unsubmitted: HashSet::new(),
            later: BTreeMap::new(),
            ended_tasks: HashSet::new(),
            ended_map_runs: HashSet::new(),
        }
    }

    /// Whether time is virtual.
    pub(in crate::local::sfn) fn is_virtual(&self) -> bool {
        self.tempo != Tempo::Real
    }

    /// The clock as it goes until the next call of this.
    pub(in crate::local::sfn) fn tempo(&self) -> Tempo {
        self.tempo
    }

    /// Lets virtual time pass while something runs, and stand still while nothing does.
    pub(in crate::local::sfn) fn settle(&mut self, runs: bool, real: Millis) {
        self.tempo = match (self.tempo, runs) {
            (Tempo::Still(at), true) => Tempo::Passing(at, real),
            (passing @ Tempo::Passing(..), false) => Tempo::Still(passing.at(real)),
            (same, _) => same,
        };
    }

    /// Goes to a later moment, when nothing runs. Not past the last one: what is due then is waited for, for ever.
    pub(in crate::local::sfn) fn leap(&mut self, to: Millis) -> bool {
        match self.tempo {
            Tempo::Still(at) if to <= LAST => {
                self.tempo = Tempo::Still(at.max(to));
                true
            }
            _ => false,
        }
    }

    /// A task was given to those who do it.
    pub(in crate::local::sfn) fn scheduled(&mut self, request: &TaskRequest) {
        if !self
            .rehearsal
            .as_ref()
            .is_some_and(|rehearsal| rehearsal.runs_out(&request.state))
        {
            return;
        }
        if is_activity(&request.resource) {
            self.patient.insert(request.task);
        } else {
            self.unsubmitted.insert(request.task);
        }
    }

    /// A task waits for its token from now on.
    pub(in crate::local::sfn) fn submitted(&mut self, task: TaskId) {
        if self.unsubmitted.remove(&task) {
            self.patient.insert(task);
        }
    }

    /// A task is over.
    pub(in crate::local::sfn) fn over(&mut self, task: TaskId) {
        self.patient.remove(&task);
        self.unsubmitted.remove(&task);
        if self.ended_tasks.remove(&task) {
            self.forget(|what| {
                matches!(what, Happened::TaskSucceeded { task: ended, .. } | Happened::TaskFailed { task: ended, .. } if *ended == task)
            });
        }
    }

    /// A map run is over.
    pub(in crate::local::sfn) fn map_run_over(&mut self, map_run: MapRunId) {
        if self.ended_map_runs.remove(&map_run) {
            self.forget(|what| {
                matches!(what, Happened::MapRunSucceeded { map_run: ended, .. } | Happened::MapRunFailed { map_run: ended, .. } if *ended == map_run)
            });
        }
    }

    /// Drops of what is kept what nobody waits for any more.
    fn forget(&mut self, over: impl Fn(&Happened) -> bool) {
        self.later.retain(|_, messages| {
            messages.retain(|message| !over(&message.what));
            !messages.is_empty()
        });
    }

    /// Whether time has to pass for a task.
    pub(in crate::local::sfn) fn waits_for_task(&self, task: TaskId) -> bool {
        !self.patient.contains(&task) && !self.ended_tasks.contains(&task)
    }

    /// Whether time has to pass for a map run.
    pub(in crate::local::sfn) fn waits_for_map_run(&self, map_run: MapRunId) -> bool {
        !self.ended_map_runs.contains(&map_run)
    }

    /// Keeps what happens later than `now` in virtual time, and gives back everything else.
    pub(in crate::local::sfn) fn keep(&mut self, message: Message, now: Millis) -> Option<Message> {
        let Some(at) = message.at.filter(|at| self.is_virtual() && *at > now) else {
            return Some(message);
        };
        match &message.what {
            Happened::TaskSucceeded { task, .. } | Happened::TaskFailed { task, .. } => {
                self.ended_tasks.insert(*task);
            }
            Happened::MapRunSucceeded { map_run, .. } | Happened::MapRunFailed { map_run, .. } => {
                self.ended_map_runs.insert(*map_run);
            }
            _ => return Some(message),
        }
        self.later.entry(at).or_default().push(message);
        None
    }

    /// When the first of what is kept happens.
    pub(in crate::local::sfn) fn next(&self) -> Option<Millis> {
        self.later.keys().next().copied()
    }

    /// What is kept and happens by now.
    pub(in crate::local::sfn) fn due(&mut self, now: Millis) -> Vec<Message> {
        let mut due = Vec::new();
        while let Some(entry) = self.later.first_entry()
            && *entry.key() <= now
        {
            due.extend(entry.remove());
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn virtual_time_passes_only_while_something_runs() {
        let rehearsal = Arc::new(Rehearsal {
            time: Time::Virtual,
            ..Rehearsal::default()
        });
        let mut pace = Pace::new(Some(&rehearsal), 1_000);
        assert_eq!(pace.tempo().at(50), 1_000);
        pace.settle(true, 60);
        assert_eq!(pace.tempo().at(65), 1_005);
        pace.settle(true, 70);
        assert_eq!(pace.tempo().at(80), 1_020);
        assert!(!pace.leap(9_000));
        pace.settle(false, 90);
        assert_eq!(pace.tempo().at(500), 1_030);
        assert!(pace.leap(9_000) && pace.leap(2_000) && !pace.leap(LAST + 1));
        assert_eq!(pace.tempo().at(500), 9_000);
        assert_eq!(Pace::new(None, 1_000).tempo().at(7), 7);
    }
}
