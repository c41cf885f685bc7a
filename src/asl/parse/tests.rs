#![allow(clippy::unwrap_used)]

use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::*;
use crate::asl::model::*;

/// The findings as `code pointer: message | hint`.
fn findings(definition: &Json) -> Vec<String> {
    let (_, found) = parse(&Node::from_json(definition));
    found
        .iter()
        .map(|found| {
            let mut line = format!(
                "{} {}: {}",
                found.code,
                found.pointer.as_deref().unwrap_or("-"),
                found.message
            );
            for hint in &found.hints {
                line.push_str(" | ");
                line.push_str(hint);
            }
            line
        })
        .collect()
}

fn model(definition: &Json) -> StateMachine {
    let (machine, found) = parse(&Node::from_json(definition));
    assert_eq!(found, []);
    machine.unwrap()
}

/// A machine of the one state `X`.
fn one(state: Json) -> Json {
    json!({ "StartAt": "X", "States": { "X": state } })
}

fn check(state: Json, expected: &[&str]) {
    assert_eq!(findings(&one(state.clone())), expected, "{state}");
}

#[test]
fn a_tutorial_definition_is_read_whole() {
    let machine = model(&json!({
        "Comment": "support", "StartAt": "Open Case", "TimeoutSeconds": 60, "Version": "1.0",
        "States": {
            "Open Case": {
                "Type": "Task", "Resource": "arn:aws:lambda:us-east-1:111122223333:function:Open",
                "ResultPath": null, "Next": "Resolved?",
                "Retry": [{ "ErrorEquals": ["States.ALL"], "BackoffRate": 1.5, "JitterStrategy": "FULL" }],
                "Catch": [{ "ErrorEquals": ["States.ALL"], "Next": "Fail", "ResultPath": "$.error" }]
            },
            "Resolved?": { "Type": "Choice", "Default": "Fail",
                "Choices": [{ "Variable": "$.Status", "NumericEquals": 1, "Next": "Done" }] },
            "Done": { "Type": "Succeed" },
            "Fail": { "Type": "Fail", "Cause": "Engage Tier 2 Support." }
        }
    }));
    assert_eq!(machine.start_at, "Open Case");
    assert_eq!(machine.timeout_seconds, Some(60));
    assert_eq!(
        machine.states.keys().collect::<Vec<_>>(),
        ["Open Case", "Resolved?", "Done", "Fail"]
    );
    let StateKind::Task(task) = &machine.states["Open Case"].kind else {
        panic!("not a task")
    };
    assert_eq!(task.work.result_path, PathField::Null);
    let retrier = &task.work.retry[0];
    assert_eq!(
        (retrier.interval_seconds, retrier.max_attempts, retrier.backoff_rate),
        (1, 3, 1.5)
    );
    assert!(retrier.full_jitter);
    assert_eq!(task.work.catch[0].result_path, PathField::Path("$.error".into()));
    let StateKind::Choice(choice) = &machine.states["Resolved?"].kind else {
        panic!("not a choice")
    };
    assert_eq!(
        choice.choices[0].condition,
        Condition::Compare {
            variable: "$.Status".into(),
            operator: Operator::NumericEquals,
            operand: Operand::Literal(json!(1)),
        }
    );
}

#[test]
fn jsonata_maps_and_parallels_are_read_whole() {
    let machine = model(&json!({
        "QueryLanguage": "JSONata", "StartAt": "Each",
        "States": {
            "Each": {
                "Type": "Map", "Items": "{% $states.input.items %}", "MaxConcurrency": "{% 2 %}", "Label": "each",
                "ToleratedFailurePercentage": 12.5, "ItemBatcher": { "MaxItemsPerBatch": 10 },
                "ItemReader": { "Resource": "arn:aws:states:::s3:getObject", "Arguments": { "Bucket": "b" } },
                "ItemProcessor": {
                    "ProcessorConfig": { "Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS" },
                    "StartAt": "Wait", "States": { "Wait": { "Type": "Wait", "Seconds": "{% 1 %}", "End": true } }
                },
                "Assign": { "all": "{% $states.result %}" }, "Next": "Both"
            },
            "Both": {
                "Type": "Parallel", "End": true, "Output": 1,
                "Branches": [{ "StartAt": "A", "States": { "A": { "Type": "Pass", "End": true } } }]
            }
        }
    }));
    let StateKind::Map(map) = &machine.states["Each"].kind else {
        panic!("not a map")
    };
    assert_eq!(map.max_concurrency, Some(NumberField::Jsonata("{% 2 %}".into())));
    assert_eq!(map.processor.states["Wait"].query_language, QueryLanguage::Jsonata);
    assert!(!map.legacy_iterator);
    let StateKind::Parallel(parallel) = &machine.states["Both"].kind else {
        panic!("not a parallel")
    };
    assert_eq!(parallel.branches[0].start_at, "A");
}

