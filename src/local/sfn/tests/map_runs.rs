//! Map runs: their child executions, their API, and what a crash leaves of them.

use super::*;

/// A distributed Map state around one state.
fn mapping(inner: Value, kind: &str, extra: Value) -> Value {
    let mut map = json!({
        "Type": "Map",
        "Label": "L",
        "ItemsPath": "$.items",
        "ItemProcessor": {
            "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": kind},
            "StartAt": "I",
            "States": {"I": inner},
        },
        "End": true,
    });
    map.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
    json!({"StartAt": "M", "States": {"M": map}})
}

fn call(name: &str) -> Value {
    json!({"Type": "Task", "Resource": function(name), "End": true})
}

fn echo() -> Value {
    json!({"Type": "Pass", "End": true})
}

impl Bench {
    /// Starts an execution with so many items, and gives its ARN.
    async fn map(&self, definition: &Value, items: usize) -> String {
        let machine = self.machine("m", definition).await;
        let input = json!({"items": (0..items).collect::<Vec<_>>()}).to_string();
        let input = json!({"stateMachineArn": machine, "name": "e", "input": input});
        text(&self.get("StartExecution", input).await, "executionArn")
    }

    /// The ARN of the map run that the execution has begun last.
    async fn map_run(&self, execution: &str) -> String {
        let deadline = Instant::now() + Duration::from_secs(20);
        loop {
            let listed = self.get("ListMapRuns", json!({"executionArn": execution})).await;
            if let Some(first) = listed["mapRuns"].get(0) {
                return text(first, "mapRunArn");
            }
            assert!(Instant::now() < deadline, "no map run");
            tokio::task::yield_now().await;
        }
    }

    async fn described(&self, map_run: &str) -> Value {
        self.get("DescribeMapRun", json!({"mapRunArn": map_run})).await
    }

    /// Waits until so many child executions are in that status.
    async fn counted(&self, map_run: &str, status: &str, count: u64) {
        let deadline = Instant::now() + Duration::from_secs(20);
        loop {
            let described = self.described(map_run).await;
            if described["executionCounts"][status] == count {
                return;
            }
            assert!(Instant::now() < deadline, "{described:#}");
            tokio::task::yield_now().await;
        }
    }

    async fn children(&self, map_run: &str) -> Vec<Value> {
        let listed = self.get("ListExecutions", json!({"mapRunArn": map_run})).await;
        listed["executions"].as_array().unwrap().clone()
    }
}

/// The members of counts that are not zero.
fn counts(described: &Value, which: &str) -> Value {
    let all = described[which].as_object().unwrap();
    assert_eq!(all.len(), 10);
    all.iter()
        .filter(|(_, count)| **count != 0)
        .map(|(name, count)| (name.clone(), count.clone()))
        .collect()
}

#[tokio::test]
async fn child_executions_are_executions() {
    let bench = Bench::new();
    let definition = mapping(call("echo"), "STANDARD", json!({}));
    let execution = bench.map(&definition, 3).await;
    let ended = bench.ended(&execution).await;
    assert_eq!(ended["output"], "[0,1,2]");
    assert_eq!(ended.get("mapRunArn"), None);
    let map_run = bench.map_run(&execution).await;
    assert!(
        map_run.starts_with("arn:aws:states:us-east-1:000000000000:mapRun:m/L:"),
        "{map_run}"
    );
    let described = bench.described(&map_run).await;
    assert_eq!(
        (
            &described["status"],
            &described["executionArn"],
            &described["redriveCount"]
        ),
        (&json!("SUCCEEDED"), &json!(execution), &json!(0))
    );
    for which in ["itemCounts", "executionCounts"] {
        assert_eq!(counts(&described, which), json!({"succeeded": 3, "total": 3}));
    }

    let children = bench.children(&map_run).await;
    assert_eq!(children.len(), 3);
    for (item, child) in ["2", "1", "0"].iter().zip(&children) {
        assert_eq!((&child["mapRunArn"], &child["itemCount"]), (&json!(map_run), &json!(1)));
        let arn = text(child, "executionArn");
        assert!(
            arn.starts_with("arn:aws:states:us-east-1:000000000000:execution:m/L:"),
            "{arn}"
        );
        let described = bench.get("DescribeExecution", json!({"executionArn": arn})).await;
        assert_eq!(
            (&described["input"], &described["output"], &described["mapRunArn"]),
            (&json!(item), &json!(item), &json!(map_run))
        );
        assert_eq!(
            described["stateMachineArn"],
            "arn:aws:states:us-east-1:000000000000:stateMachine:m/L"
        );
        let history = bench.history(&arn).await;
        assert_eq!(history[0]["type"], "ExecutionStarted");
        assert_eq!(history[0]["id"], 1);
        let machine = bench
            .get("DescribeStateMachineForExecution", json!({"executionArn": arn}))
            .await;
        assert_eq!(
            (&machine["label"], &machine["mapRunArn"]),
            (&json!("L"), &json!(map_run))
        );
    }
    // They are found by their map run alone.
    let listed = bench
        .get("ListExecutions", json!({"stateMachineArn": ended["stateMachineArn"]}))
        .await;
    assert_eq!(listed["executions"].as_array().unwrap().len(), 1);
    let succeeded = json!({"mapRunArn": map_run, "statusFilter": "FAILED"});
    assert_eq!(bench.get("ListExecutions", succeeded).await["executions"], json!([]));
}

