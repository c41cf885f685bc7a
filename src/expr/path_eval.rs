//! What a path finds. A definite path gives a value or an error in Jayway's words, which AWS puts into the causes of failed
//! executions; any other path gives the list of what it found, empty if nothing.

use std::borrow::Cow;
use std::cmp::Ordering;

use serde_json::{Map, Number, Value};
use thiserror::Error;

use super::budget::Budget;
use super::path::{Path, Root, Segment};
use super::template::Roots;

/// The most values a step of an indefinite path may lead to. The largest data (256 KiB) hold fewer; only chains such as
/// `$..*..*` reach it, and they would grow without end.
const MAX_FOUND: usize = 200_000;

/// A definite path found nothing. The text is Jayway's.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{0}")]
pub struct NotFound(pub String);

/// Why a path that starts from one of several roots found nothing.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum FindError {
    /// It starts from a variable that is not set.
    #[error("variable `${0}` is not set")]
    Variable(String),
    /// It found nothing.
    #[error(transparent)]
    NotFound(#[from] NotFound),
}

/// Evaluates a path that starts from the data, the context object or a variable.
pub fn find<'a>(path: &Path, roots: &'a dyn Roots) -> Result<Cow<'a, Value>, FindError> {
    let root = match path.root() {
        Root::Data => roots.data(),
        Root::Context => roots.context(),
        Root::Variable(name) => roots.variable(name).ok_or_else(|| FindError::Variable(name.clone()))?,
    };
    Ok(evaluate(path, root)?)
}

/// Evaluates a path on the value that its root stands for.
pub fn evaluate<'a>(path: &Path, root: &'a Value) -> Result<Cow<'a, Value>, NotFound> {
    let budget = Budget::default();
    let found = evaluate_segments(path, root, root, &budget);
    // Filters that could not be decided have let nothing through.
    if budget.is_gone() { Err(too_much(path)) } else { found }
}

fn too_much(path: &Path) -> NotFound {
    NotFound(format!("The path '{path}' has to look at too many values"))
}

/// Evaluates a path from `start`; `root` is what `$` in a filter means.
pub(super) fn evaluate_segments<'a>(
    path: &Path,
    start: &'a Value,
    root: &Value,
    budget: &Budget,
) -> Result<Cow<'a, Value>, NotFound> {
    let (steps, function) = match path.segments.split_last() {
        Some((Segment::Function(function, parameters), steps)) => (steps, Some((function, parameters))),
        _ => (path.segments.as_slice(), None),
    };
    let sure = steps
        .iter()
        .take_while(|segment| matches!(segment, Segment::Name(_) | Segment::Index(_)))
        .count();
    let value = match prefix(path, start, sure) {
        Ok(value) => value,
        // A path that may lead to any number of values leads to none, as AWS has it where Jayway says what is missing.
        Err(_) if !path.is_definite() => return Ok(Cow::Owned(Value::Array(Vec::new()))),
        Err(error) => return Err(error),
    };
    match (steps.get(sure), function, value) {
        (None, None, value) => return Ok(Cow::Borrowed(value)),
        (None, Some((function, parameters)), value) => {
            return function.call(parameters, value, root).map(Cow::Owned);
        }
        // Several names can stand at the end of a definite path.
        (Some(Segment::Names(names)), None, value) if sure + 1 == steps.len() => {
            return match value {
                Value::Object(members) => Ok(Cow::Owned(merged(names, members))),
                other => Err(not_an_object(path, sure, other)),
            };
        }
        _ => {}
    }
    let mut found = vec![Cow::Borrowed(value)];
    for (at, segment) in steps.iter().enumerate().skip(sure) {
        let leaf = at + 1 == path.segments.len();
        let mut next = Vec::new();
        for value in &found {
            // Only merged members are owned, and only the last segment makes them.
            if let Cow::Borrowed(value) = value {
                spread(segment, value, leaf, (root, budget), &mut next);
            }
            if next.len() > MAX_FOUND {
                return Err(NotFound(format!(
                    "The path '{path}' leads to more than {MAX_FOUND} values"
                )));
            }
        }
        if !budget.spend(next.len()) {
            return Err(too_much(path));
        }
        found = next;
    }
    // Each is copied whole, also what is inside another.
    if !found.iter().all(|value| budget.copy(value)) {
        return Err(too_much(path));
    }
    let found: Vec<Value> = found.into_iter().map(Cow::into_owned).collect();
    match function {
        None => Ok(Cow::Owned(Value::Array(found))),
        // After a deep scan from the root, the function takes all that is found, else each value on its own.
        Some((function, parameters)) if path.is_definite() => {
            function.call(parameters, &Value::Array(found), root).map(Cow::Owned)
        }
        Some((function, parameters)) => Ok(Cow::Owned(
            found
                .iter()
                .filter_map(|value| function.call(parameters, value, root).ok())
                .collect(),
        )),
    }
}

