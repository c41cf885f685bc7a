//! Tests of the service as a whole, with services that write down what they are sent.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::collections::VecDeque;
use std::sync::Mutex;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response};

use super::*;

/// Answers with the given statuses, then with 200.
#[derive(Default)]
struct Fake {
    sent: Mutex<Vec<String>>,
    statuses: Mutex<VecDeque<u16>>,
    arrived: tokio::sync::Notify,
}

impl Services for Fake {
    fn send(&self, request: Request<Bytes>) -> Pending<'_, Response<Bytes>> {
        Box::pin(async move {
            let target = request
                .headers()
                .get("x-amz-target")
                .map_or("", |target| target.to_str().unwrap());
            let body = String::from_utf8(request.body().to_vec()).unwrap();
            let line = format!("{} {target} {body}", request.uri());
            self.sent.lock().unwrap().push(line);
            let status = self.statuses.lock().unwrap().pop_front().unwrap_or(200);
            self.arrived.notify_one();
            Response::builder().status(status).body(Bytes::new()).unwrap()
        })
    }
}

struct Bench {
    store: Store,
    services: Arc<Fake>,
    events: Events,
}

impl Bench {
    fn new() -> Self {
        Self::on(Store::in_memory().unwrap(), Arc::new(Fake::default()))
    }

    fn on(store: Store, services: Arc<Fake>) -> Self {
        let clock: Clock = Arc::new(|| 1_762_431_681_500);
        let events = Events::open(store.clone(), services.clone(), clock).unwrap();
        Self {
            store,
            services,
            events,
        }
    }

    /// The answer, or the error as `Code: message`.
    fn call(&self, operation: &str, input: Value) -> Value {
        let call = Call {
            operation: operation.to_owned(),
            input,
            method: Method::POST,
            path: "/".to_owned(),
            query: Vec::new(),
            headers: HeaderMap::new(),
            body: Bytes::new(),
            region: "us-east-1".to_owned(),
            request_id: "id".to_owned(),
        };
        self.events
            .answer(&call)
            .unwrap_or_else(|error| format!("{}: {}", error.code, error.message).into())
    }

    #[track_caller]
    fn check(&self, operation: &str, input: Value, expected: Value) {
        assert_eq!(self.call(operation, input.clone()), expected, "{operation} {input}");
    }

