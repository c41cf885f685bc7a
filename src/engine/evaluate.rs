//! JSONata in states: what expressions see, and the failure of one that gives nothing, throws or gives the wrong type
//! ([transforming data with JSONata](https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html)).

use serde_json::{Number, Value};

use super::context::Scope;
use super::data::Data;
use super::errors::Failure;
use crate::expr::jsonata::{self, Bindings, FillError, Problem, Wanted};

/// What `$states` holds besides the context object.
#[derive(Clone, Copy, Debug)]
pub(super) struct Inputs<'a> {
    input: &'a Value,
    result: Option<&'a Value>,
    error_output: Option<&'a Value>,
}

impl<'a> Inputs<'a> {
    /// `$states.input` alone.
    pub(super) fn new(input: &'a Value) -> Self {
        Self {
            input,
            result: None,
            error_output: None,
        }
    }

    /// With `$states.result`, as after the work of a state.
    pub(super) fn and_result(self, result: &'a Value) -> Self {
        Self {
            result: Some(result),
            ..self
        }
    }

    /// With `$states.errorOutput`, as in a catcher.
    pub(super) fn and_error(self, error_output: &'a Value) -> Self {
        Self {
            error_output: Some(error_output),
            ..self
        }
    }

    /// `$states`, as far as expressions look at it.
    fn states(&self, scope: &Scope<'_>, wanted: &Wanted<'_>) -> Value {
        let context = wanted.has_member("context").then(|| scope.context());
        let members = [
            ("input", Some(self.input)),
            ("result", self.result),
            ("errorOutput", self.error_output),
            ("context", context),
        ];
        members
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?)))
            .filter(|(name, _)| wanted.has_member(name))
            .map(|(name, value)| (name.to_owned(), wanted.of_member(name, value)))
            .collect()
    }
}

/// Evaluates the expressions in a field. `location` names the field as AWS does: `Output`, `Choices[0]/Condition`.
pub(super) fn value(
    template: &Value,
    location: &str,
    inputs: &Inputs<'_>,
    scope: &Scope<'_>,
) -> Result<Value, Failure> {
    let wanted = Wanted::by(template);
    if !wanted.is_anything() {
        return Ok(template.clone());
    }
    let bindings = Bindings {
        states: &inputs.states(scope, &wanted),
        variables: &scope.variables(|name| wanted.has_variable(name)),
        now_millis: scope.now(),
    };
    jsonata::fill(template, &bindings, scope.random()).map_err(|error| failure(location, &error))
}

/// The same for data that go on to another state or a task.
pub(super) fn data(template: &Value, location: &str, inputs: &Inputs<'_>, scope: &Scope<'_>) -> Result<Data, Failure> {
    Data::made(value(template, location, inputs, scope)?)
}

/// The value of a field that takes a text, a number … `typed` gives none for a value of another type, `expected` is the
/// name of the right one.
pub(super) fn typed<T>(
    expression: &str,
    location: &str,
    expected: &str,
    scope: &Scope<'_>,
    typed: impl FnOnce(&Value) -> Option<T>,
) -> Result<T, Failure> {
    let inputs = Inputs::new(scope.raw_input().value());
    let found = value(&Value::String(expression.to_owned()), location, &inputs, scope)?;
    typed(&found).ok_or_else(|| unexpected_type(expression, location, expected, &found))
}

/// The value of a field that takes whole seconds, at least so many.
pub(super) fn seconds(expression: &str, location: &str, least: u64, scope: &Scope<'_>) -> Result<u64, Failure> {
    let number = typed(expression, location, "number", scope, |value| {
        value.as_number().cloned()
    })?;
    whole(&number).filter(|seconds| *seconds >= least).ok_or_else(|| {
        let problem = format!("The {location} field must be an integer of at least {least} but was: {number}");
        Failure::evaluation(Some(location), problem)
    })
}

/// A number without a fraction; JSONata also gives `1.0` for it.
fn whole(number: &Number) -> Option<u64> {
    number.as_u64().or_else(|| {
        let float = number.as_f64().filter(|float| float.fract() == 0.0)?;
        // Below 2^53 a float is an exact integer.
        (0.0..9_007_199_254_740_992.0).contains(&float).then_some(float as u64)
    })
}

/// An expression gave a value of the wrong type.
pub(super) fn unexpected_type(expression: &str, location: &str, expected: &str, found: &Value) -> Failure {
    let expression = jsonata::expression_of(expression).unwrap_or(expression);
    Failure::evaluation(
        Some(location),
        format!(
            "The JSONata expression '{expression}' specified for the field '{location}' returned an unexpected result type. \
             Expected '{expected}', but was '{}' for value: {found}",
            type_name(found)
        ),
    )
}

fn failure(field: &str, error: &FillError) -> Failure {
    let location = match error.place.as_str() {
        "" => field.to_owned(),
        place => format!("{field}/{place}"),
    };
    let problem = match &error.problem {
        Problem::Undefined => "returned nothing (undefined).".to_owned(),
        Problem::Failed(problem) => format!("threw an error during evaluation. {problem}"),
    };
    let expression = &error.expression;
    Failure::evaluation(
        Some(&location),
        format!("The JSONata expression '{expression}' specified for the field '{location}' {problem}"),
    )
}

fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}
