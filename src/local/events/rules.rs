//! Rules.

use serde_json::{Map, Value, json};

use super::table::Rule;
use super::{Input, not_found, read_pattern, validation};
use crate::local::api::ApiError;
use crate::local::constraint::Violations;
use crate::local::page::{self, Page};
use crate::local::store::Store;

/// Items of a page of a list.
const PAGE: usize = 100;

/// <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutRule.html>
pub(super) fn put(store: &Store, region: &str, input: Input<'_>) -> Result<Value, ApiError> {
    let known = [
        "Name",
        "EventPattern",
        "ScheduleExpression",
        "State",
        "Description",
        "RoleArn",
        "EventBusName",
    ];
    let input = input.only(&known)?.on_default_bus()?;
    if input.text("ScheduleExpression")?.is_some() {
        return Err(ApiError::not_implemented("events", "the parameter ScheduleExpression"));
    }
    let name = input.required("Name")?;
    let state = input.text("State")?.unwrap_or("ENABLED");
    let mut violations = Violations::default();
    violations.length("name", name, 1, 64);
    violations.pattern("name", name, "[\\.\\-_A-Za-z0-9]+", |letter| {
        letter.is_ascii_alphanumeric() || ".-_".contains(letter)
    });
    let states =
        "Member must satisfy enum value set: [ENABLED, DISABLED, ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS]";
    violations.check(["ENABLED", "DISABLED"].contains(&state), "state", state, states);
    violations.length("description", input.text("Description")?.unwrap_or_default(), 0, 512);
    violations.done("ValidationException")?;
    let pattern = input
        .text("EventPattern")?
        .ok_or_else(|| validation("Parameter(s) EventPattern or ScheduleExpression must be specified."))?;
    read_pattern(pattern)?;
    let rule = Rule {
        id: 0,
        region: region.to_owned(),
        name: name.to_owned(),
        pattern: pattern.to_owned(),
        enabled: state == "ENABLED",
        description: input.text("Description")?.map(str::to_owned),
        role: input.text("RoleArn")?.map(str::to_owned),
    };
    store.write(|db| rule.put(db))?;
    Ok(json!({ "RuleArn": rule.arn() }))
}

/// The rule of that name.
pub(super) fn get(db: &rusqlite::Connection, region: &str, name: &str) -> Result<Rule, ApiError> {
    let found = Rule::find(db, region, name)?;
    found.ok_or_else(|| not_found(&format!("Rule {name} does not exist on EventBus default.")))
}

fn described(rule: &Rule) -> Map<String, Value> {
    let mut out = Map::new();
    out.insert("Name".to_owned(), rule.name.as_str().into());
    out.insert("Arn".to_owned(), rule.arn().into());
    out.insert("EventPattern".to_owned(), rule.pattern.as_str().into());
    out.insert(
        "State".to_owned(),
        if rule.enabled { "ENABLED" } else { "DISABLED" }.into(),
    );
    if let Some(description) = &rule.description {
        out.insert("Description".to_owned(), description.as_str().into());
    }
    if let Some(role) = &rule.role {
        out.insert("RoleArn".to_owned(), role.as_str().into());
    }
    out.insert("EventBusName".to_owned(), "default".into());
    out
}

/// <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_DescribeRule.html>
pub(super) fn describe(store: &Store, region: &str, input: Input<'_>) -> Result<Value, ApiError> {
    let name = input
        .only(&["Name", "EventBusName"])?
        .on_default_bus()?
        .required("Name")?;
    let rule = store.read(|db| get(db, region, name))?;
    let mut out = described(&rule);
    out.insert("CreatedBy".to_owned(), crate::local::api::ACCOUNT.into());
    Ok(Value::Object(out))
}

/// <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_DeleteRule.html>
pub(super) fn delete(store: &Store, region: &str, input: Input<'_>) -> Result<Value, ApiError> {
    let name = input
        .only(&["Name", "EventBusName", "Force"])?
        .on_default_bus()?
        .required("Name")?;
    store.write(|db| {
        // One that is not there is as good as deleted.
        let Some(rule) = Rule::find(db, region, name)? else {
            return Ok(Value::Null);
        };
        if rule.targets(db)?.is_empty() {
            rule.delete(db)?;
            Ok(Value::Null)
        } else {
            Err(validation("Rule can't be deleted since it has targets."))
        }
    })
}

/// <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_ListRules.html>
pub(super) fn list(store: &Store, region: &str, input: Input<'_>) -> Result<Value, ApiError> {
    let input = input
        .only(&["NamePrefix", "EventBusName", "NextToken", "Limit"])?
        .on_default_bus()?;
    let prefix = input.text("NamePrefix")?.unwrap_or_default();
    let mut rules = store.read(|db| Rule::all(db, region))?;
    rules.retain(|rule| rule.name.starts_with(prefix));
    let (rules, next) = page_of(input)?.of(rules, |rule| &rule.name);
    let described: Vec<Value> = rules.iter().map(|rule| Value::Object(described(rule))).collect();
    Ok(with_next("Rules", described, next))
}

/// `NextToken` and `Limit`.
pub(super) fn page_of(input: Input<'_>) -> Result<Page, ApiError> {
    let after = match input.text("NextToken")? {
        Some(token) => Some(page::decode(token).ok_or_else(|| validation("The next token is not valid."))?),
        None => None,
    };
    let most = input
        .0
        .get("Limit")
        .and_then(Value::as_u64)
        .and_then(|most| usize::try_from(most).ok());
    Ok(Page {
        after,
        most: most.unwrap_or(PAGE).clamp(1, PAGE),
        descending: false,
    })
}

/// A page of a list as the answer has it.
pub(super) fn with_next(name: &str, items: Vec<Value>, next: Option<String>) -> Value {
    let mut out = json!({ name: items });
    if let Some(next) = next {
        out["NextToken"] = next.into();
    }
    out
}

/// <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_EnableRule.html> and DisableRule.
pub(super) fn enable(store: &Store, region: &str, input: Input<'_>, enabled: bool) -> Result<Value, ApiError> {
    let name = input
        .only(&["Name", "EventBusName"])?
        .on_default_bus()?
        .required("Name")?;
    store.write(|db| {
        let rule = get(db, region, name)?;
        Rule { enabled, ..rule }.put(db)?;
        Ok(Value::Null)
    })
}
