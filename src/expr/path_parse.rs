//! The reader of paths and of the filters in them.

use serde_json::{Number, Value};

use super::filter::{Comparison, Filter, Operand};
use super::path::{MAX_DEPTH, Path, PathError, Root, Segment};

/// Reads a whole path.
pub(super) fn parse(text: &str) -> Result<Path, PathError> {
    if !text.starts_with('$') {
        return Err(PathError::NoRoot(text.to_owned()));
    }
    let mut reader = Reader { text, at: 1, depth: 0 };
    let root = reader.root();
    let segments = reader.segments()?;
    if reader.at < text.len() {
        return Err(reader.wrong("unexpected character"));
    }
    Ok(Path {
        text: text.to_owned(),
        root,
        segments,
    })
}

struct Reader<'a> {
    text: &'a str,
    /// Byte offset of what comes next, always on a character boundary.
    at: usize,
    depth: usize,
}

impl<'a> Reader<'a> {
    fn root(&mut self) -> Root {
        if self.eat("$") {
            return Root::Context;
        }
        match self.peek() {
            Some(first) if first.is_alphabetic() || first == '_' => Root::Variable(self.name().to_owned()),
            _ => Root::Data,
        }
    }

    fn segments(&mut self) -> Result<Vec<Segment>, PathError> {
        let mut segments = Vec::new();
        loop {
            if self.eat("..") {
                segments.push(Segment::Descend);
                segments.push(if self.eat("[") { self.bracket()? } else { self.dotted()? });
            } else if self.eat(".") {
                segments.push(self.dotted()?);
            } else if self.eat("[") {
                segments.push(self.bracket()?);
            } else {
                return Ok(segments);
            }
            if segments.len() > MAX_DEPTH {
                return Err(PathError::TooDeep(self.text.to_owned()));
            }
        }
    }

    /// What follows a dot.
    fn dotted(&mut self) -> Result<Segment, PathError> {
        if self.eat("*") {
            return Ok(Segment::Wildcard);
        }
        let name = self.name();
        if name.is_empty() {
            return Err(self.wrong("a name is expected after the dot"));
        }
        if self.peek() == Some('(') {
            return Err(self.unsupported(format!("the function `{name}()`")));
        }
        Ok(Segment::Name(name.to_owned()))
    }

