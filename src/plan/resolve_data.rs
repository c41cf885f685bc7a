//! From the stack's topics, queues, tables and outputs to what is wanted.

use std::collections::{BTreeMap, BTreeSet};

use indexmap::IndexMap;
use serde_json::{Value, json};

use super::desired::Desired;
use super::desired_data::{DesiredQueue, DesiredSubscription, DesiredTable, DesiredTopic, InvokePermission};
use super::resolve::Resolver;
use super::{Identity, items, policy};
use crate::asl::substitute;
use crate::diagnostic::Diagnostic;
use crate::stack::model::{Function, Queue, Stack, Subscription, Table, Topic};
use crate::tree::{self, Node};

/// Names the attributes of topics, queues and tables that references can ask for.
pub(super) fn name_attributes(names: &mut substitute::Names, stack: &Stack, identity: &Identity) {
    for (id, topic) in &stack.topics {
        names.attribute(id, "Arn", identity.topic_arn(&topic.name));
        names.attribute(id, "Name", topic.name.clone());
    }
    for (id, queue) in &stack.queues {
        names.attribute(id, "Arn", identity.queue_arn(&queue.name));
        names.attribute(id, "Name", queue.name.clone());
        names.attribute(id, "Url", identity.queue_url(&queue.name));
    }
    for (id, table) in &stack.tables {
        names.attribute(id, "Arn", identity.table_arn(&table.name));
        names.attribute(id, "Name", table.name.clone());
    }
}

