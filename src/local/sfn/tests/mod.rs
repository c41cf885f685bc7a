//! The service as a client sees it, on fake tasks, roles and time.

#![allow(clippy::unwrap_used)]

mod activities;
mod api;
mod computing;
mod definitions;
mod executions;
mod express;
mod full;
mod logging;
mod map_runs;
mod nested;
mod recovery;
mod redrive;
mod rehearsal;
mod rehearsal_time;
mod transfers;
mod versions;

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use bytes::Bytes;
use serde_json::{Value, json};
use tokio::sync::Notify;

use super::{Caller, Clock, LogSink, Roles, StepFunctions, TaskOutcome, TaskRunner};
use crate::engine::TaskRequest;
use crate::local::api::{Call, Pending, Reply};
use crate::local::s3::S3;
use crate::local::store::{Store, StoreError};
use crate::mock::config::MockConfig;

const ROLE: &str = "arn:aws:iam::000000000000:role/steps";
const NOON: u64 = 1_700_000_000_000;

/// Step Functions on a store, with what tests need to look at.
pub(super) struct Bench {
    store: Store,
    tasks: Arc<FakeTasks>,
    logs: Arc<FakeLogs>,
    states: StepFunctions,
}

impl Bench {
    /// On a new store.
    pub(in crate::local::sfn) fn new() -> Self {
        Self::on(Store::in_memory().unwrap(), 1_000)
    }

    /// On a store; every look at the clock advances it by so many milliseconds.
    fn on(store: Store, tick: u64) -> Self {
        Self::open(store, tick, None)
    }

    /// The same with the test cases of a mock configuration.
    fn open(store: Store, tick: u64, mock_config: Option<MockConfig>) -> Self {
        let tasks = Arc::new(FakeTasks::default());
        let logs = Arc::new(FakeLogs::default());
        let states = StepFunctions::open(
            store.clone(),
            tasks.clone(),
            Arc::new(FakeRoles),
            logs.clone(),
            Arc::new(S3::open(store.clone()).unwrap()),
            clock(tick),
            mock_config.map(Arc::new),
        )
        .unwrap();
        Self {
            store,
            tasks,
            logs,
            states,
        }
    }

    /// Another process after this one was killed.
    fn reopened(self, tick: u64) -> Self {
        let store = self.store.clone();
        drop(self.states);
        Self::on(store, tick)
    }

    /// The answer, or the error as `Code: message`.
    pub(in crate::local::sfn) async fn call(&self, operation: &str, input: Value) -> Result<Value, String> {
        let call = Call {
            operation: operation.to_owned(),
            input,
            method: http::Method::POST,
            path: "/".to_owned(),
            query: Vec::new(),
            headers: http::HeaderMap::new(),
            body: Bytes::new(),
            region: "us-east-1".to_owned(),
            request_id: "1".to_owned(),
        };
        match self.states.handle(call).await {
            Ok(Reply::Json(answer)) => Ok(answer),
            Ok(other) => panic!("{other:?}"),
            Err(error) => Err(error.to_string()),
        }
    }

    /// The answer, which must not be an error.
    async fn get(&self, operation: &str, input: Value) -> Value {
        self.call(operation, input).await.unwrap()
    }

    /// Makes a state machine and gives its ARN.
    async fn machine(&self, name: &str, definition: &Value) -> String {
        let input = json!({"name": name, "roleArn": ROLE, "definition": definition.to_string()});
        text(&self.get("CreateStateMachine", input).await, "stateMachineArn")
    }

    /// Starts an execution and gives its ARN.
    async fn start(&self, machine: &str, name: &str) -> String {
        let input = json!({"stateMachineArn": machine, "name": name, "input": "{\"n\":1}"});
        text(&self.get("StartExecution", input).await, "executionArn")
    }

    /// Waits until the execution has ended, and describes it.
    async fn ended(&self, execution: &str) -> Value {
        let deadline = Instant::now() + Duration::from_secs(20);
        loop {
            let described = self.get("DescribeExecution", json!({"executionArn": execution})).await;
            if described["status"] != "RUNNING" {
                return described;
            }
            assert!(
                Instant::now() < deadline,
                "still running: {:#}",
                self.history(execution).await
            );
            tokio::task::yield_now().await;
        }
    }

    /// Waits until a task of the execution waits for its token.
    async fn submitted(&self, execution: &str) {
        let deadline = Instant::now() + Duration::from_secs(20);
        while !self.history(execution).await.to_string().contains("TaskSubmitted") {
            assert!(Instant::now() < deadline, "not submitted");
            tokio::task::yield_now().await;
        }
    }

