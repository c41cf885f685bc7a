//! `local`: serves, inspects and empties the local cloud.

use std::path::PathBuf;

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
        /// A mock configuration of AWS Step Functions Local (MockConfigFile.json): an execution of ARN#TESTCASE has its mocks
        /// [env: SFN_MOCK_CONFIG]
        #[arg(long, value_name = "FILE")]
        mock_config: Option<PathBuf>,
    },
    /// Say whether it is being served, and where
    Status,
    /// Delete everything in it
    Reset,
}

#[cfg(feature = "local")]
pub(super) async fn run(app: &App, command: &Command) -> Result<Exit, CommandError> {
    match command {
        Command::Up { port, mock_config } => embedded::up(app, *port, mock_config.as_deref()).await,
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
    use std::path::Path;

    use serde_json::json;

    use super::{App, CommandError, Exit};
    use crate::cli::connect::LOCAL_REGION;
    use crate::cli::signals;
    use crate::local;
    use crate::mock::config::MockConfig;
    use crate::report::text::{compact_json, escape};

    pub(super) async fn up(app: &App, port: u16, mock_config: Option<&Path>) -> Result<Exit, CommandError> {
        let folder = app.data_dir();
        let named = app.env.var("SFN_MOCK_CONFIG").map(Path::new);
        let mock_config = mock_config.or(named).map(read_mock_config).transpose()?;
        let mut stopped = std::pin::pin!(signals::interrupted());
        let door = tokio::select! {
            opened = app.home.open(&folder, port, mock_config) => opened?,
            () = &mut stopped => return Err(app.interrupted()),
        };
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

    fn read_mock_config(file: &Path) -> Result<MockConfig, CommandError> {
        let text = std::fs::read_to_string(file)
            .map_err(|error| CommandError::wrong(format!("cannot read {}", file.display())).because(error))?;
        MockConfig::parse(&text)
            .map_err(|error| CommandError::wrong(format!("{}: {error}", file.display())).because(error))
    }

    pub(super) async fn status(app: &App) -> Result<Exit, CommandError> {
        let folder = app.data_dir();
        // Opening it would make one.
        let exists = local::is_there(&folder);
        let served = if exists {
            let door = app.home.open(&folder, 0, None).await?;
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
