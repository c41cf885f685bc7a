//! Subscriptions: making, confirming, listing and ending them, and their attributes.
//!
//! <https://docs.aws.amazon.com/sns/latest/api/API_Subscribe.html>

use std::collections::BTreeMap;

use rusqlite::{Connection, Transaction};
use serde_json::Value;

use super::error::{invalid, no_such_subscription, not_implemented};
use super::filter::Filter;
use super::http::Target;
use super::outbox::{self, Parcel};
use super::table::{Subscription, Topic, check_arn};
use super::{Context, PAGE};
use crate::local::api::{ACCOUNT, ApiError, Reply};
use crate::local::page;
use crate::local::protocol::xml::Writer;
use crate::local::random;

/// What stands for the ARN of a subscription that is not confirmed.
const PENDING: &str = "pending confirmation";

pub(super) fn subscribe(db: &Transaction<'_>, context: &Context<'_>) -> Result<Reply, ApiError> {
    let params = &context.params;
    let topic = Topic::get(db, params.required("TopicArn")?)?;
    let protocol = params.required("Protocol")?;
    let endpoint = params.text("Endpoint").ok_or_else(|| invalid("Endpoint"))?;
    check_endpoint(&topic, protocol, endpoint)?;
    let mut subscription = Subscription {
        arn: format!("{}:{}", topic.arn, random::uuid()),
        topic_arn: topic.arn.clone(),
        protocol: protocol.to_owned(),
        endpoint: endpoint.to_owned(),
        attributes: BTreeMap::new(),
        token: random::hex(64),
        is_confirmed: matches!(protocol, "sqs" | "lambda"),
    };
    for (name, value) in params.attributes() {
        set_attribute(db, &mut subscription, name, value)?;
    }
    if let Some(existing) = Subscription::of(db, &topic, protocol, endpoint)? {
        if existing.attributes != subscription.attributes {
            return Err(invalid(
                "Attributes Reason: Subscription already exists with different attributes",
            ));
        }
        subscription = existing;
    } else {
        subscription.insert(db, &topic)?;
    }
    // Also when it was there before: who subscribes again asks again. Nothing is sent to other machines.
    if !subscription.is_confirmed && protocol == "http" && Target::read(endpoint).is_some() {
        let parcel = Parcel::confirmation(&subscription, context.now);
        context.post(outbox::put(db, &parcel, context.now)?);
    }
    let shown = if subscription.is_confirmed || params.flag("ReturnSubscriptionArn") {
        &subscription.arn
    } else {
        PENDING
    };
    Ok(arn_reply(shown))
}

fn arn_reply(arn: &str) -> Reply {
    let mut out = Writer::default();
    out.text("SubscriptionArn", arn);
    Reply::Xml(out.finish())
}

fn check_endpoint(topic: &Topic, protocol: &str, endpoint: &str) -> Result<(), ApiError> {
    let is_arn_of = |service: &str| endpoint.split(':').nth(2) == Some(service) && endpoint.starts_with("arn:");
    let of_protocol = |prefix: &str| endpoint.to_ascii_lowercase().starts_with(prefix);
    match protocol {
        "sqs" if !is_arn_of("sqs") => return Err(invalid("SQS endpoint ARN")),
        "sqs" if endpoint.ends_with(".fifo") && !topic.is_fifo() => {
            return Err(invalid(
                "Invalid parameter: Endpoint Reason: FIFO SQS Queues can not be subscribed to standard SNS topics",
            ));
        }
        "sqs" => return Ok(()),
        "lambda" if !is_arn_of("lambda") => return Err(invalid("Lambda endpoint ARN")),
        "http" | "https" if !of_protocol(&format!("{protocol}://")) => {
            return Err(invalid("Endpoint must match the specified protocol"));
        }
        "email" | "email-json" if !endpoint.contains('@') => return Err(invalid("Email address")),
        "sms"
            if !endpoint
                .trim_start_matches('+')
                .chars()
                .all(|digit| digit.is_ascii_digit() || "-. ".contains(digit)) =>
        {
            return Err(invalid(format!("Invalid SMS endpoint: {endpoint}")));
        }
        "application" if !is_arn_of("sns") => {
            return Err(invalid("ApplicationEndpoint ARN specified for subscription."));
        }
        "lambda" | "http" | "https" | "email" | "email-json" | "sms" | "application" => {}
        "firehose" => return Err(not_implemented("Subscribe with the protocol firehose")),
        other => {
            return Err(invalid(format!(
                "Amazon SNS does not support this protocol string: {other}"
            )));
        }
    }
    if topic.is_fifo() {
        return Err(invalid(format!(
            "Invalid parameter: Endpoint Reason: Protocol {protocol} can not be subscribed to FIFO SNS topics"
        )));
    }
    Ok(())
}

