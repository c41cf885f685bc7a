//! The query protocol: forms out, XML back.

use std::sync::LazyLock;

use regex::Regex;
use serde_json::{Map, Value};

/// A form as the query protocol has it: lists as `Name.member.1`, maps as `Name.entry.1.key` and `.value`.
pub fn form(version: &str, operation: &str, params: &Value) -> String {
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("Action", operation).append_pair("Version", version);
    let mut pairs = Vec::new();
    for (name, value) in params.as_object().into_iter().flatten() {
        flatten(name, value, &mut pairs);
    }
    form.extend_pairs(pairs).finish()
}

fn flatten(name: &str, value: &Value, pairs: &mut Vec<(String, String)>) {
    match value {
        Value::Array(items) => {
            for (item, n) in items.iter().zip(1..) {
                flatten(&format!("{name}.member.{n}"), item, pairs);
            }
        }
        Value::Object(members) if name.ends_with("Attributes") => {
            for ((key, value), n) in members.iter().zip(1..) {
                pairs.push((format!("{name}.entry.{n}.key"), key.clone()));
                flatten(&format!("{name}.entry.{n}.value"), value, pairs);
            }
        }
        Value::Object(members) => {
            for (member, value) in members {
                flatten(&format!("{name}.{member}"), value, pairs);
            }
        }
        Value::String(text) => pairs.push((name.to_owned(), text.clone())),
        other => pairs.push((name.to_owned(), other.to_string())),
    }
}

static LEAF: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"<(\w+)>([^<]*)</\w+>").unwrap());

/// The elements that hold only text, wherever they are: enough for the replies that recordings need.
pub fn read(xml: &str) -> Map<String, Value> {
    LEAF.captures_iter(xml)
        .map(|leaf| (leaf[1].to_owned(), unescape(&leaf[2]).into()))
        .collect()
}

fn unescape(text: &str) -> String {
    [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&apos;", "'"),
        ("&amp;", "&"),
    ]
    .iter()
    .fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn forms_are_flat() {
        let params = json!({"Name": "a b", "Tags": [{"Key": "k"}], "Attributes": {"x": true}});
        assert_eq!(
            form("1", "Do", &params),
            "Action=Do&Version=1&Name=a+b&Tags.member.1.Key=k&Attributes.entry.1.key=x&Attributes.entry.1.value=true"
        );
    }
}
