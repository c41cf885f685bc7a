//! An AWS that is as a test of an attempt wants it, with one execution, which asks for an answer.

use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::cloud::Door;

pub(super) const ARN: &str = "arn:aws:states:us-east-1:000000000000:execution:m:e";

const TOKEN: &str = "7b7e6f8e-0d5c-4b5e-9a43-0d7b6f6a2f11";

pub(super) const NEVER: u64 = u64::MAX;

/// How the AWS is, and what the user does.
#[derive(Clone, Debug, Default)]
pub(super) struct World {
    /// Operations, and the seconds after which they answer.
    pub(super) slow: &'static [(&'static str, u64)],
    /// An operation that fails, always, with this status and code.
    pub(super) fails: Option<(&'static str, u16, &'static str)>,
    /// The second from which on the execution has succeeded.
    pub(super) ends: Option<u64>,
    pub(super) express: bool,
    /// The second of a Ctrl-C.
    pub(super) ctrl_c: Option<u64>,
    /// Whether nobody is left who could stop the run.
    pub(super) nobody_stops: bool,
}

/// The AWS.
#[derive(Debug)]
pub(super) struct Aws {
    world: World,
    began: Instant,
    asked: Mutex<Vec<String>>,
}

impl Aws {
    pub(super) fn new(world: &World) -> Self {
        Self {
            world: world.clone(),
            began: Instant::now(),
            asked: Mutex::default(),
        }
    }

    /// The operations that were asked for so far.
    pub(super) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }

    fn answer(&self, operation: &str, input: &Value) -> (u16, Value) {
        if let Some((fails, status, code)) = self.world.fails
            && fails == operation
        {
            return (status, json!({ "__type": code, "message": "as told" }));
        }
        let ended = json!({
            "executionArn": ARN, "status": "SUCCEEDED", "startDate": 1, "stopDate": 2, "output": "{}",
        });
        let answer = match operation {
            "StartExecution" => json!({ "executionArn": ARN, "startDate": 1 }),
            "StartSyncExecution" => ended,
            "StopExecution" => json!({ "stopDate": 2 }),
            "DescribeExecution" => json!({
                "executionArn": ARN, "stateMachineArn": "m", "status": "RUNNING", "startDate": 1,
            }),
            "GetExecutionHistory" => self.history(input["reverseOrder"] == true),
            _ => json!({}),
        };
        (200, answer)
    }

    fn history(&self, backwards: bool) -> Value {
        let given = json!({ "MessageBody": { "token": TOKEN } }).to_string();
        let mut events = vec![
            json!({ "type": "ExecutionStarted", "executionStartedEventDetails": { "input": "{}" } }),
            json!({ "type": "TaskStateEntered", "stateEnteredEventDetails": { "name": "Ask", "input": "{}" } }),
            json!({ "type": "TaskScheduled", "taskScheduledEventDetails": {
                "resourceType": "sqs", "resource": "sendMessage.waitForTaskToken", "region": "us-east-1", "parameters": given,
            } }),
            json!({ "type": "TaskSubmitted", "taskSubmittedEventDetails": {
                "resourceType": "sqs", "resource": "sendMessage.waitForTaskToken",
            } }),
        ];
        let is_over = self
            .world
            .ends
            .is_some_and(|second| self.began.elapsed().as_secs() >= second);
        if is_over {
            events.push(json!({ "type": "ExecutionSucceeded", "executionSucceededEventDetails": { "output": "{}" } }));
        } else if self.asked().iter().any(|asked| asked == "StopExecution") {
            events.push(json!({ "type": "ExecutionAborted", "executionAbortedEventDetails": {} }));
        }
        for (index, event) in events.iter_mut().enumerate() {
            event["id"] = json!(index + 1);
            event["previousEventId"] = json!(index);
            event["timestamp"] = json!(1);
        }
        if backwards {
            events.reverse();
        }
        json!({ "events": events })
    }
}

#[derive(Debug)]
pub(super) struct Shared(pub(super) Arc<Aws>);

impl Door for Shared {
    fn call(
        &self,
        request: http::Request<Bytes>,
    ) -> Pin<Box<dyn Future<Output = Result<http::Response<Bytes>, String>> + Send>> {
        let aws = Arc::clone(&self.0);
        Box::pin(async move {
            let target = request.headers().get("x-amz-target");
            let Some(target) = target.and_then(|target| target.to_str().ok()) else {
                return Ok(http::Response::new(CALLER.into()));
            };
            let operation = target.rsplit('.').next().unwrap();
            aws.asked.lock().unwrap().push(operation.to_owned());
            if let Some((_, seconds)) = aws.world.slow.iter().find(|(slow, _)| *slow == operation) {
                match *seconds {
                    NEVER => std::future::pending().await,
                    seconds => sleep(Duration::from_secs(seconds)).await,
                }
            }
            let (status, body) = aws.answer(operation, &serde_json::from_slice(request.body()).unwrap());
            Ok(http::Response::builder()
                .status(status)
                .body(body.to_string().into())
                .unwrap())
        })
    }
}

const CALLER: &str = "<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::000000000000:root</Arn>\
    <Account>000000000000</Account></GetCallerIdentityResult></GetCallerIdentityResponse>";
