//! `states:startExecution.sync` over the end of the process.

use super::*;

fn parent(child: &str, name: Option<&str>) -> Value {
    let mut parameters = json!({"StateMachineArn": child});
    if let Some(name) = name {
        parameters["Name"] = name.into();
    }
    json!({"StartAt": "Start", "States": {"Start": {
        "Type": "Task",
        "Resource": "arn:aws:states:::states:startExecution.sync:2",
        "Parameters": parameters,
        "ResultSelector": {"status.$": "$.Status", "output.$": "$.Output"},
        "End": true,
    }}})
}

async fn children(bench: &Bench, machine: &str) -> Vec<Value> {
    let listed = bench.get("ListExecutions", json!({"stateMachineArn": machine})).await;
    listed["executions"].as_array().unwrap().clone()
}

#[tokio::test]
async fn the_child_goes_on_and_is_still_waited_for() {
    let bench = Bench::new();
    let child = bench.machine("child", &calling("hang")).await;
    let machine = bench.machine("parent", &parent(&child, None)).await;
    let execution = bench.start(&machine, "e").await;
    bench.tasks.started.notified().await;
    bench.submitted(&execution).await;

    let bench = bench.reopened(1_000);
    bench.tasks.started.notified().await;
    bench.tasks.release.notify_one();
    let ended = bench.ended(&execution).await;
    assert_eq!(ended["status"], "SUCCEEDED", "{ended}");
    assert_eq!(ended["output"], r#"{"status":"SUCCEEDED","output":{}}"#);
    assert_eq!(children(&bench, &child).await.len(), 1);
    let history = bench.history(&execution).await.to_string();
    assert_eq!(history.matches("TaskSubmitted\"").count(), 1);
}

#[tokio::test]
async fn a_child_is_started_once_even_if_nobody_noted_that_it_was() {
    let bench = Bench::new();
    let child = bench.machine("child", &pass()).await;
    let machine = bench.machine("parent", &parent(&child, Some("fixed"))).await;
    let execution = bench.start(&machine, "e").await;
    assert_eq!(bench.ended(&execution).await["status"], "SUCCEEDED");
    // As if the process had ended after the child was started and before that was written down for the parent.
    bench
        .store
        .write(|transaction| {
            transaction.execute_batch(
                "DELETE FROM sfn_journal WHERE execution = 1 AND entry > 2;
                 DELETE FROM sfn_history WHERE execution = 1 AND event > 4;
                 UPDATE sfn_executions SET status = 'RUNNING', stopped_at = NULL, output = NULL WHERE id = 1;",
            )?;
            Ok::<_, StoreError>(())
        })
        .unwrap();
    let bench = bench.reopened(1_000);
    let ended = bench.ended(&execution).await;
    assert_eq!(ended["status"], "SUCCEEDED", "{ended}");
    assert_eq!(children(&bench, &child).await.len(), 1);
}

#[tokio::test]
async fn the_next_process_stops_the_child_of_a_cancelled_task() {
    let bench = Bench::on(Store::in_memory().unwrap(), 0);
    let child = bench.machine("child", &waiting()).await;
    let machine = bench.machine("parent", &parent(&child, None)).await;
    let execution = bench.start(&machine, "e").await;
    bench.submitted(&execution).await;
    let arn = text(&children(&bench, &child).await[0], "executionArn");
    // As if the process had ended after the parent was stopped and before its child was.
    bench
        .store
        .write(|transaction| {
            transaction.execute("UPDATE sfn_nested SET cancelled = 1", [])?;
            Ok::<_, StoreError>(())
        })
        .unwrap();
    let bench = bench.reopened(0);
    assert_eq!(bench.ended(&arn).await["status"], "ABORTED");
}

#[tokio::test]
async fn an_express_machine_has_no_end_to_wait_for() {
    let bench = Bench::new();
    let input = json!({"name": "x", "roleArn": ROLE, "definition": pass().to_string(), "type": "EXPRESS"});
    let express = text(&bench.get("CreateStateMachine", input).await, "stateMachineArn");
    let machine = bench.machine("parent", &parent(&express, None)).await;
    let execution = bench.start(&machine, "e").await;
    assert_eq!(
        bench.ended(&execution).await["error"],
        "StepFunctions.StateMachineTypeNotSupportedException"
    );
}
