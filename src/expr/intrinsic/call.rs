//! The reader of calls.

use serde_json::{Number, Value};

use super::IntrinsicError;
use crate::expr::path::Path;

/// How deep calls may nest
/// ([intrinsic functions](https://docs.aws.amazon.com/step-functions/latest/dg/intrinsic-functions.html)).
const MAX_NESTING: usize = 10;

/// A call as written: `States.Name(arguments)`.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Call {
    /// Without `States.`.
    pub(super) name: String,
    pub(super) arguments: Vec<Argument>,
}

/// An argument of a call.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Argument {
    /// A text in quotes, with its escapes, which `Format` needs.
    Text(String),
    /// A number, `true`, `false` or `null`.
    Literal(Value),
    Path(Path),
    Call(Call),
}

/// Reads a whole call.
pub(super) fn parse(text: &str) -> Result<Call, IntrinsicError> {
    let mut reader = Reader { text, at: 0 };
    reader.space();
    let call = reader.call(1)?;
    reader.space();
    match reader.rest().is_empty() {
        true => Ok(call),
        false => Err(reader.wrong("nothing may follow the closing parenthesis")),
    }
}

/// A text without its escapes.
pub(super) fn unescape(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(c) = characters.next() {
        match c {
            '\\' => plain.extend(characters.next()),
            c => plain.push(c),
        }
    }
    plain
}

struct Reader<'a> {
    text: &'a str,
    /// Byte offset of what comes next, always on a character boundary.
    at: usize,
}

impl<'a> Reader<'a> {
    fn call(&mut self, nesting: usize) -> Result<Call, IntrinsicError> {
        if nesting > MAX_NESTING {
            return Err(self.wrong("calls nest deeper than 10"));
        }
        if !self.eat("States.") {
            return Err(self.wrong("`States.` is expected"));
        }
        let name = self.take(|c| c.is_ascii_alphanumeric()).to_owned();
        self.space();
        if !self.eat("(") {
            return Err(self.wrong("`(` is expected after the name of the function"));
        }
        let mut arguments = Vec::new();
        self.space();
        while !self.eat(")") {
            if !arguments.is_empty() && !self.eat(",") {
                return Err(self.wrong("`,` or `)` is expected after an argument"));
            }
            self.space();
            arguments.push(self.argument(nesting)?);
            self.space();
        }
        Ok(Call { name, arguments })
    }

    fn argument(&mut self, nesting: usize) -> Result<Argument, IntrinsicError> {
        let rest = self.rest();
        if rest.starts_with('\'') {
            self.quoted().map(Argument::Text)
        } else if rest.starts_with('$') {
            self.path()
        } else if rest.starts_with("States.") {
            self.call(nesting + 1).map(Argument::Call)
        } else {
            self.literal()
        }
    }

    /// A text in single quotes. Only `\'`, `\{`, `\}` and `\\` are escapes.
    fn quoted(&mut self) -> Result<String, IntrinsicError> {
        self.eat("'");
        let rest = self.rest();
        let mut characters = rest.char_indices();
        while let Some((offset, c)) = characters.next() {
            match c {
                '\'' => {
                    self.at += offset + 1;
                    return Ok(rest.get(..offset).unwrap_or_default().to_owned());
                }
                '\\' if !matches!(characters.next(), Some((_, '\'' | '{' | '}' | '\\'))) => {
                    self.at += offset;
                    return Err(self.wrong("only `\\'`, `\\{`, `\\}` and `\\\\` are escapes"));
                }
                _ => {}
            }
        }
        Err(self.wrong("the closing quote is missing"))
    }

