//! What stops a command: which exit code it has, what is said of it, and what would mend it.

use std::error::Error;

use crate::cloud::{CloudError, ErrorKind};
use crate::event::Event;
use crate::report::text::escape_lines;
use crate::report::theme::{Meaning, Theme};

use super::exit::Exit;

/// A command that did not do what was asked.
#[derive(Debug)]
pub(super) struct CommandError {
    exit: Exit,
    /// A lowercase fragment that names the thing.
    message: String,
    source: Option<Box<dyn Error + Send + Sync>>,
    hints: Vec<String>,
}

impl CommandError {
    fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self {
            exit,
            message: message.into(),
            source: None,
            hints: Vec::new(),
        }
    }

    /// The invocation or the user's files are wrong.
    pub(super) fn wrong(message: impl Into<String>) -> Self {
        Self::new(Exit::Wrong, message)
    }

    /// What was asked for was tried and failed.
    pub(super) fn failed(message: impl Into<String>) -> Self {
        Self::new(Exit::Failed, message)
    }

    /// A teardown left something behind.
    pub(super) fn left_behind(message: impl Into<String>) -> Self {
        Self::new(Exit::LeftBehind, message)
    }

    /// The user stopped it.
    pub(super) fn interrupted() -> Self {
        Self::new(Exit::Interrupted, "interrupted")
    }

    /// What the cloud made of a plan.
    pub(super) fn incomplete(message: impl Into<String>, kind: Option<ErrorKind>) -> Self {
        let exit = match kind {
            Some(ErrorKind::Refused | ErrorKind::Unreachable) => Exit::Refused,
            Some(ErrorKind::NotFound | ErrorKind::Failed) | None => Exit::Failed,
        };
        Self::new(exit, message)
    }

    /// Adds what would mend it.
    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// Adds where it came from.
    pub(super) fn because(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// What it is about, with what caused it, in one line.
    pub(super) fn in_one_line(&self) -> String {
        let causes = self.causes().into_iter();
        std::iter::once(self.message.clone())
            .chain(causes)
            .collect::<Vec<_>>()
            .join(": ")
    }

    /// What would mend it.
    pub(super) fn hints(&self) -> &[String] {
        &self.hints
    }

    /// Its exit code.
    pub(super) fn exit(&self) -> Exit {
        self.exit
    }

    /// The text for people, over several lines.
    pub(super) fn render(&self, theme: Theme) -> String {
        let mut text = format!(
            "{} {}\n",
            theme.paint(Meaning::Bad, "error:"),
            escape_lines(&self.message)
        );
        for cause in self.causes() {
            text.push_str(&format!("  caused by: {}\n", escape_lines(&cause)));
        }
        for hint in &self.hints {
            text.push_str(&format!(
                "  {} {}\n",
                theme.paint(Meaning::Hint, "hint:"),
                escape_lines(hint)
            ));
        }
        text
    }

    /// The same for programs.
    pub(super) fn to_event(&self) -> Event {
        Event::Error {
            message: self.message.clone(),
            causes: self.causes(),
            hints: self.hints.clone(),
            exit_code: self.exit.code(),
        }
    }

    /// The chain of sources, without those that only repeat what was already said.
    fn causes(&self) -> Vec<String> {
        let mut causes: Vec<String> = Vec::new();
        let mut next: Option<&(dyn Error + 'static)> = self.source.as_deref().map(|source| source as _);
        while let Some(error) = next {
            let said = error.to_string();
            let known = self.message.contains(&said) || causes.iter().any(|cause| cause.contains(&said));
            if !known && !said.is_empty() {
                causes.push(said);
            }
            next = error.source();
        }
        causes
    }
}

impl From<CloudError> for CommandError {
    fn from(error: CloudError) -> Self {
        let exit = match error.kind {
            ErrorKind::Refused | ErrorKind::Unreachable => Exit::Refused,
            ErrorKind::NotFound => Exit::Wrong,
            ErrorKind::Failed => Exit::Failed,
        };
        Self {
            exit,
            message: error.message,
            // What AWS answered, or why it did not, is in the message; what is below it is the SDK's own plumbing.
            source: None,
            hints: error.hints,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cloud_error(kind: ErrorKind) -> CloudError {
        CloudError {
            message: "cannot create role r: AccessDenied".to_owned(),
            kind,
            hints: vec!["ask for iam:CreateRole".to_owned()],
            source: Some("AccessDenied".into()),
        }
    }

    #[test]
    fn what_the_cloud_says_picks_the_exit_code() {
        for (kind, exit, of_a_plan) in [
            (ErrorKind::Unreachable, Exit::Refused, Exit::Refused),
            (ErrorKind::Refused, Exit::Refused, Exit::Refused),
            (ErrorKind::NotFound, Exit::Wrong, Exit::Failed),
            (ErrorKind::Failed, Exit::Failed, Exit::Failed),
        ] {
            assert_eq!(CommandError::from(cloud_error(kind)).exit(), exit, "{kind:?}");
            assert_eq!(CommandError::incomplete("x", Some(kind)).exit(), of_a_plan, "{kind:?}");
        }
        assert_eq!(CommandError::incomplete("x", None).exit(), Exit::Failed);
        assert_eq!(CommandError::wrong("x").exit(), Exit::Wrong);
        assert_eq!(CommandError::interrupted().exit(), Exit::Interrupted);
    }

    #[test]
    fn a_source_is_said_once() {
        let error = CommandError::from(cloud_error(ErrorKind::Refused));
        assert_eq!(
            error.render(Theme::PLAIN),
            "error: cannot create role r: AccessDenied\n  hint: ask for iam:CreateRole\n"
        );
        let error = CommandError::failed("cannot read x: no such file").because("no such file");
        assert_eq!(error.render(Theme::PLAIN), "error: cannot read x: no such file\n");
        let error = CommandError::failed("cannot read x\u{1b}[2J").because("no such file");
        assert_eq!(
            error.render(Theme::PLAIN),
            "error: cannot read x\\u{1b}[2J\n  caused by: no such file\n"
        );
    }

    #[test]
    fn programs_get_the_exit_code_too() {
        let event = CommandError::wrong("no").hint("yes").to_event();
        assert_eq!(
            serde_json::to_value(event).ok(),
            Some(serde_json::json!({
                "event": "error", "message": "no", "causes": [], "hints": ["yes"], "exitCode": 2
            }))
        );
    }
}
