//! Whether a mocked result is what the API of a service could answer.

use std::collections::HashMap;
use std::sync::OnceLock;

use serde_json::{Map, Value};

use crate::asl::integration::{Integration, Pattern};

/// The responses of API operations, by the service's name in `aws-sdk` resources, from the API references of the services.
/// There are all operations that tasks can call here, and some of services that tests mock. A shape is `string`, `number`,
/// `boolean`, `timestamp`, `blob`, `any` or the name of one with `members`, `list`, `map` or limits; `:parsed` operations
/// are those whose optimized integration reads JSON in a text.
const SERVICES: &[(&str, &str)] = &[
    ("cloudwatchlogs", include_str!("responses/cloudwatchlogs.json")),
    ("dynamodb", include_str!("responses/dynamodb.json")),
    ("eventbridge", include_str!("responses/eventbridge.json")),
    ("iam", include_str!("responses/iam.json")),
    ("kms", include_str!("responses/kms.json")),
    ("lambda", include_str!("responses/lambda.json")),
    ("s3", include_str!("responses/s3.json")),
    ("secretsmanager", include_str!("responses/secretsmanager.json")),
    ("sfn", include_str!("responses/sfn.json")),
    ("sns", include_str!("responses/sns.json")),
    ("sqs", include_str!("responses/sqs.json")),
    ("ssm", include_str!("responses/ssm.json")),
    ("sts", include_str!("responses/sts.json")),
];

/// How deep a response is followed; shapes may contain themselves.
const DEEPEST: usize = 64;

/// Checks a mocked result of a resource. With `all`, required fields must be there. The error is what AWS says, or names
/// the operation whose response is not known here.
pub(super) fn check(resource: &str, result: &Value, all: bool) -> Result<(), String> {
    let integration = Integration::parse(resource);
    let (service, operation) = match &integration {
        // Whatever a function, an activity or the holder of a token gives back is a result.
        Integration::Function(_) | Integration::Activity(_) => return Ok(()),
        integration if integration.pattern() == Pattern::WaitForTaskToken => return Ok(()),
        Integration::Unknown => return Err(unknown(resource)),
        // What a called API outside AWS answers has no shape.
        Integration::Optimized { service, .. } if matches!(service.as_str(), "apigateway" | "http") => return Ok(()),
        Integration::Optimized {
            service,
            action,
            pattern,
        } => match optimized(service, action, *pattern) {
            Some(operation) => (sdk_name(service), operation),
            None => return Err(unknown(resource)),
        },
        Integration::Sdk { service, action, .. } => (service.as_str(), capitalized(action)),
    };
    let known = model(service);
    let shape = known.and_then(|known| known.get("operations")?.get(&operation));
    let (Some(known), Some(shape)) = (known, shape) else {
        return Err(unknown(resource));
    };
    let checker = Checker {
        shapes: known.get("shapes").and_then(Value::as_object),
        all,
    };
    if !result.is_object() {
        return Err("Mock result schema validation error: Mocked result must be an object".to_owned());
    }
    checker
        .check(shape, "", result, 0)
        .map_err(|problem| format!("Mock result schema validation error: {problem}"))
}

/// Never let pass: a mock that AWS would refuse must not succeed here.
fn unknown(resource: &str) -> String {
    format!(
        "not implemented by the local cloud: the response of {resource}, which a mocked result is checked against; with \
         fieldValidationMode NONE it is not checked"
    )
}

/// The operation that gives an optimized integration its result, if it is known which.
fn optimized(service: &str, action: &str, pattern: Pattern) -> Option<String> {
    Some(match (service, action, pattern) {
        ("lambda", "invoke", Pattern::RequestResponse) => "Invoke:parsed".to_owned(),
        ("states", "startExecution", Pattern::Sync) => "DescribeExecution".to_owned(),
        ("states", "startExecution", Pattern::Sync2) => "DescribeExecution:parsed".to_owned(),
        (_, _, Pattern::RequestResponse) => capitalized(action),
        _ => return None,
    })
}

/// The name of a service in `aws-sdk` resources.
fn sdk_name(optimized: &str) -> &str {
    match optimized {
        "states" => "sfn",
        "events" => "eventbridge",
        other => other,
    }
}

fn capitalized(action: &str) -> String {
    let mut letters = action.chars();
    letters
        .next()
        .map(|first| first.to_ascii_uppercase().to_string() + letters.as_str())
        .unwrap_or_default()
}

/// What is known of a service.
fn model(service: &str) -> Option<&'static Map<String, Value>> {
    static MODELS: OnceLock<HashMap<&str, Map<String, Value>>> = OnceLock::new();
    let read = |&(name, text)| (name, serde_json::from_str(text).unwrap_or_default());
    MODELS.get_or_init(|| SERVICES.iter().map(read).collect()).get(service)
}

