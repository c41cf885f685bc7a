//! Times read, by a picture or as ISO 8601.

use std::sync::LazyLock;

use regex::{Regex, RegexBuilder};
use time::{Date, Month};

use super::integer::IntegerPicture;
use super::time_picture::{DAYS, MONTHS, Marker, Part, parts};
use super::write::{component, no_name, time_at};
use crate::expr::jsonata::error::{Fallible, fail};

/// The most bytes a compiled picture may take.
const MAX_SIZE: usize = 1 << 20;

/// `+0100`, `-05:30` or `Z` in minutes.
pub(super) fn offset_minutes(text: &str) -> Option<i32> {
    if text == "Z" || text == "0" {
        return Some(0);
    }
    let (sign, rest) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let digits: String = rest.chars().filter(|c| *c != ':').collect();
    if digits.len() > 4 || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let (hours, minutes) = match digits.len() {
        0..=2 => (digits.as_str(), "0"),
        length => digits.split_at(length - 2),
    };
    Some(sign * (hours.parse::<i32>().ok()? * 60 + minutes.parse::<i32>().ok()?))
}

static ISO: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"^([0-9]{4})(?:-([01][0-9]))?(?:-([0-3][0-9]))?(?:T([0-2][0-9]):([0-5][0-9]):([0-5][0-9]))?(?:\.([0-9]+))?([+-][0-2][0-9]:?[0-5][0-9]|Z)?$",
    )
    .ok()
});

/// Reads ISO 8601: a year, optionally month, day, time and offset.
pub(in super::super) fn parse_iso(text: &str) -> Option<f64> {
    let captures = ISO.as_ref()?.captures(text)?;
    let number = |group: usize, default: f64| match captures.get(group) {
        Some(found) => found.as_str().parse().ok(),
        None => Some(default),
    };
    let thousandths: String = captures
        .get(7)
        .map_or("", |found| found.as_str())
        .chars()
        .chain("000".chars())
        .take(3)
        .collect();
    let (month, day, hour) = (number(2, 1.0)?, number(3, 1.0)?, number(4, 0.0)?);
    if !(1.0..=12.0).contains(&month) || !(1.0..=31.0).contains(&day) || hour > 24.0 {
        return None;
    }
    let millis = instant(
        number(1, 0.0)?,
        month - 1.0,
        day,
        [hour, number(5, 0.0)?, number(6, 0.0)?, thousandths.parse().ok()?],
    )?;
    let offset = captures
        .get(8)
        .map_or(Some(0), |found| offset_minutes(found.as_str()))?;
    Some(millis - f64::from(offset) * 60_000.0)
}

/// Milliseconds since the epoch; a month counts from 0, and what is too large runs over into the next larger field.
fn instant(year: f64, month: f64, day: f64, clock: [f64; 4]) -> Option<f64> {
    // As in JavaScript, the years 0 to 99 are of the twentieth century.
    let year = if (0.0..100.0).contains(&year) {
        year + 1900.0
    } else {
        year
    };
    let (year, month) = (year + (month / 12.0).floor(), month.rem_euclid(12.0));
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "saturates, and is checked below"
    )]
    let (year, month) = (year as i32, month as u8 + 1);
    let first = Date::from_calendar_date(year, Month::try_from(month).ok()?, 1).ok()?;
    let epoch = Date::from_ordinal_date(1970, 1).ok()?.to_julian_day();
    let days = f64::from(first.to_julian_day() - epoch) + day - 1.0;
    let [hour, minute, second, milli] = clock;
    let millis = (((days * 24.0 + hour) * 60.0 + minute) * 60.0 + second) * 1000.0 + milli;
    millis.is_finite().then_some(millis)
}

/// What has been read of a time, by component.
#[derive(Default)]
struct Read(Vec<(char, f64)>);

impl Read {
    fn get(&self, letter: char) -> Option<f64> {
        self.0
            .iter()
            .rev()
            .find(|(known, _)| *known == letter)
            .map(|(_, value)| *value)
    }

    /// Whether what has been read belongs to a kind of date or time: none of `not`, one of `some`.
    fn is(&self, some: &str, not: &str) -> bool {
        let has = |letters: &str| {
            letters
                .chars()
                .any(|letter| self.get(letter).is_some_and(|value| value != 0.0))
        };
        has(some) && !has(not)
    }
}

