//! Task: has work done outside, within a time, and shapes its result ([Task](https://states-language.net/spec.html#task-state)).

use serde_json::{Map, Value, json};

use super::target;
use crate::asl::model::{NumberField, QueryLanguage, State, StateKind, Task};
use crate::engine::context::{Scope, task_token};
use crate::engine::data::{self, Data};
use crate::engine::errors::{Ended, Failure, RUNTIME, Turned};
use crate::engine::evaluate::{self, Inputs};
use crate::engine::execution::{BranchId, OpenTask, Purpose, Visit};
use crate::engine::exit;
use crate::engine::history::{self, Details};
use crate::engine::resource::Resource;
use crate::engine::turn::{Flow, Turn};
use crate::engine::{TaskId, TaskRequest};

/// Everything a task is scheduled with.
struct Prepared {
    parameters: Data,
    role: Option<String>,
    timeout: Option<u64>,
    heartbeat: Option<u64>,
}

/// Schedules an attempt.
pub(in crate::engine) fn schedule<'a>(
    turn: &mut Turn<'a>,
    branch: BranchId,
    visit: &Visit,
    state: &State,
    task: &'a Task,
) -> Turned<Flow<'a>> {
    let resource = Resource::parse(&task.resource)
        .ok_or_else(|| Failure::runtime(format!("The resource '{}' is not one a Task can use.", task.resource)))?;
    let id = turn.next_task();
    let token = task_token(&turn.execution.start, id, turn.random.next());
    let prepared = prepare(turn, visit, state, task, resource.has_token().then_some(token.as_str()))?;

    let (kind, details) = scheduled_event(turn, task, &resource, &prepared);
    let (activity, heartbeat) = if resource == Resource::Activity {
        (Some((details, prepared.heartbeat)), None)
    } else {
        turn.emit(branch, &kind, details)?;
        (None, prepared.heartbeat)
    };
    let seconds = |seconds: u64| seconds.saturating_mul(1000);
    turn.open_task(OpenTask {
        branch,
        request: TaskRequest {
            task: id,
            token,
            state: state.name.clone(),
            resource: task.resource.clone(),
            parameters: prepared.parameters.value().clone(),
            credentials_role: prepared.role,
        },
        resource,
        started: false,
        activity,
        timeout: None,
        heartbeat: None,
    });
    let timeout = prepared
        .timeout
        .map(|limit| turn.set_timer(seconds(limit), Purpose::TaskTimeout(id)));
    let heartbeat = heartbeat.map(|limit| (turn.set_timer(seconds(limit), Purpose::Heartbeat(id)), limit));
    if let Some(open) = turn.execution.tasks.get_mut(&id) {
        open.timeout = timeout;
        open.heartbeat = heartbeat;
    }
    Ok(Flow::Wait)
}

fn prepare(
    turn: &Turn<'_>,
    visit: &Visit,
    state: &State,
    task: &Task,
    token: Option<&str>,
) -> Result<Prepared, Failure> {
    let scope = Scope::of_task(turn, visit, token);
    let input = exit::effective_input(state, &scope)?;
    Ok(Prepared {
        timeout: seconds(task.timeout_seconds.as_ref(), "TimeoutSeconds", &input, &scope)?,
        heartbeat: seconds(task.heartbeat_seconds.as_ref(), "HeartbeatSeconds", &input, &scope)?,
        parameters: exit::arguments(state, &task.work, &input, &scope)?,
        role: role(state, task.credentials.as_ref(), &input, &scope)?,
    })
}

fn seconds(field: Option<&NumberField>, name: &str, input: &Data, scope: &Scope<'_>) -> Result<Option<u64>, Failure> {
    let path = match field {
        None => return Ok(None),
        Some(NumberField::Literal(seconds)) => {
            return seconds.as_u64().map(Some).ok_or_else(|| {
                Failure::runtime(format!(
                    "The {name} parameter cannot be parsed as a long value: {seconds}"
                ))
            });
        }
        Some(NumberField::Jsonata(expression)) => {
            return evaluate::seconds(expression, name, 1, scope).map(Some);
        }
        Some(NumberField::Path(path)) => path,
    };
    let found = scope
        .find(path, input.value())
        .map_err(|problem| Failure::runtime(format!("Invalid path '{path}' : {problem}")))?;
    match found.as_u64() {
        Some(seconds) if seconds > 0 => Ok(Some(seconds)),
        _ => Err(Failure::runtime(format!(
            "The {name}Path parameter cannot be parsed as a long value: {path} == {found}"
        ))),
    }
}

