//! Splits the text of an expression into tokens. What `/` means depends on what came before, so the parser says whether
//! an operator may follow.

use super::error::{Fallible, fail};

/// A token.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    End,
    Name(String),
    Variable(String),
    Text(String),
    Number(f64),
    /// `true`, `false` and `null`.
    True,
    False,
    Null,
    /// A regular expression: pattern and flags.
    Regex(String, String),
    /// An operator or a piece of punctuation, `and`, `or` and `in` among them.
    Sign(&'static str),
}

/// Longer signs first.
const SIGNS: &[&str] = &[
    "..", ":=", "!=", ">=", "<=", "**", "~>", "?:", "??", ".", "[", "]", "{", "}", "(", ")", ",", "@", "#", ";", ":",
    "?", "+", "-", "*", "/", "%", "|", "=", "<", ">", "^", "&", "!", "~",
];

pub(super) struct Lexer<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Lexer<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    /// The next token; `infix` if an operator may stand here, so that `/` divides.
    pub(super) fn next(&mut self, infix: bool) -> Fallible<Token> {
        self.skip()?;
        let rest = self.rest();
        let Some(first) = rest.chars().next() else {
            return Ok(Token::End);
        };
        if first == '/' && !infix {
            return self.regex();
        }
        if let Some(sign) = SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
            if matches!(*sign, "!" | "~") {
                return fail("S0204", format!("Unknown operator: \"{sign}\""));
            }
            self.at += sign.len();
            return Ok(Token::Sign(sign));
        }
        match first {
            '"' | '\'' => self.string(first),
            '0'..='9' => self.number(),
            '`' => self.quoted_name(),
            _ => Ok(self.word()),
        }
    }

    /// Space and comments.
    fn skip(&mut self) -> Fallible<()> {
        loop {
            let rest = self.rest();
            self.at += rest.len() - rest.trim_start().len();
            let Some(comment) = self.rest().strip_prefix("/*") else {
                return Ok(());
            };
            match comment.find("*/") {
                Some(end) => self.at += end + 4,
                None => return fail("S0106", "Comment has no closing tag"),
            }
        }
    }

    fn regex(&mut self) -> Fallible<Token> {
        let body = self.rest().get(1..).unwrap_or_default();
        let (mut depth, mut escaped) = (0_i32, false);
        for (offset, c) in body.char_indices() {
            match c {
                _ if escaped => {
                    escaped = false;
                    continue;
                }
                '\\' => escaped = true,
                '(' | '[' | '{' => depth += 1,
                ')' | ']' | '}' => depth -= 1,
                '/' if depth == 0 => {
                    let pattern = body.get(..offset).unwrap_or_default();
                    if pattern.is_empty() {
                        return fail("S0301", "Empty regular expressions are not allowed");
                    }
                    self.at += offset + 2;
                    let flags = self.take(|c| c == 'i' || c == 'm').to_owned();
                    return Ok(Token::Regex(pattern.to_owned(), flags));
                }
                _ => {}
            }
        }
        fail("S0302", "No terminating / in regular expression")
    }

    fn string(&mut self, quote: char) -> Fallible<Token> {
        let body = self.rest().get(1..).unwrap_or_default();
        // UTF-16, since `\u` escapes may be halves of a pair.
        let mut units: Vec<u16> = Vec::new();
        let mut characters = body.char_indices();
        while let Some((offset, c)) = characters.next() {
            let mut buffer = [0; 2];
            match c {
                '\\' => match characters.next() {
                    Some((at, 'u')) => {
                        let digits = body.get(at + 1..at + 5).unwrap_or_default();
                        let valid = digits.len() == 4 && digits.bytes().all(|b| b.is_ascii_hexdigit());
                        match u16::from_str_radix(digits, 16) {
                            Ok(unit) if valid => units.push(unit),
                            _ => return fail("S0104", "The escape sequence \\u must be followed by 4 hex digits"),
                        }
                        characters.nth(3);
                    }
                    Some((_, escape)) => match unescaped(escape) {
                        Some(plain) => units.extend_from_slice(plain.encode_utf16(&mut buffer)),
                        None => return fail("S0103", format!("Unsupported escape sequence: \\\"{escape}\"")),
                    },
                    None => break,
                },
                c if c == quote => {
                    self.at += offset + 2;
                    return Ok(Token::Text(String::from_utf16_lossy(&units)));
                }
                c => units.extend_from_slice(c.encode_utf16(&mut buffer)),
            }
        }
        fail("S0101", "String literal must be terminated by a matching quote")
    }

    fn number(&mut self) -> Fallible<Token> {
        let start = self.at;
        let bytes = self.text.as_bytes();
        let digits = |mut at: usize| {
            while bytes.get(at).is_some_and(u8::is_ascii_digit) {
                at += 1;
            }
            at
        };
        let mut end = if bytes.get(start) == Some(&b'0') {
            start + 1
        } else {
            digits(start)
        };
        if bytes.get(end) == Some(&b'.') && digits(end + 1) > end + 1 {
            end = digits(end + 1);
        }
        if matches!(bytes.get(end), Some(b'e' | b'E')) {
            let sign = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
            if digits(end + 1 + sign) > end + 1 + sign {
                end = digits(end + 1 + sign);
            }
        }
        self.at = end;
        let text = self.text.get(start..end).unwrap_or_default();
        match text.parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(Token::Number(number)),
            _ => fail("S0102", format!("Number out of range: \"{text}\"")),
        }
    }

    fn quoted_name(&mut self) -> Fallible<Token> {
        let body = self.rest().get(1..).unwrap_or_default();
        let Some(end) = body.find('`') else {
            return fail("S0105", "Quoted property name must be terminated with a backquote (`)");
        };
        self.at += end + 2;
        Ok(Token::Name(body.get(..end).unwrap_or_default().to_owned()))
    }

    fn word(&mut self) -> Token {
        let word = self.take(|c| !c.is_whitespace() && !".[]{}(),@#;:?+-*/%|=<>^&!~".contains(c));
        if let Some(variable) = word.strip_prefix('$') {
            return Token::Variable(variable.to_owned());
        }
        match word {
            "and" => Token::Sign("and"),
            "or" => Token::Sign("or"),
            "in" => Token::Sign("in"),
            "true" => Token::True,
            "false" => Token::False,
            "null" => Token::Null,
            name => Token::Name(name.to_owned()),
        }
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn take(&mut self, belongs: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let end = rest.find(|c| !belongs(c)).unwrap_or(rest.len());
        self.at += end;
        rest.get(..end).unwrap_or_default()
    }
}

fn unescaped(escape: char) -> Option<char> {
    Some(match escape {
        '"' | '\'' | '\\' | '/' => escape,
        'b' => '\u{8}',
        'f' => '\u{c}',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        _ => return None,
    })
}

impl Token {
    /// The token as error messages show it: numbers and literals as they are, anything else in quotes.
    pub(super) fn quoted(&self) -> String {
        match self {
            Self::Number(_) | Self::True | Self::False | Self::Null => self.shown(),
            other => format!("\"{}\"", other.shown()),
        }
    }

    /// The token as it is written.
    pub(super) fn shown(&self) -> String {
        match self {
            Self::End => "(end)".to_owned(),
            Self::Name(text) | Self::Variable(text) | Self::Text(text) => text.clone(),
            Self::Number(number) => number.to_string(),
            Self::True => "true".to_owned(),
            Self::False => "false".to_owned(),
            Self::Null => "null".to_owned(),
            Self::Regex(pattern, flags) => format!("/{pattern}/{flags}"),
            Self::Sign(sign) => (*sign).to_owned(),
        }
    }
}
