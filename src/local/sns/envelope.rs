//! The JSON around a message, as AWS writes it.
//!
//! The signature is not one: only AWS has the key. `Signature` says so, and whoever verifies it finds it wrong.
//! <https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html>

use serde_json::{Map, Value, json};

use super::Context;
use super::publish::Message;
use super::table::Subscription;

/// Stands where AWS has a signature; it can be decoded as base64, as clients do before they verify.
const NO_SIGNATURE: &str = "NotSignedByTheLocalCloud";

/// A message for a subscription of `sqs` or `http`.
pub(super) fn notification(
    subscription: &Subscription,
    message: &Message,
    text: &str,
    context: &Context<'_>,
) -> String {
    let mut members = vec![
        ("Type", json!("Notification")),
        ("MessageId", json!(message.id)),
        ("SequenceNumber", json!(message.sequence)),
        ("TopicArn", json!(subscription.topic_arn)),
        ("Subject", json!(message.subject)),
        ("Message", json!(text)),
        ("Timestamp", json!(timestamp(context.now))),
    ];
    // FIFO topics do not sign.
    if message.sequence.is_none() {
        members.extend(signature("SigningCertURL"));
    }
    members.push(("UnsubscribeURL", json!(unsubscribe_url(subscription, context))));
    if !message.attributes.is_empty() {
        members.push(("MessageAttributes", attributes(message).into()));
    }
    pretty(members)
}

/// The event of a function.
///
/// <https://docs.aws.amazon.com/lambda/latest/dg/with-sns.html>
pub(super) fn lambda_event(subscription: &Subscription, message: &Message, text: &str, context: &Context<'_>) -> Value {
    let mut sns = Map::new();
    let mut put = |name: &str, value: Value| {
        sns.insert(name.to_owned(), value);
    };
    put("Type", json!("Notification"));
    put("MessageId", json!(message.id));
    put("TopicArn", json!(subscription.topic_arn));
    put("Subject", json!(message.subject));
    put("Message", json!(text));
    put("Timestamp", json!(timestamp(context.now)));
    for (name, value) in signature("SigningCertUrl") {
        put(name, value);
    }
    put("UnsubscribeUrl", json!(unsubscribe_url(subscription, context)));
    put("MessageAttributes", attributes(message).into());
    json!({"Records": [{
        "EventSource": "aws:sns",
        "EventVersion": "1.0",
        "EventSubscriptionArn": subscription.arn,
        "Sns": sns,
    }]})
}

/// Headers and body of the request by which an HTTP endpoint learns that it was subscribed, and how to confirm it at
/// `endpoint`, where the local cloud is. `id` is the message's; it was asked for at `now`.
pub(super) fn confirmation(
    subscription: &Subscription,
    endpoint: &str,
    id: &str,
    now: i64,
) -> (Vec<(String, String)>, String) {
    let topic = &subscription.topic_arn;
    let url = url(
        endpoint,
        &[
            ("Action", "ConfirmSubscription"),
            ("Version", "2010-03-31"),
            ("TopicArn", topic),
            ("Token", &subscription.token),
        ],
    );
    let mut members = vec![
        ("Type", json!("SubscriptionConfirmation")),
        ("MessageId", json!(id)),
        ("Token", json!(subscription.token)),
        ("TopicArn", json!(topic)),
        (
            "Message",
            json!(format!(
                "You have chosen to subscribe to the topic {topic}.\nTo confirm the subscription, visit the SubscribeURL included \
                 in this message."
            )),
        ),
        ("SubscribeURL", json!(url)),
        ("Timestamp", json!(timestamp(now))),
    ];
    members.extend(signature("SigningCertURL"));
    let mut headers = headers("SubscriptionConfirmation", id, subscription);
    headers.retain(|(name, _)| name != "x-amz-sns-subscription-arn" && name != "x-amz-sns-rawdelivery");
    (headers, pretty(members))
}

/// Headers of a request to an HTTP endpoint.
pub(super) fn headers(kind: &str, id: &str, subscription: &Subscription) -> Vec<(String, String)> {
    let mut headers = vec![
        ("x-amz-sns-message-type", kind),
        ("x-amz-sns-message-id", id),
        ("x-amz-sns-topic-arn", &subscription.topic_arn),
        ("x-amz-sns-subscription-arn", &subscription.arn),
    ];
    if subscription.is_raw() {
        headers.push(("x-amz-sns-rawdelivery", "true"));
    }
    let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    headers.into_iter().map(owned).collect()
}

fn signature(certificate: &'static str) -> [(&'static str, Value); 3] {
    [
        ("SignatureVersion", json!("1")),
        ("Signature", json!(NO_SIGNATURE)),
        (certificate, json!("")),
    ]
}

fn attributes(message: &Message) -> Map<String, Value> {
    let shown = |(name, attribute): (&String, &Value)| {
        let value = attribute.get("StringValue").or_else(|| attribute.get("BinaryValue"));
        (name.clone(), json!({"Type": attribute.get("DataType"), "Value": value}))
    };
    message.attributes.iter().map(shown).collect()
}

fn unsubscribe_url(subscription: &Subscription, context: &Context<'_>) -> String {
    url(
        context.endpoint,
        &[
            ("Action", "Unsubscribe"),
            ("Version", "2010-03-31"),
            ("SubscriptionArn", &subscription.arn),
        ],
    )
}

fn url(endpoint: &str, parameters: &[(&str, &str)]) -> String {
    let query = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(parameters)
        .finish();
    format!("{}/?{query}", endpoint.trim_end_matches('/'))
}

/// With line breaks and spaces as AWS has them; members that are null are left out.
fn pretty(members: Vec<(&str, Value)>) -> String {
    let lines = members
        .into_iter()
        .filter(|(_, value)| !value.is_null())
        .map(|(name, value)| {
            let value = match value {
                Value::Object(entries) => {
                    let entries = entries
                        .iter()
                        .map(|(key, value)| format!("    {} : {value}", json!(key)));
                    format!("{{\n{}\n  }}", entries.collect::<Vec<_>>().join(",\n"))
                }
                other => other.to_string(),
            };
            format!("  {} : {value}", json!(name))
        });
    format!("{{\n{}\n}}", lines.collect::<Vec<_>>().join(",\n"))
}

/// `2026-01-31T12:00:00.000Z`
fn timestamp(now: i64) -> String {
    let whole = crate::local::clock::iso8601(now.unsigned_abs());
    format!("{}.{:03}Z", whole.trim_end_matches('Z'), now.rem_euclid(1000))
}
