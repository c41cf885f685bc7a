//! What the readers of paths and filters have in common.

use super::path::{MAX_DEPTH, PathError};

/// Where reading has come to.
pub(super) struct Reader<'a> {
    pub(super) text: &'a str,
    /// Byte offset of what comes next, always on a character boundary.
    pub(super) at: usize,
    pub(super) depth: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, at: 0, depth: 0 }
    }

    /// What has not been read yet.
    pub(super) fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// A bare name; Jayway lets it go on until something that has a meaning of its own.
    pub(super) fn name(&mut self) -> &'a str {
        let rest = self.rest();
        let end = rest
            .find(|c: char| c.is_whitespace() || ".[]()*,'\"?@=!<>&|~".contains(c))
            .unwrap_or(rest.len());
        self.at += end;
        rest.get(..end).unwrap_or_default()
    }

    /// A text in single or double quotes; `\` takes the meaning from the character after it.
    pub(super) fn quoted(&mut self) -> Result<String, PathError> {
        let Some(quote @ ('\'' | '"')) = self.peek() else {
            return Err(self.wrong("a quoted name is expected"));
        };
        let start = self.at + 1;
        let mut text = String::new();
        let mut characters = self.text.get(start..).unwrap_or_default().char_indices();
        while let Some((offset, c)) = characters.next() {
            if c == quote {
                self.at = start + offset + 1;
                return Ok(text);
            }
            match c {
                '\\' => match characters.next() {
                    Some((_, 'n')) => text.push('\n'),
                    Some((_, 't')) => text.push('\t'),
                    Some((_, 'r')) => text.push('\r'),
                    Some((_, escaped)) => text.push(escaped),
                    None => break,
                },
                c => text.push(c),
            }
        }
        Err(self.wrong("the closing quote is missing"))
    }

    pub(super) fn deeper(&mut self) -> Result<(), PathError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(PathError::TooDeep(self.text.to_owned()));
        }
        Ok(())
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    pub(super) fn eat(&mut self, sign: &str) -> bool {
        let found = self.rest().starts_with(sign);
        if found {
            self.at += sign.len();
        }
        found
    }

    pub(super) fn expect(&mut self, sign: &str) -> Result<(), PathError> {
        if self.eat(sign) {
            return Ok(());
        }
        Err(self.wrong(&format!("`{sign}` is expected")))
    }

    pub(super) fn space(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start().len();
    }

    pub(super) fn wrong(&self, problem: &str) -> PathError {
        PathError::Syntax {
            path: self.text.to_owned(),
            at: self.text.get(..self.at).unwrap_or_default().chars().count() + 1,
            problem: problem.to_owned(),
        }
    }

    pub(super) fn unsupported(&self, feature: String) -> PathError {
        PathError::Unsupported {
            path: self.text.to_owned(),
            feature,
        }
    }
}
