//! Intrinsic functions, and the functions that AWS adds to JSONata.

use serde_json::{Value, json};

use super::{Case, case, with, with_jsonata};

pub(super) fn cases() -> Vec<Case> {
    [intrinsics(), in_jsonata()].into_iter().flatten().collect()
}

fn intrinsics() -> Vec<Case> {
    let rows: Vec<(&str, Value)> = vec![
        ("States.Array($.one, 'b')", json!([1, "b"])),
        ("States.ArrayContains($.list, 3)", json!(true)),
        ("States.ArrayGetItem($.list, 1)", json!(2)),
        ("States.ArrayLength($.list)", json!(4)),
        ("States.ArrayPartition($.list, 3)", json!([[1, 2, 3], [3]])),
        ("States.ArrayRange(1, 9, 2)", json!([1, 3, 5, 7, 9])),
        ("States.ArrayUnique($.list)", json!([1, 2, 3])),
        ("States.Base64Decode('RGF0YSB0byBlbmNvZGU=')", json!("Data to encode")),
        ("States.Base64Encode('Data to encode')", json!("RGF0YSB0byBlbmNvZGU=")),
        (
            "States.Format('{} and {}', $.one, $.object)",
            json!(r#"1 and {"a":1,"c":4}"#),
        ),
        (
            "States.Hash('input data', 'SHA-1')",
            json!("aaff4a450a104cd177d28d18d74485e8cae074b7"),
        ),
        (
            "States.JsonMerge($.object, $.other, false)",
            json!({ "a": 2, "c": 4, "b": 3 }),
        ),
        ("States.JsonToString($.object)", json!(r#"{"a":1,"c":4}"#)),
        ("States.MathAdd($.one, -3)", json!(-2)),
        ("States.MathRandom(5, 6)", json!(5)),
        ("States.StringSplit('a.b+c', '.+')", json!(["a", "b", "c"])),
        ("States.StringToJson('{\"x\": [1]}')", json!({ "x": [1] })),
        ("States.UUID()", json!("ID")),
    ];
    let input = r#"{"one":1,"list":[1,2,3,3],"object":{"a":1,"c":4},"other":{"a":2,"b":3}}"#;
    let called = |(call, value): (&str, Value)| {
        let state = json!({ "Type": "Pass", "Parameters": { "x.$": call }, "End": true });
        case(with(state), input, &[], &[&format!("gives {}", json!({ "x": value }))])
    };
    rows.into_iter().map(called).collect()
}

fn in_jsonata() -> Vec<Case> {
    let rows: Vec<(&str, Value)> = vec![
        ("$partition([1,2,3,4], 3)", json!([[1, 2, 3], [4]])),
        ("$range(1, 9, 2)", json!([1, 3, 5, 7, 9])),
        (
            "$hash('input data', 'SHA-1')",
            json!("aaff4a450a104cd177d28d18d74485e8cae074b7"),
        ),
        // The same seed gives the same number.
        (
            "[$random(7) = $random(7), $random(7) < 1, $random() != $random()]",
            json!([true, true, true]),
        ),
        ("$uuid()", json!("ID")),
        ("$parse('{\"x\": [1]}')", json!({ "x": [1] })),
    ];
    let called = |(call, value): (&str, Value)| {
        let state = json!({ "Type": "Pass", "Output": { "x": format!("{{% {call} %}}") }, "End": true });
        case(
            with_jsonata(state),
            "{}",
            &[],
            &[&format!("gives {}", json!({ "x": value }))],
        )
    };
    rows.into_iter().map(called).collect()
}
