use super::*;

#[tokio::test]
async fn creating_a_queue_again_is_idempotent_unless_attributes_differ() {
    let bench = Bench::open();
    let url = bench.queue("q", json!({"VisibilityTimeout": "5"})).await;
    assert_eq!(url, "http://here:1/000000000000/q");
    for same in [
        json!({}),
        json!({"VisibilityTimeout": "5"}),
        json!({"DelaySeconds": "0"}),
    ] {
        assert_eq!(bench.queue("q", same).await, url);
    }
    let other = json!({"QueueName": "q", "Attributes": {"VisibilityTimeout": "6"}});
    Bench::refused(
        bench.call("CreateQueue", other).await,
        "QueueNameExists: A queue already exists with the same name and a different value for attribute VisibilityTimeout",
    );
}

#[tokio::test]
async fn names_and_attributes_are_checked() {
    let bench = Bench::open();
    let standard = "InvalidParameterValueException: Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length";
    let fifo = "InvalidParameterValueException: The name of a FIFO queue can only include alphanumeric characters, hyphens, \
                or underscores, must end with .fifo suffix and be 1 to 80 in length";
    let long = "x".repeat(81);
    for (name, attributes, expected) in [
        ("a b", json!({}), standard),
        ("q.fifo", json!({}), standard),
        (long.as_str(), json!({}), standard),
        ("q", json!({"FifoQueue": "true"}), fifo),
        (
            "",
            json!({}),
            "MissingRequiredParameterException: The request must contain the parameter QueueName.",
        ),
        (
            "q",
            json!({"FifoQueue": "false"}),
            "InvalidAttributeName: Unknown Attribute FifoQueue.",
        ),
        (
            "q",
            json!({"Nonsense": "1"}),
            "InvalidAttributeName: Unknown Attribute Nonsense.",
        ),
        (
            "q",
            json!({"QueueArn": "1"}),
            "InvalidAttributeName: Unknown Attribute QueueArn.",
        ),
        (
            "q",
            json!({"ContentBasedDeduplication": "true"}),
            "InvalidAttributeName: Unknown Attribute ContentBasedDeduplication.",
        ),
        (
            "q",
            json!({"VisibilityTimeout": "43201"}),
            "InvalidAttributeValue: Invalid value for the parameter VisibilityTimeout.",
        ),
        (
            "q",
            json!({"DelaySeconds": "x"}),
            "InvalidAttributeValue: Invalid value for the parameter DelaySeconds.",
        ),
        (
            "q",
            json!({"MaximumMessageSize": "1023"}),
            "InvalidAttributeValue: Invalid value for the parameter MaximumMessageSize.",
        ),
        (
            "q",
            json!({"Policy": "no"}),
            "InvalidAttributeValue: Invalid value for the parameter Policy.",
        ),
        (
            "q",
            json!({"KmsMasterKeyId": "k"}),
            "NotImplemented: not implemented by the local cloud: sqs:the attribute KmsMasterKeyId",
        ),
        (
            "q",
            json!({"RedrivePolicy": "{}"}),
            "InvalidParameterValueException: Value {} for parameter RedrivePolicy is invalid. Reason: Redrive policy does not \
             contain mandatory attribute: deadLetterTargetArn.",
        ),
        (
            "q",
            json!({"RedrivePolicy": "1"}),
            "InvalidParameterValueException: Value 1 for parameter RedrivePolicy is invalid. Reason: Redrive policy is not a \
             valid JSON map.",
        ),
    ] {
        let found = bench
            .call("CreateQueue", json!({"QueueName": name, "Attributes": attributes}))
            .await;
        Bench::refused(found, expected);
    }
    assert_eq!(bench.ok("ListQueues", json!({})).await, json!({}));
}

