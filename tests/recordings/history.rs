//! Compares histories: event by event, and where branches run at once also as graphs.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde_json::Value;

use super::matcher::Matcher;
use super::text::brief;

/// Whether a value is a list of history events.
pub fn is_history(value: &Value) -> bool {
    let is_event = |event: &Value| {
        event.get("type").is_some()
            && ["id", "previousEventId", "timestamp"]
                .iter()
                .any(|name| event.get(name).is_some())
    };
    value
        .as_array()
        .is_some_and(|events| !events.is_empty() && events.iter().all(is_event))
}

/// Whether a definition has a Parallel state, or a Map that may run iterations at once.
pub fn is_concurrent(value: &Value) -> bool {
    match value {
        Value::Object(members) => {
            let kind = members.get("Type").and_then(Value::as_str);
            kind == Some("Parallel")
                || (kind == Some("Map") && members.get("MaxConcurrency").and_then(Value::as_f64) != Some(1.0))
                || members.values().any(is_concurrent)
        }
        Value::Array(items) => items.iter().any(is_concurrent),
        _ => false,
    }
}

/// The first difference of two histories. Where branches run at once, another order with the same chains is none.
pub fn differs(matcher: &mut Matcher, want: &Value, got: &Value, concurrent: bool) -> Option<String> {
    let (wanted, seen) = (events(want), events(got));
    if wanted.iter().any(has_no_order) {
        return unordered(matcher, wanted, seen);
    }
    let saved = matcher.clone();
    let found = matcher.differs(want, got, "events")?;
    if concurrent {
        let first = std::mem::replace(matcher, saved);
        graph(matcher, wanted, seen)?;
        *matcher = first;
    }
    Some(found)
}

fn events(history: &Value) -> &[Value] {
    history.as_array().map_or(&[], Vec::as_slice)
}

/// Some recordings have lost the order inside Parallel states; their events there have `"id": [0]`.
fn has_no_order(event: &Value) -> bool {
    event.get("id").is_some_and(Value::is_array)
}

/// Events with an id must be those of the same id; the others must occur, in any order. The recordings lack the events
/// that join the branches, so those may be there too.
fn unordered(matcher: &mut Matcher, want: &[Value], got: &[Value]) -> Option<String> {
    let by_id: HashMap<u64, &Value> = got.iter().map(|event| (number(event, "id"), event)).collect();
    let mut ids: HashSet<u64> = want.iter().map(|event| number(event, "id")).collect();
    ids.insert(0);
    let mut used = HashSet::new();
    for (n, event) in want.iter().enumerate().filter(|(_, event)| !has_no_order(event)) {
        let id = number(event, "id");
        let Some(seen) = by_id.get(&id) else {
            return Some(format!("events[{n}]: want {}, got nothing", brief(event)));
        };
        let mut seen = (*seen).clone();
        if !ids.contains(&number(event, "previousEventId")) {
            seen["previousEventId"] = event["previousEventId"].clone();
        }
        if let Some(found) = matcher.differs(event, &seen, &format!("events[{n}]")) {
            return Some(found);
        }
        used.insert(id);
    }
    let mut rest: Vec<&Value> = got
        .iter()
        .filter(|event| !used.contains(&number(event, "id")))
        .collect();
    for (n, event) in want.iter().enumerate().filter(|(_, event)| has_no_order(event)) {
        let found = rest.iter().position(|seen| {
            let saved = matcher.clone();
            let same = matcher.differs(&bare(event), &bare(seen), "").is_none();
            if !same {
                *matcher = saved;
            }
            same
        });
        match found {
            Some(found) => drop(rest.remove(found)),
            None => {
                return Some(format!("events[{n}]: want {}, got no such event", brief(&bare(event))));
            }
        }
    }
    rest.iter()
        .find(|event| !kind(event).starts_with("ParallelState"))
        .map(|event| format!("events: want nothing, got {}", brief(event)))
}

/// A history as chains of events.
type Chains<'a> = BTreeMap<u64, Vec<&'a Value>>;

fn graph(matcher: &mut Matcher, want: &[Value], got: &[Value]) -> Option<String> {
    if want.len() != got.len() {
        return Some(format!("events: want {}, got {} (as a graph)", want.len(), got.len()));
    }
    let in_order = got.iter().zip(1..).all(|(event, id)| number(event, "id") == id);
    if !in_order
        || got
            .iter()
            .any(|event| number(event, "previousEventId") >= number(event, "id"))
    {
        return Some("events: ids are not 1, 2, 3, ... or point forward".to_owned());
    }
    below(matcher, &chains(want), &chains(got), 0, 0)
}

