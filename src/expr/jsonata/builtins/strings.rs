//! Functions of texts. Positions count code points.

use std::rc::Rc;

use indexmap::IndexMap;

use super::super::error::{Fallible, exhausted, fail};
use super::super::eval::Evaluator;
use super::super::function::Function;
use super::super::regex::Match;
use super::super::text;
use super::super::value::{Array, Val};
use super::{Row, argument, count_of, number_at, paid, text_at};

pub(super) const ROWS: &[Row] = &[
    ("string", "<x-b?:s>", string),
    ("length", "<s-:n>", |_, a| {
        Ok(map(a, |text| Val::count(text.chars().count())))
    }),
    ("substring", "<s-nn?:s>", substring),
    ("substringBefore", "<s-s:s>", |_, a| {
        Ok(cut(a, |text, at, _| text.get(..at)))
    }),
    ("substringAfter", "<s-s:s>", |_, a| {
        Ok(cut(a, |text, at, length| text.get(at + length..)))
    }),
    ("uppercase", "<s-:s>", |e, a| changed(e, a, |text| text.to_uppercase())),
    ("lowercase", "<s-:s>", |e, a| changed(e, a, |text| text.to_lowercase())),
    ("trim", "<s-:s>", |e, a| changed(e, a, trimmed)),
    ("pad", "<s-ns?:s>", pad),
    ("contains", "<s-(sf):b>", contains),
    ("split", "<s-(sf)n?:a<s>>", split),
    ("join", "<a<s>s?:s>", join),
    ("match", "<s-f<s:o>n?:a<o>>", matches),
    ("replace", "<s-(sf)(sf)n?:s>", replace),
];

fn map(arguments: &[Val], change: impl Fn(&str) -> Val) -> Val {
    text_at(arguments, 0).map_or(Val::Undefined, |text| change(text))
}

fn changed(evaluator: &Evaluator, arguments: &[Val], change: impl Fn(&str) -> String) -> Fallible<Val> {
    match text_at(arguments, 0) {
        Some(text) => paid(evaluator, change(text)),
        None => Ok(Val::Undefined),
    }
}

fn string(evaluator: &Evaluator, arguments: &[Val]) -> Fallible<Val> {
    let pretty = matches!(argument(arguments, 1), Val::Bool(true));
    match argument(arguments, 0) {
        Val::Undefined => Ok(Val::Undefined),
        value @ (Val::Array(_) | Val::Object(_)) => text::json(evaluator, value, pretty).map(Val::text),
        value => text::string(evaluator, value).map(Val::text),
    }
}

fn substring(evaluator: &Evaluator, arguments: &[Val]) -> Fallible<Val> {
    let (Some(text), Some(start)) = (text_at(arguments, 0), number_at(arguments, 1)) else {
        return Ok(text_at(arguments, 0).map_or(Val::Undefined, |text| Val::Text(text.clone())));
    };
    evaluator.spend(text.len() / 16)?;
    let length = text.chars().count();
    #[allow(clippy::cast_precision_loss, reason = "lengths are far below 2^53")]
    let start = if start < 0.0 {
        (start + length as f64).max(0.0)
    } else {
        start
    };
    let count = match argument(arguments, 2) {
        Val::Number(count) if *count <= 0.0 => return Ok(Val::text("")),
        Val::Number(count) => count_of(start + count).saturating_sub(count_of(start)),
        _ => usize::MAX,
    };
    paid(evaluator, text.chars().skip(count_of(start)).take(count).collect())
}

fn cut(arguments: &[Val], part: impl Fn(&str, usize, usize) -> Option<&str>) -> Val {
    let Some(text) = text_at(arguments, 0) else {
        return Val::Undefined;
    };
    let Some(sign) = text_at(arguments, 1) else {
        return Val::Text(text.clone());
    };
    match text.find(&**sign) {
        Some(at) => Val::text(part(text, at, sign.len()).unwrap_or_default()),
        None => Val::Text(text.clone()),
    }
}

