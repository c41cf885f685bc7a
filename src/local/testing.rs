//! A local cloud for tests, and hand-made requests to it.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use bytes::Bytes;
use http::Request;
use serde_json::Value;

use super::{LocalCloud, Place};

/// A local cloud in a folder that lives as long as this.
pub(crate) struct Cloud {
    pub(crate) cloud: LocalCloud,
    _folder: tempfile::TempDir,
}

impl Cloud {
    pub(crate) async fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let place = Place {
            folder: folder.path().to_owned(),
            endpoint: "http://127.0.0.1:1".to_owned(),
            instance: "test".to_owned(),
            mock_config: None,
        };
        Self {
            cloud: LocalCloud::open(place).await.unwrap(),
            _folder: folder,
        }
    }

    /// Status and body of the answer.
    pub(crate) async fn send(&self, request: Request<Bytes>) -> (u16, String) {
        let response = self.cloud.handle(request).await;
        let body = String::from_utf8(response.body().to_vec()).unwrap();
        (response.status().as_u16(), body)
    }

    /// A call of the query protocol: what is between the result's (or the error's) tags, without the request id.
    pub(crate) async fn query(&self, version: &str, action: &str, params: &[(&str, &str)]) -> (u16, String) {
        let form = form_urlencoded::Serializer::new(String::new())
            .append_pair("Version", version)
            .append_pair("Action", action)
            .extend_pairs(params)
            .finish();
        let request = Request::post("/").header("content-type", "application/x-www-form-urlencoded");
        let (status, body) = self.send(request.body(Bytes::from(form)).unwrap()).await;
        let element = if status == 200 {
            format!("{action}Result")
        } else {
            "Error".to_owned()
        };
        let (start, end) = (format!("<{element}>"), format!("</{element}>"));
        let content = body.split_once(&start).and_then(|(_, rest)| rest.split_once(&end));
        (
            status,
            content.map(|(content, _)| content.to_owned()).unwrap_or_default(),
        )
    }

    /// A call of a JSON protocol.
    pub(crate) async fn json(&self, target: &str, input: &Value) -> (u16, Value) {
        let request = Request::post("/").header("x-amz-target", target);
        let (status, body) = self.send(request.body(Bytes::from(input.to_string())).unwrap()).await;
        let body = if body.is_empty() {
            Value::Null
        } else {
            serde_json::from_str(&body).unwrap()
        };
        (status, body)
    }
}
