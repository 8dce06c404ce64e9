/** Conformance: tables come and go. */

import { expect, test } from "bun:test";
import { definition, item, keys, refusal, scanAll, type TableFixture } from "../testing/fixture.ts";

export function lifeCycleCases(fixture: () => TableFixture): void {
  test("ensure is idempotent, durable, and refuses what never changes", async () => {
    const table = definition();
    const { tableId } = table;
    await fixture().engine.ensure(table);
    expect(fixture().engine.isEnsured(table)).toBe(true);
    expect(fixture().engine.isEnsured({ ...table })).toBe(false);
    await fixture().engine.write({ tableId, action: { kind: "put", item: item({ pk: "a" }) } });
    await fixture().reopen();
    expect(fixture().engine.isEnsured(table)).toBe(false);
    expect(fixture().engine.tables()).toContain(tableId);
    await fixture().engine.ensure({ ...table });
    expect(
      fixture()
        .engine.get(tableId, item({ pk: "a" }))
        ?.parse(),
    ).toEqual(item({ pk: "a" }));
    const other = { ...table, revision: 2, keys: keys("pk:N") };
    expect(await refusal(() => fixture().engine.ensure(other))).toBe("DefinitionConflict");
  });

  test("an older revision undoes nothing", async () => {
    const { engine } = fixture();
    const index = { name: "by-g", indexId: "i", keys: keys("g:S"), projection: { type: "ALL" } } as const;
    const table = definition();
    await engine.ensure({ ...table, revision: 2, globalIndexes: [index] });
    await engine.ensure(table);
    expect(engine.statistics(table.tableId).indexes).toMatchObject([{ name: "by-g", status: "active" }]);
  });

  test("a marked table takes no writes until the mark is taken back; the mark is durable", async () => {
    const table = definition();
    const { tableId } = table;
    await fixture().engine.ensure(table);
    const put = () => fixture().engine.write({ tableId, action: { kind: "put", item: item({ pk: "a" }) } });
    await put();
    await fixture().engine.beginDelete(tableId);
    expect(await refusal(put)).toBe("TableClosed");
    expect(fixture().engine.get(tableId, item({ pk: "a" }))).toBeDefined();
    await fixture().reopen();
    expect(fixture().engine.marked()).toContain(tableId);
    await fixture().engine.ensure({ ...table });
    expect(await refusal(put)).toBe("TableClosed");
    await fixture().engine.abandonDelete(tableId);
    expect(fixture().engine.marked()).not.toContain(tableId);
    await put();
  });

  test("writes that were on their way when the table was marked are done or refused, never lost", async () => {
    const { engine } = fixture();
    const table = definition();
    const { tableId } = table;
    await engine.ensure(table);
    const writes = Array.from({ length: 50 }, (_, n) =>
      engine.write({ tableId, action: { kind: "put", item: item({ pk: `k${n}` }) } }).then(
        () => n,
        () => undefined,
      ),
    );
    await engine.beginDelete(tableId);
    const done = (await Promise.all(writes)).filter((n) => n !== undefined);
    expect((await scanAll(engine, { tableId })).length).toBe(done.length);
  });

  test("a dropped table is gone for good, its name is free, its rows go in the background", async () => {
    const table = definition({ keys: keys("pk:S sk:S") });
    const { tableId } = table;
    const local = { name: "l", keys: keys("pk:S l:S"), projection: { type: "ALL" } } as const;
    const filled = { ...table, localIndexes: [local] };
    await fixture().engine.ensure(filled);
    const items = Array.from({ length: 400 }, (_, n) => item({ pk: "p", sk: `k${n}`, l: `${n}` }));
    await fixture().engine.writeMany(items.map((one) => ({ tableId, action: { kind: "put", item: one } })));
    await fixture().engine.beginDelete(tableId);
    await fixture().engine.drop(tableId);
    expect(await refusal(() => fixture().engine.get(tableId, items[0]!))).toBe("NoSuchTable");
    const again = { ...definition(), name: table.name };
    await fixture().engine.ensure(again);
    await fixture().engine.write({ tableId: again.tableId, action: { kind: "put", item: item({ pk: "new" }) } });
    await fixture().reopen();
    const { engine } = fixture();
    await engine.settle();
    expect(engine.tables()).not.toContain(tableId);
    expect(await refusal(() => engine.ensure({ ...filled, revision: 5 }))).toBe("TableDropped");
    expect(await scanAll(engine, { tableId: again.tableId })).toEqual([item({ pk: "new" })]);
    await engine.drop(tableId);
    expect(await refusal(() => engine.drop(definition().tableId))).toBe("NoSuchTable");
  });
}
