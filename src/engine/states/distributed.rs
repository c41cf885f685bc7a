//! Map in distributed mode: a map run does the work, outside of the execution
//! ([distributed mode](https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html)). The state is entered,
//! its limits are read, its map run begins; items come from its input or from an `ItemReader`; how the map run ends, the
//! driver says.

use serde_json::{Value, json};

use super::map::{items, whole};
use crate::asl::model::{Map, NumberField, QueryLanguage, State, StateKind};
use crate::engine::context::Scope;
use crate::engine::data::{self, Data, MAX_BYTES};
use crate::engine::errors::{Ended, Failure, Interrupt, Turned};
use crate::engine::evaluate::{self, Inputs};
use crate::engine::execution::{BranchId, OpenMapRun, Visit};
use crate::engine::exit;
use crate::engine::history;
use crate::engine::map_run::batch::{self, Batches};
use crate::engine::map_run::{
    Children, Limits, MapRunRequest, OutputType, ReadRequest, Transfer, Transformation, Writer,
};
use crate::engine::turn::{Flow, Turn};
use crate::engine::{Effect, MapRunId};

/// Begins the map run. AWS reads `MaxConcurrency` before it says that the state has started, tolerated failures after it.
pub(super) fn run<'a>(
    turn: &mut Turn<'a>,
    branch: BranchId,
    visit: &Visit,
    state: &'a State,
    map: &'a Map,
) -> Turned<Flow<'a>> {
    let scope = Scope::of_task(turn, visit, None);
    let input = exit::effective_input(state, &scope)?;
    let list = match map.item_reader {
        Some(_) => None,
        None => Some(items(state, map, &input, &scope)?),
    };
    let max_concurrency = match &map.max_concurrency {
        Some(field) => whole(field, "MaxConcurrency", &input, &scope)?,
        None => 0,
    };
    drop(scope);
    let length = list
        .as_ref()
        .and_then(|list| list.value().as_array())
        .map_or(0, Vec::len);
    turn.emit(branch, "MapStateStarted", history::map_started(length))?;

    let scope = Scope::of_task(turn, visit, None);
    let parts = Parts {
        language: state.query_language,
        input: &input,
        scope: &scope,
    };
    let limits = Limits {
        max_concurrency,
        ..parts.tolerance(map)?
    };
    let writer = parts.writer(map)?;
    let batches = parts.batches(map)?;
    let map_run = turn.execution.last_map_run + 1;
    let read = parts.read_request(map, map_run)?;
    drop(scope);
    let (arn, label) = names(turn, map);
    let request = MapRunRequest {
        map_run,
        label,
        way: turn.way_to(branch, &state.name),
        express: is_express(map),
        limits,
        writer,
        arn,
    };
    turn.execution.last_map_run = map_run;
    turn.emit(branch, "MapRunStarted", history::map_run_started(&request.arn))?;
    turn.effects.push(Effect::OpenMapRun(request.clone()));
    let open = OpenMapRun {
        branch,
        request,
        read: read.clone(),
        batches,
        input,
        children: None,
    };
    turn.execution.map_runs.insert(map_run, open);
    match (list, read) {
        (Some(list), _) => run_items(turn, branch, map_run, &list),
        (None, Some(read)) => {
            turn.effects.push(Effect::ReadItems(read));
            Ok(Flow::Wait)
        }
        (None, None) => Ok(Flow::Wait),
    }
}

/// The items that were asked for have been read; `items` is the JSON text of a list.
pub(in crate::engine) fn items_read(turn: &mut Turn<'_>, map_run: MapRunId, items: &str) -> Result<(), Ended> {
    let Some(branch) = turn
        .execution
        .map_runs
        .get(&map_run)
        .filter(|open| open.children.is_none())
        .map(|open| open.branch)
    else {
        return Ok(());
    };
    match Data::from_text(items) {
        Ok(list) if list.value().is_array() => {
            turn.resume(branch, |turn, branch, _| run_items(turn, branch, map_run, &list))
        }
        _ => failed(
            turn,
            map_run,
            Failure::reported(
                Some("States.ItemReaderFailed".to_owned()),
                Some("The items that were read are not a list.".to_owned()),
            ),
        ),
    }
}