#[test]
fn machines_without_form_are_refused() {
    let check = |definition: Json, expected: &[&str]| assert_eq!(findings(&definition), expected, "{definition}");
    check(
        json!([]),
        &["wrong-type /: the state machine must be a mapping, not a list"],
    );
    check(
        json!({}),
        &["missing-field /: the state machine needs `States` and `StartAt`"],
    );
    check(
        json!({ "StartAt": "X", "States": {} }),
        &["empty-states /States: the state machine has no states"],
    );
    check(
        json!({ "Comment": 1, "StartsAt": "X", "States": { "X": { "Type": "Succeed" } } }),
        &[
            "unknown-field /: the state machine cannot have a field `StartsAt` | did you mean `StartAt`?",
            "missing-field /: the state machine needs `StartAt`",
            "wrong-type /Comment: `Comment` of the state machine must be a string, not a number",
        ],
    );
    check(
        json!({ "QueryLanguage": "jsonata", "Version": "2.0", "TimeoutSeconds": -1, "StartAt": "X", "States": { "X": { "Type": "Succeed" } } }),
        &[
            "unknown-value /QueryLanguage: `QueryLanguage` of the state machine is `jsonata`, not `JSONPath` or `JSONata` | did you mean `JSONata`?",
            "out-of-range /TimeoutSeconds: `TimeoutSeconds` of the state machine is -1; its minimum is 0",
            "unknown-value /Version: `Version` of the state machine is `2.0`, not `1.0`",
        ],
    );
}

#[test]
fn fields_of_states_are_checked() {
    check(
        json!({ "Type": "Pass" }),
        &[
            "missing-end /States/X: state `X` leads nowhere: it has neither `Next` nor `End: true` | add `Next` with the name of a state, or `End: true`",
        ],
    );
    check(
        json!({ "Type": "Pass", "Next": "Y", "End": true }),
        &["conflicting-fields /States/X: state `X` has `Next` and `End`, of which only one is allowed"],
    );
    check(json!({ "Type": "Pass", "End": false, "Next": "Y" }), &[]);
    check(
        json!("Pass"),
        &["wrong-type /States/X: state `X` must be a mapping, not a string"],
    );
    check(json!({}), &["missing-field /States/X: state `X` needs `Type`"]);
    check(
        json!({ "Type": "Taks", "Resource": "arn:", "End": true }),
        &["unknown-type /States/X/Type: state `X` has the type `Taks`, which does not exist | did you mean `Task`?"],
    );
    check(
        json!({ "Type": "Pass", "TimeoutSeconds": 3, "Nxt": "Y", "End": true }),
        &[
            "unknown-field /States/X: state `X` cannot have a field `TimeoutSeconds`",
            "unknown-field /States/X: state `X` cannot have a field `Nxt` | did you mean `Next`?",
        ],
    );
    check(
        json!({ "Type": "Task", "End": "yes", "TimeoutSeconds": "soon", "HeartbeatSeconds": 0, "Credentials": {} }),
        &[
            "missing-field /States/X: state `X` needs `Resource`",
            "wrong-type /States/X/TimeoutSeconds: `TimeoutSeconds` of state `X` must be a whole number, not a string",
            "out-of-range /States/X/HeartbeatSeconds: `HeartbeatSeconds` of state `X` is 0; its minimum is 1",
            "missing-field /States/X/Credentials: `Credentials` of state `X` needs `RoleArn`",
            "wrong-type /States/X/End: `End` of state `X` must be true or false, not a string",
        ],
    );
    check(
        json!({ "Type": "Fail", "Error": "a", "ErrorPath": "$.a", "Cause": 1 }),
        &[
            "conflicting-fields /States/X: state `X` has `Error` and `ErrorPath`, of which only one is allowed",
            "wrong-type /States/X/Cause: `Cause` of state `X` must be a string, not a number",
        ],
    );
}

