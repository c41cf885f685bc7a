//! DynamoDB tables: read, made, filled, changed, removed. A table takes time to come, to change and to go, and while it
//! does, it takes no other change.

use std::sync::Arc;

use aws_sdk_dynamodb::operation::update_table::builders::UpdateTableFluentBuilder;
use aws_sdk_dynamodb::types::{
    GlobalSecondaryIndexUpdate, TableDescription, Tag, TimeToLiveSpecification, TimeToLiveStatus,
};

use super::Clients;
use super::apply::Step;
use super::error::{Answer, Fault, IfThere, Tried};
use super::{items, table_form};
use crate::plan::SEED_TAG;
use crate::plan::desired::Tags;
use crate::plan::desired_data::DesiredTable;
use crate::plan::observed::{ObservedTable, owner};
use crate::plan::work::{TableUpdate, TagChange};
use crate::stack::model::Billing;

const ABSENT: &[&str] = &["ResourceNotFoundException", "TableNotFoundException"];

/// The names of all tables.
pub(super) async fn list(clients: &Clients) -> Answer<Vec<String>> {
    let mut pages = clients.dynamodb.list_tables().into_paginator().send();
    let mut names = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.tried(|| "list the tables".to_owned())?;
        names.extend(page.table_names.unwrap_or_default());
    }
    Ok(names)
}

async fn describe(clients: &Clients, name: &str) -> Answer<Option<TableDescription>> {
    let answer = clients.dynamodb.describe_table().table_name(name).send().await;
    let output = answer.tried(|| format!("describe the table {name}")).if_there(ABSENT)?;
    Ok(output.and_then(|output| output.table))
}

/// A table, if it is there and `wanted` says yes to its tags.
pub(super) async fn read(
    clients: &Clients,
    name: &str,
    wanted: impl Fn(&Tags) -> bool,
) -> Answer<Option<ObservedTable>> {
    let Some(table) = describe(clients, name).await? else {
        return Ok(None);
    };
    let tags = match tags_of(clients, name, table.table_arn().unwrap_or_default()).await {
        // Who asks for the tags of a table that is gone by now is denied them.
        Err(fault) if fault.is_denied() && describe(clients, name).await?.is_none() => return Ok(None),
        tags => tags?,
    };
    let Some(tags) = tags else {
        return Ok(None);
    };
    if !wanted(&tags) {
        return Ok(None);
    }
    let ttl = ttl(clients, name).await?;
    Ok(Some(table_form::observed(table, ttl, tags)))
}

async fn tags_of(clients: &Clients, name: &str, arn: &str) -> Answer<Option<Tags>> {
    let mut tags = Tags::new();
    let mut token = None;
    loop {
        let request = clients.dynamodb.list_tags_of_resource().resource_arn(arn);
        let answer = request.set_next_token(token.take()).send().await;
        let output = answer
            .tried(|| format!("read the tags of the table {name}"))
            .if_there(ABSENT)?;
        let Some(output) = output else { return Ok(None) };
        tags.extend(
            output
                .tags
                .unwrap_or_default()
                .into_iter()
                .map(|tag| (tag.key, tag.value)),
        );
        token = output.next_token;
        if token.is_none() {
            return Ok(Some(tags));
        }
    }
}

/// The attribute by which items expire.
async fn ttl(clients: &Clients, name: &str) -> Answer<Option<String>> {
    let answer = clients.dynamodb.describe_time_to_live().table_name(name).send().await;
    let output = answer
        .tried(|| format!("read how items of the table {name} expire"))
        .if_there(ABSENT)?;
    let ttl = output.and_then(|output| output.time_to_live_description);
    Ok(ttl
        .filter(|ttl| {
            let status = ttl.time_to_live_status.as_ref();
            matches!(status, Some(TimeToLiveStatus::Enabled | TimeToLiveStatus::Enabling))
        })
        .and_then(|ttl| ttl.attribute_name))
}

pub(super) async fn create(step: &Step, table: &Arc<DesiredTable>) -> Answer<String> {
    let request = step
        .clients
        .dynamodb
        .create_table()
        .table_name(&table.name)
        .set_attribute_definitions(Some(table_form::all_attributes(table)))
        .set_key_schema(Some(table_form::key_schema(&table.key)))
        .set_global_secondary_indexes(table_form::indexes(table))
        .set_billing_mode(Some(table_form::billing_mode(table.billing)))
        .set_provisioned_throughput(table_form::throughput(table.billing))
        .set_tags(Some(tags(&table.tags)));
    let made = step.patience.retry(async || {
        let answer = request.clone().send().await;
        match answer.tried(|| format!("create the table {}", table.name)) {
            // The code of this conflict is that of those that pass.
            Err(fault) if fault.code == "ResourceInUseException" && fault.said.contains("already exists") => Ok(None),
            answer => answer.map(Some),
        }
    });
    let Some(made) = made.await? else {
        return complete(step, table).await;
    };
    settled(step, &table.name).await?;
    if let Some(attribute) = &table.ttl {
        expire(step, &table.name, attribute, true).await?;
    }
    fill(step, table).await?;
    let arn = made.table_description.and_then(|made| made.table_arn);
    Ok(arn.unwrap_or_else(|| table.arn.clone()))
}

/// A table of that name came into being since the plan was made: ours, or somebody else's.
async fn complete(step: &Step, table: &Arc<DesiredTable>) -> Answer<String> {
    let there = read(&step.clients, &table.name, |tags| owner(tags) == owner(&table.tags)).await?;
    let Some(there) = there.filter(|there| there.key == table.key) else {
        return Err(Fault::other(format!(
            "cannot create the table {}: somebody else has made one",
            table.name
        )));
    };
    let (_, change) = crate::plan::compare_data::table(&there, table);
    update(step, &change).await?;
    Ok(there.arn)
}

