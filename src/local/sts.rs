//! STS: who the caller is.

use super::api::{ACCOUNT, ApiError, Call, Pending, Reply, Service};
use super::protocol::xml;

/// The service. It keeps nothing.
pub(crate) struct Sts;

impl Service for Sts {
    fn call(&self, call: Call) -> Pending<'_, Result<Reply, ApiError>> {
        Box::pin(async move {
            match call.operation.as_str() {
                "GetCallerIdentity" => Ok(caller_identity()),
                other => Err(ApiError::not_implemented("sts", other)),
            }
        })
    }
}

/// Signatures are not looked at, so every caller is the account's root user.
fn caller_identity() -> Reply {
    let mut out = xml::Writer::default();
    out.text("Arn", &format!("arn:aws:iam::{ACCOUNT}:root"));
    out.text("UserId", ACCOUNT);
    out.text("Account", ACCOUNT);
    Reply::Xml(out.finish())
}
