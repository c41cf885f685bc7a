//! Definitions as the API takes them: read, checked as AWS does, and refused when the local cloud could not run them.

use serde_json::{Value, json};

use super::request::{Request, hidden};
use super::tasks::{TaskRunner, is_activity};
use super::{json_text, label, lambda};
use crate::asl;
use crate::asl::model::{State, StateKind, StateMachine, Task};
use crate::diagnostic::{Diagnostic, Severity, has_errors};
use crate::engine;
use crate::local::api::ApiError;

/// The longest definition: 1 MiB.
pub(super) const LONGEST: usize = 1_048_576;

/// One entry of `diagnostics` in the answer of ValidateStateMachineDefinition.
struct Finding {
    severity: Severity,
    code: String,
    message: String,
    location: Option<String>,
}

/// So long an Express execution may run, in seconds.
const EXPRESS_SECONDS: u64 = 300;

/// A definition that was accepted before.
pub(super) struct Definition {
    pub(super) text: String,
    /// Whether its machine is of type EXPRESS.
    pub(super) express: bool,
}

impl Definition {
    /// The model.
    pub(super) fn reread(&self) -> Option<StateMachine> {
        let value: Value = serde_json::from_str(&self.text).ok()?;
        let mut machine = asl::parse(&crate::tree::Node::from_json(&value)).0?;
        if self.express {
            limit(&mut machine);
        }
        Some(machine)
    }
}

/// What a child execution of a map run runs.
pub(super) fn of_child(processor: &StateMachine, express: bool) -> StateMachine {
    let mut machine = processor.clone();
    if express {
        limit(&mut machine);
    }
    machine
}

/// Express executions end after some time whatever their definition says.
fn limit(machine: &mut StateMachine) {
    let limit = machine.timeout_seconds.unwrap_or(EXPRESS_SECONDS);
    machine.timeout_seconds = Some(limit.min(EXPRESS_SECONDS));
}

/// Reads and checks a new definition: it must be right, and the local cloud must be able to run it. What it calls may be
/// missing here: executions are refused that do not have it mocked.
pub(super) fn accept(text: &str, express: bool) -> Result<(), ApiError> {
    let (machine, findings) = examine(text, express);
    let errors: Vec<String> = findings
        .iter()
        .filter(|finding| finding.severity == Severity::Error)
        .map(Finding::in_one_line)
        .collect();
    if !errors.is_empty() {
        let only_label = findings.iter().all(|finding| finding.code == "INVALID_LABEL_NAME");
        let about_label = machine
            .filter(|_| only_label)
            .and_then(|machine| label::refusal(&machine, text));
        return Err(about_label.unwrap_or_else(|| invalid(&errors.join(", "))));
    }
    let Some(machine) = machine else {
        return Err(invalid(
            "SCHEMA_VALIDATION_FAILED: Definition must be a valid JSON object",
        ));
    };
    let mut missing: Vec<String> = engine::unsupported(&machine)
        .iter()
        .map(|found| found.message.clone())
        .collect();
    missing.extend(
        missing_parameters(&machine)
            .iter()
            .map(|(state, parameter)| format!("{parameter} of state '{}'", state.name)),
    );
    if missing.is_empty() {
        return Ok(());
    }
    Err(ApiError::new(
        "InvalidDefinition",
        format!("not implemented by the local cloud: {}", missing.join("; ")),
    ))
}

/// States that call what the local cloud does not have, and what that is.
pub(super) fn absent_integrations(machine: &StateMachine, tasks: &dyn TaskRunner) -> Vec<(String, String)> {
    missing_integrations(machine, &|resource| tasks.supports(resource))
        .into_iter()
        .map(|(state, resource)| (state.name.clone(), short(resource).to_owned()))
        .collect()
}

/// Refuses to start an execution with such states.
pub(super) fn refuse_integrations(missing: &[(String, String)]) -> ApiError {
    ApiError::new("ValidationException", not_here(missing))
}

