//! Items that map runs read from S3, and results that they write to it.

use super::*;
use crate::local::s3::Objects;

/// A distributed Map state with those fields, around a state that gives what it gets.
fn mapping(extra: &Value) -> Value {
    let mut map = json!({
        "Type": "Map",
        "Label": "L",
        "ItemProcessor": {
            "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
            "StartAt": "I",
            "States": {"I": {"Type": "Pass", "End": true}},
        },
        "End": true,
    });
    map.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
    json!({"StartAt": "M", "States": {"M": map}})
}

fn reader(action: &str, parameters: Value, config: Value) -> Value {
    let resource = format!("arn:aws:states:::s3:{action}");
    json!({"ItemReader": {"Resource": resource, "Parameters": parameters, "ReaderConfig": config}})
}

impl Bench {
    /// S3, with objects in the bucket `data`.
    async fn objects(&self, objects: &[(&str, &str)]) -> S3 {
        let s3 = S3::open(self.store.clone()).unwrap();
        s3.make("data");
        s3.put("data", "text/plain", objects).unwrap();
        s3
    }

    /// The end of an execution with two items as its input.
    async fn runs(&self, extra: &Value) -> Value {
        let machine = self.machine("m", &mapping(extra)).await;
        let input = json!({"stateMachineArn": machine, "name": "e", "input": "[1,2]"});
        let execution = text(&self.get("StartExecution", input).await, "executionArn");
        self.ended(&execution).await
    }
}

#[tokio::test]
async fn items_are_read() {
    let objects = [
        ("a.csv", "A,B\n1,2\n3,4\n"),
        ("folder/", ""),
        ("folder/b.json", r#"[{"x":1}]"#),
        ("folder/c.json", r#"[{"x":2},{"x":3}]"#),
        ("manifest.csv", "s3://data/folder/c.json\ns3://data/folder/b.json\n"),
    ];
    let key = |key: &str| json!({"Bucket": "data", "Key": key});
    let csv = json!({"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW"});
    for (extra, expected) in [
        (
            reader("getObject", key("a.csv"), csv),
            r#"[{"A":"1","B":"2"},{"A":"3","B":"4"}]"#,
        ),
        (
            reader(
                "listObjectsV2",
                json!({"Bucket": "data", "Prefix": "folder/"}),
                json!({"InputType": "JSON", "Transformation": "LOAD_AND_FLATTEN", "MaxItems": 2}),
            ),
            r#"[{"x":1},{"x":2}]"#,
        ),
        (
            reader(
                "getObject",
                key("manifest.csv"),
                json!({"InputType": "JSON", "ManifestType": "ATHENA_DATA"}),
            ),
            r#"[{"x":2},{"x":3},{"x":1}]"#,
        ),
    ] {
        let bench = Bench::new();
        bench.objects(&objects).await;
        assert_eq!(bench.runs(&extra).await["output"], expected, "{extra}");
    }
    let bench = Bench::new();
    bench.objects(&objects).await;
    let listing = reader("listObjectsV2", json!({"Bucket": "data"}), json!({"MaxItems": 1}));
    let listed: Value = serde_json::from_str(bench.runs(&listing).await["output"].as_str().unwrap()).unwrap();
    assert_eq!((&listed[0]["Key"], &listed[0]["Size"]), (&json!("a.csv"), &json!(12)));
    assert_eq!(listed.as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn what_cannot_be_read_or_written_fails_the_map_run() {
    let json_at = |bucket: &str, key: &str| {
        reader(
            "getObject",
            json!({"Bucket": bucket, "Key": key}),
            json!({"InputType": "JSON"}),
        )
    };
    let writer =
        json!({"ResultWriter": {"Resource": "arn:aws:states:::s3:putObject", "Parameters": {"Bucket": "none"}}});
    for (extra, error, cause) in [
        (
            json_at("data", "none"),
            "States.ItemReaderFailed",
            "The specified key does not exist. (Service: Amazon S3; Status Code: 404; Error Code: NoSuchKey;",
        ),
        (
            json_at("none", "k"),
            "States.ItemReaderFailed",
            "The specified bucket does not exist (Service: Amazon S3; Status Code: 404; Error Code: NoSuchBucket;",
        ),
        (
            json_at("data", "object"),
            "States.ItemReaderFailed",
            "Attempting to map over non-iterable node.",
        ),
        (
            reader("listObjectsV2", json!({"Bucket": "data", "Delimiter": "/"}), json!({})),
            "States.ItemReaderFailed",
            "not implemented by the local cloud: the parameter Delimiter of an ItemReader",
        ),
        (
            writer,
            "States.ResultWriterFailed",
            "The specified bucket does not exist (Service: Amazon S3;",
        ),
    ] {
        let bench = Bench::new();
        bench.objects(&[("object", "{}")]).await;
        let ended = bench.runs(&extra).await;
        assert_eq!(ended["error"], error, "{ended}");
        assert!(ended["cause"].as_str().unwrap().starts_with(cause), "{ended}");
    }
}

#[tokio::test]
async fn results_are_written() {
    let bench = Bench::new();
    let s3 = bench.objects(&[]).await;
    let ended = bench
        .runs(&json!({"ResultWriter": {
            "Resource": "arn:aws:states:::s3:putObject",
            "Parameters": {"Bucket": "data", "Prefix": "jobs"},
            "WriterConfig": {"Transformation": "COMPACT", "OutputType": "JSON"},
        }}))
        .await;
    let output: Value = serde_json::from_str(ended["output"].as_str().unwrap()).unwrap();
    let details = &output["ResultWriterDetails"];
    let manifest = s3.get("data", details["Key"].as_str().unwrap()).unwrap();
    let manifest: Value = serde_json::from_slice(&manifest).unwrap();
    assert_eq!(manifest["MapRunArn"], output["MapRunArn"]);
    let succeeded = &manifest["ResultFiles"]["SUCCEEDED"][0];
    let results = s3.get("data", succeeded["Key"].as_str().unwrap()).unwrap();
    assert_eq!((results.as_ref(), &succeeded["Size"]), (b"[1,2]".as_ref(), &json!(5)));
}
