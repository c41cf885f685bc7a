//! IAM roles and their policies. Nothing is enforced: what is kept is what AWS would keep.

use serde_json::Value;

use super::api::{ApiError, Call, Pending, Reply, Service};
use super::store::{Store, StoreError};

/// The service.
pub struct Iam {
    store: Store,
}

/// What other services need to know of a role.
#[derive(Clone, Debug, PartialEq)]
pub struct RoleView {
    /// Its name.
    pub name: String,
    /// Its ARN.
    pub arn: String,
    /// Its trust policy.
    pub trust: Value,
}

impl RoleView {
    /// Does the trust policy allow `sts:AssumeRole` to this service, e.g. `lambda.amazonaws.com`?
    pub fn trusts(&self, _service: &str) -> bool {
        todo!("helper D")
    }
}

impl Iam {
    /// Makes the tables.
    pub fn open(store: Store) -> Result<Self, StoreError> {
        Ok(Self { store })
    }

    /// A role, by ARN or name.
    pub fn role(&self, _arn_or_name: &str) -> Result<Option<RoleView>, StoreError> {
        todo!("helper D")
    }
}

impl Service for Iam {
    fn call(&self, call: Call) -> Pending<'_, Result<Reply, ApiError>> {
        let _ = &self.store;
        Box::pin(async move { Err(ApiError::not_implemented("iam", &call.operation)) })
    }
}
