//! What is to be sent to functions and over HTTP: kept in the store until it has arrived or was given up.

use std::sync::{Arc, Weak};
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, params};
use serde::{Deserialize, Serialize};

use super::http::{self, Target};
use super::table::Subscription;
use super::{Inner, deliver, envelope};
use crate::local::random;
use crate::local::sqs::Delivery;
use crate::local::store::StoreError;

/// How often a delivery that failed is tried again: as often as AWS does for HTTP.
pub(super) const RETRIES: i64 = 3;
/// After how long. AWS waits twenty seconds, which on one machine would only be waiting.
pub(super) const RETRY_AFTER: Duration = Duration::from_secs(1);

/// A delivery, with all that it needs: the subscription may be gone when it is made.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct Parcel {
    protocol: Protocol,
    /// A URL, or a function's ARN.
    endpoint: String,
    headers: Vec<(String, String)>,
    body: String,
    /// The ARN of the queue for what cannot be delivered.
    dead_letter: Option<String>,
    /// Then headers and body are made when it is sent: the link in them must lead to the process that is there then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    confirmation: Option<Confirmation>,
}

/// A request to confirm a subscription.
#[derive(Clone, Debug, Deserialize, Serialize)]
struct Confirmation {
    /// The subscription's ARN.
    subscription: String,
    message_id: String,
    /// When it was asked for, in milliseconds.
    asked: i64,
}

#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
enum Protocol {
    Http,
    Lambda,
}

impl Parcel {
    pub(super) fn http(subscription: &Subscription, headers: Vec<(String, String)>, body: String) -> Self {
        Self {
            protocol: Protocol::Http,
            endpoint: subscription.endpoint.clone(),
            headers,
            body,
            dead_letter: deliver::dead_letter(subscription),
            confirmation: None,
        }
    }

    /// Asks an HTTP endpoint to confirm its subscription.
    pub(super) fn confirmation(subscription: &Subscription, now: i64) -> Self {
        Self {
            protocol: Protocol::Http,
            endpoint: subscription.endpoint.clone(),
            headers: Vec::new(),
            body: String::new(),
            dead_letter: None,
            confirmation: Some(Confirmation {
                subscription: subscription.arn.clone(),
                message_id: random::uuid(),
                asked: now,
            }),
        }
    }

    pub(super) fn lambda(subscription: &Subscription, body: String) -> Self {
        Self {
            protocol: Protocol::Lambda,
            endpoint: subscription.endpoint.clone(),
            headers: Vec::new(),
            body,
            dead_letter: deliver::dead_letter(subscription),
            confirmation: None,
        }
    }
}

/// Takes a delivery in; gives its id.
pub(super) fn put(db: &Connection, parcel: &Parcel, now: i64) -> Result<i64, StoreError> {
    db.prepare_cached("INSERT INTO sns_delivery (parcel, attempts, due) VALUES (?1, 0, ?2)")?
        .execute(params![serde_json::to_string(parcel)?, now])?;
    Ok(db.last_insert_rowid())
}

