/** `biplane tables query`, `scan` and `sql` */
import type { CommandBody, CommandContext } from "../../cli/command.ts";
import { usageError } from "../../cli/errors.ts";
import type { JsonClient } from "../../cli/json-client.ts";
import { counted } from "../../cli/units.ts";
import { namesIn, parametersOf, placeholdersOf, tableNameOf, textOf } from "./arguments.ts";
import {
  clientOf,
  describeTable,
  type ItemPage,
  type KeyedPlace,
  keyNames,
  placeOf,
  type TableDescription,
} from "./client.ts";
import { keyConditionOf, type Named } from "./key-condition.ts";
import type { WireItem } from "./plain-items.ts";
import { isTyped, itemLine, showTable } from "./show-items.ts";

/** Items that are shown unless more are asked for. */
const SHOWN_MAX = 100;
const LIMIT_MAX = 1_000_000_000;

export const query: CommandBody = async (context) => {
  const { arguments: given, signal } = context;
  const client = clientOf(context);
  const table = await describeTable(client, tableNameOf(context), signal);
  const place = placeIn(table, given.text("index"));
  const condition = keyConditionOf(place, given);
  const input = { ...readInput(context, condition), KeyConditionExpression: condition.expression };
  const order = given.has("descending") ? { ScanIndexForward: false } : {};
  return showPages(context, firstNames(table, place), (start) =>
    page(client, "Query", { ...input, ...order }, start, signal),
  );
};

export const scan: CommandBody = async (context) => {
  const { arguments: given, signal } = context;
  const client = clientOf(context);
  const table = await describeTable(client, tableNameOf(context), signal);
  const place = placeIn(table, given.text("index"));
  const input = readInput(context, { names: {}, values: {} });
  return showPages(context, firstNames(table, place), (start) => page(client, "Scan", input, start, signal));
};

/** Where pages of items begin: behind a key, or at a token. */
type Start = WireItem | string | undefined;

async function page(
  client: JsonClient,
  operation: "Query" | "Scan",
  input: object,
  start: Start,
  signal: AbortSignal,
): Promise<{ readonly items: readonly WireItem[]; readonly next: Start }> {
  const from = start === undefined ? {} : { ExclusiveStartKey: start };
  const answer = await client.call<ItemPage>(operation, { ...input, ...from }, { signal });
  return { items: answer.Items ?? [], next: answer.LastEvaluatedKey };
}

export const sql: CommandBody = async (context) => {
  const { arguments: given, signal, terminal, json } = context;
  const [statement, parameters] = given.positionals as [string, string?];
  const client = clientOf(context);
  const Parameters = parametersOf(parameters, given);
  const input = {
    Statement: textOf(statement),
    ...(Parameters.length === 0 ? {} : { Parameters }),
    ...(given.has("consistent") ? { ConsistentRead: true } : {}),
  };
  const isRead = /^\s*select\b/i.test(input.Statement);
  const read = async (start: Start) => {
    const from = start === undefined ? {} : { NextToken: start };
    const answer = await client.call<ItemPage>("ExecuteStatement", { ...input, ...from }, { signal });
    return { items: answer.Items ?? [], next: answer.NextToken };
  };
  if (isRead) return showPages(context, [], read);
  const { items } = await read(undefined);
  if (items.length > 0) showSome(context, items, []);
  else if (!json) terminal.note("Done.");
  return undefined;
};

/** The parameters that Query and Scan share. */
function readInput({ arguments: given }: CommandContext, own: Named): object {
  const columns = namesIn(given.text("columns"));
  const names: Record<string, string> = { ...own.names };
  for (const [at, name] of columns.entries()) names[`#c${at}`] = name;
  const placeholders = placeholdersOf(given);
  const allNames = { ...placeholders.ExpressionAttributeNames, ...names };
  const allValues = { ...placeholders.ExpressionAttributeValues, ...own.values };
  const filter = given.text("filter");
  const index = given.text("index");
  return {
    TableName: given.positionals[0]!,
    ...(index === undefined ? {} : { IndexName: index }),
    ...(filter === undefined ? {} : { FilterExpression: filter }),
    ...(columns.length === 0 ? {} : { ProjectionExpression: columns.map((_, at) => `#c${at}`).join(", ") }),
    ...(Object.keys(allNames).length === 0 ? {} : { ExpressionAttributeNames: allNames }),
    ...(Object.keys(allValues).length === 0 ? {} : { ExpressionAttributeValues: allValues }),
    ...(given.has("consistent") ? { ConsistentRead: true } : {}),
  };
}

function placeIn(table: TableDescription, index: string | undefined): KeyedPlace {
  const place = placeOf(table, index);
  if (place !== undefined) return place;
  const known = [...(table.GlobalSecondaryIndexes ?? []), ...(table.LocalSecondaryIndexes ?? [])];
  throw usageError(
    `Table ${table.TableName} has no index ${index}.`,
    known.length === 0 ? "It has none at all." : `It has: ${known.map((one) => one.IndexName).join(", ")}.`,
  );
}

function firstNames(table: TableDescription, { hash, range }: KeyedPlace): readonly string[] {
  return [...new Set([...hash, ...range, ...keyNames(table)])];
}

/** Shows items page by page, as many as are asked for. */
async function showPages(
  context: CommandContext,
  first: readonly string[],
  read: (start: Start) => Promise<{ readonly items: readonly WireItem[]; readonly next: Start }>,
): Promise<undefined> {
  const { arguments: given, terminal, json } = context;
  if (given.has("all") && given.has("limit")) throw usageError("Choose one of --all and --limit.");
  const wanted = given.has("all") ? Number.POSITIVE_INFINITY : (given.integer("limit", 1, LIMIT_MAX) ?? SHOWN_MAX);
  let start: Start;
  let shown = 0;
  let more = false;
  do {
    const { items, next } = await read(start);
    const some = items.slice(0, wanted - shown);
    if (some.length > 0) showSome(context, some, first);
    shown += some.length;
    start = next;
    more = some.length < items.length || (shown >= wanted && next !== undefined);
  } while (start !== undefined && shown < wanted);
  if (json) return undefined;
  if (shown === 0) terminal.note("There are none.");
  else if (more) terminal.note(`${counted(shown, "item")}, and there may be more: --limit N, or --all`);
  else terminal.note(counted(shown, "item"));
  return undefined;
}

function showSome(context: CommandContext, items: readonly WireItem[], first: readonly string[]): void {
  const { terminal, json } = context;
  const typed = isTyped(context);
  if (json || typed) for (const item of items) terminal.line(itemLine(item, typed));
  else showTable(terminal, items, first);
}
