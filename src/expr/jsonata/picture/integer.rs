//! Whole numbers by a picture: digits (`#,##0`, `0001`, also of other scripts), Roman numerals (`I`), letters (`A`), English words
//! (`w`, `Ww`), each also as ordinals (`1;o`)
//! ([XPath formatting of integers](https://www.w3.org/TR/xpath-functions-31/#formatting-integers)).

use super::words;
use crate::expr::jsonata::error::{Fallible, fail};
use crate::expr::jsonata::text;

/// The code points of the zeros of the scripts that have ten digits in a row.
const ZEROS: [u32; 37] = [
    0x30, 0x0660, 0x06F0, 0x07C0, 0x0966, 0x09E6, 0x0A66, 0x0AE6, 0x0B66, 0x0BE6, 0x0C66, 0x0CE6, 0x0D66, 0x0DE6,
    0x0E50, 0x0ED0, 0x0F20, 0x1040, 0x1090, 0x17E0, 0x1810, 0x1946, 0x19D0, 0x1A80, 0x1A90, 0x1B50, 0x1BB0, 0x1C40,
    0x1C50, 0xA620, 0xA8D0, 0xA900, 0xA9D0, 0xA9F0, 0xAA50, 0xABF0, 0xFF10,
];

const ROMAN: [(f64, &str); 13] = [
    (1000.0, "m"),
    (900.0, "cm"),
    (500.0, "d"),
    (400.0, "cd"),
    (100.0, "c"),
    (90.0, "xc"),
    (50.0, "l"),
    (40.0, "xl"),
    (10.0, "x"),
    (9.0, "ix"),
    (5.0, "v"),
    (4.0, "iv"),
    (1.0, "i"),
];

/// The longest picture, and the most digits that one may ask for.
const MAX_PICTURE: usize = 200;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Case {
    Upper,
    Lower,
    Title,
}

