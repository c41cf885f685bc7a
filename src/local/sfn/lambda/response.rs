//! The response of Lambda's Invoke in the form in which Step Functions passes it on: SDK style, headers and all. Names,
//! order and literal values are those of AWS.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Map, Value, json};
use time::OffsetDateTime;
use time::macros::format_description;

use crate::engine::Millis;
use crate::local::lambda::Invoked;

/// The response to a call that was answered `now` with that status.
pub(super) fn of(invoked: &Invoked, now: Millis, log_tail: bool) -> Value {
    let status = invoked.status;
    let length = invoked.payload.len().to_string();
    let date = http_date(now);
    let log = invoked
        .log_tail
        .as_ref()
        .filter(|_| log_tail)
        .map(|log| BASE64.encode(log));
    let log = log.as_deref();
    let executed = Some(invoked.executed_version.as_str()).filter(|version| !version.is_empty());

    let mut all = Map::new();
    let lists = [
        ("X-Amz-Log-Result", log),
        ("X-Amz-Executed-Version", executed),
        ("x-amzn-Remapped-Content-Length", Some("0")),
        ("Connection", Some("keep-alive")),
        ("x-amzn-RequestId", Some(&invoked.request_id)),
        ("Content-Length", Some(&length)),
        ("Date", Some(&date)),
        ("X-Amzn-Trace-Id", Some(&invoked.trace_id)),
        ("Content-Type", Some("application/json")),
    ];
    for (name, value) in lists {
        all.extend(value.map(|value| (name.to_owned(), json!([value]))));
    }
    let mut single = Map::new();
    let order = [
        "Connection",
        "Content-Length",
        "Content-Type",
        "Date",
        "X-Amz-Executed-Version",
        "X-Amz-Log-Result",
        "x-amzn-Remapped-Content-Length",
        "x-amzn-RequestId",
        "X-Amzn-Trace-Id",
    ];
    for name in order {
        single.extend(
            all.get(name)
                .and_then(|values| values.get(0))
                .map(|value| (name.to_owned(), value.clone())),
        );
    }

    let mut out = Map::new();
    out.extend(executed.map(|version| ("ExecutedVersion".to_owned(), version.into())));
    out.extend(log.map(|log| ("LogResult".to_owned(), log.into())));
    out.insert("Payload".to_owned(), json_or_text(&invoked.payload));
    out.insert(
        "SdkHttpMetadata".to_owned(),
        json!({"AllHttpHeaders": all, "HttpHeaders": single, "HttpStatusCode": status}),
    );
    out.insert(
        "SdkResponseMetadata".to_owned(),
        json!({"RequestId": invoked.request_id}),
    );
    out.insert("StatusCode".to_owned(), status.into());
    out.into()
}

fn json_or_text(payload: &[u8]) -> Value {
    serde_json::from_slice(payload).unwrap_or_else(|_| String::from_utf8_lossy(payload).into())
}

/// A time as HTTP writes it.
pub(in crate::local::sfn) fn http_date(now: Millis) -> String {
    let format =
        format_description!("[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT");
    i64::try_from(now / 1000)
        .ok()
        .and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok())
        .and_then(|at| at.format(&format).ok())
        .unwrap_or_default()
}
