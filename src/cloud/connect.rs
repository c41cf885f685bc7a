//! Connecting: where the endpoint is, which credentials sign, how calls are retried and counted, and who we are.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use aws_config::profile::{ProfileFileCredentialsProvider, credentials};
use aws_config::provider_config::ProviderConfig;
use aws_config::retry::RetryConfig;
use aws_config::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_http_client::tls;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::endpoint::EndpointPrefix;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_smithy_runtime_api::client::interceptors::context::BeforeTransmitInterceptorContextRef;
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;

use super::connector::DoorClient;
use super::error::Tried;
use super::unlisted::Unlisted;
use super::{Clients, Cloud, CloudError, ConnectOptions, ErrorKind};
use crate::plan::Identity;
use crate::plan::names::partition_of_region;

/// Where LocalStack listens unless told otherwise.
pub const LOCALSTACK: &str = "http://127.0.0.1:4566";

/// The local cloud routes by what is signed, so any name does; this one can never be resolved.
const DOOR: &str = "http://local.stepstack.invalid";

/// The region of targets that are not AWS, as LocalStack's.
const DEFAULT_REGION: &str = "us-east-1";

/// How often it is asked who we are: before anything is under way, an answer that there is no way through should be soon.
const IDENTITY_ATTEMPTS: u32 = 3;

/// Connects: settles credentials and region, and asks who we are.
pub async fn connect(options: ConnectOptions) -> Result<Cloud, CloudError> {
    let config = match options.target.as_str() {
        "local" | "localstack" => emulator_config(&options)?,
        _ => aws_config(&options).await?,
    };
    let endpoint = match &options.door {
        Some(_) => None,
        None => config.endpoint_url().map(str::to_owned),
    };
    let calls = Arc::new(AtomicU64::new(0));
    let clients = clients(&config, &calls);
    let region = config.region().map(Region::to_string).unwrap_or_default();
    let identity = identify(&clients, &options.target, &region, endpoint).await?;
    Ok(Cloud {
        identity: Arc::new(identity),
        clients,
        calls,
        unlisted: Unlisted::new(options.notes),
    })
}

/// An emulator: nothing of the user's AWS configuration is read.
fn emulator_config(options: &ConnectOptions) -> Result<SdkConfig, CloudError> {
    let region = options.region.clone().unwrap_or_else(|| DEFAULT_REGION.to_owned());
    let builder = SdkConfig::builder()
        .behavior_version(behavior())
        .region(Region::new(region))
        .credentials_provider(SharedCredentialsProvider::new(emulator_credentials(&options.target)))
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        .retry_config(RetryConfig::standard().with_initial_backoff(std::time::Duration::from_millis(50)));
    match (&options.door, options.target.as_str()) {
        (Some(door), _) => Ok(builder
            .endpoint_url(DOOR)
            .http_client(DoorClient(Arc::clone(door)))
            // A function may run as long as it may: the door has no network that could hang.
            .timeout_config(TimeoutConfig::disabled())
            .build()),
        (None, "local") if options.endpoint_url.is_none() => Err(CloudError {
            message: "cannot connect to the local cloud: neither opened nor served at an endpoint".to_owned(),
            kind: ErrorKind::Unreachable,
            hints: vec!["this build may lack the feature `local`: use `--target localstack` or `aws`".to_owned()],
            source: None,
        }),
        _ => Ok(builder
            .endpoint_url(options.endpoint_url.as_deref().unwrap_or(LOCALSTACK))
            .http_client(https_client())
            .build()),
    }
}

/// LocalStack takes any key, and a twelve-digit one as the account; the user may have chosen one.
fn emulator_credentials(target: &str) -> Credentials {
    let from_environment = || {
        let read = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
        Some((read("AWS_ACCESS_KEY_ID")?, read("AWS_SECRET_ACCESS_KEY")?))
    };
    let chosen = if target == "localstack" {
        from_environment()
    } else {
        None
    };
    let (key, secret) = chosen.unwrap_or_else(|| ("test".to_owned(), "test".to_owned()));
    Credentials::new(key, secret, None, None, "stepstack")
}

/// AWS: the default chain of credentials and configuration.
async fn aws_config(options: &ConnectOptions) -> Result<SdkConfig, CloudError> {
    let mut loader = aws_config::defaults(behavior())
        .http_client(https_client())
        .retry_config(aws_retries());
    if let Some(profile) = &options.profile {
        loader = loader
            .profile_name(profile)
            .credentials_provider(profile_credentials(profile).build());
    }
    if let Some(region) = &options.region {
        loader = loader.region(Region::new(region.clone()));
    }
    if let Some(url) = &options.endpoint_url {
        loader = loader.endpoint_url(url);
    }
    let config = loader.load().await;
    if config.region().is_none() {
        let profile = options.profile.as_ref();
        let unknown = profile.map(|name| format!("no region is configured for the profile `{name}`, if there is one"));
        let mut hints = Vec::from_iter(unknown);
        hints.push("say `--region eu-central-1`, set AWS_REGION, or give the profile a `region`".to_owned());
        return Err(CloudError {
            message: "cannot tell which AWS region is meant".to_owned(),
            kind: ErrorKind::Refused,
            hints,
            source: None,
        });
    }
    Ok(config)
}

