//! Operations that are a method and a path.

use bytes::Bytes;
use http::Request;
use http::request::Builder;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

/// What may stand in a segment of a path as it is.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The operation as a request, without signature.
pub fn request(name: &str, params: &Value) -> Option<(Builder, Bytes)> {
    let text = |member: &str| params[member].as_str().unwrap_or_default();
    let segment = |member: &str| utf8_percent_encode(text(member), SEGMENT).to_string();
    let key = || {
        let segments = text("Key").split('/');
        let segments: Vec<_> = segments
            .map(|part| utf8_percent_encode(part, SEGMENT).to_string())
            .collect();
        format!("/{}/{}", segment("Bucket"), segments.join("/"))
    };
    let (method, path) = match name {
        "lambda.CreateFunction" => ("POST", "/2015-03-31/functions".to_owned()),
        "lambda.GetFunction" => ("GET", format!("/2015-03-31/functions/{}", segment("FunctionName"))),
        "s3.CreateBucket" => ("PUT", format!("/{}", segment("Bucket"))),
        "s3.PutObject" => ("PUT", key()),
        "s3.GetObject" => ("GET", key()),
        _ => return None,
    };
    let body = match name {
        "lambda.CreateFunction" => params.to_string(),
        "s3.PutObject" => text("Body").to_owned(),
        _ => String::new(),
    };
    Some((Request::builder().method(method).uri(path), Bytes::from(body)))
}
