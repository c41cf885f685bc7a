//! JUnit XML, in the form that Jenkins reads and most others too.
//!
//! Jenkins shows one failure per case, so that all mismatches of a case are in one. Its schema:
//! <https://github.com/jenkinsci/xunit-plugin/blob/master/src/main/resources/org/jenkinsci/plugins/xunit/types/model/xsd/junit-10.xsd>.
//! `file` and `line` of a case are of pytest's form; GitLab reads `file` (<https://docs.gitlab.com/ci/testing/unit_test_reports/>), Jenkins
//! neither.

use super::super::theme::Theme;
use super::xml::Xml;
use super::{Counts, Tested, drawn, finding_lines, mismatch, place, trouble_lines};
use crate::diagnostic::Diagnostic;
use crate::run::testing::{CaseResult, Mismatch, SuiteResult, Trouble, Verdict};

/// The document.
pub fn render(tested: &Tested<'_>) -> String {
    let mut xml = Xml::new();
    let numbers = Numbers::of(tested.counts());
    let time = seconds(tested.took_ms);
    let mut attributes = vec![("name", "stepstack")];
    attributes.extend(numbers.attributes());
    attributes.push(("time", &time));
    xml.open("testsuites", &attributes);
    for suite in tested.suites {
        write_suite(&mut xml, suite, &tested.name_of(suite));
    }
    xml.finish()
}

/// The counts as JUnit has them: what went wrong beside the cases is a case with an error.
struct Numbers {
    tests: String,
    failures: String,
    errors: String,
    skipped: String,
}

impl Numbers {
    fn of(counts: Counts) -> Self {
        Self {
            tests: (counts.cases() + counts.troubles).to_string(),
            failures: counts.failed.to_string(),
            errors: (counts.broken + counts.troubles).to_string(),
            skipped: counts.skipped.to_string(),
        }
    }

