//! Where items of map runs come from and their results go to, outside of executions.

use super::rows;
use crate::engine::map_run::ReadRequest;
use crate::engine::{Happened, MapRunId};
use crate::local::sfn::shared::Shared;

/// Reads the items of a map run, and gives what its execution is told. There is nothing yet that they could be read from:
/// definitions that ask for it are refused when they come, and this says so again should one get past.
pub(in crate::local::sfn) fn read(shared: &Shared, execution: i64, request: &ReadRequest) -> Happened {
    fail(
        shared,
        execution,
        request.map_run,
        "States.ItemReaderFailed",
        not_there(&request.from.resource),
    )
}

/// What is said of a resource that the local cloud does not have.
pub(super) fn not_there(resource: &str) -> String {
    format!("not implemented by the local cloud: {resource}")
}

fn fail(shared: &Shared, execution: i64, map_run: MapRunId, error: &str, cause: String) -> Happened {
    let now = shared.now();
    // If it cannot be written now, the execution goes on failing with it, and the status of the map run comes late.
    let _ = shared.write(|connection| match rows::numbered(connection, execution, map_run)? {
        Some(stored) => rows::end(connection, stored.id, Some((error, Some(&cause))), now),
        None => Ok(()),
    });
    Happened::MapRunFailed {
        map_run,
        error: error.to_owned(),
        cause: Some(cause),
    }
}
