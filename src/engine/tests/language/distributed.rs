//! Distributed Map states.

use serde_json::{Value, json};

use super::{Case, case, merged, with, with_jsonata};
use crate::engine::testing::{Answer, error, output};
use crate::engine::tests::FUNCTION;

fn map(extra: &Value) -> Value {
    let processor = json!({
        "Comment": "c", "ProcessorConfig": { "Mode": "DISTRIBUTED", "ExecutionType": "STANDARD" },
        "StartAt": "I", "States": { "I": { "Type": "Pass", "End": true } },
    });
    merged(
        json!({ "Type": "Map", "Comment": "c", "Label": "L", "ItemProcessor": processor }),
        extra,
    )
}

/// One whose child executions run a function.
fn working(extra: &Value) -> Value {
    let mut state = map(extra);
    state["ItemProcessor"]["States"] = json!({ "I": { "Type": "Task", "Resource": FUNCTION, "End": true } });
    state
}

pub(super) fn cases() -> Vec<Case> {
    [data(), limits(), batches(), readers(), writers(), failures()]
        .into_iter()
        .flatten()
        .collect()
}

fn data() -> Vec<Case> {
    let path = map(&json!({
        "QueryLanguage": "JSONPath", "InputPath": "$.in", "ItemsPath": "$.items",
        "ItemSelector": { "i.$": "$$.Map.Item.Value", "n.$": "$.n" },
        "ResultSelector": { "all.$": "$[*].i" }, "ResultPath": "$.r", "OutputPath": "$.r", "Assign": { "v.$": "$.all[1]" }, "Next": "T",
    }));
    let mut old = path.clone();
    let selector = old.as_object_mut().unwrap().shift_remove("ItemSelector").unwrap();
    old["Parameters"] = selector;
    let jsonata = map(&json!({
        "QueryLanguage": "JSONata", "Items": "{% $states.input.in.items %}",
        "ItemSelector": { "i": "{% $states.context.Map.Item.Value %}", "n": "{% $states.input.in.n %}" },
        "Output": { "all": "{% $states.result.i %}" }, "Assign": { "v": "{% $states.result[1].i %}" }, "Next": "T",
    }));
    let input = r#"{"in":{"n":5,"items":["a","b"]}}"#;
    let expected = [
        r#"gives {"all":["a","b"]}"#,
        r#"MapStateExited name=S output={"all":["a","b"]} assignedVariables={"v":"\"b\""} assignedVariablesDetails={"truncated":false}"#,
        r#"child {"i":"a","n":5}"#,
        "map run arn:aws:states:us-east-1:000000000000:mapRun:M/L:ID express=false at once=0 tolerated=None None%",
        "PassStateExited name=T…",
    ];
    let mut cases: Vec<Case> = [path, old, jsonata]
        .map(|state| case(with(state), input, &[], &expected))
        .into();
    for definition in [
        with(map(&json!({ "End": true }))),
        with_jsonata(map(&json!({ "End": true }))),
    ] {
        let run = "map run arn:aws:states:us-east-1:000000000000:mapRun:M/L:ID express=false…";
        cases.push(case(definition, "[7,8]", &[], &["gives [7,8]", "MapRunSucceeded", run]));
    }
    let mut express = map(&json!({ "End": true }));
    express["ItemProcessor"]["ProcessorConfig"]["ExecutionType"] = json!("EXPRESS");
    let run = "map run arn:aws:states:us-east-1:000000000000:mapRun:M/L:ID express=true…";
    cases.push(case(with(express), "[7]", &[], &["gives [7]", run]));
    cases
}

fn limits() -> Vec<Case> {
    let mut cases = Vec::new();
    let answers = [output(json!(1)), error("Boom", "why"), output(json!(1))];
    for (extra, run) in [
        (
            json!({ "MaxConcurrency": 2, "ToleratedFailureCount": 1 }),
            "at once=2 tolerated=Some(1) None%",
        ),
        (
            json!({ "MaxConcurrencyPath": "$.two", "ToleratedFailureCountPath": "$.one" }),
            "at once=2 tolerated=Some(1) None%",
        ),
        (
            json!({ "ToleratedFailurePercentage": 33.4 }),
            "at once=0 tolerated=None Some(33.4)%",
        ),
        (
            json!({ "ToleratedFailurePercentagePath": "$.percent" }),
            "at once=0 tolerated=None Some(50.0)%",
        ),
        (
            json!({
                "QueryLanguage": "JSONata", "MaxConcurrency": "{% $states.input.two %}", "ToleratedFailureCount": "{% $states.input.one %}",
            }),
            "at once=2 tolerated=Some(1) None%",
        ),
        (
            json!({ "QueryLanguage": "JSONata", "ToleratedFailurePercentage": "{% $states.input.percent %}" }),
            "at once=0 tolerated=None Some(50.0)%",
        ),
    ] {
        let items = match extra.get("QueryLanguage") {
            None => json!({ "ItemsPath": "$.items", "End": true }),
            Some(_) => json!({ "Items": "{% $states.input.items %}", "End": true }),
        };
        let run = format!("map run arn:aws:states:us-east-1:000000000000:mapRun:M/L:ID express=false {run}");
        let input = r#"{"items":[1,2,3],"one":1,"two":2,"percent":50}"#;
        cases.push(case(
            with(working(&merged(items, &extra))),
            input,
            &answers,
            &["gives [1,{…", "MapRunSucceeded", &run],
        ));
    }
    cases
}

