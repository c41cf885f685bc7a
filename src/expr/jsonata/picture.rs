//! Times written and read by a picture such as `[Y0001]-[M01]-[D01]`
//! ([XPath formatting of dates and times](https://www.w3.org/TR/xpath-functions-31/#rules-for-datetime-formatting)): years,
//! months, days, weekdays, hours, minutes, seconds, fractions, am/pm and offsets, in digits and English names.

use time::{Date, Month, OffsetDateTime, Time};

use super::error::{Fallible, fail};

const ISO: &str = "[Y0001]-[M01]-[D01]T[H01]:[m01]:[s01].[f001][Z01:01t]";
const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const DAYS: [&str; 7] = [
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
];

/// A piece of a picture.
enum Part<'a> {
    Literal(String),
    /// The letter of the component, and what is written after it without space.
    Component(char, Presentation<'a>),
}

/// How a component is written.
struct Presentation<'a> {
    /// `N`, `n` or `Nn` for names, else a pattern of digits.
    form: &'a str,
    ordinal: bool,
    /// `Z` for an offset of zero.
    zulu: bool,
    /// The most characters of a name or digits of a year.
    width: Option<usize>,
    least: usize,
}

fn parts(picture: &str) -> Fallible<Vec<Part<'_>>> {
    let mut parts = Vec::new();
    let mut rest = picture;
    while let Some(at) = rest.find(['[', ']']) {
        push_literal(&mut parts, rest.get(..at).unwrap_or_default());
        let marker = rest.get(at..).unwrap_or_default();
        if let Some(after) = marker.strip_prefix("[[").or_else(|| marker.strip_prefix("]]")) {
            push_literal(&mut parts, marker.get(..1).unwrap_or_default());
            rest = after;
            continue;
        }
        let Some((inner, after)) = marker.strip_prefix('[').and_then(|inner| inner.split_once(']')) else {
            return fail("D3135", "No matching closing bracket ']' in date/time picture string");
        };
        parts.push(component(inner)?);
        rest = after;
    }
    push_literal(&mut parts, rest);
    Ok(parts)
}

fn push_literal(parts: &mut Vec<Part<'_>>, text: &str) {
    if !text.is_empty() {
        parts.push(Part::Literal(text.to_owned()));
    }
}

fn component(text: &str) -> Fallible<Part<'_>> {
    let text = text.trim();
    let mut characters = text.chars();
    let letter = characters.next().unwrap_or(' ');
    let known = "YMDdFHhmsfPZz".contains(letter);
    if !known {
        return fail(
            "D3132",
            format!("Unknown component specifier {letter} in date/time picture string"),
        );
    }
    let (form, width) = match characters.as_str().rsplit_once(',') {
        Some((form, width)) => (form, width),
        None => (characters.as_str(), ""),
    };
    let bound = |text: &str| text.parse::<usize>().ok().filter(|width| *width <= 100);
    let (narrowest, widest) = match width.split_once('-') {
        Some((least, most)) => (bound(least), bound(most)),
        None => (bound(width), None),
    };
    let names = matches!(form, "N" | "n" | "Nn") || (form.is_empty() && matches!(letter, 'F' | 'P'));
    if names && !matches!(letter, 'M' | 'F' | 'P') {
        return fail(
            "D3133",
            format!(
                "The 'name' modifier can only be applied to months and days in the date/time picture string, not {letter}"
            ),
        );
    }
    let (form, zulu) = match form.strip_suffix('t') {
        Some(form) => (form, true),
        None => (form, false),
    };
    let (form, ordinal) = match form.strip_suffix('o') {
        Some(form) => (form, true),
        None => (form, false),
    };
    if !names && !form.chars().all(|c| c.is_ascii_digit() || "#:*".contains(c)) {
        return fail(
            "D3130",
            format!(
                "Formatting or parsing an integer as a sequence starting with {form} is not supported by this implementation"
            ),
        );
    }
    let digits = form.chars().filter(char::is_ascii_digit).count();
    if matches!(letter, 'Z' | 'z') && digits > 4 {
        return fail(
            "D3134",
            "The timezone integer format specifier cannot have more than four digits",
        );
    }
    let least = match (letter, digits) {
        ('m' | 's', 0) => 2,
        (_, digits) => digits.max(1).max(narrowest.unwrap_or(1)),
    };
    // Years are cut to the digits that are asked for.
    let width = widest.or((letter == 'Y' && least >= 2).then_some(least));
    Ok(Part::Component(
        letter,
        Presentation {
            form: if names && form.is_empty() { "n" } else { form },
            ordinal,
            zulu,
            width,
            least,
        },
    ))
}

