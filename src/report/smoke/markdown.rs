//! The report in Markdown, for the summary that GitHub shows of a job (`$GITHUB_STEP_SUMMARY`).

use std::fmt::Write as _;

use super::super::text::{duration, escape, shorten};
use super::super::theme::Theme;
use super::{Tested, coverage, drawn, finding_lines, is_flaky, mismatch, place, trouble_lines};
use crate::run::testing::{CaseResult, MachineCoverage, Mismatch, SuiteResult, Verdict};

/// GitHub takes no summary of a step of more than 1 MiB; what is cut is on standard output.
const MOST_BYTES: usize = 1_000_000;

/// The report, with everything from outside as plain text.
pub fn render(tested: &Tested<'_>) -> String {
    let counts = tested.counts();
    let mut text = format!(
        "## stepstack test: {} in {}\n\n",
        counts.words(),
        duration(tested.took_ms)
    );
    let mut left_out = 0;
    for suite in tested.suites {
        let section = suite_section(suite);
        match text.len() + section.len() < MOST_BYTES {
            true => text.push_str(&section),
            false => left_out += 1,
        }
    }
    for suite in tested.below_threshold() {
        let _ = writeln!(text, "**{}**\n", plain(&coverage::shortfall(tested, suite)));
    }
    if left_out > 0 {
        let _ = writeln!(
            text,
            "{left_out} more stack files are only in the log: this summary would be too long."
        );
    }
    text
}

fn suite_section(suite: &SuiteResult) -> String {
    let mut text = format!("### {}\n\n", plain(&suite.file.to_string_lossy()));
    for found in suite.errors() {
        let mut lines = finding_lines(found);
        lines.extend(found.span.as_ref().map(|span| format!("  at {}", place(span))));
        let _ = writeln!(text, "{}", fenced(&lines));
    }
    for trouble in &suite.trouble {
        let _ = writeln!(text, "{}", fenced(&trouble_lines(trouble)));
    }
    if !suite.cases.is_empty() {
        text.push_str("| | case | state machine | time |\n|---|---|---|---|\n");
        for case in &suite.cases {
            let _ = writeln!(
                text,
                "| {} | {} | {} | {} |",
                verdict(case),
                plain(&case.name),
                plain(&case.state_machine),
                duration(case.took_ms)
            );
        }
        text.push('\n');
    }
    for case in &suite.cases {
        text.push_str(&details(case));
    }
    for machine in suite.coverage.iter().flat_map(|coverage| &coverage.machines) {
        text.push_str(&machine_section(machine));
    }
    text
}

fn verdict(case: &CaseResult) -> String {
    match &case.verdict {
        Verdict::Passed if is_flaky(case) => format!("⚠️ passed at attempt {}", case.attempts),
        Verdict::Passed => "✅ passed".to_owned(),
        Verdict::Failed(_) => "❌ failed".to_owned(),
        Verdict::Broken(_) => "💥 broken".to_owned(),
        Verdict::Skipped(why) => format!("⏭️ skipped: {}", plain(why)),
    }
}

/// What is to be said of a case that failed.
fn details(case: &CaseResult) -> String {
    let (lines, mismatches): (Vec<String>, &[Mismatch]) = match &case.verdict {
        Verdict::Failed(mismatches) => (mismatches.iter().flat_map(mismatch_lines).collect(), mismatches),
        Verdict::Broken(trouble) => (trouble_lines(trouble), &[]),
        Verdict::Passed | Verdict::Skipped(_) => return String::new(),
    };
    let at = case
        .span
        .as_ref()
        .map(|span| format!(" ({})", place(span)))
        .unwrap_or_default();
    let mut text = format!(
        "<details open><summary>{}{}</summary>\n\n{}\n",
        plain(&case.name),
        plain(&at),
        fenced(&lines)
    );
    let drawn = case
        .record
        .as_ref()
        .map(|record| drawn::lines(record, mismatches, Theme::PLAIN));
    if let Some(drawn) = drawn.filter(|drawn| !drawn.is_empty()) {
        let _ = writeln!(text, "{}", fenced(&drawn));
    }
    text.push_str("</details>\n\n");
    text
}

fn mismatch_lines(mismatch: &Mismatch) -> Vec<String> {
    let mut lines = mismatch::lines(mismatch, Theme::PLAIN);
    lines.extend(mismatch.span.as_ref().map(|span| format!("  at {}", place(span))));
    lines
}

