//! Messages that other services of the local cloud put into queues.

use rusqlite::Transaction;
use serde_json::{Map, Value};

use super::send::{self, Outgoing};
use super::table::Queue;
use super::{Sqs, content};
use crate::local::store::StoreError;

/// A message for a queue.
#[derive(Clone, Debug, Default)]
pub(crate) struct Delivery {
    /// The ARN of the queue.
    pub(crate) queue: String,
    /// The text.
    pub(crate) body: String,
    /// In the form of `MessageAttributes` of the API, checked.
    pub(crate) attributes: Map<String, Value>,
    /// FIFO queues need one.
    pub(crate) group: Option<String>,
    /// FIFO queues need one, unless they make it from the content.
    pub(crate) deduplication: Option<String>,
}

/// Why a message cannot be put into a queue, now or later.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub(crate) enum Undeliverable {
    /// There is no such queue.
    #[error("the queue {0} does not exist")]
    NoQueue(String),
    /// It is larger than the queue takes.
    #[error("the message is too large for the queue {0}")]
    TooLarge(String),
    /// The queue is FIFO and the message has no group or deduplication id.
    #[error("the FIFO queue {0} needs a message group and a deduplication id")]
    NotForFifo(String),
}

/// A queue that has got a message: those who wait there have to be told once the transaction is over.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Filled(i64);

impl Sqs {
    /// Puts a message into a queue, as part of a transaction of the caller's, who then calls [`Self::announce`].
    pub(crate) fn deliver(
        &self,
        db: &Transaction<'_>,
        delivery: &Delivery,
    ) -> Result<Result<Filled, Undeliverable>, StoreError> {
        let Some(queue) = Queue::of_arn(db, &delivery.queue)? else {
            return Ok(Err(Undeliverable::NoQueue(delivery.queue.clone())));
        };
        let largest = usize::try_from(queue.number("MaximumMessageSize")).unwrap_or(0);
        if content::size(&delivery.body, &delivery.attributes) > largest {
            return Ok(Err(Undeliverable::TooLarge(delivery.queue.clone())));
        }
        let by_content = || {
            queue
                .flag("ContentBasedDeduplication")
                .then(|| send::sum_of(&delivery.body))
        };
        let deduplication = if queue.is_fifo() {
            let id = delivery.deduplication.clone().or_else(by_content);
            if id.is_none() || delivery.group.is_none() {
                return Ok(Err(Undeliverable::NotForFifo(delivery.queue.clone())));
            }
            id
        } else {
            None
        };
        let outgoing = Outgoing {
            body: delivery.body.clone(),
            attributes: delivery.attributes.clone(),
            group: delivery.group.clone(),
            deduplication,
            ..Outgoing::default()
        };
        send::enqueue(db, &queue, &outgoing, self.now())?;
        Ok(Ok(Filled(queue.id)))
    }

    /// Wakes those who wait at queues that were filled.
    pub(crate) fn announce(&self, filled: Filled) {
        self.bells.ring(filled.0);
    }
}