/// Writes a time, in UTC or at an offset such as `+0100`.
pub(super) fn format(millis: f64, picture: Option<&str>, offset: Option<&str>) -> Fallible<String> {
    let minutes = offset.map_or(Some(0), offset_minutes).unwrap_or(0);
    #[allow(
        clippy::cast_possible_truncation,
        reason = "saturates, and what is too large is refused below"
    )]
    let nanos = (millis.floor() as i128)
        .saturating_add(i128::from(minutes) * 60_000)
        .saturating_mul(1_000_000);
    let Ok(at) = OffsetDateTime::from_unix_timestamp_nanos(nanos) else {
        return fail("D3110", format!("The time {millis} is out of range"));
    };
    let mut out = String::new();
    for part in parts(picture.unwrap_or(ISO))? {
        match part {
            Part::Literal(text) => out.push_str(&text),
            Part::Component(letter, presentation) => out.push_str(&written(letter, &presentation, at, minutes)),
        }
    }
    Ok(out)
}

fn written(letter: char, presentation: &Presentation<'_>, at: OffsetDateTime, offset: i64) -> String {
    let hour = at.hour();
    let number = match letter {
        'Z' | 'z' => return written_offset(letter, presentation, offset),
        'P' => return cased(if hour < 12 { "am" } else { "pm" }, presentation),
        'f' => {
            let digits = format!("{:03}", at.millisecond());
            return digits
                .chars()
                .chain("000".chars())
                .take(presentation.least.max(1))
                .collect();
        }
        'F' if is_name(presentation) => {
            let day = DAYS.get(usize::from(at.weekday().number_days_from_monday())).copied();
            return cased(day.unwrap_or_default(), presentation);
        }
        'M' if is_name(presentation) => {
            let month = MONTHS.get(usize::from(u8::from(at.month())).saturating_sub(1)).copied();
            return cased(month.unwrap_or_default(), presentation);
        }
        'Y' => at.year().unsigned_abs(),
        'M' => u8::from(at.month()).into(),
        'D' => at.day().into(),
        'd' => at.ordinal().into(),
        'F' => at.weekday().number_from_monday().into(),
        'H' => hour.into(),
        'h' => u32::from((hour + 11) % 12 + 1),
        'm' => at.minute().into(),
        _ => at.second().into(),
    };
    let mut digits = format!("{number:0width$}", width = presentation.least);
    if let (Some(most), 'Y') = (presentation.width, letter) {
        digits = digits.chars().skip(digits.len().saturating_sub(most)).collect();
    }
    if presentation.ordinal {
        digits.push_str(ordinal(number));
    }
    digits
}

fn is_name(presentation: &Presentation<'_>) -> bool {
    presentation.form.starts_with(['N', 'n'])
}

fn ordinal(number: u32) -> &'static str {
    match (number % 10, number % 100) {
        (_, 11..=13) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    }
}

fn cased(name: &str, presentation: &Presentation<'_>) -> String {
    let name: String = name.chars().take(presentation.width.unwrap_or(usize::MAX)).collect();
    match presentation.form {
        "N" => name.to_uppercase(),
        "n" => name.to_lowercase(),
        _ => name,
    }
}

