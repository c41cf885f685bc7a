//! SQS queues: read, made, changed, removed.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_sqs::types::QueueAttributeName;
use serde_json::Value;

use super::Clients;
use super::apply::Step;
use super::error::{Answer, Fault, IfThere, Tried};
use crate::plan::desired::Tags;
use crate::plan::desired_data::DesiredQueue;
use crate::plan::observed::{ObservedQueue, owner};
use crate::plan::work::{QueueUpdate, TagChange};

/// SQS tells it by the name that it had in its former protocol.
const ABSENT: &[&str] = &["AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist"];

/// Another queue of that name, which differs in an attribute.
const EXISTS: &[&str] = &["QueueAlreadyExists", "QueueNameExists"];

/// The names of all queues.
pub(super) async fn list(clients: &Clients) -> Answer<Vec<String>> {
    // Without a size of pages, SQS gives no more than 1,000 and does not say so.
    let mut pages = clients.sqs.list_queues().max_results(1000).into_paginator().send();
    let mut names = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.tried(|| "list the queues".to_owned())?;
        let urls = page.queue_urls.unwrap_or_default().into_iter();
        names.extend(urls.filter_map(|url| url.rsplit('/').next().map(str::to_owned)));
    }
    Ok(names)
}

async fn url(clients: &Clients, name: &str) -> Answer<Option<String>> {
    let answer = clients.sqs.get_queue_url().queue_name(name).send().await;
    let output = answer.tried(|| format!("find the queue {name}")).if_there(ABSENT)?;
    Ok(output.and_then(|output| output.queue_url))
}

/// A queue, if it is there and `wanted` says yes to its tags.
pub(super) async fn read(
    clients: &Clients,
    name: &str,
    wanted: impl Fn(&Tags) -> bool,
) -> Answer<Option<ObservedQueue>> {
    let Some(url) = url(clients, name).await? else {
        return Ok(None);
    };
    let answer = clients.sqs.list_queue_tags().queue_url(&url).send().await;
    let Some(output) = answer
        .tried(|| format!("read the tags of the queue {name}"))
        .if_there(ABSENT)?
    else {
        return Ok(None);
    };
    let tags: Tags = output.tags.unwrap_or_default().into_iter().collect();
    if !wanted(&tags) {
        return Ok(None);
    }
    let request = clients.sqs.get_queue_attributes().queue_url(&url);
    let answer = request.attribute_names(QueueAttributeName::All).send().await;
    let output = answer.tried(|| format!("read the queue {name}")).if_there(ABSENT)?;
    Ok(output.map(|output| observed(name, output.attributes.unwrap_or_default(), tags)))
}

fn observed(name: &str, given: HashMap<QueueAttributeName, String>, tags: Tags) -> ObservedQueue {
    let mut attributes: BTreeMap<String, String> = given
        .into_iter()
        .map(|(name, value)| (name.as_str().to_owned(), value))
        .collect();
    let mut policy = |name: &str| {
        let text = attributes.remove(name).filter(|text| !text.is_empty())?;
        Some(serde_json::from_str(&text).unwrap_or(Value::String(text)))
    };
    ObservedQueue {
        name: name.to_owned(),
        policy: policy("Policy"),
        redrive: policy("RedrivePolicy"),
        arn: attributes.remove("QueueArn").unwrap_or_default(),
        attributes,
        tags,
    }
}

pub(super) async fn create(step: &Step, queue: &DesiredQueue) -> Answer<()> {
    let mut attributes = queue.attributes.clone();
    for (name, policy) in [("Policy", &queue.policy), ("RedrivePolicy", &queue.redrive)] {
        attributes.extend(policy.as_ref().map(|policy| (name.to_owned(), policy.to_string())));
    }
    let request = step
        .clients
        .sqs
        .create_queue()
        .queue_name(&queue.name)
        .set_attributes(Some(keyed(&attributes)))
        .set_tags(Some(queue.tags.clone().into_iter().collect()));
    let made = step.patience.retry(async || {
        let answer = request.clone().send().await;
        answer
            .tried(|| format!("create the queue {}", queue.name))
            .if_there(EXISTS)
    });
    match made.await? {
        Some(_) => Ok(()),
        None => complete(step, queue).await,
    }
}

/// A queue of that name came into being since the plan was made: ours, or somebody else's.
async fn complete(step: &Step, queue: &DesiredQueue) -> Answer<()> {
    let there = read(&step.clients, &queue.name, |tags| owner(tags) == owner(&queue.tags)).await?;
    let Some(there) = there else {
        return Err(Fault::other(format!(
            "cannot create the queue {}: somebody else has made one",
            queue.name
        )));
    };
    let (_, change) = crate::plan::compare_data::queue(&there, queue);
    update(step, &change).await
}

pub(super) async fn update(step: &Step, change: &QueueUpdate) -> Answer<()> {
    let name = &change.name;
    let Some(url) = url(&step.clients, name).await? else {
        return Err(Fault::other(format!("cannot change the queue {name}: it is gone")));
    };
    if !change.attributes.is_empty() {
        let request = step.clients.sqs.set_queue_attributes().queue_url(&url);
        let answer = request.set_attributes(Some(keyed(&change.attributes))).send().await;
        answer.tried(|| format!("change the queue {name}"))?;
    }
    tag(step, &url, name, &change.tags).await
}

async fn tag(step: &Step, url: &str, name: &str, change: &TagChange) -> Answer<()> {
    let sqs = &step.clients.sqs;
    if !change.set.is_empty() {
        let tags = change.set.clone().into_iter().collect();
        let answer = sqs.tag_queue().queue_url(url).set_tags(Some(tags)).send().await;
        answer.tried(|| format!("tag the queue {name}"))?;
    }
    if !change.remove.is_empty() {
        let keys = change.remove.clone();
        let answer = sqs.untag_queue().queue_url(url).set_tag_keys(Some(keys)).send().await;
        answer.tried(|| format!("remove tags of the queue {name}"))?;
    }
    Ok(())
}

pub(super) async fn delete(step: &Step, name: &str) -> Answer<()> {
    let Some(url) = url(&step.clients, name).await? else {
        return Ok(());
    };
    let answer = step.clients.sqs.delete_queue().queue_url(&url).send().await;
    answer.tried(|| format!("delete the queue {name}")).if_there(ABSENT)?;
    let gone = step.patience.poll("the queue is still being deleted", async || {
        let there = self::url(&step.clients, name).await?;
        Ok(there.is_none().then_some(()))
    });
    gone.await
}

fn keyed(attributes: &BTreeMap<String, String>) -> HashMap<QueueAttributeName, String> {
    attributes
        .iter()
        .map(|(name, value)| (QueueAttributeName::from(name.as_str()), value.clone()))
        .collect()
}
