//! AWS Lambda: functions are kept in the store and run as processes of this machine that speak the Lambda Runtime API.
//!
//! Requests are routed by method and path (`route`); `executor` runs the code. Not there, and answered so: versions and
//! aliases, layers, container images, VPCs, event source mappings, function URLs.

mod asynchronous;
mod code;
mod concurrency;
mod create;
mod executor;
mod function;
mod invoke;
mod leftovers;
mod members;
mod permission;
mod prepare;
mod read;
mod reference;
mod route;
mod settings;
mod surroundings;
mod table;
mod tags;
mod update;
mod validate;

#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use serde_json::Value;

use super::api::{ApiError, Call, Pending, Reply, Service};
use super::iam::Iam;
use super::logs::Logs;
use super::s3::Objects;
use super::store::{Store, StoreError};
use executor::Executor;
use prepare::Preparations;
use route::Operation;
use surroundings::Neighbours;

pub use executor::interpreter::runtime_problem;
pub use surroundings::{RoleStanding, Surroundings};

/// The Lambda service. Cheap to clone; the last clone ends all function processes.
#[derive(Clone)]
pub struct Lambda {
    inner: Arc<Inner>,
}

struct Inner {
    store: Store,
    surroundings: Arc<dyn Surroundings>,
    /// Below it, `<region>/<name>/<hash>/` is the code of each function.
    functions: PathBuf,
    preparations: Preparations,
    executor: Executor,
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.executor.shutdown();
    }
}

/// What an invocation gave.
#[derive(Clone, Debug)]
pub struct Invoked {
    /// 200: the function ran, whether or not it failed.
    pub status: u16,
    /// What the function returned, or its error as JSON.
    pub payload: Bytes,
    /// `Unhandled` if the function failed.
    pub function_error: Option<String>,
    /// `$LATEST`.
    pub executed_version: String,
    /// The last 4 KB of what it logged, as text.
    pub log_tail: Option<String>,
    /// Of this invocation; also in the function's context and log.
    pub request_id: String,
    /// The value of `X-Amzn-Trace-Id`.
    pub trace_id: String,
}

impl Lambda {
    /// The service over a store. `folder` is the local cloud's own; code is unpacked below it in `functions`.
    pub fn new(store: Store, folder: &Path, surroundings: Arc<dyn Surroundings>) -> Result<Self, StoreError> {
        store.ensure_schema(table::SCHEMA)?;
        let functions = folder.join("functions");
        let lambda = Self {
            inner: Arc::new(Inner {
                executor: Executor::new(functions.join(".runtime"), surroundings.clone()),
                store,
                surroundings,
                functions,
                preparations: Preparations::default(),
            }),
        };
        lambda.remove_leftovers_of_others();
        Ok(lambda)
    }

    /// The service beside the others of the local cloud, which functions reach at `endpoint`.
    pub fn open(
        store: Store,
        folder: &Path,
        iam: Arc<Iam>,
        logs: Arc<Logs>,
        objects: Arc<dyn Objects>,
        endpoint: String,
    ) -> Result<Self, StoreError> {
        Self::new(
            store,
            folder,
            Arc::new(Neighbours {
                iam,
                logs,
                objects,
                endpoint,
            }),
        )
    }

    /// Answers one request of the Lambda API.
    pub async fn handle(&self, call: Call) -> Result<Reply, ApiError> {
        let call = with_input(call)?;
        match route::operation(&call)? {
            Operation::CreateFunction => self.create_function(&call).await,
            Operation::ListFunctions => self.list_functions(&call),
            Operation::GetFunction(name) => self.get_function(&call, &name),
            Operation::GetFunctionConfiguration(name) => self.get_function_configuration(&call, &name),
            Operation::UpdateFunctionCode(name) => self.update_function_code(&call, &name).await,
            Operation::UpdateFunctionConfiguration(name) => self.update_function_configuration(&call, &name).await,
            Operation::DeleteFunction(name) => self.delete_function(&call, &name),
            Operation::Invoke(name) => self.invoke_function(&call, &name).await,
            Operation::ListVersionsByFunction(name) => self.list_versions(&call, &name),
            Operation::GetFunctionCodeSigningConfig(name) => self.get_code_signing_config(&call, &name),
            Operation::AddPermission(name) => self.add_permission(&call, &name),
            Operation::RemovePermission(name, id) => self.remove_permission(&call, &name, &id),
            Operation::GetPolicy(name) => self.get_policy(&call, &name),
            Operation::GetCode(name) => self.get_code(&call, &name),
            Operation::PutFunctionConcurrency(name) => self.put_concurrency(&call, &name),
            Operation::GetFunctionConcurrency(name) => self.get_concurrency(&call, &name),
            Operation::DeleteFunctionConcurrency(name) => self.delete_concurrency(&call, &name),
            Operation::ListTags(arn) => self.list_tags(&call, &arn),
            Operation::TagResource(arn) => self.tag_resource(&call, &arn),
            Operation::UntagResource(arn) => self.untag_resource(&call, &arn),
        }
    }

    /// Ends all function processes and takes no more invocations.
    pub fn shutdown(&self) {
        self.inner.executor.shutdown();
    }
}

impl Service for Lambda {
    fn call(&self, call: Call) -> Pending<'_, Result<Reply, ApiError>> {
        Box::pin(self.handle(call))
    }

    fn close(&self) -> Pending<'_, ()> {
        Box::pin(async {
            self.shutdown();
            // Of functions that were deleted while they ran.
            self.remove_leftovers();
        })
    }

    fn halt(&self) {
        self.shutdown();
    }
}

/// The door may leave the body unread, since that of Invoke is the payload.
fn with_input(mut call: Call) -> Result<Call, ApiError> {
    if call.input.is_null() && !call.body.is_empty() && !route::is_invocation(&call) {
        call.input = serde_json::from_slice(&call.body).map_err(|problem| {
            ApiError::new(
                "SerializationException",
                format!("Could not parse request body into json: {problem}"),
            )
        })?;
    }
    Ok(call)
}

/// A JSON answer with that status.
fn json(status: u16, body: &Value) -> Result<Reply, ApiError> {
    reply(
        http::Response::builder()
            .status(status)
            .header(http::header::CONTENT_TYPE, "application/json"),
        Bytes::from(body.to_string()),
    )
}

/// A 204 without a body.
fn no_content() -> Result<Reply, ApiError> {
    reply(http::Response::builder().status(204), Bytes::new())
}

fn reply(response: http::response::Builder, body: Bytes) -> Result<Reply, ApiError> {
    response
        .body(body)
        .map(Reply::Http)
        .map_err(|problem| service_exception(format!("cannot write the answer: {problem}")))
}

/// Something of ours failed.
fn service_exception(message: impl Into<String>) -> ApiError {
    ApiError::with_status(500, "ServiceException", message)
}

/// An error of the caller with the member `Type`, as Lambda's modelled exceptions have it.
fn user_error(status: u16, code: &str, message: impl Into<String>) -> ApiError {
    let mut error = ApiError::with_status(status, code, message);
    error.extra.insert("Type".to_owned(), Value::from("User"));
    error
}

fn invalid_parameter(message: impl Into<String>) -> ApiError {
    user_error(400, "InvalidParameterValueException", message)
}