/// Follows the first steps of a path, names and positions.
fn prefix<'a>(path: &Path, start: &'a Value, steps: usize) -> Result<&'a Value, NotFound> {
    let mut value = start;
    for (at, segment) in path.segments.iter().enumerate().take(steps) {
        let leaf = at + 1 == path.segments.len();
        value = match segment {
            Segment::Name(name) => member(path, at, value, name, leaf)?,
            Segment::Index(index) => element(path, at, value, *index)?,
            _ => return Err(no_results(path)),
        };
    }
    Ok(value)
}

fn member<'a>(path: &Path, at: usize, value: &'a Value, name: &str, leaf: bool) -> Result<&'a Value, NotFound> {
    let Value::Object(members) = value else {
        return Err(not_an_object(path, at, value));
    };
    members.get(name).ok_or_else(|| match leaf {
        true => no_results(path),
        false => NotFound(format!("Missing property in path {}", canonical(path, at + 1))),
    })
}

fn element<'a>(path: &Path, at: usize, value: &'a Value, index: i64) -> Result<&'a Value, NotFound> {
    match value {
        Value::Array(items) => position(items, index).ok_or_else(|| no_results(path)),
        Value::Null => Err(NotFound(format!("The path {} is null", canonical(path, at)))),
        other => Err(NotFound(format!(
            "Filter: [{index}] can only be applied to arrays. Current context is: {other}"
        ))),
    }
}

fn no_results(path: &Path) -> NotFound {
    NotFound(format!("No results for path: {}", canonical(path, path.segments.len())))
}

fn not_an_object(path: &Path, at: usize, value: &Value) -> NotFound {
    let class = match value {
        Value::Null => "NullNode",
        Value::Bool(_) => "BooleanNode",
        Value::Number(number) if number.is_f64() => "DoubleNode",
        Value::Number(number) if number.as_i64().is_some_and(|n| i32::try_from(n).is_ok()) => "IntNode",
        Value::Number(_) => "LongNode",
        Value::String(_) => "TextNode",
        Value::Array(_) => "ArrayNode",
        Value::Object(_) => "ObjectNode",
    };
    NotFound(format!(
        "Expected to find an object with property {} in path {} but found 'com.fasterxml.jackson.databind.node.{class}'. \
         This is not a json object according to the JsonProvider: \
         'com.jayway.jsonpath.spi.json.JacksonJsonNodeJsonProvider'.",
        segment_text(path.segments.get(at)),
        canonical(path, at),
    ))
}

/// The first `count` segments in Jayway's canonical form: `$['a'][0]`.
fn canonical(path: &Path, count: usize) -> String {
    let mut text = String::from("$");
    for segment in path.segments.iter().take(count) {
        text.push_str(&segment_text(Some(segment)));
    }
    text
}

fn segment_text(segment: Option<&Segment>) -> String {
    match segment {
        Some(Segment::Name(name)) => format!("['{name}']"),
        Some(Segment::Index(index)) => format!("[{index}]"),
        Some(Segment::Names(names)) => {
            let quoted: Vec<String> = names.iter().map(|name| format!("'{name}'")).collect();
            format!("[{}]", quoted.join(","))
        }
        _ => String::new(),
    }
}

