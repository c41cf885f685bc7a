//! Definitions: ValidateStateMachineDefinition, and what is refused because nothing here could run it.

use super::*;

async fn validate(definition: &str) -> Value {
    Bench::new()
        .get("ValidateStateMachineDefinition", json!({"definition": definition}))
        .await
}

#[tokio::test]
async fn what_is_wrong_with_a_definition() {
    let good = json!({"result": "OK", "diagnostics": [], "truncated": false});
    assert_eq!(validate(&pass().to_string()).await, good);
    let check = async |definition: &str, want: Value| {
        let got = validate(definition).await;
        assert_eq!(
            got,
            json!({"result": "FAIL", "diagnostics": [want], "truncated": false}),
            "{definition}"
        );
    };
    check(
        " ",
        json!({"severity": "ERROR", "code": "SCHEMA_VALIDATION_FAILED", "message": "Definition must be a valid JSON object"}),
    )
    .await;
    check(
        "{}",
        json!({"severity": "ERROR", "code": "SCHEMA_VALIDATION_FAILED", "message": "These fields are required: [States, StartAt]", "location": "/"}),
    )
    .await;
    let place = "[Source: (String)\"not a definition\"; line: 1, column: 4]";
    check(
        "not a definition",
        json!({"severity": "ERROR", "code": "INVALID_JSON_DESCRIPTION", "location": place, "message": format!(
            "Unrecognized token 'not': was expecting (JSON String, Number, Array, Object or token 'null', 'true' or 'false')\n at {place}"
        )}),
    )
    .await;
    let downgrade = json!({"StartAt": "Pass", "QueryLanguage": "JSONata", "States": {
        "Pass": {"Type": "Pass", "End": true, "QueryLanguage": "JSONPath"},
    }});
    check(
        &downgrade.to_string(),
        json!({"severity": "ERROR", "code": "SCHEMA_VALIDATION_FAILED", "location": "/States/Pass",
            "message": "'QueryLanguage' can not be 'JSONPath' if set to 'JSONata' for whole state machine"}),
    )
    .await;
}

#[tokio::test]
async fn parameters_that_nothing_here_acts_upon_are_refused_by_name() {
    let bench = Bench::new();
    for (language, parameters, what) in [
        (
            "JSONPath",
            json!({"FunctionName": "f", "ClientContext": "e30="}),
            "ClientContext",
        ),
        (
            "JSONPath",
            json!({"FunctionName": "f", "ClientContext.$": "$.c"}),
            "ClientContext",
        ),
        (
            "JSONata",
            json!({"FunctionName": "f", "TenantId": "{% $states.input.t %}"}),
            "TenantId",
        ),
        (
            "JSONPath",
            json!({"FunctionName": "f", "InvocationType": "DryRun"}),
            "InvocationType DryRun",
        ),
        (
            "JSONata",
            json!({"FunctionName": "f", "InvocationType": "{% 'Event' %}"}),
            "",
        ),
        ("JSONPath", json!({"FunctionName": "f", "InvocationType.$": "$.t"}), ""),
        ("JSONPath", json!({"FunctionName": "f", "InvocationType": "Event"}), ""),
    ] {
        let field = if language == "JSONata" {
            "Arguments"
        } else {
            "Parameters"
        };
        let inner = json!({"StartAt": "Call", "States": {
            "Call": {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", field: parameters, "End": true},
        }});
        let definition = json!({"QueryLanguage": language, "StartAt": "Both", "States": {
            "Both": {"Type": "Parallel", "Branches": [inner], "End": true},
        }});
        let input = json!({"name": "m", "roleArn": ROLE, "definition": definition.to_string()});
        let made = bench.call("CreateStateMachine", input).await;
        if what.is_empty() {
            let input = json!({"stateMachineArn": text(&made.unwrap(), "stateMachineArn")});
            bench.get("DeleteStateMachine", input).await;
            continue;
        }
        assert_eq!(
            made.unwrap_err(),
            format!("InvalidDefinition: not implemented by the local cloud: lambda:invoke with {what} of state 'Call'")
        );
    }
}

#[tokio::test]
async fn what_cannot_be_run_is_refused_by_name() {
    let bench = Bench::new();
    let definition = json!({"StartAt": "Send", "States": {
        "Send": {"Type": "Pass", "OutputPath": "$.a.median()", "End": true},
    }});
    let input = json!({"name": "m", "roleArn": ROLE, "definition": definition.to_string()});
    let refused = bench.call("CreateStateMachine", input).await.unwrap_err();
    assert!(
        refused.starts_with("InvalidDefinition: not implemented by the local cloud: "),
        "{refused}"
    );
    assert!(refused.contains("Send") && refused.contains("median()"), "{refused}");
}

#[tokio::test]
async fn a_wrong_definition_is_refused() {
    let bench = Bench::new();
    let arn = bench.machine("m", &pass()).await;
    let want = "InvalidDefinition: Invalid State Machine Definition: 'SCHEMA_VALIDATION_FAILED: These fields are required: \
                [States, StartAt] at /'";
    let create = json!({"name": "n", "roleArn": ROLE, "definition": "{}"});
    assert_eq!(bench.call("CreateStateMachine", create).await.unwrap_err(), want);
    let update = json!({"stateMachineArn": arn, "definition": "{}"});
    assert_eq!(bench.call("UpdateStateMachine", update).await.unwrap_err(), want);
}
