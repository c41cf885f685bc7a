//! State machines, tags, lists, and what AWS says to wrong requests.

use super::*;

const ARN: &str = "arn:aws:states:us-east-1:000000000000:stateMachine:m";
const EXECUTION: &str = "arn:aws:states:us-east-1:000000000000:execution:m:e";

#[tokio::test]
async fn errors_in_the_words_of_aws() {
    let bench = Bench::new();
    bench.machine("m", &pass()).await;
    let other = json!({"StartAt": "Only", "States": {"Only": {"Type": "Succeed"}}}).to_string();
    let same = pass().to_string();
    let long = "x".repeat(81);
    let none = "arn:aws:states:us-east-1:000000000000:stateMachine:none";
    let check = async |operation: &str, input: Value, want: &str| {
        assert_eq!(
            bench.call(operation, input.clone()).await.unwrap_err(),
            want,
            "{operation} {input}"
        );
    };
    check(
        "CreateStateMachine",
        json!({"name": "m", "roleArn": ROLE, "definition": other}),
        &format!("StateMachineAlreadyExists: State Machine Already Exists: '{ARN}'"),
    )
    .await;
    check(
        "CreateStateMachine",
        json!({"name": "a b", "roleArn": ROLE, "definition": same}),
        "InvalidName: Invalid Name: 'a b'",
    )
    .await;
    check(
        "CreateStateMachine",
        json!({"name": long, "roleArn": ROLE, "definition": same}),
        &format!(
            "ValidationException: 1 validation error detected: Value '{long}' at 'name' failed to satisfy constraint: \
             Member must have length less than or equal to 80"
        ),
    )
    .await;
    check(
        "CreateStateMachine",
        json!({"name": "n", "roleArn": "role", "definition": same}),
        "InvalidArn: Invalid Arn: 'Invalid ARN prefix: role'",
    )
    .await;
    check(
        "CreateStateMachine",
        json!({"name": "n", "roleArn": "arn:aws:iam::000000000000:role/none", "definition": same}),
        "AccessDeniedException: Neither the global service principal states.amazonaws.com, nor the regional one is authorized to \
         assume the provided role.",
    )
    .await;
    check(
        "CreateStateMachine",
        json!({"name": "n", "roleArn": ROLE, "definition": same, "loggingConfiguration": {"level": "ALL"}}),
        "InvalidLoggingConfiguration: Invalid Logging Configuration: Must specify exactly one Log Destination.",
    )
    .await;
    check(
        "CreateStateMachine",
        json!({"name": "n", "roleArn": ROLE, "definition": same, "loggingConfiguration": {"level": "ALL", "destinations": [{}]}}),
        "InvalidLoggingConfiguration: Invalid Logging Configuration: Log Destination not found.",
    )
    .await;
    check(
        "UpdateStateMachine",
        json!({"stateMachineArn": ARN}),
        "MissingRequiredParameter: Either the definition, the role ARN, the LoggingConfiguration, or the TracingConfiguration must \
         be specified",
    )
    .await;
    for operation in ["DescribeStateMachine", "StartExecution", "ListExecutions"] {
        check(
            operation,
            json!({"stateMachineArn": "bad"}),
            "InvalidArn: Invalid Arn: 'Invalid ARN prefix: bad'",
        )
        .await;
        check(
            operation,
            json!({"stateMachineArn": none}),
            &format!("StateMachineDoesNotExist: State Machine Does Not Exist: '{none}'"),
        )
        .await;
    }
    for operation in [
        "DescribeExecution",
        "GetExecutionHistory",
        "StopExecution",
        "DescribeStateMachineForExecution",
    ] {
        check(
            operation,
            json!({"executionArn": "bad"}),
            "InvalidArn: Invalid Arn: 'Invalid ARN prefix: bad'",
        )
        .await;
        check(
            operation,
            json!({"executionArn": EXECUTION}),
            &format!("ExecutionDoesNotExist: Execution Does Not Exist: '{EXECUTION}'"),
        )
        .await;
    }
    let start = |input: &str| json!({"stateMachineArn": ARN, "input": input});
    check(
        "StartExecution",
        start("not some json"),
        "InvalidExecutionInput: Invalid State Machine Execution Input: 'Unrecognized token 'not': was expecting (JSON String, \
         Number, Array, Object or token 'null', 'true' or 'false')'",
    )
    .await;
    check(
        "StartExecution",
        start(""),
        "InvalidExecutionInput: Invalid State Machine Execution Input: 'Invalid execution input.'",
    )
    .await;
    check(
        "StartExecution",
        start(&format!("\"{}\"", "x".repeat(262_144))),
        "ValidationException: 1 validation error detected: Value at 'input' failed to satisfy constraint: Member must have length \
         less than or equal to 262144",
    )
    .await;
    check(
        "ListExecutions",
        json!({"stateMachineArn": ARN, "statusFilter": "succeeded"}),
        "ValidationException: 1 validation error detected: Value 'succeeded' at 'statusFilter' failed to satisfy constraint: \
         Member must satisfy enum value set: [SUCCEEDED, TIMED_OUT, PENDING_REDRIVE, ABORTED, FAILED, RUNNING]",
    )
    .await;
    check(
        "ListStateMachines",
        json!({"maxResults": 1001}),
        "ValidationException: 1 validation error detected: Value '1001' at 'maxResults' failed to satisfy constraint: Member must \
         have value less than or equal to 1000",
    )
    .await;
    for operation in ["SendTaskSuccess", "SendTaskHeartbeat", "SendTaskFailure"] {
        check(
            operation,
            json!({"taskToken": "none", "output": "{}"}),
            "InvalidToken: Invalid Token: 'Invalid token'",
        )
        .await;
    }
    check(
        "ListStateMachines",
        json!({"nextToken": "x"}),
        "InvalidToken: Invalid Token: 'Invalid token'",
    )
    .await;
    check(
        "TagResource",
        json!({"resourceArn": none, "tags": []}),
        &format!("ResourceNotFound: Resource not found: '{none}'"),
    )
    .await;
    check(
        "NoSuchOperation",
        json!({"name": "a"}),
        "NotImplemented: not implemented by the local cloud: states:NoSuchOperation",
    )
    .await;
}

