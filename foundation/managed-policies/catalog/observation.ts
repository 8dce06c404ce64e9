/** Policies about logs, measurements and traces. */

import { allow, each, type ManagedPolicySource, type Statement, writeLogs } from "../source.ts";

const generateQueries = "cloudwatch:GenerateQuery cloudwatch:GenerateQueryResultsSummary";
const readLogs = each(
  "logs:",
  "Describe* FilterLogEvents Get* List* StartLiveTail StartQuery StopLiveTail StopQuery TestMetricFilter",
);
const readRoles = "iam:GetPolicy iam:GetPolicyVersion iam:GetRole";
const writeTraces = each(
  "xray:",
  "GetSamplingRules GetSamplingStatisticSummaries GetSamplingTargets PutTelemetryRecords PutTraceSegments",
);
const eventsOwnRole: Statement = allow(
  "iam:CreateServiceLinkedRole",
  "arn:aws:iam::*:role/aws-service-role/events.amazonaws.com/AWSServiceRoleForCloudWatchEvents*",
  { StringLike: { "iam:AWSServiceName": "events.amazonaws.com" } },
);
const signalsOwnRole =
  "arn:aws:iam::*:role/aws-service-role/application-signals.cloudwatch.amazonaws.com/AWSServiceRoleForCloudWatchApplicationSignals";
const readSinks = allow("oam:ListAttachedLinks", "arn:aws:oam:*:*:sink/*");

