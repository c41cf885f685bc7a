//! LocalStack and its like at an endpoint of this machine: found, described, refused before anything is created, started and
//! stopped. Docker is a script here that logs what it is asked for, and serves the local cloud as the container.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::env::{Env, Ran};

const STACK: &str = "stack.yaml";

/// `docker`, with the container's program left open.
const DOCKER: &str = r#"#!/bin/sh
echo "docker $*" >> "$DOCKER_LOG"
case "$1" in
  version) exit 0 ;;
  stop) kill "$(cat "$DOCKER_LOG.pid")"; exit 0 ;;
  run)
    echo $$ > "$DOCKER_LOG.pid"
    PROGRAM
    ;;
esac
"#;

/// A machine that passes, waits for long, or fails.
fn stack(state: &str) -> Env {
    let env = Env::new();
    let machine = format!("definition: {{ StartAt: Only, States: {{ Only: {state} }} }}");
    env.write(
        STACK,
        &format!(
            "name: it\nstateMachines:\n  Main:\n    {machine}\nstart: {{ stateMachine: Main, input: {{ a: 1 }} }}\n"
        ),
    );
    env
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A command on an endpoint, with that Docker.
fn with_docker(env: &Env, program: &str, port: u16, args: &[&str]) -> Command {
    let docker = env.path("bin/docker");
    env.write("bin/docker", &DOCKER.replace("PROGRAM", program));
    fs::set_permissions(&docker, fs::Permissions::from_mode(0o755)).unwrap();
    let path = std::env::var("PATH").unwrap();
    let mut command = env.command(args);
    command
        .args(["--endpoint-url", &format!("http://127.0.0.1:{port}")])
        .env("PATH", format!("{}:{path}", env.path("bin").display()))
        .env("DOCKER_LOG", env.path("docker.log"))
        .env("DOCKER_HOST", "tcp://127.0.0.1:1");
    command
}

/// The local cloud, served as a container would serve LocalStack.
fn container(env: &Env, port: u16) -> String {
    let data = env.path("container");
    format!(
        "exec {} local up --port {port} --data-dir {}",
        env!("CARGO_BIN_EXE_stepstack"),
        data.display()
    )
}

fn docker_log(env: &Env) -> String {
    fs::read_to_string(env.path("docker.log")).unwrap_or_default()
}

#[track_caller]
fn says(ran: &Ran, texts: &[&str]) {
    for text in texts {
        let said = format!("{}\n{}", ran.stdout, ran.stderr);
        assert!(said.contains(text), "does not say `{text}`:\n{said}");
    }
}

#[track_caller]
fn stopped(env: &Env, port: u16) {
    let log = docker_log(env);
    let name = log
        .split("--name ")
        .nth(1)
        .and_then(|rest| rest.split(' ').next())
        .unwrap();
    assert!(log.contains(&format!("docker stop --time 10 {name}\n")), "{log}");
    assert!(TcpStream::connect(("127.0.0.1", port)).is_err(), "it still listens");
}

#[test]
fn it_is_started_for_a_command_and_stopped_after_it() {
    for (state, code) in [("{ Type: Succeed }", 0), ("{ Type: Fail, Error: No }", 1)] {
        let (env, port) = (stack(state), free_port());
        let args = ["deploy", STACK, "--start-localstack"];
        let output = with_docker(&env, &container(&env, port), port, &args).output().unwrap();
        let ran = env.finish(output).expect(code);
        says(
            &ran,
            &[
                "starting LocalStack: docker run --rm --name stepstack-localstack-",
                "target localstack, the local cloud of stepstack",
                "created state machine it-Main",
                "LocalStack was stopped",
            ],
        );
        // What they would act on is gone.
        assert!(!ran.stderr.contains("next:"), "{}", ran.stderr);
        let log = docker_log(&env);
        assert!(log.contains(&format!("-p 127.0.0.1:{port}:{port} ")), "{log}");
        assert!(log.contains(" localstack/localstack:4.14.0\n"), "{log}");
        stopped(&env, port);
    }
}

#[test]
fn nothing_is_kept_in_one_that_is_stopped() {
    let (env, port) = (stack("{ Type: Succeed }"), free_port());
    let args = ["test", STACK, "--keep", "--start-localstack"];
    let output = with_docker(&env, &container(&env, port), port, &args).output().unwrap();
    let ran = env.finish(output).expect(0);
    says(
        &ran,
        &[
            "1 passed",
            "goes with LocalStack, which was started for this command only",
        ],
    );
    assert!(!ran.stderr.contains("is kept"), "{}", ran.stderr);
    stopped(&env, port);
}

#[test]
fn ctrl_c_stops_it_too() {
    let (env, port) = (stack("{ Type: Wait, Seconds: 600, End: true }"), free_port());
    let args = ["deploy", STACK, "--start-localstack"];
    let mut process = with_docker(&env, &container(&env, port), port, &args)
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = BufReader::new(process.stderr.take().unwrap())
        .lines()
        .map_while(Result::ok);
    assert!(said.any(|line| line.contains("execution it-")));
    kill(Pid::from_raw(i32::try_from(process.id()).unwrap()), Signal::SIGINT).unwrap();
    let rest: Vec<String> = said.collect();
    assert_eq!(process.wait().unwrap().code(), Some(130), "{}", rest.join("\n"));
    stopped(&env, port);
}

#[test]
fn what_answers_already_is_used_and_left() {
    let (env, port) = (stack("{ Type: Succeed }"), free_port());
    let data = env.path("up");
    let mut up = env
        .command(&[
            "local",
            "up",
            "--port",
            &port.to_string(),
            "--data-dir",
            data.to_str().unwrap(),
        ])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(up.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let args = ["deploy", STACK, "--start-localstack"];
    let output = with_docker(&env, "exit 1", port, &args).output().unwrap();
    env.finish(output).expect(0);
    assert_eq!(docker_log(&env), "");
    assert!(up.try_wait().unwrap().is_none(), "it was stopped");
    up.kill().unwrap();
    up.wait().unwrap();
}

#[test]
fn one_that_does_not_come_up_says_why() {
    for (program, expected) in [
        (
            "echo The license activation failed; exit 55",
            &[
                "exit status: 55",
                "The license activation failed",
                "LOCALSTACK_AUTH_TOKEN",
            ][..],
        ),
        ("exit 125", &["exit status: 125", "it said nothing", "localstack-"]),
    ] {
        let (env, port) = (stack("{ Type: Succeed }"), free_port());
        let args = ["deploy", STACK, "--start-localstack"];
        let output = with_docker(&env, program, port, &args).output().unwrap();
        says(&env.finish(output).expect(1), expected);
    }
}

#[test]
fn where_it_cannot_be_started_is_said_what_to_install() {
    let (env, port) = (stack("{ Type: Succeed }"), free_port());
    let output = with_docker(&env, "exit 1", port, &["deploy", STACK, "--start-localstack"])
        .env("PATH", env.path("nothing"))
        .output()
        .unwrap();
    let ran = env.finish(output).expect(1);
    says(
        &ran,
        &["neither Docker nor", "localstack-core[runtime]", "--target local"],
    );
}

#[test]
fn nothing_that_listens_is_hinted_at() {
    let env = stack("{ Type: Succeed }");
    let output = with_docker(&env, "exit 1", free_port(), &["plan", STACK])
        .output()
        .unwrap();
    let ran = env.finish(output).expect(3);
    says(
        &ran,
        &[
            "nothing listens at",
            "--start-localstack",
            "docker run --rm -p 127.0.0.1:",
            "exit code 55 unless LOCALSTACK_AUTH_TOKEN",
            "stepstack local up",
        ],
    );
}

/// Answers the page of health and who the caller is; the heads of all requests.
fn endpoint(health: &'static str) -> (u16, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let heads = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&heads);
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let mut stream = BufReader::new(stream);
            let (mut head, mut length, mut line) = (String::new(), 0, String::new());
            while stream.read_line(&mut line).is_ok_and(|read| read > 2) {
                if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
                    length = value.trim().parse().unwrap();
                }
                head.push_str(&line);
                line.clear();
            }
            let mut body = vec![0; length];
            let _ = stream.read_exact(&mut body);
            let asked = format!("{head}{}", String::from_utf8_lossy(&body));
            let answer = if asked.starts_with("GET /_localstack/health ") {
                health
            } else {
                "<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::000000000000:root</Arn>\
                 <Account>000000000000</Account></GetCallerIdentityResult></GetCallerIdentityResponse>"
            };
            seen.lock().unwrap().push(asked);
            let _ = write!(
                stream.get_mut(),
                "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{answer}",
                answer.len()
            );
        }
    });
    (port, heads)
}

