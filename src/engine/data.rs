//! The JSON data that flow from state to state, and the fields that select and combine them: `InputPath`, `ResultPath`,
//! `OutputPath` and payload templates ([input and output processing](https://states-language.net/spec.html#filters)).

use std::sync::{Arc, OnceLock};

use serde_json::{Map, Value};

use super::context::Scope;
use super::errors::Failure;
use crate::asl::model::PathField;
use crate::expr::intrinsic::IntrinsicError;
use crate::expr::path::Path;
use crate::expr::reference;
use crate::expr::template::{self, TemplateError};

/// The most bytes the input or output of a state may have as UTF-8 text
/// ([quotas](https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html)).
pub(super) const MAX_BYTES: usize = 262_144;

/// How deep data may nest: what serde_json reads back. Without a limit, a loop of Pass states could nest data deeper than
/// any reader or the stack can take.
const MAX_DEPTH: usize = 127;

/// JSON data with its text. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Data(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    value: Value,
    text: OnceLock<Arc<str>>,
}

impl Data {
    /// Data whose text is written when it is asked for.
    pub(super) fn new(value: Value) -> Self {
        Self(Arc::new(Inner {
            value,
            text: OnceLock::new(),
        }))
    }

    /// Data that keep the text they were given as: AWS hands texts on unchanged as long as nothing looks inside.
    pub(super) fn from_text(text: &str) -> Result<Self, serde_json::Error> {
        Ok(Self(Arc::new(Inner {
            value: serde_json::from_str(text)?,
            text: OnceLock::from(Arc::from(text)),
        })))
    }

    /// Data that were put together (by a template, `ResultPath` or a join): refused if they nest too deep.
    pub(super) fn made(value: Value) -> Result<Self, Failure> {
        if nests_deeper(&value, MAX_DEPTH) {
            return Err(Failure::runtime(format!(
                "The data nest deeper than {MAX_DEPTH} levels."
            )));
        }
        Ok(Self::new(value))
    }

    pub(super) fn value(&self) -> &Value {
        &self.0.value
    }

    /// The JSON text, compact unless it was given as text.
    pub(super) fn text(&self) -> &str {
        self.shared_text()
    }

    /// The same, to be kept.
    pub(super) fn shared_text(&self) -> &Arc<str> {
        self.0.text.get_or_init(|| self.0.value.to_string().into())
    }

    pub(super) fn is_too_large(&self) -> bool {
        self.text().len() > MAX_BYTES
    }
}

/// Recurses at most `levels` deep.
fn nests_deeper(value: &Value, levels: usize) -> bool {
    match value {
        Value::Array(items) => levels == 0 || items.iter().any(|item| nests_deeper(item, levels - 1)),
        Value::Object(members) => levels == 0 || members.values().any(|member| nests_deeper(member, levels - 1)),
        _ => false,
    }
}

/// Applies `InputPath` or `OutputPath`.
pub(super) fn select(field: &PathField, data: &Data, scope: &Scope<'_>) -> Result<Data, Failure> {
    match field {
        PathField::Default => Ok(data.clone()),
        PathField::Null => Ok(Data::new(Value::Object(Map::new()))),
        PathField::Path(path) if path == "$" => Ok(data.clone()),
        PathField::Path(path) => {
            let found = scope
                .find(path, data.value())
                .map_err(|problem| Failure::runtime(format!("Invalid path '{path}' : {problem}")))?;
            Ok(Data::new(found.into_owned()))
        }
    }
}

/// Applies `ResultPath`: where in the raw input the result goes.
pub(super) fn combine(field: &PathField, raw_input: &Data, result: Data) -> Result<Data, Failure> {
    let path = match field {
        PathField::Default => return Ok(result),
        PathField::Null => return Ok(raw_input.clone()),
        PathField::Path(path) => path,
    };
    let reference =
        Path::parse(path).map_err(|problem| Failure::runtime(format!("Invalid path '{path}' : {problem}")))?;
    if reference.is_whole() {
        return Ok(result);
    }
    let mut output = raw_input.value().clone();
    reference::set(&reference, &mut output, result.value().clone())
        .map_err(|_| Failure::result_path(path, raw_input.text()))?;
    Data::made(output)
}

/// Fills in a payload template, or gives the data as they are if there is none.
pub(super) fn fill(template: Option<&Value>, data: &Data, scope: &Scope<'_>) -> Result<Data, Failure> {
    let Some(template) = template else {
        return Ok(data.clone());
    };
    let filled = template::fill(template, &scope.roots(data.value())).map_err(|error| unfilled(error, data))?;
    Data::made(filled)
}

/// What a field gives that takes a path or an intrinsic function.
pub(super) fn find(text: &str, field: &str, data: &Data, scope: &Scope<'_>) -> Result<Value, Failure> {
    template::find(field, text, &scope.roots(data.value())).map_err(|error| unfilled(error, data))
}

fn unfilled(error: TemplateError, data: &Data) -> Failure {
    match error {
        TemplateError::NotFound { path, field } => Failure::path_not_found(&path, &field, data.text()),
        TemplateError::Variable { variable, field } => {
            Failure::path_not_found(&format!("${variable}"), &field, data.text())
        }
        TemplateError::Intrinsic { call, source, .. } => match source {
            IntrinsicError::NotFound(path) => Failure::argument_not_found(&call, &path, data.text()),
            IntrinsicError::Variable(name) => Failure::argument_not_found(&call, &format!("${name}"), data.text()),
            other => Failure::intrinsic(sentence(&other)),
        },
        other => Failure::runtime(sentence(&other)),
    }
}

/// An error with its sources in one line.
pub(super) fn sentence(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text.push_str(": ");
        text.push_str(&error.to_string());
        source = error.source();
    }
    text
}
