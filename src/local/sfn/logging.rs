//! Logs of executions in CloudWatch Logs
//! ([logging](https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html)).

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use time::OffsetDateTime;
use time::macros::format_description;

use super::shared::Shared;
use crate::engine::{HistoryEvent, Millis, Start};
use crate::local::logs::Logs;
use crate::local::store::StoreError;

/// Members of details that are data of the execution.
const DATA: &[&str] = &["input", "inputDetails", "output", "outputDetails", "parameters"];

/// CloudWatch Logs, as Step Functions needs it.
pub trait LogSink: Send + Sync + 'static {
    /// Whether there is such a log group.
    fn has_group(&self, region: &str, group: &str) -> Result<bool, StoreError>;

    /// Appends events to a stream, which is made if it is not there.
    fn put(&self, region: &str, group: &str, stream: &str, events: Vec<(Millis, String)>) -> Result<(), StoreError>;
}

impl LogSink for Logs {
    fn has_group(&self, region: &str, group: &str) -> Result<bool, StoreError> {
        Self::has_group(self, region, group)
    }

    fn put(&self, region: &str, group: &str, stream: &str, events: Vec<(Millis, String)>) -> Result<(), StoreError> {
        Self::put(self, region, group, stream, events)
    }
}

/// What is logged.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Level {
    All,
    Error,
    Fatal,
}

/// Where and what an execution logs.
#[derive(Clone, Debug)]
pub(super) struct Log {
    level: Level,
    data: bool,
    region: String,
    group: String,
    stream: String,
    execution_arn: String,
    redrives: u64,
}

impl Log {
    /// Reads the logging configuration of the revision that an execution runs; none if nothing is logged.
    pub(super) fn of(configuration: &Value, start: &Start) -> Option<Self> {
        let level = match configuration.get("level")?.as_str()? {
            "ALL" => Level::All,
            "ERROR" => Level::Error,
            "FATAL" => Level::Fatal,
            _ => return None,
        };
        let (region, group) = destination(configuration.get("destinations")?.get(0)?)?;
        Some(Self {
            level,
            data: configuration.get("includeExecutionData") == Some(&Value::Bool(true)),
            region: region.to_owned(),
            group: group.to_owned(),
            stream: stream(start),
            execution_arn: start.execution_arn.clone(),
            redrives: 0,
        })
    }

    /// The execution was redriven.
    pub(super) fn redriven(&mut self) {
        self.redrives += 1;
    }

    fn wants(&self, kind: &str) -> bool {
        match self.level {
            Level::All => true,
            Level::Error => {
                kind == "FailStateEntered" || ["Failed", "TimedOut", "Aborted"].iter().any(|end| kind.ends_with(end))
            }
            Level::Fatal => matches!(kind, "ExecutionFailed" | "ExecutionTimedOut" | "ExecutionAborted"),
        }
    }

    fn line(&self, event: &HistoryEvent) -> String {
        let mut details = event
            .details
            .as_ref()
            .map_or_else(|| json!({}), |(_, details)| details.clone());
        if let (false, Some(members)) = (self.data, details.as_object_mut()) {
            for member in DATA {
                members.shift_remove(*member);
            }
        }
        json!({
            "id": event.id.to_string(),
            "type": event.kind,
            "details": details,
            "redrive_count": self.redrives.to_string(),
            "previous_event_id": event.previous_event_id.to_string(),
            "event_timestamp": event.timestamp.to_string(),
            "execution_arn": self.execution_arn,
        })
        .to_string()
    }
}

impl Shared {
    /// Delivers events that were stored. As on AWS, a delivery that fails does not hold up the execution.
    pub(super) fn deliver(&self, log: Option<&Log>, events: &[HistoryEvent]) {
        let Some(log) = log else {
            return;
        };
        let lines: Vec<(Millis, String)> = events
            .iter()
            .filter(|event| log.wants(&event.kind))
            .map(|event| (event.timestamp, log.line(event)))
            .collect();
        if !lines.is_empty() && self.logs.has_group(&log.region, &log.group).unwrap_or(false) {
            let _ = self.logs.put(&log.region, &log.group, &log.stream, lines);
        }
    }
}

/// Region and name of the log group of a destination, whose ARN ends with `:*`.
pub(super) fn destination(destination: &Value) -> Option<(&str, &str)> {
    let arn = destination
        .get("cloudWatchLogsLogGroup")?
        .get("logGroupArn")?
        .as_str()?;
    let parts: Vec<&str> = arn.split(':').collect();
    match parts[..] {
        ["arn", _, "logs", region, _, "log-group", name, "*"] if !name.is_empty() => Some((region, name)),
        _ => None,
    }
}

/// `states/MACHINE/2024-06-10-12-20/1a2b3c4d`, a stream for each execution.
fn stream(start: &Start) -> String {
    let minute = i64::try_from(start.started_at / 1000)
        .ok()
        .and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok())
        .and_then(|at| {
            at.format(format_description!("[year]-[month]-[day]-[hour]-[minute]"))
                .ok()
        })
        .unwrap_or_default();
    let hash = Sha256::digest(start.execution_arn.as_bytes());
    let hash: String = hash.iter().take(4).map(|byte| format!("{byte:02x}")).collect();
    format!("states/{}/{minute}/{hash}", start.state_machine_name)
}
