//! States in JSONata: what their expressions see, what they give, and how they fail.

use serde_json::{Value, json};

use super::{FUNCTION, check, check_end};
use crate::engine::testing::{Answer, EPOCH, Lab, error, output};

/// A machine whose one state `S` is followed by `Next`.
fn single(state: Value) -> Value {
    let mut definition = super::single(state);
    definition["QueryLanguage"] = json!("JSONata");
    definition
}

fn task(extra: Value) -> Value {
    let mut definition = super::task(extra);
    definition["QueryLanguage"] = json!("JSONata");
    definition
}

#[test]
fn output_and_assign_see_the_values_before_the_state() {
    let definition = json!({ "QueryLanguage": "JSONata", "StartAt": "A", "States": {
        "A": { "Type": "Pass", "Assign": { "x": "{% $states.input.n %}", "text": "$.n" }, "Next": "B" },
        "B": {
            "Type": "Pass", "Assign": { "x": "{% $x + 1 %}" }, "Next": "C",
            "Output": { "x": "{% $x %}", "name": "{% $states.context.State.Name %}", "l": [1, "{% $text %}"] },
        },
        "C": { "Type": "Succeed", "Output": "{% $x %}" },
    }});
    check(
        definition,
        r#"{"n":1}"#,
        &[],
        r#"
        1<0 ExecutionStarted input={"n":1}
        2<0 PassStateEntered name=A input={"n":1}
        3<2 PassStateExited name=A output={"n":1} assignedVariables={"x":"1","text":"\"$.n\""} assignedVariablesDetails={"truncated":false}
        4<3 PassStateEntered name=B input={"n":1}
        5<4 PassStateExited name=B output={"x":1,"name":"B","l":[1,"$.n"]} assignedVariables={"x":"2"} assignedVariablesDetails={"truncated":false}
        6<5 SucceedStateEntered name=C input={"x":1,"name":"B","l":[1,"$.n"]}
        7<6 SucceedStateExited name=C output=2
        8<7 ExecutionSucceeded output=2
        "#,
    );
}

#[test]
fn languages_mix_state_by_state() {
    let definition = json!({ "StartAt": "A", "States": {
        "A": { "Type": "Pass", "Assign": { "x.$": "$.n" }, "Next": "B" },
        "B": { "Type": "Pass", "QueryLanguage": "JSONata", "Output": { "x": "{% $x %}", "y.$": "$" }, "Next": "C" },
        "C": { "Type": "Pass", "Parameters": { "z.$": "$.x", "text": "{% $x %}" }, "End": true },
    }});
    check_end(
        definition,
        r#"{"n":1}"#,
        &[],
        r#"ExecutionSucceeded output={"z":1,"text":"{% $x %}"}"#,
    );
}

#[test]
fn tasks_take_arguments_times_and_credentials() {
    let definition = task(json!({
        "Arguments": { "a": "{% $states.input.n %}" },
        "TimeoutSeconds": "{% $states.input.n * 10 %}",
        "Credentials": { "RoleArn": "{% 'arn:aws:iam::000000000000:role/' & 'r' %}" },
        "Output": "{% [$states.input.n, $states.result.b] %}",
        "Assign": { "r": "{% $states.result %}" },
    }));
    check(
        definition,
        r#"{"n":3}"#,
        &[output(json!({ "b": 2 }))],
        r#"
        1<0 ExecutionStarted input={"n":3}
        2<0 TaskStateEntered name=S input={"n":3}
        3<2 LambdaFunctionScheduled resource=arn:aws:lambda:us-east-1:000000000000:function:f input={"a":3} timeoutInSeconds=30 taskCredentials={"roleArn":"arn:aws:iam::000000000000:role/r"}
        4<3 LambdaFunctionStarted
        5<4 LambdaFunctionSucceeded output={"b":2}
        6<5 TaskStateExited name=S output=[3,2] assignedVariables={"r":"{\"b\":2}"} assignedVariablesDetails={"truncated":false}
        7<6 ExecutionSucceeded output=[3,2]
        "#,
    );
    // Without Arguments and Output, the input goes in and the result comes out.
    check_end(
        task(json!({})),
        r#"{"n":3}"#,
        &[output(json!(7))],
        "ExecutionSucceeded output=7",
    );
}

