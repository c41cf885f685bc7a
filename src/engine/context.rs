//! The context object `$$`, and what paths of a state start from
//! ([context object](https://docs.aws.amazon.com/step-functions/latest/dg/input-output-contextobject.html)).

use std::borrow::Cow;
use std::cell::OnceCell;
use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::data::Data;
use super::execution::{Execution, Visit};
use super::retry::Random;
use super::turn::Turn;
use super::{Millis, Start, TaskId};
use crate::expr::path::{Path, Root};
use crate::expr::path_eval;
use crate::expr::template::Roots;
use crate::expr::timestamp;

/// Everything that paths of a state can see besides the data. The context object is made only if a path asks for it.
pub(super) struct Scope<'a> {
    execution: &'a Execution,
    random: &'a Random,
    now: Millis,
    visit: &'a Visit,
    retries: bool,
    token: Option<&'a str>,
    context: OnceCell<Value>,
}

impl<'a> Scope<'a> {
    /// The scope of a state without retriers.
    pub(super) fn new(turn: &'a Turn<'_>, visit: &'a Visit) -> Self {
        Self {
            execution: turn.execution,
            random: &turn.random,
            now: turn.now,
            visit,
            retries: false,
            token: None,
            context: OnceCell::new(),
        }
    }

    /// The scope of a Task: with `State.RetryCount`, and `Task.Token` where its result comes later.
    pub(super) fn of_task(turn: &'a Turn<'_>, visit: &'a Visit, token: Option<&'a str>) -> Self {
        Self {
            retries: true,
            token,
            ..Self::new(turn, visit)
        }
    }

    /// What a path finds in the data or the context object; the error is a text for a cause.
    pub(super) fn find<'v>(&'v self, path: &str, data: &'v Value) -> Result<Cow<'v, Value>, String> {
        let path = Path::parse(path).map_err(|error| error.to_string())?;
        let root = match path.root() {
            Root::Data => data,
            Root::Context => self.context(),
            Root::Variable(name) => self
                .variable(name)
                .ok_or_else(|| format!("the variable '{name}' is not set"))?,
        };
        path_eval::evaluate(&path, root).map_err(|error| error.0)
    }

    /// The same for payload templates.
    pub(super) fn roots<'v>(&'v self, data: &'v Value) -> impl Roots + 'v {
        DataAndScope { data, scope: self }
    }

    /// The same scope with a context object that was made before.
    pub(super) fn with_context(self, context: Value) -> Self {
        Self {
            context: OnceCell::from(context),
            ..self
        }
    }

    /// The context object, to be used again.
    pub(super) fn into_context(self) -> Value {
        self.context();
        self.context.into_inner().unwrap_or_default()
    }

    /// The raw input of the state.
    pub(super) fn raw_input(&self) -> &Data {
        &self.visit.input
    }

    /// The value of a variable.
    fn variable(&self, name: &str) -> Option<&Value> {
        self.execution.variable(self.visit.branch, name)
    }

    /// All variables that the state sees.
    pub(super) fn variables(&self) -> Map<String, Value> {
        self.execution.visible_variables(self.visit.branch)
    }

    /// The time, for expressions that ask for it.
    pub(super) fn now(&self) -> Millis {
        self.now
    }

    /// A random number, another one each time.
    pub(super) fn random(&self) -> u64 {
        self.random.next()
    }

    /// The context object.
    pub(super) fn context(&self) -> &Value {
        self.context.get_or_init(|| self.make_context())
    }

    fn make_context(&self) -> Value {
        if let Some(given) = &self.execution.context {
            return given.clone();
        }
        let start = &self.execution.start;
        let mut state = json!({
            "Name": self.visit.state,
            "EnteredTime": timestamp::format_millis(self.visit.entered_at),
        });
        if self.retries {
            state["RetryCount"] = self.visit.retries.total.into();
        }
        let mut context = json!({
            "Execution": {
                "Id": start.execution_arn,
                "Input": self.execution.input.value(),
                "StartTime": timestamp::format_millis(start.started_at),
                "Name": start.execution_name,
                "RoleArn": start.role_arn,
                "RedriveCount": self.execution.redrives,
            },
            "StateMachine": { "Id": start.state_machine_arn, "Name": start.state_machine_name },
            "State": state,
        });
        if let Some(at) = self.execution.redriven_at {
            context["Execution"]["RedriveTime"] = timestamp::format_millis(at).into();
        }
        if let Some((index, item)) = self.execution.item(self.visit.branch) {
            context["Map"] = map_member(index, item.value());
        }
        if let Some(token) = self.token {
            context["Task"] = json!({ "Token": token });
        }
        context
    }
}

/// What the context object says in an iteration of a Map state.
pub(super) fn map_member(index: usize, item: &Value) -> Value {
    json!({ "Item": { "Index": index, "Value": item } })
}

struct DataAndScope<'v, 'a> {
    data: &'v Value,
    scope: &'v Scope<'a>,
}

impl Roots for DataAndScope<'_, '_> {
    fn data(&self) -> &Value {
        self.data
    }

    fn context(&self) -> &Value {
        self.scope.context()
    }

    fn variable(&self, name: &str) -> Option<&Value> {
        self.scope.variable(name)
    }

    fn random(&self) -> u64 {
        self.scope.random()
    }
}

/// A task token: opaque, and unguessable for whoever does not know the random number.
pub(super) fn task_token(start: &Start, task: TaskId, random: u64) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = write!(text, "{}\n{task}\n{random}", start.execution_arn);
    let bytes: Vec<u8> = (0..3_u8)
        .flat_map(|part| Sha256::new().chain_update([part]).chain_update(&text).finalize())
        .collect();
    STANDARD.encode(bytes)
}