fn written_offset(letter: char, presentation: &Presentation<'_>, offset: i64) -> String {
    if presentation.zulu && offset == 0 {
        return "Z".to_owned();
    }
    let sign = if offset < 0 { '-' } else { '+' };
    let (hours, minutes) = (offset.abs() / 60, offset.abs() % 60);
    let prefix = if letter == 'z' { "GMT" } else { "" };
    let digits = presentation.form.chars().filter(char::is_ascii_digit).count();
    match (presentation.form.contains(':') || presentation.form.is_empty(), digits) {
        (true, _) => format!("{prefix}{sign}{hours:02}:{minutes:02}"),
        (false, 1) if minutes == 0 => format!("{prefix}{sign}{hours}"),
        (false, 1) => format!("{prefix}{sign}{hours}:{minutes:02}"),
        (false, 2) if minutes == 0 => format!("{prefix}{sign}{hours:02}"),
        (false, 2) => format!("{prefix}{sign}{hours:02}:{minutes:02}"),
        (false, _) => format!("{prefix}{sign}{hours:02}{minutes:02}"),
    }
}

/// `+0100`, `-05:30` or `Z` in minutes.
fn offset_minutes(text: &str) -> Option<i64> {
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
    Some(sign * (hours.parse::<i64>().ok()? * 60 + minutes.parse::<i64>().ok()?))
}

/// Reads ISO 8601: a year, optionally month, day, time and offset.
pub(super) fn parse_iso(text: &str) -> Option<f64> {
    let (date, clock) = match text.split_once('T') {
        Some((date, clock)) => (date, clock),
        None => (text, ""),
    };
    let mut read = Read::default();
    for (at, field) in date.split('-').enumerate() {
        let expected = if at == 0 { 4 } else { 2 };
        let slot = [&mut read.year, &mut read.month, &mut read.day].into_iter().nth(at)?;
        *slot = Some(digits(field).filter(|_| field.len() == expected)?);
    }
    if clock.is_empty() {
        return if text.contains('T') { None } else { read.millis() };
    }
    let split = clock.find(['Z', '+', '-']).unwrap_or(clock.len());
    let (clock, offset) = clock.split_at(split);
    let (whole, fraction) = clock.split_once('.').unwrap_or((clock, "0"));
    for (at, field) in whole.split(':').enumerate() {
        let slot = [&mut read.hour, &mut read.minute, &mut read.second]
            .into_iter()
            .nth(at)?;
        *slot = Some(digits(field).filter(|_| field.len() == 2)?);
    }
    if !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let thousandths: String = fraction.chars().chain("000".chars()).take(3).collect();
    read.millisecond = digits(&thousandths);
    read.offset = if offset.is_empty() { 0 } else { offset_minutes(offset)? };
    read.millis()
}

fn digits(text: &str) -> Option<u32> {
    text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok())?
}

/// What has been read of a time.
#[derive(Default)]
struct Read {
    year: Option<u32>,
    month: Option<u32>,
    day: Option<u32>,
    day_of_year: Option<u32>,
    hour: Option<u32>,
    minute: Option<u32>,
    second: Option<u32>,
    millisecond: Option<u32>,
    /// On a 12-hour clock, whether it is after noon.
    afternoon: Option<bool>,
    offset: i64,
}

impl Read {
    fn millis(&self) -> Option<f64> {
        let small = |number: Option<u32>, default: u8| number.map_or(Some(default), |number| u8::try_from(number).ok());
        let year = i32::try_from(self.year?).ok()?;
        let date = match self.day_of_year {
            Some(day) => Date::from_ordinal_date(year, u16::try_from(day).ok()?).ok()?,
            None => {
                let month = Month::try_from(small(self.month, 1)?).ok()?;
                Date::from_calendar_date(year, month, small(self.day, 1)?).ok()?
            }
        };
        let hour = match (self.hour, self.afternoon) {
            (Some(hour), Some(afternoon)) => Some(hour % 12 + if afternoon { 12 } else { 0 }),
            (hour, _) => hour,
        };
        let milli = u16::try_from(self.millisecond.unwrap_or(0)).ok()?;
        let clock =
            Time::from_hms_milli(small(hour, 0)?, small(self.minute, 0)?, small(self.second, 0)?, milli).ok()?;
        let nanos = date.with_time(clock).assume_utc().unix_timestamp_nanos();
        #[allow(
            clippy::cast_precision_loss,
            reason = "milliseconds of four-digit years are far below 2^53"
        )]
        let millis = (nanos / 1_000_000) as f64;
        #[allow(clippy::cast_precision_loss, reason = "minutes of a day")]
        let offset = self.offset as f64 * 60_000.0;
        Some(millis - offset)
    }
}

