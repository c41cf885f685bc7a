//! One folder, one owner: the first process to lock `.stepstack` opens the local cloud and serves it on a loopback port; the
//! others send their requests there, and one of them takes over when the owner ends.

mod forward;
mod lock;
#[cfg(test)]
mod tests;

use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use tokio::net::TcpListener;
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep};

use super::server::Server;
use super::{LocalCloud, OpenError, Options, Place, random};
use forward::NoAnswer;
use lock::{ENDPOINT, Lock, OwnerNote, io_error};
pub use lock::{ResetError, is_there, reset};

/// How long calls under way may go on when the local cloud is closed.
const DRAIN: Duration = Duration::from_secs(10);
/// How long to look for an owner, or try to become it: longer than an owner takes to close.
const SETTLE: Duration = Duration::from_secs(30);
/// How often to look.
const POLL: Duration = Duration::from_millis(20);

/// The way to the local cloud of a folder, whichever process owns it. Cheap to clone.
#[derive(Clone)]
pub struct LocalDoor(Arc<Shared>);

struct Shared {
    options: Options,
    role: RwLock<Role>,
    /// Held while the role is being changed.
    changing: Mutex<()>,
}

#[derive(Clone)]
enum Role {
    Owner(Arc<Owner>),
    Guest(Guest),
    Closed,
}

/// Another process has the folder, and is reached here.
#[derive(Clone, PartialEq)]
struct Guest {
    address: SocketAddr,
    note: OwnerNote,
}

/// This process has the folder.
struct Owner {
    cloud: LocalCloud,
    endpoint: String,
    server: Mutex<Server>,
    /// Given back last.
    lock: std::sync::Mutex<Option<Lock>>,
}

/// Whether a local cloud, and no other AWS, answers at `http://HOST[:PORT]`.
pub async fn is_served_at(url: &str) -> bool {
    let Ok(url) = url.parse::<http::Uri>() else {
        return false;
    };
    let (Some("http"), Some(host)) = (url.scheme_str(), url.host()) else {
        return false;
    };
    let host = host.trim_matches(['[', ']']);
    let found = tokio::net::lookup_host((host, url.port_u16().unwrap_or(80))).await;
    for address in found.into_iter().flatten() {
        if forward::instance(address).await.is_some() {
            return true;
        }
    }
    false
}

impl LocalDoor {
    /// Opens the local cloud of a folder, or finds the process that has it open. To be called within a tokio runtime.
    ///
    /// With a port given in `options.listen`, this process must become the owner: [`OpenError::Owned`] if there is one.
    pub async fn open(options: Options) -> Result<Self, OpenError> {
        if !options.listen.ip().is_loopback() {
            return Err(OpenError::NotLoopback(options.listen));
        }
        lock::prepare_folder(&options.folder)?;
        let role = settle(&options).await?;
        if let (Role::Guest(guest), true) = (&role, options.listen.port() != 0) {
            return Err(OpenError::Owned {
                folder: options.folder,
                pid: guest.note.pid,
            });
        }
        Ok(Self(Arc::new(Shared {
            options,
            role: RwLock::new(role),
            changing: Mutex::new(()),
        })))
    }

    /// Answers one AWS API request, here or in the owner's process. An error is a connection that broke after the request
    /// was sent, or a local cloud that cannot be opened.
    pub async fn call(&self, request: Request<Bytes>) -> Result<Response<Bytes>, String> {
        let deadline = Instant::now() + SETTLE;
        loop {
            let guest = match self.role() {
                Role::Owner(owner) => return Ok(owner.cloud.handle(request).await),
                Role::Guest(guest) => guest,
                Role::Closed => return Err("the local cloud is closed".to_owned()),
            };
            match forward::send(guest.address, request.clone()).await {
                Ok(response) => return Ok(response),
                Err(NoAnswer::Lost(why)) => return Err(format!("the connection to {} broke: {why}", guest.address)),
                Err(NoAnswer::NotSent) if Instant::now() < deadline => self.leave(&guest).await?,
                Err(NoAnswer::NotSent) => return Err(format!("nothing listens on {}", guest.address)),
            }
        }
    }

    /// Does this process own the folder?
    pub fn is_owner(&self) -> bool {
        matches!(self.role(), Role::Owner(_))
    }

    /// The URL of the local cloud, `http://127.0.0.1:PORT`; empty once it is closed.
    pub fn endpoint(&self) -> String {
        match self.role() {
            Role::Owner(owner) => owner.endpoint.clone(),
            Role::Guest(guest) => url(guest.address),
            Role::Closed => String::new(),
        }
    }

    /// The process that owns the folder.
    pub fn owner_pid(&self) -> Option<u32> {
        match self.role() {
            Role::Owner(_) => Some(std::process::id()),
            Role::Guest(guest) => Some(guest.note.pid),
            Role::Closed => None,
        }
    }

