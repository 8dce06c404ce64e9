/** Policies that tools attach beside others and that speak of services which do not exist here. */

import { allow, allowServiceLinkedRole, each, type ManagedPolicySource } from "../source.ts";

const pullImages = each(
  "ecr:",
  "BatchCheckLayerAvailability BatchGetImage GetAuthorizationToken GetDownloadUrlForLayer",
);
const readImages = `
  ${pullImages}
  ${each("ecr:", "DescribeImageScanFindings DescribeImages DescribeRepositories GetLifecyclePolicy")}
  ${each("ecr:", "GetLifecyclePolicyPreview GetRepositoryPolicy ListImages ListTagsForResource")}
`;
const sessionChannels = each(
  "ssmmessages:",
  "CreateControlChannel CreateDataChannel OpenControlChannel OpenDataChannel",
);

export const policiesOfElsewhere: readonly ManagedPolicySource[] = [
  {
    name: "/AmazonSSMManagedInstanceCore",
    id: "ANPAIXSHM2BNB2D3AXXRU",
    version: 2,
    dates: ["2019-03-15T17:22:12", "2019-05-23T16:54:21"],
    description: "For machines that Systems Manager manages.",
    statements: [
      allow(`
        ${each("ssm:", "DescribeAssociation DescribeDocument GetDeployablePatchSnapshotForInstance GetDocument")}
        ${each("ssm:", "GetManifest GetParameter GetParameters ListAssociations ListInstanceAssociations")}
        ${each("ssm:Put", "ComplianceItems ConfigurePackageResult Inventory")}
        ${each("ssm:Update", "AssociationStatus InstanceAssociationStatus InstanceInformation")}
      `),
      allow(sessionChannels),
      allow(each("ec2messages:", "AcknowledgeMessage DeleteMessage FailMessage GetEndpoint GetMessages SendReply")),
    ],
  },
  {
    name: "/AmazonSSMFullAccess",
    id: "ANPAJA7V6HI4ISQFMDYAG",
    version: 4,
    dates: ["2015-05-29T17:39:47", "2019-11-20T20:08:56"],
    description: "Everything about Systems Manager.",
    statements: [
      allow(`
        ssm:* ec2messages:* logs:* cloudwatch:PutMetricData ec2:DescribeInstanceStatus
        ds:CreateComputer ds:DescribeDirectories
      `),
      allowServiceLinkedRole(
        "arn:aws:iam::*:role/aws-service-role/ssm.amazonaws.com/AWSServiceRoleForAmazonSSM*",
        "ssm.amazonaws.com",
      ),
      allow(
        "iam:DeleteServiceLinkedRole iam:GetServiceLinkedRoleDeletionStatus",
        "arn:aws:iam::*:role/aws-service-role/ssm.amazonaws.com/AWSServiceRoleForAmazonSSM*",
      ),
      allow(sessionChannels),
    ],
  },
  {
    name: "/AmazonSSMReadOnlyAccess",
    id: "ANPAJODSKQGGJTHRYZ5FC",
    version: 1,
    dates: ["2015-05-29T17:44:19", "2015-05-29T17:44:19"],
    description: "Reading Systems Manager.",
    statements: [allow("ssm:Describe* ssm:Get* ssm:List*")],
  },
  {
    name: "/AmazonEC2ContainerRegistryFullAccess",
    id: "ANPAIESRL7KD7IIVF6V4W",
    version: 3,
    dates: ["2015-12-21T17:06:48", "2020-12-05T00:04:19"],
    description: "Everything about container images.",
    statements: [allow("ecr:* cloudtrail:LookupEvents"), allowServiceLinkedRole("*", "replication.ecr.amazonaws.com")],
  },
  {
    name: "/AmazonEC2ContainerRegistryPowerUser",
    id: "ANPAJDNE5PIHROIBGGDDW",
    version: 3,
    dates: ["2015-12-21T17:05:33", "2019-12-10T20:48:08"],
    description: "Pulling and pushing container images.",
    statements: [
      allow(`${readImages} ${each("ecr:", "CompleteLayerUpload InitiateLayerUpload PutImage UploadLayerPart")}`),
    ],
  },
  {
    name: "/AmazonEC2ContainerRegistryReadOnly",
    id: "ANPAIFYZPA37OOHVIH7KQ",
    version: 3,
    dates: ["2015-12-21T17:04:15", "2019-12-10T20:56:32"],
    description: "Pulling container images, and reading what there is of them.",
    statements: [allow(readImages)],
  },
  {
    name: "/AmazonEC2ContainerRegistryPullOnly",
    id: "ANPAZKAPJZG4ACPA6HO4Q",
    version: 1,
    dates: ["2024-10-04T16:58:49", "2024-10-04T16:58:49"],
    description: "Pulling container images.",
    statements: [
      allow(each("ecr:", "BatchGetImage BatchImportUpstreamImage GetAuthorizationToken GetDownloadUrlForLayer")),
    ],
  },
  {
    name: "/service-role/AmazonECSTaskExecutionRolePolicy",
    id: "ANPAJG4T4G4PV56DE72PY",
    version: 1,
    dates: ["2017-11-16T18:48:22", "2017-11-16T18:48:22"],
    description: "For what starts containers: their images and logs.",
    statements: [allow(`${pullImages} logs:CreateLogStream logs:PutLogEvents`)],
  },
  {
    name: "/service-role/AmazonEC2ContainerServiceforEC2Role",
    id: "ANPAJLYJCVHC7TQHCSQDS",
    version: 10,
    dates: ["2015-03-19T18:45:18", "2026-02-12T17:59:52"],
    description: "For machines that run containers.",
    statements: [
      allow(`
        ${each("ecs:", "CreateCluster DeregisterContainerInstance DiscoverPollEndpoint Poll RegisterContainerInstance")}
        ${each("ecs:", "StartTelemetrySession Submit* UpdateContainerInstancesState")}
        ${pullImages} ec2:DescribeTags logs:CreateLogStream logs:PutLogEvents
      `),
      allow("ecs:TagResource", "*", {
        StringEquals: { "ecs:CreateAction": ["CreateCluster", "RegisterContainerInstance"] },
      }),
      allow("ecs:ListTagsForResource", ["arn:aws:ecs:*:*:task/*/*", "arn:aws:ecs:*:*:container-instance/*/*"]),
    ],
  },
  {
    name: "/AmazonSNSFullAccess",
    id: "ANPAJWEKLCXXUNT2SOLSG",
    version: 2,
    dates: ["2015-02-06T18:41:05", "2024-09-24T22:32:05"],
    description: "Everything about notifications.",
    statements: [allow("sns:*")],
  },
  {
    name: "/AmazonKinesisFullAccess",
    id: "ANPAIVF32HAMOXCUYRAYE",
    version: 1,
    dates: ["2015-02-06T18:40:29", "2015-02-06T18:40:29"],
    description: "Everything about Kinesis streams.",
    statements: [allow("kinesis:*")],
  },
  {
    name: "/AWSStepFunctionsFullAccess",
    id: "ANPAJXKA6VP3UFBVHDPPA",
    version: 1,
    dates: ["2017-01-11T21:51:32", "2017-01-11T21:51:32"],
    description: "Everything about state machines.",
    statements: [allow("states:*")],
  },
  {
    name: "/AWSCloudFormationFullAccess",
    id: "ANPAZKAPJZG4CRR3ZS723",
    version: 1,
    dates: ["2019-07-26T21:50:35", "2019-07-26T21:50:35"],
    description: "Everything about stacks.",
    statements: [allow("cloudformation:*")],
  },
  {
    name: "/AmazonAPIGatewayAdministrator",
    id: "ANPAJ4PT6VY5NLKTNUYSI",
    version: 1,
    dates: ["2015-07-09T17:34:45", "2015-07-09T17:34:45"],
    description: "Everything about API gateways.",
    statements: [allow("apigateway:*", "arn:aws:apigateway:*::/*")],
  },
  {
    name: "/AmazonAPIGatewayInvokeFullAccess",
    id: "ANPAIIWAX2NOOQJ4AIEQ6",
    version: 2,
    dates: ["2015-07-09T17:36:12", "2018-12-18T18:25:10"],
    description: "Calling every API.",
    statements: [allow("execute-api:Invoke execute-api:ManageConnections", "arn:aws:execute-api:*:*:*")],
  },
];
