//! The section `roles`.

use indexmap::IndexMap;

use super::fields::Fields;
use super::model::Role;
use super::names::{self, Context, Name, bad_arn, is_arn};
use super::tags;
use crate::diagnostic::Diagnostic;
use crate::tree::{Entry, Value};

/// Managed policies that a role may have, unless AWS was asked for more.
/// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html>
const MOST_MANAGED_POLICIES: usize = 10;

/// Reads one role.
pub(super) fn read(
    entry: &Entry,
    context: &Context<'_>,
    stack_tags: &IndexMap<String, String>,
    found: &mut Vec<Diagnostic>,
) -> Role {
    let mut fields = Fields::new(&entry.value, entry.key_span.as_ref(), format!("role `{}`", entry.key));
    let name = names::physical(&mut fields, context, entry, Name::Role);
    let path = path(&mut fields);
    let description = fields.description("description", 1000);
    let managed_policies = managed_policies(&mut fields);
    let statements = fields.list("statements");
    for statement in statements {
        if !matches!(statement.value, Value::Map(_)) {
            let message = format!("`statements`: expected a mapping, found {}", statement.kind());
            fields
                .found
                .push(Diagnostic::error("wrong-type", message).at(statement.span.as_ref()));
        }
    }
    let tags = tags::read(&mut fields);
    tags::check_count(&mut fields, &tags, stack_tags);
    fields.finish(found);
    Role {
        span: entry.key_span.clone(),
        name,
        path,
        description,
        managed_policies,
        statements: statements.iter().map(|statement| statement.to_json()).collect(),
        tags,
    }
}

/// `/`, or text between slashes.
/// Source: <https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html>
fn path(fields: &mut Fields<'_>) -> String {
    let Some((path, span)) = fields.text("path") else {
        return "/".to_owned();
    };
    let is_framed = path.starts_with('/') && path.ends_with('/');
    if !is_framed || path.len() > 512 || !path.bytes().all(|byte| byte.is_ascii_graphic()) {
        let message = format!("the path `{path}` must begin and end with `/` and have at most 512 ASCII characters");
        fields.found.push(Diagnostic::error("bad-value", message).at(span));
    }
    path.to_owned()
}

fn managed_policies(fields: &mut Fields<'_>) -> Vec<String> {
    let policies = fields.texts("managedPolicies");
    for (policy, span) in &policies {
        if !is_arn(policy, "iam", "policy/") {
            fields
                .found
                .push(bad_arn(policy, *span, "arn:aws:iam::aws:policy/AmazonSNSFullAccess"));
        }
    }
    if let Some((_, span)) = policies.get(MOST_MANAGED_POLICIES) {
        let message = format!("{} has more than {MOST_MANAGED_POLICIES} managed policies", fields.what);
        fields.found.push(Diagnostic::error("too-many", message).at(*span));
    }
    policies.into_iter().map(|(policy, _)| policy.to_owned()).collect()
}
