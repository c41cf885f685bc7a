//! What handlers of each form give, and how errors look.

use super::*;

/// Creates a function of one file, runs it once, and compares its result.
async fn check_result(bench: &Bench, case: (&str, &str, &str, &str), event: Value, expected: Value) {
    let (runtime, file, handler, text) = case;
    let name = format!("f{}", bench.surroundings.uuid());
    bench.create(&name, runtime, handler, &[(file, text)], json!({})).await;
    assert_eq!(bench.result(&name, event).await, expected, "{text}");
}

/// The same for an error.
async fn check_failure(bench: &Bench, case: (&str, &str, &str, &str), expected: Value) {
    let (runtime, file, handler, text) = case;
    let name = format!("f{}", bench.surroundings.uuid());
    bench.create(&name, runtime, handler, &[(file, text)], json!({})).await;
    let mut found = bench.failure(&name, json!({})).await;
    // Of traces, the lines that are the user's.
    if let Some(trace) = found.get_mut("trace").and_then(Value::as_array_mut) {
        let ours = ["/var/runtime/", "node:", "new Promise (<anonymous>)"];
        trace.retain(|line| !ours.iter().any(|part| line.as_str().unwrap().contains(part)));
    }
    assert_eq!(found, expected, "{text}");
}

#[tokio::test]
async fn node_handlers_of_every_form() {
    let bench = Bench::new();
    let event = json!({ "a": 1 });
    for (file, handler, text, expected) in [
        ("index.js", "index.handler", ECHO, json!({ "a": 1 })),
        ("index.js", "index.handler", "exports.handler = (event, context, done) => done(null, event.a + 1);", json!(2)),
        (
            "index.js",
            "index.handler",
            // The callback's result is sent when nothing is left to do.
            "exports.handler = (e, c, done) => { const r = {}; done(null, r); setTimeout(() => { r.late = 1; }, 20); };",
            json!({ "late": 1 }),
        ),
        (
            "index.js",
            "index.handler",
            "exports.handler = (e, c, done) => { c.callbackWaitsForEmptyEventLoop = false; setInterval(() => {}, 1000); done(null, 'now'); };",
            json!("now"),
        ),
        ("index.js", "index.handler", "exports.handler = () => new Promise((done) => setTimeout(done, 5, 'late'));", json!("late")),
        ("index.js", "index.handler", "exports.handler = (event, context) => context.succeed('legacy');", json!("legacy")),
        ("index.js", "index.handler", "exports.handler = (event, context) => context.done(null, [event.a]);", json!([1])),
        ("index.js", "index.handler", "exports.handler = (event) => { 'nothing is called' };", json!(null)),
        ("index.js", "index.handler", "exports.handler = async () => undefined;", json!(null)),
        ("index.mjs", "index.handler", "export const handler = async (event) => event.a;", json!(1)),
        ("index.mjs", "index.handler", "const { sep } = await import('node:path'); export const handler = () => Promise.resolve(sep);", json!("/")),
        ("index.cjs", "index.handler", ECHO, json!({ "a": 1 })),
        ("src/app/main.js", "src/app/main.run", "exports.run = async () => __filename.slice(-16);", json!("/src/app/main.js")),
        ("index.js", "index.api.v1.get", "exports.api = { v1: { get: async () => 'deep' } };", json!("deep")),
        (
            "index.js",
            "index.handler",
            "exports.handler = async (event, c) => [c.functionName.length, c.functionVersion, c.memoryLimitInMB, c.awsRequestId.length,
               c.invokedFunctionArn.startsWith('arn:aws:lambda:us-east-1:000000000000:function:f'),
               c.getRemainingTimeInMillis() > 15000 && c.getRemainingTimeInMillis() <= 20000,
               c.logGroupName === '/aws/lambda/' + c.functionName, c.logStreamName.includes('/[$LATEST]')];",
            json!([37, "$LATEST", "128", 36, true, true, true, true]),
        ),
    ] {
        check_result(&bench, ("nodejs22.x", file, handler, text), event.clone(), expected).await;
    }
}

