//! The door over TCP: HTTP/1.1 on a loopback port.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Body, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

use super::LocalCloud;
use super::door::{BODY_LIMIT, plain_error, too_large};

/// How long a client may take for the head of a request.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);

/// A running server.
pub(crate) struct Server {
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Server {
    /// Serves `cloud` on `listener` until stopped.
    pub(crate) fn start(listener: TcpListener, cloud: LocalCloud) -> Self {
        let (stop, stopped) = watch::channel(false);
        let task = tokio::spawn(accept(listener, cloud, stopped));
        Self { stop, task }
    }

    /// Accepts no more connections; those there are end after the answer they wait for. Gives up on them after `patience`.
    pub(crate) async fn stop(&mut self, patience: Duration) {
        self.stop.send_replace(true);
        if tokio::time::timeout(patience, &mut self.task).await.is_err() {
            self.task.abort();
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn accept(listener: TcpListener, cloud: LocalCloud, mut stopped: watch::Receiver<bool>) {
    let mut connections = JoinSet::new();
    let for_connections = stopped.clone();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => {
                    connections.spawn(serve(stream, peer, cloud.clone(), for_connections.clone()));
                }
                // Out of file descriptors, or a client that was gone at once: the next one may do better.
                Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            },
            Some(_) = connections.join_next() => {}
            () = stop_asked(&mut stopped) => break,
        }
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
}

async fn stop_asked(stopped: &mut watch::Receiver<bool>) {
    let _ = stopped.wait_for(|&stop| stop).await;
}

async fn serve(stream: TcpStream, peer: SocketAddr, cloud: LocalCloud, mut stopped: watch::Receiver<bool>) {
    if !peer.ip().to_canonical().is_loopback() || stream.set_nodelay(true).is_err() {
        return;
    }
    let service = service_fn(move |request| answer(request, cloud.clone()));
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = std::pin::pin!(connection);
    // An error is the client's: it went away, or does not speak HTTP.
    tokio::select! {
        _ = connection.as_mut() => return,
        () = stop_asked(&mut stopped) => connection.as_mut().graceful_shutdown(),
    }
    let _ = connection.await;
}

async fn answer(request: Request<Incoming>, cloud: LocalCloud) -> Result<Response<Full<Bytes>>, Infallible> {
    let (parts, body) = request.into_parts();
    let too_large = || plain_error(413, &too_large(parts.uri.path()).message);
    // Said beforehand, or found out while reading.
    if body.size_hint().lower() > BODY_LIMIT as u64 {
        return Ok(too_large().map(Full::new));
    }
    let response = match Limited::new(body, BODY_LIMIT).collect().await {
        Ok(body) => cloud.handle(Request::from_parts(parts, body.to_bytes())).await,
        Err(error) if error.is::<http_body_util::LengthLimitError>() => too_large(),
        Err(_) => plain_error(400, "the request body broke off"),
    };
    Ok(response.map(Full::new))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;
    use crate::local::testing::Cloud;

    /// Sends raw bytes, and gives what comes back until the server closes the connection.
    async fn check(sent: &str, expected_status: &str, expected_content: &str) {
        let cloud = Cloud::open().await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let _server = Server::start(listener, cloud.cloud.clone());
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(sent.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with(&format!("HTTP/1.1 {expected_status}")), "{answer}");
        assert!(answer.contains(expected_content), "{answer}");
    }

    #[tokio::test]
    async fn requests_over_tcp() {
        let identity = "Action=GetCallerIdentity&Version=2011-06-15";
        let post = |body: &str, headers: &str| {
            format!(
                "POST / HTTP/1.1\r\nHost: sync-localhost:4566\r\nConnection: close\r\n\
                 Content-Type: application/x-www-form-urlencoded\r\n{headers}\r\n{body}"
            )
        };
        let length = format!("Content-Length: {}\r\n", identity.len());
        check(&post(identity, &length), "200", "<Account>000000000000</Account>").await;
        let chunked = format!("{:x}\r\n{identity}\r\n0\r\n\r\n", identity.len());
        check(
            &post(&chunked, "Transfer-Encoding: chunked\r\n"),
            "200",
            "x-amzn-requestid",
        )
        .await;
        check(
            &post("", "Content-Length: 70167212\r\n"),
            "413",
            "Request must be smaller than",
        )
        .await;
        check("nonsense\r\n\r\n", "400", "").await;
    }

    #[tokio::test]
    async fn stopping_ends_idle_connections_and_the_listener() {
        let cloud = Cloud::open().await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut server = Server::start(listener, cloud.cloud.clone());
        let mut idle = TcpStream::connect(address).await.unwrap();
        idle.write_all(b"GET /_localstack/health HTTP/1.1\r\nHost: x\r\n\r\n")
            .await
            .unwrap();
        let mut first = [0; 4];
        idle.read_exact(&mut first).await.unwrap();
        server.stop(Duration::from_secs(60)).await;
        let mut rest = String::new();
        idle.read_to_string(&mut rest).await.unwrap();
        assert!(TcpStream::connect(address).await.is_err());
    }
}
