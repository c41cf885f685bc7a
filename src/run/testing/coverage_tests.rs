//! Definitions and walks through them, and what is counted.
#![allow(clippy::unwrap_used)]

use serde_json::{Value, json};

use super::*;
use crate::run::Outcome;
use crate::tree::Node;

/// A walk: `(within, from, state, errors, retries)`.
type Step<'a> = (Option<usize>, Option<usize>, &'a str, &'a [&'a str], u32);

fn record(steps: &[Step<'_>]) -> Record {
    let visit = |(index, (within, from, state, errors, retries)): (usize, &Step<'_>)| Visit {
        state: (*state).to_owned(),
        state_type: "Task".to_owned(),
        entered: index as u64,
        within: *within,
        from: *from,
        input: json!({}),
        output: Some(json!({})),
        retries: *retries,
        errors: errors
            .iter()
            .map(|error| ((*error).to_owned(), String::new()))
            .collect(),
    };
    Record {
        outcome: Outcome {
            execution: "e".to_owned(),
            status: "SUCCEEDED".to_owned(),
            output: None,
            error: None,
            cause: None,
        },
        took_ms: 1,
        visits: steps.iter().enumerate().map(visit).collect(),
    }
}

fn machine(definition: &Value) -> StateMachine {
    crate::asl::parse(&Node::from_json(definition)).0.unwrap()
}

fn check(definition: &Value, walks: &[&[Step<'_>]], expected: &[&str]) {
    let machine = machine(definition);
    let records: Vec<Record> = walks.iter().map(|steps| record(steps)).collect();
    let covered = MachineCoverage::of("M", &machine, records.iter());
    let states = covered
        .states
        .iter()
        .map(|state| format!("{} {}", state.name, state.visits));
    let transitions = covered.transitions.iter().map(|transition| {
        let CoveredTransition {
            from, to, label, taken, ..
        } = transition;
        format!("{from} -> {to} ({label}) {taken}")
    });
    assert_eq!(states.chain(transitions).collect::<Vec<_>>(), expected);
}

fn errors() -> Value {
    json!({ "StartAt": "T", "States": {
        "T": { "Type": "Task", "Resource": "r", "Next": "Same", "Catch": [
            { "ErrorEquals": ["A"], "Next": "Same" },
            { "ErrorEquals": ["B", "States.Timeout"], "Next": "Other" },
            { "ErrorEquals": ["States.TaskFailed"], "Next": "Same" } ] },
        "Same": { "Type": "Succeed" }, "Other": { "Type": "Fail" } } })
}

#[test]
fn catchers_are_told_apart_by_the_error() {
    let went = |errors: &'static [&'static str], retries, to: &'static str| -> [Step<'static>; 2] {
        [(None, None, "T", errors, retries), (None, Some(0), to, &[], 0)]
    };
    let counted = |walk: &[Step<'_>], taken: [u32; 4]| {
        let visits = |name: &str| walk.iter().filter(|step| step.2 == name).count();
        let [next, a, b, rest] = taken;
        check(
            &errors(),
            &[walk],
            &[
                "T 1",
                &format!("Same {}", visits("Same")),
                &format!("Other {}", visits("Other")),
                &format!("T -> Same (Next) {next}"),
                &format!("T -> Same (Catch[0]) {a}"),
                &format!("T -> Other (Catch[1]) {b}"),
                &format!("T -> Same (Catch[2]) {rest}"),
            ],
        );
    };
    counted(&went(&[], 0, "Same"), [1, 0, 0, 0]);
    counted(&went(&["A"], 0, "Same"), [0, 1, 0, 0]);
    counted(&went(&["B"], 0, "Other"), [0, 0, 1, 0]);
    counted(&went(&["States.Timeout"], 0, "Other"), [0, 0, 1, 0]);
    counted(&went(&["C"], 0, "Same"), [0, 0, 0, 1]);
    // What was retried and then went well was not caught.
    counted(&went(&["A", "A"], 2, "Same"), [1, 0, 0, 0]);
    counted(&went(&["C", "A"], 1, "Same"), [0, 1, 0, 0]);
    // The only catcher that leads there, whatever the error.
    counted(&went(&[], 0, "Other"), [0, 0, 1, 0]);
}

#[test]
fn rules_that_lead_to_the_same_state_are_one_transition() {
    let rule = |next: &str| json!({ "Variable": "$.a", "IsNull": true, "Next": next });
    let definition = json!({ "StartAt": "C", "States": {
        "C": { "Type": "Choice", "Choices": [rule("X"), rule("Y"), rule("X")], "Default": "X" },
        "X": { "Type": "Succeed" }, "Y": { "Type": "Succeed" } } });
    let walk: &[Step<'_>] = &[(None, None, "C", &[], 0), (None, Some(0), "X", &[], 0)];
    check(
        &definition,
        &[walk, walk],
        &[
            "C 2",
            "X 2",
            "Y 0",
            "C -> X (Choices[0], Choices[2], Default) 2",
            "C -> Y (Choices[1]) 0",
        ],
    );
}

/// A Parallel state whose second branch holds a Map.
fn nested(mode: &str) -> Value {
    json!({ "StartAt": "P", "States": {
        "P": { "Type": "Parallel", "End": true, "Branches": [
            { "StartAt": "A", "States": { "A": { "Type": "Pass", "End": true } } },
            { "StartAt": "M", "States": { "M": { "Type": "Map", "End": true, "ItemProcessor": {
                "ProcessorConfig": { "Mode": mode, "ExecutionType": "STANDARD" },
                "StartAt": "I", "States": { "I": { "Type": "Pass", "Next": "J" }, "J": { "Type": "Pass", "End": true } } } } } } ] } } })
}

#[test]
fn inner_states_are_found_where_they_are() {
    check(
        &nested("INLINE"),
        &[&[
            (None, None, "P", &[], 0),
            (Some(0), None, "A", &[], 0),
            (Some(0), None, "M", &[], 0),
            (Some(2), None, "I", &[], 0),
            (Some(2), None, "I", &[], 0),
            (Some(2), Some(3), "J", &[], 0),
            // Outside of any sense: no such state, and a visit that comes from itself.
            (None, None, "Nobody", &[], 0),
            (Some(99), Some(99), "J", &[], 0),
        ]],
        &["P 1", "A 1", "M 1", "I 2", "J 1", "I -> J (Next) 1"],
    );
}

#[test]
fn what_fails_inside_is_caught_outside() {
    let definition = json!({ "StartAt": "P", "States": {
        "P": { "Type": "Parallel", "Next": "E", "Catch": [{ "ErrorEquals": ["States.ALL"], "Next": "E" }], "Branches": [
            { "StartAt": "A", "States": { "A": { "Type": "Pass", "End": true } } } ] },
        "E": { "Type": "Succeed" } } });
    let machine = machine(&definition);
    let mut walk = record(&[
        (None, None, "P", &[], 0),
        (Some(0), None, "A", &[], 0),
        (None, Some(0), "E", &[], 0),
    ]);
    let taken = |walk: &Record| -> Vec<u64> {
        let covered = MachineCoverage::of("M", &machine, std::iter::once(walk));
        covered.transitions.iter().map(|transition| transition.taken).collect()
    };
    assert_eq!(taken(&walk), [1, 0]);
    walk.visits[1].output = None;
    assert_eq!(taken(&walk), [0, 1]);
    walk.visits[0].retries = 1;
    assert_eq!(taken(&walk), [1, 0]);
}

#[test]
fn what_distributed_maps_do_elsewhere_is_left_out_unless_seen() {
    let walk: &[Step<'_>] = &[(None, None, "P", &[], 0), (Some(0), None, "M", &[], 0)];
    check(&nested("DISTRIBUTED"), &[walk], &["P 1", "A 0", "M 1"]);
    check(
        &nested("INLINE"),
        &[walk],
        &["P 1", "A 0", "M 1", "I 0", "J 0", "I -> J (Next) 0"],
    );
    let seen: &[Step<'_>] = &[walk[0], walk[1], (Some(1), None, "I", &[], 0)];
    check(
        &nested("DISTRIBUTED"),
        &[seen],
        &["P 1", "A 0", "M 1", "I 1", "J 0", "I -> J (Next) 0"],
    );
}

#[test]
fn shares_and_thresholds() {
    let machine = machine(&errors());
    let walk = record(&[(None, None, "T", &[], 0), (None, Some(0), "Same", &[], 0)]);
    let other = record(&[(None, None, "T", &["B"], 0), (None, Some(0), "Other", &[], 0)]);
    let of = |records: &[(&str, &Record)]| Coverage::of([("M", &machine), ("N", &machine)], records);
    for (records, states, transitions) in [
        (&[][..], (0, 6), (0, 8)),
        (&[("M", &walk)][..], (2, 6), (1, 8)),
        (
            &[("M", &walk), ("M", &other), ("N", &walk), ("Gone", &walk)][..],
            (5, 6),
            (3, 8),
        ),
    ] {
        let coverage = of(records);
        let share = |(covered, of)| Share { covered, of };
        assert_eq!(coverage.states(), share(states));
        assert_eq!(coverage.transitions(), share(transitions));
        let least = coverage.transitions().percent().min(coverage.states().percent());
        assert!(coverage.reaches(least) && !coverage.reaches(least + 0.1));
    }
    assert!(Coverage::default().reaches(100.0));
}

#[test]
fn states_know_their_lines() {
    let file = crate::diagnostic::SourceFile::new("a.yaml", "StartAt: X\nStates:\n  X:\n    Type: Succeed\n");
    let machine = crate::asl::parse(&crate::tree::parse(&file).0.unwrap()).0.unwrap();
    let covered = MachineCoverage::of("M", &machine, [].into_iter());
    assert_eq!(format!("{:?}", covered.states[0].span.as_ref().unwrap()), "a.yaml:3:3");
}

#[test]
fn express_machines_have_no_history_and_do_not_count() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("s.yaml");
    let machine =
        |kind: &str| format!("{{ type: {kind}, definition: {{ StartAt: X, States: {{ X: {{ Type: Succeed }} }} }} }}");
    let machines = format!("  Slow: {}\n  Fast: {}\n", machine("STANDARD"), machine("EXPRESS"));
    std::fs::write(&file, format!("name: s\nstateMachines:\n{machines}")).unwrap();
    let (stack, found) = crate::stack::load(&file, &[]);
    assert!(!crate::diagnostic::has_errors(&found), "{found:?}");
    let stack = stack.unwrap();
    let case = |id: &str, steps: &[Step<'_>]| CaseResult {
        name: "c".to_owned(),
        span: None,
        state_machine: id.to_owned(),
        verdict: crate::run::testing::Verdict::Passed,
        attempts: 1,
        took_ms: 1,
        record: Some(record(steps)),
        execution: None,
    };
    let visited: &[Step<'_>] = &[(None, None, "X", &[], 0)];
    for (cases, expected) in [
        (vec![case("Fast", &[])], "Slow 0"),
        (vec![case("Fast", &[]), case("Slow", visited)], "Slow 1"),
        (vec![case("Fast", visited)], "Slow 0, Fast 1"),
    ] {
        let coverage = Coverage::of_stack(&stack, &cases);
        let shown = coverage.machines.iter().map(|machine| {
            let visits: u64 = machine.states.iter().map(|state| state.visits).sum();
            format!("{} {visits}", machine.state_machine)
        });
        assert_eq!(shown.collect::<Vec<_>>().join(", "), expected);
    }
}