struct Checker<'a> {
    shapes: Option<&'a Map<String, Value>>,
    all: bool,
}

impl Checker<'_> {
    /// Recurses at most [`DEEPEST`] levels.
    fn check(&self, shape: &Value, field: &str, value: &Value, depth: usize) -> Result<(), String> {
        if depth > DEEPEST || value.is_null() {
            return Ok(());
        }
        let Some(name) = shape.as_str() else {
            return Ok(());
        };
        let wrong = |wanted: &str| Err(format!("Field '{field}' must be {wanted}"));
        let Some(shape) = self.shapes.and_then(|shapes| shapes.get(name)) else {
            return self.simple(name, field, value);
        };
        if let Some(kind) = shape.get("type").and_then(Value::as_str) {
            self.simple(kind, field, value)?;
            return limits(shape, field, value);
        }
        if let Some(item) = shape.get("list") {
            let Some(items) = value.as_array() else {
                return wrong("an array");
            };
            return items
                .iter()
                .try_for_each(|value| self.check(item, field, value, depth + 1));
        }
        let Some(given) = value.as_object() else {
            return wrong("an object");
        };
        if let Some(item) = shape.get("map") {
            return given
                .iter()
                .try_for_each(|(key, value)| self.check(item, key, value, depth + 1));
        }
        if self.all {
            let required = shape.get("required").and_then(Value::as_array).into_iter().flatten();
            for name in required.filter_map(Value::as_str) {
                if given.get(name).is_none_or(Value::is_null) {
                    return Err(format!("Required field '{name}' is missing"));
                }
            }
        }
        let members = shape.get("members").and_then(Value::as_object);
        // What the API does not know is let pass.
        given
            .iter()
            .filter_map(|(name, value)| Some((name, members?.get(name)?, value)))
            .try_for_each(|(name, shape, value)| self.check(shape, name, value, depth + 1))
    }

    fn simple(&self, kind: &str, field: &str, value: &Value) -> Result<(), String> {
        let (right, wanted) = match kind {
            "number" => (value.is_number(), "a number"),
            "boolean" => (value.is_boolean(), "a boolean"),
            "string" | "timestamp" | "blob" => (value.is_string(), "a string"),
            _ => (true, ""),
        };
        if right {
            Ok(())
        } else {
            Err(format!("Field '{field}' must be {wanted}"))
        }
    }
}