#[tokio::test]
async fn the_life_of_a_state_machine() {
    let bench = Bench::new();
    let arn = bench.machine("m", &pass()).await;
    assert_eq!(arn, ARN);
    assert_eq!(bench.machine("m", &pass()).await, ARN);
    let describe = || bench.get("DescribeStateMachine", json!({"stateMachineArn": ARN}));
    let mut expected = json!({
        "stateMachineArn": ARN,
        "name": "m",
        "status": "ACTIVE",
        "type": "STANDARD",
        "creationDate": 1_700_000_001.0,
        "definition": pass().to_string(),
        "roleArn": ROLE,
        "loggingConfiguration": {"level": "OFF", "includeExecutionData": false},
        "tracingConfiguration": {"enabled": false},
        "encryptionConfiguration": {"type": "AWS_OWNED_KEY"},
    });
    assert_eq!(describe().await, expected);

    let role = "arn:aws:iam::111111111111:role/of-another-account";
    let update = json!({"stateMachineArn": ARN, "roleArn": role, "tracingConfiguration": {"enabled": true}});
    let updated = bench.get("UpdateStateMachine", update).await;
    expected["roleArn"] = role.into();
    expected["tracingConfiguration"] = json!({"enabled": true});
    expected["revisionId"] = updated["revisionId"].clone();
    assert_eq!(describe().await, expected);

    for _ in 0..2 {
        assert_eq!(
            bench.get("DeleteStateMachine", json!({"stateMachineArn": ARN})).await,
            json!({})
        );
    }
    let gone = bench
        .call("DescribeStateMachine", json!({"stateMachineArn": ARN}))
        .await
        .unwrap_err();
    assert!(gone.starts_with("StateMachineDoesNotExist"), "{gone}");
}

#[tokio::test]
async fn lists_are_paged() {
    let bench = Bench::new();
    for n in 0..5 {
        bench.machine(&format!("m{n}"), &pass()).await;
    }
    let mut names = Vec::new();
    let mut input = json!({"maxResults": 2});
    loop {
        let page = bench.get("ListStateMachines", input.clone()).await;
        let machines = page["stateMachines"].as_array().unwrap();
        assert!(machines.len() <= 2);
        names.extend(machines.iter().map(|machine| text(machine, "name")));
        match page.get("nextToken") {
            Some(token) => input["nextToken"] = token.clone(),
            None => break,
        }
    }
    assert_eq!(names, ["m0", "m1", "m2", "m3", "m4"]);
}

#[tokio::test]
async fn tags() {
    let bench = Bench::new();
    let input =
        json!({"name": "m", "roleArn": ROLE, "definition": pass().to_string(), "tags": [{"key": "a", "value": "1"}]});
    bench.get("CreateStateMachine", input).await;
    let put = |tags: Value| bench.call("TagResource", json!({"resourceArn": ARN, "tags": tags}));
    put(json!([{"key": "b", "value": ""}, {"key": "a", "value": "2"}]))
        .await
        .unwrap();
    let list = async || bench.get("ListTagsForResource", json!({"resourceArn": ARN})).await;
    assert_eq!(
        list().await,
        json!({"tags": [{"key": "a", "value": "2"}, {"key": "b", "value": ""}]})
    );

    let many: Vec<Value> = (0..49).map(|n| json!({"key": n.to_string(), "value": ""})).collect();
    assert!(put(many.into()).await.unwrap_err().starts_with("TooManyTags"));
    assert!(
        put(json!([{"key": "aws:x", "value": ""}]))
            .await
            .unwrap_err()
            .starts_with("ValidationException")
    );
    assert!(
        put(json!([{"key": "", "value": ""}]))
            .await
            .unwrap_err()
            .starts_with("ValidationException")
    );

    let untag = json!({"resourceArn": ARN, "tagKeys": ["a", "unknown"]});
    bench.get("UntagResource", untag).await;
    assert_eq!(list().await, json!({"tags": [{"key": "b", "value": ""}]}));
}

#[tokio::test]
async fn tasks_can_call_every_operation() {
    let bench = Bench::new();
    for operation in crate::local::sfn::integrations::operations_of_states() {
        let answer = bench.call(operation, json!({})).await;
        let error = answer.err().unwrap_or_default();
        assert!(!error.starts_with("NotImplemented"), "{operation}: {error}");
    }
}
