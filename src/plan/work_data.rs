//! What changes of topics, queues and tables.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::desired_data::{DesiredSubscription, DesiredTable, DesiredTopic};
use super::work::TagChange;

/// What changes of a topic.
#[derive(Clone, Debug)]
pub struct TopicUpdate {
    /// All of it as it should be.
    pub topic: Arc<DesiredTopic>,
    /// Whether the display name differs.
    pub display_name: bool,
    /// Whether content-based deduplication differs.
    pub deduplication: bool,
    /// Tags to set and remove.
    pub tags: TagChange,
}

/// What changes of a subscription.
#[derive(Clone, Debug)]
pub struct SubscriptionUpdate {
    /// All of it as it should be.
    pub subscription: Arc<DesiredSubscription>,
    /// Its ARN; none while it waits to be confirmed.
    pub arn: Option<String>,
    /// Whether raw delivery differs.
    pub raw: bool,
    /// Whether the filter or what it looks at differs.
    pub filter: bool,
    /// Whether the function does not let the topic invoke it.
    pub permit: bool,
    /// Whether its end, a program, is to be asked once more to confirm it.
    pub ask: bool,
}

/// What changes of a queue.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct QueueUpdate {
    /// Its name.
    pub name: String,
    /// Attributes to set, as SQS names them; an empty policy removes it.
    pub attributes: BTreeMap<String, String>,
    /// Tags to set and remove.
    pub tags: TagChange,
}

/// What changes of a table.
#[derive(Clone, Debug)]
pub struct TableUpdate {
    /// All of it as it should be.
    pub table: Arc<DesiredTable>,
    /// Whether it is to be paid for otherwise.
    pub billing: bool,
    /// Indexes to remove, by name; before others are made.
    pub delete_indexes: Vec<String>,
    /// Indexes to make, by name.
    pub create_indexes: Vec<String>,
    /// The attribute by which items expire now, if another or none is wanted.
    pub old_ttl: Option<String>,
    /// The attribute by which items are to expire, if another did or none.
    pub new_ttl: Option<String>,
    /// Whether the items of the stack file are to be written.
    pub seed: bool,
    /// Tags to set and remove.
    pub tags: TagChange,
}
