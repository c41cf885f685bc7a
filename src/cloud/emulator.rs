//! What answers at an endpoint of this machine: LocalStack and those that answer as it does tell their edition, version and
//! services on [a page of health](https://docs.localstack.cloud/aws/capabilities/config/internal-endpoints/).

use std::collections::BTreeMap;
use std::error::Error;
use std::time::Duration;

use aws_smithy_http_client::{Connector, tls};
use aws_smithy_runtime_api::client::http::HttpConnector;
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use http_body_util::BodyExt;
use serde::Deserialize;

use super::error::deepest;
use crate::plan::Desired;
use crate::stack::cases::Product;

/// Where LocalStack tells how it is.
const HEALTH: &str = "/_localstack/health";

/// A page that only moto has.
const MOTO: &str = "/moto-api/";

/// How long an answer may take: what is up tells its health at once.
const PATIENCE: Duration = Duration::from_secs(5);

/// Longer pages are no page of health.
const LONGEST: usize = 1 << 20;

/// What answered, as it calls itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Emulator {
    /// `LocalStack community 2026.3.0`.
    pub name: String,
    /// Whose it is; none if that is not known.
    pub product: Option<Product>,
    /// Its services and what they are (`running`, `available`, `disabled` …); empty if it does not tell.
    pub services: BTreeMap<String, String>,
}

/// A service that a stack needs and an emulator does not offer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    /// As LocalStack names it: `stepfunctions`.
    pub service: &'static str,
    /// `disabled`, `error`; none if the emulator has never heard of it.
    pub state: Option<String>,
}

/// Why nothing is known of an endpoint.
#[derive(Debug, thiserror::Error)]
pub enum NoAnswer {
    /// Nothing listens there.
    #[error("nothing listens at {url}: {why}")]
    Nobody {
        /// The endpoint.
        url: String,
        /// What the system says.
        why: String,
    },
    /// Something listens, and does not serve requests.
    #[error("what listens at {url} does not serve requests: {why}")]
    NotReady {
        /// The endpoint.
        url: String,
        /// What came instead of an answer.
        why: String,
    },
}

#[derive(Deserialize)]
struct Page {
    #[serde(default)]
    services: BTreeMap<String, String>,
    edition: Option<String>,
    version: Option<String>,
    /// MiniStack's own.
    ready_scripts: Option<serde_json::Value>,
}

/// Asks an endpoint what it is. None if it answers and does not tell: then it is used as it is.
///
/// # Errors
/// When there is nothing, or nothing that serves requests yet.
pub async fn ask(url: &str) -> Result<Option<Emulator>, NoAnswer> {
    let (status, server, body) = get(url, HEALTH).await?;
    if status >= 500 {
        return Err(NoAnswer::NotReady {
            url: url.to_owned(),
            why: format!("its page of health answers {status}"),
        });
    }
    if status == 200
        && let Ok(page) = serde_json::from_slice::<Page>(&body)
    {
        return Ok(Some(Emulator {
            name: name_of(&page),
            product: Some(product_of(&page)),
            services: page.services,
        }));
    }
    if server.starts_with("Werkzeug") || server.starts_with("amazon.com") {
        let is_moto = matches!(get(url, MOTO).await, Ok((200, ..)));
        return Ok(is_moto.then(|| Emulator {
            name: "moto".to_owned(),
            product: Some(Product::Moto),
            ..Emulator::default()
        }));
    }
    Ok(None)
}

fn product_of(page: &Page) -> Product {
    match page.edition.as_deref() {
        Some("stepstack") => Product::Local,
        _ if page.ready_scripts.is_some() => Product::MiniStack,
        _ => Product::LocalStack,
    }
}

