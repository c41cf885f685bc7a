//! Amazon S3: buckets and objects, as far as readers and writers of map runs, code uploads and tasks need them. What is put is
//! in the store when it is acknowledged.
//!
//! Not there, and answered so: versions, access control, encryption by own keys, tags, website and notification
//! configuration, Select, copies of parts.

mod absent;
mod address;
mod body;
mod buckets;
mod checksum;
mod conditions;
mod copy;
mod delete;
mod error;
mod list;
mod objects;
mod operation;
mod read;
mod table;
#[cfg(test)]
mod tests;
mod uploads;
mod write;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderName, HeaderValue, Method, Response, StatusCode};

use super::api::{ApiError, Call, Pending, Reply, Service};
use super::clock;
use super::store::{Store, StoreError};
use address::Address;
use operation::Operation;

pub use objects::{Listed, Objects};

/// The namespace of all documents.
const NAMESPACE: &str = "http://s3.amazonaws.com/doc/2006-03-01/";

/// The service. Cheap to clone.
#[derive(Clone)]
pub struct S3 {
    store: Store,
}

/// The answer of an operation.
type Answer = Result<Response<Bytes>, ApiError>;

impl S3 {
    /// Makes the tables.
    pub fn open(store: Store) -> Result<Self, StoreError> {
        store.ensure_schema(table::SCHEMA)?;
        Ok(Self { store })
    }

    fn answer(&self, call: &Call) -> Answer {
        let address = address::of(call)?;
        let operation = operation::of(call, &address)?;
        match (operation, &address) {
            (Operation::ListBuckets, _) => self.list_buckets(call),
            (Operation::CreateBucket, Address::Bucket(bucket)) => self.create_bucket(call, bucket),
            (Operation::DeleteBucket, Address::Bucket(bucket)) => self.delete_bucket(bucket),
            (Operation::HeadBucket, Address::Bucket(bucket)) => self.head_bucket(bucket),
            (Operation::GetBucketLocation, Address::Bucket(bucket)) => self.bucket_location(bucket),
            (Operation::ListObjects, Address::Bucket(bucket)) => self.list_objects(call, bucket, false),
            (Operation::ListObjectsV2, Address::Bucket(bucket)) => self.list_objects(call, bucket, true),
            (Operation::DeleteObjects, Address::Bucket(bucket)) => self.delete_objects(call, bucket),
            (Operation::ListMultipartUploads, Address::Bucket(bucket)) => self.list_uploads(bucket),
            (Operation::GetObject, Address::Object(bucket, key)) => self.get_object(call, bucket, key, true),
            (Operation::HeadObject, Address::Object(bucket, key)) => self.get_object(call, bucket, key, false),
            (Operation::PutObject, Address::Object(bucket, key)) => self.put_object(call, bucket, key),
            (Operation::CopyObject, Address::Object(bucket, key)) => self.copy_object(call, bucket, key),
            (Operation::DeleteObject, Address::Object(bucket, key)) => self.delete_object(bucket, key),
            (Operation::CreateMultipartUpload, Address::Object(bucket, key)) => self.create_upload(call, bucket, key),
            (Operation::UploadPart, Address::Object(bucket, key)) => self.upload_part(call, bucket, key),
            (Operation::ListParts, Address::Object(bucket, key)) => self.list_parts(call, bucket, key),
            (Operation::CompleteMultipartUpload, Address::Object(bucket, key)) => {
                self.complete_upload(call, bucket, key)
            }
            (Operation::AbortMultipartUpload, Address::Object(bucket, key)) => self.abort_upload(call, bucket, key),
            _ => Err(error::not_implemented(&format!("{} {}", call.method, call.path))),
        }
    }
}

impl Service for S3 {
    fn call(&self, call: Call) -> Pending<'_, Result<Reply, ApiError>> {
        Box::pin(async move {
            match self.answer(&call) {
                Ok(response) => Ok(Reply::Http(response)),
                Err(refused) if call.method == Method::HEAD || refused.status == 304 => {
                    let status = StatusCode::from_u16(refused.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
                    Ok(Reply::Http(empty(status)))
                }
                Err(refused) => Err(refused),
            }
        })
    }
}

/// An answer without a body.
fn empty(status: StatusCode) -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = status;
    response
}

/// A document: its outermost element, and what is in it.
fn document(root: &str, content: &str) -> Response<Bytes> {
    let text = format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<{root} xmlns=\"{NAMESPACE}\">{content}</{root}>");
    let mut response = Response::new(Bytes::from(text));
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static("application/xml"));
    response
}

/// Sets a header; what cannot stand in one is left out.
fn set(response: &mut Response<Bytes>, name: &str, value: &str) {
    if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
        response.headers_mut().insert(name, value);
    }
}

/// A value of the query string.
fn query<'a>(call: &'a Call, name: &str) -> Option<&'a str> {
    let pair = call.query.iter().find(|(key, _)| key == name);
    pair.map(|(_, value)| value.as_str())
}

/// A header that is text.
fn header<'a>(call: &'a Call, name: &str) -> Option<&'a str> {
    call.headers.get(name)?.to_str().ok()
}

/// `2026-01-31T12:00:00.000Z`
fn iso8601(at: clock::Millis) -> String {
    crate::expr::timestamp::format_millis(at - at % 1000)
}
