//! The reader of filters.

use serde_json::{Number, Value};

use super::filter::{Comparison, Filter, Operand, Pattern};
use super::path::{Path, PathError, Root, Segment};
use super::reader::Reader;

/// The most bytes a compiled regular expression may take.
const MAX_PATTERN: usize = 1 << 20;

impl Reader<'_> {
    /// What follows `[`, from `?` up to and with `)`.
    pub(super) fn bracket_filter(&mut self) -> Result<Segment, PathError> {
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
        if self.eat("=~") {
            self.space();
            return Ok(Filter::Match(left, self.pattern()?));
        }
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
            ("===", Comparison::Same),
            ("!==", Comparison::NotSame),
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
        let before = self.at;
        let word = self.name();
        match word.to_ascii_lowercase().as_str() {
            "" => Ok(None),
            "in" => Ok(Some(Comparison::In)),
            "nin" => Ok(Some(Comparison::NotIn)),
            "contains" => Ok(Some(Comparison::Contains)),
            "all" => Ok(Some(Comparison::All)),
            "size" => Ok(Some(Comparison::Size)),
            "empty" => Ok(Some(Comparison::Empty)),
            "subsetof" => Ok(Some(Comparison::SubsetOf)),
            "anyof" => Ok(Some(Comparison::AnyOf)),
            "noneof" => Ok(Some(Comparison::NoneOf)),
            _ => {
                self.at = before;
                Err(self.unsupported(format!("the filter operator `{word}`")))
            }
        }
    }

    /// `/…/flags`
    fn pattern(&mut self) -> Result<Pattern, PathError> {
        self.expect("/")?;
        let rest = self.rest();
        let mut escaped = false;
        let end = rest.find(|c| {
            let closes = c == '/' && !escaped;
            escaped = c == '\\' && !escaped;
            closes
        });
        let Some(end) = end else {
            return Err(self.wrong("the regular expression is not closed"));
        };
        let body = rest.get(..end).unwrap_or_default();
        self.at += end + 1;
        let flags = self.name();
        let built = regex::RegexBuilder::new(&format!("^(?:{body})$"))
            .case_insensitive(flags.contains('i'))
            .multi_line(flags.contains('m'))
            .dot_matches_new_line(flags.contains('s'))
            .ignore_whitespace(flags.contains('x'))
            .size_limit(MAX_PATTERN)
            .build();
        match built {
            Ok(regex) => Ok(Pattern(regex)),
            Err(_) => Err(self.unsupported(format!("the regular expression `/{body}/`"))),
        }
    }

    pub(super) fn operand(&mut self) -> Result<Operand, PathError> {
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
            text: self.text.get(start..self.at).unwrap_or_default().to_owned(),
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
        let rest = self.rest();
        let end = rest
            .find(|c: char| !(c.is_ascii_alphanumeric() || "+-.".contains(c)))
            .unwrap_or(rest.len());
        let value = match rest.get(..end).unwrap_or_default() {
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
}
