//! Time, memory, environment, processes and logs.

use super::*;

#[tokio::test]
async fn a_timeout_kills_the_whole_process_group() {
    let bench = Bench::new();
    let text = "
import os, subprocess, sys
def handler(event, context):
    child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])
    print('child', child.pid)
    child.wait()
";
    let files = [("handler.py", text)];
    bench
        .create("f", "python3.12", "handler.handler", &files, json!({ "Timeout": 1 }))
        .await;
    let invoked = bench.invoke("f", json!({})).await;
    let tail = invoked.log_tail.unwrap();
    let payload: Value = serde_json::from_slice(&invoked.payload).unwrap();
    let expected = format!(
        "RequestId: {} Error: Task timed out after 1.00 seconds",
        invoked.request_id
    );
    assert_eq!(
        payload,
        json!({ "errorType": "Sandbox.Timedout", "errorMessage": expected })
    );
    assert!(
        tail.contains(&format!(" {} Task timed out after 1.00 seconds\n", invoked.request_id)),
        "{tail}"
    );
    assert!(tail.trim_end().ends_with("Status: timeout"), "{tail}");

    let child = tail.lines().find_map(|line| line.strip_prefix("child ")).unwrap();
    ended(child).await;
}

/// Waits until a process has ended; a zombie that nobody collected has.
async fn ended(process: &str) {
    let path = format!("/proc/{process}/stat");
    let gone = async {
        while std::fs::read_to_string(&path).is_ok_and(|stat| !stat.contains(") Z ")) {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), gone).await.unwrap();
}

#[tokio::test]
async fn too_much_memory_ends_the_process() {
    let bench = Bench::new();
    let text = "
import time
def handler(event, context):
    held = bytearray(300_000_000)
    time.sleep(30)
";
    bench
        .create("f", "python3.12", "handler.handler", &[("handler.py", text)], json!({}))
        .await;
    let expected = "RequestId: ID Error: Runtime exited with error: signal: killed";
    assert_eq!(
        bench.failure("f", json!({})).await,
        json!({ "errorType": "Runtime.ExitError", "errorMessage": expected })
    );
}

#[tokio::test]
async fn a_response_that_is_too_large_is_an_error() {
    let bench = Bench::new();
    let text = "exports.handler = async (event) => 'x'.repeat(event.size);";
    bench
        .create("f", "nodejs22.x", "index.handler", &[("index.js", text)], json!({}))
        .await;
    let message = "Response payload size exceeded maximum allowed payload size (6291556 bytes).";
    assert_eq!(
        bench.failure("f", json!({ "size": 6_291_556 })).await,
        json!({ "errorType": "Function.ResponseSizeTooLarge", "errorMessage": message })
    );
    assert_eq!(bench.result("f", json!({ "size": 2 })).await, json!("xx"));
}

#[tokio::test]
async fn the_environment_is_aws_s_and_the_function_s_own() {
    let bench = Bench::new();
    let more =
        json!({ "Environment": { "Variables": { "TABLE": "cases", "TZ": "Europe/Berlin" } }, "MemorySize": 256 });
    let text = "exports.handler = async () => ({ ...process.env, cwd: process.cwd() });";
    bench
        .create("f", "nodejs22.x", "index.handler", &[("index.js", text)], more)
        .await;
    let found = bench.result("f", json!({})).await;
    let mut names: Vec<&str> = found.as_object().unwrap().keys().map(String::as_str).collect();
    names.sort_unstable();
    assert_eq!(
        names.join(" "),
        "AWS_ACCESS_KEY_ID AWS_DEFAULT_REGION AWS_ENDPOINT_URL AWS_EXECUTION_ENV AWS_LAMBDA_FUNCTION_MEMORY_SIZE \
         AWS_LAMBDA_FUNCTION_NAME AWS_LAMBDA_FUNCTION_VERSION AWS_LAMBDA_INITIALIZATION_TYPE AWS_LAMBDA_LOG_GROUP_NAME \
         AWS_LAMBDA_LOG_STREAM_NAME AWS_LAMBDA_RUNTIME_API AWS_REGION AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN \
         LAMBDA_RUNTIME_DIR LAMBDA_TASK_ROOT LANG PATH TABLE TZ _HANDLER _X_AMZN_TRACE_ID cwd"
    );
    for (name, value) in [
        ("AWS_ENDPOINT_URL", "http://127.0.0.1:4566"),
        ("AWS_EXECUTION_ENV", "AWS_Lambda_nodejs22.x"),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"),
        ("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/f"),
        ("AWS_REGION", "us-east-1"),
        ("AWS_SECRET_ACCESS_KEY", "local"),
        ("TABLE", "cases"),
        ("TZ", "Europe/Berlin"),
        ("_HANDLER", "index.handler"),
        ("cwd", found["LAMBDA_TASK_ROOT"].as_str().unwrap()),
    ] {
        assert_eq!(found[name], value, "{name}");
    }
}