#[test]
fn catchers_see_the_error() {
    let catcher = |extra: Value| {
        let mut catcher = json!({ "ErrorEquals": ["Boom"], "Next": "Next" });
        catcher
            .as_object_mut()
            .unwrap()
            .extend(extra.as_object().unwrap().clone());
        task(json!({ "Catch": [catcher] }))
    };
    let answers = [error("Boom", "why")];
    check_end(
        catcher(json!({})),
        r#"{"n":1}"#,
        &answers,
        r#"ExecutionSucceeded output={"Error":"Boom","Cause":"why"}"#,
    );
    check_end(
        catcher(json!({ "Output": { "i": "{% $states.input.n %}", "e": "{% $states.errorOutput.Cause %}" } })),
        r#"{"n":1}"#,
        &answers,
        r#"ExecutionSucceeded output={"i":1,"e":"why"}"#,
    );
}

#[test]
fn choices_take_the_output_and_assign_of_what_decides() {
    let definition = json!({ "QueryLanguage": "JSONata", "StartAt": "C", "States": {
        "C": {
            "Type": "Choice", "Default": "E", "Output": "default", "Assign": { "by": "default" },
            "Choices": [
                { "Condition": "{% $states.input.x = 1 %}", "Next": "E" },
                { "Condition": "{% $states.input.x = 2 %}", "Next": "E", "Output": "rule", "Assign": { "by": "rule" } },
            ],
        },
        "E": { "Type": "Pass", "Output": { "in": "{% $states.input %}", "by": "{% $exists($by) ? $by : 'no one' %}" }, "End": true },
    }});
    for (input, end) in [
        (r#"{"x":1}"#, r#"{"in":{"x":1},"by":"no one"}"#),
        (r#"{"x":2}"#, r#"{"in":"rule","by":"rule"}"#),
        (r#"{"x":3}"#, r#"{"in":"default","by":"default"}"#),
    ] {
        check_end(
            definition.clone(),
            input,
            &[],
            &format!("ExecutionSucceeded output={end}"),
        );
    }
}

#[test]
fn waits_compute_their_time() {
    for (wait, after) in [
        (json!({ "Seconds": "{% $states.input.s / 2 %}" }), 2_000),
        (
            json!({ "Timestamp": "{% '2024-01-01T00:00:0' & $states.input.s & 'Z' %}" }),
            4_000,
        ),
    ] {
        let mut state = json!({ "Type": "Wait", "End": true });
        state.as_object_mut().unwrap().extend(wait.as_object().unwrap().clone());
        let lab = Lab::run(&single(state), r#"{"s":4}"#, &[]);
        assert_eq!(lab.now - EPOCH, after, "{wait}");
        assert!(lab.last_line().ends_with(r#"output={"s":4}"#), "{}", lab.last_line());
    }
}

#[test]
fn fail_computes_its_error() {
    let state = json!({ "Type": "Fail", "Error": "{% 'E' & $states.input.n %}", "Cause": "plain" });
    check_end(single(state), r#"{"n":1}"#, &[], "ExecutionFailed error=E1 cause=plain");
}

#[test]
fn an_expression_that_fails_has_an_event_after_what_was_before_the_state() {
    let definition = json!({ "QueryLanguage": "JSONata", "StartAt": "A", "States": {
        "A": { "Type": "Pass", "Next": "B" },
        "B": { "Type": "Pass", "Output": { "a": [{ "x": "{% $no %}" }] }, "End": true },
    }});
    let cause = "An error occurred while executing the state 'B' (entered at the event id #4). The JSONata expression '$no' \
                 specified for the field 'Output/a/0/x' returned nothing (undefined).";
    let history = format!(
        "
        1<0 ExecutionStarted input={{}}
        2<0 PassStateEntered name=A input={{}}
        3<2 PassStateExited name=A output={{}}
        4<3 PassStateEntered name=B input={{}}
        5<3 EvaluationFailed error=States.QueryEvaluationError cause={cause} location=Output/a/0/x state=B
        6<5 ExecutionFailed error=States.QueryEvaluationError cause={cause}
        "
    );
    check(definition, "{}", &[], &history);
}

#[test]
fn expressions_that_fail_say_what_and_where() {
    let cases = [
        (
            json!({ "Type": "Pass", "Output": "{% 1 + 'a' %}" }),
            "3<0",
            "Output",
            "The JSONata expression '1 + 'a'' specified for the field 'Output' threw an error during evaluation. T2002: ",
        ),
        (
            json!({ "Type": "Wait", "Seconds": "{% 'a' %}" }),
            "3<2",
            "Seconds",
            "The JSONata expression ''a'' specified for the field 'Seconds' returned an unexpected result type. Expected \
             'number', but was 'string' for value: \"a\"",
        ),
        (
            json!({ "Type": "Wait", "Seconds": "{% 1.5 %}" }),
            "3<2",
            "Seconds",
            "The Seconds field must be an integer of at least 0 but was: 1.5",
        ),
        (
            json!({ "Type": "Wait", "Timestamp": "{% '05-12-2016T21:29:29Z' %}" }),
            "3<2",
            "Timestamp",
            "The Timestamp field cannot be parsed as an ISO-8601 extended offset date-time format string: 05-12-2016T21:29:29Z",
        ),
        (
            json!({ "Type": "Task", "Resource": FUNCTION, "TimeoutSeconds": "{% 0 %}" }),
            "3<0",
            "TimeoutSeconds",
            "The TimeoutSeconds field must be an integer of at least 1 but was: 0",
        ),
    ];
    for (mut state, order, location, problem) in cases {
        state["End"] = json!(true);
        let lab = Lab::run(&single(state), "{}", &[]);
        let lines = lab.lines();
        let failed = lines.lines().find(|line| line.contains(" EvaluationFailed ")).unwrap();
        let cause =
            format!("cause=An error occurred while executing the state 'S' (entered at the event id #2). {problem}");
        assert!(failed.contains(&cause), "{failed}");
        assert!(failed.ends_with(&format!(" location={location} state=S")), "{failed}");
        let after = order.split_once('<').unwrap().1;
        assert!(failed.starts_with(&format!("3<{after} ")), "{failed}");
        assert!(
            lab.last_line()
                .starts_with("4<3 ExecutionFailed error=States.QueryEvaluationError"),
            "{lines}"
        );
    }
}

#[test]
fn conditions_must_be_booleans() {
    let definition = json!({ "QueryLanguage": "JSONata", "StartAt": "S", "States": {
        "S": { "Type": "Choice", "Choices": [{ "Condition": "{% 1 %}", "Next": "E" }], "Default": "E" },
        "E": { "Type": "Succeed" },
    }});
    check_end(
        definition,
        "{}",
        &[],
        "ExecutionFailed error=States.QueryEvaluationError cause=An error occurred while executing the state 'S' (entered at \
         the event id #2). The JSONata expression '1' specified for the field 'Choices[0]/Condition' returned an unexpected \
         result type. Expected 'boolean', but was 'number' for value: 1",
    );
}

#[test]
fn failed_expressions_of_tasks_are_retried_and_caught() {
    let definition = task(json!({
        "Arguments": "{% $no %}",
        "Retry": [{ "ErrorEquals": ["States.QueryEvaluationError"], "MaxAttempts": 1 }],
        "Catch": [{ "ErrorEquals": ["States.ALL"], "Output": "{% $states.errorOutput.Error %}", "Next": "Next" }],
    }));
    let lab = Lab::run(&definition, "{}", &[]);
    let events: Vec<&str> = lab.history.iter().map(|event| event.kind.as_str()).collect();
    assert_eq!(
        events[2..5],
        ["EvaluationFailed", "EvaluationFailed", "TaskStateExited"],
        "{}",
        lab.lines()
    );
    assert!(lab.last_line().ends_with("output=\"States.QueryEvaluationError\""));
    assert_eq!(lab.now - EPOCH, 1_000);

    // An expression of a catcher that fails is not caught itself.
    let definition = task(json!({
        "Catch": [{ "ErrorEquals": ["States.ALL"], "Output": { "x": "{% $no %}" }, "Next": "Next" }],
    }));
    let lab = Lab::run(&definition, "{}", &[error("Boom", "why")]);
    let line = lab.lines().lines().nth(5).unwrap().to_owned();
    assert!(line.starts_with("6<5 EvaluationFailed"), "{line}");
    assert!(line.ends_with("location=Catch[0]/Output/x state=S"), "{line}");
    assert!(lab.last_line().starts_with("7<6 ExecutionFailed"));
}

#[test]
fn time_and_chance_come_in_with_the_input() {
    let state = json!({ "Type": "Pass", "Output": ["{% $millis() %}", "{% $uuid() %}", "{% $uuid() %}"], "End": true });
    let run = || {
        Lab::run(&single(state.clone()), "{}", &[])
            .outcome()
            .output
            .clone()
            .unwrap()
    };
    let made: Vec<Value> = serde_json::from_str(&run()).unwrap();
    assert_eq!(made[0], json!(EPOCH));
    assert_ne!(made[1], made[2]);
    assert_eq!(run(), Value::from(made).to_string());
}

#[test]
fn silence_of_a_task_is_still_a_timeout() {
    let definition = task(json!({ "TimeoutSeconds": "{% 2 %}" }));
    let lab = Lab::run(&definition, "{}", &[Answer::Silence]);
    assert_eq!(lab.now - EPOCH, 2_000);
    assert_eq!(lab.outcome().error.as_deref(), Some("States.Timeout"));
}
