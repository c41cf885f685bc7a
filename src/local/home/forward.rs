//! Requests to the process that owns the folder.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use http::header::HOST;
use http::uri::Uri;
use http::{HeaderValue, Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// How long the owner may take to accept a connection, and to answer who it is.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Why there is no answer.
#[derive(Debug)]
pub(super) enum NoAnswer {
    /// The owner never had the request: it may be sent again.
    NotSent,
    /// The connection was lost after the request was sent: nobody knows what became of it.
    Lost(String),
}

/// Sends one request to `http://ADDRESS` and gives the whole answer.
pub(super) async fn send(address: SocketAddr, mut request: Request<Bytes>) -> Result<Response<Bytes>, NoAnswer> {
    let stream = tokio::time::timeout(CONNECT_TIMEOUT, TcpStream::connect(address))
        .await
        .map_err(|_| NoAnswer::NotSent)?
        .map_err(|_| NoAnswer::NotSent)?;
    let _ = stream.set_nodelay(true);
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream))
        .await
        .map_err(|_| NoAnswer::NotSent)?;
    let connection = AbortOnDrop(tokio::spawn(async move {
        let _ = connection.await;
    }));

    to_origin_form(&mut request, address);
    let response = sender
        .try_send_request(request.map(Full::new))
        .await
        .map_err(|mut error| {
            if error.take_message().is_some() {
                NoAnswer::NotSent
            } else {
                NoAnswer::Lost(error.error().to_string())
            }
        })?;
    let (parts, body) = response.into_parts();
    let body = body
        .collect()
        .await
        .map_err(|error| NoAnswer::Lost(error.to_string()))?;
    drop(connection);
    Ok(Response::from_parts(parts, body.to_bytes()))
}

/// The owner's own word on who it is: the instance id of its status page.
pub(super) async fn instance(address: SocketAddr) -> Option<String> {
    let mut request = Request::new(Bytes::new());
    *request.uri_mut() = Uri::from_static("/_stepstack/status");
    let response = tokio::time::timeout(CONNECT_TIMEOUT, send(address, request))
        .await
        .ok()?
        .ok()?;
    let status: serde_json::Value = serde_json::from_slice(response.body()).ok()?;
    Some(status.get("instance")?.as_str()?.to_owned())
}

/// HTTP/1.1 has path and query in the request line, and the host in a header.
fn to_origin_form(request: &mut Request<Bytes>, address: SocketAddr) {
    if !request.headers().contains_key(HOST) {
        let host = request
            .uri()
            .authority()
            .map_or_else(|| address.to_string(), ToString::to_string);
        if let Ok(host) = HeaderValue::from_str(&host) {
            request.headers_mut().insert(HOST, host);
        }
    }
    let path = request.uri().path_and_query().cloned();
    *request.uri_mut() = path.map_or_else(|| Uri::from_static("/"), Uri::from);
    *request.version_mut() = http::Version::HTTP_11;
}

struct AbortOnDrop(tokio::task::JoinHandle<()>);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}
