//! The functions themselves. A wrong argument is a text for the cause of the failure.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use super::super::digest;
use super::super::random::Random;

/// The most characters `Hash`, `Base64Encode` and `Base64Decode` take.
const MAX_CHARACTERS: usize = 10_000;
/// The most elements `ArrayRange` makes.
const MAX_RANGE: i64 = 1000;

/// Arguments in order.
type Arguments<'a> = &'a [Value];
/// A value, or what is wrong with the arguments.
type Answer = Result<Value, String>;

/// Calls a function by its name without `States.`. `Format` is not here, since it needs its first argument as written.
pub(super) fn call(name: &str, arguments: Arguments<'_>, random: &mut Random) -> Answer {
    match (name, arguments) {
        ("Array", items) => Ok(Value::Array(items.to_vec())),
        ("ArrayPartition", [list, size]) => partition(array(list)?, size),
        ("ArrayContains", [list, item]) => Ok(Value::Bool(array(list)?.contains(item))),
        ("ArrayRange", [first, last, step]) => range(integer(first)?, integer(last)?, integer(step)?),
        ("ArrayGetItem", [list, index]) => item(array(list)?, integer(index)?),
        ("ArrayLength", [list]) => Ok(array(list)?.len().into()),
        ("ArrayUnique", [list]) => Ok(unique(array(list)?)),
        ("Base64Encode", [data]) => Ok(STANDARD.encode(short_text(data)?).into()),
        ("Base64Decode", [data]) => decode(short_text(data)?),
        ("Hash", [data, algorithm]) => hash(data, text(algorithm)?),
        ("JsonMerge", [left, right, deep]) => merge(left, right, deep),
        ("JsonToString", [data]) => Ok(data.to_string().into()),
        ("StringToJson", [data]) => from_json(text(data)?),
        ("MathAdd", [left, right]) => add(integer(left)?, integer(right)?),
        ("MathRandom", [from, to]) => between(integer(from)?, integer(to)?, random),
        ("MathRandom", [from, to, seed]) => between(integer(from)?, integer(to)?, &mut seeded(seed)?),
        ("StringSplit", [data, separators]) => Ok(split(text(data)?, text(separators)?)),
        ("UUID", []) => Ok(random.uuid().into()),
        _ => match arity(name) {
            Some(_) => Err(wrong_count(name, arguments.len())),
            None => Err(unknown(name)),
        },
    }
}

pub(super) fn unknown(name: &str) -> String {
    format!("there is no intrinsic function `States.{name}`")
}

pub(super) fn wrong_count(name: &str, count: usize) -> String {
    format!(
        "{count} arguments were given, {} are expected",
        arity(name).unwrap_or("other")
    )
}

/// Whether a function takes so many arguments; none if there is no such function.
pub(super) fn takes(name: &str, count: usize) -> Option<bool> {
    Some(match (name, arity(name)) {
        ("Array", _) => true,
        ("Format", _) => count > 0,
        (_, arity) => match arity? {
            "none" => count == 0,
            "one" => count == 1,
            "two" => count == 2,
            "three" => count == 3,
            _ => (2..=3).contains(&count),
        },
    })
}

/// How many arguments a function takes.
fn arity(name: &str) -> Option<&'static str> {
    Some(match name {
        "UUID" => "none",
        "ArrayLength" | "ArrayUnique" | "Base64Encode" | "Base64Decode" | "JsonToString" | "StringToJson" => "one",
        "ArrayPartition" | "ArrayContains" | "ArrayGetItem" | "Hash" | "MathAdd" | "StringSplit" => "two",
        "ArrayRange" | "JsonMerge" => "three",
        "MathRandom" => "two or three",
        "Format" => "one or more",
        _ => return None,
    })
}

/// `States.Format`: each `{}` of the template, whose escapes still stand, becomes the next argument.
pub(super) fn format(template: &str, arguments: Arguments<'_>) -> Answer {
    let mut filled = String::with_capacity(template.len());
    let mut arguments = arguments.iter();
    let mut characters = template.chars().peekable();
    while let Some(c) = characters.next() {
        match c {
            '\\' => filled.extend(characters.next()),
            '{' if characters.next_if_eq(&'}').is_some() => match arguments.next() {
                Some(Value::String(text)) => filled.push_str(text),
                Some(value) => filled.push_str(&value.to_string()),
                None => return Err("there are more `{}` than arguments".to_owned()),
            },
            '{' | '}' => return Err(format!("`{c}` stands alone; write `\\{c}`")),
            c => filled.push(c),
        }
    }
    match arguments.next() {
        None => Ok(filled.into()),
        Some(_) => Err("there are more arguments than `{}`".to_owned()),
    }
}

fn array(value: &Value) -> Result<&[Value], String> {
    value
        .as_array()
        .map(Vec::as_slice)
        .ok_or_else(|| not(value, "an array"))
}

fn text(value: &Value) -> Result<&str, String> {
    value.as_str().ok_or_else(|| not(value, "a string"))
}

