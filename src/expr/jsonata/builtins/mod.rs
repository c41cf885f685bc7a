//! The functions of the language and those that Step Functions adds
//! ([functions](https://docs.jsonata.org/string-functions),
//! [of Step Functions](https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html)).

mod arrays;
mod aws;
mod encoding;
mod format;
mod higher;
mod numbers;
mod objects;
mod strings;
mod times;

use std::collections::HashMap;
use std::rc::Rc;
use std::sync::LazyLock;

use super::error::Fallible;
use super::eval::Evaluator;
use super::function::Function;
use super::signature::Signature;
use super::value::Val;

/// The body of a function; its arguments are as its signature says, missing ones undefined.
type Body = fn(&Evaluator, &[Val]) -> Fallible<Val>;
/// Name, signature, body.
type Row = (&'static str, &'static str, Body);

#[derive(Debug)]
pub(super) struct Builtin {
    pub(super) name: &'static str,
    /// How many arguments `$map` and its like give.
    pub(super) arity: usize,
    signature: Signature,
    body: Body,
}

static BUILTINS: LazyLock<HashMap<&'static str, Builtin>> = LazyLock::new(|| {
    [
        arrays::ROWS,
        aws::ROWS,
        encoding::ROWS,
        format::ROWS,
        higher::ROWS,
        numbers::ROWS,
        objects::ROWS,
        strings::ROWS,
        times::ROWS,
    ]
    .concat()
    .into_iter()
    .filter_map(|(name, signature, body)| {
        let signature = Signature::parse(signature).ok()?;
        let builtin = Builtin {
            name,
            // `$string` is mostly mapped over values, and must not take the position for its second parameter.
            arity: if name == "string" { 1 } else { signature.len() },
            signature,
            body,
        };
        Some((name, builtin))
    })
    .collect()
});

pub(super) fn find(name: &str) -> Option<Val> {
    let builtin = BUILTINS.get(name)?;
    Some(Val::Function(Rc::new(Function::Builtin(builtin))))
}

impl Builtin {
    pub(super) fn signature(&self) -> &Signature {
        &self.signature
    }

    pub(super) fn call(&self, evaluator: &Evaluator, arguments: &[Val]) -> Fallible<Val> {
        (self.body)(evaluator, arguments)
    }
}

/// An argument, undefined if missing.
fn argument(arguments: &[Val], index: usize) -> &Val {
    arguments.get(index).unwrap_or(&Val::Undefined)
}

/// An argument that is a text; signatures let nothing else through but undefined.
fn text_at(arguments: &[Val], index: usize) -> Option<&Rc<str>> {
    match argument(arguments, index) {
        Val::Text(text) => Some(text),
        _ => None,
    }
}

/// An argument that is a number; signatures let nothing else through but undefined.
fn number_at(arguments: &[Val], index: usize) -> Option<f64> {
    match argument(arguments, index) {
        Val::Number(number) => Some(*number),
        _ => None,
    }
}

/// A number as a count, saturating.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "saturating is what is wanted"
)]
fn count_of(number: f64) -> usize {
    number.clamp(0.0, 1e12) as usize
}

/// Pays for a text.
fn paid(evaluator: &Evaluator, text: String) -> Fallible<Val> {
    evaluator.spend(text.len() / 16)?;
    Ok(Val::text(text))
}
