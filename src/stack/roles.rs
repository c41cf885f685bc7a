//! The section `roles`.

use indexmap::IndexMap;

use super::fields::Fields;
use super::model::Role;
use super::names::{self, Context, Name, bad_arn, is_arn};
use super::tags;
use crate::diagnostic::Diagnostic;
use crate::tree::{Entry, Node, Value};

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
    let mut found_in_statements = Vec::new();
    for node in statements {
        statement(node, &fields.what, &mut found_in_statements);
    }
    let tags = tags::read(&mut fields);
    tags::check_count(&mut fields, &tags, stack_tags);
    fields.finish(found);
    found.append(&mut found_in_statements);
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

/// Checks what IAM would refuse only when the role is made.
/// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html>
fn statement(node: &Node, role: &str, found: &mut Vec<Diagnostic>) {
    let mut fields = Fields::new(node, node.span.as_ref(), format!("the statement of {role}"));
    let effect = fields.required_text("Effect");
    if let Some((effect, span)) = effect.filter(|(effect, _)| !["Allow", "Deny"].contains(effect)) {
        let message = format!("`Effect` is `Allow` or `Deny`, not `{effect}`");
        fields.found.push(Diagnostic::error("bad-value", message).at(span));
    }
    for (key, opposite) in [("Action", "NotAction"), ("Resource", "NotResource")] {
        let given = [fields.node(key), fields.node(opposite)];
        if given.iter().flatten().count() != 1 && matches!(node.value, Value::Map(_)) {
            let message = format!("{} needs `{key}` or `{opposite}`, one of them", fields.what);
            let problem = Diagnostic::error("missing-key", message);
            fields.found.push(problem.at(node.span.as_ref()));
        }
        for value in given.into_iter().flatten() {
            let is_text = |node: &Node| matches!(node.value, Value::String(_));
            let is_right = match &value.value {
                Value::List(items) => !items.is_empty() && items.iter().all(is_text),
                _ => is_text(value),
            };
            if !is_right {
                let message = format!("`{key}` and `{opposite}` are a string or a list of strings");
                let problem = Diagnostic::error("wrong-type", message);
                fields.found.push(problem.at(value.span.as_ref()));
            }
        }
    }
    fields.text("Sid");
    fields.node("Condition");
    fields.finish(found);
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
