//! AWS Step Functions of the local cloud: the API in front, and behind it a driver per running execution that feeds the
//! engine. Every acknowledged call and every step of an execution is in the store before anything is done about it.
//! See <https://docs.aws.amazon.com/step-functions/latest/apireference/Welcome.html>.

mod callbacks;
mod definition;
mod driver;
mod executions;
mod history;
mod journal;
mod json_text;
mod lambda;
mod machines;
mod names;
mod paging;
mod recovery;
mod request;
mod run;
mod schema;
mod settings;
mod tags;
mod tasks;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use serde_json::{Value, json};
use tokio::sync::watch;

pub use self::driver::Clock;
use self::driver::Shared;
pub use self::lambda::{Invocation, Invoked, Invoker, LambdaTasks};
pub use self::tasks::{Boxed, TaskOutcome, TaskRunner};
use super::api::{ApiError, Call, Reply};
use super::store::{Store, StoreError};
use crate::engine::Millis;

/// What Step Functions asks of IAM.
pub trait Roles: Send + Sync + 'static {
    /// Whether a role of the local account exists and lets that service assume it.
    fn trusts(&self, role_arn: &str, service: &str) -> bool;
}

/// Step Functions, open. Cheap to clone; the last clone closes it, and executions go on when it is opened again.
#[derive(Clone)]
pub struct StepFunctions(Arc<Service>);

struct Service {
    shared: Arc<Shared>,
    roles: Arc<dyn Roles>,
    /// Dropped with the service, which ends drivers and tasks.
    _closing: watch::Sender<()>,
}

impl StepFunctions {
    /// Opens the service on a store and goes on with the executions that were running when it was closed last. To be
    /// called inside a Tokio runtime, on which executions are then driven.
    pub fn open(
        store: Store,
        tasks: Arc<dyn TaskRunner>,
        roles: Arc<dyn Roles>,
        clock: Clock,
    ) -> Result<Self, StoreError> {
        store.ensure_schema(schema::SCHEMA)?;
        let (closing, closed) = watch::channel(());
        let shared = Arc::new(Shared::new(store, tasks, clock, closed));
        for (id, arn) in shared.store.read(journal::running)? {
            shared.resume(id, arn);
        }
        Ok(Self(Arc::new(Service {
            shared,
            roles,
            _closing: closing,
        })))
    }

    /// Answers one call.
    pub async fn handle(&self, call: Call) -> Result<Reply, ApiError> {
        let service = &self.0;
        let answer = match call.operation.as_str() {
            "CreateStateMachine" => service.create_state_machine(&call),
            "DescribeStateMachine" => service.describe_state_machine(&call),
            "UpdateStateMachine" => service.update_state_machine(&call),
            "DeleteStateMachine" => service.delete_state_machine(&call),
            "ListStateMachines" => service.list_state_machines(&call),
            "ValidateStateMachineDefinition" => definition::validate(&call.input),
            "StartExecution" => service.start_execution(&call),
            "StopExecution" => service.stop_execution(&call).await,
            "DescribeExecution" => service.describe_execution(&call),
            "DescribeStateMachineForExecution" => service.describe_state_machine_for_execution(&call),
            "ListExecutions" => service.list_executions(&call),
            "GetExecutionHistory" => service.get_execution_history(&call),
            "TagResource" => service.tag_resource(&call),
            "UntagResource" => service.untag_resource(&call),
            "ListTagsForResource" => service.list_tags_for_resource(&call),
            "SendTaskSuccess" => service.send_task_success(&call).await,
            "SendTaskFailure" => service.send_task_failure(&call).await,
            "SendTaskHeartbeat" => service.send_task_heartbeat(&call).await,
            other => Err(ApiError::not_implemented("states", other)),
        };
        answer.map(Reply::Json)
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.shared.close();
    }
}

/// A time as the JSON protocol has it: seconds with a fraction.
fn seconds(at: Millis) -> Value {
    #[allow(clippy::cast_precision_loss, reason = "exact for 200,000 years")]
    let seconds = at as f64 / 1000.0;
    json!(seconds)
}
