//! How fast the engine alone is: no store, no clock, no tasks. Items are state transitions, as AWS counts them: states
//! entered. Run with `cargo bench --bench engine`.
#![allow(clippy::unwrap_used, missing_docs, reason = "a benchmark that fails may panic")]

use divan::Bencher;
use divan::counter::ItemsCount;
use serde_json::{Value, json};
use stepstack::asl::model::StateMachine;
use stepstack::engine::{Effect, Execution, Happened, Input, Start, Status, step};
use stepstack::tree::Node;

fn main() {
    divan::main();
}

fn machine(definition: &Value) -> StateMachine {
    let (machine, found) = stepstack::asl::parse(&Node::from_json(definition));
    assert!(found.is_empty(), "{found:?}");
    machine.unwrap()
}

fn start(input: &str) -> Start {
    Start {
        execution_arn: "arn:aws:states:us-east-1:000000000000:execution:M:e".into(),
        execution_name: "e".into(),
        state_machine_arn: "arn:aws:states:us-east-1:000000000000:stateMachine:M".into(),
        state_machine_name: "M".into(),
        role_arn: "arn:aws:iam::000000000000:role/r".into(),
        input: input.into(),
        started_at: 0,
    }
}

/// Runs an execution that asks for nothing from outside, and gives its effects.
fn run(machine: &StateMachine, input: &str) -> Vec<Effect> {
    let mut execution = Execution::new(start(input));
    let started = Input::new(0, 1, Happened::Started);
    let mut effects = step(machine, &mut execution, &started);
    while execution.has_more() {
        effects.extend(step(machine, &mut execution, &Input::new(0, 1, Happened::Continued)));
    }
    assert_eq!(execution.outcome().map(|end| end.status), Some(Status::Succeeded));
    effects
}

/// How many states an execution enters.
fn transitions(effects: &[Effect]) -> usize {
    let entered = |effect: &&Effect| matches!(effect, Effect::History(event) if event.kind.ends_with("StateEntered"));
    effects.iter().filter(entered).count()
}

/// Measures whole executions.
fn measure(bencher: Bencher<'_, '_>, definition: &Value, input: &str) {
    let machine = machine(definition);
    let transitions = transitions(&run(&machine, input));
    bencher
        .counter(ItemsCount::new(transitions))
        .bench(|| run(&machine, input));
}

/// Pass states in a row: two events each. The longest fills the history that AWS allows, 25,000 events.
fn chain(length: usize, state: &Value) -> Value {
    let states = (0..length).map(|at| {
        let mut state = state.clone();
        if at + 1 == length {
            state["End"] = true.into();
        } else {
            state["Next"] = format!("S{}", at + 1).into();
        }
        (format!("S{at}"), state)
    });
    json!({ "StartAt": "S0", "States": states.collect::<serde_json::Map<_, _>>() })
}

#[divan::bench(args = [499, 2_499, 12_498])]
fn pass_chain(bencher: Bencher<'_, '_>, length: usize) {
    measure(
        bencher,
        &chain(length, &json!({ "Type": "Pass" })),
        r#"{"order":{"id":17,"items":["a","b"]}}"#,
    );
}

#[divan::bench(args = [499, 2_499, 12_498])]
fn pass_chain_with_templates(bencher: Bencher<'_, '_>, length: usize) {
    let state = json!({ "Type": "Pass", "Parameters": { "id.$": "$.order.id", "kept": true }, "ResultPath": "$.seen" });
    measure(
        bencher,
        &chain(length, &state),
        r#"{"order":{"id":17,"items":["a","b"]}}"#,
    );
}

#[divan::bench(args = [1, 16, 128])]
fn pass_chain_of_large_data(bencher: Bencher<'_, '_>, kibibytes: usize) {
    let input = json!({ "text": "x".repeat(kibibytes * 1024) }).to_string();
    measure(bencher, &chain(200, &json!({ "Type": "Pass" })), &input);
}

#[divan::bench(args = [20, 100])]
fn pass_chain_in_jsonata(bencher: Bencher<'_, '_>, length: usize) {
    let state = json!({ "Type": "Pass", "QueryLanguage": "JSONata", "Output": "{% { 'n': $states.input.n + 1 } %}" });
    measure(bencher, &chain(length, &state), r#"{"n":0}"#);
}

/// Counts up and asks whether it is done: two transitions and four events a round.
#[divan::bench(args = [250, 1_250, 6_249])]
fn choice_loop(bencher: Bencher<'_, '_>, rounds: usize) {
    let definition = json!({ "StartAt": "Count", "States": {
        "Count": { "Type": "Pass", "Parameters": { "n.$": "States.MathAdd($.n, 1)", "end.$": "$.end" }, "Next": "Done?" },
        "Done?": { "Type": "Choice", "Default": "Done", "Choices": [
            { "Variable": "$.n", "NumericLessThanPath": "$.end", "Next": "Count" },
        ]},
        "Done": { "Type": "Succeed" },
    }});
    measure(bencher, &definition, &json!({ "n": 0, "end": rounds - 1 }).to_string());
}

fn map(selector: bool) -> Value {
    let mut map = json!({ "Type": "Map", "End": true, "ItemProcessor": {
        "StartAt": "Each", "States": { "Each": { "Type": "Pass", "End": true } },
    }});
    if selector {
        map["ItemSelector"] = json!({ "at.$": "$$.Map.Item.Index", "item.$": "$$.Map.Item.Value" });
    }
    json!({ "StartAt": "Map", "States": { "Map": map } })
}

/// An inline Map has four events an item, so that 6,248 items fill the history that AWS allows.
#[divan::bench(args = [10, 1_000, 6_248])]
fn inline_map(bencher: Bencher<'_, '_>, items: usize) {
    measure(bencher, &map(false), &json!(vec![1; items]).to_string());
}

#[divan::bench(args = [10, 1_000, 6_248])]
fn inline_map_with_selector(bencher: Bencher<'_, '_>, items: usize) {
    measure(bencher, &map(true), &json!(vec![1; items]).to_string());
}

/// The events of an execution are written once, so that a long history costs a multiple of a short one: read the same
/// number of transitions per second in each line.
#[divan::bench(args = [1_000, 5_000, 25_000])]
fn history_of_waits(bencher: Bencher<'_, '_>, events: usize) {
    // A Wait state has two events, and an input of its own.
    let machine = machine(&chain((events - 4) / 2, &json!({ "Type": "Wait", "Seconds": 1 })));
    bencher
        .counter(ItemsCount::new((events - 4) / 2))
        .bench(|| wait_it_out(&machine));
}

fn wait_it_out(machine: &StateMachine) -> usize {
    let mut execution = Execution::new(start("{}"));
    let mut due = vec![(Happened::Started, 0)];
    let mut events = 0;
    while let Some((what, at)) = due.pop() {
        for effect in step(machine, &mut execution, &Input::new(at, 1, what)) {
            match effect {
                Effect::History(_) => events += 1,
                Effect::SetTimer { timer, at } => due.push((Happened::TimerFired { timer }, at)),
                _ => {}
            }
        }
    }
    assert_eq!(execution.outcome().map(|end| end.status), Some(Status::Succeeded));
    events
}
