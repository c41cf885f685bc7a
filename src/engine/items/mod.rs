//! Items of a distributed Map state out of the objects that an `ItemReader` names: what is in them, not how they are fetched
//! ([ItemReader](https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itemreader.html)).

mod csv;
mod manifest;

use serde_json::Value;

pub use manifest::{Inventory, Object, athena_objects, inventory, object_item};

/// The error of a map run whose items could not be read.
pub const ITEM_READER_FAILED: &str = "States.ItemReaderFailed";

/// The most items of a map run
/// ([quotas](https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html)).
const MOST_ITEMS: usize = 100_000_000;

/// Why items cannot be read: the cause of [`ITEM_READER_FAILED`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// Two columns have the same name.
    #[error("CSV headers cannot contain duplicates.")]
    DuplicateHeaders,
    /// The value that should hold the items is no list.
    #[error("Attempting to map over non-iterable node.")]
    NotIterable,
    /// The object is not what `InputType` says.
    #[error("The object is not valid {format}: {problem}")]
    Malformed {
        /// The format.
        format: &'static str,
        /// What is wrong.
        problem: String,
    },
    /// A member of `ReaderConfig` is missing, or says what is not known.
    #[error("The field '{field}' of the ReaderConfig {problem}.")]
    Config {
        /// The member.
        field: &'static str,
        /// What is wrong.
        problem: String,
    },
}

/// The items in an object, as `ReaderConfig` says. `MaxItems` cuts them, 0 or none does not.
pub fn read(config: &Value, bytes: &[u8]) -> Result<Vec<Value>, ReadError> {
    let most = most_items(config);
    match config["InputType"].as_str() {
        Some("CSV") => {
            let text = text(bytes, "CSV")?;
            csv::items(text, &csv::Layout::of(config)?, most)
        }
        Some("JSON") => json(config, bytes, most),
        Some("JSONL") => jsonl(bytes, most),
        other => Err(ReadError::Config {
            field: "InputType",
            problem: match other {
                Some(other) => format!("is not known here: {other}"),
                None => "is missing".to_owned(),
            },
        }),
    }
}

/// `MaxItems`, as a number of items.
pub fn most_items(config: &Value) -> usize {
    match config["MaxItems"].as_u64().and_then(|most| usize::try_from(most).ok()) {
        Some(0) | None => MOST_ITEMS,
        Some(most) => most.min(MOST_ITEMS),
    }
}

fn json(config: &Value, bytes: &[u8], most: usize) -> Result<Vec<Value>, ReadError> {
    let mut value: Value =
        serde_json::from_slice(without_mark(bytes)).map_err(|problem| malformed("JSON", &problem))?;
    let found = match config["ItemsPointer"].as_str() {
        Some(pointer) => value.pointer_mut(pointer).ok_or(ReadError::NotIterable)?,
        None => &mut value,
    };
    match found.take() {
        Value::Array(mut items) => {
            items.truncate(most);
            Ok(items)
        }
        _ => Err(ReadError::NotIterable),
    }
}

/// One value on each line; lines with nothing in them are none.
fn jsonl(bytes: &[u8], most: usize) -> Result<Vec<Value>, ReadError> {
    text(bytes, "JSON Lines")?
        .lines()
        .filter(|line| !line.trim().is_empty())
        .take(most)
        .map(|line| serde_json::from_str(line).map_err(|problem| malformed("JSON Lines", &problem)))
        .collect()
}

fn text<'a>(bytes: &'a [u8], format: &'static str) -> Result<&'a str, ReadError> {
    std::str::from_utf8(without_mark(bytes)).map_err(|problem| malformed(format, &problem))
}

/// The bytes after a byte order mark.
fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)
}

fn malformed(format: &'static str, problem: &dyn std::error::Error) -> ReadError {
    ReadError::Malformed {
        format,
        problem: problem.to_string(),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(config: Value, bytes: &str, expected: Value) {
        let found = match read(&config, bytes.as_bytes()) {
            Ok(items) => Value::Array(items),
            Err(error) => error.to_string().into(),
        };
        assert_eq!(found, expected, "{config} {bytes:?}");
    }

    #[test]
    fn lists_in_json() {
        let json = |extra: Value| {
            let mut config = json!({ "InputType": "JSON" });
            config
                .as_object_mut()
                .unwrap()
                .extend(extra.as_object().unwrap().clone());
            config
        };
        check(json(json!({})), "[1, {\"a\":2}]", json!([1, {"a": 2}]));
        check(json(json!({})), "\u{feff}[1]", json!([1]));
        check(json(json!({ "MaxItems": 2 })), "[1,2,3]", json!([1, 2]));
        check(json(json!({ "MaxItems": 0 })), "[1,2,3]", json!([1, 2, 3]));
        check(
            json(json!({ "ItemsPointer": "/a/b" })),
            r#"{"a":{"b":[4]}}"#,
            json!([4]),
        );
        check(
            json(json!({ "ItemsPointer": "/c" })),
            r#"{"a":1}"#,
            json!("Attempting to map over non-iterable node."),
        );
        check(
            json(json!({})),
            r#"{"a":1}"#,
            json!("Attempting to map over non-iterable node."),
        );
        check(
            json(json!({})),
            "[1,",
            json!("The object is not valid JSON: EOF while parsing a value at line 1 column 3"),
        );
    }

    #[test]
    fn lines_of_json() {
        let config = json!({ "InputType": "JSONL" });
        check(config.clone(), "{\"a\":1}\r\n\n[2]\n\"x\"", json!([{"a": 1}, [2], "x"]));
        check(
            json!({ "InputType": "JSONL", "MaxItems": 1 }),
            "1\n2\nnot read",
            json!([1]),
        );
        check(
            config,
            "1\nno",
            json!("The object is not valid JSON Lines: expected ident at line 1 column 2"),
        );
    }

    #[test]
    fn what_is_not_known_is_said() {
        check(
            json!({ "InputType": "PARQUET" }),
            "",
            json!("The field 'InputType' of the ReaderConfig is not known here: PARQUET."),
        );
        check(
            json!({}),
            "",
            json!("The field 'InputType' of the ReaderConfig is missing."),
        );
        let error = read(&json!({ "InputType": "JSONL" }), b"\xff").unwrap_err();
        assert!(matches!(error, ReadError::Malformed { .. }));
    }
}
