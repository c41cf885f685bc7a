//! A store that cannot be written: who asks is told why, and executions go on when it can be written again.

use super::*;

/// Calls `hang`, then passes on more than a full store takes.
fn growing() -> Value {
    json!({"StartAt": "Call", "States": {
        "Call": {"Type": "Task", "Resource": function("hang"), "Next": "Grow"},
        "Grow": {"Type": "Pass", "Result": "x".repeat(100_000), "End": true},
    }})
}

impl Bench {
    fn most_pages(&self, pages: u32) {
        self.store
            .read(|connection| {
                let allowed: Result<u32, _> =
                    connection.query_row(&format!("PRAGMA max_page_count = {pages}"), [], |row| row.get(0));
                allowed.map_err(StoreError::from)
            })
            .unwrap();
    }

    /// Waits until the call fails, and gives the error.
    async fn refusal(&self, operation: &str, input: Value) -> String {
        let deadline = Instant::now() + Duration::from_secs(20);
        loop {
            if let Err(error) = self.call(operation, input.clone()).await {
                return error;
            }
            assert!(Instant::now() < deadline, "{operation} says nothing");
            tokio::task::yield_now().await;
        }
    }
}

const FULL: &str = "InternalFailure: the local store failed: the store refused a statement: database or disk is full";

#[tokio::test]
async fn a_full_disk_is_told_and_the_execution_goes_on_when_there_is_room() {
    let bench = Bench::new();
    let machine = bench.machine("m", &growing()).await;
    let execution = bench.start(&machine, "e").await;
    bench.tasks.started.notified().await;
    bench.most_pages(1);
    bench.tasks.release.notify_one();
    for operation in ["GetExecutionHistory", "DescribeExecution", "StopExecution"] {
        let said = bench.refusal(operation, json!({"executionArn": execution})).await;
        assert!(said.starts_with(FULL), "{said}");
    }
    let another = json!({"stateMachineArn": machine, "input": json!("x".repeat(100_000)).to_string()});
    let said = bench.call("StartExecution", another).await.unwrap_err();
    assert!(said.starts_with(FULL), "{said}");

    bench.most_pages(1_000_000);
    let deadline = Instant::now() + Duration::from_secs(20);
    while bench
        .call("DescribeExecution", json!({"executionArn": execution}))
        .await
        .is_err()
    {
        assert!(Instant::now() < deadline, "it does not go on");
        tokio::task::yield_now().await;
    }
    // Stopping it was asked for while it could not be stored.
    assert!(["SUCCEEDED", "ABORTED"].contains(&bench.ended(&execution).await["status"].as_str().unwrap()));
}

#[tokio::test]
async fn who_waits_for_the_end_of_an_express_execution_is_told() {
    let bench = Bench::new();
    let input = json!({"name": "x", "roleArn": ROLE, "definition": growing().to_string(), "type": "EXPRESS"});
    let machine = text(&bench.get("CreateStateMachine", input).await, "stateMachineArn");
    let asked = json!({"stateMachineArn": machine});
    let (said, ()) = tokio::join!(bench.call("StartSyncExecution", asked), async {
        bench.tasks.started.notified().await;
        bench.most_pages(1);
        bench.tasks.release.notify_one();
    });
    assert!(said.as_ref().unwrap_err().starts_with(FULL), "{said:?}");
}
