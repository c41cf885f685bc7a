//! Everything that the States Language has, as AWS documents it. The audit holds the cases against it.
//!
//! Sources: <https://docs.aws.amazon.com/step-functions/latest/dg/workflow-states.html> and the pages of the state types,
//! <https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html>,
//! <https://docs.aws.amazon.com/step-functions/latest/dg/intrinsic-functions.html>,
//! <https://docs.aws.amazon.com/step-functions/latest/dg/input-output-contextobject.html>,
//! <https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html>.

/// A part of a definition: its name, the fields it has in both query languages, only in JSONPath, only in JSONata.
pub(super) type Part = (&'static str, &'static str, &'static str, &'static str);

/// Every part with every field.
pub(super) const PARTS: &[Part] = &[
    (
        "Machine",
        "Comment QueryLanguage StartAt States TimeoutSeconds Version",
        "",
        "",
    ),
    ("Branch", "Comment StartAt States", "", ""),
    ("ItemProcessor", "Comment StartAt States", "", ""),
    ("Iterator", "", "Comment StartAt States", ""),
    ("ProcessorConfig", "Mode ExecutionType", "", ""),
    (
        "Task",
        "Type Comment QueryLanguage Next End Resource Assign Retry Catch TimeoutSeconds HeartbeatSeconds Credentials",
        "InputPath OutputPath Parameters ResultSelector ResultPath TimeoutSecondsPath HeartbeatSecondsPath",
        "Arguments Output",
    ),
    (
        "Pass",
        "Type Comment QueryLanguage Next End Assign",
        "InputPath OutputPath Parameters Result ResultPath",
        "Output",
    ),
    (
        "Choice",
        "Type Comment QueryLanguage Choices Default Assign",
        "InputPath OutputPath",
        "Output",
    ),
    (
        "Wait",
        "Type Comment QueryLanguage Next End Assign Seconds Timestamp",
        "InputPath OutputPath SecondsPath TimestampPath",
        "Output",
    ),
    (
        "Succeed",
        "Type Comment QueryLanguage",
        "InputPath OutputPath",
        "Output",
    ),
    (
        "Fail",
        "Type Comment QueryLanguage Error Cause",
        "ErrorPath CausePath",
        "",
    ),
    (
        "Parallel",
        "Type Comment QueryLanguage Next End Branches Assign Retry Catch",
        "InputPath OutputPath Parameters ResultSelector ResultPath",
        "Arguments Output",
    ),
    (
        "Map",
        "Type Comment QueryLanguage Next End ItemProcessor ItemSelector MaxConcurrency Assign Retry Catch",
        "InputPath OutputPath Iterator Parameters ItemsPath MaxConcurrencyPath ResultSelector ResultPath",
        "Items Output",
    ),
    (
        "Distributed Map",
        "Type Comment QueryLanguage Next End ItemProcessor ItemSelector ItemReader ItemBatcher ResultWriter MaxConcurrency \
         ToleratedFailurePercentage ToleratedFailureCount Label Assign Retry Catch",
        "InputPath OutputPath Parameters ItemsPath MaxConcurrencyPath ToleratedFailurePercentagePath \
         ToleratedFailureCountPath ResultSelector ResultPath",
        "Items Output",
    ),
    (
        "Choice Rule",
        "Next Assign Comment",
        "Variable And Or Not",
        "Condition Output",
    ),
    (
        "Retrier",
        "Comment ErrorEquals IntervalSeconds MaxAttempts BackoffRate MaxDelaySeconds JitterStrategy",
        "",
        "",
    ),
    ("Catcher", "Comment ErrorEquals Next Assign", "ResultPath", "Output"),
    ("Credentials", "RoleArn", "", ""),
    ("ItemReader", "Resource ReaderConfig", "Parameters", "Arguments"),
    (
        "ReaderConfig",
        "InputType ManifestType Transformation CSVHeaderLocation CSVHeaders CSVDelimiter MaxItems ItemsPointer",
        "MaxItemsPath",
        "",
    ),
    (
        "ItemBatcher",
        "BatchInput MaxItemsPerBatch MaxInputBytesPerBatch",
        "MaxItemsPerBatchPath MaxInputBytesPerBatchPath",
        "",
    ),
    ("ResultWriter", "Resource WriterConfig", "Parameters", "Arguments"),
    ("WriterConfig", "Transformation OutputType", "", ""),
];

