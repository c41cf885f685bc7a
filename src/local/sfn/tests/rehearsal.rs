//! Executions with mocked tasks: what they answer, what their history says, and what is refused.

use super::*;

const BATCH: &str = "arn:aws:states:::batch:submitJob.sync";

/// One Task state, `Do`.
fn task(resource: &str, more: &Value) -> Value {
    let mut state = json!({"Type": "Task", "Resource": resource, "End": true});
    for (field, value) in more.as_object().unwrap() {
        state[field] = value.clone();
    }
    json!({"StartAt": "Do", "States": {"Do": state}})
}

fn always(result: &Value) -> Value {
    json!([{"from": 0, "to": null, "return": result}])
}

pub(super) async fn start(bench: &Bench, machine: &str, rehearsal: &Value) -> Result<String, String> {
    let input = json!({"stateMachineArn": machine, "name": "e", "input": "{}", "stepstack": rehearsal});
    let answer = bench.call("StartExecution", input).await?;
    Ok(text(&answer, "executionArn"))
}

/// The description of an execution of that machine, and the types of its events.
pub(super) async fn run(bench: &Bench, definition: &Value, rehearsal: &Value) -> (Value, Vec<String>) {
    let machine = bench.machine("m", definition).await;
    let execution = start(bench, &machine, rehearsal).await.unwrap();
    let described = bench.ended(&execution).await;
    (described, bench.kinds(&execution).await)
}

#[tokio::test]
async fn each_kind_of_task_has_its_events() {
    let activity = "arn:aws:states:us-east-1:000000000000:activity:nobody";
    for (resource, events) in [
        (
            function("none").as_str(),
            &[
                "LambdaFunctionScheduled",
                "LambdaFunctionStarted",
                "LambdaFunctionSucceeded",
            ][..],
        ),
        (
            "arn:aws:states:::glue:startJobRun",
            &["TaskScheduled", "TaskStarted", "TaskSucceeded"],
        ),
        (
            BATCH,
            &["TaskScheduled", "TaskStarted", "TaskSubmitted", "TaskSucceeded"],
        ),
        (
            "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
            &["TaskScheduled", "TaskStarted", "TaskSubmitted", "TaskSucceeded"],
        ),
        (activity, &["ActivityScheduled", "ActivityStarted", "ActivitySucceeded"]),
    ] {
        let parameters = json!({"Parameters": {"QueueUrl": "q", "MessageBody.$": "$$.Task.Token"}});
        let token = resource.ends_with("waitForTaskToken");
        let given = if token { parameters } else { json!({}) };
        let mocks = json!({"mocks": {"Do": always(&json!({"n": 1.5}))}});
        let (described, kinds) = run(&Bench::new(), &task(resource, &given), &mocks).await;
        assert_eq!(described["output"], r#"{"n":1.5}"#, "{resource}: {described}");
        let around = [
            &["ExecutionStarted", "TaskStateEntered"],
            events,
            &["TaskStateExited", "ExecutionSucceeded"],
        ];
        assert_eq!(kinds, around.concat(), "{resource}");
    }
}

#[tokio::test]
async fn the_result_of_a_mock_is_the_raw_result_of_the_task() {
    let more = json!({"Parameters": {"FunctionName": "f"}, "OutputPath": "$.Payload.deep"});
    let mocks = json!({"mocks": {"Do": always(&json!({"StatusCode": 200, "Payload": {"deep": [1]}}))}});
    let bench = Bench::new();
    let (described, _) = run(&bench, &task("arn:aws:states:::lambda:invoke", &more), &mocks).await;
    assert_eq!(described["output"], "[1]");
    assert_eq!(bench.tasks.runs_of("arn:aws:states:::lambda:invoke"), 0);
}

#[tokio::test]
async fn retriers_and_catchers_act_on_what_is_thrown() {
    let retry = json!({"Retry": [{"ErrorEquals": ["Busy"], "IntervalSeconds": 100, "MaxAttempts": 5}]});
    let mocks = json!({"mocks": {"Do": [
        {"from": 0, "to": 2, "throw": {"error": "Busy", "cause": "later"}},
        {"from": 3, "to": 3, "return": "done"},
    ]}, "time": "virtual"});
    let (described, kinds) = run(&Bench::new(), &task(BATCH, &retry), &mocks).await;
    assert_eq!(described["output"], "\"done\"");
    let count = |kind: &str| kinds.iter().filter(|found| *found == kind).count();
    assert_eq!(
        (count("TaskSubmitted"), count("TaskFailed"), count("TaskSucceeded")),
        (4, 3, 1)
    );

    let mut caught = task(
        BATCH,
        &json!({"Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Caught"}]}),
    );
    caught["States"]["Caught"] = json!({"Type": "Pass", "End": true});
    let mocks = json!({"mocks": {"Do": [{"from": 0, "to": 0, "throw": {"error": "Busy", "cause": "later"}}]}});
    let (described, _) = run(&Bench::new(), &caught, &mocks).await;
    assert_eq!(described["output"], r#"{"Error":"Busy","Cause":"later"}"#);
}

