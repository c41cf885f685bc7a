//! Which cloud a command acts on. Pure: flags and environment in, a choice out.

use std::net::IpAddr;

use clap::ValueEnum;

use super::error::CommandError;

/// The clouds there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Target {
    /// The AWS embedded in stepstack
    Local,
    /// LocalStack, or anything else that speaks AWS's API at an endpoint
    Localstack,
    /// An AWS account
    Aws,
}

impl Target {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Local => "local",
            Self::Localstack => "localstack",
            Self::Aws => "aws",
        }
    }
}

/// What was said about the target.
#[derive(Clone, Debug, Default)]
pub(super) struct Said {
    /// `--target`
    pub(super) target: Option<Target>,
    /// `--endpoint-url`
    pub(super) endpoint_url: Option<String>,
    /// `STEPSTACK_TARGET`
    pub(super) env_target: Option<String>,
    /// `AWS_ENDPOINT_URL`
    pub(super) env_endpoint_url: Option<String>,
    /// `LOCALSTACK_HOST`: where LocalStack is, without `http://`.
    pub(super) env_localstack_host: Option<String>,
    /// `--start-localstack`
    pub(super) start_localstack: bool,
    /// `AWS_ENDPOINT_URL_<SERVICE>`: name and value.
    pub(super) env_service_endpoints: Vec<(String, String)>,
}

/// What follows from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Chosen {
    pub(super) target: Target,
    /// The endpoint to use in place of the target's own.
    pub(super) endpoint_url: Option<String>,
}

/// The flag, else `STEPSTACK_TARGET`, else LocalStack if an endpoint is given, else the local cloud. An AWS account is
/// only ever chosen when `aws` was said, and then nothing may point elsewhere.
pub(super) fn choose(said: &Said) -> Result<Chosen, CommandError> {
    let env_target = said.env_target.as_deref().filter(|target| !target.is_empty());
    let env_endpoint_url = said.env_endpoint_url.clone().filter(|url| !url.is_empty());
    let endpoint_url = said.endpoint_url.clone();

    let target = match (said.target, env_target) {
        (Some(target), _) => target,
        (None, Some(name)) => Target::from_str(name, false).map_err(|_| {
            CommandError::wrong(format!("STEPSTACK_TARGET is `{name}`, which is no target"))
                .hint("the targets are `local`, `localstack` and `aws`")
        })?,
        (None, None) if said.start_localstack || endpoint_url.is_some() || env_endpoint_url.is_some() => {
            Target::Localstack
        }
        (None, None) => Target::Local,
    };

    let endpoint_url = match target {
        Target::Local => {
            refuse_endpoint_of_local(endpoint_url.as_deref())?;
            None
        }
        Target::Localstack => endpoint_url
            .or(env_endpoint_url)
            .or_else(|| said.env_localstack_host.as_deref().and_then(url_of_localstack)),
        Target::Aws => {
            refuse_mixing(said, endpoint_url.as_deref(), env_endpoint_url.as_deref())?;
            endpoint_url
        }
    };
    if let Some(url) = &endpoint_url {
        check_url(url)?;
    }
    if said.start_localstack {
        refuse_starting_elsewhere(target, endpoint_url.as_deref())?;
    }
    Ok(Chosen { target, endpoint_url })
}

fn refuse_endpoint_of_local(endpoint_url: Option<&str>) -> Result<(), CommandError> {
    match endpoint_url {
        None => Ok(()),
        Some(url) => Err(CommandError::wrong(format!(
            "the local cloud is inside stepstack and has no endpoint `{url}` to connect to"
        ))
        .hint("say `--target localstack` to use an endpoint, or leave out `--endpoint-url`")),
    }
}

/// `localhost.localstack.cloud:4566`, or without a port, as LocalStack's own tools take it.
fn url_of_localstack(host: &str) -> Option<String> {
    let host = host.trim().trim_end_matches('/');
    match host {
        "" => None,
        _ if host.contains("://") => Some(host.to_owned()),
        _ => {
            let has_port = host
                .parse::<http::uri::Authority>()
                .is_ok_and(|host| host.port().is_some());
            Some(if has_port {
                format!("http://{host}")
            } else {
                format!("http://{host}:4566")
            })
        }
    }
}

fn refuse_starting_elsewhere(target: Target, endpoint_url: Option<&str>) -> Result<(), CommandError> {
    match (target, endpoint_url) {
        (Target::Localstack, Some(url)) if !is_on_this_machine(url) => Err(CommandError::wrong(format!(
            "`--start-localstack` starts it on this machine, and the endpoint is `{url}`"
        ))
        .hint("name an endpoint such as http://127.0.0.1:4566, or leave out `--start-localstack`")),
        (Target::Localstack, _) => Ok(()),
        (Target::Local | Target::Aws, _) => Err(CommandError::wrong(format!(
            "`--start-localstack` and the target {} do not go together",
            target.name()
        ))
        .hint("say `--target localstack`, or leave out `--start-localstack`")),
    }
}

