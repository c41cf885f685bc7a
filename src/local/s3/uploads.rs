//! Multipart uploads: objects that come in parts
//! ([multipart upload](https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html)).

use http::StatusCode;
use md5::{Digest as _, Md5};
use rusqlite::{Connection, OptionalExtension, params};

use super::body::{self, hex};
use super::buckets::owner;
use super::conditions::check_write;
use super::table::{self, Bucket, Object};
use super::{Answer, S3, document, empty, error, iso8601, query, set, write};
use crate::local::api::{ApiError, Call};
use crate::local::clock::{self, Millis};
use crate::local::protocol::document::{Element, parse};
use crate::local::protocol::xml::Writer;
use crate::local::random;
use crate::local::store::StoreError;

/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html>
const MOST_PARTS: i64 = 10_000;
/// Of all parts but the last, in bytes.
const SMALLEST_PART: u64 = 5 << 20;

struct Part {
    number: i64,
    content: String,
    size: u64,
    etag: String,
    modified: Millis,
}

impl S3 {
    /// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateMultipartUpload.html>
    pub(super) fn create_upload(&self, call: &Call, bucket: &str, key: &str) -> Answer {
        let headers = write::kept(call)?;
        let bucket = self.bucket(bucket)?;
        let id = random::uuid().replace('-', "");
        self.store.write(|db| {
            let headers = serde_json::to_string(&headers)?;
            db.execute(
                "INSERT INTO s3_upload (id, bucket, key, started, headers) VALUES (?1, ?2, ?3, ?4, ?5)",
                params![id, bucket.id, key, clock::now().cast_signed(), headers],
            )?;
            Ok::<_, StoreError>(())
        })?;
        let mut out = Writer::default();
        out.text("Bucket", &bucket.name);
        out.text("Key", key);
        out.text("UploadId", &id);
        Ok(document("InitiateMultipartUploadResult", &out.finish()))
    }

    /// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_UploadPart.html>
    pub(super) fn upload_part(&self, call: &Call, bucket: &str, key: &str) -> Answer {
        let number = query(call, "partNumber").unwrap_or_default();
        let number = number
            .parse()
            .ok()
            .filter(|number| (1..=MOST_PARTS).contains(number))
            .ok_or_else(|| {
                let message = "Part number must be an integer between 1 and 10000, inclusive";
                error::invalid_argument(message, "partNumber", number)
            })?;
        let upload = body::read(call)?;
        self.store.write(|db| {
            let id = find(db, call, bucket, key)?.id;
            let replaced: Option<String> = db
                .query_row(
                    "DELETE FROM s3_part WHERE upload = ?1 AND number = ?2 RETURNING content",
                    params![id, number],
                    |row| row.get(0),
                )
                .optional()?;
            if let Some(replaced) = replaced {
                table::delete_content(db, &replaced)?;
            }
            let content = table::put_content(db, &upload.bytes)?;
            let size = (upload.bytes.len() as u64).cast_signed();
            db.execute(
                "INSERT INTO s3_part (upload, number, content, size, etag, modified) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                params![id, number, content, size, upload.md5, clock::now().cast_signed()],
            )?;
            Ok::<_, ApiError>(())
        })?;
        let mut response = empty(StatusCode::OK);
        set(&mut response, "etag", &format!("\"{}\"", upload.md5));
        set(&mut response, "x-amz-server-side-encryption", "AES256");
        let (algorithm, sum) = &upload.checksum;
        set(&mut response, &algorithm.header(), sum);
        Ok(response)
    }

