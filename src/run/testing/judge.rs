//! What an execution did, held against what was expected of it. Pure.

use std::borrow::Cow;

use serde_json::{Map, Value, json};

use super::difference::{Mode, differences, lines};
use super::record::{Record, Visit};
use super::{Mismatch, align, words};
use crate::diagnostic::Span;
use crate::expr::jsonata::{Bindings, Expression};
use crate::expr::path::Path;
use crate::expr::path_eval;
use crate::run::Outcome;
use crate::stack::cases::{Assertion, At, Expect, Expected, PathExpect, StateExpect, Text};

/// The expectations that do not hold, in the order of `expect`; none if all do. References must have been resolved.
pub fn judge(expect: &Expect, record: &Record) -> Vec<Mismatch> {
    let mut found = Vec::new();
    status(expect, &record.outcome, &mut found);
    // What the status has told, or what an execution with that end cannot have, is not said again.
    if record.outcome.succeeded() {
        if let Some(output) = &expect.output {
            value(
                "output",
                output,
                record.outcome.output.as_ref(),
                "no output",
                &mut found,
            );
        }
    } else {
        let Outcome { error, cause, .. } = &record.outcome;
        // A status that is wrong has told the cause.
        let has_told = !found.is_empty();
        text("error", expect.error.as_ref(), error.as_deref(), &mut found);
        if let (Some(wrong), Some(cause), false) = (found.last_mut(), cause, has_told) {
            wrong.got.push_str(&format!(", with the cause `{}`", words::cut(cause)));
        }
        text("cause", expect.cause.as_ref(), cause.as_deref(), &mut found);
    }
    if let Some(path) = &expect.path {
        check_path(path, record, &mut found);
    }
    for (name, expected) in &expect.states {
        for expected in expected {
            state(name, expected, record, &mut found);
        }
    }
    for (name, expected) in &expect.retries {
        retries(name, expected, record, &mut found);
    }
    if let Some(most) = expect.max_duration_ms.as_ref()
        && record.took_ms > most.value
    {
        let expected = format!("at most {}", words::millis(most.value));
        let got = words::millis(record.took_ms);
        found.push(mismatch("duration", expected, got, most.span.as_ref()));
    }
    found
}

fn mismatch(
    what: impl Into<String>,
    expected: impl Into<String>,
    got: impl Into<String>,
    span: Option<&Span>,
) -> Mismatch {
    Mismatch {
        what: what.into(),
        expected: expected.into(),
        got: got.into(),
        diff: Vec::new(),
        span: span.cloned(),
    }
}

fn status(expect: &Expect, outcome: &Outcome, found: &mut Vec<Mismatch>) {
    if expect.status.value.contains(&outcome.status) {
        return;
    }
    let mut got = outcome.status.clone();
    let details = [
        outcome
            .error
            .as_ref()
            .map(|error| format!("error `{}`", words::cut(error))),
        outcome
            .cause
            .as_ref()
            .map(|cause| format!("cause `{}`", words::cut(cause))),
        outcome
            .output
            .as_ref()
            .map(|output| format!("output {}", words::json(output))),
    ];
    let details: Vec<String> = details.into_iter().flatten().collect();
    if !details.is_empty() {
        got.push_str(&format!(" with {}", details.join(" and ")));
    }
    let span = expect.status.span.as_ref();
    found.push(mismatch("status", expect.status.value.join(" or "), got, span));
}

fn text(what: &str, expected: Option<&At<Text>>, got: Option<&str>, found: &mut Vec<Mismatch>) {
    let Some(At { value: expected, span }) = expected else {
        return;
    };
    let there = got.unwrap_or_default();
    let (holds, words) = match expected {
        Text::Is(text) => (got == Some(text), text.clone()),
        Text::Contains(part) => (
            got.is_some() && there.contains(part),
            format!("a text that contains `{part}`"),
        ),
        Text::Matches(pattern) => match regex::Regex::new(pattern) {
            Ok(regex) => (
                got.is_some() && regex.is_match(there),
                format!("a text that matches `{pattern}`"),
            ),
            Err(_) => (
                false,
                format!("a text that matches `{pattern}`, which is no regular expression"),
            ),
        },
    };
    if holds {
        return;
    }
    let (expected, shown) = match expected {
        Text::Is(_) => {
            let (expected, shown) = words::cut_both(&words, there);
            (format!("`{expected}`"), shown)
        }
        _ => (words::cut(&words), words::cut(there)),
    };
    let shown = got.map_or_else(|| format!("no {what}"), |_| format!("`{shown}`"));
    found.push(mismatch(what, expected, shown, span.as_ref()));
}