impl Resolver<'_> {
    /// Topics, subscriptions, queues and tables.
    pub(super) fn data(&mut self, desired: &mut Desired) {
        let stack = self.stack;
        for (logical_id, topic) in &stack.topics {
            desired.topics.insert(logical_id.clone(), self.topic(logical_id, topic));
            desired.subscriptions.extend(self.subscriptions(logical_id, topic));
        }
        for logical_id in dead_letters_first(&stack.queues) {
            let Some(queue) = stack.queues.get(logical_id) else {
                continue;
            };
            let made = self.queue(logical_id, queue, &desired.subscriptions);
            desired.queues.insert(logical_id.clone(), made);
        }
        for (logical_id, table) in &stack.tables {
            let made = self.table(logical_id, table);
            desired.tables.insert(logical_id.clone(), made);
        }
    }

    /// A function that knows a topic, queue or table from its environment is not thereby allowed to use it: for what, the
    /// stack file does not say.
    pub(super) fn note_use(&mut self, logical_id: &str, function: &Function, used: &BTreeSet<String>) {
        let stack = self.stack;
        let data = used.iter().filter(|id| {
            stack.topics.contains_key(*id) || stack.queues.contains_key(*id) || stack.tables.contains_key(*id)
        });
        for id in data.filter(|_| function.role.is_none()) {
            self.notes.push(format!(
                "function `{logical_id}` has `{id}` in its environment, but no permission to use it: give it a `role` with `statements`"
            ));
        }
    }

    fn topic(&self, logical_id: &str, topic: &Topic) -> DesiredTopic {
        DesiredTopic {
            logical_id: logical_id.to_owned(),
            name: topic.name.clone(),
            arn: self.identity.topic_arn(&topic.name),
            display_name: topic.display_name.clone().unwrap_or_default(),
            fifo: topic.fifo,
            content_based_deduplication: topic.content_based_deduplication,
            tags: self.tags(&topic.tags),
        }
    }

    /// The subscriptions of a topic, each end of which must be of its protocol and there only once.
    fn subscriptions(&mut self, logical_id: &str, topic: &Topic) -> Vec<DesiredSubscription> {
        let mut made: Vec<DesiredSubscription> = Vec::new();
        for subscription in &topic.subscriptions {
            let Some(wanted) = self.subscription(logical_id, topic, subscription) else {
                continue;
            };
            let same =
                |known: &DesiredSubscription| known.protocol == wanted.protocol && known.endpoint == wanted.endpoint;
            if made.iter().any(same) {
                let message = format!(
                    "topic `{logical_id}` has two subscriptions of `{}` to `{}`",
                    wanted.protocol, wanted.endpoint
                );
                self.found
                    .push(Diagnostic::error("same-subscription", message).at(subscription.span.as_ref()));
            } else {
                made.push(wanted);
            }
        }
        made
    }

    fn subscription(
        &mut self,
        logical_id: &str,
        topic: &Topic,
        subscription: &Subscription,
    ) -> Option<DesiredSubscription> {
        let protocol = subscription.protocol.as_str();
        let endpoint = self.text(&subscription.endpoint);
        let expected = match protocol {
            "sqs" => Some("sqs"),
            "lambda" => Some("lambda"),
            _ => None,
        };
        if let Some(service) = expected
            && endpoint.split(':').nth(2) != Some(service)
        {
            let message = format!("`endpoint`: `{endpoint}` is not the ARN of what `{protocol}` delivers to");
            let wrong = Diagnostic::error("bad-arn", message).at(subscription.endpoint.span.as_ref());
            self.found.push(wrong.hint(match protocol {
                "sqs" => "e.g. `${Queue.Arn}`",
                _ => "e.g. `${Function.Arn}`",
            }));
            return None;
        }
        if protocol == "sqs" && endpoint.ends_with(".fifo") && !topic.fifo {
            let message = "a standard topic does not deliver to a FIFO queue".to_owned();
            self.found
                .push(Diagnostic::error("bad-value", message).at(subscription.endpoint.span.as_ref()));
        }
        let own_function = self
            .stack
            .functions
            .values()
            .find(|function| self.identity.function_arn(&function.name) == endpoint);
        let own_queue = self
            .stack
            .queues
            .values()
            .any(|queue| self.identity.queue_arn(&queue.name) == endpoint);
        if expected.is_some() && own_function.is_none() && !own_queue {
            self.notes.push(format!(
                "topic `{logical_id}` delivers to `{endpoint}`, which is not the stack's: its own policy must let the topic"
            ));
        }
        let filter_policy = subscription.filter_policy.as_ref().map(|policy| self.value(policy));
        let short = short(self.identity, &endpoint);
        Some(DesiredSubscription {
            topic_id: logical_id.to_owned(),
            name: format!("{} to {protocol} {short}", topic.name),
            topic_arn: self.identity.topic_arn(&topic.name),
            protocol: protocol.to_owned(),
            raw_message_delivery: subscription.raw_message_delivery,
            filter_policy_scope: subscription.filter_policy_scope.to_owned(),
            permission: own_function.map(|function| InvokePermission::new(&function.name, &topic.name)),
            filter_policy,
            endpoint,
        })
    }

    /// A queue; the topics that deliver into it may send to it.
    fn queue(&self, logical_id: &str, queue: &Queue, subscriptions: &[DesiredSubscription]) -> DesiredQueue {
        let arn = self.identity.queue_arn(&queue.name);
        let mut attributes = BTreeMap::from([
            ("VisibilityTimeout".to_owned(), queue.visibility_timeout.to_string()),
            ("MessageRetentionPeriod".to_owned(), queue.message_retention.to_string()),
            ("DelaySeconds".to_owned(), queue.delay.to_string()),
            (
                "ReceiveMessageWaitTimeSeconds".to_owned(),
                queue.receive_wait.to_string(),
            ),
        ]);
        if let Some(size) = queue.maximum_message_size {
            attributes.insert("MaximumMessageSize".to_owned(), size.to_string());
        }
        if queue.fifo {
            attributes.insert("FifoQueue".to_owned(), "true".to_owned());
            let deduplication = queue.content_based_deduplication.to_string();
            attributes.insert("ContentBasedDeduplication".to_owned(), deduplication);
        }
        let redrive = queue.dead_letter.as_ref().map(|dead| {
            let target = self.stack.queues.get(&dead.queue);
            let target = target.map_or_else(|| dead.queue.clone(), |queue| self.identity.queue_arn(&queue.name));
            json!({ "deadLetterTargetArn": target, "maxReceiveCount": dead.max_receives })
        });
        DesiredQueue {
            logical_id: logical_id.to_owned(),
            name: queue.name.clone(),
            attributes,
            policy: delivery_policy(&arn, subscriptions),
            redrive,
            tags: self.tags(&queue.tags),
            arn,
        }
    }

    fn table(&mut self, logical_id: &str, table: &Table) -> DesiredTable {
        let nodes: Vec<Node> = table.items.iter().map(|item| self.substituted(item)).collect();
        let items = items::items(logical_id, &table.key, &nodes, &mut self.found);
        DesiredTable {
            logical_id: logical_id.to_owned(),
            name: table.name.clone(),
            arn: self.identity.table_arn(&table.name),
            key: table.key.clone(),
            indexes: table.indexes.clone(),
            billing: table.billing,
            ttl: table.ttl.clone(),
            seed: items::seed(&items),
            items,
            tags: self.tags(&table.tags),
        }
    }

    pub(super) fn outputs(&mut self) -> IndexMap<String, Value> {
        let outputs = &self.stack.outputs;
        outputs
            .iter()
            .map(|(name, node)| (name.clone(), self.value(node)))
            .collect()
    }

    fn substituted(&mut self, node: &Node) -> Node {
        let substituted = substitute::references(node, &self.names);
        self.used.extend(substituted.used);
        let plain = |mut finding: Diagnostic| {
            // It is no definition that it stands in.
            finding.pointer = None;
            finding
        };
        self.found.extend(substituted.diagnostics.into_iter().map(plain));
        substituted.definition
    }

    fn value(&mut self, node: &Node) -> Value {
        self.substituted(node).to_json()
    }

    fn text(&mut self, node: &Node) -> String {
        match self.substituted(node).value {
            tree::Value::String(text) => text,
            _ => Node::to_json(node).to_string(),
        }
    }
}

