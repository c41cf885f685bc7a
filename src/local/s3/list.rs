//! ListObjects and ListObjectsV2.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::buckets::owner;
use super::table::{Bucket, Object};
use super::{Answer, S3, document, error, iso8601, query};
use crate::local::api::{ApiError, Call};
use crate::local::protocol::xml::Writer;

/// Entries of a page.
const MOST: usize = 1000;

/// What stays as it is with `encoding-type=url`.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'/')
    .remove(b'*');

/// What a page is asked to hold.
pub(super) struct Wanted<'a> {
    pub(super) prefix: &'a str,
    pub(super) delimiter: &'a str,
    /// Everything up to it, and what it stands for, has been given.
    pub(super) after: &'a str,
    pub(super) most: usize,
}

/// A page of a listing.
#[derive(Debug, Default)]
pub(super) struct Page {
    pub(super) objects: Vec<Object>,
    pub(super) common: Vec<String>,
    /// The last entry, if there is more.
    pub(super) last: Option<String>,
}

impl Page {
    pub(super) fn of(db: &rusqlite::Connection, bucket: &Bucket, wanted: &Wanted<'_>) -> Result<Self, ApiError> {
        let mut page = Self::default();
        let mut last = String::new();
        let mut truncated = false;
        Object::walk(db, bucket, wanted.prefix, wanted.after, |object| {
            let rest = object.key.get(wanted.prefix.len()..).unwrap_or_default();
            let common = Some(wanted.delimiter)
                .filter(|delimiter| !delimiter.is_empty())
                .and_then(|delimiter| Some(rest.find(delimiter)? + delimiter.len()))
                .and_then(|length| object.key.get(..wanted.prefix.len() + length));
            if common.is_some_and(|common| common == last || common <= wanted.after) {
                return true;
            }
            if page.objects.len() + page.common.len() >= wanted.most {
                truncated = wanted.most > 0;
                return false;
            }
            match common {
                Some(common) => {
                    common.clone_into(&mut last);
                    page.common.push(common.to_owned());
                }
                None => {
                    object.key.clone_into(&mut last);
                    page.objects.push(object);
                }
            }
            true
        })?;
        page.last = truncated.then_some(last);
        Ok(page)
    }
}

impl S3 {
    /// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html> and
    /// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjects.html>.
    pub(super) fn list_objects(&self, call: &Call, bucket: &str, second: bool) -> Answer {
        let text = |name: &str| query(call, name).unwrap_or_default();
        let after = if second {
            after_of_token(call)?
        } else {
            text("marker").to_owned()
        };
        let wanted = Wanted {
            prefix: text("prefix"),
            delimiter: text("delimiter"),
            after: &after,
            most: most(call)?,
        };
        let encoded = encoding(call)?;
        let bucket = self.bucket(bucket)?;
        let page = self.store.read(|db| Page::of(db, &bucket, &wanted))?;
        let shown = |text: &str| match encoded {
            true => utf8_percent_encode(text, PLAIN).to_string(),
            false => text.to_owned(),
        };

        let mut out = Writer::default();
        out.text("Name", &bucket.name);
        out.text("Prefix", &shown(wanted.prefix));
        if second {
            if let Some(token) = query(call, "continuation-token") {
                out.text("ContinuationToken", token);
            }
            if let Some(last) = &page.last {
                out.text("NextContinuationToken", &URL_SAFE_NO_PAD.encode(last));
            }
            if let Some(start) = query(call, "start-after") {
                out.text("StartAfter", &shown(start));
            }
            out.text("KeyCount", &(page.objects.len() + page.common.len()).to_string());
        } else {
            out.text("Marker", &shown(text("marker")));
            if let Some(last) = page.last.as_ref().filter(|_| !wanted.delimiter.is_empty()) {
                out.text("NextMarker", &shown(last));
            }
        }
        out.text("MaxKeys", &wanted.most.to_string());
        if !wanted.delimiter.is_empty() {
            out.text("Delimiter", &shown(wanted.delimiter));
        }
        if encoded {
            out.text("EncodingType", "url");
        }
        out.text("IsTruncated", if page.last.is_some() { "true" } else { "false" });
        let with_owner = !second || text("fetch-owner") == "true";
        for object in &page.objects {
            out.element("Contents", |out| contents(out, object, &shown(&object.key), with_owner));
        }
        for common in &page.common {
            out.element("CommonPrefixes", |out| out.text("Prefix", &shown(common)));
        }
        Ok(document("ListBucketResult", &out.finish()))
    }
}

fn contents(out: &mut Writer, object: &Object, key: &str, with_owner: bool) {
    out.text("Key", key);
    out.text("LastModified", &iso8601(object.modified));
    out.text("ETag", &format!("\"{}\"", object.etag));
    if let Some((algorithm, _)) = &object.checksum {
        out.text("ChecksumAlgorithm", algorithm.name());
        out.text("ChecksumType", "FULL_OBJECT");
    }
    out.text("Size", &object.size.to_string());
    if with_owner {
        owner(out);
    }
    out.text("StorageClass", "STANDARD");
}

fn after_of_token(call: &Call) -> Result<String, ApiError> {
    let Some(token) = query(call, "continuation-token") else {
        return Ok(query(call, "start-after").unwrap_or_default().to_owned());
    };
    let decoded = URL_SAFE_NO_PAD.decode(token).ok();
    let after = decoded
        .filter(|after| !after.is_empty())
        .and_then(|after| String::from_utf8(after).ok());
    after.ok_or_else(|| {
        let message = "The continuation token provided is incorrect";
        error::invalid_argument(message, "continuation-token", token)
    })
}

fn most(call: &Call) -> Result<usize, ApiError> {
    match query(call, "max-keys") {
        None | Some("") => Ok(MOST),
        Some(text) => match text.parse::<i64>() {
            Ok(most) if most < 0 => {
                let message = "Argument maxKeys must be an integer between 0 and 2147483647";
                Err(error::invalid_argument(message, "maxKeys", text))
            }
            Ok(most) => Ok(usize::try_from(most).map_or(MOST, |most| most.min(MOST))),
            Err(_) => {
                let message = "Provided max-keys not an integer or within integer range";
                Err(error::invalid_argument(message, "max-keys", text))
            }
        },
    }
}

fn encoding(call: &Call) -> Result<bool, ApiError> {
    match query(call, "encoding-type") {
        None | Some("") => Ok(false),
        Some("url") => Ok(true),
        Some(other) => {
            let message = "Invalid Encoding Method specified in Request";
            Err(error::invalid_argument(message, "encoding-type", other))
        }
    }
}
