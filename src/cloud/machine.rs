//! State machines: read, made, changed, removed.

use std::sync::Arc;

use aws_sdk_sfn::operation::describe_state_machine::DescribeStateMachineOutput;
use aws_sdk_sfn::types::{
    CloudWatchLogsLogGroup, ExecutionStatus, LogDestination, LogLevel, LoggingConfiguration, StateMachineStatus,
    StateMachineType, Tag, TracingConfiguration,
};
use serde_json::Value;

use super::apply::Step;
use super::error::{Answer, Fault, IfThere, Tried};
use super::{Clients, Cloud, CloudError, execution};
use crate::plan::desired::{DesiredMachine, LogSettings, Tags};
use crate::plan::observed::{ObservedMachine, owner};
use crate::plan::work::{MachineUpdate, TagChange};

const ABSENT: &[&str] = &["StateMachineDoesNotExist", "ResourceNotFound"];

/// The names and ARNs of all state machines.
pub(super) async fn list(clients: &Clients) -> Answer<Vec<(String, String)>> {
    let mut pages = clients
        .sfn
        .list_state_machines()
        .max_results(1000)
        .into_paginator()
        .send();
    let mut machines = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.tried(|| "list the state machines".to_owned())?;
        machines.extend(
            page.state_machines
                .into_iter()
                .map(|machine| (machine.name, machine.state_machine_arn)),
        );
    }
    Ok(machines)
}

/// A state machine with its tags, if it is there and `wanted` says yes to them.
pub(super) async fn read(
    clients: &Clients,
    arn: &str,
    wanted: impl Fn(&Tags) -> bool,
) -> Answer<Option<ObservedMachine>> {
    let answer = clients.sfn.list_tags_for_resource().resource_arn(arn).send().await;
    let Some(output) = answer.tried(|| format!("read the tags of {arn}")).if_there(ABSENT)? else {
        return Ok(None);
    };
    let tags: Tags = output
        .tags
        .unwrap_or_default()
        .into_iter()
        .filter_map(|tag| Some((tag.key?, tag.value.unwrap_or_default())))
        .collect();
    if !wanted(&tags) {
        return Ok(None);
    }
    Ok(describe(clients, arn).await?.map(|machine| observed(machine, tags)))
}

impl Cloud {
    /// The definition of a state machine as it is now; none if it is not there.
    pub async fn deployed_definition(&self, arn: &str) -> Result<Option<Value>, CloudError> {
        let machine = describe(&self.clients, arn).await?;
        Ok(machine.and_then(|machine| serde_json::from_str(&machine.definition).ok()))
    }
}

async fn describe(clients: &Clients, arn: &str) -> Answer<Option<DescribeStateMachineOutput>> {
    let answer = clients.sfn.describe_state_machine().state_machine_arn(arn).send().await;
    answer.tried(|| format!("describe {arn}")).if_there(ABSENT)
}

fn observed(machine: DescribeStateMachineOutput, tags: Tags) -> ObservedMachine {
    ObservedMachine {
        definition: serde_json::from_str(&machine.definition).unwrap_or(Value::Null),
        kind: machine.r#type.as_str().to_owned(),
        status: machine
            .status
            .map_or_else(|| "ACTIVE".to_owned(), |status| status.as_str().to_owned()),
        logging: machine.logging_configuration.and_then(settings),
        tracing: machine.tracing_configuration.is_some_and(|tracing| tracing.enabled),
        name: machine.name,
        arn: machine.state_machine_arn,
        role: machine.role_arn,
        tags,
    }
}

fn settings(logging: LoggingConfiguration) -> Option<LogSettings> {
    let level = logging.level.filter(|level| *level != LogLevel::Off)?;
    let group = logging.destinations?.into_iter().next()?.cloud_watch_logs_log_group?;
    Some(LogSettings {
        level: level.as_str().to_owned(),
        include_execution_data: logging.include_execution_data,
        destination: group.log_group_arn.unwrap_or_default(),
    })
}

pub(super) async fn create(step: &Step, machine: &Arc<DesiredMachine>) -> Answer<String> {
    let request = step
        .clients
        .sfn
        .create_state_machine()
        .name(&machine.name)
        .definition(machine.definition.to_string())
        .role_arn(&machine.role)
        .r#type(StateMachineType::from(machine.kind.as_str()))
        .logging_configuration(logging(machine))
        .tracing_configuration(tracing(machine))
        .set_tags(Some(tags(&machine.tags)));
    let made = step
        .patience
        .retry(async || {
            let answer = request
                .clone()
                .send()
                .await
                .tried(|| format!("create the state machine {}", machine.name));
            answer.if_there(&["StateMachineAlreadyExists"])
        })
        .await
        .map_err(|fault| fault.naming(&machine.role))?;
    let arn = made.map_or_else(|| machine.arn.clone(), |made| made.state_machine_arn);
    complete(step, machine, &arn).await?;
    Ok(arn)
}

