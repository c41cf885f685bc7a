//! The section `topics`.

use indexmap::IndexMap;

use super::fields::Fields;
use super::filter_policy;
use super::model::{Subscription, Topic};
use super::names::{self, Context, Name};
use super::tags;
use crate::diagnostic::Diagnostic;
use crate::tree::{Entry, Node, Value};

/// Who can be told of messages without further set-up.
/// Source: <https://docs.aws.amazon.com/sns/latest/api/API_Subscribe.html>
const PROTOCOLS: &[&str] = &["sqs", "lambda", "http", "https", "email", "email-json", "sms"];

/// Protocols that can get messages as they were sent.
/// Source: <https://docs.aws.amazon.com/sns/latest/dg/sns-large-payload-raw-message-delivery.html>
const RAW: &[&str] = &["sqs", "http", "https"];

const SCOPES: &[&str] = &["MessageAttributes", "MessageBody"];

/// Reads one topic.
pub(super) fn read(
    entry: &Entry,
    context: &Context<'_>,
    stack_tags: &IndexMap<String, String>,
    found: &mut Vec<Diagnostic>,
) -> Topic {
    let mut fields = Fields::new(&entry.value, entry.key_span.as_ref(), format!("topic `{}`", entry.key));
    let fifo = fields.boolean("fifo").unwrap_or(false);
    let ending = if fifo { ".fifo" } else { "" };
    let name = names::physical_ending(&mut fields, context, entry, Name::Topic, ending);
    let display_name = fields.description("displayName", 100);
    let content_based_deduplication = deduplication(&mut fields, fifo);
    let mut subscriptions = Vec::new();
    let mut found_in_subscriptions = Vec::new();
    for node in fields.list("subscriptions") {
        let what = format!("the subscription of {}", fields.what);
        subscriptions.extend(subscription(node, fifo, what, &mut found_in_subscriptions));
    }
    let tags = tags::read(&mut fields);
    tags::check_count(&mut fields, &tags, stack_tags);
    fields.finish(found);
    found.append(&mut found_in_subscriptions);
    Topic {
        span: entry.key_span.clone(),
        name,
        display_name,
        fifo,
        content_based_deduplication,
        subscriptions,
        tags,
    }
}

/// `contentBasedDeduplication`, which only FIFO topics and queues have.
pub(super) fn deduplication(fields: &mut Fields<'_>, fifo: bool) -> bool {
    let wanted = fields.boolean("contentBasedDeduplication").unwrap_or(false);
    if wanted && !fifo {
        let message = format!("{}: `contentBasedDeduplication` needs `fifo: true`", fields.what);
        let place = fields
            .node("contentBasedDeduplication")
            .and_then(|node| node.span.as_ref());
        fields.found.push(Diagnostic::error("bad-value", message).at(place));
    }
    wanted
}

fn subscription(node: &Node, fifo: bool, what: String, found: &mut Vec<Diagnostic>) -> Option<Subscription> {
    let mut fields = Fields::new(node, node.span.as_ref(), what);
    let protocol = fields.required_one_of("protocol", PROTOCOLS);
    let endpoint = fields.required_text("endpoint");
    let endpoint_node = fields.node("endpoint");
    let raw = fields.boolean("rawMessageDelivery").unwrap_or(false);
    let filter_policy = fields.node("filterPolicy").filter(|node| match node.value {
        Value::Map(_) => true,
        _ => {
            let message = format!("`filterPolicy`: expected a mapping, found {}", node.kind());
            let wrong = Diagnostic::error("wrong-type", message).at(node.span.as_ref());
            fields.found.push(wrong);
            false
        }
    });
    let scope = fields.one_of("filterPolicyScope", SCOPES);
    if let Some(policy) = filter_policy {
        filter_policy::check(policy, scope == Some("MessageBody"), &mut fields.found);
    }
    let mut refuse = |key: &'static str, message: String| {
        let place = fields.node(key).and_then(|node| node.span.as_ref());
        fields.found.push(Diagnostic::error("bad-value", message).at(place));
    };
    if scope.is_some() && filter_policy.is_none() {
        refuse(
            "filterPolicyScope",
            "`filterPolicyScope` is for a `filterPolicy`".to_owned(),
        );
    }
    if let Some(protocol) = protocol {
        if raw && !RAW.contains(&protocol) {
            refuse(
                "rawMessageDelivery",
                format!("`rawMessageDelivery` is for `sqs`, `http` and `https`, not for `{protocol}`"),
            );
        }
        // Source: https://docs.aws.amazon.com/sns/latest/dg/fifo-message-delivery.html
        if fifo && protocol != "sqs" {
            refuse(
                "protocol",
                format!("a FIFO topic delivers to `sqs` only, not to `{protocol}`"),
            );
        }
        if let Some(wrong) = endpoint.and_then(|(text, _)| wrong_endpoint(protocol, text)) {
            refuse("endpoint", wrong);
        }
    }
    fields.finish(found);
    Some(Subscription {
        span: node.span.clone(),
        protocol: protocol?.to_owned(),
        endpoint: endpoint.and(endpoint_node)?.clone(),
        raw_message_delivery: raw,
        filter_policy: filter_policy.cloned(),
        filter_policy_scope: scope.unwrap_or("MessageAttributes"),
    })
}

/// What can be told before references are put in.
fn wrong_endpoint(protocol: &str, endpoint: &str) -> Option<String> {
    if endpoint.contains("${") {
        return None;
    }
    let expected = match protocol {
        "http" if !endpoint.starts_with("http://") => "an address that begins with `http://`",
        "https" if !endpoint.starts_with("https://") => "an address that begins with `https://`",
        "email" | "email-json" if !endpoint.contains('@') => "an e-mail address",
        "sqs" if !names::is_arn(endpoint, "sqs", "") => "the ARN of a queue, e.g. `${Queue.Arn}`",
        "lambda" if !names::is_arn(endpoint, "lambda", "function:") => "the ARN of a function, e.g. `${Function.Arn}`",
        _ => return None,
    };
    Some(format!(
        "`endpoint`: `{protocol}` expects {expected}, found `{endpoint}`"
    ))
}
