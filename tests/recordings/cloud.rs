//! A local cloud of its own for every case, in this process, which can be killed and opened again.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::Value;
use stepstack::local::{LocalCloud, LocalDoor, Options};
use tempfile::TempDir;
use tokio::sync::RwLock;

use super::client;

/// A local cloud and its folder.
pub struct Cloud {
    folder: TempDir,
    /// None only while it is being opened again.
    door: RwLock<Option<LocalDoor>>,
    kills: AtomicUsize,
}

impl Cloud {
    /// A new one.
    pub async fn open() -> Arc<Self> {
        let folder = tempfile::tempdir().unwrap();
        let door = RwLock::new(Some(open(folder.path().to_owned()).await));
        Arc::new(Self {
            folder,
            door,
            kills: AtomicUsize::new(0),
        })
    }

    /// The URL at which functions reach it.
    pub async fn endpoint(&self) -> String {
        self.door.read().await.as_ref().unwrap().endpoint()
    }

    /// The local cloud behind the door.
    pub async fn cloud(&self) -> LocalCloud {
        self.door.read().await.as_ref().unwrap().cloud().unwrap()
    }

    /// Makes a call. The reply may be an error: [`client::is_error`]. `Err` if the client does not know the call.
    pub async fn call(&self, name: &str, params: &Value) -> Result<Value, String> {
        let request = client::request(name, params).ok_or_else(|| format!("no client for {name}"))?;
        let door = self.door.read().await;
        let response = door.as_ref().unwrap().call(request).await?;
        Ok(client::reply(name, &response))
    }

    /// Drops everything in the middle of what runs, without closing anything, as the death of the process would, and opens the
    /// folder again. Waits for the calls under way, so that no client is in doubt about what was acknowledged.
    pub async fn kill_and_reopen(&self) {
        let mut door = self.door.write().await;
        drop(door.take());
        *door = Some(open(self.folder.path().to_owned()).await);
        self.kills.fetch_add(1, Ordering::SeqCst);
    }

    /// How often it was killed.
    pub fn kills(&self) -> usize {
        self.kills.load(Ordering::SeqCst)
    }

    /// Ends it in order.
    pub async fn close(&self) {
        self.door.read().await.as_ref().unwrap().close().await;
    }

    /// The services that are there, by their names in recordings.
    pub async fn services(&self) -> Vec<String> {
        let request = http::Request::get("/_localstack/health").body(bytes::Bytes::new());
        let door = self.door.read().await;
        let response = door.as_ref().unwrap().call(request.unwrap()).await.unwrap();
        let health: Value = serde_json::from_slice(response.body()).unwrap();
        health["services"].as_object().unwrap().keys().cloned().collect()
    }
}

async fn open(folder: PathBuf) -> LocalDoor {
    let listen = "127.0.0.1:0".parse().unwrap();
    LocalDoor::open(Options {
        folder,
        listen,
        mock_config: None,
    })
    .await
    .unwrap()
}
