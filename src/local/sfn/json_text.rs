//! Checks that a text is JSON, and says what is wrong with it in the words of AWS, whose parser is Jackson.

/// How deep arrays and objects may nest: as deep as they can be read back.
const DEEPEST: usize = 127;

/// Where and why a text is not JSON.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NotJson {
    /// In Jackson's words.
    pub(super) message: String,
    /// From 1.
    pub(super) line: usize,
    /// From 1; of the character at which the parser stopped.
    pub(super) column: usize,
}

/// Checks a text. Duplicate keys are allowed, as in Jackson.
pub(super) fn check(text: &str) -> Result<(), NotJson> {
    let mut scanner = Scanner { text, at: 0 };
    scanner.space();
    scanner.value(0)?;
    scanner.space();
    match scanner.peek() {
        None => Ok(()),
        Some(_) => Err(scanner.unexpected_value()),
    }
}

struct Scanner<'a> {
    text: &'a str,
    at: usize,
}

impl Scanner<'_> {
    fn peek(&self) -> Option<char> {
        self.text.get(self.at..)?.chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += c.len_utf8();
        Some(c)
    }

    fn eat(&mut self, wanted: char) -> bool {
        let found = self.peek() == Some(wanted);
        if found {
            self.at += wanted.len_utf8();
        }
        found
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(' ' | '\t' | '\n' | '\r')) {
            self.at += 1;
        }
    }

    fn value(&mut self, depth: usize) -> Result<(), NotJson> {
        match self.peek() {
            Some('{' | '[') if depth >= DEEPEST => Err(self.error(format!(
                "Document nesting depth ({}) exceeds the maximum allowed ({DEEPEST})",
                depth + 1
            ))),
            Some('{') => self.object(depth),
            Some('[') => self.array(depth),
            Some('"') => self.string(),
            Some('-' | '0'..='9') => self.number(),
            Some(_) => self.word(),
            None => Err(self.error("Unexpected end-of-input".to_owned())),
        }
    }

    fn object(&mut self, depth: usize) -> Result<(), NotJson> {
        self.next();
        self.space();
        if self.eat('}') {
            return Ok(());
        }
        loop {
            if self.peek() != Some('"') {
                return Err(self.unexpected("was expecting double-quote to start field name", "Object"));
            }
            self.string()?;
            self.space();
            if !self.eat(':') {
                return Err(self.unexpected("was expecting a colon to separate field name and value", "Object"));
            }
            self.space();
            self.value(depth + 1)?;
            self.space();
            if self.eat('}') {
                return Ok(());
            }
            if !self.eat(',') {
                return Err(self.unexpected("was expecting comma to separate Object entries", "Object"));
            }
            self.space();
        }
    }

    fn array(&mut self, depth: usize) -> Result<(), NotJson> {
        self.next();
        self.space();
        if self.eat(']') {
            return Ok(());
        }
        loop {
            self.value(depth + 1)?;
            self.space();
            if self.eat(']') {
                return Ok(());
            }
            if !self.eat(',') {
                return Err(self.unexpected("was expecting comma to separate Array entries", "Array"));
            }
            self.space();
        }
    }

    fn string(&mut self) -> Result<(), NotJson> {
        let start = self.at;
        self.next();
        while let Some(c) = self.next() {
            match c {
                '"' => return self.decodes(start),
                '\\' => {
                    self.next();
                }
                '\u{0}'..='\u{1f}' => {
                    return Err(self.error(format!(
                        "Illegal unquoted character ((CTRL-CHAR, code {})): has to be escaped using backslash to be included in string value",
                        u32::from(c)
                    )));
                }
                _ => {}
            }
        }
        Err(self.error("Unexpected end-of-input: was expecting closing quote for a string value".to_owned()))
    }

    /// Whether the escapes of the string from `start` to here are right.
    fn decodes(&self, start: usize) -> Result<(), NotJson> {
        let literal = self.text.get(start..self.at).unwrap_or_default();
        match serde_json::from_str::<String>(literal) {
            Ok(_) => Ok(()),
            Err(_) => Err(self.error("Unrecognized character escape".to_owned())),
        }
    }

    fn number(&mut self) -> Result<(), NotJson> {
        let start = self.at;
        while matches!(self.peek(), Some('-' | '+' | '.' | 'e' | 'E' | '0'..='9')) {
            self.at += 1;
        }
        let literal = self.text.get(start..self.at).unwrap_or_default();
        match serde_json::from_str::<serde_json::Number>(literal) {
            Ok(_) => Ok(()),
            Err(_) => Err(self.error(format!("Invalid numeric value: {literal}"))),
        }
    }

    fn word(&mut self) -> Result<(), NotJson> {
        let start = self.at;
        while self.peek().is_some_and(|c| c.is_alphanumeric() || c == '_' || c == '$') {
            self.next();
        }
        match self.text.get(start..self.at).unwrap_or_default() {
            "" => Err(self.unexpected_value()),
            "true" | "false" | "null" => Ok(()),
            word => Err(self.error(format!(
                "Unrecognized token '{word}': was expecting (JSON String, Number, Array, Object or token 'null', 'true' or 'false')"
            ))),
        }
    }

    fn unexpected_value(&self) -> NotJson {
        self.unexpected(
            "expected a valid value (JSON String, Number, Array, Object or token 'null', 'true' or 'false')",
            "Value",
        )
    }

    fn unexpected(&self, wanted: &str, inside: &str) -> NotJson {
        let message = match self.peek() {
            Some(c) => format!("Unexpected character ('{c}' (code {})): {wanted}", u32::from(c)),
            None => format!("Unexpected end-of-input: expected close marker for {inside}"),
        };
        self.error(message)
    }

    fn error(&self, message: String) -> NotJson {
        let before = self.text.get(..self.at).unwrap_or_default();
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        NotJson {
            message,
            line: before.matches('\n').count() + 1,
            column: before.get(line_start..).unwrap_or_default().chars().count() + 1,
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn messages_of_jackson() {
        let check_text = |text: &str, want: &str| assert_eq!(check(text).unwrap_err().message, want, "{text}");
        let token = "was expecting (JSON String, Number, Array, Object or token 'null', 'true' or 'false')";
        check_text("not some json", &format!("Unrecognized token 'not': {token}"));
        check_text(
            "{'not': 'json'",
            "Unexpected character (''' (code 39)): was expecting double-quote to start field name",
        );
        check_text(
            r#"{"a" 1}"#,
            "Unexpected character ('1' (code 49)): was expecting a colon to separate field name and value",
        );
        check_text(
            r#"{"a":1 "b":2}"#,
            "Unexpected character ('\"' (code 34)): was expecting comma to separate Object entries",
        );
        check_text(
            "[1 2]",
            "Unexpected character ('2' (code 50)): was expecting comma to separate Array entries",
        );
        check_text(r#"{"a":1"#, "Unexpected end-of-input: expected close marker for Object");
        check_text(
            "{\"a\":\n?}",
            &format!(
                "Unexpected character ('?' (code 63)): {}",
                token.replacen("was expecting", "expected a valid value", 1)
            ),
        );
        let at = check("not a definition").unwrap_err();
        assert_eq!((at.line, at.column), (1, 4));
    }

    #[test]
    fn nests_as_deep_as_serde_reads() {
        for depth in 120..135 {
            let text = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
            let read = serde_json::from_str::<serde_json::Value>(&text).is_ok();
            assert_eq!(check(&text).is_ok(), read, "{depth}");
        }
        assert!(check(&"[".repeat(1_000_000)).is_err());
    }

    proptest! {
        /// It refuses what serde_json refuses, and nothing else.
        #[test]
        fn agrees_with_serde(text in r#"[\[\]{}",:\\0-9a-z.eE+\- ntrufalse]{0,24}"#) {
            prop_assert_eq!(check(&text).is_ok(), serde_json::from_str::<serde_json::Value>(&text).is_ok(), "{}", text);
        }
    }
}