fn batches() -> Vec<Case> {
    let input = r#"{"items":[1,2,3],"n":2,"bytes":15,"k":"v"}"#;
    let mut cases = Vec::new();
    for (extra, children) in [
        (
            json!({ "MaxItemsPerBatch": 2 }),
            [r#"child {"Items":[1,2]}"#, r#"child {"Items":[3]}"#],
        ),
        (
            json!({ "MaxItemsPerBatchPath": "$.n" }),
            [r#"child {"Items":[1,2]}"#, r#"child {"Items":[3]}"#],
        ),
        (
            json!({ "MaxInputBytesPerBatch": 15 }),
            [r#"child {"Items":[1,2]}"#, r#"child {"Items":[3]}"#],
        ),
        (
            json!({ "MaxInputBytesPerBatchPath": "$.bytes" }),
            [r#"child {"Items":[1,2]}"#, r#"child {"Items":[3]}"#],
        ),
        (
            json!({ "MaxItemsPerBatch": 2, "BatchInput": { "k.$": "$.k" } }),
            [
                r#"child {"BatchInput":{"k":"v"},"Items":[1,2]}"#,
                r#"child {"BatchInput":{"k":"v"},"Items":[3]}"#,
            ],
        ),
    ] {
        let state = map(&json!({ "ItemsPath": "$.items", "ItemBatcher": extra, "End": true }));
        cases.push(case(with(state), input, &[], &children));
    }
    for (extra, children) in [
        (
            json!({ "MaxItemsPerBatch": "{% $states.input.n %}", "BatchInput": { "k": "{% $states.input.k %}" } }),
            [
                r#"child {"BatchInput":{"k":"v"},"Items":[1,2]}"#,
                r#"child {"BatchInput":{"k":"v"},"Items":[3]}"#,
            ],
        ),
        (
            json!({ "MaxInputBytesPerBatch": "{% $states.input.bytes %}" }),
            [r#"child {"Items":[1,2]}"#, r#"child {"Items":[3]}"#],
        ),
    ] {
        let state = map(
            &json!({ "QueryLanguage": "JSONata", "Items": "{% $states.input.items %}", "ItemBatcher": extra, "End": true }),
        );
        cases.push(case(with(state), input, &[], &children));
    }
    cases
}

fn readers() -> Vec<Case> {
    let mut cases = Vec::new();
    let csv = "A,B\n1,2\n3,4\n";
    let resource = "arn:aws:states:::s3:getObject";
    for (config, object, end) in [
        (
            json!({ "InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW", "MaxItems": 1 }),
            csv,
            r#"gives [{"A":"1","B":"2"}]"#,
        ),
        (
            json!({ "InputType": "CSV", "CSVHeaderLocation": "GIVEN", "CSVHeaders": ["X", "Y"], "CSVDelimiter": "PIPE" }),
            "1|2",
            r#"gives [{"X":"1","Y":"2"}]"#,
        ),
        (
            json!({ "InputType": "JSON", "ItemsPointer": "/a/b" }),
            r#"{"a":{"b":[1,2]}}"#,
            "gives [1,2]",
        ),
        (json!({ "InputType": "JSONL" }), "1\n{}\n", "gives [1,{}]"),
    ] {
        let object = [Answer::Output(object.to_owned())];
        let reads = format!(r#"reads {resource} {{"Bucket":"b","Key":"k"}} {config}"#);
        let path =
            json!({ "Resource": resource, "Parameters": { "Bucket": "b", "Key.$": "$.key" }, "ReaderConfig": config });
        let jsonata = json!({ "Resource": resource, "Arguments": { "Bucket": "b", "Key": "{% $states.input.key %}" }, "ReaderConfig": config });
        cases.push(case(
            with(map(&json!({ "ItemReader": path, "End": true }))),
            r#"{"key":"k"}"#,
            &object,
            &[end, &reads],
        ));
        cases.push(case(
            with_jsonata(map(&json!({ "ItemReader": jsonata, "End": true }))),
            r#"{"key":"k"}"#,
            &object,
            &[end, &reads],
        ));
    }
    let three = [Answer::Output("[1,2,3]".to_owned())];
    let most = json!({ "ItemReader": {
        "Resource": resource, "Parameters": { "Bucket": "b", "Key": "k" }, "ReaderConfig": { "InputType": "JSON", "MaxItemsPath": "$.n" },
    }, "End": true });
    cases.push(case(with(map(&most)), r#"{"n":2}"#, &three, &["gives [1,2]"]));
    let most = json!({ "ItemReader": {
        "Resource": resource, "Arguments": { "Bucket": "b", "Key": "k" }, "ReaderConfig": { "InputType": "JSON", "MaxItems": "{% $states.input.n %}" },
    }, "End": true });
    cases.push(case(with_jsonata(map(&most)), r#"{"n":2}"#, &three, &["gives [1,2]"]));
    // What is done with these is a matter of what reads: `local/sfn/tests/transfers.rs`.
    for (language, arguments) in [("JSONPath", "Parameters"), ("JSONata", "Arguments")] {
        let config =
            json!({ "InputType": "JSON", "ManifestType": "ATHENA_DATA", "Transformation": "LOAD_AND_FLATTEN" });
        let reads = format!(r#"reads arn:aws:states:::s3:listObjectsV2 {{"Bucket":"b"}} {config}"#);
        let reader = json!({ "Resource": "arn:aws:states:::s3:listObjectsV2", arguments: { "Bucket": "b" }, "ReaderConfig": config });
        let state = map(&json!({ "QueryLanguage": language, "ItemReader": reader, "End": true }));
        cases.push(case(with(state), "{}", &three, &["gives [1,2,3]", &reads]));
    }
    cases
}

fn writers() -> Vec<Case> {
    let mut cases = Vec::new();
    for language in ["JSONPath", "JSONata"] {
        for (config, end) in [
            (
                json!({ "Transformation": "COMPACT", "OutputType": "JSON" }),
                "gives [[1],[2,3]]",
            ),
            (
                json!({ "Transformation": "FLATTEN", "OutputType": "JSON" }),
                "gives [1,2,3]",
            ),
            (
                json!({ "Transformation": "FLATTEN", "OutputType": "JSONL" }),
                r#"gives "1\n2\n3""#,
            ),
            (
                json!({ "Transformation": "NONE", "OutputType": "JSON" }),
                r#"gives [{"ExecutionArn":…"#,
            ),
        ] {
            let state =
                map(&json!({ "QueryLanguage": language, "ResultWriter": { "WriterConfig": config }, "End": true }));
            cases.push(case(with(state), "[[1],[2,3]]", &[], &[end]));
        }
    }
    let config = json!({ "Transformation": "COMPACT", "OutputType": "JSONL" });
    let resource = "arn:aws:states:::s3:putObject";
    let path = json!({ "Resource": resource, "Parameters": { "Bucket": "b", "Prefix.$": "$$.Execution.Name" }, "WriterConfig": config });
    let jsonata = json!({ "Resource": resource, "Arguments": { "Bucket": "b", "Prefix": "{% $states.context.Execution.Name %}" }, "WriterConfig": config });
    let end = r#"gives {"MapRunArn":"arn:aws:states:us-east-1:000000000000:mapRun:M/L:ID","ResultWriterDetails":{"Bucket":"b","Key":"e/ID/manifest.json"}}"#;
    for definition in [
        with(map(&json!({ "ResultWriter": path, "End": true }))),
        with_jsonata(map(&json!({ "ResultWriter": jsonata, "End": true }))),
    ] {
        cases.push(case(
            definition,
            "[[1],[2,3]]",
            &[],
            &[end, "writes e/ID/SUCCEEDED_0.jsonl [1]\n[2,3]"],
        ));
    }
    cases
}

fn failures() -> Vec<Case> {
    let mut cases = Vec::new();
    let exceeded = "States.ExceedToleratedFailureThreshold";
    for language in ["JSONPath", "JSONata"] {
        let retried = working(&json!({
            "QueryLanguage": language, "Retry": [{ "ErrorEquals": [exceeded], "MaxAttempts": 1, "IntervalSeconds": 3 }], "End": true,
        }));
        let answers = [error("Boom", "why"), output(json!(6))];
        cases.push(case(with(retried), "[7]", &answers, &["gives [6]", "after 3000 ms"]));
        let caught = working(&json!({
            "QueryLanguage": language, "Catch": [{ "ErrorEquals": [exceeded], "Next": "Caught" }], "End": true,
        }));
        let end = format!(
            r#"gives {{"caught":{{"Error":"{exceeded}","Cause":"The specified tolerated failure threshold was exceeded"}}}}"#
        );
        cases.push(case(with(caught), "[7]", &[error("Boom", "why")], &[&end]));
    }
    cases
}
