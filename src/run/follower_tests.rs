//! Histories as AWS writes them, and what a follower makes of them.
#![allow(clippy::unwrap_used)]

use serde_json::json;

use super::*;

const ARN: &str = "arn:aws:states:us-east-1:000000000000:execution:call-center-CallCenter:one";

/// `id previous kind [state]`, each 10 ms after the one before; failures carry an error and a cause.
fn history(lines: &str) -> Vec<HistoryItem> {
    lines
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .map(|line| {
            let mut words = line.splitn(4, ' ');
            let id: u64 = words.next().unwrap().parse().unwrap();
            let previous_id = words.next().unwrap().parse().unwrap();
            let kind = words.next().unwrap().to_owned();
            let failed = kind.ends_with("Failed") || kind.ends_with("TimedOut");
            HistoryItem {
                id,
                previous_id,
                at_ms: 1000 + id * 10,
                resource: None,
                state: words.next().map(str::to_owned),
                data: (kind.contains("State") || kind == "ExecutionSucceeded").then(|| json!({ "id": id })),
                error: failed.then(|| "Oops".to_owned()),
                cause: failed.then(|| "it broke".to_owned()),
                kind,
            }
        })
        .collect()
}

fn words(event: &Event) -> String {
    match event {
        Event::StateEntered {
            entered,
            state,
            state_type,
            ..
        } => format!("> {entered} {state} ({state_type})"),
        Event::StateExited {
            entered,
            state,
            took_ms,
            ..
        } => format!("< {entered} {state} {took_ms} ms"),
        Event::TaskFailed {
            entered, state, error, ..
        } => format!("! {entered} {state} {}", error.as_deref().unwrap_or("-")),
        Event::StateRunning { entered, state, .. } => format!("… {entered} {state}"),
        Event::CallbackPending {
            entered,
            state,
            resource,
            ..
        } => format!("w {entered} {state} {resource}"),
        Event::ExecutionFinished { status, took_ms, .. } => format!("= {status} {took_ms} ms"),
        other => format!("? {other:?}"),
    }
}

fn check(lines: &str, expected: &[&str]) {
    let items = history(lines);
    let mut whole = Follower::new(ARN);
    let at_once: Vec<String> = whole.feed(&items).iter().map(words).collect();
    assert_eq!(at_once, expected);

    // However the history is cut into pages, and even if pages overlap, the events are the same.
    let mut paged = Follower::new(ARN);
    let mut one_by_one = Vec::new();
    for end in 1..=items.len() {
        one_by_one.extend(paged.feed(&items[end.saturating_sub(2)..end]).iter().map(words));
    }
    assert_eq!(one_by_one, expected);
    assert_eq!(paged.outcome(), whole.outcome());
}

#[test]
fn a_task_that_succeeds() {
    check(
        "1 0 ExecutionStarted
         2 0 TaskStateEntered Open Case
         3 2 LambdaFunctionScheduled
         4 3 LambdaFunctionStarted
         5 4 LambdaFunctionSucceeded
         6 5 TaskStateExited Open Case
         7 6 ChoiceStateEntered Is it?
         8 7 ChoiceStateExited Is it?
         9 8 ExecutionSucceeded",
        &[
            "> 2 Open Case (Task)",
            "< 2 Open Case 40 ms",
            "> 7 Is it? (Choice)",
            "< 7 Is it? 10 ms",
            "= SUCCEEDED 80 ms",
        ],
    );
}

#[test]
fn a_retried_and_then_caught_failure() {
    check(
        "1 0 ExecutionStarted
         2 0 TaskStateEntered Work
         3 2 LambdaFunctionScheduled
         4 3 LambdaFunctionStarted
         5 4 LambdaFunctionFailed
         6 5 LambdaFunctionScheduled
         7 6 LambdaFunctionStarted
         8 7 LambdaFunctionTimedOut
         9 8 TaskStateExited Work
         10 9 FailStateEntered Give Up
         11 10 ExecutionFailed",
        &[
            "> 2 Work (Task)",
            "! 2 Work Oops",
            "! 2 Work Oops",
            "< 2 Work 70 ms",
            "> 10 Give Up (Fail)",
            "= FAILED 100 ms",
        ],
    );
}

#[test]
fn a_map_whose_iterations_visit_one_state_at_the_same_time() {
    check(
        "1 0 ExecutionStarted
         2 0 MapStateEntered Each
         3 2 MapStateStarted
         4 3 MapIterationStarted
         5 3 MapIterationStarted
         6 4 TaskStateEntered Do
         7 5 TaskStateEntered Do
         8 6 TaskScheduled
         9 7 TaskScheduled
         10 8 TaskFailed
         11 9 TaskSucceeded
         12 11 TaskStateExited Do
         13 12 MapIterationSucceeded
         14 10 TaskStateExited Do
         15 14 MapIterationSucceeded
         16 15 MapStateSucceeded
         17 15 MapStateExited Each
         18 17 ExecutionSucceeded",
        &[
            "> 2 Each (Map)",
            "> 6 Do (Task)",
            "> 7 Do (Task)",
            "! 6 Do Oops",
            "< 7 Do 50 ms",
            "< 6 Do 80 ms",
            "< 2 Each 150 ms",
            "= SUCCEEDED 170 ms",
        ],
    );
}

