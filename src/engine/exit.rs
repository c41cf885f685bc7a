//! How the data of a state come in, and how it is left: its output and the variables it sets. All expressions of one exit
//! see the variables as they were before it
//! ([variables](https://docs.aws.amazon.com/step-functions/latest/dg/workflow-variables.html)).

use serde_json::Value;

use super::context::Scope;
use super::data::{self, Data};
use super::errors::Failure;
use super::evaluate::{self, Inputs};
use super::variables::Assigned;
use crate::asl::model::{Catcher, ChoiceRule, PathField, QueryLanguage, State, Work};

/// What a state leaves behind.
#[derive(Clone, Debug)]
pub(super) struct Exit {
    pub(super) output: Data,
    pub(super) assigned: Assigned,
}

/// An exit that sets no variables.
impl From<Data> for Exit {
    fn from(output: Data) -> Self {
        Self {
            output,
            assigned: Assigned::default(),
        }
    }
}

/// The input that the fields of a state work on: what `InputPath` selects; JSONata sees the raw input.
pub(super) fn effective_input(state: &State, scope: &Scope<'_>) -> Result<Data, Failure> {
    match state.query_language {
        QueryLanguage::JsonPath => data::select(&state.input_path, scope.raw_input(), scope),
        QueryLanguage::Jsonata => Ok(scope.raw_input().clone()),
    }
}

/// `Parameters` or `Arguments`; without them, the input.
pub(super) fn arguments(state: &State, work: &Work, input: &Data, scope: &Scope<'_>) -> Result<Data, Failure> {
    let arguments = match (state.query_language, &work.arguments) {
        (QueryLanguage::JsonPath, _) => data::fill(work.parameters.as_ref(), input, scope),
        (QueryLanguage::Jsonata, None) => Ok(input.clone()),
        (QueryLanguage::Jsonata, Some(arguments)) => {
            evaluate::data(arguments, "Arguments", &Inputs::new(input.value()), scope)
        }
    }?;
    match arguments.is_too_large() {
        true => Err(Failure::state_input_too_large()),
        false => Ok(arguments),
    }
}

/// Leaves a state whose work has a result: Task, Parallel and Map.
pub(super) fn with_result(state: &State, work: &Work, result: Data, scope: &Scope<'_>) -> Result<Exit, Failure> {
    match state.query_language {
        QueryLanguage::JsonPath => {
            let selected = data::fill(work.result_selector.as_ref(), &result, scope)?;
            with_placed(state, &work.result_path, selected, scope)
        }
        QueryLanguage::Jsonata => {
            let inputs = Inputs::new(scope.raw_input().value()).and_result(result.value());
            evaluated(Fields::of(state), &result, &inputs, scope)
        }
    }
}

/// Leaves a JSONPath state with a result that `ResultPath` puts into the raw input. `Assign` sees the result alone.
pub(super) fn with_placed(
    state: &State,
    result_path: &PathField,
    result: Data,
    scope: &Scope<'_>,
) -> Result<Exit, Failure> {
    let assigned = assigned(state.assign.as_ref(), &result, scope)?;
    let combined = data::combine(result_path, scope.raw_input(), result)?;
    let output = data::select(&state.output_path, &combined, scope)?;
    Ok(Exit { output, assigned })
}

/// Leaves a state that has no result of its own: Wait, Succeed, Choice by its default, and in JSONata also Pass.
pub(super) fn with_input(state: &State, scope: &Scope<'_>) -> Result<Exit, Failure> {
    let input = effective_input(state, scope)?;
    match state.query_language {
        QueryLanguage::JsonPath => Ok(Exit {
            assigned: assigned(state.assign.as_ref(), &input, scope)?,
            output: data::select(&state.output_path, &input, scope)?,
        }),
        QueryLanguage::Jsonata => evaluated(Fields::of(state), &input, &Inputs::new(input.value()), scope),
    }
}

/// Leaves a Choice state by a rule, whose `Assign` and `Output` stand for those of the state.
pub(super) fn by_rule(state: &State, index: usize, rule: &ChoiceRule, scope: &Scope<'_>) -> Result<Exit, Failure> {
    let input = effective_input(state, scope)?;
    match state.query_language {
        QueryLanguage::JsonPath => Ok(Exit {
            assigned: assigned(rule.assign.as_ref(), &input, scope)?,
            output: data::select(&state.output_path, &input, scope)?,
        }),
        QueryLanguage::Jsonata => {
            let fields = Fields {
                at: format!("Choices[{index}]/"),
                output: rule.output.as_ref(),
                assign: rule.assign.as_ref(),
            };
            evaluated(fields, &input, &Inputs::new(input.value()), scope)
        }
    }
}

/// Leaves a state by a catcher. The error output is the output unless the catcher says otherwise.
pub(super) fn by_catcher(
    state: &State,
    index: usize,
    catcher: &Catcher,
    error: Value,
    scope: &Scope<'_>,
) -> Result<Exit, Failure> {
    let error = Data::new(error);
    match state.query_language {
        QueryLanguage::JsonPath => Ok(Exit {
            assigned: assigned(catcher.assign.as_ref(), &error, scope)?,
            output: data::combine(&catcher.result_path, scope.raw_input(), error)?,
        }),
        QueryLanguage::Jsonata => {
            let fields = Fields {
                at: format!("Catch[{index}]/"),
                output: catcher.output.as_ref(),
                assign: catcher.assign.as_ref(),
            };
            let inputs = Inputs::new(scope.raw_input().value()).and_error(error.value());
            evaluated(fields, &error, &inputs, scope)
        }
    }
}

/// Fills an `Assign` of a JSONPath state, in which `$` is the given data.
fn assigned(assign: Option<&Value>, data: &Data, scope: &Scope<'_>) -> Result<Assigned, Failure> {
    match assign {
        Some(assign) => Assigned::new(data::fill(Some(assign), data, scope)?.value()),
        None => Ok(Assigned::default()),
    }
}

/// The fields that shape an exit in JSONata.
struct Fields<'a> {
    /// What stands before their names in locations.
    at: String,
    output: Option<&'a Value>,
    assign: Option<&'a Value>,
}

impl<'a> Fields<'a> {
    fn of(state: &'a State) -> Self {
        Self {
            at: String::new(),
            output: state.output.as_ref(),
            assign: state.assign.as_ref(),
        }
    }
}

/// Evaluates `Assign` and `Output`; without an `Output`, the default goes on.
fn evaluated(fields: Fields<'_>, default: &Data, inputs: &Inputs<'_>, scope: &Scope<'_>) -> Result<Exit, Failure> {
    let Fields { at, output, assign } = fields;
    let assigned = match assign {
        Some(assign) => Assigned::new(&evaluate::value(assign, &format!("{at}Assign"), inputs, scope)?)?,
        None => Assigned::default(),
    };
    let output = match output {
        Some(output) => evaluate::data(output, &format!("{at}Output"), inputs, scope)?,
        None => default.clone(),
    };
    Ok(Exit { output, assigned })
}