    fn with_rule(self, target: Value) -> Self {
        self.call("PutRule", json!({"Name": "r", "EventPattern": r#"{"source":["s"]}"#}));
        let put = self.call("PutTargets", json!({"Rule": "r", "Targets": [target]}));
        assert_eq!(put["FailedEntryCount"], 0, "{put}");
        self
    }

    async fn arrivals(&self, count: usize) -> Vec<String> {
        loop {
            let sent = self.services.sent.lock().unwrap().clone();
            if sent.len() >= count {
                return sent;
            }
            tokio::time::timeout(std::time::Duration::from_secs(30), self.services.arrived.notified())
                .await
                .unwrap();
        }
    }

    /// Waits until nothing is left to be delivered.
    async fn delivered(&self) {
        for _ in 0..1000 {
            if self.store.read(table::pending).unwrap().is_empty() {
                return;
            }
            tokio::task::yield_now().await;
        }
        panic!("something is still to be delivered");
    }
}

fn entry() -> Value {
    json!({"Source": "s", "DetailType": "t", "Detail": "{\"a\":1}"})
}

#[tokio::test]
async fn rules_and_targets() {
    let bench = Bench::new();
    let arn = "arn:aws:events:us-east-1:000000000000:rule/r";
    let pattern = r#"{"source":["s"]}"#;
    let rule = json!({"Name": "r", "EventPattern": pattern, "ScheduleExpression": "", "EventBusName": "default"});
    bench.check("PutRule", rule, json!({"RuleArn": arn}));
    let described = json!({
        "Name": "r", "Arn": arn, "EventPattern": pattern, "State": "ENABLED", "EventBusName": "default",
        "CreatedBy": "000000000000",
    });
    bench.check("DescribeRule", json!({"Name": "r"}), described.clone());
    bench.check("DisableRule", json!({"Name": "r"}), Value::Null);
    assert_eq!(
        bench.call("ListRules", json!({"NamePrefix": "r"}))["Rules"][0]["State"],
        "DISABLED"
    );
    bench.check("EnableRule", json!({"Name": "r"}), Value::Null);
    let target = json!({"Id": "1", "Arn": "arn:aws:sqs:us-east-1:000000000000:q"});
    let done = json!({"FailedEntryCount": 0, "FailedEntries": []});
    bench.check("PutTargets", json!({"Rule": "r", "Targets": [target]}), done.clone());
    bench.check("ListTargetsByRule", json!({"Rule": "r"}), json!({"Targets": [target]}));
    let by = json!({"TargetArn": "arn:aws:sqs:us-east-1:000000000000:q"});
    bench.check("ListRuleNamesByTarget", by, json!({"RuleNames": ["r"]}));
    bench.check(
        "DeleteRule",
        json!({"Name": "r"}),
        json!("ValidationException: Rule can't be deleted since it has targets."),
    );
    assert_eq!(
        bench.call("RemoveTargets", json!({"Rule": "r", "Ids": ["2"]}))["FailedEntryCount"],
        1
    );
    bench.check("RemoveTargets", json!({"Rule": "r", "Ids": ["1"]}), done);
    bench.check("DeleteRule", json!({"Name": "r"}), Value::Null);
    bench.check("DeleteRule", json!({"Name": "r"}), Value::Null);
    bench.check(
        "DescribeRule",
        json!({"Name": "r"}),
        json!("ResourceNotFoundException: Rule r does not exist on EventBus default."),
    );
}

#[tokio::test]
async fn what_is_wrong_or_not_there_is_said() {
    let bench = Bench::new();
    let pattern = r#"{"source":["s"]}"#;
    for (operation, input, expected) in [
        (
            "PutRule",
            json!({"Name": "r"}),
            "ValidationException: Parameter(s) EventPattern or ScheduleExpression must be specified.",
        ),
        (
            "PutRule",
            json!({"Name": "r", "ScheduleExpression": "rate(1 minute)"}),
            "NotImplemented: not implemented by the local cloud: events:the parameter ScheduleExpression",
        ),
        (
            "PutRule",
            json!({"Name": "r", "EventPattern": "{\"a\": 1}"}),
            "InvalidEventPatternException: Event pattern is not valid. Reason: \"a\" must be an object or an array",
        ),
        (
            "PutRule",
            json!({"Name": "r", "EventPattern": pattern, "EventBusName": "other"}),
            "ResourceNotFoundException: Event bus other does not exist.",
        ),
        (
            "PutRule",
            json!({"Name": "r", "EventPattern": pattern, "Tags": []}),
            "NotImplemented: not implemented by the local cloud: events:the parameter Tags",
        ),
        (
            "PutTargets",
            json!({"Rule": "r", "Targets": [{"Id": "1", "Arn": "arn:aws:sns:us-east-1:0:t"}]}),
            "NotImplemented: not implemented by the local cloud: events:the target arn:aws:sns:us-east-1:0:t",
        ),
        (
            "PutTargets",
            json!({"Rule": "r", "Targets": [{"Id": "1", "Arn": "arn:aws:states:us-east-1:0:stateMachine:m"}]}),
            "ValidationException: RoleArn is required for target arn:aws:states:us-east-1:0:stateMachine:m.",
        ),
        (
            "PutTargets",
            json!({"Rule": "r", "Targets": [{"Id": "1", "Arn": "arn:aws:sqs:us-east-1:0:q"}]}),
            "ResourceNotFoundException: Rule r does not exist on EventBus default.",
        ),
        (
            "PutTargets",
            json!({"Rule": "r", "Targets": [{"Id": "1", "Arn": "arn:aws:sqs:us-east-1:0:q", "Input": "{", "RetryPolicy": {}}]}),
            "NotImplemented: not implemented by the local cloud: events:the parameter RetryPolicy",
        ),
        (
            "CreateEventBus",
            json!({"Name": "b"}),
            "NotImplemented: not implemented by the local cloud: events:CreateEventBus",
        ),
    ] {
        bench.check(operation, input, expected.into());
    }
    let mut entries = vec![entry(); 11];
    entries[0]["Resources"] = json!(["a", "b"]);
    let first = "PutEventsRequestEntry(time=null, source=s, resources=[a, b], detailType=t, detail={\"a\":1}, eventBusName=null, \
                 traceHeader=null)";
    let others = format!(", {}", first.replace("[a, b]", "null")).repeat(10);
    let refused = format!(
        "ValidationException: 1 validation error detected: Value '[{first}{others}]' at 'entries' failed to satisfy constraint: \
         Member must have length less than or equal to 10"
    );
    bench.check("PutEvents", json!({ "Entries": entries }), refused.into());
    bench.check(
        "PutEvents",
        json!({ "Entries": [] }),
        json!(
            "ValidationException: 1 validation error detected: Value '[]' at 'entries' failed to satisfy constraint: Member must \
             have length greater than or equal to 1"
        ),
    );
}

#[tokio::test]
async fn entries_are_taken_one_by_one() {
    let bench = Bench::new();
    for (change, code) in [
        (json!({"Source": ""}), "InvalidArgument"),
        (json!({"DetailType": null}), "InvalidArgument"),
        (json!({"Detail": "\"text\""}), "MalformedDetail"),
        (json!({"Detail": "{"}), "MalformedDetail"),
        (json!({"Source": "aws.s3"}), "NotAuthorizedForSourceException"),
        (json!({"EventBusName": "other"}), "ResourceNotFoundException"),
    ] {
        let mut wrong = entry();
        wrong
            .as_object_mut()
            .unwrap()
            .extend(change.as_object().unwrap().clone());
        let answer = bench.call("PutEvents", json!({"Entries": [entry(), wrong]}));
        assert_eq!(answer["FailedEntryCount"], 1, "{change}");
        assert_eq!(answer["Entries"][0]["EventId"].as_str().unwrap().len(), 36);
        assert_eq!(answer["Entries"][1]["ErrorCode"], code, "{change}");
    }
}

#[tokio::test]
async fn events_arrive_at_their_targets() {
    for (arn, expected) in [
        ("arn:aws:sqs:us-east-1:000000000000:q", "/ AmazonSQS.SendMessage "),
        (
            "arn:aws:lambda:us-east-1:000000000000:function:f",
            "/2015-03-31/functions/arn%3Aaws%3Alambda%3Aus%2Deast%2D1%3A000000000000%3Afunction%3Af/invocations  ",
        ),
        (
            "arn:aws:states:us-east-1:000000000000:stateMachine:m",
            "/ AWSStepFunctions.StartExecution ",
        ),
    ] {
        let bench =
            Bench::new().with_rule(json!({"Id": "1", "Arn": arn, "RoleArn": "arn:aws:iam::000000000000:role/r"}));
        let mut other = entry();
        other["Source"] = "other".into();
        let answer = bench.call("PutEvents", json!({"Entries": [other, entry()]}));
        let sent = bench.arrivals(1).await;
        let body = sent[0].strip_prefix(expected).unwrap();
        let body: Value = serde_json::from_str(body).unwrap();
        let event = body.get("MessageBody").or(body.get("input"));
        let event: Value = event.map_or(body.clone(), |text| {
            serde_json::from_str(text.as_str().unwrap()).unwrap()
        });
        assert_eq!(
            event,
            json!({
                "version": "0", "id": answer["Entries"][1]["EventId"], "detail-type": "t", "source": "s",
                "account": "000000000000", "time": "2025-11-06T12:21:21Z", "region": "us-east-1", "resources": [],
                "detail": {"a": 1},
            })
        );
        bench.delivered().await;
        assert_eq!(bench.services.sent.lock().unwrap().len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn what_fails_is_tried_again_and_then_given_up() {
    let target = json!({"Id": "1", "Arn": "arn:aws:sqs:us-east-1:000000000000:q"});
    for (statuses, attempts) in [(vec![500, 429], 3), (vec![400], 1), (vec![503; 9], 5), (vec![501], 1)] {
        let bench = Bench::new().with_rule(target.clone());
        *bench.services.statuses.lock().unwrap() = statuses.iter().copied().collect();
        bench.call("PutEvents", json!({"Entries": [entry()]}));
        bench.arrivals(attempts).await;
        bench.delivered().await;
        assert_eq!(bench.services.sent.lock().unwrap().len(), attempts, "{statuses:?}");
    }
}

#[tokio::test]
async fn the_next_process_delivers_what_was_accepted() {
    let bench = Bench::new().with_rule(json!({"Id": "1", "Arn": "arn:aws:sqs:us-east-1:000000000000:q"}));
    // Killed before anything was sent.
    bench.events.inner.turns.close();
    bench.call("PutEvents", json!({"Entries": [entry()]}));
    let store = bench.store.clone();
    drop(bench);
    let next = Bench::on(store, Arc::new(Fake::default()));
    assert_eq!(next.arrivals(1).await.len(), 1);
    next.delivered().await;
}

#[tokio::test]
async fn patterns_are_tried() {
    let bench = Bench::new();
    let event = json!({
        "id": "1", "account": "0", "source": "s", "time": "2025-11-06T12:21:21Z", "region": "r", "resources": [],
        "detail-type": "t", "detail": {},
    });
    for (source, expected) in [("s", true), ("t", false)] {
        let pattern = json!({"source": [source]}).to_string();
        let input = json!({"EventPattern": pattern, "Event": event.to_string()});
        bench.check("TestEventPattern", input, json!({ "Result": expected }));
    }
    let refused = bench.call(
        "TestEventPattern",
        json!({"EventPattern": "{\"a\":[1]}", "Event": "{}"}),
    );
    let expected = "ValidationException: Parameter Event is not valid. Reason: id is a required argument.";
    assert_eq!(refused, expected);
}