fn short_text(value: &Value) -> Result<&str, String> {
    let text = text(value)?;
    match text.chars().count() <= MAX_CHARACTERS {
        true => Ok(text),
        false => Err(format!("the string is longer than {MAX_CHARACTERS} characters")),
    }
}

/// A number, rounded as Java's `Math.round` does: halves go up.
fn integer(value: &Value) -> Result<i64, String> {
    if let Some(whole) = value.as_i64() {
        return Ok(whole);
    }
    let number = value.as_f64().ok_or_else(|| not(value, "a number"))?;
    #[allow(
        clippy::cast_possible_truncation,
        reason = "saturates, and what is too large is refused later"
    )]
    Ok((number + 0.5).floor() as i64)
}

fn not(value: &Value, expected: &str) -> String {
    let mut shown: String = value.to_string().chars().take(100).collect();
    if shown.len() < value.to_string().len() {
        shown.push('…');
    }
    format!("{shown} is not {expected}")
}

fn partition(list: &[Value], size: &Value) -> Answer {
    let size = usize::try_from(integer(size)?).ok().filter(|size| *size > 0);
    let size = size.ok_or("the size of a chunk must be a positive number")?;
    Ok(list.chunks(size).map(|chunk| Value::Array(chunk.to_vec())).collect())
}

fn range(first: i64, last: i64, step: i64) -> Answer {
    if step == 0 {
        return Err("the step must not be 0".to_owned());
    }
    let mut items = Vec::new();
    let mut at = i128::from(first);
    while if step > 0 { at <= last.into() } else { at >= last.into() } {
        if items.len() >= usize::try_from(MAX_RANGE).unwrap_or_default() {
            return Err(format!("the range has more than {MAX_RANGE} elements"));
        }
        items.push(i64::try_from(at).map_or(Value::Null, Value::from));
        at += i128::from(step);
    }
    Ok(Value::Array(items))
}

fn item(list: &[Value], index: i64) -> Answer {
    let found = usize::try_from(index).ok().and_then(|index| list.get(index));
    found.cloned().ok_or_else(|| {
        format!(
            "the index {index} is outside of the array, which has {} elements",
            list.len()
        )
    })
}

fn unique(list: &[Value]) -> Value {
    let mut seen = std::collections::HashSet::new();
    list.iter()
        .filter(|item| seen.insert(item.to_string()))
        .cloned()
        .collect()
}

fn decode(data: &str) -> Answer {
    let bytes = STANDARD
        .decode(data)
        .map_err(|error| format!("the string is not Base64: {error}"))?;
    String::from_utf8(bytes)
        .map(Value::String)
        .map_err(|_| "the decoded bytes are not UTF-8".to_owned())
}

fn hash(data: &Value, algorithm: &str) -> Answer {
    let bytes = match data {
        Value::String(_) => short_text(data)?.to_owned(),
        other => other.to_string(),
    };
    digest::hex(algorithm, bytes.as_bytes())
        .map(Value::String)
        .ok_or_else(|| format!("`{algorithm}` is not one of MD5, SHA-1, SHA-256, SHA-384 and SHA-512"))
}

fn merge(left: &Value, right: &Value, deep: &Value) -> Answer {
    if deep != &Value::Bool(false) {
        return Err("the third argument must be false: only shallow merging is supported by AWS".to_owned());
    }
    let object = |value: &Value| value.as_object().cloned().ok_or_else(|| not(value, "an object"));
    let mut merged: Map<String, Value> = object(left)?;
    merged.extend(object(right)?);
    Ok(Value::Object(merged))
}

fn from_json(data: &str) -> Answer {
    // AWS reads nothing as null, and writes a negative zero as 0.
    if data.trim().is_empty() {
        return Ok(Value::Null);
    }
    let value: Value = serde_json::from_str(data).map_err(|error| format!("the string is not JSON: {error}"))?;
    Ok(if data.trim() == "-0" { 0.into() } else { value })
}

fn add(left: i64, right: i64) -> Answer {
    let fits =
        |number: i64| i32::try_from(number).map_err(|_| format!("{number} is outside of -2147483648 to 2147483647"));
    Ok((i64::from(fits(left)?) + i64::from(fits(right)?)).into())
}

/// From `from` up to but not including `to`.
fn between(from: i64, to: i64, random: &mut Random) -> Answer {
    let width = to
        .checked_sub(from)
        .and_then(|width| u64::try_from(width).ok())
        .filter(|width| *width > 0);
    let width = width.ok_or("the start must be less than the end")?;
    let offset = i64::try_from(random.next() % width).unwrap_or_default();
    Ok((from + offset).into())
}

fn seeded(seed: &Value) -> Result<Random, String> {
    Ok(Random::new(u64::from_ne_bytes(integer(seed)?.to_ne_bytes())))
}

/// Splits at every character of `separators`; empty parts are left out.
fn split(data: &str, separators: &str) -> Value {
    let parts = data.split(|c| separators.contains(c)).filter(|part| !part.is_empty());
    parts.map(Value::from).collect()
}
