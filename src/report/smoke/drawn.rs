//! The path of an execution, drawn: a line per visit, with what is inside of Parallel and Map states under them.

use std::collections::{BTreeMap, BTreeSet};

use super::super::text::{escape, pad};
use super::super::theme::{Meaning, Theme};
use super::super::words::why;
use crate::run::testing::Mismatch;
use crate::run::testing::record::{Record, Visit};

/// Of a longer walk, the middle is not shown.
const LONGEST_WALK: usize = 40;

/// What is shown of a longer walk: so many visits at its beginning, and at its end.
const ENDS: (usize, usize) = (20, 15);

/// Of more branches or iterations, the first and some that failed are shown.
const MOST_WALKS: usize = 6;

/// How deep Maps and Parallel states are drawn.
const DEEPEST: usize = 16;

/// More lines than this are cut.
const MOST_LINES: usize = 200;

/// The lines of a drawing. `mismatches` tell where the path left the expected one.
pub(super) fn lines(record: &Record, mismatches: &[Mismatch], theme: Theme) -> Vec<String> {
    let mut drawing = Drawing {
        record,
        theme,
        walks: walks(&record.visits),
        lines: Vec::new(),
    };
    for walk in drawing.walks.get(&None).cloned().unwrap_or_default() {
        let parting = mismatches.iter().find_map(|mismatch| parting(mismatch, &walk, record));
        drawing.walk(&walk, parting.as_ref(), ["", ""], 0);
    }
    let more = drawing.lines.len().saturating_sub(MOST_LINES);
    if more > 0 {
        drawing.lines.truncate(MOST_LINES);
        drawing.lines.push(format!("… {more} more lines"));
    }
    drawing.lines
}

/// Visits that follow one another by transitions.
type Walk = Vec<usize>;

/// The walks inside of each visit: those of branches and iterations, in the order in which they began.
fn walks(visits: &[Visit]) -> BTreeMap<Option<usize>, Vec<Walk>> {
    let mut walks: BTreeMap<Option<usize>, Vec<Walk>> = BTreeMap::new();
    // Of each visit, the walk that it is part of.
    let mut part_of: Vec<(Option<usize>, usize)> = Vec::with_capacity(visits.len());
    for (index, visit) in visits.iter().enumerate() {
        let within = visit.within.filter(|within| *within < index);
        let before = visit.from.and_then(|from| part_of.get(from).copied());
        let siblings = walks.entry(within).or_default();
        let walk = before.filter(|(of, _)| *of == within).map(|(_, walk)| walk);
        let walk = walk.unwrap_or(siblings.len());
        match siblings.get_mut(walk) {
            Some(walk) => walk.push(index),
            None => siblings.push(vec![index]),
        }
        part_of.push((within, walk));
    }
    walks
}

/// Where a walk leaves the expected path.
struct Parting {
    /// The position in the walk of the first visit that was not expected.
    at: usize,
    /// The state that was expected instead; none if the walk should have ended.
    expected: Option<String>,
}

/// Reads it from the diff of a mismatch: lines that are the same are the states up to there. A diff that does not fit the walk
/// tells nothing.
fn parting(mismatch: &Mismatch, walk: &[usize], record: &Record) -> Option<Parting> {
    let name_at = |position: usize| {
        let visit = walk.get(position).and_then(|index| record.visits.get(*index));
        visit.map(|visit| visit.state.as_str())
    };
    // Other expectations of paths say more than the names of the states.
    if mismatch.what != "path" || name_at(0).is_none_or(|first| !mismatch.got.starts_with(first)) {
        return None;
    }
    let mut lines = mismatch.diff.iter().filter_map(|line| signed(line));
    let mut at = 0;
    loop {
        match lines.next()? {
            (' ', name) if name_at(at) == Some(name) => at += 1,
            (' ', name) => at += left_out(name)?,
            ('-', name) => {
                let further = lines.find(|(sign, _)| *sign != '-').map(|(_, name)| name);
                let fits = further.map_or(at == walk.len(), |name| name_at(at) == Some(name));
                let expected = Some(name.to_owned());
                return fits.then_some(Parting { at, expected });
            }
            ('+', name) if name_at(at) == Some(name) => {
                let expected = lines.find(|(sign, _)| *sign != '+').map(|(_, name)| name.to_owned());
                return Some(Parting { at, expected });
            }
            _ => return None,
        }
    }
}

/// The sign of a line of a diff, and the name after it.
fn signed(line: &str) -> Option<(char, &str)> {
    let mut rest = line.chars();
    Some((rest.next()?, rest.as_str().trim()))
}

/// The number in `… 12 the same`.
fn left_out(words: &str) -> Option<usize> {
    words.strip_prefix("… ")?.strip_suffix(" the same")?.parse().ok()
}

/// How a visit ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mark {
    Good,
    Caught,
    Bad,
}

