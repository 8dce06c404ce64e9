/** Prints the records of a listing. */
import { listAll } from "../../cli/api-client.ts";
import type { CommandContext } from "../../cli/command.ts";
import { findApi } from "../../cli/find-cloud.ts";
import { type Column, tableLines } from "../../cli/text-table.ts";

/** Lists records of the control API. */
export async function printListing<Item>(
  context: CommandContext,
  path: string,
  query: Readonly<Record<string, string | undefined>>,
  columns: readonly Column<Item>[],
): Promise<undefined> {
  return printItems(context, await Array.fromAsync(listAll<Item>(findApi(context), path, query)), columns);
}

/** A table for people, an array for programs. */
export function printItems<Item>(
  { terminal, json }: CommandContext,
  items: readonly Item[],
  columns: readonly Column<Item>[],
): undefined {
  if (json) terminal.json(items);
  else if (items.length === 0) terminal.note("There are none.");
  else for (const line of tableLines(columns, items, (text) => terminal.tone("bold", text))) terminal.line(line);
  return undefined;
}

/** Prints what a command has done: the object for programs, a sentence for people. */
export function printDone({ terminal, json }: CommandContext, object: object, sentence: string): undefined {
  if (json) terminal.json(object);
  else terminal.line(sentence);
  return undefined;
}
