//! Results of runs that ended before all was run: who reads only reports must not find none, or those of an earlier run.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::reports;
use super::suite::Suite;
use crate::cli::error::CommandError;
use crate::diagnostic::{Diagnostic, has_errors};
use crate::run::testing::{CaseResult, SuiteResult, Trouble};

/// The same file twice would be told apart by nobody. Remembers, by what they are, how files are named.
pub(super) fn once<'a>(file: &'a Path, named: &mut BTreeMap<PathBuf, &'a Path>) -> Result<(), CommandError> {
    let Some(before) = named.insert(reports::real(file), file) else {
        return Ok(());
    };
    let message = format!("{} is named twice, also as {}", file.display(), before.display());
    Err(CommandError::wrong(message).hint("cases of a file are run once; `--retries` runs them again"))
}

/// The result of a file that cannot be used.
pub(super) fn unusable(file: &Path, findings: Vec<Diagnostic>, error: &CommandError) -> SuiteResult {
    let name = file.file_stem().unwrap_or(file.as_os_str()).to_string_lossy();
    let mut result = empty(file, &name);
    if !has_errors(&findings) {
        result.trouble.push(trouble(error));
    }
    result.findings = findings;
    result
}

/// The results of the suites after the first ones, which were not begun because that error ended the run.
pub(super) fn not_begun(
    suites: &[Suite<'_>],
    begun: usize,
    unusable: &[SuiteResult],
    error: &CommandError,
) -> Vec<SuiteResult> {
    let why = match unusable {
        [] => error.in_one_line(),
        _ => "nothing was run, since another stack file cannot be used".to_owned(),
    };
    // Else the suite at which it ended tells it, or the file that cannot be used.
    let is_untold = begun == 0 && unusable.is_empty();
    let results = suites.iter().skip(begun).map(|suite| {
        let mut result = empty(suite.file, &suite.stack().name);
        result.trouble.extend(is_untold.then(|| trouble(error)));
        let cases = suite.cases.iter();
        result.cases = cases.map(|case| CaseResult::skipped(case, &why)).collect();
        result
    });
    results.collect()
}

/// The result of a suite of which nothing was done.
pub(super) fn empty(file: &Path, stack: &str) -> SuiteResult {
    SuiteResult {
        file: file.to_owned(),
        stack: stack.to_owned(),
        deployed_as: stack.to_owned(),
        trouble: Vec::new(),
        findings: Vec::new(),
        cases: Vec::new(),
        coverage: None,
        took_ms: [0; 3],
    }
}

pub(super) fn trouble(error: &CommandError) -> Trouble {
    Trouble {
        what: "the run".to_owned(),
        message: error.in_one_line(),
        hints: error.hints().to_vec(),
    }
}
