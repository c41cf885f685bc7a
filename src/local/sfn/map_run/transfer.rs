//! Where items of map runs come from and their results go to, outside of executions: objects in S3.

use std::io::Read as _;

use serde_json::Value;

use super::rows::{self, Stored};
use crate::engine::Happened;
use crate::engine::items::{self, ITEM_READER_FAILED, Object, ReadError};
use crate::engine::map_run::export::{self, Destination};
use crate::engine::map_run::results::ChildResult;
use crate::engine::map_run::{ChildInput, OutputType, ReadRequest};
use crate::local::api::ApiError;
use crate::local::random;
use crate::local::s3::{Listed, Objects};
use crate::local::sfn::shared::Shared;

/// The error of a map run whose results could not be written.
const RESULT_WRITER_FAILED: &str = "States.ResultWriterFailed";

/// The most that a compressed object may hold, in bytes.
const LARGEST_UNPACKED: u64 = 1 << 30;

/// Keys that are asked for at a time.
const PAGE: usize = 1000;

/// Something could not be read or written: error and cause of the map run.
#[derive(Clone, Debug)]
pub(super) struct Refused {
    pub(super) error: &'static str,
    pub(super) cause: String,
}

/// Reads the items of a map run, and gives what its execution is told.
pub(in crate::local::sfn) fn read_items(shared: &Shared, execution: i64, request: &ReadRequest) -> Happened {
    let map_run = request.map_run;
    match read(shared.objects.as_ref(), request) {
        Ok(items) => Happened::ItemsRead {
            map_run,
            items: Value::Array(items).to_string(),
        },
        Err(cause) => {
            let now = shared.now();
            // If it cannot be written now, only the status of the map run is late: the execution fails with it anyway.
            let _ = shared.write(|connection| match rows::numbered(connection, execution, map_run)? {
                Some(stored) => rows::end(connection, stored.id, Some((ITEM_READER_FAILED, Some(&cause))), now),
                None => Ok(()),
            });
            Happened::MapRunFailed {
                map_run,
                error: ITEM_READER_FAILED.to_owned(),
                cause: Some(cause),
            }
        }
    }
}

/// The items, or the cause why there are none.
fn read(objects: &dyn Objects, request: &ReadRequest) -> Result<Vec<Value>, String> {
    let reader = Reader {
        objects,
        parameters: &request.from.parameters,
        config: &request.config,
        most: items::most_items(&request.config),
    };
    let resource = request.from.resource.as_str();
    match resource.rsplit(':').next() {
        Some("getObject") => reader.of_object(),
        Some("listObjectsV2") => reader.of_listing(),
        _ => Err(not_there(resource)),
    }
}

struct Reader<'a> {
    objects: &'a dyn Objects,
    parameters: &'a Value,
    config: &'a Value,
    most: usize,
}

