//! Functions at the end of paths, `$.list.length()`, as the
//! [Jayway library](https://github.com/json-path/JsonPath#functions) has them.

use serde_json::{Number, Value};

use super::path::Path;
use super::path_eval::{self, NotFound};

/// A function at the end of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Function {
    Length,
    Min,
    Max,
    Average,
    Sum,
    Deviation,
    Concat,
    Keys,
    Append,
    First,
    Last,
    Index,
}

/// An argument of a function.
#[derive(Clone, Debug, PartialEq)]
pub enum Parameter {
    /// `$…`
    Path(Path),
    /// A JSON value.
    Literal(Value),
}

impl Function {
    /// The function of a name.
    pub(super) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "length" | "size" => Self::Length,
            "min" => Self::Min,
            "max" => Self::Max,
            "avg" => Self::Average,
            "sum" => Self::Sum,
            "stddev" => Self::Deviation,
            "concat" => Self::Concat,
            "keys" => Self::Keys,
            "append" => Self::Append,
            "first" => Self::First,
            "last" => Self::Last,
            "index" => Self::Index,
            _ => return None,
        })
    }

    /// Calls it on a value; paths among its parameters start from `root`.
    pub(super) fn call(self, parameters: &[Parameter], value: &Value, root: &Value) -> Result<Value, NotFound> {
        let parameters = parameters
            .iter()
            .map(|parameter| match parameter {
                Parameter::Literal(value) => Ok(value.clone()),
                Parameter::Path(path) => path_eval::evaluate(path, root).map(std::borrow::Cow::into_owned),
            })
            .collect::<Result<Vec<_>, _>>()?;
        match self {
            Self::Length => Ok(length(parameters.first().unwrap_or(value))),
            Self::Keys => Ok(match value {
                Value::Object(members) => members.keys().cloned().map(Value::String).collect(),
                _ => Value::Null,
            }),
            Self::Append => Ok(match value {
                Value::Array(items) => items.iter().cloned().chain(parameters).collect(),
                other => other.clone(),
            }),
            Self::Concat => Ok(Value::String(concatenated(value, &parameters))),
            Self::First => element(value, 0),
            Self::Last => element(value, -1),
            Self::Index => match parameters.first().and_then(Value::as_i64) {
                Some(index) => element(value, index),
                None => Err(NotFound("The function index needs a whole number".to_owned())),
            },
            Self::Min | Self::Max | Self::Average | Self::Sum | Self::Deviation => self.aggregate(value, &parameters),
        }
    }

    #[allow(clippy::cast_precision_loss, reason = "lengths are far below 2^53")]
    fn aggregate(self, value: &Value, parameters: &[Value]) -> Result<Value, NotFound> {
        let mut numbers = Vec::new();
        numbers.extend(items(value).iter().filter_map(Value::as_f64));
        for parameter in parameters {
            match parameter {
                Value::Array(list) => numbers.extend(list.iter().filter_map(Value::as_f64)),
                single => numbers.extend(single.as_f64()),
            }
        }
        if numbers.is_empty() {
            return Err(empty());
        }
        let count = numbers.len() as f64;
        let sum: f64 = numbers.iter().sum();
        let result = match self {
            Self::Min => numbers.iter().copied().fold(f64::INFINITY, f64::min),
            Self::Max => numbers.iter().copied().fold(f64::NEG_INFINITY, f64::max),
            Self::Average => sum / count,
            Self::Deviation => {
                let squares: f64 = numbers.iter().map(|number| number * number).sum();
                (squares / count - sum * sum / count / count).max(0.0).sqrt()
            }
            _ => sum,
        };
        // Always with a decimal point, as Java writes a double.
        Ok(Number::from_f64(result).map_or(Value::Null, Value::Number))
    }
}

fn empty() -> NotFound {
    NotFound("Aggregation function attempted to calculate value using empty array".to_owned())
}

fn items(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// Null for what has no length.
fn length(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.len().into(),
        Value::Object(members) => members.len().into(),
        _ => Value::Null,
    }
}

fn concatenated(value: &Value, parameters: &[Value]) -> String {
    let mut text = String::new();
    text.extend(items(value).iter().filter_map(Value::as_str));
    for parameter in parameters {
        match parameter {
            Value::String(part) => text.push_str(part),
            Value::Array(list) => {
                for item in list.iter().filter(|item| !item.is_null()) {
                    match item {
                        Value::String(part) => text.push_str(part),
                        other => text.push_str(&other.to_string()),
                    }
                }
            }
            _ => {}
        }
    }
    text
}

fn element(value: &Value, index: i64) -> Result<Value, NotFound> {
    let list = items(value);
    if list.is_empty() {
        return Err(empty());
    }
    let found = match usize::try_from(index) {
        Ok(index) => list.get(index),
        Err(_) => usize::try_from(index.unsigned_abs())
            .ok()
            .and_then(|back| list.len().checked_sub(back))
            .and_then(|at| list.get(at)),
    };
    found
        .cloned()
        .ok_or_else(|| NotFound(format!("Target index:{index} larger than object count:{}", list.len())))
}
