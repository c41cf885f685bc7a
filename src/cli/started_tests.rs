//! Picking a state machine, an input and names.
#![allow(clippy::unwrap_used)]

use indexmap::IndexMap;
use serde_json::json;

use super::*;
use crate::report::theme::Theme;
use crate::stack::model::Start;
use crate::tree::{Node, Value};

fn stack(machines: &[&str], start: Option<&str>) -> Stack {
    let machine = |id: &str| StateMachine {
        span: None,
        name: format!("s-{id}"),
        definition: Node::new(Value::Null),
        kind: MachineKind::Standard,
        role: None,
        logging: None,
        tracing: false,
        tags: IndexMap::new(),
    };
    Stack {
        name: "s".to_owned(),
        description: None,
        file: "s.yaml".into(),
        isolation: None,
        parameters: IndexMap::new(),
        functions: IndexMap::new(),
        roles: IndexMap::new(),
        state_machines: machines.iter().map(|id| ((*id).to_owned(), machine(id))).collect(),
        topics: IndexMap::new(),
        queues: IndexMap::new(),
        tables: IndexMap::new(),
        outputs: IndexMap::new(),
        tags: IndexMap::new(),
        tests: Vec::new(),
        start: start.map(|id| Start {
            state_machine: id.to_owned(),
            input: json!({ "Case": "001" }),
        }),
    }
}

#[test]
fn which_machine_is_started() {
    for (machines, start, wanted, expected) in [
        (&["A"][..], None, None, Ok("A")),
        (&["A", "B"], Some("B"), None, Ok("B")),
        (&["A", "B"], Some("B"), Some("A"), Ok("A")),
        (&["A", "B"], None, Some("s-B"), Ok("B")),
        (&["A", "B"], None, None, Err("name one of them: A, B")),
        (&[], None, None, Err("no state machine to start")),
        (
            &["CallCenter"],
            None,
            Some("CalCenter"),
            Err("did you mean `CallCenter`?"),
        ),
        (&["A", "B"], None, Some("xyz"), Err("it has: A, B")),
    ] {
        let stack = stack(machines, start);
        match (pick_machine(&stack, wanted), expected) {
            (Ok((id, _)), expected) => assert_eq!(Ok(id), expected, "{machines:?} {wanted:?}"),
            (Err(error), Err(part)) => {
                let text = error.render(Theme::PLAIN);
                assert!(text.contains(part), "{text}");
                assert_eq!(error.exit(), Exit::Wrong);
            }
            (Err(error), Ok(expected)) => panic!("{error:?}, not {expected}"),
        }
    }
}

#[test]
fn the_stacks_input_is_for_the_machine_it_starts() {
    let stack = stack(&["A", "B"], Some("B"));
    assert_eq!(input_of_stack(&stack, "B").text, r#"{"Case":"001"}"#);
    assert_eq!(input_of_stack(&stack, "A").text, "{}");
}

#[test]
fn names_are_given_numbered_or_made() {
    assert_eq!(names("s", Some("one"), 1), ["one"]);
    assert_eq!(names("s", Some("one"), 3), ["one-1", "one-2", "one-3"]);
    let made = names("s", None, 100);
    let distinct: std::collections::BTreeSet<&String> = made.iter().collect();
    assert_eq!(distinct.len(), 100);
    assert!(made.iter().all(|name| name.starts_with("s-") && name.len() <= 80));
}

#[test]
fn one_failure_is_a_failure() {
    let outcome = |status: &str| Outcome {
        execution: "one".to_owned(),
        status: status.to_owned(),
        output: None,
        error: None,
        cause: None,
    };
    assert_eq!(exit_of(&[outcome("SUCCEEDED"), outcome("SUCCEEDED")]), Exit::Done);
    for status in ["FAILED", "TIMED_OUT", "ABORTED"] {
        assert_eq!(exit_of(&[outcome("SUCCEEDED"), outcome(status)]), Exit::Failed);
    }
}

#[test]
fn endings_in_words() {
    let outcome = |error: Option<&str>, cause: Option<&str>| Outcome {
        execution: "one".to_owned(),
        status: "FAILED".to_owned(),
        output: None,
        error: error.map(str::to_owned),
        cause: cause.map(str::to_owned),
    };
    for (error, cause, expected) in [
        (None, None, "FAILED"),
        (
            Some(""),
            Some("Engage Tier 2 Support."),
            "FAILED: Engage Tier 2 Support.",
        ),
        (Some("E"), Some("a\nb"), "FAILED: E: a\\nb"),
    ] {
        assert_eq!(ending(&outcome(error, cause)), expected);
    }
}
