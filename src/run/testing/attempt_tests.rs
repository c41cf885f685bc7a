//! Cases in an AWS that is slow, silent or broken, in virtual time: how each ends, and when.
#![allow(clippy::unwrap_used)]

#[path = "attempt_world.rs"]
mod world;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use indexmap::IndexMap;
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::time::{Instant, sleep};

use super::*;
use crate::asl::graph::Graph;
use crate::cloud::{ConnectOptions, connect};
use crate::event::{Event, Sink};
use crate::run::testing::{CaseResult, Place};
use crate::stack::cases::{Answer, Case, Expect};
use crate::tree::Node;
use world::{ARN, Aws, NEVER, Shared, World};

const DEFINITION: &str = r#"{"StartAt": "Ask", "States": {"Ask": {
    "Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken", "End": true
}}}"#;

struct Nowhere;

impl Sink for Nowhere {
    fn emit(&self, _: Event) {}
}

fn job(world: &World) -> Job {
    let definition: Value = serde_json::from_str(DEFINITION).unwrap();
    let model = crate::asl::parse(&Node::from_json(&definition)).0.unwrap();
    let machine = Machine {
        arn: "m".to_owned(),
        kind: if world.express {
            MachineKind::Express
        } else {
            MachineKind::Standard
        },
        graph: Graph::of(&model),
        definition,
    };
    let mut callbacks = IndexMap::new();
    if !world.express {
        callbacks.insert("Ask".to_owned(), vec![Answer::Success(json!({}))]);
    }
    let case = Case {
        span: None,
        name: "c".to_owned(),
        state_machine: "M".to_owned(),
        input: Node::from_json(&json!({})),
        mocks: None,
        callbacks,
        virtual_time: false,
        timeout: 5,
        skip_on: BTreeMap::new(),
        expect: Expect::success(),
    };
    let place = Place {
        product: None,
        rehearses: false,
    };
    Job::new(case, Some(machine), place)
}

/// Runs the case in that world: what came of it, the seconds that it took, and what was asked.
async fn run(world: &World) -> (CaseResult, u64, Vec<String>) {
    let aws = Arc::new(Aws::new(world));
    let cloud = connect(ConnectOptions {
        target: "local".to_owned(),
        door: Some(Arc::new(Shared(Arc::clone(&aws)))),
        ..ConnectOptions::default()
    });
    let cloud = cloud.await.unwrap();
    let (count, stop) = watch::channel(0);
    let runner = Runner {
        cloud,
        sink: Arc::new(Nowhere),
        file: "s.yaml".to_owned(),
        jobs: 1,
        retries: 0,
        fail_fast: false,
        stop,
    };
    let user = async {
        if world.nobody_stops {
            drop(count);
            return std::future::pending().await;
        }
        if let Some(second) = world.ctrl_c {
            sleep(Duration::from_secs(second)).await;
            count.send_modify(|count| *count += 1);
        }
        std::future::pending::<()>().await;
    };
    let began = Instant::now();
    let mut results = BTreeMap::new();
    let ran = tokio::select! {
        ran = timeout(Duration::from_secs(3600), runner.run(vec![job(world)], &mut results)) => ran,
        () = user => unreachable!(),
    };
    ran.unwrap_or_else(|_| panic!("it never ends: {world:?}"));
    (results.remove(&0).unwrap(), began.elapsed().as_secs(), aws.asked())
}

