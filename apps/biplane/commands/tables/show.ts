/** `biplane tables show` */
import type { CommandBody } from "../../cli/command.ts";
import { printable } from "../../cli/terminal.ts";
import { counted, humanSize, localTime } from "../../cli/units.ts";
import { tableNameOf } from "./arguments.ts";
import { clientOf, describeTable, type IndexDescription, type KeyElement, type TableDescription } from "./client.ts";

interface TimeToLive {
  readonly TimeToLiveStatus: string;
  readonly AttributeName?: string;
}

export const showTable: CommandBody = async (context) => {
  const { terminal, json, signal } = context;
  const client = clientOf(context);
  const TableName = tableNameOf(context);
  const table = await describeTable(client, TableName, signal);
  const { TimeToLiveDescription: ttl } = await client.call<{ readonly TimeToLiveDescription: TimeToLive }>(
    "DescribeTimeToLive",
    { TableName },
    { signal },
  );
  if (json) {
    terminal.json({ ...table, TimeToLiveDescription: ttl });
    return undefined;
  }
  for (const [title, value] of rowsOf(table, ttl)) {
    terminal.line(`${terminal.tone("bold", title.padEnd(14))} ${printable(value)}`.trimEnd());
  }
  return undefined;
};

function rowsOf(table: TableDescription, ttl: TimeToLive): readonly (readonly [title: string, value: string])[] {
  return [
    ["Table", table.TableName],
    ["Status", table.TableStatus],
    ["ARN", table.TableArn],
    ["Key", keyText(table, table.KeySchema)],
    ["Items", `${table.ItemCount}, ${humanSize(table.TableSizeBytes)}`],
    ["Billing", billingText(table)],
    ...indexRows("Global index", table, table.GlobalSecondaryIndexes),
    ...indexRows("Local index", table, table.LocalSecondaryIndexes),
    ["Stream", streamText(table)],
    ["Expiry", ttl.AttributeName === undefined ? "none" : `by ${ttl.AttributeName} (${ttl.TimeToLiveStatus})`],
    ["Protected", table.DeletionProtectionEnabled === true ? "from deletion" : "no"],
    ["Created", localTime(table.CreationDateTime * 1000)],
  ];
}

/** `artist, at (number)` */
export function keyText(table: TableDescription, schema: readonly KeyElement[]): string {
  const types = new Map(table.AttributeDefinitions.map((one) => [one.AttributeName, one.AttributeType]));
  return schema
    .map(({ AttributeName: name }) => {
      const type = types.get(name);
      const note = type === "N" ? " (number)" : type === "B" ? " (binary)" : "";
      return `${printable(name)}${note}`;
    })
    .join(", ");
}

function billingText({ BillingModeSummary: summary, ProvisionedThroughput: throughput }: TableDescription): string {
  if (summary?.BillingMode === "PAY_PER_REQUEST") return "on demand";
  const { ReadCapacityUnits: read = 0, WriteCapacityUnits: write = 0 } = throughput ?? {};
  return `provisioned: ${counted(read, "read unit")} and ${counted(write, "write unit")} a second`;
}

function indexRows(
  title: string,
  table: TableDescription,
  indexes: readonly IndexDescription[] | undefined,
): readonly (readonly [string, string])[] {
  return (indexes ?? []).map((index) => {
    const { ProjectionType: type, NonKeyAttributes: names = [] } = index.Projection;
    const shows = type === "ALL" ? "" : type === "INCLUDE" ? `, shows ${names.join(", ")}` : ", shows keys only";
    const status = index.IndexStatus === undefined || index.IndexStatus === "ACTIVE" ? "" : ` (${index.IndexStatus})`;
    return [title, `${index.IndexName}: ${keyText(table, index.KeySchema)}${shows}${status}`];
  });
}

function streamText({ StreamSpecification: stream, LatestStreamArn: arn }: TableDescription): string {
  if (stream?.StreamEnabled !== true) return "none";
  return `${stream.StreamViewType ?? "enabled"}  ${arn ?? ""}`;
}
