//! The emulator at an endpoint of this machine: found by its page of health, described, and started when asked to.

mod launch;
mod process;

use std::time::Duration;

use super::app::App;
use super::error::CommandError;
use super::target::{Chosen, Target, is_on_this_machine};
use crate::cloud::emulator::{self, Emulator, Missing, NoAnswer};
use crate::cloud::{CloudError, ErrorKind, LOCALSTACK};
use crate::plan::Desired;

pub(super) use process::Started;

/// The newest image of LocalStack that runs without an account.
const IMAGE: &str = "localstack/localstack:4.14.0";

/// How long LocalStack may take to be up; its image may have to be fetched first.
const START_PATIENCE: Duration = Duration::from_secs(180);

impl App {
    /// What answers where a command is to act; asks on this machine only. Starts it first if it is not there and
    /// `--start-localstack` says so.
    pub(super) async fn emulator(&self, chosen: &Chosen) -> Result<Option<Emulator>, CommandError> {
        let url = chosen.endpoint_url.as_deref().unwrap_or(LOCALSTACK);
        if chosen.target != Target::Localstack || !is_on_this_machine(url) {
            return Ok(None);
        }
        let found = match emulator::ask(url).await {
            Err(NoAnswer::Nobody { .. }) if self.global.start_localstack => self.start_localstack(url).await?,
            Err(NoAnswer::NotReady { .. }) if self.global.start_localstack => self.wait_for_localstack(url).await?,
            answer => answer.map_err(|why| no_answer(&why, url))?,
        };
        if let Some(emulator) = &found {
            refuse_missing(emulator, &["sts"])?;
            self.remember_emulator(emulator);
        }
        Ok(found)
    }

    /// Whether the emulator, as far as it tells, offers all that a stack's resources are made in. Nothing is created before.
    pub(super) fn services_are_there(&self, desired: &Desired) -> Result<(), CloudError> {
        match self.remembered_emulator() {
            Some(emulator) => refuse_missing(&emulator, &emulator::services_of(desired)),
            None => Ok(()),
        }
    }

    async fn start_localstack(&self, url: &str) -> Result<Option<Emulator>, CommandError> {
        let port = port_of(url);
        let program = launch::choose(port, &self.env).await?;
        self.note(format!("starting LocalStack: {}", program.shown()));
        let log = launch::cache_folder(&self.env).join(format!("localstack-{port}.log"));
        let mut started = self.localstack.lock().await;
        let running = started.insert(Started::begin(&program, &log)?);
        let found = running.until_it_answers(url, START_PATIENCE).await?;
        Ok(Some(found))
    }

    /// Something listens already: whoever started it only has to be waited for.
    async fn wait_for_localstack(&self, url: &str) -> Result<Option<Emulator>, CommandError> {
        self.note(format!("waiting for what listens at {url}"));
        let deadline = tokio::time::Instant::now() + START_PATIENCE;
        loop {
            match emulator::ask(url).await {
                Ok(found) => return Ok(found),
                Err(why) if tokio::time::Instant::now() >= deadline => return Err(no_answer(&why, url)),
                Err(_) => tokio::time::sleep(process::POLL).await,
            }
        }
    }

    /// Whether all that is made now is gone when the command ends: what holds it was started for this command.
    pub(super) async fn is_for_this_command(&self) -> bool {
        self.localstack.lock().await.is_some()
    }

    /// Stops what `--start-localstack` started.
    pub(super) async fn stop_localstack(&self) {
        if let Some(started) = self.localstack.lock().await.take() {
            started.stop().await;
            self.note("LocalStack was stopped, and what was in it is gone");
        }
    }
}

/// The port of an endpoint.
fn port_of(url: &str) -> u16 {
    let uri = url.parse::<http::Uri>().ok();
    let implied = match uri.as_ref().and_then(http::Uri::scheme_str) {
        Some("https") => 443,
        _ => 80,
    };
    uri.and_then(|uri| uri.port_u16()).unwrap_or(implied)
}

