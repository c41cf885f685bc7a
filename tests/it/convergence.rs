//! Failing or dying at any API call of a deploy or a teardown, then doing it again, ends in the same place.
//!
//! The requests pass through a [`Faulty`] door. To die for real, the test binary runs itself: see [`child`].

use std::collections::BTreeMap;
use std::fs;
use std::future::Future;
use std::path::Path;
use std::pin::Pin;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use stepstack::cloud::{self, ApplyOptions, ConnectOptions, Door};
use stepstack::event::{Event, Sink};
use stepstack::local::{LocalDoor, Options};
use stepstack::plan::{self, Plan};

use crate::env::Env;

/// What happens at the chosen call, and how the child is told of it.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    /// The call is refused; later ones are answered.
    Refuse,
    /// The call is done, but its answer and all that follows are refused: what a crash just after it looks like from inside.
    Lose,
    /// The process dies before the call is made.
    DieBefore,
    /// The process dies when the call is done.
    DieAfter,
}

#[derive(Clone, Debug)]
struct Faulty {
    inner: Arc<LocalDoor>,
    calls: Arc<AtomicUsize>,
    at: usize,
    fault: Fault,
}

fn refused() -> Response<Bytes> {
    let body = r#"{"__type":"AccessDeniedException","message":"refused by the test"}"#;
    Response::builder()
        .status(403)
        .header("x-amzn-errortype", "AccessDeniedException")
        .body(body.into())
        .unwrap()
}

impl Door for Faulty {
    fn call(&self, request: Request<Bytes>) -> Pin<Box<dyn Future<Output = Result<Response<Bytes>, String>> + Send>> {
        let door = self.clone();
        Box::pin(async move {
            let call = door.calls.fetch_add(1, Ordering::SeqCst) + 1;
            match door.fault {
                Fault::Refuse if call == door.at => return Ok(refused()),
                Fault::Lose if call > door.at => return Ok(refused()),
                Fault::DieBefore if call == door.at => std::process::abort(),
                _ => {}
            }
            let answer = door.inner.call(request).await;
            match door.fault {
                Fault::Lose if call == door.at => Ok(refused()),
                Fault::DieAfter if call == door.at => std::process::abort(),
                _ => answer,
            }
        })
    }
}

struct Silent;

impl Sink for Silent {
    fn emit(&self, _event: Event) {}
}

/// What is done under the faults.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Work {
    Deploy,
    Teardown,
}

/// How it went.
#[derive(Debug)]
struct Done {
    /// Everything planned was done.
    complete: bool,
    /// What the plan held.
    steps: usize,
    /// Calls made.
    calls: usize,
}

/// What is deployed.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Subject {
    /// Functions, roles, a state machine.
    CallCenter,
    /// A topic with a subscription, queues, a table with items.
    Data,
}

const DATA: &str = "stacks/data.yaml";

/// Every kind of resource that holds messages and items, and what ties them together.
const DATA_STACK: &str = r#"
name: data
topics:
  Told:
    displayName: told
    subscriptions:
      - { protocol: sqs, endpoint: "${Box.Arn}", rawMessageDelivery: true, filterPolicy: { kind: [a] } }
queues:
  Box: { visibilityTimeout: 60, deadLetter: { queue: Dead, maxReceives: 3 } }
  Dead: {}
tables:
  Bureaus:
    key: Id
    indexes: { ByName: { key: Name } }
    ttl: Gone
    items: [{ Id: "1", Name: a, Score: 7 }, { Id: "2", Name: b }]
"#;

impl Subject {
    fn env(self) -> Env {
        let env = Env::with_demo_stacks();
        if self == Self::Data {
            env.write(DATA, DATA_STACK);
        }
        env
    }
}

/// The stack of a folder.
fn stack_of(folder: &Path) -> std::path::PathBuf {
    let data = folder.join(DATA);
    if data.exists() {
        data
    } else {
        folder.join("stacks/call-center.yaml")
    }
}

const NEVER: usize = usize::MAX;

/// The local cloud of a folder.
pub async fn door(folder: &Path) -> LocalDoor {
    let options = Options {
        folder: folder.join(".stepstack"),
        listen: ([127, 0, 0, 1], 0).into(),
        mock_config: None,
    };
    LocalDoor::open(options).await.unwrap()
}

