//! Executions on virtual time.

use super::rehearsal::{run, start};
use super::*;

const YEAR: u64 = 31_536_000;

fn virtually() -> Value {
    json!({"time": "virtual"})
}

fn pause(seconds: u64) -> Value {
    json!({"StartAt": "Wait", "States": {"Wait": {"Type": "Wait", "Seconds": seconds, "End": true}}})
}

/// Seconds between two times of a description.
fn seconds(described: &Value) -> f64 {
    described["stopDate"].as_f64().unwrap() - described["startDate"].as_f64().unwrap()
}

#[tokio::test]
async fn long_waits_take_no_time_and_are_exact() {
    let bench = Bench::new();
    let (described, _) = run(&bench, &pause(YEAR), &virtually()).await;
    assert_eq!(described["status"], "SUCCEEDED");
    assert_eq!(seconds(&described), YEAR as f64);
}

#[tokio::test]
async fn the_context_object_and_expressions_see_virtual_time() {
    let definition = json!({"QueryLanguage": "JSONata", "StartAt": "Wait", "States": {
        "Wait": {"Type": "Wait", "Seconds": 86_400, "Next": "Look"},
        "Look": {"Type": "Pass", "End": true, "Output":
            "{% {'now': $millis() - $toMillis($states.context.Execution.StartTime), \
                'entered': $toMillis($states.context.State.EnteredTime) - $toMillis($states.context.Execution.StartTime)} %}"},
    }});
    let (described, _) = run(&Bench::new(), &definition, &virtually()).await;
    assert_eq!(
        described["output"], r#"{"now":86400000,"entered":86400000}"#,
        "{described}"
    );
}

#[tokio::test]
async fn the_earliest_timer_is_the_first() {
    let branch = |name: &str, seconds: u64| json!({"StartAt": name, "States": {name: {"Type": "Wait", "Seconds": seconds, "End": true}}});
    let definition = json!({"TimeoutSeconds": 100, "StartAt": "Both", "States": {"Both": {
        "Type": "Parallel", "Branches": [branch("Long", 1_000), branch("Short", 50)], "End": true,
    }}});
    let (described, kinds) = run(&Bench::new(), &definition, &virtually()).await;
    assert_eq!(
        (described["status"].as_str(), seconds(&described)),
        (Some("TIMED_OUT"), 100.0)
    );
    assert_eq!(kinds.iter().filter(|kind| *kind == "WaitStateExited").count(), 1);
}

/// Asks with a heartbeat of ten minutes, and passes on what became of it.
fn asking_for_ten_minutes() -> Value {
    let mut definition = asking();
    definition["States"]["Ask"]["HeartbeatSeconds"] = 600.into();
    definition["States"]["Ask"]["Catch"] = json!([{"ErrorEquals": ["States.HeartbeatTimeout"], "Next": "Late"}]);
    definition["States"]["Late"] = json!({"Type": "Pass", "Result": "late", "End": true});
    definition
}

#[tokio::test]
async fn time_runs_past_tokens_that_nobody_will_answer() {
    let (described, kinds) = run(
        &Bench::new(),
        &asking_for_ten_minutes(),
        &json!({"time": "virtual", "runOut": ["Ask"]}),
    )
    .await;
    assert_eq!(described["output"], "\"late\"");
    assert!(seconds(&described) >= 600.0);
    assert!(kinds.contains(&"TaskTimedOut".to_owned()));
}

#[tokio::test]
async fn time_waits_for_tokens_and_an_answer_ends_the_wait() {
    // Real time stands still.
    let bench = Bench::on(Store::in_memory().unwrap(), 0);
    let machine = bench.machine("m", &asking_for_ten_minutes()).await;
    let execution = start(&bench, &machine, &virtually()).await.unwrap();
    bench.submitted(&execution).await;
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
    let described = bench.get("DescribeExecution", json!({"executionArn": execution})).await;
    assert_eq!(described["status"], "RUNNING");
    let token = bench.tasks.tokens.lock().unwrap().pop().unwrap();
    bench
        .get("SendTaskSuccess", json!({"taskToken": token, "output": "42"}))
        .await;
    let described = bench.ended(&execution).await;
    assert_eq!((described["output"].as_str(), seconds(&described)), (Some("42"), 0.0));
}

