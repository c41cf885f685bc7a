//! What the optimized integrations take: fields of `Parameters` and `Arguments` that they do not know, and those that they
//! need.

use serde_json::Value as Json;

use super::error;
use crate::asl::integration::Integration;
use crate::asl::model::{QueryLanguage, State, Task};
use crate::diagnostic::{Diagnostic, did_you_mean};

/// Fields that are no parameter of the integration, and parameters that are missing, both of which AWS refuses.
pub(super) fn check(state: &State, task: &Task, pointer: &str, found: &mut Vec<Diagnostic>) {
    let Some(taken) = taken_by(&task.resource) else { return };
    let (field, given) = match state.query_language {
        QueryLanguage::JsonPath => ("Parameters", &task.work.parameters),
        QueryLanguage::Jsonata => ("Arguments", &task.work.arguments),
    };
    // One expression for all of them shows only at run time what it holds.
    let Some(Json::Object(entries)) = given else { return };
    for key in entries.keys() {
        let name = name_in(state.query_language, key);
        if taken.contains(&name) {
            continue;
        }
        let message = format!(
            "`{field}` of state `{}` has `{name}`, which `{}` does not take",
            state.name, task.resource
        );
        let aws = format!("The field \"{name}\" is not supported by Step Functions");
        let mut error = error(state, format!("{pointer}/{field}"), "unknown-parameter", message, aws);
        error.hints.extend(did_you_mean(name, taken.iter().copied()));
        found.push(error);
    }
    let is_there = |name: &str| entries.keys().any(|key| name_in(state.query_language, key) == name);
    // A call of a private API names its connection elsewhere.
    let given = |name: &str| is_there(name) || (name == "Authentication" && is_there("InvocationConfig"));
    for name in needed_by(&task.resource).iter().filter(|name| !given(name)) {
        found.push(error(
            state,
            format!("{pointer}/{field}"),
            "missing-parameter",
            format!(
                "`{field}` of state `{}` lacks `{name}`, which `{}` needs",
                state.name, task.resource
            ),
            format!("The field '{name}' is required but was missing"),
        ));
    }
}

/// The parameter that a key of `Parameters` or `Arguments` gives.
fn name_in(language: QueryLanguage, key: &str) -> &str {
    match language {
        QueryLanguage::JsonPath => key.strip_suffix(".$").unwrap_or(key),
        QueryLanguage::Jsonata => key,
    }
}

/// The parameters without which an integration cannot do anything: those that its API requires.
///
/// Sources: the pages of <https://docs.aws.amazon.com/step-functions/latest/dg/integrate-optimized.html> and of the actions,
/// e.g. <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html>.
fn needed_by(resource: &str) -> &'static [&'static str] {
    let Integration::Optimized { service, action, .. } = Integration::parse(resource) else {
        return &[];
    };
    match (service.as_str(), action.as_str()) {
        ("lambda", "invoke") => &["FunctionName"],
        ("states", "startExecution") => &["StateMachineArn"],
        ("sns", "publish") => &["Message"],
        ("sqs", "sendMessage") => &["QueueUrl", "MessageBody"],
        ("dynamodb", "getItem" | "updateItem" | "deleteItem") => &["TableName", "Key"],
        ("dynamodb", "putItem") => &["TableName", "Item"],
        ("events", "putEvents") => &["Entries"],
        ("http", "invoke") => &["ApiEndpoint", "Method", "Authentication"],
        _ => &[],
    }
}

/// The parameters of an integration, if they are known here: those that the guide lists and what else the API has, so that
/// nothing is refused that AWS takes.
///
/// Source: the pages of <https://docs.aws.amazon.com/step-functions/latest/dg/integrate-optimized.html>
fn taken_by(resource: &str) -> Option<&'static [&'static str]> {
    let Integration::Optimized { service, action, .. } = Integration::parse(resource) else {
        return None;
    };
    Some(match (service.as_str(), action.as_str()) {
        ("lambda", "invoke") => &[
            "ClientContext",
            "FunctionName",
            "InvocationType",
            "LogType",
            "Payload",
            "Qualifier",
            "TenantId",
        ],
        ("states", "startExecution") => &["Input", "Name", "StateMachineArn", "TraceHeader"],
        ("sns", "publish") => &[
            "Message",
            "MessageAttributes",
            "MessageDeduplicationId",
            "MessageGroupId",
            "MessageStructure",
            "PhoneNumber",
            "Subject",
            "TargetArn",
            "TopicArn",
        ],
        ("sqs", "sendMessage") => &[
            "DelaySeconds",
            "MessageAttributes",
            "MessageBody",
            "MessageDeduplicationId",
            "MessageGroupId",
            "MessageSystemAttributes",
            "QueueUrl",
        ],
        ("dynamodb", "getItem") => &[
            "AttributesToGet",
            "ConsistentRead",
            "ExpressionAttributeNames",
            "Key",
            "ProjectionExpression",
            "ReturnConsumedCapacity",
            "TableName",
        ],
        ("dynamodb", "putItem") => &[
            "ConditionExpression",
            "ConditionalOperator",
            "Expected",
            "ExpressionAttributeNames",
            "ExpressionAttributeValues",
            "Item",
            "ReturnConsumedCapacity",
            "ReturnItemCollectionMetrics",
            "ReturnValues",
            "ReturnValuesOnConditionCheckFailure",
            "TableName",
        ],
        ("dynamodb", "deleteItem") => &[
            "ConditionExpression",
            "ConditionalOperator",
            "Expected",
            "ExpressionAttributeNames",
            "ExpressionAttributeValues",
            "Key",
            "ReturnConsumedCapacity",
            "ReturnItemCollectionMetrics",
            "ReturnValues",
            "ReturnValuesOnConditionCheckFailure",
            "TableName",
        ],
        ("dynamodb", "updateItem") => &[
            "AttributeUpdates",
            "ConditionExpression",
            "ConditionalOperator",
            "Expected",
            "ExpressionAttributeNames",
            "ExpressionAttributeValues",
            "Key",
            "ReturnConsumedCapacity",
            "ReturnItemCollectionMetrics",
            "ReturnValues",
            "ReturnValuesOnConditionCheckFailure",
            "TableName",
            "UpdateExpression",
        ],
        ("events", "putEvents") => &["EndpointId", "Entries"],
        // <https://docs.aws.amazon.com/step-functions/latest/dg/call-https-apis.html>
        ("http", "invoke") => &[
            "ApiEndpoint",
            "Authentication",
            "Headers",
            "InvocationConfig",
            "Method",
            "QueryParameters",
            "RequestBody",
            "Transform",
        ],
        _ => return None,
    })
}
