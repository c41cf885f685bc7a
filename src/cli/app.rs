//! What the commands share: the common options, the streams, the reporter, the connection.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use super::args::Global;
use super::connect::LocalHome;
use super::env::Environment;
use super::error::CommandError;
use super::exit::Exit;
use super::localstack::Started;
use super::target::{self, Chosen, Said};
use super::ui::Ui;
use crate::cloud::emulator::Emulator;
use crate::event::Event;
use crate::report::Reporter;

/// The folder of the local cloud unless another is named.
const DATA_DIR: &str = ".stepstack";

/// A command's surroundings.
pub(super) struct App {
    pub(super) global: Global,
    pub(super) env: Environment,
    pub(super) ui: Ui,
    pub(super) reporter: Reporter,
    /// The local cloud, once it is open.
    pub(super) home: LocalHome,
    /// LocalStack, if this command started it.
    pub(super) localstack: tokio::sync::Mutex<Option<Started>>,
    emulator: Mutex<Option<Emulator>>,
    json_events: bool,
    if_interrupted: Mutex<Option<String>>,
    leaves_at_once: AtomicBool,
}

impl App {
    pub(super) fn new(global: Global, env: Environment, json_is_one_document: bool) -> Self {
        let ui = Ui::new(global.color, global.quiet, global.json, &env);
        Self {
            reporter: ui.reporter(&env, json_is_one_document),
            json_events: global.json && !json_is_one_document,
            ui,
            global,
            env,
            home: LocalHome::default(),
            localstack: tokio::sync::Mutex::default(),
            emulator: Mutex::default(),
            if_interrupted: Mutex::new(None),
            leaves_at_once: AtomicBool::new(false),
        }
    }

    /// Which cloud to act on.
    pub(super) fn chosen(&self) -> Result<Chosen, CommandError> {
        let text = |name: &str| self.env.var(name).map(str::to_owned);
        let ignored = self
            .env
            .var("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS")
            .is_some_and(|value| value.eq_ignore_ascii_case("true"));
        target::choose(&Said {
            target: self.global.target,
            endpoint_url: self.global.endpoint_url.clone(),
            env_target: text("STEPSTACK_TARGET"),
            env_endpoint_url: text("AWS_ENDPOINT_URL").filter(|_| !ignored),
            env_localstack_host: text("LOCALSTACK_HOST"),
            start_localstack: self.global.start_localstack,
            env_service_endpoints: self
                .env
                .vars
                .iter()
                .filter(|(name, value)| name.starts_with("AWS_ENDPOINT_URL_") && !value.is_empty() && !ignored)
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect(),
        })
    }

