//! Events, and the lines that they give.

use serde_json::json;

use super::*;

fn check(events: &[Event], expected: &str) {
    let mut words = Words::new(Theme::PLAIN);
    let lines: Vec<String> = events.iter().flat_map(|event| words.lines(event)).collect();
    assert_eq!(lines.join("\n"), expected);
}

fn entered(execution: &str, entered: u64, state: &str, state_type: &str) -> Event {
    Event::StateEntered {
        execution: execution.into(),
        entered,
        state: state.into(),
        state_type: state_type.into(),
        at_ms: 0,
        input: json!({}),
    }
}

fn exited(execution: &str, entered: u64, state: &str, state_type: &str, took_ms: u64) -> Event {
    Event::StateExited {
        execution: execution.into(),
        entered,
        state: state.into(),
        state_type: state_type.into(),
        took_ms,
        output: json!({}),
    }
}

fn started(execution: &str) -> Event {
    Event::ExecutionStarted {
        execution: execution.into(),
        arn: format!("arn:{execution}"),
        state_machine: "call-center-CallCenter".into(),
        input: json!({}),
    }
}

fn finished(execution: &str, status: &str, error: Option<&str>, cause: Option<&str>) -> Event {
    Event::ExecutionFinished {
        execution: execution.into(),
        arn: format!("arn:{execution}"),
        status: status.into(),
        output: None,
        error: error.map(str::to_owned),
        cause: cause.map(str::to_owned),
        took_ms: 420,
    }
}

#[test]
fn steps() {
    let step = "create function cc-Open".to_owned();
    check(
        &[
            Event::Target {
                target: "localstack".into(),
                account: "000000000000".into(),
                region: "us-east-1".into(),
                endpoint: Some("http://127.0.0.1:4566".into()),
                product: Some("LocalStack community 4.14.0".into()),
            },
            Event::StepStarted {
                step: step.clone(),
                action: "create".into(),
                kind: "function".into(),
                name: "cc-Open".into(),
            },
            Event::StepWaiting {
                step: step.clone(),
                reason: "the role cannot be assumed yet".into(),
                attempt: 1,
                waited_ms: 999,
            },
            Event::StepWaiting {
                step: step.clone(),
                reason: "the role cannot be assumed yet".into(),
                attempt: 3,
                waited_ms: 1200,
            },
            Event::StepWaiting {
                step: step.clone(),
                reason: "the role cannot be assumed yet".into(),
                attempt: 4,
                waited_ms: 2300,
            },
            Event::StepWaiting {
                step: step.clone(),
                reason: "the role cannot be assumed yet".into(),
                attempt: 5,
                waited_ms: 4400,
            },
            Event::StepFinished {
                step: step.clone(),
                action: "create".into(),
                kind: "function".into(),
                name: "cc-Open".into(),
                arn: None,
                took_ms: 1300,
            },
            Event::StepFailed {
                step: "update state-machine cc-Main".into(),
                action: "update".into(),
                kind: "state-machine".into(),
                name: "cc-Main".into(),
                error: "AccessDenied: \u{1b}[2Jno".into(),
                hints: vec!["ask for states:UpdateStateMachine".into()],
            },
            Event::StepSkipped {
                step: "delete role r".into(),
                kind: "role".into(),
                name: "r".into(),
                because: "update state-machine cc-Main".into(),
            },
        ],
        "target localstack, LocalStack community 4.14.0 at http://127.0.0.1:4566, account 000000000000, region us-east-1\n\
         waiting for `create function cc-Open`: the role cannot be assumed yet (1.2 s)\n\
         waiting for `create function cc-Open`: the role cannot be assumed yet (4.4 s)\n\
         created function cc-Open (1.3 s)\n\
         failed to update state machine cc-Main: AccessDenied: \\u{1b}[2Jno\n\
         \x20 hint: ask for states:UpdateStateMachine\n\
         skipped role r: it needs `update state-machine cc-Main`",
    );
}

