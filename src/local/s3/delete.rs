//! DeleteObject and DeleteObjects. What is not there is as good as deleted.

use http::StatusCode;

use super::body;
use super::table::{Bucket, Object};
use super::{Answer, S3, document, empty, error};
use crate::local::api::{ApiError, Call};
use crate::local::protocol::document::parse;
use crate::local::protocol::xml::Writer;

/// Keys of one request.
const MOST_KEYS: usize = 1000;

impl S3 {
    /// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObject.html>
    pub(super) fn delete_object(&self, bucket: &str, key: &str) -> Answer {
        self.store.write(|db| {
            let bucket = Bucket::find(db, bucket)?.ok_or_else(|| error::no_such_bucket(bucket))?;
            Ok::<_, ApiError>(Object::delete(db, &bucket, key)?)
        })?;
        Ok(empty(StatusCode::NO_CONTENT))
    }

    /// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html>
    pub(super) fn delete_objects(&self, call: &Call, bucket: &str) -> Answer {
        if !body::is_vouched_for(&call.headers) {
            return Err(ApiError::new(
                "InvalidRequest",
                "Missing required header for this request: Content-MD5 OR x-amz-checksum-*",
            ));
        }
        let upload = body::read(call)?;
        let root = std::str::from_utf8(&upload.bytes).ok().and_then(parse);
        let root = root
            .filter(|root| root.name == "Delete")
            .ok_or_else(error::malformed_xml)?;
        let mut keys = Vec::new();
        for entry in root.children.iter().filter(|child| child.name == "Object") {
            let other = entry.children.iter().find(|child| child.name != "Key");
            if let Some(other) = other {
                return Err(error::not_implemented(&format!(
                    "the element {} of DeleteObjects",
                    other.name
                )));
            }
            let key = entry.text_of("Key");
            if key.is_empty() {
                return Err(error::malformed_xml());
            }
            keys.push(key);
        }
        if keys.is_empty() || keys.len() > MOST_KEYS {
            return Err(error::malformed_xml());
        }
        self.store.write(|db| {
            let bucket = Bucket::find(db, bucket)?.ok_or_else(|| error::no_such_bucket(bucket))?;
            for key in &keys {
                Object::delete(db, &bucket, key)?;
            }
            Ok::<_, ApiError>(())
        })?;
        let mut out = Writer::default();
        if root.text_of("Quiet") != "true" {
            for key in keys {
                out.element("Deleted", |out| out.text("Key", key));
            }
        }
        Ok(document("DeleteResult", &out.finish()))
    }
}
