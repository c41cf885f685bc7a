//! The reports of `stepstack test`: what may be overwritten by them, and what is in them however a run ends.

use std::fs;

use crate::env::Env;
use crate::smoke::{FILE, says, with_cases};

const GOOD: &str = "{ name: good }";

fn read(env: &Env, file: &str) -> String {
    fs::read_to_string(env.path(file)).unwrap()
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
