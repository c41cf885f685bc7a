//! Reading and checking the members of a CloudWatch Logs input.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::local::api::ApiError;
use crate::local::constraint::Violations;
use crate::local::page::{self, Page};

/// The members of a call's input.
pub(super) struct Input<'a>(pub(super) &'a Value);

impl<'a> Input<'a> {
    pub(super) fn text(&self, member: &str) -> Result<Option<&'a str>, ApiError> {
        self.typed(member, "a string", Value::as_str)
    }

    pub(super) fn number(&self, member: &str) -> Result<Option<i64>, ApiError> {
        self.typed(member, "an integer", Value::as_i64)
    }

    pub(super) fn flag(&self, member: &str) -> Result<bool, ApiError> {
        Ok(self.typed(member, "a boolean", Value::as_bool)?.unwrap_or(false))
    }

    pub(super) fn list(&self, member: &str) -> Result<Option<&'a Vec<Value>>, ApiError> {
        self.typed(member, "a list", Value::as_array)
    }

    /// A list of strings.
    pub(super) fn texts(&self, member: &str) -> Result<Option<Vec<&'a str>>, ApiError> {
        let list = self.typed(member, "a list of strings", |value| {
            value.as_array()?.iter().map(Value::as_str).collect::<Option<Vec<_>>>()
        })?;
        Ok(list)
    }

    fn typed<T>(&self, member: &str, kind: &str, read: impl Fn(&'a Value) -> Option<T>) -> Result<Option<T>, ApiError> {
        match self.0.get(member) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => read(value)
                .map(Some)
                .ok_or_else(|| ApiError::new("SerializationException", format!("{member} is not {kind}"))),
        }
    }

    pub(super) fn required(&self, member: &str) -> Result<&'a str, ApiError> {
        let mut violations = Violations::default();
        let text = self.text(member)?.unwrap_or_else(|| {
            violations.missing(member);
            ""
        });
        violations.done(INVALID)?;
        Ok(text)
    }

    /// A log group's name, checked.
    pub(super) fn group_name(&self, member: &str) -> Result<&'a str, ApiError> {
        let name = self.required(member)?;
        let mut violations = Violations::default();
        violations.length(member, name, 1, 512);
        violations.pattern(member, name, r"[\.\-_/#A-Za-z0-9]+", |character| {
            character.is_ascii_alphanumeric() || ".-_/#".contains(character)
        });
        violations.done(INVALID)?;
        Ok(name)
    }

    /// The log group that is meant: `logGroupName`, or `logGroupIdentifier`, a name or an ARN.
    pub(super) fn group(&self) -> Result<&'a str, ApiError> {
        match (self.text("logGroupName")?, self.text("logGroupIdentifier")?) {
            (Some(_), Some(_)) => Err(invalid(
                "LogGroup name and LogGroup ARN are mutually exclusive parameters.",
            )),
            (None, Some(identifier)) => Ok(group_of_arn(identifier).unwrap_or(identifier)),
            _ => self.group_name("logGroupName"),
        }
    }

    /// A log stream's name, checked.
    pub(super) fn stream_name(&self) -> Result<&'a str, ApiError> {
        let name = self.required("logStreamName")?;
        let mut violations = Violations::default();
        violations.length("logStreamName", name, 1, 512);
        violations.pattern("logStreamName", name, "[^:*]*", |character| !":*".contains(character));
        violations.done(INVALID)?;
        Ok(name)
    }

    /// A number from 1 to `most`, which is also the default.
    pub(super) fn limit(&self, most: i64) -> Result<usize, ApiError> {
        let limit = self.number("limit")?.unwrap_or(most);
        let mut violations = Violations::default();
        violations.range("limit", limit, 1, most);
        violations.done(INVALID)?;
        Ok(usize::try_from(limit).unwrap_or(1))
    }

    /// Where a page of at most 50 begins and ends.
    pub(super) fn page(&self, descending: bool) -> Result<Page, ApiError> {
        let after = self.text("nextToken")?;
        Ok(Page {
            after: after
                .map(|token| page::decode(token).ok_or_else(bad_token))
                .transpose()?,
            most: self.limit(50)?,
            descending,
        })
    }

    /// Tags, checked.
    pub(super) fn tags(&self) -> Result<BTreeMap<String, String>, ApiError> {
        let Some(tags) = self.typed("tags", "an object", Value::as_object)? else {
            return Ok(BTreeMap::new());
        };
        let mut violations = Violations::default();
        let mut checked = BTreeMap::new();
        for (key, value) in tags {
            let value = value
                .as_str()
                .ok_or_else(|| ApiError::new("SerializationException", "a tag's value is not a string"))?;
            violations.length("tags", key, 1, 128);
            violations.length("tags", value, 0, 256);
            if key.to_ascii_lowercase().starts_with("aws:") {
                return Err(invalid("Tag keys that begin with aws: are reserved for AWS use"));
            }
            checked.insert(key.clone(), value.to_owned());
        }
        violations.done(INVALID)?;
        Ok(checked)
    }
}

/// The code of nearly all errors of CloudWatch Logs.
pub(super) const INVALID: &str = "InvalidParameterException";

pub(super) fn invalid(message: &str) -> ApiError {
    ApiError::new(INVALID, message)
}

pub(super) fn bad_token() -> ApiError {
    invalid("The specified nextToken is invalid.")
}

/// `arn:aws:logs:REGION:ACCOUNT:log-group:NAME` or that with `:*`.
pub(super) fn group_of_arn(arn: &str) -> Option<&str> {
    let resource = arn.strip_prefix("arn:")?.splitn(5, ':').nth(4)?;
    let name = resource.strip_prefix("log-group:")?;
    Some(name.strip_suffix(":*").unwrap_or(name))
}
