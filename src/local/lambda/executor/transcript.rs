//! The log of one invocation: AWS's START, END and REPORT lines around what the process prints.

use std::sync::Arc;
use std::time::Duration;

use super::super::Surroundings;
use super::super::function::{iso, utc};
use super::failure::Failure;
use super::{Request, Spec};

/// What the header `X-Amz-Log-Result` has room for.
const TAIL: usize = 4096;
/// Kept in memory before it goes to CloudWatch Logs.
const BATCH: usize = 512 * 1024;

pub(super) struct Transcript {
    surroundings: Arc<dyn Surroundings>,
    region: String,
    group: String,
    pub(super) stream: String,
    request_id: String,
    lines: Vec<(u64, String)>,
    bytes: usize,
    tail: String,
}

/// The numbers of the REPORT line.
pub(super) struct Usage {
    pub(super) duration: Duration,
    /// Of a cold start.
    pub(super) init: Option<Duration>,
    /// Bytes.
    pub(super) memory: u64,
}

impl Transcript {
    pub(super) fn new(surroundings: Arc<dyn Surroundings>, spec: &Spec, request: &Request, stream: String) -> Self {
        Self {
            surroundings,
            region: spec.region.clone(),
            group: spec.log_group.clone(),
            stream,
            request_id: request.id.clone(),
            lines: Vec::new(),
            bytes: 0,
            tail: String::new(),
        }
    }

    /// The name of a log stream for a new process.
    pub(super) fn new_stream(surroundings: &dyn Surroundings) -> String {
        let now = utc(surroundings.now_ms());
        let id = surroundings.uuid().replace('-', "");
        format!(
            "{}/{:02}/{:02}/[$LATEST]{id}",
            now.year(),
            u8::from(now.month()),
            now.day()
        )
    }

    /// An empty one for what the process still prints.
    pub(super) fn continued(&self) -> Self {
        Self {
            surroundings: self.surroundings.clone(),
            region: self.region.clone(),
            group: self.group.clone(),
            stream: self.stream.clone(),
            request_id: self.request_id.clone(),
            lines: Vec::new(),
            bytes: 0,
            tail: String::new(),
        }
    }

    pub(super) fn start(&mut self) {
        self.line(&format!("START RequestId: {} Version: $LATEST", self.request_id));
    }

    pub(super) fn print(&mut self, lines: Vec<String>) {
        for line in lines {
            self.line(&line);
        }
    }

    pub(super) fn failed(&mut self, failure: &Failure) {
        let now = iso(self.surroundings.now_ms());
        if let Some(line) = failure.log_line(&self.request_id, &now) {
            self.line(&line);
        }
    }

    /// Duration is billed in whole milliseconds, including a cold start's.
    pub(super) fn end(&mut self, spec: &Spec, usage: &Usage, failure: Option<&Failure>) {
        let id = self.request_id.clone();
        self.line(&format!("END RequestId: {id}"));
        let billed = usage.duration + usage.init.unwrap_or_default();
        let mut report = format!(
            "REPORT RequestId: {id}\tDuration: {:.2} ms\tBilled Duration: {} ms\tMemory Size: {} MB\tMax Memory Used: {} MB\t",
            milliseconds(usage.duration),
            milliseconds(billed).ceil(),
            spec.memory,
            usage.memory.div_ceil(1024 * 1024),
        );
        if let Some(init) = usage.init {
            report.push_str(&format!("Init Duration: {:.2} ms\t", milliseconds(init)));
        }
        if let Some(status) = failure.and_then(Failure::status) {
            report.push_str(&format!("Status: {status}"));
        }
        self.line(&report);
    }

    /// The last 4 KB.
    pub(super) fn tail(&self) -> String {
        self.tail.clone()
    }

    /// Sends what there is to CloudWatch Logs.
    pub(super) fn flush(&mut self) {
        let lines = std::mem::take(&mut self.lines);
        self.bytes = 0;
        if !lines.is_empty() {
            // As on AWS, a log that cannot be written does not fail the invocation.
            let _ = self.surroundings.log(&self.region, &self.group, &self.stream, lines);
        }
    }

    fn line(&mut self, line: &str) {
        let line = format!("{line}\n");
        self.tail.push_str(&line);
        if let Some(cut) = self.tail.len().checked_sub(TAIL) {
            let cut = (cut..self.tail.len()).find(|at| self.tail.is_char_boundary(*at));
            self.tail.drain(..cut.unwrap_or(self.tail.len()));
        }
        self.bytes += line.len();
        self.lines.push((self.surroundings.now_ms(), line));
        if self.bytes > BATCH {
            self.flush();
        }
    }
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}
