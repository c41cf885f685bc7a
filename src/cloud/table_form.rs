//! Tables between our words and those of DynamoDB's API.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, CreateGlobalSecondaryIndexAction, DeleteGlobalSecondaryIndexAction,
    GlobalSecondaryIndex, GlobalSecondaryIndexUpdate, IndexStatus, KeySchemaElement, KeyType,
    Projection as ProjectionForm, ProjectionType, ProvisionedThroughput, ScalarAttributeType, TableDescription,
    UpdateGlobalSecondaryIndexAction,
};

use crate::plan::desired::Tags;
use crate::plan::desired_data::DesiredTable;
use crate::plan::observed::ObservedTable;
use crate::stack::model::{Billing, Index, Key, KeyPart, Projection};

/// What DynamoDB tells of a table.
pub(super) fn observed(table: TableDescription, ttl: Option<String>, tags: Tags) -> ObservedTable {
    let status = status(&table);
    let types: BTreeMap<&str, &str> = table
        .attribute_definitions()
        .iter()
        .map(|attribute| (attribute.attribute_name(), attribute.attribute_type().as_str()))
        .collect();
    let indexes = table.global_secondary_indexes().iter().filter_map(|index| {
        let going = index.index_status() == Some(&IndexStatus::Deleting);
        let name = index.index_name().filter(|_| !going)?.to_owned();
        let key = key(index.key_schema(), &types);
        let projection = index.projection().map_or(Projection::All, projection);
        Some((name, Index { key, projection }))
    });
    let indexes = indexes.collect();
    let on_demand = table.billing_mode_summary().and_then(|summary| summary.billing_mode());
    let units = table.provisioned_throughput();
    let whole = |units: Option<i64>| units.and_then(|units| u32::try_from(units).ok()).unwrap_or_default();
    let billing = match on_demand {
        Some(BillingMode::PayPerRequest) => Billing::OnDemand,
        _ => Billing::Provisioned {
            read: whole(units.and_then(|units| units.read_capacity_units())),
            write: whole(units.and_then(|units| units.write_capacity_units())),
        },
    };
    ObservedTable {
        name: table.table_name().unwrap_or_default().to_owned(),
        arn: table.table_arn().unwrap_or_default().to_owned(),
        key: key(table.key_schema(), &types),
        status,
        indexes,
        billing,
        ttl,
        tags,
    }
}

/// The status of a table, `UPDATING` while an index comes or goes.
pub(super) fn status(table: &TableDescription) -> String {
    let status = table.table_status().map_or("ACTIVE", |status| status.as_str());
    let settled = |status: Option<&IndexStatus>| matches!(status, None | Some(IndexStatus::Active));
    let mut indexes = table.global_secondary_indexes().iter();
    if status == "ACTIVE" && !indexes.all(|index| settled(index.index_status())) {
        return "UPDATING".to_owned();
    }
    status.to_owned()
}

fn key(schema: &[KeySchemaElement], types: &BTreeMap<&str, &str>) -> Key {
    let part = |kind: KeyType| {
        let element = schema.iter().find(|element| *element.key_type() == kind)?;
        let name = element.attribute_name();
        let kind = match types.get(name) {
            Some(&"N") => "N",
            Some(&"B") => "B",
            _ => "S",
        };
        Some(KeyPart {
            name: name.to_owned(),
            kind,
        })
    };
    Key {
        partition: part(KeyType::Hash).unwrap_or(KeyPart {
            name: String::new(),
            kind: "S",
        }),
        sort: part(KeyType::Range),
    }
}

fn projection(form: &ProjectionForm) -> Projection {
    match form.projection_type() {
        Some(ProjectionType::KeysOnly) => Projection::KeysOnly,
        Some(ProjectionType::Include) => {
            let mut attributes = form.non_key_attributes().to_vec();
            attributes.sort();
            Projection::Include(attributes)
        }
        _ => Projection::All,
    }
}

