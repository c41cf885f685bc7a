//! The embedded AWS: one door, [`LocalCloud::handle`], behind which IAM, STS, Lambda, Step Functions, CloudWatch Logs,
//! SQS and SNS are.
//!
//! [`LocalDoor`] is what other parts use: it makes this process the owner of a folder, or forwards to the process that is.

pub mod api;
pub mod clock;
pub(crate) mod constraint;
mod door;
pub mod dynamodb;
pub mod events;
mod home;
pub mod iam;
mod inside;
pub mod lambda;
pub mod logs;
mod matching;
mod page;
mod protocol;
pub mod random;
mod route;
pub mod s3;
mod server;
pub mod sfn;
pub mod sns;
pub mod sqs;
pub mod store;
mod sts;
#[cfg(test)]
pub(crate) mod testing;
mod wiring;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use door::Door;
pub use home::{LocalDoor, ResetError, is_served_at, is_there, reset};
use inside::Inside;
use store::Store;
pub use store::StoreError;
pub(crate) use wiring::has_service;

use crate::mock::config::MockConfig;

/// How to open the local cloud.
#[derive(Clone, Debug)]
pub struct Options {
    /// The folder that holds everything, e.g. `.stepstack`; made if missing.
    pub folder: PathBuf,
    /// Where to listen: `127.0.0.1:0` for an own port (functions need one to call home), `127.0.0.1:4566` for `local up`.
    pub listen: std::net::SocketAddr,
    /// The test cases that `<state machine ARN>#<test case>` names in StartExecution, if there are any.
    pub mock_config: Option<Arc<MockConfig>>,
}

/// The local cloud could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process has it, and this one was to serve it on a port of its own.
    #[error("the local cloud in {folder} is in use by process {pid}")]
    Owned {
        /// Its folder.
        folder: PathBuf,
        /// The process that has it.
        pid: u32,
    },
    /// Another process has the folder and does not say where it can be reached.
    #[error("the local cloud in {folder} is held by a process that cannot be reached")]
    Unreachable {
        /// Its folder.
        folder: PathBuf,
    },
    /// The folder has other things in it.
    #[error("the folder {0} holds files that are not the local cloud's: give it a folder of its own")]
    Foreign(PathBuf),
    /// Only this machine may reach the local cloud.
    #[error("the local cloud listens on loopback addresses only, not on {0}")]
    NotLoopback(std::net::SocketAddr),
    /// The port is taken, or the like.
    #[error("cannot listen on {address}")]
    Listen {
        /// Where.
        address: std::net::SocketAddr,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A file or folder cannot be made, read or locked.
    #[error("cannot use {path}")]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The store did not open.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The embedded AWS, open. Cheap to clone.
#[derive(Clone)]
pub struct LocalCloud {
    door: Arc<Door>,
    store: Store,
}

/// Where an opened local cloud is.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    /// The folder that holds everything.
    pub(crate) folder: PathBuf,
    /// The URL under which functions and other processes reach it.
    pub(crate) endpoint: String,
    /// A random id of this opening, by which others know that they found the right one.
    pub(crate) instance: String,
    /// The test cases that executions may name, if there are any.
    pub(crate) mock_config: Option<Arc<MockConfig>>,
}

impl LocalCloud {
    /// Opens the services over the store in a folder that the caller has to itself.
    pub(crate) async fn open(place: Place) -> Result<Self, OpenError> {
        let store = Store::open(&place.folder.join("local.db"))?;
        let inside = Inside::new();
        let services = wiring::services(&store, &place, &inside)?;
        let mut door = Door::new(place);
        for (name, service) in services {
            door.add(name, service);
        }
        let door = Arc::new(door);
        inside.lead_to(&door);
        Ok(Self { door, store })
    }

    /// Answers one AWS API request.
    pub async fn handle(&self, request: http::Request<Bytes>) -> http::Response<Bytes> {
        self.door.handle(request).await
    }

    /// The journals of the executions, with the histories they led to.
    pub fn journals(&self) -> Result<Vec<sfn::Journal>, StoreError> {
        sfn::journals(&self.store)
    }

    /// Waits for the calls under way, at most `patience`, ends what runs in the background, and closes the store.
    pub(crate) async fn close(&self, patience: Duration) {
        self.door.close(patience).await;
        self.store.close();
    }

    /// Ends everything at once, for whoever comes next.
    pub(crate) fn halt(&self) {
        self.door.halt();
        self.store.close();
    }
}