fn role(
    state: &State,
    credentials: Option<&Value>,
    input: &Data,
    scope: &Scope<'_>,
) -> Result<Option<String>, Failure> {
    let Some(credentials) = credentials else {
        return Ok(None);
    };
    let filled = match state.query_language {
        QueryLanguage::JsonPath => data::fill(Some(credentials), input, scope)?,
        QueryLanguage::Jsonata => evaluate::data(credentials, "Credentials", &Inputs::new(input.value()), scope)?,
    };
    match filled.value().get("RoleArn") {
        Some(Value::String(role)) => Ok(Some(role.clone())),
        _ => Err(Failure::runtime("The field 'Credentials' does not hold a 'RoleArn'.")),
    }
}

/// A task was handed over.
pub(in crate::engine) fn started(turn: &mut Turn<'_>, id: TaskId) -> Result<(), Ended> {
    let Some(task) = turn.execution.tasks.get_mut(&id) else {
        return Ok(());
    };
    if std::mem::replace(&mut task.started, true) {
        return Ok(());
    }
    let branch = task.branch;
    let (what, details) = match &task.resource {
        Resource::Lambda => ("Started", None),
        Resource::Activity => (
            "Scheduled",
            task.activity.as_ref().and_then(|(details, _)| details.clone()),
        ),
        Resource::Service { .. } => ("Started", event_details(&task.resource, "Started", Map::new())),
    };
    let kind = event_kind(&task.resource, what);
    turn.emit(branch, &kind, details).map(drop)
}

/// A worker took the task of an activity: only now its heartbeats are waited for.
pub(in crate::engine) fn activity_started(turn: &mut Turn<'_>, id: TaskId, worker: Option<&str>) -> Result<(), Ended> {
    let Some(task) = turn.execution.tasks.get_mut(&id).filter(|task| task.started) else {
        return Ok(());
    };
    let Some((_, heartbeat)) = task.activity.take() else {
        return Ok(());
    };
    let branch = task.branch;
    let worker = worker.map_or_else(|| json!({}), |worker| json!({ "workerName": worker }));
    let details = history::details("activityStartedEventDetails", worker);
    turn.emit(branch, "ActivityStarted", details)?;
    let heartbeat = heartbeat.map(|limit| {
        (
            turn.set_timer(limit.saturating_mul(1000), Purpose::Heartbeat(id)),
            limit,
        )
    });
    if let Some(task) = turn.execution.tasks.get_mut(&id) {
        task.heartbeat = heartbeat;
    }
    Ok(())
}

/// The request of a task whose result comes later was accepted.
pub(in crate::engine) fn submitted(turn: &mut Turn<'_>, id: TaskId, output: &str) -> Result<(), Ended> {
    let Some(task) = turn.execution.tasks.get(&id) else {
        return Ok(());
    };
    let branch = task.branch;
    let details = event_details(&task.resource, "Submitted", output_fields(output));
    let kind = event_kind(&task.resource, "Submitted");
    turn.emit(branch, &kind, details).map(drop)
}

/// A sign of life: the time until the next one is due begins again.
pub(in crate::engine) fn heartbeat(turn: &mut Turn<'_>, id: TaskId) {
    let Some((timer, limit)) = turn.execution.tasks.get(&id).and_then(|task| task.heartbeat) else {
        return;
    };
    turn.cancel_timer(timer);
    let timer = turn.set_timer(limit.saturating_mul(1000), Purpose::Heartbeat(id));
    if let Some(task) = turn.execution.tasks.get_mut(&id) {
        task.heartbeat = Some((timer, limit));
    }
}

/// The work is done: shapes its result and leaves the state.
pub(in crate::engine) fn succeeded<'a>(turn: &mut Turn<'a>, task: OpenTask, output: &str) -> Turned<Flow<'a>> {
    if output.len() > data::MAX_BYTES {
        let worker = match &task.resource {
            Resource::Service { service, .. } => service,
            _ => &task.request.resource,
        };
        let failure = Failure::task_result_too_large(worker);
        return failed(turn, &task, "Failed", failure);
    }
    let details = event_details(&task.resource, "Succeeded", output_fields(output));
    turn.emit(task.branch, event_kind(&task.resource, "Succeeded"), details)?;
    let result = Data::from_text(output)
        .map_err(|error| Failure::runtime(format!("The output of the task is not JSON: {error}")))?;
    leave(turn, &task, result)
}

