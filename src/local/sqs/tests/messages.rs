use super::*;

#[tokio::test]
async fn a_message_is_in_flight_until_it_is_deleted_or_its_time_is_over() {
    let bench = Bench::open();
    let url = bench.queue("q", json!({})).await;
    let sent = bench.send(&url, "This is a test message").await;
    assert_eq!(sent["MD5OfMessageBody"], "fafb00f5732ab283681e124bf8747ed1");
    let first = bench.receive(&url).await.remove(0);
    assert_eq!(first["MessageId"], sent["MessageId"]);
    assert_eq!(
        first["Attributes"],
        json!({
            "SenderId": "000000000000",
            "ApproximateFirstReceiveTimestamp": START.to_string(),
            "ApproximateReceiveCount": "1",
            "SentTimestamp": START.to_string(),
        })
    );
    assert_eq!(bench.counts(&url).await, ["0", "1", "0"]);
    assert_eq!(bench.bodies(&url).await, Vec::<String>::new());
    bench.pass(30);
    let second = bench.receive(&url).await.remove(0);
    assert_eq!(second["Attributes"]["ApproximateReceiveCount"], "2");
    // The old handle is taken, and the message stays.
    bench.delete(&url, &first).await.unwrap();
    assert_eq!(bench.counts(&url).await, ["0", "1", "0"]);
    bench.delete(&url, &second).await.unwrap();
    bench.delete(&url, &second).await.unwrap();
    assert_eq!(bench.counts(&url).await, ["0", "0", "0"]);
}

#[tokio::test]
async fn how_long_a_message_is_in_flight_can_be_changed() {
    let bench = Bench::open();
    let url = bench.queue("q", json!({})).await;
    bench.send(&url, "x").await;
    let message = bench.receive(&url).await.remove(0);
    bench.change(&url, &message, 60).await.unwrap();
    bench.pass(40);
    assert_eq!(bench.counts(&url).await, ["0", "1", "0"]);
    let over = bench.change(&url, &message, 43_200).await;
    Bench::refused(
        over,
        "InvalidParameterValueException: Value 43200 for parameter VisibilityTimeout is invalid. Reason: Total \
         VisibilityTimeout for the message is beyond the limit [43200 seconds]",
    );
    bench.change(&url, &message, 0).await.unwrap();
    assert_eq!(bench.counts(&url).await, ["1", "0", "0"]);
    Bench::refused(
        bench.change(&url, &message, 5).await,
        "MessageNotInflight: The specified message isn't in flight.",
    );
    bench.delete(&url, &message).await.unwrap();
    let gone = bench.change(&url, &message, 5).await.unwrap_err();
    assert!(
        gone.ends_with("Message does not exist or is not available for visibility timeout change."),
        "{gone}"
    );
    for handle in ["nonsense", "bm9uc2Vuc2U="] {
        let message = json!({"ReceiptHandle": handle});
        let expected =
            format!("ReceiptHandleIsInvalid: The input receipt handle \"{handle}\" is not a valid receipt handle.");
        Bench::refused(bench.delete(&url, &message).await, &expected);
    }
}

#[tokio::test]
async fn messages_are_delayed_and_expire() {
    let bench = Bench::open();
    let url = bench
        .queue("q", json!({"DelaySeconds": "10", "MessageRetentionPeriod": "60"}))
        .await;
    bench.send(&url, "late").await;
    bench
        .ok(
            "SendMessage",
            json!({"QueueUrl": url, "MessageBody": "now", "DelaySeconds": 0}),
        )
        .await;
    assert_eq!(bench.counts(&url).await, ["1", "0", "1"]);
    assert_eq!(bench.bodies(&url).await, ["now"]);
    bench.pass(10);
    assert_eq!(bench.bodies(&url).await, ["late"]);
    bench.pass(51);
    assert_eq!(bench.bodies(&url).await, Vec::<String>::new());
    assert_eq!(bench.counts(&url).await, ["0", "0", "0"]);
}

#[tokio::test]
async fn what_is_received_too_often_goes_to_the_dead_letter_queue() {
    let bench = Bench::open();
    let dead = bench.queue("dead", json!({})).await;
    let policy =
        json!({"deadLetterTargetArn": "arn:aws:sqs:us-east-1:000000000000:dead", "maxReceiveCount": 2}).to_string();
    let url = bench
        .queue("q", json!({"RedrivePolicy": policy, "VisibilityTimeout": "0"}))
        .await;
    let sent = bench.send(&url, "poison").await;
    for _ in 0..2 {
        assert_eq!(bench.bodies(&url).await, ["poison"]);
    }
    assert_eq!(bench.bodies(&url).await, Vec::<String>::new());
    let buried = bench.receive(&dead).await.remove(0);
    assert_eq!(buried["MessageId"], sent["MessageId"]);
    assert_eq!(buried["Attributes"]["ApproximateReceiveCount"], "1");
    assert_eq!(
        buried["Attributes"]["DeadLetterQueueSourceArn"],
        "arn:aws:sqs:us-east-1:000000000000:q"
    );
}

