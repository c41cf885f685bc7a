//! Retriers and catchers.
//!
//! Source: <https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html>

use super::object::{Object, Range};
use super::{MOST_SECONDS, Parser};
use crate::asl::model::{Catcher, QueryLanguage, Retrier};

pub(super) const RETRIER: &[&str] = &[
    "Comment",
    "ErrorEquals",
    "IntervalSeconds",
    "MaxAttempts",
    "BackoffRate",
    "MaxDelaySeconds",
    "JitterStrategy",
];

pub(super) const CATCHER: &[&str] = &["Comment", "ErrorEquals", "Next", "ResultPath", "Assign", "Output"];

/// The longest `MaxDelaySeconds`: a year.
const MOST_DELAY: f64 = 31_622_400.0;

impl Parser {
    pub(super) fn retry(&mut self, state: &Object<'_>) -> Vec<Retrier> {
        self.handlers(state, "Retry", |parser, object| {
            object.only(&[RETRIER], &mut parser.found);
            let mut whole = |field, least, most| {
                object
                    .number(field, Range::whole(least, most), &mut parser.found)
                    .and_then(|number| number.as_u64())
            };
            let interval_seconds = whole("IntervalSeconds", 0.0, MOST_SECONDS);
            let max_attempts = whole("MaxAttempts", 0.0, MOST_SECONDS);
            let max_delay_seconds = whole("MaxDelaySeconds", 1.0, MOST_DELAY);
            let backoff_rate = object
                .number("BackoffRate", Range::any(1.0, f64::MAX), &mut parser.found)
                .and_then(|number| number.as_f64());
            let jitter = object.one_of("JitterStrategy", &["NONE", "FULL"], &mut parser.found);
            Retrier {
                error_equals: parser.error_equals(object),
                interval_seconds: interval_seconds.unwrap_or(1),
                max_attempts: max_attempts.unwrap_or(3),
                backoff_rate: backoff_rate.unwrap_or(2.0),
                max_delay_seconds,
                full_jitter: jitter.as_deref() == Some("FULL"),
            }
        })
    }

    pub(super) fn catch(&mut self, state: &Object<'_>, language: QueryLanguage) -> Vec<Catcher> {
        let catchers = self.handlers(state, "Catch", |parser, object| {
            object.only(&[CATCHER], &mut parser.found);
            parser.foreign_fields(object, language, &["ResultPath"], &["Output"]);
            object.require(&["Next"], &mut parser.found);
            let next = object.string("Next", &mut parser.found);
            let catcher = Catcher {
                error_equals: parser.error_equals(object),
                next: next.clone().unwrap_or_default(),
                result_path: object.path("ResultPath", &mut parser.found),
                assign: parser.assign(object),
                output: object.value("Output"),
            };
            next.map(|_| catcher)
        });
        catchers.into_iter().flatten().collect()
    }

    /// Reports fields of a rule or catcher that belong to the other language.
    pub(super) fn foreign_fields(
        &mut self,
        object: &Object<'_>,
        language: QueryLanguage,
        jsonpath_only: &[&str],
        jsonata_only: &[&str],
    ) {
        let (foreign, is, other) = match language {
            QueryLanguage::JsonPath => (jsonata_only, "JSONPath", "JSONata"),
            QueryLanguage::Jsonata => (jsonpath_only, "JSONata", "JSONPath"),
        };
        for entry in object.entries() {
            let key = entry.key.as_str();
            if foreign.contains(&key) {
                self.found.push(object.key_error(
                    entry,
                    "wrong-query-language",
                    format!("`{key}` of {} is for {other}, but the state uses {is}", object.what),
                    format!("The QueryLanguage is set to '{is}', but field '{key}' is only supported for the '{other}' QueryLanguage"),
                ));
            }
        }
    }

    fn error_equals(&mut self, object: &Object<'_>) -> Vec<String> {
        object.require(&["ErrorEquals"], &mut self.found);
        object.strings("ErrorEquals", &mut self.found).unwrap_or_default()
    }

    fn handlers<T>(
        &mut self,
        state: &Object<'_>,
        field: &str,
        mut read: impl FnMut(&mut Self, &Object<'_>) -> T,
    ) -> Vec<T> {
        // An empty list of handlers is allowed.
        if matches!(state.get(field).map(|node| &node.value), Some(crate::tree::Value::List(items)) if items.is_empty())
        {
            return Vec::new();
        }
        let items = state.list(field, &mut self.found).unwrap_or_default();
        let mut handlers = Vec::new();
        for (index, node) in items.iter().enumerate() {
            let pointer = format!("{}[{index}]", state.at(field));
            let what = format!("`{field}` {} of {}", index + 1, state.what);
            if let Some(object) = Object::read(node, None, pointer, what, &mut self.found) {
                handlers.push(read(self, &object));
            }
        }
        handlers
    }
}
