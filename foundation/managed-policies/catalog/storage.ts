/** Policies about objects, tables and queues. */

import { allow, allowPassRole, allowServiceLinkedRole, each, type ManagedPolicySource } from "../source.ts";

const insights = allow(
  "cloudwatch:GetInsightRuleReport",
  "arn:aws:cloudwatch:*:*:insight-rule/DynamoDBContributorInsights*",
);
const tablesOwnRoles = allowServiceLinkedRole(
  "*",
  "replication.dynamodb.amazonaws.com",
  "dax.amazonaws.com",
  "dynamodb.application-autoscaling.amazonaws.com",
  "contributorinsights.dynamodb.amazonaws.com",
  "kinesisreplication.dynamodb.amazonaws.com",
);
/** What the console shows beside a table. */
const besideTables = `
  ${each("cloudwatch:", "DescribeAlarmHistory DescribeAlarms DescribeAlarmsForMetric GetMetricData GetMetricStatistics")}
  cloudwatch:ListMetrics
  ${each("ec2:Describe", "SecurityGroups Subnets Vpcs")}
  iam:GetRole iam:ListRoles
  ${each("lambda:", "GetFunctionConfiguration ListEventSourceMappings ListFunctions")}
`;

export const storagePolicies: readonly ManagedPolicySource[] = [
  {
    name: "/AmazonS3FullAccess",
    id: "ANPAIFIR6V6BVTRAHWINE",
    version: 2,
    dates: ["2015-02-06T18:40:58", "2021-09-27T20:16:37"],
    description: "Everything about buckets and objects.",
    statements: [allow("s3:* s3-object-lambda:*")],
  },
  {
    name: "/AmazonS3ReadOnlyAccess",
    id: "ANPAIZTJ4DXE7G6AGAE6M",
    version: 3,
    dates: ["2015-02-06T18:40:59", "2023-08-10T21:31:39"],
    description: "Reading all buckets and objects.",
    statements: [allow("s3:Get* s3:List* s3:Describe* s3-object-lambda:Get* s3-object-lambda:List*")],
  },
  {
    name: "/AmazonDynamoDBFullAccess",
    id: "ANPAINUGF2JSOSUY76KYA",
    version: 15,
    dates: ["2015-02-06T18:40:11", "2021-01-29T17:38:30"],
    description: "Everything about tables, and what their console needs of other services.",
    statements: [
      allow(`
        dynamodb:* ${besideTables} cloudwatch:DeleteAlarms cloudwatch:PutMetricAlarm
        ${each("lambda:", "CreateEventSourceMapping CreateFunction DeleteEventSourceMapping DeleteFunction")}
      `),
      insights,
      allowPassRole(
        "application-autoscaling.amazonaws.com",
        "application-autoscaling.amazonaws.com.cn",
        "dax.amazonaws.com",
      ),
      tablesOwnRoles,
    ],
  },
  {
    name: "/AmazonDynamoDBFullAccess_v2",
    id: "ANPAZKAPJZG4APITYEQVI",
    version: 3,
    dates: ["2025-05-22T14:52:06", "2026-02-12T18:02:57"],
    description: "Everything about tables, and reading what their console shows of other services.",
    statements: [
      allow("dynamodb:*"),
      allow("lambda:ListEventSourceMappings lambda:ListFunctions"),
      allow("cloudwatch:DescribeAlarms cloudwatch:GetMetricData cloudwatch:GetMetricStatistics"),
      allow("ec2:DescribeSecurityGroups ec2:DescribeSubnets ec2:DescribeVpcs"),
      insights,
      tablesOwnRoles,
      allow("iam:ListRoles"),
    ],
  },
  {
    name: "/AmazonDynamoDBReadOnlyAccess",
    id: "ANPAIY2XFNA232XJ6J7X2",
    version: 15,
    dates: ["2015-02-06T18:40:12", "2024-11-18T17:38:15"],
    description: "Reading all tables.",
    statements: [
      allow(`
        ${each("dynamodb:", "BatchGetItem Describe* GetAbacStatus GetItem GetResourcePolicy List* PartiQLSelect Query")}
        dynamodb:Scan ${besideTables}
      `),
      insights,
    ],
  },
  {
    name: "/AmazonSQSFullAccess",
    id: "ANPAI65L554VRJ33ECQS6",
    version: 1,
    dates: ["2015-02-06T18:41:07", "2015-02-06T18:41:07"],
    description: "Everything about queues.",
    statements: [allow("sqs:*")],
  },
  {
    name: "/AmazonSQSReadOnlyAccess",
    id: "ANPAIUGSSQY362XGCM6KW",
    version: 4,
    dates: ["2015-02-06T18:41:08", "2024-05-24T18:16:44"],
    description: "Reading how queues are set up; not their messages.",
    statements: [
      allow(`
        sqs:GetQueueAttributes sqs:GetQueueUrl
        ${each("sqs:List", "DeadLetterSourceQueues MessageMoveTasks Queues QueueTags")}
      `),
    ],
  },
  {
    name: "/aws-service-role/AWSApplicationAutoscalingDynamoDBTablePolicy",
    id: "ANPAJOVQMDI3JFCBW4LFO",
    version: 1,
    dates: ["2017-10-20T21:34:57", "2017-10-20T21:34:57"],
    description: "What Application Auto Scaling does to tables.",
    statements: [
      allow(`
        dynamodb:DescribeTable dynamodb:UpdateTable
        cloudwatch:DeleteAlarms cloudwatch:DescribeAlarms cloudwatch:PutMetricAlarm
      `),
    ],
  },
];