fn leave<'a>(turn: &Turn<'a>, task: &OpenTask, result: Data) -> Turned<Flow<'a>> {
    let Some(visit) = turn.execution.visit(task.branch) else {
        return Ok(Flow::Wait);
    };
    let Some((state, definition)) = turn
        .state(task.branch, &visit.state)
        .and_then(|state| match &state.kind {
            StateKind::Task(task) => Some((state, task)),
            _ => None,
        })
    else {
        return Ok(Flow::Wait);
    };
    let token = task.resource.has_token().then_some(task.request.token.as_str());
    let scope = Scope::of_task(turn, visit, token);
    let exit = exit::with_result(state, &definition.work, result, &scope)?;
    Ok(Flow::Leave(exit, target(&definition.transition)))
}

/// The work failed or took too long: the event says so, then retriers and catchers are asked.
pub(in crate::engine) fn failed<'a>(
    turn: &mut Turn<'a>,
    task: &OpenTask,
    what: &str,
    failure: Failure,
) -> Turned<Flow<'a>> {
    let fields = history::error_and_cause(failure.error.as_deref(), failure.cause.as_deref());
    let details = event_details(&task.resource, what, fields);
    turn.emit(task.branch, event_kind(&task.resource, what), details)?;
    Err(failure.into())
}

/// The work could not be handed over. If it never could be, the execution ends.
pub(in crate::engine) fn not_started<'a>(
    turn: &mut Turn<'a>,
    task: &OpenTask,
    error: &str,
    cause: &str,
) -> Turned<Flow<'a>> {
    let what = match task.resource {
        _ if error == RUNTIME => return Err(Failure::runtime(cause).into()),
        Resource::Activity => "ScheduleFailed",
        Resource::Lambda | Resource::Service { .. } => "StartFailed",
    };
    let failure = Failure::reported(Some(error.to_owned()), Some(cause.to_owned()));
    failed(turn, task, what, failure)
}

fn scheduled_event(turn: &Turn<'_>, task: &Task, resource: &Resource, prepared: &Prepared) -> (String, Details) {
    let mut fields = Map::new();
    match resource {
        Resource::Lambda | Resource::Activity => {
            fields.insert("resource".into(), task.resource.as_str().into());
            fields.insert("input".into(), prepared.parameters.text().into());
            fields.insert("inputDetails".into(), history::whole());
        }
        Resource::Service { .. } => {
            let region = turn.execution.start.state_machine_arn.split(':').nth(3);
            fields.insert("region".into(), region.unwrap_or_default().into());
            fields.insert("parameters".into(), prepared.parameters.text().into());
        }
    }
    if let Some(seconds) = prepared.timeout {
        fields.insert("timeoutInSeconds".into(), seconds.into());
    }
    if let Some(seconds) = prepared.heartbeat.filter(|_| *resource != Resource::Lambda) {
        fields.insert("heartbeatInSeconds".into(), seconds.into());
    }
    if let Some(role) = &prepared.role {
        fields.insert("taskCredentials".into(), json!({ "roleArn": role }));
    }
    (
        event_kind(resource, "Scheduled"),
        event_details(resource, "Scheduled", fields),
    )
}

fn family(resource: &Resource) -> (&'static str, &'static str) {
    match resource {
        Resource::Lambda => ("LambdaFunction", "lambdaFunction"),
        Resource::Activity => ("Activity", "activity"),
        Resource::Service { .. } => ("Task", "task"),
    }
}

fn event_kind(resource: &Resource, what: &str) -> String {
    format!("{}{what}", family(resource).0)
}

/// The details of an event; those of a service also name it.
fn event_details(resource: &Resource, what: &str, mut fields: Map<String, Value>) -> Details {
    if let Resource::Service { service, action, .. } = resource {
        fields.insert("resourceType".into(), service.as_str().into());
        fields.insert("resource".into(), action.as_str().into());
    }
    history::details(
        format!("{}{what}EventDetails", family(resource).1),
        Value::Object(fields),
    )
}

fn output_fields(output: &str) -> Map<String, Value> {
    Map::from_iter([
        ("output".to_owned(), output.into()),
        ("outputDetails".to_owned(), history::whole()),
    ])
}
