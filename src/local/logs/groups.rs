//! Log groups: making, listing, deleting them, their retention and tags.

use rusqlite::{Connection, Transaction};
use serde_json::{Value, json};

use super::input::{INVALID, Input, group_of_arn, invalid};
use super::table::Group;
use crate::local::api::{ApiError, Reply};
use crate::local::clock;
use crate::local::constraint::Violations;

/// What operations without output answer.
pub(super) const NO_OUTPUT: Reply = Reply::Json(Value::Null);

/// The days that
/// [PutRetentionPolicy](https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html) takes.
const RETENTIONS: [i64; 22] = [
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
];

const CLASSES: [&str; 3] = ["STANDARD", "INFREQUENT_ACCESS", "DELIVERY"];
const MOST_TAGS: usize = 50;

pub(super) fn create(db: &Transaction<'_>, region: &str, input: &Input<'_>) -> Result<Reply, ApiError> {
    let name = input.group_name("logGroupName")?;
    let class = input.text("logGroupClass")?.unwrap_or("STANDARD");
    let mut violations = Violations::default();
    let constraint = format!("Member must satisfy enum value set: [{}]", CLASSES.join(", "));
    violations.check(CLASSES.contains(&class), "logGroupClass", class, &constraint);
    violations.done(INVALID)?;
    for member in ["kmsKeyId", "deletionProtectionEnabled"] {
        if input
            .0
            .get(member)
            .is_some_and(|value| !matches!(value, Value::Null | Value::Bool(false)))
        {
            return Err(ApiError::not_implemented(
                "logs",
                &format!("CreateLogGroup with {member}"),
            ));
        }
    }
    let tags = input.tags()?;
    if tags.len() > MOST_TAGS {
        return Err(too_many_tags());
    }
    if Group::find(db, region, name)?.is_some() {
        return Err(ApiError::new(
            "ResourceAlreadyExistsException",
            "The specified log group already exists",
        ));
    }
    Group::insert(db, (region, name), class, &tags, clock::now())?;
    Ok(NO_OUTPUT)
}

pub(super) fn describe(db: &Connection, region: &str, input: &Input<'_>) -> Result<Reply, ApiError> {
    for member in ["logGroupIdentifiers", "accountIdentifiers"] {
        if input.list(member)?.is_some() {
            return Err(ApiError::not_implemented(
                "logs",
                &format!("DescribeLogGroups with {member}"),
            ));
        }
    }
    let prefix = input.text("logGroupNamePrefix")?;
    let pattern = input.text("logGroupNamePattern")?;
    if prefix.is_some() && pattern.is_some() {
        return Err(invalid(
            "LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.",
        ));
    }
    let pattern = pattern.map(str::to_lowercase);
    let class = input.text("logGroupClass")?;
    let page = input.page(false)?;
    let mut groups = Group::all(db, region)?;
    groups.retain(|group| {
        prefix.is_none_or(|prefix| group.name.starts_with(prefix))
            && pattern
                .as_ref()
                .is_none_or(|pattern| group.name.to_lowercase().contains(pattern))
            && class.is_none_or(|class| group.class == class)
    });
    let (groups, token) = page.of(groups, |group| &group.name);
    let mut output = json!({ "logGroups": groups.iter().map(view).collect::<Vec<_>>() });
    if let Some(token) = token {
        output["nextToken"] = token.into();
    }
    Ok(Reply::Json(output))
}

fn view(group: &Group) -> Value {
    let mut view = json!({
        "arn": format!("{}:*", group.arn()),
        "creationTime": group.created,
        "deletionProtectionEnabled": false,
        "logGroupArn": group.arn(),
        "logGroupClass": group.class,
        "logGroupName": group.name,
        "metricFilterCount": 0,
        "storedBytes": group.bytes,
    });
    if let Some(days) = group.retention {
        view["retentionInDays"] = days.into();
    }
    view
}

pub(super) fn delete(db: &Transaction<'_>, region: &str, input: &Input<'_>) -> Result<Reply, ApiError> {
    let group = Group::get(db, region, input.group_name("logGroupName")?)?;
    db.execute("DELETE FROM logs_group WHERE id = ?1", [group.id])?;
    Ok(NO_OUTPUT)
}

pub(super) fn put_retention(db: &Transaction<'_>, region: &str, input: &Input<'_>) -> Result<Reply, ApiError> {
    let name = input.group_name("logGroupName")?;
    let mut violations = Violations::default();
    let days = input.number("retentionInDays")?.unwrap_or_else(|| {
        violations.missing("retentionInDays");
        1
    });
    let allowed = RETENTIONS.map(|days| days.to_string()).join(", ");
    let constraint = format!("Member must satisfy enum value set: [{allowed}]");
    violations.check(
        RETENTIONS.contains(&days),
        "retentionInDays",
        &days.to_string(),
        &constraint,
    );
    violations.done(INVALID)?;
    set_retention(db, &Group::get(db, region, name)?, Some(days))
}

pub(super) fn delete_retention(db: &Transaction<'_>, region: &str, input: &Input<'_>) -> Result<Reply, ApiError> {
    let group = Group::get(db, region, input.group_name("logGroupName")?)?;
    set_retention(db, &group, None)
}

fn set_retention(db: &Transaction<'_>, group: &Group, days: Option<i64>) -> Result<Reply, ApiError> {
    db.execute(
        "UPDATE logs_group SET retention = ?2 WHERE id = ?1",
        rusqlite::params![group.id, days],
    )?;
    Ok(NO_OUTPUT)
}

pub(super) fn tag(db: &Transaction<'_>, region: &str, input: &Input<'_>) -> Result<Reply, ApiError> {
    let tags = input.tags()?;
    let mut group = tagged(db, region, input)?;
    group.tags.extend(tags);
    if group.tags.len() > MOST_TAGS {
        return Err(too_many_tags());
    }
    group.update_tags(db)?;
    Ok(NO_OUTPUT)
}

pub(super) fn untag(db: &Transaction<'_>, region: &str, input: &Input<'_>) -> Result<Reply, ApiError> {
    let keys = input.texts("tagKeys")?.unwrap_or_default();
    let mut group = tagged(db, region, input)?;
    group.tags.retain(|key, _| !keys.contains(&key.as_str()));
    group.update_tags(db)?;
    Ok(NO_OUTPUT)
}

pub(super) fn list_tags(db: &Connection, region: &str, input: &Input<'_>) -> Result<Reply, ApiError> {
    let group = tagged(db, region, input)?;
    Ok(Reply::Json(json!({ "tags": group.tags })))
}

/// The log group whose ARN is `resourceArn`.
fn tagged(db: &Connection, region: &str, input: &Input<'_>) -> Result<Group, ApiError> {
    let arn = input.required("resourceArn")?;
    let name = group_of_arn(arn).ok_or_else(|| invalid(&format!("{arn} is not the ARN of a log group")))?;
    let group = Group::get(db, region, name)?;
    if arn.trim_end_matches(":*") == group.arn() {
        Ok(group)
    } else {
        Group::get(db, region, "")
    }
}

fn too_many_tags() -> ApiError {
    ApiError::new("TooManyTagsException", "A resource can have no more than 50 tags.")
}