fn refuse_mixing(said: &Said, flag: Option<&str>, env: Option<&str>) -> Result<(), CommandError> {
    let refusal = |what: &str, url: &str| {
        CommandError::wrong(format!("`--target aws` and {what} `{url}` do not go together"))
            .hint("say `--target localstack` to act on that endpoint")
    };
    if let Some(url) = flag.filter(|url| is_on_this_machine(url)) {
        return Err(refusal("the endpoint", url));
    }
    if let Some(url) = env {
        return Err(
            refusal("the environment variable AWS_ENDPOINT_URL", url).hint("or unset AWS_ENDPOINT_URL to act on AWS")
        );
    }
    for (name, url) in &said.env_service_endpoints {
        if is_on_this_machine(url) {
            return Err(refusal(&format!("the environment variable {name}"), url)
                .hint(format!("or unset {name} to act on AWS")));
        }
    }
    Ok(())
}

fn check_url(url: &str) -> Result<(), CommandError> {
    let parsed = url.parse::<http::Uri>().ok();
    let usable = parsed.is_some_and(|uri| matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some());
    if usable {
        return Ok(());
    }
    Err(CommandError::wrong(format!("the endpoint `{url}` is not a URL")).hint("for example http://127.0.0.1:4566"))
}

/// Whether a URL names this machine; what cannot be read as a URL is taken to, so that it is refused.
pub(super) fn is_on_this_machine(url: &str) -> bool {
    let Some(host) = url.parse::<http::Uri>().ok().and_then(|uri| {
        uri.host()
            .map(|host| host.trim_matches(['[', ']']).to_ascii_lowercase())
    }) else {
        return true;
    };
    if let Ok(address) = host.parse::<IpAddr>() {
        return address.is_loopback() || address.is_unspecified();
    }
    let of = |domain: &str| host == domain || host.ends_with(&format!(".{domain}"));
    of("localhost") || of("localhost.localstack.cloud") || host == "host.docker.internal"
}

#[cfg(test)]
mod tests {
    use super::*;

    const STACK: &str = "http://127.0.0.1:4566";

