use super::*;

async fn fifo(bench: &Bench) -> String {
    bench
        .queue(
            "q.fifo",
            json!({"FifoQueue": "true", "ContentBasedDeduplication": "true"}),
        )
        .await
}

async fn one(bench: &Bench, url: &str) -> Value {
    let answer = bench.ok("ReceiveMessage", json!({"QueueUrl": url})).await;
    answer["Messages"][0].clone()
}

#[tokio::test]
async fn a_group_is_received_in_order_and_blocked_while_one_of_it_is_in_flight() {
    let bench = Bench::open();
    let url = fifo(&bench).await;
    let mut numbers = Vec::new();
    for (group, body) in [("a", "a1"), ("a", "a2"), ("b", "b1"), ("a", "a3")] {
        let sent = bench.send_to_group(&url, group, body).await;
        numbers.push(sent["SequenceNumber"].as_str().unwrap().to_owned());
    }
    assert!(
        numbers.is_sorted() && numbers.iter().all(|number| number.len() == 20),
        "{numbers:?}"
    );
    let first = one(&bench, &url).await;
    assert_eq!(first["Body"], "a1");
    assert_eq!(bench.bodies(&url).await, ["b1"]);
    assert_eq!(bench.bodies(&url).await, Vec::<String>::new());
    bench.delete(&url, &first).await.unwrap();
    let rest = bench.receive(&url).await;
    assert_eq!((&rest[0]["Body"], &rest[1]["Body"]), (&json!("a2"), &json!("a3")));
    assert_eq!(rest[0]["Attributes"]["MessageGroupId"], "a");
    assert_eq!(rest[0]["Attributes"]["SequenceNumber"], numbers[1].as_str());
    // The first one is back, but the other one of the group is still in flight.
    bench.change(&url, &rest[0], 0).await.unwrap();
    assert_eq!(bench.bodies(&url).await, Vec::<String>::new());
    bench.delete(&url, &rest[1]).await.unwrap();
    assert_eq!(bench.bodies(&url).await, ["a2"]);
    bench.pass(30);
    let mut again = bench.bodies(&url).await;
    again.sort();
    assert_eq!(again, ["a2", "b1"]);
}

#[tokio::test]
async fn an_expired_receipt_handle_is_refused() {
    let bench = Bench::open();
    let url = fifo(&bench).await;
    bench.send_to_group(&url, "a", "1").await;
    let message = one(&bench, &url).await;
    bench.pass(30);
    let refused = bench.delete(&url, &message).await.unwrap_err();
    assert!(
        refused.ends_with("is invalid. Reason: The receipt handle has expired."),
        "{refused}"
    );
}

#[tokio::test]
async fn a_message_sent_twice_within_five_minutes_is_there_once() {
    let bench = Bench::open();
    let url = fifo(&bench).await;
    let first = bench.send_to_group(&url, "a", "same").await;
    let twice = bench.send_to_group(&url, "b", "same").await;
    assert_eq!(first, twice);
    let by_id = |body: &str| json!({"QueueUrl": url, "MessageBody": body, "MessageGroupId": "a", "MessageDeduplicationId": "id"});
    bench.ok("SendMessage", by_id("one")).await;
    bench.ok("SendMessage", by_id("other")).await;
    let messages = bench.receive(&url).await;
    let bodies: Vec<&Value> = messages.iter().map(|message| &message["Body"]).collect();
    assert_eq!(bodies, ["same", "one"]);
    for message in &messages {
        bench.delete(&url, message).await.unwrap();
    }
    // Also if it was received and deleted meanwhile.
    bench.send_to_group(&url, "a", "same").await;
    assert_eq!(bench.bodies(&url).await, Vec::<String>::new());
    bench.pass(300);
    bench.send_to_group(&url, "a", "same").await;
    assert_eq!(bench.bodies(&url).await, ["same"]);
}

#[tokio::test]
async fn deduplication_can_be_per_group() {
    let bench = Bench::open();
    let attributes = json!({"FifoQueue": "true", "ContentBasedDeduplication": "true", "DeduplicationScope": "messageGroup",
        "FifoThroughputLimit": "perMessageGroupId"});
    let url = bench.queue("q.fifo", attributes).await;
    for group in ["a", "b", "a"] {
        bench.send_to_group(&url, group, "same").await;
    }
    assert_eq!(bench.bodies(&url).await.len(), 2);
}

#[tokio::test]
async fn what_a_fifo_queue_needs_is_asked_for() {
    let bench = Bench::open();
    let url = bench.queue("q.fifo", json!({"FifoQueue": "true"})).await;
    for (input, expected) in [
        (
            json!({}),
            "MissingRequiredParameterException: The request must contain the parameter MessageGroupId.",
        ),
        (
            json!({"MessageGroupId": "a"}),
            "InvalidParameterValueException: The queue should either have ContentBasedDeduplication \
            enabled or MessageDeduplicationId provided explicitly",
        ),
        (
            json!({"MessageGroupId": "a", "MessageDeduplicationId": "d", "DelaySeconds": 3}),
            "InvalidParameterValueException: Value 3 for \
            parameter DelaySeconds is invalid. Reason: The request include parameter that is not valid for this queue type.",
        ),
        (
            json!({"MessageGroupId": "a b"}),
            "InvalidParameterValueException: Value a b for parameter MessageGroupId is invalid. Reason: \
            MessageGroupId can only include alphanumeric and punctuation characters. 1 to 128 in length.",
        ),
    ] {
        let mut input = input;
        input["QueueUrl"] = json!(url);
        input["MessageBody"] = json!("x");
        Bench::refused(bench.call("SendMessage", input).await, expected);
    }
}

#[tokio::test]
async fn what_is_received_too_often_leaves_its_group() {
    let bench = Bench::open();
    let dead = bench.queue("dead.fifo", json!({"FifoQueue": "true"})).await;
    let policy = json!({"deadLetterTargetArn": "arn:aws:sqs:us-east-1:000000000000:dead.fifo", "maxReceiveCount": 1})
        .to_string();
    let url = fifo(&bench).await;
    bench
        .ok(
            "SetQueueAttributes",
            json!({"QueueUrl": url, "Attributes": {"RedrivePolicy": policy}}),
        )
        .await;
    bench.send_to_group(&url, "a", "1").await;
    bench.send_to_group(&url, "a", "2").await;
    assert_eq!(one(&bench, &url).await["Body"], "1");
    bench.pass(30);
    assert_eq!(bench.bodies(&url).await, ["2"]);
    assert_eq!(bench.bodies(&dead).await, ["1"]);
    bench.pass(30);
    assert_eq!(bench.bodies(&url).await, Vec::<String>::new());
    assert_eq!(bench.bodies(&dead).await.len(), 2);
    assert_eq!(bench.counts(&url).await, ["0", "0", "0"]);
}
