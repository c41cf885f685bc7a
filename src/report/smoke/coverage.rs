//! Coverage as text: the numbers of each machine, and what was missed.

use std::fmt::Write as _;

use super::super::text::{escape, table};
use super::super::theme::{Meaning, Theme};
use super::{Tested, place, was_skipped};
use crate::run::testing::coverage::Share;
use crate::run::testing::{Coverage, MachineCoverage, SuiteResult};

/// Of each machine its shares, and a line for each state and transition that no case went through.
pub fn render(coverage: &Coverage, theme: Theme) -> String {
    let mut text = String::new();
    for machine in &coverage.machines {
        let _ = writeln!(
            text,
            "coverage of {}: {}, {}",
            theme.paint(Meaning::Strong, &escape(&machine.state_machine)),
            share(machine.states(), "states", theme),
            share(machine.transitions(), "transitions", theme)
        );
        for line in missed(machine) {
            let _ = writeln!(text, "  {line}");
        }
    }
    text
}

/// `coverage of call-center is 66.6 % of states and 50.0 % of transitions, 90 % of each were asked for`
pub(super) fn shortfall(tested: &Tested<'_>, suite: &SuiteResult) -> String {
    let why = match () {
        () if suite.cases.is_empty() => ", since it has no cases;",
        () if was_skipped(suite) => ", since none of its cases was run;",
        () => ",",
    };
    let coverage = suite.coverage.as_ref().filter(|_| !was_skipped(suite));
    let percent = |share: fn(&Coverage) -> Share| coverage.map(share).map_or(0.0, percent);
    format!(
        "coverage of {} is {:.1} % of states and {:.1} % of transitions{why} {} % of each were asked for",
        escape(&tested.name_of(suite)),
        percent(Coverage::states),
        percent(Coverage::transitions),
        tested.threshold.unwrap_or_default()
    )
}

/// In percent with one digit, never rounded up: 100 is all of them.
pub(super) fn percent(share: Share) -> f64 {
    (share.percent() * 10.0).floor() / 10.0
}

/// `5 of 7 states (71.4 %)`
fn share(share: Share, what: &str, theme: Theme) -> String {
    let words = format!("{} of {} {what} ({:.1} %)", share.covered, share.of, percent(share));
    let meaning = if share.covered == share.of {
        Meaning::Good
    } else {
        Meaning::Warning
    };
    theme.paint(meaning, &words)
}

/// A table of what was missed; no lines if nothing was.
pub(super) fn missed(machine: &MachineCoverage) -> Vec<String> {
    let at = |span: Option<&_>| span.map(place).unwrap_or_default();
    let states = machine.states.iter().filter(|state| state.visits == 0).map(|state| {
        vec![
            "state".to_owned(),
            escape(&state.name).into_owned(),
            String::new(),
            at(state.span.as_ref()),
        ]
    });
    let transitions = machine.transitions.iter().filter(|transition| transition.taken == 0);
    let transitions = transitions.map(|transition| {
        vec![
            "transition".to_owned(),
            format!("{} → {}", escape(&transition.from), escape(&transition.to)),
            escape(&transition.label).into_owned(),
            at(transition.span.as_ref()),
        ]
    });
    let rows: Vec<Vec<String>> = states.chain(transitions).collect();
    if rows.is_empty() {
        return Vec::new();
    }
    let table = table(&["MISSED", "", "TAKEN BY", "AT"], &rows);
    table.lines().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::super::samples;
    use super::*;

    #[test]
    fn numbers_and_what_was_missed() {
        insta::assert_snapshot!(render(&samples::coverage(), Theme::PLAIN), @r"
    coverage of CallCenter: 2 of 3 states (66.6 %), 1 of 2 transitions (50.0 %)
      MISSED                        TAKEN BY  AT
      state       Fail                        stacks/call-center.yaml:12:3
      transition  Open Case → Fail  Catch[0]  stacks/call-center.yaml:4:3
    coverage of Other: 0 of 0 states (100.0 %), 0 of 0 transitions (100.0 %)
");
    }

    #[test]
    fn a_share_is_never_rounded_up() {
        for (covered, of, expected) in [
            (0, 0, 100.0),
            (0, 3, 0.0),
            (2, 3, 66.6),
            (9999, 10_000, 99.9),
            (7, 7, 100.0),
        ] {
            assert_eq!(percent(Share { covered, of }), expected);
        }
    }
}
