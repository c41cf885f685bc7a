//! What is ours about DynamoDB, through the door; and that the engine keeps DynamoDB's promises where others break them.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod hostile;
mod numbers;

use serde_json::{Value, json};

use crate::local::testing::Cloud;

async fn send(cloud: &Cloud, operation: &str, input: &Value) -> (u16, Value) {
    cloud.json(&format!("DynamoDB_20120810.{operation}"), input).await
}

async fn call(cloud: &Cloud, operation: &str, input: Value) -> Value {
    let (status, output) = send(cloud, operation, &input).await;
    assert_eq!(status, 200, "{operation} {input}: {output}");
    output
}

/// The answer is an error: `STATUS CODE: MESSAGE`.
async fn check_error(cloud: &Cloud, operation: &str, input: Value, expected: &str) -> Value {
    let (status, output) = send(cloud, operation, &input).await;
    let text = |member: &str| output[member].as_str().unwrap_or_default().to_owned();
    let code = text("__type").rsplit('#').next().unwrap_or_default().to_owned();
    let found = format!("{status} {code}: {}", text("message"));
    assert_eq!(found, expected, "{operation} {input}");
    output
}

/// A cloud with a table `tab` of that key type.
async fn with_table(key: &str) -> Cloud {
    let cloud = Cloud::open().await;
    create(&cloud, key).await;
    cloud
}

async fn create(cloud: &Cloud, key: &str) {
    let input = json!({
        "TableName": "tab",
        "KeySchema": [{"AttributeName": "p", "KeyType": "HASH"}, {"AttributeName": "s", "KeyType": "RANGE"}],
        "AttributeDefinitions": [
            {"AttributeName": "p", "AttributeType": "S"},
            {"AttributeName": "s", "AttributeType": key},
        ],
        "BillingMode": "PAY_PER_REQUEST",
    });
    call(cloud, "CreateTable", input).await;
}

#[tokio::test]
async fn arns_are_those_of_the_account_and_the_region() {
    let cloud = with_table("S").await;
    let arn = "arn:aws:dynamodb:us-east-1:000000000000:table/tab";
    let found = call(&cloud, "DescribeTable", json!({"TableName": "tab"})).await;
    assert_eq!(found["Table"]["TableArn"], arn);
    // An item may say what it likes.
    let engines = "arn:aws:dynamodb:dynoxide:000000000000:table/tab";
    let item = json!({"p": {"S": engines}, "s": {"S": "1"}});
    call(&cloud, "PutItem", json!({"TableName": arn, "Item": item})).await;
    let found = call(&cloud, "GetItem", json!({"TableName": "tab", "Key": item})).await;
    assert_eq!(found["Item"], item);
    call(
        &cloud,
        "TagResource",
        json!({"ResourceArn": arn, "Tags": [{"Key": "k", "Value": "v"}]}),
    )
    .await;
    let found = call(&cloud, "ListTagsOfResource", json!({"ResourceArn": arn})).await;
    assert_eq!(found["Tags"], json!([{"Key": "k", "Value": "v"}]));
    for absent in [
        "arn:aws:dynamodb:eu-west-1:000000000000:table/tab",
        "arn:aws:dynamodb:us-east-1:000000000000:table/gone",
    ] {
        check_error(
            &cloud,
            "ListTagsOfResource",
            json!({"ResourceArn": absent}),
            &format!("400 ResourceNotFoundException: Requested resource not found: ResourcArn: {absent} not found"),
        )
        .await;
    }
}

