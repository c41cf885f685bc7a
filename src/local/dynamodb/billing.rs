//! How tables are paid for, where the engine is more lenient than AWS or says less.

use dynoxide::DynoxideError;
use serde_json::{Value, json};

use super::failure;
use crate::local::api::ApiError;

/// The request to make a table, with the billing mode that AWS takes when none is given: one for which the throughput has to be
/// said ([CreateTable](https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_CreateTable.html)).
pub(super) fn completed(mut input: Value) -> Result<Value, ApiError> {
    let Some(members) = input.as_object_mut() else {
        return Ok(input);
    };
    if members.get("BillingMode").is_none_or(Value::is_null) {
        members.insert("BillingMode".to_owned(), json!("PROVISIONED"));
    }
    let is_given = |of: &Value| of.get("ProvisionedThroughput").is_some_and(|it| !it.is_null());
    // Without its own throughput the table is refused first, by the engine.
    if input["BillingMode"] == "PROVISIONED" && is_given(&input) {
        let indexes = input["GlobalSecondaryIndexes"].as_array().into_iter().flatten();
        let mut lacking = indexes.filter(|index| !is_given(index));
        if let Some(name) = lacking.find_map(|index| index["IndexName"].as_str()) {
            let message = format!(
                "One or more parameter values were invalid: ProvisionedThroughput is not specified for index: {name}"
            );
            return Err(failure::of("CreateTable", DynoxideError::ValidationException(message)));
        }
    }
    Ok(input)
}

/// A description with what AWS always has in one.
pub(super) fn described(mut output: Value) -> Value {
    for member in ["Table", "TableDescription"] {
        let Some(table) = output.get_mut(member).and_then(Value::as_object_mut) else {
            continue;
        };
        table.entry("DeletionProtectionEnabled").or_insert(json!(false));
        table.entry("ProvisionedThroughput").or_insert(json!({
            "NumberOfDecreasesToday": 0,
            "ReadCapacityUnits": 0,
            "WriteCapacityUnits": 0,
        }));
    }
    output
}
