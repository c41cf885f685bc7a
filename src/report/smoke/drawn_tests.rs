//! Walks, and how they are drawn.

use super::super::samples::{mismatch, record, visit};
use serde_json::json;

use super::*;

fn drawn(record: &Record, mismatches: &[Mismatch]) -> String {
    lines(record, mismatches, Theme::PLAIN).join("\n")
}

fn unfinished(mut visit: Visit, error: &str, retries: u32) -> Visit {
    visit.output = None;
    failing(visit, error, retries)
}

fn failing(mut visit: Visit, error: &str, retries: u32) -> Visit {
    visit.retries = retries;
    visit.errors = vec![(error.to_owned(), "it \u{1b}[2J broke".to_owned()); retries as usize + 1];
    visit
}

#[test]
fn what_became_of_visits() {
    let mut retried = failing(visit("Retried", "Task", None, None), "E", 2);
    retried.errors.pop();
    let mut fail = visit("Give Up", "Fail", None, Some(3));
    fail.output = None;
    let record = record(
        "FAILED",
        None,
        vec![
            retried,
            visit("Plain", "Pass", None, Some(0)),
            failing(visit("Caught", "Task", None, Some(1)), "E", 0),
            failing(visit("Retried and Caught", "Task", None, Some(2)), "E", 1),
            fail,
        ],
    );
    insta::assert_snapshot!(drawn(&record, &[]), @r"
    ✓ Retried             Task      retried 2 times after E: it \u{1b}[2J broke
    ✓ Plain               Pass
    ! Caught              Task      caught E: it \u{1b}[2J broke
    ! Retried and Caught  Task      retried once, caught E: it \u{1b}[2J broke
    ✗ Give Up             Fail      CaseError: Engage Tier 2 Support.
");
    let stuck = super::super::samples::record(
        "TIMED_OUT",
        None,
        vec![
            unfinished(visit("Tried", "Task", None, None), "E", 1),
            Visit {
                output: None,
                ..visit("Stuck", "Wait", None, Some(0))
            },
        ],
    );
    insta::assert_snapshot!(drawn(&stuck, &[]), @r"
    ✗ Tried  Task      retried once, failed: E: it \u{1b}[2J broke
    ✗ Stuck  Wait      not left
");
}

#[test]
fn branches_and_iterations_are_under_their_state() {
    let mut visits = vec![
        visit("Both", "Parallel", None, None),
        visit("A1", "Pass", Some(0), None),
        visit("B1", "Map", Some(0), None),
        visit("A2", "Pass", Some(0), Some(1)),
    ];
    for index in 0..100 {
        let at = visits.len();
        visits.push(visit("In", "Task", Some(2), None));
        let last = visit("Out", "Task", Some(2), Some(at));
        visits.push(if [50, 70].contains(&index) {
            unfinished(last, "E", 0)
        } else {
            last
        });
    }
    visits.push(visit("B2", "Pass", Some(0), Some(2)));
    visits.push(visit("End", "Succeed", None, Some(0)));
    insta::assert_snapshot!(drawn(&record("SUCCEEDED", None, visits), &[]), @r"
    ✓ Both  Parallel
      ├ ✓ A1  Pass
      │ ✓ A2  Pass
      ├ ! B1  Map       caught what failed inside
      │   ├ ✓ In   Task
      │   │ ✓ Out  Task
      │   ├ ✓ In   Task
      │   │ ✓ Out  Task
      │   ├ ✓ In   Task
      │   │ ✓ Out  Task
      │   ├ ✓ In   Task
      │   │ ✗ Out  Task      failed: E: it \u{1b}[2J broke
      │   ├ ✓ In   Task
      │   │ ✗ Out  Task      failed: E: it \u{1b}[2J broke
      │   └ … 95 more iterations
      │ ✓ B2  Pass
    ✓ End   Succeed
");
}

#[test]
fn what_fails_inside_is_caught_or_tried_again() {
    let inside = unfinished(visit("B", "Task", Some(0), None), "E", 0);
    let mut both = visit("Both", "Parallel", None, None);
    let drawn_now = |both: &Visit| drawn(&record("SUCCEEDED", None, vec![both.clone(), inside.clone()]), &[]);
    let rest = "\n  ├ ✗ B  Task      failed: E: it \\u{1b}[2J broke";
    assert_eq!(
        drawn_now(&both),
        format!("! Both  Parallel  caught what failed inside{rest}")
    );
    both.retries = 1;
    assert_eq!(drawn_now(&both), format!("✓ Both  Parallel  retried once{rest}"));
}

#[test]
fn long_loops_are_shown_in_part() {
    let visits: Vec<Visit> = (0..1000_usize)
        .map(|index| visit(&format!("S{index}"), "Pass", None, index.checked_sub(1)))
        .collect();
    let diff: Vec<String> = (0..500)
        .map(|index| format!("  S{index}"))
        .chain(["+ S500".to_owned()])
        .collect();
    let mut path = mismatch("path", "S0 → …", "S0 → S1", &[], 1);
    path.diff = diff;
    let drawn = lines(&record("SUCCEEDED", None, visits), &[path], Theme::PLAIN);
    let about: Vec<&str> = drawn[19..29].iter().map(|line| line.trim_end()).collect();
    insta::assert_snapshot!(about.join("\n"), @r"
    ✓ S19   Pass
    … 477 more visits
    ✓ S497  Pass
    ✓ S498  Pass
    ✓ S499  Pass
    → expected to end here
    ✓ S500  Pass
    ✓ S501  Pass
    ✓ S502  Pass
    … 482 more visits
");
    assert_eq!(drawn.len(), 20 + 6 + 15 + 2 + 1);
}

#[test]
fn where_the_expected_path_was_left() {
    let walk = |names: &[&str]| {
        let visits = names.iter().enumerate();
        record(
            "SUCCEEDED",
            None,
            visits
                .map(|(index, name)| visit(name, "Pass", None, index.checked_sub(1)))
                .collect(),
        )
    };
    for (names, diff, expected) in [
        (
            &["A", "C"][..],
            &["  A", "- B", "+ C"][..],
            "✓ A  Pass\n→ expected here: B\n✓ C  Pass",
        ),
        (
            &["A", "C"],
            &["  A", "+ C"],
            "✓ A  Pass\n→ expected to end here\n✓ C  Pass",
        ),
        (&["A"], &["  A", "- B", "- C"], "✓ A  Pass\n→ expected here: B"),
        (&["X"], &["- A", "- B", "+ X"], "→ expected here: A\n✓ X  Pass"),
        (
            &["A", "B", "C"],
            &["  A", "- X", "  B", "  C"],
            "✓ A  Pass\n→ expected here: X\n✓ B  Pass\n✓ C  Pass",
        ),
        (
            &["A", "B", "C"],
            &["  … 2 the same", "+ C"],
            "✓ A  Pass\n✓ B  Pass\n→ expected to end here\n✓ C  Pass",
        ),
        (
            &["A", "X", "B"],
            &["  A", "+ X", "  B", "- C"],
            "✓ A  Pass\n→ expected here: B\n✓ X  Pass\n✓ B  Pass",
        ),
        // A diff of something else.
        (&["A", "C"], &["  Z", "+ C"], "✓ A  Pass\n✓ C  Pass"),
        (&["A", "C"], &["", "?"], "✓ A  Pass\n✓ C  Pass"),
        (&["A"], &[], "✓ A  Pass"),
    ] {
        let path = mismatch("path", "", &names.join(" → "), diff, 1);
        assert_eq!(drawn(&walk(names), &[path]), expected, "{diff:?}");
        // The diff of states that are expected somewhere.
        let contains = mismatch("path", "A in this order", "`B` was not entered, in A", diff, 1);
        assert!(!drawn(&walk(names), &[contains]).contains('→'));
    }
    let other = mismatch("output", "", "A", &["- B", "+ A"], 1);
    assert_eq!(drawn(&walk(&["A"]), &[other]), "✓ A  Pass");
}

#[test]
fn nonsense_is_drawn_somehow() {
    let mut visits = vec![
        visit("A", "Pass", Some(0), Some(0)),
        visit("B", "Pass", Some(7), Some(9)),
    ];
    for index in 1..60 {
        visits.push(visit("N", "Parallel", Some(index), None));
    }
    let drawn = drawn(&record("SUCCEEDED", None, visits), &[]);
    assert!(drawn.contains("… 1 branches"), "{drawn}");
    assert_eq!(
        lines(&record("SUCCEEDED", None, Vec::new()), &[], Theme::PLAIN),
        Vec::<String>::new()
    );
}

#[test]
fn an_execution_that_ends_otherwise_than_its_last_task_failed() {
    let ran_out = record(
        "FAILED",
        None,
        vec![unfinished(visit("Mocked", "Task", None, None), "E", 1)],
    );
    insta::assert_snapshot!(drawn(&ran_out, &[]), @"✗ Mocked  Task      retried once, failed: CaseError: Engage Tier 2 Support.");
}

#[test]
fn what_a_fail_state_inside_of_others_raised() {
    let fail = |within| Visit {
        output: None,
        ..visit("Fail", "Fail", Some(within), None)
    };
    let caught = Visit {
        output: Some(json!({ "Error": "Oops", "Cause": "it broke" })),
        ..visit("Each", "Map", None, None)
    };
    let ends = Visit {
        output: None,
        ..visit("Both", "Parallel", None, Some(0))
    };
    let record = record("FAILED", None, vec![caught, fail(0), ends, fail(2)]);
    insta::assert_snapshot!(drawn(&record, &[]), @r"
    ! Each  Map       caught what failed inside
      ├ ✗ Fail  Fail      Oops: it broke
    ✗ Both  Parallel  failed: CaseError: Engage Tier 2 Support.
      ├ ✗ Fail  Fail      CaseError: Engage Tier 2 Support.
    ");
}
