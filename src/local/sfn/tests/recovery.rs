//! Executions go on in the next process, and nobody can tell from their history.

use super::*;

/// The history of an execution that nothing interrupted.
async fn undisturbed(definition: &Value) -> Value {
    let bench = Bench::on(Store::in_memory().unwrap(), 61_000);
    let machine = bench.machine("m", definition).await;
    let execution = bench.start(&machine, "e").await;
    bench.tasks.release.notify_one();
    bench.ended(&execution).await;
    bench.history(&execution).await
}

#[tokio::test]
async fn a_wait_goes_on() {
    // Time stands still, so the wait does not end.
    let bench = Bench::on(Store::in_memory().unwrap(), 0);
    let machine = bench.machine("m", &waiting()).await;
    let execution = bench.start(&machine, "e").await;
    let bench = bench.reopened(0);
    let described = bench.get("DescribeExecution", json!({"executionArn": execution})).await;
    assert_eq!(described["status"], "RUNNING");
    let bench = bench.reopened(61_000);
    assert_eq!(bench.ended(&execution).await["status"], "SUCCEEDED");
    assert_eq!(bench.history(&execution).await, undisturbed(&waiting()).await);
}

#[tokio::test]
async fn a_task_is_done_again() {
    let bench = Bench::new();
    let machine = bench.machine("m", &calling("hang")).await;
    let execution = bench.start(&machine, "e").await;
    bench.tasks.started.notified().await;
    let bench = bench.reopened(1_000);
    bench.tasks.started.notified().await;
    bench.tasks.release.notify_one();
    assert_eq!(bench.ended(&execution).await["status"], "SUCCEEDED");
    assert_eq!(bench.history(&execution).await, undisturbed(&calling("hang")).await);
}

#[tokio::test]
async fn what_was_running_can_be_stopped() {
    let bench = Bench::new();
    let machine = bench.machine("m", &calling("hang")).await;
    let execution = bench.start(&machine, "e").await;
    let bench = bench.reopened(1_000);
    bench.get("StopExecution", json!({"executionArn": execution})).await;
    assert_eq!(bench.ended(&execution).await["status"], "ABORTED");
    // Nothing is left to go on with.
    let bench = bench.reopened(1_000);
    assert_eq!(bench.tasks.runs_of(&function("hang")), 0);
}

#[tokio::test]
async fn an_execution_whose_journal_does_not_fit_fails_visibly() {
    let bench = Bench::new();
    let machine = bench.machine("m", &calling("hang")).await;
    let execution = bench.start(&machine, "e").await;
    let forge = "UPDATE sfn_history SET body = replace(body, 'TaskStateEntered', 'PassStateEntered') WHERE event = 2";
    bench
        .store
        .write(|transaction| transaction.execute(forge, []).map_err(StoreError::from))
        .unwrap();
    let bench = bench.reopened(1_000);
    let described = bench.ended(&execution).await;
    assert_eq!(
        (&described["status"], &described["error"]),
        (&json!("FAILED"), &json!("States.Runtime"))
    );
    let events = bench.history(&execution).await;
    assert_eq!(events.as_array().unwrap().last().unwrap()["type"], "ExecutionFailed");
}

#[tokio::test]
async fn a_task_that_waits_for_its_token_is_not_done_again() {
    let bench = Bench::new();
    let machine = bench.machine("m", &asking()).await;
    let execution = bench.start(&machine, "e").await;
    bench.submitted(&execution).await;
    let token = bench.tasks.tokens.lock().unwrap().pop().unwrap();
    let bench = bench.reopened(1_000);
    bench
        .get("SendTaskSuccess", json!({"taskToken": token, "output": "42"}))
        .await;
    assert_eq!(bench.ended(&execution).await["output"], "42");
    assert_eq!(
        bench.tasks.runs_of("arn:aws:states:::lambda:invoke.waitForTaskToken"),
        0
    );
}
