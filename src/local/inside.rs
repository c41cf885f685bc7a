//! The way from a service to the others: through the same door as from outside.

use std::sync::{Arc, Weak};

use bytes::Bytes;
use http::{Request, Response};
use tokio::sync::watch;

use super::api::Pending;
use super::door::Door;
use super::sfn;

/// Leads to a door that stands later than the services behind it. Cheap to clone; does not keep the door open.
#[derive(Clone)]
pub(crate) struct Inside(watch::Sender<Weak<Door>>);

impl Inside {
    /// Leads nowhere yet: what is sent waits.
    pub(crate) fn new() -> Self {
        Self(watch::Sender::new(Weak::new()))
    }

    /// From now on it leads to that door.
    pub(crate) fn lead_to(&self, door: &Arc<Door>) {
        self.0.send_replace(Arc::downgrade(door));
    }

    async fn door(&self) -> Arc<Door> {
        let mut known = self.0.subscribe();
        loop {
            if let Some(door) = known.borrow_and_update().upgrade() {
                return door;
            }
            if known.changed().await.is_err() {
                // Cannot be: the sender is ours.
                std::future::pending::<()>().await;
            }
        }
    }
}

impl sfn::Services for Inside {
    fn send(&self, request: Request<Bytes>) -> Pending<'_, Response<Bytes>> {
        Box::pin(async move { self.door().await.handle_from_inside(request).await })
    }
}
