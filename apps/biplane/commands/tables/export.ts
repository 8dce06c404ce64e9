/** `biplane tables export` */
import { closeSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { systemClock } from "#foundation/runtime";
import type { CommandBody, CommandContext } from "../../cli/command.ts";
import { printable } from "../../cli/terminal.ts";
import { counted, humanDuration, humanSize } from "../../cli/units.ts";
import { tableNameOf } from "./arguments.ts";
import { clientOf, describeTable } from "./client.ts";
import type { WireItem } from "./plain-items.ts";
import { showItemProgress } from "./progress.ts";
import { scanAll } from "./segments.ts";
import { isTyped, itemLine } from "./show-items.ts";

const STANDARD = "-";

export const exportTable: CommandBody = async (context) => {
  const { arguments: given, terminal, json, signal } = context;
  const client = clientOf(context);
  const TableName = tableNameOf(context);
  const file = given.positionals[1] ?? STANDARD;
  const { ItemCount: total } = await describeTable(client, TableName, signal);
  const begun = systemClock.monotonicMs();
  const output = openOutput(context, file);
  const progress = showItemProgress(terminal, systemClock, total, !given.has("quiet") && !json);
  let items = 0;
  let bytes = 0;
  try {
    await scanAll(
      client,
      { TableName, ConsistentRead: true },
      ({ Items: page = [] }) => {
        const text = page.map((item) => `${lineOf(item, isTyped(context))}\n`).join("");
        output.write(text);
        items += page.length;
        bytes += Buffer.byteLength(text);
        progress.add(page.length);
      },
      signal,
    );
    output.finish();
  } catch (error) {
    output.abandon();
    throw error;
  } finally {
    progress.end();
  }
  if (file === STANDARD) return undefined;
  const elapsedMs = Math.round(systemClock.monotonicMs() - begun);
  if (json) terminal.json({ table: TableName, file, items, bytes, elapsedMs });
  else if (!given.has("quiet")) {
    terminal.note(
      `${printable(TableName)} → ${printable(file)}  ${counted(items, "item")}, ${humanSize(bytes)} in ${humanDuration(elapsedMs)}`,
    );
  }
  return undefined;
};

/** In DynamoDB's JSON as AWS's own exports have it: `{"Item": {…}}`. */
function lineOf(item: WireItem, typed: boolean): string {
  const line = itemLine(item, typed);
  return typed ? `{"Item":${line}}` : line;
}

interface Output {
  write(text: string): void;
  /** A file appears whole or not at all. */
  finish(): void;
  abandon(): void;
}

function openOutput({ terminal }: CommandContext, file: string): Output {
  if (file === STANDARD) return { write: (text) => terminal.write(text), finish: () => {}, abandon: () => {} };
  const temporary = `${file}.${process.pid}.part`;
  const descriptor = openSync(temporary, "wx");
  return {
    write(text) {
      for (let rest: Uint8Array = Buffer.from(text); rest.length > 0; ) {
        rest = rest.subarray(writeSync(descriptor, rest));
      }
    },
    finish() {
      closeSync(descriptor);
      renameSync(temporary, file);
    },
    abandon() {
      closeSync(descriptor);
      rmSync(temporary, { force: true });
    },
  };
}
