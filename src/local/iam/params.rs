//! Reading and checking the parameters of a query-protocol call.

use serde_json::Value;

use crate::local::api::ApiError;
use crate::local::constraint::Violations;
use crate::local::page::{self, Page};

/// A tag.
pub(super) type Tag = (String, String);

/// The largest number of tags of a role.
pub(super) const MOST_TAGS: usize = 50;

/// The parameters of a call.
pub(super) struct Params<'a>(&'a Value);

impl<'a> Params<'a> {
    pub(super) fn new(input: &'a Value) -> Self {
        Self(input)
    }

    pub(super) fn get(&self, name: &str) -> Option<&'a str> {
        self.0.get(name).and_then(Value::as_str)
    }

    /// A parameter that must be there.
    pub(super) fn required(&self, name: &str) -> Result<&'a str, ApiError> {
        self.get(name).ok_or_else(|| {
            let mut violations = Violations::default();
            violations.missing(&member(name));
            violations
                .done("ValidationError")
                .err()
                .unwrap_or_else(|| invalid(name))
        })
    }

    /// A name of at most `most` characters; letters, digits and `_+=,.@-`.
    pub(super) fn name(&self, parameter: &str, most: usize) -> Result<&'a str, ApiError> {
        let name = self.required(parameter)?;
        let mut violations = Violations::default();
        violations.length(&member(parameter), name, 1, most);
        violations.done("ValidationError")?;
        let allowed = |character: char| character.is_ascii_alphanumeric() || "_+=,.@-".contains(character);
        if name.chars().all(allowed) {
            Ok(name)
        } else {
            Err(invalid(&format!(
                "The specified value for {} is invalid. It must contain only alphanumeric characters and/or the following: +=,.@_-",
                member(parameter)
            )))
        }
    }

    /// The role that is meant.
    pub(super) fn role_name(&self) -> Result<&'a str, ApiError> {
        self.name("RoleName", 64)
    }

    /// The ARN of a managed policy.
    pub(super) fn policy_arn(&self) -> Result<&'a str, ApiError> {
        let arn = self.required("PolicyArn")?;
        let mut violations = Violations::default();
        violations.length("policyArn", arn, 20, 2048);
        violations.done("ValidationError")?;
        if arn.starts_with("arn:") {
            Ok(arn)
        } else {
            Err(ApiError::new("InvalidInput", format!("ARN {arn} is not valid.")))
        }
    }

    /// A policy document, whose content is not looked at yet.
    pub(super) fn document(&self, parameter: &str) -> Result<&'a str, ApiError> {
        let text = self.required(parameter)?;
        let mut violations = Violations::default();
        violations.length(&member(parameter), text, 1, 131_072);
        violations.done("ValidationError")?;
        let allowed = |character: char| matches!(character, '\t' | '\n' | '\r' | ' '..='\u{ff}');
        if text.chars().all(allowed) {
            Ok(text)
        } else {
            Err(invalid(&format!(
                "The specified value for {} is invalid. It must contain only printable ASCII characters.",
                member(parameter)
            )))
        }
    }

    /// A whole number within bounds.
    pub(super) fn number(&self, parameter: &str, least: i64, most: i64) -> Result<Option<i64>, ApiError> {
        let Some(text) = self.get(parameter) else {
            return Ok(None);
        };
        let number = text
            .parse()
            .map_err(|_| ApiError::new("MalformedInput", format!("{parameter} is not a number")))?;
        let mut violations = Violations::default();
        violations.range(&member(parameter), number, least, most);
        violations.done("ValidationError")?;
        Ok(Some(number))
    }

    /// `Name.member.1`, `Name.member.2`, …
    pub(super) fn list(&self, name: &str) -> Vec<&'a str> {
        (1..)
            .map_while(|index| self.get(&format!("{name}.member.{index}")))
            .collect()
    }

    /// `Tags.member.1.Key`, `Tags.member.1.Value`, …
    pub(super) fn tags(&self) -> Result<Vec<Tag>, ApiError> {
        let tags: Vec<Tag> = (1..)
            .map_while(|index| {
                let key = self.get(&format!("Tags.member.{index}.Key"))?;
                let value = self.get(&format!("Tags.member.{index}.Value")).unwrap_or_default();
                Some((key.to_owned(), value.to_owned()))
            })
            .collect();
        check_tags(&tags)?;
        Ok(tags)
    }

    /// Where a page begins and how many items it has.
    pub(super) fn page(&self) -> Result<Page, ApiError> {
        let most = self.number("MaxItems", 1, 1000)?.unwrap_or(100);
        let after = self
            .get("Marker")
            .map(|marker| page::decode(marker).ok_or_else(|| invalid(&format!("Invalid Marker: {marker}"))));
        Ok(Page {
            after: after.transpose()?,
            most: usize::try_from(most).unwrap_or(100),
            descending: false,
        })
    }
}

/// The rules of [tags](https://docs.aws.amazon.com/IAM/latest/UserGuide/id_tags.html).
fn check_tags(tags: &[Tag]) -> Result<(), ApiError> {
    let mut violations = Violations::default();
    let allowed =
        |character: char| character.is_alphanumeric() || character.is_whitespace() || "_.:/=+-@".contains(character);
    for (index, (key, value)) in tags.iter().enumerate() {
        let member = |field| format!("tags.{}.member.{field}", index + 1);
        violations.length(&member("key"), key, 1, 128);
        violations.pattern(&member("key"), key, r"[\p{L}\p{Z}\p{N}_.:/=+\-@]+", allowed);
        violations.length(&member("value"), value, 0, 256);
        violations.pattern(&member("value"), value, r"[\p{L}\p{Z}\p{N}_.:/=+\-@]*", allowed);
    }
    violations.check(
        tags.len() <= MOST_TAGS,
        "tags",
        &format!("[{} tags]", tags.len()),
        "Member must have length less than or equal to 50",
    );
    violations.done("ValidationError")?;
    let mut keys: Vec<String> = tags.iter().map(|(key, _)| key.to_lowercase()).collect();
    if keys.iter().any(|key| key.starts_with("aws:")) {
        return Err(ApiError::new(
            "InvalidInput",
            "Caller is an end user and not allowed to mutate system tags",
        ));
    }
    keys.sort_unstable();
    if keys.windows(2).any(|pair| matches!(pair, [one, other] if one == other)) {
        return Err(ApiError::new(
            "InvalidInput",
            "Duplicate tag keys found. Please note that Tag keys are case insensitive.",
        ));
    }
    Ok(())
}

/// `RoleName` as messages have it: `roleName`.
fn member(parameter: &str) -> String {
    let mut letters = parameter.chars();
    letters
        .next()
        .map(|first| first.to_ascii_lowercase())
        .into_iter()
        .chain(letters)
        .collect()
}

fn invalid(message: &str) -> ApiError {
    ApiError::new("ValidationError", message)
}