const COUNTER: &str = "let n = 0; exports.handler = async (e) => { n += 1; await new Promise((done) => setTimeout(done, e.wait ?? 0)); return [process.pid, n]; };";

#[tokio::test]
async fn processes_stay_warm_until_the_function_changes() {
    let bench = Bench::new();
    bench
        .create("f", "nodejs22.x", "index.handler", &[("index.js", COUNTER)], json!({}))
        .await;
    let first = bench.result("f", json!({})).await;
    for n in 2..5 {
        assert_eq!(bench.result("f", json!({})).await, json!([first[0], n]));
    }
    let path = "/2015-03-31/functions/f/configuration";
    bench.call("PUT", path, json!({ "Timeout": 19 })).await.unwrap();
    ended(&first[0].to_string()).await;
    bench.settled("f").await;
    let second = bench.result("f", json!({})).await;
    assert_eq!(second[1], 1);

    let code = json!({ "ZipFile": zip(&[("index.js", "exports.handler = async () => 'new';")]) });
    bench.call("PUT", "/2015-03-31/functions/f/code", code).await.unwrap();
    bench.settled("f").await;
    assert_eq!(bench.result("f", json!({})).await, json!("new"));
}

#[tokio::test(flavor = "multi_thread")]
async fn invocations_at_once_have_processes_of_their_own() {
    let bench = Bench::new();
    bench
        .create("f", "nodejs22.x", "index.handler", &[("index.js", COUNTER)], json!({}))
        .await;
    let event = json!({ "wait": 300 });
    let (a, b, c) = tokio::join!(
        bench.result("f", event.clone()),
        bench.result("f", event.clone()),
        bench.result("f", event.clone())
    );
    assert!(a[0] != b[0] && b[0] != c[0] && a[0] != c[0], "{a} {b} {c}");
}

#[tokio::test]
async fn the_end_of_the_service_is_the_end_of_its_processes() {
    let bench = Bench::new();
    bench
        .create("f", "nodejs22.x", "index.handler", &[("index.js", COUNTER)], json!({}))
        .await;
    let process = bench.result("f", json!({})).await[0].to_string();
    bench.lambda.shutdown();
    ended(&process).await;
    let refused = bench
        .lambda
        .invoke("us-east-1", "f", None, Bytes::new())
        .await
        .unwrap_err();
    assert_eq!(refused.to_string(), "ServiceException: the local cloud is closing");
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn the_end_of_the_service_is_the_end_of_what_functions_detached() {
    let bench = Bench::new();
    let text = "exports.handler = async () => {
        const options = { detached: true, stdio: 'ignore' };
        const child = require('child_process').spawn('sleep', ['600'], options);
        child.unref();
        return child.pid;
    };";
    bench
        .create("f", "nodejs22.x", "index.handler", &[("index.js", text)], json!({}))
        .await;
    let process = bench.result("f", json!({})).await.to_string();
    assert!(std::path::Path::new(&format!("/proc/{process}")).exists());
    bench.lambda.shutdown();
    ended(&process).await;
}

