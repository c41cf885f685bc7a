//! Buckets. Their names are taken for all regions, as in an AWS partition.

use http::StatusCode;

use super::address::is_bucket_name;
use super::table::Bucket;
use super::{Answer, S3, document, empty, error, iso8601, set};
use crate::local::api::{ACCOUNT, ApiError, Call};
use crate::local::clock;
use crate::local::protocol::document::parse;
use crate::local::protocol::xml::{Writer, escape};

const FIRST_REGION: &str = "us-east-1";

impl S3 {
    /// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListBuckets.html>
    pub(super) fn list_buckets(&self, _call: &Call) -> Answer {
        let buckets = self.store.read(Bucket::all)?;
        let mut out = Writer::default();
        owner(&mut out);
        out.element("Buckets", |out| {
            for bucket in &buckets {
                out.element("Bucket", |out| {
                    out.text("Name", &bucket.name);
                    out.text("CreationDate", &iso8601(bucket.created));
                });
            }
        });
        Ok(document("ListAllMyBucketsResult", &out.finish()))
    }

    /// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html>
    pub(super) fn create_bucket(&self, call: &Call, name: &str) -> Answer {
        if !is_bucket_name(name) {
            return Err(error::invalid_bucket_name(name));
        }
        let region = region_of_new(call)?;
        self.store.write(|db| match Bucket::find(db, name)? {
            // Of old, that is no error in the first region.
            Some(bucket) if bucket.region == FIRST_REGION && region == FIRST_REGION => Ok(()),
            Some(_) => Err(ApiError::with_status(
                409,
                "BucketAlreadyOwnedByYou",
                "Your previous request to create the named bucket succeeded and you already own it.",
            )),
            None => Ok(Bucket::insert(db, name, &region, clock::now())?),
        })?;
        let mut response = empty(StatusCode::OK);
        set(&mut response, "location", &format!("/{name}"));
        Ok(response)
    }

    /// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucket.html>
    pub(super) fn delete_bucket(&self, name: &str) -> Answer {
        self.store.write(|db| {
            let bucket = Bucket::find(db, name)?.ok_or_else(|| error::no_such_bucket(name))?;
            if bucket.is_empty(db)? {
                Ok(bucket.delete(db)?)
            } else {
                Err(ApiError::with_status(
                    409,
                    "BucketNotEmpty",
                    "The bucket you tried to delete is not empty",
                ))
            }
        })?;
        Ok(empty(StatusCode::NO_CONTENT))
    }

    /// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadBucket.html>
    pub(super) fn head_bucket(&self, name: &str) -> Answer {
        let bucket = self.bucket(name)?;
        let mut response = empty(StatusCode::OK);
        set(&mut response, "x-amz-bucket-region", &bucket.region);
        set(&mut response, "x-amz-access-point-alias", "false");
        Ok(response)
    }

    /// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketLocation.html>
    pub(super) fn bucket_location(&self, name: &str) -> Answer {
        let bucket = self.bucket(name)?;
        let region = Some(bucket.region).filter(|region| region != FIRST_REGION);
        Ok(document("LocationConstraint", &escape(&region.unwrap_or_default())))
    }

    pub(super) fn bucket(&self, name: &str) -> Result<Bucket, ApiError> {
        let found = self.store.read(|db| Bucket::find(db, name))?;
        found.ok_or_else(|| error::no_such_bucket(name))
    }
}

/// The region in which a bucket is to be.
fn region_of_new(call: &Call) -> Result<String, ApiError> {
    let mut asked = None;
    if !call.body.iter().all(u8::is_ascii_whitespace) {
        let configuration = std::str::from_utf8(&call.body).ok().and_then(parse);
        let configuration = configuration.filter(|root| root.name == "CreateBucketConfiguration");
        for child in configuration.ok_or_else(error::malformed_xml)?.children {
            match child.name.as_str() {
                "LocationConstraint" => asked = Some(child.text),
                other => return Err(error::not_implemented(&format!("the element {other} of CreateBucket"))),
            }
        }
    }
    let illegal = |message: String| ApiError::new("IllegalLocationConstraintException", message);
    match asked.as_deref().unwrap_or_default() {
        "" if call.region == FIRST_REGION => Ok(call.region.clone()),
        "" => Err(illegal(
            "The unspecified location constraint is incompatible for the region specific endpoint this request was sent to."
                .to_owned(),
        )),
        FIRST_REGION => Err(ApiError::new(
            "InvalidLocationConstraint",
            "The specified location-constraint is not valid",
        )),
        region if region == call.region || call.region == FIRST_REGION => Ok(region.to_owned()),
        region => Err(illegal(format!(
            "The {region} location constraint is incompatible for the region specific endpoint this request was sent to."
        ))),
    }
}

/// The account, which owns everything.
pub(super) fn owner(out: &mut Writer) {
    out.element("Owner", |out| {
        out.text("DisplayName", "local");
        out.text("ID", &ACCOUNT.repeat(5));
    });
}