/// Says which states cannot be run here, and what would help.
pub(super) fn not_here(missing: &[(String, String)]) -> String {
    let (them, states) = match missing {
        [_] => ("it", "the state"),
        _ => ("them", "the states"),
    };
    let missing: Vec<String> = missing
        .iter()
        .map(|(state, resource)| format!("{resource} of the state `{state}`"))
        .collect();
    format!(
        "not implemented by the local cloud: {}; to run {them} here, mock {states} in a test",
        missing.join(", ")
    )
}

/// A resource without what all integrations begin with: `batch:submitJob.sync`.
fn short(resource: &str) -> &str {
    resource
        .splitn(6, ':')
        .nth(5)
        .filter(|_| resource.contains(":states:::"))
        .unwrap_or(resource)
}

/// Reads a definition of which one state is to be tried. Findings that `ignored` picks, by code and location, do not count.
pub(super) fn read(text: &str, ignored: impl Fn(&str, &str) -> bool) -> Result<StateMachine, ApiError> {
    let (machine, findings) = examine(text, false);
    let errors: Vec<String> = findings
        .iter()
        .filter(|finding| finding.severity == Severity::Error)
        .filter(|finding| !ignored(&finding.code, finding.location.as_deref().unwrap_or_default()))
        .map(Finding::in_one_line)
        .collect();
    machine
        .filter(|_| errors.is_empty())
        .ok_or_else(|| invalid(&errors.join(", ")))
}

/// ValidateStateMachineDefinition.
pub(super) fn validate(body: &Value) -> Result<Value, ApiError> {
    let mut request = Request::new(body);
    let text = request.required("definition", hidden(1, LONGEST));
    let express = request.one_of("type", &["STANDARD", "EXPRESS"]) == Some("EXPRESS");
    let severity = request.one_of("severity", &["ERROR", "WARNING"]).unwrap_or("ERROR");
    let limit = request.number("maxResults", 100);
    request.finish()?;

    let (_, mut findings) = examine(text, express);
    let failed = findings.iter().any(|finding| finding.severity == Severity::Error);
    if severity == "ERROR" {
        findings.retain(|finding| finding.severity == Severity::Error);
    }
    let limit = limit
        .filter(|limit| *limit > 0)
        .and_then(|limit| usize::try_from(limit).ok())
        .unwrap_or(100);
    let truncated = findings.len() > limit;
    findings.truncate(limit);
    Ok(json!({
        "result": if failed { "FAIL" } else { "OK" },
        "diagnostics": findings.iter().map(Finding::in_json).collect::<Vec<_>>(),
        "truncated": truncated,
    }))
}

/// The model, if there is one, and everything wrong with the definition.
fn examine(text: &str, express: bool) -> (Option<StateMachine>, Vec<Finding>) {
    if text.trim().is_empty() {
        return (None, vec![Finding::no_object()]);
    }
    if let Err(not_json) = json_text::check(text) {
        return (None, vec![Finding::not_json(text, &not_json)]);
    }
    let Ok(Value::Object(members)) = serde_json::from_str(text) else {
        return (None, vec![Finding::no_object()]);
    };
    let (machine, mut diagnostics) = asl::parse(&crate::tree::Node::from_json(&Value::Object(members)));
    if let Some(machine) = machine.as_ref().filter(|_| !has_errors(&diagnostics)) {
        diagnostics.extend(asl::validate(machine));
        if express {
            diagnostics.extend(asl::validate_express(machine));
        }
    }
    (machine, diagnostics.iter().map(Finding::of).collect())
}

