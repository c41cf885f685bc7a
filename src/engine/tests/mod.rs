//! Definitions and inputs against the history they must give, and laws that hold for all of them.
#![allow(clippy::unwrap_used)]

mod distributed;
mod failures;
mod jsonata;
mod language;
mod laws;
mod limits;
mod map;
mod parallel;
mod redrive;
mod states;
mod variables;

use serde_json::{Value, json};

use super::testing::{Answer, Lab};

const FUNCTION: &str = "arn:aws:lambda:us-east-1:000000000000:function:f";

pub(super) fn single(state: Value) -> Value {
    json!({ "StartAt": "S", "States": { "S": state, "Next": { "Type": "Pass", "End": true } } })
}

pub(super) fn task(extra: Value) -> Value {
    let mut state = json!({ "Type": "Task", "Resource": FUNCTION, "End": true });
    state
        .as_object_mut()
        .unwrap()
        .extend(extra.as_object().unwrap().clone());
    single(state)
}

/// Runs and compares the whole history.
#[track_caller]
pub(super) fn check(definition: Value, input: &str, answers: &[Answer], history: &str) {
    let lab = Lab::run(&definition, input, answers);
    let expected: Vec<&str> = history.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    assert_eq!(lab.lines().lines().collect::<Vec<_>>(), expected);
}

/// Runs and compares the last event, without its numbers.
#[track_caller]
pub(super) fn check_end(definition: Value, input: &str, answers: &[Answer], end: &str) {
    let lab = Lab::run(&definition, input, answers);
    assert_eq!(lab.last_line().split_once(' ').unwrap().1, end, "{}", lab.lines());
}