/// Fields that change nothing.
pub(super) const WITHOUT_EFFECT: &[&str] = &["Comment", "Version"];

/// Fields that stand for themselves in the history: the events of a state begin with its type.
pub(super) const NAMED_BY_EVENTS: &[&str] = &["Type"];

/// The comparison operators; each also has a form with `Path`.
pub(super) const OPERATORS: &[&str] = &[
    "StringEquals",
    "StringLessThan",
    "StringGreaterThan",
    "StringLessThanEquals",
    "StringGreaterThanEquals",
    "StringMatches",
    "NumericEquals",
    "NumericLessThan",
    "NumericGreaterThan",
    "NumericLessThanEquals",
    "NumericGreaterThanEquals",
    "BooleanEquals",
    "TimestampEquals",
    "TimestampLessThan",
    "TimestampGreaterThan",
    "TimestampLessThanEquals",
    "TimestampGreaterThanEquals",
    "IsNull",
    "IsPresent",
    "IsNumeric",
    "IsString",
    "IsBoolean",
    "IsTimestamp",
];

/// Operators that AWS does not have with `Path`: they compare with true or false, or with a pattern.
pub(super) const WITHOUT_PATH: &[&str] = &[
    "StringMatches",
    "IsNull",
    "IsPresent",
    "IsNumeric",
    "IsString",
    "IsBoolean",
    "IsTimestamp",
];

/// Names that only retriers and catchers write.
pub(super) const WILDCARDS: &[&str] = &["States.ALL", "States.TaskFailed", "States.HeartbeatTimeout"];

/// Errors that the engine reports by itself.
pub(super) const REPORTED: &[&str] = &[
    "States.Timeout",
    "States.ResultPathMatchFailure",
    "States.NoChoiceMatched",
    "States.IntrinsicFailure",
    "States.ExceedToleratedFailureThreshold",
    "States.ItemReaderFailed",
    "States.DataLimitExceeded",
    "States.QueryEvaluationError",
    "States.Runtime",
];

/// Errors that come from what does the work, and the test that they do: a file under `src` and the name of a function.
pub(super) const REPORTED_OUTSIDE: &[(&str, &str, &str)] = &[
    (
        "States.ResultWriterFailed",
        "local/sfn/tests/transfers.rs",
        "what_cannot_be_read_or_written_fails_the_map_run",
    ),
    (
        "States.ItemReaderFailed",
        "local/sfn/tests/transfers.rs",
        "what_cannot_be_read_or_written_fails_the_map_run",
    ),
    (
        "States.Permissions",
        "local/sfn/tests/executions.rs",
        "a_task_is_done_only_as_a_role_that_is_lent",
    ),
    (
        "States.TaskFailed",
        "local/sfn/integrations/tests.rs",
        "a_child_that_fails_fails_the_task",
    ),
];

/// Errors that the specification names and AWS does not report where recordings show what it does: a path that finds nothing
/// is `States.Runtime`, a failed branch has the error of what failed in it. Retriers and catchers may still name them, as
/// they may name what a service reports (`States.Permissions`, `States.Http.Socket`).
pub(super) const NAMED_ONLY: &[&str] = &[
    "States.ParameterPathFailure",
    "States.BranchFailed",
    "States.Permissions",
    "States.ResultWriterFailed",
    "States.Http.Socket",
];

/// Errors that no retrier or catcher takes.
pub(super) const NEVER_TAKEN: &[&str] = &["States.Runtime"];

/// The intrinsic functions.
pub(super) const INTRINSICS: &[&str] = &[
    "Array",
    "ArrayContains",
    "ArrayGetItem",
    "ArrayLength",
    "ArrayPartition",
    "ArrayRange",
    "ArrayUnique",
    "Base64Decode",
    "Base64Encode",
    "Format",
    "Hash",
    "JsonMerge",
    "JsonToString",
    "MathAdd",
    "MathRandom",
    "StringSplit",
    "StringToJson",
    "UUID",
];

