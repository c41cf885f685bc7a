//! How an invocation can fail, and what AWS says then.
//!
//! Texts: <https://docs.aws.amazon.com/lambda/latest/dg/troubleshooting-invocation.html>

use std::os::unix::process::ExitStatusExt as _;
use std::process::ExitStatus;
use std::time::Duration;

use bytes::Bytes;
use serde_json::json;

/// Of a result: <https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>
pub(super) const RESPONSE_LIMIT: usize = 6_291_556;

/// Why there is no result.
#[derive(Debug)]
pub(super) enum Failure {
    /// The runtime reported that error, a JSON object.
    Reported(Bytes),
    /// The process ended.
    Exited(ExitStatus),
    /// It was ended because it used more memory than it has.
    OutOfMemory,
    TimedOut(Duration),
    ResponseTooLarge,
    /// It could not be started.
    InvalidEntrypoint(String),
}

impl Failure {
    /// Whether the process can serve the next invocation.
    pub(super) fn leaves_process_usable(&self) -> bool {
        matches!(self, Self::Reported(_) | Self::ResponseTooLarge)
    }

    /// The payload of the answer.
    pub(super) fn payload(&self, request_id: &str) -> Bytes {
        match self {
            Self::Reported(error) => error.clone(),
            Self::ResponseTooLarge => {
                Bytes::from(json!({ "errorType": self.kind(), "errorMessage": self.message() }).to_string())
            }
            _ => Bytes::from(
                json!({
                    "errorType": self.kind(),
                    "errorMessage": format!("RequestId: {request_id} Error: {}", self.message()),
                })
                .to_string(),
            ),
        }
    }

    /// What AWS writes into the log beside the process's own output.
    pub(super) fn log_line(&self, request_id: &str, now: &str) -> Option<String> {
        match self {
            Self::Reported(_) | Self::ResponseTooLarge => None,
            Self::TimedOut(_) => Some(format!("{now} {request_id} {}\n", self.message())),
            _ => Some(format!(
                "RequestId: {request_id} Error: {}\n{}",
                self.message(),
                self.kind()
            )),
        }
    }

    /// For the REPORT line.
    pub(super) fn status(&self) -> Option<String> {
        match self {
            Self::Reported(_) => None,
            Self::TimedOut(_) => Some("timeout".to_owned()),
            Self::OutOfMemory => Some("error\tError Type: Runtime.OutOfMemory".to_owned()),
            _ => Some(format!("error\tError Type: {}", self.kind())),
        }
    }

    fn kind(&self) -> &'static str {
        match self {
            Self::Reported(_) => "Unhandled",
            Self::Exited(_) | Self::OutOfMemory => "Runtime.ExitError",
            Self::TimedOut(_) => "Sandbox.Timedout",
            Self::ResponseTooLarge => "Function.ResponseSizeTooLarge",
            Self::InvalidEntrypoint(_) => "Runtime.InvalidEntrypoint",
        }
    }

    fn message(&self) -> String {
        match self {
            Self::Reported(_) => String::new(),
            Self::Exited(status) => exited(*status),
            Self::OutOfMemory => "Runtime exited with error: signal: killed".to_owned(),
            Self::TimedOut(limit) => format!("Task timed out after {}.00 seconds", limit.as_secs()),
            Self::ResponseTooLarge => {
                format!("Response payload size exceeded maximum allowed payload size ({RESPONSE_LIMIT} bytes).")
            }
            Self::InvalidEntrypoint(why) => why.clone(),
        }
    }
}

fn exited(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(0), _) => "Runtime exited without providing a reason".to_owned(),
        (Some(code), _) => format!("Runtime exited with error: exit status {code}"),
        (None, signal) => {
            let dumped = if status.core_dumped() { " (core dumped)" } else { "" };
            format!(
                "Runtime exited with error: signal: {}{dumped}",
                signal_text(signal.unwrap_or_default())
            )
        }
    }
}

/// As Go names signals, in which AWS's side is written.
fn signal_text(signal: i32) -> String {
    use nix::sys::signal::Signal;
    match Signal::try_from(signal) {
        Ok(Signal::SIGHUP) => "hangup".to_owned(),
        Ok(Signal::SIGINT) => "interrupt".to_owned(),
        Ok(Signal::SIGQUIT) => "quit".to_owned(),
        Ok(Signal::SIGILL) => "illegal instruction".to_owned(),
        Ok(Signal::SIGTRAP) => "trace/breakpoint trap".to_owned(),
        Ok(Signal::SIGABRT) => "aborted".to_owned(),
        Ok(Signal::SIGBUS) => "bus error".to_owned(),
        Ok(Signal::SIGFPE) => "floating point exception".to_owned(),
        Ok(Signal::SIGKILL) => "killed".to_owned(),
        Ok(Signal::SIGSEGV) => "segmentation fault".to_owned(),
        Ok(Signal::SIGPIPE) => "broken pipe".to_owned(),
        Ok(Signal::SIGALRM) => "alarm clock".to_owned(),
        Ok(Signal::SIGTERM) => "terminated".to_owned(),
        _ => format!("signal {signal}"),
    }
}