#[tokio::test]
async fn express_child_executions_have_no_history() {
    let bench = Bench::new();
    for (name, inner) in [("x", echo()), ("y", call("echo"))] {
        let definition = mapping(inner, "EXPRESS", json!({}));
        let machine = bench.machine(name, &definition).await;
        let input = json!({"stateMachineArn": machine, "input": r#"{"items":[5]}"#});
        let execution = text(&bench.get("StartExecution", input).await, "executionArn");
        assert_eq!(bench.ended(&execution).await["output"], "[5]");
        let children = bench.children(&bench.map_run(&execution).await).await;
        let arn = text(&children[0], "executionArn");
        assert!(arn.contains(":express:") && arn.contains("/L:"), "{arn}");
        let described = bench.get("DescribeExecution", json!({"executionArn": arn})).await;
        assert_eq!(described["output"], "5");
        for operation in ["GetExecutionHistory", "DescribeStateMachineForExecution"] {
            let refused = bench.call(operation, json!({"executionArn": arn})).await.unwrap_err();
            assert!(refused.starts_with("StateMachineTypeNotSupported"), "{refused}");
        }
    }
    let kept: i64 = bench
        .store
        .read(|connection| {
            let sql =
                "SELECT count(*) FROM sfn_history h JOIN sfn_executions e ON e.id = h.execution WHERE e.map_run > 0";
            Ok::<_, StoreError>(connection.query_row(sql, [], |row| row.get(0))?)
        })
        .unwrap();
    assert_eq!(kept, 0);
}

#[tokio::test]
async fn too_many_failures_end_it() {
    let bench = Bench::new();
    let definition = mapping(call("fail"), "STANDARD", json!({"MaxConcurrency": 1}));
    let execution = bench.map(&definition, 3).await;
    let ended = bench.ended(&execution).await;
    assert_eq!(
        (&ended["error"], &ended["cause"]),
        (
            &json!("States.ExceedToleratedFailureThreshold"),
            &json!("The specified tolerated failure threshold was exceeded")
        )
    );
    assert_eq!(
        bench.kinds(&execution).await[4..],
        ["MapRunFailed", "MapStateFailed", "ExecutionFailed"]
    );
    let described = bench.described(&bench.map_run(&execution).await).await;
    assert_eq!(described["status"], "FAILED");
    assert_eq!(
        counts(&described, "executionCounts"),
        json!({"failed": 1, "pending": 2, "total": 3})
    );
}

#[tokio::test]
async fn what_still_runs_when_it_fails_is_stopped() {
    let bench = Bench::new();
    // The first item fails, the others hang.
    let choice = json!({
        "StartAt": "C",
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
        "States": {
            "C": {"Type": "Choice", "Choices": [{"Variable": "$", "NumericEquals": 2, "Next": "F"}], "Default": "H"},
            "F": call("fail"),
            "H": call("hang"),
        },
    });
    let definition = mapping(echo(), "STANDARD", json!({"ItemProcessor": choice}));
    let execution = bench.map(&definition, 3).await;
    assert_eq!(bench.ended(&execution).await["status"], "FAILED");
    let described = bench.described(&bench.map_run(&execution).await).await;
    assert_eq!(
        counts(&described, "itemCounts"),
        json!({"failed": 1, "aborted": 2, "total": 3})
    );
}

#[tokio::test]
async fn failures_that_are_tolerated() {
    let bench = Bench::new();
    let extra = json!({"ToleratedFailurePercentage": 100, "ItemBatcher": {"MaxItemsPerBatch": 2}});
    let execution = bench.map(&mapping(call("fail"), "STANDARD", extra), 3).await;
    let output: Value = serde_json::from_str(&text(&bench.ended(&execution).await, "output")).unwrap();
    assert_eq!(
        (&output[0]["Status"], &output[0]["Error"], &output[1]["Input"]),
        (&json!("FAILED"), &json!("Broken"), &json!(r#"{"Items":[2]}"#))
    );
    let described = bench.described(&bench.map_run(&execution).await).await;
    assert_eq!(described["toleratedFailurePercentage"], 100.0);
    assert_eq!(counts(&described, "executionCounts"), json!({"failed": 2, "total": 2}));
    assert_eq!(counts(&described, "itemCounts"), json!({"failed": 3, "total": 3}));
}

#[tokio::test]
async fn stopping_the_execution_stops_everything() {
    let bench = Bench::new();
    let execution = bench.map(&mapping(call("hang"), "STANDARD", json!({})), 3).await;
    let map_run = bench.map_run(&execution).await;
    bench.counted(&map_run, "running", 3).await;
    bench.get("StopExecution", json!({"executionArn": execution})).await;
    assert_eq!(bench.described(&map_run).await["status"], "ABORTED");
    bench.counted(&map_run, "aborted", 3).await;
    let child = text(&bench.children(&map_run).await[0], "executionArn");
    let described = bench.get("DescribeExecution", json!({"executionArn": child})).await;
    assert_eq!(described["redriveStatus"], "REDRIVABLE_BY_MAP_RUN");
}

#[tokio::test]
async fn limits_can_be_changed_while_it_runs() {
    let bench = Bench::new();
    let definition = mapping(call("hang"), "STANDARD", json!({"MaxConcurrency": 1}));
    let execution = bench.map(&definition, 5).await;
    let map_run = bench.map_run(&execution).await;
    bench.counted(&map_run, "running", 1).await;
    assert_eq!(
        counts(&bench.described(&map_run).await, "itemCounts"),
        json!({"pending": 4, "running": 1, "total": 5})
    );
    let update = json!({"mapRunArn": map_run, "maxConcurrency": 3, "toleratedFailureCount": 2, "toleratedFailurePercentage": 12.5});
    assert_eq!(bench.get("UpdateMapRun", update).await, json!({}));
    bench.counted(&map_run, "running", 3).await;
    let described = bench.described(&map_run).await;
    assert_eq!(
        (
            &described["maxConcurrency"],
            &described["toleratedFailureCount"],
            &described["toleratedFailurePercentage"]
        ),
        (&json!(3), &json!(2), &json!(12.5))
    );
    while bench.described(&map_run).await["status"] == "RUNNING" {
        bench.tasks.release.notify_waiters();
        tokio::task::yield_now().await;
    }
    assert_eq!(bench.ended(&execution).await["status"], "SUCCEEDED");
    let late = bench
        .call("UpdateMapRun", json!({"mapRunArn": map_run, "maxConcurrency": 1}))
        .await;
    assert!(late.unwrap_err().starts_with("ValidationException"));
}

#[tokio::test]
async fn wrong_requests() {
    let bench = Bench::new();
    let none = "arn:aws:states:us-east-1:000000000000:mapRun:m/L:x";
    for (operation, input, expected) in [
        (
            "DescribeMapRun",
            json!({}),
            "ValidationException: 1 validation error detected: Value null at 'mapRunArn' failed to satisfy constraint: Member must not be null".to_owned(),
        ),
        ("DescribeMapRun", json!({"mapRunArn": "x"}), "InvalidArn: Invalid Arn: 'Invalid ARN prefix: x'".to_owned()),
        ("DescribeMapRun", json!({"mapRunArn": none}), format!("ResourceNotFound: Resource not found: '{none}'")),
        ("UpdateMapRun", json!({"mapRunArn": none}), format!("ResourceNotFound: Resource not found: '{none}'")),
        ("ListExecutions", json!({"mapRunArn": none}), format!("ResourceNotFound: Resource not found: '{none}'")),
        (
            "UpdateMapRun",
            json!({"mapRunArn": none, "maxConcurrency": -1, "toleratedFailurePercentage": 100.5}),
            "ValidationException: 2 validation errors detected: Value '-1' at 'maxConcurrency' failed to satisfy constraint: Member must have value greater than or equal to 0; Value '100.5' at 'toleratedFailurePercentage' failed to satisfy constraint: Member must have value less than or equal to 100".to_owned(),
        ),
        (
            "ListMapRuns",
            json!({"executionArn": "arn:aws:states:us-east-1:000000000000:execution:m:e"}),
            "ExecutionDoesNotExist: Execution Does Not Exist: 'arn:aws:states:us-east-1:000000000000:execution:m:e'".to_owned(),
        ),
    ] {
        assert_eq!(bench.call(operation, input).await.unwrap_err(), expected);
    }
}

#[tokio::test]
async fn it_goes_on_in_the_next_process() {
    let definition = mapping(call("hang"), "STANDARD", json!({"MaxConcurrency": 2}));
    let bench = Bench::new();
    let execution = bench.map(&definition, 5).await;
    let map_run = bench.map_run(&execution).await;
    bench.counted(&map_run, "running", 2).await;
    bench.tasks.release.notify_one();
    bench.counted(&map_run, "succeeded", 1).await;
    let bench = bench.reopened(1_000);
    let described = bench.described(&map_run).await;
    assert_eq!(
        (&described["status"], &described["itemCounts"]["succeeded"]),
        (&json!("RUNNING"), &json!(1))
    );
    while bench.described(&map_run).await["status"] == "RUNNING" {
        bench.tasks.release.notify_waiters();
        tokio::task::yield_now().await;
    }
    assert_eq!(bench.ended(&execution).await["output"], "[0,1,2,3,4]");
    assert_eq!(
        counts(&bench.described(&map_run).await, "executionCounts"),
        json!({"succeeded": 5, "total": 5})
    );
    // Only one of the first two had to be done again.
    assert_eq!(bench.tasks.runs_of(&function("hang")), 4);
}

/// Changes the store as a process would have left it.
fn forge(bench: &Bench, sql: &str) {
    let done = bench
        .store
        .write(|transaction| transaction.execute_batch(sql).map_err(StoreError::from));
    done.unwrap();
}

#[tokio::test]
async fn an_end_of_which_the_execution_was_not_told_is_told() {
    for (end, status) in [("SUCCEEDED", "SUCCEEDED"), ("FAILED", "FAILED")] {
        let bench = Bench::new();
        let execution = bench.map(&mapping(call("hang"), "STANDARD", json!({})), 1).await;
        let map_run = bench.map_run(&execution).await;
        bench.counted(&map_run, "running", 1).await;
        forge(
            &bench,
            &format!(
                "UPDATE sfn_executions SET status = 'SUCCEEDED', stopped_at = started_at, output = '7' WHERE map_run > 0;
                 UPDATE sfn_map_runs SET status = '{end}', stopped_at = started_at, error = 'States.E'"
            ),
        );
        let bench = bench.reopened(1_000);
        let ended = bench.ended(&execution).await;
        assert_eq!(ended["status"], status);
        assert!(ended["output"] == "[7]" || ended["error"] == "States.E", "{ended}");
    }
}

#[tokio::test]
async fn what_was_left_running_by_a_stop_is_stopped() {
    let bench = Bench::new();
    let execution = bench.map(&mapping(call("hang"), "STANDARD", json!({})), 2).await;
    let map_run = bench.map_run(&execution).await;
    bench.counted(&map_run, "running", 2).await;
    forge(
        &bench,
        "UPDATE sfn_executions SET status = 'ABORTED', stopped_at = started_at WHERE map_run IS NULL;
         UPDATE sfn_map_runs SET status = 'ABORTED'",
    );
    let bench = bench.reopened(1_000);
    bench.counted(&map_run, "aborted", 2).await;
}

#[tokio::test]
async fn map_runs_in_child_executions_go_on_too() {
    let mut inner = mapping(echo(), "STANDARD", json!({"ItemsPath": "$", "Label": "Inner"}))["States"]["M"].take();
    inner["ItemProcessor"]["StartAt"] = "N".into();
    inner["ItemProcessor"]["States"] = json!({"N": call("hang")});
    let parallel = json!({"Type": "Parallel", "End": true, "Branches": [
        {"StartAt": "P", "States": {"P": echo()}},
        {"StartAt": "D", "States": {"D": inner}},
    ]});
    let bench = Bench::new();
    let machine = bench.machine("m", &mapping(parallel, "STANDARD", json!({}))).await;
    let input = json!({"stateMachineArn": machine, "input": r#"{"items":[["a","b"]]}"#});
    let execution = text(&bench.get("StartExecution", input).await, "executionArn");
    let outer = bench.map_run(&execution).await;
    bench.counted(&outer, "running", 1).await;
    let child = text(&bench.children(&outer).await[0], "executionArn");
    let nested = bench.map_run(&child).await;
    assert!(nested.contains(":mapRun:m/Inner:"), "{nested}");
    bench.counted(&nested, "running", 2).await;
    let bench = bench.reopened(1_000);
    while bench.described(&outer).await["status"] == "RUNNING" {
        bench.tasks.release.notify_waiters();
        tokio::task::yield_now().await;
    }
    assert_eq!(bench.ended(&execution).await["output"], r#"[[["a","b"],["a","b"]]]"#);
}

#[tokio::test]
async fn many_items_are_run_in_pages_and_order() {
    let bench = Bench::new();
    let execution = bench.map(&mapping(echo(), "STANDARD", json!({})), 1_000).await;
    let expected: Vec<usize> = (0..1_000).collect();
    assert_eq!(bench.ended(&execution).await["output"], json!(expected).to_string());
    let map_run = bench.map_run(&execution).await;
    let mut seen = 0;
    let mut token = Value::Null;
    loop {
        let page = json!({"mapRunArn": map_run, "maxResults": 300, "nextToken": token});
        let page = bench.get("ListExecutions", page).await;
        seen += page["executions"].as_array().unwrap().len();
        token = page["nextToken"].clone();
        if token.is_null() {
            break;
        }
    }
    assert_eq!(seen, 1_000);
}
