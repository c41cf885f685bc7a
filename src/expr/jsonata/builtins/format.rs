//! `$formatNumber`: numbers written by a picture such as `#,##0.00`
//! ([XPath formatting of numbers](https://www.w3.org/TR/xpath-functions-31/#formatting-numbers)), `$formatInteger` and
//! `$parseInteger`.

use super::super::error::{Fallible, fail};
use super::super::eval::Evaluator;
use super::super::picture::{IntegerPicture, common_divisor};
use super::super::value::Val;
use super::numbers::rounded;
use super::{Row, argument, number_at, paid, text_at};

pub(super) const ROWS: &[Row] = &[
    ("formatNumber", "<n-so?:s>", format_number),
    ("formatInteger", "<n-s:s>", format_integer),
    ("parseInteger", "<s-s:n>", parse_integer),
];

/// The longest picture. Digits are written one by one for it.
const MAX_PICTURE: usize = 200;

fn format_integer(evaluator: &Evaluator, arguments: &[Val]) -> Fallible<Val> {
    let (Some(number), Some(picture)) = (number_at(arguments, 0), text_at(arguments, 1)) else {
        return Ok(Val::Undefined);
    };
    paid(evaluator, IntegerPicture::parse(picture)?.written(number.floor())?)
}

fn parse_integer(evaluator: &Evaluator, arguments: &[Val]) -> Fallible<Val> {
    let (Some(text), Some(picture)) = (text_at(arguments, 0), text_at(arguments, 1)) else {
        return Ok(Val::Undefined);
    };
    evaluator.spend(text.len())?;
    let number = IntegerPicture::parse(picture)?.read(text)?;
    // The reference implementation gives NaN for what is no number, which nothing can be done with.
    Ok(Val::Number(number.unwrap_or(f64::NAN)))
}

/// The signs that pictures are made of.
struct Symbols {
    decimal: char,
    grouping: char,
    exponent: char,
    zero: char,
    digit: char,
    pattern: char,
    minus: String,
    percent: String,
    per_mille: String,
}

impl Symbols {
    fn from_options(options: &Val) -> Fallible<Self> {
        let mut symbols = Self {
            decimal: '.',
            grouping: ',',
            exponent: 'e',
            zero: '0',
            digit: '#',
            pattern: ';',
            minus: "-".to_owned(),
            percent: "%".to_owned(),
            per_mille: "\u{2030}".to_owned(),
        };
        let Val::Object(options) = options else {
            return Ok(symbols);
        };
        for (name, value) in &options.members {
            let Val::Text(value) = value else {
                return fail(
                    "U1002",
                    format!("The option \"{name}\" of the function \"formatNumber\" must be a string"),
                );
            };
            let sign = || {
                let mut signs = value.chars();
                match (signs.next(), signs.next()) {
                    (Some(sign), None) => Ok(sign),
                    _ => fail(
                        "U1002",
                        format!("The option \"{name}\" of the function \"formatNumber\" must be one character"),
                    ),
                }
            };
            match &**name {
                "decimal-separator" => symbols.decimal = sign()?,
                "grouping-separator" => symbols.grouping = sign()?,
                "exponent-separator" => symbols.exponent = sign()?,
                "zero-digit" => symbols.zero = sign()?,
                "digit" => symbols.digit = sign()?,
                "pattern-separator" => symbols.pattern = sign()?,
                "minus-sign" => symbols.minus = value.to_string(),
                "percent" => symbols.percent = value.to_string(),
                "per-mille" => symbols.per_mille = value.to_string(),
                _ => {}
            }
        }
        Ok(symbols)
    }

    /// A digit of the family of `zero`.
    fn is_mandatory(&self, sign: char) -> bool {
        (0..10).contains(&(i64::from(u32::from(sign)) - i64::from(u32::from(self.zero))))
    }

    fn is_digit(&self, sign: char) -> bool {
        self.is_mandatory(sign) || sign == self.digit
    }

    fn is_active(&self, sign: char) -> bool {
        self.is_digit(sign) || [self.decimal, self.grouping, self.exponent, self.pattern].contains(&sign)
    }

    fn count(&self, part: &str) -> usize {
        part.chars().filter(|sign| self.is_digit(*sign)).count()
    }

    fn count_mandatory(&self, part: &str) -> usize {
        part.chars().filter(|sign| self.is_mandatory(*sign)).count()
    }

    /// ASCII digits in the family of `zero`.
    fn own(&self, digits: &str) -> String {
        let own = |sign: char| {
            sign.to_digit(10)
                .and_then(|value| char::from_u32(u32::from(self.zero) + value))
        };
        digits.chars().map(|sign| own(sign).unwrap_or(sign)).collect()
    }
}

