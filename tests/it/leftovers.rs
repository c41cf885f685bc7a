//! What a killed `stepstack test` leaves, and what the next one makes of it.

use bytes::Bytes;
use http::Request;
use nix::sys::signal::Signal;
use serde_json::{Value, json};

use crate::convergence::door;
use crate::env::Env;
use crate::processes::{Running, up};
use crate::smoke::{FILE, nothing_is_left, says, with_cases, write_cases};

const LONG: &str = "{ name: long, input: { wait: 100000 } }";

/// Kills a test once it says this.
fn kill(env: &Env, said: &str) {
    let mut killed = Running::start(env, &["test", FILE, "--json"]);
    killed.until_it_says(said);
    killed.send(Signal::SIGKILL);
    assert_eq!(killed.code(), None);
}

/// One call in the folder's local cloud.
fn call(env: &Env, target: &str, input: &Value) -> Value {
    let call = async {
        let local = door(&env.path("")).await;
        let request = Request::post("http://localhost/")
            .header("x-amz-target", target)
            .body(Bytes::from(input.to_string()))
            .unwrap();
        let answer = local.call(request).await.unwrap();
        local.close().await;
        assert_eq!(answer.status(), 200, "{target}: {answer:?}");
        serde_json::from_slice(answer.body()).unwrap_or_default()
    };
    tokio::runtime::Runtime::new().unwrap().block_on(call)
}

#[test]
fn what_a_killed_run_left_is_removed_by_the_next() {
    let env = with_cases(LONG);
    kill(&env, "\"stateEntered\"");

    write_cases(&env, "{ name: good }");
    let next = env.run(&["test", FILE]).expect(0);
    says(&next, &["1 passed", "of this host, which made it, has ended"]);
    nothing_is_left(&env);
}

#[test]
fn what_was_half_deployed_is_removed_by_the_next() {
    let env = with_cases("{ name: good }");
    kill(&env, "\"stepFinished\"");
    env.run(&["test", FILE]).expect(0);
    nothing_is_left(&env);
}

#[test]
fn what_cannot_be_removed_is_named_and_decides_the_exit_code() {
    let env = with_cases(LONG);
    kill(&env, "\"stateEntered\"");
    let tables = call(&env, "DynamoDB_20120810.ListTables", &json!({}));
    let table = tables["TableNames"][0].as_str().unwrap();
    let protected = |is: bool| json!({ "TableName": table, "DeletionProtectionEnabled": is });
    call(&env, "DynamoDB_20120810.UpdateTable", &protected(true));

    write_cases(&env, "{ name: good }");
    let next = env.run(&["test", FILE, "--junit", "report.xml"]).expect(4);
    let stack = table.strip_suffix("-Seen").unwrap();
    says(
        &next,
        &[
            "1 passed",
            &format!("of {stack} is left: table {table}"),
            &format!("`stepstack teardown --name {stack}` removes it"),
        ],
    );
    let junit = std::fs::read_to_string(env.path("report.xml")).unwrap();
    assert!(junit.contains(&format!("of {stack} is left")), "{junit}");

    call(&env, "DynamoDB_20120810.UpdateTable", &protected(false));
    env.run(&["test", FILE]).expect(0);
    nothing_is_left(&env);
}

#[test]
fn it_is_removed_though_all_cases_are_skipped() {
    let env = with_cases(LONG);
    kill(&env, "\"stateEntered\"");
    write_cases(&env, "{ name: good, skipOn: { local: not here } }");
    says(
        &env.run(&["test", FILE]).expect(1),
        &["1 skipped", "of this host, which made it, has ended"],
    );
    nothing_is_left(&env);
}

#[test]
fn what_comes_to_be_left_meanwhile_is_removed_in_the_end() {
    let env = with_cases(LONG);
    let (up, _) = up(&env);
    let mut killed = Running::start(&env, &["test", FILE, "--json"]);
    killed.until_it_says("\"stateEntered\"");
    write_cases(&env, "{ name: short, input: { wait: 2 } }");
    let mut next = Running::start(&env, &["test", FILE, "--json"]);
    next.until_it_says("\"stateEntered\"");
    killed.send(Signal::SIGKILL);
    assert_eq!(killed.code(), None);
    next.until_it_says("\"swept\"");
    assert_eq!(next.code(), Some(0));
    up.send(Signal::SIGTERM);
    up.code();
    nothing_is_left(&env);
}

#[test]
fn logs_that_came_late_are_removed_and_those_of_others_are_not() {
    let env = Env::with_demo_stacks();
    let group = |name: &str| call(&env, "Logs_20140328.CreateLogGroup", &json!({ "logGroupName": name }));
    group("/aws/lambda/call-center-t00c0ffee-OpenCaseFunction");
    let others = [
        "/aws/lambda/call-center-OpenCaseFunction",
        "/aws/lambda/call-center-t00c0ffee-NoSuchFunction",
        "/aws/lambda/other-t00c0ffee-OpenCaseFunction",
    ];
    others.iter().for_each(|name| drop(group(name)));
    let ran = env
        .run(&["test", "stacks/call-center.yaml", "--filter", "escalated"])
        .expect(0);
    says(
        &ran,
        &["removed 1 resource of call-center-t00c0ffee: its functions, which wrote logs late, are gone"],
    );
    let groups = call(&env, "Logs_20140328.DescribeLogGroups", &json!({}));
    let groups = groups["logGroups"].as_array().unwrap().iter();
    let names: Vec<_> = groups.map(|group| group["logGroupName"].as_str().unwrap()).collect();
    assert_eq!(names, others);
}
