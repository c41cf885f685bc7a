//! What is wanted and what is there go in, a plan comes out. Pure: whatever has to be known is in the arguments.

use std::collections::BTreeMap;
use std::sync::Arc;

use indexmap::IndexMap;
use serde::Serialize;
use serde_json::Value;

use crate::diagnostic::Diagnostic;
use crate::stack::model::Stack;

/// The tag that says which stack owns a resource.
pub const OWNER_TAG: &str = "stepstack:stack";

/// Where a plan acts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Identity {
    /// `local`, `localstack` or `aws`.
    pub target: String,
    /// `aws`, `aws-cn`, `aws-us-gov`.
    pub partition: String,
    /// Twelve digits.
    pub account: String,
    /// E.g. `us-east-1`.
    pub region: String,
    /// The endpoint, when it is not AWS's own.
    pub endpoint: Option<String>,
}

/// A function's code, packed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Package {
    /// The zip file.
    pub bytes: Arc<Vec<u8>>,
    /// Base64 of its SHA-256, as Lambda's `CodeSha256`.
    pub sha256: String,
}

/// The kinds of resources, in the order of creation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// An IAM role with its inline policy.
    Role,
    /// A CloudWatch Logs group.
    LogGroup,
    /// A Lambda function.
    Function,
    /// A state machine.
    StateMachine,
}

/// Whether the stack is to stand or to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// Make it as the file says.
    Deploy,
    /// Remove it.
    Teardown,
}

/// What a step does to its resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs, reason = "the names say it")]
pub enum Action {
    Create,
    Update,
    Delete,
}

/// A plan: a value that is shown, compared and executed, and never changed.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Plan {
    /// The name of the stack.
    pub stack: String,
    /// What it is for.
    pub mode: Mode,
    /// Where it acts.
    pub identity: Identity,
    /// What is to be done, dependencies before dependents.
    pub steps: Vec<Step>,
    /// What stands as it should, `kind name`.
    pub unchanged: Vec<Unchanged>,
    /// What may surprise: wide permissions, relinked ARNs …
    pub notes: Vec<String>,
}

impl Plan {
    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }
}

/// A resource that needs nothing.
#[derive(Clone, Debug, Serialize, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct Unchanged {
    /// What it is.
    pub kind: Kind,
    /// Its logical id, if the stack file has one.
    pub logical_id: Option<String>,
    /// Its physical name.
    pub name: String,
    /// Its ARN.
    pub arn: String,
}

/// One step of a plan.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Step {
    /// Unique in the plan, readable: `create function call-center-OpenCaseFunction`.
    pub id: String,
    /// What happens.
    pub action: Action,
    /// To what.
    pub kind: Kind,
    /// Its logical id, if the stack file has one.
    pub logical_id: Option<String>,
    /// Its physical name.
    pub name: String,
    /// Its ARN, predicted.
    pub arn: String,
    /// What is different, for people.
    pub changes: Vec<Change>,
    /// Ids of the steps that must be done first.
    pub needs: Vec<String>,
    // helper G: what to execute, skipped when serialised
}

/// A difference, for people and programs. Secrets (environment values) are shown as `(changed)`.
#[derive(Clone, Debug, Serialize, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct Change {
    /// `memory`, `code`, `states/Open Case/Next` …
    pub field: String,
    /// Before; none if it was not there.
    pub before: Option<Value>,
    /// After; none if it goes.
    pub after: Option<Value>,
}

/// The stack with every reference resolved: what `deploy` wants to be there.
#[derive(Clone, Debug)]
pub struct Desired {
    // helper G
    /// State machines by logical id: physical name, ARN and the final definition.
    pub state_machines: IndexMap<String, DesiredMachine>,
}

/// A state machine as it should be.
#[derive(Clone, Debug)]
pub struct DesiredMachine {
    /// The physical name.
    pub name: String,
    /// Predicted.
    pub arn: String,
    /// After substitution and relinking.
    pub definition: Value,
    /// The same, parsed.
    pub model: crate::asl::model::StateMachine,
    // helper G: role, logging, tags …
}

/// What `observe` found: everything that carries the stack's tag or has a name that the stack wants.
#[derive(Clone, Debug, Default)]
pub struct Observed {
    // helper G
}

/// Resolves the stack for an identity: predicts ARNs, substitutes and relinks definitions, infers policies, and
/// validates the definitions. All findings at once; the value only if none is an error.
pub fn resolve(
    _stack: &Stack,
    _packages: &BTreeMap<String, Package>,
    _identity: &Identity,
) -> (Option<Desired>, Vec<Diagnostic>) {
    todo!("helper G")
}

/// The plan that makes what is observed what is desired. Errors: a resource of a wanted name that is not the stack's.
pub fn deploy(_desired: &Desired, _observed: &Observed, _adopt: bool) -> Result<Plan, Vec<Diagnostic>> {
    todo!("helper G")
}

/// The plan that removes everything of the stack.
pub fn teardown(_stack: &str, _observed: &Observed, _identity: &Identity, _keep_logs: bool) -> Plan {
    todo!("helper G")
}
