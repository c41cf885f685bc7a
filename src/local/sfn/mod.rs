//! AWS Step Functions of the local cloud: the API in front, and behind it a driver per running execution that feeds the
//! engine. Every acknowledged call and every step of an execution is in the store before anything is done about it.
//! See <https://docs.aws.amazon.com/step-functions/latest/apireference/Welcome.html>.

mod activities;
mod aliases;
mod callbacks;
mod definition;
mod driver;
mod executions;
mod express;
mod history;
mod integrations;
mod journal;
mod journals;
mod json_text;
mod label;
mod lambda;
mod logging;
mod machine_rows;
mod machines;
mod map_run;
mod names;
mod nested;
mod paging;
mod recovery;
mod redrive;
mod rehearsal;
mod request;
mod roles;
mod run;
mod schema;
mod settings;
mod shared;
mod start;
mod stuck;
mod tags;
mod target;
mod tasks;
mod test_state;
#[cfg(test)]
mod tests;
mod variable_references;
mod versions;
mod workers;

use std::sync::Arc;

use serde_json::{Value, json};

pub use self::definition::unsupported;
pub use self::integrations::{Integrations, Services};
pub use self::journals::Journal;
pub(in crate::local) use self::journals::journals;
pub use self::lambda::{Invocation, Invoker, LambdaTasks};
pub use self::logging::LogSink;
pub use self::roles::Roles;
pub use self::shared::Clock;
use self::shared::Shared;
pub use self::tasks::{Caller, TaskOutcome, TaskRunner};
use super::api::{ApiError, Call, Pending, Reply, Service};
use super::s3::Objects;
use super::store::{Store, StoreError};
use crate::engine::Millis;
use crate::mock::config::MockConfig;

/// Step Functions, open. Cheap to clone; the last clone closes it, and executions go on when it is opened again.
#[derive(Clone)]
pub struct StepFunctions(Arc<Opened>);

/// Closes the service when it is dropped.
struct Opened(States);

/// What answers the calls. Cheap to clone.
#[derive(Clone)]
struct States {
    shared: Arc<Shared>,
}

impl StepFunctions {
    /// Opens the service on a store and goes on with the executions that were running when it was closed last. To be
    /// called inside a Tokio runtime, on which executions are then driven.
    pub fn open(
        store: Store,
        tasks: Arc<dyn TaskRunner>,
        roles: Arc<dyn Roles>,
        logs: Arc<dyn LogSink>,
        objects: Arc<dyn Objects>,
        clock: Clock,
        mock_config: Option<Arc<MockConfig>>,
    ) -> Result<Self, StoreError> {
        store.ensure_schema(schema::SCHEMA)?;
        let shared = Arc::new(Shared::new(store, tasks, roles, logs, objects, clock, mock_config));
        for (id, arn) in shared.store.read(journal::running)? {
            shared.resume(id, arn);
        }
        nested::stop_cancelled(&shared)?;
        shared.stop_orphans()?;
        Ok(Self(Arc::new(Opened(States { shared }))))
    }

    /// Answers one call.
    pub async fn handle(&self, call: Call) -> Result<Reply, ApiError> {
        self.0.0.answer(&call).await.map(Reply::Json)
    }
}

impl States {
    async fn answer(&self, call: &Call) -> Result<Value, ApiError> {
        match call.operation.as_str() {
            "CreateStateMachine" => self.create_state_machine(call),
            "DescribeStateMachine" => self.describe_state_machine(call),
            "UpdateStateMachine" => self.update_state_machine(call),
            "DeleteStateMachine" => self.delete_state_machine(call),
            "ListStateMachines" => self.list_state_machines(call),
            "PublishStateMachineVersion" => self.publish_state_machine_version(call),
            "ListStateMachineVersions" => self.list_state_machine_versions(call),
            "DeleteStateMachineVersion" => self.delete_state_machine_version(call),
            "CreateStateMachineAlias" => self.create_state_machine_alias(call),
            "UpdateStateMachineAlias" => self.update_state_machine_alias(call),
            "DescribeStateMachineAlias" => self.describe_state_machine_alias(call),
            "DeleteStateMachineAlias" => self.delete_state_machine_alias(call),
            "ListStateMachineAliases" => self.list_state_machine_aliases(call),
            "CreateActivity" => self.create_activity(call),
            "DescribeActivity" => self.describe_activity(call),
            "ListActivities" => self.list_activities(call),
            "DeleteActivity" => self.delete_activity(call),
            "GetActivityTask" => self.get_activity_task(call).await,
            "ValidateStateMachineDefinition" => definition::validate(&call.input),
            "StartExecution" => self.start_execution(call),
            "StartSyncExecution" => self.start_sync_execution(call).await,
            "RedriveExecution" => self.redrive_execution(call).await,
            "StopExecution" => self.stop_execution(call).await,
            "DescribeExecution" => self.describe_execution(call),
            "DescribeStateMachineForExecution" => self.describe_state_machine_for_execution(call),
            "ListExecutions" => self.list_executions(call),
            "ListMapRuns" => self.list_map_runs(call),
            "DescribeMapRun" => self.describe_map_run(call),
            "UpdateMapRun" => self.update_map_run(call),
            "GetExecutionHistory" => self.get_execution_history(call),
            "TagResource" => self.tag_resource(call),
            "UntagResource" => self.untag_resource(call),
            "ListTagsForResource" => self.list_tags_for_resource(call),
            "SendTaskSuccess" => self.send_task_success(call).await,
            "SendTaskFailure" => self.send_task_failure(call).await,
            "SendTaskHeartbeat" => self.send_task_heartbeat(call).await,
            "TestState" => self.test_state(call).await,
            other => Err(ApiError::not_implemented("states", other)),
        }
    }
}

impl Service for StepFunctions {
    fn call(&self, call: Call) -> Pending<'_, Result<Reply, ApiError>> {
        Box::pin(self.handle(call))
    }

    fn close(&self) -> Pending<'_, ()> {
        Box::pin(async { self.0.0.shared.close() })
    }

    fn halt(&self) {
        self.0.0.shared.close();
    }
}

impl Drop for Opened {
    fn drop(&mut self) {
        self.0.shared.close();
    }
}

/// A time as the JSON protocol has it: seconds with a fraction.
fn seconds(at: Millis) -> Value {
    #[allow(clippy::cast_precision_loss, reason = "exact for 200,000 years")]
    let seconds = at as f64 / 1000.0;
    json!(seconds)
}
