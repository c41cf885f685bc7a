//! Two lists of names side by side.

use super::words;

/// Comparisons that are made to align two lists; longer ones are shown one after the other.
const MOST: usize = 1_000_000;

/// Names in both lists that are shown next to a difference.
const CONTEXT: usize = 2;

/// The lists as lines: a blank before what both have, `-` before what only the first has, `+` before what only the second has.
pub(super) fn lines(expected: &[&str], got: &[&str]) -> Vec<String> {
    let same_start = expected
        .iter()
        .zip(got)
        .take_while(|(left, right)| left == right)
        .count();
    let (expected, rest) = (tail(expected, same_start), tail(got, same_start));
    let same_end = expected
        .iter()
        .rev()
        .zip(rest.iter().rev())
        .take_while(|(left, right)| left == right)
        .count();
    let mut lines: Vec<(char, &str)> = got.iter().take(same_start).map(|name| (' ', *name)).collect();
    let (middle, changed) = (head(expected, same_end), head(rest, same_end));
    aligned(middle, changed, &mut lines);
    lines.extend(tail(rest, changed.len()).iter().map(|name| (' ', *name)));
    words::lines(shortened(&lines), "lines")
}

fn tail<'a, 'n>(names: &'a [&'n str], from: usize) -> &'a [&'n str] {
    names.get(from..).unwrap_or_default()
}

fn head<'a, 'n>(names: &'a [&'n str], without: usize) -> &'a [&'n str] {
    names.get(..names.len().saturating_sub(without)).unwrap_or_default()
}

/// By the longest list that is in both.
fn aligned<'n>(left: &[&'n str], right: &[&'n str], lines: &mut Vec<(char, &'n str)>) {
    if left.len().saturating_mul(right.len()) > MOST {
        lines.extend(left.iter().map(|name| ('-', *name)));
        lines.extend(right.iter().map(|name| ('+', *name)));
        return;
    }
    // How long a list the ends from here have in common, row by row.
    let width = right.len() + 1;
    let mut common = vec![0usize; (left.len() + 1) * width];
    let at = |common: &[usize], row: usize, column: usize| common.get(row * width + column).copied().unwrap_or(0);
    for (row, name) in left.iter().enumerate().rev() {
        for (column, other) in right.iter().enumerate().rev() {
            let length = if name == other {
                at(&common, row + 1, column + 1) + 1
            } else {
                at(&common, row + 1, column).max(at(&common, row, column + 1))
            };
            if let Some(cell) = common.get_mut(row * width + column) {
                *cell = length;
            }
        }
    }
    let (mut row, mut column) = (0, 0);
    loop {
        match (left.get(row), right.get(column)) {
            (Some(name), Some(other)) if name == other => {
                lines.push((' ', name));
                (row, column) = (row + 1, column + 1);
            }
            (Some(name), other) if other.is_none() || at(&common, row + 1, column) >= at(&common, row, column + 1) => {
                lines.push(('-', name));
                row += 1;
            }
            (_, Some(other)) => {
                lines.push(('+', other));
                column += 1;
            }
            (_, None) => return,
        }
    }
}

/// Long stretches without a difference are left out.
fn shortened(lines: &[(char, &str)]) -> Vec<String> {
    let differs = |index: usize| lines.get(index).is_some_and(|(sign, _)| *sign != ' ');
    let near = |index: usize| (index.saturating_sub(CONTEXT)..=index + CONTEXT).any(differs);
    let mut shown = Vec::new();
    for stretch in lines
        .iter()
        .enumerate()
        .collect::<Vec<_>>()
        .chunk_by(|(left, _), (right, _)| near(*left) == near(*right))
    {
        match stretch {
            [(first, _), _, ..] if !near(*first) => shown.push(format!("  … {} the same", stretch.len())),
            // One line is as short as to say that it is left out.
            _ => shown.extend(stretch.iter().map(|(_, (sign, name))| format!("{sign} {name}"))),
        }
    }
    shown
}
