//! Errors of S3, in its words ([error codes](https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html)).

use crate::local::api::ApiError;

/// With further elements of the error document.
fn about(status: u16, code: &str, message: &str, elements: &[(&str, &str)]) -> ApiError {
    let mut error = ApiError::with_status(status, code, message);
    for (name, value) in elements {
        error.extra.insert((*name).to_owned(), (*value).into());
    }
    error
}

pub(super) fn no_such_bucket(bucket: &str) -> ApiError {
    let message = "The specified bucket does not exist";
    about(404, "NoSuchBucket", message, &[("BucketName", bucket)])
}

pub(super) fn no_such_key(key: &str) -> ApiError {
    about(404, "NoSuchKey", "The specified key does not exist.", &[("Key", key)])
}

pub(super) fn no_such_upload(id: &str) -> ApiError {
    let message = "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or \
                   completed.";
    about(404, "NoSuchUpload", message, &[("UploadId", id)])
}

pub(super) fn invalid_bucket_name(bucket: &str) -> ApiError {
    let message = "The specified bucket is not valid.";
    about(400, "InvalidBucketName", message, &[("BucketName", bucket)])
}

pub(super) fn invalid_argument(message: &str, name: &str, value: &str) -> ApiError {
    let elements = [("ArgumentName", name), ("ArgumentValue", value)];
    about(400, "InvalidArgument", message, &elements)
}

pub(super) fn precondition_failed(condition: &str) -> ApiError {
    let message = "At least one of the pre-conditions you specified did not hold";
    about(412, "PreconditionFailed", message, &[("Condition", condition)])
}

pub(super) fn invalid_range(asked: &str, size: u64) -> ApiError {
    let message = "The requested range is not satisfiable";
    let size = size.to_string();
    let elements = [("RangeRequested", asked), ("ActualObjectSize", size.as_str())];
    about(416, "InvalidRange", message, &elements)
}

pub(super) fn malformed_xml() -> ApiError {
    ApiError::new(
        "MalformedXML",
        "The XML you provided was not well-formed or did not validate against our published schema",
    )
}

pub(super) fn not_modified() -> ApiError {
    ApiError::with_status(304, "NotModified", "Not Modified")
}

pub(super) fn bad_digest(what: &str) -> ApiError {
    ApiError::new(
        "BadDigest",
        format!("The {what} you specified did not match the calculated checksum."),
    )
}

pub(super) fn not_implemented(what: &str) -> ApiError {
    ApiError::not_implemented("s3", what)
}
