/** What a dropped table held goes back to the file system, in the background, also when the process is killed in between. */
import { expect, test } from "bun:test";
import { rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { systemClock, systemTimers } from "#foundation/runtime";
import { openDatabase } from "#foundation/sql";
import { killAfterLines } from "#foundation/sql/testing";
import { openTableEngine } from "../open-table-engine.ts";
import { auditDatabase } from "../testing/audit-database.ts";
import { definition, item, openTableFixture, refusal, scanAll, scratchDirectory } from "../testing/fixture.ts";
import { LARGE, SMALL } from "./drop-writer.ts";

const MIB = 2 ** 20;

function sizeOf(path: string): number {
  const database = openDatabase({ path });
  database.checkpoint("truncate");
  database.close();
  return statSync(path).size;
}

// The drop, the first piece removed, somewhere in the middle, when nothing is left to remove.
test.each([1, 2, 20, 200])(
  "killed %d lines after the drop",
  async (lines) => {
    const directory = scratchDirectory("biplane-tables-drop-");
    try {
      const said: string[] = [];
      await killAfterLines(`${import.meta.dir}/drop-writer.ts`, [directory], lines, (line) => said.push(line));
      const engine = await openTableEngine({ directory, clock: systemClock, timers: systemTimers, hosting: "inline" });
      expect(engine.tables()).toEqual([SMALL.tableId]);
      const kept = await scanAll(engine, { tableId: SMALL.tableId });
      expect(kept.length).toBeGreaterThanOrEqual(said.length - 1);
      await engine.settle();
      // Not while somebody may still believe in the table.
      expect(await refusal(() => engine.ensure(LARGE))).toBe("TableDropped");
      await engine.close();
      expect(sizeOf(join(directory, "tables.db"))).toBeLessThan(20 * MIB);
      expect(auditDatabase(join(directory, "tables.db"))).toEqual([]);
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  },
  30_000,
);

test("a tombstone is removed a day after the last row", async () => {
  const fixture = await openTableFixture("inline");
  const path = join(fixture.directory, "tables.db");
  const rows = (): number => {
    const database = openDatabase({ path, readOnly: true });
    const count = database.prepare<{ rows: number }>("SELECT count(*) AS rows FROM tables").get()?.rows ?? 0;
    database.close();
    return count;
  };
  try {
    const [gone, stays] = [definition(), definition()];
    for (const table of [gone, stays]) await fixture.engine.ensure(table);
    await fixture.engine.write({ tableId: gone.tableId, action: { kind: "put", item: item({ pk: "a" }) } });
    await fixture.engine.drop(gone.tableId);
    await fixture.engine.settle();
    expect(rows()).toBe(2);
    fixture.time.advance(24 * 60 * 60 * 1000 - 1);
    await fixture.engine.settle();
    expect(rows()).toBe(2);
    fixture.time.advance(1);
    await fixture.engine.settle();
    expect(rows()).toBe(1);
    expect(fixture.engine.tables()).toEqual([stays.tableId]);
  } finally {
    await fixture.close();
  }
});