    /// A path goes on to the comma or parenthesis that is not inside its brackets, parentheses or quotes.
    fn path(&mut self) -> Result<Argument, IntrinsicError> {
        let (mut open, mut quote) = (0_usize, None);
        let mut escaped = false;
        let end = self.rest().find(|c: char| {
            if escaped {
                escaped = false;
                return false;
            }
            match (c, quote) {
                ('\\', Some(_)) => escaped = true,
                (c, Some(opened)) if c == opened => quote = None,
                (_, Some(_)) => {}
                ('\'' | '"', None) => quote = Some(c),
                ('[' | '(', None) => open += 1,
                (',' | ')', None) if open == 0 => return true,
                (']' | ')', None) => open = open.saturating_sub(1),
                _ => {}
            }
            false
        });
        let Some(end) = end else {
            return Err(self.wrong("`)` is missing"));
        };
        let path = self.rest().get(..end).unwrap_or_default().trim_end();
        let path = Path::parse(path).map_err(|error| self.wrong(&error.to_string()))?;
        self.at += end;
        Ok(Argument::Path(path))
    }

    fn literal(&mut self) -> Result<Argument, IntrinsicError> {
        let before = self.at;
        let value = match self.take(|c| c.is_ascii_alphanumeric() || "+-.".contains(c)) {
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            "null" => Value::Null,
            word => match word.parse::<Number>() {
                Ok(number) => Value::Number(number),
                Err(_) => {
                    self.at = before;
                    return Err(self.wrong(
                        "a text in single quotes, a number, `true`, `false`, `null`, a path or a call is expected",
                    ));
                }
            },
        };
        Ok(Argument::Literal(value))
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

    fn eat(&mut self, sign: &str) -> bool {
        let found = self.rest().starts_with(sign);
        if found {
            self.at += sign.len();
        }
        found
    }

    fn space(&mut self) {
        self.take(char::is_whitespace);
    }

    fn wrong(&self, problem: &str) -> IntrinsicError {
        let read = self.text.get(..self.at).unwrap_or_default().chars().count();
        IntrinsicError::Syntax {
            call: self.text.to_owned(),
            problem: format!("character {}: {problem}", read + 1),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn arguments_are_read() {
        let call =
            parse("States.X( 'it\\'s', -1.5 ,true,null, $.a[?(@.b == 'x,)')].c , $$.State.Name, $v[0], States.UUID())")
                .unwrap();
        assert_eq!(call.name, "X");
        assert_eq!(
            call.arguments,
            [
                Argument::Text("it\\'s".to_owned()),
                Argument::Literal(json!(-1.5)),
                Argument::Literal(json!(true)),
                Argument::Literal(json!(null)),
                Argument::Path(Path::parse("$.a[?(@.b == 'x,)')].c").unwrap()),
                Argument::Path(Path::parse("$$.State.Name").unwrap()),
                Argument::Path(Path::parse("$v[0]").unwrap()),
                Argument::Call(Call {
                    name: "UUID".to_owned(),
                    arguments: vec![]
                }),
            ]
        );
    }

    #[test]
    fn what_is_not_a_call_is_refused() {
        let nested = format!("{}1{}", "States.Array(".repeat(11), ")".repeat(11));
        for text in [
            "",
            "States.X",
            "States.X(",
            "States.X(1",
            "States.X(1 2)",
            "States.X(,)",
            "States.X(1,)",
            "States.X('a)",
            "States.X('\\n')",
            "States.X('\\\"')",
            "States.X(\"a\")",
            "States.X($.a",
            "States.X($.a[)",
            "States.X(abc)",
            "States.X() + 1",
            nested.as_str(),
        ] {
            assert!(matches!(parse(text), Err(IntrinsicError::Syntax { .. })), "{text}");
        }
        let nested = format!("{}1{}", "States.Array(".repeat(10), ")".repeat(10));
        assert!(parse(&nested).is_ok());
    }

    proptest! {
        #[test]
        fn reading_never_panics(text in "States\\.[A-Z]?\\(?([$.\\[\\]'\"a-c0-9*:,?()@=!{}\\\\ü -]|States\\.A\\(){0,30}") {
            let _ = parse(&text);
        }
    }
}