    /// What was found at the endpoint.
    pub(super) fn remembered_emulator(&self) -> Option<Emulator> {
        self.emulator.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Keeps what was found at the endpoint.
    pub(super) fn remember_emulator(&self, emulator: &Emulator) {
        *self.emulator.lock().unwrap_or_else(PoisonError::into_inner) = Some(emulator.clone());
    }

    /// The folder of the local cloud.
    pub(super) fn data_dir(&self) -> PathBuf {
        self.global
            .data_dir
            .clone()
            .or_else(|| self.env.var("STEPSTACK_DATA_DIR").map(PathBuf::from))
            .unwrap_or_else(|| PathBuf::from(DATA_DIR))
    }

    /// Whether events go to standard output, so that text for people must not.
    pub(super) fn json_events(&self) -> bool {
        self.json_events
    }

    /// A command to type next, with the options that lead to the same cloud.
    pub(super) fn command_line(&self, command: &str, file: Option<&Path>) -> String {
        let mut words = vec!["stepstack".to_owned(), command.to_owned()];
        if let Some(file) = file {
            words.push(quoted(&file.to_string_lossy()));
        }
        let target = self.global.target.map(|target| target.name().to_owned());
        let data_dir = self
            .global
            .data_dir
            .as_ref()
            .map(|folder| folder.to_string_lossy().into_owned());
        let endpoint_url = self
            .global
            .endpoint_url
            .clone()
            .or_else(|| self.found_by_localstack_host());
        for (option, value) in [
            ("--target", &target),
            ("--endpoint-url", &endpoint_url),
            ("--profile", &self.global.profile),
            ("--region", &self.global.region),
            ("--data-dir", &data_dir),
        ] {
            if let Some(value) = value {
                words.push(option.to_owned());
                words.push(quoted(value));
            }
        }
        words.join(" ")
    }

    /// The endpoint that LOCALSTACK_HOST names, which the next shell need not have.
    fn found_by_localstack_host(&self) -> Option<String> {
        self.env
            .var("LOCALSTACK_HOST")
            .filter(|_| self.env.var("AWS_ENDPOINT_URL").is_none())?;
        self.chosen().ok()?.endpoint_url
    }

    /// Says what an interruption would leave, and how to go on.
    pub(super) fn if_interrupted(&self, hint: Option<String>) {
        // What goes on goes with LocalStack.
        let hint = hint.filter(|_| !self.global.start_localstack);
        *self.if_interrupted.lock().unwrap_or_else(PoisonError::into_inner) = hint;
    }

    /// The error of an interrupted command.
    pub(super) fn interrupted(&self) -> CommandError {
        let hint = self
            .if_interrupted
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        match hint {
            Some(hint) => CommandError::interrupted().hint(hint),
            None => CommandError::interrupted(),
        }
    }

    /// From now on calls under way are not waited for: the user has asked twice.
    pub(super) fn leave_at_once(&self) {
        self.leaves_at_once.store(true, Ordering::Relaxed);
    }

    /// Whether calls under way are not to be waited for.
    pub(super) fn leaves_at_once(&self) -> bool {
        self.leaves_at_once.load(Ordering::Relaxed)
    }

    /// Takes spinners off the screen.
    pub(super) fn clear(&self) {
        self.reporter.clear();
    }

    /// Shows an error and gives its exit code.
    pub(super) fn report(&self, error: &CommandError) -> Exit {
        if self.json_events {
            self.reporter.emit(error.to_event());
        }
        self.ui.err(&error.render(self.ui.err_theme));
        error.exit()
    }

    /// Reports an event.
    pub(super) fn emit(&self, event: Event) {
        self.reporter.emit(event);
    }

    /// Reports something worth saying.
    pub(super) fn note(&self, message: impl Into<String>) {
        self.emit(Event::Note {
            message: message.into(),
        });
    }

    /// Asks whether to do something. Without a terminal there is nobody to ask: then only `--yes` helps.
    pub(super) async fn confirm(&self, to_do: &str) -> Result<(), CommandError> {
        if self.global.yes {
            return Ok(());
        }
        if !self.env.stdin_is_terminal {
            return Err(
                CommandError::wrong(format!("to {to_do} needs a yes, and there is no terminal to ask on"))
                    .hint("`--yes` says it"),
            );
        }
        self.ui.err(&format!("{to_do}? [y/N]"));
        let answer = tokio::task::spawn_blocking(|| {
            let mut line = String::new();
            std::io::stdin().read_line(&mut line).map(|_| line)
        })
        .await;
        match answer {
            Ok(Ok(line)) if matches!(line.trim().to_lowercase().as_str(), "y" | "yes") => Ok(()),
            _ => Err(CommandError::failed("not confirmed, nothing was done")),
        }
    }
}

/// A word as a shell takes it.
pub(super) fn quoted(word: &str) -> String {
    let plain = |character: char| character.is_ascii_alphanumeric() || "_-./:=@%+,".contains(character);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::target::Target;

    fn app(global: Global, vars: &[(&str, &str)]) -> App {
        let env = Environment {
            vars: vars
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            ..Environment::default()
        };
        App::new(global, env, false)
    }

    #[test]
    fn next_commands_lead_to_the_same_cloud() {
        let global = Global {
            target: Some(Target::Aws),
            profile: Some("my dev".to_owned()),
            region: Some("eu-central-1".to_owned()),
            ..Global::default()
        };
        assert_eq!(
            app(global, &[]).command_line("status", Some(Path::new("it's.yaml"))),
            r"stepstack status 'it'\''s.yaml' --target aws --profile 'my dev' --region eu-central-1"
        );
        let global = Global {
            target: Some(Target::Localstack),
            ..Global::default()
        };
        assert_eq!(
            app(global, &[("LOCALSTACK_HOST", "127.0.0.1:4999")]).command_line("status", None),
            "stepstack status --target localstack --endpoint-url http://127.0.0.1:4999"
        );
    }

    #[test]
    fn the_environment_names_target_and_folder() {
        let plain = app(Global::default(), &[]);
        assert_eq!(plain.data_dir(), PathBuf::from(".stepstack"));
        assert_eq!(plain.chosen().map(|chosen| chosen.target).ok(), Some(Target::Local));

        let vars = [
            ("STEPSTACK_DATA_DIR", "/tmp/x"),
            ("AWS_ENDPOINT_URL", "http://127.0.0.1:4566"),
        ];
        let set = app(Global::default(), &vars);
        assert_eq!(set.data_dir(), PathBuf::from("/tmp/x"));
        assert_eq!(set.chosen().map(|chosen| chosen.target).ok(), Some(Target::Localstack));

        let ignored = [vars[1], ("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true")];
        let chosen = app(Global::default(), &ignored).chosen();
        assert_eq!(chosen.map(|chosen| chosen.target).ok(), Some(Target::Local));
    }

    #[test]
    fn an_interruption_says_how_to_go_on() {
        let app = app(Global::default(), &[]);
        app.if_interrupted(Some("run it again".to_owned()));
        let text = app.interrupted().render(crate::report::theme::Theme::PLAIN);
        assert_eq!(text, "error: interrupted\n  hint: run it again\n");
    }
}