/// Compares what follows two events; what follows the same event may be in any order.
fn below(matcher: &mut Matcher, want: &Chains<'_>, got: &Chains<'_>, a: u64, b: u64) -> Option<String> {
    let (mut a, mut b) = (a, b);
    loop {
        let left = want.get(&a).map_or(&[][..], Vec::as_slice);
        let mut right = got.get(&b).cloned().unwrap_or_default();
        if left.len() != right.len() {
            let (wanted, seen) = (left.len(), right.len());
            return Some(format!("event {a} (graph): want {wanted} successors, got {seen}"));
        }
        if let ([x], [y]) = (left, right.as_slice()) {
            if let Some(found) = same_event(matcher, x, y) {
                return Some(found);
            }
            (a, b) = (number(x, "id"), number(y, "id"));
            continue;
        }
        for x in left {
            let mut first = None;
            let partner = right.iter().position(|y| {
                let saved = matcher.clone();
                let found =
                    same_event(matcher, x, y).or_else(|| below(matcher, want, got, number(x, "id"), number(y, "id")));
                if let Some(found) = found {
                    *matcher = saved;
                    first.get_or_insert(found);
                    return false;
                }
                true
            });
            match partner {
                Some(partner) => drop(right.remove(partner)),
                None => return first,
            }
        }
        return None;
    }
}

fn same_event(matcher: &mut Matcher, want: &Value, got: &Value) -> Option<String> {
    let n = number(want, "id").saturating_sub(1);
    matcher.differs(&bare(want), &bare(got), &format!("events[{n}] (graph)"))
}

/// Events by the one they follow. One that joins branches hangs on the start of its state, not on the last branch.
fn chains(events: &[Value]) -> Chains<'_> {
    let by_id: HashMap<u64, &Value> = events.iter().map(|event| (number(event, "id"), event)).collect();
    let mut chains = Chains::new();
    for event in events {
        let mut parent = number(event, "previousEventId");
        if joins(kind(event)) {
            let (mut depth, mut at) = (0_u32, by_id.get(&parent));
            while let Some(before) = at {
                if opens(kind(before)) {
                    if depth == 0 {
                        parent = number(before, "id");
                        break;
                    }
                    depth -= 1;
                } else if joins(kind(before)) {
                    depth += 1;
                }
                at = by_id.get(&number(before, "previousEventId"));
            }
        }
        chains.entry(parent).or_default().push(event);
    }
    chains
}

fn of_fork(kind: &str) -> Option<&str> {
    ["ParallelState", "MapState"]
        .iter()
        .find_map(|state| kind.strip_prefix(state))
}

fn joins(kind: &str) -> bool {
    matches!(of_fork(kind), Some("Succeeded" | "Failed" | "Aborted"))
}

fn opens(kind: &str) -> bool {
    of_fork(kind) == Some("Started")
}

fn kind(event: &Value) -> &str {
    event["type"].as_str().unwrap_or_default()
}

fn number(event: &Value, member: &str) -> u64 {
    event[member].as_u64().unwrap_or_default()
}

/// An event without its place.
fn bare(event: &Value) -> Value {
    let mut event = event.clone();
    if let Some(members) = event.as_object_mut() {
        members.retain(|name, _| name != "id" && name != "previousEventId");
    }
    event
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Events as `(id, previous, type)`.
    fn history(events: &[(u64, u64, &str)]) -> Value {
        events
            .iter()
            .map(|(id, previous, kind)| json!({"id": id, "previousEventId": previous, "type": kind}))
            .collect()
    }

    const AB: &[(u64, u64, &str)] = &[
        (1, 0, "ParallelStateStarted"),
        (2, 1, "A"),
        (3, 1, "B"),
        (4, 2, "AX"),
        (5, 3, "BX"),
        (6, 5, "ParallelStateSucceeded"),
    ];
    const BA: &[(u64, u64, &str)] = &[
        (1, 0, "ParallelStateStarted"),
        (2, 1, "B"),
        (3, 2, "BX"),
        (4, 1, "A"),
        (5, 4, "AX"),
        (6, 5, "ParallelStateSucceeded"),
    ];

    #[test]
    fn another_order_of_branches_is_no_difference() {
        let check = |got: &[(u64, u64, &str)], concurrent, same: bool| {
            let mut matcher = Matcher::new(true, "0");
            let found = differs(&mut matcher, &history(AB), &history(got), concurrent);
            assert_eq!(found.is_none(), same, "{found:?}");
        };
        check(AB, false, true);
        check(BA, false, false);
        check(BA, true, true);
        let mut crossed = BA.to_vec();
        crossed[4] = (5, 2, "AX");
        check(&crossed, true, false);
        check(&BA[..5], true, false);
    }

    #[test]
    fn events_without_order_must_all_occur() {
        let want = json!([
            {"id": 1, "previousEventId": 0, "type": "S"},
            {"id": [0], "previousEventId": 0, "type": "A"},
            {"id": [0], "previousEventId": 0, "type": "B"},
        ]);
        let check = |got: &[(u64, u64, &str)], same: bool| {
            let found = differs(&mut Matcher::new(true, "0"), &want, &history(got), false);
            assert_eq!(found.is_none(), same, "{found:?}");
        };
        check(&[(1, 0, "S"), (2, 1, "B"), (3, 1, "A")], true);
        check(
            &[(1, 0, "S"), (2, 1, "B"), (3, 1, "A"), (4, 3, "ParallelStateSucceeded")],
            true,
        );
        check(&[(1, 0, "S"), (2, 1, "B"), (3, 1, "B")], false);
        check(&[(1, 0, "S"), (2, 1, "B"), (3, 1, "A"), (4, 1, "C")], false);
    }
}