/// Opens the local cloud of a folder, does the work with a fault at one call, and closes it.
async fn work(folder: &Path, work: Work, fault: Fault, at: usize) -> Done {
    let local = Arc::new(door(folder).await);
    let calls = Arc::new(AtomicUsize::new(0));
    let faulty = Faulty {
        inner: local.clone(),
        calls: calls.clone(),
        at,
        fault,
    };
    let plan = plan_and_apply(folder, work, Arc::new(faulty)).await;
    local.close().await;
    let calls = calls.load(Ordering::SeqCst);
    match plan {
        Ok((plan, complete)) => Done {
            complete,
            steps: plan.steps.len(),
            calls,
        },
        Err(_) => Done {
            complete: false,
            steps: 0,
            calls,
        },
    }
}

async fn plan_and_apply(folder: &Path, work: Work, door: Arc<dyn Door>) -> Result<(Plan, bool), cloud::CloudError> {
    let (stack, findings) = stepstack::stack::load(&stack_of(folder), &[]);
    let stack = stack.unwrap_or_else(|| panic!("{findings:?}"));
    let packages: BTreeMap<_, _> = stack
        .functions
        .iter()
        .map(|(id, function)| (id.clone(), cloud::package(&function.code).unwrap()))
        .collect();
    let cloud = cloud::connect(ConnectOptions {
        target: "local".into(),
        door: Some(door),
        ..ConnectOptions::default()
    })
    .await?;
    let (desired, findings) = plan::resolve(&stack, &packages, cloud.identity());
    let desired = desired.unwrap_or_else(|| panic!("{findings:?}"));
    let observed = cloud.observe(&stack.name, Some(&desired)).await?;
    let plan = match work {
        Work::Deploy => plan::deploy(&desired, &observed, false).unwrap(),
        Work::Teardown => plan::teardown(&stack.name, &observed, cloud.identity(), false),
    };
    let options = ApplyOptions {
        patience: Duration::from_secs(20),
        concurrency: 4,
        stop: None,
    };
    let applied = cloud.apply(&plan, &options, &Silent).await;
    Ok((plan, applied.failed.is_empty() && applied.skipped.is_empty()))
}

