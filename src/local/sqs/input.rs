//! Reading the members of an SQS input.

use serde_json::{Map, Value};

use super::error::{invalid_value, missing};
use crate::local::api::ApiError;

/// The members of a call's input, or of an entry of a batch.
#[derive(Clone, Copy)]
pub(super) struct Input<'a>(pub(super) &'a Value);

impl<'a> Input<'a> {
    pub(super) fn text(&self, member: &str) -> Result<Option<&'a str>, ApiError> {
        self.typed(member, "a string", Value::as_str)
    }

    /// A text that must be there, and not be empty.
    pub(super) fn required(&self, member: &str) -> Result<&'a str, ApiError> {
        self.text(member)?
            .filter(|text| !text.is_empty())
            .ok_or_else(|| missing(member))
    }

    /// A whole number within bounds; `reason` is what AWS says of one that is not.
    pub(super) fn number(&self, member: &str, least: i64, most: i64, reason: &str) -> Result<Option<i64>, ApiError> {
        match self.typed(member, "an integer", Value::as_i64)? {
            Some(number) if !(least..=most).contains(&number) => Err(invalid_value(member, number, reason)),
            number => Ok(number),
        }
    }

    pub(super) fn object(&self, member: &str) -> Result<Option<&'a Map<String, Value>>, ApiError> {
        self.typed(member, "an object", Value::as_object)
    }

    pub(super) fn list(&self, member: &str) -> Result<&'a [Value], ApiError> {
        Ok(self
            .typed(member, "a list", Value::as_array)?
            .map_or(&[], Vec::as_slice))
    }

    /// A list of texts.
    pub(super) fn texts(&self, member: &str) -> Result<Vec<&'a str>, ApiError> {
        let of_list = |value: &'a Value| value.as_array()?.iter().map(Value::as_str).collect();
        Ok(self.typed(member, "a list of strings", of_list)?.unwrap_or_default())
    }

    /// An object whose values are texts.
    pub(super) fn map(&self, member: &str) -> Result<Vec<(&'a str, &'a str)>, ApiError> {
        let of_object = |value: &'a Value| {
            let pairs = value.as_object()?.iter();
            pairs
                .map(|(key, value)| Some((key.as_str(), value.as_str()?)))
                .collect()
        };
        Ok(self.typed(member, "a map of strings", of_object)?.unwrap_or_default())
    }

    fn typed<T>(&self, member: &str, kind: &str, read: impl Fn(&'a Value) -> Option<T>) -> Result<Option<T>, ApiError> {
        match self.0.get(member) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => read(value)
                .map(Some)
                .ok_or_else(|| ApiError::new("SerializationException", format!("{member} is not {kind}"))),
        }
    }
}
