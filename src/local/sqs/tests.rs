//! SQS with a clock of its own, call by call.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod fifo;
mod messages;
mod queues;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method};
use serde_json::{Value, json};

use super::*;

const START: u64 = 1_700_000_000_000;

/// A service whose time stands still unless it is told otherwise.
struct Bench {
    sqs: Sqs,
    now: Arc<AtomicU64>,
}

impl Bench {
    fn open() -> Self {
        let now = Arc::new(AtomicU64::new(START));
        let clock = Arc::clone(&now);
        let sqs = Sqs::open(
            Store::in_memory().unwrap(),
            "http://here:1".to_owned(),
            Arc::new(move || clock.load(Ordering::SeqCst)),
        );
        Self { sqs: sqs.unwrap(), now }
    }

    fn pass(&self, seconds: u64) {
        self.now.fetch_add(seconds * 1000, Ordering::SeqCst);
    }

    /// The answer, or `code: message`.
    async fn call(&self, operation: &str, input: Value) -> Result<Value, String> {
        let call = call(operation, input);
        let answer = self.sqs.answer(&call, operation, &call.input).await;
        answer.map_err(|error| error.to_string())
    }

    async fn ok(&self, operation: &str, input: Value) -> Value {
        self.call(operation, input).await.unwrap()
    }

    #[track_caller]
    fn refused(found: Result<Value, String>, expected: &str) {
        assert_eq!(found.unwrap_err(), expected);
    }

    /// The URL of a new queue.
    async fn queue(&self, name: &str, attributes: Value) -> String {
        let made = self
            .ok("CreateQueue", json!({"QueueName": name, "Attributes": attributes}))
            .await;
        made["QueueUrl"].as_str().unwrap().to_owned()
    }

    async fn send(&self, url: &str, body: &str) -> Value {
        self.ok("SendMessage", json!({"QueueUrl": url, "MessageBody": body}))
            .await
    }

    async fn send_to_group(&self, url: &str, group: &str, body: &str) -> Value {
        let input = json!({"QueueUrl": url, "MessageBody": body, "MessageGroupId": group});
        self.ok("SendMessage", input).await
    }

    /// Receives up to ten messages, with all that can be told of them.
    async fn receive(&self, url: &str) -> Vec<Value> {
        let input = json!({
            "QueueUrl": url,
            "MaxNumberOfMessages": 10,
            "MessageSystemAttributeNames": ["All"],
            "MessageAttributeNames": ["All"],
        });
        let answer = self.ok("ReceiveMessage", input).await;
        answer["Messages"].as_array().cloned().unwrap_or_default()
    }

    /// Their bodies.
    async fn bodies(&self, url: &str) -> Vec<String> {
        let messages = self.receive(url).await;
        messages
            .iter()
            .map(|message| message["Body"].as_str().unwrap().to_owned())
            .collect()
    }

    async fn delete(&self, url: &str, message: &Value) -> Result<Value, String> {
        self.call(
            "DeleteMessage",
            json!({"QueueUrl": url, "ReceiptHandle": message["ReceiptHandle"]}),
        )
        .await
    }

    async fn change(&self, url: &str, message: &Value, seconds: i64) -> Result<Value, String> {
        let input = json!({"QueueUrl": url, "ReceiptHandle": message["ReceiptHandle"], "VisibilityTimeout": seconds});
        self.call("ChangeMessageVisibility", input).await
    }

    /// Available, in flight, delayed.
    async fn counts(&self, url: &str) -> [String; 3] {
        let all = self
            .ok(
                "GetQueueAttributes",
                json!({"QueueUrl": url, "AttributeNames": ["All"]}),
            )
            .await;
        ["", "NotVisible", "Delayed"].map(|which| {
            let name = format!("ApproximateNumberOfMessages{which}");
            all["Attributes"][name.as_str()].as_str().unwrap().to_owned()
        })
    }
}

fn call(operation: &str, input: Value) -> Call {
    let mut headers = HeaderMap::new();
    headers.insert("x-amz-target", HeaderValue::from_static("AmazonSQS"));
    Call {
        operation: operation.to_owned(),
        input,
        method: Method::POST,
        path: "/".to_owned(),
        query: Vec::new(),
        headers,
        body: Bytes::new(),
        region: "us-east-1".to_owned(),
        request_id: "id".to_owned(),
    }
}

#[tokio::test]
async fn errors_are_written_in_both_protocols() {
    let bench = Bench::open();
    let mut asked = call("GetQueueUrl", json!({"QueueName": "none"}));
    asked.headers.insert("host", HeaderValue::from_static("localhost:4566"));
    let Ok(Reply::Http(response)) = bench.sqs.call(asked.clone()).await else {
        panic!("not a response")
    };
    assert_eq!(response.status(), 400);
    assert_eq!(
        response.headers()["x-amzn-query-error"],
        "AWS.SimpleQueueService.NonExistentQueue;Sender"
    );
    assert_eq!(
        response.body().as_ref(),
        br#"{"__type":"com.amazonaws.sqs#QueueDoesNotExist","message":"The specified queue does not exist."}"#
    );
    asked.headers.remove("x-amz-target");
    let error = bench.sqs.call(asked.clone()).await.unwrap_err();
    assert_eq!(error.code, "AWS.SimpleQueueService.NonExistentQueue");
    bench.queue("none", json!({})).await;
    let Ok(Reply::Xml(xml)) = bench.sqs.call(asked).await else {
        panic!("not XML")
    };
    assert_eq!(xml, "<QueueUrl>http://localhost:4566/000000000000/none</QueueUrl>");
    let refused = bench.call("AddPermission", json!({})).await;
    Bench::refused(
        refused,
        "NotImplemented: not implemented by the local cloud: sqs:AddPermission",
    );
}
