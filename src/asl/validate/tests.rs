#![allow(clippy::unwrap_used)]

use serde_json::{Value as Json, json};

use super::*;
use crate::asl::{aws_message, check as check_whole, parse};
use crate::diagnostic::Severity;
use crate::tree::Node;

/// The findings of `validate` as `code pointer: message | hint`; the form of the definition must be right.
fn check(definition: Json, expected: &[&str]) {
    let (machine, form) = parse(&Node::from_json(&definition));
    assert_eq!(form, [], "{definition}");
    let found: Vec<_> = validate(&machine.unwrap())
        .iter()
        .map(|found| {
            let hints: String = found.hints.iter().map(|hint| format!(" | {hint}")).collect();
            let pointer = found.pointer.as_deref().unwrap_or("-");
            format!("{} {pointer}: {}{hints}", found.code, found.message)
        })
        .collect();
    assert_eq!(found, expected, "{definition}");
}

/// What AWS says of a definition, without what it always says.
fn says(definition: Json, expected: &str) {
    let (_, found) = check_whole(&Node::from_json(&definition));
    let said = aws_message(&found).unwrap_or_default();
    let said = said.strip_prefix("Invalid State Machine Definition: ").unwrap_or(&said);
    assert_eq!(said, expected, "{definition}");
}

/// A machine of the one state `X`.
fn one(state: Json) -> Json {
    json!({ "StartAt": "X", "States": { "X": state } })
}

