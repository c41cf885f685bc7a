//! The errors: where they come from, and which retriers and catchers take them.

use serde_json::{Value, json};

use super::{Case, case, list, merged, with};
use crate::engine::testing::{Answer, error, output};
use crate::engine::tests::FUNCTION;

/// A way in which a state that has retriers and catchers fails: the name that they write, the state, its input, what its task
/// answers, how long each attempt takes, and the error with the beginning of its cause.
struct Way {
    name: &'static str,
    state: Value,
    input: &'static str,
    answer: Answer,
    takes: u64,
    fails: String,
}

pub(super) fn cases() -> Vec<Case> {
    let mut cases: Vec<Case> = ways().iter().flat_map(each_way).collect();
    cases.extend(named_only());
    cases.extend(never_taken());
    cases
}

/// Nobody takes it; a catcher does; a retrier does, once.
fn each_way(way: &Way) -> [Case; 3] {
    let Way { name, input, .. } = *way;
    let answers = std::slice::from_ref(&way.answer);
    let fails = format!("Failed {}", way.fails);
    let caught = json!({ "Catch": [{ "ErrorEquals": [name], "Next": "Caught" }] });
    let retried = json!({ "Retry": [{ "ErrorEquals": [name], "MaxAttempts": 1, "IntervalSeconds": 3 }] });
    let error = way.fails.split(": ").next().unwrap_or_default();
    let gives = format!(r#"gives {{"caught":{{"Error":"{error}","Cause":"…"#);
    let (once, twice) = (
        format!("after {} ms", way.takes),
        format!("after {} ms", way.takes * 2 + 3000),
    );
    [
        case(with(way.state.clone()), input, answers, &[&fails, &once]),
        case(
            with(merged(way.state.clone(), &caught)),
            input,
            answers,
            &[&gives, &once],
        ),
        case(
            with(merged(way.state.clone(), &retried)),
            input,
            answers,
            &[&fails, &twice],
        ),
    ]
}

fn ways() -> Vec<Way> {
    let task = |extra: Value| merged(json!({ "Type": "Task", "Resource": FUNCTION, "End": true }), &extra);
    let around = |state: Value| json!({ "Type": "Parallel", "End": true, "Branches": [{ "StartAt": "I", "States": { "I": state, "J": { "Type": "Succeed" } } }] });
    let mapping = |extra: Value| {
        let processor = json!({
            "ProcessorConfig": { "Mode": "DISTRIBUTED", "ExecutionType": "STANDARD" },
            "StartAt": "I", "States": { "I": { "Type": "Fail", "Error": "Boom" } },
        });
        merged(
            json!({ "Type": "Map", "ItemProcessor": processor, "End": true }),
            &extra,
        )
    };
    let in_state = |error: &str, cause: &str| {
        format!("{error}: An error occurred while executing the state 'S' (entered at the event id #2). {cause}")
    };
    let way = |name, state, input, answer, takes, fails: String| Way {
        name,
        state,
        input,
        answer,
        takes,
        fails,
    };
    let nothing = || output(json!({}));
    vec![
        way(
            "States.ALL",
            task(json!({})),
            "{}",
            error("Boom", "why"),
            0,
            "Boom: why".into(),
        ),
        way(
            "States.TaskFailed",
            task(json!({})),
            "{}",
            error("Boom", "why"),
            0,
            "Boom: why".into(),
        ),
        way(
            "States.Timeout",
            task(json!({ "TimeoutSeconds": 5 })),
            "{}",
            Answer::Silence,
            5000,
            "States.Timeout: ".into(),
        ),
        way(
            "States.HeartbeatTimeout",
            task(json!({
                "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken", "HeartbeatSeconds": 5,
                "Parameters": { "QueueUrl": "q", "MessageBody.$": "$$.Task.Token" },
            })),
            "{}",
            Answer::Silence,
            5000,
            "States.Timeout: ".into(),
        ),
        way(
            "States.ResultPathMatchFailure",
            task(json!({ "ResultPath": "$.a.b" })),
            r#"{"a":1}"#,
            nothing(),
            0,
            in_state(
                "States.ResultPathMatchFailure",
                r#"Unable to apply ReferencePath $.a.b to input {"a":1}"#,
            ),
        ),
        way(
            "States.NoChoiceMatched",
            around(json!({ "Type": "Choice", "Choices": [{ "Variable": "$.x", "IsPresent": true, "Next": "J" }] })),
            "{}",
            nothing(),
            0,
            "States.NoChoiceMatched: An error occurred while executing the state 'I' (entered at the event id #…"
                .into(),
        ),
        way(
            "States.IntrinsicFailure",
            task(json!({ "Parameters": { "x.$": "States.ArrayGetItem($, 9)" } })),
            "[1]",
            nothing(),
            0,
            in_state("States.IntrinsicFailure", "…"),
        ),
        way(
            "States.ExceedToleratedFailureThreshold",
            mapping(json!({})),
            "[1]",
            nothing(),
            0,
            "States.ExceedToleratedFailureThreshold: The specified tolerated failure threshold was exceeded".into(),
        ),
        way(
            "States.ItemReaderFailed",
            mapping(json!({ "ItemReader": {
                "Resource": "arn:aws:states:::s3:getObject", "Parameters": { "Bucket": "b", "Key": "k" }, "ReaderConfig": { "InputType": "JSON" },
            }})),
            "{}",
            Answer::Output("{}".into()),
            0,
            "States.ItemReaderFailed: Attempting to map over non-iterable node.".into(),
        ),
        way(
            "States.DataLimitExceeded",
            task(json!({})),
            "{}",
            output(json!("x".repeat(262_144))),
            0,
            format!(
                "States.DataLimitExceeded: The state/task '{FUNCTION}' returned a result with a size exceeding the maximum number of bytes service limit."
            ),
        ),
        way(
            "States.QueryEvaluationError",
            task(json!({ "QueryLanguage": "JSONata", "Arguments": "{% $states.input.none %}" })),
            "{}",
            nothing(),
            0,
            in_state(
                "States.QueryEvaluationError",
                "The JSONata expression '$states.input.none' specified for the field 'Arguments' returned nothing (undefined).",
            ),
        ),
    ]
}

/// Names that services report, or that the engine does not.
fn named_only() -> Vec<Case> {
    let way = |name: &&'static str| {
        each_way(&Way {
            name,
            state: json!({ "Type": "Task", "Resource": FUNCTION, "End": true }),
            input: "{}",
            answer: error(name, "why"),
            takes: 0,
            fails: format!("{name}: why"),
        })
    };
    list::NAMED_ONLY.iter().flat_map(way).collect()
}

