//! Names of members: Step Functions writes them with a capital first letter, whatever the API does.

use serde_json::{Map, Value};

/// The members with small first letters; the keys of `maps` are data and stay.
pub(super) fn uncapitalized(members: &Map<String, Value>, maps: &[&str]) -> Map<String, Value> {
    recased(
        members,
        &|name| with_first(name, |letter| letter.to_ascii_lowercase()),
        maps,
    )
}

/// The members with capital first letters; the keys of `maps` are data and stay.
pub(super) fn capitalized(members: &Map<String, Value>, maps: &[&str]) -> Map<String, Value> {
    recased(members, &capital, maps)
}

/// A name with a capital first letter.
pub(super) fn capital(name: &str) -> String {
    with_first(name, |letter| letter.to_ascii_uppercase())
}

fn with_first(name: &str, change: impl Fn(char) -> char) -> String {
    let mut letters = name.chars();
    let first = letters.next().map(change);
    first.into_iter().chain(letters).collect()
}

/// Recurses as deep as the members nest, which their reader limits. `maps` are named as the API names them.
fn recased(members: &Map<String, Value>, recase: &dyn Fn(&str) -> String, maps: &[&str]) -> Map<String, Value> {
    let is_map = |name: &str| maps.iter().any(|map| map.eq_ignore_ascii_case(name));
    members
        .iter()
        .map(|(name, value)| {
            let value = if is_map(name) && value.is_object() {
                value.clone()
            } else {
                recased_value(value, recase, maps)
            };
            (recase(name), value)
        })
        .collect()
}

fn recased_value(value: &Value, recase: &dyn Fn(&str) -> String, maps: &[&str]) -> Value {
    match value {
        Value::Object(members) => Value::Object(recased(members, recase, maps)),
        Value::Array(items) => items.iter().map(|item| recased_value(item, recase, maps)).collect(),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn members_are_recased_and_data_is_not() {
        let members = |value: Value| value.as_object().cloned().unwrap_or_default();
        let api = members(json!({"logGroups": [{"arn": "a", "tags": {"Team": "x", "team": "y"}}]}));
        let task = members(json!({"LogGroups": [{"Arn": "a", "Tags": {"Team": "x", "team": "y"}}]}));
        assert_eq!(capitalized(&api, &["tags"]), task);
        assert_eq!(uncapitalized(&task, &["tags"]), api);
    }
}
