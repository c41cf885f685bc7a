//! Annotations for GitHub: workflow commands, which its runner reads from standard output.
//!
//! Source: <https://docs.github.com/en/actions/reference/workflow-commands-for-github-actions>; how values are escaped is in
//! <https://github.com/actions/toolkit/blob/main/packages/core/src/command.ts>.

use std::path::{Component, Path, PathBuf};

use super::super::text::{duration, escape};
use super::super::theme::Theme;
use super::{Tested, coverage, finding_lines, is_flaky, mismatch, trouble_lines};
use crate::diagnostic::{Severity, Span};
use crate::run::testing::{CaseResult, SuiteResult, Verdict};

/// Missed states that are annotated; GitHub shows ten of a kind per step.
const MOST_MISSED: usize = 10;

/// One line for each thing to be shown beside the code: errors for what failed, warnings for what is flaky, a notice for the
/// numbers. GitHub takes files relative to the root of the repository; `prefix` leads there from the working directory, and is
/// empty if that is the root.
pub fn annotations(tested: &Tested<'_>, prefix: &Path) -> String {
    let mut commands = Commands {
        prefix,
        text: String::new(),
    };
    for suite in tested.suites {
        for found in &suite.findings {
            let command = match found.severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
            };
            let at = Place::of(found.span.as_ref(), suite);
            commands.add(command, &at, found.code, &finding_lines(found).join("\n"));
        }
        for trouble in &suite.trouble {
            let title = format!("{}: {}", suite.stack, trouble.what);
            let at = Place::of_file(suite);
            commands.add("error", &at, &title, &trouble_lines(trouble).join("\n"));
        }
        for case in &suite.cases {
            commands.add_case(suite, case);
        }
    }
    for suite in tested.below_threshold() {
        commands.add_shortfall(tested, suite);
    }
    let counts = format!("{} in {}", tested.counts().words(), duration(tested.took_ms));
    commands.add("notice", &Place::default(), "stepstack test", &counts);
    commands.text
}

/// Where an annotation goes to.
#[derive(Default)]
struct Place {
    file: Option<PathBuf>,
    /// Line and column from 1.
    at: Option<(usize, usize)>,
}

impl Place {
    fn of(span: Option<&Span>, suite: &SuiteResult) -> Self {
        span.map_or_else(|| Self::of_file(suite), Self::of_span)
    }

    fn of_span(span: &Span) -> Self {
        Self {
            file: Some(PathBuf::from(&span.file.name)),
            at: Some(span.file.line_column(span.range.start)),
        }
    }

    fn of_file(suite: &SuiteResult) -> Self {
        Self {
            file: Some(suite.file.clone()),
            at: None,
        }
    }
}

struct Commands<'a> {
    prefix: &'a Path,
    text: String,
}

