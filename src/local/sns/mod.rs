//! SNS: topics and subscriptions, kept in the store, and messages that really arrive: in queues, at functions, and at HTTP
//! endpoints on this machine.
//!
//! A message that was accepted is delivered, also by the next process. E-mail, text message and mobile subscriptions, and those of
//! HTTPS endpoints and other machines, are recorded as pending and nothing is sent to them. Not there, and answered so: Firehose
//! subscriptions, delivery policies and delivery status logging, encryption, archives, data protection, platform applications.
//! Policies are kept and not enforced.

mod deliver;
mod envelope;
mod error;
mod filter;
mod functions;
mod http;
mod outbox;
mod params;
mod publish;
mod subscriptions;
mod table;
#[cfg(test)]
mod tests;
mod topics;

use std::cell::RefCell;
use std::sync::Arc;

use bytes::Bytes;
use rusqlite::{Connection, Transaction};
use tokio::sync::Semaphore;

use super::api::{ApiError, Call, Pending, Reply, Service};
use super::protocol::form::Form;
use super::sqs::{Clock, Filled, Sqs};
use super::store::{Store, StoreError};
use params::Params;

/// Items of a page of a list.
const PAGE: usize = 100;
/// Deliveries under way at once.
const AT_ONCE: usize = 32;

/// Lambda, as SNS calls it.
pub trait Functions: Send + Sync + 'static {
    /// Hands an event to a function; once that is done, the event is Lambda's to keep.
    fn invoke_event<'a>(&'a self, region: &'a str, arn: &'a str, event: Bytes) -> Pending<'a, Result<(), ApiError>>;
}

/// The service.
pub struct Sns {
    inner: Arc<Inner>,
}

struct Inner {
    store: Store,
    sqs: Arc<Sqs>,
    functions: Arc<dyn Functions>,
    /// Where this local cloud can be reached: in the links of notifications.
    endpoint: String,
    clock: Clock,
    turns: Semaphore,
}

impl Inner {
    fn now(&self) -> i64 {
        (self.clock)().cast_signed()
    }
}

/// A call with what operations need of it, and what they leave to be done once their transaction is over.
struct Context<'a> {
    params: Params<'a>,
    region: &'a str,
    endpoint: &'a str,
    sqs: &'a Sqs,
    /// In milliseconds.
    now: i64,
    filled: RefCell<Vec<Filled>>,
    posted: RefCell<Vec<i64>>,
}

impl Context<'_> {
    /// A queue got a message.
    fn fill(&self, filled: Filled) {
        self.filled.borrow_mut().push(filled);
    }

    /// The outbox got a delivery.
    fn post(&self, id: i64) {
        self.posted.borrow_mut().push(id);
    }
}

impl Sns {
    /// Makes the tables and goes on with the deliveries of an earlier process. To be called in a Tokio runtime.
    pub fn open(
        store: Store,
        sqs: Arc<Sqs>,
        functions: Arc<dyn Functions>,
        endpoint: String,
        clock: Clock,
    ) -> Result<Self, StoreError> {
        store.ensure_schema(table::SCHEMA)?;
        let inner = Arc::new(Inner {
            store,
            sqs,
            functions,
            endpoint,
            clock,
            turns: Semaphore::new(AT_ONCE),
        });
        for id in inner.store.read(outbox::pending)? {
            outbox::follow(&inner, id);
        }
        Ok(Self { inner })
    }

    fn answer(&self, call: &Call) -> Result<Reply, ApiError> {
        let form = Form::read(&call.input);
        let context = Context {
            params: Params(&form),
            region: &call.region,
            endpoint: &self.inner.endpoint,
            sqs: &self.inner.sqs,
            now: self.inner.now(),
            filled: RefCell::default(),
            posted: RefCell::default(),
        };
        match call.operation.as_str() {
            "CreateTopic" => self.write(topics::create, &context),
            "DeleteTopic" => self.write(topics::delete, &context),
            "ListTopics" => self.read(topics::list, &context),
            "GetTopicAttributes" => self.read(topics::get_attributes, &context),
            "SetTopicAttributes" => self.write(topics::set_attributes, &context),
            "TagResource" => self.write(topics::tag, &context),
            "UntagResource" => self.write(topics::untag, &context),
            "ListTagsForResource" => self.read(topics::list_tags, &context),
            "Subscribe" => self.write(subscriptions::subscribe, &context),
            "ConfirmSubscription" => self.write(subscriptions::confirm, &context),
            "Unsubscribe" => self.write(subscriptions::unsubscribe, &context),
            "ListSubscriptions" => self.read(subscriptions::list, &context),
            "ListSubscriptionsByTopic" => self.read(subscriptions::list_by_topic, &context),
            "GetSubscriptionAttributes" => self.read(subscriptions::get_attributes, &context),
            "SetSubscriptionAttributes" => self.write(subscriptions::set_attributes, &context),
            "Publish" => self.write(publish::publish, &context),
            "PublishBatch" => self.write(publish::publish_batch, &context),
            other => Err(error::not_implemented(other)),
        }
    }

    fn write(
        &self,
        operation: fn(&Transaction<'_>, &Context<'_>) -> Result<Reply, ApiError>,
        context: &Context<'_>,
    ) -> Result<Reply, ApiError> {
        let reply = self.inner.store.write(|db| operation(db, context))?;
        for filled in context.filled.take() {
            self.inner.sqs.announce(filled);
        }
        for id in context.posted.take() {
            outbox::follow(&self.inner, id);
        }
        Ok(reply)
    }

    fn read(
        &self,
        operation: fn(&Connection, &Context<'_>) -> Result<Reply, ApiError>,
        context: &Context<'_>,
    ) -> Result<Reply, ApiError> {
        self.inner.store.read(|db| operation(db, context))
    }
}

impl Service for Sns {
    fn call(&self, call: Call) -> Pending<'_, Result<Reply, ApiError>> {
        Box::pin(async move { self.answer(&call) })
    }

    fn close(&self) -> Pending<'_, ()> {
        // Deliveries that wait their turn stay in the store.
        Box::pin(async { self.inner.turns.close() })
    }
}
