//! Executions from start to end.

use super::*;

#[tokio::test]
async fn an_execution_runs_to_its_end() {
    let bench = Bench::new();
    let machine = bench.machine("m", &calling("echo")).await;
    let execution = bench.start(&machine, "e").await;
    let described = bench.ended(&execution).await;
    let mut dates = described.clone();
    assert!(dates["stopDate"].as_f64().unwrap() > dates["startDate"].as_f64().unwrap());
    for date in ["startDate", "stopDate"] {
        dates.as_object_mut().unwrap().remove(date);
    }
    assert_eq!(
        dates,
        json!({
            "executionArn": "arn:aws:states:us-east-1:000000000000:execution:m:e",
            "stateMachineArn": machine,
            "name": "e",
            "status": "SUCCEEDED",
            "input": "{\"n\":1}",
            "inputDetails": {"included": true},
            "output": "{\"n\":1}",
            "outputDetails": {"included": true},
            "redriveCount": 0,
            "redriveStatus": "NOT_REDRIVABLE",
            "redriveStatusReason": "Execution is SUCCEEDED and cannot be redriven",
        })
    );
    assert_eq!(
        bench.kinds(&execution).await,
        [
            "ExecutionStarted",
            "TaskStateEntered",
            "LambdaFunctionScheduled",
            "LambdaFunctionStarted",
            "LambdaFunctionSucceeded",
            "TaskStateExited",
            "PassStateEntered",
            "PassStateExited",
            "ExecutionSucceeded",
        ]
    );
}

#[tokio::test]
async fn history_is_paged_both_ways_and_without_data() {
    let bench = Bench::new();
    let machine = bench.machine("m", &pass()).await;
    let execution = bench.start(&machine, "e").await;
    bench.ended(&execution).await;
    for (reverse, want) in [(false, vec![1, 2, 3, 4]), (true, vec![4, 3, 2, 1])] {
        let mut ids = Vec::new();
        let mut input =
            json!({"executionArn": execution, "maxResults": 3, "reverseOrder": reverse, "includeExecutionData": false});
        loop {
            let page = bench.get("GetExecutionHistory", input.clone()).await;
            assert!(!page["events"].to_string().contains("put\""), "{page}");
            ids.extend(
                page["events"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|event| event["id"].as_i64().unwrap()),
            );
            match page.get("nextToken") {
                Some(token) => input["nextToken"] = token.clone(),
                None => break,
            }
        }
        assert_eq!(ids, want);
    }
}