/// The functions that AWS adds to JSONata.
pub(super) const JSONATA_FUNCTIONS: &[&str] = &["partition", "range", "hash", "random", "uuid", "parse"];

/// The members of `$states`.
pub(super) const STATES_MEMBERS: &[&str] = &["input", "result", "errorOutput", "context"];

/// The context object.
pub(super) const CONTEXT: &[&str] = &[
    "Execution.Id",
    "Execution.Input",
    "Execution.Name",
    "Execution.RoleArn",
    "Execution.StartTime",
    "Execution.RedriveCount",
    "State.EnteredTime",
    "State.Name",
    "State.RetryCount",
    "StateMachine.Id",
    "StateMachine.Name",
    "Task.Token",
    "Map.Item.Index",
    "Map.Item.Value",
];

/// Ways to call services, the services themselves, and what a map run reads: a word for it, and the test that shows it.
pub(super) const SERVICES: &[(&str, &str, &str)] = &[
    (
        "FUNCTION",
        "local/sfn/lambda/tests.rs",
        "a_function_gets_the_parameters_and_gives_its_payload",
    ),
    ("INVOKE", "local/sfn/lambda/tests.rs", "invoke_gives_the_whole_response"),
    ("Token", "local/sfn/tests/executions.rs", "a_token_comes_back_once"),
    ("activity", "local/sfn/tests/activities.rs", "a_worker_does_a_task"),
    ("dynamodb:getItem", EACH, EVERY_SERVICE),
    ("dynamodb:putItem", EACH, EVERY_SERVICE),
    ("dynamodb:updateItem", EACH, EVERY_SERVICE),
    ("dynamodb:deleteItem", EACH, EVERY_SERVICE),
    ("sns:publish", EACH, EVERY_SERVICE),
    ("sqs:sendMessage", EACH, EVERY_SERVICE),
    ("events:putEvents", EACH, EVERY_SERVICE),
    ("aws-sdk:s3:getObject", EACH, EVERY_SERVICE),
    ("waitForTaskToken", EACH, "every_message_can_carry_a_task_token"),
    ("states:startExecution.sync", INTEGRATIONS, "a_child_is_waited_for"),
    (
        "states:startExecution.waitForTaskToken",
        INTEGRATIONS,
        "a_task_with_a_token_waits_for_it",
    ),
    ("LOAD_AND_FLATTEN", TRANSFERS, "items_are_read"),
    ("ATHENA_DATA", TRANSFERS, "items_are_read"),
    ("s3:putObject", TRANSFERS, "results_are_written"),
];

const INTEGRATIONS: &str = "local/sfn/integrations/tests.rs";
const EACH: &str = "local/sfn/integrations/tests/each.rs";
const EVERY_SERVICE: &str = "every_service_and_optimized_integration_can_be_called";
const TRANSFERS: &str = "local/sfn/tests/transfers.rs";

/// The actions of the API ([reference](https://docs.aws.amazon.com/step-functions/latest/apireference/API_Operations.html)).
pub(super) const ACTIONS: &[&str] = &[
    "CreateActivity",
    "CreateStateMachine",
    "CreateStateMachineAlias",
    "DeleteActivity",
    "DeleteStateMachine",
    "DeleteStateMachineAlias",
    "DeleteStateMachineVersion",
    "DescribeActivity",
    "DescribeExecution",
    "DescribeMapRun",
    "DescribeStateMachine",
    "DescribeStateMachineAlias",
    "DescribeStateMachineForExecution",
    "GetActivityTask",
    "GetExecutionHistory",
    "ListActivities",
    "ListExecutions",
    "ListMapRuns",
    "ListStateMachineAliases",
    "ListStateMachines",
    "ListStateMachineVersions",
    "ListTagsForResource",
    "PublishStateMachineVersion",
    "RedriveExecution",
    "SendTaskFailure",
    "SendTaskHeartbeat",
    "SendTaskSuccess",
    "StartExecution",
    "StartSyncExecution",
    "StopExecution",
    "TagResource",
    "TestState",
    "UntagResource",
    "UpdateMapRun",
    "UpdateStateMachine",
    "UpdateStateMachineAlias",
    "ValidateStateMachineDefinition",
];