/// How to get an emulator to where none is, or none that serves yet.
fn no_answer(why: &NoAnswer, url: &str) -> CommandError {
    let port = port_of(url);
    let error = CloudError {
        message: why.to_string(),
        kind: ErrorKind::Unreachable,
        hints: match why {
            NoAnswer::Nobody { .. } => vec![
                "`--start-localstack` starts LocalStack for as long as the command runs".to_owned(),
                format!(
                    "or start it: `docker run --rm -p 127.0.0.1:{port}:4566 -v /var/run/docker.sock:/var/run/docker.sock {IMAGE}`"
                ),
                "newer images of LocalStack end with exit code 55 unless LOCALSTACK_AUTH_TOKEN is set".to_owned(),
                format!(
                    "or serve the embedded AWS: `stepstack local up --port {port}`; without a server: `--target local`"
                ),
            ],
            NoAnswer::NotReady { .. } => vec![
                "if it is LocalStack, it may still be starting: try again, or wait for it with `--start-localstack`"
                    .to_owned(),
                format!("if it is something else, free the port {port} or name another endpoint"),
            ],
        },
        source: None,
    };
    error.into()
}

fn refuse_missing(emulator: &Emulator, needed: &[&'static str]) -> Result<(), CloudError> {
    let missing = emulator.lacks(needed);
    if missing.is_empty() {
        return Ok(());
    }
    let words = |one: &Missing| match &one.state {
        Some(state) => format!("{} ({state})", one.service),
        None => format!("{} (not there)", one.service),
    };
    let named: Vec<String> = missing.iter().map(words).collect();
    Err(CloudError {
        message: format!("{} does not offer what is needed: {}", emulator.name, named.join(", ")),
        kind: ErrorKind::Unreachable,
        hints: hints_for(emulator, &missing, needed),
        source: None,
    })
}

fn hints_for(emulator: &Emulator, missing: &[Missing], needed: &[&'static str]) -> Vec<String> {
    let mut hints = Vec::new();
    let is = |state: Option<&str>| missing.iter().any(|one| one.state.as_deref() == state);
    if is(Some("disabled")) || (is(None) && emulator.name.starts_with("MiniStack")) {
        let with = needed.join(",");
        hints.push(format!("start it without SERVICES, or with at least SERVICES={with}"));
    } else if is(None) {
        hints.push(format!(
            "{} has no such service: take another edition or version",
            emulator.name
        ));
    }
    if is(Some("error")) || is(Some("stopped")) || is(Some("stopping")) {
        hints.push("its log says what became of the service; restart it".to_owned());
    }
    hints
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::theme::Theme;

    fn emulator(name: &str, services: &[(&str, &str)]) -> Emulator {
        let pair = |(service, state): &(&str, &str)| ((*service).to_owned(), (*state).to_owned());
        Emulator {
            name: name.to_owned(),
            services: services.iter().map(pair).collect(),
            ..Emulator::default()
        }
    }

    #[test]
    fn what_is_missing_is_named_with_what_helps() {
        for (emulator, needed, expected) in [
            (
                emulator("LocalStack 4.14.0", &[("sqs", "disabled"), ("iam", "running")]),
                &["iam", "sqs"][..],
                "does not offer what is needed: sqs (disabled)\n  hint: start it without SERVICES, or with at least SERVICES=iam,sqs\n",
            ),
            (
                emulator("MiniStack 1", &[("iam", "available")]),
                &["iam", "lambda"],
                "lambda (not there)\n  hint: start it without SERVICES, or with at least SERVICES=iam,lambda\n",
            ),
            (
                emulator("LocalStack 3", &[("iam", "available")]),
                &["stepfunctions"],
                "stepfunctions (not there)\n  hint: LocalStack 3 has no such service: take another edition or version\n",
            ),
            (
                emulator("LocalStack 3", &[("sns", "error")]),
                &["sns"],
                "sns (error)\n  hint: its log says what became of the service; restart it\n",
            ),
        ] {
            let text = refuse_missing(&emulator, needed);
            let text = text.map_err(|error| CommandError::from(error).render(Theme::PLAIN));
            assert!(text.as_ref().is_err_and(|text| text.ends_with(expected)), "{text:?}");
        }
        let all = refuse_missing(&emulator("LocalStack 3", &[("sns", "running")]), &["sns"]);
        assert!(all.is_ok());
    }

    #[test]
    fn ports() {
        for (url, port) in [
            ("http://127.0.0.1:4566", 4566),
            ("http://localhost", 80),
            ("https://localhost.localstack.cloud", 443),
        ] {
            assert_eq!(port_of(url), port);
        }
    }
}
