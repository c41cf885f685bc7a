//! Single cases of resolving and planning.
#![allow(clippy::unwrap_used)]

use indexmap::IndexMap;
use serde_json::{Value, json};

use super::laws::{Model, calling, desired, function, identity, machine, package, role, stack};
use super::*;
use crate::stack::model::{Logging, Parameter, Stack};
use crate::tree::Node;

/// A stack of two functions that a state machine with a named role calls.
fn case_stack() -> Stack {
    let mut stack = stack();
    stack.functions.insert("Open".into(), function("Open"));
    stack.functions.insert("Close".into(), function("Close"));
    stack.roles.insert("basic".into(), role("basic"));
    let mut center = machine("Center", &calling(&["${Open.Arn}".into(), "${Close.Arn}".into()]));
    center.role = Some("basic".into());
    stack.state_machines.insert("Center".into(), center);
    stack
}

fn deployed(stack: &Stack) -> Model {
    let mut model = Model::default();
    let plan = deploy(&desired(stack), &model.0, false).unwrap();
    model.apply(&plan, &[0]);
    model
}

/// The steps with what they need, and the fields that change; of what is new, its name is enough.
fn shown(plan: &Plan) -> String {
    let line = |step: &Step| {
        let changes = step.changes.iter().filter(|_| step.action != Action::Create);
        let fields: Vec<&str> = changes.map(|change| change.field.as_str()).collect();
        format!("{} [{}] ← {}", step.id, fields.join(", "), step.needs.join("; "))
    };
    plan.steps.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_new_stack_is_made_from_the_roles_up() {
    let plan = deploy(&desired(&case_stack()), &Observed::default(), false).unwrap();
    insta::assert_snapshot!(shown(&plan), @r"
    create role basic [] ← 
    create role s-Open-role [] ← 
    create role s-Close-role [] ← 
    create log group /aws/lambda/s-Open [] ← 
    create log group /aws/lambda/s-Close [] ← 
    create function s-Open [] ← create role s-Open-role; create log group /aws/lambda/s-Open
    create function s-Close [] ← create role s-Close-role; create log group /aws/lambda/s-Close
    create state machine s-Center [] ← create role basic; create function s-Open; create function s-Close
    ");
    let json = serde_json::to_value(&plan).unwrap();
    let role = &json["steps"][0];
    for (member, value) in [
        ("id", json!("create role basic")),
        ("action", json!("create")),
        ("kind", json!("role")),
        ("logicalId", json!("basic")),
        ("name", json!("basic")),
        ("arn", json!("arn:aws:iam::000000000000:role/basic")),
        ("needs", json!([])),
    ] {
        assert_eq!(role[member], value, "{member}");
    }
    assert_eq!(
        role["changes"][1],
        json!({ "field": "policy", "before": null, "after": desired(&case_stack()).roles["basic"].policy })
    );
}

#[test]
fn roles_have_what_their_users_need_and_no_more() {
    let desired = desired(&case_stack());
    assert_eq!(
        desired.roles["basic"].trust,
        json!({ "Version": "2012-10-17", "Statement": [{
            "Effect": "Allow",
            "Principal": { "Service": "states.amazonaws.com" },
            "Action": "sts:AssumeRole",
            "Condition": {
                "StringEquals": { "aws:SourceAccount": "000000000000" },
                "ArnLike": { "aws:SourceArn": "arn:aws:states:us-east-1:000000000000:stateMachine:s-Center" },
            },
        }]})
    );
    let arn = |name: &str| format!("arn:aws:lambda:us-east-1:000000000000:function:{name}");
    assert_eq!(
        desired.roles["basic"].policy,
        Some(json!({ "Version": "2012-10-17", "Statement": [{
            "Effect": "Allow",
            "Action": "lambda:InvokeFunction",
            "Resource": [arn("s-Close"), arn("s-Close:*"), arn("s-Open"), arn("s-Open:*")],
        }]}))
    );
    assert_eq!(
        desired.roles["s-Open-role"].policy,
        Some(json!({ "Version": "2012-10-17", "Statement": [{
            "Effect": "Allow",
            "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
            "Resource": "arn:aws:logs:us-east-1:000000000000:log-group:/aws/lambda/s-Open:*",
        }]}))
    );
    assert_eq!(
        desired.functions["Open"].role,
        "arn:aws:iam::000000000000:role/s-Open-role"
    );
}

#[test]
fn a_role_of_functions_and_machines_is_trusted_to_both() {
    let mut stack = case_stack();
    stack.functions["Open"].role = Some("basic".into());
    let trust = desired(&stack).roles["basic"].trust.to_string();
    assert!(
        trust.contains("lambda.amazonaws.com") && trust.contains("states.amazonaws.com"),
        "{trust}"
    );
}

#[test]
fn a_policy_that_changes_widens_first_and_narrows_last() {
    let before = case_stack();
    let model = deployed(&before);
    let mut after = before.clone();
    after.functions.insert("Other".into(), function("Other"));
    after.functions.shift_remove("Close");
    after.state_machines["Center"].definition =
        Node::from_json(&calling(&["${Open.Arn}".into(), "${Other.Arn}".into()]));
    let plan = deploy(&desired(&after), &model.0, false).unwrap();
    insta::assert_snapshot!(shown(&plan), @r"
    widen role basic [policy] ← 
    create role s-Other-role [] ← 
    create log group /aws/lambda/s-Other [] ← 
    create function s-Other [] ← create role s-Other-role; create log group /aws/lambda/s-Other
    update state machine s-Center [States/S1/Resource] ← widen role basic; create function s-Other
    delete function s-Close [] ← update state machine s-Center
    narrow role basic [policy] ← widen role basic; update state machine s-Center
    delete role s-Close-role [] ← delete function s-Close
    delete log group /aws/lambda/s-Close [] ← update state machine s-Center; delete function s-Close
    ");
}

#[test]
fn only_what_differs_is_changed_and_secrets_are_not_shown() {
    let mut stack = case_stack();
    stack.functions["Open"].environment =
        IndexMap::from([("A".into(), "hunter1".into()), ("B".into(), "hunter2".into())]);
    let model = deployed(&stack);
    stack.functions["Open"].environment =
        IndexMap::from([("A".into(), "hunter3".into()), ("C".into(), "hunter4".into())]);
    stack.functions["Open"].memory = 256;
    let plan = deploy(&desired(&stack), &model.0, false).unwrap();
    assert_eq!(
        serde_json::to_value(&plan.steps[0].changes).unwrap(),
        json!([
            { "field": "memory", "before": 128, "after": 256 },
            { "field": "environment/A", "before": "(set)", "after": "(changed)" },
            { "field": "environment/B", "before": "(set)", "after": null },
            { "field": "environment/C", "before": null, "after": "(set)" },
        ])
    );
    assert_eq!((plan.steps.len(), plan.unchanged.len()), (1, 7));
    let printed = format!("{plan:?}{model:?}{}", serde_json::to_string(&plan).unwrap());
    assert!(!printed.contains("hunter"), "{printed}");
}

#[test]
fn what_is_not_ours_is_not_touched() {
    let stack = case_stack();
    let check = |relabel: &dyn Fn(&mut desired::Tags), adopt: bool, expected: Result<usize, &str>| {
        let mut observed = deployed(&stack).0;
        relabel(&mut observed.functions.get_mut("s-Open").unwrap().tags);
        match (deploy(&desired(&stack), &observed, adopt), expected) {
            (Ok(plan), Ok(steps)) => assert_eq!(plan.steps.len(), steps, "{plan:?}"),
            (Err(found), Err(part)) => {
                assert_eq!((found.len(), found[0].code), (1, "not-ours"));
                let text = format!("{} {}", found[0].message, found[0].hints.join(" "));
                assert!(text.contains(part), "{text}");
            }
            (made, expected) => panic!("{made:?} instead of {expected:?}"),
        }
        // Its log group goes with the tag of the group itself.
        let left = teardown("s", &observed, &identity(), false);
        let deletes = left.steps.iter().any(|step| step.id == "delete function s-Open");
        assert_eq!(deletes, expected == Ok(0));
    };
    let to = |owner: &'static str| move |tags: &mut desired::Tags| drop(tags.insert(OWNER_TAG.into(), owner.into()));
    check(&to("s"), false, Ok(0));
    check(&to("t"), false, Err("belongs to the stack `t`"));
    check(&to("t"), true, Err("belongs to the stack `t`"));
    check(&|tags| tags.clear(), false, Err("--adopt"));
    check(&|tags| tags.clear(), true, Ok(1));
}

#[test]
fn the_roles_of_the_same_stack_in_another_region_are_not_touched() {
    let stack = case_stack();
    let mut observed = deployed(&stack).0;
    let role = observed.roles.values_mut().next().unwrap();
    assert_eq!(role.tags[REGION_TAG], "us-east-1");
    role.tags.insert(REGION_TAG.into(), "eu-west-1".into());
    for adopt in [false, true] {
        let found = deploy(&desired(&stack), &observed, adopt).unwrap_err();
        assert_eq!((found.len(), found[0].code), (1, "not-ours"));
        assert!(
            found[0].message.contains("in the region eu-west-1"),
            "{}",
            found[0].message
        );
    }
}

#[test]
fn a_log_group_that_late_logs_made_again_is_ours() {
    let stack = case_stack();
    let mut observed = deployed(&stack).0;
    observed.log_groups.get_mut("/aws/lambda/s-Open").unwrap().tags.clear();
    let plan = deploy(&desired(&stack), &observed, false).unwrap();
    assert_eq!(
        shown(&plan),
        "update log group /aws/lambda/s-Open [tags/stepstack:stack] ← "
    );
    let removed = shown(&teardown("s", &observed, &identity(), false));
    assert!(removed.contains("delete log group /aws/lambda/s-Open "), "{removed}");
    let kept = shown(&teardown("s", &observed, &identity(), true));
    assert!(!kept.contains("log group"), "{kept}");
    // After a teardown nothing says whose it was but its name.
    observed.functions.clear();
    assert!(deploy(&desired(&stack), &observed, false).is_ok());
    assert!(!shown(&teardown("s", &observed, &identity(), false)).contains("delete log group /aws/lambda/s-Open "));
}

#[test]
fn what_cannot_be_changed_is_made_again() {
    let stack = case_stack();
    let check = |change: &dyn Fn(&mut Stack, &mut Observed), expected: &[&str]| {
        let (mut stack, mut observed) = (stack.clone(), deployed(&stack).0);
        change(&mut stack, &mut observed);
        let plan = deploy(&desired(&stack), &observed, false).unwrap();
        let ids: Vec<&str> = plan.steps.iter().map(|step| step.id.as_str()).collect();
        assert_eq!(ids, expected);
    };
    check(
        &|stack, _| stack.state_machines["Center"].kind = crate::stack::model::MachineKind::Express,
        &["delete state machine s-Center", "create state machine s-Center"],
    );
    let again = ["delete function s-Open", "create function s-Open"];
    check(
        &|_, there| there.functions.get_mut("s-Open").unwrap().is_image = true,
        &again,
    );
    check(
        &|_, there| there.functions.get_mut("s-Open").unwrap().state = "Failed".into(),
        &again,
    );
    let update = ["update function s-Open"];
    check(
        &|_, there| there.functions.get_mut("s-Open").unwrap().state = "Pending".into(),
        &update,
    );
    check(
        &|_, there| there.functions.get_mut("s-Open").unwrap().last_update = "Failed".into(),
        &update,
    );
    check(
        &|_, there| there.state_machines.get_mut("s-Center").unwrap().status = "DELETING".into(),
        &["create state machine s-Center"],
    );
}

#[test]
fn findings_of_resolving() {
    let check = |change: &dyn Fn(&mut Stack), expected: &[&str]| {
        let mut stack = case_stack();
        change(&mut stack);
        let packages = stack.functions.keys().map(|id| (id.clone(), package(id)));
        let (desired, found) = resolve(&stack, &packages.collect(), &identity());
        let codes: Vec<&str> = found.iter().map(|finding| finding.code).collect();
        assert_eq!(codes, expected, "{found:?}");
        assert_eq!(desired.is_none(), crate::diagnostic::has_errors(&found));
    };
    check(&|_| (), &[]);
    check(
        &|stack| stack.functions["Open"].name = "o".repeat(60),
        &["name-too-long"],
    );
    check(
        &|stack| stack.functions["Open"].role = Some("basics".into()),
        &["unknown-role"],
    );
    check(
        &|stack| drop(stack.roles.insert("b".into(), role("spare"))),
        &["unused-role"],
    );
    check(
        &|stack| {
            let spare = Parameter {
                value: json!(1),
                description: None,
            };
            stack.parameters.insert("spare".into(), spare);
        },
        &["unused-parameter"],
    );
    check(
        &|stack| {
            drop(
                stack.functions["Open"]
                    .environment
                    .insert("BIG".into(), "x".repeat(5000)),
            )
        },
        &["environment-too-large"],
    );
    check(
        &|stack| {
            let clash = role("S-OPEN-ROLE");
            stack.roles.insert("clash".into(), clash);
            stack.functions["Close"].role = Some("clash".into());
        },
        &["duplicate-name"],
    );
    check(
        &|stack| {
            let resource = json!({ "Effect": "Allow", "Action": "s3:GetObject", "Resource": "r".repeat(11_000) });
            stack.roles["basic"].statements.push(resource);
        },
        &["policy-too-large"],
    );
    let (none, found) = resolve(&case_stack(), &Default::default(), &identity());
    assert!(none.is_none());
    assert_eq!(found.iter().filter(|finding| finding.code == "no-package").count(), 2);
}

#[test]
fn references_are_resolved_everywhere() {
    let mut stack = case_stack();
    let parameter = Parameter {
        value: json!(7),
        description: None,
    };
    stack.parameters.insert("n".into(), parameter);
    stack.functions["Open"]
        .environment
        .insert("V".into(), "${n} ${Close.Name} ${AWS::Region}".into());
    let bucket = json!({ "Effect": "Allow", "Action": "lambda:GetFunction", "Resource": "${Close.Arn}" });
    stack.roles["basic"].statements.push(bucket);
    let desired = desired(&stack);
    assert_eq!(desired.functions["Open"].environment.0["V"], "7 s-Close us-east-1");
    let policy = desired.roles["basic"].policy.clone().unwrap();
    assert_eq!(
        policy["Statement"][1]["Resource"],
        "arn:aws:lambda:us-east-1:000000000000:function:s-Close"
    );
    let written = machine(
        "x",
        &calling(&["arn:aws:lambda:eu-west-1:111122223333:function:Open".into()]),
    );
    stack.state_machines["Center"].definition = written.definition;
    let desired = super::laws::desired(&stack);
    assert_eq!(
        desired.notes,
        [
            "state machine `Center`, /States/S0/Resource: `arn:aws:lambda:eu-west-1:111122223333:function:Open` is linked to \
          `arn:aws:lambda:us-east-1:000000000000:function:s-Open` of this stack"
        ]
    );
}

#[test]
fn permissions_by_integration() {
    let check = |resource: &str, arguments: Value, expected: &[(&str, &str)], notes: usize| {
        let definition = json!({ "StartAt": "A", "States": { "A": {
            "Type": "Task", "Resource": resource, "Parameters": arguments, "End": true,
        }}});
        let (model, found) = crate::asl::parse(&Node::from_json(&definition));
        let identity = identity();
        let mut inference = permissions::Inference::new(&identity);
        inference.machine("m", &model.unwrap_or_else(|| panic!("{found:?}")));
        let mut granted = Vec::new();
        for statement in inference.grants.statements() {
            let list = |name: &str| match &statement[name] {
                Value::Array(many) => many.iter().map(|one| one.as_str().unwrap().to_owned()).collect(),
                one => vec![one.as_str().unwrap().to_owned()],
            };
            for action in list("Action") {
                granted.extend(list("Resource").into_iter().map(|resource| (action.clone(), resource)));
            }
        }
        granted.sort();
        let expected: Vec<(String, String)> = expected
            .iter()
            .map(|(action, resource)| ((*action).to_owned(), (*resource).to_owned()))
            .collect();
        assert_eq!(granted, expected, "{resource}");
        assert_eq!(inference.notes.len(), notes, "{resource}: {:?}", inference.notes);
    };
    let function = "arn:aws:lambda:us-east-1:000000000000:function:f";
    let all = "arn:aws:lambda:us-east-1:000000000000:function:f:*";
    let invoke = [("lambda:InvokeFunction", function), ("lambda:InvokeFunction", all)];
    check(function, json!({}), &invoke, 0);
    let live = "arn:aws:lambda:us-east-1:000000000000:function:f:live";
    check(live, json!({}), &[("lambda:InvokeFunction", live)], 0);
    let optimized = "arn:aws:states:::lambda:invoke";
    for name in ["f", "000000000000:function:f", function] {
        check(optimized, json!({ "FunctionName": name }), &invoke, 0);
    }
    check(
        optimized,
        json!({ "FunctionName": "f:live" }),
        &[("lambda:InvokeFunction", live)],
        0,
    );
    check(
        "arn:aws:states:::aws-sdk:lambda:invoke",
        json!({ "FunctionName": "f" }),
        &invoke,
        0,
    );
    check(
        optimized,
        json!({ "FunctionName.$": "$.f" }),
        &[("lambda:InvokeFunction", "*")],
        1,
    );
    let topic = "arn:aws:sns:us-east-1:000000000000:t";
    check(
        "arn:aws:states:::sns:publish.waitForTaskToken",
        json!({ "TopicArn": topic }),
        &[("sns:Publish", topic)],
        0,
    );
    check(
        "arn:aws:states:::sns:publish",
        json!({ "PhoneNumber": "+1" }),
        &[("sns:Publish", "*")],
        1,
    );
    check(
        "arn:aws:states:::sqs:sendMessage",
        json!({ "QueueUrl": "https://sqs.eu-west-1.amazonaws.com/111122223333/q" }),
        &[("sqs:SendMessage", "arn:aws:sqs:eu-west-1:111122223333:q")],
        0,
    );
    let table = "arn:aws:dynamodb:us-east-1:000000000000:table/t";
    check(
        "arn:aws:states:::dynamodb:putItem",
        json!({ "TableName": "t" }),
        &[("dynamodb:PutItem", table)],
        0,
    );
    let index = "arn:aws:dynamodb:us-east-1:000000000000:table/t/index/*";
    check(
        "arn:aws:states:::aws-sdk:dynamodb:scan",
        json!({ "TableName": table }),
        &[("dynamodb:Scan", table), ("dynamodb:Scan", index)],
        0,
    );
    let nested = "arn:aws:states:us-east-1:000000000000:stateMachine:n";
    let executions = "arn:aws:states:us-east-1:000000000000:execution:n:*";
    let rule = "arn:aws:events:us-east-1:000000000000:rule/StepFunctionsGetEventsForStepFunctionsExecutionRule";
    let start = ("states:StartExecution", nested);
    check(
        "arn:aws:states:::states:startExecution",
        json!({ "StateMachineArn": nested }),
        &[start],
        0,
    );
    check(
        "arn:aws:states:::states:startExecution.sync:2",
        json!({ "StateMachineArn": nested }),
        &[
            ("events:DescribeRule", rule),
            ("events:PutRule", rule),
            ("events:PutTargets", rule),
            ("states:DescribeExecution", executions),
            start,
            ("states:StopExecution", executions),
        ],
        0,
    );
    let bucket = json!({ "Bucket": "b" });
    check(
        "arn:aws:states:::aws-sdk:s3:listObjectsV2",
        bucket.clone(),
        &[("s3:ListBucket", "arn:aws:s3:::b")],
        0,
    );
    check(
        "arn:aws:states:::aws-sdk:s3:getObject",
        bucket,
        &[("s3:GetObject", "arn:aws:s3:::b/*")],
        0,
    );
    check(
        "arn:aws:states:::aws-sdk:ec2:describeInstances",
        json!({}),
        &[("ec2:DescribeInstances", "*")],
        1,
    );
    let job = "arn:aws:glue:us-east-1:000000000000:job/nightly";
    let glue = json!({ "JobName": "nightly" });
    let start = ("glue:StartJobRun", job);
    check("arn:aws:states:::glue:startJobRun", glue.clone(), &[start], 0);
    check(
        "arn:aws:states:::glue:startJobRun.sync",
        glue,
        &[
            ("glue:BatchStopJobRun", job),
            ("glue:GetJobRun", job),
            ("glue:GetJobRuns", job),
            start,
        ],
        0,
    );
    let rule = "arn:aws:events:us-east-1:000000000000:rule/StepFunctionsGetEventsForBatchJobsRule";
    check(
        "arn:aws:states:::batch:submitJob.sync",
        json!({ "JobName": "j" }),
        &[
            ("batch:DescribeJobs", "*"),
            ("batch:SubmitJob", "*"),
            ("batch:TerminateJob", "*"),
            ("events:DescribeRule", rule),
            ("events:PutRule", rule),
            ("events:PutTargets", rule),
        ],
        2,
    );
    let roles = "arn:aws:iam::000000000000:role/*";
    let definition = "arn:aws:ecs:us-east-1:000000000000:task-definition/web:*";
    check(
        "arn:aws:states:::ecs:runTask",
        json!({ "TaskDefinition": "web" }),
        &[("ecs:RunTask", definition), ("iam:PassRole", roles)],
        1,
    );
    let revision = "arn:aws:ecs:eu-west-1:000000000000:task-definition/web:7";
    check(
        "arn:aws:states:::ecs:runTask",
        json!({ "TaskDefinition": revision }),
        &[("ecs:RunTask", revision), ("iam:PassRole", roles)],
        1,
    );
    let project = "arn:aws:codebuild:us-east-1:000000000000:project/*";
    check(
        "arn:aws:states:::codebuild:startBuild",
        json!({ "ProjectName.$": "$.p" }),
        &[("codebuild:StartBuild", project)],
        1,
    );
    let role = "arn:aws:iam::000000000000:role/Cluster";
    check(
        "arn:aws:states:::elasticmapreduce:createCluster",
        json!({ "ServiceRole": "Cluster", "JobFlowRole": "Cluster" }),
        &[
            ("elasticmapreduce:RunJobFlow", "*"),
            ("iam:PassRole", role),
            ("iam:PassRole", role),
        ],
        1,
    );
    let (own, fallback) = (
        "arn:aws:events:us-east-1:000000000000:event-bus/own",
        "arn:aws:events:us-east-1:000000000000:event-bus/default",
    );
    check(
        "arn:aws:states:::events:putEvents",
        json!({ "Entries": [{ "EventBusName": "own" }, { "Source": "x" }] }),
        &[("events:PutEvents", fallback), ("events:PutEvents", own)],
        0,
    );
    let connection = "arn:aws:events:us-east-1:000000000000:connection/c/1";
    let secrets = "arn:aws:secretsmanager:*:*:secret:events!connection/*";
    check(
        "arn:aws:states:::http:invoke",
        json!({ "ApiEndpoint": "https://e/", "Method": "GET", "Authentication": { "ConnectionArn": connection } }),
        &[
            ("events:RetrieveConnectionCredentials", connection),
            ("secretsmanager:DescribeSecret", secrets),
            ("secretsmanager:GetSecretValue", secrets),
            (
                "states:InvokeHTTPEndpoint",
                "arn:aws:states:us-east-1:000000000000:stateMachine:*",
            ),
        ],
        0,
    );
    let api = "arn:aws:execute-api:us-east-1:000000000000:abc/prod/GET/pets/1";
    let pets = json!({ "ApiEndpoint": "abc.execute-api.us-east-1.amazonaws.com", "Method": "GET", "Stage": "prod",
        "Path": "/pets/1", "AuthType": "IAM_ROLE" });
    check(
        "arn:aws:states:::apigateway:invoke",
        pets,
        &[("execute-api:Invoke", api)],
        0,
    );
    let model = "arn:aws:bedrock:us-east-1::foundation-model/m";
    check(
        "arn:aws:states:::bedrock:invokeModel",
        json!({ "ModelId": "m", "Output": { "S3Uri": "s3://b/k" } }),
        &[("bedrock:InvokeModel", model), ("s3:PutObject", "arn:aws:s3:::b/k")],
        0,
    );
    check("arn:aws:states:us-east-1:000000000000:activity:a", json!({}), &[], 0);
}

#[test]
fn every_optimized_integration_has_permissions() {
    for (service, action) in crate::asl::integration::optimized_calls() {
        let resource = format!("arn:aws:states:::{service}:{action}");
        let definition = json!({ "StartAt": "A", "States": { "A": {
            "Type": "Task", "Resource": resource, "Parameters": {}, "End": true,
        }}});
        let (model, found) = crate::asl::parse(&Node::from_json(&definition));
        let identity = identity();
        let mut inference = permissions::Inference::new(&identity);
        inference.machine("m", &model.unwrap_or_else(|| panic!("{found:?}")));
        let missing = inference.notes.iter().find(|note| note.contains("not inferred"));
        assert_eq!(missing, None, "{resource}");
    }
}

#[test]
fn roles_are_passed_to_the_service_of_the_job_only() {
    let definition = json!({ "StartAt": "A", "States": { "A": {
        "Type": "Task", "Resource": "arn:aws:states:::sagemaker:createModel", "End": true,
        "Parameters": { "ModelName": "m", "ExecutionRoleArn": "arn:aws:iam::1:role/r" },
    }}});
    let (model, found) = crate::asl::parse(&Node::from_json(&definition));
    let identity = identity();
    let mut inference = permissions::Inference::new(&identity);
    inference.machine("m", &model.unwrap_or_else(|| panic!("{found:?}")));
    assert_eq!(
        inference.grants.statements(),
        [
            json!({ "Effect": "Allow", "Action": "sagemaker:CreateModel",
                "Resource": "arn:aws:sagemaker:us-east-1:000000000000:model/m" }),
            json!({ "Effect": "Allow", "Action": "iam:PassRole", "Resource": "arn:aws:iam::1:role/r",
                "Condition": { "StringEquals": { "iam:PassedToService": "sagemaker.amazonaws.com" } } }),
        ]
    );
}

#[test]
fn logging_brings_a_log_group_and_permissions() {
    let mut stack = case_stack();
    let logging = Logging {
        level: "ALL".into(),
        include_execution_data: true,
    };
    stack.state_machines["Center"].logging = Some(logging);
    let wanted = desired(&stack);
    let group = "/aws/vendedlogs/states/s-Center-Logs";
    assert!(wanted.log_groups.contains_key(group));
    assert!(
        wanted.roles["basic"]
            .policy
            .clone()
            .unwrap()
            .to_string()
            .contains("logs:CreateLogDelivery")
    );
    let plan = deploy(&wanted, &Observed::default(), false).unwrap();
    let machine = plan.steps.iter().find(|step| step.kind == Kind::StateMachine).unwrap();
    assert!(machine.needs.contains(&format!("create log group {group}")));
    stack.state_machines["Center"].logging.as_mut().unwrap().level = "OFF".into();
    assert_eq!(desired(&stack).state_machines["Center"].logging, None);
}
