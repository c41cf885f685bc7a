//! What an execution did, held against what was expected of it. Pure.

use super::record::{Record, Visit};
use super::values::value;
use super::{Mismatch, align, words};
use crate::diagnostic::Span;
use crate::run::Outcome;
use crate::stack::cases::{At, Expect, PathExpect, StateExpect, Text};

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

pub(super) fn mismatch(
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
