//! A call with what all operations need of it, and the URLs of queues.

use rusqlite::Connection;
use serde_json::Value;

use super::error::{missing, no_such_queue};
use super::input::Input;
use super::table::Queue;
use crate::local::api::{ACCOUNT, ApiError, Call};

/// A call of SQS.
pub(super) struct Request<'a> {
    pub(super) input: Input<'a>,
    pub(super) region: &'a str,
    /// In milliseconds.
    pub(super) now: i64,
    /// Where the client found the local cloud: the beginning of queue URLs.
    base: String,
    /// The path of the call, in which clients of the query protocol may name the queue.
    path: &'a str,
}

impl<'a> Request<'a> {
    /// `endpoint`: for calls that do not tell which host they were sent to.
    pub(super) fn new(call: &'a Call, input: &'a Value, endpoint: &str, now: i64) -> Self {
        Self {
            input: Input(input),
            region: &call.region,
            now,
            base: base(call).unwrap_or_else(|| endpoint.trim_end_matches('/').to_owned()),
            path: &call.path,
        }
    }

    /// The URL of a queue.
    pub(super) fn url(&self, name: &str) -> String {
        format!("{}/{ACCOUNT}/{name}", self.base)
    }

    /// The queue that is meant.
    pub(super) fn queue(&self, db: &Connection) -> Result<Queue, ApiError> {
        let url = match self.input.text("QueueUrl")? {
            Some(url) if !url.is_empty() => url,
            _ if self.path.trim_matches('/').is_empty() => return Err(missing("QueueUrl")),
            _ => self.path,
        };
        let (region, account, name) = split(url).ok_or_else(|| {
            ApiError::new(
                "InvalidAddress",
                format!("The address {url} is not valid for this endpoint."),
            )
        })?;
        if account != ACCOUNT {
            return Err(no_such_queue());
        }
        Queue::get(db, region.unwrap_or(self.region), name)
    }

    /// Parameters that the local cloud does not act upon.
    pub(super) fn refuse(&self, members: &[&str]) -> Result<(), ApiError> {
        let given = |member: &&&str| !matches!(self.input.0.get(**member), None | Some(Value::Null));
        match members.iter().find(given) {
            Some(member) => Err(super::error::not_implemented(&format!("the parameter {member}"))),
            None => Ok(()),
        }
    }
}

fn base(call: &Call) -> Option<String> {
    let host = call.headers.get(http::header::HOST)?.to_str().ok()?;
    let allowed = |character: char| character.is_ascii_alphanumeric() || ".-_:[]".contains(character);
    // A caller in another process of this machine comes under a name that stands for no host.
    (!host.is_empty() && host.chars().all(allowed) && !host.ends_with(".invalid")).then(|| format!("http://{host}"))
}

/// Region, if the host names one, account and name of a queue's URL: `http://HOST/ACCOUNT/NAME`,
/// `https://sqs.REGION.amazonaws.com/ACCOUNT/NAME`, or only the path.
fn split(url: &str) -> Option<(Option<&str>, &str, &str)> {
    let (host, path) = match url.split_once("://") {
        Some((_, rest)) => rest.split_once('/')?,
        None => ("", url.trim_start_matches('/')),
    };
    let (before, name) = path.trim_end_matches('/').rsplit_once('/')?;
    let account = before.rsplit('/').next()?;
    let region = host.strip_prefix("sqs.").and_then(|rest| rest.split('.').next());
    let region = region.filter(|region| region.matches('-').count() >= 2);
    (!name.is_empty() && !account.is_empty()).then_some((region, account, name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(url: &str, expected: Option<(Option<&str>, &str, &str)>) {
        assert_eq!(split(url), expected, "{url}");
    }

    #[test]
    fn urls_of_queues_have_account_and_name_at_their_end() {
        check(
            "http://127.0.0.1:4566/000000000000/q",
            Some((None, "000000000000", "q")),
        );
        check(
            "https://sqs.eu-west-1.amazonaws.com/1/q.fifo",
            Some((Some("eu-west-1"), "1", "q.fifo")),
        );
        check(
            "http://sqs.us-east-1.localhost.localstack.cloud:4566/000000000000/q",
            Some((Some("us-east-1"), "000000000000", "q")),
        );
        check("https://queue.amazonaws.com/1/q", Some((None, "1", "q")));
        check("/000000000000/q", Some((None, "000000000000", "q")));
        for wrong in ["", "q", "http://x", "http://x/", "http://x/q", "//"] {
            check(wrong, None);
        }
    }
}
