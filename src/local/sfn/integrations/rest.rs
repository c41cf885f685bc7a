//! The operations of REST services: where their members go and come from
//! ([HTTP bindings](https://smithy.io/2.0/spec/http-bindings.html)).

/// An operation of a REST service. Members that nothing here names are members of the body.
#[derive(Debug)]
pub(super) struct RestOperation {
    /// Its name in the API.
    pub(super) name: &'static str,
    pub(super) method: &'static str,
    /// With members in braces: `/{Bucket}/{Key+}`, where `+` lets slashes be.
    pub(super) path: &'static str,
    /// Names in the query string and their members; a fixed one has no member.
    pub(super) query: &'static [(&'static str, &'static str)],
    /// Headers and their members; a fixed one has its value in the place of a member, after a colon.
    pub(super) headers: &'static [(&'static str, &'static str)],
    /// The member that is the whole body.
    pub(super) payload: Option<&'static str>,
    pub(super) answer: Answer,
}

/// How the answer of a REST operation is read.
#[derive(Debug)]
pub(super) struct Answer {
    /// Headers and their members.
    pub(super) headers: &'static [(&'static str, &'static str, Kind)],
    /// The member that is the whole body.
    pub(super) payload: Option<&'static str>,
    /// The member that is the status.
    pub(super) status: Option<&'static str>,
}

/// What a text in a header or in XML stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Number,
    /// A time as HTTP writes it.
    HttpDate,
}

