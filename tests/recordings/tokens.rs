//! What stands for what in the calls of a case: `{{sm0}}` the ARN of the first state machine, `{{uid0}}` a random text …

use std::collections::HashMap;
use std::sync::LazyLock;

use regex::{Captures, Regex};
use serde_json::{Map, Value};

use super::answer::parsed;
use super::text::as_sent;

static TOKEN: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\{\{([a-z_]+\d*)\}\}").unwrap());

/// The tokens of a case.
#[derive(Debug, Default)]
pub struct Tokens(HashMap<String, String>);

impl Tokens {
    /// Gives a token its value.
    pub fn set(&mut self, name: &str, value: impl Into<String>) {
        self.0.insert(name.to_owned(), value.into());
    }

    /// The roles that stand in a value and are not made yet.
    pub fn missing_roles(&self, value: &Value) -> Vec<String> {
        let text = value.to_string();
        let names = TOKEN.captures_iter(&text).map(|found| found[1].to_owned());
        names
            .filter(|name| name.starts_with("role") && !self.0.contains_key(name))
            .collect()
    }

    /// The value with everything put in; `{"$json": …}` becomes JSON text. An error names the token that is not known.
    pub fn fill(&mut self, value: &Value) -> Result<Value, String> {
        Ok(match value {
            Value::Object(members) => match members.get("$json") {
                Some(inner) if members.len() == 1 => as_sent(&self.fill(inner)?).into(),
                _ => {
                    let mut filled = Map::new();
                    for (name, value) in members {
                        filled.insert(name.clone(), self.fill(value)?);
                    }
                    filled.into()
                }
            },
            Value::Array(items) => items.iter().map(|item| self.fill(item)).collect::<Result<_, _>>()?,
            Value::String(text) => self.fill_text(text)?.into(),
            other => other.clone(),
        })
    }

    /// The text with everything put in.
    pub fn fill_text(&mut self, text: &str) -> Result<String, String> {
        let mut unknown = None;
        let filled = TOKEN.replace_all(text, |found: &Captures<'_>| {
            let name = &found[1];
            if name.starts_with("uid") {
                let uid = || uuid::Uuid::new_v4().simple().to_string()[..8].to_owned();
                return self.0.entry(name.to_owned()).or_insert_with(uid).clone();
            }
            self.0.get(name).cloned().unwrap_or_else(|| {
                unknown = Some(format!("{{{{{name}}}}} is not known"));
                String::new()
            })
        });
        let filled = filled.into_owned();
        unknown.map_or(Ok(filled), Err)
    }

    /// Takes parts of a reply; a token whose part is not there is not known any more.
    pub fn take(&mut self, paths: &Map<String, Value>, reply: &Value) {
        for (name, path) in paths {
            let mut at = Some(reply.clone());
            for key in path.as_array().into_iter().flatten() {
                at = at.and_then(|value| {
                    let value = parsed(&value);
                    match key {
                        Value::String(member) => value.get(member).cloned(),
                        other => value.get(usize::try_from(other.as_u64()?).ok()?).cloned(),
                    }
                });
            }
            match at {
                None | Some(Value::Null) => drop(self.0.remove(name)),
                Some(Value::String(text)) => self.set(name, text),
                Some(other) => self.set(name, other.to_string()),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn tokens_are_filled_in_and_taken() {
        let mut tokens = Tokens::default();
        tokens.take(
            json!({"sm0": ["arn"], "v": ["a", 1]}).as_object().unwrap(),
            &json!({"arn": "x", "a": "[1, 2]"}),
        );
        let filled = tokens.fill(&json!({"a": "{{sm0}}/{{v}}", "d": {"$json": {"b": "{{sm0}}"}}}));
        assert_eq!(filled.unwrap(), json!({"a": "x/2", "d": "{\"b\": \"x\"}"}));
        assert_eq!(tokens.fill(&json!(["{{sm1}}"])).unwrap_err(), "{{sm1}} is not known");
        assert_eq!(
            tokens.fill_text("{{uid0}}").unwrap(),
            tokens.fill_text("{{uid0}}").unwrap()
        );
        assert_eq!(tokens.missing_roles(&json!({"r": "{{role0}}"})), ["role0"]);
    }
}
