//! Filter policies: which messages a subscription gets.
//!
//! <https://docs.aws.amazon.com/sns/latest/dg/sns-subscription-filter-policies.html>

use serde_json::{Map, Value};

use crate::local::matching::{bounds, is_in, is_within, network};

/// A policy's values of all keys multiplied, at most.
const MOST_COMBINATIONS: usize = 150;
/// Keys of a policy, at most.
const MOST_KEYS: usize = 5;
/// Objects in a policy nest no deeper than this.
const DEEPEST: usize = 16;

/// A filter policy: all keys have to match.
#[derive(Clone, Debug)]
pub(super) struct Filter(Map<String, Value>);

/// What a message has at a key.
enum Found<'a> {
    /// No such key.
    Nothing,
    /// One value, or those of an array.
    Values(Vec<&'a Value>),
}

impl Filter {
    /// Reads and checks a policy. `nested`: objects inside are taken, which only the scope `MessageBody` can match.
    pub(super) fn read(text: &str, nested: bool) -> Result<Self, String> {
        let Ok(Value::Object(policy)) = serde_json::from_str(text) else {
            return Err("failed to parse JSON.".to_owned());
        };
        let mut size = Size {
            keys: 0,
            combinations: 1,
        };
        check(&policy, nested, 0, &mut size)?;
        if size.keys > MOST_KEYS {
            return Err("Filter policy can not have more than 5 keys".to_owned());
        }
        if size.combinations > MOST_COMBINATIONS {
            return Err("Filter policy is too complex".to_owned());
        }
        Ok(Self(policy))
    }

    /// Does it let a message with these attributes through? In the form of the SDKs' JSON.
    pub(super) fn matches_attributes(&self, attributes: &Map<String, Value>) -> bool {
        let values: Map<String, Value> = attributes
            .iter()
            .filter_map(|(name, attribute)| Some((name.clone(), attribute_value(attribute)?)))
            .collect();
        matches_object(&self.0, Some(&values))
    }

    /// Does it let a message with this body through? One that is no JSON object never.
    pub(super) fn matches_body(&self, body: &str) -> bool {
        match serde_json::from_str(body) {
            Ok(Value::Object(body)) => matches_object(&self.0, Some(&body)),
            _ => false,
        }
    }
}

/// A binary attribute has no value that could match.
fn attribute_value(attribute: &Value) -> Option<Value> {
    let text = attribute.get("StringValue")?.as_str()?;
    match attribute.get("DataType")?.as_str()? {
        "String.Array" => serde_json::from_str(text).ok(),
        kind if kind.starts_with("Number") => serde_json::from_str(text).ok(),
        _ => Some(text.into()),
    }
}

struct Size {
    keys: usize,
    combinations: usize,
}

fn check(policy: &Map<String, Value>, nested: bool, depth: usize, size: &mut Size) -> Result<(), String> {
    if depth > DEEPEST {
        return Err("Filter policy nests too deep".to_owned());
    }
    for (key, rule) in policy {
        match rule {
            Value::Array(branches) if key == "$or" && branches.iter().all(Value::is_object) && branches.len() > 1 => {
                for branch in branches.iter().filter_map(Value::as_object) {
                    check(branch, nested, depth + 1, size)?;
                }
            }
            Value::Array(conditions) => {
                if conditions.is_empty() {
                    return Err("Empty arrays are not allowed".to_owned());
                }
                size.keys += 1;
                size.combinations = size.combinations.saturating_mul(conditions.len());
                conditions.iter().try_for_each(check_condition)?;
            }
            Value::Object(inner) if nested => check(inner, nested, depth + 1, size)?,
            _ => return Err(format!("\"{key}\" must be an object or an array")),
        }
    }
    Ok(())
}

fn check_condition(condition: &Value) -> Result<(), String> {
    let Value::Object(operator) = condition else {
        return match condition {
            Value::Array(_) => Err("Match value must be String, number, true, false, or null".to_owned()),
            _ => Ok(()),
        };
    };
    let mut members = operator.iter();
    let (Some((name, value)), None) = (members.next(), members.next()) else {
        return Err("Only one key allowed in match expression".to_owned());
    };
    let holds = match name.as_str() {
        "prefix" | "suffix" | "equals-ignore-case" => value.is_string(),
        "exists" => value.is_boolean(),
        "cidr" => value.as_str().is_some_and(|block| network(block).is_some()),
        "numeric" => value.as_array().is_some_and(|list| bounds(list).is_some()),
        "anything-but" => match value {
            Value::Object(inner) => {
                let one = inner.iter().next().filter(|_| inner.len() == 1);
                one.is_some_and(|(name, value)| {
                    matches!(name.as_str(), "prefix" | "suffix" | "equals-ignore-case")
                        && one_or_more(value).is_some_and(|list| list.iter().all(|item| item.is_string()))
                })
            }
            other => {
                one_or_more(other).is_some_and(|list| list.iter().all(|item| !item.is_object() && !item.is_array()))
            }
        },
        other => return Err(format!("Unrecognized match type {other}")),
    };
    if holds {
        Ok(())
    } else {
        Err(format!("Value of {name} is invalid: {value}"))
    }
}

