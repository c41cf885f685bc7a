//! What IAM checks of a policy document, with its messages
//! ([grammar](https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html)).

use std::collections::HashSet;

use serde_json::{Map, Value};

use crate::local::api::ApiError;

const SYNTAX: &str = "Syntax errors in policy.";

type Statement = Map<String, Value>;

/// Checks a trust policy.
pub(super) fn check_trust(text: &str) -> Result<(), ApiError> {
    let document: Value = serde_json::from_str(text).map_err(|_| malformed("This policy contains invalid Json"))?;
    let document = document
        .as_object()
        .ok_or_else(|| malformed("This policy contains invalid Json"))?;
    if !matches!(version(document), Ok(Some("2012-10-17" | "2008-10-17") | None)) {
        return Err(malformed("The policy must contain a valid version string"));
    }
    let statements = statements(document)
        .filter(|statements| !statements.is_empty())
        .ok_or_else(|| malformed("Could not parse the policy: Statement is empty!"))?;
    check_sids(&statements, "The Statement Ids in the policy are not unique")?;
    statements.into_iter().try_for_each(check_trust_statement)
}

fn check_trust_statement(statement: &Statement) -> Result<(), ApiError> {
    match statement.get("Effect").map(Value::as_str) {
        None => return Err(malformed("Missing required field Effect")),
        Some(Some("Allow" | "Deny")) => {}
        Some(other) => return Err(malformed(format!("Invalid effect: {}", other.unwrap_or_default()))),
    }
    if statement.contains_key("Resource") {
        return Err(malformed("Has prohibited field Resource"));
    }
    if statement.contains_key("NotResource") {
        return Err(malformed("AssumeRole policy must not contain resources."));
    }
    if statement.contains_key("NotPrincipal") {
        return Err(malformed("AssumeRole policy must not contain NotPrincipal field."));
    }
    let principal = statement
        .get("Principal")
        .ok_or_else(|| malformed("Missing required field Principal"))?;
    check_trust_principal(principal)?;
    let actions = statement
        .get("Action")
        .or_else(|| statement.get("NotAction"))
        .ok_or_else(|| malformed("Missing required field Action"))?;
    let actions = strings(actions).filter(|actions| !actions.is_empty());
    let actions = actions.ok_or_else(|| malformed("Missing required field Action"))?;
    if !actions.iter().all(|action| starts_with_ignoring_case(action, "sts:")) {
        return Err(malformed("AssumeRole policy may only specify STS AssumeRole actions."));
    }
    check_frame(statement, &["Principal"], "Syntax error in policy.")
}

fn check_trust_principal(principal: &Value) -> Result<(), ApiError> {
    let principal = principal
        .as_object()
        .ok_or_else(|| malformed("Principal must be a JSON object."))?;
    if principal.is_empty() {
        return Err(malformed("Missing required field Principal cannot be empty!"));
    }
    for (kind, values) in principal {
        let is_valid: fn(&str) -> bool = match kind.as_str() {
            "AWS" => is_aws_principal,
            "Service" => is_service_principal,
            "Federated" => |_| true,
            _ => return Err(malformed(format!("Invalid principal in policy: \"{kind}\""))),
        };
        let values = strings(values).ok_or_else(|| malformed("Syntax error in policy."))?;
        if let Some(value) = values.into_iter().find(|value| !is_valid(value)) {
            let kind = if kind == "Service" { "SERVICE" } else { kind };
            return Err(malformed(format!(
                "Invalid principal in policy: \"{kind}\":\"{value}\""
            )));
        }
    }
    Ok(())
}

/// An account, or an ARN of one of its identities; whether it exists is not looked up.
fn is_aws_principal(value: &str) -> bool {
    let is_account = |text: &str| text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit());
    if value == "*" || is_account(value) {
        return true;
    }
    let parts: Vec<&str> = value.splitn(6, ':').collect();
    matches!(parts.as_slice(), ["arn", _, "iam" | "sts", "", account, resource] if is_account(account) && !resource.is_empty())
}

/// A host name of a service; AWS knows them all, here the form is enough.
fn is_service_principal(value: &str) -> bool {
    let is_label = |label: &str| {
        !label.is_empty()
            && label
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    };
    let labels: Vec<&str> = value.split('.').collect();
    labels.len() >= 3
        && labels.iter().all(|label| is_label(label))
        && (value.ends_with(".amazonaws.com") || value.ends_with(".amazonaws.com.cn") || value.ends_with(".amazon.com"))
}

