//! Showing findings about the user's files.

use serde_json::{Value, json};

use super::app::App;
use super::error::CommandError;
use crate::diagnostic::{Diagnostic, Severity, has_errors};
use crate::event::Event;
use crate::report::snippet;

impl App {
    /// Shows findings; an error if one of them is. Warnings are not shown with `--quiet`.
    pub(super) fn show(&self, what: &str, findings: &[Diagnostic]) -> Result<(), CommandError> {
        let failed = has_errors(findings);
        if self.json_events() {
            for finding in findings {
                self.emit(event_of(finding));
            }
        } else if failed || !self.global.quiet {
            self.print_findings(findings);
        }
        if failed {
            return Err(CommandError::wrong(format!("{what} cannot be used as it is")));
        }
        Ok(())
    }

    /// Writes findings with their places to standard error.
    pub(super) fn print_findings(&self, findings: &[Diagnostic]) {
        if !findings.is_empty() {
            self.ui.err(&snippet::render(findings, self.ui.err_theme.color));
        }
    }
}

/// `2 errors and 1 warning`.
pub(super) fn counted(findings: &[Diagnostic]) -> String {
    let count = |severity: Severity| findings.iter().filter(|found| found.severity == severity).count();
    let words = |count: usize, word: &str| match count {
        1 => format!("1 {word}"),
        _ => format!("{count} {word}s"),
    };
    match (count(Severity::Error), count(Severity::Warning)) {
        (errors, 0) => words(errors, "error"),
        (0, warnings) => words(warnings, "warning"),
        (errors, warnings) => format!("{} and {}", words(errors, "error"), words(warnings, "warning")),
    }
}

/// A finding as a member of a JSON document.
pub(super) fn to_json(finding: &Diagnostic) -> Value {
    let place = place(finding);
    json!({
        "severity": severity(finding),
        "code": finding.code,
        "message": finding.message,
        "file": place.as_ref().map(|(file, ..)| file),
        "line": place.as_ref().map(|(_, line, _)| line),
        "column": place.as_ref().map(|(.., column)| column),
        "pointer": finding.pointer,
        "hints": finding.hints,
    })
}

/// Findings without repetitions, errors first; otherwise in the order in which they came.
pub(super) fn tidy(findings: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let mut tidied: Vec<Diagnostic> = Vec::with_capacity(findings.len());
    for finding in findings {
        if !tidied.contains(&finding) {
            tidied.push(finding);
        }
    }
    tidied.sort_by_key(|finding| finding.severity);
    tidied
}

fn event_of(finding: &Diagnostic) -> Event {
    let place = place(finding);
    Event::Finding {
        severity: severity(finding).to_owned(),
        code: finding.code.to_owned(),
        message: finding.message.clone(),
        file: place.as_ref().map(|(file, ..)| file.clone()),
        line: place.as_ref().map(|(_, line, _)| *line),
        column: place.as_ref().map(|(.., column)| *column),
        pointer: finding.pointer.clone(),
        hints: finding.hints.clone(),
    }
}

fn place(finding: &Diagnostic) -> Option<(String, usize, usize)> {
    let span = finding.span.as_ref()?;
    let (line, column) = span.file.line_column(span.range.start);
    Some((span.file.name.clone(), line, column))
}

fn severity(finding: &Diagnostic) -> &'static str {
    match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::{SourceFile, Span};

    #[test]
    fn findings_are_counted_in_words() {
        let (error, warning) = (Diagnostic::error("e", "e"), Diagnostic::warning("w", "w"));
        for (findings, expected) in [
            (vec![], "0 errors"),
            (vec![error.clone()], "1 error"),
            (vec![warning.clone(), warning.clone()], "2 warnings"),
            (vec![error.clone(), error, warning], "2 errors and 1 warning"),
        ] {
            assert_eq!(counted(&findings), expected);
        }
    }

    #[test]
    fn findings_are_shown_once_and_errors_first() {
        let (error, warning) = (Diagnostic::error("e", "e"), Diagnostic::warning("w", "w"));
        let tidied = tidy(vec![warning.clone(), error.clone(), warning.clone()]);
        assert_eq!(tidied, [error, warning]);
    }

    #[test]
    fn programs_get_the_place() {
        let file = SourceFile::new("s.yaml", "a: 1\nb: 2\n");
        let span = Span { file, range: 5..6 };
        let finding = Diagnostic::error("unknown-key", "unknown key `b`")
            .at(Some(&span))
            .hint("c");
        assert_eq!(
            to_json(&finding),
            json!({
                "severity": "error", "code": "unknown-key", "message": "unknown key `b`",
                "file": "s.yaml", "line": 2, "column": 1, "pointer": null, "hints": ["c"],
            })
        );
    }
}
