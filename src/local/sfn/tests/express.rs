//! Express state machines.

use serde_json::json;

use super::*;

async fn express(bench: &Bench, definition: &Value) -> Result<String, String> {
    let input = json!({"name": "x", "roleArn": ROLE, "type": "EXPRESS", "definition": definition.to_string()});
    let made = bench.call("CreateStateMachine", input).await?;
    Ok(text(&made, "stateMachineArn"))
}

#[tokio::test]
async fn a_synchronous_execution_answers_with_its_end() {
    let bench = Bench::on(Store::in_memory().unwrap(), 1);
    let machine = express(&bench, &calling("echo")).await.unwrap();
    let input = json!({"stateMachineArn": machine, "name": "e", "input": "{\"n\":1}", "traceHeader": "t"});
    let mut answer = bench.get("StartSyncExecution", input.clone()).await;
    let arn = text(&answer, "executionArn");
    assert!(
        arn.starts_with("arn:aws:states:us-east-1:000000000000:express:x:e:"),
        "{arn}"
    );
    for member in ["executionArn", "startDate", "stopDate"] {
        answer.as_object_mut().unwrap().remove(member).unwrap();
    }
    assert_eq!(
        answer,
        json!({
            "stateMachineArn": machine,
            "name": "e",
            "status": "SUCCEEDED",
            "input": "{\"n\":1}",
            "inputDetails": {"included": true},
            "output": "{\"n\":1}",
            "outputDetails": {"included": true},
            "traceHeader": "t",
            "billingDetails": {"billedDurationInMilliseconds": 100, "billedMemoryUsedInMB": 64},
        })
    );
    // The same name again is another execution.
    let again = bench.get("StartSyncExecution", input.clone()).await;
    assert_ne!(text(&again, "executionArn"), arn);
    let mut bare = input;
    bare["includedData"] = "METADATA_ONLY".into();
    let bare = bench.get("StartSyncExecution", bare).await;
    assert_eq!(
        (bare.get("output"), &bare["outputDetails"]),
        (None, &json!({"included": false}))
    );
}

#[tokio::test(start_paused = true)]
async fn a_synchronous_execution_can_fail_and_time_out() {
    let bench = Bench::new();
    let machine = express(&bench, &calling("fail")).await.unwrap();
    let failed = bench
        .get("StartSyncExecution", json!({"stateMachineArn": machine}))
        .await;
    assert_eq!(
        (&failed["status"], &failed["error"], &failed["cause"]),
        (&json!("FAILED"), &json!("Broken"), &json!("as asked"))
    );
    assert_eq!(failed.get("outputDetails"), None);

    let update = json!({"stateMachineArn": machine, "definition": json!({
        "StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 3600, "End": true}}}).to_string()});
    bench.get("UpdateStateMachine", update).await;
    let late = bench
        .get("StartSyncExecution", json!({"stateMachineArn": machine}))
        .await;
    assert_eq!(
        (&late["status"], &late["error"]),
        (&json!("TIMED_OUT"), &json!("States.Timeout"))
    );
    let duration = late["stopDate"].as_f64().unwrap() - late["startDate"].as_f64().unwrap();
    assert!((300.0..330.0).contains(&duration), "{duration}");
}

#[tokio::test]
async fn an_asynchronous_execution_goes_on_after_a_restart_and_leaves_nothing() {
    let mut bench = Bench::on(Store::in_memory().unwrap(), 1);
    let machine = express(&bench, &calling("hang")).await.unwrap();
    bench.start(&machine, "e").await;
    bench.tasks.started.notified().await;
    bench = bench.reopened(1);
    bench.tasks.started.notified().await;
    bench.tasks.release.notify_one();
    let deadline = Instant::now() + Duration::from_secs(20);
    let count = |table: &str| {
        let sql = format!("SELECT count(*) FROM {table}");
        let count = bench
            .store
            .read(|db| Ok::<i64, StoreError>(db.query_row(&sql, [], |row| row.get(0))?));
        count.unwrap()
    };
    while count("sfn_executions") > 0 {
        assert!(Instant::now() < deadline);
        tokio::task::yield_now().await;
    }
    assert_eq!(
        (count("sfn_history"), count("sfn_journal"), count("sfn_tokens")),
        (0, 0, 0)
    );
}

#[tokio::test]
async fn what_express_machines_do_not_have_is_refused() {
    let bench = Bench::new();
    let standard = bench.machine("m", &pass()).await;
    let machine = express(&bench, &pass()).await.unwrap();
    let described = bench
        .get("DescribeStateMachine", json!({"stateMachineArn": machine}))
        .await;
    assert_eq!(described["type"], "EXPRESS");
    let listed = bench.get("ListStateMachines", json!({})).await;
    assert_eq!(listed["stateMachines"][1]["type"], "EXPRESS");

    let unsupported = "StateMachineTypeNotSupported: This operation is not supported by this type of state machine";
    for (operation, arn) in [("StartSyncExecution", &standard), ("ListExecutions", &machine)] {
        let error = bench
            .call(operation, json!({"stateMachineArn": arn}))
            .await
            .unwrap_err();
        assert_eq!(error, unsupported);
    }
    let execution = bench.start(&machine, "e").await;
    for operation in ["DescribeExecution", "GetExecutionHistory", "StopExecution"] {
        let error = bench
            .call(operation, json!({"executionArn": execution}))
            .await
            .unwrap_err();
        assert_eq!(
            error,
            "InvalidArn: Invalid Arn: 'Resource type not valid in this context: express'"
        );
    }
    assert_eq!(
        express(&bench, &asking()).await.unwrap_err(),
        "InvalidDefinition: Invalid State Machine Definition: 'SCHEMA_VALIDATION_FAILED: Express state machine does not \
         support '.waitForTaskToken' service integration  at /States/Ask/Resource'"
    );
    // A type is for ever.
    let input = json!({"name": "x", "roleArn": ROLE, "definition": pass().to_string()});
    let error = bench.call("CreateStateMachine", input).await.unwrap_err();
    assert!(error.starts_with("StateMachineAlreadyExists"), "{error}");
}
