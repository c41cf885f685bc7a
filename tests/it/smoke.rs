//! `stepstack test`, as a user types it: what is run, what is told, and that nothing is left.

use std::collections::BTreeMap;

use nix::sys::signal::Signal;

use crate::convergence::contents;
use crate::env::{Env, Ran};
use crate::processes::{Running, up};

pub const FILE: &str = "cases.yaml";

/// A stack that does what its input says, with names of its own for some of its resources.
const STACK: &str = r#"
name: cases
roles:
  runner: { name: runner-of-cases }
queues:
  Asked: { name: asked.fifo, fifo: true, contentBasedDeduplication: true }
tables:
  Seen: { key: Id }
stateMachines:
  Main:
    role: runner
    definition:
      StartAt: Which
      States:
        Which:
          Type: Choice
          Choices:
            - { Variable: $.wait, IsPresent: true, Next: Sleep }
            - { Variable: $.bad, IsPresent: true, Next: Bad }
            - { Variable: $.ask, IsPresent: true, Next: Ask }
          Default: Good
        Sleep: { Type: Wait, SecondsPath: $.wait, Next: Good }
        Ask:
          Type: Task
          Resource: arn:aws:states:::sqs:sendMessage.waitForTaskToken
          TimeoutSeconds: 600
          Parameters:
            QueueUrl: "${Asked.Url}"
            MessageGroupId: one
            MessageBody: { "token.$": $$.Task.Token }
          Next: Good
        Good: { Type: Succeed }
        Bad: { Type: Fail, Error: Oops, Cause: it broke }
"#;

/// The stack with these cases.
pub fn with_cases(cases: &str) -> Env {
    let env = Env::new();
    write_cases(&env, cases);
    env
}

pub fn write_cases(env: &Env, cases: &str) {
    let lines: Vec<String> = cases
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .map(|line| format!("  - {line}"))
        .collect();
    env.write(FILE, &format!("{STACK}\ntests:\n{}\n", lines.join("\n")));
}

#[track_caller]
pub fn says(ran: &Ran, texts: &[&str]) {
    for text in texts {
        let said = format!("{}\n{}", ran.stdout, ran.stderr);
        assert!(said.contains(text), "does not say `{text}`:\n{said}");
    }
}

/// Everything that stands in the local cloud.
fn standing(env: &Env) -> BTreeMap<&'static str, String> {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let folder = env.path("");
    runtime.block_on(contents(&folder))
}

#[track_caller]
pub fn nothing_is_left(env: &Env) {
    assert_eq!(standing(env), standing(&Env::new()));
}

/// The cases of a report, by name: how each ended.
fn ends(env: &Env, report: &str) -> BTreeMap<String, String> {
    let report = std::fs::read_to_string(env.path(report)).unwrap();
    let report: serde_json::Value = serde_json::from_str(&report).unwrap();
    let mut ends = BTreeMap::new();
    for case in report["suites"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|suite| suite["cases"].as_array().unwrap())
    {
        let word = |name: &str| case[name].as_str().unwrap().to_owned();
        ends.insert(word("name"), word("verdict"));
    }
    ends
}

