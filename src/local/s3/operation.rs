//! Which operation a request is, and whether it asks for something that is not there.

use http::Method;

use super::address::Address;
use super::{absent, error};
use crate::local::api::{ACCOUNT, ApiError, Call};

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations_Amazon_Simple_Storage_Service.html>, as far as they are here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operation {
    ListBuckets,
    CreateBucket,
    DeleteBucket,
    HeadBucket,
    GetBucketLocation,
    ListObjects,
    ListObjectsV2,
    DeleteObjects,
    ListMultipartUploads,
    GetObject,
    HeadObject,
    PutObject,
    CopyObject,
    DeleteObject,
    CreateMultipartUpload,
    UploadPart,
    ListParts,
    CompleteMultipartUpload,
    AbortMultipartUpload,
}

/// Parameters of the query string that say which operation it is, or what is not there; `x-id` names what is known anyway.
const LISTING: &[&str] = &["prefix", "delimiter", "max-keys", "encoding-type"];
const OVERRIDES: &[&str] = &[
    "response-cache-control",
    "response-content-disposition",
    "response-content-encoding",
    "response-content-language",
    "response-content-type",
    "response-expires",
];

impl Operation {
    fn parameters(self) -> &'static [&'static [&'static str]] {
        match self {
            Self::GetBucketLocation => &[&["location"]],
            Self::ListObjects => &[LISTING, &["marker"]],
            Self::ListObjectsV2 => &[
                LISTING,
                &["list-type", "continuation-token", "start-after", "fetch-owner"],
            ],
            Self::DeleteObjects => &[&["delete"]],
            Self::ListMultipartUploads | Self::CreateMultipartUpload => &[&["uploads"]],
            Self::GetObject | Self::HeadObject => &[OVERRIDES],
            Self::UploadPart => &[&["partNumber", "uploadId"]],
            Self::ListParts => &[&["uploadId", "max-parts", "part-number-marker"]],
            Self::CompleteMultipartUpload | Self::AbortMultipartUpload => &[&["uploadId"]],
            _ => &[],
        }
    }
}

/// Finds the operation. Parameters and headers that nothing here acts upon are refused by name.
pub(super) fn of(call: &Call, address: &Address) -> Result<Operation, ApiError> {
    if let Some(action) = absent::find(call, address) {
        return Err(error::not_implemented(&action));
    }
    let operation = find(call, address).ok_or_else(|| error::not_implemented(&describe(call, address)))?;
    let known = |name: &str| {
        name == "x-id"
            || name.starts_with("X-Amz-")
            || ["AWSAccessKeyId", "Signature", "Expires"].contains(&name)
            || operation.parameters().iter().any(|names| names.contains(&name))
    };
    if let Some((unknown, _)) = call.query.iter().find(|(name, _)| !known(name)) {
        return Err(error::not_implemented(&format!(
            "the parameter {unknown} of {operation:?}"
        )));
    }
    check_headers(call, operation)?;
    Ok(operation)
}

fn find(call: &Call, address: &Address) -> Option<Operation> {
    let has = |name: &str| call.query.iter().any(|(key, _)| key == name);
    Some(match (&call.method, address) {
        (&Method::GET, Address::Service) => Operation::ListBuckets,
        (&Method::PUT, Address::Bucket(_)) => Operation::CreateBucket,
        (&Method::DELETE, Address::Bucket(_)) => Operation::DeleteBucket,
        (&Method::HEAD, Address::Bucket(_)) => Operation::HeadBucket,
        (&Method::GET, Address::Bucket(_)) if has("location") => Operation::GetBucketLocation,
        (&Method::GET, Address::Bucket(_)) if has("uploads") => Operation::ListMultipartUploads,
        (&Method::GET, Address::Bucket(_)) if super::query(call, "list-type") == Some("2") => Operation::ListObjectsV2,
        (&Method::GET, Address::Bucket(_)) => Operation::ListObjects,
        (&Method::POST, Address::Bucket(_)) if has("delete") => Operation::DeleteObjects,
        (&Method::GET, Address::Object(..)) if has("uploadId") => Operation::ListParts,
        (&Method::GET, Address::Object(..)) => Operation::GetObject,
        (&Method::HEAD, Address::Object(..)) => Operation::HeadObject,
        (&Method::PUT, Address::Object(..)) if has("uploadId") => Operation::UploadPart,
        (&Method::PUT, Address::Object(..)) if call.headers.contains_key("x-amz-copy-source") => Operation::CopyObject,
        (&Method::PUT, Address::Object(..)) => Operation::PutObject,
        (&Method::DELETE, Address::Object(..)) if has("uploadId") => Operation::AbortMultipartUpload,
        (&Method::DELETE, Address::Object(..)) => Operation::DeleteObject,
        (&Method::POST, Address::Object(..)) if has("uploads") => Operation::CreateMultipartUpload,
        (&Method::POST, Address::Object(..)) if has("uploadId") => Operation::CompleteMultipartUpload,
        _ => return None,
    })
}

