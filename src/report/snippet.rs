//! Findings as people read them: message, place, the line with carets, what would mend it.

use std::fmt::Write as _;
use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use crate::diagnostic::{Diagnostic, Severity, Span};

/// Bytes from which a line is shown in part.
const LONG_LINE: usize = 1000;

/// Bytes that are then shown before a finding, and half of those after it.
const NEAR: usize = 60;

/// Renders findings sorted by file and position, then a line that counts them; nothing if there are none.
pub fn render(diagnostics: &[Diagnostic], color: bool) -> String {
    if diagnostics.is_empty() {
        return String::new();
    }
    let mut sorted: Vec<&Diagnostic> = diagnostics.iter().collect();
    sorted.sort_by_key(|found| {
        let place = found
            .span
            .as_ref()
            .map(|span| (&span.file.name, span.range.start, span.range.end));
        (place, found.severity)
    });
    sorted.dedup();
    let renderer = if color { Renderer::styled() } else { Renderer::plain() };
    let mut text = String::new();
    for found in &sorted {
        let _ = write!(
            text,
            "{}\n\n",
            with_true_column(renderer.render(&[group(found)]), found)
        );
    }
    text.push_str(&count(&sorted));
    text.push('\n');
    text
}

fn group(found: &Diagnostic) -> Group<'_> {
    let level = match found.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let mut group = Group::with_title(level.primary_title(&found.message).id(found.code));
    if let Some(span) = &found.span {
        let (line_number, _) = span.file.line_column(span.range.start);
        let Excerpt { line, range, .. } = excerpt(span);
        group = group.element(
            Snippet::source(line)
                .path(span.file.name.as_str())
                .line_start(line_number)
                .annotation(AnnotationKind::Primary.span(range)),
        );
    }
    if let Some(pointer) = &found.pointer {
        group = group.element(Level::NOTE.message(format!("in the definition at {pointer}")));
    }
    for hint in &found.hints {
        group = group.element(Level::HELP.message(hint));
    }
    group
}

/// The renderer counts the column in what it is shown; where that is a part of a line, it is put right here.
fn with_true_column(rendered: String, found: &Diagnostic) -> String {
    let Some(span) = &found.span else {
        return rendered;
    };
    let Excerpt { line, range, is_part } = excerpt(span);
    if !is_part {
        return rendered;
    }
    let shown = line.get(..range.start).map_or(0, |before| before.chars().count()) + 1;
    let (line, column) = span.file.line_column(span.range.start);
    let name = &span.file.name;
    rendered.replacen(&format!("{name}:{line}:{shown}"), &format!("{name}:{line}:{column}"), 1)
}

/// What is shown of a file.
struct Excerpt {
    line: String,
    range: Range<usize>,
    /// Whether the line is longer.
    is_part: bool,
}

/// The first line of a span, and the part of it that the span covers: carets under a whole block would hide rather
/// than show. Of a very long line (a definition may be one) only what is near.
fn excerpt(span: &Span) -> Excerpt {
    let text = span.file.shown();
    let text = text.as_ref();
    let start = floor_char_boundary(text, span.range.start);
    let line_start = text[..start].rfind('\n').map_or(0, |at| at + 1);
    let line_end = text[start..].find('\n').map_or(text.len(), |at| start + at);
    let line = text[line_start..line_end].trim_end_matches('\r');
    let start = (start - line_start).min(line.len());
    let end = floor_char_boundary(text, span.range.end)
        .saturating_sub(line_start)
        .clamp(start, line.len());
    if line.len() <= LONG_LINE {
        return Excerpt {
            line: line.to_owned(),
            range: start..end,
            is_part: false,
        };
    }
    let from = floor_char_boundary(line, start.saturating_sub(NEAR));
    let to = floor_char_boundary(line, start + 2 * NEAR);
    let before = if from > 0 { "..." } else { "" };
    let after = if to < line.len() { "..." } else { "" };
    let moved = |at: usize| at.min(to) - from + before.len();
    Excerpt {
        line: format!("{before}{}{after}", &line[from..to]),
        range: moved(start)..moved(end),
        is_part: true,
    }
}

fn floor_char_boundary(text: &str, offset: usize) -> usize {
    (0..=offset.min(text.len()))
        .rev()
        .find(|&at| text.is_char_boundary(at))
        .unwrap_or(0)
}