impl Commands<'_> {
    fn add_case(&mut self, suite: &SuiteResult, case: &CaseResult) {
        let at = Place::of(case.span.as_ref(), suite);
        match &case.verdict {
            Verdict::Failed(mismatches) => {
                for mismatch in mismatches {
                    let at = Place::of(mismatch.span.as_ref().or(case.span.as_ref()), suite);
                    let message = mismatch::lines(mismatch, Theme::PLAIN).join("\n");
                    self.add("error", &at, &case.name, &message);
                }
            }
            Verdict::Broken(trouble) => self.add("error", &at, &case.name, &trouble_lines(trouble).join("\n")),
            Verdict::Skipped(why) => self.add("notice", &at, &case.name, &format!("skipped: {}", escape(why))),
            Verdict::Passed if is_flaky(case) => {
                let message = format!("flaky: passed at attempt {}", case.attempts);
                self.add("warning", &at, &case.name, &message);
            }
            Verdict::Passed => {}
        }
    }

    fn add_shortfall(&mut self, tested: &Tested<'_>, suite: &SuiteResult) {
        let shortfall = coverage::shortfall(tested, suite);
        self.add("error", &Place::of_file(suite), "coverage", &shortfall);
        let machines = suite.coverage.iter().flat_map(|coverage| &coverage.machines);
        let states = machines.flat_map(|machine| &machine.states);
        for state in states.filter(|state| state.visits == 0).take(MOST_MISSED) {
            let message = format!("no case enters `{}`", escape(&state.name));
            self.add("warning", &Place::of(state.span.as_ref(), suite), "coverage", &message);
        }
    }

    fn add(&mut self, command: &str, place: &Place, title: &str, message: &str) {
        let mut properties = Vec::new();
        if let Some(file) = &place.file {
            properties.push(format!("file={}", property(&self.rooted(file))));
        }
        if let Some((line, column)) = place.at {
            properties.push(format!("line={line},col={column}"));
        }
        properties.push(format!("title={}", property(&escape(title))));
        self.text
            .push_str(&format!("::{command} {}::{}\n", properties.join(","), data(message)));
    }

    fn rooted(&self, file: &Path) -> String {
        let mut path = PathBuf::new();
        for part in self.prefix.join(file).components() {
            match part {
                Component::CurDir => {}
                Component::ParentDir if path.file_name().is_some() => {
                    path.pop();
                }
                other => path.push(other),
            }
        }
        path.to_string_lossy().replace('\\', "/")
    }
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::samples;
    use super::*;

    #[test]
    fn a_case_of_every_kind() {
        let suites = [samples::suite()];
        insta::assert_snapshot!(annotations(&samples::tested(&suites), Path::new("")), @r"
    ::error file=stacks/call-center.yaml,title=call-center%3A teardown::teardown: role `r` is still there%0Ahint: run `stepstack teardown`
    ::error file=stacks/call-center.yaml,line=52,col=7,title=a resolved case is closed::path: expected Open Case → Close Case, got Open Case → Fail%0A  |   Open Case%0A  | - Close Case%0A  | + Fail
    ::error file=stacks/call-center.yaml,line=51,col=7,title=a resolved case is closed::status: expected SUCCEEDED, got FAILED
    ::warning file=stacks/call-center.yaml,line=60,col=5,title=a case that is | flaky::flaky: passed at attempt 3
    ::notice file=stacks/call-center.yaml,line=70,col=5,title=mocked::skipped: mocks need the target local
    ::error file=stacks/call-center.yaml,line=80,col=5,title=broken::start: access denied: states:StartExecution%0Ahint: ask for it
    ::error file=stacks/call-center.yaml,title=coverage::coverage of call-center is 66.6 %25 of states and 50.0 %25 of transitions, 90 %25 of each were asked for
    ::warning file=stacks/call-center.yaml,line=12,col=3,title=coverage::no case enters `Fail`
    ::notice title=stepstack test::2 passed (1 flaky), 1 failed, 1 broken, 1 skipped, 1 other problem in 3.4 s
");
    }

    #[test]
    fn files_are_named_from_the_root() {
        for (prefix, file, expected) in [
            ("", "stacks/a.yaml", "stacks/a.yaml"),
            ("", "./a.yaml", "a.yaml"),
            ("sub/folder", "a.yaml", "sub/folder/a.yaml"),
            ("sub/folder", "../a.yaml", "sub/a.yaml"),
            ("", "../a.yaml", "../a.yaml"),
            ("sub", "/abs/a.yaml", "/abs/a.yaml"),
        ] {
            let commands = Commands {
                prefix: Path::new(prefix),
                text: String::new(),
            };
            assert_eq!(commands.rooted(Path::new(file)), expected);
        }
    }

    /// Reads one command as the runner does.
    fn read(line: &str) -> Option<(Vec<(String, String)>, String)> {
        let (head, message) = line.strip_prefix("::error ")?.split_once("::")?;
        let unescaped = |text: &str| {
            let text = text.replace("%3A", ":").replace("%2C", ",");
            text.replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%")
        };
        let properties = head.split(',').filter_map(|property| property.split_once('='));
        let properties = properties.map(|(name, value)| (name.to_owned(), unescaped(value)));
        Some((properties.collect(), unescaped(message)))
    }

    proptest! {
        #[test]
        fn whatever_it_says_it_is_one_command(text: String, hard in "[%:,\\r\\n0-9A-F=]{0,16}") {
            let text = format!("{text}{hard}");
            let mut commands = Commands { prefix: Path::new(""), text: String::new() };
            let at = Place { file: Some(PathBuf::from("a:b,c.yaml")), at: Some((3, 7)) };
            commands.add("error", &at, &text, &text);
            let line = commands.text.strip_suffix('\n').unwrap_or_default();
            prop_assert!(!line.contains(['\n', '\r']));
            let (properties, message) = read(line).unwrap_or_default();
            prop_assert_eq!(message, text.clone());
            let property = |name: &str, value: &str| (name.to_owned(), value.to_owned());
            let expected = [
                property("file", "a:b,c.yaml"),
                property("line", "3"),
                property("col", "7"),
                property("title", &escape(&text)),
            ];
            prop_assert_eq!(properties, expected);
        }
    }
}
