//! The cloud against a door that answers as told: what is sent, and what is made of the answers.
#![allow(clippy::unwrap_used)]

use std::fmt;
use std::sync::Mutex;

use super::*;
use crate::event::{Event, Sink};
use crate::plan::desired::{DesiredFunction, DesiredRole, Environment, Tags};
use crate::plan::work::{FunctionUpdate, TagChange};
use crate::plan::{self, Action, Kind, Mode, OWNER_TAG, Package, Plan, Work};

pub(super) type Reply = Result<(u16, String), String>;

/// From the operation and how often it was asked before.
type Answer = Box<dyn Fn(&str, usize) -> Reply + Send + Sync>;

/// A door that answers by operation and remembers what was asked.
pub(super) struct Answers {
    answer: Answer,
    asked: Mutex<Vec<String>>,
}

impl fmt::Debug for Answers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Answers")
    }
}

/// The operation of a request: of the target header, the form, or method and last part of the path.
fn operation(request: &http::Request<Bytes>) -> String {
    if let Some(target) = request.headers().get("x-amz-target") {
        return target.to_str().unwrap().rsplit('.').next().unwrap().to_owned();
    }
    let body = String::from_utf8_lossy(request.body());
    if let Some(action) = body.split('&').find_map(|pair| pair.strip_prefix("Action=")) {
        return action.to_owned();
    }
    let path = request.uri().path();
    let last = path.trim_end_matches('/').rsplit('/').next().unwrap();
    format!("{} {last}", request.method())
}

impl Door for Answers {
    fn call(
        &self,
        request: http::Request<Bytes>,
    ) -> Pin<Box<dyn Future<Output = Result<http::Response<Bytes>, String>> + Send>> {
        let operation = operation(&request);
        let mut asked = self.asked.lock().unwrap();
        let before = asked.iter().filter(|known| **known == operation).count();
        asked.push(operation.clone());
        let reply = match operation.as_str() {
            "GetCallerIdentity" => Ok((200, CALLER.to_owned())),
            _ => (self.answer)(&operation, before),
        };
        Box::pin(async move {
            let (status, body) = reply?;
            let code = body
                .split('"')
                .skip_while(|part| *part != "__type")
                .nth(2)
                .unwrap_or_default()
                .to_owned();
            let mut response = http::Response::builder().status(status);
            if !code.is_empty() {
                response = response.header("x-amzn-errortype", code);
            }
            Ok(response.body(body.into()).unwrap())
        })
    }
}

const CALLER: &str = "<GetCallerIdentityResponse><GetCallerIdentityResult>\
    <Arn>arn:aws-cn:iam::123456789012:root</Arn><Account>123456789012</Account>\
    </GetCallerIdentityResult></GetCallerIdentityResponse>";

pub(super) async fn connected(answer: impl Fn(&str, usize) -> Reply + Send + Sync + 'static) -> (Cloud, Arc<Answers>) {
    connected_as("local", None, answer).await
}

pub(super) async fn connected_as(
    target: &str,
    notes: Option<Arc<dyn Sink>>,
    answer: impl Fn(&str, usize) -> Reply + Send + Sync + 'static,
) -> (Cloud, Arc<Answers>) {
    #[derive(Debug)]
    struct Shared(Arc<Answers>);
    impl Door for Shared {
        fn call(
            &self,
            request: http::Request<Bytes>,
        ) -> Pin<Box<dyn Future<Output = Result<http::Response<Bytes>, String>> + Send>> {
            self.0.call(request)
        }
    }
    let answers = Arc::new(Answers {
        answer: Box::new(answer),
        asked: Mutex::new(Vec::new()),
    });
    let options = ConnectOptions {
        target: target.to_owned(),
        door: Some(Arc::new(Shared(Arc::clone(&answers)))),
        notes,
        ..ConnectOptions::default()
    };
    (connect(options).await.unwrap(), answers)
}