#[test]
fn what_answers_and_is_no_aws_is_told() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let mut request = [0; 4096];
            let _ = stream.read(&mut request);
            let status = if request.starts_with(b"GET") {
                "404 Not Found"
            } else {
                "501 Not Implemented"
            };
            let page = format!("HTTP/1.1 {status}\r\nContent-Length: 6\r\nConnection: close\r\n\r\n<html>");
            let _ = stream.write_all(page.as_bytes());
        }
    });
    let env = stack("{ Type: Succeed }");
    for command in ["deploy", "test"] {
        let ran = env.run(&[command, STACK, "--endpoint-url", &url]).expect(3);
        says(
            &ran,
            &[
                "is no AWS: it answered with status 501 and no error code",
                "is the endpoint right?",
            ],
        );
    }
}

#[test]
fn a_service_that_is_disabled_is_named_before_anything_is_created() {
    let env = stack("{ Type: Succeed }");
    let (port, heads) = endpoint(
        r#"{"services":{"iam":"available","sts":"available","logs":"disabled","stepfunctions":"disabled"},"edition":"community","version":"4.14.0"}"#,
    );
    for command in ["deploy", "test"] {
        let output = with_docker(&env, "exit 1", port, &[command, STACK]).output().unwrap();
        let ran = env.finish(output).expect(3);
        says(
            &ran,
            &[
                "target localstack, LocalStack community 4.14.0 at http://127.0.0.1:",
                "LocalStack community 4.14.0 does not offer what is needed: stepfunctions (disabled)",
                "without SERVICES, or with at least SERVICES=sts,iam,stepfunctions",
            ],
        );
    }
    let heads = heads.lock().unwrap();
    let calls: Vec<&String> = heads.iter().filter(|head| !head.starts_with("GET /_")).collect();
    assert!(
        calls.iter().all(|call| call.contains("Action=GetCallerIdentity")),
        "{calls:?}"
    );
    assert_eq!(calls.len(), 2, "{calls:?}");
}

