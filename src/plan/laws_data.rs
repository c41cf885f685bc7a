//! Topics, queues and tables in the laws of planning: random ones, and what the steps do to them.
#![allow(clippy::unwrap_used)]

use indexmap::IndexMap;
use proptest::prelude::*;
use serde_json::json;

use super::desired_data::{DesiredQueue, DesiredSubscription, DesiredTable};
use super::laws::tag;
use super::observed::{Observed, ObservedQueue, ObservedSubscription, ObservedTable, ObservedTopic};
use super::{SEED_TAG, Work};
use crate::stack::model::{
    Billing, DeadLetter, Index, Key, KeyPart, Projection, Queue, Stack, Subscription, Table, Topic,
};
use crate::tree::Node;

/// What a random stack has of them.
#[derive(Clone, Debug)]
pub(super) struct Data {
    topic: Option<(bool, Vec<(u8, bool)>)>,
    queues: (Option<u32>, Option<u32>),
    table: Option<(bool, Option<String>, Vec<String>)>,
}

pub(super) fn any_data() -> impl Strategy<Value = Data> {
    let subscriptions = prop::collection::btree_map(0_u8..4, any::<bool>(), 0..4);
    let topic = prop::option::of((any::<bool>(), subscriptions.prop_map(|all| all.into_iter().collect())));
    let queues = (prop::option::of(0_u32..2), prop::option::of(0_u32..2));
    let items = prop::collection::btree_set("[ab]", 0..3).prop_map(|all| all.into_iter().collect());
    let table = prop::option::of((any::<bool>(), prop::option::of("[tu]"), items));
    (topic, queues, table).prop_map(|(topic, queues, table)| Data { topic, queues, table })
}

fn queue(name: &str, delay: u32) -> Queue {
    Queue {
        span: None,
        name: format!("s-{name}"),
        fifo: false,
        visibility_timeout: 30,
        message_retention: 345_600,
        delay,
        receive_wait: 0,
        maximum_message_size: None,
        content_based_deduplication: false,
        dead_letter: None,
        tags: IndexMap::new(),
    }
}

/// Adds them to a stack: the topic tells queues, a function and people.
pub(super) fn add(stack: &mut Stack, data: &Data) {
    let (first, second) = data.queues;
    for (id, delay) in [("Q0", first), ("Q1", second)] {
        stack
            .queues
            .extend(delay.map(|delay| (id.to_owned(), queue(id, delay))));
    }
    if let (Some(delay), Some(_)) = (first, second)
        && delay > 0
    {
        stack.queues["Q0"].dead_letter = Some(DeadLetter {
            queue: "Q1".into(),
            max_receives: delay,
        });
    }
    if let Some((named, ends)) = &data.topic {
        let ends = ends.iter().filter_map(|(end, raw)| {
            let (protocol, endpoint) = match end {
                0 => ("sqs", first.map(|_| "${Q0.Arn}")?),
                1 => ("sqs", second.map(|_| "${Q1.Arn}")?),
                2 => ("lambda", "${F0.Arn}"),
                _ => ("email", "a@example.com"),
            };
            Some(Subscription {
                span: None,
                protocol: protocol.into(),
                endpoint: Node::from_json(&json!(endpoint)),
                raw_message_delivery: *raw && protocol == "sqs",
                filter_policy: raw.then(|| Node::from_json(&json!({ "kind": ["x"] }))),
                filter_policy_scope: "MessageAttributes",
            })
        });
        let topic = Topic {
            span: None,
            name: "s-T".into(),
            display_name: named.then(|| "told".to_owned()),
            fifo: false,
            content_based_deduplication: false,
            subscriptions: ends.collect(),
            tags: IndexMap::new(),
        };
        stack.topics.insert("T".into(), topic);
    }
    if let Some((indexed, ttl, items)) = &data.table {
        let by = |name: &str| Key {
            partition: KeyPart {
                name: name.to_owned(),
                kind: "S",
            },
            sort: None,
        };
        let index = Index {
            key: by("Other"),
            projection: Projection::All,
        };
        let table = Table {
            span: None,
            name: "s-D".into(),
            key: by("Id"),
            indexes: indexed.then(|| ("I".to_owned(), index)).into_iter().collect(),
            billing: Billing::OnDemand,
            ttl: ttl.clone(),
            items: items.iter().map(|id| Node::from_json(&json!({ "Id": id }))).collect(),
            tags: IndexMap::new(),
        };
        stack.tables.insert("D".into(), table);
    }
}