/// Checks a policy of an identity: an inline policy.
pub(super) fn check_identity(text: &str) -> Result<(), ApiError> {
    let document: Value = serde_json::from_str(text).map_err(|_| malformed(SYNTAX))?;
    let document = document.as_object().ok_or_else(|| malformed(SYNTAX))?;
    let known = |key: &String| matches!(key.as_str(), "Version" | "Id" | "Statement");
    if !document.keys().all(known) || document.get("Id").is_some_and(|id| !id.is_string()) {
        return Err(malformed(SYNTAX));
    }
    let statements = statements(document)
        .filter(|statements| !statements.is_empty())
        .ok_or_else(|| malformed(SYNTAX))?;
    statements.iter().copied().try_for_each(check_identity_grammar)?;
    match version(document)? {
        Some("2012-10-17") => {}
        Some("2008-10-17") | None => {
            return Err(malformed("Policy document must be version 2012-10-17 or greater."));
        }
        Some(_) => return Err(malformed(SYNTAX)),
    }
    check_sids(&statements, "Statement IDs (SID) in a single policy must be unique.")?;
    statements.into_iter().try_for_each(check_identity_statement)
}

fn check_identity_grammar(statement: &Statement) -> Result<(), ApiError> {
    if !matches!(statement.get("Effect").and_then(Value::as_str), Some("Allow" | "Deny")) {
        return Err(malformed(SYNTAX));
    }
    for (one, other) in [("Action", "NotAction"), ("Resource", "NotResource")] {
        if statement.contains_key(one) && statement.contains_key(other) {
            return Err(malformed(SYNTAX));
        }
    }
    let lists = ["Action", "NotAction", "Resource", "NotResource"];
    if lists
        .iter()
        .filter_map(|key| statement.get(*key))
        .any(|value| strings(value).is_none())
    {
        return Err(malformed(SYNTAX));
    }
    if statement.contains_key("Principal") || statement.contains_key("NotPrincipal") {
        return Err(malformed("Policy document should not specify a principal."));
    }
    check_frame(statement, &["Resource", "NotResource"], SYNTAX)
}

fn check_identity_statement(statement: &Statement) -> Result<(), ApiError> {
    let list = |one: &str, other: &str| {
        let value = statement.get(one).or_else(|| statement.get(other));
        value.and_then(strings).filter(|list| !list.is_empty())
    };
    let resources = list("Resource", "NotResource");
    let resources = resources.ok_or_else(|| malformed("Policy statement must contain resources."))?;
    let actions = list("Action", "NotAction");
    let actions = actions.ok_or_else(|| malformed("Policy statement must contain actions."))?;
    for resource in resources {
        let is_arn = resource.starts_with("arn:") && resource.splitn(6, ':').count() == 6;
        if resource != "*" && !is_arn {
            return Err(malformed(format!(
                "Resource {resource} must be in ARN format or \"*\"."
            )));
        }
    }
    let has_vendor =
        |action: &str| action == "*" || action.split_once(':').is_some_and(|(vendor, _)| !vendor.is_empty());
    if !actions.into_iter().all(has_vendor) {
        return Err(malformed(
            "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.",
        ));
    }
    Ok(())
}

/// The keys that every statement may have, and `others`; a condition is an object of objects.
fn check_frame(statement: &Statement, others: &[&str], message: &str) -> Result<(), ApiError> {
    let common = ["Sid", "Effect", "Action", "NotAction", "Condition"];
    let known = |key: &String| common.contains(&key.as_str()) || others.contains(&key.as_str());
    let is_condition = |value: &Value| {
        value
            .as_object()
            .is_some_and(|operators| operators.values().all(Value::is_object))
    };
    if statement.keys().all(known) && statement.get("Condition").is_none_or(is_condition) {
        Ok(())
    } else {
        Err(malformed(message))
    }
}

fn check_sids(statements: &[&Statement], not_unique: &str) -> Result<(), ApiError> {
    let mut seen = HashSet::new();
    for sid in statements.iter().filter_map(|statement| statement.get("Sid")) {
        let sid = sid.as_str().ok_or_else(|| malformed(SYNTAX))?;
        if !sid.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(malformed(
                "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*",
            ));
        }
        if !sid.is_empty() && !seen.insert(sid) {
            return Err(malformed(not_unique));
        }
    }
    Ok(())
}

fn version(document: &Map<String, Value>) -> Result<Option<&str>, ApiError> {
    match document.get("Version") {
        None => Ok(None),
        Some(Value::String(version)) => Ok(Some(version)),
        Some(_) => Err(malformed(SYNTAX)),
    }
}

/// One statement or a list of them; none if there is something else.
fn statements(document: &Map<String, Value>) -> Option<Vec<&Statement>> {
    match document.get("Statement")? {
        Value::Object(statement) => Some(vec![statement]),
        Value::Array(list) => list.iter().map(Value::as_object).collect(),
        _ => None,
    }
}

/// A string or a list of strings; none if there is something else.
pub(super) fn strings(value: &Value) -> Option<Vec<&str>> {
    match value {
        Value::String(text) => Some(vec![text]),
        Value::Array(list) => list.iter().map(Value::as_str).collect(),
        _ => None,
    }
}

fn starts_with_ignoring_case(text: &str, prefix: &str) -> bool {
    text.get(..prefix.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(prefix))
}

