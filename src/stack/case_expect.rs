//! The key `expect` of a test case.

use indexmap::IndexMap;

use super::case_value;
use super::cases::{At, Expect, PathExpect, StateExpect, Text};
use super::fields::{Fields, with_hint};
use crate::diagnostic::{Diagnostic, Span, did_you_mean};
use crate::tree::{Entry, Node, Value};

/// Retries that can be expected of a state: AWS's limit of `MaxAttempts`.
const MOST_RETRIES: u32 = 99_999_999;

const STATUSES: [&str; 4] = ["SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED"];

/// Reads what is expected; nothing: that the execution succeeds. The `place` is that of the case.
pub(super) fn read(node: Option<&Node>, place: Option<&Span>, found: &mut Vec<Diagnostic>) -> Expect {
    let nothing = Node::new(Value::Null);
    let mut fields = Fields::new(node.unwrap_or(&nothing), place, "`expect`");
    let status = fields.node("status").map(|node| statuses(node, &mut fields));
    let error = fields.node("error").and_then(|node| text("error", node, &mut fields));
    let cause = fields.node("cause").and_then(|node| text("cause", node, &mut fields));
    let output = fields
        .node("output")
        .map(|node| case_value::read(node, &mut fields.found));
    let path = fields.node("path").map(|node| path(node, &mut fields));
    let states = states(&mut fields);
    let retries = retries(&mut fields);
    let max_duration_ms = fields.node("maxDuration").and_then(|node| duration(node, &mut fields));
    let status = status.unwrap_or_else(|| {
        let has_failed = error.is_some() || cause.is_some();
        let status = if has_failed { "FAILED" } else { "SUCCEEDED" };
        At {
            value: vec![status.to_owned()],
            span: place.cloned(),
        }
    });
    let expect = Expect {
        status,
        error,
        cause,
        output,
        path,
        states,
        retries,
        max_duration_ms,
    };
    contradictions(&expect, node, &mut fields.found);
    fields.finish(found);
    expect
}

/// One status, or a list of those that are right.
fn statuses(node: &Node, fields: &mut Fields<'_>) -> At<Vec<String>> {
    let given = match &node.value {
        Value::List(_) => fields.texts("status"),
        _ => fields.text("status").into_iter().collect(),
    };
    if let Value::List(items) = &node.value
        && items.is_empty()
    {
        let wrong = Diagnostic::error("bad-value", "`status` has no status");
        fields.found.push(wrong.at(node.span.as_ref()));
    }
    let mut value = Vec::new();
    for (status, span) in given {
        if STATUSES.contains(&status) {
            value.push(status.to_owned());
            continue;
        }
        let message = format!("`status`: expected one of {}, found `{status}`", STATUSES.join(", "));
        let wrong = Diagnostic::error("bad-value", message).at(span);
        fields.found.push(with_hint(wrong, did_you_mean(status, STATUSES)));
    }
    let span = node.span.clone();
    At { value, span }
}

/// Expectations that no execution meets.
fn contradictions(expect: &Expect, node: Option<&Node>, found: &mut Vec<Diagnostic>) {
    let can = |succeed: bool| {
        let mut statuses = expect.status.value.iter();
        statuses.any(|status| (status == "SUCCEEDED") == succeed)
    };
    let error = expect.error.as_ref().map(|_| "error");
    let cause = expect.cause.as_ref().map(|_| "cause");
    let output = expect.output.as_ref().map(|_| "output");
    let (keys, problem) = match (can(true), can(false)) {
        (true, false) => ([error, cause], "an execution that succeeds has no"),
        (false, true) => ([output, None], "an execution that does not succeed has no"),
        // Either, or none that is known, which was reported.
        _ => return,
    };
    for key in keys.into_iter().flatten() {
        let place = span_of(node, key);
        found.push(Diagnostic::error("contradiction", format!("{problem} `{key}`")).at(place.as_ref()));
    }
}

fn span_of(node: Option<&Node>, key: &str) -> Option<Span> {
    node?.get(key)?.span.clone()
}

