//! PutObject, and what is kept of the headers of a new object.

use http::StatusCode;
use serde_json::{Map, Value};

use super::body::{self, Upload};
use super::checksum::Algorithm;
use super::conditions::check_write;
use super::table::{self, Bucket, Object};
use super::{Answer, S3, empty, error, set};
use crate::local::api::{ApiError, Call};
use crate::local::clock;

/// All names and values of an object's metadata together, in bytes
/// ([metadata](https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html)).
const METADATA_LIMIT: usize = 2048;

/// What an object without a type is.
pub(super) const DEFAULT_TYPE: &str = "binary/octet-stream";

/// Headers that come back with the object.
const KEPT: &[&str] = &[
    "cache-control",
    "content-disposition",
    "content-encoding",
    "content-language",
    "content-type",
    "expires",
];

impl S3 {
    /// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html>
    pub(super) fn put_object(&self, call: &Call, bucket: &str, key: &str) -> Answer {
        let upload = body::read(call)?;
        let headers = kept(call)?;
        let (etag, checksum) = (upload.md5.clone(), upload.checksum.clone());
        self.store.write(|db| {
            let bucket = Bucket::find(db, bucket)?.ok_or_else(|| error::no_such_bucket(bucket))?;
            check_write(&call.headers, key, Object::find(db, &bucket, key)?.as_ref())?;
            Ok::<_, ApiError>(new(db, &bucket, key, &upload, headers)?)
        })?;
        let mut response = empty(StatusCode::OK);
        set(&mut response, "etag", &format!("\"{etag}\""));
        set(&mut response, "x-amz-server-side-encryption", "AES256");
        set_checksum(&mut response, &checksum);
        Ok(response)
    }
}

/// Stores a new object.
pub(super) fn new(
    db: &rusqlite::Connection,
    bucket: &Bucket,
    key: &str,
    upload: &Upload,
    headers: Map<String, Value>,
) -> Result<(), crate::local::store::StoreError> {
    let object = Object {
        key: key.to_owned(),
        content: table::put_content(db, &upload.bytes)?,
        size: upload.bytes.len() as u64,
        etag: upload.md5.clone(),
        modified: clock::now(),
        checksum: Some(upload.checksum.clone()),
        headers,
    };
    object.put(db, bucket)
}

pub(super) fn set_checksum(response: &mut http::Response<bytes::Bytes>, (algorithm, sum): &(Algorithm, String)) {
    set(response, &algorithm.header(), sum);
    set(response, "x-amz-checksum-type", "FULL_OBJECT");
}

/// What is kept of the headers of an upload.
pub(super) fn kept(call: &Call) -> Result<Map<String, Value>, ApiError> {
    let mut kept = Map::new();
    let mut size = 0;
    for (name, value) in &call.headers {
        let name = name.as_str();
        let own = name.strip_prefix("x-amz-meta-");
        if own.is_none() && !KEPT.contains(&name) {
            continue;
        }
        let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
        size += own.map_or(0, |own| own.len() + value.len());
        let value = if name == "content-encoding" {
            without_aws_chunked(&value)
        } else {
            value
        };
        if !value.is_empty() || own.is_some() {
            kept.insert(name.to_owned(), value.into());
        }
    }
    if size > METADATA_LIMIT {
        return Err(ApiError::new(
            "MetadataTooLarge",
            "Your metadata headers exceed the maximum allowed metadata size",
        ));
    }
    kept.entry("content-type").or_insert_with(|| DEFAULT_TYPE.into());
    Ok(kept)
}

fn without_aws_chunked(encodings: &str) -> String {
    let rest: Vec<&str> = encodings
        .split(',')
        .map(str::trim)
        .filter(|encoding| !body::is_aws_chunked(encoding))
        .collect();
    rest.join(", ")
}
