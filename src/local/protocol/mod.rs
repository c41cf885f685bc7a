//! The AWS protocols: reading a request's input, writing a reply or an error as AWS writes it.

pub(crate) mod document;
pub(crate) mod form;
pub(crate) mod xml;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Response, StatusCode};
use serde_json::{Map, Value};

use super::api::{ApiError, Reply};

/// How a service's requests and answers are written
/// ([AWS protocols](https://smithy.io/2.0/aws/protocols/index.html)).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    /// Step Functions, DynamoDB.
    Json10,
    /// CloudWatch Logs, EventBridge.
    Json11,
    /// Lambda.
    RestJson,
    /// S3.
    RestXml,
    /// IAM, STS: a form in, XML out.
    Query {
        /// The XML namespace of answers.
        namespace: &'static str,
    },
}

impl Protocol {
    /// The older one of the two that SQS has.
    pub(crate) const SQS_QUERY: Self = Self::Query {
        namespace: "http://queue.amazonaws.com/doc/2012-11-05/",
    };

    /// The protocol of a service that is here, by its signing name.
    pub(crate) fn of_service(service: &str) -> Option<Self> {
        Some(match service {
            "states" | "dynamodb" => Self::Json10,
            "logs" | "events" => Self::Json11,
            "lambda" => Self::RestJson,
            "iam" => Self::Query {
                namespace: "https://iam.amazonaws.com/doc/2010-05-08/",
            },
            "sts" => Self::Query {
                namespace: "https://sts.amazonaws.com/doc/2011-06-15/",
            },
            "sns" => Self::Query {
                namespace: "http://sns.amazonaws.com/doc/2010-03-31/",
            },
            "s3" => Self::RestXml,
            _ => return None,
        })
    }

    /// The JSON protocol of a content type.
    pub(crate) fn of_content_type(content_type: &str) -> Self {
        if content_type.starts_with("application/x-amz-json-1.0") {
            Self::Json10
        } else {
            Self::Json11
        }
    }

    /// Reads the input: the JSON body, or the form as an object of strings.
    pub(crate) fn read(self, body: &Bytes, form: &[(String, String)]) -> Result<Value, ApiError> {
        match self {
            Self::Json10 | Self::Json11 => match read_json(body)? {
                Value::Null => Ok(Value::Object(Map::new())),
                input @ Value::Object(_) => Ok(input),
                _ => Err(serialization_error("the input is not a JSON object")),
            },
            Self::RestJson => read_json(body),
            Self::RestXml => Ok(Value::Null),
            Self::Query { .. } => Ok(form
                .iter()
                .map(|(name, value)| (name.clone(), Value::String(value.clone())))
                .collect()),
        }
    }

    /// Writes an answer of an operation.
    pub(crate) fn write(self, operation: &str, request_id: &str, result: Result<Reply, ApiError>) -> Response<Bytes> {
        let mut response = match result {
            Ok(Reply::Http(response)) => response,
            Ok(Reply::Json(value)) => self.write_json(&value),
            Ok(Reply::Xml(content)) => self.write_xml(operation, request_id, &content),
            Err(error) => self.write_error(request_id, &error),
        };
        if let Ok(id) = HeaderValue::from_str(request_id) {
            if self == Self::RestXml {
                response.headers_mut().insert("x-amz-request-id", id.clone());
            }
            response.headers_mut().insert("x-amzn-requestid", id);
        }
        response
    }

    fn write_json(self, value: &Value) -> Response<Bytes> {
        // Operations without output answer with no body at all.
        let body = if value.is_null() {
            String::new()
        } else {
            value.to_string()
        };
        respond(200, self.content_type(), body)
    }

    fn write_xml(self, operation: &str, request_id: &str, content: &str) -> Response<Bytes> {
        let Self::Query { namespace } = self else {
            return self.write_json(&Value::Null);
        };
        let result = if content.is_empty() {
            String::new()
        } else {
            format!("<{operation}Result>{content}</{operation}Result>")
        };
        let id = xml::escape(request_id);
        respond(
            200,
            self.content_type(),
            format!(
                "<{operation}Response xmlns=\"{namespace}\">{result}<ResponseMetadata><RequestId>{id}</RequestId>\
                 </ResponseMetadata></{operation}Response>"
            ),
        )
    }

    fn write_error(self, request_id: &str, error: &ApiError) -> Response<Bytes> {
        match self {
            Self::Json10 | Self::Json11 => {
                let mut body = Map::new();
                body.insert("__type".to_owned(), error.code.clone().into());
                body.insert("message".to_owned(), error.message.clone().into());
                body.extend(error.extra.iter().map(|(name, value)| (name.clone(), value.clone())));
                respond(error.status, self.content_type(), Value::Object(body).to_string())
            }
            Self::RestJson => {
                // Lambda's own exceptions have `Type` and `Message`, those of the frame around it `message`.
                let name = if error.extra.contains_key("Type") {
                    "Message"
                } else {
                    "message"
                };
                let mut body = Map::clone(&error.extra);
                body.insert(name.to_owned(), error.message.clone().into());
                let mut response = respond(error.status, self.content_type(), Value::Object(body).to_string());
                if let Ok(code) = HeaderValue::from_str(&error.code) {
                    response.headers_mut().insert("x-amzn-errortype", code);
                }
                response
            }
            Self::RestXml => respond(
                error.status,
                self.content_type(),
                format!(
                    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{}</Code><Message>{}</Message>{}<RequestId>{}\
                     </RequestId></Error>",
                    xml::escape(&error.code),
                    xml::escape(&error.message),
                    further_elements(error),
                    xml::escape(request_id),
                ),
            ),
            Self::Query { namespace } => respond(
                error.status,
                self.content_type(),
                format!(
                    "<ErrorResponse xmlns=\"{namespace}\"><Error><Type>{}</Type><Code>{}</Code><Message>{}</Message></Error>\
                     <RequestId>{}</RequestId></ErrorResponse>",
                    if error.status < 500 { "Sender" } else { "Receiver" },
                    xml::escape(&error.code),
                    xml::escape(&error.message),
                    xml::escape(request_id),
                ),
            ),
        }
    }