pub(super) fn error(status: u16, code: &str, message: &str) -> Reply {
    Ok((
        status,
        format!(r#"{{"__type":"{code}","message":"{message}","Message":"{message}"}}"#),
    ))
}

/// Nothing of any kind.
pub(super) fn nothing(operation: &str) -> Reply {
    let body = match operation {
        "ListRoles" => {
            "<ListRolesResponse><ListRolesResult><IsTruncated>false</IsTruncated><Roles/></ListRolesResult></ListRolesResponse>"
        }
        "ListTopics" => "<ListTopicsResponse><ListTopicsResult><Topics/></ListTopicsResult></ListTopicsResponse>",
        _ => r#"{"Functions":[],"stateMachines":[],"TableNames":[],"QueueUrls":[],"logGroups":[]}"#,
    };
    Ok((200, body.to_owned()))
}

/// The stack `s`, whose tests have deployed one thing.
pub(super) fn tested_with(kind: Kind, name: &str) -> plan::Tested {
    plan::Tested {
        stack: "s".to_owned(),
        deployed_as: "s-t00c0ffee".to_owned(),
        suffix: "t00c0ffee".to_owned(),
        names: [(kind, name.to_owned())].into(),
        ..plan::Tested::default()
    }
}

fn iam_error(code: &str, message: &str) -> Reply {
    let body = format!("<ErrorResponse><Error><Code>{code}</Code><Message>{message}</Message></Error></ErrorResponse>");
    Ok((400, body))
}

#[tokio::test(start_paused = true)]
async fn who_we_are_and_how_often_we_asked() {
    let (cloud, _) = connected(|_, _| error(400, "X", "")).await;
    let identity = cloud.identity();
    assert_eq!(
        (
            &*identity.partition,
            &*identity.account,
            &*identity.region,
            identity.endpoint.clone()
        ),
        ("aws-cn", "123456789012", "us-east-1", None)
    );
    assert_eq!(cloud.calls(), 1);
    let _ = cloud.describe_execution("arn").await;
    assert_eq!(cloud.calls(), 2);
}

#[tokio::test(start_paused = true)]
async fn errors_say_what_was_tried_and_whose_fault_it_was() {
    let cases: &[(Reply, ErrorKind, &str)] = &[
        (
            error(400, "ExecutionDoesNotExist", "Execution Does Not Exist: 'a'"),
            ErrorKind::NotFound,
            "cannot describe the execution a: ExecutionDoesNotExist: Execution Does Not Exist: 'a'",
        ),
        (
            error(400, "AccessDeniedException", "no"),
            ErrorKind::Refused,
            "cannot describe the execution a: AccessDeniedException: no",
        ),
        (
            error(
                403,
                "ExpiredTokenException",
                "The security token included in the request is expired",
            ),
            ErrorKind::Refused,
            "cannot describe the execution a: ExpiredTokenException: The security token included in the request is expired",
        ),
        (
            error(400, "InvalidArn", "bad"),
            ErrorKind::Failed,
            "cannot describe the execution a: InvalidArn: bad",
        ),
        (
            Err("the door is shut".into()),
            ErrorKind::Unreachable,
            "cannot describe the execution a: the door is shut",
        ),
    ];
    for (reply, kind, message) in cases {
        let reply = reply.clone();
        let (cloud, _) = connected(move |_, _| reply.clone()).await;
        let error = cloud.describe_execution("a").await.unwrap_err();
        assert_eq!((error.kind, &*error.message), (*kind, *message));
        assert_eq!(
            error.hints.is_empty(),
            *kind != ErrorKind::Refused,
            "{message}: {:?}",
            error.hints
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_error_is_tried_again() {
    let (cloud, answers) = connected(|_, before| match before {
        0 => error(500, "InternalFailure", "for a moment"),
        _ => Ok((200, r#"{"executionArn":"a:b","startDate":1.5}"#.into())),
    })
    .await;
    assert_eq!(cloud.start_execution("m", "n", "{}").await.unwrap(), "a:b");
    assert_eq!(
        *answers.asked.lock().unwrap(),
        ["GetCallerIdentity", "StartExecution", "StartExecution"]
    );
    assert_eq!(cloud.calls(), 3);
}

#[tokio::test(start_paused = true)]
async fn the_latest_executions_are_those_started_last_however_they_are_listed() {
    let (cloud, _) = connected(|_, _| {
        let execution = |name: &str, at: u64| {
            format!(
                r#"{{"executionArn":"arn:{name}","stateMachineArn":"arn:m","name":"{name}","status":"SUCCEEDED","startDate":{at}}}"#
            )
        };
        let listed = [execution("first", 1), execution("third", 3), execution("second", 2)];
        Ok((200, format!(r#"{{"executions":[{}]}}"#, listed.join(","))))
    })
    .await;
    for (most, expected) in [
        (1, vec!["third"]),
        (2, vec!["third", "second"]),
        (9, vec!["third", "second", "first"]),
    ] {
        let executions = cloud.executions("arn:m", most).await.unwrap().unwrap();
        let names: Vec<&str> = executions.iter().map(|execution| &*execution.name).collect();
        assert_eq!(names, expected, "{most}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_history_is_read_from_the_end_until_it_is_known() {
    let page = |ids: std::ops::RangeInclusive<u64>, next: &str| {
        let event = |id: u64| {
            format!(
                r#"{{"id":{id},"previousEventId":{},"timestamp":{id}.25,"type":"TaskStateEntered","stateEnteredEventDetails":{{"name":"S{id}","input":"{{\"n\":{id}}}"}}}}"#,
                id - 1
            )
        };
        let events: Vec<String> = ids.rev().map(event).collect();
        Ok((200, format!(r#"{{"events":[{}]{next}}}"#, events.join(","))))
    };
    let (cloud, answers) = connected(move |_, before| match before {
        0 => page(7..=9, r#","nextToken":"more""#),
        1 => page(4..=6, r#","nextToken":"more""#),
        _ => Err("asked for a page that is known".into()),
    })
    .await;
    let events = cloud.history_after("arn", 5).await.unwrap();
    let ids: Vec<u64> = events.iter().map(|event| event.id).collect();
    assert_eq!(ids, [6, 7, 8, 9]);
    let first = &events[0];
    assert_eq!(
        (first.previous_id, first.at_ms, &*first.kind),
        (5, 6250, "TaskStateEntered")
    );
    assert_eq!(
        (first.state.as_deref(), &first.data),
        (Some("S6"), &Some(serde_json::json!({ "n": 6 })))
    );
    assert_eq!(answers.asked.lock().unwrap().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn the_history_of_ministack_says_less() {
    let events = [
        r#"{"id":1,"timestamp":1,"type":"ExecutionStarted"}"#,
        r#"{"id":2,"timestamp":2,"type":"PassStateEntered","stateEnteredEventDetails":{"name":"P","input":"1"}}"#,
        r#"{"id":3,"timestamp":3,"type":"TaskStateEntered","stateEnteredEventDetails":{"name":"Ask","input":"1"}}"#,
        r#"{"id":4,"timestamp":4,"type":"TaskScheduled","taskScheduledEventDetails":{"resourceType":"states","resource":"arn:aws:states:::sns:publish.waitForTaskToken"}}"#,
    ];
    let answer = format!(r#"{{"events":[{}]}}"#, events.join(","));
    let (cloud, _) = connected(move |_, _| Ok((200, answer.clone()))).await;
    let events = cloud.history_after("arn", 0).await.unwrap();
    let previous: Vec<u64> = events.iter().map(|event| event.previous_id).collect();
    assert_eq!(previous, [0, 0, 2, 3]);
    assert_eq!(events[3].resource.as_deref(), Some("sns:publish.waitForTaskToken"));
    let mut follower = crate::run::Follower::new("arn");
    follower.feed(&events);
    let waiting: Vec<_> = follower
        .waiting()
        .into_iter()
        .map(|waiting| (waiting.state, waiting.token))
        .collect();
    assert_eq!(waiting, [("Ask".to_owned(), None)]);
}

#[derive(Default)]
struct Log(Mutex<Vec<String>>);

impl Sink for Log {
    fn emit(&self, event: Event) {
        self.0.lock().unwrap().push(match event {
            Event::StepStarted { step, .. } => format!("start {step}"),
            Event::StepWaiting { step, reason, .. } => format!("wait {step}: {reason}"),
            Event::StepFinished { step, .. } => format!("done {step}"),
            Event::StepFailed { step, error, .. } => format!("fail {step}: {error}"),
            Event::StepSkipped { step, because, .. } => format!("skip {step} because {because}"),
            other => format!("{other:?}"),
        });
    }
}

fn step(id: &str, kind: Kind, needs: &[&str], work: Work) -> plan::Step {
    plan::Step {
        id: id.into(),
        action: Action::Create,
        kind,
        logical_id: None,
        name: id.into(),
        arn: format!("arn:{id}"),
        changes: Vec::new(),
        needs: needs.iter().map(|need| (*need).to_owned()).collect(),
        work,
    }
}

fn plan_of(cloud: &Cloud, steps: Vec<plan::Step>) -> Plan {
    Plan {
        stack: "s".into(),
        mode: Mode::Deploy,
        identity: cloud.identity().clone(),
        steps,
        unchanged: Vec::new(),
        notes: Vec::new(),
    }
}

async fn apply(cloud: &Cloud, steps: Vec<plan::Step>) -> (Applied, Vec<String>) {
    let log = Log::default();
    let options = ApplyOptions {
        patience: Duration::from_secs(30),
        concurrency: 1,
        stop: None,
    };
    let applied = cloud.apply(&plan_of(cloud, steps), &options, &log).await;
    (applied, log.0.into_inner().unwrap())
}

fn tags() -> Tags {
    Tags::from([(OWNER_TAG.to_owned(), "s".to_owned())])
}

fn wanted_role(name: &str) -> Arc<DesiredRole> {
    Arc::new(DesiredRole {
        logical_id: None,
        name: name.into(),
        path: "/".into(),
        arn: format!("arn:{name}"),
        description: String::new(),
        trust: serde_json::json!({ "Version": "2012-10-17", "Statement": [] }),
        policy: None,
        managed_policies: Vec::new(),
        tags: tags(),
    })
}

fn wanted_function(name: &str) -> Arc<DesiredFunction> {
    Arc::new(DesiredFunction {
        logical_id: name.into(),
        name: name.into(),
        arn: format!("arn:{name}"),
        role: "arn:aws:iam::123456789012:role/r".into(),
        runtime: "nodejs22.x".into(),
        handler: "index.handler".into(),
        timeout: 3,
        memory: 128,
        environment: Environment::default(),
        description: String::new(),
        architecture: "x86_64".into(),
        layers: Vec::new(),
        tags: tags(),
        package: Package {
            bytes: Arc::new(vec![1]),
            sha256: "sha".into(),
        },
    })
}

fn role_xml(arn: &str, tags: &str) -> String {
    format!(
        "<Role><Path>/</Path><RoleName>r</RoleName><RoleId>AROA</RoleId><Arn>{arn}</Arn>\
         <CreateDate>2026-01-01T00:00:00Z</CreateDate>\
         <AssumeRolePolicyDocument>%7B%22Version%22%3A%222012-10-17%22%2C%22Statement%22%3A%5B%5D%7D</AssumeRolePolicyDocument>\
         <Tags>{tags}</Tags></Role>"
    )
}

#[tokio::test(start_paused = true)]
async fn a_failed_step_stops_what_depends_on_it_and_nothing_else() {
    let (cloud, _) = connected(|operation, before| match (operation, before) {
        ("CreateRole", 0) => iam_error("LimitExceeded", "Cannot exceed quota"),
        ("CreateRole", _) => {
            let role = role_xml("arn:other", "");
            Ok((
                200,
                format!("<CreateRoleResponse><CreateRoleResult>{role}</CreateRoleResult></CreateRoleResponse>"),
            ))
        }
        _ => Err("no call was expected".into()),
    })
    .await;
    let (applied, log) = apply(
        &cloud,
        vec![
            step("role", Kind::Role, &[], Work::CreateRole(wanted_role("role"))),
            step(
                "function",
                Kind::Function,
                &["role"],
                Work::CreateFunction(wanted_function("f")),
            ),
            step(
                "machine",
                Kind::StateMachine,
                &["function"],
                Work::DeleteMachine { arn: "arn:m".into() },
            ),
            step(
                "other",
                Kind::Role,
                &["elsewhere"],
                Work::CreateRole(wanted_role("other")),
            ),
        ],
    )
    .await;
    assert_eq!(applied.done, ["other"]);
    assert_eq!(applied.kind, Some(ErrorKind::Refused));
    assert_eq!(
        log,
        [
            "start role",
            "fail role: cannot create the role role: LimitExceeded: Cannot exceed quota",
            "skip function because role",
            "skip machine because role",
            "start other",
            "done other",
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn another_arn_than_predicted_is_an_error() {
    let (cloud, _) = connected(|_, _| {
        let role = role_xml("arn:elsewhere", "");
        Ok((
            200,
            format!("<CreateRoleResponse><CreateRoleResult>{role}</CreateRoleResult></CreateRoleResponse>"),
        ))
    })
    .await;
    let (applied, _) = apply(
        &cloud,
        vec![step("role", Kind::Role, &[], Work::CreateRole(wanted_role("r")))],
    )
    .await;
    assert_eq!(
        applied.failed,
        [(
            "role".to_owned(),
            "role role was made as arn:elsewhere, where arn:role was expected".to_owned()
        )]
    );
}

#[tokio::test(start_paused = true)]
async fn a_role_that_came_in_between_is_completed_if_it_is_ours() {
    let check = async |owner: &'static str, done: bool| {
        let (cloud, answers) =
            connected(move |operation, _| {
                let tag = format!("<member><Key>{OWNER_TAG}</Key><Value>{owner}</Value></member>");
                match operation {
                "CreateRole" => iam_error("EntityAlreadyExists", "Role with name r already exists."),
                "GetRole" => {
                    let role = role_xml("arn:role", &tag);
                    Ok((200, format!("<GetRoleResponse><GetRoleResult>{role}</GetRoleResult></GetRoleResponse>")))
                }
                "ListRolePolicies" => Ok((
                    200,
                    "<ListRolePoliciesResponse><ListRolePoliciesResult><PolicyNames><member>old</member></PolicyNames>\
                     <IsTruncated>false</IsTruncated></ListRolePoliciesResult></ListRolePoliciesResponse>"
                        .into(),
                )),
                other => Ok((200, format!("<{other}Response><{other}Result></{other}Result></{other}Response>"))),
            }
            })
            .await;
        let work = Work::CreateRole(wanted_role("r"));
        let (applied, _) = apply(&cloud, vec![step("role", Kind::Role, &[], work)]).await;
        assert_eq!(!applied.done.is_empty(), done, "{owner}: {applied:?}");
        let asked = answers.asked.lock().unwrap().clone();
        assert_eq!(asked.contains(&"DeleteRolePolicy".to_owned()), done, "{asked:?}");
    };
    check("s", true).await;
    check("another", false).await;
}

fn configuration(state: &str, update: &str) -> String {
    format!(
        r#"{{"FunctionName":"f","FunctionArn":"arn:function","State":"{state}","LastUpdateStatus":"{update}","CodeSha256":"sha"}}"#
    )
}

fn got(state: &str, update: &str) -> Reply {
    Ok((
        200,
        format!(r#"{{"Configuration":{},"Tags":{{}}}}"#, configuration(state, update)),
    ))
}

#[tokio::test(start_paused = true)]
async fn a_function_waits_for_its_role_and_until_it_is_active() {
    let (cloud, answers) = connected_as("localstack", None, |operation, before| match (operation, before) {
        ("POST functions", 0 | 1) => error(
            400,
            "InvalidParameterValueException",
            "The role defined for the function cannot be assumed by Lambda.",
        ),
        ("POST functions", _) => Ok((201, configuration("Pending", "InProgress"))),
        ("GET f", 0) => got("Pending", "InProgress"),
        ("GET f", _) => got("Active", "Successful"),
        other => Err(format!("{other:?} was not expected")),
    })
    .await;
    let work = Work::CreateFunction(wanted_function("f"));
    let (applied, log) = apply(&cloud, vec![step("function", Kind::Function, &[], work)]).await;
    assert_eq!(applied.done, ["function"], "{applied:?}");
    let role = "wait function: the role cannot be assumed by Lambda yet";
    assert_eq!(
        log,
        [
            "start function",
            role,
            role,
            "wait function: the function f is not active yet",
            "done function"
        ]
    );
    let asked = answers.asked.lock().unwrap().clone();
    assert_eq!(
        asked[1..],
        ["POST functions", "POST functions", "POST functions", "GET f", "GET f"]
    );
}

#[tokio::test(start_paused = true)]
async fn configuration_then_code_each_settled() {
    let (cloud, answers) = connected(|operation, before| match (operation, before) {
        ("PUT configuration", 0) => error(
            409,
            "ResourceConflictException",
            "The operation cannot be performed at this time. An update is in progress for resource: f",
        ),
        ("PUT configuration" | "PUT code", _) => Ok((200, configuration("Active", "InProgress"))),
        ("GET f", _) => got("Active", "Successful"),
        other => Err(format!("{other:?} was not expected")),
    })
    .await;
    let work = Work::UpdateFunction(FunctionUpdate {
        function: wanted_function("f"),
        configuration: true,
        code: true,
        tags: TagChange::default(),
    });
    let (applied, _) = apply(&cloud, vec![step("function", Kind::Function, &[], work)]).await;
    assert_eq!(applied.done, ["function"], "{applied:?}");
    let asked = answers.asked.lock().unwrap().clone();
    assert_eq!(
        asked[1..],
        ["PUT configuration", "PUT configuration", "GET f", "PUT code", "GET f"]
    );
}

#[tokio::test(start_paused = true)]
async fn a_machine_is_stopped_deleted_and_waited_for() {
    let running = r#"{"executions":[{"executionArn":"arn:e","stateMachineArn":"arn:m","name":"e","status":"RUNNING","startDate":1}]}"#;
    let deleting = r#"{"stateMachineArn":"arn:m","name":"m","status":"DELETING","definition":"{}","roleArn":"r","type":"STANDARD","creationDate":1}"#;
    let (cloud, answers) = connected(move |operation, before| match (operation, before) {
        ("ListExecutions", 0) => Ok((200, running.into())),
        ("ListExecutions", _) => Ok((200, r#"{"executions":[]}"#.into())),
        ("StopExecution", _) => Ok((200, r#"{"stopDate":1}"#.into())),
        ("DeleteStateMachine", _) => Ok((200, "{}".into())),
        ("DescribeStateMachine", 0) => Ok((200, deleting.into())),
        ("DescribeStateMachine", _) => error(400, "StateMachineDoesNotExist", "State Machine Does Not Exist: 'arn:m'"),
        other => Err(format!("{other:?} was not expected")),
    })
    .await;
    let work = Work::DeleteMachine { arn: "arn:m".into() };
    let (applied, log) = apply(&cloud, vec![step("machine", Kind::StateMachine, &[], work)]).await;
    assert_eq!(applied.done, ["machine"], "{applied:?}");
    assert_eq!(log[1], "wait machine: the state machine is still being deleted");
    let asked = answers.asked.lock().unwrap().clone();
    assert_eq!(
        asked[1..],
        [
            "ListExecutions",
            "StopExecution",
            "DeleteStateMachine",
            "DescribeStateMachine",
            "ListExecutions",
            "DescribeStateMachine",
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_stopped_matters_only_if_it_runs() {
    let running = r#"{"executions":[{"executionArn":"arn:e","stateMachineArn":"arn:m","name":"e","status":"RUNNING","startDate":1}]}"#;
    let described = |status: &str| {
        let text = format!(r#"{{"executionArn":"arn:e","stateMachineArn":"arn:m","startDate":1,"status":"{status}"}}"#);
        Ok((200, text))
    };
    let gone = || error(400, "StateMachineDoesNotExist", "gone");
    for (now, is_deleted) in [
        (described("SUCCEEDED"), true),
        (described("ABORTED"), true),
        (error(400, "ExecutionDoesNotExist", "gone"), true),
        (described("RUNNING"), false),
        (described("PENDING_REDRIVE"), false),
        (error(400, "AccessDeniedException", "no"), false),
    ] {
        let reply = now.clone();
        let (cloud, _) = connected(move |operation, _| match operation {
            "ListExecutions" => Ok((200, running.into())),
            "StopExecution" => error(400, "ValidationException", "Execution is not running"),
            "DescribeExecution" => reply.clone(),
            "DeleteStateMachine" => Ok((200, "{}".into())),
            "DescribeStateMachine" => gone(),
            other => Err(format!("{other:?} was not expected")),
        })
        .await;
        let work = Work::DeleteMachine { arn: "arn:m".into() };
        let (applied, log) = apply(&cloud, vec![step("machine", Kind::StateMachine, &[], work)]).await;
        assert_eq!(applied.failed.is_empty(), is_deleted, "{now:?}: {log:?}");
        if !is_deleted {
            assert!(
                applied.failed[0].1.contains("Execution is not running"),
                "{now:?}: {log:?}"
            );
        }
    }
}
