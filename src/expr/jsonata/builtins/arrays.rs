//! Functions of arrays.

use super::super::error::{Fallible, fail};
use super::super::eval::Evaluator;
use super::super::operators::{compare_texts, equal};
use super::super::order::merge_sort;
use super::super::text;
use super::super::value::{Array, Val};
use super::{Row, argument};

pub(super) const ROWS: &[Row] = &[
    ("count", "<a:n>", |_, a| Ok(Val::count(argument(a, 0).items().len()))),
    ("append", "<xx:a>", append),
    ("reverse", "<a:a>", reverse),
    ("shuffle", "<a:a>", shuffle),
    ("distinct", "<x:x>", distinct),
    ("sort", "<af?:a>", sort),
    ("zip", "<a+>", zip),
    ("exists", "<x:b>", |_, a| Ok(Val::Bool(!argument(a, 0).is_undefined()))),
];

fn append(evaluator: &Evaluator, arguments: &[Val]) -> Fallible<Val> {
    let (left, right) = (argument(arguments, 0), argument(arguments, 1));
    if left.is_undefined() {
        return Ok(right.clone());
    }
    if right.is_undefined() {
        return Ok(left.clone());
    }
    evaluator.spend(left.items().len() + right.items().len())?;
    Array::plain([left.items(), right.items()].concat())
}

fn reverse(evaluator: &Evaluator, arguments: &[Val]) -> Fallible<Val> {
    let list = argument(arguments, 0);
    if list.is_undefined() {
        return Ok(Val::Undefined);
    }
    evaluator.spend(list.items().len())?;
    Array::plain(list.items().iter().rev().cloned().collect())
}

fn shuffle(evaluator: &Evaluator, arguments: &[Val]) -> Fallible<Val> {
    let list = argument(arguments, 0);
    if list.is_undefined() {
        return Ok(Val::Undefined);
    }
    let mut items = list.items().to_vec();
    evaluator.spend(items.len())?;
    for at in (1..items.len()).rev() {
        let bound = u64::try_from(at).unwrap_or(u64::MAX).saturating_add(1);
        let other = evaluator.random.borrow_mut().next() % bound;
        items.swap(at, usize::try_from(other).unwrap_or(0));
    }
    Array::plain(items)
}

fn distinct(evaluator: &Evaluator, arguments: &[Val]) -> Fallible<Val> {
    let Val::Array(array) = argument(arguments, 0) else {
        return Ok(argument(arguments, 0).clone());
    };
    let mut kept: Vec<Val> = Vec::new();
    'items: for item in &array.items {
        for known in &kept {
            if equal(evaluator, known, item)? {
                continue 'items;
            }
        }
        kept.push(item.clone());
    }
    evaluator.spend(kept.len())?;
    Array::make(kept, array.sequence, false, false)
}

fn sort(evaluator: &Evaluator, arguments: &[Val]) -> Fallible<Val> {
    let list = argument(arguments, 0);
    if list.is_undefined() {
        return Ok(Val::Undefined);
    }
    let items = list.items().to_vec();
    evaluator.spend(items.len())?;
    let function = argument(arguments, 1);
    let sorted = if let Val::Function(_) = function {
        merge_sort(evaluator, items, &mut |left, right| {
            let verdict = evaluator.apply(function, vec![left.clone(), right.clone()])?;
            text::truthy(evaluator, &verdict)
        })?
    } else {
        let numbers = items.iter().all(|item| matches!(item, Val::Number(_)));
        let texts = items.iter().all(|item| matches!(item, Val::Text(_)));
        if !numbers && !texts {
            return fail(
                "D3070",
                "The single argument form of the sort function can only be applied to an array of strings or an array of numbers.  Use the second argument to specify a comparison function",
            );
        }
        merge_sort(evaluator, items, &mut |left, right| {
            evaluator.spend(1)?;
            Ok(match (left, right) {
                (Val::Number(left), Val::Number(right)) => left > right,
                (Val::Text(left), Val::Text(right)) => compare_texts(left, right).is_gt(),
                _ => false,
            })
        })?
    };
    Array::plain(sorted)
}

fn zip(evaluator: &Evaluator, arguments: &[Val]) -> Fallible<Val> {
    let length = arguments.iter().map(|list| list.items().len()).min().unwrap_or(0);
    evaluator.spend(length * (2 + arguments.len()))?;
    let rows = (0..length).map(|at| {
        Array::plain(
            arguments
                .iter()
                .filter_map(|list| list.items().get(at))
                .cloned()
                .collect(),
        )
    });
    Array::plain(rows.collect::<Fallible<_>>()?)
}
