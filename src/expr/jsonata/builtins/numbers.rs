//! Functions of numbers and truth.

use super::super::error::{Fallible, fail};
use super::super::eval::Evaluator;
use super::super::text;
use super::super::value::Val;
use super::{Row, argument, number_at};

pub(super) const ROWS: &[Row] = &[
    ("number", "<(nsb)-:n>", number),
    ("abs", "<n-:n>", |_, a| Ok(map(a, f64::abs))),
    ("floor", "<n-:n>", |_, a| Ok(map(a, f64::floor))),
    ("ceil", "<n-:n>", |_, a| Ok(map(a, f64::ceil))),
    ("round", "<n-n?:n>", round),
    ("power", "<n-n:n>", power),
    ("sqrt", "<n-:n>", sqrt),
    ("formatBase", "<n-n?:s>", format_base),
    ("sum", "<a<n>:n>", |_, a| {
        Ok(fold(a, |numbers| {
            Some(numbers.iter().fold(0.0, |sum, number| sum + number))
        }))
    }),
    ("max", "<a<n>:n>", |_, a| {
        Ok(fold(a, |numbers| numbers.iter().copied().reduce(f64::max)))
    }),
    ("min", "<a<n>:n>", |_, a| {
        Ok(fold(a, |numbers| numbers.iter().copied().reduce(f64::min)))
    }),
    ("average", "<a<n>:n>", |_, a| Ok(fold(a, average))),
    ("boolean", "<x-:b>", |e, a| truth(e, a, true)),
    ("not", "<x-:b>", |e, a| truth(e, a, false)),
];

fn map(arguments: &[Val], change: impl Fn(f64) -> f64) -> Val {
    number_at(arguments, 0).map_or(Val::Undefined, |number| Val::Number(change(number)))
}

fn fold(arguments: &[Val], combine: impl Fn(&[f64]) -> Option<f64>) -> Val {
    if argument(arguments, 0).is_undefined() {
        return Val::Undefined;
    }
    let numbers: Vec<f64> = argument(arguments, 0)
        .items()
        .iter()
        .filter_map(|item| match item {
            Val::Number(number) => Some(*number),
            _ => None,
        })
        .collect();
    combine(&numbers).map_or(Val::Undefined, Val::Number)
}

#[allow(clippy::cast_precision_loss, reason = "lengths are far below 2^53")]
fn average(numbers: &[f64]) -> Option<f64> {
    let sum: f64 = numbers.iter().sum();
    (!numbers.is_empty()).then(|| sum / numbers.len() as f64)
}

fn truth(evaluator: &Evaluator, arguments: &[Val], wanted: bool) -> Fallible<Val> {
    match argument(arguments, 0) {
        Val::Undefined => Ok(Val::Undefined),
        value => Ok(Val::Bool(text::truthy(evaluator, value)? == wanted)),
    }
}

fn number(_: &Evaluator, arguments: &[Val]) -> Fallible<Val> {
    match argument(arguments, 0) {
        Val::Bool(value) => Ok(Val::Number(f64::from(u8::from(*value)))),
        Val::Text(text) => match read(text) {
            Some(number) => Ok(Val::Number(number)),
            None => fail("D3030", format!("Unable to cast value to a number: \"{text}\"")),
        },
        value => Ok(value.clone()),
    }
}

/// A JSON number, or a whole number with the prefix `0x`, `0o` or `0b`.
fn read(text: &str) -> Option<f64> {
    for (prefix, radix) in [("0x", 16), ("0X", 16), ("0o", 8), ("0O", 8), ("0b", 2), ("0B", 2)] {
        if let Some(digits) = text.strip_prefix(prefix) {
            let valid = digits.bytes().all(|b| b.is_ascii_alphanumeric());
            #[allow(clippy::cast_precision_loss, reason = "as JavaScript reads it")]
            return u64::from_str_radix(digits, radix)
                .ok()
                .filter(|_| valid)
                .map(|number| number as f64);
        }
    }
    // Leading zeros do not matter, but there is a digit before the decimal point.
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1.0, digits),
        None => (1.0, text),
    };
    let rest = digits.trim_start_matches('0');
    let padded = format!("0{rest}");
    let json = if rest.starts_with(|c: char| c.is_ascii_digit()) {
        rest
    } else {
        &padded
    };
    let number = json
        .parse::<serde_json::Number>()
        .ok()
        .filter(|_| digits.starts_with(|c: char| c.is_ascii_digit()))?;
    number
        .as_f64()
        .filter(|number| number.is_finite())
        .map(|number| sign * number)
}

/// Moves the decimal point exactly, as a text.
fn shifted(number: f64, places: i64) -> f64 {
    let text = format!("{number:e}");
    let Some((digits, exponent)) = text.split_once('e') else {
        return number;
    };
    let exponent = exponent.parse::<i64>().unwrap_or(0).saturating_add(places);
    format!("{digits}e{exponent}").parse().unwrap_or(number)
}

fn round(_: &Evaluator, arguments: &[Val]) -> Fallible<Val> {
    let precision = number_at(arguments, 1).unwrap_or(0.0);
    #[allow(clippy::cast_possible_truncation, reason = "clamped")]
    let places = precision.clamp(-400.0, 400.0) as i64;
    Ok(map(arguments, |number| rounded(number, places)))
}

/// Halves go to the even neighbour.
pub(super) fn rounded(number: f64, places: i64) -> f64 {
    let moved = shifted(number, places);
    if !moved.is_finite() {
        return number;
    }
    let result = shifted(moved.round_ties_even(), -places);
    if result == 0.0 { 0.0 } else { result }
}

fn power(_: &Evaluator, arguments: &[Val]) -> Fallible<Val> {
    let (Some(base), Some(exponent)) = (number_at(arguments, 0), number_at(arguments, 1)) else {
        return Ok(Val::Undefined);
    };
    let result = base.powf(exponent);
    match result.is_finite() {
        true => Ok(Val::Number(result)),
        false => fail(
            "D3061",
            format!(
                "The power function has resulted in a value that cannot be represented as a JSON number: base={}, exponent={}",
                text::number(base),
                text::number(exponent)
            ),
        ),
    }
}

fn sqrt(_: &Evaluator, arguments: &[Val]) -> Fallible<Val> {
    match number_at(arguments, 0) {
        Some(number) if number < 0.0 => fail(
            "D3060",
            format!(
                "The sqrt function cannot be applied to a negative number: {}",
                text::number(number)
            ),
        ),
        _ => Ok(map(arguments, f64::sqrt)),
    }
}

fn format_base(_: &Evaluator, arguments: &[Val]) -> Fallible<Val> {
    let Some(number) = number_at(arguments, 0) else {
        return Ok(Val::Undefined);
    };
    let radix = rounded(number_at(arguments, 1).unwrap_or(10.0), 0);
    if !(2.0..=36.0).contains(&radix) {
        return fail(
            "D3100",
            format!(
                "The radix of the formatBase function must be between 2 and 36.  It was given {}",
                text::number(radix)
            ),
        );
    }
    let number = rounded(number, 0);
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "checked, or saturating"
    )]
    let (radix, mut rest) = (radix as u128, number.abs() as u128);
    let mut digits = Vec::new();
    while rest > 0 || digits.is_empty() {
        digits.extend(char::from_digit(
            u32::try_from(rest % radix).unwrap_or(0),
            u32::try_from(radix).unwrap_or(10),
        ));
        rest /= radix;
    }
    if number < 0.0 {
        digits.push('-');
    }
    Ok(Val::text(digits.into_iter().rev().collect::<String>()))
}
