//! Executing a plan: each step as soon as what it needs is done, several at once. A failed step stops what depends on it
//! and lets the rest finish.

use std::collections::{HashMap, HashSet};

use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::error::{Answer, Fault};
use super::wait::Patience;
use super::{
    Applied, ApplyOptions, Clients, Cloud, CloudError, ErrorKind, function, log_group, machine, queue, role,
    subscription, table, topic,
};
use crate::event::{Event, Sink};
use crate::plan::{self, Kind, Plan, Work};

/// A step in work: what its kind's file needs to make calls and to wait.
pub(super) struct Step {
    pub(super) clients: Clients,
    /// Whether it is in an AWS account, and not in an emulator.
    pub(super) is_account: bool,
    pub(super) patience: Patience,
}

/// How a step ended.
struct Ended {
    index: usize,
    result: Result<(), CloudError>,
    took_ms: u64,
}

impl Cloud {
    /// Executes a plan: steps in parallel along their dependencies.
    pub async fn apply(&self, plan: &Plan, options: &ApplyOptions, sink: &dyn Sink) -> Applied {
        let (events, mut incoming) = unbounded_channel();
        let mut progress = Progress::new(plan, sink);
        let mut running: JoinSet<Ended> = JoinSet::new();
        loop {
            let stopped = options.stop.as_ref().is_some_and(|stop| *stop.borrow());
            while !stopped
                && running.len() < options.concurrency.max(1)
                && let Some(index) = progress.next()
            {
                let Some(step) = plan.steps.get(index) else { break };
                progress.started(step);
                let work = step.work.clone();
                let (kind, name, arn) = (step.kind, step.name.clone(), step.arn.clone());
                let started = Instant::now();
                let in_work = Step {
                    clients: self.clients.clone(),
                    is_account: self.identity.target == "aws",
                    patience: Patience {
                        step: step.id.clone(),
                        started,
                        total: options.patience,
                        fast: self.identity.target == "local",
                        events: events.clone(),
                    },
                };
                running.spawn(async move {
                    let result = execute(&in_work, work).await;
                    let result = result.and_then(|made| expect_arn(kind, &name, &arn, made));
                    Ended {
                        index,
                        result: result.map_err(CloudError::from),
                        took_ms: u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
                    }
                });
            }
            let Some(ended) = until_one_ends(&mut running, &mut incoming, sink).await else {
                break;
            };
            progress.ended(ended);
        }
        progress.applied
    }
}

/// Passes events on until a step ends; none if no step is running.
async fn until_one_ends(
    running: &mut JoinSet<Ended>,
    incoming: &mut UnboundedReceiver<Event>,
    sink: &dyn Sink,
) -> Option<Ended> {
    loop {
        tokio::select! {
            // What a step said comes before its end.
            biased;
            Some(event) = incoming.recv() => sink.emit(event),
            ended = running.join_next() => match ended? {
                Ok(ended) => return Some(ended),
                Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
                // Nothing cancels a step but the end of the runtime.
                Err(_) => {}
            },
        }
    }
}

/// Makes the calls of a step; gives the ARN of what was created.
async fn execute(step: &Step, work: Work) -> Answer<Option<String>> {
    match work {
        Work::CreateRole(wanted) => role::create(step, &wanted).await.map(Some),
        Work::UpdateRole(change) => role::update(step, &change).await.map(|()| None),
        Work::DeleteRole { name } => role::delete(step, &name).await.map(|()| None),
        Work::CreateLogGroup(wanted) => log_group::create(step, &wanted).await.map(|()| None),
        Work::UpdateLogGroup(change) => log_group::update(step, &change).await.map(|()| None),
        Work::DeleteLogGroup { name } => log_group::delete(step, &name).await.map(|()| None),
        Work::CreateQueue(wanted) => queue::create(step, &wanted).await.map(|()| None),
        Work::UpdateQueue(change) => queue::update(step, &change).await.map(|()| None),
        Work::DeleteQueue { name } => queue::delete(step, &name).await.map(|()| None),
        Work::CreateTable(wanted) => table::create(step, &wanted).await.map(Some),
        Work::UpdateTable(change) => table::update(step, &change).await.map(|()| None),
        Work::DeleteTable { name } => table::delete(step, &name).await.map(|()| None),
        Work::CreateTopic(wanted) => topic::create(step, &wanted).await.map(Some),
        Work::UpdateTopic(change) => topic::update(step, &change).await.map(|()| None),
        Work::DeleteTopic { arn } => topic::delete(step, &arn).await.map(|()| None),
        Work::CreateSubscription(wanted) => subscription::create(step, &wanted).await.map(|()| None),
        Work::UpdateSubscription(change) => subscription::update(step, &change).await.map(|()| None),
        Work::DeleteSubscription { arn, permission } => subscription::delete(step, &arn, permission.as_ref())
            .await
            .map(|()| None),
        Work::CreateFunction(wanted) => function::create(step, &wanted).await.map(Some),
        Work::UpdateFunction(change) => function::update(step, &change).await.map(|()| None),
        Work::DeleteFunction { name } => function::delete(step, &name).await.map(|()| None),
        Work::CreateMachine(wanted) => machine::create(step, &wanted).await.map(Some),
        Work::UpdateMachine(change) => machine::update(step, &change).await.map(|()| None),
        Work::DeleteMachine { arn } => machine::delete(step, &arn).await.map(|()| None),
    }
}