/// Says what the child executions of a map run are given. What cannot be given fails the map run.
fn run_items<'a>(turn: &mut Turn<'a>, branch: BranchId, map_run: MapRunId, list: &Data) -> Turned<Flow<'a>> {
    match children(turn, branch, map_run, list) {
        Ok(children) => {
            if let Some(open) = turn.execution.map_runs.get_mut(&map_run) {
                open.children = Some(children.clone());
            }
            turn.effects.push(Effect::RunChildren { map_run, children });
            Ok(Flow::Wait)
        }
        Err(failure) => {
            turn.execution.map_runs.remove(&map_run);
            turn.effects.push(Effect::StopMapRun { map_run, failed: true });
            let told = match turn.execution.visit(branch) {
                Some(visit) => failure.clone().named(&visit.state, visit.entered_event),
                None => failure.clone(),
            };
            turn.emit(branch, "MapRunFailed", history::map_run_failed(&told))?;
            Err(failure.into())
        }
    }
}

/// The inputs of all child executions.
fn children(turn: &Turn<'_>, branch: BranchId, map_run: MapRunId, list: &Data) -> Result<Children, Failure> {
    let (Some(visit), Some(open)) = (turn.execution.visit(branch), turn.execution.map_runs.get(&map_run)) else {
        return Ok(Children::from([]));
    };
    let Some(state) = turn.state(branch, &visit.state) else {
        return Ok(Children::from([]));
    };
    let StateKind::Map(map) = &state.kind else {
        return Ok(Children::from([]));
    };
    let items = list.value().as_array().map(Vec::as_slice).unwrap_or_default();
    let texts = match map.item_selector.as_ref().or(map.work.parameters.as_ref()) {
        Some(selector) => selected(turn, visit, state, selector, &open.input, items)?,
        None => items.iter().map(Value::to_string).collect(),
    };
    let children = match &open.batches {
        Some(batches) => batches.fill(texts.into_iter()),
        None => batch::one_each(texts.into_iter()),
    };
    children
        .map(Children::from)
        .map_err(|too_large| Failure::child_input_too_large(too_large.0, MAX_BYTES))
}

/// What `ItemSelector` makes of each item.
fn selected(
    turn: &Turn<'_>,
    visit: &Visit,
    state: &State,
    selector: &Value,
    input: &Data,
    items: &[Value],
) -> Result<Vec<String>, Failure> {
    let mut texts = Vec::with_capacity(items.len());
    for (index, item) in items.iter().enumerate() {
        let scope = Scope::of_task(turn, visit, None).with_item(index, item);
        let selected = match state.query_language {
            QueryLanguage::JsonPath => data::fill(Some(selector), input, &scope)?,
            QueryLanguage::Jsonata => evaluate::data(selector, "ItemSelector", &Inputs::new(input.value()), &scope)?,
        };
        texts.push(selected.text().to_owned());
    }
    Ok(texts)
}

/// A map run has ended well; `output` is the JSON text of what it gives.
pub(in crate::engine) fn succeeded(turn: &mut Turn<'_>, map_run: MapRunId, output: &str) -> Result<(), Ended> {
    let Some(open) = turn.execution.map_runs.remove(&map_run) else {
        return Ok(());
    };
    turn.resume(open.branch, |turn, branch, state| {
        let StateKind::Map(map) = &state.kind else {
            return Ok(Flow::Wait);
        };
        let result = Data::from_text(output)
            .map_err(|problem| Failure::runtime(format!("The result of the map run is not JSON: {problem}")))?;
        // The state is left after what ended the map run, as 19 of 22 recorded histories have it. Those since November
        // 2024 leave it after what began the map run.
        let ended = turn.emit(branch, "MapRunSucceeded", None)?;
        turn.emit_after(branch, ended, "MapStateSucceeded", None)?;
        super::leave(turn, branch, state, &map.work, &map.transition, result)
    })
}

