//! What the tasks of optimized integrations need, as far as it is the same for all of a kind.
//!
//! Source: the pages `…-iam.html` of
//! <https://docs.aws.amazon.com/step-functions/latest/dg/service-integration-iam-templates.html>, e.g.
//! <https://docs.aws.amazon.com/step-functions/latest/dg/batch-iam.html>.

use super::optimized::Need::{self, Linked, Note, Now, Pass, PassIfGiven, Rule, Sync};

/// The needs of an integration; none if they are not in the table.
pub(super) fn needs(service: &str, action: &str) -> Option<&'static [Need]> {
    let row = NEEDS.iter().find(|row| (row.0, row.1) == (service, action));
    row.map(|(.., needs)| *needs)
}

type Row = (&'static str, &'static str, &'static [Need]);

const NEEDS: &[Row] = &[
    (
        "athena",
        "startQueryExecution",
        &[
            Now(
                &["athena:GetDataCatalog", "athena:StartQueryExecution"],
                &["athena:workgroup/{WorkGroup=primary}", "athena:datacatalog/*"],
            ),
            Sync(
                &["athena:GetQueryExecution", "athena:StopQueryExecution"],
                &["athena:workgroup/{WorkGroup=primary}"],
            ),
            Now(QUERIED_FILES, &["arn:s3:::*"]),
            Now(QUERIED_CATALOG, CATALOG),
            Now(&["lakeformation:GetDataAccess"], &["*"]),
        ],
    ),
    (
        "athena",
        "stopQueryExecution",
        &[Now(&["athena:StopQueryExecution"], &["athena:workgroup/*"])],
    ),
    (
        "athena",
        "getQueryExecution",
        &[Now(&["athena:GetQueryExecution"], &["athena:workgroup/*"])],
    ),
    (
        "athena",
        "getQueryResults",
        &[
            Now(&["athena:GetQueryResults"], &["athena:workgroup/*"]),
            Now(&["s3:GetObject"], &["arn:s3:::*"]),
        ],
    ),
    (
        "batch",
        "submitJob",
        &[
            Now(&["batch:SubmitJob"], &["*"]),
            Sync(&["batch:DescribeJobs", "batch:TerminateJob"], &["*"]),
            Rule("StepFunctionsGetEventsForBatchJobsRule"),
        ],
    ),
    (
        "bedrock",
        "createModelCustomizationJob",
        &[
            Now(
                &["bedrock:CreateModelCustomizationJob"],
                &[
                    "arn:bedrock:*::foundation-model/*",
                    "bedrock:custom-model/*",
                    "bedrock:model-customization-job/*",
                ],
            ),
            Sync(
                &["bedrock:GetModelCustomizationJob", "bedrock:StopModelCustomizationJob"],
                &["bedrock:model-customization-job/*"],
            ),
            Rule("StepFunctionsGetEventsForBedrock*"),
            Pass("RoleArn", "bedrock.amazonaws.com"),
        ],
    ),
    (
        "codebuild",
        "batchDeleteBuilds",
        &[Now(&["codebuild:BatchDeleteBuilds"], &["codebuild:project/*"])],
    ),
    (
        "codebuild",
        "batchGetReports",
        &[Now(&["codebuild:BatchGetReports"], &["codebuild:report-group/*"])],
    ),
    (
        "codebuild",
        "deleteBuildBatch",
        &[Now(&["codebuild:DeleteBuildBatch"], &["codebuild:project/*"])],
    ),
    (
        "codebuild",
        "retryBuildBatch",
        &[
            Now(&["codebuild:RetryBuildBatch"], &["codebuild:project/*"]),
            Sync(
                &["codebuild:BatchGetBuildBatches", "codebuild:StopBuildBatch"],
                &["codebuild:project/*"],
            ),
            Rule("StepFunctionsGetEventForCodeBuildStartBuildBatchRule"),
        ],
    ),
    (
        "codebuild",
        "startBuild",
        &[
            Now(&["codebuild:StartBuild"], &["codebuild:project/{ProjectName}"]),
            Sync(
                &["codebuild:BatchGetBuilds", "codebuild:StopBuild"],
                &["codebuild:project/{ProjectName}"],
            ),
            Rule("StepFunctionsGetEventForCodeBuildStartBuildRule"),
        ],
    ),
    (
        "codebuild",
        "startBuildBatch",
        &[
            Now(&["codebuild:StartBuildBatch"], &["codebuild:project/{ProjectName}"]),
            Sync(
                &["codebuild:BatchGetBuildBatches", "codebuild:StopBuildBatch"],
                &["codebuild:project/{ProjectName}"],
            ),
            Rule("StepFunctionsGetEventForCodeBuildStartBuildBatchRule"),
        ],
    ),
    (
        "codebuild",
        "stopBuild",
        &[Now(&["codebuild:StopBuild"], &["codebuild:project/*"])],
    ),
    (
        "codebuild",
        "stopBuildBatch",
        &[Now(&["codebuild:StopBuildBatch"], &["codebuild:project/*"])],
    ),
    (
        "databrew",
        "startJobRun",
        &[
            Now(&["databrew:StartJobRun"], &["databrew:job/{Name}"]),
            Sync(
                &["databrew:ListJobRuns", "databrew:StopJobRun"],
                &["databrew:job/{Name}"],
            ),
        ],
    ),
    ("eks", "call", &[Note(KUBERNETES)]),
    ("eks", "runJob", &[Note(KUBERNETES)]),
    (
        "eks",
        "createCluster",
        &[
            Now(&["eks:CreateCluster"], &["*"]),
            Sync(&["eks:DeleteCluster", "eks:DescribeCluster"], &["eks:cluster/{Name}"]),
            Pass("RoleArn", "eks.amazonaws.com"),
        ],
    ),
    (
        "eks",
        "createFargateProfile",
        &[
            Now(&["eks:CreateFargateProfile"], &["eks:cluster/{ClusterName}"]),
            Sync(
                &["eks:DeleteFargateProfile", "eks:DescribeFargateProfile"],
                &["eks:fargateprofile/{ClusterName}/{FargateProfileName}/*"],
            ),
            Pass("PodExecutionRoleArn", "eks.amazonaws.com"),
        ],
    ),
    (
        "eks",
        "createNodegroup",
        &[
            Now(&["ec2:DescribeSubnets", "eks:CreateNodegroup"], &["*"]),
            Sync(
                &["eks:DeleteNodegroup", "eks:DescribeNodegroup"],
                &["eks:nodegroup/{ClusterName}/{NodegroupName}/*"],
            ),
            Now(&["iam:GetRole", "iam:ListAttachedRolePolicies"], &["iam:role/*"]),
            Pass("NodeRole", "eks.amazonaws.com"),
        ],
    ),
    (
        "eks",
        "deleteCluster",
        &[
            Now(&["eks:DeleteCluster"], &["eks:cluster/{Name}"]),
            Sync(&["eks:DescribeCluster"], &["eks:cluster/{Name}"]),
        ],
    ),
    (
        "eks",
        "deleteFargateProfile",
        &[
            Now(
                &["eks:DeleteFargateProfile"],
                &["eks:fargateprofile/{ClusterName}/{FargateProfileName}/*"],
            ),
            Sync(
                &["eks:DescribeFargateProfile"],
                &["eks:fargateprofile/{ClusterName}/{FargateProfileName}/*"],
            ),
        ],
    ),
    (
        "eks",
        "deleteNodegroup",
        &[
            Now(
                &["eks:DeleteNodegroup"],
                &["eks:nodegroup/{ClusterName}/{NodegroupName}/*"],
            ),
            Sync(
                &["eks:DescribeNodegroup"],
                &["eks:nodegroup/{ClusterName}/{NodegroupName}/*"],
            ),
        ],
    ),
    (
        "elasticmapreduce",
        "addStep",
        &[
            Now(
                &["elasticmapreduce:AddJobFlowSteps"],
                &["elasticmapreduce:cluster/{ClusterId}"],
            ),
            Sync(
                &["elasticmapreduce:CancelSteps", "elasticmapreduce:DescribeStep"],
                &["elasticmapreduce:cluster/{ClusterId}"],
            ),
            Rule("StepFunctionsGetEventForEMRAddJobFlowStepsRule"),
        ],
    ),
    (
        "elasticmapreduce",
        "cancelStep",
        &[Now(
            &["elasticmapreduce:CancelSteps"],
            &["elasticmapreduce:cluster/{ClusterId}"],
        )],
    ),
    (
        "elasticmapreduce",
        "createCluster",
        &[
            Now(&["elasticmapreduce:RunJobFlow"], &["*"]),
            Sync(
                &["elasticmapreduce:DescribeCluster", "elasticmapreduce:TerminateJobFlows"],
                &["*"],
            ),
            Rule("StepFunctionsGetEventForEMRRunJobFlowRule"),
            Pass("ServiceRole", "elasticmapreduce.amazonaws.com"),
            Pass("JobFlowRole", "ec2.amazonaws.com"),
            PassIfGiven("AutoScalingRole", "application-autoscaling.amazonaws.com"),
        ],
    ),
    (
        "elasticmapreduce",
        "modifyInstanceFleetByName",
        &[Now(
            &[
                "elasticmapreduce:ListInstanceFleets",
                "elasticmapreduce:ModifyInstanceFleet",
            ],
            &["elasticmapreduce:cluster/{ClusterId}"],
        )],
    ),
    (
        "elasticmapreduce",
        "modifyInstanceGroupByName",
        &[Now(
            &[
                "elasticmapreduce:ListInstanceGroups",
                "elasticmapreduce:ModifyInstanceGroups",
            ],
            &["elasticmapreduce:cluster/{ClusterId}"],
        )],
    ),
    (
        "elasticmapreduce",
        "setClusterTerminationProtection",
        &[Now(
            &["elasticmapreduce:SetTerminationProtection"],
            &["elasticmapreduce:cluster/{ClusterId}"],
        )],
    ),
    (
        "elasticmapreduce",
        "terminateCluster",
        &[
            Now(
                &["elasticmapreduce:TerminateJobFlows"],
                &["elasticmapreduce:cluster/{ClusterId}"],
            ),
            Sync(
                &["elasticmapreduce:DescribeCluster"],
                &["elasticmapreduce:cluster/{ClusterId}"],
            ),
            Rule("StepFunctionsGetEventForEMRTerminateJobFlowsRule"),
        ],
    ),
    (
        "emr-containers",
        "createVirtualCluster",
        &[
            Now(&["emr-containers:CreateVirtualCluster"], &["*"]),
            Linked("emr-containers.amazonaws.com", "AWSServiceRoleForAmazonEMRContainers"),
        ],
    ),
    (
        "emr-containers",
        "deleteVirtualCluster",
        &[
            Now(
                &["emr-containers:DeleteVirtualCluster"],
                &["emr-containers:/virtualclusters/{Id}"],
            ),
            Sync(
                &["emr-containers:DescribeVirtualCluster"],
                &["emr-containers:/virtualclusters/{Id}"],
            ),
        ],
    ),
    (
        "emr-containers",
        "startJobRun",
        &[
            Now(
                &["emr-containers:StartJobRun"],
                &["emr-containers:/virtualclusters/{VirtualClusterId}"],
            ),
            Sync(
                &["emr-containers:CancelJobRun", "emr-containers:DescribeJobRun"],
                &["emr-containers:/virtualclusters/{VirtualClusterId}/jobruns/*"],
            ),
        ],
    ),
    (
        "emr-serverless",
        "createApplication",
        &[
            Now(&["emr-serverless:CreateApplication"], &["emr-serverless:/*"]),
            Sync(
                &["emr-serverless:DeleteApplication", "emr-serverless:GetApplication"],
                &["emr-serverless:/applications/*"],
            ),
            Rule(SERVERLESS_APPLICATIONS),
            Linked(
                "ops.emr-serverless.amazonaws.com",
                "AWSServiceRoleForAmazonEMRServerless",
            ),
        ],
    ),
    (
        "emr-serverless",
        "startApplication",
        &[
            Now(&["emr-serverless:StartApplication"], SERVERLESS_APPLICATION),
            Sync(
                &["emr-serverless:GetApplication", "emr-serverless:StopApplication"],
                SERVERLESS_APPLICATION,
            ),
            Rule(SERVERLESS_APPLICATIONS),
        ],
    ),
    (
        "emr-serverless",
        "stopApplication",
        &[
            Now(&["emr-serverless:StopApplication"], SERVERLESS_APPLICATION),
            Sync(&["emr-serverless:GetApplication"], SERVERLESS_APPLICATION),
            Rule(SERVERLESS_APPLICATIONS),
        ],
    ),
    (
        "emr-serverless",
        "deleteApplication",
        &[
            Now(&["emr-serverless:DeleteApplication"], SERVERLESS_APPLICATION),
            Sync(&["emr-serverless:GetApplication"], SERVERLESS_APPLICATION),
            Rule(SERVERLESS_APPLICATIONS),
        ],
    ),
    (
        "emr-serverless",
        "startJobRun",
        &[
            Now(&["emr-serverless:StartJobRun"], SERVERLESS_APPLICATION),
            Sync(
                &["emr-serverless:CancelJobRun", "emr-serverless:GetJobRun"],
                &["emr-serverless:/applications/{ApplicationId}/jobruns/*"],
            ),
            Rule("StepFunctionsGetEventsForEMRServerlessJobRule"),
            Pass("ExecutionRoleArn", "emr-serverless.amazonaws.com"),
        ],
    ),
    (
        "emr-serverless",
        "cancelJobRun",
        &[
            Now(
                &["emr-serverless:CancelJobRun"],
                &["emr-serverless:/applications/{ApplicationId}/jobruns/{JobRunId}"],
            ),
            Sync(
                &["emr-serverless:GetJobRun"],
                &["emr-serverless:/applications/{ApplicationId}/jobruns/{JobRunId}"],
            ),
            Rule("StepFunctionsGetEventsForEMRServerlessJobRule"),
        ],
    ),
    (
        "glue",
        "startJobRun",
        &[
            Now(&["glue:StartJobRun"], &["glue:job/{JobName}"]),
            Sync(
                &["glue:BatchStopJobRun", "glue:GetJobRun", "glue:GetJobRuns"],
                &["glue:job/{JobName}"],
            ),
        ],
    ),
    (
        "mediaconvert",
        "createJob",
        &[
            Now(&["mediaconvert:CreateJob"], &["*"]),
            Sync(&["mediaconvert:CancelJob", "mediaconvert:GetJob"], &["*"]),
            Rule("StepFunctionsGetEventsForMediaConvertJobRule"),
            Pass("Role", "mediaconvert.amazonaws.com"),
        ],
    ),
    (
        "sagemaker",
        "createEndpoint",
        &[Now(
            &["sagemaker:CreateEndpoint"],
            &[
                "sagemaker:endpoint/{EndpointName}",
                "sagemaker:endpoint-config/{EndpointConfigName}",
            ],
        )],
    ),
    (
        "sagemaker",
        "createEndpointConfig",
        &[Now(
            &["sagemaker:CreateEndpointConfig"],
            &["sagemaker:endpoint-config/{EndpointConfigName}"],
        )],
    ),
    (
        "sagemaker",
        "createModel",
        &[
            Now(&["sagemaker:CreateModel"], &["sagemaker:model/{ModelName}"]),
            Pass("ExecutionRoleArn", SAGEMAKER),
        ],
    ),
    (
        "sagemaker",
        "updateEndpoint",
        &[Now(
            &["sagemaker:UpdateEndpoint"],
            &[
                "sagemaker:endpoint/{EndpointName}",
                "sagemaker:endpoint-config/{EndpointConfigName}",
            ],
        )],
    ),
    (
        "sagemaker",
        "createHyperParameterTuningJob",
        &[
            Now(
                &["sagemaker:CreateHyperParameterTuningJob"],
                &["sagemaker:hyper-parameter-tuning-job/{HyperParameterTuningJobName}*"],
            ),
            Now(&["sagemaker:ListTags"], &["*"]),
            Sync(
                &[
                    "sagemaker:AddTags",
                    "sagemaker:DescribeHyperParameterTuningJob",
                    "sagemaker:StopHyperParameterTuningJob",
                ],
                &["sagemaker:hyper-parameter-tuning-job/{HyperParameterTuningJobName}*"],
            ),
            Rule("StepFunctionsGetEventsForSageMakerTuningJobsRule"),
            Pass("TrainingJobDefinition.RoleArn", SAGEMAKER),
        ],
    ),
    (
        "sagemaker",
        "createLabelingJob",
        &[
            Now(
                &["sagemaker:CreateLabelingJob"],
                &["sagemaker:labeling-job/{LabelingJobName}*"],
            ),
            Now(&["sagemaker:ListTags"], &["*"]),
            Sync(
                &[
                    "sagemaker:AddTags",
                    "sagemaker:DescribeLabelingJob",
                    "sagemaker:StopLabelingJob",
                ],
                &["sagemaker:labeling-job/{LabelingJobName}*"],
            ),
            Rule("StepFunctionsGetEventsForSageMakerLabelingJobsRule"),
            Pass("RoleArn", SAGEMAKER),
        ],
    ),
    (
        "sagemaker",
        "createProcessingJob",
        &[
            Now(
                &["sagemaker:CreateProcessingJob"],
                &["sagemaker:processing-job/{ProcessingJobName}*"],
            ),
            Now(&["sagemaker:ListTags"], &["*"]),
            Sync(
                &[
                    "sagemaker:AddTags",
                    "sagemaker:DescribeProcessingJob",
                    "sagemaker:StopProcessingJob",
                ],
                &["sagemaker:processing-job/{ProcessingJobName}*"],
            ),
            Rule("StepFunctionsGetEventsForSageMakerProcessingJobsRule"),
            Pass("RoleArn", SAGEMAKER),
        ],
    ),
    (
        "sagemaker",
        "createTrainingJob",
        &[
            Now(
                &["sagemaker:CreateTrainingJob"],
                &["sagemaker:training-job/{TrainingJobName}*"],
            ),
            Now(&["sagemaker:ListTags"], &["*"]),
            Sync(
                &[
                    "sagemaker:AddTags",
                    "sagemaker:DescribeTrainingJob",
                    "sagemaker:StopTrainingJob",
                ],
                &["sagemaker:training-job/{TrainingJobName}*"],
            ),
            Rule("StepFunctionsGetEventsForSageMakerTrainingJobsRule"),
            Pass("RoleArn", SAGEMAKER),
        ],
    ),
    (
        "sagemaker",
        "createTransformJob",
        &[
            Now(
                &["sagemaker:CreateTransformJob"],
                &["sagemaker:transform-job/{TransformJobName}*"],
            ),
            Now(&["sagemaker:ListTags"], &["*"]),
            Sync(
                &[
                    "sagemaker:AddTags",
                    "sagemaker:DescribeTransformJob",
                    "sagemaker:StopTransformJob",
                ],
                &["sagemaker:transform-job/{TransformJobName}*"],
            ),
            Rule("StepFunctionsGetEventsForSageMakerTransformJobsRule"),
        ],
    ),
];

const SAGEMAKER: &str = "sagemaker.amazonaws.com";

const SERVERLESS_APPLICATION: &[&str] = &["emr-serverless:/applications/{ApplicationId}"];

const SERVERLESS_APPLICATIONS: &str = "StepFunctionsGetEventsForEMRServerlessApplicationRule";

const KUBERNETES: &str = "calls Kubernetes, which must allow it to the role: map the role in the cluster";

/// Athena reads and writes with the permissions of who asks.
const QUERIED_FILES: &[&str] = &[
    "s3:AbortMultipartUpload",
    "s3:CreateBucket",
    "s3:GetBucketLocation",
    "s3:GetObject",
    "s3:ListBucket",
    "s3:ListBucketMultipartUploads",
    "s3:ListMultipartUploadParts",
    "s3:PutObject",
];

const QUERIED_CATALOG: &[&str] = &[
    "glue:BatchCreatePartition",
    "glue:BatchDeletePartition",
    "glue:BatchDeleteTable",
    "glue:BatchGetPartition",
    "glue:CreateDatabase",
    "glue:CreatePartition",
    "glue:CreateTable",
    "glue:DeleteDatabase",
    "glue:DeletePartition",
    "glue:DeleteTable",
    "glue:GetDatabase",
    "glue:GetDatabases",
    "glue:GetPartition",
    "glue:GetPartitions",
    "glue:GetTable",
    "glue:GetTables",
    "glue:UpdateDatabase",
    "glue:UpdatePartition",
    "glue:UpdateTable",
];

const CATALOG: &[&str] = &[
    "glue:catalog",
    "glue:database/*",
    "glue:table/*",
    "glue:userDefinedFunction/*",
];
