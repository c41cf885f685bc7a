//! SQS: queues, kept in the store.
//!
//! Both protocols are spoken: JSON, and the query protocol of older clients. As AWS has it, but for these: a queue's name can be
//! used again at once after it was deleted, policies are kept and not enforced, and there are no KMS keys, permissions by
//! `AddPermission`, message move tasks, or retries of a receive by `ReceiveRequestAttemptId`.

mod attributes;
mod batch;
mod bells;
pub(crate) mod content;
mod deliver;
pub(crate) mod digest;
mod error;
mod handle;
mod in_flight;
mod input;
mod messages;
mod query;
mod queues;
mod receive;
mod request;
mod send;
mod table;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use rusqlite::{Connection, Transaction};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::api::{ApiError, Call, Pending, Reply, Service};
use super::clock::Millis;
use super::store::{Store, StoreError};
use bells::Bells;
pub(crate) use deliver::{Delivery, Filled, Undeliverable};
use receive::Asked;
use request::Request;
use table::Queue;

/// Gives the time.
pub type Clock = Arc<dyn Fn() -> Millis + Send + Sync>;

/// In flight at once in a queue ([quotas](https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html)).
const MOST_IN_FLIGHT: i64 = 120_000;

/// The service.
pub struct Sqs {
    store: Store,
    clock: Clock,
    endpoint: String,
    bells: Bells,
}

impl Sqs {
    /// Makes the tables. `endpoint` begins the URLs of queues for callers of whom it is not known how they came here.
    pub fn open(store: Store, endpoint: String, clock: Clock) -> Result<Self, StoreError> {
        store.ensure_schema(table::SCHEMA)?;
        Ok(Self {
            store,
            clock,
            endpoint,
            bells: Bells::default(),
        })
    }

    async fn answer(&self, call: &Call, operation: &str, input: &Value) -> Result<Value, ApiError> {
        let request = Request::new(call, input, &self.endpoint, self.now());
        match operation {
            "CreateQueue" => self.write(queues::create, &request),
            "GetQueueUrl" => self.read(queues::url, &request),
            "ListQueues" => self.read(queues::list, &request),
            "ListDeadLetterSourceQueues" => self.read(queues::list_sources, &request),
            "DeleteQueue" => self.write(queues::delete, &request),
            "PurgeQueue" => self.write(queues::purge, &request),
            "GetQueueAttributes" => self.read(queues::get_attributes, &request),
            "SetQueueAttributes" => self.write(queues::set_attributes, &request),
            "TagQueue" => self.write(queues::tag, &request),
            "UntagQueue" => self.write(queues::untag, &request),
            "ListQueueTags" => self.read(queues::list_tags, &request),
            "SendMessage" => self.write(send::send, &request),
            "SendMessageBatch" => self.write(batch::send, &request),
            "ReceiveMessage" => self.receive(&request).await,
            "DeleteMessage" => self.write(in_flight::delete, &request),
            "DeleteMessageBatch" => self.write(batch::delete, &request),
            "ChangeMessageVisibility" => self.write(in_flight::change, &request),
            "ChangeMessageVisibilityBatch" => self.write(batch::change, &request),
            other => Err(error::not_implemented(other)),
        }
    }

    fn write(
        &self,
        operation: fn(&Transaction<'_>, &Request<'_>) -> Result<Value, ApiError>,
        request: &Request<'_>,
    ) -> Result<Value, ApiError> {
        let answer = self.store.write(|db| operation(db, request))?;
        // Whatever changed a queue may have made a message available in it.
        if let Ok(queue) = self.store.read(|db| request.queue(db)) {
            self.bells.ring(queue.id);
        }
        Ok(answer)
    }

    fn read(
        &self,
        operation: fn(&Connection, &Request<'_>) -> Result<Value, ApiError>,
        request: &Request<'_>,
    ) -> Result<Value, ApiError> {
        self.store.read(|db| operation(db, request))
    }

    /// Waits for messages as long as the caller or the queue has it
    /// ([long polling](https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-short-and-long-polling.html)).
    async fn receive(&self, request: &Request<'_>) -> Result<Value, ApiError> {
        request.refuse(&["ReceiveRequestAttemptId"])?;
        let asked = Asked::read(&request.input)?;
        let queue = self.store.read(|db| request.queue(db))?;
        let wait = asked
            .wait
            .unwrap_or_else(|| queue.number("ReceiveMessageWaitTimeSeconds"));
        let deadline = Instant::now() + Duration::from_secs(wait.unsigned_abs());
        let bell = self.bells.of(queue.id);
        loop {
            let mut rings = std::pin::pin!(bell.notified());
            rings.as_mut().enable();
            let found = self.take(request, &queue, &asked)?;
            if !found.messages.is_empty() {
                return Ok(json!({"Messages": found.messages}));
            }
            if Instant::now() >= deadline || self.bells.are_closed() {
                return Ok(json!({}));
            }
            let next = found.next.map(|wait| Instant::now() + wait);
            tokio::select! {
                () = rings => {}
                () = tokio::time::sleep_until(next.map_or(deadline, |next| next.min(deadline))) => {}
            }
        }
    }

    fn take(&self, request: &Request<'_>, queue: &Queue, asked: &Asked<'_>) -> Result<Found, ApiError> {
        let now = self.now();
        let found = self.store.write(|db| {
            // Looked up again each time: it may have been changed or deleted meanwhile.
            let queue = request.queue(db)?;
            if self.bells.may_exceed(queue.id, MOST_IN_FLIGHT) {
                self.bells.recount(queue.id, messages::in_flight(db, &queue, now)?);
            }
            if self.bells.may_exceed(queue.id, MOST_IN_FLIGHT) {
                return Err(ApiError::new(
                    "OverLimit",
                    "The maximum number of in flight messages is reached.",
                ));
            }
            let messages = asked.take(db, &queue, now)?;
            let next = if messages.is_empty() {
                messages::next_ready(db, &queue, now)?
            } else {
                None
            };
            let wait = |at: i64| Duration::from_millis((at - now).max(1).unsigned_abs());
            Ok(Found {
                messages,
                next: next.map(wait),
            })
        })?;
        self.bells.count(queue.id, found.messages.len());
        Ok(found)
    }

    fn now(&self) -> i64 {
        (self.clock)().cast_signed()
    }
}

/// What a look into a queue found.
struct Found {
    messages: Vec<Value>,
    /// In how long there will be one, if nothing changes.
    next: Option<Duration>,
}

impl Service for Sqs {
    fn call(&self, call: Call) -> Pending<'_, Result<Reply, ApiError>> {
        Box::pin(async move {
            if call.headers.contains_key("x-amz-target") {
                return match self.answer(&call, &call.operation, &call.input).await {
                    Ok(answer) => Ok(Reply::Json(answer)),
                    Err(error) => error::in_json(&error).map(Reply::Http).ok_or(error),
                };
            }
            let input = query::input(&call.operation, &call.input);
            match self.answer(&call, &call.operation, &input).await {
                Ok(answer) => Ok(Reply::Xml(query::output(&call.operation, &answer))),
                Err(mut error) => {
                    error.code = error::query_code(&error.code).to_owned();
                    Err(error)
                }
            }
        })
    }

    fn closing(&self) {
        self.bells.close();
    }
}
