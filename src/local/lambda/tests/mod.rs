//! Tests of the service as a whole, with real Node.js and Python.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod api;
mod door;
mod invocations;
mod limits;
mod runs;

use std::collections::HashMap;
use std::io::Write as _;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::{Value, json};
use zip::write::SimpleFileOptions;

use super::{Invoked, Lambda, RoleStanding, Surroundings};
use crate::local::api::{ApiError, Call, Reply};
use crate::local::store::{Store, StoreError};

pub(super) const ROLE: &str = "arn:aws:iam::000000000000:role/good";
pub(super) const ECHO: &str = "exports.handler = async (event) => event;";

/// A Lambda over a store in memory.
pub(super) struct Bench {
    pub(super) lambda: Lambda,
    pub(super) surroundings: Arc<Fake>,
    pub(super) folder: tempfile::TempDir,
}

#[derive(Default)]
pub(super) struct Fake {
    /// Group, stream, line.
    pub(super) logged: Mutex<Vec<(String, String, String)>>,
    /// What is in S3, by bucket and key.
    pub(super) objects: Mutex<HashMap<String, Bytes>>,
}

impl Surroundings for Fake {
    fn role(&self, arn: &str) -> Result<RoleStanding, StoreError> {
        Ok(match arn {
            ROLE => RoleStanding::Assumable,
            _ => RoleStanding::NotAssumable,
        })
    }

    fn log(&self, _region: &str, group: &str, stream: &str, lines: Vec<(u64, String)>) -> Result<(), StoreError> {
        let mut logged = self.logged.lock().unwrap();
        logged.extend(
            lines
                .into_iter()
                .map(|(_, line)| (group.to_owned(), stream.to_owned(), line)),
        );
        Ok(())
    }

    fn object(&self, bucket: &str, key: &str) -> Result<Bytes, ApiError> {
        let objects = self.objects.lock().unwrap();
        let found = objects.get(&format!("{bucket}/{key}")).cloned();
        found.ok_or_else(|| ApiError::with_status(404, "NoSuchKey", "The specified key does not exist."))
    }

    fn endpoint(&self) -> String {
        "http://127.0.0.1:4566".to_owned()
    }

    fn now_ms(&self) -> u64 {
        crate::local::clock::now()
    }

    fn uuid(&self) -> String {
        crate::local::random::uuid()
    }
}

impl Bench {
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let surroundings = Arc::new(Fake::default());
        let lambda = Lambda::new(Store::in_memory().unwrap(), folder.path(), surroundings.clone()).unwrap();
        Self {
            lambda,
            surroundings,
            folder,
        }
    }

    /// Status and JSON body of the answer (text where it is none), or the error.
    pub(super) async fn call(&self, method: &str, path: &str, input: Value) -> Result<(u16, Value), ApiError> {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let call = Call {
            operation: String::new(),
            input: Value::Null,
            method: method.parse().unwrap(),
            path: path.to_owned(),
            query: form_urlencoded::parse(query.as_bytes()).into_owned().collect(),
            headers: http::HeaderMap::new(),
            body: match input {
                Value::Null => Bytes::new(),
                input => Bytes::from(input.to_string()),
            },
            region: "us-east-1".to_owned(),
            request_id: crate::local::random::uuid(),
        };
        self.send(call).await.map(|response| {
            let body = serde_json::from_slice(response.body())
                .unwrap_or_else(|_| json!(String::from_utf8_lossy(response.body())));
            (response.status().as_u16(), body)
        })
    }

    pub(super) async fn send(&self, call: Call) -> Result<http::Response<Bytes>, ApiError> {
        match self.lambda.handle(call).await? {
            Reply::Http(response) => Ok(response),
            other => panic!("not a REST reply: {other:?}"),
        }
    }

    /// Creates a function and waits until it is active.
    pub(super) async fn create(&self, name: &str, runtime: &str, handler: &str, files: &[(&str, &str)], more: Value) {
        let mut input = creation(name, runtime, handler, files);
        input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.call("POST", "/2015-03-31/functions", input).await.unwrap();
        self.settled(name).await;
    }

    /// Waits until a function is neither pending nor being updated.
    pub(super) async fn settled(&self, name: &str) -> Value {
        let path = format!("/2015-03-31/functions/{name}/configuration");
        let settle = async {
            loop {
                let (_, configuration) = self.call("GET", &path, Value::Null).await.unwrap();
                if configuration["LastUpdateStatus"] == "Successful" {
                    return configuration;
                }
                assert_ne!(configuration["State"], "Failed", "{configuration}");
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), settle).await.unwrap()
    }

    pub(super) async fn invoke(&self, name: &str, event: Value) -> Invoked {
        let payload = Bytes::from(event.to_string());
        self.lambda.invoke("us-east-1", name, None, payload).await.unwrap()
    }

    /// The result of a function that succeeds.
    pub(super) async fn result(&self, name: &str, event: Value) -> Value {
        let invoked = self.invoke(name, event).await;
        let payload = String::from_utf8_lossy(&invoked.payload).into_owned();
        assert_eq!(invoked.function_error, None, "{payload}\n{}", invoked.log_tail.unwrap());
        serde_json::from_str(&payload).unwrap()
    }

    /// The error of a function that fails, with the request id as `ID`.
    pub(super) async fn failure(&self, name: &str, event: Value) -> Value {
        let invoked = self.invoke(name, event).await;
        let payload = String::from_utf8_lossy(&invoked.payload).replace(&invoked.request_id, "ID");
        assert_eq!(invoked.function_error.as_deref(), Some("Unhandled"), "{payload}");
        serde_json::from_str(&payload).unwrap()
    }
}

pub(super) fn creation(name: &str, runtime: &str, handler: &str, files: &[(&str, &str)]) -> Value {
    json!({
        "FunctionName": name,
        "Runtime": runtime,
        "Handler": handler,
        "Role": ROLE,
        "Timeout": 20,
        "Code": { "ZipFile": zip(files) },
    })
}

/// A zip in base64; a file with a shebang is executable.
pub(super) fn zip(files: &[(&str, &str)]) -> String {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, text) in files {
        let mode = if text.starts_with("#!") { 0o755 } else { 0o644 };
        let options = SimpleFileOptions::default().unix_permissions(mode);
        writer.start_file(*name, options).unwrap();
        writer.write_all(text.as_bytes()).unwrap();
    }
    STANDARD.encode(writer.finish().unwrap().into_inner())
}
