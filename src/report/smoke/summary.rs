//! The report for people: what did not pass and why, coverage, and a line with the numbers at the end.

use super::super::text::{duration, escape};
use super::super::theme::{Meaning, Theme};
use super::{Tested, coverage, drawn, is_flaky, mismatch, place, trouble_lines};
use crate::run::testing::{CaseResult, Mismatch, SuiteResult, Verdict};

/// The report. Cases that passed at once are in the numbers only.
pub fn render(tested: &Tested<'_>, theme: Theme) -> String {
    let mut blocks = Vec::new();
    for suite in tested.suites {
        for case in &suite.cases {
            blocks.extend(case_block(case, theme));
        }
        blocks.extend(trouble_block(suite, theme));
    }
    for suite in tested.suites {
        if let Some(found) = suite.coverage.as_ref().filter(|found| !found.machines.is_empty()) {
            blocks.push(coverage::render(found, theme));
        }
    }
    let mut closing = below_threshold(tested, theme);
    closing.push_str(&closing_line(tested, theme));
    blocks.push(closing);
    blocks.join("\n")
}

/// `12 passed (1 flaky), 1 failed, 2 skipped in 3.4 s`
fn closing_line(tested: &Tested<'_>, theme: Theme) -> String {
    let meaning = if tested.is_well() { Meaning::Good } else { Meaning::Bad };
    format!(
        "{} in {}\n",
        theme.paint(meaning, &tested.counts().words()),
        duration(tested.took_ms)
    )
}

/// A line for each stack file that covers less than was asked for.
fn below_threshold(tested: &Tested<'_>, theme: Theme) -> String {
    tested
        .below_threshold()
        .map(|suite| format!("{}\n", theme.paint(Meaning::Bad, &coverage::shortfall(tested, suite))))
        .collect()
}

fn case_block(case: &CaseResult, theme: Theme) -> Option<String> {
    let (word, meaning) = match &case.verdict {
        Verdict::Failed(_) => ("FAILED", Meaning::Bad),
        Verdict::Broken(_) => ("BROKEN", Meaning::Bad),
        Verdict::Skipped(_) => ("SKIPPED", Meaning::Warning),
        Verdict::Passed if is_flaky(case) => ("FLAKY", Meaning::Warning),
        Verdict::Passed => return None,
    };
    let mut lines = vec![format!(
        "{} {}",
        theme.paint(meaning, word),
        theme.paint(Meaning::Strong, &escape(&case.name))
    )];
    lines.push(format!("  {}", theme.paint(Meaning::Faint, &where_and_how_long(case))));
    match &case.verdict {
        Verdict::Failed(mismatches) => lines.extend(failure_lines(case, mismatches, theme)),
        Verdict::Broken(trouble) => {
            lines.extend(trouble_lines(trouble).into_iter().map(|line| format!("  {line}")));
            lines.extend(path_lines(case, &[], theme));
        }
        Verdict::Skipped(why) => lines.push(format!("  {}", escape(why))),
        Verdict::Passed => lines.push(format!("  passed at attempt {}", case.attempts)),
    }
    lines.push(String::new());
    Some(lines.join("\n"))
}

/// `stacks/call-center.yaml:41:5, CallCenter, 1.2 s, execution one`
fn where_and_how_long(case: &CaseResult) -> String {
    let mut parts = Vec::new();
    parts.extend(case.span.as_ref().map(place));
    parts.push(escape(&case.state_machine).into_owned());
    if !matches!(case.verdict, Verdict::Skipped(_)) {
        parts.push(duration(case.took_ms));
    }
    if case.attempts > 1 && !matches!(case.verdict, Verdict::Passed) {
        parts.push(format!("{} attempts", case.attempts));
    }
    if let Some(execution) = &case.execution {
        let name = execution.rsplit(':').next().unwrap_or(execution);
        parts.push(format!("execution {}", escape(name)));
    }
    parts.join(", ")
}

fn failure_lines(case: &CaseResult, mismatches: &[Mismatch], theme: Theme) -> Vec<String> {
    let mut lines = Vec::new();
    for mismatch in mismatches {
        lines.extend(
            mismatch::lines(mismatch, theme)
                .into_iter()
                .map(|line| format!("  {line}")),
        );
        if let Some(span) = &mismatch.span {
            lines.push(theme.paint(Meaning::Faint, &format!("    at {}", place(span))));
        }
    }
    lines.extend(path_lines(case, mismatches, theme));
    lines
}

fn path_lines(case: &CaseResult, mismatches: &[Mismatch], theme: Theme) -> Vec<String> {
    let drawn = case
        .record
        .as_ref()
        .map(|record| drawn::lines(record, mismatches, theme));
    let drawn = drawn.unwrap_or_default();
    if drawn.is_empty() {
        return Vec::new();
    }
    let lines = drawn.into_iter().map(|line| format!("    {line}"));
    std::iter::once("  what it did:".to_owned()).chain(lines).collect()
}

