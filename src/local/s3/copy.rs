//! CopyObject.

use percent_encoding::percent_decode_str;

use super::conditions::{check_read, check_write};
use super::table::{self, Bucket, Object};
use super::{Answer, S3, document, error, header, iso8601, write};
use crate::local::api::{ApiError, Call};
use crate::local::clock;
use crate::local::protocol::xml::Writer;

impl S3 {
    /// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html>
    pub(super) fn copy_object(&self, call: &Call, bucket: &str, key: &str) -> Answer {
        let (from, source) = source(header(call, "x-amz-copy-source").unwrap_or_default())?;
        let replaces = match header(call, "x-amz-metadata-directive") {
            None | Some("COPY") => false,
            Some("REPLACE") => true,
            Some(other) => {
                let message = "Unknown metadata directive.";
                return Err(error::invalid_argument(message, "x-amz-metadata-directive", other));
            }
        };
        if (from.as_str(), source.as_str()) == (bucket, key) && !replaces {
            return Err(ApiError::new(
                "InvalidRequest",
                "This copy request is illegal because it is trying to copy an object to itself without changing the object's \
                 metadata, storage class, website redirect location or encryption attributes.",
            ));
        }
        let headers = replaces.then(|| write::kept(call)).transpose()?;
        let object = self.store.write(|db| {
            let from = Bucket::find(db, &from)?.ok_or_else(|| error::no_such_bucket(&from))?;
            let to = Bucket::find(db, bucket)?.ok_or_else(|| error::no_such_bucket(bucket))?;
            let found = Object::find(db, &from, &source)?.ok_or_else(|| error::no_such_key(&source))?;
            check_read(&call.headers, "x-amz-copy-source-", &found)?;
            check_write(&call.headers, key, Object::find(db, &to, key)?.as_ref())?;
            let object = Object {
                key: key.to_owned(),
                content: table::copy_content(db, &found.content)?,
                modified: clock::now(),
                headers: headers.unwrap_or(found.headers),
                ..found
            };
            object.put(db, &to)?;
            Ok::<_, ApiError>(object)
        })?;
        let mut out = Writer::default();
        out.text("LastModified", &iso8601(object.modified));
        out.text("ETag", &format!("\"{}\"", object.etag));
        if let Some((algorithm, sum)) = &object.checksum {
            out.text(&format!("Checksum{}", algorithm.name()), sum);
            out.text("ChecksumType", "FULL_OBJECT");
        }
        let mut response = document("CopyObjectResult", &out.finish());
        super::set(&mut response, "x-amz-server-side-encryption", "AES256");
        Ok(response)
    }
}

/// Bucket and key of `/bucket/key`, percent-encoded, with or without the first slash.
fn source(text: &str) -> Result<(String, String), ApiError> {
    let invalid = || {
        let message = "Copy Source must mention the source bucket and key: sourcebucket/sourcekey";
        error::invalid_argument(message, "x-amz-copy-source", text)
    };
    let decoded = percent_decode_str(text).decode_utf8().map_err(|_| invalid())?;
    let path = decoded.strip_prefix('/').unwrap_or(&decoded);
    if text.contains("?versionId=") {
        return Err(error::not_implemented("the version of a copy source"));
    }
    if path.starts_with("arn:") {
        return Err(error::not_implemented("the copy source by an ARN"));
    }
    match path.split_once('/') {
        Some((bucket, key)) if !bucket.is_empty() && !key.is_empty() => Ok((bucket.to_owned(), key.to_owned())),
        _ => Err(invalid()),
    }
}