/// The items of a list that has some, or the one value.
fn one_or_more(value: &Value) -> Option<Vec<&Value>> {
    match value {
        Value::Array(list) if list.is_empty() => None,
        Value::Array(list) => Some(list.iter().collect()),
        other => Some(vec![other]),
    }
}

/// `policy` was checked, so the recursion is bounded.
fn matches_object(policy: &Map<String, Value>, message: Option<&Map<String, Value>>) -> bool {
    policy.iter().all(|(key, rule)| {
        let value = message.and_then(|message| message.get(key));
        match rule {
            Value::Array(branches) if key == "$or" && branches.iter().all(Value::is_object) && branches.len() > 1 => {
                branches
                    .iter()
                    .filter_map(Value::as_object)
                    .any(|branch| matches_object(branch, message))
            }
            Value::Array(conditions) => {
                let found = match value {
                    None => Found::Nothing,
                    Some(Value::Array(list)) => Found::Values(list.iter().collect()),
                    Some(value) => Found::Values(vec![value]),
                };
                conditions.iter().any(|condition| meets(condition, &found))
            }
            Value::Object(inner) => match value {
                Some(Value::Array(list)) => list.iter().any(|item| matches_object(inner, item.as_object())),
                value => matches_object(inner, value.and_then(Value::as_object)),
            },
            _ => false,
        }
    })
}

fn meets(condition: &Value, found: &Found<'_>) -> bool {
    let operator = condition.as_object().and_then(|operator| operator.iter().next());
    match (operator, found) {
        (Some((name, wanted)), found) if name == "exists" => {
            wanted.as_bool() == Some(matches!(found, Found::Values(_)))
        }
        (_, Found::Nothing) => false,
        // Of an array, no item may be one of those.
        (Some((name, unwanted)), Found::Values(values)) if name == "anything-but" => {
            !values.is_empty() && !values.iter().any(|value| is_excluded(unwanted, value))
        }
        (Some((name, operand)), Found::Values(values)) => values.iter().any(|value| fits(name, operand, value)),
        (None, Found::Values(values)) => values.iter().any(|value| same(condition, value)),
    }
}

fn is_excluded(unwanted: &Value, value: &Value) -> bool {
    match unwanted.as_object().and_then(|inner| inner.iter().next()) {
        Some((name, operand)) => one_or_more(operand)
            .unwrap_or_default()
            .into_iter()
            .any(|operand| fits(name, operand, value)),
        None => one_or_more(unwanted)
            .unwrap_or_default()
            .into_iter()
            .any(|unwanted| same(unwanted, value)),
    }
}