    /// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html>
    pub(super) fn complete_upload(&self, call: &Call, bucket: &str, key: &str) -> Answer {
        let root = std::str::from_utf8(&call.body).ok().and_then(parse);
        let root = root
            .filter(|root| root.name == "CompleteMultipartUpload")
            .ok_or_else(error::malformed_xml)?;
        let named = named(&root)?;
        let object = self.store.write(|db| {
            let upload = find(db, call, bucket, key)?;
            check_write(&call.headers, key, Object::find(db, &upload.bucket, key)?.as_ref())?;
            let there = parts(db, &upload.id)?;
            let parts = chosen(&there, &named)?;
            let digests: Vec<u8> = parts.iter().flat_map(|part| bytes_of(&part.etag)).collect();
            let contents: Vec<String> = parts.iter().map(|part| part.content.clone()).collect();
            let object = Object {
                key: key.to_owned(),
                content: table::join_contents(db, &contents)?,
                size: parts.iter().map(|part| part.size).sum(),
                etag: format!("{}-{}", hex(&Md5::digest(&digests)), parts.len()),
                modified: clock::now(),
                checksum: None,
                headers: serde_json::from_str(&upload.headers).map_err(StoreError::from)?,
            };
            object.put(db, &upload.bucket)?;
            end(db, &upload.id)?;
            Ok::<_, ApiError>(object)
        })?;
        let mut out = Writer::default();
        out.text("Location", &format!("/{bucket}/{key}"));
        out.text("Bucket", bucket);
        out.text("Key", key);
        out.text("ETag", &format!("\"{}\"", object.etag));
        let mut response = document("CompleteMultipartUploadResult", &out.finish());
        set(&mut response, "x-amz-server-side-encryption", "AES256");
        Ok(response)
    }

    /// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_AbortMultipartUpload.html>
    pub(super) fn abort_upload(&self, call: &Call, bucket: &str, key: &str) -> Answer {
        self.store.write(|db| {
            let upload = find(db, call, bucket, key)?;
            Ok::<_, ApiError>(end(db, &upload.id)?)
        })?;
        Ok(empty(StatusCode::NO_CONTENT))
    }

    /// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListParts.html>
    pub(super) fn list_parts(&self, call: &Call, bucket: &str, key: &str) -> Answer {
        let number = |name: &str| query(call, name).map(str::parse::<i64>).transpose();
        let invalid = |_| error::invalid_argument("Provided argument not an integer", "max-parts", "");
        let after = number("part-number-marker").map_err(invalid)?.unwrap_or(0);
        let most = number("max-parts").map_err(invalid)?.unwrap_or(1000).clamp(0, 1000);
        let parts = self.store.read(|db| {
            let upload = find(db, call, bucket, key)?;
            Ok::<_, ApiError>(parts(db, &upload.id)?)
        })?;
        let mut rest = parts.iter().filter(|part| part.number > after).peekable();
        let page: Vec<&Part> = rest.by_ref().take(usize::try_from(most).unwrap_or_default()).collect();
        let mut out = Writer::default();
        out.text("Bucket", bucket);
        out.text("Key", key);
        out.text("UploadId", query(call, "uploadId").unwrap_or_default());
        out.text("PartNumberMarker", &after.to_string());
        if let (Some(last), true) = (page.last(), rest.peek().is_some()) {
            out.text("NextPartNumberMarker", &last.number.to_string());
        }
        out.text("MaxParts", &most.to_string());
        out.text("IsTruncated", if rest.peek().is_some() { "true" } else { "false" });
        for part in page {
            out.element("Part", |out| {
                out.text("PartNumber", &part.number.to_string());
                out.text("LastModified", &iso8601(part.modified));
                out.text("ETag", &format!("\"{}\"", part.etag));
                out.text("Size", &part.size.to_string());
            });
        }
        out.text("StorageClass", "STANDARD");
        Ok(document("ListPartsResult", &out.finish()))
    }