fn limits(shape: &Value, field: &str, value: &Value) -> Result<(), String> {
    if let Some(allowed) = shape.get("enum").and_then(Value::as_array)
        && !allowed.contains(value)
    {
        return Err(format!("Field '{field}' is not an expected value"));
    }
    let (size, below, above) = match value {
        Value::String(text) => (
            text.chars().count() as f64,
            "is smaller than the minimum length",
            "is greater than the maximum length",
        ),
        other => (
            other.as_f64().unwrap_or_default(),
            "is less than the minimum value",
            "is greater than the maximum value",
        ),
    };
    let limit = |name: &str| shape.get(name).and_then(Value::as_f64);
    if limit("min").is_some_and(|least| size < least) {
        return Err(format!("Field '{field}' {below}"));
    }
    if limit("max").is_some_and(|most| size > most) {
        return Err(format!("Field '{field}' {above}"));
    }
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde_json::json;

    use super::*;

    fn outcome(resource: &str, result: &Value, all: bool) -> String {
        let text = check(&format!("arn:aws:states:::{resource}"), result, all)
            .map_or_else(|error| error, |()| "ok".to_owned());
        text.strip_prefix("Mock result schema validation error: ")
            .unwrap_or(&text)
            .to_owned()
    }

    #[test]
    fn fields_must_be_what_the_api_answers() {
        let wrong = |resource: &str, result: Value, expected: &str| {
            assert_eq!(outcome(resource, &result, false), expected, "{resource} {result}");
        };
        wrong(
            "states:startExecution",
            json!({"ExecutionArn": 1}),
            "Field 'ExecutionArn' must be a string",
        );
        wrong(
            "states:startExecution",
            json!({"StartDate": true}),
            "Field 'StartDate' must be a string",
        );
        wrong(
            "events:putEvents",
            json!({"Entries": "x"}),
            "Field 'Entries' must be an array",
        );
        wrong(
            "events:putEvents",
            json!({"Entries": [{"EventId": "a"}, {"EventId": []}]}),
            "Field 'EventId' must be a string",
        );
        wrong(
            "dynamodb:putItem",
            json!({"ConsumedCapacity": {"CapacityUnits": "1"}}),
            "Field 'CapacityUnits' must be a number",
        );
        wrong(
            "aws-sdk:dynamodb:getItem",
            json!({"Item": {"id": {"L": [{"BOOL": 1}]}}}),
            "Field 'BOOL' must be a boolean",
        );
        wrong(
            "aws-sdk:dynamodb:getItem",
            json!({"Item": {"id": "1"}}),
            "Field 'id' must be an object",
        );
        wrong(
            "aws-sdk:s3:getObject",
            json!({"StorageClass": "Papyrus"}),
            "Field 'StorageClass' is not an expected value",
        );
        wrong(
            "aws-sdk:lambda:getFunction",
            json!({"Configuration": {"MemorySize": 127}}),
            "Field 'MemorySize' is less than the minimum value",
        );
        wrong(
            "aws-sdk:kms:encrypt",
            json!({"CiphertextBlob": ""}),
            "Field 'CiphertextBlob' is smaller than the minimum length",
        );
        wrong("sns:publish", json!([]), "Mocked result must be an object");
        wrong(
            "sqs:sendMessage",
            json!({"MessageId": 1}),
            "Field 'MessageId' must be a string",
        );
        // The optimized integration reads what a function or an execution gave, the others hold its text.
        wrong(
            "aws-sdk:lambda:invoke",
            json!({"Payload": {"a": 1}}),
            "Field 'Payload' must be a string",
        );
        wrong("lambda:invoke", json!({"Payload": {"a": 1}}), "ok");
        wrong(
            "states:startExecution.sync",
            json!({"Output": {"a": 1}}),
            "Field 'Output' must be a string",
        );
        wrong("states:startExecution.sync:2", json!({"Output": {"a": 1}}), "ok");
        wrong(
            "aws-sdk:iam:getRole",
            json!({"Role": {"MaxSessionDuration": "1"}}),
            "Field 'MaxSessionDuration' must be a number",
        );
        wrong("aws-sdk:sqs:deleteMessage", json!({}), "ok");
    }

    #[test]
    fn required_fields_count_only_when_asked() {
        assert_eq!(
            outcome("aws-sdk:iam:getRole", &json!({"Role": {"Path": "/"}}), true),
            "Required field 'RoleName' is missing"
        );
        for (all, expected) in [(true, "Required field 'ExecutionArn' is missing"), (false, "ok")] {
            assert_eq!(
                outcome("states:startExecution", &json!({"executionArn": "x"}), all),
                expected
            );
        }
    }

    #[test]
    fn what_has_no_shape_is_let_pass_and_what_is_not_known_is_named() {
        for resource in [
            "lambda:invoke",
            "apigateway:invoke",
            "sqs:sendMessage.waitForTaskToken",
            "events:putEvents",
        ] {
            assert_eq!(outcome(resource, &json!({"random": 1}), true), "ok", "{resource}");
        }
        assert_eq!(outcome("lambda:invoke", &json!({"Payload": {"a": 1}}), true), "ok");
        for resource in [
            "aws-sdk:glue:getJob",
            "aws-sdk:lambda:listAliases",
            "aws-sdk:states:startExecution",
            "ecs:runTask.sync",
            "sqs:sendMessage.sync",
            "nothing",
        ] {
            let refused = outcome(resource, &json!({}), false);
            let expected =
                format!("not implemented by the local cloud: the response of arn:aws:states:::{resource}, which");
            assert!(refused.starts_with(&expected), "{refused}");
        }
    }

    #[test]
    fn what_tasks_can_call_has_a_response() {
        for operation in crate::local::sfn::integrations::sdk_operations() {
            let resource = format!("arn:aws:states:::aws-sdk:{operation}");
            let refused = check(&resource, &json!([]), true);
            assert_eq!(
                refused,
                Err("Mock result schema validation error: Mocked result must be an object".to_owned()),
                "{operation}"
            );
        }
    }

    #[test]
    fn every_name_in_the_table_is_a_shape() {
        fn names(value: &Value, found: &mut Vec<String>) {
            match value {
                Value::String(name) => found.push(name.clone()),
                Value::Object(members) => members.values().for_each(|value| names(value, found)),
                _ => {}
            }
        }
        for (service, _) in SERVICES {
            let known = model(service).unwrap();
            let shapes = known["shapes"].as_object().cloned().unwrap_or_default();
            let mut used = Vec::new();
            names(&known["operations"], &mut used);
            shapes.values().for_each(|shape| names(shape, &mut used));
            for name in used {
                let simple = ["string", "number", "boolean", "timestamp", "blob", "any"].contains(&name.as_str());
                assert!(simple || shapes.contains_key(&name), "{service}: {name}");
            }
        }
    }
}
