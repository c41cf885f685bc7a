//! Distributed Map states: what their map runs are given, and what the history of the execution around them says.

use serde_json::{Value, json};

use super::single;
use crate::engine::testing::{Answer, Lab, error, output};
use crate::engine::{Effect, Execution, Happened, step};

const FUNCTION: &str = super::FUNCTION;

/// A distributed Map state `S` whose processor is one state `I`.
fn map(inner: Value, extra: Value) -> Value {
    single(state(inner, extra))
}

fn state(inner: Value, extra: Value) -> Value {
    let processor = json!({
        "ProcessorConfig": { "Mode": "DISTRIBUTED", "ExecutionType": "STANDARD" },
        "StartAt": "I",
        "States": { "I": inner },
    });
    let mut state = json!({ "Type": "Map", "Label": "L", "ItemProcessor": processor, "End": true });
    state
        .as_object_mut()
        .unwrap()
        .extend(extra.as_object().unwrap().clone());
    state
}

fn echo() -> Value {
    json!({ "Type": "Pass", "End": true })
}

fn task() -> Value {
    json!({ "Type": "Task", "Resource": FUNCTION, "End": true })
}

/// The inputs of the child executions.
fn inputs(lab: &Lab) -> Vec<&str> {
    let effects = lab.effects.iter().filter_map(|effect| match effect {
        Effect::RunChildren { children, .. } => Some(children),
        _ => None,
    });
    effects
        .flat_map(|children| children.iter().map(|child| child.input.as_str()))
        .collect()
}

/// The history with the unique part of ARNs left out.
fn lines(lab: &Lab) -> Vec<String> {
    let line = |line: &str| match line.split_once("M/L:") {
        Some((head, tail)) => format!("{head}M/L:ID{}", &tail[36..]),
        None => line.to_owned(),
    };
    lab.lines().lines().map(line).collect()
}

#[track_caller]
fn check(definition: Value, input: &str, answers: &[Answer], history: &str) {
    let lab = Lab::run(&definition, input, answers);
    let expected: Vec<&str> = history.lines().map(str::trim).collect();
    assert_eq!(lines(&lab), expected);
}

#[track_caller]
fn check_inputs(extra: Value, input: &str, expected: &[&str]) {
    let lab = Lab::run(&map(echo(), extra), input, &[]);
    assert_eq!(inputs(&lab), expected, "{}", lab.lines());
}

/// How the execution ends, without the numbers of the event.
#[track_caller]
fn check_end(definition: Value, input: &str, answers: &[Answer], end: &str) -> Lab {
    let lab = Lab::run(&definition, input, answers);
    assert_eq!(lab.last_line().split_once(' ').unwrap().1, end, "{}", lab.lines());
    lab
}

