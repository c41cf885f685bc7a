//! DynamoDB: the [dynoxide](https://docs.rs/dynoxide-rs) engine behind the local cloud's door.
//!
//! The engine knows the rules of items and expressions, and keeps the tables of a region in an SQLite file of its own,
//! `dynamodb/<region>.db`. Here is what an engine of one machine does not know: regions, the account, the store's end.

mod arn;
mod failure;
mod operations;
mod refused;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use dynoxide::Database;
use http::HeaderValue;
use serde_json::Value;

use super::api::{ApiError, Call, Pending, Reply, Service};
use super::clock::{self, Millis};
use super::protocol::respond;
use super::store::{Store, StoreError};

/// How often expired items are looked for, in milliseconds. AWS promises
/// ["within a few days"](https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/TTL.html).
const SWEEP_EVERY: Millis = 1000;

/// The service.
pub struct DynamoDb {
    folder: PathBuf,
    /// Closed when another process takes over: then nothing may be written here either.
    store: Store,
    /// The open regions; none once it is closed.
    regions: Mutex<Option<BTreeMap<String, Region>>>,
}

#[derive(Clone)]
struct Region {
    database: Database,
    swept: Arc<Mutex<Millis>>,
}

impl DynamoDb {
    /// The service over a folder in the local cloud's. Nothing is opened before a region is used.
    pub fn new(store: Store, folder: &Path) -> Self {
        Self {
            folder: folder.join("dynamodb"),
            store,
            regions: Mutex::new(Some(BTreeMap::new())),
        }
    }

    fn answer(&self, call: Call) -> Result<Reply, ApiError> {
        let Some(operation) = operations::find(&call.operation) else {
            return Err(ApiError::not_implemented("dynamodb", &call.operation));
        };
        refused::check(&call.operation, &call.input)?;
        self.store.read(|_| Ok::<_, StoreError>(()))?;
        let region = self.region(&call.region)?;
        region.sweep().map_err(|error| failure::of(&call.operation, error))?;
        let input = arn::localized(call.input, &call.region)?;
        operation(&region.database, &call.operation, input)
            .map(|output| reply(arn::placed(&call.operation, output, &call.region)))
            .map_err(|error| arn::placed_error(error, &call.region))
    }

    /// The database of a region, whose name the door has found to be harmless in a path.
    fn region(&self, name: &str) -> Result<Region, ApiError> {
        let mut regions = self.regions.lock().unwrap_or_else(PoisonError::into_inner);
        let regions = regions.as_mut().ok_or(StoreError::Closed)?;
        if let Some(region) = regions.get(name) {
            return Ok(region.clone());
        }
        let region = Region::open(&self.folder, name)?;
        regions.insert(name.to_owned(), region.clone());
        Ok(region)
    }
}

impl Region {
    fn open(folder: &Path, name: &str) -> Result<Self, ApiError> {
        let path = folder.join(format!("{name}.db"));
        let failed = |why: String| {
            let message = format!("the tables in {} cannot be opened: {why}", path.display());
            ApiError::with_status(500, "InternalFailure", message)
        };
        std::fs::create_dir_all(folder).map_err(|error| failed(error.to_string()))?;
        let text = path
            .to_str()
            .ok_or_else(|| failed("its path is not Unicode".to_owned()))?;
        let database = Database::new(text).map_err(|error| failed(error.to_string()))?;
        // As in our store: a commit in the operating system's hands is enough against the death of this process. There
        // is no other way to say so than this one, which ends bulk loading.
        database
            .disable_bulk_loading()
            .map_err(|error| failed(error.to_string()))?;
        Ok(Self {
            database,
            swept: Arc::new(Mutex::new(0)),
        })
    }

    /// Removes the items whose time to live has passed, if that was not done just now.
    fn sweep(&self) -> dynoxide::Result<()> {
        let now = clock::now();
        {
            let mut swept = self.swept.lock().unwrap_or_else(PoisonError::into_inner);
            if now < *swept + SWEEP_EVERY && now >= *swept {
                return Ok(());
            }
            *swept = now;
        }
        self.database.sweep_ttl().map(drop)
    }
}

impl Service for DynamoDb {
    fn call(&self, call: Call) -> Pending<'_, Result<Reply, ApiError>> {
        Box::pin(async move { self.answer(call) })
    }

    fn close(&self) -> Pending<'_, ()> {
        Box::pin(async {
            self.regions.lock().unwrap_or_else(PoisonError::into_inner).take();
        })
    }
}

/// SDKs compare a body with the checksum beside it.
fn reply(output: Value) -> Reply {
    let body = output.to_string();
    let checksum = crc32fast::hash(body.as_bytes());
    let mut response = respond(200, "application/x-amz-json-1.0", body);
    response
        .headers_mut()
        .insert("x-amz-crc32", HeaderValue::from(checksum));
    Reply::Http(response)
}
