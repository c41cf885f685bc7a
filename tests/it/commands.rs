//! Each command as a user types it, on the embedded AWS.

use std::fs;
use std::process::Stdio;

use crate::env::{Env, Ran};

const STACK: &str = "stacks/call-center.yaml";
const WORK: &str = "lambdas/call-center/work-on-case/index.js";

/// The call center with the chance taken out of it.
fn call_center(resolved: bool) -> Env {
    let env = Env::with_demo_stacks();
    env.edit(WORK, "Math.random() < 0.5", if resolved { "true" } else { "false" });
    env
}

/// The lines that begin with one of these words, sorted: steps end in any order.
fn lines_with(text: &str, words: &[&str]) -> String {
    let mut lines: Vec<&str> = text
        .lines()
        .filter(|line| words.iter().any(|word| line.starts_with(word)))
        .collect();
    lines.sort_unstable();
    lines.join("\n")
}

fn executions(env: &Env) -> Vec<serde_json::Value> {
    let status = env.run(&["status", STACK, "--json"]).expect(0).json();
    status["executions"].as_array().unwrap().clone()
}

#[track_caller]
fn says(ran: &Ran, texts: &[&str]) {
    for text in texts {
        let said = format!("{}\n{}", ran.stdout, ran.stderr);
        assert!(said.contains(text), "does not say `{text}`:\n{said}");
    }
}

