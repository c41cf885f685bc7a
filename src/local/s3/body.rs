//! The bytes of an upload: out of the chunks in which SDKs send them, and checked against what was said about them
//! ([aws-chunked](https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html)).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::{Bytes, BytesMut};
use http::HeaderMap;
use md5::{Digest as _, Md5};
use sha2::Sha256;

use super::checksum::Algorithm;
use super::error;
use crate::local::api::{ApiError, Call};

/// What was uploaded.
#[derive(Debug)]
pub(super) struct Upload {
    pub(super) bytes: Bytes,
    /// The MD5 in hexadecimal digits.
    pub(super) md5: String,
    /// The checksum to be kept.
    pub(super) checksum: (Algorithm, String),
}

/// Reads and checks the body of a call.
pub(super) fn read(call: &Call) -> Result<Upload, ApiError> {
    let (bytes, trailers) = if is_chunked(&call.headers) {
        let (bytes, trailers) = unchunk(&call.body).ok_or_else(incomplete)?;
        let said = header(&call.headers, "x-amz-decoded-content-length").and_then(|length| length.parse().ok());
        if said.is_some_and(|length: usize| length != bytes.len()) {
            return Err(incomplete());
        }
        (bytes, trailers)
    } else {
        check_sha256(&call.headers, &call.body)?;
        (call.body.clone(), Vec::new())
    };
    let digest = Md5::digest(&bytes);
    check_md5(&call.headers, &digest)?;
    let checksum = checksum(&call.headers, &trailers, &bytes)?;
    Ok(Upload {
        md5: hex(&digest),
        bytes,
        checksum,
    })
}

