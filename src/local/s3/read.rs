//! GetObject and HeadObject.

use bytes::Bytes;
use http::StatusCode;

use super::conditions::{check_read, http_date, range};
use super::table::{self, Bucket, Object};
use super::{Answer, S3, empty, error, header, set};
use crate::local::api::{ApiError, Call};

impl S3 {
    /// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html>, and without the body
    /// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html>.
    pub(super) fn get_object(&self, call: &Call, bucket: &str, key: &str, with_body: bool) -> Answer {
        self.store.read(|db| {
            let bucket = Bucket::find(db, bucket)?.ok_or_else(|| error::no_such_bucket(bucket))?;
            let object = Object::find(db, &bucket, key)?.ok_or_else(|| error::no_such_key(key))?;
            check_read(&call.headers, "", &object)?;
            let part = range(header(call, "range"), object.size)?;
            let (start, length) = part.unwrap_or((0, object.size));
            let mut response = empty(if part.is_some() {
                StatusCode::PARTIAL_CONTENT
            } else {
                StatusCode::OK
            });
            if with_body {
                *response.body_mut() = Bytes::from(table::content(db, &object.content, start, length)?);
            }
            describe(&mut response, &object);
            set(&mut response, "content-length", &length.to_string());
            if part.is_some() {
                let last = start + length - 1;
                set(
                    &mut response,
                    "content-range",
                    &format!("bytes {start}-{last}/{}", object.size),
                );
            }
            let wants_checksum =
                header(call, "x-amz-checksum-mode").is_some_and(|mode| mode.eq_ignore_ascii_case("enabled"));
            if let Some((algorithm, sum)) = object.checksum.as_ref().filter(|_| wants_checksum && part.is_none()) {
                set(&mut response, &algorithm.header(), sum);
                set(&mut response, "x-amz-checksum-type", "FULL_OBJECT");
            }
            override_headers(call, &mut response);
            Ok(response)
        })
    }
}

fn describe(response: &mut http::Response<Bytes>, object: &Object) {
    set(response, "accept-ranges", "bytes");
    set(response, "etag", &format!("\"{}\"", object.etag));
    set(response, "last-modified", &http_date(object.modified));
    set(response, "x-amz-server-side-encryption", "AES256");
    for (name, value) in &object.headers {
        set(response, name, value.as_str().unwrap_or_default());
    }
}

/// `response-content-type` and the like say what headers are to be.
fn override_headers(call: &Call, response: &mut http::Response<Bytes>) {
    for (name, value) in &call.query {
        if let Some(header) = name.strip_prefix("response-") {
            set(response, header, value);
        }
    }
}

/// All bytes of an object.
pub(super) fn whole(s3: &S3, bucket: &str, key: &str) -> Result<Bytes, ApiError> {
    s3.store.read(|db| {
        let bucket = Bucket::find(db, bucket)?.ok_or_else(|| error::no_such_bucket(bucket))?;
        let object = Object::find(db, &bucket, key)?.ok_or_else(|| error::no_such_key(key))?;
        Ok(Bytes::from(table::content(db, &object.content, 0, object.size)?))
    })
}