#[test]
fn cases_pass_fail_and_are_answered() {
    let env = with_cases(
        "{ name: good }
         { name: bad, input: { bad: 1 }, expect: { error: Oops, path: [Which, Bad] } }
         { name: asked, input: { ask: 1 }, callbacks: { Ask: approve }, expect: { output: { approved: true } } }
         { name: refused, input: { ask: 1 }, callbacks: { Ask: reject }, expect: { error: Rejected } }
         { name: soon, input: { wait: 100000 }, time: virtual, expect: { path: [Which, Sleep, Good] } }
         { name: wrong, input: { bad: 1 } }
         { name: late, input: { wait: 100000 }, timeout: 1 }
         { name: nobody, input: { ask: 1 }, timeout: 1 }",
    );
    let ran = env
        .run(&[
            "test",
            FILE,
            "--report",
            "report.json",
            "--junit",
            "out/report.xml",
            "--jobs",
            "8",
        ])
        .expect(1);
    says(
        &ran,
        &[
            "5 passed, 3 failed",
            "wrong",
            "Oops",
            "it was still running, in `Sleep`",
            "`Ask` waited for a task token, and `callbacks` has no answer for it",
        ],
    );
    let ends = ends(&env, "report.json");
    for (case, end) in [
        ("good", "passed"),
        ("bad", "passed"),
        ("asked", "passed"),
        ("refused", "passed"),
        ("soon", "passed"),
        ("wrong", "failed"),
        ("late", "failed"),
        ("nobody", "failed"),
    ] {
        assert_eq!(ends[case], end, "{case}: {ends:?}");
    }
    let junit = std::fs::read_to_string(env.path("out/report.xml")).unwrap();
    assert!(junit.contains(r#"failures="3""#), "{junit}");
    nothing_is_left(&env);
}

#[test]
fn some_cases_are_chosen() {
    let env = with_cases("{ name: good one }\n{ name: bad one, input: { bad: 1 } }");
    says(&env.run(&["test", FILE, "--filter", "^good"]).expect(0), &["1 passed"]);
    let none = env.run(&["test", FILE, "--filter", "ugly"]).expect(2);
    says(&none, &["no case has a name that fits `ugly`", "`good one`, `bad one`"]);
}

#[test]
fn after_a_failure_no_more_are_begun() {
    let env = with_cases("{ name: bad, input: { bad: 1 } }\n{ name: good }\n{ name: better }");
    let ran = env.run(&["test", FILE, "--fail-fast", "--jobs", "1"]).expect(1);
    says(&ran, &["0 passed, 1 failed, 2 skipped", "since `bad` failed"]);
    nothing_is_left(&env);
}

#[test]
fn a_case_that_passes_in_the_end_is_flaky() {
    let env = Env::new();
    // The first execution finds the table empty.
    env.write(
        FILE,
        r#"
name: flaky
tables:
  Seen: { key: Id }
stateMachines:
  Main:
    definition:
      StartAt: Look
      States:
        Look:
          Type: Task
          Resource: arn:aws:states:::dynamodb:getItem
          Parameters: { TableName: "${Seen.Name}", Key: { Id: { S: me } } }
          Next: Remember
          ResultPath: $.found
        Remember:
          Type: Task
          Resource: arn:aws:states:::dynamodb:putItem
          Parameters: { TableName: "${Seen.Name}", Item: { Id: { S: me } } }
          ResultPath: $.put
          Next: WasThere
        WasThere:
          Type: Choice
          Choices: [{ Variable: $.found.Item, IsPresent: true, Next: Good }]
          Default: Bad
        Good: { Type: Succeed }
        Bad: { Type: Fail, Error: First }
tests:
  - { name: sometimes }
"#,
    );
    says(&env.run(&["test", FILE]).expect(1), &["1 failed", "First"]);
    let ran = env
        .run(&["test", FILE, "--retries", "2", "--report", "report.json"])
        .expect(0);
    says(&ran, &["1 passed (1 flaky)"]);
}

#[test]
fn what_is_kept_stands_beside_the_stack_and_stays() {
    let env = with_cases("{ name: good }");
    env.run(&["deploy", FILE, "--no-start"]).expect(0);
    let real = standing(&env);
    env.run(&["test", FILE]).expect(0);
    assert_eq!(standing(&env), real, "the stack itself is untouched");

    let kept = env.run(&["test", FILE, "--keep"]).expect(0);
    says(
        &kept,
        &[
            "is kept;",
            "stepstack status --name cases-t",
            "stepstack teardown --name cases-t",
        ],
    );
    let name = regex::Regex::new("cases-t[0-9a-f]{8}").unwrap();
    let name = name.find(&kept.stderr).unwrap().as_str().to_owned();
    let status = env.run(&["status", "--name", &name]).expect(0);
    let suffix = name.strip_prefix("cases").unwrap();
    for resource in [
        format!("runner-of-cases{suffix}"),
        format!("asked{suffix}.fifo"),
        format!("cases{suffix}-Seen"),
        format!("cases{suffix}-Main"),
    ] {
        assert!(status.stdout.contains(&resource), "{resource}:\n{}", status.stdout);
    }
    says(&status, &["SUCCEEDED"]);

    let again = env.run(&["test", FILE]).expect(0);
    says(&again, &[&format!("{name} was kept by an earlier test run")]);
    env.run(&["plan", FILE, "--detailed-exitcode"]).expect(0);
    env.run(&["teardown", "--name", &name]).expect(0);
    assert_eq!(standing(&env), real);
}

#[test]
fn what_stands_can_be_tested() {
    let env = with_cases("{ name: good }");
    says(
        &env.run(&["test", FILE, "--no-deploy"]).expect(1),
        &["cases-Main is not deployed"],
    );
    env.run(&["deploy", FILE, "--no-start"]).expect(0);
    let real = standing(&env);
    says(&env.run(&["test", FILE, "--no-deploy"]).expect(0), &["1 passed"]);
    assert_eq!(standing(&env), real);
    says(&env.run(&["status", FILE]).expect(0), &["good-", "SUCCEEDED"]);
}

#[test]
fn ctrl_c_stops_and_removes() {
    let env = with_cases("{ name: long, input: { wait: 100000 } }\n{ name: good }");
    let mut running = Running::start(&env, &["test", FILE, "--json", "--jobs", "1"]);
    running.until_it_says("\"stateEntered\"");
    // Twice, as `timeout` does it; that is no second wish.
    running.send(Signal::SIGTERM);
    running.send(Signal::SIGTERM);
    running.until_it_says("stop it once more to leave at once");
    running.until_it_says("\"executionFinished\"");
    // The one that was running is not as if it had never been.
    running.until_it_says("\"broken\":1");
    assert_eq!(running.code(), Some(130));
    nothing_is_left(&env);
}

#[test]
fn a_second_ctrl_c_leaves_at_once_and_says_what_stays() {
    let env = with_cases("{ name: long, input: { wait: 100000 } }");
    let mut running = Running::start(&env, &["test", FILE, "--json"]);
    running.until_it_says("\"stateEntered\"");
    running.send(Signal::SIGINT);
    running.send(Signal::SIGTERM);
    running.until_it_says("stays, as far as it was not removed yet");
    running.until_it_says("stepstack teardown --name cases-t");
    assert_eq!(running.code(), Some(130));
    write_cases(&env, "{ name: good }");
    env.run(&["test", FILE]).expect(0);
    nothing_is_left(&env);
}

#[test]
fn what_is_named_literally_is_told() {
    let env = with_cases("{ name: good }");
    env.edit(
        FILE,
        "QueueUrl: \"${Asked.Url}\"",
        "QueueUrl: https://sqs.us-east-1.amazonaws.com/000000000000/asked.fifo",
    );
    let ran = env.run(&["test", FILE]).expect(0);
    says(&ran, &["the state machine `Main` names the queue `Asked` literally"]);
}

#[test]
fn runs_at_the_same_time_do_not_disturb_each_other() {
    let env = with_cases("{ name: good }\n{ name: short, input: { wait: 1 } }");
    let (up, _) = up(&env);
    let running: Vec<_> = (0..3).map(|_| Running::start(&env, &["test", FILE])).collect();
    let codes: Vec<_> = running.into_iter().map(Running::code).collect();
    assert_eq!(codes, [Some(0); 3]);
    up.send(Signal::SIGTERM);
    up.code();
    nothing_is_left(&env);
}

#[test]
fn a_deploy_that_fails_is_removed_and_nothing_runs() {
    let env = with_cases("{ name: good }");
    // Only the service knows that there is no such role.
    env.edit(
        FILE,
        "    role: runner\n",
        "    role: arn:aws:iam::000000000000:role/nobody\n",
    );
    env.edit(FILE, "roles:\n  runner: { name: runner-of-cases }\n", "");
    let ran = env.run(&["test", FILE, "--patience", "1"]).expect(3);
    says(
        &ran,
        &[
            "0 passed",
            "1 skipped",
            "the deploy is incomplete",
            "cannot create state machine",
        ],
    );
    nothing_is_left(&env);
}

#[test]
fn an_endpoint_of_ours_can_mock_too() {
    let server = Env::new();
    let (up, endpoint) = up(&server);
    let env = with_cases(
        "{ name: mocked, input: { ask: 1 }, mocks: { Ask: { return: { fine: true } } }, expect: { output: { fine: true } } }",
    );
    let ran = env.run(&["test", FILE, "--endpoint-url", &endpoint]).expect(0);
    says(&ran, &["1 passed", "target localstack"]);
    up.send(Signal::SIGTERM);
    up.code();
    nothing_is_left(&server);
}

#[test]
fn a_case_is_skipped_where_the_file_says_so_and_every_report_says_why() {
    let env = with_cases(
        "{ name: good, skipOn: { localstack: not there } }
         { name: not here, input: { bad: 1 }, skipOn: { local: it breaks <here> } }",
    );
    let reports = ["out.json", "out.xml", "out.md"].map(|report| ["--report", report]);
    let mut args = vec!["test", FILE];
    args.extend(reports.iter().flatten());
    says(
        &env.run(&args).expect(0),
        &[
            "1 passed, 1 skipped",
            "SKIPPED not here",
            "not on local: it breaks <here>",
        ],
    );
    for (report, expected) in [
        ("out.json", "not on local: it breaks <here>"),
        ("out.xml", "not on local: it breaks &lt;here&gt;"),
        ("out.md", "not on local: it breaks"),
    ] {
        let text = std::fs::read_to_string(env.path(report)).unwrap();
        assert!(text.contains(expected), "{report}: {text}");
    }
    let github = env.run(&["test", FILE, "--format", "github"]).expect(0);
    says(&github, &["::notice ", "not on local: it breaks <here>"]);

    // One of ours is `local`, whatever the target is called.
    let server = Env::new();
    let (up, endpoint) = up(&server);
    let ran = env.run(&["test", FILE, "--endpoint-url", &endpoint]).expect(0);
    says(&ran, &["target localstack", "1 passed, 1 skipped"]);
    up.send(Signal::SIGTERM);
    up.code();
}

#[test]
fn a_stack_whose_cases_are_all_skipped_is_not_deployed_and_fails_only_alone() {
    let env = with_cases("{ name: good }");
    let none = format!("{STACK}\ntests:\n  - {{ name: never, skipOn: {{ local: why not }} }}\n");
    env.write("none.yaml", &none.replace("name: cases\n", "name: none\n"));
    let alone = env.run(&["test", "none.yaml", "--json"]).expect(1);
    says(&alone, &["no case was run, all were skipped: not on local: why not"]);
    assert!(!alone.stdout.contains("step-"), "{}", alone.stdout);
    let both = env.run(&["test", "none.yaml", FILE]).expect(0);
    says(&both, &["1 passed, 1 skipped"]);
    nothing_is_left(&env);
}

#[test]
fn files_are_run_one_after_another() {
    let env = with_cases("{ name: good }");
    env.write(
        "start.yaml",
        "name: start\nstateMachines:\n  M: { definition: { StartAt: P, States: { P: { Type: Pass, End: true } } } }\n\
         start: { stateMachine: M, input: {} }\n",
    );
    env.write(
        "bare.yaml",
        "name: bare\nstateMachines:\n  M: { definition: { StartAt: P, States: { P: { Type: Pass, End: true } } } }\n",
    );
    let ran = env
        .run(&[
            "test",
            FILE,
            "start.yaml",
            "bare.yaml",
            "--coverage-min",
            "30",
            "--report",
            "report.json",
        ])
        .expect(1);
    says(&ran, &["2 passed", "bare.yaml has neither `tests` nor `start`"]);
    let ends = ends(&env, "report.json");
    assert_eq!(ends["start succeeds"], "passed");
    assert_eq!(env.run(&["test", "start.yaml", "--coverage-min", "100"]).code, 0);
    says(&env.run(&["test", "bare.yaml"]).expect(2), &["there is no case to run"]);
    says(&env.run(&["test", FILE, "missing.yaml"]).expect(2), &["missing.yaml"]);
    says(
        &env.run(&["test", FILE, "--report", "report.txt"]).expect(2),
        &["does not say which form the report has"],
    );
    nothing_is_left(&env);
}

#[test]
fn a_run_that_ends_before_it_begins_has_reports_too() {
    let env = with_cases("{ name: good }");
    env.write("bad.yaml", "name: bad\nnonsense: 1\n");
    let ran = env
        .run(&["test", FILE, "bad.yaml", "--junit", "r.xml", "--format", "github"])
        .expect(2);
    says(&ran, &["::error file=bad.yaml,line=2,col=1"]);
    let report = std::fs::read_to_string(env.path("r.xml")).unwrap();
    assert!(report.contains(r#"file="bad.yaml" line="2""#), "{report}");
    assert!(
        report.contains("nothing was run, since another stack file cannot be used"),
        "{report}"
    );

    let down = ["--endpoint-url", "http://127.0.0.1:9", "--target", "localstack"];
    env.run(&[&["test", FILE, "--junit", "r.xml"], &down[..]].concat())
        .expect(3);
    let report = std::fs::read_to_string(env.path("r.xml")).unwrap();
    assert!(
        report.contains(r#"<error message="#) && !report.contains("bad.yaml"),
        "{report}"
    );

    says(&env.run(&["test", FILE, FILE]).expect(2), &["is named twice"]);
    says(
        &env.run(&["test", FILE, "--junit", "cases.yaml/r.xml"]).expect(2),
        &["cannot write the report"],
    );
    nothing_is_left(&env);
}