export const observationPolicies: readonly ManagedPolicySource[] = [
  {
    name: "/CloudWatchLogsFullAccess",
    id: "ANPAJ3ZGNWK2R5HW5BQFO",
    version: 8,
    dates: ["2015-02-06T18:40:02", "2026-02-12T18:00:33"],
    description: "Everything about logs.",
    statements: [allow(`logs:* ${generateQueries}`)],
  },
  {
    name: "/CloudWatchLogsReadOnlyAccess",
    id: "ANPAJ2YIYDYSNNEHK3VKW",
    version: 12,
    dates: ["2015-02-06T18:40:03", "2026-02-12T17:59:13"],
    description: "Reading all logs.",
    statements: [allow(`${readLogs} ${generateQueries}`)],
  },
  {
    name: "/CloudWatchFullAccess",
    id: "ANPAIKEABORKUXN6DEAZU",
    version: 4,
    dates: ["2015-02-06T18:40:00", "2022-11-27T13:23:49"],
    description: "Everything about measurements, alarms, logs and notifications.",
    statements: [
      allow(`cloudwatch:* logs:* sns:* ${readRoles} autoscaling:Describe* oam:ListSinks`),
      eventsOwnRole,
      readSinks,
    ],
  },
  {
    name: "/CloudWatchFullAccessV2",
    id: "ANPAZKAPJZG4K5ELCXZSW",
    version: 15,
    dates: ["2023-08-01T11:32:57", "2026-02-12T18:00:06"],
    description: "Everything about measurements, alarms, logs and traces.",
    statements: [
      allow(`
        cloudwatch:* logs:* xray:* application-signals:* rum:* synthetics:* ${readRoles}
        ${each("sns:", "CreateTopic ListSubscriptions ListSubscriptionsByTopic ListTopics Subscribe")}
        autoscaling:DescribeAutoScalingGroups autoscaling:DescribePolicies
        application-autoscaling:DescribeScalingPolicies oam:ListSinks
      `),
      allow("iam:CreateServiceLinkedRole", signalsOwnRole, {
        StringLike: { "iam:AWSServiceName": "application-signals.cloudwatch.amazonaws.com" },
      }),
      eventsOwnRole,
      readSinks,
    ],
  },
  {
    name: "/CloudWatchReadOnlyAccess",
    id: "ANPAJN23PDQP7SZQAE3QE",
    version: 24,
    dates: ["2015-02-06T18:40:01", "2026-02-12T18:01:50"],
    description: "Reading measurements, alarms, logs and traces.",
    statements: [
      allow(`
        cloudwatch:BatchGet* cloudwatch:Describe* cloudwatch:GenerateQuery cloudwatch:Get* cloudwatch:List* ${readLogs}
        sns:Get* sns:List* xray:BatchGet* xray:Get* xray:List* xray:StartTraceRetrieval xray:CancelTraceRetrieval
        application-signals:BatchGet* application-signals:Get* application-signals:List*
        rum:BatchGet* rum:Get* rum:List* synthetics:Describe* synthetics:Get* synthetics:List*
        autoscaling:Describe* application-autoscaling:DescribeScalingPolicies oam:ListSinks
      `),
      readSinks,
      allow("iam:GetRole", signalsOwnRole),
    ],
  },
  {
    name: "/CloudWatchAgentServerPolicy",
    id: "ANPAIGOPKN7KRDAKTLG4I",
    version: 3,
    dates: ["2018-03-07T01:06:44", "2024-02-06T16:37:37"],
    description: "For agents on machines that write measurements, logs and traces.",
    statements: [
      allow(`
        cloudwatch:PutMetricData ec2:DescribeTags ec2:DescribeVolumes
        ${writeLogs} logs:DescribeLogGroups logs:DescribeLogStreams logs:PutRetentionPolicy ${writeTraces}
      `),
      allow("ssm:GetParameter", "arn:aws:ssm:*:*:parameter/AmazonCloudWatch-*"),
    ],
  },
  {
    name: "/CloudWatchAgentAdminPolicy",
    id: "ANPAICMXPKT7EBAF6KR3O",
    version: 2,
    dates: ["2018-03-07T00:52:31", "2024-02-05T20:59:57"],
    description: "For agents on machines that also write their configuration.",
    statements: [
      allow(`
        cloudwatch:PutMetricData ec2:DescribeTags
        ${writeLogs} logs:DescribeLogGroups logs:DescribeLogStreams logs:PutRetentionPolicy ${writeTraces}
      `),
      allow("ssm:GetParameter ssm:PutParameter", "arn:aws:ssm:*:*:parameter/AmazonCloudWatch-*"),
    ],
  },
  {
    name: "/AWSXRayDaemonWriteAccess",
    id: "ANPAIOE47HSUE5AVBNEDM",
    version: 2,
    dates: ["2018-08-28T23:00:33", "2024-02-13T21:58:30"],
    description: "For what writes traces.",
    statements: [allow(writeTraces)],
  },
  {
    name: "/AWSXrayWriteOnlyAccess",
    id: "ANPAIAACM4LMYSRGBCTM6",
    version: 2,
    dates: ["2016-12-01T18:19:53", "2018-08-28T23:03:04"],
    description: "For what writes traces.",
    statements: [allow(writeTraces)],
  },
  {
    name: "/service-role/AmazonAPIGatewayPushToCloudWatchLogs",
    id: "ANPAIK4GFO7HLKYN64ASK",
    version: 1,
    dates: ["2015-11-11T23:41:46", "2015-11-11T23:41:46"],
    description: "For gateways that write their logs.",
    statements: [
      allow(`${writeLogs} ${each("logs:", "DescribeLogGroups DescribeLogStreams FilterLogEvents GetLogEvents")}`),
    ],
  },
  {
    name: "/service-role/AmazonRDSEnhancedMonitoringRole",
    id: "ANPAJV7BS425S4PTSSVGK",
    version: 1,
    dates: ["2015-11-11T19:58:29", "2015-11-11T19:58:29"],
    description: "For databases that write their logs.",
    statements: [
      allow("logs:CreateLogGroup logs:PutRetentionPolicy", "arn:aws:logs:*:*:log-group:RDS*"),
      allow(
        each("logs:", "CreateLogStream DescribeLogStreams GetLogEvents PutLogEvents"),
        "arn:aws:logs:*:*:log-group:RDS*:log-stream:*",
      ),
    ],
  },
];
