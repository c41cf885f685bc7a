//! Names of executions that nobody named.

use time::OffsetDateTime;
use time::macros::format_description;

/// The longest name that Step Functions takes
/// ([StartExecution](https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html)).
const LONGEST: usize = 80;

/// `<stack>-YYYYMMDD-HHMMSS-<suffix>` (UTC): sorts by time, and two started in the same second differ by their suffix.
/// The stack's part is cut so that the whole fits.
pub fn execution_name(stack: &str, now_ms: u64, suffix: &str) -> String {
    let tail = format!("-{}-{suffix}", compact_time(now_ms));
    let room = LONGEST.saturating_sub(tail.chars().count());
    let head: String = stack.chars().take(room).collect();
    format!("{head}{tail}")
}

fn compact_time(now_ms: u64) -> String {
    i64::try_from(now_ms / 1000)
        .ok()
        .and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok())
        .and_then(|time| {
            time.format(format_description!("[year][month][day]-[hour][minute][second]"))
                .ok()
        })
        // Only for times after the year 9999.
        .unwrap_or_else(|| now_ms.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_carry_stack_time_and_suffix() {
        assert_eq!(
            execution_name("call-center", 1_763_664_273_456, "a1b2"),
            "call-center-20251120-184433-a1b2"
        );
        assert_eq!(execution_name("s", 0, "0000"), "s-19700101-000000-0000");
    }

    #[test]
    fn long_stack_names_are_cut_to_what_fits() {
        let name = execution_name(&"x".repeat(200), 1_763_664_273_456, "a1b2");
        assert_eq!(name.chars().count(), LONGEST);
        assert!(name.ends_with("x-20251120-184433-a1b2"), "{name}");
        assert!(execution_name("s", u64::MAX, "a1b2").chars().count() <= LONGEST);
    }
}
