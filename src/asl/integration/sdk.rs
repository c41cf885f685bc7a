//! The services of AWS SDK integrations, and the actions of those that are called most.
//!
//! Source: <https://docs.aws.amazon.com/step-functions/latest/dg/supported-services-awssdk.html>; names are those of the AWS
//! SDK for Java, as Step Functions has them.

/// Every service, also those that were withdrawn, for machines that still call them.
pub(super) fn services() -> impl Iterator<Item = &'static str> {
    SERVICES.split_whitespace()
}

/// Every action of a service, if they are known here.
pub(super) fn actions(service: &str) -> Option<impl Iterator<Item = &'static str>> {
    let (_, actions) = ACTIONS.iter().find(|(known, _)| *known == service)?;
    Some(actions.split_whitespace())
}

const SERVICES: &str = "
    accessanalyzer account accountaccess accountaccessruntime acm acmpca agentregistry agentregistrycontrol aiops
    alexaforbusiness amp amplify amplifybackend amplifyuibuilder apigateway apigatewaymanagementapi apigatewayv2
    appconfig appconfigdata appfabric appflow appintegrations applicationautoscaling applicationcostprofiler
    applicationdiscovery applicationinsights applicationsignals appmesh apprunner appstream appsync arcregionswitch
    arczonalshift artifact athena auditmanager autoscaling autoscalingplans b2bi backup backupgateway backupsearch
    backupstorage batch bcmdashboards bcmdataexports bcmpricingcalculator bcmrecommendedactions bedrock bedrockagent
    bedrockagentcore bedrockagentcorecontrol bedrockagentruntime bedrockdataautomation bedrockdataautomationruntime
    bedrockruntime billing billingconductor braket budgets chatbot chime chimesdkidentity chimesdkmediapipelines
    chimesdkmeetings chimesdkmessaging chimesdkvoice cleanrooms cleanroomsml cloud9 cloudcontrol clouddirectory
    cloudformation cloudfront cloudfrontkeyvaluestore cloudhsm cloudhsmv2 cloudsearch cloudsearchdomain cloudtrail
    cloudtraildata cloudwatch cloudwatchevents cloudwatchlogs cloudwatchomni codeartifact codebuild codecatalyst
    codecommit codeconnections codedeploy codeguruprofiler codegurureviewer codegurusecurity codepipeline codestar
    codestarconnections codestarnotifications cognitoidentity cognitoidentityprovider cognitosync comprehend
    comprehendmedical computeoptimizer computeoptimizerautomation config connect connectcampaigns connectcampaignsv2
    connectcases connectcontactlens connecthealth connectparticipant connectscheduling continuum controlcatalog
    controltower costandusagereport costexplorer costoptimizationhub customerprofiles databasemigration databrew
    dataexchange datapipeline datasync datazone dax deadline detective devicefarm devopsagent devopsguru directconnect
    directory directoryservicedata dlm docdb docdbelastic drs dsql dynamodb dynamodbstreams ebs ec2 ec2instanceconnect
    ecr ecrpublic ecs efs eks eksauth elasticache elasticbeanstalk elasticinference elasticloadbalancing
    elasticloadbalancingv2 elasticsearch elastictranscoder elementalinference emr emrcontainers emrserverless
    endusermessaging entityresolution eventbridge eventbridgev2 evidently evs finspace finspacedata firehose fis fms
    forecast forecastquery frauddetector freetier fsx gamelift gameliftstreams geomaps geoplaces georoutes glacier
    globalaccelerator glue grafana greengrass greengrassv2 groundstation guardduty health healthlake honeycode iam
    iamtoolbox identitystore imagebuilder importexport inspector inspector2 inspectorscan interconnect internetmonitor
    invoicing iot iot1clickdevices iot1clickprojects iotanalytics iotdataplane iotdeviceadvisor iotevents
    ioteventsdata iotfleethub iotfleetwise iotjobsdataplane iotmanagedintegrations iotroborunner iotsecuretunneling
    iotsitewise iotthingsgraph iottwinmaker iotwireless ivs ivschat ivsrealtime kafka kafkaconnect kendra
    kendraranking keyspaces keyspacesstreams kinesis kinesisanalytics kinesisanalyticsv2 kinesisvideo
    kinesisvideoarchivedmedia kinesisvideomedia kinesisvideosignaling kinesisvideowebrtcstorage kms lakeformation
    lambda lambdacore lambdamicrovms lambdaweb launchwizard lexmodelbuilding lexmodelsv2 lexruntime lexruntimev2
    licensemanager licensemanagerlinuxsubscriptions licensemanagerusersubscriptions lightsail location
    lookoutequipment lookoutmetrics lookoutvision m2 machinelearning macie macie2 mailmanager managedblockchain
    managedblockchainquery marketplaceagreement marketplacecatalog marketplacecommerceanalytics marketplacedeployment
    marketplacediscovery marketplaceentitlement marketplacemetering marketplacereporting mediaconnect mediaconvert
    medialive mediapackage mediapackagev2 mediapackagevod mediastore mediastoredata mediatailor medicalimaging
    memorydb mgn migrationhub migrationhubconfig migrationhuborchestrator migrationhubrefactorspaces
    migrationhubstrategy mobile mpa mq mturk mwaa mwaaserverless neptune neptunedata neptunegraph networkfirewall
    networkflowmonitor networkmanager networkmonitor networksecuritymanager nimble notifications notificationscontacts
    novaact oam observabilityadmin odb omics opensearch opensearchmemory opensearchserverless opsworks opsworkscm
    organizations osis outposts panorama partnercentralaccount partnercentralbenefits partnercentralchannel
    partnercentralrevenuemeasurement partnercentralselling paymentcryptography paymentcryptographydata pcaconnectorad
    pcaconnectorscep pcs personalize personalizeevents personalizeruntime pi pinpoint pinpointemail pinpointsmsvoice
    pinpointsmsvoicev2 pipes polly pricing pricingplanmanager privatenetworks proton qapps qbusiness qconnect qldb
    qldbsession quicksight ram rbin rds rdsdata redshift redshiftdata redshiftserverless rekognition repostspace
    resiliencehub resiliencehubv2 resourceexplorer2 resourcegroups resourcegroupstaggingapi robomaker rolesanywhere
    route53 route53domains route53globalresolver route53profiles route53recoverycluster route53recoverycontrolconfig
    route53recoveryreadiness route53resolver rtbfabric rum s3 s3control s3files s3outposts s3tables s3vectors
    sagemaker sagemakera2iruntime sagemakeredge sagemakerfeaturestoreruntime sagemakergeospatial
    sagemakerinferencerouterruntime sagemakerjobruntime sagemakermetrics sagemakerruntime
    sagemakertrainingsessionruntime savingsplans scheduler schemas secretsmanager securityagent securityhub securityir
    securitylake serverlessapplicationrepository servicecatalog servicecatalogappregistry servicediscovery
    servicequotas ses sesv2 sfn shield signer signerdata signin simpledb simpledbv2 simspaceweaver sms snowball
    snowdevicemanagement sns socialmessaging sqs ssm ssmcontacts ssmguiconnect ssmincidents ssmquicksetup ssmsap sso
    ssoadmin ssooidc storagegateway sts supplychain support supportapp supportauthz sustainability swf synthetics
    taxsettings textract timestreaminfluxdb timestreamquery timestreamwrite tnb transcribe transfer translate
    trustedadvisor uxc verifiedpermissions voiceid vpclattice waf wafregional wafv2 wellarchitected wickr wisdom
    workdocs worklink workmail workmailmessageflow workspaces workspacesinstances workspacesthinclient workspacesweb
    xray
