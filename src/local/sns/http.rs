//! Requests to HTTP endpoints on this machine, and to no other.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use bytes::Bytes;
use http::Uri;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// How long an endpoint may take, as on AWS.
const PATIENCE: Duration = Duration::from_secs(15);

/// An endpoint on this machine.
#[derive(Debug, PartialEq)]
pub(super) struct Target {
    address: SocketAddr,
    host: String,
    path: String,
}

impl Target {
    /// Reads a URL; none if it is not one of an address that is this machine's alone. No name is ever looked up.
    pub(super) fn read(url: &str) -> Option<Self> {
        let uri: Uri = url.parse().ok()?;
        if uri.scheme_str() != Some("http") || uri.authority()?.as_str().contains('@') {
            return None;
        }
        let host = uri.host()?;
        let address: IpAddr = if host.eq_ignore_ascii_case("localhost") {
            Ipv4Addr::LOCALHOST.into()
        } else {
            host.trim_start_matches('[').trim_end_matches(']').parse().ok()?
        };
        if !address.is_loopback() {
            return None;
        }
        Some(Self {
            address: SocketAddr::from((address, uri.port_u16().unwrap_or(80))),
            host: uri.authority()?.to_string(),
            path: uri.path_and_query().map_or("/", |path| path.as_str()).to_owned(),
        })
    }
}

/// Posts a text; gives the status. An error is an endpoint that could not be reached or did not answer in time.
pub(super) async fn post(target: &Target, headers: &[(String, String)], body: String) -> Result<u16, String> {
    match tokio::time::timeout(PATIENCE, exchange(target, headers, body)).await {
        Ok(answer) => answer,
        Err(_) => Err(format!("no answer within {} seconds", PATIENCE.as_secs())),
    }
}

async fn exchange(target: &Target, headers: &[(String, String)], body: String) -> Result<u16, String> {
    let stream = TcpStream::connect(target.address)
        .await
        .map_err(|error| error.to_string())?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream))
        .await
        .map_err(|error| error.to_string())?;
    let mut request = http::Request::post(&target.path)
        .header("host", &target.host)
        .header("content-type", "text/plain; charset=UTF-8")
        .header("user-agent", "Amazon Simple Notification Service Agent");
    for (name, value) in headers {
        request = request.header(name, value);
    }
    let request = request
        .body(Full::new(Bytes::from(body)))
        .map_err(|error| error.to_string())?;
    let answer = async {
        let response = sender.send_request(request).await.map_err(|error| error.to_string())?;
        let status = response.status().as_u16();
        // Read, so that the endpoint can end in peace; what it says does not matter.
        let _ = http_body_util::Limited::new(response.into_body(), 65_536)
            .collect()
            .await;
        Ok(status)
    };
    let mut connection = std::pin::pin!(connection);
    let mut answer = std::pin::pin!(answer);
    tokio::select! {
        status = &mut answer => status,
        ended = &mut connection => match ended {
            Ok(()) => answer.await,
            Err(error) => Err(error.to_string()),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_of_this_machine_are_targets() {
        let check = |url: &str, expected: Option<(&str, &str)>| {
            let found = Target::read(url).map(|target| (target.address.to_string(), target.path));
            let found = found.as_ref().map(|(address, path)| (address.as_str(), path.as_str()));
            assert_eq!(found, expected, "{url}");
        };
        check("http://127.0.0.1:8080/a?b=c", Some(("127.0.0.1:8080", "/a?b=c")));
        check("http://LocalHost", Some(("127.0.0.1:80", "/")));
        check("http://[::1]:1/", Some(("[::1]:1", "/")));
        for url in [
            "http://10.0.0.1/",
            "http://169.254.169.254/latest",
            "http://example.com/",
            "http://localhost.example.com/",
            "http://127.0.0.1@example.com/",
            "http://user@127.0.0.1/",
            "https://127.0.0.1/",
            "http://0.0.0.0/",
            "ftp://127.0.0.1/",
            "http://",
            "",
        ] {
            check(url, None);
        }
    }
}
