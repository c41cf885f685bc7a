//! What the SDK inside Step Functions says of the HTTP answer, as optimized integrations pass it on. Names, their order and
//! literal values are those of AWS; lengths and checksums are those of the answer as AWS writes it.

use bytes::Bytes;
use http::Response;
use serde_json::{Map, Value, json};

use crate::engine::Millis;
use crate::local::protocol::document;
use crate::local::sfn::lambda::http_date;

/// Which headers a service answers with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Headers {
    /// Only those of every service.
    Plain,
    /// Those of DynamoDB, with a checksum.
    Checked,
}

/// `SdkHttpMetadata` and `SdkResponseMetadata` of an answer that came `now`.
pub(super) fn of(headers: Headers, response: &Response<Bytes>, request_id: &str, now: Millis) -> [(String, Value); 2] {
    let length = length(response).to_string();
    let date = http_date(now);
    let checksum = crc32(response.body()).to_string();
    let kind = response.headers().get(http::header::CONTENT_TYPE);
    let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let connection = match headers {
        Headers::Plain => "connection",
        Headers::Checked => "Connection",
    };
    let checked = |value: &'static str| Some(value).filter(|_| headers == Headers::Checked);
    let all = [
        ("Server", checked("Server")),
        (connection, Some("keep-alive")),
        ("x-amzn-RequestId", Some(request_id)),
        (
            "x-amz-crc32",
            Some(checksum.as_str()).filter(|_| headers == Headers::Checked),
        ),
        ("Content-Length", Some(length.as_str())),
        ("Date", Some(date.as_str())),
        ("Content-Type", Some(kind)),
    ];
    let order = match headers {
        Headers::Plain => [2, 1, 4, 5, 6, 0, 3],
        Headers::Checked => [0, 1, 2, 3, 4, 5, 6],
    };
    let present = |index: &usize| all.get(*index).and_then(|(name, value)| Some((*name, (*value)?)));
    let lists: Map<String, Value> = order
        .iter()
        .filter_map(present)
        .map(|(name, value)| (name.to_owned(), json!([value])))
        .collect();
    let mut single: Vec<(&str, &str)> = order.iter().filter_map(present).collect();
    single.sort_by_key(|(name, _)| name.to_ascii_lowercase());
    let single: Map<String, Value> = single
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.into()))
        .collect();
    [
        (
            "SdkHttpMetadata".to_owned(),
            json!({
                "AllHttpHeaders": lists,
                "HttpHeaders": single,
                "HttpStatusCode": response.status().as_u16(),
            }),
        ),
        ("SdkResponseMetadata".to_owned(), json!({ "RequestId": request_id })),
    ]
}

/// How long the body is when AWS writes it: its XML has a line for each element, its JSON writes seconds with an exponent.
fn length(response: &Response<Bytes>) -> usize {
    let body = String::from_utf8_lossy(response.body());
    if let Some(document) = document::parse(&body) {
        let opening = body.split_once('>').map_or(0, |(tag, _)| tag.len() + 1);
        return document.length(opening - document.name.len() - "<>".len());
    }
    match serde_json::from_str::<Value>(&body) {
        Ok(value) => body.len() + longer(&value),
        Err(_) => body.len(),
    }
}

/// By how much the times in a JSON document are longer as AWS writes them: `1.688136139123E9` for `1688136139.123`. Recurses
/// as deep as the document nests, which its reader limits.
fn longer(value: &Value) -> usize {
    match value {
        Value::Number(number) if number.is_f64() => "1.688136139123E9".len().saturating_sub(number.to_string().len()),
        Value::Array(items) => items.iter().map(longer).sum(),
        Value::Object(members) => members.values().map(longer).sum(),
        _ => 0,
    }
}

/// The checksum of DynamoDB's answers ([CRC-32](https://www.rfc-editor.org/rfc/rfc1952#section-8)).
fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = !0_u32;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = (crc >> 1) ^ (0xEDB8_8320 * (crc & 1));
        }
    }
    !crc
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn response(kind: &str, body: &str) -> Response<Bytes> {
        let response = Response::builder().header("content-type", kind);
        response.body(body.to_owned().into()).unwrap()
    }

    #[test]
    fn headers_are_those_of_the_service() {
        let [(_, http), (_, meta)] = of(Headers::Checked, &response("application/x-amz-json-1.0", "{}"), "id", 0);
        assert_eq!(
            http,
            json!({
                "AllHttpHeaders": {
                    "Server": ["Server"],
                    "Connection": ["keep-alive"],
                    "x-amzn-RequestId": ["id"],
                    "x-amz-crc32": ["2745614147"],
                    "Content-Length": ["2"],
                    "Date": ["Thu, 01 Jan 1970 00:00:00 GMT"],
                    "Content-Type": ["application/x-amz-json-1.0"],
                },
                "HttpHeaders": {
                    "Connection": "keep-alive",
                    "Content-Length": "2",
                    "Content-Type": "application/x-amz-json-1.0",
                    "Date": "Thu, 01 Jan 1970 00:00:00 GMT",
                    "Server": "Server",
                    "x-amz-crc32": "2745614147",
                    "x-amzn-RequestId": "id",
                },
                "HttpStatusCode": 200,
            })
        );
        assert_eq!(meta, json!({"RequestId": "id"}));
        let [(_, http), _] = of(Headers::Plain, &response("text/xml", ""), "id", 0);
        let names: Vec<&String> = http["AllHttpHeaders"].as_object().unwrap().keys().collect();
        assert_eq!(
            names,
            [
                "x-amzn-RequestId",
                "connection",
                "Content-Length",
                "Date",
                "Content-Type"
            ]
        );
        let names: Vec<&String> = http["HttpHeaders"].as_object().unwrap().keys().collect();
        assert_eq!(
            names,
            [
                "connection",
                "Content-Length",
                "Content-Type",
                "Date",
                "x-amzn-RequestId"
            ]
        );
    }

    #[test]
    fn lengths_are_those_of_the_answers_of_aws() {
        let id = "1".repeat(36);
        let xml = format!(
            "<PublishResponse xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\"><PublishResult><MessageId>{id}</MessageId>\
             </PublishResult><ResponseMetadata><RequestId>{id}</RequestId></ResponseMetadata></PublishResponse>"
        );
        assert_eq!(length(&response("text/xml", &xml)), 294);
        for seconds in ["1688136139.123", "1688136139.12", "1688136139.0"] {
            let json = format!(r#"{{"startDate":{seconds}}}"#);
            assert_eq!(
                length(&response("json", &json)),
                r#"{"startDate":1.688136139123E9}"#.len()
            );
        }
    }
}
