//! Subscriptions of SNS topics, with what lets the topic invoke the function at their end.

use std::collections::HashMap;

use serde_json::Value;

use super::Clients;
use super::apply::Step;
use super::error::{Answer, IfThere, Tried};
use super::topic::{self, ABSENT};
use crate::plan::desired_data::{DesiredSubscription, InvokePermission};
use crate::plan::observed::ObservedSubscription;
use crate::plan::work::SubscriptionUpdate;

/// What SNS says in place of the ARN of a subscription that its end has not confirmed.
const PENDING: &[&str] = &["PendingConfirmation", "pending confirmation"];

/// What Lambda says of a function or a policy that is not there.
const NO_POLICY: &[&str] = &["ResourceNotFoundException"];

/// A subscription as it is listed.
struct Listed {
    /// None as long as its end has not confirmed it.
    arn: Option<String>,
    protocol: String,
    endpoint: String,
}

/// The subscriptions of a topic.
pub(super) async fn of_topic(clients: &Clients, topic_arn: &str) -> Answer<Vec<ObservedSubscription>> {
    let mut found = Vec::new();
    for listed in list(clients, topic_arn).await? {
        found.extend(read(clients, topic_arn, listed).await?);
    }
    Ok(found)
}

async fn list(clients: &Clients, topic_arn: &str) -> Answer<Vec<Listed>> {
    let name = topic::name_of(topic_arn);
    let request = clients.sns.list_subscriptions_by_topic().topic_arn(topic_arn);
    let mut pages = request.into_paginator().send();
    let mut found = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page
            .tried(|| format!("list the subscriptions of the topic {name}"))
            .if_there(ABSENT)?;
        for listed in page.and_then(|page| page.subscriptions).unwrap_or_default() {
            let arn = listed.subscription_arn.unwrap_or_default();
            // Unsubscribed, and listed for a while yet.
            if arn == "Deleted" {
                continue;
            }
            found.push(Listed {
                arn: Some(arn).filter(|arn| !PENDING.contains(&arn.as_str())),
                protocol: listed.protocol.unwrap_or_default(),
                endpoint: listed.endpoint.unwrap_or_default(),
            });
        }
    }
    Ok(found)
}

/// Ends all subscriptions of a topic that is about to be deleted. AWS does so itself; in LocalStack they outlive it.
pub(super) async fn end_all(clients: &Clients, topic_arn: &str) -> Answer<()> {
    for arn in list(clients, topic_arn)
        .await?
        .into_iter()
        .filter_map(|listed| listed.arn)
    {
        unsubscribe(clients, &arn).await?;
    }
    Ok(())
}

async fn read(clients: &Clients, topic_arn: &str, listed: Listed) -> Answer<Option<ObservedSubscription>> {
    let Listed {
        arn,
        protocol,
        endpoint,
    } = listed;
    let mut attributes = HashMap::new();
    if let Some(arn) = &arn {
        let answer = clients
            .sns
            .get_subscription_attributes()
            .subscription_arn(arn)
            .send()
            .await;
        let output = answer
            .tried(|| format!("read the subscription {arn}"))
            .if_there(ABSENT)?;
        let Some(output) = output else { return Ok(None) };
        attributes = output.attributes.unwrap_or_default();
    }
    let permitted = match protocol.as_str() {
        "lambda" => is_permitted(clients, topic_arn, &endpoint).await?,
        _ => true,
    };
    let filter = attributes.get("FilterPolicy").map(String::as_str).unwrap_or_default();
    let filter: Option<Value> = serde_json::from_str(filter).ok();
    Ok(Some(ObservedSubscription {
        topic: topic::name_of(topic_arn).to_owned(),
        topic_arn: topic_arn.to_owned(),
        raw_message_delivery: attributes
            .get("RawMessageDelivery")
            .is_some_and(|value| value == "true"),
        // An empty one lets everything through.
        filter_policy: filter.filter(|policy| policy.as_object().is_none_or(|policy| !policy.is_empty())),
        filter_policy_scope: attributes
            .remove("FilterPolicyScope")
            .unwrap_or_else(|| "MessageAttributes".to_owned()),
        arn,
        protocol,
        endpoint,
        permitted,
    }))
}

