//! Checks of one state: its resource, times, error handlers and label.

use std::collections::HashSet;

use serde_json::Value as Json;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::{each_state, error, parameters};
use crate::asl::integration::{Integration, Pattern};
use crate::asl::model::{
    Choice, Condition, NumberField, Operand, PathField, QueryLanguage, State, StateKind, StateMachine, Task, TextField,
    WaitUntil, Work,
};
use crate::asl::placeholder::placeholder;
use crate::diagnostic::{Diagnostic, did_you_mean};

/// The longest label of a Map state, in characters.
const LONGEST_LABEL: usize = 40;

/// The error names that AWS reserves.
///
/// Source: <https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html>
const STATES_ERRORS: &[&str] = &[
    "States.ALL",
    "States.BranchFailed",
    "States.DataLimitExceeded",
    "States.ExceedToleratedFailureThreshold",
    "States.HeartbeatTimeout",
    "States.Http.Socket",
    "States.IntrinsicFailure",
    "States.ItemReaderFailed",
    "States.NoChoiceMatched",
    "States.ParameterPathFailure",
    "States.Permissions",
    "States.QueryEvaluationError",
    "States.ResultPathMatchFailure",
    "States.ResultWriterFailed",
    "States.Runtime",
    "States.TaskFailed",
    "States.Timeout",
];

pub(super) fn check(state: &State, pointer: &str, found: &mut Vec<Diagnostic>) {
    match &state.kind {
        StateKind::Task(task) => {
            resource(state, &task.resource, pointer, found);
            parameters::check(state, task, pointer, found);
            heartbeat(state, task, pointer, found);
            token(state, task, pointer, found);
            handlers(state, &task.work, pointer, found);
        }
        StateKind::Parallel(parallel) => handlers(state, &parallel.work, pointer, found),
        StateKind::Map(map) => handlers(state, &map.work, pointer, found),
        StateKind::Wait(wait) => {
            if let WaitUntil::Timestamp(TextField::Literal(text)) = &wait.until {
                timestamp(state, text, format!("{pointer}/Timestamp"), found);
            }
        }
        StateKind::Choice(choice) => choice_timestamps(state, choice, pointer, found),
        StateKind::Pass(_) | StateKind::Succeed | StateKind::Fail(_) => {}
    }
}

fn resource(state: &State, resource: &str, pointer: &str, found: &mut Vec<Diagnostic>) {
    // A resource that is not there at all was reported already.
    if resource.is_empty() {
        return;
    }
    let name = &state.name;
    let pointer = format!("{pointer}/Resource");
    let invalid = "Value is not a valid resource ARN";
    if let Some(part) = placeholder(resource) {
        let message = format!("state `{name}` still has the placeholder `{part}` in its ARN");
        found.push(error(state, pointer, "placeholder-arn", message, invalid));
    } else if !resource.starts_with("arn:") || resource.split(':').count() < 6 {
        let message = format!("state `{name}` has the resource `{resource}`, which is not an ARN");
        found.push(error(state, pointer, "invalid-resource", message, invalid));
    } else if let Some(unrecognized) = Integration::parse(resource).unrecognized() {
        let message = format!(
            "state `{name}` calls `{resource}`, which does not exist: {}",
            unrecognized.why
        );
        let aws = format!(
            "The resource provided {resource} is not recognized. The value is not a valid resource ARN, or the \
             resource is not available in this region."
        );
        let mut error = error(state, pointer, "unknown-resource", message, aws);
        error.hints.extend(unrecognized.hint);
        found.push(error);
    }
}

/// Source: <https://states-language.net/spec.html#task-state>: the heartbeat interval is smaller than the timeout.
fn heartbeat(state: &State, task: &Task, pointer: &str, found: &mut Vec<Diagnostic>) {
    let literal = |field: &Option<NumberField>| match field {
        Some(NumberField::Literal(number)) => number.as_u64(),
        _ => None,
    };
    if let (Some(heartbeat), Some(timeout)) = (literal(&task.heartbeat_seconds), literal(&task.timeout_seconds))
        && heartbeat >= timeout
    {
        found.push(error(
            state,
            format!("{pointer}/HeartbeatSeconds"),
            "heartbeat-timeout",
            format!(
                "`HeartbeatSeconds` of state `{}` is {heartbeat}, not smaller than its `TimeoutSeconds`, {timeout}",
                state.name
            ),
            "HeartbeatSeconds must be smaller than TimeoutSeconds",
        ));
    }
}