/// Reads a time by a picture; none if the text does not look like it.
pub(super) fn parse(text: &str, picture: &str) -> Fallible<Option<f64>> {
    let parts = parts(picture)?;
    let mut read = Read::default();
    let mut rest = text;
    for (at, part) in parts.iter().enumerate() {
        // Components that follow each other without a literal take their exact width.
        let adjacent = matches!(parts.get(at + 1), Some(Part::Component(..)));
        let Some(after) = read.part(part, rest, adjacent) else {
            return Ok(None);
        };
        rest = after;
    }
    if !rest.is_empty() {
        return Ok(None);
    }
    if read.year.is_none() {
        return fail(
            "D3136",
            "The date/time picture string is missing specifiers required to parse the timestamp",
        );
    }
    Ok(read.millis())
}

impl Read {
    fn part<'t>(&mut self, part: &Part<'_>, text: &'t str, adjacent: bool) -> Option<&'t str> {
        let (letter, presentation) = match part {
            Part::Literal(literal) => return text.strip_prefix(literal.as_str()),
            Part::Component(letter, presentation) => (*letter, presentation),
        };
        match letter {
            'M' if is_name(presentation) => {
                let (number, rest) = named(text, &MONTHS, presentation)?;
                self.month = Some(number);
                return Some(rest);
            }
            'F' => return named(text, &DAYS, presentation).map(|(_, rest)| rest),
            'P' => {
                let (number, rest) = named(text, &["am", "pm"], presentation)?;
                self.afternoon = Some(number == 2);
                return Some(rest);
            }
            'Z' | 'z' => {
                let text = if letter == 'z' { text.strip_prefix("GMT")? } else { text };
                let end = text
                    .find(|c: char| !(c.is_ascii_digit() || "+-:Z".contains(c)))
                    .unwrap_or(text.len());
                self.offset = offset_minutes(text.get(..end)?)?;
                return text.get(end..);
            }
            _ => {}
        }
        let most = if adjacent { presentation.least } else { 9 };
        let end = text.bytes().take(most).take_while(u8::is_ascii_digit).count();
        let found = text.get(..end).filter(|found| !found.is_empty())?;
        let mut rest = text.get(end..)?;
        let number: u32 = match letter {
            'f' => digits(&found.chars().chain("000".chars()).take(3).collect::<String>())?,
            _ => found.parse().ok()?,
        };
        if presentation.ordinal {
            rest = rest.strip_prefix(ordinal(number))?;
        }
        let slot = match letter {
            'Y' => &mut self.year,
            'M' => &mut self.month,
            'D' => &mut self.day,
            'd' => &mut self.day_of_year,
            'H' | 'h' => &mut self.hour,
            'm' => &mut self.minute,
            's' => &mut self.second,
            _ => &mut self.millisecond,
        };
        *slot = Some(number);
        Some(rest)
    }
}

/// Which of some names a text begins with, counted from 1.
fn named<'t>(text: &'t str, names: &[&str], presentation: &Presentation<'_>) -> Option<(u32, &'t str)> {
    (1_u32..).zip(names).find_map(|(number, name)| {
        let name = name.get(..presentation.width.unwrap_or(name.len()).min(name.len()))?;
        let begins = text.get(..name.len())?.eq_ignore_ascii_case(name);
        begins
            .then(|| text.get(name.len()..))
            .flatten()
            .map(|rest| (number, rest))
    })
}
