//! Tests of the service as a whole, by requests.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use bytes::Bytes;
use http::HeaderMap;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use super::*;

/// A call without headers.
pub(super) fn call(method: &str, uri: &str, body: &str) -> Call {
    let (path, query) = uri.split_once('?').unwrap_or((uri, ""));
    Call {
        operation: String::new(),
        input: Value::Null,
        method: method.parse().unwrap(),
        path: path.to_owned(),
        query: form_urlencoded::parse(query.as_bytes()).into_owned().collect(),
        headers: HeaderMap::new(),
        body: Bytes::from(body.to_owned()),
        region: "us-east-1".to_owned(),
        request_id: "id".to_owned(),
    }
}

impl S3 {
    /// Makes a bucket, for tests of other services.
    pub(crate) fn make(&self, bucket: &str) {
        self.create_bucket(&call("PUT", "/", ""), bucket).unwrap();
    }
}

struct Bench(S3);

impl Bench {
    fn new() -> Self {
        let bench = Self(S3::open(Store::in_memory().unwrap()).unwrap());
        bench.check("PUT", "/bucket", "", &[], "200 ");
        bench
    }

    fn send(&self, method: &str, uri: &str, body: &str, headers: &[(&'static str, &str)]) -> Answer {
        let mut call = call(method, uri, body);
        for (name, value) in headers {
            call.headers.insert(*name, value.parse().unwrap());
        }
        self.0.answer(&call)
    }

    /// Status and body of the answer, without the frame of documents, or the error's status and code.
    #[track_caller]
    fn check(&self, method: &str, uri: &str, body: &str, headers: &[(&'static str, &str)], expected: &str) {
        let found = match self.send(method, uri, body, headers) {
            Ok(response) => {
                let body = String::from_utf8(response.body().to_vec()).unwrap();
                let framed = body.split_once(&format!(" xmlns=\"{NAMESPACE}\">"));
                let inner = framed.and_then(|(_, rest)| Some(rest.rsplit_once("</")?.0.to_owned()));
                format!("{} {}", response.status().as_u16(), inner.unwrap_or(body))
            }
            Err(error) => format!("{} {}", error.status, error.code),
        };
        let date = regex::Regex::new(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z").unwrap();
        assert_eq!(date.replace_all(&found, "DATE"), expected, "{method} {uri}");
    }

    fn header(&self, method: &str, uri: &str, headers: &[(&'static str, &str)], name: &str) -> Option<String> {
        let response = self.send(method, uri, "", headers).unwrap();
        response
            .headers()
            .get(name)
            .map(|value| value.to_str().unwrap().to_owned())
    }
}

#[test]
fn buckets() {
    let bench = Bench::new();
    bench.check("PUT", "/bucket", "", &[], "200 ");
    bench.check("PUT", "/Bucket", "", &[], "400 InvalidBucketName");
    bench.check("HEAD", "/bucket", "", &[], "200 ");
    bench.check("HEAD", "/other", "", &[], "404 NoSuchBucket");
    bench.check("GET", "/bucket?location", "", &[], "200 ");
    let constraint = |region: &str| {
        format!(
            "<CreateBucketConfiguration><LocationConstraint>{region}</LocationConstraint></CreateBucketConfiguration>"
        )
    };
    bench.check("PUT", "/eu-one", &constraint("eu-west-1"), &[], "200 ");
    bench.check(
        "PUT",
        "/eu-one",
        &constraint("eu-west-1"),
        &[],
        "409 BucketAlreadyOwnedByYou",
    );
    bench.check(
        "PUT",
        "/us-one",
        &constraint("us-east-1"),
        &[],
        "400 InvalidLocationConstraint",
    );
    bench.check("PUT", "/us-one", "<x", &[], "400 MalformedXML");
    bench.check("GET", "/eu-one?location", "", &[], "200 eu-west-1");
    let owner = format!(
        "<Owner><DisplayName>local</DisplayName><ID>{}</ID></Owner>",
        "000000000000".repeat(5)
    );
    let listed = format!(
        "200 {owner}<Buckets><Bucket><Name>bucket</Name><CreationDate>DATE</CreationDate></Bucket>\
         <Bucket><Name>eu-one</Name><CreationDate>DATE</CreationDate></Bucket></Buckets>"
    );
    bench.check("GET", "/", "", &[], &listed);
    bench.check("PUT", "/eu-one/k", "x", &[], "200 ");
    bench.check("DELETE", "/eu-one", "", &[], "409 BucketNotEmpty");
    bench.check("DELETE", "/eu-one/k", "", &[], "204 ");
    bench.check("DELETE", "/eu-one", "", &[], "204 ");
    bench.check("DELETE", "/eu-one", "", &[], "404 NoSuchBucket");
}

#[test]
fn objects_come_back_as_they_were_put() {
    let bench = Bench::new();
    let headers = [
        ("content-type", "text/plain"),
        ("content-encoding", "aws-chunked"),
        ("x-amz-meta-color", "red"),
        ("x-amz-checksum-crc32", "K81oMA=="),
    ];
    bench.check("PUT", "/bucket/a%20b", "5\r\nfalse\r\n0\r\n\r\n", &headers, "200 ");
    bench.check("GET", "/bucket/a%20b", "", &[], "200 false");
    bench.check("GET", "/bucket/a%20b", "", &[("range", "bytes=1-2")], "206 al");
    bench.check("GET", "/bucket/a%20b", "", &[("range", "bytes=5-")], "416 InvalidRange");
    bench.check("HEAD", "/bucket/a%20b", "", &[], "200 ");
    let all = [("x-amz-checksum-mode", "ENABLED")];
    for (name, expected) in [
        ("content-type", Some("text/plain")),
        ("content-encoding", None),
        ("content-length", Some("5")),
        ("x-amz-meta-color", Some("red")),
        ("etag", Some("\"68934a3e9455fa72420237eb05902327\"")),
        ("x-amz-checksum-crc32", Some("K81oMA==")),
    ] {
        assert_eq!(
            bench.header("HEAD", "/bucket/a%20b", &all, name).as_deref(),
            expected,
            "{name}"
        );
    }
    let asked = "/bucket/a%20b?response-content-type=text/html";
    assert_eq!(
        bench.header("GET", asked, &[], "content-type").as_deref(),
        Some("text/html")
    );
    let part = [("range", "bytes=1-2")];
    let range = bench.header("GET", "/bucket/a%20b", &part, "content-range");
    assert_eq!(range.as_deref(), Some("bytes 1-2/5"));
    bench.check("GET", "/bucket/none", "", &[], "404 NoSuchKey");
    bench.check("GET", "/none/none", "", &[], "404 NoSuchBucket");
    bench.check("PUT", "/none/none", "", &[], "404 NoSuchBucket");
    bench.check(
        "PUT",
        "/bucket/a%20b",
        "x",
        &[("if-none-match", "*")],
        "412 PreconditionFailed",
    );
    let metadata = "x".repeat(2049);
    bench.check(
        "PUT",
        "/bucket/k",
        "x",
        &[("x-amz-meta-a", &metadata)],
        "400 MetadataTooLarge",
    );
    bench.check("DELETE", "/bucket/none", "", &[], "204 ");
}

#[test]
fn objects_of_many_chunks() {
    let bench = Bench::new();
    let text: String = (0..1_200_000).map(|number| format!("{number:07},")).collect();
    bench.check("PUT", "/bucket/k", &text, &[], "200 ");
    let response = bench.send("GET", "/bucket/k", "", &[]).unwrap();
    assert!(response.body() == text.as_bytes());
    for (start, length) in [
        (0, 9),
        (4_194_300, 8),
        (4_194_303, 1),
        (4_194_304, 4_194_305),
        (9_599_999, 1),
    ] {
        let range = format!("bytes={start}-{}", start + length - 1);
        let response = bench.send("GET", "/bucket/k", "", &[("range", &range)]).unwrap();
        assert!(response.body() == &text.as_bytes()[start..start + length], "{range}");
    }
}

#[test]
fn copies() {
    let bench = Bench::new();
    let put = [("x-amz-meta-a", "1"), ("content-type", "text/plain")];
    bench.check("PUT", "/bucket/a/b", "text", &put, "200 ");
    let sum = checksum::Algorithm::Crc64Nvme.of_bytes(b"text");
    let copied = format!(
        "200 <LastModified>DATE</LastModified><ETag>\"1cb251ec0d568de6a929b520c4aed8d1\"</ETag>\
         <ChecksumCRC64NVME>{sum}</ChecksumCRC64NVME><ChecksumType>FULL_OBJECT</ChecksumType>"
    );
    let source = ("x-amz-copy-source", "bucket/a%2Fb");
    bench.check("PUT", "/bucket/c", "", &[source], &copied);
    bench.check("GET", "/bucket/c", "", &[], "200 text");
    assert_eq!(
        bench.header("HEAD", "/bucket/c", &[], "x-amz-meta-a").as_deref(),
        Some("1")
    );
    let replace = [source, ("x-amz-metadata-directive", "REPLACE"), ("x-amz-meta-b", "2")];
    bench.send("PUT", "/bucket/c", "", &replace).unwrap();
    assert_eq!(bench.header("HEAD", "/bucket/c", &[], "x-amz-meta-a"), None);
    assert_eq!(
        bench.header("HEAD", "/bucket/c", &[], "x-amz-meta-b").as_deref(),
        Some("2")
    );
    bench.check("PUT", "/bucket/a/b", "", &[source], "400 InvalidRequest");
    bench.check(
        "PUT",
        "/bucket/d",
        "",
        &[("x-amz-copy-source", "/bucket/none")],
        "404 NoSuchKey",
    );
    bench.check(
        "PUT",
        "/bucket/d",
        "",
        &[("x-amz-copy-source", "bucket")],
        "400 InvalidArgument",
    );
    let unmet = [
        source,
        ("x-amz-copy-source-if-none-match", "1cb251ec0d568de6a929b520c4aed8d1"),
    ];
    bench.check("PUT", "/bucket/d", "", &unmet, "412 PreconditionFailed");
}

/// Keys and common prefixes of a listing, and how to go on.
fn listed(bench: &Bench, uri: &str) -> (Vec<String>, Option<String>) {
    let response = bench.send("GET", uri, "", &[]).unwrap();
    let root = crate::local::protocol::document::parse(std::str::from_utf8(response.body()).unwrap()).unwrap();
    let names = root.children.iter().filter_map(|child| match child.name.as_str() {
        "Contents" => Some(child.text_of("Key").to_owned()),
        "CommonPrefixes" => Some(child.text_of("Prefix").to_owned()),
        _ => None,
    });
    let next = ["NextContinuationToken", "NextMarker"];
    let next = next
        .iter()
        .find_map(|name| root.child(name))
        .map(|next| next.text.clone());
    assert!(next.is_none() || root.text_of("IsTruncated") == "true");
    (names.collect(), next)
}

#[test]
fn listings() {
    let bench = Bench::new();
    for key in ["a/1", "a/2", "b", "c/d/1", "c/e", "f&g", "é"] {
        let uri = format!("/bucket/{}", utf8_percent_encode(key, NON_ALPHANUMERIC));
        bench.send("PUT", &uri, "x", &[]).unwrap();
    }
    let check = |uri: &str, expected: &[&str]| assert_eq!(listed(&bench, uri).0, expected, "{uri}");
    check("/bucket?list-type=2", &["a/1", "a/2", "b", "c/d/1", "c/e", "f&g", "é"]);
    check("/bucket?list-type=2&prefix=c/", &["c/d/1", "c/e"]);
    check("/bucket?list-type=2&prefix=c/&delimiter=/", &["c/e", "c/d/"]);
    check(
        "/bucket?list-type=2&start-after=b&encoding-type=url",
        &["c/d/1", "c/e", "f%26g", "%C3%A9"],
    );
    check("/bucket?list-type=2&max-keys=0", &[]);
    check("/bucket?marker=c/d/1", &["c/e", "f&g", "é"]);
    for kind in ["list-type=2&continuation-token", "marker"] {
        let mut found = Vec::new();
        let first = kind.strip_suffix("&continuation-token").unwrap_or("marker=");
        let mut uri = format!("/bucket?{first}&delimiter=/&max-keys=2");
        for _ in 0..3 {
            let (names, next) = listed(&bench, &uri);
            found.extend(names);
            let Some(next) = next else { break };
            let next = utf8_percent_encode(&next, NON_ALPHANUMERIC);
            uri = format!("/bucket?delimiter=/&max-keys=2&{kind}={next}");
        }
        found.sort();
        assert_eq!(found, ["a/", "b", "c/", "f&g", "é"], "{kind}");
    }
    bench.check(
        "GET",
        "/bucket?list-type=2&continuation-token=%3F",
        "",
        &[],
        "400 InvalidArgument",
    );
    bench.check("GET", "/bucket?max-keys=x", "", &[], "400 InvalidArgument");
    bench.check("GET", "/none", "", &[], "404 NoSuchBucket");
}

#[test]
fn many_are_deleted_at_once() {
    let bench = Bench::new();
    bench.send("PUT", "/bucket/a", "x", &[]).unwrap();
    let body = "<Delete><Object><Key>a</Key></Object><Object><Key>none</Key></Object></Delete>";
    bench.check("POST", "/bucket?delete", body, &[], "400 InvalidRequest");
    let sum = checksum::Algorithm::Crc32.of_bytes(body.as_bytes());
    let deleted = "200 <Deleted><Key>a</Key></Deleted><Deleted><Key>none</Key></Deleted>";
    bench.check(
        "POST",
        "/bucket?delete",
        body,
        &[("x-amz-checksum-crc32", &sum)],
        deleted,
    );
    bench.check("GET", "/bucket/a", "", &[], "404 NoSuchKey");
    let sum = checksum::Algorithm::Crc32.of_bytes(b"<Delete/>");
    bench.check(
        "POST",
        "/bucket?delete",
        "<Delete/>",
        &[("x-amz-checksum-crc32", &sum)],
        "400 MalformedXML",
    );
}

#[test]
fn parts_become_an_object() {
    let bench = Bench::new();
    let response = bench
        .send("POST", "/bucket/k?uploads", "", &[("x-amz-meta-a", "1")])
        .unwrap();
    let text = String::from_utf8(response.body().to_vec()).unwrap();
    let id = text
        .split("<UploadId>")
        .nth(1)
        .unwrap()
        .split('<')
        .next()
        .unwrap()
        .to_owned();
    let part = |number: u32, body: &str| {
        let uri = format!("/bucket/k?partNumber={number}&uploadId={id}");
        bench.header_of_put(&uri, body)
    };
    let large = "x".repeat(5 << 20);
    let _replaced = part(1, "replaced");
    let (first, second) = (part(1, &large), part(2, "end"));
    let complete = |parts: &[(u32, &str)]| {
        let parts: String = parts
            .iter()
            .map(|(number, etag)| format!("<Part><PartNumber>{number}</PartNumber><ETag>{etag}</ETag></Part>"))
            .collect();
        format!("<CompleteMultipartUpload>{parts}</CompleteMultipartUpload>")
    };
    let uri = format!("/bucket/k?uploadId={id}");
    for (parts, code) in [
        (vec![], "400 MalformedXML"),
        (vec![(2, second.as_str()), (1, first.as_str())], "400 InvalidPartOrder"),
        (vec![(1, "\"x\"")], "400 InvalidPart"),
    ] {
        bench.check("POST", &uri, &complete(&parts), &[], code);
    }
    bench.check("GET", "/bucket/k", "", &[], "404 NoSuchKey");
    bench
        .send("POST", &uri, &complete(&[(1, &first), (2, &second)]), &[])
        .unwrap();
    let response = bench.send("GET", "/bucket/k", "", &[]).unwrap();
    assert!(response.body() == format!("{large}end").as_bytes());
    assert!(response.headers()["etag"].to_str().unwrap().ends_with("-2\""));
    assert_eq!(response.headers()["x-amz-meta-a"], "1");
    bench.check("POST", &uri, &complete(&[(1, &first)]), &[], "404 NoSuchUpload");
    bench.check("DELETE", &uri, "", &[], "404 NoSuchUpload");
    let chunks: i64 = bench
        .0
        .store
        .read(|db| Ok::<_, StoreError>(db.query_row("SELECT count(*) FROM s3_chunk", [], |row| row.get(0))?))
        .unwrap();
    assert_eq!(chunks, 3);
    bench.check("DELETE", "/bucket/k", "", &[], "204 ");
}

impl Bench {
    /// The entity tag of what is put.
    fn header_of_put(&self, uri: &str, body: &str) -> String {
        let response = self.send("PUT", uri, body, &[]).unwrap();
        response.headers()["etag"].to_str().unwrap().to_owned()
    }
}
