//! Log delivery.

use serde_json::json;

use super::*;

/// What an execution of that definition logs: `TYPE MEMBER…` of each event, in order.
async fn logged(level: &str, data: bool, definition: &Value) -> (Vec<String>, Vec<(String, Value)>) {
    let bench = Bench::on(Store::in_memory().unwrap(), 1);
    let arn = "arn:aws:logs:us-east-1:000000000000:log-group:group:*";
    let input = json!({
        "name": "m", "roleArn": ROLE, "definition": definition.to_string(),
        "loggingConfiguration": {
            "level": level,
            "includeExecutionData": data,
            "destinations": [{"cloudWatchLogsLogGroup": {"logGroupArn": arn}}],
        },
    });
    let machine = text(&bench.get("CreateStateMachine", input).await, "stateMachineArn");
    let execution = bench.start(&machine, "e").await;
    bench.ended(&execution).await;
    let deadline = Instant::now() + Duration::from_secs(20);
    let is_last = |(_, event): &(String, Value)| text(event, "type").starts_with("Execution") && event["id"] != "1";
    while level != "OFF" && !bench.logs.0.lock().unwrap().last().is_some_and(is_last) {
        assert!(Instant::now() < deadline, "the end is not logged");
        tokio::task::yield_now().await;
    }
    let events = bench.logs.0.lock().unwrap().clone();
    let names = |(_, event): &(String, Value)| {
        let members = event["details"].as_object().unwrap().keys().map(String::as_str);
        let shown: Vec<&str> = std::iter::once(event["type"].as_str().unwrap())
            .chain(members)
            .collect();
        shown.join(" ")
    };
    (events.iter().map(names).collect(), events)
}

fn failing() -> Value {
    json!({"StartAt": "F", "States": {"F": {"Type": "Fail", "Error": "E", "Cause": "c"}}})
}

#[tokio::test]
async fn levels_decide_what_is_logged() {
    for (level, expected) in [
        (
            "ALL",
            vec![
                "ExecutionStarted roleArn",
                "FailStateEntered name",
                "ExecutionFailed error cause",
            ],
        ),
        ("ERROR", vec!["FailStateEntered name", "ExecutionFailed error cause"]),
        ("FATAL", vec!["ExecutionFailed error cause"]),
        ("OFF", vec![]),
    ] {
        assert_eq!(logged(level, false, &failing()).await.0, expected, "{level}");
    }
}

#[tokio::test]
async fn data_is_logged_when_it_is_asked_for() {
    let (names, events) = logged("ALL", true, &calling("echo")).await;
    assert_eq!(names.len(), 9);
    assert_eq!(names[0], "ExecutionStarted input inputDetails roleArn");
    let (stream, first) = &events[0];
    assert!(stream.starts_with("states/m/2023-11-14-22-13/"), "{stream}");
    let at = first["event_timestamp"].as_str().unwrap().parse::<u64>().unwrap();
    assert!(at >= NOON);
    assert_eq!(
        (&first["id"], &first["previous_event_id"], &first["redrive_count"]),
        (&json!("1"), &json!("0"), &json!("0"))
    );
    assert_eq!(
        first["execution_arn"],
        "arn:aws:states:us-east-1:000000000000:execution:m:e"
    );
    let ids: Vec<&str> = events.iter().map(|(_, event)| event["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["1", "2", "3", "4", "5", "6", "7", "8", "9"]);
}
