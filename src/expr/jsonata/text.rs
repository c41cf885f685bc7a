//! Values as texts and as truth.

use std::fmt::Write as _;

use super::error::{Fallible, fail};
use super::eval::Evaluator;
use super::value::Val;

/// Whether a value counts as true, as `$boolean` has it.
pub(super) fn truthy(evaluator: &Evaluator, value: &Val) -> Fallible<bool> {
    evaluator.spend(1)?;
    Ok(match value {
        Val::Undefined | Val::Null | Val::Function(_) => false,
        Val::Bool(value) => *value,
        Val::Number(number) => *number != 0.0 && !number.is_nan(),
        Val::Text(text) => !text.is_empty(),
        Val::Object(object) => !object.members.is_empty(),
        Val::Array(array) => {
            for item in &array.items {
                if truthy(evaluator, item)? {
                    return Ok(true);
                }
            }
            false
        }
    })
}

/// A value as `$string` and `&` write it: texts as they are, undefined as nothing.
pub(super) fn string(evaluator: &Evaluator, value: &Val) -> Fallible<String> {
    match value {
        Val::Undefined | Val::Function(_) => Ok(String::new()),
        Val::Text(text) => {
            evaluator.spend(text.len() / 16)?;
            Ok(text.to_string())
        }
        Val::Number(number) if !number.is_finite() => {
            fail("D3001", "Attempting to invoke string function on Infinity or NaN")
        }
        value => json(evaluator, value, false),
    }
}

/// A value as JSON text, `pretty` with two spaces for each level.
pub(super) fn json(evaluator: &Evaluator, value: &Val, pretty: bool) -> Fallible<String> {
    let mut out = String::new();
    Writer { evaluator, pretty }.write(value, 0, &mut out)?;
    Ok(out)
}

/// A value for an error message.
pub(super) fn shown(evaluator: &Evaluator, value: &Val) -> Fallible<String> {
    json(evaluator, value, false)
}

/// A text or number for an error message.
pub(super) fn scalar(value: &Val) -> String {
    match value {
        Val::Text(text) => quoted(text),
        Val::Number(value) => number(*value),
        _ => String::new(),
    }
}

struct Writer<'a> {
    evaluator: &'a Evaluator,
    pretty: bool,
}

impl Writer<'_> {
    /// Recurses as deep as values nest, which is limited when they are made.
    fn write(&self, value: &Val, level: usize, out: &mut String) -> Fallible<()> {
        let before = out.len();
        match value {
            Val::Undefined | Val::Null => out.push_str("null"),
            Val::Bool(value) => {
                let _ = write!(out, "{value}");
            }
            Val::Number(value) if value.is_finite() => out.push_str(&number(rounded(*value))),
            Val::Number(_) => return fail("D1001", "Number out of range"),
            Val::Text(text) => out.push_str(&quoted(text)),
            Val::Function(_) => out.push_str("\"\""),
            Val::Array(array) => self.list('[', ']', array.items.len(), level, out, &mut |index, out| {
                let item = array.items.get(index).unwrap_or(&Val::Undefined);
                self.write(item, level + 1, out)
            })?,
            Val::Object(object) => {
                let present: Vec<_> = object
                    .members
                    .iter()
                    .filter(|(_, value)| !value.is_undefined())
                    .collect();
                self.list('{', '}', present.len(), level, out, &mut |index, out| {
                    let Some((name, value)) = present.get(index) else {
                        return Ok(());
                    };
                    out.push_str(&quoted(name));
                    out.push_str(if self.pretty { ": " } else { ":" });
                    self.write(value, level + 1, out)
                })?;
            }
        }
        // What was written inside has been paid for, too; twice is fair for what nests.
        self.evaluator.spend(1 + out.len().saturating_sub(before) / 16)
    }

    fn list(
        &self,
        open: char,
        close: char,
        count: usize,
        level: usize,
        out: &mut String,
        write: &mut dyn FnMut(usize, &mut String) -> Fallible<()>,
    ) -> Fallible<()> {
        out.push(open);
        for index in 0..count {
            if index > 0 {
                out.push(',');
            }
            self.line(level + 1, out);
            write(index, out)?;
        }
        if count > 0 {
            self.line(level, out);
        }
        out.push(close);
        Ok(())
    }

    fn line(&self, level: usize, out: &mut String) {
        if self.pretty {
            out.push('\n');
            out.extend(std::iter::repeat_n("  ", level));
        }
    }
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// To 15 significant digits, which hides the noise of binary fractions.
fn rounded(value: f64) -> f64 {
    if value.fract() == 0.0 {
        return value;
    }
    format!("{value:.14e}").parse().unwrap_or(value)
}

/// A number as JavaScript writes it.
pub(super) fn number(value: f64) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    let magnitude = value.abs();
    if !value.is_finite() {
        return if value.is_nan() {
            "NaN"
        } else if value > 0.0 {
            "Infinity"
        } else {
            "-Infinity"
        }
        .to_owned();
    }
    if (1e-6..1e21).contains(&magnitude) {
        return value.to_string();
    }
    let scientific = format!("{value:e}");
    match scientific.split_once('e') {
        Some((digits, exponent)) if !exponent.starts_with('-') => format!("{digits}e+{exponent}"),
        _ => scientific,
    }
}
