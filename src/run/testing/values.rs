//! JSON values, held against what was asserted of them. Pure.

use serde_json::{Map, Value, json};

use super::difference::{Mode, differences, lines};
use super::judge::mismatch;
use super::{Mismatch, words};
use crate::expr::jsonata::{Bindings, Expression};
use crate::expr::path::Path;
use crate::expr::path_eval;
use crate::stack::cases::{Assertion, At, Expected};

/// All assertions about a value; `nothing` says what there is if there is none.
pub(super) fn value(what: &str, expected: &Expected, got: Option<&Value>, nothing: &str, found: &mut Vec<Mismatch>) {
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
            let found = found.and_then(|path| path_eval::evaluate(&path, got).map_err(|_| "nothing".to_owned()));
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