#[test]
fn what_is_read_and_written_is_checked() {
    let map = |extra: Json| {
        let mut state = json!({
            "Type": "Map", "End": true,
            "ItemProcessor": {
                "ProcessorConfig": { "Mode": "DISTRIBUTED", "ExecutionType": "STANDARD" },
                "StartAt": "I", "States": { "I": { "Type": "Succeed" } },
            },
        });
        state
            .as_object_mut()
            .unwrap()
            .extend(extra.as_object().unwrap().clone());
        state
    };
    let config = json!({ "InputType": "CSV", "CSVHeaderLocation": "GIVEN", "MaxItem": 1 });
    check(
        map(json!({ "ItemReader": { "Resource": "arn:aws:states:::s3:getObject", "ReaderConfig": config } })),
        &[
            "unknown-field /States/X/ItemReader/ReaderConfig: `ReaderConfig` of `ItemReader` of state `X` cannot have a field `MaxItem` | did you mean `MaxItems`?",
            "missing-field /States/X/ItemReader/ReaderConfig: `ReaderConfig` of `ItemReader` of state `X` needs `CSVHeaders`",
        ],
    );
    let config = json!({ "Transformation": "COMPCT", "OutputType": "CSV", "Prefix": "p" });
    check(
        map(json!({ "ResultWriter": { "WriterConfig": config } })),
        &[
            "unknown-field /States/X/ResultWriter/WriterConfig: `WriterConfig` of `ResultWriter` of state `X` cannot have a field `Prefix`",
            "unknown-value /States/X/ResultWriter/WriterConfig/Transformation: `Transformation` of `WriterConfig` of `ResultWriter` of state `X` is `COMPCT`, not `NONE` or `COMPACT` or `FLATTEN` | did you mean `COMPACT`?",
            "unknown-value /States/X/ResultWriter/WriterConfig/OutputType: `OutputType` of `WriterConfig` of `ResultWriter` of state `X` is `CSV`, not `JSON` or `JSONL`",
        ],
    );
}

#[test]
fn the_query_language_decides_on_fields() {
    check(
        json!({ "Type": "Pass", "Output": 1, "End": true }),
        &["wrong-query-language /States/X: `Output` of state `X` is for JSONata, but the state uses JSONPath"],
    );
    check(
        json!({ "Type": "Task", "QueryLanguage": "JSONata", "Resource": "arn:", "Parameters": {}, "End": true }),
        &["wrong-query-language /States/X: `Parameters` of state `X` is for JSONPath, but the state uses JSONata"],
    );
    let mut downgraded = one(json!({ "Type": "Pass", "QueryLanguage": "JSONPath", "Output": 1, "End": true }));
    downgraded["QueryLanguage"] = json!("JSONata");
    assert_eq!(
        findings(&downgraded),
        ["query-language /States/X: state `X` cannot use JSONPath in a state machine that uses JSONata"]
    );
    // The states of a Map are in the language of the machine, not in that of the Map.
    check(
        json!({ "Type": "Map", "QueryLanguage": "JSONata", "End": true, "ItemProcessor": {
            "StartAt": "P", "States": { "P": { "Type": "Pass", "Output": 1, "End": true } } } }),
        &[
            "wrong-query-language /States/X/ItemProcessor/States/P: `Output` of state `P` is for JSONata, but the state uses JSONPath",
        ],
    );
}

#[test]
fn waits_have_one_form() {
    check(
        json!({ "Type": "Wait", "End": true }),
        &["missing-field /States/X: state `X` needs one of `SecondsPath`, `Seconds`, `TimestampPath`, `Timestamp`"],
    );
    check(
        json!({ "Type": "Wait", "Seconds": 1, "SecondsPath": "$.s", "Timestamp": "t", "End": true }),
        &[
            "conflicting-fields /States/X: state `X` has `SecondsPath` and `Seconds` and `Timestamp`, of which only one is allowed",
        ],
    );
    check(json!({ "Type": "Wait", "SecondsPath": "$.s", "End": true }), &[]);
    check(
        json!({ "Type": "Wait", "Seconds": 1.5, "End": true }),
        &["wrong-type /States/X/Seconds: `Seconds` of state `X` is 1.5, which is not a whole number"],
    );
}