/// Applies one segment of an indefinite path: everything it leads to from `value`.
fn spread<'a>(
    segment: &Segment,
    value: &'a Value,
    leaf: bool,
    (root, budget): (&Value, &Budget),
    found: &mut Vec<Cow<'a, Value>>,
) {
    match (segment, value) {
        (Segment::Name(name), Value::Object(members)) => found.extend(members.get(name).map(Cow::Borrowed)),
        (Segment::Names(names), Value::Object(members)) if leaf => found.push(Cow::Owned(merged(names, members))),
        (Segment::Names(names), Value::Object(members)) => {
            found.extend(names.iter().filter_map(|name| members.get(name)).map(Cow::Borrowed));
        }
        (Segment::Index(index), Value::Array(items)) => found.extend(position(items, *index).map(Cow::Borrowed)),
        (Segment::Indices(indices), Value::Array(items)) => {
            found.extend(
                indices
                    .iter()
                    .filter_map(|index| position(items, *index))
                    .map(Cow::Borrowed),
            );
        }
        (Segment::Slice(from, to), Value::Array(items)) => {
            found.extend(slice(items, *from, *to).into_iter().map(Cow::Borrowed));
        }
        (Segment::Wildcard, Value::Array(items)) => found.extend(items.iter().map(Cow::Borrowed)),
        (Segment::Wildcard, Value::Object(members)) => found.extend(members.values().map(Cow::Borrowed)),
        (Segment::Descend, value) => descend(value, found),
        (Segment::Filter(filter), Value::Array(items)) => {
            found.extend(
                items
                    .iter()
                    .filter(|item| filter.accepts(root, item, budget))
                    .map(Cow::Borrowed),
            );
        }
        (Segment::Filter(filter), Value::Object(_)) if filter.accepts(root, value, budget) => {
            found.push(Cow::Borrowed(value))
        }
        _ => {}
    }
}

/// The value and everything below it, parents first.
fn descend<'a>(value: &'a Value, found: &mut Vec<Cow<'a, Value>>) {
    let mut open = vec![value];
    while let Some(value) = open.pop() {
        found.push(Cow::Borrowed(value));
        match value {
            Value::Array(items) => open.extend(items.iter().rev()),
            Value::Object(members) => open.extend(members.values().rev()),
            _ => {}
        }
    }
}

fn merged(names: &[String], members: &Map<String, Value>) -> Value {
    let present = names
        .iter()
        .filter_map(|name| Some((name.clone(), members.get(name)?.clone())));
    Value::Object(present.collect())
}

/// The element at a position, counted from the end if negative.
fn position(items: &[Value], index: i64) -> Option<&Value> {
    items.get(absolute(items.len(), index)?)
}

fn absolute(length: usize, index: i64) -> Option<usize> {
    match usize::try_from(index) {
        Ok(index) => Some(index),
        Err(_) => length.checked_sub(usize::try_from(index.unsigned_abs()).ok()?),
    }
}

/// Jayway takes `from` alone and `to` alone as they are meant. With both it goes from one to the other and takes each for a
/// position of its own, so that what begins negative and ends positive goes around.
fn slice(items: &[Value], from: Option<i64>, to: Option<i64>) -> Vec<&Value> {
    let length = i64::try_from(items.len()).unwrap_or(i64::MAX);
    let from_end = |bound: i64| if bound < 0 { bound.saturating_add(length) } else { bound };
    let (from, to) = match (from, to) {
        (Some(from), Some(to)) => (from.max(-length), to.min(length)),
        (Some(from), None) => (from_end(from).max(0), length),
        (None, Some(to)) => (0, from_end(to).min(length)),
        (None, None) => (0, length),
    };
    (from..to).filter_map(|index| position(items, index)).collect()
}