    /// The events without their times.
    async fn history(&self, execution: &str) -> Value {
        let input = json!({"executionArn": execution, "maxResults": 1000});
        let mut events = self.get("GetExecutionHistory", input).await["events"].take();
        for event in events.as_array_mut().unwrap() {
            event.as_object_mut().unwrap().remove("timestamp").unwrap();
        }
        events
    }

    /// The types of its events.
    async fn kinds(&self, execution: &str) -> Vec<String> {
        let events = self.history(execution).await;
        let events = events.as_array().unwrap().iter();
        events.map(|event| text(event, "type")).collect()
    }
}

fn text(answer: &Value, member: &str) -> String {
    answer[member].as_str().unwrap().to_owned()
}

fn clock(tick: u64) -> Clock {
    let now = AtomicU64::new(NOON + tick);
    Arc::new(move || now.fetch_add(tick, Ordering::SeqCst))
}

/// One log group, `group`; the events by stream.
#[derive(Default)]
struct FakeLogs(Mutex<Vec<(String, Value)>>);

impl LogSink for FakeLogs {
    fn has_group(&self, _region: &str, group: &str) -> Result<bool, StoreError> {
        Ok(group == "group")
    }

    fn put(&self, _region: &str, _group: &str, stream: &str, events: Vec<(u64, String)>) -> Result<(), StoreError> {
        let events = events
            .into_iter()
            .map(|(_, message)| (stream.to_owned(), serde_json::from_str(&message).unwrap()));
        self.0.lock().unwrap().extend(events);
        Ok(())
    }
}

struct FakeRoles;

impl Roles for FakeRoles {
    fn trusts(&self, role_arn: &str, _service: &str) -> Result<bool, StoreError> {
        Ok(role_arn == ROLE)
    }

    fn lends(&self, role_arn: &str, service: &str) -> Result<bool, StoreError> {
        self.trusts(role_arn, service)
    }
}

/// Functions that are called `echo`, `fail` and `hang`; the last waits until it is released.
#[derive(Default)]
struct FakeTasks {
    runs: Mutex<HashMap<String, u32>>,
    tokens: Mutex<Vec<String>>,
    started: Notify,
    release: Notify,
}

impl FakeTasks {
    fn runs_of(&self, resource: &str) -> u32 {
        self.runs.lock().unwrap().get(resource).copied().unwrap_or_default()
    }
}

impl TaskRunner for FakeTasks {
    fn supports(&self, resource: &str) -> bool {
        resource.contains(":lambda:") || resource.contains(":states:startExecution")
    }

    fn run<'a>(&'a self, _caller: Caller<'a>, request: &'a TaskRequest) -> Pending<'a, TaskOutcome> {
        Box::pin(async move {
            *self.runs.lock().unwrap().entry(request.resource.clone()).or_default() += 1;
            self.tokens.lock().unwrap().push(request.token.clone());
            self.started.notify_one();
            if request.resource.ends_with(":hang") {
                self.release.notified().await;
            }
            if request.resource.ends_with(":fail") {
                return TaskOutcome::failed("Broken", "as asked");
            }
            TaskOutcome::Succeeded(request.parameters.to_string())
        })
    }
}

/// The ARN of a fake function.
fn function(name: &str) -> String {
    format!("arn:aws:lambda:us-east-1:000000000000:function:{name}")
}

fn pass() -> Value {
    json!({"StartAt": "Only", "States": {"Only": {"Type": "Pass", "Result": {"done": true}, "End": true}}})
}

/// Calls a function, then passes.
fn calling(name: &str) -> Value {
    json!({"StartAt": "Call", "States": {
        "Call": {"Type": "Task", "Resource": function(name), "Next": "After"},
        "After": {"Type": "Pass", "End": true},
    }})
}

/// Waits until its task token comes back.
fn asking() -> Value {
    json!({"StartAt": "Ask", "States": {"Ask": {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken",
        "Parameters": {"FunctionName": "ask", "Payload": {"token.$": "$$.Task.Token"}},
        "End": true,
    }}})
}

/// Waits for a minute, then calls a function.
fn waiting() -> Value {
    json!({"StartAt": "Before", "States": {
        "Before": {"Type": "Pass", "Next": "Wait"},
        "Wait": {"Type": "Wait", "Seconds": 60, "Next": "Call"},
        "Call": {"Type": "Task", "Resource": function("echo"), "End": true},
    }})
}