#[tokio::test]
async fn a_package_of_type_module_is_one() {
    let bench = Bench::new();
    let files = [
        ("package.json", r#"{ "type": "module" }"#),
        (
            "index.js",
            "import { x } from './lib/x.js'; export const handler = async () => x;",
        ),
        ("lib/x.js", "export const x = 'imported';"),
    ];
    bench
        .create("f", "nodejs20.x", "index.handler", &files, json!({}))
        .await;
    assert_eq!(bench.result("f", json!({})).await, json!("imported"));
}

#[tokio::test]
async fn node_errors_have_the_form_of_aws() {
    let bench = Bench::new();
    let runtime = "nodejs22.x";
    for (handler, text, expected) in [
        (
            "index.handler",
            "exports.handler = async () => { throw new RangeError('boom'); };",
            json!({ "errorType": "RangeError", "errorMessage": "boom",
                "trace": ["RangeError: boom", "    at exports.handler (/var/task/index.js:1:39)"] }),
        ),
        (
            "index.handler",
            "exports.handler = (e, c, done) => done('only text');",
            json!({ "errorType": "string", "errorMessage": "only text", "trace": [] }),
        ),
        (
            "index.handler",
            "exports.handler = (e, c) => c.fail(new Error('failed'));",
            json!({ "errorType": "Error", "errorMessage": "failed",
                "trace": ["Error: failed", "    at exports.handler (/var/task/index.js:1:36)"] }),
        ),
        (
            "index.handler",
            "exports.handler = () => { setTimeout(() => { throw new Error('later'); }, 1); };",
            json!({ "errorType": "Error", "errorMessage": "later",
                "trace": ["Error: later", "    at Timeout._onTimeout (/var/task/index.js:1:52)"] }),
        ),
        (
            "index.handler",
            "exports.handler = (e, c, done) => { Promise.reject(new Error('left')); setTimeout(done, 1000); };",
            json!({ "errorType": "Runtime.UnhandledPromiseRejection", "errorMessage": "Error: left",
                "trace": ["Runtime.UnhandledPromiseRejection: Error: left", "    at exports.handler (/var/task/index.js:1:52)"] }),
        ),
        (
            "index.other",
            ECHO,
            json!({ "errorType": "Runtime.HandlerNotFound", "errorMessage": "index.other is undefined or not exported",
                "trace": ["Runtime.HandlerNotFound: index.other is undefined or not exported"] }),
        ),
        (
            "main.handler",
            ECHO,
            json!({ "errorType": "Runtime.ImportModuleError",
                "errorMessage": "Error: Cannot find module 'main'\nRequire stack:\n- /var/runtime/index.mjs",
                "trace": ["Runtime.ImportModuleError: Error: Cannot find module 'main'", "Require stack:"] }),
        ),
        (
            "index.handler",
            "require('no-such-package');",
            json!({ "errorType": "Runtime.ImportModuleError",
                "errorMessage": "Error: Cannot find module 'no-such-package'\nRequire stack:\n- /var/task/index.js\n- /var/runtime/index.mjs",
                "trace": ["Runtime.ImportModuleError: Error: Cannot find module 'no-such-package'", "Require stack:",
                    "- /var/task/index.js", "    at Object.<anonymous> (/var/task/index.js:1:1)"] }),
        ),
        (
            "index.handler",
            "exports.handler = ",
            json!({ "errorType": "Runtime.UserCodeSyntaxError", "errorMessage": "SyntaxError: Unexpected end of input",
                "trace": ["Runtime.UserCodeSyntaxError: SyntaxError: Unexpected end of input"] }),
        ),
        (
            "index.handler",
            "exports.handler = async () => process.exit(1);",
            json!({ "errorType": "Runtime.ExitError", "errorMessage": "RequestId: ID Error: Runtime exited with error: exit status 1" }),
        ),
        (
            "index.handler",
            "exports.handler = async () => process.exit(0);",
            json!({ "errorType": "Runtime.ExitError", "errorMessage": "RequestId: ID Error: Runtime exited without providing a reason" }),
        ),
        (
            "index.handler",
            "exports.handler = async () => { process.kill(process.pid, 'SIGKILL'); await new Promise(() => {}); };",
            json!({ "errorType": "Runtime.ExitError", "errorMessage": "RequestId: ID Error: Runtime exited with error: signal: killed" }),
        ),
    ] {
        check_failure(&bench, (runtime, "index.js", handler, text), expected).await;
    }
}

#[tokio::test]
async fn python_handlers_and_errors() {
    let bench = Bench::new();
    let runtime = "python3.12";
    for (file, handler, text, expected) in [
        (
            "handler.py",
            "handler.handler",
            "def handler(event, context):\n    return event",
            json!({ "a": 1 }),
        ),
        (
            "handler.py",
            "handler.handler",
            "def handler(event, context):\n    return b'\"raw\"'",
            json!("raw"),
        ),
        (
            "src/app.py",
            "src.app.run",
            "def run(event, context):\n    return 'dotted'",
            json!("dotted"),
        ),
        (
            "src/app.py",
            "src/app.run",
            "def run(event, context):\n    return 'slashed'",
            json!("slashed"),
        ),
        (
            "handler.py",
            "handler.handler",
            "import decimal\ndef handler(e, c):\n    return [decimal.Decimal('1.5'), 'ü', c.memory_limit_in_mb, c.function_version, 15000 < c.get_remaining_time_in_millis() <= 20000, c.identity.cognito_identity_id, c.client_context]",
            json!([1.5, "ü", "128", "$LATEST", true, null, null]),
        ),
    ] {
        check_result(&bench, (runtime, file, handler, text), json!({ "a": 1 }), expected).await;
    }
    for (handler, text, expected) in [
        (
            "handler.handler",
            "def handler(event, context):\n    raise Exception(\"Some exception was raised.\")\n",
            json!({ "errorMessage": "Some exception was raised.", "errorType": "Exception", "requestId": "ID",
                "stackTrace": ["  File \"/var/task/handler.py\", line 2, in handler\n    raise Exception(\"Some exception was raised.\")\n"] }),
        ),
        (
            "handler.handler",
            "def handler(event, context):\n    return {1, 2}\n",
            json!({ "errorMessage": "Unable to marshal response: Object of type set is not JSON serializable",
                "errorType": "Runtime.MarshalError", "requestId": "ID", "stackTrace": [] }),
        ),
        (
            "handler.handler",
            "import no_such_module\n",
            json!({ "errorMessage": "Unable to import module 'handler': No module named 'no_such_module'",
                "errorType": "Runtime.ImportModuleError", "requestId": "", "stackTrace": [] }),
        ),
        (
            "handler.other",
            "x = 1\n",
            json!({ "errorMessage": "Handler 'other' missing on module 'handler'",
                "errorType": "Runtime.HandlerNotFound", "requestId": "", "stackTrace": [] }),
        ),
        (
            "handler",
            "x = 1\n",
            json!({ "errorMessage": "Bad handler 'handler': not enough values to unpack (expected 2, got 1)",
                "errorType": "Runtime.MalformedHandlerName", "requestId": "", "stackTrace": [] }),
        ),
        (
            "handler.handler",
            "import sys\ndef handler(event, context):\n    sys.exit(3)\n",
            json!({ "errorType": "Runtime.ExitError", "errorMessage": "RequestId: ID Error: Runtime exited with error: exit status 3" }),
        ),
    ] {
        check_failure(&bench, (runtime, "handler.py", handler, text), expected).await;
    }
}

const BOOTSTRAP: &str = r#"#!/usr/bin/env python3
import os, urllib.request
api = "http://" + os.environ["AWS_LAMBDA_RUNTIME_API"] + "/2018-06-01/runtime/invocation/"
while True:
    with urllib.request.urlopen(api + "next") as event:
        id, body = event.headers["Lambda-Runtime-Aws-Request-Id"], event.read()
    kind = "error" if b"fail" in body else "response"
    urllib.request.urlopen(urllib.request.Request(f"{api}{id}/{kind}", b'{"got": ' + body + b"}", method="POST")).read()
"#;

#[tokio::test]
async fn a_bootstrap_serves_the_runtime_api_itself() {
    let bench = Bench::new();
    bench
        .create("b", "provided.al2023", "any", &[("bootstrap", BOOTSTRAP)], json!({}))
        .await;
    assert_eq!(bench.result("b", json!([1])).await, json!({ "got": [1] }));
    assert_eq!(bench.failure("b", json!("fail")).await, json!({ "got": "fail" }));

    for (file, message) in [
        (
            ("readme", "x"),
            "RequestId: ID Error: Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]",
        ),
        (
            ("bootstrap", "x"),
            "RequestId: ID Error: fork/exec /var/task/bootstrap: permission denied",
        ),
    ] {
        let name = format!("b{}", bench.surroundings.uuid());
        bench.create(&name, "provided.al2", "any", &[file], json!({})).await;
        let expected = json!({ "errorType": "Runtime.InvalidEntrypoint", "errorMessage": message });
        assert_eq!(bench.failure(&name, json!({})).await, expected);
    }
}
