//! What is said of each event; the same words for the live tree and the plain lines.

use std::collections::BTreeMap;

use serde_json::Value;

use super::smoke::progress::Progress;
use super::text::{duration, escape, pad, shorten};
use super::theme::{Meaning, Theme};
use crate::event::Event;

/// Causes longer than this are cut on a line; the whole is in the outcome.
const LONGEST_CAUSE: usize = 300;

/// Turns events into lines. Remembers which executions and states are open, to tell them apart and to close them.
pub(super) struct Words {
    theme: Theme,
    /// Open states by execution and by the event that entered them.
    executions: BTreeMap<String, BTreeMap<u64, State>>,
    /// Whether more than one execution has been seen at a time: then each line says whose it is.
    several: bool,
    /// What the names of all executions seen begin with, up to a dash; not repeated on each line.
    common: Option<String>,
    /// For how long each step had waited when that was last said, in milliseconds.
    waits_said: BTreeMap<String, u64>,
    /// Width of the column of state names.
    column: usize,
    /// What is said of test cases.
    cases: Progress,
}

struct State {
    name: String,
    state_type: String,
    /// Whether a failure of its work was told; it may be retried.
    failed: bool,
}

impl Words {
    pub(super) fn new(theme: Theme) -> Self {
        Self {
            theme,
            executions: BTreeMap::new(),
            several: false,
            common: None,
            waits_said: BTreeMap::new(),
            column: 20,
            cases: Progress::default(),
        }
    }

    /// What is said of a test case while it runs.
    pub(super) fn case_running(&self, file: &str, case: &str, attempt: u32) -> String {
        self.cases.running(file, case, attempt)
    }

    /// The lines for an event; none for what only a live tree shows.
    pub(super) fn lines(&mut self, event: &Event) -> Vec<String> {
        match event {
            Event::Target {
                target,
                account,
                region,
                endpoint,
                product,
            } => {
                let place = place_words(product.as_deref(), endpoint.as_deref());
                vec![self.target(target, &place, account, region)]
            }
            // Shown in full, with their places, by the command that found them.
            Event::Finding { .. } | Event::Planned { .. } | Event::Error { .. } => Vec::new(),
            Event::StepStarted { .. } => Vec::new(),
            Event::StepWaiting {
                step,
                reason,
                waited_ms,
                ..
            } => self.waiting(step, reason, *waited_ms).into_iter().collect(),
            Event::StepFinished {
                action,
                kind,
                name,
                took_ms,
                ..
            } => vec![self.step_finished(action, kind, name, *took_ms)],
            Event::StepFailed {
                action,
                kind,
                name,
                error,
                hints,
                ..
            } => self.step_failed(action, kind, name, error, hints),
            Event::StepSkipped {
                kind, name, because, ..
            } => {
                let skipped = self.theme.paint(Meaning::Warning, "skipped");
                vec![format!(
                    "{skipped} {} {}: it needs `{}`",
                    kind_words(kind),
                    escape(name),
                    escape(because)
                )]
            }
            // Outputs are shown by the command, on standard output.
            Event::Applied { .. } | Event::Outputs { .. } => Vec::new(),
            Event::ExecutionStarted {
                execution,
                state_machine,
                ..
            } => vec![self.execution_started(execution, state_machine)],
            Event::StateEntered { .. }
            | Event::StateRunning { .. }
            | Event::CallbackPending { .. }
            | Event::StateExited { .. }
            | Event::TaskFailed { .. } => self.state(event).into_iter().collect(),
            Event::ExecutionFinished {
                execution,
                status,
                error,
                cause,
                took_ms,
                ..
            } => self.execution_finished(execution, status, error.as_deref(), cause.as_deref(), *took_ms),
            Event::SuiteStarted { .. }
            | Event::CaseStarted { .. }
            | Event::CaseFinished { .. }
            | Event::SuiteFinished { .. }
            | Event::Swept { .. } => self.cases.lines(event, self.theme),
            Event::Note { message } => vec![escape(message).into_owned()],
            Event::Warning { message } => {
                vec![format!(
                    "{} {}",
                    self.theme.paint(Meaning::Warning, "warning:"),
                    escape(message)
                )]
            }
        }
    }

