//! Variables in JSONPath states: what sets them, who sees them.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{check, check_end, single, task};
use crate::engine::testing::{Answer, Lab, error, output};

#[test]
fn assign_sees_the_result_and_the_values_before_the_state() {
    let definition = json!({ "StartAt": "A", "States": {
        "A": {
            "Type": "Pass", "Result": { "n": 1 }, "ResultPath": "$.made", "OutputPath": "$.made",
            "Assign": { "x.$": "$.n", "text": "$.n", "deep": { "list.$": "$" } }, "Next": "B",
        },
        "B": { "Type": "Pass", "InputPath": "$deep.list", "Assign": { "x": [2] }, "OutputPath": "$x", "Next": "C" },
        "C": { "Type": "Succeed", "OutputPath": "$x[0]", "Assign": {} },
    }});
    check(
        definition,
        "{}",
        &[],
        r#"
        1<0 ExecutionStarted input={}
        2<0 PassStateEntered name=A input={}
        3<2 PassStateExited name=A output={"n":1} assignedVariables={"x":"1","text":"\"$.n\"","deep":"{\"list\":{\"n\":1}}"} assignedVariablesDetails={"truncated":false}
        4<3 PassStateEntered name=B input={"n":1}
        5<4 PassStateExited name=B output=1 assignedVariables={"x":"[2]"} assignedVariablesDetails={"truncated":false}
        6<5 SucceedStateEntered name=C input=1
        7<6 SucceedStateExited name=C output=2
        8<7 ExecutionSucceeded output=2
        "#,
    );
}