#[test]
fn choice_rules_have_one_condition_and_one_operator() {
    let rule = |rule: Json, expected: &[&str]| check(json!({ "Type": "Choice", "Choices": [rule] }), expected);
    rule(
        json!({ "And": [{ "Variable": "$.a", "IsPresent": true }, { "Not": { "Variable": "$.b", "StringEqualsPath": "$.c" } }], "Next": "Y" }),
        &[],
    );
    rule(
        json!({ "Variable": "$.a", "NumericEquals": 1 }),
        &["missing-field /States/X/Choices[0]: choice 1 of state `X` needs `Next`"],
    );
    rule(
        json!({ "Variable": "$.a", "NumericEquals": 1, "StringEquals": "b", "Next": "Y" }),
        &[
            "choice-rule /States/X/Choices[0]: choice 1 of state `X` has `NumericEquals` and `StringEquals`, of which only one is allowed",
        ],
    );
    rule(
        json!({ "Variable": "$.a", "Next": "Y" }),
        &["choice-rule /States/X/Choices[0]: choice 1 of state `X` compares `$.a` with nothing: it has no operator"],
    );
    rule(
        json!({ "Next": "Y" }),
        &["choice-rule /States/X/Choices[0]: choice 1 of state `X` has no condition"],
    );
    rule(
        json!({ "Variable": "$.a", "NumberEquals": 1, "Next": "Y" }),
        &[
            "unknown-field /States/X/Choices[0]: choice 1 of state `X` cannot have a field `NumberEquals` | did you mean `NumericEquals`?",
            "choice-rule /States/X/Choices[0]: choice 1 of state `X` compares `$.a` with nothing: it has no operator",
        ],
    );
    rule(
        json!({ "Or": [{ "Variable": "$.a", "NumericEquals": "1", "Next": "Z" }], "Next": "Y" }),
        &[
            "unknown-field /States/X/Choices[0]/Or[0]: a condition in choice 1 of state `X` cannot have a field `Next` | `Next` belongs to the outermost rule only",
            "wrong-type /States/X/Choices[0]/Or[0]/NumericEquals: `NumericEquals` of a condition in choice 1 of state `X` must be a number, not a string",
        ],
    );
    rule(
        json!({ "Condition": "{% true %}", "Next": "Y" }),
        &[
            "wrong-query-language /States/X/Choices[0]: `Condition` of choice 1 of state `X` is for JSONata, but the state uses JSONPath",
        ],
    );
    check(
        json!({ "Type": "Choice", "Choices": [] }),
        &["empty-value /States/X/Choices: `Choices` of state `X` is empty"],
    );
    check(
        json!({ "Type": "Choice", "QueryLanguage": "JSONata", "Choices": [{ "Condition": "yes", "Next": "Y" }] }),
        &[
            "wrong-type /States/X/Choices[0]/Condition: `Condition` of choice 1 of state `X` must be an expression in `{% %}`, true or false, not a string",
        ],
    );
}

#[test]
fn conditions_and_machines_nest_only_so_deep() {
    let mut condition = json!({ "Variable": "$.a", "IsNull": true });
    for _ in 0..=DEPTH_LIMIT {
        condition = json!({ "Not": condition });
    }
    condition["Next"] = json!("Y");
    let found = findings(&one(json!({ "Type": "Choice", "Choices": [condition] })));
    assert_eq!(found.len(), 1);
    assert!(found[0].starts_with("too-deeply-nested"), "{found:?}");

    let mut machine = one(json!({ "Type": "Succeed" }));
    for _ in 0..=DEPTH_LIMIT {
        machine = one(json!({ "Type": "Parallel", "Branches": [machine], "End": true }));
    }
    let found = findings(&machine);
    assert_eq!(found.len(), 1);
    assert!(found[0].starts_with("too-deeply-nested"), "{found:?}");
}

