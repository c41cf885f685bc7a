//! The core schema of YAML 1.2: what an unquoted scalar means.
//! Source: <https://yaml.org/spec/1.2.2/#103-core-schema>

use serde_json::Number;

use super::Value;

/// The value of a plain (unquoted, untagged) scalar. Errors: numbers that JSON cannot hold.
pub(super) fn plain(text: &str) -> Result<Value, String> {
    Ok(match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => Value::Bool(true),
        "false" | "False" | "FALSE" => Value::Bool(false),
        _ => match number(text)? {
            Some(number) => Value::Number(number),
            None => Value::String(text.to_owned()),
        },
    })
}

/// The value of a scalar with a tag of the core schema, e.g. `!!int 5`; none if the text does not fit the tag.
pub(super) fn tagged(suffix: &str, text: &str) -> Option<Value> {
    if suffix == "str" {
        return Some(Value::String(text.to_owned()));
    }
    let value = plain(text).ok()?;
    match (suffix, value) {
        ("null", Value::Null) => Some(Value::Null),
        ("bool", Value::Bool(value)) => Some(Value::Bool(value)),
        ("int", Value::Number(value)) if !value.is_f64() => Some(Value::Number(value)),
        ("float", Value::Number(value)) => Number::from_f64(value.as_f64()?).map(Value::Number),
        _ => None,
    }
}

/// The number that a text is; none if it is no number at all.
fn number(text: &str) -> Result<Option<Number>, String> {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    if matches!(unsigned, ".inf" | ".Inf" | ".INF") || matches!(text, ".nan" | ".NaN" | ".NAN") {
        return Err(format!("`{text}` is a number that JSON cannot hold"));
    }
    for (prefix, radix) in [("0o", 8), ("0x", 16)] {
        if let Some(digits) = text.strip_prefix(prefix)
            && !digits.is_empty()
            && digits.chars().all(|digit| digit.is_digit(radix))
        {
            return u64::from_str_radix(digits, radix)
                .map(|value| Some(value.into()))
                .map_err(|_| format!("the number `{text}` is too large"));
        }
    }
    let Some(is_float) = decimal_form(unsigned) else {
        return Ok(None);
    };
    if !is_float {
        if let Ok(value) = text.parse::<u64>() {
            return Ok(Some(value.into()));
        }
        // `-0` is no integer to JSON readers that keep the sign: it becomes a float below, as serde_json does it.
        if let Ok(value) = text.parse::<i64>()
            && value != 0
        {
            return Ok(Some(value.into()));
        }
    }
    text.parse::<f64>()
        .ok()
        .and_then(Number::from_f64)
        .map(Some)
        .ok_or_else(|| format!("the number `{text}` is too large"))
}

/// Whether an unsigned text is a decimal number: `false` for an integer, `true` for a float, none for neither.
fn decimal_form(text: &str) -> Option<bool> {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (text, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let has_mantissa = !whole.is_empty() || fraction.is_some_and(|fraction| !fraction.is_empty());
    let has_exponent = exponent.is_none_or(|exponent| {
        let exponent = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
        !exponent.is_empty() && digits(exponent)
    });
    (has_mantissa && has_exponent && digits(whole) && digits(fraction.unwrap_or("")))
        .then_some(fraction.is_some() || exponent.is_some())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::tree::Node;

    fn check(text: &str, expected: &str) {
        let got = match plain(text) {
            Ok(value) => Node::new(value).to_json().to_string(),
            Err(message) => message,
        };
        assert_eq!(got, expected, "{text}");
    }

    #[test]
    fn the_core_schema_types_plain_scalars() {
        for (text, expected) in [
            ("", "null"),
            ("~", "null"),
            ("Null", "null"),
            ("nUll", r#""nUll""#),
            ("TRUE", "true"),
            ("yes", r#""yes""#),
            ("off", r#""off""#),
            ("1", "1"),
            ("+1", "1"),
            ("-7", "-7"),
            ("007", "7"),
            ("1.0", "1.0"),
            ("1.", "1.0"),
            (".5", "0.5"),
            (".", r#"".""#),
            ("-", r#""-""#),
            ("1e3", "1000.0"),
            ("1e", r#""1e""#),
            ("e3", r#""e3""#),
            ("1_000", r#""1_000""#),
            ("0x1F", "31"),
            ("0o17", "15"),
            ("0x", r#""0x""#),
            ("18446744073709551615", "18446744073709551615"),
            ("-9223372036854775808", "-9223372036854775808"),
            ("123456789012345678901234567890", "1.2345678901234568e+29"),
            ("1.2.3", r#""1.2.3""#),
            ("12:30", r#""12:30""#),
            ("2024-01-01", r#""2024-01-01""#),
            (".inf", "`.inf` is a number that JSON cannot hold"),
            ("1e999", "the number `1e999` is too large"),
            ("0xfffffffffffffffff", "the number `0xfffffffffffffffff` is too large"),
        ] {
            check(text, expected);
        }
    }

    #[test]
    fn a_tag_must_fit_its_text() {
        assert_eq!(tagged("str", "1"), Some(Value::String("1".into())));
        assert_eq!(tagged("int", "x"), None);
        assert_eq!(tagged("int", "1.5"), None);
        assert_eq!(
            tagged("float", "1").map(|value| Node::new(value).to_json().to_string()),
            Some("1.0".into())
        );
    }
}