/// Compares two numbers, whole ones exactly.
pub(crate) fn compare_numbers(left: &Number, right: &Number) -> Ordering {
    if let (Some(left), Some(right)) = (whole(left), whole(right)) {
        return left.cmp(&right);
    }
    let (left, right) = (left.as_f64().unwrap_or(f64::NAN), right.as_f64().unwrap_or(f64::NAN));
    // Total order, but 0.0 and -0.0 are the same number.
    if left == right {
        Ordering::Equal
    } else {
        left.total_cmp(&right)
    }
}

fn whole(number: &Number) -> Option<i128> {
    number
        .as_i64()
        .map(i128::from)
        .or_else(|| number.as_u64().map(i128::from))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn shop() -> Value {
        json!({
            "books": [
                {"title": "A", "price": 8, "tags": ["x"]},
                {"title": "B", "price": 12.5, "isbn": null},
                {"title": "C", "price": "8"},
            ],
            "limit": 10,
            "bike": {"price": 20, "colour": "red"},
            "none": null,
        })
    }

    #[test]
    fn paths_find_values() {
        let shop = shop();
        for (path, expected) in [
            ("$.limit", json!(10)),
            ("$.books[1].title", json!("B")),
            ("$.books[-1].title", json!("C")),
            ("$['bike']['colour']", json!("red")),
            ("$.none", json!(null)),
            ("$.bike['price','colour','size']", json!({"price": 20, "colour": "red"})),
            ("$.books[*].title", json!(["A", "B", "C"])),
            ("$.books[0,2].title", json!(["A", "C"])),
            ("$.books[1:].title", json!(["B", "C"])),
            ("$.books[:-1].title", json!(["A", "B"])),
            ("$.books[-2:].title", json!(["B", "C"])),
            ("$.books[5:2]", json!([])),
            ("$.bike.*", json!([20, "red"])),
            ("$..price", json!([8, 12.5, "8", 20])),
            ("$..books[0].title", json!(["A"])),
            ("$.missing[*].x", json!([])),
            ("$.books[*].missing[*].x", json!([])),
            ("$.none[0:1].x", json!([])),
            ("$.limit[0,1]", json!([])),
            ("$.limit[?(@.x)]", json!([])),
            ("$.limit[*]", json!([])),
            ("$.['bike'].['price']", json!(20)),
            ("$.books[0:3:2].title", json!(["A", "B", "C"])),
            ("$.books[-2:2].title", json!(["B", "C", "A", "B"])),
            ("$.books.length()", json!(3)),
            ("$.bike.length()", json!(2)),
            ("$.limit.length()", json!(null)),
            ("$.bike.keys()", json!(["price", "colour"])),
            ("$..price.sum()", json!(40.5)),
            ("$..price.max()", json!(20.0)),
            ("$.books[*].tags.length()", json!([1])),
            ("$.books[0].tags.append('y', 2)", json!(["x", "y", 2])),
            ("$.books[0].tags.concat('-', $.bike.colour)", json!("x-red")),
            ("$.books[0].tags.last()", json!("x")),
            ("$.books[0].tags.index(0)", json!("x")),
            ("$.sum($.limit, $.bike.price, 2)", json!(32.0)),
            ("$.books[?(@.title =~ /[ab]/i)].title", json!(["A", "B"])),
            ("$.books[?(@.title =~ /[AB]x/)].title", json!([])),
            ("$.books[?(@.tags size 1)].title", json!(["A"])),
            ("$.books[?(@.title size 1)].price", json!([8, 12.5, "8"])),
            ("$.books[?(@.tags empty false)].title", json!(["A"])),
            ("$.books[?(@.tags contains 'x')].title", json!(["A"])),
            ("$.books[?(@.title contains 'A')].title", json!(["A"])),
            ("$.books[?(@.tags subsetof ['x', 'y'])].title", json!(["A"])),
            ("$.books[?(@.tags anyof ['x', 'y'])].title", json!(["A"])),
            ("$.books[?(@.tags noneof ['y'])].title", json!(["A"])),
            ("$.books[?(@.tags all ['x'])].title", json!(["A"])),
            ("$.books[?(@.tags == ['x'])].title", json!(["A"])),
            ("$.books[?(@.price === 8)].title", json!(["A"])),
            ("$.books[?(@.price !== 8)].title", json!(["B", "C"])),
            ("$.books[?(@.isbn == null)].title", json!(["B"])),
            ("$.books[?(@.isbn != null)].title", json!(["A", "C"])),
            ("$.books[?($.limit > @.price)].title", json!(["A"])),
            ("$.books[?(@['tags'][0] == 'x')].title", json!(["A"])),
            ("$..[?(@.colour)].price", json!([20])),
            ("$.books[?(@.price < 10)].title", json!(["A"])),
            ("$.books[?(@.price <= $.limit)].title", json!(["A"])),
            ("$.books[?(@.price == 8)].title", json!(["A", "C"])),
            ("$.books[?(@.price != 8)].title", json!(["B"])),
            ("$.books[?(@.isbn)].title", json!(["B"])),
            ("$.books[?(!@.isbn && @.tags)].title", json!(["A"])),
            (
                "$.books[?(@.title == 'A' || @['title'] == \"C\")].price",
                json!([8, "8"]),
            ),
            ("$.books[?(@.title in ['B', 'C'])].title", json!(["B", "C"])),
            ("$.books[?(@.title nin ['B'])].title", json!(["A", "C"])),
            ("$.books[?(@.tags[*] )].title", json!(["A"])),
            ("$.bike[?(@.price > 5)].colour", json!(["red"])),
        ] {
            let found = evaluate(&Path::parse(path).unwrap(), &shop).unwrap().into_owned();
            assert_eq!(found, expected, "{path}");
        }
    }

    #[test]
    fn definite_paths_that_find_nothing_say_so_like_jayway() {
        let shop = shop();
        for (path, expected) in [
            ("$.no", "No results for path: $['no']"),
            ("$.no.such.path", "Missing property in path $['no']"),
            ("$.bike.no", "No results for path: $['bike']['no']"),
            ("$.books[9]", "No results for path: $['books'][9]"),
            ("$.books[-9]", "No results for path: $['books'][-9]"),
            ("$.none[0]", "The path $['none'] is null"),
            (
                "$.bike.sum()",
                "Aggregation function attempted to calculate value using empty array",
            ),
            (
                "$.limit[0]",
                "Filter: [0] can only be applied to arrays. Current context is: 10",
            ),
            (
                "$.limit.x",
                "Expected to find an object with property ['x'] in path $['limit'] but found \
                 'com.fasterxml.jackson.databind.node.IntNode'. This is not a json object according to the JsonProvider: \
                 'com.jayway.jsonpath.spi.json.JacksonJsonNodeJsonProvider'.",
            ),
        ] {
            let error = evaluate(&Path::parse(path).unwrap(), &shop).unwrap_err();
            assert_eq!(error.to_string(), expected, "{path}");
        }
    }

    proptest! {
        #[test]
        fn evaluating_never_panics(text in "\\$(\\.[a-c]|\\[-?[0-9]{1,3}\\]|\\[\\*\\]|\\.\\.[a-c]|\\[-?[0-9]?:-?[0-9]?\\]|\\[\\?\\(@\\.[a-c] [<>]=? -?[0-9]\\)\\]){0,5}") {
            let data = json!({"a": [1, {"b": [2, 3, {"c": "x"}]}], "b": {"a": null, "c": -1.5}, "c": []});
            if let Ok(path) = Path::parse(&text) {
                let found = evaluate(&path, &data);
                prop_assert!(path.is_definite() || found.map_or(true, |found| found.is_array()));
            }
        }

        #[test]
        fn whole_numbers_compare_exactly(left: i64, right: u64) {
            let order = compare_numbers(&left.into(), &right.into());
            prop_assert_eq!(order, i128::from(left).cmp(&i128::from(right)));
        }
    }
}
