//! `$formatNumber`: numbers written by a picture such as `#,##0.00`
//! ([XPath formatting of numbers](https://www.w3.org/TR/xpath-functions-31/#formatting-numbers)).

use super::super::error::{Fallible, fail};
use super::super::eval::Evaluator;
use super::super::value::Val;
use super::numbers::rounded;
use super::{Row, argument, number_at, paid, text_at};

pub(super) const ROWS: &[Row] = &[
    ("formatNumber", "<n-so?:s>", format_number),
    ("formatInteger", "<n-s:s>", |_, _| unsupported("formatInteger")),
    ("parseInteger", "<s-s:n>", |_, _| unsupported("parseInteger")),
];

fn unsupported(function: &str) -> Fallible<Val> {
    fail("U1002", format!("The function \"{function}\" is not supported"))
}

/// The longest picture. Digits are written one by one for it.
const MAX_PICTURE: usize = 200;

fn format_number(evaluator: &Evaluator, arguments: &[Val]) -> Fallible<Val> {
    let (Some(number), Some(picture)) = (number_at(arguments, 0), text_at(arguments, 1)) else {
        return Ok(Val::Undefined);
    };
    if !argument(arguments, 2).is_undefined() {
        return unsupported("formatNumber with options");
    }
    if picture.len() > MAX_PICTURE {
        return fail(
            "U1002",
            format!("A picture of the function \"formatNumber\" is longer than {MAX_PICTURE}"),
        );
    }
    let pictures: Vec<&str> = picture.split(';').collect();
    if pictures.len() > 2 {
        return fail(
            "D3080",
            "The picture string must only contain a maximum of two sub-pictures",
        );
    }
    let parts = pictures
        .iter()
        .map(|picture| Picture::parse(picture))
        .collect::<Fallible<Vec<_>>>()?;
    let text = match parts.as_slice() {
        [_, negative] if number < 0.0 => negative.written(number.abs()),
        [picture, ..] if number < 0.0 => format!("-{}", picture.written(number.abs())),
        [picture, ..] => picture.written(number),
        [] => String::new(),
    };
    paid(evaluator, text)
}

/// A picture, taken apart.
struct Picture<'a> {
    prefix: &'a str,
    suffix: &'a str,
    integer: &'a str,
    fraction: &'a str,
    exponent: Option<&'a str>,
    /// 100 for percent, 1000 for per mille.
    scale: f64,
}

fn is_digit(c: char) -> bool {
    c.is_ascii_digit() || c == '#'
}

fn mandatory(part: &str) -> usize {
    part.chars().filter(char::is_ascii_digit).count()
}

