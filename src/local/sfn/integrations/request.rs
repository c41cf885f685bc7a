//! From the parameters of a task to the request that an SDK would send.

use bytes::Bytes;
use http::{HeaderValue, Method, Request};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value};

use super::catalog::{Json, Query, Service, Wire};
use super::names::uncapitalized;
use super::rest::{self, RestOperation};

/// What stands unescaped in a segment of a path or in a query string.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');
/// The same, with slashes.
const GREEDY: &AsciiSet = &UNRESERVED.remove(b'/');

/// The request of an operation that the service has. The error says what the parameters lack.
pub(super) fn of(
    service: &Service,
    operation: &str,
    parameters: &Value,
    region: &str,
) -> Result<Request<Bytes>, String> {
    let empty = Map::new();
    let members = match parameters {
        Value::Object(members) => members,
        Value::Null => &empty,
        _ => return Err("The parameters of the task must be a JSON object".to_owned()),
    };
    let mut request = match &service.wire {
        Wire::Json(wire) => json(wire, operation, members)?,
        Wire::Query(wire) => query(wire, operation, members)?,
        Wire::RestJson(operations) => rest_request(operations, operation, members, false)?,
        Wire::RestXml(operations) => rest_request(operations, operation, members, true)?,
    };
    let credential = format!(
        "AWS4-HMAC-SHA256 Credential=states/20200101/{region}/{}/aws4_request, SignedHeaders=host, Signature=0",
        service.signing
    );
    let credential = HeaderValue::from_str(&credential).map_err(|_| format!("'{region}' is not a region"))?;
    request.headers_mut().insert(http::header::AUTHORIZATION, credential);
    Ok(request)
}

fn json(wire: &Json, operation: &str, members: &Map<String, Value>) -> Result<Request<Bytes>, String> {
    let body = if wire.camel {
        uncapitalized(members, wire.maps)
    } else {
        members.clone()
    };
    Request::post("/")
        .header("x-amz-target", format!("{}.{operation}", wire.target))
        .header("content-type", format!("application/x-amz-json-{}", wire.version))
        .body(Value::Object(present(body)).to_string().into())
        .map_err(|error| error.to_string())
}

/// Null stands for a member that is not there.
fn present(mut members: Map<String, Value>) -> Map<String, Value> {
    members.retain(|_, value| !value.is_null());
    members
}

fn query(wire: &Query, operation: &str, members: &Map<String, Value>) -> Result<Request<Bytes>, String> {
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("Action", operation)
        .append_pair("Version", wire.version);
    for (name, value) in members {
        flatten(wire, name, name, value, &mut form);
    }
    Request::post("/")
        .header("content-type", "application/x-www-form-urlencoded; charset=utf-8")
        .body(form.finish().into())
        .map_err(|error| error.to_string())
}

/// Writes a member into a form, as [AWS query](https://smithy.io/2.0/aws/protocols/aws-query-protocol.html) has it. Recurses
/// as deep as the parameters nest, which their reader limits.
fn flatten(wire: &Query, name: &str, key: &str, value: &Value, form: &mut form_urlencoded::Serializer<'_, String>) {
    match value {
        Value::Null => {}
        Value::Array(items) => {
            for (item, number) in items.iter().zip(1..) {
                flatten(wire, "", &format!("{key}.member.{number}"), item, form);
            }
        }
        Value::Object(members) => {
            let map = wire.maps.iter().find(|(map, ..)| *map == name);
            for ((member, value), number) in members.iter().zip(1..) {
                match map {
                    Some((_, called, holds)) => {
                        form.append_pair(&format!("{key}.entry.{number}.{called}"), member);
                        flatten(wire, "", &format!("{key}.entry.{number}.{holds}"), value, form);
                    }
                    None => flatten(wire, member, &format!("{key}.{member}"), value, form),
                }
            }
        }
        value => {
            form.append_pair(key, &text(value));
        }
    }
}

fn rest_request(
    operations: &'static [RestOperation],
    operation: &str,
    members: &Map<String, Value>,
    xml: bool,
) -> Result<Request<Bytes>, String> {
    let operation = rest::find(operations, operation).ok_or_else(|| format!("there is no operation {operation}"))?;
    let mut body = present(members.clone());
    let mut uri = path(operation.path, &mut body)?;
    let mut pairs = Vec::new();
    for (name, member) in operation.query {
        if member.is_empty() {
            pairs.push((*name).to_owned());
        } else if let Some(value) = body.remove(*member) {
            let values = match value {
                Value::Array(values) => values,
                value => vec![value],
            };
            pairs.extend(
                values
                    .iter()
                    .map(|value| format!("{name}={}", utf8_percent_encode(&text(value), UNRESERVED))),
            );
        }
    }
    if !pairs.is_empty() {
        uri = format!("{uri}?{}", pairs.join("&"));
    }
    let method = Method::from_bytes(operation.method.as_bytes()).map_err(|error| error.to_string())?;
    let mut request = Request::builder().method(method).uri(uri);
    for (header, member) in operation.headers {
        if let Some(fixed) = member.strip_prefix(':') {
            request = request.header(*header, fixed);
        } else if let Some(value) = body.remove(*member) {
            request = request.header(*header, text(&value));
        }
    }
    let payload = operation.payload.and_then(|member| body.remove(member));
    let content = match (operation.payload, payload) {
        // A blob is the JSON of what the parameters hold, so that a text has its quotes.
        (Some(_), Some(payload)) => payload.to_string(),
        (None, _) if !xml && !body.is_empty() && operation.method != "GET" => {
            Value::Object(std::mem::take(&mut body)).to_string()
        }
        _ => String::new(),
    };
    if xml && let Some(name) = body.keys().next() {
        return Err(format!(
            "not implemented by the local cloud: the member '{name}' in a task of {}",
            operation.name
        ));
    }
    if !xml && !content.is_empty() {
        request = request.header("content-type", "application/json");
    }
    request.body(content.into()).map_err(|error| error.to_string())
}