impl Mark {
    fn painted(self, theme: Theme) -> String {
        match self {
            Self::Good => theme.paint(Meaning::Good, "✓"),
            Self::Caught => theme.paint(Meaning::Warning, "!"),
            Self::Bad => theme.paint(Meaning::Bad, "✗"),
        }
    }
}

/// Whether its last error was neither retried nor its end.
fn is_caught(visit: &Visit) -> bool {
    visit.output.is_some() && visit.errors.len() > usize::try_from(visit.retries).unwrap_or(usize::MAX)
}

struct Drawing<'a> {
    record: &'a Record,
    theme: Theme,
    walks: BTreeMap<Option<usize>, Vec<Walk>>,
    lines: Vec<String>,
}

impl Drawing<'_> {
    /// `starts` are what the first line, and what all others begin with.
    fn walk(&mut self, walk: &[usize], parting: Option<&Parting>, starts: [&str; 2], depth: usize) {
        let record = self.record;
        let visits: Vec<&Visit> = walk.iter().filter_map(|index| record.visits.get(*index)).collect();
        let column = visits.iter().map(|visit| escape(&visit.state).chars().count()).max();
        let column = column.unwrap_or(0).min(40);
        let shown = shown(walk.len(), parting.map(|parting| parting.at));
        let mut passed_over = 0;
        for (position, (index, visit)) in walk.iter().zip(visits).enumerate() {
            if !shown.contains(&position) {
                passed_over += 1;
                continue;
            }
            self.gap(std::mem::take(&mut passed_over), starts[1]);
            if let Some(parting) = parting.filter(|parting| parting.at == position) {
                self.parting(parting, starts[1]);
            }
            let start = if position == 0 { starts[0] } else { starts[1] };
            let is_last = depth == 0 && position + 1 == walk.len();
            let line = self.visit(*index, visit, column, is_last);
            self.lines.push(format!("{start}{line}"));
            self.inside(*index, visit, starts[1], depth);
        }
        if let Some(parting) = parting.filter(|parting| parting.at >= walk.len()) {
            self.parting(parting, starts[1]);
        }
    }

    fn gap(&mut self, visits: usize, start: &str) {
        if visits > 0 {
            self.lines.push(format!("{start}… {visits} more visits"));
        }
    }

    fn parting(&mut self, parting: &Parting, start: &str) {
        let words = match &parting.expected {
            Some(expected) => format!("→ expected here: {}", escape(expected)),
            None => "→ expected to end here".to_owned(),
        };
        self.lines
            .push(format!("{start}{}", self.theme.paint(Meaning::Hint, &words)));
    }

    fn mark(&self, index: usize, visit: &Visit) -> Mark {
        let inside = self.walks.get(&Some(index));
        match () {
            () if visit.output.is_none() => Mark::Bad,
            () if is_caught(visit) => Mark::Caught,
            // A branch or iteration that failed ends its state, unless the state is tried again.
            () if visit.retries == 0 && inside.into_iter().flatten().any(|walk| self.ends_badly(walk)) => Mark::Caught,
            () => Mark::Good,
        }
    }

    fn visit(&self, index: usize, visit: &Visit, column: usize, is_last: bool) -> String {
        let mark = self.mark(index, visit);
        let (note, meaning) = self.note(visit, mark, is_last);
        format!(
            "{} {}  {}  {}",
            mark.painted(self.theme),
            pad(&escape(&visit.state), column),
            self.theme.paint(Meaning::Faint, &pad(&escape(&visit.state_type), 8)),
            self.theme.paint(meaning, &note)
        )
        .trim_end()
        .to_owned()
    }

    fn note(&self, visit: &Visit, mark: Mark, is_last: bool) -> (String, Meaning) {
        let last = visit.errors.last().map(|(error, cause)| why(Some(error), Some(cause)));
        let retries = match visit.retries {
            0 => None,
            1 => Some("retried once".to_owned()),
            times => Some(format!("retried {times} times")),
        };
        let (own, meaning) = match mark {
            Mark::Good => {
                let after = last.as_ref().filter(|_| retries.is_some());
                let note = after.map(|last| format!("after {last}"));
                return (joined(retries, note, " "), Meaning::Warning);
            }
            Mark::Caught => {
                let what = last.unwrap_or_else(|| "what failed inside".to_owned());
                (Some(format!("caught {what}")), Meaning::Warning)
            }
            Mark::Bad if is_last && self.ended_otherwise(visit) => {
                let outcome = &self.record.outcome;
                let own = format!("failed: {}", why(outcome.error.as_deref(), outcome.cause.as_deref()));
                (Some(own), Meaning::Bad)
            }
            Mark::Bad if last.is_some() => (last.map(|last| format!("failed: {last}")), Meaning::Bad),
            Mark::Bad if visit.state_type == "Fail" && is_last => {
                let outcome = &self.record.outcome;
                let why = (outcome.error.is_some() || outcome.cause.is_some())
                    .then(|| why(outcome.error.as_deref(), outcome.cause.as_deref()));
                (why, Meaning::Bad)
            }
            Mark::Bad if visit.state_type == "Fail" => (self.raised_inside(visit), Meaning::Bad),
            Mark::Bad => (Some("not left".to_owned()), Meaning::Bad),
        };
        (joined(retries, own, ", "), meaning)
    }

    /// Whether the execution failed in a state with another error than its work had: a mock that ran out, an expression.
    fn ended_otherwise(&self, visit: &Visit) -> bool {
        let outcome = &self.record.outcome;
        let last = visit.errors.last().map(|(error, _)| error.as_str());
        visit.state_type != "Fail"
            && outcome.status == "FAILED"
            && outcome.error.is_some()
            && last != outcome.error.as_deref()
    }

    /// Error and cause of a Fail state inside of others, which histories do not tell: they end the execution, or are the
    /// output of the state that caught them.
    fn raised_inside(&self, visit: &Visit) -> Option<String> {
        let visits = &self.record.visits;
        let last_in = |holder: Option<usize>| {
            let is_in = |index: usize| holder.is_none_or(|holder| self.holders(index).any(|around| around == holder));
            let mut fails = (0..visits.len()).rev().filter(|index| is_in(*index));
            let last = fails.find_map(|index| visits.get(index).filter(|visit| visit.state_type == "Fail"));
            last.is_some_and(|last| std::ptr::eq(last, visit))
        };
        let index = visits.iter().position(|other| std::ptr::eq(other, visit))?;
        let left = self
            .holders(index)
            .find_map(|holder| Some((holder, visits.get(holder)?.output.as_ref()?)));
        let outcome = &self.record.outcome;
        match left {
            Some((holder, output)) => {
                let error = output.get("Error")?.as_str().filter(|_| last_in(Some(holder)))?;
                Some(why(Some(error), output.get("Cause").and_then(|cause| cause.as_str())))
            }
            None if outcome.status == "FAILED" && last_in(None) => {
                Some(why(outcome.error.as_deref(), outcome.cause.as_deref()))
            }
            None => None,
        }
    }

    /// The visits that a visit is inside of, from the inner to the outer.
    fn holders(&self, index: usize) -> impl Iterator<Item = usize> + '_ {
        let around = |index: usize| {
            let within = self.record.visits.get(index)?.within;
            within.filter(|within| *within < index)
        };
        std::iter::successors(around(index), move |holder| around(*holder))
    }

    /// What is inside of a Parallel or Map state.
    fn inside(&mut self, index: usize, visit: &Visit, start: &str, depth: usize) {
        let Some(walks) = self.walks.get(&Some(index)).cloned() else {
            return;
        };
        let what = if visit.state_type == "Map" {
            "iterations"
        } else {
            "branches"
        };
        if depth >= DEEPEST {
            self.lines.push(format!("{start}  … {} {what}", walks.len()));
            return;
        }
        let first = format!("{start}  ├ ");
        let further = format!("{start}  │ ");
        let shown = self.shown_walks(&walks);
        for (position, walk) in walks.iter().enumerate() {
            if shown.contains(&position) {
                self.walk(walk, None, [&first, &further], depth + 1);
            }
        }
        let more = walks.len() - shown.len();
        if more > 0 {
            let hidden = walks
                .iter()
                .enumerate()
                .filter(|(position, _)| !shown.contains(position));
            let failed = hidden.filter(|(_, walk)| self.ends_badly(walk)).count();
            let failed = match failed {
                0 => String::new(),
                _ => format!(", {failed} of them not finished"),
            };
            self.lines.push(format!("{start}  └ … {more} more {what}{failed}"));
        }
    }

    /// All, or the first three and the first three of the rest that went wrong.
    fn shown_walks(&self, walks: &[Walk]) -> BTreeSet<usize> {
        if walks.len() <= MOST_WALKS {
            return (0..walks.len()).collect();
        }
        let half = MOST_WALKS / 2;
        let bad = walks
            .iter()
            .enumerate()
            .skip(half)
            .filter(|(_, walk)| self.ends_badly(walk));
        (0..half).chain(bad.map(|(position, _)| position).take(half)).collect()
    }

    fn ends_badly(&self, walk: &[usize]) -> bool {
        let last = walk.last().and_then(|index| self.record.visits.get(*index));
        last.is_some_and(|visit| visit.output.is_none())
    }
}

/// The positions of a walk that are shown: all, or its ends and what is about the parting.
fn shown(length: usize, parting: Option<usize>) -> BTreeSet<usize> {
    if length <= LONGEST_WALK {
        return (0..length).collect();
    }
    let about = parting.map_or(0..0, |at| at.saturating_sub(3)..(at + 3).min(length));
    let (first, last) = ENDS;
    (0..first).chain(length - last..length).chain(about).collect()
}

fn joined(one: Option<String>, other: Option<String>, with: &str) -> String {
    one.into_iter().chain(other).collect::<Vec<_>>().join(with)
}

#[cfg(test)]
#[path = "drawn_tests.rs"]
mod tests;