fn fits(operator: &str, operand: &Value, value: &Value) -> bool {
    let texts = operand.as_str().zip(value.as_str());
    match operator {
        "prefix" => texts.is_some_and(|(prefix, text)| text.starts_with(prefix)),
        "suffix" => texts.is_some_and(|(suffix, text)| text.ends_with(suffix)),
        "equals-ignore-case" => texts.is_some_and(|(one, other)| one.to_lowercase() == other.to_lowercase()),
        "cidr" => texts.is_some_and(|(block, address)| is_in(block, address)),
        "numeric" => is_within(operand, value),
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

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check_attributes(policy: Value, attributes: Value, expected: bool) {
        let filter = Filter::read(&policy.to_string(), true).unwrap();
        let found = filter.matches_attributes(attributes.as_object().unwrap());
        assert_eq!(found, expected, "{policy} {attributes}");
    }

    #[test]
    fn attributes_are_matched_by_their_type() {
        let text = |value: &str| json!({"a": {"DataType": "String", "StringValue": value}});
        let number = |value: &str| json!({"a": {"DataType": "Number", "StringValue": value}});
        let list = |value: &str| json!({"a": {"DataType": "String.Array", "StringValue": value}});
        let binary = json!({"a": {"DataType": "Binary", "BinaryValue": "AAE="}});
        for (condition, attributes, expected) in [
            (json!("x"), text("x"), true),
            (json!("x"), text("y"), false),
            (json!("x"), json!({}), false),
            (json!("1"), number("1"), false),
            (json!(1), number("1.0"), true),
            (json!(1), text("1"), false),
            (json!("x"), binary.clone(), false),
            (json!({"exists": true}), text("x"), true),
            (json!({"exists": false}), text("x"), false),
            (json!({"exists": false}), json!({}), true),
            (json!({"exists": true}), json!({}), false),
            (json!({"prefix": "ab"}), text("abc"), true),
            (json!({"prefix": "b"}), text("abc"), false),
            (json!({"suffix": "bc"}), text("abc"), true),
            (json!({"equals-ignore-case": "ABC"}), text("abc"), true),
            (json!({"anything-but": "x"}), text("y"), true),
            (json!({"anything-but": "x"}), text("x"), false),
            (json!({"anything-but": ["x", "y"]}), text("y"), false),
            (json!({"anything-but": {"prefix": "a"}}), text("abc"), false),
            (json!({"anything-but": {"suffix": ["a", "b"]}}), text("abc"), true),
            (json!({"anything-but": 1}), number("2"), true),
            (json!({"anything-but": "x"}), json!({}), false),
            (json!({"numeric": ["=", 1]}), number("1"), true),
            (json!({"numeric": [">", 0, "<=", 5]}), number("5"), true),
            (json!({"numeric": [">", 0, "<=", 5]}), number("5.1"), false),
            (json!({"numeric": [">", 0]}), text("5"), false),
            (json!({"cidr": "10.0.0.0/24"}), text("10.0.0.255"), true),
            (json!({"cidr": "10.0.0.0/24"}), text("10.0.1.0"), false),
            (json!({"cidr": "0.0.0.0/0"}), text("1.2.3.4"), true),
            (json!({"cidr": "2001:db8::/32"}), text("2001:db8::1"), true),
            (json!({"cidr": "10.0.0.0/24"}), text("nonsense"), false),
            (json!("x"), list(r#"["y", "x"]"#), true),
            (json!(true), list("[true]"), true),
            (json!(null), list("[null]"), true),
            (json!({"anything-but": "x"}), list(r#"["y", "x"]"#), false),
        ] {
            check_attributes(json!({"a": [condition]}), attributes, expected);
        }
        check_attributes(json!({"a": ["x", "y"], "b": [{"exists": false}]}), text("y"), true);
        check_attributes(json!({"a": ["x"], "b": ["x"]}), text("x"), false);
        check_attributes(json!({"$or": [{"a": ["x"]}, {"b": ["x"]}]}), text("x"), true);
        check_attributes(json!({"$or": [{"c": ["x"]}, {"b": ["x"]}]}), text("x"), false);
        check_attributes(json!({}), json!({}), true);
    }

    #[test]
    fn bodies_are_matched_at_any_depth() {
        let check = |policy: Value, body: &str, expected: bool| {
            let filter = Filter::read(&policy.to_string(), true).unwrap();
            assert_eq!(filter.matches_body(body), expected, "{policy} {body}");
        };
        let nested = json!({"order": {"state": ["new"], "price": [{"numeric": [">=", 10]}]}});
        check(
            nested.clone(),
            r#"{"order": {"state": "new", "price": 10, "more": 1}}"#,
            true,
        );
        check(nested.clone(), r#"{"order": {"state": "new", "price": 9}}"#, false);
        check(
            nested.clone(),
            r#"{"order": [{"state": "old"}, {"state": "new", "price": 12}]}"#,
            true,
        );
        check(nested.clone(), r#"{"order": "new"}"#, false);
        check(nested, "no JSON", false);
        check(json!({"a": {"b": [{"exists": false}]}}), r#"{"c": 1}"#, true);
        check(json!({"a": [null]}), r#"{"a": null}"#, true);
        check(json!({"a": [true]}), r#"{"a": [false, true]}"#, true);
    }

    #[test]
    fn policies_that_cannot_be_are_refused() {
        let check = |policy: &str, expected: &str| assert_eq!(Filter::read(policy, true).unwrap_err(), expected);
        check("no", "failed to parse JSON.");
        check("[]", "failed to parse JSON.");
        check(r#"{"a": "x"}"#, "\"a\" must be an object or an array");
        check(r#"{"a": []}"#, "Empty arrays are not allowed");
        check(
            r#"{"a": [["x"]]}"#,
            "Match value must be String, number, true, false, or null",
        );
        check(r#"{"a": [{"wildcard": "x*"}]}"#, "Unrecognized match type wildcard");
        check(
            r#"{"a": [{"prefix": "x", "suffix": "y"}]}"#,
            "Only one key allowed in match expression",
        );
        check(
            r#"{"a": [{"numeric": ["=", "1"]}]}"#,
            r#"Value of numeric is invalid: ["=","1"]"#,
        );
        check(
            r#"{"a": [{"cidr": "1.2.3.4"}]}"#,
            r#"Value of cidr is invalid: "1.2.3.4""#,
        );
        check(
            r#"{"a": [1], "b": [1], "c": [1], "d": [1], "e": [1], "f": [1]}"#,
            "Filter policy can not have more than 5 keys",
        );
        let deep = format!("{}[1]{}", r#"{"a":"#.repeat(40), "}".repeat(40));
        check(&deep, "Filter policy nests too deep");
        let many: Vec<u32> = (0..151).collect();
        check(&json!({ "a": many }).to_string(), "Filter policy is too complex");
        assert!(Filter::read(r#"{"a": {"b": [1]}}"#, false).is_err());
    }
}
