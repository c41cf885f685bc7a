//! A definition as the [States Language specification](https://states-language.net/spec.html) has it: every state type and
//! field, both query languages. What a definition means is here; whether it is allowed is in `validate`.

use indexmap::IndexMap;
use serde_json::Value;

use crate::diagnostic::Span;

/// How expressions are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum QueryLanguage {
    /// `"Field.$": "$.path"`, the default.
    #[default]
    JsonPath,
    /// `{% … %}`.
    Jsonata,
}

/// A state machine, or the inner one of a Map or Parallel state.
#[derive(Clone, Debug, PartialEq)]
pub struct StateMachine {
    /// Free text.
    pub comment: Option<String>,
    /// Name of the first state.
    pub start_at: String,
    /// All states by name, in the order written.
    pub states: IndexMap<String, State>,
    /// The language of states that do not name their own.
    pub query_language: QueryLanguage,
    /// Seconds until an execution fails with `States.Timeout`.
    pub timeout_seconds: Option<u64>,
    /// `1.0`, if given.
    pub version: Option<String>,
}

/// A state: what all types share, and what only its type has.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    /// Its key in `States`.
    pub name: String,
    /// Where it stands, for messages.
    pub span: Option<Span>,
    /// Free text.
    pub comment: Option<String>,
    /// The language of its expressions, the machine's unless it names its own.
    pub query_language: QueryLanguage,
    /// `InputPath` (JSONPath only).
    pub input_path: PathField,
    /// `OutputPath` (JSONPath only).
    pub output_path: PathField,
    /// `Assign`: variables to set.
    pub assign: Option<Value>,
    /// `Output` (JSONata only).
    pub output: Option<Value>,
    /// What its type adds.
    pub kind: StateKind,
}

/// A path field, for which absent (`$`) and `null` mean different things.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum PathField {
    /// Not given: `$`.
    #[default]
    Default,
    /// `null`: an empty object, or for `ResultPath` the result is dropped.
    Null,
    /// A path.
    Path(String),
}

/// Where a state leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Transition {
    /// To the state of that name.
    Next(String),
    /// Nowhere: the execution, branch or iteration ends.
    End,
}

/// A number given in the definition, read from the input by a reference path, or computed by a JSONata expression.
#[derive(Clone, Debug, PartialEq)]
pub enum NumberField {
    /// A literal.
    Literal(serde_json::Number),
    /// A reference path (`SecondsPath`, `TimeoutSecondsPath` …).
    Path(String),
    /// A JSONata expression, with its `{% %}`.
    Jsonata(String),
}

/// A text given in the definition, by a path or intrinsic function, or by a JSONata expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TextField {
    /// A literal.
    Literal(String),
    /// A path or intrinsic function (`ErrorPath`, `TimestampPath` …).
    Path(String),
    /// A JSONata expression, with its `{% %}`.
    Jsonata(String),
}

/// What the types of states add.
#[derive(Clone, Debug, PartialEq)]
pub enum StateKind {
    /// Does work outside.
    Task(Box<Task>),
    /// Passes its input on, or a fixed result.
    Pass(Pass),
    /// Branches.
    Choice(Choice),
    /// Waits.
    Wait(Wait),
    /// Ends successfully.
    Succeed,
    /// Ends with an error.
    Fail(Fail),
    /// Runs branches at the same time.
    Parallel(Box<Parallel>),
    /// Runs a machine for each item.
    Map(Box<Map>),
}

impl StateKind {
    /// The value of `Type`.
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::Task(_) => "Task",
            Self::Pass(_) => "Pass",
            Self::Choice(_) => "Choice",
            Self::Wait(_) => "Wait",
            Self::Succeed => "Succeed",
            Self::Fail(_) => "Fail",
            Self::Parallel(_) => "Parallel",
            Self::Map(_) => "Map",
        }
    }
}

/// What Task, Parallel and Map share: shaping of arguments and results, and error handling.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Work {
    /// `Parameters` (JSONPath).
    pub parameters: Option<Value>,
    /// `Arguments` (JSONata).
    pub arguments: Option<Value>,
    /// `ResultSelector` (JSONPath).
    pub result_selector: Option<Value>,
    /// `ResultPath` (JSONPath).
    pub result_path: PathField,
    /// Tried in order when the work fails.
    pub retry: Vec<Retrier>,
    /// Tried in order when no retrier takes the error.
    pub catch: Vec<Catcher>,
}

/// A Task state.
#[derive(Clone, Debug, PartialEq)]
pub struct Task {
    /// The ARN of what does the work, as written.
    pub resource: String,
    /// Arguments, results, errors.
    pub work: Work,
    /// Seconds until `States.Timeout`.
    pub timeout_seconds: Option<NumberField>,
    /// Seconds between heartbeats until `States.HeartbeatTimeout`.
    pub heartbeat_seconds: Option<NumberField>,
    /// `Credentials`: a role to assume for the call.
    pub credentials: Option<Value>,
    /// Where it leads.
    pub transition: Transition,
}

/// A Pass state.
#[derive(Clone, Debug, PartialEq)]
pub struct Pass {
    /// `Result` (JSONPath).
    pub result: Option<Value>,
    /// `Parameters` (JSONPath).
    pub parameters: Option<Value>,
    /// `ResultPath` (JSONPath).
    pub result_path: PathField,
    /// Where it leads.
    pub transition: Transition,
}

/// A Choice state.
#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    /// Tried in order.
    pub choices: Vec<ChoiceRule>,
    /// Taken when no rule holds; without it, `States.NoChoiceMatched`.
    pub default: Option<String>,
}

