//! Map states, inline and distributed.
//!
//! Source: <https://docs.aws.amazon.com/step-functions/latest/dg/state-map.html>

use serde_json::Value as Json;

use super::Parser;
use super::object::{Object, Range, is_expression};
use crate::asl::model::{Map, QueryLanguage, StateMachine};
use crate::tree::Value;

/// No upper limit.
const ANY: f64 = f64::MAX;

pub(super) const READER: &[&str] = &["Resource", "Parameters", "Arguments", "ReaderConfig"];
/// Source: <https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itemreader.html>
pub(super) const READER_CONFIG: &[&str] = &[
    "InputType",
    "Transformation",
    "ManifestType",
    "CSVHeaderLocation",
    "CSVHeaders",
    "CSVDelimiter",
    "MaxItems",
    "MaxItemsPath",
    "ItemsPointer",
];
pub(super) const BATCHER: &[&str] = &[
    "BatchInput",
    "MaxItemsPerBatch",
    "MaxItemsPerBatchPath",
    "MaxInputBytesPerBatch",
    "MaxInputBytesPerBatchPath",
];
pub(super) const WRITER: &[&str] = &["Resource", "Parameters", "Arguments", "WriterConfig"];
/// Source: <https://docs.aws.amazon.com/step-functions/latest/dg/input-output-resultwriter.html>
pub(super) const WRITER_CONFIG: &[&str] = &["Transformation", "OutputType"];

impl Parser {
    /// A Map state; none if it has no processor that could be read.
    pub(super) fn map(&mut self, object: &Object<'_>, language: QueryLanguage) -> Option<Map> {
        let processors = ["ItemProcessor", "Iterator"];
        if object.at_least_one(&processors, &mut self.found) {
            object.at_most_one(&processors, &mut self.found);
        }
        object.at_most_one(&["ItemSelector", "Parameters"], &mut self.found);
        let whole = Range::whole(0.0, ANY);
        let percent = Range::any(0.0, 100.0);
        let legacy_iterator = !object.has("ItemProcessor");
        let field = if legacy_iterator { "Iterator" } else { "ItemProcessor" };
        let processor = self.processor(object, field);
        let processor_config = self.processor_config(object, field);
        let map = Map {
            processor_config,
            legacy_iterator,
            items: self.items(object),
            items_path: object.string("ItemsPath", &mut self.found),
            item_selector: object.value("ItemSelector"),
            item_reader: self.reader(object, language),
            item_batcher: self.batcher(object, language),
            result_writer: self.writer(object, language),
            max_concurrency: object.number_field("MaxConcurrency", whole, language, &mut self.found),
            tolerated_failure_percentage: object.number_field(
                "ToleratedFailurePercentage",
                percent,
                language,
                &mut self.found,
            ),
            tolerated_failure_count: object.number_field("ToleratedFailureCount", whole, language, &mut self.found),
            label: object.string("Label", &mut self.found),
            work: self.work(object, language),
            transition: self.transition(object),
            processor: processor?,
        };
        Some(map)
    }

    fn processor(&mut self, object: &Object<'_>, field: &str) -> Option<StateMachine> {
        let node = object.get(field)?;
        let what = format!("`{field}` of {}", object.what);
        self.nested(
            node,
            object.key_span(field),
            object.at(field),
            what,
            &["ProcessorConfig"],
        )
    }

    fn processor_config(&mut self, object: &Object<'_>, field: &str) -> Option<Json> {
        let entry = object.get(field)?.entry("ProcessorConfig")?;
        let node = &entry.value;
        let what = format!("`ProcessorConfig` of {}", object.what);
        let pointer = format!("{}/ProcessorConfig", object.at(field));
        let config = Object::read(node, entry.key_span.as_ref(), pointer, what, &mut self.found)?;
        let mode = config.one_of("Mode", &["INLINE", "DISTRIBUTED"], &mut self.found);
        if mode.as_deref() == Some("DISTRIBUTED") {
            config.only(&[&["Mode", "ExecutionType"]], &mut self.found);
            config.require(&["ExecutionType"], &mut self.found);
            config.one_of("ExecutionType", &["STANDARD", "EXPRESS"], &mut self.found);
        } else {
            config.only(&[&["Mode"]], &mut self.found);
        }
        Some(node.to_json())
    }

    /// `Items`: a list, or an expression that gives one.
    fn items(&mut self, object: &Object<'_>) -> Option<Json> {
        let node = object.get("Items")?;
        match &node.value {
            Value::List(_) => Some(node.to_json()),
            Value::String(text) if is_expression(text) => Some(node.to_json()),
            _ => {
                self.found
                    .push(object.wrong_type("Items", "a list or an expression in `{% %}`", "Array", node));
                None
            }
        }
    }

    fn reader(&mut self, object: &Object<'_>, language: QueryLanguage) -> Option<Json> {
        let reader = self.part(object, "ItemReader")?;
        reader.only(&[READER], &mut self.found);
        self.foreign_fields(&reader, language, &["Parameters"], &["Arguments"]);
        reader.require(&["Resource"], &mut self.found);
        reader.string("Resource", &mut self.found);
        if let Some(config) = self.part(&reader, "ReaderConfig") {
            config.only(&[READER_CONFIG], &mut self.found);
            let most = Range::whole(0.0, 100_000_000.0);
            config.number_field("MaxItems", most, language, &mut self.found);
            if config.get("CSVHeaderLocation").and_then(|node| node.as_str()) == Some("GIVEN") {
                config.require(&["CSVHeaders"], &mut self.found);
            }
        }
        object.value("ItemReader")
    }

    fn batcher(&mut self, object: &Object<'_>, language: QueryLanguage) -> Option<Json> {
        let batcher = self.part(object, "ItemBatcher")?;
        batcher.only(&[BATCHER], &mut self.found);
        for limit in ["MaxItemsPerBatch", "MaxInputBytesPerBatch"] {
            batcher.number_field(limit, Range::whole(0.0, ANY), language, &mut self.found);
        }
        object.value("ItemBatcher")
    }

    fn writer(&mut self, object: &Object<'_>, language: QueryLanguage) -> Option<Json> {
        let writer = self.part(object, "ResultWriter")?;
        writer.only(&[WRITER], &mut self.found);
        self.foreign_fields(&writer, language, &["Parameters"], &["Arguments"]);
        writer.string("Resource", &mut self.found);
        if let Some(config) = self.part(&writer, "WriterConfig") {
            config.only(&[WRITER_CONFIG], &mut self.found);
            config.one_of("Transformation", &["NONE", "COMPACT", "FLATTEN"], &mut self.found);
            config.one_of("OutputType", &["JSON", "JSONL"], &mut self.found);
        }
        object.value("ResultWriter")
    }

    fn part<'n>(&mut self, object: &Object<'n>, field: &str) -> Option<Object<'n>> {
        let node = object.get(field)?;
        let what = format!("`{field}` of {}", object.what);
        Object::read(node, object.key_span(field), object.at(field), what, &mut self.found)
    }
}
