//! What all suites together come to.

use super::suite::Ran;
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::run::testing::{CaseResult, SuiteResult, Verdict};

/// Whether nothing of a suite has failed.
pub(super) fn is_good(ran: &Ran) -> bool {
    let failed = |case: &CaseResult| matches!(case.verdict, Verdict::Failed(_) | Verdict::Broken(_));
    !ran.refused && !ran.result.cases.iter().any(failed) && (ran.result.trouble.is_empty() || ran.left)
}

/// The exit code: what went wrong first on the way counts.
pub(super) fn of(suites: &[Ran], interrupted: bool, enough_covered: bool) -> Result<Exit, CommandError> {
    if interrupted {
        return Err(CommandError::interrupted());
    }
    if suites.iter().any(|ran| ran.refused) {
        return Ok(Exit::Refused);
    }
    if !suites.iter().all(is_good) || !enough_covered {
        return Ok(Exit::Failed);
    }
    if let Some(reason) = none_ran(suites.iter().map(|ran| &ran.result)) {
        return Err(CommandError::failed(format!(
            "no case was run, all were skipped: {reason}"
        )));
    }
    if suites.iter().any(|ran| ran.left) {
        return Ok(Exit::LeftBehind);
    }
    Ok(Exit::Done)
}

/// Why no case was run, if none was: then nothing was tested.
fn none_ran<'a>(suites: impl Iterator<Item = &'a SuiteResult>) -> Option<String> {
    let mut reason = None;
    for case in suites.flat_map(|suite| &suite.cases) {
        match &case.verdict {
            Verdict::Skipped(why) => reason = reason.or(Some(why.clone())),
            _ => return None,
        }
    }
    reason
}