/// Everything in the local cloud, read past the code under test, without what differs between two creations.
pub async fn contents(folder: &Path) -> BTreeMap<&'static str, String> {
    let local = door(folder).await;
    let json = |target: &str, body: &str| {
        Request::post("http://localhost/")
            .header("x-amz-target", target)
            .body(Bytes::from(body.to_owned()))
            .unwrap()
    };
    let form_of = |service: &str, body: &str| {
        let credential = format!("AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/{service}/aws4_request");
        Request::post("http://localhost/")
            .header("content-type", "application/x-www-form-urlencoded")
            .header("authorization", credential)
            .body(Bytes::from(body.to_owned()))
            .unwrap()
    };
    let form = |body: &str| form_of("iam", body);
    let mut requests = vec![
        ("machines", json("AWSStepFunctions.ListStateMachines", "{}")),
        ("log groups", json("Logs_20140328.DescribeLogGroups", "{}")),
        (
            "functions",
            Request::get("http://localhost/2015-03-31/functions/")
                .body(Bytes::new())
                .unwrap(),
        ),
        ("roles", form("Action=ListRoles&Version=2010-05-08")),
    ];
    let machine = r#"{"stateMachineArn":"arn:aws:states:us-east-1:000000000000:stateMachine:call-center-CallCenter"}"#;
    requests.push(("machine", json("AWSStepFunctions.DescribeStateMachine", machine)));
    let role = "step_functions_basic_execution";
    requests.push((
        "policies",
        form(&format!("Action=ListRolePolicies&Version=2010-05-08&RoleName={role}")),
    ));
    requests.push((
        "tags",
        form(&format!("Action=ListRoleTags&Version=2010-05-08&RoleName={role}")),
    ));
    let queue = |name: &str| {
        let url = format!(r#"{{"QueueUrl":"http://localhost/000000000000/data-{name}","AttributeNames":["All"]}}"#);
        json("AmazonSQS.GetQueueAttributes", &url)
    };
    let topic = "TopicArn=arn:aws:sns:us-east-1:000000000000:data-Told";
    requests.extend([
        ("topics", form_of("sns", "Action=ListTopics&Version=2010-03-31")),
        (
            "topic",
            form_of("sns", &format!("Action=GetTopicAttributes&Version=2010-03-31&{topic}")),
        ),
        (
            "subscriptions",
            form_of("sns", "Action=ListSubscriptions&Version=2010-03-31"),
        ),
        ("queues", json("AmazonSQS.ListQueues", "{}")),
        ("queue", queue("Box")),
        ("dead letters", queue("Dead")),
        ("tables", json("DynamoDB_20120810.ListTables", "{}")),
        (
            "table",
            json("DynamoDB_20120810.DescribeTable", r#"{"TableName":"data-Bureaus"}"#),
        ),
        (
            "items",
            json("DynamoDB_20120810.Scan", r#"{"TableName":"data-Bureaus"}"#),
        ),
    ]);
    let changing = regex::Regex::new(
        r#""(creationDate|creationTime|LastModified|RevisionId|revisionId|updateDate|CreatedTimestamp|LastModifiedTimestamp|CreationDateTime|TableId|LastUpdateToPayPerRequestDateTime)":("[^"]*"|[\d.eE+]+)|<(CreateDate|RoleId|RequestId)>[^<]*<|AROA\w+|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|127\.0\.0\.1:\d+"#,
    )
    .unwrap();
    let mut contents = BTreeMap::new();
    for (name, request) in requests {
        let answer = local.call(request).await.unwrap();
        let text = String::from_utf8_lossy(answer.body()).into_owned();
        // The members of an item come in any order.
        let text = match serde_json::from_str::<serde_json::Value>(&text) {
            Ok(mut json) => {
                json.sort_all_objects();
                json.to_string()
            }
            Err(_) => text,
        };
        contents.insert(name, changing.replace_all(&text, "").into_owned());
    }
    local.close().await;
    contents
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        match entry.file_type().unwrap().is_dir() {
            true => copy(&entry.path(), &to.join(entry.file_name())),
            false => drop(fs::copy(entry.path(), to.join(entry.file_name())).unwrap()),
        }
    }
}

/// What a whole, undisturbed deploy and teardown look like.
struct Undisturbed {
    env: Env,
    empty: BTreeMap<&'static str, String>,
    deployed: BTreeMap<&'static str, String>,
    deploy_calls: usize,
    teardown_calls: usize,
}

async fn undisturbed(subject: Subject) -> Undisturbed {
    let env = subject.env();
    let folder = env.path("");
    let empty = contents(&folder).await;
    let deploy = work(&folder, Work::Deploy, Fault::Refuse, NEVER).await;
    assert!(deploy.complete, "{deploy:?}");
    let deployed = contents(&folder).await;
    assert_ne!(deployed, empty);
    let kept = subject.env();
    copy(&env.path(".stepstack"), &kept.path(".stepstack"));
    let teardown = work(&folder, Work::Teardown, Fault::Refuse, NEVER).await;
    assert!(teardown.complete, "{teardown:?}");
    assert_eq!(contents(&folder).await, empty);
    Undisturbed {
        env: kept,
        empty,
        deployed,
        deploy_calls: deploy.calls,
        teardown_calls: teardown.calls,
    }
}

/// After a disturbed deploy: another converges to the same state, a third finds nothing to do, a teardown leaves nothing.
async fn deploy_converges(folder: &Path, reference: &Undisturbed, what: &str) {
    let again = work(folder, Work::Deploy, Fault::Refuse, NEVER).await;
    assert!(again.complete, "{what}: the deploy after it is incomplete: {again:?}");
    assert_eq!(contents(folder).await, reference.deployed, "{what}: another state");
    let third = work(folder, Work::Deploy, Fault::Refuse, NEVER).await;
    assert_eq!(
        (third.complete, third.steps),
        (true, 0),
        "{what}: the plan after it is not empty"
    );
    teardown_converges(folder, reference, what).await;
}

async fn teardown_converges(folder: &Path, reference: &Undisturbed, what: &str) {
    let teardown = work(folder, Work::Teardown, Fault::Refuse, NEVER).await;
    assert!(
        teardown.complete,
        "{what}: the teardown after it is incomplete: {teardown:?}"
    );
    assert_eq!(contents(folder).await, reference.empty, "{what}: something is left");
}

/// One disturbed deploy or teardown at each of its calls.
async fn at_every_call(subject: Subject, kind: Work, fault: Fault) {
    let reference = undisturbed(subject).await;
    let calls = match kind {
        Work::Deploy => reference.deploy_calls,
        Work::Teardown => reference.teardown_calls,
    };
    assert!(calls > 10, "only {calls} calls: is the door in use?");
    let mut died = 0;
    for at in 1..=calls {
        let env = subject.env();
        let folder = env.path("");
        if kind == Work::Teardown {
            copy(&reference.env.path(".stepstack"), &env.path(".stepstack"));
        }
        let what = format!("{fault:?} at call {at} of {calls} of {kind:?}");
        match fault {
            Fault::Refuse | Fault::Lose => {
                let _ = work(&folder, kind, fault, at).await;
            }
            Fault::DieBefore | Fault::DieAfter => died += usize::from(dies(&folder, kind, fault, at)),
        }
        match kind {
            Work::Deploy => deploy_converges(&folder, &reference, &what).await,
            Work::Teardown => teardown_converges(&folder, &reference, &what).await,
        }
    }
    // Polls come out differently from run to run, so that the last calls may not be reached.
    let should_die = matches!(fault, Fault::DieBefore | Fault::DieAfter);
    assert!(
        !should_die || died > calls * 3 / 4,
        "only {died} of {calls} children died"
    );
}

/// Runs this test binary again, as a process that dies at that call; whether it did.
fn dies(folder: &Path, kind: Work, fault: Fault, at: usize) -> bool {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["convergence::child", "--exact", "--nocapture"])
        .env(CHILD, format!("{kind:?} {fault:?} {at}"))
        .current_dir(folder)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.code().is_none() || output.status.success(), "{said}");
    output.status.code().is_none()
}