#[tokio::test]
async fn message_attributes_are_filtered_and_summed() {
    let bench = Bench::open();
    let url = bench.queue("q", json!({})).await;
    let attributes = json!({
        "a.x": {"DataType": "String", "StringValue": "1"},
        "b": {"DataType": "Number", "StringValue": "2"},
    });
    let sent = json!({"QueueUrl": url, "MessageBody": "m", "MessageAttributes": attributes});
    let sent = bench.ok("SendMessage", sent).await;
    for (wanted, expected) in [
        (json!([]), vec![]),
        (json!(["All"]), vec!["a.x", "b"]),
        (json!([".*"]), vec!["a.x", "b"]),
        (json!(["a.*"]), vec!["a.x"]),
        (json!(["b", "c"]), vec!["b"]),
    ] {
        let input = json!({"QueueUrl": url, "VisibilityTimeout": 0, "MessageAttributeNames": wanted});
        let answer = bench.ok("ReceiveMessage", input).await;
        let message = &answer["Messages"][0];
        let names: Vec<&str> = message["MessageAttributes"]
            .as_object()
            .map_or(vec![], |map| map.keys().map(String::as_str).collect());
        assert_eq!(names, expected, "{wanted}");
        let whole = message["MD5OfMessageAttributes"] == sent["MD5OfMessageAttributes"];
        assert_eq!(whole, expected.len() == 2, "{wanted}");
    }
}

#[tokio::test]
async fn what_cannot_be_sent_or_asked_is_refused() {
    let bench = Bench::open();
    let url = bench.queue("q", json!({"MaximumMessageSize": "1024"})).await;
    let attribute = |name: &str, attribute: Value| json!({"MessageBody": "x", "MessageAttributes": {name: attribute}});
    for (operation, mut input, expected) in [
        (
            "SendMessage",
            json!({}),
            "MissingRequiredParameterException: The request must contain the parameter MessageBody.",
        ),
        (
            "SendMessage",
            json!({"MessageBody": ""}),
            "MissingRequiredParameterException: The request must contain the parameter MessageBody.",
        ),
        (
            "SendMessage",
            json!({"MessageBody": "\u{1}"}),
            "InvalidMessageContents: Invalid characters found. Valid unicode characters are \
            #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF",
        ),
        (
            "SendMessage",
            json!({"MessageBody": "x".repeat(1025)}),
            "InvalidParameterValueException: One or more parameters are invalid. \
            Reason: Message must be shorter than 1024 bytes.",
        ),
        (
            "SendMessage",
            json!({"MessageBody": "x", "DelaySeconds": 901}),
            "InvalidParameterValueException: Value 901 for parameter \
            DelaySeconds is invalid. Reason: DelaySeconds must be >= 0 and <= 900.",
        ),
        (
            "SendMessage",
            json!({"MessageBody": "x", "MessageDeduplicationId": "d"}),
            "InvalidParameterValueException: Value d for parameter \
            MessageDeduplicationId is invalid. Reason: The request include parameter that is not valid for this queue type.",
        ),
        (
            "SendMessage",
            attribute("a", json!({"DataType": "Text", "StringValue": "x"})),
            "InvalidParameterValueException: The message \
            attribute 'a' has an invalid message attribute type, the set of supported type prefixes is Binary, Number, and String.",
        ),
        (
            "SendMessage",
            attribute("a", json!({"DataType": "String", "StringValue": ""})),
            "InvalidParameterValueException: The message \
            attribute 'a' must contain non-empty message attribute value for message attribute type 'String'.",
        ),
        (
            "SendMessage",
            attribute("a", json!({"DataType": "Number", "StringValue": "x"})),
            "InvalidParameterValueException: Can't cast the \
            value of message attribute 'a' to a number.",
        ),
        (
            "SendMessage",
            attribute("AWS.a", json!({"DataType": "String", "StringValue": "x"})),
            "InvalidParameterValueException: You can't use \
            message attribute names beginning with 'AWS.' or 'Amazon.'. These strings are reserved for internal use.",
        ),
        (
            "ReceiveMessage",
            json!({"MaxNumberOfMessages": 11}),
            "InvalidParameterValueException: Value 11 for parameter MaxNumberOfMessages \
            is invalid. Reason: Must be between 1 and 10, if provided.",
        ),
        (
            "ReceiveMessage",
            json!({"WaitTimeSeconds": 21}),
            "InvalidParameterValueException: Value 21 for parameter WaitTimeSeconds is \
            invalid. Reason: Must be >= 0 and <= 20, if provided.",
        ),
        (
            "ReceiveMessage",
            json!({"AttributeNames": ["X"]}),
            "InvalidAttributeName: Unknown Attribute X.",
        ),
        (
            "ReceiveMessage",
            json!({"ReceiveRequestAttemptId": "X"}),
            "NotImplemented: not implemented by the local cloud: sqs:the parameter \
            ReceiveRequestAttemptId",
        ),
        (
            "SendMessageBatch",
            json!({}),
            "EmptyBatchRequest: There should be at least one SendMessageBatchRequestEntry in the request.",
        ),
        (
            "DeleteMessageBatch",
            json!({"Entries": vec![json!({"Id": "a"}); 11]}),
            "TooManyEntriesInBatchRequest: Maximum number of entries \
            per request are 10. You have sent 11.",
        ),
        (
            "DeleteMessageBatch",
            json!({"Entries": vec![json!({"Id": "a"}); 2]}),
            "BatchEntryIdsNotDistinct: Id a repeated.",
        ),
        (
            "DeleteMessageBatch",
            json!({"Entries": [{"Id": "a b"}]}),
            "InvalidBatchEntryId: A batch entry id can only contain alphanumeric \
            characters, hyphens and underscores. It can be at most 80 letters long.",
        ),
        (
            "SendMessageBatch",
            json!({"Entries": [{"Id": "a", "MessageBody": "x".repeat(1_048_577)}]}),
            "BatchRequestTooLong: Batch requests \
            cannot be longer than 1048576 bytes. You have sent 1048577 bytes.",
        ),
        (
            "SendMessage",
            json!({"MessageBody": 1}),
            "SerializationException: MessageBody is not a string",
        ),
    ] {
        input["QueueUrl"] = json!(url);
        Bench::refused(bench.call(operation, input).await, expected);
    }
    assert_eq!(bench.counts(&url).await, ["0", "0", "0"]);
}

