//! The services that tasks can call, and how each is spoken to. A new service of the local cloud is one entry here.
//!
//! Names of services and actions: <https://docs.aws.amazon.com/step-functions/latest/dg/supported-services-awssdk.html>.

use super::rest::{self, RestOperation};

/// A service as Step Functions names and calls it.
#[derive(Debug)]
pub(super) struct Service {
    /// In resources: `sfn` of `aws-sdk:sfn:…`.
    pub(super) sdk: &'static str,
    /// In credential scopes: the name of the service at the door.
    pub(super) signing: &'static str,
    /// In error names and causes of AWS SDK integrations.
    pub(super) title: &'static str,
    pub(super) wire: Wire,
}

/// How requests and answers are written ([protocols](https://smithy.io/2.0/aws/protocols/index.html)).
#[derive(Debug)]
pub(super) enum Wire {
    /// JSON 1.0 and 1.1: the operation in a header, everything else in the body.
    Json(Json),
    /// A form in, XML out.
    Query(Query),
    /// Method and path, JSON in the bodies.
    RestJson(&'static [RestOperation]),
    /// The same with XML.
    RestXml(&'static [RestOperation]),
}

#[derive(Debug)]
pub(super) struct Json {
    /// `1.0` or `1.1`.
    pub(super) version: &'static str,
    /// What stands before the operation in `X-Amz-Target`.
    pub(super) target: &'static str,
    /// Whether the API writes its members with a small first letter.
    pub(super) camel: bool,
    /// Members that hold seconds since the epoch, as the API writes them.
    pub(super) times: &'static [&'static str],
    /// Members whose keys are data, not names of members, as the API writes them.
    pub(super) maps: &'static [&'static str],
    /// The operations that the local cloud has.
    pub(super) operations: &'static [&'static str],
}

#[derive(Debug)]
pub(super) struct Query {
    /// Of the API.
    pub(super) version: &'static str,
    /// Members that are maps, with what key and value are called in the form.
    pub(super) maps: &'static [(&'static str, &'static str, &'static str)],
    /// Members of answers that are numbers.
    pub(super) numbers: &'static [&'static str],
    /// Members of answers that are true or false.
    pub(super) flags: &'static [&'static str],
    /// Members of answers that are lists, which an empty element does not show.
    pub(super) lists: &'static [&'static str],
    /// The operations that the local cloud has.
    pub(super) operations: &'static [&'static str],
}

impl Service {
    /// The service of that name in `aws-sdk` resources.
    pub(super) fn find(sdk: &str) -> Option<&'static Self> {
        SERVICES.iter().find(|service| service.sdk == sdk)
    }

    /// Whether it has an operation, by its name in the API.
    pub(super) fn has(&self, operation: &str) -> bool {
        match &self.wire {
            Wire::Json(json) => json.operations.contains(&operation),
            Wire::Query(query) => query.operations.contains(&operation),
            Wire::RestJson(operations) | Wire::RestXml(operations) => rest::find(operations, operation).is_some(),
        }
    }
}