/// The operation of that name.
pub(super) fn find(operations: &'static [RestOperation], name: &str) -> Option<&'static RestOperation> {
    operations.iter().find(|operation| operation.name == name)
}

const BODY: Answer = Answer {
    headers: &[],
    payload: None,
    status: None,
};

const QUALIFIER: &[(&str, &str)] = &[("Qualifier", "Qualifier")];
const PAGE: &[(&str, &str)] = &[("Marker", "Marker"), ("MaxItems", "MaxItems")];

const fn lambda(name: &'static str, method: &'static str, path: &'static str) -> RestOperation {
    RestOperation {
        name,
        method,
        path,
        query: &[],
        headers: &[],
        payload: None,
        answer: BODY,
    }
}

/// <https://docs.aws.amazon.com/lambda/latest/api/API_Operations.html>, as far as the local cloud has them.
pub(super) const LAMBDA: &[RestOperation] = &[
    lambda("CreateFunction", "POST", "/2015-03-31/functions"),
    RestOperation {
        query: PAGE,
        ..lambda("ListFunctions", "GET", "/2015-03-31/functions")
    },
    RestOperation {
        query: QUALIFIER,
        ..lambda("GetFunction", "GET", "/2015-03-31/functions/{FunctionName}")
    },
    RestOperation {
        query: QUALIFIER,
        ..lambda("DeleteFunction", "DELETE", "/2015-03-31/functions/{FunctionName}")
    },
    RestOperation {
        query: QUALIFIER,
        ..lambda(
            "GetFunctionConfiguration",
            "GET",
            "/2015-03-31/functions/{FunctionName}/configuration",
        )
    },
    lambda(
        "UpdateFunctionConfiguration",
        "PUT",
        "/2015-03-31/functions/{FunctionName}/configuration",
    ),
    lambda("UpdateFunctionCode", "PUT", "/2015-03-31/functions/{FunctionName}/code"),
    RestOperation {
        query: QUALIFIER,
        headers: &[
            ("x-amz-invocation-type", "InvocationType"),
            ("x-amz-log-type", "LogType"),
            ("x-amz-client-context", "ClientContext"),
        ],
        payload: Some("Payload"),
        answer: Answer {
            headers: &[
                ("x-amz-function-error", "FunctionError", Kind::Text),
                ("x-amz-log-result", "LogResult", Kind::Text),
                ("x-amz-executed-version", "ExecutedVersion", Kind::Text),
            ],
            payload: Some("Payload"),
            status: Some("StatusCode"),
        },
        ..lambda("Invoke", "POST", "/2015-03-31/functions/{FunctionName}/invocations")
    },
    RestOperation {
        query: PAGE,
        ..lambda(
            "ListVersionsByFunction",
            "GET",
            "/2015-03-31/functions/{FunctionName}/versions",
        )
    },
    lambda(
        "PutFunctionConcurrency",
        "PUT",
        "/2017-10-31/functions/{FunctionName}/concurrency",
    ),
    lambda(
        "GetFunctionConcurrency",
        "GET",
        "/2019-09-30/functions/{FunctionName}/concurrency",
    ),
    lambda(
        "DeleteFunctionConcurrency",
        "DELETE",
        "/2017-10-31/functions/{FunctionName}/concurrency",
    ),
    lambda("ListTags", "GET", "/2017-03-31/tags/{Resource}"),
    lambda("TagResource", "POST", "/2017-03-31/tags/{Resource}"),
    RestOperation {
        query: &[("tagKeys", "TagKeys")],
        ..lambda("UntagResource", "DELETE", "/2017-03-31/tags/{Resource}")
    },
];

const fn s3(name: &'static str, method: &'static str, path: &'static str) -> RestOperation {
    RestOperation {
        name,
        method,
        path,
        query: &[],
        headers: &[],
        payload: None,
        answer: BODY,
    }
}

const OBJECT: &str = "/{Bucket}/{Key+}";

const OBJECT_HEADERS: &[(&str, &str, Kind)] = &[
    ("accept-ranges", "AcceptRanges", Kind::Text),
    ("cache-control", "CacheControl", Kind::Text),
    ("content-disposition", "ContentDisposition", Kind::Text),
    ("content-encoding", "ContentEncoding", Kind::Text),
    ("content-length", "ContentLength", Kind::Number),
    ("content-range", "ContentRange", Kind::Text),
    ("content-type", "ContentType", Kind::Text),
    ("etag", "ETag", Kind::Text),
    ("last-modified", "LastModified", Kind::HttpDate),
    ("x-amz-server-side-encryption", "ServerSideEncryption", Kind::Text),
    ("x-amz-storage-class", "StorageClass", Kind::Text),
    ("x-amz-version-id", "VersionId", Kind::Text),
];

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations.html>: what only needs path, query and headers.
pub(super) const S3: &[RestOperation] = &[
    s3("ListBuckets", "GET", "/"),
    RestOperation {
        answer: Answer {
            headers: &[("location", "Location", Kind::Text)],
            payload: None,
            status: None,
        },
        ..s3("CreateBucket", "PUT", "/{Bucket}")
    },
    s3("DeleteBucket", "DELETE", "/{Bucket}"),
    s3("HeadBucket", "HEAD", "/{Bucket}"),
    RestOperation {
        query: &[
            ("list-type=2", ""),
            ("prefix", "Prefix"),
            ("delimiter", "Delimiter"),
            ("max-keys", "MaxKeys"),
            ("continuation-token", "ContinuationToken"),
            ("start-after", "StartAfter"),
        ],
        ..s3("ListObjectsV2", "GET", "/{Bucket}")
    },
    RestOperation {
        query: &[("versionId", "VersionId")],
        headers: &[("range", "Range")],
        answer: Answer {
            headers: OBJECT_HEADERS,
            payload: Some("Body"),
            status: None,
        },
        ..s3("GetObject", "GET", OBJECT)
    },
    RestOperation {
        query: &[("versionId", "VersionId")],
        answer: Answer {
            headers: OBJECT_HEADERS,
            payload: None,
            status: None,
        },
        ..s3("HeadObject", "HEAD", OBJECT)
    },
    RestOperation {
        headers: &[
            ("cache-control", "CacheControl"),
            ("content-disposition", "ContentDisposition"),
            ("content-encoding", "ContentEncoding"),
            ("content-type", "ContentType"),
            // The SDK asks for it unless told otherwise.
            ("x-amz-sdk-checksum-algorithm", ":CRC32"),
        ],
        payload: Some("Body"),
        answer: Answer {
            headers: &[
                ("etag", "ETag", Kind::Text),
                ("x-amz-checksum-crc32", "ChecksumCRC32", Kind::Text),
                ("x-amz-checksum-type", "ChecksumType", Kind::Text),
                ("x-amz-server-side-encryption", "ServerSideEncryption", Kind::Text),
                ("x-amz-version-id", "VersionId", Kind::Text),
            ],
            payload: None,
            status: None,
        },
        ..s3("PutObject", "PUT", OBJECT)
    },
    RestOperation {
        query: &[("versionId", "VersionId")],
        ..s3("DeleteObject", "DELETE", OBJECT)
    },
    RestOperation {
        headers: &[("x-amz-copy-source", "CopySource")],
        ..s3("CopyObject", "PUT", OBJECT)
    },
];
