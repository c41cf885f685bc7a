//! The door over TCP: HTTP/1.1 on a loopback port.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
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
    let response = match Limited::new(body, BODY_LIMIT).collect().await {
        Ok(body) => cloud.handle(Request::from_parts(parts, body.to_bytes())).await,
        Err(error) if error.is::<http_body_util::LengthLimitError>() => {
            plain_error(413, &too_large(parts.uri.path()).message)
        }
        Err(_) => plain_error(400, "the request body broke off"),
    };
    Ok(response.map(Full::new))
}
