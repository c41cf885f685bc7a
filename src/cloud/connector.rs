//! An HTTP client for the SDK that has no network: requests go through a [`Door`] in this process.

use std::sync::Arc;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use http_body_util::BodyExt;

use super::Door;

/// The door, as the SDK wants it.
#[derive(Clone, Debug)]
pub(super) struct DoorClient(pub(super) Arc<dyn Door>);

impl HttpClient for DoorClient {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for DoorClient {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let door = Arc::clone(&self.0);
        HttpConnectorFuture::new(async move {
            let user = |error| ConnectorError::user(error);
            let (parts, body) = request
                .try_into_http1x()
                .map_err(|error| user(error.into()))?
                .into_parts();
            let body: Bytes = body.collect().await.map_err(user)?.to_bytes();
            let response = door
                .call(http::Request::from_parts(parts, body))
                .await
                .map_err(|why| ConnectorError::io(why.into()))?;
            HttpResponse::try_from(response.map(SdkBody::from))
                .map_err(|error| ConnectorError::other(error.into(), None))
        })
    }
}
