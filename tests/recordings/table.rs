//! The results by category.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::case::Case;
use super::replay::Verdict;

#[derive(Default)]
struct Row {
    cases: usize,
    outcome: usize,
    strict: usize,
    apart: usize,
}

/// The table: `cases` were replayed; those `apart` need a service that is not there and count nowhere else.
pub fn table(cases: &[Case], results: &BTreeMap<&str, Verdict>) -> String {
    let mut rows: BTreeMap<&str, Row> = BTreeMap::new();
    let mut kinds: BTreeMap<&str, Row> = BTreeMap::new();
    let mut total = Row::default();
    for case in cases {
        let verdict = results.get(case.id.as_str());
        let category = rows.entry(&case.category).or_default();
        let kind = kinds.entry(&case.kind).or_default();
        for row in [category, kind, &mut total] {
            match verdict {
                Some(verdict) => {
                    row.cases += 1;
                    row.outcome += usize::from(verdict.outcome);
                    row.strict += usize::from(verdict.strict);
                }
                None => row.apart += 1,
            }
        }
    }
    let mut out = format!(
        "\n{:34}{:>8}{:>9}{:>8}{:>8}\n",
        "category", "cases", "outcome", "strict", "apart"
    );
    let all = rows.iter().chain(&kinds).map(|(name, row)| (*name, row));
    for (name, row) in all.chain([("total", &total)]) {
        let Row {
            cases,
            outcome,
            strict,
            apart,
        } = row;
        let _ = writeln!(out, "{name:34}{cases:>8}{outcome:>9}{strict:>8}{apart:>8}");
    }
    out
}
