//! The door itself, over services made for it.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::sync::atomic::AtomicUsize;

use tokio::sync::Notify;

use super::*;
use crate::local::api::Pending;

/// Answers by its operation: panics, waits until told, or gives back its input.
#[derive(Default)]
struct Probe {
    entered: Notify,
    go_on: Notify,
    finished: AtomicUsize,
    closed_after: AtomicUsize,
}

impl Service for Probe {
    fn call(&self, call: Call) -> Pending<'_, Result<Reply, ApiError>> {
        Box::pin(async move {
            match call.operation.as_str() {
                "Panic" => panic!("on purpose"),
                "Wait" => {
                    self.entered.notify_one();
                    self.go_on.notified().await;
                }
                _ => {}
            }
            self.finished.fetch_add(1, Ordering::SeqCst);
            Ok(Reply::Json(json!({ "input": call.input, "region": call.region })))
        })
    }

    fn close(&self) -> Pending<'_, ()> {
        self.closed_after
            .store(self.finished.load(Ordering::SeqCst) + 1, Ordering::SeqCst);
        Box::pin(async {})
    }
}

fn door() -> (Arc<Door>, Arc<Probe>) {
    let mut door = Door::new(Place {
        folder: "/tmp/f".into(),
        endpoint: "http://127.0.0.1:9".to_owned(),
        instance: "i".to_owned(),
        mock_config: None,
    });
    let probe = Arc::new(Probe::default());
    door.add("states", Arc::clone(&probe) as Arc<dyn Service>);
    (Arc::new(door), probe)
}

fn states(operation: &str, body: &str) -> Request<Bytes> {
    let request = Request::post("/").header("x-amz-target", format!("AWSStepFunctions.{operation}"));
    request.body(Bytes::copy_from_slice(body.as_bytes())).unwrap()
}

async fn check(request: http::request::Builder, body: &'static str, status: u16, content: &str) {
    let (door, _) = door();
    let request = request.body(Bytes::from_static(body.as_bytes())).unwrap();
    let response = door.handle(request).await;
    let text = String::from_utf8(response.body().to_vec()).unwrap();
    assert_eq!(response.status().as_u16(), status, "{text}");
    assert!(text.contains(content), "{text}");
}

#[tokio::test]
async fn requests_find_their_answer() {
    let target = |target: &str| Request::post("/").header("x-amz-target", target);
    let ours = || target("AWSStepFunctions.Echo");
    check(ours(), r#"{"a":1}"#, 200, r#"{"input":{"a":1},"region":"us-east-1"}"#).await;
    check(ours(), "{", 400, r#""__type":"SerializationException""#).await;
    check(
        target("AWSStepFunctions.Panic"),
        "{}",
        500,
        r#""__type":"InternalFailure""#,
    )
    .await;
    let unknown = "not implemented by the local cloud: dynamodb:PutItem";
    check(target("DynamoDB_20120810.PutItem"), "{}", 501, unknown).await;
    check(
        Request::get("/").header("x-amz-target", "AWSStepFunctions.Echo"),
        "",
        405,
        "GET is not a method",
    )
    .await;
    check(Request::get("/"), "", 404, "for no AWS service").await;
    let form = "Action=Publish&Version=2010-03-31";
    let sns = Request::post("/").header("content-type", "application/x-www-form-urlencoded");
    check(
        sns,
        form,
        501,
        "<Message>not implemented by the local cloud: sns:Publish</Message>",
    )
    .await;
}

#[tokio::test]
async fn web_pages_are_refused() {
    let ours = || Request::post("/").header("x-amz-target", "AWSStepFunctions.Echo");
    let refused = "web pages may not use the local cloud";
    check(ours().header("origin", "https://example.com"), "{}", 403, refused).await;
    check(ours().header("origin", "null"), "{}", 403, refused).await;
    check(ours().header("sec-fetch-site", "cross-site"), "{}", 403, refused).await;
    check(
        Request::get("/_localstack/health").header("sec-fetch-site", "same-site"),
        "",
        403,
        refused,
    )
    .await;
    check(ours().header("sec-fetch-site", "none"), "{}", 200, "input").await;
}

#[tokio::test]
async fn own_pages_tell_what_runs() {
    let health = r#"{"services":{"stepfunctions":"running"},"edition":"stepstack","version":""#;
    check(Request::get("/_localstack/health"), "", 200, health).await;
    check(Request::get("/_stepstack/status"), "", 200, r#""instance":"i""#).await;
    check(
        Request::get("/_stepstack/nothing"),
        "",
        404,
        "there is no page /_stepstack/nothing",
    )
    .await;
}

#[tokio::test]
async fn bodies_have_a_limit() {
    let (door, _) = door();
    let response = door.handle(states("Echo", &" ".repeat(BODY_LIMIT + 1))).await;
    assert_eq!(response.status(), 413);
    let text = String::from_utf8(response.body().to_vec()).unwrap();
    assert!(text.contains("RequestEntityTooLargeException"), "{text}");
}

#[tokio::test]
async fn a_call_goes_on_when_its_client_goes_away() {
    let (door, probe) = door();
    let client = tokio::spawn({
        let door = Arc::clone(&door);
        async move { door.handle(states("Wait", "{}")).await }
    });
    probe.entered.notified().await;
    client.abort();
    assert!(client.await.unwrap_err().is_cancelled());
    probe.go_on.notify_one();
    door.close(Duration::from_secs(60)).await;
    assert_eq!(probe.finished.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn closing_waits_for_calls_under_way_and_refuses_new_ones() {
    let (door, probe) = door();
    let call = tokio::spawn({
        let door = Arc::clone(&door);
        async move { door.handle(states("Wait", "{}")).await }
    });
    probe.entered.notified().await;
    let closing = tokio::spawn({
        let door = Arc::clone(&door);
        async move { door.close(Duration::from_secs(60)).await }
    });
    while !door.closing.load(Ordering::SeqCst) {
        tokio::task::yield_now().await;
    }
    assert_eq!(door.handle(states("Echo", "{}")).await.status(), 503);
    assert_eq!(probe.closed_after.load(Ordering::SeqCst), 0, "not closed yet");
    probe.go_on.notify_one();
    assert_eq!(call.await.unwrap().status(), 200);
    closing.await.unwrap();
    assert_eq!(
        probe.closed_after.load(Ordering::SeqCst),
        2,
        "closed once the call had finished"
    );
}

#[tokio::test]
async fn closing_does_not_wait_for_ever() {
    let (door, probe) = door();
    let _call = tokio::spawn({
        let door = Arc::clone(&door);
        async move { door.handle(states("Wait", "{}")).await }
    });
    probe.entered.notified().await;
    door.close(Duration::ZERO).await;
    assert_eq!(probe.closed_after.load(Ordering::SeqCst), 1);
}
