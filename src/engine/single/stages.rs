//! What the data looked like on their way through a state
//! ([InspectionData](https://docs.aws.amazon.com/step-functions/latest/apireference/API_InspectionData.html)).

use serde_json::{Map, Value, json};

use super::{ROOT, Verdict, is_jsonpath};
use crate::asl::model::{PathField, State, StateKind};
use crate::engine::context::Scope;
use crate::engine::data::{self, Data};
use crate::engine::errors::Failure;
use crate::engine::turn::{Turn, work_of};

/// The members of `inspectionData` so far, and the result of the work, which later stages start from.
#[derive(Debug, Default)]
pub(super) struct Stages {
    members: Map<String, Value>,
    result: Option<Data>,
}

impl Stages {
    pub(super) fn data(&mut self, name: &str, data: &Data) {
        self.members.insert(name.to_owned(), data.text().into());
    }

    /// A limit of a Map state; a percentage is a number with a fraction.
    pub(super) fn limit(&mut self, name: &str, limit: &Value) {
        let limit = match limit.as_f64() {
            Some(number) if name.ends_with("Percentage") => json!(number),
            // A whole number may come as 1.0 out of an expression.
            Some(number) if number.fract() == 0.0 && number.abs() < 9_007_199_254_740_992.0 => json!(number as i64),
            _ => limit.clone(),
        };
        self.members.insert(name.to_owned(), limit);
    }

    pub(super) fn unless_given(&mut self, name: &str, value: u64) {
        self.members.entry(name).or_insert(value.into());
    }

    pub(super) fn number(&self, name: &str) -> Option<f64> {
        self.members.get(name)?.as_f64()
    }

    /// Which retrier and catcher took an error, if any.
    pub(super) fn details(&mut self, details: Map<String, Value>) {
        if !details.is_empty() {
            self.members.insert("errorDetails".to_owned(), details.into());
        }
    }

    /// The variables after the state, if there are any.
    pub(super) fn variables(&mut self, variables: Map<String, Value>) {
        if !variables.is_empty() {
            let text = Value::Object(variables).to_string();
            self.members.insert("variables".to_owned(), text.into());
        }
    }

    pub(super) fn verdict(
        &mut self,
        status: &'static str,
        output: Option<&Data>,
        next: Option<&str>,
        failure: Option<&Failure>,
    ) -> Verdict {
        Verdict {
            status,
            output: output.map(|output| output.text().to_owned()),
            next: next.map(str::to_owned),
            error: failure.and_then(|failure| failure.error.clone()),
            cause: failure.and_then(|failure| failure.cause.clone()),
            inspection: std::mem::take(&mut self.members),
        }
    }

    pub(super) fn failed(&mut self, failure: &Failure) -> Verdict {
        self.verdict("FAILED", None, None, Some(failure))
    }
}

/// The work of a state was asked for, with these arguments.
pub(super) fn scheduled(state: &State, arguments: &Value, inspection: &mut Stages) {
    let name = match &state.kind {
        StateKind::Map(_) => return,
        _ if is_jsonpath(state) => "afterParameters",
        _ if work_of(state).is_some_and(|work| work.arguments.is_some()) => "afterArguments",
        _ => return,
    };
    inspection.data(name, &Data::new(arguments.clone()));
}

/// The work of a state has a result. That of a Map or Parallel state is not shown: it is the outputs of their parts.
pub(super) fn result(state: &State, result: Data, inspection: &mut Stages) {
    if matches!(state.kind, StateKind::Task(_)) {
        inspection.data("result", &result);
    }
    inspection.result = Some(result);
}

/// What the path fields make of the data, as far as they succeed; what fails is the error of the state itself.
pub(super) fn shaped(turn: &Turn<'_>, state: &State, inspection: &mut Stages) {
    if is_jsonpath(state) {
        let _ = shape(turn, state, inspection);
    }
}

fn shape(turn: &Turn<'_>, state: &State, inspection: &mut Stages) -> Result<(), Failure> {
    let Some(visit) = turn.execution.visit(ROOT) else {
        return Ok(());
    };
    let scope = Scope::of_task(turn, visit, None);
    let input = data::select(&state.input_path, &visit.input, &scope)?;
    inspection.data("afterInputPath", &input);
    let (result, path): (Data, &PathField) = match &state.kind {
        StateKind::Pass(pass) => {
            let effective = data::fill(pass.parameters.as_ref(), &input, &scope)?;
            inspection.data("afterParameters", &effective);
            let result = pass.result.clone().map_or(effective, Data::new);
            (result, &pass.result_path)
        }
        _ => match (work_of(state), &inspection.result) {
            (Some(work), Some(result)) => {
                let selected = data::fill(work.result_selector.as_ref(), result, &scope)?;
                (selected, &work.result_path)
            }
            _ => return Ok(()),
        },
    };
    inspection.data("afterResultSelector", &result);
    let combined = data::combine(path, &visit.input, result)?;
    inspection.data("afterResultPath", &combined);
    Ok(())
}