#[tokio::test]
async fn time_runs_past_an_activity_without_workers() {
    let bench = Bench::new();
    let activity = text(&bench.get("CreateActivity", json!({"name": "a"})).await, "activityArn");
    let definition = json!({"StartAt": "Work", "States": {
        "Work": {"Type": "Task", "Resource": activity, "TimeoutSeconds": 3_600, "End": true},
    }});
    let (described, _) = run(&bench, &definition, &json!({"time": "virtual", "runOut": ["Work"]})).await;
    assert_eq!(
        (described["error"].as_str(), seconds(&described)),
        (Some("States.Timeout"), 3_600.0)
    );
}

#[tokio::test]
async fn a_task_that_really_runs_takes_its_time() {
    let bench = Bench::on(Store::in_memory().unwrap(), 0);
    let mut definition = calling("hang");
    definition["States"]["Call"]["TimeoutSeconds"] = 60.into();
    let machine = bench.machine("m", &definition).await;
    let execution = start(&bench, &machine, &virtually()).await.unwrap();
    bench.tasks.started.notified().await;
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
    bench.tasks.release.notify_one();
    assert_eq!(bench.ended(&execution).await["status"], "SUCCEEDED");
}

#[tokio::test]
async fn a_rehearsal_goes_on_in_the_next_process() {
    let definition = json!({"StartAt": "First", "States": {
        "First": {"Type": "Task", "Resource": "arn:aws:states:::batch:submitJob.sync", "Next": "Wait"},
        "Wait": {"Type": "Wait", "Seconds": YEAR, "Next": "Call"},
        "Call": {"Type": "Task", "Resource": function("hang"), "Next": "Again"},
        "Again": {"Type": "Wait", "Seconds": YEAR, "Next": "Last"},
        "Last": {"Type": "Task", "Resource": "arn:aws:states:::batch:submitJob.sync", "End": true},
    }});
    let rehearsal = json!({"time": "virtual", "mocks": {
        "First": [{"from": 0, "to": 0, "return": 1}],
        "Last": [{"from": 0, "to": 0, "return": 2}],
    }});
    let bench = Bench::new();
    let machine = bench.machine("m", &definition).await;
    let execution = start(&bench, &machine, &rehearsal).await.unwrap();
    bench.tasks.started.notified().await;
    let bench = bench.reopened(1_000);
    bench.tasks.started.notified().await;
    bench.tasks.release.notify_one();
    let described = bench.ended(&execution).await;
    assert_eq!(described["output"], "2", "{described}");
    assert!(seconds(&described) >= 2.0 * YEAR as f64);
    let journals = crate::local::sfn::journals(&bench.store).unwrap();
    let [journal] = &journals[..] else {
        panic!("{journals:?}")
    };
    let mut replayed = crate::engine::Execution::new(journal.start.clone());
    let events: Vec<_> = journal
        .inputs
        .iter()
        .flat_map(|input| crate::engine::step(&journal.machine, &mut replayed, input))
        .filter_map(|effect| match effect {
            crate::engine::Effect::History(event) => Some(event),
            _ => None,
        })
        .collect();
    assert_eq!(
        serde_json::to_string(&events).unwrap(),
        serde_json::to_string(&journal.events).unwrap()
    );
}