    fn content_type(self) -> &'static str {
        match self {
            Self::Json10 => "application/x-amz-json-1.0",
            Self::Json11 => "application/x-amz-json-1.1",
            Self::RestJson => "application/json",
            Self::RestXml => "application/xml",
            Self::Query { .. } => "text/xml",
        }
    }
}

/// What an error document of S3 tells besides code and message.
fn further_elements(error: &ApiError) -> String {
    let mut out = xml::Writer::default();
    for (name, value) in error.extra.iter() {
        out.text(name, value.as_str().unwrap_or_default());
    }
    out.finish()
}

/// A response with that body.
pub(crate) fn respond(status: u16, content_type: &'static str, body: String) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(body));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

fn read_json(body: &Bytes) -> Result<Value, ApiError> {
    if body.is_empty() {
        return Ok(Value::Null);
    }
    // serde_json bounds the depth, so a body made of brackets is an error here and no overflow.
    serde_json::from_slice(body).map_err(|error| serialization_error(&error.to_string()))
}

fn serialization_error(why: &str) -> ApiError {
    ApiError::new(
        "SerializationException",
        format!("could not read the request body: {why}"),
    )
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const IAM: Protocol = Protocol::Query { namespace: "ns" };

    fn check(protocol: Protocol, result: Result<Reply, ApiError>, expected: &str) {
        let response = protocol.write("GetRole", "id-1", result);
        assert_eq!(response.headers().get("x-amzn-requestid").unwrap(), "id-1");
        let kind = response
            .headers()
            .get(CONTENT_TYPE)
            .map_or("", |kind| kind.to_str().unwrap());
        let body = String::from_utf8(response.body().to_vec()).unwrap();
        assert_eq!(format!("{} {kind} {body}", response.status().as_u16()), expected);
    }

    #[test]
    fn replies_and_errors_are_written_as_the_protocol_has_them() {
        let error = || ApiError::with_status(404, "NoSuchEntity", "no <role>");
        check(
            Protocol::Json10,
            Err(error()),
            r#"404 application/x-amz-json-1.0 {"__type":"NoSuchEntity","message":"no <role>"}"#,
        );
        check(
            Protocol::Json11,
            Ok(Reply::Json(Value::Null)),
            "200 application/x-amz-json-1.1 ",
        );
        check(
            Protocol::Json11,
            Ok(Reply::Json(serde_json::json!({"a": 1}))),
            r#"200 application/x-amz-json-1.1 {"a":1}"#,
        );
        check(
            Protocol::RestJson,
            Err(error()),
            r#"404 application/json {"message":"no <role>"}"#,
        );
        let mut of_lambda = error();
        of_lambda.extra.insert("Type".to_owned(), "User".into());
        check(
            Protocol::RestJson,
            Err(of_lambda),
            r#"404 application/json {"Type":"User","Message":"no <role>"}"#,
        );
        check(
            IAM,
            Err(error()),
            "404 text/xml <ErrorResponse xmlns=\"ns\"><Error><Type>Sender</Type><Code>NoSuchEntity</Code>\
             <Message>no &lt;role&gt;</Message></Error><RequestId>id-1</RequestId></ErrorResponse>",
        );
        check(
            IAM,
            Ok(Reply::Xml(String::new())),
            "200 text/xml <GetRoleResponse xmlns=\"ns\"><ResponseMetadata><RequestId>id-1</RequestId></ResponseMetadata>\
             </GetRoleResponse>",
        );
        let response = Protocol::RestJson.write("", "id", Err(error()));
        assert_eq!(response.headers().get("x-amzn-errortype").unwrap(), "NoSuchEntity");
    }

    #[test]
    fn bodies_that_are_no_json_object_are_serialization_errors() {
        for body in ["{", "[]", "1", &"[".repeat(100_000)] {
            let error = Protocol::Json10
                .read(&Bytes::copy_from_slice(body.as_bytes()), &[])
                .unwrap_err();
            assert_eq!(error.code, "SerializationException", "{body}");
        }
        assert_eq!(
            Protocol::Json11.read(&Bytes::new(), &[]).unwrap(),
            serde_json::json!({})
        );
        let form = [("A".to_owned(), "1".to_owned())];
        assert_eq!(IAM.read(&Bytes::new(), &form).unwrap(), serde_json::json!({"A": "1"}));
    }
}