/// The credentials of a profile that was asked for, and no others: the default chain would take those of the environment
/// first, and so may act on another account than the one meant.
fn profile_credentials(profile: &str) -> credentials::Builder {
    let provider = ProviderConfig::default().with_http_client(https_client());
    ProfileFileCredentialsProvider::builder()
        .configure(&provider)
        .profile_name(profile)
}

/// Pinned, so that a newer SDK does not change how we behave unseen.
fn behavior() -> BehaviorVersion {
    BehaviorVersion::v2026_01_12()
}

/// AWS throttles: its control planes want patience.
fn aws_retries() -> RetryConfig {
    RetryConfig::adaptive().with_max_attempts(8)
}

fn https_client() -> SharedHttpClient {
    aws_smithy_http_client::Builder::new()
        .tls_provider(tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring))
        .build_https()
}

fn clients(config: &SdkConfig, calls: &Arc<AtomicU64>) -> Clients {
    let count = || CountCalls(Arc::clone(calls));
    let retries = config.retry_config().cloned().unwrap_or_else(RetryConfig::standard);
    Clients {
        dynamodb: aws_sdk_dynamodb::Client::from_conf(
            aws_sdk_dynamodb::config::Builder::from(config)
                .interceptor(count())
                .build(),
        ),
        iam: aws_sdk_iam::Client::from_conf(aws_sdk_iam::config::Builder::from(config).interceptor(count()).build()),
        lambda: aws_sdk_lambda::Client::from_conf(
            aws_sdk_lambda::config::Builder::from(config)
                .interceptor(count())
                .build(),
        ),
        logs: aws_sdk_cloudwatchlogs::Client::from_conf(
            aws_sdk_cloudwatchlogs::config::Builder::from(config)
                .interceptor(count())
                .build(),
        ),
        sfn: aws_sdk_sfn::Client::from_conf(step_functions(config).interceptor(count()).build()),
        sns: aws_sdk_sns::Client::from_conf(aws_sdk_sns::config::Builder::from(config).interceptor(count()).build()),
        sqs: aws_sdk_sqs::Client::from_conf(aws_sdk_sqs::config::Builder::from(config).interceptor(count()).build()),
        sts: aws_sdk_sts::Client::from_conf(
            aws_sdk_sts::config::Builder::from(config)
                .retry_config(retries.with_max_attempts(IDENTITY_ATTEMPTS))
                .interceptor(count())
                .build(),
        ),
    }
}

/// The SDK puts `sync-` before the host for some calls, which is right for AWS's own names only.
fn step_functions(config: &SdkConfig) -> aws_sdk_sfn::config::Builder {
    let builder = aws_sdk_sfn::config::Builder::from(config);
    match config.endpoint_url() {
        Some(_) => builder.interceptor(NoHostPrefix),
        None => builder,
    }
}

/// Leaves the host of an endpoint as it was given.
#[derive(Debug)]
struct NoHostPrefix;

#[dyn_dispatch_hint]
impl Intercept for NoHostPrefix {
    fn name(&self) -> &'static str {
        "NoHostPrefix"
    }

    fn read_before_attempt(
        &self,
        _: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        cfg.interceptor_state().unset::<EndpointPrefix>();
        Ok(())
    }
}

/// Counts requests as they are sent, retries included.
#[derive(Debug)]
struct CountCalls(Arc<AtomicU64>);

#[dyn_dispatch_hint]
impl Intercept for CountCalls {
    fn name(&self) -> &'static str {
        "CountCalls"
    }

    fn read_before_transmit(
        &self,
        _: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }
}

async fn identify(
    clients: &Clients,
    target: &str,
    region: &str,
    endpoint: Option<String>,
) -> Result<Identity, CloudError> {
    let asked = clients.sts.get_caller_identity().send().await;
    let caller = asked
        .tried(|| "find out which account this is".to_owned())
        .map_err(|fault| match (fault.status, endpoint.as_deref()) {
            (Some(status), Some(url)) if fault.code.is_empty() => no_aws(url, status),
            (_, endpoint) => {
                let mut error = CloudError::from(fault);
                if error.kind == ErrorKind::Unreachable {
                    unreachable_at(&mut error, target, endpoint);
                }
                error
            }
        })?;
    let partition = caller
        .arn()
        .and_then(|arn| arn.split(':').nth(1))
        .filter(|part| !part.is_empty());
    Ok(Identity {
        target: target.to_owned(),
        partition: partition.unwrap_or_else(|| partition_of_region(region)).to_owned(),
        account: caller.account().unwrap_or_default().to_owned(),
        region: region.to_owned(),
        endpoint,
    })
}

