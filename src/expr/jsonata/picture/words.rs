//! Numbers as English words.

const FEW: [&str; 20] = [
    "Zero",
    "One",
    "Two",
    "Three",
    "Four",
    "Five",
    "Six",
    "Seven",
    "Eight",
    "Nine",
    "Ten",
    "Eleven",
    "Twelve",
    "Thirteen",
    "Fourteen",
    "Fifteen",
    "Sixteen",
    "Seventeen",
    "Eighteen",
    "Nineteen",
];
const FEW_ORDINAL: [&str; 20] = [
    "Zeroth",
    "First",
    "Second",
    "Third",
    "Fourth",
    "Fifth",
    "Sixth",
    "Seventh",
    "Eighth",
    "Ninth",
    "Tenth",
    "Eleventh",
    "Twelfth",
    "Thirteenth",
    "Fourteenth",
    "Fifteenth",
    "Sixteenth",
    "Seventeenth",
    "Eighteenth",
    "Nineteenth",
];
const TENS: [&str; 8] = [
    "Twenty", "Thirty", "Forty", "Fifty", "Sixty", "Seventy", "Eighty", "Ninety",
];
/// By what they are worth.
const LARGE: [(&str, f64); 4] = [
    ("Thousand", 1e3),
    ("Million", 1e6),
    ("Billion", 1e9),
    ("Trillion", 1e12),
];

/// Writes a whole number that is not negative, `One Hundred and Twenty-Three`.
pub(super) fn written(number: f64, ordinal: bool) -> String {
    let mut out = String::new();
    write(number, false, ordinal, &mut out);
    out
}

fn word(list: &[&'static str], index: f64) -> &'static str {
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "saturates, and what is out of range gives nothing"
    )]
    list.get(index as usize).copied().unwrap_or_default()
}

/// Recurses less than 30 deep, even for the largest number.
fn write(number: f64, follows: bool, ordinal: bool, out: &mut String) {
    if number < 100.0 {
        out.push_str(if follows { " and " } else { "" });
        if number < 20.0 {
            out.push_str(word(if ordinal { &FEW_ORDINAL } else { &FEW }, number));
            return;
        }
        let tens = word(&TENS, (number / 10.0).floor() - 2.0);
        match number % 10.0 {
            rest if rest > 0.0 => {
                out.push_str(tens);
                out.push('-');
                write(rest, false, ordinal, out);
            }
            _ if ordinal => {
                out.push_str(tens.trim_end_matches('y'));
                out.push_str("ieth");
            }
            _ => out.push_str(tens),
        }
        return;
    }
    out.push_str(if follows { ", " } else { "" });
    let rest = if number < 1000.0 {
        out.push_str(word(&FEW, (number / 100.0).floor()));
        out.push_str(" Hundred");
        number % 100.0
    } else {
        let (name, worth) = LARGE
            .iter()
            .rev()
            .find(|(_, worth)| number >= *worth)
            .copied()
            .unwrap_or(LARGE[0]);
        let count = (number / worth).floor();
        write(count, false, false, out);
        out.push(' ');
        out.push_str(name);
        number - count * worth
    };
    if rest > 0.0 {
        write(rest, true, ordinal, out);
    } else if ordinal {
        out.push_str("th");
    }
}

/// What a word in lower case is worth.
fn worth(word: &str) -> Option<f64> {
    let position = |list: &[&str]| {
        let at = list.iter().position(|known| known.eq_ignore_ascii_case(word))?;
        u32::try_from(at).ok().map(f64::from)
    };
    if let Some(number) = position(&FEW).or_else(|| position(&FEW_ORDINAL)) {
        return Some(number);
    }
    if let Some(number) = position(&TENS) {
        return Some((number + 2.0) * 10.0);
    }
    if let Some(stem) = word.strip_suffix("ieth") {
        return worth(&format!("{stem}y"));
    }
    let plain = word.strip_suffix("th").unwrap_or(word);
    if plain == "hundred" {
        return Some(100.0);
    }
    LARGE
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(plain))
        .map(|(_, worth)| *worth)
}

/// Reads words in lower case; none if a word is unknown.
pub(super) fn read(text: &str) -> Option<f64> {
    let plain = text.replace(", ", " ").replace(" and ", " ");
    let mut parts: Vec<f64> = vec![0.0];
    for word in plain.split(|c: char| c.is_whitespace() || c == '-') {
        let value = worth(word)?;
        let top = parts.pop().unwrap_or(0.0);
        if value >= 100.0 {
            parts.push(top * value);
        } else if top >= 1000.0 {
            parts.extend([top, value]);
        } else {
            parts.push(top + value);
        }
    }
    Some(parts.iter().sum())
}

/// A regular expression for all that may stand in words.
pub(super) fn pattern() -> String {
    let mut words: Vec<String> = [FEW.as_slice(), &FEW_ORDINAL, &TENS]
        .concat()
        .iter()
        .map(|word| (*word).to_owned())
        .collect();
    words.extend(TENS.iter().map(|word| format!("{}ieth", word.trim_end_matches('y'))));
    for name in LARGE.iter().map(|(name, _)| *name).chain(["Hundred"]) {
        words.push(format!("{name}th"));
        words.push(name.to_owned());
    }
    format!("(?:{}|and|[\\-, ])+", words.join("|"))
}