fn machine_section(machine: &MachineCoverage) -> String {
    let percent = |share| format!("{:.1} %", coverage::percent(share));
    let mut text = format!(
        "Coverage of {}: {} of states, {} of transitions\n\n",
        plain(&machine.state_machine),
        percent(machine.states()),
        percent(machine.transitions())
    );
    let missed = coverage::missed(machine);
    if !missed.is_empty() {
        let _ = writeln!(text, "{}", fenced(&missed));
    }
    text
}

/// Lines as they are, in a fence that none of them ends.
fn fenced(lines: &[String]) -> String {
    let text = lines.join("\n");
    let longest = text
        .split(|character| character != '`')
        .map(str::len)
        .max()
        .unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    format!("{fence}text\n{text}\n{fence}\n")
}

/// Text without meaning for Markdown or HTML, on one line, of bounded length.
fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for character in shorten(&escape(text), 300).chars() {
        match character {
            '&' => plain.push_str("&amp;"),
            '<' => plain.push_str("&lt;"),
            '>' => plain.push_str("&gt;"),
            // References mean themselves and nothing more, in tables and in HTML too. An `@` would call somebody.
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '#' | '@' | '!' | '$' => {
                let _ = write!(plain, "&#{};", u32::from(character));
            }
            _ => plain.push(character),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::super::samples;
    use super::*;

    #[test]
    fn a_case_of_every_kind() {
        let suites = [samples::suite()];
        insta::assert_snapshot!(render(&samples::tested(&suites)), @r"
    ## stepstack test: 2 passed (1 flaky), 1 failed, 1 broken, 1 skipped, 1 other problem in 3.4 s

    ### stacks/call-center.yaml

    ```text
    teardown: role `r` is still there
    hint: run `stepstack teardown`
    ```

    | | case | state machine | time |
    |---|---|---|---|
    | ✅ passed | an open case | CallCenter | 1.2 s |
    | ❌ failed | a resolved case is closed | CallCenter | 1.2 s |
    | ⚠️ passed at attempt 3 | a case that is &#124; flaky | CallCenter | 1.2 s |
    | ⏭️ skipped: mocks need the target local | mocked | CallCenter | 1.2 s |
    | 💥 broken | broken | CallCenter | 1.2 s |

    <details open><summary>a resolved case is closed (stacks/call-center.yaml:41:5)</summary>

    ```text
    path: expected Open Case → Close Case, got Open Case → Fail
      |   Open Case
      | - Close Case
      | + Fail
      at stacks/call-center.yaml:52:7
    status: expected SUCCEEDED, got FAILED
      at stacks/call-center.yaml:51:7
    ```

    ```text
    ! Open Case  Task      retried 2 times, caught B: <no>
    → expected here: Close Case
    ✗ Fail       Fail      CaseError: Engage Tier 2 Support.
    ```

    </details>

    <details open><summary>broken (stacks/call-center.yaml:80:5)</summary>

    ```text
    start: access denied: states:StartExecution
    hint: ask for it
    ```

    </details>

    Coverage of CallCenter: 66.6 % of states, 50.0 % of transitions

    ```text
    MISSED                        TAKEN BY  AT
    state       Fail                        stacks/call-center.yaml:12:3
    transition  Open Case → Fail  Catch[0]  stacks/call-center.yaml:4:3
    ```

    Coverage of Other: 100.0 % of states, 100.0 % of transitions

    **coverage of call-center is 66.6 % of states and 50.0 % of transitions, 90 % of each were asked for**
");
    }

    #[test]
    fn text_stays_text() {
        for (text, expected) in [
            ("a resolved case", "a resolved case"),
            ("a|b\n<b>&amp;", "a&#124;b&#92;n&lt;b&gt;&amp;amp;"),
            ("`x` @team", "&#96;x&#96; &#64;team"),
        ] {
            assert_eq!(plain(text), expected);
        }
        assert_eq!(
            fenced(&["a ```` b".to_owned(), "`".to_owned()]),
            "`````text\na ```` b\n`\n`````\n"
        );
        assert_eq!(fenced(&[]), "```text\n\n```\n");
    }

    #[test]
    fn a_summary_is_never_too_long() {
        let mut suite = samples::suite();
        let case = suite.cases[1].clone();
        suite.cases = vec![case; 600];
        let suites = vec![suite; 20];
        let text = render(&samples::tested(&suites));
        assert!(text.len() < 1 << 20, "{}", text.len());
        assert!(text.contains("more stack files are only in the log"));
    }
}
