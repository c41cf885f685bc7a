//! The context object and `$states`.

use serde_json::{Value, json};

use super::{Case, case, with, with_jsonata};
use crate::engine::testing::{error, output};
use crate::engine::tests::FUNCTION;

pub(super) fn cases() -> Vec<Case> {
    [of_tasks(), of_items(), of_states()].into_iter().flatten().collect()
}

/// Members that a Task sees on its second attempt.
fn of_tasks() -> Vec<Case> {
    let machine = "arn:aws:states:us-east-1:000000000000:stateMachine:M";
    let rows: Vec<(&str, Value)> = vec![
        (
            "Execution.Id",
            json!("arn:aws:states:us-east-1:000000000000:execution:M:e"),
        ),
        ("Execution.Input", json!({ "n": 1 })),
        ("Execution.Name", json!("e")),
        ("Execution.RoleArn", json!("arn:aws:iam::000000000000:role/r")),
        ("Execution.StartTime", json!("2024-01-01T00:00:00.000Z")),
        ("Execution.RedriveCount", json!(0)),
        ("State.EnteredTime", json!("2024-01-01T00:00:02.000Z")),
        ("State.Name", json!("U")),
        ("State.RetryCount", json!(1)),
        ("StateMachine.Id", json!(machine)),
        ("StateMachine.Name", json!("M")),
    ];
    let asking = |parameters: &str, key: &str, value: String| {
        let language = if parameters == "Arguments" {
            "JSONata"
        } else {
            "JSONPath"
        };
        json!({ "QueryLanguage": language, "StartAt": "S", "States": {
            "S": { "Type": "Wait", "Seconds": 2, "Next": "U" },
            "U": {
                "Type": "Task", "Resource": FUNCTION, parameters: { key: value },
                "Retry": [{ "ErrorEquals": ["Boom"], "MaxAttempts": 1 }], "End": true,
            },
        }})
    };
    let mut cases = Vec::new();
    for (member, value) in rows {
        let asks = format!("asks {FUNCTION} {} as none", json!({ "x": value }));
        for definition in [
            asking("Parameters", "x.$", format!("$$.{member}")),
            asking("Arguments", "x", format!("{{% $states.context.{member} %}}")),
        ] {
            let answers = [error("Boom", ""), output(json!(1))];
            cases.push(case(definition, r#"{"n":1}"#, &answers, &["gives 1", &asks]));
        }
    }
    cases.extend(tokens());
    cases
}

/// A task token is there where a result comes under it.
fn tokens() -> [Case; 2] {
    let asking = |arguments: Value, parameters: &str| {
        let mut state =
            json!({ "Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken", "End": true });
        state[parameters] = arguments;
        state
    };
    let path = asking(
        json!({ "QueueUrl": "q", "MessageBody.$": "$$.Task.Token" }),
        "Parameters",
    );
    let jsonata = asking(
        json!({ "QueueUrl": "q", "MessageBody": "{% $length($states.context.Task.Token) %}" }),
        "Arguments",
    );
    let asks = |body: &str| {
        format!(r#"asks arn:aws:states:::sqs:sendMessage.waitForTaskToken {{"QueueUrl":"q","MessageBody":{body}"#)
    };
    [
        case(with(path), "{}", &[output(json!(1))], &["gives 1", &asks("\"…")]),
        case(
            with_jsonata(jsonata),
            "{}",
            &[output(json!(1))],
            &["gives 1", &asks("128} as none")],
        ),
    ]
}

fn of_items() -> Vec<Case> {
    let mut cases = Vec::new();
    for (member, values) in [
        ("Map.Item.Index", r#"[{"x":0},{"x":1}]"#),
        ("Map.Item.Value", r#"[{"x":"a"},{"x":"b"}]"#),
    ] {
        let gives = format!("gives {values}");
        for mode in [
            json!({ "Mode": "INLINE" }),
            json!({ "Mode": "DISTRIBUTED", "ExecutionType": "STANDARD" }),
        ] {
            let processor =
                json!({ "ProcessorConfig": mode, "StartAt": "I", "States": { "I": { "Type": "Pass", "End": true } } });
            let path = json!({ "Type": "Map", "ItemProcessor": processor, "ItemSelector": { "x.$": format!("$$.{member}") }, "End": true });
            let mut jsonata = path.clone();
            jsonata["ItemSelector"] = json!({ "x": format!("{{% $states.context.{member} %}}") });
            cases.push(case(with(path), r#"["a","b"]"#, &[], &[&gives]));
            cases.push(case(with_jsonata(jsonata), r#"["a","b"]"#, &[], &[&gives]));
        }
    }
    // Inside an iteration the item is still there.
    let inner = json!({ "StartAt": "I", "States": { "I": { "Type": "Pass", "Parameters": { "x.$": "$$.Map.Item.Index" }, "End": true } } });
    let state = json!({ "Type": "Map", "ItemProcessor": inner, "End": true });
    cases.push(case(with(state), r#"["a","b"]"#, &[], &[r#"gives [{"x":0},{"x":1}]"#]));
    cases
}

fn of_states() -> Vec<Case> {
    let task = json!({
        "Type": "Task", "Resource": FUNCTION, "Arguments": "{% $states.input.n %}", "Output": { "r": "{% $states.result %}" },
        "Catch": [{ "ErrorEquals": ["Boom"], "Output": "{% $states.errorOutput.Cause %}", "Next": "T" }], "End": true,
    });
    let asks = format!("asks {FUNCTION} 1 as none");
    vec![
        case(
            with_jsonata(task.clone()),
            r#"{"n":1}"#,
            &[output(json!(2))],
            &[r#"gives {"r":2}"#, &asks],
        ),
        case(
            with_jsonata(task),
            r#"{"n":1}"#,
            &[error("Boom", "why")],
            &[r#"gives "why""#],
        ),
    ]
}