/// A map run has failed.
pub(in crate::engine) fn failed(turn: &mut Turn<'_>, map_run: MapRunId, failure: Failure) -> Result<(), Ended> {
    let Some(open) = turn.execution.map_runs.remove(&map_run) else {
        return Ok(());
    };
    turn.resume(open.branch, |turn, branch, _| {
        turn.emit(branch, "MapRunFailed", history::map_run_failed(&failure))?;
        Err(Interrupt::Failed(failure))
    })
}

fn is_express(map: &Map) -> bool {
    let config = map.processor_config.as_ref();
    config.and_then(|config| config["ExecutionType"].as_str()) == Some("EXPRESS")
}

/// The ARN of a new map run, and its label.
fn names(turn: &Turn<'_>, map: &Map) -> (String, String) {
    let start = &turn.execution.start;
    let label = map.label.clone().unwrap_or_else(|| uuid(turn));
    // In a child execution, the name of the machine has a label as well.
    let machine = start.state_machine_name.split('/').next().unwrap_or_default();
    let mut parts = start.state_machine_arn.split(':').skip(1);
    let mut part = || parts.next().unwrap_or_default();
    let (partition, _, region, account) = (part(), part(), part(), part());
    let arn = format!(
        "arn:{partition}:states:{region}:{account}:mapRun:{machine}/{label}:{}",
        uuid(turn)
    );
    (arn, label)
}

fn uuid(turn: &Turn<'_>) -> String {
    let bits = u128::from(turn.random.next()) << 64 | u128::from(turn.random.next());
    uuid::Builder::from_random_bytes(bits.to_be_bytes())
        .into_uuid()
        .to_string()
}

/// What the fields of a Map state are read with.
struct Parts<'a> {
    language: QueryLanguage,
    input: &'a Data,
    scope: &'a Scope<'a>,
}

