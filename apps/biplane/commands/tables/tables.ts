/** `biplane tables list` and `create` */
import { EXIT } from "#foundation/errors";
import type { CommandBody } from "../../cli/command.ts";
import { usageError } from "../../cli/errors.ts";
import { type JsonClient, pause } from "../../cli/json-client.ts";
import { printable } from "../../cli/terminal.ts";
import { tableLines } from "../../cli/text-table.ts";
import { humanSize } from "../../cli/units.ts";
import { printDone } from "../identity/listing.ts";
import { tableNameOf, textOf } from "./arguments.ts";
import { clientOf, describeTable, type TableDescription } from "./client.ts";
import { definitionOf } from "./definition.ts";
import { keyText } from "./show.ts";

/** Tables that are described at once. */
const PARALLEL = 8;

export const listTables: CommandBody = async (context) => {
  const { terminal, json, signal } = context;
  const client = clientOf(context);
  const names = await allNames(client, signal);
  const tables: TableDescription[] = [];
  for (let at = 0; at < names.length; at += PARALLEL) {
    const some = names.slice(at, at + PARALLEL).map((name) => describeTable(client, name, signal));
    tables.push(...(await Promise.all(some)));
  }
  if (json) {
    terminal.json(
      tables.map((table) => ({
        name: table.TableName,
        status: table.TableStatus,
        key: table.KeySchema.map((element) => element.AttributeName),
        itemCount: table.ItemCount,
        sizeBytes: table.TableSizeBytes,
        arn: table.TableArn,
      })),
    );
    return EXIT.ok;
  }
  if (tables.length === 0) {
    terminal.note("There are none. Make one: biplane tables create NAME --hash-key ATTRIBUTE");
    return EXIT.ok;
  }
  const columns = [
    { title: "TABLE", cell: (table: TableDescription) => printable(table.TableName) },
    { title: "STATUS", cell: (table: TableDescription) => table.TableStatus },
    { title: "KEY", cell: (table: TableDescription) => keyText(table, table.KeySchema) },
    { title: "ITEMS", align: "right" as const, cell: (table: TableDescription) => String(table.ItemCount) },
    { title: "SIZE", align: "right" as const, cell: (table: TableDescription) => humanSize(table.TableSizeBytes) },
  ];
  for (const line of tableLines(columns, tables, (text) => terminal.tone("bold", text))) terminal.line(line);
  return EXIT.ok;
};

async function allNames(client: JsonClient, signal: AbortSignal): Promise<readonly string[]> {
  const names: string[] = [];
  let last: string | undefined;
  do {
    const input = last === undefined ? {} : { ExclusiveStartTableName: last };
    const page = await client.call<{
      readonly TableNames: readonly string[];
      readonly LastEvaluatedTableName?: string;
    }>("ListTables", input, { signal });
    names.push(...page.TableNames);
    last = page.LastEvaluatedTableName;
  } while (last !== undefined);
  return names;
}

export const createTable: CommandBody = async (context) => {
  const { arguments: given, signal } = context;
  const name = tableNameOf(context);
  const client = clientOf(context);
  const document = given.text("definition");
  const definition = document === undefined ? definitionOf(given) : readDefinition(document);
  const input = { BillingMode: "PAY_PER_REQUEST", ...definition, TableName: name };
  // Created once: the answer to a repetition would be that it exists already.
  await client.call("CreateTable", input, { signal, attempts: 1 });
  const table = await whenActive(client, name, signal);
  const ttl = given.text("ttl");
  if (ttl !== undefined) {
    const TimeToLiveSpecification = { Enabled: true, AttributeName: ttl };
    await client.call("UpdateTimeToLive", { TableName: name, TimeToLiveSpecification }, { signal });
  }
  return printDone(context, { name, arn: table.TableArn }, `Table ${printable(name)} is there.`);
};

function readDefinition(given: string): object {
  try {
    const definition: unknown = JSON.parse(textOf(given));
    if (typeof definition === "object" && definition !== null && !Array.isArray(definition)) {
      // A provisioned table says so by its throughput.
      return "ProvisionedThroughput" in definition ? { BillingMode: "PROVISIONED", ...definition } : definition;
    }
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw usageError(
    "--definition is not a JSON object.",
    "Give the parameters of CreateTable themselves, @FILE for a file that holds them, or - for standard input.",
  );
}

/** Waits until a table can be used. */
async function whenActive(client: JsonClient, name: string, signal: AbortSignal): Promise<TableDescription> {
  for (let attempt = 1; ; attempt++) {
    const table = await describeTable(client, name, signal);
    if (table.TableStatus === "ACTIVE") return table;
    signal.throwIfAborted();
    await pause(attempt, signal);
  }
}