/// All assertions about a value; `nothing` says what there is if there is none.
fn value(what: &str, expected: &Expected, got: Option<&Value>, nothing: &str, found: &mut Vec<Mismatch>) {
    for At { value, span } in &expected.0 {
        let Some(got) = got else {
            found.push(mismatch(what, asserted(value), nothing, span.as_ref()));
            continue;
        };
        if let Some(mut wrong) = assertion(what, value, got) {
            wrong.span.clone_from(span);
            found.push(wrong);
        }
    }
}

/// An assertion in words.
fn asserted(assertion: &Assertion) -> String {
    match assertion {
        Assertion::Subset(value) | Assertion::Exact(value) => words::json(&value.to_json()),
        Assertion::Path { path, is } => format!("{} at `{path}`", words::json(&is.to_json())),
        Assertion::Jsonata(text) => format!("`{}` is true", words::cut(text)),
    }
}

fn assertion(what: &str, assertion: &Assertion, got: &Value) -> Option<Mismatch> {
    match assertion {
        Assertion::Subset(expected) => compared(what, "", &expected.to_json(), got, Mode::Subset),
        Assertion::Exact(expected) => compared(what, "exactly ", &expected.to_json(), got, Mode::Exact),
        Assertion::Path { path, is } => {
            let what = format!("{what} at `{path}`");
            let is = is.to_json();
            let found = Path::parse(path).map_err(|error| error.to_string());
            let found = found.and_then(|path| at_path(&path, got).map_err(|_| "nothing".to_owned()));
            match found {
                Ok(got) => compared(&what, "", &is, &got, Mode::Exact),
                Err(problem) => Some(mismatch(what, words::json(&is), problem, None)),
            }
        }
        Assertion::Jsonata(text) => {
            let result = jsonata(text, got);
            let result = match result {
                Ok(Some(Value::Bool(true))) => return None,
                Ok(Some(value)) => words::json(&value),
                Ok(None) => "nothing".to_owned(),
                Err(error) => error,
            };
            let shown = format!("{result}, of {}", words::json(got));
            Some(mismatch(what, asserted(assertion), shown, None))
        }
    }
}

fn at_path<'a>(path: &Path, value: &'a Value) -> Result<Cow<'a, Value>, path_eval::NotFound> {
    path_eval::evaluate(path, value)
}

fn jsonata(text: &str, value: &Value) -> Result<Option<Value>, String> {
    let expression = Expression::parse(text).map_err(|error| error.to_string())?;
    let bindings = Bindings {
        states: &json!({ "input": value }),
        variables: &Map::new(),
        now_millis: 0,
    };
    expression
        .evaluate_on(value, &bindings, 0)
        .map_err(|error| error.to_string())
}

/// The mismatch of two values, if there is one; `word` goes before the expected one.
fn compared(what: &str, word: &str, expected: &Value, got: &Value, mode: Mode) -> Option<Mismatch> {
    let differences = differences(expected, got, mode);
    if differences.is_empty() {
        return None;
    }
    let (expected, shown) = (expected.to_string(), got.to_string());
    let (left, right) = match &differences[..] {
        // What differs is in the lines.
        [first, ..] if !first.pointer.is_empty() => (words::cut(&expected), words::cut(&shown)),
        _ => words::cut_both(&expected, &shown),
    };
    let mut wrong = mismatch(what, format!("{word}{left}"), right, None);
    if differences.iter().any(|difference| !difference.pointer.is_empty()) {
        wrong.diff = lines(&differences);
    }
    Some(wrong)
}

fn check_path(expect: &PathExpect, record: &Record, found: &mut Vec<Mismatch>) {
    let names = |visits: &[&Visit]| -> Vec<String> { visits.iter().map(|visit| visit.state.clone()).collect() };
    let outer: Vec<&Visit> = record.visits.iter().filter(|visit| visit.within.is_none()).collect();
    let all: Vec<&Visit> = record.visits.iter().collect();
    if let Some(At { value: expected, span }) = &expect.exact {
        let got = names(&outer);
        if *expected != got {
            let (left, right) = (texts(expected), texts(&got));
            let mut wrong = mismatch("path", path(expected), path(&got), span.as_ref());
            wrong.diff = align::lines(&left, &right);
            found.push(wrong);
        }
    }
    if let Some(At { value: expected, span }) = &expect.contains {
        let got = names(&all);
        let mut rest = got.iter();
        let missing = expected.iter().position(|name| !rest.any(|visited| visited == name));
        if let Some(missing) = missing {
            let name = expected.get(missing).map(String::as_str).unwrap_or_default();
            let after = match missing.checked_sub(1).and_then(|before| expected.get(before)) {
                Some(before) if got.iter().any(|visited| visited == name) => format!("`{name}` not after `{before}`"),
                _ => format!("`{name}` was not entered"),
            };
            let got = format!("{after}, in {}", path(&got));
            found.push(mismatch(
                "path",
                format!("{} in this order", path(expected)),
                got,
                span.as_ref(),
            ));
        }
    }
    if let Some(At { value: never, span }) = &expect.never {
        for name in never {
            let count = record.visits_of(name).count();
            if count > 0 {
                let got = format!("it was entered {}, in {}", words::times(count), path(&names(&all)));
                found.push(mismatch(
                    "path",
                    format!("`{name}` is never entered"),
                    got,
                    span.as_ref(),
                ));
            }
        }
    }
}

