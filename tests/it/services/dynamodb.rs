use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, KeySchemaElement, KeyType, ReturnValue,
    ReturnValuesOnConditionCheckFailure, ScalarAttributeType, TableStatus,
};

use super::{Local, boto3, refused};

fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}

fn number(value: &str) -> AttributeValue {
    AttributeValue::N(value.to_owned())
}

fn bureau(name: &str) -> HashMap<String, AttributeValue> {
    HashMap::from([("bureau".to_owned(), text(name)), ("score".to_owned(), number("700"))])
}

async fn create(client: &Client) {
    client
        .create_table()
        .table_name("bureaus")
        .key_schema(key_schema())
        .attribute_definitions(
            AttributeDefinition::builder()
                .attribute_name("bureau")
                .attribute_type(ScalarAttributeType::S)
                .build()
                .unwrap(),
        )
        .billing_mode(BillingMode::PayPerRequest)
        .send()
        .await
        .unwrap();
}

fn key_schema() -> KeySchemaElement {
    let key = KeySchemaElement::builder()
        .attribute_name("bureau")
        .key_type(KeyType::Hash);
    key.build().unwrap()
}

async fn put(client: &Client, name: &str) {
    let call = client.put_item().table_name("bureaus").set_item(Some(bureau(name)));
    call.send().await.unwrap();
}

#[tokio::test]
async fn items_by_the_sdk() {
    let local = Local::open().await;
    let client = Client::new(&local.config());
    create(&client).await;
    for name in ["one", "two", "three"] {
        put(&client, name).await;
    }
    let scanned = client.scan().table_name("bureaus").send().await.unwrap();
    assert_eq!((scanned.count, scanned.items().len()), (3, 3));

    let updated = client
        .update_item()
        .table_name("bureaus")
        .key("bureau", text("one"))
        .update_expression("SET score = score + :more")
        .expression_attribute_values(":more", number("0.5"))
        .return_values(ReturnValue::UpdatedNew)
        .send()
        .await
        .unwrap();
    assert_eq!(updated.attributes.unwrap()["score"], number("700.5"));

    let failed = client
        .put_item()
        .table_name("bureaus")
        .set_item(Some(bureau("one")))
        .condition_expression("attribute_not_exists(bureau)")
        .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
        .send()
        .await
        .unwrap_err()
        .into_service_error();
    assert!(failed.is_conditional_check_failed_exception());
    let missing = client
        .get_item()
        .table_name("none")
        .key("bureau", text("one"))
        .send()
        .await;
    assert_eq!(
        refused(missing),
        "ResourceNotFoundException: Requested resource not found"
    );
    local.door.close().await;
}

#[tokio::test]
async fn tables_and_items_are_there_in_the_next_process() {
    let local = Local::open().await;
    create(&Client::new(&local.config())).await;
    put(&Client::new(&local.config()), "one").await;
    let local = local.reopen().await;
    let client = Client::new(&local.config());
    let found = client.describe_table().table_name("bureaus").send().await.unwrap();
    assert_eq!(found.table.unwrap().table_status, Some(TableStatus::Active));
    let found = client.get_item().table_name("bureaus").key("bureau", text("one"));
    assert_eq!(found.send().await.unwrap().item, Some(bureau("one")));
    local.door.close().await;
}

#[tokio::test]
async fn cases_by_boto3() {
    boto3("dynamodb.py").await;
}