impl Reader<'_> {
    fn of_object(&self) -> Result<Vec<Value>, String> {
        self.only_known(&["Bucket", "Key"])?;
        let (bucket, key) = (self.parameter("Bucket")?, self.parameter("Key")?);
        match (self.config["InputType"].as_str(), self.config["ManifestType"].as_str()) {
            (_, Some("ATHENA_DATA")) => {
                let named = items::athena_objects(&self.bytes(bucket, key)?).map_err(cause)?;
                self.of_all(named)
            }
            (Some("MANIFEST"), _) => self.of_inventory(bucket, key),
            _ => self.in_object(bucket, key, self.most),
        }
    }

    /// The objects of a bucket themselves, or what is in them.
    fn of_listing(&self) -> Result<Vec<Value>, String> {
        self.only_known(&["Bucket", "Prefix"])?;
        let bucket = self.parameter("Bucket")?;
        let prefix = self.parameters["Prefix"].as_str().unwrap_or_default();
        let flattens = match self.config["Transformation"].as_str() {
            None | Some("NONE") => false,
            Some("LOAD_AND_FLATTEN") => true,
            Some(other) => return Err(not_there(&format!("the Transformation {other} of an ItemReader"))),
        };
        let most = if flattens { usize::MAX } else { self.most };
        let listed = self.listed(bucket, prefix, most)?;
        if flattens {
            // What stands for a folder has nothing in it.
            let filled = listed.into_iter().filter(|object| object.size > 0);
            return self.of_all(filled.map(|object| (bucket.to_owned(), object.key)).collect());
        }
        let items = listed.into_iter().map(|listed| {
            items::object_item(&Object {
                etag: listed.etag,
                key: listed.key,
                last_modified: listed.modified / 1000,
                size: listed.size,
                storage_class: "STANDARD".to_owned(),
            })
        });
        Ok(items.collect())
    }

    fn listed(&self, bucket: &str, prefix: &str, most: usize) -> Result<Vec<Listed>, String> {
        let mut all: Vec<Listed> = Vec::new();
        loop {
            let after = all.last().map(|last| last.key.clone()).unwrap_or_default();
            let wanted = PAGE.min(most - all.len());
            let page = self.objects.list(bucket, prefix, &after, wanted).map_err(of_s3)?;
            let full = page.len() == PAGE;
            all.extend(page);
            if !full || all.len() >= most {
                return Ok(all);
            }
        }
    }

    fn of_inventory(&self, bucket: &str, key: &str) -> Result<Vec<Value>, String> {
        let inventory = items::inventory(&self.bytes(bucket, key)?).map_err(cause)?;
        let bucket = inventory.bucket.as_deref().unwrap_or(bucket);
        let mut all = Vec::new();
        for file in &inventory.files {
            let left = self.most - all.len();
            if left == 0 {
                break;
            }
            all.extend(inventory.items(&self.bytes(bucket, file)?, left).map_err(cause)?);
        }
        Ok(all)
    }

    fn of_all(&self, named: Vec<(String, String)>) -> Result<Vec<Value>, String> {
        let mut all = Vec::new();
        for (bucket, key) in named {
            let left = self.most - all.len();
            if left == 0 {
                break;
            }
            all.extend(self.in_object(&bucket, &key, left)?);
        }
        Ok(all)
    }

    fn in_object(&self, bucket: &str, key: &str, most: usize) -> Result<Vec<Value>, String> {
        let mut items = items::read(self.config, &self.bytes(bucket, key)?).map_err(cause)?;
        items.truncate(most);
        Ok(items)
    }

    /// What is in an object, unpacked if it is compressed by gzip.
    fn bytes(&self, bucket: &str, key: &str) -> Result<Vec<u8>, String> {
        let bytes = self.objects.get(bucket, key).map_err(of_s3)?;
        if !bytes.starts_with(b"\x1f\x8b") {
            return Ok(bytes.to_vec());
        }
        let mut unpacked = Vec::new();
        let mut decoder = flate2::read::MultiGzDecoder::new(bytes.as_ref()).take(LARGEST_UNPACKED + 1);
        decoder
            .read_to_end(&mut unpacked)
            .map_err(|problem| format!("The object {key} cannot be decompressed: {problem}"))?;
        if unpacked.len() as u64 > LARGEST_UNPACKED {
            return Err(format!("The object {key} holds more than {LARGEST_UNPACKED} bytes."));
        }
        Ok(unpacked)
    }

    fn parameter(&self, name: &str) -> Result<&str, String> {
        let value = self.parameters[name].as_str().filter(|value| !value.is_empty());
        value.ok_or_else(|| format!("The field '{name}' is required but was missing"))
    }

    /// Of other parameters nothing would come.
    fn only_known(&self, known: &[&str]) -> Result<(), String> {
        let members = self.parameters.as_object();
        let unknown = members.and_then(|members| members.keys().find(|name| !known.contains(&name.as_str())));
        match unknown {
            Some(unknown) => Err(not_there(&format!("the parameter {unknown} of an ItemReader"))),
            None => Ok(()),
        }
    }
}

#[allow(clippy::needless_pass_by_value, reason = "for map_err")]
fn cause(problem: ReadError) -> String {
    problem.to_string()
}

/// What S3 refused, as the SDK tells it.
#[allow(clippy::needless_pass_by_value, reason = "for map_err")]
fn of_s3(refused: ApiError) -> String {
    let ApiError {
        code, message, status, ..
    } = refused;
    let id = random::uuid();
    format!(
        "{message} (Service: Amazon S3; Status Code: {status}; Error Code: {code}; Request ID: {id}; S3 Extended Request ID: null; \
         Proxy: null)"
    )
}

fn not_there(what: &str) -> String {
    format!("not implemented by the local cloud: {what}")
}

/// Writes the results of a map run to where its `ResultWriter` says, if it has one. `pending` is what never began.
pub(super) fn write_results(
    objects: &dyn Objects,
    map_run: &Stored,
    results: &[ChildResult],
    pending: &[ChildInput],
) -> Result<(), Refused> {
    let Some((resource, parameters)) = &map_run.writer.to else {
        return Ok(());
    };
    let refused = |cause| Refused {
        error: RESULT_WRITER_FAILED,
        cause,
    };
    if resource.rsplit(':').next() != Some("putObject") {
        return Err(refused(not_there(resource)));
    }
    let members = parameters.as_object();
    let known = |name: &&String| ["Bucket", "Prefix"].contains(&name.as_str());
    if let Some(unknown) = members.and_then(|members| members.keys().find(|name| !known(name))) {
        return Err(refused(not_there(&format!(
            "the parameter {unknown} of a ResultWriter"
        ))));
    }
    let to = Destination::of(parameters)
        .ok_or_else(|| refused("The field 'Bucket' is required but was missing".to_owned()))?;
    let files = export::files(&map_run.arn, &to, &map_run.writer, results, pending);
    let named: Vec<(&str, &str)> = files
        .iter()
        .map(|file| (file.key.as_str(), file.text.as_str()))
        .collect();
    let content_type = match map_run.writer.output_type {
        OutputType::Json => "application/json",
        OutputType::Jsonl => "application/jsonl",
    };
    objects
        .put(&to.bucket, content_type, &named)
        .map_err(|error| refused(of_s3(error)))
}

/// What the state has as its result if a `ResultWriter` wrote it down.
pub(super) fn result(map_run: &Stored) -> Option<String> {
    let (_, parameters) = map_run.writer.to.as_ref()?;
    Some(Destination::of(parameters)?.result(&map_run.arn).to_string())
}
