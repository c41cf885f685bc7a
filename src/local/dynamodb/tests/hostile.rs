//! Input made to break the engine: each is answered, and the table is still there afterwards.

use serde_json::{Value, json};

use super::{Cloud, call, send, with_table};

async fn survives(cloud: &Cloud, operation: &str, input: Value, expected: u16) -> String {
    let (status, output) = send(cloud, operation, &input).await;
    let text = output.to_string();
    assert_eq!(status, expected, "{operation}: {}", text.get(..300).unwrap_or(&text));
    let found = call(cloud, "DescribeTable", json!({"TableName": "tab"})).await;
    assert_eq!(found["Table"]["TableStatus"], "ACTIVE");
    text
}

fn update(condition: &str, expression: &str) -> Value {
    json!({
        "TableName": "tab", "Key": {"p": {"S": "a"}, "s": {"S": "b"}},
        "UpdateExpression": expression, "ConditionExpression": condition,
        "ExpressionAttributeValues": {":v": {"N": "1"}},
    })
}

#[tokio::test]
async fn deep_expressions() {
    let cloud = with_table("S").await;
    let nested = |open: &str, close: &str, times: usize| format!("{}x = :v{}", open.repeat(times), close.repeat(times));
    let set = "SET x = :v";
    // As deep as 4 KB allow, and deeper.
    survives(&cloud, "UpdateItem", update(&nested("NOT ", "", 1020), set), 400).await;
    survives(&cloud, "UpdateItem", update(&nested("NOT(", ")", 810), set), 400).await;
    survives(&cloud, "UpdateItem", update(&nested("(", ")", 2000), set), 400).await;
    survives(&cloud, "UpdateItem", update(&nested("(", ")", 200_000), set), 400).await;
    survives(&cloud, "UpdateItem", update(&nested("(", "", 4000), set), 400).await;
    survives(&cloud, "UpdateItem", update(&nested("size(", ")", 600), set), 400).await;
    let calls = format!("SET x = {}:v{}", "if_not_exists(x,".repeat(235), ")".repeat(235));
    survives(&cloud, "UpdateItem", update("attribute_not_exists(zz)", &calls), 200).await;
    let path = format!("SET x{} = :v", "[0]".repeat(1300));
    survives(&cloud, "UpdateItem", update("attribute_not_exists(zz)", &path), 400).await;
    for times in [30, 2000, 100_000] {
        let statement = format!(
            "SELECT * FROM tab WHERE {}p = 'a'{}",
            "(".repeat(times),
            ")".repeat(times)
        );
        let expected = if times == 30 { 200 } else { 400 };
        survives(&cloud, "ExecuteStatement", json!({"Statement": statement}), expected).await;
        let statement = format!("INSERT INTO tab VALUE {}", "{'a':".repeat(times));
        survives(&cloud, "ExecuteStatement", json!({"Statement": statement}), 400).await;
        let statement = format!("SELECT * FROM tab WHERE {}p = 'a'", "NOT ".repeat(times));
        let (status, _) = send(&cloud, "ExecuteStatement", &json!({"Statement": statement})).await;
        assert!(status == 200 || status == 400);
    }
}

#[tokio::test]
async fn deep_values() {
    let cloud = with_table("S").await;
    let deep = |levels: usize| {
        let mut value = json!({"S": "x"});
        for _ in 0..levels {
            value = json!({"M": {"k": value}});
        }
        json!({"TableName": "tab", "Item": {"p": {"S": "a"}, "s": {"S": "b"}, "x": value}})
    };
    survives(&cloud, "PutItem", deep(31), 200).await;
    let text = survives(&cloud, "PutItem", deep(33), 400).await;
    assert!(text.contains("Nesting Levels have exceeded supported limits"), "{text}");
}

#[tokio::test]
async fn odd_expressions_are_errors() {
    let cloud = with_table("S").await;
    for expression in [
        "",
        " ",
        "SET",
        "SET x",
        "SET x =",
        "SET x = :v,",
        "SET x = :w",
        "SET #n = :v",
        "SET x = :v SET y = :v",
        "ADD x",
        "REMOVE",
        "SET x = :v + ",
        "SET x = :v * :v",
        "SET x[ = :v",
        "SET x[99999999999999999999] = :v",
        "SET p = :v",
        "SET x = :v, x = :v",
        "SET x.y = :v, x = :v",
        "\u{0}",
        "SET \u{1F600} = :v",
        "SET x = f(:v)",
        "DELETE x :v",
    ] {
        survives(
            &cloud,
            "UpdateItem",
            update("attribute_not_exists(zz)", expression),
            400,
        )
        .await;
    }
}
