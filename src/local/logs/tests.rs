//! CloudWatch Logs through the door.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use serde_json::{Value, json};

use super::*;
use crate::local::testing::Cloud;

async fn call(cloud: &Cloud, operation: &str, input: Value) -> Value {
    let (status, output) = cloud.json(&format!("Logs_20140328.{operation}"), &input).await;
    assert_eq!(status, 200, "{operation} {input}: {output}");
    output
}

/// The answer is an error: `CODE: MESSAGE`.
async fn check_error(cloud: &Cloud, operation: &str, input: Value, expected: &str) {
    let (status, output) = cloud.json(&format!("Logs_20140328.{operation}"), &input).await;
    let text = |member: &str| output[member].as_str().unwrap_or_default().to_owned();
    assert_eq!(
        format!("{}: {}", text("__type"), text("message")),
        expected,
        "{operation} {input}"
    );
    assert!(status >= 400);
}

async fn with_stream() -> Cloud {
    let cloud = Cloud::open().await;
    call(&cloud, "CreateLogGroup", json!({"logGroupName": "/g"})).await;
    call(
        &cloud,
        "CreateLogStream",
        json!({"logGroupName": "/g", "logStreamName": "s"}),
    )
    .await;
    cloud
}

async fn put(cloud: &Cloud, stream: &str, events: &[(i64, &str)]) -> Value {
    let events: Vec<Value> = events
        .iter()
        .map(|(at, message)| json!({"timestamp": at, "message": message}))
        .collect();
    let input = json!({"logGroupName": "/g", "logStreamName": stream, "logEvents": events});
    call(cloud, "PutLogEvents", input).await
}

fn now() -> i64 {
    clock::now().cast_signed()
}

fn messages(output: &Value) -> Vec<&str> {
    let events = output["events"].as_array().unwrap();
    events.iter().map(|event| event["message"].as_str().unwrap()).collect()
}