impl Finding {
    fn of(diagnostic: &Diagnostic) -> Self {
        let text = diagnostic.aws.as_deref().unwrap_or(&diagnostic.message);
        let (code, message) = match text.split_once(": ") {
            Some((code, message)) if code.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_') => {
                (code, message)
            }
            _ => ("SCHEMA_VALIDATION_FAILED", text),
        };
        Self {
            severity: diagnostic.severity,
            code: code.to_owned(),
            message: message.to_owned(),
            location: diagnostic.pointer.clone(),
        }
    }

    fn no_object() -> Self {
        Self {
            severity: Severity::Error,
            code: "SCHEMA_VALIDATION_FAILED".to_owned(),
            message: "Definition must be a valid JSON object".to_owned(),
            location: None,
        }
    }

    fn not_json(text: &str, error: &json_text::NotJson) -> Self {
        let excerpt: String = text.chars().take(500).collect();
        let cut = text.len() - excerpt.len();
        let more = if cut > 0 {
            format!("[truncated {cut} bytes]")
        } else {
            String::new()
        };
        let location = format!(
            "[Source: (String)\"{excerpt}\"{more}; line: {}, column: {}]",
            error.line, error.column
        );
        Self {
            severity: Severity::Error,
            code: "INVALID_JSON_DESCRIPTION".to_owned(),
            message: format!("{}\n at {location}", error.message),
            location: Some(location),
        }
    }

    fn in_one_line(&self) -> String {
        match &self.location {
            Some(location) if self.code != "INVALID_JSON_DESCRIPTION" => {
                format!("{}: {} at {location}", self.code, self.message)
            }
            _ => format!("{}: {}", self.code, self.message),
        }
    }

    fn in_json(&self) -> Value {
        let severity = match self.severity {
            Severity::Error => "ERROR",
            Severity::Warning => "WARNING",
        };
        let mut out = json!({"severity": severity, "code": self.code, "message": self.message});
        if let Some(location) = &self.location {
            out["location"] = location.as_str().into();
        }
        out
    }
}

/// What the local cloud cannot run of a machine, for whoever wants to know before anything is made: errors are what its
/// CreateStateMachine refuses, warnings what it runs only with mocks.
pub fn unsupported(machine: &StateMachine) -> Vec<Diagnostic> {
    let mut found = crate::engine::unsupported(machine);
    found.extend(only_mocked(&missing_integrations(
        machine,
        &super::integrations::supports,
    )));
    for (state, parameter) in missing_parameters(machine) {
        let message = format!(
            "the local cloud does not have {parameter} of state `{}` yet",
            state.name
        );
        found.push(Diagnostic::error("not-executable-locally", message).at(state.span.as_ref()));
    }
    found
}

/// One warning for all that a machine has: it comes with every command.
fn only_mocked(missing: &[(&State, &str)]) -> Option<Diagnostic> {
    let (first, _) = missing.first()?;
    let named: Vec<String> = missing
        .iter()
        .map(|(state, resource)| format!("`{}` of state `{}`", short(resource), state.name))
        .collect();
    let run = if missing.len() == 1 { "runs" } else { "run" };
    let message = format!(
        "the local cloud does not have {}, which {run} here only with mocks",
        named.join(", ")
    );
    Some(Diagnostic::warning("only-mocked-locally", message).at(first.span.as_ref()))
}

/// Every task whose resource nothing here can do, with the resource.
fn missing_integrations<'a>(machine: &'a StateMachine, supports: &dyn Fn(&str) -> bool) -> Vec<(&'a State, &'a str)> {
    tasks_of(machine)
        .into_iter()
        .filter(|(_, task)| !is_activity(&task.resource) && !supports(&task.resource))
        .map(|(state, task)| (state, task.resource.as_str()))
        .collect()
}

/// Every parameter that nothing here can act upon, with its name.
fn missing_parameters(machine: &StateMachine) -> Vec<(&State, String)> {
    tasks_of(machine)
        .into_iter()
        .filter_map(|(state, task)| Some((state, lambda::not_implemented(state, task)?)))
        .collect()
}

/// All Task states, those in branches and iterations as well.
pub(super) fn tasks_of(machine: &StateMachine) -> Vec<(&State, &Task)> {
    let mut tasks: Vec<(&State, &Task)> = Vec::new();
    for state in machine.states.values() {
        match &state.kind {
            StateKind::Task(task) => tasks.push((state, task)),
            StateKind::Parallel(parallel) => {
                for branch in &parallel.branches {
                    tasks.extend(tasks_of(branch));
                }
            }
            StateKind::Map(map) => tasks.extend(tasks_of(&map.processor)),
            _ => {}
        }
    }
    tasks
}

fn invalid(message: &str) -> ApiError {
    ApiError::new(
        "InvalidDefinition",
        format!("Invalid State Machine Definition: '{message}'"),
    )
}
