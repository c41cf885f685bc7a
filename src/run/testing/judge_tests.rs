//! The messages for every kind of wrong expectation are checked end to end, in `tests/it/wrong_expectations.rs`.

#![allow(clippy::unwrap_used)]

use indexmap::IndexMap;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::*;
use crate::run::testing::difference::{Mode, differences};
use crate::run::testing::record::tests::{history, succeeded};
use crate::stack::cases::{Assertion, Expected};
use crate::tree::Node;

fn at<T>(value: T) -> At<T> {
    At { value, span: None }
}

fn exactly(value: &Value) -> Expected {
    Expected(vec![
        at(Assertion::Exact(Node::from_json(value))),
        at(Assertion::Subset(Node::from_json(value))),
        at(Assertion::Path {
            path: "$".into(),
            is: Node::from_json(value),
        }),
    ])
}

/// What a record holds, as expectations.
fn expectations_of(record: &Record) -> Expect {
    let outcome = &record.outcome;
    let names = |outer: bool| -> Vec<String> {
        let visits = record.visits.iter().filter(|visit| !outer || visit.within.is_none());
        visits.map(|visit| visit.state.clone()).collect()
    };
    let mut expect = Expect {
        status: at(vec![outcome.status.clone()]),
        error: outcome.error.clone().map(|error| at(Text::Is(error))),
        cause: outcome.cause.clone().map(|cause| at(Text::Contains(cause))),
        output: outcome.output.as_ref().map(exactly),
        path: Some(PathExpect {
            exact: Some(at(names(true))),
            contains: Some(at(names(false))),
            never: Some(at(vec!["no state has this name".to_owned()])),
        }),
        max_duration_ms: Some(at(record.took_ms)),
        ..Expect::success()
    };
    let mut seen: IndexMap<&str, u32> = IndexMap::new();
    for visit in &record.visits {
        let number = seen.entry(&visit.state).or_default();
        expect.states.entry(visit.state.clone()).or_default().push(StateExpect {
            visit: Some(*number),
            input: Some(exactly(&visit.input)),
            output: visit.output.as_ref().map(exactly),
            span: None,
        });
        *number += 1;
        let retries = expect.retries.entry(visit.state.clone()).or_insert(at(0));
        retries.value += visit.retries;
    }
    expect
}

fn json_values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-1e9..1e9f64).prop_map(Value::from),
        "[a-z~/\"é ]{0,6}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec(("[a-c$~/]{0,2}", inner), 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

fn records() -> impl Strategy<Value = Record> {
    let visit = (
        "[A-D]",
        prop::option::of(0..3usize),
        json_values(),
        prop::option::of(json_values()),
        0..3u32,
    );
    let outcome = (0..4usize, json_values(), prop::option::of("[a-z]{0,5}"));
    (prop::collection::vec(visit, 0..6), outcome, any::<u32>()).prop_map(|(visits, (status, output, error), took)| {
        let visits: Vec<Visit> = visits
            .into_iter()
            .enumerate()
            .map(|(index, (state, within, input, output, retries))| Visit {
                state,
                state_type: "Task".into(),
                entered: index as u64,
                within: within.filter(|within| *within < index),
                from: None,
                input,
                output,
                retries,
                errors: Vec::new(),
            })
            .collect();
        let status = ["SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED"][status];
        let good = status == "SUCCEEDED";
        Record {
            outcome: Outcome {
                status: status.into(),
                output: good.then_some(output),
                cause: error.clone().filter(|_| !good),
                error: error.filter(|_| !good),
                ..succeeded()
            },
            took_ms: took.into(),
            visits,
        }
    })
}

