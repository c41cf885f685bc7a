//! Conditions on the object that is there, and ranges of its bytes
//! ([conditional requests](https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-requests.html)).

use http::HeaderMap;
use time::macros::format_description;
use time::{OffsetDateTime, PrimitiveDateTime};

use super::error;
use super::table::Object;
use crate::local::api::ApiError;
use crate::local::clock::Millis;

/// Conditions of a read: of the object itself, or (with the prefix `x-amz-copy-source-`) of the source of a copy, for which
/// nothing is "not modified".
pub(super) fn check_read(headers: &HeaderMap, prefix: &str, object: &Object) -> Result<(), ApiError> {
    let header = |name: &str| headers.get(format!("{prefix}{name}"))?.to_str().ok();
    let time = |name: &str| header(name).and_then(seconds);
    let modified = object.modified / 1000;
    match header("if-match") {
        Some(tags) if !names(tags, object) => return Err(error::precondition_failed("If-Match")),
        Some(_) => {}
        None => {
            if time("if-unmodified-since").is_some_and(|since| modified > since) {
                return Err(error::precondition_failed("If-Unmodified-Since"));
            }
        }
    }
    let unchanged = match header("if-none-match") {
        Some(tags) => names(tags, object).then_some("If-None-Match"),
        None => time("if-modified-since")
            .is_some_and(|since| modified <= since)
            .then_some("If-Modified-Since"),
    };
    match unchanged {
        Some(condition) if !prefix.is_empty() => Err(error::precondition_failed(condition)),
        Some(_) => Err(error::not_modified()),
        None => Ok(()),
    }
}

/// Conditions of a write on what is there before it.
pub(super) fn check_write(headers: &HeaderMap, key: &str, there: Option<&Object>) -> Result<(), ApiError> {
    let header = |name: &str| headers.get(name)?.to_str().ok();
    match (header("if-match"), there) {
        (Some(_), None) => return Err(error::no_such_key(key)),
        (Some(tags), Some(object)) if !names(tags, object) => return Err(error::precondition_failed("If-Match")),
        _ => {}
    }
    match (header("if-none-match"), there) {
        (Some("*"), Some(_)) => Err(error::precondition_failed("If-None-Match")),
        (Some("*") | None, _) => Ok(()),
        (Some(other), _) => Err(error::not_implemented(&format!("If-None-Match: {other} of a write"))),
    }
}

fn names(tags: &str, object: &Object) -> bool {
    tags.split(',').map(str::trim).any(|tag| {
        let tag = tag.strip_prefix("W/").unwrap_or(tag);
        tag == "*" || tag.trim_matches('"') == object.etag
    })
}

/// Seconds since the epoch of a time such as `Thu, 06 Nov 2025 12:21:21 GMT`.
fn seconds(text: &str) -> Option<u64> {
    let format =
        format_description!("[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT");
    let at = PrimitiveDateTime::parse(text, format).ok()?.assume_utc();
    u64::try_from(at.unix_timestamp()).ok()
}

/// A time as HTTP has it.
pub(super) fn http_date(at: Millis) -> String {
    let format =
        format_description!("[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT");
    i64::try_from(at / 1000)
        .ok()
        .and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok())
        .and_then(|at| at.format(format).ok())
        .unwrap_or_default()
}

/// Start and length of the bytes that `Range` asks for; none if it asks for all, or in a form that is ignored.
pub(super) fn range(asked: Option<&str>, size: u64) -> Result<Option<(u64, u64)>, ApiError> {
    let Some((asked, (first, last))) = asked.and_then(|asked| {
        let bounds = asked.strip_prefix("bytes=")?.split_once('-')?;
        Some((asked, bounds))
    }) else {
        return Ok(None);
    };
    let number = |text: &str| text.trim().parse::<u64>().ok();
    let (start, end) = match (number(first), number(last)) {
        (Some(start), Some(last)) if last < start => return Ok(None),
        (Some(start), Some(last)) => (start, size.min(last.saturating_add(1))),
        (Some(start), None) if last.is_empty() => (start, size),
        (None, Some(count)) if first.is_empty() => (if count == 0 { size } else { size.saturating_sub(count) }, size),
        _ => return Ok(None),
    };
    if start >= size {
        return Err(error::invalid_range(asked, size));
    }
    Ok(Some((start, end - start)))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn object() -> Object {
        Object {
            key: "k".to_owned(),
            content: String::new(),
            size: 10,
            etag: "e".to_owned(),
            modified: 1_762_431_681_500,
            checksum: None,
            headers: serde_json::Map::new(),
        }
    }

    #[test]
    fn ranges() {
        for (asked, expected) in [
            ("bytes=0-3", Ok(Some((0, 4)))),
            ("bytes=2-", Ok(Some((2, 8)))),
            ("bytes=-3", Ok(Some((7, 3)))),
            ("bytes=-30", Ok(Some((0, 10)))),
            ("bytes=9-99999999999999999", Ok(Some((9, 1)))),
            ("bytes=3-2", Ok(None)),
            ("bytes=1-2,4-5", Ok(None)),
            ("lines=1-2", Ok(None)),
            ("bytes=-", Ok(None)),
            ("bytes=10-", Err("InvalidRange")),
            ("bytes=-0", Err("InvalidRange")),
        ] {
            let found = range(Some(asked), 10).map_err(|error| error.code);
            assert_eq!(found, expected.map_err(str::to_owned), "{asked}");
        }
    }

    #[track_caller]
    fn check(name: &'static str, value: &str, read: u16, write: u16) {
        let mut headers = HeaderMap::new();
        headers.insert(name, value.parse().unwrap());
        let status = |result: Result<(), ApiError>| result.map_or_else(|error| error.status, |()| 200);
        assert_eq!(status(check_read(&headers, "", &object())), read, "{name}: {value}");
        assert_eq!(
            status(check_write(&headers, "k", Some(&object()))),
            write,
            "{name}: {value}"
        );
    }

    #[test]
    fn conditions() {
        check("if-match", "\"e\"", 200, 200);
        check("if-match", "\"x\", e", 200, 200);
        check("if-match", "\"x\"", 412, 412);
        check("if-none-match", "\"e\"", 304, 501);
        check("if-none-match", "*", 304, 412);
        check("if-none-match", "\"x\"", 200, 501);
        let at = http_date(object().modified);
        assert_eq!(at, "Thu, 06 Nov 2025 12:21:21 GMT");
        check("if-modified-since", &at, 304, 200);
        check("if-unmodified-since", &at, 200, 200);
        check("if-unmodified-since", "Thu, 06 Nov 2025 12:21:20 GMT", 412, 200);
        check("if-modified-since", "yesterday", 200, 200);
        let mut headers = HeaderMap::new();
        headers.insert("x-amz-copy-source-if-none-match", "e".parse().unwrap());
        let copied = check_read(&headers, "x-amz-copy-source-", &object());
        assert_eq!(copied.unwrap_err().status, 412);
        headers.insert("if-match", "e".parse().unwrap());
        assert_eq!(check_write(&headers, "k", None).unwrap_err().code, "NoSuchKey");
    }
}
