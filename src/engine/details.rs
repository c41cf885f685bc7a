//! The details of an event. Texts are shared with the data they come from: an event is two or three members around an input
//! or output that other events and states hold as well, and that can have 256 KiB.

use std::borrow::Cow;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value, json};

/// Name and value of the details member of an event. In JSON, `["NAME", {…}]`.
#[derive(Clone, Debug, PartialEq)]
pub struct EventDetails {
    name: Cow<'static, str>,
    fields: Vec<(Cow<'static, str>, Field)>,
}

/// A field. Each value has only one form, so that those that were read are equal to those that were written.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Field {
    Text(Arc<str>),
    /// `{"truncated": false}`: the history always holds the whole text.
    Whole,
    /// Neither of these.
    Other(Value),
}

impl EventDetails {
    /// `fields` is an object.
    pub fn new(name: impl Into<Cow<'static, str>>, fields: Value) -> Self {
        let members = match fields {
            Value::Object(members) => members,
            _ => Map::new(),
        };
        let fields = members.into_iter().map(|(key, value)| (key.into(), value.into()));
        Self {
            name: name.into(),
            fields: fields.collect(),
        }
    }

    pub(super) fn of(name: &'static str, fields: impl IntoIterator<Item = (&'static str, Field)>) -> Self {
        Self {
            name: name.into(),
            fields: fields.into_iter().map(|(key, field)| (key.into(), field)).collect(),
        }
    }

    pub(super) fn push(&mut self, key: &'static str, field: impl Into<Field>) {
        self.fields.push((key.into(), field.into()));
    }

    /// The name of the member, e.g. `stateEnteredEventDetails`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// A field that is a text.
    pub fn text(&self, key: &str) -> Option<&str> {
        self.fields.iter().find_map(|(name, field)| match field {
            Field::Text(text) if name == key => Some(&**text),
            _ => None,
        })
    }

    /// The fields, without some of them.
    pub fn without(&self, left_out: &[&str]) -> Map<String, Value> {
        self.fields
            .iter()
            .filter(|(key, _)| !left_out.contains(&&**key))
            .map(|(key, field)| (key.to_string(), field.to_value()))
            .collect()
    }
}

impl Field {
    fn to_value(&self) -> Value {
        match self {
            Self::Text(text) => Value::String(text.to_string()),
            Self::Whole => whole(),
            Self::Other(value) => value.clone(),
        }
    }
}

fn whole() -> Value {
    json!({ "truncated": false })
}

impl From<&Arc<str>> for Field {
    fn from(text: &Arc<str>) -> Self {
        Self::Text(text.clone())
    }
}

impl From<&str> for Field {
    fn from(text: &str) -> Self {
        Self::Text(text.into())
    }
}

impl From<Value> for Field {
    fn from(value: Value) -> Self {
        match value {
            Value::String(text) => Self::Text(text.into()),
            Value::Object(members) if members.len() == 1 && members.get("truncated") == Some(&Value::Bool(false)) => {
                Self::Whole
            }
            other => Self::Other(other),
        }
    }
}

impl Serialize for EventDetails {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (&self.name, Fields(&self.fields)).serialize(serializer)
    }
}

struct Fields<'a>(&'a [(Cow<'static, str>, Field)]);

impl Serialize for Fields<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(key, field)| (key, field)))
    }
}

impl Serialize for Field {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => serializer.serialize_str(text),
            Self::Whole => serializer.collect_map([("truncated", false)]),
            Self::Other(value) => value.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for EventDetails {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (name, fields) = <(String, Value)>::deserialize(deserializer)?;
        Ok(Self::new(name, fields))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read_back() {
        let fields = json!({
            "name": "A", "output": "{\"x\":1}", "outputDetails": { "truncated": false },
            "assignedVariables": { "a": "1" }, "index": 3, "else": { "truncated": true }, "more": { "truncated": false, "x": 1 },
        });
        let details = EventDetails::new("stateExitedEventDetails", fields.clone());
        let text = serde_json::to_string(&details).unwrap();
        assert_eq!(text, json!(["stateExitedEventDetails", fields]).to_string());
        assert_eq!(serde_json::from_str::<EventDetails>(&text).unwrap(), details);
        assert_eq!(details.name(), "stateExitedEventDetails");
        assert_eq!(
            (details.text("name"), details.text("index"), details.text("no")),
            (Some("A"), None, None)
        );
        assert_eq!(Value::Object(details.without(&[])), fields);
        let left = details.without(&["output", "outputDetails", "assignedVariables", "else", "more"]);
        assert_eq!(Value::Object(left), json!({ "name": "A", "index": 3 }));
    }

    #[test]
    fn both_ways_of_making_them_are_the_same() {
        let output: Arc<str> = "1".into();
        let mut made = EventDetails::of("x", [("name", Field::from("A")), ("output", Field::from(&output))]);
        made.push("outputDetails", Field::Whole);
        let fields = json!({ "name": "A", "output": "1", "outputDetails": { "truncated": false } });
        assert_eq!(made, EventDetails::new("x", fields));
    }
}