const CHILD: &str = "STEPSTACK_IT_CHILD";

/// Not a test of its own: the process that dies. Does nothing unless it was started by [`dies`].
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn child() {
    let Ok(order) = std::env::var(CHILD) else { return };
    let mut words = order.split(' ');
    let kind = if words.next() == Some("Deploy") {
        Work::Deploy
    } else {
        Work::Teardown
    };
    let fault = if words.next() == Some("DieBefore") {
        Fault::DieBefore
    } else {
        Fault::DieAfter
    };
    let at = words.next().unwrap().parse().unwrap();
    let _ = work(&std::env::current_dir().unwrap(), kind, fault, at).await;
}

macro_rules! every_call {
    ($($name:ident: $subject:expr, $kind:expr, $fault:expr;)*) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            at_every_call($subject, $kind, $fault).await;
        }
    )*};
}

every_call! {
    deploy_refused: Subject::CallCenter, Work::Deploy, Fault::Refuse;
    deploy_loses_answer: Subject::CallCenter, Work::Deploy, Fault::Lose;
    deploy_dies_before: Subject::CallCenter, Work::Deploy, Fault::DieBefore;
    deploy_dies_after: Subject::CallCenter, Work::Deploy, Fault::DieAfter;
    teardown_refused: Subject::CallCenter, Work::Teardown, Fault::Refuse;
    teardown_loses_answer: Subject::CallCenter, Work::Teardown, Fault::Lose;
    teardown_dies_before: Subject::CallCenter, Work::Teardown, Fault::DieBefore;
    teardown_dies_after: Subject::CallCenter, Work::Teardown, Fault::DieAfter;
    data_deploy_refused: Subject::Data, Work::Deploy, Fault::Refuse;
    data_deploy_loses_answer: Subject::Data, Work::Deploy, Fault::Lose;
    data_deploy_dies_before: Subject::Data, Work::Deploy, Fault::DieBefore;
    data_deploy_dies_after: Subject::Data, Work::Deploy, Fault::DieAfter;
    data_teardown_refused: Subject::Data, Work::Teardown, Fault::Refuse;
    data_teardown_loses_answer: Subject::Data, Work::Teardown, Fault::Lose;
    data_teardown_dies_after: Subject::Data, Work::Teardown, Fault::DieAfter;
}
