//! What only a local cloud of ours takes with an execution that is started: mocks, and time that does not pass.

use aws_sdk_sfn::config::retry::RetryConfig;
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use serde_json::Value;

use super::error::Tried;
use super::execution::ended_summary;
use super::{Cloud, CloudError, ExecutionSummary};

/// The member of the request's body that carries it.
const MEMBER: &str = "stepstack";

impl Cloud {
    /// Starts an execution that is rehearsed as `rehearsal` says, if it says anything; its ARN. Only a local cloud of ours
    /// takes a rehearsal.
    pub async fn start_rehearsal(
        &self,
        machine_arn: &str,
        name: &str,
        input: &str,
        rehearsal: Option<Value>,
    ) -> Result<String, CloudError> {
        let Some(rehearsal) = rehearsal else {
            return self.start_execution(machine_arn, name, input).await;
        };
        let request = self.clients.sfn.start_execution();
        let request = request.state_machine_arn(machine_arn).name(name).input(input);
        let request = request
            .customize()
            .map_request(move |request| with_member(request, &rehearsal));
        let started = request
            .send()
            .await
            .tried(|| format!("start the execution {name} of {machine_arn}"))?;
        Ok(started.execution_arn)
    }

    /// The same for an execution of an Express state machine, which is run to its end. It is not tried again: it may have
    /// begun.
    pub async fn run_rehearsal(
        &self,
        machine_arn: &str,
        name: &str,
        input: &str,
        rehearsal: Option<Value>,
    ) -> Result<ExecutionSummary, CloudError> {
        let Some(rehearsal) = rehearsal else {
            return self.run_sync(machine_arn, name, input).await;
        };
        let request = self.clients.sfn.start_sync_execution();
        let request = request.state_machine_arn(machine_arn).name(name).input(input);
        let request = request
            .customize()
            .config_override(aws_sdk_sfn::config::Builder::new().retry_config(RetryConfig::disabled()))
            .map_request(move |request| with_member(request, &rehearsal));
        let ended = request
            .send()
            .await
            .tried(|| format!("run the execution {name} of {machine_arn}"))?;
        Ok(ended_summary(name, ended))
    }
}

/// The request is not what it is known to be: a JSON object that is held in memory.
#[derive(Debug, thiserror::Error)]
#[error("a rehearsal can be added to a JSON request only")]
struct Unwritable;

/// Adds the member to the JSON of a request's body.
fn with_member(mut request: HttpRequest, rehearsal: &Value) -> Result<HttpRequest, Unwritable> {
    let body = request.body().bytes().ok_or(Unwritable)?;
    let mut body: Value = serde_json::from_slice(body).map_err(|_| Unwritable)?;
    let members = body.as_object_mut().ok_or(Unwritable)?;
    members.insert(MEMBER.to_owned(), rehearsal.clone());
    let body = body.to_string();
    request.headers_mut().insert("content-length", body.len().to_string());
    *request.body_mut() = SdkBody::from(body);
    Ok(request)
}
