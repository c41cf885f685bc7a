//! From the answer of a service to the result of a task.

use bytes::Bytes;
use http::Response;
use serde_json::{Map, Value, json};
use time::macros::format_description;
use time::{OffsetDateTime, PrimitiveDateTime};

use super::catalog::{Json, Query, Service, Wire};
use super::names;
use super::rest::{self, Kind, RestOperation};
use crate::expr::timestamp;
use crate::local::protocol::document::{self, Element};

/// How a service refused a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    /// The error code, without a namespace.
    pub(super) code: String,
    pub(super) message: String,
    pub(super) status: u16,
    pub(super) request_id: String,
}

/// In which form times come out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Times {
    /// ISO 8601, of AWS SDK integrations.
    Text,
    /// Milliseconds since the epoch, of optimized integrations.
    Millis,
}

/// The result of an operation, its members named as Step Functions names them.
pub(super) fn read(
    service: &Service,
    operation: &str,
    response: &Response<Bytes>,
    times: Times,
) -> Result<Map<String, Value>, Refusal> {
    if response.status().as_u16() >= 300 {
        return Err(refusal(service, response));
    }
    let members = match &service.wire {
        Wire::Json(wire) => from_json(wire, response.body(), times),
        Wire::Query(wire) => from_xml(wire, operation, response.body()),
        Wire::RestJson(operations) => rest::find(operations, operation).map(|found| from_rest(found, response, false)),
        Wire::RestXml(operations) => rest::find(operations, operation).map(|found| from_rest(found, response, true)),
    };
    members.ok_or_else(|| Refusal {
        code: "InternalFailure".to_owned(),
        message: format!(
            "the local cloud could not read the answer of {}:{operation}",
            service.signing
        ),
        status: 500,
        request_id: request_id(response).to_owned(),
    })
}

/// The id that the door gave the request.
pub(super) fn request_id(response: &Response<Bytes>) -> &str {
    header(response, "x-amzn-requestid").unwrap_or_default()
}

fn header<'a>(response: &'a Response<Bytes>, name: &str) -> Option<&'a str> {
    response.headers().get(name)?.to_str().ok()
}

fn refusal(service: &Service, response: &Response<Bytes>) -> Refusal {
    let body = String::from_utf8_lossy(response.body());
    let (code, message) = match &service.wire {
        Wire::Json(_) | Wire::RestJson(_) => {
            let body: Value = serde_json::from_str(&body).unwrap_or_default();
            let text = |name: &str| body.get(name).and_then(Value::as_str).map(str::to_owned);
            (
                text("__type").or_else(|| header(response, "x-amzn-errortype").map(str::to_owned)),
                text("message").or_else(|| text("Message")),
            )
        }
        Wire::Query(_) | Wire::RestXml(_) => {
            let document = document::parse(&body);
            let error = document.as_ref().map(|root| root.child("Error").unwrap_or(root));
            (
                error.map(|error| error.text_of("Code").to_owned()),
                error.map(|error| error.text_of("Message").to_owned()),
            )
        }
    };
    let code = code.filter(|code| !code.is_empty());
    let code = code.unwrap_or_else(|| response.status().as_u16().to_string());
    // `com.amazonaws.dynamodb.v20120810#ResourceNotFoundException`, `InvalidParameterValueException:http://…`
    let code = code.rsplit('#').next().unwrap_or_default();
    let code = code.split(':').next().unwrap_or_default();
    Refusal {
        code: code.to_owned(),
        message: message.unwrap_or_default(),
        status: response.status().as_u16(),
        request_id: request_id(response).to_owned(),
    }
}

fn from_json(wire: &Json, body: &Bytes, times: Times) -> Option<Map<String, Value>> {
    if body.is_empty() {
        return Some(Map::new());
    }
    let Value::Object(mut members) = serde_json::from_slice(body).ok()? else {
        return None;
    };
    tidy(&mut members, wire, times);
    Some(if wire.camel {
        names::capitalized(&members, wire.maps)
    } else {
        members
    })
}

/// Leaves out members that are null and writes times. Recurses as deep as the answer nests, which its reader limits.
fn tidy(members: &mut Map<String, Value>, wire: &Json, times: Times) {
    members.retain(|_, value| !value.is_null());
    for (name, value) in members.iter_mut() {
        if wire.maps.contains(&name.as_str()) {
            continue;
        }
        if wire.times.contains(&name.as_str())
            && let Some(seconds) = value.as_f64()
        {
            *value = time(seconds, times);
            continue;
        }
        tidy_value(value, wire, times);
    }
}

fn tidy_value(value: &mut Value, wire: &Json, times: Times) {
    match value {
        Value::Object(members) => tidy(members, wire, times),
        Value::Array(items) => items.iter_mut().for_each(|item| tidy_value(item, wire, times)),
        _ => {}
    }
}