pub(super) fn is_empty(observed: &Observed) -> bool {
    let topics = observed.topics.is_empty() && observed.subscriptions.is_empty();
    topics && observed.queues.is_empty() && observed.tables.is_empty()
}

/// Executes a step as AWS would, which refuses what comes too early or too late.
pub(super) fn execute(there: &mut Observed, work: &Work) {
    match work {
        Work::CreateQueue(queue) => {
            assert!(
                there
                    .queues
                    .insert(queue.name.clone(), observed_queue(there, queue))
                    .is_none()
            );
        }
        Work::UpdateQueue(update) => {
            let queue = there.queues.get_mut(&update.name).unwrap();
            for (name, value) in &update.attributes {
                let policy = serde_json::from_str(value).ok();
                match name.as_str() {
                    "Policy" => queue.policy = policy,
                    "RedrivePolicy" => queue.redrive = policy,
                    _ => drop(queue.attributes.insert(name.clone(), value.clone())),
                }
            }
            tag(&mut queue.tags, &update.tags);
        }
        Work::DeleteQueue { name } => {
            let queue = there.queues.remove(name).unwrap();
            let used = there.subscriptions.iter().any(|it| it.endpoint == queue.arn);
            assert!(!used, "{name} goes before what delivers to it");
        }
        Work::CreateTable(table) => {
            assert!(there.tables.insert(table.name.clone(), observed_table(table)).is_none());
        }
        Work::UpdateTable(update) => {
            let wanted = observed_table(&update.table);
            let table = there.tables.get_mut(&wanted.name).unwrap();
            table.indexes.retain(|name, _| !update.delete_indexes.contains(name));
            for name in &update.create_indexes {
                assert!(
                    table
                        .indexes
                        .insert(name.clone(), wanted.indexes[name].clone())
                        .is_none()
                );
            }
            if update.old_ttl.is_some() || update.new_ttl.is_some() {
                assert_eq!(table.ttl, update.old_ttl);
                table.ttl.clone_from(&update.new_ttl);
            }
            tag(&mut table.tags, &update.tags);
            if update.seed {
                table.tags.insert(SEED_TAG.into(), update.table.seed.clone().unwrap());
            }
        }
        Work::DeleteTable { name } => drop(there.tables.remove(name).unwrap()),
        Work::CreateTopic(topic) => {
            let made = ObservedTopic {
                name: topic.name.clone(),
                arn: topic.arn.clone(),
                display_name: topic.display_name.clone(),
                content_based_deduplication: topic.content_based_deduplication,
                tags: topic.tags.clone(),
            };
            assert!(there.topics.insert(topic.name.clone(), made).is_none());
        }
        Work::UpdateTopic(update) => {
            let topic = there.topics.get_mut(&update.topic.name).unwrap();
            topic.display_name.clone_from(&update.topic.display_name);
            tag(&mut topic.tags, &update.tags);
        }
        Work::DeleteTopic { arn } => {
            there.topics.retain(|_, topic| topic.arn != *arn);
            there.subscriptions.retain(|it| it.topic_arn != *arn);
        }
        Work::CreateSubscription(wanted) => {
            let made = observed_subscription(wanted);
            let ends = |arn: &str| {
                there.queues.values().any(|queue| queue.arn == arn)
                    || there.functions.values().any(|function| function.arn == arn)
            };
            assert!(
                there.topics.values().any(|topic| topic.arn == wanted.topic_arn),
                "no topic for {wanted:?}"
            );
            assert!(
                wanted.protocol == "email" || ends(&wanted.endpoint),
                "no end for {wanted:?}"
            );
            there.subscriptions.push(made);
        }
        Work::UpdateSubscription(update) => {
            let made = observed_subscription(&update.subscription);
            let known = there.subscriptions.iter_mut().find(|it| it.arn == update.arn).unwrap();
            *known = made;
        }
        Work::DeleteSubscription { arn, .. } => {
            let before = there.subscriptions.len();
            there.subscriptions.retain(|it| it.arn.as_ref() != Some(arn));
            assert!(there.subscriptions.len() < before, "{arn} is not there");
        }
        other => panic!("{other:?} is not for these"),
    }
}

