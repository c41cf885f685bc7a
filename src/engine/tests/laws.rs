//! Laws that hold for all inputs.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::single;
use crate::engine::testing::{self, Lab};
use crate::engine::{Effect, Execution, Happened, Pending, step};

/// Any input, fitting or not.
fn happened() -> impl Strategy<Value = Happened> {
    let task = 0..4_u64;
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
        (0..8_u64).prop_map(|timer| Happened::TimerFired { timer }),
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

proptest! {
    #[test]
    fn replaying_the_inputs_gives_the_same_effects(inputs in proptest::collection::vec((happened(), 0..9_000_u64), 0..40)) {
        let mut lab = Lab::new(&varied(), "{}");
        lab.feed(Happened::Started);
        for (what, later) in inputs {
            lab.now += later;
            lab.feed(what);
        }
        let mut again = Execution::new(testing::start("{}"));
        let effects: Vec<Effect> = lab.inputs.iter().flat_map(|input| step(&lab.machine, &mut again, input)).collect();
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
        let ends = effects.iter().filter(|effect| matches!(effect, Effect::Finished(_))).count();
        prop_assert_eq!(ends, usize::from(again.outcome().is_some()));
        if again.outcome().is_some() {
            prop_assert_eq!(again.pending(), Pending::default());
        }
    }

    #[test]
    fn any_input_text_ends_the_execution_somehow(input in "[\\[\\]{}\",:0-9a-z]{0,20}") {
        let lab = Lab::run(&single(json!({ "Type": "Pass", "ResultPath": "$.x", "End": true })), &input, &[]);
        prop_assert!(lab.execution.outcome().is_some());
    }
}
