//! Base64 and URLs.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use super::super::error::{Fallible, fail};
use super::super::eval::Evaluator;
use super::super::value::Val;
use super::{Row, paid, text_at};

pub(super) const ROWS: &[Row] = &[
    ("base64encode", "<s-:s>", |e, a| {
        change(e, a, |text| Ok(STANDARD.encode(text)))
    }),
    ("base64decode", "<s-:s>", |e, a| change(e, a, decode)),
    ("encodeUrlComponent", "<s-:s>", |e, a| {
        change(e, a, |text| Ok(utf8_percent_encode(text, COMPONENT).to_string()))
    }),
    ("encodeUrl", "<s-:s>", |e, a| {
        change(e, a, |text| Ok(utf8_percent_encode(text, URL).to_string()))
    }),
    ("decodeUrlComponent", "<s-:s>", |e, a| {
        change(e, a, |text| decode_url(text, "decodeUrlComponent"))
    }),
    ("decodeUrl", "<s-:s>", |e, a| {
        change(e, a, |text| decode_url(text, "decodeUrl"))
    }),
];

/// What `encodeURIComponent` leaves.
const COMPONENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'!')
    .remove(b'~')
    .remove(b'*')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')');

/// What `encodeURI` leaves.
const URL: &AsciiSet = &COMPONENT
    .remove(b';')
    .remove(b'/')
    .remove(b'?')
    .remove(b':')
    .remove(b'@')
    .remove(b'&')
    .remove(b'=')
    .remove(b'+')
    .remove(b'$')
    .remove(b',')
    .remove(b'#');

fn change(evaluator: &Evaluator, arguments: &[Val], change: impl Fn(&str) -> Fallible<String>) -> Fallible<Val> {
    match text_at(arguments, 0) {
        Some(text) => {
            evaluator.spend(text.len() / 4)?;
            paid(evaluator, change(text)?)
        }
        None => Ok(Val::Undefined),
    }
}

fn decode(text: &str) -> Fallible<String> {
    match STANDARD.decode(text).map(String::from_utf8) {
        Ok(Ok(decoded)) => Ok(decoded),
        _ => fail(
            "D3142",
            "The argument of the base64decode function is not the Base64 form of a UTF-8 text",
        ),
    }
}

/// Escapes the `%` of the escapes of reserved characters, so that decoding leaves them.
fn escape_reserved(text: &str) -> String {
    let mut parts = text.split('%');
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let byte = part.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        let reserved = byte.is_some_and(|byte| b";/?:@&=+$,#".contains(&byte));
        out.push_str(if reserved { "%25" } else { "%" });
        out.push_str(part);
    }
    out
}

fn decode_url(text: &str, function: &str) -> Fallible<String> {
    let bad_escape = text.split('%').skip(1).any(|after| {
        !after
            .get(..2)
            .is_some_and(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()))
    });
    // As in JavaScript, `decodeURI` leaves the escapes of what has a meaning in URLs.
    let kept = match function {
        "decodeUrl" => escape_reserved(text),
        _ => text.to_owned(),
    };
    match percent_decode_str(&kept).decode_utf8() {
        Ok(decoded) if !bad_escape => Ok(decoded.into_owned()),
        _ => fail("D3140", format!("Malformed URL passed to ${function}(): \"{text}\"")),
    }
}