proptest! {
    #[test]
    fn what_a_record_holds_is_what_it_holds(record in records()) {
        prop_assert_eq!(judge(&expectations_of(&record), &record), []);
    }

    #[test]
    fn every_value_is_a_subset_of_itself_and_of_more(value in json_values(), more in json_values()) {
        prop_assert_eq!(differences(&value, &value, Mode::Subset), []);
        prop_assert_eq!(differences(&value, &value, Mode::Exact), []);
        if let Value::Object(members) = &value {
            let mut larger = members.clone();
            larger.insert("one more".into(), more);
            let larger = Value::Object(larger);
            prop_assert_eq!(differences(&value, &larger, Mode::Subset), []);
            prop_assert_eq!(differences(&value, &larger, Mode::Exact).len(), 1);
            prop_assert_eq!(differences(&larger, &value, Mode::Subset).len(), 1);
        }
    }

    #[test]
    fn values_that_are_no_equals_differ_somewhere(left in json_values(), right in json_values()) {
        let found = differences(&left, &right, Mode::Exact);
        prop_assert_eq!(found.is_empty(), left == right);
        for difference in found {
            prop_assert_eq!(left.pointer(&difference.pointer), difference.expected);
            prop_assert_eq!(right.pointer(&difference.pointer), difference.got);
        }
    }

    #[test]
    fn an_alignment_holds_both_lists(left in prop::collection::vec("[a-c]", 0..6), right in prop::collection::vec("[a-c]", 0..6)) {
        let (left, right) = (texts(&left), texts(&right));
        let lines = align::lines(&left, &right);
        let side = |sign: &str| -> Vec<String> {
            let of_side = lines.iter().filter(|line| line.starts_with(' ') || line.starts_with(sign));
            of_side.map(|line| line[2..].to_owned()).collect()
        };
        if !lines.iter().any(|line| line.contains('…')) {
            prop_assert_eq!(side("-"), left);
            prop_assert_eq!(side("+"), right);
        }
    }
}

#[test]
fn messages_about_large_values_are_short() {
    let large = |changed: &str| -> Value {
        let items = (0..2000).map(|index| (format!("key {index}"), json!(format!("{changed} {}", "x".repeat(100)))));
        json!({ "text": format!("{}{changed}{}", "y".repeat(100_000), "z".repeat(100_000)), "items": items.collect::<Map<_, _>>() })
    };
    let mut record = Record::from_history(&[], succeeded(), None);
    record.outcome.output = Some(large("got"));
    let visit = |index: usize| Visit {
        state: format!("State {index}"),
        state_type: "Pass".into(),
        entered: index as u64,
        within: None,
        from: None,
        input: large("got"),
        output: Some(large("got")),
        retries: 0,
        errors: Vec::new(),
    };
    record.visits = (0..30).map(visit).collect();
    let mut expect = expectations_of(&record);
    expect.output = Some(exactly(&large("expected")));
    expect.path = Some(PathExpect {
        exact: Some(at((0..25_000).map(|index| format!("Other {index}")).collect())),
        ..PathExpect::default()
    });
    let wrong = judge(&expect, &record);
    assert_eq!(wrong.len(), 4, "{wrong:?}");
    for mismatch in wrong {
        let lines = mismatch.diff.iter().map(String::len).sum::<usize>();
        let size = mismatch.expected.len() + mismatch.got.len() + lines;
        assert!(size < 12_000, "{size} bytes about {}", mismatch.what);
        assert!(!mismatch.diff.is_empty());
    }
}

#[test]
fn texts_are_cut_to_where_they_differ() {
    let (left, right) = words::cut_both(&format!("{}a", "é".repeat(500)), &format!("{}b", "é".repeat(500)));
    assert_eq!(left, format!("…{}a", "é".repeat(40)));
    assert_eq!(right, format!("…{}b", "é".repeat(40)));
    assert_eq!(
        words::cut(&"é".repeat(200)),
        format!("{}… (400 bytes)", "é".repeat(160))
    );
}

#[test]
fn visits_of_a_state_are_counted_together() {
    let record = Record::from_history(
        &history(
            "1 0 ExecutionStarted
             2 0 TaskStateEntered Work
             3 2 TaskScheduled
             4 3 TaskFailed Busy
             5 4 TaskScheduled
             6 5 TaskSucceeded
             7 6 TaskStateExited Work
             8 7 TaskStateEntered Work
             9 8 TaskScheduled
             10 9 TaskFailed Busy
             11 10 TaskScheduled
             12 11 TaskSucceeded
             13 12 TaskStateExited Work
             14 13 ExecutionSucceeded",
        ),
        succeeded(),
        None,
    );
    let retries = |count: u32| Expect {
        retries: IndexMap::from([("Work".to_owned(), at(count))]),
        ..Expect::success()
    };
    assert_eq!(judge(&retries(2), &record), []);
    assert_eq!(judge(&retries(1), &record)[0].got, "2, after Busy, Busy");
}
