//! Bells for those who wait at a queue, and a bound of how many messages of it are in flight.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use tokio::sync::Notify;

/// By queue.
#[derive(Default)]
pub(super) struct Bells {
    queues: Mutex<HashMap<i64, OfQueue>>,
    closed: AtomicBool,
}

struct OfQueue {
    bell: Arc<Notify>,
    /// At most so many messages are in flight: counting them at every receive would cost more the more there are.
    in_flight: i64,
}

impl Default for OfQueue {
    fn default() -> Self {
        Self {
            bell: Arc::default(),
            // Not counted yet.
            in_flight: i64::MAX,
        }
    }
}

impl Bells {
    /// The bell of a queue.
    pub(super) fn of(&self, queue: i64) -> Arc<Notify> {
        self.lock().entry(queue).or_default().bell.clone()
    }

    /// Something of the queue changed.
    pub(super) fn ring(&self, queue: i64) {
        if let Some(of_queue) = self.lock().get(&queue) {
            of_queue.bell.notify_waiters();
        }
    }

    /// Could as many messages as that be in flight?
    pub(super) fn may_exceed(&self, queue: i64, most: i64) -> bool {
        self.lock().entry(queue).or_default().in_flight >= most
    }

    /// So many are in flight.
    pub(super) fn recount(&self, queue: i64, in_flight: i64) {
        self.lock().entry(queue).or_default().in_flight = in_flight;
    }

    /// So many more were received.
    pub(super) fn count(&self, queue: i64, more: usize) {
        let mut queues = self.lock();
        let of_queue = queues.entry(queue).or_default();
        of_queue.in_flight = of_queue
            .in_flight
            .saturating_add(i64::try_from(more).unwrap_or(i64::MAX));
    }

    /// Nobody is to wait any more.
    pub(super) fn close(&self) {
        self.closed.store(true, Ordering::SeqCst);
        for of_queue in self.lock().values() {
            of_queue.bell.notify_waiters();
        }
    }

    pub(super) fn are_closed(&self) -> bool {
        self.closed.load(Ordering::SeqCst)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<i64, OfQueue>> {
        // What is in there is whole whenever the lock is free.
        self.queues.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}