    /// The local cloud, if this process owns it.
    pub fn cloud(&self) -> Option<LocalCloud> {
        match self.role() {
            Role::Owner(owner) => Some(owner.cloud.clone()),
            Role::Guest(_) | Role::Closed => None,
        }
    }

    /// Ends it: no new calls, those under way get their answers, functions and executions are halted (to go on in the
    /// process that opens the folder next), and the folder is given free.
    pub async fn close(&self) {
        let _changing = self.0.changing.lock().await;
        if let Role::Owner(owner) = self.become_(Role::Closed) {
            owner.close(&self.0.options.folder).await;
        }
    }

    /// The owner is not there any more: finds the new one, or becomes it.
    async fn leave(&self, gone: &Guest) -> Result<(), String> {
        let _changing = self.0.changing.lock().await;
        match self.role() {
            Role::Guest(guest) if guest == *gone => {}
            _ => return Ok(()),
        }
        let role = settle(&self.0.options).await.map_err(|error| with_sources(&error))?;
        self.become_(role);
        Ok(())
    }

    fn role(&self) -> Role {
        self.0.role.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Gives the role before.
    fn become_(&self, role: Role) -> Role {
        std::mem::replace(&mut *self.0.role.write().unwrap_or_else(PoisonError::into_inner), role)
    }
}

impl std::fmt::Debug for LocalDoor {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("LocalDoor")
            .field("folder", &self.0.options.folder)
            .field("endpoint", &self.endpoint())
            .field("is_owner", &self.is_owner())
            .finish()
    }
}

/// Becomes the owner, or finds it.
async fn settle(options: &Options) -> Result<Role, OpenError> {
    let deadline = Instant::now() + SETTLE;
    loop {
        if let Some(lock) = Lock::take(&options.folder)? {
            return Ok(Role::Owner(Arc::new(Owner::open(options, lock).await?)));
        }
        if let Some(guest) = find_owner(&options.folder).await {
            return Ok(Role::Guest(guest));
        }
        if Instant::now() >= deadline {
            return Err(OpenError::Unreachable {
                folder: options.folder.clone(),
            });
        }
        sleep(POLL).await;
    }
}

/// The owner that holds the lock, if it answers where it says it is. A file that a killed owner left behind misleads nobody.
async fn find_owner(folder: &Path) -> Option<Guest> {
    let note = lock::owner(folder)?;
    let url = tokio::fs::read_to_string(folder.join(ENDPOINT)).await.ok()?;
    let address: SocketAddr = url.trim().strip_prefix("http://")?.parse().ok()?;
    if !address.ip().is_loopback() || forward::instance(address).await? != note.instance {
        return None;
    }
    Some(Guest { address, note })
}

impl Owner {
    async fn open(options: &Options, mut lock: Lock) -> Result<Self, OpenError> {
        let folder = std::path::absolute(&options.folder).map_err(io_error(&options.folder))?;
        let note = OwnerNote {
            pid: std::process::id(),
            instance: random::uuid(),
        };
        lock.sign(&note).map_err(io_error(&folder.join(lock::LOCK)))?;
        let listen_error = |source| OpenError::Listen {
            address: options.listen,
            source,
        };
        let listener = TcpListener::bind(options.listen).await.map_err(listen_error)?;
        let endpoint = url(listener.local_addr().map_err(listen_error)?);
        let cloud = LocalCloud::open(Place {
            folder: folder.clone(),
            endpoint: endpoint.clone(),
            instance: note.instance,
            mock_config: options.mock_config.clone(),
        })
        .await?;
        let server = Server::start(listener, cloud.clone());
        let owner = Self {
            cloud,
            endpoint,
            server: Mutex::new(server),
            lock: std::sync::Mutex::new(Some(lock)),
        };
        write_endpoint(&folder, &owner.endpoint)?;
        Ok(owner)
    }

    async fn close(&self, folder: &Path) {
        // The connections wait for the calls, so these have the same time.
        let mut server = self.server.lock().await;
        tokio::join!(server.stop(DRAIN), self.cloud.close(DRAIN));
        let _ = std::fs::remove_file(folder.join(ENDPOINT));
        self.unlock();
    }

    fn unlock(&self) {
        self.lock.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        // Not closed, for instance after an error. The next owner must have the folder to itself all the same.
        self.cloud.halt();
        self.unlock();
    }
}

/// In one step, so that a reader sees a whole file.
fn write_endpoint(folder: &Path, endpoint: &str) -> Result<(), OpenError> {
    let path = folder.join(ENDPOINT);
    let draft = folder.join("endpoint.new");
    std::fs::write(&draft, format!("{endpoint}\n"))
        .and_then(|()| std::fs::rename(&draft, &path))
        .map_err(io_error(&path))
}

fn url(address: SocketAddr) -> String {
    format!("http://{address}")
}

fn with_sources(error: &OpenError) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(error) = source {
        text = format!("{text}: {error}");
        source = error.source();
    }
    text
}
