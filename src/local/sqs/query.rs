//! The old query protocol: forms become the input of the JSON protocol, and its answers XML.
//!
//! <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-making-api-requests-xml.html>

use serde_json::{Map, Value, json};

use crate::local::protocol::form::Form;
use crate::local::protocol::xml::Writer;

/// Members of the JSON protocol that are lists, by their names in forms.
const LISTS: &[(&str, &str)] = &[
    ("AttributeName", "AttributeNames"),
    ("MessageAttributeName", "MessageAttributeNames"),
    ("MessageSystemAttributeName", "MessageSystemAttributeNames"),
    ("TagKey", "TagKeys"),
    ("SendMessageBatchRequestEntry", "Entries"),
    ("DeleteMessageBatchRequestEntry", "Entries"),
    ("ChangeMessageVisibilityBatchRequestEntry", "Entries"),
];

/// Members that are maps: name in forms, of the key, of the value, name in JSON.
const MAPS: &[(&str, &str, &str, &str)] = &[
    ("Attribute", "Name", "Value", "Attributes"),
    ("MessageAttribute", "Name", "Value", "MessageAttributes"),
    ("MessageSystemAttribute", "Name", "Value", "MessageSystemAttributes"),
    ("Tag", "Key", "Value", "Tags"),
];

const NUMBERS: &[&str] = &[
    "DelaySeconds",
    "MaxNumberOfMessages",
    "MaxResults",
    "VisibilityTimeout",
    "WaitTimeSeconds",
];

/// The input of the JSON protocol for a form.
pub(super) fn input(operation: &str, form: &Value) -> Value {
    let mut input = members(&Form::read(form));
    // The one member whose name is not the same in all operations.
    if operation == "CreateQueue"
        && let Some(tags) = input.remove("Tags")
    {
        input.insert("tags".to_owned(), tags);
    }
    input.into()
}

fn members(node: &Form) -> Map<String, Value> {
    let mut members = Map::new();
    for (name, child) in node.parts() {
        if let Some((_, member)) = LISTS.iter().find(|(form, _)| *form == name) {
            let items: Vec<Value> = child.items().into_iter().map(value).collect();
            members.insert((*member).to_owned(), items.into());
        } else if let Some((_, key, content, member)) = MAPS.iter().find(|(form, ..)| *form == name) {
            let entry = |item: &Form| {
                let key = item.get(key)?.text()?.to_owned();
                Some((key, item.get(content).map_or(json!(""), value)))
            };
            let entries: Map<String, Value> = child.items().into_iter().filter_map(entry).collect();
            members.insert((*member).to_owned(), entries.into());
        } else {
            let number = NUMBERS.contains(&name).then(|| child.text()?.parse::<i64>().ok());
            let value = number.flatten().map_or_else(|| value(child), Value::from);
            members.insert(name.to_owned(), value);
        }
    }
    members
}

fn value(node: &Form) -> Value {
    match node.text() {
        Some(text) => text.into(),
        None => members(node).into(),
    }
}

/// The content of `<OperationResult>` for an answer of the JSON protocol.
pub(super) fn output(operation: &str, answer: &Value) -> String {
    let mut out = Writer::default();
    let entry = match operation {
        "SendMessageBatch" => "SendMessageBatchResultEntry",
        "DeleteMessageBatch" => "DeleteMessageBatchResultEntry",
        _ => "ChangeMessageVisibilityBatchResultEntry",
    };
    write_members(&mut out, answer, entry);
    out.finish()
}

fn write_members(out: &mut Writer, value: &Value, entry: &str) {
    for (name, value) in value.as_object().into_iter().flatten() {
        write(out, name, value, entry);
    }
}

fn write(out: &mut Writer, name: &str, value: &Value, entry: &str) {
    let element = match name {
        "QueueUrls" | "queueUrls" => "QueueUrl",
        "Messages" => "Message",
        "Successful" => entry,
        "Failed" => "BatchResultErrorEntry",
        "Attributes" => "Attribute",
        "MessageAttributes" => "MessageAttribute",
        "Tags" => "Tag",
        _ => name,
    };
    match value {
        Value::Array(items) => items.iter().for_each(|item| write(out, element, item, entry)),
        Value::Object(map) if element != name => {
            let key = if name == "Tags" { "Key" } else { "Name" };
            for (name, value) in map {
                out.element(element, |out| {
                    out.text(key, name);
                    write(out, "Value", value, entry);
                });
            }
        }
        Value::Object(_) => out.element(element, |out| write_members(out, value, entry)),
        Value::String(text) => out.text(element, text),
        other => out.text(element, &other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_become_inputs() {
        let form = json!({
            "QueueName": "q",
            "Attribute.1.Name": "VisibilityTimeout", "Attribute.1.Value": "5",
            "Tag.1.Key": "k", "Tag.1.Value": "v",
            "WaitTimeSeconds": "3",
            "AttributeName.2": "b", "AttributeName.10": "c", "AttributeName.1": "a",
            "SendMessageBatchRequestEntry.1.Id": "1",
            "SendMessageBatchRequestEntry.1.DelaySeconds": "4",
            "SendMessageBatchRequestEntry.1.MessageAttribute.1.Name": "n",
            "SendMessageBatchRequestEntry.1.MessageAttribute.1.Value.DataType": "String",
            "SendMessageBatchRequestEntry.1.MessageAttribute.1.Value.StringValue": "x",
        });
        let expected = json!({
            "QueueName": "q",
            "Attributes": {"VisibilityTimeout": "5"},
            "tags": {"k": "v"},
            "WaitTimeSeconds": 3,
            "AttributeNames": ["a", "b", "c"],
            "Entries": [{"Id": "1", "DelaySeconds": 4, "MessageAttributes": {"n": {"DataType": "String", "StringValue": "x"}}}],
        });
        assert_eq!(input("CreateQueue", &form), expected);
    }

    fn check(operation: &str, answer: &Value, expected: &str) {
        assert_eq!(output(operation, answer), expected);
    }

    #[test]
    fn answers_become_xml() {
        check(
            "ListQueues",
            &json!({"QueueUrls": ["a", "b"]}),
            "<QueueUrl>a</QueueUrl><QueueUrl>b</QueueUrl>",
        );
        check("DeleteQueue", &Value::Null, "");
        check(
            "ReceiveMessage",
            &json!({"Messages": [{"Body": "<", "Attributes": {"SentTimestamp": "1"},
                "MessageAttributes": {"n": {"DataType": "String", "StringValue": "x"}}}]}),
            "<Message><Body>&lt;</Body><Attribute><Name>SentTimestamp</Name><Value>1</Value></Attribute><MessageAttribute>\
             <Name>n</Name><Value><DataType>String</DataType><StringValue>x</StringValue></Value></MessageAttribute></Message>",
        );
        check(
            "DeleteMessageBatch",
            &json!({"Successful": [{"Id": "1"}], "Failed": [{"Id": "2", "SenderFault": true}]}),
            "<DeleteMessageBatchResultEntry><Id>1</Id></DeleteMessageBatchResultEntry><BatchResultErrorEntry><Id>2</Id>\
             <SenderFault>true</SenderFault></BatchResultErrorEntry>",
        );
    }
}
