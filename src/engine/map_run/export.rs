//! The files that `ResultWriter` writes: a manifest, and the results by how child executions ended
//! ([exporting to Amazon S3](https://docs.aws.amazon.com/step-functions/latest/dg/input-output-resultwriter.html)).

use serde_json::{Value, json};

use super::results::{ChildResult, described, transformed};
use super::{ChildInput, OutputType, Transformation, Writer};
use crate::engine::Status;

/// A text to be written under a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Its key in the bucket.
    pub key: String,
    /// What is in it.
    pub text: String,
}

/// Where the results of a map run go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination {
    /// The bucket.
    pub bucket: String,
    /// What all keys begin with, without a slash at the end; empty for nothing.
    pub prefix: String,
}

impl Destination {
    /// Reads `Bucket` and `Prefix`; none without a bucket.
    pub fn of(parameters: &Value) -> Option<Self> {
        let prefix = parameters["Prefix"].as_str().unwrap_or_default();
        Some(Self {
            bucket: parameters["Bucket"].as_str()?.to_owned(),
            prefix: prefix.trim_end_matches('/').to_owned(),
        })
    }

    /// The key of one of the files of a map run.
    fn key(&self, map_run_arn: &str, name: &str) -> String {
        let unique = map_run_arn.rsplit(':').next().unwrap_or_default();
        match self.prefix.as_str() {
            "" => format!("{unique}/{name}"),
            prefix => format!("{prefix}/{unique}/{name}"),
        }
    }

    /// What the state then has as its result.
    pub fn result(&self, map_run_arn: &str) -> Value {
        json!({
            "MapRunArn": map_run_arn,
            "ResultWriterDetails": { "Bucket": self.bucket, "Key": self.key(map_run_arn, "manifest.json") },
        })
    }
}

/// The files of a map run, the manifest last: once it is there, all are. `pending` is what never began.
pub fn files(
    map_run_arn: &str,
    to: &Destination,
    writer: &Writer,
    results: &[ChildResult],
    pending: &[ChildInput],
) -> Vec<File> {
    let (succeeded, failed): (Vec<_>, Vec<_>) = results.iter().partition(|result| result.status == Status::Succeeded);
    let told = |results: &[&ChildResult], how: Transformation| -> Vec<String> {
        results.iter().flat_map(|result| transformed(result, how)).collect()
    };
    let parts = [
        (
            "FAILED",
            failed.iter().map(|result| described(result).to_string()).collect(),
        ),
        (
            "PENDING",
            pending
                .iter()
                .map(|child| json!({ "Input": child.input, "InputDetails": { "Included": true } }).to_string())
                .collect(),
        ),
        ("SUCCEEDED", told(&succeeded, writer.transformation)),
    ];
    let mut files = Vec::new();
    let mut listed = serde_json::Map::new();
    for (name, texts) in parts {
        let file = (!texts.is_empty()).then(|| File {
            key: to.key(map_run_arn, &format!("{name}_0.{}", extension(writer.output_type))),
            text: together(&texts, writer.output_type),
        });
        let entries: Vec<Value> = file
            .iter()
            .map(|file| json!({ "Key": file.key, "Size": file.text.len() }))
            .collect();
        listed.insert(name.to_owned(), entries.into());
        files.extend(file);
    }
    let manifest = json!({ "DestinationBucket": to.bucket, "MapRunArn": map_run_arn, "ResultFiles": listed });
    files.push(File {
        key: to.key(map_run_arn, "manifest.json"),
        text: manifest.to_string(),
    });
    files
}

fn extension(output_type: OutputType) -> &'static str {
    match output_type {
        OutputType::Json => "json",
        OutputType::Jsonl => "jsonl",
    }
}

fn together(texts: &[String], output_type: OutputType) -> String {
    match output_type {
        OutputType::Json => format!("[{}]", texts.join(",")),
        OutputType::Jsonl => texts.join("\n"),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::engine::testing;

    const ARN: &str = "arn:aws:states:us-east-1:000000000000:mapRun:M/L:id";

    fn ended(status: Status, output: Option<&str>) -> ChildResult {
        ChildResult {
            start: testing::start("7"),
            status,
            stopped_at: testing::EPOCH,
            output: output.map(str::to_owned),
            error: None,
            cause: None,
        }
    }

    fn written(writer: &Writer, prefix: &str) -> Vec<File> {
        let to = Destination::of(&json!({ "Bucket": "b", "Prefix": prefix })).unwrap();
        let results = [
            ended(Status::Succeeded, Some("[1,2]")),
            ended(Status::Failed, None),
            ended(Status::Aborted, None),
        ];
        let pending = [ChildInput {
            input: "8".to_owned(),
            items: 1,
        }];
        files(ARN, &to, writer, &results, &pending)
    }

    #[test]
    fn results_by_status_and_a_manifest() {
        let files = written(&Writer::default(), "jobs/");
        let names: Vec<&str> = files.iter().map(|file| file.key.as_str()).collect();
        assert_eq!(
            names,
            [
                "jobs/id/FAILED_0.json",
                "jobs/id/PENDING_0.json",
                "jobs/id/SUCCEEDED_0.json",
                "jobs/id/manifest.json"
            ]
        );
        let failed: Value = serde_json::from_str(&files[0].text).unwrap();
        assert_eq!(
            (&failed[0]["Status"], &failed[1]["Status"]),
            (&json!("FAILED"), &json!("ABORTED"))
        );
        assert_eq!(files[1].text, r#"[{"Input":"8","InputDetails":{"Included":true}}]"#);
        assert_eq!(files[2].text, "[[1,2]]");
        let manifest: Value = serde_json::from_str(&files[3].text).unwrap();
        assert_eq!(
            manifest,
            json!({
                "DestinationBucket": "b",
                "MapRunArn": ARN,
                "ResultFiles": {
                    "FAILED": [{"Key": "jobs/id/FAILED_0.json", "Size": files[0].text.len()}],
                    "PENDING": [{"Key": "jobs/id/PENDING_0.json", "Size": files[1].text.len()}],
                    "SUCCEEDED": [{"Key": "jobs/id/SUCCEEDED_0.json", "Size": 7}],
                },
            })
        );
    }

    #[test]
    fn lines_and_no_prefix() {
        let writer = Writer {
            transformation: Transformation::Flatten,
            output_type: OutputType::Jsonl,
            to: None,
        };
        let files = written(&writer, "");
        assert_eq!(
            (files[2].key.as_str(), files[2].text.as_str()),
            ("id/SUCCEEDED_0.jsonl", "1\n2")
        );
    }

    #[test]
    fn what_did_not_happen_has_no_file() {
        let to = Destination::of(&json!({ "Bucket": "b" })).unwrap();
        let files = files(ARN, &to, &Writer::default(), &[], &[]);
        assert_eq!(files.len(), 1);
        let manifest: Value = serde_json::from_str(&files[0].text).unwrap();
        assert_eq!(
            manifest["ResultFiles"],
            json!({"FAILED": [], "PENDING": [], "SUCCEEDED": []})
        );
        assert_eq!(
            to.result(ARN),
            json!({"MapRunArn": ARN, "ResultWriterDetails": {"Bucket": "b", "Key": "id/manifest.json"}})
        );
        assert_eq!(Destination::of(&json!({})), None);
    }
}