#[test]
fn a_rule_that_holds_assigns_instead_of_its_state() {
    let definition = json!({ "StartAt": "C", "States": {
        "C": {
            "Type": "Choice", "Assign": { "by": "default" }, "Default": "E",
            "Choices": [{ "Variable": "$.x", "IsPresent": true, "Assign": { "by.$": "$.x" }, "Next": "E" }],
        },
        "E": { "Type": "Pass", "OutputPath": "$by", "End": true },
    }});
    for (input, by) in [(r#"{"x":"rule"}"#, "rule"), ("{}", "default")] {
        let history = format!(
            r#"
            1<0 ExecutionStarted input={input}
            2<0 ChoiceStateEntered name=C input={input}
            3<2 ChoiceStateExited name=C output={input} assignedVariables={{"by":"\"{by}\""}} assignedVariablesDetails={{"truncated":false}}
            4<3 PassStateEntered name=E input={input}
            5<4 PassStateExited name=E output="{by}"
            6<5 ExecutionSucceeded output="{by}"
            "#
        );
        check(definition.clone(), input, &[], &history);
    }
}

#[test]
fn tasks_assign_their_result_and_catchers_the_error() {
    let definition = task(json!({
        "Parameters": {}, "ResultSelector": { "y.$": "$.b" }, "ResultPath": null, "Assign": { "r.$": "$.y" },
        "Catch": [{ "ErrorEquals": ["Boom"], "Assign": { "e.$": "$.Cause" }, "ResultPath": null, "Next": "Next" }],
    }));
    check(
        definition.clone(),
        "{}",
        &[output(json!({ "b": 2 }))],
        r#"
        1<0 ExecutionStarted input={}
        2<0 TaskStateEntered name=S input={}
        3<2 LambdaFunctionScheduled resource=arn:aws:lambda:us-east-1:000000000000:function:f input={}
        4<3 LambdaFunctionStarted
        5<4 LambdaFunctionSucceeded output={"b":2}
        6<5 TaskStateExited name=S output={} assignedVariables={"r":"2"} assignedVariablesDetails={"truncated":false}
        7<6 ExecutionSucceeded output={}
        "#,
    );
    check(
        definition,
        "{}",
        &[error("Boom", "why")],
        r#"
        1<0 ExecutionStarted input={}
        2<0 TaskStateEntered name=S input={}
        3<2 LambdaFunctionScheduled resource=arn:aws:lambda:us-east-1:000000000000:function:f input={}
        4<3 LambdaFunctionStarted
        5<4 LambdaFunctionFailed error=Boom cause=why
        6<5 TaskStateExited name=S output={} assignedVariables={"e":"\"why\""} assignedVariablesDetails={"truncated":false}
        7<6 PassStateEntered name=Next input={}
        8<7 PassStateExited name=Next output={}
        9<8 ExecutionSucceeded output={}
        "#,
    );
}

#[test]
fn paths_of_all_fields_see_variables() {
    let definition = json!({ "StartAt": "A", "States": {
        "A": { "Type": "Pass", "Assign": { "n": 3, "when": "2024-01-01T00:00:02Z", "why": "because" }, "Next": "W" },
        "W": { "Type": "Wait", "SecondsPath": "$n", "Next": "U" },
        "U": { "Type": "Wait", "TimestampPath": "$when", "Next": "C" },
        "C": { "Type": "Choice", "Choices": [
            { "Variable": "$none", "IsPresent": true, "Next": "A" },
            { "Variable": "$n", "NumericEqualsPath": "$n", "Next": "T" },
        ]},
        "T": { "Type": "Task", "Resource": super::FUNCTION, "TimeoutSecondsPath": "$n", "Next": "F" },
        "F": { "Type": "Fail", "ErrorPath": "$why", "Cause": "c" },
    }});
    check(
        definition,
        "{}",
        &[Answer::Output("{}".into())],
        r#"
        1<0 ExecutionStarted input={}
        2<0 PassStateEntered name=A input={}
        3<2 PassStateExited name=A output={} assignedVariables={"n":"3","when":"\"2024-01-01T00:00:02Z\"","why":"\"because\""} assignedVariablesDetails={"truncated":false}
        4<3 WaitStateEntered name=W input={}
        5<4 WaitStateExited name=W output={}
        6<5 WaitStateEntered name=U input={}
        7<6 WaitStateExited name=U output={}
        8<7 ChoiceStateEntered name=C input={}
        9<8 ChoiceStateExited name=C output={}
        10<9 TaskStateEntered name=T input={}
        11<10 LambdaFunctionScheduled resource=arn:aws:lambda:us-east-1:000000000000:function:f input={} timeoutInSeconds=3
        12<11 LambdaFunctionStarted
        13<12 LambdaFunctionSucceeded output={}
        14<13 TaskStateExited name=T output={}
        15<14 FailStateEntered name=F input={}
        16<15 ExecutionFailed error=because cause=c
        "#,
    );
}

#[test]
fn intrinsic_functions_work_on_data_and_variables() {
    let definition = json!({ "StartAt": "A", "States": {
        "A": { "Type": "Pass", "Assign": { "n": 3 }, "Next": "B" },
        "B": {
            "Type": "Pass", "Parameters": { "sum.$": "States.MathAdd($n, $.m)" }, "Next": "C",
            "Assign": { "t.$": "States.Format('{}!', $.sum)" },
        },
        "C": { "Type": "Fail", "ErrorPath": "States.Format('E{}', $n)", "CausePath": "$t" },
    }});
    check(
        definition,
        r#"{"m":4}"#,
        &[],
        r#"
        1<0 ExecutionStarted input={"m":4}
        2<0 PassStateEntered name=A input={"m":4}
        3<2 PassStateExited name=A output={"m":4} assignedVariables={"n":"3"} assignedVariablesDetails={"truncated":false}
        4<3 PassStateEntered name=B input={"m":4}
        5<4 PassStateExited name=B output={"sum":7} assignedVariables={"t":"\"7!\""} assignedVariablesDetails={"truncated":false}
        6<5 FailStateEntered name=C input={"sum":7}
        7<6 ExecutionFailed error=E3 cause=7!
        "#,
    );
}

#[test]
fn what_is_not_there_is_named() {
    let pass = |value: &str| single(json!({ "Type": "Pass", "Parameters": { "x.$": value }, "End": true }));
    let place = "cause=An error occurred while executing the state 'S' (entered at the event id #2).";
    for (value, end) in [
        (
            "$v.a",
            format!(
                "States.Runtime {place} The JSONPath '$v' specified for the field 'x.$' could not be found in the input '{{}}'"
            ),
        ),
        (
            "States.Array($.a)",
            format!(
                "States.Runtime {place} The function 'States.Array($.a)' had the following error: The JsonPath argument for \
                 the field '$.a' could not be found in the input '{{}}'"
            ),
        ),
    ] {
        check_end(pass(value), "{}", &[], &format!("ExecutionFailed error={end}"));
    }
}

#[test]
fn random_values_follow_the_seed_and_differ_from_each_other() {
    let uuids = json!({ "a.$": "States.UUID()", "b.$": "States.UUID()" });
    let definition = json!({ "StartAt": "A", "States": {
        "A": { "Type": "Pass", "Parameters": uuids, "ResultPath": "$.first", "Next": "B" },
        "B": { "Type": "Pass", "Parameters": uuids, "ResultPath": "$.second", "End": true },
    }});
    let run = || Lab::run(&definition, "{}", &[]).outcome().output.clone().unwrap();
    let output: Value = serde_json::from_str(&run()).unwrap();
    let places = ["/first/a", "/first/b", "/second/a", "/second/b"];
    let made: BTreeSet<&str> = places
        .iter()
        .map(|at| output.pointer(at).unwrap().as_str().unwrap())
        .collect();
    assert_eq!(made.len(), 4, "{output}");
    assert_eq!(run(), output.to_string());
}
