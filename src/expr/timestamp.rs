//! Timestamps of the States Language: RFC 3339 with capital `T`, and `Z` or an offset, in the reading of Java's
//! `ISO_OFFSET_DATE_TIME`, which AWS's messages name (seconds may be left out, up to nine decimals).

use time::{Date, Month, OffsetDateTime, Time};

/// Nanoseconds since the Unix epoch of a timestamp, none if it is not one.
pub fn parse(text: &str) -> Option<i128> {
    let (date, rest) = text.split_once('T')?;
    let offset_at = rest.find(['Z', '+', '-'])?;
    let (time, offset) = rest.split_at(offset_at);
    let local = date_of(date)?.with_time(time_of(time)?).assume_utc();
    Some(local.unix_timestamp_nanos() - i128::from(offset_seconds(offset)?) * 1_000_000_000)
}

/// A time as the context object writes it: `2024-11-28T14:56:32.123Z`.
pub fn format_millis(millis: u64) -> String {
    let nanos = i128::from(millis) * 1_000_000;
    let Ok(at) = OffsetDateTime::from_unix_timestamp_nanos(nanos) else {
        return String::new();
    };
    format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z",
        at.year(),
        u8::from(at.month()),
        at.day(),
        at.hour(),
        at.minute(),
        at.second(),
        at.millisecond()
    )
}

fn date_of(text: &str) -> Option<Date> {
    let [year, month, day] = numbers(text, '-')?;
    if text.len() != 10 {
        return None;
    }
    let month = Month::try_from(u8::try_from(month).ok()?).ok()?;
    Date::from_calendar_date(i32::try_from(year).ok()?, month, u8::try_from(day).ok()?).ok()
}

fn time_of(text: &str) -> Option<Time> {
    let (clock, nanos) = match text.split_once('.') {
        None => (text, 0),
        Some((clock, decimals)) => (clock, nanos_of(decimals)?),
    };
    let [hour, minute, second] = match clock.len() {
        5 if nanos == 0 && !text.contains('.') => {
            let [hour, minute] = numbers(clock, ':')?;
            [hour, minute, 0]
        }
        8 => numbers(clock, ':')?,
        _ => return None,
    };
    let small = |number: u32| u8::try_from(number).ok();
    Time::from_hms_nano(small(hour)?, small(minute)?, small(second)?, nanos).ok()
}

fn nanos_of(decimals: &str) -> Option<u32> {
    if decimals.is_empty() || decimals.len() > 9 || !decimals.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let number: u32 = decimals.parse().ok()?;
    Some(number * 10_u32.pow(9 - u32::try_from(decimals.len()).ok()?))
}

fn offset_seconds(text: &str) -> Option<i64> {
    if text == "Z" {
        return Some(0);
    }
    let (sign, clock) = match text.split_at_checked(1)? {
        ("+", clock) => (1, clock),
        ("-", clock) => (-1, clock),
        _ => return None,
    };
    let [hours, minutes] = numbers(clock, ':')?;
    (clock.len() == 5 && hours <= 18 && minutes < 60).then(|| sign * i64::from(hours * 3600 + minutes * 60))
}

/// Exactly `N` runs of digits with a separator between them.
fn numbers<const N: usize>(text: &str, separator: char) -> Option<[u32; N]> {
    let mut parts = text.split(separator);
    let mut found = [0; N];
    for number in &mut found {
        let part = parts.next()?;
        if part.len() < 2 || !part.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        *number = part.parse().ok()?;
    }
    parts.next().is_none().then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn timestamps_are_read() {
        for (text, nanos) in [
            ("1970-01-01T00:00:00Z", Some(0)),
            ("2012-10-09T19:00:55Z", Some(1_349_809_255_000_000_000)),
            ("2012-10-09T19:00:55+01:00", Some(1_349_805_655_000_000_000)),
            ("2012-10-09T19:00:55.5-00:30", Some(1_349_811_055_500_000_000)),
            ("2016-03-05T21:29:29.243167252Z", Some(1_457_213_369_243_167_252)),
            ("2016-03-05T21:29Z", Some(1_457_213_340_000_000_000)),
            ("1969-12-31T23:59:59.999Z", Some(-1_000_000)),
            ("2012-10-09T19:00:55", None),
            ("2012-10-09t19:00:55z", None),
            ("2012-10-09 19:00:55Z", None),
            ("2016-13-05T21:29:29Z", None),
            ("2016-12-05T25:29:29Z", None),
            ("05-12-2016T21:29:29Z", None),
            ("2023-02-29T00:00:00Z", None),
            ("2023-02-24", None),
            ("", None),
        ] {
            assert_eq!(parse(text), nanos, "{text}");
        }
    }

    #[test]
    fn times_are_written_like_the_context_object() {
        assert_eq!(format_millis(1_349_809_255_007), "2012-10-09T19:00:55.007Z");
    }

    proptest! {
        #[test]
        fn reading_never_panics(text in "[0-9T:Z.+ü-]{0,30}") {
            let _ = parse(&text);
        }

        #[test]
        fn written_times_are_read_back(millis in 0u64..250_000_000_000_000) {
            prop_assert_eq!(parse(&format_millis(millis)), Some(i128::from(millis) * 1_000_000));
        }
    }
}
