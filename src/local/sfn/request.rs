//! Reading the members of a request, with AWS's own words for those that break a constraint. All violations of a request
//! are collected and reported at once, as AWS does.

use serde_json::{Map, Value};

use crate::local::api::ApiError;

/// The members of a request body, and what was wrong with those read so far.
pub(super) struct Request<'a> {
    members: Option<&'a Map<String, Value>>,
    violations: Vec<String>,
    wrong_type: Option<String>,
}

/// The allowed length of a text, in characters, and whether a message may show it.
#[derive(Clone, Copy)]
pub(super) struct Text {
    min: usize,
    max: usize,
    shown: bool,
}

/// A text of 1 to `max` characters.
pub(super) const fn text(max: usize) -> Text {
    Text {
        min: 1,
        max,
        shown: true,
    }
}

/// A text of up to `max` characters that messages do not repeat (inputs, outputs, causes …).
pub(super) const fn hidden(min: usize, max: usize) -> Text {
    Text { min, max, shown: false }
}

impl<'a> Request<'a> {
    /// The request with that body; no body is an empty one.
    pub(super) fn new(body: &'a Value) -> Self {
        Self {
            members: body.as_object(),
            violations: Vec::new(),
            wrong_type: (!body.is_object() && !body.is_null())
                .then(|| "Start of structure or map found where not expected.".to_owned()),
        }
    }

    /// A member as it came; JSON null counts as absent.
    pub(super) fn raw(&self, member: &str) -> Option<&'a Value> {
        self.members?.get(member).filter(|value| !value.is_null())
    }

    /// A text that must be there. Empty after a violation, which [`Request::finish`] reports.
    pub(super) fn required(&mut self, member: &str, limits: Text) -> &'a str {
        if self.raw(member).is_none() {
            self.violate(format!(
                "Value null at '{member}' failed to satisfy constraint: Member must not be null"
            ));
        }
        self.optional(member, limits).unwrap_or_default()
    }

    /// A text that may be there.
    pub(super) fn optional(&mut self, member: &str, limits: Text) -> Option<&'a str> {
        let value = self.raw(member)?;
        let Some(found) = value.as_str() else {
            self.mistype(value, "a String");
            return None;
        };
        let length = found.chars().count();
        let broken = if length < limits.min {
            Some(format!(
                "Member must have length greater than or equal to {}",
                limits.min
            ))
        } else if length > limits.max {
            Some(format!("Member must have length less than or equal to {}", limits.max))
        } else {
            None
        };
        if let Some(rule) = broken {
            let value = if limits.shown {
                format!("Value '{found}'")
            } else {
                "Value".to_owned()
            };
            self.violate(format!("{value} at '{member}' failed to satisfy constraint: {rule}"));
        }
        Some(found)
    }

    /// A text out of a fixed set.
    pub(super) fn one_of(&mut self, member: &str, allowed: &[&str]) -> Option<&'a str> {
        let value = self.raw(member)?;
        let Some(found) = value.as_str() else {
            self.mistype(value, "a String");
            return None;
        };
        if !allowed.contains(&found) {
            self.violate(format!(
                "Value '{found}' at '{member}' failed to satisfy constraint: Member must satisfy enum value set: [{}]",
                allowed.join(", ")
            ));
        }
        Some(found)
    }

    /// A whole number from 0 to `max`.
    pub(super) fn number(&mut self, member: &str, max: i64) -> Option<i64> {
        let value = self.raw(member)?;
        let Some(found) = value.as_i64() else {
            self.mistype(value, "an Integer");
            return None;
        };
        if found < 0 {
            self.violate(format!(
                "Value '{found}' at '{member}' failed to satisfy constraint: Member must have value greater than or equal to 0"
            ));
        } else if found > max {
            self.violate(format!(
                "Value '{found}' at '{member}' failed to satisfy constraint: Member must have value less than or equal to {max}"
            ));
        }
        Some(found)
    }

    /// A number.
    pub(super) fn float(&mut self, member: &str) -> Option<f64> {
        let value = self.raw(member)?;
        let found = value.as_f64();
        if found.is_none() {
            self.mistype(value, "a Float");
        }
        found
    }

    /// `true` or `false`.
    pub(super) fn flag(&mut self, member: &str) -> Option<bool> {
        let value = self.raw(member)?;
        if !value.is_boolean() {
            self.mistype(value, "a Boolean");
        }
        value.as_bool()
    }

    /// A list; empty if absent.
    pub(super) fn list(&mut self, member: &str) -> &'a [Value] {
        match self.raw(member) {
            Some(Value::Array(items)) => items,
            Some(other) => {
                self.mistype(other, "a List");
                &[]
            }
            None => &[],
        }
    }

    /// Notes a violation of a constraint, in AWS's words.
    pub(super) fn violate(&mut self, violation: String) {
        self.violations.push(violation);
    }

    fn mistype(&mut self, found: &Value, wanted: &str) {
        let kind = match found {
            Value::Null => "NULL_VALUE",
            Value::Bool(true) => "TRUE_VALUE",
            Value::Bool(false) => "FALSE_VALUE",
            Value::Number(_) => "NUMBER_VALUE",
            Value::String(_) => "STRING_VALUE",
            Value::Array(_) => "START_ARRAY",
            Value::Object(_) => "START_OBJECT",
        };
        self.wrong_type
            .get_or_insert_with(|| format!("{kind} can not be converted to {wanted}"));
    }

    /// Fails if anything read so far was not as it must be.
    pub(super) fn finish(self) -> Result<(), ApiError> {
        if let Some(message) = self.wrong_type {
            return Err(ApiError::new("SerializationException", message));
        }
        let count = self.violations.len();
        if count == 0 {
            return Ok(());
        }
        let errors = if count == 1 { "error" } else { "errors" };
        Err(ApiError::new(
            "ValidationException",
            format!("{count} validation {errors} detected: {}", self.violations.join("; ")),
        ))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(body: Value, want: &str) {
        let mut request = Request::new(&body);
        request.required("name", text(5));
        request.optional("input", hidden(0, 3));
        request.one_of("type", &["STANDARD", "EXPRESS"]);
        request.number("maxResults", 1000);
        let got = request
            .finish()
            .map_or_else(|error| error.to_string(), |()| "ok".to_owned());
        assert_eq!(got, want);
    }

    #[test]
    fn violations_in_the_words_of_aws() {
        check(json!({"name": "abc", "input": null}), "ok");
        check(
            json!({}),
            "ValidationException: 1 validation error detected: Value null at 'name' failed to satisfy constraint: Member must not be null",
        );
        check(
            json!({"name": "", "input": "secret"}),
            "ValidationException: 2 validation errors detected: Value '' at 'name' failed to satisfy constraint: Member must have length \
             greater than or equal to 1; Value at 'input' failed to satisfy constraint: Member must have length less than or equal to 3",
        );
        check(
            json!({"name": "a", "type": "standard"}),
            "ValidationException: 1 validation error detected: Value 'standard' at 'type' failed to satisfy constraint: Member must satisfy \
             enum value set: [STANDARD, EXPRESS]",
        );
        check(
            json!({"name": "a", "maxResults": 1001}),
            "ValidationException: 1 validation error detected: Value '1001' at 'maxResults' failed to satisfy constraint: Member must have \
             value less than or equal to 1000",
        );
        check(
            json!({"name": 7}),
            "SerializationException: NUMBER_VALUE can not be converted to a String",
        );
        check(
            json!([]),
            "SerializationException: Start of structure or map found where not expected.",
        );
    }
}
