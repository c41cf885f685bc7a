//! S3 as other services of the local cloud use it: without requests and answers.

use bytes::Bytes;
use md5::{Digest as _, Md5};
use serde_json::Map;

use super::body::{Upload, hex};
use super::checksum::Algorithm;
use super::list::{Page, Wanted};
use super::table::Bucket;
use super::{S3, error, read, write};
use crate::local::api::ApiError;
use crate::local::clock::Millis;

/// An object in a listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its key.
    pub key: String,
    /// The entity tag, with its quotation marks.
    pub etag: String,
    /// When it was put.
    pub modified: Millis,
    /// Bytes.
    pub size: u64,
}

/// Objects for other services.
pub trait Objects: Send + Sync + 'static {
    /// All bytes of an object.
    fn get(&self, bucket: &str, key: &str) -> Result<Bytes, ApiError>;

    /// The objects whose keys begin with a prefix and come after another key, in order, at most so many.
    fn list(&self, bucket: &str, prefix: &str, after: &str, most: usize) -> Result<Vec<Listed>, ApiError>;

    /// Puts objects into a bucket: all of them, or none.
    fn put(&self, bucket: &str, content_type: &str, objects: &[(&str, &str)]) -> Result<(), ApiError>;
}

impl Objects for S3 {
    fn get(&self, bucket: &str, key: &str) -> Result<Bytes, ApiError> {
        read::whole(self, bucket, key)
    }

    fn list(&self, bucket: &str, prefix: &str, after: &str, most: usize) -> Result<Vec<Listed>, ApiError> {
        let bucket = self.bucket(bucket)?;
        let wanted = Wanted {
            prefix,
            delimiter: "",
            after,
            most,
        };
        let page = self.store.read(|db| Page::of(db, &bucket, &wanted))?;
        let listed = page.objects.into_iter().map(|object| Listed {
            key: object.key,
            etag: format!("\"{}\"", object.etag),
            modified: object.modified,
            size: object.size,
        });
        Ok(listed.collect())
    }

    fn put(&self, bucket: &str, content_type: &str, objects: &[(&str, &str)]) -> Result<(), ApiError> {
        self.store.write(|db| {
            let bucket = Bucket::find(db, bucket)?.ok_or_else(|| error::no_such_bucket(bucket))?;
            for (key, text) in objects {
                let bytes = Bytes::copy_from_slice(text.as_bytes());
                let upload = Upload {
                    md5: hex(&Md5::digest(&bytes)),
                    checksum: (Algorithm::Crc64Nvme, Algorithm::Crc64Nvme.of_bytes(&bytes)),
                    bytes,
                };
                let headers = Map::from_iter([("content-type".to_owned(), content_type.into())]);
                write::new(db, &bucket, key, &upload, headers)?;
            }
            Ok(())
        })
    }
}
