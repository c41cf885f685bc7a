//! Variables in JSONPath states: what sets them, who sees them.

use serde_json::json;

use super::{check, task};
use crate::engine::testing::{Answer, error, output};

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