/// The last part of an ARN of the stack's own account and region, else all of it.
fn short<'a>(identity: &Identity, endpoint: &'a str) -> &'a str {
    let own = |service: &str, kind: &str| endpoint.strip_prefix(&identity.regional(service, kind));
    own("sqs", "")
        .or_else(|| own("lambda", "function:"))
        .unwrap_or(endpoint)
}

/// What lets SNS send to a queue:
/// <https://docs.aws.amazon.com/sns/latest/dg/subscribe-sqs-queue-to-sns-topic.html>.
fn delivery_policy(queue: &str, subscriptions: &[DesiredSubscription]) -> Option<Value> {
    let mut topics: Vec<&String> = subscriptions
        .iter()
        .filter(|subscription| subscription.endpoint == queue)
        .map(|subscription| &subscription.topic_arn)
        .collect();
    topics.sort();
    if topics.is_empty() {
        return None;
    }
    Some(policy::document(vec![json!({
        "Effect": "Allow",
        "Principal": { "Service": "sns.amazonaws.com" },
        "Action": "sqs:SendMessage",
        "Resource": queue,
        "Condition": { "ArnEquals": { "aws:SourceArn": policy::one_or_many(topics) } },
    })]))
}

/// Queues in an order in which a dead-letter queue comes before those that use it.
fn dead_letters_first(queues: &IndexMap<String, Queue>) -> Vec<&String> {
    let mut ordered: Vec<&String> = Vec::new();
    while ordered.len() < queues.len() {
        let before = ordered.len();
        for (id, queue) in queues {
            let target = queue.dead_letter.as_ref().map(|dead| &dead.queue);
            let ready = target.is_none_or(|target| ordered.contains(&target) || !queues.contains_key(target));
            if ready && !ordered.contains(&id) {
                ordered.push(id);
            }
        }
        if ordered.len() == before {
            // A ring, which was reported.
            let rest: Vec<&String> = queues.keys().filter(|id| !ordered.contains(id)).collect();
            ordered.extend(rest);
        }
    }
    ordered
}
