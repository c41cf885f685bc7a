//! The wall clock of the local cloud.

pub use crate::engine::Millis;

/// Now. The only place of the local cloud that reads the clock.
pub fn now() -> Millis {
    #[allow(
        clippy::disallowed_methods,
        reason = "the one reader of the clock: everything else is given the time"
    )]
    let since_epoch = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since_epoch.map_or(0, |duration| {
        Millis::try_from(duration.as_millis()).unwrap_or(Millis::MAX)
    })
}

/// `2026-01-31T12:00:00Z`: the form of times in the query protocol, in whole seconds.
pub(crate) fn iso8601(at: Millis) -> String {
    i64::try_from(at / 1000)
        .ok()
        .and_then(|seconds| time::OffsetDateTime::from_unix_timestamp(seconds).ok())
        .and_then(|at| at.format(&time::format_description::well_known::Rfc3339).ok())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_in_whole_seconds() {
        assert_eq!(iso8601(1_700_000_000_999), "2023-11-14T22:13:20Z");
        assert_eq!(iso8601(Millis::MAX), "");
    }
}
