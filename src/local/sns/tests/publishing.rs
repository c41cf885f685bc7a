use super::*;

#[tokio::test]
async fn a_queue_gets_the_message_in_its_envelope() {
    let bench = Bench::open();
    let topic = bench.topic("t", &[]);
    let queue = bench.queue("q").await;
    let subscription = bench.subscribe(&topic, "sqs", &queue, &[]);
    let sent = bench.ok(
        "Publish",
        &[
            ("TopicArn", &topic),
            ("Message", "say \"hi\""),
            ("Subject", "S"),
            ("MessageAttributes.entry.1.Name", "a"),
            ("MessageAttributes.entry.1.Value.DataType", "String"),
            ("MessageAttributes.entry.1.Value.StringValue", "x"),
        ],
    );
    let id = text_of(&sent, "MessageId");
    let unsubscribe = format!(
        "http://here:1/?Action=Unsubscribe&Version=2010-03-31&SubscriptionArn={}",
        subscription.replace(':', "%3A")
    );
    assert_eq!(
        bench.bodies(&queue).await,
        [format!(
            r#"{{
  "Type" : "Notification",
  "MessageId" : "{id}",
  "TopicArn" : "{topic}",
  "Subject" : "S",
  "Message" : "say \"hi\"",
  "Timestamp" : "2023-11-14T22:13:20.000Z",
  "SignatureVersion" : "1",
  "Signature" : "NotSignedByTheLocalCloud",
  "SigningCertURL" : "",
  "UnsubscribeURL" : "{unsubscribe}",
  "MessageAttributes" : {{
    "a" : {{"Type":"String","Value":"x"}}
  }}
}}"#
        )]
    );
}

