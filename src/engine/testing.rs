//! A driver for tests: virtual time, tasks answered from a script.

use std::collections::{BTreeMap, VecDeque};

use serde_json::Value;

use super::items;
use super::map_run::export::{self, Destination, File};
use super::map_run::results::{self, ChildResult};
use super::map_run::{
    Children, EXCEEDED_CAUSE, EXCEEDED_ERROR, MapRunRequest, ReadRequest, Schedule, Verdict, processor,
};
use super::{
    Effect, Execution, Happened, HistoryEvent, Input, MapRunId, Millis, Outcome, Start, Status, TaskId, TaskRequest,
    TimerId, step_while,
};
use crate::asl;
use crate::asl::model::StateMachine;
use crate::tree::Node;

/// What becomes of a scheduled task.
#[derive(Clone, Debug)]
pub(super) enum Answer {
    /// It succeeds with this JSON text.
    Output(String),
    /// It fails.
    Error(Option<String>, Option<String>),
    /// It cannot be handed over.
    Refused(String, String),
    /// Nothing, ever.
    Silence,
    /// Its request is accepted with this text, then the other answer comes.
    Submitted(String, Box<Answer>),
}

/// Answers with a JSON value.
pub(super) fn output(value: Value) -> Answer {
    Answer::Output(value.to_string())
}

/// Answers with an error and a cause.
pub(super) fn error(error: &str, cause: &str) -> Answer {
    Answer::Error(Some(error.to_owned()), Some(cause.to_owned()))
}

/// An execution with its driver.
pub(super) struct Lab {
    pub(super) machine: StateMachine,
    pub(super) execution: Execution,
    pub(super) now: Millis,
    seed: u64,
    /// So much is done in one step.
    pub(super) most: u32,
    pub(super) inputs: Vec<Input>,
    pub(super) effects: Vec<Effect>,
    pub(super) history: Vec<HistoryEvent>,
    pub(super) requests: Vec<TaskRequest>,
    unanswered: VecDeque<TaskId>,
    /// Map runs that have begun, and what they are still to do.
    pub(super) map_runs: BTreeMap<MapRunId, MapRunRequest>,
    pub(super) to_run: VecDeque<(MapRunId, Children)>,
    to_read: VecDeque<ReadRequest>,
    /// What was written for map runs.
    pub(super) files: Vec<File>,
    /// The child executions that were run, in order.
    pub(super) children: Vec<Lab>,
    pub(super) timers: BTreeMap<TimerId, Millis>,
}

/// When test executions start: 2024-01-01T00:00:00Z.
pub(super) const EPOCH: Millis = 1_704_067_200_000;

pub(super) fn start(input: &str) -> Start {
    Start {
        execution_arn: "arn:aws:states:us-east-1:000000000000:execution:M:e".into(),
        execution_name: "e".into(),
        state_machine_arn: "arn:aws:states:us-east-1:000000000000:stateMachine:M".into(),
        state_machine_name: "M".into(),
        role_arn: "arn:aws:iam::000000000000:role/r".into(),
        input: input.into(),
        started_at: EPOCH,
    }
}

pub(super) fn machine(definition: &Value) -> StateMachine {
    let (machine, found) = asl::parse(&Node::from_json(definition));
    machine.unwrap_or_else(|| panic!("{definition} is no machine: {found:?}"))
}

impl Lab {
    pub(super) fn new(definition: &Value, input: &str) -> Self {
        Self::of(machine(definition), input)
    }

    pub(super) fn of(machine: StateMachine, input: &str) -> Self {
        Self {
            machine,
            execution: Execution::new(start(input)),
            now: EPOCH,
            seed: 0,
            most: u32::MAX,
            inputs: Vec::new(),
            effects: Vec::new(),
            history: Vec::new(),
            requests: Vec::new(),
            unanswered: VecDeque::new(),
            map_runs: BTreeMap::new(),
            to_run: VecDeque::new(),
            to_read: VecDeque::new(),
            files: Vec::new(),
            children: Vec::new(),
            timers: BTreeMap::new(),
        }
    }

