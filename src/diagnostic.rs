//! Findings about the user's files: collected by every check, never printed here.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

/// A file as the user wrote it; spans point into its text.
#[derive(Debug, PartialEq, Eq)]
pub struct SourceFile {
    /// The path as it should be shown, relative to the working directory where that is shorter.
    pub name: String,
    /// The whole text.
    pub text: String,
    /// Byte ranges of the text that must not be shown: environment values.
    secrets: OnceLock<Vec<Range<usize>>>,
}

impl SourceFile {
    /// A source of that name and text.
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Arc<Self> {
        Arc::new(Self {
            name: name.into(),
            text: text.into(),
            secrets: OnceLock::new(),
        })
    }

    /// Says which byte ranges of the text must not be shown. The first call counts.
    pub(crate) fn hide(&self, secrets: Vec<Range<usize>>) {
        let _ = self.secrets.set(secrets);
    }

    /// The text with an asterisk for every byte that must not be shown, so that offsets stay as they are.
    pub fn shown(&self) -> Cow<'_, str> {
        let secrets = self.secrets.get().map(Vec::as_slice).unwrap_or_default();
        if secrets.is_empty() {
            return Cow::Borrowed(&self.text);
        }
        let mut bytes = self.text.clone().into_bytes();
        for secret in secrets {
            for byte in bytes.get_mut(secret.clone()).into_iter().flatten() {
                if *byte != b'\n' {
                    *byte = b'*';
                }
            }
        }
        Cow::Owned(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Line and column of a byte offset, both counted from 1, columns in characters.
    pub fn line_column(&self, offset: usize) -> (usize, usize) {
        let offset = (0..=offset.min(self.text.len()))
            .rev()
            .find(|&at| self.text.is_char_boundary(at))
            .unwrap_or(0);
        let before = &self.text[..offset];
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        (
            before.matches('\n').count() + 1,
            before[line_start..].chars().count() + 1,
        )
    }
}

/// A range of bytes in a source file. Cheap to clone.
#[derive(Clone, PartialEq, Eq)]
pub struct Span {
    /// Where the range lies.
    pub file: Arc<SourceFile>,
    /// Byte offsets, start inclusive, end exclusive.
    pub range: Range<usize>,
}

impl fmt::Debug for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (line, column) = self.file.line_column(self.range.start);
        write!(f, "{}:{line}:{column}", self.file.name)
    }
}

/// Whether a finding stops the command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The command cannot go on.
    Error,
    /// Worth knowing; the command goes on.
    Warning,
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Whether it stops the command.
    pub severity: Severity,
    /// Stable kebab-case name of the rule, e.g. `unknown-key`.
    pub code: &'static str,
    /// A lowercase fragment that names the thing, without a full stop.
    pub message: String,
    /// Where it is, if it came from a file.
    pub span: Option<Span>,
    /// Where it is inside a definition, as AWS writes it: `/States/Open Case/Next`.
    pub pointer: Option<String>,
    /// What would mend it, one sentence fragment each.
    pub hints: Vec<String>,
    /// What AWS's API says of it, `CODE: text` without the place, where that is known.
    pub aws: Option<String>,
}

impl Diagnostic {
    /// An error of that code.
    pub fn error(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            code,
            message: message.into(),
            span: None,
            pointer: None,
            hints: Vec::new(),
            aws: None,
        }
    }

    /// A warning of that code.
    pub fn warning(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Warning,
            ..Self::error(code, message)
        }
    }

    /// Points at a place in a file.
    #[must_use]
    pub fn at(mut self, span: Option<&Span>) -> Self {
        self.span = span.cloned();
        self
    }

    /// Points at a place in a definition.
    #[must_use]
    pub fn in_definition(mut self, pointer: impl Into<String>) -> Self {
        self.pointer = Some(pointer.into());
        self
    }

    /// Says what AWS's API says of it, `CODE: text` without the place.
    #[must_use]
    pub fn aws(mut self, text: impl Into<String>) -> Self {
        self.aws = Some(text.into());
        self
    }

    /// Adds a hint.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }
}

/// Whether any finding is an error.
pub fn has_errors(diagnostics: &[Diagnostic]) -> bool {
    diagnostics.iter().any(|found| found.severity == Severity::Error)
}

/// `did you mean …`, when one of the candidates is close enough to what was written.
pub fn did_you_mean<'a>(written: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<String> {
    candidates
        .into_iter()
        .map(|candidate| {
            (
                strsim::jaro_winkler(&written.to_lowercase(), &candidate.to_lowercase()),
                candidate,
            )
        })
        .filter(|(score, _)| *score > 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| format!("did you mean `{candidate}`?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_columns_are_counted_in_characters() {
        let file = SourceFile::new("a", "aé\r\nb\n");
        for (offset, expected) in [
            (0, (1, 1)),
            (1, (1, 2)),
            (2, (1, 2)), // inside of the é
            (3, (1, 3)),
            (5, (2, 1)),
            (7, (3, 1)),
            (99, (3, 1)),
        ] {
            assert_eq!(file.line_column(offset), expected, "{offset}");
        }
    }

    #[test]
    fn only_near_names_are_suggested() {
        let names = ["timeout", "memory", "code"];
        for (written, expected) in [
            ("timout", Some("did you mean `timeout`?")),
            ("Memory", Some("did you mean `memory`?")),
            ("tests", None),
            ("", None),
        ] {
            assert_eq!(did_you_mean(written, names).as_deref(), expected, "{written}");
        }
    }
}