/// The port of a way to an endpoint on which requests that hold a text are answered as LocalStack answers without the service.
fn without(endpoint: &str, text: &'static str) -> u16 {
    let to = endpoint.trim_start_matches("http://").to_owned();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let to = to.clone();
            std::thread::spawn(move || {
                let mut stream = BufReader::new(stream);
                let (mut head, mut length, mut line) = (String::new(), 0, String::new());
                while stream.read_line(&mut line).is_ok_and(|read| read > 2) {
                    if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
                        length = value.trim().parse().unwrap();
                    }
                    head.push_str(&line);
                    line.clear();
                }
                let mut body = vec![0; length];
                let _ = stream.read_exact(&mut body);
                if head.contains(text) {
                    let answer = r#"{"__type":"InternalFailure","message":"it is not enabled"}"#;
                    let length = answer.len();
                    let _ = write!(
                        stream.get_mut(),
                        "HTTP/1.1 501 No\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{answer}"
                    );
                    return;
                }
                let mut there = TcpStream::connect(to).unwrap();
                let _ = write!(there, "{head}Connection: close\r\n\r\n");
                let _ = there.write_all(&body);
                let _ = std::io::copy(&mut there, stream.get_mut());
            });
        }
    });
    port
}

#[test]
fn a_service_that_no_resource_needs_may_be_missing() {
    let server = Env::new();
    let (up, endpoint) = crate::processes::up(&server);
    let port = without(&endpoint, "DynamoDB_20120810.ListTables").to_string();
    let env = stack("{ Type: Succeed }");
    let at = format!("http://127.0.0.1:{port}");
    let note = "tables cannot be listed here (InternalFailure: it is not enabled): none is looked for";
    for args in [
        &["plan", STACK][..],
        &["deploy", STACK],
        &["status", STACK],
        &["test", STACK],
        &["teardown", STACK],
        &["teardown", "--name", "it"],
    ] {
        let ran = env.run(&[args, &["--endpoint-url", &at]].concat()).expect(0);
        assert_eq!(ran.stderr.matches(note).count(), 1, "{args:?}: {}", ran.stderr);
    }
    env.edit(STACK, "stateMachines:", "tables: { Seen: { key: Id } }\nstateMachines:");
    for command in ["plan", "test", "teardown"] {
        let ran = env.run(&[command, STACK, "--endpoint-url", &at]);
        assert_ne!(ran.code, 0, "{command}");
        says(&ran, &["cannot list the tables: InternalFailure: it is not enabled"]);
    }
    up.send(Signal::SIGTERM);
    up.code();
}

#[test]
fn what_does_not_serve_yet_is_not_ready() {
    let env = stack("{ Type: Succeed }");
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    // As the proxy of a container that is starting: takes the connection and closes it.
    std::thread::spawn(move || listener.incoming().for_each(drop));
    let output = with_docker(&env, "exit 1", port, &["deploy", STACK]).output().unwrap();
    let ran = env.finish(output).expect(3);
    says(&ran, &["does not serve requests", "may still be starting"]);
}