    /// A bare name; Jayway lets it go on until something that has a meaning of its own.
    fn name(&mut self) -> &'a str {
        let rest = &self.text[self.at..];
        let end = rest
            .find(|c: char| c.is_whitespace() || ".[]()*,'\"?@=!<>&|~".contains(c))
            .unwrap_or(rest.len());
        self.at += end;
        &rest[..end]
    }

    /// What follows `[`, up to and with `]`.
    fn bracket(&mut self) -> Result<Segment, PathError> {
        self.space();
        let segment = match self.peek() {
            Some('*') => {
                self.eat("*");
                Segment::Wildcard
            }
            Some('\'' | '"') => self.quoted_names()?,
            Some('?') => self.bracket_filter()?,
            Some(c) if c == '-' || c == ':' || c.is_ascii_digit() => self.positions()?,
            _ => return Err(self.wrong("a quoted name, a position, `*` or `?(` is expected after `[`")),
        };
        self.space();
        self.expect("]")?;
        Ok(segment)
    }

    fn quoted_names(&mut self) -> Result<Segment, PathError> {
        let mut names = vec![self.quoted()?];
        self.space();
        while self.eat(",") {
            self.space();
            names.push(self.quoted()?);
            self.space();
        }
        Ok(match names.len() {
            1 => Segment::Name(names.remove(0)),
            _ => Segment::Names(names),
        })
    }

    fn positions(&mut self) -> Result<Segment, PathError> {
        let first = self.position()?;
        self.space();
        if self.eat(":") {
            self.space();
            let to = self.position()?;
            self.space();
            if self.peek() == Some(':') {
                return Err(self.unsupported("a slice with a step".to_owned()));
            }
            return Ok(Segment::Slice(first, to));
        }
        let Some(first) = first else {
            return Err(self.wrong("a whole number is expected"));
        };
        let mut positions = vec![first];
        while self.eat(",") {
            self.space();
            match self.position()? {
                Some(position) => positions.push(position),
                None => return Err(self.wrong("a whole number is expected")),
            }
            self.space();
        }
        Ok(match positions.len() {
            1 => Segment::Index(first),
            _ => Segment::Indices(positions),
        })
    }

    fn position(&mut self) -> Result<Option<i64>, PathError> {
        let rest = &self.text[self.at..];
        let end = rest
            .find(|c: char| !(c.is_ascii_digit() || c == '-'))
            .unwrap_or(rest.len());
        if end == 0 {
            return Ok(None);
        }
        let position = rest[..end].parse().map_err(|_| self.wrong("not a whole number"))?;
        self.at += end;
        Ok(Some(position))
    }

    fn bracket_filter(&mut self) -> Result<Segment, PathError> {
        self.eat("?");
        self.space();
        self.expect("(")?;
        let filter = self.any()?;
        self.space();
        self.expect(")")?;
        Ok(Segment::Filter(filter))
    }

    /// `a || b`
    fn any(&mut self) -> Result<Filter, PathError> {
        let mut parts = vec![self.all()?];
        self.space();
        while self.eat("||") {
            parts.push(self.all()?);
            self.space();
        }
        Ok(match parts.len() {
            1 => parts.remove(0),
            _ => Filter::Any(parts),
        })
    }

    /// `a && b`
    fn all(&mut self) -> Result<Filter, PathError> {
        let mut parts = vec![self.unary()?];
        self.space();
        while self.eat("&&") {
            parts.push(self.unary()?);
            self.space();
        }
        Ok(match parts.len() {
            1 => parts.remove(0),
            _ => Filter::All(parts),
        })
    }

    /// `!a`, `(a)` or a comparison.
    fn unary(&mut self) -> Result<Filter, PathError> {
        self.deeper()?;
        self.space();
        let filter = if self.peek() == Some('!') {
            self.eat("!");
            Filter::Not(Box::new(self.unary()?))
        } else if self.eat("(") {
            let inner = self.any()?;
            self.space();
            self.expect(")")?;
            inner
        } else {
            self.comparison()?
        };
        self.depth -= 1;
        Ok(filter)
    }

    fn comparison(&mut self) -> Result<Filter, PathError> {
        let left = self.operand()?;
        self.space();
        let Some(comparison) = self.operator()? else {
            return match left {
                Operand::Path(path) => Ok(Filter::Exists(path)),
                Operand::Literal(_) => Err(self.wrong("a comparison is expected after a literal")),
            };
        };
        self.space();
        let right = self.operand()?;
        Ok(Filter::Compare(left, comparison, right))
    }

    fn operator(&mut self) -> Result<Option<Comparison>, PathError> {
        for (sign, comparison) in [
            ("==", Comparison::Equal),
            ("!=", Comparison::NotEqual),
            ("<=", Comparison::LessOrEqual),
            (">=", Comparison::GreaterOrEqual),
            ("<", Comparison::Less),
            (">", Comparison::Greater),
        ] {
            if self.eat(sign) {
                return Ok(Some(comparison));
            }
        }
        if self.text[self.at..].starts_with("=~") {
            return Err(self.unsupported("the filter operator `=~`".to_owned()));
        }
        let before = self.at;
        let word = self.name();
        match word.to_ascii_lowercase().as_str() {
            "" => Ok(None),
            "in" => Ok(Some(Comparison::In)),
            "nin" => Ok(Some(Comparison::NotIn)),
            _ => {
                self.at = before;
                Err(self.unsupported(format!("the filter operator `{word}`")))
            }
        }
    }

    fn operand(&mut self) -> Result<Operand, PathError> {
        self.space();
        match self.peek() {
            Some('@' | '$') => self.operand_path(),
            Some('\'' | '"') => Ok(Operand::Literal(Value::String(self.quoted()?))),
            Some('[') => {
                self.eat("[");
                self.list()
            }
            Some('{') => Err(self.unsupported("an object in a filter".to_owned())),
            _ => self.word(),
        }
    }

    fn operand_path(&mut self) -> Result<Operand, PathError> {
        self.deeper()?;
        let start = self.at;
        let root = if self.eat("@") {
            Root::Variable("@".to_owned())
        } else {
            self.eat("$");
            Root::Data
        };
        let segments = self.segments()?;
        self.depth -= 1;
        Ok(Operand::Path(Path {
            text: self.text[start..self.at].to_owned(),
            root,
            segments,
        }))
    }

    fn list(&mut self) -> Result<Operand, PathError> {
        let mut items = Vec::new();
        self.space();
        while !self.eat("]") {
            if !items.is_empty() {
                self.expect(",")?;
                self.space();
            }
            items.push(match self.peek() {
                Some('\'' | '"') => Value::String(self.quoted()?),
                _ => match self.word()? {
                    Operand::Literal(value) => value,
                    Operand::Path(_) => return Err(self.wrong("a literal is expected")),
                },
            });
            self.space();
        }
        Ok(Operand::Literal(Value::Array(items)))
    }

    /// A number, `true`, `false` or `null`.
    fn word(&mut self) -> Result<Operand, PathError> {
        let rest = &self.text[self.at..];
        let end = rest
            .find(|c: char| !(c.is_ascii_alphanumeric() || "+-.".contains(c)))
            .unwrap_or(rest.len());
        let value = match &rest[..end] {
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            "null" => Value::Null,
            word => match word.parse::<Number>() {
                Ok(number) => Value::Number(number),
                Err(_) => return Err(self.wrong("a path, text, number, `true`, `false` or `null` is expected")),
            },
        };
        self.at += end;
        Ok(Operand::Literal(value))
    }

    /// A text in single or double quotes; `\` takes the meaning from the character after it.
    fn quoted(&mut self) -> Result<String, PathError> {
        let Some(quote @ ('\'' | '"')) = self.peek() else {
            return Err(self.wrong("a quoted name is expected"));
        };
        let start = self.at + 1;
        let mut text = String::new();
        let mut characters = self.text[start..].char_indices();
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

    fn deeper(&mut self) -> Result<(), PathError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(PathError::TooDeep(self.text.to_owned()));
        }
        Ok(())
    }

    fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    fn eat(&mut self, sign: &str) -> bool {
        let found = self.text[self.at..].starts_with(sign);
        if found {
            self.at += sign.len();
        }
        found
    }

    fn expect(&mut self, sign: &str) -> Result<(), PathError> {
        if self.eat(sign) {
            return Ok(());
        }
        Err(self.wrong(&format!("`{sign}` is expected")))
    }

    fn space(&mut self) {
        let rest = &self.text[self.at..];
        self.at += rest.len() - rest.trim_start().len();
    }

    fn wrong(&self, problem: &str) -> PathError {
        PathError::Syntax {
            path: self.text.to_owned(),
            at: self.text[..self.at].chars().count() + 1,
            problem: problem.to_owned(),
        }
    }

    fn unsupported(&self, feature: String) -> PathError {
        PathError::Unsupported {
            path: self.text.to_owned(),
            feature,
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn segments_are_read() {
        let name = |name: &str| Segment::Name(name.to_owned());
        for (text, segments) in [
            ("$", vec![]),
            ("$.a", vec![name("a")]),
            ("$.input-value", vec![name("input-value")]),
            ("$.ünï.日本", vec![name("ünï"), name("日本")]),
            ("$['it\\'s']", vec![name("it's")]),
            ("$[\"a\"][ 'b' ]", vec![name("a"), name("b")]),
            ("$['a', 'b']", vec![Segment::Names(vec!["a".into(), "b".into()])]),
            ("$.a[0]", vec![name("a"), Segment::Index(0)]),
            ("$[-1]", vec![Segment::Index(-1)]),
            ("$[0, 2]", vec![Segment::Indices(vec![0, 2])]),
            ("$[1:]", vec![Segment::Slice(Some(1), None)]),
            ("$[:-1]", vec![Segment::Slice(None, Some(-1))]),
            ("$[*].*", vec![Segment::Wildcard, Segment::Wildcard]),
            ("$..a", vec![Segment::Descend, name("a")]),
            ("$..[0]", vec![Segment::Descend, Segment::Index(0)]),
        ] {
            assert_eq!(parse(text).unwrap().segments, segments, "{text}");
        }
    }

    #[test]
    fn roots_are_read() {
        assert_eq!(parse("$.a").unwrap().root, Root::Data);
        assert_eq!(parse("$$.Task.Token").unwrap().root, Root::Context);
        assert_eq!(parse("$who.name").unwrap().root, Root::Variable("who".into()));
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (text, error) in [
            ("", "path `` does not start with `$`"),
            ("a.b", "path `a.b` does not start with `$`"),
            (
                "$.",
                "path `$.` is malformed at character 3: a name is expected after the dot",
            ),
            (
                "$.a[",
                "path `$.a[` is malformed at character 5: a quoted name, a position, `*` or `?(` is expected after `[`",
            ),
            (
                "$['a",
                "path `$['a` is malformed at character 3: the closing quote is missing",
            ),
            ("$[0", "path `$[0` is malformed at character 4: `]` is expected"),
            ("$[--]", "path `$[--]` is malformed at character 3: not a whole number"),
            (
                "$.a b",
                "path `$.a b` is malformed at character 4: unexpected character",
            ),
            (
                "$.a.length()",
                "path `$.a.length()` uses the function `length()`, which is not supported",
            ),
            (
                "$[1:5:2]",
                "path `$[1:5:2]` uses a slice with a step, which is not supported",
            ),
            (
                "$[?(@.a =~ /x/)]",
                "path `$[?(@.a =~ /x/)]` uses the filter operator `=~`, which is not supported",
            ),
            (
                "$[?(@.a size 3)]",
                "path `$[?(@.a size 3)]` uses the filter operator `size`, which is not supported",
            ),
            (
                "$[?(5)]",
                "path `$[?(5)]` is malformed at character 6: a comparison is expected after a literal",
            ),
        ] {
            assert_eq!(parse(text).unwrap_err().to_string(), error);
        }
    }

    #[test]
    fn deep_nesting_is_refused() {
        let path = format!("$[?({}@.a{})]", "(".repeat(100_000), ")".repeat(100_000));
        assert!(matches!(parse(&path), Err(PathError::TooDeep(_))));
        assert!(matches!(
            parse(&format!("$[?({}@.a)]", "!".repeat(100_000))),
            Err(PathError::TooDeep(_))
        ));
        assert!(matches!(
            parse(&format!("${}", "[?(@".repeat(100_000))),
            Err(PathError::TooDeep(_))
        ));
        assert!(matches!(
            parse(&format!("${}", ".a".repeat(1000))),
            Err(PathError::TooDeep(_))
        ));
    }

    proptest! {
        #[test]
        fn reading_never_panics(text in "\\$[$.\\[\\]'\"a-c0-9*:,?()@=!<>&| ~/\\\\ü-]{0,40}") {
            let _ = parse(&text);
        }

        #[test]
        fn any_text_never_panics(text in "\\PC*") {
            let _ = parse(&text);
        }

        #[test]
        fn quoted_names_come_back(name in "[^'\\\\]{0,12}") {
            prop_assert_eq!(parse(&format!("$['{name}']")).unwrap().segments, vec![Segment::Name(name)]);
        }
    }
}