fn names<'a>(output: &'a Value, list: &str, name: &str) -> Vec<&'a str> {
    let items = output[list].as_array().unwrap();
    items.iter().map(|item| item[name].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_group_lives_and_dies() {
    let cloud = Cloud::open().await;
    let name = json!({"logGroupName": "/aws/lambda/f"});
    let create = json!({"logGroupName": "/aws/lambda/f", "tags": {"k": "v"}});
    assert_eq!(call(&cloud, "CreateLogGroup", create).await, Value::Null);
    let exists = "ResourceAlreadyExistsException: The specified log group already exists";
    check_error(&cloud, "CreateLogGroup", name.clone(), exists).await;

    call(
        &cloud,
        "PutRetentionPolicy",
        json!({"logGroupName": "/aws/lambda/f", "retentionInDays": 7}),
    )
    .await;
    let mut described = call(&cloud, "DescribeLogGroups", json!({"logGroupNamePrefix": "/aws/"})).await;
    described["logGroups"][0]["creationTime"] = 1.into();
    let arn = "arn:aws:logs:us-east-1:000000000000:log-group:/aws/lambda/f";
    let mut expected = json!({"logGroups": [{
        "arn": format!("{arn}:*"),
        "creationTime": 1,
        "deletionProtectionEnabled": false,
        "logGroupArn": arn,
        "logGroupClass": "STANDARD",
        "logGroupName": "/aws/lambda/f",
        "metricFilterCount": 0,
        "storedBytes": 0,
        "retentionInDays": 7,
    }]});
    assert_eq!(described, expected);
    call(&cloud, "DeleteRetentionPolicy", name.clone()).await;
    expected["logGroups"][0]
        .as_object_mut()
        .unwrap()
        .remove("retentionInDays");
    let mut described = call(&cloud, "DescribeLogGroups", json!({})).await;
    described["logGroups"][0]["creationTime"] = 1.into();
    assert_eq!(described, expected);

    call(&cloud, "TagResource", json!({"resourceArn": arn, "tags": {"a": "b"}})).await;
    call(&cloud, "UntagResource", json!({"resourceArn": arn, "tagKeys": ["k"]})).await;
    for arn in [arn.to_owned(), format!("{arn}:*")] {
        let tags = call(&cloud, "ListTagsForResource", json!({"resourceArn": arn})).await;
        assert_eq!(tags, json!({"tags": {"a": "b"}}));
    }

    call(&cloud, "DeleteLogGroup", name.clone()).await;
    let gone = "ResourceNotFoundException: The specified log group does not exist.";
    for operation in [
        "DeleteLogGroup",
        "DeleteRetentionPolicy",
        "DescribeLogStreams",
        "FilterLogEvents",
    ] {
        check_error(&cloud, operation, name.clone(), gone).await;
    }
    check_error(&cloud, "ListTagsForResource", json!({"resourceArn": arn}), gone).await;
}

#[tokio::test]
async fn bad_input_is_refused_in_awss_words() {
    let cloud = with_stream().await;
    let invalid = |value: &str, member: &str, constraint: &str| {
        format!(
            "InvalidParameterException: 1 validation error detected: Value {value} at '{member}' failed to satisfy constraint: {constraint}"
        )
    };
    let pattern = r"Member must satisfy regular expression pattern: [\.\-_/#A-Za-z0-9]+";
    for (operation, input, expected) in [
        ("CreateLogGroup", json!({"logGroupName": "a b"}), invalid("'a b'", "logGroupName", pattern)),
        ("CreateLogGroup", json!({}), invalid("null", "logGroupName", "Member must not be null")),
        (
            "CreateLogGroup",
            json!({"logGroupName": 1}),
            "SerializationException: logGroupName is not a string".to_owned(),
        ),
        (
            "CreateLogGroup",
            json!({"logGroupName": "x", "kmsKeyId": "k"}),
            "NotImplemented: not implemented by the local cloud: logs:CreateLogGroup with kmsKeyId".to_owned(),
        ),
        (
            "PutRetentionPolicy",
            json!({"logGroupName": "/g", "retentionInDays": 2}),
            invalid(
                "'2'",
                "retentionInDays",
                "Member must satisfy enum value set: [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653]",
            ),
        ),
        (
            "CreateLogStream",
            json!({"logGroupName": "/g", "logStreamName": "a:b"}),
            invalid("'a:b'", "logStreamName", "Member must satisfy regular expression pattern: [^:*]*"),
        ),
        (
            "CreateLogStream",
            json!({"logGroupName": "/g", "logStreamName": "s"}),
            "ResourceAlreadyExistsException: The specified log stream already exists".to_owned(),
        ),
        (
            "GetLogEvents",
            json!({"logGroupName": "/g", "logStreamName": "none"}),
            "ResourceNotFoundException: The specified log stream does not exist.".to_owned(),
        ),
        (
            "GetLogEvents",
            json!({"logGroupName": "/g", "logStreamName": "s", "nextToken": "f/1/s"}),
            "InvalidParameterException: The specified nextToken is invalid.".to_owned(),
        ),
        (
            "DescribeLogStreams",
            json!({"logGroupName": "/g", "orderBy": "LastEventTime", "logStreamNamePrefix": "s"}),
            "InvalidParameterException: Cannot order by LastEventTime with a logStreamNamePrefix.".to_owned(),
        ),
        (
            "PutLogEvents",
            json!({"logGroupName": "/g", "logStreamName": "s", "logEvents": [{"timestamp": 2, "message": "b"}, {"timestamp": 1, "message": "a"}]}),
            "InvalidParameterException: Log events in a single PutLogEvents request must be in chronological order.".to_owned(),
        ),
        (
            "PutLogEvents",
            json!({"logGroupName": "/g", "logStreamName": "s", "logEvents": [{"timestamp": 1}]}),
            invalid("null", "logEvents.1.member.message", "Member must not be null"),
        ),
        (
            "PutLogEvents",
            json!({"logGroupName": "/g", "logStreamName": "s", "logEvents": [{"timestamp": 1, "message": "a"}, {"timestamp": 86_400_002, "message": "b"}]}),
            "InvalidParameterException: The batch of log events in a single PutLogEvents request cannot span more than 24 hours.".to_owned(),
        ),
        (
            "StartQuery",
            json!({}),
            "NotImplemented: not implemented by the local cloud: logs:StartQuery".to_owned(),
        ),
    ] {
        check_error(&cloud, operation, input, &expected).await;
    }
}

#[tokio::test]
async fn events_are_read_in_both_directions() {
    let cloud = with_stream().await;
    let t = now();
    put(
        &cloud,
        "s",
        &[(t, "1"), (t + 1, "2"), (t + 1, "3"), (t + 2, "4"), (t + 3, "5")],
    )
    .await;
    let get = async |rest: Value| {
        let mut input = json!({"logGroupName": "/g", "logStreamName": "s"});
        input.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
        call(&cloud, "GetLogEvents", input).await
    };
    let first = get(json!({"startFromHead": true, "limit": 2})).await;
    assert_eq!(messages(&first), ["1", "2"]);
    let second = get(json!({"limit": 2, "nextToken": first["nextForwardToken"]})).await;
    assert_eq!(messages(&second), ["3", "4"]);
    let back = get(json!({"nextToken": second["nextBackwardToken"]})).await;
    assert_eq!(messages(&back), ["1", "2"]);
    let rest = get(json!({"nextToken": second["nextForwardToken"]})).await;
    assert_eq!(messages(&rest), ["5"]);
    let end = get(json!({"nextToken": rest["nextForwardToken"]})).await;
    assert_eq!(messages(&end), [""; 0]);
    assert_eq!(
        end["nextForwardToken"], rest["nextForwardToken"],
        "the same token at the end"
    );
    assert_eq!(
        messages(&get(json!({"nextToken": end["nextBackwardToken"], "limit": 1})).await),
        ["5"]
    );
    put(&cloud, "s", &[(t + 4, "6")]).await;
    assert_eq!(
        messages(&get(json!({"nextToken": end["nextForwardToken"]})).await),
        ["6"]
    );

    assert_eq!(
        messages(&get(json!({"limit": 2})).await),
        ["5", "6"],
        "the latest without startFromHead"
    );
    assert_eq!(
        messages(&get(json!({"startTime": t + 1, "endTime": t + 2})).await),
        ["2", "3"]
    );
    let token = first["nextForwardToken"].as_str().unwrap();
    assert!(
        token.starts_with("f/") && token.ends_with("/s") && token.len() == 60,
        "{token}"
    );
}

#[tokio::test]
async fn events_too_old_or_too_new_are_rejected_by_index() {
    let cloud = with_stream().await;
    let hour = table::DAY / 24;
    let t = now();
    let output = put(&cloud, "s", &[(t, "a"), (t + 3 * hour, "b")]).await;
    assert_eq!(output["rejectedLogEventsInfo"], json!({"tooNewLogEventStartIndex": 1}));
    let old = t - 14 * table::DAY;
    let output = put(&cloud, "s", &[(old - hour, "a"), (old + hour, "b")]).await;
    assert_eq!(output["rejectedLogEventsInfo"], json!({"tooOldLogEventEndIndex": 1}));
    call(
        &cloud,
        "PutRetentionPolicy",
        json!({"logGroupName": "/g", "retentionInDays": 1}),
    )
    .await;
    let output = put(&cloud, "s", &[(t - table::DAY - hour, "a"), (t - hour, "c")]).await;
    assert_eq!(output["rejectedLogEventsInfo"], json!({"expiredLogEventEndIndex": 1}));
    let events = call(
        &cloud,
        "GetLogEvents",
        json!({"logGroupName": "/g", "logStreamName": "s"}),
    )
    .await;
    assert_eq!(messages(&events), ["c", "a"], "the expired event b is not shown");
}

#[tokio::test]
async fn filter_searches_all_streams_in_order_and_in_pages() {
    let cloud = with_stream().await;
    call(
        &cloud,
        "CreateLogStream",
        json!({"logGroupName": "/g", "logStreamName": "t"}),
    )
    .await;
    let t = now();
    put(&cloud, "s", &[(t, "ERROR one"), (t + 2, "ERROR three")]).await;
    put(&cloud, "t", &[(t + 1, "ERROR two"), (t + 3, "fine")]).await;
    let arn = "arn:aws:logs:us-east-1:000000000000:log-group:/g:*";
    let filter = async |input: Value| call(&cloud, "FilterLogEvents", input).await;
    let all = filter(json!({"logGroupIdentifier": arn, "filterPattern": "ERROR", "limit": 2})).await;
    assert_eq!(messages(&all), ["ERROR one", "ERROR two"]);
    assert_eq!(names(&all, "events", "logStreamName"), ["s", "t"]);
    let rest = json!({"logGroupName": "/g", "filterPattern": "ERROR", "limit": 2, "nextToken": all["nextToken"]});
    let rest = filter(rest).await;
    assert_eq!(messages(&rest), ["ERROR three"]);
    assert_eq!(rest["nextToken"], Value::Null);
    let one = filter(json!({"logGroupName": "/g", "logStreamNames": ["t"], "endTime": t + 1})).await;
    assert_eq!(messages(&one), ["ERROR two"]);
    let prefix = filter(json!({"logGroupName": "/g", "logStreamNamePrefix": "t", "startTime": t + 2})).await;
    assert_eq!(messages(&prefix), ["fine"]);
    let unknown = json!({"logGroupName": "/g", "logStreamNames": ["none"]});
    let message = "ResourceNotFoundException: The specified log stream does not exist.";
    check_error(&cloud, "FilterLogEvents", unknown, message).await;
}

#[tokio::test]
async fn streams_and_groups_are_listed_in_pages() {
    let cloud = with_stream().await;
    let t = now();
    for (index, stream) in ["c", "a", "b"].into_iter().enumerate() {
        call(
            &cloud,
            "CreateLogStream",
            json!({"logGroupName": "/g", "logStreamName": stream}),
        )
        .await;
        put(&cloud, stream, &[(t + i64::try_from(index).unwrap(), "x")]).await;
    }
    let list = async |input: Value| call(&cloud, "DescribeLogStreams", input).await;
    let first = list(json!({"logGroupName": "/g", "limit": 2})).await;
    assert_eq!(names(&first, "logStreams", "logStreamName"), ["a", "b"]);
    let rest = list(json!({"logGroupName": "/g", "nextToken": first["nextToken"]})).await;
    assert_eq!(names(&rest, "logStreams", "logStreamName"), ["c", "s"]);
    let latest = json!({"logGroupName": "/g", "orderBy": "LastEventTime", "descending": true, "limit": 2});
    let latest = list(latest).await;
    assert_eq!(names(&latest, "logStreams", "logStreamName"), ["b", "a"]);
    let stream = &latest["logStreams"][0];
    assert_eq!(stream["firstEventTimestamp"], t + 2);
    assert_eq!(stream["lastEventTimestamp"], t + 2);
    assert_eq!(
        stream["arn"],
        "arn:aws:logs:us-east-1:000000000000:log-group:/g:log-stream:b"
    );
    call(
        &cloud,
        "DeleteLogStream",
        json!({"logGroupName": "/g", "logStreamName": "b"}),
    )
    .await;
    let left = list(json!({"logGroupName": "/g", "logStreamNamePrefix": "b"})).await;
    assert_eq!(left, json!({"logStreams": []}));

    call(&cloud, "CreateLogGroup", json!({"logGroupName": "/h"})).await;
    let first = call(&cloud, "DescribeLogGroups", json!({"limit": 1})).await;
    assert_eq!(names(&first, "logGroups", "logGroupName"), ["/g"]);
    assert_eq!(
        first["logGroups"][0]["storedBytes"],
        2 * 27,
        "those of the streams that are left"
    );
    let rest = call(&cloud, "DescribeLogGroups", json!({"nextToken": first["nextToken"]})).await;
    assert_eq!(names(&rest, "logGroups", "logGroupName"), ["/h"]);
}

#[test]
fn other_services_write_without_asking_whether_the_stream_is_there() {
    let store = Store::in_memory().unwrap();
    let logs = Logs::open(store.clone()).unwrap();
    assert!(!logs.has_group("us-east-1", "/g").unwrap());
    logs.ensure_stream("us-east-1", "/g", "s").unwrap();
    logs.ensure_stream("us-east-1", "/g", "s").unwrap();
    let event = |message: &str| (clock::now(), message.to_owned());
    logs.put("us-east-1", "/g", "s", vec![event("a"), event("")]).unwrap();
    logs.put("us-east-1", "/g", "new", vec![event("b")]).unwrap();
    assert!(logs.has_group("us-east-1", "/g").unwrap());
    assert!(!logs.has_group("eu-west-1", "/g").unwrap());
    let count: u32 = store
        .read(|db| Ok::<_, StoreError>(db.query_row("SELECT count(*) FROM logs_event", [], |row| row.get(0))?))
        .unwrap();
    assert_eq!(count, 2);
}

#[test]
fn opening_drops_what_has_expired() {
    let store = Store::in_memory().unwrap();
    let logs = Logs::open(store.clone()).unwrap();
    let long_ago = clock::now() - 2 * table::DAY.cast_unsigned();
    for group in ["/short", "/long"] {
        logs.put("us-east-1", group, "s", vec![(long_ago, "x".to_owned())])
            .unwrap();
    }
    let set = "UPDATE logs_group SET retention = 1 WHERE name = '/short'";
    store.write(|db| db.execute(set, []).map_err(StoreError::from)).unwrap();
    Logs::open(store.clone()).unwrap();
    let count: u32 = store
        .read(|db| Ok::<_, StoreError>(db.query_row("SELECT count(*) FROM logs_event", [], |row| row.get(0))?))
        .unwrap();
    assert_eq!(count, 1);
}