/// Whether the policy of a function has the statement for a topic.
async fn is_permitted(clients: &Clients, topic_arn: &str, function_arn: &str) -> Answer<bool> {
    let answer = clients.lambda.get_policy().function_name(function_arn).send().await;
    let output = answer
        .tried(|| format!("read the policy of {function_arn}"))
        .if_there(NO_POLICY)?;
    let policy: Option<Value> = output
        .and_then(|output| output.policy)
        .and_then(|text| serde_json::from_str(&text).ok());
    let name = |arn: &str| arn.rsplit(':').next().unwrap_or_default().to_owned();
    let wanted = InvokePermission::new(&name(function_arn), &name(topic_arn)).statement_id;
    let statements = policy.as_ref().and_then(|policy| policy.get("Statement"));
    let mut statements = statements.and_then(Value::as_array).into_iter().flatten();
    Ok(statements.any(|statement| statement.get("Sid").and_then(Value::as_str) == Some(wanted.as_str())))
}

/// Subscribing again what is subscribed gives the one that is there.
pub(super) async fn create(step: &Step, wanted: &DesiredSubscription) -> Answer<()> {
    // What is delivered at once should arrive.
    if let Some(permission) = &wanted.permission {
        permit(step, permission, &wanted.topic_arn).await?;
    }
    subscribe(step, wanted).await
}

async fn subscribe(step: &Step, wanted: &DesiredSubscription) -> Answer<()> {
    let mut request = step
        .clients
        .sns
        .subscribe()
        .topic_arn(&wanted.topic_arn)
        .protocol(&wanted.protocol)
        .endpoint(&wanted.endpoint)
        .return_subscription_arn(true);
    if wanted.raw_message_delivery {
        request = request.attributes("RawMessageDelivery", "true");
    }
    if let Some(policy) = &wanted.filter_policy {
        request = request
            .attributes("FilterPolicyScope", &wanted.filter_policy_scope)
            .attributes("FilterPolicy", policy.to_string());
    }
    let answer = request.send().await;
    answer.tried(|| format!("subscribe {}", wanted.name)).map(drop)
}

pub(super) async fn update(step: &Step, change: &SubscriptionUpdate) -> Answer<()> {
    let wanted = &change.subscription;
    if let Some(permission) = wanted.permission.as_ref().filter(|_| change.permit) {
        permit(step, permission, &wanted.topic_arn).await?;
    }
    if change.ask {
        return match subscribe(step, wanted).await {
            // Its settings are changed once it is confirmed.
            Err(fault) if fault.said.contains("already exists with different attributes") => Ok(()),
            answer => answer,
        };
    }
    let Some(arn) = &change.arn else { return Ok(()) };
    let set = async |attribute: &str, value: &str| {
        let request = step.clients.sns.set_subscription_attributes().subscription_arn(arn);
        let answer = request.attribute_name(attribute).attribute_value(value).send().await;
        answer
            .tried(|| format!("set {attribute} of the subscription {}", wanted.name))
            .map(drop)
    };
    if change.raw {
        set("RawMessageDelivery", &wanted.raw_message_delivery.to_string()).await?;
    }
    if change.filter {
        // The old policy may not fit what the new one looks at.
        set("FilterPolicy", "{}").await?;
        if let Some(policy) = &wanted.filter_policy {
            set("FilterPolicyScope", &wanted.filter_policy_scope).await?;
            set("FilterPolicy", &policy.to_string()).await?;
        }
    }
    Ok(())
}

/// Lets a topic invoke a function:
/// <https://docs.aws.amazon.com/sns/latest/dg/lambda-console.html>.
async fn permit(step: &Step, permission: &InvokePermission, topic_arn: &str) -> Answer<()> {
    let added = step.patience.retry(async || {
        let request = step
            .clients
            .lambda
            .add_permission()
            .function_name(&permission.function)
            .statement_id(&permission.statement_id)
            .action("lambda:InvokeFunction")
            .principal("sns.amazonaws.com")
            .source_arn(topic_arn);
        match request
            .send()
            .await
            .tried(|| format!("let the topic invoke the function {}", permission.function))
        {
            Err(fault) if fault.code == "ResourceConflictException" && fault.said.contains("already exist") => Ok(()),
            answer => answer.map(drop),
        }
    });
    added.await
}

pub(super) async fn delete(step: &Step, arn: &str, permission: Option<&InvokePermission>) -> Answer<()> {
    unsubscribe(&step.clients, arn).await?;
    let Some(permission) = permission else { return Ok(()) };
    let request = step
        .clients
        .lambda
        .remove_permission()
        .function_name(&permission.function)
        .statement_id(&permission.statement_id);
    let answer = request.send().await;
    answer
        .tried(|| format!("take the permission off the function {}", permission.function))
        .if_there(NO_POLICY)?;
    Ok(())
}

async fn unsubscribe(clients: &Clients, arn: &str) -> Answer<()> {
    let answer = clients.sns.unsubscribe().subscription_arn(arn).send().await;
    let ended = answer.tried(|| format!("remove the subscription {arn}"));
    ended.if_there(ABSENT).map(drop)
}
