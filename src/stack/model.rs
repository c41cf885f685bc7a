//! What a stack file says, after loading: references still unresolved, files already read.

use std::path::PathBuf;

use indexmap::IndexMap;
use serde_json::Value;

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
    /// Typed values that `--set` can change, in the order written.
    pub parameters: IndexMap<String, Parameter>,
    /// Lambda functions by logical id.
    pub functions: IndexMap<String, Function>,
    /// IAM roles by logical id, beyond those that are made for functions.
    pub roles: IndexMap<String, Role>,
    /// State machines by logical id.
    pub state_machines: IndexMap<String, StateMachine>,
    /// Tags for every resource, beside our own.
    pub tags: IndexMap<String, String>,
    /// What to start after a deploy.
    pub start: Option<Start>,
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

/// What to start after a deploy.
#[derive(Clone, Debug)]
pub struct Start {
    /// Logical id of a state machine.
    pub state_machine: String,
    /// The input.
    pub input: Value,
}