/// `3 errors, 1 warning`.
fn count(diagnostics: &[&Diagnostic]) -> String {
    let parts = [(Severity::Error, "error"), (Severity::Warning, "warning")].map(|(severity, name)| {
        let number = diagnostics.iter().filter(|found| found.severity == severity).count();
        match number {
            0 => None,
            1 => Some(format!("1 {name}")),
            _ => Some(format!("{number} {name}s")),
        }
    });
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::*;
    use crate::diagnostic::SourceFile;

    fn at(file: &Arc<SourceFile>, part: &str) -> Span {
        let start = file.text.find(part).unwrap();
        Span {
            file: Arc::clone(file),
            range: start..start + part.len(),
        }
    }

    #[test]
    fn findings_are_sorted_shown_and_counted() {
        let file = SourceFile::new(
            "stacks/a.yaml",
            "name: a\nfunctions:\n  Open:\n    cod: x\n    memory: big\n",
        );
        let found = [
            Diagnostic::error("wrong-type", "expected a number, found a string").at(Some(&at(&file, "big"))),
            Diagnostic::error("unknown-key", "function `Open`: unknown key `cod`")
                .at(Some(&at(&file, "cod")))
                .hint("did you mean `code`?")
                .hint("known are code and handler"),
            Diagnostic::warning("unreachable-state", "no transition leads to `B`")
                .at(Some(&at(&file, "Open:\n    cod: x")))
                .in_definition("/States/B"),
            Diagnostic::error("no-place", "no target"),
        ];
        insta::assert_snapshot!(render(&found, false), @r#"
        error[no-place]: no target

        warning[unreachable-state]: no transition leads to `B`
         --> stacks/a.yaml:3:3
          |
        3 |   Open:
          |   ^^^^^
          |
          = note: in the definition at /States/B

        error[unknown-key]: function `Open`: unknown key `cod`
         --> stacks/a.yaml:4:5
          |
        4 |     cod: x
          |     ^^^
          |
          = help: did you mean `code`?
          = help: known are code and handler

        error[wrong-type]: expected a number, found a string
         --> stacks/a.yaml:5:13
          |
        5 |     memory: big
          |             ^^^

        3 errors, 1 warning
        "#);
    }

    #[test]
    fn secrets_are_not_shown() {
        let file = SourceFile::new("a.yaml", "environment: { AWS_REGION: gehéim, B: x }\n");
        let secret = at(&file, "gehéim").range;
        file.hide(vec![secret]);
        let found = [Diagnostic::error("reserved-key", "reserved").at(Some(&at(&file, "AWS_REGION")))];
        insta::assert_snapshot!(render(&found, false), @r#"
        error[reserved-key]: reserved
         --> a.yaml:1:16
          |
        1 | environment: { AWS_REGION: *******, B: x }
          |                ^^^^^^^^^^

        1 error
        "#);
    }

    #[test]
    fn nothing_found_says_nothing() {
        assert_eq!(render(&[], false), "");
    }

    #[test]
    fn colour_is_only_there_when_asked_for() {
        let found = [Diagnostic::error("x", "message\u{1b}[31m")];
        assert!(!render(&found, false).contains('\u{1b}'));
        assert!(render(&found, true).contains("\u{1b}["));
    }

    #[test]
    fn tabs_wide_characters_and_long_lines_are_shown() {
        let file = SourceFile::new(
            "a.json",
            format!(
                "{{\n\t\"案件\":\t\"é👩‍👩‍👧\", \"x\": 1, \"y\": \"{}\"\r\n}}",
                "long ".repeat(60)
            ),
        );
        let found = [
            Diagnostic::error("a", "wide").at(Some(&at(&file, "\"é👩‍👩‍👧\""))),
            Diagnostic::error("b", "after").at(Some(&at(&file, "1"))),
            Diagnostic::error("c", "at the end").at(Some(&Span {
                file: Arc::clone(&file),
                range: file.text.len()..file.text.len(),
            })),
        ];
        insta::assert_snapshot!(render(&found, false), @r#"
        error[a]: wide
         --> a.json:2:8
          |
        2 |     "案件":    "é👩👩👧", "x": 1, "y": "long long long long long long long long long long long long long long long long long long lon...
          |                ^^^^^^^^^

        error[b]: after
         --> a.json:2:23
          |
        2 |     "案件":    "é👩👩👧", "x": 1, "y": "long long long long long long long long long long long long long long long long long long lon...
          |                                ^

        error[c]: at the end
         --> a.json:3:2
          |
        3 | }
          |  ^

        3 errors
        "#);
    }

    #[test]
    fn of_a_very_long_line_what_is_near_is_shown() {
        let text = format!("[{}, x, {}]", "\"é\", ".repeat(5000), "1, ".repeat(5000));
        let file = SourceFile::new("a.json", text);
        let found = [Diagnostic::error("a", "here").at(Some(&at(&file, "x, 1")))];
        insta::assert_snapshot!(render(&found, false), @r#"
        error[a]: here
         --> a.json:1:25004
          |
        1 | ...é", "é", "é", "é", "é", "é", "é", "é", "é", "é", , x, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1...
          |                                                       ^^^^

        1 error
        "#);
    }

    proptest! {
        #[test]
        fn no_span_panics(text in "(?s).{0,40}", times in 1usize..60, start in 0usize..60, length in 0usize..20, color: bool) {
            let text = text.repeat(times);
            let start = start * times;
            let file = SourceFile::new("a", text);
            let span = Span { file, range: start..start + length };
            let found = Diagnostic::error("x", "y").at(Some(&span)).hint("z");
            prop_assert!(render(&[found], color).contains("1 error"));
        }
    }
}