fn observed_queue(there: &Observed, queue: &DesiredQueue) -> ObservedQueue {
    if let Some(redrive) = &queue.redrive {
        let target = redrive["deadLetterTargetArn"].as_str().unwrap();
        let known = there.queues.values().any(|queue| queue.arn == target);
        assert!(known, "the dead-letter queue {target} is not there yet");
    }
    ObservedQueue {
        name: queue.name.clone(),
        arn: queue.arn.clone(),
        attributes: queue.attributes.clone(),
        policy: queue.policy.clone(),
        redrive: queue.redrive.clone(),
        tags: queue.tags.clone(),
    }
}

fn observed_table(table: &DesiredTable) -> ObservedTable {
    let mut tags = table.tags.clone();
    tags.extend(table.seed.clone().map(|seed| (SEED_TAG.to_owned(), seed)));
    ObservedTable {
        name: table.name.clone(),
        arn: table.arn.clone(),
        status: "ACTIVE".into(),
        key: table.key.clone(),
        indexes: table.indexes.clone().into_iter().collect(),
        billing: table.billing,
        ttl: table.ttl.clone(),
        tags,
    }
}

/// One to an e-mail address is never confirmed here.
fn observed_subscription(wanted: &DesiredSubscription) -> ObservedSubscription {
    let confirmed = wanted.protocol != "email";
    ObservedSubscription {
        arn: confirmed.then(|| format!("{}:{}", wanted.topic_arn, wanted.endpoint)),
        topic: wanted.topic_arn.rsplit(':').next().unwrap().to_owned(),
        topic_arn: wanted.topic_arn.clone(),
        protocol: wanted.protocol.clone(),
        endpoint: wanted.endpoint.clone(),
        raw_message_delivery: wanted.raw_message_delivery,
        filter_policy: wanted.filter_policy.clone(),
        filter_policy_scope: wanted.filter_policy_scope.clone(),
        permitted: true,
    }
}

/// A stack with all of them, and AWS after its deploy.
fn deployed() -> (Stack, super::laws::Model) {
    let mut stack = super::laws::stack();
    stack.functions.insert("F0".into(), super::laws::function("F0"));
    let data = Data {
        topic: Some((true, vec![(0, true), (2, false), (3, false)])),
        queues: (Some(1), Some(0)),
        table: Some((false, None, vec!["a".into()])),
    };
    add(&mut stack, &data);
    let mut model = super::laws::Model::default();
    let plan = super::deploy(&super::laws::desired(&stack), &model.0, false).unwrap();
    model.apply(&plan, &[0]);
    (stack, model)
}

#[test]
fn the_ends_of_subscriptions_let_the_topic_in() {
    let (stack, _) = deployed();
    let desired = super::laws::desired(&stack);
    let policy = desired.queues["Q0"].policy.as_ref().unwrap();
    let statement = &policy["Statement"][0];
    assert_eq!(statement["Resource"], "arn:aws:sqs:us-east-1:000000000000:s-Q0");
    assert_eq!(
        statement["Condition"],
        json!({ "ArnEquals": { "aws:SourceArn": "arn:aws:sns:us-east-1:000000000000:s-T" } })
    );
    assert_eq!(desired.queues["Q1"].policy, None);
    let permissions = desired.subscriptions.iter().filter_map(|it| it.permission.as_ref());
    let functions: Vec<&str> = permissions.map(|permission| permission.function.as_str()).collect();
    assert_eq!(functions, ["s-F0"]);
}

