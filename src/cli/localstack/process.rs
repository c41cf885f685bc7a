//! LocalStack while it runs: begun, waited for, and stopped whatever becomes of the command.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tokio::process::{Child, Command};

use super::launch::Program;
use crate::cli::error::CommandError;
use crate::cloud::emulator::{self, Emulator};

/// How often it is asked whether it is up.
pub(super) const POLL: Duration = Duration::from_millis(200);

/// How long LocalStack may take to stop by itself.
const STOP_PATIENCE: Duration = Duration::from_secs(20);

/// The exit code of images that need an account.
const NO_LICENCE: i32 = 55;

/// Lines of its log that an error shows.
const SHOWN: usize = 6;

/// LocalStack, started by this command.
pub(in crate::cli) struct Started {
    process: Child,
    container: Option<String>,
    log: PathBuf,
}

impl Started {
    /// Starts it. Its output goes to a file.
    pub(super) fn begin(program: &Program, log: &Path) -> Result<Self, CommandError> {
        let cannot = |what: &str| CommandError::failed(format!("cannot {what}"));
        if let Some(folder) = log.parent() {
            std::fs::create_dir_all(folder)
                .map_err(|error| cannot(&format!("make the folder {}", folder.display())).because(error))?;
        }
        let open = || File::create(log).and_then(|file| Ok((file.try_clone()?, file)));
        let (out, err) = open().map_err(|error| cannot(&format!("write {}", log.display())).because(error))?;
        let Some((name, arguments)) = program.words.split_first() else {
            return Err(cannot("start nothing"));
        };
        let mut command = Command::new(name);
        command.args(arguments).envs(program.variables.iter().cloned());
        command.stdin(Stdio::null()).stdout(out).stderr(err).kill_on_drop(true);
        // Ctrl-C is for us: what was deployed may have to be removed before it stops.
        #[cfg(unix)]
        command.process_group(0);
        let process = command
            .spawn()
            .map_err(|error| cannot(&format!("start `{}`", program.shown())).because(error))?;
        Ok(Self {
            process,
            container: program.container.clone(),
            log: log.to_owned(),
        })
    }

    /// Waits until it serves requests at an endpoint.
    pub(super) async fn until_it_answers(&mut self, url: &str, patience: Duration) -> Result<Emulator, CommandError> {
        let deadline = tokio::time::Instant::now() + patience;
        loop {
            let why = match emulator::ask(url).await {
                Ok(Some(emulator)) => return Ok(emulator),
                Ok(None) => format!("what answers at {url} is no LocalStack"),
                Err(why) => why.to_string(),
            };
            match self.process.try_wait() {
                Ok(None) => {}
                Ok(Some(status)) => return Err(self.ended(status)),
                Err(error) => return Err(CommandError::failed("LocalStack cannot be watched").because(error)),
            }
            if tokio::time::Instant::now() >= deadline {
                let seconds = patience.as_secs();
                let error = CommandError::failed(format!("LocalStack is not up after {seconds} s: {why}"));
                return Err(self.with_log(error));
            }
            tokio::time::sleep(POLL).await;
        }
    }

    fn ended(&self, status: ExitStatus) -> CommandError {
        let error = self.with_log(CommandError::failed(format!(
            "LocalStack ended before it was up: {status}"
        )));
        if status.code() == Some(NO_LICENCE) {
            return error.hint("this LocalStack needs an account: set LOCALSTACK_AUTH_TOKEN to a valid token");
        }
        error
    }

    fn with_log(&self, error: CommandError) -> CommandError {
        let text = std::fs::read(&self.log).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
        let from = lines.len().saturating_sub(SHOWN);
        let last = lines.get(from..).unwrap_or_default().join("\n");
        error
            .because(if last.is_empty() {
                "it said nothing".to_owned()
            } else {
                last
            })
            .hint(format!("its log is {}", self.log.display()))
    }

    /// Stops it, and waits until it is gone.
    pub(super) async fn stop(mut self) {
        match &self.container {
            Some(name) => run(&["docker", "stop", "--time", "10", name]).await,
            None => self.ask_to_end().await,
        }
        if tokio::time::timeout(STOP_PATIENCE, self.process.wait()).await.is_ok() {
            return;
        }
        if let Some(name) = &self.container {
            run(&["docker", "rm", "--force", name]).await;
        }
        // What does not end when asked to is ended.
        let _ = self.process.kill().await;
    }

    #[cfg(unix)]
    async fn ask_to_end(&self) {
        if let Some(id) = self.process.id() {
            run(&["kill", "-s", "TERM", &id.to_string()]).await;
        }
    }

    /// There is no way to ask: it is ended.
    #[cfg(not(unix))]
    async fn ask_to_end(&mut self) {
        let _ = self.process.start_kill();
    }
}

/// Runs a command that is to end soon; if it does not work, what comes next does.
async fn run(words: &[&str]) {
    let Some((program, arguments)) = words.split_first() else {
        return;
    };
    let mut command = Command::new(program);
    command.args(arguments).kill_on_drop(true);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let _ = tokio::time::timeout(STOP_PATIENCE, command.status()).await;
}
