/** DynamoDB as the commands of tables use it. */
import type { CommandContext } from "../../cli/command.ts";
import { findAws } from "../../cli/find-cloud.ts";
import { createJsonClient, DYNAMODB, type JsonClient } from "../../cli/json-client.ts";
import type { WireItem } from "./plain-items.ts";

export type KeyType = "S" | "N" | "B";

export interface KeyElement {
  readonly AttributeName: string;
  readonly KeyType: "HASH" | "RANGE";
}

export interface IndexDescription {
  readonly IndexName: string;
  readonly IndexStatus?: string;
  readonly KeySchema: readonly KeyElement[];
  readonly Projection: { readonly ProjectionType?: string; readonly NonKeyAttributes?: readonly string[] };
  readonly ItemCount?: number;
}

/** The parts of DescribeTable's answer that are shown or needed (DynamoDB API Reference, TableDescription). */
export interface TableDescription {
  readonly TableName: string;
  readonly TableArn: string;
  readonly TableStatus: string;
  /** Seconds since the epoch. */
  readonly CreationDateTime: number;
  readonly KeySchema: readonly KeyElement[];
  readonly AttributeDefinitions: readonly { readonly AttributeName: string; readonly AttributeType: KeyType }[];
  readonly ItemCount: number;
  readonly TableSizeBytes: number;
  readonly BillingModeSummary?: { readonly BillingMode: string };
  readonly ProvisionedThroughput?: { readonly ReadCapacityUnits: number; readonly WriteCapacityUnits: number };
  readonly GlobalSecondaryIndexes?: readonly IndexDescription[];
  readonly LocalSecondaryIndexes?: readonly IndexDescription[];
  readonly StreamSpecification?: { readonly StreamEnabled: boolean; readonly StreamViewType?: string };
  readonly LatestStreamArn?: string;
  readonly DeletionProtectionEnabled?: boolean;
}

/** A page of Query, Scan or ExecuteStatement. */
export interface ItemPage {
  readonly Items?: readonly WireItem[];
  readonly Count?: number;
  readonly ScannedCount?: number;
  readonly LastEvaluatedKey?: WireItem;
  readonly NextToken?: string;
}

export function clientOf(context: CommandContext): JsonClient {
  return createJsonClient(findAws(context, "DYNAMODB"), DYNAMODB);
}

/** @throws CodedError ResourceNotFoundException */
export async function describeTable(
  client: JsonClient,
  TableName: string,
  signal: AbortSignal,
): Promise<TableDescription> {
  const answer = await client.call<{ readonly Table: TableDescription }>("DescribeTable", { TableName }, { signal });
  return answer.Table;
}

/** A table, or one of its indexes, as far as reading by key goes. */
export interface KeyedPlace {
  readonly hash: readonly string[];
  readonly range: readonly string[];
  readonly types: ReadonlyMap<string, KeyType>;
}

/** @returns undefined when there is no such index */
export function placeOf(table: TableDescription, index: string | undefined): KeyedPlace | undefined {
  const indexes = [...(table.GlobalSecondaryIndexes ?? []), ...(table.LocalSecondaryIndexes ?? [])];
  const schema = index === undefined ? table.KeySchema : indexes.find((one) => one.IndexName === index)?.KeySchema;
  if (schema === undefined) return undefined;
  const names = (role: KeyElement["KeyType"]) =>
    schema.filter((element) => element.KeyType === role).map((element) => element.AttributeName);
  return {
    hash: names("HASH"),
    range: names("RANGE"),
    types: new Map(table.AttributeDefinitions.map((one) => [one.AttributeName, one.AttributeType])),
  };
}

/** Names of the key attributes of the table, the hash first. */
export function keyNames(table: TableDescription): readonly string[] {
  const { hash, range } = placeOf(table, undefined)!;
  return [...hash, ...range];
}
