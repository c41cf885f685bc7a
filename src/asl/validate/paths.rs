//! The form of paths and intrinsic functions, as far as it can be told without evaluating them.

use crate::expr::path::{Path, PathError};

/// What kind of path a text is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// It names one place.
    Reference,
    /// It has wildcards, filters, deep scans, slices or unions.
    Other,
    /// It is no path, and why, where that can be said shortly.
    No(Option<String>),
}

/// Tells paths apart.
pub(super) fn kind(text: &str) -> Kind {
    match Path::parse(text) {
        Ok(path) if path.is_reference() => Kind::Reference,
        // What is not supported here may well be right.
        Ok(_) | Err(PathError::Unsupported { .. }) => Kind::Other,
        Err(PathError::Syntax { at, problem, .. }) => Kind::No(Some(format!("{problem} at character {at}"))),
        Err(PathError::NoRoot(_)) => Kind::No(Some("paths begin with `$`".to_owned())),
        Err(PathError::TooDeep(_)) => Kind::No(Some("it has too many steps".to_owned())),
    }
}

/// Whether a text is a path.
pub(super) fn is_path(text: &str) -> bool {
    !matches!(kind(text), Kind::No(_))
}

/// Whether a text looks like a call of an intrinsic function.
///
/// Source: <https://docs.aws.amazon.com/step-functions/latest/dg/intrinsic-functions.html>
pub(super) fn is_intrinsic(text: &str) -> bool {
    let text = text.trim();
    text.starts_with("States.") && text.ends_with(')') && escapes_are_known(text) && is_balanced(text)
}

/// Whether quotes and brackets match.
fn is_balanced(text: &str) -> bool {
    balance(text).is_some_and(|open| open == 0)
}

/// How many brackets are left open; none if quotes or brackets do not match.
fn balance(text: &str) -> Option<usize> {
    let mut open = Vec::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\'' | '"' if !open.is_empty() => loop {
                match chars.next()? {
                    '\\' => {
                        chars.next()?;
                    }
                    end if end == c => break,
                    _ => {}
                }
            },
            '[' => open.push(']'),
            '(' => open.push(')'),
            ']' | ')' if open.pop() != Some(c) => return None,
            _ => {}
        }
    }
    Some(open.len())
}

/// In the strings of intrinsic functions only quotes, braces and backslashes can be escaped.
fn escapes_are_known(text: &str) -> bool {
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c == '\\' && !chars.next().is_some_and(|next| "'{}\\".contains(next)) {
            return false;
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_told_apart() {
        let check = |text: &str, expected: Kind| assert_eq!(kind(text), expected, "{text}");
        for reference in ["$", "$.a.b[0]['c.*']", "$$.Execution.Id", "$var.a-b"] {
            check(reference, Kind::Reference);
        }
        for other in ["$.a[*]", "$..a", "$.a[?(@.b == 'x')]", "$.a[0:2]", "$.a.length()"] {
            check(other, Kind::Other);
        }
        for no in ["$.a[", "$.a b", "a", ""] {
            assert!(!is_path(no), "{no}");
        }
    }

    #[test]
    fn intrinsic_functions_are_told_from_other_texts() {
        let check = |text: &str, expected: bool| assert_eq!(is_intrinsic(text), expected, "{text}");
        check("States.UUID()", true);
        check(r"States.Format('it\'s {} \{\}', $.a)", true);
        check(r#"States.StringToJson('{"a": "\"b\""}')"#, false);
        check("States.Format('a)", false);
        check("States.UUID", false);
        check("UUID()", false);
    }
}
