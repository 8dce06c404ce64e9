/**
 * A process that drops a large table and goes on writing to another one until it is killed: a line for the drop, and one for each write that was acknowledged.
 *
 *     bun drop-writer.ts <directory>
 */
import { writeSync } from "node:fs";
import type { ResourceId } from "#contracts";
import { systemClock, systemTimers } from "#foundation/runtime";
import { openTableEngine } from "../open-table-engine.ts";
import { definition, item } from "../testing/fixture.ts";

export const LARGE = { ...definition(), tableId: "large" as ResourceId, name: "Large" };
export const SMALL = { ...definition(), tableId: "small" as ResourceId, name: "Small" };
/** 150 items of 300 KB: 45 MB. */
const ITEMS = 150;
const PADDING = "x".repeat(300 * 1024);

if (import.meta.main) {
  const [directory = ""] = process.argv.slice(2);
  const engine = await openTableEngine({ directory, clock: systemClock, timers: systemTimers, hosting: "worker" });
  await engine.ensure(LARGE);
  await engine.ensure(SMALL);
  const puts = Array.from({ length: ITEMS }, (_, n) => item({ pk: `${n}`, padding: PADDING }));
  await engine.writeMany(puts.map((one) => ({ tableId: LARGE.tableId, action: { kind: "put", item: one } })));
  await engine.drop(LARGE.tableId);
  writeSync(1, "dropped\n");
  for (let n = 0; ; n++) {
    await engine.write({ tableId: SMALL.tableId, action: { kind: "put", item: item({ pk: `${n}` }) } });
    writeSync(1, `${n}\n`);
  }
}
