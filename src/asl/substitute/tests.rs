#![allow(clippy::unwrap_used)]

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::diagnostic::{Severity, SourceFile};

const OPEN: &str = "arn:aws:lambda:us-east-1:000000000000:function:stack-OpenCaseFunction";

fn names() -> Names {
    let mut names = Names::new("aws", "us-east-1", "000000000000");
    names.function("OpenCaseFunction", "stack-OpenCaseFunction", OPEN);
    names.function("CloseCaseFunction", "stack-CloseCaseFunction", "arn:close");
    names.attribute("Topic", "Arn", "arn:aws:sns:us-east-1:000000000000:stack-Topic");
    names.parameter("timeout", 30);
    names.parameter("stage", "test");
    names
}

/// What a value becomes, and the findings as `code pointer: message | hint`.
fn check(tree: Json, expected: Json, findings: &[&str]) {
    let substituted = substitute(&Node::from_json(&tree), &names());
    assert_eq!(substituted.definition.to_json(), expected, "{tree}");
    let found: Vec<_> = substituted
        .diagnostics
        .iter()
        .map(|found| {
            let pointer = found.pointer.as_deref().unwrap_or("-");
            let hints: String = found.hints.iter().map(|hint| format!(" | {hint}")).collect();
            format!("{} {pointer}: {}{hints}", found.code, found.message)
        })
        .collect();
    assert_eq!(found, findings, "{tree}");
}

fn one(state: Json) -> Json {
    json!({ "StartAt": "Open Case", "States": { "Open Case": state } })
}

#[test]
fn references_take_their_values() {
    check(json!("${timeout}"), json!(30), &[]);
    check(
        json!("PT${timeout}S in ${AWS::Region}"),
        json!("PT30S in us-east-1"),
        &[],
    );
    check(
        json!({ "a": ["${Topic.Arn}", 1, null] }),
        json!({ "a": ["arn:aws:sns:us-east-1:000000000000:stack-Topic", 1, null] }),
        &[],
    );
    check(
        json!("{% 'a' & '${OpenCaseFunction.Name}' %}"),
        json!("{% 'a' & 'stack-OpenCaseFunction' %}"),
        &[],
    );
    check(json!("$${timeout}"), json!("${timeout}"), &[]);
    check(json!({ "${timeout}": 1 }), json!({ "${timeout}": 1 }), &[]);
}

#[test]
fn what_refers_to_nothing_is_reported_and_stays() {
    check(
        json!({ "a": "x ${stag}" }),
        json!({ "a": "x ${stag}" }),
        &["undefined-reference /a: `${stag}` refers to nothing in the stack | did you mean `stage`?"],
    );
    check(
        json!(["${OpenCaseFuncton.Arn}"]),
        json!(["${OpenCaseFuncton.Arn}"]),
        &[
            "undefined-reference [0]: `${OpenCaseFuncton.Arn}` refers to nothing in the stack | did you mean `OpenCaseFunction`?",
        ],
    );
    check(
        json!({ "a": "${Topic.Alias}" }),
        json!({ "a": "${Topic.Alias}" }),
        &["undefined-reference /a: `Topic` has no attribute `Alias` | there is `${Topic.Arn}`"],
    );
    check(
        json!({ "a": "${OpenCaseFunction}" }),
        json!({ "a": "${OpenCaseFunction}" }),
        &[
            "undefined-reference /a: `${OpenCaseFunction}` does not say which attribute is meant | write `${OpenCaseFunction.Arn}` or `${OpenCaseFunction.Name}`",
        ],
    );
    check(
        json!({ "a": "${stage.Arn}" }),
        json!({ "a": "${stage.Arn}" }),
        &[
            "undefined-reference /a: `${stage.Arn}` asks for an attribute of a parameter, which has none | write `${stage}`",
        ],
    );
}

