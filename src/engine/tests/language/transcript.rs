//! What can be seen of an execution, line by line: its history, what it asks for, how it ends and when.

use serde_json::Value;

use super::Refused;
use crate::asl;
use crate::diagnostic::{Diagnostic, Severity};
use crate::engine::testing::{Answer, EPOCH, Lab, start};
use crate::engine::{Effect, Execution, Happened, unsupported};
use crate::tree::Node;

/// Runs a definition.
pub(super) fn of(definition: &Value, input: &str, answers: &[Answer]) -> Result<Vec<String>, Refused> {
    let lab = run(definition, input, answers)?;
    let mut lines = vec![end(&lab), format!("after {} ms", lab.now - EPOCH)];
    lines.push(format!("{} tasks", lab.requests.len()));
    lines.extend(lab.lines().lines().map(without_unique));
    lines.extend(lab.lines().lines().map(|line| {
        let event = line.split_once(' ').map_or(line, |(_, event)| event);
        without_unique(event)
    }));
    for request in &lab.requests {
        let role = request.credentials_role.as_deref().unwrap_or("none");
        lines.push(format!("asks {} {} as {role}", request.resource, request.parameters));
    }
    map_runs(&lab, &mut lines);
    Ok(lines)
}

/// What map runs are asked for.
fn map_runs(lab: &Lab, lines: &mut Vec<String>) {
    for effect in &lab.effects {
        match effect {
            Effect::OpenMapRun(request) => lines.push(format!(
                "map run {} express={} at once={} tolerated={:?} {:?}%",
                without_unique(&request.arn),
                request.express,
                request.limits.max_concurrency,
                request.limits.tolerated_count,
                request.limits.tolerated_percentage,
            )),
            Effect::ReadItems(request) => lines.push(format!(
                "reads {} {} {}",
                request.from.resource, request.from.parameters, request.config
            )),
            Effect::RunChildren { children, .. } => {
                lines.extend(children.iter().map(|child| format!("child {}", child.input)));
            }
            _ => {}
        }
    }
    for file in &lab.files {
        lines.push(format!(
            "writes {} {}",
            without_unique(&file.key),
            without_unique(&file.text)
        ));
    }
    for child in &lab.children {
        lines.extend(child.lines().lines().filter_map(|line| {
            let (_, event) = line.split_once(' ')?;
            Some(format!("in child: {}", without_unique(event)))
        }));
    }
}

/// Runs a definition, if it is one.
pub(super) fn run(definition: &Value, input: &str, answers: &[Answer]) -> Result<Lab, Refused> {
    let (machine, found) = asl::check(&Node::from_json(definition));
    // A state that nothing leads to is refused by AWS, but a mutant of a case may have one.
    let wrong = |found: &&Diagnostic| found.severity == Severity::Error && found.code != "unreachable-state";
    let errors: Vec<String> = found.iter().filter(wrong).map(|found| found.message.clone()).collect();
    let Some(machine) = machine.filter(|_| errors.is_empty()) else {
        return Err(Refused(errors.join("; ")));
    };
    if let Some(found) = unsupported(&machine).first() {
        return Err(Refused(found.message.clone()));
    }
    let mut lab = Lab::of(machine, input);
    lab.execution = Execution::new(start(input));
    lab.feed(Happened::Started);
    lab.go_on(answers);
    Ok(lab)
}

fn end(lab: &Lab) -> String {
    let Some(outcome) = lab.execution.outcome() else {
        return "RUNNING".to_owned();
    };
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    match (&outcome.output, &outcome.error) {
        (Some(output), _) => format!("gives {}", without_unique(output)),
        (None, error) => format!("{:?} {}: {}", outcome.status, text(error), text(&outcome.cause)),
    }
}

/// A text with `ID` in place of each UUID.
fn without_unique(text: &str) -> String {
    const LENGTH: usize = 36;
    let mut out = String::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        match rest.get(..LENGTH) {
            Some(part) if is_uuid(part) => {
                out.push_str("ID");
                rest = &rest[LENGTH..];
            }
            _ => {
                out.push(first);
                rest = &rest[first.len_utf8()..];
            }
        }
    }
    out
}

fn is_uuid(text: &str) -> bool {
    text.bytes().enumerate().all(|(at, byte)| match at {
        8 | 13 | 18 | 23 => byte == b'-',
        _ => byte.is_ascii_hexdigit(),
    })
}
