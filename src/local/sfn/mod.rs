//! AWS Step Functions of the local cloud: the API in front, and behind it a driver per running execution that feeds the
//! engine. Every acknowledged call and every step of an execution is in the store before anything is done about it.
//! See <https://docs.aws.amazon.com/step-functions/latest/apireference/Welcome.html>.

mod activities;
mod aliases;
mod callbacks;
mod definition;
mod driver;
mod executions;
mod history;
mod journal;
mod json_text;
mod label;
mod lambda;
mod machine_rows;
mod machines;
mod names;
mod paging;
mod recovery;
mod request;
mod roles;
mod run;
mod schema;
mod settings;
mod shared;
mod tags;
mod target;
mod tasks;
mod test_state;
#[cfg(test)]
mod tests;
mod variable_references;
mod versions;

use std::sync::Arc;

use serde_json::{Value, json};

pub use self::lambda::{Invocation, Invoker, LambdaTasks};
pub use self::roles::Roles;
pub use self::shared::Clock;
use self::shared::Shared;
pub use self::tasks::{TaskOutcome, TaskRunner};
use super::api::{ApiError, Call, Pending, Reply, Service};
use super::store::{Store, StoreError};
use crate::engine::Millis;

/// Step Functions, open. Cheap to clone; the last clone closes it, and executions go on when it is opened again.
#[derive(Clone)]
pub struct StepFunctions(Arc<States>);

struct States {
    shared: Arc<Shared>,
    roles: Arc<dyn Roles>,
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
        let shared = Arc::new(Shared::new(store, tasks, clock));
        for (id, arn) in shared.store.read(journal::running)? {
            shared.resume(id, arn);
        }
        Ok(Self(Arc::new(States { shared, roles })))
    }

    /// Answers one call.
    pub async fn handle(&self, call: Call) -> Result<Reply, ApiError> {
        let states = &self.0;
        let answer = match call.operation.as_str() {
            "CreateStateMachine" => states.create_state_machine(&call),
            "DescribeStateMachine" => states.describe_state_machine(&call),
            "UpdateStateMachine" => states.update_state_machine(&call),
            "DeleteStateMachine" => states.delete_state_machine(&call),
            "ListStateMachines" => states.list_state_machines(&call),
            "PublishStateMachineVersion" => states.publish_state_machine_version(&call),
            "ListStateMachineVersions" => states.list_state_machine_versions(&call),
            "DeleteStateMachineVersion" => states.delete_state_machine_version(&call),
            "CreateStateMachineAlias" => states.create_state_machine_alias(&call),
            "UpdateStateMachineAlias" => states.update_state_machine_alias(&call),
            "DescribeStateMachineAlias" => states.describe_state_machine_alias(&call),
            "DeleteStateMachineAlias" => states.delete_state_machine_alias(&call),
            "ListStateMachineAliases" => states.list_state_machine_aliases(&call),
            "CreateActivity" => states.create_activity(&call),
            "DescribeActivity" => states.describe_activity(&call),
            "ListActivities" => states.list_activities(&call),
            "DeleteActivity" => states.delete_activity(&call),
            "GetActivityTask" => states.get_activity_task(&call).await,
            "ValidateStateMachineDefinition" => definition::validate(&call.input),
            "StartExecution" => states.start_execution(&call),
            "StopExecution" => states.stop_execution(&call).await,
            "DescribeExecution" => states.describe_execution(&call),
            "DescribeStateMachineForExecution" => states.describe_state_machine_for_execution(&call),
            "ListExecutions" => states.list_executions(&call),
            "GetExecutionHistory" => states.get_execution_history(&call),
            "TagResource" => states.tag_resource(&call),
            "UntagResource" => states.untag_resource(&call),
            "ListTagsForResource" => states.list_tags_for_resource(&call),
            "SendTaskSuccess" => states.send_task_success(&call).await,
            "SendTaskFailure" => states.send_task_failure(&call).await,
            "SendTaskHeartbeat" => states.send_task_heartbeat(&call).await,
            "TestState" => states.test_state(&call).await,
            other => Err(ApiError::not_implemented("states", other)),
        };
        answer.map(Reply::Json)
    }
}

impl Service for StepFunctions {
    fn call(&self, call: Call) -> Pending<'_, Result<Reply, ApiError>> {
        Box::pin(self.handle(call))
    }

    fn close(&self) -> Pending<'_, ()> {
        Box::pin(async { self.0.shared.close() })
    }
}

impl Drop for States {
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