#[tokio::test]
async fn attributes_are_answered_with_their_defaults() {
    let bench = Bench::open();
    let url = bench.queue("q", json!({})).await;
    bench.pass(5);
    bench
        .ok(
            "SetQueueAttributes",
            json!({"QueueUrl": url, "Attributes": {"DelaySeconds": "7"}}),
        )
        .await;
    let all = bench
        .ok(
            "GetQueueAttributes",
            json!({"QueueUrl": url, "AttributeNames": ["All"]}),
        )
        .await;
    assert_eq!(
        all,
        json!({"Attributes": {
            "QueueArn": "arn:aws:sqs:us-east-1:000000000000:q",
            "CreatedTimestamp": "1700000000",
            "LastModifiedTimestamp": "1700000005",
            "VisibilityTimeout": "30",
            "MaximumMessageSize": "1048576",
            "MessageRetentionPeriod": "345600",
            "DelaySeconds": "7",
            "ReceiveMessageWaitTimeSeconds": "0",
            "SqsManagedSseEnabled": "true",
            "ApproximateNumberOfMessages": "0",
            "ApproximateNumberOfMessagesNotVisible": "0",
            "ApproximateNumberOfMessagesDelayed": "0",
        }})
    );
    let some = json!({"QueueUrl": url, "AttributeNames": ["QueueArn", "RedrivePolicy"]});
    assert_eq!(
        bench.ok("GetQueueAttributes", some).await,
        json!({"Attributes": {"QueueArn": "arn:aws:sqs:us-east-1:000000000000:q"}})
    );
    assert_eq!(
        bench.ok("GetQueueAttributes", json!({"QueueUrl": url})).await,
        json!({})
    );
    let unknown = bench
        .call("GetQueueAttributes", json!({"QueueUrl": url, "AttributeNames": ["X"]}))
        .await;
    Bench::refused(unknown, "InvalidAttributeName: Unknown Attribute X.");
    let nothing = bench.call("SetQueueAttributes", json!({"QueueUrl": url})).await;
    Bench::refused(
        nothing,
        "MissingRequiredParameterException: The request must contain the parameter Attribute.Name.",
    );
}

#[tokio::test]
async fn queues_are_found_by_any_url_and_listed_in_pages() {
    let bench = Bench::open();
    for name in ["b", "a2", "a1", "a3", "A4"] {
        bench.queue(name, json!({})).await;
    }
    let names = |answer: &Value| -> Vec<String> {
        let urls = answer["QueueUrls"].as_array().cloned().unwrap_or_default();
        urls.iter()
            .map(|url| url.as_str().unwrap().rsplit('/').next().unwrap().to_owned())
            .collect()
    };
    let first = bench
        .ok("ListQueues", json!({"QueueNamePrefix": "a", "MaxResults": 2}))
        .await;
    assert_eq!(names(&first), ["a1", "a2"]);
    let second = json!({"QueueNamePrefix": "a", "MaxResults": 2, "NextToken": first["NextToken"]});
    let second = bench.ok("ListQueues", second).await;
    assert_eq!((names(&second), second.get("NextToken")), (vec!["a3".to_owned()], None));
    assert_eq!(
        names(&bench.ok("ListQueues", json!({})).await),
        ["A4", "a1", "a2", "a3", "b"]
    );

    for url in [
        "http://elsewhere:9/000000000000/b",
        "https://sqs.us-east-1.amazonaws.com/000000000000/b",
        "https://queue.amazonaws.com/000000000000/b",
    ] {
        bench.send(url, "x").await;
    }
    for (url, expected) in [
        (
            "http://x/000000000000/none",
            "QueueDoesNotExist: The specified queue does not exist.",
        ),
        (
            "http://x/111111111111/b",
            "QueueDoesNotExist: The specified queue does not exist.",
        ),
        (
            "https://sqs.eu-west-1.amazonaws.com/000000000000/b",
            "QueueDoesNotExist: The specified queue does not exist.",
        ),
        ("b", "InvalidAddress: The address b is not valid for this endpoint."),
        (
            "",
            "MissingRequiredParameterException: The request must contain the parameter QueueUrl.",
        ),
    ] {
        Bench::refused(bench.call("DeleteQueue", json!({"QueueUrl": url})).await, expected);
    }
}

