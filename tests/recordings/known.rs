//! The list of cases that are known to fail. It may only shrink; only what depends on time may fail or pass.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::replay::Verdict;

/// The list. Lines are an id, two blanks, `#`, and the reason; lines that begin with `#` are remarks.
const LIST: &str = include_str!("known-failures.txt");
/// How the reason of a case begins that passes or fails as the machine is fast or slow.
const EITHER: &str = "depends on time: ";
/// Between id and reason.
const BEFORE_REASON: &str = "  # ";

/// Reasons by id.
pub fn failures() -> BTreeMap<&'static str, &'static str> {
    let lines = LIST.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|line| {
            let (id, reason) = line
                .split_once(BEFORE_REASON)
                .unwrap_or_else(|| panic!("known-failures.txt gives no reason for {line}"));
            (id, reason)
        })
        .collect()
}

/// What does not agree with the list.
pub fn disagreements(results: &BTreeMap<&str, Verdict>) -> Vec<String> {
    let known = failures();
    let mut wrong = Vec::new();
    for (id, verdict) in results {
        match (known.get(id), &verdict.difference) {
            (None, Some(difference)) => {
                let what = if verdict.outcome { "differs" } else { "fails" };
                wrong.push(format!("{id} {what}:\n    {difference}"));
            }
            (Some(reason), None) if !reason.starts_with(EITHER) => wrong.push(format!(
                "{id} passes: take it off tests/recordings/known-failures.txt, which may only shrink"
            )),
            _ => {}
        }
    }
    wrong
}

/// The list as it would have to be: the remarks at its head, and with each failure its reason, or else its difference; without
/// `reasons` always its difference.
pub fn rewritten(results: &BTreeMap<&str, Verdict>, reasons: bool) -> String {
    let known = failures();
    let mut text: String = LIST
        .lines()
        .take_while(|line| line.starts_with('#') || line.is_empty())
        .fold(String::new(), |text, line| text + line + "\n");
    for (id, verdict) in results {
        let listed = known.get(id).copied().filter(|_| reasons);
        let reason = match &verdict.difference {
            Some(difference) => listed.unwrap_or(difference.as_str()),
            None => listed.filter(|reason| reason.starts_with(EITHER)).unwrap_or_default(),
        };
        if !reason.is_empty() {
            let _ = writeln!(text, "{id}{BEFORE_REASON}{}", reason.replace('\n', " "));
        }
    }
    text
}
