//! Activities and their workers.

use serde_json::json;

use super::*;

const ACTIVITY: &str = "arn:aws:states:us-east-1:000000000000:activity:a";

fn consuming(extra: Value) -> Value {
    let mut state = json!({"Type": "Task", "Resource": ACTIVITY, "End": true});
    state
        .as_object_mut()
        .unwrap()
        .extend(extra.as_object().unwrap().clone());
    json!({"StartAt": "Ask", "States": {"Ask": state}})
}

async fn take(bench: &Bench, worker: &str) -> Value {
    bench
        .get(
            "GetActivityTask",
            json!({"activityArn": ACTIVITY, "workerName": worker}),
        )
        .await
}

#[tokio::test]
async fn the_life_of_an_activity() {
    let bench = Bench::new();
    let create = json!({"name": "a", "tags": [{"key": "k", "value": "v"}]});
    let made = bench.get("CreateActivity", create.clone()).await;
    assert_eq!(made["activityArn"], ACTIVITY);
    assert_eq!(bench.get("CreateActivity", create).await, made);
    bench.get("CreateActivity", json!({"name": "b"})).await;

    let arn = json!({"activityArn": ACTIVITY});
    let described = bench.get("DescribeActivity", arn.clone()).await;
    assert_eq!(
        described,
        json!({
            "activityArn": ACTIVITY,
            "name": "a",
            "creationDate": made["creationDate"],
            "encryptionConfiguration": {"type": "AWS_OWNED_KEY"},
        })
    );
    let tags = bench.get("ListTagsForResource", json!({"resourceArn": ACTIVITY})).await;
    assert_eq!(tags["tags"], json!([{"key": "k", "value": "v"}]));
    let first = bench.get("ListActivities", json!({"maxResults": 1})).await;
    assert_eq!(first["activities"][0]["name"], "a");
    let second = bench
        .get("ListActivities", json!({"nextToken": first["nextToken"]}))
        .await;
    assert_eq!(second["activities"][0]["name"], "b");

    for _ in 0..2 {
        assert_eq!(bench.get("DeleteActivity", arn.clone()).await, json!({}));
    }
    for operation in ["DescribeActivity", "GetActivityTask"] {
        assert_eq!(
            bench.call(operation, arn.clone()).await.unwrap_err(),
            format!("ActivityDoesNotExist: Activity Does Not Exist: '{ACTIVITY}'")
        );
    }
    for (operation, input, error) in [
        (
            "CreateActivity",
            json!({"name": "a}"}),
            "InvalidName: Invalid Name: 'a}'",
        ),
        (
            "GetActivityTask",
            json!({"activityArn": "no"}),
            "InvalidArn: Invalid Arn: 'Invalid ARN prefix: no'",
        ),
    ] {
        assert_eq!(bench.call(operation, input).await.unwrap_err(), error);
    }
}

#[tokio::test]
async fn a_worker_does_a_task() {
    let bench = Bench::new();
    bench.get("CreateActivity", json!({"name": "a"})).await;
    let machine = bench.machine("m", &consuming(json!({}))).await;
    let (execution, taken) = tokio::join!(bench.start(&machine, "e"), take(&bench, "w"));
    assert_eq!(taken["input"], "{\"n\":1}");
    let answer = json!({"taskToken": taken["taskToken"], "output": "7"});
    bench.get("SendTaskSuccess", answer).await;
    assert_eq!(bench.ended(&execution).await["output"], "7");
    let events = bench.history(&execution).await;
    assert_eq!(events[3]["activityStartedEventDetails"], json!({"workerName": "w"}));
    assert_eq!(
        bench.kinds(&execution).await,
        [
            "ExecutionStarted",
            "TaskStateEntered",
            "ActivityScheduled",
            "ActivityStarted",
            "ActivitySucceeded",
            "TaskStateExited",
            "ExecutionSucceeded"
        ]
    );
}

#[tokio::test]
async fn every_task_has_one_worker_also_after_a_restart() {
    let mut bench = Bench::on(Store::in_memory().unwrap(), 1);
    bench.get("CreateActivity", json!({"name": "a"})).await;
    let machine = bench.machine("m", &consuming(json!({}))).await;
    let mut executions = Vec::new();
    for name in ["one", "two", "three"] {
        executions.push(bench.start(&machine, name).await);
    }
    let first = take(&bench, "w").await;
    bench = bench.reopened(1);
    let (second, third) = tokio::join!(take(&bench, "v"), take(&bench, "u"));
    for taken in [first, second, third] {
        bench
            .get(
                "SendTaskSuccess",
                json!({"taskToken": taken["taskToken"], "output": "{}"}),
            )
            .await;
    }
    for execution in executions {
        assert_eq!(bench.ended(&execution).await["status"], "SUCCEEDED");
        let started = bench.kinds(&execution).await;
        assert_eq!(started.iter().filter(|kind| *kind == "ActivityStarted").count(), 1);
    }
}

#[tokio::test]
async fn a_task_that_timed_out_is_not_given_out() {
    let bench = Bench::new();
    bench.get("CreateActivity", json!({"name": "a"})).await;
    let late = bench.machine("late", &consuming(json!({"TimeoutSeconds": 1}))).await;
    let late = bench.start(&late, "e").await;
    assert_eq!(bench.ended(&late).await["error"], "States.Timeout");
    assert!(bench.kinds(&late).await.contains(&"ActivityTimedOut".to_owned()));

    let machine = bench.machine("m", &consuming(json!({}))).await;
    let execution = bench.start(&machine, "e").await;
    let taken = take(&bench, "w").await;
    let failure = json!({"taskToken": taken["taskToken"], "error": "Broken", "cause": "as asked"});
    bench.get("SendTaskFailure", failure).await;
    assert_eq!(bench.ended(&execution).await["error"], "Broken");
    assert!(bench.kinds(&execution).await.contains(&"ActivityFailed".to_owned()));
}

#[tokio::test]
async fn an_activity_must_be_there() {
    let bench = Bench::new();
    let machine = bench.machine("m", &consuming(json!({}))).await;
    let ended = bench.start(&machine, "e").await;
    let ended = bench.ended(&ended).await;
    assert_eq!(ended["error"], "States.Runtime");
    assert_eq!(
        ended["cause"],
        format!(
            "An error occurred while executing the state 'Ask' (entered at the event id #2). The activity {ACTIVITY} does not exist."
        )
    );
}

#[tokio::test(start_paused = true)]
async fn without_a_task_a_worker_gets_none_after_a_minute() {
    let bench = Bench::new();
    bench.get("CreateActivity", json!({"name": "a"})).await;
    let begin = tokio::time::Instant::now();
    assert_eq!(take(&bench, "w").await, json!({"taskToken": null}));
    assert_eq!(begin.elapsed().as_secs(), 60);
}
