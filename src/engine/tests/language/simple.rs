//! Pass, Wait, Succeed, Fail and Choice, and what all states and the machine have.

use serde_json::json;

use super::{Case, case, with, with_jsonata};

pub(super) fn cases() -> Vec<Case> {
    [machines(), passes(), waits(), ends(), choices(), in_jsonata()]
        .into_iter()
        .flatten()
        .collect()
}

fn machines() -> Vec<Case> {
    let machine = |language: &str| {
        json!({
            "Comment": "of the machine", "QueryLanguage": language, "Version": "1.0", "TimeoutSeconds": 7,
            "StartAt": "A", "States": {
                "A": { "Type": "Wait", "Comment": "of the state", "Seconds": 3, "Next": "B" },
                "B": { "Type": "Wait", "Seconds": 60, "End": true },
            },
        })
    };
    let expected = [
        "TimedOut States.Timeout: ",
        "after 7000 ms",
        "WaitStateExited name=A output={}",
    ];
    let mixed = |language: &str| {
        json!({ "QueryLanguage": language, "StartAt": "A", "States": {
            "A": { "Type": "Pass", "Assign": { "x": "{% 1 + 1 %}" }, "End": true },
        }})
    };
    vec![
        case(machine("JSONPath"), "{}", &[], &expected),
        case(machine("JSONata"), "{}", &[], &expected),
        case(
            mixed("JSONata"),
            "{}",
            &[],
            &[
                r#"PassStateExited name=A output={} assignedVariables={"x":"2"} assignedVariablesDetails={"truncated":false}"#,
            ],
        ),
        case(
            mixed("JSONPath"),
            "{}",
            &[],
            &[
                r#"PassStateExited name=A output={} assignedVariables={"x":"\"{% 1 + 1 %}\""} assignedVariablesDetails={"truncated":false}"#,
            ],
        ),
    ]
}

