//! Members of requests that the engine would pass over: nothing is ignored silently.

use serde_json::Value;

use crate::local::api::ApiError;

/// Refuses a request with members that are not acted upon, naming the first.
pub(super) fn check(operation: &str, input: &Value) -> Result<(), ApiError> {
    let members: &[&str] = match operation {
        "CreateTable" => &[
            "GlobalTableSettingsReplicationMode",
            "GlobalTableSourceArn",
            "ResourcePolicy",
            "WarmThroughput",
        ],
        "UpdateTable" => &[
            "GlobalTableSettingsReplicationMode",
            "GlobalTableWitnessUpdates",
            "MultiRegionConsistency",
            "ReplicaUpdates",
            "SSESpecification",
            "WarmThroughput",
        ],
        _ => &[],
    };
    let found = members
        .iter()
        .find(|member| input.get(**member).is_some_and(|value| !value.is_null()));
    match found {
        Some(member) => Err(ApiError::not_implemented(
            "dynamodb",
            &format!("{operation} with {member}"),
        )),
        None => Ok(()),
    }
}
