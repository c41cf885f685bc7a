//! The credit card application: what waits for a person, and how it is answered.

use nix::sys::signal::Signal;

use crate::env::{Env, Ran};
use crate::processes::Running;

const STACK: &str = "stacks/credit-card.yaml";
const RANDOM: &str = "lambdas/credit-card/random-number-for-credit/lambda_function.py";
const WAITS: &str = "waits for a callback";
const STATE: &str = "Wait for human approval";

/// The application with the chance taken out of it.
fn credit_card(limit: u32) -> Env {
    let env = Env::with_demo_stacks();
    env.edit(RANDOM, "random.randrange(10000)", &limit.to_string());
    env
}

/// Deploys, starts an execution of that name, and leaves it when it waits for a person.
fn waiting(env: &Env, name: &str) {
    env.run(&["deploy", STACK, "--no-start"]).expect(0);
    leave_waiting(env, name);
}

fn leave_waiting(env: &Env, name: &str) {
    let mut start = Running::start(env, &["start", STACK, "--name", name]);
    start.until_it_says(WAITS);
    start.send(Signal::SIGKILL);
    let _ = start.code();
}

fn status_of(env: &Env, name: &str) -> String {
    let status = env.run(&["status", STACK, "--json"]).expect(0).json();
    let executions = status["executions"].as_array().unwrap().clone();
    let execution = executions.iter().find(|execution| execution["name"] == name).unwrap();
    execution["status"].as_str().unwrap().to_owned()
}

#[track_caller]
fn says(ran: &Ran, texts: &[&str]) {
    for text in texts {
        let said = format!("{}\n{}", ran.stdout, ran.stderr);
        assert!(said.contains(text), "does not say `{text}`:\n{said}");
    }
}

/// The token that the topic's queue received.
fn token(env: &Env) -> String {
    let list = env
        .run(&["callback", "list", STACK, "--show-token", "--json"])
        .expect(0)
        .json();
    list["waiting"][0]["token"].as_str().unwrap().to_owned()
}

#[test]
fn a_small_limit_is_approved_by_rule() {
    for (stack, function, from) in [
        (STACK, RANDOM, "random.randrange(10000)"),
        (
            "stacks/credit-card-jsonata.yaml",
            "lambdas/credit-card/random-number-for-credit-node/index.js",
            "Math.floor(Math.random() * 10000)",
        ),
    ] {
        let env = Env::with_demo_stacks();
        env.edit(function, from, "4999");
        let ran = env.run(&["deploy", stack]).expect(0);
        assert_eq!(ran.json().as_array().map(Vec::len), Some(3), "{}", ran.stdout);
        says(&ran, &["Auto-approve limit", "outputs:", "Topic"]);
        assert!(!ran.stderr.contains(STATE), "{}", ran.stderr);
        let again = env.run(&["plan", stack, "--detailed-exitcode"]).expect(0);
        says(&again, &["nothing to change"]);
        env.run(&["teardown", stack]).expect(0);
        says(&env.run(&["status", stack]), &["nothing of the stack"]);
    }
}

#[test]
fn a_large_limit_is_approved_by_a_person_even_after_a_kill() {
    let env = credit_card(5000);
    waiting(&env, "large");
    assert_eq!(status_of(&env, "large"), "RUNNING");
    let ran = env
        .run(&["approve", STACK, "--execution", "large", "--state", STATE])
        .expect(0);
    says(&ran, &["was approved", "Get list of credit bureaus"]);
    assert_eq!(ran.json().as_array().map(Vec::len), Some(3), "{}", ran.stdout);
    assert_eq!(status_of(&env, "large"), "SUCCEEDED");
    // A second time there is nothing to approve.
    let again = env.run(&["approve", STACK, "--execution", "large"]).expect(1);
    says(&again, &["no execution large waits for a callback", "answered already"]);
    let never = env.run(&["approve", STACK, "--execution", "nope"]).expect(2);
    says(&never, &["the stack credit-card has no execution nope"]);
    let wrong = env.run(&["approve", STACK, "--output", "not json"]).expect(2);
    says(&wrong, &["the output is not JSON", "--output:1:2"]);
}

#[test]
fn what_is_answered_by_token_is_followed() {
    let env = credit_card(5000);
    waiting(&env, "first");
    let of_first = token(&env);
    env.run(&["deploy", "stacks/hello-world.yaml", "--no-start"]).expect(0);
    let other = env.run(&["approve", "stacks/hello-world.yaml", "--token", &of_first]);
    says(
        &other.expect(2),
        &["this token is not of a task of the stack hello-world"],
    );
    assert_eq!(status_of(&env, "first"), "RUNNING");
    let ran = env.run(&["approve", STACK, "--token", &of_first]).expect(0);
    says(
        &ran,
        &[
            "`Wait for human approval` of the execution first was approved",
            "SUCCEEDED",
        ],
    );
    assert_eq!(status_of(&env, "first"), "SUCCEEDED");
    let twice = env
        .run(&["approve", "--name", "credit-card", "--token", &of_first])
        .expect(2);
    says(
        &twice,
        &["this token is not of a task of the stack credit-card", "used already"],
    );
    // Without the stack, what it is of cannot be told.
    leave_waiting(&env, "second");
    let of_second = token(&env);
    let ran = env.run(&["approve", "--token", &of_second]).expect(0);
    says(&ran, &["executions advance only while a stepstack command runs"]);
}

