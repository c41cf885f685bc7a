//! Items written into a DynamoDB table.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use aws_sdk_dynamodb::types::{AttributeValue, PutRequest, WriteRequest};
use serde_json::Value;

use super::apply::Step;
use super::error::{Answer, Fault, Tried};

/// Items of one call: <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html>.
const BATCH: usize = 25;

/// Puts items, given in DynamoDB's JSON; those that are there are replaced.
pub(super) async fn write(step: &Step, table: &str, items: &[Value]) -> Answer<()> {
    for batch in items.chunks(BATCH) {
        let requests: Answer<Vec<WriteRequest>> = batch.iter().map(put).collect();
        let waiting = Mutex::new(requests?);
        let lock = || waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let written = step.patience.poll("the table takes no more at once", async || {
            let now = lock().clone();
            let request = step.clients.dynamodb.batch_write_item();
            let answer = request.request_items(table, now).send().await;
            let output = answer.tried(|| format!("write items into the table {table}"))?;
            let mut left = output.unprocessed_items.unwrap_or_default();
            let left = left.remove(table).unwrap_or_default();
            let done = left.is_empty();
            *lock() = left;
            Ok(done.then_some(()))
        });
        written.await?;
    }
    Ok(())
}

fn put(item: &Value) -> Answer<WriteRequest> {
    let wrong = || Fault::other(format!("this is no item: {item}"));
    let request = PutRequest::builder()
        .set_item(members(Some(item)))
        .build()
        .map_err(|_| wrong())?;
    Ok(WriteRequest::builder().put_request(request).build())
}

fn members(map: Option<&Value>) -> Option<HashMap<String, AttributeValue>> {
    let members = map?.as_object()?.iter();
    members
        .map(|(name, value)| Some((name.clone(), attribute(value)?)))
        .collect()
}

/// No deeper than the reader of stack files lets a value be.
fn attribute(value: &Value) -> Option<AttributeValue> {
    let (kind, value) = value.as_object()?.iter().next()?;
    let text = || value.as_str().map(str::to_owned);
    match kind.as_str() {
        "S" => text().map(AttributeValue::S),
        "N" => text().map(AttributeValue::N),
        "BOOL" => value.as_bool().map(AttributeValue::Bool),
        "NULL" => Some(AttributeValue::Null(true)),
        "L" => {
            let items = value.as_array()?.iter().map(attribute);
            items.collect::<Option<_>>().map(AttributeValue::L)
        }
        "M" => members(Some(value)).map(AttributeValue::M),
        _ => None,
    }
}
