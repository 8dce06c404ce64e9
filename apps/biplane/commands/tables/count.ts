/** `biplane tables count` */
import { systemClock } from "#foundation/runtime";
import type { CommandBody } from "../../cli/command.ts";
import { printable } from "../../cli/terminal.ts";
import { counted } from "../../cli/units.ts";
import { placeholdersOf, tableNameOf } from "./arguments.ts";
import { clientOf, describeTable } from "./client.ts";
import { showItemProgress } from "./progress.ts";
import { scanAll } from "./segments.ts";

/** Counts by looking: what DescribeTable says is, on AWS, some hours old. */
export const countItems: CommandBody = async (context) => {
  const { arguments: given, terminal, json, signal } = context;
  const client = clientOf(context);
  const TableName = tableNameOf(context);
  const { ItemCount: total } = await describeTable(client, TableName, signal);
  const filter = given.text("filter");
  const index = given.text("index");
  const input = {
    TableName,
    Select: "COUNT",
    ...(index === undefined ? {} : { IndexName: index }),
    ...(filter === undefined ? {} : { FilterExpression: filter }),
    ...placeholdersOf(given),
  };
  const progress = showItemProgress(terminal, systemClock, total, !json);
  let items = 0;
  try {
    await scanAll(
      client,
      input,
      ({ Count = 0, ScannedCount = 0 }) => {
        items += Count;
        progress.add(Count, ScannedCount);
      },
      signal,
    );
  } finally {
    progress.end();
  }
  if (json) terminal.json({ table: TableName, items });
  else terminal.line(`${counted(items, "item")}  ${printable(TableName)}`);
  return undefined;
};