fn passes() -> Vec<Case> {
    vec![
        case(
            with(json!({
                "Type": "Pass", "Comment": "c", "QueryLanguage": "JSONPath",
                "InputPath": "$.a", "Parameters": { "p.$": "$.b" }, "ResultPath": "$.r", "OutputPath": "$.r",
                "Assign": { "v.$": "$.p" }, "Next": "T",
            })),
            r#"{"a":{"b":5}}"#,
            &[],
            &[
                r#"gives {"p":5}"#,
                r#"PassStateExited name=S output={"p":5} assignedVariables={"v":"5"} assignedVariablesDetails={"truncated":false}"#,
                r#"PassStateExited name=T output={"p":5}"#,
            ],
        ),
        case(
            with(json!({ "Type": "Pass", "Result": [1, { "x.$": "$" }], "End": true })),
            "{}",
            &[],
            &[r#"gives [1,{"x.$":"$"}]"#],
        ),
        case(
            with(json!({ "Type": "Pass", "InputPath": null, "OutputPath": null, "End": true })),
            "7",
            &[],
            &["gives {}"],
        ),
        case(
            with(json!({ "Type": "Pass", "Result": 1, "ResultPath": null, "End": true })),
            "7",
            &[],
            &["gives 7"],
        ),
    ]
}

fn waits() -> Vec<Case> {
    let data = |form: &str, value: serde_json::Value| {
        let mut state = json!({
            "Type": "Wait", "Comment": "c", "QueryLanguage": "JSONPath", "InputPath": "$.in", "OutputPath": "$.out",
            "Assign": { "v.$": "$.n" }, "Next": "T",
        });
        state[form] = value;
        with(state)
    };
    let input = r#"{"in":{"n":5,"out":"o","when":"2024-01-01T00:00:09.5Z"}}"#;
    let left =
        r#"WaitStateExited name=S output="o" assignedVariables={"v":"5"} assignedVariablesDetails={"truncated":false}"#;
    let mut cases = Vec::new();
    for (form, value, after) in [
        ("Seconds", json!(4), 4000),
        ("SecondsPath", json!("$.n"), 5000),
        ("Timestamp", json!("2024-01-01T01:00:02+01:00"), 2000),
        ("TimestampPath", json!("$.when"), 9500),
    ] {
        let after = format!("after {after} ms");
        cases.push(case(
            data(form, value),
            input,
            &[],
            &[r#"gives "o""#, left, &after, "PassStateExited name=T…"],
        ));
    }
    cases.push(case(
        with(json!({ "Type": "Wait", "Seconds": 1, "End": true })),
        "7",
        &[],
        &["gives 7", "after 1000 ms"],
    ));
    cases
}

fn ends() -> Vec<Case> {
    vec![
        case(
            with(
                json!({ "Type": "Succeed", "Comment": "c", "QueryLanguage": "JSONPath", "InputPath": "$.a", "OutputPath": "$.b" }),
            ),
            r#"{"a":{"b":5}}"#,
            &[],
            &["gives 5", "SucceedStateExited name=S output=5"],
        ),
        case(
            with(json!({ "Type": "Fail", "Comment": "c", "QueryLanguage": "JSONPath", "Error": "E", "Cause": "C" })),
            "{}",
            &[],
            &["Failed E: C", "ExecutionFailed error=E cause=C"],
        ),
        case(
            with(
                json!({ "Type": "Fail", "QueryLanguage": "JSONPath", "ErrorPath": "$.e", "CausePath": "States.Format('{}!', $.c)" }),
            ),
            r#"{"e":"E","c":"C"}"#,
            &[],
            &["Failed E: C!"],
        ),
    ]
}

fn choices() -> Vec<Case> {
    let state = json!({
        "Type": "Choice", "Comment": "c", "QueryLanguage": "JSONPath", "InputPath": "$.in", "OutputPath": "$.out",
        "Choices": [
            { "Comment": "r", "Variable": "$.x", "NumericEquals": 1, "Assign": { "v": "first" }, "Next": "T" },
            { "And": [{ "Variable": "$.x", "NumericGreaterThan": 1 }, { "Variable": "$.x", "NumericLessThan": 9 }], "Next": "Caught" },
            { "Or": [{ "Variable": "$.x", "NumericEquals": 10 }, { "Variable": "$.x", "NumericEquals": 11 }], "Next": "T" },
            { "Not": { "Variable": "$.x", "NumericLessThan": 100 }, "Next": "Caught" },
        ],
        "Assign": { "v": "none" }, "Default": "Never",
    });
    let gone = |value: &str| {
        format!(
            r#"ChoiceStateExited name=S output="o" assignedVariables={{"v":"\"{value}\""}} assignedVariablesDetails={{"truncated":false}}"#
        )
    };
    let no_way = json!({ "Type": "Choice", "Choices": [{ "Variable": "$.x", "IsPresent": true, "Next": "T" }] });
    let none = "Failed States.NoChoiceMatched: An error occurred while executing the state 'S' (entered at the event id #2). \
                Failed to transition out of the state. The state does not point to a next state.";
    let mut cases = vec![case(with(no_way), "{}", &[], &[none])];
    for (x, end, left) in [
        (1, r#"gives "o""#, gone("first")),
        (
            5,
            r#"gives {"caught":"o"}"#,
            "ChoiceStateExited name=S output=\"o\"".to_owned(),
        ),
        (10, r#"gives "o""#, "ChoiceStateExited name=S output=\"o\"".to_owned()),
        (11, r#"gives "o""#, "ChoiceStateExited name=S output=\"o\"".to_owned()),
        (
            100,
            r#"gives {"caught":"o"}"#,
            "ChoiceStateExited name=S output=\"o\"".to_owned(),
        ),
        (9, "Failed Never: ", gone("none")),
    ] {
        let input = json!({ "in": { "x": x, "out": "o" } }).to_string();
        cases.push(case(with(state.clone()), &input, &[], &[end, &left]));
    }
    cases
}

fn in_jsonata() -> Vec<Case> {
    let own = |kind: &str, extra: serde_json::Value| {
        let state = json!({
            "Type": kind, "Comment": "c", "QueryLanguage": "JSONata", "Output": "{% $states.input.o & '!' %}",
            "Assign": { "v": "{% $states.input.n + 1 %}" },
        });
        super::merged(state, &extra)
    };
    let input = r#"{"o":"o","n":5,"when":"2024-01-01T00:00:09Z"}"#;
    let left = |kind: &str| {
        format!(
            r#"{kind}StateExited name=S output="o!" assignedVariables={{"v":"6"}} assignedVariablesDetails={{"truncated":false}}"#
        )
    };
    let mut cases = vec![
        case(
            with(own("Pass", json!({ "Next": "T" }))),
            input,
            &[],
            &[r#"gives "o!""#, &left("Pass"), "PassStateExited name=T…"],
        ),
        case(
            with(own("Pass", json!({ "End": true }))),
            input,
            &[],
            &[r#"gives "o!""#],
        ),
        case(
            with_jsonata(
                json!({ "Type": "Succeed", "Comment": "c", "QueryLanguage": "JSONata", "Output": "{% $states.input.o & '!' %}" }),
            ),
            input,
            &[],
            &[r#"gives "o!""#],
        ),
        case(
            with(
                json!({ "Type": "Fail", "Comment": "c", "QueryLanguage": "JSONata", "Error": "{% $states.input.o %}", "Cause": "{% 'because of ' & $states.input.o %}" }),
            ),
            input,
            &[],
            &["Failed o: because of o"],
        ),
    ];
    for (form, value, after) in [
        ("Seconds", json!("{% $states.input.n %}"), 5000),
        ("Seconds", json!(3), 3000),
        ("Timestamp", json!("{% $states.input.when %}"), 9000),
        ("Timestamp", json!("2024-01-01T00:00:01Z"), 1000),
    ] {
        let after = format!("after {after} ms");
        for way in [json!({ "Next": "T" }), json!({ "End": true })] {
            let state = super::merged(own("Wait", way), &json!({ form: value }));
            cases.push(case(with(state), input, &[], &[r#"gives "o!""#, &left("Wait"), &after]));
        }
    }
    let choice = own(
        "Choice",
        json!({
            "Choices": [
                { "Comment": "r", "Condition": "{% $states.input.x = 1 %}", "Output": "first", "Assign": { "v": 1 }, "Next": "T" },
                { "Condition": "{% $states.input.x = 2 %}", "Next": "Caught" },
            ],
            "Default": "Never",
        }),
    );
    for (x, end, line) in [
        (1, r#"gives "first""#, r#"ChoiceStateExited name=S output="first" assignedVariables={"v":"1"} assignedVariablesDetails={"truncated":false}"#.to_owned()),
        (2, r#"gives {"caught":{"x":2,"o":"o","n":5}}"#, r#"ChoiceStateExited name=S output={"x":2,"o":"o","n":5}"#.to_owned()),
        (3, "Failed Never: ", left("Choice")),
    ] {
        let input = json!({ "x": x, "o": "o", "n": 5 }).to_string();
        cases.push(case(with_jsonata(choice.clone()), &input, &[], &[end, &line]));
    }
    cases
}
