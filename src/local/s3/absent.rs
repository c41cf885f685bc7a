//! The names of the calls that are not here: what a request with the parameter of a sub-resource is, so that it is not taken for
//! another call of that method ([operations](https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations_Amazon_Simple_Storage_Service.html)).

use http::Method;

use super::address::Address;
use crate::local::api::Call;

/// Parameters of a bucket, and what their calls get, put and delete.
const OF_BUCKETS: &[(&str, &str)] = &[
    ("accelerate", "BucketAccelerateConfiguration"),
    ("acl", "BucketAcl"),
    ("analytics", "BucketAnalyticsConfiguration"),
    ("cors", "BucketCors"),
    ("encryption", "BucketEncryption"),
    ("intelligent-tiering", "BucketIntelligentTieringConfiguration"),
    ("inventory", "BucketInventoryConfiguration"),
    ("lifecycle", "BucketLifecycleConfiguration"),
    ("logging", "BucketLogging"),
    ("metadataTable", "BucketMetadataTableConfiguration"),
    ("metrics", "BucketMetricsConfiguration"),
    ("notification", "BucketNotificationConfiguration"),
    ("object-lock", "ObjectLockConfiguration"),
    ("ownershipControls", "BucketOwnershipControls"),
    ("policy", "BucketPolicy"),
    ("policyStatus", "BucketPolicyStatus"),
    ("publicAccessBlock", "PublicAccessBlock"),
    ("replication", "BucketReplication"),
    ("requestPayment", "BucketRequestPayment"),
    ("tagging", "BucketTagging"),
    ("versioning", "BucketVersioning"),
    ("website", "BucketWebsite"),
];

/// Those of which a bucket has several, each with an `id`: without one they are listed.
const LISTED: &[&str] = &["analytics", "intelligent-tiering", "inventory", "metrics"];

/// The same of an object.
const OF_OBJECTS: &[(&str, &str)] = &[
    ("acl", "ObjectAcl"),
    ("attributes", "ObjectAttributes"),
    ("legal-hold", "ObjectLegalHold"),
    ("retention", "ObjectRetention"),
    ("tagging", "ObjectTagging"),
    ("torrent", "ObjectTorrent"),
];

/// Those that are more than a verb and what it is done to.
const OTHERS: &[(Method, &str, &str)] = &[
    (Method::GET, "session", "CreateSession"),
    (Method::GET, "versions", "ListObjectVersions"),
    (Method::DELETE, "lifecycle", "DeleteBucketLifecycle"),
];
const OTHERS_OF_OBJECTS: &[(Method, &str, &str)] = &[
    (Method::POST, "restore", "RestoreObject"),
    (Method::POST, "select", "SelectObjectContent"),
    (Method::PUT, "renameObject", "RenameObject"),
];

/// The call that a request is, if it is one that is not here.
pub(super) fn find(call: &Call, address: &Address) -> Option<String> {
    let (known, others) = match address {
        Address::Service => return None,
        Address::Bucket(_) => (OF_BUCKETS, OTHERS),
        Address::Object(..) => (OF_OBJECTS, OTHERS_OF_OBJECTS),
    };
    let has = |name: &str| super::query(call, name).is_some();
    if let Some((.., action)) = others
        .iter()
        .find(|(method, name, _)| *method == call.method && has(name))
    {
        return Some((*action).to_owned());
    }
    if matches!(address, Address::Object(..)) && has("uploadId") && call.headers.contains_key("x-amz-copy-source") {
        return Some("UploadPartCopy".to_owned());
    }
    let (name, what) = known.iter().find(|(name, _)| has(name))?;
    match call.method {
        Method::GET if LISTED.contains(name) && !has("id") => Some(format!("List{what}s")),
        Method::GET => Some(format!("Get{what}")),
        Method::PUT => Some(format!("Put{what}")),
        Method::DELETE => Some(format!("Delete{what}")),
        Method::POST => Some(format!("Create{what}")),
        _ => None,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(method: &str, path: &str, expected: Option<&str>) {
        let call = super::super::tests::call(method, path, "");
        let address = super::super::address::of(&call).unwrap();
        assert_eq!(find(&call, &address).as_deref(), expected, "{method} {path}");
    }

    #[test]
    fn calls_are_named_by_method_and_sub_resource() {
        for (method, path, expected) in [
            ("PUT", "/b?versioning", "PutBucketVersioning"),
            ("GET", "/b?acl", "GetBucketAcl"),
            ("PUT", "/b/k?tagging", "PutObjectTagging"),
            ("DELETE", "/b?tagging", "DeleteBucketTagging"),
            ("DELETE", "/b?lifecycle", "DeleteBucketLifecycle"),
            ("PUT", "/b?lifecycle", "PutBucketLifecycleConfiguration"),
            ("GET", "/b?versions&prefix=p", "ListObjectVersions"),
            ("GET", "/b?metrics", "ListBucketMetricsConfigurations"),
            ("GET", "/b?metrics&id=1", "GetBucketMetricsConfiguration"),
            ("GET", "/b?object-lock", "GetObjectLockConfiguration"),
            ("GET", "/b/k?attributes&versionId=1", "GetObjectAttributes"),
            ("POST", "/b/k?select&select-type=2", "SelectObjectContent"),
            ("POST", "/b?metadataTable", "CreateBucketMetadataTableConfiguration"),
        ] {
            check(method, path, Some(expected));
        }
        for (method, path) in [
            ("GET", "/b?prefix=acl"),
            ("GET", "/b/k?versions"),
            ("PUT", "/b/k?uploadId=u&partNumber=1"),
            ("GET", "/"),
        ] {
            check(method, path, None);
        }
    }
}