/// Compares how the case ends, with what words, and after how many seconds.
async fn check(cases: &[(World, &str, u64)]) {
    let name = regex::Regex::new("c-[0-9a-f]{8}").unwrap();
    let mut wrong = String::new();
    for (world, expected, seconds) in cases {
        let (result, took, _) = run(world).await;
        let said = match result.verdict {
            Verdict::Passed => "passed".to_owned(),
            Verdict::Failed(mismatches) => format!("failed: {}", mismatches[0].got),
            Verdict::Broken(trouble) => format!("broken: {}: {}", trouble.what, trouble.message),
            Verdict::Skipped(why) => format!("skipped: {why}"),
        };
        let said = name.replace(&said, "NAME");
        if said != *expected || took != *seconds {
            wrong.push_str(&format!(
                "{world:?}\n  after {took} s {said}\n  after {seconds} s {expected}\n"
            ));
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

#[tokio::test(start_paused = true)]
async fn a_case_is_over_when_its_time_is_whatever_the_cloud_does_not_answer() {
    let silent = |slow| World {
        slow,
        ..World::default()
    };
    check(&[
        (silent(&[]), "failed: it was still running, in `Ask`", 5),
        (
            silent(&[("StartExecution", NEVER)]),
            "broken: the cloud: it did not answer the start of the execution NAME within the 5 s of the case; it may run",
            8,
        ),
        (
            silent(&[("StartExecution", 6)]),
            "failed: its start was answered only after that",
            6,
        ),
        (
            silent(&[("GetExecutionHistory", NEVER)]),
            "failed: no history of it yet; it may still run: its end was not seen within 10 s",
            15,
        ),
        (
            silent(&[("SendTaskSuccess", NEVER)]),
            "failed: it was still running, in `Ask`; the answer for `Ask` had not been taken yet",
            5,
        ),
        (
            silent(&[("StopExecution", NEVER)]),
            "failed: it was still running, in `Ask`; it may still run: its end was not seen within 10 s",
            15,
        ),
        (
            World {
                express: true,
                ..silent(&[("StartSyncExecution", NEVER)])
            },
            "failed: no answer",
            5,
        ),
    ])
    .await;
}

#[tokio::test(start_paused = true)]
async fn one_ctrl_c_is_enough_whatever_the_cloud_does_not_answer() {
    let stopped = |slow| World {
        slow,
        ctrl_c: Some(1),
        ..World::default()
    };
    const INTERRUPTED: &str = "broken: the test: it was stopped by the user while the case was running";
    let not_stopped = format!("{INTERRUPTED}; it may still run: its end was not seen within 10 s");
    let not_started = format!("{INTERRUPTED}; the start of the execution NAME was not answered; it may run");
    check(&[
        (stopped(&[]), INTERRUPTED, 1),
        (stopped(&[("StartExecution", 2)]), INTERRUPTED, 2),
        (stopped(&[("StartExecution", NEVER)]), &not_started, 4),
        (stopped(&[("GetExecutionHistory", NEVER)]), &not_stopped, 11),
        (stopped(&[("SendTaskSuccess", NEVER)]), INTERRUPTED, 1),
        (stopped(&[("StopExecution", NEVER)]), &not_stopped, 11),
        (
            World {
                express: true,
                ..stopped(&[("StartSyncExecution", NEVER)])
            },
            INTERRUPTED,
            1,
        ),
    ])
    .await;
}

#[tokio::test(start_paused = true)]
async fn an_execution_that_starts_too_late_is_stopped() {
    for ctrl_c in [None, Some(4)] {
        let world = World {
            slow: &[("StartExecution", 6)],
            ctrl_c,
            ..World::default()
        };
        let (result, _, asked) = run(&world).await;
        assert!(asked.iter().any(|asked| asked == "StopExecution"), "{asked:?}");
        assert_eq!(result.execution.as_deref(), Some(ARN));
        assert_eq!(result.record.unwrap().outcome.status, "ABORTED");
    }
}

#[tokio::test(start_paused = true)]
async fn a_case_that_nobody_can_stop_goes_on() {
    let nobody = World {
        nobody_stops: true,
        ends: Some(2),
        ..World::default()
    };
    let express = World {
        express: true,
        slow: &[("StartSyncExecution", 2)],
        ..nobody.clone()
    };
    check(&[(nobody, "passed", 2), (express, "passed", 2)]).await;
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_the_cloud_does_not_take_is_told_unless_nobody_waits_for_it() {
    let fails = |status, code| World {
        fails: Some(("SendTaskSuccess", status, code)),
        ends: Some(2),
        ..World::default()
    };
    check(&[
        (fails(400, "TaskTimedOut"), "passed", 2),
        (fails(400, "TaskDoesNotExist"), "passed", 2),
        (
            fails(400, "InvalidToken"),
            "broken: the cloud: `Ask` was not answered: this is no task token of this account and region",
            0,
        ),
        (
            fails(400, "InvalidOutput"),
            "broken: the cloud: `Ask` was not answered: cannot send the success: InvalidOutput: as told",
            0,
        ),
        (
            fails(500, "InternalFailure"),
            "broken: the cloud: `Ask` was not answered: cannot send the success: InternalFailure: as told",
            0,
        ),
    ])
    .await;
}

#[test]
fn executions_are_named_after_their_case() {
    for (case, expected) in [
        ("a resolved case is closed", "a-resolved-case-is-closed-"),
        ("  \"quoted\" & 50%!", "quoted-50-"),
        ("日本", "case-"),
        ("", "case-"),
    ] {
        let name = execution_name(case);
        assert_eq!(name.strip_prefix(expected).map(str::len), Some(8), "{name}");
    }
    let long = execution_name(&"long name ".repeat(20));
    assert!(long.len() <= NAME_MAX, "{long}");
}
