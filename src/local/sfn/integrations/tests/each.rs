//! Every optimized integration, and one call of every service, against the services themselves.

use super::*;
use crate::local::sfn::integrations::catalog::SERVICES;
use crate::local::sfn::integrations::optimized::OPTIMIZED;

/// Whether a value has what is expected of it: the members of objects that are named, everything else as it is. `"*"` is any
/// text.
fn has(found: &Value, expected: &Value) -> bool {
    match expected {
        Value::String(any) if any == "*" => found.is_string(),
        Value::Object(members) => members
            .iter()
            .all(|(name, value)| found.get(name).is_some_and(|found| has(found, value))),
        Value::Array(items) => found.as_array().is_some_and(|found| {
            found.len() == items.len() && found.iter().zip(items).all(|(found, item)| has(found, item))
        }),
        other => found == other,
    }
}

const QUEUE: &str = "arn:aws:sqs:us-east-1:000000000000:q";
const TOPIC: &str = "arn:aws:sns:us-east-1:000000000000:t";

/// Calls in order, with what their answers have.
fn calls(queue: &str) -> Vec<(&'static str, Value, Value)> {
    let key = json!({"id": {"S": "1"}});
    let received = |body: &str| json!({"Messages": [{"Body": body}]});
    let receive = json!({"QueueUrl": queue, "VisibilityTimeout": 600});
    vec![
        (
            "aws-sdk:dynamodb:createTable",
            json!({
                "TableName": "table", "BillingMode": "PAY_PER_REQUEST",
                "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
                "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
            }),
            json!({"TableDescription": {"TableName": "table"}}),
        ),
        (
            "dynamodb:putItem",
            json!({"TableName": "table", "Item": {"id": {"S": "1"}, "n": {"N": "1"}}}),
            json!({"SdkHttpMetadata": {"HttpStatusCode": 200}}),
        ),
        (
            "dynamodb:updateItem",
            json!({
                "TableName": "table", "Key": key, "UpdateExpression": "SET n = n + :one", "ReturnValues": "UPDATED_NEW",
                "ExpressionAttributeValues": {":one": {"N": "1"}},
            }),
            json!({"Attributes": {"n": {"N": "2"}}}),
        ),
        (
            "dynamodb:getItem",
            json!({"TableName": "table", "Key": key}),
            json!({"Item": {"id": {"S": "1"}, "n": {"N": "2"}}}),
        ),
        (
            "dynamodb:deleteItem",
            json!({"TableName": "table", "Key": key, "ReturnValues": "ALL_OLD"}),
            json!({"Attributes": {"n": {"N": "2"}}}),
        ),
        (
            "aws-sdk:dynamodb:scan",
            json!({"TableName": "table"}),
            json!({"Count": 0}),
        ),
        (
            "sqs:sendMessage",
            json!({"QueueUrl": queue, "MessageBody": {"a": 1}}),
            json!({"MessageId": "*", "MD5OfMessageBody": "*"}),
        ),
        ("aws-sdk:sqs:receiveMessage", receive.clone(), received(r#"{"a":1}"#)),
        (
            "aws-sdk:sns:createTopic",
            json!({"Name": "t"}),
            json!({"TopicArn": TOPIC}),
        ),
        (
            "aws-sdk:sns:subscribe",
            json!({"TopicArn": TOPIC, "Protocol": "sqs", "Endpoint": QUEUE, "Attributes": {"RawMessageDelivery": "true"}}),
            json!({"SubscriptionArn": "*"}),
        ),
        (
            "sns:publish",
            json!({"TopicArn": TOPIC, "Message": {"b": 2}}),
            json!({"MessageId": "*"}),
        ),
        (
            "events:putEvents",
            json!({"Entries": [{"Source": "s", "DetailType": "d", "Detail": {"c": 3}}]}),
            json!({"FailedEntryCount": 0, "Entries": [{"EventId": "*"}]}),
        ),
        ("aws-sdk:eventbridge:listRules", json!({}), json!({"Rules": []})),
        (
            "aws-sdk:s3:createBucket",
            json!({"Bucket": "bucket"}),
            json!({"Location": "/bucket"}),
        ),
        (
            "aws-sdk:s3:putObject",
            json!({"Bucket": "bucket", "Key": "k", "Body": {"d": 4}}),
            json!({"ETag": "*"}),
        ),
        (
            "aws-sdk:s3:getObject",
            json!({"Bucket": "bucket", "Key": "k"}),
            json!({"Body": r#"{"d":4}"#}),
        ),
        (
            "aws-sdk:sts:getCallerIdentity",
            json!({}),
            json!({"Account": "000000000000"}),
        ),
        (
            "aws-sdk:cloudwatchlogs:createLogGroup",
            json!({"LogGroupName": "g"}),
            json!({}),
        ),
        (
            "aws-sdk:iam:listRolePolicies",
            json!({"RoleName": "states"}),
            json!({"PolicyNames": []}),
        ),
        ("aws-sdk:lambda:listFunctions", json!({}), json!({"Functions": []})),
        ("aws-sdk:sfn:listActivities", json!({}), json!({"Activities": []})),
    ]
}

#[tokio::test]
async fn every_service_and_optimized_integration_can_be_called() {
    let bench = Bench::open().await;
    let made = bench.run("aws-sdk:sqs:createQueue", json!({"QueueName": "q"})).await;
    let queue = json_of(&made["output"])["QueueUrl"].as_str().unwrap().to_owned();
    let calls = calls(&queue);
    for (resource, parameters, expected) in &calls {
        let ended = bench.run(resource, parameters.clone()).await;
        assert_eq!(ended["status"], "SUCCEEDED", "{resource}: {ended}");
        let output = json_of(&ended["output"]);
        assert!(has(&output, expected), "{resource} gives {output}");
    }
    // What was published has come.
    let body = bench.receives(&queue).await;
    assert_eq!(json_of(&body.into()), json!({"b": 2}));

    let called = |beginning: String| calls.iter().any(|(resource, ..)| resource.starts_with(&beginning));
    for service in SERVICES {
        assert!(called(format!("aws-sdk:{}:", service.sdk)), "{}", service.sdk);
    }
    // The integration of Step Functions itself has tests of its own beside this one.
    for optimized in OPTIMIZED.iter().filter(|optimized| optimized.name != "states") {
        assert!(called(format!("{}:", optimized.name)), "{}", optimized.name);
    }
}

/// Each way to send a message can also send a task token, under which the result then comes.
#[tokio::test]
async fn every_message_can_carry_a_task_token() {
    let bench = Bench::open().await;
    let made = bench.run("aws-sdk:sqs:createQueue", json!({"QueueName": "q"})).await;
    let queue = json_of(&made["output"])["QueueUrl"].as_str().unwrap().to_owned();
    bench.run("aws-sdk:sns:createTopic", json!({"Name": "t"})).await;
    let raw = json!({"RawMessageDelivery": "true"});
    let subscription = json!({"TopicArn": TOPIC, "Protocol": "sqs", "Endpoint": QUEUE, "Attributes": raw});
    assert_eq!(
        bench.run("aws-sdk:sns:subscribe", subscription).await["status"],
        "SUCCEEDED"
    );
    let rule = json!({"Name": "r", "EventPattern": r#"{"source":["s"]}"#});
    assert_eq!(
        bench.run("aws-sdk:eventbridge:putRule", rule).await["status"],
        "SUCCEEDED"
    );
    let targets = json!({"Rule": "r", "Targets": [{"Id": "1", "Arn": QUEUE, "InputPath": "$.detail"}]});
    assert_eq!(
        bench.run("aws-sdk:eventbridge:putTargets", targets).await["status"],
        "SUCCEEDED"
    );

    let message = json!({"token.$": "$$.Task.Token"});
    for (resource, parameters) in [
        ("sqs:sendMessage", json!({"QueueUrl": queue, "MessageBody": message})),
        ("sns:publish", json!({"TopicArn": TOPIC, "Message": message})),
        (
            "events:putEvents",
            json!({"Entries": [{"Source": "s", "DetailType": "d", "Detail": message}]}),
        ),
    ] {
        let name = resource.replace(':', "-");
        let definition = task(&format!("{resource}.waitForTaskToken"), parameters);
        let execution = bench.start(&bench.machine(&name, &definition).await).await;
        let token = json_of(&bench.receives(&queue).await.into())["token"].clone();
        bench
            .get("SendTaskSuccess", json!({"taskToken": token, "output": "7"}))
            .await;
        let ended = bench.ended(&execution).await;
        assert_eq!(
            (&ended["status"], &ended["output"]),
            (&json!("SUCCEEDED"), &json!("7")),
            "{resource}"
        );
    }
}

impl Bench {
    /// The next message of a queue.
    async fn receives(&self, queue: &str) -> String {
        for _ in 0..500 {
            let asked = json!({"QueueUrl": queue, "VisibilityTimeout": 600});
            let (status, found) = self.0.json("AmazonSQS.ReceiveMessage", &asked).await;
            assert_eq!(status, 200, "{found}");
            if let Some(body) = found["Messages"][0]["Body"].as_str() {
                return body.to_owned();
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("no message comes");
    }
}
