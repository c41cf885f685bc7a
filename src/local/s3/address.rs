//! Which bucket and key a request is about: both in the path, or the bucket in the name of the host
//! ([virtual hosting](https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html)).

use percent_encoding::percent_decode_str;

use crate::local::api::{ApiError, Call};

/// Names of hosts before which the name of a bucket may stand. The last is that of callers in this process.
const HOSTS: &[&str] = &["localhost", "local.stepstack.invalid"];

/// What a request is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Address {
    Service,
    Bucket(String),
    Object(String, String),
}

/// Reads the address of a call.
pub(super) fn of(call: &Call) -> Result<Address, ApiError> {
    let host = call.headers.get(http::header::HOST);
    let host = host.and_then(|host| host.to_str().ok()).unwrap_or_default();
    let path = percent_decode_str(call.path.strip_prefix('/').unwrap_or(&call.path)).decode_utf8();
    let path = path.map_err(|_| ApiError::new("InvalidURI", "Couldn't parse the specified URI."))?;
    let (bucket, key) = match bucket_of_host(host) {
        Some(bucket) => (bucket, path.as_ref()),
        None => path.split_once('/').unwrap_or((path.as_ref(), "")),
    };
    if bucket.is_empty() && !key.is_empty() {
        return Err(super::error::invalid_bucket_name(bucket));
    }
    if key.len() > 1024 {
        return Err(ApiError::new("KeyTooLongError", "Your key is too long"));
    }
    Ok(match (bucket, key) {
        ("", _) => Address::Service,
        (bucket, "") => Address::Bucket(bucket.to_owned()),
        (bucket, key) => Address::Object(bucket.to_owned(), key.to_owned()),
    })
}

fn bucket_of_host(host: &str) -> Option<&str> {
    let host = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    if host.ends_with(']') || host.parse::<std::net::Ipv4Addr>().is_ok() {
        return None;
    }
    let before = |marker: &str| host.find(marker).and_then(|at| host.get(..at));
    // `bucket.s3.us-east-1.amazonaws.com`, `bucket.s3-us-west-2.amazonaws.com`, `bucket.s3.localhost`
    if let Some(bucket) = before(".s3.").or_else(|| before(".s3-")) {
        return Some(bucket);
    }
    if host.starts_with("s3.") || host.starts_with("s3-") {
        return None;
    }
    HOSTS
        .iter()
        .find_map(|known| host.strip_suffix(known)?.strip_suffix('.'))
}

/// Whether AWS takes a name for a bucket
/// ([naming rules](https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html)).
pub(super) fn is_bucket_name(name: &str) -> bool {
    let letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let (first, last) = (name.bytes().next(), name.bytes().next_back());
    (3..=63).contains(&name.len())
        && name.bytes().all(|byte| letter(byte) || byte == b'.' || byte == b'-')
        && first.is_some_and(letter)
        && last.is_some_and(letter)
        && !name.contains("..")
        && name.parse::<std::net::Ipv4Addr>().is_err()
        && !["xn--", "sthree-", "amzn-s3-demo-"]
            .iter()
            .any(|prefix| name.starts_with(prefix))
        && !["-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3"]
            .iter()
            .any(|suffix| name.ends_with(suffix))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(host: &str, path: &str, expected: &str) {
        let mut call = super::super::tests::call("GET", path, "");
        call.headers.insert("host", host.parse().unwrap());
        let found = match of(&call) {
            Ok(Address::Service) => "-".to_owned(),
            Ok(Address::Bucket(bucket)) => bucket,
            Ok(Address::Object(bucket, key)) => format!("{bucket} {key}"),
            Err(error) => error.code,
        };
        assert_eq!(found, expected, "{host} {path}");
    }

    #[test]
    fn buckets_stand_in_the_path_or_before_the_host() {
        check("127.0.0.1:4566", "/", "-");
        check("127.0.0.1:4566", "/b", "b");
        check("127.0.0.1:4566", "/b/", "b");
        check("localhost:4566", "/b/k/l", "b k/l");
        check("[::1]:4566", "/b//k", "b /k");
        check("s3.localhost:4566", "/b/k", "b k");
        check("s3.us-east-1.amazonaws.com", "/b/k", "b k");
        check("b.localhost:4566", "/k", "b k");
        check("b.c.localhost", "/", "b.c");
        check("b.s3.localhost.localstack.cloud:4566", "/k/", "b k/");
        check("b.s3-us-west-2.amazonaws.com", "/k", "b k");
        check("b.local.stepstack.invalid", "/k", "b k");
        check("local.stepstack.invalid", "/b/k", "b k");
        check("", "/b/a%20b%2Fc+d", "b a b/c+d");
        check("localhost", "//k", "InvalidBucketName");
        check("localhost", "/b/%ff", "InvalidURI");
        check("localhost", &format!("/b/{}", "k".repeat(1025)), "KeyTooLongError");
    }

    #[test]
    fn names_of_buckets() {
        for (name, valid) in [
            ("abc", true),
            ("a.b-c1", true),
            ("ab", false),
            ("Abc", false),
            ("a_b", false),
            ("-ab", false),
            ("ab.", false),
            ("a..b", false),
            ("10.0.0.1", false),
            ("xn--a", false),
            ("a-s3alias", false),
            (&"a".repeat(64), false),
        ] {
            assert_eq!(is_bucket_name(name), valid, "{name}");
        }
    }
}
