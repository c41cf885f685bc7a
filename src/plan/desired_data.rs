//! Topics, queues and tables as they should be.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use serde_json::Value;

use super::desired::Tags;
use crate::stack::model::{Billing, Index, Key};

/// A topic as it should be.
#[derive(Clone, Debug, PartialEq)]
pub struct DesiredTopic {
    /// Its key in `topics`.
    pub logical_id: String,
    /// The physical name.
    pub name: String,
    /// Predicted.
    pub arn: String,
    /// What e-mails and text messages show; empty if nothing was given.
    pub display_name: String,
    /// Whether messages keep their order.
    pub fifo: bool,
    /// Whether a FIFO topic tells duplicates by their content.
    pub content_based_deduplication: bool,
    /// With the ownership tag.
    pub tags: Tags,
}

/// A subscription as it should be. It has no tags: it belongs to whom its topic belongs to.
#[derive(Clone, Debug, PartialEq)]
pub struct DesiredSubscription {
    /// The key of its topic in `topics`.
    pub topic_id: String,
    /// For people: `TOPIC to sqs QUEUE`.
    pub name: String,
    /// Predicted.
    pub topic_arn: String,
    /// E.g. `sqs`.
    pub protocol: String,
    /// An ARN, address or number.
    pub endpoint: String,
    /// Whether messages come without SNS's envelope.
    pub raw_message_delivery: bool,
    /// Which messages come; none: all.
    pub filter_policy: Option<Value>,
    /// What the filter looks at.
    pub filter_policy_scope: String,
    /// What lets SNS invoke the function that is subscribed.
    pub permission: Option<InvokePermission>,
}

impl DesiredSubscription {
    /// Whether messages go over a network: to a machine or a person outside. An `http` endpoint of this machine alone does not.
    pub fn leaves_this_machine(&self) -> bool {
        match self.protocol.as_str() {
            "sqs" | "lambda" => false,
            "http" => !is_of_this_machine(&self.endpoint),
            _ => true,
        }
    }
}

/// As the local cloud tells them: `localhost`, `127.…` and `[::1]`, with nobody's name before it.
fn is_of_this_machine(url: &str) -> bool {
    let authority = url.split("://").nth(1).unwrap_or_default();
    let authority = authority.split(['/', '?', '#']).next().unwrap_or_default();
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|digit| digit.is_ascii_digit()) => host,
        _ => authority,
    };
    let parts: Vec<&str> = host.split('.').collect();
    let is_loopback =
        parts.len() == 4 && parts.first() == Some(&"127") && parts.iter().all(|part| part.parse::<u8>().is_ok());
    host.eq_ignore_ascii_case("localhost") || host == "[::1]" || is_loopback
}

/// A statement in the policy of a function that lets a topic invoke it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvokePermission {
    /// The name of the function.
    pub function: String,
    /// The statement's id.
    pub statement_id: String,
}

impl InvokePermission {
    /// The permission for a topic of that name.
    pub(crate) fn new(function: &str, topic: &str) -> Self {
        // Ids have letters, digits, `-` and `_`, at most 100: https://docs.aws.amazon.com/lambda/latest/api/API_AddPermission.html
        let topic: String = topic.replace('.', "_").chars().take(80).collect();
        Self {
            function: function.to_owned(),
            statement_id: format!("stepstack-sns-{topic}"),
        }
    }
}

/// A queue as it should be.
#[derive(Clone, Debug, PartialEq)]
pub struct DesiredQueue {
    /// Its key in `queues`.
    pub logical_id: String,
    /// The physical name.
    pub name: String,
    /// Predicted.
    pub arn: String,
    /// Attributes as SQS names them, but for the two policies.
    pub attributes: BTreeMap<String, String>,
    /// Who may send to it: the topics that deliver into it.
    pub policy: Option<Value>,
    /// Where messages go that are received again and again.
    pub redrive: Option<Value>,
    /// With the ownership tag.
    pub tags: Tags,
}

/// A table as it should be.
#[derive(Clone, Debug, PartialEq)]
pub struct DesiredTable {
    /// Its key in `tables`.
    pub logical_id: String,
    /// The physical name.
    pub name: String,
    /// Predicted.
    pub arn: String,
    /// The primary key.
    pub key: Key,
    /// Global secondary indexes by name.
    pub indexes: IndexMap<String, Index>,
    /// How it is paid for.
    pub billing: Billing,
    /// The attribute with the time at which an item expires.
    pub ttl: Option<String>,
    /// Items to be written, in DynamoDB's JSON.
    pub items: Vec<Value>,
    /// What tells these items from others; none if there are none.
    pub seed: Option<String>,
    /// With the ownership tag, without the seed's.
    pub tags: Tags,
}
