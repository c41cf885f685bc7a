//! What a stack file says, after loading: references still unresolved, files already read.

use std::path::PathBuf;

use indexmap::IndexMap;
use serde_json::Value;

use super::Isolation;
use super::cases::Case;
use crate::diagnostic::Span;
use crate::tree::Node;

/// A stack file.
#[derive(Clone, Debug)]
pub struct Stack {
    /// Prefix of physical names and value of the ownership tag.
    pub name: String,
    /// Free text.
    pub description: Option<String>,
    /// The file it was read from, as shown to the user.
    pub file: PathBuf,
    /// Set if it is to stand under other names than the file says.
    pub isolation: Option<Isolation>,
    /// Typed values that `--set` can change, in the order written.
    pub parameters: IndexMap<String, Parameter>,
    /// Lambda functions by logical id.
    pub functions: IndexMap<String, Function>,
    /// IAM roles by logical id, beyond those that are made for functions.
    pub roles: IndexMap<String, Role>,
    /// State machines by logical id.
    pub state_machines: IndexMap<String, StateMachine>,
    /// SNS topics by logical id.
    pub topics: IndexMap<String, Topic>,
    /// SQS queues by logical id.
    pub queues: IndexMap<String, Queue>,
    /// DynamoDB tables by logical id.
    pub tables: IndexMap<String, Table>,
    /// What is shown after a deploy, with references.
    pub outputs: IndexMap<String, Node>,
    /// Tags for every resource, beside our own.
    pub tags: IndexMap<String, String>,
    /// What to start after a deploy.
    pub start: Option<Start>,
    /// What `test` runs, in the order written.
    pub tests: Vec<Case>,
}

/// A parameter and its value: the default, or what `--set` gave.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    /// Its value, typed.
    pub value: Value,
    /// Free text.
    pub description: Option<String>,
}

/// A Lambda function.
#[derive(Clone, Debug)]
pub struct Function {
    /// Where it stands in the stack file.
    pub span: Option<Span>,
    /// The physical name.
    pub name: String,
    /// Folder, file or .zip, resolved against the stack file.
    pub code: PathBuf,
    /// E.g. `nodejs22.x`.
    pub runtime: String,
    /// E.g. `index.handler`; `bootstrap` for a custom runtime unless given.
    pub handler: String,
    /// Seconds, 3 unless given.
    pub timeout: u32,
    /// MiB, 128 unless given.
    pub memory: u32,
    /// Variables; values may hold `${…}` references.
    pub environment: IndexMap<String, String>,
    /// Free text.
    pub description: Option<String>,
    /// `x86_64` or `arm64`, if given.
    pub architecture: Option<String>,
    /// Layer version ARNs.
    pub layers: Vec<String>,
    /// Days that its logs are kept, if given.
    pub log_retention: Option<u32>,
    /// Logical id in `roles`, or the ARN of a role that exists; none: one is made.
    pub role: Option<String>,
    /// Tags beside the stack's.
    pub tags: IndexMap<String, String>,
}

/// An IAM role that the stack names.
#[derive(Clone, Debug)]
pub struct Role {
    /// Where it stands in the stack file.
    pub span: Option<Span>,
    /// The physical name.
    pub name: String,
    /// Path, `/` unless given.
    pub path: String,
    /// Free text.
    pub description: Option<String>,
    /// ARNs of managed policies to attach.
    pub managed_policies: Vec<String>,
    /// Statements to add to the inferred ones, as IAM writes them.
    pub statements: Vec<Value>,
    /// Tags beside the stack's.
    pub tags: IndexMap<String, String>,
}

/// A state machine.
#[derive(Clone, Debug)]
pub struct StateMachine {
    /// Where it stands in the stack file.
    pub span: Option<Span>,
    /// The physical name.
    pub name: String,
    /// The definition with its places, before substitution.
    pub definition: Node,
    /// `STANDARD` or `EXPRESS`.
    pub kind: MachineKind,
    /// Logical id in `roles`, or the ARN of a role that exists; none: one is made.
    pub role: Option<String>,
    /// Logging, if given.
    pub logging: Option<Logging>,
    /// X-Ray tracing.
    pub tracing: bool,
    /// Tags beside the stack's.
    pub tags: IndexMap<String, String>,
}

/// The type of a state machine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MachineKind {
    /// Durable executions of up to a year.
    #[default]
    Standard,
    /// Short, at-least-once executions.
    Express,
}