fn trouble_block(suite: &SuiteResult, theme: Theme) -> Option<String> {
    let mut lines = Vec::new();
    for trouble in &suite.trouble {
        let stack = escape(&suite.deployed_as);
        let mut words = trouble_lines(trouble).into_iter();
        let first = words.next().unwrap_or_default();
        lines.push(format!("{} {stack}: {first}", theme.paint(Meaning::Bad, "PROBLEM")));
        lines.extend(words.map(|line| format!("  {line}")));
    }
    lines.push(String::new());
    (lines.len() > 1).then(|| lines.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::super::samples;
    use super::*;

    #[test]
    fn a_case_of_every_kind() {
        let suites = [samples::suite()];
        insta::assert_snapshot!(render(&samples::tested(&suites), Theme::PLAIN), @r"
    FAILED a resolved case is closed
      stacks/call-center.yaml:41:5, CallCenter, 1.2 s, execution one
      path: expected Open Case → Close Case, got Open Case → Fail
        |   Open Case
        | - Close Case
        | + Fail
        at stacks/call-center.yaml:52:7
      status: expected SUCCEEDED, got FAILED
        at stacks/call-center.yaml:51:7
      what it did:
        ! Open Case  Task      retried 2 times, caught B: <no>
        → expected here: Close Case
        ✗ Fail       Fail      CaseError: Engage Tier 2 Support.

    FLAKY a case that is | flaky
      stacks/call-center.yaml:60:5, CallCenter, 1.2 s
      passed at attempt 3

    SKIPPED mocked
      stacks/call-center.yaml:70:5, CallCenter
      mocks need the target local

    BROKEN broken
      stacks/call-center.yaml:80:5, CallCenter, 1.2 s
      start: access denied: states:StartExecution
      hint: ask for it

    PROBLEM call-center-t1a2b: teardown: role `r` is still there
      hint: run `stepstack teardown`

    coverage of CallCenter: 2 of 3 states (66.6 %), 1 of 2 transitions (50.0 %)
      MISSED                        TAKEN BY  AT
      state       Fail                        stacks/call-center.yaml:12:3
      transition  Open Case → Fail  Catch[0]  stacks/call-center.yaml:4:3
    coverage of Other: 0 of 0 states (100.0 %), 0 of 0 transitions (100.0 %)

    coverage of call-center is 66.6 % of states and 50.0 % of transitions, 90 % of each were asked for
    2 passed (1 flaky), 1 failed, 1 broken, 1 skipped, 1 other problem in 3.4 s
");
    }

    #[test]
    fn what_passed_is_one_line() {
        let mut suite = samples::suite();
        suite.cases.truncate(1);
        suite.trouble.clear();
        suite.coverage = None;
        let text = render(&samples::tested(&[suite]), Theme::PLAIN);
        assert_eq!(text, "1 passed in 3.4 s\n");
        assert_eq!(render(&samples::tested(&[]), Theme::PLAIN), "0 passed in 3.4 s\n");
    }

    #[test]
    fn nothing_from_outside_reaches_the_terminal_as_it_is() {
        let evil = "\u{1b}]0;x\u{7}\n::error::y\u{202e}";
        let mut suite = samples::suite();
        suite.stack = evil.to_owned();
        suite.deployed_as = evil.to_owned();
        suite.trouble[0].what = evil.to_owned();
        suite.trouble[0].message = evil.to_owned();
        suite.trouble[0].hints = vec![evil.to_owned()];
        for case in &mut suite.cases {
            case.name = evil.to_owned();
            case.state_machine = evil.to_owned();
            case.execution = Some(evil.to_owned());
            match &mut case.verdict {
                Verdict::Failed(mismatches) => mismatches.push(samples::mismatch(evil, evil, evil, &[evil], 3)),
                Verdict::Skipped(why) => *why = evil.to_owned(),
                Verdict::Broken(trouble) => trouble.hints = vec![evil.to_owned()],
                Verdict::Passed => {}
            }
            for visit in case.record.iter_mut().flat_map(|record| &mut record.visits) {
                visit.state = evil.to_owned();
                visit.state_type = evil.to_owned();
                visit.errors = vec![(evil.to_owned(), evil.to_owned())];
            }
        }
        for machine in suite.coverage.iter_mut().flat_map(|coverage| &mut coverage.machines) {
            machine.state_machine = evil.to_owned();
            for state in &mut machine.states {
                state.name = evil.to_owned();
            }
        }
        let text = render(&samples::tested(&[suite]), Theme::PLAIN);
        assert!(!text.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{text}");
        // A runner of GitHub takes such lines for commands.
        assert!(text.lines().all(|line| !line.trim_start().starts_with("::")), "{text}");
    }
}