/// Fills the members into a path, and takes them away.
fn path(template: &str, members: &mut Map<String, Value>) -> Result<String, String> {
    let mut out = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, after) = after.split_once('}').unwrap_or((after, ""));
        let (name, allowed) = match name.strip_suffix('+') {
            Some(name) => (name, GREEDY),
            None => (name, UNRESERVED),
        };
        let value = members.remove(name).map(|value| text(&value)).unwrap_or_default();
        if value.is_empty() {
            return Err(format!("The field '{name}' is required but was missing"));
        }
        out.push_str(before);
        out.extend(utf8_percent_encode(&value, allowed));
        rest = after;
    }
    out.push_str(rest);
    Ok(out)
}

/// A value as a form, a path or a header has it.
fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(sdk: &str, operation: &str, parameters: Value, expected: &str) {
        let service = Service::find(sdk).unwrap();
        let got = of(service, operation, &parameters, "eu-north-1").map_or_else(
            |problem| problem,
            |request| {
                let target = request
                    .headers()
                    .get("x-amz-target")
                    .map_or("", |v| v.to_str().unwrap());
                let body = String::from_utf8(request.body().to_vec()).unwrap();
                format!("{} {} {target} {body}", request.method(), request.uri())
            },
        );
        assert_eq!(got, expected);
    }

    #[test]
    fn each_protocol_has_its_requests() {
        check(
            "sfn",
            "CreateStateMachine",
            json!({"Name": "m", "Tags": [{"Key": "K", "Value": "V"}], "RoleArn": null}),
            r#"POST / AWSStepFunctions.CreateStateMachine {"name":"m","tags":[{"key":"K","value":"V"}]}"#,
        );
        check(
            "cloudwatchlogs",
            "CreateLogGroup",
            json!({"LogGroupName": "g", "Tags": {"Team": "A"}}),
            r#"POST / Logs_20140328.CreateLogGroup {"logGroupName":"g","tags":{"Team":"A"}}"#,
        );
        check(
            "dynamodb",
            "PutItem",
            json!({"TableName": "t", "Item": {"id": {"S": "1"}}}),
            r#"POST / DynamoDB_20120810.PutItem {"TableName":"t","Item":{"id":{"S":"1"}}}"#,
        );
        check(
            "iam",
            "TagRole",
            json!({"RoleName": "r", "Tags": [{"Key": "a b", "Value": "1"}]}),
            "POST /  Action=TagRole&Version=2010-05-08&RoleName=r&Tags.member.1.Key=a+b&Tags.member.1.Value=1",
        );
        check(
            "sns",
            "Publish",
            json!({"Message": "m", "MessageAttributes": {"x": {"DataType": "Number", "StringValue": 1}}}),
            "POST /  Action=Publish&Version=2010-03-31&Message=m&MessageAttributes.entry.1.Name=x\
             &MessageAttributes.entry.1.Value.DataType=Number&MessageAttributes.entry.1.Value.StringValue=1",
        );
        check(
            "lambda",
            "GetFunction",
            json!({"FunctionName": "a:b", "Qualifier": "1"}),
            "GET /2015-03-31/functions/a%3Ab?Qualifier=1  ",
        );
        check(
            "lambda",
            "PutFunctionConcurrency",
            json!({"FunctionName": "f", "ReservedConcurrentExecutions": 1}),
            r#"PUT /2017-10-31/functions/f/concurrency  {"ReservedConcurrentExecutions":1}"#,
        );
        check(
            "lambda",
            "Invoke",
            json!({"FunctionName": "f", "Payload": {"a": 1}}),
            r#"POST /2015-03-31/functions/f/invocations  {"a":1}"#,
        );
        check(
            "lambda",
            "UntagResource",
            json!({"Resource": "r", "TagKeys": ["a", "b&"]}),
            "DELETE /2017-03-31/tags/r?tagKeys=a&tagKeys=b%26  ",
        );
        check(
            "s3",
            "PutObject",
            json!({"Bucket": "b", "Key": "a/b c", "Body": "text"}),
            r#"PUT /b/a/b%20c  "text""#,
        );
        check(
            "s3",
            "ListObjectsV2",
            json!({"Bucket": "b", "Prefix": "x"}),
            "GET /b?list-type=2&prefix=x  ",
        );
    }

    #[test]
    fn what_is_missing_or_not_here_is_named() {
        check(
            "s3",
            "GetObject",
            json!({"Bucket": "b"}),
            "The field 'Key' is required but was missing",
        );
        check(
            "s3",
            "GetObject",
            json!({"Bucket": "b", "Key": "k", "PartNumber": 1}),
            "not implemented by the local cloud: the member 'PartNumber' in a task of GetObject",
        );
        check(
            "sfn",
            "ListActivities",
            json!([]),
            "The parameters of the task must be a JSON object",
        );
    }
}
