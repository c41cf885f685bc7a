//! Paths, templates, expressions and variables of a state.

use serde_json::Value as Json;

use super::error;
use super::paths::{Kind, is_intrinsic, is_path, kind};
use super::state::each_condition;
use crate::asl::model::{
    Condition, NumberField, Operand, PathField, QueryLanguage, State, StateKind, TextField, WaitUntil, Work,
};
use crate::diagnostic::Diagnostic;
use crate::expr::jsonata;

/// Values deeper than this are not looked at.
const DEPTH_LIMIT: usize = 128;

/// What a path field takes.
#[derive(Clone, Copy, PartialEq)]
enum Form {
    /// Any path.
    Path,
    /// A path to one place.
    Reference,
    /// A path to one place, or an intrinsic function.
    ReferenceOrIntrinsic,
}

pub(super) fn check(state: &State, pointer: &str, found: &mut Vec<Diagnostic>) {
    let mut check = Check { state, pointer, found };
    check.all();
}

struct Check<'s> {
    state: &'s State,
    pointer: &'s str,
    found: &'s mut Vec<Diagnostic>,
}

impl Check<'_> {
    fn all(&mut self) {
        let state = self.state;
        self.path_field("InputPath", &state.input_path, Form::Path);
        self.path_field("OutputPath", &state.output_path, Form::Path);
        self.variables("Assign", state.assign.as_ref());
        self.value("Assign", state.assign.as_ref());
        self.value("Output", state.output.as_ref());
        match &state.kind {
            StateKind::Task(task) => {
                self.work(&task.work);
                self.number("TimeoutSeconds", task.timeout_seconds.as_ref());
                self.number("HeartbeatSeconds", task.heartbeat_seconds.as_ref());
                self.value("Credentials", task.credentials.as_ref());
            }
            StateKind::Pass(pass) => {
                self.value("Parameters", pass.parameters.as_ref());
                self.path_field("ResultPath", &pass.result_path, Form::Reference);
            }
            StateKind::Wait(wait) => match &wait.until {
                WaitUntil::Seconds(seconds) => self.number("Seconds", Some(seconds)),
                WaitUntil::Timestamp(timestamp) => self.text("Timestamp", Some(timestamp), Form::Reference),
            },
            StateKind::Fail(fail) => {
                self.text("Error", fail.error.as_ref(), Form::ReferenceOrIntrinsic);
                self.text("Cause", fail.cause.as_ref(), Form::ReferenceOrIntrinsic);
            }
            StateKind::Parallel(parallel) => self.work(&parallel.work),
            StateKind::Map(map) => {
                self.work(&map.work);
                if let Some(path) = &map.items_path {
                    self.path("ItemsPath", path, Form::Reference);
                }
                self.number("MaxConcurrency", map.max_concurrency.as_ref());
                self.number("ToleratedFailurePercentage", map.tolerated_failure_percentage.as_ref());
                self.number("ToleratedFailureCount", map.tolerated_failure_count.as_ref());
                self.value("Items", map.items.as_ref());
                self.value("ItemSelector", map.item_selector.as_ref());
                self.value("ItemReader", map.item_reader.as_ref());
                self.value("ItemBatcher", map.item_batcher.as_ref());
                self.value("ResultWriter", map.result_writer.as_ref());
            }
            StateKind::Choice(choice) => {
                for (index, rule) in choice.choices.iter().enumerate() {
                    let field = format!("Choices[{index}]");
                    self.variables(&format!("{field}/Assign"), rule.assign.as_ref());
                    self.value(&format!("{field}/Assign"), rule.assign.as_ref());
                    self.value(&format!("{field}/Output"), rule.output.as_ref());
                    self.condition(&rule.condition, field);
                }
            }
            StateKind::Succeed => {}
        }
    }

    fn work(&mut self, work: &Work) {
        self.value("Parameters", work.parameters.as_ref());
        self.value("Arguments", work.arguments.as_ref());
        self.value("ResultSelector", work.result_selector.as_ref());
        self.path_field("ResultPath", &work.result_path, Form::Reference);
        for (index, catcher) in work.catch.iter().enumerate() {
            let field = format!("Catch[{index}]");
            self.path_field(&format!("{field}/ResultPath"), &catcher.result_path, Form::Reference);
            self.variables(&format!("{field}/Assign"), catcher.assign.as_ref());
            self.value(&format!("{field}/Assign"), catcher.assign.as_ref());
            self.value(&format!("{field}/Output"), catcher.output.as_ref());
        }
    }

    fn condition(&mut self, condition: &Condition, field: String) {
        each_condition(condition, field, &mut |condition, field| match condition {
            Condition::Compare {
                variable,
                operator,
                operand,
            } => {
                self.compared(&format!("{field}/Variable"), variable);
                if let Operand::Path(path) = operand {
                    self.compared(&format!("{field}/{}Path", operator.name()), path);
                }
            }
            Condition::Jsonata(value) => self.value(&format!("{field}/Condition"), Some(value)),
            _ => {}
        });
    }

    /// A path in a comparison, which AWS words differently.
    fn compared(&mut self, field: &str, path: &str) {
        if path.starts_with('$') {
            return self.path(field, path, Form::Path);
        }
        let why = Some("paths begin with `$`".to_owned());
        let aws = "Value is not a Reference Path: Reference path didn't start with '$'";
        self.invalid_path(field, path, why, aws);
    }

    fn path_field(&mut self, field: &str, path: &PathField, form: Form) {
        if let PathField::Path(path) = path {
            self.path(field, path, form);
        }
    }

    fn number(&mut self, field: &str, number: Option<&NumberField>) {
        match number {
            Some(NumberField::Path(path)) => self.path(&format!("{field}Path"), path, Form::Reference),
            Some(NumberField::Jsonata(text)) => self.expression(text, format!("{}/{field}", self.pointer)),
            Some(NumberField::Literal(_)) | None => {}
        }
    }

    fn text(&mut self, field: &str, text: Option<&TextField>, form: Form) {
        match text {
            Some(TextField::Path(path)) => self.path(&format!("{field}Path"), path, form),
            Some(TextField::Jsonata(text)) => self.expression(text, format!("{}/{field}", self.pointer)),
            Some(TextField::Literal(_)) | None => {}
        }
    }

    fn path(&mut self, field: &str, path: &str, form: Form) {
        match kind(path) {
            Kind::No(_) if form == Form::ReferenceOrIntrinsic && is_intrinsic(path) => {}
            Kind::No(why) => self.invalid_path(field, path, why, "Value must be a valid JSONPath."),
            Kind::Other if form != Form::Path => self.found.push(error(
                self.state,
                format!("{}/{field}", self.pointer),
                "invalid-path",
                format!(
                    "`{field}` of state `{}` is `{path}`, which can mean more than one place",
                    self.state.name
                ),
                "Value is not a Reference Path",
            )),
            Kind::Other | Kind::Reference => {}
        }
    }

    fn invalid_path(&mut self, field: &str, path: &str, why: Option<String>, aws: &str) {
        let message = format!(
            "`{field}` of state `{}` is `{path}`, which is not a path",
            self.state.name
        );
        let mut error = error(
            self.state,
            format!("{}/{field}", self.pointer),
            "invalid-path",
            message,
            aws,
        );
        error.hints.extend(why);
        self.found.push(error);
    }

    /// A template (JSONPath) or a value with expressions (JSONata).
    fn value(&mut self, field: &str, value: Option<&Json>) {
        let Some(value) = value else { return };
        let pointer = format!("{}/{field}", self.pointer);
        match self.state.query_language {
            QueryLanguage::JsonPath => self.template(value, &pointer, 0),
            QueryLanguage::Jsonata => self.expressions(value, &pointer, 0),
        }
    }

    /// Values of keys ending in `.$` are paths or intrinsic functions.
    fn template(&mut self, value: &Json, pointer: &str, depth: usize) {
        if depth > DEPTH_LIMIT {
            return;
        }
        match value {
            Json::Object(entries) => {
                for (key, value) in entries {
                    if !key.ends_with(".$") {
                        self.template(value, &format!("{pointer}/{key}"), depth + 1);
                    } else if !value.as_str().is_some_and(|text| is_path(text) || is_intrinsic(text)) {
                        self.found.push(error(
                            self.state,
                            pointer.to_owned(),
                            "invalid-path",
                            format!("`{key}` in state `{}` is {value}, which is neither a path nor an intrinsic function", self.state.name),
                            format!("The value for the field '{key}' must be a valid JSONPath or a valid intrinsic function call"),
                        ));
                    }
                }
            }
            Json::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.template(item, &format!("{pointer}[{index}]"), depth + 1);
                }
            }
            _ => {}
        }
    }

    /// A text that opens an expression closes it, and the other way round, at its very ends: with something before *and*
    /// after, even spaces, AWS takes it as it is.
    ///
    /// Source: <https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html>
    fn expressions(&mut self, value: &Json, pointer: &str, depth: usize) {
        if depth > DEPTH_LIMIT {
            return;
        }
        match value {
            Json::String(text) if is_half_open(text) => self.found.push(error(
                self.state,
                pointer.to_owned(),
                "invalid-expression",
                format!(
                    "state `{}` has `{text}`, which has not `{{%` at its start and `%}}` at its end",
                    self.state.name
                ),
                "JSONata string must start with {% and end with %}",
            )),
            Json::String(text) => self.expression(text, pointer.to_owned()),
            Json::Object(entries) => {
                for (key, value) in entries {
                    self.expressions(value, &format!("{pointer}/{key}"), depth + 1);
                }
            }
            Json::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.expressions(item, &format!("{pointer}[{index}]"), depth + 1);
                }
            }
            _ => {}
        }
    }

    /// The syntax of an expression, if the text is one.
    ///
    /// Source: <https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html>
    fn expression(&mut self, text: &str, pointer: String) {
        let Some(Err(problem)) = jsonata::expression_of(text).map(jsonata::Expression::parse) else {
            return;
        };
        self.found.push(error(
            self.state,
            pointer,
            "invalid-expression",
            format!(
                "state `{}` has `{text}`, which is not JSONata: {problem}",
                self.state.name
            ),
            format!("The JSONata expression is not valid: {problem}"),
        ));
    }

    /// Names of variables.
    ///
    /// Source: <https://docs.aws.amazon.com/step-functions/latest/dg/workflow-variables.html>
    fn variables(&mut self, field: &str, assign: Option<&Json>) {
        let Some(Json::Object(entries)) = assign else { return };
        for key in entries.keys() {
            let name = match self.state.query_language {
                QueryLanguage::JsonPath => key.strip_suffix(".$").unwrap_or(key),
                QueryLanguage::Jsonata => key,
            };
            let (message, aws) = if name == "states" {
                (
                    format!("state `{}` assigns to `states`, which is reserved", self.state.name),
                    "RESERVED_VARIABLE_NAME: Cannot assign to reserved variable '$states'.".to_owned(),
                )
            } else if !is_variable_name(name) {
                (
                    format!(
                        "state `{}` assigns to `{name}`, which is not a name of a variable",
                        self.state.name
                    ),
                    format!(
                        "INVALID_VARIABLE_NAME: Invalid variable name '{name}': the variable name contains invalid characters."
                    ),
                )
            } else {
                continue;
            };
            self.found.push(
                Diagnostic::error("variable-name", message)
                    .at(self.state.span.as_ref())
                    .in_definition(format!("{}/{field}/{key}", self.pointer))
                    .aws(aws),
            );
        }
    }
}

/// Whether a text looks like an expression at one end only.
fn is_half_open(text: &str) -> bool {
    text.starts_with("{%") != text.ends_with("%}")
}

fn is_variable_name(name: &str) -> bool {
    name.chars().count() <= 80
        && name.starts_with(char::is_alphabetic)
        && name.chars().all(|c| c.is_alphanumeric() || c == '_')
}
