//! EventBridge: rules on the default event bus, and events that really arrive: in queues, at functions, as executions.
//!
//! An event that was accepted is delivered, also by the next process. Not there, and answered so: schedules, other buses,
//! archives, API destinations, other targets, dead-letter queues and retry policies of targets. Roles are kept and not used.

mod input;
mod outbox;
mod pattern;
mod put;
mod rules;
mod table;
mod targets;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use serde_json::{Value, json};
use tokio::sync::Semaphore;

use super::api::{ApiError, Call, Pending, Reply, Service};
use super::sfn::Services;
use super::store::{Store, StoreError};
use pattern::Pattern;

/// Tells the time, in milliseconds since the epoch.
pub type Clock = Arc<dyn Fn() -> u64 + Send + Sync>;

/// Deliveries under way at once.
const AT_ONCE: usize = 32;

/// The service.
pub struct Events {
    inner: Arc<Inner>,
}

struct Inner {
    store: Store,
    services: Arc<dyn Services>,
    clock: Clock,
    turns: Semaphore,
}

impl Events {
    /// Makes the tables and goes on with the deliveries of an earlier process. To be called in a Tokio runtime.
    pub fn open(store: Store, services: Arc<dyn Services>, clock: Clock) -> Result<Self, StoreError> {
        store.ensure_schema(table::SCHEMA)?;
        let inner = Arc::new(Inner {
            store,
            services,
            clock,
            turns: Semaphore::new(AT_ONCE),
        });
        for id in inner.store.read(table::pending)? {
            outbox::follow(&inner, id);
        }
        Ok(Self { inner })
    }

    fn answer(&self, call: &Call) -> Result<Value, ApiError> {
        let input = Input(&call.input);
        let (store, region) = (&self.inner.store, call.region.as_str());
        match call.operation.as_str() {
            "PutRule" => rules::put(store, region, input),
            "DescribeRule" => rules::describe(store, region, input),
            "DeleteRule" => rules::delete(store, region, input),
            "ListRules" => rules::list(store, region, input),
            "EnableRule" => rules::enable(store, region, input, true),
            "DisableRule" => rules::enable(store, region, input, false),
            "PutTargets" => targets::put(store, region, input),
            "RemoveTargets" => targets::remove(store, region, input),
            "ListTargetsByRule" => targets::list(store, region, input),
            "ListRuleNamesByTarget" => targets::rules_of(store, region, input),
            "PutEvents" => put::events(&self.inner, region, input),
            "TestEventPattern" => test_pattern(input),
            "DescribeEventBus" => describe_bus(region, input),
            "ListEventBuses" => list_buses(region, input),
            other => Err(ApiError::not_implemented("events", other)),
        }
    }
}

impl Service for Events {
    fn call(&self, call: Call) -> Pending<'_, Result<Reply, ApiError>> {
        Box::pin(async move { self.answer(&call).map(Reply::Json) })
    }

    fn close(&self) -> Pending<'_, ()> {
        // Deliveries that wait their turn stay in the store.
        Box::pin(async { self.inner.turns.close() })
    }

    fn halt(&self) {
        self.inner.turns.close();
    }
}

/// The members of a call.
#[derive(Clone, Copy)]
struct Input<'a>(&'a Value);

impl<'a> Input<'a> {
    /// Only these members may be there: nothing comes of others.
    fn only(self, known: &[&str]) -> Result<Self, ApiError> {
        let given = self.0.as_object().into_iter().flatten();
        let mut unknown = given.filter(|(name, value)| !value.is_null() && !known.contains(&name.as_str()));
        match unknown.next() {
            Some((name, _)) => Err(ApiError::not_implemented("events", &format!("the parameter {name}"))),
            None => Ok(self),
        }
    }

    /// A text; none if it is not there or empty.
    fn text(self, name: &str) -> Result<Option<&'a str>, ApiError> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text).filter(|text| !text.is_empty()).map(String::as_str)),
            Some(_) => Err(ApiError::new(
                "SerializationException",
                format!("{name} is not a string"),
            )),
        }
    }

    fn required(self, name: &str) -> Result<&'a str, ApiError> {
        self.text(name)?.ok_or_else(|| missing(name))
    }

    fn list(self, name: &str) -> Result<&'a [Value], ApiError> {
        let list = self.0.get(name).and_then(Value::as_array);
        list.map(Vec::as_slice).ok_or_else(|| missing(name))
    }

    /// Whatever names a bus names the default one.
    fn on_default_bus(self) -> Result<Self, ApiError> {
        match self.text("EventBusName")? {
            Some(bus) if !is_default(bus) => Err(no_bus(bus)),
            _ => Ok(self),
        }
    }
}

fn is_default(bus: &str) -> bool {
    bus == "default" || (bus.starts_with("arn:") && bus.ends_with(":event-bus/default"))
}

fn no_bus(bus: &str) -> ApiError {
    not_found(&format!("Event bus {bus} does not exist."))
}

fn not_found(message: &str) -> ApiError {
    ApiError::new("ResourceNotFoundException", message)
}

fn validation(message: impl Into<String>) -> ApiError {
    ApiError::new("ValidationException", message)
}

fn missing(name: &str) -> ApiError {
    let mut member = name.to_owned();
    if let Some(first) = member.get_mut(..1) {
        first.make_ascii_lowercase();
    }
    validation(format!(
        "1 validation error detected: Value null at '{member}' failed to satisfy constraint: Member must not be null"
    ))
}

/// Reads the pattern of a rule.
fn read_pattern(text: &str) -> Result<Pattern, ApiError> {
    Pattern::read(text).map_err(|why| {
        let message = format!("Event pattern is not valid. Reason: {why}");
        ApiError::new("InvalidEventPatternException", message)
    })
}

/// <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_TestEventPattern.html>
fn test_pattern(input: Input<'_>) -> Result<Value, ApiError> {
    let pattern = read_pattern(input.only(&["EventPattern", "Event"])?.required("EventPattern")?)?;
    let event: Value = serde_json::from_str(input.required("Event")?)
        .map_err(|_| validation("Parameter Event is not valid. Reason: Event is not a valid JSON."))?;
    for member in ["id", "account", "source", "time", "region", "resources", "detail-type"] {
        if event.get(member).is_none() {
            let message = format!("Parameter Event is not valid. Reason: {member} is a required argument.");
            return Err(validation(message));
        }
    }
    Ok(json!({ "Result": pattern.matches(&event) }))
}

fn bus(region: &str) -> Value {
    let arn = format!("arn:aws:events:{region}:{}:event-bus/default", super::api::ACCOUNT);
    json!({ "Name": "default", "Arn": arn })
}

/// <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_DescribeEventBus.html>
fn describe_bus(region: &str, input: Input<'_>) -> Result<Value, ApiError> {
    match input.only(&["Name"])?.text("Name")? {
        Some(name) if !is_default(name) => Err(no_bus(name)),
        _ => Ok(bus(region)),
    }
}

/// <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_ListEventBuses.html>
fn list_buses(region: &str, input: Input<'_>) -> Result<Value, ApiError> {
    let prefix = input
        .only(&["NamePrefix", "Limit"])?
        .text("NamePrefix")?
        .unwrap_or_default();
    let buses = Some(bus(region)).filter(|_| "default".starts_with(prefix));
    Ok(json!({ "EventBuses": buses.into_iter().collect::<Vec<_>>() }))
}
