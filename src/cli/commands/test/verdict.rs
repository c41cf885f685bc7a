//! What all suites together come to.

use super::leftovers::TEARDOWN;
use super::suite::Ran;
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::run::testing::{CaseResult, SuiteResult, Trouble, Verdict};

/// Whether nothing of a suite has failed.
pub(super) fn is_good(ran: &Ran) -> bool {
    let failed = |case: &CaseResult| matches!(case.verdict, Verdict::Failed(_) | Verdict::Broken(_));
    let only_left = |trouble: &Trouble| trouble.what == TEARDOWN;
    !ran.refused && !ran.result.cases.iter().any(failed) && ran.result.trouble.iter().all(only_left)
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

/// The same once the reports are written. What went wrong before stays the result: it has the hints at what is to be done, and
/// that a report is missing is said beside it.
pub(super) fn with_reports(
    verdict: Result<Exit, CommandError>,
    written: Result<(), CommandError>,
    warn: impl FnOnce(String),
) -> Result<Exit, CommandError> {
    match (verdict, written) {
        (Ok(Exit::Done), Err(missing)) => Err(missing),
        (verdict, Err(missing)) => {
            warn(missing.in_one_line());
            verdict
        }
        (verdict, Ok(())) => verdict,
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn ran(verdict: Verdict, troubles: &[&str], refused: bool) -> Ran {
        let trouble = |what: &&str| Trouble {
            what: (*what).to_owned(),
            message: String::new(),
            hints: Vec::new(),
        };
        Ran {
            result: SuiteResult {
                file: "s.yaml".into(),
                stack: "s".to_owned(),
                deployed_as: "s-t00000000".to_owned(),
                trouble: troubles.iter().map(trouble).collect(),
                findings: Vec::new(),
                cases: vec![CaseResult {
                    name: "c".to_owned(),
                    span: None,
                    state_machine: "M".to_owned(),
                    verdict,
                    attempts: 1,
                    took_ms: 0,
                    record: None,
                    execution: None,
                }],
                coverage: None,
                took_ms: [0; 3],
            },
            refused,
            left: troubles.contains(&TEARDOWN),
        }
    }

    #[test]
    fn the_exit_code_is_that_of_the_worst() {
        let passed = |troubles: &[&str]| ran(Verdict::Passed, troubles, false);
        let failed = || ran(Verdict::Failed(Vec::new()), &[], false);
        let skipped = |troubles: &[&str], refused| ran(Verdict::Skipped("why".to_owned()), troubles, refused);
        let check = |suites: &[Ran], interrupted: bool, enough: bool, expected: Exit| {
            let exit = of(suites, interrupted, enough).unwrap_or_else(|error| error.exit());
            assert_eq!(exit, expected);
        };
        check(&[passed(&[])], false, true, Exit::Done);
        check(&[passed(&[]), skipped(&[], false)], false, true, Exit::Done);
        check(&[skipped(&[], false)], false, true, Exit::Failed);
        check(&[passed(&[])], false, false, Exit::Failed);
        check(&[passed(&[TEARDOWN])], false, true, Exit::LeftBehind);
        check(&[passed(&[TEARDOWN]), failed()], false, true, Exit::Failed);
        check(
            &[skipped(&["deploy", TEARDOWN], false), passed(&[])],
            false,
            true,
            Exit::Failed,
        );
        check(&[skipped(&["deploy"], true), failed()], false, true, Exit::Refused);
        check(&[passed(&[])], true, true, Exit::Interrupted);
    }
    #[test]
    fn a_missing_report_decides_only_where_all_went_well() {
        let check = |verdict: Result<Exit, CommandError>, expected: Exit, warned: bool| {
            let missing = || Err(CommandError::failed("cannot write the report r.xml"));
            let mut warnings = Vec::new();
            let result = with_reports(verdict, missing(), |message| warnings.push(message));
            assert_eq!(result.unwrap_or_else(|error| error.exit()), expected);
            assert_eq!(warnings, vec!["cannot write the report r.xml"; usize::from(warned)]);
        };
        check(Ok(Exit::Done), Exit::Failed, false);
        check(Ok(Exit::Failed), Exit::Failed, true);
        check(Ok(Exit::LeftBehind), Exit::LeftBehind, true);
        check(Err(CommandError::interrupted()), Exit::Interrupted, true);
        check(Err(CommandError::wrong("s.yaml cannot be read")), Exit::Wrong, true);
    }
}
