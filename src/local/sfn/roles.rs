//! What Step Functions asks of IAM.

use super::shared::Shared;
use super::tasks::TaskOutcome;
use crate::engine::TaskRequest;
use crate::local::iam::Iam;
use crate::local::store::StoreError;

/// Its name as a principal.
pub(super) const SERVICE: &str = "states.amazonaws.com";

/// Knows the roles of the local account.
pub trait Roles: Send + Sync + 'static {
    /// Whether that role exists and lets that service assume it.
    fn trusts(&self, role_arn: &str, service: &str) -> Result<bool, StoreError>;

    /// Whether that role exists and lets that service, or the account that has it, assume it.
    fn lends(&self, role_arn: &str, service: &str) -> Result<bool, StoreError>;
}

impl Roles for Iam {
    fn trusts(&self, role_arn: &str, service: &str) -> Result<bool, StoreError> {
        Ok(self.role(role_arn)?.is_some_and(|role| role.trusts(service)))
    }
    fn lends(&self, role_arn: &str, service: &str) -> Result<bool, StoreError> {
        let role = self.role(role_arn)?;
        Ok(role.is_some_and(|role| role.trusts(service) || role.trusts_its_account()))
    }
}

impl Shared {
    /// Why a task cannot be done as the role in its `Credentials`, if so. A role of another account does not exist here.
    ///
    /// Source: <https://docs.aws.amazon.com/step-functions/latest/dg/concepts-access-cross-acct-resources.html>
    pub(super) fn not_lent(&self, request: &TaskRequest) -> Option<TaskOutcome> {
        let role = request.credentials_role.as_deref()?;
        let cause = match self.roles.lends(role, SERVICE) {
            Ok(true) => return None,
            Ok(false) => format!(
                "The role {role} in the field 'Credentials' does not exist, or it does not let the state machine assume it."
            ),
            Err(problem) => format!("The role {role} in the field 'Credentials' could not be read: {problem}"),
        };
        Some(TaskOutcome::failed("States.Permissions", cause))
    }
}