/// Something answers, and not in any way of AWS's.
fn no_aws(url: &str, status: u16) -> CloudError {
    CloudError {
        message: format!("what answers at {url} is no AWS: it answered with status {status} and no error code"),
        kind: ErrorKind::Unreachable,
        hints: vec!["is the endpoint right?".to_owned()],
        source: None,
    }
}

fn unreachable_at(error: &mut CloudError, target: &str, endpoint: Option<&str>) {
    match (target, endpoint) {
        ("localstack", Some(url)) => {
            error
                .hints
                .push(format!("nothing answers at {url}: is LocalStack running?"));
            error.hints.push("without it: `--target local`".to_owned());
        }
        (_, Some(url)) => error
            .hints
            .push(format!("nothing answers at {url}: is the endpoint right and up?")),
        (_, None) => error
            .hints
            .push("check the network, the proxy settings and the region".to_owned()),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    #[allow(deprecated)] // The names meant to replace them are in a crate that is not to be used directly.
    use aws_config::profile::profile_file::{ProfileFileKind, ProfileFiles};
    use aws_credential_types::provider::ProvideCredentials;

    use super::*;

    #[allow(deprecated)]
    #[tokio::test]
    async fn a_named_profile_is_the_one_taken_or_it_is_missed() {
        let files = ProfileFiles::builder()
            .with_contents(
                ProfileFileKind::Credentials,
                "[dev]\naws_access_key_id = DEV\naws_secret_access_key = x\n",
            )
            .build();
        let check = async |profile: &str| {
            let provider = profile_credentials(profile).profile_files(files.clone()).build();
            provider.provide_credentials().await
        };
        assert_eq!(check("dev").await.unwrap().access_key_id(), "DEV");
        let missed = super::super::error::deepest(&check("nope").await.unwrap_err());
        assert!(missed.contains("`nope` was not defined"), "{missed}");
    }

    #[derive(Debug)]
    struct Closed;

    impl crate::cloud::Door for Closed {
        fn call(
            &self,
            _: http::Request<bytes::Bytes>,
        ) -> std::pin::Pin<Box<dyn Future<Output = Result<http::Response<bytes::Bytes>, String>> + Send>> {
            Box::pin(async { Err("closed".to_owned()) })
        }
    }

    #[derive(Debug, Default)]
    struct Hosts(std::sync::Mutex<Vec<String>>);

    #[derive(Debug)]
    struct Listening(Arc<Hosts>);

    impl crate::cloud::Door for Listening {
        fn call(
            &self,
            request: http::Request<bytes::Bytes>,
        ) -> std::pin::Pin<Box<dyn Future<Output = Result<http::Response<bytes::Bytes>, String>> + Send>> {
            let host = request.uri().host().unwrap_or_default().to_owned();
            self.0.0.lock().unwrap().push(host);
            Box::pin(async { Err("heard enough".to_owned()) })
        }
    }

    #[tokio::test]
    async fn only_aws_has_a_host_of_its_own_for_synchronous_executions() {
        let check = async |endpoint: Option<&str>, expected: &str| {
            let hosts = Arc::new(Hosts::default());
            let mut config = SdkConfig::builder()
                .behavior_version(behavior())
                .region(Region::new("us-east-1"))
                .credentials_provider(SharedCredentialsProvider::new(emulator_credentials("local")))
                .http_client(DoorClient(Arc::new(Listening(hosts.clone()))))
                .retry_config(RetryConfig::disabled());
            config.set_endpoint_url(endpoint.map(str::to_owned));
            let clients = clients(&config.build(), &Arc::default());
            let asked = clients.sfn.start_sync_execution().state_machine_arn("m");
            asked.send().await.unwrap_err();
            assert_eq!(*hosts.0.lock().unwrap(), [expected]);
        };
        check(None, "sync-states.us-east-1.amazonaws.com").await;
        check(Some("http://localhost:4566"), "localhost").await;
    }

    #[tokio::test(start_paused = true)]
    async fn an_aws_that_cannot_be_reached_is_soon_given_up() {
        let config = SdkConfig::builder()
            .behavior_version(behavior())
            .region(Region::new("us-east-1"))
            .credentials_provider(SharedCredentialsProvider::new(emulator_credentials("local")))
            .endpoint_url(DOOR)
            .http_client(DoorClient(Arc::new(Closed)))
            .retry_config(aws_retries())
            .build();
        let calls = Arc::new(AtomicU64::new(0));
        let clients = clients(&config, &calls);
        let error = identify(&clients, "aws", "us-east-1", None).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Unreachable);
        assert_eq!(calls.load(Ordering::Relaxed), u64::from(IDENTITY_ATTEMPTS));
    }
}
