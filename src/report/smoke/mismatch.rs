//! A mismatch in words.

use super::super::text::{escape, shorten};
use super::super::theme::{Meaning, Theme};
use crate::run::testing::Mismatch;

/// Expected and got are on one line up to this many characters together.
const LONGEST_LINE: usize = 90;

/// Values longer than this are cut.
const LONGEST_VALUE: usize = 1000;

/// Diffs longer than this are cut.
const MOST_DIFF_LINES: usize = 60;

/// `status: expected SUCCEEDED, got FAILED`, one line, cut if need be.
pub(super) fn in_one_line(mismatch: &Mismatch) -> String {
    format!(
        "{}: expected {}, got {}",
        escape(&mismatch.what),
        shorten(&escape(&mismatch.expected), 120),
        shorten(&escape(&mismatch.got), 120)
    )
}

/// What was expected, what there was, and the difference.
///
/// No line of a diff starts with what came from outside, whatever blanks are before it: GitHub would take `::` for a command.
pub(super) fn lines(mismatch: &Mismatch, theme: Theme) -> Vec<String> {
    let what = theme.paint(Meaning::Strong, &escape(&mismatch.what));
    let values = [&mismatch.expected, &mismatch.got].map(|value| value_lines(value));
    let mut lines = match &values {
        [expected, got] if is_short(expected, got) => {
            vec![format!("{what}: expected {}, got {}", expected.concat(), got.concat())]
        }
        [expected, got] => {
            let mut lines = vec![what];
            for (word, value) in [("expected", expected), ("got", got)] {
                let mut word = word;
                for line in value {
                    lines.push(format!("  {word:<8}  {line}").trim_end().to_owned());
                    word = "        |";
                }
            }
            lines
        }
    };
    for line in mismatch.diff.iter().take(MOST_DIFF_LINES) {
        let text = escape(line);
        let text = shorten(&text, LONGEST_VALUE);
        let meaning = match line.chars().next() {
            Some('+') => Meaning::Added,
            Some('-') => Meaning::Removed,
            _ => Meaning::Faint,
        };
        lines.push(format!("  | {}", theme.paint(meaning, &text)).trim_end().to_owned());
    }
    let more = mismatch.diff.len().saturating_sub(MOST_DIFF_LINES);
    if more > 0 {
        lines.push(format!("  | … {more} more lines"));
    }
    lines
}

fn value_lines(value: &str) -> Vec<String> {
    let value = shorten(value, LONGEST_VALUE);
    value.lines().map(|line| escape(line).into_owned()).collect()
}

fn is_short(expected: &[String], got: &[String]) -> bool {
    let length = |lines: &[String]| lines.iter().map(|line| line.chars().count()).sum::<usize>();
    expected.len() <= 1 && got.len() <= 1 && length(expected) + length(got) <= LONGEST_LINE
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(expected: &str, got: &str, diff: &[&str], lines_expected: &str) {
        let mismatch = Mismatch {
            what: "output".to_owned(),
            expected: expected.to_owned(),
            got: got.to_owned(),
            diff: diff.iter().map(|line| (*line).to_owned()).collect(),
            span: None,
        };
        assert_eq!(lines(&mismatch, Theme::PLAIN).join("\n"), lines_expected);
    }

    #[test]
    fn short_values_share_a_line_and_long_ones_do_not() {
        check("1", "2", &[], "output: expected 1, got 2");
        check("", "\u{1b}[2J", &[], "output: expected , got \\u{1b}[2J");
        let long = "x".repeat(80);
        check(
            &long,
            "y\nz",
            &[],
            &format!("output\n  expected  {long}\n  got       y\n          |  z"),
        );
        check(
            "1",
            "2",
            &["  \"a\": [", "-   1", "+   2\n", ""],
            "output: expected 1, got 2\n  |   \"a\": [\n  | -   1\n  | +   2\\n\n  |",
        );
    }

    #[test]
    fn huge_values_and_diffs_are_cut() {
        let huge = "ä".repeat(300_000);
        let diff = vec!["+ ::error::x"; 1000];
        let mismatch = Mismatch {
            what: "output".to_owned(),
            expected: huge.clone(),
            got: huge,
            diff: diff.into_iter().map(str::to_owned).collect(),
            span: None,
        };
        let shown = lines(&mismatch, Theme::PLAIN);
        assert_eq!(shown.len(), 3 + MOST_DIFF_LINES + 1);
        assert!(shown.iter().all(|line| line.chars().count() < 1100));
        assert_eq!(shown.last().map(String::as_str), Some("  | … 940 more lines"));
        assert!(in_one_line(&mismatch).chars().count() < 300);
    }

    #[test]
    fn diffs_have_their_colours() {
        let mismatch = Mismatch {
            what: "w".to_owned(),
            expected: "1".to_owned(),
            got: "2".to_owned(),
            diff: vec!["- 1".to_owned(), "+ 2".to_owned()],
            span: None,
        };
        let shown = lines(&mismatch, Theme { color: true }).join("\n");
        assert!(
            shown.contains("\u{1b}[31m- 1\u{1b}[0m") && shown.contains("\u{1b}[32m+ 2\u{1b}[0m"),
            "{shown:?}"
        );
    }
}
