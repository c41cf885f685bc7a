//! The MD5 sums by which clients see that a message came whole.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest, Md5};
use serde_json::{Map, Value};

/// Of a message's body, in hexadecimal.
pub(crate) fn of_body(body: &str) -> String {
    hex(Md5::digest(body.as_bytes()).as_slice())
}

/// Of message attributes
/// ([how it is made](https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html#sqs-attributes-md5-message-digest-calculation));
/// none if there are none.
pub(crate) fn of_attributes(attributes: &Map<String, Value>) -> Option<String> {
    if attributes.is_empty() {
        return None;
    }
    let mut sorted: Vec<_> = attributes.iter().collect();
    sorted.sort_by_key(|(name, _)| name.as_str());
    let mut sum = Md5::new();
    for (name, attribute) in sorted {
        add(&mut sum, name.as_bytes());
        let text = |member| attribute.get(member).and_then(Value::as_str);
        add(&mut sum, text("DataType").unwrap_or_default().as_bytes());
        match text("BinaryValue") {
            Some(binary) => {
                sum.update([2]);
                add(&mut sum, &STANDARD.decode(binary).unwrap_or_default());
            }
            None => {
                sum.update([1]);
                add(&mut sum, text("StringValue").unwrap_or_default().as_bytes());
            }
        }
    }
    Some(hex(sum.finalize().as_slice()))
}

/// The length in four bytes, then the bytes.
fn add(sum: &mut Md5, bytes: &[u8]) {
    sum.update(u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes());
    sum.update(bytes);
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(attributes: &Value, expected: Option<&str>) {
        let attributes = attributes.as_object().cloned().unwrap_or_default();
        assert_eq!(of_attributes(&attributes).as_deref(), expected, "{attributes:?}");
    }

    #[test]
    fn sums_are_those_of_aws() {
        assert_eq!(of_body(""), "d41d8cd98f00b204e9800998ecf8427e");
        assert_eq!(of_body("This is a test message"), "fafb00f5732ab283681e124bf8747ed1");
        check(&json!({}), None);
        // Made with an independent implementation, following the steps of the guide.
        check(
            &json!({"a": {"DataType": "String", "StringValue": "x"}}),
            Some("a512aac9938034acb0b3c3d965944bf1"),
        );
        check(
            &json!({"n": {"DataType": "Number.int", "StringValue": "1"}, "b": {"DataType": "Binary", "BinaryValue": "AAE="}}),
            Some("10cc5b35af1098a2970731054d381221"),
        );
    }
}
