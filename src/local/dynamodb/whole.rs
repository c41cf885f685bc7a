//! Tables are made whole or not at all. The engine makes a table and then its tags, in two transactions: what the death of
//! the process cuts off between them was acknowledged to nobody, and goes when the region is opened again.

use std::path::{Path, PathBuf};

use dynoxide::Database;
use serde_json::{Value, json};

use super::operations::{self, Operation};
use crate::local::api::ApiError;

/// Where the name of the table stands that is being made.
pub(super) fn mark_of(folder: &Path, region: &str) -> PathBuf {
    folder.join(format!("{region}.making"))
}

/// Makes a table; its name stands in the mark meanwhile.
pub(super) fn create(
    database: &Database,
    mark: &Path,
    name: &str,
    input: Value,
    operation: Operation,
) -> Result<Value, ApiError> {
    let table = input.get("TableName").and_then(Value::as_str).map(str::to_owned);
    let Some(table) = table.filter(|table| !is_there(database, table)) else {
        // There is nothing to be taken back: it is refused.
        return operation(database, name, input);
    };
    std::fs::write(mark, &table).map_err(|error| unmarked(mark, &error))?;
    let made = operation(database, name, input);
    std::fs::remove_file(mark).map_err(|error| unmarked(mark, &error))?;
    made
}

/// Removes the table that was being made when the process ended.
pub(super) fn mend(database: &Database, mark: &Path) -> Result<(), ApiError> {
    let Ok(table) = std::fs::read_to_string(mark) else {
        return Ok(());
    };
    if is_there(database, &table) {
        let unprotected = json!({ "TableName": table, "DeletionProtectionEnabled": false });
        // Most tables are not protected, which is then an error of no interest.
        let _ = run(database, "UpdateTable", unprotected);
        run(database, "DeleteTable", json!({ "TableName": table }))?;
    }
    std::fs::remove_file(mark).map_err(|error| unmarked(mark, &error))
}

fn is_there(database: &Database, table: &str) -> bool {
    run(database, "DescribeTable", json!({ "TableName": table })).is_ok()
}

fn run(database: &Database, name: &str, input: Value) -> Result<Value, ApiError> {
    match operations::find(name) {
        Some(operation) => operation(database, name, input),
        None => Err(ApiError::not_implemented("dynamodb", name)),
    }
}

fn unmarked(mark: &Path, error: &std::io::Error) -> ApiError {
    let message = format!("cannot keep {}: {error}", mark.display());
    ApiError::with_status(500, "InternalFailure", message)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn table(name: &str) -> Value {
        json!({
            "TableName": name,
            "KeySchema": [{ "AttributeName": "p", "KeyType": "HASH" }],
            "AttributeDefinitions": [{ "AttributeName": "p", "AttributeType": "S" }],
            "BillingMode": "PAY_PER_REQUEST",
            "DeletionProtectionEnabled": true,
            "Tags": [{ "Key": "k", "Value": "v" }],
        })
    }

    #[test]
    fn what_was_cut_off_goes_and_what_was_whole_stays() {
        let folder = tempfile::tempdir().unwrap();
        let mark = mark_of(folder.path(), "us-east-1");
        let database = Database::new(folder.path().join("x.db").to_str().unwrap()).unwrap();
        let make = |name: &str| {
            let operation = operations::find("CreateTable").unwrap();
            create(&database, &mark, "CreateTable", table(name), operation)
        };
        make("whole").unwrap();
        make("whole").unwrap_err();
        mend(&database, &mark).unwrap();
        assert!(is_there(&database, "whole"));

        // As the death of the process leaves it.
        run(&database, "CreateTable", table("half")).unwrap();
        std::fs::write(&mark, "half").unwrap();
        mend(&database, &mark).unwrap();
        assert!(!is_there(&database, "half") && is_there(&database, "whole"));
        assert!(!mark.exists());
        std::fs::write(&mark, "never").unwrap();
        mend(&database, &mark).unwrap();
        make("half").unwrap();
    }
}