    fn target(&self, target: &str, place: &str, account: &str, region: &str) -> String {
        format!(
            "target {}{place}, account {}, region {}",
            self.theme.paint(Meaning::Strong, &escape(target)),
            escape(account),
            escape(region)
        )
    }

    /// Said after a second, and again whenever the wait has doubled.
    fn waiting(&mut self, step: &str, reason: &str, waited_ms: u64) -> Option<String> {
        let said = self.waits_said.entry(step.to_owned()).or_default();
        if waited_ms < 1000.max(said.saturating_mul(2)) {
            return None;
        }
        *said = waited_ms;
        let text = format!(
            "waiting for `{}`: {} ({})",
            escape(step),
            escape(reason),
            duration(waited_ms)
        );
        Some(self.theme.paint(Meaning::Faint, &text))
    }

    fn step_finished(&self, action: &str, kind: &str, name: &str, took_ms: u64) -> String {
        let (done, meaning) = match action {
            "create" => ("created", Meaning::Added),
            "update" => ("updated", Meaning::Changed),
            "delete" => ("deleted", Meaning::Removed),
            other => (other, Meaning::Strong),
        };
        format!(
            "{} {} {} {}",
            self.theme.paint(meaning, &escape(done)),
            kind_words(kind),
            escape(name),
            self.theme.paint(Meaning::Faint, &format!("({})", duration(took_ms)))
        )
    }

    fn step_failed(&self, action: &str, kind: &str, name: &str, error: &str, hints: &[String]) -> Vec<String> {
        let failed = self.theme.paint(Meaning::Bad, "failed");
        let mut lines = vec![format!(
            "{failed} to {} {} {}: {}",
            escape(action),
            kind_words(kind),
            escape(name),
            escape(error)
        )];
        let hint = self.theme.paint(Meaning::Hint, "hint:");
        lines.extend(hints.iter().map(|text| format!("  {hint} {}", escape(text))));
        lines
    }

    fn execution_started(&mut self, execution: &str, state_machine: &str) -> String {
        self.executions.insert(execution.to_owned(), BTreeMap::new());
        self.several |= self.executions.len() > 1;
        self.common = Some(match self.common.take() {
            None => execution.to_owned(),
            Some(common) => common_start(&common, execution).to_owned(),
        });
        format!(
            "execution {} of {} started",
            self.theme.paint(Meaning::Strong, &escape(execution)),
            escape(state_machine)
        )
    }

    fn state(&mut self, event: &Event) -> Option<String> {
        match event {
            Event::StateEntered {
                execution,
                entered,
                state,
                state_type,
                ..
            } => {
                self.column = self.column.max(state.chars().count()).min(80);
                let open = State {
                    name: state.clone(),
                    state_type: state_type.clone(),
                    failed: false,
                };
                self.executions
                    .entry(execution.clone())
                    .or_default()
                    .insert(*entered, open);
                None
            }
            Event::StateRunning {
                execution,
                state,
                state_type,
                ..
            } => Some(self.state_line(execution, state, state_type, "running …", Meaning::Faint)),
            Event::CallbackPending {
                execution,
                state,
                state_type,
                resource,
                ..
            } => {
                let waits = format!("waits for a callback ({})", escape(resource));
                Some(self.state_line(execution, state, state_type, &waits, Meaning::Warning))
            }
            Event::StateExited {
                execution,
                entered,
                state,
                state_type,
                took_ms,
                ..
            } => {
                self.executions.get_mut(execution)?.remove(entered);
                Some(self.state_line(execution, state, state_type, &duration(*took_ms), Meaning::Faint))
            }
            Event::TaskFailed {
                execution,
                entered,
                state,
                error,
                cause,
            } => {
                let open = self
                    .executions
                    .get_mut(execution)
                    .and_then(|open| open.get_mut(entered));
                let state_type = open.map_or_else(
                    || "Task".to_owned(),
                    |open| {
                        open.failed = true;
                        open.state_type.clone()
                    },
                );
                let why = format!("failed: {}", why(error.as_deref(), cause.as_deref()));
                Some(self.state_line(execution, state, &state_type, &why, Meaning::Warning))
            }
            _ => None,
        }
    }

