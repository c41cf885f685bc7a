use super::*;

#[tokio::test]
async fn creating_a_topic_again_is_idempotent_unless_attributes_or_tags_differ() {
    let bench = Bench::open();
    let display = [
        ("Attributes.entry.1.key", "DisplayName"),
        ("Attributes.entry.1.value", "d"),
    ];
    let tag = [("Tags.member.1.Key", "k"), ("Tags.member.1.Value", "v")];
    let arn = bench.topic("t", &[display, tag].concat());
    assert_eq!(arn, "arn:aws:sns:us-east-1:000000000000:t");
    for same in [vec![], display.to_vec(), tag.to_vec()] {
        assert_eq!(bench.topic("t", &same), arn);
    }
    let other = [("Name", "t"), display[0], ("Attributes.entry.1.value", "e")];
    let expected =
        "InvalidParameter: Invalid parameter: Attributes Reason: Topic already exists with different attributes";
    bench.refused("CreateTopic", &other, expected);
    let other = [("Name", "t"), tag[0], ("Tags.member.1.Value", "w")];
    let expected = "InvalidParameter: Invalid parameter: Tags Reason: Topic already exists with different tags";
    bench.refused("CreateTopic", &other, expected);
}

#[tokio::test]
async fn names_and_attributes_are_checked() {
    let bench = Bench::open();
    let long = "x".repeat(257);
    for name in ["", "a b", "t.fifo", long.as_str()] {
        bench.refused(
            "CreateTopic",
            &[("Name", name)],
            "InvalidParameter: Invalid parameter: Topic Name",
        );
    }
    let with = |name: &'static str, value: &'static str| {
        [
            ("Name", "t"),
            ("Attributes.entry.1.key", name),
            ("Attributes.entry.1.value", value),
        ]
    };
    for (name, value, expected) in [
        ("Nonsense", "1", "InvalidParameter: Invalid parameter: AttributeName"),
        (
            "FifoTopic",
            "true",
            "InvalidParameter: Invalid parameter: Fifo Topic names must end with .fifo and must be made up of only \
            uppercase and lowercase ASCII letters, numbers, underscores, and hyphens, and must be between 1 and 256 characters long.",
        ),
        (
            "Policy",
            "no",
            "InvalidParameter: Invalid parameter: Attributes Reason: Invalid value for attribute Policy",
        ),
        (
            "KmsMasterKeyId",
            "k",
            "NotImplemented: not implemented by the local cloud: sns:the attribute KmsMasterKeyId",
        ),
        (
            "LambdaSuccessFeedbackRoleArn",
            "r",
            "NotImplemented: not implemented by the local cloud: sns:the attribute \
            LambdaSuccessFeedbackRoleArn",
        ),
    ] {
        bench.refused("CreateTopic", &with(name, value), expected);
    }
    bench.refused(
        "CreatePlatformApplication",
        &[],
        "NotImplemented: not implemented by the local cloud: sns:CreatePlatformApplication",
    );
    assert_eq!(bench.ok("ListTopics", &[]), "<Topics></Topics>");
}

#[tokio::test]
async fn attributes_are_answered_with_their_defaults() {
    let bench = Bench::open();
    let arn = bench.topic("t", &[]);
    let set = [
        ("TopicArn", arn.as_str()),
        ("AttributeName", "DisplayName"),
        ("AttributeValue", "d"),
    ];
    bench.ok("SetTopicAttributes", &set);
    bench.subscribe(&arn, "email", "a@example.com", &[]);
    let found = bench.ok("GetTopicAttributes", &[("TopicArn", &arn)]);
    for (name, value) in [
        ("DisplayName", "d"),
        ("Owner", "000000000000"),
        ("SubscriptionsPending", "1"),
        ("SubscriptionsConfirmed", "0"),
        ("SubscriptionsDeleted", "0"),
    ] {
        let entry = format!("<entry><key>{name}</key><value>{value}</value></entry>");
        assert!(found.contains(&entry), "{name} in {found}");
    }
    assert!(!found.contains("FifoTopic"));
    let none = "arn:aws:sns:us-east-1:000000000000:none";
    bench.refused(
        "GetTopicAttributes",
        &[("TopicArn", none)],
        "NotFound: Topic does not exist",
    );
    let expected = "InvalidParameter: Invalid parameter: TopicArn Reason: An ARN must have at least 6 elements, not 1";
    bench.refused("DeleteTopic", &[("TopicArn", "x")], expected);
    bench.ok("DeleteTopic", &[("TopicArn", none)]);
    bench.ok("DeleteTopic", &[("TopicArn", &arn)]);
    assert_eq!(bench.ok("ListSubscriptions", &[]), "<Subscriptions></Subscriptions>");
}

#[tokio::test]
async fn lists_come_in_pages() {
    let bench = Bench::open();
    for number in 0..150 {
        bench.topic(&format!("t{number:03}"), &[]);
    }
    let first = bench.ok("ListTopics", &[]);
    assert_eq!(first.matches("<TopicArn>").count(), 100);
    let second = bench.ok("ListTopics", &[("NextToken", &text_of(&first, "NextToken"))]);
    assert_eq!(second.matches("<TopicArn>").count(), 50);
    assert!(!second.contains("NextToken"));
    bench.refused(
        "ListTopics",
        &[("NextToken", "?")],
        "InvalidParameter: Invalid parameter: NextToken",
    );
}