impl Parts<'_> {
    fn tolerance(&self, map: &Map) -> Result<Limits, Failure> {
        let count = map.tolerated_failure_count.as_ref();
        let percentage = map.tolerated_failure_percentage.as_ref();
        Ok(Limits {
            max_concurrency: 0,
            tolerated_count: count
                .map(|field| whole(field, "ToleratedFailureCount", self.input, self.scope))
                .transpose()?,
            tolerated_percentage: percentage.map(|field| self.percentage(field)).transpose()?,
        })
    }

    fn percentage(&self, field: &NumberField) -> Result<f64, Failure> {
        const NAME: &str = "ToleratedFailurePercentage";
        let found = match field {
            NumberField::Literal(number) => number.as_f64(),
            NumberField::Path(path) => {
                let found = self
                    .scope
                    .find(path, self.input.value())
                    .map_err(|problem| Failure::runtime(format!("Invalid path '{path}' : {problem}")))?;
                let number = match found.as_str() {
                    Some(text) => text.parse().ok(),
                    None => found.as_f64(),
                };
                let Some(number) = number else {
                    let shown = found.as_str().map_or_else(|| found.to_string(), str::to_owned);
                    return Err(Failure::runtime(format!(
                        "The {NAME}Path field refers to value \"{shown}\" which is not a valid float: {path}"
                    )));
                };
                Some(number)
            }
            NumberField::Jsonata(expression) => {
                Some(evaluate::typed(expression, NAME, "number", self.scope, Value::as_f64)?)
            }
        };
        found
            .filter(|percentage| (0.0..=100.0).contains(percentage))
            .ok_or_else(|| Failure::runtime(format!("{NAME} must be between 0 and 100.")))
    }

    fn batches(&self, map: &Map) -> Result<Option<Batches>, Failure> {
        let Some(batcher) = &map.item_batcher else {
            return Ok(None);
        };
        let input = batcher
            .get("BatchInput")
            .map(|template| self.filled(template, "ItemBatcher/BatchInput"));
        Ok(Some(Batches {
            max_items: self.batch_limit(batcher, "MaxItemsPerBatch")?,
            max_bytes: self.batch_limit(batcher, "MaxInputBytesPerBatch")?,
            input: input.transpose()?,
        }))
    }

    /// A limit of a batch; 0 would not let anything pass.
    fn batch_limit(&self, batcher: &Value, name: &str) -> Result<Option<u64>, Failure> {
        match self.number(batcher, name)? {
            Some(0) => Err(Failure::runtime(format!("{name} must be greater than zero."))),
            limit => Ok(limit),
        }
    }

    fn read_request(&self, map: &Map, map_run: MapRunId) -> Result<Option<ReadRequest>, Failure> {
        let Some(reader) = &map.item_reader else {
            return Ok(None);
        };
        let mut config = reader.get("ReaderConfig").cloned().unwrap_or_else(|| json!({}));
        let most = self.number(&config, "MaxItems")?;
        if let Some(members) = config.as_object_mut() {
            members.shift_remove("MaxItemsPath");
            members.extend(most.map(|most| ("MaxItems".to_owned(), most.into())));
        }
        Ok(Some(ReadRequest {
            map_run,
            from: self.transfer(reader, "ItemReader")?,
            config,
        }))
    }

    fn writer(&self, map: &Map) -> Result<Writer, Failure> {
        let Some(writer) = &map.result_writer else {
            return Ok(Writer::default());
        };
        let config = |member: &str| writer.get("WriterConfig")?.get(member)?.as_str();
        let to = match writer.get("Resource") {
            Some(_) => {
                let to = self.transfer(writer, "ResultWriter")?;
                Some((to.resource, to.parameters))
            }
            None => None,
        };
        Ok(Writer {
            transformation: match config("Transformation") {
                Some("NONE") => Transformation::None,
                Some("FLATTEN") => Transformation::Flatten,
                None if to.is_some() => Transformation::None,
                _ => Transformation::Compact,
            },
            output_type: match config("OutputType") {
                Some("JSONL") => OutputType::Jsonl,
                _ => OutputType::Json,
            },
            to,
        })
    }

    fn transfer(&self, field: &Value, name: &str) -> Result<Transfer, Failure> {
        let (member, location) = match self.language {
            QueryLanguage::JsonPath => ("Parameters", format!("{name}/Parameters")),
            QueryLanguage::Jsonata => ("Arguments", format!("{name}/Arguments")),
        };
        Ok(Transfer {
            resource: field["Resource"].as_str().unwrap_or_default().to_owned(),
            parameters: match field.get(member) {
                Some(template) => self.filled(template, &location)?,
                None => json!({}),
            },
        })
    }

    fn filled(&self, template: &Value, location: &str) -> Result<Value, Failure> {
        match self.language {
            QueryLanguage::JsonPath => Ok(data::fill(Some(template), self.input, self.scope)?.value().clone()),
            QueryLanguage::Jsonata => evaluate::value(template, location, &Inputs::new(self.input.value()), self.scope),
        }
    }

    /// A whole number in an object that is kept as it was written.
    fn number(&self, object: &Value, name: &str) -> Result<Option<u64>, Failure> {
        let field = match (object.get(name), object.get(format!("{name}Path"))) {
            (Some(Value::Number(number)), _) => NumberField::Literal(number.clone()),
            (Some(Value::String(expression)), _) => NumberField::Jsonata(expression.clone()),
            (_, Some(Value::String(path))) => NumberField::Path(path.clone()),
            _ => return Ok(None),
        };
        whole(&field, name, self.input, self.scope).map(Some)
    }
}