/// Product, edition and version.
fn name_of(page: &Page) -> String {
    let edition = page.edition.as_deref().unwrap_or_default();
    let (product, edition) = match (product_of(page), edition) {
        (Product::Local, _) => ("the local cloud of stepstack", ""),
        (Product::MiniStack, _) => ("MiniStack", edition),
        // In host mode LocalStack does not know.
        (_, "unknown") => ("LocalStack", ""),
        _ => ("LocalStack", edition),
    };
    let words = [product, edition, page.version.as_deref().unwrap_or_default()];
    words
        .into_iter()
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

impl Emulator {
    /// Which of those services it does not offer, `needed` being names of LocalStack's. None are missing where it does not tell.
    pub fn lacks(&self, needed: &[&'static str]) -> Vec<Missing> {
        if self.services.is_empty() {
            return Vec::new();
        }
        let state = |service: &str| {
            let also = (service == "stepfunctions").then_some("states");
            self.services.get(service).or_else(|| self.services.get(also?))
        };
        needed
            .iter()
            .filter_map(|service| match state(service).map(String::as_str) {
                Some(state @ ("disabled" | "error" | "stopped" | "stopping")) => Some(Missing {
                    service,
                    state: Some(state.to_owned()),
                }),
                Some(_) => None,
                None => Some(Missing { service, state: None }),
            })
            .collect()
    }
}

/// The services that a stack's own resources are made in, as LocalStack names them.
pub fn services_of(desired: &Desired) -> Vec<&'static str> {
    [
        ("sts", true),
        ("iam", !desired.roles.is_empty()),
        ("lambda", !desired.functions.is_empty()),
        ("logs", !desired.log_groups.is_empty()),
        ("stepfunctions", !desired.state_machines.is_empty()),
        ("sns", !desired.topics.is_empty()),
        ("sqs", !desired.queues.is_empty()),
        ("dynamodb", !desired.tables.is_empty()),
    ]
    .into_iter()
    .filter_map(|(service, needed)| needed.then_some(service))
    .collect()
}

/// Status, `Server` header and body.
async fn get(url: &str, path: &str) -> Result<(u16, String, Vec<u8>), NoAnswer> {
    let not_ready = |why: String| NoAnswer::NotReady {
        url: url.to_owned(),
        why,
    };
    let asked = async {
        let request = http::Request::get(format!("{}{path}", url.trim_end_matches('/')))
            .body(SdkBody::empty())
            .map_err(|error| not_ready(error.to_string()))?;
        let request = HttpRequest::try_from(request).map_err(|error| not_ready(error.to_string()))?;
        let response = connector().call(request).await.map_err(|error| refused(url, &error))?;
        read(response).await.map_err(not_ready)
    };
    tokio::time::timeout(PATIENCE, asked)
        .await
        .unwrap_or_else(|_| Err(not_ready(format!("no answer within {} s", PATIENCE.as_secs()))))
}

async fn read(response: HttpResponse) -> Result<(u16, String, Vec<u8>), String> {
    let status = response.status().as_u16();
    let server = response.headers().get("server").unwrap_or_default().to_owned();
    let body = http_body_util::Limited::new(response.into_body(), LONGEST);
    let body = body.collect().await.map_err(|error| error.to_string())?.to_bytes();
    Ok((status, server, body.to_vec()))
}

/// To this machine, so past any proxy.
fn connector() -> Connector {
    Connector::builder()
        .proxy_config(aws_smithy_http_client::proxy::ProxyConfig::disabled())
        .tls_provider(tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring))
        .build()
}

