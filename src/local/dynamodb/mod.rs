//! DynamoDB: the [dynoxide](https://docs.rs/dynoxide-rs) engine behind the local cloud's door.
//!
//! The engine knows the rules of items and expressions, and keeps the tables of a region in an SQLite file of its own,
//! `dynamodb/<region>.db`. Here is what an engine of one machine does not know: regions, the account, the store's end.

mod arn;
mod billing;
mod failure;
mod operations;
mod refused;
mod region;
#[cfg(test)]
mod tests;
mod whole;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use http::HeaderValue;
use serde_json::Value;

use super::api::{ApiError, Call, Pending, Reply, Service};
use super::protocol::respond;
use super::store::{Store, StoreError};
use region::Region;

/// The service.
pub struct DynamoDb {
    folder: PathBuf,
    /// Closed when another process takes over: then nothing may be written here either.
    store: Store,
    /// The open regions; none once it is closed.
    regions: Mutex<Option<BTreeMap<String, Arc<Region>>>>,
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

    async fn answer(&self, call: Call) -> Result<Reply, ApiError> {
        let Some(operation) = operations::find(&call.operation) else {
            return Err(ApiError::not_implemented("dynamodb", &call.operation));
        };
        refused::check(&call.operation, &call.input)?;
        self.store.read(|_| Ok::<_, StoreError>(()))?;
        let mut input = arn::localized(call.input, &call.region)?;
        if call.operation == "CreateTable" {
            input = billing::completed(input)?;
        }
        let (name, region) = (call.operation.clone(), self.region(&call.region)?);
        let mark = whole::mark_of(&self.folder, &call.region);
        let result = region.run(move |database| match name.as_str() {
            "CreateTable" => whole::create(database, &mark, &name, input, operation),
            _ => operation(database, &name, input),
        });
        let result = result.await;
        let Some(result) = result else {
            self.forget(&call.region, &region);
            return Err(ApiError::with_status(
                500,
                "InternalFailure",
                "a bug of the local cloud",
            ));
        };
        result
            .map(|output| reply(billing::described(arn::placed(&call.operation, output, &call.region))))
            .map_err(|error| arn::placed_error(error, &call.region))
    }

    /// A region, whose name the door has found to be harmless in a path.
    fn region(&self, name: &str) -> Result<Arc<Region>, ApiError> {
        let mut regions = self.regions.lock().unwrap_or_else(PoisonError::into_inner);
        let regions = regions.as_mut().ok_or(StoreError::Closed)?;
        if let Some(region) = regions.get(name) {
            return Ok(Arc::clone(region));
        }
        let region = Arc::new(Region::open(&self.folder, name)?);
        regions.insert(name.to_owned(), Arc::clone(&region));
        Ok(region)
    }

    /// The next call opens it anew.
    fn forget(&self, name: &str, dead: &Arc<Region>) {
        let mut regions = self.regions.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(regions) = regions.as_mut() {
            regions.retain(|known, region| known != name || !Arc::ptr_eq(region, dead));
        }
    }
}

impl Service for DynamoDb {
    fn call(&self, call: Call) -> Pending<'_, Result<Reply, ApiError>> {
        Box::pin(self.answer(call))
    }

    fn close(&self) -> Pending<'_, ()> {
        let regions = self.regions.lock().unwrap_or_else(PoisonError::into_inner).take();
        Box::pin(async move {
            for region in regions.unwrap_or_default().into_values() {
                region.close().await;
            }
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