";

/// What cannot be called from a task is left out: `lambda:invokeAsync`, `s3:selectObjectContent`.
const ACTIONS: &[(&str, &str)] = &[
    (
        "cloudwatchlogs",
        "
            associateKmsKey associateSourceToS3TableIntegration cancelExportTask cancelImportTask createDelivery
            createExportTask createImportTask createLogAnomalyDetector createLogGroup createLogStream
            createLookupTable createScheduledQuery deleteAccountPolicy deleteDataProtectionPolicy deleteDelivery
            deleteDeliveryDestination deleteDeliveryDestinationPolicy deleteDeliverySource deleteDestination
            deleteIndexPolicy deleteIntegration deleteLogAnomalyDetector deleteLogGroup deleteLogStream
            deleteLookupTable deleteMetricFilter deleteQueryDefinition deleteResourcePolicy deleteRetentionPolicy
            deleteScheduledQuery deleteSubscriptionFilter deleteSyslogConfiguration deleteTransformer
            describeAccountPolicies describeConfigurationTemplates describeDeliveries describeDeliveryDestinations
            describeDeliverySources describeDestinations describeExportTasks describeFieldIndexes
            describeImportTaskBatches describeImportTasks describeIndexPolicies describeLogGroups describeLogStreams
            describeLookupTables describeMetricFilters describeQueries describeQueryDefinitions
            describeResourcePolicies describeSubscriptionFilters disassociateKmsKey
            disassociateSourceFromS3TableIntegration filterLogEvents getDataProtectionPolicy getDelivery
            getDeliveryDestination getDeliveryDestinationPolicy getDeliverySource getIntegration getLogAnomalyDetector
            getLogEvents getLogFields getLogGroupFields getLogObject getLogRecord getLookupTable getQueryResults
            getScheduledQuery getScheduledQueryHistory getStorageTierPolicy getTransformer
            listAggregateLogGroupSummaries listAnomalies listIntegrations listLogAnomalyDetectors listLogGroups
            listLogGroupsForQuery listScheduledQueries listSourcesForS3TableIntegration listSyslogConfigurations
            listTagsForResource listTagsLogGroup putAccountPolicy putBearerTokenAuthentication putDataProtectionPolicy
            putDeliveryDestination putDeliveryDestinationPolicy putDeliverySource putDestination putDestinationPolicy
            putIndexPolicy putIntegration putLogEvents putLogGroupDeletionProtection putMetricFilter
            putQueryDefinition putResourcePolicy putRetentionPolicy putStorageTierPolicy putSubscriptionFilter
            putSyslogConfiguration putTransformer startLiveTail startQuery stopQuery tagLogGroup tagResource
            testMetricFilter testTransformer untagLogGroup untagResource updateAnomaly updateDeliveryConfiguration
            updateLogAnomalyDetector updateLookupTable updateScheduledQuery
        ",
    ),
    (
        "dynamodb",
        "
            batchExecuteStatement batchGetItem batchWriteItem cancelBulkOperation createBackup createGlobalTable
            createTable deleteBackup deleteItem deleteResourcePolicy deleteTable describeBackup describeBulkOperation
            describeContinuousBackups describeContributorInsights describeEndpoints describeExport describeGlobalTable
            describeGlobalTableSettings describeImport describeKinesisStreamingDestination describeLimits
            describeTable describeTableReplicaAutoScaling describeTimeToLive disableKinesisStreamingDestination
            enableKinesisStreamingDestination executeStatement executeTransaction exportTableToPointInTime getItem
            getResourcePolicy importTable listBackups listBulkOperations listContributorInsights listExports
            listGlobalTables listImports listTables listTagsOfResource putItem putResourcePolicy query
            restoreTableFromBackup restoreTableToPointInTime scan searchVectors startBulkPutItems tagResource
            transactGetItems transactWriteItems untagResource updateContinuousBackups updateContributorInsights
            updateGlobalTable updateGlobalTableSettings updateItem updateKinesisStreamingDestination updateTable
            updateTableReplicaAutoScaling updateTimeToLive
        ",
    ),
    (
        "eventbridge",
        "
            activateEventSource cancelReplay createApiDestination createArchive createConnection createEndpoint
            createEventBus createPartnerEventSource deactivateEventSource deauthorizeConnection deleteApiDestination
            deleteArchive deleteConnection deleteEndpoint deleteEventBus deletePartnerEventSource deleteRule
            describeApiDestination describeArchive describeConnection describeEndpoint describeEventBus
            describeEventSource describePartnerEventSource describeReplay describeRule disableRule enableRule
            listApiDestinations listArchives listConnections listEndpoints listEventBuses listEventSources
            listPartnerEventSourceAccounts listPartnerEventSources listReplays listRuleNamesByTarget listRules
            listTagsForResource listTargetsByRule putEvents putPartnerEvents putPermission putRule putTargets
            removePermission removeTargets startReplay tagResource testEventPattern untagResource updateApiDestination
            updateArchive updateConnection updateEndpoint updateEventBus
        ",
    ),
    (
        "iam",
        "
            acceptDelegationRequest acquireRole addClientIDToOpenIDConnectProvider addRoleToInstanceProfile
            addUserToGroup associateDelegationRequest attachGroupPolicy attachRolePolicy attachUserPolicy
            changePassword createAccessKey createAccountAlias createDelegationRequest createGroup
            createInstanceProfile createLoginProfile createOpenIDConnectProvider createPolicy createPolicyVersion
            createRole createSAMLProvider createServiceLinkedRole createServiceSpecificCredential createUser
            createVirtualMFADevice deactivateMFADevice deleteAccessKey deleteAccountAlias deleteAccountPasswordPolicy
            deleteGroup deleteGroupPolicy deleteInstanceProfile deleteLoginProfile deleteOpenIDConnectProvider
            deletePolicy deletePolicyVersion deleteRole deleteRolePermissionsBoundary deleteRolePolicy
            deleteSAMLProvider deleteSSHPublicKey deleteServerCertificate deleteServiceLinkedRole
            deleteServiceSpecificCredential deleteSigningCertificate deleteUser deleteUserPermissionsBoundary
            deleteUserPolicy deleteVirtualMFADevice detachGroupPolicy detachRolePolicy detachUserPolicy
            disableOrganizationsRootCredentialsManagement disableOrganizationsRootSessions
            disableOutboundWebIdentityFederation enableMFADevice enableOrganizationsRootCredentialsManagement
            enableOrganizationsRootSessions enableOutboundWebIdentityFederation generateCredentialReport
            generateOrganizationsAccessReport generateServiceLastAccessedDetails getAccessKeyLastUsed
            getAccountAuthorizationDetails getAccountPasswordPolicy getAccountProperties getAccountSummary
            getContextKeysForCustomPolicy getContextKeysForPrincipalPolicy getCredentialReport getDelegationRequest
            getGroup getGroupPolicy getHumanReadableSummary getInstanceProfile getLoginProfile getMFADevice
            getOpenIDConnectProvider getOrganizationsAccessReport getOutboundWebIdentityFederationInfo getPolicy
            getPolicyVersion getRole getRolePolicy getRoleTemplateVersion getSAMLProvider getSSHPublicKey
            getServerCertificate getServiceLastAccessedDetails getServiceLastAccessedDetailsWithEntities
            getServiceLinkedRoleDeletionStatus getUser getUserPolicy listAccessKeys listAccountAliases
            listAttachedGroupPolicies listAttachedRolePolicies listAttachedUserPolicies listDelegationRequests
            listEntitiesForPolicy listGroupPolicies listGroups listGroupsForUser listInstanceProfileTags
            listInstanceProfiles listInstanceProfilesForRole listMFADeviceTags listMFADevices
            listOpenIDConnectProviderTags listOpenIDConnectProviders listOrganizationsFeatures listPolicies
            listPoliciesGrantingServiceAccess listPolicyTags listPolicyVersions listRolePolicies listRoleTags
            listRoles listSAMLProviderTags listSAMLProviders listSSHPublicKeys listServerCertificateTags
            listServerCertificates listServiceSpecificCredentials listSigningCertificates listUserPolicies
            listUserTags listUsers listVirtualMFADevices putAccountProperties putGroupPolicy
            putRolePermissionsBoundary putRolePolicy putUserPermissionsBoundary putUserPolicy rejectDelegationRequest
            removeClientIDFromOpenIDConnectProvider removeRoleFromInstanceProfile removeUserFromGroup
            resetServiceSpecificCredential resyncMFADevice sendDelegationToken setDefaultPolicyVersion
            setSecurityTokenServicePreferences simulateCustomPolicy simulatePrincipalPolicy tagInstanceProfile
            tagMFADevice tagOpenIDConnectProvider tagPolicy tagRole tagSAMLProvider tagServerCertificate tagUser
            untagInstanceProfile untagMFADevice untagOpenIDConnectProvider untagPolicy untagRole untagSAMLProvider
            untagServerCertificate untagUser updateAccessKey updateAccountPasswordPolicy updateAssumeRolePolicy
            updateDelegationRequest updateGroup updateLoginProfile updateOpenIDConnectProviderThumbprint updateRole
            updateRoleDescription updateSAMLProvider updateSSHPublicKey updateServerCertificate
            updateServiceSpecificCredential updateSigningCertificate updateUser uploadSSHPublicKey
            uploadServerCertificate uploadSigningCertificate
        ",
    ),
    (
        "lambda",
        "
            addLayerVersionPermission addPermission checkpointDurableExecution createAlias createCapacityProvider
            createCodeSigningConfig createEventSourceMapping createFunction createFunctionUrlConfig deleteAlias
            deleteCapacityProvider deleteCodeSigningConfig deleteDurableExecution deleteEventSourceMapping
            deleteFunction deleteFunctionCodeSigningConfig deleteFunctionConcurrency deleteFunctionEventInvokeConfig
            deleteFunctionUrlConfig deleteLayerVersion deleteProvisionedConcurrencyConfig deleteResourcePolicy
            getAccountSettings getAlias getCapacityProvider getCodeSigningConfig getDurableExecution
            getDurableExecutionHistory getDurableExecutionState getEventSourceMapping getFunction
            getFunctionCodeSigningConfig getFunctionConcurrency getFunctionConfiguration getFunctionEventInvokeConfig
            getFunctionRecursionConfig getFunctionScalingConfig getFunctionUrlConfig getLayerVersion
            getLayerVersionByArn getLayerVersionPolicy getPolicy getProvisionedConcurrencyConfig getResourcePolicy
            getRuntimeManagementConfig invoke invokeWithResponseStream listAliases listCapacityProviders
            listCodeSigningConfigs listDurableExecutionsByFunction listEventSourceMappings
            listFunctionEventInvokeConfigs listFunctionUrlConfigs listFunctionVersionsByCapacityProvider listFunctions
            listFunctionsByCodeSigningConfig listLayerVersions listLayers listProvisionedConcurrencyConfigs listTags
            listVersionsByFunction pauseDurableExecution publishLayerVersion publishVersion
            putFunctionCodeSigningConfig putFunctionConcurrency putFunctionEventInvokeConfig
            putFunctionRecursionConfig putFunctionScalingConfig putProvisionedConcurrencyConfig putResourcePolicy
            putRuntimeManagementConfig removeLayerVersionPermission removePermission resumeDurableExecution
            sendDurableExecutionCallbackFailure sendDurableExecutionCallbackHeartbeat
            sendDurableExecutionCallbackSuccess stopDurableExecution tagResource untagResource updateAlias
            updateCapacityProvider updateCodeSigningConfig updateEventSourceMapping updateFunctionCode
            updateFunctionConfiguration updateFunctionEventInvokeConfig updateFunctionUrlConfig
        ",
    ),
    (
        "s3",
        "
            abortMultipartUpload completeMultipartUpload copyObject createBucket createBucketMetadataConfiguration
            createBucketMetadataTableConfiguration createMultipartUpload createSession deleteBucket
            deleteBucketAnalyticsConfiguration deleteBucketCors deleteBucketEncryption
            deleteBucketIntelligentTieringConfiguration deleteBucketInventoryConfiguration deleteBucketLifecycle
            deleteBucketMetadataConfiguration deleteBucketMetadataTableConfiguration deleteBucketMetricsConfiguration
            deleteBucketOwnershipControls deleteBucketPolicy deleteBucketReplication deleteBucketTagging
            deleteBucketWebsite deleteObject deleteObjectAnnotation deleteObjectTagging deleteObjects
            deletePublicAccessBlock getBucketAbac getBucketAccelerateConfiguration getBucketAcl
            getBucketAnalyticsConfiguration getBucketCors getBucketEncryption getBucketIntelligentTieringConfiguration
            getBucketInventoryConfiguration getBucketLifecycle getBucketLifecycleConfiguration getBucketLocation
            getBucketLogging getBucketMetadataConfiguration getBucketMetadataTableConfiguration
            getBucketMetricsConfiguration getBucketNotification getBucketNotificationConfiguration
            getBucketOwnershipControls getBucketPolicy getBucketPolicyStatus getBucketReplication
            getBucketRequestPayment getBucketTagging getBucketVersioning getBucketWebsite getObject getObjectAcl
            getObjectAnnotation getObjectAttributes getObjectLegalHold getObjectLockConfiguration getObjectRetention
            getObjectTagging getObjectTorrent getPublicAccessBlock headBucket headObject
            listBucketAnalyticsConfigurations listBucketIntelligentTieringConfigurations
            listBucketInventoryConfigurations listBucketMetricsConfigurations listBuckets listDirectoryBuckets
            listMultipartUploads listObjectAnnotations listObjectVersions listObjects listObjectsV2 listParts
            putBucketAbac putBucketAccelerateConfiguration putBucketAcl putBucketAnalyticsConfiguration putBucketCors
            putBucketEncryption putBucketIntelligentTieringConfiguration putBucketInventoryConfiguration
            putBucketLifecycle putBucketLifecycleConfiguration putBucketLogging putBucketMetricsConfiguration
            putBucketNotification putBucketNotificationConfiguration putBucketOwnershipControls putBucketPolicy
            putBucketReplication putBucketRequestPayment putBucketTagging putBucketVersioning putBucketWebsite
            putObject putObjectAcl putObjectAnnotation putObjectLegalHold putObjectLockConfiguration
            putObjectRetention putObjectTagging putPublicAccessBlock renameObject restoreObject
            updateBucketMetadataAnnotationTableConfiguration updateBucketMetadataInventoryTableConfiguration
            updateBucketMetadataJournalTableConfiguration updateObjectEncryption uploadPart uploadPartCopy
            writeGetObjectResponse
        ",
    ),
    (
        "sfn",
        "
            createActivity createStateMachine createStateMachineAlias deleteActivity deleteStateMachine
            deleteStateMachineAlias deleteStateMachineVersion describeActivity describeExecution describeMapRun
            describeStateMachine describeStateMachineAlias describeStateMachineForExecution getActivityTask
            getExecutionHistory listActivities listExecutions listMapRuns listStateMachineAliases
            listStateMachineVersions listStateMachines listTagsForResource publishStateMachineVersion redriveExecution
            sendTaskFailure sendTaskHeartbeat sendTaskSuccess startExecution startSyncExecution stopExecution
            tagResource testState untagResource updateMapRun updateStateMachine updateStateMachineAlias
            validateStateMachineDefinition
        ",
    ),
    (
        "sns",
        "
            addPermission checkIfPhoneNumberIsOptedOut confirmSubscription createPlatformApplication
            createPlatformEndpoint createSMSSandboxPhoneNumber createTopic deleteEndpoint deletePlatformApplication
            deleteSMSSandboxPhoneNumber deleteTopic getDataProtectionPolicy getEndpointAttributes
            getPlatformApplicationAttributes getSMSAttributes getSMSSandboxAccountStatus getSubscriptionAttributes
            getTopicAttributes listEndpointsByPlatformApplication listOriginationNumbers listPhoneNumbersOptedOut
            listPlatformApplications listSMSSandboxPhoneNumbers listSubscriptions listSubscriptionsByTopic
            listTagsForResource listTopics optInPhoneNumber publish publishBatch putDataProtectionPolicy
            removePermission setEndpointAttributes setPlatformApplicationAttributes setSMSAttributes
            setSubscriptionAttributes setTopicAttributes subscribe tagResource unsubscribe untagResource
            verifySMSSandboxPhoneNumber
        ",
    ),
    (
        "sqs",
        "
            addPermission cancelMessageMoveTask changeMessageVisibility changeMessageVisibilityBatch createQueue
            deleteMessage deleteMessageBatch deleteQueue getQueueAttributes getQueueUrl listDeadLetterSourceQueues
            listMessageMoveTasks listQueueTags listQueues purgeQueue receiveMessage removePermission sendMessage
            sendMessageBatch setQueueAttributes startMessageMoveTask tagQueue untagQueue
        ",
    ),
    (
        "sts",
        "
            assumeRole assumeRoleWithSAML assumeRoleWithWebIdentity assumeRoot decodeAuthorizationMessage
            getAccessKeyInfo getCallerIdentity getDelegatedAccessToken getFederationToken getSessionToken
            getWebIdentityToken
        ",
    ),
];
