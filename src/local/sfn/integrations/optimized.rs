//! Optimized integrations other than Lambda's: what they put into the call, and what they make of its answer
//! ([optimized integrations](https://docs.aws.amazon.com/step-functions/latest/dg/integrate-optimized.html)).

use bytes::Bytes;
use http::Response;
use serde_json::{Map, Value};

use super::Caller;
use super::catalog::Service;
use super::failure;
use super::metadata::{self, Headers};
use super::reply::{self, Times};
use crate::engine::Millis;
use crate::local::sfn::tasks::TaskOutcome;

/// A service that has optimized integrations.
#[derive(Debug)]
pub(super) struct Optimized {
    /// In resources: `states` of `arn:aws:states:::states:startExecution`.
    pub(super) name: &'static str,
    /// The same service for AWS SDK integrations.
    sdk: &'static str,
    /// In error names.
    prefix: &'static str,
    /// The SDK's exception for errors that have none of their own.
    base: &'static str,
    /// In causes.
    title: &'static str,
    /// What is said of the HTTP answer, if anything is: the newer SDK tells nothing.
    headers: Option<Headers>,
    /// Members that the service takes as a text of JSON, and the task also as JSON; in each item of a list, where one is
    /// named.
    texts: &'static [(&'static str, &'static str)],
}

pub(super) const OPTIMIZED: &[Optimized] = &[
    Optimized {
        name: "states",
        sdk: "sfn",
        prefix: "StepFunctions",
        base: "AWSStepFunctionsException",
        title: "AWSStepFunctions",
        headers: Some(Headers::Plain),
        texts: &[("", "Input")],
    },
    Optimized {
        name: "sns",
        sdk: "sns",
        prefix: "SNS",
        base: "AmazonSNSException",
        title: "AmazonSNS",
        headers: Some(Headers::Plain),
        texts: &[("", "Message")],
    },
    Optimized {
        name: "sqs",
        sdk: "sqs",
        prefix: "SQS",
        base: "AmazonSQSException",
        title: "AmazonSQS",
        headers: Some(Headers::Plain),
        texts: &[("", "MessageBody")],
    },
    Optimized {
        name: "dynamodb",
        sdk: "dynamodb",
        prefix: "DynamoDB",
        base: "AmazonDynamoDBException",
        title: "AmazonDynamoDBv2",
        headers: Some(Headers::Checked),
        texts: &[],
    },
    Optimized {
        name: EVENTS,
        sdk: "eventbridge",
        prefix: "EventBridge",
        base: "EventBridgeException",
        title: "EventBridge",
        headers: None,
        texts: &[("Entries", "Detail")],
    },
];

const EVENTS: &str = "events";

impl Optimized {
    /// The service of that name in resources.
    pub(super) fn find(name: &str) -> Option<&'static Self> {
        OPTIMIZED.iter().find(|optimized| optimized.name == name)
    }

    /// How the service is called.
    pub(super) fn service(&self) -> Option<&'static Service> {
        Service::find(self.sdk)
    }

    /// The parameters as the service takes them.
    pub(super) fn parameters(&self, caller: Caller<'_>, parameters: &Value) -> Value {
        let mut parameters = parameters.clone();
        for (list, member) in self.texts {
            if list.is_empty() {
                make_text(&mut parameters, member);
            } else if let Some(items) = parameters.get_mut(list).and_then(Value::as_array_mut) {
                items.iter_mut().for_each(|item| make_text(item, member));
            }
        }
        if self.name == EVENTS {
            name_origin(caller, &mut parameters);
        }
        parameters
    }

    /// What becomes of the task.
    pub(super) fn outcome(&self, operation: &str, response: &Response<Bytes>, now: Millis) -> TaskOutcome {
        let Some(service) = self.service() else {
            return TaskOutcome::failed("States.Runtime", format!("there is no service {}", self.sdk));
        };
        let times = if self.headers.is_some() {
            Times::Millis
        } else {
            Times::Text
        };
        let mut members = match reply::read(service, operation, response, times) {
            Ok(members) => members,
            Err(refusal) if self.headers.is_none() => return failure::of_sdk(self.title, &refusal),
            Err(refusal) => return failure::of_optimized(self.prefix, self.base, self.title, &refusal),
        };
        if self.name == EVENTS && members.get("FailedEntryCount").and_then(Value::as_u64) > Some(0) {
            return TaskOutcome::failed("EventBridge.FailedEntry", Value::Object(members).to_string());
        }
        if let Some(headers) = self.headers {
            members.extend(metadata::of(headers, response, reply::request_id(response), now));
        }
        TaskOutcome::Succeeded(Value::Object(sorted(members)).to_string())
    }
}

