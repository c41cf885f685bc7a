//! Executions: started, described, followed, listed, stopped.

use std::cmp::Reverse;

use aws_sdk_sfn::config::retry::RetryConfig;
use aws_sdk_sfn::operation::start_sync_execution::StartSyncExecutionOutput;
use aws_sdk_sfn::primitives::DateTime;
use aws_sdk_sfn::types::{ExecutionListItem, ExecutionStatus, HistoryEvent};
use serde_json::Value;

use super::error::{Answer, IfThere, Tried};
use super::{Clients, Cloud, CloudError, ExecutionSummary, HistoryItem};

/// Events of a page when the history is read whole, AWS's most.
const WHOLE_PAGE: i32 = 1000;

/// Executions of a page, AWS's most.
const LISTED: usize = 1000;

/// Events of a page when only the latest are of interest.
const LATEST_PAGE: i32 = 50;

impl Cloud {
    /// Starts an execution and gives its ARN.
    pub async fn start_execution(&self, machine_arn: &str, name: &str, input: &str) -> Result<String, CloudError> {
        let request = self
            .clients
            .sfn
            .start_execution()
            .state_machine_arn(machine_arn)
            .name(name)
            .input(input);
        let started = request
            .send()
            .await
            .tried(|| format!("start the execution {name} of {machine_arn}"))?;
        Ok(started.execution_arn)
    }

    /// Runs an execution of an Express state machine and waits for its end. It is not tried again: it may have begun.
    pub async fn run_sync(&self, machine_arn: &str, name: &str, input: &str) -> Result<ExecutionSummary, CloudError> {
        let request = self
            .clients
            .sfn
            .start_sync_execution()
            .state_machine_arn(machine_arn)
            .name(name)
            .input(input)
            .customize()
            .config_override(aws_sdk_sfn::config::Builder::new().retry_config(RetryConfig::disabled()));
        let ended = request
            .send()
            .await
            .tried(|| format!("run the execution {name} of {machine_arn}"))?;
        Ok(ended_summary(name, ended))
    }

    /// An execution in full.
    pub async fn describe_execution(&self, arn: &str) -> Result<ExecutionSummary, CloudError> {
        let answer = self.clients.sfn.describe_execution().execution_arn(arn).send().await;
        let execution = answer.tried(|| format!("describe the execution {arn}"))?;
        Ok(ExecutionSummary {
            arn: execution.execution_arn,
            name: execution.name.unwrap_or_else(|| last_part(arn)),
            status: execution.status.as_str().to_owned(),
            started_at: milliseconds(&execution.start_date),
            stopped_at: execution.stop_date.as_ref().map(milliseconds),
            input: execution.input,
            output: execution.output,
            error: execution.error,
            cause: execution.cause,
        })
    }

    /// History events after the one with that id, oldest first, over all pages.
    pub async fn history_after(&self, arn: &str, after: u64) -> Result<Vec<HistoryItem>, CloudError> {
        // From the end backwards until a known event: a long history is not read again at each look.
        let backwards = after > 0;
        let mut events = self.events(arn, backwards, after).await?;
        if backwards {
            events.reverse();
        }
        Ok(events.into_iter().map(item).collect())
    }

    async fn events(&self, arn: &str, backwards: bool, after: u64) -> Answer<Vec<HistoryEvent>> {
        let mut pages = self
            .clients
            .sfn
            .get_execution_history()
            .execution_arn(arn)
            .reverse_order(backwards)
            .max_results(if backwards { LATEST_PAGE } else { WHOLE_PAGE })
            .into_paginator()
            .send();
        let mut events = Vec::new();
        while let Some(page) = pages.next().await {
            for event in page.tried(|| format!("read the history of {arn}"))?.events {
                if id(event.id) > after {
                    events.push(event);
                } else if backwards {
                    return Ok(events);
                }
            }
        }
        Ok(events)
    }

    /// The latest executions of a machine, newest first. None for an Express machine: Step Functions keeps no list of its
    /// executions ([ListExecutions](https://docs.aws.amazon.com/step-functions/latest/apireference/API_ListExecutions.html)).
    pub async fn executions(
        &self,
        machine_arn: &str,
        most: usize,
    ) -> Result<Option<Vec<ExecutionSummary>>, CloudError> {
        // AWS lists the newest first; an emulator may not, so that enough is asked for to find them.
        let enough = if self.identity.target == "aws" {
            most
        } else {
            most.max(LISTED)
        };
        let page = i32::try_from(enough.clamp(1, LISTED)).unwrap_or(WHOLE_PAGE);
        let request = self
            .clients
            .sfn
            .list_executions()
            .state_machine_arn(machine_arn)
            .max_results(page);
        let mut pages = request.into_paginator().send();
        let mut executions = Vec::new();
        while executions.len() < enough
            && let Some(page) = pages.next().await
        {
            let page = page
                .tried(|| format!("list the executions of {machine_arn}"))
                .if_there(&["StateMachineTypeNotSupported"])?;
            let Some(page) = page else { return Ok(None) };
            executions.extend(page.executions.into_iter().map(summary));
        }
        executions.sort_by_key(|execution: &ExecutionSummary| Reverse(execution.started_at));
        executions.truncate(most);
        Ok(Some(executions))
    }