    /// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListMultipartUploads.html>
    pub(super) fn list_uploads(&self, bucket: &str) -> Answer {
        let bucket = self.bucket(bucket)?;
        let uploads: Vec<(String, String, i64)> = self.store.read(|db| {
            let mut statement =
                db.prepare("SELECT key, id, started FROM s3_upload WHERE bucket = ?1 ORDER BY key, started, id")?;
            let rows = statement.query_map([bucket.id], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
            rows.map(|row| row.map_err(StoreError::from))
                .collect::<Result<_, StoreError>>()
        })?;
        let mut out = Writer::default();
        out.text("Bucket", &bucket.name);
        out.text("IsTruncated", "false");
        for (key, id, started) in uploads {
            out.element("Upload", |out| {
                out.text("Key", &key);
                out.text("UploadId", &id);
                owner(out);
                out.text("StorageClass", "STANDARD");
                out.text("Initiated", &iso8601(started.cast_unsigned()));
            });
        }
        Ok(document("ListMultipartUploadsResult", &out.finish()))
    }
}

struct Found {
    id: String,
    bucket: Bucket,
    headers: String,
}

/// The upload that a call is about.
fn find(db: &Connection, call: &Call, bucket: &str, key: &str) -> Result<Found, ApiError> {
    let bucket = Bucket::find(db, bucket)?.ok_or_else(|| error::no_such_bucket(bucket))?;
    let id = query(call, "uploadId").unwrap_or_default();
    let headers = db
        .query_row(
            "SELECT headers FROM s3_upload WHERE id = ?1 AND bucket = ?2 AND key = ?3",
            params![id, bucket.id, key],
            |row| row.get(0),
        )
        .optional()?;
    Ok(Found {
        headers: headers.ok_or_else(|| error::no_such_upload(id))?,
        id: id.to_owned(),
        bucket,
    })
}

fn parts(db: &Connection, upload: &str) -> Result<Vec<Part>, StoreError> {
    let mut statement = db.prepare_cached(
        "SELECT number, content, size, etag, modified FROM s3_part WHERE upload = ?1 ORDER BY number",
    )?;
    let rows = statement.query_map([upload], |row| {
        Ok(Part {
            number: row.get(0)?,
            content: row.get(1)?,
            size: row.get::<_, i64>(2)?.cast_unsigned(),
            etag: row.get(3)?,
            modified: row.get::<_, i64>(4)?.cast_unsigned(),
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Forgets an upload, and what of its parts did not become an object.
fn end(db: &Connection, upload: &str) -> Result<(), StoreError> {
    db.execute(
        "DELETE FROM s3_chunk WHERE content IN (SELECT content FROM s3_part WHERE upload = ?1)",
        [upload],
    )?;
    db.execute("DELETE FROM s3_upload WHERE id = ?1", [upload])?;
    Ok(())
}

/// Numbers and entity tags of the parts that are to be put together.
fn named(root: &Element) -> Result<Vec<(i64, String)>, ApiError> {
    let mut named = Vec::new();
    for part in root.children.iter().filter(|child| child.name == "Part") {
        let number = part.text_of("PartNumber").parse().map_err(|_| error::malformed_xml())?;
        named.push((number, part.text_of("ETag").trim_matches('"').to_owned()));
    }
    if named.is_empty() {
        return Err(error::malformed_xml());
    }
    if !named.is_sorted_by(|(before, _), (after, _)| before < after) {
        return Err(ApiError::new(
            "InvalidPartOrder",
            "The list of parts was not in ascending order. Parts must be ordered by part number.",
        ));
    }
    Ok(named)
}

fn chosen<'a>(parts: &'a [Part], named: &[(i64, String)]) -> Result<Vec<&'a Part>, ApiError> {
    let mut chosen = Vec::new();
    for (number, etag) in named {
        let part = parts.iter().find(|part| part.number == *number && part.etag == *etag);
        chosen.push(part.ok_or_else(|| {
            ApiError::new(
                "InvalidPart",
                "One or more of the specified parts could not be found.  The part may not have been uploaded, or the specified \
                 entity tag may not match the part's entity tag.",
            )
        })?);
    }
    let all_but_last = chosen.split_last().map_or(&[] as &[_], |(_, before)| before);
    if all_but_last.iter().any(|part| part.size < SMALLEST_PART) {
        return Err(ApiError::new(
            "EntityTooSmall",
            "Your proposed upload is smaller than the minimum allowed size",
        ));
    }
    Ok(chosen)
}

fn bytes_of(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> = hex
        .chars()
        .filter_map(|digit| digit.to_digit(16))
        .filter_map(|digit| u8::try_from(digit).ok())
        .collect();
    digits
        .chunks(2)
        .map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | digit))
        .collect()
}