fn refused(url: &str, error: &ConnectorError) -> NoAnswer {
    let mut next: Option<&(dyn Error + 'static)> = Some(error);
    let mut nobody = false;
    while let Some(one) = next {
        if let Some(io) = one.downcast_ref::<std::io::Error>() {
            nobody |= io.kind() == std::io::ErrorKind::ConnectionRefused;
        }
        next = one.source();
    }
    let (url, why) = (url.to_owned(), deepest(error));
    if nobody {
        NoAnswer::Nobody { url, why }
    } else {
        NoAnswer::NotReady { url, why }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde_json::json;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    /// An endpoint that gives each caller the next of these answers; an empty one hangs up.
    async fn endpoint(answers: Vec<String>) -> String {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move {
            for answer in answers {
                let (mut stream, _) = listener.accept().await.unwrap();
                let _ = stream.read(&mut [0; 4096]).await;
                let _ = stream.write_all(answer.as_bytes()).await;
            }
        });
        url
    }

    fn http(status: &str, server: &str, body: &str) -> String {
        let length = body.len();
        format!("HTTP/1.1 {status}\r\nServer: {server}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}")
    }

    #[tokio::test]
    async fn products_tell_themselves() {
        let health = |page: serde_json::Value| http("200 OK", "TwistedWeb", &page.to_string());
        for (answers, expected) in [
            (
                vec![health(
                    json!({ "services": {}, "edition": "community", "version": "4.14.0" }),
                )],
                Some("LocalStack community 4.14.0, localstack"),
            ),
            (
                vec![health(
                    json!({ "services": {}, "edition": "unknown", "version": "2026.3.0" }),
                )],
                Some("LocalStack 2026.3.0, localstack"),
            ),
            (
                vec![health(
                    json!({ "services": {}, "edition": "pro", "version": "2026.5.0", "features": {} }),
                )],
                Some("LocalStack pro 2026.5.0, localstack"),
            ),
            (
                vec![health(
                    json!({ "edition": "light", "version": "1.4.21", "ready_scripts": {} }),
                )],
                Some("MiniStack light 1.4.21, ministack"),
            ),
            (
                vec![health(json!({ "edition": "stepstack", "version": "0.1.0" }))],
                Some("the local cloud of stepstack 0.1.0, local"),
            ),
            (
                vec![
                    http("404 NOT FOUND", "Werkzeug/3.1.9", "<Error/>"),
                    http("200 OK", "Werkzeug/3.1.9", "{}"),
                ],
                Some("moto, moto"),
            ),
            (
                vec![
                    http("404 NOT FOUND", "Werkzeug/3.1.9", ""),
                    http("404 NOT FOUND", "Werkzeug/3.1.9", ""),
                ],
                None,
            ),
            (vec![http("403 Forbidden", "nginx", "no")], None),
            (vec![http("200 OK", "nginx", "<html>")], None),
        ] {
            let url = endpoint(answers.clone()).await;
            let said = ask(&url).await.unwrap();
            let product = said.as_ref().and_then(|said| said.product).map(Product::name);
            let product = product.unwrap_or_default();
            let said = said.map(|said| format!("{}, {product}", said.name));
            assert_eq!(said.as_deref(), expected, "{answers:?}");
        }
    }

    #[tokio::test]
    async fn what_listens_and_does_not_serve_is_not_ready_and_nothing_is_nobody() {
        for answer in [String::new(), http("502 Bad Gateway", "nginx", "")] {
            let url = endpoint(vec![answer.clone()]).await;
            let why = ask(&url).await.unwrap_err();
            assert!(matches!(why, NoAnswer::NotReady { .. }), "{answer}: {why}");
        }
        let gone = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", gone.local_addr().unwrap());
        drop(gone);
        let why = ask(&url).await.unwrap_err();
        assert!(matches!(why, NoAnswer::Nobody { .. }), "{why}");
    }

    #[test]
    fn services_that_are_missing() {
        let check = |services: &[(&str, &str)], needed: &[&'static str], expected: &[(&str, Option<&str>)]| {
            let services = services
                .iter()
                .map(|(name, state)| ((*name).to_owned(), (*state).to_owned()));
            let emulator = Emulator {
                services: services.collect(),
                ..Emulator::default()
            };
            let lacks = emulator.lacks(needed);
            let lacks: Vec<_> = lacks.iter().map(|one| (one.service, one.state.as_deref())).collect();
            assert_eq!(lacks, expected);
        };
        let some = [
            ("iam", "running"),
            ("sqs", "disabled"),
            ("sns", "error"),
            ("sts", "starting"),
        ];
        check(&some, &["iam", "sts"], &[]);
        check(
            &some,
            &["sqs", "sns"],
            &[("sqs", Some("disabled")), ("sns", Some("error"))],
        );
        check(&some, &["dynamodb"], &[("dynamodb", None)]);
        check(&[("states", "available")], &["stepfunctions"], &[]);
        check(&[], &["stepfunctions"], &[]);
    }
}