#[test]
fn what_is_not_deployed_waits_for_nobody() {
    let env = credit_card(5000);
    for args in [&["approve", STACK][..], &["callback", "list", "--name", "credit-card"]] {
        says(&env.run(args).expect(2), &["the stack credit-card is not deployed"]);
    }
}

#[test]
fn an_execution_that_another_process_serves_goes_on() {
    let env = credit_card(5000);
    env.run(&["deploy", STACK, "--no-start"]).expect(0);
    for (served, expected) in [
        (false, "goes on when the local cloud is opened again"),
        (true, "goes on without us"),
    ] {
        let up = served.then(|| {
            let mut up = Running::start(&env, &["local", "up", "--port", "0"]);
            up.until_it_says("http://");
            up
        });
        let mut start = Running::start(&env, &["start", STACK, "--name", &format!("served-{served}")]);
        start.until_it_says(WAITS);
        start.send(Signal::SIGINT);
        start.until_it_says(expected);
        assert_eq!(start.code(), Some(130));
        if let Some(up) = up {
            up.send(Signal::SIGTERM);
            assert_eq!(up.code(), Some(0));
        }
    }
}

#[test]
fn commands_to_answer_are_shown_and_tokens_are_not() {
    let env = credit_card(9999);
    env.run(&["deploy", STACK, "--no-start"]).expect(0);
    let mut start = Running::start(&env, &["start", STACK, "--name", "shown"]);
    start.until_it_says(WAITS);
    let approve = start.until_it_says("stepstack approve");
    let expected = "stepstack approve stacks/credit-card.yaml --execution shown --state 'Wait for human approval'";
    assert_eq!(approve.trim(), expected);
    start.until_it_says("stepstack reject");
    // Somebody else rejects it while it is followed.
    let reject = env.run(&["reject", STACK, "--cause", "too much"]).expect(0);
    says(&reject, &["was rejected", "Rejected", "too much"]);
    assert_eq!(start.code(), Some(1));
    let listed = env.run(&["callback", "list", STACK]).expect(0);
    says(&listed, &["nothing waits for a callback"]);
}