    /// Runs a machine to its end or until nothing but unanswered tasks is left.
    pub(super) fn run(definition: &Value, input: &str, answers: &[Answer]) -> Self {
        let mut lab = Self::new(definition, input);
        lab.feed(Happened::Started);
        lab.go_on(answers);
        lab
    }

    /// Answers tasks in the order in which they are scheduled, the last answer again and again; fires timers.
    pub(super) fn go_on(&mut self, answers: &[Answer]) {
        let mut answers = answers.iter().cloned().peekable();
        let mut last = Answer::Silence;
        while self.execution.outcome().is_none() {
            if let Some(task) = self.unanswered.pop_front() {
                last = answers.next().unwrap_or(last);
                self.answer(task, last.clone());
            } else if let Some(request) = self.to_read.pop_front() {
                last = answers.next().unwrap_or(last);
                self.read(&request, &last);
            } else if let Some((map_run, children)) = self.to_run.pop_front() {
                self.run_children(map_run, &children, &mut answers, &mut last);
            } else if let Some((timer, at)) = self.next_timer() {
                self.now = self.now.max(at);
                self.timers.remove(&timer);
                self.feed(Happened::TimerFired { timer });
            } else {
                return;
            }
        }
    }

    /// Reads items out of the answer, which is the object.
    fn read(&mut self, request: &ReadRequest, object: &Answer) {
        let map_run = request.map_run;
        match object {
            Answer::Output(text) => match items::read(&request.config, text.as_bytes()) {
                Ok(items) => self.feed(Happened::ItemsRead {
                    map_run,
                    items: Value::Array(items).to_string(),
                }),
                Err(problem) => self.feed(Happened::MapRunFailed {
                    map_run,
                    error: items::ITEM_READER_FAILED.to_owned(),
                    cause: Some(problem.to_string()),
                }),
            },
            Answer::Error(error, cause) => self.feed(Happened::MapRunFailed {
                map_run,
                error: error.clone().unwrap_or_default(),
                cause: cause.clone(),
            }),
            Answer::Refused(..) | Answer::Silence | Answer::Submitted(..) => {}
        }
    }

    /// Runs child executions one after another, each with the next answer, until too many have failed. One that does not end
    /// leaves the map run open.
    fn run_children(
        &mut self,
        map_run: MapRunId,
        children: &Children,
        answers: &mut dyn Iterator<Item = Answer>,
        last: &mut Answer,
    ) {
        let request = self.map_runs.remove(&map_run).expect("it has begun");
        let items = children.iter().map(|child| child.items).sum();
        let mut schedule = Schedule::new(request.limits, children.len(), items);
        let mut ended = Vec::new();
        while schedule.verdict().is_none() {
            let child = &children[schedule.begun()];
            schedule.child_begun();
            let machine = processor(&self.machine, &request.way).expect("a processor").clone();
            let mut lab = Self::of(machine, &child.input);
            lab.feed(Happened::Started);
            *last = answers.next().unwrap_or(last.clone());
            lab.go_on(std::slice::from_ref(last));
            let Some(outcome) = lab.execution.outcome().cloned() else {
                return;
            };
            schedule.child_ended(if outcome.status == Status::Failed {
                child.items
            } else {
                0
            });
            ended.push(ChildResult {
                start: start(&child.input),
                status: outcome.status,
                stopped_at: outcome.at,
                output: outcome.output,
                error: outcome.error,
                cause: outcome.cause,
            });
            self.children.push(lab);
        }
        let output = self.put_together(&request, &ended);
        self.feed(match schedule.verdict() {
            Some(Verdict::Succeeded) => Happened::MapRunSucceeded { map_run, output },
            _ => Happened::MapRunFailed {
                map_run,
                error: EXCEEDED_ERROR.to_owned(),
                cause: Some(EXCEEDED_CAUSE.to_owned()),
            },
        });
    }

