//! Laws that hold for all inputs.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{FUNCTION, single};
use crate::engine::testing::{self, Answer, Lab};
use crate::engine::{Effect, Execution, Happened, Pending, step};

/// Any input, fitting or not, about the first so many tasks and timers.
fn happened(most: u64) -> impl Strategy<Value = Happened> {
    let task = 0..most;
    let text = prop_oneof![
        Just("1".to_owned()),
        Just("{\"go\":true}".to_owned()),
        Just("{".to_owned())
    ];
    prop_oneof![
        Just(Happened::Started),
        task.clone().prop_map(|task| Happened::TaskStarted { task }),
        (task.clone(), text.clone()).prop_map(|(task, output)| Happened::TaskSubmitted { task, output }),
        (task.clone(), text).prop_map(|(task, output)| Happened::TaskSucceeded { task, output }),
        (task.clone(), proptest::option::of("Boom|Other")).prop_map(|(task, error)| Happened::TaskFailed {
            task,
            error,
            cause: None
        }),
        task.clone().prop_map(|task| Happened::TaskNotStarted {
            task,
            error: "E".into(),
            cause: "c".into()
        }),
        (task.clone(), proptest::option::of("w")).prop_map(|(task, worker)| Happened::ActivityStarted { task, worker }),
        task.prop_map(|task| Happened::TaskHeartbeat { task }),
        (0..4_u64, "\\[1\\]|1|x").prop_map(|(map_run, items)| Happened::ItemsRead { map_run, items }),
        (0..4_u64, "\\[1\\]|x").prop_map(|(map_run, output)| Happened::MapRunSucceeded { map_run, output }),
        (0..4_u64, "Boom|Other").prop_map(|(map_run, error)| Happened::MapRunFailed {
            map_run,
            error,
            cause: None
        }),
        (0..2 * most).prop_map(|timer| Happened::TimerFired { timer }),
    ]
}

fn varied() -> Value {
    json!({ "StartAt": "T", "TimeoutSeconds": 1000, "States": {
        "T": {
            "Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
            "Parameters": { "t.$": "$$.Task.Token", "c.$": "$$" }, "TimeoutSeconds": 50, "HeartbeatSeconds": 10,
            "Retry": [{ "ErrorEquals": ["Boom"], "JitterStrategy": "FULL" }],
            "Catch": [{ "ErrorEquals": ["States.ALL"], "ResultPath": "$.e", "Next": "W" }],
            "ResultPath": "$.r", "Next": "C",
        },
        "C": { "Type": "Choice", "Choices": [{ "Variable": "$.r.go", "IsPresent": true, "Next": "W" }], "Default": "T" },
        "W": { "Type": "Wait", "Seconds": 7, "Next": "T" },
    }})
}

/// A state with states inside, up to three levels deep.
fn nested() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(json!({ "Type": "Task", "Resource": FUNCTION, "End": true })),
        Just(
            json!({ "Type": "Task", "Resource": FUNCTION, "TimeoutSeconds": 2, "End": true,
            "Retry": [{ "ErrorEquals": ["Boom"], "MaxAttempts": 2 }] })
        ),
        Just(json!({ "Type": "Wait", "Seconds": 3, "End": true })),
        Just(json!({ "Type": "Pass", "Result": 1, "End": true })),
        Just(json!({ "Type": "Fail", "Error": "Boom" })),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        let distributed = inner.clone();
        let handlers = |mut state: Value, retried: bool| {
            if retried {
                state["Retry"] = json!([{ "ErrorEquals": ["Boom"], "MaxAttempts": 1 }]);
            }
            state
        };
        prop_oneof![
            (proptest::collection::vec(inner.clone(), 1..4), any::<bool>()).prop_map(move |(states, retried)| {
                let branches: Vec<Value> = states.into_iter().map(machine_of).collect();
                handlers(
                    json!({ "Type": "Parallel", "Branches": branches, "End": true }),
                    retried,
                )
            }),
            (inner, 0..3_u8, any::<bool>()).prop_map(move |(state, concurrency, retried)| {
                let map = json!({
                    "Type": "Map", "ItemProcessor": machine_of(state), "ItemsPath": "$$.Execution.Input",
                    "ItemSelector": { "v.$": "$$.Map.Item.Value" }, "MaxConcurrency": concurrency, "End": true,
                });
                handlers(map, retried)
            }),
            (distributed, any::<bool>(), any::<bool>()).prop_map(move |(state, read, retried)| {
                let mut processor = machine_of(state);
                processor["ProcessorConfig"] = json!({ "Mode": "DISTRIBUTED", "ExecutionType": "STANDARD" });
                let mut map = json!({
                    "Type": "Map", "ItemProcessor": processor, "ItemsPath": "$$.Execution.Input", "End": true,
                });
                if read {
                    map["ItemReader"] = json!({ "Resource": "arn:aws:states:::s3:listObjectsV2" });
                }
                handlers(map, retried)
            }),
        ]
    })
}

