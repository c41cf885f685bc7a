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

/// Why suites are not run when it is not their own fault.
pub(super) const ANOTHER_IS_UNUSABLE: &str = "nothing was run, since another stack file cannot be used";

/// The result of a suite that was not begun, and why; with the error that no other result tells.
pub(super) fn not_run(suite: &Suite<'_>, why: &str, error: Option<&CommandError>) -> SuiteResult {
    let mut result = empty(suite.file(), &suite.stack().name);
    result.trouble.extend(error.map(trouble));
    let cases = suite.cases.iter();
    result.cases = cases.map(|case| CaseResult::skipped(case, why)).collect();
    result
}

fn empty(file: &Path, stack: &str) -> SuiteResult {
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
