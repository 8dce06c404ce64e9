/** One life of the crash writer, and the examination of what it left. */

import { join } from "node:path";
import { equalItems, type Item } from "#data-plane/tables/values";
import { systemClock, systemTimers } from "#foundation/runtime";
import { killAfterLines } from "#foundation/sql/testing";
import type { EmbeddedTableEngine } from "../embedded-engine.ts";
import { openTableEngine } from "../open-table-engine.ts";
import type { StreamRecord } from "../port.ts";
import { auditDatabase } from "../testing/audit-database.ts";
import { scanAll } from "../testing/fixture.ts";
import { crashTable, itemOf, STREAM_LABEL } from "./crash-table.ts";
import type { History } from "./history.ts";

/** Starts the writer, kills it `afterLines` lines later with SIGKILL, and records all it said. */
export function liveAndDie(directory: string, life: number, afterLines: number, history: History): Promise<void> {
  const program = `${import.meta.dir}/crash-writer.ts`;
  return killAfterLines(program, [directory, String(life)], afterLines, (line) => history.record(JSON.parse(line)));
}

/** Opens what was left, compares it with the history, lets background work finish, closes and audits it. Returns what is wrong. */
export async function examine(directory: string, history: History): Promise<readonly string[]> {
  const engine = await openTableEngine({ directory, clock: systemClock, timers: systemTimers, hosting: "inline" });
  const problems: string[] = [];
  try {
    const items = await scanAll(engine, { tableId: crashTable(1).tableId });
    const values = new Map(items.map((item) => [textOf(item, "sk"), textOf(item, "value")]));
    problems.push(...history.accept(values));
    for (const item of items) {
      if (!equalItems(item, itemOf(textOf(item, "sk"), textOf(item, "value")))) {
        problems.push(`${JSON.stringify(item)} is not what was put`);
      }
    }
    problems.push(...compareStream(engine, items));
    await engine.settle();
  } finally {
    await engine.close();
  }
  return [...problems, ...auditDatabase(join(directory, "tables.db"))];
}

/** Replaying the records from the beginning must give the items: none is missing, none is twice, each begins where the one before it ended. */
function compareStream(engine: EmbeddedTableEngine, items: readonly Item[]): readonly string[] {
  const problems: string[] = [];
  const replayed = new Map<string, string>();
  let last = "";
  for (const record of recordsOf(engine)) {
    const { keys, oldImage, newImage, sequenceNumber } = record;
    if (sequenceNumber <= last) problems.push(`${sequenceNumber} comes behind ${last}`);
    last = sequenceNumber;
    if (replayed.get(keys) !== oldImage) problems.push(`${sequenceNumber} does not begin with the item as it was`);
    if (newImage === undefined) replayed.delete(keys);
    else replayed.set(keys, newImage);
  }
  const texts = new Set(items.map((item) => JSON.stringify(item)));
  for (const text of replayed.values()) if (!texts.delete(text)) problems.push(`the stream ends with ${text}`);
  for (const text of texts) problems.push(`the stream does not know of ${text}`);
  return problems;
}

function* recordsOf(engine: EmbeddedTableEngine): Generator<StreamRecord> {
  const reference = { tableId: crashTable(1).tableId, label: STREAM_LABEL };
  for (const { shardId } of engine.stream(reference)?.shards ?? []) {
    for (let page = engine.readStream(reference, shardId, { from: "TRIM_HORIZON" }, 1000); ; ) {
      yield* page.records;
      if (page.next === undefined || page.records.length === 0) break;
      page = engine.readStream(reference, shardId, page.next, 1000);
    }
  }
}

function textOf(item: Item, name: string): string {
  return (item[name] as { readonly S: string }).S;
}
