//! The form of paths and intrinsic functions, as far as it can be told without evaluating them.

/// Whether a text looks like a JSONPath: `$`, `$$` or `$variable`, then balanced brackets and quotes.
pub(super) fn is_path(text: &str) -> bool {
    text.starts_with('$') && unquoted(text).is_some()
}

/// Whether a path names one place only: no wildcards, filters, deep scans, slices or unions.
pub(super) fn is_reference_path(text: &str) -> bool {
    text.starts_with('$')
        && unquoted(text).is_some_and(|path| !path.contains("..") && !path.contains(['*', '?', '@', ',', ':']))
}

/// Whether a text looks like a call of an intrinsic function.
///
/// Source: <https://docs.aws.amazon.com/step-functions/latest/dg/intrinsic-functions.html>
pub(super) fn is_intrinsic(text: &str) -> bool {
    let text = text.trim();
    text.starts_with("States.") && text.ends_with(')') && escapes_are_known(text) && unquoted(text).is_some()
}

/// The text without what is in quotes; none if quotes or brackets do not match.
fn unquoted(text: &str) -> Option<String> {
    let mut plain = String::new();
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
        plain.push(c);
    }
    open.is_empty().then_some(plain)
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
        let check = |text: &str, path: bool, reference: bool| {
            assert_eq!((is_path(text), is_reference_path(text)), (path, reference), "{text}");
        };
        check("$", true, true);
        check("$.a.b[0]['c.*']", true, true);
        check("$$.Execution.Id", true, true);
        check("$var.a-b", true, true);
        check("$.a[*]", true, false);
        check("$..a", true, false);
        check("$.a[?(@.b == 'x')]", true, false);
        check("$.a[0:2]", true, false);
        check("$.a[", false, false);
        check("$.a)", false, false);
        check("a", false, false);
        check("", false, false);
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
