/** Conformance: time to live. */

import { expect, test } from "bun:test";
import { definition, item, keys, scanAll, type TableFixture } from "../testing/fixture.ts";

const YEAR_SECONDS = 365 * 24 * 60 * 60;

export function expiryCases(fixture: () => TableFixture): void {
  const seconds = (): number => Math.floor(fixture().time.clock.now() / 1000);
  const names = async (tableId: Parameters<TableFixture["engine"]["statistics"]>[0]): Promise<string[]> =>
    (await scanAll(fixture().engine, { tableId })).map(({ pk }) => (pk as { S: string }).S).sort();

  test("items whose time has come are removed, and nothing else", async () => {
    const table = definition({ timeToLive: { attribute: "ttl" } });
    const { tableId } = table;
    const { engine } = fixture();
    await engine.ensure(table);
    const now = seconds();
    const items = [
      item({ pk: "past", ttl: now - 10 }),
      item({ pk: "now", ttl: now }),
      item({ pk: "soon", ttl: now + 60 }),
      item({ pk: "much too old", ttl: now - 5 * YEAR_SECONDS - 1000 }),
      item({ pk: "text", ttl: String(now - 10) }),
      item({ pk: "none" }),
      item({ pk: "negative", ttl: -5 }),
    ];
    await engine.writeMany(items.map((one) => ({ tableId, action: { kind: "put", item: one } })));
    await engine.settle();
    expect(await names(tableId)).toEqual(["much too old", "negative", "none", "soon", "text"]);
    await engine.write({ tableId, action: { kind: "put", item: item({ pk: "soon", ttl: now + 120 }) } });
    fixture().time.advance(61_000);
    await engine.settle();
    expect(await names(tableId)).toContain("soon");
    fixture().time.advance(60_000);
    await engine.settle();
    expect(await names(tableId)).not.toContain("soon");
    expect(engine.statistics(tableId).itemCount).toBe(4);
  });

  test("the clock drives it, over restarts, in pieces", async () => {
    const table = definition({ timeToLive: { attribute: "ttl" }, keys: keys("pk:S") });
    const { tableId } = table;
    await fixture().engine.ensure(table);
    const ttl = seconds() + 5;
    const items = Array.from({ length: 200 }, (_, n) => item({ pk: `k${n}`, ttl }));
    await fixture().engine.writeMany(items.map((one) => ({ tableId, action: { kind: "put", item: one } })));
    await fixture().reopen();
    await fixture().time.advanceSettled(6_000);
    while (fixture().engine.statistics(tableId).itemCount > 0) await new Promise((resolve) => setImmediate(resolve));
    expect(await names(tableId)).toEqual([]);
  });

  test("records of expired items say so", async () => {
    const stream = { label: "2030-01-01T00:00:00.ttl", viewType: "OLD_IMAGE" } as const;
    const table = definition({ timeToLive: { attribute: "ttl" }, stream });
    const { tableId } = table;
    const { engine } = fixture();
    await engine.ensure(table);
    const one = item({ pk: "a", ttl: seconds() - 1 });
    await engine.write({ tableId, action: { kind: "put", item: one } });
    await engine.settle();
    const reference = { tableId, label: stream.label };
    const [shard] = engine.stream(reference)!.shards;
    const { records } = engine.readStream(reference, shard!.shardId, { from: "TRIM_HORIZON" }, 10);
    expect(records).toMatchObject([
      { eventName: "INSERT", expired: false },
      { eventName: "REMOVE", expired: true, oldImage: JSON.stringify(one) },
    ]);
  });

  test("it can be switched on, to another attribute, and off, for items that are there", async () => {
    const table = definition();
    const { tableId } = table;
    const { engine } = fixture();
    await engine.ensure(table);
    const past = seconds() - 10;
    const items = [item({ pk: "a", x: past }), item({ pk: "b", y: past }), item({ pk: "c", x: past, y: past })];
    await engine.writeMany(items.map((one) => ({ tableId, action: { kind: "put", item: one } })));
    await engine.ensure({ ...table, revision: 2, timeToLive: { attribute: "x" } });
    await engine.settle();
    expect(await names(tableId)).toEqual(["b"]);
    await engine.ensure({ ...table, revision: 3, timeToLive: { attribute: "y" } });
    await engine.ensure({ ...table, revision: 4 });
    await engine.settle();
    expect(await names(tableId)).toEqual(["b"]);
    await engine.ensure({ ...table, revision: 5, timeToLive: { attribute: "y" } });
    await engine.settle();
    expect(await names(tableId)).toEqual([]);
  });
}
