//! SNS with queues beside it, functions that only note what they get, and an HTTP endpoint of the test's own.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod delivery;
mod publishing;
mod topics;

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use ::http::{HeaderMap, Method};
use serde_json::{Map, Value, json};

use super::*;

const START: u64 = 1_700_000_000_000;

/// Notes events; refuses those for a function called `missing`.
#[derive(Default)]
struct Noted(Mutex<Vec<(String, Value)>>);

impl Functions for Noted {
    fn invoke_event<'a>(&'a self, _: &'a str, arn: &'a str, event: Bytes) -> Pending<'a, Result<(), ApiError>> {
        Box::pin(async move {
            if arn.ends_with(":missing") {
                return Err(ApiError::with_status(
                    404,
                    "ResourceNotFoundException",
                    "no such function",
                ));
            }
            self.0
                .lock()
                .unwrap()
                .push((arn.to_owned(), serde_json::from_slice(&event).unwrap()));
            Ok(())
        })
    }
}

struct Bench {
    store: Store,
    sqs: Arc<Sqs>,
    sns: Sns,
    functions: Arc<Noted>,
    now: Arc<AtomicU64>,
}

impl Bench {
    fn open() -> Self {
        Self::over(Store::in_memory().unwrap(), Arc::new(AtomicU64::new(START)))
    }

    fn over(store: Store, now: Arc<AtomicU64>) -> Self {
        Self::reached_at("http://here:1", store, now)
    }

    fn reached_at(endpoint: &str, store: Store, now: Arc<AtomicU64>) -> Self {
        let time = Arc::clone(&now);
        let clock: Clock = Arc::new(move || time.load(Ordering::SeqCst));
        let sqs = Arc::new(Sqs::open(store.clone(), "http://here:1".to_owned(), clock.clone()).unwrap());
        let functions = Arc::new(Noted::default());
        let sns = Sns::open(
            store.clone(),
            sqs.clone(),
            functions.clone(),
            endpoint.to_owned(),
            clock,
        );
        Self {
            store,
            sqs,
            sns: sns.unwrap(),
            functions,
            now,
        }
    }

    /// What is between the result's tags, or `code: message`.
    fn call(&self, operation: &str, params: &[(&str, &str)]) -> Result<String, String> {
        let input: Map<String, Value> = params
            .iter()
            .map(|(name, value)| ((*name).to_owned(), json!(value)))
            .collect();
        match self.sns.answer(&call(operation, input.into())) {
            Ok(Reply::Xml(xml)) => Ok(xml),
            Ok(_) => panic!("not XML"),
            Err(error) => Err(error.to_string()),
        }
    }

    #[track_caller]
    fn ok(&self, operation: &str, params: &[(&str, &str)]) -> String {
        self.call(operation, params).unwrap()
    }

    #[track_caller]
    fn refused(&self, operation: &str, params: &[(&str, &str)], expected: &str) {
        assert_eq!(self.call(operation, params).unwrap_err(), expected, "{params:?}");
    }

    fn topic(&self, name: &str, more: &[(&str, &str)]) -> String {
        let params: Vec<(&str, &str)> = [("Name", name)].into_iter().chain(more.iter().copied()).collect();
        text_of(&self.ok("CreateTopic", &params), "TopicArn")
    }

    fn subscribe(&self, topic: &str, protocol: &str, endpoint: &str, attributes: &[(&str, &str)]) -> String {
        let keys: Vec<[String; 2]> = (1..=attributes.len())
            .map(|index| ["key", "value"].map(|part| format!("Attributes.entry.{index}.{part}")))
            .collect();
        let mut params = vec![
            ("TopicArn", topic),
            ("Protocol", protocol),
            ("Endpoint", endpoint),
            ("ReturnSubscriptionArn", "true"),
        ];
        for ([key, value], (name, content)) in keys.iter().zip(attributes) {
            params.push((key, name));
            params.push((value, content));
        }
        text_of(&self.ok("Subscribe", &params), "SubscriptionArn")
    }

    /// The ARN of a new queue.
    async fn queue(&self, name: &str) -> String {
        let fifo = if name.ends_with(".fifo") {
            json!({"FifoQueue": "true"})
        } else {
            json!({})
        };
        self.sqs("CreateQueue", json!({"QueueName": name, "Attributes": fifo}))
            .await;
        format!("arn:aws:sqs:us-east-1:000000000000:{name}")
    }

    async fn sqs(&self, operation: &str, input: Value) -> Value {
        let mut call = call(operation, input);
        call.headers
            .insert("x-amz-target", ::http::HeaderValue::from_static("AmazonSQS"));
        match self.sqs.call(call).await {
            Ok(Reply::Json(answer)) => answer,
            other => panic!("{other:?}"),
        }
    }

    /// Takes what is in a queue.
    async fn messages(&self, queue: &str) -> Vec<Value> {
        let url = format!("http://here:1/000000000000/{}", queue.rsplit(':').next().unwrap());
        let input = json!({"QueueUrl": url, "MaxNumberOfMessages": 10, "MessageAttributeNames": ["All"], "AttributeNames": ["All"]});
        let answer = self.sqs("ReceiveMessage", input).await;
        answer["Messages"].as_array().cloned().unwrap_or_default()
    }

    async fn bodies(&self, queue: &str) -> Vec<String> {
        let messages = self.messages(queue).await;
        messages
            .iter()
            .map(|message| message["Body"].as_str().unwrap().to_owned())
            .collect()
    }

    /// How many deliveries are still to be made.
    fn pending(&self) -> usize {
        self.store.read(outbox::pending).unwrap().len()
    }
}

fn call(operation: &str, input: Value) -> Call {
    Call {
        operation: operation.to_owned(),
        input,
        method: Method::POST,
        path: "/".to_owned(),
        query: Vec::new(),
        headers: HeaderMap::new(),
        body: Bytes::new(),
        region: "us-east-1".to_owned(),
        request_id: "id".to_owned(),
    }
}

/// The text of the first element of that name.
#[track_caller]
fn text_of(xml: &str, element: &str) -> String {
    let (_, rest) = xml
        .split_once(&format!("<{element}>"))
        .unwrap_or_else(|| panic!("no {element} in {xml}"));
    rest.split_once("</").unwrap().0.to_owned()
}

/// Waits until something holds, for at most ten seconds.
async fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    for _ in 0..2000 {
        if holds() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("{what} did not come");
}