#[test]
fn tokens_are_taken_once_and_made_up_ones_never() {
    let env = credit_card(7000);
    waiting(&env, "once");
    let hidden = env.run(&["callback", "list", STACK]).expect(0);
    says(&hidden, &["once", STATE, "(secret)"]);
    let token = token(&env);
    assert!(!hidden.stdout.contains(&token));
    let made_up = env.run(&["approve", "--token", "AQmadeup"]).expect(2);
    says(&made_up, &["this is no task token"]);
    env.run(&["callback", "heartbeat", "--token", &token]).expect(0);
    env.run(&["callback", "success", "--token", &token, "--output", r#"{"by":"me"}"#])
        .expect(0);
    let twice = env.run(&["approve", "--token", &token]).expect(1);
    says(&twice, &["nobody waits for this token any more"]);
    env.run(&["approve"]).expect(2);
}

#[test]
fn nobody_answers_in_time() {
    let env = credit_card(7000);
    let wait = r#""Resource": "arn:aws:states:::sns:publish.waitForTaskToken","#;
    let limited = format!("{wait} \"HeartbeatSeconds\": 1,");
    env.edit("stacks/credit-card.asl.json", wait, &limited);
    let ran = env.run(&["deploy", STACK]).expect(1);
    says(&ran, &[WAITS, "States.Timeout"]);
}

#[test]
fn several_that_wait_are_told_apart_and_a_teardown_stops_them() {
    let env = credit_card(7000);
    waiting(&env, "first");
    leave_waiting(&env, "second");
    let ran = env.run(&["approve", STACK]).expect(2);
    says(
        &ran,
        &["2 tasks wait for a callback", "--execution first", "--execution second"],
    );
    env.run(&["teardown", STACK]).expect(0);
    says(&env.run(&["status", STACK]).expect(0), &["nothing of the stack"]);
    says(
        &env.run(&["approve", STACK]).expect(2),
        &["the stack credit-card is not deployed"],
    );
}

#[test]
fn hello_world_needs_nothing() {
    let env = Env::with_demo_stacks();
    let ran = env.run(&["deploy", "stacks/hello-world.yaml"]).expect(0);
    says(&ran, &["Wait 3 sec", "Hello World"]);
    env.run(&["teardown", "stacks/hello-world.yaml"]).expect(0);
}

#[test]
fn a_function_that_is_subscribed_gets_the_message() {
    let env = credit_card(7000);
    let queue = r#"- { protocol: sqs, endpoint: "${ApprovalRequests.Arn}", rawMessageDelivery: true }"#;
    let function = r#"- { protocol: lambda, endpoint: "${Told.Arn}" }"#;
    env.edit(STACK, queue, &format!("{queue}\n      {function}"));
    let told = "functions:\n  Told:\n    code: ../told\n    runtime: nodejs22.x\n    handler: index.handler";
    env.edit(STACK, "functions:", told);
    env.write(
        "told/index.js",
        r#"
exports.handler = async (event) => {
  const message = JSON.parse(event.Records[0].Sns.Message);
  console.log(`asked about ${message.CreditLimit}`);
  require("fs").writeFileSync(process.env.TOLD, message.TaskToken);
};
"#,
    );
    let file = env.path("token");
    env.edit(
        STACK,
        "    code: ../told",
        &format!("    environment: {{ TOLD: \"{}\" }}\n    code: ../told", file.display()),
    );
    env.run(&["deploy", STACK, "--no-start"]).expect(0);
    let mut start = Running::start(&env, &["start", STACK, "--name", "told"]);
    start.until_it_says(WAITS);
    let deadline = std::time::Instant::now() + crate::processes::PATIENCE;
    while !file.exists() && std::time::Instant::now() < deadline {
        env.run(&["status", STACK]).expect(0);
    }
    let token = std::fs::read_to_string(&file).unwrap();
    env.run(&["approve", "--token", &token]).expect(0);
    assert_eq!(start.code(), Some(0));
    let again = env.run(&["plan", STACK, "--detailed-exitcode"]).expect(0);
    says(&again, &["nothing to change"]);
    // Without the subscription, the function may not be invoked any more; nothing else changes.
    env.edit(STACK, function, "");
    says(
        &env.run(&["plan", STACK]).expect(0),
        &["- delete subscription", "0 to create, 0 to update, 1 to delete"],
    );
    env.run(&["deploy", STACK, "--no-start"]).expect(0);
    env.run(&["teardown", STACK]).expect(0);
}

/// An HTTP endpoint of this machine that confirms what it is subscribed to, and hands on the messages.
fn hook() -> (String, std::sync::mpsc::Receiver<serde_json::Value>) {
    use std::io::{BufRead, BufReader, Read, Write};

    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let (heard, messages) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = BufReader::new(stream.unwrap());
            let mut length = 0;
            let mut line = String::new();
            while stream.read_line(&mut line).unwrap() > 2 {
                if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
                    length = value.trim().parse().unwrap();
                }
                line.clear();
            }
            let mut body = vec![0; length];
            stream.read_exact(&mut body).unwrap();
            let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
            stream.get_mut().write_all(answer).unwrap();
            let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
            if let Some(link) = body["SubscribeURL"].as_str() {
                let (host, query) = link.strip_prefix("http://").unwrap().split_once('/').unwrap();
                let mut page = std::net::TcpStream::connect(host).unwrap();
                write!(
                    page,
                    "GET /{query} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
                )
                .unwrap();
                page.read_to_end(&mut Vec::new()).unwrap();
            } else if heard.send(body).is_err() {
                return;
            }
        }
    });
    (url, messages)
}

#[test]
fn a_page_of_this_machine_that_is_subscribed_gets_the_message() {
    let env = credit_card(7000);
    let (url, messages) = hook();
    let queue = r#"- { protocol: sqs, endpoint: "${ApprovalRequests.Arn}", rawMessageDelivery: true }"#;
    let http = format!("{queue}\n      - {{ protocol: http, endpoint: \"{url}\" }}");
    env.edit(STACK, queue, &http);
    // What is served stays where the link to confirm points to.
    let mut up = Running::start(&env, &["local", "up", "--port", "0"]);
    up.until_it_says("http://");
    env.run(&["deploy", STACK, "--no-start"]).expect(0);
    let deadline = std::time::Instant::now() + crate::processes::PATIENCE;
    while env.run(&["status", STACK]).expect(0).stdout.contains("to be confirmed") {
        assert!(std::time::Instant::now() < deadline, "it is never confirmed");
    }
    let mut start = Running::start(&env, &["start", STACK, "--name", "hooked"]);
    start.until_it_says(WAITS);
    let notification = messages.recv_timeout(crate::processes::PATIENCE).unwrap();
    let message: serde_json::Value = serde_json::from_str(notification["Message"].as_str().unwrap()).unwrap();
    assert_eq!(message["CreditLimit"], 7000, "{notification}");
    let token = message["TaskToken"].as_str().unwrap();
    env.run(&["callback", "failure", "--token", token, "--error", "TooMuch"])
        .expect(0);
    assert_eq!(start.code(), Some(1));
    env.run(&["teardown", STACK]).expect(0);
}
