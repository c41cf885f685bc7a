#![allow(clippy::unwrap_used)]

use serde_json::json;

use super::*;
use crate::tree::Node;

/// `id previous kind [state]` in each line, as AWS's histories go; each state has its event's id as data.
pub(in crate::run::testing) fn history(lines: &str) -> Vec<HistoryItem> {
    let lines = lines.lines().map(str::trim).filter(|line| !line.is_empty());
    lines
        .map(|line| {
            let mut words = line.splitn(4, ' ');
            let id: u64 = words.next().unwrap().parse().unwrap();
            let previous_id = words.next().unwrap().parse().unwrap();
            let kind = words.next().unwrap().to_owned();
            let named = kind.contains("StateE") && !kind.ends_with("StateExecution");
            let detail = words.next().map(str::to_owned);
            let failed = (kind.ends_with("Failed") || kind.ends_with("TimedOut")) && detail.is_some();
            HistoryItem {
                id,
                previous_id,
                at_ms: 1000 + id * 10,
                resource: None,
                data: named.then(|| json!({ "id": id })),
                error: failed.then(|| detail.clone().unwrap()),
                cause: failed.then(|| "it broke".to_owned()),
                state: detail.filter(|_| named),
                kind,
            }
        })
        .collect()
}

pub(in crate::run::testing) fn succeeded() -> Outcome {
    Outcome {
        execution: "one".into(),
        status: "SUCCEEDED".into(),
        output: Some(json!({})),
        error: None,
        cause: None,
    }
}

/// Each visit in words: index, state, within, from, output, retries, errors.
fn visits(record: &Record) -> Vec<String> {
    let word = |(index, visit): (usize, &Visit)| {
        let mut words = format!("{index} {}", visit.state);
        if let Some(within) = visit.within {
            words.push_str(&format!(" in {within}"));
        }
        if let Some(from) = visit.from {
            words.push_str(&format!(" from {from}"));
        }
        if let Some(output) = &visit.output {
            words.push_str(&format!(" gave {}", output["id"]));
        }
        if visit.retries > 0 {
            words.push_str(&format!(" retried {}", visit.retries));
        }
        for (error, _) in &visit.errors {
            words.push_str(&format!(" !{error}"));
        }
        words
    };
    record.visits.iter().enumerate().map(word).collect()
}

fn check(lines: &str, expected: &[&str]) {
    let record = Record::from_history(&history(lines), succeeded(), None);
    assert_eq!(visits(&record), expected);
}

#[test]
fn a_path_with_retries_and_a_caught_error() {
    check(
        "1 0 ExecutionStarted
         2 0 TaskStateEntered Work
         3 2 LambdaFunctionScheduled
         4 3 LambdaFunctionStarted
         5 4 LambdaFunctionFailed Busy
         6 5 LambdaFunctionScheduled
         7 6 LambdaFunctionStartFailed Busy
         8 7 LambdaFunctionScheduled
         9 8 LambdaFunctionStarted
         10 9 LambdaFunctionTimedOut States.Timeout
         11 10 TaskStateExited Work
         12 11 FailStateEntered Give Up
         13 12 ExecutionFailed",
        &[
            "0 Work gave 11 retried 2 !Busy !Busy !States.Timeout",
            "1 Give Up from 0",
        ],
    );
}

#[test]
fn an_evaluation_that_is_tried_again() {
    check(
        "1 0 ExecutionStarted
         2 0 TaskStateEntered Work
         3 2 EvaluationFailed States.QueryEvaluationError
         4 3 EvaluationFailed States.QueryEvaluationError
         5 4 TaskScheduled
         6 5 TaskSucceeded
         7 6 EvaluationFailed States.QueryEvaluationError
         8 7 TaskScheduled
         9 8 TaskSucceeded
         10 9 TaskStateExited Work
         11 10 ExecutionSucceeded",
        &[
            "0 Work gave 10 retried 3 !States.QueryEvaluationError !States.QueryEvaluationError !States.QueryEvaluationError",
        ],
    );
}

/// Two branches, one after the other in the history.
const PARALLEL: &str = "1 0 ExecutionStarted
     2 0 ParallelStateEntered Both
     3 2 ParallelStateStarted
     4 3 PassStateEntered Left
     5 4 PassStateExited Left
     6 3 PassStateEntered Right
     7 6 PassStateExited Right
     8 7 PassStateEntered Right 2
     9 5 PassStateEntered Left 2
     10 9 PassStateExited Left 2
     11 8 PassStateExited Right 2
     12 11 ParallelStateSucceeded
     13 11 ParallelStateExited Both
     14 13 SucceedStateEntered End
     15 14 SucceedStateExited End
     16 15 ExecutionSucceeded";

const OF_PARALLEL: [&str; 6] = [
    "0 Both gave 13",
    "1 Left in 0 gave 5",
    "2 Right in 0 gave 7",
    "3 Right 2 in 0 from 2 gave 11",
    "4 Left 2 in 0 from 1 gave 10",
    "5 End from 0 gave 15",
];

