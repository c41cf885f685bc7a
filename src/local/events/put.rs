//! PutEvents: events on their way to the targets of the rules that are for them.

use std::sync::Arc;

use rusqlite::Connection;
use serde_json::{Value, json};

use super::pattern::Pattern;
use super::table::{self, Rule};
use super::{Inner, Input, input, is_default, outbox, validation};
use crate::local::api::{ACCOUNT, ApiError};
use crate::local::clock;
use crate::local::random;
use crate::local::store::StoreError;

/// Entries of a request, and their bytes
/// ([PutEvents](https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevents.html)).
const MOST_ENTRIES: usize = 10;
const LARGEST: usize = 1 << 20;

/// Members of an entry that are acted upon, or that say nothing about what is to be done.
const KNOWN: &[&str] = &[
    "Time",
    "Source",
    "Resources",
    "DetailType",
    "Detail",
    "EventBusName",
    "TraceHeader",
];

/// Why an entry is not taken: code and message.
type Refused = (&'static str, String);

/// <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html>
pub(super) fn events(inner: &Arc<Inner>, region: &str, input: Input<'_>) -> Result<Value, ApiError> {
    let entries = input.only(&["Entries"])?.list("Entries")?;
    if entries.is_empty() || entries.len() > MOST_ENTRIES {
        let bound = if entries.is_empty() {
            "greater than or equal to 1"
        } else {
            "less than or equal to 10"
        };
        return Err(validation(format!(
            "1 validation error detected: Value '[{}]' at 'entries' failed to satisfy constraint: Member must have length {bound}",
            entries.iter().map(shown).collect::<Vec<_>>().join(", ")
        )));
    }
    for entry in entries {
        Input(entry).only(KNOWN)?;
    }
    if entries.iter().map(size).sum::<usize>() > LARGEST {
        return Err(validation(
            "Total size of the entries in the request is over the limit.",
        ));
    }
    let mut posted = Vec::new();
    let answers = inner.store.write(|db| {
        let rules = enabled(db, region)?;
        let mut answers = Vec::new();
        for entry in entries {
            answers.push(match event(entry, region, (inner.clock)()) {
                Ok(event) => {
                    posted.extend(post(db, &rules, &event)?);
                    Ok(event["id"].clone())
                }
                Err(refused) => Err(refused),
            });
        }
        Ok::<_, StoreError>(answers)
    })?;
    for id in posted {
        outbox::follow(inner, id);
    }
    let failed = answers.iter().filter(|answer| answer.is_err()).count();
    let answers: Vec<Value> = answers
        .into_iter()
        .map(|answer| match answer {
            Ok(id) => json!({ "EventId": id }),
            Err((code, message)) => json!({ "ErrorCode": code, "ErrorMessage": message }),
        })
        .collect();
    Ok(json!({ "FailedEntryCount": failed, "Entries": answers }))
}

/// An entry as AWS shows it in what it says of a request.
fn shown(entry: &Value) -> String {
    let member = |name: &str| match &entry[name] {
        Value::String(text) => text.clone(),
        Value::Array(texts) => {
            let texts: Vec<&str> = texts.iter().filter_map(Value::as_str).collect();
            format!("[{}]", texts.join(", "))
        }
        other => other.to_string(),
    };
    let members = [
        ("time", "Time"),
        ("source", "Source"),
        ("resources", "Resources"),
        ("detailType", "DetailType"),
        ("detail", "Detail"),
        ("eventBusName", "EventBusName"),
        ("traceHeader", "TraceHeader"),
    ];
    let members = members.map(|(shown, name)| format!("{shown}={}", member(name)));
    format!("PutEventsRequestEntry({})", members.join(", "))
}

/// The bytes of an entry, counted as
/// [AWS counts them](https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevent-size.html).
fn size(entry: &Value) -> usize {
    let text = |name: &str| entry[name].as_str().map_or(0, str::len);
    let time = if entry["Time"].is_null() { 0 } else { 14 };
    let resources = entry["Resources"].as_array().into_iter().flatten();
    let resources: usize = resources.map(|resource| resource.as_str().map_or(0, str::len)).sum();
    time + text("Source") + text("DetailType") + text("Detail") + resources
}

/// The event that an entry is.
fn event(entry: &Value, region: &str, now: clock::Millis) -> Result<Value, Refused> {
    let required = |name: &str| {
        let text = entry[name].as_str().filter(|text| !text.is_empty());
        text.ok_or_else(|| {
            let message = format!("Parameter {name} is not valid. Reason: {name} is a required argument.");
            ("InvalidArgument", message)
        })
    };
    let (source, detail_type, detail) = (required("Source")?, required("DetailType")?, required("Detail")?);
    if let Some(bus) = entry["EventBusName"]
        .as_str()
        .filter(|bus| !bus.is_empty() && !is_default(bus))
    {
        // AWS takes such an event and nobody gets it; here it is said.
        return Err(("ResourceNotFoundException", format!("Event bus {bus} does not exist.")));
    }
    if source.starts_with("aws.") {
        return Err((
            "NotAuthorizedForSourceException",
            "Not authorized for the source.".to_owned(),
        ));
    }
    let detail: Value = serde_json::from_str(detail)
        .ok()
        .filter(Value::is_object)
        .ok_or_else(|| ("MalformedDetail", "Detail is malformed.".to_owned()))?;
    let resources = entry["Resources"].as_array().cloned().unwrap_or_default();
    let seconds = entry["Time"].as_f64();
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "times after 1970, and a wrong one saturates"
    )]
    let at = seconds.map_or(now, |seconds| (seconds * 1000.0) as u64);
    Ok(json!({
        "version": "0",
        "id": random::uuid(),
        "detail-type": detail_type,
        "source": source,
        "account": ACCOUNT,
        "time": clock::iso8601(at),
        "region": region,
        "resources": resources,
        "detail": detail,
    }))
}

/// The rules that are in force, with their patterns and targets.
fn enabled(db: &Connection, region: &str) -> Result<Vec<(Rule, Pattern, Vec<Value>)>, StoreError> {
    let mut enabled = Vec::new();
    for rule in Rule::all(db, region)?.into_iter().filter(|rule| rule.enabled) {
        if let Ok(pattern) = Pattern::read(&rule.pattern) {
            let targets = rule.targets(db)?;
            enabled.push((rule, pattern, targets));
        }
    }
    Ok(enabled)
}

/// Takes in what is to be delivered of an event; gives the ids.
fn post(db: &Connection, rules: &[(Rule, Pattern, Vec<Value>)], event: &Value) -> Result<Vec<i64>, StoreError> {
    let mut posted = Vec::new();
    for (rule, _, targets) in rules.iter().filter(|(_, pattern, _)| pattern.matches(event)) {
        for target in targets {
            posted.push(table::post(db, &rule.region, target, &input::of(target, rule, event))?);
        }
    }
    Ok(posted)
}
