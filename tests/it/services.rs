//! Each service of the local cloud, twice: through the AWS SDK in this process, without a socket (`services/*.rs`), and by boto3 over
//! TCP (`tests/services/*.py`).
//!
//! The Python interpreter is `STEPSTACK_TEST_PYTHON`, else `python3`; without boto3 in it, the second half says that it was skipped.

mod dynamodb;
mod events;
mod kill;
mod s3;
mod sns;
mod sqs;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::Command;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use http_body_util::BodyExt;
use stepstack::local::{LocalDoor, Options};

/// A local cloud in a folder that lives as long as this.
pub struct Local {
    pub door: LocalDoor,
    folder: tempfile::TempDir,
}

impl Local {
    pub async fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let door = open_in(folder.path()).await;
        Self { door, folder }
    }

    /// Closes it and opens it again, as the next process would.
    pub async fn reopen(self) -> Self {
        self.door.close().await;
        let door = open_in(self.folder.path()).await;
        Self { door, ..self }
    }

    /// For clients of the SDK that reach it in this process.
    pub fn config(&self) -> SdkConfig {
        SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-east-1"))
            .credentials_provider(SharedCredentialsProvider::new(Credentials::for_tests()))
            .endpoint_url("http://local.stepstack.invalid")
            .http_client(Way(self.door.clone()))
            .build()
    }
}

async fn open_in(folder: &Path) -> LocalDoor {
    let options = Options {
        folder: folder.to_owned(),
        listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        mock_config: None,
    };
    LocalDoor::open(options).await.unwrap()
}

#[derive(Clone)]
struct Way(LocalDoor);

impl std::fmt::Debug for Way {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Way")
    }
}

impl HttpClient for Way {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Way {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let door = self.0.clone();
        HttpConnectorFuture::new(async move {
            let (parts, body) = request.try_into_http1x().unwrap().into_parts();
            let body = body.collect().await.unwrap().to_bytes();
            let answer = door.call(http::Request::from_parts(parts, body)).await;
            let response = answer.map_err(|why| ConnectorError::io(why.into()))?;
            Ok(HttpResponse::try_from(response.map(SdkBody::from)).unwrap())
        })
    }
}

/// Code and message of what a service refused; fails the test if it did not.
#[track_caller]
pub fn refused<T: std::fmt::Debug, E>(
    found: Result<T, aws_smithy_runtime_api::client::result::SdkError<E, HttpResponse>>,
) -> String
where
    E: aws_smithy_types::error::metadata::ProvideErrorMetadata + std::fmt::Debug,
{
    let failure = found.unwrap_err();
    match failure.as_service_error() {
        Some(error) => format!("{}: {}", error.code().unwrap_or("?"), error.message().unwrap_or("?")),
        None => panic!("not refused by the service: {failure:?}"),
    }
}

/// Runs a script of `tests/services` against a local cloud of its own.
#[allow(clippy::print_stderr, reason = "a test that tested nothing has to say so")]
pub async fn boto3(script: &str) {
    let python = std::env::var("STEPSTACK_TEST_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let has_boto3 = Command::new(&python).args(["-c", "import boto3"]).output();
    if !has_boto3.is_ok_and(|output| output.status.success()) {
        eprintln!(
            "skipped: {script} needs boto3, which {python} does not have (STEPSTACK_TEST_PYTHON names another one)"
        );
        return;
    }
    let local = Local::open().await;
    let script = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/services")
        .join(script);
    let mut command = Command::new(&python);
    command
        .arg(&script)
        .env("AWS_ENDPOINT_URL", local.door.endpoint())
        .env("PYTHONDONTWRITEBYTECODE", "1");
    let output = tokio::task::spawn_blocking(move || command.output())
        .await
        .unwrap()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(
        output.status.success(),
        "{}{}",
        text(&output.stdout),
        text(&output.stderr)
    );
    local.door.close().await;
}
