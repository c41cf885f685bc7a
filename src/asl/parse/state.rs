//! States: what all types share, and the types that are simple.

use super::fields;
use super::object::{Object, Range};
use super::{MOST_SECONDS, Parser};
use crate::asl::model::{
    Fail, Parallel, Pass, QueryLanguage, State, StateKind, Task, TextField, Transition, Wait, WaitUntil, Work,
};
use crate::diagnostic::did_you_mean;
use crate::tree::Entry;

impl Parser {
    pub(super) fn state(&mut self, entry: &Entry, pointer: String) -> Option<State> {
        let what = format!("state `{}`", entry.key);
        let object = Object::read(&entry.value, entry.key_span.as_ref(), pointer, what, &mut self.found)?;
        let kind = self.kind_of(&object);
        let language = self.state_language(&object);
        if let Some(kind) = kind {
            self.check_fields(&object, kind, language);
        }
        Some(State {
            name: entry.key.clone(),
            span: entry.key_span.clone().or_else(|| entry.value.span.clone()),
            comment: object.string("Comment", &mut self.found),
            query_language: language,
            input_path: object.path("InputPath", &mut self.found),
            output_path: object.path("OutputPath", &mut self.found),
            assign: self.assign(&object),
            output: object.value("Output"),
            kind: self.kind(&object, kind.unwrap_or_else(|| guess_kind(&object)), language),
        })
    }

