/** Policies about everything: administrators, readers, auditors. */

import { allow, each, type ManagedPolicySource } from "../source.ts";

const readCloudWatch = "cloudwatch:Describe* cloudwatch:Get* cloudwatch:List* cloudwatch:GenerateQuery";

export const wholeAccountPolicies: readonly ManagedPolicySource[] = [
  {
    name: "/AdministratorAccess",
    id: "ANPAIWMBCKSKIEE64ZLYK",
    version: 1,
    dates: ["2015-02-06T18:39:46", "2015-02-06T18:39:46"],
    description: "Everything, everywhere in the account.",
    statements: [{ Effect: "Allow", Action: ["*"], Resource: "*" }],
  },
  {
    name: "/PowerUserAccess",
    id: "ANPAJYRXTHIB4FOVS3ZXS",
    version: 12,
    dates: ["2015-02-06T18:39:47", "2026-02-12T17:59:14"],
    description: "Everything but the management of identities, organisations and the account.",
    statements: [
      { Effect: "Allow", NotAction: ["iam:*", "organizations:*", "account:*"], Resource: "*" },
      allow(`
        iam:CreateServiceLinkedRole iam:DeleteServiceLinkedRole iam:ListRoles
        account:GetAccountInformation account:GetPrimaryEmail account:ListRegions
        organizations:DescribeEffectivePolicy organizations:DescribeOrganization
      `),
    ],
  },
  {
    name: "/ReadOnlyAccess",
    id: "ANPAILL3HVNFSB6DCOWYQ",
    version: 178,
    dates: ["2015-02-06T18:39:48", "2026-02-12T18:01:33"],
    description: "Reading everything, also what is stored.",
    statements: [
      allow(`
        s3:DescribeJob s3:Get* s3:List*
        s3-object-lambda:GetObject
        ${each("s3-object-lambda:GetObject", "Acl LegalHold Retention Tagging Version VersionAcl VersionTagging")}
        ${each("s3-object-lambda:List", "Bucket BucketMultipartUploads BucketVersions MultipartUploadParts")}
        sqs:Get* sqs:List* sqs:Receive*
        ${each("dynamodb:", "BatchGet* Describe* Get* List* PartiQLSelect Query Scan")}
        ${each("iam:", "Generate* Get* List* Simulate*")}
        ${each("sts:", "GetAccessKeyInfo GetCallerIdentity GetSessionToken")}
        lambda:Get* lambda:List*
        elasticloadbalancing:Describe*
        ec2:Describe* ec2:Get* ec2:ListImagesInRecycleBin ec2:ListSnapshotsInRecycleBin
        ec2:SearchLocalGatewayRoutes ec2:SearchTransitGatewayRoutes
        ${each("logs:", "Describe* FilterLogEvents Get* StartLiveTail StartQuery StopLiveTail StopQuery TestMetricFilter")}
        ${each("logs:List", "AggregateLogGroupSummaries Anomalies EntitiesForLogGroup Integrations LogAnomalyDetectors")}
        ${each("logs:List", "LogDeliveries LogGroupsForEntity LogGroupsForQuery ScheduledQueries")}
        ${each("logs:List", "SourcesForS3TableIntegration TagsForResource TagsLogGroup")}
        ${readCloudWatch} cloudwatch:GenerateQueryResultsSummary
      `),
    ],
  },
  {
    name: "/job-function/ViewOnlyAccess",
    id: "ANPAID22R6XPJATWOFDK6",
    version: 43,
    dates: ["2016-11-10T17:20:15", "2026-02-12T18:02:40"],
    description: "Seeing what there is, without what is stored in it.",
    statements: [
      allow(`
        ${each("s3:List", "AllMyBuckets Bucket MultiRegionAccessPoints")}
        ${each("sqs:", "GetQueueAttributes GetQueueUrl")}
        ${each("sqs:List", "DeadLetterSourceQueues MessageMoveTasks Queues QueueTags")}
        ${each("dynamodb:Describe", "Backup ContinuousBackups GlobalTable GlobalTableSettings Limits ReservedCapacity")}
        ${each("dynamodb:Describe", "ReservedCapacityOfferings Stream Table TimeToLive")}
        ${each("dynamodb:List", "Backups Exports GlobalTables Streams Tables TagsOfResource")}
        iam:GetAccountSummary iam:GetLoginProfile iam:List*
        lambda:List*
        ${each("elasticloadbalancing:Describe", "InstanceHealth Listeners LoadBalancerAttributes LoadBalancers")}
        ${each("elasticloadbalancing:Describe", "TargetGroups TargetHealth")}
        ${each("ec2:Describe", "AccountAttributes Addresses AvailabilityZones BundleTasks CarrierGateways")}
        ${each("ec2:Describe", "ClassicLinkInstances ConversionTasks CustomerGateways DhcpOptions ExportTasks FlowLogs")}
        ${each("ec2:Describe", "Host* IdentityIdFormat IdFormat Image* Import* Instance* InternetGateways KeyPairs")}
        ${each("ec2:DescribeLocalGateway", "s RouteTables RouteTableVirtualInterfaceGroupAssociations")}
        ${each("ec2:DescribeLocalGateway", "RouteTableVpcAssociations VirtualInterfaceGroups VirtualInterfaces")}
        ${each("ec2:Describe", "MovingAddresses NatGateways Network* PlacementGroups PrefixLists Regions Reserved*")}
        ${each("ec2:Describe", "RouteTables SecurityGroupRules SecurityGroups Snapshot* Spot* Subnets Tags Volume*")}
        ${each("ec2:", "DescribeVpc* DescribeVpnGateways SearchLocalGatewayRoutes")}
        ${each("logs:", "Describe* GetTransformer ListEntitiesForLogGroup ListLogGroupsForEntity")}
        ${each("logs:", "ListLogGroupsForQuery ListTagsForResource")}
        cloudwatch:Get* cloudwatch:List*
      `),
    ],
  },
  {
    name: "/SecurityAudit",
    id: "ANPAIX2T3QCXHR2OGGCTO",
    version: 85,
    dates: ["2015-02-06T18:41:01", "2026-03-02T17:12:11"],
    description: "Reading how everything is configured, for an audit.",
    statements: [
      allow(`
        ${each("s3:Get", "AccelerateConfiguration AccessGrantsInstanceResourcePolicy AccessPoint AccessPointPolicy")}
        ${each("s3:Get", "AccessPointConfigurationForObjectLambda AccessPointForObjectLambda")}
        ${each("s3:Get", "AccessPointPolicyForObjectLambda AccessPointPolicyStatus")}
        ${each("s3:Get", "AccessPointPolicyStatusForObjectLambda AccountPublicAccessBlock AnalyticsConfiguration")}
        ${each("s3:Get", "Bucket* EncryptionConfiguration InventoryConfiguration LifecycleConfiguration")}
        ${each("s3:Get", "MetricsConfiguration MultiRegionAccessPoint MultiRegionAccessPointPolicy")}
        ${each("s3:Get", "MultiRegionAccessPointPolicyStatus ObjectAcl ObjectTagging ObjectVersionAcl")}
        ${each("s3:Get", "ReplicationConfiguration StorageLensConfiguration StorageLensGroup")}
        ${each("s3:List", "AccessGrants AccessGrantsInstances AccessPoints AccessPointsForObjectLambda AllMyBuckets")}
        ${each("s3:List", "Bucket CallerAccessGrants Jobs MultiRegionAccessPoints")}
        ${each("s3:List", "StorageLensConfigurations StorageLensGroups")}
        s3:DescribeJob s3-object-lambda:GetObjectAcl s3-object-lambda:GetObjectVersionAcl
        sqs:GetQueueAttributes ${each("sqs:List", "DeadLetterSourceQueues Queues QueueTags")}
        ${each("dynamodb:Describe", "ContinuousBackups Export GlobalTable KinesisStreamingDestination Table TimeToLive")}
        ${each("dynamodb:List", "Backups Exports GlobalTables Streams Tables TagsOfResource")} dynamodb:GetResourcePolicy
        ${each("iam:", "GenerateCredentialReport GenerateServiceLastAccessedDetails Get* List*")}
        iam:SimulateCustomPolicy iam:SimulatePrincipalPolicy sts:GetAccessKeyInfo
        ${each("lambda:GetFunction", "CodeSigningConfig Concurrency")} lambda:GetRuntimeManagementConfig
        ${each("lambda:Get", "AccountSettings FunctionConfiguration FunctionEventInvokeConfig LayerVersionPolicy Policy")}
        lambda:List*
        elasticloadbalancing:Describe*
        ec2:Describe* ec2:SearchTransitGatewayRoutes
        ${each("ec2:Get", "AllowedImagesSettings EbsDefaultKmsKeyId InstanceMetadataDefaults SerialConsoleAccessStatus")}
        ${each("ec2:Get", "SnapshotBlockPublicAccessState")}
        ${each("ec2:Get", "EbsEncryptionByDefault ImageBlockPublicAccessState ManagedPrefixListAssociations")}
        ${each("ec2:Get", "ManagedPrefixListEntries NetworkInsightsAccessScopeAnalysisFindings")}
        ${each("ec2:Get", "NetworkInsightsAccessScopeContent TransitGatewayAttachmentPropagations")}
        ${each("ec2:GetTransitGateway", "MulticastDomainAssociations PrefixListReferences")}
        ${each("ec2:GetTransitGateway", "RouteTableAssociations RouteTablePropagations")}
        ${each("logs:", "Describe* GetLogDelivery ListLogDeliveries ListTagsForResource ListTagsLogGroup")}
        ${each("cloudwatch:", "Describe* GetDashboard ListDashboards ListTagsForResource")}
      `),
    ],
  },
  {
    name: "/AWSDenyAll",
    id: "ANPAZKAPJZG4P43IUQ5E5",
    version: 2,
    dates: ["2019-05-01T22:36:14", "2023-12-18T16:42:05"],
    description: "Nothing at all.",
    statements: [{ Effect: "Deny", Action: ["*"], Resource: "*" }],
  },
];
