//! Topics and their attributes and tags.
//!
//! <https://docs.aws.amazon.com/sns/latest/api/API_CreateTopic.html>

use std::collections::BTreeMap;

use rusqlite::{Connection, Transaction};
use serde_json::json;

use super::error::{invalid, no_such_resource, not_implemented};
use super::params::{Params, check_tags};
use super::table::{self, Topic, check_arn, count_subscriptions};
use super::{Context, PAGE};
use crate::local::api::{ACCOUNT, ApiError, Reply};
use crate::local::page;
use crate::local::protocol::xml::{EMPTY_RESULT, Writer};

pub(super) fn create(db: &Transaction<'_>, context: &Context<'_>) -> Result<Reply, ApiError> {
    let params = &context.params;
    params.refuse(&["DataProtectionPolicy"])?;
    let name = params.required("Name")?;
    let given = params.attributes();
    check_name(
        name,
        given.iter().any(|(key, value)| *key == "FifoTopic" && *value == "true"),
    )?;
    let tags = params.tags()?;
    let mut topic = Topic {
        id: 0,
        arn: table::arn(context.region, name),
        attributes: BTreeMap::new(),
        tags: tags.iter().cloned().collect(),
    };
    for &(name, value) in &given {
        set_attribute(&mut topic, name, value, true)?;
    }
    match Topic::find(db, &topic.arn)? {
        None => topic.insert(db)?,
        Some(existing) => {
            let differs = |(name, _): &(&str, &str)| shown(&existing, name) != shown(&topic, name);
            if given.iter().any(differs) {
                return Err(invalid(
                    "Attributes Reason: Topic already exists with different attributes",
                ));
            }
            if tags.iter().any(|(key, value)| existing.tags.get(key) != Some(value)) {
                return Err(invalid("Tags Reason: Topic already exists with different tags"));
            }
        }
    }
    let mut out = Writer::default();
    out.text("TopicArn", &topic.arn);
    Ok(Reply::Xml(out.finish()))
}

fn check_name(name: &str, is_fifo: bool) -> Result<(), ApiError> {
    let allowed = |character: char| character.is_ascii_alphanumeric() || "-_".contains(character);
    let base = if is_fifo {
        name.strip_suffix(".fifo")
    } else {
        Some(name)
    };
    if name.len() <= 256 && base.is_some_and(|base| !base.is_empty() && base.chars().all(allowed)) {
        return Ok(());
    }
    Err(invalid(if is_fifo {
        "Fifo Topic names must end with .fifo and must be made up of only uppercase and lowercase ASCII letters, numbers, \
         underscores, and hyphens, and must be between 1 and 256 characters long."
    } else {
        "Topic Name"
    }))
}

/// Checks an attribute and sets it.
fn set_attribute(topic: &mut Topic, name: &str, value: &str, creating: bool) -> Result<(), ApiError> {
    let is_flag = value == "true" || value == "false";
    let fits = match name {
        "DisplayName" => value.chars().count() <= 100,
        "Policy" => serde_json::from_str::<serde_json::Value>(value).is_ok_and(|policy| policy.is_object()),
        "FifoTopic" if creating => is_flag && (value == "true") == topic.is_fifo(),
        "ContentBasedDeduplication" if topic.is_fifo() => is_flag,
        "FifoThroughputScope" if topic.is_fifo() => value == "Topic" || value == "MessageGroup",
        "SignatureVersion" => value == "1" || value == "2",
        "TracingConfig" if value != "Active" => value == "PassThrough",
        // Being without is what the local cloud can do of these.
        "KmsMasterKeyId" | "DeliveryPolicy" | "ArchivePolicy" if value.is_empty() => {
            topic.attributes.remove(name);
            return Ok(());
        }
        "KmsMasterKeyId" | "DeliveryPolicy" | "ArchivePolicy" | "TracingConfig" => return Err(unsupported(name)),
        _ if name.contains("Feedback") => return Err(unsupported(name)),
        _ => return Err(invalid("AttributeName")),
    };
    if !fits {
        return Err(invalid(format!(
            "Attributes Reason: Invalid value for attribute {name}"
        )));
    }
    topic.attributes.insert(name.to_owned(), value.to_owned());
    Ok(())
}

fn unsupported(attribute: &str) -> ApiError {
    not_implemented(&format!("the attribute {attribute}"))
}

/// What was set, or the default; none if the topic has no such attribute.
fn shown(topic: &Topic, name: &str) -> Option<String> {
    if let Some(set) = topic.attribute(name) {
        return Some(set.to_owned());
    }
    Some(match name {
        "TopicArn" => topic.arn.clone(),
        "Owner" => ACCOUNT.to_owned(),
        "DisplayName" => String::new(),
        "Policy" => default_policy(topic),
        "EffectiveDeliveryPolicy" => delivery_policy(),
        "SubscriptionsDeleted" => "0".to_owned(),
        "FifoTopic" if topic.is_fifo() => "true".to_owned(),
        "ContentBasedDeduplication" | "FifoTopic" => topic.is_fifo().then(|| "false".to_owned())?,
        "FifoThroughputScope" => topic.is_fifo().then(|| "Topic".to_owned())?,
        _ => return None,
    })
}