    /// The result of a map run; what is to be written goes to the files.
    fn put_together(&mut self, request: &MapRunRequest, ended: &[ChildResult]) -> String {
        let writer = &request.writer;
        let to = writer
            .to
            .as_ref()
            .and_then(|(_, parameters)| Destination::of(parameters));
        let Some(to) = to else {
            return results::text(ended, writer.transformation, writer.output_type);
        };
        self.files.extend(export::files(&request.arn, &to, writer, ended, &[]));
        to.result(&request.arn).to_string()
    }

    fn next_timer(&self) -> Option<(TimerId, Millis)> {
        self.timers
            .iter()
            .map(|(id, at)| (*id, *at))
            .min_by_key(|(id, at)| (*at, *id))
    }

    fn answer(&mut self, task: TaskId, answer: Answer) {
        if let Answer::Refused(error, cause) = answer {
            self.feed(Happened::TaskNotStarted { task, error, cause });
            return;
        }
        self.feed(Happened::TaskStarted { task });
        self.finish(task, answer);
    }

    fn finish(&mut self, task: TaskId, answer: Answer) {
        match answer {
            Answer::Output(output) => self.feed(Happened::TaskSucceeded { task, output }),
            Answer::Error(error, cause) => self.feed(Happened::TaskFailed { task, error, cause }),
            Answer::Submitted(output, then) => {
                self.feed(Happened::TaskSubmitted { task, output });
                self.finish(task, *then);
            }
            Answer::Silence | Answer::Refused(..) => {}
        }
    }

    pub(super) fn feed(&mut self, what: Happened) {
        self.feed_slice(what);
        while self.execution.has_more() {
            self.feed_slice(Happened::Continued);
        }
    }

    /// Does no more than one step may.
    pub(super) fn feed_slice(&mut self, what: Happened) {
        self.seed += 1;
        let mut input = Input::new(self.now, self.seed, what);
        let most = self.most;
        let effects = step_while(&self.machine, &mut self.execution, &mut input, &mut |done| done < most);
        self.inputs.push(input);
        for effect in &effects {
            match effect {
                Effect::History(event) => self.history.push(event.clone()),
                Effect::ScheduleTask(request) => {
                    self.unanswered.push_back(request.task);
                    self.requests.push(request.clone());
                }
                Effect::SetTimer { timer, at } => {
                    self.timers.insert(*timer, *at);
                }
                Effect::CancelTimer { timer } => {
                    self.timers.remove(timer);
                }
                Effect::CancelTask { task } => self.unanswered.retain(|open| open != task),
                Effect::OpenMapRun(request) => {
                    self.map_runs.insert(request.map_run, request.clone());
                }
                Effect::RunChildren { map_run, children } => self.to_run.push_back((*map_run, children.clone())),
                Effect::StopMapRun { map_run, .. } => {
                    self.map_runs.remove(map_run);
                    self.to_run.retain(|(open, _)| open != map_run);
                    self.to_read.retain(|request| request.map_run != *map_run);
                }
                Effect::ReadItems(request) => self.to_read.push_back(request.clone()),
                Effect::Finished(_) => {}
            }
        }
        self.effects.extend(effects);
    }

    pub(super) fn outcome(&self) -> &Outcome {
        self.execution.outcome().expect("the execution has ended")
    }

    /// The history, one line for each event: `id<previous Type details`, without what is always the same.
    pub(super) fn lines(&self) -> String {
        self.history.iter().map(line).collect::<Vec<_>>().join("\n")
    }

    /// The causes and outputs are what most tests are about: the last line.
    pub(super) fn last_line(&self) -> String {
        self.history.last().map(line).unwrap_or_default()
    }
}

fn line(event: &HistoryEvent) -> String {
    let details = event.details.as_ref().map(|details| {
        let shown = details
            .without(&["inputDetails", "outputDetails", "roleArn"])
            .into_iter()
            .map(|(key, value)| format!(" {key}={}", value.as_str().map_or(value.to_string(), str::to_owned)));
        shown.collect::<String>()
    });
    format!(
        "{}<{} {}{}",
        event.id,
        event.previous_event_id,
        event.kind,
        details.unwrap_or_default()
    )
}
