//! Topics, queues and tables that are there.

use std::collections::BTreeMap;

use serde_json::Value;

use super::desired::Tags;
use crate::stack::model::{Billing, Index, Key};

/// A topic that is there.
#[derive(Clone, Debug, PartialEq)]
pub struct ObservedTopic {
    /// Its name.
    pub name: String,
    /// Its ARN.
    pub arn: String,
    /// Empty if there is none.
    pub display_name: String,
    /// Whether a FIFO topic tells duplicates by their content.
    pub content_based_deduplication: bool,
    /// All of them.
    pub tags: Tags,
}

/// A subscription that is there.
#[derive(Clone, Debug, PartialEq)]
pub struct ObservedSubscription {
    /// Its ARN; none while it waits to be confirmed.
    pub arn: Option<String>,
    /// The name of its topic.
    pub topic: String,
    /// The ARN of its topic.
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
    /// Whether the function that is subscribed lets the topic invoke it; true for other protocols.
    pub permitted: bool,
}

/// A queue that is there.
#[derive(Clone, Debug, PartialEq)]
pub struct ObservedQueue {
    /// Its name.
    pub name: String,
    /// Its ARN.
    pub arn: String,
    /// Attributes as SQS names them, but for the two policies.
    pub attributes: BTreeMap<String, String>,
    /// Who may use it; none: its account.
    pub policy: Option<Value>,
    /// Where messages go that are received again and again.
    pub redrive: Option<Value>,
    /// All of them.
    pub tags: Tags,
}

/// A table that is there.
#[derive(Clone, Debug, PartialEq)]
pub struct ObservedTable {
    /// Its name.
    pub name: String,
    /// Its ARN.
    pub arn: String,
    /// `ACTIVE`, `CREATING`, `UPDATING`, `DELETING` …
    pub status: String,
    /// The primary key.
    pub key: Key,
    /// Global secondary indexes by name.
    pub indexes: BTreeMap<String, Index>,
    /// How it is paid for.
    pub billing: Billing,
    /// The attribute with the time at which an item expires.
    pub ttl: Option<String>,
    /// All of them, with the seed's.
    pub tags: Tags,
}