impl<'a> Picture<'a> {
    fn parse(picture: &'a str) -> Fallible<Self> {
        let active = |c: char| is_digit(c) || c == '.' || c == ',';
        let start = picture.find(active).unwrap_or(picture.len());
        let end = picture.rfind(active).map_or(start, |end| end + 1);
        let body = picture.get(start..end).unwrap_or_default();
        let (mantissa, exponent) = match body.split_once('e') {
            Some((mantissa, exponent)) => (mantissa, Some(exponent)),
            None => (body, None),
        };
        let (integer, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let percent = picture.matches('%').count();
        let per_mille = picture.matches('‰').count();
        let parsed = Self {
            prefix: picture.get(..start).unwrap_or_default(),
            suffix: picture.get(end..).unwrap_or_default(),
            integer,
            fraction,
            exponent,
            scale: match (percent, per_mille) {
                (1.., _) => 100.0,
                (_, 1..) => 1000.0,
                _ => 1.0,
            },
        };
        let problem = match () {
            () if exponent
                .is_some_and(|exponent| exponent.is_empty() || !exponent.bytes().all(|b| b.is_ascii_digit())) =>
            {
                (
                    "D3093",
                    "The exponent part of the sub-picture must comprise only of one or more characters that are members of the 'decimal digit family'",
                )
            }
            () if exponent.is_some() && parsed.scale > 1.0 => (
                "D3092",
                "A sub-picture that contains a 'percent' or 'per-mille' character must not contain a character treated as an 'exponent-separator'",
            ),
            () if fraction
                .find('#')
                .is_some_and(|at| mandatory(fraction.get(at..).unwrap_or_default()) > 0) =>
            {
                (
                    "D3091",
                    "The fractional part of the sub-picture must not contain an instance of the 'optional digit character' that is followed by a member of the 'decimal digit family'",
                )
            }
            () if integer
                .rfind('#')
                .is_some_and(|at| mandatory(integer.get(..at).unwrap_or_default()) > 0) =>
            {
                (
                    "D3090",
                    "The integer part of the sub-picture must not contain a member of the 'decimal digit family' that is followed by an instance of the 'optional digit character'",
                )
            }
            () if picture.contains(",,") => (
                "D3089",
                "The sub-picture must not contain two adjacent instances of the 'grouping-separator' character",
            ),
            () if !mantissa.contains('.') && integer.ends_with(',') => (
                "D3088",
                "The sub-picture must not contain a 'grouping-separator' at the end of the integer part",
            ),
            () if picture.contains(",.") || picture.contains(".,") => (
                "D3087",
                "The sub-picture must not contain a 'grouping-separator' character that appears adjacent to a 'decimal-separator' character",
            ),
            () if body.chars().any(|c| !active(c) && c != 'e') => (
                "D3086",
                "The sub-picture must not contain a passive character that is preceded by an active character and that is followed by another active character",
            ),
            () if !mantissa.contains(is_digit) => (
                "D3085",
                "The mantissa part of a sub-picture must contain at least one character that is either an 'optional digit character' or a member of the 'decimal digit family'",
            ),
            () if percent > 0 && per_mille > 0 => (
                "D3084",
                "The sub-picture must not contain both a 'percent' and a 'per-mille' character",
            ),
            () if per_mille > 1 => (
                "D3083",
                "The sub-picture must not contain more than one instance of the 'per-mille' character",
            ),
            () if percent > 1 => (
                "D3082",
                "The sub-picture must not contain more than one instance of the 'percent' character",
            ),
            () if picture.matches('.').count() > 1 => (
                "D3081",
                "The sub-picture must not contain more than one instance of the 'decimal-separator' character",
            ),
            () => return Ok(parsed),
        };
        fail(problem.0, problem.1)
    }

    /// Writes a number that is not negative.
    fn written(&self, number: f64) -> String {
        let most_fraction = self.fraction.chars().filter(|c| is_digit(*c)).count();
        let (mut least_integer, mut least_fraction) = (mandatory(self.integer), mandatory(self.fraction));
        let mut most_fraction = most_fraction;
        let scaling = i32::try_from(least_integer).unwrap_or(0);
        if least_integer == 0 && most_fraction == 0 {
            match self.exponent {
                Some(_) => (least_fraction, most_fraction) = (1, 1),
                None => least_integer = 1,
            }
        }
        if self.exponent.is_some() && least_integer == 0 && self.integer.contains('#') {
            least_integer = 1;
        }
        if least_integer == 0 && least_fraction == 0 {
            least_fraction = 1;
        }
        let mut mantissa = number * self.scale;
        let mut exponent = 0_i32;
        if self.exponent.is_some() && mantissa != 0.0 && mantissa.is_finite() {
            while mantissa < 10_f64.powi(scaling - 1) {
                mantissa *= 10.0;
                exponent -= 1;
            }
            while mantissa > 10_f64.powi(scaling) {
                mantissa /= 10.0;
                exponent += 1;
            }
        }
        let mantissa = rounded(mantissa, i64::try_from(most_fraction).unwrap_or(0));
        let digits = format!("{mantissa:.most_fraction$}");
        let (integer, fraction) = digits.split_once('.').unwrap_or((&digits, ""));
        let integer = integer.trim_start_matches('0');
        let fraction = fraction.trim_end_matches('0');
        let integer = grouped(&format!("{integer:0>least_integer$}"), self.integer);
        let fraction = grouped_fraction(&format!("{fraction:0<least_fraction$}"), self.fraction);
        let mut text = format!("{}{integer}", self.prefix);
        if !fraction.is_empty() {
            text.push('.');
            text.push_str(&fraction);
        }
        if let Some(pattern) = self.exponent {
            let sign = if exponent < 0 { "-" } else { "" };
            text.push_str(&format!(
                "e{sign}{:0width$}",
                exponent.unsigned_abs(),
                width = pattern.len()
            ));
        }
        text + self.suffix
    }
}

/// Puts separators where the picture has them, counted from the right, and on in the same distance if it is regular.
fn grouped(digits: &str, picture: &str) -> String {
    let positions: Vec<usize> = picture
        .match_indices(',')
        .map(|(at, _)| {
            picture
                .get(at..)
                .unwrap_or_default()
                .chars()
                .filter(|c| is_digit(*c))
                .count()
        })
        .collect();
    let nearest = positions.iter().copied().min().unwrap_or(0);
    let regular = nearest > 0 && (1..=positions.len()).all(|times| positions.contains(&(times * nearest)));
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        let left = digits.chars().count() - at;
        if at > 0 && ((regular && left.is_multiple_of(nearest)) || (!regular && positions.contains(&left))) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

fn grouped_fraction(digits: &str, picture: &str) -> String {
    let positions: Vec<usize> = picture
        .match_indices(',')
        .map(|(at, _)| {
            picture
                .get(..at)
                .unwrap_or_default()
                .chars()
                .filter(|c| is_digit(*c))
                .count()
        })
        .collect();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && positions.contains(&at) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}
