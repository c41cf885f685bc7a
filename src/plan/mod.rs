//! What is wanted and what is there go in, a plan comes out. Pure: whatever has to be known is in the arguments.

mod cases;
pub(crate) mod compare;
pub(crate) mod compare_data;
mod data;
mod deploy;
mod described;
pub mod desired;
pub mod desired_data;
mod items;
#[cfg(test)]
mod laws;
#[cfg(test)]
mod laws_data;
pub mod names;
pub mod observed;
pub mod observed_data;
mod ownership;
mod permissions;
mod phases;
mod policy;
mod remove;
mod resolve;
mod resolve_data;
mod roles;
mod test_run;
#[cfg(test)]
mod tests;
pub mod work;
pub mod work_data;

use std::sync::Arc;

use serde::Serialize;
use serde_json::Value;

pub use cases::cases;
pub use deploy::deploy;
pub use desired::{Desired, DesiredFunction, DesiredLogGroup, DesiredMachine, DesiredRole};
pub use observed::Observed;
pub use ownership::{Stranger, strangers};
pub use remove::teardown;
pub use resolve::resolve;
pub(crate) use test_run::is_of_test;
pub use test_run::{Leftover, TestRun, Tested, leftovers, test_tags};
pub use work::Work;

/// The tag that says which stack owns a resource.
pub const OWNER_TAG: &str = "stepstack:stack";

/// The tag of a table that says which items of the stack file were written into it: DynamoDB gives nothing back to tell.
pub const SEED_TAG: &str = "stepstack:seed";

/// The tag of a role that says in which region its stack stands: IAM has one set of roles for all regions.
pub const REGION_TAG: &str = "stepstack:region";

/// The tag of everything that a test run deploys: the name of the stack in its file.
pub const TEST_TAG: &str = "stepstack:test";

/// The tag that says which test run that is: see [`TestRun`].
pub const TEST_RUN_TAG: &str = "stepstack:test-run";

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
    /// An SQS queue.
    Queue,
    /// A DynamoDB table.
    Table,
    /// An SNS topic.
    Topic,
    /// A Lambda function.
    Function,
    /// A state machine.
    StateMachine,
    /// A subscription of an SNS topic.
    Subscription,
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

impl Action {
    /// For people: `create`.
    pub fn label(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Delete => "delete",
        }
    }
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
    /// What is to be executed; not part of what is shown.
    #[serde(skip)]
    pub work: Work,
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
