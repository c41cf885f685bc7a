//! Executions with mocks and virtual time, as programs start them over TCP, and over the death of the local cloud.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use serde_json::{Value, json};

use crate::env::Env;
use crate::processes::{up, up_with};

/// A job, a year, a task that a person answers, another job.
const STACK: &str = "
name: job
stateMachines:
  Main:
    definition:
      StartAt: First
      States:
        First: { Type: Task, Resource: 'arn:aws:states:::batch:submitJob.sync', Next: Year, Parameters: { JobName: j, JobQueue: q, JobDefinition: d } }
        Year: { Type: Wait, Seconds: 31536000, Next: Ask }
        Ask: { Type: Task, Resource: 'arn:aws:states:::sqs:sendMessage.waitForTaskToken', Next: Last, Parameters: { QueueUrl: '${Asked.Url}', MessageBody.$: $$.Task.Token } }
        Last: { Type: Task, Resource: 'arn:aws:states:::batch:submitJob.sync', End: true, Parameters: { JobName: j, JobQueue: q, JobDefinition: d } }
queues:
  Asked: {}
";

/// Status and answer of a call of Step Functions at an endpoint.
fn call(endpoint: &str, operation: &str, input: &Value) -> (u16, Value) {
    let address = endpoint.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let body = input.to_string();
    let request = format!(
        "POST / HTTP/1.1\r\nhost: {address}\r\nx-amz-target: AWSStepFunctions.{operation}\r\nconnection: close\r\n\
         content-type: application/x-amz-json-1.0\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split_whitespace().nth(1).unwrap().parse().unwrap();
    (status, serde_json::from_str(body).unwrap())
}

/// The description of an execution once it is as it should be.
fn described(endpoint: &str, execution: &str, done: impl Fn(&Value) -> bool) -> Value {
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        let (status, answer) = call(endpoint, "DescribeExecution", &json!({ "executionArn": execution }));
        assert_eq!(status, 200, "{answer}");
        if done(&answer) {
            return answer;
        }
        assert!(Instant::now() < deadline, "still {answer}");
        std::thread::yield_now();
    }
}

fn history(endpoint: &str, execution: &str) -> String {
    let input = json!({ "executionArn": execution });
    call(endpoint, "GetExecutionHistory", &input).1.to_string()
}

const MACHINE: &str = "arn:aws:states:us-east-1:000000000000:stateMachine:job-Main";

#[test]
fn mocks_and_virtual_time_survive_kill_9() {
    let env = Env::new();
    env.write("job.yaml", STACK);
    env.run(&["deploy", "job.yaml"]).expect(0);
    let (first, endpoint) = up(&env);
    let input = json!({"stateMachineArn": MACHINE, "stepstack": {"time": "virtual", "mocks": {
        "First": [{"from": 0, "to": 0, "return": 1}],
        "Last": [{"from": 0, "to": 0, "return": {"finished": true}}],
    }}});
    let (status, started) = call(&endpoint, "StartExecution", &input);
    assert_eq!(status, 200, "{started}");
    let execution = started["executionArn"].as_str().unwrap().to_owned();
    described(&endpoint, &execution, |_| {
        // That of the first job and that of the question.
        history(&endpoint, &execution).matches("\"TaskSubmitted\"").count() == 2
    });
    let before = history(&endpoint, &execution);
    first.send(Signal::SIGKILL);
    first.code();

    let (second, endpoint) = up(&env);
    assert_eq!(history(&endpoint, &execution), before);
    env.run(&["approve", "job.yaml"]).expect(0);
    let ended = described(&endpoint, &execution, |answer| answer["status"] != "RUNNING");
    assert_eq!(ended["output"], r#"{"finished":true}"#, "{ended}");
    let took = ended["stopDate"].as_f64().unwrap() - ended["startDate"].as_f64().unwrap();
    assert!(took >= 31_536_000.0, "{took}");
    second.send(Signal::SIGTERM);
    second.code();
}

#[test]
fn a_mock_configuration_of_step_functions_local_is_taken() {
    let env = Env::new();
    env.write("job.yaml", &STACK.replace("31536000", "0"));
    env.run(&["deploy", "job.yaml"]).expect(0);
    let config = json!({
        "StateMachines": {"job-Main": {"TestCases": {"Happy": {"First": "Done", "Ask": "Done", "Last": "Done"}}}},
        "MockedResponses": {"Done": {"0": {"Return": {"done": true}}}},
    });
    env.write("MockConfigFile.json", &config.to_string());
    let (running, endpoint) = up_with(&env, &["--mock-config", "MockConfigFile.json"]);
    let input = json!({"stateMachineArn": format!("{MACHINE}#Happy")});
    let (status, started) = call(&endpoint, "StartExecution", &input);
    assert_eq!(status, 200, "{started}");
    let execution = started["executionArn"].as_str().unwrap();
    let ended = described(&endpoint, execution, |answer| answer["status"] != "RUNNING");
    assert_eq!(ended["output"], r#"{"done":true}"#, "{ended}");
    running.send(Signal::SIGTERM);
    running.code();
}

#[test]
fn a_wrong_mock_configuration_is_refused_before_anything_is_served() {
    let env = Env::new();
    env.write("wrong.json", r#"{"StateMachine": {}}"#);
    for (file, problem) in [
        (
            "wrong.json",
            "the mock configuration: it has the unknown member `StateMachine`",
        ),
        ("none.json", "cannot read none.json"),
    ] {
        let ran = env
            .run(&["local", "up", "--port", "0", "--mock-config", file])
            .expect(2);
        assert!(ran.stderr.contains(problem), "{}", ran.stderr);
        let mut by_variable = env.command(&["local", "up", "--port", "0"]);
        let output = by_variable.env("SFN_MOCK_CONFIG", file).output().unwrap();
        assert_eq!(output.status.code(), Some(2));
    }
}
