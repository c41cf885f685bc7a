//! Tags of functions.

use indexmap::IndexMap;
use serde_json::json;

use super::create::query;
use super::members::Members;
use super::validate::Violations;
use super::{Lambda, invalid_parameter, json as answer, no_content, reference, table};
use crate::local::api::{ApiError, Call, Reply};

const PATTERN: &str = r"arn:(aws[a-zA-Z-]*):lambda:[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:\d{12}:(function:[a-zA-Z0-9-_]+(:(\$LATEST|[a-zA-Z0-9-_]+))?|layer:([a-zA-Z0-9-_]+)|code-signing-config:csc-[a-z0-9]{17}|event-source-mapping:[a-f0-9]{8}-[a-f0-9]{4}-[a-f0-9]{4}-[a-f0-9]{4}-[a-f0-9]{12})";

impl Lambda {
    /// <https://docs.aws.amazon.com/lambda/latest/api/API_ListTags.html>
    pub(super) fn list_tags(&self, call: &Call, arn: &str) -> Result<Reply, ApiError> {
        let function = self.find(&reference::parse(checked(arn)?, None, &call.region)?)?;
        answer(200, &json!({ "Tags": function.tags }))
    }

    /// <https://docs.aws.amazon.com/lambda/latest/api/API_TagResource.html>
    pub(super) fn tag_resource(&self, call: &Call, arn: &str) -> Result<Reply, ApiError> {
        let added = Members::of(&call.input)?.text_map("Tags")?;
        let mut violations = Violations::default();
        violations.required(added.as_ref(), "tags");
        violations.result()?;
        self.change_tags(call, arn, |tags| tags.extend(added.unwrap_or_default()))
    }

    /// <https://docs.aws.amazon.com/lambda/latest/api/API_UntagResource.html>
    pub(super) fn untag_resource(&self, call: &Call, arn: &str) -> Result<Reply, ApiError> {
        let mut violations = Violations::default();
        violations.required(query(call, "tagKeys"), "tagKeys");
        violations.result()?;
        self.change_tags(call, arn, |tags| {
            for (_, key) in call.query.iter().filter(|(name, _)| name == "tagKeys") {
                tags.shift_remove(key);
            }
        })
    }

    fn change_tags(
        &self,
        call: &Call,
        arn: &str,
        change: impl FnOnce(&mut IndexMap<String, String>),
    ) -> Result<Reply, ApiError> {
        let reference = reference::parse(checked(arn)?, None, &call.region)?;
        self.inner.store.write(|at| {
            let mut function = table::function(at, &reference.region, &reference.name)?
                .filter(|_| reference.qualifier.is_none())
                .ok_or_else(|| reference.not_found())?;
            change(&mut function.tags);
            check(&function.tags)?;
            table::put_function(at, &function)?;
            Ok::<_, ApiError>(())
        })?;
        no_content()
    }
}

/// Unlike the other operations, these take nothing but ARNs.
fn checked(arn: &str) -> Result<&str, ApiError> {
    let mut violations = Violations::default();
    violations.pattern(arn.starts_with("arn:"), arn, "resource", PATTERN);
    violations.result().map(|()| arn)
}

/// Number, lengths and prefix: <https://docs.aws.amazon.com/lambda/latest/dg/configuration-tags.html>
pub(super) fn check(tags: &IndexMap<String, String>) -> Result<(), ApiError> {
    if tags.len() > 50 {
        return Err(invalid_parameter("Number of tags exceeds resource tag limit."));
    }
    for (key, value) in tags {
        if key.is_empty() || key.chars().count() > 128 || value.chars().count() > 256 {
            return Err(invalid_parameter(format!(
                "The tag {key} is not valid: a key has 1 to 128 characters, a value at most 256."
            )));
        }
        if key.to_lowercase().starts_with("aws:") {
            return Err(invalid_parameter(
                "aws: prefixed tag key names are not allowed for external use.",
            ));
        }
    }
    Ok(())
}
