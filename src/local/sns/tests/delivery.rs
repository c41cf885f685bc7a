use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;

/// An HTTP endpoint that answers with those statuses, the last one for ever, and keeps what it gets.
struct Endpoint {
    address: SocketAddr,
    got: Arc<Mutex<Vec<String>>>,
}

impl Endpoint {
    async fn open(statuses: &'static [u16]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let got: Arc<Mutex<Vec<String>>> = Arc::default();
        let kept = Arc::clone(&got);
        tokio::spawn(async move {
            let mut left = statuses;
            while let Ok((mut stream, _)) = listener.accept().await {
                let request = read_request(&mut stream).await;
                kept.lock().unwrap().push(request);
                let (status, rest) = left.split_first().unwrap();
                if !rest.is_empty() {
                    left = rest;
                }
                let answer = format!("HTTP/1.1 {status} X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
                let _ = stream.write_all(answer.as_bytes()).await;
            }
        });
        Self { address, got }
    }

    fn url(&self) -> String {
        format!("http://{}/hook?a=b", self.address)
    }

    fn count(&self) -> usize {
        self.got.lock().unwrap().len()
    }

    fn get(&self, index: usize) -> String {
        self.got.lock().unwrap()[index].clone()
    }
}

async fn read_request(stream: &mut tokio::net::TcpStream) -> String {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let count = stream.read(&mut buffer).await.unwrap();
        bytes.extend_from_slice(&buffer[..count]);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            if body.len() >= length.unwrap_or("0").parse::<usize>().unwrap() || count == 0 {
                return text;
            }
        }
    }
}

fn body(request: &str) -> Value {
    serde_json::from_str(request.split_once("\r\n\r\n").unwrap().1).unwrap()
}

/// A confirmed subscription of an endpoint, which has got one request by then.
async fn subscribed(bench: &Bench, topic: &str, endpoint: &Endpoint, attributes: &[(&str, &str)]) -> String {
    let arn = bench.subscribe(topic, "http", &endpoint.url(), attributes);
    eventually("the confirmation request", || endpoint.count() == 1).await;
    let token = body(&endpoint.get(0))["Token"].as_str().unwrap().to_owned();
    let confirmed = bench.ok("ConfirmSubscription", &[("TopicArn", topic), ("Token", &token)]);
    assert_eq!(text_of(&confirmed, "SubscriptionArn"), arn);
    arn
}

#[tokio::test]
async fn an_endpoint_confirms_and_then_gets_messages() {
    let bench = Bench::open();
    let topic = bench.topic("t", &[]);
    let endpoint = Endpoint::open(&[200]).await;
    let arn = subscribed(&bench, &topic, &endpoint, &[]).await;
    let asked = endpoint.get(0);
    assert!(asked.starts_with("POST /hook?a=b HTTP/1.1\r\n"), "{asked}");
    assert!(
        asked.contains("x-amz-sns-message-type: SubscriptionConfirmation\r\n"),
        "{asked}"
    );
    let confirmation = body(&asked);
    assert_eq!(confirmation["Type"], "SubscriptionConfirmation");
    let link = confirmation["SubscribeURL"].as_str().unwrap();
    assert!(
        link.starts_with("http://here:1/?Action=ConfirmSubscription&Version=2010-03-31&TopicArn=arn"),
        "{link}"
    );

    bench.ok("Publish", &[("TopicArn", &topic), ("Message", "hello")]);
    eventually("the message", || endpoint.count() == 2).await;
    let request = endpoint.get(1);
    for header in [
        "x-amz-sns-message-type: Notification".to_owned(),
        format!("x-amz-sns-topic-arn: {topic}"),
        format!("x-amz-sns-subscription-arn: {arn}"),
        "content-type: text/plain; charset=UTF-8".to_owned(),
    ] {
        assert!(request.contains(&format!("{header}\r\n")), "{header} in {request}");
    }
    assert_eq!(body(&request)["Message"], "hello");
    eventually("the end of the delivery", || bench.pending() == 0).await;
}

#[tokio::test]
async fn a_raw_message_is_the_whole_body() {
    let bench = Bench::open();
    let topic = bench.topic("t", &[]);
    let endpoint = Endpoint::open(&[200]).await;
    subscribed(&bench, &topic, &endpoint, &[("RawMessageDelivery", "true")]).await;
    bench.ok("Publish", &[("TopicArn", &topic), ("Message", "hello")]);
    eventually("the message", || endpoint.count() == 2).await;
    let request = endpoint.get(1);
    assert!(
        request.ends_with("\r\n\r\nhello") && request.contains("x-amz-sns-rawdelivery: true\r\n"),
        "{request}"
    );
}