fn format_number(evaluator: &Evaluator, arguments: &[Val]) -> Fallible<Val> {
    let (Some(number), Some(picture)) = (number_at(arguments, 0), text_at(arguments, 1)) else {
        return Ok(Val::Undefined);
    };
    let symbols = Symbols::from_options(argument(arguments, 2))?;
    if picture.len() > MAX_PICTURE {
        return fail(
            "U1002",
            format!("A picture of the function \"formatNumber\" is longer than {MAX_PICTURE}"),
        );
    }
    let pictures: Vec<&str> = picture.split(symbols.pattern).collect();
    if pictures.len() > 2 {
        return fail(
            "D3080",
            "The picture string must only contain a maximum of two sub-pictures",
        );
    }
    let parts = pictures
        .iter()
        .map(|picture| Picture::parse(picture, &symbols))
        .collect::<Fallible<Vec<_>>>()?;
    let text = match parts.as_slice() {
        [_, negative] if number < 0.0 => negative.written(number.abs()),
        [picture, ..] if number < 0.0 => symbols.minus.clone() + &picture.written(number.abs()),
        [picture, ..] => picture.written(number),
        [] => String::new(),
    };
    paid(evaluator, text)
}

/// A picture, taken apart.
struct Picture<'a> {
    symbols: &'a Symbols,
    prefix: &'a str,
    suffix: &'a str,
    integer: &'a str,
    fraction: &'a str,
    exponent: Option<&'a str>,
    /// 100 for percent, 1000 for per mille.
    scale: f64,
}

impl<'a> Picture<'a> {
    fn parse(picture: &'a str, symbols: &'a Symbols) -> Fallible<Self> {
        let bounds = |c: char| symbols.is_active(c) && c != symbols.exponent;
        let start = picture.find(bounds).unwrap_or(0);
        let end = picture
            .rfind(bounds)
            .and_then(|end| Some(end + picture.get(end..)?.chars().next()?.len_utf8()))
            .unwrap_or(picture.len());
        let body = picture.get(start..end).unwrap_or_default();
        // The separator may stand at the end of the body, where the suffix begins.
        let rest = picture.get(start..).unwrap_or_default();
        let (mantissa, exponent) = match rest.find(symbols.exponent) {
            Some(at) if start + at <= end => (
                body.get(..at).unwrap_or_default(),
                Some(body.get(at + symbols.exponent.len_utf8()..).unwrap_or_default()),
            ),
            _ => (body, None),
        };
        let suffix = picture.get(end..).unwrap_or_default();
        let (integer, fraction) = mantissa.split_once(symbols.decimal).unwrap_or((mantissa, suffix));
        let has = |sign: &str| !sign.is_empty() && picture.contains(sign);
        let parsed = Self {
            symbols,
            prefix: picture.get(..start).unwrap_or_default(),
            suffix,
            integer,
            fraction,
            exponent,
            scale: match (has(&symbols.percent), has(&symbols.per_mille)) {
                (true, _) => 100.0,
                (_, true) => 1000.0,
                _ => 1.0,
            },
        };
        match parsed.problem(picture, body, mantissa) {
            Some((code, message)) => fail(code, message),
            None => Ok(parsed),
        }
    }