#[tokio::test]
async fn raw_delivery_structure_and_filters() {
    let bench = Bench::open();
    let topic = bench.topic("t", &[]);
    let (raw, wrapped, picky, by_body) = (
        bench.queue("raw").await,
        bench.queue("wrapped").await,
        bench.queue("picky").await,
        bench.queue("body").await,
    );
    bench.subscribe(&topic, "sqs", &raw, &[("RawMessageDelivery", "true")]);
    bench.subscribe(&topic, "sqs", &wrapped, &[]);
    bench.subscribe(
        &topic,
        "sqs",
        &picky,
        &[("FilterPolicy", r#"{"a": ["x"]}"#), ("RawMessageDelivery", "true")],
    );
    let policy = [
        ("FilterPolicy", r#"{"n": [1]}"#),
        ("FilterPolicyScope", "MessageBody"),
        ("RawMessageDelivery", "true"),
    ];
    bench.subscribe(&topic, "sqs", &by_body, &policy);
    let texts = r#"{"default": "for all", "sqs": "{\"n\": 1}"}"#;
    bench.ok(
        "Publish",
        &[("TopicArn", &topic), ("Message", texts), ("MessageStructure", "json")],
    );
    let attribute = [
        ("TopicArn", topic.as_str()),
        ("Message", "m"),
        ("MessageAttributes.entry.1.Name", "a"),
        ("MessageAttributes.entry.1.Value.DataType", "String"),
        ("MessageAttributes.entry.1.Value.StringValue", "x"),
    ];
    bench.ok("Publish", &attribute);
    let messages = bench.messages(&raw).await;
    assert_eq!(
        (&messages[0]["Body"], &messages[1]["Body"]),
        (&json!(r#"{"n": 1}"#), &json!("m"))
    );
    assert_eq!(
        messages[1]["MessageAttributes"],
        json!({"a": {"DataType": "String", "StringValue": "x"}})
    );
    assert_eq!(bench.bodies(&wrapped).await.len(), 2);
    assert_eq!(bench.bodies(&picky).await, ["m"]);
    assert_eq!(bench.bodies(&by_body).await, [r#"{"n": 1}"#]);
}

#[tokio::test]
async fn what_cannot_be_published_is_refused() {
    let bench = Bench::open();
    let topic = bench.topic("t", &[]);
    let long = "x".repeat(262_145);
    let subject = "s".repeat(101);
    let check = |params: &[(&str, &str)], expected: &str| {
        let params = [&[("TopicArn", topic.as_str())], params].concat();
        bench.refused("Publish", &params, expected);
    };
    check(&[("Message", "")], "InvalidParameter: Invalid parameter: Empty message");
    check(
        &[("Message", &long)],
        "InvalidParameter: Invalid parameter: Message too long",
    );
    for subject in [subject.as_str(), "a\nb", "", " a", "ü"] {
        check(
            &[("Message", "m"), ("Subject", subject)],
            "InvalidParameter: Invalid parameter: Subject",
        );
    }
    check(
        &[("Message", "m"), ("MessageStructure", "json")],
        "InvalidParameter: Invalid parameter: Message Structure - JSON message body failed to parse",
    );
    check(
        &[("Message", r#"{"sqs": "m"}"#), ("MessageStructure", "json")],
        "InvalidParameter: Invalid parameter: Message Structure - No default entry in JSON message body",
    );
    check(
        &[("Message", "m"), ("MessageDeduplicationId", "d")],
        "InvalidParameter: Invalid parameter: MessageDeduplicationId Reason: The request includes MessageDeduplicationId parameter \
         that is not valid for this topic type",
    );
    check(
        &[
            ("Message", "m"),
            ("MessageAttributes.entry.1.Name", "a"),
            ("MessageAttributes.entry.1.Value.DataType", "X"),
        ],
        "ParameterValueInvalid: The message attribute 'a' has an invalid message attribute type, the set of supported type prefixes is \
         Binary, Number, and String.",
    );
    bench.refused(
        "Publish",
        &[("Message", "m")],
        "InvalidParameter: Invalid parameter: TopicArn or TargetArn Reason: no value for required parameter",
    );
    bench.refused(
        "Publish",
        &[
            ("Message", "m"),
            ("TopicArn", "arn:aws:sns:us-east-1:000000000000:none"),
        ],
        "NotFound: Topic does not exist",
    );
    bench.refused(
        "Publish",
        &[("Message", "m"), ("PhoneNumber", "+1")],
        "NotImplemented: not implemented by the local cloud: sns:the parameter PhoneNumber",
    );
}

#[tokio::test]
async fn entries_of_a_batch_succeed_and_fail_by_themselves() {
    let bench = Bench::open();
    let topic = bench.topic("t", &[]);
    let queue = bench.queue("q").await;
    bench.subscribe(&topic, "sqs", &queue, &[("RawMessageDelivery", "true")]);
    let entry = |index: usize, part: &str| format!("PublishBatchRequestEntries.member.{index}.{part}");
    let params = [
        ("TopicArn".to_owned(), topic.clone()),
        (entry(1, "Id"), "one".to_owned()),
        (entry(1, "Message"), "1".to_owned()),
        (entry(2, "Id"), "two".to_owned()),
        (entry(2, "Message"), String::new()),
    ];
    let params: Vec<(&str, &str)> = params
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    let answer = bench.ok("PublishBatch", &params);
    let (successful, failed) = answer.split_once("</Successful>").unwrap();
    assert_eq!(text_of(successful, "Id"), "one");
    assert_eq!(
        (text_of(failed, "Id"), text_of(failed, "Code")),
        ("two".to_owned(), "InvalidParameter".to_owned())
    );
    assert_eq!(bench.bodies(&queue).await, ["1"]);
    bench.refused(
        "PublishBatch",
        &params[..1],
        "EmptyBatchRequest: The batch request doesn't contain any entries.",
    );
    let twice = [
        params[0],
        params[1],
        params[2],
        (params[3].0, "one"),
        (params[4].0, "2"),
    ];
    bench.refused(
        "PublishBatch",
        &twice,
        "BatchEntryIdsNotDistinct: Two or more batch entries in the request have the same Id.",
    );
}

#[tokio::test]
async fn a_fifo_topic_keeps_order_and_sends_nothing_twice() {
    let bench = Bench::open();
    let attributes = [
        ("Attributes.entry.1.key", "FifoTopic"),
        ("Attributes.entry.1.value", "true"),
        ("Attributes.entry.2.key", "ContentBasedDeduplication"),
        ("Attributes.entry.2.value", "true"),
    ];
    let topic = bench.topic("t.fifo", &attributes);
    let (wrapped, raw) = (bench.queue("w.fifo").await, bench.queue("r.fifo").await);
    bench.subscribe(&topic, "sqs", &wrapped, &[]);
    bench.subscribe(&topic, "sqs", &raw, &[("RawMessageDelivery", "true")]);
    let publish = |text: &str| {
        bench.ok(
            "Publish",
            &[("TopicArn", &topic), ("Message", text), ("MessageGroupId", "g")],
        )
    };
    let first = publish("1");
    assert_eq!(text_of(&first, "SequenceNumber"), "10000000000000001000");
    publish("2");
    assert_eq!(publish("1"), first);
    assert_eq!(bench.bodies(&raw).await, ["1", "2"]);
    let envelope = bench.bodies(&wrapped).await.remove(0);
    assert!(
        envelope.contains(r#""SequenceNumber" : "10000000000000001000""#),
        "{envelope}"
    );
    assert!(!envelope.contains("Signature"), "{envelope}");
    bench.now.fetch_add(300_000, Ordering::SeqCst);
    assert_ne!(publish("1"), first);
    bench.refused(
        "Publish",
        &[("TopicArn", &topic), ("Message", "m")],
        "InvalidParameter: Invalid parameter: The MessageGroupId parameter is required for FIFO topics",
    );
    let http = [
        ("TopicArn", topic.as_str()),
        ("Protocol", "http"),
        ("Endpoint", "http://127.0.0.1/"),
    ];
    assert!(
        bench
            .call("Subscribe", &http)
            .unwrap_err()
            .contains("can not be subscribed to FIFO SNS topics")
    );
}

#[tokio::test]
async fn what_no_queue_takes_goes_to_the_dead_letter_queue() {
    let bench = Bench::open();
    let topic = bench.topic("t", &[]);
    let dead = bench.queue("dead").await;
    let policy = json!({"deadLetterTargetArn": dead}).to_string();
    let gone = "arn:aws:sqs:us-east-1:000000000000:gone";
    bench.subscribe(
        &topic,
        "sqs",
        gone,
        &[("RedrivePolicy", &policy), ("RawMessageDelivery", "true")],
    );
    bench.ok("Publish", &[("TopicArn", &topic), ("Message", "lost")]);
    let buried = bench.messages(&dead).await.remove(0);
    assert_eq!(buried["Body"], "lost");
    assert_eq!(
        buried["MessageAttributes"]["ErrorMessage"]["StringValue"],
        "the queue arn:aws:sqs:us-east-1:000000000000:gone does not exist"
    );
}
