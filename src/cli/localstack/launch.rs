//! How LocalStack can be started on this machine: its image if Docker is there, else the Python package.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;

use super::IMAGE;
use crate::cli::app::quoted;
use crate::cli::env::Environment;
use crate::cli::error::CommandError;

/// How long it may take to find out whether a program is of use.
const PATIENCE: Duration = Duration::from_secs(20);

/// Where LocalStack listens unless told otherwise.
const OWN_PORT: u16 = 4566;

/// Variables of the user's that a container is given too; by name, so that values are in no list of processes.
const HANDED_ON: &[&str] = &["LOCALSTACK_AUTH_TOKEN", "SERVICES", "DEBUG"];

/// A program that is LocalStack, and how it is stopped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Program {
    /// With its arguments.
    pub(super) words: Vec<String>,
    /// What it is told on top of the user's environment.
    pub(super) variables: Vec<(String, String)>,
    /// The name of the container, if it is one.
    pub(super) container: Option<String>,
}

impl Program {
    /// As it would be typed.
    pub(super) fn shown(&self) -> String {
        let words: Vec<String> = self.words.iter().map(|word| quoted(word)).collect();
        words.join(" ")
    }
}

/// The best way to start LocalStack here.
pub(super) async fn choose(port: u16, env: &Environment) -> Result<Program, CommandError> {
    if answers(&["docker", "version", "--format", "{{.Server.Version}}"]).await {
        let name = format!("stepstack-localstack-{}", std::process::id());
        let is_set = |name: &str| env.var(name).is_some();
        return Ok(in_docker(port, &name, socket_of_docker(env).as_deref(), is_set));
    }
    let root = cache_folder(env);
    let host = |words: &[&str]| Ok(on_host(port, words, &root, |name| env.var(name).is_some()));
    if is_on_path("localstack-supervisor", env) {
        return host(&["localstack-supervisor"]);
    }
    let find = "import importlib.util as u, sys; sys.exit(not (u.find_spec('localstack') and u.find_spec('localstack.runtime')))";
    if answers(&["python3", "-c", find]).await {
        return host(&["python3", "-m", "localstack.runtime.main"]);
    }
    Err(CommandError::failed(
        "LocalStack cannot be started here: neither Docker nor LocalStack's Python package is there",
    )
    .hint("start or install Docker; `docker version` must name a server")
    .hint("or, with Python 3.13, `pip install 'localstack-core[runtime]==2026.3.0'`, its `bin` being on the PATH")
    .hint("without LocalStack: `--target local` needs nothing"))
}

/// The image, on loopback only. With the engine's socket it can run functions.
fn in_docker(port: u16, name: &str, socket: Option<&Path>, is_set: impl Fn(&str) -> bool) -> Program {
    let mut words = ["docker", "run", "--rm", "--name", name].map(str::to_owned).to_vec();
    let mut add = |option: &str, value: String| words.extend([option.to_owned(), value]);
    add("-p", format!("127.0.0.1:{port}:{port}"));
    if port != OWN_PORT {
        // The same inside as outside, for the URLs that it makes.
        add("-e", format!("GATEWAY_LISTEN=0.0.0.0:{port}"));
        add("-e", format!("LOCALSTACK_HOST=localhost.localstack.cloud:{port}"));
    }
    if let Some(socket) = socket {
        add("-v", format!("{}:/var/run/docker.sock", socket.display()));
    }
    for variable in HANDED_ON.iter().filter(|variable| is_set(variable)) {
        add("-e", (*variable).to_owned());
    }
    words.push(IMAGE.to_owned());
    Program {
        words,
        variables: Vec::new(),
        container: Some(name.to_owned()),
    }
}

/// The Python package in [host mode](https://docs.localstack.cloud/aws/capabilities/config/configuration/): what it would
/// else do to the machine (name server, certificates, `/var/lib`) is turned off, unless the user has set it.
fn on_host(port: u16, words: &[&str], root: &Path, is_set: impl Fn(&str) -> bool) -> Program {
    // Of an IPv4 address LocalStack takes the port only, and listens on every address; one of IPv6 it keeps to, this one too.
    let listen = format!("[::ffff:127.0.0.1]:{port}");
    let ours = [
        ("GATEWAY_LISTEN", listen),
        ("LOCALSTACK_HOST", format!("127.0.0.1:{port}")),
    ];
    let unless_set = [
        ("FILESYSTEM_ROOT", root.display().to_string()),
        // A virtual machine may be taken for a container.
        ("OVERRIDE_IN_DOCKER", "0".to_owned()),
        ("DNS_ADDRESS", "0".to_owned()),
        ("SKIP_SSL_CERT_DOWNLOAD", "1".to_owned()),
        ("DISABLE_EVENTS", "1".to_owned()),
    ];
    let unless_set = unless_set.into_iter().filter(|(name, _)| !is_set(name));
    let variables = ours.into_iter().chain(unless_set);
    Program {
        words: words.iter().map(|word| (*word).to_owned()).collect(),
        variables: variables.map(|(name, value)| (name.to_owned(), value)).collect(),
        container: None,
    }
}

