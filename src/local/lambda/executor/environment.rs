//! The environment of a function's process: AWS's variables and the function's own, nothing of the host's.

use std::path::Path;

use super::Spec;
use super::interpreter::Interpreter;

/// In the order in which later ones win.
///
/// <https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime>
pub(super) fn variables(
    spec: &Spec,
    interpreter: &Interpreter,
    api: std::net::SocketAddr,
    endpoint: &str,
    log_stream: &str,
    runtime_folder: &Path,
) -> Vec<(String, String)> {
    let mut variables: Vec<(String, String)> = [
        ("PATH", path(interpreter)),
        ("LANG", "en_US.UTF-8".to_owned()),
        ("TZ", ":UTC".to_owned()),
        ("AWS_ENDPOINT_URL", endpoint.to_owned()),
        // For SDKs, which want some; the local cloud takes any.
        ("AWS_ACCESS_KEY_ID", "local".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "local".to_owned()),
        ("AWS_SESSION_TOKEN", "local".to_owned()),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value))
    .collect();
    variables.extend(
        spec.environment
            .iter()
            .map(|(name, value)| (name.clone(), value.clone())),
    );
    variables.extend(
        [
            ("AWS_REGION", spec.region.clone()),
            ("AWS_DEFAULT_REGION", spec.region.clone()),
            ("AWS_EXECUTION_ENV", format!("AWS_Lambda_{}", spec.runtime)),
            ("AWS_LAMBDA_FUNCTION_NAME", spec.name.clone()),
            ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST".to_owned()),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", spec.memory.to_string()),
            ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand".to_owned()),
            ("AWS_LAMBDA_LOG_GROUP_NAME", spec.log_group.clone()),
            ("AWS_LAMBDA_LOG_STREAM_NAME", log_stream.to_owned()),
            ("AWS_LAMBDA_RUNTIME_API", api.to_string()),
            ("_HANDLER", spec.handler.clone()),
            ("LAMBDA_TASK_ROOT", spec.task_root.to_string_lossy().into_owned()),
            ("LAMBDA_RUNTIME_DIR", runtime_folder.to_string_lossy().into_owned()),
        ]
        .map(|(name, value)| (name.to_owned(), value)),
    );
    variables
}

fn path(interpreter: &Interpreter) -> String {
    let usual = "/usr/local/bin:/usr/bin:/bin";
    match interpreter {
        Interpreter::Node(program) | Interpreter::Python(program) => match program.parent() {
            Some(folder) => format!("{}:{usual}", folder.display()),
            None => usual.to_owned(),
        },
        Interpreter::Bootstrap => usual.to_owned(),
    }
}
