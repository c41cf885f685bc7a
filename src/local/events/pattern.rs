//! Event patterns: which events a rule is for
//! ([content filtering](https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html)).

use serde_json::{Map, Value};

use crate::local::matching::{bounds, is_in, is_within, network};

/// Objects in a pattern nest no deeper than this.
const DEEPEST: usize = 64;

/// A pattern that was checked: all its members have to match.
#[derive(Clone, Debug)]
pub(super) struct Pattern(Map<String, Value>);

impl Pattern {
    /// Reads and checks a pattern; the error says what is wrong with it.
    pub(super) fn read(text: &str) -> Result<Self, String> {
        let Ok(Value::Object(pattern)) = serde_json::from_str(text) else {
            return Err("Filter is not an object".to_owned());
        };
        if pattern.is_empty() {
            return Err("Empty objects are not allowed".to_owned());
        }
        check(&pattern, 0)?;
        Ok(Self(pattern))
    }

    /// Whether the rule is for that event.
    pub(super) fn matches(&self, event: &Value) -> bool {
        matches_object(&self.0, Some(event))
    }
}

fn alternatives<'a>(key: &str, rule: &'a Value) -> Option<&'a Vec<Value>> {
    rule.as_array()
        .filter(|branches| key == "$or" && branches.len() > 1 && branches.iter().all(Value::is_object))
}

fn check(pattern: &Map<String, Value>, depth: usize) -> Result<(), String> {
    if depth > DEEPEST {
        return Err("The pattern nests too deep".to_owned());
    }
    for (key, rule) in pattern {
        if let Some(branches) = alternatives(key, rule) {
            let mut branches = branches.iter().filter_map(Value::as_object);
            branches.try_for_each(|branch| check(branch, depth + 1))?;
            continue;
        }
        match rule {
            Value::Array(conditions) if conditions.is_empty() => return Err("Empty arrays are not allowed".to_owned()),
            Value::Array(conditions) => conditions.iter().try_for_each(check_condition)?,
            Value::Object(inner) if inner.is_empty() => return Err("Empty objects are not allowed".to_owned()),
            Value::Object(inner) => check(inner, depth + 1)?,
            _ => return Err(format!("\"{key}\" must be an object or an array")),
        }
    }
    Ok(())
}

fn check_condition(condition: &Value) -> Result<(), String> {
    let operator = match condition {
        Value::Object(operator) => operator,
        Value::Array(_) => return Err("Match value must be String, number, true, false, or null".to_owned()),
        _ => return Ok(()),
    };
    let (Some((name, operand)), 1) = (operator.iter().next(), operator.len()) else {
        return Err("Only one key allowed in match expression".to_owned());
    };
    let text_or_ignoring_case = |operand: &Value| match operand.as_object() {
        Some(inner) => inner.len() == 1 && inner.get("equals-ignore-case").is_some_and(Value::is_string),
        None => operand.is_string(),
    };
    let valid = match name.as_str() {
        "prefix" | "suffix" => text_or_ignoring_case(operand),
        "equals-ignore-case" => operand.is_string(),
        "wildcard" => operand.as_str().is_some_and(|text| !text.contains("**")),
        "exists" => operand.is_boolean(),
        "cidr" => operand.as_str().is_some_and(|block| network(block).is_some()),
        "numeric" => operand.as_array().is_some_and(|list| bounds(list).is_some()),
        "anything-but" => match operand.as_object() {
            Some(inner) => {
                let one = inner.iter().next().filter(|_| inner.len() == 1);
                one.is_some_and(|(name, operand)| {
                    ["prefix", "suffix", "equals-ignore-case", "wildcard"].contains(&name.as_str())
                        && some(operand).is_some_and(|list| list.iter().all(|item| item.is_string()))
                })
            }
            None => some(operand).is_some_and(|list| list.iter().all(|item| item.is_string() || item.is_number())),
        },
        other => return Err(format!("Unrecognized match type {other}")),
    };
    if valid {
        Ok(())
    } else {
        Err(format!("Value of {name} is not valid: {operand}"))
    }
}

/// The items of a list, or the one value; none of an empty list.
fn some(value: &Value) -> Option<Vec<&Value>> {
    match value {
        Value::Array(list) => (!list.is_empty()).then(|| list.iter().collect()),
        other => Some(vec![other]),
    }
}

