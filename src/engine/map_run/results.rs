//! What a map run gives back: the results of its child executions, formed as `WriterConfig` says
//! ([ResultWriter](https://docs.aws.amazon.com/step-functions/latest/dg/input-output-resultwriter.html)).

use serde_json::{Map, Value, json};

use super::{OutputType, Transformation};
use crate::engine::{Millis, Start, Status};
use crate::expr::timestamp;

/// A child execution that has ended.
#[derive(Clone, Debug)]
pub struct ChildResult {
    /// With what it was started.
    pub start: Start,
    /// How it ended.
    pub status: Status,
    /// When it ended.
    pub stopped_at: Millis,
    /// The output as JSON text.
    pub output: Option<String>,
    /// The error name.
    pub error: Option<String>,
    /// The cause.
    pub cause: Option<String>,
}

/// All results as one JSON text, in the given order.
pub fn text(results: &[ChildResult], transformation: Transformation, output_type: OutputType) -> String {
    let parts: Vec<String> = results
        .iter()
        .flat_map(|result| transformed(result, transformation))
        .collect();
    match output_type {
        OutputType::Json => format!("[{}]", parts.join(",")),
        OutputType::Jsonl => Value::String(parts.join("\n")).to_string(),
    }
}

/// A result as JSON texts, most often one. Of a child execution that did not succeed, all is told whatever the
/// transformation.
pub fn transformed(result: &ChildResult, transformation: Transformation) -> Vec<String> {
    let Some(output) = result.output.as_ref().filter(|_| result.status == Status::Succeeded) else {
        return vec![described(result).to_string()];
    };
    match transformation {
        Transformation::None => vec![described(result).to_string()],
        Transformation::Compact => vec![output.clone()],
        Transformation::Flatten => match serde_json::from_str(output) {
            Ok(Value::Array(parts)) => parts.iter().map(Value::to_string).collect(),
            _ => vec![output.clone()],
        },
    }
}

/// All about a child execution, as `NONE` has it.
pub fn described(result: &ChildResult) -> Value {
    let status = match result.status {
        Status::Running => "RUNNING",
        Status::Succeeded => "SUCCEEDED",
        Status::Failed => "FAILED",
        Status::TimedOut => "TIMED_OUT",
        Status::Aborted => "ABORTED",
    };
    let mut out = Map::new();
    let mut put = |member: &str, value: Value| out.insert(member.to_owned(), value);
    if let Some(cause) = &result.cause {
        put("Cause", cause.as_str().into());
    }
    if let Some(error) = &result.error {
        put("Error", error.as_str().into());
    }
    put("ExecutionArn", result.start.execution_arn.as_str().into());
    put("Input", result.start.input.as_str().into());
    put("InputDetails", json!({ "Included": true }));
    put("Name", result.start.execution_name.as_str().into());
    if let Some(output) = &result.output {
        put("Output", output.as_str().into());
        put("OutputDetails", json!({ "Included": true }));
    }
    put("RedriveCount", 0.into());
    if result.status == Status::Succeeded {
        put("RedriveStatus", "NOT_REDRIVABLE".into());
        put(
            "RedriveStatusReason",
            "Execution is SUCCEEDED and cannot be redriven".into(),
        );
    } else {
        put("RedriveStatus", "REDRIVABLE_BY_MAP_RUN".into());
    }
    put("StartDate", timestamp::format_millis(result.start.started_at).into());
    put("StateMachineArn", result.start.state_machine_arn.as_str().into());
    put("Status", status.into());
    put("StopDate", timestamp::format_millis(result.stopped_at).into());
    Value::Object(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::testing;

    fn ended(status: Status, output: Option<&str>, error: Option<&str>) -> ChildResult {
        ChildResult {
            start: testing::start("7"),
            status,
            stopped_at: testing::EPOCH + 1,
            output: output.map(str::to_owned),
            error: error.map(str::to_owned),
            cause: error.map(|_| "as asked".to_owned()),
        }
    }

    #[test]
    fn outputs_as_they_are_or_with_their_lists_laid_open() {
        let results = [
            ended(Status::Succeeded, Some("[1,2]"), None),
            ended(Status::Succeeded, Some(r#"{ "a" : 1 }"#), None),
        ];
        for (transformation, output_type, expected) in [
            (Transformation::Compact, OutputType::Json, r#"[[1,2],{ "a" : 1 }]"#),
            (Transformation::Flatten, OutputType::Json, r#"[1,2,{ "a" : 1 }]"#),
            (Transformation::Flatten, OutputType::Jsonl, r#""1\n2\n{ \"a\" : 1 }""#),
        ] {
            assert_eq!(text(&results, transformation, output_type), expected);
        }
        assert_eq!(text(&[], Transformation::Compact, OutputType::Json), "[]");
    }

    #[test]
    fn everything_about_a_child_execution() {
        let expected = json!({
            "ExecutionArn": "arn:aws:states:us-east-1:000000000000:execution:M:e",
            "Input": "7",
            "InputDetails": { "Included": true },
            "Name": "e",
            "Output": "1",
            "OutputDetails": { "Included": true },
            "RedriveCount": 0,
            "RedriveStatus": "NOT_REDRIVABLE",
            "RedriveStatusReason": "Execution is SUCCEEDED and cannot be redriven",
            "StartDate": "2024-01-01T00:00:00.000Z",
            "StateMachineArn": "arn:aws:states:us-east-1:000000000000:stateMachine:M",
            "Status": "SUCCEEDED",
            "StopDate": "2024-01-01T00:00:00.001Z",
        });
        let result = ended(Status::Succeeded, Some("1"), None);
        assert_eq!(transformed(&result, Transformation::None), [expected.to_string()]);
    }

    #[test]
    fn failures_are_told_in_full_whatever_the_transformation() {
        let result = ended(Status::Failed, None, Some("Boom"));
        for transformation in [Transformation::None, Transformation::Compact, Transformation::Flatten] {
            let texts = transformed(&result, transformation);
            let told: Value = serde_json::from_str(&texts[0]).expect("JSON");
            assert_eq!(
                (&told["Status"], &told["Error"], &told["Cause"], told.get("Output")),
                (&json!("FAILED"), &json!("Boom"), &json!("as asked"), None)
            );
        }
    }
}