/// A rule of a Choice state.
#[derive(Clone, Debug, PartialEq)]
pub struct ChoiceRule {
    /// What must hold.
    pub condition: Condition,
    /// The state to go to.
    pub next: String,
    /// `Assign` of this rule.
    pub assign: Option<Value>,
    /// `Output` of this rule (JSONata).
    pub output: Option<Value>,
}

/// A condition of a choice rule.
#[derive(Clone, Debug, PartialEq)]
pub enum Condition {
    /// All hold.
    And(Vec<Condition>),
    /// One holds.
    Or(Vec<Condition>),
    /// It does not hold.
    Not(Box<Condition>),
    /// A comparison of a variable with a value.
    Compare {
        /// `Variable`: a path.
        variable: String,
        /// E.g. `NumericEquals`, without the suffix `Path`.
        operator: Operator,
        /// What it is compared with.
        operand: Operand,
    },
    /// `Condition`: a JSONata expression, or a literal boolean.
    Jsonata(Value),
}

/// The other side of a comparison.
#[derive(Clone, Debug, PartialEq)]
pub enum Operand {
    /// A literal.
    Literal(Value),
    /// A path: the operator was written with the suffix `Path`.
    Path(String),
}

/// The comparison operators, without the `Path` variants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are those of the States Language")]
pub enum Operator {
    StringEquals,
    StringLessThan,
    StringGreaterThan,
    StringLessThanEquals,
    StringGreaterThanEquals,
    StringMatches,
    NumericEquals,
    NumericLessThan,
    NumericGreaterThan,
    NumericLessThanEquals,
    NumericGreaterThanEquals,
    BooleanEquals,
    TimestampEquals,
    TimestampLessThan,
    TimestampGreaterThan,
    TimestampLessThanEquals,
    TimestampGreaterThanEquals,
    IsNull,
    IsPresent,
    IsNumeric,
    IsString,
    IsBoolean,
    IsTimestamp,
}

/// A Wait state.
#[derive(Clone, Debug, PartialEq)]
pub struct Wait {
    /// For how long, or until when.
    pub until: WaitUntil,
    /// Where it leads.
    pub transition: Transition,
}

/// The forms of Wait.
#[derive(Clone, Debug, PartialEq)]
pub enum WaitUntil {
    /// `Seconds` or `SecondsPath`.
    Seconds(NumberField),
    /// `Timestamp` or `TimestampPath`: RFC 3339.
    Timestamp(TextField),
}

/// A Fail state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fail {
    /// `Error` or `ErrorPath`.
    pub error: Option<TextField>,
    /// `Cause` or `CausePath`.
    pub cause: Option<TextField>,
}

/// A Parallel state.
#[derive(Clone, Debug, PartialEq)]
pub struct Parallel {
    /// The branches, run at the same time.
    pub branches: Vec<StateMachine>,
    /// Arguments, results, errors.
    pub work: Work,
    /// Where it leads.
    pub transition: Transition,
}

/// A Map state.
#[derive(Clone, Debug, PartialEq)]
pub struct Map {
    /// `ItemProcessor`, or `Iterator` in old definitions.
    pub processor: StateMachine,
    /// `ProcessorConfig`, as written.
    pub processor_config: Option<Value>,
    /// Whether it was written as `Iterator`.
    pub legacy_iterator: bool,
    /// `Items` (JSONata) or none.
    pub items: Option<Value>,
    /// `ItemsPath` (JSONPath).
    pub items_path: Option<String>,
    /// `ItemSelector`, or `Parameters` in old definitions (then in `work.parameters`).
    pub item_selector: Option<Value>,
    /// `ItemReader`, as written.
    pub item_reader: Option<Value>,
    /// `ItemBatcher`, as written.
    pub item_batcher: Option<Value>,
    /// `ResultWriter`, as written.
    pub result_writer: Option<Value>,
    /// `MaxConcurrency` or `MaxConcurrencyPath`; 0 means no limit.
    pub max_concurrency: Option<NumberField>,
    /// `ToleratedFailurePercentage` or its `Path`.
    pub tolerated_failure_percentage: Option<NumberField>,
    /// `ToleratedFailureCount` or its `Path`.
    pub tolerated_failure_count: Option<NumberField>,
    /// `Label`.
    pub label: Option<String>,
    /// Arguments, results, errors.
    pub work: Work,
    /// Where it leads.
    pub transition: Transition,
}

impl Map {
    /// Whether each item runs as an execution of its own
    /// ([modes](https://docs.aws.amazon.com/step-functions/latest/dg/state-map.html)).
    pub fn is_distributed(&self) -> bool {
        let config = self.processor_config.as_ref();
        config.and_then(|config| config["Mode"].as_str()) == Some("DISTRIBUTED")
    }
}

/// A retrier.
#[derive(Clone, Debug, PartialEq)]
pub struct Retrier {
    /// Error names it takes.
    pub error_equals: Vec<String>,
    /// Seconds before the first retry, 1 unless given.
    pub interval_seconds: u64,
    /// Retries before it gives up, 3 unless given; 0 means never.
    pub max_attempts: u64,
    /// Factor on the interval per attempt, 2.0 unless given.
    pub backoff_rate: f64,
    /// Upper limit of the interval.
    pub max_delay_seconds: Option<u64>,
    /// `JitterStrategy: FULL`.
    pub full_jitter: bool,
}

/// A catcher.
#[derive(Clone, Debug, PartialEq)]
pub struct Catcher {
    /// Error names it takes.
    pub error_equals: Vec<String>,
    /// The state to go to.
    pub next: String,
    /// Where the error output goes (JSONPath).
    pub result_path: PathField,
    /// `Assign` of this catcher.
    pub assign: Option<Value>,
    /// `Output` of this catcher (JSONata).
    pub output: Option<Value>,
}