fn never_taken() -> Vec<Case> {
    let handled = |name: &str, extra: Value| {
        let handlers = json!({
            "Retry": [{ "ErrorEquals": [name] }], "Catch": [{ "ErrorEquals": [name], "Next": "Caught" }], "End": true,
        });
        with(merged(
            merged(json!({ "Type": "Task", "Resource": FUNCTION }), &handlers),
            &extra,
        ))
    };
    let missing = json!({ "Parameters": { "x.$": "$.none" } });
    let runtime = "Failed States.Runtime: An error occurred while executing the state 'S' (entered at the event id #2). The JSONPath \
                   '$.none' specified for the field 'x.$' could not be found in the input '{}'";
    vec![
        case(
            handled("States.ALL", missing.clone()),
            "{}",
            &[],
            &[runtime, "after 0 ms", "0 tasks"],
        ),
        case(
            handled("States.Runtime", missing),
            "{}",
            &[],
            &[runtime, "after 0 ms", "0 tasks"],
        ),
        // `States.TaskFailed` is every error but a timeout.
        case(
            handled("States.TaskFailed", json!({ "TimeoutSeconds": 5 })),
            "{}",
            &[Answer::Silence],
            &["Failed States.Timeout: ", "after 5000 ms"],
        ),
        case(
            handled("States.HeartbeatTimeout", json!({ "TimeoutSeconds": 5 })),
            "{}",
            &[Answer::Silence],
            &["Failed States.Timeout: ", "after 5000 ms"],
        ),
    ]
}