/// A task token that is given to nobody comes back from nobody.
///
/// Source: <https://docs.aws.amazon.com/step-functions/latest/dg/connect-to-resource.html#connect-wait-token>
fn token(state: &State, task: &Task, pointer: &str, found: &mut Vec<Diagnostic>) {
    let waits = Integration::parse(&task.resource).pattern() == Pattern::WaitForTaskToken;
    if !waits || passes_token(state, task) {
        return;
    }
    let (field, token, example) = match state.query_language {
        QueryLanguage::JsonPath => ("Parameters", "$$.Task.Token", r#""TaskToken.$": "$$.Task.Token""#),
        QueryLanguage::Jsonata => (
            "Arguments",
            "$states.context.Task.Token",
            r#""TaskToken": "{% $states.context.Task.Token %}""#,
        ),
    };
    let message = format!(
        "state `{}` waits for a task token that nobody gets: its `{field}` do not pass `{token}`",
        state.name
    );
    found.push(
        Diagnostic::warning("token-not-passed", message)
            .at(state.span.as_ref())
            .in_definition(format!("{pointer}/{field}"))
            .hint(format!("pass it on: `{example}`")),
    );
}

/// Whether what a task is given may hold its token: that alone, or more of the context object.
fn passes_token(state: &State, task: &Task) -> bool {
    match state.query_language {
        QueryLanguage::JsonPath => {
            let selects = matches!(&state.input_path, PathField::Path(path) if mentions(path, "$$", ".Task"));
            let computes = |key: Option<&str>, text: &str| {
                key.is_some_and(|key| key.ends_with(".$")) && mentions(text, "$$", ".Task")
            };
            selects || any_text(task.work.parameters.as_ref(), None, &computes)
        }
        QueryLanguage::Jsonata => {
            let computes = |_: Option<&str>, text: &str| {
                text.starts_with("{%")
                    && text.match_indices("$states").any(|(at, found)| {
                        let rest = text.get(at + found.len()..).unwrap_or_default();
                        !rest.starts_with('.')
                            || rest.starts_with(".*")
                            || (rest.starts_with(".context") && mentions(rest, ".context", ".Task"))
                    })
            };
            any_text(task.work.arguments.as_ref(), None, &computes)
        }
    }
}

/// Whether a text has the whole of something, that member of it, or what a bracket or another dot takes from it.
fn mentions(text: &str, whole: &str, member: &str) -> bool {
    text.match_indices(whole).any(|(at, found)| {
        let rest = text.get(at + found.len()..).unwrap_or_default();
        !rest.starts_with('.')
            || [member, "..", ".*", ".`", ".["]
                .iter()
                .any(|part| rest.starts_with(part))
    })
}

/// Whether a text in a value, with the key that it is under, is as asked. Values are as deep as their reader lets them be.
fn any_text(value: Option<&Json>, key: Option<&str>, is_it: &impl Fn(Option<&str>, &str) -> bool) -> bool {
    match value {
        Some(Json::String(text)) => is_it(key, text),
        Some(Json::Array(items)) => items.iter().any(|item| any_text(Some(item), None, is_it)),
        Some(Json::Object(members)) => members
            .iter()
            .any(|(key, member)| any_text(Some(member), Some(key), is_it)),
        _ => false,
    }
}

fn handlers(state: &State, work: &Work, pointer: &str, found: &mut Vec<Diagnostic>) {
    let retry: Vec<_> = work.retry.iter().map(|retrier| &retrier.error_equals[..]).collect();
    let catch: Vec<_> = work.catch.iter().map(|catcher| &catcher.error_equals[..]).collect();
    error_names(state, "Retry", &retry, pointer, found);
    error_names(state, "Catch", &catch, pointer, found);
    for (index, retrier) in work.retry.iter().enumerate() {
        // The guide asks for a positive number, AWS takes 0 all the same.
        if retrier.interval_seconds == 0 {
            found.push(
                Diagnostic::warning(
                    "retry-interval",
                    format!(
                        "`Retry` {} of state `{}` retries without a pause",
                        index + 1,
                        state.name
                    ),
                )
                .at(state.span.as_ref())
                .in_definition(format!("{pointer}/Retry[{index}]/IntervalSeconds")),
            );
        }
    }
}

/// `States.ALL` stands alone and last; other names beginning with `States.` are AWS's.
fn error_names(state: &State, field: &str, handlers: &[&[String]], pointer: &str, found: &mut Vec<Diagnostic>) {
    for (index, errors) in handlers.iter().enumerate() {
        let pointer = format!("{pointer}/{field}[{index}]/ErrorEquals");
        let what = format!("`{field}` {} of state `{}`", index + 1, state.name);
        let all = errors.iter().any(|name| name == "States.ALL");
        if all && (errors.len() > 1 || index + 1 < handlers.len()) {
            let message = match errors.len() {
                1 => format!("{what} takes `States.ALL`, so the ones after it are never used"),
                _ => format!("{what} has other errors beside `States.ALL`, which stands for all of them"),
            };
            let aws = "States.ALL must appear alone and at end of list";
            found.push(error(state, pointer.clone(), "states-all", message, aws));
        }
        for name in errors.iter().filter(|name| name.starts_with("States.")) {
            if STATES_ERRORS.contains(&name.as_str()) {
                continue;
            }
            let mut warning = Diagnostic::warning(
                "unknown-error",
                format!("{what} takes `{name}`, which is not among the errors of AWS"),
            )
            .at(state.span.as_ref())
            .in_definition(&pointer);
            warning.hints.extend(did_you_mean(name, STATES_ERRORS.iter().copied()));
            found.push(warning);
        }
    }
}

fn choice_timestamps(state: &State, choice: &Choice, pointer: &str, found: &mut Vec<Diagnostic>) {
    for (index, rule) in choice.choices.iter().enumerate() {
        each_condition(
            &rule.condition,
            format!("{pointer}/Choices[{index}]"),
            &mut |condition, pointer| {
                if let Condition::Compare {
                    operator,
                    operand: Operand::Literal(Json::String(text)),
                    ..
                } = condition
                    && operator.name().starts_with("Timestamp")
                {
                    timestamp(state, text, format!("{pointer}/{}", operator.name()), found);
                }
            },
        );
    }
}

/// Calls for a condition and all that are inside it.
pub(super) fn each_condition<'c>(
    condition: &'c Condition,
    pointer: String,
    call: &mut impl FnMut(&'c Condition, &str),
) {
    call(condition, &pointer);
    match condition {
        Condition::And(inner) | Condition::Or(inner) => {
            let field = if matches!(condition, Condition::And(_)) {
                "And"
            } else {
                "Or"
            };
            for (index, condition) in inner.iter().enumerate() {
                each_condition(condition, format!("{pointer}/{field}[{index}]"), call);
            }
        }
        Condition::Not(inner) => each_condition(inner, format!("{pointer}/Not"), call),
        Condition::Compare { .. } | Condition::Jsonata(_) => {}
    }
}

/// RFC 3339 with a capital `T`, and a capital `Z` if there is no offset.
fn timestamp(state: &State, text: &str, pointer: String, found: &mut Vec<Diagnostic>) {
    let valid = OffsetDateTime::parse(text, &Rfc3339).is_ok() && !text.contains(['t', 'z', ' ']);
    if !valid {
        found.push(
            error(
                state,
                pointer,
                "invalid-timestamp",
                format!(
                    "state `{}` has `{text}`, which is not a time as RFC 3339 has it",
                    state.name
                ),
                "String does not match RFC3339 timestamp",
            )
            .hint("write it like `2030-12-31T23:59:00Z`"),
        );
    }
}

/// Labels of Map states, which become part of ARNs.
///
/// Source: <https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html>
pub(super) fn check_labels(machine: &StateMachine, found: &mut Vec<Diagnostic>) {
    let mut seen = HashSet::new();
    each_state(machine, "", &mut |state, pointer| {
        let StateKind::Map(map) = &state.kind else { return };
        let Some(label) = &map.label else { return };
        let name = &state.name;
        let (code, message, aws) = if label.is_empty() {
            (
                "label",
                format!("the label of state `{name}` is empty"),
                "INVALID_LABEL_NAME: Label cannot be empty".to_owned(),
            )
        } else if label.chars().count() > LONGEST_LABEL {
            (
                "label",
                format!("the label of state `{name}` is longer than {LONGEST_LABEL} characters"),
                format!(
                    "INVALID_LABEL_NAME: Label name '{label}' exceeds the {LONGEST_LABEL}-character limit allowed by the service"
                ),
            )
        } else if let Some(bad) = label.chars().find(|c| !fits_label(*c)) {
            (
                "label",
                format!("the label of state `{name}` has the character {bad:?}, which is not allowed"),
                format!("INVALID_LABEL_NAME: Label name '{label}' contains an invalid character"),
            )
        } else if !seen.insert(label) {
            (
                "duplicate-label",
                format!("the label `{label}` of state `{name}` is used more than once"),
                format!("DUPLICATE_LABEL_NAME: Duplicate Label name: {label}"),
            )
        } else {
            return;
        };
        found.push(
            Diagnostic::error(code, message)
                .at(state.span.as_ref())
                .in_definition(format!("{pointer}/Label"))
                .aws(aws),
        );
    });
}

/// Whether a label of a Map state may have a character.
pub(crate) fn fits_label(c: char) -> bool {
    !c.is_whitespace() && !c.is_control() && !"?*<>{}[]:;,\\|^~$#%&`\"".contains(c)
}
