//! What functions need of the rest of the local cloud.

use std::sync::Arc;

use bytes::Bytes;

use crate::local::api::ApiError;
use crate::local::clock;
use crate::local::iam::Iam;
use crate::local::logs::Logs;
use crate::local::random;
use crate::local::s3::Objects;
use crate::local::store::StoreError;

/// IAM, logs, time and randomness as Lambda sees them; tests have their own.
pub trait Surroundings: Send + Sync + 'static {
    /// How a role stands towards `lambda.amazonaws.com`.
    fn role(&self, arn: &str) -> Result<RoleStanding, StoreError>;

    /// Appends lines, each with its milliseconds since the Unix epoch, to a log stream, which is made if missing.
    fn log(&self, region: &str, group: &str, stream: &str, lines: Vec<(u64, String)>) -> Result<(), StoreError>;

    /// The bytes of an object in S3.
    fn object(&self, bucket: &str, key: &str) -> Result<Bytes, ApiError>;

    /// Where functions reach the local cloud, e.g. `http://127.0.0.1:4566`.
    fn endpoint(&self) -> String;

    /// Milliseconds since the Unix epoch.
    fn now_ms(&self) -> u64;

    /// A random UUID.
    fn uuid(&self) -> String;
}

/// Whether Lambda may use a role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RoleStanding {
    /// It trusts `lambda.amazonaws.com`, or is not there.
    Assumable,
    /// It does not trust Lambda.
    NotAssumable,
}

/// The other services of the local cloud.
pub(super) struct Neighbours {
    pub(super) iam: Arc<Iam>,
    pub(super) logs: Arc<Logs>,
    pub(super) objects: Arc<dyn Objects>,
    pub(super) endpoint: String,
}

impl Surroundings for Neighbours {
    fn role(&self, arn: &str) -> Result<RoleStanding, StoreError> {
        // Scripts written for emulators name roles that nobody made; policies are not evaluated here, so such a role would
        // decide nothing. One that is there and does not trust Lambda would fail on AWS.
        Ok(match self.iam.role(arn)? {
            Some(role) if !role.trusts("lambda.amazonaws.com") => RoleStanding::NotAssumable,
            _ => RoleStanding::Assumable,
        })
    }

    fn log(&self, region: &str, group: &str, stream: &str, lines: Vec<(u64, String)>) -> Result<(), StoreError> {
        self.logs.put(region, group, stream, lines)
    }

    fn object(&self, bucket: &str, key: &str) -> Result<Bytes, ApiError> {
        self.objects.get(bucket, key)
    }

    fn endpoint(&self) -> String {
        self.endpoint.clone()
    }

    fn now_ms(&self) -> u64 {
        clock::now()
    }

    fn uuid(&self) -> String {
        random::uuid()
    }
}
