//! Targets of rules.

use serde_json::{Value, json};

use super::rules::{get, page_of, with_next};
use super::table::Rule;
use super::{Input, missing, validation};
use crate::local::api::ApiError;
use crate::local::store::Store;

/// Targets of a rule ([quotas](https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html)).
const MOST: usize = 5;

/// The members of a target that are acted upon; its role is kept.
const KNOWN: &[&str] = &[
    "Id",
    "Arn",
    "RoleArn",
    "Input",
    "InputPath",
    "InputTransformer",
    "SqsParameters",
];

/// <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutTargets.html>
pub(super) fn put(store: &Store, region: &str, input: Input<'_>) -> Result<Value, ApiError> {
    let input = input.only(&["Rule", "EventBusName", "Targets"])?.on_default_bus()?;
    let name = input.required("Rule")?;
    let targets = input.list("Targets")?;
    for target in targets {
        check(target)?;
    }
    store.write(|db| {
        let rule = get(db, region, name)?;
        for target in targets {
            rule.put_target(db, target["Id"].as_str().unwrap_or_default(), target)?;
        }
        if rule.targets(db)?.len() > MOST {
            return Err(ApiError::new(
                "LimitExceededException",
                "The requested resource exceeds the maximum number allowed.",
            ));
        }
        Ok(json!({ "FailedEntryCount": 0, "FailedEntries": [] }))
    })
}

fn check(target: &Value) -> Result<(), ApiError> {
    let members = Input(target).only(KNOWN)?;
    let (id, arn) = (members.text("Id")?, members.text("Arn")?);
    let id = id.ok_or_else(|| missing("targets.1.member.id"))?;
    let arn = arn.ok_or_else(|| missing("targets.1.member.arn"))?;
    let invalid = |what: &str| validation(format!("Parameter {what} is not valid for target {id}."));
    let mut parts = arn.split(':');
    if parts.next() != Some("arn") {
        return Err(validation(format!(
            "Parameter {arn} is not valid. Reason: Provided Arn is not in correct format."
        )));
    }
    let service = parts.nth(1).unwrap_or_default();
    if !["sqs", "lambda", "states"].contains(&service) {
        return Err(ApiError::not_implemented("events", &format!("the target {arn}")));
    }
    // Queues and functions let EventBridge in by their own policies; a state machine is started as a role.
    if service == "states" && members.text("RoleArn")?.is_none_or(str::is_empty) {
        return Err(validation(format!("RoleArn is required for target {arn}.")));
    }
    let inputs = ["Input", "InputPath", "InputTransformer"];
    if inputs.iter().filter(|name| !target[**name].is_null()).count() > 1 {
        return Err(validation(format!(
            "Only one of Input, InputPath, or InputTransformer must be provided for target {id}."
        )));
    }
    let constant = members.text("Input")?;
    if constant.is_some_and(|text| serde_json::from_str::<serde::de::IgnoredAny>(text).is_err()) {
        return Err(validation(format!("JSON syntax error in input for target {id}")));
    }
    let path_is_valid = |path: &str| crate::expr::path::Path::parse(path).is_ok();
    if members.text("InputPath")?.is_some_and(|path| !path_is_valid(path)) {
        return Err(invalid("InputPath"));
    }
    let transformer = Input(&target["InputTransformer"]);
    if target["InputTransformer"].is_object() {
        transformer.only(&["InputPathsMap", "InputTemplate"])?;
        transformer.required("InputTemplate")?;
        let paths = target["InputTransformer"]["InputPathsMap"]
            .as_object()
            .into_iter()
            .flatten();
        let mut paths = paths.map(|(_, path)| path.as_str());
        if !paths.all(|path| path.is_some_and(path_is_valid)) {
            return Err(invalid("InputPathsMap"));
        }
    }
    if arn.ends_with(".fifo") && target["SqsParameters"]["MessageGroupId"].as_str().is_none() {
        return Err(validation(format!(
            "Parameter(s) SqsParameters must be specified for target: {id}."
        )));
    }
    Ok(())
}

/// <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_RemoveTargets.html>
pub(super) fn remove(store: &Store, region: &str, input: Input<'_>) -> Result<Value, ApiError> {
    let input = input
        .only(&["Rule", "EventBusName", "Ids", "Force"])?
        .on_default_bus()?;
    let name = input.required("Rule")?;
    let ids = input.list("Ids")?;
    store.write(|db| {
        let rule = get(db, region, name)?;
        let mut failed = Vec::new();
        for id in ids.iter().filter_map(Value::as_str) {
            if !rule.remove_target(db, id)? {
                failed.push(json!({
                    "TargetId": id,
                    "ErrorCode": "ResourceNotFoundException",
                    "ErrorMessage": format!("Rule {name} does not have any targets with id {id}"),
                }));
            }
        }
        Ok(json!({ "FailedEntryCount": failed.len(), "FailedEntries": failed }))
    })
}

/// <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_ListTargetsByRule.html>
pub(super) fn list(store: &Store, region: &str, input: Input<'_>) -> Result<Value, ApiError> {
    let input = input
        .only(&["Rule", "EventBusName", "NextToken", "Limit"])?
        .on_default_bus()?;
    let name = input.required("Rule")?;
    let targets = store.read(|db| Ok::<_, ApiError>(get(db, region, name)?.targets(db)?))?;
    let (targets, next) = page_of(input)?.of(targets, |target| target["Id"].as_str().unwrap_or_default());
    Ok(with_next("Targets", targets, next))
}

/// <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_ListRuleNamesByTarget.html>
pub(super) fn rules_of(store: &Store, region: &str, input: Input<'_>) -> Result<Value, ApiError> {
    let input = input
        .only(&["TargetArn", "EventBusName", "NextToken", "Limit"])?
        .on_default_bus()?;
    let arn = input.required("TargetArn")?;
    let names = store.read(|db| {
        let mut names = Vec::new();
        for rule in Rule::all(db, region)? {
            if rule.targets(db)?.iter().any(|target| target["Arn"] == arn) {
                names.push(rule.name);
            }
        }
        Ok::<_, ApiError>(names)
    })?;
    let (names, next) = page_of(input)?.of(names, |name| name);
    Ok(with_next(
        "RuleNames",
        names.into_iter().map(Value::from).collect(),
        next,
    ))
}