fn task(with: Json) -> Json {
    let mut state = json!({ "Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "End": true });
    for (key, value) in with.as_object().unwrap() {
        state[key] = value.clone();
    }
    one(state)
}

#[test]
fn whoever_is_waited_for_gets_the_token() {
    let with_path = |parameters: Json| {
        task(json!({
            "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
            "Parameters": { "QueueUrl": "q", "MessageBody": parameters },
        }))
    };
    let with_query = |arguments: Json| {
        task(json!({
            "QueryLanguage": "JSONata",
            "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
            "Arguments": { "QueueUrl": "q", "MessageBody": arguments },
        }))
    };
    for parameters in [
        json!({ "T.$": "$$.Task.Token" }),
        json!({ "T.$": "$$['Task']['Token']" }),
        json!([{ "Context.$": "$$" }]),
        json!({ "T.$": "States.Format('token {}', $$.Task.Token)" }),
    ] {
        check(with_path(parameters), &[]);
    }
    for arguments in [
        json!("{% $states.context.Task.Token %}"),
        json!(["{% 'token ' & $states.context.Task.Token %}"]),
        json!("{% $string($states.context) %}"),
        json!("{% $states.context.`Task`.Token %}"),
        json!("{% $string($states) %}"),
    ] {
        check(with_query(arguments), &[]);
    }
    let path = "token-not-passed /States/X/Parameters: state `X` waits for a task token that nobody gets: its `Parameters` do not \
        pass `$$.Task.Token` | pass it on: `\"TaskToken.$\": \"$$.Task.Token\"`";
    for parameters in [
        json!({ "T": "$$.Task.Token" }),
        json!({ "T.$": "$.Task.Token" }),
        json!({ "Name.$": "$$.Execution.Name" }),
    ] {
        check(with_path(parameters), &[path]);
    }
    let query = "token-not-passed /States/X/Arguments: state `X` waits for a task token that nobody gets: its `Arguments` do not \
        pass `$states.context.Task.Token` | pass it on: `\"TaskToken\": \"{% $states.context.Task.Token %}\"`";
    for arguments in [
        json!("$states.context.Task.Token"),
        json!("{% $states.input.Token %}"),
        json!("{% $states.context.Execution.Id %}"),
    ] {
        check(with_query(arguments), &[query]);
    }
    let selected = json!({
        "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken",
        "InputPath": "$$.Task",
        "Parameters": { "FunctionName": "f", "Payload.$": "$" },
    });
    check(task(selected), &[]);
}

#[test]
fn transitions_lead_somewhere() {
    check(
        json!({ "StartAt": "A", "States": {
            "A": { "Type": "Pass", "Next": "b" },
            "B": { "Type": "Choice", "Default": "Nowhere", "Choices": [{ "Variable": "$.x", "IsNull": true, "Next": "In" }] },
            "M": { "Type": "Map", "End": true, "Iterator": { "StartAt": "In", "States": { "In": { "Type": "Pass", "Next": "A" } } } }
        } }),
        &[
            "dangling-next /States/A/Next: state `A` leads to `b`, which does not exist | did you mean `B`?",
            "dangling-next /States/B/Choices[0]/Next: state `B` leads to `In`, which does not exist | transitions cannot lead into or out of Map and Parallel states",
            "dangling-next /States/B/Default: state `B` leads to `Nowhere`, which does not exist",
            "dangling-next /States/M/Iterator/States/In/Next: state `In` leads to `A`, which does not exist | transitions cannot lead into or out of Map and Parallel states",
            "unreachable-state /States/B: state `B` cannot be reached: nothing leads to it",
            "unreachable-state /States/M: state `M` cannot be reached: nothing leads to it",
            "no-terminal-state -: the states in `M` never end: no state has `End: true`, or is a Succeed or Fail state",
        ],
    );
    check(
        json!({ "StartAt": "Y", "States": { "A": { "Type": "Pass", "Next": "B" }, "B": { "Type": "Succeed" } } }),
        &[
            "dangling-next /StartAt: `StartAt` names `Y`, which does not exist",
            "unreachable-state /States/A: state `A` cannot be reached: nothing leads to it",
        ],
    );
    // States that only lead to one another are not reached either.
    check(
        json!({ "StartAt": "A", "States": { "A": { "Type": "Succeed" }, "B": { "Type": "Pass", "Next": "C" }, "C": { "Type": "Pass", "Next": "B" } } }),
        &[
            "unreachable-state /States/B: state `B` cannot be reached: nothing leads to it",
            "unreachable-state /States/C: state `C` cannot be reached: nothing leads to it",
        ],
    );
}

#[test]
fn transitions_are_refused_in_the_words_of_aws() {
    let pass = |next: &str| json!({ "Type": "Pass", "Next": next });
    let end = json!({ "Type": "Pass", "End": true });
    says(
        json!({ "StartAt": "pass1", "States": { "pass1": pass("pass3"), "pass2": end } }),
        "'MISSING_TRANSITION_TARGET: Missing 'Next' target: pass3 at /States/pass1/Next, \
         MISSING_TRANSITION_TARGET: State \"pass2\" is not reachable. at /States/pass2'",
    );
    says(
        json!({ "StartAt": "A", "States": { "A": pass("B"), "B": pass("A"), "C": pass("A") } }),
        "'MISSING_END_STATE: Workflow has no terminal state at null'",
    );
    says(
        json!({ "StartAt": "A", "States": { "A": pass("B"), "B": pass("A"), "C": end } }),
        "'MISSING_TRANSITION_TARGET: State \"C\" is not reachable. at /States/C'",
    );
    says(
        json!({ "StartAt": "A", "States": { "A": pass("NOPE") } }),
        "'MISSING_TRANSITION_TARGET: Missing 'Next' target: NOPE at /States/A/Next, \
         MISSING_END_STATE: Workflow has no terminal state at null'",
    );
    says(
        json!({ "StartAt": "Map", "States": { "Map": { "Type": "Map", "Next": "F", "Iterator": { "StartAt": "F", "States": { "F": end } } }, "F": end } }),
        "'DUPLICATE_STATE_NAME: Duplicate State name: F at /States/Map/Iterator/States/F'",
    );
}

#[test]
fn the_form_is_refused_in_the_words_of_aws() {
    says(
        json!({}),
        "'SCHEMA_VALIDATION_FAILED: These fields are required: [States, StartAt] at /'",
    );
    let mut downgraded = one(json!({ "Type": "Pass", "End": true, "QueryLanguage": "JSONPath" }));
    downgraded["QueryLanguage"] = json!("JSONata");
    says(
        downgraded,
        "'SCHEMA_VALIDATION_FAILED: 'QueryLanguage' can not be 'JSONPath' if set to 'JSONata' for whole state machine at /States/X'",
    );
    says(
        one(json!({ "Type": "Wait", "Timestamp": "2016-12-05T25:29:29Z", "End": true })),
        "'SCHEMA_VALIDATION_FAILED: String does not match RFC3339 timestamp at /States/X/Timestamp'",
    );
    says(
        task(json!({ "Resource": "arn:aws:states:::dynamodb:query" })),
        "'SCHEMA_VALIDATION_FAILED: The resource provided arn:aws:states:::dynamodb:query is not recognized. The value is \
         not a valid resource ARN, or the resource is not available in this region. at /States/X/Resource'",
    );
    says(
        task(json!({ "Credentials": {} })),
        "'SCHEMA_VALIDATION_FAILED: The field 'RoleArn' is required but was missing at /States/X/Credentials'",
    );
    says(
        one(
            json!({ "Type": "Pass", "Parameters": { "parsed.$": r#"States.StringToJson('{"a":"\"b\""}')"# }, "End": true }),
        ),
        "'SCHEMA_VALIDATION_FAILED: The value for the field 'parsed.$' must be a valid JSONPath or a valid intrinsic \
         function call at /States/X/Parameters'",
    );
    says(
        one(json!({ "Type": "Choice", "Choices": [{ "Variable": "$", "StringMatches": "Test" }], "Default": "X" })),
        "'SCHEMA_VALIDATION_FAILED: These fields are required: [Next] at /States/X/Choices[0], \
         MISSING_END_STATE: Workflow has no terminal state at null'",
    );
    says(
        one(json!({ "Type": "Pass", "_comment": 1, "End": true })),
        "'SCHEMA_VALIDATION_FAILED: Field '_comment' is not supported at /States/X'",
    );
    says(one(json!({ "Type": "Pass", "End": true })), "");
}

#[test]
fn names_are_unique_and_short() {
    let long = "x".repeat(81);
    let mut states = json!({});
    states[&long] = json!({ "Type": "Succeed" });
    check(
        json!({ "StartAt": long, "States": states }),
        &[&format!(
            "state-name /States/{long}: the name of state `{long}` has 81 characters; 80 is the limit"
        )],
    );
}

#[test]
fn resources_are_arns() {
    let resource = |resource: &str, expected: &[&str]| check(task(json!({ "Resource": resource })), expected);
    resource("arn:aws:lambda:us-east-1:111122223333:function:f", &[]);
    resource(
        "OpenCase",
        &["invalid-resource /States/X/Resource: state `X` has the resource `OpenCase`, which is not an ARN"],
    );
    resource(
        "arn:aws:lambda:REGION:ACCOUNT_ID:function:FUNCTION_NAME",
        &["placeholder-arn /States/X/Resource: state `X` still has the placeholder `REGION` in its ARN"],
    );
    resource(
        "arn:aws:states:::sns:pubish",
        &[
            "unknown-resource /States/X/Resource: state `X` calls `arn:aws:states:::sns:pubish`, which does not exist: `sns` has no optimized integration `pubish` | did you mean `publish`?",
        ],
    );
}

#[test]
fn optimized_integrations_take_their_own_parameters() {
    let with = |resource: &str, given: Json| {
        task(json!({ "Resource": format!("arn:aws:states:::{resource}"), "Parameters": given }))
    };
    for (resource, given, field) in [
        ("lambda:invoke", json!({ "FunctionName": "f", "Bogus": 1 }), "Bogus"),
        (
            "lambda:invoke.waitForTaskToken",
            json!({ "FunctionName.$": "$.f", "Bogus.$": "$" }),
            "Bogus",
        ),
        (
            "states:startExecution.sync:2",
            json!({ "StateMachineArn": "m", "Inptu": {} }),
            "Inptu",
        ),
        ("sns:publish", json!({ "Topic": "t", "Message.$": "$" }), "Topic"),
        (
            "sqs:sendMessage",
            json!({ "QueueUrl": "q", "MessageBody": "b", "messageBody": "b" }),
            "messageBody",
        ),
        (
            "dynamodb:getItem",
            json!({ "TableName": "t", "Key": {}, "Item": {} }),
            "Item",
        ),
        (
            "dynamodb:putItem",
            json!({ "TableName": "t", "Key": {}, "Item": {} }),
            "Key",
        ),
        (
            "dynamodb:deleteItem",
            json!({ "TableName": "t", "Key": {}, "Item": {} }),
            "Item",
        ),
        (
            "dynamodb:updateItem",
            json!({ "TableName": "t", "Key": {}, "Item": {} }),
            "Item",
        ),
        ("events:putEvents", json!({ "Entries.$": "$", "Detail": 1 }), "Detail"),
    ] {
        says(
            with(resource, given),
            &format!(
                "'SCHEMA_VALIDATION_FAILED: The field \"{field}\" is not supported by Step Functions at /States/X/Parameters'"
            ),
        );
    }
    let known = json!({ "FunctionName.$": "$.f", "Payload": { "Bogus": 1 }, "LogType": "Tail", "Qualifier": "1" });
    says(with("lambda:invoke", known), "");
    says(with("aws-sdk:sfn:startExecution", json!({ "Inptu": 1 })), "");
    let jsonata = |arguments: Json| task(json!({ "QueryLanguage": "JSONata", "Arguments": arguments }));
    says(jsonata(json!("{% $states.input %}")), "");
    check(
        jsonata(json!({ "FunctionNam": "f", "Payload.$": 1 })),
        &[
            "unknown-parameter /States/X/Arguments: `Arguments` of state `X` has `FunctionNam`, which `arn:aws:states:::lambda:invoke` does not take | did you mean `FunctionName`?",
            "unknown-parameter /States/X/Arguments: `Arguments` of state `X` has `Payload.$`, which `arn:aws:states:::lambda:invoke` does not take | did you mean `Payload`?",
            "missing-parameter /States/X/Arguments: `Arguments` of state `X` lacks `FunctionName`, which `arn:aws:states:::lambda:invoke` needs",
        ],
    );
}

#[test]
fn optimized_integrations_need_parameters() {
    for (resource, given, missing) in [
        ("lambda:invoke", json!({ "Payload.$": "$" }), &["FunctionName"][..]),
        (
            "states:startExecution.sync",
            json!({ "Input": {} }),
            &["StateMachineArn"],
        ),
        ("sns:publish", json!({ "TopicArn": "t" }), &["Message"]),
        ("sqs:sendMessage", json!({}), &["QueueUrl", "MessageBody"]),
        (
            "sqs:sendMessage.waitForTaskToken",
            json!({ "MessageBody.$": "$$.Task.Token" }),
            &["QueueUrl"],
        ),
        ("dynamodb:getItem", json!({ "TableName": "t" }), &["Key"]),
        ("dynamodb:putItem", json!({ "Item": {} }), &["TableName"]),
        ("dynamodb:updateItem", json!({ "TableName": "t" }), &["Key"]),
        ("dynamodb:deleteItem", json!({ "Key.$": "$.k" }), &["TableName"]),
        ("events:putEvents", json!({}), &["Entries"]),
    ] {
        let texts: Vec<String> = missing
            .iter()
            .map(|name| {
                format!(
                    "SCHEMA_VALIDATION_FAILED: The field '{name}' is required but was missing at /States/X/Parameters"
                )
            })
            .collect();
        let resource = format!("arn:aws:states:::{resource}");
        says(
            task(json!({ "Resource": resource, "Parameters": given })),
            &format!("'{}'", texts.join(", ")),
        );
        // Without parameters the input has them.
        says(task(json!({ "Resource": resource })), "");
    }
    let message = json!({ "Message": "m", "PhoneNumber": "+1" });
    says(
        task(json!({ "Resource": "arn:aws:states:::sns:publish", "Parameters": message })),
        "",
    );
}

#[test]
fn error_handlers_make_sense() {
    let all = json!({ "ErrorEquals": ["States.ALL"] });
    check(
        task(
            json!({ "Retry": [all, { "ErrorEquals": ["States.ALL", "E"] }, { "ErrorEquals": ["States.Timout"], "IntervalSeconds": 0 }] }),
        ),
        &[
            "states-all /States/X/Retry[0]/ErrorEquals: `Retry` 1 of state `X` takes `States.ALL`, so the ones after it are never used",
            "states-all /States/X/Retry[1]/ErrorEquals: `Retry` 2 of state `X` has other errors beside `States.ALL`, which stands for all of them",
            "unknown-error /States/X/Retry[2]/ErrorEquals: `Retry` 3 of state `X` takes `States.Timout`, which is not among the errors of AWS | did you mean `States.Timeout`?",
            "retry-interval /States/X/Retry[2]/IntervalSeconds: `Retry` 3 of state `X` retries without a pause",
        ],
    );
    check(task(json!({ "Retry": [{ "ErrorEquals": ["E"] }, all] })), &[]);
    check(
        task(json!({ "TimeoutSeconds": 5, "HeartbeatSeconds": 5 })),
        &[
            "heartbeat-timeout /States/X/HeartbeatSeconds: `HeartbeatSeconds` of state `X` is 5, not smaller than its `TimeoutSeconds`, 5",
        ],
    );
    check(task(json!({ "TimeoutSeconds": 5, "HeartbeatSeconds": 4 })), &[]);
}

#[test]
fn paths_and_expressions_have_their_form() {
    check(
        task(json!({
            "InputPath": "$.a[*]", "OutputPath": "a", "ResultPath": "$.a[*]", "TimeoutSecondsPath": "$..t",
            "Resource": "arn:aws:states:::aws-sdk:sts:getCallerIdentity",
            "Parameters": { "a": [{ "b.$": "c" }], "d.$": "States.UUID()" },
            "Catch": [{ "ErrorEquals": ["E"], "Next": "X", "ResultPath": "e" }]
        })),
        &[
            "invalid-path /States/X/OutputPath: `OutputPath` of state `X` is `a`, which is not a path | paths begin with `$`",
            "invalid-path /States/X/Parameters/a[0]: `b.$` in state `X` is \"c\", which is neither a path nor an intrinsic function",
            "invalid-path /States/X/ResultPath: `ResultPath` of state `X` is `$.a[*]`, which can mean more than one place",
            "invalid-path /States/X/Catch[0]/ResultPath: `Catch[0]/ResultPath` of state `X` is `e`, which is not a path | paths begin with `$`",
            "invalid-path /States/X/TimeoutSecondsPath: `TimeoutSecondsPath` of state `X` is `$..t`, which can mean more than one place",
        ],
    );
    check(
        json!({ "QueryLanguage": "JSONata", "StartAt": "X", "States": { "X": { "Type": "Pass", "End": true,
            "Output": ["{% 1 %}", "{% 2", " {% 3 %}", "4 %}", "{% 5 %} ", " {% 6 %} "], "Assign": { "states": 1, "a b": 2, "ok_1": 3 } } } }),
        &[
            "variable-name /States/X/Assign/states: state `X` assigns to `states`, which is reserved",
            "variable-name /States/X/Assign/a b: state `X` assigns to `a b`, which is not a name of a variable",
            "invalid-expression /States/X/Output[1]: state `X` has `{% 2`, which has not `{%` at its start and `%}` at its end",
            "invalid-expression /States/X/Output[2]: state `X` has ` {% 3 %}`, which has not `{%` at its start and `%}` at its end",
            "invalid-expression /States/X/Output[3]: state `X` has `4 %}`, which has not `{%` at its start and `%}` at its end",
            "invalid-expression /States/X/Output[4]: state `X` has `{% 5 %} `, which has not `{%` at its start and `%}` at its end",
        ],
    );
    check(
        json!({ "QueryLanguage": "JSONata", "StartAt": "X", "States": {
            "X": { "Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Arguments": { "FunctionName": "f", "Payload": "{% 1 + %}" },
                "TimeoutSeconds": "{% ( %}", "Next": "Y" },
            "Y": { "Type": "Choice", "Choices": [{ "Condition": "{% $x in ['a'] %}", "Next": "Z" }], "Default": "Z" },
            "Z": { "Type": "Fail", "Error": "{% ] %}" } } }),
        &[
            "invalid-expression /States/X/Arguments/Payload: state `X` has `{% 1 + %}`, which is not JSONata: S0207: Unexpected end of expression",
            "invalid-expression /States/X/TimeoutSeconds: state `X` has `{% ( %}`, which is not JSONata: S0203: Expected \")\" before end of expression",
            "invalid-expression /States/Z/Error: state `Z` has `{% ] %}`, which is not JSONata: S0211: The symbol \"]\" cannot be used as a unary operator",
        ],
    );
    check(
        one(json!({ "Type": "Fail", "CausePath": "States.Format('{}', $.a)", "ErrorPath": "$.e" })),
        &[],
    );
    check(
        json!({ "StartAt": "X", "States": { "X": { "Type": "Choice", "Default": "Y", "Choices": [
            { "Not": { "Variable": "a", "TimestampEquals": "yesterday" }, "Next": "Y" } ] }, "Y": { "Type": "Succeed" } } }),
        &[
            "invalid-timestamp /States/X/Choices[0]/Not/TimestampEquals: state `X` has `yesterday`, which is not a time as RFC 3339 has it | write it like `2030-12-31T23:59:00Z`",
            "invalid-path /States/X/Choices[0]/Not/Variable: `Choices[0]/Not/Variable` of state `X` is `a`, which is not a path | paths begin with `$`",
        ],
    );
}

#[test]
fn inner_variables_have_names_of_their_own() {
    let machine = |mode: &str, inner: &str| {
        json!({ "QueryLanguage": "JSONata", "StartAt": "A", "States": {
            "A": { "Type": "Pass", "Assign": { "a": 1 }, "Next": "M" },
            "M": { "Type": "Map", "End": true, "Assign": { "m": 1 }, "ItemProcessor": {
                "ProcessorConfig": { "Mode": mode, "ExecutionType": "STANDARD" }, "StartAt": "I", "States": {
                    "I": { "Type": "Pass", "Assign": { inner: 1 }, "End": true } } } } } })
    };
    let inline = |inner: &str| {
        let mut machine = machine("INLINE", inner);
        machine["States"]["M"]["ItemProcessor"]["ProcessorConfig"] = json!({ "Mode": "INLINE" });
        machine
    };
    check(inline("x"), &[]);
    for name in ["a", "m"] {
        check(
            inline(name),
            &[&format!(
                "variable-scope /States/M/ItemProcessor/States/I/Assign/{name}: state `I` assigns to `{name}`, which is also assigned outside of its Map or Parallel state | give the inner variable another name: what is assigned inside is not seen outside"
            )],
        );
    }
    check(machine("DISTRIBUTED", "a"), &[]);
    says(inline("a"), "");
}

#[test]
fn times_are_those_of_rfc_3339() {
    let valid = |text: &str, expected: bool| {
        let definition = one(json!({ "Type": "Wait", "Timestamp": text, "End": true }));
        let (_, found) = check_whole(&Node::from_json(&definition));
        assert_eq!(found.is_empty(), expected, "{text}");
    };
    valid("2016-03-14T01:59:00Z", true);
    valid("2016-03-14T01:59:00.123456+02:00", true);
    valid("2016-03-14t01:59:00z", false);
    valid("2016-03-14 01:59:00Z", false);
    valid("2016-03-14", false);
    valid("05-12-2016T21:29:29Z", false);
    valid("{% '2016-03-14T01:59:00Z' %}", false);
}

#[test]
fn labels_fit_into_arns() {
    let map = |name: &str, label: &str| {
        let mut inner = json!({});
        inner[format!("in {name}")] = json!({ "Type": "Succeed" });
        json!({ "Type": "Map", "Label": label, "End": true,
            "ItemProcessor": { "StartAt": format!("in {name}"), "States": inner } })
    };
    let label = |label: &str, expected: &[&str]| check(one(map("X", label)), expected);
    label("fine-1", &[]);
    label("", &["label /States/X/Label: the label of state `X` is empty"]);
    label(
        "a b",
        &["label /States/X/Label: the label of state `X` has the character ' ', which is not allowed"],
    );
    label(
        &"x".repeat(41),
        &["label /States/X/Label: the label of state `X` is longer than 40 characters"],
    );
    let mut first = map("X", "same");
    first.as_object_mut().unwrap().remove("End");
    first["Next"] = json!("Y");
    check(
        json!({ "StartAt": "X", "States": { "X": first, "Y": map("Y", "same") } }),
        &["duplicate-label /States/Y/Label: the label `same` of state `Y` is used more than once"],
    );
}

#[test]
fn express_machines_cannot_wait_for_others() {
    let express = |definition: Json| {
        let (machine, _) = parse(&Node::from_json(&definition));
        aws_message(&validate_express(&machine.unwrap())).unwrap_or_default()
    };
    let prefix = "Invalid State Machine Definition: 'SCHEMA_VALIDATION_FAILED: Express state machine does not support";
    assert_eq!(
        express(task(
            json!({ "Resource": "arn:aws:states:::sns:publish.waitForTaskToken" })
        )),
        format!("{prefix} '.waitForTaskToken' service integration  at /States/X/Resource'")
    );
    assert_eq!(
        express(task(
            json!({ "Resource": "arn:aws:states:us-east-1:111122223333:activity:a" })
        )),
        format!("{prefix} Activity ARN at /States/X/Resource'")
    );
    assert_eq!(express(task(json!({}))), "");
}

#[test]
fn warnings_do_not_refuse() {
    let definition = task(json!({ "Retry": [{ "ErrorEquals": ["E"], "IntervalSeconds": 0 }] }));
    let (_, found) = check_whole(&Node::from_json(&definition));
    assert!(found.iter().all(|found| found.severity == Severity::Warning) && !found.is_empty());
    says(definition, "");
}

#[test]
fn a_definition_has_a_size() {
    let definition = one(json!({ "Type": "Pass", "Comment": "x".repeat(crate::asl::LARGEST_DEFINITION), "End": true }));
    let (_, found) = check_whole(&Node::from_json(&definition));
    assert_eq!(
        found.iter().map(|found| found.code).collect::<Vec<_>>(),
        ["definition-size"]
    );
}
