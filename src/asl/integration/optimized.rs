//! The optimized integrations: services, actions, and how each may end.
//!
//! Source: the pages of <https://docs.aws.amazon.com/step-functions/latest/dg/integrate-optimized.html>

use super::Pattern::{self, RequestResponse as Now, Sync, Sync2, WaitForTaskToken as Token};

/// What an integration is, and how its tasks may end.
type Call = (&'static str, &'static str, &'static [Pattern]);

/// Every service.
pub(super) fn services() -> impl Iterator<Item = &'static str> {
    CALLS.iter().map(|(service, ..)| *service)
}

/// The actions of a service; none if it has no optimized integration.
pub(super) fn actions(service: &str) -> impl Iterator<Item = &'static str> {
    let calls = CALLS.iter().filter(move |(known, ..)| *known == service);
    calls.map(|(_, action, _)| *action)
}

/// How tasks of that action may end; none if there is no such integration.
pub(super) fn patterns(service: &str, action: &str) -> Option<&'static [Pattern]> {
    let call = CALLS.iter().find(|call| (call.0, call.1) == (service, action));
    call.map(|(_, _, patterns)| *patterns)
}

const CALLS: &[Call] = &[
    ("apigateway", "invoke", &[Now, Token]),
    ("athena", "getQueryExecution", &[Now]),
    ("athena", "getQueryResults", &[Now]),
    ("athena", "startQueryExecution", &[Now, Sync]),
    ("athena", "stopQueryExecution", &[Now]),
    ("batch", "submitJob", &[Now, Sync]),
    ("bedrock", "createModelCustomizationJob", &[Now, Sync]),
    ("bedrock", "invokeModel", &[Now, Token]),
    ("codebuild", "batchDeleteBuilds", &[Now]),
    ("codebuild", "batchGetReports", &[Now]),
    ("codebuild", "deleteBuildBatch", &[Now]),
    ("codebuild", "retryBuildBatch", &[Now, Sync]),
    ("codebuild", "startBuild", &[Now, Sync]),
    ("codebuild", "startBuildBatch", &[Now, Sync]),
    ("codebuild", "stopBuild", &[Now]),
    ("codebuild", "stopBuildBatch", &[Now]),
    ("databrew", "startJobRun", &[Now, Sync]),
    ("dynamodb", "deleteItem", &[Now]),
    ("dynamodb", "getItem", &[Now]),
    ("dynamodb", "putItem", &[Now]),
    ("dynamodb", "updateItem", &[Now]),
    ("ecs", "runTask", &[Now, Sync, Token]),
    ("eks", "call", &[Now, Token]),
    ("eks", "createCluster", &[Now, Sync]),
    ("eks", "createFargateProfile", &[Now, Sync]),
    ("eks", "createNodegroup", &[Now, Sync]),
    ("eks", "deleteCluster", &[Now, Sync]),
    ("eks", "deleteFargateProfile", &[Now, Sync]),
    ("eks", "deleteNodegroup", &[Now, Sync]),
    ("eks", "runJob", &[Now, Sync, Token]),
    ("elasticmapreduce", "addStep", &[Now, Sync]),
    ("elasticmapreduce", "cancelStep", &[Now]),
    ("elasticmapreduce", "createCluster", &[Now, Sync]),
    ("elasticmapreduce", "modifyInstanceFleetByName", &[Now]),
    ("elasticmapreduce", "modifyInstanceGroupByName", &[Now]),
    ("elasticmapreduce", "setClusterTerminationProtection", &[Now]),
    ("elasticmapreduce", "terminateCluster", &[Now, Sync]),
    ("emr-containers", "createVirtualCluster", &[Now]),
    ("emr-containers", "deleteVirtualCluster", &[Now, Sync]),
    ("emr-containers", "startJobRun", &[Now, Sync]),
    ("emr-serverless", "cancelJobRun", &[Now, Sync]),
    ("emr-serverless", "createApplication", &[Now, Sync]),
    ("emr-serverless", "deleteApplication", &[Now, Sync]),
    ("emr-serverless", "startApplication", &[Now, Sync]),
    ("emr-serverless", "startJobRun", &[Now, Sync]),
    ("emr-serverless", "stopApplication", &[Now, Sync]),
    ("events", "putEvents", &[Now, Token]),
    ("glue", "startJobRun", &[Now, Sync]),
    ("http", "invoke", &[Now]),
    ("lambda", "invoke", &[Now, Token]),
    ("mediaconvert", "createJob", &[Now, Sync]),
    ("sagemaker", "createEndpoint", &[Now]),
    ("sagemaker", "createEndpointConfig", &[Now]),
    ("sagemaker", "createHyperParameterTuningJob", &[Now, Sync]),
    ("sagemaker", "createLabelingJob", &[Now, Sync]),
    ("sagemaker", "createModel", &[Now]),
    ("sagemaker", "createProcessingJob", &[Now, Sync]),
    ("sagemaker", "createTrainingJob", &[Now, Sync]),
    ("sagemaker", "createTransformJob", &[Now, Sync]),
    ("sagemaker", "updateEndpoint", &[Now]),
    ("sns", "publish", &[Now, Token]),
    ("sqs", "sendMessage", &[Now, Token]),
    ("states", "startExecution", &[Now, Sync, Sync2, Token]),
];
