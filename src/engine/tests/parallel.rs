//! Parallel states: the order of events, joins, failures, nesting.

use serde_json::{Value, json};

use super::{FUNCTION, check, check_end, single};
use crate::engine::testing::{Answer, EPOCH, Lab, error, output};
use crate::engine::{Effect, Pending};

/// A Parallel state `S` with these branches, each of one state.
fn parallel(branches: &[Value], extra: Value) -> Value {
    let branches: Vec<Value> = ["A", "B", "C"]
        .iter()
        .zip(branches)
        .map(|(name, state)| json!({ "StartAt": name, "States": { *name: state } }))
        .collect();
    let mut state = json!({ "Type": "Parallel", "Branches": branches, "End": true });
    state
        .as_object_mut()
        .unwrap()
        .extend(extra.as_object().unwrap().clone());
    single(state)
}

fn pass(result: Value) -> Value {
    json!({ "Type": "Pass", "Result": result, "End": true })
}

fn task() -> Value {
    json!({ "Type": "Task", "Resource": FUNCTION, "End": true })
}

#[test]
fn branches_run_and_join_in_their_order() {
    check(
        parallel(&[pass(json!(1)), pass(json!({ "b": 2 }))], json!({})),
        "{\"x\":0}",
        &[],
        "1<0 ExecutionStarted input={\"x\":0}
         2<0 ParallelStateEntered name=S input={\"x\":0}
         3<2 ParallelStateStarted
         4<3 PassStateEntered name=A input={\"x\":0}
         5<4 PassStateExited name=A output=1
         6<3 PassStateEntered name=B input={\"x\":0}
         7<6 PassStateExited name=B output={\"b\":2}
         8<7 ParallelStateSucceeded
         9<7 ParallelStateExited name=S output=[1,{\"b\":2}]
         10<9 ExecutionSucceeded output=[1,{\"b\":2}]",
    );
    // The second branch is done first; its output comes second all the same.
    let wait = json!({ "Type": "Wait", "Seconds": 5, "End": true });
    let lab = Lab::run(&parallel(&[wait, task()], json!({})), "7", &[output(json!("b"))]);
    assert_eq!(lab.last_line(), "13<12 ExecutionSucceeded output=[7,\"b\"]");
    assert_eq!(lab.now - EPOCH, 5_000);
}

#[test]
fn input_and_result_are_shaped() {
    for (extra, end) in [
        (json!({ "Parameters": { "n.$": "$.a" } }), "[{\"n\":1}]"),
        (json!({ "InputPath": "$.a", "OutputPath": "$[0]" }), "1"),
        (
            json!({ "ResultPath": "$.r", "InputPath": "$.a" }),
            "{\"a\":1,\"r\":[1]}",
        ),
        (json!({ "ResultSelector": { "first.$": "$[0].a" } }), "{\"first\":1}"),
    ] {
        let echo = json!({ "Type": "Pass", "End": true });
        check_end(
            parallel(&[echo], extra),
            "{\"a\":1}",
            &[],
            &format!("ExecutionSucceeded output={end}"),
        );
    }
}

#[test]
fn a_failed_branch_cuts_off_the_others() {
    let wait = json!({ "Type": "Wait", "Seconds": 100, "End": true });
    let definition = parallel(&[wait, task(), task()], json!({}));
    let lab = Lab::run(&definition, "0", &[error("Boom", "why")]);
    let lines = lab.lines();
    let tail: Vec<&str> = lines.lines().skip(9).collect();
    assert_eq!(
        tail,
        [
            "10<9 LambdaFunctionFailed error=Boom cause=why",
            "11<10 WaitStateAborted",
            "12<10 TaskStateAborted",
            "13<10 TaskStateAborted",
            "14<10 ParallelStateFailed",
            "15<14 ExecutionFailed error=Boom cause=why",
        ],
        "{lines}"
    );
    assert!(lab.effects.contains(&Effect::CancelTask { task: 2 }));
    assert!(lab.effects.contains(&Effect::CancelTimer { timer: 1 }));
    assert_eq!(lab.execution.pending(), Pending::default());
}

#[test]
fn a_failure_is_retried_then_caught() {
    let retry = json!({
        "Retry": [{ "ErrorEquals": ["Boom"], "MaxAttempts": 1 }],
        "Catch": [{ "ErrorEquals": ["Boom"], "ResultPath": "$.e", "Next": "Next" }],
    });
    check(
        parallel(&[task()], retry),
        "{}",
        &[error("Boom", "why")],
        "1<0 ExecutionStarted input={}
         2<0 ParallelStateEntered name=S input={}
         3<2 ParallelStateStarted
         4<3 TaskStateEntered name=A input={}
         5<4 LambdaFunctionScheduled resource=arn:aws:lambda:us-east-1:000000000000:function:f input={}
         6<5 LambdaFunctionStarted
         7<6 LambdaFunctionFailed error=Boom cause=why
         8<7 TaskStateAborted
         9<7 ParallelStateStarted
         10<9 TaskStateEntered name=A input={}
         11<10 LambdaFunctionScheduled resource=arn:aws:lambda:us-east-1:000000000000:function:f input={}
         12<11 LambdaFunctionStarted
         13<12 LambdaFunctionFailed error=Boom cause=why
         14<13 TaskStateAborted
         15<13 ParallelStateFailed
         16<15 ParallelStateExited name=S output={\"e\":{\"Error\":\"Boom\",\"Cause\":\"why\"}}
         17<16 PassStateEntered name=Next input={\"e\":{\"Error\":\"Boom\",\"Cause\":\"why\"}}
         18<17 PassStateExited name=Next output={\"e\":{\"Error\":\"Boom\",\"Cause\":\"why\"}}
         19<18 ExecutionSucceeded output={\"e\":{\"Error\":\"Boom\",\"Cause\":\"why\"}}",
    );
}

#[test]
fn errors_of_the_interpreter_reach_the_state_around_unless_they_are_fatal() {
    let caught = json!({ "Catch": [{ "ErrorEquals": ["States.ALL"], "Next": "Next" }] });
    let choice = json!({ "Type": "Choice", "Choices": [{ "Variable": "$.x", "IsPresent": true, "Next": "A" }] });
    check_end(
        parallel(&[choice], caught.clone()),
        "{}",
        &[],
        "ExecutionSucceeded output={\"Error\":\"States.NoChoiceMatched\",\"Cause\":\"An error occurred while executing \
         the state 'A' (entered at the event id #4). Failed to transition out of the state. The state does not point to \
         a next state.\"}",
    );
    let fatal = json!({ "Type": "Pass", "Parameters": { "a.$": "$.none" }, "End": true });
    let lab = Lab::run(&parallel(&[pass(json!(1)), fatal], caught), "{}", &[]);
    assert!(
        lab.last_line()
            .starts_with("7<6 ExecutionFailed error=States.Runtime cause=An error occurred while")
    );
}

#[test]
fn nested_branches_join_and_fail_level_by_level() {
    let nest =
        |leaf: Value, levels: usize| {
            (0..levels).fold(leaf, |inner, level| {
            let start = if level == 0 { "A".to_owned() } else { format!("L{}", level - 1) };
            json!({ "Type": "Parallel", "End": true, "Branches": [{ "StartAt": start, "States": { start: inner } }] })
        })
        };
    let levels = 12;
    let nested = |leaf: Value| single(nest(leaf, levels));
    let lab = Lab::run(&nested(task()), "0", &[output(json!(5))]);
    let expected = format!(
        "ExecutionSucceeded output={}5{}",
        "[".repeat(levels),
        "]".repeat(levels)
    );
    assert!(lab.last_line().ends_with(&expected), "{}", lab.last_line());

    let lab = Lab::run(&nested(task()), "0", &[error("Boom", "why")]);
    let failed = lab
        .history
        .iter()
        .filter(|event| event.kind == "ParallelStateFailed")
        .count();
    assert_eq!(failed, levels);
    assert!(lab.last_line().ends_with("ExecutionFailed error=Boom cause=why"));

    // An outer failure tears down all levels below.
    let fail_later = json!({ "Type": "Task", "Resource": FUNCTION, "TimeoutSeconds": 3, "End": true });
    let lab = Lab::run(
        &parallel(&[nest(task(), 2), fail_later], json!({})),
        "0",
        &[Answer::Silence],
    );
    let lines = lab.lines();
    let tail: Vec<&str> = lines
        .lines()
        .rev()
        .take(7)
        .map(|line| line.split(' ').nth(1).unwrap())
        .collect();
    assert_eq!(
        tail,
        [
            "ExecutionFailed",
            "ParallelStateFailed",
            "TaskStateAborted",
            "TaskStateAborted",
            "ParallelStateAborted",
            "ParallelStateAborted",
            "LambdaFunctionTimedOut",
        ]
    );
    assert_eq!(lab.execution.pending(), Pending::default());
}