/// A text exactly, `{ contains: … }` or `{ matches: … }`.
fn text(key: &'static str, node: &Node, fields: &mut Fields<'_>) -> Option<At<Text>> {
    let span = node.span.clone();
    let at = |value| At { value, span };
    let entries = match &node.value {
        Value::String(text) => return Some(at(Text::Is(text.clone()))),
        Value::Map(entries) => entries,
        _ => {
            let message = format!(
                "`{key}`: expected a string, `{{ contains: … }}` or `{{ matches: … }}`, found {}",
                node.kind()
            );
            let wrong = Diagnostic::error("wrong-type", message).at(node.span.as_ref());
            fields.found.push(wrong);
            return None;
        }
    };
    let mut inner = Fields::new(node, node.span.as_ref(), format!("`{key}`"));
    let contains = inner.text("contains").map(|(text, _)| Text::Contains(text.to_owned()));
    let matches = inner.text("matches").map(|(pattern, span)| {
        if let Err(error) = regex::Regex::new(pattern) {
            let reason = error.to_string();
            let reason = reason.lines().last().unwrap_or_default().trim_start_matches("error: ");
            let message = format!("`{pattern}` is no regular expression: {reason}");
            inner.found.push(Diagnostic::error("bad-regex", message).at(span));
        }
        Text::Matches(pattern.to_owned())
    });
    if entries.len() != 1 && inner.found.is_empty() {
        let message = format!("`{key}` must have one of `contains` and `matches`");
        let wrong = Diagnostic::error("bad-value", message);
        inner.found.push(wrong.at(node.span.as_ref()));
    }
    inner.finish(&mut fields.found);
    contains.or(matches).map(at)
}

/// A list of states exactly, or `{ exact, contains, never }`.
fn path(node: &Node, fields: &mut Fields<'_>) -> PathExpect {
    if let Value::List(_) = &node.value {
        return PathExpect {
            exact: Some(At {
                value: names(fields.texts("path")),
                span: node.span.clone(),
            }),
            ..PathExpect::default()
        };
    }
    let mut inner = Fields::new(node, node.span.as_ref(), "`path`");
    let mut list = |key: &'static str| {
        let given = inner.node(key)?;
        Some(At {
            value: names(inner.texts(key)),
            span: given.span.clone(),
        })
    };
    let path = PathExpect {
        exact: list("exact"),
        contains: list("contains"),
        never: list("never"),
    };
    // An empty `exact` never holds, so that nobody takes it for a test that passed.
    for key in ["contains", "never"] {
        if let Some(list) = inner.node(key).filter(|node| is_empty(node)) {
            let wrong = Diagnostic::error("bad-value", format!("`{key}` has no state"));
            inner.found.push(wrong.at(list.span.as_ref()));
        }
    }
    inner.finish(&mut fields.found);
    expects_something("path", fields);
    path
}

/// Reports a key whose value is there and expects nothing: it looks as if something was tested.
fn expects_something(key: &'static str, fields: &mut Fields<'_>) {
    if let Some(node) = fields.node(key).filter(|node| is_empty(node)) {
        let place = node.span.as_ref().or(fields.place);
        let wrong = Diagnostic::error("bad-value", format!("`{key}` expects nothing")).at(place);
        fields.found.push(wrong);
    }
}

/// Whether it is a list or mapping that holds nothing, or was left out.
fn is_empty(node: &Node) -> bool {
    match &node.value {
        Value::List(items) => items.is_empty(),
        Value::Map(entries) => entries.is_empty(),
        value => *value == Value::Null,
    }
}

fn names(texts: Vec<super::fields::At<'_, &str>>) -> Vec<String> {
    texts.into_iter().map(|(text, _)| text.to_owned()).collect()
}

