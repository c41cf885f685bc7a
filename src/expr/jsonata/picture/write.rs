//! Times written by a picture.

use time::OffsetDateTime;

use super::calendar;
use super::integer::IntegerPicture;
use super::read::offset_minutes;
use super::time_picture::{DAYS, MONTHS, Marker, Part, parts};
use crate::expr::jsonata::error::{Fallible, fail};

const ISO: &str = "[Y0001]-[M01]-[D01]T[H01]:[m01]:[s01].[f001][Z01:01t]";

/// A time, milliseconds since the epoch, if it is in range.
pub(super) fn time_at(millis: f64) -> Fallible<OffsetDateTime> {
    #[allow(
        clippy::cast_possible_truncation,
        reason = "saturates, and what is too large is refused below"
    )]
    let nanos = (millis.floor() as i128).saturating_mul(1_000_000);
    match OffsetDateTime::from_unix_timestamp_nanos(nanos) {
        Ok(at) => Ok(at),
        Err(_) => fail("D3110", format!("The time {millis} is out of range")),
    }
}

/// Writes a time, in UTC or at an offset such as `+0100`.
pub(in super::super) fn format(millis: f64, picture: Option<&str>, offset: Option<&str>) -> Fallible<String> {
    let minutes = offset.map_or(Some(0), offset_minutes).unwrap_or(0);
    let at = time_at(millis.trunc() + f64::from(minutes) * 60_000.0)?;
    let mut out = String::new();
    for part in parts(picture.unwrap_or(ISO))? {
        match part {
            Part::Literal(text) => out.push_str(&text),
            Part::Marker(marker) => out.push_str(&marker.written(at, minutes)?),
        }
    }
    Ok(out)
}

/// A component of a time as a number; none for those that are not.
pub(super) fn component(at: OffsetDateTime, letter: char) -> Option<f64> {
    let hour = at.hour();
    Some(match letter {
        'Y' => f64::from(at.year()),
        'M' => f64::from(u8::from(at.month())),
        'D' => f64::from(at.day()),
        'd' => f64::from(at.ordinal()),
        'F' => f64::from(at.weekday().number_from_monday()),
        #[allow(clippy::cast_precision_loss, reason = "at most 53")]
        'W' => calendar::week_of_year(at.date()).0 as f64,
        #[allow(clippy::cast_precision_loss, reason = "at most 5")]
        'w' => calendar::week_of_month(at.date()).0 as f64,
        'X' => f64::from(calendar::week_of_year(at.date()).1),
        'x' => f64::from(calendar::week_of_month(at.date()).1),
        'H' => f64::from(hour),
        'h' => f64::from((hour + 11) % 12 + 1),
        'P' => f64::from(hour / 12),
        'm' => f64::from(at.minute()),
        's' => f64::from(at.second()),
        'f' => f64::from(at.millisecond()),
        _ => return None,
    })
}

impl Marker {
    fn written(&self, at: OffsetDateTime, offset: i32) -> Fallible<String> {
        match self.component {
            'Z' | 'z' => return self.offset(offset),
            'C' | 'E' => return Ok("ISO".to_owned()),
            'P' => {
                let name = if at.hour() < 12 { "am" } else { "pm" };
                let upper = self.names == Some(super::integer::Case::Upper);
                return Ok(if upper { name.to_uppercase() } else { name.to_owned() });
            }
            _ => {}
        }
        let number = component(at, self.component).unwrap_or(f64::NAN);
        let Some(picture) = &self.number else {
            return self.name(number);
        };
        let cut = match self.year_digits.and_then(|digits| i32::try_from(digits).ok()) {
            Some(digits) if self.component == 'Y' => number % 10_f64.powi(digits),
            _ => number,
        };
        picture.written(cut)
    }

    fn name(&self, number: f64) -> Fallible<String> {
        let list: &[&str] = match self.component {
            'M' | 'x' => &MONTHS,
            'F' => &DAYS,
            letter => return no_name(letter),
        };
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "1 to 12")]
        let name = list
            .get((number as usize).saturating_sub(1))
            .copied()
            .unwrap_or_default();
        let name = self.names.map_or_else(|| name.to_owned(), |case| case.applied(name));
        Ok(name.chars().take(self.widest.unwrap_or(usize::MAX)).collect())
    }

    fn offset(&self, offset: i32) -> Fallible<String> {
        if self.zulu && offset == 0 {
            return Ok("Z".to_owned());
        }
        let (hours, minutes) = (offset / 60, offset % 60);
        let whole = f64::from(hours * 100 + minutes);
        let digits = self.number.as_ref().and_then(IntegerPicture::digits);
        let Some((picture, digits)) = self.number.as_ref().zip(digits) else {
            return too_many_digits();
        };
        let mut text = match (picture.regular_separator(), digits.mandatory) {
            (Some(_), _) | (None, 3 | 4) => picture.written(whole)?,
            (None, 1 | 2) => {
                let mut text = picture.written(f64::from(hours))?;
                if minutes != 0 {
                    text.push_str(&format!(":{:02}", minutes.abs()));
                }
                text
            }
            (None, _) => return too_many_digits(),
        };
        if offset >= 0 {
            text.insert(0, '+');
        }
        if self.component == 'z' {
            text.insert_str(0, "GMT");
        }
        Ok(text)
    }
}

fn too_many_digits<T>() -> Fallible<T> {
    fail(
        "D3134",
        "The timezone integer format specifier cannot have more than four digits",
    )
}

pub(super) fn no_name<T>(letter: char) -> Fallible<T> {
    fail(
        "D3133",
        format!(
            "The 'name' modifier can only be applied to months and days in the date/time picture string, not \"{letter}\""
        ),
    )
}
