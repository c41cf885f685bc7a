#![allow(clippy::unwrap_used)]

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

struct Fixed(Value, Value);
impl Roots for Fixed {
    fn data(&self) -> &Value {
        &self.0
    }
    fn context(&self) -> &Value {
        &self.1
    }
    fn variable(&self, name: &str) -> Option<&Value> {
        if name == "who" { self.0.get("name") } else { None }
    }
    fn random(&self) -> u64 {
        7
    }
}

fn roots() -> Fixed {
    Fixed(
        json!({"name": "Ada", "list": [1, 2, 3, 3, "x"], "o": {"a": 1, "b": 2}, "half": 1.5, "long": "x".repeat(10_001), "t": "a{}\\{\\}"}),
        json!({"State": {"Name": "S"}}),
    )
}

fn check(call: &str, expected: &Value) {
    assert_eq!(&evaluate(call, &roots()).unwrap(), expected, "{call}");
}

#[test]
fn functions_have_their_values() {
    for (call, expected) in [
        (
            "States.Format('Hello {}, {}!', $.name, $$.State.Name)",
            json!("Hello Ada, S!"),
        ),
        ("States.Format('\\{\\}\\'\\\\{}', $.o)", json!("{}'\\{\"a\":1,\"b\":2}")),
        ("States.Format('none')", json!("none")),
        ("States.Format($.t, $who)", json!("aAda{}")),
        ("States.StringToJson('{\"a\": [1]}')", json!({"a": [1]})),
        ("States.StringToJson(' ')", json!(null)),
        ("States.JsonToString($.o)", json!("{\"a\":1,\"b\":2}")),
        ("States.Array()", json!([])),
        ("States.Array('a', 1, null, $.name)", json!(["a", 1, null, "Ada"])),
        ("States.ArrayPartition($.list, 2)", json!([[1, 2], [3, 3], ["x"]])),
        ("States.ArrayContains($.list, 'x')", json!(true)),
        ("States.ArrayContains($.list, '3')", json!(false)),
        ("States.ArrayRange(1, 9, 2)", json!([1, 3, 5, 7, 9])),
        ("States.ArrayRange(3, 1, -1)", json!([3, 2, 1])),
        ("States.ArrayGetItem($.list, 4)", json!("x")),
        ("States.ArrayLength($.list)", json!(5)),
        ("States.ArrayUnique($.list)", json!([1, 2, 3, "x"])),
        ("States.Base64Encode('Data to encode')", json!("RGF0YSB0byBlbmNvZGU=")),
        ("States.Base64Decode('RGF0YSB0byBlbmNvZGU=')", json!("Data to encode")),
        (
            "States.Hash('input data', 'MD5')",
            json!("812f45842bc6d66ee14572ce20db8e86"),
        ),
        (
            "States.Hash('input data', 'SHA-1')",
            json!("aaff4a450a104cd177d28d18d74485e8cae074b7"),
        ),
        (
            "States.JsonMerge($.o, States.StringToJson('{\"b\": 3}'), false)",
            json!({"a": 1, "b": 3}),
        ),
        ("States.MathAdd($.half, 1.51)", json!(4)),
        ("States.MathAdd(-1.49, -1.5)", json!(-2)),
        ("States.MathRandom(5, 6)", json!(5)),
        (
            "States.StringSplit('This.is+a,,test', '.+,')",
            json!(["This", "is", "a", "test"]),
        ),
        ("States.StringSplit('Hello\nWorld', '\n')", json!(["Hello", "World"])),
        ("States.ArrayGetItem(States.StringSplit('a-b', '-'), 1)", json!("b")),
    ] {
        check(call, &expected);
    }
}

#[test]
fn randomness_comes_from_the_seed() {
    let uuid = evaluate("States.UUID()", &roots()).unwrap();
    assert_eq!(uuid, evaluate("States.UUID()", &roots()).unwrap());
    let two = evaluate("States.Array(States.UUID(), States.UUID())", &roots()).unwrap();
    assert_ne!(two[0], two[1]);
    assert_eq!(uuid.as_str().unwrap().len(), 36);
    assert_eq!(&uuid.as_str().unwrap()[14..15], "4");
    let seeded = evaluate("States.MathRandom(1, 999999, 5)", &roots()).unwrap();
    assert_eq!(seeded, evaluate("States.MathRandom(1, 999999, 5)", &roots()).unwrap());
}

#[test]
fn wrong_arguments_are_named() {
    for (call, expected) in [
        ("States.Array($.no)", "path `$.no` finds nothing"),
        ("States.Array($no.x)", "variable `$no` is not set"),
        ("States.Nothing()", "there is no intrinsic function `States.Nothing`"),
        ("States.UUID(1)", "1 arguments were given, none are expected"),
        (
            "States.ArrayGetItem($.list, 9)",
            "the index 9 is outside of the array, which has 5 elements",
        ),
        ("States.ArrayGetItem($.name, 0)", "\"Ada\" is not an array"),
        ("States.ArrayRange(1, 1001, 1)", "the range has more than 1000 elements"),
        ("States.ArrayRange(1, 2, 0)", "the step must not be 0"),
        (
            "States.ArrayPartition($.list, 0)",
            "the size of a chunk must be a positive number",
        ),
        ("States.Format('{} {}', 1)", "there are more `{}` than arguments"),
        ("States.Format('{}', 1, 2)", "there are more arguments than `{}`"),
        ("States.Format('{', 1)", "`{` stands alone; write `\\{`"),
        (
            "States.Hash($.long, 'MD5')",
            "the string is longer than 10000 characters",
        ),
        ("States.Hash('x', 'MD4')", "`MD4` is not one of"),
        ("States.JsonMerge($.o, $.o, true)", "the third argument must be false"),
        ("States.MathAdd(2147483648, 0)", "2147483648 is outside of"),
        ("States.MathRandom(3, 3)", "the start must be less than the end"),
        ("States.StringToJson('{')", "the string is not JSON"),
        ("States.Base64Decode('?')", "the string is not Base64"),
    ] {
        let error = evaluate(call, &roots()).unwrap_err().to_string();
        assert!(error.contains(expected), "{call}: {error}");
    }
}

proptest! {
    #[test]
    fn no_argument_panics(
        name in "(Format|StringToJson|Array(Partition|Contains|Range|GetItem|Length|Unique)|Base64(En|De)code|Hash|JsonMerge|MathRandom|MathAdd|StringSplit)",
        arguments in proptest::collection::vec("(-?[0-9]{1,19}|-?9e[0-9]{1,2}|'[a-c{}]{0,3}'|true|null|\\$\\.list|\\$\\.o|\\$\\.half|\\$\\.name)", 0..4),
    ) {
        let _ = evaluate(&format!("States.{name}({})", arguments.join(", ")), &roots());
    }
}
