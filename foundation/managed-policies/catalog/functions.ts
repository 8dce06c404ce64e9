/** Policies about functions: for those who manage them, and for what they are while they run. */

import { allow, allowPassRole, allowServiceLinkedRole, each, type ManagedPolicySource, writeLogs } from "../source.ts";

const logsOfFunctions = "arn:aws:logs:*:*:log-group:/aws/lambda/*";
/** What the console shows beside a function. */
const besideFunctions = `
  cloudwatch:GetMetricData cloudwatch:ListMetrics
  ${each("ec2:Describe", "SecurityGroups Subnets Vpcs")}
  ${each("iam:", "GetPolicy GetPolicyVersion GetRole GetRolePolicy ListAttachedRolePolicies ListRolePolicies ListRoles")}
  logs:DescribeLogGroups
`;
const readStreams = each("dynamodb:", "DescribeStream GetRecords GetShardIterator ListStreams");
const ownInterfaces = each("ec2:", "CreateNetworkInterface DeleteNetworkInterface DescribeNetworkInterfaces");
const ownAddresses = "ec2:AssignPrivateIpAddresses ec2:UnassignPrivateIpAddresses";

export const functionPolicies: readonly ManagedPolicySource[] = [
  {
    name: "/AWSLambda_FullAccess",
    id: "ANPAZKAPJZG4OXQPYWZ5D",
    version: 7,
    dates: ["2020-11-17T21:14:08", "2026-02-12T18:00:51"],
    description: "Everything about functions, and what their console needs of other services.",
    statements: [
      allow(`lambda:* ${besideFunctions}`),
      allowPassRole("lambda.amazonaws.com"),
      allowServiceLinkedRole(
        "arn:aws:iam::*:role/aws-service-role/lambda.amazonaws.com/AWSServiceRoleForLambda",
        "lambda.amazonaws.com",
      ),
      allow(
        each("logs:", "DescribeLogStreams FilterLogEvents GetLogEvents StartLiveTail StopLiveTail"),
        logsOfFunctions,
      ),
    ],
  },
  {
    name: "/AWSLambda_ReadOnlyAccess",
    id: "ANPAZKAPJZG4IERNVMNPE",
    version: 5,
    dates: ["2020-11-17T21:10:32", "2026-02-12T18:02:55"],
    description: "Reading all functions and their logs.",
    statements: [
      allow(`lambda:Get* lambda:List* ${besideFunctions}`),
      allow(
        `${each("logs:", "DescribeLogStreams DescribeQueries FilterLogEvents GetLogEvents GetLogGroupFields")}
         ${each("logs:", "GetLogRecord GetQueryResults StartLiveTail StartQuery StopLiveTail StopQuery")}`,
        logsOfFunctions,
      ),
    ],
  },
  {
    name: "/AWSLambdaExecute",
    id: "ANPAJE5FX7FQZSU5XAKGO",
    version: 1,
    dates: ["2015-02-06T18:40:46", "2015-02-06T18:40:46"],
    description: "For functions that read and write objects and their logs.",
    statements: [allow("logs:*", "arn:aws:logs:*:*:*"), allow("s3:GetObject s3:PutObject", "arn:aws:s3:::*")],
  },
  {
    name: "/AWSLambdaInvocation-DynamoDB",
    id: "ANPAJTHQ3EKCQALQDYG5G",
    version: 1,
    dates: ["2015-02-06T18:40:47", "2015-02-06T18:40:47"],
    description: "For what reads the streams of tables and invokes functions.",
    statements: [allow("lambda:InvokeFunction"), allow(readStreams)],
  },
  {
    name: "/service-role/AWSLambdaBasicExecutionRole",
    id: "ANPAJNCQGXC42545SKXIK",
    version: 1,
    dates: ["2015-04-09T15:03:43", "2015-04-09T15:03:43"],
    description: "For functions that write their logs and nothing else.",
    statements: [allow(writeLogs)],
  },
  {
    name: "/service-role/AWSLambdaVPCAccessExecutionRole",
    id: "ANPAJVTME3YLVNL72YR2K",
    version: 3,
    dates: ["2016-02-11T23:15:26", "2024-01-05T22:38:26"],
    description: "For functions in a network: their logs and interfaces.",
    statements: [allow(`${writeLogs} ${ownInterfaces} ${ownAddresses} ec2:DescribeSubnets`)],
  },
  {
    name: "/service-role/AWSLambdaENIManagementAccess",
    id: "ANPAJXAW2Q3KPTURUT2QC",
    version: 2,
    dates: ["2016-12-06T00:37:27", "2020-10-01T20:07:26"],
    description: "For functions in a network: their interfaces.",
    statements: [allow(`${ownInterfaces} ${ownAddresses}`)],
  },
  {
    name: "/service-role/AWSLambdaSQSQueueExecutionRole",
    id: "ANPAJFWJZI6JNND4TSELK",
    version: 1,
    dates: ["2018-06-14T21:50:45", "2018-06-14T21:50:45"],
    description: "For functions that take messages from queues, and their logs.",
    statements: [allow(`sqs:DeleteMessage sqs:GetQueueAttributes sqs:ReceiveMessage ${writeLogs}`)],
  },
  {
    name: "/service-role/AWSLambdaDynamoDBExecutionRole",
    id: "ANPAIP7WNAGMIPYNW4WQG",
    version: 1,
    dates: ["2015-04-09T15:09:29", "2015-04-09T15:09:29"],
    description: "For functions that read the streams of tables, and their logs.",
    statements: [allow(`${readStreams} ${writeLogs}`)],
  },
  {
    name: "/service-role/AWSLambdaKinesisExecutionRole",
    id: "ANPAJHOLKJPXV4GBRMJUQ",
    version: 2,
    dates: ["2015-04-09T15:14:16", "2018-11-19T20:09:24"],
    description: "For functions that read Kinesis streams, and their logs.",
    statements: [
      allow(`
        ${each("kinesis:", "DescribeStream DescribeStreamSummary GetRecords GetShardIterator ListShards ListStreams")}
        kinesis:SubscribeToShard ${writeLogs}
      `),
    ],
  },
  {
    name: "/service-role/AWSLambdaMSKExecutionRole",
    id: "ANPAZKAPJZG4FHMXOHIS5",
    version: 2,
    dates: ["2020-08-11T17:35:05", "2022-08-02T20:08:02"],
    description: "For functions that read Kafka clusters in a network, and their logs.",
    statements: [
      allow(`
        ${each("kafka:", "DescribeCluster DescribeClusterV2 GetBootstrapBrokers")}
        ${ownInterfaces} ${each("ec2:Describe", "SecurityGroups Subnets Vpcs")} ${writeLogs}
      `),
    ],
  },
  {
    name: "/service-role/AWSLambdaRole",
    id: "ANPAJX4DPCRGTC4NFDUXI",
    version: 1,
    dates: ["2015-02-06T18:41:28", "2015-02-06T18:41:28"],
    description: "For what invokes functions.",
    statements: [allow("lambda:InvokeFunction")],
  },
  {
    name: "/service-role/AmazonS3ObjectLambdaExecutionRolePolicy",
    id: "ANPAZKAPJZG4PG47VBSXA",
    version: 1,
    dates: ["2021-08-18T10:07:41", "2021-08-18T10:07:41"],
    description: "For functions that answer requests for objects, and their logs.",
    statements: [allow(`s3-object-lambda:WriteGetObjectResponse ${writeLogs}`)],
  },
  {
    name: "/CloudWatchLambdaInsightsExecutionRolePolicy",
    id: "ANPAZKAPJZG4EDWWYYDS6",
    version: 1,
    dates: ["2020-10-07T19:27:06", "2020-10-07T19:27:06"],
    description: "For functions that write their measurements.",
    statements: [
      allow("logs:CreateLogGroup"),
      allow("logs:CreateLogStream logs:PutLogEvents", "arn:aws:logs:*:*:log-group:/aws/lambda-insights:*"),
    ],
  },
  {
    name: "/service-role/AWSCodeDeployRoleForLambda",
    id: "ANPAJA3RQZIKNOSJ4ZQSA",
    version: 3,
    dates: ["2017-11-28T14:05:44", "2019-12-03T19:53:10"],
    description: "For what moves traffic between versions of functions.",
    statements: [
      allow(`
        ${each("lambda:", "GetAlias GetProvisionedConcurrencyConfig UpdateAlias")}
        cloudwatch:DescribeAlarms sns:Publish
      `),
      allow("s3:GetObject s3:GetObjectVersion", "arn:aws:s3:::*/CodeDeploy/*"),
      allow("s3:GetObject s3:GetObjectVersion", "*", {
        StringEquals: { "s3:ExistingObjectTag/UseWithCodeDeploy": "true" },
      }),
      allow("lambda:InvokeFunction", "arn:aws:lambda:*:*:function:CodeDeployHook_*"),
    ],
  },
];
