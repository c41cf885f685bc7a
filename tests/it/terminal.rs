//! What is asked on a terminal while a task waits for a person: the answers, and what becomes of no answer. The terminal is
//! Python's, which the demo's functions need anyway.

use std::io::{Read, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc;
use std::time::Instant;

use crate::env::Env;
use crate::processes::PATIENCE;

/// Runs its arguments on a terminal of their own; what it is given is typed there, what is written there it writes.
const ON_A_TERMINAL: &str = r"
import os, pty, sys
code = os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:]))
sys.exit(code if code >= 0 else 128 - code)
";

const STACK: &str = "stack.yaml";
const QUESTION: &str = "leave it running?";

/// A task that waits for a person, beside a time limit of so many seconds.
const STACK_FILE: &str = r#"
name: ask
topics: { Requests: {} }
stateMachines:
  Main:
    definition:
      StartAt: Ask
      States:
        Ask:
          Type: Task
          Resource: arn:aws:states:::sns:publish.waitForTaskToken
          HeartbeatSeconds: 3600
          Parameters: { TopicArn: "${Requests.Arn}", Message: { "Token.$": $$.Task.Token } }
          End: true
start: { stateMachine: Main }
"#;

/// A command on a terminal.
struct OnTerminal {
    process: Child,
    keyboard: ChildStdin,
    screen: mpsc::Receiver<Vec<u8>>,
    seen: Vec<u8>,
}

impl OnTerminal {
    fn start(env: &Env, args: &[&str]) -> Self {
        let inner = env.command(args);
        let mut command = Command::new("python3");
        command.args(["-c", ON_A_TERMINAL]).arg(inner.get_program());
        command.args(inner.get_args()).env_clear();
        command.envs(inner.get_envs().filter_map(|(name, value)| Some((name, value?))));
        command.env("TERM", "xterm").current_dir(env.path(""));
        let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let keyboard = process.stdin.take().unwrap();
        let mut output = process.stdout.take().unwrap();
        let (shown, screen) = mpsc::channel();
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(read @ 1..) = output.read(&mut buffer) {
                if shown.send(buffer[..read].to_vec()).is_err() {
                    return;
                }
            }
        });
        Self {
            process,
            keyboard,
            screen,
            seen: Vec::new(),
        }
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.seen).into_owned()
    }

    /// Until this can be read on the screen.
    #[track_caller]
    fn until_it_shows(&mut self, text: &str) {
        let deadline = Instant::now() + PATIENCE;
        while !self.text().contains(text) {
            match self
                .screen
                .recv_timeout(deadline.saturating_duration_since(Instant::now()))
            {
                Ok(bytes) => self.seen.extend(bytes),
                Err(_) => panic!("it never showed `{text}`:\n{}", self.text()),
            }
        }
    }

    fn types(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).unwrap();
        self.keyboard.flush().unwrap();
    }

    /// How it ended, and everything that was on the screen.
    #[track_caller]
    fn ends(mut self) -> (Option<i32>, String) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            match self
                .screen
                .recv_timeout(deadline.saturating_duration_since(Instant::now()))
            {
                Ok(bytes) => self.seen.extend(bytes),
                Err(mpsc::RecvTimeoutError::Disconnected) => break,
                Err(mpsc::RecvTimeoutError::Timeout) => panic!("it does not end:\n{}", self.text()),
            }
        }
        (self.process.wait().unwrap().code(), self.text())
    }
}

impl Drop for OnTerminal {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn asking() -> Env {
    let env = Env::new();
    env.write(STACK, STACK_FILE);
    env.run(&["deploy", STACK, "--no-start"]).expect(0);
    env
}

/// What waits after the command has ended: names of executions.
fn left_waiting(env: &Env) -> Vec<String> {
    let list = env.run(&["callback", "list", STACK, "--json"]).expect(0).json();
    let waiting = list["waiting"].as_array().unwrap().clone();
    let name = |one: &serde_json::Value| one["execution"].as_str().unwrap().to_owned();
    waiting.iter().map(name).collect()
}

/// What is typed at the question → exit code, what the screen shows then, whether the task still waits.
#[test]
fn the_answers() {
    let env = asking();
    for (number, (keys, code, shows, waits)) in [
        ("a\n", 0, r#""approved": true"#, false),
        ("APPROVE\n", 0, r#""approved": true"#, false),
        ("r\n", 1, "Rejected", false),
        ("l\n", 0, "the execution is left running", true),
        ("\n", 0, "the execution is left running", true),
        // What is no answer is asked again.
        ("approove\na\n", 0, r#""approved": true"#, false),
        ("x\nwhat?\nl\n", 0, "the execution is left running", true),
        // The end of the input, as it is typed.
        ("\u{4}", 0, "the execution is left running", true),
        // Ctrl-C.
        ("\u{3}", 130, "interrupted", true),
    ]
    .into_iter()
    .enumerate()
    {
        let name = format!("e{number}");
        let mut start = OnTerminal::start(&env, &["start", STACK, "--name", &name]);
        start.until_it_shows(QUESTION);
        start.types(keys);
        let (ended, screen) = start.ends();
        assert_eq!(ended, Some(code), "{keys:?}:\n{screen}");
        assert!(screen.contains(shows), "{keys:?}:\n{screen}");
        assert_eq!(left_waiting(&env).contains(&name), waits, "{keys:?}:\n{screen}");
        let waiting = env.run(&["approve", STACK, "--execution", &name]);
        assert_eq!(waiting.code, i32::from(!waits), "{keys:?}:\n{}", waiting.stderr);
    }
}

#[test]
fn a_question_that_somebody_else_answers_is_taken_back() {
    let env = asking();
    let mut start = OnTerminal::start(&env, &["start", STACK, "--name", "both"]);
    start.until_it_shows(QUESTION);
    env.run(&["reject", STACK, "--execution", "both"]).expect(0);
    // Nothing is typed.
    let (ended, screen) = start.ends();
    assert_eq!(ended, Some(1), "{screen}");
    let after = screen.split(QUESTION).nth(1).unwrap();
    let (before, _) = after.split_once("Rejected").unwrap();
    // No spinner draws over what somebody may be typing.
    let turns = |letter: char| ('\u{2800}'..='\u{28ff}').contains(&letter);
    assert!(!before.contains(turns), "{screen}");
}

#[test]
fn nothing_is_asked_where_nobody_can_answer() {
    let env = asking();
    for (number, option) in ["--yes", "--quiet", "--json"].into_iter().enumerate() {
        let name = format!("n{number}");
        let start = OnTerminal::start(&env, &["start", STACK, "--name", &name, option]);
        let deadline = Instant::now() + PATIENCE;
        while !left_waiting(&env).contains(&name) {
            assert!(Instant::now() < deadline, "{}", start.text());
        }
        env.run(&["approve", STACK, "--execution", &name]).expect(0);
        let (ended, screen) = start.ends();
        assert_eq!(ended, Some(0), "{option}:\n{screen}");
        assert!(!screen.contains(QUESTION), "{option}:\n{screen}");
    }
}
