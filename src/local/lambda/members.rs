//! Reading the members of a request: absent and null are the same, a wrong type is an error of AWS's form.

use indexmap::IndexMap;
use serde_json::{Map, Value};

use crate::local::api::ApiError;

/// The members of a JSON object.
#[derive(Clone, Copy)]
pub(super) struct Members<'a>(&'a Value);

impl<'a> Members<'a> {
    /// Of a request's input; no body counts as an empty object.
    pub(super) fn of(input: &'a Value) -> Result<Self, ApiError> {
        match input {
            Value::Object(_) | Value::Null => Ok(Self(input)),
            other => Err(wrong_type("request body", "an object", other)),
        }
    }

    /// The member as it is.
    pub(super) fn value(self, name: &str) -> Option<&'a Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    pub(super) fn text(self, name: &str) -> Result<Option<&'a str>, ApiError> {
        self.read(name, "a string", Value::as_str)
    }

    pub(super) fn integer(self, name: &str) -> Result<Option<i64>, ApiError> {
        self.read(name, "an integer", Value::as_i64)
    }

    pub(super) fn flag(self, name: &str) -> Result<Option<bool>, ApiError> {
        self.read(name, "a boolean", Value::as_bool)
    }

    pub(super) fn object(self, name: &str) -> Result<Option<Members<'a>>, ApiError> {
        self.read(name, "an object", |value| value.is_object().then_some(Members(value)))
    }

    pub(super) fn list(self, name: &str) -> Result<Option<&'a [Value]>, ApiError> {
        self.read(name, "a list", |value| value.as_array().map(Vec::as_slice))
    }

    pub(super) fn texts(self, name: &str) -> Result<Option<Vec<String>>, ApiError> {
        self.read(name, "a list of strings", |value| {
            value
                .as_array()?
                .iter()
                .map(|entry| entry.as_str().map(str::to_owned))
                .collect()
        })
    }

    pub(super) fn text_map(self, name: &str) -> Result<Option<IndexMap<String, String>>, ApiError> {
        self.read(name, "a map of strings", |value| text_map(value.as_object()?))
    }

    fn read<T>(self, name: &str, wanted: &str, read: impl Fn(&'a Value) -> Option<T>) -> Result<Option<T>, ApiError> {
        self.value(name)
            .map(|value| read(value).ok_or_else(|| wrong_type(name, wanted, value)))
            .transpose()
    }
}

fn text_map(object: &Map<String, Value>) -> Option<IndexMap<String, String>> {
    object
        .iter()
        .map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())))
        .collect()
}

fn wrong_type(name: &str, wanted: &str, found: &Value) -> ApiError {
    let found = match found {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    };
    ApiError::new(
        "SerializationException",
        format!("{name} must be {wanted}, but is {found}"),
    )
}
