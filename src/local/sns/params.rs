//! Reading the parameters of a call.

use serde_json::{Map, Value, json};

use super::error::{invalid, missing, not_implemented};
use crate::local::api::ApiError;
use crate::local::page;
use crate::local::protocol::form::Form;

/// The parameters of a call, or of an entry of a batch.
#[derive(Clone, Copy)]
pub(super) struct Params<'a>(pub(super) &'a Form);

impl<'a> Params<'a> {
    pub(super) fn text(&self, name: &str) -> Option<&'a str> {
        self.0.get(name)?.text()
    }

    /// A parameter that must be there.
    pub(super) fn required(&self, name: &str) -> Result<&'a str, ApiError> {
        self.text(name).ok_or_else(|| missing(name))
    }

    /// `true` or `false`.
    pub(super) fn flag(&self, name: &str) -> bool {
        self.text(name).is_some_and(|text| text.eq_ignore_ascii_case("true"))
    }

    /// `Attributes.entry.1.key`, `Attributes.entry.1.value`, …
    pub(super) fn attributes(&self) -> Vec<(&'a str, &'a str)> {
        let pair = |entry: &'a Form| {
            Some((
                entry.get("key")?.text()?,
                entry.get("value")?.text().unwrap_or_default(),
            ))
        };
        self.list("Attributes", "entry").into_iter().filter_map(pair).collect()
    }

    /// `Tags.member.1.Key`, `Tags.member.1.Value`, …
    pub(super) fn tags(&self) -> Result<Vec<(String, String)>, ApiError> {
        let pair = |entry: &'a Form| {
            let value = entry.get("Value").and_then(Form::text).unwrap_or_default();
            Some((entry.get("Key")?.text()?.to_owned(), value.to_owned()))
        };
        let tags: Vec<(String, String)> = self.list("Tags", "member").into_iter().filter_map(pair).collect();
        check_tags(&tags)?;
        Ok(tags)
    }

    /// `NAME.member.1`, …
    pub(super) fn texts(&self, name: &str) -> Vec<&'a str> {
        self.list(name, "member").into_iter().filter_map(Form::text).collect()
    }

    /// `NAME.member.1.…`, …
    pub(super) fn members(&self, name: &str) -> Vec<Params<'a>> {
        self.list(name, "member").into_iter().map(Params).collect()
    }

    fn list(&self, name: &str, item: &str) -> Vec<&'a Form> {
        self.0
            .get(name)
            .and_then(|list| list.get(item))
            .map(Form::items)
            .unwrap_or_default()
    }

    /// `MessageAttributes.entry.1.Name`, `.Value.DataType`, … in the form of the SDKs' JSON.
    pub(super) fn message_attributes(&self) -> Map<String, Value> {
        let entry = |entry: &'a Form| {
            let name = entry.get("Name")?.text()?.to_owned();
            let mut attribute = Map::new();
            for (member, value) in entry.get("Value")?.parts() {
                attribute.insert(member.to_owned(), json!(value.text()));
            }
            Some((name, attribute.into()))
        };
        self.list("MessageAttributes", "entry")
            .into_iter()
            .filter_map(entry)
            .collect()
    }

    /// The key after which a page of a list begins.
    pub(super) fn page(&self) -> Result<String, ApiError> {
        let bad = || invalid("NextToken");
        self.text("NextToken")
            .map_or(Ok(String::new()), |token| page::decode(token).ok_or_else(bad))
    }

    /// Parameters that the local cloud does not act upon.
    pub(super) fn refuse(&self, names: &[&str]) -> Result<(), ApiError> {
        match names.iter().find(|name| self.0.get(name).is_some()) {
            Some(name) => Err(not_implemented(&format!("the parameter {name}"))),
            None => Ok(()),
        }
    }
}

/// The rules of [tags](https://docs.aws.amazon.com/sns/latest/dg/sns-tags.html).
pub(super) fn check_tags(tags: &[(String, String)]) -> Result<(), ApiError> {
    for (index, (key, value)) in tags.iter().enumerate() {
        if !(1..=128).contains(&key.chars().count()) || value.chars().count() > 256 {
            return Err(invalid(
                "Tags Reason: a tag key has 1 to 128 characters, a tag value at most 256",
            ));
        }
        if key.to_ascii_lowercase().starts_with("aws:") {
            return Err(invalid("Tags Reason: tag keys cannot start with aws:"));
        }
        if tags.iter().take(index).any(|(earlier, _)| earlier == key) {
            return Err(invalid("Duplicated keys are not allowed."));
        }
    }
    if tags.len() > 50 {
        return Err(ApiError::new(
            "TagLimitExceeded",
            "Could not complete request: tag quota of per resource exceeded",
        ));
    }
    Ok(())
}