#[tokio::test]
async fn every_stop_of_the_process_leads_to_the_same_history() {
    let definition = json!({"StartAt": "Do", "States": {
        "Do": {"Type": "Task", "Resource": "arn:aws:states:::batch:submitJob.sync", "End": true,
            "Retry": [{"ErrorEquals": ["Busy"], "IntervalSeconds": 3_600, "MaxAttempts": 2}]},
    }});
    let rehearsal = json!({"time": "virtual", "mocks": {"Do": [
        {"from": 0, "to": 1, "throw": {"error": "Busy"}},
        {"from": 2, "to": 2, "return": "done"},
    ]}});
    let bench = Bench::on(Store::in_memory().unwrap(), 0);
    let (whole, _) = run(&bench, &definition, &rehearsal).await;
    let arn = text(&whole, "executionArn");
    let history = bench.get("GetExecutionHistory", json!({"executionArn": arn})).await;
    let entries = crate::local::sfn::journals(&bench.store).unwrap()[0].inputs.len();
    let mut bench = bench;
    for kept in 1..entries {
        cut(&bench.store, kept);
        bench = bench.reopened(0);
        let described = bench.ended(&arn).await;
        assert_eq!(described["output"], "\"done\"", "after {kept} inputs: {described}");
        let again = bench.get("GetExecutionHistory", json!({"executionArn": arn})).await;
        assert_eq!(again, history, "after {kept} inputs");
    }
}

/// As if the process had ended when so much of the journal was written.
fn cut(store: &Store, kept: usize) {
    let journal = crate::local::sfn::journals(store).unwrap().remove(0);
    let mut replayed = crate::engine::Execution::new(journal.start.clone());
    let effects = journal.inputs[..kept]
        .iter()
        .flat_map(|input| crate::engine::step(&journal.machine, &mut replayed, input));
    let events = effects
        .filter(|effect| matches!(effect, crate::engine::Effect::History(_)))
        .count();
    store
        .write(|transaction| {
            transaction.execute_batch(&format!(
                "DELETE FROM sfn_journal WHERE entry >= {kept};
                 DELETE FROM sfn_history WHERE event > {events};
                 UPDATE sfn_executions SET status = 'RUNNING', stopped_at = NULL, output = NULL;"
            ))?;
            Ok::<_, StoreError>(())
        })
        .unwrap();
}

#[tokio::test]
async fn times_only_grow_over_stop_and_redrive() {
    let bench = Bench::new();
    let definition = json!({"StartAt": "Wait", "States": {
        "Wait": {"Type": "Wait", "Seconds": YEAR, "Next": "Call"},
        "Call": {"Type": "Task", "Resource": function("hang"), "End": true},
    }});
    let machine = bench.machine("m", &definition).await;
    let execution = start(&bench, &machine, &virtually()).await.unwrap();
    bench.tasks.started.notified().await;
    let stopped = bench.get("StopExecution", json!({"executionArn": execution})).await;
    let redriven = bench.get("RedriveExecution", json!({"executionArn": execution})).await;
    assert!(redriven["redriveDate"].as_f64() >= stopped["stopDate"].as_f64());
    bench.tasks.started.notified().await;
    bench.tasks.release.notify_one();
    bench.tasks.release.notify_one();
    let described = bench.ended(&execution).await;
    assert_eq!(described["status"], "SUCCEEDED");
    assert_eq!(described["redriveDate"], redriven["redriveDate"]);
    let events = bench
        .get("GetExecutionHistory", json!({"executionArn": execution}))
        .await;
    let times: Vec<f64> = events["events"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| event["timestamp"].as_f64().unwrap())
        .collect();
    assert!(times.is_sorted(), "{times:?}");
    assert_eq!(described["stopDate"].as_f64(), times.last().copied());
}