/// The attributes of all keys of a table.
pub(super) fn all_attributes(table: &DesiredTable) -> Vec<AttributeDefinition> {
    attributes(std::iter::once(&table.key).chain(table.indexes.values().map(|index| &index.key)))
}

/// The attributes of keys, each once.
pub(super) fn attributes<'a>(keys: impl IntoIterator<Item = &'a Key>) -> Vec<AttributeDefinition> {
    let parts = keys
        .into_iter()
        .flat_map(|key| std::iter::once(&key.partition).chain(&key.sort));
    let types: BTreeMap<&str, &str> = parts.map(|part| (part.name.as_str(), part.kind)).collect();
    let built = types.into_iter().map(|(name, kind)| {
        AttributeDefinition::builder()
            .attribute_name(name)
            .attribute_type(ScalarAttributeType::from(kind))
            .build()
    });
    // Name and type are there: building cannot fail.
    built.filter_map(Result::ok).collect()
}

pub(super) fn key_schema(key: &Key) -> Vec<KeySchemaElement> {
    let element = |part: &KeyPart, kind: KeyType| {
        KeySchemaElement::builder()
            .attribute_name(&part.name)
            .key_type(kind)
            .build()
            .ok()
    };
    let sort = key.sort.as_ref().and_then(|sort| element(sort, KeyType::Range));
    element(&key.partition, KeyType::Hash).into_iter().chain(sort).collect()
}

pub(super) fn indexes(table: &DesiredTable) -> Option<Vec<GlobalSecondaryIndex>> {
    let built = table.indexes.iter().filter_map(|(name, index)| {
        GlobalSecondaryIndex::builder()
            .index_name(name)
            .set_key_schema(Some(key_schema(&index.key)))
            .projection(projection_form(&index.projection))
            .set_provisioned_throughput(throughput(table.billing))
            .build()
            .ok()
    });
    Some(built.collect::<Vec<_>>()).filter(|indexes| !indexes.is_empty())
}

fn projection_form(projection: &Projection) -> ProjectionForm {
    let form = ProjectionForm::builder();
    match projection {
        Projection::All => form.projection_type(ProjectionType::All),
        Projection::KeysOnly => form.projection_type(ProjectionType::KeysOnly),
        Projection::Include(attributes) => form
            .projection_type(ProjectionType::Include)
            .set_non_key_attributes(Some(attributes.clone())),
    }
    .build()
}

pub(super) fn billing_mode(billing: Billing) -> BillingMode {
    match billing {
        Billing::OnDemand => BillingMode::PayPerRequest,
        Billing::Provisioned { .. } => BillingMode::Provisioned,
    }
}

pub(super) fn throughput(billing: Billing) -> Option<ProvisionedThroughput> {
    match billing {
        Billing::OnDemand => None,
        Billing::Provisioned { read, write } => ProvisionedThroughput::builder()
            .read_capacity_units(read.into())
            .write_capacity_units(write.into())
            .build()
            .ok(),
    }
}

pub(super) fn create_index(name: &str, index: &Index, billing: Billing) -> GlobalSecondaryIndexUpdate {
    let action = CreateGlobalSecondaryIndexAction::builder()
        .index_name(name)
        .set_key_schema(Some(key_schema(&index.key)))
        .projection(projection_form(&index.projection))
        .set_provisioned_throughput(throughput(billing))
        .build();
    GlobalSecondaryIndexUpdate::builder().set_create(action.ok()).build()
}

pub(super) fn delete_index(name: &str) -> GlobalSecondaryIndexUpdate {
    let action = DeleteGlobalSecondaryIndexAction::builder().index_name(name).build();
    GlobalSecondaryIndexUpdate::builder().set_delete(action.ok()).build()
}

pub(super) fn index_throughput(name: &str, billing: Billing) -> GlobalSecondaryIndexUpdate {
    let action = UpdateGlobalSecondaryIndexAction::builder()
        .index_name(name)
        .set_provisioned_throughput(throughput(billing))
        .build();
    GlobalSecondaryIndexUpdate::builder().set_update(action.ok()).build()
}