    fn attributes(&self) -> [(&'static str, &str); 4] {
        [
            ("tests", &self.tests),
            ("failures", &self.failures),
            ("errors", &self.errors),
            ("skipped", &self.skipped),
        ]
    }
}

/// Readers tell cases apart by class and name only.
fn write_suite(xml: &mut Xml, suite: &SuiteResult, name: &str) {
    let numbers = Numbers::of(Counts::of(suite));
    let time = seconds(suite.took_ms.iter().fold(0, |sum, took| sum.saturating_add(*took)));
    let mut attributes = vec![("name", name)];
    attributes.extend(numbers.attributes());
    attributes.push(("time", &time));
    xml.open("testsuite", &attributes);
    write_properties(xml, suite);
    for found in suite.errors() {
        write_finding(xml, name, found);
    }
    for (at, trouble) in suite.trouble.iter().enumerate() {
        let earlier = suite.trouble.iter().take(at);
        let of_it = match earlier.filter(|earlier| earlier.what == trouble.what).count() {
            0 => trouble.what.clone(),
            before => format!("{} {}", trouble.what, before + 1),
        };
        let attributes = [("classname", name), ("name", &of_it), ("time", "0.000")];
        xml.open("testcase", &attributes);
        write_error(xml, trouble);
        xml.close();
    }
    for case in &suite.cases {
        write_case(xml, name, case);
    }
    xml.close();
}

fn write_finding(xml: &mut Xml, class: &str, found: &Diagnostic) {
    let line = found
        .span
        .as_ref()
        .map(|span| span.file.line_column(span.range.start).0.to_string());
    let name = match found.span.as_ref() {
        Some(span) => format!("{} at {}", found.code, place(span)),
        None => found.code.to_owned(),
    };
    let mut attributes = vec![("classname", class), ("name", &name), ("time", "0.000")];
    if let (Some(span), Some(line)) = (&found.span, &line) {
        attributes.extend([("file", span.file.name.as_str()), ("line", line)]);
    }
    xml.open("testcase", &attributes);
    let attributes = [("message", found.message.as_str()), ("type", found.code)];
    xml.element("error", &attributes, &finding_lines(found).join("\n"));
    xml.close();
}

fn write_properties(xml: &mut Xml, suite: &SuiteResult) {
    let mut properties = vec![
        ("file", suite.file.to_string_lossy().into_owned()),
        ("deployedAs", suite.deployed_as.clone()),
    ];
    for (name, ms) in ["deploySeconds", "casesSeconds", "teardownSeconds"]
        .into_iter()
        .zip(suite.took_ms)
    {
        properties.push((name, seconds(ms)));
    }
    if let Some(coverage) = &suite.coverage {
        let percent = |share: crate::run::testing::coverage::Share| format!("{:.1}", super::coverage::percent(share));
        properties.push(("coverage.states.percent", percent(coverage.states())));
        properties.push(("coverage.transitions.percent", percent(coverage.transitions())));
    }
    xml.open("properties", &[]);
    for (name, value) in &properties {
        xml.element("property", &[("name", name), ("value", value)], "");
    }
    xml.close();
}

fn write_case(xml: &mut Xml, suite: &str, case: &CaseResult) {
    let class = format!("{suite}.{}", case.state_machine);
    let time = seconds(case.took_ms);
    let span = case.span.as_ref();
    let line = span.map(|span| span.file.line_column(span.range.start).0.to_string());
    let mut attributes = vec![("classname", class.as_str()), ("name", &case.name), ("time", &time)];
    if let (Some(span), Some(line)) = (span, &line) {
        attributes.extend([("file", span.file.name.as_str()), ("line", line)]);
    }
    xml.open("testcase", &attributes);
    match &case.verdict {
        Verdict::Passed => {}
        Verdict::Skipped(why) => xml.element("skipped", &[("message", why)], ""),
        Verdict::Broken(trouble) => write_error(xml, trouble),
        Verdict::Failed(mismatches) => write_failure(xml, mismatches),
    }
    let output = output_of(case);
    if !output.is_empty() {
        xml.element("system-out", &[], &output);
    }
    xml.close();
}

fn write_error(xml: &mut Xml, trouble: &Trouble) {
    let attributes = [("message", trouble.message.as_str()), ("type", &trouble.what)];
    xml.element("error", &attributes, &trouble_lines(trouble).join("\n"));
}

fn write_failure(xml: &mut Xml, mismatches: &[Mismatch]) {
    let message = match mismatches {
        [] => String::new(),
        [only] => mismatch::in_one_line(only),
        [first, rest @ ..] => format!("{} (and {} more)", mismatch::in_one_line(first), rest.len()),
    };
    let mut text = String::new();
    for mismatch in mismatches {
        for line in mismatch::lines(mismatch, Theme::PLAIN) {
            text.push_str(&line);
            text.push('\n');
        }
        if let Some(span) = &mismatch.span {
            text.push_str(&format!("  at {}\n", place(span)));
        }
    }
    let kind = mismatches.first().map_or("", |first| first.what.as_str());
    xml.element("failure", &[("message", &message), ("type", kind)], &text);
}

/// The execution and its path.
fn output_of(case: &CaseResult) -> String {
    let mut lines = Vec::new();
    if case.attempts > 1 {
        lines.push(format!("attempts: {}", case.attempts));
    }
    if let Some(execution) = &case.execution {
        lines.push(format!("execution: {}", super::escape(execution)));
    }
    if let Some(record) = &case.record {
        let mismatches = match &case.verdict {
            Verdict::Failed(mismatches) => mismatches.as_slice(),
            _ => &[],
        };
        lines.extend(drawn::lines(record, mismatches, Theme::PLAIN));
    }
    lines.join("\n")
}

fn seconds(ms: u64) -> String {
    format!("{}.{:03}", ms / 1000, ms % 1000)
}

#[cfg(test)]
#[path = "junit_tests.rs"]
mod tests;