/// Writes a member that is JSON as a text; null stands for none.
fn make_text(members: &mut Value, name: &str) {
    if let Some(value) = members.get_mut(name)
        && !matches!(value, Value::String(_) | Value::Null)
    {
        *value = value.to_string().into();
    }
}

/// Events tell which execution they come from, after what the task says.
fn name_origin(caller: Caller<'_>, parameters: &mut Value) {
    let origin = [caller.machine_arn(), caller.execution_arn.to_owned()];
    let entries = parameters.get_mut("Entries").and_then(Value::as_array_mut);
    for entry in entries.into_iter().flatten() {
        let Some(entry) = entry.as_object_mut() else {
            continue;
        };
        let resources = entry.entry("Resources").or_insert_with(|| Value::Array(Vec::new()));
        if let Some(resources) = resources.as_array_mut() {
            resources.extend(origin.iter().cloned().map(Value::String));
        }
    }
}

/// The older SDK writes members in alphabetical order.
pub(super) fn sorted(members: Map<String, Value>) -> Map<String, Value> {
    let mut members: Vec<(String, Value)> = members.into_iter().collect();
    members.sort_by(|(a, _), (b, _)| a.cmp(b));
    members.into_iter().collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde_json::json;

    use super::*;

    const CALLER: Caller<'_> = Caller {
        time: None,
        region: "us-east-1",
        execution_arn: "arn:aws:states:us-east-1:000000000000:execution:m:e",
    };

    #[test]
    fn json_becomes_text_where_the_service_takes_text() {
        let check = |name: &str, parameters: Value, expected: Value| {
            let optimized = Optimized::find(name).unwrap();
            assert_eq!(optimized.parameters(CALLER, &parameters), expected);
        };
        check("states", json!({"Input": {"a": 1}}), json!({"Input": "{\"a\":1}"}));
        check("states", json!({"Input": "{}"}), json!({"Input": "{}"}));
        check("states", json!({"Input": null}), json!({"Input": null}));
        check("sns", json!({"Message": true}), json!({"Message": "true"}));
        check("sqs", json!({"MessageBody": ["x"]}), json!({"MessageBody": "[\"x\"]"}));
        check(
            "dynamodb",
            json!({"Key": {"id": {"S": "1"}}}),
            json!({"Key": {"id": {"S": "1"}}}),
        );
        let machine = "arn:aws:states:us-east-1:000000000000:stateMachine:m";
        check(
            "events",
            json!({"Entries": [{"Detail": {"a": 1}, "Resources": ["r"]}]}),
            json!({"Entries": [{"Detail": "{\"a\":1}", "Resources": ["r", machine, CALLER.execution_arn]}]}),
        );
    }

    #[test]
    fn a_failed_entry_fails_the_task() {
        let entries = r#"{"FailedEntryCount":1,"Entries":[{"ErrorCode":"MalformedDetail"}]}"#;
        let response = Response::new(Bytes::from_static(entries.as_bytes()));
        let outcome = Optimized::find("events").unwrap().outcome("PutEvents", &response, 0);
        let TaskOutcome::Failed { error, cause } = outcome else {
            panic!("{outcome:?}");
        };
        assert_eq!(error.unwrap(), "EventBridge.FailedEntry");
        assert_eq!(
            serde_json::from_str::<Value>(&cause.unwrap()).unwrap(),
            serde_json::from_str::<Value>(entries).unwrap()
        );
    }

    #[test]
    fn the_answer_has_what_the_sdk_tells_of_it() {
        let body = r#"{"MessageId":"m","MD5OfMessageBody":"d"}"#;
        let response = Response::builder().header("x-amzn-requestid", "id");
        let response = response.body(Bytes::from_static(body.as_bytes())).unwrap();
        let TaskOutcome::Succeeded(output) = Optimized::find("sqs").unwrap().outcome("SendMessage", &response, 0)
        else {
            panic!("failed");
        };
        let output: Map<String, Value> = serde_json::from_str(&output).unwrap();
        let names: Vec<&String> = output.keys().collect();
        assert_eq!(
            names,
            [
                "MD5OfMessageBody",
                "MessageId",
                "SdkHttpMetadata",
                "SdkResponseMetadata"
            ]
        );
        assert_eq!(output["SdkResponseMetadata"], json!({"RequestId": "id"}));
    }
}