/// Everything was planned with predicted ARNs: another one means that references lead nowhere.
fn expect_arn(kind: Kind, name: &str, predicted: &str, made: Option<String>) -> Answer<()> {
    match made {
        Some(made) if made != predicted => Err(Fault::other(format!(
            "{} {name} was made as {made}, where {predicted} was expected",
            kind.label()
        ))),
        _ => Ok(()),
    }
}

/// Which steps are done, under way, or cannot be done.
struct Progress<'a> {
    plan: &'a Plan,
    sink: &'a dyn Sink,
    waiting: Vec<usize>,
    done: HashSet<&'a str>,
    /// Step that will not be done → the failed step that it waited for.
    lost: HashMap<&'a str, &'a str>,
    applied: Applied,
}

impl<'a> Progress<'a> {
    fn new(plan: &'a Plan, sink: &'a dyn Sink) -> Self {
        Self {
            plan,
            sink,
            waiting: (0..plan.steps.len()).collect(),
            done: HashSet::new(),
            lost: HashMap::new(),
            applied: Applied::default(),
        }
    }

    /// The first step whose needs are done; skips those whose needs failed.
    fn next(&mut self) -> Option<usize> {
        let known: HashSet<&str> = self.plan.steps.iter().map(|step| step.id.as_str()).collect();
        let mut at = 0;
        while let Some(&index) = self.waiting.get(at) {
            let step = self.plan.steps.get(index)?;
            let needs = || {
                step.needs
                    .iter()
                    .map(String::as_str)
                    .filter(|need| known.contains(need))
            };
            if let Some(because) = needs().find_map(|need| self.lost.get(need).copied()) {
                self.waiting.remove(at);
                self.skipped(step, because);
                at = 0;
            } else if needs().all(|need| self.done.contains(need)) {
                self.waiting.remove(at);
                return Some(index);
            } else {
                at += 1;
            }
        }
        None
    }

    fn started(&self, step: &plan::Step) {
        self.sink.emit(Event::StepStarted {
            step: step.id.clone(),
            action: step.action.label().to_owned(),
            kind: step.kind.slug().to_owned(),
            name: step.name.clone(),
        });
    }

    fn skipped(&mut self, step: &'a plan::Step, because: &'a str) {
        self.lost.insert(&step.id, because);
        self.applied.skipped.push((step.id.clone(), because.to_owned()));
        self.sink.emit(Event::StepSkipped {
            step: step.id.clone(),
            kind: step.kind.slug().to_owned(),
            name: step.name.clone(),
            because: because.to_owned(),
        });
    }

    fn ended(&mut self, ended: Ended) {
        let Some(step) = self.plan.steps.get(ended.index) else {
            return;
        };
        let (id, action) = (step.id.clone(), step.action.label().to_owned());
        let (kind, name) = (step.kind.slug().to_owned(), step.name.clone());
        match ended.result {
            Ok(()) => {
                self.done.insert(&step.id);
                self.applied.done.push(step.id.clone());
                self.sink.emit(Event::StepFinished {
                    step: id,
                    action,
                    kind,
                    name,
                    arn: Some(step.arn.clone()),
                    took_ms: ended.took_ms,
                });
            }
            Err(error) => {
                self.lost.insert(&step.id, &step.id);
                self.applied.failed.push((step.id.clone(), error.message.clone()));
                self.applied.kind.get_or_insert(error.kind);
                self.sink.emit(Event::StepFailed {
                    step: id,
                    action,
                    kind,
                    name,
                    error: told(&error),
                    hints: error.hints,
                });
            }
        }
    }
}

/// The message, with the cause of having given up.
fn told(error: &CloudError) -> String {
    let cause = error
        .source
        .as_ref()
        .and_then(|source| source.downcast_ref::<CloudError>());
    match cause {
        Some(cause) if error.kind != ErrorKind::NotFound => format!("{}; last: {}", error.message, cause.message),
        _ => error.message.clone(),
    }
}
