//! Connecting: the local cloud through its door in this process, anything else through the network.

use std::sync::Arc;

use super::app::App;
use super::error::CommandError;
use super::target::{Chosen, Target};
use crate::cloud::{self, Cloud, ConnectOptions};
use crate::event::Event;

/// The region of the local cloud unless `--region` says otherwise.
pub(super) const LOCAL_REGION: &str = "us-east-1";

impl App {
    /// Connects to the chosen cloud, and says where that is.
    pub(super) async fn connect(&self) -> Result<Cloud, CommandError> {
        let chosen = self.chosen()?;
        let emulator = self.emulator(&chosen).await?;
        let Chosen { target, endpoint_url } = chosen;
        let mut options = ConnectOptions {
            target: target.name().to_owned(),
            door: None,
            endpoint_url,
            profile: self.global.profile.clone(),
            region: self.global.region.clone(),
            notes: Some(Arc::clone(self.reporter.sink())),
        };
        if target == Target::Local {
            options.door = Some(self.home.door(&self.data_dir()).await?);
            options.region.get_or_insert_with(|| LOCAL_REGION.to_owned());
        }
        let cloud = cloud::connect(options).await?;
        let identity = cloud.identity();
        self.emit(Event::Target {
            target: identity.target.clone(),
            account: identity.account.clone(),
            region: identity.region.clone(),
            endpoint: identity.endpoint.clone(),
            product: emulator.map(|emulator| emulator.name),
        });
        Ok(cloud)
    }

    /// Closes the local cloud, if it was opened and there is time, and stops LocalStack, if it was started.
    pub(super) async fn close(&self) {
        if !self.leaves_at_once() {
            self.home.close().await;
        }
        self.stop_localstack().await;
    }
}

#[cfg(feature = "local")]
pub(super) use embedded::LocalHome;
#[cfg(not(feature = "local"))]
pub(super) use left_out::LocalHome;

#[cfg(feature = "local")]
mod embedded {
    use std::future::Future;
    use std::net::{Ipv4Addr, SocketAddr};
    use std::path::Path;
    use std::pin::Pin;
    use std::sync::Arc;
    use std::time::Duration;

    use bytes::Bytes;
    use tokio::sync::Mutex;

    use crate::cli::error::CommandError;
    use crate::cloud::Door;
    use crate::local::{LocalDoor, OpenError, Options, StoreError};
    use crate::mock::config::MockConfig;

    /// How long the local cloud may take to close.
    const PATIENCE: Duration = Duration::from_secs(10);

    /// The local cloud of this process, opened when first needed.
    #[derive(Default)]
    pub(in crate::cli) struct LocalHome(Mutex<Option<LocalDoor>>);

    impl LocalHome {
        /// The way into the local cloud in a folder, on a port of its own.
        pub(in crate::cli) async fn door(&self, folder: &Path) -> Result<Arc<dyn Door>, CommandError> {
            Ok(Arc::new(Way(self.open(folder, 0, None).await?)))
        }

        /// Opens the local cloud in a folder, or joins the process that has it open.
        pub(in crate::cli) async fn open(
            &self,
            folder: &Path,
            port: u16,
            mock_config: Option<MockConfig>,
        ) -> Result<LocalDoor, CommandError> {
            let mut home = self.0.lock().await;
            if let Some(door) = home.as_ref() {
                return Ok(door.clone());
            }
            let options = Options {
                folder: folder.to_owned(),
                listen: SocketAddr::from((Ipv4Addr::LOCALHOST, port)),
                mock_config: mock_config.map(Arc::new),
            };
            let door = LocalDoor::open(options).await.map_err(cannot_open)?;
            *home = Some(door.clone());
            Ok(door)
        }

        /// Whether another process has it open.
        pub(in crate::cli) async fn is_elsewhere(&self) -> bool {
            self.0.lock().await.as_ref().is_some_and(|door| !door.is_owner())
        }

        /// Closes it: waits for the calls under way, not for executions, which go on when it is opened again.
        pub(in crate::cli) async fn close(&self) {
            if let Some(door) = self.0.lock().await.take() {
                let _ = tokio::time::timeout(PATIENCE, door.close()).await;
            }
        }
    }

    fn cannot_open(error: OpenError) -> CommandError {
        let text = error.to_string();
        let made = match &error {
            OpenError::Foreign(_) | OpenError::NotLoopback(_) => {
                CommandError::wrong(text).hint("`--data-dir FOLDER` names another folder")
            }
            OpenError::Listen { .. } => CommandError::failed(text).hint("`--port` names another port"),
            OpenError::Owned { .. } => CommandError::failed(text).hint("`stepstack local status` says where it is"),
            OpenError::Store(StoreError::Open { .. } | StoreError::Older { .. }) => {
                CommandError::failed(text).hint("`stepstack local reset` makes a new one; what is in it is lost")
            }
            _ => CommandError::failed(text),
        };
        made.because(error)
    }

    /// Carries the SDK's requests through the door.
    struct Way(LocalDoor);

    impl std::fmt::Debug for Way {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("Way")
        }
    }

    impl Door for Way {
        fn call(
            &self,
            request: http::Request<Bytes>,
        ) -> Pin<Box<dyn Future<Output = Result<http::Response<Bytes>, String>> + Send>> {
            let door = self.0.clone();
            Box::pin(async move { door.call(request).await })
        }
    }
}

#[cfg(not(feature = "local"))]
mod left_out {
    use std::path::Path;
    use std::sync::Arc;

    use crate::cli::error::CommandError;
    use crate::cloud::Door;

    /// Stands in for the local cloud in a build without it.
    #[derive(Default)]
    pub(in crate::cli) struct LocalHome {}

    impl LocalHome {
        pub(in crate::cli) async fn door(&self, _folder: &Path) -> Result<Arc<dyn Door>, CommandError> {
            Err(not_built_in())
        }

        pub(in crate::cli) async fn is_elsewhere(&self) -> bool {
            false
        }

        pub(in crate::cli) async fn close(&self) {}
    }

    pub(in crate::cli) fn not_built_in() -> CommandError {
        CommandError::wrong("this build of stepstack has no local cloud")
            .hint("say `--target localstack` or `--target aws`")
            .hint("or build it with the cargo feature `local`")
    }
}
#[cfg(not(feature = "local"))]
pub(super) use left_out::not_built_in;
