//! `local`: serves, inspects and empties the local cloud.

use crate::cli::app::App;
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;

/// What to do with the local cloud.
#[derive(Debug, clap::Subcommand)]
pub(in crate::cli) enum Command {
    /// Serve it on this machine, for the AWS CLI and SDKs, until Ctrl-C
    #[command(after_help = "While it is up, other stepstack commands talk to it, and its executions advance.")]
    Up {
        /// Port on 127.0.0.1
        #[arg(long, default_value_t = 4566)]
        port: u16,
    },
    /// Say whether it is being served, and where
    Status,
    /// Delete everything in it
    Reset,
}

#[cfg(feature = "local")]
pub(super) async fn run(app: &App, command: &Command) -> Result<Exit, CommandError> {
    match command {
        Command::Up { port } => embedded::up(app, *port).await,
        Command::Status => embedded::status(app).await,
        Command::Reset => embedded::reset(app).await,
    }
}

#[cfg(not(feature = "local"))]
pub(super) async fn run(_app: &App, _command: &Command) -> Result<Exit, CommandError> {
    Err(crate::cli::connect::not_built_in())
}

#[cfg(feature = "local")]
mod embedded {
    use serde_json::json;

    use super::{App, CommandError, Exit};
    use crate::cli::connect::LOCAL_REGION;
    use crate::cli::signals;
    use crate::local;
    use crate::report::text::{compact_json, escape};

    pub(super) async fn up(app: &App, port: u16) -> Result<Exit, CommandError> {
        let folder = app.data_dir();
        let stopped = signals::interrupted();
        let door = app.home.open(&folder, port).await?;
        let endpoint = door.endpoint();
        if app.ui.json {
            app.ui
                .out(&compact_json(&json!({ "endpoint": endpoint, "folder": folder })));
        } else {
            app.ui.out(&greeting(&endpoint, &folder.to_string_lossy()));
        }
        // To be stopped is how this command ends.
        stopped.await;
        Ok(Exit::Done)
    }

    pub(super) async fn status(app: &App) -> Result<Exit, CommandError> {
        let folder = app.data_dir();
        // Opening it would make one.
        let exists = local::is_there(&folder);
        let served = if exists {
            let door = app.home.open(&folder, 0).await?;
            (!door.is_owner()).then(|| door.endpoint())
        } else {
            None
        };
        if app.ui.json {
            let document = json!({ "folder": folder, "exists": exists, "endpoint": served });
            app.ui.out(&compact_json(&document));
            return Ok(Exit::Done);
        }
        let shown = folder.to_string_lossy();
        let shown = escape(&shown);
        app.ui.out(&match served {
            Some(endpoint) => format!("the local cloud in {shown} is served at {}", escape(&endpoint)),
            None if exists => format!("the local cloud in {shown} is there, and no process serves it"),
            None => format!("there is no local cloud in {shown} yet"),
        });
        Ok(Exit::Done)
    }

    pub(super) async fn reset(app: &App) -> Result<Exit, CommandError> {
        let folder = app.data_dir();
        if !folder.is_dir() {
            app.note(format!("there is no local cloud in {}", folder.display()));
            return Ok(Exit::Done);
        }
        app.confirm(&format!("delete everything in the local cloud {}", folder.display()))
            .await?;
        local::reset(&folder).map_err(|error| {
            let text = error.to_string();
            CommandError::failed(text).because(error)
        })?;
        app.note(format!("the local cloud in {} is empty", folder.display()));
        Ok(Exit::Done)
    }

    fn greeting(endpoint: &str, folder: &str) -> String {
        format!(
            "local cloud in {} at {endpoint}, until Ctrl-C\n\n\
             To use it from the AWS CLI or an SDK:\n  \
             export AWS_ENDPOINT_URL={endpoint}\n  \
             export AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test AWS_DEFAULT_REGION={LOCAL_REGION}\n  \
             aws stepfunctions list-state-machines\n",
            escape(folder)
        )
    }
}
