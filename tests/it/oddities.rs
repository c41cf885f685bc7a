//! What new users ran into: commands that must say what they did not do, and must not hang.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::env::{Env, Ran};

const STACK: &str = "\
name: odd
functions: {}
stateMachines:
  Slow: { definition: { StartAt: A, States: { A: { Type: Pass, End: true } } } }
  Fast: { type: EXPRESS, definition: { StartAt: A, States: { A: { Type: Pass, End: true } } } }
";

fn deployed() -> Env {
    let env = Env::new();
    env.write("odd.yaml", STACK);
    env.run(&["deploy", "odd.yaml"]).expect(0);
    env
}

#[track_caller]
fn says(ran: &Ran, text: &str) {
    assert!(ran.stderr.contains(text), "no `{text}` in\n{}", ran.stderr);
}

#[test]
fn express_machines_have_a_status_without_executions() {
    let env = deployed();
    let ran = env.run(&["status", "odd.yaml"]).expect(0);
    assert!(ran.stdout.contains("odd-Fast"), "{}", ran.stdout);
    says(&ran, "odd-Fast is an EXPRESS state machine");
}

#[test]
fn the_next_command_names_one_of_several_machines() {
    let env = deployed();
    let ran = env.run(&["deploy", "odd.yaml"]).expect(0);
    says(&ran, "stepstack start odd.yaml --machine Slow");
    env.run(&["start", "odd.yaml", "--machine", "Slow"]).expect(0);
    env.run(&["start", "odd.yaml", "--state-machine", "Slow"]).expect(0);
    env.run(&["start", "odd.yaml", "Slow", "--machine", "Slow"]).expect(2);
}

#[test]
fn start_says_that_the_file_has_changed_since_the_deploy() {
    let env = deployed();
    env.edit(
        "odd.yaml",
        "A: { Type: Pass, End",
        "A: { Type: Succeed, Comment: new, End",
    );
    env.edit(
        "odd.yaml",
        "Type: Succeed, Comment: new, End: true",
        "Type: Succeed, Comment: new",
    );
    says(
        &env.run(&["start", "odd.yaml", "Slow"]).expect(0),
        "another definition of odd-Slow than is deployed",
    );
    env.run(&["deploy", "odd.yaml"]).expect(0);
    let ran = env.run(&["start", "odd.yaml", "Slow"]).expect(0);
    assert!(!ran.stderr.contains("another definition"), "{}", ran.stderr);
}

#[test]
fn output_that_cannot_be_written_is_a_failure() {
    let env = deployed();
    for args in [
        &["plan", "odd.yaml", "--json"][..],
        &["status", "odd.yaml"],
        &["deploy", "odd.yaml", "--json"],
    ] {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let output = env.command(args).stdout(full).output().unwrap();
        let ran = env.finish(output).expect(1);
        says(&ran, "standard output is lost");
    }
}

#[test]
fn names_that_no_stack_can_have_are_refused() {
    let env = Env::new();
    for name in ["", "s1; rm", "s_1", "1s"] {
        for command in ["status", "teardown"] {
            env.run(&[command, "--name", name]).expect(2);
        }
    }
}

#[test]
fn looking_makes_no_local_cloud() {
    let env = Env::new();
    env.write(".stepstack/.keep", "");
    let ran = env.run(&["local", "status"]).expect(0);
    assert!(ran.stdout.contains("there is no local cloud"), "{}", ran.stdout);
    assert!(!env.path(".stepstack/local.db").exists());
}

#[test]
fn input_without_end_is_refused() {
    let env = deployed();
    let ran = env
        .run(&["start", "odd.yaml", "Slow", "--input", "@/dev/zero"])
        .expect(2);
    says(&ran, "larger than 1 MiB");
    env.edit(
        "odd.yaml",
        "functions: {}",
        "functions: { F: { code: /dev/zero, runtime: python3.12, handler: a.b } }",
    );
    says(
        &env.run(&["validate", "odd.yaml"]).expect(2),
        "neither a file nor a folder",
    );
}

/// Sends a signal as soon as the command has said something, or at once, and waits for its end.
fn interrupted(env: &Env, args: &[&str], signal: &str) -> i32 {
    let mut child = env
        .command(args)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    if args.contains(&"up") {
        let mut first = [0];
        std::io::Read::read_exact(&mut child.stdout.take().unwrap(), &mut first).unwrap();
    } else {
        // Until it listens to signals, they end it as they end any process, which is as good.
        std::thread::yield_now();
    }
    let killed = Command::new("kill")
        .args([signal, &child.id().to_string()])
        .status()
        .unwrap();
    assert!(killed.success());
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status.code().unwrap_or(-1);
        }
        if Instant::now() > deadline {
            child.kill().unwrap();
            panic!("{args:?} did not end after {signal}");
        }
        std::thread::yield_now();
    }
}

#[test]
fn to_be_stopped_is_how_local_up_ends() {
    let env = Env::new();
    for signal in ["-INT", "-TERM", "-INT", "-TERM"] {
        assert_eq!(interrupted(&env, &["local", "up", "--port", "0"], signal), 0);
    }
}

#[test]
fn a_pipe_that_nobody_writes_to_can_be_interrupted() {
    let env = deployed();
    let fifo = env.path("fifo");
    assert!(Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    let code = interrupted(&env, &["start", "odd.yaml", "Slow", "--input", "@fifo"], "-INT");
    assert!(code == 130 || code == -1, "{code}");
}