/// Logging of a state machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Logging {
    /// `ALL`, `ERROR`, `FATAL` or `OFF`.
    pub level: String,
    /// Whether inputs and outputs are logged.
    pub include_execution_data: bool,
}

/// An SNS topic.
#[derive(Clone, Debug)]
pub struct Topic {
    /// Where it stands in the stack file.
    pub span: Option<Span>,
    /// The physical name; that of a FIFO topic ends in `.fifo`.
    pub name: String,
    /// What e-mails and text messages show, if given.
    pub display_name: Option<String>,
    /// Whether messages keep their order.
    pub fifo: bool,
    /// Whether a FIFO topic tells duplicates by their content.
    pub content_based_deduplication: bool,
    /// Who gets the messages.
    pub subscriptions: Vec<Subscription>,
    /// Tags beside the stack's.
    pub tags: IndexMap<String, String>,
}

/// A subscription of a topic.
#[derive(Clone, Debug)]
pub struct Subscription {
    /// Where it stands in the stack file.
    pub span: Option<Span>,
    /// `sqs`, `lambda`, `http`, `https`, `email`, `email-json` or `sms`.
    pub protocol: String,
    /// An ARN, address or number; may hold `${…}` references.
    pub endpoint: Node,
    /// Whether messages come as they were sent, without SNS's envelope.
    pub raw_message_delivery: bool,
    /// Which messages come; may hold references.
    pub filter_policy: Option<Node>,
    /// `MessageAttributes` or `MessageBody`: what the filter looks at.
    pub filter_policy_scope: &'static str,
}

/// An SQS queue.
#[derive(Clone, Debug)]
pub struct Queue {
    /// Where it stands in the stack file.
    pub span: Option<Span>,
    /// The physical name; that of a FIFO queue ends in `.fifo`.
    pub name: String,
    /// Whether messages keep their order.
    pub fifo: bool,
    /// Seconds, 30 unless given.
    pub visibility_timeout: u32,
    /// Seconds, 345600 (four days) unless given.
    pub message_retention: u32,
    /// Seconds, 0 unless given.
    pub delay: u32,
    /// Seconds, 0 unless given.
    pub receive_wait: u32,
    /// Bytes; none: as SQS has it.
    pub maximum_message_size: Option<u32>,
    /// Whether a FIFO queue tells duplicates by their content.
    pub content_based_deduplication: bool,
    /// Where messages go that are received again and again.
    pub dead_letter: Option<DeadLetter>,
    /// Tags beside the stack's.
    pub tags: IndexMap<String, String>,
}

/// Where messages go that are received again and again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadLetter {
    /// Logical id in `queues`, or the ARN of a queue that exists.
    pub queue: String,
    /// Receives before a message goes there.
    pub max_receives: u32,
}

/// A DynamoDB table.
#[derive(Clone, Debug)]
pub struct Table {
    /// Where it stands in the stack file.
    pub span: Option<Span>,
    /// The physical name.
    pub name: String,
    /// Its primary key.
    pub key: Key,
    /// Global secondary indexes by name.
    pub indexes: IndexMap<String, Index>,
    /// How it is paid for.
    pub billing: Billing,
    /// The attribute with the time at which an item expires, if given.
    pub ttl: Option<String>,
    /// Items that are there from the start, as plain values; may hold references.
    pub items: Vec<Node>,
    /// Tags beside the stack's.
    pub tags: IndexMap<String, String>,
}

/// The key of a table or index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// The partition key.
    pub partition: KeyPart,
    /// The sort key, if there is one.
    pub sort: Option<KeyPart>,
}

/// An attribute of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyPart {
    /// The name of the attribute.
    pub name: String,
    /// `S`, `N` or `B`.
    pub kind: &'static str,
}

/// A global secondary index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Index {
    /// Its key.
    pub key: Key,
    /// What of the items it holds.
    pub projection: Projection,
}

/// What of the items an index holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Projection {
    /// All attributes.
    All,
    /// The keys of table and index.
    KeysOnly,
    /// The keys and these attributes.
    Include(Vec<String>),
}

/// How a table is paid for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Billing {
    /// By request.
    OnDemand,
    /// By capacity units that stand ready, of the table and of each index.
    Provisioned {
        /// Read capacity units.
        read: u32,
        /// Write capacity units.
        write: u32,
    },
}

/// What to start after a deploy.
#[derive(Clone, Debug)]
pub struct Start {
    /// Logical id of a state machine.
    pub state_machine: String,
    /// The input.
    pub input: Value,
}
