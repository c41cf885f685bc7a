//! Findings in the words of AWS's API.

use crate::diagnostic::{Diagnostic, Severity};

/// What AWS's API says when it refuses a definition with these findings, in one text:
/// `Invalid State Machine Definition: 'SCHEMA_VALIDATION_FAILED: … at /States/X, …'`; none if there is no error.
pub fn aws_message(diagnostics: &[Diagnostic]) -> Option<String> {
    let errors: Vec<_> = aws_diagnostics(diagnostics)
        .filter(|found| found.severity == Severity::Error)
        .map(|found| {
            format!(
                "{}: {} at {}",
                found.code,
                found.message,
                found.location.unwrap_or("null")
            )
        })
        .collect();
    (!errors.is_empty()).then(|| format!("Invalid State Machine Definition: '{}'", errors.join(", ")))
}

/// A finding in the form of `ValidateStateMachineDefinition`.
///
/// Source: <https://docs.aws.amazon.com/step-functions/latest/apireference/API_ValidateStateMachineDefinitionDiagnostic.html>
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AwsDiagnostic<'d> {
    /// Whether it makes AWS refuse the definition.
    pub severity: Severity,
    /// `SCHEMA_VALIDATION_FAILED` …
    pub code: &'d str,
    /// What it says.
    pub message: String,
    /// Where: `/States/X/Next`.
    pub location: Option<&'d str>,
}

/// Findings in the form of `ValidateStateMachineDefinition`. Warnings that AWS does not know are left out; errors for
/// which AWS's words are not known are in ours.
pub fn aws_diagnostics(diagnostics: &[Diagnostic]) -> impl Iterator<Item = AwsDiagnostic<'_>> {
    diagnostics
        .iter()
        .filter(|found| found.severity == Severity::Error || found.aws.is_some())
        .map(|found| {
            let (code, message) = match found.aws.as_deref().and_then(|text| text.split_once(": ")) {
                Some((code, message)) => (code, message.to_owned()),
                None => ("SCHEMA_VALIDATION_FAILED", found.message.clone()),
            };
            AwsDiagnostic {
                severity: found.severity,
                code,
                message,
                location: found.pointer.as_deref(),
            }
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_joined_and_warnings_left_out() {
        let error = Diagnostic::error("a", "ours").in_definition("/States/X");
        let found = [
            Diagnostic::warning("b", "not for AWS"),
            error.clone().aws("SCHEMA_VALIDATION_FAILED: Value: theirs"),
            error,
            Diagnostic::error("c", "no end").aws("MISSING_END_STATE: Workflow has no terminal state"),
        ];
        assert_eq!(
            aws_message(&found).as_deref(),
            Some(
                "Invalid State Machine Definition: 'SCHEMA_VALIDATION_FAILED: Value: theirs at /States/X, \
                 SCHEMA_VALIDATION_FAILED: ours at /States/X, MISSING_END_STATE: Workflow has no terminal state at null'"
            )
        );
        assert_eq!(aws_message(&found[..1]), None);
    }
}
