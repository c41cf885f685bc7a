//! Laws of executions, held for whatever happens to them. The property tests feed this, and so does a target in `fuzz/`.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use stepstack::asl::{self, model::StateMachine};
use stepstack::diagnostic::has_errors;
use stepstack::engine::{
    Effect, Execution, Happened, HistoryEvent, Input, Millis, Pending, Start, TaskId, TimerId, step, unsupported,
};
use stepstack::tree::Node;

use super::generate::{Source, data, definition};

/// After so many inputs an execution is stopped: retriers and loops can go on for long.
const MOST_INPUTS: usize = 400;
/// The most bytes of an input or output in a history.
const MOST_BYTES: usize = 262_144;
/// The most events of a history.
const MOST_EVENTS: usize = 25_000;

/// Makes a definition and what happens to its execution from bytes, and holds the laws.
pub fn laws(bytes: &[u8]) {
    let mut source = Source::new(bytes);
    let definition = definition(&mut source);
    let (machine, found) = asl::check(&Node::from_json(&definition));
    assert!(!has_errors(&found), "{definition} is not correct: {found:?}");
    let machine = machine.unwrap();
    if !unsupported(&machine).is_empty() {
        return;
    }
    let start = start(&data(&mut source));
    let mut run = Run::new(&machine, start.clone());
    run.run_to_the_end(&mut source);
    run.check_history();
    run.check_late_inputs();
    run.check_replay(start);
}

fn start(input: &Value) -> Start {
    Start {
        execution_arn: "arn:aws:states:us-east-1:000000000000:execution:M:e".into(),
        execution_name: "e".into(),
        state_machine_arn: "arn:aws:states:us-east-1:000000000000:stateMachine:M".into(),
        state_machine_name: "M".into(),
        role_arn: "arn:aws:iam::000000000000:role/r".into(),
        input: input.to_string(),
        started_at: 1_700_000_000_000,
    }
}

/// An execution and what is known from its effects alone.
struct Run<'a> {
    machine: &'a StateMachine,
    execution: Execution,
    now: Millis,
    inputs: Vec<Input>,
    effects: Vec<Effect>,
    tasks: BTreeSet<TaskId>,
    timers: BTreeMap<TimerId, Millis>,
    last_task: TaskId,
    last_timer: TimerId,
}

impl<'a> Run<'a> {
    fn new(machine: &'a StateMachine, start: Start) -> Self {
        Self {
            machine,
            now: start.started_at,
            execution: Execution::new(start),
            inputs: Vec::new(),
            effects: Vec::new(),
            tasks: BTreeSet::new(),
            timers: BTreeMap::new(),
            last_task: 0,
            last_timer: 0,
        }
    }

    fn run_to_the_end(&mut self, source: &mut Source<'_>) {
        self.feed(Happened::Started);
        while self.execution.outcome().is_none() {
            if self.inputs.len() > MOST_INPUTS {
                self.feed(Happened::Stopped {
                    error: None,
                    cause: None,
                });
                break;
            }
            match self.happens(source) {
                Some(what) => self.feed(what),
                None => panic!("nothing is outstanding, but the execution has not ended"),
            }
        }
    }

    /// What happens next to something outstanding; later results of tasks get likelier while timers wait.
    fn happens(&mut self, source: &mut Source<'_>) -> Option<Happened> {
        let due = self.timers.iter().min_by_key(|(id, at)| (**at, **id));
        let due = due.map(|(timer, at)| (*timer, *at));
        let task = self
            .tasks
            .iter()
            .nth(source.below(self.tasks.len().clamp(1, 256)))
            .copied();
        match (task, due) {
            (Some(task), None) => Some(self.answer(task, source)),
            (Some(task), Some(_)) if !source.one_in(6) => Some(self.answer(task, source)),
            (_, Some((timer, at))) => {
                self.now = self.now.max(at);
                Some(Happened::TimerFired { timer })
            }
            (None, None) => None,
        }
    }

    fn answer(&mut self, task: TaskId, source: &mut Source<'_>) -> Happened {
        self.now += 500 * u64::try_from(source.below(4)).unwrap();
        // Heartbeats and the like must not go on for ever once the bytes are at their end.
        if source.is_empty() {
            return Happened::TaskSucceeded {
                task,
                output: "{}".into(),
            };
        }
        match source.below(12) {
            0..=4 => Happened::TaskSucceeded {
                task,
                output: data(source).to_string(),
            },
            5 | 6 => Happened::TaskFailed {
                task,
                error: source.pick(&[None, Some("Boom".to_owned()), Some("Other".to_owned())]),
                cause: Some("said so".into()),
            },
            7 => Happened::TaskStarted { task },
            8 => Happened::TaskHeartbeat { task },
            9 => Happened::TaskSubmitted {
                task,
                output: "{}".into(),
            },
            10 => Happened::ActivityStarted { task, worker: None },
            _ => Happened::TaskNotStarted {
                task,
                error: "Lambda.Gone".into(),
                cause: "gone".into(),
            },
        }
    }

    fn feed(&mut self, what: Happened) {
        match &what {
            Happened::TaskSucceeded { task, .. }
            | Happened::TaskFailed { task, .. }
            | Happened::TaskNotStarted { task, .. } => drop(self.tasks.remove(task)),
            Happened::TimerFired { timer } => drop(self.timers.remove(timer)),
            _ => {}
        }
        self.feed_one(what);
        while self.execution.has_more() {
            self.feed_one(Happened::Continued);
        }
        self.check_pending();
    }

