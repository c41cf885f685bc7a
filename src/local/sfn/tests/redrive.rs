//! RedriveExecution.

use super::*;

fn failing() -> Value {
    json!({"StartAt": "F", "States": {"F": {"Type": "Fail", "Error": "E"}}})
}

#[tokio::test]
async fn a_failed_execution_runs_again() {
    let bench = Bench::new();
    let machine = bench.machine("m", &failing()).await;
    let execution = bench.start(&machine, "e").await;
    let described = bench.ended(&execution).await;
    assert_eq!(described["redriveStatus"], "REDRIVABLE");
    assert_eq!(described["redriveCount"], 0);
    assert!(described.get("redriveDate").is_none());

    let input = json!({"executionArn": execution, "clientToken": "t"});
    let redriven = bench.get("RedriveExecution", input.clone()).await;
    let described = bench.ended(&execution).await;
    assert_eq!(described["redriveCount"], 1);
    assert_eq!(described["redriveDate"], redriven["redriveDate"]);
    assert_eq!(described["error"], "E");
    // The same request again does nothing more.
    assert_eq!(bench.get("RedriveExecution", input).await, redriven);
    assert_eq!(bench.ended(&execution).await["redriveCount"], 1);
    let kinds: Vec<Value> = bench
        .history(&execution)
        .await
        .as_array()
        .unwrap()
        .iter()
        .map(|e| e["type"].clone())
        .collect();
    assert_eq!(
        kinds,
        [
            "ExecutionStarted",
            "FailStateEntered",
            "ExecutionFailed",
            "ExecutionRedriven",
            "FailStateEntered",
            "ExecutionFailed"
        ]
    );
}

#[tokio::test]
async fn a_redriven_execution_goes_on_in_the_next_process() {
    let bench = Bench::new();
    let machine = bench.machine("m", &calling("hang")).await;
    let execution = bench.start(&machine, "e").await;
    bench.tasks.started.notified().await;
    bench.get("StopExecution", json!({"executionArn": execution})).await;
    bench.get("RedriveExecution", json!({"executionArn": execution})).await;
    let described = bench.get("DescribeExecution", json!({"executionArn": execution})).await;
    assert_eq!(described["status"], "RUNNING");
    assert!(described.get("stopDate").is_none());
    let bench = bench.reopened(1_000);
    bench.tasks.started.notified().await;
    bench.tasks.release.notify_one();
    let described = bench.ended(&execution).await;
    assert_eq!(
        (&described["status"], &described["redriveCount"]),
        (&json!("SUCCEEDED"), &json!(1))
    );
}

#[tokio::test]
async fn what_cannot_be_redriven_says_why() {
    let bench = Bench::new();
    let check = |execution: String, expected: &'static str| {
        let bench = &bench;
        async move {
            let error = bench
                .call("RedriveExecution", json!({"executionArn": execution}))
                .await
                .unwrap_err();
            assert_eq!(error, format!("ExecutionNotRedrivable: {expected}"));
            let described = bench.get("DescribeExecution", json!({"executionArn": execution})).await;
            assert_eq!(described["redriveStatus"], "NOT_REDRIVABLE");
            assert_eq!(described["redriveStatusReason"], expected);
        }
    };
    let machine = bench.machine("m", &pass()).await;
    let succeeded = bench.start(&machine, "e").await;
    bench.ended(&succeeded).await;
    check(succeeded, "Execution is SUCCEEDED and cannot be redriven").await;
    let machine = bench.machine("w", &waiting()).await;
    let running = bench.start(&machine, "e").await;
    check(running, "Execution is RUNNING and cannot be redriven").await;
    let machine = bench.machine("f", &failing()).await;
    let failed = bench.start(&machine, "e").await;
    bench.ended(&failed).await;
    bench
        .get("DeleteStateMachine", json!({"stateMachineArn": machine}))
        .await;
    check(failed, "State machine is in DELETING status").await;
}

#[tokio::test]
async fn after_two_weeks_it_is_too_late() {
    let day = 24 * 60 * 60 * 1000;
    let bench = Bench::on(Store::in_memory().unwrap(), 0);
    let machine = bench.machine("m", &failing()).await;
    let execution = bench.start(&machine, "e").await;
    bench.ended(&execution).await;
    let bench = bench.reopened(15 * day);
    let error = bench
        .call("RedriveExecution", json!({"executionArn": execution}))
        .await
        .unwrap_err();
    assert_eq!(error, "ExecutionNotRedrivable: Execution redrivable period exceeded");
}

#[tokio::test]
async fn logs_count_redrives() {
    let bench = Bench::new();
    let input = json!({
        "name": "m",
        "roleArn": ROLE,
        "definition": failing().to_string(),
        "loggingConfiguration": {"level": "FATAL", "destinations": [{"cloudWatchLogsLogGroup": {
            "logGroupArn": "arn:aws:logs:us-east-1:000000000000:log-group:group:*",
        }}]},
    });
    let machine = text(&bench.get("CreateStateMachine", input).await, "stateMachineArn");
    let execution = bench.start(&machine, "e").await;
    bench.ended(&execution).await;
    for _ in 0..2 {
        bench.get("RedriveExecution", json!({"executionArn": execution})).await;
        bench.ended(&execution).await;
    }
    let logged: Vec<Value> = bench
        .logs
        .0
        .lock()
        .unwrap()
        .iter()
        .map(|(_, line)| line["redrive_count"].clone())
        .collect();
    assert_eq!(logged, ["0", "1", "2"]);
}

#[tokio::test]
async fn arns_are_checked() {
    let bench = Bench::new();
    let error = bench
        .call("RedriveExecution", json!({"executionArn": "x"}))
        .await
        .unwrap_err();
    assert_eq!(error, "InvalidArn: Invalid Arn: 'Invalid ARN prefix: x'");
    let arn = "arn:aws:states:us-east-1:000000000000:execution:m:e";
    let error = bench
        .call("RedriveExecution", json!({"executionArn": arn}))
        .await
        .unwrap_err();
    assert_eq!(
        error,
        format!("ExecutionDoesNotExist: Execution Does Not Exist: '{arn}'")
    );
}