/// Checks an attribute and sets it.
fn set_attribute(db: &Connection, subscription: &mut Subscription, name: &str, value: &str) -> Result<(), ApiError> {
    let wrong = |why: String| Err(invalid(format!("{name}: {why}")));
    match name {
        "FilterPolicy" | "RedrivePolicy" | "DeliveryPolicy" | "ReplayPolicy" | "SubscriptionRoleArn"
            if value.is_empty() =>
        {
            subscription.attributes.remove(name);
            return Ok(());
        }
        "RawMessageDelivery" if value != "true" && value != "false" => {
            return Err(invalid(
                "Attributes Reason: RawMessageDelivery: Invalid value, must be true or false.",
            ));
        }
        "RawMessageDelivery"
            if value == "true" && !matches!(subscription.protocol.as_str(), "sqs" | "http" | "https") =>
        {
            return Err(invalid(format!(
                "Attributes Reason: Delivery protocol [{}] does not support raw message delivery.",
                subscription.protocol
            )));
        }
        "RawMessageDelivery" => {}
        "FilterPolicyScope" if matches!(value, "MessageAttributes" | "MessageBody") => {}
        "FilterPolicyScope" => {
            return wrong(format!(
                "Invalid value [{value}]. Please use either MessageBody or MessageAttributes"
            ));
        }
        "FilterPolicy" => {
            if let Err(why) = Filter::read(value, true) {
                return wrong(why);
            }
        }
        "RedrivePolicy" => {
            if let Err(why) = check_redrive(db, subscription, value)? {
                return wrong(why);
            }
        }
        "DeliveryPolicy" | "ReplayPolicy" | "SubscriptionRoleArn" => {
            return Err(not_implemented(&format!("the attribute {name}")));
        }
        _ => return Err(invalid("AttributeName")),
    }
    subscription.attributes.insert(name.to_owned(), value.to_owned());
    Ok(())
}

fn check_redrive(db: &Connection, subscription: &Subscription, text: &str) -> Result<Result<(), String>, ApiError> {
    let Ok(Value::Object(policy)) = serde_json::from_str(text) else {
        return Ok(Err("failed to parse JSON.".to_owned()));
    };
    let target = policy.get("deadLetterTargetArn").and_then(Value::as_str);
    let Some(target) = target.filter(|arn| arn.starts_with("arn:aws:sqs:")) else {
        return Ok(Err("deadLetterTargetArn is an invalid arn".to_owned()));
    };
    let is_fifo = Topic::find(db, &subscription.topic_arn)?.is_some_and(|topic| topic.is_fifo());
    if target.ends_with(".fifo") != is_fifo {
        return Ok(Err(
            "must use the same type of queue (FIFO or standard) as the topic".to_owned()
        ));
    }
    Ok(Ok(()))
}

pub(super) fn confirm(db: &Transaction<'_>, context: &Context<'_>) -> Result<Reply, ApiError> {
    let params = &context.params;
    params.refuse(&["AuthenticateOnUnsubscribe"])?;
    let topic = Topic::get(db, params.required("TopicArn")?)?;
    let token = params.required("Token")?;
    let all = Subscription::of_topic(db, &topic, "", usize::MAX)?;
    let Some(mut subscription) = all.into_iter().find(|subscription| subscription.token == token) else {
        return Err(invalid("Invalid token"));
    };
    subscription.is_confirmed = true;
    subscription.update(db)?;
    Ok(arn_reply(&subscription.arn))
}