/// A machine of one state, which catches what it can.
fn machine_of(mut state: Value) -> Value {
    if state["Type"] != "Parallel" && state["Type"] != "Map" {
        return json!({ "StartAt": "I", "States": { "I": state } });
    }
    state["Catch"] = json!([{ "ErrorEquals": ["Other"], "Next": "P" }]);
    json!({ "StartAt": "I", "States": { "I": state, "P": { "Type": "Pass", "End": true } } })
}

/// Feeds an execution and compares it with its replay.
fn check_replay(definition: &Value, start: &str, inputs: Vec<(Happened, u64)>) -> Result<(), TestCaseError> {
    let mut lab = Lab::new(definition, start);
    lab.feed(Happened::Started);
    for (what, later) in inputs {
        lab.now += later;
        lab.feed(what);
    }
    let mut again = Execution::new(testing::start(start));
    let effects: Vec<Effect> = lab
        .inputs
        .iter()
        .flat_map(|input| step(&lab.machine, &mut again, input))
        .collect();
    prop_assert_eq!(&effects, &lab.effects);
    prop_assert_eq!(again.pending(), lab.execution.pending());
    prop_assert_eq!(again.outcome(), lab.execution.outcome());

    // What is outstanding is what was asked for and neither cancelled nor answered; each event follows an earlier one.
    for timer in again.pending().timers {
        prop_assert_eq!(lab.timers.get(&timer.0), Some(&timer.1));
    }
    for (event, id) in lab.history.iter().zip(1..) {
        prop_assert_eq!(event.id, id);
        prop_assert!(event.previous_event_id < id);
    }
    let ends = effects
        .iter()
        .filter(|effect| matches!(effect, Effect::Finished(_)))
        .count();
    prop_assert_eq!(ends, usize::from(again.outcome().is_some()));
    if again.outcome().is_some() {
        prop_assert_eq!(again.pending(), Pending::default());
    }
    Ok(())
}

/// The lines of a history without the ARNs of map runs, which are random.
fn without_random(lines: &str) -> Vec<&str> {
    let known = |line: &'_ str| line.find(" mapRunArn=").unwrap_or(line.len());
    lines.lines().map(|line| line.split_at(known(line)).0).collect()
}

proptest! {
    #[test]
    fn replaying_the_inputs_gives_the_same_effects(
        inputs in proptest::collection::vec((happened(4), 0..9_000_u64), 0..40)
    ) {
        check_replay(&varied(), "{}", inputs)?;
    }

    #[test]
    fn replaying_nested_states_gives_the_same_effects(
        state in nested(),
        inputs in proptest::collection::vec((happened(12), 0..9_000_u64), 0..40)
    ) {
        check_replay(&machine_of(state), "[1,2,3]", inputs)?;
    }

    /// Where steps end makes no difference.
    #[test]
    fn slices_do_not_change_the_history(state in nested(), most in 1..4_u32, fails in proptest::collection::vec(any::<bool>(), 1..9)) {
        let answers: Vec<Answer> = fails
            .into_iter()
            .map(|fails| if fails { testing::error("Boom", "") } else { testing::output(json!(1)) })
            .collect();
        let definition = machine_of(state);
        let mut sliced = Lab::new(&definition, "[1,2,3]");
        sliced.most = most;
        sliced.feed(Happened::Started);
        sliced.go_on(&answers);
        let whole = Lab::run(&definition, "[1,2,3]", &answers);
        let (sliced_lines, whole_lines) = (sliced.lines(), whole.lines());
        prop_assert_eq!(without_random(&sliced_lines), without_random(&whole_lines));

        let mut again = Execution::new(testing::start("[1,2,3]"));
        let effects: Vec<Effect> = sliced
            .inputs
            .iter()
            .flat_map(|input| step(&sliced.machine, &mut again, input))
            .collect();
        prop_assert_eq!(&effects, &sliced.effects);
    }

    /// As long as tasks are answered and timers fire, nothing is left hanging.
    #[test]
    fn nested_states_come_to_an_end(state in nested(), fails in proptest::collection::vec(any::<bool>(), 1..9)) {
        let answers: Vec<Answer> = fails
            .into_iter()
            .map(|fails| if fails { testing::error("Boom", "") } else { testing::output(json!(1)) })
            .collect();
        prop_assume!(!state.to_string().contains("ItemReader"));
        let lab = Lab::run(&machine_of(state), "[1,2,3]", &answers);
        prop_assert!(lab.execution.outcome().is_some(), "{}", lab.lines());
        let count = |what: &str| lab.history.iter().filter(|event| event.kind == what).count();
        prop_assert!(
            count("MapIterationStarted")
                >= count("MapIterationSucceeded") + count("MapIterationFailed") + count("MapIterationAborted")
        );
    }

    #[test]
    fn any_input_text_ends_the_execution_somehow(input in "[\\[\\]{}\",:0-9a-z]{0,20}") {
        let lab = Lab::run(&single(json!({ "Type": "Pass", "ResultPath": "$.x", "End": true })), &input, &[]);
        prop_assert!(lab.execution.outcome().is_some());
    }
}