fn texts(names: &[String]) -> Vec<&str> {
    names.iter().map(String::as_str).collect()
}

fn path(names: &[String]) -> String {
    words::path(names.iter().map(String::as_str))
}

fn state(name: &str, expected: &StateExpect, record: &Record, found: &mut Vec<Mismatch>) {
    let all: Vec<&Visit> = record.visits_of(name).collect();
    let span = expected.span.as_ref();
    let chosen = match expected.visit {
        None => all.as_slice(),
        Some(visit) => {
            let at = usize::try_from(visit).unwrap_or(usize::MAX);
            all.get(at..).and_then(|visits| visits.get(..1)).unwrap_or_default()
        }
    };
    if chosen.is_empty() {
        let (wanted, got) = match (expected.visit, all.len()) {
            (_, 0) => ("it is entered".to_owned(), "it was never entered".to_owned()),
            (visit, count) => (
                format!("visit {} (from 0)", visit.unwrap_or_default()),
                format!("it was entered {}", words::times(count)),
            ),
        };
        found.push(mismatch(format!("the state `{name}`"), wanted, got, span));
        return;
    }
    let mut wrong = Vec::new();
    let mut wrong_visits = 0usize;
    for (index, visit) in chosen.iter().enumerate() {
        let number = match expected.visit {
            Some(visit) => format!(", visit {visit}"),
            None if all.len() > 1 => format!(", visit {index}"),
            None => String::new(),
        };
        let mut of_visit = Vec::new();
        if let Some(input) = &expected.input {
            let what = format!("the input of `{name}`{number}");
            value(&what, input, Some(&visit.input), "nothing", &mut of_visit);
        }
        if let Some(output) = &expected.output {
            let what = format!("the output of `{name}`{number}");
            let not_left = left_with(visit);
            value(&what, output, visit.output.as_ref(), &not_left, &mut of_visit);
        }
        wrong_visits += usize::from(!of_visit.is_empty());
        // The first visit that is wrong tells enough.
        if wrong.is_empty() {
            wrong = of_visit;
        }
    }
    if wrong_visits > 1
        && let Some(last) = wrong.last_mut()
    {
        let more = match wrong_visits - 1 {
            1 => "1 more visit is".to_owned(),
            more => format!("{more} more visits are"),
        };
        last.got.push_str(&format!(", and {more} wrong"));
    }
    for mut wrong in wrong {
        wrong.span = wrong.span.or_else(|| span.cloned());
        found.push(wrong);
    }
}

fn left_with(visit: &Visit) -> String {
    match visit.errors.last() {
        Some((error, cause)) => format!("it was not left: {}: {}", words::cut(error), words::cut(cause)),
        None => "it was not left".to_owned(),
    }
}

fn retries(name: &str, expected: &At<u32>, record: &Record, found: &mut Vec<Mismatch>) {
    let mut visits = 0;
    let mut count = 0u64;
    let mut errors = Vec::new();
    for visit in record.visits_of(name) {
        visits += 1;
        count += u64::from(visit.retries);
        errors.extend(visit.errors.iter().map(|(error, _)| error.as_str()));
    }
    if visits > 0 && count == u64::from(expected.value) {
        return;
    }
    let mut got = match visits {
        0 => "it was never entered".to_owned(),
        _ => count.to_string(),
    };
    if !errors.is_empty() {
        got.push_str(&format!(", after {}", words::cut(&errors.join(", "))));
    }
    let what = format!("the retries of `{name}`");
    found.push(mismatch(what, expected.value.to_string(), got, expected.span.as_ref()));
}

#[cfg(test)]
#[path = "judge_tests.rs"]
mod tests;