pub(super) const SERVICES: &[Service] = &[
    Service {
        sdk: "sfn",
        signing: "states",
        title: "Sfn",
        wire: Wire::Json(Json {
            version: "1.0",
            target: "AWSStepFunctions",
            camel: true,
            times: &[
                "startDate",
                "stopDate",
                "creationDate",
                "updateDate",
                "redriveDate",
                "timestamp",
            ],
            maps: &["variableReferences"],
            operations: &[
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
                "ListStateMachineVersions",
                "ListStateMachines",
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
            ],
        }),
    },
    Service {
        sdk: "cloudwatchlogs",
        signing: "logs",
        title: "CloudWatchLogs",
        wire: Wire::Json(Json {
            version: "1.1",
            target: "Logs_20140328",
            camel: true,
            times: &[],
            maps: &["tags"],
            operations: &[
                "CreateLogGroup",
                "CreateLogStream",
                "DeleteLogGroup",
                "DeleteLogStream",
                "DeleteRetentionPolicy",
                "DescribeLogGroups",
                "DescribeLogStreams",
                "FilterLogEvents",
                "GetLogEvents",
                "ListTagsForResource",
                "PutLogEvents",
                "PutRetentionPolicy",
                "TagResource",
                "UntagResource",
            ],
        }),
    },
    Service {
        sdk: "lambda",
        signing: "lambda",
        title: "Lambda",
        wire: Wire::RestJson(rest::LAMBDA),
    },
    Service {
        sdk: "iam",
        signing: "iam",
        title: "Iam",
        wire: Wire::Query(Query {
            version: "2010-05-08",
            maps: &[],
            numbers: &["MaxSessionDuration", "AttachmentCount", "PermissionsBoundaryUsageCount"],
            flags: &["IsTruncated", "IsAttachable"],
            lists: &[
                "Roles",
                "Tags",
                "PolicyNames",
                "AttachedPolicies",
                "Policies",
                "InstanceProfiles",
            ],
            operations: &[
                "AttachRolePolicy",
                "CreateRole",
                "DeleteRole",
                "DeleteRolePolicy",
                "DetachRolePolicy",
                "GetRole",
                "GetRolePolicy",
                "ListAttachedRolePolicies",
                "ListInstanceProfilesForRole",
                "ListRolePolicies",
                "ListRoleTags",
                "ListRoles",
                "PutRolePolicy",
                "TagRole",
                "UntagRole",
                "UpdateAssumeRolePolicy",
                "UpdateRole",
            ],
        }),
    },
    Service {
        sdk: "sts",
        signing: "sts",
        title: "Sts",
        wire: Wire::Query(Query {
            version: "2011-06-15",
            maps: &[],
            numbers: &[],
            flags: &[],
            lists: &[],
            operations: &["GetCallerIdentity"],
        }),
    },
    Service {
        sdk: "sns",
        signing: "sns",
        title: "Sns",
        wire: Wire::Query(Query {
            version: "2010-03-31",
            maps: &[("MessageAttributes", "Name", "Value"), ("Attributes", "key", "value")],
            numbers: &[],
            flags: &[],
            lists: &["Topics", "Subscriptions", "Tags", "Successful", "Failed"],
            operations: &[
                "ConfirmSubscription",
                "CreateTopic",
                "DeleteTopic",
                "GetSubscriptionAttributes",
                "GetTopicAttributes",
                "ListSubscriptions",
                "ListSubscriptionsByTopic",
                "ListTagsForResource",
                "ListTopics",
                "Publish",
                "PublishBatch",
                "SetSubscriptionAttributes",
                "SetTopicAttributes",
                "Subscribe",
                "TagResource",
                "Unsubscribe",
                "UntagResource",
            ],
        }),
    },
    Service {
        sdk: "sqs",
        signing: "sqs",
        title: "Sqs",
        wire: Wire::Json(Json {
            version: "1.0",
            target: "AmazonSQS",
            camel: false,
            times: &[],
            maps: &["Attributes", "MessageAttributes", "Tags"],
            operations: &[
                "ChangeMessageVisibility",
                "ChangeMessageVisibilityBatch",
                "CreateQueue",
                "DeleteMessage",
                "DeleteMessageBatch",
                "DeleteQueue",
                "GetQueueAttributes",
                "GetQueueUrl",
                "ListDeadLetterSourceQueues",
                "ListQueueTags",
                "ListQueues",
                "PurgeQueue",
                "ReceiveMessage",
                "SendMessage",
                "SendMessageBatch",
                "SetQueueAttributes",
                "TagQueue",
                "UntagQueue",
            ],
        }),
    },
    Service {
        sdk: "dynamodb",
        signing: "dynamodb",
        title: "DynamoDb",
        wire: Wire::Json(Json {
            version: "1.0",
            target: "DynamoDB_20120810",
            camel: false,
            times: &[
                "CreationDateTime",
                "LastIncreaseDateTime",
                "LastDecreaseDateTime",
                "LastUpdateToPayPerRequestDateTime",
            ],
            maps: &["Item", "Items", "Key", "Attributes", "LastEvaluatedKey", "Keys"],
            operations: &[
                "BatchGetItem",
                "BatchWriteItem",
                "CreateTable",
                "DeleteItem",
                "DeleteTable",
                "DescribeTable",
                "DescribeTimeToLive",
                "GetItem",
                "ListTables",
                "ListTagsOfResource",
                "PutItem",
                "Query",
                "Scan",
                "TagResource",
                "TransactGetItems",
                "TransactWriteItems",
                "UntagResource",
                "UpdateItem",
                "UpdateTable",
                "UpdateTimeToLive",
            ],
        }),
    },
    Service {
        sdk: "eventbridge",
        signing: "events",
        title: "EventBridge",
        wire: Wire::Json(Json {
            version: "1.1",
            target: "AWSEvents",
            camel: false,
            times: &["CreationTime", "LastModifiedTime"],
            maps: &[],
            operations: &[
                "CreateEventBus",
                "DeleteEventBus",
                "DeleteRule",
                "DescribeEventBus",
                "DescribeRule",
                "DisableRule",
                "EnableRule",
                "ListEventBuses",
                "ListRules",
                "ListTargetsByRule",
                "PutEvents",
                "PutRule",
                "PutTargets",
                "RemoveTargets",
            ],
        }),
    },
    Service {
        sdk: "s3",
        signing: "s3",
        title: "S3",
        wire: Wire::RestXml(rest::S3),
    },
];