    /// The value of `Type`, if it is one.
    fn kind_of(&mut self, object: &Object<'_>) -> Option<&'static str> {
        object.require(&["Type"], &mut self.found);
        let written = object.string("Type", &mut self.found)?;
        if let Some(kind) = fields::TYPES.iter().find(|kind| **kind == written) {
            return Some(kind);
        }
        let error = object.field_error(
            "Type",
            "unknown-type",
            format!("{} has the type `{written}`, which does not exist", object.what),
            format!("Value should be one of the following: [{}]", fields::TYPES.join(", ")),
        );
        self.found
            .push(match did_you_mean(&written, fields::TYPES.iter().copied()) {
                Some(hint) => error.hint(hint),
                None => error.hint(format!("the types are {}", fields::TYPES.join(", "))),
            });
        None
    }

    /// A state of a JSONPath machine may be written in JSONata, but not the other way round.
    fn state_language(&mut self, object: &Object<'_>) -> QueryLanguage {
        let language = self.language_of(object, self.language);
        if self.language == QueryLanguage::Jsonata && language == QueryLanguage::JsonPath {
            self.found.push(object.error(
                "query-language",
                format!(
                    "{} cannot use JSONPath in a state machine that uses JSONata",
                    object.what
                ),
                "'QueryLanguage' can not be 'JSONPath' if set to 'JSONata' for whole state machine",
            ));
        }
        language
    }

    /// Reports fields that the type of state, or its language, does not have.
    fn check_fields(&mut self, object: &Object<'_>, kind: &str, language: QueryLanguage) {
        let own = fields::of_type(kind);
        // A state that must not be in JSONPath at all is not blamed for each field that follows from it.
        let downgraded = self.language == QueryLanguage::Jsonata && language == QueryLanguage::JsonPath;
        let (foreign, is, other) = match language {
            QueryLanguage::JsonPath => (fields::JSONATA_ONLY, "JSONPath", "JSONata"),
            QueryLanguage::Jsonata => (fields::JSONPATH_ONLY, "JSONata", "JSONPath"),
        };
        for entry in object.entries() {
            let key = entry.key.as_str();
            if fields::COMMON.contains(&key) {
                continue;
            }
            if !own.iter().any(|list| list.contains(&key)) {
                let known = own.iter().copied().flatten().copied();
                self.found
                    .push(object.unsupported(entry, known.filter(|field| !foreign.contains(field))));
            } else if foreign.contains(&key) && !downgraded {
                self.found.push(object.key_error(
                    entry,
                    "wrong-query-language",
                    format!("`{key}` of {} is for {other}, but the state uses {is}", object.what),
                    format!("The QueryLanguage is set to '{is}', but field '{key}' is only supported for the '{other}' QueryLanguage"),
                ));
            }
        }
    }

    fn kind(&mut self, object: &Object<'_>, kind: &str, language: QueryLanguage) -> StateKind {
        match kind {
            "Task" => StateKind::Task(Box::new(self.task(object, language))),
            "Choice" => StateKind::Choice(self.choice(object, language)),
            "Wait" => StateKind::Wait(self.wait(object, language)),
            "Succeed" => StateKind::Succeed,
            "Fail" => StateKind::Fail(Fail {
                error: object.text_field("Error", language, &mut self.found),
                cause: object.text_field("Cause", language, &mut self.found),
            }),
            "Parallel" => StateKind::Parallel(Box::new(self.parallel(object, language))),
            "Map" => match self.map(object, language) {
                Some(map) => StateKind::Map(Box::new(map)),
                None => StateKind::Pass(self.pass(object)),
            },
            _ => StateKind::Pass(self.pass(object)),
        }
    }

    fn pass(&mut self, object: &Object<'_>) -> Pass {
        Pass {
            result: object.value("Result"),
            parameters: object.value("Parameters"),
            result_path: object.path("ResultPath", &mut self.found),
            transition: self.transition(object),
        }
    }

    fn task(&mut self, object: &Object<'_>, language: QueryLanguage) -> Task {
        let range = Range::whole(1.0, MOST_SECONDS);
        object.require(&["Resource"], &mut self.found);
        Task {
            resource: object.string("Resource", &mut self.found).unwrap_or_default(),
            work: self.work(object, language),
            timeout_seconds: object.number_field("TimeoutSeconds", range, language, &mut self.found),
            heartbeat_seconds: object.number_field("HeartbeatSeconds", range, language, &mut self.found),
            credentials: self.credentials(object, language),
            transition: self.transition(object),
        }
    }

    fn credentials(&mut self, object: &Object<'_>, language: QueryLanguage) -> Option<serde_json::Value> {
        let credentials = object.mapping("Credentials", &mut self.found)?;
        let role = credentials.get("RoleArn").is_some()
            || (language == QueryLanguage::JsonPath && credentials.get("RoleArn.$").is_some());
        if !role {
            self.found.push(object.field_error(
                "Credentials",
                "missing-field",
                format!("`Credentials` of {} needs `RoleArn`", object.what),
                "The field 'RoleArn' is required but was missing",
            ));
        }
        Some(credentials)
    }

    fn wait(&mut self, object: &Object<'_>, language: QueryLanguage) -> Wait {
        let forms = ["SecondsPath", "Seconds", "TimestampPath", "Timestamp"];
        if object.at_least_one(&forms, &mut self.found) {
            object.at_most_one(&forms, &mut self.found);
        }
        // Which of several forms counts does not matter any more.
        let mut rest = Vec::new();
        let seconds = object.number_field("Seconds", Range::whole(0.0, MOST_SECONDS), language, &mut rest);
        let timestamp = object.text_field("Timestamp", language, &mut rest);
        self.found
            .extend(rest.into_iter().filter(|found| found.code != "conflicting-fields"));
        let until = match (seconds, timestamp) {
            (Some(seconds), _) => WaitUntil::Seconds(seconds),
            (None, Some(timestamp)) => WaitUntil::Timestamp(timestamp),
            (None, None) => WaitUntil::Timestamp(TextField::Path("$".to_owned())),
        };
        Wait {
            until,
            transition: self.transition(object),
        }
    }

    fn parallel(&mut self, object: &Object<'_>, language: QueryLanguage) -> Parallel {
        object.require(&["Branches"], &mut self.found);
        let branches = object.list("Branches", &mut self.found).unwrap_or_default();
        let branches = branches
            .iter()
            .enumerate()
            .filter_map(|(index, node)| {
                let pointer = format!("{}[{index}]", object.at("Branches"));
                let what = format!("branch {} of {}", index + 1, object.what);
                self.nested(node, None, pointer, what, &[])
            })
            .collect();
        Parallel {
            branches,
            work: self.work(object, language),
            transition: self.transition(object),
        }
    }

    /// What Task, Parallel and Map share.
    pub(super) fn work(&mut self, object: &Object<'_>, language: QueryLanguage) -> Work {
        Work {
            parameters: object.value("Parameters"),
            arguments: object.value("Arguments"),
            result_selector: object.mapping("ResultSelector", &mut self.found),
            result_path: object.path("ResultPath", &mut self.found),
            retry: self.retry(object),
            catch: self.catch(object, language),
        }
    }

    /// `Assign` of a state, rule or catcher.
    pub(super) fn assign(&mut self, object: &Object<'_>) -> Option<serde_json::Value> {
        object.mapping("Assign", &mut self.found)
    }

    /// `Next` or `End`. Neither counts as an end, for the checks to come.
    pub(super) fn transition(&mut self, object: &Object<'_>) -> Transition {
        let end = object.boolean("End", &mut self.found);
        if object.has("Next") && end == Some(true) {
            object.at_most_one(&["Next", "End"], &mut self.found);
        }
        if let Some(next) = object.string("Next", &mut self.found) {
            return Transition::Next(next);
        }
        if !object.has("Next") && end != Some(true) {
            let mistyped = object.has("End") && end.is_none();
            if !mistyped {
                self.found.push(
                    object
                        .error(
                            "missing-end",
                            format!("{} leads nowhere: it has neither `Next` nor `End: true`", object.what),
                            "This object should have only one of the following fields: [Next, End]",
                        )
                        .hint("add `Next` with the name of a state, or `End: true`"),
                );
            }
        }
        Transition::End
    }
}

/// What a state without a valid `Type` most likely is, so that the states it leads to are not called unreachable.
fn guess_kind(object: &Object<'_>) -> &'static str {
    [
        ("Choices", "Choice"),
        ("Branches", "Parallel"),
        ("ItemProcessor", "Map"),
        ("Iterator", "Map"),
        ("Resource", "Task"),
    ]
    .into_iter()
    .find_map(|(field, kind)| object.has(field).then_some(kind))
    .unwrap_or(match object.has("Next") || object.has("End") {
        true => "Pass",
        false => "Succeed",
    })
}