#[tokio::test]
async fn what_is_printed_is_logged_between_start_and_end() {
    let bench = Bench::new();
    let text = "console.log('loaded'); exports.handler = async (e) => { console.log('one\\ntwo', e); process.stderr.write('no end'); };";
    bench
        .create("f", "nodejs22.x", "index.handler", &[("index.js", text)], json!({}))
        .await;
    let invoked = bench.invoke("f", json!({ "a": 1 })).await;
    let logged = bench.surroundings.logged.lock().unwrap().clone();
    let lines: Vec<String> = logged
        .iter()
        .map(|(_, _, line)| {
            let numbers = regex::Regex::new(r"\d+(\.\d\d)? (ms|MB)").unwrap();
            let time = regex::Regex::new(r"\d{4}-\d\d-\d\dT[0-9:.]+Z").unwrap();
            let line = line.replace(&invoked.request_id, "ID");
            time.replace_all(&numbers.replace_all(&line, "N $2"), "TIME")
                .into_owned()
        })
        .collect();
    assert_eq!(
        lines,
        [
            "TIME\tundefined\tINFO\tloaded\n",
            "START RequestId: ID Version: $LATEST\n",
            "TIME\tID\tINFO\tone\ntwo { a: 1 }\n",
            "no end\n",
            "END RequestId: ID\n",
            "REPORT RequestId: ID\tDuration: N ms\tBilled Duration: N ms\tMemory Size: N MB\tMax Memory Used: N MB\tInit Duration: N ms\t\n",
        ]
    );
    assert!(
        logged
            .iter()
            .all(|(group, stream, _)| group == "/aws/lambda/f" && stream.contains("/[$LATEST]"))
    );
    assert!(invoked.log_tail.unwrap().contains("\tINFO\tone\ntwo { a: 1 }\n"));
}

#[tokio::test]
async fn much_output_fills_no_memory_and_is_there_after_an_exit() {
    let bench = Bench::new();
    let text = "exports.handler = async () => {
        const line = 'y'.repeat(1023);
        for (let i = 0; i < 20000; i++) console.log(line);
        console.log('the last');
        process.exit(3);
    };";
    let files = [("index.js", text)];
    bench
        .create("f", "nodejs22.x", "index.handler", &files, json!({ "Timeout": 60 }))
        .await;
    let failure = bench.failure("f", json!({})).await;
    assert!(failure.to_string().contains("exit status 3"), "{failure}");
    let logged = bench.surroundings.logged.lock().unwrap().clone();
    assert!(logged.iter().any(|(_, _, line)| line.contains("the last")));
}

/// The other half of the next test: does nothing unless started by it, in a process of its own, which is killed.
#[tokio::test]
async fn holds_a_function_process() {
    let Ok(told) = std::env::var("STEPSTACK_TEST_TELL") else {
        return;
    };
    let bench = Bench::new();
    bench
        .create("f", "nodejs22.x", "index.handler", &[("index.js", COUNTER)], json!({}))
        .await;
    let process = bench.result("f", json!({})).await[0].to_string();
    std::fs::write(format!("{told}.part"), process).unwrap();
    std::fs::rename(format!("{told}.part"), told).unwrap();
    std::future::pending::<()>().await;
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn killing_the_local_cloud_leaves_no_function_process() {
    let folder = tempfile::tempdir().unwrap();
    let told = folder.path().join("pid");
    let mut cloud = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "local::lambda::tests::limits::holds_a_function_process"])
        .env("STEPSTACK_TEST_TELL", &told)
        // Its temporary folder, which it cannot remove when it is killed.
        .env("TMPDIR", folder.path())
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let process = async {
        loop {
            match std::fs::read_to_string(&told) {
                Ok(process) => return process,
                Err(_) => tokio::task::yield_now().await,
            }
        }
    };
    let process = tokio::time::timeout(Duration::from_secs(30), process).await.unwrap();
    assert!(std::path::Path::new(&format!("/proc/{process}")).exists());
    cloud.kill().unwrap();
    cloud.wait().unwrap();
    ended(&process).await;
}

#[tokio::test]
async fn one_that_was_ended_leaves_the_next_in_its_folder_alone() {
    let mut bench = Bench::new();
    bench.lambda.shutdown();
    let next = Lambda::new(
        Store::in_memory().unwrap(),
        bench.folder.path(),
        bench.surroundings.clone(),
    );
    let ended = std::mem::replace(&mut bench.lambda, next.unwrap());
    let files = [(
        "index.js",
        "exports.handler = async (event) => new Promise((done) => setTimeout(() => done(event), 50));",
    )];
    bench
        .create("f", "nodejs22.x", "index.handler", &files, json!({}))
        .await;
    bench.result("f", json!(1)).await;
    let (result, ()) = tokio::join!(bench.result("f", json!(2)), async { drop(ended) });
    assert_eq!(result, 2);
}
