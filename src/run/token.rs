//! The task token in what a task was given.

use std::collections::BTreeSet;

use serde_json::Value;

/// AWS's tokens are longer than this, and of base64's letters; nothing that people write is.
const SHORTEST_OF_AWS: usize = 64;

/// The task token among the parameters of a task: wherever the definition put it, alone or within a text.
///
/// LocalStack's and MiniStack's tokens are UUIDs, of which there may be others: one that a member named like a token holds goes before one that
/// is alone, and of several none is taken. Nor is the name of the execution, which nobody may have chosen either.
pub(super) fn token_in(parameters: &Value, execution: &str) -> Option<String> {
    let mut words = Words {
        execution,
        ..Words::default()
    };
    words.collect(parameters, false);
    if words.longest.len() >= SHORTEST_OF_AWS {
        return Some(words.longest.to_owned());
    }
    [words.named, words.uuids].into_iter().find_map(only)
}

#[derive(Default)]
struct Words<'a> {
    execution: &'a str,
    longest: &'a str,
    uuids: BTreeSet<&'a str>,
    /// The UUIDs in members whose names say that they hold a token.
    named: BTreeSet<&'a str>,
}

impl<'a> Words<'a> {
    /// No deeper than the JSON reader lets parameters be.
    fn collect(&mut self, value: &'a Value, is_named: bool) {
        match value {
            Value::String(text) => {
                for word in text.split(|character: char| !is_of_token(character)) {
                    self.take(word, is_named);
                }
            }
            Value::Array(items) => items.iter().for_each(|item| self.collect(item, is_named)),
            Value::Object(members) => {
                for (name, member) in members {
                    self.collect(member, name.to_ascii_lowercase().contains("token"));
                }
            }
            _ => {}
        }
    }

    fn take(&mut self, word: &'a str, is_named: bool) {
        if word.len() > self.longest.len() && !names_account(word) {
            self.longest = word;
        }
        if is_uuid(word) && !self.execution.contains(word) {
            self.uuids.insert(word);
            if is_named {
                self.named.insert(word);
            }
        }
    }
}

/// Whether a word is the end of a queue's URL.
fn names_account(word: &str) -> bool {
    let is_account = |part: &str| part.len() == 12 && part.bytes().all(|byte| byte.is_ascii_digit());
    word.split('/').any(is_account)
}

fn is_of_token(character: char) -> bool {
    character.is_ascii_alphanumeric() || "+/=_-".contains(character)
}

fn is_uuid(word: &str) -> bool {
    let groups = word.split('-').map(str::len);
    groups.eq([8, 4, 4, 4, 12])
        && word
            .chars()
            .all(|character| character.is_ascii_hexdigit() || character == '-')
}

fn only(words: BTreeSet<&str>) -> Option<String> {
    match words.len() {
        1 => words.first().map(|word| (*word).to_owned()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn where_the_token_is() {
        let long = &"AQ".repeat(60);
        let (one, two) = (
            "aea49da7-02f3-4e99-8fe6-703007817a01",
            "00000000-0000-4000-8000-000000000000",
        );
        for (parameters, expected) in [
            (json!({ "Message": { "TaskToken": long } }), Some(long.as_str())),
            (json!({ "Message": format!("answer with {long}, please") }), Some(long)),
            (json!({ "TaskToken": one, "Other": [long] }), Some(long)),
            (json!({ "Message": { "TaskToken": one } }), Some(one)),
            (json!({ "Message": format!("answer with {one}.") }), Some(one)),
            (json!({ "Id": two, "taskToken": one }), Some(one)),
            (json!({ "Id": one, "Again": one }), Some(one)),
            (json!({ "Id": two, "Message": one }), None),
            (json!({ "Token": [one, two] }), None),
            (
                json!({ "Message": one, "Url": format!("http://localhost:4566/000000000000/{}", "q".repeat(80)) }),
                Some(one),
            ),
            (
                json!({ "Message": "aea49da7-02f3-4e99-8fe6-703007817a0g", "n": 1 }),
                None,
            ),
            (json!("aea49da702f34e998fe6703007817a01"), None),
        ] {
            assert_eq!(token_in(&parameters, "a name").as_deref(), expected, "{parameters}");
        }
    }

    #[test]
    fn what_looks_like_a_token_and_is_none() {
        let (token, name) = (
            "0b0d3f9c-58a1-4a3e-9a60-0ee6a4d0b0a1",
            "5b0d3f9c-58a1-4a3e-9a60-0ee6a4d0b0a1",
        );
        let url = "http://q/000000000000/a-name-of-a-queue-that-is-as-long-as-names-of-queues-may-be";
        for parameters in [
            json!({ "to": url, "text": token }),
            json!({ "text": token, "execution": format!("arn:aws:states:r:a:execution:m:{name}") }),
        ] {
            assert_eq!(token_in(&parameters, name).as_deref(), Some(token), "{parameters}");
        }
    }
}