fn default_policy(topic: &Topic) -> String {
    let actions = [
        "GetTopicAttributes",
        "SetTopicAttributes",
        "AddPermission",
        "RemovePermission",
        "DeleteTopic",
        "Subscribe",
        "ListSubscriptionsByTopic",
        "Publish",
    ];
    json!({
        "Version": "2008-10-17",
        "Id": "__default_policy_ID",
        "Statement": [{
            "Effect": "Allow",
            "Sid": "__default_statement_ID",
            "Principal": {"AWS": "*"},
            "Action": actions.map(|action| format!("SNS:{action}")),
            "Resource": topic.arn,
            "Condition": {"StringEquals": {"AWS:SourceOwner": ACCOUNT}},
        }],
    })
    .to_string()
}

/// What the local cloud does, in the form of AWS.
fn delivery_policy() -> String {
    let seconds = super::outbox::RETRY_AFTER.as_secs();
    json!({"http": {
        "defaultHealthyRetryPolicy": {
            "minDelayTarget": seconds,
            "maxDelayTarget": seconds,
            "numRetries": super::outbox::RETRIES,
            "numMaxDelayRetries": 0,
            "numNoDelayRetries": 0,
            "numMinDelayRetries": 0,
            "backoffFunction": "linear",
        },
        "disableSubscriptionOverrides": false,
        "defaultRequestPolicy": {"headerContentType": "text/plain; charset=UTF-8"},
    }})
    .to_string()
}

pub(super) fn get_attributes(db: &Connection, context: &Context<'_>) -> Result<Reply, ApiError> {
    let topic = Topic::get(db, context.params.required("TopicArn")?)?;
    let (confirmed, pending) = count_subscriptions(db, &topic)?;
    let mut out = Writer::default();
    out.element("Attributes", |out| {
        let mut entry = |name: &str, value: &str| {
            out.element("entry", |out| {
                out.text("key", name);
                out.text("value", value);
            });
        };
        for name in SHOWN {
            if let Some(value) = shown(&topic, name) {
                entry(name, &value);
            }
        }
        entry("SubscriptionsConfirmed", &confirmed.to_string());
        entry("SubscriptionsPending", &pending.to_string());
    });
    Ok(Reply::Xml(out.finish()))
}

const SHOWN: &[&str] = &[
    "TopicArn",
    "Owner",
    "Policy",
    "DisplayName",
    "EffectiveDeliveryPolicy",
    "SubscriptionsDeleted",
    "FifoTopic",
    "ContentBasedDeduplication",
    "FifoThroughputScope",
    "SignatureVersion",
    "TracingConfig",
];

pub(super) fn set_attributes(db: &Transaction<'_>, context: &Context<'_>) -> Result<Reply, ApiError> {
    let params = &context.params;
    let mut topic = Topic::get(db, params.required("TopicArn")?)?;
    let name = params.required("AttributeName")?;
    set_attribute(
        &mut topic,
        name,
        params.text("AttributeValue").unwrap_or_default(),
        false,
    )?;
    topic.update(db)?;
    Ok(Reply::Xml(String::new()))
}

pub(super) fn list(db: &Connection, context: &Context<'_>) -> Result<Reply, ApiError> {
    let mut arns = Topic::list(db, context.region, &context.params.page()?, PAGE + 1)?;
    let more = arns.len() > PAGE;
    arns.truncate(PAGE);
    let mut out = Writer::default();
    out.list("Topics", &arns, |out, arn| out.text("TopicArn", arn));
    if let Some(last) = arns.last().filter(|_| more) {
        out.text("NextToken", &page::encode(last));
    }
    Ok(Reply::Xml(out.finish()))
}

/// Deleting what is not there is no error.
pub(super) fn delete(db: &Transaction<'_>, context: &Context<'_>) -> Result<Reply, ApiError> {
    let arn = context.params.required("TopicArn")?;
    check_arn("TopicArn", arn)?;
    db.execute("DELETE FROM sns_topic WHERE arn = ?1", [arn])
        .map_err(ApiError::from)?;
    Ok(Reply::Xml(String::new()))
}

fn tagged(db: &Connection, params: &Params<'_>) -> Result<Topic, ApiError> {
    Topic::find(db, params.required("ResourceArn")?)?.ok_or_else(no_such_resource)
}

pub(super) fn tag(db: &Transaction<'_>, context: &Context<'_>) -> Result<Reply, ApiError> {
    let mut topic = tagged(db, &context.params)?;
    topic.tags.extend(context.params.tags()?);
    check_tags(&topic.tags.clone().into_iter().collect::<Vec<_>>())?;
    topic.update(db)?;
    Ok(Reply::Xml(EMPTY_RESULT.to_owned()))
}

pub(super) fn untag(db: &Transaction<'_>, context: &Context<'_>) -> Result<Reply, ApiError> {
    let mut topic = tagged(db, &context.params)?;
    let keys = context.params.texts("TagKeys");
    topic.tags.retain(|key, _| !keys.contains(&key.as_str()));
    topic.update(db)?;
    Ok(Reply::Xml(EMPTY_RESULT.to_owned()))
}

pub(super) fn list_tags(db: &Connection, context: &Context<'_>) -> Result<Reply, ApiError> {
    let topic = tagged(db, &context.params)?;
    let mut out = Writer::default();
    out.list("Tags", &topic.tags, |out, (key, value)| {
        out.text("Key", key);
        out.text("Value", value);
    });
    Ok(Reply::Xml(out.finish()))
}
