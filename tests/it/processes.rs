//! Several processes on one local cloud, one after another and at once, and what survives `kill -9`.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::env::{Env, Ran};

/// How long anything may take before the test gives up.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// A process that is ended when the test is done with it, and the lines it says on either stream.
pub struct Running {
    process: Child,
    lines: mpsc::Receiver<String>,
}

impl Running {
    pub fn start(env: &Env, args: &[&str]) -> Self {
        let mut process = env
            .command(args)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (said, lines) = mpsc::channel();
        pump(process.stdout.take().unwrap(), said.clone());
        pump(process.stderr.take().unwrap(), said);
        Self { process, lines }
    }

    /// Reads until a line says this; the line.
    pub fn until_it_says(&mut self, text: &str) -> String {
        let mut said = Vec::new();
        while let Ok(line) = self.lines.recv_timeout(PATIENCE) {
            if line.contains(text) {
                return line;
            }
            said.push(line);
        }
        panic!("it never said `{text}`:\n{}", said.join("\n"));
    }

    pub fn send(&self, signal: Signal) {
        kill(Pid::from_raw(i32::try_from(self.process.id()).unwrap()), signal).unwrap();
    }

    /// Its exit code, once it has ended.
    pub fn code(mut self) -> Option<i32> {
        loop {
            match self.lines.recv_timeout(PATIENCE) {
                Ok(_) => {}
                Err(mpsc::RecvTimeoutError::Disconnected) => return self.process.wait().unwrap().code(),
                Err(mpsc::RecvTimeoutError::Timeout) => panic!("it does not end"),
            }
        }
    }
}

fn pump(stream: impl Read + Send + 'static, said: mpsc::Sender<String>) {
    std::thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            if said.send(line).is_err() {
                return;
            }
        }
    });
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A machine that waits, then passes.
fn waiting(seconds: u32) -> Env {
    let env = Env::new();
    env.write(
        "wait.yaml",
        &format!(
            "name: wait\nstateMachines:\n  Main:\n    definition:\n      StartAt: Sleep\n      States:\n        Sleep: {{ Type: Wait, \
             Seconds: {seconds}, Next: Done }}\n        Done: {{ Type: Succeed }}\nstart: {{ stateMachine: Main, input: {{ a: 1 }} }}\n"
        ),
    );
    env
}

/// Repeats a command until what it says fits, for half a minute at most.
fn eventually(mut attempt: impl FnMut() -> Ran, fits: impl Fn(&Ran) -> bool) -> Ran {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let ran = attempt();
        if fits(&ran) {
            return ran;
        }
        assert!(Instant::now() < deadline, "still:\n{}\n{}", ran.stdout, ran.stderr);
    }
}

#[test]
fn an_execution_goes_on_after_kill_9() {
    let env = waiting(1);
    let mut deploy = Running::start(&env, &["deploy", "wait.yaml"]);
    deploy.until_it_says("execution wait-");
    deploy.send(Signal::SIGKILL);
    assert_eq!(deploy.code(), None);

    // Any process that opens the local cloud carries it on; what was acknowledged is there.
    let status = env.run(&["status", "wait.yaml"]).expect(0);
    assert!(status.stdout.contains("wait-Main"), "{}", status.stdout);
    let ended = eventually(
        || env.run(&["status", "wait.yaml"]),
        |ran| !ran.stdout.contains("RUNNING"),
    );
    assert!(ended.stdout.contains("SUCCEEDED"), "{}", ended.stdout);
}

#[test]
fn teardown_stops_what_runs() {
    let env = waiting(100_000);
    env.run(&["deploy", "wait.yaml", "--no-start"]).expect(0);
    env.run(&["start", "wait.yaml", "--no-follow"]).expect(0);
    assert!(env.run(&["status", "wait.yaml"]).expect(0).stdout.contains("RUNNING"));
    env.run(&["teardown", "wait.yaml"]).expect(0);
    assert!(!env.run(&["status", "wait.yaml"]).expect(0).stdout.contains("RUNNING"));
}

#[test]
fn ctrl_c_ends_with_130_and_leaves_the_execution() {
    let env = waiting(100_000);
    let mut deploy = Running::start(&env, &["deploy", "wait.yaml"]);
    deploy.until_it_says("execution wait-");
    deploy.send(Signal::SIGINT);
    assert_eq!(deploy.code(), Some(130));
    assert!(env.run(&["status", "wait.yaml"]).expect(0).stdout.contains("RUNNING"));
}

/// `local up` on a free port; the endpoint.
pub fn up(env: &Env) -> (Running, String) {
    up_with(env, &[])
}

/// The same with more arguments.
pub fn up_with(env: &Env, more: &[&str]) -> (Running, String) {
    let mut up = Running::start(env, &[&["local", "up", "--port", "0"], more].concat());
    let line = up.until_it_says("http://127.0.0.1:");
    let at = line.find("http://").unwrap();
    let endpoint = line[at..]
        .split_whitespace()
        .next()
        .unwrap()
        .trim_end_matches(['/', ',', '.'])
        .to_owned();
    (up, endpoint)
}

#[test]
fn a_second_process_talks_to_the_first() {
    let env = waiting(1);
    let (first, _) = up(&env);
    env.run(&["deploy", "wait.yaml", "--no-start"]).expect(0);
    env.run(&["start", "wait.yaml", "--no-follow"]).expect(0);
    eventually(
        || env.run(&["status", "wait.yaml"]),
        |ran| ran.stdout.contains("SUCCEEDED"),
    );
    first.send(Signal::SIGKILL);
    first.code();
    // The lock went with it: the next process opens the folder itself.
    env.run(&["teardown", "wait.yaml"]).expect(0);
}

#[test]
fn deploys_at_the_same_time_do_not_lose_anything() {
    let env = Env::with_demo_stacks();
    env.edit(
        "lambdas/call-center/work-on-case/index.js",
        "Math.random() < 0.5",
        "true",
    );
    let file = "stacks/call-center.yaml";
    let running: Vec<_> = (0..3)
        .map(|_| Running::start(&env, &["deploy", file, "--no-start"]))
        .collect();
    let codes: Vec<_> = running.into_iter().map(Running::code).collect();
    // Two deploys of one stack may get in each other's way; what they leave must be repairable by another.
    assert!(codes.contains(&Some(0)), "{codes:?}");
    env.run(&["deploy", file]).expect(0);
    env.run(&["plan", file, "--detailed-exitcode"]).expect(0);
    env.run(&["teardown", file]).expect(0);
}

#[test]
fn an_endpoint_is_deployed_to_by_the_same_code() {
    let server = Env::new();
    let (up, endpoint) = up(&server);
    let env = Env::with_demo_stacks();
    env.edit(
        "lambdas/call-center/work-on-case/index.js",
        "Math.random() < 0.5",
        "true",
    );
    let file = "stacks/call-center.yaml";
    let deployed = env.run(&["deploy", file, "--endpoint-url", &endpoint]).expect(0);
    assert!(deployed.stderr.contains("target localstack"), "{}", deployed.stderr);
    assert!(deployed.stdout.contains("resolved...closed."), "{}", deployed.stdout);
    assert!(!env.path(".stepstack").exists(), "an endpoint needs no local cloud");
    let again = env
        .run(&["deploy", file, "--target", "localstack", "--endpoint-url", &endpoint])
        .expect(0);
    assert!(again.stderr.contains("nothing to change"), "{}", again.stderr);
    env.run(&["teardown", file, "--endpoint-url", &endpoint]).expect(0);
    up.send(Signal::SIGTERM);
    up.code();
}
