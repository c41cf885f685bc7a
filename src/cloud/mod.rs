//! The only user of the AWS SDK: clients, observing what is there, applying a plan, executions.

mod apply;
mod callback;
mod connect;
mod connector;
pub mod emulator;
mod error;
mod execution;
mod function;
mod items;
mod log_group;
mod machine;
mod observe;
mod observe_data;
mod observe_logs;
pub mod package;
mod queue;
mod rehearsal;
mod role;
mod scope;
mod subscription;
mod table;
mod table_form;
#[cfg(test)]
mod tests;
mod topic;
mod unlisted;
mod wait;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use serde_json::Value;
use tokio::sync::watch;

pub use connect::{LOCALSTACK, connect};
pub use package::{PackageError, package};

use crate::event::Sink;
use crate::plan::Identity;
use unlisted::Unlisted;

/// What carries requests of the SDK to an AWS in this process, in place of a network.
pub trait Door: Send + Sync + std::fmt::Debug {
    /// Answers one HTTP request; an error is a connection that failed.
    fn call(
        &self,
        request: http::Request<Bytes>,
    ) -> Pin<Box<dyn Future<Output = Result<http::Response<Bytes>, String>> + Send>>;
}

/// Where and how to connect.
#[derive(Clone, Default)]
pub struct ConnectOptions {
    /// `local`, `localstack` or `aws`: for messages, for the credentials (static ones except for `aws`).
    pub target: String,
    /// For `local`: the door. Then no network is used at all.
    pub door: Option<Arc<dyn Door>>,
    /// An endpoint for all services; for `localstack` `http://127.0.0.1:4566` unless given.
    pub endpoint_url: Option<String>,
    /// A profile of the AWS configuration.
    pub profile: Option<String>,
    /// A region, instead of the configured one.
    pub region: Option<String>,
    /// Where it is noted what of an emulator is missing and not needed.
    pub notes: Option<Arc<dyn Sink>>,
}

/// The cloud did not do it.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct CloudError {
    /// A lowercase fragment: what was tried and what AWS said, with its error code.
    pub message: String,
    /// For the exit code.
    pub kind: ErrorKind,
    /// What would mend it.
    pub hints: Vec<String>,
    /// What it came from.
    #[source]
    pub source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// Whose fault it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// The endpoint could not be reached.
    Unreachable,
    /// Credentials, permissions, quota (exit code 3).
    Refused,
    /// The thing asked for is not there (exit code 2 when the user named it).
    NotFound,
    /// Anything else AWS answered.
    Failed,
}

/// A connected AWS.
#[derive(Clone, Debug)]
pub struct Cloud {
    identity: Arc<Identity>,
    clients: Clients,
    calls: Arc<AtomicU64>,
    unlisted: Unlisted,
}

/// How to apply.
#[derive(Clone, Debug)]
pub struct ApplyOptions {
    /// How long to wait for AWS to catch up (IAM propagation, Lambda states, asynchronous deletes).
    pub patience: Duration,
    /// Steps in flight at once.
    pub concurrency: usize,
    /// Once this is true, no more steps are begun.
    pub stop: Option<watch::Receiver<bool>>,
}

/// What applying did.
#[derive(Clone, Debug, Default)]
pub struct Applied {
    /// Ids of the steps done.
    pub done: Vec<String>,
    /// Step id and why.
    pub failed: Vec<(String, String)>,
    /// Step id and the step it waited for.
    pub skipped: Vec<(String, String)>,
    /// The kind of the first failure.
    pub kind: Option<ErrorKind>,
}

/// One resource of a stack as it stands, for `status`.
#[derive(Clone, Debug, serde::Serialize, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct ResourceStatus {
    /// What it is.
    pub kind: crate::plan::Kind,
    /// Its physical name.
    pub name: String,
    /// Its ARN.
    pub arn: String,
    /// `ACTIVE`, `Pending` … as AWS writes it; none for kinds without one.
    pub status: Option<String>,
}

/// One execution.
#[derive(Clone, Debug, serde::Serialize, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct ExecutionSummary {
    /// Its ARN.
    pub arn: String,
    /// Its name.
    pub name: String,
    /// `RUNNING`, `SUCCEEDED`, `FAILED`, `TIMED_OUT`, `ABORTED`, `PENDING_REDRIVE`.
    pub status: String,
    /// Milliseconds since the Unix epoch.
    pub started_at: u64,
    /// The same; none while it runs.
    pub stopped_at: Option<u64>,
    /// JSON text; only from `describe_execution`.
    pub input: Option<String>,
    /// JSON text; only from `describe_execution`.
    pub output: Option<String>,
    /// Only from `describe_execution`.
    pub error: Option<String>,
    /// Only from `describe_execution`.
    pub cause: Option<String>,
}

/// One history event, reduced to what following an execution needs.
#[derive(Clone, Debug, PartialEq)]
pub struct HistoryItem {
    /// Its id.
    pub id: u64,
    /// The one before.
    pub previous_id: u64,
    /// Milliseconds since the Unix epoch.
    pub at_ms: u64,
    /// E.g. `TaskStateEntered`.
    pub kind: String,
    /// Of `TaskScheduled`: what is called, e.g. `publish.waitForTaskToken`.
    pub resource: Option<String>,
    /// The state of `…StateEntered` / `…StateExited`.
    pub state: Option<String>,
    /// Input or output, parsed, of the events that have one.
    pub data: Option<Value>,
    /// Of the events of failure.
    pub error: Option<String>,
    /// Of the events of failure.
    pub cause: Option<String>,
}

/// The AWS clients that are used; cheap to clone.
#[derive(Clone, Debug)]
struct Clients {
    dynamodb: aws_sdk_dynamodb::Client,
    iam: aws_sdk_iam::Client,
    lambda: aws_sdk_lambda::Client,
    logs: aws_sdk_cloudwatchlogs::Client,
    sfn: aws_sdk_sfn::Client,
    sns: aws_sdk_sns::Client,
    sqs: aws_sdk_sqs::Client,
    sts: aws_sdk_sts::Client,
}

impl Cloud {
    /// Who and where we are.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// API calls made so far, retries included.
    pub fn calls(&self) -> u64 {
        self.calls.load(Ordering::Relaxed)
    }
}

/// Text in which bytes may be written as `%` and two hexadecimal digits.
fn percent_decoded(text: &str) -> String {
    percent_encoding::percent_decode_str(text)
        .decode_utf8_lossy()
        .into_owned()
}