fn malformed(message: impl Into<String>) -> ApiError {
    ApiError::new("MalformedPolicyDocument", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(result: Result<(), ApiError>, text: &str, expected: &str) {
        let message = result.map_or_else(|error| error.message, |()| "ok".to_owned());
        assert_eq!(message, expected, "{text}");
    }

    #[test]
    fn trust_policies() {
        let statement = |text: &str| format!(r#"{{"Version":"2012-10-17","Statement":{text}}}"#);
        let with = |rest: &str| statement(&format!(r#"{{"Effect":"Allow",{rest}}}"#));
        let action = r#""Action":"sts:AssumeRole""#;
        let of = |principal: &str| with(&format!(r#""Principal":{principal},{action}"#));
        for (text, expected) in [
            (of(r#"{"Service":"lambda.amazonaws.com"}"#), "ok"),
            (
                of(r#"{"Service":["states.us-east-1.amazonaws.com"],"AWS":["*","123456789012"]}"#),
                "ok",
            ),
            (of(r#"{"AWS":"arn:aws:iam::123456789012:root"}"#), "ok"),
            (
                of(r#"{"AWS":"nobody"}"#),
                r#"Invalid principal in policy: "AWS":"nobody""#,
            ),
            (
                of(r#"{"Service":"lambda"}"#),
                r#"Invalid principal in policy: "SERVICE":"lambda""#,
            ),
            (of(r#"{"Who":"x"}"#), r#"Invalid principal in policy: "Who""#),
            (of(r#""*""#), "Principal must be a JSON object."),
            (of("{}"), "Missing required field Principal cannot be empty!"),
            (of(r#"{"Service":1}"#), "Syntax error in policy."),
            (with(action), "Missing required field Principal"),
            (
                with(&format!(r#""Resource":"*",{action}"#)),
                "Has prohibited field Resource",
            ),
            (with(r#""Principal":{"AWS":"*"}"#), "Missing required field Action"),
            (
                with(r#""Principal":{"AWS":"*"},"Action":"*""#),
                "AssumeRole policy may only specify STS AssumeRole actions.",
            ),
            (statement("[]"), "Could not parse the policy: Statement is empty!"),
            (statement(r#"{"Principal":{}}"#), "Missing required field Effect"),
            (statement(r#"{"Effect":"Maybe"}"#), "Invalid effect: Maybe"),
            (
                r#"{"Version":"2020"}"#.to_owned(),
                "The policy must contain a valid version string",
            ),
            ("{".to_owned(), "This policy contains invalid Json"),
            ("[".repeat(10_000), "This policy contains invalid Json"),
        ] {
            check(check_trust(&text), &text, expected);
        }
    }

    #[test]
    fn identity_policies() {
        let statement = |text: &str| format!(r#"{{"Version":"2012-10-17","Statement":{text}}}"#);
        let with = |rest: &str| statement(&format!(r#"[{{"Effect":"Allow",{rest}}}]"#));
        for (text, expected) in [
            (with(r#""Action":"sns:Publish","Resource":"*""#), "ok"),
            (
                with(r#""Action":["*"],"Resource":["arn:aws:sns:us-east-1:000000000000:t"]"#),
                "ok",
            ),
            (
                with(r#""Action":"s3:*","Resource":"*","Condition":{"StringEquals":{"aws:SourceAccount":"1"}}"#),
                "ok",
            ),
            (with(r#""Action":"s3:*","Resource":"*","Condition":"x""#), SYNTAX),
            (
                with(r#""Action":"sns:Publish""#),
                "Policy statement must contain resources.",
            ),
            (with(r#""Resource":"*""#), "Policy statement must contain actions."),
            (
                with(r#""Action":"sns:Publish","Resource":"t""#),
                r#"Resource t must be in ARN format or "*"."#,
            ),
            (
                with(r#""Action":"Publish","Resource":"*""#),
                "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.",
            ),
            (
                with(r#""Action":"a:b","Resource":"*","Principal":"*""#),
                "Policy document should not specify a principal.",
            ),
            (with(r#""Action":"a:b","NotAction":"c:d","Resource":"*""#), SYNTAX),
            (with(r#""Action":1,"Resource":"*""#), SYNTAX),
            (with(r#""Action":"a:b","Resources":"*""#), SYNTAX),
            (
                statement(
                    r#"[{"Sid":"A","Effect":"Deny","Action":"a:b","Resource":"*"},{"Sid":"A","Effect":"Deny","Action":"a:b","Resource":"*"}]"#,
                ),
                "Statement IDs (SID) in a single policy must be unique.",
            ),
            (
                r#"{"Statement":{"Effect":"Allow","Action":"a:b","Resource":"*"}}"#.to_owned(),
                "Policy document must be version 2012-10-17 or greater.",
            ),
            (statement("[]"), SYNTAX),
            ("{}".to_owned(), SYNTAX),
            ("nonsense".to_owned(), SYNTAX),
        ] {
            check(check_identity(&text), &text, expected);
        }
    }
}