#[tokio::test]
async fn deleting_and_purging_take_the_messages_along() {
    let bench = Bench::open();
    let url = bench.queue("q", json!({})).await;
    bench.send(&url, "x").await;
    bench.ok("PurgeQueue", json!({"QueueUrl": url})).await;
    assert_eq!(bench.counts(&url).await, ["0", "0", "0"]);
    let again = bench.call("PurgeQueue", json!({"QueueUrl": url})).await;
    Bench::refused(
        again,
        "PurgeQueueInProgress: Only one PurgeQueue operation on q is allowed every 60 seconds.",
    );
    bench.send(&url, "y").await;
    bench.ok("DeleteQueue", json!({"QueueUrl": url})).await;
    Bench::refused(
        bench.call("ReceiveMessage", json!({"QueueUrl": url})).await,
        "QueueDoesNotExist: The specified queue does not exist.",
    );
    bench.queue("q", json!({})).await;
    assert_eq!(bench.bodies(&url).await, Vec::<String>::new());
}

#[tokio::test]
async fn tags_are_kept() {
    let bench = Bench::open();
    let made = bench
        .ok("CreateQueue", json!({"QueueName": "q", "tags": {"a": "1"}}))
        .await;
    let url = &made["QueueUrl"];
    bench
        .ok("TagQueue", json!({"QueueUrl": url, "Tags": {"b": "2", "a": "3"}}))
        .await;
    bench.ok("UntagQueue", json!({"QueueUrl": url, "TagKeys": ["b"]})).await;
    let tags = bench.ok("ListQueueTags", json!({"QueueUrl": url})).await;
    assert_eq!(tags, json!({"Tags": {"a": "3"}}));
    let reserved = bench
        .call("TagQueue", json!({"QueueUrl": url, "Tags": {"aws:x": "2"}}))
        .await;
    Bench::refused(
        reserved,
        "InvalidParameterValueException: Tag keys cannot start with aws:.",
    );
}

#[tokio::test]
async fn a_dead_letter_queue_knows_its_sources_and_who_may_be_one() {
    let bench = Bench::open();
    let dead = bench.queue("dead", json!({})).await;
    let policy =
        json!({"deadLetterTargetArn": "arn:aws:sqs:us-east-1:000000000000:dead", "maxReceiveCount": "2"}).to_string();
    let source = bench.queue("source", json!({"RedrivePolicy": policy})).await;
    let kept = bench
        .ok(
            "GetQueueAttributes",
            json!({"QueueUrl": source, "AttributeNames": ["RedrivePolicy"]}),
        )
        .await;
    assert_eq!(
        kept["Attributes"]["RedrivePolicy"],
        r#"{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:dead","maxReceiveCount":2}"#
    );
    let sources = bench.ok("ListDeadLetterSourceQueues", json!({"QueueUrl": dead})).await;
    assert_eq!(sources, json!({"queueUrls": [source]}));
    let allow = json!({"redrivePermission": "denyAll"}).to_string();
    bench
        .ok(
            "SetQueueAttributes",
            json!({"QueueUrl": dead, "Attributes": {"RedriveAllowPolicy": allow}}),
        )
        .await;
    let refused = bench
        .call(
            "SetQueueAttributes",
            json!({"QueueUrl": source, "Attributes": {"RedrivePolicy": policy}}),
        )
        .await;
    assert!(refused.unwrap_err().contains("does not allow this queue"));
    bench
        .ok(
            "SetQueueAttributes",
            json!({"QueueUrl": source, "Attributes": {"RedrivePolicy": ""}}),
        )
        .await;
    assert_eq!(
        bench.ok("ListDeadLetterSourceQueues", json!({"QueueUrl": dead})).await,
        json!({})
    );
}