    /// Stops an execution; it may have ended by itself.
    pub async fn stop_execution(&self, arn: &str, cause: &str) -> Result<(), CloudError> {
        Ok(stop(&self.clients, arn, cause).await?)
    }
}

/// Stops an execution, if it runs. MiniStack refuses to stop one that has ended meanwhile.
pub(super) async fn stop(clients: &Clients, arn: &str, cause: &str) -> Answer<()> {
    let request = clients.sfn.stop_execution().execution_arn(arn).cause(cause);
    let answer = request.send().await;
    let Err(fault) = answer.tried(|| format!("stop the execution {arn}")) else {
        return Ok(());
    };
    let now = clients.sfn.describe_execution().execution_arn(arn).send().await;
    let now = now.tried(|| format!("describe the execution {arn}"));
    match now.if_there(&["ExecutionDoesNotExist"]) {
        Ok(Some(now)) if matches!(now.status, ExecutionStatus::Running | ExecutionStatus::PendingRedrive) => Err(fault),
        Ok(_) => Ok(()),
        Err(_) => Err(fault),
    }
}

/// An execution that was run to its end.
pub(super) fn ended_summary(name: &str, ended: StartSyncExecutionOutput) -> ExecutionSummary {
    ExecutionSummary {
        name: ended.name.unwrap_or_else(|| name.to_owned()),
        arn: ended.execution_arn,
        status: ended.status.as_str().to_owned(),
        started_at: milliseconds(&ended.start_date),
        stopped_at: Some(milliseconds(&ended.stop_date)),
        input: ended.input,
        output: ended.output,
        error: ended.error,
        cause: ended.cause,
    }
}

fn summary(execution: ExecutionListItem) -> ExecutionSummary {
    ExecutionSummary {
        started_at: milliseconds(&execution.start_date),
        stopped_at: execution.stop_date.as_ref().map(milliseconds),
        status: execution.status.as_str().to_owned(),
        arn: execution.execution_arn,
        name: execution.name,
        input: None,
        output: None,
        error: None,
        cause: None,
    }
}

/// What an event tells, whichever of its some forty kinds of details it has.
fn item(event: HistoryEvent) -> HistoryItem {
    let mut item = HistoryItem {
        id: id(event.id),
        previous_id: previous_id(&event),
        at_ms: milliseconds(&event.timestamp),
        kind: event.r#type.as_str().to_owned(),
        resource: None,
        state: None,
        data: None,
        error: None,
        cause: None,
    };
    let parsed = |text: Option<String>| text.map(|text| serde_json::from_str(&text).unwrap_or(Value::String(text)));
    if let Some(details) = event.state_entered_event_details {
        item.state = Some(details.name);
        item.data = parsed(details.input);
    }
    if let Some(details) = event.state_exited_event_details {
        item.state = Some(details.name);
        item.data = parsed(details.output);
    }
    if let Some(details) = event.evaluation_failed_event_details {
        item.state = Some(details.state);
        item.error = details.error;
        item.cause = details.cause;
    }
    macro_rules! take {
        (data $part:ident : $($details:ident),+) => {
            $(if let Some(details) = event.$details { item.data = parsed(details.$part); })+
        };
        (failure : $($details:ident),+) => {
            $(if let Some(details) = event.$details {
                item.error = details.error;
                item.cause = details.cause;
            })+
        };
    }
    take!(data input: execution_started_event_details, lambda_function_scheduled_event_details,
        activity_scheduled_event_details);
    take!(data output: execution_succeeded_event_details, lambda_function_succeeded_event_details,
        activity_succeeded_event_details, task_succeeded_event_details, task_submitted_event_details);
    if let Some(details) = event.task_scheduled_event_details {
        // MiniStack gives the whole of the `Resource` here.
        let resource = format!("{}:{}", details.resource_type, details.resource);
        item.resource = Some(
            details
                .resource
                .split_once(":states:::")
                .map_or(resource, |(_, resource)| resource.to_owned()),
        );
        item.data = parsed(Some(details.parameters));
    }
    take!(failure: execution_failed_event_details, execution_aborted_event_details,
        execution_timed_out_event_details, lambda_function_failed_event_details,
        lambda_function_schedule_failed_event_details, lambda_function_start_failed_event_details,
        lambda_function_timed_out_event_details, activity_failed_event_details,
        activity_schedule_failed_event_details, activity_timed_out_event_details, task_failed_event_details,
        task_start_failed_event_details, task_submit_failed_event_details, task_timed_out_event_details,
        map_run_failed_event_details);
    item
}

/// 0 for what begins an execution. MiniStack says 0 of every event, and tells states one after the other.
fn previous_id(event: &HistoryEvent) -> u64 {
    match event.previous_event_id {
        0 if event.id > 2 => id(event.id - 1),
        previous => id(previous),
    }
}

fn id(id: i64) -> u64 {
    u64::try_from(id).unwrap_or_default()
}

fn milliseconds(at: &DateTime) -> u64 {
    at.to_millis()
        .ok()
        .and_then(|at| u64::try_from(at).ok())
        .unwrap_or_default()
}

fn last_part(arn: &str) -> String {
    arn.rsplit(':').next().unwrap_or_default().to_owned()
}