#[tokio::test]
async fn a_failure_is_described() {
    let bench = Bench::new();
    let machine = bench.machine("m", &calling("fail")).await;
    let execution = bench.start(&machine, "e").await;
    let described = bench.ended(&execution).await;
    assert_eq!(
        (&described["status"], &described["error"], &described["cause"]),
        (&json!("FAILED"), &json!("Broken"), &json!("as asked"))
    );
    let listed = bench
        .get(
            "ListExecutions",
            json!({"stateMachineArn": machine, "statusFilter": "FAILED"}),
        )
        .await;
    assert_eq!(listed["executions"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn names_are_taken_once() {
    let bench = Bench::new();
    let machine = bench.machine("m", &calling("hang")).await;
    let execution = bench.start(&machine, "e").await;
    assert_eq!(bench.start(&machine, "e").await, execution);
    let again = |input: &str| {
        bench.call(
            "StartExecution",
            json!({"stateMachineArn": machine, "name": "e", "input": input}),
        )
    };
    let taken = format!("ExecutionAlreadyExists: Execution Already Exists: '{execution}'");
    assert_eq!(again("{}").await.unwrap_err(), taken);

    let stop = json!({"executionArn": execution, "error": "Why", "cause": "because"});
    let stopped = bench.get("StopExecution", stop.clone()).await;
    let described = bench.get("DescribeExecution", json!({"executionArn": execution})).await;
    assert_eq!(described["stopDate"], stopped["stopDate"]);
    assert_eq!(
        (&described["status"], &described["error"], &described["cause"]),
        (&json!("ABORTED"), &json!("Why"), &json!("because"))
    );
    assert_eq!(bench.get("StopExecution", stop).await, stopped);
    assert_eq!(again("{\"n\":1}").await.unwrap_err(), taken);
}

#[tokio::test]
async fn a_deleted_machine_waits_for_its_executions() {
    let bench = Bench::new();
    let machine = bench.machine("m", &calling("hang")).await;
    let execution = bench.start(&machine, "e").await;
    bench
        .get("DeleteStateMachine", json!({"stateMachineArn": machine}))
        .await;
    let described = bench
        .get("DescribeStateMachine", json!({"stateMachineArn": machine}))
        .await;
    assert_eq!(described["status"], "DELETING");
    let refused = bench
        .call("StartExecution", json!({"stateMachineArn": machine}))
        .await
        .unwrap_err();
    assert_eq!(
        refused,
        format!("StateMachineDeleting: State Machine is being deleted: '{machine}'")
    );

    bench.get("StopExecution", json!({"executionArn": execution})).await;
    let gone = bench
        .call("ListExecutions", json!({"stateMachineArn": machine}))
        .await
        .unwrap_err();
    assert!(gone.starts_with("StateMachineDoesNotExist"), "{gone}");
    bench.get("DescribeExecution", json!({"executionArn": execution})).await;
    let ran = bench
        .get("DescribeStateMachineForExecution", json!({"executionArn": execution}))
        .await;
    assert_eq!(ran["definition"], calling("hang").to_string());

    // The next machine of that name is another one: its names are free, its list is empty.
    assert_eq!(bench.machine("m", &pass()).await, machine);
    let none = bench.get("ListExecutions", json!({"stateMachineArn": machine})).await;
    assert_eq!(none, json!({"executions": []}));
    assert_eq!(bench.start(&machine, "e").await, execution);
}

#[tokio::test]
async fn an_update_does_not_touch_what_runs() {
    let bench = Bench::new();
    let machine = bench.machine("m", &calling("hang")).await;
    let execution = bench.start(&machine, "e").await;
    bench
        .get(
            "UpdateStateMachine",
            json!({"stateMachineArn": machine, "definition": pass().to_string()}),
        )
        .await;
    bench.tasks.release.notify_one();
    assert_eq!(bench.ended(&execution).await["output"], "{\"n\":1}");
    let second = bench.start(&machine, "second").await;
    assert_eq!(bench.ended(&second).await["output"], "{\"done\":true}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_at_once() {
    let bench = Bench::new();
    let machine = bench.machine("m", &calling("echo")).await;
    let mut executions = Vec::new();
    for n in 0..500 {
        executions.push(bench.start(&machine, &n.to_string()).await);
    }
    for execution in &executions {
        assert_eq!(bench.ended(execution).await["status"], "SUCCEEDED");
    }
    assert_eq!(bench.tasks.runs_of(&function("echo")), 500);
    let newest = bench
        .get("ListExecutions", json!({"stateMachineArn": machine, "maxResults": 1}))
        .await;
    assert_eq!(newest["executions"][0]["name"], "499");
}

#[tokio::test]
async fn a_token_comes_back_once() {
    let bench = Bench::new();
    let machine = bench.machine("m", &asking()).await;
    for (operation, status) in [("SendTaskSuccess", "SUCCEEDED"), ("SendTaskFailure", "FAILED")] {
        let execution = bench.start(&machine, operation).await;
        bench.submitted(&execution).await;
        let token = bench.tasks.tokens.lock().unwrap().pop().unwrap();
        let input = json!({"taskToken": token, "output": "{\"answer\":42}", "error": "No", "cause": "because"});
        assert_eq!(bench.get("SendTaskHeartbeat", input.clone()).await, json!({}));
        assert_eq!(bench.get(operation, input.clone()).await, json!({}));
        let described = bench.ended(&execution).await;
        assert_eq!(described["status"], status);
        let late = bench.call(operation, input).await.unwrap_err();
        assert_eq!(
            late,
            "TaskTimedOut: Task Timed Out: 'Provided task does not exist anymore'"
        );
    }
}

#[tokio::test]
async fn a_task_is_done_only_as_a_role_that_is_lent() {
    let bench = Bench::new();
    let other = "arn:aws:iam::111111111111:role/other";
    for (index, (resource, role)) in [
        (function("echo"), ROLE),
        (function("echo"), other),
        ("arn:aws:states:::lambda:invoke".to_owned(), other),
        ("arn:aws:states:::states:startExecution.sync".to_owned(), other),
    ]
    .into_iter()
    .enumerate()
    {
        let definition = json!({"StartAt": "Call", "States": {
            "Call": {"Type": "Task", "Resource": resource, "Credentials": {"RoleArn": role}, "End": true},
        }});
        let machine = bench.machine(&format!("m{index}"), &definition).await;
        let described = bench.ended(&bench.start(&machine, "e").await).await;
        if role == ROLE {
            assert_eq!(described["status"], "SUCCEEDED", "{resource}");
            continue;
        }
        assert_eq!(
            (text(&described, "status"), text(&described, "error")),
            ("FAILED".to_owned(), "States.Permissions".to_owned()),
            "{resource}"
        );
        assert!(text(&described, "cause").contains(other), "{described}");
    }
    assert_eq!(bench.tasks.runs_of(&function("echo")), 1);
}