#[tokio::test]
async fn entries_of_a_batch_succeed_and_fail_by_themselves() {
    let bench = Bench::open();
    let url = bench.queue("q", json!({"MaximumMessageSize": "1024"})).await;
    let entries = json!([{"Id": "1", "MessageBody": "x"}, {"Id": "2", "MessageBody": ""}, {"Id": "3", "MessageBody": "x".repeat(1025)}]);
    let answer = bench
        .ok("SendMessageBatch", json!({"QueueUrl": url, "Entries": entries}))
        .await;
    assert_eq!(answer["Successful"][0]["Id"], "1");
    assert_eq!(answer["Failed"][0]["Code"], "MissingParameter");
    assert_eq!(answer["Failed"][1]["Code"], "InvalidParameterValue");
    let message = bench.receive(&url).await.remove(0);
    let entries = json!([
        {"Id": "1", "ReceiptHandle": message["ReceiptHandle"], "VisibilityTimeout": 5},
        {"Id": "2", "ReceiptHandle": "x", "VisibilityTimeout": 5},
    ]);
    for operation in ["ChangeMessageVisibilityBatch", "DeleteMessageBatch"] {
        let answer = bench.ok(operation, json!({"QueueUrl": url, "Entries": entries})).await;
        assert_eq!(answer["Successful"], json!([{"Id": "1"}]));
        assert_eq!(answer["Failed"][0]["Code"], "ReceiptHandleIsInvalid");
    }
    assert_eq!(bench.counts(&url).await, ["0", "0", "0"]);
}

#[tokio::test]
async fn a_long_poll_ends_when_a_message_comes() {
    let bench = Arc::new(Bench::open());
    let url = bench.queue("q", json!({"ReceiveMessageWaitTimeSeconds": "20"})).await;
    let waiting = tokio::spawn({
        let (bench, url) = (Arc::clone(&bench), url.clone());
        async move { bench.bodies(&url).await }
    });
    while Arc::strong_count(&bench.sqs.bells.of(1)) < 3 {
        tokio::task::yield_now().await;
    }
    bench.send(&url, "x").await;
    assert_eq!(waiting.await.unwrap(), ["x"]);
}

#[tokio::test(start_paused = true)]
async fn a_long_poll_ends_when_its_time_is_over_or_the_cloud_closes() {
    let bench = Arc::new(Bench::open());
    let url = bench.queue("q", json!({})).await;
    let poll = || bench.call("ReceiveMessage", json!({"QueueUrl": url, "WaitTimeSeconds": 20}));
    let start = Instant::now();
    assert_eq!(poll().await, Ok(json!({})));
    assert!(start.elapsed() >= Duration::from_secs(20));
    let (answer, ()) = tokio::join!(poll(), async { bench.sqs.closing() });
    assert_eq!(answer, Ok(json!({})));
    assert!(start.elapsed() < Duration::from_secs(21));
}
