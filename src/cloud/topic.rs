//! SNS topics: read, made, changed, removed.

use std::sync::Arc;

use aws_sdk_sns::types::Tag;

use super::apply::Step;
use super::error::{Answer, Fault, IfThere, Tried};
use super::{Clients, subscription};
use crate::plan::desired::Tags;
use crate::plan::desired_data::DesiredTopic;
use crate::plan::observed::{ObservedTopic, owner};
use crate::plan::work::{TagChange, TopicUpdate};

/// Reading the tags of a topic that is not there has a code of its own.
pub(super) const ABSENT: &[&str] = &["NotFound", "ResourceNotFound", "NotFoundException"];

/// The names and ARNs of all topics.
pub(super) async fn list(clients: &Clients) -> Answer<Vec<(String, String)>> {
    let mut pages = clients.sns.list_topics().into_paginator().send();
    let mut topics = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.tried(|| "list the topics".to_owned())?;
        let arns = page.topics.unwrap_or_default().into_iter();
        topics.extend(
            arns.filter_map(|topic| topic.topic_arn)
                .map(|arn| (name_of(&arn).to_owned(), arn)),
        );
    }
    Ok(topics)
}

/// The name in an ARN.
pub(super) fn name_of(arn: &str) -> &str {
    arn.rsplit(':').next().unwrap_or_default()
}

/// A topic, if it is there and `wanted` says yes to its tags.
pub(super) async fn read(
    clients: &Clients,
    arn: &str,
    wanted: impl Fn(&Tags) -> bool,
) -> Answer<Option<ObservedTopic>> {
    let name = name_of(arn);
    let answer = clients.sns.list_tags_for_resource().resource_arn(arn).send().await;
    let Some(output) = answer
        .tried(|| format!("read the tags of the topic {name}"))
        .if_there(ABSENT)?
    else {
        return Ok(None);
    };
    let tags = output.tags.unwrap_or_default().into_iter();
    let tags: Tags = tags.map(|tag| (tag.key, tag.value)).collect();
    if !wanted(&tags) {
        return Ok(None);
    }
    let answer = clients.sns.get_topic_attributes().topic_arn(arn).send().await;
    let output = answer.tried(|| format!("read the topic {name}")).if_there(ABSENT)?;
    Ok(output.map(|output| {
        let mut attributes = output.attributes.unwrap_or_default();
        ObservedTopic {
            name: name.to_owned(),
            arn: arn.to_owned(),
            display_name: attributes.remove("DisplayName").unwrap_or_default(),
            content_based_deduplication: attributes
                .get("ContentBasedDeduplication")
                .is_some_and(|value| value == "true"),
            tags,
        }
    }))
}

/// Creating succeeds when the topic is there already with these attributes and tags, and fails with others.
pub(super) async fn create(step: &Step, topic: &Arc<DesiredTopic>) -> Answer<String> {
    let mut request = step
        .clients
        .sns
        .create_topic()
        .name(&topic.name)
        .set_tags(Some(tags(&topic.tags)));
    if !topic.display_name.is_empty() {
        request = request.attributes("DisplayName", &topic.display_name);
    }
    if topic.fifo {
        let deduplication = topic.content_based_deduplication.to_string();
        request = request
            .attributes("FifoTopic", "true")
            .attributes("ContentBasedDeduplication", deduplication);
    }
    let answer = request.send().await;
    match answer.tried(|| format!("create the topic {}", topic.name)) {
        Ok(made) => {
            let arn = made.topic_arn.unwrap_or_default();
            keep_tags(step, topic, &arn).await?;
            Ok(arn)
        }
        Err(fault) if fault.said.contains("already exists") => complete(step, topic).await,
        Err(fault) => Err(fault),
    }
}

/// Not every emulator keeps the tags that a topic is created with, and without them it would not be ours at the next look.
async fn keep_tags(step: &Step, topic: &Arc<DesiredTopic>, arn: &str) -> Answer<()> {
    let answer = step.clients.sns.list_tags_for_resource().resource_arn(arn).send().await;
    let output = answer.tried(|| format!("read the tags of the topic {}", topic.name))?;
    let kept = output.tags.unwrap_or_default();
    if topic.tags.keys().all(|key| kept.iter().any(|tag| tag.key == *key)) {
        return Ok(());
    }
    let missing = TagChange {
        set: topic.tags.clone(),
        remove: Vec::new(),
    };
    tag(step, topic, &missing).await
}

/// A topic of that name came into being since the plan was made: ours, or somebody else's.
async fn complete(step: &Step, topic: &Arc<DesiredTopic>) -> Answer<String> {
    let there = read(&step.clients, &topic.arn, |tags| owner(tags) == owner(&topic.tags)).await?;
    let Some(there) = there else {
        return Err(Fault::other(format!(
            "cannot create the topic {}: somebody else has made one",
            topic.name
        )));
    };
    let (_, change) = crate::plan::compare_data::topic(&there, topic);
    update(step, &change).await?;
    Ok(there.arn)
}

pub(super) async fn update(step: &Step, change: &TopicUpdate) -> Answer<()> {
    let topic = &change.topic;
    tag(step, topic, &change.tags).await?;
    let deduplication = topic.content_based_deduplication.to_string();
    for (differs, attribute, value) in [
        (change.display_name, "DisplayName", &topic.display_name),
        (change.deduplication, "ContentBasedDeduplication", &deduplication),
    ] {
        if differs {
            let request = step.clients.sns.set_topic_attributes().topic_arn(&topic.arn);
            let answer = request.attribute_name(attribute).attribute_value(value).send().await;
            answer.tried(|| format!("change the topic {}", topic.name))?;
        }
    }
    Ok(())
}

async fn tag(step: &Step, topic: &DesiredTopic, change: &TagChange) -> Answer<()> {
    let sns = &step.clients.sns;
    if !change.set.is_empty() {
        let request = sns.tag_resource().resource_arn(&topic.arn);
        let answer = request.set_tags(Some(tags(&change.set))).send().await;
        answer.tried(|| format!("tag the topic {}", topic.name))?;
    }
    if !change.remove.is_empty() {
        let request = sns.untag_resource().resource_arn(&topic.arn);
        let answer = request.set_tag_keys(Some(change.remove.clone())).send().await;
        answer.tried(|| format!("remove tags of the topic {}", topic.name))?;
    }
    Ok(())
}

/// With its subscriptions; deleting what is not there succeeds.
pub(super) async fn delete(step: &Step, arn: &str) -> Answer<()> {
    // In an account they go with the topic, and nothing is lost if it may not be deleted.
    if !step.is_account {
        subscription::end_all(&step.clients, arn).await?;
    }
    let answer = step.clients.sns.delete_topic().topic_arn(arn).send().await;
    let deleted = answer.tried(|| format!("delete the topic {}", name_of(arn)));
    deleted.if_there(ABSENT).map(drop)
}

fn tags(tags: &Tags) -> Vec<Tag> {
    tags.iter()
        // Key and value are there: building cannot fail.
        .filter_map(|(key, value)| Tag::builder().key(key).value(value).build().ok())
        .collect()
}
