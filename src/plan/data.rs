//! Steps for topics, subscriptions, queues and tables.

use std::sync::Arc;

use super::compare_data::{self, key_shown};
use super::deploy::{Planner, Resource};
use super::desired::Desired;
use super::desired_data::{DesiredSubscription, InvokePermission};
use super::observed::{Observed, owner};
use super::observed_data::ObservedSubscription;
use super::{Kind, Step, Work, remove};
use crate::diagnostic::Diagnostic;

/// Tables that cannot become what is wanted: DynamoDB never changes the key of a table, and a new table would lose what
/// is in the old one.
pub(super) fn unchangeable(desired: &Desired, observed: &Observed) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for wanted in desired.tables.values() {
        let Some(there) = observed.tables.get(&wanted.name) else {
            continue;
        };
        if there.key != wanted.key && there.status != "DELETING" {
            let message = format!(
                "table `{}` has the key {}, and the stack file wants {}: DynamoDB cannot change the key of a table",
                wanted.name,
                key_shown(&there.key),
                key_shown(&wanted.key)
            );
            let problem = Diagnostic::error("cannot-change", message);
            found.push(problem.hint("give the table another `name`: the old one is then deleted, with what is in it"));
        }
    }
    found
}

impl Planner<'_> {
    pub(super) fn queues(&mut self) -> Vec<Step> {
        let mut steps = Vec::new();
        for wanted in self.desired.queues.values() {
            let resource = Resource::new(Kind::Queue, Some(&wanted.logical_id), &wanted.name, &wanted.arn);
            match self.observed.queues.get(&wanted.name) {
                None => steps.push(resource.create(Work::CreateQueue(Arc::new(wanted.clone())))),
                Some(there) => {
                    let (changes, update) = compare_data::queue(there, wanted);
                    steps.extend(self.update(&resource, changes, Work::UpdateQueue(update)));
                }
            }
        }
        steps
    }

    pub(super) fn tables(&mut self) -> Vec<Step> {
        let mut steps = Vec::new();
        for wanted in self.desired.tables.values() {
            let resource = Resource::new(Kind::Table, Some(&wanted.logical_id), &wanted.name, &wanted.arn);
            let wanted = Arc::new(wanted.clone());
            match self.observed.tables.get(&wanted.name) {
                // Creating waits until the one that is going is gone.
                Some(there) if there.status != "DELETING" => {
                    let (changes, update) = compare_data::table(there, &wanted);
                    steps.extend(self.update(&resource, changes, Work::UpdateTable(Box::new(update))));
                }
                _ => steps.push(resource.create(Work::CreateTable(wanted))),
            }
        }
        steps
    }

    pub(super) fn topics(&mut self) -> Vec<Step> {
        let mut steps = Vec::new();
        for wanted in self.desired.topics.values() {
            let resource = Resource::new(Kind::Topic, Some(&wanted.logical_id), &wanted.name, &wanted.arn);
            let wanted = Arc::new(wanted.clone());
            match self.observed.topics.get(&wanted.name) {
                None => steps.push(resource.create(Work::CreateTopic(wanted))),
                Some(there) => {
                    let (changes, update) = compare_data::topic(there, &wanted);
                    steps.extend(self.update(&resource, changes, Work::UpdateTopic(update)));
                }
            }
        }
        steps
    }

    /// `functions` are the steps of functions: one that is made again has lost its policy.
    pub(super) fn subscriptions(&mut self, functions: &[Step]) -> Vec<Step> {
        let mut steps = Vec::new();
        for wanted in &self.desired.subscriptions {
            let there = self
                .observed
                .subscriptions
                .iter()
                .find(|there| is(wanted, there))
                .cloned();
            let arn = there.as_ref().and_then(|there| there.arn.clone());
            let resource = Resource::new(
                Kind::Subscription,
                Some(&wanted.topic_id),
                &wanted.name,
                arn.as_deref().unwrap_or(&wanted.topic_arn),
            );
            let shared = Arc::new(wanted.clone());
            let Some(mut there) = there else {
                steps.push(resource.create(Work::CreateSubscription(shared)));
                continue;
            };
            if there.arn.is_none() {
                self.notes.push(format!(
                    "subscription `{}` waits to be confirmed at its end",
                    wanted.name
                ));
            }
            let made_again = |step: &Step| step.arn == wanted.endpoint && matches!(step.work, Work::CreateFunction(_));
            there.permitted &= !functions.iter().any(made_again);
            // The local cloud would send nothing.
            let may_be_asked = self.desired.identity.target != "local" || !wanted.leaves_this_machine();
            let (changes, update) = compare_data::subscription(&there, &shared, may_be_asked);
            steps.extend(self.update(&resource, changes, Work::UpdateSubscription(update)));
        }
        steps
    }

    /// Subscriptions of our topics that are no longer wanted. They carry no tags: those to queues and functions of the
    /// stack are its own; who made others is not known, and they stay.
    pub(super) fn unsubscriptions(&mut self) -> Vec<Step> {
        let mut steps = Vec::new();
        let ours = |tags| owner(tags) == Some(self.desired.stack.as_str());
        for there in &self.observed.subscriptions {
            let topic = self.observed.topics.get(&there.topic);
            let wanted = self.desired.subscriptions.iter().any(|wanted| is(wanted, there));
            if wanted || !topic.is_some_and(|topic| ours(&topic.tags)) {
                continue;
            }
            let name = there.endpoint.rsplit(':').next().unwrap_or_default();
            let own_end = match there.protocol.as_str() {
                "sqs" => self
                    .observed
                    .queues
                    .get(name)
                    .is_some_and(|queue| queue.arn == there.endpoint && ours(&queue.tags)),
                "lambda" => self
                    .observed
                    .functions
                    .get(name)
                    .is_some_and(|function| function.arn == there.endpoint && ours(&function.tags)),
                _ => false,
            };
            let topic_stays = self.desired.topics.values().any(|topic| topic.name == there.topic);
            match (&there.arn, own_end) {
                (Some(arn), true) => {
                    let called = format!("{} to {} {name}", there.topic, there.protocol);
                    let mut step = remove::delete(Kind::Subscription, &called, arn);
                    let permission = (there.protocol == "lambda").then(|| InvokePermission::new(name, &there.topic));
                    step.work = Work::DeleteSubscription {
                        arn: arn.clone(),
                        permission,
                    };
                    steps.push(step);
                }
                _ if topic_stays => self.notes.push(format!(
                    "topic `{}` has a subscription of `{}` to `{}` that the stack file does not name: it stays",
                    there.topic, there.protocol, there.endpoint
                )),
                _ => {}
            }
        }
        steps
    }

    /// What topics, subscriptions, queues and tables need of earlier steps, and who needs them.
    pub(super) fn needs_data(&self, step: &Step, earlier: &Step) -> bool {
        match (step.kind, earlier.kind) {
            (Kind::Function | Kind::StateMachine, Kind::Queue | Kind::Table | Kind::Topic) => true,
            (Kind::Queue, Kind::Queue) => self
                .desired
                .queues
                .values()
                .find(|queue| queue.name == step.name)
                .and_then(|queue| queue.redrive.as_ref())
                .is_some_and(|redrive| redrive.get("deadLetterTargetArn") == Some(&earlier.arn.as_str().into())),
            (Kind::Subscription, Kind::Topic | Kind::Queue | Kind::Function) => self
                .desired
                .subscriptions
                .iter()
                .find(|wanted| wanted.name == step.name)
                .is_some_and(|wanted| earlier.arn == wanted.topic_arn || earlier.arn == wanted.endpoint),
            _ => false,
        }
    }
}

fn is(wanted: &DesiredSubscription, there: &ObservedSubscription) -> bool {
    there.topic_arn == wanted.topic_arn && there.protocol == wanted.protocol && there.endpoint == wanted.endpoint
}