impl Case {
    pub(super) fn applied(self, text: &str) -> String {
        match self {
            Self::Upper => text.to_uppercase(),
            Self::Lower => text.to_lowercase(),
            Self::Title => text.to_owned(),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Letters,
    Roman,
    Words,
    Digits(Digits),
    /// A numbering sequence, which nothing is known of.
    Sequence(String),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Digits {
    zero: u32,
    pub(super) mandatory: usize,
    pub(super) optional: usize,
    /// Separators and how many digits stand to the right of each, the rightmost first.
    separators: Vec<(usize, char)>,
    /// The distance of separators that go on in the same distance.
    every: Option<usize>,
}

/// A picture, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) struct IntegerPicture {
    pub(super) form: Form,
    pub(super) case: Case,
    pub(super) ordinal: bool,
}

impl IntegerPicture {
    pub(in super::super) fn parse(picture: &str) -> Fallible<Self> {
        if picture.len() > MAX_PICTURE {
            return fail("U1002", format!("A picture of an integer is longer than {MAX_PICTURE}"));
        }
        let (primary, modifier) = picture.rsplit_once(';').unwrap_or((picture, ""));
        let (form, case) = match primary {
            "A" => (Form::Letters, Case::Upper),
            "a" => (Form::Letters, Case::Lower),
            "I" => (Form::Roman, Case::Upper),
            "i" => (Form::Roman, Case::Lower),
            "W" => (Form::Words, Case::Upper),
            "Ww" => (Form::Words, Case::Title),
            "w" => (Form::Words, Case::Lower),
            digits => (Digits::parse(digits)?, Case::Lower),
        };
        Ok(Self {
            form,
            case,
            ordinal: modifier.starts_with('o'),
        })
    }

    /// Writes a whole number.
    pub(in super::super) fn written(&self, number: f64) -> Fallible<String> {
        let magnitude = number.abs();
        let written = match &self.form {
            Form::Letters => self.case.applied(&letters(magnitude)?),
            Form::Roman => self.case.applied(&roman(magnitude)?),
            Form::Words => self.case.applied(&words::written(magnitude, self.ordinal)),
            Form::Digits(digits) => digits.written(magnitude, self.ordinal),
            Form::Sequence(token) => return sequence(token),
        };
        Ok(if number < 0.0 { format!("-{written}") } else { written })
    }

    /// Reads a whole number; none if the text is not one.
    pub(in super::super) fn read(&self, text: &str) -> Fallible<Option<f64>> {
        Ok(match &self.form {
            Form::Letters => read_letters(text, self.case),
            Form::Roman => read_roman(text, self.case),
            Form::Words => words::read(&text.to_lowercase()),
            Form::Digits(digits) => digits.read(text, self.ordinal),
            Form::Sequence(token) => return sequence(token),
        })
    }

    /// What a text must look like for `read`, as a regular expression.
    pub(super) fn pattern(&self, exactly: Option<usize>) -> Fallible<String> {
        Ok(match &self.form {
            Form::Letters => "[A-Za-z]+".to_owned(),
            Form::Roman => "[MDCLXVImdclxvi]+".to_owned(),
            Form::Words => words::pattern(),
            Form::Digits(_) => {
                let count = exactly.map_or_else(|| "+".to_owned(), |width| format!("{{{width}}}"));
                let suffix = if self.ordinal { "(?:th|st|nd|rd)" } else { "" };
                format!("[0-9]{count}{suffix}")
            }
            Form::Sequence(token) => return sequence(token),
        })
    }

    /// The separator, if one goes on in regular distance.
    pub(super) fn regular_separator(&self) -> Option<char> {
        match &self.form {
            Form::Digits(digits) => digits.every.and_then(|_| Some(digits.separators.first()?.1)),
            _ => None,
        }
    }

    pub(super) fn digits(&self) -> Option<&Digits> {
        match &self.form {
            Form::Digits(digits) => Some(digits),
            _ => None,
        }
    }

    /// Asks for at least (or, with `exactly`, just) so many digits.
    pub(super) fn widen(&mut self, width: usize, exactly: bool) {
        if let Form::Digits(digits) = &mut self.form
            && (exactly || digits.mandatory < width)
        {
            digits.mandatory = width.min(MAX_PICTURE);
        }
    }
}

fn sequence<T>(token: &str) -> Fallible<T> {
    fail(
        "D3130",
        format!(
            "Formatting or parsing an integer as a sequence starting with \"{token}\" is not supported by this implementation"
        ),
    )
}

impl Digits {
    fn parse(picture: &str) -> Fallible<Form> {
        let mut digits = Self {
            zero: 0x30,
            mandatory: 0,
            optional: 0,
            separators: Vec::new(),
            every: None,
        };
        let mut family = None;
        let mut position = 0;
        for sign in picture.chars().rev() {
            let code = u32::from(sign);
            if let Some(zero) = ZEROS.iter().copied().find(|zero| (*zero..zero + 10).contains(&code)) {
                if *family.get_or_insert(zero) != zero {
                    return fail(
                        "D3131",
                        "In a decimal digit pattern, all digits must be from the same decimal group",
                    );
                }
                digits.mandatory += 1;
                position += 1;
            } else if sign == '#' {
                digits.optional += 1;
                position += 1;
            } else {
                digits.separators.push((position, sign));
            }
        }
        let Some(zero) = family else {
            return Ok(Form::Sequence(picture.to_owned()));
        };
        digits.zero = zero;
        digits.every = regular(&digits.separators);
        Ok(Form::Digits(digits))
    }

    fn written(&self, magnitude: f64, ordinal: bool) -> String {
        let plain = format!("{:0>width$}", text::number(magnitude), width = self.mandatory);
        let count = plain.chars().count();
        let mut out = String::new();
        for (at, digit) in plain.chars().enumerate() {
            let left = count - at;
            match self.every {
                Some(every) if at > 0 && left.is_multiple_of(every) => {
                    out.extend(self.separators.first().map(|(_, sign)| *sign));
                }
                Some(_) => {}
                None => out.extend(
                    self.separators
                        .iter()
                        .rev()
                        .filter(|(position, _)| *position == left)
                        .map(|(_, sign)| *sign),
                ),
            }
            out.push(self.own(digit));
        }
        if self.every.is_none() {
            out.extend(
                self.separators
                    .iter()
                    .rev()
                    .filter(|(position, _)| *position == 0)
                    .map(|(_, sign)| *sign),
            );
        }
        if ordinal {
            out.push_str(suffix(&plain));
        }
        out
    }

    /// A digit in the script of the picture.
    fn own(&self, digit: char) -> char {
        digit
            .to_digit(10)
            .and_then(|value| char::from_u32(self.zero + value))
            .unwrap_or(digit)
    }

    fn read(&self, text: &str, ordinal: bool) -> Option<f64> {
        let text = match ordinal {
            true => text.get(..text.len().checked_sub(2)?)?,
            false => text,
        };
        let mut plain = String::new();
        for sign in text.chars() {
            let separator = match self.every {
                Some(_) => sign == ',',
                None => self.separators.iter().any(|(_, separator)| *separator == sign),
            };
            if separator {
                continue;
            }
            let code = u32::from(sign);
            let digit = code.checked_sub(self.zero).filter(|digit| *digit < 10);
            plain.push(digit.and_then(|digit| char::from_digit(digit, 10)).unwrap_or(sign));
        }
        // What comes after the number does not matter.
        let plain = plain.trim_start();
        let signed = plain.strip_prefix(['-', '+']).unwrap_or(plain);
        let length = signed.bytes().take_while(u8::is_ascii_digit).count();
        let number: f64 = signed.get(..length).filter(|digits| !digits.is_empty())?.parse().ok()?;
        Some(if plain.starts_with('-') { -number } else { number })
    }
}

/// In which distance separators go on: all are the same, and stand at each multiple of it.
fn regular(separators: &[(usize, char)]) -> Option<usize> {
    let (first, sign) = separators.first()?;
    if separators.iter().any(|(_, other)| other != sign) {
        return None;
    }
    let every = separators
        .iter()
        .fold(*first, |factor, (position, _)| common_divisor(factor, *position));
    let all = (1..=separators.len()).all(|times| separators.iter().any(|(position, _)| *position == times * every));
    (every > 0 && all).then_some(every)
}

pub(in super::super) fn common_divisor(left: usize, right: usize) -> usize {
    match right {
        0 => left,
        right => common_divisor(right, left % right),
    }
}

/// `st`, `nd`, `rd` or `th`.
fn suffix(digits: &str) -> &'static str {
    if digits.chars().rev().nth(1) == Some('1') {
        return "th";
    }
    match digits.chars().next_back() {
        Some('1') => "st",
        Some('2') => "nd",
        Some('3') => "rd",
        _ => "th",
    }
}

/// `a` to `z`, `aa`, …; nothing for 0.
fn letters(mut number: f64) -> Fallible<String> {
    let mut signs = Vec::new();
    while number > 0.0 {
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a remainder of 26"
        )]
        let digit = ((number - 1.0).max(0.0) % 26.0) as u8;
        signs.push(char::from(b'a' + digit));
        number = ((number - 1.0) / 26.0).floor();
        if signs.len() > MAX_PICTURE {
            return too_large();
        }
    }
    Ok(signs.into_iter().rev().collect())
}

