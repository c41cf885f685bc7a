//! Where two JSON values differ.

use std::cmp::Ordering;

use serde_json::Value;

use super::words;
use crate::expr::path_eval::compare_numbers;

/// Differences that are looked for.
const MOST: usize = 100;

/// How two values are compared.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Mode {
    /// Objects may have further members.
    Subset,
    /// Nothing may be different.
    Exact,
}

/// A place where two values differ.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Difference<'a> {
    /// Its JSON pointer, <https://www.rfc-editor.org/rfc/rfc6901>.
    pub(super) pointer: String,
    /// What was expected there; none: nothing.
    pub(super) expected: Option<&'a Value>,
    /// What there is; none: nothing.
    pub(super) got: Option<&'a Value>,
}

/// All differences, up to a hundred, in the order of what is expected. Numbers are compared by value: `1` is `1.0`.
pub(super) fn differences<'a>(expected: &'a Value, got: &'a Value, mode: Mode) -> Vec<Difference<'a>> {
    let mut found = Vec::new();
    compare(expected, got, mode, &mut String::new(), &mut found);
    found
}

/// Recurses as deep as what is expected nests, which its reader limits.
fn compare<'a>(expected: &'a Value, got: &'a Value, mode: Mode, pointer: &mut String, found: &mut Vec<Difference<'a>>) {
    if found.len() >= MOST {
        return;
    }
    let length = pointer.len();
    match (expected, got) {
        (Value::Object(wanted), Value::Object(there)) => {
            for (key, wanted) in wanted {
                pointer.push('/');
                pointer.push_str(&key.replace('~', "~0").replace('/', "~1"));
                match there.get(key) {
                    Some(there) => compare(wanted, there, mode, pointer, found),
                    None => found.push(Difference {
                        pointer: pointer.clone(),
                        expected: Some(wanted),
                        got: None,
                    }),
                }
                pointer.truncate(length);
            }
            let further = there
                .iter()
                .filter(|(key, _)| mode == Mode::Exact && !wanted.contains_key(*key));
            found.extend(further.map(|(key, there)| Difference {
                pointer: format!("{pointer}/{}", key.replace('~', "~0").replace('/', "~1")),
                expected: None,
                got: Some(there),
            }));
        }
        (Value::Array(wanted), Value::Array(there)) => {
            for index in 0..wanted.len().max(there.len()) {
                let at = format!("{pointer}/{index}");
                match (wanted.get(index), there.get(index)) {
                    (Some(wanted), Some(there)) => {
                        pointer.push_str(&format!("/{index}"));
                        compare(wanted, there, mode, pointer, found);
                        pointer.truncate(length);
                    }
                    (expected, got) => found.push(Difference {
                        pointer: at,
                        expected,
                        got,
                    }),
                }
                if found.len() >= MOST {
                    return;
                }
            }
        }
        (Value::Number(left), Value::Number(right)) if compare_numbers(left, right) == Ordering::Equal => {}
        (left, right) if left == right => {}
        (expected, got) => found.push(Difference {
            pointer: pointer.clone(),
            expected: Some(expected),
            got: Some(got),
        }),
    }
}

/// The differences as lines, `-` for what was expected and `+` for what there is; none if there is nothing to add to the
/// two values shown whole.
pub(super) fn lines(differences: &[Difference<'_>]) -> Vec<String> {
    let mut lines = Vec::new();
    for difference in differences {
        let (expected, got) = match (difference.expected, difference.got) {
            (Some(Value::String(expected)), Some(Value::String(got))) => {
                let (expected, got) = words::cut_both(expected, got);
                (
                    Some(Value::String(expected).to_string()),
                    Some(Value::String(got).to_string()),
                )
            }
            (expected, got) => (expected.map(words::json), got.map(words::json)),
        };
        let pointer = if difference.pointer.is_empty() {
            String::new()
        } else {
            format!("{}: ", words::cut(&difference.pointer))
        };
        lines.extend(expected.map(|text| format!("- {pointer}{text}")));
        lines.extend(got.map(|text| format!("+ {pointer}{text}")));
    }
    words::lines(lines, "lines")
}