/// Two iterations, each with two tasks at once.
const MAP: &str = "1 0 ExecutionStarted
     2 0 MapStateEntered Each
     3 2 MapStateStarted
     4 3 MapIterationStarted
     5 4 TaskStateEntered Do
     6 5 TaskScheduled
     7 3 MapIterationStarted
     8 7 TaskStateEntered Do
     9 8 TaskScheduled
     10 9 TaskFailed Busy
     11 6 TaskSucceeded
     12 11 TaskStateExited Do
     13 12 MapIterationSucceeded
     14 10 TaskScheduled
     15 14 TaskSucceeded
     16 15 TaskStateExited Do
     17 16 MapIterationSucceeded
     18 17 MapStateSucceeded
     19 18 MapStateExited Each
     20 19 ExecutionSucceeded";

const OF_MAP: [&str; 3] = [
    "0 Each gave 19",
    "1 Do in 0 gave 12",
    "2 Do in 0 gave 16 retried 1 !Busy",
];

#[test]
fn branches_and_iterations_are_inside_of_their_state() {
    check(PARALLEL, &OF_PARALLEL);
    check(MAP, &OF_MAP);
}

fn graph(definition: &Value) -> Graph {
    Graph::of(&crate::asl::parse(&Node::from_json(definition)).0.unwrap())
}

/// As some emulators have it: each event comes after the one written before, or after none.
#[test]
fn a_history_without_true_predecessors_is_read_with_the_definition() {
    let pass = |next: &str| json!({ "Type": "Pass", "Next": next });
    let end = json!({ "Type": "Pass", "End": true });
    let parallel = graph(&json!({ "StartAt": "Both", "States": {
        "Both": { "Type": "Parallel", "Next": "End", "Branches": [
            { "StartAt": "Left", "States": { "Left": pass("Left 2"), "Left 2": end } },
            { "StartAt": "Right", "States": { "Right": pass("Right 2"), "Right 2": end } },
        ] },
        "End": { "Type": "Succeed" },
    } }));
    let map = graph(
        &json!({ "StartAt": "Each", "States": { "Each": { "Type": "Map", "End": true, "ItemProcessor": {
        "StartAt": "Do", "States": { "Do": { "Type": "Task", "Resource": "r", "End": true } } } } } }),
    );
    for previous in [|id: u64| id - 1, |_| 0] {
        let broken = |lines: &str| -> Vec<HistoryItem> {
            let items = history(lines).into_iter();
            items
                .map(|item| HistoryItem {
                    previous_id: previous(item.id),
                    ..item
                })
                .collect()
        };
        let record = Record::from_history(&broken(PARALLEL), succeeded(), Some(&parallel));
        assert_eq!(visits(&record), OF_PARALLEL);
        let record = Record::from_history(&broken(MAP), succeeded(), Some(&map));
        let retries: u32 = record.visits.iter().map(|visit| visit.retries).sum();
        assert_eq!((record.visits.len(), retries), (3, 1));
        assert!(record.visits[1..].iter().all(|visit| visit.within == Some(0)));
        assert!(record.visits.iter().all(|visit| visit.output.is_some()));
    }
    let with_graph = Record::from_history(&history(PARALLEL), succeeded(), Some(&parallel));
    assert_eq!(visits(&with_graph), OF_PARALLEL);
}

#[test]
fn a_map_in_a_map_and_an_abort() {
    check(
        "1 0 ExecutionStarted
         2 0 MapStateEntered Outer
         3 2 MapStateStarted
         4 3 MapIterationStarted
         5 4 MapStateEntered Inner
         6 5 MapStateStarted
         7 6 MapIterationStarted
         8 7 TaskStateEntered Do
         9 8 TaskScheduled
         10 9 TaskFailed Odd
         11 10 MapIterationFailed
         12 11 MapStateFailed
         13 12 MapStateExited Inner
         14 13 PassStateEntered After
         15 14 PassStateExited After
         16 15 MapIterationSucceeded
         17 16 MapIterationStarted
         18 17 MapStateEntered Inner
         19 18 MapStateAborted
         20 19 ExecutionAborted",
        &[
            "0 Outer",
            "1 Inner in 0 gave 13",
            "2 Do in 1 !Odd",
            "3 After in 0 from 1 gave 15",
            "4 Inner in 0",
        ],
    );
}

#[test]
fn histories_that_make_no_sense_do_no_harm() {
    let record = Record::from_history(
        &history("1 9 TaskStateExited Never\n2 1 TaskFailed\n3 77 TaskStateAborted\n4 3 PassStateExited"),
        succeeded(),
        None,
    );
    assert!(record.visits.is_empty());
    assert_eq!(record.took_ms, 30);
    assert_eq!(Record::from_history(&[], succeeded(), None).took_ms, 0);
}

/// A Map of 5000 items: what is linear stays so.
#[test]
fn a_large_history_is_read_at_once() {
    let mut lines = "1 0 ExecutionStarted\n2 0 MapStateEntered Each\n3 2 MapStateStarted\n".to_owned();
    let mut id = 3;
    for _ in 0..5000 {
        let first = id + 1;
        lines.push_str(&format!("{first} 3 MapIterationStarted\n"));
        lines.push_str(&format!("{} {first} PassStateEntered Do\n", first + 1));
        lines.push_str(&format!("{} {} PassStateExited Do\n", first + 2, first + 1));
        lines.push_str(&format!("{} {} MapIterationSucceeded\n", first + 3, first + 2));
        id = first + 3;
    }
    let record = Record::from_history(&history(&lines), succeeded(), None);
    assert_eq!(
        record.visits_of("Do").filter(|visit| visit.within == Some(0)).count(),
        5000
    );
}
