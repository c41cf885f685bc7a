//! The section `queues`.

use std::collections::HashSet;

use indexmap::IndexMap;

use super::fields::{Fields, with_hint};
use super::model::{DeadLetter, Queue};
use super::names::{self, Context, Name, bad_arn, is_arn};
use super::{tags, topics};
use crate::diagnostic::{Diagnostic, did_you_mean};
use crate::tree::{Entry, Node};

/// Reads one queue. Limits and defaults:
/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html>
pub(super) fn read(
    entry: &Entry,
    context: &Context<'_>,
    stack_tags: &IndexMap<String, String>,
    found: &mut Vec<Diagnostic>,
) -> Queue {
    let mut fields = Fields::new(&entry.value, entry.key_span.as_ref(), format!("queue `{}`", entry.key));
    let fifo = fields.boolean("fifo").unwrap_or(false);
    let ending = if fifo { ".fifo" } else { "" };
    let name = names::physical_ending(&mut fields, context, entry, Name::Queue, ending);
    let mut number = |key, least, most, default| fields.integer(key, least, most).map_or(default, |(number, _)| number);
    let visibility_timeout = number("visibilityTimeout", 0, 43_200, 30);
    let message_retention = number("messageRetention", 60, 1_209_600, 345_600);
    let delay = number("delay", 0, 900, 0);
    let receive_wait = number("receiveWait", 0, 20, 0);
    let maximum_message_size = fields
        .integer("maximumMessageSize", 1024, 1_048_576)
        .map(|(size, _)| size);
    let content_based_deduplication = topics::deduplication(&mut fields, fifo);
    let dead_letter = fields
        .node("deadLetter")
        .and_then(|node| dead_letter(node, context, &mut fields.found));
    let tags = tags::read(&mut fields);
    tags::check_count(&mut fields, &tags, stack_tags);
    fields.finish(found);
    Queue {
        span: entry.key_span.clone(),
        name,
        fifo,
        visibility_timeout,
        message_retention,
        delay,
        receive_wait,
        maximum_message_size,
        content_based_deduplication,
        dead_letter,
        tags,
    }
}

fn dead_letter(node: &Node, context: &Context<'_>, found: &mut Vec<Diagnostic>) -> Option<DeadLetter> {
    let mut fields = Fields::new(node, node.span.as_ref(), "`deadLetter`");
    let queue = fields.required_text("queue").filter(|(queue, span)| {
        if context.queues.contains(queue) || is_arn(queue, "sqs", "") {
            return true;
        }
        fields.found.push(if queue.starts_with("arn:") {
            bad_arn(queue, *span, "arn:aws:sqs:us-east-1:123456789012:NAME")
        } else {
            let message = format!("there is no queue `{queue}`");
            let wrong = Diagnostic::error("undefined-reference", message).at(*span);
            with_hint(wrong, did_you_mean(queue, context.queues.iter().copied()))
        });
        false
    });
    fields.required("maxReceives");
    let max_receives = fields.integer("maxReceives", 1, 1000);
    fields.finish(found);
    Some(DeadLetter {
        queue: queue?.0.to_owned(),
        max_receives: max_receives?.0,
    })
}

/// Reports dead-letter queues that lead back to where a message came from, and those of the other type: a FIFO queue's
/// is a FIFO queue too.
/// Source: <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html>
pub(super) fn check_dead_letters(queues: &IndexMap<String, Queue>, found: &mut Vec<Diagnostic>) {
    for (id, queue) in queues {
        let next = |queue: &Queue| queue.dead_letter.as_ref().map(|dead| dead.queue.clone());
        let mut refuse = |message: String| {
            found.push(Diagnostic::error("bad-value", message).at(queue.span.as_ref()));
        };
        if let Some(dead) = next(queue).and_then(|dead| queues.get(&dead).map(|other| (dead, other)))
            && dead.1.fifo != queue.fifo
        {
            let kind = if queue.fifo {
                "is a FIFO queue"
            } else {
                "is no FIFO queue"
            };
            refuse(format!(
                "queue `{id}` {kind}, and so must its dead-letter queue `{}` be",
                dead.0
            ));
        }
        let mut seen = HashSet::new();
        let mut at = next(queue);
        while let Some(dead) = at {
            if dead == *id {
                refuse(format!("the dead letters of the queue `{id}` lead back to it"));
                break;
            }
            if !seen.insert(dead.clone()) {
                break;
            }
            at = queues.get(&dead).and_then(next);
        }
    }
}
