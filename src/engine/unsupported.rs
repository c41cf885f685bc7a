//! What of a definition this engine cannot execute, so that it is refused before anything runs.

use serde_json::Value;

use crate::asl::model::{
    Choice, Condition, Map, NumberField, Operand, PathField, QueryLanguage, State, StateKind, StateMachine, Task,
    TextField, WaitUntil, Work,
};
use crate::diagnostic::{Diagnostic, Span};
use crate::engine::resource::Resource;
use crate::expr::path::{Path, PathError};

/// See [`super::unsupported()`].
pub(super) fn find(machine: &StateMachine) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    in_machine(machine, "", &mut found);
    found
}

/// Recurses as deep as machines nest, which the reader of definitions limits.
fn in_machine(machine: &StateMachine, pointer: &str, found: &mut Vec<Diagnostic>) {
    for state in machine.states.values() {
        let mut finder = Finder {
            name: &state.name,
            span: state.span.as_ref(),
            pointer: format!("{pointer}/States/{}", state.name),
            found,
        };
        finder.state(state);
    }
}

struct Finder<'a> {
    name: &'a str,
    span: Option<&'a Span>,
    pointer: String,
    found: &'a mut Vec<Diagnostic>,
}

impl Finder<'_> {
    fn state(&mut self, state: &State) {
        match &state.kind {
            StateKind::Parallel(parallel) => {
                for (index, branch) in parallel.branches.iter().enumerate() {
                    in_machine(branch, &format!("{}/Branches/{index}", self.pointer), self.found);
                }
            }
            StateKind::Map(map) => {
                let key = if map.legacy_iterator {
                    "Iterator"
                } else {
                    "ItemProcessor"
                };
                in_machine(&map.processor, &format!("{}/{key}", self.pointer), self.found);
                self.outside_of_execution(map);
            }
            _ => {}
        }
        if state.query_language == QueryLanguage::Jsonata {
            // There are no paths or templates in it.
            if let StateKind::Task(task) = &state.kind {
                self.resource(task);
            }
            return;
        }
        self.template("Assign", state.assign.as_ref());
        self.path_field("InputPath", &state.input_path);
        self.path_field("OutputPath", &state.output_path);
        match &state.kind {
            StateKind::Task(task) => self.task(task),
            StateKind::Pass(pass) => {
                self.template("Parameters", pass.parameters.as_ref());
                self.path_field("ResultPath", &pass.result_path);
            }
            StateKind::Choice(choice) => self.choice(choice),
            StateKind::Wait(wait) => match &wait.until {
                WaitUntil::Seconds(field) => self.number("Seconds", Some(field)),
                WaitUntil::Timestamp(field) => self.text("Timestamp", Some(field)),
            },
            StateKind::Fail(fail) => {
                self.text("Error", fail.error.as_ref());
                self.text("Cause", fail.cause.as_ref());
            }
            StateKind::Parallel(parallel) => self.work(&parallel.work),
            StateKind::Map(map) => self.map(map),
            StateKind::Succeed => {}
        }
    }

    fn task(&mut self, task: &Task) {
        self.resource(task);
        self.work(&task.work);
        self.template("Credentials", task.credentials.as_ref());
        self.number("TimeoutSeconds", task.timeout_seconds.as_ref());
        self.number("HeartbeatSeconds", task.heartbeat_seconds.as_ref());
    }

    /// What of a Map state needs S3, or a mode that it is not in, in either query language.
    fn outside_of_execution(&mut self, map: &Map) {
        let distributed = map.is_distributed();
        for (field, refused) in [
            ("ItemReader", map.item_reader.is_some() && !distributed),
            ("ItemBatcher", map.item_batcher.is_some() && !distributed),
            ("ResultWriter", map.result_writer.is_some() && !distributed),
        ] {
            if refused {
                self.refuse(&format!("the field {field}"));
            }
        }
    }

    fn map(&mut self, map: &Map) {
        if let Some(path) = &map.items_path {
            self.path("ItemsPath", path);
        }
        self.template("ItemSelector", map.item_selector.as_ref());
        self.number("MaxConcurrency", map.max_concurrency.as_ref());
        self.number("ToleratedFailureCount", map.tolerated_failure_count.as_ref());
        self.number("ToleratedFailurePercentage", map.tolerated_failure_percentage.as_ref());
        if let Some(batcher) = &map.item_batcher {
            self.template("ItemBatcher", batcher.get("BatchInput"));
            for limit in ["MaxItemsPerBatchPath", "MaxInputBytesPerBatchPath"] {
                if let Some(path) = batcher.get(limit).and_then(Value::as_str) {
                    self.path(limit, path);
                }
            }
        }
        self.work(&map.work);
    }

    fn resource(&mut self, task: &Task) {
        if Resource::parse(&task.resource).is_none() {
            self.refuse(&format!("the resource `{}`", task.resource));
        }
    }

    fn work(&mut self, work: &Work) {
        self.template("Parameters", work.parameters.as_ref());
        self.template("ResultSelector", work.result_selector.as_ref());
        self.path_field("ResultPath", &work.result_path);
        for catcher in &work.catch {
            self.path_field("Catch ResultPath", &catcher.result_path);
            self.template("Assign of a catcher", catcher.assign.as_ref());
        }
    }

    fn choice(&mut self, choice: &Choice) {
        for rule in &choice.choices {
            self.template("Assign of a choice rule", rule.assign.as_ref());
            self.condition(&rule.condition);
        }
    }

    fn condition(&mut self, condition: &Condition) {
        match condition {
            Condition::And(parts) | Condition::Or(parts) => parts.iter().for_each(|part| self.condition(part)),
            Condition::Not(inner) => self.condition(inner),
            Condition::Compare { variable, operand, .. } => {
                self.path("Variable", variable);
                if let Operand::Path(path) = operand {
                    self.path("the operand of a comparison", path);
                }
            }
            Condition::Jsonata(_) => {}
        }
    }

    fn number(&mut self, field: &str, number: Option<&NumberField>) {
        match number {
            Some(NumberField::Path(path)) => self.path(&format!("{field}Path"), path),
            Some(NumberField::Literal(_) | NumberField::Jsonata(_)) | None => {}
        }
    }

    fn text(&mut self, field: &str, text: Option<&TextField>) {
        match text {
            Some(TextField::Path(path)) => self.path(&format!("{field}Path"), path),
            Some(TextField::Literal(_) | TextField::Jsonata(_)) | None => {}
        }
    }

    fn path_field(&mut self, field: &str, path: &PathField) {
        if let PathField::Path(path) = path {
            self.path(field, path);
        }
    }

    fn template(&mut self, field: &str, template: Option<&Value>) {
        match template {
            Some(Value::Object(fields)) => {
                for (name, value) in fields {
                    match value {
                        Value::String(path) if name.ends_with(".$") => self.path(&format!("{field} `{name}`"), path),
                        value => self.template(field, Some(value)),
                    }
                }
            }
            Some(Value::Array(items)) => items.iter().for_each(|item| self.template(field, Some(item))),
            _ => {}
        }
    }

    /// A path that is simply wrong is a finding of validation, not of ours.
    fn path(&mut self, field: &str, path: &str) {
        if let Err(PathError::Unsupported { feature, .. }) = Path::parse(path) {
            self.refuse(&format!("{feature} in the path {field}"));
        }
    }

    fn refuse(&mut self, feature: &str) {
        let mut diagnostic = Diagnostic::error(
            "not-executable-locally",
            format!(
                "state `{}` uses {feature}, which the local cloud cannot execute yet",
                self.name
            ),
        );
        diagnostic.span = self.span.cloned();
        diagnostic.pointer = Some(self.pointer.clone());
        self.found.push(diagnostic);
    }
}