/// Recurses as deep as the pattern nests, which was checked.
fn matches_object(pattern: &Map<String, Value>, event: Option<&Value>) -> bool {
    if let Some(Value::Array(items)) = event {
        return items.iter().any(|item| matches_object(pattern, Some(item)));
    }
    pattern.iter().all(|(key, rule)| {
        if let Some(branches) = alternatives(key, rule) {
            let mut branches = branches.iter().filter_map(Value::as_object);
            return branches.any(|branch| matches_object(branch, event));
        }
        let value = event.and_then(|event| event.get(key));
        match rule {
            Value::Object(inner) => matches_object(inner, value),
            Value::Array(conditions) => {
                // Objects are no leaves, which is all that conditions are about.
                let found = match value {
                    None | Some(Value::Object(_)) => None,
                    Some(Value::Array(list)) => Some(list.iter().filter(|item| !item.is_object()).collect()),
                    Some(value) => Some(vec![value]),
                };
                conditions.iter().any(|condition| meets(condition, found.as_deref()))
            }
            _ => false,
        }
    })
}

fn meets(condition: &Value, found: Option<&[&Value]>) -> bool {
    let operator = condition.as_object().and_then(|operator| operator.iter().next());
    match (operator, found) {
        (Some((name, wanted)), found) if name == "exists" => wanted.as_bool() == Some(found.is_some()),
        (_, None) => false,
        (Some((name, operand)), Some(values)) => values.iter().any(|value| fits(name, operand, value)),
        (None, Some(values)) => values.iter().any(|value| same(condition, value)),
    }
}

fn fits(operator: &str, operand: &Value, value: &Value) -> bool {
    let text = value.as_str();
    let texts = operand.as_str().zip(text);
    // `{"prefix": {"equals-ignore-case": "x"}}`
    let lowered = operand.get("equals-ignore-case").and_then(Value::as_str).zip(text);
    let lowered = lowered.map(|(operand, text)| (operand.to_lowercase(), text.to_lowercase()));
    match operator {
        "prefix" => match lowered {
            Some((prefix, text)) => text.starts_with(&prefix),
            None => texts.is_some_and(|(prefix, text)| text.starts_with(prefix)),
        },
        "suffix" => match lowered {
            Some((suffix, text)) => text.ends_with(&suffix),
            None => texts.is_some_and(|(suffix, text)| text.ends_with(suffix)),
        },
        "equals-ignore-case" => texts.is_some_and(|(one, other)| one.to_lowercase() == other.to_lowercase()),
        "wildcard" => texts.is_some_and(|(wildcard, text)| is_like(wildcard, text)),
        "cidr" => texts.is_some_and(|(block, address)| is_in(block, address)),
        "numeric" => is_within(operand, value),
        "anything-but" => match operand.as_object().and_then(|inner| inner.iter().next()) {
            Some((name, operands)) => {
                let operands = some(operands).unwrap_or_default();
                text.is_some() && !operands.into_iter().any(|operand| fits(name, operand, value))
            }
            None => !some(operand)
                .unwrap_or_default()
                .into_iter()
                .any(|unwanted| same(unwanted, value)),
        },
        _ => false,
    }
}

/// Numbers are the same whether or not they are written with a fraction.
fn same(one: &Value, other: &Value) -> bool {
    match (one.as_f64(), other.as_f64()) {
        (Some(one), Some(other)) => one == other,
        _ => one == other,
    }
}

