//! Fields of times that the calendar gives: weeks of years and months, by ISO 8601.

use time::{Date, Month};

/// The Monday of the first week of a year (`month` 0) or month: the one with its first Thursday. In days of the Julian calendar.
fn first_monday(year: i32, month: Month) -> i64 {
    let Ok(first) = Date::from_calendar_date(year, month, 1) else {
        return 0;
    };
    let weekday = i64::from(first.weekday().number_from_monday());
    let day = i64::from(first.to_julian_day());
    match weekday > 4 {
        true => day + 8 - weekday,
        false => day + 1 - weekday,
    }
}

/// Week of the year, and the year it belongs to.
pub(super) fn week_of_year(date: Date) -> (i64, i32) {
    let today = i64::from(date.to_julian_day());
    let year = date.year();
    let start = |year| first_monday(year, Month::January);
    let belongs = if today < start(year) {
        year - 1
    } else if today >= start(year + 1) {
        year + 1
    } else {
        year
    };
    ((today - start(belongs)) / 7 + 1, belongs)
}

/// Week of the month, and the month (1 to 12) it belongs to.
pub(super) fn week_of_month(date: Date) -> (i64, u8) {
    let today = i64::from(date.to_julian_day());
    let (year, month) = (date.year(), date.month());
    let after = (if month == Month::December { year + 1 } else { year }, month.next());
    let before = (if month == Month::January { year - 1 } else { year }, month.previous());
    let belongs = if today < first_monday(year, month) {
        before
    } else if today >= first_monday(after.0, after.1) {
        after
    } else {
        (year, month)
    };
    (
        (today - first_monday(belongs.0, belongs.1)) / 7 + 1,
        u8::from(belongs.1),
    )
}