#[test]
fn the_key_of_a_table_cannot_change() {
    let (mut stack, model) = deployed();
    stack.tables["D"].key.partition.kind = "N";
    stack.tables["D"].items.clear();
    let found = super::deploy(&super::laws::desired(&stack), &model.0, false).unwrap_err();
    assert_eq!(found[0].code, "cannot-change");
    assert!(
        found[0]
            .message
            .contains("has the key Id (S), and the stack file wants Id (N)")
    );
}

#[test]
fn items_are_written_again_only_when_they_change() {
    let (mut stack, model) = deployed();
    let seeds = |stack: &Stack| {
        let plan = super::deploy(&super::laws::desired(stack), &model.0, false).unwrap();
        let fields = plan
            .steps
            .iter()
            .flat_map(|step| &step.changes)
            .map(|change| change.field.clone());
        fields.collect::<Vec<_>>()
    };
    assert_eq!(seeds(&stack), [""; 0]);
    stack.tables["D"]
        .items
        .push(Node::from_json(&json!({ "Id": "z", "Score": 7 })));
    assert_eq!(seeds(&stack), ["items"]);
    stack.tables["D"].items.clear();
    assert_eq!(seeds(&stack), [format!("tags/{SEED_TAG}")]);
}

#[test]
fn items_have_to_fit_the_key() {
    let (mut stack, _) = deployed();
    for (item, expected) in [
        (json!({ "Name": "a" }), "has no `Id`"),
        (json!({ "Id": 7 }), "the key `Id` is a string, found a number"),
        (json!({ "Id": "" }), "the key `Id` is empty"),
        (json!({ "Id": "a" }), "two items with the key"),
    ] {
        let table = &mut stack.tables["D"];
        table.items.truncate(1);
        table.items.push(Node::from_json(&item));
        let packages = std::collections::BTreeMap::from([("F0".to_owned(), super::laws::package("f"))]);
        let (_, found) = super::resolve(&stack, &packages, &super::laws::identity());
        assert!(
            found.iter().any(|found| found.message.contains(expected)),
            "{item}: {found:?}"
        );
    }
}

#[test]
fn what_others_subscribed_stays_and_is_told() {
    let (stack, mut model) = deployed();
    let mut other = model.0.subscriptions[0].clone();
    other.protocol = "http".into();
    other.endpoint = "http://127.0.0.1:1/".into();
    model.0.subscriptions.push(other);
    let plan = super::deploy(&super::laws::desired(&stack), &model.0, false).unwrap();
    assert!(plan.is_empty(), "{plan:?}");
    assert!(
        plan.notes
            .iter()
            .any(|note| note.contains("that the stack file does not name: it stays"))
    );
}

#[test]
fn programs_are_asked_again_to_confirm_and_people_are_not() {
    for (protocol, endpoint, target, is_asked) in [
        ("http", "http://127.0.0.1:1/", "local", true),
        ("http", "http://LOCALHOST/", "local", true),
        ("http", "http://[::1]:1/", "local", true),
        ("http", "http://example.com/", "local", false),
        ("http", "http://127.0.0.1@example.com/", "local", false),
        ("https", "https://127.0.0.1/", "local", false),
        ("https", "https://example.com/", "aws", true),
        ("http", "http://example.com/", "localstack", true),
        ("email", "a@example.com", "aws", false),
    ] {
        let (stack, mut model) = deployed();
        let mut desired = super::laws::desired(&stack);
        desired.identity.target = target.to_owned();
        let wanted = &mut desired.subscriptions[0];
        (wanted.protocol, wanted.endpoint) = (protocol.to_owned(), endpoint.to_owned());
        let mut there = observed_subscription(wanted);
        there.arn = None;
        model.0.subscriptions[0] = there;
        let plan = super::deploy(&desired, &model.0, false).unwrap();
        let asks = |work: &Work| matches!(work, Work::UpdateSubscription(update) if update.ask);
        let asked = plan.steps.iter().filter(|step| asks(&step.work)).count();
        assert_eq!(asked, usize::from(is_asked), "{endpoint} {target}: {plan:?}");
    }
}