/// Reads a time by a picture; none if the text does not look like it. What the picture lacks at its large end is that of `now`.
pub(in super::super) fn parse(text: &str, picture: &str, now: f64) -> Fallible<Option<f64>> {
    let parts = parts(picture)?;
    let mut pattern = String::from("^");
    for part in &parts {
        pattern.push('(');
        match part {
            Part::Literal(literal) => pattern.push_str(&regex::escape(literal)),
            Part::Marker(marker) => pattern.push_str(&marker.pattern()?),
        }
        pattern.push(')');
    }
    pattern.push('$');
    let regex = RegexBuilder::new(&pattern)
        .case_insensitive(true)
        .size_limit(MAX_SIZE)
        .build();
    let Ok(regex) = regex else {
        return fail("U1002", "The picture of a time is too large");
    };
    let Some(captures) = regex.captures(text) else {
        return Ok(None);
    };
    let mut read = Read::default();
    let mut any = false;
    for (part, found) in parts.iter().zip(captures.iter().skip(1)) {
        if let (Part::Marker(marker), Some(found)) = (part, found) {
            any = true;
            if let Some(value) = marker.value(found.as_str())? {
                read.0.push((marker.component, value));
            }
        }
    }
    match any {
        true => read.millis(now),
        false => Ok(None),
    }
}

impl Marker {
    fn pattern(&self) -> Fallible<String> {
        Ok(match (self.component, &self.number) {
            ('Z' | 'z', number) => {
                let prefix = if self.component == 'z' { "GMT" } else { "" };
                let minutes = match number.as_ref().and_then(IntegerPicture::regular_separator) {
                    Some(separator) => format!("{}[0-9]+", regex::escape(&separator.to_string())),
                    None => String::new(),
                };
                format!("{prefix}[-+][0-9]+{minutes}")
            }
            ('f', _) => "[0-9]+".to_owned(),
            (_, Some(number)) => number.pattern(self.exactly)?,
            ('M' | 'x' | 'F' | 'P', None) => "[a-zA-Z]+".to_owned(),
            (letter, None) => return no_name(letter),
        })
    }

    /// What a text that fits the pattern means; none if it is not known.
    fn value(&self, text: &str) -> Fallible<Option<f64>> {
        let named = |names: &[&str]| {
            let short = |name: &str| name.chars().take(self.widest.unwrap_or(usize::MAX)).collect::<String>();
            (1_u32..)
                .zip(names)
                .find(|(_, name)| short(name) == text)
                .map(|(number, _)| f64::from(number))
        };
        Ok(match (self.component, &self.number) {
            ('Z' | 'z', _) => offset_minutes(text.trim_start_matches(['G', 'M', 'T', 'g', 'm', 't'])).map(f64::from),
            ('f', _) => {
                let digits: String = text.chars().chain("000".chars()).take(3).collect();
                digits.parse().ok()
            }
            (_, Some(number)) => number.read(text)?,
            ('M' | 'x', None) => named(&MONTHS),
            ('F', None) => named(&DAYS),
            _ => match text {
                "am" | "AM" => Some(0.0),
                "pm" | "PM" => Some(1.0),
                _ => None,
            },
        })
    }
}

impl Read {
    fn millis(mut self, now: f64) -> Fallible<Option<f64>> {
        let by_month = self.is("YMD", "XxWwd");
        let by_day = !by_month && self.is("Yd", "XMxWwD");
        let by_month_week = self.is("Xxw", "YMWdD");
        let by_week = !by_month_week && self.is("XW", "YMxwdD");
        let half_days = !self.is("Hmsf", "Ph") && self.is("Phmsf", "H");
        let date = match () {
            () if by_day => "Yd",
            () if by_month_week => "XxwF",
            () if by_week => "XWF",
            () => "YMD",
        };
        let now = time_at(now)?;
        let (mut started, mut ended) = (false, false);
        for letter in date.chars().chain(if half_days { "Phmsf" } else { "Hmsf" }.chars()) {
            match self.get(letter) {
                Some(_) if ended => return incomplete(),
                Some(_) => started = true,
                None if started => {
                    ended = true;
                    self.0.push((letter, if "MDd".contains(letter) { 1.0 } else { 0.0 }));
                }
                None => self.0.push((letter, component(now, letter).unwrap_or(0.0))),
            }
        }
        if by_month_week || by_week {
            return incomplete();
        }
        let field = |letter: char| self.get(letter).unwrap_or(0.0);
        let hour = match half_days {
            true => field('h') % 12.0 + 12.0 * field('P'),
            false => field('H'),
        };
        let clock = [hour, field('m'), field('s'), field('f')];
        let millis = match by_day {
            true => instant(field('Y'), 0.0, field('d'), clock),
            false => instant(field('Y'), (field('M') - 1.0).max(0.0), field('D'), clock),
        };
        let offset = self.get('Z').or_else(|| self.get('z')).unwrap_or(0.0);
        match millis {
            Some(millis) => Ok(Some(millis - offset * 60_000.0)),
            None => fail("D3110", "The time that was read is out of range"),
        }
    }
}

fn incomplete<T>() -> Fallible<T> {
    fail(
        "D3136",
        "The date/time picture string is missing specifiers required to parse the timestamp",
    )
}