#[tokio::test]
async fn tags_are_kept() {
    let bench = Bench::open();
    let arn = bench.topic("t", &[]);
    let tags = [
        ("Tags.member.1.Key", "a"),
        ("Tags.member.1.Value", "1"),
        ("Tags.member.2.Key", "b"),
        ("Tags.member.2.Value", "2"),
    ];
    bench.ok("TagResource", &[&[("ResourceArn", arn.as_str())], &tags[..]].concat());
    bench.ok("UntagResource", &[("ResourceArn", &arn), ("TagKeys.member.1", "a")]);
    let found = bench.ok("ListTagsForResource", &[("ResourceArn", &arn)]);
    assert_eq!(found, "<Tags><member><Key>b</Key><Value>2</Value></member></Tags>");
    let none = [("ResourceArn", "arn:aws:sns:us-east-1:000000000000:none")];
    bench.refused(
        "ListTagsForResource",
        &none,
        "ResourceNotFound: Resource does not exist",
    );
}

#[tokio::test]
async fn subscriptions_are_idempotent_and_checked() {
    let bench = Bench::open();
    let topic = bench.topic("t", &[]);
    let queue = "arn:aws:sqs:us-east-1:000000000000:q";
    let arn = bench.subscribe(&topic, "sqs", queue, &[("RawMessageDelivery", "true")]);
    assert!(arn.starts_with(&format!("{topic}:")));
    assert_eq!(
        bench.subscribe(&topic, "sqs", queue, &[("RawMessageDelivery", "true")]),
        arn
    );
    let again = [("TopicArn", topic.as_str()), ("Protocol", "sqs"), ("Endpoint", queue)];
    let expected =
        "InvalidParameter: Invalid parameter: Attributes Reason: Subscription already exists with different attributes";
    bench.refused("Subscribe", &again, expected);
    for (protocol, endpoint, expected) in [
        (
            "pigeon",
            "x",
            "InvalidParameter: Invalid parameter: Amazon SNS does not support this protocol string: pigeon",
        ),
        (
            "sqs",
            "http://x/q",
            "InvalidParameter: Invalid parameter: SQS endpoint ARN",
        ),
        (
            "sqs",
            "arn:aws:sqs:us-east-1:000000000000:q.fifo",
            "InvalidParameter: Invalid parameter: Invalid parameter: Endpoint Reason: \
            FIFO SQS Queues can not be subscribed to standard SNS topics",
        ),
        (
            "lambda",
            "f",
            "InvalidParameter: Invalid parameter: Lambda endpoint ARN",
        ),
        (
            "http",
            "127.0.0.1",
            "InvalidParameter: Invalid parameter: Endpoint must match the specified protocol",
        ),
        (
            "https",
            "http://127.0.0.1/",
            "InvalidParameter: Invalid parameter: Endpoint must match the specified protocol",
        ),
        (
            "firehose",
            "arn:aws:firehose:us-east-1:000000000000:deliverystream/d",
            "NotImplemented: not implemented by the local cloud: sns:Subscribe with the protocol firehose",
        ),
        ("email", "nobody", "InvalidParameter: Invalid parameter: Email address"),
    ] {
        bench.refused(
            "Subscribe",
            &[("TopicArn", &topic), ("Protocol", protocol), ("Endpoint", endpoint)],
            expected,
        );
    }
    let set = |name: &str, value: &str, expected: &str| {
        bench.refused(
            "SetSubscriptionAttributes",
            &[
                ("SubscriptionArn", &arn),
                ("AttributeName", name),
                ("AttributeValue", value),
            ],
            expected,
        );
    };
    set(
        "FilterPolicy",
        "{",
        "InvalidParameter: Invalid parameter: FilterPolicy: failed to parse JSON.",
    );
    set(
        "FilterPolicyScope",
        "X",
        "InvalidParameter: Invalid parameter: FilterPolicyScope: Invalid value [X]. Please use either \
        MessageBody or MessageAttributes",
    );
    set(
        "RedrivePolicy",
        "{}",
        "InvalidParameter: Invalid parameter: RedrivePolicy: deadLetterTargetArn is an invalid arn",
    );
    set("Nonsense", "1", "InvalidParameter: Invalid parameter: AttributeName");
    let found = bench.ok("GetSubscriptionAttributes", &[("SubscriptionArn", &arn)]);
    assert!(
        found.contains("<key>RawMessageDelivery</key><value>true</value>"),
        "{found}"
    );
    assert!(
        found.contains("<key>PendingConfirmation</key><value>false</value>"),
        "{found}"
    );
    bench.ok("Unsubscribe", &[("SubscriptionArn", &arn)]);
    bench.ok("Unsubscribe", &[("SubscriptionArn", &arn)]);
    bench.refused(
        "GetSubscriptionAttributes",
        &[("SubscriptionArn", &arn)],
        "NotFound: Subscription does not exist",
    );
}

#[tokio::test]
async fn what_is_not_confirmed_is_listed_as_such() {
    let bench = Bench::open();
    let topic = bench.topic("t", &[]);
    for (protocol, endpoint) in [
        ("email", "a@example.com"),
        ("https", "https://127.0.0.1/hook"),
        ("https", "https://example.com/hook"),
        ("http", "http://example.com/hook"),
    ] {
        let asked = [
            ("TopicArn", topic.as_str()),
            ("Protocol", protocol),
            ("Endpoint", endpoint),
        ];
        assert_eq!(
            text_of(&bench.ok("Subscribe", &asked), "SubscriptionArn"),
            "pending confirmation"
        );
        let listed = bench.ok("ListSubscriptionsByTopic", &[("TopicArn", &topic)]);
        assert_eq!(text_of(&listed, "SubscriptionArn"), "PendingConfirmation");
    }
    bench.ok("Publish", &[("TopicArn", &topic), ("Message", "m")]);
    assert_eq!(bench.pending(), 0, "nothing leaves this machine");
    let token = [("TopicArn", topic.as_str()), ("Token", "x")];
    bench.refused(
        "ConfirmSubscription",
        &token,
        "InvalidParameter: Invalid parameter: Invalid token",
    );
}