fn read_letters(text: &str, case: Case) -> Option<f64> {
    let first = if case == Case::Upper { 'A' } else { 'a' };
    text.chars().try_fold(0.0, |number, sign| {
        let value = u32::from(sign)
            .checked_sub(u32::from(first))
            .filter(|value| *value < 26)?;
        Some(number * 26.0 + f64::from(value + 1))
    })
}

fn roman(mut number: f64) -> Fallible<String> {
    // One letter for each thousand.
    if number > 1e6 {
        return too_large();
    }
    let mut out = String::new();
    for (value, numeral) in ROMAN {
        while number >= value {
            out.push_str(numeral);
            number -= value;
        }
    }
    Ok(out)
}

fn too_large<T>() -> Fallible<T> {
    fail("U1002", "The integer is too large for Roman numerals or letters")
}

fn read_roman(text: &str, case: Case) -> Option<f64> {
    let (mut number, mut highest) = (0.0, 1.0);
    for sign in text.chars().rev() {
        let sign = if case == Case::Upper {
            sign
        } else {
            sign.to_ascii_uppercase()
        };
        let value = match sign {
            'M' => 1000.0,
            'D' => 500.0,
            'C' => 100.0,
            'L' => 50.0,
            'X' => 10.0,
            'V' => 5.0,
            'I' => 1.0,
            _ => return None,
        };
        if value < highest {
            number -= value;
        } else {
            highest = value;
            number += value;
        }
    }
    Some(number)
}