/// Where LocalStack keeps what it downloads, and its log goes.
pub(super) fn cache_folder(env: &Environment) -> PathBuf {
    let cache = env.var("XDG_CACHE_HOME").map(PathBuf::from);
    let home = || env.var("HOME").map(|home| Path::new(home).join(".cache"));
    cache
        .or_else(home)
        .unwrap_or_else(std::env::temp_dir)
        .join("stepstack")
        .join("localstack")
}

/// The socket that functions are started through, if it is there.
fn socket_of_docker(env: &Environment) -> Option<PathBuf> {
    let socket = match env.var("DOCKER_HOST") {
        Some(host) => host.strip_prefix("unix://")?,
        None => "/var/run/docker.sock",
    };
    Some(PathBuf::from(socket)).filter(|socket| socket.exists())
}

/// Whether a command can be run and succeeds.
async fn answers(words: &[&str]) -> bool {
    let Some((program, arguments)) = words.split_first() else {
        return false;
    };
    let mut command = Command::new(program);
    command.args(arguments).kill_on_drop(true);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let ended = tokio::time::timeout(PATIENCE, command.status()).await;
    matches!(ended, Ok(Ok(status)) if status.success())
}

fn is_on_path(program: &str, env: &Environment) -> bool {
    let path = env.var("PATH").unwrap_or_default();
    std::env::split_paths(path).any(|folder| folder.join(program).is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_of_the_image() {
        let check = |port, socket: Option<&str>, set: &[&str], expected: &str| {
            let program = in_docker(port, "n", socket.map(Path::new), |name| set.contains(&name));
            assert_eq!(program.shown(), format!("docker run --rm --name n {expected} {IMAGE}"));
            assert_eq!(program.container.as_deref(), Some("n"));
            assert!(program.variables.is_empty());
        };
        check(4566, None, &["HOME"], "-p 127.0.0.1:4566:4566");
        check(
            4566,
            Some("/run/d.sock"),
            &["LOCALSTACK_AUTH_TOKEN", "SERVICES"],
            "-p 127.0.0.1:4566:4566 -v /run/d.sock:/var/run/docker.sock -e LOCALSTACK_AUTH_TOKEN -e SERVICES",
        );
        check(
            5000,
            None,
            &[],
            "-p 127.0.0.1:5000:5000 -e GATEWAY_LISTEN=0.0.0.0:5000 -e LOCALSTACK_HOST=localhost.localstack.cloud:5000",
        );
    }

    #[test]
    fn the_variables_of_the_package() {
        let check = |set: &[&str], expected: &[(&str, &str)]| {
            let program = on_host(4567, &["localstack-supervisor"], Path::new("/c"), |name| {
                set.contains(&name)
            });
            let pairs: Vec<(&str, &str)> = program
                .variables
                .iter()
                .map(|(n, v)| (n.as_str(), v.as_str()))
                .collect();
            assert_eq!(pairs, expected);
            assert_eq!(program.container, None);
        };
        check(
            &["DNS_ADDRESS", "OVERRIDE_IN_DOCKER", "GATEWAY_LISTEN"],
            &[
                ("GATEWAY_LISTEN", "[::ffff:127.0.0.1]:4567"),
                ("LOCALSTACK_HOST", "127.0.0.1:4567"),
                ("FILESYSTEM_ROOT", "/c"),
                ("SKIP_SSL_CERT_DOWNLOAD", "1"),
                ("DISABLE_EVENTS", "1"),
            ],
        );
        check(
            &["FILESYSTEM_ROOT", "SKIP_SSL_CERT_DOWNLOAD", "DISABLE_EVENTS"],
            &[
                ("GATEWAY_LISTEN", "[::ffff:127.0.0.1]:4567"),
                ("LOCALSTACK_HOST", "127.0.0.1:4567"),
                ("OVERRIDE_IN_DOCKER", "0"),
                ("DNS_ADDRESS", "0"),
            ],
        );
    }
}