pub(super) async fn update(step: &Step, change: &TableUpdate) -> Answer<()> {
    let table = &change.table;
    let name = &table.name;
    settled(step, name).await?;
    tag(step, table, &change.tags).await?;
    if change.billing {
        let mut request = step.clients.dynamodb.update_table().table_name(name);
        request = request.billing_mode(table_form::billing_mode(table.billing));
        request = request.set_provisioned_throughput(table_form::throughput(table.billing));
        if let Billing::Provisioned { .. } = table.billing {
            let standing = table
                .indexes
                .keys()
                .filter(|index| !change.create_indexes.contains(index));
            let updates: Vec<GlobalSecondaryIndexUpdate> = standing
                .map(|index| table_form::index_throughput(index, table.billing))
                .collect();
            request = request.set_global_secondary_index_updates((!updates.is_empty()).then_some(updates));
        }
        let answer = request.send().await;
        answer.tried(|| format!("change how the table {name} is paid for"))?;
        settled(step, name).await?;
    }
    // DynamoDB takes one at a time.
    for index in &change.delete_indexes {
        let request = step.clients.dynamodb.update_table().table_name(name);
        let request = request.global_secondary_index_updates(table_form::delete_index(index));
        alter(step, name, request, format!("remove the index {index} of")).await?;
    }
    for (index, wanted) in &table.indexes {
        if change.create_indexes.contains(index) {
            let request = step.clients.dynamodb.update_table().table_name(name);
            let request = request
                .set_attribute_definitions(Some(table_form::attributes([&table.key, &wanted.key])))
                .global_secondary_index_updates(table_form::create_index(index, wanted, table.billing));
            alter(step, name, request, format!("create the index {index} of")).await?;
        }
    }
    if let Some(attribute) = &change.old_ttl {
        expire(step, name, attribute, false).await?;
    }
    if let Some(attribute) = &change.new_ttl {
        expire(step, name, attribute, true).await?;
    }
    if change.seed {
        fill(step, table).await?;
    }
    Ok(())
}

async fn alter(step: &Step, name: &str, request: UpdateTableFluentBuilder, what: String) -> Answer<()> {
    let altered = step.patience.retry(async || {
        let answer = request.clone().send().await;
        answer.tried(|| format!("{what} the table {name}"))
    });
    altered.await?;
    settled(step, name).await
}

async fn expire(step: &Step, name: &str, attribute: &str, enabled: bool) -> Answer<()> {
    let specification = TimeToLiveSpecification::builder()
        .attribute_name(attribute)
        .enabled(enabled)
        .build()
        .map_err(|error| Fault::other(error.to_string()))?;
    let request = step.clients.dynamodb.update_time_to_live().table_name(name);
    let answer = request.time_to_live_specification(specification).send().await;
    answer
        .tried(|| format!("set how items of the table {name} expire"))
        .map(drop)
}

/// Writes the items of the stack file, and then says so in a tag: cut off in between, they are written again. Others are
/// left alone.
async fn fill(step: &Step, table: &DesiredTable) -> Answer<()> {
    let Some(seed) = &table.seed else { return Ok(()) };
    items::write(step, &table.name, &table.items).await?;
    let change = TagChange {
        set: Tags::from([(SEED_TAG.to_owned(), seed.clone())]),
        remove: Vec::new(),
    };
    tag(step, table, &change).await
}

async fn tag(step: &Step, table: &DesiredTable, change: &TagChange) -> Answer<()> {
    let dynamodb = &step.clients.dynamodb;
    if !change.set.is_empty() {
        let request = dynamodb.tag_resource().resource_arn(&table.arn);
        let answer = request.set_tags(Some(tags(&change.set))).send().await;
        answer.tried(|| format!("tag the table {}", table.name))?;
    }
    if !change.remove.is_empty() {
        let request = dynamodb.untag_resource().resource_arn(&table.arn);
        let answer = request.set_tag_keys(Some(change.remove.clone())).send().await;
        answer.tried(|| format!("remove tags of the table {}", table.name))?;
    }
    Ok(())
}

/// Waits until a table and its indexes are active.
async fn settled(step: &Step, name: &str) -> Answer<()> {
    let reason = format!("the table {name} is not active yet");
    let settled = step.patience.poll(&reason, async || {
        let table = describe(&step.clients, name).await?;
        Ok(table
            .is_some_and(|table| table_form::status(&table) == "ACTIVE")
            .then_some(()))
    });
    settled.await
}

/// A table that is being made or changed cannot be deleted.
pub(super) async fn delete(step: &Step, name: &str) -> Answer<()> {
    let deleted = step.patience.retry(async || {
        let answer = step.clients.dynamodb.delete_table().table_name(name).send().await;
        match answer.tried(|| format!("delete the table {name}")) {
            Err(fault) if fault.code == "ResourceInUseException" && fault.said.contains("being deleted") => Ok(None),
            answer => answer.if_there(ABSENT),
        }
    });
    deleted.await?;
    let gone = step.patience.poll("the table is still being deleted", async || {
        Ok(describe(&step.clients, name).await?.is_none().then_some(()))
    });
    gone.await
}

fn tags(tags: &Tags) -> Vec<Tag> {
    tags.iter()
        // Key and value are there: building cannot fail.
        .filter_map(|(key, value)| Tag::builder().key(key).value(value).build().ok())
        .collect()
}
