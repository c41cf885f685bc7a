//! The reports of `stepstack test`: what may be overwritten by them, and what is in them however a run ends.

use std::fs;

use nix::sys::signal::Signal;
use serde_json::Value;

use crate::env::Env;
use crate::processes::Running;
use crate::smoke::{FILE, nothing_is_left, says, with_cases};

const GOOD: &str = "{ name: good }";

/// One that fails at once, then one that goes on and on.
const BAD_AND_LONG: &str = "{ name: bad, input: { bad: 1 } }\n{ name: long, input: { wait: 100000 } }";

fn read(env: &Env, file: &str) -> String {
    fs::read_to_string(env.path(file)).unwrap()
}

fn json(env: &Env, file: &str) -> Value {
    serde_json::from_str(&read(env, file)).unwrap()
}

/// Runs the two cases, and leaves at once while the second one runs.
fn left_at_once(env: &Env, reports: &[&str], meanwhile: impl FnOnce()) -> Running {
    let mut running = Running::start(env, &[&["test", FILE, "--json", "--jobs", "1"], reports].concat());
    running.until_it_says(r#""verdict":"failed""#);
    running.until_it_says("\"stateEntered\"");
    meanwhile();
    running.send(Signal::SIGINT);
    running.send(Signal::SIGTERM);
    running
}

#[test]
fn a_stack_file_is_never_overwritten() {
    let env = with_cases(GOOD);
    let stack = read(&env, FILE);
    env.write("old.xml", "of an earlier run");
    let stacks = [FILE, "linked.json", "copy.json"];
    std::os::unix::fs::symlink(FILE, env.path("linked.json")).unwrap();
    env.write("copy.json", &stack);

    for (args, said) in [
        // As `--junit *.yaml` comes to be.
        (
            &["--junit", FILE, "copy.json"][..],
            "`cases.yaml` is no name of a JUnit report",
        ),
        (&["--junit", FILE, FILE], "`cases.yaml` is no name of a JUnit report"),
        (
            &["--report", "copy.json", "copy.json"],
            "the report copy.json is also the stack file copy.json",
        ),
        (
            &["--report", "./nothing/../linked.json", FILE],
            "the report ./nothing/../linked.json is also the stack file cases.yaml",
        ),
        // As `--report *.json` comes to be.
        (&["--report", "copy.json", FILE], "copy.json is there and is no report"),
    ] {
        let ran = env.run(&[&["test", "--report", "old.xml"], args].concat()).expect(2);
        says(&ran, &[said, "hint: "]);
        for file in stacks {
            assert_eq!(read(&env, file), stack, "{args:?}");
        }
        assert_eq!(read(&env, "old.xml"), "of an earlier run", "{args:?}");
    }
}

#[test]
fn two_reports_are_two_files() {
    let env = with_cases(GOOD);
    for (one, other) in [
        ("r.xml", "r.xml"),
        ("r.xml", "./r.xml"),
        ("out/r.xml", "x/../out/./r.xml"),
    ] {
        let ran = env.run(&["test", FILE, "--junit", one, "--report", other]).expect(2);
        says(&ran, &[&format!("two reports are to be written to {other}"), "hint: "]);
    }
    assert!(!env.path("r.xml").exists() && !env.path("out").exists());
}

#[test]
fn none_is_emptied_if_one_cannot_be_written() {
    let env = with_cases(GOOD);
    env.write("old.xml", "of an earlier run");
    let ran = env
        .run(&["test", FILE, "--junit", "old.xml", "--report", "cases.yaml/r.md"])
        .expect(2);
    says(&ran, &["cannot write the report cases.yaml/r.md"]);
    assert_eq!(read(&env, "old.xml"), "of an earlier run");
}

#[test]
fn reports_of_an_earlier_run_are_overwritten() {
    let env = with_cases(GOOD);
    let args = [
        "test", FILE, "--report", "r.json", "--report", "r.md", "--junit", "r.xml",
    ];
    env.run(&args).expect(0);
    let [before, after] = ["good", "better"].map(|name| {
        crate::smoke::write_cases(&env, &format!("{{ name: {name} }}"));
        env.run(&args).expect(0);
        ["r.json", "r.md", "r.xml"].map(|report| read(&env, report))
    });
    for (before, after) in before.iter().zip(&after) {
        assert!(before.contains("good") && !after.contains("good") && after.contains("better"));
    }
}

#[test]
fn a_file_named_twice_is_told_in_the_reports() {
    let env = with_cases(GOOD);
    env.write("r.xml", "of an earlier run");
    let ran = env.run(&["test", FILE, "./cases.yaml", "--junit", "r.xml"]).expect(2);
    says(&ran, &["./cases.yaml is named twice, also as cases.yaml"]);
    let report = read(&env, "r.xml");
    assert!(
        report.contains(r#"<error message="./cases.yaml is named twice, also as cases.yaml""#),
        "{report}"
    );
    assert!(
        report.contains("nothing was run, since another stack file cannot be used"),
        "{report}"
    );
}

#[test]
fn a_report_that_cannot_be_written_keeps_no_other_from_being() {
    let env = with_cases("{ name: short, input: { wait: 2 } }");
    let args = [
        "test", FILE, "--json", "--report", "a.md", "--report", "b.xml", "--report", "c.json",
    ];
    let mut running = Running::start(&env, &args);
    running.until_it_says("\"stateEntered\"");
    for report in ["a.md", "b.xml"] {
        fs::remove_file(env.path(report)).unwrap();
        fs::create_dir(env.path(report)).unwrap();
    }
    let said = running.until_it_says("cannot write the report a.md");
    assert!(said.contains("cannot write the report b.xml"), "{said}");
    assert_eq!(running.code(), Some(1));
    assert_eq!(json(&env, "c.json")["counts"]["passed"], 1);
    nothing_is_left(&env);
}

#[test]
fn a_report_that_cannot_be_written_hides_nothing() {
    let env = with_cases(BAD_AND_LONG);
    let mut running = left_at_once(&env, &["--report", "r.json", "--report", "other.json"], || {
        fs::remove_file(env.path("r.json")).unwrap();
        fs::create_dir(env.path("r.json")).unwrap();
    });
    let warning = running.until_it_says("cannot write the report r.json");
    assert!(warning.contains("\"warning\""), "{warning}");
    running.until_it_says("stays, as far as it was not removed yet");
    assert_eq!(running.code(), Some(130));
    assert_eq!(json(&env, "other.json")["counts"]["troubles"], 1);
}

#[test]
fn what_came_in_before_the_user_left_is_in_the_reports() {
    let env = with_cases(BAD_AND_LONG);
    env.write(
        "other.yaml",
        &read(&env, FILE).replace("name: cases\n", "name: other\n"),
    );
    let reports = ["other.yaml", "--report", "r.json", "--junit", "r.xml"];
    let running = left_at_once(&env, &reports, || {});
    assert_eq!(running.code(), Some(130));

    let report = json(&env, "r.json");
    let suite = &report["suites"][0];
    assert!(suite["deployedAs"].as_str().unwrap().starts_with("cases-t"), "{suite}");
    let bad = &suite["cases"][0];
    assert_eq!(
        (&bad["name"], &bad["verdict"]),
        (&"bad".into(), &"failed".into()),
        "{suite}"
    );
    assert_eq!(bad["mismatches"][0]["what"], "status", "{suite}");
    assert_eq!(suite["cases"][1]["name"], "long");
    assert_eq!(suite["troubles"].as_array().unwrap().len(), 1, "{suite}");
    // What stays is no matter of the stack that was not begun.
    let other = &report["suites"][1];
    assert_eq!(other["counts"]["skipped"], 2, "{other}");
    assert_eq!(other["counts"]["troubles"], 0, "{other}");
    let junit = read(&env, "r.xml");
    assert!(
        junit.contains("<failure ") && junit.contains("stays, as far as"),
        "{junit}"
    );
}

#[test]
fn of_a_stack_of_which_nothing_was_run_nothing_is_covered() {
    let env = Env::new();
    let stack = |name: &str, tests: &str| {
        let definition = "{ StartAt: P, States: { P: { Type: Pass, End: true } } }";
        let text = format!("name: {name}\nstateMachines:\n  M: {{ definition: {definition} }}\n{tests}");
        env.write(&format!("{name}.yaml"), &text);
    };
    stack("whole", "tests: [{ name: good }]\n");
    stack("none", "tests: [{ name: never, skipOn: { local: why not } }]\n");
    stack(
        "express",
        "    type: EXPRESS\ntests: [{ name: never, skipOn: { local: why not } }]\n",
    );
    stack("bare", "");
    env.edit("express.yaml", "  M: { definition", "  M:\n    definition");
    env.edit("express.yaml", "End: true } } } }", "End: true } } }");

    env.run(&["test", "whole.yaml", "none.yaml"]).expect(0);
    env.run(&["test", "whole.yaml", "none.yaml", "--coverage-min", "0"])
        .expect(0);
    for file in ["none", "express"] {
        let args = ["test", "whole.yaml", &format!("{file}.yaml"), "--coverage-min", "1"];
        let ran = env.run(&args).expect(1);
        says(
            &ran,
            &[
                "1 passed, 1 skipped",
                &format!(
                    "coverage of {file} is 0.0 % of states and 0.0 % of transitions, since none of its cases was run; \
                     1 % of each were asked for"
                ),
            ],
        );
    }
    let github = ["--coverage-min", "1", "--format", "github"];
    let ran = env
        .run(&[&["test", "whole.yaml", "none.yaml"], &github[..]].concat())
        .expect(1);
    says(
        &ran,
        &[
            "::error file=none.yaml,title=coverage::",
            "since none of its cases was run",
        ],
    );

    let ran = env
        .run(&["test", "whole.yaml", "bare.yaml", "--coverage-min", "1"])
        .expect(1);
    says(&ran, &["coverage of bare is 0.0 % of states", "since it has no cases"]);
    stack("fast", "    type: EXPRESS\n");
    env.edit("fast.yaml", "  M: { definition", "  M:\n    definition");
    env.edit("fast.yaml", "End: true } } } }", "End: true } } }");
    let ran = env
        .run(&["test", "whole.yaml", "fast.yaml", "--coverage-min", "1"])
        .expect(1);
    says(&ran, &["coverage of fast is 0.0 % of states", "since it has no cases"]);
    // Nobody asked for its cases.
    let args = [
        "test",
        "whole.yaml",
        "bare.yaml",
        "--coverage-min",
        "1",
        "--filter",
        "good",
    ];
    env.run(&args).expect(0);
}

#[test]
fn what_is_wrong_with_cases_is_no_trouble_of_the_deploy() {
    let env = Env::new();
    env.write(
        "s.yaml",
        "name: s\nstateMachines:\n  M: { definition: { StartAt: P, States: { P: { Type: Pass, End: true } } } }\n\
         start:\n  stateMachine: M\n  input: { a: \"${Nope.Arn}\", \
         b: \"arn:aws:lambda:us-east-1:123456789012:function:other\" }\n",
    );
    let ran = env.run(&["test", "s.yaml", "--format", "json"]).expect(1);
    let suite = &ran.json()["suites"][0];
    let trouble = &suite["troubles"][0];
    assert_eq!(trouble["what"], "tests", "{suite}");
    assert_eq!(trouble["message"], "`${Nope.Arn}` refers to nothing in the stack");
    let why = "the references of the cases have no values";
    assert_eq!(suite["cases"][0]["skippedBecause"], why, "{suite}");
    nothing_is_left(&env);
}

#[test]
fn stacks_of_one_name_are_told_apart() {
    let env = with_cases(GOOD);
    env.write("more/cases.yaml", &read(&env, FILE));
    env.write(
        "third.yaml",
        &read(&env, FILE).replace("name: cases\n", "name: third\n"),
    );
    let ran = env
        .run(&["test", FILE, "more/cases.yaml", "third.yaml", "--junit", "r.xml"])
        .expect(0);
    assert!(!ran.stderr.contains("warning"), "{}", ran.stderr);
    let junit = read(&env, "r.xml");
    for name in ["cases (cases.yaml)", "cases (more/cases.yaml)", "third"] {
        for part in [
            format!(r#"<testsuite name="{name}""#),
            format!(r#"<testcase classname="{name}.Main" name="good""#),
        ] {
            assert!(junit.contains(&part), "{part}\n{junit}");
        }
    }
}

#[test]
fn that_the_coverage_of_a_machine_is_not_known_is_told() {
    let env = Env::new();
    env.write(
        "express.yaml",
        "name: express
stateMachines: { Fast: { type: EXPRESS, definition: { StartAt: A, States: { A: { Type: Succeed } } } } }
tests: [{ name: good }]
",
    );
    let ran = env.run(&["test", "express.yaml", "--coverage-min", "50"]).expect(0);
    says(&ran, &["express.yaml: the coverage of Fast is not known"]);
}