    fn feed_one(&mut self, what: Happened) {
        let input = Input::new(self.now, self.inputs.len() as u64, what);
        let effects = step(self.machine, &mut self.execution, &input);
        self.inputs.push(input);
        for effect in &effects {
            match effect {
                Effect::ScheduleTask(request) => {
                    assert!(request.task > self.last_task, "task {} comes twice", request.task);
                    self.last_task = request.task;
                    self.tasks.insert(request.task);
                }
                Effect::SetTimer { timer, at } => {
                    assert!(*timer > self.last_timer, "timer {timer} comes twice");
                    self.last_timer = *timer;
                    self.timers.insert(*timer, *at);
                }
                Effect::CancelTimer { timer } => drop(self.timers.remove(timer)),
                Effect::CancelTask { task } => drop(self.tasks.remove(task)),
                _ => {}
            }
        }
        self.effects.extend(effects);
    }

    /// What the engine says is outstanding is what its effects asked for and nothing has settled.
    fn check_pending(&self) {
        let pending = self.execution.pending();
        let tasks: BTreeSet<TaskId> = pending.tasks.iter().map(|request| request.task).collect();
        assert_eq!(tasks, self.tasks);
        assert_eq!(pending.timers.into_iter().collect::<BTreeMap<_, _>>(), self.timers);
    }

    fn history(&self) -> Vec<&HistoryEvent> {
        let events = self.effects.iter().filter_map(|effect| match effect {
            Effect::History(event) => Some(event),
            _ => None,
        });
        events.collect()
    }

    /// Events are counted and follow earlier ones; the history ends with the end of the execution, within AWS's limits.
    fn check_history(&self) {
        let history = self.history();
        assert!(history.len() <= MOST_EVENTS);
        for (event, id) in history.iter().zip(1..) {
            assert_eq!(event.id, id);
            assert!(event.previous_event_id < id, "{event:?}");
            let is_end = event.kind.starts_with("Execution") && event.kind != "ExecutionStarted";
            assert_eq!(is_end, id as usize == history.len(), "{event:?}");
            for member in ["input", "output"] {
                let text = event.details.as_ref().and_then(|details| details.text(member));
                assert!(text.is_none_or(|text| text.len() <= MOST_BYTES), "{}", event.kind);
            }
        }
        let ends = self
            .effects
            .iter()
            .filter(|effect| matches!(effect, Effect::Finished(_)));
        assert_eq!(ends.count(), 1);
        assert_eq!(self.execution.pending(), Pending::default());
    }

    /// What comes after the end has no effect.
    fn check_late_inputs(&mut self) {
        let outcome = self.execution.outcome().cloned();
        for what in [
            Happened::Started,
            Happened::TaskSucceeded {
                task: 1,
                output: "1".into(),
            },
            Happened::TaskFailed {
                task: 1,
                error: None,
                cause: None,
            },
            Happened::TimerFired { timer: 1 },
            Happened::Stopped {
                error: None,
                cause: None,
            },
        ] {
            let input = Input::new(self.now + 1, 0, what);
            assert_eq!(step(self.machine, &mut self.execution, &input), []);
        }
        assert_eq!(self.execution.outcome().cloned(), outcome);
    }

    /// The journal gives the same history, byte for byte, with inputs that come too late put in between, which have no effect.
    fn check_replay(&self, start: Start) {
        let mut again = Execution::new(start);
        let mut effects = Vec::new();
        let (mut open_tasks, mut open_timers) = (BTreeSet::new(), BTreeSet::new());
        for input in &self.inputs {
            // The journal is kept as JSON.
            let input: Input = serde_json::from_str(&serde_json::to_string(input).unwrap()).unwrap();
            for effect in step(self.machine, &mut again, &input) {
                match &effect {
                    Effect::ScheduleTask(request) => drop(open_tasks.insert(request.task)),
                    Effect::SetTimer { timer, .. } => drop(open_timers.insert(*timer)),
                    _ => {}
                }
                effects.push(effect);
            }
            if !again.has_more() {
                self.check_stale(&mut again, &input, &open_tasks, &open_timers);
            }
        }
        assert_eq!(effects, self.effects);
        let text = |effects: &[Effect]| -> String {
            let event = |effect: &Effect| match effect {
                Effect::History(event) => Some(serde_json::to_string(event).unwrap()),
                _ => None,
            };
            effects.iter().filter_map(event).collect()
        };
        assert_eq!(text(&effects), text(&self.effects));
    }

    /// Results of tasks and timers that were once open and are not any more, or never were.
    fn check_stale(&self, again: &mut Execution, input: &Input, tasks: &BTreeSet<TaskId>, timers: &BTreeSet<TimerId>) {
        let pending = again.pending();
        let open: BTreeSet<TaskId> = pending.tasks.iter().map(|request| request.task).collect();
        let set: BTreeSet<TimerId> = pending.timers.iter().map(|(timer, _)| *timer).collect();
        let stale_tasks = tasks.difference(&open).copied().max().into_iter().chain([u64::MAX]);
        let stale_timers = timers.difference(&set).copied().max().into_iter().chain([u64::MAX]);
        let happened = stale_tasks
            .flat_map(|task| {
                [
                    Happened::TaskStarted { task },
                    Happened::TaskHeartbeat { task },
                    Happened::TaskSubmitted {
                        task,
                        output: "1".into(),
                    },
                    Happened::TaskSucceeded {
                        task,
                        output: "1".into(),
                    },
                    Happened::ActivityStarted { task, worker: None },
                ]
            })
            .chain(stale_timers.map(|timer| Happened::TimerFired { timer }));
        for what in happened {
            let stale = Input::new(input.at, 9, what);
            assert_eq!(step(self.machine, again, &stale), [], "{:?}", stale.what);
        }
        assert_eq!(again.pending(), pending);
    }
}
