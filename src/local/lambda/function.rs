//! A function as it is stored, and as AWS describes it.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::prepare::Phase;
use super::reference;

/// A function, without its code.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq)]
pub(super) struct Function {
    pub(super) region: String,
    pub(super) name: String,
    pub(super) role: String,
    /// Milliseconds since the Unix epoch.
    pub(super) last_modified: u64,
    /// Changes with every change of the function.
    pub(super) revision_id: String,
    pub(super) tags: IndexMap<String, String>,
    /// At most so many invocations at once.
    pub(super) reserved_concurrency: Option<u64>,
    /// Of its policy.
    #[serde(default)]
    pub(super) statements: Vec<Value>,
    pub(super) code: CodeFacts,
    pub(super) settings: Settings,
}

/// What is known of the code.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq)]
pub(super) struct CodeFacts {
    /// Bytes of the zip.
    pub(super) size: u64,
    /// SHA-256 of the zip in base64.
    pub(super) sha256: String,
    pub(super) architecture: String,
}

/// What UpdateFunctionConfiguration may change (beside the role).
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq)]
pub(super) struct Settings {
    pub(super) runtime: String,
    pub(super) handler: String,
    pub(super) description: String,
    /// Seconds.
    pub(super) timeout: u64,
    /// MB.
    pub(super) memory: u64,
    /// None if it was never given.
    pub(super) environment: Option<IndexMap<String, String>>,
    /// `PassThrough` or `Active`; no traces are recorded.
    pub(super) tracing: String,
    /// MB; not enforced.
    pub(super) ephemeral_storage: u64,
    /// None: `/aws/lambda/<name>`.
    pub(super) log_group: Option<String>,
}

impl Settings {
    /// AWS's defaults.
    pub(super) fn new(runtime: String, handler: String) -> Self {
        Self {
            runtime,
            handler,
            description: String::new(),
            timeout: 3,
            memory: 128,
            environment: None,
            tracing: "PassThrough".to_owned(),
            ephemeral_storage: 512,
            log_group: None,
        }
    }
}

impl Function {
    pub(super) fn arn(&self) -> String {
        reference::arn(&self.region, &self.name)
    }

    pub(super) fn log_group(&self) -> String {
        let group = self.settings.log_group.clone();
        group.unwrap_or_else(|| format!("/aws/lambda/{}", self.name))
    }

    /// <https://docs.aws.amazon.com/lambda/latest/api/API_FunctionConfiguration.html>
    pub(super) fn configuration(&self, phase: &Phase) -> Value {
        let mut configuration = json!({
            "FunctionName": self.name,
            "FunctionArn": self.arn(),
            "Runtime": self.settings.runtime,
            "Role": self.role,
            "Handler": self.settings.handler,
            "CodeSize": self.code.size,
            "Description": self.settings.description,
            "Timeout": self.settings.timeout,
            "MemorySize": self.settings.memory,
            "LastModified": last_modified(self.last_modified),
            "CodeSha256": self.code.sha256,
            "Version": "$LATEST",
            "TracingConfig": { "Mode": self.settings.tracing },
            "RevisionId": self.revision_id,
            "PackageType": "Zip",
            "Architectures": [self.code.architecture],
            "EphemeralStorage": { "Size": self.settings.ephemeral_storage },
            "SnapStart": { "ApplyOn": "None", "OptimizationStatus": "Off" },
            "RuntimeVersionConfig": { "RuntimeVersionArn": runtime_version_arn(&self.region, &self.settings.runtime) },
            "LoggingConfig": { "LogFormat": "Text", "LogGroup": self.log_group() },
        });
        if let Some(variables) = &self.settings.environment {
            configuration["Environment"] = json!({ "Variables": variables });
        }
        for (name, value) in phase.members() {
            configuration[name] = Value::from(value);
        }
        configuration
    }
}

/// The form `2026-01-01T00:00:00.000+0000`.
fn last_modified(ms: u64) -> String {
    iso(ms).replace('Z', "+0000")
}

/// The form `2026-01-01T00:00:00.000Z`.
pub(super) fn iso(ms: u64) -> String {
    let format =
        time::macros::format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");
    utc(ms).format(format).unwrap_or_default()
}

pub(super) fn utc(ms: u64) -> time::OffsetDateTime {
    time::OffsetDateTime::from_unix_timestamp_nanos(i128::from(ms) * 1_000_000)
        .unwrap_or(time::OffsetDateTime::UNIX_EPOCH)
}

/// On AWS the hash names a build of the runtime; here it is the same for all functions of a runtime.
fn runtime_version_arn(region: &str, runtime: &str) -> String {
    use sha2::Digest as _;
    let hash = sha2::Sha256::digest(runtime.as_bytes());
    format!("arn:aws:lambda:{region}::runtime:{hash:x}")
}