#[test]
fn deploy_runs_the_workflow_and_prints_its_output() {
    let env = call_center(true);
    let ran = env.run(&["deploy", STACK]).expect(0);
    insta::assert_snapshot!(ran.stdout, @r#"
    {
      "Case": "001",
      "Status": 1,
      "Message": "open case...assigned...resolved...closed."
    }
    "#);
    insta::assert_snapshot!(lines_with(&ran.stderr, &["  ", "SUCCEEDED", "17 ", "+", "target"]), @r"
      Assign Case           Task      [TOOK]
      Close Case            Task      [TOOK]
      Is Case Resolved      Choice    [TOOK]
      Open Case             Task      [TOOK]
      Work on Case          Task      [TOOK]
      stepstack start stacks/call-center.yaml
      stepstack status stacks/call-center.yaml
      stepstack teardown stacks/call-center.yaml
    + create 6 roles, 5 log groups, 5 functions, 1 state machine
    17 done in [TOOK], [N] API calls
    17 to create, 0 to update, 0 to delete, 0 unchanged
    SUCCEEDED in [TOOK]
    target local, account 000000000000, region us-east-1
    ");
}

#[test]
fn a_workflow_that_fails_is_not_a_failed_deploy() {
    let env = call_center(false);
    let ran = env.run(&["deploy", STACK]).expect(1);
    assert_eq!(ran.stdout, "");
    says(
        &ran,
        &["17 done", "deployed; the workflow ended FAILED: Engage Tier 2 Support."],
    );
    assert_eq!(executions(&env)[0]["status"], "FAILED");
}

#[test]
fn the_second_deploy_changes_nothing_and_starts_nothing() {
    let env = call_center(true);
    env.run(&["deploy", STACK]).expect(0);
    let again = env.run(&["deploy", STACK]).expect(0);
    says(&again, &["nothing to change, 17 unchanged"]);
    assert_eq!(again.stdout, "");
    assert_eq!(executions(&env).len(), 1);
    env.run(&["deploy", STACK, "--start"]).expect(0);
    assert_eq!(executions(&env).len(), 2);
}

#[test]
fn one_changed_line_updates_one_function() {
    let env = call_center(true);
    env.run(&["deploy", STACK, "--no-start"]).expect(0);
    env.edit("lambdas/call-center/close-case/index.js", "closed.", "closed!");
    let ran = env.run(&["deploy", STACK]).expect(0);
    says(
        &ran,
        &[
            "0 to create, 1 to update, 0 to delete, 16 unchanged",
            "resolved...closed!",
        ],
    );
    insta::assert_snapshot!(lines_with(&ran.stderr, &["updated", "created", "deleted"]), @"updated function call-center-CloseCaseFunction ([TOOK])");
}

#[test]
fn a_changed_transition_is_shown_as_such() {
    let env = call_center(true);
    env.run(&["deploy", STACK, "--no-start"]).expect(0);
    env.edit(
        "stacks/call-center.asl.json",
        "Engage Tier 2 Support.",
        "Call the manager.",
    );
    let plan = env.run(&["plan", STACK, "--detailed-exitcode"]).expect(5);
    insta::assert_snapshot!(plan.stdout, @r#"
    ~ update state machine call-center-CallCenter
        States/Fail/Cause: "Engage Tier 2 Support." → "Call the manager."
    0 to create, 1 to update, 0 to delete, 16 unchanged
    "#);
}

#[test]
fn a_function_taken_out_of_the_file_is_removed() {
    let env = call_center(true);
    env.run(&["deploy", STACK, "--no-start"]).expect(0);
    let extra = "  ExtraFunction:\n    code: ../lambdas/call-center/open-case\n    runtime: nodejs22.x\n    handler: index.handler\n";
    env.edit(STACK, "\nroles:", &format!("{extra}\nroles:"));
    env.run(&["deploy", STACK, "--no-start"]).expect(0);
    env.edit(STACK, extra, "");
    let ran = env.run(&["deploy", STACK, "--no-start"]).expect(0);
    insta::assert_snapshot!(lines_with(&ran.stderr, &["updated", "created", "deleted"]), @r"
    deleted function call-center-ExtraFunction ([TOOK])
    deleted log group /aws/lambda/call-center-ExtraFunction ([TOOK])
    deleted role call-center-ExtraFunction-role ([TOOK])
    ");
    env.run(&["plan", STACK, "--detailed-exitcode"]).expect(0);
}

#[test]
fn plan_shows_what_deploy_does_and_changes_nothing() {
    let env = call_center(true);
    let plan = env.run(&["plan", STACK]).expect(0);
    says(
        &plan,
        &[
            "+ create role step_functions_basic_execution",
            "17 to create, 0 to update, 0 to delete, 0 unchanged",
        ],
    );
    let json = env.run(&["plan", STACK, "--json"]).expect(0).json();
    assert_eq!(json["steps"].as_array().unwrap().len(), 17);
    let machine = json["steps"]
        .as_array()
        .unwrap()
        .iter()
        .find(|step| step["kind"] == "state-machine")
        .unwrap();
    assert_eq!(
        machine["arn"],
        "arn:aws:states:us-east-1:000000000000:stateMachine:call-center-CallCenter"
    );
    // What it creates can be read beforehand, references resolved.
    let changes = machine["changes"].as_array().unwrap();
    let definition = changes.iter().find(|change| change["field"] == "definition").unwrap();
    assert_eq!(
        definition["after"]["States"]["Open Case"]["Resource"],
        "arn:aws:lambda:us-east-1:000000000000:function:call-center-OpenCaseFunction"
    );
    env.run(&["plan", STACK, "--detailed-exitcode"]).expect(5);
    says(&env.run(&["status", STACK]).expect(0), &["nothing"]);
}

#[test]
fn start_runs_several_at_once() {
    let env = call_center(true);
    env.run(&["deploy", STACK, "--no-start"]).expect(0);
    let ran = env
        .run(&[
            "start",
            STACK,
            "--count",
            "3",
            "--input",
            r#"{"Case":"7","Message":"> "}"#,
        ])
        .expect(0);
    assert_eq!(ran.stdout.lines().count(), 3);
    assert_eq!(
        ran.stdout
            .matches("> open case...assigned...resolved...closed.")
            .count(),
        3
    );
    env.run(&["start", STACK, "--name", "one"]).expect(0);
    let again = env.run(&["start", STACK, "--name", "one"]).expect(1);
    says(&again, &["ExecutionAlreadyExists"]);
    assert_eq!(executions(&env).len(), 4);
}

#[test]
fn wrong_inputs_are_refused_before_anything_happens() {
    let env = call_center(true);
    for (args, code, text) in [
        (&["start", STACK][..], 2, "is not deployed"),
        (&["start", STACK, "--input", "{\"a\": }"], 2, "not JSON"),
        (&["start", STACK, "Nobody"], 2, "no state machine `Nobody`"),
        (&["deploy", "missing.yaml"], 2, "missing.yaml"),
        (&["deploy", STACK, "--target", "moon"], 2, "moon"),
        (&["deploy", STACK, "--set", "x=1"], 2, "`x`"),
        (
            &[
                "deploy",
                STACK,
                "--target",
                "aws",
                "--endpoint-url",
                "http://127.0.0.1:4566",
            ],
            2,
            "endpoint",
        ),
        (
            &["deploy", STACK, "--endpoint-url", "http://127.0.0.1:9"],
            3,
            "nothing listens at",
        ),
        (&["start", STACK, "--name", "a b"], 2, "cannot hold ' '"),
        (&["plan", STACK, "--region", ""], 2, "a region is"),
        (&["nonsense"], 2, "nonsense"),
    ] {
        let ran = env.run(args).expect(code);
        says(&ran, &[text]);
    }
    says(&env.run(&["status", STACK]).expect(0), &["nothing"]);
}

#[test]
fn status_lists_resources_and_executions() {
    let env = call_center(true);
    says(
        &env.run(&["status", STACK]).expect(0),
        &["nothing of the stack call-center is deployed"],
    );
    env.run(&["deploy", STACK]).expect(0);
    let status = env.run(&["status", STACK, "--json"]).expect(0).json();
    assert_eq!(status["resources"].as_array().unwrap().len(), 17);
    let execution = &status["executions"][0];
    assert_eq!(execution["status"], "SUCCEEDED");
    assert!(
        execution["startedAt"].is_string() && execution["stoppedAt"].is_string(),
        "{execution}"
    );
    let by_name = env.run(&["status", "--name", "call-center", "--json"]).expect(0).json();
    assert_eq!(by_name, status);
}

#[test]
fn teardown_leaves_nothing_and_says_so() {
    let env = call_center(true);
    env.run(&["deploy", STACK]).expect(0);
    let ran = env.run(&["teardown", STACK]).expect(0);
    says(&ran, &["nothing of the stack call-center is left"]);
    env.run(&["teardown", STACK]).expect(0);
    env.run(&["deploy", STACK, "--no-start"]).expect(0);
    fs::remove_file(env.path(STACK)).unwrap();
    says(
        &env.run(&["teardown", "--name", "call-center"]).expect(0),
        &["nothing of the stack call-center is left"],
    );
}

#[test]
fn another_stack_is_left_alone() {
    let env = call_center(true);
    env.run(&["deploy", STACK, "--no-start"]).expect(0);
    env.write(
        "stacks/other.yaml",
        &fs::read_to_string(env.path(STACK))
            .unwrap()
            .replace("name: call-center", "name: other"),
    );
    let refused = env.run(&["deploy", "stacks/other.yaml"]).expect(2);
    says(&refused, &["step_functions_basic_execution", "call-center"]);
    says(
        &env.run(&["teardown", "stacks/other.yaml"]).expect(0),
        &["role step_functions_basic_execution stays: it belongs to the stack call-center"],
    );
    env.run(&["plan", STACK, "--detailed-exitcode"]).expect(0);
}

#[test]
fn the_same_stack_in_another_region_is_left_alone() {
    let env = call_center(true);
    env.run(&["deploy", "stacks/call-center.yaml"]).expect(0);
    let elsewhere = ["--region", "eu-west-1"];
    says(
        &env.run(&[&["deploy", "stacks/call-center.yaml"][..], &elsewhere].concat())
            .expect(2),
        &["in the region us-east-1"],
    );
    env.run(&[&["teardown", "--name", "call-center", "--yes"][..], &elsewhere].concat())
        .expect(0);
    env.run(&["plan", "stacks/call-center.yaml", "--detailed-exitcode"])
        .expect(0);
}

#[test]
fn the_tutorials_own_definition_deploys_unedited() {
    let env = call_center(true);
    let definition = fs::read_to_string(env.path("stacks/call-center.asl.json")).unwrap();
    let arn = regex::Regex::new(r"\$\{(\w+)\.Arn\}").unwrap();
    let pasted = arn.replace_all(&definition, "arn:aws:lambda:ca-central-1:507638485545:function:$1");
    fs::write(env.path("stacks/call-center.asl.json"), pasted.as_bytes()).unwrap();
    let ran = env.run(&["deploy", STACK]).expect(0);
    says(&ran, &["507638485545", "resolved...closed."]);
}

#[test]
fn what_the_local_cloud_cannot_run_is_refused_before_anything_is_made() {
    let env = Env::new();
    let each = "Each: { Type: Map, End: true, ItemReader: { Resource: 'arn:aws:states:::athena:getRows' }, \
                ItemProcessor: { ProcessorConfig: { Mode: INLINE }, StartAt: P, States: { P: { Type: Pass, End: true } } } }";
    let stack =
        format!("name: no\nstateMachines:\n  Main:\n    definition: {{ StartAt: Each, States: {{ {each} }} }}\n");
    env.write("no.yaml", &stack);
    says(
        &env.run(&["deploy", "no.yaml"]).expect(2),
        &["`Each`", "ItemReader", "no.yaml:"],
    );
    says(&env.run(&["status", "no.yaml"]).expect(0), &["nothing"]);
    env.run(&["validate", "no.yaml", "--target", "aws"]).expect(0);
}

#[test]
fn subscriptions_off_this_machine_are_kept_and_told_to_get_nothing_here_and_only_here() {
    let env = Env::new();
    env.write(
        "ends.yaml",
        "name: ends\ntopics:\n  Told:\n    subscriptions:\n      - { protocol: https, endpoint: 'https://127.0.0.1/' }\n      \
         - { protocol: http, endpoint: 'http://example.com/' }\n      - { protocol: http, endpoint: 'http://127.0.0.1:9/' }\n",
    );
    let warnings = [
        "topic `Told` has a subscription of `https` to `https://127.0.0.1/`, but the local cloud sends nothing off this machine",
        "ends.yaml:5",
        "`http` to `http://example.com/`, but the local cloud sends nothing off this machine",
    ];
    let valid = env.run(&["validate", "ends.yaml"]).expect(0);
    says(&valid, &warnings);
    says(&valid, &["is valid, with 2 warnings"]);
    says(&env.run(&["deploy", "ends.yaml"]).expect(0), &warnings);
    // Only the end that may be there by now is asked again to confirm.
    let again = env.run(&["deploy", "ends.yaml"]).expect(0);
    says(
        &again,
        &[
            "ends-Told to http http://127.0.0.1:[PORT]/",
            "0 to create, 1 to update",
            "asked for again",
        ],
    );
    let elsewhere = env.run(&["validate", "ends.yaml", "--target", "aws"]).expect(0);
    assert!(!elsewhere.stderr.contains("off this machine"), "{}", elsewhere.stderr);
    env.run(&["teardown", "ends.yaml"]).expect(0);
}

#[test]
fn what_runs_here_only_with_mocks_is_deployed_and_refused_when_it_is_started() {
    let env = Env::new();
    let job = "Run job: { Type: Task, Resource: 'arn:aws:states:::glue:startJobRun.sync', Parameters: { JobName: j }, End: true }";
    let stack = format!(
        "name: job\nstateMachines:\n  Main:\n    definition: {{ StartAt: Run job, States: {{ {job} }} }}\nstart: {{ stateMachine: Main }}\n"
    );
    env.write("job.yaml", &stack);
    let warning = [
        "warning",
        "`glue:startJobRun.sync` of state `Run job`, which runs here only with mocks",
        "job.yaml:4",
    ];
    for args in [&["validate", "job.yaml"][..], &["plan", "job.yaml"]] {
        says(&env.run(args).expect(0), &warning);
    }
    let deployed = env.run(&["deploy", "job.yaml"]).expect(1);
    says(&deployed, &warning);
    let refusal = "not implemented by the local cloud: glue:startJobRun.sync of the state `Run job`; to run it here, mock the state in a test";
    says(&deployed, &[refusal]);
    says(&env.run(&["status", "job.yaml"]).expect(0), &["job-Main"]);
    says(
        &env.run(&["deploy", "job.yaml", "--no-start"]).expect(0),
        &["nothing to change"],
    );
    says(&env.run(&["start", "job.yaml"]).expect(1), &[refusal]);
    let elsewhere = env.run(&["validate", "job.yaml", "--target", "aws"]).expect(0);
    assert!(!elsewhere.stderr.contains("only with mocks"), "{}", elsewhere.stderr);
    env.run(&["teardown", "job.yaml"]).expect(0);
    // However many they are, it is said once.
    let job = |name: &str, next: &str| {
        format!(
            "{name}: {{ Type: Task, Resource: 'arn:aws:states:::glue:startJobRun', Parameters: {{ JobName: j }}, {next} }}"
        )
    };
    let two = format!("{}, {}", job("One", "Next: Two"), job("Two", "End: true"));
    env.write(
        "two.yaml",
        &format!("name: two\nstateMachines:\n  Main:\n    definition: {{ StartAt: One, States: {{ {two} }} }}\n"),
    );
    let told = env.run(&["validate", "two.yaml"]).expect(0);
    let both = "`glue:startJobRun` of state `One`, `glue:startJobRun` of state `Two`, which run here only with mocks";
    says(&told, &[both]);
    assert_eq!(told.stderr.matches("only with mocks").count(), 1, "{}", told.stderr);
}

#[test]
fn what_cannot_be_started_is_not_proposed() {
    let env = Env::new();
    env.write("queue.yaml", "name: queue\nqueues:\n  Q: {}\n");
    let deployed = env.run(&["deploy", "queue.yaml"]).expect(0);
    says(&deployed, &["next:", "stepstack teardown queue.yaml"]);
    let said = format!("{}{}", deployed.stdout, deployed.stderr);
    assert!(!said.contains("stepstack start"), "{said}");
}

#[test]
fn tracing_is_told_to_have_no_effect_here_and_only_here() {
    let stack = "stacks/hello-world.yaml";
    let warning = "state machine `HelloWorld` has tracing, but the local cloud writes no X-Ray traces";
    let env = Env::with_demo_stacks();
    let ran = env.run(&["validate", stack]).expect(0);
    assert!(!ran.stderr.contains("tracing"), "{}", ran.stderr);
    env.edit(stack, "hello-world.asl.json", "hello-world.asl.json\n    tracing: true");
    says(
        &env.run(&["validate", stack]).expect(0),
        &[warning, "is valid, with 1 warning"],
    );
    says(&env.run(&["deploy", stack, "--no-start"]).expect(0), &[warning]);
    let elsewhere = env.run(&["validate", stack, "--target", "aws"]).expect(0);
    assert!(!elsewhere.stderr.contains("tracing"), "{}", elsewhere.stderr);
}

#[test]
fn express_machines_and_logging_are_deployed_and_kept() {
    let env = Env::new();
    let pass = "{ StartAt: P, States: { P: { Type: Pass, End: true } } }";
    for more in ["type: EXPRESS", "logging: { level: ALL }"] {
        let stack = format!("name: more\nstateMachines:\n  Main:\n    definition: {pass}\n    {more}\n");
        env.write("more.yaml", &stack);
        env.run(&["deploy", "more.yaml"]).expect(0);
        env.run(&["plan", "more.yaml", "--detailed-exitcode"]).expect(0);
    }
    env.run(&["teardown", "more.yaml"]).expect(0);
}

#[test]
fn express_executions_are_run_to_their_ends() {
    let env = Env::new();
    let choose = "{ StartAt: C, States: { C: { Type: Choice, Choices: [{ Variable: $.fail, IsPresent: true, Next: F }], Default: W }, \
                  W: { Type: Wait, Seconds: 1, Next: P }, P: { Type: Pass, Result: { well: done }, End: true }, \
                  F: { Type: Fail, Error: Broken, Cause: as asked } } }";
    let stack = format!("name: x\nstateMachines:\n  Main:\n    definition: {choose}\n    type: EXPRESS\n");
    env.write("x.yaml", &stack);
    let ran = env.run(&["deploy", "x.yaml", "--start"]).expect(0);
    assert!(ran.stdout.contains(r#""well": "done""#), "{}", ran.stdout);
    let ran = env.run(&["start", "x.yaml", "--count", "2"]).expect(0);
    assert_eq!(ran.stdout.matches("SUCCEEDED").count(), 2, "{}", ran.stdout);
    let failing = ["start", "x.yaml", "--input", r#"{"fail": 1}"#];
    says(&env.run(&failing).expect(1), &["FAILED", "Broken", "as asked"]);
    let ran = env.run(&["start", "x.yaml", "--no-follow"]).expect(0);
    says(&ran, &["only while a stepstack command runs", "logs only"]);
    env.run(&["teardown", "x.yaml"]).expect(0);
}

#[test]
fn environment_values_are_not_in_findings() {
    let env = Env::new();
    let function = "code: nowhere, runtime: nodejs22.x, handler: index.handler";
    let stack = format!(
        "{{name: s, functions: {{F: {{environment: {{AWS_REGION: hunter2, B: hunter2, CC: hunter2}}, {function}}}}}}}\n"
    );
    env.write("s.yaml", &stack);
    let ran = env.run(&["validate", "s.yaml"]).expect(2);
    says(&ran, &["AWS_REGION", "nowhere", "*******"]);
    assert!(!format!("{}{}", ran.stdout, ran.stderr).contains("hunter2"));
}

#[test]
fn validate_finds_everything_at_once() {
    let env = Env::new();
    env.write(
        "bad.yaml",
        "name: bad\nfunctons: {}\nfunctions:\n  One:\n    code: ../nowhere\n    runtime: nodejs99.x\n    handler: index.handler\n    \
         timeout: soon\n    timeout: 3\n    environment: { AWS_REGION: x }\nstateMachines:\n  Main:\n    definition: bad.asl.json\n    role: nobody\n",
    );
    env.write(
        "bad.asl.json",
        r#"{ "StartAt": "A", "States": {
  "A": { "Type": "Task", "Resource": "${Onee.Arn}", "Next": "B" },
  "B": { "Type": "Task", "Resource": "arn:aws:lambda:REGION:ACCOUNT_ID:function:FUNCTION_NAME", "Next": "Cc" },
  "C": { "Type": "Pass" }
} }"#,
    );
    let ran = env.run(&["validate", "bad.yaml"]).expect(2);
    let said = format!("{}{}", ran.stdout, ran.stderr);
    let found = regex::Regex::new(r"error\[([a-z-]+)\]: .*\n +--> (\S+)").unwrap();
    let found: Vec<String> = found
        .captures_iter(&said)
        .map(|found| format!("{} {}", &found[2], &found[1]))
        .collect();
    insta::assert_snapshot!(found.join("\n"), @r"
    bad.asl.json:2:39 undefined-reference
    bad.asl.json:3:38 placeholder-arn
    bad.asl.json:3:105 dangling-next
    bad.asl.json:4:3 missing-end
    bad.asl.json:4:3 unreachable-state
    bad.yaml:2:1 unknown-key
    bad.yaml:5:11 missing-file
    bad.yaml:6:14 unknown-runtime
    bad.yaml:8:14 wrong-type
    bad.yaml:9:5 duplicate-key
    bad.yaml:10:20 reserved-key
    bad.yaml:14:11 undefined-reference
    ");
    assert!(said.contains("^^^^"), "{said}");
}

#[test]
fn completions_and_help() {
    let env = Env::new();
    says(&env.run(&["completions", "bash"]).expect(0), &["_stepstack"]);
    says(&env.run(&["--help"]).expect(0), &["deploy", "teardown", "local"]);
    says(&env.run(&["--version"]).expect(0), &["stepstack"]);
}

#[test]
fn json_output_is_one_event_a_line() {
    let env = call_center(true);
    let output = env
        .command(&["deploy", STACK, "--json"])
        .stderr(Stdio::null())
        .output()
        .unwrap();
    let events: Vec<serde_json::Value> = String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect();
    assert_eq!(events.first().unwrap()["event"], "target");
    let last = events
        .iter()
        .rfind(|event| event["event"] == "executionFinished")
        .unwrap();
    assert_eq!(last["status"], "SUCCEEDED");
    assert_eq!(last["output"]["Status"], 1);
}
