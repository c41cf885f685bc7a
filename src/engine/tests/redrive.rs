//! Redrive: what goes on, and from where.

use serde_json::{Value, json};

use super::{FUNCTION, single, task};
use crate::engine::testing::{Answer, Lab, error, output};
use crate::engine::{Execution, Happened, Status, step};

fn lines_after(lab: &Lab, event: u64) -> Vec<String> {
    let lines = lab.lines();
    let from = usize::try_from(event).unwrap();
    lines.lines().skip(from).map(str::to_owned).collect()
}

fn work() -> Value {
    json!({ "Type": "Task", "Resource": FUNCTION, "End": true })
}

#[test]
fn a_failed_task_is_scheduled_again() {
    let retried = task(json!({ "Retry": [{ "ErrorEquals": ["States.ALL"], "MaxAttempts": 1 }] }));
    let mut lab = Lab::run(&retried, "7", &[error("Boom", "why")]);
    assert_eq!(lab.requests.len(), 2);
    let failed = lab.history.len() as u64;
    lab.feed(Happened::Redriven);
    // Retries are counted anew.
    lab.go_on(&[error("Boom", "why"), output(json!(8))]);
    assert_eq!(lab.requests.len(), 4);
    assert_eq!(lab.outcome().status, Status::Succeeded);
    let lines = lines_after(&lab, failed);
    assert_eq!(
        lines[..2],
        [
            format!("{}<{failed} ExecutionRedriven redriveCount=1", failed + 1),
            format!(
                "{}<{} LambdaFunctionScheduled resource={FUNCTION} input=7",
                failed + 2,
                failed + 1
            ),
        ]
    );
    assert!(
        lab.last_line().ends_with("ExecutionSucceeded output=8"),
        "{}",
        lab.lines()
    );
}

#[test]
fn each_state_goes_on_in_its_way() {
    let check = |definition: &Value, answers: &[Answer], kinds: &[&str]| {
        let mut lab = Lab::run(definition, "{}", answers);
        if lab.execution.outcome().is_none() {
            lab.feed(Happened::Stopped {
                error: None,
                cause: None,
            });
        }
        let ended = lab.history.len();
        lab.feed(Happened::Redriven);
        lab.go_on(&[output(json!(1))]);
        let got: Vec<&str> = lab.history[ended..].iter().map(|event| event.kind.as_str()).collect();
        assert_eq!(got, kinds, "{}", lab.lines());
    };
    let fail = single(json!({ "Type": "Fail", "Error": "E" }));
    check(
        &fail,
        &[],
        &["ExecutionRedriven", "FailStateEntered", "ExecutionFailed"],
    );
    let choice =
        single(json!({ "Type": "Choice", "Choices": [{ "Variable": "$.x", "IsPresent": true, "Next": "Next" }] }));
    check(&choice, &[], &["ExecutionRedriven", "ExecutionFailed"]);
    check(
        &task(json!({})),
        &[Answer::Silence],
        &[
            "ExecutionRedriven",
            "LambdaFunctionScheduled",
            "LambdaFunctionStarted",
            "LambdaFunctionSucceeded",
            "TaskStateExited",
            "ExecutionSucceeded",
        ],
    );
}

#[test]
fn of_a_parallel_state_only_what_failed_or_was_aborted_goes_on() {
    let inner = json!({
        "Type": "Parallel",
        "End": true,
        "Branches": [
            { "StartAt": "D", "States": { "D": { "Type": "Pass", "Result": "d", "End": true } } },
            { "StartAt": "E", "States": { "E": work() } },
        ],
    });
    let outer = single(json!({
        "Type": "Parallel",
        "End": true,
        "Branches": [
            { "StartAt": "A", "States": { "A": { "Type": "Pass", "Result": "a", "End": true } } },
            { "StartAt": "B", "States": { "B": inner } },
            { "StartAt": "C", "States": { "C": work() } },
        ],
    }));
    for first in [vec![error("Boom", "why")], vec![Answer::Silence, error("Boom", "why")]] {
        let mut lab = Lab::run(&outer, "0", &first);
        assert_eq!(lab.outcome().status, Status::Failed);
        let failed = lab.history.len();
        lab.feed(Happened::Redriven);
        lab.go_on(&[output(json!("e")), output(json!("c"))]);
        assert_eq!(
            lab.outcome().output.as_deref(),
            Some("[\"a\",[\"d\",\"e\"],\"c\"]"),
            "{}",
            lab.lines()
        );
        let passes = lab.history[failed..]
            .iter()
            .filter(|event| event.kind.starts_with("PassState"));
        assert_eq!(passes.count(), 0);
    }
}

