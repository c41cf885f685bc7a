//! What a subscription gets of a message, and the way there: into a queue at once, to functions and over HTTP by the outbox.

use rusqlite::Transaction;
use serde_json::{Map, Value, json};

use super::filter::Filter;
use super::outbox::{self, Parcel};
use super::publish::Message;
use super::table::Subscription;
use super::{Context, envelope};
use crate::local::api::ApiError;
use crate::local::sqs::{Delivery, Undeliverable, content};
use crate::local::store::StoreError;

/// Delivers a message to a subscription, if it wants it.
pub(super) fn to(
    db: &Transaction<'_>,
    context: &Context<'_>,
    subscription: &Subscription,
    message: &Message,
) -> Result<(), ApiError> {
    let text = message.text_for(&subscription.protocol);
    if !wants(subscription, message, text) {
        return Ok(());
    }
    match subscription.protocol.as_str() {
        "sqs" => to_queue(db, context, subscription, message, text),
        "lambda" => {
            let event = envelope::lambda_event(subscription, message, text, context);
            context.post(outbox::put(
                db,
                &Parcel::lambda(subscription, event.to_string()),
                context.now,
            )?);
            Ok(())
        }
        "http" => {
            let body = if subscription.is_raw() {
                text.to_owned()
            } else {
                envelope::notification(subscription, message, text, context)
            };
            let headers = envelope::headers("Notification", &message.id, subscription);
            context.post(outbox::put(
                db,
                &Parcel::http(subscription, headers, body),
                context.now,
            )?);
            Ok(())
        }
        // E-mail, text messages and HTTPS endpoints are never asked to confirm, and nothing is sent to them.
        _ => Ok(()),
    }
}

fn wants(subscription: &Subscription, message: &Message, text: &str) -> bool {
    let Some(policy) = subscription.attributes.get("FilterPolicy") else {
        return true;
    };
    let by_body = subscription
        .attributes
        .get("FilterPolicyScope")
        .is_some_and(|scope| scope == "MessageBody");
    match Filter::read(policy, by_body) {
        Ok(filter) if by_body => filter.matches_body(text),
        Ok(filter) => filter.matches_attributes(&message.attributes),
        // Nested, and then the scope was changed: nothing has such attributes.
        Err(_) => false,
    }
}

fn to_queue(
    db: &Transaction<'_>,
    context: &Context<'_>,
    subscription: &Subscription,
    message: &Message,
    text: &str,
) -> Result<(), ApiError> {
    let (body, attributes) = if subscription.is_raw() {
        (text.to_owned(), message.attributes.clone())
    } else {
        (envelope::notification(subscription, message, text, context), Map::new())
    };
    let delivery = Delivery {
        queue: subscription.endpoint.clone(),
        body,
        attributes,
        group: message.group.clone(),
        deduplication: message.deduplication.clone(),
    };
    // As AWS: a queue takes ten attributes, and a raw message with more is lost as an error of the client.
    let delivered = if delivery.attributes.len() > content::MOST_ATTRIBUTES {
        Err(Undeliverable::TooLarge(delivery.queue.clone()))
    } else {
        context.sqs.deliver(db, &delivery)?
    };
    match delivered {
        Ok(filled) => context.fill(filled),
        Err(why) => {
            if let Some(filled) = bury(db, context.sqs, subscription, delivery, &why.to_string())? {
                context.fill(filled);
            }
        }
    }
    Ok(())
}

/// Puts what could not be delivered into the subscription's dead-letter queue, if it has one and that is there
/// ([dead-letter queues](https://docs.aws.amazon.com/sns/latest/dg/sns-dead-letter-queues.html)).
fn bury(
    db: &Transaction<'_>,
    sqs: &crate::local::sqs::Sqs,
    subscription: &Subscription,
    delivery: Delivery,
    why: &str,
) -> Result<Option<crate::local::sqs::Filled>, StoreError> {
    let Some(queue) = dead_letter(subscription) else {
        return Ok(None);
    };
    let delivery = Delivery {
        queue,
        attributes: reasons(why),
        ..delivery
    };
    Ok(sqs.deliver(db, &delivery)?.ok())
}

/// The ARN of the queue for what cannot be delivered.
pub(super) fn dead_letter(subscription: &Subscription) -> Option<String> {
    let policy: Value = serde_json::from_str(subscription.attributes.get("RedrivePolicy")?).ok()?;
    Some(policy.get("deadLetterTargetArn")?.as_str()?.to_owned())
}

/// What a message in a dead-letter queue says of how it came there.
pub(super) fn reasons(why: &str) -> Map<String, Value> {
    let attribute = |text: &str| json!({"DataType": "String", "StringValue": text});
    Map::from_iter([
        ("ErrorCode".to_owned(), attribute("DeliveryFailure")),
        ("ErrorMessage".to_owned(), attribute(why)),
        ("RequestID".to_owned(), attribute(&crate::local::random::uuid())),
    ])
}