#[test]
fn handlers_are_checked() {
    let task = |field: &str, handler: Json, expected: &[&str]| {
        check(
            json!({ "Type": "Task", "Resource": "arn:", field: [handler], "End": true }),
            expected,
        );
    };
    task(
        "Retry",
        json!({ "MaxAttempts": -1, "BackoffRate": 0.5, "IntervalSeconds": 0, "MaxDelaySeconds": 0, "JitterStrategy": "SOME" }),
        &[
            "out-of-range /States/X/Retry[0]/MaxAttempts: `MaxAttempts` of `Retry` 1 of state `X` is -1; its minimum is 0",
            "out-of-range /States/X/Retry[0]/MaxDelaySeconds: `MaxDelaySeconds` of `Retry` 1 of state `X` is 0; its minimum is 1",
            "out-of-range /States/X/Retry[0]/BackoffRate: `BackoffRate` of `Retry` 1 of state `X` is 0.5; its minimum is 1.0",
            "unknown-value /States/X/Retry[0]/JitterStrategy: `JitterStrategy` of `Retry` 1 of state `X` is `SOME`, not `NONE` or `FULL`",
            "missing-field /States/X/Retry[0]: `Retry` 1 of state `X` needs `ErrorEquals`",
        ],
    );
    task(
        "Catch",
        json!({ "ErrorEquals": [], "ResultSelector": {} }),
        &[
            "unknown-field /States/X/Catch[0]: `Catch` 1 of state `X` cannot have a field `ResultSelector` | did you mean `ResultPath`?",
            "missing-field /States/X/Catch[0]: `Catch` 1 of state `X` needs `Next`",
            "empty-value /States/X/Catch[0]/ErrorEquals: `ErrorEquals` of `Catch` 1 of state `X` is empty",
        ],
    );
}

#[test]
fn maps_need_one_processor() {
    check(
        json!({ "Type": "Map", "End": true }),
        &["missing-field /States/X: state `X` needs one of `ItemProcessor`, `Iterator`"],
    );
    check(
        json!({ "Type": "Map", "End": true, "MaxConcurrency": 1, "MaxConcurrencyPath": "$.n", "ItemProcessor": {
            "QueryLanguage": "JSONata", "ProcessorConfig": { "Mode": "DISTRIBUTED" },
            "StartAt": "P", "States": { "P": { "Type": "Succeed" } } } }),
        &[
            "unknown-field /States/X/ItemProcessor: `ItemProcessor` of state `X` cannot have a field `QueryLanguage`",
            "missing-field /States/X/ItemProcessor/ProcessorConfig: `ProcessorConfig` of state `X` needs `ExecutionType`",
            "conflicting-fields /States/X: state `X` has `MaxConcurrency` and `MaxConcurrencyPath`, of which only one is allowed",
        ],
    );
}

#[test]
fn operators_know_their_names() {
    for (name, operator) in Operator::ALL {
        assert_eq!(Operator::parse(name), Some((*operator, false)));
        assert_eq!(operator.name(), *name);
    }
    assert_eq!(
        Operator::parse("StringEqualsPath"),
        Some((Operator::StringEquals, true))
    );
    assert_eq!(Operator::parse("StringMatchesPath"), None);
    assert_eq!(Operator::parse("IsNullPath"), None);
}

/// JSON that looks like a definition often enough to reach the inner parts of the parser.
fn definition_like() -> impl Strategy<Value = Json> {
    let keys: Vec<&'static str> = [fields::MACHINE, fields::COMMON, fields::NESTED]
        .into_iter()
        .chain(
            fields::TYPES
                .iter()
                .flat_map(|kind| fields::of_type(kind).iter().copied()),
        )
        .flatten()
        .copied()
        .chain([
            "And",
            "Or",
            "Not",
            "Variable",
            "Condition",
            "StringEquals",
            "ProcessorConfig",
            "ErrorEquals",
            "X",
        ])
        .collect();
    let texts: Vec<&'static str> = fields::TYPES
        .iter()
        .copied()
        .chain(["X", "$.a", "{% 1 %}", "JSONata", ""])
        .collect();
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        any::<f64>().prop_map(Json::from),
        prop::sample::select(texts).prop_map(Json::from),
    ];
    leaf.prop_recursive(8, 128, 8, move |inner| {
        prop_oneof![
            1 => prop::collection::vec(inner.clone(), 0..4).prop_map(Json::from),
            4 => prop::collection::vec((prop::sample::select(keys.clone()), inner), 0..8)
                .prop_map(|entries| Json::Object(entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())),
        ]
    })
}

proptest! {
    #[test]
    fn nothing_makes_the_checks_panic(state in definition_like(), whole in definition_like()) {
        let _ = crate::asl::check(&Node::from_json(&whole));
        let _ = crate::asl::prepare(&Node::from_json(&one(state.clone())), &crate::asl::substitute::Names::default());
        let (machine, found) = parse(&Node::from_json(&one(state)));
        // A definition that nothing is wrong with has a model.
        prop_assert!(machine.is_some() || !found.is_empty());
    }
}