fn time(seconds: f64, times: Times) -> Value {
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "times after 1970, and a wrong one saturates"
    )]
    let millis = (seconds * 1000.0).round() as u64;
    match times {
        Times::Text => timestamp::format_millis(millis).into(),
        Times::Millis => millis.into(),
    }
}

fn from_xml(wire: &Query, operation: &str, body: &Bytes) -> Option<Map<String, Value>> {
    let document = document::parse(std::str::from_utf8(body).ok()?)?;
    let Some(result) = document.child(&format!("{operation}Result")) else {
        return Some(Map::new());
    };
    Some(structure(wire, result))
}

fn structure(wire: &Query, element: &Element) -> Map<String, Value> {
    let members = element.children.iter();
    members
        .map(|member| (member.name.clone(), of_element(wire, member)))
        .collect()
}

/// Recurses as deep as elements nest, which their reader limits.
fn of_element(wire: &Query, element: &Element) -> Value {
    let name = element.name.as_str();
    let Some(first) = element.children.first() else {
        let text = element.text.as_str();
        return if wire.lists.contains(&name) && text.trim().is_empty() {
            json!([])
        } else if wire.numbers.contains(&name) {
            text.parse::<i64>().map_or_else(|_| text.into(), Value::from)
        } else if wire.flags.contains(&name) {
            Value::Bool(text == "true")
        } else {
            text.into()
        };
    };
    match first.name.as_str() {
        "member" => element.children.iter().map(|item| of_element(wire, item)).collect(),
        "entry" => {
            let entries = element
                .children
                .iter()
                .filter_map(|entry| match entry.children.as_slice() {
                    [key, value] => Some((key.text.clone(), of_element(wire, value))),
                    _ => None,
                });
            Value::Object(entries.collect())
        }
        _ => Value::Object(structure(wire, element)),
    }
}

fn from_rest(operation: &RestOperation, response: &Response<Bytes>, xml: bool) -> Map<String, Value> {
    let mut members = Map::new();
    for (name, member, kind) in operation.answer.headers {
        if let Some(text) = header(response, name) {
            members.insert((*member).to_owned(), of_header(text, *kind));
        }
    }
    if operation
        .answer
        .headers
        .iter()
        .any(|(_, member, _)| *member == "LastModified")
    {
        members.insert("Metadata".to_owned(), metadata(response));
    }
    let body = String::from_utf8_lossy(response.body());
    match operation.answer.payload {
        Some(payload) => {
            members.insert(payload.to_owned(), body.into());
        }
        None if xml => {
            if let Some(document) = document::parse(&body) {
                members.extend(s3_members(&document));
            }
        }
        None => {
            if let Ok(Value::Object(body)) = serde_json::from_str(&body) {
                members.extend(body.into_iter().filter(|(_, value)| !value.is_null()));
            }
        }
    }
    if let Some(status) = operation.answer.status {
        members.insert(status.to_owned(), response.status().as_u16().into());
    }
    members
}

fn of_header(text: &str, kind: Kind) -> Value {
    match kind {
        Kind::Text => text.into(),
        Kind::Number => text.parse::<u64>().map_or_else(|_| text.into(), Value::from),
        Kind::HttpDate => http_date(text).map_or_else(|| text.into(), Value::from),
    }
}

/// `Thu, 06 Nov 2025 12:21:21 GMT` as ISO 8601.
fn http_date(text: &str) -> Option<String> {
    let format =
        format_description!("[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT");
    let at: OffsetDateTime = PrimitiveDateTime::parse(text, format).ok()?.assume_utc();
    at.format(&time::format_description::well_known::Rfc3339).ok()
}

/// The metadata that the owner of an object gave it.
fn metadata(response: &Response<Bytes>) -> Value {
    let given = response.headers().iter().filter_map(|(name, value)| {
        let name = name.as_str().strip_prefix("x-amz-meta-")?;
        Some((name.to_owned(), value.to_str().ok()?.into()))
    });
    Value::Object(given.collect())
}

/// Members of S3's answers that are lists, each item an element of its own.
const FLAT_LISTS: &[&str] = &["Contents", "CommonPrefixes"];
/// Members of S3's answers that are numbers.
const NUMBERS: &[&str] = &["MaxKeys", "KeyCount", "Size"];

