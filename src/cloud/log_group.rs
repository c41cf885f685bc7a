//! CloudWatch Logs groups: read, made, changed, removed.

use super::Clients;
use super::apply::Step;
use super::error::{Answer, IfThere, Tried};
use crate::plan::desired::{DesiredLogGroup, Tags};
use crate::plan::observed::ObservedLogGroup;
use crate::plan::work::{LogGroupUpdate, TagChange};

const ABSENT: &[&str] = &["ResourceNotFoundException"];

/// Groups whose names begin so, without their tags.
pub(super) async fn list(clients: &Clients, prefix: &str) -> Answer<Vec<ObservedLogGroup>> {
    let request = clients.logs.describe_log_groups().log_group_name_prefix(prefix);
    let mut pages = request.into_paginator().send();
    let mut groups = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.tried(|| format!("list the log groups {prefix}*"))?;
        for group in page.log_groups.unwrap_or_default() {
            let Some(name) = group.log_group_name else { continue };
            let arn = group.log_group_arn.or(group.arn).unwrap_or_default();
            groups.push(ObservedLogGroup {
                arn: arn.trim_end_matches(":*").to_owned(),
                retention: group.retention_in_days.and_then(|days| u32::try_from(days).ok()),
                tags: Tags::new(),
                name,
            });
        }
    }
    Ok(groups)
}

/// The tags of a group; none if it is not there.
pub(super) async fn tags(clients: &Clients, group: &ObservedLogGroup) -> Answer<Option<Tags>> {
    let answer = clients
        .logs
        .list_tags_for_resource()
        .resource_arn(&group.arn)
        .send()
        .await;
    let output = answer
        .tried(|| format!("read the tags of the log group {}", group.name))
        .if_there(ABSENT)?;
    Ok(output.map(|output| output.tags.unwrap_or_default().into_iter().collect()))
}

pub(super) async fn create(step: &Step, group: &DesiredLogGroup) -> Answer<()> {
    let request = step.clients.logs.create_log_group().log_group_name(&group.name);
    let made = step
        .patience
        .retry(async || {
            let request = request.clone().set_tags(Some(group.tags.clone().into_iter().collect()));
            let answer = request
                .send()
                .await
                .tried(|| format!("create the log group {}", group.name));
            answer.if_there(&["ResourceAlreadyExistsException"])
        })
        .await?;
    let late = made.is_none();
    let change = LogGroupUpdate {
        name: group.name.clone(),
        arn: group.arn.clone(),
        retention: group.retention,
        // Late logs have made it in between, without tags.
        tags: TagChange {
            set: if late { group.tags.clone() } else { Tags::new() },
            remove: Vec::new(),
        },
    };
    update(step, &change).await
}

pub(super) async fn update(step: &Step, change: &LogGroupUpdate) -> Answer<()> {
    let logs = &step.clients.logs;
    let name = &change.name;
    if !change.tags.set.is_empty() {
        let tags = change.tags.set.clone().into_iter().collect();
        let request = logs.tag_resource().resource_arn(&change.arn).set_tags(Some(tags));
        request.send().await.tried(|| format!("tag the log group {name}"))?;
    }
    if !change.tags.remove.is_empty() {
        let keys = change.tags.remove.clone();
        let request = logs.untag_resource().resource_arn(&change.arn).set_tag_keys(Some(keys));
        request
            .send()
            .await
            .tried(|| format!("remove tags of the log group {name}"))?;
    }
    if let Some(days) = change.retention {
        let days = i32::try_from(days).unwrap_or(i32::MAX);
        let request = logs.put_retention_policy().log_group_name(name).retention_in_days(days);
        request
            .send()
            .await
            .tried(|| format!("set how long the log group {name} keeps logs"))?;
    }
    Ok(())
}

pub(super) async fn delete(step: &Step, name: &str) -> Answer<()> {
    let gone = step.patience.retry(async || {
        let answer = step.clients.logs.delete_log_group().log_group_name(name).send().await;
        answer.tried(|| format!("delete the log group {name}")).if_there(ABSENT)
    });
    gone.await.map(drop)
}
