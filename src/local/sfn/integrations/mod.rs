//! Tasks that call services: the request an SDK would send goes through the door of the local cloud, in process, and its
//! answer comes back in the form that Step Functions gives it.

mod catalog;
mod failure;
mod metadata;
mod names;
mod optimized;
mod reply;
mod request;
mod rest;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response};
use serde_json::{Map, Value};

use self::catalog::Service;
use self::optimized::Optimized;
use self::reply::Times;
use super::Clock;
use super::lambda::{self, LambdaTasks};
use super::rehearsal;
use super::tasks::{Caller, TaskOutcome, TaskRunner};
use crate::asl::integration::{Integration, Pattern};
use crate::engine::TaskRequest;
use crate::local::api::Pending;

/// The services of the local cloud, as tasks reach them.
pub trait Services: Send + Sync + 'static {
    /// Answers a request that is signed for one of them.
    fn send(&self, request: Request<Bytes>) -> Pending<'_, Response<Bytes>>;
}

/// Does the tasks of functions and of all services that are at the door.
pub struct Integrations {
    functions: LambdaTasks,
    services: Arc<dyn Services>,
    clock: Clock,
}

impl Integrations {
    /// Tasks on those functions and services.
    pub fn new(functions: LambdaTasks, services: Arc<dyn Services>, clock: Clock) -> Self {
        Self {
            functions,
            services,
            clock,
        }
    }

    async fn call(&self, caller: Caller<'_>, request: &TaskRequest) -> TaskOutcome {
        match Integration::parse(&request.resource) {
            Integration::Sdk { service, action, .. } => {
                let Some(service) = Service::find(&service) else {
                    return missing(&request.resource);
                };
                self.call_sdk(caller, service, &names::capital(&action), &request.parameters)
                    .await
            }
            Integration::Optimized { service, action, .. } => {
                let Some(optimized) = Optimized::find(&service) else {
                    return missing(&request.resource);
                };
                self.call_optimized(caller, optimized, &names::capital(&action), &request.parameters)
                    .await
            }
            _ => missing(&request.resource),
        }
    }

    async fn call_sdk(
        &self,
        caller: Caller<'_>,
        service: &Service,
        operation: &str,
        parameters: &Value,
    ) -> TaskOutcome {
        let mut parameters = parameters.clone();
        pass_time(caller, service, operation, &mut parameters);
        let request = match request::of(service, operation, &parameters, caller.region) {
            Ok(request) => request,
            Err(problem) => return TaskOutcome::failed("States.Runtime", problem),
        };
        let response = self.services.send(request).await;
        match reply::read(service, operation, &response, Times::Text) {
            Ok(members) => TaskOutcome::Succeeded(Value::Object(members).to_string()),
            Err(refusal) => failure::of_sdk(service.title, &refusal),
        }
    }

    async fn call_optimized(
        &self,
        caller: Caller<'_>,
        optimized: &Optimized,
        operation: &str,
        parameters: &Value,
    ) -> TaskOutcome {
        let mut parameters = optimized.parameters(caller, parameters);
        if let Some(service) = optimized.service() {
            pass_time(caller, service, operation, &mut parameters);
        }
        let request = optimized
            .service()
            .ok_or_else(|| format!("there is no service for {operation}"))
            .and_then(|service| request::of(service, operation, &parameters, caller.region));
        let request = match request {
            Ok(request) => request,
            Err(problem) => return TaskOutcome::failed("States.Runtime", problem),
        };
        let response = self.services.send(request).await;
        optimized.outcome(operation, &response, (self.clock)())
    }
}

impl TaskRunner for Integrations {
    fn supports(&self, resource: &str) -> bool {
        supports(resource)
    }

    fn run<'a>(&'a self, caller: Caller<'a>, request: &'a TaskRequest) -> Pending<'a, TaskOutcome> {
        if lambda::supports(&request.resource) {
            return self.functions.run(caller, request);
        }
        Box::pin(self.call(caller, request))
    }
}

/// Whether tasks of that resource can be done: the service is at the door, and its operation known here.
pub(super) fn supports(resource: &str) -> bool {
    if lambda::supports(resource) {
        return true;
    }
    let integration = Integration::parse(resource);
    if !integration.is_recognized() {
        return false;
    }
    let (service, action) = match &integration {
        Integration::Sdk { service, action, .. } => (Service::find(service), action),
        Integration::Optimized { service, action, .. } => {
            (Optimized::find(service).and_then(Optimized::service), action)
        }
        _ => return false,
    };
    let waits = integration.pattern() == Pattern::Sync || integration.pattern() == Pattern::Sync2;
    if waits && !super::nested::is(resource) {
        return false;
    }
    service.is_some_and(|service| crate::local::has_service(service.signing) && service.has(&names::capital(action)))
}

/// An execution that a task starts has the virtual time of the execution of the task.
fn pass_time(caller: Caller<'_>, service: &Service, operation: &str, parameters: &mut Value) {
    if service.sdk == "sfn" && matches!(operation, "StartExecution" | "StartSyncExecution") {
        rehearsal::pass_on(caller.time, parameters);
    }
}

fn missing(resource: &str) -> TaskOutcome {
    TaskOutcome::failed(
        "States.Runtime",
        format!("not implemented by the local cloud: the resource {resource}"),
    )
}

/// The answer to `states:startExecution`, as the task gets it.
pub(super) fn started(response: &Response<Bytes>, now: crate::engine::Millis) -> TaskOutcome {
    match Optimized::find("states") {
        Some(states) => states.outcome("StartExecution", response, now),
        None => missing("states:startExecution"),
    }
}

/// The call that `states:startExecution` makes of its parameters, as the body of the API.
pub(super) fn start_parameters(caller: Caller<'_>, parameters: &Value) -> Value {
    let parameters = Optimized::find("states").map_or(Value::Null, |states| states.parameters(caller, parameters));
    let members = parameters.as_object().cloned().unwrap_or_default();
    let members = members.into_iter().filter(|(_, value)| !value.is_null());
    Value::Object(names::uncapitalized(&members.collect(), &[]))
}

/// The description of an execution as an optimized task gets it: capital names, milliseconds, in alphabetical order.
pub(super) fn described(response: &Response<Bytes>) -> Option<Map<String, Value>> {
    let service = Service::find("sfn")?;
    let members = reply::read(service, "DescribeExecution", response, Times::Millis).ok()?;
    Some(optimized::sorted(members))
}

/// The operations of Step Functions that tasks can call.
#[cfg(test)]
pub(super) fn operations_of_states() -> &'static [&'static str] {
    match Service::find("sfn").map(|service| &service.wire) {
        Some(catalog::Wire::Json(json)) => json.operations,
        _ => &[],
    }
}

/// What AWS SDK tasks can call, as `service:action`.
#[cfg(test)]
pub(super) fn sdk_operations() -> impl Iterator<Item = String> {
    catalog::SERVICES.iter().flat_map(|service| {
        let operations: Vec<&str> = match &service.wire {
            catalog::Wire::Json(json) => json.operations.to_vec(),
            catalog::Wire::Query(query) => query.operations.to_vec(),
            catalog::Wire::RestJson(operations) | catalog::Wire::RestXml(operations) => {
                operations.iter().map(|operation| operation.name).collect()
            }
        };
        let action = |operation: &str| operation[..1].to_ascii_lowercase() + &operation[1..];
        operations
            .into_iter()
            .map(move |operation| format!("{}:{}", service.sdk, action(operation)))
    })
}
