//! A table of expressions with what the reference implementation (jsonata.js 2.2) makes of them: `testdata/reference.json`. The
//! expressions are our own; values, codes and messages come from running them there.

#![allow(clippy::unwrap_used)]

use serde::Deserialize;

use super::*;

#[derive(Deserialize)]
struct Case {
    expression: String,
    /// Which of the documents is the input; `shop` if none is named.
    input: Option<String>,
    #[serde(default, deserialize_with = "present")]
    value: Option<Value>,
    code: Option<String>,
    message: Option<String>,
}

/// Tells `null` from nothing.
fn present<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

/// Floating point numbers may differ in the last digit, and 1 is 1.0.
fn same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => {
            let (left, right) = (left.as_f64().unwrap(), right.as_f64().unwrap());
            (left - right).abs() <= left.abs() * 1e-15
        }
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(left, right)| same(left, right))
        }
        // The order of members counts.
        (Value::Object(left), Value::Object(right)) => {
            left.len() == right.len()
                && left
                    .iter()
                    .zip(right)
                    .all(|((name, left), (other, right))| name == other && same(left, right))
        }
        (left, right) => left == right,
    }
}

/// The code of the error for a result that has no form in JSON.
const NO_JSON: &str = "D1014";

impl Case {
    /// What is different here, if anything is.
    fn difference(&self, documents: &Value) -> Option<String> {
        let document = documents.get(self.input.as_deref().unwrap_or("shop")).unwrap();
        let result = reach::within(|reach| {
            let input = Val::from_json(document)?;
            evaluate_in(
                &self.expression,
                &input,
                Rc::new(Environment::default()),
                7,
                1_700_000_000_123,
                reach,
            )
        });
        let agrees = match (&result, &self.value, &self.code) {
            // The table was written as text, in which the reference puts an empty one for a function. A state must not go on
            // with that: there is no JSON for a function.
            (Err(error), Some(expected), _) if error.code == NO_JSON => expected.to_string().contains("\"\""),
            (Ok(Some(value)), Some(expected), _) => same(value, expected),
            (Ok(None), None, None) => true,
            (Err(error), None, Some(code)) => error.code == *code && Some(&error.message) == self.message.as_ref(),
            _ => false,
        };
        let expected = match (&self.value, &self.code) {
            (Some(value), _) => value.to_string(),
            (None, Some(code)) => format!("{code}: {}", self.message.as_deref().unwrap_or_default()),
            (None, None) => "nothing".to_owned(),
        };
        let got = match result {
            Ok(Some(value)) => value.to_string(),
            Ok(None) => "nothing".to_owned(),
            Err(error) => error.to_string(),
        };
        (!agrees).then(|| format!("{}\n  expected {expected}\n  got      {got}", self.expression))
    }
}

#[test]
fn expressions_give_what_the_reference_implementation_gives() {
    let documents: Value = serde_json::from_str(include_str!("testdata/documents.json")).unwrap();
    let cases: Vec<Case> = serde_json::from_str(include_str!("testdata/reference.json")).unwrap();
    let differences: Vec<String> = cases.iter().filter_map(|case| case.difference(&documents)).collect();
    assert!(cases.len() > 1000);
    assert!(
        differences.is_empty(),
        "{} of {} differ:\n{}",
        differences.len(),
        cases.len(),
        differences.join("\n")
    );
}
