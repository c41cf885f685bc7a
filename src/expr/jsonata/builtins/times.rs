//! Times as milliseconds since the Unix epoch, and as texts.

use super::super::error::{Fallible, fail};
use super::super::eval::Evaluator;
use super::super::picture;
use super::super::value::Val;
use super::{Row, number_at, paid, text_at};

pub(super) const ROWS: &[Row] = &[
    ("millis", "<:n>", |e, _| Ok(Val::Number(now(e)))),
    ("now", "<s?s?:s>", |e, a| {
        let picture = text_at(a, 0).map(|text| &**text);
        paid(e, picture::format(now(e), picture, text_at(a, 1).map(|text| &**text))?)
    }),
    ("fromMillis", "<n-s?s?:s>", |e, a| {
        let Some(millis) = number_at(a, 0) else {
            return Ok(Val::Undefined);
        };
        let picture = text_at(a, 1).map(|text| &**text);
        paid(e, picture::format(millis, picture, text_at(a, 2).map(|text| &**text))?)
    }),
    ("toMillis", "<s-s?:n>", to_millis),
];

#[allow(clippy::cast_precision_loss, reason = "milliseconds are far below 2^53")]
fn now(evaluator: &Evaluator) -> f64 {
    evaluator.now_millis as f64
}

fn to_millis(evaluator: &Evaluator, arguments: &[Val]) -> Fallible<Val> {
    let Some(text) = text_at(arguments, 0) else {
        return Ok(Val::Undefined);
    };
    match text_at(arguments, 1) {
        Some(picture) => Ok(picture::parse(text, picture, now(evaluator))?.map_or(Val::Undefined, Val::Number)),
        None => match picture::parse_iso(text) {
            Some(millis) => Ok(Val::Number(millis)),
            None => fail(
                "D3110",
                format!(
                    "The argument of the toMillis function must be an ISO 8601 formatted timestamp. Given \"{text}\""
                ),
            ),
        },
    }
}
