//! IAM roles and their policies. Nothing is enforced: what is kept is what AWS would keep.

mod document;
mod params;
mod policies;
mod roles;
mod table;
#[cfg(test)]
mod tests;
mod trust;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use rusqlite::{Connection, Transaction};

use super::api::{ApiError, Call, Pending, Reply, Service};
use super::store::{Store, StoreError};
use params::Params;
use table::Role;
pub use trust::RoleView;

/// The service.
pub struct Iam {
    store: Store,
}

impl Iam {
    /// Makes the tables.
    pub fn open(store: Store) -> Result<Self, StoreError> {
        store.ensure_schema(table::SCHEMA)?;
        Ok(Self { store })
    }

    /// A role, by ARN or name. An ARN of another account or of another path is none of ours.
    pub fn role(&self, arn_or_name: &str) -> Result<Option<RoleView>, StoreError> {
        let name = arn_or_name.rsplit('/').next().unwrap_or(arn_or_name);
        let Some(role) = self.store.read(|db| Role::find(db, name))? else {
            return Ok(None);
        };
        let arn = role.arn();
        if arn_or_name.starts_with("arn:") && arn_or_name != arn {
            return Ok(None);
        }
        let trust = role.trust_value()?;
        Ok(Some(RoleView {
            name: role.name,
            arn,
            trust,
        }))
    }

    fn answer(&self, call: &Call) -> Result<Reply, ApiError> {
        let params = Params::new(&call.input);
        match call.operation.as_str() {
            "CreateRole" => self.write(roles::create, &params),
            "GetRole" => self.read(roles::get, &params),
            "ListRoles" => self.read(roles::list, &params),
            "UpdateRole" => self.write(roles::update, &params),
            "UpdateAssumeRolePolicy" => self.write(roles::update_trust, &params),
            "DeleteRole" => self.write(roles::delete, &params),
            "TagRole" => self.write(roles::tag, &params),
            "UntagRole" => self.write(roles::untag, &params),
            "ListRoleTags" => self.read(roles::list_tags, &params),
            "ListInstanceProfilesForRole" => self.read(roles::list_instance_profiles, &params),
            "PutRolePolicy" => self.write(policies::put, &params),
            "GetRolePolicy" => self.read(policies::get, &params),
            "ListRolePolicies" => self.read(policies::list, &params),
            "DeleteRolePolicy" => self.write(policies::delete, &params),
            "AttachRolePolicy" => self.write(policies::attach, &params),
            "DetachRolePolicy" => self.write(policies::detach, &params),
            "ListAttachedRolePolicies" => self.read(policies::list_attached, &params),
            other => Err(ApiError::not_implemented("iam", other)),
        }
    }

    fn write(
        &self,
        operation: fn(&Transaction<'_>, &Params<'_>) -> Result<Reply, ApiError>,
        params: &Params<'_>,
    ) -> Result<Reply, ApiError> {
        self.store.write(|db| operation(db, params))
    }

    fn read(
        &self,
        operation: fn(&Connection, &Params<'_>) -> Result<Reply, ApiError>,
        params: &Params<'_>,
    ) -> Result<Reply, ApiError> {
        self.store.read(|db| operation(db, params))
    }
}

impl Service for Iam {
    fn call(&self, call: Call) -> Pending<'_, Result<Reply, ApiError>> {
        Box::pin(async move { self.answer(&call) })
    }
}

/// What RFC 3986 leaves unreserved stays as it is.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// IAM gives policy documents URL-encoded.
fn url_encode(document: &str) -> String {
    utf8_percent_encode(document, RESERVED).to_string()
}