#[test]
fn the_frames_of_a_failed_map_are_not_reported_twice() {
    check(
        "1 0 ExecutionStarted
         2 0 MapStateEntered Each
         3 2 MapStateStarted
         4 3 MapIterationStarted
         5 4 FailStateEntered Stop
         6 5 MapIterationFailed
         7 6 MapStateFailed
         8 7 ExecutionFailed",
        &["> 2 Each (Map)", "> 5 Stop (Fail)", "= FAILED 70 ms"],
    );
}

#[test]
fn the_ends_of_an_execution() {
    for (kind, status) in [
        ("ExecutionSucceeded", "SUCCEEDED"),
        ("ExecutionFailed", "FAILED"),
        ("ExecutionTimedOut", "TIMED_OUT"),
        ("ExecutionAborted", "ABORTED"),
    ] {
        let mut follower = Follower::new(ARN);
        follower.feed(&history(&format!("1 0 ExecutionStarted\n2 0 {kind}")));
        let outcome = follower.outcome().unwrap();
        assert_eq!(outcome.status, status);
        assert_eq!(outcome.execution, "one");
        assert_eq!(outcome.succeeded(), kind == "ExecutionSucceeded");
        assert_eq!(outcome.output.is_some(), outcome.succeeded());
    }
}

#[test]
fn what_has_been_running_is_said_once() {
    let mut follower = Follower::new(ARN);
    follower.feed(&history("1 0 ExecutionStarted\n2 0 WaitStateEntered Sleep"));
    let said: Vec<String> = follower.still_running().iter().map(words).collect();
    assert_eq!(said, ["… 2 Sleep"]);
    assert!(follower.still_running().is_empty());
}

#[test]
fn histories_that_make_no_sense_do_no_harm() {
    let mut follower = Follower::new("");
    let events = follower.feed(&history(
        "1 9 TaskStateExited Never\n2 1 TaskFailed\n3 77 TaskStateAborted\n4 3 PassStateExited",
    ));
    assert!(events.is_empty(), "{events:?}");
}

#[test]
fn a_callback_that_is_waited_for() {
    let token = "AQ".repeat(60);
    let mut items = history(
        "1 0 ExecutionStarted
         2 0 TaskStateEntered Ask
         3 2 TaskScheduled
         4 3 TaskStarted
         5 4 TaskSubmitted
         6 5 TaskTimedOut
         7 2 TaskScheduled
         8 7 TaskSubmitted
         9 8 TaskSucceeded
         10 9 TaskStateExited Ask",
    );
    for (at, message) in [
        (2, json!(format!("answer with {token}, please"))),
        (6, json!({ "deep": [token] })),
    ] {
        items[at].resource = Some("sns:publish.waitForTaskToken".into());
        items[at].data = Some(json!({ "TopicArn": "arn:aws:sns:us-east-1:000000000000:s-T", "Message": message }));
    }
    let mut follower = Follower::new(ARN);
    let mut check = |upto: usize, expected: &[&str], waits: bool| {
        let events: Vec<String> = follower.feed(&items[..upto]).iter().map(words).collect();
        assert_eq!(events, expected);
        let tokens: Vec<_> = follower
            .waiting()
            .into_iter()
            .map(|waiting| (waiting.state, waiting.token))
            .collect();
        let known = ("Ask".to_owned(), Some(token.clone()));
        assert_eq!(tokens, if waits { vec![known] } else { Vec::new() });
        let holder = follower.holder_of(&token).map(|waiting| waiting.state);
        assert!(!waits || holder.as_deref() == Some("Ask"), "{holder:?}");
        assert!(follower.holder_of("another").is_none() && follower.holder_of("").is_none());
        assert!(follower.tells_all_tokens());
        assert_eq!(follower.new_callbacks().len(), usize::from(waits));
        assert_eq!(follower.new_callbacks().len(), 0);
        assert!(!format!("{follower:?}").contains(&token));
    };
    check(4, &["> 2 Ask (Task)"], false);
    check(5, &["w 2 Ask sns:publish"], true);
    check(6, &["! 2 Ask Oops"], false);
    check(8, &["w 2 Ask sns:publish"], true);
    check(10, &["< 2 Ask 80 ms"], false);
}

#[test]
fn tokens_that_a_history_does_not_tell() {
    let tells = |kind: &str, given: Option<Value>| {
        let mut items = history(&format!(
            "1 0 ExecutionStarted\n2 1 TaskStateEntered Ask\n3 2 {kind}\n4 3 TaskSubmitted"
        ));
        items[2].resource = Some("sns:publish.waitForTaskToken".into());
        items[2].data = given;
        let mut follower = Follower::new(ARN);
        follower.feed(&items);
        follower.tells_all_tokens()
    };
    let token = "AQ".repeat(60);
    assert!(tells("TaskScheduled", Some(json!({ "Message": token }))));
    assert!(!tells("TaskScheduled", Some(json!(""))));
    assert!(!tells("TaskScheduled", None));
    assert!(!tells("ActivityScheduled", None));
    assert!(!tells("MapRunStarted", None));
}