    fn execution_finished(
        &mut self,
        execution: &str,
        status: &str,
        error: Option<&str>,
        cause: Option<&str>,
        took_ms: u64,
    ) -> Vec<String> {
        let open = self.executions.remove(execution).unwrap_or_default();
        let (fate, meaning) = match status {
            "SUCCEEDED" => ("", Meaning::Good),
            "ABORTED" => ("aborted", Meaning::Bad),
            "TIMED_OUT" => ("timed out", Meaning::Bad),
            _ => ("failed", Meaning::Bad),
        };
        let culprit_told = status == "FAILED" && open.values().any(|state| state.failed);
        let mut lines: Vec<String> = open
            .values()
            .filter(|state| !(culprit_told && state.failed))
            .map(|state| {
                // Beside it, states end whose history does not say so.
                let holds_others = ["Parallel", "Map"].contains(&state.state_type.as_str());
                let (fate, meaning) = match culprit_told && !holds_others {
                    true => ("stopped", Meaning::Faint),
                    false => (fate, meaning),
                };
                self.state_line(execution, &state.name, &state.state_type, fate, meaning)
            })
            .collect();
        let why = match (error, cause) {
            (None, None) => String::new(),
            _ => format!(": {}", why(error, cause)),
        };
        lines.push(format!(
            "{}{} in {}{why}",
            self.whose(execution),
            self.theme.paint(meaning, &escape(status)),
            duration(took_ms)
        ));
        lines
    }

    fn state_line(&self, execution: &str, state: &str, state_type: &str, rest: &str, meaning: Meaning) -> String {
        format!(
            "{}  {}  {}  {}",
            self.whose(execution),
            pad(&escape(state), self.column),
            pad(&escape(state_type), 8),
            self.theme.paint(meaning, rest)
        )
        .trim_end()
        .to_owned()
    }

    fn whose(&self, execution: &str) -> String {
        if !self.several {
            return String::new();
        }
        let own = self
            .common
            .as_deref()
            .and_then(|common| execution.strip_prefix(common))
            .filter(|own| !own.is_empty())
            .unwrap_or(execution);
        format!("[{}] ", escape(own))
    }
}

/// A kind as people say it: `state-machine` → `state machine`.
pub(super) fn kind_words(kind: &str) -> String {
    escape(kind).replace('-', " ")
}

/// What both begin with, up to and with the last dash.
fn common_start<'a>(one: &'a str, other: &str) -> &'a str {
    let same: usize = one
        .chars()
        .zip(other.chars())
        .take_while(|(a, b)| a == b)
        .map(|(character, _)| character.len_utf8())
        .sum();
    let same = one.get(..same).unwrap_or_default();
    same.rfind('-').and_then(|dash| one.get(..=dash)).unwrap_or_default()
}

/// Error and cause on one line. Of a cause that Lambda wrote as JSON, the message.
pub(super) fn why(error: Option<&str>, cause: Option<&str>) -> String {
    let cause = cause.map(|cause| shorten(&escape(&message_of(cause)), LONGEST_CAUSE).into_owned());
    match (error.filter(|error| !error.is_empty()), cause) {
        (Some(error), Some(cause)) if !cause.is_empty() => format!("{}: {cause}", escape(error)),
        (Some(error), _) => escape(error).into_owned(),
        (None, Some(cause)) if !cause.is_empty() => cause,
        (None, _) => "no error was given".to_owned(),
    }
}

/// The message of a cause that Lambda wrote as JSON; else the cause.
pub fn message_of(cause: &str) -> String {
    serde_json::from_str::<Value>(cause)
        .ok()
        .and_then(|cause| cause.get("errorMessage")?.as_str().map(str::to_owned))
        .unwrap_or_else(|| cause.to_owned())
}

/// `, LocalStack community 4.14.0 at http://127.0.0.1:4566`.
fn place_words(product: Option<&str>, endpoint: Option<&str>) -> String {
    match (product, endpoint) {
        (Some(product), Some(endpoint)) => format!(", {} at {}", escape(product), escape(endpoint)),
        (None, Some(endpoint)) => format!(" at {}", escape(endpoint)),
        (Some(product), None) => format!(", {}", escape(product)),
        (None, None) => String::new(),
    }
}

#[cfg(test)]
#[path = "words_tests.rs"]
mod tests;
