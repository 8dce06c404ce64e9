/** Which SDK client describes which service, and the facts about a service that its client does not carry. */

import type { ProtocolName, ServiceName } from "#foundation/aws/model";

export interface ServiceSource {
  readonly service: ServiceName;
  /** Package of the client: `@aws-sdk/client-<client>`. */
  readonly client: string;
  /** Current protocol first; older clients of SQS still speak the query protocol. */
  readonly protocols: readonly ProtocolName[];
  /** What the service puts before `#` in `__type`; empty where it writes the bare name. */
  readonly errorNamespace: string;
  /** Overrides the client's XML namespace (SQS: that of its query protocol). */
  readonly xmlNamespace?: string;
  /** Folder of the published constraints. */
  readonly constraints: string;
  /**
   * Structure members (or map and list shapes) that carry fractions. The schemas say only "number"; with this list every other number is an
   * integer. Absent where nobody checked: numbers then take both.
   */
  readonly fractions?: readonly string[];
  /** Orders in which messages list the values of enums, where they are known; the clients' declarations are sorted by name. */
  readonly enumOrders?: Readonly<Record<string, readonly string[]>>;
}

export const sources: readonly ServiceSource[] = [
  { service: "s3", client: "s3", protocols: ["restXml"], errorNamespace: "", constraints: "s3", fractions: [] },
  {
    service: "dynamodb",
    client: "dynamodb",
    protocols: ["awsJson1_0"],
    errorNamespace: "com.amazonaws.dynamodb.v20120810",
    constraints: "dynamodb",
    fractions: [
      "AutoScalingTargetTrackingScalingPolicyConfigurationDescription.TargetValue",
      "AutoScalingTargetTrackingScalingPolicyConfigurationUpdate.TargetValue",
      "Capacity.ReadCapacityUnits",
      "Capacity.WriteCapacityUnits",
      "Capacity.CapacityUnits",
      "ConsumedCapacity.CapacityUnits",
      "ConsumedCapacity.ReadCapacityUnits",
      "ConsumedCapacity.WriteCapacityUnits",
      "ItemCollectionMetrics.SizeEstimateRangeGB",
    ],
    enumOrders: {
      BillingMode: ["PROVISIONED", "PAY_PER_REQUEST"],
      ComparisonOperator: [
        "IN",
        "NULL",
        "BETWEEN",
        "LT",
        "NOT_CONTAINS",
        "EQ",
        "GT",
        "NOT_NULL",
        "NE",
        "LE",
        "BEGINS_WITH",
        "GE",
        "CONTAINS",
      ],
      ConditionalOperator: ["OR", "AND"],
      ReturnItemCollectionMetrics: ["SIZE", "NONE"],
      ReturnConsumedCapacity: ["INDEXES", "TOTAL", "NONE"],
      ReturnValue: ["ALL_NEW", "UPDATED_OLD", "ALL_OLD", "NONE", "UPDATED_NEW"],
      ReturnValuesOnConditionCheckFailure: ["ALL_OLD", "NONE"],
      Select: ["SPECIFIC_ATTRIBUTES", "COUNT", "ALL_ATTRIBUTES", "ALL_PROJECTED_ATTRIBUTES"],
    },
  },
  {
    service: "dynamodb-streams",
    client: "dynamodb-streams",
    protocols: ["awsJson1_0"],
    errorNamespace: "com.amazonaws.dynamodb.v20120810",
    constraints: "dynamodbstreams",
    fractions: [],
  },
  {
    service: "sqs",
    client: "sqs",
    protocols: ["awsJson1_0", "awsQuery"],
    errorNamespace: "com.amazonaws.sqs",
    xmlNamespace: "http://queue.amazonaws.com/doc/2012-11-05/",
    constraints: "sqs",
    fractions: [],
  },
  {
    service: "lambda",
    client: "lambda",
    protocols: ["restJson1"],
    errorNamespace: "",
    constraints: "lambda",
    fractions: [
      "AliasRoutingConfiguration.AdditionalVersionWeights",
      "LambdaManagedInstancesCapacityProviderConfig.ExecutionEnvironmentMemoryGiBPerVCpu",
      "TargetTrackingScalingPolicy.TargetValue",
    ],
  },
  {
    service: "elbv2",
    client: "elastic-load-balancing-v2",
    protocols: ["awsQuery"],
    errorNamespace: "",
    constraints: "elbv2",
    fractions: ["ZonalCapacityReservationState.EffectiveCapacityUnits"],
  },
  { service: "ec2", client: "ec2", protocols: ["ec2Query"], errorNamespace: "", constraints: "ec2" },
  { service: "iam", client: "iam", protocols: ["awsQuery"], errorNamespace: "", constraints: "iam", fractions: [] },
  { service: "sts", client: "sts", protocols: ["awsQuery"], errorNamespace: "", constraints: "sts", fractions: [] },
  {
    service: "logs",
    client: "cloudwatch-logs",
    protocols: ["awsJson1_1"],
    errorNamespace: "",
    constraints: "logs",
    fractions: [
      "DeliverySourceConfigurationSchema.minValue",
      "DeliverySourceConfigurationSchema.maxValue",
      "MetricTransformation.defaultValue",
      "QueryInfo.bytesScanned",
      "QueryStatistics.recordsMatched",
      "QueryStatistics.recordsScanned",
      "QueryStatistics.estimatedRecordsSkipped",
      "QueryStatistics.bytesScanned",
      "QueryStatistics.estimatedBytesSkipped",
      "QueryStatistics.logGroupsScanned",
    ],
  },
];