fn describe(call: &Call, address: &Address) -> String {
    let what = match address {
        Address::Service => "the service",
        Address::Bucket(_) => "a bucket",
        Address::Object(..) => "an object",
    };
    let names: Vec<&str> = call.query.iter().map(|(name, _)| name.as_str()).collect();
    match names.as_slice() {
        [] => format!("{} of {what}", call.method),
        names => format!("{} of {what} with {}", call.method, names.join(", ")),
    }
}

/// Headers that are acted upon, or that say nothing about what is to be done.
const HEADERS: &[&str] = &[
    "x-amz-checksum-algorithm",
    "x-amz-checksum-mode",
    "x-amz-checksum-type",
    "x-amz-content-sha256",
    "x-amz-date",
    "x-amz-decoded-content-length",
    "x-amz-expected-bucket-owner",
    "x-amz-mp-object-size",
    "x-amz-request-payer",
    "x-amz-sdk-checksum-algorithm",
    "x-amz-security-token",
    "x-amz-source-expected-bucket-owner",
    "x-amz-trailer",
    "x-amz-user-agent",
];

/// Headers of which only that value, which is the default, asks for nothing more.
const DEFAULTS: &[(&str, &str)] = &[
    ("x-amz-acl", "private"),
    ("x-amz-bucket-object-lock-enabled", "false"),
    ("x-amz-object-ownership", "BucketOwnerEnforced"),
    ("x-amz-server-side-encryption", "AES256"),
    ("x-amz-server-side-encryption-bucket-key-enabled", "false"),
    ("x-amz-storage-class", "STANDARD"),
    ("x-amz-tagging-directive", "COPY"),
];

fn check_headers(call: &Call, operation: Operation) -> Result<(), ApiError> {
    for (name, value) in &call.headers {
        let (name, value) = (name.as_str(), value.to_str().unwrap_or_default());
        let copies = operation == Operation::CopyObject
            && (name.starts_with("x-amz-copy-source") && !name.contains("customer")
                || name == "x-amz-metadata-directive");
        let known = !name.starts_with("x-amz-")
            || name.starts_with("x-amz-meta-")
            || name.starts_with("x-amz-checksum-")
            || HEADERS.contains(&name)
            || DEFAULTS.contains(&(name, value))
            || copies;
        if !known {
            return Err(error::not_implemented(&format!(
                "the header {name}: {value} of {operation:?}"
            )));
        }
    }
    match super::header(call, "x-amz-expected-bucket-owner") {
        Some(owner) if owner != ACCOUNT => Err(ApiError::with_status(403, "AccessDenied", "Access Denied")),
        _ => Ok(()),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(method: &str, path: &str, headers: &[(&'static str, &str)], expected: &str) {
        let mut call = super::super::tests::call(method, path, "");
        for (name, value) in headers {
            call.headers.insert(*name, value.parse().unwrap());
        }
        let address = super::super::address::of(&call).unwrap();
        let found = of(&call, &address).map_or_else(|error| error.message, |operation| format!("{operation:?}"));
        assert_eq!(found, expected, "{method} {path}");
    }

    #[test]
    fn operations_are_a_method_an_address_and_parameters() {
        check("GET", "/", &[], "ListBuckets");
        check("GET", "/b?list-type=2&prefix=p", &[], "ListObjectsV2");
        check("GET", "/b?marker=p", &[], "ListObjects");
        check("GET", "/b?location", &[], "GetBucketLocation");
        check("POST", "/b?delete", &[], "DeleteObjects");
        check("PUT", "/b/k?x-id=PutObject", &[], "PutObject");
        check("PUT", "/b/k", &[("x-amz-copy-source", "/b/l")], "CopyObject");
        check("PUT", "/b/k?partNumber=1&uploadId=u", &[], "UploadPart");
        check("POST", "/b/k?uploads", &[], "CreateMultipartUpload");
        check("GET", "/b/k?X-Amz-Signature=1", &[("x-amz-date", "1")], "GetObject");
        check("PUT", "/b/k", &[("x-amz-acl", "private")], "PutObject");
    }

    #[test]
    fn what_is_not_there_is_named() {
        for (method, path, headers, what) in [
            ("PATCH", "/b/k", None, "PATCH of an object"),
            ("POST", "/b?x=1", None, "POST of a bucket with x"),
            ("PUT", "/b?versioning", None, "PutBucketVersioning"),
            ("DELETE", "/b?tagging", None, "DeleteBucketTagging"),
            ("GET", "/b?acl", None, "GetBucketAcl"),
            ("GET", "/b?x=1", None, "the parameter x of ListObjects"),
            ("GET", "/b/k?versionId=1", None, "the parameter versionId of GetObject"),
            (
                "PUT",
                "/b/k",
                Some(("x-amz-acl", "public-read")),
                "the header x-amz-acl: public-read of PutObject",
            ),
            (
                "PUT",
                "/b/k?partNumber=1&uploadId=u",
                Some(("x-amz-copy-source", "/b/l")),
                "UploadPartCopy",
            ),
        ] {
            let headers: Vec<_> = headers.into_iter().collect();
            check(
                method,
                path,
                &headers,
                &format!("not implemented by the local cloud: s3:{what}"),
            );
        }
        let foreign = [("x-amz-expected-bucket-owner", "123456789012")];
        check("GET", "/b/k", &foreign, "Access Denied");
    }
}