#[tokio::test]
async fn failures_are_tried_again_then_buried() {
    for (statuses, attempts, is_buried) in [
        (&[200, 500, 429, 200][..], 3, false),
        (&[200, 404][..], 1, true),
        (&[200, 503][..], 4, true),
        (&[200, 302][..], 4, true),
    ] {
        let bench = Bench::open();
        let topic = bench.topic("t", &[]);
        let dead = bench.queue("dead").await;
        let endpoint = Endpoint::open(statuses).await;
        let policy = json!({"deadLetterTargetArn": dead}).to_string();
        subscribed(&bench, &topic, &endpoint, &[("RedrivePolicy", &policy)]).await;
        bench.ok("Publish", &[("TopicArn", &topic), ("Message", "m")]);
        // The clock of the bench stands still: each wait is over as soon as it is moved.
        eventually("the end of the delivery", || {
            bench.now.fetch_add(1000, Ordering::SeqCst);
            bench.pending() == 0
        })
        .await;
        assert_eq!(endpoint.count() - 1, attempts, "{statuses:?}");
        let buried = bench.bodies(&dead).await;
        assert_eq!(buried.len(), usize::from(is_buried), "{statuses:?}");
        assert!(buried.iter().all(|body| body.contains(r#""Message" : "m""#)));
    }
}

#[tokio::test]
async fn a_function_gets_an_event() {
    let bench = Bench::open();
    let topic = bench.topic("t", &[]);
    let function = "arn:aws:lambda:us-east-1:000000000000:function:f";
    let arn = bench.subscribe(&topic, "lambda", function, &[]);
    let sent = bench.ok("Publish", &[("TopicArn", &topic), ("Message", "hello")]);
    eventually("the event", || !bench.functions.0.lock().unwrap().is_empty()).await;
    let (called, event) = bench.functions.0.lock().unwrap().remove(0);
    assert_eq!(called, function);
    let record = &event["Records"][0];
    assert_eq!(
        (&record["EventSource"], &record["EventSubscriptionArn"]),
        (&json!("aws:sns"), &json!(arn))
    );
    let sns = &record["Sns"];
    assert_eq!(
        (&sns["Message"], &sns["Subject"], &sns["MessageAttributes"]),
        (&json!("hello"), &Value::Null, &json!({}))
    );
    assert_eq!(sns["MessageId"], text_of(&sent, "MessageId"));
    eventually("the end of the delivery", || bench.pending() == 0).await;
}

#[tokio::test]
async fn a_function_that_is_not_there_is_not_tried_again() {
    let bench = Bench::open();
    let topic = bench.topic("t", &[]);
    let dead = bench.queue("dead").await;
    let policy = json!({"deadLetterTargetArn": dead}).to_string();
    bench.subscribe(
        &topic,
        "lambda",
        "arn:aws:lambda:us-east-1:000000000000:function:missing",
        &[("RedrivePolicy", &policy)],
    );
    bench.ok("Publish", &[("TopicArn", &topic), ("Message", "m")]);
    eventually("the end of the delivery", || bench.pending() == 0).await;
    assert_eq!(bench.bodies(&dead).await.len(), 1);
}

#[tokio::test]
async fn what_was_accepted_is_delivered_by_the_next_process() {
    let store = Store::in_memory().unwrap();
    let now = Arc::new(AtomicU64::new(START));
    let bench = Bench::over(store.clone(), now.clone());
    let topic = bench.topic("t", &[]);
    let endpoint = Endpoint::open(&[200, 500, 200]).await;
    subscribed(&bench, &topic, &endpoint, &[]).await;
    bench.ok("Publish", &[("TopicArn", &topic), ("Message", "m")]);
    // The first attempt fails, and the process ends before the second.
    eventually("the first attempt", || endpoint.count() == 2).await;
    bench.sns.close().await;
    drop(bench);
    now.fetch_add(1000, Ordering::SeqCst);
    let next = Bench::over(store, now);
    eventually("the second attempt", || endpoint.count() == 3).await;
    eventually("the end of the delivery", || next.pending() == 0).await;
    assert_eq!(body(&endpoint.get(2))["Message"], "m");
}

#[tokio::test]
async fn a_confirmation_leads_to_the_process_that_is_there() {
    let store = Store::in_memory().unwrap();
    let now = Arc::new(AtomicU64::new(START));
    let bench = Bench::over(store.clone(), now.clone());
    let topic = bench.topic("t", &[]);
    let endpoint = Endpoint::open(&[500, 200]).await;
    let arn = bench.subscribe(&topic, "http", &endpoint.url(), &[]);
    eventually("the first attempt", || endpoint.count() == 1).await;
    bench.sns.close().await;
    drop(bench);
    now.fetch_add(1000, Ordering::SeqCst);
    let next = Bench::reached_at("http://there:2", store, now);
    eventually("the second attempt", || endpoint.count() == 2).await;
    eventually("the end of the delivery", || next.pending() == 0).await;
    let (first, second) = (body(&endpoint.get(0)), body(&endpoint.get(1)));
    assert_eq!(first["MessageId"], second["MessageId"]);
    let link = |body: &Value| body["SubscribeURL"].as_str().unwrap().to_owned();
    assert_eq!(link(&second), link(&first).replace("http://here:1/", "http://there:2/"));

    // Who subscribes again is asked again, and it is the same subscription.
    assert_eq!(next.subscribe(&topic, "http", &endpoint.url(), &[]), arn);
    eventually("the next confirmation", || endpoint.count() == 3).await;
    assert_eq!(body(&endpoint.get(2))["Token"], first["Token"]);
}

#[tokio::test]
async fn who_has_confirmed_is_not_asked_again() {
    let bench = Bench::open();
    let topic = bench.topic("t", &[]);
    let endpoint = Endpoint::open(&[200, 500, 200]).await;
    bench.subscribe(&topic, "http", &endpoint.url(), &[]);
    eventually("the confirmation request", || endpoint.count() == 1).await;
    let token = body(&endpoint.get(0))["Token"].as_str().unwrap().to_owned();
    // The next one fails, and before it is tried again the first is heeded.
    bench.subscribe(&topic, "http", &endpoint.url(), &[]);
    eventually("the failed request", || endpoint.count() == 2).await;
    bench.ok("ConfirmSubscription", &[("TopicArn", &topic), ("Token", &token)]);
    eventually("the end of the delivery", || {
        bench.now.fetch_add(1000, Ordering::SeqCst);
        bench.pending() == 0
    })
    .await;
    assert_eq!(endpoint.count(), 2);
}