fn trimmed(text: &str) -> String {
    text.split([' ', '\t', '\n', '\r'])
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

fn pad(evaluator: &Evaluator, arguments: &[Val]) -> Fallible<Val> {
    let (Some(text), Some(width)) = (text_at(arguments, 0), number_at(arguments, 1)) else {
        return Ok(Val::Undefined);
    };
    let filler: &str = text_at(arguments, 2).map_or(" ", |filler| filler);
    let filler = if filler.is_empty() { " " } else { filler };
    let missing = count_of(width.abs()).saturating_sub(text.chars().count());
    evaluator.spend(missing / 4)?;
    let padding: String = filler.chars().cycle().take(missing).collect();
    paid(
        evaluator,
        if width < 0.0 {
            padding + text
        } else {
            format!("{text}{padding}")
        },
    )
}

/// All matches of a text or function, up to `limit`.
fn find_all(evaluator: &Evaluator, text: &Rc<str>, pattern: &Val, limit: usize) -> Fallible<Vec<Match>> {
    let mut found = Vec::new();
    let mut from = 0;
    while found.len() < limit {
        let next = match pattern {
            Val::Text(plain) => text.get(from..).and_then(|rest| rest.find(&**plain)).map(|at| Match {
                start: from + at,
                end: from + at + plain.len(),
                groups: Vec::new(),
            }),
            Val::Function(function) => match &**function {
                Function::Regex(regex) => {
                    // Searching may go through all the rest, however near the match is.
                    evaluator.spend((text.len() - from.min(text.len())) / 256)?;
                    let found = regex.find(text, from);
                    if found.as_ref().is_some_and(|found| found.start == found.end) {
                        return fail("D1004", "Regular expression matches zero length string");
                    }
                    found
                }
                _ => {
                    return fail(
                        "T1010",
                        "The matcher function argument passed to function does not return the correct object structure",
                    );
                }
            },
            _ => None,
        };
        let Some(next) = next else { break };
        evaluator.spend(4 + (next.end - from.min(next.end)) / 16)?;
        from = next.end;
        found.push(next);
    }
    Ok(found)
}

fn contains(evaluator: &Evaluator, arguments: &[Val]) -> Fallible<Val> {
    let Some(text) = text_at(arguments, 0) else {
        return Ok(Val::Undefined);
    };
    evaluator.spend(text.len() / 16)?;
    match argument(arguments, 1) {
        Val::Undefined => Ok(Val::Undefined),
        Val::Text(part) => Ok(Val::Bool(text.contains(&**part))),
        Val::Function(function) if !matches!(**function, Function::Regex(_)) => {
            let verdict = evaluator.apply(&Val::Function(function.clone()), vec![Val::Text(text.clone())])?;
            Ok(Val::Bool(!verdict.is_undefined()))
        }
        pattern => Ok(Val::Bool(!find_all(evaluator, text, pattern, 1)?.is_empty())),
    }
}

fn split(evaluator: &Evaluator, arguments: &[Val]) -> Fallible<Val> {
    let Some(text) = text_at(arguments, 0) else {
        return Ok(Val::Undefined);
    };
    let limit = match number_at(arguments, 2) {
        Some(limit) if limit < 0.0 => {
            return fail(
                "D3020",
                "Third argument of split function must evaluate to a positive number",
            );
        }
        Some(limit) => count_of(limit),
        None => usize::MAX,
    };
    let mut parts = Vec::new();
    match argument(arguments, 1) {
        Val::Text(sign) if sign.is_empty() => {
            evaluator.spend(text.len().min(limit) * 3)?;
            parts.extend(text.chars().take(limit).map(|c| Val::text(c.to_string())));
        }
        pattern => {
            let mut from = 0;
            for found in find_all(evaluator, text, pattern, limit)? {
                parts.push(Val::text(text.get(from..found.start).unwrap_or_default()));
                from = found.end;
            }
            if parts.len() < limit {
                parts.push(Val::text(text.get(from..).unwrap_or_default()));
            }
        }
    }
    evaluator.spend(text.len() / 16 + parts.len())?;
    Array::plain(parts)
}

fn join(evaluator: &Evaluator, arguments: &[Val]) -> Fallible<Val> {
    if argument(arguments, 0).is_undefined() {
        return Ok(Val::Undefined);
    }
    let separator: &str = text_at(arguments, 1).map_or("", |separator| separator);
    let mut joined = String::new();
    for (at, item) in argument(arguments, 0).items().iter().enumerate() {
        let Val::Text(item) = item else { continue };
        evaluator.spend(1 + (item.len() + separator.len()) / 16)?;
        if at > 0 {
            joined.push_str(separator);
        }
        joined.push_str(item);
    }
    Ok(Val::text(joined))
}

fn described(evaluator: &Evaluator, text: &str, found: &Match) -> Fallible<Val> {
    let index = text.get(..found.start).unwrap_or_default().encode_utf16().count();
    evaluator.spend(2 + index / 64)?;
    let groups = found
        .groups
        .iter()
        .map(|group| group.as_deref().map_or(Val::Undefined, Val::text));
    evaluator.object(IndexMap::from([
        (
            Rc::from("match"),
            Val::text(text.get(found.start..found.end).unwrap_or_default()),
        ),
        (Rc::from("index"), Val::count(index)),
        (Rc::from("groups"), Array::plain(groups.collect())?),
    ]))
}

/// What a function that replaces is called with: what a regular expression gives when it is called.
fn given(evaluator: &Evaluator, text: &Rc<str>, pattern: &Val, found: &Match) -> Fallible<Val> {
    match pattern {
        Val::Function(function) => match &**function {
            Function::Regex(regex) => evaluator.next_match(regex, text, found.start),
            _ => Ok(Val::Undefined),
        },
        _ => described(evaluator, text, found),
    }
}

fn matches(evaluator: &Evaluator, arguments: &[Val]) -> Fallible<Val> {
    let Some(text) = text_at(arguments, 0) else {
        return Ok(Val::Undefined);
    };
    let limit = match number_at(arguments, 2) {
        Some(limit) if limit < 0.0 => {
            return fail(
                "D3040",
                "Third argument of match function must evaluate to a positive number",
            );
        }
        Some(limit) => count_of(limit),
        None => usize::MAX,
    };
    let found = find_all(evaluator, text, argument(arguments, 1), limit)?;
    Array::sequence(
        found
            .iter()
            .map(|found| described(evaluator, text, found))
            .collect::<Fallible<_>>()?,
    )
}

fn replace(evaluator: &Evaluator, arguments: &[Val]) -> Fallible<Val> {
    let Some(text) = text_at(arguments, 0) else {
        return Ok(Val::Undefined);
    };
    let (pattern, replacement) = (argument(arguments, 1), argument(arguments, 2));
    if matches!(pattern, Val::Text(pattern) if pattern.is_empty()) {
        return fail("D3010", "Second argument of replace function cannot be an empty string");
    }
    let limit = match number_at(arguments, 3) {
        Some(limit) if limit < 0.0 => {
            return fail(
                "D3011",
                "Fourth argument of replace function must evaluate to a positive number",
            );
        }
        Some(limit) => count_of(limit),
        None => usize::MAX,
    };
    if pattern.is_undefined() || replacement.is_undefined() {
        return Ok(Val::Undefined);
    }
    let (mut out, mut from) = (String::new(), 0);
    for found in find_all(evaluator, text, pattern, limit)? {
        out.push_str(text.get(from..found.start).unwrap_or_default());
        from = found.end;
        let before = out.len();
        match replacement {
            Val::Text(new) if matches!(pattern, Val::Text(_)) => out.push_str(new),
            Val::Text(new) => expand(new, text, &found, &mut out),
            function => match evaluator.apply(function, vec![given(evaluator, text, pattern, &found)?])? {
                Val::Text(new) => out.push_str(&new),
                _ => return fail("D3012", "Attempted to replace a matched string with a non-string value"),
            },
        }
        evaluator.spend((out.len() - before) / 16)?;
        if out.len() > 1 << 28 {
            return Err(exhausted());
        }
    }
    out.push_str(text.get(from..).unwrap_or_default());
    paid(evaluator, out)
}

/// Puts a replacement with `$0`, `$1` … and `$$` after `out`. As many digits belong to a number as there are groups for.
fn expand(replacement: &str, text: &str, found: &Match, out: &mut String) {
    let mut rest = replacement;
    while let Some(at) = rest.find('$') {
        out.push_str(rest.get(..at).unwrap_or_default());
        rest = rest.get(at + 1..).unwrap_or_default();
        if let Some(after) = rest.strip_prefix('$') {
            out.push('$');
            rest = after;
            continue;
        }
        if let Some(after) = rest.strip_prefix('0') {
            out.push_str(text.get(found.start..found.end).unwrap_or_default());
            rest = after;
            continue;
        }
        let digits = rest
            .bytes()
            .take_while(u8::is_ascii_digit)
            .count()
            .min(found.groups.len().to_string().len());
        if digits == 0 {
            if rest.starts_with(|c: char| c.is_ascii_digit()) {
                rest = rest.get(1..).unwrap_or_default();
            } else {
                out.push('$');
            }
            continue;
        }
        let number = |length: usize| {
            rest.get(..length)
                .and_then(|digits| digits.parse::<usize>().ok())
                .unwrap_or(0)
        };
        let length = (1..=digits)
            .rev()
            .find(|length| number(*length) <= found.groups.len())
            .unwrap_or(1);
        if let Some(Some(group)) = number(length).checked_sub(1).and_then(|index| found.groups.get(index)) {
            out.push_str(group);
        }
        rest = rest.get(length..).unwrap_or_default();
    }
    out.push_str(rest);
}