/// Recurses as deep as elements nest, which their reader limits.
fn s3_members(element: &Element) -> Map<String, Value> {
    let mut members = Map::new();
    for child in &element.children {
        let name = child.name.as_str();
        let value = match child.children.as_slice() {
            [] if NUMBERS.contains(&name) => child
                .text
                .parse::<i64>()
                .map_or_else(|_| json!(child.text), Value::from),
            [] if name == "IsTruncated" => Value::Bool(child.text == "true"),
            [] if name == "Buckets" => json!([]),
            [] => child.text.as_str().into(),
            items if name == "Buckets" => items.iter().map(|item| Value::Object(s3_members(item))).collect(),
            _ => Value::Object(s3_members(child)),
        };
        if FLAT_LISTS.contains(&name) {
            let list = members.entry(name).or_insert_with(|| json!([]));
            if let Some(list) = list.as_array_mut() {
                list.push(value);
            }
        } else {
            members.insert(name.to_owned(), value);
        }
    }
    members
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn response(status: u16, headers: &[(&'static str, &'static str)], body: &str) -> Response<Bytes> {
        let mut response = Response::builder().status(status).header("x-amzn-requestid", "id");
        for (name, value) in headers {
            response = response.header(*name, *value);
        }
        response.body(body.to_owned().into()).unwrap()
    }

    fn check(sdk: &str, operation: &str, response: &Response<Bytes>, expected: Value) {
        let service = Service::find(sdk).unwrap();
        let got = read(service, operation, response, Times::Text).unwrap();
        assert_eq!(Value::Object(got), expected);
    }

    #[test]
    fn each_protocol_has_its_answers() {
        check(
            "sfn",
            "StartExecution",
            &response(200, &[], r#"{"executionArn":"e","startDate":1762431601.5,"none":null}"#),
            json!({"ExecutionArn": "e", "StartDate": "2025-11-06T12:20:01.500Z"}),
        );
        check("cloudwatchlogs", "CreateLogGroup", &response(200, &[], ""), json!({}));
        check(
            "iam",
            "ListRoles",
            &response(
                200,
                &[],
                "<ListRolesResponse><ListRolesResult><Roles><member><RoleName>r</RoleName><MaxSessionDuration>3600\
                 </MaxSessionDuration><Tags/></member></Roles><IsTruncated>false</IsTruncated></ListRolesResult>\
                 </ListRolesResponse>",
            ),
            json!({"Roles": [{"RoleName": "r", "MaxSessionDuration": 3600, "Tags": []}], "IsTruncated": false}),
        );
        check(
            "sns",
            "GetTopicAttributes",
            &response(
                200,
                &[],
                "<R><GetTopicAttributesResult><Attributes><entry><key>Owner</key><value>1</value></entry></Attributes>\
                 </GetTopicAttributesResult></R>",
            ),
            json!({"Attributes": {"Owner": "1"}}),
        );
        check(
            "lambda",
            "Invoke",
            &response(200, &[("x-amz-executed-version", "$LATEST")], r#"{"a":1}"#),
            json!({"ExecutedVersion": "$LATEST", "Payload": "{\"a\":1}", "StatusCode": 200}),
        );
        check(
            "s3",
            "GetObject",
            &response(
                200,
                &[
                    ("content-length", "9"),
                    ("last-modified", "Thu, 06 Nov 2025 12:21:21 GMT"),
                    ("x-amz-meta-a", "b"),
                ],
                "text data",
            ),
            json!({"ContentLength": 9, "LastModified": "2025-11-06T12:21:21Z", "Metadata": {"a": "b"}, "Body": "text data"}),
        );
        check(
            "s3",
            "ListObjectsV2",
            &response(
                200,
                &[],
                "<ListBucketResult><KeyCount>1</KeyCount><Contents><Key>k</Key><Size>3</Size></Contents></ListBucketResult>",
            ),
            json!({"KeyCount": 1, "Contents": [{"Key": "k", "Size": 3}]}),
        );
    }

    #[test]
    fn errors_are_read_in_each_protocol() {
        let check = |sdk: &str, response: &Response<Bytes>, code: &str| {
            let refused = read(Service::find(sdk).unwrap(), "X", response, Times::Text).unwrap_err();
            assert_eq!((refused.code.as_str(), refused.message.as_str()), (code, "no"), "{sdk}");
            assert_eq!(refused.request_id, "id");
        };
        check(
            "sfn",
            &response(400, &[], r#"{"__type":"a.b#InvalidArn","message":"no"}"#),
            "InvalidArn",
        );
        let lambda = response(
            404,
            &[("x-amzn-errortype", "ResourceNotFoundException")],
            r#"{"Type":"User","Message":"no"}"#,
        );
        check("lambda", &lambda, "ResourceNotFoundException");
        check(
            "iam",
            &response(
                404,
                &[],
                "<ErrorResponse><Error><Code>NoSuchEntity</Code><Message>no</Message></Error></ErrorResponse>",
            ),
            "NoSuchEntity",
        );
        check(
            "s3",
            &response(404, &[], "<Error><Code>NoSuchKey</Code><Message>no</Message></Error>"),
            "NoSuchKey",
        );
    }
}
