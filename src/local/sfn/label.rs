//! What CreateStateMachine says to a wrong label of a Map state. Validation has words of its own for it, but the answers on
//! record for this call are these, an exception of Python as it is printed, and clients may have come to know them.

use std::fmt::Write as _;

use crate::asl::model::{StateKind, StateMachine};
use crate::local::api::ApiError;

/// The longest label, in characters.
const LONGEST: usize = 40;

/// The error for the first wrong label of a definition, if there is one.
pub(super) fn refusal(machine: &StateMachine, definition: &str) -> Option<ApiError> {
    let problem = first_problem(machine)?;
    Some(ApiError::new(
        "InvalidDefinition",
        format!(
            "Error=ValueError Args=[{}] in definition '{definition}'.",
            quoted(&problem)
        ),
    ))
}

/// Recurses as deep as machines nest, which the reader of definitions limits.
fn first_problem(machine: &StateMachine) -> Option<String> {
    machine.states.values().find_map(|state| match &state.kind {
        StateKind::Map(map) => map
            .label
            .as_deref()
            .and_then(problem)
            .or_else(|| first_problem(&map.processor)),
        StateKind::Parallel(parallel) => parallel.branches.iter().find_map(first_problem),
        _ => None,
    })
}

fn problem(label: &str) -> Option<String> {
    if label.is_empty() {
        return Some("Label cannot be empty".to_owned());
    }
    if label.chars().count() > LONGEST {
        return Some(format!("Label cannot exceed {LONGEST} characters"));
    }
    let wrong = label.chars().find(|&letter| !crate::asl::fits_label(letter))?;
    Some(format!(
        "Label contains invalid character: {}",
        quoted(&wrong.to_string())
    ))
}

/// A text as Python prints it: in single quotes, or in double ones if it has single quotes and no double ones.
/// See <https://docs.python.org/3/library/functions.html#repr>.
fn quoted(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') {
        '"'
    } else {
        '\''
    };
    let mut out = String::from(quote);
    for letter in text.chars() {
        match letter {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            ' ' => out.push(' '),
            letter if letter == quote => {
                out.push('\\');
                out.push(letter);
            }
            letter if letter.is_control() || letter.is_whitespace() => {
                let code = u32::from(letter);
                // Writing to a String cannot fail.
                let _ = match code {
                    0..=0xff => write!(out, "\\x{code:02x}"),
                    _ => write!(out, "\\u{code:04x}"),
                };
            }
            letter => out.push(letter),
        }
    }
    out.push(quote);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_quoted_as_python_does() {
        for (text, expected) in [
            ("plain", "'plain'"),
            ("it's", "\"it's\""),
            ("\"", "'\"'"),
            ("'\"'", "'\\'\"\\''"),
            ("\\\n\r\t", "'\\\\\\n\\r\\t'"),
            ("\u{7}\u{9f}\u{2028}é", "'\\x07\\x9f\\u2028é'"),
        ] {
            assert_eq!(quoted(text), expected);
        }
    }

    #[test]
    fn the_first_rule_that_a_label_breaks_is_named() {
        assert_eq!(problem("fine-1"), None);
        assert_eq!(problem("").as_deref(), Some("Label cannot be empty"));
        assert_eq!(problem(&"x".repeat(40)), None);
        assert_eq!(
            problem(&"x".repeat(41)).as_deref(),
            Some("Label cannot exceed 40 characters")
        );
        assert_eq!(
            problem("a b#").as_deref(),
            Some("Label contains invalid character: ' '")
        );
    }
}
