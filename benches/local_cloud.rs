//! How fast the whole local cloud is: requests through its door in process, every event durable in its store on disk. Run
//! with `cargo bench --bench local_cloud`.
#![allow(clippy::unwrap_used, missing_docs, reason = "a benchmark that fails may panic")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use divan::Bencher;
use divan::counter::ItemsCount;
use serde_json::{Value, json};
use stepstack::local::{LocalDoor, Options};
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

fn main() {
    divan::main();
}

/// A local cloud in a folder of its own, with a role for its state machines.
struct Cloud {
    runtime: Runtime,
    door: LocalDoor,
    executions: AtomicUsize,
    _folder: tempfile::TempDir,
}

impl Cloud {
    fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let options = Options {
            folder: folder.path().join("cloud"),
            listen: "127.0.0.1:0".parse().unwrap(),
            mock_config: None,
        };
        let door = runtime.block_on(LocalDoor::open(options)).unwrap();
        let cloud = Self {
            runtime,
            door,
            executions: AtomicUsize::new(0),
            _folder: folder,
        };
        cloud.make_role();
        cloud
    }

    fn make_role(&self) {
        let trust = json!({ "Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Principal": { "Service": "states.amazonaws.com" }, "Action": "sts:AssumeRole",
        }]});
        let form = form_urlencoded::Serializer::new(String::new())
            .append_pair("Version", "2010-05-08")
            .append_pair("Action", "CreateRole")
            .append_pair("RoleName", "steps")
            .append_pair("AssumeRolePolicyDocument", &trust.to_string())
            .finish();
        let request = http::Request::post("/")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Bytes::from(form))
            .unwrap();
        let answer = self.runtime.block_on(self.door.call(request)).unwrap();
        assert_eq!(answer.status(), 200, "{:?}", answer.body());
    }

    async fn call(&self, operation: &str, input: Value) -> Value {
        let request = http::Request::post("/")
            .header("x-amz-target", format!("AWSStepFunctions.{operation}"))
            .body(Bytes::from(input.to_string()))
            .unwrap();
        let answer = self.door.call(request).await.unwrap();
        assert_eq!(answer.status(), 200, "{operation}: {:?}", answer.body());
        serde_json::from_slice(answer.body()).unwrap()
    }

    fn machine(&self, name: &str, definition: &Value) -> String {
        let input = json!({
            "name": name, "roleArn": "arn:aws:iam::000000000000:role/steps", "definition": definition.to_string(),
        });
        let answer = self.runtime.block_on(self.call("CreateStateMachine", input));
        answer["stateMachineArn"].as_str().unwrap().to_owned()
    }

    /// Runs an execution to its end.
    async fn execute(&self, machine: &str, input: &str) -> String {
        let name = format!("e{}", self.executions.fetch_add(1, Ordering::Relaxed));
        let asked = json!({ "stateMachineArn": machine, "name": name, "input": input });
        let started = self.call("StartExecution", asked).await;
        let execution = started["executionArn"].as_str().unwrap().to_owned();
        loop {
            let described = self
                .call("DescribeExecution", json!({ "executionArn": execution }))
                .await;
            match described["status"].as_str() {
                Some("RUNNING") => tokio::task::yield_now().await,
                status => {
                    assert_eq!(status, Some("SUCCEEDED"), "{described}");
                    return execution;
                }
            }
        }
    }

    /// Reads a whole history, page by page.
    async fn history(&self, execution: &str) -> usize {
        let mut events = 0;
        let mut next = Value::Null;
        loop {
            let mut asked = json!({ "executionArn": execution, "maxResults": 1000 });
            if let Value::String(token) = next {
                asked["nextToken"] = token.into();
            }
            let mut page = self.call("GetExecutionHistory", asked).await;
            events += page["events"].as_array().unwrap().len();
            next = page["nextToken"].take();
            if next.is_null() {
                return events;
            }
        }
    }
}

/// Pass states in a row.
fn chain(length: usize) -> Value {
    let states = (0..length).map(|at| {
        let state = if at + 1 == length {
            json!({ "Type": "Pass", "End": true })
        } else {
            json!({ "Type": "Pass", "Next": format!("S{}", at + 1) })
        };
        (format!("S{at}"), state)
    });
    json!({ "StartAt": "S0", "States": states.collect::<serde_json::Map<_, _>>() })
}