#[test]
fn a_finding_points_at_the_reference_itself() {
    let check = |source: &str, value: &str, expected: &str| {
        let span = Span {
            file: SourceFile::new("a.json", source),
            range: 0..source.len(),
        };
        let node = Node {
            span: Some(span),
            value: Value::String(value.to_owned()),
        };
        let substituted = substitute(&node, &names());
        let shown: Vec<_> = substituted
            .diagnostics
            .iter()
            .map(|found| &source[found.span.as_ref().unwrap().range.clone()])
            .zip(
                substituted
                    .diagnostics
                    .iter()
                    .map(|found| found.span.as_ref().unwrap().range.start),
            )
            .map(|(text, start)| format!("{start}:{text}"))
            .collect();
        assert_eq!(shown.join(" "), expected, "{source}");
    };
    check(
        r#""é\n${No} ${No.Arn} ${No}""#,
        "é\n${No} ${No.Arn} ${No}",
        "5:${No} 11:${No.Arn} 21:${No}",
    );
    // Written with an escape, it cannot be told where it is.
    check(r#""$\u007bNo}""#, "${No}", r#"0:"$\u007bNo}""#);
}

#[test]
fn arns_of_functions_of_the_stack_are_relinked() {
    let linked = |from: &str, to: &str, reported: bool| {
        let tree = one(json!({ "Type": "Task", "Resource": from }));
        let substituted = substitute(&Node::from_json(&tree), &names());
        assert_eq!(
            substituted.definition.to_json(),
            one(json!({ "Type": "Task", "Resource": to }))
        );
        let expected = reported.then(|| Relinked {
            pointer: "/States/Open Case/Resource".into(),
            from: from.into(),
            to: to.into(),
        });
        assert_eq!(substituted.relinked, Vec::from_iter(expected), "{from}");
        assert_eq!(substituted.diagnostics, [], "{from}");
        assert_eq!(
            substituted.used,
            BTreeSet::from(["OpenCaseFunction".to_owned()]),
            "{from}"
        );
    };
    linked(
        "arn:aws:lambda:ca-central-1:507638485545:function:OpenCaseFunction",
        OPEN,
        true,
    );
    linked(
        "arn:aws:lambda:ca-central-1:507638485545:function:OpenCaseFunction:live",
        OPEN,
        true,
    );
    linked(
        "arn:aws:lambda:eu-west-1:507638485545:function:stack-OpenCaseFunction:$LATEST",
        &format!("{OPEN}:$LATEST"),
        true,
    );
    linked("arn:aws:lambda:REGION:ACCOUNT_ID:function:OpenCaseFunction", OPEN, true);
    linked(OPEN, OPEN, false);
    linked("${OpenCaseFunction.Arn}", OPEN, false);
}

#[test]
fn arns_with_the_name_in_the_file_are_relinked_to_the_name_of_the_test() {
    let mut names = names();
    names.written("OpenCaseFunction", "open");
    for name in ["open", "OpenCaseFunction", "stack-OpenCaseFunction"] {
        let from = format!("arn:aws:lambda:eu-west-1:507638485545:function:{name}");
        let tree = one(json!({ "Type": "Task", "Resource": from }));
        let made = substitute(&Node::from_json(&tree), &names).definition.to_json();
        assert_eq!(made, one(json!({ "Type": "Task", "Resource": OPEN })), "{name}");
    }
}

#[test]
fn function_names_are_relinked_inside_machines_too() {
    let task = |function: &str| {
        json!({ "StartAt": "T", "States": { "T": { "Type": "Task", "Resource": "arn:aws:states:::lambda:invoke",
            "Parameters": { "FunctionName": function, "Payload": { "FunctionName": "kept" } } } } })
    };
    let tree = one(
        json!({ "Type": "Parallel", "Branches": [task("OpenCaseFunction"), one(json!({ "Iterator": task("${OpenCaseFunction.Name}") }))] }),
    );
    let substituted = substitute(&Node::from_json(&tree), &names());
    assert_eq!(substituted.diagnostics, []);
    assert_eq!(
        substituted.relinked,
        [Relinked {
            pointer: "/States/Open Case/Branches[0]/States/T/Parameters/FunctionName".into(),
            from: "OpenCaseFunction".into(),
            to: OPEN.into(),
        }]
    );
    let branches = &substituted.definition.to_json()["States"]["Open Case"]["Branches"];
    assert_eq!(
        branches[0]["States"]["T"]["Parameters"],
        json!({ "FunctionName": OPEN, "Payload": { "FunctionName": "kept" } })
    );
    assert_eq!(
        branches[1]["States"]["Open Case"]["Iterator"]["States"]["T"]["Parameters"]["FunctionName"],
        "stack-OpenCaseFunction"
    );
}

#[test]
fn placeholders_are_errors_with_the_nearest_function() {
    let tree = one(json!({ "Type": "Task", "Resource": "arn:aws:lambda:REGION:ACCOUNT_ID:function:FUNCTION_NAME" }));
    check(
        tree.clone(),
        tree,
        &[
            "placeholder-arn /States/Open Case/Resource: state `Open Case` still has the placeholder `REGION` in its ARN | write `${OpenCaseFunction.Arn}`",
        ],
    );
    let tree = json!({ "States": { "Publish": { "Resource": "arn:aws:states:::sns:publish",
        "Parameters": { "TopicArn": "arn:aws:sns:us-east-1:<account>:t", "Subjects": ["arn:aws:sns:us-east-1:111122223333:t"] } } } });
    check(
        tree.clone(),
        tree,
        &[
            "placeholder-arn /States/Publish/Parameters/TopicArn: state `Publish` still has the placeholder `<account>` in its ARN",
        ],
    );
    let tree = json!({ "States": { "Zzz": { "Resource": "arn:aws:states:::lambda:invoke", "Parameters": { "FunctionName": "FUNCTION_NAME" } } } });
    check(
        tree.clone(),
        tree,
        &[
            "placeholder-arn /States/Zzz/Parameters/FunctionName: state `Zzz` still has the placeholder `FUNCTION_NAME` in its ARN | the functions are `${OpenCaseFunction.Arn}`, `${CloseCaseFunction.Arn}`",
        ],
    );
}

#[test]
fn functions_of_others_are_left_alone_with_a_warning() {
    let tree = one(json!({ "Type": "Task", "Resource": "arn:aws:lambda:us-east-1:111122223333:function:other" }));
    check(
        tree.clone(),
        tree.clone(),
        &[
            "foreign-function /States/Open Case/Resource: state `Open Case` calls the function `other`, which is not in the stack | it has to exist where the state machine runs",
        ],
    );
    let substituted = substitute(&Node::from_json(&tree), &names());
    assert_eq!(substituted.diagnostics[0].severity, Severity::Warning);
    assert_eq!(substituted.used, BTreeSet::new());
}

/// JSON whose texts hold no `${`.
fn plain_json() -> impl Strategy<Value = Json> {
    let text = "[a-zA-Z$ {}:.%]{0,12}".prop_filter("no reference", |text: &String| !text.contains("${"));
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        text.prop_map(Json::from),
    ];
    leaf.prop_recursive(6, 64, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Json::from),
            prop::collection::vec(("[A-Za-z]{0,6}", inner), 0..4)
                .prop_map(|entries| Json::Object(entries.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn without_references_nothing_changes(tree in plain_json()) {
        let substituted = references(&Node::from_json(&tree), &names());
        prop_assert_eq!(substituted.definition.to_json(), tree);
        prop_assert_eq!(substituted.diagnostics, vec![]);
        prop_assert!(substituted.used.is_empty());
    }

    #[test]
    fn escaping_is_undone(text in "[a-z${}.:A]{0,16}") {
        // Whatever a text is, escaped it comes out as it was, unless a `$` before `${` makes the escape itself ambiguous.
        prop_assume!(!text.contains("$${"));
        let escaped = text.replace("${", "$${");
        let substituted = references(&Node::from_json(&Json::from(escaped)), &names());
        prop_assert_eq!(substituted.definition.to_json(), Json::from(text));
    }
}