/// Whether a checksum or MD5 came with the body.
pub(super) fn is_vouched_for(headers: &HeaderMap) -> bool {
    let checksum = |name: &str| {
        let algorithm = name.strip_prefix("x-amz-checksum-");
        algorithm.is_some_and(|algorithm| Algorithm::of(algorithm).is_some())
    };
    headers.contains_key("content-md5")
        || headers.contains_key("x-amz-trailer")
        || headers.keys().any(|name| checksum(name.as_str()))
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

fn is_chunked(headers: &HeaderMap) -> bool {
    header(headers, "x-amz-content-sha256").is_some_and(|sum| sum.starts_with("STREAMING-"))
        || header(headers, "content-encoding").is_some_and(|encodings| encodings.split(',').any(is_aws_chunked))
}

/// Whether an encoding is the one that is gone once the body is read.
pub(super) fn is_aws_chunked(encoding: &str) -> bool {
    encoding.trim().eq_ignore_ascii_case("aws-chunked")
}

type Trailers = Vec<(String, String)>;

/// Signatures of chunks are not checked, as those of requests are not.
fn unchunk(body: &Bytes) -> Option<(Bytes, Trailers)> {
    let mut bytes = BytesMut::with_capacity(body.len());
    let mut rest: &[u8] = body;
    loop {
        let (line, after) = line(rest)?;
        let size = line.split(';').next().unwrap_or_default().trim();
        let size = usize::from_str_radix(size, 16).ok()?;
        rest = after;
        if size == 0 {
            break;
        }
        bytes.extend_from_slice(rest.get(..size)?);
        rest = rest.get(size..)?.strip_prefix(b"\r\n")?;
    }
    let mut trailers = Vec::new();
    while let Some((line, after)) = line(rest) {
        if let Some((name, value)) = line.split_once(':') {
            trailers.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
        }
        rest = after;
    }
    Some((bytes.freeze(), trailers))
}

fn line(rest: &[u8]) -> Option<(&str, &[u8])> {
    let end = rest.windows(2).position(|pair| pair == b"\r\n")?;
    Some((std::str::from_utf8(rest.get(..end)?).ok()?, rest.get(end + 2..)?))
}

fn incomplete() -> ApiError {
    ApiError::new(
        "IncompleteBody",
        "You did not provide the number of bytes specified by the Content-Length HTTP header",
    )
}

fn check_sha256(headers: &HeaderMap, bytes: &Bytes) -> Result<(), ApiError> {
    let said = header(headers, "x-amz-content-sha256").filter(|sum| sum.len() == 64);
    if said.is_some_and(|said| said != hex(&Sha256::digest(bytes))) {
        return Err(ApiError::new(
            "XAmzContentSHA256Mismatch",
            "The provided 'x-amz-content-sha256' header does not match what was computed.",
        ));
    }
    Ok(())
}

fn check_md5(headers: &HeaderMap, digest: &[u8]) -> Result<(), ApiError> {
    let Some(said) = header(headers, "content-md5") else {
        return Ok(());
    };
    match STANDARD.decode(said) {
        Ok(said) if said.len() != 16 => Err(invalid_digest()),
        Ok(said) if said != digest => Err(ApiError::new(
            "BadDigest",
            "The Content-MD5 you specified did not match what we received.",
        )),
        Ok(_) => Ok(()),
        Err(_) => Err(invalid_digest()),
    }
}

fn invalid_digest() -> ApiError {
    ApiError::new("InvalidDigest", "The Content-MD5 you specified was invalid.")
}

/// The checksum that was said or asked for; CRC64NVME if nothing was said.
fn checksum(headers: &HeaderMap, trailers: &Trailers, bytes: &Bytes) -> Result<(Algorithm, String), ApiError> {
    let of_headers = headers
        .iter()
        .filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
    let of_trailers = trailers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let said: Vec<(Algorithm, &str)> = of_headers
        .chain(of_trailers)
        .filter_map(|(name, value)| Some((Algorithm::of(name.strip_prefix("x-amz-checksum-")?)?, value)))
        .collect();
    match said.as_slice() {
        [] => {
            let asked = header(headers, "x-amz-sdk-checksum-algorithm").and_then(Algorithm::of);
            let algorithm = asked.unwrap_or(Algorithm::Crc64Nvme);
            Ok((algorithm, algorithm.of_bytes(bytes)))
        }
        [(algorithm, value)] if !algorithm.accepts(value) => Err(ApiError::new(
            "InvalidRequest",
            format!("Value for {} header is invalid.", algorithm.header()),
        )),
        [(algorithm, value)] => {
            let found = algorithm.of_bytes(bytes);
            if found == *value {
                Ok((*algorithm, found))
            } else {
                Err(error::bad_digest(algorithm.name()))
            }
        }
        _ => Err(ApiError::new(
            "InvalidRequest",
            "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.",
        )),
    }
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        use std::fmt::Write as _;
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// The bytes and their checksum, or the error's code.
    #[track_caller]
    fn check(headers: &[(&'static str, &str)], body: &str, expected: &str) {
        let mut call = super::super::tests::call("PUT", "/b/k", body);
        for (name, value) in headers {
            call.headers.insert(*name, value.parse().unwrap());
        }
        let found = match read(&call) {
            Ok(upload) => format!(
                "{} {}={}",
                String::from_utf8(upload.bytes.to_vec()).unwrap(),
                upload.checksum.0.name(),
                upload.checksum.1
            ),
            Err(error) => error.code,
        };
        assert_eq!(found, expected, "{headers:?}");
    }

    #[test]
    fn bodies_are_checked() {
        check(&[], "false", "false CRC64NVME=8X4F4dhcUCQ=");
        check(
            &[("x-amz-sdk-checksum-algorithm", "CRC32")],
            "false",
            "false CRC32=K81oMA==",
        );
        check(&[("x-amz-checksum-crc32", "K81oMA==")], "false", "false CRC32=K81oMA==");
        check(&[("x-amz-checksum-crc32", "K81oMA==")], "true", "BadDigest");
        check(&[("x-amz-checksum-crc32", "K8")], "true", "InvalidRequest");
        let two = [
            ("x-amz-checksum-crc32", "K81oMA=="),
            ("x-amz-checksum-crc32c", "K81oMA=="),
        ];
        check(&two, "false", "InvalidRequest");
        check(&[("content-md5", "no")], "false", "InvalidDigest");
        check(&[("content-md5", "AAAAAAAAAAAAAAAAAAAAAA==")], "false", "BadDigest");
        check(
            &[("x-amz-content-sha256", &"0".repeat(64))],
            "false",
            "XAmzContentSHA256Mismatch",
        );
        check(
            &[("x-amz-content-sha256", "UNSIGNED-PAYLOAD")],
            "",
            " CRC64NVME=AAAAAAAAAAA=",
        );
    }

    #[test]
    fn chunks_are_put_together() {
        let streamed = [("x-amz-content-sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER")];
        let encoded = [("content-encoding", "gzip, aws-chunked")];
        let trailer = "3\r\nfal\r\n2;chunk-signature=0\r\nse\r\n0\r\nx-amz-checksum-crc32:K81oMA==\r\n\r\n";
        check(&streamed, trailer, "false CRC32=K81oMA==");
        check(&encoded, trailer, "false CRC32=K81oMA==");
        check(&streamed, &trailer.replace("fal", "tal"), "BadDigest");
        check(&streamed, "0\r\n\r\n", " CRC64NVME=AAAAAAAAAAA=");
        for broken in [
            "",
            "5\r\nfal",
            "zz\r\n",
            "3\r\nfalse",
            "ffffffffffffffff\r\nfalse\r\n0\r\n",
        ] {
            check(&streamed, broken, "IncompleteBody");
        }
        let wrong = [encoded[0], ("x-amz-decoded-content-length", "4")];
        check(&wrong, trailer, "IncompleteBody");
    }
}