/// One execution of a chain of Pass states, from the request to start it to its end in the store.
#[divan::bench(args = [10, 499, 2_499, 12_498], sample_count = 20)]
fn pass_chain(bencher: Bencher<'_, '_>, length: usize) {
    let cloud = Cloud::open();
    let machine = cloud.machine("chain", &chain(length));
    bencher
        .counter(ItemsCount::new(length))
        .bench_local(|| cloud.runtime.block_on(cloud.execute(&machine, r#"{"order":17}"#)));
}

/// Executions of ten Pass states each, fifty at once.
#[divan::bench(sample_count = 20)]
fn fifty_executions_at_once(bencher: Bencher<'_, '_>) {
    let cloud = Arc::new(Cloud::open());
    let machine: Arc<str> = cloud.machine("chain", &chain(10)).into();
    let fifty = || {
        let one = |_| {
            let (cloud, machine) = (cloud.clone(), machine.clone());
            async move { cloud.execute(&machine, "{}").await }
        };
        (0..50).map(one).collect::<JoinSet<_>>().join_all()
    };
    bencher
        .counter(ItemsCount::new(500_usize))
        .bench_local(|| cloud.runtime.block_on(async { fifty().await }));
}

/// Wait states of no time: each comes back as an input of its own, journalled before it counts.
#[divan::bench(args = [100, 400], sample_count = 10)]
fn waits_of_no_time(bencher: Bencher<'_, '_>, length: usize) {
    let cloud = Cloud::open();
    let mut definition = chain(length);
    for (_, state) in definition["States"].as_object_mut().unwrap() {
        state["Type"] = "Wait".into();
        state["Seconds"] = 0.into();
    }
    let machine = cloud.machine("waits", &definition);
    bencher
        .counter(ItemsCount::new(length))
        .bench_local(|| cloud.runtime.block_on(cloud.execute(&machine, "{}")));
}

#[divan::bench(args = [10, 1_000, 6_248], sample_count = 20)]
fn inline_map(bencher: Bencher<'_, '_>, items: usize) {
    let cloud = Cloud::open();
    let definition = json!({ "StartAt": "Map", "States": { "Map": { "Type": "Map", "End": true, "ItemProcessor": {
        "StartAt": "Each", "States": { "Each": { "Type": "Pass", "End": true } },
    }}}});
    let machine = cloud.machine("map", &definition);
    let input = json!(vec![1; items]).to_string();
    bencher
        .counter(ItemsCount::new(items + 1))
        .bench_local(|| cloud.runtime.block_on(cloud.execute(&machine, &input)));
}

/// Each item is a child execution of its own, written down with its history. Read the same number of items per second in
/// each line.
#[divan::bench(args = [10, 1_000, 10_000, 100_000], sample_count = 1, sample_size = 1)]
fn distributed_map(bencher: Bencher<'_, '_>, items: usize) {
    let cloud = Cloud::open();
    let definition = json!({ "StartAt": "Map", "States": { "Map": { "Type": "Map", "End": true, "ItemProcessor": {
        "ProcessorConfig": { "Mode": "DISTRIBUTED", "ExecutionType": "STANDARD" },
        "StartAt": "Each", "States": { "Each": { "Type": "Pass", "End": true } },
    }}}});
    let machine = cloud.machine("map", &definition);
    let input = json!(vec![1; items]).to_string();
    bencher
        .counter(ItemsCount::new(items))
        .bench_local(|| cloud.runtime.block_on(cloud.execute(&machine, &input)));
}

/// Reading a history in pages of 1,000 events; items are events.
#[divan::bench(args = [1_000, 5_000, 25_000], sample_count = 10)]
fn history(bencher: Bencher<'_, '_>, events: usize) {
    let cloud = Cloud::open();
    let machine = cloud.machine("chain", &chain((events - 4) / 2));
    let execution = cloud.runtime.block_on(cloud.execute(&machine, "{}"));
    bencher
        .counter(ItemsCount::new(events - 2))
        .bench_local(|| assert_eq!(cloud.runtime.block_on(cloud.history(&execution)), events - 2));
}
