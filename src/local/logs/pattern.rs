//! Filter patterns of terms
//! ([syntax](https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html)): `ERROR "not found" -debug`, `?a ?b`.

use super::input::invalid;
use crate::local::api::ApiError;

/// A pattern of terms; JSON patterns, patterns of fields and regular expressions are not there.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Pattern {
    all: Vec<String>,
    none: Vec<String>,
    any: Vec<String>,
}

impl Pattern {
    pub(super) fn parse(text: &str) -> Result<Self, ApiError> {
        let mut pattern = Self::default();
        let mut rest = text.trim();
        for (start, kind) in [
            ('{', "a JSON pattern"),
            ('[', "a pattern of fields"),
            ('%', "a regular expression"),
        ] {
            if rest.starts_with(start) {
                let operation = format!("FilterLogEvents with {kind}");
                return Err(ApiError::not_implemented("logs", &operation));
            }
        }
        while let Some(first) = rest.chars().next() {
            let (terms, after_sign) = match first {
                '-' => (&mut pattern.none, rest.get(1..)),
                '?' => (&mut pattern.any, rest.get(1..)),
                _ => (&mut pattern.all, Some(rest)),
            };
            let (term, after) = take_term(after_sign.unwrap_or_default())?;
            terms.push(term);
            rest = after.trim_start();
        }
        Ok(pattern)
    }

    pub(super) fn matches(&self, message: &str) -> bool {
        let contains = |term: &String| message.contains(term.as_str());
        // AWS ignores the optional terms where there are others.
        let only_any = self.all.is_empty() && self.none.is_empty() && !self.any.is_empty();
        self.all.iter().all(contains) && !self.none.iter().any(contains) && (!only_any || self.any.iter().any(contains))
    }
}

/// The term at the beginning, without its quotes, and what comes after it.
fn take_term(text: &str) -> Result<(String, &str), ApiError> {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find(char::is_whitespace).unwrap_or(text.len());
        let (term, after) = text.split_at(end);
        let is_bad = |character: &char| !(character.is_alphanumeric() || *character == '_');
        return match term.chars().find(is_bad) {
            Some(bad) => Err(invalid(&format!("Invalid character(s) in term '{bad}'"))),
            None if term.is_empty() => Err(invalid("Invalid filter pattern: a term is empty")),
            None => Ok((term.to_owned(), after)),
        };
    };
    let mut term = String::new();
    let mut characters = quoted.char_indices();
    while let Some((index, character)) = characters.next() {
        match character {
            '"' => return Ok((term, quoted.get(index + 1..).unwrap_or_default())),
            '\\' => term.extend(characters.next().map(|(_, escaped)| escaped)),
            _ => term.push(character),
        }
    }
    Err(invalid("Invalid filter pattern: a quote is not closed"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pattern: &str, message: &str, expected: Result<bool, &str>) {
        let found = Pattern::parse(pattern).map(|pattern| pattern.matches(message));
        assert_eq!(
            found.map_err(|error| error.message),
            expected.map_err(str::to_owned),
            "{pattern} on {message}"
        );
    }

    #[test]
    fn patterns_of_terms() {
        for (pattern, message, expected) in [
            ("", "anything", Ok(true)),
            ("ERROR", "an ERROR here", Ok(true)),
            ("ERROR", "an error here", Ok(false)),
            ("ERROR here", "here: ERROR", Ok(true)),
            ("ERROR there", "here: ERROR", Ok(false)),
            (r#""not found" "#, "was not found", Ok(true)),
            (r#""not found""#, "not yet found", Ok(false)),
            (r#""say \"hi\"""#, r#"say "hi""#, Ok(true)),
            ("ERROR -debug", "ERROR debug", Ok(false)),
            ("-debug", "info", Ok(true)),
            ("?a ?b", "xbx", Ok(true)),
            ("?a ?b", "xxx", Ok(false)),
            ("c ?a", "c", Ok(true)),
            ("a:b", "a:b", Err("Invalid character(s) in term ':'")),
            ("\"open", "open", Err("Invalid filter pattern: a quote is not closed")),
            ("-", "x", Err("Invalid filter pattern: a term is empty")),
            (
                "{ $.level = \"x\" }",
                "x",
                Err("not implemented by the local cloud: logs:FilterLogEvents with a JSON pattern"),
            ),
        ] {
            check(pattern, message, expected);
        }
    }
}
