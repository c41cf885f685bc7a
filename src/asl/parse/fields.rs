//! Which fields belong where.
//!
//! Source: the pages of the state types, <https://docs.aws.amazon.com/step-functions/latest/dg/workflow-states.html>

/// The types of states, in the order of AWS's guide.
pub(super) const TYPES: &[&str] = &["Task", "Wait", "Pass", "Succeed", "Fail", "Choice", "Parallel", "Map"];

/// Fields of the whole definition.
pub(super) const MACHINE: &[&str] = &[
    "Comment",
    "QueryLanguage",
    "StartAt",
    "States",
    "TimeoutSeconds",
    "Version",
];

/// Fields of a machine inside a Map or Parallel state.
pub(super) const NESTED: &[&str] = &["Comment", "StartAt", "States"];

/// Fields of every state.
pub(super) const COMMON: &[&str] = &["Type", "Comment", "QueryLanguage"];

/// Fields that a state has only in JSONPath.
pub(super) const JSONPATH_ONLY: &[&str] = &[
    "InputPath",
    "OutputPath",
    "ResultPath",
    "Parameters",
    "ResultSelector",
    "Result",
    "ItemsPath",
    "TimeoutSecondsPath",
    "HeartbeatSecondsPath",
    "SecondsPath",
    "TimestampPath",
    "MaxConcurrencyPath",
    "ToleratedFailurePercentagePath",
    "ToleratedFailureCountPath",
    "ErrorPath",
    "CausePath",
];

/// Fields that a state has only in JSONata.
pub(super) const JSONATA_ONLY: &[&str] = &["Arguments", "Output", "Items"];

const FLOW: &[&str] = &["Next", "End"];
const DATA: &[&str] = &["InputPath", "OutputPath", "Output"];
const WORK: &[&str] = &["Assign", "Parameters", "ResultPath", "ResultSelector", "Retry", "Catch"];

/// Fields of a type of state, beside those of every state.
pub(super) fn of_type(kind: &str) -> &'static [&'static [&'static str]] {
    match kind {
        "Task" => &[
            FLOW,
            DATA,
            WORK,
            &[
                "Resource",
                "Arguments",
                "Credentials",
                "TimeoutSeconds",
                "TimeoutSecondsPath",
                "HeartbeatSeconds",
                "HeartbeatSecondsPath",
            ],
        ],
        "Wait" => &[
            FLOW,
            DATA,
            &["Assign", "Seconds", "SecondsPath", "Timestamp", "TimestampPath"],
        ],
        "Pass" => &[FLOW, DATA, &["Assign", "Parameters", "Result", "ResultPath"]],
        "Succeed" => &[DATA],
        "Fail" => &[&["Error", "ErrorPath", "Cause", "CausePath"]],
        "Choice" => &[DATA, &["Assign", "Choices", "Default"]],
        "Parallel" => &[FLOW, DATA, WORK, &["Branches", "Arguments"]],
        "Map" => &[
            FLOW,
            DATA,
            WORK,
            &[
                "ItemProcessor",
                "Iterator",
                "Items",
                "ItemsPath",
                "ItemSelector",
                "ItemReader",
                "ItemBatcher",
                "ResultWriter",
                "MaxConcurrency",
                "MaxConcurrencyPath",
                "ToleratedFailurePercentage",
                "ToleratedFailurePercentagePath",
                "ToleratedFailureCount",
                "ToleratedFailureCountPath",
                "Label",
            ],
        ],
        _ => &[],
    }
}
