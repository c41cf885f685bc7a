//! The reader of paths.

use super::filter::Operand;
use super::path::{MAX_DEPTH, Path, PathError, Root, Segment};
use super::path_function::{Function, Parameter};
use super::reader::Reader;

/// Reads a whole path.
pub(super) fn parse(text: &str) -> Result<Path, PathError> {
    if !text.starts_with('$') {
        return Err(PathError::NoRoot(text.to_owned()));
    }
    let mut reader = Reader::new(text);
    reader.eat("$");
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

impl Reader<'_> {
    fn root(&mut self) -> Root {
        if self.eat("$") {
            return Root::Context;
        }
        match self.peek() {
            Some(first) if first.is_alphabetic() || first == '_' => Root::Variable(self.name().to_owned()),
            _ => Root::Data,
        }
    }

    pub(super) fn segments(&mut self) -> Result<Vec<Segment>, PathError> {
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
            if matches!(segments.last(), Some(Segment::Function(..))) && matches!(self.peek(), Some('.' | '[')) {
                return Err(self.unsupported("a step after a function".to_owned()));
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
        // Jayway takes `$.['a']` for `$['a']`.
        if self.eat("[") {
            return self.bracket();
        }
        let name = self.name();
        if name.is_empty() {
            return Err(self.wrong("a name is expected after the dot"));
        }
        if self.peek() == Some('(') {
            return self.function(name);
        }
        Ok(Segment::Name(name.to_owned()))
    }

    /// The parameters of a function, from `(` on.
    fn function(&mut self, name: &str) -> Result<Segment, PathError> {
        let Some(function) = Function::named(name) else {
            return Err(self.unsupported(format!("the function `{name}()`")));
        };
        self.deeper()?;
        self.expect("(")?;
        let mut parameters = Vec::new();
        self.space();
        while !self.eat(")") {
            if !parameters.is_empty() {
                self.expect(",")?;
            }
            parameters.push(match self.operand()? {
                Operand::Path(path) if path.root == Root::Data => Parameter::Path(path),
                Operand::Literal(value) => Parameter::Literal(value),
                _ => return Err(self.wrong("a path or a literal is expected")),
            });
            self.space();
        }
        self.depth -= 1;
        Ok(Segment::Function(function, parameters))
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
            // Jayway reads a step and takes no notice of it.
            if self.eat(":") {
                self.space();
                self.position()?;
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
        let rest = self.rest();
        let end = rest
            .find(|c: char| !(c.is_ascii_digit() || c == '-'))
            .unwrap_or(rest.len());
        if end == 0 {
            return Ok(None);
        }
        let position = rest
            .get(..end)
            .unwrap_or_default()
            .parse()
            .map_err(|_| self.wrong("not a whole number"))?;
        self.at += end;
        Ok(Some(position))
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
                "$.a.median()",
                "path `$.a.median()` uses the function `median()`, which is not supported",
            ),
            (
                "$[?(@.a type 'x')]",
                "path `$[?(@.a type 'x')]` uses the filter operator `type`, which is not supported",
            ),
            (
                "$[?(@.a =~ /x)]",
                "path `$[?(@.a =~ /x)]` is malformed at character 13: the regular expression is not closed",
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
