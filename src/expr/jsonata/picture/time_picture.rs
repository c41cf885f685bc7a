//! Pictures of times such as `[Y0001]-[M01]-[D01]`, taken apart
//! ([XPath formatting of dates and times](https://www.w3.org/TR/xpath-functions-31/#rules-for-datetime-formatting)).

use super::integer::{Case, IntegerPicture};
use crate::expr::jsonata::error::{Fallible, fail};

/// The longest picture, in bytes.
const MAX_PICTURE: usize = 2000;
/// The largest width.
const MAX_WIDTH: usize = 200;

pub(super) const MONTHS: [&str; 12] = [
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
/// From Monday on.
pub(super) const DAYS: [&str; 7] = [
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
];

/// A piece of a picture.
pub(super) enum Part {
    Literal(String),
    Marker(Marker),
}

/// A component, `[…]`.
pub(super) struct Marker {
    /// Its letter.
    pub(super) component: char,
    /// It is written as a name.
    pub(super) names: Option<Case>,
    /// It is written as a number.
    pub(super) number: Option<IntegerPicture>,
    /// `Z` stands for an offset of zero.
    pub(super) zulu: bool,
    /// The most characters of a name.
    pub(super) widest: Option<usize>,
    /// To how many digits a year is cut.
    pub(super) year_digits: Option<u32>,
    /// How many digits are read, since another number follows at once.
    pub(super) exactly: Option<usize>,
}

/// Takes a picture apart.
pub(super) fn parts(picture: &str) -> Fallible<Vec<Part>> {
    if picture.len() > MAX_PICTURE {
        return fail("U1002", format!("A picture of a time is longer than {MAX_PICTURE}"));
    }
    let mut parts = Vec::new();
    let mut rest = picture;
    while let Some(at) = rest.find('[') {
        push_literal(&mut parts, rest.get(..at).unwrap_or_default());
        let after = rest.get(at + 1..).unwrap_or_default();
        if let Some(after) = after.strip_prefix('[') {
            parts.push(Part::Literal("[".to_owned()));
            rest = after;
            continue;
        }
        let Some((inner, after)) = after.split_once(']') else {
            return fail("D3135", "No matching closing bracket ']' in date/time picture string");
        };
        let marker = marker(&inner.split_whitespace().collect::<String>())?;
        if let (Some(Part::Marker(before)), true) = (parts.last_mut(), marker.number.is_some() && marker.dated())
            && let Some(digits) = before.number.as_ref().and_then(IntegerPicture::digits)
        {
            before.exactly = Some(digits.mandatory);
        }
        parts.push(Part::Marker(marker));
        rest = after;
    }
    push_literal(&mut parts, rest);
    Ok(parts)
}

fn push_literal(parts: &mut Vec<Part>, text: &str) {
    if !text.is_empty() {
        parts.push(Part::Literal(text.replace("]]", "]")));
    }
}

impl Marker {
    /// Whether it is part of the date or time, so not an offset or a name.
    fn dated(&self) -> bool {
        "YMDdFWwXxHhmsf".contains(self.component)
    }
}

fn default_form(component: char) -> Option<&'static str> {
    Some(match component {
        'Y' | 'M' | 'D' | 'd' | 'W' | 'w' | 'X' | 'x' | 'H' | 'h' | 'f' => "1",
        'F' | 'P' | 'C' | 'E' => "n",
        'm' | 's' => "01",
        'Z' | 'z' => "01:01",
        _ => return None,
    })
}

fn marker(text: &str) -> Fallible<Marker> {
    let component = text.chars().next().unwrap_or(' ');
    let shown = if text.is_empty() {
        String::new()
    } else {
        component.to_string()
    };
    let rest = text.get(shown.len()..).unwrap_or_default();
    let (form, width) = match rest.rsplit_once(',') {
        Some((form, width)) => (form, Some(width)),
        None => (rest, None),
    };
    let (narrowest, widest) = widths(width.unwrap_or_default())?;
    let modified = form.chars().count() > 1;
    let (form, modifier) = match form.chars().next_back() {
        Some(last) if modified && "atco".contains(last) => (form.trim_end_matches(last), Some(last)),
        _ => (form, None),
    };
    let Some(default) = default_form(component) else {
        return fail(
            "D3132",
            format!("Unknown component specifier \"{shown}\" in date/time picture string"),
        );
    };
    let form = if form.is_empty() { default } else { form };
    let names = match form {
        form if form.starts_with('n') => Some(Case::Lower),
        form if form.starts_with("Nn") => Some(Case::Title),
        form if form.starts_with('N') => Some(Case::Upper),
        _ => None,
    };
    let mut marker = Marker {
        component,
        names,
        number: None,
        zulu: modifier == Some('t'),
        widest,
        year_digits: None,
        exactly: None,
    };
    if matches!(component, 'Z' | 'z') {
        marker.number = Some(IntegerPicture::parse(form)?);
    } else if names.is_none() && marker.dated() {
        let mut number = IntegerPicture::parse(form)?;
        number.ordinal |= modifier == Some('o');
        if let Some(least) = narrowest {
            number.widen(least, false);
        }
        if component == 'Y' {
            let digits = number.digits().map_or(0, |digits| digits.mandatory + digits.optional);
            let cut = widest.or((digits >= 2).then_some(digits));
            marker.year_digits = cut.and_then(|digits| u32::try_from(digits).ok());
            if let Some(most) = widest {
                number.widen(most, true);
            }
        }
        marker.number = Some(number);
    }
    Ok(marker)
}

/// `2`, `2-4`, `*-4`.
fn widths(text: &str) -> Fallible<(Option<usize>, Option<usize>)> {
    let (least, most) = text.split_once('-').map_or((text, ""), |(least, most)| (least, most));
    let width = |text: &str| text.parse::<usize>().ok();
    for width in [width(least), width(most)].into_iter().flatten() {
        if width > MAX_WIDTH {
            return fail(
                "U1002",
                format!("A width in a picture of a time is larger than {MAX_WIDTH}"),
            );
        }
    }
    Ok((width(least), width(most)))
}
