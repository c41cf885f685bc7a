//! The Amazon States Language: model, parser, validator, graph and substitution. Pure: no files, no clock, no AWS.

mod aws;
pub mod diff;
pub mod graph;
pub mod integration;
mod locate;
pub mod model;
mod parse;
mod placeholder;
pub mod substitute;
mod validate;

pub use aws::{AwsDiagnostic, aws_diagnostics, aws_message};
#[cfg(test)]
pub(crate) use parse::known_fields;
pub use parse::parse;
#[cfg(feature = "local")]
pub(crate) use validate::fits_label;
pub use validate::{validate, validate_express};

use crate::diagnostic::{Diagnostic, Severity};
use crate::tree::Node;

/// The largest definition that AWS takes, in bytes.
///
/// Source: <https://docs.aws.amazon.com/step-functions/latest/apireference/API_CreateStateMachine.html>
pub const LARGEST_DEFINITION: usize = 1_048_576;

/// Reads and checks a definition: [`parse()`] and [`validate()`] together, each finding at its closest place. The model of a
/// definition with errors is good for further checks only.
pub fn check(definition: &Node) -> (Option<model::StateMachine>, Vec<Diagnostic>) {
    let (machine, mut found) = parse(definition);
    if let Some(machine) = &machine {
        let mut more = validate(machine);
        locate::locate_all(&mut more, definition);
        found.append(&mut more);
    }
    let size = definition.to_json().to_string().len();
    if size > LARGEST_DEFINITION {
        found.push(Diagnostic::error(
            "definition-size",
            format!("the definition has {size} bytes; {LARGEST_DEFINITION} is the limit"),
        ));
    }
    (machine, found)
}

/// A definition that is ready to be deployed, if none of its findings is an error.
#[derive(Clone, Debug)]
pub struct Prepared {
    /// The definition with its values put in.
    pub definition: Node,
    /// The same, read.
    pub machine: Option<model::StateMachine>,
    /// Function ARNs that were replaced.
    pub relinked: Vec<substitute::Relinked>,
    /// Logical ids and parameters that the definition refers to.
    pub used: std::collections::BTreeSet<String>,
    /// Everything that is wrong, each thing once.
    pub diagnostics: Vec<Diagnostic>,
}

/// Substitutes, relinks, reads and checks a definition.
pub fn prepare(definition: &Node, names: &substitute::Names) -> Prepared {
    let substituted = substitute::substitute(definition, names);
    let (machine, checked) = check(&substituted.definition);
    let mut diagnostics = substituted.diagnostics;
    // What is wrong because of a reference without value, or was reported with a better hint, is not repeated.
    let errors = diagnostics.iter().filter(|found| found.severity == Severity::Error);
    let known: Vec<_> = errors.filter_map(|found| found.pointer.clone()).collect();
    diagnostics.extend(checked.into_iter().filter(|found| {
        let repeated = found.pointer.as_ref().is_some_and(|pointer| known.contains(pointer));
        !repeated
    }));
    Prepared {
        definition: substituted.definition,
        machine,
        relinked: substituted.relinked,
        used: substituted.used,
        diagnostics,
    }
}
#[cfg(test)]
#[allow(warnings)]
#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::diagnostic::SourceFile;

    /// A definition with mistakes that are found by different checks.
    const BROKEN: &str = r#"StartAt: Open Case
States:
  Open Case:
    Type: Task
    Resource: arn:aws:lambda:REGION:ACCOUNT_ID:function:FUNCTION_NAME
    TimeoutSeconds: ${timout}
    Next: Assign Caes
  Assign Case:
    Type: Task
    Resource: arn:aws:lambda:ca-central-1:507638485545:function:AssignCaseFunction
    Retry:
      - ErrorEquals: [States.ALL, Mine]
  Lost:
    Type: Succeed
    Commment: typo
"#;

    #[test]
    fn every_finding_comes_once_and_at_its_place() {
        let file = SourceFile::new("a.yaml", BROKEN);
        let (tree, found) = crate::tree::parse(&file);
        assert_eq!(found, []);
        let mut names = substitute::Names::new("aws", "us-east-1", "000000000000");
        names.function("OpenCaseFunction", "s-OpenCaseFunction", "arn:open");
        let assign = "arn:aws:lambda:us-east-1:000000000000:function:s-AssignCaseFunction";
        names.function("AssignCaseFunction", "s-AssignCaseFunction", assign);
        names.parameter("timeout", 3);
        let prepared = prepare(&tree.unwrap(), &names);
        let shown: Vec<_> = prepared
            .diagnostics
            .iter()
            .map(|found| {
                let span = found.span.as_ref().unwrap();
                let (line, column) = file.line_column(span.range.start);
                format!(
                    "{line}:{column} {} {}",
                    found.code,
                    BROKEN[span.range.clone()].trim_end()
                )
            })
            .collect();
        assert_eq!(
            shown,
            [
                "6:21 undefined-reference ${timout}",
                "5:15 placeholder-arn arn:aws:lambda:REGION:ACCOUNT_ID:function:FUNCTION_NAME",
                "8:3 missing-end Assign Case",
                "15:5 unknown-field Commment",
                "12:22 states-all [States.ALL, Mine]",
                "7:11 dangling-next Assign Caes",
                "8:3 unreachable-state Assign Case",
                "13:3 unreachable-state Lost",
            ]
        );
        assert_eq!(prepared.relinked.len(), 1);
        assert_eq!(prepared.relinked[0].to, assign);
        assert!(prepared.used.contains("AssignCaseFunction"));
        assert_eq!(prepared.machine.unwrap().states.len(), 3);
    }
}
