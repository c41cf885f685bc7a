//! A client for the few AWS operations that recordings call, made of one table: how each service is spoken to. Replies are
//! as boto3 has them, in which the recordings were made.

mod query;
mod rest;

use bytes::Bytes;
use http::{Request, Response};
use serde_json::{Map, Value, json};

/// How a service's calls are written.
enum Speech {
    /// JSON, with the operation in a header: the prefix of the target, and the version of JSON.
    Json(&'static str, &'static str),
    /// A form, answered in XML: the version.
    Query(&'static str),
    /// Method and path.
    Rest,
}

/// The services by their names in recordings: their names in signatures, and how they are spoken to. A service that is not
/// here is not called.
const SERVICES: &[(&str, &str, Speech)] = &[
    ("stepfunctions", "states", Speech::Json("AWSStepFunctions", "1.0")),
    ("logs", "logs", Speech::Json("Logs_20140328", "1.1")),
    ("events", "events", Speech::Json("AWSEvents", "1.1")),
    ("sqs", "sqs", Speech::Json("AmazonSQS", "1.0")),
    ("dynamodb", "dynamodb", Speech::Json("DynamoDB_20120810", "1.0")),
    (
        "secretsmanager",
        "secretsmanager",
        Speech::Json("secretsmanager", "1.1"),
    ),
    ("ssm", "ssm", Speech::Json("AmazonSSM", "1.1")),
    ("iam", "iam", Speech::Query("2010-05-08")),
    ("sts", "sts", Speech::Query("2011-06-15")),
    ("sns", "sns", Speech::Query("2010-03-31")),
    ("lambda", "lambda", Speech::Rest),
    ("s3", "s3", Speech::Rest),
];

/// An operation as an HTTP request; none if it is not known how.
pub fn request(name: &str, params: &Value) -> Option<Request<Bytes>> {
    let (service, operation) = name.split_once('.')?;
    let (_, signing, speech) = SERVICES.iter().find(|(known, ..)| *known == service)?;
    let (mut request, body) = match speech {
        Speech::Json(prefix, version) => (
            Request::post("/")
                .header("content-type", format!("application/x-amz-json-{version}"))
                .header("x-amz-target", format!("{prefix}.{operation}")),
            Bytes::from(params.to_string()),
        ),
        Speech::Query(version) => (
            Request::post("/").header("content-type", "application/x-www-form-urlencoded"),
            Bytes::from(query::form(version, operation, params)),
        ),
        Speech::Rest => rest::request(name, params)?,
    };
    let scope = format!("AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/{signing}/aws4_request");
    request = request.header("authorization", scope);
    request.body(body).ok()
}

/// A reply, or an error with the member `Error`, as boto3 gives it: of the HTTP metadata only the status.
pub fn reply(name: &str, response: &Response<Bytes>) -> Value {
    let service = name.split('.').next().unwrap_or_default();
    let speech = SERVICES
        .iter()
        .find(|(known, ..)| *known == service)
        .map(|(.., speech)| speech);
    let status = response.status();
    let text = String::from_utf8_lossy(response.body());
    let is_xml = matches!(speech, Some(Speech::Query(_))) || service == "s3";
    let mut members = if service == "s3" && status.is_success() {
        Map::from_iter([("Body".to_owned(), Value::from(text.as_ref()))])
    } else if is_xml {
        query::read(&text)
    } else {
        serde_json::from_str(&text).unwrap_or_default()
    };
    if !status.is_success() {
        let (code, message) = if is_xml {
            (members.get("Code").cloned(), members.get("Message").cloned())
        } else {
            json_error(response, &members)
        };
        let unknown = || status.as_u16().to_string().into();
        let error = json!({"Message": message.unwrap_or_else(|| "".into()), "Code": code.unwrap_or_else(unknown)});
        members.shift_remove("__type");
        if is_xml || !is_modelled(error["Code"].as_str().unwrap_or_default()) {
            members.clear();
        }
        members.insert("Error".to_owned(), error);
    }
    let metadata = json!({"HTTPHeaders": {}, "HTTPStatusCode": status.as_u16()});
    members.insert("ResponseMetadata".to_owned(), metadata);
    members.into()
}

/// Code and message of an error in JSON.
fn json_error(response: &Response<Bytes>, members: &Map<String, Value>) -> (Option<Value>, Option<Value>) {
    let header = response.headers().get("x-amzn-errortype");
    let code = header
        .and_then(|header| header.to_str().ok())
        .or_else(|| members.get("__type").and_then(Value::as_str))
        .map(|code| {
            let code = code.rsplit('#').next().unwrap_or_default();
            code.split(':').next().unwrap_or_default().into()
        });
    let message = members.get("message").or_else(|| members.get("Message"));
    (code, message.cloned())
}

/// Errors outside of a service's model have no members besides code and message.
fn is_modelled(code: &str) -> bool {
    !matches!(
        code,
        "SerializationException" | "NotImplemented" | "InternalFailure" | "UnknownOperationException"
    )
}

/// Whether a reply is an error.
pub fn is_error(reply: &Value) -> bool {
    reply.get("Error").is_some_and(Value::is_object)
}

/// An error in the words of boto3.
pub fn error_text(name: &str, reply: &Value) -> String {
    let operation = name.split('.').next_back().unwrap_or_default();
    let (code, message) = (reply["Error"]["Code"].as_str(), reply["Error"]["Message"].as_str());
    format!(
        "An error occurred ({}) when calling the {operation} operation: {}",
        code.unwrap_or_default(),
        message.unwrap_or_default()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_as_boto3_has_them() {
        let check = |name: &str, status: u16, body: &str, expected: Value| {
            let mut response = Response::new(Bytes::copy_from_slice(body.as_bytes()));
            *response.status_mut() = http::StatusCode::from_u16(status).unwrap();
            assert_eq!(reply(name, &response), expected);
        };
        let metadata = |status: u16| json!({"HTTPHeaders": {}, "HTTPStatusCode": status});
        check(
            "stepfunctions.TagResource",
            400,
            r#"{"__type":"com.amazonaws.swf#ResourceNotFound","message":"no","resourceName":"r"}"#,
            json!({"message": "no", "resourceName": "r", "Error": {"Message": "no", "Code": "ResourceNotFound"},
                "ResponseMetadata": metadata(400)}),
        );
        check(
            "sns.CreateTopic",
            403,
            "<ErrorResponse><Error><Type>Sender</Type><Code>No</Code><Message>a &lt; b</Message></Error></ErrorResponse>",
            json!({"Error": {"Message": "a < b", "Code": "No"}, "ResponseMetadata": metadata(403)}),
        );
        check(
            "logs.CreateLogGroup",
            200,
            "",
            json!({"ResponseMetadata": metadata(200)}),
        );
    }
}