/// Ending what is not there is no error.
pub(super) fn unsubscribe(db: &Transaction<'_>, context: &Context<'_>) -> Result<Reply, ApiError> {
    let arn = context.params.required("SubscriptionArn")?;
    check_arn("SubscriptionArn", arn)?;
    db.execute("DELETE FROM sns_subscription WHERE arn = ?1", [arn])
        .map_err(ApiError::from)?;
    Ok(Reply::Xml(String::new()))
}

pub(super) fn list(db: &Connection, context: &Context<'_>) -> Result<Reply, ApiError> {
    let found = Subscription::of_region(db, context.region, &context.params.page()?, PAGE + 1)?;
    Ok(listed(found))
}

pub(super) fn list_by_topic(db: &Connection, context: &Context<'_>) -> Result<Reply, ApiError> {
    let topic = Topic::get(db, context.params.required("TopicArn")?)?;
    let found = Subscription::of_topic(db, &topic, &context.params.page()?, PAGE + 1)?;
    Ok(listed(found))
}

fn listed(mut found: Vec<Subscription>) -> Reply {
    let more = found.len() > PAGE;
    found.truncate(PAGE);
    let mut out = Writer::default();
    out.list("Subscriptions", &found, |out, subscription| {
        out.text("TopicArn", &subscription.topic_arn);
        out.text("Protocol", &subscription.protocol);
        let arn = if subscription.is_confirmed {
            &subscription.arn
        } else {
            "PendingConfirmation"
        };
        out.text("SubscriptionArn", arn);
        out.text("Owner", ACCOUNT);
        out.text("Endpoint", &subscription.endpoint);
    });
    if let Some(last) = found.last().filter(|_| more) {
        out.text("NextToken", &page::encode(&last.arn));
    }
    Reply::Xml(out.finish())
}

fn named(db: &Connection, context: &Context<'_>) -> Result<Subscription, ApiError> {
    let arn = context.params.required("SubscriptionArn")?;
    check_arn("SubscriptionArn", arn)?;
    Subscription::find(db, arn)?.ok_or_else(no_such_subscription)
}

pub(super) fn get_attributes(db: &Connection, context: &Context<'_>) -> Result<Reply, ApiError> {
    let subscription = named(db, context)?;
    let truth = |truth: bool| if truth { "true" } else { "false" };
    let principal = format!("arn:aws:iam::{ACCOUNT}:root");
    let mut shown: BTreeMap<&str, &str> = [
        ("SubscriptionArn", subscription.arn.as_str()),
        ("TopicArn", &subscription.topic_arn),
        ("Protocol", &subscription.protocol),
        ("Endpoint", &subscription.endpoint),
        ("Owner", ACCOUNT),
        ("SubscriptionPrincipal", &principal),
        ("PendingConfirmation", truth(!subscription.is_confirmed)),
        (
            "ConfirmationWasAuthenticated",
            truth(matches!(subscription.protocol.as_str(), "sqs" | "lambda")),
        ),
        ("RawMessageDelivery", "false"),
    ]
    .into();
    if subscription.attributes.contains_key("FilterPolicy") {
        shown.insert("FilterPolicyScope", "MessageAttributes");
    }
    shown.extend(
        subscription
            .attributes
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str())),
    );
    let mut out = Writer::default();
    out.element("Attributes", |out| {
        for (name, value) in shown {
            out.element("entry", |out| {
                out.text("key", name);
                out.text("value", value);
            });
        }
    });
    Ok(Reply::Xml(out.finish()))
}

pub(super) fn set_attributes(db: &Transaction<'_>, context: &Context<'_>) -> Result<Reply, ApiError> {
    let mut subscription = named(db, context)?;
    let name = context.params.required("AttributeName")?;
    let value = context.params.text("AttributeValue").unwrap_or_default();
    set_attribute(db, &mut subscription, name, value)?;
    subscription.update(db)?;
    Ok(Reply::Xml(String::new()))
}