    /// What is wrong with a picture; of several things the last rule that it breaks.
    fn problem(&self, picture: &str, body: &str, mantissa: &str) -> Option<(&'static str, &'static str)> {
        let symbols = self.symbols;
        let percent = picture.matches(symbols.percent.as_str()).count();
        let per_mille = picture.matches(symbols.per_mille.as_str()).count();
        let (grouping, decimal) = (symbols.grouping, symbols.decimal);
        let pair = |first: char, second: char| picture.contains(&String::from_iter([first, second]));
        let after = |part: &str, at: usize| symbols.count_mandatory(part.get(at..).unwrap_or_default()) > 0;
        let before = |part: &str, at: usize| symbols.count_mandatory(part.get(..at).unwrap_or_default()) > 0;
        let rules: [(bool, &str, &str); 13] = [
            (
                self.exponent
                    .is_some_and(|exponent| exponent.is_empty() || !exponent.chars().all(|c| symbols.is_mandatory(c))),
                "D3093",
                "The exponent part of the sub-picture must comprise only of one or more characters that are members of the 'decimal digit family'",
            ),
            (
                self.exponent.is_some_and(|exponent| !exponent.is_empty()) && percent + per_mille > 0,
                "D3092",
                "A sub-picture that contains a 'percent' or 'per-mille' character must not contain a character treated as an 'exponent-separator'",
            ),
            (
                self.fraction
                    .rfind(symbols.digit)
                    .is_some_and(|at| after(self.fraction, at)),
                "D3091",
                "The fractional part of the sub-picture must not contain an instance of the 'optional digit character' that is followed by a member of the 'decimal digit family'",
            ),
            (
                self.integer
                    .find(symbols.digit)
                    .is_some_and(|at| before(self.integer, at)),
                "D3090",
                "The integer part of the sub-picture must not contain a member of the 'decimal digit family' that is followed by an instance of the 'optional digit character'",
            ),
            (
                pair(grouping, grouping),
                "D3089",
                "The sub-picture must not contain two adjacent instances of the 'grouping-separator' character",
            ),
            (
                !picture.contains(decimal) && self.integer.ends_with(grouping),
                "D3088",
                "The sub-picture must not contain a 'grouping-separator' at the end of the integer part",
            ),
            (
                pair(grouping, decimal) || pair(decimal, grouping),
                "D3087",
                "The sub-picture must not contain a 'grouping-separator' character that appears adjacent to a 'decimal-separator' character",
            ),
            (
                !body.chars().all(|c| symbols.is_active(c)),
                "D3086",
                "The sub-picture must not contain a passive character that is preceded by an active character and that is followed by another active character",
            ),
            (
                symbols.count(mantissa) == 0,
                "D3085",
                "The mantissa part of a sub-picture must contain at least one character that is either an 'optional digit character' or a member of the 'decimal digit family'",
            ),
            (
                percent > 0 && per_mille > 0,
                "D3084",
                "The sub-picture must not contain both a 'percent' and a 'per-mille' character",
            ),
            (
                per_mille > 1,
                "D3083",
                "The sub-picture must not contain more than one instance of the 'per-mille' character",
            ),
            (
                percent > 1,
                "D3082",
                "The sub-picture must not contain more than one instance of the 'percent' character",
            ),
            (
                picture.matches(decimal).count() > 1,
                "D3081",
                "The sub-picture must not contain more than one instance of the 'decimal-separator' character",
            ),
        ];
        rules
            .into_iter()
            .find(|(broken, ..)| *broken)
            .map(|(_, code, message)| (code, message))
    }

    /// Writes a number that is not negative.
    fn written(&self, number: f64) -> String {
        let symbols = self.symbols;
        let mut most_fraction = symbols.count(self.fraction);
        let (mut least_integer, mut least_fraction) = (
            symbols.count_mandatory(self.integer),
            symbols.count_mandatory(self.fraction),
        );
        let scaling = i32::try_from(least_integer).unwrap_or(0);
        if least_integer == 0 && most_fraction == 0 {
            match self.exponent {
                Some(_) => (least_fraction, most_fraction) = (1, 1),
                None => least_integer = 1,
            }
        }
        if self.exponent.is_some() && least_integer == 0 && self.integer.contains(symbols.digit) {
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
        let integer = self.grouped(&format!("{integer:0>least_integer$}"));
        let fraction = self.grouped_fraction(&format!("{fraction:0<least_fraction$}"));
        let mut text = format!("{}{integer}", self.prefix);
        if !fraction.is_empty() {
            text.push(symbols.decimal);
            text.push_str(&fraction);
        }
        if let Some(pattern) = self.exponent {
            let width = symbols.count_mandatory(pattern);
            text.push(symbols.exponent);
            text.push_str(if exponent < 0 { &symbols.minus } else { "" });
            text.push_str(&symbols.own(&format!("{:0width$}", exponent.unsigned_abs())));
        }
        text + self.suffix
    }

    /// Puts separators where the picture has them, counted from the right, and on in the same distance if it is regular.
    fn grouped(&self, digits: &str) -> String {
        let positions: Vec<usize> = self
            .integer
            .match_indices(self.symbols.grouping)
            .map(|(at, _)| self.symbols.count(self.integer.get(at..).unwrap_or_default()))
            .collect();
        let factor = positions.iter().copied().reduce(common_divisor).unwrap_or(0);
        let regular = factor > 0 && (1..=positions.len()).all(|times| positions.contains(&(times * factor)));
        let count = digits.chars().count();
        let mut out = String::new();
        for (at, digit) in self.symbols.own(digits).chars().enumerate() {
            let left = count - at;
            if at > 0 && ((regular && left.is_multiple_of(factor)) || (!regular && positions.contains(&left))) {
                out.push(self.symbols.grouping);
            }
            out.push(digit);
        }
        out
    }

    fn grouped_fraction(&self, digits: &str) -> String {
        let positions: Vec<usize> = self
            .fraction
            .match_indices(self.symbols.grouping)
            .map(|(at, _)| self.symbols.count(self.fraction.get(..at).unwrap_or_default()))
            .collect();
        let mut out = String::new();
        for (at, digit) in self.symbols.own(digits).chars().enumerate() {
            if at > 0 && positions.contains(&at) {
                out.push(self.symbols.grouping);
            }
            out.push(digit);
        }
        out
    }
}
