//! What is said while cases run: a line for each that has ended.

use std::collections::BTreeMap;

use super::super::text::{duration, escape, shorten};
use super::super::theme::{Meaning, Theme};
use crate::event::Event;

/// Reasons longer than this are cut on a line; the whole is in the report at the end.
const LONGEST_REASON: usize = 200;

/// Turns the events of test runs into lines. Remembers which suites there are, to tell them apart.
#[derive(Debug, Default)]
pub(in crate::report) struct Progress {
    /// The names of stacks by their files.
    suites: BTreeMap<String, String>,
    /// Whether there will be several.
    several: bool,
}

impl Progress {
    /// The lines for an event; none for events of other kinds, and for what only a live tree shows.
    pub(in crate::report) fn lines(&mut self, event: &Event, theme: Theme) -> Vec<String> {
        match event {
            Event::SuiteStarted {
                file,
                stack,
                deployed_as,
                cases,
                suites,
            } => {
                self.several |= *suites > 1;
                self.suites.insert(file.clone(), stack.clone());
                let plural = if *cases == 1 { "" } else { "s" };
                let name = theme.paint(Meaning::Strong, &escape(file));
                vec![format!(
                    "testing {name} as {}: {cases} case{plural}",
                    escape(deployed_as)
                )]
            }
            Event::CaseFinished {
                file,
                case,
                verdict,
                attempts,
                took_ms,
                reasons,
            } => {
                let mut lines = vec![self.finished(file, case, verdict, (*attempts, *took_ms), theme)];
                let more = reasons.len().saturating_sub(1);
                lines.extend(reasons.first().map(|reason| {
                    let more = if more > 0 {
                        format!(" (and {more} more)")
                    } else {
                        String::new()
                    };
                    format!("    {}{more}", shorten(&escape(reason), LONGEST_REASON))
                }));
                lines
            }
            Event::SuiteFinished {
                deployed_as,
                left,
                took_ms,
                ..
            } if left.is_empty() => {
                let text = format!("{} is done in {}", escape(deployed_as), duration(*took_ms));
                vec![theme.paint(Meaning::Faint, &text)]
            }
            Event::SuiteFinished { deployed_as, left, .. } => left
                .iter()
                .map(|thing| {
                    let warning = theme.paint(Meaning::Warning, "warning:");
                    format!("{warning} {} left behind: {}", escape(deployed_as), escape(thing))
                })
                .collect(),
            Event::Swept {
                deployed_as,
                because,
                removed,
                failed,
                ..
            } => {
                let plural = if *removed == 1 { "" } else { "s" };
                let mut line = format!(
                    "removed {removed} resource{plural} of {}: {}",
                    escape(deployed_as),
                    escape(because)
                );
                if *failed > 0 {
                    let failed = format!("; {failed} could not be removed");
                    line.push_str(&theme.paint(Meaning::Warning, &failed));
                }
                vec![line]
            }
            _ => Vec::new(),
        }
    }

    /// What is said of a case while it runs.
    pub(in crate::report) fn running(&self, file: &str, case: &str, attempt: u32) -> String {
        let again = if attempt > 1 {
            format!(" (attempt {attempt})")
        } else {
            String::new()
        };
        format!("{}{}{again}", self.whose(file), escape(case))
    }

    fn finished(&self, file: &str, case: &str, verdict: &str, (attempts, took_ms): (u32, u64), theme: Theme) -> String {
        let meaning = match verdict {
            "passed" => Meaning::Good,
            "skipped" | "flaky" => Meaning::Warning,
            _ => Meaning::Bad,
        };
        let mut how = match verdict {
            "skipped" => Vec::new(),
            _ => vec![duration(took_ms)],
        };
        if attempts > 1 {
            how.push(format!("{attempts} attempts"));
        }
        let how = match how.is_empty() {
            true => String::new(),
            false => format!(" {}", theme.paint(Meaning::Faint, &format!("({})", how.join(", ")))),
        };
        let verdict = theme.paint(meaning, &format!("{:<7}", escape(verdict)));
        format!("{verdict} {}{}{how}", self.whose(file), escape(case))
    }

    /// Whose case it is, if there are several stacks.
    fn whose(&self, file: &str) -> String {
        match self.suites.get(file) {
            Some(stack) if self.several => format!("[{}] ", escape(stack)),
            _ => String::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn started(file: &str, stack: &str, cases: usize) -> Event {
        Event::SuiteStarted {
            file: file.into(),
            stack: stack.into(),
            deployed_as: format!("{stack}-t1"),
            cases,
            suites: 2,
        }
    }

    fn finished(file: &str, verdict: &str, attempts: u32, reasons: &[&str]) -> Event {
        Event::CaseFinished {
            file: file.into(),
            case: "a \u{1b} case".into(),
            verdict: verdict.into(),
            attempts,
            took_ms: 1234,
            reasons: reasons.iter().map(|&reason| reason.into()).collect(),
        }
    }

    fn ended(left: &[&str]) -> Event {
        Event::SuiteFinished {
            file: "a.yaml".into(),
            stack: "a".into(),
            deployed_as: "a-t1".into(),
            passed: 1,
            flaky: 0,
            failed: 0,
            skipped: 0,
            broken: 0,
            left: left.iter().map(|&left| left.into()).collect(),
            took_ms: 3400,
        }
    }

    #[test]
    fn every_event() {
        let mut progress = Progress::default();
        let events = [
            Event::Swept {
                stack: "a".into(),
                deployed_as: "a-t0".into(),
                because: "its test run has ended".into(),
                removed: 3,
                failed: 1,
            },
            started("a.yaml", "a", 2),
            finished("a.yaml", "passed", 1, &[]),
            finished("a.yaml", "flaky", 2, &[]),
            finished("a.yaml", "skipped", 0, &["it has mocks"]),
            started("b.yaml", "b", 1),
            finished("b.yaml", "failed", 2, &["status: \u{7}", "output"]),
            finished("b.yaml", "broken", 1, &["start: no"]),
            ended(&[]),
            ended(&["role r"]),
        ];
        let lines: Vec<String> = events
            .iter()
            .flat_map(|event| progress.lines(event, Theme::PLAIN))
            .collect();
        insta::assert_snapshot!(lines.join("\n"), @r"
    removed 3 resources of a-t0: its test run has ended; 1 could not be removed
    testing a.yaml as a-t1: 2 cases
    passed  [a] a \u{1b} case (1.2 s)
    flaky   [a] a \u{1b} case (1.2 s, 2 attempts)
    skipped [a] a \u{1b} case
        it has mocks
    testing b.yaml as b-t1: 1 case
    failed  [b] a \u{1b} case (1.2 s, 2 attempts)
        status: \u{7} (and 1 more)
    broken  [b] a \u{1b} case (1.2 s)
        start: no
    a-t1 is done in 3.4 s
    warning: a-t1 left behind: role r
");
        assert_eq!(progress.running("a.yaml", "x", 1), "[a] x");
        assert_eq!(progress.running("?", "x", 2), "x (attempt 2)");
    }
}
