//! Regular expressions in JavaScript's syntax, matched in linear time.

use super::error::{Fallible, fail};

/// The most bytes a compiled expression may take.
const MAX_SIZE: usize = 1 << 20;

/// A regular expression `/…/flags`.
#[derive(Debug)]
pub(super) struct Regex(regex::Regex);

/// What matched.
#[derive(Clone, Debug)]
pub(super) struct Match {
    /// Byte offsets.
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) groups: Vec<Option<String>>,
}

impl Regex {
    pub(super) fn new(pattern: &str, flags: &str) -> Fallible<Self> {
        let built = regex::RegexBuilder::new(&translated(pattern))
            .case_insensitive(flags.contains('i'))
            .multi_line(flags.contains('m'))
            .size_limit(MAX_SIZE)
            .build();
        match built {
            Ok(regex) => Ok(Self(regex)),
            Err(error) => {
                let problem = error.to_string();
                let last = problem.lines().last().unwrap_or_default();
                fail(
                    "S0303",
                    format!("The regular expression /{pattern}/ is not supported: {last}"),
                )
            }
        }
    }

    /// The first match from a byte offset on.
    pub(super) fn find(&self, text: &str, from: usize) -> Option<Match> {
        let captures = self.0.captures_at(text, from)?;
        let whole = captures.get(0)?;
        Some(Match {
            start: whole.start(),
            end: whole.end(),
            groups: captures
                .iter()
                .skip(1)
                .map(|group| Some(group?.as_str().to_owned()))
                .collect(),
        })
    }
}

/// The pattern in the syntax of the regex crate: JavaScript's classes are ASCII, and `[` in a class is a plain character.
fn translated(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len());
    let mut in_class = false;
    let mut characters = pattern.chars().peekable();
    while let Some(c) = characters.next() {
        match c {
            '\\' => match characters.next() {
                Some('d') => out.push_str("[0-9]"),
                Some('D') => out.push_str("[^0-9]"),
                Some('w') => out.push_str("[0-9A-Za-z_]"),
                Some('W') => out.push_str("[^0-9A-Za-z_]"),
                Some('b') if !in_class => out.push_str("(?-u:\\b)"),
                Some('/') => out.push('/'),
                Some(escaped) => {
                    out.push('\\');
                    out.push(escaped);
                }
                None => out.push('\\'),
            },
            '[' if in_class => out.push_str("\\["),
            '[' => {
                in_class = true;
                out.push('[');
                if characters.next_if_eq(&'^').is_some() {
                    out.push('^');
                }
            }
            ']' => {
                in_class = false;
                out.push(']');
            }
            '&' | '~' if in_class => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
    }
    out
}
