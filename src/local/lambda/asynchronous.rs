//! Asynchronous invocations: kept in the store until they are done, tried up to three times.

use std::time::Duration;

use bytes::Bytes;

use super::Lambda;
use super::function::Function;
use super::reference::Reference;
use super::table::{self, Event};
use crate::local::store::StoreError;

/// How long AWS waits before the second and the third attempt of an invocation whose function failed.
///
/// <https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html>
const RETRIES: [Duration; 2] = [Duration::from_secs(60), Duration::from_secs(120)];
/// After a throttle or an error of ours, which do not count as attempts.
const BACKOFF: Duration = Duration::from_secs(1);

impl Lambda {
    /// Goes on with the asynchronous invocations that an earlier process accepted. Call it once, in a Tokio runtime.
    pub fn resume(&self) -> Result<(), StoreError> {
        for event in self.inner.store.read(table::events)? {
            self.follow(event);
        }
        Ok(())
    }

    pub(super) fn accept_event(&self, function: &Function, id: String, payload: Bytes) -> Result<(), StoreError> {
        let event = Event {
            id,
            region: function.region.clone(),
            name: function.name.clone(),
            payload: payload.to_vec(),
            attempts: 0,
            due_ms: self.inner.surroundings.now_ms(),
        };
        self.inner.store.write(|at| table::put_event(at, &event))?;
        self.follow(event);
        Ok(())
    }

    fn follow(&self, event: Event) {
        // Weak, so that an event that waits for its retry does not keep a closed cloud open.
        let inner = std::sync::Arc::downgrade(&self.inner);
        tokio::spawn(async move {
            let mut next = Some(event);
            while let Some(event) = next {
                let Some(now) = inner.upgrade().map(|inner| inner.surroundings.now_ms()) else {
                    return;
                };
                tokio::time::sleep(Duration::from_millis(event.due_ms.saturating_sub(now))).await;
                let Some(inner) = inner.upgrade() else { return };
                next = Lambda { inner }.attempt(event).await;
            }
        });
    }

    /// One attempt; gives the event back if it has to be tried again.
    async fn attempt(&self, mut event: Event) -> Option<Event> {
        let Ok(function) = self.find(&Reference::to(&event.region, &event.name)) else {
            // Deleted meanwhile; a function of the same name is another one. What cannot be removed is tried at the next start.
            let _: Result<(), StoreError> = self.inner.store.write(|at| table::delete_event(at, &event.id));
            return None;
        };
        let request = self.request(event.id.clone(), Bytes::from(event.payload.clone()));
        let wait = match self.run(&function, request).await {
            Ok(invoked) if invoked.function_error.is_none() => None,
            Ok(_) => {
                let wait = RETRIES.get(event.attempts as usize).copied();
                event.attempts += 1;
                wait
            }
            Err(_) => Some(BACKOFF),
        };
        let stored = match wait {
            Some(wait) => {
                event.due_ms = self.inner.surroundings.now_ms().saturating_add(wait.as_millis() as u64);
                self.inner.store.write(|at| table::put_event(at, &event))
            }
            None => self.inner.store.write(|at| table::delete_event(at, &event.id)),
        };
        // What could not be written is still there for the next process.
        stored.ok().and(wait).map(|_| event)
    }
}