    /// target flag, endpoint flag, STEPSTACK_TARGET, AWS_ENDPOINT_URL → target and endpoint, or a part of the error.
    type Case = (
        Option<Target>,
        Option<&'static str>,
        Option<&'static str>,
        Option<&'static str>,
        Result<(Target, Option<&'static str>), &'static str>,
    );

    #[test]
    fn the_choice() {
        use Target::{Aws, Local, Localstack};
        let cases: &[Case] = &[
            (None, None, None, None, Ok((Local, None))),
            (None, None, Some(""), Some(""), Ok((Local, None))),
            (None, None, None, Some(STACK), Ok((Localstack, Some(STACK)))),
            (None, Some(STACK), None, None, Ok((Localstack, Some(STACK)))),
            (
                None,
                Some("http://other:1"),
                None,
                Some(STACK),
                Ok((Localstack, Some("http://other:1"))),
            ),
            (None, None, Some("localstack"), None, Ok((Localstack, None))),
            (None, None, Some("local"), Some(STACK), Ok((Local, None))),
            (None, None, Some("aws"), None, Ok((Aws, None))),
            (Some(Local), None, Some("aws"), Some(STACK), Ok((Local, None))),
            (Some(Local), Some(STACK), None, None, Err("has no endpoint")),
            (None, Some(STACK), Some("local"), None, Err("has no endpoint")),
            (Some(Localstack), None, None, None, Ok((Localstack, None))),
            (Some(Localstack), None, None, Some(STACK), Ok((Localstack, Some(STACK)))),
            (Some(Localstack), Some("4566"), None, None, Err("not a URL")),
            (Some(Localstack), Some("ftp://x"), None, None, Err("not a URL")),
            (Some(Aws), None, None, None, Ok((Aws, None))),
            (Some(Aws), None, Some("local"), None, Ok((Aws, None))),
            (Some(Aws), None, None, Some(STACK), Err("AWS_ENDPOINT_URL")),
            (
                Some(Aws),
                None,
                None,
                Some("https://vpce.example.com"),
                Err("AWS_ENDPOINT_URL"),
            ),
            (Some(Aws), Some(STACK), None, None, Err("do not go together")),
            (
                Some(Aws),
                Some("https://vpce.example.com"),
                None,
                None,
                Ok((Aws, Some("https://vpce.example.com"))),
            ),
            (None, None, Some("aws"), Some(STACK), Err("AWS_ENDPOINT_URL")),
            (None, None, Some("azure"), None, Err("STEPSTACK_TARGET is `azure`")),
        ];
        for (target, endpoint_url, env_target, env_endpoint_url, expected) in cases {
            let said = Said {
                target: *target,
                endpoint_url: endpoint_url.map(str::to_owned),
                env_target: env_target.map(str::to_owned),
                env_endpoint_url: env_endpoint_url.map(str::to_owned),
                ..Said::default()
            };
            match (choose(&said), expected) {
                (Ok(chosen), Ok((target, endpoint))) => {
                    assert_eq!(
                        (chosen.target, chosen.endpoint_url.as_deref()),
                        (*target, *endpoint),
                        "{said:?}"
                    );
                }
                (Err(error), Err(part)) => {
                    let text = error.render(crate::report::theme::Theme::PLAIN);
                    assert!(text.contains(part), "{said:?}: {text}");
                    assert!(text.contains("hint:"), "{said:?}: {text}");
                    assert_eq!(error.exit(), crate::cli::exit::Exit::Wrong);
                }
                (chosen, _) => panic!("{said:?}: {chosen:?}, not {expected:?}"),
            }
        }
    }

    #[test]
    fn an_endpoint_of_one_service_on_this_machine_is_not_mixed_with_aws_either() {
        let said = |url: &str| Said {
            target: Some(Target::Aws),
            env_service_endpoints: vec![("AWS_ENDPOINT_URL_SFN".to_owned(), url.to_owned())],
            ..Said::default()
        };
        assert!(choose(&said("http://localhost:8083")).is_err());
        assert!(choose(&said("https://states.vpce.example.com")).is_ok());
    }

    #[test]
    fn where_localstack_is() {
        let check = |host: &str, expected: Option<&str>| {
            let chosen = choose(&Said {
                target: Some(Target::Localstack),
                env_localstack_host: Some(host.to_owned()),
                ..Said::default()
            });
            assert_eq!(
                chosen.ok().and_then(|chosen| chosen.endpoint_url).as_deref(),
                expected,
                "{host}"
            );
        };
        check("", None);
        check("localhost:4567", Some("http://localhost:4567"));
        check(
            "localhost.localstack.cloud",
            Some("http://localhost.localstack.cloud:4566"),
        );
        check("[::1]", Some("http://[::1]:4566"));
        check("https://localhost:1/", Some("https://localhost:1"));
        // It names a place, and chooses no target.
        let said = Said {
            env_localstack_host: Some("localhost:4567".to_owned()),
            ..Said::default()
        };
        assert_eq!(choose(&said).map(|chosen| chosen.target).ok(), Some(Target::Local));
    }

    #[test]
    fn what_can_be_started() {
        for (target, url, expected) in [
            (None, None, Ok(Target::Localstack)),
            (None, Some(STACK), Ok(Target::Localstack)),
            (Some(Target::Localstack), None, Ok(Target::Localstack)),
            (None, Some("http://10.0.0.7:4566"), Err("on this machine")),
            (Some(Target::Local), None, Err("do not go together")),
            (Some(Target::Aws), None, Err("do not go together")),
        ] {
            let chosen = choose(&Said {
                target,
                endpoint_url: url.map(str::to_owned),
                start_localstack: true,
                ..Said::default()
            });
            match (chosen, expected) {
                (Ok(chosen), Ok(target)) => assert_eq!(chosen.target, target),
                (Err(error), Err(part)) => {
                    let text = error.render(crate::report::theme::Theme::PLAIN);
                    assert!(text.contains(part), "{text}");
                }
                (chosen, _) => panic!("{target:?} {url:?}: {chosen:?}, not {expected:?}"),
            }
        }
    }

    #[test]
    fn this_machine_has_many_names() {
        for url in [
            "http://localhost:4566",
            "http://LOCALHOST",
            "http://127.0.0.2:1/path",
            "http://[::1]:4566",
            "http://0.0.0.0:4566",
            "http://sfn.localhost:4566",
            "https://localhost.localstack.cloud:4566",
            "http://s3.localhost.localstack.cloud:4566",
            "not a url",
        ] {
            assert!(is_on_this_machine(url), "{url}");
        }
        for url in [
            "https://states.us-east-1.amazonaws.com",
            "http://10.0.0.7:4566",
            "http://notlocalhost:1",
        ] {
            assert!(!is_on_this_machine(url), "{url}");
        }
    }
}