fn states(fields: &mut Fields<'_>) -> IndexMap<String, Vec<StateExpect>> {
    let entries = fields.map("states");
    expects_something("states", fields);
    let read = |entry: &Entry| {
        let visits = match &entry.value.value {
            Value::List(items) if items.is_empty() => {
                let wrong = Diagnostic::error("bad-value", format!("nothing is expected of `{}`", entry.key));
                let place = entry.key_span.as_ref().or(entry.value.span.as_ref());
                fields.found.push(wrong.at(place).hint(is_entered(&entry.key)));
                Vec::new()
            }
            Value::List(items) => items.iter().collect(),
            _ => vec![&entry.value],
        };
        let visits = visits.into_iter().map(|node| visit(node, entry, &mut fields.found));
        (entry.key.clone(), visits.collect())
    };
    entries.iter().map(read).collect()
}

fn visit(node: &Node, entry: &Entry, found: &mut Vec<Diagnostic>) -> StateExpect {
    let place = node.span.as_ref().or(entry.key_span.as_ref());
    let mut fields = Fields::new(node, place, format!("what is expected of `{}`", entry.key));
    let expected = StateExpect {
        visit: fields.integer("visit", 0, u32::MAX).map(|(visit, _)| visit),
        input: fields
            .node("input")
            .map(|node| case_value::read(node, &mut fields.found)),
        output: fields
            .node("output")
            .map(|node| case_value::read(node, &mut fields.found)),
        span: entry.key_span.clone().or_else(|| place.cloned()),
    };
    if expected.input.is_none() && expected.output.is_none() && fields.found.is_empty() {
        let message = format!("{} has neither `input` nor `output`", fields.what);
        let wrong = Diagnostic::error("missing-key", message).at(place);
        fields.found.push(wrong.hint(is_entered(&entry.key)));
    }
    fields.finish(found);
    expected
}

fn is_entered(state: &str) -> String {
    format!("that it is entered is `path: {{ contains: [{state}] }}`")
}

fn retries(fields: &mut Fields<'_>) -> IndexMap<String, At<u32>> {
    let mut retries = IndexMap::new();
    expects_something("retries", fields);
    for entry in fields.map("retries") {
        let count = match &entry.value.value {
            Value::Number(number) => number.as_u64().and_then(|count| u32::try_from(count).ok()),
            _ => None,
        };
        let Some(value) = count.filter(|count| *count <= MOST_RETRIES) else {
            let message = format!(
                "`retries` of `{}`: expected a whole number from 0 to {MOST_RETRIES}",
                entry.key
            );
            let wrong = Diagnostic::error("out-of-range", message);
            fields.found.push(wrong.at(entry.value.span.as_ref()));
            continue;
        };
        let span = entry.value.span.clone();
        retries.insert(entry.key.clone(), At { value, span });
    }
    retries
}

/// A number of seconds, or a text with a unit.
fn duration(node: &Node, fields: &mut Fields<'_>) -> Option<At<u64>> {
    let milliseconds = match &node.value {
        Value::Number(number) => number.as_f64().and_then(|seconds| whole(seconds * 1000.0)),
        Value::String(text) => parse_duration(text),
        _ => None,
    };
    let Some(value) = milliseconds else {
        let message = "`maxDuration`: expected a number of seconds, or a text like `250ms`, `5s` or `2m`";
        let wrong = Diagnostic::error("bad-value", message).at(node.span.as_ref());
        let hint = match &node.value {
            Value::String(text) => did_you_mean(text, ["250ms", "5s", "2m", "1h"]),
            _ => None,
        };
        fields.found.push(with_hint(wrong, hint));
        return None;
    };
    let span = node.span.clone();
    Some(At { value, span })
}

fn parse_duration(text: &str) -> Option<u64> {
    let digits = text
        .find(|character: char| !character.is_ascii_digit() && character != '.')
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let factor = match unit.trim() {
        "ms" => 1.0,
        "s" => 1000.0,
        "m" | "min" => 60_000.0,
        "h" => 3_600_000.0,
        _ => return None,
    };
    whole(number.parse::<f64>().ok()? * factor)
}

/// Milliseconds, above zero and below what a u64 and a float both hold.
fn whole(milliseconds: f64) -> Option<u64> {
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the range was checked"
    )]
    (milliseconds > 0.0 && milliseconds < 1e15).then(|| milliseconds.ceil() as u64)
}
