/** Conformance: backups on demand. */

import { expect, test } from "bun:test";
import {
  attribute,
  definition,
  item,
  keys,
  queryAll,
  refusal,
  scanAll,
  type TableFixture,
} from "../testing/fixture.ts";

let backups = 0;

export function backupCases(fixture: () => TableFixture): void {
  async function filled() {
    const { engine } = fixture();
    const table = definition();
    const { tableId } = table;
    await engine.ensure(table);
    const items = Array.from({ length: 600 }, (_, n) => item({ pk: `k${n}`, g: `g${n % 2}`, n }));
    await engine.writeMany(items.map((one) => ({ tableId, action: { kind: "put", item: one } })));
    return { engine, table, tableId, items, backupId: `backup-${++backups}` };
  }

  test("a backup holds the items of its moment, and fills a table with other indexes", async () => {
    const { table, tableId, items, backupId } = await filled();
    const made = await fixture().engine.createBackup(tableId, backupId);
    expect(made).toMatchObject({ backupId, tableId, itemCount: 600, definition: table });
    await fixture().engine.write({ tableId, action: { kind: "delete", key: item({ pk: "k0" }) } });
    await fixture().engine.drop(tableId);
    await fixture().reopen();
    const { engine } = fixture();
    expect(engine.backup(backupId)).toEqual(made);
    const index = { name: "by-g", indexId: "i", keys: keys("g:S"), projection: { type: "ALL" } } as const;
    const target = definition({ globalIndexes: [index] });
    await engine.restoreBackup(backupId, target);
    const found = await scanAll(engine, { tableId: target.tableId });
    expect(new Set(found.map((one) => JSON.stringify(one)))).toEqual(new Set(items.map((one) => JSON.stringify(one))));
    expect((await queryAll(engine, { tableId: target.tableId, index: "by-g", hash: [attribute("g1")] })).length).toBe(
      300,
    );
    expect(engine.statistics(target.tableId)).toMatchObject({ itemCount: 600, sizeBytes: made.sizeBytes });
    await engine.write({ tableId: target.tableId, action: { kind: "put", item: item({ pk: "new" }) } });
  });

  test("writes beside the copying are in it wholly or not at all", async () => {
    const { engine, tableId, backupId } = await filled();
    let writing = true;
    const writer = async (): Promise<void> => {
      for (let n = 0; writing; n++) {
        await engine.transact([
          { tableId, action: { kind: "put", item: item({ pk: "left", n }) } },
          { tableId, action: { kind: "put", item: item({ pk: "right", n }) } },
        ]);
      }
    };
    const running = writer();
    await engine.createBackup(tableId, backupId);
    writing = false;
    await running;
    const target = definition();
    await engine.restoreBackup(backupId, target);
    const side = (pk: string) => engine.get(target.tableId, item({ pk }))?.parse().n;
    expect(side("left")).toEqual(side("right"));
  });

  test("a restore that is interrupted goes on when it is asked for again; until then the table takes no writes", async () => {
    const { tableId, items, backupId } = await filled();
    await fixture().engine.createBackup(tableId, backupId);
    const target = definition();
    const interrupted = fixture()
      .engine.restoreBackup(backupId, target)
      .catch(() => undefined);
    while (!fixture().engine.tables().includes(target.tableId)) await new Promise((resolve) => setImmediate(resolve));
    await fixture().reopen();
    await interrupted;
    const { engine } = fixture();
    const put = () => engine.write({ tableId: target.tableId, action: { kind: "put", item: item({ pk: "early" }) } });
    // The pieces are few: it may have been finished all the same.
    const early = await refusal(put);
    await engine.restoreBackup(backupId, target).catch((error) => expect(error.code).toBe("DefinitionConflict"));
    const found = (await scanAll(engine, { tableId: target.tableId })).length;
    expect(found).toBe(items.length + (early === "(fulfilled)" ? 1 : 0));
    expect(["(fulfilled)", "TableClosed"]).toContain(early);
  });

  test("a deleted backup is gone; ids are not used twice", async () => {
    const { engine, tableId, backupId } = await filled();
    await engine.createBackup(tableId, backupId);
    expect(await refusal(() => engine.createBackup(tableId, backupId))).toBe("BackupExists");
    expect(engine.backups().map((one) => one.backupId)).toContain(backupId);
    const other = definition({ keys: keys("pk:N") });
    expect(await refusal(() => engine.restoreBackup(backupId, other))).toBe("BackupMismatch");
    expect(await refusal(() => engine.createBackup(tableId, "../escape"))).toContain("TypeError");
    await engine.deleteBackup(backupId);
    expect(engine.backup(backupId)).toBeUndefined();
    expect(await refusal(() => engine.deleteBackup(backupId))).toBe("NoSuchBackup");
    expect(await refusal(() => engine.restoreBackup(backupId, definition()))).toBe("NoSuchBackup");
  });
}