/// `*` stands for any text; behind a backslash, for itself.
fn is_like(wildcard: &str, text: &str) -> bool {
    let mut parts = vec![String::new()];
    let mut letters = wildcard.chars();
    while let Some(letter) = letters.next() {
        match (letter, parts.last_mut()) {
            ('*', _) => parts.push(String::new()),
            ('\\', Some(part)) => part.extend(letters.next()),
            (letter, Some(part)) => part.push(letter),
            (_, None) => {}
        }
    }
    let [first, middle @ .., last] = parts.as_slice() else {
        return parts.first().is_some_and(|whole| whole == text);
    };
    let Some(mut rest) = text.strip_prefix(first.as_str()) else {
        return false;
    };
    for part in middle {
        match rest.split_once(part.as_str()) {
            Some((_, after)) => rest = after,
            None => return false,
        }
    }
    rest.ends_with(last.as_str())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(pattern: Value, matching: &[Value], others: &[Value]) {
        let read = Pattern::read(&json!({ "detail": { "a": pattern } }).to_string()).unwrap();
        for (values, expected) in [(matching, true), (others, false)] {
            for value in values {
                let event = json!({ "detail": { "a": value } });
                assert_eq!(read.matches(&event), expected, "{pattern} {value}");
            }
        }
    }

    #[test]
    fn values() {
        check(
            json!(["x", 1, null, true]),
            &[json!("x"), json!(1.0), json!(null), json!(true), json!(["y", "x"])],
            &[json!("X"), json!("1"), json!([]), json!({})],
        );
        check(json!([""]), &[json!("")], &[json!(null)]);
    }

    #[test]
    fn operators() {
        check(json!([{"prefix": "ab"}]), &[json!("abc")], &[json!("cab"), json!(1)]);
        check(
            json!([{"prefix": {"equals-ignore-case": "AB"}}]),
            &[json!("abc")],
            &[json!("cab")],
        );
        check(json!([{"suffix": ".png"}]), &[json!("a.png")], &[json!("a.PNG")]);
        check(
            json!([{"suffix": {"equals-ignore-case": ".png"}}]),
            &[json!("a.PNG")],
            &[json!("png")],
        );
        check(json!([{"equals-ignore-case": "ab"}]), &[json!("AB")], &[json!("ABC")]);
        check(
            json!([{"wildcard": "a*b*c"}]),
            &[json!("abc"), json!("axbbyc")],
            &[json!("ab"), json!("abcd"), json!("ac")],
        );
        check(json!([{"wildcard": "a\\*"}]), &[json!("a*")], &[json!("ab")]);
        check(
            json!([{"numeric": [">", 0, "<=", 5]}]),
            &[json!(5), json!(0.5)],
            &[json!(0), json!(6), json!("1")],
        );
        check(
            json!([{"cidr": "10.0.0.0/24"}]),
            &[json!("10.0.0.255")],
            &[json!("10.0.1.0"), json!("x"), json!("::1")],
        );
        check(
            json!([{"anything-but": ["x", 1]}]),
            &[json!("y"), json!(2), json!(["x", "y"])],
            &[json!("x"), json!(1)],
        );
        check(
            json!([{"anything-but": {"prefix": "x"}}]),
            &[json!("y")],
            &[json!("xy"), json!(1)],
        );
        check(json!([{"exists": true}]), &[json!(1), json!(null)], &[json!({"b": 1})]);
        check(json!([{"exists": false}]), &[json!({"b": 1})], &[json!(1)]);
        check(
            json!({"b": [1]}),
            &[json!({"b": 1}), json!([{"b": 2}, {"b": 1}])],
            &[json!(1), json!({"b": 2})],
        );
    }

    #[test]
    fn alternatives_and_what_is_missing() {
        let pattern = json!({"source": ["s"], "$or": [{"a": [1]}, {"b": [{"exists": false}]}]});
        let pattern = Pattern::read(&pattern.to_string()).unwrap();
        for (event, expected) in [
            (json!({"source": "s"}), true),
            (json!({"source": "s", "a": 1, "b": 1}), true),
            (json!({"source": "s", "a": 2, "b": 1}), false),
            (json!({"source": "t", "a": 1}), false),
        ] {
            assert_eq!(pattern.matches(&event), expected, "{event}");
        }
    }

    #[test]
    fn what_is_no_pattern_is_refused() {
        let deep = format!("{}[1]{}", "{\"a\":".repeat(70), "}".repeat(70));
        for text in [
            "",
            "[]",
            "{}",
            r#"{"a": 1}"#,
            r#"{"a": []}"#,
            r#"{"a": {}}"#,
            r#"{"a": [[1]]}"#,
            r#"{"a": [{"prefix": 1}]}"#,
            r#"{"a": [{"numeric": [">"]}]}"#,
            r#"{"a": [{"cidr": "10.0.0.0/33"}]}"#,
            r#"{"a": [{"like": "x"}]}"#,
            r#"{"a": [{"prefix": "x", "suffix": "y"}]}"#,
            &deep,
        ] {
            assert!(Pattern::read(text).is_err(), "{text}");
        }
    }
}
