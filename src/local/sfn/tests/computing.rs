//! Executions that compute for long: nobody else waits for them, and they can be stopped, interrupted and gone on with.

use super::*;

/// Computes without end: until the history is full, which takes minutes.
fn endless() -> Value {
    json!({"StartAt": "A", "States": {
        "A": {"Type": "Pass", "QueryLanguage": "JSONata", "Output": "{% $sum([1..30000].($ * 2)) %}", "Next": "B"},
        "B": {"Type": "Choice", "Choices": [{"Variable": "$", "IsNumeric": true, "Next": "A"}], "Default": "C"},
        "C": {"Type": "Succeed"},
    }})
}

/// Passes through so many states, faster or slower.
fn chain(states: usize) -> Value {
    let states: serde_json::Map<String, Value> = (0..states)
        .map(|at| {
            let mut state = json!({"Type": "Pass", "QueryLanguage": "JSONata", "Output": "{% $sum([1..1000]) %}"});
            if at + 1 < states {
                state["Next"] = format!("S{}", at + 1).into();
            } else {
                state["End"] = true.into();
            }
            (format!("S{at}"), state)
        })
        .collect();
    json!({"StartAt": "S0", "States": states})
}

/// What must be quick however much is computed.
async fn soon<T>(what: &str, work: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(10), work)
        .await
        .unwrap_or_else(|_| panic!("{what} takes too long"))
}

impl Bench {
    async fn events(&self, execution: &str) -> usize {
        self.history(execution).await.as_array().unwrap().len()
    }

    /// Waits until the execution has so many events.
    async fn has_events(&self, execution: &str, least: usize) {
        let deadline = Instant::now() + Duration::from_secs(60);
        while self.events(execution).await < least {
            assert!(Instant::now() < deadline, "no progress");
            tokio::task::yield_now().await;
        }
    }
}

#[tokio::test]
async fn calls_are_answered_while_executions_compute() {
    let bench = Bench::on(Store::in_memory().unwrap(), 0);
    let machine = bench.machine("m", &endless()).await;
    let mut executions = Vec::new();
    for name in ["e1", "e2", "e3"] {
        executions.push(soon("StartExecution", bench.start(&machine, name)).await);
    }
    for execution in &executions {
        bench.has_events(execution, 7).await;
    }
    soon("ListStateMachines", bench.get("ListStateMachines", json!({}))).await;
    for execution in &executions {
        soon(
            "StopExecution",
            bench.get("StopExecution", json!({"executionArn": execution})),
        )
        .await;
        let described = bench.get("DescribeExecution", json!({"executionArn": execution})).await;
        assert_eq!(described["status"], "ABORTED");
        let events = bench.history(execution).await;
        assert_eq!(events.as_array().unwrap().last().unwrap()["type"], "ExecutionAborted");
    }
}

#[tokio::test]
async fn what_was_computed_is_stored_and_the_next_process_goes_on_from_there() {
    let bench = Bench::on(Store::in_memory().unwrap(), 0);
    let machine = bench.machine("m", &endless()).await;
    let execution = bench.start(&machine, "e").await;
    bench.has_events(&execution, 9).await;
    let bench = soon("closing", async { bench.reopened(0) }).await;
    let before = bench.events(&execution).await;
    assert!(before >= 9, "{before}");
    bench.has_events(&execution, before + 4).await;
    soon(
        "StopExecution",
        bench.get("StopExecution", json!({"executionArn": execution})),
    )
    .await;
    assert_eq!(bench.ended(&execution).await["status"], "ABORTED");
}

#[tokio::test]
async fn the_time_limit_of_a_machine_ends_its_computing() {
    let mut definition = endless();
    definition["TimeoutSeconds"] = json!(60);
    let bench = Bench::on(Store::in_memory().unwrap(), 5_000);
    let machine = bench.machine("m", &definition).await;
    let execution = bench.start(&machine, "e").await;
    assert_eq!(bench.ended(&execution).await["status"], "TIMED_OUT");
}

#[tokio::test]
async fn interruptions_do_not_show_in_the_history() {
    let definition = chain(300);
    let whole = Bench::on(Store::in_memory().unwrap(), 0);
    let machine = whole.machine("m", &definition).await;
    let execution = whole.start(&machine, "e").await;
    whole.ended(&execution).await;

    let mut bench = Bench::on(Store::in_memory().unwrap(), 0);
    let machine = bench.machine("m", &definition).await;
    let execution_again = bench.start(&machine, "e").await;
    for least in [3, 100, 250, 400] {
        bench.has_events(&execution_again, least).await;
        bench = bench.reopened(0);
    }
    assert_eq!(bench.ended(&execution_again).await["status"], "SUCCEEDED");
    assert_eq!(bench.history(&execution_again).await, whole.history(&execution).await);
}

#[tokio::test]
async fn events_carry_the_time_at_which_they_happened() {
    let bench = Bench::on(Store::in_memory().unwrap(), 1);
    let machine = bench.machine("m", &chain(450)).await;
    let execution = bench.start(&machine, "e").await;
    bench.ended(&execution).await;
    let input = json!({"executionArn": execution, "maxResults": 1000});
    let events = bench.get("GetExecutionHistory", input).await;
    let times = events["events"].as_array().unwrap().iter();
    let times: Vec<f64> = times.map(|event| event["timestamp"].as_f64().unwrap()).collect();
    assert!(times.is_sorted());
    assert!(times.last() > times.first(), "{times:?}");
}
