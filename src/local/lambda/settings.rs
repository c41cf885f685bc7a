//! The settings of a function as CreateFunction and UpdateFunctionConfiguration give them.

use super::function::Settings;
use super::invalid_parameter;
use super::members::Members;
use super::validate::{self, Violations};
use crate::local::api::ApiError;

/// Notes the constraints that the given settings break.
pub(super) fn check(input: Members<'_>, violations: &mut Violations) -> Result<(), ApiError> {
    violations.role(input.text("Role")?);
    violations.handler(input.text("Handler")?);
    violations.longest(input.text("Description")?, "description", 256);
    violations.range(input.integer("Timeout")?, "timeout", 1, 900);
    violations.range(input.integer("MemorySize")?, "memorySize", 128, 10_240);
    if let Some(environment) = input.object("Environment")? {
        violations.environment(environment.text_map("Variables")?.as_ref());
    }
    if let Some(storage) = input.object("EphemeralStorage")? {
        violations.range(storage.integer("Size")?, "ephemeralStorage.size", 512, 10_240);
    }
    if let Some(tracing) = input.object("TracingConfig")? {
        violations.one_of(tracing.text("Mode")?, "tracingConfig.mode", &["Active", "PassThrough"]);
    }
    if let Some(logging) = input.object("LoggingConfig")? {
        violations.one_of(logging.text("LogFormat")?, "loggingConfig.logFormat", &["JSON", "Text"]);
        violations.longest(logging.text("LogGroup")?, "loggingConfig.logGroup", 512);
    }
    Ok(())
}

/// Takes over what is given; what is not stays as it is, the environment is replaced as a whole.
pub(super) fn apply(input: Members<'_>, settings: &mut Settings) -> Result<(), ApiError> {
    if let Some(runtime) = input.text("Runtime")? {
        settings.runtime = runtime.to_owned();
    }
    if let Some(handler) = input.text("Handler")? {
        settings.handler = handler.to_owned();
    }
    if let Some(description) = input.text("Description")? {
        settings.description = description.to_owned();
    }
    if let Some(timeout) = input.integer("Timeout")? {
        settings.timeout = timeout.unsigned_abs();
    }
    if let Some(memory) = input.integer("MemorySize")? {
        settings.memory = memory.unsigned_abs();
    }
    if let Some(environment) = input.object("Environment")? {
        let variables = environment.text_map("Variables")?.unwrap_or_default();
        validate::environment(&variables)?;
        settings.environment = Some(variables);
    }
    if let Some(mode) = input
        .object("TracingConfig")?
        .map(|tracing| tracing.text("Mode"))
        .transpose()?
        .flatten()
    {
        settings.tracing = mode.to_owned();
    }
    if let Some(storage) = input.object("EphemeralStorage")? {
        settings.ephemeral_storage = storage.integer("Size")?.unwrap_or(512).unsigned_abs();
    }
    if let Some(logging) = input.object("LoggingConfig")? {
        settings.log_group = logging.text("LogGroup")?.map(str::to_owned);
    }
    Ok(())
}

/// What would change how a function runs and cannot be done here is refused, never ignored.
pub(super) fn refuse_what_is_missing(input: Members<'_>, operation: &str) -> Result<(), ApiError> {
    let refuse = |what: &str| Err(ApiError::not_implemented("lambda", &format!("{operation} with {what}")));
    for list in ["Layers", "FileSystemConfigs"] {
        if input.list(list)?.is_some_and(|entries| !entries.is_empty()) {
            return refuse(list);
        }
    }
    for text in ["KMSKeyArn", "CodeSigningConfigArn"] {
        if input.text(text)?.is_some_and(|value| !value.is_empty()) {
            return refuse(text);
        }
    }
    for object in [
        "ImageConfig",
        "DurableConfig",
        "CapacityProviderConfig",
        "TenancyConfig",
    ] {
        if input.value(object).is_some() {
            return refuse(object);
        }
    }
    if let Some(vpc) = input.object("VpcConfig")?
        && (!vpc.list("SubnetIds")?.unwrap_or_default().is_empty()
            || !vpc.list("SecurityGroupIds")?.unwrap_or_default().is_empty())
    {
        return refuse("VpcConfig");
    }
    if let Some(letters) = input.object("DeadLetterConfig")?
        && letters.text("TargetArn")?.is_some_and(|arn| !arn.is_empty())
    {
        return refuse("DeadLetterConfig");
    }
    if let Some(snap) = input.object("SnapStart")?
        && snap.text("ApplyOn")? == Some("PublishedVersions")
    {
        return refuse("SnapStart");
    }
    if let Some(logging) = input.object("LoggingConfig")?
        && logging.text("LogFormat")? == Some("JSON")
    {
        return refuse("LoggingConfig.LogFormat JSON");
    }
    if input.flag("Publish")? == Some(true) {
        return refuse("Publish");
    }
    match input.text("PackageType")? {
        None | Some("Zip") => Ok(()),
        Some("Image") => refuse("PackageType Image"),
        Some(other) => {
            let mut violations = Violations::default();
            violations.one_of(Some(other), "packageType", &["Zip", "Image"]);
            violations.result()
        }
    }
}

/// The architecture of a request; both run on whatever this machine is.
pub(super) fn architecture(input: Members<'_>) -> Result<Option<String>, ApiError> {
    let Some(given) = input.texts("Architectures")? else {
        return Ok(None);
    };
    let mut violations = Violations::default();
    violations.architectures(&given);
    violations.result()?;
    Ok(given.into_iter().next())
}

/// Asks whether this machine can run it; on a thread for it, since the first time a program is started to find out.
pub(super) async fn check_runtime(runtime: String) -> Result<(), ApiError> {
    tokio::task::spawn_blocking(move || validate::runtime(&runtime))
        .await
        .map_err(|problem| super::service_exception(problem.to_string()))?
}

/// A runtime is mandatory for functions in a zip, and so is a handler.
pub(super) fn runtime_and_handler(input: Members<'_>) -> Result<Settings, ApiError> {
    match (input.text("Runtime")?, input.text("Handler")?) {
        (Some(runtime), Some(handler)) => Ok(Settings::new(runtime.to_owned(), handler.to_owned())),
        _ => Err(invalid_parameter(
            "Runtime and Handler are mandatory parameters for functions created with deployment packages.",
        )),
    }
}
