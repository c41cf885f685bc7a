//! Numbers: 38 digits, exact, in the order of their values.

use std::cmp::Ordering;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};

use super::{Cloud, call, check_error, with_table};

/// `digits × 10^exponent`.
#[derive(Clone, Copy, Debug)]
struct Decimal {
    digits: i128,
    exponent: i32,
}

impl Decimal {
    fn text(self) -> String {
        format!("{}e{}", self.digits, self.exponent)
    }

    /// Of what the engine writes: digits with a point somewhere.
    fn read(text: &str) -> Self {
        let (whole, part) = text.split_once('.').unwrap_or((text, ""));
        Self {
            digits: format!("{whole}{part}").parse().unwrap(),
            exponent: -i32::try_from(part.len()).unwrap(),
        }
    }

    /// In units of `10^-10`.
    fn scaled(self) -> i128 {
        self.digits * 10_i128.pow(u32::try_from(self.exponent + 10).unwrap())
    }

    /// Sign, then power of ten of the first digit, then the digits as a fraction.
    fn compare(self, other: Self) -> Ordering {
        let magnitude = |number: Self| {
            let digits = number.digits.unsigned_abs().to_string();
            (
                i32::try_from(digits.len()).unwrap() + number.exponent,
                format!("{digits:0<40}"),
            )
        };
        match self.digits.signum().cmp(&other.digits.signum()) {
            Ordering::Equal if self.digits == 0 => Ordering::Equal,
            Ordering::Equal if self.digits < 0 => magnitude(other).cmp(&magnitude(self)),
            Ordering::Equal => magnitude(self).cmp(&magnitude(other)),
            unequal => unequal,
        }
    }
}

/// Small enough for exact sums of two in 128 bits.
fn small() -> impl Strategy<Value = Decimal> {
    let digits = prop_oneof![-1000_i128..1000, -(10_i128.pow(17))..10_i128.pow(17)];
    (digits, -10..10).prop_map(|(digits, exponent)| Decimal { digits, exponent })
}

/// Anywhere in DynamoDB's range.
fn any_number() -> impl Strategy<Value = Decimal> {
    let largest = 10_i128.pow(38) - 1;
    let digits = prop_oneof![-100_i128..100, -largest..=largest];
    let exponent = prop_oneof![-3..3, -130..=125];
    (digits, exponent).prop_filter_map("out of range", |(digits, exponent)| {
        let length = i32::try_from(digits.unsigned_abs().to_string().len()).unwrap();
        let is_within = digits == 0 || (-130..=125).contains(&(length + exponent - 1)) && exponent >= -130;
        is_within.then_some(Decimal { digits, exponent })
    })
}

fn some<T>(strategy: impl Strategy<Value = T>, count: usize) -> Vec<T> {
    let mut runner = TestRunner::deterministic();
    (0..count)
        .map(|_| strategy.new_tree(&mut runner).unwrap().current())
        .collect()
}

#[tokio::test]
async fn sums_and_differences_are_exact() {
    let cloud = with_table("S").await;
    let key = json!({"p": {"S": "a"}, "s": {"S": "b"}});
    for pair in some(small(), 200).chunks(2) {
        let (left, right) = (pair[0], pair[1]);
        let found = call(
            &cloud,
            "UpdateItem",
            json!({
                "TableName": "tab", "Key": key, "ReturnValues": "ALL_NEW",
                "UpdateExpression": "SET added = :a + :b, taken = :a - :b",
                "ExpressionAttributeValues": {":a": {"N": left.text()}, ":b": {"N": right.text()}},
            }),
        )
        .await;
        let number = |name: &str| Decimal::read(found["Attributes"][name]["N"].as_str().unwrap()).scaled();
        assert_eq!(number("added"), left.scaled() + right.scaled(), "{left:?} + {right:?}");
        assert_eq!(number("taken"), left.scaled() - right.scaled(), "{left:?} - {right:?}");
    }
}

#[tokio::test]
async fn keys_are_in_the_order_of_their_values() {
    let cloud = with_table("N").await;
    let mut numbers = some(any_number(), 120);
    for (index, number) in numbers.iter().enumerate() {
        let item = json!({"p": {"S": "a"}, "s": {"N": number.text()}, "index": {"N": index.to_string()}});
        call(&cloud, "PutItem", json!({"TableName": "tab", "Item": item})).await;
    }
    let query = |forward: bool| {
        json!({
            "TableName": "tab", "KeyConditionExpression": "p = :p", "ScanIndexForward": forward,
            "ExpressionAttributeValues": {":p": {"S": "a"}},
        })
    };
    let originals = numbers.clone();
    numbers.sort_by(|left, right| left.compare(*right));
    numbers.dedup_by(|left, right| left.compare(*right) == Ordering::Equal);
    let found = call(&cloud, "Query", query(true)).await;
    let items = |found: &Value| -> Vec<Decimal> {
        let items = found["Items"].as_array().unwrap();
        let index = |item: &Value| item["index"]["N"].as_str().unwrap().parse::<usize>().unwrap();
        items.iter().map(|item| originals[index(item)]).collect()
    };
    let same = |found: Vec<Decimal>, expected: &[Decimal]| {
        assert_eq!(found.len(), expected.len());
        for (found, expected) in found.into_iter().zip(expected) {
            assert_eq!(found.compare(*expected), Ordering::Equal, "{found:?} {expected:?}");
        }
    };
    same(items(&found), &numbers);
    numbers.reverse();
    same(items(&call(&cloud, "Query", query(false)).await), &numbers);
}

async fn check(cloud: &Cloud, written: &str, expected: &str) {
    let item = json!({"p": {"S": "a"}, "s": {"S": "b"}, "n": {"N": written}});
    call(cloud, "PutItem", json!({"TableName": "tab", "Item": item})).await;
    let key = json!({"p": {"S": "a"}, "s": {"S": "b"}});
    let found = call(cloud, "GetItem", json!({"TableName": "tab", "Key": key})).await;
    assert_eq!(found["Item"]["n"]["N"], expected, "{written}");
}

#[tokio::test]
async fn numbers_are_kept_to_38_digits_and_refused_beyond() {
    let cloud = with_table("S").await;
    check(&cloud, "1.50", "1.5").await;
    check(&cloud, "-0", "0").await;
    check(&cloud, "007", "7").await;
    check(&cloud, "1e3", "1000").await;
    let longest = "12345678901234567890123456789012345678";
    check(&cloud, longest, longest).await;
    let put =
        |number: &str| json!({"TableName": "tab", "Item": {"p": {"S": "a"}, "s": {"S": "b"}, "n": {"N": number}}});
    let refused = |why: &str| format!("400 ValidationException: 1 validation error detected: {why}");
    let too_long = "Attempting to store more than 38 significant digits in a Number";
    check_error(&cloud, "PutItem", put(&format!("{longest}9")), &refused(too_long)).await;
    let too_large = "Number overflow. Attempting to store a number with magnitude larger than supported range";
    check_error(&cloud, "PutItem", put("1e126"), &refused(too_large)).await;
    let too_small = "Number underflow. Attempting to store a number with magnitude smaller than supported range";
    check_error(&cloud, "PutItem", put("1e-131"), &refused(too_small)).await;
    let none = "The parameter cannot be converted to a numeric value: one";
    check_error(&cloud, "PutItem", put("one"), &refused(none)).await;
}
