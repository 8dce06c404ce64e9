/** `biplane tables import` */
import { statSync } from "node:fs";
import { CodedError, EXIT } from "#foundation/errors";
import { systemClock } from "#foundation/runtime";
import type { CommandBody, CommandContext } from "../../cli/command.ts";
import { usageError } from "../../cli/errors.ts";
import { printable } from "../../cli/terminal.ts";
import { counted, humanDuration } from "../../cli/units.ts";
import { tableNameOf } from "./arguments.ts";
import { clientOf, describeTable, keyNames } from "./client.ts";
import { ImportLanes } from "./import-lanes.ts";
import { type Line, linesOf } from "./lines.ts";
import { parsePlainItem, type WireItem } from "./plain-items.ts";
import { type ItemProgress, showItemProgress } from "./progress.ts";
import { isTyped } from "./show-items.ts";

const STANDARD = "-";

export const importTable: CommandBody = async (context) => {
  const { arguments: given, terminal, json, signal } = context;
  const client = clientOf(context);
  const TableName = tableNameOf(context);
  const file = given.positionals[1] ?? STANDARD;
  const table = await describeTable(client, TableName, signal);
  const total = file === STANDARD ? undefined : sizeOf(file);
  const begun = systemClock.monotonicMs();
  const progress = showItemProgress(terminal, systemClock, total, !given.has("quiet") && !json);
  const lanes = new ImportLanes(client, TableName, keyNames(table), signal, {
    written: (items, bytes) => progress.add(items, bytes),
    refused: given.has("keep-going") ? (item, error) => complain(context, progress, item.line, error) : undefined,
  });
  try {
    for await (const line of linesOf(file)) {
      signal.throwIfAborted();
      const item = read(context, progress, lanes, line);
      if (item !== undefined) await lanes.add({ item, line: line.number, bytes: line.bytes });
    }
    await lanes.finish();
  } finally {
    progress.end();
  }
  const { written, refused } = lanes;
  const elapsedMs = Math.round(systemClock.monotonicMs() - begun);
  if (json) terminal.json({ table: TableName, file, items: written, refused, elapsedMs });
  else if (!given.has("quiet")) {
    const left = refused === 0 ? "" : `, ${counted(refused, "line")} left out`;
    terminal.note(
      `${printable(file)} → ${printable(TableName)}  ${counted(written, "item")} in ${humanDuration(elapsedMs)}${left}`,
    );
  }
  return refused === 0 ? EXIT.ok : EXIT.failure;
};

function sizeOf(file: string): number {
  const stat = statSync(file);
  if (stat.isDirectory()) throw usageError(`${file} is a directory.`);
  return stat.size;
}

/** The item of a line; undefined for empty lines, and for those that are complained of. */
function read(
  context: CommandContext,
  progress: ItemProgress,
  lanes: ImportLanes,
  { text, number }: Line,
): WireItem | undefined {
  const trimmed = text.trim();
  if (trimmed === "") return undefined;
  try {
    return isTyped(context) ? typedItem(trimmed) : parsePlainItem(trimmed);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    const refused = new CodedError(
      "InvalidLine",
      { status: 400, retryable: false, message: "" },
      { message: `Line ${number}: ${error.message}` },
    );
    if (!context.arguments.has("keep-going")) throw refused;
    lanes.refused++;
    complain(context, progress, number, refused);
    return undefined;
  }
}

/** Lines of AWS's exports, `{"Item": {…}}`, or items as they are. */
function typedItem(text: string): WireItem {
  const parsed: unknown = JSON.parse(text);
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) {
    throw new SyntaxError("An item is a JSON object");
  }
  const members = parsed as Readonly<Record<string, unknown>>;
  const { Item: wrapped } = members;
  const isWrapped = Object.keys(members).length === 1 && typeof wrapped === "object" && wrapped !== null;
  return (isWrapped ? wrapped : parsed) as WireItem;
}

function complain({ terminal }: CommandContext, progress: ItemProgress, line: number, error: Error): void {
  progress.end();
  const text = error.message.startsWith("Line ") ? error.message : `Line ${line}: ${error.message}`;
  terminal.note(printable(text));
}
