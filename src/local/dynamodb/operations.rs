//! The operations by name: JSON in, the engine's call, JSON out.

use dynoxide::{Database, DynoxideError};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::failure;
use crate::local::api::ApiError;

/// Does one operation; it is given its name, for errors.
pub(super) type Operation = fn(&Database, &str, Value) -> Result<Value, ApiError>;

macro_rules! operations {
    ($($name:literal => $method:ident,)*) => {
        /// The operation of that name, if it is here.
        pub(super) fn find(name: &str) -> Option<Operation> {
            match name {
                $($name => Some(|database, name, input| run(name, input, |request| database.$method(request))),)*
                _ => None,
            }
        }
    };
}

operations! {
    "BatchExecuteStatement" => batch_execute_statement,
    "BatchGetItem" => batch_get_item,
    "BatchWriteItem" => batch_write_item,
    "CreateTable" => create_table,
    "DeleteItem" => delete_item,
    "DeleteTable" => delete_table,
    "DescribeStream" => describe_stream,
    "DescribeTable" => describe_table,
    "DescribeTimeToLive" => describe_time_to_live,
    "ExecuteStatement" => execute_statement,
    "ExecuteTransaction" => execute_transaction,
    "GetItem" => get_item,
    "GetRecords" => get_records,
    "GetShardIterator" => get_shard_iterator,
    "ListStreams" => list_streams,
    "ListTables" => list_tables,
    "ListTagsOfResource" => list_tags_of_resource,
    "PutItem" => put_item,
    "Query" => query,
    "Scan" => scan,
    "TagResource" => tag_resource,
    "TransactGetItems" => transact_get_items,
    "TransactWriteItems" => transact_write_items,
    "UntagResource" => untag_resource,
    "UpdateItem" => update_item,
    "UpdateTable" => update_table,
    "UpdateTimeToLive" => update_time_to_live,
}

fn run<I: DeserializeOwned, O: Serialize>(
    name: &str,
    input: Value,
    operation: impl FnOnce(I) -> dynoxide::Result<O>,
) -> Result<Value, ApiError> {
    let request = serde_json::from_value(input).map_err(|error| failure::of(name, failure::unreadable(&error)))?;
    let output = operation(request).map_err(|error| failure::of(name, error))?;
    serde_json::to_value(output)
        .map_err(|error| failure::of(name, DynoxideError::InternalServerError(error.to_string())))
}
