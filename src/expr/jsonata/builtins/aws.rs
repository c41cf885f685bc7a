//! The functions that Step Functions adds, in place of intrinsic functions
//! ([transforming data](https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html)).

use super::super::error::{Fallible, fail};
use super::super::eval::Evaluator;
use super::super::text;
use super::super::value::{Array, Val};
use super::{Row, argument, count_of, number_at, text_at};
use crate::expr::digest;
use crate::expr::random::Random;

pub(super) const ROWS: &[Row] = &[
    ("partition", "<an:a>", partition),
    ("range", "<nnn:a>", range),
    ("hash", "<ss:s>", hash),
    ("random", "<n?:n>", random),
    ("uuid", "<:s>", |e, _| Ok(Val::text(e.random.borrow_mut().uuid()))),
    ("parse", "<s-:x>", parse),
];

fn partition(evaluator: &Evaluator, arguments: &[Val]) -> Fallible<Val> {
    let list = argument(arguments, 0);
    let (false, Some(size)) = (list.is_undefined(), number_at(arguments, 1)) else {
        return Ok(Val::Undefined);
    };
    let size = count_of(size);
    if size == 0 {
        return fail(
            "D3143",
            "The size of the chunks of the partition function must be a positive number",
        );
    }
    evaluator.spend(list.items().len() * 2)?;
    Array::plain(
        list.items()
            .chunks(size)
            .map(|chunk| Array::plain(chunk.to_vec()))
            .collect::<Fallible<_>>()?,
    )
}

fn range(evaluator: &Evaluator, arguments: &[Val]) -> Fallible<Val> {
    let (Some(first), Some(last), Some(step)) = (
        number_at(arguments, 0),
        number_at(arguments, 1),
        number_at(arguments, 2),
    ) else {
        return Ok(Val::Undefined);
    };
    if step == 0.0 || !step.is_finite() {
        return fail("D3144", "The step of the range function must not be 0");
    }
    let count = ((last - first) / step).floor();
    if count.is_nan() || count < 0.0 {
        return Array::sequence(Vec::new());
    }
    let mut items = Vec::new();
    let mut at = 0.0;
    while at <= count {
        evaluator.spend(2)?;
        items.push(Val::Number(first + step * at));
        at += 1.0;
    }
    // AWS gives a range of one element as that element.
    Array::sequence(items)
}

fn hash(evaluator: &Evaluator, arguments: &[Val]) -> Fallible<Val> {
    let (Some(data), Some(algorithm)) = (text_at(arguments, 0), text_at(arguments, 1)) else {
        return Ok(Val::Undefined);
    };
    evaluator.spend(data.len() / 4)?;
    match digest::hex(algorithm, data.as_bytes()) {
        Some(hash) => Ok(Val::text(hash)),
        None => fail(
            "D3145",
            format!(
                "The algorithm of the hash function must be MD5, SHA-1, SHA-256, SHA-384 or SHA-512.  It was given {algorithm}"
            ),
        ),
    }
}

fn random(evaluator: &Evaluator, arguments: &[Val]) -> Fallible<Val> {
    Ok(Val::Number(match number_at(arguments, 0) {
        Some(seed) => Random::new(seed.to_bits()).fraction(),
        None => evaluator.random.borrow_mut().fraction(),
    }))
}

fn parse(evaluator: &Evaluator, arguments: &[Val]) -> Fallible<Val> {
    let Some(data) = text_at(arguments, 0) else {
        return Ok(Val::Undefined);
    };
    evaluator.spend(data.len() / 2)?;
    match serde_json::from_str(data) {
        Ok(value) => Val::from_json(&value),
        Err(error) => fail(
            "D3146",
            format!(
                "The argument of the parse function is not JSON: {error}: {}",
                text::scalar(&Val::Text(data.chars().take(100).collect::<String>().into()))
            ),
        ),
    }
}
