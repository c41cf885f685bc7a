//! Payload templates: `Parameters`, `ResultSelector` and `Credentials`. A field whose name ends in `.$` is replaced by what
//! its path finds ([payload templates](https://states-language.net/spec.html#payload-template)).

use std::borrow::Cow;

use serde_json::{Map, Value};
use thiserror::Error;

use super::intrinsic::{self, IntrinsicError};
use super::path::{Path, PathError};
use super::path_eval::{self, FindError};
use super::random::Random;

/// What the paths of a template start from.
pub trait Roots {
    /// What `$` means.
    fn data(&self) -> &Value;
    /// What `$$` means: the context object.
    fn context(&self) -> &Value;
    /// What `$name` means, none if no such variable is set.
    fn variable(&self, _name: &str) -> Option<&Value> {
        None
    }
    /// Randomness for `States.UUID()` and `States.MathRandom(…)`: another number for each template that is filled in.
    fn random(&self) -> u64 {
        0
    }
}

/// Why a template could not be filled in.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum TemplateError {
    /// A path found nothing.
    #[error("path `{path}` of the field `{field}` finds nothing")]
    NotFound {
        /// The path as written.
        path: String,
        /// The name of the field, with its `.$`.
        field: String,
    },
    /// A path is not one.
    #[error("field `{field}` does not hold a path")]
    Path {
        /// The name of the field, with its `.$`.
        field: String,
        /// What is wrong with it.
        source: PathError,
    },
    /// A field whose name ends in `.$` does not hold a text.
    #[error("field `{0}` holds neither a path nor an intrinsic function")]
    NotText(String),
    /// An intrinsic function has no value.
    #[error("field `{field}` has no value")]
    Intrinsic {
        /// The name of the field, with its `.$`.
        field: String,
        /// The call as written.
        call: String,
        /// What is wrong with it.
        source: IntrinsicError,
    },
    /// A path starts from a variable that is not set.
    #[error("field `{field}` uses the variable `${variable}`, which is not set")]
    Variable {
        /// The name of the field, with its `.$`.
        field: String,
        /// The name of the variable.
        variable: String,
    },
}

/// Whether the value of a `.$` field is a call of an intrinsic function and not a path.
pub fn is_intrinsic(text: &str) -> bool {
    text.trim_start().starts_with("States.")
}

/// Fills in a template. It nests no deeper than the definition it stands in, whose reader limits depth.
pub fn fill(template: &Value, roots: &dyn Roots) -> Result<Value, TemplateError> {
    let random = Random::new(roots.random());
    Filler { roots, random }.fill(template)
}

/// The value of a path or of a call of an intrinsic function, as `field` holds it.
pub fn find(field: &str, text: &str, roots: &dyn Roots) -> Result<Value, TemplateError> {
    let random = Random::new(roots.random());
    Filler { roots, random }.find(field, text)
}

struct Filler<'a> {
    roots: &'a dyn Roots,
    /// Shared by all calls in the template, so that each draws something else.
    random: Random,
}

impl Filler<'_> {
    fn fill(&mut self, template: &Value) -> Result<Value, TemplateError> {
        match template {
            Value::Object(fields) => self.fill_object(fields),
            Value::Array(items) => items.iter().map(|item| self.fill(item)).collect(),
            literal => Ok(literal.clone()),
        }
    }

    fn fill_object(&mut self, fields: &Map<String, Value>) -> Result<Value, TemplateError> {
        let mut filled = Map::with_capacity(fields.len());
        for (name, value) in fields {
            match (name.strip_suffix(".$"), value) {
                (Some(bare), Value::String(text)) => filled.insert(bare.to_owned(), self.find(name, text)?),
                (Some(_), _) => return Err(TemplateError::NotText(name.clone())),
                (None, value) => filled.insert(name.clone(), self.fill(value)?),
            };
        }
        Ok(Value::Object(filled))
    }

    fn find(&mut self, field: &str, text: &str) -> Result<Value, TemplateError> {
        let field = || field.to_owned();
        if is_intrinsic(text) {
            return intrinsic::evaluate_with(text, self.roots, &mut self.random).map_err(|source| {
                TemplateError::Intrinsic {
                    field: field(),
                    call: text.to_owned(),
                    source,
                }
            });
        }
        let path = Path::parse(text).map_err(|source| TemplateError::Path { field: field(), source })?;
        path_eval::find(&path, self.roots)
            .map(Cow::into_owned)
            .map_err(|error| match error {
                FindError::Variable(variable) => TemplateError::Variable {
                    field: field(),
                    variable,
                },
                FindError::NotFound(_) => TemplateError::NotFound {
                    path: text.to_owned(),
                    field: field(),
                },
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    struct Fixed(Value, Value);
    impl Roots for Fixed {
        fn data(&self) -> &Value {
            &self.0
        }
        fn context(&self) -> &Value {
            &self.1
        }
        fn variable(&self, name: &str) -> Option<&Value> {
            self.1.get(name)
        }
    }

    fn check(template: Value, expected: Result<Value, &str>) {
        let roots = Fixed(
            json!({"a": {"b": 1}, "l": [1, 2, 3]}),
            json!({"State": {"Name": "S"}, "set": {"x": [5, 6]}}),
        );
        let filled = fill(&template, &roots).map_err(|error| error.to_string());
        assert_eq!(filled, expected.map_err(str::to_owned), "{template}");
    }

    #[test]
    fn templates_are_filled_in() {
        check(json!({"x.$": "$.a.b", "y": "$.a"}), Ok(json!({"x": 1, "y": "$.a"})));
        check(
            json!({"n": {"m": [{"x.$": "$.a"}]}}),
            Ok(json!({"n": {"m": [{"x": {"b": 1}}]}})),
        );
        check(
            json!({"all.$": "$", "s.$": "$$.State.Name"}),
            Ok(json!({"all": {"a": {"b": 1}, "l": [1, 2, 3]}, "s": "S"})),
        );
        check(
            json!({"l.$": "$.l[1:]", "none.$": "$.no[*]"}),
            Ok(json!({"l": [2, 3], "none": []})),
        );
        check(json!([1, "$.a", null]), Ok(json!([1, "$.a", null])));
        check(
            json!({"v.$": "$set.x[1]", "f.$": "States.Format('{}-{}', $.a.b, $set.x[0])"}),
            Ok(json!({"v": 6, "f": "1-5"})),
        );
    }

    #[test]
    fn what_cannot_be_filled_in_is_named() {
        check(
            json!({"d": {"x.$": "$.no"}}),
            Err("path `$.no` of the field `x.$` finds nothing"),
        );
        check(
            json!({"x.$": 5}),
            Err("field `x.$` holds neither a path nor an intrinsic function"),
        );
        check(json!({"x.$": "a.b"}), Err("field `x.$` does not hold a path"));
        check(json!({"x.$": "States.No()"}), Err("field `x.$` has no value"));
        check(
            json!({"x.$": "$v.a"}),
            Err("field `x.$` uses the variable `$v`, which is not set"),
        );
    }
}
