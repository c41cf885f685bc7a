//! Where items of map runs come from and their results go to, outside of executions.

use super::rows::{self, Stored};
use crate::engine::Happened;
use crate::engine::items::ITEM_READER_FAILED;
use crate::engine::map_run::ReadRequest;
use crate::local::sfn::shared::Shared;

/// Something could not be read or written: error and cause of the map run.
#[derive(Clone, Debug)]
pub(super) struct Refused {
    pub(super) error: &'static str,
    pub(super) cause: String,
}

/// Reads the items of a map run, and gives what its execution is told.
pub(in crate::local::sfn) fn read_items(shared: &Shared, execution: i64, request: &ReadRequest) -> Happened {
    let map_run = request.map_run;
    match items(request) {
        Ok(items) => Happened::ItemsRead { map_run, items },
        Err(Refused { error, cause }) => {
            let now = shared.now();
            // If it cannot be written now, only the status of the map run is late: the execution fails with it anyway.
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
    }
}

/// The items as the JSON text of a list. There is nothing yet that they could be read from: definitions that ask for it are
/// refused when they come, and this says so again should one get past.
fn items(request: &ReadRequest) -> Result<String, Refused> {
    Err(Refused {
        error: ITEM_READER_FAILED,
        cause: not_there(&request.from.resource),
    })
}

/// Writes the results of a map run to where its `ResultWriter` says, which is nowhere yet: see [`items`].
pub(super) fn write_results(map_run: &Stored) -> Result<(), Refused> {
    match &map_run.writer.to {
        None => Ok(()),
        Some((resource, _)) => Err(Refused {
            error: "States.ResultWriterFailed",
            cause: not_there(resource),
        }),
    }
}

fn not_there(resource: &str) -> String {
    format!("not implemented by the local cloud: {resource}")
}