#[test]
fn a_map_run_that_succeeds() {
    check(
        map(echo(), json!({})),
        "[\"a\",{}]",
        &[],
        "1<0 ExecutionStarted input=[\"a\",{}]
         2<0 MapStateEntered name=S input=[\"a\",{}]
         3<2 MapStateStarted length=2
         4<3 MapRunStarted mapRunArn=arn:aws:states:us-east-1:000000000000:mapRun:M/L:ID
         5<4 MapRunSucceeded
         6<5 MapStateSucceeded
         7<5 MapStateExited name=S output=[\"a\",{}]
         8<7 ExecutionSucceeded output=[\"a\",{}]",
    );
    let lab = check_end(map(echo(), json!({})), "[]", &[], "ExecutionSucceeded output=[]");
    assert!(lab.children.is_empty());
}

#[test]
fn a_map_run_that_fails() {
    let cause = "The specified tolerated failure threshold was exceeded";
    check(
        map(task(), json!({})),
        "[1,2]",
        &[error("Boom", "why")],
        &format!(
            "1<0 ExecutionStarted input=[1,2]
             2<0 MapStateEntered name=S input=[1,2]
             3<2 MapStateStarted length=2
             4<3 MapRunStarted mapRunArn=arn:aws:states:us-east-1:000000000000:mapRun:M/L:ID
             5<4 MapRunFailed error=States.ExceedToleratedFailureThreshold cause={cause}
             6<5 MapStateFailed
             7<6 ExecutionFailed error=States.ExceedToleratedFailureThreshold cause={cause}"
        ),
    );
}

#[test]
fn child_executions_have_histories_of_their_own() {
    let lab = Lab::run(&map(task(), json!({})), "[7]", &[output(json!(8))]);
    assert_eq!(lab.outcome().output.as_deref(), Some("[8]"));
    let child = lab.children.first().unwrap();
    assert_eq!(child.history.first().unwrap().kind, "ExecutionStarted");
    assert_eq!(
        child.last_line().split_once(' ').unwrap().1,
        "ExecutionSucceeded output=8"
    );
}

#[test]
fn failures_are_tolerated_and_told() {
    let answers = [output(json!(1)), error("Boom", "why"), output(json!(3))];
    for extra in [
        json!({ "ToleratedFailureCount": 1 }),
        json!({ "ToleratedFailurePercentage": 34 }),
        json!({ "ToleratedFailureCountPath": "$$.Execution.Input[0]" }),
        json!({ "ToleratedFailurePercentagePath": "$[1]" }),
    ] {
        let lab = Lab::run(&map(task(), extra), "[1,\"50\",2]", &answers);
        let output: Value = serde_json::from_str(lab.outcome().output.as_deref().unwrap()).unwrap();
        assert_eq!((&output[0], &output[2]), (&json!(1), &json!(3)));
        assert_eq!(
            (&output[1]["Status"], &output[1]["Error"], &output[1]["Input"]),
            (&json!("FAILED"), &json!("Boom"), &json!("\"50\""))
        );
    }
    let lab = Lab::run(
        &map(task(), json!({ "ToleratedFailurePercentage": 33 })),
        "[1,2,3]",
        &answers,
    );
    assert_eq!(
        lab.outcome().error.as_deref(),
        Some("States.ExceedToleratedFailureThreshold")
    );
}

#[test]
fn limits_that_are_none() {
    let failed = |cause: &str| {
        format!(
            "ExecutionFailed error=States.Runtime cause=An error occurred while executing the state 'S' (entered at the event id #2). {cause}"
        )
    };
    let input = r#"{"items":[1],"n":-1,"text":"x","none":{},"big":101}"#;
    for (field, value, cause, started) in [
        (
            "ToleratedFailureCountPath",
            "$.n",
            "ToleratedFailureCount cannot be negative.",
            true,
        ),
        (
            "ToleratedFailureCountPath",
            "$.text",
            "The ToleratedFailureCountPath field refers to value \"x\" which is not a valid integer: $.text",
            true,
        ),
        (
            "ToleratedFailurePercentagePath",
            "$.none",
            "The ToleratedFailurePercentagePath field refers to value \"{}\" which is not a valid float: $.none",
            true,
        ),
        (
            "ToleratedFailurePercentagePath",
            "$.big",
            "ToleratedFailurePercentage must be between 0 and 100.",
            true,
        ),
        ("MaxConcurrencyPath", "$.n", "MaxConcurrency cannot be negative.", false),
    ] {
        let definition = map(echo(), json!({ "ItemsPath": "$.items", field: value }));
        let lab = check_end(definition, input, &[], &failed(cause));
        assert_eq!(lab.lines().contains("MapStateStarted"), started, "{field}");
        assert!(!lab.lines().contains("MapRunStarted"));
    }
}

#[test]
fn items_are_selected() {
    check_inputs(
        json!({ "ItemsPath": "$.items", "ItemSelector": { "i.$": "$$.Map.Item.Index", "v.$": "$$.Map.Item.Value", "k.$": "$.k" } }),
        r#"{"items":["a","b"],"k":1}"#,
        &[r#"{"i":0,"v":"a","k":1}"#, r#"{"i":1,"v":"b","k":1}"#],
    );
    check_inputs(
        json!({
            "QueryLanguage": "JSONata",
            "Items": "{% $states.input.items %}",
            "ItemSelector": {
                "v": "{% $states.context.Map.Item.Index %}",
                "k": "{% $states.input.k & $states.context.Execution.Input.k %}",
            },
        }),
        r#"{"items":["a"],"k":"x"}"#,
        &[r#"{"v":0,"k":"xx"}"#],
    );
    check_inputs(
        json!({
            "QueryLanguage": "JSONata",
            "Items": "{% $states.input.items %}",
            "ItemSelector": { "v": "{% $states.context.Map.Item.Value & '!' %}" },
        }),
        r#"{"items":["a","b"]}"#,
        &[r#"{"v":"a!"}"#, r#"{"v":"b!"}"#],
    );
}

#[test]
fn items_are_put_together() {
    check_inputs(
        json!({ "ItemBatcher": { "MaxItemsPerBatch": 2 } }),
        "[1,2,3]",
        &[r#"{"Items":[1,2]}"#, r#"{"Items":[3]}"#],
    );
    check_inputs(
        json!({
            "ItemsPath": "$.items",
            "ItemBatcher": { "MaxItemsPerBatchPath": "$.n", "BatchInput": { "of.$": "$.n", "fix": true } },
        }),
        r#"{"items":[1,2,3],"n":2}"#,
        &[
            r#"{"BatchInput":{"of":2,"fix":true},"Items":[1,2]}"#,
            r#"{"BatchInput":{"of":2,"fix":true},"Items":[3]}"#,
        ],
    );
    check_inputs(
        json!({ "ItemBatcher": { "MaxInputBytesPerBatch": 15 } }),
        "[1,2,3]",
        &[r#"{"Items":[1,2]}"#, r#"{"Items":[3]}"#],
    );
    check_inputs(
        json!({
            "QueryLanguage": "JSONata",
            "Items": "{% [1..3] %}",
            "ItemSelector": { "v": "{% $states.context.Map.Item.Value %}" },
            "ItemBatcher": { "MaxItemsPerBatch": "{% 2 %}", "BatchInput": { "k": "{% $states.input.k %}" } },
        }),
        r#"{"k":7}"#,
        &[
            r#"{"BatchInput":{"k":7},"Items":[{"v":1},{"v":2}]}"#,
            r#"{"BatchInput":{"k":7},"Items":[{"v":3}]}"#,
        ],
    );
}

#[test]
fn a_batch_that_fails_counts_as_its_items() {
    let extra = |count: u64| json!({ "ItemBatcher": { "MaxItemsPerBatch": 2 }, "ToleratedFailureCount": count });
    for (count, status) in [(1, "ExecutionFailed"), (2, "ExecutionSucceeded")] {
        let lab = Lab::run(&map(task(), extra(count)), "[1,2]", &[error("Boom", "")]);
        assert_eq!(lab.history.last().unwrap().kind, status, "{count}");
    }
}

#[test]
fn what_a_selector_cannot_make_fails_the_map_run() {
    let definition = map(echo(), json!({ "ItemSelector": { "v.$": "$.none" } }));
    let lab = Lab::run(&definition, "[1]", &[]);
    let kinds: Vec<&str> = lab.history.iter().map(|event| event.kind.as_str()).collect();
    assert_eq!(
        kinds[3..],
        ["MapRunStarted", "MapRunFailed", "ExecutionFailed"],
        "{}",
        lab.lines()
    );
    assert!(lab.effects.contains(&Effect::StopMapRun {
        map_run: 1,
        failed: true
    }));
    let caught = map(
        echo(),
        json!({
            "QueryLanguage": "JSONata",
            "Items": [1],
            "ItemSelector": "{% $error('no') %}",
            "Catch": [{ "ErrorEquals": ["States.QueryEvaluationError"], "Next": "Next" }],
        }),
    );
    assert_eq!(
        Lab::run(&caught, "{}", &[]).history.last().unwrap().kind,
        "ExecutionSucceeded"
    );
}

#[test]
fn a_retry_is_a_new_map_run() {
    let definition = map(
        task(),
        json!({ "Retry": [{ "ErrorEquals": ["States.ExceedToleratedFailureThreshold"], "MaxAttempts": 1 }] }),
    );
    check(
        definition,
        "[1]",
        &[error("Boom", ""), output(json!(2))],
        "1<0 ExecutionStarted input=[1]
         2<0 MapStateEntered name=S input=[1]
         3<2 MapStateStarted length=1
         4<3 MapRunStarted mapRunArn=arn:aws:states:us-east-1:000000000000:mapRun:M/L:ID
         5<4 MapRunFailed error=States.ExceedToleratedFailureThreshold cause=The specified tolerated failure threshold was exceeded
         6<5 MapStateStarted length=1
         7<6 MapRunStarted mapRunArn=arn:aws:states:us-east-1:000000000000:mapRun:M/L:ID
         8<7 MapRunSucceeded
         9<8 MapStateSucceeded
         10<8 MapStateExited name=S output=[2]
         11<10 ExecutionSucceeded output=[2]",
    );
}

#[test]
fn a_catcher_takes_the_failure() {
    let definition = map(
        task(),
        json!({ "Catch": [{ "ErrorEquals": ["States.ALL"], "Next": "Next", "ResultPath": "$[0]" }] }),
    );
    check_end(
        definition,
        "[1]",
        &[error("Boom", "")],
        "ExecutionSucceeded output=[{\"Error\":\"States.ExceedToleratedFailureThreshold\",\"Cause\":\"The specified tolerated failure threshold was exceeded\"}]",
    );
}

#[test]
fn results_are_shaped_and_assigned() {
    let definition = json!({ "StartAt": "S", "States": {
        "S": state(echo(), json!({
            "ResultSelector": { "all.$": "$" },
            "ResultPath": "$.out",
            "ItemsPath": "$.items",
            "Assign": { "first.$": "$.all[0]" },
            "Next": "T", "End": Value::Null,
        })),
        "T": { "Type": "Pass", "Parameters": { "first.$": "$first", "out.$": "$.out" }, "End": true },
    } });
    let mut definition = definition;
    definition["States"]["S"].as_object_mut().unwrap().remove("End");
    check_end(
        definition,
        r#"{"items":[5,6]}"#,
        &[],
        r#"ExecutionSucceeded output={"first":5,"out":{"all":[5,6]}}"#,
    );
}

#[test]
fn writer_config_shapes_the_results() {
    for (transformation, expected) in [("COMPACT", "[[1],[2,3]]"), ("FLATTEN", "[1,2,3]")] {
        let writer =
            json!({ "ResultWriter": { "WriterConfig": { "Transformation": transformation, "OutputType": "JSON" } } });
        let lab = Lab::run(&map(echo(), writer), "[[1],[2,3]]", &[]);
        assert_eq!(lab.outcome().output.as_deref(), Some(expected));
    }
}

#[test]
fn a_large_result_is_too_large() {
    let definition = map(task(), json!({}));
    let large = output(json!("x".repeat(200_000)));
    let lab = Lab::run(&definition, "[1,2]", &[large.clone(), large]);
    assert_eq!(lab.outcome().error.as_deref(), Some("States.DataLimitExceeded"));
}

#[test]
fn map_runs_in_branches_and_iterations() {
    let inner = state(echo(), json!({}));
    let parallel = single(json!({ "Type": "Parallel", "End": true, "Branches": [
        { "StartAt": "P", "States": { "P": { "Type": "Pass", "End": true } } },
        { "StartAt": "D", "States": { "D": inner } },
    ] }));
    check_end(parallel, "[1,2]", &[], "ExecutionSucceeded output=[[1,2],[1,2]]");
    let iterations = single(json!({ "Type": "Map", "End": true, "ItemProcessor": {
        "StartAt": "D", "States": { "D": inner },
    } }));
    check_end(iterations, "[[1,2],[3]]", &[], "ExecutionSucceeded output=[[1,2],[3]]");
    // In a child execution, again.
    let lab = check_end(
        map(inner, json!({})),
        "[[1,2],[3]]",
        &[],
        "ExecutionSucceeded output=[[1,2],[3]]",
    );
    assert_eq!(lab.children.len(), 2);
    assert_eq!(lab.children[0].children.len(), 2);
}

#[test]
fn a_failure_beside_it_aborts_a_map_run() {
    let failing = json!({ "StartAt": "F", "States": { "F": { "Type": "Task", "Resource": FUNCTION, "End": true } } });
    let definition = single(json!({ "Type": "Parallel", "End": true, "Branches": [
        failing,
        { "StartAt": "D", "States": { "D": state(echo(), json!({})) } },
    ] }));
    let lab = Lab::run(&definition, "[1]", &[error("Boom", "")]);
    let kinds: Vec<&str> = lab.history.iter().map(|event| event.kind.as_str()).collect();
    assert!(
        kinds.contains(&"MapRunAborted") && kinds.contains(&"MapStateAborted"),
        "{}",
        lab.lines()
    );
    assert!(lab.effects.contains(&Effect::StopMapRun {
        map_run: 1,
        failed: false
    }));
}

#[test]
fn a_stop_stops_the_map_run() {
    let mut lab = Lab::new(&map(echo(), json!({})), "[1]");
    lab.feed(Happened::Started);
    assert_eq!(lab.execution.pending().map_runs.len(), 1);
    lab.feed(Happened::Stopped {
        error: None,
        cause: None,
    });
    assert!(lab.effects.contains(&Effect::StopMapRun {
        map_run: 1,
        failed: false
    }));
    assert!(lab.execution.pending().map_runs.is_empty());
    // What comes late has no effect.
    let effects = lab.effects.len();
    lab.feed(Happened::MapRunSucceeded {
        map_run: 1,
        output: "[1]".to_owned(),
    });
    assert_eq!(lab.effects.len(), effects);
}

#[test]
fn items_that_are_read() {
    let reader = json!({
        "ItemReader": {
            "Resource": "arn:aws:states:::s3:getObject",
            "Parameters": { "Bucket.$": "$.b", "Key": "k" },
            "ReaderConfig": { "InputType": "JSON", "MaxItemsPath": "$.n" },
        },
    });
    let begun = || {
        let mut lab = Lab::new(&map(echo(), reader.clone()), r#"{"b":"bucket","n":2}"#);
        lab.feed(Happened::Started);
        lab
    };
    let mut lab = begun();
    let Some(Effect::ReadItems(request)) = lab.effects.last() else {
        panic!("{:?}", lab.effects);
    };
    assert_eq!(request.from.resource, "arn:aws:states:::s3:getObject");
    assert_eq!(request.from.parameters, json!({ "Bucket": "bucket", "Key": "k" }));
    assert_eq!(request.config, json!({ "InputType": "JSON", "MaxItems": 2 }));
    assert!(lab.execution.pending().map_runs[0].read.is_some());
    lab.feed(Happened::ItemsRead {
        map_run: 1,
        items: "[1,2]".to_owned(),
    });
    assert!(lab.execution.pending().map_runs[0].read.is_none());
    lab.go_on(&[]);
    assert_eq!(lab.outcome().output.as_deref(), Some("[1,2]"));
    assert!(lines(&lab)[2].ends_with("MapStateStarted length=0"));

    let mut lab = begun();
    lab.feed(Happened::MapRunFailed {
        map_run: 1,
        error: "States.ItemReaderFailed".to_owned(),
        cause: Some("CSV headers cannot contain duplicates.".to_owned()),
    });
    assert_eq!(
        lines(&lab)[4..],
        [
            "5<4 MapRunFailed error=States.ItemReaderFailed cause=CSV headers cannot contain duplicates.",
            "6<5 MapStateFailed",
            "7<6 ExecutionFailed error=States.ItemReaderFailed cause=CSV headers cannot contain duplicates.",
        ]
    );
}

#[test]
fn expressions_about_the_item_alone_are_known() {
    use crate::engine::states::distributed::sees_only_the_item;
    for (selector, only) in [
        (
            json!({ "a": ["{% $states.context.Map.Item.Value.x %}", 1, "$states"] }),
            false,
        ),
        (
            json!({ "a": ["{% $states.context.Map.Item.Value.x & $v %}", 1, "x"] }),
            true,
        ),
        (json!("{% $states %}"), false),
        (json!("{% $states.context %}"), false),
        (json!("{% $states.context.Map.Item.Index + $states.input %}"), false),
        (json!("{% $keys($states.context.Map) %}"), false),
    ] {
        assert_eq!(sees_only_the_item(&selector), only, "{selector}");
    }
}

#[test]
fn the_journal_leads_to_the_same_history() {
    let definition = map(
        task(),
        json!({ "ToleratedFailureCount": 1, "ItemSelector": { "v.$": "$$.Map.Item.Value" } }),
    );
    let lab = Lab::run(&definition, "[1,2]", &[error("Boom", ""), output(json!(2))]);
    let mut again = Execution::new(crate::engine::testing::start("[1,2]"));
    let effects: Vec<Effect> = lab
        .inputs
        .iter()
        .flat_map(|input| step(&lab.machine, &mut again, input))
        .collect();
    assert_eq!(effects, lab.effects);
}