#[test]
fn an_execution_that_fails_in_a_fail_state() {
    check(
        &[
            started("one"),
            entered("one", 2, "Open Case", "Task"),
            Event::TaskFailed {
                execution: "one".into(),
                entered: 2,
                state: "Open Case".into(),
                error: Some("TypeError".into()),
                cause: Some(r#"{"errorMessage":"x is\nnot a function","errorType":"TypeError","trace":[]}"#.into()),
            },
            exited("one", 2, "Open Case", "Task", 12),
            entered("one", 7, "Fail", "Fail"),
            finished("one", "FAILED", None, Some("Engage Tier 2 Support.")),
        ],
        "execution one of call-center-CallCenter started\n\
         \x20 Open Case             Task      failed: TypeError: x is\\nnot a function\n\
         \x20 Open Case             Task      12 ms\n\
         \x20 Fail                  Fail      failed\n\
         FAILED in 0.4 s: Engage Tier 2 Support.",
    );
}

#[test]
fn a_failure_in_a_branch_is_told_once_and_stops_the_others() {
    let failed = Event::TaskFailed {
        execution: "one".into(),
        entered: 3,
        state: "Bad".into(),
        error: Some("Broken".into()),
        cause: None,
    };
    let both = [
        started("one"),
        entered("one", 2, "Both", "Parallel"),
        entered("one", 3, "Bad", "Task"),
        entered("one", 4, "Slow", "Wait"),
    ];
    check(
        &[&both[..], &[failed, finished("one", "FAILED", Some("Broken"), None)]].concat(),
        "execution one of call-center-CallCenter started\n\
         \x20 Bad                   Task      failed: Broken\n\
         \x20 Both                  Parallel  failed\n\
         \x20 Slow                  Wait      stopped\n\
         FAILED in 0.4 s: Broken",
    );
}

#[test]
fn several_executions_are_told_apart() {
    check(
        &[
            started("one"),
            started("two"),
            entered("two", 2, "Wait", "Wait"),
            entered("one", 2, "Wait", "Wait"),
            exited("one", 2, "Wait", "Wait", 5000),
            finished("one", "SUCCEEDED", None, None),
            finished("two", "ABORTED", None, None),
        ],
        "execution one of call-center-CallCenter started\n\
         execution two of call-center-CallCenter started\n\
         [one]   Wait                  Wait      5.0 s\n\
         [one] SUCCEEDED in 0.4 s\n\
         [two]   Wait                  Wait      aborted\n\
         [two] ABORTED in 0.4 s",
    );
}

#[test]
fn what_all_names_begin_with_is_not_repeated() {
    check(
        &[
            started("cc-20251120-one"),
            started("cc-20251120-two"),
            finished("cc-20251120-one", "SUCCEEDED", None, None),
            finished("cc-20251120-two", "SUCCEEDED", None, None),
        ],
        "execution cc-20251120-one of call-center-CallCenter started\n\
         execution cc-20251120-two of call-center-CallCenter started\n\
         [one] SUCCEEDED in 0.4 s\n\
         [two] SUCCEEDED in 0.4 s",
    );
    for (one, other, expected) in [
        ("a-b", "a-c", "a-"),
        ("a", "a", ""),
        ("ä-x", "ä-x-y", "ä-"),
        ("", "a", ""),
    ] {
        assert_eq!(common_start(one, other), expected);
    }
}

#[test]
fn causes_are_shortened_and_harmless() {
    for (error, cause, expected) in [
        (None, None, "no error was given"),
        (Some(""), Some(""), "no error was given"),
        (Some("E"), None, "E"),
        (Some("E"), Some(""), "E"),
        (None, Some("c"), "c"),
        (Some("E\u{7}"), Some("[1]"), "E\\u{7}: [1]"),
    ] {
        assert_eq!(why(error, cause), expected);
    }
    assert_eq!(why(None, Some(&"x".repeat(1000))).chars().count(), LONGEST_CAUSE);
}
