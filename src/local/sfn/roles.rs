//! What Step Functions asks of IAM.

use crate::local::iam::Iam;
use crate::local::store::StoreError;

/// Knows the roles of the local account.
pub trait Roles: Send + Sync + 'static {
    /// Whether that role exists and lets that service assume it.
    fn trusts(&self, role_arn: &str, service: &str) -> Result<bool, StoreError>;
}

impl Roles for Iam {
    fn trusts(&self, role_arn: &str, service: &str) -> Result<bool, StoreError> {
        Ok(self.role(role_arn)?.is_some_and(|role| role.trusts(service)))
    }
}
