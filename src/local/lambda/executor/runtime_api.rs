//! The Runtime API, served to one process on a port of its own.
//!
//! <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>

use std::convert::Infallible;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};
use tokio::task::{JoinHandle, JoinSet};

use super::failure::RESPONSE_LIMIT;

/// An invocation, as the process is told of it.
#[derive(Debug)]
pub(super) struct Event {
    pub(super) request_id: String,
    /// The headers of the answer to `next`.
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) payload: Bytes,
}

/// What the process told.
#[derive(Debug)]
pub(super) enum Report {
    /// It waits for the next event.
    Ready,
    Response(Bytes),
    ResponseTooLarge,
    Error(Bytes),
    InitError(Bytes),
}

/// Our side of it; the server ends when dropped.
pub(super) struct RuntimeApi {
    pub(super) address: SocketAddr,
    pub(super) reports: UnboundedReceiver<Report>,
    events: UnboundedSender<Event>,
    server: JoinHandle<()>,
}

struct Desk {
    events: tokio::sync::Mutex<UnboundedReceiver<Event>>,
    reports: UnboundedSender<Report>,
    /// The request whose result is awaited.
    current: Mutex<Option<String>>,
}

impl RuntimeApi {
    pub(super) async fn serve() -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let (events, taken) = mpsc::unbounded_channel();
        let (told, reports) = mpsc::unbounded_channel();
        let desk = Arc::new(Desk {
            events: tokio::sync::Mutex::new(taken),
            reports: told,
            current: Mutex::default(),
        });
        Ok(Self {
            address,
            reports,
            events,
            server: tokio::spawn(accept(listener, desk)),
        })
    }

    /// Hands an event to the process, now or when it next asks.
    pub(super) fn deliver(&self, event: Event) {
        // The server that receives it lives as long as we do.
        let _ = self.events.send(event);
    }
}

impl Drop for RuntimeApi {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn accept(listener: TcpListener, desk: Arc<Desk>) {
    // Aborts the connections when it is dropped with this future.
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        while connections.try_join_next().is_some() {}
        let desk = desk.clone();
        connections.spawn(async move {
            let service = service_fn(move |request| {
                let desk = desk.clone();
                async move { Ok::<_, Infallible>(desk.answer(request).await) }
            });
            // A process that breaks its connection off is noticed by its end.
            let _ = hyper::server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
    }
}

impl Desk {
    async fn answer(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let path = request.uri().path().to_owned();
        let Some(route) = path.strip_prefix("/2018-06-01/runtime/") else {
            return error(
                StatusCode::NOT_FOUND,
                "NotFound",
                "there is no such path in the Runtime API",
            );
        };
        let parts: Vec<&str> = route.split('/').collect();
        match (request.method(), parts.as_slice()) {
            (&Method::GET, ["invocation", "next"]) => self.next().await,
            (&Method::POST, ["invocation", id, "response"]) => self.result(id, request, Report::Response).await,
            (&Method::POST, ["invocation", id, "error"]) => self.result(id, request, Report::Error).await,
            (&Method::POST, ["init", "error"]) => match body(request).await {
                Ok(body) => self.accepted(Report::InitError(body)),
                Err(problem) => problem.answer(),
            },
            _ => error(
                StatusCode::NOT_FOUND,
                "NotFound",
                "there is no such path in the Runtime API",
            ),
        }
    }

    async fn next(&self) -> Response<Full<Bytes>> {
        let _ = self.reports.send(Report::Ready);
        let Some(event) = self.events.lock().await.recv().await else {
            return error(StatusCode::GONE, "Gone", "there will be no more events");
        };
        let mut response = Response::new(Full::new(event.payload));
        let headers = response.headers_mut();
        headers.insert(http::header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        for (name, value) in event.headers {
            if let Ok(value) = HeaderValue::from_bytes(value.as_bytes()) {
                headers.insert(name, value);
            }
        }
        *self.current() = Some(event.request_id);
        response
    }

    async fn result(
        &self,
        id: &str,
        request: Request<Incoming>,
        report: impl Fn(Bytes) -> Report,
    ) -> Response<Full<Bytes>> {
        if self.current().as_deref() != Some(id) {
            return error(StatusCode::BAD_REQUEST, "InvalidRequestID", "Invalid request ID");
        }
        let body = body(request).await;
        *self.current() = None;
        match body {
            Ok(body) => self.accepted(report(body)),
            Err(problem) => {
                if matches!(problem, BodyProblem::TooLarge) {
                    let _ = self.reports.send(Report::ResponseTooLarge);
                }
                problem.answer()
            }
        }
    }

    fn accepted(&self, report: Report) -> Response<Full<Bytes>> {
        let _ = self.reports.send(report);
        let mut response = Response::new(Full::from(r#"{"status":"OK"}"#));
        *response.status_mut() = StatusCode::ACCEPTED;
        response
    }

    fn current(&self) -> MutexGuard<'_, Option<String>> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

enum BodyProblem {
    TooLarge,
    Broken,
}

impl BodyProblem {
    fn answer(&self) -> Response<Full<Bytes>> {
        match self {
            Self::TooLarge => error(
                StatusCode::PAYLOAD_TOO_LARGE,
                "RequestEntityTooLarge",
                &format!("Exceeded maximum allowed payload size ({RESPONSE_LIMIT} bytes)."),
            ),
            Self::Broken => error(StatusCode::BAD_REQUEST, "BadRequest", "the body broke off"),
        }
    }
}

async fn body(request: Request<Incoming>) -> Result<Bytes, BodyProblem> {
    match Limited::new(request.into_body(), RESPONSE_LIMIT).collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(problem) if problem.is::<LengthLimitError>() => Err(BodyProblem::TooLarge),
        Err(_) => Err(BodyProblem::Broken),
    }
}

fn error(status: StatusCode, kind: &str, message: &str) -> Response<Full<Bytes>> {
    let body = json!({ "errorType": kind, "errorMessage": message }).to_string();
    let mut response = Response::new(Full::from(body));
    *response.status_mut() = status;
    response
}
