//! What is different between two definitions, for people: the order of keys and the formatting do not count.

use serde_json::Value;

/// One difference: where (`States/Open Case/Next`, `States/Open Case` for a state that came or went), before, after.
pub type Difference = (String, Option<Value>, Option<Value>);

/// The differences, in the order of the definition before, then what is new. Nothing if they mean the same.
pub fn diff(before: &Value, after: &Value) -> Vec<Difference> {
    let mut found = Vec::new();
    compare("", before, after, &mut found);
    found
}

fn compare(place: &str, before: &Value, after: &Value, found: &mut Vec<Difference>) {
    match (before, after) {
        (Value::Object(old), Value::Object(new)) => {
            for (key, before) in old {
                let place = join(place, key);
                match new.get(key) {
                    Some(after) => compare(&place, before, after, found),
                    None => found.push((place, Some(before.clone()), None)),
                }
            }
            for (key, after) in new.iter().filter(|(key, _)| !old.contains_key(*key)) {
                found.push((join(place, key), None, Some(after.clone())));
            }
        }
        // Items of lists have no names: with one more or less it cannot be told which is which.
        (Value::Array(old), Value::Array(new)) if old.len() == new.len() => {
            for (index, (before, after)) in old.iter().zip(new).enumerate() {
                compare(&format!("{place}[{index}]"), before, after, found);
            }
        }
        _ if same(before, after) => {}
        _ => found.push((place.to_owned(), Some(before.clone()), Some(after.clone()))),
    }
}

fn join(place: &str, key: &str) -> String {
    match place.is_empty() {
        true => key.to_owned(),
        false => format!("{place}/{key}"),
    }
}

/// Whether two simple values mean the same: 1 and 1.0 do.
fn same(before: &Value, after: &Value) -> bool {
    match (before, after) {
        (Value::Number(old), Value::Number(new)) => {
            old == new || (old.is_f64() != new.is_f64() && old.as_f64() == new.as_f64())
        }
        _ => before == after,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn differences_have_places() {
        let before = json!({ "StartAt": "A", "States": {
            "A": { "Type": "Pass", "Next": "B", "Result": { "n": 1, "x": [1, 2] } },
            "B": { "Type": "Succeed" } } });
        let after = json!({ "States": {
            "C": { "Type": "Succeed" },
            "A": { "Result": { "x": [1, 3], "n": 1.0 }, "Next": "C", "Type": "Pass", "Comment": "new" } }, "StartAt": "A" });
        let expected: Vec<Difference> = vec![
            ("States/A/Next".into(), Some(json!("B")), Some(json!("C"))),
            ("States/A/Result/x[1]".into(), Some(json!(2)), Some(json!(3))),
            ("States/A/Comment".into(), None, Some(json!("new"))),
            ("States/B".into(), Some(json!({ "Type": "Succeed" })), None),
            ("States/C".into(), None, Some(json!({ "Type": "Succeed" }))),
        ];
        assert_eq!(diff(&before, &after), expected);
        assert_eq!(
            diff(&json!({ "l": [1] }), &json!({ "l": [1, 2] })),
            [("l".to_owned(), Some(json!([1])), Some(json!([1, 2])))]
        );
        assert_eq!(
            diff(&json!(1), &json!("1")),
            [(String::new(), Some(json!(1)), Some(json!("1")))]
        );
    }

    fn json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            (0..3i64).prop_map(Value::from),
            "[ab]{0,2}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
                prop::collection::vec(("[ab]", inner), 0..3)
                    .prop_map(|entries| Value::Object(entries.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn there_is_a_difference_exactly_if_they_differ(before in json(), after in json()) {
            prop_assert_eq!(diff(&before, &before), vec![]);
            prop_assert_eq!(diff(&before, &after).is_empty(), before == after);
        }

        #[test]
        fn differences_are_the_same_both_ways(before in json(), after in json()) {
            let mut there = diff(&before, &after);
            let mut back: Vec<_> = diff(&after, &before).into_iter().map(|(place, old, new)| (place, new, old)).collect();
            there.sort_by(|a, b| a.0.cmp(&b.0));
            back.sort_by(|a, b| a.0.cmp(&b.0));
            prop_assert_eq!(there, back);
        }
    }
}
