/**
 * What this cloud does not have, said so: reading answers what is true (there is none), changing is refused with a reason.
 *
 * Tools such as Terraform read all of these for every table.
 */
import type { CallContext } from "#data-plane/service";
import { AwsError } from "#foundation/aws";
import { validationError } from "../../errors.ts";
import { parseTableArn } from "../../rules/arns.ts";
import { accountQuestion, placeQuestion } from "../../service/access.ts";
import type { TableOperations } from "../../service/define.ts";
import type { Toolbox } from "../../service/toolbox.ts";

type Names =
  | "DescribeContinuousBackups"
  | "UpdateContinuousBackups"
  | "RestoreTableToPointInTime"
  | "DescribeContributorInsights"
  | "UpdateContributorInsights"
  | "ListContributorInsights"
  | "DescribeKinesisStreamingDestination"
  | "EnableKinesisStreamingDestination"
  | "DisableKinesisStreamingDestination"
  | "UpdateKinesisStreamingDestination"
  | "DescribeTableReplicaAutoScaling"
  | "UpdateTableReplicaAutoScaling"
  | "CreateGlobalTable"
  | "DescribeGlobalTable"
  | "DescribeGlobalTableSettings"
  | "ListGlobalTables"
  | "UpdateGlobalTable"
  | "UpdateGlobalTableSettings"
  | "ExportTableToPointInTime"
  | "DescribeExport"
  | "ListExports"
  | "ImportTable"
  | "DescribeImport"
  | "ListImports";

const NO_RECOVERY = "Point-in-time recovery is not available here: create on-demand backups instead";
const NO_INSIGHTS = "Contributor insights are not available here";
const NO_KINESIS = "Streaming to Kinesis is not available here: use DynamoDB Streams instead";
const NO_GLOBAL_TABLES = "Global tables are not available here: this cloud has no replicas of a table in other regions";
const NO_EXPORT = "Exports are not available here: scan the table instead";
const NO_IMPORT = "Imports are not available here: write the items with BatchWriteItem instead";

