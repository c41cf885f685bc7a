//! The comparison operators, each with a value that holds and values that do not.

use serde_json::{Value, json};

use super::{Case, case};

const BEFORE: &str = "2024-01-01T00:00:00Z";
const SAME: &str = "2024-01-01T01:00:00+01:00";
const AFTER: &str = "2024-01-01T00:00:00.5Z";

pub(super) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (operator, operand, holding, failing) in comparisons() {
        for (value, holds) in holding
            .iter()
            .map(|value| (value, true))
            .chain(failing.iter().map(|value| (value, false)))
        {
            let input = json!({ "x": value, "operand": operand });
            cases.push(asked(operator, operand.clone(), &input, holds));
            cases.push(asked(&format!("{operator}Path"), json!("$.operand"), &input, holds));
        }
    }
    for (operator, holding, failing) in tests_of_type() {
        for (input, holds) in holding
            .iter()
            .map(|input| (input, true))
            .chain(failing.iter().map(|input| (input, false)))
        {
            cases.push(asked(operator, json!(true), input, holds));
            cases.push(asked(operator, json!(false), input, !holds));
        }
    }
    for (pattern, holding, failing) in [
        ("a*c", json!(["ac", "abc", "abcbc"]), json!(["abcd", "bc", 7])),
        ("*.log", json!([".log", "a.log"]), json!(["a.LOG"])),
        (r"\*\\", json!([r"*\"]), json!([r"a\"])),
        ("a", json!(["a"]), json!(["aa"])),
    ] {
        for (values, holds) in [(holding, true), (failing, false)] {
            for value in values.as_array().into_iter().flatten() {
                cases.push(asked("StringMatches", json!(pattern), &json!({ "x": value }), holds));
            }
        }
    }
    cases
}

/// A Choice state with one rule, and where it leads.
fn asked(operator: &str, operand: Value, input: &Value, holds: bool) -> Case {
    let mut rule = json!({ "Variable": "$.x", "Next": "Yes" });
    rule[operator] = operand;
    let definition = json!({ "StartAt": "S", "States": {
        "S": { "Type": "Choice", "Choices": [rule], "Default": "No" },
        "Yes": { "Type": "Pass", "Result": true, "End": true },
        "No": { "Type": "Pass", "Result": false, "End": true },
    }});
    case(definition, &input.to_string(), &[], &[&format!("gives {holds}")])
}

type Row = (&'static str, Value, Vec<Value>, Vec<Value>);

/// Operators with what they compare with, values of which they hold, and values of which they do not.
fn comparisons() -> Vec<Row> {
    let row = |operator, operand: Value, holding: Value, failing: Value| {
        let list = |values: Value| values.as_array().cloned().unwrap_or_default();
        (operator, operand, list(holding), list(failing))
    };
    vec![
        row(
            "StringEquals",
            json!("b"),
            json!(["b"]),
            json!(["a", "c", "B", 1, null]),
        ),
        row("StringEquals", json!("a*"), json!(["a*"]), json!(["ab"])),
        row("StringLessThan", json!("b"), json!(["a", "B"]), json!(["b", "c", 1])),
        row(
            "StringGreaterThan",
            json!("b"),
            json!(["c", "ba"]),
            json!(["b", "a", 1]),
        ),
        row("StringLessThanEquals", json!("b"), json!(["a", "b"]), json!(["c", 1])),
        row(
            "StringGreaterThanEquals",
            json!("b"),
            json!(["c", "b"]),
            json!(["a", 1]),
        ),
        row("NumericEquals", json!(2), json!([2, 2.0]), json!([1, 3, "2", null])),
        row("NumericLessThan", json!(2), json!([1, -7.5]), json!([2, 3, "1"])),
        row("NumericGreaterThan", json!(2), json!([2.5, 3]), json!([2, 1, "3"])),
        row("NumericLessThanEquals", json!(2), json!([1, 2]), json!([3, "1"])),
        row("NumericGreaterThanEquals", json!(2), json!([3, 2]), json!([1, "3"])),
        row("BooleanEquals", json!(true), json!([true]), json!([false, "true", 1])),
        row("BooleanEquals", json!(false), json!([false]), json!([true, null, 0])),
        row(
            "TimestampEquals",
            json!(SAME),
            json!([BEFORE, SAME]),
            json!([AFTER, "2023-01-01T00:00:00Z", "no time", 1]),
        ),
        row(
            "TimestampLessThan",
            json!(AFTER),
            json!([BEFORE]),
            json!([AFTER, "no time"]),
        ),
        row(
            "TimestampGreaterThan",
            json!(BEFORE),
            json!([AFTER, "2025-01-01T00:00:00Z"]),
            json!([SAME, "no time"]),
        ),
        row(
            "TimestampLessThanEquals",
            json!(AFTER),
            json!([BEFORE, AFTER]),
            json!(["2025-01-01T00:00:00Z", 1]),
        ),
        row(
            "TimestampGreaterThanEquals",
            json!(BEFORE),
            json!([AFTER, SAME]),
            json!(["2023-01-01T00:00:00Z", 1]),
        ),
        // The same moment written in two ways is not the same text.
        row("StringEquals", json!(SAME), json!([SAME]), json!([BEFORE])),
        row(
            "StringLessThan",
            json!("2024-01-01T00:00:00Z"),
            json!(["2024-01-01T00:00:00.5Z"]),
            json!(["2024-01-01T01:00:00+01:00"]),
        ),
        row(
            "StringGreaterThan",
            json!("2024-01-01T00:00:00.5Z"),
            json!([BEFORE]),
            json!(["2024"]),
        ),
        row(
            "StringLessThanEquals",
            json!("2024-01-01T00:00:00Z"),
            json!([AFTER]),
            json!(["3"]),
        ),
        row(
            "StringGreaterThanEquals",
            json!("2024-01-01T00:00:00.5Z"),
            json!([BEFORE]),
            json!(["2"]),
        ),
    ]
}

/// Operators that ask for a type, with inputs of which they hold, and of which they do not.
fn tests_of_type() -> Vec<(&'static str, Vec<Value>, Vec<Value>)> {
    let all = [
        json!(null),
        json!(1.5),
        json!("text"),
        json!(true),
        json!(BEFORE),
        json!([]),
        json!({}),
    ];
    let row = |operator: &'static str, holding: &[usize]| {
        let (mut yes, mut no) = (Vec::new(), Vec::new());
        for (index, value) in all.iter().enumerate() {
            let side = if holding.contains(&index) { &mut yes } else { &mut no };
            side.push(json!({ "x": value }));
        }
        (operator, yes, no)
    };
    let mut rows = vec![
        row("IsNull", &[0]),
        row("IsNumeric", &[1]),
        row("IsString", &[2, 4]),
        row("IsBoolean", &[3]),
        row("IsTimestamp", &[4]),
        row("IsPresent", &[0, 1, 2, 3, 4, 5, 6]),
    ];
    rows[5].2.push(json!({ "y": 1 }));
    rows
}
