//! Error names and causes of tasks whose call a service refused.

use super::reply::Refusal;
use crate::local::sfn::tasks::TaskOutcome;

/// Codes for which SDKs have no exception of their own.
const UNMODELLED: &[&str] = &[
    "AccessDenied",
    "AccessDeniedException",
    "ExpiredToken",
    "InternalError",
    "InternalFailure",
    "InvalidAction",
    "InvalidParameterCombination",
    "InvalidParameterValue",
    "MalformedQueryString",
    "MissingAction",
    "MissingAuthenticationToken",
    "MissingParameter",
    "NotImplemented",
    "RequestEntityTooLargeException",
    "SerializationException",
    "ServiceUnavailable",
    "SignatureDoesNotMatch",
    "Throttling",
    "ThrottlingException",
    "UnknownOperationException",
    "UnrecognizedClientException",
    "ValidationError",
    "ValidationException",
];

/// Those of the above for which some services have one.
const MODELLED: &[(&str, &[&str])] = &[
    ("Sfn", &["ValidationException"]),
    (
        "CloudWatchLogs",
        &[
            "AccessDeniedException",
            "ThrottlingException",
            "UnrecognizedClientException",
            "ValidationException",
        ],
    ),
];

/// All codes of S3 that have one; most have none.
const OF_S3: &[&str] = &[
    "BucketAlreadyExists",
    "BucketAlreadyOwnedByYou",
    "InvalidObjectState",
    "NoSuchBucket",
    "NoSuchKey",
    "NoSuchUpload",
];

/// The failure of an AWS SDK integration: `DynamoDb.ResourceNotFoundException`.
pub(super) fn of_sdk(title: &str, refusal: &Refusal) -> TaskOutcome {
    let Refusal {
        message,
        status,
        request_id,
        ..
    } = refusal;
    TaskOutcome::failed(
        format!("{title}.{}", exception(title, title, &refusal.code)),
        format!("{message} (Service: {title}, Status Code: {status}, Request ID: {request_id})"),
    )
}

/// The failure of an optimized integration: `DynamoDB.AmazonDynamoDBException`, its cause naming `AmazonDynamoDBv2`.
pub(super) fn of_optimized(prefix: &str, base: &str, service: &str, refusal: &Refusal) -> TaskOutcome {
    let Refusal {
        code,
        message,
        status,
        request_id,
    } = refusal;
    TaskOutcome::failed(
        format!("{prefix}.{}", exception(prefix, base, code)),
        format!(
            "{message} (Service: {service}; Status Code: {status}; Error Code: {code}; Request ID: {request_id}; Proxy: null)"
        ),
    )
}

/// The name of the exception that SDKs have for a code: its own, or that of the service for all others.
fn exception(service: &str, base: &str, code: &str) -> String {
    let own = match service {
        "S3" => OF_S3.contains(&code),
        _ => !UNMODELLED.contains(&code) || modelled(service, code),
    };
    let code = match code {
        "AWS.SimpleQueueService.NonExistentQueue" => "QueueDoesNotExist",
        code => code.strip_prefix("AWS.SimpleQueueService.").unwrap_or(code),
    };
    let name = if own { code } else { base };
    if name.ends_with("Exception") {
        name.to_owned()
    } else {
        format!("{name}Exception")
    }
}

fn modelled(service: &str, code: &str) -> bool {
    MODELLED
        .iter()
        .any(|(title, codes)| *title == service && codes.contains(&code))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(code: &str) -> Refusal {
        Refusal {
            code: code.to_owned(),
            message: "No".to_owned(),
            status: 400,
            request_id: "id".to_owned(),
        }
    }

    #[test]
    fn errors_of_sdk_integrations() {
        let check = |title: &str, code: &str, error: &str| {
            let cause = format!("No (Service: {title}, Status Code: 400, Request ID: id)");
            assert_eq!(of_sdk(title, &refused(code)), TaskOutcome::failed(error, cause));
        };
        check(
            "Sfn",
            "StateMachineDoesNotExist",
            "Sfn.StateMachineDoesNotExistException",
        );
        check("Sfn", "ValidationException", "Sfn.ValidationException");
        check("Sfn", "NotImplemented", "Sfn.SfnException");
        check("DynamoDb", "ValidationException", "DynamoDb.DynamoDbException");
        check(
            "DynamoDb",
            "ResourceNotFoundException",
            "DynamoDb.ResourceNotFoundException",
        );
        check("S3", "NoSuchKey", "S3.NoSuchKeyException");
        check("S3", "InvalidArgument", "S3.S3Exception");
        check("Iam", "NoSuchEntity", "Iam.NoSuchEntityException");
    }

    #[test]
    fn errors_of_optimized_integrations() {
        let check = |prefix: &str, base: &str, code: &str, error: &str| {
            let cause = format!("No (Service: S; Status Code: 400; Error Code: {code}; Request ID: id; Proxy: null)");
            assert_eq!(
                of_optimized(prefix, base, "S", &refused(code)),
                TaskOutcome::failed(error, cause)
            );
        };
        check(
            "DynamoDB",
            "AmazonDynamoDBException",
            "ValidationException",
            "DynamoDB.AmazonDynamoDBException",
        );
        check(
            "StepFunctions",
            "AWSStepFunctionsException",
            "ExecutionAlreadyExists",
            "StepFunctions.ExecutionAlreadyExistsException",
        );
        check(
            "SQS",
            "AmazonSQSException",
            "AWS.SimpleQueueService.NonExistentQueue",
            "SQS.QueueDoesNotExistException",
        );
    }
}
