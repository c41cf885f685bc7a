//! What a target gets of an event: all of it, a part, a constant, or what a template makes of it
//! ([input transformation](https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html)).

use serde_json::Value;

use super::table::Rule;
use crate::expr::path::Path;
use crate::expr::path_eval::evaluate;

/// The text that is sent to a target.
pub(super) fn of(target: &Value, rule: &Rule, event: &Value) -> String {
    if let Some(constant) = target["Input"].as_str() {
        return constant.to_owned();
    }
    if let Some(path) = target["InputPath"].as_str() {
        return at(path, event).unwrap_or_default().to_string();
    }
    match target["InputTransformer"]["InputTemplate"].as_str() {
        Some(template) => filled(template, &target["InputTransformer"]["InputPathsMap"], rule, event),
        None => event.to_string(),
    }
}

fn at(path: &str, event: &Value) -> Option<Value> {
    let path = Path::parse(path).ok()?;
    evaluate(&path, event).ok().map(std::borrow::Cow::into_owned)
}

/// Puts values in the places of `<name>`: between quotation marks as text, else as JSON.
fn filled(template: &str, paths: &Value, rule: &Rule, event: &Value) -> String {
    let mut out = String::new();
    let mut rest = template;
    let mut quoted = false;
    while let Some((before, after)) = rest.split_once('<') {
        quoted ^= quotation_marks(before) % 2 == 1;
        out.push_str(before);
        let Some((value, after)) = after.split_once('>').and_then(|(name, after)| {
            let value = value(name, paths, rule, event)?;
            Some((value, after))
        }) else {
            out.push('<');
            rest = after;
            continue;
        };
        match value {
            None => {}
            Some(Value::String(text)) if quoted => {
                let json = Value::String(text).to_string();
                out.push_str(json.get(1..json.len() - 1).unwrap_or_default());
            }
            Some(value) if quoted => out.push_str(&value.to_string().replace('"', "\\\"")),
            Some(value) => out.push_str(&value.to_string()),
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

fn quotation_marks(text: &str) -> usize {
    let mut count = 0;
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => drop(letters.next()),
            '"' => count += 1,
            _ => {}
        }
    }
    count
}

/// None if there is no such name; no value if the event lacks it.
fn value(name: &str, paths: &Value, rule: &Rule, event: &Value) -> Option<Option<Value>> {
    Some(match name {
        "aws.events.rule-arn" => Some(rule.arn().into()),
        "aws.events.rule-name" => Some(rule.name.clone().into()),
        "aws.events.event.ingestion-time" => Some(event["time"].clone()),
        "aws.events.event.json" | "aws.events.event" => Some(event.clone()),
        name => at(paths.get(name)?.as_str()?, event),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(target: Value, expected: &str) {
        let rule = Rule {
            id: 1,
            region: "us-east-1".to_owned(),
            name: "r".to_owned(),
            pattern: String::new(),
            enabled: true,
            description: None,
            role: None,
        };
        let event = json!({"source": "s", "detail": {"a": "x\"y", "b": [1]}});
        assert_eq!(of(&target, &rule, &event), expected, "{target}");
    }

    #[test]
    fn inputs_of_targets() {
        check(json!({}), r#"{"source":"s","detail":{"a":"x\"y","b":[1]}}"#);
        check(json!({"Input": "{\"c\":1}"}), r#"{"c":1}"#);
        check(json!({"InputPath": "$.detail.b"}), "[1]");
        check(json!({"InputPath": "$.none"}), "null");
        let transformed = |template: &str| {
            json!({"InputTransformer": {
                "InputPathsMap": {"a": "$.detail.a", "b": "$.detail.b", "none": "$.none"}, "InputTemplate": template,
            }})
        };
        check(transformed(r#"{"x": <a>, "y": <b>}"#), r#"{"x": "x\"y", "y": [1]}"#);
        check(
            transformed(r#""a is <a>, b is <b>, <none><unknown>""#),
            r#""a is x\"y, b is [1], <unknown>""#,
        );
        check(transformed("<aws.events.rule-name> < 1"), "\"r\" < 1");
    }
}
