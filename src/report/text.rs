//! Pieces of text: escaping what came from outside, durations, times, tables.

use std::borrow::Cow;
use std::fmt::Write as _;

use serde_json::Value;
use time::OffsetDateTime;
use time::macros::format_description;

/// Makes text from outside harmless for a terminal: control characters (escape sequences, line breaks) and characters that
/// reorder or hide text are written as `\n`, `\u{1b}` ….
pub fn escape(text: &str) -> Cow<'_, str> {
    if !text.contains(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        if is_unsafe(character) {
            escaped.extend(character.escape_default());
        } else {
            escaped.push(character);
        }
    }
    Cow::Owned(escaped)
}

/// The same for text of several lines, whose line breaks stay.
pub fn escape_lines(text: &str) -> String {
    text.lines().map(escape).collect::<Vec<_>>().join("\n")
}

fn is_unsafe(character: char) -> bool {
    character.is_control()
        // Bidirectional overrides and isolates, zero-width characters, line separators.
        || matches!(character, '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// A value as indented JSON, still valid, with nothing in it that a terminal would act on.
pub fn pretty_json(value: &Value) -> String {
    safe_json(serde_json::to_string_pretty(value).unwrap_or_else(|_| value.to_string()))
}

/// A value as one line of JSON, likewise.
pub fn compact_json(value: &Value) -> String {
    safe_json(value.to_string())
}

/// serde_json escapes what JSON demands; DEL, C1 controls and bidirectional characters can only be left inside strings, where
/// a `\uXXXX` means the same.
fn safe_json(json: String) -> String {
    if !json.contains(|character| character != '\n' && is_unsafe(character)) {
        return json;
    }
    let mut safe = String::with_capacity(json.len() + 8);
    for character in json.chars() {
        if character != '\n' && is_unsafe(character) {
            // All of them lie in the basic plane.
            let _ = write!(safe, "\\u{:04x}", u32::from(character));
        } else {
            safe.push(character);
        }
    }
    safe
}

/// At most so many characters, with an ellipsis if some were cut off.
pub fn shorten(text: &str, most: usize) -> Cow<'_, str> {
    if text.chars().count() <= most {
        return Cow::Borrowed(text);
    }
    let kept: String = text.chars().take(most.saturating_sub(1)).collect();
    Cow::Owned(format!("{kept}…"))
}

/// `12 ms`, `0.4 s`, `3 min 20 s`, `2 h 5 min`, `1 d 3 h`.
pub fn duration(ms: u64) -> String {
    let seconds = ms / 1000;
    match ms {
        0..100 => format!("{ms} ms"),
        100..60_000 => format!("{}.{} s", seconds, ms % 1000 / 100),
        60_000..3_600_000 => format!("{} min {} s", seconds / 60, seconds % 60),
        3_600_000..86_400_000 => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
        _ => format!("{} d {} h", seconds / 86_400, seconds % 86_400 / 3600),
    }
}

/// Milliseconds since the Unix epoch as RFC 3339 in UTC, always as long: `2026-11-20T18:44:33.120Z`.
pub fn timestamp(ms: u64) -> String {
    let nanoseconds = i128::from(ms) * 1_000_000;
    OffsetDateTime::from_unix_timestamp_nanos(nanoseconds)
        .ok()
        .and_then(|time| {
            let form = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");
            time.format(form).ok()
        })
        .unwrap_or_else(|| format!("{ms} ms after 1970"))
}

/// Rows under a head, columns aligned to the left and separated by two spaces. Cells must have been escaped before.
pub fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    let widths: Vec<usize> = head
        .iter()
        .enumerate()
        .map(|(column, title)| {
            rows.iter()
                .filter_map(|row| row.get(column))
                .map(|cell| width(cell))
                .chain([width(title)])
                .max()
                .unwrap_or(0)
        })
        .collect();
    let head: Vec<String> = head.iter().map(|&title| title.to_owned()).collect();
    let mut text = String::new();
    for row in std::iter::once(&head).chain(rows) {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            let _ = write!(line, "{}  ", pad(cell, *width));
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// The text followed by spaces up to a width.
pub fn pad(text: &str, to: usize) -> String {
    format!("{text}{}", " ".repeat(to.saturating_sub(width(text))))
}

fn width(text: &str) -> usize {
    text.chars().count()
}

/// The outputs of a stack, each on a line.
pub fn outputs_text(outputs: &indexmap::IndexMap<String, Value>) -> String {
    let width = outputs
        .keys()
        .map(|name| name.chars().count())
        .max()
        .unwrap_or_default();
    let mut text = "outputs:\n".to_owned();
    for (name, value) in outputs {
        let value = match value {
            Value::String(value) => escape(value).into_owned(),
            other => compact_json(other),
        };
        text.push_str(&format!("  {name:width$}  {value}\n"));
    }
    text
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn what_a_terminal_would_act_on_is_escaped() {
        for (text, expected) in [
            ("Open Case", "Open Case"),
            ("Größe 🦀", "Größe 🦀"),
            ("a\nb\tc\r", r"a\nb\tc\r"),
            ("\u{1b}[31mred", r"\u{1b}[31mred"),
            ("\u{7f}\u{9b}31m", r"\u{7f}\u{9b}31m"),
            ("user\u{202e}txt.exe", r"user\u{202e}txt.exe"),
        ] {
            assert_eq!(escape(text), expected);
        }
        assert_eq!(escape_lines("a\nb\u{7}"), "a\nb\\u{7}");
    }

    #[test]
    fn durations() {
        for (ms, expected) in [
            (0, "0 ms"),
            (99, "99 ms"),
            (100, "0.1 s"),
            (449, "0.4 s"),
            (59_999, "59.9 s"),
            (200_000, "3 min 20 s"),
            (7_500_000, "2 h 5 min"),
            (97_200_000, "1 d 3 h"),
        ] {
            assert_eq!(duration(ms), expected, "{ms}");
        }
        assert!(!duration(u64::MAX).is_empty());
    }

    #[test]
    fn times() {
        assert_eq!(timestamp(1_763_664_273_123), "2025-11-20T18:44:33.123Z");
        assert_eq!(timestamp(1_763_664_273_000), "2025-11-20T18:44:33.000Z");
        assert_eq!(timestamp(u64::MAX), format!("{} ms after 1970", u64::MAX));
    }

    #[test]
    fn tables_are_aligned() {
        let rows = vec![
            vec!["role".to_owned(), "ünder_basic".to_owned(), String::new()],
            vec!["state machine".to_owned(), "cc".to_owned(), "ACTIVE".to_owned()],
        ];
        assert_eq!(
            table(&["KIND", "NAME", "STATUS"], &rows),
            "KIND           NAME         STATUS\n\
             role           ünder_basic\n\
             state machine  cc           ACTIVE\n"
        );
    }

    #[test]
    fn long_text_is_shortened() {
        assert_eq!(shorten("abcdef", 6), "abcdef");
        assert_eq!(shorten("abcdefg", 6), "abcde…");
        assert_eq!(shorten("äöü", 0), "…");
    }

    proptest! {
        #[test]
        fn escaped_text_is_harmless_and_json_stays_what_it_was(text: String) {
            prop_assert!(!escape(&text).contains(is_unsafe));
            let value = json!({ "key": text, "list": [text] });
            for written in [pretty_json(&value), compact_json(&value)] {
                prop_assert!(!written.contains(|c: char| c != '\n' && is_unsafe(c)));
                prop_assert_eq!(&serde_json::from_str::<Value>(&written).unwrap(), &value);
            }
        }
    }
}