#[tokio::test]
async fn an_invocation_without_a_response_fails_the_execution() {
    let retry = json!({"Retry": [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 1, "MaxAttempts": 5}]});
    let mocks = json!({"mocks": {"Do": [{"from": 0, "to": 2, "throw": {"error": "Busy"}}]}, "time": "virtual"});
    let (described, kinds) = run(&Bench::new(), &task(BATCH, &retry), &mocks).await;
    assert_eq!(
        (&described["status"], &described["error"]),
        (&json!("FAILED"), &json!("States.Runtime"))
    );
    let cause = text(&described, "cause");
    assert!(
        cause.ends_with("the mock of the state `Do` has no response for invocation 3"),
        "{cause}"
    );
    assert_eq!(kinds[kinds.len() - 2..], ["TaskScheduled", "ExecutionFailed"]);
}

#[tokio::test]
async fn iterations_and_branches_are_counted_in_order() {
    let inner = task(BATCH, &json!({}));
    let map = json!({"StartAt": "Each", "States": {"Each": {
        "Type": "Map", "ItemsPath": "$.items", "ItemProcessor": inner, "End": true,
    }}});
    let machine_input = json!({"items": [1, 2, 3]}).to_string();
    let bench = Bench::new();
    let machine = bench.machine("m", &map).await;
    let mocks = json!({"mocks": {"Do": [
        {"from": 0, "to": 0, "return": "first"},
        {"from": 1, "to": 2, "return": "other"},
    ]}});
    let input = json!({"stateMachineArn": machine, "input": machine_input, "stepstack": mocks});
    let execution = text(&bench.get("StartExecution", input).await, "executionArn");
    assert_eq!(bench.ended(&execution).await["output"], r#"["first","other","other"]"#);

    let branch =
        |name: &str| json!({"StartAt": name, "States": {name: {"Type": "Task", "Resource": BATCH, "End": true}}});
    let parallel = json!({"StartAt": "Both", "States": {"Both": {
        "Type": "Parallel", "Branches": [branch("A"), branch("B")], "End": true,
    }}});
    let mocks = json!({"mocks": {"A": always(&json!("a")), "B": always(&json!("b"))}});
    let (described, _) = run(&Bench::new(), &parallel, &mocks).await;
    assert_eq!(described["output"], r#"["a","b"]"#);
}

#[tokio::test]
async fn with_mocks_what_is_missing_here_fails_where_it_is_entered() {
    let mut definition = task(
        BATCH,
        &json!({
            "Next": "Then", "Catch": [{"ErrorEquals": ["E"], "Next": "End"}],
        }),
    );
    definition["States"]["Do"].as_object_mut().unwrap().remove("End");
    definition["States"]["Then"] = json!({
        "Type": "Task", "Resource": "arn:aws:states:::aws-sdk:ec2:runInstances", "End": true,
        "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "End"}],
    });
    definition["States"]["End"] = json!({"Type": "Succeed"});
    let entered = json!({"mocks": {"Do": always(&json!(1))}});
    let (ended, _) = run(&Bench::new(), &definition, &entered).await;
    let cause = "not implemented by the local cloud: aws-sdk:ec2:runInstances of the state `Then`; to run it here, mock the \
                 state in a test";
    assert_eq!(ended["error"], "States.Runtime");
    assert!(ended["cause"].as_str().unwrap().ends_with(cause), "{ended}");
    let passed_by = json!({"mocks": {"Do": [{"from": 0, "to": null, "throw": {"error": "E"}}]}});
    let (ended, _) = run(&Bench::new(), &definition, &passed_by).await;
    assert_eq!(ended["status"], "SUCCEEDED");

    let bench = Bench::new();
    let machine = bench.machine("m", &definition).await;
    let forged = json!({"mocks": {"Do": always(&json!(1))}, "absent": {"Do": "x"}});
    let refused = start(&bench, &machine, &forged).await.unwrap_err();
    assert!(refused.contains("found by the local cloud itself"), "{refused}");
}

#[tokio::test]
async fn what_is_missing_here_is_refused_at_the_start() {
    let bench = Bench::new();
    let mut definition = task(BATCH, &json!({"Next": "Then"}));
    definition["States"]["Do"].as_object_mut().unwrap().remove("End");
    definition["States"]["Then"] =
        json!({"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:ec2:runInstances", "End": true});
    let machine = bench.machine("m", &definition).await;
    let refused = |states: &str| {
        Err(format!(
            "ValidationException: not implemented by the local cloud: {states} in a test"
        ))
    };
    let plain = bench.call("StartExecution", json!({"stateMachineArn": machine})).await;
    let both = "batch:submitJob.sync of the state `Do`, aws-sdk:ec2:runInstances of the state `Then`; to run them here, mock the states";
    assert_eq!(plain.map(|_| ()), refused(both));
    let all = json!({"mocks": {"Do": always(&json!(1)), "Then": always(&json!(2))}});
    let execution = start(&bench, &machine, &all).await.unwrap();
    assert_eq!(bench.ended(&execution).await["output"], "2");
    let listed = bench.get("ListExecutions", json!({"stateMachineArn": machine})).await;
    assert_eq!(listed["executions"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn what_is_wrong_is_refused() {
    let bench = Bench::new();
    let mut definition = task(&function("echo"), &json!({"Next": "Pass"}));
    definition["States"]["Do"].as_object_mut().unwrap().remove("End");
    definition["States"]["Pass"] = json!({"Type": "Pass", "Next": "Ask"});
    definition["States"]["Ask"] = asking()["States"]["Ask"].clone();
    let machine = bench.machine("m", &definition).await;
    for (given, expected) in [
        (json!(7), "it must be an object"),
        (
            json!({"mock": {}}),
            "unknown field `mock`, expected one of `mocks`, `time`, `runOut`, `absent`, `startsAt`",
        ),
        (
            json!({"time": "fast"}),
            "unknown variant `fast`, expected `real` or `virtual`",
        ),
        (
            json!({"mocks": {"Do": [{"from": 0, "to": 0}]}}),
            "response 0 of the mock of state `Do` must have one of `return` and `throw`",
        ),
        (
            json!({"mocks": {"Do": [{"from": 0, "to": 3, "return": 1}, {"from": 2, "to": 2, "return": 1}]}}),
            "two responses of the mock of state `Do` are for invocation 2",
        ),
        (
            json!({"mocks": {"Doo": []}}),
            "`mocks` names the state `Doo`, and the state machine has no Task state of that name",
        ),
        (
            json!({"mocks": {"Pass": []}}),
            "`mocks` names the state `Pass`, and the state machine has no Task state of that name",
        ),
        (json!({"runOut": ["Ask"]}), "`runOut` is for virtual time only"),
        (
            json!({"runOut": ["Do"], "time": "virtual"}),
            "`runOut` names the state `Do`, and the state machine has no Task state of that name that waits for a task token",
        ),
        (
            json!({"runOut": ["Ask"], "mocks": {"Ask": []}, "time": "virtual"}),
            "`runOut` names the state `Ask`, which is mocked and waits for nobody",
        ),
    ] {
        let refused = start(&bench, &machine, &given).await.unwrap_err();
        assert_eq!(
            refused,
            format!("ValidationException: stepstack: {expected}"),
            "{given}"
        );
    }
}

#[tokio::test]
async fn the_same_start_again_is_the_same_execution_only_if_it_is_rehearsed_the_same() {
    let bench = Bench::new();
    let machine = bench.machine("m", &calling("hang")).await;
    let virtually = json!({"time": "virtual"});
    let first = start(&bench, &machine, &virtually).await.unwrap();
    assert_eq!(start(&bench, &machine, &virtually).await, Ok(first));
    let other = start(&bench, &machine, &json!({"time": "real"})).await.unwrap_err();
    assert!(other.starts_with("ExecutionAlreadyExists"), "{other}");
}

#[tokio::test]
async fn express_executions_can_be_rehearsed() {
    let bench = Bench::new();
    let input = json!({"name": "x", "roleArn": ROLE, "definition": task("arn:aws:states:::glue:startJobRun", &json!({})).to_string(), "type": "EXPRESS"});
    let machine = text(&bench.get("CreateStateMachine", input).await, "stateMachineArn");
    let input =
        json!({"stateMachineArn": machine, "stepstack": {"mocks": {"Do": always(&json!(5))}, "time": "virtual"}});
    let answer = bench.get("StartSyncExecution", input).await;
    assert_eq!(
        (&answer["status"], &answer["output"]),
        (&json!("SUCCEEDED"), &json!("5"))
    );
    assert_eq!(answer["startDate"], answer["stopDate"]);
    let refused = bench
        .call("StartSyncExecution", json!({"stateMachineArn": machine}))
        .await
        .unwrap_err();
    assert!(refused.contains("glue:startJobRun of the state `Do`"), "{refused}");
}

#[tokio::test]
async fn a_redrive_counts_on() {
    let bench = Bench::new();
    let machine = bench.machine("m", &task(BATCH, &json!({}))).await;
    let mocks = json!({"mocks": {"Do": [
        {"from": 0, "to": 0, "throw": {"error": "Busy"}},
        {"from": 1, "to": 1, "return": "done"},
    ]}});
    let execution = start(&bench, &machine, &mocks).await.unwrap();
    assert_eq!(bench.ended(&execution).await["error"], "Busy");
    let bench = bench.reopened(1_000);
    bench.get("RedriveExecution", json!({"executionArn": execution})).await;
    assert_eq!(bench.ended(&execution).await["output"], "\"done\"");
}

#[tokio::test]
async fn a_test_case_of_the_mock_configuration_is_named_after_the_machine() {
    let config = json!({
        "StateMachines": {"m": {"TestCases": {"Busy": {"Do": "Busy once"}, "Other": {"Elsewhere": "Busy once"}}}},
        "MockedResponses": {"Busy once": {
            "0": {"Throw": {"Error": "Busy", "Cause": "later"}},
            "1-2": {"Return": {"done": true}},
        }},
    });
    let config = MockConfig::from_json(&config).unwrap();
    let bench = Bench::open(Store::in_memory().unwrap(), 0, Some(config));
    let retry = json!({"Retry": [{"ErrorEquals": ["Busy"], "IntervalSeconds": 9, "MaxAttempts": 1}]});
    let machine = bench.machine("m", &task(BATCH, &retry)).await;
    let start = |arn: String, rehearsal: Value| {
        let input = json!({"stateMachineArn": arn, "stepstack": rehearsal});
        bench.call("StartExecution", input)
    };
    let virtually = json!({"time": "virtual"});
    let execution = text(
        &start(format!("{machine}#Busy"), virtually.clone()).await.unwrap(),
        "executionArn",
    );
    let described = bench.ended(&execution).await;
    assert_eq!(described["output"], r#"{"done":true}"#, "{described}");
    assert_eq!(described["stateMachineArn"], machine.as_str());

    let other = bench.machine("other", &pass()).await;
    for (arn, rehearsal, expected) in [
        (
            format!("{machine}#Sad"),
            virtually.clone(),
            "the mock configuration has no test case `Sad` of state machine `m`",
        ),
        (
            format!("{other}#Busy"),
            virtually.clone(),
            "the mock configuration has no state machine `other`",
        ),
        (
            format!("{machine}#Other"),
            virtually,
            "stepstack: `mocks` names the state `Elsewhere`, and the state machine has no Task state of that name",
        ),
        (
            format!("{machine}#Busy"),
            json!({"mocks": {"Do": always(&json!(1))}}),
            "stepstack: the state machine ARN names the test case `Busy`, and there are `mocks` as well",
        ),
    ] {
        assert_eq!(
            start(arn, rehearsal).await.unwrap_err(),
            format!("ValidationException: {expected}")
        );
    }

    let bench = Bench::new();
    let machine = bench.machine("m", &pass()).await;
    let input = json!({"stateMachineArn": format!("{machine}#Busy")});
    let refused = bench.call("StartExecution", input).await.unwrap_err();
    assert!(refused.contains("--mock-config"), "{refused}");
}
