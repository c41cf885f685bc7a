//! Invoke over the API.

use super::*;
use crate::local::lambda::table;

/// An Invoke with headers.
async fn invocation(
    bench: &Bench,
    headers: &[(&'static str, &'static str)],
    body: &[u8],
) -> Result<http::Response<Bytes>, ApiError> {
    let mut call = Call {
        operation: String::new(),
        input: Value::Null,
        method: http::Method::POST,
        path: "/2015-03-31/functions/f/invocations".to_owned(),
        query: Vec::new(),
        headers: http::HeaderMap::new(),
        body: Bytes::copy_from_slice(body),
        region: "us-east-1".to_owned(),
        request_id: crate::local::random::uuid(),
    };
    for (name, value) in headers {
        call.headers.insert(*name, http::HeaderValue::from_static(value));
    }
    bench.send(call).await
}

#[tokio::test]
async fn invoke_answers_with_aws_s_headers() {
    let bench = Bench::new();
    let text = "exports.handler = async (e, c) => { console.log('said'); if (e.fail) throw new Error('x'); return c.clientContext ?? 'none'; };";
    bench
        .create("f", "nodejs22.x", "index.handler", &[("index.js", text)], json!({}))
        .await;

    let plain = invocation(&bench, &[], b"{}").await.unwrap();
    assert_eq!(
        (plain.status().as_u16(), plain.body().as_ref()),
        (200, br#""none""#.as_slice())
    );
    assert_eq!(plain.headers()["x-amz-executed-version"], "$LATEST");
    assert!(!plain.headers().contains_key("x-amz-log-result") && !plain.headers().contains_key("x-amz-function-error"));

    let failed = invocation(&bench, &[("x-amz-log-type", "Tail")], br#"{"fail":1}"#)
        .await
        .unwrap();
    assert_eq!(failed.status(), 200);
    assert_eq!(failed.headers()["x-amz-function-error"], "Unhandled");
    let tail = STANDARD
        .decode(failed.headers()["x-amz-log-result"].as_bytes())
        .unwrap();
    let tail = String::from_utf8(tail).unwrap();
    assert!(
        tail.starts_with("START RequestId: ") && tail.contains("\tINFO\tsaid\n") && tail.contains("\nREPORT "),
        "{tail}"
    );

    let context = invocation(&bench, &[("x-amz-client-context", "eyJjdXN0b20iOnsiayI6InYifX0=")], b"")
        .await
        .unwrap();
    assert_eq!(context.body().as_ref(), br#"{"custom":{"k":"v"}}"#);
    assert_eq!(
        invocation(&bench, &[("x-amz-invocation-type", "DryRun")], b"")
            .await
            .unwrap()
            .status(),
        204
    );

    for (headers, body, expected) in [
        (
            vec![],
            b"{x".to_vec(),
            "400 InvalidRequestContentException: Could not parse request body into json: ",
        ),
        (
            vec![],
            vec![b' '; 6_291_457],
            "413 RequestEntityTooLargeException: 6291457 byte payload is too large for the RequestResponse invocation type (limit 6291456 bytes)",
        ),
        (
            vec![("x-amz-invocation-type", "Event")],
            vec![b' '; 1_048_577],
            "413 RequestEntityTooLargeException: 1048577 byte payload is too large for the Event invocation type",
        ),
        (
            vec![("x-amz-invocation-type", "Later")],
            vec![],
            "400 ValidationException: 1 validation error detected: Value 'Later' at 'invocationType' failed to satisfy constraint: Member must satisfy enum value set: [Event, RequestResponse, DryRun]",
        ),
        (
            vec![("x-amz-client-context", "x")],
            vec![],
            "400 InvalidRequestContentException: Client context must be",
        ),
    ] {
        let error = invocation(&bench, &headers, &body).await.unwrap_err();
        let found = format!("{} {}: {}", error.status, error.code, error.message);
        assert!(found.starts_with(expected), "{found}");
    }
}

#[tokio::test]
async fn events_are_done_even_by_the_next_process() {
    let bench = Bench::new();
    let text = "exports.handler = async (e) => { console.log('did', e.n); };";
    bench
        .create("f", "nodejs22.x", "index.handler", &[("index.js", text)], json!({}))
        .await;
    let accepted = invocation(&bench, &[("x-amz-invocation-type", "Event")], br#"{"n":1}"#)
        .await
        .unwrap();
    assert_eq!((accepted.status().as_u16(), accepted.body().len()), (202, 0));
    done(&bench, "did 1").await;

    // Accepted, and then this process died.
    let event = table::Event {
        id: "left".to_owned(),
        region: "us-east-1".to_owned(),
        name: "f".to_owned(),
        payload: br#"{"n":2}"#.to_vec(),
        attempts: 1,
        due_ms: 0,
    };
    let store = &bench.lambda.inner.store;
    store.write(|at| table::put_event(at, &event)).unwrap();
    bench.lambda.resume().unwrap();
    done(&bench, "did 2").await;
}

#[tokio::test]
async fn an_event_whose_function_fails_is_tried_again_a_minute_later() {
    let bench = Bench::new();
    let text = "exports.handler = async () => { throw new Error('x'); };";
    bench
        .create("f", "nodejs22.x", "index.handler", &[("index.js", text)], json!({}))
        .await;
    let before = crate::local::clock::now();
    let id = bench
        .lambda
        .invoke_event("us-east-1", "f", None, Bytes::from_static(b"{}"))
        .await
        .unwrap();
    let failed = async {
        loop {
            let events = bench.lambda.inner.store.read(table::events).unwrap();
            match events.into_iter().find(|event| event.attempts > 0) {
                Some(event) => return event,
                None => tokio::task::yield_now().await,
            }
        }
    };
    let event = tokio::time::timeout(Duration::from_secs(20), failed).await.unwrap();
    assert_eq!((event.id, event.attempts), (id, 1));
    assert!(event.due_ms >= before + 60_000);
}

/// Waits until a line was logged and no event is left.
async fn done(bench: &Bench, line: &str) {
    let wait = async {
        loop {
            let logged = bench
                .surroundings
                .logged
                .lock()
                .unwrap()
                .iter()
                .any(|(_, _, found)| found.contains(line));
            let left = bench.lambda.inner.store.read(table::events).unwrap();
            if logged && left.is_empty() {
                return;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), wait).await.unwrap();
}
