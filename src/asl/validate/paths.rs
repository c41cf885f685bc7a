//! The form of paths and intrinsic functions, as far as it can be told without evaluating them.

use crate::expr::intrinsic;
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

/// Whether a text is a call of an intrinsic function: its form, and names and numbers of arguments of all functions in it.
///
/// Source: <https://docs.aws.amazon.com/step-functions/latest/dg/intrinsic-functions.html>
pub(super) fn is_intrinsic(text: &str) -> bool {
    intrinsic::check(text).is_ok()
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
        for other in [
            "$.a[*]",
            "$..a",
            "$.a[?(@.b == 'x')]",
            "$.a[0:2]",
            "$.a.length()",
            "$.a.nothing()",
        ] {
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
        check("States.Nothing()", false);
        check("States.UUID(1)", false);
        check("States.Format()", false);
        check("States.Array()", true);
        check("States.MathAdd(1, States.ArrayLength($.a.keys()))", true);
        check("States.MathAdd(1, States.ArrayLength())", false);
    }
}
