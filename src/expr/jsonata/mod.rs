//! The JSONata dialect: expressions in strings of the form `{% … %}`
//! ([transforming data with JSONata](https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html)).
//!
//! The language is that of the reference implementation, [jsonata.js 2](https://docs.jsonata.org/), without `$eval`, and with
//! the functions that Step Functions adds. Reading and evaluating are bounded in time, memory and depth.

mod apply;
mod ast;
mod builtins;
mod error;
mod eval;
mod function;
mod lexer;
mod operators;
mod order;
mod parser;
mod path;
mod picture;
mod reach;
#[cfg(test)]
mod reference_tests;
mod regex;
mod signature;
#[cfg(test)]
mod tests;
mod text;
mod transform;
mod tuples;
mod value;
mod wanted;

use std::rc::Rc;

use serde_json::{Map, Value};
use thiserror::Error;

use self::error::Fallible;
pub use self::error::JsonataError;
use self::eval::Evaluator;
use self::function::Environment;
use self::reach::Reach;
use self::value::{Array, Val};
pub use self::wanted::Wanted;

/// An expression whose syntax is right; it can be evaluated any number of times.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expression {
    text: String,
}

/// What an expression can see.
#[derive(Clone, Copy, Debug)]
pub struct Bindings<'a> {
    /// What `$states` stands for: `input`, `context`, and `result` or `errorOutput` where there is one.
    pub states: &'a Value,
    /// The variables of the execution, by name without `$`.
    pub variables: &'a Map<String, Value>,
    /// What `$now()` and `$millis()` tell, in milliseconds since the Unix epoch.
    pub now_millis: u64,
}

/// Why a template could not be filled in.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("the expression `{expression}` at `{place}` {problem}")]
pub struct FillError {
    /// The expression without `{%` and `%}` and the space next to them, as AWS quotes it.
    pub expression: String,
    /// Where in the template it stands: names and positions joined by `/`, as in `a/0/b`; empty for the template itself.
    pub place: String,
    /// What is wrong.
    pub problem: Problem,
}

/// What is wrong with an expression in a template.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum Problem {
    /// It could not be read or evaluated.
    #[error("threw an error: {0}")]
    Failed(JsonataError),
    /// It gave nothing.
    #[error("returned nothing")]
    Undefined,
}

/// The expression in a string `{% … %}`, trimmed; none if the string is not one.
pub fn expression_of(text: &str) -> Option<&str> {
    Some(text.strip_prefix("{%")?.strip_suffix("%}")?.trim())
}

impl Expression {
    /// Reads an expression (without `{%` and `%}`).
    pub fn parse(text: &str) -> Result<Self, JsonataError> {
        reach::within(|reach| parser::parse(text, reach).map(|_| ()))?;
        Ok(Self { text: text.to_owned() })
    }

    /// Evaluates it; none means undefined. The same bindings and `random` always give the same result.
    pub fn evaluate(&self, bindings: &Bindings<'_>, random: u64) -> Result<Option<Value>, JsonataError> {
        evaluate(&self.text, None, bindings, random)
    }

    /// The same with a value for `$` and for the names that are not variables, which there is none for in a definition.
    pub fn evaluate_on(
        &self,
        input: &Value,
        bindings: &Bindings<'_>,
        random: u64,
    ) -> Result<Option<Value>, JsonataError> {
        evaluate(&self.text, Some(input), bindings, random)
    }
}

/// Reads and evaluates an expression.
fn evaluate(
    text: &str,
    input: Option<&Value>,
    bindings: &Bindings<'_>,
    random: u64,
) -> Result<Option<Value>, JsonataError> {
    reach::within(|reach| {
        let environment = Rc::new(Environment::default());
        for (name, value) in bindings.variables {
            environment.bind(&Rc::from(name.as_str()), Val::from_json(value)?);
        }
        environment.bind(&Rc::from("states"), Val::from_json(bindings.states)?);
        let input = input.map_or(Ok(Val::Undefined), Val::from_json)?;
        evaluate_in(text, &input, environment, random, bindings.now_millis, reach)
    })
}

fn evaluate_in(
    text: &str,
    input: &Val,
    environment: Rc<Environment>,
    random: u64,
    now_millis: u64,
    reach: Reach,
) -> Fallible<Option<Value>> {
    let node = parser::parse(text, reach)?;
    let evaluator = Evaluator::new(random, now_millis, reach);
    // `$$` is what `$` is at the top.
    environment.bind(&Rc::from("$"), input.clone());
    let input = match input {
        Val::Array(_) => Array::wrapper(input.clone())?,
        other => other.clone(),
    };
    evaluator.retain(&environment)?;
    let result = evaluator
        .evaluate(&node, &input, &environment)
        .and_then(|value| value.to_json(&|units| evaluator.spend(units)));
    evaluator.finish();
    result
}

/// Evaluates every `{% … %}` string in a template; other strings and values stay. Names of members are never evaluated.
pub fn fill(template: &Value, bindings: &Bindings<'_>, random: u64) -> Result<Value, FillError> {
    Filler {
        bindings,
        random,
        evaluated: 0,
    }
    .fill(template, &mut Vec::new())
}

struct Filler<'a> {
    bindings: &'a Bindings<'a>,
    random: u64,
    /// How many expressions came before, so that no two have the same randomness.
    evaluated: u64,
}

impl Filler<'_> {
    /// Recurses as deep as the template nests, which the reader of definitions limits.
    fn fill(&mut self, template: &Value, place: &mut Vec<String>) -> Result<Value, FillError> {
        match template {
            Value::String(text) => match expression_of(text) {
                Some(expression) => self.evaluate(expression, place),
                None => Ok(template.clone()),
            },
            Value::Array(items) => {
                let mut filled = Vec::with_capacity(items.len());
                for (index, item) in items.iter().enumerate() {
                    place.push(index.to_string());
                    filled.push(self.fill(item, place)?);
                    place.pop();
                }
                Ok(Value::Array(filled))
            }
            Value::Object(members) => {
                let mut filled = Map::with_capacity(members.len());
                for (name, member) in members {
                    place.push(name.clone());
                    filled.insert(name.clone(), self.fill(member, place)?);
                    place.pop();
                }
                Ok(Value::Object(filled))
            }
            literal => Ok(literal.clone()),
        }
    }

    fn evaluate(&mut self, expression: &str, place: &[String]) -> Result<Value, FillError> {
        let seed = self.random.wrapping_add(self.evaluated);
        self.evaluated += 1;
        let result = self::evaluate(expression, None, self.bindings, seed);
        let problem = match result {
            Ok(Some(value)) => return Ok(value),
            Ok(None) => Problem::Undefined,
            Err(error) => Problem::Failed(error),
        };
        Err(FillError {
            expression: expression.to_owned(),
            place: place.join("/"),
            problem,
        })
    }
}