/// All deliveries that are still to be made.
pub(super) fn pending(db: &Connection) -> Result<Vec<i64>, StoreError> {
    let mut statement = db.prepare_cached("SELECT id FROM sns_delivery ORDER BY id")?;
    let rows = statement.query_map([], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Makes a delivery, now or when it is due, until it is made or given up.
pub(super) fn follow(inner: &Arc<Inner>, id: i64) {
    // Weak, so that a delivery that waits for its retry does not keep a closed cloud open.
    let inner = Arc::downgrade(inner);
    tokio::spawn(async move {
        while let Some(wait) = wait_for(&inner, id) {
            tokio::time::sleep(wait).await;
            let Some(inner) = inner.upgrade() else { return };
            // What could not be written is still there for the next process.
            if attempt(&inner, id).await.is_err() {
                return;
            }
        }
    });
}

/// How long until a delivery is due; none if it is not there any more.
fn wait_for(inner: &Weak<Inner>, id: i64) -> Option<Duration> {
    let inner = inner.upgrade()?;
    let (_, _, due) = inner.store.read(|db| find(db, id)).ok()??;
    Some(Duration::from_millis((due - inner.now()).max(0).unsigned_abs()))
}

fn find(db: &Connection, id: i64) -> Result<Option<(Parcel, i64, i64)>, StoreError> {
    let row: Option<(String, i64, i64)> = db
        .prepare_cached("SELECT parcel, attempts, due FROM sns_delivery WHERE id = ?1")?
        .query_row([id], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .optional()?;
    row.map(|(parcel, attempts, due)| Ok((serde_json::from_str(&parcel)?, attempts, due)))
        .transpose()
}

/// Why a delivery failed.
struct Failure {
    why: String,
    /// Would it fail the next time just the same?
    is_final: bool,
}

async fn attempt(inner: &Inner, id: i64) -> Result<(), StoreError> {
    let Ok(_turn) = inner.turns.acquire().await else {
        return Err(StoreError::Closed);
    };
    let Some((parcel, attempts, _)) = inner.store.read(|db| find(db, id))? else {
        return Ok(());
    };
    let Some(parcel) = written(inner, parcel)? else {
        return inner.store.write(|db| remove(db, id));
    };
    let Err(failure) = send(inner, &parcel).await else {
        return inner.store.write(|db| remove(db, id));
    };
    if !failure.is_final && attempts < RETRIES {
        let due = inner.now().saturating_add(RETRY_AFTER.as_millis() as i64);
        return inner.store.write(|db| {
            db.prepare_cached("UPDATE sns_delivery SET attempts = attempts + 1, due = ?2 WHERE id = ?1")?
                .execute([id, due])?;
            Ok(())
        });
    }
    give_up(inner, id, parcel, &failure.why)
}

/// With headers and body; none if it is not wanted any more, since the subscription is confirmed or gone.
fn written(inner: &Inner, parcel: Parcel) -> Result<Option<Parcel>, StoreError> {
    let Some(confirmation) = &parcel.confirmation else {
        return Ok(Some(parcel));
    };
    let subscription = inner
        .store
        .read(|db| Subscription::find(db, &confirmation.subscription))?;
    let Some(subscription) = subscription.filter(|subscription| !subscription.is_confirmed) else {
        return Ok(None);
    };
    let (id, asked) = (&confirmation.message_id, confirmation.asked);
    let (headers, body) = envelope::confirmation(&subscription, &inner.endpoint, id, asked);
    Ok(Some(Parcel {
        headers,
        body,
        ..parcel
    }))
}

fn give_up(inner: &Inner, id: i64, parcel: Parcel, why: &str) -> Result<(), StoreError> {
    let delivery = parcel.dead_letter.map(|queue| Delivery {
        queue,
        body: parcel.body,
        attributes: deliver::reasons(why),
        ..Delivery::default()
    });
    let buried = inner.store.write(|db| {
        remove(db, id)?;
        match &delivery {
            Some(delivery) => inner.sqs.deliver(db, delivery).map(Result::ok),
            None => Ok(None),
        }
    })?;
    if let Some(filled) = buried {
        inner.sqs.announce(filled);
    }
    Ok(())
}

fn remove(db: &Connection, id: i64) -> Result<(), StoreError> {
    db.prepare_cached("DELETE FROM sns_delivery WHERE id = ?1")?
        .execute([id])?;
    Ok(())
}

async fn send(inner: &Inner, parcel: &Parcel) -> Result<(), Failure> {
    match parcel.protocol {
        Protocol::Http => {
            let Some(target) = Target::read(&parcel.endpoint) else {
                return Err(Failure {
                    why: "the endpoint is not on this machine".to_owned(),
                    is_final: true,
                });
            };
            match http::post(&target, &parcel.headers, parcel.body.clone()).await {
                Ok(200..=299) => Ok(()),
                Ok(status) => Err(Failure {
                    why: format!("{} answered with status {status}", parcel.endpoint),
                    is_final: (400..500).contains(&status) && status != 429,
                }),
                Err(why) => Err(Failure { why, is_final: false }),
            }
        }
        Protocol::Lambda => {
            let region = parcel.endpoint.split(':').nth(3).unwrap_or_default();
            let event = parcel.body.clone().into();
            let accepted = inner.functions.invoke_event(region, &parcel.endpoint, event).await;
            accepted.map_err(|error| Failure {
                is_final: error.status < 500 && error.status != 429,
                why: error.to_string(),
            })
        }
    }
}
