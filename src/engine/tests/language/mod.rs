//! The whole States Language, case by case: definitions that are executed, with what must come of them. `audit` holds the
//! cases against the list of everything that the language has: each field, operator, function and error needs a case that
//! would fail if the engine ignored it.

mod audit;
mod choices;
mod contexts;
mod distributed;
mod errors;
mod functions;
mod list;
mod maps;
mod mutants;
mod parallels;
mod simple;
mod tasks;
mod transcript;
mod walk;

use serde_json::{Value, json};

use crate::engine::testing::Answer;

/// A definition, what its execution is given, and what must come of it.
pub(super) struct Case {
    pub(super) definition: Value,
    pub(super) input: String,
    /// What tasks answer, and what objects in S3 hold, in order; the last one again and again.
    pub(super) answers: Vec<Answer>,
    /// Lines that the transcript of the execution must have. One that ends with `…` is the beginning of a line.
    pub(super) expected: Vec<String>,
}

impl Case {
    /// Which of the expected lines is not in the transcript of that definition; an error if it is refused.
    fn missing(&self, definition: &Value) -> Result<Option<&str>, Refused> {
        let lines = transcript::of(definition, &self.input, &self.answers)?;
        let there = |expected: &str| match expected.strip_suffix('…') {
            Some(beginning) => lines.iter().any(|line| line.starts_with(beginning)),
            None => lines.iter().any(|line| line == expected),
        };
        Ok(self.expected.iter().map(String::as_str).find(|line| !there(line)))
    }

    /// Whether the case would notice if its definition were that one instead.
    fn fails_with(&self, definition: &Value) -> Result<bool, Refused> {
        self.missing(definition).map(|missing| missing.is_some())
    }
}

/// A definition is not one, and why.
#[derive(Debug)]
struct Refused(String);

fn case(definition: Value, input: &str, answers: &[Answer], expected: &[&str]) -> Case {
    Case {
        definition,
        input: input.to_owned(),
        answers: answers.to_vec(),
        expected: expected.iter().map(|line| (*line).to_owned()).collect(),
    }
}

/// A machine with the state `S`, which ends or goes to one of the others, which pass on what they get.
fn with(state: Value) -> Value {
    json!({ "StartAt": "S", "States": {
        "S": state,
        "T": { "Type": "Pass", "Result": "T was here", "ResultPath": null, "End": true },
        "Caught": { "Type": "Pass", "Parameters": { "caught.$": "$" }, "End": true },
        "Never": { "Type": "Fail", "Error": "Never" },
    }})
}

/// The same in JSONata.
fn with_jsonata(state: Value) -> Value {
    json!({ "QueryLanguage": "JSONata", "StartAt": "S", "States": {
        "S": state,
        "T": { "Type": "Pass", "End": true },
        "Caught": { "Type": "Pass", "Output": { "caught": "{% $states.input %}" }, "End": true },
        "Never": { "Type": "Fail", "Error": "Never" },
    }})
}

/// Both members of two objects.
fn merged(state: Value, extra: &Value) -> Value {
    let mut state = state;
    let members = extra.as_object().cloned().unwrap_or_default();
    state.as_object_mut().unwrap().extend(members);
    state
}

/// All cases.
fn cases() -> Vec<Case> {
    [
        simple::cases(),
        choices::cases(),
        tasks::cases(),
        parallels::cases(),
        maps::cases(),
        distributed::cases(),
        errors::cases(),
        functions::cases(),
        contexts::cases(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

#[test]
fn every_case_holds() {
    let mut wrong = Vec::new();
    for case in cases() {
        let problem = match case.missing(&case.definition) {
            Ok(None) => continue,
            Ok(Some(missing)) => {
                let lines = transcript::of(&case.definition, &case.input, &case.answers).unwrap_or_default();
                format!("has no line\n  {missing}\nbut\n  {}", lines.join("\n  "))
            }
            Err(Refused(why)) => format!("is refused: {why}"),
        };
        wrong.push(format!("{}\ninput {} {problem}", case.definition, case.input));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}