#[tokio::test]
async fn regions_have_tables_of_their_own() {
    let cloud = with_table("S").await;
    let request = http::Request::post("/")
        .header("x-amz-target", "DynamoDB_20120810.ListTables")
        .header(
            "authorization",
            "AWS4-HMAC-SHA256 Credential=A/20260131/eu-west-1/dynamodb/aws4_request, SignedHeaders=host",
        );
    let found = cloud.send(request.body("{}".into()).unwrap()).await;
    assert_eq!(found, (200, r#"{"TableNames":[]}"#.to_owned()));
    let found = call(&cloud, "ListTables", json!({})).await;
    assert_eq!(found["TableNames"], json!(["tab"]));
}

#[tokio::test]
async fn answers_come_with_their_checksum() {
    let cloud = Cloud::open().await;
    let request = http::Request::post("/").header("x-amz-target", "DynamoDB_20120810.ListTables");
    let response = cloud.cloud.handle(request.body("{}".into()).unwrap()).await;
    let expected = crc32fast::hash(response.body()).to_string();
    assert_eq!(response.headers()["x-amz-crc32"].to_str().unwrap(), expected);
    assert!(response.headers().contains_key("x-amzn-requestid"));
}

#[tokio::test]
async fn what_is_not_acted_upon_is_refused_by_name() {
    let cloud = with_table("S").await;
    let refused = |what: &str| format!("501 NotImplemented: not implemented by the local cloud: dynamodb:{what}");
    for operation in ["DescribeLimits", "CreateBackup", "PutResourcePolicy"] {
        check_error(&cloud, operation, json!({}), &refused(operation)).await;
    }
    check_error(
        &cloud,
        "UpdateTable",
        json!({"TableName": "tab", "ReplicaUpdates": [{"Create": {"RegionName": "eu-west-1"}}]}),
        &refused("UpdateTable with ReplicaUpdates"),
    )
    .await;
}

#[tokio::test]
async fn a_failed_condition_gives_the_item_and_a_cancelled_transaction_its_reasons() {
    let cloud = with_table("S").await;
    let item = json!({"p": {"S": "a"}, "s": {"S": "b"}, "n": {"N": "1"}});
    call(&cloud, "PutItem", json!({"TableName": "tab", "Item": item})).await;
    let put = json!({
        "TableName": "tab", "Item": item, "ConditionExpression": "attribute_not_exists(p)",
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    });
    let expected = "400 ConditionalCheckFailedException: The conditional request failed";
    let found = check_error(&cloud, "PutItem", put.clone(), expected).await;
    assert_eq!(found["Item"], item);
    let expected = "400 TransactionCanceledException: Transaction cancelled, please refer cancellation reasons for specific \
                    reasons [ConditionalCheckFailed, None]";
    let other = json!({"Delete": {"TableName": "tab", "Key": {"p": {"S": "x"}, "s": {"S": "y"}}}});
    let input = json!({"TransactItems": [{"Put": put}, other]});
    let found = check_error(&cloud, "TransactWriteItems", input, expected).await;
    let reasons = &found["CancellationReasons"];
    assert_eq!(reasons[0]["Code"], "ConditionalCheckFailed");
    assert_eq!(reasons[0]["Item"], item);
    assert_eq!(reasons[1]["Code"], "None");
}

#[tokio::test]
async fn requests_of_the_wrong_shape_are_refused_as_aws_refuses_them() {
    let cloud = with_table("S").await;
    for (operation, input, expected) in [
        ("PutItem", json!({"TableName": 1, "Item": {}}), "SerializationException"),
        ("PutItem", json!({"TableName": "tab"}), "ValidationException"),
        (
            "GetItem",
            json!({"TableName": "tab", "Key": {"p": {"S": "a"}}}),
            "ValidationException",
        ),
        (
            "PutItem",
            json!({"TableName": "tab", "Item": {"p": {"S": "a", "N": "1"}, "s": {"S": "b"}}}),
            "ValidationException",
        ),
        (
            "PutItem",
            json!({"TableName": "tab", "Item": {"p": {"S": "a"}, "s": {"S": "b"}, "x": {"NULL": false}}}),
            "ValidationException",
        ),
        ("Scan", json!({"TableName": "none"}), "ResourceNotFoundException"),
    ] {
        let (status, output) = send(&cloud, operation, &input).await;
        let code = output["__type"].as_str().unwrap().rsplit('#').next().unwrap();
        assert_eq!((status, code), (400, expected), "{operation} {input}: {output}");
        let message = output["message"].as_str().unwrap();
        assert!(
            !message.contains("VALIDATION") && !message.contains("SERIALIZATION"),
            "{message}"
        );
    }
}

#[tokio::test]
async fn items_go_when_their_time_has_passed() {
    let cloud = with_table("S").await;
    let specification = json!({"Enabled": true, "AttributeName": "until"});
    call(
        &cloud,
        "UpdateTimeToLive",
        json!({"TableName": "tab", "TimeToLiveSpecification": specification}),
    )
    .await;
    let now = crate::local::clock::now() / 1000;
    for (name, until) in [("gone", now - 60), ("stays", now + 600)] {
        let item = json!({"p": {"S": name}, "s": {"S": "1"}, "until": {"N": until.to_string()}});
        call(&cloud, "PutItem", json!({"TableName": "tab", "Item": item})).await;
    }
    let deadline = crate::local::clock::now() + 30_000;
    loop {
        let found = call(&cloud, "Scan", json!({"TableName": "tab"})).await;
        if found["Count"] == 1 {
            assert_eq!(found["Items"][0]["p"]["S"], "stays");
            return;
        }
        assert!(crate::local::clock::now() < deadline, "{found}");
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_piece_of_work_that_panics_does_not_end_the_region_for_good() {
    let folder = tempfile::tempdir().unwrap();
    let store = crate::local::store::Store::in_memory().unwrap();
    let service = super::DynamoDb::new(store, folder.path());
    let region = service.region("us-east-1").unwrap();
    let found: Option<()> = region.run(|_| panic!("on purpose")).await;
    assert_eq!(found, None);
    assert_eq!(region.run(|_| ()).await, None, "it is dead");
    service.forget("us-east-1", &region);
    let next = service.region("us-east-1").unwrap();
    assert_eq!(next.run(|_| 1).await, Some(1));
    crate::local::api::Service::close(&service).await;
    assert!(service.region("us-east-1").is_err(), "closed");
    assert_eq!(next.run(|_| 1).await, None);
}

#[tokio::test]
async fn what_a_table_may_do_is_said_or_it_is_on_demand() {
    let cloud = Cloud::open().await;
    let table = |more: Value| {
        let mut input = json!({
            "TableName": "tab",
            "KeySchema": [{"AttributeName": "p", "KeyType": "HASH"}],
            "AttributeDefinitions": [{"AttributeName": "p", "AttributeType": "S"}],
        });
        input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        input
    };
    let index = json!([{
        "IndexName": "idx", "KeySchema": [{"AttributeName": "p", "KeyType": "HASH"}], "Projection": {"ProjectionType": "ALL"},
    }]);
    let units = json!({"ReadCapacityUnits": 2, "WriteCapacityUnits": 3});
    let prefix = "400 ValidationException: One or more parameter values were invalid:";
    for (more, expected) in [
        (
            json!({}),
            "ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED",
        ),
        (
            json!({"BillingMode": null, "GlobalSecondaryIndexes": index}),
            "ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED",
        ),
        (
            json!({"ProvisionedThroughput": units, "GlobalSecondaryIndexes": index}),
            "ProvisionedThroughput is not specified for index: idx",
        ),
    ] {
        check_error(&cloud, "CreateTable", table(more), &format!("{prefix} {expected}")).await;
    }
    for (more, throughput, summary) in [
        (json!({"ProvisionedThroughput": units}), (2, 3), Value::Null),
        (
            json!({"BillingMode": "PAY_PER_REQUEST"}),
            (0, 0),
            json!("PAY_PER_REQUEST"),
        ),
    ] {
        let made = call(&cloud, "CreateTable", table(more)).await;
        let there = call(&cloud, "DescribeTable", json!({"TableName": "tab"})).await;
        let gone = call(&cloud, "DeleteTable", json!({"TableName": "tab"})).await;
        for found in [&made["TableDescription"], &there["Table"], &gone["TableDescription"]] {
            let units = &found["ProvisionedThroughput"];
            let units = (&units["ReadCapacityUnits"], &units["WriteCapacityUnits"]);
            assert_eq!(units, (&json!(throughput.0), &json!(throughput.1)), "{found}");
            assert_eq!(found["BillingModeSummary"]["BillingMode"], summary, "{found}");
            assert_eq!(found["DeletionProtectionEnabled"], false, "{found}");
        }
    }
}
