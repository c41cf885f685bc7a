//! The document of the samples, and that it is one whatever the results hold.
#![allow(clippy::unwrap_used)]

use proptest::prelude::*;

use super::super::{samples, xml};
use super::*;

#[test]
fn a_case_of_every_kind() {
    let suites = [samples::suite()];
    insta::assert_snapshot!(render(&samples::tested(&suites)), @r#"
    <?xml version="1.0" encoding="UTF-8"?>
    <testsuites name="stepstack" tests="6" failures="1" errors="2" skipped="1" time="3.400">
      <testsuite name="call-center" tests="6" failures="1" errors="2" skipped="1" time="3.750">
        <properties>
          <property name="file" value="stacks/call-center.yaml"/>
          <property name="deployedAs" value="call-center-t1a2b"/>
          <property name="deploySeconds" value="1.500"/>
          <property name="casesSeconds" value="2.000"/>
          <property name="teardownSeconds" value="0.250"/>
          <property name="coverage.states.percent" value="66.6"/>
          <property name="coverage.transitions.percent" value="50.0"/>
        </properties>
        <testcase classname="call-center" name="teardown" time="0.000">
          <error message="role `r` is still there" type="teardown">teardown: role `r` is still there
    hint: run `stepstack teardown`</error>
        </testcase>
        <testcase classname="call-center.CallCenter" name="an open case" time="1.234" file="stacks/call-center.yaml" line="30">
          <system-out>✓ Open Case   Task
    ✓ Close Case  Task</system-out>
        </testcase>
        <testcase classname="call-center.CallCenter" name="a resolved case is closed" time="1.234" file="stacks/call-center.yaml" line="41">
          <failure message="path: expected Open Case → Close Case, got Open Case → Fail (and 1 more)" type="path">path: expected Open Case → Close Case, got Open Case → Fail
      |   Open Case
      | - Close Case
      | + Fail
      at stacks/call-center.yaml:52:7
    status: expected SUCCEEDED, got FAILED
      at stacks/call-center.yaml:51:7
    </failure>
          <system-out>execution: arn:aws:states:us-east-1:000000000000:execution:cc-CallCenter:one
    ! Open Case  Task      retried 2 times, caught B: &lt;no&gt;
    → expected here: Close Case
    ✗ Fail       Fail      CaseError: Engage Tier 2 Support.</system-out>
        </testcase>
        <testcase classname="call-center.CallCenter" name="a case that is | flaky" time="1.234" file="stacks/call-center.yaml" line="60">
          <system-out>attempts: 3</system-out>
        </testcase>
        <testcase classname="call-center.CallCenter" name="mocked" time="1.234" file="stacks/call-center.yaml" line="70">
          <skipped message="mocks need the target local"/>
        </testcase>
        <testcase classname="call-center.CallCenter" name="broken" time="1.234" file="stacks/call-center.yaml" line="80">
          <error message="access denied: states:StartExecution" type="start">start: access denied: states:StartExecution
    hint: ask for it</error>
        </testcase>
      </testsuite>
    </testsuites>
"#);
}

proptest! {
    #[test]
    fn whatever_executions_say_the_document_can_be_read(
        texts in proptest::collection::vec(any::<String>(), 8),
        hard in "[\\x00-\\x20\\]>&<;\"'#\u{85}\u{fffe}\u{ffff}\u{202e}]{0,12}",
    ) {
        let text = |index: usize| format!("{}{hard}", texts[index]);
        let mut suite = samples::suite();
        suite.stack = text(0);
        suite.trouble[0].what = text(1);
        suite.trouble[0].message = text(2);
        for case in &mut suite.cases {
            case.name = text(3);
            case.execution = Some(text(4));
            match &mut case.verdict {
                Verdict::Failed(mismatches) => mismatches.push(samples::mismatch(&text(5), &text(6), &text(7), &[&text(0)], 3)),
                Verdict::Skipped(why) => *why = text(5),
                Verdict::Broken(trouble) => trouble.message = text(5),
                Verdict::Passed => {}
            }
            for visit in case.record.iter_mut().flat_map(|record| &mut record.visits) {
                visit.state = text(6);
                visit.errors = vec![(text(7), text(1))];
            }
        }
        let suites = [suite];
        let written = render(&samples::tested(&suites));
        let read = roxmltree::Document::parse(&written).unwrap();
        let all = |name: &str| read.descendants().filter(|node| node.has_tag_name(name)).count();
        prop_assert_eq!([all("testcase"), all("failure"), all("error"), all("skipped")], [6, 1, 2, 1]);
        let case = read.descendants().filter(|node| node.has_tag_name("testcase")).nth(1).unwrap();
        let name = text(3);
        prop_assert_eq!(case.attribute("name").unwrap(), xml::allowed(&name));
        let skipped = read.descendants().find(|node| node.has_tag_name("skipped")).unwrap();
        let why = text(5);
        prop_assert_eq!(skipped.attribute("message").unwrap(), xml::allowed(&why));
    }
}

#[test]
fn a_file_that_cannot_be_used_is_a_case_with_an_error() {
    let mut suite = samples::suite();
    suite.cases.clear();
    suite.trouble.clear();
    let found = crate::diagnostic::Diagnostic::error("bad-value", "it is <odd>").at(samples::at(3, 5).as_ref());
    suite.findings = vec![found];
    let text = render(&samples::tested(&[suite]));
    for part in [
        r#"tests="1" failures="0" errors="1""#,
        r#"name="bad-value at stacks/call-center.yaml:3:5" time="0.000" file="stacks/call-center.yaml" line="3">"#,
        r#"<error message="it is &lt;odd&gt;" type="bad-value">"#,
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
}

#[test]
fn what_is_left_of_two_runs_is_two_cases() {
    let mut suite = samples::suite();
    let again = suite.trouble.first().unwrap().clone();
    suite.trouble.push(again);
    let document = render(&samples::tested(&[suite]));
    for name in ["teardown", "teardown 2"] {
        let case = format!(r#"<testcase classname="call-center" name="{name}" "#);
        assert_eq!(document.matches(&case).count(), 1, "{document}");
    }
}