/// Creating succeeds when a machine of that definition is there already, and then ignores another role and tags; with
/// another definition it fails. Either way it may be ours, half made.
async fn complete(step: &Step, machine: &Arc<DesiredMachine>, arn: &str) -> Answer<()> {
    let there = read(&step.clients, arn, |_| true).await?;
    let there = there.filter(|there| owner(&there.tags) == owner(&machine.tags));
    let Some(there) = there else {
        return Err(Fault::other(format!(
            "cannot create the state machine {}: somebody else has made one",
            machine.name
        )));
    };
    let (changes, change) = crate::plan::compare::machine(&there, machine);
    if changes.is_empty() {
        Ok(())
    } else {
        update(step, &change).await
    }
}

/// Step Functions keeps what an update leaves out, so logging and tracing are said even when they are off.
pub(super) async fn update(step: &Step, change: &MachineUpdate) -> Answer<()> {
    let sfn = &step.clients.sfn;
    let machine = &change.machine;
    if change.configuration {
        let request = sfn
            .update_state_machine()
            .state_machine_arn(&machine.arn)
            .definition(machine.definition.to_string())
            .role_arn(&machine.role)
            .logging_configuration(logging(machine))
            .tracing_configuration(tracing(machine));
        let updated = step.patience.retry(async || {
            request
                .clone()
                .send()
                .await
                .tried(|| format!("update the state machine {}", machine.name))
        });
        updated.await.map_err(|fault| fault.naming(&machine.role))?;
    }
    tag(step, machine, &change.tags).await
}

async fn tag(step: &Step, machine: &DesiredMachine, change: &TagChange) -> Answer<()> {
    let sfn = &step.clients.sfn;
    if !change.set.is_empty() {
        let request = sfn
            .tag_resource()
            .resource_arn(&machine.arn)
            .set_tags(Some(tags(&change.set)));
        request
            .send()
            .await
            .tried(|| format!("tag the state machine {}", machine.name))?;
    }
    if !change.remove.is_empty() {
        let request = sfn
            .untag_resource()
            .resource_arn(&machine.arn)
            .set_tag_keys(Some(change.remove.clone()));
        request
            .send()
            .await
            .tried(|| format!("remove tags of the state machine {}", machine.name))?;
    }
    Ok(())
}

/// Deleting waits for running executions, and one that waits for a token never ends by itself: they are stopped, also
/// those that were started meanwhile.
pub(super) async fn delete(step: &Step, arn: &str) -> Answer<()> {
    stop_running(&step.clients, arn).await?;
    let deleted = step.patience.retry(async || {
        let answer = step
            .clients
            .sfn
            .delete_state_machine()
            .state_machine_arn(arn)
            .send()
            .await;
        answer.tried(|| format!("delete {arn}")).if_there(ABSENT)
    });
    deleted.await?;
    let gone = step
        .patience
        .poll("the state machine is still being deleted", async || {
            match describe(&step.clients, arn).await? {
                None => Ok(Some(())),
                Some(machine) => {
                    if machine.status == Some(StateMachineStatus::Deleting) {
                        stop_running(&step.clients, arn).await?;
                    }
                    Ok(None)
                }
            }
        });
    gone.await
}

async fn stop_running(clients: &Clients, arn: &str) -> Answer<()> {
    // Executions of Express machines cannot be listed and end within minutes.
    const NONE: &[&str] = &[
        "StateMachineDoesNotExist",
        "StateMachineTypeNotSupported",
        "StateMachineDeleting",
    ];
    let request = clients
        .sfn
        .list_executions()
        .state_machine_arn(arn)
        .status_filter(ExecutionStatus::Running);
    let mut pages = request.max_results(1000).into_paginator().send();
    let mut running = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.tried(|| format!("list the executions of {arn}")).if_there(NONE)?;
        running.extend(page.into_iter().flat_map(|page| page.executions));
    }
    for execution in running {
        execution::stop(clients, &execution.execution_arn, "the state machine is being deleted").await?;
    }
    Ok(())
}

fn logging(machine: &DesiredMachine) -> LoggingConfiguration {
    let Some(settings) = &machine.logging else {
        return LoggingConfiguration::builder().level(LogLevel::Off).build();
    };
    let group = CloudWatchLogsLogGroup::builder()
        .log_group_arn(&settings.destination)
        .build();
    LoggingConfiguration::builder()
        .level(LogLevel::from(settings.level.as_str()))
        .include_execution_data(settings.include_execution_data)
        .destinations(LogDestination::builder().cloud_watch_logs_log_group(group).build())
        .build()
}

fn tracing(machine: &DesiredMachine) -> TracingConfiguration {
    TracingConfiguration::builder().enabled(machine.tracing).build()
}

fn tags(tags: &Tags) -> Vec<Tag> {
    tags.iter()
        .map(|(key, value)| Tag::builder().key(key).value(value).build())
        .collect()
}