#[tokio::test]
async fn executions_that_tasks_start_have_virtual_time_as_well() {
    for (resource, limit, status, took) in [
        (
            "arn:aws:states:::states:startExecution.sync:2",
            7_200,
            "SUCCEEDED",
            3_600.0,
        ),
        ("arn:aws:states:::states:startExecution.sync:2", 60, "FAILED", 60.0),
    ] {
        // Real time stands still, so that all is exact.
        let bench = Bench::on(Store::in_memory().unwrap(), 0);
        let child = bench.machine("child", &pause(3_600)).await;
        let definition = json!({"StartAt": "Start", "States": {"Start": {
            "Type": "Task", "Resource": resource, "TimeoutSeconds": limit, "End": true,
            "Parameters": {"StateMachineArn": child},
        }}});
        let (described, kinds) = run(&bench, &definition, &virtually()).await;
        assert_eq!(
            (described["status"].as_str(), seconds(&described)),
            (Some(status), took),
            "{described} {kinds:?}"
        );
    }
}

#[tokio::test]
async fn child_executions_of_a_map_run_are_rehearsed_as_well() {
    for (at_once, took) in [(0, 3_600.0), (1, 3.0 * 3_600.0)] {
        let bench = Bench::on(Store::in_memory().unwrap(), 0);
        let definition = json!({"StartAt": "Each", "States": {"Each": {
            "Type": "Map", "ItemsPath": "$.items", "MaxConcurrency": at_once, "End": true,
            "ItemProcessor": {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, "StartAt": "Wait", "States": {
                "Wait": {"Type": "Wait", "Seconds": 3_600, "Next": "Do"},
                "Do": {"Type": "Task", "Resource": "arn:aws:states:::batch:submitJob.sync", "End": true},
            }},
        }}});
        let machine = bench.machine("m", &definition).await;
        let rehearsal = json!({"time": "virtual", "mocks": {"Do": [{"from": 0, "to": 0, "return": "job"}]}});
        let input = json!({"stateMachineArn": machine, "input": "{\"items\":[1,2,3]}", "stepstack": rehearsal});
        let execution = text(&bench.get("StartExecution", input).await, "executionArn");
        let described = bench.ended(&execution).await;
        assert_eq!(described["output"], r#"["job","job","job"]"#, "{described}");
        assert_eq!(seconds(&described), took, "{at_once} at once");
        assert!(bench.kinds(&execution).await.contains(&"MapRunSucceeded".to_owned()));
    }
}

#[tokio::test]
async fn express_executions_end_at_their_limit() {
    let bench = Bench::new();
    let input = json!({"name": "x", "roleArn": ROLE, "definition": pause(3_600).to_string(), "type": "EXPRESS"});
    let machine = text(&bench.get("CreateStateMachine", input).await, "stateMachineArn");
    let input = json!({"stateMachineArn": machine, "stepstack": virtually()});
    let answer = bench.get("StartSyncExecution", input).await;
    assert_eq!(
        (answer["status"].as_str(), seconds(&answer)),
        (Some("TIMED_OUT"), 300.0)
    );
}

#[tokio::test]
async fn time_does_not_leap_past_what_can_be_written() {
    let bench = Bench::on(Store::in_memory().unwrap(), 0);
    let definition = json!({"StartAt": "Last", "States": {
        "Last": {"Type": "Wait", "Timestamp": "9999-12-31T23:59:59Z", "Next": "Wait"},
        "Wait": {"Type": "Wait", "Seconds": 60, "End": true},
    }});
    let machine = bench.machine("m", &definition).await;
    let late = json!({"time": "virtual", "startsAt": u64::MAX});
    let refused = start(&bench, &machine, &late).await.unwrap_err();
    assert_eq!(
        refused,
        "ValidationException: stepstack: `startsAt` is after the year 9999"
    );
    let execution = start(&bench, &machine, &virtually()).await.unwrap();
    let deadline = Instant::now() + Duration::from_secs(20);
    while bench.kinds(&execution).await.len() < 4 {
        assert!(Instant::now() < deadline, "it does not leap at all");
        tokio::task::yield_now().await;
    }
    bench.get("StopExecution", json!({"executionArn": execution})).await;
    let described = bench.ended(&execution).await;
    assert_eq!(
        (described["status"].as_str(), described["stopDate"].as_f64()),
        (Some("ABORTED"), Some(253_402_300_799.0))
    );
}
