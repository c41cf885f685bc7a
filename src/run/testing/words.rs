//! Values and names in messages, of bounded length.

use serde_json::Value;

/// Characters of a text that are shown.
const MOST: usize = 160;

/// Characters before a difference that are shown.
const BEFORE: usize = 40;

/// Lines of a difference that are shown.
const MOST_LINES: usize = 24;

/// A value as JSON in one line, cut if it is long.
pub(super) fn json(value: &Value) -> String {
    cut(&value.to_string())
}

/// A duration, exactly: `250 ms`, `1.5 s`, `2 min 3 s`.
pub(super) fn millis(ms: u64) -> String {
    let seconds = match (ms / 1000 % 60, ms % 1000) {
        (seconds, 0) => seconds.to_string(),
        (seconds, rest) => format!("{seconds}.{rest:03}").trim_end_matches('0').to_owned(),
    };
    match ms {
        0..1000 => format!("{ms} ms"),
        1000..60_000 => format!("{seconds} s"),
        _ if seconds == "0" => format!("{} min", ms / 60_000),
        _ => format!("{} min {seconds} s", ms / 60_000),
    }
}

/// A text, cut if it is long.
pub(super) fn cut(text: &str) -> String {
    match text.char_indices().nth(MOST) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}… ({} bytes)", text.get(..end).unwrap_or(text), text.len()),
    }
}

/// Two texts, each cut to where they begin to differ.
pub(super) fn cut_both(left: &str, right: &str) -> (String, String) {
    if left.chars().nth(MOST).is_none() && right.chars().nth(MOST).is_none() {
        return (left.to_owned(), right.to_owned());
    }
    let same = left
        .chars()
        .zip(right.chars())
        .take_while(|(left, right)| left == right);
    let start = same.count().saturating_sub(BEFORE);
    (window(left, start), window(right, start))
}

fn window(text: &str, start: usize) -> String {
    let shown: String = text.chars().skip(start).take(MOST).collect();
    let before = if start > 0 { "…" } else { "" };
    let after = if text.chars().nth(start + MOST).is_some() {
        format!("… ({} bytes)", text.len())
    } else {
        String::new()
    };
    format!("{before}{shown}{after}")
}

/// Names in their order.
pub(super) fn path<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let names: Vec<&str> = names.into_iter().collect();
    if names.is_empty() {
        return "no state".to_owned();
    }
    const SHOWN: usize = 12;
    match names.get(..SHOWN) {
        Some(first) if names.len() > SHOWN => format!("{} → … ({} states)", first.join(" → "), names.len()),
        _ => names.join(" → "),
    }
}

/// Lines, cut if there are many; `what` they are: `differences`.
pub(super) fn lines(mut lines: Vec<String>, what: &str) -> Vec<String> {
    let more = lines.len().saturating_sub(MOST_LINES);
    if more > 1 {
        lines.truncate(MOST_LINES);
        lines.push(format!("  … and {more} more {what}"));
    }
    lines
}

/// `1 time`, `3 times`.
pub(super) fn times(count: usize) -> String {
    if count == 1 {
        "1 time".to_owned()
    } else {
        format!("{count} times")
    }
}
