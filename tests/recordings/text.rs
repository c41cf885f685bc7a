//! Values as text.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::Value;
use serde_json::ser::{Formatter, Serializer};

/// A value, shortened.
pub fn brief(value: &Value) -> String {
    let text = value.to_string();
    if text.chars().count() <= 160 {
        return text;
    }
    text.chars().take(157).chain("...".chars()).collect()
}

/// What is wanted and what came; of two long texts only from shortly before the place where they part.
pub fn apart(want: &Value, got: &Value) -> String {
    if let (Value::String(want), Value::String(got)) = (want, got)
        && want.len().max(got.len()) > 100
    {
        let same = want.chars().zip(got.chars()).take_while(|(a, b)| a == b).count();
        if same > 40 {
            let tail = |text: &str| Value::String("...".chars().chain(text.chars().skip(same - 20)).collect());
            return format!("want {}, got {}", brief(&tail(want)), brief(&tail(got)));
        }
    }
    format!("want {}, got {}", brief(want), brief(got))
}

/// JSON text as the recorded tests wrote it: a blank after `,` and `:`, and nothing but ASCII. AWS quotes some of it.
pub fn as_sent(value: &Value) -> String {
    let mut text = Vec::new();
    value
        .serialize(&mut Serializer::with_formatter(&mut text, Spaced))
        .unwrap();
    String::from_utf8(text).unwrap()
}

struct Spaced;

impl Formatter for Spaced {
    fn begin_array_value<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        out.write_all(if first { b"" } else { b", " })
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        out.write_all(if first { b"" } else { b", " })
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        out.write_all(b": ")
    }

    fn write_string_fragment<W: ?Sized + Write>(&mut self, out: &mut W, fragment: &str) -> io::Result<()> {
        for unit in fragment.encode_utf16() {
            match u8::try_from(unit) {
                Ok(byte) if byte.is_ascii() && byte != 0x7f => out.write_all(&[byte])?,
                _ => write!(out, "\\u{unit:04x}")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn json_is_sent_as_it_was_recorded() {
        let value = json!({"a": [1, 2.0, {}], "é\"": "𝄞\n"});
        assert_eq!(as_sent(&value), r#"{"a": [1, 2.0, {}], "\u00e9\"": "\ud834\udd1e\n"}"#);
    }
}
