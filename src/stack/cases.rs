//! The section `tests`: cases that `stepstack test` runs.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use serde_json::Value;

use crate::diagnostic::Span;
use crate::mock::Mocks;
use crate::tree::Node;

/// Seconds that a case may take unless it says otherwise.
pub(crate) const TIMEOUT: u32 = 300;

/// The error of a task that was rejected, unless another is given.
pub const REJECTED: &str = "Rejected";

/// The output of a task that was approved, unless another is given.
pub fn approved() -> Value {
    serde_json::json!({ "approved": true })
}

/// A case: an execution to be made, and what it is expected to do.
#[derive(Clone, Debug)]
pub struct Case {
    /// Where it stands in the stack file: its name.
    pub span: Option<Span>,
    /// Its name, unique in the stack file.
    pub name: String,
    /// Logical id of a state machine; that of `start`, or the only one, unless given.
    pub state_machine: String,
    /// The input; that of `start` unless given if it is the same state machine, else `{}`. May hold `${…}` references.
    pub input: Node,
    /// What mocked states answer, if there are any. Values may hold `${…}` references.
    pub mocks: Option<Mocks>,
    /// What is answered to task tokens, by state: the first answer to the first token, the last one to all that follow.
    pub callbacks: IndexMap<String, Vec<Answer>>,
    /// Whether waits take no time, where the target can do so.
    pub virtual_time: bool,
    /// Seconds after which the execution is stopped and the case has failed; 300 unless given.
    pub timeout: u32,
    /// Why it is not run, by what it would be run on.
    pub skip_on: BTreeMap<Product, String>,
    /// What is expected.
    pub expect: Expect,
}

/// What serves an AWS, whatever the endpoint is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Product {
    /// Our own, in this process or served.
    Local,
    /// LocalStack.
    LocalStack,
    /// MiniStack.
    MiniStack,
    /// moto's server.
    Moto,
    /// Amazon's.
    Aws,
}

impl Product {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Local, Self::LocalStack, Self::MiniStack, Self::Moto, Self::Aws];

    /// As stack files name it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Local => "local",
            Self::LocalStack => "localstack",
            Self::MiniStack => "ministack",
            Self::Moto => "moto",
            Self::Aws => "aws",
        }
    }
}

/// What is done about a task token.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// SendTaskSuccess with this output.
    Success(Value),
    /// SendTaskFailure.
    Failure {
        /// The error name.
        error: String,
        /// The cause, if given.
        cause: Option<String>,
    },
    /// Nothing: the state times out.
    TimeOut,
}

/// What an execution is expected to do. What is not given is not looked at.
#[derive(Clone, Debug)]
pub struct Expect {
    /// Of `SUCCEEDED`, `FAILED`, `TIMED_OUT` and `ABORTED` those that are right; unless given, `FAILED` if an error or cause is
    /// expected, else `SUCCEEDED`. Where several are, an output is expected of an execution that succeeds, and an error and a
    /// cause of one that does not.
    pub status: At<Vec<String>>,
    /// The error name.
    pub error: Option<At<Text>>,
    /// The cause.
    pub cause: Option<At<Text>>,
    /// What the execution gives.
    pub output: Option<Expected>,
    /// The states that are entered.
    pub path: Option<PathExpect>,
    /// What single states take and give, by name.
    pub states: IndexMap<String, Vec<StateExpect>>,
    /// How often the work of a state was tried again, over all its visits, by the state's name.
    pub retries: IndexMap<String, At<u32>>,
    /// The longest that it may take, in milliseconds, of the execution's own time.
    pub max_duration_ms: Option<At<u64>>,
}

impl Expect {
    /// That the execution succeeds, and nothing else.
    pub fn success() -> Self {
        Self {
            status: At {
                value: vec!["SUCCEEDED".to_owned()],
                span: None,
            },
            error: None,
            cause: None,
            output: None,
            path: None,
            states: IndexMap::new(),
            retries: IndexMap::new(),
            max_duration_ms: None,
        }
    }
}

/// Something expected, and where the stack file says so.
#[derive(Clone, Debug)]
pub struct At<T> {
    /// What is expected.
    pub value: T,
    /// Where it stands.
    pub span: Option<Span>,
}

/// A text.
#[derive(Clone, Debug, PartialEq)]
pub enum Text {
    /// Exactly this.
    Is(String),
    /// This is somewhere in it.
    Contains(String),
    /// A regular expression that matches somewhere in it.
    Matches(String),
}

/// A JSON value; several assertions may be made about one, and all must hold.
#[derive(Clone, Debug)]
pub struct Expected(pub Vec<At<Assertion>>);

/// What is asserted about a JSON value. Values may hold `${…}` references.
#[derive(Clone, Debug)]
pub enum Assertion {
    /// What is named in it is there; further members of objects are allowed. Lists are compared item by item.
    Subset(Node),
    /// Exactly this.
    Exact(Node),
    /// A JSONPath of AWS's dialect gives exactly this value.
    Path {
        /// The path.
        path: String,
        /// What it gives.
        is: Node,
    },
    /// A JSONata expression over the value (`$`, and `$states.input`) gives `true`.
    Jsonata(String),
}

/// States that are entered, each time that one is.
#[derive(Clone, Debug, Default)]
pub struct PathExpect {
    /// All states of the machine itself (not those inside of Parallel and Map), in this order.
    pub exact: Option<At<Vec<String>>>,
    /// These come in this order; others may come between, and they may be inside of Parallel and Map.
    pub contains: Option<At<Vec<String>>>,
    /// None of these is entered, wherever it is.
    pub never: Option<At<Vec<String>>>,
}

/// What one visit of a state takes and gives.
#[derive(Clone, Debug)]
pub struct StateExpect {
    /// The ordinal number of the visit, from 0; none: every visit.
    pub visit: Option<u32>,
    /// What it is entered with.
    pub input: Option<Expected>,
    /// What it is left with.
    pub output: Option<Expected>,
    /// Where it stands.
    pub span: Option<Span>,
}