export function unavailableOperations(tools: Toolbox): Required<Pick<TableOperations, Names>> {
  const { tables } = tools;

  /** A question about the table that an input names. */
  const onTable = (action: string) => (input: { readonly TableName: string }, context: CallContext) => [
    placeQuestion(action, tables.placeOf(input.TableName, context), tables.find(input.TableName, context)),
  ];
  const onAccount = (action: string) => (_input: unknown, context: CallContext) => [accountQuestion(action, context)];
  const onSource = (action: string) => (input: { readonly TableArn?: string }, context: CallContext) => {
    const resource = parseTableArn(input.TableArn ?? "");
    if (resource === undefined) return [accountQuestion(action, context)];
    return [placeQuestion(action, resource.place, tables.at(resource.place, context.region))];
  };
  /** The table must exist to be told what it does not have. */
  const existing = (input: { readonly TableName: string }, context: CallContext) =>
    tables.forControl(input.TableName, context);
  const refuse = (message: string) => (): never => {
    throw validationError(message);
  };
  const refuseOfTable =
    (message: string) =>
    (input: { readonly TableName: string }, context: CallContext): never => {
      existing(input, context);
      throw validationError(message);
    };

  return {
    DescribeContinuousBackups: {
      access: onTable("DescribeContinuousBackups"),
      handle(input, context) {
        existing(input, context);
        return {
          ContinuousBackupsDescription: {
            ContinuousBackupsStatus: "ENABLED",
            PointInTimeRecoveryDescription: { PointInTimeRecoveryStatus: "DISABLED" },
          },
        };
      },
    },
    UpdateContinuousBackups: {
      access: onTable("UpdateContinuousBackups"),
      handle(input, context) {
        existing(input, context);
        if (input.PointInTimeRecoverySpecification.PointInTimeRecoveryEnabled) {
          throw new AwsError("ContinuousBackupsUnavailableException", NO_RECOVERY);
        }
        return {
          ContinuousBackupsDescription: {
            ContinuousBackupsStatus: "ENABLED",
            PointInTimeRecoveryDescription: { PointInTimeRecoveryStatus: "DISABLED" },
          },
        };
      },
    },
    RestoreTableToPointInTime: {
      access: onAccount("RestoreTableToPointInTime"),
      handle() {
        throw new AwsError("PointInTimeRecoveryUnavailableException", NO_RECOVERY);
      },
    },

    DescribeContributorInsights: {
      access: onTable("DescribeContributorInsights"),
      handle(input, context) {
        const { name } = existing(input, context);
        return {
          TableName: name,
          ...(input.IndexName !== undefined && { IndexName: input.IndexName }),
          ContributorInsightsRuleList: [],
          ContributorInsightsStatus: "DISABLED",
        };
      },
    },
    UpdateContributorInsights: {
      access: onTable("UpdateContributorInsights"),
      handle(input, context) {
        const { name } = existing(input, context);
        if (input.ContributorInsightsAction === "ENABLE") throw validationError(NO_INSIGHTS);
        return {
          TableName: name,
          ...(input.IndexName !== undefined && { IndexName: input.IndexName }),
          ContributorInsightsStatus: "DISABLED",
        };
      },
    },
    ListContributorInsights: {
      access: onAccount("ListContributorInsights"),
      handle: () => ({ ContributorInsightsSummaries: [] }),
    },

    DescribeKinesisStreamingDestination: {
      access: onTable("DescribeKinesisStreamingDestination"),
      handle: (input, context) => ({ TableName: existing(input, context).name, KinesisDataStreamDestinations: [] }),
    },
    EnableKinesisStreamingDestination: {
      access: onTable("EnableKinesisStreamingDestination"),
      handle: refuseOfTable(NO_KINESIS),
    },
    DisableKinesisStreamingDestination: {
      access: onTable("DisableKinesisStreamingDestination"),
      handle: refuseOfTable(NO_KINESIS),
    },
    UpdateKinesisStreamingDestination: {
      access: onTable("UpdateKinesisStreamingDestination"),
      handle: refuseOfTable(NO_KINESIS),
    },

    DescribeTableReplicaAutoScaling: {
      access: onTable("DescribeTableReplicaAutoScaling"),
      handle: (input, context) => ({
        TableAutoScalingDescription: { TableName: existing(input, context).name, TableStatus: "ACTIVE", Replicas: [] },
      }),
    },
    UpdateTableReplicaAutoScaling: {
      access: onTable("UpdateTableReplicaAutoScaling"),
      handle: refuseOfTable(NO_GLOBAL_TABLES),
    },
    CreateGlobalTable: { access: onAccount("CreateGlobalTable"), handle: refuse(NO_GLOBAL_TABLES) },
    UpdateGlobalTable: { access: onAccount("UpdateGlobalTable"), handle: refuse(NO_GLOBAL_TABLES) },
    UpdateGlobalTableSettings: { access: onAccount("UpdateGlobalTableSettings"), handle: refuse(NO_GLOBAL_TABLES) },
    DescribeGlobalTable: {
      access: onAccount("DescribeGlobalTable"),
      handle: ({ GlobalTableName }) => noGlobalTable(GlobalTableName),
    },
    DescribeGlobalTableSettings: {
      access: onAccount("DescribeGlobalTableSettings"),
      handle: ({ GlobalTableName }) => noGlobalTable(GlobalTableName),
    },
    ListGlobalTables: { access: onAccount("ListGlobalTables"), handle: () => ({ GlobalTables: [] }) },

    ExportTableToPointInTime: {
      access: onSource("ExportTableToPointInTime"),
      handle() {
        throw new AwsError("PointInTimeRecoveryUnavailableException", NO_EXPORT);
      },
    },
    DescribeExport: {
      access: onAccount("DescribeExport"),
      handle({ ExportArn }) {
        throw new AwsError("ExportNotFoundException", `Export not found: ${ExportArn}`);
      },
    },
    ListExports: { access: onSource("ListExports"), handle: () => ({ ExportSummaries: [] }) },
    ImportTable: { access: onAccount("ImportTable"), handle: refuse(NO_IMPORT) },
    DescribeImport: {
      access: onAccount("DescribeImport"),
      handle({ ImportArn }) {
        throw new AwsError("ImportNotFoundException", `Import not found: ${ImportArn}`);
      },
    },
    ListImports: { access: onSource("ListImports"), handle: () => ({ ImportSummaryList: [] }) },
  };
}

function noGlobalTable(name: string): never {
  throw new AwsError("GlobalTableNotFoundException", `Global table not found: ${name}`);
}