#[test]
fn of_a_map_state_only_iterations_that_did_not_succeed_go_on() {
    let map = single(json!({
        "Type": "Map",
        "MaxConcurrency": 1,
        "End": true,
        "ItemProcessor": { "StartAt": "W", "States": { "W": work() } },
    }));
    let mut lab = Lab::run(&map, "[1,2,3]", &[output(json!("one")), error("Boom", "why")]);
    assert_eq!((lab.outcome().status, lab.requests.len()), (Status::Failed, 2));
    lab.feed(Happened::Redriven);
    lab.go_on(&[output(json!("two")), output(json!("three"))]);
    assert_eq!(lab.outcome().output.as_deref(), Some("[\"one\",\"two\",\"three\"]"));
    assert_eq!(lab.requests.len(), 4);
}

#[test]
fn a_wreck_is_forgotten_when_the_failure_was_caught() {
    let definition = json!({ "StartAt": "P", "States": {
        "P": {
            "Type": "Parallel",
            "Branches": [{ "StartAt": "A", "States": { "A": work() } }],
            "Catch": [{ "ErrorEquals": ["States.ALL"], "Next": "After" }],
            "End": true,
        },
        "After": work(),
    }});
    let mut lab = Lab::run(&definition, "0", &[error("Boom", "why")]);
    lab.feed(Happened::Redriven);
    lab.go_on(&[output(json!("after"))]);
    assert_eq!(lab.outcome().output.as_deref(), Some("\"after\""));
    assert_eq!(lab.requests.len(), 3);
}

#[test]
fn the_time_of_the_machine_begins_again_and_the_context_says_so() {
    let definition = json!({ "TimeoutSeconds": 10, "StartAt": "S", "States": {
        "S": { "Type": "Wait", "Seconds": 60, "Next": "T" },
        "T": { "Type": "Pass", "End": true },
    }});
    let mut lab = Lab::run(&definition, "0", &[]);
    assert_eq!(lab.outcome().status, Status::TimedOut);
    lab.feed(Happened::Redriven);
    lab.go_on(&[]);
    assert_eq!(lab.outcome().status, Status::TimedOut);
    lab.feed(Happened::Redriven);
    assert!(
        lab.last_line().ends_with("ExecutionRedriven redriveCount=2"),
        "{}",
        lab.lines()
    );

    let asking = task(json!({ "Parameters": { "redrive.$": "$$.Execution" } }));
    let mut lab = Lab::run(&asking, "0", &[error("Boom", "why")]);
    lab.now += 5000;
    lab.feed(Happened::Redriven);
    let asked = |attempt: usize, member: &str| lab.requests[attempt].parameters["redrive"].get(member).cloned();
    assert_eq!(asked(0, "RedriveCount"), Some(json!(0)));
    assert_eq!(asked(0, "RedriveTime"), None);
    assert_eq!(asked(1, "RedriveCount"), Some(json!(1)));
    assert_eq!(asked(1, "RedriveTime"), Some(json!("2024-01-01T00:00:05.000Z")));
}

#[test]
fn what_runs_or_has_succeeded_is_not_redriven() {
    let mut lab = Lab::run(&task(json!({})), "0", &[output(json!(1))]);
    let events = lab.history.len();
    lab.feed(Happened::Redriven);
    assert_eq!(lab.history.len(), events);
    let mut lab = Lab::run(&task(json!({})), "0", &[Answer::Silence]);
    let events = lab.history.len();
    lab.feed(Happened::Redriven);
    assert_eq!(lab.history.len(), events);
}

#[test]
fn a_journal_with_a_redrive_gives_the_same_history() {
    let mut lab = Lab::run(&task(json!({})), "0", &[error("Boom", "why")]);
    lab.feed(Happened::Redriven);
    lab.go_on(&[output(json!(1))]);
    let mut again = Execution::new(crate::engine::testing::start("0"));
    let effects: Vec<_> = lab
        .inputs
        .iter()
        .flat_map(|input| step(&lab.machine, &mut again, input))
        .collect();
    assert_eq!(effects, lab.effects);
}
